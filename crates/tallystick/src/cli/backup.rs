//! `backup`, `restore` and `accept-loss`: points in time of a bureau, and bringing one back.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use serde_json::json;
use tallystick_audit::{LogKeys, OpensCheckpoints};
use tallystick_model::Timestamp;
use tallystick_model::signature::SecretKey;
use tallystick_operations::backup::{Point, make, points, restore as bring_back, verify as check};
use tallystick_operations::loss::accept;

use super::args::Folder;
use super::render::counted;
use super::{End, Told, json::recorded, line, parse, render};
use crate::progress::Watch;
use crate::{clock, config};

#[derive(Debug, Subcommand)]
pub enum Backup {
    /// Add the bureau as it is now to a backup; what is there already is not written again
    #[command(after_help = "Example:\n  tallystick backup create --to /mnt/backup/bureau")]
    Create(Create),
    /// List the points in time that a backup holds
    #[command(after_help = "Example:\n  tallystick backup list --from /mnt/backup/bureau")]
    List(From),
    /// Check every object of every point against its hash, and the log against its checkpoint; needs no bureau and no key
    #[command(after_help = "Example:\n  tallystick backup verify --from /mnt/backup/bureau")]
    Verify(From),
}

#[derive(Debug, Args)]
pub struct Create {
    #[command(flatten)]
    pub folder: Folder,
    /// The backup: a folder of its own, outside the bureau's
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// Put the secret keys into it too, sealed as they are
    #[arg(long)]
    pub with_keys: bool,
}

#[derive(Debug, Args)]
pub struct From {
    /// The backup
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,
}

#[derive(Debug, Args)]
pub struct Restore {
    /// The backup
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,
    /// The bureau's new folder: none yet, or an empty one
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// As it was at that many entries, or at that time (a day, UTC, or an RFC 3339 instant): the last point not after it
    #[arg(long, value_name = "ENTRIES|DATE")]
    pub at: Option<String>,
    /// The bureau's `keys` folder, where the backup has no keys
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// The last checkpoint that anybody has of this bureau, if it is later than the backup
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct AcceptLoss {
    #[command(flatten)]
    pub folder: Folder,
    /// What happened to the lost entries; the log keeps it
    #[arg(long)]
    pub reason: String,
}

pub(super) fn run(command: &Backup, quiet: bool) -> Result<Told> {
    match command {
        Backup::Create(args) => create(args, quiet),
        Backup::List(args) => list(&args.from),
        Backup::Verify(args) => verify(&args.from, quiet),
    }
}

/// What of a bureau's folder is in a backup beside the store. The published log is derived again.
const FILES: [&str; 4] = ["bureau.toml", "layouts", "feedback", "notices"];

fn files(folder: &Path, name: &Path, all: &mut Vec<(String, PathBuf)>) -> Result<()> {
    let path = folder.join(name);
    let context = || format!("`{}`", path.display());
    if path.is_dir() {
        for entry in fs::read_dir(&path).with_context(context)? {
            files(folder, &name.join(entry.with_context(context)?.file_name()), all)?;
        }
    } else if path.exists() {
        let words: Vec<_> = name.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        all.push((words.join("/"), path));
    }
    Ok(())
}

fn create(args: &Create, quiet: bool) -> Result<Told> {
    let folder = &args.folder.folder;
    let bureau = config::open(folder)?;
    let inside = folder.canonicalize().with_context(|| format!("`{}`", folder.display()))?;
    config::create_private_folder(&args.to)?;
    let to = args.to.canonicalize().with_context(|| format!("`{}`", args.to.display()))?;
    ensure!(!to.starts_with(&inside), "`{}` is in the bureau's own folder", args.to.display());
    let mut all = Vec::new();
    for name in FILES.into_iter().chain(args.with_keys.then_some("keys")) {
        files(folder, Path::new(name), &mut all)?;
    }
    all.sort();
    let key = SecretKey::new(config::read_key(folder, config::SIGNING)?);
    let mut watch = Watch::counting(quiet);
    let made = make(&bureau, &to, &all, &key, &mut |part, done| watch.count(part, done));
    watch.finish();
    let made = made?;
    let (point, written) = (&made.point, made.written);
    let keys = if point.with_keys { "with the secret keys" } else { "without the secret keys: keep them elsewhere" };
    let lines = vec![
        line("ok", format_args!("{} in `{}`, {keys}", counted(point.entries, "log entry"), args.to.display())),
        line("objects", format_args!("{written} written ({} bytes), {} there already", made.bytes, made.kept)),
    ];
    let json = json!({"result": "ok", "entries": point.entries, "at": point.at, "folder": args.to,
        "with_keys": point.with_keys, "written": written, "kept": made.kept, "bytes": made.bytes});
    Ok(Told::new(End::Ok, lines, json))
}

fn list(from: &Path) -> Result<Told> {
    let (sound, bad) = points(from)?;
    let told = |point: &Point| {
        let keys = if point.with_keys { ", with keys" } else { "" };
        let entries = counted(point.entries, "log entry");
        line(
            "point",
            format_args!("{entries}, last at {}{keys}, {}", point.at, counted(point.parts.len() as u64, "part")),
        )
    };
    let mut lines: Vec<_> = sound.iter().map(told).collect();
    lines.extend(bad.iter().map(|(place, what)| line("fault", format_args!("{place}: {what}"))));
    if lines.is_empty() {
        lines.push(line("ok", "no points"));
    }
    let json = sound.iter().map(|point| {
        json!({"entries": point.entries, "at": point.at, "with_keys": point.with_keys, "parts": point.parts.len()})
    });
    let json = json!({"result": "ok", "points": json.collect::<Vec<_>>(), "faults": faults(&bad)});
    Ok(Told::new(End::Ok, lines, json))
}

fn faults(found: &[(String, String)]) -> Vec<serde_json::Value> {
    found.iter().map(|(place, what)| json!({"place": place, "what": what})).collect()
}

fn verify(from: &Path, quiet: bool) -> Result<Told> {
    let (sound, mut found) = points(from)?;
    let mut watch = Watch::counting(quiet);
    for point in &sound {
        let faults = check(from, point, &mut |part, done| watch.count(part, done))?;
        found.extend(faults.into_iter().filter(|fault| !found.contains(fault)).collect::<Vec<_>>());
    }
    watch.finish();
    if sound.is_empty() && found.is_empty() {
        bail!("`{}` holds no point", from.display());
    }
    let mut lines: Vec<_> = found.iter().map(|(place, what)| line("damage", format_args!("{place}: {what}"))).collect();
    let sized = sound.last().map_or(0, |point| point.entries);
    let end = if found.is_empty() { End::Ok } else { End::CouldNotRun };
    if found.is_empty() {
        let points = counted(sound.len() as u64, "point");
        lines.push(line(
            "ok",
            format_args!("{points}, the last of {}, each as it was signed", counted(sized, "log entry")),
        ));
    }
    let result = if found.is_empty() { "ok" } else { "damaged" };
    Ok(Told::new(end, lines, json!({"result": result, "points": sound.len(), "findings": faults(&found)})))
}

/// The point that was asked for: the newest, or the last one not after what was said.
fn chosen(sound: Vec<Point>, at: Option<&str>) -> Result<Point> {
    let (mut sound, asked) = (sound.into_iter().rev(), at.unwrap_or("now"));
    let found = match at {
        None => sound.next(),
        Some(text) => match text.parse::<u64>() {
            Ok(entries) => sound.find(|point| point.entries <= entries),
            Err(_) => {
                let at = parse::timestamp("at", text)?;
                sound.find(|point| Timestamp::parse(&point.at).is_ok_and(|last| last <= at))
            }
        },
    };
    found.with_context(|| format!("the backup has no sound point at `{asked}` or before"))
}

pub(super) fn restore(args: &Restore, quiet: bool) -> Result<Told> {
    let (sound, bad) = points(&args.from)?;
    // The newest point says what was published, even where it is not the one to come back.
    let mut published = sound.last().map(|point| (point.entries, point.checkpoint.clone(), point.log_keys.clone()));
    if args.at.is_none()
        && let Some((place, what)) = bad.last()
    {
        bail!("{place}: {what}: say with `--at` which earlier point is to come back");
    }
    let point = chosen(sound, args.at.as_deref())?;
    if let Some(path) = &args.checkpoint {
        let note = config::read_small(path)?;
        let keys = published.as_ref().map_or(point.log_keys.as_str(), |(_, _, keys)| keys);
        let opened = LogKeys::parse(keys)?.open(&note).with_context(|| format!("`{}`", path.display()))?;
        if published.as_ref().is_none_or(|(entries, ..)| opened.size > *entries) {
            published = Some((opened.size, note, String::new()));
        }
    }
    let later = published.filter(|(entries, ..)| *entries > point.entries);
    ensure!(
        !point.with_keys || args.keys.is_none(),
        "the backup has the keys already: `--keys` is for one that has none"
    );
    let mut watch = Watch::counting(quiet);
    let note = later.as_ref().map(|(_, note, _)| note.as_str());
    let restored = bring_back(&args.from, &point, &args.to, note, &mut |part, done| watch.count(part, done));
    watch.finish();
    restored?;
    if let Some(keys) = &args.keys {
        for entry in fs::read_dir(keys).with_context(|| format!("`{}`", keys.display()))? {
            let from = entry.with_context(|| format!("`{}`", keys.display()))?.path();
            let to = args.to.join("keys").join(from.file_name().unwrap_or_default());
            config::create_synced(&to, config::read_small(&from)?.as_bytes())?;
        }
    }
    let entries = point.entries;
    let mut lines = vec![line(
        "ok",
        format_args!("{} in `{}`, the last at {}", counted(entries, "log entry"), args.to.display(), point.at),
    )];
    if !point.with_keys && args.keys.is_none() {
        lines.push(line("note", format_args!("put the bureau's keys into `{}`", args.to.join("keys").display())));
    }
    if let Some((published, ..)) = &later {
        let lost = published - entries;
        lines.push(line(
            "behind",
            format_args!("{} published later are not in it: nothing is recorded before", counted(lost, "entry")),
        ));
        lines.push(line("", format_args!("`tallystick accept-loss --bureau {} --reason ...`", args.to.display())));
    }
    let lost = later.map_or(0, |(published, ..)| published - entries);
    let json = json!({"result": "ok", "entries": entries, "at": point.at, "folder": args.to, "lost": lost});
    Ok(Told::new(End::Ok, lines, json))
}

pub(super) fn accept_loss(args: &AcceptLoss) -> Result<Told> {
    let bureau = config::open(&args.folder.folder)?;
    let (record, left) = accept(&bureau, &args.reason, clock::now())?;
    let lost = record.published.saturating_sub(record.kept);
    let lines = vec![
        line(
            "ok",
            format_args!(
                "{} after entry {} are lost, on record: {}",
                counted(lost, "entry"),
                record.kept,
                record.reason
            ),
        ),
        line(
            "note",
            "receipts for them contradict the log from now on, and witnesses will see that it was turned back: tell them",
        ),
        line("note", "`key rotate` lets no two histories bear one key's signature from here on"),
        render::receipt(&left),
    ];
    let json = json!({"result": "ok", "kept": record.kept, "published": record.published, "recorded": recorded(&left)});
    Ok(Told::new(End::Ok, lines, json))
}
