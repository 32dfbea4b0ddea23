//! Lines and JSON about a subject's rights: disputes answered together, requests, defaults, hand-overs.

use serde_json::Value;
use tallystick_model::rights::{CaseAnswer, Compensation, DefaultAlert, RequestState};
use tallystick_model::{Money, SubjectId};
use tallystick_operations::beside::HandOver;

use crate::cli::{json, line};

/// What is owed for a late answer, and by whom.
pub(in crate::cli) fn compensation(owed: &Compensation) -> String {
    let of = |minor| Money { minor, currency: owed.currency };
    let (furnisher, bureau) = (of(owed.furnisher_minor), of(owed.bureau_minor));
    format!("{} to the subject: {furnisher} from member {}, {bureau} from the bureau", owed.total(), owed.furnisher)
}

pub(in crate::cli) fn compensation_value(owed: &Compensation) -> Value {
    json!({
        "currency": owed.currency.code(),
        "minor": owed.total().minor,
        "furnisher": owed.furnisher,
        "furnisher_minor": owed.furnisher_minor,
        "bureau_minor": owed.bureau_minor,
    })
}

pub(in crate::cli) fn case(answer: &CaseAnswer) -> String {
    let outcomes: Vec<_> = answer.outcomes.iter().map(|(entry, outcome)| format!("{entry} {outcome}")).collect();
    let owed = answer.compensation.as_ref().map_or(String::new(), |owed| format!(", {}", compensation(owed)));
    line("case", format_args!("{} is answered ({}): {}{owed}", answer.case, outcomes.join(", "), answer.words))
}

pub(in crate::cli) fn case_value(answer: &CaseAnswer) -> Value {
    json!({
        "case": answer.case.to_string(),
        "outcomes": answer.outcomes.iter().map(|(entry, outcome)| {
            json!({"entry": entry, "outcome": outcome.code()})
        }).collect::<Vec<_>>(),
        "words": answer.words,
        "compensation": answer.compensation.as_ref().map(compensation_value),
        "rule": answer.rule,
    })
}

/// A request without the subject's words.
pub(in crate::cli) fn request(state: &RequestState) -> String {
    let asked = &state.request;
    let categories: Vec<_> = asked.categories.iter().map(|category| category.code()).collect();
    let stands = match &state.answer {
        None => asked.answer_by.map_or("waits".to_owned(), |by| format!("to be answered by {}", by.date())),
        Some((at, answer)) => {
            let outcome = if answer.erasure.is_some() { "granted" } else { "refused" };
            format!("{outcome} on {}: {}", at.date(), answer.words)
        }
    };
    let what = format!("{} of member {} ({})", categories.join(", "), asked.furnisher, asked.ground);
    format!("entry {} of {} about {what}: {stands}", state.entry, state.at.date())
}

pub(in crate::cli) fn request_value(state: &RequestState) -> Value {
    let asked = &state.request;
    json!({
        "entry": state.entry,
        "at": state.at.to_string(),
        "furnisher": asked.furnisher,
        "categories": asked.categories.iter().map(|category| category.code()).collect::<Vec<_>>(),
        "ground": asked.ground.code(),
        "evidence_sha256": (asked.evidence != [0; 32]).then(|| hex::encode(asked.evidence)),
        "acting": asked.acting.actor.code(),
        "answer_by": asked.answer_by.map(|at| at.to_string()),
        "rule": asked.rule,
        "restricts": state.restricts(),
        "answer": state.answer.as_ref().map(|(at, answer)| json!({
            "at": at.to_string(),
            "outcome": if answer.erasure.is_some() { "granted" } else { "refused" },
            "erased_facts": answer.erasure.as_ref().map(|erasure| erasure.slots.len()),
            "recipients": answer.recipients.iter().map(|recipient| recipient.member).collect::<Vec<_>>(),
            "words": answer.words,
        })),
    })
}

pub(in crate::cli) fn default_told(index: u64, alert: &DefaultAlert) -> String {
    let month = alert.slot.month.map_or(String::new(), |month| month.to_string());
    line(
        "told",
        format_args!("you, of the default of {} in {month} ({}), entry {index}", alert.slot.account, alert.rule),
    )
}

pub(in crate::cli) fn default_value(index: u64, alert: &DefaultAlert) -> Value {
    json!({
        "entry": index,
        "account": alert.slot.account.to_string(),
        "month": alert.slot.month.map(|month| month.to_string()),
        "delivery": alert.delivery.0,
        "rule": alert.rule,
    })
}

pub(in crate::cli) fn hand_over(hand_over: &HandOver) -> String {
    let HandOver { from, to, category, .. } = hand_over;
    let may = if hand_over.permitted { "may" } else { "may not" };
    let rules: Vec<_> = hand_over.reasons.iter().map(|reason| reason.rule.as_str()).collect();
    let (date, entry) = (hand_over.at.date(), hand_over.index);
    line(
        "handed",
        format_args!("{date} {} {may} hand {category} to {}: {}, entry {entry}", from.name, to.name, rules.join(" ")),
    )
}

pub(in crate::cli) fn hand_over_value(hand_over: &HandOver) -> Value {
    json!({
        "at": hand_over.at.to_string(),
        "entry": hand_over.index,
        "from": {"code": hand_over.from.code, "name": hand_over.from.name},
        "to": {"code": hand_over.to.code, "name": hand_over.to.name},
        "category": hand_over.category.code(),
        "permitted": hand_over.permitted,
        "reasons": json::reasons(&hand_over.reasons),
    })
}

/// `PSEUDONYM/REST`.
pub(super) fn of_subject(text: &str) -> Option<(SubjectId, &str)> {
    let (subject, rest) = text.split_once('/')?;
    Some((SubjectId::parse(subject)?, rest))
}
