//! What waits for furnishers' answers.

use tallystick_model::Timestamp;
use tallystick_model::event::Event;
use tallystick_model::rights::{Compensation, Dispute, disputes};
use tallystick_policy::{Answering, compensation};

use super::DisputeName;
use crate::bureau::{Bureau, OperationError};
use crate::member::known;

/// A dispute that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its name, by which it is answered.
    pub name: DisputeName,
    /// The dispute.
    pub dispute: Dispute,
    /// What the subject has coming by now for an answer that is late, and from whom, where a rule says.
    pub compensation: Option<Compensation>,
}

/// What a late answer costs: of a dispute that was answered, as far as the bureau has it, on `received`.
pub(super) fn owed(bureau: &Bureau, dispute: &Dispute, received: Timestamp, closed: Timestamp) -> Option<Compensation> {
    let answering = Answering {
        furnisher: dispute.filing.slot.account.furnisher(),
        furnisher_by: dispute.furnisher_by(),
        answer_by: dispute.answer_by(),
        received,
        closed,
    };
    compensation(&bureau.rulebook, &answering)
}

/// What waits for an answer, of this furnisher alone if one is named: what is due first comes first. Every event is read for it.
///
/// # Errors
/// [`OperationError`] if something cannot be read, or the member is none.
pub fn queue(bureau: &Bureau, furnisher: Option<&str>, now: Timestamp) -> Result<Vec<Queued>, OperationError> {
    let snapshot = bureau.snapshot();
    let member = |code| known(snapshot.members(), code).map(|member| member.number);
    let furnisher = furnisher.map(member).transpose()?;
    let mut queued = Vec::new();
    snapshot.each_subject(|subject, events| {
        if !events.iter().any(|recorded| matches!(recorded.event, Event::Right(_))) {
            return;
        }
        let told = events.iter().map(|recorded| (recorded.index, recorded.entry.at, &recorded.event));
        for dispute in disputes(told).into_iter().filter(Dispute::is_answerable) {
            let of = dispute.filing.slot.account.furnisher();
            if furnisher.is_none_or(|only| only == of) {
                let name = DisputeName { subject, entry: dispute.entry };
                let compensation = owed(bureau, &dispute, now, now);
                queued.push(Queued { name, dispute, compensation });
            }
        }
    })?;
    queued.sort_by_key(|queued| (queued.dispute.answer_by(), queued.dispute.entry));
    Ok(queued)
}
