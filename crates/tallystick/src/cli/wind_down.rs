//! `wind-down`: after the last entry of the log, the bureau's files are handed over or destroyed, and certified.
//!
//! A run that was interrupted is taken up again by the same command: the log's end is recorded first, and from then on each step
//! leaves what it has done.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tallystick_audit::LogKeys;
use tallystick_model::Timestamp;
use tallystick_model::charter::WindDownWay;
use tallystick_model::event::WindDownRecord;
use tallystick_model::signature::{PublicKey, SecretKey};
use tallystick_operations::wind_down::{
    Certificate, HandedFile, end, ended, hash_of, open_certificate, open_draft, way_of,
};

use super::charter::args;
use super::render::counted;
use super::{End, Told, line};
use crate::progress::Watch;
use crate::{clock, config};

/// What is handed over of a bureau's folder. Feedback is its furnishers' and stays.
const HANDED: [&str; 5] = ["bureau.toml", "keys", "layouts", "log", "store"];

/// What a destruction will say once it is done, signed as such: there while it is under way.
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

/// The signing key, if it is there and whole.
fn signing_key(folder: &Path) -> Option<SecretKey> {
    config::read_key(folder, config::SIGNING).ok().map(SecretKey::new)
}

/// Whether anything is there, a link that leads nowhere too.
fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The certificate in the bureau's own folder, if one is there: its text. One that this bureau did not sign is refused.
fn own_certificate(folder: &Path) -> Result<Option<(String, String)>> {
    let path = folder.join(config::CERTIFICATE);
    if !is_there(&path) {
        return Ok(None);
    }
    let signed = config::read_small(&path)?;
    // Once the key is destroyed the certificate can only be checked against the key it names.
    let named = || signed.lines().next_back()?.strip_prefix("signed: ")?.split(' ').next().and_then(hex_key);
    let key = signing_key(folder).map(|key| key.public()).or_else(named);
    let text = key.ok_or("the certificate has no signature").and_then(|key| open_certificate(&signed, key));
    match text {
        Ok(text) => Ok(Some((text.to_owned(), signed.clone()))),
        Err(what) => bail!("`{}` is there and is not this bureau's: {what}", path.display()),
    }
}

fn hex_key(text: &str) -> Option<PublicKey> {
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key).ok().map(|()| PublicKey(key))
}

/// Refuses symbolic links in what is handed over or destroyed: what they lead to would be left out, or left over.
fn ensure_plain(folder: &Path) -> Result<()> {
    let own = ["feedback", DRAFT, config::CERTIFICATE];
    HANDED.iter().chain(&own).try_for_each(|name| ensure_no_link(&folder.join(name)))
}

fn ensure_no_link(path: &Path) -> Result<()> {
    let context = || format!("`{}`", path.display());
    let kind = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.with_context(context)?,
    };
    ensure!(!kind.is_symlink(), "`{}` is a symbolic link: put what it leads to in its place first", path.display());
    if kind.is_dir() {
        for entry in fs::read_dir(path).with_context(context)? {
            ensure_no_link(&entry.with_context(context)?.path())?;
        }
    }
    Ok(())
}

/// The path as the file system has it, of something that may not be there yet.
fn resolved(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path).with_context(|| format!("`{}`", path.display()))?;
    for ancestor in path.ancestors() {
        if let (Ok(there), Ok(rest)) = (ancestor.canonicalize(), path.strip_prefix(ancestor)) {
            ensure!(
                rest.components().all(|part| matches!(part, std::path::Component::Normal(_))),
                "`{}`: `..` leads out of a folder that is not there",
                path.display()
            );
            return Ok(there.join(rest));
        }
    }
    Ok(path)
}

fn is_empty(folder: &Path) -> Result<bool> {
    Ok(fs::read_dir(folder).with_context(|| format!("`{}`", folder.display()))?.next().is_none())
}

/// Where the copy grows until it is whole. What an interrupted run has left there is begun again.
fn part_of(out: &Path) -> Result<PathBuf> {
    let name = out.file_name().with_context(|| format!("`{}` names no folder", out.display()))?;
    let mut name = name.to_owned();
    name.push(".part");
    let part = out.with_file_name(name);
    if is_there(&part) {
        let context = || format!("`{}`", part.display());
        for entry in fs::read_dir(&part).with_context(context)? {
            let name = entry.with_context(context)?.file_name();
            let draft = config::draft_of(Path::new(config::CERTIFICATE));
            let ours = HANDED.iter().chain(&[config::CERTIFICATE]).any(|ours| name == *ours) || *name == *draft;
            ensure!(ours, "`{}` holds what no hand-over left there: `{}`", part.display(), name.display());
        }
    }
    Ok(part)
}

/// Whether `out` is what an earlier run has handed over whole: then only what comes after is left to do.
fn is_handed(folder: &Path, out: &Path, way: WindDownWay) -> bool {
    let signed = config::read_small(&out.join(config::CERTIFICATE));
    let (Ok(signed), Some(key)) = (signed, signing_key(folder)) else { return false };
    open_certificate(&signed, key.public())
        .is_ok_and(|text| way_of(text) == Some(way.code()) && check_files(text, out).is_empty())
}

fn hand(args: &args::Handing, way: WindDownWay, quiet: bool) -> Result<Told> {
    let (folder, out) = (&args.folder.folder, &resolved(&args.out)?);
    let inside = resolved(folder)?;
    ensure!(!out.starts_with(&inside), "`{}` is in the bureau's own folder", out.display());
    ensure_plain(folder)?;
    let own = own_certificate(folder)?;
    let part = part_of(out)?;
    let mut done = false;
    if is_there(out) {
        done = is_handed(folder, out, way);
        ensure!(done || is_empty(out)?, "`{}` exists already and is not empty", out.display());
        if !done {
            // The copy takes its place: better to hear now than after the end that it cannot.
            fs::remove_dir(out)
                .with_context(|| format!("`{}` has to be a folder that is not there yet", out.display()))?;
        }
    }
    let (at, record, checkpoint) = conclude(folder, way, quiet)?;
    if !done {
        if is_there(&part) {
            fs::remove_dir_all(&part).with_context(|| format!("`{}`", part.display()))?;
        }
        config::create_private_folder(&part)?;
        let mut files = Vec::new();
        for name in HANDED {
            copy(folder, &part, Path::new(name), &mut files)?;
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let bureau = config::name(folder)?;
        let record = record.clone();
        let certificate = Certificate { bureau, at, record, checkpoint, files, destroyed: Vec::new() };
        let signed = certificate.signed(&config::read_key(folder, config::SIGNING)?);
        config::write_new(&part.join(config::CERTIFICATE), &signed)?;
        fs::rename(&part, out).with_context(|| format!("`{}`", out.display()))?;
    }
    let signed = fs::read_to_string(out.join(config::CERTIFICATE)).with_context(|| format!("`{}`", out.display()))?;
    if own.is_none() {
        config::write_new(&folder.join(config::CERTIFICATE), &signed)?;
    }
    let count = signed.lines().filter(|line| line.starts_with("file: ")).count() as u64;
    let receiver = &record.end.receiver;
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
    "keys/: the pseudonym key, without which no identifier leads to a file, and the signing key, which signs this last",
    "store/, with every fact, event, table and the salts of every subject",
    "feedback/",
];

fn destroy(folder: &Path, out: &Path, quiet: bool) -> Result<Told> {
    let (draft, own) = (folder.join(DRAFT), folder.join(config::CERTIFICATE));
    ensure!(!is_there(out), "`{}` exists already", out.display());
    ensure_plain(folder)?;
    let certified = own_certificate(folder)?;
    if let Some((text, _)) = &certified {
        let way = way_of(text).unwrap_or("another way");
        ensure!(way == WindDownWay::Destroy.code(), "the bureau ended by `{way}`: nothing is destroyed");
    }
    let claimed = [config::key_path(folder, config::PSEUDONYM), folder.join("store"), folder.join("feedback")];
    if certified.is_none() {
        let text = announced(folder, &draft, quiet)?;
        claimed.iter().try_for_each(|path| erase(path))?;
        ensure_gone(&claimed)?;
        // Signed when it is true, and not before.
        config::write_new(&own, &Certificate::sign_text(&text, &config::read_key(folder, config::SIGNING)?))?;
    }
    ensure_gone(&claimed)?;
    let keys = folder.join("keys");
    erase(&keys)?;
    ensure_gone(&[keys])?;
    if is_there(&draft) {
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

/// What the certificate will say. While the bureau opens the log says so, and what lies there as a draft counts for nothing;
/// once it opens no more, which takes an interrupted destruction, the draft counts that the bureau signed.
fn announced(folder: &Path, draft: &Path, quiet: bool) -> Result<String> {
    if let Err(error) = config::open(folder).map(drop) {
        let Some(key) = signing_key(folder).filter(|_| is_there(draft)) else { return Err(error) };
        return match open_draft(&config::read_small(draft)?, key.public()) {
            Ok(text) => Ok(text.to_owned()),
            Err(what) => Err(error.context(format!("`{}`: {what}", draft.display()))),
        };
    }
    let (at, record, checkpoint) = conclude(folder, WindDownWay::Destroy, quiet)?;
    let bureau = config::name(folder)?;
    let destroyed = DESTROYED.map(str::to_owned).to_vec();
    let certificate = Certificate { bureau, at, record, checkpoint, files: Vec::new(), destroyed };
    if is_there(draft) {
        fs::remove_file(draft).with_context(|| format!("`{}`", draft.display()))?;
    }
    config::write_new(draft, &certificate.draft(&config::read_key(folder, config::SIGNING)?))?;
    Ok(certificate.text())
}

fn ensure_gone(paths: &[PathBuf]) -> Result<()> {
    let left = paths.iter().find(|path| is_there(path));
    left.map_or(Ok(()), |left| bail!("`{}` is still there: nothing is certified", left.display()))
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

/// The key in `name+hash+base64`; the last one in the text of a log's keys.
fn public_key(text: &str) -> Result<PublicKey> {
    let keys = match text.strip_prefix('@') {
        Some(path) => LogKeys::parse(&config::read_small(Path::new(path))?),
        None => LogKeys::parse(text),
    };
    Ok(PublicKey(keys.context("`--verifier-key`")?.current().key.key_bytes()))
}
