//! Where records begin and end: the four framings of a Metro 2 file, recognised by content.
//!
//! | framing | recognised by | a record ends |
//! |---|---|---|
//! | lines | after the header's fields only blanks stand before a line end | at the line end; descriptor words are ignored |
//! | described | neither a line end nor a block descriptor word | where its record descriptor word says |
//! | blocked | a block descriptor word before the header's record descriptor word | the same, within blocks |
//! | packed | the descriptor words are binary | the same, within blocks if the header has a block descriptor word |
//!
//! One record is held at a time, in one buffer that never grows above [`RECORD_BYTES_MAX`]. Without line ends a wrong
//! descriptor word loses every record after it, so it refuses the file.

use std::io::{BufRead, Read};

use super::fields::{Form, SegmentKind, header};
use super::segment::{descriptor, timestamp};
use crate::read::Refused;
use crate::reject::Found;

/// Longest record that is read, with its block descriptor word and filling. A base segment with 20 J2 segments and one of
/// each other segment takes 4,764 bytes; four digits of a descriptor word can't say more than 9,999.
pub const RECORD_BYTES_MAX: usize = 16 * 1024;

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

/// The records of a file, one after the other; the header is read by [`Frames::open`].
pub struct Frames<'i> {
    input: &'i mut dyn BufRead,
    /// The record at hand, from its first descriptor word on.
    buffer: Vec<u8>,
    /// Offset in the file of the next byte to be read.
    next_byte: u64,
    form: Form,
    framing: Framing,
    header_has_block_word: bool,
    /// Bytes left of the block at hand.
    block_rest: usize,
    blocks: i64,
    /// Of the record at hand: where it begins in the file, and its block descriptor word.
    start: u64,
    block: Option<BlockWord>,
}

/// A block descriptor word that stands before a record, with its value if it is a length.
type BlockWord = Option<u32>;

impl<'i> Frames<'i> {
    /// Reads the header record and finds out how the file is framed.
    ///
    /// # Errors
    /// [`Refused`] if the file does not begin with a header record.
    pub fn open(input: &'i mut dyn BufRead) -> Result<Self, Refused> {
        let mut frames = Self {
            input,
            buffer: Vec::with_capacity(2048),
            next_byte: 0,
            form: Form::Character,
            framing: Framing::Described,
            header_has_block_word: false,
            block_rest: 0,
            blocks: 1,
            start: 0,
            block: None,
        };
        let least = 2 * DESCRIPTOR_BYTES + HEADER.len();
        if frames.read_up_to(least)? < least {
            return Err(frames.truncated("a header record"));
        }
        let at = |start: usize, length: usize| frames.buffer.get(start..start + length).unwrap_or(&[]);
        let block_word = match (at(4, HEADER.len()) == HEADER, at(8, HEADER.len()) == HEADER) {
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
        if descriptor(at(0, DESCRIPTOR_BYTES)).is_some() {
            frames.form = Form::Packed;
        }
        frames.header_has_block_word = block_word;
        frames.framing = if block_word { Framing::Blocked } else { Framing::Described };
        frames.block = block_word.then(|| length_in(at(0, DESCRIPTOR_BYTES), frames.form));
        match frames.form {
            Form::Character => frames.open_character()?,
            Form::Packed => frames.open_packed()?,
        }
        Ok(frames)
    }

    /// How the header, base segments and trailer are written.
    pub const fn form(&self) -> Form {
        self.form
    }

    /// How records are told apart.
    pub const fn framing(&self) -> Framing {
        self.framing
    }

    /// Blocks read so far; a record outside any block counts as one.
    pub const fn blocks(&self) -> i64 {
        self.blocks
    }

    /// The record at hand: the header after [`Frames::open`].
    pub fn record(&self) -> Frame<'_> {
        let skip = if self.block.is_some() { DESCRIPTOR_BYTES } else { 0 };
        let bytes = self.buffer.get(skip..).unwrap_or(&[]);
        let kind = match bytes.get(DESCRIPTOR_BYTES..).unwrap_or(&[]) {
            after if after.starts_with(TRAILER) => RecordKind::Trailer,
            after if after.starts_with(HEADER) => RecordKind::Header,
            _ => RecordKind::Data,
        };
        Frame { kind, byte: self.start + skip as u64, block: self.block.flatten(), bytes }
    }

    /// Reads the next record; `false` at the end of the file.
    ///
    /// # Errors
    /// [`Refused`] if the file ends within a record, a descriptor word is no length, or a record is too long.
    pub fn advance(&mut self) -> Result<bool, Refused> {
        let more = match self.framing {
            Framing::Lines => self.advance_line()?,
            Framing::Described | Framing::Blocked => self.advance_described()?,
        };
        Ok(more)
    }

    /// Makes sure that nothing but line ends and blanks follows.
    ///
    /// # Errors
    /// [`Refused::NotThisLayout`] at the first byte that is something.
    pub fn finish(&mut self) -> Result<(), Refused> {
        while let Some(byte) = self.peek()? {
            if !matches!(byte, b' ' | b'\r' | b'\n') {
                return Err(Refused::NotThisLayout {
                    byte: self.next_byte,
                    field: "TRAILER".to_owned(),
                    expected: "the end of the file after the trailer record".to_owned(),
                    found: Found::phrase("more records or other bytes"),
                });
            }
            self.bump();
        }
        Ok(())
    }

    /// The end of the file where `expected` should stand.
    pub fn truncated(&self, expected: &str) -> Refused {
        Refused::Truncated { byte: self.next_byte, expected: expected.to_owned() }
    }

    fn open_character(&mut self) -> Result<(), Refused> {
        let skip = if self.header_has_block_word { DESCRIPTOR_BYTES } else { 0 };
        let full = skip + SegmentKind::Header.length(Form::Character);
        if !self.buffer.contains(&b'\n') {
            self.read_line_up_to(full)?;
        }
        if self.buffer.contains(&b'\n') {
            return self.open_lines(skip);
        }
        if self.buffer.len() < full {
            return Err(self.truncated("the rest of the header record"));
        }
        // What follows the header's last field decides: blanks and a line end, or the next record.
        loop {
            match self.peek()? {
                None => return Err(self.truncated("data records and a trailer record")),
                Some(b' ') if self.buffer.len() >= RECORD_BYTES_MAX => return Err(self.too_large()),
                Some(byte @ b' ') => self.take(byte),
                Some(b'\r') => {
                    self.take(b'\r');
                    match self.peek()? {
                        None | Some(b'\n') => {}
                        Some(_) => return Err(self.not_a_length("a line end after the header record")),
                    }
                }
                Some(b'\n') => {
                    self.take(b'\n');
                    return self.open_lines(skip);
                }
                Some(_) => return self.open_described(skip),
            }
        }
    }

    fn open_lines(&mut self, skip: usize) -> Result<(), Refused> {
        self.framing = Framing::Lines;
        self.strip_line_end();
        // Programs that strip closing blanks drop the reserved field, and no more.
        let least = header::RESERVED.character.start;
        let found = self.buffer.len() - skip.min(self.buffer.len());
        if found < least {
            return Err(Refused::NotThisLayout {
                byte: self.start,
                field: "HEADER".to_owned(),
                expected: "426 bytes, or 280 without the reserved field".to_owned(),
                found: Found::phrase(format!("{found} bytes")),
            });
        }
        Ok(())
    }

    fn open_described(&mut self, skip: usize) -> Result<(), Refused> {
        let read = self.buffer.len();
        let word = |start: usize| self.buffer.get(start..).and_then(|rest| word_at(rest, Form::Character));
        let agrees = if skip == 0 {
            word(0) == Some(read)
        } else {
            let (block, record) = (word(0).unwrap_or(0), word(skip).unwrap_or(0));
            self.block_rest = block.saturating_sub(read);
            block == read || (record + skip == read && block >= read)
        };
        if agrees { Ok(()) } else { Err(self.not_a_length("the length of the header record")) }
    }

    fn open_packed(&mut self) -> Result<(), Refused> {
        let skip = if self.header_has_block_word { DESCRIPTOR_BYTES } else { 0 };
        let word = |start: usize| self.buffer.get(start..).and_then(|rest| word_at(rest, Form::Packed)).unwrap_or(0);
        let length = skip + word(skip);
        let block = word(0);
        if word(skip) < SegmentKind::Header.length(Form::Packed) || (skip > 0 && block < length) {
            return Err(self.not_a_length("the length of the header record"));
        }
        self.block_rest = if skip > 0 { block - length } else { 0 };
        self.read_record(length)
    }

    fn advance_line(&mut self) -> Result<bool, Refused> {
        loop {
            self.begin_record();
            if self.read_line_up_to(RECORD_BYTES_MAX)? == 0 {
                return Ok(false);
            }
            if self.buffer.len() >= RECORD_BYTES_MAX && !self.buffer.ends_with(b"\n") {
                return Err(self.too_large());
            }
            self.strip_line_end();
            if self.buffer.iter().any(|&byte| byte != b' ') {
                break;
            }
        }
        self.blocks += 1;
        if self.begins_with_block_word() {
            self.block = Some(self.buffer.get(..DESCRIPTOR_BYTES).and_then(|word| length_in(word, Form::Character)));
        }
        Ok(true)
    }

    /// Whether the line at hand has a block descriptor word: some programs write one before some records only.
    fn begins_with_block_word(&self) -> bool {
        let names = |start: usize, name: &[u8]| self.buffer.get(start..).is_some_and(|rest| rest.starts_with(name));
        // The 14 bytes after descriptor word and processing indicator; a timestamp read one word too early has the
        // record's length for a month, or its month and day for a year below 1232.
        let stamped = |start: usize| {
            let stamp = self.buffer.get(start + 5..).and_then(|rest| rest.first_chunk::<14>());
            stamp.and_then(timestamp).is_some_and(|stamp| stamp.year() > 1231)
        };
        match () {
            () if stamped(0) || names(4, TRAILER) || names(4, HEADER) => false,
            () if stamped(4) || names(8, TRAILER) || names(8, HEADER) => true,
            () => self.header_has_block_word,
        }
    }

    fn advance_described(&mut self) -> Result<bool, Refused> {
        self.begin_record();
        if self.peek()?.is_none() {
            return Ok(false);
        }
        let mut skip = 0;
        if self.framing == Framing::Blocked {
            if self.block_rest > 0 && self.peek()? == Some(b' ') {
                self.skip_filling()?;
                return self.advance_described();
            }
            self.blocks += i64::from(self.block_rest == 0);
            self.expect_up_to(DESCRIPTOR_BYTES + TRAILER.len())?;
            // moov-io/metro2 writes no block descriptor word before the trailer.
            if self.block_rest == 0 && self.buffer.get(DESCRIPTOR_BYTES..) != Some(TRAILER) {
                skip = DESCRIPTOR_BYTES;
            }
        } else {
            self.blocks += 1;
        }
        self.expect_up_to(skip + DESCRIPTOR_BYTES)?;
        let word = |start: usize| self.buffer.get(start..).and_then(|rest| word_at(rest, self.form));
        let Some(length) = word(skip).filter(|&length| length > DESCRIPTOR_BYTES) else {
            return Err(self.not_a_length("the length of a record"));
        };
        let length = skip + length;
        if skip > 0 {
            let block = word(0).unwrap_or(0);
            self.block = Some(u32::try_from(block).ok());
            self.block_rest = block;
        }
        if self.block_rest > 0 || skip > 0 {
            self.block_rest =
                self.block_rest.checked_sub(length).ok_or_else(|| self.not_a_length("a record within its block"))?;
        }
        self.read_record(length)?;
        Ok(true)
    }

    /// Blanks between the last record of a block and the block's end.
    fn skip_filling(&mut self) -> Result<(), Refused> {
        while self.block_rest > 0 {
            match self.peek()? {
                Some(b' ') => self.bump(),
                Some(_) => return Err(self.not_a_length("blanks up to the end of the block")),
                None => return Err(self.truncated("the rest of a block")),
            }
            self.block_rest -= 1;
        }
        Ok(())
    }

    fn begin_record(&mut self) {
        self.buffer.clear();
        self.start = self.next_byte;
        self.block = None;
    }

    /// Completes the record at hand to `length` bytes.
    fn read_record(&mut self, length: usize) -> Result<(), Refused> {
        if length > RECORD_BYTES_MAX {
            return Err(self.too_large());
        }
        self.expect_up_to(length)
    }

    fn expect_up_to(&mut self, length: usize) -> Result<(), Refused> {
        if self.read_up_to(length)? < length {
            return Err(self.truncated("the rest of a record"));
        }
        Ok(())
    }

    /// Reads until the buffer has `length` bytes or the file ends; gives the bytes in the buffer.
    fn read_up_to(&mut self, length: usize) -> Result<usize, Refused> {
        let missing = length.saturating_sub(self.buffer.len());
        let read = (&mut *self.input).take(missing as u64).read_to_end(&mut self.buffer)?;
        self.next_byte += read as u64;
        Ok(self.buffer.len())
    }

    /// Reads until a line end, or until the buffer has `length` bytes, or the file ends; gives the bytes read.
    fn read_line_up_to(&mut self, length: usize) -> Result<usize, Refused> {
        let missing = length.saturating_sub(self.buffer.len());
        let read = (&mut *self.input).take(missing as u64).read_until(b'\n', &mut self.buffer)?;
        self.next_byte += read as u64;
        Ok(read)
    }

    fn strip_line_end(&mut self) {
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        }
        if self.buffer.last() == Some(&b'\r') {
            self.buffer.pop();
        }
    }

    fn peek(&mut self) -> Result<Option<u8>, Refused> {
        Ok(self.input.fill_buf()?.first().copied())
    }

    fn bump(&mut self) {
        self.input.consume(1);
        self.next_byte += 1;
    }

    fn take(&mut self, byte: u8) {
        self.buffer.push(byte);
        self.bump();
    }

    fn too_large(&self) -> Refused {
        Refused::TooLarge { byte: self.start, what: "record", limit_bytes: RECORD_BYTES_MAX as u64 }
    }

    fn not_a_length(&self, expected: &str) -> Refused {
        Refused::NotThisLayout {
            byte: self.start,
            field: header::RECORD_DESCRIPTOR_WORD.name.to_owned(),
            expected: expected.to_owned(),
            found: Found::shape(self.buffer.get(..DESCRIPTOR_BYTES).unwrap_or(&self.buffer)),
        }
    }
}

/// The length in the descriptor word that `bytes` begin with.
fn word_at(bytes: &[u8], form: Form) -> Option<usize> {
    let word = bytes.get(..DESCRIPTOR_BYTES)?;
    length_in(word, form).and_then(|length| usize::try_from(length).ok())
}

fn length_in(word: &[u8], form: Form) -> Option<u32> {
    match form {
        Form::Packed => descriptor(word).map(u32::from),
        Form::Character => word.iter().try_fold(0_u32, |length, byte| {
            let digit = byte.wrapping_sub(b'0');
            (digit <= 9).then(|| length * 10 + u32::from(digit))
        }),
    }
}
