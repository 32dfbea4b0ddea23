//! The rows of a statement with their places: of delimited text, or of a sheet.

use std::io::{BufRead, Read};

use super::sheet::Cell;
use crate::layouts::mapped::RECORD_BYTES_MAX;
use crate::layouts::mapped::beginning::{blank_lines, text_start};
use crate::layouts::mapped::delimited::Splitter;
use crate::layouts::mapped::dialect::Dialect;
use crate::layouts::mapped::encoding::Encoding;
use crate::read::Refused;
use crate::reject::Found;

/// Largest statement that is read, checked while reading. A year of a busy account is below 2 MiB.
pub(super) const FILE_BYTES_MAX: u64 = 64 << 20;

/// Most columns of a row.
pub(super) const COLUMNS_MAX: usize = 256;

/// All of a file.
///
/// # Errors
/// [`Refused`] if it can't be read or is above [`FILE_BYTES_MAX`].
pub(super) fn whole(input: &mut dyn BufRead) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    input.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Refused::TooLarge { byte: FILE_BYTES_MAX, what: "a statement", limit_bytes: FILE_BYTES_MAX });
    }
    Ok(bytes)
}

/// One row: its cells without the white space around them.
pub(super) struct Row {
    /// Where its first byte stands; of a sheet, which has no such places, 0.
    pub(super) byte: u64,
    /// Of a sheet: the row's number there, from 1.
    pub(super) line: Option<u32>,
    /// A cell that is not of the encoding is `None`.
    pub(super) cells: Vec<Option<String>>,
    /// Of a sheet: which cells are numbers by their own type.
    numbers: Vec<bool>,
    /// What is odd about its quotes, if anything.
    pub(super) quotes: Quotes,
}

/// Whether a row may have swallowed others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    Fine,
    /// A cell has a line end in it.
    SeveralLines,
    /// The file ends inside of one.
    Unclosed,
}

impl Row {
    pub(super) fn cell(&self, place: usize) -> &str {
        self.cells.get(place).and_then(Option::as_deref).unwrap_or_default()
    }

    /// Whether a cell can't be read in the file's encoding.
    pub(super) fn malformed(&self, place: usize) -> bool {
        matches!(self.cells.get(place), Some(None))
    }

    /// Whether a cell is a number by its own type, so that no mark or sign of the mapping concerns it.
    pub(super) fn is_number(&self, place: usize) -> bool {
        self.numbers.get(place).copied().unwrap_or(false)
    }

    /// Whether nothing stands in it.
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.as_deref() == Some(""))
    }

    /// The first cell that is not blank.
    pub(super) fn first(&self) -> &str {
        self.cells.iter().flatten().map(String::as_str).find(|cell| !cell.is_empty()).unwrap_or_default()
    }
}

/// The rows of a file, one after another.
pub(super) enum Rows<'a> {
    Text { bytes: &'a [u8], at: usize, splitter: Box<Splitter>, dialect: Dialect, encoding: Encoding },
    Sheet { rows: std::vec::IntoIter<(u32, Vec<Cell>)> },
}

impl<'a> Rows<'a> {
    /// Of delimited text.
    ///
    /// # Errors
    /// [`Refused`] for an encoding that no mapping reads.
    pub(super) fn of_text(dialect: Dialect, encoding: Encoding, bytes: &'a [u8]) -> Result<Self, Refused> {
        let at = text_start(bytes, encoding.name())?;
        Ok(Self::Text { bytes, at, splitter: Box::new(Splitter::new(&dialect)), dialect, encoding })
    }

    /// Of a sheet: its rows with their numbers.
    pub(super) fn of_sheet(rows: Vec<(u32, Vec<Cell>)>) -> Self {
        Self::Sheet { rows: rows.into_iter() }
    }

    /// The next row.
    ///
    /// # Errors
    /// [`Refused`] above [`COLUMNS_MAX`] or [`RECORD_BYTES_MAX`].
    pub(super) fn next(&mut self) -> Result<Option<Row>, Refused> {
        match self {
            Self::Sheet { rows } => Ok(rows.next().map(|(line, cells)| Row {
                byte: 0,
                line: Some(line),
                numbers: cells.iter().map(|cell| cell.is_number).collect(),
                cells: cells.into_iter().map(|cell| Some(cell.text.trim().to_owned())).collect(),
                quotes: Quotes::Fine,
            })),
            Self::Text { bytes, at, splitter, dialect, encoding } => {
                *at += blank_lines(bytes.get(*at..).unwrap_or_default(), dialect.comment);
                let (byte, rest) = (*at as u64, bytes.get(*at..).unwrap_or_default());
                if rest.is_empty() {
                    return Ok(None);
                }
                let too_large = |_| Refused::TooLarge { byte, what: "record", limit_bytes: RECORD_BYTES_MAX };
                let split = splitter.split(rest).map_err(too_large)?;
                if split.ranges.len() > COLUMNS_MAX {
                    return Err(Refused::NotThisLayout {
                        byte,
                        field: "row".to_owned(),
                        expected: format!("at most {COLUMNS_MAX} columns"),
                        found: Found::phrase("more"),
                    });
                }
                let quotes = match (split.unclosed, split.has_line_ends()) {
                    (true, _) => Quotes::Unclosed,
                    (false, true) => Quotes::SeveralLines,
                    (false, false) => Quotes::Fine,
                };
                let text = |cell: &[u8]| encoding.decode(cell.trim_ascii()).map(|text| text.trim().to_owned());
                let cells = split.fields().map(text).collect();
                *at += split.length;
                Ok(Some(Row { byte, line: None, cells, numbers: Vec::new(), quotes }))
            }
        }
    }

    /// Where a cell of `row` begins, as delivered; of a sheet its row's place.
    pub(super) fn cell_byte(&self, row: &Row, place: usize) -> u64 {
        match self {
            Self::Sheet { .. } => row.byte,
            Self::Text { bytes, dialect, .. } => {
                let raw = usize::try_from(row.byte).ok().and_then(|start| bytes.get(start..)).unwrap_or_default();
                row.byte + dialect.field_start(raw, place).unwrap_or(0) as u64
            }
        }
    }
}
