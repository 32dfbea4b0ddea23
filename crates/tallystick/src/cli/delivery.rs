//! `delivery` and `quality`: what came in, how good it was, and what becomes of what is quarantined.

use anyhow::Result;
use serde_json::{Value, json};
use tallystick_model::fact::DeliveryNumber;
use tallystick_model::quality::Quality;
use tallystick_operations::deliveries::{self, FurnisherQuality, Listed, Verdict};

use super::{End, Told, args, json::recorded, line, render};
use crate::{clock, config};

pub(super) fn run(command: &args::Delivery) -> Result<Told> {
    match command {
        args::Delivery::List(list) => {
            let bureau = config::open(&list.folder.folder)?;
            let listed = deliveries::list(&bureau, list.furnisher.as_deref())?;
            let mut lines: Vec<_> = listed.iter().map(told).collect();
            if lines.is_empty() {
                lines.push(line("none", "no deliveries"));
            }
            let listed: Vec<_> = listed.iter().map(as_json).collect();
            Ok(Told::new(End::Ok, lines, json!({"result": "ok", "deliveries": listed})))
        }
        args::Delivery::Release(end) => end_quarantine(end, Verdict::Release),
        args::Delivery::Discard(end) => end_quarantine(end, Verdict::Discard),
    }
}

fn end_quarantine(args: &args::EndQuarantine, verdict: Verdict) -> Result<Told> {
    let bureau = config::open(&args.folder.folder)?;
    let number = DeliveryNumber(args.delivery);
    let left = deliveries::end_quarantine(&bureau, number, verdict, &args.reason, clock::now())?;
    let (word, what) = match verdict {
        Verdict::Release => ("released", "its facts are part of the credit files"),
        Verdict::Discard => ("discarded", "its facts never become visible"),
    };
    let lines = vec![line("ok", format_args!("{word} delivery {number}: {what}")), render::receipt(&left)];
    Ok(Told::new(End::Ok, lines, json!({"result": word, "delivery": number.0, "recorded": recorded(&left)})))
}

/// An index or share in hundredths of a percent, e.g. `98.75`.
pub(super) fn percent(basis_points: u16) -> String {
    format!("{}.{:02}", basis_points / 100, basis_points % 100)
}

pub(super) fn quality_json(quality: &Quality) -> Value {
    json!({
        "index": percent(quality.index_bp()),
        "validity": percent(quality.validity_bp()),
        "completeness": percent(quality.completeness_bp()),
        "timeliness": percent(quality.timeliness_bp()),
        "records": quality.records,
        "refused": quality.refused,
        "values_expected": quality.values_expected,
        "values_reported": quality.values_reported,
        "months": quality.months,
        "months_timely": quality.months_timely,
    })
}

pub(super) fn quality_text(quality: &Quality) -> String {
    format!(
        "quality {} (validity {}, completeness {}, timeliness {})",
        percent(quality.index_bp()),
        percent(quality.validity_bp()),
        percent(quality.completeness_bp()),
        percent(quality.timeliness_bp())
    )
}

fn told(listed: &Listed) -> String {
    let Listed { furnisher, delivery } = listed;
    let record = &delivery.record;
    line(
        "came",
        format_args!(
            "{} {} by {furnisher} {}, {}: {}, {}, {}, {}",
            record.number,
            delivery.state,
            record.recorded_at,
            record.layout,
            render::counted(record.records, "record"),
            render::counted(record.rejects, "reject"),
            render::counted(record.fact_count(), "fact"),
            quality_text(&record.quality)
        ),
    )
}

fn as_json(listed: &Listed) -> Value {
    let Listed { furnisher, delivery } = listed;
    let record = &delivery.record;
    json!({
        "number": record.number.0,
        "state": delivery.state.code(),
        "since": delivery.since.to_string(),
        "kind": record.kind.code(),
        "furnisher": furnisher,
        "layout": record.layout,
        "layout_sha256": (record.layout_hash != [0; 32]).then(|| hex::encode(record.layout_hash)),
        "recorded_at": record.recorded_at.to_string(),
        "file_sha256": hex::encode(record.file_hash),
        "records": record.records,
        "rejects": record.rejects,
        "subjects": record.subjects,
        "facts": record.fact_count(),
        "quality": quality_json(&record.quality),
    })
}

/// `quality`.
pub(super) fn quality(args: &args::QualityOf) -> Result<Told> {
    let bureau = config::open(&args.folder.folder)?;
    let furnishers = deliveries::quality(&bureau)?;
    let mut lines: Vec<_> = furnishers
        .iter()
        .map(|FurnisherQuality { furnisher, deliveries, quarantined, quality }| {
            line(
                "quality",
                format_args!(
                    "{furnisher}: {} over {}, {} quarantined",
                    quality_text(quality).trim_start_matches("quality "),
                    render::counted(*deliveries, "delivery"),
                    quarantined
                ),
            )
        })
        .collect();
    if lines.is_empty() {
        lines.push(line("none", "no deliveries"));
    }
    let list: Vec<_> = furnishers
        .iter()
        .map(|known| {
            json!({
                "furnisher": known.furnisher,
                "deliveries": known.deliveries,
                "quarantined": known.quarantined,
                "quality": quality_json(&known.quality),
            })
        })
        .collect();
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "furnishers": list})))
}
