//! Transfer: a member asks whether it may hand a subject's data straight to another member, beside the bureau.
//!
//! What is weighed the bureau knows itself: whether it holds such data of the subject from the one that would give, and
//! whether it has shown that one such data. Nobody's word is taken for it.

use tallystick_model::event::Event;
use tallystick_model::fact::{Fact, FactBody};
use tallystick_model::inquiry::{Outcome, Reason};
use tallystick_model::transfer::TransferRecord;
use tallystick_model::{DataCategory, Identifier, SubjectId, Timestamp};
use tallystick_policy::{TransferEvidence, category_of, decide_transfer};
use tallystick_store::{Changes, RecordedEvent, Snapshot, StoreError};

use crate::bureau::{Bureau, Found, OperationError, Recorded};
use crate::member::known;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Code of the member that would give.
    pub from: String,
    /// Code of the member that would receive.
    pub to: String,
    /// Whose data.
    pub identifier: Identifier,
    /// What kind of data.
    pub category: DataCategory,
}

/// What is said.
#[derive(Debug)]
pub struct Said {
    /// The pseudonym of the subject.
    pub subject: SubjectId,
    /// Whether it may.
    pub permitted: bool,
    /// The rules that decided.
    pub reasons: Vec<Reason>,
    /// Rulebook and version that decided.
    pub rulebook: String,
    /// The bureau holds such data from the giver.
    pub furnished: bool,
    /// The bureau has shown the giver such data.
    pub received: bool,
    /// Its entry and proof.
    pub recorded: Recorded,
}

/// Says whether a member may hand data of a category straight to another. Whatever is said, its entry is durable.
///
/// # Errors
/// [`OperationError`] if it could not be decided; a denial is an answer.
pub fn transfer(bureau: &Bureau, transfer: &Transfer, now: Timestamp) -> Result<Said, OperationError> {
    let snapshot = bureau.snapshot();
    let from = known(snapshot.members(), &transfer.from)?;
    let to = known(snapshot.members(), &transfer.to)?;
    if from.number == to.number {
        return Err(OperationError::Invalid("a member hands nothing over to itself".to_owned()));
    }
    let found = bureau.find(&snapshot, &transfer.identifier)?;
    let (category, subject) = (transfer.category, found.subject);

    let mut furnished = false;
    for fact in found.file(&snapshot)?.current() {
        if fact.key.slot.account.furnisher() == from.number {
            furnished = furnished || is_about(&snapshot, &found, fact, category)?;
        }
    }
    let received = found.events.iter().any(|recorded| was_shown(recorded, from.number, category));
    let evidence = TransferEvidence { from, to, subject_kind: found.kind, category, furnished, received };
    let decision = decide_transfer(&bureau.rulebook, &evidence);

    let record = TransferRecord {
        subject,
        subject_kind: found.kind,
        from: from.number,
        to: to.number,
        category,
        furnished,
        received,
        permitted: decision.permitted,
        reasons: decision.reasons,
        rulebook: bureau.rulebook.label().to_owned(),
    };
    let recorded = bureau.record(Changes::none(), Event::TransferDecided(record.clone()), now)?;
    let TransferRecord { permitted, reasons, rulebook, .. } = record;
    Ok(Said { subject, permitted, reasons, rulebook, furnished, received, recorded })
}

/// Whether a fact, or a part of it that has a category of its own, is of this category.
fn is_about(snapshot: &Snapshot<'_>, found: &Found, fact: &Fact, category: DataCategory) -> Result<bool, StoreError> {
    if category_of(&fact.body) == category {
        return Ok(true);
    }
    Ok(match &fact.body {
        FactBody::PaymentProfileMonth(profile) => {
            (category == DataCategory::Income && profile.income.is_some())
                || (category == DataCategory::Securities && profile.investments.is_some())
        }
        FactBody::Identity(_) => {
            let identity = snapshot.identity(fact)?;
            identity.is_some_and(|identity| identity.attributes.iter().any(|(of, _)| *of == category))
                && !found.erased.covers(fact, category)
        }
        _ => false,
    })
}

/// Whether an event is that a member was shown data of this category.
fn was_shown(recorded: &RecordedEvent, member: u16, category: DataCategory) -> bool {
    matches!(&recorded.event, Event::Inquiry(inquiry)
        if inquiry.subscriber == member
            && inquiry.outcome == Outcome::Permitted
            && inquiry.released.contains(&category))
}
