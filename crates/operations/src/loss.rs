//! Accepting a loss: a bureau whose log ends before what outsiders have seen goes on, and says so for ever.
//!
//! A restored bureau that lacks entries which were published records nothing, so that no second history grows unseen. Whoever runs it
//! states why the entries are gone; the statement is an entry of the log, with the lost checkpoint as it was signed. It proves the
//! loss, it does not undo it: receipts for lost entries stay valid and contradict the log from there on, and witnesses that cosigned the
//! lost checkpoint do not cosign what comes after it.

use tallystick_model::Timestamp;
use tallystick_model::event::{Event, LossRecord};
use tallystick_store::Changes;

use crate::bureau::{Bureau, OperationError, Recorded};

/// Longest reason, in bytes.
const REASON_BYTES_MAX: usize = 1024;

/// Records that the entries between the log's end and the published checkpoint are lost, and lets the bureau record again.
///
/// # Errors
/// [`OperationError::Invalid`] if nothing is lost, the published checkpoint cannot be relied on, or `reason` is none.
pub fn accept(bureau: &Bureau, reason: &str, now: Timestamp) -> Result<(LossRecord, Recorded), OperationError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.len() > REASON_BYTES_MAX || reason.chars().any(char::is_control) {
        let what = format!("a reason has 1 to {REASON_BYTES_MAX} bytes and no control characters");
        return Err(OperationError::Invalid(what));
    }
    let lost = bureau.store.lost_checkpoint()?;
    let Some((checkpoint, published)) = lost else {
        let what = "nothing is lost here: the log goes as far as `log/checkpoint`, or what is there is not signed by the log's key";
        return Err(OperationError::Invalid(what.to_owned()));
    };
    let record = LossRecord { checkpoint, published, kept: bureau.snapshot().log_size(), reason: reason.to_owned() };
    let event = Event::LossAccepted(Box::new(record.clone()));
    // What was published is put aside only once the loss is on record; a crash between both is told as behind, and accepted again.
    bureau.store.begin_after_loss();
    let recorded = bureau.record(Changes::none(), event, now);
    let recorded =
        recorded.inspect_err(|_| bureau.store.stay_behind("was not replaced: the loss could not be recorded"))?;
    bureau.store.publish_after_loss(record.published)?;
    Ok((record, recorded))
}
