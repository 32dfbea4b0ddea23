//! `report`: a subject's own file and who looked at it.

use anyhow::Result;
use tallystick_operations::own_report::{OwnReport, Past, own_report};

use super::{End, Told, args, json, line, parse, receipt, render};
use crate::log::cosign::witnessed;
use crate::{clock, config};

pub(super) fn run(args: &args::Report) -> Result<Told> {
    let subject = parse::subject(&args.subject.subject)?;
    let known_on = args.as_known_on.as_deref().map(parse::end_of).transpose()?;
    let past = Past { known_on, as_of: args.as_of.as_deref().map(parse::date).transpose()? };
    let bureau = config::open(&args.folder.folder)?;
    let witnesses = config::witnesses(&args.folder.folder)?;
    let file = receipt::file(args.receipt.as_deref())?;
    let now = clock::now();
    let mut own = own_report(&bureau, &subject, past, now)?;
    if let Some(recorded) = &mut own.recorded {
        witnessed(&bureau, witnesses.as_ref(), recorded)?;
    }
    let mut told = tell(&own);
    if let Some(recorded) = &own.recorded {
        receipt::write(file, &bureau, own.subject, recorded);
        if let Some(folder) = &args.receipts {
            // The look at the report is recorded: from here on nothing may look as if it had not been.
            match receipt::write_accesses(folder, &bureau, &subject, now) {
                Ok((said, files)) => {
                    told.lines.push(said);
                    json::put(&mut told.json, "receipts", json!(files));
                }
                Err(error) => super::story(format_args!(
                    "error: {error:#}; `access-history --receipts` writes the receipts again"
                )),
            }
        }
    }
    Ok(told)
}

/// Tells an own report.
pub(super) fn tell(own: &OwnReport) -> Told {
    let (end, word) = if own.report.is_some() { (End::Ok, "permit") } else { (End::Denied, "deny") };
    let mut lines = render::reasons(word, &own.reasons);
    if let Some(charge) = &own.charge {
        lines.push(line("price", render::charge(charge)));
    }
    if let Some(report) = &own.report {
        lines.extend(render::report(report));
    }
    lines.extend(own.recorded.as_ref().map(render::receipt));
    let json = json!({
        "result": if own.report.is_some() { "permitted" } else { "denied" },
        "subject": own.subject.to_string(),
        "reasons": json::reasons(&own.reasons),
        "charge": own.charge.as_ref().map(json::charge),
        "report": own.report.as_ref().map(json::report),
        "recorded": own.recorded.as_ref().map(json::recorded),
    });
    Told::new(end, lines, json)
}
