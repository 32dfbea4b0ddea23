//! The public keys that sign notes, in C2SP's text form `name+hash+base64`: a signature type and an Ed25519 key, under a name.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::VerifyingKey;

use crate::checkpoint::{CheckpointError, ORIGIN_BYTES_MAX};

/// C2SP signature type of a log that signs its own checkpoints.
pub(crate) const ED25519: u8 = 0x01;

/// C2SP signature type of a witness's timed cosignature.
pub(crate) const COSIGNATURE: u8 = 0x04;

/// Characters of an encoded key after its name: plus, 8 hex digits, plus, base64 of 33 bytes.
const TAIL: usize = 1 + 8 + 1 + 44;

/// A key of one signature type.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct NoteKey {
    pub(crate) name: String,
    /// First 4 bytes of SHA-256 over name and key: tells keys apart, proves nothing.
    pub(crate) id: u32,
    pub(crate) key: VerifyingKey,
    kind: u8,
}

impl NoteKey {
    pub(crate) fn new(kind: u8, name: &str, key: VerifyingKey) -> Result<Self, CheckpointError> {
        check_name(name)?;
        if key.is_weak() {
            return Err(CheckpointError::BadKey { expected: "a key that is not of small order" });
        }
        Ok(Self { name: name.to_owned(), id: signed_note::key_id(name, &typed(kind, &key)), key, kind })
    }

    /// Reads `name+hash+base64`: the hash in lower-case hex and that of this name and key, the key of type `kind`.
    pub(crate) fn parse(kind: u8, text: &str) -> Result<Self, CheckpointError> {
        let bad = |expected| CheckpointError::BadKey { expected };
        if text.len() > ORIGIN_BYTES_MAX + TAIL {
            return Err(bad("no more bytes than a name, a hash and an Ed25519 key have"));
        }
        // From the left: base64 has plus signs of its own, a name has none.
        let (name, rest) = text.split_once('+').ok_or(bad("`name+hash+base64`"))?;
        let (id, encoded) = rest.split_once('+').ok_or(bad("`name+hash+base64`"))?;
        let decoded = BASE64_STANDARD.decode(encoded).map_err(|_| bad("the key in base64"))?;
        let key = match decoded.split_first() {
            Some((found, key)) if *found == kind => {
                <&[u8; 32]>::try_from(key).map_err(|_| bad("an Ed25519 key of 32 bytes"))?
            }
            _ if kind == COSIGNATURE => return Err(bad("the key type 4, a witness's")),
            _ => return Err(bad("the key type 1, Ed25519")),
        };
        let key = VerifyingKey::from_bytes(key).map_err(|_| bad("a point of the Ed25519 curve"))?;
        let key = Self::new(kind, name, key)?;
        // A wrong hash says that name or key was mistyped.
        if format!("{:08x}", key.id) != id {
            return Err(bad("the hash of this name and key, in lower-case hex"));
        }
        Ok(key)
    }

    /// Name and id, as signature lines claim them.
    pub(crate) fn label(&self) -> String {
        format!("{}+{:08x}", self.name, self.id)
    }
}

impl fmt::Display for NoteKey {
    /// `name+hash+base64`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}+{:08x}+{}", self.name, self.id, BASE64_STANDARD.encode(typed(self.kind, &self.key)))
    }
}

/// A name stands in a note's text and signature lines, so the rules for both hold.
pub(crate) fn check_name(name: &str) -> Result<(), CheckpointError> {
    let fits = name.len() <= ORIGIN_BYTES_MAX && !name.contains(char::is_control);
    if fits && signed_note::is_key_name_valid(name) { Ok(()) } else { Err(CheckpointError::BadOrigin) }
}

/// The key as C2SP hashes and encodes it: signature type, then the 32 bytes of RFC 8032.
fn typed(kind: u8, key: &VerifyingKey) -> Vec<u8> {
    [&[kind][..], key.as_bytes()].concat()
}
