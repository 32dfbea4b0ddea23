//! Replay: past decisions decided again, by the rulebook that made them or by two others to compare.
//!
//! An inquiry's event says what was weighed; what the consents say is found in the subject's own events before it. [`replay`]
//! expects the same decision, and tells of any other. [`compare`] tells which past decisions two rulebooks would have made
//! otherwise, and whose deliveries they would have gated otherwise. Nothing is recorded, and nobody's file is read.

use std::collections::{BTreeMap, BTreeSet};

use tallystick_model::consent::ConsentId;
use tallystick_model::event::{Event, OwnReportRecord};
use tallystick_model::inquiry::{Asked, Detail, InquiryRecord, Outcome, Purpose, Ranges, Reason};
use tallystick_model::member::{Member, MemberRole};
use tallystick_model::rights::Protection;
use tallystick_model::transfer::TransferRecord;
use tallystick_model::{CategorySet, DataCategory, SubjectId, SubjectKind, Timestamp};
use tallystick_policy::{
    Admission, ConsentNeed, Decision, InquiryEvidence, Rulebook, TransferEvidence, considered, decide_inquiry,
    decide_own_report_by, decide_question, decide_transfer, gate,
};
use tallystick_store::{RecordedEvent, Snapshot, consents, has_died};

use crate::bureau::{Bureau, OperationError};

/// What a decision came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it was permitted.
    pub permitted: bool,
    /// The rules that decided.
    pub reasons: Vec<Reason>,
    /// The consent relied on.
    pub consent: Option<ConsentId>,
    /// Categories released; of an inquiry that found nothing they are not on record, and nothing else has any.
    pub released: Option<Vec<DataCategory>>,
    /// How much of them the report of an inquiry tells.
    pub detail: Option<Detail>,
    /// Of which months.
    pub ranges: Ranges,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// An inquiry with this purpose and question.
    Inquiry(Purpose, Option<Asked>),
    /// A subject's look at the own report.
    OwnReport,
    /// A hand-over of data of this category to the member of this number.
    Transfer(DataCategory, u16),
}

/// A decision that is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Place of its entry in the log.
    pub index: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// About whom.
    pub subject: SubjectId,
    /// Number of the member that asked; `None` is the subject.
    pub by: Option<u16>,
    /// What was decided.
    pub what: What,
    /// As it was, or by the old rulebook.
    pub before: Verdict,
    /// As it is decided now, or by the new one.
    pub after: Verdict,
}

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Decisions that were decided again.
    pub decisions: u64,
    /// Those that came to something else, the first [`TOLD_MAX`].
    pub differences: Vec<Difference>,
    /// How many those are.
    pub different: u64,
    /// Decisions by rulebooks that are not at hand, by name and version.
    pub without_rulebook: BTreeMap<String, u64>,
    /// Entries of inquiries that do not say what the log says was to be weighed, the first [`TOLD_MAX`].
    pub wrongly_weighed: Vec<u64>,
}

impl Replayed {
    /// Whether everything that was decided follows from what was weighed.
    pub fn is_sound(&self) -> bool {
        self.different == 0 && self.wrongly_weighed.is_empty()
    }
}

/// What of a furnisher's data two rulebooks would have let in otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateDifference {
    /// Number of the furnisher.
    pub furnisher: u16,
    /// About whom.
    pub about: SubjectKind,
    /// Which data.
    pub category: DataCategory,
    /// By the old rulebook.
    pub before: Admission,
    /// By the new one.
    pub after: Admission,
}

/// What two rulebooks would have decided of the past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Decisions looked at.
    pub decisions: u64,
    /// Those that would differ in what is permitted, released or relied on, the first [`TOLD_MAX`].
    pub differences: Vec<Difference>,
    /// How many those are.
    pub different: u64,
    /// Denials that would have become permits.
    pub newly_permitted: u64,
    /// Permits that would have become denials.
    pub newly_denied: u64,
    /// Those that would differ in their reasons only.
    pub for_other_reasons: u64,
    /// Of the furnishers that delivered, what would be gated otherwise: let in or not, or for another consent.
    pub gates: Vec<GateDifference>,
}

/// Differences told one by one, at the most.
pub const TOLD_MAX: usize = 1000;

/// One past decision with everything it was decided on.
struct Past<'a> {
    recorded: &'a RecordedEvent,
    earlier: &'a [RecordedEvent],
    decided: Decided<'a>,
}

#[derive(Clone, Copy)]
enum Decided<'a> {
    Inquiry(&'a InquiryRecord),
    OwnReport(&'a OwnReportRecord),
    Transfer(&'a TransferRecord),
}

/// Decides past decisions since `since` again, each by the rulebook of its name and version: the bureau's own or one of `others`.
///
/// # Errors
/// [`OperationError`] if something stored cannot be read.
pub fn replay(bureau: &Bureau, others: &[Rulebook], since: Option<Timestamp>) -> Result<Replayed, OperationError> {
    let snapshot = bureau.snapshot();
    let mut replayed = Replayed::default();
    each_decision(&snapshot, since, |past| {
        let label = past.rulebook();
        let mut at_hand = std::iter::once(&bureau.rulebook).chain(others);
        let Some(rulebook) = at_hand.find(|rulebook| rulebook.label() == label) else {
            *replayed.without_rulebook.entry(label.to_owned()).or_default() += 1;
            return;
        };
        replayed.decisions += 1;
        if !past.is_rightly_weighed(&snapshot) && replayed.wrongly_weighed.len() < TOLD_MAX {
            replayed.wrongly_weighed.push(past.recorded.index);
        }
        let (before, mut after) = (past.as_recorded(), past.decide(&snapshot, rulebook));
        if before.released.is_none() {
            (after.released, after.detail, after.ranges) = (None, None, Ranges::default());
        }
        if before != after {
            replayed.different += 1;
            if replayed.differences.len() < TOLD_MAX {
                replayed.differences.push(past.difference(before, after));
            }
        }
    })?;
    replayed.differences.sort_by_key(|difference| difference.index);
    replayed.wrongly_weighed.sort_unstable();
    Ok(replayed)
}

/// Decides past decisions since `since` by `old` and by `new`.
///
/// # Errors
/// [`OperationError`] if something stored cannot be read.
pub fn compare(
    bureau: &Bureau,
    old: &Rulebook,
    new: &Rulebook,
    since: Option<Timestamp>,
) -> Result<Compared, OperationError> {
    let snapshot = bureau.snapshot();
    let mut compared = Compared::default();
    each_decision(&snapshot, since, |past| {
        compared.decisions += 1;
        let (before, after) = (past.decide(&snapshot, old), past.decide(&snapshot, new));
        let effect = |verdict: &Verdict| {
            (verdict.permitted, verdict.consent, verdict.released.clone(), verdict.detail, verdict.ranges)
        };
        if effect(&before) == effect(&after) {
            compared.for_other_reasons += u64::from(before != after);
            return;
        }
        compared.different += 1;
        compared.newly_permitted += u64::from(!before.permitted && after.permitted);
        compared.newly_denied += u64::from(before.permitted && !after.permitted);
        if compared.differences.len() < TOLD_MAX {
            compared.differences.push(past.difference(before, after));
        }
    })?;
    compared.differences.sort_by_key(|difference| difference.index);
    compared.gates = compare_gates(&snapshot, old, new, since)?;
    Ok(compared)
}

/// Calls `each` with every decision since `since`, subject by subject.
fn each_decision(
    snapshot: &Snapshot<'_>,
    since: Option<Timestamp>,
    mut each: impl FnMut(&Past<'_>),
) -> Result<(), OperationError> {
    snapshot.each_subject(|_, events| {
        for (place, recorded) in events.iter().enumerate() {
            if since.is_some_and(|since| recorded.entry.at < since) {
                continue;
            }
            let decided = match &recorded.event {
                Event::Inquiry(inquiry) => Decided::Inquiry(inquiry),
                Event::OwnReportViewed(view) => Decided::OwnReport(view),
                Event::TransferDecided(transfer) => Decided::Transfer(transfer),
                _ => continue,
            };
            each(&Past { recorded, earlier: events.get(..place).unwrap_or_default(), decided });
        }
    })?;
    Ok(())
}

/// The furnishers that delivered since `since`, or tried to, and what two rulebooks would let in of theirs.
fn compare_gates(
    snapshot: &Snapshot<'_>,
    old: &Rulebook,
    new: &Rulebook,
    since: Option<Timestamp>,
) -> Result<Vec<GateDifference>, OperationError> {
    let mut furnishers = BTreeSet::new();
    for recorded in snapshot.events(SubjectId::BUREAU)? {
        if since.is_some_and(|since| recorded.entry.at < since) {
            continue;
        }
        furnishers.extend(match recorded.event {
            Event::DeliveryAdmitted(delivery) | Event::DeliveryQuarantined(delivery) => Some(delivery.furnisher),
            Event::DeliveryDenied(denial) => Some(denial.furnisher),
            _ => None,
        });
    }
    let mut differences = Vec::new();
    for furnisher in furnishers {
        let Some(member) = snapshot.member_by_number(furnisher) else { continue };
        // When it is asked makes no difference to what a gate demands.
        let at = since.unwrap_or_else(|| Timestamp::start_of(tallystick_model::Date::ZERO));
        let (before, after) = (gate(old, member, CategorySet::all(), at), gate(new, member, CategorySet::all(), at));
        for ((about, category, before), (_, _, after)) in before.admissions().zip(after.admissions()) {
            if need(before) != need(after) {
                let (before, after) = (before.clone(), after.clone());
                differences.push(GateDifference { furnisher, about, category, before, after });
            }
        }
    }
    Ok(differences)
}

const fn need(admission: &Admission) -> Option<ConsentNeed> {
    match admission {
        Admission::Admitted { need, .. } => Some(*need),
        Admission::NotAdmitted { .. } => None,
    }
}

/// A member as it was when it was decided.
fn member(snapshot: &Snapshot<'_>, number: u16) -> Option<Member> {
    snapshot.member_by_number(number).cloned()
}

/// Decides an inquiry again on what was weighed; what the consents said is in the `earlier` events of the subject.
pub(crate) fn inquiry_again(
    inquiry: &InquiryRecord,
    earlier: &[RecordedEvent],
    rulebook: &Rulebook,
    now: Timestamp,
) -> Decision {
    let states = consents(earlier);
    let weighed = &inquiry.weighed;
    let states: Vec<_> = states.into_iter().filter(|state| weighed.consents.contains(&state.consent.id)).collect();
    let roles = if weighed.is_subscriber { vec![MemberRole::Subscriber] } else { Vec::new() };
    let subscriber = Member {
        number: inquiry.subscriber,
        code: String::new(),
        name: String::new(),
        kind: weighed.subscriber_kind,
        roles,
        duty: tallystick_model::member::ConsentDuty::Nothing,
    };
    let evidence = InquiryEvidence {
        now,
        subscriber: &subscriber,
        purpose: inquiry.purpose,
        subject: inquiry.subject,
        subject_kind: weighed.subject_kind,
        consents: &states,
        frozen: weighed.frozen,
        opted_out: weighed.opted_out,
        undertaken: weighed.undertaking.is_some(),
        range: inquiry.range_asked,
    };
    match inquiry.asked {
        Some(asked) => decide_question(rulebook, &evidence, asked.question()),
        None => decide_inquiry(rulebook, &evidence),
    }
}

/// Decides a hand-over again; `None` if a member is not known.
pub(crate) fn transfer_again(
    transfer: &TransferRecord,
    snapshot: &Snapshot<'_>,
    rulebook: &Rulebook,
) -> Option<(bool, Vec<Reason>)> {
    let (from, to) = (member(snapshot, transfer.from)?, member(snapshot, transfer.to)?);
    let TransferRecord { subject_kind, category, furnished, received, .. } = *transfer;
    let evidence = TransferEvidence { from: &from, to: &to, subject_kind, category, furnished, received };
    let decision = decide_transfer(rulebook, &evidence);
    Some((decision.permitted, decision.reasons))
}

impl Past<'_> {
    fn rulebook(&self) -> &str {
        match self.decided {
            Decided::Inquiry(inquiry) => &inquiry.rulebook,
            Decided::OwnReport(view) => &view.rulebook,
            Decided::Transfer(transfer) => &transfer.rulebook,
        }
    }

    /// Whether an inquiry was decided on what the log says before it.
    fn is_rightly_weighed(&self, snapshot: &Snapshot<'_>) -> bool {
        let Decided::Inquiry(inquiry) = self.decided else { return true };
        let Some(subscriber) = member(snapshot, inquiry.subscriber) else { return false };
        let states = consents(self.earlier);
        let known = considered(&states, &subscriber, inquiry.subject).map(|state| state.consent.id);
        let protection = Protection::of(self.earlier.iter().map(|recorded| &recorded.event));
        let at = self.recorded.entry.at;
        // The code itself is not kept: that one was waiting to be used is what the log can say.
        let could_open = protection.codes(at).any(|code| code.subscriber == inquiry.subscriber);
        let is_frozen = protection.is_frozen_for(inquiry.subscriber, at) && !inquiry.weighed.by_code;
        inquiry.weighed.frozen == is_frozen
            && inquiry.weighed.opted_out == protection.opt_out(at).is_some()
            && (could_open || !inquiry.weighed.by_code)
            && inquiry.weighed.subscriber_kind == subscriber.kind
            && inquiry.weighed.is_subscriber == subscriber.has(MemberRole::Subscriber)
            && known.eq(inquiry.weighed.consents.iter().copied())
    }

    fn as_recorded(&self) -> Verdict {
        match self.decided {
            Decided::Inquiry(inquiry) => Verdict {
                permitted: inquiry.outcome != Outcome::Denied,
                reasons: inquiry.reasons.clone(),
                consent: inquiry.consent,
                released: (inquiry.outcome != Outcome::NoHit).then(|| inquiry.released.clone()),
                detail: inquiry.detail,
                ranges: inquiry.ranges,
            },
            Decided::OwnReport(view) => {
                Verdict { permitted: true, reasons: view.reasons.clone(), ..Verdict::nothing() }
            }
            Decided::Transfer(transfer) => {
                Verdict { permitted: transfer.permitted, reasons: transfer.reasons.clone(), ..Verdict::nothing() }
            }
        }
    }

    fn decide(&self, snapshot: &Snapshot<'_>, rulebook: &Rulebook) -> Verdict {
        let now = self.recorded.entry.at;
        match self.decided {
            Decided::Inquiry(inquiry) => {
                let again = verdict(inquiry_again(inquiry, self.earlier, rulebook, now));
                let detail = again.detail.filter(|_| inquiry.asked.is_none());
                Verdict { detail, ..again }
            }
            Decided::OwnReport(view) => {
                let acting = view.acting;
                let whose = (acting.actor, acting.evidence != [0; 32], has_died(self.earlier));
                let verdict = verdict(decide_own_report_by(rulebook, now, view.subject, whose));
                Verdict { released: None, detail: None, ranges: Ranges::default(), ..verdict }
            }
            Decided::Transfer(transfer) => {
                let Some((permitted, reasons)) = transfer_again(transfer, snapshot, rulebook) else {
                    return Verdict::nothing();
                };
                Verdict { permitted, reasons, ..Verdict::nothing() }
            }
        }
    }

    fn difference(&self, before: Verdict, after: Verdict) -> Difference {
        let (subject, by, what) = match self.decided {
            Decided::Inquiry(inquiry) => {
                (inquiry.subject, Some(inquiry.subscriber), What::Inquiry(inquiry.purpose, inquiry.asked))
            }
            Decided::OwnReport(view) => (view.subject, None, What::OwnReport),
            Decided::Transfer(transfer) => {
                (transfer.subject, Some(transfer.from), What::Transfer(transfer.category, transfer.to))
            }
        };
        let (index, at) = (self.recorded.index, self.recorded.entry.at);
        Difference { index, at, subject, by, what, before, after }
    }
}

impl Verdict {
    /// Nothing permitted, and no reason known.
    const fn nothing() -> Self {
        let ranges = Ranges { all: None, by_consent: None };
        Self { permitted: false, reasons: Vec::new(), consent: None, released: None, detail: None, ranges }
    }
}

fn verdict(decision: Decision) -> Verdict {
    match decision {
        Decision::Denied(denial) => {
            Verdict { reasons: denial.reasons, released: Some(Vec::new()), ..Verdict::nothing() }
        }
        Decision::Permit(permit) => Verdict {
            permitted: true,
            reasons: permit.reasons().to_vec(),
            consent: permit.consent(),
            released: Some(permit.released().iter().collect()),
            detail: Some(permit.detail()),
            ranges: permit.ranges(),
        },
    }
}
