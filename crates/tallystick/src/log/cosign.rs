//! The bureau's side of its witnesses: asks them to cosign a checkpoint, and holds an answer back until enough have.
//!
//! ```toml
//! [witnesses]
//! required = 2            # so many must have cosigned before an answer leaves
//!
//! [[witnesses.witness]]
//! key = "partner.example/witness+1a2b3c4d+BASE64"
//! url = "https://witness.partner.example"
//! ```

use std::thread;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use tallystick_audit::witness::AddCheckpoint;
use tallystick_audit::{NOTE_BYTES_MAX, WitnessKey, cosigners, with_cosignatures};
use tallystick_operations::Bureau;
use tallystick_operations::bureau::Recorded;

use super::agent;

/// `[witnesses]` of `bureau.toml`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessesToml {
    /// Cosignatures that an answer must have; 0 asks for none to wait for.
    required: usize,
    #[serde(default)]
    witness: Vec<WitnessToml>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WitnessToml {
    key: String,
    url: String,
}

/// Those who watch a bureau.
#[derive(Clone, Debug)]
pub struct Witnesses {
    required: usize,
    all: Vec<(WitnessKey, String)>,
}

impl WitnessesToml {
    /// What it says, if it can be.
    pub fn witnesses(&self) -> Result<Witnesses> {
        let mut all: Vec<(WitnessKey, String)> = Vec::new();
        for witness in &self.witness {
            let key: WitnessKey = witness.key.parse().context("`witnesses.witness.key`")?;
            let is_http = witness.url.starts_with("http://") || witness.url.starts_with("https://");
            ensure!(is_http, "`witnesses.witness.url`: expected a URL that begins with `http://` or `https://`");
            ensure!(all.iter().all(|(other, _)| *other != key), "`witnesses.witness`: `{}` is named twice", key.name());
            all.push((key, witness.url.trim_end_matches('/').to_owned()));
        }
        let (required, count) = (self.required, all.len());
        ensure!(required <= count, "`witnesses.required`: {required} of {count} witnesses can never cosign");
        Ok(Witnesses { required, all })
    }
}

/// Bytes of a witness's answer that are read: some signature lines.
const ANSWER_BYTES_MAX: u64 = NOTE_BYTES_MAX as u64;

/// Has the latest checkpoint cosigned and puts the entry's proof under it: the answer that it belongs to may leave.
/// Without witnesses nothing is asked or changed.
///
/// # Errors
/// If fewer than required cosign. What is recorded stays recorded.
pub fn witnessed(bureau: &Bureau, witnesses: Option<&Witnesses>, recorded: &mut Recorded) -> Result<()> {
    let Some(witnesses) = witnesses.filter(|witnesses| !witnesses.all.is_empty()) else { return Ok(()) };
    let index = recorded.receipt.index;
    let mut receipt = bureau.receipt(index)?.context("an entry that was recorded is not in the log")?;
    let note = receipt.checkpoint.clone();
    let asked: Vec<Result<String>> = thread::scope(|scope| {
        let asking = |(key, url): &(WitnessKey, String)| ask(bureau, key, url, &note);
        let threads: Vec<_> = witnesses.all.iter().map(|one| scope.spawn(move || asking(one))).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.map(|joined| joined.unwrap_or_else(|_| bail!("asking ended early"))).collect()
    });
    let mut failures = Vec::new();
    for (answer, (key, _)) in asked.into_iter().zip(&witnesses.all) {
        match answer.and_then(|lines| Ok(with_cosignatures(&receipt.checkpoint, &lines)?)) {
            Ok(note) => receipt.checkpoint = note,
            Err(error) => failures.push(format!("{}: {error:#}", key.name())),
        }
    }
    let keys: Vec<WitnessKey> = witnesses.all.iter().map(|(key, _)| key.clone()).collect();
    let count = cosigners(&receipt.checkpoint, &keys).len();
    if count < witnesses.required {
        bail!(
            "the answer is on record as entry {index} and stays here: its checkpoint is cosigned by {count} of {} witnesses, {} are required ({})",
            keys.len(),
            witnesses.required,
            failures.join("; ")
        );
    }
    bureau.publish_cosigned(&receipt.checkpoint)?;
    recorded.receipt = receipt;
    Ok(())
}

/// Asks one witness for its cosignature of the note, from whatever size it has cosigned last.
fn ask(bureau: &Bureau, key: &WitnessKey, url: &str, note: &str) -> Result<String> {
    let agent = agent();
    let checkpoint = bureau.checkpoint_of(note)?;
    let mut old = 0;
    for _ in 0..2 {
        ensure!(old <= checkpoint.size, "it has cosigned {old} entries, the log has {}", checkpoint.size);
        let request = AddCheckpoint { old, proof: bureau.consistency(old, checkpoint.size)?, note: note.to_owned() };
        let mut answer = agent.post(format!("{url}/add-checkpoint")).send(request.to_text())?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string()?;
        match status {
            200 => {
                let cosigned = with_cosignatures(note, &body).context("its answer is no cosignature")?;
                ensure!(key.cosigned_at(&cosigned).is_some(), "its cosignature does not verify");
                return Ok(body);
            }
            // It says from where to go on.
            409 => old = body.trim().parse().context("it refused, and did not say what it has cosigned")?,
            status => bail!("it refused with status {status}"),
        }
    }
    bail!("it has cosigned another history of {old} entries, or others ask it too")
}
