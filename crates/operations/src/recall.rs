//! Recall: whoever was shown a fact that has been corrected or deleted since is found, and told what was and what is.
//!
//! The notices are on record in the commit of the correction itself. Told are members whose report showed the fact itself; who got
//! attributes at a glance, or the answer to a question, was not shown it.

use tallystick_model::CategorySet;
use tallystick_model::event::Event;
use tallystick_model::fact::{DeliveryNumber, Fact, FactKind};
use tallystick_model::inquiry::{Detail, InquiryRecord, Outcome, Reason};
use tallystick_model::rights::{CorrectionNotice, Right, Version};
use tallystick_model::{CreditFile, Timestamp};
use tallystick_policy::{as_shown, told_of_correction};
use tallystick_store::Changes;

use crate::bureau::{Bureau, Found, OperationError, Recorded};

/// A notice that was made.
#[derive(Debug)]
pub struct Notice {
    /// What the recipient is told.
    pub notice: CorrectionNotice,
    /// Its entry and proof.
    pub recorded: Recorded,
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

/// A statement that is about to be corrected.
pub(crate) struct Mended<'a> {
    /// As it holds until then.
    pub(crate) before: &'a Fact,
    /// As it will be; `None` if it is taken back.
    pub(crate) after: Option<&'a Fact>,
}

/// The notices that a correction at `now` calls for, for the same commit. `correction` is its own delivery.
pub(crate) fn due(
    bureau: &Bureau,
    found: &Found,
    (correction, mended): (DeliveryNumber, &Mended<'_>),
    now: Timestamp,
) -> Result<Vec<CorrectionNotice>, OperationError> {
    let Mended { before, after } = *mended;
    let mut shown: Vec<Shown> = Vec::new();
    for earlier in &found.events {
        let Event::Inquiry(inquiry) = &earlier.event else { continue };
        let reason = told_of_correction(&bureau.rulebook, inquiry.purpose, earlier.entry.at, now);
        let Some(reason) = reason else { continue };
        if !showed(bureau, found, earlier.entry.at, inquiry, before)? {
            continue;
        }
        let released: CategorySet = inquiry.released.iter().copied().collect();
        let released = inquiry.ranges.of_month(released, before.key.slot.month);
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
            correction,
            slot: before.key.slot,
            before: as_version(before, shown.released)?,
            after: after.and_then(|fact| as_version(fact, shown.released)),
            inquiries: shown.inquiries,
            reason: shown.reason,
        })
    };
    Ok(shown.into_iter().filter_map(notice).collect())
}

/// The events of notices.
pub(crate) fn events(notices: &[CorrectionNotice]) -> impl Iterator<Item = (Changes, Event)> {
    let event = |notice: &CorrectionNotice| Event::Right(Box::new(Right::CorrectionNoticed(notice.clone())));
    notices.iter().map(move |notice| (Changes::none(), event(notice)))
}

/// Notices with what the log has of them.
pub(crate) fn made(notices: Vec<CorrectionNotice>, recorded: impl IntoIterator<Item = Recorded>) -> Vec<Notice> {
    notices.into_iter().zip(recorded).map(|(notice, recorded)| Notice { notice, recorded }).collect()
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
    if found.restricting(Some(at)).iter().any(|request| request.concerns(fact)) {
        return Ok(false);
    }
    let held = then.holding(fact.key.slot).is_some_and(|held| held.key.delivery == fact.key.delivery);
    Ok(held
        && match told {
            Detail::Whole => true,
            Detail::Latest => is_latest(&then, fact),
            // Who the subject is, a glance tells too.
            Detail::Summary => fact.key.slot.kind == FactKind::Identity,
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
