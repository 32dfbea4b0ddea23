//! `ingest`: a delivery in, a summary and positioned rejects out.

use std::fs::File;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_intake::{ControlTotal, DeliveryFile, Detected, NotDetected, Reject, detect};
use tallystick_model::Timestamp;
use tallystick_model::payment_profile::Provenance;
use tallystick_operations::Bureau;
use tallystick_operations::ingest::{ControlTotals, Delivery, IngestError, Ingested, Telling, ingest, merge};

use super::delivery::{quality_json, quality_text};
use super::feedback::Feedback;
use super::{End, Told, args, json::recorded, line, parse, render};
use crate::progress::Watch;
use crate::{clock, config};

/// Rejects shown one by one to people; `--json` has the first thousand.
const REJECTS_SHOWN: usize = 10;

pub(super) fn run(args: &args::Ingest, quiet: bool) -> Result<Told> {
    let named = args.layout.as_deref().map(parse::layout).transpose()?;
    let password = args.password.as_deref().map(parse::password).transpose()?;
    let month = args.month.as_deref().map(parse::month).transpose()?;
    let subject = args.subject.as_deref().map(parse::subject).transpose()?;
    let provenance = parse::coded("provenance", &args.provenance, Provenance::ALL.iter().copied(), Provenance::code)?;
    let control_totals = parse::coded(
        "control-totals",
        &args.control_totals,
        [ControlTotals::Enforce, ControlTotals::Report],
        |totals| match totals {
            ControlTotals::Enforce => "enforce",
            ControlTotals::Report => "report",
        },
    )?;
    let file = File::open(&args.file).with_context(|| format!("`{}`", args.file.display()))?;
    let bureau = config::open(&args.folder.folder)?;
    let (layout, why) = match named {
        Some(layout) => (password.map_or(Ok(layout.clone()), |password| parse::locked(&layout, password))?, None),
        None => match detect(&file, mappings(args)?, password.as_ref()) {
            Ok(Detected { layout, why }) => (layout, Some(why)),
            Err(error) => return not_detected(error),
        },
    };
    let name = layout.name();
    let delivery = Delivery { furnisher: args.furnisher.clone(), layout, month, subject, provenance, control_totals };
    let now = clock::now();
    let mut feedback = Feedback::begin(&args.folder.folder, &args.furnisher, args.feedback.as_deref())?;
    let told = deliver(&bureau, &delivery, &file, now, quiet, &mut |reject| feedback.reject(reject));
    let mut told = match told {
        Ok(told) => told,
        Err(error) => {
            feedback.give_up();
            return Err(error);
        }
    };
    feed_back(feedback, &mut told, &args.furnisher, now);
    // After all that has to be said of the delivery is written.
    let mut watch = Watch::new(0, quiet);
    let merged = merge(&bureau, &mut |progress| watch.tell(progress.stage, 0, progress.done, progress.rejects));
    watch.finish();
    if let Err(error) = merged {
        // What was taken in stands.
        told.lines
            .push(line("note", format_args!("merging failed and is tried again with the next delivery: {error}")));
        if let Value::Object(object) = &mut told.json {
            object.insert("merging_failed".to_owned(), json!(error.to_string()));
        }
    }
    if let Some(why) = why {
        told.lines.insert(0, line("layout", format_args!("{name}: {why}")));
        if let Value::Object(object) = &mut told.json {
            object.insert("layout".to_owned(), json!({"name": name, "why": why}));
        }
    }
    Ok(told)
}

/// Ends the feedback file and tells where it is. The delivery stands whether or not that succeeds.
fn feed_back(feedback: Feedback, told: &mut Told, furnisher: &str, now: Timestamp) {
    let number = told.json.pointer("/delivery/number").and_then(Value::as_u64);
    let number = number.and_then(|number| u32::try_from(number).ok());
    let known = told.json.get("result").and_then(Value::as_str) == Some("already_delivered");
    if known && number.is_none_or(|number| feedback.is_there(number)) {
        return feedback.give_up();
    }
    let mut summary = told.json.clone();
    if let Value::Object(summary) = &mut summary {
        // They stand above, all of them.
        summary.remove("rejects");
    }
    let (text, json) = match feedback.end(&summary, number, furnisher, now) {
        Ok(path) => (format!("`{}` is the feedback for the furnisher", path.display()), json!(path)),
        Err(error) => (format!("the feedback could not be written: {error:#}"), Value::Null),
    };
    let receipt = told.lines.iter().position(|line| line.starts_with("receipt")).unwrap_or(told.lines.len());
    told.lines.insert(receipt, line("reply", text));
    if let Value::Object(object) = &mut told.json {
        object.insert("feedback".to_owned(), json);
    }
}

/// The mappings that a file is compared with: those kept with the bureau, and those named.
fn mappings(args: &args::Ingest) -> Result<Vec<Mapping>> {
    let own = args.folder.folder.join("layouts");
    let own = own.try_exists().with_context(|| format!("`{}`", own.display()))?.then_some(own);
    let folders: Vec<_> = own.into_iter().chain(args.layouts.iter().cloned()).collect();
    parse::mappings(&folders)
}

/// A file of no layout known here, or of several.
fn not_detected(error: NotDetected) -> Result<Told> {
    let text = format!("{error}; nothing was loaded");
    match error {
        NotDetected::Io(error) => Err(error.into()),
        NotDetected::Locked => {
            let help = line("help", "write the password into a file and name it with `--password @FILE`");
            let json = json!({"result": "locked", "message": text});
            Ok(Told::new(End::Rejected, vec![line("refuse", &text), help], json))
        }
        NotDetected::Unknown(wanting) => {
            let mut lines = vec![line("refuse", &text)];
            lines.extend(
                wanting
                    .iter()
                    .map(|wanting| line("looked", format_args!("{}: for {}", wanting.layout, wanting.looked_for))),
            );
            lines.push(line("help", "name it with `--layout`, or a folder with its mapping with `--layouts`"));
            let looked: Vec<_> = wanting
                .iter()
                .map(|wanting| json!({"layout": wanting.layout, "looked_for": wanting.looked_for}))
                .collect();
            let json = json!({"result": "unknown_layout", "message": text, "looked_for": looked});
            Ok(Told::new(End::Rejected, lines, json))
        }
        NotDetected::Ambiguous(found) => {
            let mut lines = vec![line("refuse", &text)];
            lines.extend(
                found.iter().map(|found| line("layout", format_args!("{}: {}", found.layout.name(), found.why))),
            );
            lines.push(line("help", "name one of them with `--layout`"));
            let several: Vec<_> =
                found.iter().map(|found| json!({"name": found.layout.name(), "why": found.why})).collect();
            let json = json!({"result": "ambiguous_layout", "message": text, "layouts": several});
            Ok(Told::new(End::Rejected, lines, json))
        }
    }
}

/// Ingests a file with progress, and tells how it went.
pub(super) fn deliver(
    bureau: &Bureau,
    delivery: &Delivery,
    file: &dyn DeliveryFile,
    now: Timestamp,
    quiet: bool,
    rejects: &mut (dyn FnMut(&Reject) + Send),
) -> Result<Told> {
    let mut watch = Watch::new(file.length().unwrap_or(0), quiet);
    let mut telling = Telling {
        progress: &mut |progress| watch.tell(progress.stage, progress.bytes, progress.done, progress.rejects),
        rejects,
    };
    let outcome = ingest(bureau, delivery, file, now, &mut telling);
    watch.finish();
    match outcome {
        Ok(ingested) => Ok(admitted(&ingested)),
        Err(IngestError::Operation(error)) => Err(error.into()),
        Err(IngestError::NotAdmitted(reasons, left)) => {
            let mut lines = render::reasons("deny", &reasons);
            lines.push(render::receipt(&left));
            let reasons = super::json::reasons(&reasons);
            Ok(Told::new(
                End::Denied,
                lines,
                json!({"result": "denied", "reasons": reasons, "recorded": recorded(&left)}),
            ))
        }
        Err(IngestError::NoConsent(rejects, count, left)) => {
            let mut lines = vec![line("deny", "no subject of this delivery has consented to it; nothing was loaded")];
            lines.extend(reject_lines(&rejects, count));
            lines.push(render::receipt(&left));
            let rejects: Vec<_> = rejects.iter().map(reject_json).collect();
            Ok(Told::new(
                End::Denied,
                lines,
                json!({"result": "denied", "rejects": rejects, "recorded": recorded(&left)}),
            ))
        }
        Err(IngestError::NothingToLoad { rejects, records, count, set_aside }) => {
            let (records, told) = (render::counted(records, "record"), render::counted(count, "reject"));
            let mut lines = vec![line("refuse", format_args!("nothing to load: {records}, {told}"))];
            lines.extend(reject_lines(&rejects, count));
            lines.extend(aside_lines(&set_aside));
            let rejects: Vec<_> = rejects.iter().map(reject_json).collect();
            let json = json!({"result": "refused", "rejects": rejects, "set_aside": aside_json(&set_aside)});
            Ok(Told::new(End::Rejected, lines, json))
        }
        Err(IngestError::ControlTotals(totals)) => {
            let mut lines = vec![line("refuse", "control totals disagree; nothing was loaded")];
            lines.extend(totals.iter().map(|total| line("total", total_line(total))));
            let totals: Vec<_> = totals.iter().map(total_json).collect();
            Ok(Told::new(End::Rejected, lines, json!({"result": "refused", "control_totals": totals})))
        }
        Err(error @ (IngestError::Refused { .. } | IngestError::AlreadyDelivered(..))) => {
            let known = matches!(error, IngestError::AlreadyDelivered(..));
            let (end, word) = if known { (End::Ok, "same") } else { (End::Rejected, "refuse") };
            let again = "; if the mapping has changed its meaning, raise its version";
            let text = if known { format!("{error}{again}") } else { format!("{error}; nothing was loaded") };
            let result = if known { "already_delivered" } else { "refused" };
            let mut json = json!({"result": result, "message": text});
            if let (IngestError::AlreadyDelivered(number, state), Value::Object(json)) = (&error, &mut json) {
                json.insert("delivery".to_owned(), json!({"number": number.0, "state": state.code()}));
            }
            Ok(Told::new(end, vec![line(word, &text)], json))
        }
    }
}

fn total_line(total: &ControlTotal) -> String {
    let stated = total.stated.map_or("unreadable".to_owned(), |stated| stated.to_string());
    format!("{}: the file says {stated}, counted {}", total.name, total.counted)
}

fn total_json(total: &ControlTotal) -> Value {
    json!({"name": total.name, "stated": total.stated, "counted": total.counted, "agrees": total.agrees()})
}

pub(super) fn reject_json(reject: &Reject) -> Value {
    json!({
        "code": reject.code.to_string(),
        "meaning": reject.code.meaning(),
        "record": reject.place.record,
        "byte": reject.place.byte,
        "field": reject.field,
        "expected": reject.expected,
        "found": reject.found.to_string(),
    })
}

/// The first rejects one by one, and how many more of `count` there are.
fn reject_lines(rejects: &[Reject], count: u64) -> Vec<String> {
    let mut lines: Vec<_> = rejects.iter().take(REJECTS_SHOWN).map(|reject| line("reject", reject)).collect();
    let more = count.saturating_sub(lines.len() as u64);
    if more > 0 {
        lines.push(line("reject", format_args!("... and {more} more")));
    }
    lines
}

/// Records that count towards no fact, and why.
fn aside_lines(set_aside: &[(String, u64)]) -> impl Iterator<Item = String> {
    set_aside.iter().map(|(why, count)| line("aside", format_args!("{}: {why}", render::counted(*count, "record"))))
}

fn aside_json(set_aside: &[(String, u64)]) -> Vec<Value> {
    set_aside.iter().map(|(why, count)| json!({"reason": why, "records": count})).collect()
}

fn admitted(ingested: &Ingested) -> Told {
    let delivery = &ingested.delivery;
    let facts: Vec<_> = delivery.facts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let facts = if facts.is_empty() { "no facts".to_owned() } else { facts.join(", ") };
    let word = if ingested.quarantined { "held" } else { "ok" };
    let mut lines = vec![line(
        word,
        format_args!(
            "delivery {} by layout {}: {}, {}, {}: {facts}",
            delivery.number,
            delivery.layout,
            render::counted(delivery.records, "record"),
            render::counted(delivery.rejects, "reject"),
            render::counted(delivery.subjects, "subject")
        ),
    )];
    lines.extend(reject_lines(&ingested.rejects, delivery.rejects));
    for (category, reason, count) in &delivery.not_admitted {
        lines.push(line(
            "left",
            format_args!("{count} values of `{category}` not admitted: {} {}", reason.rule, reason.code),
        ));
    }
    lines.extend(aside_lines(&ingested.set_aside));
    lines.extend(ingested.findings.iter().map(|(what, count)| line("noticed", format_args!("{count} {what}"))));
    lines.push(line("data", quality_text(&delivery.quality)));
    if ingested.quarantined {
        let number = delivery.number;
        lines.push(line("held", "quarantined: its quality is below the bureau's bar; it is ended by"));
        for verb in ["release", "discard"] {
            lines.push(line("", format_args!("tallystick delivery {verb} --delivery {number} --reason \"...\"")));
        }
    }
    let disagreeing = ingested.control_totals.iter().filter(|total| !total.agrees());
    lines.extend(disagreeing.map(|total| line("total", total_line(total))));
    lines.push(render::receipt(&ingested.recorded));
    let json = json!({
        "result": if ingested.quarantined { "quarantined" } else { "ok" },
        "delivery": {
            "number": delivery.number.0,
            "layout": delivery.layout,
            "file_sha256": hex::encode(delivery.file_hash),
            "file_bytes": delivery.file_bytes,
            "records": delivery.records,
            "rejects": delivery.rejects,
            "awaiting_consent": delivery.awaiting_consent,
            "subjects": delivery.subjects,
            "facts": delivery.facts.iter().map(|(kind, count)| (kind.code(), *count)).collect::<std::collections::BTreeMap<_, _>>(),
            "facts_root": hex::encode(delivery.facts_root),
            "quality": quality_json(&delivery.quality),
            "rulebook": delivery.rulebook,
            "admitted_under": super::json::reasons(&delivery.admitted_under),
        },
        "rejects": ingested.rejects.iter().map(reject_json).collect::<Vec<_>>(),
        "not_admitted": delivery.not_admitted.iter().map(|(category, reason, count)| {
            json!({"category": category.code(), "rule": reason.rule, "code": reason.code, "values": count})
        }).collect::<Vec<_>>(),
        "set_aside": aside_json(&ingested.set_aside),
        "findings": ingested.findings.iter().map(|(what, count)| json!({"what": what, "count": count})).collect::<Vec<_>>(),
        "control_totals": ingested.control_totals.iter().map(total_json).collect::<Vec<_>>(),
        "recorded": recorded(&ingested.recorded),
    });
    Told::new(if ingested.quarantined { End::Rejected } else { End::Ok }, lines, json)
}
