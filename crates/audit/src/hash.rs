//! The hashes of the RFC 6962 tree (section 2.1): leaves and nodes are told apart by their first byte, so neither
//! can be passed off as the other.

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::digest::generic_array::GenericArray;
use sha2::{Digest, Sha256, compress256};

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
    if let Some(hash) = short_hash(0x00, parts) {
        return hash;
    }
    let hasher = parts.iter().fold(Sha256::new().chain_update([0x00]), |hasher, part| hasher.chain_update(part));
    Hash(hasher.finalize().into())
}

/// Hash of an inner node: SHA-256(0x01 || left || right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    short_hash(0x01, &[&left.0, &right.0]).unwrap_or_else(|| {
        Hash(Sha256::new().chain_update([0x01]).chain_update(left.0).chain_update(right.0).finalize().into())
    })
}

/// The first state of SHA-256 (FIPS 180-4, section 5.3.3).
const BEGINNING: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Bytes of a block.
const BLOCK_BYTES: usize = 64;

/// SHA-256(first || parts) where it takes no more than two blocks, padded on the spot: a hasher that takes any length costs as much
/// as the hashing of so few bytes. `None` if there are more.
fn short_hash(first: u8, parts: &[&[u8]]) -> Option<Hash> {
    let mut message = [0; 2 * BLOCK_BYTES];
    let (head, mut rest) = message.split_first_mut()?;
    *head = first;
    let mut length = 1;
    for part in parts {
        let to;
        (to, rest) = rest.split_at_mut_checked(part.len())?;
        to.copy_from_slice(part);
        length += part.len();
    }
    // A bit that is set, zeros, and the length in bits in the last eight bytes.
    *rest.first_mut()? = 0x80;
    let padded = if length + 9 <= BLOCK_BYTES { BLOCK_BYTES } else { 2 * BLOCK_BYTES };
    let ending = message.get_mut(length + 1..padded)?.last_chunk_mut::<8>()?;
    *ending = (length as u64 * 8).to_be_bytes();
    let mut state = BEGINNING;
    for block in message.get(..padded)?.chunks_exact(BLOCK_BYTES) {
        compress256(&mut state, std::slice::from_ref(GenericArray::from_slice(block)));
    }
    let mut hash = [0; 32];
    for (to, word) in hash.chunks_exact_mut(4).zip(state) {
        to.copy_from_slice(&word.to_be_bytes());
    }
    Some(Hash(hash))
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
    fn hashes_of_few_bytes_are_those_of_any_length() {
        for length in 0..300 {
            let entry: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
            let (one, other) = entry.split_at(length / 3);
            assert_eq!(leaf_hash_of(&[one, other]), leaf_hash(&entry), "{length}");
            assert_eq!(short_hash(0x00, &[one, other]).is_some(), 1 + length + 9 <= 128, "{length}");
        }
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
