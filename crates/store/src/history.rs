//! Everything that was ever done, subject by subject: for what looks back over all of it.

use tallystick_model::SubjectId;

use crate::engine::Space;
use crate::keys;
use crate::snapshot::{RecordedEvent, Snapshot, read_event};
use crate::store::StoreError;

impl Snapshot<'_> {
    /// Whom the entry at `index` is about; `None` if there is no such event. Looks through the keys of all events.
    ///
    /// # Errors
    /// [`StoreError`] if something stored cannot be read.
    pub fn subject_of_entry(&self, index: u64) -> Result<Option<SubjectId>, StoreError> {
        if index >= self.log_size {
            return Ok(None);
        }
        for pair in self.store.engine.prefix(Space::Events, &[]) {
            match keys::read_event(&pair?.0) {
                Some((subject, of)) if of == index => return Ok(Some(subject)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Calls `each` with every subject there are events of, in the order of subjects, and with the events in the order of the
    /// log. The bureau's own come under [`SubjectId::BUREAU`]. Memory holds one subject's events.
    ///
    /// # Errors
    /// [`StoreError`] if something stored cannot be read.
    pub fn each_subject(&self, mut each: impl FnMut(SubjectId, &[RecordedEvent])) -> Result<(), StoreError> {
        let mut events: Vec<RecordedEvent> = Vec::new();
        let mut of = SubjectId::BUREAU;
        for pair in self.store.engine.prefix(Space::Events, &[]) {
            let (key, value) = pair?;
            let Some((subject, index)) = keys::read_event(&key) else {
                return Err(StoreError::Damaged { place: "events".to_owned(), what: "a key is no event's".to_owned() });
            };
            if index >= self.log_size {
                continue;
            }
            if subject != of && !events.is_empty() {
                each(of, &events);
                events.clear();
            }
            of = subject;
            let (salt, event) = read_event(&value)?;
            events.push(RecordedEvent { index, entry: self.entry(index)?, salt, event });
        }
        if !events.is_empty() {
            each(of, &events);
        }
        Ok(())
    }
}
