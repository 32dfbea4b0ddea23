//! An event with what proves it, for whoever is handed it: its bytes, the salt that binds them to their entry, and the entry's
//! proof under the bureau's signed checkpoint. Who has it and the bureau's public key needs nothing else.

use tallystick_audit::{CheckpointVerifier, Receipt, verify_receipt};
use tallystick_model::event::{Entry, Event, Salt, commitment};
use tallystick_model::{Canonical, SubjectId};

use crate::bureau::{Bureau, OperationError};

/// An event and its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// Canonical bytes of the event.
    pub event: Vec<u8>,
    /// What binds it to its entry.
    pub salt: Salt,
    /// Proof that the entry, which is its extra data, is in the log.
    pub receipt: Receipt,
}

impl Proved {
    /// The event recorded about `subject` at `index`, under the latest checkpoint.
    ///
    /// # Errors
    /// [`OperationError::Invalid`] if there is none.
    pub fn of_entry(bureau: &Bureau, subject: SubjectId, index: u64) -> Result<Self, OperationError> {
        let gone = || OperationError::Invalid(format!("entry {index} is not in the log"));
        let events = bureau.snapshot().events(subject)?;
        let recorded = events.into_iter().find(|recorded| recorded.index == index).ok_or_else(gone)?;
        let mut receipt = bureau.store.receipt(index)?.ok_or_else(gone)?;
        receipt.extra = Some(recorded.entry.to_bytes());
        Ok(Self { event: recorded.event.to_bytes(), salt: recorded.salt, receipt })
    }

    /// The event, if the log of the bureau with this public key has it.
    ///
    /// # Errors
    /// What does not hold, in words.
    pub fn check(&self, key: &str) -> Result<Event, String> {
        let key = key.parse::<CheckpointVerifier>().map_err(|error| error.to_string())?;
        let entry = self.receipt.extra.as_deref().ok_or("the receipt comes without its entry")?;
        verify_receipt(entry, &self.receipt, &key).map_err(|error| error.to_string())?;
        let entry = Entry::from_bytes(entry).map_err(|error| error.to_string())?;
        if commitment(&self.salt, &self.event) != entry.commitment {
            return Err("the entry does not commit to this event".to_owned());
        }
        Event::from_bytes(&self.event).map_err(|error| error.to_string())
    }
}
