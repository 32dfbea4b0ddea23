//! `dispute`.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tallystick_model::fact::{FactKind, Slot};
use tallystick_model::rights::{Dispute, DisputeOutcome, DisputeState};
use tallystick_model::tradeline::{AccountStatus, PaymentRating};
use tallystick_model::{AccountKey, Timestamp};
use tallystick_operations::correct::Change;
use tallystick_operations::dispute::{self, Answering, DisputeName, Disputing};

use super::{args, evidence, notices, words};
use crate::cli::{
    End, Told,
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
            let left = dispute::withdraw(&bureau, &subject, withdraw.entry, clock::now())?;
            Ok(super::done("the dispute is taken back", &left))
        }
        args::Dispute::Queue(queue) => self::queue(queue),
        args::Dispute::Answer(answer) => self::answer(answer),
        args::Dispute::RunDue(folder) => run_due(folder),
    }
}

fn open(open: &args::Open) -> Result<Told> {
    let month = open.month.as_deref().map(parse::month).transpose()?;
    let all = FactKind::ALL.iter().copied();
    let kind = match &open.kind {
        Some(text) => parse::coded("kind", text, all, FactKind::code)?,
        None if month.is_some() => FactKind::TradelineMonth,
        None => FactKind::TradelineTerms,
    };
    let account = AccountKey::parse(&open.account).context("`--account`: expected 16 hex digits of the own report")?;
    let disputing = Disputing {
        identifier: parse::subject(&open.of.subject.subject)?,
        slot: Slot { kind, account, month },
        grounds: words(&open.grounds)?,
        evidence: evidence(open.evidence.as_deref())?,
    };
    let bureau = config::open(&open.of.folder.folder)?;
    let (filing, left) = dispute::open(&bureau, &disputing, clock::now())?;
    let name = DisputeName { subject: filing.subject, entry: left.receipt.index };
    let lines = vec![
        line("ok", format_args!("dispute {name} is filed; every report marks the statement")),
        line(
            "due",
            format_args!(
                "the furnisher by {}, the answer by {} ({})",
                filing.furnisher_by, filing.answer_by, filing.rule
            ),
        ),
        render::receipt(&left),
    ];
    let told = json!({"result": "ok", "dispute": name.to_string(), "entry": left.receipt.index,
        "furnisher_by": filing.furnisher_by.to_string(), "answer_by": filing.answer_by.to_string(), "rule": filing.rule,
        "recorded": recorded(&left)});
    Ok(Told::new(End::Ok, lines, told))
}

fn list(of: &args::OfSubject) -> Result<Told> {
    let subject = parse::subject(&of.subject.subject)?;
    let bureau = config::open(&of.folder.folder)?;
    let (_, disputes) = dispute::list(&bureau, &subject)?;
    let lines = disputes.iter().map(|dispute| line("dispute", render::dispute(dispute))).collect();
    let told: Vec<Value> = disputes.iter().map(|dispute| value(dispute, clock::now())).collect();
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "disputes": told})))
}

fn queue(queue: &args::Queue) -> Result<Told> {
    let bureau = config::open(&queue.folder.folder)?;
    let now = clock::now();
    let queued = dispute::queue(&bureau, queue.furnisher.as_deref(), now)?;
    let (mut lines, mut told) = (Vec::new(), Vec::new());
    for queued in &queued {
        let filing = &queued.dispute.filing;
        let late = if filing.answer_by <= now { ", overdue" } else { "" };
        let owed = queued.compensation.map_or(String::new(), |money| format!(", {money} to the subject"));
        lines.push(line(
            "due",
            format_args!("{}{late} {}: {}{owed}", filing.answer_by, queued.name, render::dispute(&queued.dispute)),
        ));
        let mut one = value(&queued.dispute, now);
        put(&mut one, "dispute", json!(queued.name.to_string()));
        // The furnisher checks what the subject says: it is shown in full here, and nowhere else but to the subject.
        put(&mut one, "grounds", json!(filing.grounds.expose()));
        put(&mut one, "compensation", json!(queued.compensation.map(|money| money.to_string())));
        told.push(one);
    }
    if lines.is_empty() {
        lines.push(line("ok", "nothing waits for an answer"));
    }
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "queue": told})))
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
    let answering = Answering { outcome, change, words: answer.words.clone() };
    let answered = dispute::answer(&bureau, &answer.furnisher, name, &answering, clock::now())?;
    let files = notices::write(&answer.folder.folder, &bureau, &answered.told)?;
    let outcome = answered.answer.outcome;
    let mut lines = vec![line("ok", format_args!("dispute {name}: {outcome}, {}", outcome.meaning()))];
    let owed = answered.answer.compensation;
    lines.extend(owed.map(|money| line("owed", format_args!("{money} to the subject for the days it was late"))));
    lines.extend(files.iter().map(|path| line("notice", path)));
    lines.push(render::receipt(&answered.recorded));
    let told = json!({"result": "ok", "dispute": name.to_string(), "outcome": outcome.code(),
        "correction_delivery": answered.answer.correction.map(|delivery| delivery.0),
        "compensation": owed.map(|money| money.to_string()), "notices": files,
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
        "delivery": filing.delivery.0,
        "evidence_sha256": (filing.evidence != [0; 32]).then(|| hex::encode(filing.evidence)),
        "furnisher_by": filing.furnisher_by.to_string(),
        "answer_by": filing.answer_by.to_string(),
        "rule": filing.rule,
        "state": state,
        "outcome": outcome.map(DisputeOutcome::code),
        "words": words,
        "days_late": dispute.days_late(now),
    })
}
