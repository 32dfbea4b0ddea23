//! `benchmark intake`: files to durable and queryable, and merged as far as it is due.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use tallystick_model::fact::DeliveryNumber;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{Month, Timestamp};
use tallystick_operations::Bureau;
use tallystick_operations::ingest::{ControlTotals, Delivery, Ingested, Telling, compact, ingest, merge};
use tallystick_store::{BareStore, EngineError};

use super::args::{self, Format};
use super::facts::{Chunk, Facts};
use super::lookups::{Lookups, tell};
use super::machine::{
    Watch, Workplace, as_f64, bytes, each, folder_bytes, forget_peak, grouped, peak_rss_bytes, per_s, processor_time,
    rounded, seconds,
};
use super::office;
use super::rows::Rows;
use crate::cli::{End, Told, line, story};

/// What the deliveries came to.
#[derive(Default)]
struct Sum {
    records: u64,
    facts: u64,
    file_bytes: u64,
    time: Duration,
    /// Of the processors, the look-ups beside it included; `None` where the system does not say.
    processor: Option<Duration>,
    deliveries: Vec<Value>,
}

/// `benchmark intake`.
pub(super) fn run(args: &args::Intake) -> Result<Told> {
    let rows = Rows::new(args.size, args.format)?;
    let layout = rows.layout()?;
    let workplace = Workplace::new(&args.place)?;
    let files = match &args.rows {
        Some(folder) => folder.clone(),
        None => {
            let folder = workplace.folder.join("rows");
            rows.write_all(&folder)?;
            folder
        }
    };
    let (folder, now) = (workplace.folder.join("bureau"), rows.reported_at()?);
    let rulebook = if args.format == Format::Metro2 { "us" } else { "cn" };
    let bureau = office::found(&folder, rulebook, now)?;
    let pseudonymiser = office::pseudonymiser(&folder)?;
    let delivery = Delivery {
        furnisher: office::FURNISHER.to_owned(),
        layout,
        month: None,
        subject: None,
        provenance: Provenance::SelfAsserted,
        control_totals: ControlTotals::Enforce,
    };
    let lookups = Lookups {
        subject: &|number| Ok(pseudonymiser.subject(&rows.identifier(rows.bulk.sample(number))?)),
        read: &|subject| Ok(bureau.snapshot().stored_file(subject)?),
    };

    forget_peak();
    let (sum, during) = lookups.meanwhile(|| {
        let mut sum = Sum::default();
        let before = processor_time();
        for month in &rows.months {
            take(&bureau, &delivery, &rows, *month, &files, now, &mut sum)?;
        }
        sum.processor = processor_time().zip(before).map(|(now, before)| now.saturating_sub(before));
        Ok(sum)
    })?;
    let peak = peak_rss_bytes();
    let after = lookups.alone(args.lookups)?;
    let (activity, on_disk) = (bureau.activity(), folder_bytes(&folder));
    let watch = Watch::start();
    compact(&bureau, now, &|_, _| {})?;
    let compacting = watch.elapsed();
    let (compacted, lookups_compacted) = (bureau.activity(), lookups.alone(args.lookups)?);
    drop(bureau);

    let mut lines = vec![
        line(
            "intake",
            format_args!(
                "{} records in {} s: {} records/s, {} facts/s, {}/s",
                grouped(sum.records),
                seconds(sum.time),
                grouped(per_s(sum.records, sum.time)),
                grouped(per_s(sum.facts, sum.time)),
                bytes(per_s(sum.file_bytes, sum.time))
            ),
        ),
        line("processor", processor(&sum)),
        line("space", space(activity.table_bytes, on_disk, sum.facts)),
        line(
            "compacted",
            format_args!(
                "{} B a fact, in {} s more: {} records/s with them",
                each(compacted.table_bytes, sum.facts).unwrap_or_default(),
                seconds(compacting),
                grouped(per_s(sum.records, sum.time + compacting))
            ),
        ),
        line("memory", format_args!("{} resident at the most", peak.map_or("unknown".to_owned(), bytes))),
    ];
    let mut json = Map::new();
    for (key, value) in [
        ("result", json!("ok")),
        ("benchmark", json!("intake")),
        ("format", json!(format!("{:?}", args.format).to_lowercase())),
        ("subjects", json!(args.size.subjects)),
        ("months", json!(args.size.months)),
        ("accounts", json!(args.size.accounts)),
        ("records", json!(sum.records)),
        ("facts", json!(sum.facts)),
        ("file_bytes", json!(sum.file_bytes)),
        ("intake_s", json!(seconds(sum.time))),
        ("processor_s", json!(sum.processor.map(seconds))),
        ("records_per_s", json!(per_s(sum.records, sum.time))),
        ("facts_per_s", json!(per_s(sum.facts, sum.time))),
        ("bytes_per_fact", json!(each(activity.table_bytes, sum.facts))),
        ("bytes_per_fact_with_all", json!(each(on_disk, sum.facts))),
        ("compact_s", json!(seconds(compacting))),
        ("records_per_s_compacted", json!(per_s(sum.records, sum.time + compacting))),
        ("bytes_per_fact_compacted", json!(each(compacted.table_bytes, sum.facts))),
        ("tables", json!(activity.tables)),
        ("runs_max", json!(activity.runs_max)),
        ("peak_rss_bytes", json!(peak)),
        ("deliveries", json!(sum.deliveries)),
    ] {
        json.insert(key.to_owned(), value);
    }
    tell("lookup_during", &during, &mut lines, &mut json);
    tell("lookup", &after, &mut lines, &mut json);
    tell("lookup_compacted", &lookups_compacted, &mut lines, &mut json);

    if !args.without_bare && args.format != Format::Metro2 {
        let facts = Facts { bulk: &rows.bulk, pseudonymiser: &pseudonymiser, furnisher: office::FURNISHER_NUMBER };
        let bare = bare(&facts, &rows.months, &workplace.folder.join("bare"))?;
        ensure!(bare.facts == sum.facts, "the bare load had {} facts, the intake {}", bare.facts, sum.facts);
        let ratio = rounded(sum.time.as_secs_f64() / bare.load.as_secs_f64().max(1e-9));
        lines.push(line(
            "bare",
            format_args!(
                "{} facts/s into the engine as it comes: intake takes {ratio} times as long",
                grouped(per_s(bare.facts, bare.load)),
            ),
        ));
        json.insert("bare_facts_per_s".to_owned(), json!(per_s(bare.facts, bare.load)));
        json.insert("bare_bytes_per_fact".to_owned(), json!(each(bare.table_bytes, bare.facts)));
        json.insert("times_bare".to_owned(), json!(ratio));
    }
    Ok(Told::new(End::Ok, lines, Value::Object(json)))
}

/// What the intake took of the processors.
fn processor(sum: &Sum) -> String {
    let Some(time) = sum.processor else { return "unknown".to_owned() };
    let each = rounded(time.as_secs_f64() * 1e7 / as_f64(sum.records.max(1))) / 10.0;
    format!("{} s of all cores: {each} µs a record", seconds(time))
}

/// What the facts take, alone and with everything.
pub(super) fn space(table_bytes: u64, on_disk: u64, facts: u64) -> String {
    let each = |count| each(count, facts).unwrap_or_default();
    format!(
        "{} a fact ({}), {} with log, keys and all ({})",
        format_args!("{} B", each(table_bytes)),
        bytes(table_bytes),
        format_args!("{} B", each(on_disk)),
        bytes(on_disk)
    )
}

/// Takes in the delivery of a month as `ingest` does, and adds it to the sum.
fn take(
    bureau: &Bureau,
    delivery: &Delivery,
    rows: &Rows,
    month: Month,
    files: &Path,
    now: Timestamp,
    sum: &mut Sum,
) -> Result<()> {
    let path = rows.path(files, month);
    let at = || format!("`{}`", path.display());
    let watch = Watch::start();
    let file = File::open(&path).with_context(at)?;
    let ingested = operate(bureau, delivery, &file, now).with_context(at)?;
    let time = watch.elapsed();
    let record = &ingested.delivery;
    ensure!(record.rejects == 0, "{} of {} records were rejected", record.rejects, record.records);
    // Of Metro 2 there is a record only for those who have an account by then.
    let is_whole = rows.format == Format::Metro2 || record.records == rows.bulk.rows();
    ensure!(is_whole, "`{}` has {} records, not {}", path.display(), record.records, rows.bulk.rows());
    sum.records += record.records;
    sum.facts += record.fact_count();
    sum.file_bytes += record.file_bytes;
    sum.time += time;
    let rate = per_s(record.records, time);
    sum.deliveries.push(json!({"month": month.to_string(), "records": record.records, "seconds": seconds(time)}));
    story(format_args!(
        "taken in: {month}, {} records, {} s, {} records/s",
        record.records,
        seconds(time),
        grouped(rate)
    ));
    Ok(())
}

/// The one call that is measured.
pub(super) fn operate(bureau: &Bureau, delivery: &Delivery, file: &File, now: Timestamp) -> Result<Ingested> {
    let mut telling = Telling { progress: &mut |_| {}, rejects: &mut |_| {} };
    let ingested = ingest(bureau, delivery, file, now, &mut telling)?;
    merge(bureau, &mut |_| {})?;
    Ok(ingested)
}

/// What the engine by itself did.
struct Bare {
    facts: u64,
    load: Duration,
    table_bytes: u64,
}

/// Loads the same facts into the engine as it comes, a pair a fact, a sorted load for each month. Each is made in memory first,
/// which is not timed; nor is what its compaction still has to do in the end.
fn bare(facts: &Facts<'_>, months: &[Month], folder: &Path) -> Result<Bare> {
    let sorted = facts.sorted(0..facts.bulk.size().subjects)?;
    let store = BareStore::create(folder).context("the engine by itself")?;
    let (mut loaded, mut time) = (0, Duration::ZERO);
    for (month, number) in months.iter().zip(1..) {
        let mut chunks: Vec<Chunk> = Vec::new();
        facts.make(&sorted, &[*month], DeliveryNumber(number), |chunk| {
            chunks.push(chunk);
            true
        });
        let mut chunks = chunks.into_iter();
        let mut chunk = Chunk::default();
        let watch = Watch::start();
        store.load::<EngineError>(|key, value| {
            value.clear();
            let next = loop {
                if let Some(next) = chunk.next(value) {
                    break next;
                }
                match chunks.next() {
                    Some(more) => chunk = more,
                    None => return Ok(false),
                }
            };
            key.clear();
            key.extend_from_slice(&next);
            loaded += 1;
            Ok(true)
        })?;
        time += watch.elapsed();
    }
    Ok(Bare { facts: loaded, load: time, table_bytes: store.table_bytes() })
}
