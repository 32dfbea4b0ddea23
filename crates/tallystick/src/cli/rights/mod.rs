//! A subject's rights beside the own report: `dispute`, `request`, `subject-alert`, `recall`, `statement`, `alert`, `opt-out`, `code`,
//! `access-history` and `expire`.

pub(super) mod args;
pub(super) mod dispute;
pub(super) mod expire;
pub(super) mod notices;
pub(super) mod request;
pub(super) mod subject_alert;
pub(super) mod told;

use std::path::Path;

use anyhow::Result;
use tallystick_model::Sensitive;
use tallystick_model::rights::AlertKind;
use tallystick_operations::access_history::access_history_by;
use tallystick_operations::bureau::Recorded;
use tallystick_operations::protect;

use super::consent::hash_file;
use super::{End, Told, json, line, parse, receipt, render};
use crate::{clock, config};

pub(super) fn done(what: &str, left: &Recorded) -> Told {
    let lines = vec![line("ok", what), render::receipt(left)];
    Told::new(End::Ok, lines, json!({"result": "ok", "recorded": json::recorded(left)}))
}

/// Words of a subject, or of the file that has them.
fn words(text: &str) -> Result<Sensitive<String>> {
    Ok(Sensitive::new(match text.strip_prefix('@') {
        Some(path) => config::read_small(Path::new(path))?.trim().to_owned(),
        None => text.to_owned(),
    }))
}

/// SHA-256 of a file; zeros where there is none.
fn evidence(path: Option<&Path>) -> Result<[u8; 32]> {
    path.map_or(Ok([0; 32]), hash_file)
}

pub(super) fn statement(command: &args::Statement) -> Result<Told> {
    match command {
        args::Statement::Place(say) => {
            let (subject, text) = (parse::subject(&say.of.subject.subject)?, words(&say.text)?);
            let bureau = config::open(&say.of.folder.folder)?;
            let left = protect::say(&bureau, &subject, &text, clock::now())?;
            Ok(done("every report shows the statement", &left))
        }
        args::Statement::Remove(of) => {
            let subject = parse::subject(&of.subject.subject)?;
            let bureau = config::open(&of.folder.folder)?;
            Ok(done("the statement is taken back", &protect::unsay(&bureau, &subject, clock::now())?))
        }
    }
}

pub(super) fn alert(command: &args::Alert) -> Result<Told> {
    match command {
        args::Alert::Place(place) => {
            let subject = parse::subject(&place.of.subject.subject)?;
            let kind = parse::coded("kind", &place.kind, AlertKind::ALL.iter().copied(), AlertKind::code)?;
            let evidence = evidence(place.evidence.as_deref())?;
            let bureau = config::open(&place.of.folder.folder)?;
            let (alert, left) = protect::alert(&bureau, &subject, kind, evidence, clock::now())?;
            let what = format!("everyone who inquires is warned until {} ({})", alert.until, alert.rule);
            let told = json!({"result": "ok", "kind": kind.code(), "until": alert.until.to_string(), "rule": alert.rule,
                "recorded": json::recorded(&left)});
            Ok(Told::new(End::Ok, vec![line("ok", what), render::receipt(&left)], told))
        }
        args::Alert::Remove(of) => {
            let subject = parse::subject(&of.subject.subject)?;
            let bureau = config::open(&of.folder.folder)?;
            Ok(done("the alert is taken back", &protect::unalert(&bureau, &subject, clock::now())?))
        }
    }
}

pub(super) fn opt_out(command: &args::OptOut) -> Result<Told> {
    match command {
        args::OptOut::Place(place) => {
            let subject = parse::subject(&place.of.subject.subject)?;
            let form = place.form.as_deref().map(hash_file).transpose()?;
            let bureau = config::open(&place.of.folder.folder)?;
            let (opt_out, left) = protect::opt_out(&bureau, &subject, form, clock::now())?;
            let until = opt_out.until.map_or_else(|| "for good".to_owned(), |until| format!("until {until}"));
            let what = format!("the file is left out of prescreening {until} ({})", opt_out.rule);
            let told = json!({"result": "ok", "until": opt_out.until.map(|until| until.to_string()), "rule": opt_out.rule,
                "recorded": json::recorded(&left)});
            Ok(Told::new(End::Ok, vec![line("ok", what), render::receipt(&left)], told))
        }
        args::OptOut::Remove(of) => {
            let subject = parse::subject(&of.subject.subject)?;
            let bureau = config::open(&of.folder.folder)?;
            Ok(done("the file is prescreened again", &protect::opt_in(&bureau, &subject, clock::now())?))
        }
    }
}

pub(super) fn code(command: &args::Code) -> Result<Told> {
    let args::Code::Issue(issue) = command;
    let subject = parse::subject(&issue.of.subject.subject)?;
    let until = parse::timestamp("until", &issue.until)?;
    let bureau = config::open(&issue.of.folder.folder)?;
    let issued = protect::issue_code(&bureau, &subject, &issue.subscriber, until, clock::now())?;
    let code = hex::encode(issued.code.expose());
    let lines = vec![
        line("code", format_args!("{code} opens the file to {} once, until {}", issue.subscriber, issued.until)),
        line("ok", "it is not kept and can't be shown again: give it to this subscriber alone"),
        render::receipt(&issued.recorded),
    ];
    let told = json!({"result": "ok", "code": code, "until": issued.until.to_string(),
        "recorded": json::recorded(&issued.recorded)});
    Ok(Told::new(End::Ok, lines, told))
}

pub(super) fn accesses(args: &args::AccessHistory) -> Result<Told> {
    let of = &args.of;
    let subject = parse::subject(&of.subject.subject)?;
    let bureau = config::open(&of.folder.folder)?;
    let now = clock::now();
    let acting = super::consent::acting(&bureau, &args.acting)?;
    let history = access_history_by(&bureau, &subject, acting, now)?;
    let mut lines = Vec::new();
    for accessed in &history.accesses {
        lines.push(render::access(&accessed.access));
        lines.extend(accessed.consent.map(|consent| line("", format_args!("by consent {consent}"))));
        lines.extend(accessed.by_code.then(|| line("", "by the one-time code")));
    }
    lines.extend(history.told.iter().map(render::told));
    lines.extend(history.hand_overs.iter().map(told::hand_over));
    if lines.is_empty() {
        lines.push(line("ok", "nobody has looked at the file"));
    }
    let accesses: Vec<_> = history
        .accesses
        .iter()
        .map(|accessed| {
            let mut value = json::access(&accessed.access);
            json::put(&mut value, "consent", json!(accessed.consent.map(|consent| consent.to_string())));
            json::put(&mut value, "by_code", json!(accessed.by_code));
            json::put(&mut value, "rulebook", json!(accessed.rulebook));
            json::put(&mut value, "report_sha256", json!(accessed.report_hash.map(hex::encode)));
            value
        })
        .collect();
    let told: Vec<_> = history.told.iter().map(json::told).collect();
    let mut told = json!({"result": "ok", "subject": history.subject.to_string(), "accesses": accesses, "told": told,
        "hand_overs": history.hand_overs.iter().map(told::hand_over_value).collect::<Vec<_>>()});
    if let Some(folder) = &args.receipts {
        let (said, files) = receipt::write_accesses(folder, &bureau, &subject, now)?;
        lines.push(said);
        json::put(&mut told, "receipts", json!(files));
    }
    Ok(Told::new(End::Ok, lines, told))
}
