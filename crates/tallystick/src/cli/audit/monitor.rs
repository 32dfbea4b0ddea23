//! `audit monitor`: follows a log.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tallystick_audit::{LogKeys, WitnessKey, cosigners};
use tallystick_model::Canonical;
use tallystick_model::event::Entry;

use super::args::Monitor;
use crate::cli::render::counted;
use crate::cli::{End, Told, line, print_lines};
use crate::log::follow::{Fault, Memory, Turn};
use crate::log::{Place, key_text};

/// Where files were being replaced while they were read, a second look is in order.
const LOOKS: u32 = 3;
const BETWEEN_LOOKS: Duration = Duration::from_millis(300);

pub(super) fn run(args: &Monitor, quiet: bool) -> Result<Told> {
    let key = args.of.key()?;
    let texts = args.witnesses.iter().map(|text| Ok(key_text(text)?.parse::<WitnessKey>()?));
    let witnesses = texts.collect::<Result<Vec<_>>>()?;
    ensure!(args.quorum <= witnesses.len(), "`--quorum`: {} of {} can never be", args.quorum, witnesses.len());
    loop {
        let told = turn(args, &key, &witnesses)?;
        let Some(every) = args.every.filter(|_| told.end == End::Ok) else { return Ok(told) };
        // What one turn found is told at once; the last is told by whoever called.
        print_lines(&told.lines, quiet);
        thread::sleep(Duration::from_secs(every));
    }
}

fn turn(args: &Monitor, key: &LogKeys, witnesses: &[WitnessKey]) -> Result<Told> {
    let place = Place::parse(&args.of.log);
    let mut memory = Memory::open(&args.state, key)?;
    let mut looks = 0;
    let (note, checkpoint, kinds, fault) = loop {
        looks += 1;
        let seen = place.look(key)?;
        let mut kinds: BTreeMap<&'static str, u64> = BTreeMap::new();
        let turn = memory.compare(&place, &seen, |_, entry| {
            let kind = Entry::from_bytes(entry).map_or("unknown", |entry| entry.kind.code());
            *kinds.entry(kind).or_default() += 1;
        })?;
        match turn {
            Turn::Grew => break (seen.note, seen.checkpoint, kinds, None),
            Turn::Faulty(Fault::Unfounded(_)) if looks < LOOKS => thread::sleep(BETWEEN_LOOKS),
            Turn::Faulty(fault) => break (seen.note, seen.checkpoint, kinds, Some(fault)),
        }
    };
    if let Some(fault) = fault {
        let evidence = memory.keep_evidence(&fault, &note)?;
        let lines = vec![
            line("fault", &fault),
            line("proof", format_args!("both signed checkpoints are in `{}`", evidence.display())),
        ];
        let json = json!({"result": "fault", "fault": fault.code(), "before": memory.last.size, "size": checkpoint.size,
            "evidence": evidence});
        return Ok(Told::new(End::Rejected, lines, json));
    }
    let cosigned: Vec<&str> = cosigners(&note, witnesses).into_iter().map(WitnessKey::name).collect();
    let (before, size, root) = (memory.last.size, checkpoint.size, checkpoint.root);
    let enough = cosigned.len() >= args.quorum;
    if enough {
        memory.remember(&note, checkpoint)?;
    }
    let grew = counted(size - before, "new entry");
    let mut lines = vec![if enough {
        line("ok", format_args!("{size} entries, {grew}: the log only grew"))
    } else {
        let (found, of) = (cosigned.len(), witnesses.len());
        line("fault", format_args!("{found} of {of} witnesses cosigned {size} entries, {} are required", args.quorum))
    }];
    lines.extend(kinds.iter().map(|(kind, count)| line("new", format_args!("{count} {kind}"))));
    lines.extend(cosigned.iter().map(|name| line("cosigned", name)));
    let json = json!({"result": if enough { "ok" } else { "fault" }, "before": before, "size": size, "root": root.to_string(),
        "new": kinds.into_iter().map(|(kind, count)| (kind.to_owned(), json!(count))).collect::<serde_json::Map<String, Value>>(),
        "cosigned": cosigned});
    Ok(Told::new(if enough { End::Ok } else { End::Rejected }, lines, json))
}
