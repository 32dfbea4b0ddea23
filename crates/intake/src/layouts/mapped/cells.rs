//! One row as its format gave it: the text of each column, and where it stood.

use super::dialect::Dialect;

/// Where the columns of a row stand in the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Places<'a> {
    /// In delimited text: found again by walking the row's bytes as delivered, which only a reject needs.
    Row(&'a [u8], &'a Dialect),
    /// At these offsets in the row; `None` for a column it does not have.
    Each(&'a [Option<u32>]),
    /// Nowhere nearer than the row.
    Whole,
}

/// The columns of one row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells<'a> {
    /// What the ranges are of.
    pub(super) text: &'a [u8],
    /// Where in `text` each column begins and ends.
    pub(super) ranges: &'a [(u32, u32)],
    /// Offset of the row in the file.
    pub(super) byte: u64,
    /// Where the columns stand.
    pub(super) places: Places<'a>,
}

impl<'a> Cells<'a> {
    /// The text of a column, without blanks around it; blank if the row has no such column.
    pub(super) fn get(&self, place: usize) -> &'a [u8] {
        let Some(&(start, end)) = self.ranges.get(place) else { return b"" };
        self.text.get(start as usize..end as usize).unwrap_or_default().trim_ascii()
    }

    /// Offset in the file of the first byte of a column as delivered; the row's if it has no such column.
    pub(super) fn byte_of(&self, place: usize) -> u64 {
        match self.places {
            Places::Row(row, dialect) => self.byte + dialect.field_start(row, place).unwrap_or(0) as u64,
            Places::Each(starts) => self.byte + u64::from(starts.get(place).copied().flatten().unwrap_or(0)),
            Places::Whole => self.byte,
        }
    }
}
