//! Request: a subject asks that what a furnisher has handed over be erased, or objects to its being used.
//!
//! From an objection on nobody but the subject is shown what it is about, until it is answered. What is granted is erased by the answer's own
//! event: from that commit on no report shows it, and the next `compact` takes it off the disk. Who was shown it is named and told.

use tallystick_model::consent_terms::Acting;
use tallystick_model::event::Event;
use tallystick_model::inquiry::Reason;
use tallystick_model::rights::{Request, RequestAnswer, RequestGround, RequestState, Right, requests};
use tallystick_model::withdrawal::Erasure;
use tallystick_model::{DataCategory, Identifier, Sensitive, SubjectId, SubjectKind, Timestamp};
use tallystick_policy::Deed;

use crate::bureau::{Bureau, OperationError, Recorded};
use crate::consent::may_act;
use crate::dispute::{DisputeName, invalid, words};
use crate::member::known;
use crate::protect::record;
use crate::withdraw::{erased_of, last_delivery, shown, touched};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asking {
    /// Whose data.
    pub identifier: Identifier,
    /// Code of the furnisher.
    pub furnisher: String,
    /// Of which categories.
    pub categories: Vec<DataCategory>,
    /// On what ground.
    pub ground: RequestGround,
    /// In the subject's words.
    pub words: Sensitive<String>,
    /// SHA-256 of what is shown for it; zeros if nothing is.
    pub evidence: [u8; 32],
    /// Who acts for the subject.
    pub acting: Acting,
}

/// Files a request. An objection restricts what it is about from now on.
///
/// # Errors
/// [`OperationError::Invalid`] if the rulebook knows no such ground, nothing such is held, or the same is asked already;
/// [`OperationError::Denied`] if who acts may not.
pub fn file(bureau: &Bureau, asking: &Asking, now: Timestamp) -> Result<(Request, Recorded), OperationError> {
    let label = bureau.rulebook.label();
    let number = bureau.rulebook.requests().filter(|number| number.grounds.contains(&asking.ground));
    let Some(number) = number else {
        return invalid(&format!("rulebook {label} has no rule on requests for this reason: {}", asking.ground));
    };
    let said = words(asking.words.expose())?;
    let mut categories = asking.categories.clone();
    categories.sort_unstable();
    categories.dedup();
    if categories.is_empty() {
        return invalid("a request names at least one category of data");
    }
    let snapshot = bureau.snapshot();
    let furnisher = known(snapshot.members(), &asking.furnisher)?.number;
    let found = bureau.find(&snapshot, &asking.identifier)?;
    may_act(bureau, &found, asking.acting, Deed::Own, now)?;
    let request = Request {
        subject: found.subject,
        furnisher,
        categories,
        ground: asking.ground,
        words: Sensitive::new(said.to_owned()),
        evidence: asking.evidence,
        acting: asking.acting,
        answer_by: number.answer.and_then(|term| term.after(now)),
        rule: number.rule.clone(),
    };
    let erasure = erasure(&request, last_delivery(&snapshot)?);
    if touched(&found, &snapshot.stored_file(found.subject)?, &erasure).is_empty() {
        return invalid("nothing of these categories is held from this furnisher");
    }
    let same = |state: &RequestState| {
        let other = &state.request;
        state.answer.is_none()
            && (other.furnisher, &other.categories, other.ground) == (furnisher, &request.categories, request.ground)
    };
    if found.requests().iter().any(same) {
        return invalid("the same is asked already, and waits for an answer");
    }
    let recorded = record(bureau, Right::RequestFiled(request.clone()), now)?;
    Ok((request, recorded))
}

/// What a request erases if it is granted.
fn erasure(request: &Request, until: tallystick_model::fact::DeliveryNumber) -> Erasure {
    Erasure {
        furnisher: request.furnisher,
        categories: request.categories.clone(),
        until,
        reasons: vec![Reason { rule: request.rule.clone(), code: request.ground.code().to_owned() }],
        slots: Vec::new(),
    }
}

/// A subject's requests with what became of them.
///
/// # Errors
/// [`OperationError`] if something cannot be read.
pub fn list(bureau: &Bureau, identifier: &Identifier) -> Result<(SubjectId, Vec<RequestState>), OperationError> {
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    Ok((found.subject, found.requests()))
}

/// Requests that wait for the bureau's answer: what is due first comes first. Every event is read for it.
///
/// # Errors
/// [`OperationError`] if something cannot be read.
pub fn queue(bureau: &Bureau) -> Result<Vec<(SubjectId, RequestState)>, OperationError> {
    let mut waiting = Vec::new();
    bureau.snapshot().each_subject(|subject, events| {
        let told = events.iter().map(|recorded| (recorded.index, recorded.entry.at, &recorded.event));
        waiting.extend(requests(told).into_iter().filter(|state| state.answer.is_none()).map(|state| (subject, state)));
    })?;
    waiting.sort_by_key(|(_, state)| (state.request.answer_by.is_none(), state.request.answer_by, state.entry));
    Ok(waiting)
}

/// What the bureau decides of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What it is about is erased.
    Grant,
    /// It stays; a restriction ends.
    Refuse,
}

/// Answers a request.
///
/// # Errors
/// [`OperationError::Invalid`] if there is none of this name that waits, or there are no words: a refusal has its reasons.
pub fn answer(
    bureau: &Bureau,
    name: DisputeName,
    verdict: Verdict,
    said: &str,
    now: Timestamp,
) -> Result<(RequestAnswer, Recorded), OperationError> {
    let said = words(said)?;
    let snapshot = bureau.snapshot();
    let found = bureau.find_again(&snapshot, name.subject, SubjectKind::Person)?;
    let state = found.requests().into_iter().find(|state| state.entry == name.entry && state.answer.is_none());
    let Some(state) = state else {
        return invalid(&format!("no request of this file that was filed by entry {} waits for an answer", name.entry));
    };
    let erasure = match verdict {
        Verdict::Refuse => None,
        Verdict::Grant => {
            let mut erasure = erasure(&state.request, last_delivery(&snapshot)?);
            erasure.slots = touched(&found, &snapshot.stored_file(found.subject)?, &erasure);
            Some(erasure)
        }
    };
    let recipients = erasure.as_ref().map(|erasure| shown(&found.events, |inquiry| erased_of(inquiry, erasure)));
    let answer = RequestAnswer {
        subject: found.subject,
        request: state.entry,
        erasure,
        recipients: recipients.unwrap_or_default(),
        words: said.to_owned(),
    };
    let recorded = bureau.record(
        tallystick_store::Changes::none(),
        Event::Right(Box::new(Right::RequestAnswered(answer.clone()))),
        now,
    )?;
    Ok((answer, recorded))
}
