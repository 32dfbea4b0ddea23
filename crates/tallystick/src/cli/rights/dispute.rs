//! `dispute`.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tallystick_model::fact::{FactKind, Slot};
use tallystick_model::identity::IdentityPart;
use tallystick_model::rights::{CaseId, Dispute, DisputeOutcome, DisputeState};
use tallystick_model::tradeline::{AccountStatus, PaymentRating};
use tallystick_model::{AccountKey, Sensitive, Timestamp};
use tallystick_operations::correct::{Change, IdentityChange};
use tallystick_operations::dispute::{self, Answering, DisputeName, Disputing, More};

use super::{args, evidence, notices, told, words};
use crate::cli::{
    End, Told, consent,
    json::{put, recorded},
    line, parse, render,
};
use crate::{clock, config};

pub(in crate::cli) fn run(command: &args::Dispute) -> Result<Told> {
    match command {
        args::Dispute::Open(open) => self::open(open),
        args::Dispute::List(of) => list(of),
        args::Dispute::Withdraw(withdraw) => {
            let subject = parse::subject(&withdraw.of.subject.subject)?;
            let bureau = config::open(&withdraw.of.folder.folder)?;
            let acting = consent::acting(&bureau, &withdraw.acting)?;
            let left = dispute::withdraw(&bureau, &subject, withdraw.entry, acting, clock::now())?;
            Ok(super::done("the dispute is taken back", &left))
        }
        args::Dispute::Queue(queue) => self::queue(queue),
        args::Dispute::Extend(extend) => self::extend(extend),
        args::Dispute::Close(close) => self::close(close),
        args::Dispute::Answer(answer) => self::answer(answer),
        args::Dispute::RunDue(folder) => run_due(folder),
    }
}

/// The statements that are disputed.
fn statements(open: &args::Open) -> Result<Vec<(Slot, Option<IdentityPart>)>> {
    let account =
        |text: &str| AccountKey::parse(text).context("expected an account as the own report shows it: 16 hex digits");
    let parts = IdentityPart::ALL.iter().copied();
    let part = open.part.as_deref().map(|text| parse::coded("part", text, parts, IdentityPart::code)).transpose()?;
    if let Some(key) = &open.account {
        let month = open.month.as_deref().map(parse::month).transpose()?;
        let all = FactKind::ALL.iter().copied();
        let kind = match &open.kind {
            Some(text) => parse::coded("kind", text, all, FactKind::code)?,
            None if part.is_some() => FactKind::Identity,
            None if month.is_some() => FactKind::TradelineMonth,
            None => FactKind::TradelineTerms,
        };
        return Ok(vec![(Slot { kind, account: account(key)?, month }, part)]);
    }
    let statement = |text: &String| {
        Ok(match text.split_once('/') {
            Some((key, month)) => {
                let month = Some(parse::month(month)?);
                (Slot { kind: FactKind::TradelineMonth, account: account(key)?, month }, None)
            }
            None => (Slot { kind: FactKind::TradelineTerms, account: account(text)?, month: None }, None),
        })
    };
    open.statements.iter().map(statement).collect()
}

fn open(open: &args::Open) -> Result<Told> {
    let bureau = config::open(&open.of.folder.folder)?;
    let disputing = Disputing {
        identifier: parse::subject(&open.of.subject.subject)?,
        statements: statements(open)?,
        grounds: words(&open.grounds)?,
        evidence: evidence(open.evidence.as_deref())?,
        acting: consent::acting(&bureau, &open.acting)?,
    };
    let filed = dispute::open(&bureau, &disputing, clock::now())?;
    let (mut lines, mut told) = (Vec::new(), Vec::new());
    for (filing, left) in &filed {
        let name = DisputeName { subject: filing.subject, entry: left.receipt.index };
        lines.push(line("ok", format_args!("dispute {name} is filed; every report marks the statement")));
        lines.push(line(
            "due",
            format_args!(
                "the furnisher by {}, the answer by {} ({})",
                filing.furnisher_by, filing.answer_by, filing.rule
            ),
        ));
        lines.push(render::receipt(left));
        told.push(json!({"dispute": name.to_string(), "entry": left.receipt.index,
            "case": filing.case.map(|case| format!("{}/{case}", filing.subject)),
            "furnisher_by": filing.furnisher_by.to_string(), "answer_by": filing.answer_by.to_string(),
            "rule": filing.rule, "recorded": recorded(left)}));
    }
    // The first stands at the top too: most disputes are about one statement.
    let mut value = told.first().cloned().unwrap_or_default();
    put(&mut value, "result", json!("ok"));
    put(&mut value, "disputes", json!(told));
    Ok(Told::new(End::Ok, lines, value))
}

fn extend(extend: &args::Extend) -> Result<Told> {
    let subject = parse::subject(&extend.of.subject.subject)?;
    let more = More { why: words(&extend.why)?, evidence: evidence(extend.evidence.as_deref())? };
    let bureau = config::open(&extend.of.folder.folder)?;
    let (extension, left) = dispute::extend(&bureau, &subject, extend.entry, &more, clock::now())?;
    let (entry, by, rule) = (extend.entry, extension.answer_by, &extension.rule);
    let lines = vec![
        line("ok", format_args!("dispute {entry} is to be answered by {by} now ({rule})")),
        render::receipt(&left),
    ];
    let told = json!({"result": "ok", "dispute": format!("{}/{entry}", extension.subject),
        "answer_by": by.to_string(), "furnisher_by": extension.furnisher_by.to_string(), "rule": rule,
        "recorded": recorded(&left)});
    Ok(Told::new(End::Ok, lines, told))
}

fn close(close: &args::Close) -> Result<Told> {
    let name = told::of_subject(&close.case).and_then(|(subject, case)| Some((subject, CaseId::parse(case)?)));
    let name = name.context("`--case`: expected PSEUDONYM/CASE of the queue")?;
    let bureau = config::open(&close.folder.folder)?;
    let (answer, left) = dispute::close(&bureau, name, &close.words, clock::now())?;
    let lines = vec![told::case(&answer), render::receipt(&left)];
    let mut value = told::case_value(&answer);
    put(&mut value, "result", json!("ok"));
    put(&mut value, "recorded", recorded(&left));
    Ok(Told::new(End::Ok, lines, value))
}

fn list(of: &args::OfSubject) -> Result<Told> {
    let subject = parse::subject(&of.subject.subject)?;
    let bureau = config::open(&of.folder.folder)?;
    let (_, disputes, cases) = dispute::list(&bureau, &subject)?;
    let mut lines: Vec<String> = disputes.iter().map(|dispute| line("dispute", render::dispute(dispute))).collect();
    lines.extend(cases.iter().map(told::case));
    let told: Vec<Value> = disputes.iter().map(|dispute| value(dispute, clock::now())).collect();
    let cases: Vec<Value> = cases.iter().map(told::case_value).collect();
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "disputes": told, "cases": cases})))
}

fn queue(queue: &args::Queue) -> Result<Told> {
    let bureau = config::open(&queue.folder.folder)?;
    let now = clock::now();
    let queued = dispute::queue(&bureau, queue.furnisher.as_deref(), now)?;
    let (mut lines, mut told) = (Vec::new(), Vec::new());
    for queued in &queued {
        let filing = &queued.dispute.filing;
        let due = queued.dispute.answer_by();
        let late = if due <= now { ", overdue" } else { "" };
        let owed = queued.compensation.map_or(String::new(), |owed| format!(", {}", told::compensation(&owed)));
        lines
            .push(line("due", format_args!("{due}{late} {}: {}{owed}", queued.name, render::dispute(&queued.dispute))));
        let mut one = value(&queued.dispute, now);
        put(&mut one, "dispute", json!(queued.name.to_string()));
        // The furnisher checks what the subject says: it is shown in full here, and nowhere else but to the subject.
        put(&mut one, "grounds", json!(filing.grounds.expose()));
        put(&mut one, "compensation", json!(queued.compensation.as_ref().map(told::compensation_value)));
        let more = queued.dispute.extension.as_ref().map(|(_, extension)| extension.why.expose());
        put(&mut one, "extended_for", json!(more));
        told.push(one);
    }
    let mut cases = Vec::new();
    if queue.furnisher.is_none() {
        for waiting in dispute::waiting(&bureau, now)? {
            let name = format!("{}/{}", waiting.subject, waiting.case);
            let (due, open) = (waiting.answer_by, waiting.open);
            let owed = waiting.compensation.as_ref();
            let costs = owed.map_or(String::new(), |owed| format!(", {}", told::compensation(owed)));
            lines.push(line("case", format_args!("{due} {name}: {open} of its disputes are open{costs}")));
            cases.push(json!({"case": name, "answer_by": due.to_string(), "open": open,
                "compensation": owed.map(told::compensation_value)}));
        }
    }
    if lines.is_empty() {
        lines.push(line("ok", "nothing waits for an answer"));
    }
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "queue": told, "cases": cases})))
}

fn answer(answer: &args::Answer) -> Result<Told> {
    let name = DisputeName::parse(&answer.dispute).context("`--dispute`: expected PSEUDONYM/ENTRY of the queue")?;
    let all = DisputeOutcome::ALL.iter().copied();
    let outcome = parse::coded("outcome", &answer.outcome, all, DisputeOutcome::code)?;
    let status = answer.status.as_deref();
    let status =
        status.map(|text| parse::coded("status", text, AccountStatus::ALL.iter().copied(), AccountStatus::code));
    let rating = answer.rating.as_deref().map(|text| {
        let all = (0..=u8::MAX).filter_map(PaymentRating::from_number);
        parse::coded("rating", text, all, PaymentRating::code)
    });
    let (status, rating) = (status.transpose()?, rating.transpose()?);
    let (balance, past_due, paid) = (answer.balance.clone(), answer.past_due.clone(), answer.paid.clone());
    let says = status.is_some() || rating.is_some() || balance.is_some() || past_due.is_some() || paid.is_some();
    let change = says.then_some(Change::Set { status, rating, balance, past_due, paid });
    let bureau = config::open(&answer.folder.folder)?;
    let text = |text: &Option<String>| text.as_deref().map(words).transpose();
    let born = text(&answer.born)?;
    // Errors name the option and not what it says.
    let born =
        born.map(|date| parse::date(date.expose()).map_err(|_| anyhow::anyhow!("`--born`: expected YYYY-MM-DD")));
    let identity = IdentityChange {
        name: text(&answer.name)?,
        born: born.transpose()?.map(Sensitive::new),
        telephone: text(&answer.telephone)?,
        address: text(&answer.address)?,
    };
    let identity = Some(identity).filter(|identity| *identity != IdentityChange::default());
    let received = answer.received.as_deref().map(|text| parse::timestamp("received", text)).transpose()?;
    let answering = Answering { outcome, change, identity, words: answer.words.clone(), received };
    let answered = dispute::answer(&bureau, &answer.furnisher, name, &answering, clock::now())?;
    let files = notices::write(&answer.folder.folder, &bureau, &answered.told)?;
    let outcome = answered.answer.outcome;
    let mut lines = vec![line("ok", format_args!("dispute {name}: {outcome}, {}", outcome.meaning()))];
    let owed = answered.answer.compensation;
    lines.extend(owed.as_ref().map(|owed| line("owed", told::compensation(owed))));
    lines.extend(files.iter().map(|path| line("notice", path)));
    lines.push(render::receipt(&answered.recorded));
    let told = json!({"result": "ok", "dispute": name.to_string(), "outcome": outcome.code(),
        "correction_delivery": answered.answer.correction.map(|delivery| delivery.0),
        "compensation": owed.as_ref().map(told::compensation_value), "notices": files,
        "recorded": recorded(&answered.recorded)});
    Ok(Told::new(End::Ok, lines, told))
}

fn run_due(folder: &crate::cli::args::Folder) -> Result<Told> {
    let bureau = config::open(&folder.folder)?;
    let lapsed = dispute::run_due(&bureau, clock::now())?;
    let (mut lines, mut told) = (Vec::new(), Vec::new());
    for lapsed in &lapsed {
        let files = notices::write(&folder.folder, &bureau, &lapsed.told)?;
        let (outcome, rule) = (lapsed.lapse.outcome, &lapsed.lapse.reason.rule);
        lines.push(line("lapsed", format_args!("dispute {}: {} ({rule})", lapsed.name, outcome.meaning())));
        lines.extend(files.iter().map(|path| line("notice", path)));
        told.push(json!({"dispute": lapsed.name.to_string(), "outcome": outcome.code(), "rule": rule,
            "deletion_delivery": lapsed.lapse.deletion.map(|delivery| delivery.0), "notices": files,
            "recorded": recorded(&lapsed.recorded)}));
    }
    if lines.is_empty() {
        lines.push(line("ok", "no dispute is overdue"));
    }
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "lapsed": told})))
}

/// One dispute without the subject's words.
pub(in crate::cli) fn value(dispute: &Dispute, now: Timestamp) -> Value {
    let filing = &dispute.filing;
    let (state, outcome, words) = match &dispute.state {
        DisputeState::Open => ("open", None, None),
        DisputeState::Lapsed(_, lapse) => ("lapsed", Some(lapse.outcome), None),
        DisputeState::Answered(_, answer) => ("answered", Some(answer.outcome), Some(answer.words.clone())),
        DisputeState::Withdrawn(_) => ("withdrawn", None, None),
    };
    json!({
        "entry": dispute.entry,
        "at": dispute.at.to_string(),
        "kind": filing.slot.kind.code(),
        "account": filing.slot.account.to_string(),
        "month": filing.slot.month.map(|month| month.to_string()),
        "part": filing.part.map(IdentityPart::code),
        "case": filing.case.map(|case| case.to_string()),
        "acting": filing.acting.actor.code(),
        "delivery": filing.delivery.0,
        "evidence_sha256": (filing.evidence != [0; 32]).then(|| hex::encode(filing.evidence)),
        "furnisher_by": dispute.furnisher_by().to_string(),
        "answer_by": dispute.answer_by().to_string(),
        "extended_at": dispute.extension.as_ref().map(|(at, _)| at.to_string()),
        "rule": filing.rule,
        "state": state,
        "outcome": outcome.map(DisputeOutcome::code),
        "words": words,
        "compensation": match &dispute.state {
            DisputeState::Answered(_, answer) => answer.compensation.as_ref().map(told::compensation_value),
            _ => None,
        },
        "days_late": dispute.days_late(now),
    })
}
