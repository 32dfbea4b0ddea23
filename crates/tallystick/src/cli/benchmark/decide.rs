//! `benchmark decide`: what a decision takes, and what the gate of a whole delivery takes. Nothing is stored or read.

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use tallystick_model::consent::{Consent, ConsentForm, ConsentId, ConsentScope, ConsentState};
use tallystick_model::consent_terms::ConsentTerms;
use tallystick_model::inquiry::Purpose;
use tallystick_model::member::{ConsentDuty, Member, MemberKind, MemberRole};
use tallystick_model::{CategorySet, DataCategory, SubjectId, SubjectKind, Timestamp};
use tallystick_policy::{Decision, InquiryEvidence, Rulebook, decide_inquiry, gate};

use super::args;
use super::lookups::tell;
use super::machine::{Times, Watch, grouped, per_s, seconds};
use crate::cli::{End, Told, line};

/// Numbers of the members that there are here.
const SUBSCRIBER: u16 = 1;
const FURNISHER: u16 = 2;

const NOW: &str = "2026-03-01T12:00:00Z";

/// Decisions whose policies are evaluated anew, since that takes longer: one in so many.
const EVALUATED_EVERY: usize = 20;

pub(super) fn run(args: &args::Decide) -> Result<Told> {
    ensure!(args.decisions > 0 && args.subjects > 0, "`--decisions`, `--subjects`: expected at least 1");
    let rulebook = Rulebook::built_in(&args.rulebook)?;
    let now = Timestamp::parse(NOW)?;
    let (mut lines, mut json) = (Vec::new(), Map::new());
    for (key, value) in [("result", json!("ok")), ("benchmark", json!("decide")), ("rulebook", json!(rulebook.label()))]
    {
        json.insert(key.to_owned(), value);
    }
    decisions(&rulebook, args.decisions, now, &mut lines, &mut json)?;
    delivery(&rulebook, args.subjects, now, &mut lines, &mut json)?;
    Ok(Told::new(End::Ok, lines, Value::Object(json)))
}

/// Inquiries about subjects that have three consents each, of which one bears on the inquiry: it holds, is withdrawn, is over, or
/// names another purpose, by turns.
fn decisions(
    rulebook: &Rulebook,
    count: u32,
    now: Timestamp,
    lines: &mut Vec<String>,
    json: &mut Map<String, Value>,
) -> Result<()> {
    let subscriber = member(SUBSCRIBER, MemberKind::Bank, MemberRole::Subscriber);
    let asked = |number: u32, times: &mut Times| -> Result<Decision> {
        let subject = subject(number, count);
        let consents = consents(subject, number, now)?;
        let evidence = InquiryEvidence {
            now,
            subscriber: &subscriber,
            purpose: Purpose::CreditApplication,
            subject,
            subject_kind: SubjectKind::Person,
            consents: &consents,
            frozen: number.is_multiple_of(50),
            opted_out: false,
            undertaken: false,
            range: None,
        };
        Ok(times.take(|| decide_inquiry(rulebook, &evidence)))
    };
    let (mut usual, mut evaluated, mut permits) = (Times::default(), Times::default(), 0_u64);
    for number in 0..count {
        permits += u64::from(matches!(asked(number, &mut usual)?, Decision::Permit(_)));
    }
    for number in (0..count).step_by(EVALUATED_EVERY) {
        let kept = asked(number, &mut Times::default())?;
        rulebook.forget_answers();
        let same = asked(number, &mut evaluated)? == kept;
        same.then_some(()).context("a decision came to something else when its policies were evaluated again")?;
    }
    (permits > 0).then_some(()).context("nothing was permitted")?;
    lines.push(line(
        "decide",
        format_args!("{} inquiries, three consents each, on one core", grouped(u64::from(count))),
    ));
    tell("decision", &usual, lines, json);
    tell("decision_evaluated", &evaluated, lines, json);
    json.insert("decisions_per_s".to_owned(), json!(usual.per_s()));
    Ok(())
}

/// A delivery of a platform, sorted by subject like the consents that it needs: four of five subjects have one, every fifth of
/// those another besides, for something else.
fn delivery(
    rulebook: &Rulebook,
    subjects: u32,
    now: Timestamp,
    lines: &mut Vec<String>,
    json: &mut Map<String, Value>,
) -> Result<()> {
    let furnisher = member(FURNISHER, MemberKind::PaymentPlatform, MemberRole::Furnisher);
    let mut consents = Vec::new();
    for number in (0..subjects).filter(|number| number % 5 != 0) {
        let of = subject(number, subjects);
        consents.push(agreed(of, FURNISHER, ConsentScope::Furnish, now)?);
        if number % 25 == 1 {
            consents.push(agreed(of, SUBSCRIBER, ConsentScope::Inquire, now)?);
        }
    }
    let order: Vec<SubjectId> = (0..subjects).map(|number| subject(number, subjects)).collect();
    let opens = gate(rulebook, &furnisher, CategorySet::all(), now).opens(SubjectKind::Person);
    let mut walk = opens.along(&consents);
    let watch = Watch::start();
    let admitted = order.iter().filter(|subject| walk.about(**subject).contains(DataCategory::Payments)).count();
    let time = watch.elapsed();
    let expected = (0..subjects).filter(|number| number % 5 != 0).count();
    let asks = opens.asks_for_consent() && !opens.always().contains(DataCategory::Payments);
    ensure!(!asks || admitted == expected, "the gate let in {admitted} subjects of {expected} that consented");
    let rate = per_s(u64::from(subjects), time);
    lines.push(line(
        "gate",
        format_args!(
            "{} subjects along {} sorted consents in {} s on one core: {} subjects/s",
            grouped(u64::from(subjects)),
            grouped(consents.len() as u64),
            seconds(time),
            grouped(rate)
        ),
    ));
    for (key, value) in [
        ("gate_subjects_per_s", json!(rate)),
        ("gate_subjects", json!(subjects)),
        ("gate_consents", json!(consents.len())),
        ("gate_admitted", json!(admitted)),
    ] {
        json.insert(key.to_owned(), value);
    }
    Ok(())
}

fn member(number: u16, kind: MemberKind, role: MemberRole) -> Member {
    let code = format!("M{number}");
    Member { number, code: code.clone(), name: code, kind, roles: vec![role], duty: ConsentDuty::Nothing }
}

/// The subject at a place among `count`, in ascending order and evenly spread, as pseudonyms are.
fn subject(number: u32, count: u32) -> SubjectId {
    let step = u128::MAX / (u128::from(count) + 1);
    SubjectId((step * (u128::from(number) + 1)).to_be_bytes())
}

const DAY_MILLIS: i64 = 86_400_000;

fn agreed(subject: SubjectId, member: u16, scope: ConsentScope, now: Timestamp) -> Result<ConsentState> {
    let (from, until) = (now.millis() - 10 * DAY_MILLIS, now.millis() + 10 * DAY_MILLIS);
    let purposes = if scope == ConsentScope::Inquire { vec![Purpose::CreditApplication] } else { Vec::new() };
    let [first, second, third, fourth, fifth, ..] = subject.0;
    let consent = Consent {
        id: ConsentId([first, second, third, fourth, fifth, 0, 0, scope.number()]),
        about: tallystick_model::SubjectKind::Person,
        subject,
        member,
        scope,
        purposes,
        categories: vec![DataCategory::Credit, DataCategory::Payments],
        form: ConsentForm::Written,
        valid_from: Timestamp::from_millis(from)?,
        valid_until: Timestamp::from_millis(until)?,
        evidence: [1; 32],
        terms: ConsentTerms::default(),
        flags: Vec::new(),
    };
    Ok(ConsentState::granted(consent))
}

fn consents(subject: SubjectId, number: u32, now: Timestamp) -> Result<Vec<ConsentState>> {
    let mut own = agreed(subject, SUBSCRIBER, ConsentScope::Inquire, now)?;
    match number % 4 {
        0 => {}
        1 => own.withdrawn_at = Some(own.consent.valid_from),
        2 => own.consent.valid_until = now,
        _ => own.consent.purposes = vec![Purpose::Tenancy],
    }
    let others =
        [agreed(subject, FURNISHER, ConsentScope::Furnish, now)?, agreed(subject, 9, ConsentScope::Inquire, now)?];
    Ok([own].into_iter().chain(others).collect())
}
