//! `inquire`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use tallystick_model::inquiry::{Outcome, Purpose};
use tallystick_operations::bureau::Recorded;
use tallystick_operations::inquire::{Answer, Inquiry, inquire};

use super::{End, Told, args, json, line, parse, render};
use crate::{clock, config};

pub(super) fn run(args: &args::Inquire) -> Result<Told> {
    let inquiry = Inquiry {
        subscriber: args.subscriber.clone(),
        identifier: parse::subject(&args.subject.subject)?,
        purpose: parse::coded("purpose", &args.purpose, Purpose::ALL.iter().copied(), Purpose::code)?,
    };
    let bureau = config::open(&args.folder.folder)?;
    let answer = inquire(&bureau, &inquiry, clock::now())?;
    write_receipt(args.receipt.as_deref(), &answer.recorded)?;
    Ok(tell(&answer))
}

/// Tells an answer.
pub(super) fn tell(answer: &Answer) -> Told {
    let mut lines = match answer.outcome {
        Outcome::Denied => render::reasons("deny", &answer.reasons),
        Outcome::Permitted | Outcome::NoHit => render::reasons("permit", &answer.reasons),
    };
    if let Some(consent) = answer.consent {
        lines.push(line("consent", format_args!("{consent} is relied on")));
    }
    match &answer.report {
        Some(report) => lines.extend(render::report(report)),
        None if answer.outcome == Outcome::NoHit => lines.push(line("no-hit", "nothing is held about this subject")),
        None => {}
    }
    lines.push(render::receipt(&answer.recorded));
    let end = if answer.outcome == Outcome::Denied { End::Denied } else { End::Ok };
    let json = json!({
        "result": answer.outcome.code(),
        "subject": answer.subject.to_string(),
        "rulebook": answer.rulebook,
        "reasons": json::reasons(&answer.reasons),
        "consent": answer.consent.map(|consent| consent.to_string()),
        "released": answer.released.iter().map(|category| category.code()).collect::<Vec<_>>(),
        "report": answer.report.as_ref().map(json::report),
        "recorded": json::recorded(&answer.recorded),
    });
    Told::new(end, lines, json)
}

/// Writes a receipt as a C2SP tlog-proof whose extra data is the entry: the file proves itself.
pub(super) fn write_receipt(path: Option<&Path>, recorded: &Recorded) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    fs::write(path, json::proof(recorded)).with_context(|| format!("`{}`", path.display()))
}
