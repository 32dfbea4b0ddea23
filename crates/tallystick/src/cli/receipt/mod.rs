//! `receipt`: checks receipts without a bureau, and writes them and the page that checks them.

pub(super) mod args;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tallystick_audit::{KeyEnd, LogKeys};
use tallystick_model::event::Event;
use tallystick_model::{Identifier, SubjectId, Timestamp};
use tallystick_operations::bureau::{Bureau, Recorded};
use tallystick_operations::receipts;
use tallystick_receipt::{Checked, DOCUMENT_BYTES_MAX, Document, Fault, PAGE, Witnesses, describe};

use super::{End, Told, line, parse, render};
use crate::config;

pub(super) fn run(command: &args::Receipt) -> Result<Told> {
    match command {
        args::Receipt::Verify(verify) => self::verify(verify),
        args::Receipt::Show(show) => self::show(show),
        args::Receipt::Page(page) => self::page(page),
    }
}

/// Reads a receipt's text; longer ones than there are only as far as shows that.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(DOCUMENT_BYTES_MAX as u64 + 1).read_to_end(&mut text));
    read.map(|_| text).with_context(|| format!("`{}`", path.display()))
}

fn verify(args: &args::VerifyReceipt) -> Result<Told> {
    let key: LogKeys = parse::public_key("--key", &args.key)?;
    let witnesses: Vec<_> =
        args.witnesses.iter().map(|text| parse::public_key("--witness", text)).collect::<Result<_>>()?;
    // Whoever names witnesses wants all of them, unless fewer are said to be enough.
    let quorum = args.quorum.unwrap_or(witnesses.len());
    ensure!(
        quorum <= witnesses.len(),
        "`--quorum`: expected at most the number of `--witness`, {}, found {quorum}",
        witnesses.len()
    );
    let mut checked: Vec<(&PathBuf, Result<Checked, Fault>)> = Vec::new();
    for path in &args.files {
        let text = read(path)?;
        let parsed = Document::parse(&text, DOCUMENT_BYTES_MAX);
        let found = parsed.and_then(|receipt| receipt.check(&key, Witnesses { keys: &witnesses, quorum }));
        checked.push((path, found.and_then(|receipt| trusted(&key, receipt))));
    }
    // Members are numbers in events: a valid receipt of their admission gives them a name.
    let mut names = BTreeMap::new();
    for (_, receipt) in &checked {
        if let Ok(Checked { event: Event::MemberAdmitted(member), .. }) = receipt {
            names.insert(member.number, member.name.clone());
        }
    }
    let name = |number: u16| names.get(&number).cloned();
    let (mut lines, mut told, mut end) = (Vec::new(), Vec::new(), End::Ok);
    for (path, receipt) in &checked {
        match receipt {
            Ok(receipt) => {
                let (said, value) = tell(path, receipt, &name);
                lines.extend(said);
                told.push(value);
            }
            Err(fault) => {
                end = End::Rejected;
                lines.push(line("reject", format_args!("`{}`: {fault}", path.display())));
                if matches!(fault, Fault::NotSigned(_)) {
                    let what =
                        "a log whose key was turned since is checked with all its keys: `--key` with its `log/keys`";
                    lines.push(line("note", what));
                }
                told.push(json!({"file": path, "valid": false, "fault": fault.code(), "message": fault.to_string()}));
            }
        }
    }
    let result = if end == End::Ok { "ok" } else { "rejected" };
    Ok(Told::new(end, lines, json!({"result": result, "receipts": told})))
}

/// Whoever has a compromised key can sign any size that it signed: alone it proves nothing any more. What a witness has cosigned
/// was in the log that others saw.
fn trusted(keys: &LogKeys, receipt: Checked) -> Result<Checked, Fault> {
    let signer = keys.signer_of(receipt.size);
    let is_compromised = signer.end == Some(KeyEnd::Compromised);
    if is_compromised && receipt.cosigners.is_empty() {
        let since = signer.revoked_since.clone().unwrap_or_else(|| "its turn".to_owned());
        return Err(Fault::CompromisedKey { since });
    }
    Ok(receipt)
}

/// A valid receipt in words.
fn tell(path: &Path, receipt: &Checked, name: &dyn Fn(u16) -> Option<String>) -> (Vec<String>, Value) {
    let described = describe(&receipt.event, name);
    let (at, index, size, origin) = (receipt.at, receipt.index, receipt.size, &receipt.origin);
    let mut lines = vec![
        line("ok", format_args!("`{}` proves: {}", path.display(), described.title)),
        line("entry", format_args!("{index} of {size} in `{origin}`, recorded {at}")),
    ];
    lines.extend(described.rows.iter().map(|(what, value)| line("", format_args!("{what}: {value}"))));
    lines.extend(receipt.cosigners.iter().map(|witness| line("witness", format_args!("{witness} has cosigned it"))));
    let details: Vec<_> = described.rows.iter().map(|(what, value)| json!({"what": what, "value": value})).collect();
    let told = json!({
        "file": path,
        "valid": true,
        "kind": receipt.kind.code(),
        "title": described.title,
        "at": at.to_string(),
        "log": origin,
        "entry": index,
        "size": size,
        "details": details,
        "witnesses": receipt.cosigners,
    });
    (lines, told)
}

fn show(args: &args::ShowReceipt) -> Result<Told> {
    let bureau = config::open(&args.folder.folder)?;
    let receipt = receipts::at_index(&bureau, args.index)?;
    config::write_private(&args.out, &receipt.to_text())?;
    let what = format!("the receipt of entry {} is in `{}`", args.index, args.out.display());
    Ok(Told::new(
        End::Ok,
        vec![line("ok", what)],
        json!({"result": "ok", "entry": args.index, "file": args.out, "receipt": receipt.to_text()}),
    ))
}

fn page(args: &args::ReceiptPage) -> Result<Told> {
    config::write_new(&args.out, PAGE)?;
    let what = format!("`{}` checks receipts in a browser, without a server or this program", args.out.display());
    Ok(Told::new(End::Ok, vec![line("ok", what)], json!({"result": "ok", "file": args.out})))
}

/// The file for a receipt, opened before anything is asked: what is recorded must be answered. Never one that is there.
pub(super) fn file(path: Option<&Path>) -> Result<Option<File>> {
    path.map(|path| File::create_new(path).with_context(|| format!("`--receipt {}`", path.display()))).transpose()
}

/// Removes the file that a receipt was to be written to, where nothing is answered.
pub(super) fn remove(path: Option<&Path>) {
    if let Some(Err(error)) = path.map(std::fs::remove_file) {
        super::story(format_args!("error: the empty `--receipt` could not be removed: {error}"));
    }
}

/// Writes the receipt of what was just recorded.
pub(super) fn write(file: Option<File>, bureau: &Bureau, subject: SubjectId, recorded: &Recorded) {
    let Some(mut file) = file else { return };
    let receipt = receipts::of_answer(bureau, subject, recorded).map_err(anyhow::Error::from);
    let written = receipt.and_then(|receipt| Ok(file.write_all(receipt.to_text().as_bytes())?));
    if let Err(error) = written {
        super::story(format_args!(
            "error: the receipt could not be written, `receipt show --index {}` writes it again: {error}",
            recorded.receipt.index
        ));
    }
}

/// Writes a receipt for each access to the subject's file into a folder, named by the place in the log; one that is there stays. Gives
/// a line about it and the files.
pub(super) fn write_accesses(
    folder: &Path,
    bureau: &Bureau,
    subject: &Identifier,
    now: Timestamp,
) -> Result<(String, Vec<PathBuf>)> {
    let all = receipts::of_accesses(bureau, subject, now)?;
    config::create_private_folder(folder)?;
    let mut files = Vec::new();
    for numbered in &all {
        let path = folder.join(format!("{}.receipt", numbered.index));
        if !path.try_exists().with_context(|| format!("`{}`", path.display()))? {
            config::write_private(&path, &numbered.receipt.to_text())?;
        }
        files.push(path);
    }
    let count = render::counted(files.len() as u64, "receipt");
    Ok((line("proof", format_args!("{count} in `{}`, named by entry", folder.display())), files))
}
