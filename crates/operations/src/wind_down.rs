//! Wind-down: the bureau ends as its partners have decided, in the order the law asks for (cn-4).
//!
//! [`end`] checks everything and leaves the last entry of the log; after it nothing is recorded. What is done with the files then
//! is the program's part; [`Certificate`] says what was there, and is signed with the bureau's key for the last time.

use sha2::{Digest, Sha256};
use tallystick_model::charter::{ProposalHash, WindDown, WindDownWay};
use tallystick_model::event::{Event, WindDownRecord};
use tallystick_model::signature::{PublicKey, SecretKey, Signature};
use tallystick_model::{Canonical, Sensitive, Timestamp};
use tallystick_policy::charter::Refusal;
use tallystick_store::Changes;
use tallystick_store::check::Progress;

use crate::bureau::{Bureau, OperationError, Recorded};
use crate::verify::verify;

/// How the bureau ended.
#[derive(Debug)]
pub struct Ended {
    /// What the last event says.
    pub record: WindDownRecord,
    /// Its entry and proof.
    pub recorded: Recorded,
}

/// Ends the bureau in `way`, which must be the one decided on, after a check of everything.
///
/// # Errors
/// [`OperationError::NotCovered`] without an enacted decision; [`OperationError::Invalid`] if the check finds anything: what is handed
/// over is in order.
pub fn end(bureau: &Bureau, way: WindDownWay, now: Timestamp, progress: Progress<'_>) -> Result<Ended, OperationError> {
    let decided = bureau.government().as_ref().and_then(|government| {
        let (proposal, end) = government.end()?;
        Some((proposal, end.clone()))
    });
    let Some((proposal, end)) = decided.filter(|(_, end)| end.way == way) else {
        return Err(Refusal::EndNotDecided.into());
    };
    let report = verify(bureau, progress);
    if !report.findings.is_empty() {
        let what = format!("the bureau is not in order ({} findings): `verify` names them", report.findings.len());
        return Err(OperationError::Invalid(what));
    }
    let record = WindDownRecord {
        proposal,
        end,
        entries: report.entries,
        root: report.root,
        facts: report.facts,
        subjects: report.subjects,
    };
    let recorded = bureau.record(Changes::none(), Event::BureauWoundDown(Box::new(record.clone())), now)?;
    Ok(Ended { record, recorded })
}

/// The end of a bureau that has ended already: so that what came after its last entry can be taken up again.
///
/// # Errors
/// [`OperationError`] if something stored cannot be read.
pub fn ended(bureau: &Bureau) -> Result<Option<(Timestamp, WindDownRecord)>, OperationError> {
    let Some(at) = bureau.government().as_ref().and_then(|government| government.wound_down_at()) else {
        return Ok(None);
    };
    let events = bureau.snapshot().events(tallystick_model::SubjectId::BUREAU)?;
    Ok(events.into_iter().find_map(|recorded| match recorded.event {
        Event::BureauWoundDown(record) => Some((at, *record)),
        _ => None,
    }))
}

/// A file of what was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedFile {
    /// Its path in the folder, with slashes.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of it.
    pub hash: [u8; 32],
}

/// What a certificate is signed under.
const DOMAIN: &str = "tallystick certificate 1\n";

/// What a draft of a certificate is signed under.
const DRAFT_DOMAIN: &str = "tallystick certificate draft 1\n";

/// What is certified of a bureau's end: its last state, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Name of the bureau.
    pub bureau: String,
    /// When it ended.
    pub at: Timestamp,
    /// Its last event.
    pub record: WindDownRecord,
    /// The signed checkpoint that covers its last entry.
    pub checkpoint: String,
    /// Of a transfer or hand-over: every file. Of a destruction: none.
    pub files: Vec<HandedFile>,
    /// Of a destruction: what was destroyed, in words.
    pub destroyed: Vec<String>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl Certificate {
    /// The text that is signed, a line for each statement.
    pub fn text(&self) -> String {
        let WindDownRecord { proposal: ProposalHash(proposal), end, entries, root, facts, subjects } = &self.record;
        let WindDown { way, receiver, notice, no_transfer, no_hand_over } = end;
        let mut lines = vec![
            format!("bureau: {}", self.bureau),
            format!("ended: {} by {way}, decision {}", self.at, hex(proposal)),
            format!("{}: {receiver}", if *way == WindDownWay::Destroy { "supervised by" } else { "receiver" }),
            format!("public notice: {notice}"),
        ];
        lines.extend(no_transfer.iter().map(|why| format!("no transfer: {why}")));
        lines.extend(no_hand_over.iter().map(|why| format!("no hand-over: {why}")));
        lines.push(format!("log when everything was checked last: {entries} entries, root {}", hex(root)));
        lines.push(format!("held: {facts} facts of {subjects} subjects"));
        lines.extend(self.checkpoint.lines().filter(|line| !line.is_empty()).map(|line| format!("checkpoint: {line}")));
        lines.extend(self.destroyed.iter().map(|what| format!("destroyed: {what}")));
        let file = |file: &HandedFile| format!("file: {} {} {}", hex(&file.hash), file.bytes, file.path);
        lines.extend(self.files.iter().map(file));
        lines.push(String::new());
        lines.join("\n")
    }

    /// The text with the bureau's signature in its last line.
    pub fn signed(&self, signing: &Sensitive<[u8; 32]>) -> String {
        Self::sign_text(&self.text(), signing)
    }

    /// The same of a text that [`Certificate::text`] gave earlier: signed when what it says is done.
    pub fn sign_text(text: &str, signing: &Sensitive<[u8; 32]>) -> String {
        sign(DOMAIN, text, signing)
    }

    /// What a destruction that is under way will certify, with the last event it goes by: signed under a domain of its own, so that it
    /// is no certificate.
    pub fn draft(&self, signing: &Sensitive<[u8; 32]>) -> String {
        let event = Event::BureauWoundDown(Box::new(self.record.clone()));
        sign(DRAFT_DOMAIN, &format!("{}record: {}\n", self.text(), hex(&event.to_bytes())), signing)
    }
}

fn sign(domain: &str, text: &str, signing: &Sensitive<[u8; 32]>) -> String {
    let key = SecretKey::new(signing.clone());
    let signature = key.sign(domain, text.as_bytes());
    format!("{text}signed: {} {}\n", key.public(), hex(&signature.0))
}

/// The way of ending that a certificate's text tells, by its code.
pub fn way_of(text: &str) -> Option<&str> {
    let ended = text.lines().find_map(|line| line.strip_prefix("ended: "))?;
    ended.split_once(" by ")?.1.split(',').next()
}

/// Opens a draft that [`Certificate::draft`] signed with `key`: gives the text to certify.
///
/// # Errors
/// What is wrong with it.
pub fn open_draft(signed: &str, key: PublicKey) -> Result<&str, &'static str> {
    let text = open_signed(DRAFT_DOMAIN, signed, key)?;
    let none = "the draft names no end of a bureau by destruction";
    let split = text.trim_end().rfind("\nrecord: ").ok_or(none)?;
    let (text, record) = text.split_at(split + 1);
    let record = record.trim_end().strip_prefix("record: ").and_then(unhex).ok_or(none)?;
    match Event::from_bytes(&record) {
        Ok(Event::BureauWoundDown(record)) if record.end.way == WindDownWay::Destroy => {
            let decision = format!(" by {}, decision {}", record.end.way, hex(&record.proposal.0));
            let named = text.lines().any(|line| line.starts_with("ended: ") && line.ends_with(&decision));
            if named { Ok(text) } else { Err(none) }
        }
        _ => Err(none),
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| match pair {
        [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

/// Opens a signed certificate: gives its text if the holder of `key` signed it.
///
/// # Errors
/// What is wrong with it.
pub fn open_certificate(signed: &str, key: PublicKey) -> Result<&str, &'static str> {
    open_signed(DOMAIN, signed, key)
}

fn open_signed<'a>(domain: &str, signed: &'a str, key: PublicKey) -> Result<&'a str, &'static str> {
    let split = signed.trim_end().rfind("\nsigned: ").ok_or("the certificate has no signature")?;
    let (text, last) = signed.split_at(split + 1);
    let (_, signature) = last.trim_end().rsplit_once(' ').ok_or("the certificate has no signature")?;
    let signature = unhex(signature).and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
    let signature = signature.ok_or("the certificate's signature is no hex of 64 bytes")?;
    if key.has_signed(domain, text.as_bytes(), &Signature(signature)) {
        Ok(text)
    } else {
        Err("the certificate is not signed by this key")
    }
}

/// SHA-256 of what `read` gives, and its length.
///
/// # Errors
/// Those of `read`.
pub fn hash_of(mut read: impl std::io::Read) -> std::io::Result<(u64, [u8; 32])> {
    let mut hasher = Sha256::new();
    let bytes = std::io::copy(&mut read, &mut hasher)?;
    Ok((bytes, hasher.finalize().into()))
}
