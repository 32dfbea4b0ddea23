//! The text of a bill: its encoding recognised by content, cut into lines and rows.
//!
//! All cutting is done on bytes: line ends, commas and quotes are below 0x30, and no such byte is ever part of a longer
//! character in UTF-8 or GB18030. Mostly these are the bytes as delivered, so every offset is an offset in the file; where
//! they are not (a spreadsheet, another separator), [`Origin`] knows where each line came from.

use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom};

use csv::{ByteRecord, Position};
use encoding_rs::{DecoderResult, GB18030};
use tallystick_model::fact::RecordPlace;

use crate::read::Refused;
use crate::reject::Found;

/// A row is mostly shorter.
const READ_AHEAD_BYTES: usize = 1024;

/// Longest line, and longest row where quotes hold lines together: real rows are below 1 KiB.
const LINE_BYTES_MAX: usize = 64 * 1024;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Gb18030,
}

/// Where the text of a bill came from.
#[derive(Debug)]
pub(super) enum Origin {
    /// It is the file, or the file in an archive, as it is.
    File,
    /// Its lines were written again; of each, where it starts here and in the file.
    Lines(Vec<(usize, u64)>),
    /// Its lines are rows of a spreadsheet; of each, where it starts here and the row's number.
    Sheet(Vec<(usize, u32)>),
}

/// A whole bill. It can't be printed: it has personal data.
pub(super) struct Text {
    bytes: Vec<u8>,
    encoding: Encoding,
    origin: Origin,
    /// Where the text starts: after the mark of its encoding, if it has one.
    pub(super) start: usize,
}

/// A line without its end.
pub(super) struct Line<'a> {
    pub(super) raw: &'a [u8],
    /// Where the next line starts.
    pub(super) next: usize,
}

impl Text {
    /// A text of these bytes.
    ///
    /// # Errors
    /// [`Refused`] if it has a line above [`LINE_BYTES_MAX`].
    pub(super) fn new(bytes: Vec<u8>, origin: Origin) -> Result<Self, Refused> {
        let marked = bytes.starts_with(UTF8_MARK);
        let start = if marked { UTF8_MARK.len() } else { 0 };
        let encoding = if marked || std::str::from_utf8(&bytes).is_ok() { Encoding::Utf8 } else { Encoding::Gb18030 };
        let text = Self { bytes, encoding, origin, start };
        match long_line(&text.bytes) {
            Some(at) => {
                let limit_bytes = LINE_BYTES_MAX as u64;
                Err(Refused::TooLarge { byte: text.byte(at), what: "a line", limit_bytes })
            }
            None => Ok(text),
        }
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether a spreadsheet program saved it again as text.
    pub(super) const fn is_written_again(&self) -> bool {
        matches!(self.origin, Origin::Lines(_))
    }

    /// Where in the file the byte at `at` came from. Of lines written again that is where the line started; in a spreadsheet,
    /// whose bytes are packed, 0: [`Text::named`] says more there.
    pub(super) fn byte(&self, at: usize) -> u64 {
        match &self.origin {
            Origin::File => at as u64,
            Origin::Lines(lines) => line_of(lines, at).unwrap_or(0),
            Origin::Sheet(_) => 0,
        }
    }

    /// The place of a record's field, or of the record itself.
    pub(super) fn place(&self, record: u64, at: usize) -> RecordPlace {
        RecordPlace { record, byte: self.byte(at) }
    }

    /// How a reject names a field of the row that starts at `row`: by the column's name, in a spreadsheet with its cell.
    pub(super) fn named(&self, field: &str, row: usize, column: Option<usize>) -> String {
        match &self.origin {
            Origin::File | Origin::Lines(_) => field.to_owned(),
            Origin::Sheet(rows) => {
                let letters = column.map(column_letters).unwrap_or_default();
                format!("{field} {letters}{}", line_of(rows, row).unwrap_or(0))
            }
        }
    }

    /// The name of the encoding.
    pub(super) const fn encoding(&self) -> &'static str {
        match self.encoding {
            Encoding::Utf8 => "UTF-8",
            Encoding::Gb18030 => "GB18030",
        }
    }

    /// The line that starts at `at`, or `None` at the end.
    pub(super) fn line(&self, at: usize) -> Option<Line<'_>> {
        let rest = self.bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let (raw, end) = match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => (rest.get(..end).unwrap_or_default(), end + 1),
            None => (rest, rest.len()),
        };
        Some(Line { raw: raw.strip_suffix(b"\r").unwrap_or(raw), next: at + end })
    }

    /// The text of some of the bytes.
    ///
    /// # Errors
    /// The offset in `raw` of the first byte that is not of the encoding.
    pub(super) fn decode<'a>(&self, raw: &'a [u8]) -> Result<Cow<'a, str>, usize> {
        match self.encoding {
            Encoding::Utf8 => std::str::from_utf8(raw).map(Cow::Borrowed).map_err(|error| error.valid_up_to()),
            Encoding::Gb18030 => {
                GB18030.decode_without_bom_handling_and_without_replacement(raw).ok_or_else(|| malformed_gb18030(raw))
            }
        }
    }

    /// The text of a line outside the table.
    ///
    /// # Errors
    /// [`Refused::NotThisLayout`] at the first byte that is not of the encoding.
    pub(super) fn decode_line<'a>(&self, raw: &'a [u8], at: usize) -> Result<Cow<'a, str>, Refused> {
        self.decode(raw).map_err(|offset| Refused::NotThisLayout {
            byte: self.byte(at + offset),
            field: "text".to_owned(),
            expected: format!("{} text", self.encoding()),
            found: Found::phrase("a malformed byte"),
        })
    }
}

/// The rows of a table.
pub(super) struct Table<'a> {
    text: &'a Text,
    columns: usize,
    /// Made once and moved about: making one costs more than reading a row.
    reader: csv::Reader<Window<'a>>,
}

impl<'a> Table<'a> {
    /// A table with `columns` columns, blank ones at their end not counted.
    pub(super) fn new(text: &'a Text, columns: usize) -> Self {
        Self { text, columns, reader: reader(&text.bytes) }
    }

    /// The row that starts at `at`; `None` at the end.
    ///
    /// A quoted field may run over several lines. Platforms also write quotes they don't mean as such: where a row would
    /// not fit the table, or would swallow a line that is a row of its own, it ends with its line and its quotes are plain
    /// characters.
    pub(super) fn row(&mut self, at: usize) -> Option<Row<'a>> {
        let line = self.text.line(at)?;
        let plain = plain_fields(line.raw);
        let plain = Row { fields: plain, quotes: Quotes::Plain, raw: line.raw, next: line.next };
        if !line.raw.contains(&b'"') {
            return Some(plain);
        }
        let Some((fields, end)) = self.quoted(at) else { return Some(plain) };
        let quoted = if end <= line.next {
            Row { fields, quotes: Quotes::Meant, raw: line.raw, next: line.next }
        } else {
            let raw = self.text.bytes.get(at..end)?;
            let split_end = raw.ends_with(b"\r") && self.text.bytes.get(end) == Some(&b'\n');
            Row { fields, quotes: Quotes::Meant, raw, next: if split_end { end + 1 } else { end } }
        };
        let runs_over = end > line.next;
        let too_far = end - at >= LINE_BYTES_MAX;
        let meant = quoted.fits(self.columns) && !(runs_over && (too_far || self.swallows_a_row(line.next, end)));
        Some(if meant { quoted } else { plain })
    }

    /// The fields of the row that starts at `at`, its quotes meant, and where it ends.
    fn quoted(&mut self, at: usize) -> Option<(ByteRecord, usize)> {
        let mut position = Position::new();
        position.set_byte(at as u64);
        self.reader.seek_raw(SeekFrom::Start(at as u64), position).ok()?;
        let mut fields = ByteRecord::new();
        let read = self.reader.read_byte_record(&mut fields).ok()?;
        let end = usize::try_from(self.reader.position().byte()).ok()?;
        read.then_some((fields, end))
    }

    fn swallows_a_row(&self, from: usize, end: usize) -> bool {
        let mut at = from;
        while at < end
            && let Some(line) = self.text.line(at)
        {
            if fits(&plain_fields(line.raw), self.columns) {
                return true;
            }
            at = line.next;
        }
        false
    }
}

/// What belongs to the last line that starts at or before `at`.
fn line_of<T: Copy>(lines: &[(usize, T)], at: usize) -> Option<T> {
    let after = lines.partition_point(|(start, _)| *start <= at);
    lines.get(after.checked_sub(1)?).map(|(_, of)| *of)
}

/// `A`, `B`, ..., `Z`, `AA`, ...
fn column_letters(index: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = index + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or(0);
        letters.push(char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// Where the first line that is too long starts.
fn long_line(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    for line in bytes.split(|byte| *byte == b'\n') {
        if line.len() > LINE_BYTES_MAX {
            return Some(start);
        }
        start += line.len() + 1;
    }
    None
}

fn malformed_gb18030(raw: &[u8]) -> usize {
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length(raw.len()).unwrap_or(0));
    match decoder.decode_to_string_without_replacement(raw, &mut text, true) {
        (DecoderResult::Malformed(length, after), read) => {
            read.saturating_sub(usize::from(length) + usize::from(after))
        }
        (_, read) => read,
    }
}

/// What quotes in a row are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    /// They hold a field together.
    Meant,
    /// Characters like any other.
    Plain,
}

/// One row as it stands in the file.
pub(super) struct Row<'a> {
    fields: ByteRecord,
    quotes: Quotes,
    raw: &'a [u8],
    /// Where the next line starts.
    pub(super) next: usize,
}

impl Row<'_> {
    /// The row's bytes.
    pub(super) const fn raw(&self) -> &[u8] {
        self.raw
    }

    /// A field without its quotes; empty beyond the last one.
    pub(super) fn field(&self, index: usize) -> &[u8] {
        self.fields.get(index).unwrap_or_default()
    }

    /// Whether the row has `columns` columns, and none but blank ones after them.
    pub(super) fn fits(&self, columns: usize) -> bool {
        fits(&self.fields, columns)
    }

    /// How many columns the row has.
    pub(super) fn columns(&self) -> usize {
        self.fields.len()
    }

    /// How many columns are not blank.
    pub(super) fn filled(&self) -> usize {
        self.fields.iter().filter(|field| !field.trim_ascii().is_empty()).count()
    }

    /// Offset in the row at which a field starts, its quote included.
    pub(super) fn field_start(&self, index: usize) -> usize {
        let (mut field, mut quoted, mut before) = (0, false, b',');
        for (offset, byte) in self.raw.iter().copied().enumerate() {
            if field == index {
                return offset;
            }
            match byte {
                b',' if !quoted => field += 1,
                b'"' if self.quotes == Quotes::Meant && quoted => quoted = false,
                b'"' if self.quotes == Quotes::Meant && (before == b',' || before == b'"') => quoted = true,
                _ => {}
            }
            before = byte;
        }
        self.raw.len()
    }
}

fn fits(fields: &ByteRecord, columns: usize) -> bool {
    fields.len() >= columns && fields.iter().skip(columns).all(|field| field.trim_ascii().is_empty())
}

/// The fields of a line's text, for a heading row.
pub(super) fn cells(line: &str) -> Vec<String> {
    let mut fields = ByteRecord::new();
    match reader(line.as_bytes()).read_byte_record(&mut fields) {
        Ok(_) => fields.iter().map(|field| String::from_utf8_lossy(field).trim().to_owned()).collect(),
        // Reading from memory does not fail; if it did, there would be no heading row.
        Err(_) => Vec::new(),
    }
}

/// The next [`LINE_BYTES_MAX`] bytes from where it was last sought, so that one quote can't hold a whole file together.
struct Window<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Window<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, end: bytes.len().min(LINE_BYTES_MAX) }
    }
}

impl Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.bytes.get(self.at..self.end).unwrap_or_default();
        let length = rest.read(buffer)?;
        self.at += length;
        Ok(length)
    }
}

impl Seek for Window<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(byte) = to else { return Err(io::ErrorKind::Unsupported.into()) };
        self.at = usize::try_from(byte).unwrap_or(self.bytes.len());
        self.end = self.at.saturating_add(LINE_BYTES_MAX).min(self.bytes.len());
        Ok(byte)
    }
}

fn plain_fields(raw: &[u8]) -> ByteRecord {
    raw.split(|byte| *byte == b',').collect()
}

fn reader(bytes: &[u8]) -> csv::Reader<Window<'_>> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).buffer_capacity(READ_AHEAD_BYTES).from_reader(Window::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Text {
        Text::new(bytes.to_vec(), Origin::File).unwrap()
    }

    fn fields(row: &Row<'_>) -> Vec<String> {
        (0..row.columns()).map(|index| String::from_utf8_lossy(row.field(index)).into_owned()).collect()
    }

    #[test]
    fn a_place_is_in_the_file_the_line_or_the_cell_that_the_text_came_from() {
        let places = |origin: Origin| {
            let text = Text::new(b"a,b\nc,d\n".to_vec(), origin).unwrap();
            (text.byte(6), text.named("x", 4, Some(1)), text.named("row", 4, None))
        };
        assert_eq!(places(Origin::File), (6, "x".to_owned(), "row".to_owned()));
        assert_eq!(places(Origin::Lines(vec![(0, 2), (4, 90)])), (90, "x".to_owned(), "row".to_owned()));
        assert_eq!(places(Origin::Sheet(vec![(0, 7), (4, 23)])), (0, "x B23".to_owned(), "row 23".to_owned()));
        assert_eq!([0, 25, 26, 701, 702].map(column_letters), ["A", "Z", "AA", "ZZ", "AAA"]);
    }

    #[test]
    fn a_line_above_the_limit_is_refused_and_a_quote_holds_no_more_together() {
        let line = |length: usize| ["short\n", &"x".repeat(length), "\n"].concat();
        assert!(Text::new(line(LINE_BYTES_MAX).into_bytes(), Origin::File).is_ok());
        let error = Text::new(line(LINE_BYTES_MAX + 1).into_bytes(), Origin::File).err().unwrap();
        assert_eq!(error.to_string(), "byte 6: a line above the limit of 65536 bytes");
        for (lines, next) in [(1_000, 1_007), (70_000, 6)] {
            let bill = text(["1,2,\"", &"\n".repeat(lines), "\"\n"].concat().as_bytes());
            assert_eq!(Table::new(&bill, 3).row(0).unwrap().next, next, "{lines}");
        }
    }

    #[test]
    fn the_encoding_is_recognised_by_content() {
        let (gb, _, _) = GB18030.encode("支出");
        for (bytes, encoding, start) in [
            (&b"plain"[..], "UTF-8", 0),
            ("支出".as_bytes(), "UTF-8", 0),
            ("\u{feff}支出".as_bytes(), "UTF-8", 3),
            (&gb, "GB18030", 0),
        ] {
            assert_eq!((text(bytes).encoding(), text(bytes).start), (encoding, start));
        }
    }

    #[test]
    fn a_malformed_byte_is_found_at_its_offset() {
        let (mut gb, _, _) = GB18030.encode("收入支出");
        gb.to_mut()[4] = 0xff;
        assert_eq!(text(&gb).decode(&gb), Err(4));
        assert_eq!(text(&gb).decode(&gb[..4]).unwrap(), "收入");
        // A character that the end cuts in two starts at the fault.
        assert_eq!(text(&gb).decode(&gb[..3]), Err(2));
        let marked = b"\xef\xbb\xbfab\xff";
        assert_eq!((text(marked).encoding(), text(marked).decode(&marked[3..])), ("UTF-8", Err(2)));
    }

    #[test]
    fn a_quoted_field_keeps_commas_quotes_and_line_ends() {
        let bill = text(b"1,\"a,\"\"b\"\"\r\nc\",2\r\nnext,row,x\r\n");
        let row = Table::new(&bill, 3).row(0).unwrap();
        assert_eq!(fields(&row), ["1", "a,\"b\"\r\nc", "2"]);
        assert_eq!((row.field_start(0), row.field_start(1), row.field_start(2)), (0, 2, 15));
        assert_eq!(fields(&Table::new(&bill, 3).row(row.next).unwrap()), ["next", "row", "x"]);
    }

    #[test]
    fn a_quote_that_was_not_meant_as_one_swallows_no_row() {
        let bill = text(b"1,\"mini,2\n3,\"full\",4\n5,a\"b,6\n\"7,8\n");
        let (mut table, mut at, mut rows) = (Table::new(&bill, 3), 0, Vec::new());
        while let Some(row) = table.row(at) {
            at = row.next;
            rows.push((fields(&row), row.field_start(2)));
        }
        let row = |fields: [&str; 3], start| (fields.map(str::to_owned).to_vec(), start);
        let expected = [row(["1", "\"mini", "2"], 8), row(["3", "full", "4"], 9), row(["5", "a\"b", "6"], 6)];
        assert_eq!(rows[..3], expected);
        assert_eq!(rows.len(), 4);
        assert!(!table.row(31).unwrap().fits(3));
    }

    #[test]
    fn blank_columns_after_the_last_are_no_columns() {
        let bill = text(b"1,2, ,\t\n");
        let row = Table::new(&bill, 2).row(0).unwrap();
        assert_eq!((row.fits(2), row.fits(1), row.fits(4), row.fits(5), row.filled()), (true, false, true, false, 2));
    }
}
