//! Reproduce: a past answer made once more, of what was known and in force then, and compared with what the log says was told.
//!
//! Facts are those of deliveries and corrections recorded before the answer's entry, events those before it, and the rulebook is
//! the one that was in force, by its hash. The record holds a hash of everything that was told: the answer comes to it bit for bit, or
//! the record says why it can't any more: an erasure or expiry, which nobody undoes to look back. Nothing is recorded, and
//! nothing of a report leaves here.

use std::collections::BTreeSet;

use tallystick_model::charter::Matter;
use tallystick_model::event::{Event, OwnReportRecord};
use tallystick_model::fact::DeliveryNumber;
use tallystick_model::inquiry::{Answered, InquiryRecord};
use tallystick_model::rights::Right;
use tallystick_model::{SubjectId, SubjectKind, Timestamp};
use tallystick_policy::{Decision, Rulebook, charge, decide_own_report_by};
use tallystick_receipt::{Document, Witnesses};
use tallystick_store::{RecordedEvent, Snapshot, StoreError, has_died};

use crate::answer::{Told, own_hash};
use crate::bureau::{Bureau, Found, OperationError};
use crate::charter::Derivation;
use crate::own_report::Past;
use crate::replay::{inquiry_again, transfer_again};
use crate::report::Report;

/// What a past answer came to when it was made once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reproduced {
    /// Place of its entry in the log.
    pub index: u64,
    /// When it was given.
    pub at: Timestamp,
    /// About whom.
    pub subject: SubjectId,
    /// Rulebook and version by which it was decided.
    pub rulebook: String,
    /// What it came to.
    pub finding: Finding,
    /// The answer to a single question, where it was found again.
    pub answered: Option<Answered>,
    /// SHA-256 of the report as it was given, where one was.
    pub report_hash: Option<[u8; 32]>,
}

/// How a past answer compares with its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The same decision and the same answer, bit for bit.
    Same,
    /// The same decision; of the answer something has been removed since, by these entries.
    Removed(Vec<u64>),
    /// Not what the record says; what differs.
    Differs(Vec<&'static str>),
    /// The rulebook it was decided by is not at hand, or not with the text that was in force.
    NoRulebook,
}

/// Makes the answer that a receipt proves once more. Rulebooks are looked for in the bureau, in `others` and among those built in.
///
/// # Errors
/// [`OperationError::Invalid`] if the receipt is not this bureau's, or of something that answers nobody.
pub fn reproduce(bureau: &Bureau, others: &[Rulebook], receipt: &Document) -> Result<Reproduced, OperationError> {
    let invalid = |what: String| OperationError::Invalid(what);
    let key = bureau.store.log_keys();
    let checked = receipt.check(&key, Witnesses::default()).map_err(|fault| invalid(format!("receipt: {fault}")))?;
    let (subject, index) = (checked.event.subject(), checked.index);
    let events = bureau.snapshot().events(subject)?;
    let held = events.iter().find(|recorded| recorded.index == index);
    if held.is_none_or(|held| held.event != checked.event || held.entry.at != checked.at) {
        return Err(invalid(format!(
            "the receipt is genuine, and the store does not hold its entry {index}: run `verify`"
        )));
    }
    of_entry(bureau, others, subject, index)
}

/// Makes the answer recorded about `subject` at `index` once more.
///
/// # Errors
/// As [`reproduce`].
pub fn of_entry(
    bureau: &Bureau,
    others: &[Rulebook],
    subject: SubjectId,
    index: u64,
) -> Result<Reproduced, OperationError> {
    let snapshot = bureau.snapshot();
    // What is erased by now stays so: nobody reads it, whatever was known then.
    let mut found = bureau.find_again(&snapshot, subject, SubjectKind::Person)?;
    let later = found.events.split_off(found.events.partition_point(|recorded| recorded.index < index));
    let Some(recorded) = later.first().filter(|recorded| recorded.index == index) else {
        return Err(OperationError::Invalid(format!("nothing about this subject is recorded at entry {index}")));
    };
    let label = match &recorded.event {
        Event::Inquiry(inquiry) => &inquiry.rulebook,
        Event::OwnReportViewed(view) => &view.rulebook,
        Event::TransferDecided(transfer) => &transfer.rulebook,
        other => {
            let what = format!("entry {index} answers nobody: {}", other.kind().meaning());
            return Err(OperationError::Invalid(what));
        }
    };
    let of_bureau = snapshot.events(SubjectId::BUREAU)?;
    let known = known_before(&of_bureau, &found.events, index);
    let mut reproduced = Reproduced {
        index,
        at: recorded.entry.at,
        subject,
        rulebook: label.clone(),
        finding: Finding::NoRulebook,
        answered: None,
        report_hash: None,
    };
    let in_force = |rulebook: &&Rulebook| rulebook.label() == label && was_in_force(&of_bureau, rulebook, index);
    let at_hand = std::iter::once(&bureau.rulebook).chain(others).find(in_force);
    let built_in;
    let rulebook = match at_hand {
        Some(rulebook) => rulebook,
        None => {
            built_in = label.split(' ').next().and_then(|name| Rulebook::built_in(name).ok());
            let Some(rulebook) = built_in.as_ref().filter(in_force) else { return Ok(reproduced) };
            rulebook
        }
    };

    let snapshot = snapshot.of_deliveries(&known);
    let differing = match &recorded.event {
        Event::Inquiry(inquiry) => {
            found.kind = inquiry.weighed.subject_kind;
            reproduced.report_hash = Some(inquiry.report_hash).filter(|hash| *hash != [0; 32]);
            let told = inquired(&snapshot, &found, inquiry, rulebook, recorded.entry.at)?;
            reproduced.answered = told.answered;
            compare_inquiry(inquiry, &told, recorded.entry.at)
        }
        Event::OwnReportViewed(view) => {
            reproduced.report_hash = Some(view.report_hash);
            viewed(snapshot, &mut found, view, rulebook, recorded.entry.at)?
        }
        Event::TransferDecided(transfer) => {
            let again = transfer_again(transfer, &snapshot, rulebook);
            let same = again.is_some_and(|again| again == (transfer.permitted, transfer.reasons.clone()));
            Differing { decision: (!same).then_some("the decision").into_iter().collect(), ..Differing::default() }
        }
        _ => Differing::default(),
    };
    reproduced.finding = differing.finding(&later, &known);
    Ok(reproduced)
}

/// The deliveries and corrections that were visible before `index` to whoever looked at this subject's file.
fn known_before(of_bureau: &[RecordedEvent], of_subject: &[RecordedEvent], index: u64) -> BTreeSet<DeliveryNumber> {
    let before = of_bureau.iter().filter(|recorded| recorded.index < index);
    before
        .chain(of_subject)
        .filter_map(|recorded| match &recorded.event {
            Event::DeliveryAdmitted(delivery) => Some(delivery.number),
            Event::DeliveryReleased(end) => Some(end.delivery),
            Event::FactCorrected(correction) => Some(correction.delivery.number),
            _ => None,
        })
        .collect()
}

/// Whether this text was in force when the entry at `index` came: accepted by the partners, or the one of the founding.
fn was_in_force(of_bureau: &[RecordedEvent], rulebook: &Rulebook, index: u64) -> bool {
    if let Some(mut derived) = Derivation::of(of_bureau) {
        return derived.before(index).accepts(Matter::Rulebook, rulebook.label(), &rulebook.hash()).is_ok();
    }
    of_bureau.iter().any(|recorded| {
        matches!(&recorded.event, Event::BureauFounded(founding) if founding.rulebook_hash == rulebook.hash())
    })
}

fn inquired(
    snapshot: &Snapshot<'_>,
    found: &Found,
    inquiry: &InquiryRecord,
    rulebook: &Rulebook,
    at: Timestamp,
) -> Result<Told, OperationError> {
    let decision = inquiry_again(inquiry, &found.events, rulebook, at);
    let gone = || StoreError::Damaged { place: format!("member {}", inquiry.subscriber), what: "missing".to_owned() };
    let subscriber = snapshot.member_by_number(inquiry.subscriber).ok_or_else(gone)?;
    Told::on(decision, snapshot, found, subscriber, inquiry.asked, at)
}

/// What of an answer is not what its record says.
#[derive(Debug, Default)]
struct Differing {
    /// Follows from events alone, which are never removed.
    decision: Vec<&'static str>,
    /// Follows from facts too.
    answer: Vec<&'static str>,
}

fn compare_inquiry(inquiry: &InquiryRecord, told: &Told, at: Timestamp) -> Differing {
    use tallystick_model::inquiry::Outcome;
    let mut differing = Differing::default();
    let mut compare = |what, same: bool, of_decision: bool| {
        if !same {
            (if of_decision { &mut differing.decision } else { &mut differing.answer }).push(what);
        }
    };
    let permitted = |outcome| outcome != Outcome::Denied;
    compare("the decision", permitted(told.outcome) == permitted(inquiry.outcome), true);
    compare("its reasons", told.reasons == inquiry.reasons, true);
    compare("the consent relied on", told.consent == inquiry.consent, true);
    compare("the outcome", told.outcome == inquiry.outcome, false);
    // A file that says nothing any more releases nothing.
    let has_file = told.outcome == inquiry.outcome;
    compare("the categories released", !has_file || told.released == inquiry.released, true);
    compare("the months", !has_file || told.ranges == inquiry.ranges, true);
    compare("the detail", !has_file || told.detail == inquiry.detail, true);
    compare("the answer to the question", told.answered == inquiry.answered, false);
    compare("the report", told.report_hash() == inquiry.report_hash, false);
    let hash = told.hash(inquiry.subject, inquiry.asked, at);
    compare("the hash of everything that was told", hash == inquiry.answer_hash, false);
    differing
}

/// Makes an own report once more, as [`own_report`](crate::own_report::own_report) made it.
fn viewed(
    mut snapshot: Snapshot<'_>,
    found: &mut Found,
    view: &OwnReportRecord,
    rulebook: &Rulebook,
    at: Timestamp,
) -> Result<Differing, OperationError> {
    let mut differing = Differing::default();
    let earlier = found.events.iter().filter(|recorded| matches!(recorded.event, Event::OwnReportViewed(_)));
    let charge = charge(rulebook, earlier.map(|recorded| recorded.entry.at), at);
    let past = Past { known_on: view.known_on, as_of: view.as_of };
    let whose = (view.acting.actor, view.acting.evidence != [0; 32], has_died(&found.events));
    if let Some(known_on) = past.known_on {
        snapshot = snapshot.as_known_on(known_on);
        found.events.retain(|recorded| recorded.entry.at <= known_on);
    }
    let Decision::Permit(permit) = decide_own_report_by(rulebook, at, view.subject, whose) else {
        differing.decision.push("the decision");
        return Ok(differing);
    };
    if permit.reasons() != view.reasons {
        differing.decision.push("its reasons");
    }
    let mut file = found.file(&snapshot)?;
    if let Some(date) = past.as_of {
        file = file.as_of(date);
    }
    let report = Report::for_subject(&snapshot, permit.reveal(file), found, past, at)?;
    if report.hash() != view.report_hash {
        differing.answer.push("the report");
    }
    if own_hash(&report, charge.as_ref()) != view.answer_hash {
        differing.answer.push("the hash of everything that was told");
    }
    Ok(differing)
}

impl Differing {
    /// What it comes to, with what was recorded about the subject from the answer on.
    fn finding(self, later: &[RecordedEvent], known: &BTreeSet<DeliveryNumber>) -> Finding {
        if self.decision.is_empty() && self.answer.is_empty() {
            return Finding::Same;
        }
        let removals: Vec<u64> =
            later.iter().filter(|recorded| removes(&recorded.event, known)).map(|recorded| recorded.index).collect();
        if self.decision.is_empty() && !removals.is_empty() {
            return Finding::Removed(removals);
        }
        Finding::Differs([self.decision, self.answer].concat())
    }
}

/// Whether an event takes away something that these deliveries said of its subject.
fn removes(event: &Event, known: &BTreeSet<DeliveryNumber>) -> bool {
    match event {
        Event::ConsentWithdrawn(withdrawal) | Event::ConsentExpired(withdrawal) => {
            let erasure = withdrawal.erasure.as_ref();
            erasure.is_some_and(|erasure| erasure.slots.iter().any(|(_, delivery)| known.contains(delivery)))
        }
        Event::Right(right) => match &**right {
            Right::FactsExpired(gone) => {
                let mut facts = gone.expiries.iter().flat_map(|expiry| &expiry.facts);
                facts.any(|(_, delivery)| known.contains(delivery))
            }
            Right::RequestAnswered(answer) => {
                let mut slots = answer.erasure.iter().flat_map(|erasure| &erasure.slots);
                slots.any(|(_, delivery)| known.contains(delivery))
            }
            _ => false,
        },
        Event::FactsRemoved(removal) => removal.parts.iter().any(|part| known.contains(&part.delivery)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tallystick_model::DataCategory;
    use tallystick_model::consent::ConsentId;
    use tallystick_model::event::{Entry, EventKind};
    use tallystick_model::inquiry::{Asked, Detail, Outcome, Purpose, Ranges, Reason, SingleQuestion, Weighed};
    use tallystick_model::member::MemberKind;
    use tallystick_model::rights::{ExpiredFacts, Expiry};

    use crate::beside::Beside;

    const SUBJECT: SubjectId = SubjectId([1; 16]);

    fn at() -> Timestamp {
        Timestamp::from_millis(5).unwrap()
    }

    fn reason() -> Vec<Reason> {
        vec![Reason { rule: "cn-11".to_owned(), code: "x".to_owned() }]
    }

    fn told() -> Told {
        Told {
            outcome: Outcome::Permitted,
            reasons: reason(),
            consent: Some(ConsentId([2; 8])),
            released: vec![DataCategory::Credit],
            detail: None,
            ranges: Ranges::default(),
            answered: Some(Answered::Yes),
            keep_for: None,
            beside: Beside::default(),
            report: None,
        }
    }

    fn record() -> InquiryRecord {
        let asked = Asked::new(SingleQuestion::PastDueNow, None);
        InquiryRecord {
            subject: SUBJECT,
            subscriber: 1,
            purpose: Purpose::CreditApplication,
            asked,
            range_asked: None,
            outcome: Outcome::Permitted,
            answered: Some(Answered::Yes),
            weighed: Weighed {
                subscriber_kind: MemberKind::Bank,
                is_subscriber: true,
                subject_kind: SubjectKind::Person,
                frozen: false,
                by_code: false,
                opted_out: false,
                undertaking: None,
                consents: vec![],
            },
            rulebook: "cn 1".to_owned(),
            reasons: reason(),
            consent: Some(ConsentId([2; 8])),
            released: vec![DataCategory::Credit],
            detail: None,
            ranges: Ranges::default(),
            report_hash: [0; 32],
            answer_hash: told().hash(SUBJECT, asked, at()),
        }
    }

    /// What differs where the record says something else: of the decision, and of the answer.
    fn differing(change: impl FnOnce(&mut InquiryRecord)) -> [Vec<&'static str>; 2] {
        let mut record = record();
        change(&mut record);
        let Differing { decision, answer } = compare_inquiry(&record, &told(), at());
        [decision, answer]
    }

    #[test]
    fn each_thing_that_the_record_says_otherwise_is_named() {
        const HASH: &str = "the hash of everything that was told";
        assert_eq!(differing(|_| {}).concat(), Vec::<&str>::new());
        assert_eq!(differing(|record| record.reasons.clear()), [vec!["its reasons"], vec![]]);
        assert_eq!(differing(|record| record.consent = None), [vec!["the consent relied on"], vec![]]);
        assert_eq!(differing(|record| record.released.clear()), [vec!["the categories released"], vec![]]);
        assert_eq!(differing(|record| record.detail = Some(Detail::Whole)), [vec!["the detail"], vec![]]);
        assert_eq!(differing(|record| record.outcome = Outcome::Denied), [vec!["the decision"], vec!["the outcome"]]);
        assert_eq!(differing(|record| record.outcome = Outcome::NoHit), [vec![], vec!["the outcome"]]);
        let answer = differing(|record| record.answered = Some(Answered::No));
        assert_eq!(answer, [vec![], vec!["the answer to the question"]]);
        assert_eq!(differing(|record| record.report_hash = [1; 32]), [vec![], vec!["the report"]]);
        assert_eq!(differing(|record| record.answer_hash = [1; 32]), [vec![], vec![HASH]]);
        let elsewhere = Told {
            beside: Beside { statement: Some(tallystick_model::Sensitive::new("x".to_owned())), ..Beside::default() },
            ..told()
        };
        assert_eq!(compare_inquiry(&record(), &elsewhere, at()).answer, [HASH], "what stands beside counts");
    }

    #[test]
    fn only_a_removal_of_what_was_known_explains_another_answer_and_none_another_decision() {
        use tallystick_model::AccountKey;
        use tallystick_model::fact::{FactKind, Slot};
        let slot = Slot { kind: FactKind::TradelineTerms, account: AccountKey([3; 8]), month: None };
        let gone = |delivery| {
            let facts = vec![(slot, DeliveryNumber(delivery))];
            let expiries = vec![Expiry { rule: "us-5".to_owned(), facts }];
            let event = Event::Right(Box::new(Right::FactsExpired(ExpiredFacts {
                subject: SUBJECT,
                expiries,
                rulebook: "us 1".to_owned(),
            })));
            let entry = Entry { kind: EventKind::FactsExpired, at: at(), commitment: [0; 32] };
            RecordedEvent { index: 40 + u64::from(delivery), entry, salt: [0; 16], event }
        };
        let known = BTreeSet::from([DeliveryNumber(1), DeliveryNumber(2)]);
        let later = [gone(2), gone(3)];
        let finding = |decision: &[&'static str], answer: &[&'static str], later: &[RecordedEvent]| {
            Differing { decision: decision.to_vec(), answer: answer.to_vec() }.finding(later, &known)
        };
        assert_eq!(finding(&[], &[], &later), Finding::Same);
        assert_eq!(finding(&[], &["the report"], &later), Finding::Removed(vec![42]));
        assert_eq!(finding(&[], &["the report"], &later[1..]), Finding::Differs(vec!["the report"]));
        assert_eq!(
            finding(&["the decision"], &["the report"], &later),
            Finding::Differs(vec!["the decision", "the report"])
        );
    }
}
