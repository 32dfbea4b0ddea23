//! `inquire`.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use tallystick_model::Sensitive;
use tallystick_model::consent_terms::DataRange;
use tallystick_model::inquiry::{Asked, Outcome, Purpose, SingleQuestion};
use tallystick_model::rights::CODE_BYTES;
use tallystick_operations::inquire::{Answer, Inquiry, inquire, inquire_with_code};

use super::consent::hash_file;
use super::{End, Told, args, json, line, parse, receipt, render};
use crate::log::cosign::witnessed;
use crate::{clock, config};

pub(super) fn run(args: &args::Inquire) -> Result<Told> {
    let inquiry = Inquiry {
        subscriber: args.subscriber.clone(),
        identifier: parse::subject(&args.subject.subject)?,
        purpose: parse::coded("purpose", &args.purpose, Purpose::ALL.iter().copied(), Purpose::code)?,
        asked: args.question.as_deref().map(|question| asked(question, args.months)).transpose()?,
        range: args.from.as_deref().zip(args.to.as_deref()).map(|(from, to)| months(from, to)).transpose()?,
        undertaking: args.undertaking.as_deref().map(hash_file).transpose()?,
    };
    let bureau = config::open(&args.folder.folder)?;
    let witnesses = config::witnesses(&args.folder.folder)?;
    let file = receipt::file(args.receipt.as_deref())?;
    let mut answer = match args.code.as_deref().map(code).transpose()? {
        None => inquire(&bureau, &inquiry, clock::now())?,
        Some(code) => inquire_with_code(&bureau, &inquiry, &code, clock::now())?,
    };
    if let Err(error) = witnessed(&bureau, witnesses.as_ref(), &mut answer.recorded) {
        receipt::remove(args.receipt.as_deref());
        return Err(error);
    }
    receipt::write(file, &bureau, answer.subject, &answer.recorded);
    let mut told = tell(&answer);
    let index = answer.recorded.receipt.index;
    // The answer stands: an alert that can't be written now is written by the next `subject-alert run`.
    match super::rights::subject_alert::write_about(&args.folder.folder, &bureau, answer.subject, index) {
        Ok(path) => told.lines.extend(path.map(|path| line("notice", format_args!("for the subject in `{path}`")))),
        Err(error) => super::story(format_args!("error: {error:#}; `subject-alert run` writes it again")),
    }
    Ok(told)
}

/// A one-time code: 16 hex digits. Errors never repeat it.
fn code(text: &str) -> Result<Sensitive<[u8; CODE_BYTES]>> {
    let text = match text.strip_prefix('@') {
        Some(path) => config::read_small(Path::new(path))?.trim().to_owned(),
        None => text.to_owned(),
    };
    let mut code = [0; CODE_BYTES];
    ensure!(hex::decode_to_slice(&text, &mut code).is_ok(), "`--code`: expected 16 hex digits");
    Ok(Sensitive::new(code))
}

/// A question with its months.
fn asked(question: &str, months: Option<u16>) -> Result<Asked> {
    let all = SingleQuestion::ALL.iter().copied();
    let question = parse::coded("question", question, all, SingleQuestion::code)?;
    Asked::new(question, months).with_context(|| match question.months_max() {
        Some(max) => format!("`--months`: `{question}` takes 1 to {max}"),
        None => format!("`--months`: `{question}` takes none"),
    })
}

/// The months from one to another.
fn months(from: &str, to: &str) -> Result<DataRange> {
    let (first, last) = (parse::month_of("from", from)?, parse::month_of("to", to)?);
    DataRange::of_months(first, last).with_context(|| format!("`--to {to}` is before `--from {from}`"))
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
    if let Some((asked, answered)) = answer.asked.zip(answer.answered) {
        lines.push(line("answer", format_args!("{answered}: {}", render::question(asked))));
    }
    // A report has it itself.
    if answer.report.is_none() {
        lines.extend(render::beside(&answer.beside));
    }
    match &answer.report {
        Some(report) => lines.extend(render::report(report)),
        None if answer.outcome == Outcome::NoHit => lines.push(line("no-hit", "nothing is held about this subject")),
        None => {}
    }
    lines.extend(render::ranges(answer.ranges));
    lines.extend(
        answer.keep_for.map(|span| line("keep", format_args!("the report for {} at most", render::span(span)))),
    );
    lines.push(render::receipt(&answer.recorded));
    let end = if answer.outcome == Outcome::Denied { End::Denied } else { End::Ok };
    let json = json!({
        "result": answer.outcome.code(),
        "subject": answer.subject.to_string(),
        "rulebook": answer.rulebook,
        "reasons": json::reasons(&answer.reasons),
        "consent": answer.consent.map(|consent| consent.to_string()),
        "released": answer.released.iter().map(|category| category.code()).collect::<Vec<_>>(),
        "detail": answer.detail.map(|detail| detail.code()),
        "months": json::ranges(answer.ranges),
        "question": answer.asked.map(json::question),
        "beside": json::beside(&answer.beside),
        "answer": answer.answered.map(|answered| answered.code()),
        "keep_for": answer.keep_for.map(json::span),
        "report": answer.report.as_ref().map(json::report),
        "recorded": json::recorded(&answer.recorded),
    });
    Told::new(end, lines, json)
}
