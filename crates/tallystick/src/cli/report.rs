//! `report`: a subject's own file and who looked at it.

use anyhow::Result;
use tallystick_operations::Bureau;
use tallystick_operations::own_report::{OwnReport, Past, own_report_by};

use serde_json::Value;

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
    let acting = super::consent::acting(&bureau, &args.acting)?;
    let mut own = own_report_by(&bureau, &subject, acting, past, now)?;
    if let Some(recorded) = &mut own.recorded
        && let Err(error) = witnessed(&bureau, witnesses.as_ref(), recorded)
    {
        receipt::remove(args.receipt.as_deref());
        return Err(error);
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
    if let (Some(path), Some(_)) = (&args.export, &own.report) {
        config::write_private(path, &format!("{:#}\n", export(&bureau, &own)))?;
        told.lines.push(line("copy", format_args!("of everything is in `{}`", path.display())));
    }
    Ok(told)
}

/// The subject's copy of everything, for other programs: `docs/formats/own-file.md`.
fn export(bureau: &Bureau, own: &OwnReport) -> Value {
    let mut copy = tell(own).json;
    if let Some(copy) = copy.as_object_mut() {
        copy.remove("result");
    }
    json::put(&mut copy, "format", json!("tallystick own file"));
    json::put(&mut copy, "version", json!(1));
    json::put(&mut copy, "rulebook", json!(bureau.rulebook().label()));
    json::put(&mut copy, "verifier_key", json!(bureau.verifier_key()));
    // What the subject itself has said is in its copy in full.
    let rights = own.report.as_ref().and_then(|report| report.own.as_ref()).map(|own| &own.rights);
    let said = rights.map(|rights| {
        json!({
            "disputes": rights.disputes.iter().map(|dispute| json!({
                "entry": dispute.entry,
                "grounds": dispute.filing.grounds.expose(),
                "extended_for": dispute.extension.as_ref().map(|(_, extension)| extension.why.expose()),
            })).collect::<Vec<_>>(),
            "requests": rights.requests.iter().map(|state| json!({
                "entry": state.entry, "words": state.request.words.expose(),
            })).collect::<Vec<_>>(),
        })
    });
    json::put(&mut copy, "said", json!(said));
    copy
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
