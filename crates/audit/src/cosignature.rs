//! What a witness signs: C2SP tlog-cosignature, version 1, with Ed25519.
//!
//! A cosignature says that its key's owner has seen this checkpoint and that it only adds to every one seen before; a time says
//! when. Who asks for cosignatures of several witnesses need not fear that others are shown another log.
//! Start at [`WitnessSigner::cosign`] and [`cosigners`].

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signer as _, SigningKey};

use crate::{
    checkpoint::{CheckpointError, NOTE_BYTES_MAX, note_text},
    key::{COSIGNATURE, NoteKey},
};

/// Bytes of a cosignature: the time in seconds since 1970, big-endian, and an Ed25519 signature.
const COSIGNATURE_BYTES: usize = 8 + 64;

/// A witness's public key.
#[derive(Clone, PartialEq, Eq)]
pub struct WitnessKey(NoteKey);

impl WitnessKey {
    /// The witness's name, as its lines begin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// When this witness cosigned the note, in seconds since 1970; `None` if it has not, or its line does not verify.
    #[must_use]
    pub fn cosigned_at(&self, note: &str) -> Option<u64> {
        let text = note_text(note).ok()?;
        signature_lines(note).filter_map(|line| self.check_line(text, line)).max()
    }

    /// The time in a signature line, if it is a valid cosignature by this key.
    fn check_line(&self, text: &str, line: &str) -> Option<u64> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = BASE64_STANDARD.decode(encoded).ok().filter(|_| name == self.0.name)?;
        let (id, cosignature) = bytes.split_first_chunk::<4>()?;
        let (time, signature) = cosignature.split_first_chunk::<8>()?;
        let time = u64::from_be_bytes(*time);
        let is_valid =
            u32::from_be_bytes(*id) == self.0.id && self.0.verifies(message(time, text).as_bytes(), signature);
        is_valid.then_some(time)
    }
}

impl FromStr for WitnessKey {
    type Err = CheckpointError;

    /// Reads `name+hash+base64` of a key of type 4.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        NoteKey::parse(COSIGNATURE, text).map(Self)
    }
}

impl fmt::Display for WitnessKey {
    /// `name+hash+base64`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("WitnessKey").field(&self.to_string()).finish()
    }
}

/// A witness's secret key. It signs nothing but cosignatures.
pub struct WitnessSigner {
    key: SigningKey,
    public: WitnessKey,
}

impl WitnessSigner {
    /// For the witness `name` (a URL without scheme), from the 32-byte seed (RFC 8032 private key).
    ///
    /// # Errors
    /// [`CheckpointError::BadOrigin`] if `name` can't name a key.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, CheckpointError> {
        let key = SigningKey::from_bytes(seed);
        let public = WitnessKey(NoteKey::new(COSIGNATURE, name, key.verifying_key())?);
        Ok(Self { key, public })
    }

    /// The public key to hand to those who verify.
    #[must_use]
    pub const fn public(&self) -> &WitnessKey {
        &self.public
    }

    /// The signature line for a note's text, at `seconds` since 1970, without its newline. Cosign only what extends all that was
    /// cosigned before: [`witness`](crate::witness) sees to it.
    #[must_use]
    pub(crate) fn cosign(&self, text: &str, seconds: u64) -> String {
        let signature = self.key.sign(message(seconds, text).as_bytes()).to_bytes();
        let bytes = [&self.public.0.id.to_be_bytes()[..], &seconds.to_be_bytes(), &signature].concat();
        format!("— {} {}", self.public.name(), BASE64_STANDARD.encode(bytes))
    }
}

impl fmt::Debug for WitnessSigner {
    /// Without the seed.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("WitnessSigner").field(&self.public.to_string()).finish()
    }
}

/// Of `witnesses`, those that have cosigned the note. Says nothing of the log's own signature.
#[must_use]
pub fn cosigners<'w>(note: &str, witnesses: &'w [WitnessKey]) -> Vec<&'w WitnessKey> {
    witnesses.iter().filter(|witness| witness.cosigned_at(note).is_some()).collect()
}

/// The note with further signature lines, for instance as a witness answered. Lines it has already are not added again.
///
/// # Errors
/// [`CheckpointError::NotANote`] if a line is no signature line or the note no checkpoint; [`CheckpointError::TooLong`].
pub fn with_cosignatures(note: &str, lines: &str) -> Result<String, CheckpointError> {
    note_text(note)?;
    let mut note = note.to_owned();
    for line in lines.lines() {
        let encoded = line.strip_prefix("— ").and_then(|line| Some(line.split_once(' ')?.1));
        let bytes = encoded.and_then(|encoded| BASE64_STANDARD.decode(encoded).ok());
        if bytes.is_none_or(|bytes| bytes.len() != 4 + COSIGNATURE_BYTES) {
            return Err(CheckpointError::NotANote);
        }
        if !signature_lines(&note).any(|there| there == line) {
            note.push_str(line);
            note.push('\n');
        }
    }
    if note.len() > NOTE_BYTES_MAX {
        return Err(CheckpointError::TooLong { found: note.len() });
    }
    note_text(&note)?;
    Ok(note)
}

/// The lines after a note's text.
fn signature_lines(note: &str) -> impl Iterator<Item = &str> {
    note.rsplit_once("\n\n").map_or("", |(_, lines)| lines).lines()
}

/// What is signed: a header with the time, then the checkpoint.
fn message(seconds: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}
