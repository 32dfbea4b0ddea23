//! HMAC-SHA-256 (RFC 2104) under one key, many times over short messages.
//!
//! What the key alone decides is hashed once. A message that fits in one block then takes two blocks and nothing else; a longer one
//! goes through the usual hasher.

use hmac::{Hmac, Mac};
use sha2::digest::generic_array::GenericArray;
use sha2::{Sha256, compress256};

/// Bytes of a block.
const BLOCK_BYTES: usize = 64;

/// The first state of SHA-256 (FIPS 180-4, section 5.3.3).
const BEGINNING: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A key, made ready.
#[derive(Clone)]
pub(crate) struct KeyedHash {
    /// After the block of the key, for the message and for the message's hash.
    inner: [u32; 8],
    outer: [u32; 8],
    whole: Hmac<Sha256>,
}

type Block = [u8; BLOCK_BYTES];

fn take(state: &mut [u32; 8], block: &Block) {
    compress256(state, std::slice::from_ref(GenericArray::from_slice(block)));
}

/// Puts what ends a message of `length` bytes, of which one block went before, into the block that ends it.
fn end(block: &mut Block, length: usize) {
    if let Some(bit) = block.get_mut(length) {
        *bit = 0x80;
    }
    if let Some(bits) = block.last_chunk_mut::<8>() {
        *bits = ((BLOCK_BYTES + length) as u64 * 8).to_be_bytes();
    }
}

fn bytes(state: [u32; 8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, word) in bytes.chunks_exact_mut(4).zip(state) {
        to.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

impl KeyedHash {
    /// Of a key shorter than a block.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let padded = |pad: u8| {
            let mut block = [pad; BLOCK_BYTES];
            block.iter_mut().zip(key).for_each(|(to, from)| *to ^= from);
            let mut state = BEGINNING;
            take(&mut state, &block);
            state
        };
        let mut block = [0; BLOCK_BYTES];
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        // A key of the block's length needs no hashing first, and `new` has no failing case for it.
        let whole = <Hmac<Sha256> as hmac::digest::KeyInit>::new(&block.into());
        Self { inner: padded(0x36), outer: padded(0x5c), whole }
    }

    /// HMAC-SHA-256 of `parts`, one after the other.
    pub(crate) fn of(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.of_short(parts).unwrap_or_else(|| {
            let mut whole = self.whole.clone();
            parts.iter().for_each(|part| whole.update(part));
            whole.finalize().into_bytes().into()
        })
    }

    fn of_short(&self, parts: &[&[u8]]) -> Option<[u8; 32]> {
        let mut block: Block = [0; BLOCK_BYTES];
        let mut length = 0;
        let (message, _) = block.split_last_chunk_mut::<9>()?;
        for part in parts {
            message.get_mut(length..length + part.len())?.copy_from_slice(part);
            length += part.len();
        }
        end(&mut block, length);
        let mut inner = self.inner;
        take(&mut inner, &block);
        let hash = bytes(inner);
        let mut block: Block = [0; BLOCK_BYTES];
        block.first_chunk_mut::<32>()?.copy_from_slice(&hash);
        end(&mut block, hash.len());
        let mut outer = self.outer;
        take(&mut outer, &block);
        Some(bytes(outer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_one_block_and_longer_ones_have_the_hmac_of_the_library() {
        let key: [u8; 32] = std::array::from_fn(|place| u8::try_from(place * 7).unwrap());
        let hash = KeyedHash::new(&key);
        for length in 0..200_usize {
            let message: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
            let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&key).unwrap();
            mac.update(&message);
            let expected: [u8; 32] = mac.finalize().into_bytes().into();
            let (one, other) = message.split_at(length / 2);
            assert_eq!(hash.of(&[one, other]), expected, "{length}");
            assert_eq!(hash.of_short(&[one, other]).is_some(), length <= 55, "{length}");
        }
    }
}
