//! The public keys that sign notes, in C2SP's text form `name+hash+base64`: a signature type and an Ed25519 key, under a name.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};

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
    key: VerifyingKey,
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

    /// Whether `signature` is this key's over `message`. Strict: every verifier agrees on what is valid, and nothing of small order
    /// takes part.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }

    /// The key itself.
    pub(crate) fn bytes(&self) -> [u8; 32] {
        self.key.to_bytes()
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The edge cases of C2SP's CCTV. RFC 8032 demands that points in another encoding be refused, and leaves the rest open. We
    /// refuse besides: keys and commitments of small order (such a key signs anything), and what only multiplying by the cofactor would make
    /// equal (verifiers would not agree). A component of small order that cancels out is accepted, as it must be.
    #[test]
    fn edge_cases_of_ed25519_are_refused_but_for_components_that_cancel_out() {
        let path =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/vectors/cctv_ed25519/ed25519vectors.json");
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("SKIPPED cctv_ed25519: no file {path}");
            return;
        };
        let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
        let (mut accepted, mut refused) = (0, 0);
        for case in &cases {
            let text = |name: &str| case[name].as_str().unwrap();
            let flags: Vec<&str> =
                case["flags"].as_array().into_iter().flatten().map(|flag| flag.as_str().unwrap()).collect();
            let key = <[u8; 32]>::try_from(hex::decode(text("key")).unwrap()).unwrap();
            let key = VerifyingKey::from_bytes(&key).ok();
            let key = key.and_then(|key| NoteKey::new(ED25519, "edge.example", key).ok());
            let signature = hex::decode(text("sig")).unwrap();
            let found = key.is_some_and(|key| key.verifies(text("msg").as_bytes(), &signature));
            let expected = flags.iter().all(|flag| flag.starts_with("low_order_component"));
            assert_eq!(found, expected, "case {}: {flags:?}", case["number"]);
            if found { accepted += 1 } else { refused += 1 }
        }
        assert_eq!((accepted, refused), (43, 871));
    }
}
