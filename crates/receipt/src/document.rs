//! The text of a receipt, and what it proves.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tallystick_audit::{
    CheckpointError, OpensCheckpoints, Receipt, ReceiptError, WitnessKey, cosigners, verify_receipt,
};
use tallystick_model::canonical::DecodeError;
use tallystick_model::event::{Entry, Event, EventKind, Salt, commitment};
use tallystick_model::{Canonical, Timestamp};
use thiserror::Error;

/// First line of every receipt.
pub const HEADER: &str = "tallystick receipt 1";

/// Bytes of the longest receipt that the program reads and writes: an event of three megabytes in base64, and its proof.
pub const DOCUMENT_BYTES_MAX: usize = 4 << 20;

/// A receipt, in parts. It has proved nothing yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    event: Vec<u8>,
    salt: Salt,
    /// Its extra data is the entry.
    proof: Receipt,
}

/// Who must have cosigned the checkpoint, beside the log itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Witnesses<'a> {
    /// The witnesses that the reader trusts.
    pub keys: &'a [WitnessKey],
    /// How many of them must have cosigned; 0 asks for none. The same key given twice counts once.
    pub quorum: usize,
}

/// What a receipt has proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What was recorded.
    pub event: Event,
    /// What kind of thing it is.
    pub kind: EventKind,
    /// When it was recorded.
    pub at: Timestamp,
    /// Name of the log.
    pub origin: String,
    /// Place of the entry in the log, from 0.
    pub index: u64,
    /// Entries in the log that the checkpoint signs.
    pub size: u64,
    /// Names of those of the reader's witnesses that have cosigned it.
    pub cosigners: Vec<String>,
}

/// Why a receipt proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// More bytes than the reader takes.
    #[error("receipt too long: expected `{limit}` bytes at most, found `{found}`")]
    TooLong {
        /// What the reader takes.
        limit: usize,
        /// Bytes of the text.
        found: usize,
    },
    /// The text is none of a receipt.
    #[error("receipt: expected {0}")]
    Form(&'static str),
    /// The proof is malformed.
    #[error("receipt: {0}")]
    ProofForm(ReceiptError),
    /// The checkpoint is not signed by this key, or is of another log.
    #[error("not signed: {0}")]
    NotSigned(CheckpointError),
    /// The entry is not in the log that the checkpoint signs.
    #[error("not in the log: {0}")]
    NotInLog(ReceiptError),
    /// The event is not the one that was logged.
    #[error("the entry does not commit to this event")]
    OtherEvent,
    /// The event can't be read: it is of a later version of the program, or the bureau recorded nonsense.
    #[error("the event can't be read: {0}")]
    Event(DecodeError),
    /// The entry says that another kind of thing happened than the event.
    #[error("the entry and the event are of two kinds")]
    OtherKind,
    /// The key that signed it is known to be somebody else's too, and no witness has cosigned: anybody may have made it.
    #[error(
        "signed by a key that is compromised since {since}, and cosigned by no witness: it proves nothing any more"
    )]
    CompromisedKey {
        /// A date, or in words.
        since: String,
    },
    /// Fewer of the reader's witnesses have cosigned than were asked for.
    #[error("too few witnesses: expected `{quorum}`, found `{found}`")]
    TooFewWitnesses {
        /// Asked for.
        quorum: usize,
        /// Have cosigned.
        found: usize,
    },
}

impl Fault {
    /// A stable code, the same as the web page gives.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } | Self::Form(_) | Self::ProofForm(_) => "form",
            Self::NotSigned(_) => "not_signed",
            Self::NotInLog(_) => "not_in_log",
            Self::OtherEvent => "other_event",
            Self::Event(_) => "event",
            Self::OtherKind => "other_kind",
            Self::TooFewWitnesses { .. } => "too_few_witnesses",
            Self::CompromisedKey { .. } => "compromised_key",
        }
    }
}

impl Document {
    /// The receipt of an event: its canonical bytes, the salt beside it, its entry, and the proof that the entry is in the log.
    pub fn new(event: Vec<u8>, salt: Salt, entry: &Entry, mut proof: Receipt) -> Self {
        proof.extra = Some(entry.to_bytes());
        Self { event, salt, proof }
    }

    /// Its text.
    pub fn to_text(&self) -> String {
        let (event, salt) = (BASE64_STANDARD.encode(&self.event), BASE64_STANDARD.encode(self.salt));
        format!("{HEADER}\nevent {event}\nsalt {salt}\n{}", self.proof.to_text())
    }

    /// Reads a text of at most `limit` bytes; looks at its form only. A receipt has one text.
    ///
    /// # Errors
    /// [`Fault::TooLong`], [`Fault::Form`], [`Fault::ProofForm`].
    pub fn parse(text: &[u8], limit: usize) -> Result<Self, Fault> {
        if text.len() > limit {
            return Err(Fault::TooLong { limit, found: text.len() });
        }
        let rest = text.strip_prefix(HEADER.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n"));
        let rest = rest.ok_or(Fault::Form("the first line `tallystick receipt 1`"))?;
        let (event, rest) = line(rest, b"event ").ok_or(Fault::Form("a line `event` with the event in base64"))?;
        let (salt, rest) = line(rest, b"salt ").ok_or(Fault::Form("a line `salt` with the salt in base64"))?;
        let salt = Salt::try_from(salt.as_slice()).map_err(|_| Fault::Form("a salt of 16 bytes"))?;
        let proof = Receipt::from_bytes(rest).map_err(Fault::ProofForm)?;
        if proof.extra.is_none() {
            return Err(Fault::Form("a line `extra` with the entry in base64"));
        }
        Ok(Self { event, salt, proof })
    }

    /// The proof that the entry is in the log: a C2SP tlog-proof that other tools read.
    pub const fn proof(&self) -> &Receipt {
        &self.proof
    }

    /// What the receipt proves to whoever trusts the log's `key`, or all its keys, and the witnesses if a quorum of them is asked for.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn check(&self, key: &impl OpensCheckpoints, witnesses: Witnesses<'_>) -> Result<Checked, Fault> {
        let entry = self.proof.extra.as_deref().unwrap_or_default();
        let checkpoint = verify_receipt(entry, &self.proof, key).map_err(|error| match error {
            ReceiptError::Checkpoint(error) => Fault::NotSigned(error),
            error => Fault::NotInLog(error),
        })?;
        let entry = Entry::from_bytes(entry).map_err(Fault::Event)?;
        if commitment(&self.salt, &self.event) != entry.commitment {
            return Err(Fault::OtherEvent);
        }
        let event = Event::from_bytes(&self.event).map_err(Fault::Event)?;
        if event.kind() != entry.kind {
            return Err(Fault::OtherKind);
        }
        let mut cosigned: Vec<&WitnessKey> = Vec::new();
        for witness in cosigners(&self.proof.checkpoint, witnesses.keys) {
            if !cosigned.contains(&witness) {
                cosigned.push(witness);
            }
        }
        if cosigned.len() < witnesses.quorum {
            return Err(Fault::TooFewWitnesses { quorum: witnesses.quorum, found: cosigned.len() });
        }
        Ok(Checked {
            event,
            kind: entry.kind,
            at: entry.at,
            origin: checkpoint.origin,
            index: self.proof.index,
            size: checkpoint.size,
            cosigners: cosigned.into_iter().map(|witness| witness.name().to_owned()).collect(),
        })
    }
}

/// The bytes of the first line, which begins so, and what comes after it.
fn line<'t>(text: &'t [u8], begins: &[u8]) -> Option<(Vec<u8>, &'t [u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = text.split_at_checked(end)?;
    let bytes = BASE64_STANDARD.decode(line.strip_prefix(begins)?).ok().filter(|bytes| !bytes.is_empty())?;
    Some((bytes, rest.strip_prefix(b"\n")?))
}
