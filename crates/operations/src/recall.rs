//! Recall: whoever was shown a fact that has been corrected or deleted since is found, and told what was and what is.
//!
//! Who is to be told follows from the log alone, so it can be done again after a crash: a notice that is on record is
//! not made twice. Told are members whose report showed the fact itself; who got attributes at a glance, or the answer to a
//! question, was not shown it.

use tallystick_model::CategorySet;
use tallystick_model::event::{CorrectionRecord, Event};
use tallystick_model::fact::{DeliveryNumber, Fact, Standing};
use tallystick_model::inquiry::{Detail, InquiryRecord, Outcome, Reason};
use tallystick_model::rights::{CorrectionNotice, Right, Version};
use tallystick_model::{CreditFile, SubjectId, SubjectKind, Timestamp};
use tallystick_policy::{as_shown, told_of_correction};
use tallystick_store::{RecordedEvent, Snapshot};

use crate::bureau::{Bureau, Found, OperationError, Recorded};
use crate::protect::record;

/// A notice that was made.
#[derive(Debug)]
pub struct Notice {
    /// What the recipient is told.
    pub notice: CorrectionNotice,
    /// Its entry and proof.
    pub recorded: Recorded,
}

/// Makes the notices that corrections of one subject's facts call for and that are not on record yet.
///
/// # Errors
/// [`OperationError`] if something cannot be read or recorded; what is recorded stays.
pub fn tell(bureau: &Bureau, subject: SubjectId, now: Timestamp) -> Result<Vec<Notice>, OperationError> {
    let snapshot = bureau.snapshot();
    let found = bureau.find_again(&snapshot, subject, SubjectKind::Person)?;
    let mut made = Vec::new();
    for recorded in &found.events {
        let Event::FactCorrected(correction) = &recorded.event else { continue };
        for notice in due(bureau, &snapshot, &found, recorded, correction)? {
            let right = Right::CorrectionNoticed(notice.clone());
            made.push(Notice { notice, recorded: record(bureau, right, now)? });
        }
    }
    Ok(made)
}

/// The same for every subject: after a crash between a correction and its notices.
///
/// # Errors
/// As [`tell`].
pub fn tell_all(bureau: &Bureau, now: Timestamp) -> Result<Vec<Notice>, OperationError> {
    let mut subjects = Vec::new();
    bureau.snapshot().each_subject(|subject, events| {
        if events.iter().any(|recorded| matches!(recorded.event, Event::FactCorrected(_))) {
            subjects.push(subject);
        }
    })?;
    let mut made = Vec::new();
    for subject in subjects {
        made.extend(tell(bureau, subject, now)?);
    }
    Ok(made)
}

/// A notice on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnRecord {
    /// Place of its entry in the log.
    pub index: u64,
    /// When it was made.
    pub at: Timestamp,
    /// What it tells.
    pub notice: CorrectionNotice,
}

/// Every notice on record, to this member alone if one is named, in the order of the log.
///
/// # Errors
/// [`OperationError`] if something cannot be read, or the member is none.
pub fn list(bureau: &Bureau, recipient: Option<&str>) -> Result<Vec<OnRecord>, OperationError> {
    let snapshot = bureau.snapshot();
    let member = |code| crate::member::known(snapshot.members(), code).map(|member| member.number);
    let recipient = recipient.map(member).transpose()?;
    let mut notices = Vec::new();
    snapshot.each_subject(|_, events| {
        for recorded in events {
            let Event::Right(right) = &recorded.event else { continue };
            let Right::CorrectionNoticed(notice) = &**right else { continue };
            if recipient.is_none_or(|only| only == notice.recipient) {
                notices.push(OnRecord { index: recorded.index, at: recorded.entry.at, notice: notice.clone() });
            }
        }
    })?;
    notices.sort_by_key(|notice| notice.index);
    Ok(notices)
}

/// Who was shown the fact that `correction` superseded, with the released categories and the reason to tell.
struct Shown {
    recipient: u16,
    released: CategorySet,
    inquiries: Vec<u64>,
    reason: Reason,
}

fn due(
    bureau: &Bureau,
    snapshot: &Snapshot<'_>,
    found: &Found,
    recorded: &RecordedEvent,
    correction: &CorrectionRecord,
) -> Result<Vec<CorrectionNotice>, OperationError> {
    let file = found.file(snapshot)?;
    let version = |delivery: DeliveryNumber| {
        file.history().iter().find(|fact| fact.key.slot == correction.slot && fact.key.delivery == delivery)
    };
    // What has been taken out since is told to nobody.
    let Some(before) = version(correction.superseded) else { return Ok(Vec::new()) };
    let after = version(correction.delivery.number).filter(|fact| !matches!(fact.standing, Standing::Deletes(_)));
    let mut shown: Vec<Shown> = Vec::new();
    for earlier in found.events.iter().filter(|earlier| earlier.index < recorded.index) {
        let Event::Inquiry(inquiry) = &earlier.event else { continue };
        if is_told(&found.events, recorded.index, inquiry.subscriber) {
            continue;
        }
        let reason = told_of_correction(&bureau.rulebook, inquiry.purpose, earlier.entry.at, recorded.entry.at);
        let Some(reason) = reason else { continue };
        if !showed(bureau, found, earlier.entry.at, inquiry, before)? {
            continue;
        }
        let released: CategorySet = inquiry.released.iter().copied().collect();
        let released = inquiry.ranges.of_month(released, correction.slot.month);
        match shown.iter_mut().find(|shown| shown.recipient == inquiry.subscriber) {
            // Told is what the last of its reports had of the fact.
            Some(shown) => (shown.released, shown.reason) = (released, reason),
            None => shown.push(Shown { recipient: inquiry.subscriber, released, inquiries: Vec::new(), reason }),
        }
        if let Some(shown) = shown.iter_mut().find(|shown| shown.recipient == inquiry.subscriber) {
            shown.inquiries.push(earlier.index);
        }
    }
    let notice = |shown: Shown| {
        Some(CorrectionNotice {
            subject: found.subject,
            recipient: shown.recipient,
            correction: recorded.index,
            slot: correction.slot,
            before: as_version(before, shown.released)?,
            after: after.and_then(|fact| as_version(fact, shown.released)),
            inquiries: shown.inquiries,
            reason: shown.reason,
        })
    };
    Ok(shown.into_iter().filter_map(notice).collect())
}

fn is_told(events: &[RecordedEvent], correction: u64, recipient: u16) -> bool {
    events.iter().any(|recorded| match &recorded.event {
        Event::Right(right) => matches!(&**right, Right::CorrectionNoticed(notice)
            if notice.correction == correction && notice.recipient == recipient),
        _ => false,
    })
}

/// Whether the report given at `at` showed this fact: it was released, it held then, and the report's detail reached to it.
fn showed(
    bureau: &Bureau,
    found: &Found,
    at: Timestamp,
    inquiry: &InquiryRecord,
    fact: &Fact,
) -> Result<bool, OperationError> {
    let told = match inquiry.detail {
        Some(detail) if inquiry.outcome == Outcome::Permitted => detail,
        _ => return Ok(false),
    };
    let released = inquiry.released.iter().copied().collect();
    if as_shown(fact, inquiry.ranges.of_month(released, fact.key.slot.month)).is_none() {
        return Ok(false);
    }
    let then = found.file(&bureau.snapshot().as_known_on(at))?;
    let held = then.holding(fact.key.slot).is_some_and(|held| held.key.delivery == fact.key.delivery);
    Ok(held
        && match told {
            Detail::Whole => true,
            Detail::Latest => is_latest(&then, fact),
            Detail::Summary => false,
        })
}

/// Whether no later month of the fact's account held.
fn is_latest(file: &CreditFile, fact: &Fact) -> bool {
    let slot = fact.key.slot;
    let mut alike = file.current().map(|other| other.key.slot);
    !alike.any(|other| other.kind == slot.kind && other.account == slot.account && other.month > slot.month)
}

fn as_version(fact: &Fact, released: CategorySet) -> Option<Version> {
    let mut value = Vec::new();
    as_shown(fact, released)?.write_value(&mut value);
    Some(Version { delivery: fact.key.delivery, value })
}
