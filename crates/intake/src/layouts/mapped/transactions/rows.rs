//! The rows of a statement with their places: of delimited text, or of a sheet.

use std::io::{BufRead, Read};

use crate::layouts::mapped::mapping::Mapping;
use crate::read::Refused;
use crate::reject::Found;

/// Largest statement that is read, checked while reading. A year of a busy account is below 2 MiB.
pub(super) const FILE_BYTES_MAX: u64 = 64 << 20;

/// Most columns of a row.
pub(super) const COLUMNS_MAX: usize = 256;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

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
    /// A cell has a line end in it.
    several_lines: bool,
}

impl Row {
    pub(super) fn cell(&self, place: usize) -> &str {
        self.cells.get(place).and_then(Option::as_deref).unwrap_or_default()
    }

    /// Whether a cell can't be read in the file's encoding.
    pub(super) fn malformed(&self, place: usize) -> bool {
        matches!(self.cells.get(place), Some(None))
    }

    /// Whether nothing stands in it.
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.as_deref() == Some(""))
    }

    pub(super) const fn is_over_several_lines(&self) -> bool {
        self.several_lines
    }

    /// The first cell that is not blank.
    pub(super) fn first(&self) -> &str {
        self.cells.iter().flatten().map(String::as_str).find(|cell| !cell.is_empty()).unwrap_or_default()
    }
}

/// The rows of a file, one after another.
pub(super) enum Rows<'a> {
    Text { bytes: &'a [u8], csv: Box<csv::Reader<&'a [u8]>>, record: csv::ByteRecord, gb18030: bool, delimiter: u8 },
    Sheet { rows: std::vec::IntoIter<(u32, Vec<String>)> },
}

impl<'a> Rows<'a> {
    /// Of delimited text, in the mapping's encoding.
    pub(super) fn of_text(mapping: &Mapping, bytes: &'a [u8]) -> Self {
        let delimiter = mapping.delimiter();
        let csv = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(bytes);
        let record = csv::ByteRecord::new();
        Self::Text { bytes, csv: Box::new(csv), record, gb18030: mapping.gb18030, delimiter }
    }

    /// Of a sheet: its rows with their numbers.
    pub(super) fn of_sheet(rows: Vec<(u32, Vec<String>)>) -> Self {
        Self::Sheet { rows: rows.into_iter() }
    }

    /// The next row.
    ///
    /// # Errors
    /// [`Refused`] above [`COLUMNS_MAX`].
    pub(super) fn next(&mut self) -> Result<Option<Row>, Refused> {
        match self {
            Self::Sheet { rows } => Ok(rows.next().map(|(line, cells)| Row {
                byte: 0,
                line: Some(line),
                cells: cells.into_iter().map(|cell| Some(cell.trim().to_owned())).collect(),
                several_lines: false,
            })),
            Self::Text { bytes, csv, record, gb18030, .. } => {
                let start = csv.position().byte();
                match csv.read_byte_record(record) {
                    Ok(true) => {}
                    Ok(false) => return Ok(None),
                    Err(_) => return Err(too_wide(start, "rows of delimited text", "something else")),
                }
                if record.len() > COLUMNS_MAX {
                    return Err(too_wide(start, &format!("at most {COLUMNS_MAX} columns"), "more"));
                }
                let rest = usize::try_from(start).ok().and_then(|start| bytes.get(start..)).unwrap_or_default();
                let marked = start == 0 && rest.starts_with(UTF8_MARK);
                let skipped = if marked { UTF8_MARK.len() } else { 0 };
                let blank = rest.iter().skip(skipped).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                let cells = record.iter().map(|cell| decode(cell, *gb18030)).collect();
                let several_lines = record.iter().any(|cell| cell.contains(&b'\n'));
                let byte = start + (skipped + blank) as u64;
                Ok(Some(Row { byte, line: None, cells, several_lines }))
            }
        }
    }

    /// Where a cell of `row` begins, as delivered; of a sheet its row's place.
    pub(super) fn cell_byte(&self, row: &Row, place: usize) -> u64 {
        match self {
            Self::Sheet { .. } => row.byte,
            Self::Text { bytes, delimiter, .. } => {
                let raw = usize::try_from(row.byte).ok().and_then(|start| bytes.get(start..)).unwrap_or_default();
                row.byte + cell_start(raw, *delimiter, place).unwrap_or(0) as u64
            }
        }
    }
}

fn too_wide(byte: u64, expected: &str, found: &str) -> Refused {
    let (field, expected) = ("row".to_owned(), expected.to_owned());
    Refused::NotThisLayout { byte, field, expected, found: Found::phrase(found) }
}

fn decode(cell: &[u8], gb18030: bool) -> Option<String> {
    let cell = cell.strip_prefix(UTF8_MARK).unwrap_or(cell).trim_ascii();
    if gb18030 {
        let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(cell)?;
        return Some(text.trim().to_owned());
    }
    std::str::from_utf8(cell).ok().map(|text| text.trim().to_owned())
}

/// Walks a row as the CSV reader does: a quote counts at the start of a cell alone, is doubled inside, and text after the
/// closing one belongs to the cell.
fn cell_start(row: &[u8], delimiter: u8, place: usize) -> Option<usize> {
    let (mut left, mut at_start, mut quoted) = (place, true, false);
    for (offset, &byte) in row.iter().enumerate() {
        if left == 0 {
            return Some(offset);
        }
        match byte {
            b'"' if quoted || at_start => quoted = !quoted,
            // The second of two in a quoted cell opens it again.
            b'"' if offset > 0 && row.get(offset - 1) == Some(&b'"') => quoted = true,
            byte if byte == delimiter && !quoted => left -= 1,
            b'\r' | b'\n' if !quoted => return None,
            _ => {}
        }
        at_start = byte == delimiter && !quoted;
    }
    (left == 0).then_some(row.len())
}
