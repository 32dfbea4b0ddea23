//! `verify`.

use anyhow::Result;
use serde_json::json;
use tallystick_operations::Bureau;
use tallystick_operations::verify::{publish_missing_checkpoint, verify};
use tallystick_store::check::Report;

use super::render::counted;
use super::{End, Told, args, line};
use crate::config;
use crate::progress::Watch;

pub(super) fn run(args: &args::Verify, quiet: bool) -> Result<Told> {
    let bureau = config::open(&args.folder.folder)?;
    let mut report = check(&bureau, quiet);
    let published = args.publish_checkpoint && publish_missing_checkpoint(&bureau, &mut report)?;
    Ok(told(&report, published))
}

/// Checks everything and tells what was found.
pub(super) fn tell(bureau: &Bureau, quiet: bool) -> Told {
    told(&check(bureau, quiet), false)
}

fn check(bureau: &Bureau, quiet: bool) -> Report {
    let mut watch = Watch::counting(quiet);
    let report = verify(bureau, &mut |part, done| watch.count(part, done));
    watch.finish();
    report
}

fn told(report: &Report, published: bool) -> Told {
    let counts = format!(
        "{}, {}, {} each with its entry, {}, {}, {} of {}",
        counted(report.entries, "log entry"),
        counted(report.events, "event"),
        counted(report.disclosures, "disclosure"),
        counted(report.members, "member"),
        counted(report.deliveries, "delivery"),
        counted(report.facts, "fact"),
        counted(report.subjects, "subject")
    );
    let mut lines = Vec::new();
    if report.findings.is_empty() {
        lines.push(line("ok", counts));
        lines.push(line("root", format_args!("{} is what the checkpoint signs", hex::encode(report.root))));
    } else {
        lines.push(line(
            "damage",
            format_args!("{}; checked {counts}", counted(report.findings.len() as u64, "finding")),
        ));
        lines.extend(
            report.findings.iter().map(|finding| line("find", format_args!("{}: {}", finding.place, finding.what))),
        );
    }
    if published {
        lines.push(line("note", "`log/checkpoint` was missing and is written again"));
    }
    if report.quarantined > 0 {
        let held = counted(report.quarantined, "delivery");
        lines.push(line("note", format_args!("{held} quarantined or discarded: checked too, and not visible")));
    }
    let json = json!({
        "result": if report.findings.is_empty() { "ok" } else { "damaged" },
        "entries": report.entries,
        "root": hex::encode(report.root),
        "events": report.events,
        "disclosures": report.disclosures,
        "members": report.members,
        "deliveries": report.deliveries,
        "facts": report.facts,
        "subjects": report.subjects,
        "quarantined": report.quarantined,
        "checkpoint_published": published,
        "findings": report.findings.iter().map(|finding| {
            json!({"place": finding.place, "what": finding.what})
        }).collect::<Vec<_>>(),
    });
    let end = if report.findings.is_empty() { End::Ok } else { End::CouldNotRun };
    Told::new(end, lines, json)
}
