//! What a delivered bill is: text in one of its encodings, a spreadsheet, or one of these in an archive.
//!
//! Recognised by content, never by a name. Everything is read within limits that are checked while it is unpacked, so that a
//! small file can't become a large one. Nothing is written to disk: the names in an archive don't matter. Start at [`open`].

use std::io::{self, BufRead, Cursor, Read};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use tallystick_model::Sensitive;
use zip::ZipArchive;
use zip::result::ZipError;

use super::sheet;
use super::text::{Origin, Text};
use crate::read::Refused;
use crate::reject::Found;

/// Largest bill that is read, delivered and again unpacked: a year of a busy wallet is below 2 MiB.
pub(super) const BILL_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How a ZIP archive begins, one without files too.
const ARCHIVE_MARKS: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
/// How a compound file begins: a spreadsheet of before 2007, or one that asks for a password.
const COMPOUND_MARK: &[u8] = b"\xd0\xcf\x11\xe0";

/// The separator that spreadsheet programs write instead of a comma.
const TAB: u8 = b'\t';
/// A line with this many of them and the heading of the direction's column is cut by tabs.
const TABS_MIN: usize = 4;
/// The heading of a column that every bill has.
const DIRECTION: &str = "收/支";

/// Whether a file begins as a ZIP archive does: a spreadsheet, or a bill in an archive.
pub(super) fn is_archive(head: &[u8]) -> bool {
    ARCHIVE_MARKS.iter().any(|mark| head.starts_with(mark))
}

/// The texts that may be the bill: one, or of a spreadsheet each sheet in its order.
///
/// # Errors
/// [`Refused`] if the file can't be read or is too large, or is an archive that does not hold exactly one file or asks for
/// another password.
pub(super) fn open(input: &mut dyn BufRead, password: Option<&Sensitive<String>>) -> Result<Vec<Text>, Refused> {
    let bytes = limited(input, BILL_BYTES_MAX)?;
    if !is_archive(&bytes) {
        return text(bytes).map(|text| vec![text]);
    }
    let mut archive = archive(&bytes)?;
    if sheet::is_workbook(&archive) {
        return sheet::texts(&mut archive);
    }
    let bill = only_file(&mut archive, password)?;
    if !is_archive(&bill) {
        return text(bill).map(|text| vec![text]);
    }
    let mut inner = self::archive(&bill)?;
    if !sheet::is_workbook(&inner) {
        return Err(refused("one bill in the archive", "another archive"));
    }
    sheet::texts(&mut inner)
}

/// The text at the beginning of a file that is no archive: its last line, which may be cut, is left out if there are others.
pub(super) fn beginning(head: &[u8]) -> Option<Text> {
    let is_wide =
        matches!(Encoding::for_bom(head), Some((encoding, _)) if encoding == UTF_16LE || encoding == UTF_16BE);
    let end = if is_wide {
        head.len() / 2 * 2
    } else {
        head.iter().rposition(|byte| *byte == b'\n').map_or(head.len(), |last| last + 1)
    };
    text(head.get(..end)?.to_vec()).ok()
}

/// All of `input`, if it is within `limit_bytes`.
pub(super) fn limited(input: &mut dyn Read, limit_bytes: u64) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    input.take(limit_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit_bytes {
        return Err(Refused::TooLarge { byte: limit_bytes, what: "a bill", limit_bytes });
    }
    Ok(bytes)
}

fn archive(bytes: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, Refused> {
    ZipArchive::new(Cursor::new(bytes)).map_err(|_| refused("a ZIP archive", "a damaged one"))
}

/// The one file of an archive; folders don't count.
fn only_file(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    password: Option<&Sensitive<String>>,
) -> Result<Vec<u8>, Refused> {
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index).map_err(|error| unreadable(&error))?;
        if !file.is_dir() {
            files.push((index, file.encrypted()));
        }
    }
    let [(index, encrypted)] = files[..] else {
        return Err(refused("one bill in the archive", &format!("{} files", files.len())));
    };
    unpacked(archive, index, if encrypted { password } else { None }, encrypted)
}

/// A file of an archive, unpacked within [`BILL_BYTES_MAX`].
fn unpacked(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    password: Option<&Sensitive<String>>,
    encrypted: bool,
) -> Result<Vec<u8>, Refused> {
    let mut file = match password {
        Some(password) => archive.by_index_decrypt(index, password.expose().as_bytes()),
        None => archive.by_index(index),
    }
    .map_err(|error| unreadable(&error))?;
    if file.size() > BILL_BYTES_MAX {
        return Err(Refused::TooLarge { byte: 0, what: "a bill in an archive", limit_bytes: BILL_BYTES_MAX });
    }
    limited(&mut file, BILL_BYTES_MAX).map_err(|error| match error {
        // The check of a password lets some wrong ones through; what they decrypt to is not the file.
        Refused::Io(error) if encrypted && error.kind() != io::ErrorKind::OutOfMemory => Refused::WrongPassword,
        Refused::Io(_) => refused("a ZIP archive", "a damaged one"),
        other => other,
    })
}

/// A part of a spreadsheet, unpacked within `limit_bytes`; `None` if there is none of that name.
pub(super) fn part(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    name: &str,
    limit_bytes: u64,
) -> Result<Option<Vec<u8>>, Refused> {
    let mut file = match archive.by_name(name) {
        Ok(file) => file,
        Err(ZipError::FileNotFound) => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    limited(&mut file, limit_bytes).map(Some).map_err(|error| match error {
        Refused::Io(_) => refused("a spreadsheet", "a damaged one"),
        other => other,
    })
}

fn unreadable(error: &ZipError) -> Refused {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => Refused::PasswordNeeded,
        ZipError::InvalidPassword => Refused::WrongPassword,
        ZipError::UnsupportedArchive(_) => refused("a ZIP archive", "one that is packed in a way not known here"),
        _ => refused("a ZIP archive", "a damaged one"),
    }
}

/// [`Refused`] at the beginning of the file.
pub(super) fn refused(expected: &str, found: &str) -> Refused {
    Refused::NotThisLayout {
        byte: 0,
        field: "file".to_owned(),
        expected: expected.to_owned(),
        found: Found::phrase(found),
    }
}

/// A text file; what stands in UTF-16 or is cut by tabs is written again.
fn text(bytes: Vec<u8>) -> Result<Text, Refused> {
    if bytes.starts_with(COMPOUND_MARK) {
        return Err(refused("a bill", "a spreadsheet of before 2007 or with a password: save it as .xlsx or CSV"));
    }
    let (bytes, starts) = match Encoding::for_bom(&bytes) {
        Some((encoding, mark)) if encoding == UTF_16LE || encoding == UTF_16BE => from_utf16(&bytes, encoding, mark)?,
        _ => (bytes, None),
    };
    let text = Text::new(bytes, starts.map_or(Origin::File, Origin::Lines))?;
    if is_cut_by_tabs(&text) { with_commas(&text) } else { Ok(text) }
}

/// A text as UTF-8, and where each of its lines starts there and in the file.
type FromUtf16 = (Vec<u8>, Option<Vec<(usize, u64)>>);

fn from_utf16(bytes: &[u8], encoding: &'static Encoding, mark: usize) -> Result<FromUtf16, Refused> {
    let body = bytes.get(mark..).unwrap_or_default();
    let (text, malformed) = encoding.decode_without_bom_handling(body);
    if malformed {
        return Err(refused(&format!("{} text", encoding.name()), "a malformed character"));
    }
    let (mut starts, mut at) = (vec![(0, mark as u64)], mark as u64);
    for (offset, character) in text.char_indices() {
        at += 2 * character.len_utf16() as u64;
        if character == '\n' {
            starts.push((offset + 1, at));
        }
    }
    Ok((text.into_owned().into_bytes(), Some(starts)))
}

/// Whether the heading row is cut by tabs. (In bills cut by commas, tabs stand at the end of numbers, and in no heading.)
fn is_cut_by_tabs(text: &Text) -> bool {
    let mut at = text.start;
    for _ in 0..super::header::HEADER_LINES_MAX {
        let Some(line) = text.line(at) else { break };
        let tabs = line.raw.iter().filter(|byte| **byte == TAB).count();
        if tabs >= TABS_MIN
            && text
                .decode(line.raw)
                .is_ok_and(|line| line.split('\t').any(|cell| cell.trim_matches(['"', ' ']) == DIRECTION))
        {
            return true;
        }
        at = line.next;
    }
    false
}

/// Rows cut by tabs, as rows cut by commas.
fn with_commas(text: &Text) -> Result<Text, Refused> {
    let mut rows = csv::ReaderBuilder::new().delimiter(TAB).has_headers(false).flexible(true).from_reader(text.bytes());
    let (mut lines, mut row) = (Lines::default(), csv::ByteRecord::new());
    let malformed = |_| refused("rows cut by tabs", "malformed ones");
    while rows.read_byte_record(&mut row).map_err(malformed)? {
        let start = row.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        let line = lines.push(row.iter())?;
        lines.of.push((line, text.byte(start)));
    }
    Text::new(lines.bytes, Origin::Lines(lines.of))
}

/// Rows, written as lines with commas and quotes; each is one line.
#[derive(Default)]
pub(super) struct Lines<T> {
    pub(super) bytes: Vec<u8>,
    /// Where each line starts, and what it came from.
    pub(super) of: Vec<(usize, T)>,
}

impl<T> Lines<T> {
    /// Appends a line and says where it starts.
    ///
    /// # Errors
    /// [`Refused::TooLarge`] if the lines together are above [`BILL_BYTES_MAX`].
    pub(super) fn push<'a>(&mut self, cells: impl Iterator<Item = &'a [u8]>) -> Result<usize, Refused> {
        let start = self.bytes.len();
        for (index, cell) in cells.enumerate() {
            if index > 0 {
                self.bytes.push(b',');
            }
            let quoted = cell.iter().any(|byte| b",\"\r\n".contains(byte));
            if quoted {
                self.bytes.push(b'"');
            }
            for byte in cell {
                match byte {
                    b'\r' | b'\n' => self.bytes.push(b' '),
                    b'"' => self.bytes.extend_from_slice(b"\"\""),
                    _ => self.bytes.push(*byte),
                }
            }
            if quoted {
                self.bytes.push(b'"');
            }
            if self.bytes.len() as u64 > BILL_BYTES_MAX {
                return Err(Refused::TooLarge { byte: 0, what: "a bill", limit_bytes: BILL_BYTES_MAX });
            }
        }
        self.bytes.push(b'\n');
        Ok(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_above_the_limit_is_refused_while_reading() {
        let mut endless = io::BufReader::new(io::repeat(b'\n'));
        let error = open(&mut endless, None).err().unwrap();
        assert_eq!(error.to_string(), "byte 67108864: a bill above the limit of 67108864 bytes");
        let mut edge = io::BufReader::new(io::repeat(b'\n').take(BILL_BYTES_MAX));
        assert_eq!(open(&mut edge, None).unwrap()[0].bytes().len() as u64, BILL_BYTES_MAX);
    }

    #[test]
    fn rows_cut_by_tabs_are_rows_cut_by_commas_and_know_where_they_were() {
        let lines = "注\n时间\t收/支\t金额\t状态\t\"对,方\"\n1\t支出\t\"1,000\"\t好\t\"甲\n乙\"\n";
        let text = text(lines.as_bytes().to_vec()).unwrap();
        let expected = "注\n时间,收/支,金额,状态,\"对,方\"\n1,支出,\"1,000\",好,甲 乙\n".replace("甲 乙", "\"甲 乙\"");
        assert_eq!(std::str::from_utf8(text.bytes()).unwrap(), expected);
        let (here, there) = (expected.find("1,支").unwrap(), lines.find("1\t支").unwrap());
        assert_eq!(text.byte(here + 3), there as u64);
    }

    #[test]
    fn text_in_utf_16_is_read_in_both_byte_orders_and_knows_where_its_lines_were() {
        let lines = "甲,乙\n丙😀\n丁\n";
        for big in [false, true] {
            let unit = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            let bytes: Vec<u8> = "\u{feff}".encode_utf16().chain(lines.encode_utf16()).flat_map(unit).collect();
            let read = text(bytes.clone()).unwrap();
            assert_eq!(read.bytes(), lines.as_bytes());
            assert_eq!(read.byte(lines.find('丁').unwrap()), bytes.len() as u64 - 4);
            assert!(text(bytes[..bytes.len() - 1].to_vec()).is_err(), "half a character");
        }
    }
}
