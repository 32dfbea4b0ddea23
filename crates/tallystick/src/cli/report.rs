//! `report`: a subject's own file and who looked at it.

use anyhow::Result;
use tallystick_operations::own_report::{OwnReport, Past, own_report};

use super::{End, Told, args, inquire, json, line, parse, render};
use crate::log::cosign::witnessed;
use crate::{clock, config};

pub(super) fn run(args: &args::Report) -> Result<Told> {
    let subject = parse::subject(&args.subject.subject)?;
    let known_on = args.as_known_on.as_deref().map(parse::end_of).transpose()?;
    let past = Past { known_on, as_of: args.as_of.as_deref().map(parse::date).transpose()? };
    let bureau = config::open(&args.folder.folder)?;
    let witnesses = config::witnesses(&args.folder.folder)?;
    let receipt = inquire::receipt_file(args.receipt.as_deref())?;
    let mut own = own_report(&bureau, &subject, past, clock::now())?;
    if let Some(recorded) = &mut own.recorded {
        witnessed(&bureau, witnesses.as_ref(), recorded)?;
        inquire::write_receipt(receipt, recorded);
    }
    Ok(tell(&own))
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
