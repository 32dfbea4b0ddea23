//! The file of a run: what is said of each subject, in the order of subjects, written once from its beginning to its end.
//!
//! ```text
//! file     block ‖ block ... ‖ part of the index ‖ part ... ‖ top ‖ footer
//! block    bytes of its body (4) ‖ bytes of its values (4) ‖ subjects in it (4) ‖ checksum of all else of it (8) ‖ body
//! body     leading bytes that all its subjects share: how many (1), which ‖ the other bytes of each subject ‖
//!          length of each value (varint) ‖ the values, one after another, as one LZ4 block where that is shorter
//! part     for each of some blocks: its first subject (16) ‖ offset (8) ‖ length (4); then the checksum of these (8)
//! top      for each part: its first subject (16) ‖ offset (8) ‖ length (4)
//! footer   `TALLYRUN` ‖ end of the blocks (8) ‖ end of the parts (8) ‖ checksum of top (8) ‖ checksum of all before the footer (16) ‖
//!          checksum of the footer (8)
//! ```
//!
//! Numbers are big-endian, checksums XXH3. Every byte is under a checksum that is compared before the bytes are used; nothing is
//! allocated by a length that the file itself does not bear out. Top is held in memory, parts and blocks are cached.

mod block;
mod writing;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tallystick_model::SubjectId;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use self::block::Block;
pub use self::block::BlockValue;
pub(super) use self::writing::RunWriter;
use self::writing::{BLOCK_BYTES, PART_BLOCKS};
use super::{EngineError, MISMATCH};

/// Bytes of a block before its body.
const HEAD_BYTES: usize = 20;
/// Bytes of an entry of the index.
const ENTRY_BYTES: usize = 28;
const CHECK_BYTES: usize = 8;
const MAGIC: &[u8; 8] = b"TALLYRUN";
const FOOTER_BYTES: usize = 56;
/// Bytes read or written at once by those who go through a whole run.
const STREAM_BYTES: usize = 256 << 10;

/// Memory for blocks that were read.
const BLOCK_CACHE_BYTES: u64 = 416 << 20;
/// Memory for parts of the index.
const PART_CACHE_BYTES: u64 = 32 << 20;

/// Where a block, or a part of the index, begins and how long it is.
#[derive(Clone, Copy, Debug)]
struct Entry {
    first: SubjectId,
    at: u64,
    bytes: u32,
}

impl Entry {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.first.0);
        out.extend_from_slice(&self.at.to_be_bytes());
        out.extend_from_slice(&self.bytes.to_be_bytes());
    }

    fn read_all(bytes: &[u8]) -> Option<Vec<Self>> {
        let mut entries = Vec::with_capacity(bytes.len() / ENTRY_BYTES);
        let mut rest = bytes;
        while !rest.is_empty() {
            let (first, at, bytes);
            (first, rest) = rest.split_first_chunk::<16>()?;
            (at, rest) = rest.split_first_chunk::<8>()?;
            (bytes, rest) = rest.split_first_chunk::<4>()?;
            let (at, bytes) = (u64::from_be_bytes(*at), u32::from_be_bytes(*bytes));
            entries.push(Self { first: SubjectId(*first), at, bytes });
        }
        Some(entries)
    }

    /// The one in which `subject` would be.
    fn of(entries: &[Self], subject: SubjectId) -> Option<Self> {
        let above = entries.partition_point(|entry| entry.first <= subject);
        above.checked_sub(1).and_then(|at| entries.get(at)).copied()
    }
}

/// A run's number and an offset in it.
type CacheKey = (u64, u64);

#[derive(Clone)]
struct Weight;

impl Weighter<CacheKey, Arc<Block>> for Weight {
    fn weight(&self, _: &CacheKey, block: &Arc<Block>) -> u64 {
        (block.values.len() + block.subjects.len() * 20 + 128) as u64
    }
}

impl Weighter<CacheKey, Arc<Vec<Entry>>> for Weight {
    fn weight(&self, _: &CacheKey, part: &Arc<Vec<Entry>>) -> u64 {
        (part.len() * size_of::<Entry>() + 64) as u64
    }
}

/// What was read of the runs of a store.
pub(super) struct Caches {
    blocks: Cache<CacheKey, Arc<Block>, Weight>,
    parts: Cache<CacheKey, Arc<Vec<Entry>>, Weight>,
}

impl Caches {
    pub(super) fn new() -> Self {
        let items = |bytes: u64, each: usize| usize::try_from(bytes).unwrap_or(usize::MAX) / each;
        Self {
            blocks: Cache::with_weighter(items(BLOCK_CACHE_BYTES, BLOCK_BYTES), BLOCK_CACHE_BYTES, Weight),
            parts: Cache::with_weighter(items(PART_CACHE_BYTES, PART_BLOCKS * ENTRY_BYTES), PART_CACHE_BYTES, Weight),
        }
    }
}

/// A run's file, open.
pub(super) struct RunFile {
    file: File,
    number: u64,
    /// How it is told.
    name: String,
    bytes: u64,
    blocks_end: u64,
    top: Vec<Entry>,
    caches: Arc<Caches>,
}

fn io(error: std::io::Error) -> EngineError {
    EngineError::Io(error)
}

fn array<const N: usize>(bytes: &[u8]) -> Option<([u8; N], &[u8])> {
    bytes.split_first_chunk::<N>().map(|(first, rest)| (*first, rest))
}

/// What a footer says.
struct Footer {
    blocks_end: u64,
    parts_end: u64,
    top_check: u64,
    whole: u128,
}

impl Footer {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.blocks_end.to_be_bytes());
        bytes.extend_from_slice(&self.parts_end.to_be_bytes());
        bytes.extend_from_slice(&self.top_check.to_be_bytes());
        bytes.extend_from_slice(&self.whole.to_be_bytes());
        bytes.extend_from_slice(&xxh3_64(&bytes).to_be_bytes());
        bytes
    }

    fn read(bytes: &[u8; FOOTER_BYTES]) -> Option<Self> {
        let (said, check) = bytes.split_last_chunk::<CHECK_BYTES>()?;
        if u64::from_be_bytes(*check) != xxh3_64(said) {
            return None;
        }
        let rest = said.strip_prefix(MAGIC)?;
        let (blocks_end, rest) = array(rest)?;
        let (parts_end, rest) = array(rest)?;
        let (top_check, rest) = array(rest)?;
        let (whole, _) = array(rest)?;
        let number = u64::from_be_bytes;
        Some(Self {
            blocks_end: number(blocks_end),
            parts_end: number(parts_end),
            top_check: number(top_check),
            whole: u128::from_be_bytes(whole),
        })
    }
}

impl RunFile {
    /// Opens a file that was finished. `name` is how it is told.
    pub(super) fn open(path: &Path, number: u64, name: String, caches: &Arc<Caches>) -> Result<Self, EngineError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let what = "missing: facts that were made visible are not there";
                return Err(EngineError::Damaged(format!("{name}: {what}")));
            }
            Err(error) => return Err(io(error)),
        };
        let bytes = file.metadata().map_err(io)?.len();
        let mut run = Self { file, number, name, bytes, blocks_end: 0, top: Vec::new(), caches: Arc::clone(caches) };
        let footer = run.footer()?;
        let top_end = bytes - FOOTER_BYTES as u64;
        let length = top_end.checked_sub(footer.parts_end).filter(|_| footer.blocks_end <= footer.parts_end);
        let length = length.ok_or_else(|| run.mismatch(top_end))?;
        let top = run.read_at(footer.parts_end, usize::try_from(length).unwrap_or(usize::MAX))?;
        let entries = (xxh3_64(&top) == footer.top_check).then(|| Entry::read_all(&top)).flatten();
        run.top = entries.ok_or_else(|| run.mismatch(footer.parts_end))?;
        run.blocks_end = footer.blocks_end;
        Ok(run)
    }

    fn footer(&self) -> Result<Footer, EngineError> {
        let at = self.bytes.checked_sub(FOOTER_BYTES as u64).ok_or_else(|| self.mismatch(0))?;
        let mut footer = [0; FOOTER_BYTES];
        self.file.read_exact_at(&mut footer, at).map_err(io)?;
        Footer::read(&footer).ok_or_else(|| self.mismatch(at))
    }

    fn mismatch(&self, at: u64) -> EngineError {
        EngineError::Damaged(format!("{}: byte {at}: {MISMATCH}", self.name))
    }

    /// Bytes that the file must have.
    fn read_at(&self, at: u64, length: usize) -> Result<Vec<u8>, EngineError> {
        if at.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(self.mismatch(at));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, at).map_err(io)?;
        Ok(bytes)
    }

    /// Bytes of the file.
    pub(super) const fn len(&self) -> u64 {
        self.bytes
    }

    /// What is said of a subject.
    pub(super) fn get(&self, subject: SubjectId) -> Result<Option<BlockValue>, EngineError> {
        let Some(part) = Entry::of(&self.top, subject) else { return Ok(None) };
        let part = self.part(part)?;
        let Some(block) = Entry::of(&part, subject) else { return Ok(None) };
        let block = self.block(block)?;
        let place = block.place(subject);
        Ok(place.and_then(|place| BlockValue::of(block, place)))
    }

    fn part(&self, part: Entry) -> Result<Arc<Vec<Entry>>, EngineError> {
        let key = (self.number, part.at);
        if let Some(entries) = self.caches.parts.get(&key) {
            return Ok(entries);
        }
        let bytes = self.read_at(part.at, part.bytes as usize)?;
        let entries = bytes.split_last_chunk::<CHECK_BYTES>().and_then(|(entries, check)| {
            (u64::from_be_bytes(*check) == xxh3_64(entries)).then(|| Entry::read_all(entries)).flatten()
        });
        let entries = Arc::new(entries.ok_or_else(|| self.mismatch(part.at))?);
        self.caches.parts.insert(key, Arc::clone(&entries));
        Ok(entries)
    }

    fn block(&self, block: Entry) -> Result<Arc<Block>, EngineError> {
        let key = (self.number, block.at);
        if let Some(block) = self.caches.blocks.get(&key) {
            return Ok(block);
        }
        let bytes = self.read_at(block.at, block.bytes as usize)?;
        let read = Arc::new(Block::read(&bytes).ok_or_else(|| self.mismatch(block.at))?);
        self.caches.blocks.insert(key, Arc::clone(&read));
        Ok(read)
    }

    /// Compares every byte with the checksum over all of them. `progress` gets the bytes read. Says what is wrong.
    pub(super) fn check(&self, progress: &mut impl FnMut(u64)) -> Result<(), String> {
        let refused = |error| match error {
            EngineError::Io(error) => format!("cannot be read: {error}"),
            _ => MISMATCH.to_owned(),
        };
        let footer = self.footer().map_err(refused)?;
        let (mut hash, mut at, end) = (Xxh3::new(), 0, self.bytes - FOOTER_BYTES as u64);
        while at < end {
            let length = usize::try_from(end - at).unwrap_or(usize::MAX).min(STREAM_BYTES);
            hash.update(&self.read_at(at, length).map_err(refused)?);
            at += length as u64;
            progress(length as u64);
        }
        if hash.digest128() == footer.whole { Ok(()) } else { Err(MISMATCH.to_owned()) }
    }
}

/// All pairs of a run in the order of subjects, past the caches.
pub(super) struct RunScan {
    file: Arc<RunFile>,
    /// Read of the file and not yet unpacked, from `place` on; what follows is at `at`.
    buffer: Vec<u8>,
    place: usize,
    at: u64,
    block: Arc<Block>,
    next: usize,
}

impl RunScan {
    pub(super) fn new(file: Arc<RunFile>) -> Self {
        Self { file, buffer: Vec::new(), place: 0, at: 0, block: Arc::default(), next: 0 }
    }

    /// The next pair; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(SubjectId, BlockValue)>, EngineError> {
        loop {
            if let Some(subject) = self.block.subjects.get(self.next) {
                let value = BlockValue::of(Arc::clone(&self.block), self.next);
                self.next += 1;
                return Ok(value.map(|value| (*subject, value)));
            }
            if !self.next_block()? {
                return Ok(None);
            }
        }
    }

    /// The bytes from the next block on.
    fn ahead(&self) -> &[u8] {
        self.buffer.get(self.place..).unwrap_or_default()
    }

    /// Makes sure that `length` bytes are read from the next block on.
    fn fill(&mut self, length: usize) -> Result<(), EngineError> {
        if self.ahead().len() < length {
            self.buffer.drain(..self.place);
            self.place = 0;
            let left = usize::try_from(self.file.blocks_end - self.at).unwrap_or(usize::MAX);
            let missing = length - self.buffer.len();
            if missing > left {
                return Err(self.file.mismatch(self.at));
            }
            let (before, more) = (self.buffer.len(), missing.max(STREAM_BYTES).min(left));
            self.buffer.resize(before + more, 0);
            let to = self.buffer.get_mut(before..).unwrap_or_default();
            self.file.file.read_exact_at(to, self.at).map_err(io)?;
            self.at += more as u64;
        }
        Ok(())
    }

    fn next_block(&mut self) -> Result<bool, EngineError> {
        if self.ahead().is_empty() && self.at >= self.file.blocks_end {
            return Ok(false);
        }
        self.fill(HEAD_BYTES)?;
        let body_bytes = self.ahead().first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes)) as usize;
        let length = HEAD_BYTES + body_bytes;
        self.fill(length)?;
        let block = self.ahead().get(..length).and_then(Block::read);
        let begin = self.at - self.ahead().len() as u64;
        self.block = Arc::new(block.ok_or_else(|| self.file.mismatch(begin))?);
        self.place += length;
        self.next = 0;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
