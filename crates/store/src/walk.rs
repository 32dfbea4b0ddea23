//! Walking over everything: each event, each subject's facts. For checks and registers; inquiries never need it.

use tallystick_model::event::Event;
use tallystick_model::fact::{DeliveryNumber, Fact};
use tallystick_model::{SubjectId, packed_facts};

use crate::engine::{FACT_SHARDS, Space};
use crate::keys;
use crate::snapshot::{Snapshot, read_event};
use crate::store::StoreError;

impl Snapshot<'_> {
    /// Gives every event with its subject and place in the log, subject by subject. Memory is that of one event.
    ///
    /// # Errors
    /// [`StoreError`] if something stored cannot be read.
    pub fn each_event(&self, mut take: impl FnMut(SubjectId, u64, Event)) -> Result<(), StoreError> {
        for pair in self.store.engine.prefix(Space::Events, &[]) {
            let (key, value) = pair?;
            let Some((subject, index)) = keys::read_event(&key) else {
                return Err(StoreError::Damaged { place: "events".to_owned(), what: "a key is no event's".to_owned() });
            };
            if index < self.log_size {
                take(subject, index, read_event(&value)?.1);
            }
        }
        Ok(())
    }

    /// Gives every stored fact with its delivery, those of quarantined deliveries too, in the order of subjects. Memory is that of
    /// one subject.
    ///
    /// # Errors
    /// [`StoreError`] if something stored cannot be read.
    pub fn each_fact(&self, mut take: impl FnMut(DeliveryNumber, Fact)) -> Result<(), StoreError> {
        let damaged = |error| StoreError::damaged("facts", error);
        let mut values = Vec::new();
        for shard in 0..FACT_SHARDS {
            let mut subjects = self.store.engine.subjects(shard, self.runs.of(shard))?;
            while let Some(subject) = subjects.next(&mut values)? {
                for value in &values {
                    packed_facts::read_facts(subject, value, |_| true, |fact| take(fact.key.delivery, fact))
                        .map_err(damaged)?;
                }
            }
        }
        Ok(())
    }
}
