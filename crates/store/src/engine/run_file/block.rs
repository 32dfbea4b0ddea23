//! A block of a run: some subjects and what is said of each, packed and under a checksum.

use std::sync::Arc;

use lz4_flex::block::decompress_into;
use tallystick_model::SubjectId;
use tallystick_model::canonical::Reader;
use xxhash_rust::xxh3::Xxh3;

/// A block, unpacked.
#[derive(Debug, Default)]
pub(in crate::engine) struct Block {
    pub(super) subjects: Vec<SubjectId>,
    /// Where each value ends.
    ends: Vec<u32>,
    pub(super) values: Vec<u8>,
}

impl Block {
    /// Reads a whole block: head and body.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (body_bytes, rest) = bytes.split_first_chunk::<4>()?;
        let (value_bytes, rest) = rest.split_first_chunk::<4>()?;
        let (count, rest) = rest.split_first_chunk::<4>()?;
        let (check, body) = rest.split_first_chunk::<8>()?;
        if u32::from_be_bytes(*body_bytes) as usize != body.len()
            || u64::from_be_bytes(*check) != block_check(bytes.first_chunk()?, body)
        {
            return None;
        }
        // From here it is what was written.
        let (value_bytes, count) = (u32::from_be_bytes(*value_bytes), u32::from_be_bytes(*count) as usize);
        let (shared, rest) = body.split_first()?;
        let shared = usize::from(*shared);
        let (beginning, rest) = rest.split_at_checked(shared)?;
        let own = 16_usize.checked_sub(shared)?;
        let (owns, rest) = rest.split_at_checked(count.checked_mul(own)?)?;
        let mut template = [0; 16];
        template.get_mut(..shared)?.copy_from_slice(beginning);
        let mut subjects = Vec::with_capacity(count);
        for bytes in owns.chunks_exact(own.max(1)) {
            let mut subject = template;
            subject.get_mut(shared..)?.copy_from_slice(bytes);
            subjects.push(SubjectId(subject));
        }
        let mut input = Reader::new(rest);
        let mut end = 0_u32;
        let mut ends = Vec::with_capacity(count);
        for _ in 0..count {
            end = end.checked_add(input.unsigned_as().ok()?)?;
            ends.push(end);
        }
        let packed = input.rest();
        let values = if packed.len() == value_bytes as usize {
            packed.to_vec()
        } else {
            let mut values = vec![0; value_bytes as usize];
            let count = decompress_into(packed, &mut values).ok()?;
            (count == values.len()).then_some(values)?
        };
        (end == value_bytes && subjects.len() == count).then_some(Self { subjects, ends, values })
    }

    /// Where in it a subject is, if it is.
    pub(super) fn place(&self, subject: SubjectId) -> Option<usize> {
        self.subjects.binary_search(&subject).ok()
    }
}

/// Of the lengths in a block's head and of its body.
pub(super) fn block_check(lengths: &[u8; 12], body: &[u8]) -> u64 {
    let mut check = Xxh3::new();
    check.update(lengths);
    check.update(body);
    check.digest()
}

/// What is said of a subject, within its block.
#[derive(Clone, Debug)]
pub struct BlockValue {
    block: Arc<Block>,
    start: usize,
    end: usize,
}

impl BlockValue {
    pub(super) fn of(block: Arc<Block>, place: usize) -> Option<Self> {
        let start = place.checked_sub(1).map_or(Some(0), |before| block.ends.get(before).copied())? as usize;
        let end = *block.ends.get(place)? as usize;
        Some(Self { block, start, end })
    }

    /// Packed.
    pub fn bytes(&self) -> &[u8] {
        self.block.values.get(self.start..self.end).unwrap_or_default()
    }
}
