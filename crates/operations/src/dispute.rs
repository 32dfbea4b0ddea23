//! Dispute: the subject says what is wrong, the furnisher answers, and what nobody answers in time follows from the rulebook.
//!
//! A dispute about a statement marks it in every report from its filing on. [`queue`] is what furnishers have to answer, [`run_due`] does
//! what the rulebook says of what they have not.

use std::fmt;

use tallystick_model::event::Event;
use tallystick_model::fact::{Fact, FactBody, Slot};
use tallystick_model::inquiry::Reason;
use tallystick_model::member::MemberRole;
use tallystick_model::rights::{
    Dispute, DisputeAnswer, DisputeFiling, DisputeLapse, DisputeOutcome, DisputeState, DisputeTurn, Right, disputes,
};
use tallystick_model::{Identifier, Money, Sensitive, SubjectId, SubjectKind, Timestamp};
use tallystick_policy::{Overdue, compensation};

use crate::bureau::{Bureau, Found, OperationError, Recorded};
use crate::correct::{Change, Superseding, changed, supersede};
use crate::member::{in_role, known};
use crate::protect::record;
use crate::recall::{Notice, tell};

/// Names a dispute: whose file, and the place in the log of its filing. Shown as `PSEUDONYM/ENTRY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DisputeName {
    /// Whose file.
    pub subject: SubjectId,
    /// Place in the log of its filing.
    pub entry: u64,
}

impl DisputeName {
    /// Reads `PSEUDONYM/ENTRY`.
    pub fn parse(text: &str) -> Option<Self> {
        let (subject, entry) = text.split_once('/')?;
        Some(Self { subject: SubjectId::parse(subject)?, entry: entry.parse().ok()? })
    }
}

impl fmt::Display for DisputeName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.subject, self.entry)
    }
}

/// What a subject disputes.
#[derive(Clone, Debug)]
pub struct Disputing {
    /// Whose file.
    pub identifier: Identifier,
    /// Which statement, as the own report shows it.
    pub slot: Slot,
    /// What is wrong, in the subject's words.
    pub grounds: Sensitive<String>,
    /// SHA-256 of what is shown for it; zeros if nothing is.
    pub evidence: [u8; 32],
}

/// What a furnisher answers.
#[derive(Clone, Debug)]
pub struct Answering {
    /// What came of it.
    pub outcome: DisputeOutcome,
    /// With [`DisputeOutcome::Corrected`] what it should say, else `None`.
    pub change: Option<Change>,
    /// Its words, for the subject.
    pub words: String,
}

/// An answer as recorded.
#[derive(Debug)]
pub struct Answered {
    /// What was recorded.
    pub answer: DisputeAnswer,
    /// Its entry and proof.
    pub recorded: Recorded,
    /// Who was told of the correction.
    pub told: Vec<Notice>,
}

/// Longest grounds or answer, in bytes.
const WORDS_BYTES_MAX: usize = 1024;

fn invalid<T>(what: &str) -> Result<T, OperationError> {
    Err(OperationError::Invalid(what.to_owned()))
}

fn words(text: &str) -> Result<&str, OperationError> {
    let text = text.trim();
    if text.is_empty() || text.len() > WORDS_BYTES_MAX || text.chars().any(char::is_control) {
        return invalid("a dispute and its answer have words of 1 to 1024 bytes and no control characters");
    }
    Ok(text)
}

/// Files a dispute about a statement that holds. From now on every report marks it.
///
/// # Errors
/// [`OperationError::Invalid`] if the rulebook has no rule on disputes, no such statement holds, or it is disputed already.
pub fn open(
    bureau: &Bureau,
    disputing: &Disputing,
    now: Timestamp,
) -> Result<(DisputeFiling, Recorded), OperationError> {
    let Some(number) = bureau.rulebook.dispute() else {
        return invalid(&format!("rulebook {} has no rule on disputes", bureau.rulebook.label()));
    };
    let grounds = words(disputing.grounds.expose())?;
    let snapshot = bureau.snapshot();
    let found = bureau.find(&snapshot, &disputing.identifier)?;
    let file = found.file(&snapshot)?;
    let Some(fact) = file.holding(disputing.slot).filter(|fact| is_disputable(fact)) else {
        return invalid("the file holds no statement of this kind about this account and month");
    };
    let about = |dispute: &Dispute| dispute.filing.slot == disputing.slot && dispute.state == DisputeState::Open;
    if found.disputes().iter().any(about) {
        return invalid("this statement is disputed already");
    }
    let Some(answer_by) = number.answer.after(now) else { return invalid("the time of the answer is out of range") };
    let filing = DisputeFiling {
        subject: found.subject,
        slot: disputing.slot,
        delivery: fact.key.delivery,
        grounds: Sensitive::new(grounds.to_owned()),
        evidence: disputing.evidence,
        furnisher_by: number.furnisher.and_then(|term| term.after(now)).unwrap_or(answer_by),
        answer_by,
        rule: number.rule.clone(),
    };
    let recorded = record(bureau, Right::DisputeOpened(filing.clone()), now)?;
    Ok((filing, recorded))
}

/// Who a subject is, is mended by a new delivery; a seal would not open in another fact's place.
const fn is_disputable(fact: &Fact) -> bool {
    !matches!(fact.body, FactBody::Identity(_) | FactBody::SealedSegment(..) | FactBody::Holder(_))
}

/// A subject's disputes with what became of them.
///
/// # Errors
/// [`OperationError`] if something cannot be read.
pub fn list(bureau: &Bureau, identifier: &Identifier) -> Result<(SubjectId, Vec<Dispute>), OperationError> {
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    Ok((found.subject, found.disputes()))
}

/// Takes a dispute back.
///
/// # Errors
/// [`OperationError::Invalid`] if the subject has no such dispute, or it is answered.
pub fn withdraw(
    bureau: &Bureau,
    identifier: &Identifier,
    entry: u64,
    now: Timestamp,
) -> Result<Recorded, OperationError> {
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    let dispute = answerable(&found, entry)?;
    let turn = DisputeTurn { subject: found.subject, dispute: dispute.entry };
    record(bureau, Right::DisputeWithdrawn(turn), now)
}

fn answerable(found: &Found, entry: u64) -> Result<Dispute, OperationError> {
    let dispute = found.disputes().into_iter().find(|dispute| dispute.entry == entry);
    let Some(dispute) = dispute else { return invalid(&format!("no dispute of this file was filed by entry {entry}")) };
    if dispute.is_answerable() { Ok(dispute) } else { invalid(&format!("dispute {entry} has ended")) }
}

/// Records a furnisher's answer; what it corrects or deletes is corrected or deleted first. Where the rulebook deletes what can't be
/// verified, an answer that can't confirm the statement deletes it.
///
/// # Errors
/// [`OperationError::Invalid`] if the dispute is another furnisher's, or has ended, or the answer contradicts itself.
pub fn answer(
    bureau: &Bureau,
    furnisher: &str,
    name: DisputeName,
    answering: &Answering,
    now: Timestamp,
) -> Result<Answered, OperationError> {
    let snapshot = bureau.snapshot();
    let furnisher = in_role(snapshot.members(), furnisher, MemberRole::Furnisher)?.number;
    let said = words(&answering.words)?;
    let found = bureau.find_again(&snapshot, name.subject, SubjectKind::Person)?;
    let dispute = answerable(&found, name.entry)?;
    let slot = dispute.filing.slot;
    if slot.account.furnisher() != furnisher {
        return invalid("the disputed statement is another furnisher's");
    }
    let file = found.file(&snapshot)?;
    let held = file.holding(slot);
    let why = |code: &str| Reason { rule: dispute.filing.rule.clone(), code: code.to_owned() };
    let deletes_unverified = bureau.rulebook.dispute().is_some_and(|number| number.overdue == Overdue::Delete);
    let (outcome, after, why) = match (answering.outcome, &answering.change) {
        (DisputeOutcome::Corrected, Some(change)) => {
            let Some(FactBody::TradelineMonth(before)) = held.map(|fact| &fact.body) else {
                return invalid("only a month of an account that holds is corrected; anything else is deleted");
            };
            let Some(after) = changed(*before, change)?.filter(|after| after != before) else {
                return invalid("the correction changes nothing");
            };
            (DisputeOutcome::Corrected, Some(FactBody::TradelineMonth(after)), why("furnisher_corrects_own_fact"))
        }
        (DisputeOutcome::Deleted, None) => (DisputeOutcome::Deleted, None, why("furnisher_corrects_own_fact")),
        (DisputeOutcome::CannotBeConfirmed, None) if deletes_unverified => {
            (DisputeOutcome::Deleted, None, why("furnisher_can_not_verify"))
        }
        (DisputeOutcome::Confirmed | DisputeOutcome::CannotBeConfirmed, None) => {
            (answering.outcome, None, why("own_words"))
        }
        (DisputeOutcome::Corrected, None) => return invalid("a correction says what the statement should say"),
        (_, Some(_)) => return invalid("only a correction says what the statement should say"),
    };
    let supersedes = matches!(outcome, DisputeOutcome::Corrected | DisputeOutcome::Deleted);
    let correction = match held.filter(|_| supersedes) {
        // Its own fact, or nothing any more: what was taken back meanwhile needs no taking back.
        None => None,
        Some(fact) => Some(supersede(bureau, &Superseding { fact, after, reason: said, why }, now)?.0.number),
    };
    let answer = DisputeAnswer {
        subject: found.subject,
        dispute: dispute.entry,
        outcome,
        correction,
        words: said.to_owned(),
        compensation: compensation(&bureau.rulebook, dispute.days_late(now)),
    };
    let recorded = record(bureau, Right::DisputeAnswered(answer.clone()), now)?;
    let told = if correction.is_some() { tell(bureau, found.subject, now)? } else { Vec::new() };
    Ok(Answered { answer, recorded, told })
}

/// A dispute that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its name, by which it is answered.
    pub name: DisputeName,
    /// The dispute.
    pub dispute: Dispute,
    /// What the subject has coming by now for an answer that is late, where a rule says.
    pub compensation: Option<Money>,
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
                let compensation = compensation(&bureau.rulebook, dispute.days_late(now));
                queued.push(Queued { name, dispute, compensation });
            }
        }
    })?;
    queued.sort_by_key(|queued| (queued.dispute.filing.answer_by, queued.dispute.entry));
    Ok(queued)
}

/// What was done about one overdue dispute.
#[derive(Debug)]
pub struct Lapsed {
    /// Its name.
    pub name: DisputeName,
    /// What was recorded.
    pub lapse: DisputeLapse,
    /// Its entry and proof.
    pub recorded: Recorded,
    /// Who was told of the deletion.
    pub told: Vec<Notice>,
}

/// Does what the rulebook says about every dispute whose time is over: deletes the statement, or marks it as one that could not be
/// confirmed. To be run every day; running it twice does nothing twice.
///
/// # Errors
/// [`OperationError`] if something cannot be read or recorded; what is recorded stays.
pub fn run_due(bureau: &Bureau, now: Timestamp) -> Result<Vec<Lapsed>, OperationError> {
    let Some(number) = bureau.rulebook.dispute() else { return Ok(Vec::new()) };
    let is_due = |queued: &Queued| queued.dispute.state == DisputeState::Open && queued.dispute.filing.answer_by <= now;
    let mut lapsed = Vec::new();
    for Queued { name, dispute, .. } in queue(bureau, None, now)?.into_iter().filter(is_due) {
        let reason = Reason { rule: number.rule.clone(), code: "not_verified_in_time".to_owned() };
        let (outcome, deletion) = match number.overdue {
            Overdue::Mark => (DisputeOutcome::CannotBeConfirmed, None),
            Overdue::Delete => {
                let snapshot = bureau.snapshot();
                let found = bureau.find_again(&snapshot, name.subject, SubjectKind::Person)?;
                let file = found.file(&snapshot)?;
                let words = "not verified in time";
                let delete = |fact| {
                    let superseding = Superseding { fact, after: None, reason: words, why: reason.clone() };
                    Ok::<_, OperationError>(supersede(bureau, &superseding, now)?.0.number)
                };
                (DisputeOutcome::Deleted, file.holding(dispute.filing.slot).map(delete).transpose()?)
            }
        };
        let lapse = DisputeLapse { subject: name.subject, dispute: name.entry, outcome, deletion, reason };
        let recorded = record(bureau, Right::DisputeLapsed(lapse.clone()), now)?;
        let told = if deletion.is_some() { tell(bureau, name.subject, now)? } else { Vec::new() };
        lapsed.push(Lapsed { name, lapse, recorded, told });
    }
    Ok(lapsed)
}
