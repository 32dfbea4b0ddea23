//! One answer to disputes about statements of several furnishers: each answers for its own, and the bureau for all of them.

use std::collections::BTreeMap;

use tallystick_model::event::Event;
use tallystick_model::rights::{
    CaseAnswer, CaseId, Compensation, Dispute, DisputeOutcome, DisputeState, Right, disputes,
};
use tallystick_model::{SubjectId, SubjectKind, Timestamp};

use super::queue::owed;
use super::{cases, invalid, words};
use crate::bureau::{Bureau, OperationError, Recorded};
use crate::protect::record;

/// A case that has no answer yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Whose.
    pub subject: SubjectId,
    /// Its name.
    pub case: CaseId,
    /// Until when it is to be answered.
    pub answer_by: Timestamp,
    /// How many of its disputes furnishers have still to answer.
    pub open: usize,
    /// What the subject has coming by now, and from whom.
    pub compensation: Option<Compensation>,
}

/// Cases that wait for the bureau's answer, what is due first comes first. Every event is read for it.
///
/// # Errors
/// [`OperationError`] if something cannot be read.
pub fn waiting(bureau: &Bureau, now: Timestamp) -> Result<Vec<Waiting>, OperationError> {
    let mut waiting = Vec::new();
    bureau.snapshot().each_subject(|subject, events| {
        let is_answer = |event: &Event, case| {
            matches!(event, Event::Right(right) if matches!(&**right, Right::CaseAnswered(answer) if answer.case == case))
        };
        let told = events.iter().map(|recorded| (recorded.index, recorded.entry.at, &recorded.event));
        let mut parts: BTreeMap<CaseId, Vec<Dispute>> = BTreeMap::new();
        for dispute in disputes(told) {
            let Some(case) = dispute.filing.case else { continue };
            if !matches!(dispute.state, DisputeState::Withdrawn(_)) {
                parts.entry(case).or_default().push(dispute);
            }
        }
        for (case, parts) in parts {
            let Some(answer_by) = parts.iter().map(Dispute::answer_by).max() else { continue };
            if !events.iter().any(|recorded| is_answer(&recorded.event, case)) {
                let open = parts.iter().filter(|dispute| dispute.state == DisputeState::Open).count();
                let compensation = case_owed(bureau, &parts, now);
                waiting.push(Waiting { subject, case, answer_by, open, compensation });
            }
        }
    })?;
    waiting.sort_by_key(|waiting| (waiting.answer_by, waiting.case));
    Ok(waiting)
}

/// What a case costs if it is closed then: the furnisher whose answer came last is the one it waited for.
fn case_owed(bureau: &Bureau, parts: &[Dispute], closed: Timestamp) -> Option<Compensation> {
    let received = |dispute: &Dispute| match &dispute.state {
        DisputeState::Answered(_, answer) => answer.received,
        // Nobody has answered yet.
        DisputeState::Open | DisputeState::Lapsed(..) | DisputeState::Withdrawn(_) => closed,
    };
    let last = parts.iter().max_by_key(|dispute| (received(dispute), dispute.entry))?;
    owed(bureau, last, received(last), closed)
}

/// Records the bureau's one answer to a case whose disputes have all ended.
///
/// # Errors
/// [`OperationError::Invalid`] if there is no such case, it is answered, one of its disputes has not ended, or there are no words: a
/// rejection has its reasons.
pub fn close(
    bureau: &Bureau,
    (subject, case): (SubjectId, CaseId),
    said: &str,
    now: Timestamp,
) -> Result<(CaseAnswer, Recorded), OperationError> {
    let said = words(said)?;
    let number = bureau.rulebook.dispute().and_then(|number| number.joint.clone());
    let Some(rule) = number else {
        return invalid(&format!("rulebook {} has no rule on one answer", bureau.rulebook.label()));
    };
    let found = bureau.find_again(&bureau.snapshot(), subject, SubjectKind::Person)?;
    let parts: Vec<Dispute> = found
        .disputes()
        .into_iter()
        .filter(|dispute| dispute.filing.case == Some(case) && !matches!(dispute.state, DisputeState::Withdrawn(_)))
        .collect();
    if parts.is_empty() {
        return invalid(&format!("this file has no case `{case}`"));
    }
    if cases(&found).iter().any(|answer| answer.case == case) {
        return invalid(&format!("case `{case}` is answered already"));
    }
    let mut outcomes: Vec<(u64, DisputeOutcome)> = Vec::new();
    for dispute in &parts {
        outcomes.push(match &dispute.state {
            DisputeState::Answered(_, answer) => (dispute.entry, answer.outcome),
            DisputeState::Lapsed(_, lapse) => (dispute.entry, lapse.outcome),
            DisputeState::Open | DisputeState::Withdrawn(_) => {
                return invalid(&format!("dispute {} of case `{case}` waits for its furnisher", dispute.entry));
            }
        });
    }
    let compensation = case_owed(bureau, &parts, now);
    let answer = CaseAnswer { subject, case, outcomes, words: said.to_owned(), compensation, rule };
    let recorded = record(bureau, Right::CaseAnswered(answer.clone()), now)?;
    Ok((answer, recorded))
}
