//! Signed size and root of a log: C2SP tlog-checkpoint in a C2SP signed-note, signed with Ed25519.
//!
//! Start at [`CheckpointSigner::sign`] and [`CheckpointVerifier::open`]; the latter is the only way here from a note to a
//! [`Checkpoint`], so what it returns was signed. Refused: extension lines (C2SP advises against them, and nobody would
//! read what the signature then covers), keys of small order, signatures that only cofactored verification would accept.
//! The crate `signed_note` parses and writes the note; keys and signatures are handled here, for strict verification.

use std::{fmt, str::FromStr};

use ed25519_dalek::{Signer as _, SigningKey};
use signed_note::{Note, NoteError, VerificationError};

use crate::{
    hash::Hash,
    key::{ED25519, NoteKey, check_name},
    text::decimal,
};

/// Bytes of a signed note. C2SP asks verifiers to take 16 signatures at least, and names 5 kB for a post-quantum one.
pub const NOTE_BYTES_MAX: usize = 128 * 1024;

/// Bytes of an origin, which is also the name of the log's key.
pub const ORIGIN_BYTES_MAX: usize = 255;

/// What the log was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the log, as a URL without scheme: `bureau.example/log`. Also the name of the key that signs.
    pub origin: String,
    /// Entries in the log.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed: origin, size and root, a line each.
    #[must_use]
    pub fn to_note_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root.to_base64())
    }

    /// Reads what [`Checkpoint::to_note_text`] writes, and only that. Says nothing of who signed it.
    pub fn from_note_text(text: &str) -> Result<Self, CheckpointError> {
        let malformed = |line, expected| CheckpointError::Malformed { line, expected };
        let (origin, rest) = text.split_once('\n').ok_or(malformed(1, "an origin"))?;
        check_name(origin)?;
        let (size, rest) = rest.split_once('\n').ok_or(malformed(2, "a size"))?;
        let size = decimal(size).ok_or(malformed(2, "a size in decimal without leading zeros"))?;
        let (root, rest) = rest.split_once('\n').ok_or(malformed(3, "a root"))?;
        let root = Hash::from_base64(root).map_err(|_| malformed(3, "a root in base64 of 32 bytes"))?;
        if !rest.is_empty() {
            return Err(CheckpointError::ExtensionLines);
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }
}

/// Why a checkpoint, a note or a key was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The origin can't name a key.
    #[error("bad origin: expected 1 to {ORIGIN_BYTES_MAX} bytes without spaces, plus signs and control characters")]
    BadOrigin,
    /// Not a verifier key of this kind.
    #[error("bad verifier key: expected {expected}")]
    BadKey {
        /// What a good one has.
        expected: &'static str,
    },
    /// More bytes than a signed note may have.
    #[error("signed note too long: expected `{NOTE_BYTES_MAX}` bytes at most, found `{found}`")]
    TooLong {
        /// Bytes.
        found: usize,
    },
    /// Not in the form of C2SP signed-note.
    #[error("not a signed note: expected a text, an empty line and signature lines")]
    NotANote,
    /// A line of the note text is not what a checkpoint has there.
    #[error("checkpoint line {line}: expected {expected}")]
    Malformed {
        /// From 1.
        line: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// The note text goes on after the root.
    #[error("checkpoint line 4: expected the end of the text; extension lines are not accepted")]
    ExtensionLines,
    /// No signature by the trusted key.
    #[error("the note is not signed by key `{key}`")]
    NotSigned {
        /// Name and id.
        key: String,
    },
    /// A signature that claims the trusted key does not verify.
    #[error("the note's signature by key `{key}` does not verify")]
    BadSignature {
        /// Name and id.
        key: String,
    },
    /// The checkpoint is of another log than its key.
    #[error("checkpoint of another log: expected origin `{expected}`, found `{found}`")]
    WrongOrigin {
        /// The key's name.
        expected: String,
        /// In the checkpoint.
        found: String,
    },
}

/// Signs the checkpoints of one log. Keep one per log: a log whose key signs two histories can't be trusted again.
pub struct CheckpointSigner {
    key: SigningKey,
    public: CheckpointVerifier,
}

impl CheckpointSigner {
    /// For the log `origin`, from the 32-byte seed (RFC 8032 private key).
    pub fn new(origin: &str, seed: &[u8; 32]) -> Result<Self, CheckpointError> {
        let key = SigningKey::from_bytes(seed);
        let public = CheckpointVerifier(NoteKey::new(ED25519, origin, key.verifying_key())?);
        Ok(Self { key, public })
    }

    /// Names the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.public.0.name
    }

    /// A checkpoint of this log, to be signed.
    #[must_use]
    pub fn checkpoint(&self, size: u64, root: Hash) -> Checkpoint {
        Checkpoint { origin: self.origin().to_owned(), size, root }
    }

    /// The signed note. Refuses a checkpoint of another log.
    ///
    /// Sign only what is durable and extends everything signed before: the signature can't be taken back.
    pub fn sign(&self, checkpoint: &Checkpoint) -> Result<String, CheckpointError> {
        self.public.check_names(checkpoint)?;
        Self::sign_text(&checkpoint.to_note_text(), &[self])
    }

    /// The signed note with the signature of the key that comes next beside this one's: whoever knows one of them can open it.
    pub fn sign_with(&self, next: &Self, checkpoint: &Checkpoint) -> Result<String, CheckpointError> {
        self.public.check_names(checkpoint)?;
        next.public.check_names(checkpoint)?;
        Self::sign_text(&checkpoint.to_note_text(), &[self, next])
    }

    /// A note of this text, signed by each of these. Of the log's own kinds of text alone: checkpoints, and what is said of its keys.
    pub(crate) fn sign_text(text: &str, signers: &[&Self]) -> Result<String, CheckpointError> {
        let mut note = Note::new(text.as_bytes(), &[]).map_err(|_| CheckpointError::NotANote)?;
        for signer in signers {
            note.add_sigs(&[&SigningName(signer)]).map_err(|_| CheckpointError::NotANote)?;
        }
        String::from_utf8(note.to_bytes()).map_err(|_| CheckpointError::NotANote)
    }

    /// The public key to hand to those who verify: `name+hash+base64`, C2SP's encoding of verifier keys.
    #[must_use]
    pub fn verifier_key(&self) -> String {
        self.public.to_string()
    }

    /// Opens notes of this log.
    #[must_use]
    pub fn verifier(&self) -> &CheckpointVerifier {
        &self.public
    }
}

impl fmt::Debug for CheckpointSigner {
    /// Without the seed.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("CheckpointSigner").field(&self.verifier_key()).finish()
    }
}

/// What `signed_note` signs with. Private, so that the log's key signs nothing but checkpoints and what is said of its keys.
struct SigningName<'a>(&'a CheckpointSigner);

impl signed_note::Signer for SigningName<'_> {
    fn name(&self) -> &str {
        &self.0.public.0.name
    }

    fn key_id(&self) -> u32 {
        self.0.public.0.id
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, ed25519_dalek::SignatureError> {
        Ok(self.0.key.try_sign(text)?.to_vec())
    }
}

/// The public key of one log: opens its notes.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckpointVerifier(NoteKey);

impl CheckpointVerifier {
    /// The key's name, which is the origin of the checkpoints it signs.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0.name
    }

    /// Gives the checkpoint in `note` if this key signed it and it is of this key's log.
    ///
    /// Signatures by other keys are ignored; one that claims this key and does not verify refuses the note.
    pub fn open(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        let checkpoint = checkpoint_of(&self.verified(note)?)?;
        self.check_names(&checkpoint)?;
        Ok(checkpoint)
    }

    /// The text of a note that this key signed.
    pub(crate) fn open_text(&self, note: &str) -> Result<String, CheckpointError> {
        String::from_utf8(self.verified(note)?.text().to_vec()).map_err(|_| CheckpointError::NotANote)
    }

    /// The key itself, 32 bytes.
    #[must_use]
    pub fn key_bytes(&self) -> [u8; 32] {
        self.0.bytes()
    }

    fn verified(&self, note: &str) -> Result<Note, CheckpointError> {
        let note = parse_note(note)?;
        note.verify(&TrustedName(self)).map_err(|error| match error {
            NoteError::InvalidSignature { .. } => CheckpointError::BadSignature { key: self.0.label() },
            NoteError::UnverifiedNote => CheckpointError::NotSigned { key: self.0.label() },
            _ => CheckpointError::NotANote,
        })?;
        Ok(note)
    }

    fn check_names(&self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        if checkpoint.origin == self.0.name {
            return Ok(());
        }
        Err(CheckpointError::WrongOrigin { expected: self.0.name.clone(), found: checkpoint.origin.clone() })
    }
}

impl FromStr for CheckpointVerifier {
    type Err = CheckpointError;

    /// Reads `name+hash+base64`: the hash in lower-case hex and that of this name and key, the key Ed25519.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        NoteKey::parse(ED25519, text).map(Self)
    }
}

impl fmt::Display for CheckpointVerifier {
    /// `name+hash+base64`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl fmt::Debug for CheckpointVerifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("CheckpointVerifier").field(&self.to_string()).finish()
    }
}

/// The one key that `signed_note` knows when it opens a note.
struct TrustedName<'a>(&'a CheckpointVerifier);

impl signed_note::Verifiers for TrustedName<'_> {
    fn verifier(&self, name: &str, id: u32) -> Result<&dyn signed_note::Verifier, VerificationError> {
        if name == self.0.0.name && id == self.0.0.id {
            Ok(self)
        } else {
            Err(VerificationError::UnknownKey { name: name.to_owned(), id })
        }
    }
}

impl signed_note::Verifier for TrustedName<'_> {
    fn name(&self) -> &str {
        &self.0.0.name
    }

    fn key_id(&self) -> u32 {
        self.0.0.id
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        self.0.0.verifies(text, signature)
    }
}

/// Refuses a note that is no checkpoint in form. Does not look at its signatures.
pub(crate) fn check_form(note: &str) -> Result<(), CheckpointError> {
    checkpoint_of(&parse_note(note)?).map(drop)
}

/// The text of a note that has the form of a checkpoint, whoever signed it.
pub(crate) fn note_text(note: &str) -> Result<&str, CheckpointError> {
    check_form(note)?;
    // A note's last empty line is where its text ends.
    let end = note.rfind("\n\n").ok_or(CheckpointError::NotANote)?;
    note.get(..=end).ok_or(CheckpointError::NotANote)
}

fn parse_note(note: &str) -> Result<Note, CheckpointError> {
    if note.len() > NOTE_BYTES_MAX {
        return Err(CheckpointError::TooLong { found: note.len() });
    }
    Note::from_bytes(note.as_bytes()).map_err(|_| CheckpointError::NotANote)
}

fn checkpoint_of(note: &Note) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::from_note_text(str::from_utf8(note.text()).map_err(|_| CheckpointError::NotANote)?)
}
