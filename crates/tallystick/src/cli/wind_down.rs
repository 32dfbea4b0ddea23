//! `wind-down`: after the last entry of the log, the bureau's files are handed over or destroyed, and certified.
//!
//! A run that was interrupted is taken up again by the same command: the log's end is recorded first, and from then on each step
//! leaves what it has done.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use tallystick_audit::CheckpointVerifier;
use tallystick_model::Timestamp;
use tallystick_model::charter::WindDownWay;
use tallystick_model::event::WindDownRecord;
use tallystick_model::signature::PublicKey;
use tallystick_operations::wind_down::{Certificate, HandedFile, end, ended, hash_of, open_certificate};

use super::charter::args;
use super::render::counted;
use super::{End, Told, line};
use crate::progress::Watch;
use crate::{clock, config};

/// What is handed over of a bureau's folder. Feedback is its furnishers' and stays.
const HANDED: [&str; 5] = ["bureau.toml", "keys", "layouts", "log", "store"];

/// A certificate of destruction before its signature: there while the destruction is under way.
const DRAFT: &str = "certificate.draft";

pub(super) fn run(command: &args::WindDown, quiet: bool) -> Result<Told> {
    match command {
        args::WindDown::Transfer(args) => hand(args, WindDownWay::Transfer, quiet),
        args::WindDown::HandOver(args) => hand(args, WindDownWay::HandOver, quiet),
        args::WindDown::Destroy(args) => destroy(&args.folder.folder, &args.certificate, quiet),
        args::WindDown::Check(args) => check(args),
    }
}

/// Records the end, unless it is recorded; gives what it says and the checkpoint that covers it. The bureau is closed then.
fn conclude(folder: &Path, way: WindDownWay, quiet: bool) -> Result<(Timestamp, WindDownRecord, String)> {
    let bureau = config::open(folder)?;
    let (at, record) = match ended(&bureau)? {
        Some((_, record)) if record.end.way != way => bail!("the bureau ended by `{}`", record.end.way),
        Some(ended) => ended,
        None => {
            let mut watch = Watch::counting(quiet);
            let left = end(&bureau, way, clock::now(), &mut |part, done| watch.count(part, done));
            watch.finish();
            let left = left?;
            (left.recorded.entry.at, left.record)
        }
    };
    drop(bureau);
    let checkpoint = config::read_small(&folder.join("log").join("checkpoint"))?;
    Ok((at, record, checkpoint))
}

fn hand(args: &args::Handing, way: WindDownWay, quiet: bool) -> Result<Told> {
    let (folder, out) = (&args.folder.folder, &args.out);
    if out.exists() {
        let mut entries = fs::read_dir(out).with_context(|| format!("`{}`", out.display()))?;
        ensure!(entries.next().is_none(), "`{}` exists already and is not empty", out.display());
    }
    let (at, record, checkpoint) = conclude(folder, way, quiet)?;
    config::create_private_folder(out)?;
    let mut files = Vec::new();
    for name in HANDED {
        copy(folder, out, Path::new(name), &mut files)?;
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let bureau = config::name(folder)?;
    let certificate = Certificate { bureau, at, record, checkpoint, files, destroyed: Vec::new() };
    let signed = certificate.signed(&config::read_key(folder, "signing")?);
    config::write_new(&out.join(config::CERTIFICATE), &signed)?;
    let own = folder.join(config::CERTIFICATE);
    if !own.exists() {
        config::write_new(&own, &signed)?;
    }
    let (count, receiver) = (certificate.files.len() as u64, &certificate.record.end.receiver);
    Ok(Told::new(
        End::Ok,
        vec![
            line(
                "ok",
                format_args!("the bureau has ended; {} for {receiver} in `{}`", counted(count, "file"), out.display()),
            ),
            line("note", "the folder holds the bureau's keys: hand it to nobody else"),
        ],
        json!({"result": "ok", "way": way.code(), "receiver": receiver, "files": count, "folder": out,
            "certificate": out.join(config::CERTIFICATE)}),
    ))
}

/// Copies a file or folder of the bureau, and hashes what arrives.
fn copy(from: &Path, to: &Path, name: &Path, files: &mut Vec<HandedFile>) -> Result<()> {
    let (source, target) = (from.join(name), to.join(name));
    let context = || format!("`{}`", source.display());
    if source.is_dir() {
        config::create_private_folder(&target)?;
        for entry in fs::read_dir(&source).with_context(context)? {
            copy(from, to, &name.join(entry.with_context(context)?.file_name()), files)?;
        }
    } else if source.exists() {
        fs::copy(&source, &target).with_context(context)?;
        let copied = fs::File::open(&target).and_then(|file| file.sync_all().map(|()| file));
        let (bytes, hash) = copied.and_then(hash_of).with_context(|| format!("`{}`", target.display()))?;
        files.push(HandedFile { path: slashed(name), bytes, hash });
    }
    Ok(())
}

fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// What is destroyed, in words.
const DESTROYED: [&str; 3] = [
    "keys/pseudonym.key, without which no identifier leads to a file, and keys/signing.key, which signs this last",
    "store/, with every fact, event, table and the salts of every subject",
    "feedback/",
];

fn destroy(folder: &Path, out: &Path, quiet: bool) -> Result<Told> {
    let (draft, own) = (folder.join(DRAFT), folder.join(config::CERTIFICATE));
    ensure!(!out.exists(), "`{}` exists already", out.display());
    if !draft.exists() && !own.exists() {
        let (at, record, checkpoint) = conclude(folder, WindDownWay::Destroy, quiet)?;
        let bureau = config::name(folder)?;
        let destroyed = DESTROYED.map(str::to_owned).to_vec();
        let certificate = Certificate { bureau, at, record, checkpoint, files: Vec::new(), destroyed };
        config::write_new(&draft, &certificate.text())?;
    }
    if draft.exists() {
        erase(&config::key_path(folder, "pseudonym"))?;
        erase(&folder.join("store"))?;
        erase(&folder.join("feedback"))?;
        // Signed when it is true, and not before.
        if !own.exists() {
            let signed = Certificate::sign_text(&config::read_small(&draft)?, &config::read_key(folder, "signing")?);
            config::write_new(&own, &signed)?;
        }
        erase(&folder.join("keys"))?;
        fs::remove_file(&draft).with_context(|| format!("`{}`", draft.display()))?;
    }
    config::write_new(out, &config::read_small(&own)?)?;
    Ok(Told::new(
        End::Ok,
        vec![
            line("ok", format_args!("keys, salts and tables are destroyed; `{}` certifies it", out.display())),
            line("note", "copies elsewhere, backups among them, are not reached from here"),
        ],
        json!({"result": "ok", "way": WindDownWay::Destroy.code(), "certificate": out}),
    ))
}

/// Overwrites and removes a file, or a folder with all that is in it; one that is not there is none.
fn erase(path: &Path) -> Result<()> {
    let zeros = vec![0; 1 << 16];
    let context = || format!("`{}`", path.display());
    let kind = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.with_context(context)?,
    };
    if kind.is_dir() {
        for entry in fs::read_dir(path).with_context(context)? {
            erase(&entry.with_context(context)?.path())?;
        }
        return fs::remove_dir(path).with_context(context);
    }
    if kind.is_file() {
        let mut file = fs::OpenOptions::new().write(true).open(path).with_context(context)?;
        let mut left = kind.len();
        while left > 0 {
            let block = usize::try_from(left).unwrap_or(usize::MAX).min(zeros.len());
            file.write_all(zeros.get(..block).unwrap_or_default()).with_context(context)?;
            left = left.saturating_sub(block as u64);
        }
        file.sync_all().with_context(context)?;
    }
    fs::remove_file(path).with_context(context)
}

fn check(args: &args::Check) -> Result<Told> {
    let signed = fs::read_to_string(&args.certificate).with_context(|| format!("`{}`", args.certificate.display()))?;
    let text = match open_certificate(&signed, public_key(&args.verifier_key)?) {
        Ok(text) => text,
        Err(what) => {
            let told = json!({"result": "rejected", "faults": [what]});
            return Ok(Told::new(End::Rejected, vec![line("fault", what)], told));
        }
    };
    let faults = match &args.files {
        Some(folder) => check_files(text, folder),
        None => Vec::new(),
    };
    let mut lines: Vec<_> = faults.iter().map(|fault| line("fault", fault)).collect();
    if faults.is_empty() {
        let files = text.lines().filter(|line| line.starts_with("file: ")).count() as u64;
        let checked = if args.files.is_some() { ", each as it was certified" } else { "" };
        lines.push(line("ok", format_args!("signed by the bureau; {}{checked}", counted(files, "file"))));
        lines.extend(text.lines().filter(|said| !said.starts_with("file: ")).map(|said| line("said", said)));
    }
    let (end, result) = if faults.is_empty() { (End::Ok, "ok") } else { (End::Rejected, "rejected") };
    Ok(Told::new(end, lines, json!({"result": result, "faults": faults, "text": text})))
}

/// What of the files is not as it was certified: changed, missing, or not named.
fn check_files(text: &str, folder: &Path) -> Vec<String> {
    let mut named = Vec::new();
    let mut faults = Vec::new();
    for said in text.lines().filter_map(|line| line.strip_prefix("file: ")) {
        let mut fields = said.splitn(3, ' ');
        let (Some(hash), Some(bytes), Some(path)) = (fields.next(), fields.next(), fields.next()) else { continue };
        named.push(path.to_owned());
        match fs::File::open(folder.join(path)).and_then(hash_of) {
            Ok((size, found)) if (size.to_string().as_str(), hex::encode(found).as_str()) == (bytes, hash) => {}
            Ok(_) => faults.push(format!("`{path}` is not as it was certified")),
            Err(error) => faults.push(format!("`{path}`: {error}")),
        }
    }
    let mut there = Vec::new();
    list(folder, &PathBuf::new(), &mut there);
    let more = there.into_iter().filter(|path| path != config::CERTIFICATE && !named.contains(path));
    faults.extend(more.map(|path| format!("`{path}` is not in the certificate")));
    faults
}

fn list(folder: &Path, name: &Path, there: &mut Vec<String>) {
    let path = folder.join(name);
    if !path.is_dir() {
        there.push(slashed(name));
        return;
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        list(folder, &name.join(entry.file_name()), there);
    }
}

/// The key in `name+hash+base64`.
fn public_key(text: &str) -> Result<PublicKey> {
    let _: CheckpointVerifier = text.parse().context("`--verifier-key`")?;
    let encoded = text.splitn(3, '+').nth(2).and_then(|encoded| BASE64_STANDARD.decode(encoded).ok());
    let key = encoded.and_then(|typed| <[u8; 32]>::try_from(typed.get(1..)?).ok());
    key.map(PublicKey).ok_or_else(|| anyhow!("`--verifier-key`: expected `name+hash+base64`"))
}
