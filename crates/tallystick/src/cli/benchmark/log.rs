//! `benchmark log`: how many entries become durable in a second, how long each waits, and how soon outsiders can prove it.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Map, Value, json};
use tallystick_audit::{CheckpointVerifier, prove_inclusion, verify_inclusion};
use tallystick_model::event::Event;
use tallystick_model::inquiry::{InquiryRecord, Outcome, Purpose, Ranges, Reason, Weighed};
use tallystick_model::member::MemberKind;
use tallystick_model::{DataCategory, SubjectId, SubjectKind};
use tallystick_store::{Changes, Store, check};

use super::lookups::tell;
use super::machine::{Times, Watch, Workplace, disk_sync, grouped, per_s, seconds, threads};
use super::{args, office};
use crate::cli::{End, Told, line};
use crate::clock;
use crate::log::Place;

/// How often what is new is published: as whoever keeps a bureau open does.
const PUBLISHED_EVERY: Duration = Duration::from_millis(100);

/// Between two proofs that are asked for.
const PROVED_EVERY: Duration = Duration::from_millis(20);

/// Between two looks for an entry that is not published yet.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Appends of which the disk alone is timed.
const DISK_SYNCS: u32 = 500;

pub(super) fn run(args: &args::Log) -> Result<Told> {
    ensure!(args.writers > 0 && args.entries > 0, "`--writers`, `--entries`: expected at least 1");
    let workplace = Workplace::new(&args.place)?;
    let folder = workplace.folder.join("bureau");
    drop(office::found(&folder, "cn", clock::now())?);
    let disk = disk_sync(&workplace.folder, DISK_SYNCS)?;
    let store = office::store(&folder)?;
    let before = store.snapshot().log_size();
    let log = Place::Folder(folder.join("log"));
    let key: CheckpointVerifier = store.verifier_key().parse()?;
    let (goes_on, last) = (AtomicBool::new(true), AtomicU64::new(0));
    let (watch, waits, proofs) = thread::scope(|scope| -> Result<_> {
        let publishing = scope.spawn(|| publish(&store, &goes_on));
        let proving = scope.spawn(|| prove(&log, &key, &last, &goes_on));
        let watch = Watch::start();
        let written = write(&store, args, &last);
        let elapsed = watch.elapsed();
        goes_on.store(false, Ordering::Relaxed);
        let ended = |_| anyhow!("a thread ended early");
        publishing.join().map_err(ended)??;
        let proofs = proving.join().map_err(ended)??;
        Ok((elapsed, written?, proofs))
    })?;
    let entries = store.snapshot().log_size() - before;
    ensure!(entries == args.entries, "{entries} entries are in the log, {} were committed", args.entries);
    store.publish_rest()?;
    let report = check::check(&store, &mut |_, _| {});
    report.findings.is_empty().then_some(()).context("the log does not check")?;
    drop(store);
    let reopened = reopened(&folder, before + entries)?;

    let rate = per_s(entries, watch);
    let mut lines = vec![line(
        "log",
        format_args!(
            "{} durable entries by {} writers on {} cores in {} s: {} entries/s",
            grouped(entries),
            args.writers,
            threads(),
            seconds(watch),
            grouped(rate)
        ),
    )];
    let mut json = Map::new();
    tell("wait", &waits, &mut lines, &mut json);
    tell("proof", &proofs, &mut lines, &mut json);
    tell("disk_sync", &disk, &mut lines, &mut json);
    let millis = |times: &Times, per_mille| times.micros(per_mille).map(|micros| micros / 1000.0);
    for (key, value) in [
        ("result", json!("ok")),
        ("benchmark", json!("log")),
        ("writers", json!(args.writers)),
        ("entries", json!(entries)),
        ("entries_per_s", json!(rate)),
        ("wait_ms_p50", json!(millis(&waits, 500))),
        ("wait_ms_p99", json!(millis(&waits, 990))),
        ("proof_ms_p50", json!(millis(&proofs, 500))),
        ("proof_ms_p99", json!(millis(&proofs, 990))),
        ("reopen_s", json!(seconds(reopened))),
    ] {
        json.insert(key.to_owned(), value);
    }
    Ok(Told::new(End::Ok, lines, Value::Object(json)))
}

/// Each writer commits the record of an inquiry, waits until it is durable, and commits the next.
fn write(store: &Store, args: &args::Log, last: &AtomicU64) -> Result<Times> {
    let (taken, all) = (AtomicU64::new(0), Mutex::new(Times::default()));
    let now = clock::now();
    thread::scope(|scope| {
        let writer = || -> Result<()> {
            let mut times = Times::default();
            loop {
                let number = taken.fetch_add(1, Ordering::Relaxed);
                if number >= args.entries {
                    break;
                }
                let (event, salt) = (inquiry(number), u128::from(number).to_be_bytes());
                let committed = times.take(|| store.commit(Changes::none(), event, salt, now))?;
                last.fetch_max(committed.index, Ordering::Relaxed);
            }
            all.lock().map_err(|_| anyhow!("a writer ended early"))?.append(times);
            Ok(())
        };
        let writers: Vec<_> = (0..args.writers).map(|_| scope.spawn(writer)).collect();
        writers.into_iter().try_for_each(|writer| writer.join().map_err(|_| anyhow!("a writer ended early"))?)
    })?;
    all.into_inner().map_err(|_| anyhow!("a writer ended early"))
}

fn publish(store: &Store, goes_on: &AtomicBool) -> Result<()> {
    while goes_on.load(Ordering::Relaxed) {
        thread::sleep(PUBLISHED_EVERY);
        store.publish_rest()?;
    }
    Ok(())
}

/// Takes the latest durable entry now and then, and times how long it takes until its proof is made of the published files and
/// has been checked.
fn prove(log: &Place, key: &CheckpointVerifier, last: &AtomicU64, goes_on: &AtomicBool) -> Result<Times> {
    let mut times = Times::default();
    while goes_on.load(Ordering::Relaxed) {
        thread::sleep(PROVED_EVERY);
        let index = last.load(Ordering::Relaxed);
        if index == 0 {
            continue;
        }
        let watch = Watch::start();
        while goes_on.load(Ordering::Relaxed) {
            let seen = log.look(key)?;
            let size = seen.checkpoint.size;
            if index >= size {
                thread::sleep(LOOK_AGAIN);
                continue;
            }
            let leaf = super::super::audit::leaf(log, &seen, index)?;
            let proof = prove_inclusion(index, size, &seen.log).map_err(|error| anyhow!("{error}"))?;
            verify_inclusion(&leaf, index, size, &proof, &seen.checkpoint.root)?;
            times.add(watch.elapsed());
            break;
        }
    }
    Ok(times)
}

/// How long it takes to open the store again; it must have every entry.
fn reopened(folder: &Path, size: u64) -> Result<Duration> {
    let watch = Watch::start();
    let store = office::store(folder)?;
    let elapsed = watch.elapsed();
    ensure!(store.snapshot().log_size() == size, "entries are missing after opening again");
    Ok(elapsed)
}

/// The record of a permitted inquiry, about the size of a real one.
fn inquiry(number: u64) -> Event {
    let spread = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    Event::Inquiry(InquiryRecord {
        subject: SubjectId(spread.to_be_bytes()),
        subscriber: 2,
        purpose: Purpose::CreditApplication,
        asked: None,
        range_asked: None,
        outcome: Outcome::Permitted,
        answered: None,
        weighed: Weighed {
            subscriber_kind: MemberKind::Bank,
            is_subscriber: true,
            subject_kind: SubjectKind::Person,
            frozen: false,
            by_code: false,
            opted_out: false,
            undertaking: None,
            consents: Vec::new(),
        },
        rulebook: "cn 2026.1".to_owned(),
        reasons: vec![Reason { rule: "cn-11".to_owned(), code: "consent".to_owned() }],
        consent: None,
        released: vec![DataCategory::Credit],
        detail: None,
        ranges: Ranges::default(),
        report_hash: [7; 32],
        answer_hash: [0; 32],
    })
}
