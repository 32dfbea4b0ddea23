//! Freeze: the subject closes the own file to new credit, and opens it again.

use tallystick_model::event::Event;
use tallystick_model::{Identifier, Timestamp};
use tallystick_store::Changes;

use crate::bureau::{Bureau, OperationError, Recorded};

/// Places a freeze. What it keeps out is the rulebook's to say.
///
/// # Errors
/// [`OperationError::Invalid`] if there is one already, or the rulebook knows none.
pub fn place(bureau: &Bureau, identifier: &Identifier, now: Timestamp) -> Result<Recorded, OperationError> {
    if !bureau.rulebook.heeds_freeze() {
        let label = bureau.rulebook.label();
        return Err(OperationError::Invalid(format!("rulebook {label} knows no freeze: it would keep nobody out")));
    }
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    if found.is_frozen() {
        return Err(OperationError::Invalid("the file is frozen already".to_owned()));
    }
    bureau.record(Changes::none(), Event::FreezePlaced(found.subject), now)
}

/// Lifts the freeze.
///
/// # Errors
/// [`OperationError::Invalid`] if there is none.
pub fn lift(bureau: &Bureau, identifier: &Identifier, now: Timestamp) -> Result<Recorded, OperationError> {
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    if !found.is_frozen() {
        return Err(OperationError::Invalid("the file is not frozen".to_owned()));
    }
    bureau.record(Changes::none(), Event::FreezeLifted(found.subject), now)
}
