//! Where records begin and end: the four framings of a Metro 2 file, recognised by content.
//!
//! | framing | recognised by | a record ends |
//! |---|---|---|
//! | lines | after the header's fields only blanks stand before a line end | at the line end; descriptor words are ignored |
//! | described | neither a line end nor a block descriptor word | where its record descriptor word says |
//! | blocked | a block descriptor word before the header's record descriptor word | the same, within blocks |
//! | packed | the descriptor words are binary | the same, within blocks if the header has a block descriptor word |
//!
//! `Scan` finds records in bytes at hand and copies nothing; [`Frames`] feeds it from a stream. No record above
//! [`RECORD_BYTES_MAX`] is read. Without line ends a wrong descriptor word loses every record after it, so it refuses the
//! file.

use std::io::{BufRead, Read};

use super::fields::{Form, SegmentKind, header};
use super::segment::{descriptor, timestamp};
use crate::read::Refused;
use crate::reject::Found;

/// Longest record that is read, with its block descriptor word and filling. A base segment with 20 J2 segments and one of
/// each other segment takes 4,764 bytes; four digits of a descriptor word can't say more than 9,999.
pub const RECORD_BYTES_MAX: usize = 16 * 1024;

/// Bytes of a file's beginning that always suffice to read its header record.
pub(super) const OPEN_BYTES: usize = 2 * RECORD_BYTES_MAX;

/// Bytes read at once: many records, and few enough to stay in the processor's cache.
pub(super) const READ_BYTES: usize = 4 * RECORD_BYTES_MAX;

const DESCRIPTOR_BYTES: usize = 4;
const HEADER: &[u8] = b"HEADER";
const TRAILER: &[u8] = b"TRAILER";

/// How records are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// By line ends.
    Lines,
    /// By record descriptor words.
    Described,
    /// By record descriptor words within blocks that have their own descriptor word.
    Blocked,
}

/// What a record is, by its identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// Begins with `HEADER` after the descriptor word.
    Header,
    /// Begins with `TRAILER` after the descriptor word.
    Trailer,
    /// Anything else.
    Data,
}

impl RecordKind {
    /// Of bytes from the record descriptor word on.
    fn of(bytes: &[u8]) -> Self {
        match bytes.get(DESCRIPTOR_BYTES..).unwrap_or(&[]) {
            after if after.starts_with(TRAILER) => Self::Trailer,
            after if after.starts_with(HEADER) => Self::Header,
            _ => Self::Data,
        }
    }
}

/// One record as framed.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'b> {
    /// What it is.
    pub kind: RecordKind,
    /// Offset of its record descriptor word in the file.
    pub byte: u64,
    /// The block descriptor word before it, if it has one that can be read.
    pub block: Option<u32>,
    /// From the record descriptor word on, without a line end.
    pub bytes: &'b [u8],
}

/// Where a record stands in the bytes it was found in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// Bytes of its block descriptor word: four or none.
    pub(super) block_word_bytes: usize,
    /// Where it ends, without a line end.
    pub(super) end: usize,
    /// Where the next one begins.
    pub(super) next: usize,
}

impl Extent {
    /// The record itself, in the `bytes` it was found in, which begin at offset `at` of the file.
    pub(super) fn frame<'b>(&self, bytes: &'b [u8], at: u64, form: Form) -> Frame<'b> {
        let skip = self.block_word_bytes;
        let block = if skip > 0 { bytes.get(..skip).and_then(|word| length_in(word, form)) } else { None };
        let bytes = bytes.get(skip..self.end).unwrap_or(&[]);
        Frame { kind: RecordKind::of(bytes), byte: at + skip as u64, block, bytes }
    }
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// A record.
    Record(Extent),
    /// So many bytes between records: an empty line, the filling of a block.
    Skip(usize),
    /// More bytes are needed to tell.
    More,
    /// The end of the file.
    End,
}

/// Finds one record after the other in bytes at hand.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    form: Form,
    framing: Framing,
    header_has_block_word: bool,
    /// Bytes left of the block at hand.
    block_rest: usize,
    /// Blocks begun; a record outside any block counts as one.
    blocks: i64,
}

impl Scan {
    /// Finds the header record in the beginning of a file, and how the file is framed. `bytes` are [`OPEN_BYTES`] of it,
    /// or all of it.
    ///
    /// # Errors
    /// [`Refused`] if the file does not begin with a header record.
    pub(super) fn open(bytes: &[u8]) -> Result<(Self, Extent), Refused> {
        if bytes.len() < 2 * DESCRIPTOR_BYTES + HEADER.len() {
            return Err(truncated(bytes.len(), 0, "a header record"));
        }
        let at = |start: usize, length: usize| bytes.get(start..start + length).unwrap_or(&[]);
        let has_block_word = match (at(4, HEADER.len()) == HEADER, at(8, HEADER.len()) == HEADER) {
            (true, _) => false,
            (false, true) => true,
            (false, false) => {
                return Err(Refused::NotThisLayout {
                    byte: 4,
                    field: header::RECORD_IDENTIFIER.name.to_owned(),
                    expected: "`HEADER` after the descriptor word".to_owned(),
                    found: Found::shape(at(4, HEADER.len())),
                });
            }
        };
        let is_packed = descriptor(at(0, DESCRIPTOR_BYTES)).is_some();
        let mut scan = Self {
            form: if is_packed { Form::Packed } else { Form::Character },
            framing: if has_block_word { Framing::Blocked } else { Framing::Described },
            header_has_block_word: has_block_word,
            block_rest: 0,
            blocks: 1,
        };
        let skip = if has_block_word { DESCRIPTOR_BYTES } else { 0 };
        let (end, next) = if is_packed { scan.open_packed(bytes, skip)? } else { scan.open_character(bytes, skip)? };
        Ok((scan, Extent { block_word_bytes: skip, end, next }))
    }

    /// How the header, base segments and trailer are written; whether numbers are packed in binary or decimal shows in each.
    pub(super) const fn form(&self) -> Form {
        self.form
    }

    /// How records are told apart.
    pub(super) const fn framing(&self) -> Framing {
        self.framing
    }

    /// Blocks begun so far.
    pub(super) const fn blocks(&self) -> i64 {
        self.blocks
    }

    /// Whether a block ends here, so that what follows can be read without what stands before.
    pub(super) const fn is_between_blocks(&self) -> bool {
        self.block_rest == 0
    }

    /// The same file, from a place between two blocks on.
    pub(super) fn after_a_block(&self) -> Self {
        Self { block_rest: 0, blocks: 0, ..self.clone() }
    }

    /// Finds the next record in `bytes`, which begin at offset `at` of the file; `ends` says that nothing follows them.
    ///
    /// # Errors
    /// [`Refused`] if the file ends within a record, a descriptor word is no length, or a record is too long.
    pub(super) fn step(&mut self, bytes: &[u8], at: u64, ends: bool) -> Result<Step, Refused> {
        match self.framing {
            Framing::Lines => self.step_line(bytes, at, ends),
            Framing::Described | Framing::Blocked => self.step_described(bytes, at, ends),
        }
    }

    fn open_character(&mut self, bytes: &[u8], skip: usize) -> Result<(usize, usize), Refused> {
        let full = skip + SegmentKind::Header.length(Form::Character);
        let window = bytes.get(..full).unwrap_or(bytes);
        if let Some(line_end) = memchr::memchr(b'\n', window) {
            return self.open_lines(window, line_end, skip);
        }
        if bytes.len() < full {
            return Err(truncated(bytes.len(), 0, "the rest of the header record"));
        }
        // What follows the header's last field decides: blanks and a line end, or the next record.
        let after = bytes.get(full..).unwrap_or(&[]);
        let blanks = after.iter().take_while(|&&byte| byte == b' ').count();
        let end = full + blanks;
        if end >= RECORD_BYTES_MAX {
            return Err(too_large(0));
        }
        match after.get(blanks..).unwrap_or(&[]) {
            [] | [b'\r'] => Err(truncated(bytes.len(), 0, "data records and a trailer record")),
            [b'\r', b'\n', ..] => self.open_lines(bytes, end + 1, skip),
            [b'\r', ..] => Err(not_a_length(bytes, 0, "a line end after the header record")),
            [b'\n', ..] => self.open_lines(bytes, end, skip),
            _ => self.open_described(bytes, skip, end),
        }
    }

    fn open_lines(&mut self, bytes: &[u8], line_end: usize, skip: usize) -> Result<(usize, usize), Refused> {
        self.framing = Framing::Lines;
        let end = line_end - usize::from(bytes.get(..line_end).is_some_and(|line| line.ends_with(b"\r")));
        // Programs that strip closing blanks drop the reserved field, and no more.
        let least = header::RESERVED.character.start;
        let found = end.saturating_sub(skip);
        if found < least {
            return Err(Refused::NotThisLayout {
                byte: 0,
                field: "HEADER".to_owned(),
                expected: "426 bytes, or 280 without the reserved field".to_owned(),
                found: Found::phrase(format!("{found} bytes")),
            });
        }
        Ok((end, line_end + 1))
    }

    fn open_described(&mut self, bytes: &[u8], skip: usize, end: usize) -> Result<(usize, usize), Refused> {
        let word = |start: usize| bytes.get(start..).and_then(|rest| word_at(rest, Form::Character));
        let agrees = if skip == 0 {
            word(0) == Some(end)
        } else {
            let (block, record) = (word(0).unwrap_or(0), word(skip).unwrap_or(0));
            self.block_rest = block.saturating_sub(end);
            block == end || (record + skip == end && block >= end)
        };
        if agrees { Ok((end, end)) } else { Err(not_a_length(bytes, 0, "the length of the header record")) }
    }

    fn open_packed(&mut self, bytes: &[u8], skip: usize) -> Result<(usize, usize), Refused> {
        let word = |start: usize| bytes.get(start..).and_then(|rest| word_at(rest, Form::Packed)).unwrap_or(0);
        let end = skip + word(skip);
        let block = word(0);
        if word(skip) < SegmentKind::Header.length(Form::Packed) || (skip > 0 && block < end) {
            return Err(not_a_length(bytes, 0, "the length of the header record"));
        }
        if end > RECORD_BYTES_MAX {
            return Err(too_large(0));
        }
        if bytes.len() < end {
            return Err(truncated(bytes.len(), 0, "the rest of a record"));
        }
        self.block_rest = if skip > 0 { block - end } else { 0 };
        Ok((end, end))
    }

    fn step_line(&mut self, bytes: &[u8], at: u64, ends: bool) -> Result<Step, Refused> {
        let window = bytes.get(..RECORD_BYTES_MAX).unwrap_or(bytes);
        let (end, next) = match memchr::memchr(b'\n', window) {
            Some(end) => (end, end + 1),
            None if window.len() >= RECORD_BYTES_MAX => return Err(too_large(at)),
            None if !ends => return Ok(Step::More),
            None if window.is_empty() => return Ok(Step::End),
            None => (window.len(), window.len()),
        };
        let line = window.get(..end).unwrap_or(&[]);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.iter().all(|&byte| byte == b' ') {
            return Ok(Step::Skip(next));
        }
        self.blocks += 1;
        let block_word_bytes = if self.begins_with_block_word(line) { DESCRIPTOR_BYTES.min(line.len()) } else { 0 };
        Ok(Step::Record(Extent { block_word_bytes, end: line.len(), next }))
    }

    /// Whether a line has a block descriptor word: some programs write one before some records only.
    fn begins_with_block_word(&self, line: &[u8]) -> bool {
        let names = |start: usize, name: &[u8]| line.get(start..).is_some_and(|rest| rest.starts_with(name));
        // The 14 bytes after descriptor word and processing indicator; a timestamp read one word too early has the
        // record's length for a month, or its month and day for a year below 1232.
        let stamped = |start: usize| {
            let stamp = line.get(start + 5..).and_then(|rest| rest.first_chunk::<14>());
            stamp.and_then(timestamp).is_some_and(|stamp| stamp.year() > 1231)
        };
        match () {
            () if stamped(0) || names(4, TRAILER) || names(4, HEADER) => false,
            () if stamped(4) || names(8, TRAILER) || names(8, HEADER) => true,
            () => self.header_has_block_word,
        }
    }

    fn step_described(&mut self, bytes: &[u8], at: u64, ends: bool) -> Result<Step, Refused> {
        let missing = || if ends { Err(truncated(bytes.len(), at, "the rest of a record")) } else { Ok(Step::More) };
        let Some(&first) = bytes.first() else {
            return Ok(if ends { Step::End } else { Step::More });
        };
        let is_blocked = self.framing == Framing::Blocked;
        if is_blocked && self.block_rest > 0 && first == b' ' {
            return self.step_filling(bytes, at, ends);
        }
        let mut skip = 0;
        if is_blocked && self.block_rest == 0 {
            let Some(after) = bytes.get(DESCRIPTOR_BYTES..DESCRIPTOR_BYTES + TRAILER.len()) else { return missing() };
            // moov-io/metro2 writes no block descriptor word before the trailer.
            if after != TRAILER {
                skip = DESCRIPTOR_BYTES;
            }
        }
        if bytes.len() < skip + DESCRIPTOR_BYTES {
            return missing();
        }
        let word = |start: usize| bytes.get(start..).and_then(|rest| word_at(rest, self.form));
        let Some(length) = word(skip).filter(|&length| length > DESCRIPTOR_BYTES) else {
            return Err(not_a_length(bytes, at, "the length of a record"));
        };
        let end = skip + length;
        let block_rest = if skip > 0 { word(0).unwrap_or(0) } else { self.block_rest };
        let block_rest = match block_rest.checked_sub(end) {
            Some(rest) => rest,
            None if block_rest == 0 && skip == 0 => 0,
            None => return Err(not_a_length(bytes, at, "a record within its block")),
        };
        if end > RECORD_BYTES_MAX {
            return Err(too_large(at));
        }
        if bytes.len() < end {
            return missing();
        }
        self.blocks += i64::from(self.block_rest == 0);
        self.block_rest = block_rest;
        Ok(Step::Record(Extent { block_word_bytes: skip, end, next: end }))
    }

    /// Blanks between the last record of a block and the block's end.
    fn step_filling(&mut self, bytes: &[u8], at: u64, ends: bool) -> Result<Step, Refused> {
        let filling = bytes.get(..self.block_rest).unwrap_or(bytes);
        if filling.iter().any(|&byte| byte != b' ') {
            return Err(not_a_length(bytes, at, "blanks up to the end of the block"));
        }
        if filling.len() < self.block_rest {
            return if ends { Err(truncated(bytes.len(), at, "the rest of a block")) } else { Ok(Step::More) };
        }
        self.block_rest = 0;
        Ok(Step::Skip(filling.len()))
    }
}

/// The records of a stream, one after the other; the header is read by [`Frames::open`].
pub struct Frames<'i> {
    input: &'i mut dyn BufRead,
    scan: Scan,
    /// Bytes read; those before `from` are done with.
    buffer: Vec<u8>,
    from: usize,
    /// Offset in the file of `from`.
    at: u64,
    /// Whether the input has no more.
    ends: bool,
    /// Of the record at hand, from `from` on.
    extent: Extent,
}

impl<'i> Frames<'i> {
    /// Reads the header record and finds out how the file is framed.
    ///
    /// # Errors
    /// [`Refused`] if the file does not begin with a header record.
    pub fn open(input: &'i mut dyn BufRead) -> Result<Self, Refused> {
        let mut buffer = Vec::with_capacity(READ_BYTES);
        let read = (&mut *input).take(READ_BYTES as u64).read_to_end(&mut buffer)?;
        let (scan, extent) = Scan::open(&buffer)?;
        Ok(Self { input, scan, buffer, from: 0, at: 0, ends: read < READ_BYTES, extent })
    }

    /// How the header, base segments and trailer are written.
    pub const fn form(&self) -> Form {
        self.scan.form()
    }

    /// How records are told apart.
    pub const fn framing(&self) -> Framing {
        self.scan.framing()
    }

    /// Blocks read so far; a record outside any block counts as one.
    pub const fn blocks(&self) -> i64 {
        self.scan.blocks()
    }

    /// The record at hand: the header after [`Frames::open`].
    pub fn record(&self) -> Frame<'_> {
        self.extent.frame(self.rest(), self.at, self.form())
    }

    /// Where the record at hand begins in the file, its block descriptor word with it.
    pub const fn begin(&self) -> u64 {
        self.at
    }

    /// Where the record at hand ends in the file, without its line end.
    pub const fn end(&self) -> u64 {
        self.at + self.extent.end as u64
    }

    /// Reads the next record; `false` at the end of the file.
    ///
    /// # Errors
    /// [`Refused`] if the file ends within a record, a descriptor word is no length, or a record is too long.
    pub fn advance(&mut self) -> Result<bool, Refused> {
        self.consume(self.extent.next);
        self.extent = Extent::default();
        loop {
            let rest = self.buffer.get(self.from..).unwrap_or(&[]);
            match self.scan.step(rest, self.at, self.ends)? {
                Step::Record(extent) => {
                    self.extent = extent;
                    return Ok(true);
                }
                Step::Skip(bytes) => self.consume(bytes),
                Step::More => self.fill()?,
                Step::End => return Ok(false),
            }
        }
    }

    /// Makes sure that nothing but line ends and blanks follows.
    ///
    /// # Errors
    /// [`Refused::NotThisLayout`] at the first byte that is something.
    pub fn finish(&mut self) -> Result<(), Refused> {
        self.consume(self.extent.next);
        self.extent = Extent::default();
        loop {
            only_blanks(self.rest(), self.at)?;
            if self.ends {
                return Ok(());
            }
            self.consume(self.rest().len());
            self.fill()?;
        }
    }

    /// The end of the file where `expected` should stand.
    pub fn truncated(&self, expected: &str) -> Refused {
        truncated(self.rest().len(), self.at, expected)
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.from..).unwrap_or(&[])
    }

    fn consume(&mut self, bytes: usize) {
        self.from += bytes;
        self.at += bytes as u64;
    }

    fn fill(&mut self) -> Result<(), Refused> {
        self.buffer.drain(..self.from.min(self.buffer.len()));
        self.from = 0;
        let read = (&mut *self.input).take(READ_BYTES as u64).read_to_end(&mut self.buffer)?;
        self.ends = read < READ_BYTES;
        Ok(())
    }
}

/// Makes sure that `bytes`, which stand at offset `at` of a file and after its trailer record, are line ends and blanks.
///
/// # Errors
/// [`Refused::NotThisLayout`] at the first byte that is something.
pub(super) fn only_blanks(bytes: &[u8], at: u64) -> Result<(), Refused> {
    match bytes.iter().position(|byte| !matches!(byte, b' ' | b'\r' | b'\n')) {
        None => Ok(()),
        Some(place) => Err(Refused::NotThisLayout {
            byte: at + place as u64,
            field: "TRAILER".to_owned(),
            expected: "the end of the file after the trailer record".to_owned(),
            found: Found::phrase("more records or other bytes"),
        }),
    }
}

/// The end of a file after `length` bytes from offset `at`.
pub(super) fn truncated(length: usize, at: u64, expected: &str) -> Refused {
    Refused::Truncated { byte: at + length as u64, expected: expected.to_owned() }
}

fn too_large(byte: u64) -> Refused {
    Refused::TooLarge { byte, what: "record", limit_bytes: RECORD_BYTES_MAX as u64 }
}

fn not_a_length(bytes: &[u8], byte: u64, expected: &str) -> Refused {
    Refused::NotThisLayout {
        byte,
        field: header::RECORD_DESCRIPTOR_WORD.name.to_owned(),
        expected: expected.to_owned(),
        found: Found::shape(bytes.get(..DESCRIPTOR_BYTES).unwrap_or(bytes)),
    }
}

/// The length in the descriptor word that `bytes` begin with.
fn word_at(bytes: &[u8], form: Form) -> Option<usize> {
    let word = bytes.get(..DESCRIPTOR_BYTES)?;
    length_in(word, form).and_then(|length| usize::try_from(length).ok())
}

/// The length in a descriptor word.
pub(super) fn length_in(word: &[u8], form: Form) -> Option<u32> {
    match form {
        Form::Packed | Form::PackedDecimal => descriptor(word).map(u32::from),
        Form::Character => word.iter().try_fold(0_u32, |length, byte| {
            let digit = byte.wrapping_sub(b'0');
            (digit <= 9).then(|| length * 10 + u32::from(digit))
        }),
    }
}
