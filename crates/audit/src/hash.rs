//! The hashes of the RFC 6962 tree (section 2.1): leaves and nodes are told apart by their first byte, so neither
//! can be passed off as the other.

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

/// Base64 characters of 32 bytes, padding included.
const BASE64_CHARS: usize = 44;

/// A SHA-256 hash: of an entry, of a subtree, or of the whole log. Shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Root of a log without entries: SHA-256 of nothing.
    pub const EMPTY_ROOT: Self = Self([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae,
        0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ]);

    /// Standard base64 with padding (44 characters), as checkpoints and receipts carry it.
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64_STANDARD.encode(self.0)
    }

    /// Reads what [`Hash::to_base64`] writes, and only that: one text for one hash.
    pub fn from_base64(text: &str) -> Result<Self, BadHash> {
        if text.len() != BASE64_CHARS {
            return Err(BadHash);
        }
        let bytes = BASE64_STANDARD.decode(text).map_err(|_| BadHash)?;
        Self::try_from(bytes.as_slice())
    }
}

/// Hash of a leaf: SHA-256(0x00 || entry).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0x00]).chain_update(entry).finalize().into())
}

/// Hash of a leaf whose entry is `parts`, one after the other.
#[must_use]
pub fn leaf_hash_of(parts: &[&[u8]]) -> Hash {
    let hasher = parts.iter().fold(Sha256::new().chain_update([0x00]), |hasher, part| hasher.chain_update(part));
    Hash(hasher.finalize().into())
}

/// Hash of an inner node: SHA-256(0x01 || left || right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new().chain_update([0x01]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// Bytes or text that are not a SHA-256 hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 hash: expected 32 bytes, 64 hex digits or 44 base64 characters")]
pub struct BadHash;

impl TryFrom<&[u8]> for Hash {
    type Error = BadHash;

    fn try_from(bytes: &[u8]) -> Result<Self, BadHash> {
        bytes.try_into().map(Self).map_err(|_| BadHash)
    }
}

impl FromStr for Hash {
    type Err = BadHash;

    /// Reads 64 hex digits of either case.
    fn from_str(text: &str) -> Result<Self, BadHash> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BadHash)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_prefixed_by_their_kind() {
        assert_eq!(Hash(Sha256::digest(b"").into()), Hash::EMPTY_ROOT);
        // The leaf hash of an empty entry, as printed in the CT test vectors.
        assert_eq!(leaf_hash(b"").to_string(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        assert_eq!(leaf_hash_of(&[b"one", b"", b"two"]), leaf_hash(b"onetwo"));
        let pair = [&[1u8][..], &[0xaa; 32], &[0xbb; 32]].concat();
        assert_eq!(node_hash(&Hash([0xaa; 32]), &Hash([0xbb; 32])), Hash(Sha256::digest(pair).into()));
    }

    #[test]
    fn texts_read_back_and_others_are_refused() {
        let hash = leaf_hash(b"x");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(format!("{hash:?}"), hash.to_string());
        assert_eq!(Hash::from_base64(&hash.to_base64()), Ok(hash));
        assert_eq!("ab".parse::<Hash>(), Err(BadHash));
        assert_eq!(Hash::from_base64(""), Err(BadHash));
        // 33 bytes fill 44 characters too, without padding.
        assert_eq!(Hash::from_base64(&BASE64_STANDARD.encode([1; 33])), Err(BadHash));
        // Unused low bits set before the padding: a second text for the same 32 bytes.
        assert_eq!(Hash::from_base64("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB="), Err(BadHash));
        assert_eq!(Hash::try_from(&[0; 31][..]), Err(BadHash));
    }
}
