//! What furnishers answer, and what follows where they do not.

use tallystick_model::event::Event;
use tallystick_model::fact::{Fact, FactBody};
use tallystick_model::identity::IdentityPart;
use tallystick_model::inquiry::Reason;
use tallystick_model::member::MemberRole;
use tallystick_model::rights::{Dispute, DisputeAnswer, DisputeLapse, DisputeOutcome, DisputeState, Right};
use tallystick_model::{SubjectKind, Timestamp};
use tallystick_policy::Overdue;
use tallystick_store::Snapshot;

use super::queue::owed;
use super::{DisputeName, Queued, answerable, invalid, queue, words};
use crate::bureau::{Bureau, OperationError, Recorded};
use crate::correct::{After, Change, IdentityChange, Prepared, Superseding, changed, changed_identity};
use crate::member::in_role;
use crate::protect::record;
use crate::recall::Notice;

/// What a furnisher answers.
#[derive(Clone, Debug)]
pub struct Answering {
    /// What came of it.
    pub outcome: DisputeOutcome,
    /// With [`DisputeOutcome::Corrected`] what a month should say, else `None`.
    pub change: Option<Change>,
    /// With [`DisputeOutcome::Corrected`] who the subject is, else `None`.
    pub identity: Option<IdentityChange>,
    /// Its words, for the subject.
    pub words: String,
    /// When it reached the bureau; `None` is now.
    pub received: Option<Timestamp>,
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

/// Records a furnisher's answer, in one commit with what it corrects or deletes and who is told of it. Where the rulebook deletes what
/// can't be verified, an answer that can't confirm the statement deletes it.
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
    if dispute.filing.slot.account.furnisher() != furnisher {
        return invalid("the disputed statement is another furnisher's");
    }
    let received = answering.received.unwrap_or(now);
    if received < dispute.at || now < received {
        return invalid("an answer reaches the bureau after the dispute was filed, and before it is recorded");
    }
    let file = found.file(&snapshot)?;
    let held = file.holding(dispute.filing.slot);
    let (outcome, after, code) = settled(bureau, &snapshot, &dispute, held, answering)?;
    let why = Reason { rule: dispute.filing.rule.clone(), code: code.to_owned() };
    // Its own fact, or nothing any more: what was taken back meanwhile needs no taking back.
    let prepared = held
        .zip(after)
        .map(|(fact, after)| Prepared::of(bureau, &found, &Superseding { fact, after, reason: said, why }, now));
    let prepared = prepared.transpose()?;
    // Of a case the bureau's one answer says what is owed.
    let compensation = dispute.filing.case.is_none().then(|| owed(bureau, &dispute, received, now)).flatten();
    let answer = DisputeAnswer {
        subject: found.subject,
        dispute: dispute.entry,
        outcome,
        correction: prepared.as_ref().map(|prepared| prepared.record.delivery.number),
        words: said.to_owned(),
        received,
        compensation,
    };
    let (recorded, told) = with_correction(bureau, prepared, Right::DisputeAnswered(answer.clone()), now)?;
    Ok(Answered { answer, recorded, told })
}

/// What an answer comes to: the outcome, what takes the statement's place if anything does, and the code of the reason.
fn settled(
    bureau: &Bureau,
    snapshot: &Snapshot<'_>,
    dispute: &Dispute,
    held: Option<&Fact>,
    answering: &Answering,
) -> Result<(DisputeOutcome, Option<After>, &'static str), OperationError> {
    let part = dispute.filing.part;
    let deleted = || held.map(|fact| without_part(snapshot, fact, part)).transpose();
    let deletes_unverified = bureau.rulebook.dispute().is_some_and(|number| number.overdue == Overdue::Delete);
    let says = answering.change.is_some() || answering.identity.is_some();
    let own = "furnisher_corrects_own_fact";
    Ok(match (answering.outcome, &answering.change, &answering.identity) {
        (DisputeOutcome::Corrected, Some(change), None) => {
            let Some(FactBody::TradelineMonth(before)) = held.map(|fact| &fact.body) else {
                return invalid("only a month of an account that holds is corrected; anything else is deleted");
            };
            let Some(after) = changed(*before, change)?.filter(|after| after != before) else {
                return invalid("the correction changes nothing");
            };
            (DisputeOutcome::Corrected, Some(After::Body(FactBody::TradelineMonth(after))), own)
        }
        (DisputeOutcome::Corrected, None, Some(change)) => {
            let before = held.map(|fact| snapshot.identity(fact)).transpose()?.flatten();
            let Some(before) = before else {
                return invalid("only who the subject is, as far as it is held, is corrected so");
            };
            let after = changed_identity(&before, change, part)?;
            (DisputeOutcome::Corrected, Some(After::Identity(Box::new(after))), own)
        }
        (DisputeOutcome::Corrected, None, None) => {
            return invalid("a correction says what the statement should say");
        }
        (DisputeOutcome::Corrected, Some(_), Some(_)) => {
            return invalid("a correction is of a month or of who the subject is");
        }
        _ if says => return invalid("only a correction says what the statement should say"),
        (DisputeOutcome::Deleted, ..) => (DisputeOutcome::Deleted, deleted()?, own),
        (DisputeOutcome::CannotBeConfirmed, ..) if deletes_unverified => {
            (DisputeOutcome::Deleted, deleted()?, "furnisher_can_not_verify")
        }
        (outcome @ (DisputeOutcome::Confirmed | DisputeOutcome::CannotBeConfirmed), ..) => (outcome, None, "own_words"),
    })
}

/// What is left where the disputed part of a statement is deleted.
fn without_part(snapshot: &Snapshot<'_>, fact: &Fact, part: Option<IdentityPart>) -> Result<After, OperationError> {
    let Some(part) = part else { return Ok(After::Nothing) };
    let Some(mut identity) = snapshot.identity(fact)? else { return Ok(After::Nothing) };
    identity.remove(part);
    Ok(if identity.is_empty() { After::Nothing } else { After::Identity(Box::new(identity)) })
}

/// Records how a dispute ends, in one commit with the correction that it leads to and its notices.
fn with_correction(
    bureau: &Bureau,
    prepared: Option<Prepared<'_>>,
    end: Right,
    now: Timestamp,
) -> Result<(Recorded, Vec<Notice>), OperationError> {
    let Some(prepared) = prepared else { return Ok((record(bureau, end, now)?, Vec::new())) };
    let (_, ended, told) = prepared.commit(bureau, Some(Event::Right(Box::new(end))), now)?;
    let ended = ended.ok_or_else(|| OperationError::Invalid("the dispute's end was not recorded".to_owned()))?;
    Ok((ended, told))
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
    let is_due = |queued: &Queued| queued.dispute.state == DisputeState::Open && queued.dispute.answer_by() <= now;
    let mut lapsed = Vec::new();
    for Queued { name, dispute, .. } in queue(bureau, None, now)?.into_iter().filter(is_due) {
        let reason = Reason { rule: number.rule.clone(), code: "not_verified_in_time".to_owned() };
        let (outcome, prepared) = match number.overdue {
            Overdue::Mark => (DisputeOutcome::CannotBeConfirmed, None),
            Overdue::Delete => {
                let snapshot = bureau.snapshot();
                let found = bureau.find_again(&snapshot, name.subject, SubjectKind::Person)?;
                let file = found.file(&snapshot)?;
                let delete = |fact| {
                    let words = "not verified in time";
                    let after = without_part(&snapshot, fact, dispute.filing.part)?;
                    let superseding = Superseding { fact, after, reason: words, why: reason.clone() };
                    Prepared::of(bureau, &found, &superseding, now)
                };
                (DisputeOutcome::Deleted, file.holding(dispute.filing.slot).map(delete).transpose()?)
            }
        };
        let deletion = prepared.as_ref().map(|prepared| prepared.record.delivery.number);
        let lapse = DisputeLapse { subject: name.subject, dispute: name.entry, outcome, deletion, reason };
        let (recorded, told) = with_correction(bureau, prepared, Right::DisputeLapsed(lapse.clone()), now)?;
        lapsed.push(Lapsed { name, lapse, recorded, told });
    }
    Ok(lapsed)
}
