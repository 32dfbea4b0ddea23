//! Writing a run's file, from its beginning to its end.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use lz4_flex::block::{CompressTable, compress_into_with_table, get_maximum_output_size};
use tallystick_model::SubjectId;
use tallystick_model::canonical::Writer;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::block::block_check;
use super::{Entry, Footer, HEAD_BYTES, STREAM_BYTES, io};
use crate::engine::EngineError;

/// A block is closed when it has so many bytes of subjects and values: what one look-up unpacks.
pub(super) const BLOCK_BYTES: usize = 8 << 10;
/// Blocks that one part of the index is about.
pub(super) const PART_BLOCKS: usize = 256;

/// A run's file while it is written. Unless it is finished it goes again.
pub(in crate::engine) struct RunWriter {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    whole: Xxh3,
    at: u64,
    /// The block that is being filled.
    subjects: Vec<SubjectId>,
    ends: Vec<usize>,
    values: Vec<u8>,
    /// Room for a block as it is written, and for its values packed.
    body: Vec<u8>,
    packed: Vec<u8>,
    table: CompressTable,
    index: Vec<Entry>,
    last: Option<SubjectId>,
}

impl RunWriter {
    /// Creates the file, which must not be there.
    pub(in crate::engine) fn create(path: &Path) -> Result<Self, EngineError> {
        let file = File::create_new(path).map_err(io)?;
        Ok(Self {
            path: path.to_owned(),
            file: Some(BufWriter::with_capacity(STREAM_BYTES, file)),
            whole: Xxh3::new(),
            at: 0,
            subjects: Vec::new(),
            ends: Vec::new(),
            values: Vec::new(),
            body: Vec::new(),
            packed: Vec::new(),
            table: CompressTable::default(),
            index: Vec::new(),
            last: None,
        })
    }

    /// Where the next value is to be appended, before [`Self::push`].
    pub(in crate::engine) fn values(&mut self) -> &mut Vec<u8> {
        &mut self.values
    }

    /// Bytes of the values of the block that is being filled.
    pub(in crate::engine) fn value_bytes(&self) -> usize {
        self.values.len()
    }

    /// Takes what was appended since the last one as the value of a subject above all before it.
    pub(in crate::engine) fn push(&mut self, subject: SubjectId) -> Result<(), EngineError> {
        assert!(self.last < Some(subject), "subjects of a run ascend: they cannot be found otherwise");
        self.last = Some(subject);
        self.subjects.push(subject);
        self.ends.push(self.values.len());
        if self.values.len() + self.subjects.len() * 16 >= BLOCK_BYTES { self.end_block() } else { Ok(()) }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.whole.update(bytes);
        self.at += bytes.len() as u64;
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(bytes)).map_err(io)
    }

    fn end_block(&mut self) -> Result<(), EngineError> {
        let (Some(first), Some(last)) = (self.subjects.first().copied(), self.subjects.last()) else { return Ok(()) };
        let shared = first.0.iter().zip(&last.0).take_while(|(one, other)| one == other).count().min(15);
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        body.push(u8::try_from(shared).unwrap_or_default());
        body.extend_from_slice(first.0.get(..shared).unwrap_or_default());
        for subject in &self.subjects {
            body.extend_from_slice(subject.0.get(shared..).unwrap_or_default());
        }
        let mut begin = 0;
        for end in &self.ends {
            Writer::new(&mut body).unsigned((end - begin) as u64);
            begin = *end;
        }
        self.packed.resize(get_maximum_output_size(self.values.len()).max(self.packed.len()), 0);
        let packed = compress_into_with_table(&self.values, &mut self.packed, &mut self.table);
        let packed = packed.ok().filter(|length| *length < self.values.len());
        body.extend_from_slice(packed.and_then(|length| self.packed.get(..length)).unwrap_or(&self.values));

        let too_long =
            |_| EngineError::Io(std::io::Error::other("what is said of one subject is more than a run can hold"));
        let number = |length: usize| u32::try_from(length).map(u32::to_be_bytes).map_err(too_long);
        let lengths = [number(body.len())?, number(self.values.len())?, number(self.subjects.len())?];
        let mut head = [0; 12];
        head.chunks_exact_mut(4).zip(lengths).for_each(|(to, length)| to.copy_from_slice(&length));
        let check = block_check(&head, &body).to_be_bytes();
        let bytes = u32::try_from(HEAD_BYTES + body.len()).map_err(too_long)?;
        self.index.push(Entry { first, at: self.at, bytes });
        self.put(&head)?;
        self.put(&check)?;
        self.put(&body)?;
        self.body = body;
        self.subjects.clear();
        self.ends.clear();
        self.values.clear();
        Ok(())
    }

    /// Writes what is left and waits until the disk has all of it. The file's own name is not synced.
    pub(in crate::engine) fn finish(mut self) -> Result<(), EngineError> {
        self.end_block()?;
        let blocks_end = self.at;
        let (mut top, mut bytes) = (Vec::new(), Vec::new());
        for entries in std::mem::take(&mut self.index).chunks(PART_BLOCKS) {
            bytes.clear();
            entries.iter().for_each(|entry| entry.write(&mut bytes));
            bytes.extend_from_slice(&xxh3_64(&bytes).to_be_bytes());
            if let Some(first) = entries.first() {
                let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                Entry { first: first.first, at: self.at, bytes: length }.write(&mut top);
            }
            self.put(&bytes)?;
        }
        let parts_end = self.at;
        self.put(&top)?;
        let footer = Footer { blocks_end, parts_end, top_check: xxh3_64(&top), whole: self.whole.digest128() };
        self.put(&footer.to_bytes())?;
        if let Some(file) = self.file.as_mut() {
            file.flush().map_err(io)?;
            file.get_ref().sync_all().map_err(io)?;
        }
        self.file = None;
        Ok(())
    }
}

impl Drop for RunWriter {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // What stays behind is on no list: the next opening removes it.
            let _ = fs::remove_file(&self.path);
        }
    }
}
