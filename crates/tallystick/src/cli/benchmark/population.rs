//! `benchmark population` and `benchmark lookup`: a store is loaded, then asked.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tallystick_store::Activity;

use super::args::{self, Counts, Format, Size};
use super::facts::Facts;
use super::intake::space;
use super::load::{Loaded, Planned, load};
use super::lookups::{Lookups, tell};
use super::machine::{
    Times, Watch, Workplace, bytes, disk_replace, disk_sync, each, folder_bytes, forget_peak, grouped, peak_rss_bytes,
    per_s, seconds,
};
use super::office;
use super::rows::Rows;
use crate::cli::{End, Told, line, story};
use crate::config;

/// Kept beside a bureau that a benchmark made: what is in it.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
struct Contents {
    subjects: u64,
    months: u16,
    accounts: u16,
    seed: u64,
}

const CONTENTS: &str = "benchmark.toml";

/// How long a store took to be made.
struct Made {
    loaded: Loaded,
    during: Times,
}

/// `benchmark population`.
pub(super) fn run(args: &args::Population) -> Result<Told> {
    let rows = Rows::new(args.size, Format::Csv)?;
    let workplace = Workplace::new(&args.place)?;
    let folder = workplace.folder.join("bureau");
    ensure!(args.per_delivery > 0, "`--per-delivery`: expected at least 1, found 0");
    let step = u64::from(args.per_delivery);
    let starts = (0..).map(|number| number * step).take_while(|start| *start < args.size.subjects);
    let plan: Vec<Planned> =
        starts.map(|start| (start..(start + step).min(args.size.subjects), rows.months.clone())).collect();
    forget_peak();
    let made = make(&rows, &folder, &plan)?;
    let (mut lines, mut json) = begin("population", args.size);
    json.insert("deliveries".to_owned(), json!(plan.len()));
    tell_made(&made, &mut lines, &mut json);
    ask(&rows, &folder, &args.counts, &mut lines, &mut json)?;
    Ok(Told::new(End::Ok, lines, Value::Object(json)))
}

/// `benchmark lookup`.
pub(super) fn lookup(args: &args::Lookup) -> Result<Told> {
    let rows = Rows::new(args.size, Format::Csv)?;
    let (_workplace, folder): (Option<Workplace>, PathBuf) = match &args.bureau {
        Some(folder) => (None, folder.clone()),
        None => {
            let workplace = Workplace::new(&args.place)?;
            let folder = workplace.folder.join("bureau");
            (Some(workplace), folder)
        }
    };
    let (mut lines, mut json) = begin("lookup", args.size);
    let Size { subjects, months, accounts, seed } = args.size;
    let contents = Contents { subjects, months, accounts, seed };
    let path = folder.join(CONTENTS);
    if path.exists() {
        let found: Contents = toml::from_str(&config::read_small(&path)?)?;
        let matches = found == contents;
        matches
            .then_some(())
            .with_context(|| format!("`{}` holds {found:?}, not what was asked for", folder.display()))?;
        forget_peak();
    } else {
        // As it grows in life: a delivery for each month.
        let plan: Vec<Planned> = rows.months.iter().map(|month| (0..subjects, vec![*month])).collect();
        forget_peak();
        let made = make(&rows, &folder, &plan)?;
        fs::write(&path, toml::to_string(&contents)?).with_context(|| format!("`{}`", path.display()))?;
        tell_made(&made, &mut lines, &mut json);
    }
    ask(&rows, &folder, &args.counts, &mut lines, &mut json)?;
    Ok(Told::new(End::Ok, lines, Value::Object(json)))
}

fn begin(benchmark: &str, size: Size) -> (Vec<String>, Map<String, Value>) {
    let mut json = Map::new();
    for (key, value) in [
        ("result", json!("ok")),
        ("benchmark", json!(benchmark)),
        ("subjects", json!(size.subjects)),
        ("months", json!(size.months)),
        ("accounts", json!(size.accounts)),
    ] {
        json.insert(key.to_owned(), value);
    }
    let facts = size.subjects * u64::from(size.months) * u64::from(size.accounts);
    let what = format!(
        "{} subjects, {} months, {} accounts each: {} facts",
        grouped(size.subjects),
        size.months,
        size.accounts,
        grouped(facts)
    );
    (vec![line("size", what)], json)
}

/// Founds a bureau in `folder` and loads what is planned.
fn make(rows: &Rows, folder: &Path, plan: &[Planned]) -> Result<Made> {
    let now = rows.reported_at()?;
    let rulebook = office::found(folder, "cn", now)?.rulebook().label().to_owned();
    let pseudonymiser = office::pseudonymiser(folder)?;
    let facts = Facts { bulk: &rows.bulk, pseudonymiser: &pseudonymiser, furnisher: office::FURNISHER_NUMBER };
    let store = office::store(folder)?;
    let lookups = Lookups {
        subject: &|number| facts.subject(rows.bulk.sample(number)),
        read: &|subject| Ok(store.snapshot().stored_file(subject)?),
    };
    let (loaded, during) = lookups.meanwhile(|| load(&store, &facts, plan, &rulebook, now))?;
    Ok(Made { loaded, during })
}

fn tell_made(made: &Made, lines: &mut Vec<String>, json: &mut Map<String, Value>) {
    let Made { loaded, during } = made;
    let rate = per_s(loaded.facts, loaded.time);
    lines.push(line(
        "load",
        format_args!(
            "{} facts in {} s, merging included: {} facts/s",
            grouped(loaded.facts),
            seconds(loaded.time),
            grouped(rate)
        ),
    ));
    for (key, value) in [
        ("load_s", json!(seconds(loaded.time))),
        // A record of these rows is one fact.
        ("records_per_s", json!(rate)),
        ("facts_per_s", json!(rate)),
    ] {
        json.insert(key.to_owned(), value);
    }
    tell("lookup_during", during, lines, json);
}

/// Opens the bureau anew, looks up, inquires.
fn ask(
    rows: &Rows,
    folder: &Path,
    counts: &Counts,
    lines: &mut Vec<String>,
    json: &mut Map<String, Value>,
) -> Result<()> {
    let watch = Watch::start();
    let bureau = config::open(folder)?;
    let open = watch.elapsed();
    story(format_args!("opened again in {} s", seconds(open)));
    let size = rows.bulk.size();
    let facts = size.subjects * u64::from(size.accounts) * rows.months.len() as u64;
    let pseudonymiser = office::pseudonymiser(folder)?;
    let lookups = Lookups {
        subject: &|number| Ok(pseudonymiser.subject(&rows.identifier(rows.bulk.sample(number))?)),
        read: &|subject| Ok(bureau.snapshot().stored_file(subject)?),
    };
    let alone = lookups.alone(counts.lookups)?;
    let some = (0..u64::from(counts.inquiries)).map(|number| rows.identifier(rows.bulk.sample(number)));
    let (considering, inquiries) = office::inquiries(&bureau, some, rows.reported_at()?)?;
    // What of an inquiry is the disk's: one append and one replaced file, each until it is durable.
    let syncs = disk_sync(folder, counts.inquiries)?;
    let replaced = disk_replace(folder, counts.inquiries)?;
    let Activity { table_bytes, tables, runs_max } = bureau.activity();
    let (on_disk, peak) = (folder_bytes(folder), peak_rss_bytes());
    drop(bureau);

    lines.push(line("space", space(table_bytes, on_disk, facts)));
    lines.push(line("memory", format_args!("{} resident at the most", peak.map_or("unknown".to_owned(), bytes))));
    tell("lookup", &alone, lines, json);
    tell("inquiry_without_record", &considering, lines, json);
    tell("inquiry", &inquiries, lines, json);
    tell("disk_sync", &syncs, lines, json);
    tell("disk_replace", &replaced, lines, json);
    for (key, value) in [
        ("facts", json!(facts)),
        ("open_s", json!(seconds(open))),
        ("lookups_per_s", json!(alone.per_s())),
        ("inquiries_per_s", json!(inquiries.per_s())),
        ("bytes_per_fact", json!(each(table_bytes, facts))),
        ("bytes_per_fact_with_all", json!(each(on_disk, facts))),
        ("tables", json!(tables)),
        ("runs_max", json!(runs_max)),
        ("peak_rss_bytes", json!(peak)),
    ] {
        json.insert(key.to_owned(), value);
    }
    Ok(())
}
