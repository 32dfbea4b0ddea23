//! Freeze: the subject closes the own file to new credit, and opens it again.

use tallystick_model::event::Event;
use tallystick_model::member::MemberRole;
use tallystick_model::rights::{FreezePause, Right};
use tallystick_model::{Identifier, Timestamp};
use tallystick_store::Changes;

use crate::bureau::{Bureau, OperationError, Recorded};
use crate::member::in_role;

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

/// Lifts the freeze until a time, for everyone or for one subscriber; then it holds again by itself.
///
/// # Errors
/// [`OperationError::Invalid`] if there is no freeze, or the time is over.
pub fn pause(
    bureau: &Bureau,
    identifier: &Identifier,
    subscriber: Option<&str>,
    until: Timestamp,
    now: Timestamp,
) -> Result<Recorded, OperationError> {
    let snapshot = bureau.snapshot();
    let of = |code| Ok::<_, OperationError>(in_role(snapshot.members(), code, MemberRole::Subscriber)?.number);
    let subscriber = subscriber.map(of).transpose()?;
    let found = bureau.find(&snapshot, identifier)?;
    if !found.is_frozen() {
        return Err(OperationError::Invalid("the file is not frozen".to_owned()));
    }
    if until <= now {
        return Err(OperationError::Invalid("the freeze is lifted until a time to come".to_owned()));
    }
    let pause = FreezePause { subject: found.subject, subscriber, until };
    bureau.record(Changes::none(), Event::Right(Box::new(Right::FreezePaused(pause))), now)
}
