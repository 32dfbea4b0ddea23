//! Receipts of what was recorded, for whoever it concerns: each proves itself to a stranger with the bureau's public key.
//!
//! A receipt is an event with its proof ([`tallystick_receipt`]); it shows nothing but that event. [`of_accesses`] gives a
//! subject one for each access to the own file.

use std::collections::BTreeSet;

use tallystick_model::event::Event;
use tallystick_model::{Canonical, Identifier, SubjectId, Timestamp};
use tallystick_policy::{Decision, decide_own_report};
use tallystick_receipt::Document;
use tallystick_store::RecordedEvent;

use crate::bureau::{Bureau, OperationError, Recorded};

/// A receipt with the place of its entry, by which its file is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// Place in the log.
    pub index: u64,
    /// The receipt.
    pub receipt: Document,
}

/// The receipt of what was recorded about `subject` at `index`, under the latest checkpoint.
///
/// # Errors
/// [`OperationError::Invalid`] if there is none.
pub fn of_entry(bureau: &Bureau, subject: SubjectId, index: u64) -> Result<Document, OperationError> {
    let events = bureau.snapshot().events(subject)?;
    let recorded = events.iter().find(|recorded| recorded.index == index).ok_or_else(|| gone(index))?;
    of_recorded(bureau, recorded)
}

/// The receipt of what was just recorded about `subject`, under the checkpoint that came with it and that witnesses may have cosigned.
///
/// # Errors
/// [`OperationError::Invalid`] if the store does not hold it.
pub fn of_answer(bureau: &Bureau, subject: SubjectId, answer: &Recorded) -> Result<Document, OperationError> {
    let index = answer.receipt.index;
    let events = bureau.snapshot().events(subject)?;
    let recorded = events.iter().find(|recorded| recorded.index == index).ok_or_else(|| gone(index))?;
    Ok(Document::new(recorded.event.to_bytes(), recorded.salt, &answer.entry, answer.receipt.clone()))
}

/// The receipt of the entry at `index`, whomever it is about: for the operator. Looks through the keys of all events.
///
/// # Errors
/// [`OperationError::Invalid`] if there is none.
pub fn at_index(bureau: &Bureau, index: u64) -> Result<Document, OperationError> {
    let subject = bureau.snapshot().subject_of_entry(index)?.ok_or_else(|| gone(index))?;
    of_entry(bureau, subject, index)
}

/// A receipt for each access to the subject's file, denied ones too, and for each hand-over that was asked about; and for the
/// admission of each member in them, which gives its name. None is about anybody else.
///
/// # Errors
/// [`OperationError::Denied`] if the rulebook does not let the subject see the own file.
pub fn of_accesses(bureau: &Bureau, identifier: &Identifier, now: Timestamp) -> Result<Vec<Numbered>, OperationError> {
    let snapshot = bureau.snapshot();
    let found = bureau.find(&snapshot, identifier)?;
    if let Decision::Denied(denial) = decide_own_report(&bureau.rulebook, now, found.subject) {
        return Err(OperationError::Denied(denial.reasons));
    }
    let mut members = BTreeSet::new();
    let mut is_access = |recorded: &&RecordedEvent| match &recorded.event {
        Event::Inquiry(inquiry) => {
            members.insert(inquiry.subscriber);
            true
        }
        Event::TransferDecided(transfer) => {
            members.extend([transfer.from, transfer.to]);
            true
        }
        Event::OwnReportViewed(_) => true,
        _ => false,
    };
    let mut shown: Vec<RecordedEvent> = found.events.iter().filter(&mut is_access).cloned().collect();
    let of_bureau = snapshot.events(SubjectId::BUREAU)?;
    shown.extend(of_bureau.into_iter().filter(
        |recorded| matches!(&recorded.event, Event::MemberAdmitted(member) if members.contains(&member.number)),
    ));
    shown.sort_by_key(|recorded| recorded.index);
    let numbered =
        |recorded: &RecordedEvent| Ok(Numbered { index: recorded.index, receipt: of_recorded(bureau, recorded)? });
    shown.iter().map(numbered).collect()
}

fn of_recorded(bureau: &Bureau, recorded: &RecordedEvent) -> Result<Document, OperationError> {
    let proof = bureau.store.receipt(recorded.index)?.ok_or_else(|| gone(recorded.index))?;
    Ok(Document::new(recorded.event.to_bytes(), recorded.salt, &recorded.entry, proof))
}

fn gone(index: u64) -> OperationError {
    OperationError::Invalid(format!("entry {index} is not in the log, or its event is gone"))
}
