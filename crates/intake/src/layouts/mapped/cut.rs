//! Cuts text into parts that begin and end with whole rows, whether it comes from a file or from a stream.

use std::io::Read;

use super::RECORD_BYTES_MAX;
use super::dialect::{Dialect, RowEnd};
use crate::parts::{Cutter, Part};
use crate::read::Refused;

/// What a row is, for finding where one ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rows {
    /// Delimited text, whose quotes may hold line ends.
    Delimited(Dialect),
    /// Lines, whatever they hold.
    Lines,
}

impl Rows {
    /// How many of `bytes`, which begin with a row, are whole rows; and where the row begins that is not whole, if any.
    fn whole(&self, bytes: &[u8]) -> usize {
        let Self::Delimited(dialect) = self else {
            return memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
        };
        // A comment ends at `\n` alone; outside of quotes and comments `\r` ends a row too.
        let last_end = |bytes: &[u8]| match dialect.comment {
            Some(_) => memchr::memrchr(b'\n', bytes),
            None => memchr::memrchr2(b'\r', b'\n', bytes),
        };
        let Some(quote) = dialect.quote else { return last_end(bytes).map_or(0, |at| at + 1) };
        let mut done = 0;
        loop {
            let rest = bytes.get(done..).unwrap_or_default();
            let Some(quoted) = memchr::memchr(quote, rest) else {
                return last_end(rest).map_or(done, |at| done + at + 1);
            };
            // Up to the last line before the first quote nothing can hold a line end.
            done += last_end(rest.get(..quoted).unwrap_or_default()).map_or(0, |at| at + 1);
            let row = bytes.get(done..).unwrap_or_default();
            let end = match row.first() {
                Some(b'\r' | b'\n') => Some(0),
                first if dialect.comment.is_some() && first.copied() == dialect.comment => memchr::memchr(b'\n', row),
                _ => match dialect.row_end(row) {
                    RowEnd::At(end) => Some(end),
                    RowEnd::Open | RowEnd::OpenQuoted => None,
                },
            };
            match end {
                Some(end) => done += end + 1,
                None => return done,
            }
        }
    }
}

/// Cuts what `input` gives.
pub(super) struct TextCutter<R> {
    input: R,
    rows: Rows,
    part_bytes: usize,
    /// Read and not handed out: begins with a row, at byte `at` of the file.
    held: Vec<u8>,
    at: u64,
    ended: bool,
}

impl<R: Read> TextCutter<R> {
    pub(super) const fn new(input: R, part_bytes: usize) -> Self {
        Self { input, rows: Rows::Lines, part_bytes, held: Vec::new(), at: 0, ended: false }
    }

    /// From here on what is handed out are `rows`.
    pub(super) const fn set_rows(&mut self, rows: Rows) {
        self.rows = rows;
    }

    /// The first bytes of what is not handed out yet: all of the file, or more than a record may have.
    pub(super) fn beginning(&mut self) -> Result<&[u8], Refused> {
        let enough = usize::try_from(RECORD_BYTES_MAX).unwrap_or(usize::MAX).saturating_add(self.part_bytes);
        self.fill(enough)?;
        Ok(&self.held)
    }

    /// Passes over `count` bytes of the beginning.
    pub(super) fn skip(&mut self, count: usize) {
        let count = count.min(self.held.len());
        self.held.drain(..count);
        self.at += count as u64;
    }

    /// Reads until `count` bytes are held, or all there are.
    fn fill(&mut self, count: usize) -> Result<(), Refused> {
        let missing = count.saturating_sub(self.held.len());
        if missing == 0 || self.ended {
            return Ok(());
        }
        self.held.reserve(missing);
        let read = self.input.by_ref().take(missing as u64).read_to_end(&mut self.held)?;
        self.ended = read < missing;
        Ok(())
    }
}

impl<R: Read + Send> Cutter for TextCutter<R> {
    fn next_part(&mut self) -> Result<Option<Part>, Refused> {
        self.cut()
    }
}

impl<R: Read> TextCutter<R> {
    /// See [`Cutter::next_part`].
    pub(super) fn cut(&mut self) -> Result<Option<Part>, Refused> {
        let mut wanted = self.part_bytes.max(1);
        loop {
            self.fill(wanted)?;
            if self.held.is_empty() {
                return Ok(None);
            }
            let window = self.held.get(..wanted).unwrap_or(&self.held);
            let all_there_is = self.ended && window.len() == self.held.len();
            let whole = if all_there_is { window.len() } else { self.rows.whole(window) };
            if whole > 0 {
                let rest = self.held.split_off(whole);
                let part = Part { at: self.at, bytes: std::mem::replace(&mut self.held, rest) };
                self.at += whole as u64;
                return Ok(Some(part));
            }
            let line_ends = window.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if (window.len() - line_ends) as u64 > RECORD_BYTES_MAX {
                let byte = self.at + line_ends as u64;
                return Err(Refused::TooLarge { byte, what: "record", limit_bytes: RECORD_BYTES_MAX });
            }
            wanted = wanted.saturating_mul(2);
        }
    }
}
