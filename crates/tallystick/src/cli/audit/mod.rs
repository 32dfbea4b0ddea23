//! `audit`: what anyone can check of a log without the bureau's store and keys.

pub mod args;
mod monitor;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::json;
use tallystick_audit::tile::{Content, TILE_LEVEL_MAX, TILE_WIDTH, Tile, decode_entries, decode_hashes};
use tallystick_audit::{
    Hash, LogKeys, OpensCheckpoints, Receipt, TileSource, leaf_hash, prove_consistency, prove_inclusion, root,
    verify_consistency, verify_receipt,
};
use tallystick_model::Canonical;
use tallystick_model::event::Entry;

use self::args::{Audit, Consistency, Export, LogOf, Prove, Serve};
use super::{End, Told, line, story};
use crate::config;
use crate::log::{Place, Seen, key_text, serve, write_durably};

pub(super) fn run(command: &Audit, quiet: bool) -> Result<Told> {
    match command {
        Audit::Prove(prove) => self::prove(prove),
        Audit::Consistency(consistency) => self::consistency(consistency),
        Audit::Monitor(monitor) => monitor::run(monitor, quiet),
        Audit::Export(export) => self::export(export),
        Audit::Serve(serve) => self::serve(serve),
    }
}

impl LogOf {
    pub(super) fn key(&self) -> Result<LogKeys> {
        Ok(LogKeys::parse(&key_text(&self.key)?)?)
    }
}

/// The entry at a place of the log.
fn entry(place: &Place, seen: &Seen<'_>, index: u64) -> Result<Vec<u8>> {
    let bundle = Tile::in_log(Content::Entries, index / u64::from(TILE_WIDTH), seen.checkpoint.size);
    let bundle = bundle.context("there is no such entry")?;
    let bytes = place.tile(&bundle)?;
    let entries = decode_entries(&bytes).with_context(|| bundle.to_string())?;
    let within = usize::try_from(index - bundle.first())?;
    Ok(entries.get(within).with_context(|| format!("{bundle}: ends early"))?.to_vec())
}

/// The leaf hash of the entry at a place of the log.
pub(super) fn leaf(place: &Place, seen: &Seen<'_>, index: u64) -> Result<Hash> {
    Ok(leaf_hash(&entry(place, seen, index)?))
}

fn prove(args: &Prove) -> Result<Told> {
    let (key, place) = (args.of.key()?, Place::parse(&args.of.log));
    let seen = place.look(&key)?;
    let (size, index) = (seen.checkpoint.size, args.index);
    ensure!(index < size, "the log has {size} entries: there is no entry {index}");
    let bytes = entry(&place, &seen, index)?;
    let proof = prove_inclusion(index, size, &seen.log).map_err(|error| anyhow!("{error}"))?;
    let receipt = Receipt { index, proof, checkpoint: seen.note.clone(), extra: Some(bytes.clone()) };
    // Made of files that anyone may have changed: it is given away only if it proves what it says.
    verify_receipt(&bytes, &receipt, &key).context("the log's files do not prove this entry")?;
    let described = Entry::from_bytes(&bytes).ok();
    let mut lines = vec![line("ok", format_args!("entry {index} is in the log of {size} entries"))];
    lines.extend(described.map(|entry| line("entry", format_args!("{} at {}", entry.kind.code(), entry.at))));
    match &args.out {
        Some(path) => {
            config::write_new(path, &receipt.to_text())?;
            lines.push(line("proof", format_args!("`{}`", path.display())));
        }
        None => lines.extend(receipt.to_text().lines().map(str::to_owned)),
    }
    let json = json!({"result": "ok", "index": index, "size": size, "proof": receipt.to_text(),
        "kind": described.map(|entry| entry.kind.code()), "at": described.map(|entry| entry.at.to_string())});
    Ok(Told::new(End::Ok, lines, json))
}

fn consistency(args: &Consistency) -> Result<Told> {
    let (key, place) = (args.of.key()?, Place::parse(&args.of.log));
    let seen = place.look(&key)?;
    let read = |size: u64| root(size, &seen.log).map_err(|error| anyhow!("{error}"));
    let (old, old_root) = match args.from.parse::<u64>() {
        Ok(size) => (size, None),
        Err(_) => {
            let note = config::read_small(Path::new(&args.from))?;
            let checkpoint = key.open(&note).with_context(|| format!("`{}`", args.from))?;
            (checkpoint.size, Some(checkpoint.root))
        }
    };
    let new = args.to.unwrap_or(seen.checkpoint.size);
    ensure!(new <= seen.checkpoint.size, "the log has {} entries, not {new}", seen.checkpoint.size);
    ensure!(old <= new, "the log signs {new} entries now, and signed {old} before: it was rewound");
    // Of the size that is signed the root is the signed one; of another it is derived from the same files.
    let new_root = if new == seen.checkpoint.size { seen.checkpoint.root } else { read(new)? };
    let told = |end: End, result: &str, what: String, proof: Vec<String>| {
        let mut lines = vec![line(if end == End::Ok { "ok" } else { "fault" }, what)];
        lines.extend(proof.iter().cloned());
        Told::new(end, lines, json!({"result": result, "old": old, "new": new, "proof": proof}))
    };
    let old_root = match old_root {
        Some(root) => root,
        None => read(old)?,
    };
    let proof = prove_consistency(old, new, &seen.log).map_err(|error| anyhow!("{error}"))?;
    let hashes = proof.hashes.iter().map(|hash| hash.to_base64()).collect();
    Ok(match verify_consistency(old, &old_root, new, &new_root, &proof) {
        Ok(()) => told(End::Ok, "ok", format!("the log of {new} entries begins with that of {old}"), hashes),
        Err(error) => told(
            End::Rejected,
            "inconsistent",
            format!("the log of {new} entries does not begin with that of {old}: {error}"),
            Vec::new(),
        ),
    })
}

/// Every file of a log of `size` entries.
fn files(size: u64) -> impl Iterator<Item = Tile> {
    let contents = std::iter::once(Content::Entries).chain((0..=TILE_LEVEL_MAX).map(|level| Content::Hashes { level }));
    contents.flat_map(move |content| (0..).map_while(move |index| Tile::in_log(content, index, size)))
}

fn export(args: &Export) -> Result<Told> {
    let (key, place) = (args.of.key()?, Place::parse(&args.of.log));
    let seen = place.look(&key)?;
    let size = seen.checkpoint.size;
    let copied = Place::Folder(args.to.clone());
    let earlier = match copied.note() {
        Ok(note) => key.open(&note).context("what was copied before")?.size,
        Err(_) => 0,
    };
    ensure!(earlier <= size, "{earlier} entries were copied before, the log has {size}: it was rewound");
    let mut count = 0_u64;
    for tile in files(size) {
        let path = args.to.join(tile.path());
        // Full ones never change; all are checked in the end.
        if tile.width() == TILE_WIDTH && path.exists() {
            continue;
        }
        let folder = path.parent().context("a tile is in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("`{}`", folder.display()))?;
        let bytes = place.tile(&tile)?;
        fs::write(&path, bytes).with_context(|| format!("`{}`", path.display()))?;
        count += 1;
    }
    check_copy(&copied, size, &seen)?;
    write_durably(&args.to.join("checkpoint"), &seen.note)?;
    let what = format!("{size} entries are in `{}`, each checked; {count} files were fetched", args.to.display());
    let json = json!({"result": "ok", "size": size, "folder": args.to, "files": count, "root": seen.checkpoint.root.to_string()});
    Ok(Told::new(End::Ok, vec![line("ok", what)], json))
}

/// Derives every hash of a copy from its entries, and compares the root with the signed one.
fn check_copy(copied: &Place, size: u64, seen: &Seen<'_>) -> Result<()> {
    let mut nodes = std::collections::BTreeMap::new();
    let mut done = 0;
    for bundle in files(size).take_while(|tile| tile.content() == Content::Entries) {
        let bytes = copied.tile(&bundle)?;
        let leaves: Vec<_> = decode_entries(&bytes)?.into_iter().map(leaf_hash).collect();
        ensure!(leaves.len() == usize::from(bundle.width()), "{bundle}: has {} entries", leaves.len());
        nodes.extend(tallystick_audit::append(done, &leaves, &nodes).map_err(|error| anyhow!("{error}"))?);
        done += leaves.len() as u64;
    }
    let derived = root(size, &nodes).map_err(|error| anyhow!("{error}"))?;
    ensure!(derived == seen.checkpoint.root, "the entries fetched are not those that the log signs");
    let mut wrong = BTreeSet::new();
    for tile in files(size).filter(|tile| tile.content() != Content::Entries) {
        let hashes = decode_hashes(&copied.tile(&tile)?)?;
        if hashes != tile.hashes(&nodes).map_err(|error| anyhow!("{error}"))? {
            wrong.insert(tile.path());
        }
    }
    if let Some(first) = wrong.first() {
        bail!("{} of the files fetched have other hashes than the entries, the first is `{first}`", wrong.len());
    }
    Ok(())
}

fn serve(args: &Serve) -> Result<Told> {
    let Place::Folder(folder) = Place::parse(&args.log) else {
        bail!("`--log`: expected a folder: what is served here already is not fetched from elsewhere");
    };
    ensure!(folder.join("checkpoint").exists(), "`{}` has no `checkpoint`: it is no log", folder.display());
    serve::serve_log(&folder, args.listen, |address| {
        story(format_args!("serving `{}` at http://{address}, until told to end", folder.display()));
    })?;
    Ok(Told::new(End::Ok, vec![line("ok", "told to end")], json!({"result": "ok"})))
}
