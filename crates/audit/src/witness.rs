//! What a witness does: C2SP tlog-witness. It remembers the last checkpoint it cosigned of a log, and cosigns another only when
//! shown that it extends that one.
//!
//! Pure: whoever keeps the state must make the new checkpoint durable before the cosignature leaves, and let nobody between.
//! Start at [`Witness::add_checkpoint`].

use crate::{
    checkpoint::{Checkpoint, CheckpointError, NOTE_BYTES_MAX, note_text},
    cosignature::WitnessSigner,
    hash::Hash,
    log_keys::{LogKeys, OpensCheckpoints as _},
    proof::ConsistencyProof,
    text::decimal,
    verify::{ProofError, verify_consistency},
};

/// Hashes in a consistency proof of a request, as tlog-witness limits them.
const PROOF_HASHES_MAX: usize = 63;

/// Bytes of a request: a line for the old size, a line for each hash, an empty line and the note.
pub const REQUEST_BYTES_MAX: usize = 32 + PROOF_HASHES_MAX * 45 + 1 + NOTE_BYTES_MAX;

/// The body of `add-checkpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size the witness is thought to have cosigned last; 0 if none.
    pub old: u64,
    /// From there to the checkpoint's size.
    pub proof: ConsistencyProof,
    /// The signed note.
    pub note: String,
}

impl AddCheckpoint {
    /// As it is sent.
    #[must_use]
    pub fn to_text(&self) -> String {
        let hashes: String = self.proof.hashes.iter().map(|hash| hash.to_base64() + "\n").collect();
        format!("old {}\n{hashes}\n{}", self.old, self.note)
    }

    /// Reads a request's body.
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        let malformed = |what| move || Refusal::Malformed(what);
        if bytes.len() > REQUEST_BYTES_MAX {
            return Err(Refusal::Malformed("no more bytes than a proof and a note have"));
        }
        let text = str::from_utf8(bytes).map_err(|_| Refusal::Malformed("UTF-8 text"))?;
        let (head, note) = text.split_once("\n\n").ok_or_else(malformed("an empty line before the checkpoint"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal);
        let old = old.ok_or_else(malformed("`old` and a size in decimal"))?;
        let mut hashes = Vec::new();
        for line in lines {
            if hashes.len() == PROOF_HASHES_MAX {
                return Err(Refusal::Malformed("63 hashes at most"));
            }
            hashes.push(Hash::from_base64(line).map_err(|_| Refusal::Malformed("a hash in base64"))?);
        }
        Ok(Self { old, proof: ConsistencyProof { hashes }, note: note.to_owned() })
    }
}

/// Why a witness does not cosign. The status codes are tlog-witness's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request is not in its form.
    #[error("request: expected {0}")]
    Malformed(&'static str),
    /// A log the witness does not follow.
    #[error("checkpoint of a log that is not followed here")]
    UnknownLog,
    /// The log has not signed it.
    #[error(transparent)]
    Unsigned(CheckpointError),
    /// The old size is larger than the checkpoint's.
    #[error("the old size is larger than the checkpoint's")]
    Backwards,
    /// The witness has cosigned another size last.
    #[error("the checkpoint cosigned last has size {0}")]
    OtherSize(u64),
    /// Two checkpoints of one size with different roots: the log shows different histories.
    #[error("the log signed another root for size {0} before: it has forked")]
    Forked(u64),
    /// The log does not begin with what was cosigned last: it was rewritten, or the proof is bad.
    #[error("the checkpoint does not extend the one cosigned last: {0}")]
    Inconsistent(ProofError),
}

impl Refusal {
    /// The status code of the answer.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::Backwards => 400,
            Self::Unsigned(_) => 403,
            Self::UnknownLog => 404,
            Self::OtherSize(_) | Self::Forked(_) => 409,
            Self::Inconsistent(_) => 422,
        }
    }
}

/// What comes of a request that is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// To be remembered as the last, durably, before the line is given away.
    pub checkpoint: Checkpoint,
    /// The signature line, without its newline.
    pub line: String,
}

/// A witness of one log.
#[derive(Debug)]
pub struct Witness {
    signer: WitnessSigner,
    log: LogKeys,
}

impl Witness {
    /// That cosigns checkpoints of the log with these keys.
    #[must_use]
    pub const fn new(signer: WitnessSigner, log: LogKeys) -> Self {
        Self { signer, log }
    }

    /// The log that is followed.
    #[must_use]
    pub const fn log(&self) -> &LogKeys {
        &self.log
    }

    /// The key to check its cosignatures with.
    #[must_use]
    pub const fn signer(&self) -> &WitnessSigner {
        &self.signer
    }

    /// Cosigns the request's checkpoint at `seconds` since 1970, if it extends `last`, the checkpoint cosigned last.
    ///
    /// # Errors
    /// [`Refusal`], in the order that tlog-witness asks for.
    pub fn add_checkpoint(
        &self,
        request: &AddCheckpoint,
        last: Option<&Checkpoint>,
        seconds: u64,
    ) -> Result<Cosigned, Refusal> {
        let text = note_text(&request.note).map_err(|_| Refusal::Malformed("a signed checkpoint"))?;
        if text.split('\n').next() != Some(self.log.origin()) {
            return Err(Refusal::UnknownLog);
        }
        let checkpoint = self.log.open(&request.note).map_err(Refusal::Unsigned)?;
        if request.old > checkpoint.size {
            return Err(Refusal::Backwards);
        }
        let (size, root) = last.map_or((0, Hash::EMPTY_ROOT), |last| (last.size, last.root));
        if request.old != size {
            return Err(Refusal::OtherSize(size));
        }
        if checkpoint.size == size && checkpoint.root != root {
            return Err(Refusal::Forked(size));
        }
        verify_consistency(size, &root, checkpoint.size, &checkpoint.root, &request.proof)
            .map_err(Refusal::Inconsistent)?;
        Ok(Cosigned { line: self.signer.cosign(text, seconds), checkpoint })
    }
}
