//! Rows of delimited text, part by part. Rows without quotes are split here; `csv-core` reads the others.

use csv_core::ReadRecordResult;
use tallystick_model::fact::RecordPlace;

use super::RECORD_BYTES_MAX;
use super::cells::{Cells, Places};
use super::dialect::{Dialect, RowEnd};
use super::plan::Plan;
use super::taking::Taking;
use crate::parts::{Part, PartReader};
use crate::read::{FileSummary, Refused, Sink};
use crate::reject::{Found, Reject, RejectCode};

/// Reads the rows of one file, whose header has been read.
pub(super) struct DelimitedReader<'a> {
    pub(super) plan: Plan<'a>,
    pub(super) dialect: Dialect,
    pub(super) columns: usize,
    /// A row whose first column begins with one of these is no record.
    pub(super) trailers: Vec<Vec<u8>>,
}

/// Splits rows, with room that is used again for each.
pub(super) struct Splitter {
    dialect: Dialect,
    /// The quote to look for in each row; none where the bytes have none at all.
    quote: Option<u8>,
    core: csv_core::Reader,
    ranges: Vec<(u32, u32)>,
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// A row that has been split.
pub(super) struct Split<'s> {
    /// What `ranges` are of.
    pub(super) text: &'s [u8],
    pub(super) ranges: &'s [(u32, u32)],
    /// Bytes of the row as delivered, without its line end.
    pub(super) length: usize,
    /// Whether a quote was still open where the bytes end.
    pub(super) unclosed: bool,
}

impl Split<'_> {
    /// The fields in their order.
    pub(super) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        self.ranges.iter().map(|&(start, end)| self.text.get(start as usize..end as usize).unwrap_or_default())
    }

    fn first(&self) -> &[u8] {
        self.fields().next().unwrap_or_default()
    }

    /// Whether a field goes over several lines.
    pub(super) fn has_line_ends(&self) -> bool {
        memchr::memchr(b'\n', self.text.get(..self.text_length()).unwrap_or_default()).is_some()
    }

    fn text_length(&self) -> usize {
        self.ranges.last().map_or(0, |(_, end)| *end as usize)
    }
}

impl Splitter {
    pub(super) fn new(dialect: &Dialect) -> Self {
        let mut builder = csv_core::ReaderBuilder::new();
        builder.delimiter(dialect.delimiter).escape(dialect.escape).comment(dialect.comment);
        match dialect.quote {
            Some(quote) => builder.quote(quote),
            None => builder.quoting(false),
        };
        let mut core = builder.build();
        // The reader would take a byte order mark off the first row it sees; the file's own is gone already.
        core.read_record(b"\n", &mut [], &mut []);
        Self { dialect: *dialect, quote: dialect.quote, core, ranges: Vec::new(), text: Vec::new(), ends: Vec::new() }
    }

    /// Of rows that are all in `bytes`: without a quote there, none is looked for in each of them.
    fn within(mut self, bytes: &[u8]) -> Self {
        self.quote = self.quote.filter(|quote| memchr::memchr(*quote, bytes).is_some());
        self
    }

    /// Splits the row whose first byte is the first of `rest`, which goes on to a row's end or the file's.
    ///
    /// # Errors
    /// The length of a row above the limit.
    pub(super) fn split<'s>(&'s mut self, rest: &'s [u8]) -> Result<Split<'s>, usize> {
        let length = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let row = rest.get(..length).unwrap_or_default();
        if self.quote.is_some_and(|quote| memchr::memchr(quote, row).is_some()) {
            return self.split_quoted(rest);
        }
        if length as u64 > RECORD_BYTES_MAX {
            return Err(length);
        }
        self.ranges.clear();
        let mut start = 0;
        for end in memchr::memchr_iter(self.dialect.delimiter, row) {
            self.ranges.push((start, small(end)));
            start = small(end) + 1;
        }
        self.ranges.push((start, small(length)));
        Ok(Split { text: row, ranges: &self.ranges, length, unclosed: false })
    }

    fn split_quoted<'s>(&'s mut self, rest: &'s [u8]) -> Result<Split<'s>, usize> {
        let (length, unclosed) = match self.dialect.row_end(rest) {
            RowEnd::At(end) => (end, false),
            RowEnd::Open => (rest.len(), false),
            RowEnd::OpenQuoted => (rest.len(), true),
        };
        if length as u64 > RECORD_BYTES_MAX {
            return Err(length);
        }
        let mut input = rest.get(..length).unwrap_or_default();
        if self.text.len() < length {
            self.text.resize(length.next_power_of_two(), 0);
        }
        if self.ends.is_empty() {
            self.ends.resize(64, 0);
        }
        let (mut written, mut fields) = (0, 0);
        loop {
            let out = self.text.get_mut(written..).unwrap_or_default();
            let ends = self.ends.get_mut(fields..).unwrap_or_default();
            // The row's own line end is not there: the end of the input is its end.
            let (result, consumed, wrote, ended) = self.core.read_record(input, out, ends);
            input = input.get(consumed..).unwrap_or_default();
            written += wrote;
            fields += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2 + 1, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        // After the end of the input the reader takes no more; a line end makes it ready for the next row.
        self.core.reset();
        self.core.read_record(b"\n", &mut [], &mut []);
        self.ranges.clear();
        let mut start = 0;
        for end in self.ends.iter().take(fields) {
            self.ranges.push((start, small(*end)));
            start = small(*end);
        }
        Ok(Split { text: &self.text, ranges: &self.ranges, length, unclosed })
    }
}

/// An offset in a row, which has at most [`RECORD_BYTES_MAX`].
fn small(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

impl DelimitedReader<'_> {
    /// Hands the rows of `part` to `taking`.
    pub(super) fn rows(&self, part: &Part, taking: &mut Taking<'_>) -> Result<(), Refused> {
        let mut splitter = Splitter::new(&self.dialect).within(&part.bytes);
        let mut at = 0;
        loop {
            let rest = part.bytes.get(at..).unwrap_or_default();
            match rest.first() {
                None => return Ok(()),
                Some(b'\r' | b'\n') => {
                    at += 1;
                    continue;
                }
                first if self.dialect.comment.is_some() && first.copied() == self.dialect.comment => {
                    at += memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
                    continue;
                }
                Some(_) => {}
            }
            let byte = part.at + at as u64;
            let split = splitter.split(rest).map_err(|_| Refused::TooLarge {
                byte,
                what: "record",
                limit_bytes: RECORD_BYTES_MAX,
            })?;
            at += split.length;
            if !split.unclosed && self.is_trailer(&split) {
                continue;
            }
            let place = RecordPlace { record: taking.next_record(), byte };
            if split.ranges.len() == self.columns && !split.unclosed {
                let places = Places::Row(rest.get(..split.length).unwrap_or_default(), &self.dialect);
                let cells = Cells { text: split.text, ranges: split.ranges, byte, places };
                taking.cells(&self.plan, place, &cells)?;
            } else {
                let (expected, fields) = (format!("{} columns", self.columns), split.ranges.len());
                // It may have swallowed any number of rows: they must not be lost with one reject.
                let found = match (split.has_line_ends(), split.unclosed) {
                    (true, _) => Some("over several lines: a quote that is never closed?"),
                    (false, true) => Some("and a quote that is never closed"),
                    (false, false) => None,
                };
                if let Some(found) = found {
                    let (field, found) = ("row".to_owned(), Found::phrase(format!("{fields} {found}")));
                    return Err(Refused::NotThisLayout { byte, field, expected, found });
                }
                let found = Found::phrase(format!("{fields} columns"));
                let code = RejectCode::ColumnCount;
                taking.reject(Reject { code, place, field: "row".to_owned(), expected, found })?;
            }
        }
    }
}

impl DelimitedReader<'_> {
    fn is_trailer(&self, split: &Split<'_>) -> bool {
        let first = split.first().trim_ascii_start();
        self.trailers.iter().any(|beginning| first.starts_with(beginning))
    }
}

impl PartReader for DelimitedReader<'_> {
    fn read_part(&self, part: &Part, sink: &mut dyn Sink) -> Result<FileSummary, Refused> {
        let mut taking = Taking::new(sink, 0);
        self.rows(part, &mut taking)?;
        Ok(taking.summary())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cut::{Rows, TextCutter};
    use super::*;

    /// A row's offset and fields.
    type RowAt = (u64, Vec<Vec<u8>>);

    /// Each row's offset and fields, as parts of `part_bytes` give them; `Err` at a quote that is never closed.
    fn split_in_parts(file: &[u8], dialect: &Dialect, part_bytes: usize) -> Result<Vec<RowAt>, u64> {
        let mut cutter = TextCutter::new(file, part_bytes);
        cutter.set_rows(Rows::Delimited(*dialect));
        let mut rows = Vec::new();
        while let Some(part) = cutter.cut().unwrap() {
            let mut splitter = Splitter::new(dialect).within(&part.bytes);
            let mut at = 0;
            while at < part.bytes.len() {
                let rest = &part.bytes[at..];
                if matches!(rest[0], b'\r' | b'\n') {
                    at += 1;
                } else if Some(rest[0]) == dialect.comment {
                    at += memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
                } else {
                    let split = splitter.split(rest).unwrap();
                    let fields = split.ranges.iter().map(|(start, end)| &split.text[*start as usize..*end as usize]);
                    let fields: Vec<_> = fields.map(<[u8]>::to_vec).collect();
                    let row = &rest[..split.length];
                    for place in 0..fields.len() {
                        let start = dialect.field_start(row, place).unwrap();
                        assert!(place == 0 || row[start - 1] == dialect.delimiter, "{row:?} {place}");
                    }
                    assert_eq!(dialect.field_start(row, fields.len()), None);
                    if split.unclosed {
                        return Err(part.at + at as u64);
                    }
                    rows.push((part.at + at as u64, fields));
                    at += split.length;
                }
            }
        }
        Ok(rows)
    }

    fn split_by_csv(file: &[u8], dialect: &Dialect) -> Vec<Vec<Vec<u8>>> {
        let mut builder = csv::ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(dialect.delimiter);
        builder.escape(dialect.escape).comment(dialect.comment).quoting(dialect.quote.is_some());
        if let Some(quote) = dialect.quote {
            builder.quote(quote);
        }
        let rows = builder.from_reader(file).into_byte_records();
        rows.map(|row| row.unwrap().iter().map(<[u8]>::to_vec).collect()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn rows_in_parts_of_any_size_are_those_of_the_csv_crate(
            file in "[a ,,\"\"\r\n#\\\\]{0,60}",
            part_bytes in 1_usize..70,
            quote in proptest::option::weighted(0.8, Just(b'"')),
            escape in proptest::option::weighted(0.2, Just(b'\\')),
            comment in proptest::option::weighted(0.2, Just(b'#')),
        ) {
            let dialect = Dialect { delimiter: b',', quote, escape, comment };
            // Of a comment that the file ends in the crate makes a row with one blank field.
            let file = if comment.is_some() { file + "\n" } else { file };
            let by_csv = split_by_csv(file.as_bytes(), &dialect);
            match split_in_parts(file.as_bytes(), &dialect, part_bytes) {
                Ok(rows) => {
                    let fields: Vec<_> = rows.iter().map(|(_, fields)| fields.clone()).collect();
                    prop_assert_eq!(&fields, &by_csv, "{:?}", file);
                    // From where a row is said to begin, a reader reads that row.
                    for (at, fields) in rows {
                        let rest = &file.as_bytes()[usize::try_from(at).unwrap()..];
                        let again = split_by_csv(rest, &dialect);
                        prop_assert_eq!(again.first(), Some(&fields), "{:?} {}", file, at);
                    }
                }
                Err(at) => {
                    // The row that is never closed is the last one, for the other reader too.
                    let before = &file.as_bytes()[..usize::try_from(at).unwrap()];
                    prop_assert_eq!(split_by_csv(before, &dialect).len() + 1, by_csv.len(), "{:?} {}", file, at);
                    prop_assert_eq!(dialect.row_end(&file.as_bytes()[before.len()..]), RowEnd::OpenQuoted);
                }
            }
        }
    }

    #[test]
    fn a_part_ends_with_the_last_whole_row_and_the_limit_holds_for_a_row_of_any_part() {
        let file = "a,\"b\nb\"\nc,d\ne";
        let cut = |part_bytes| {
            let mut cutter = TextCutter::new(file.as_bytes(), part_bytes);
            cutter.set_rows(Rows::Delimited(Dialect {
                delimiter: b',',
                quote: Some(b'"'),
                escape: None,
                comment: None,
            }));
            let mut parts = Vec::new();
            while let Some(part) = cutter.cut().unwrap() {
                parts.push((part.at, part.bytes.len()));
            }
            parts
        };
        assert_eq!(cut(4), [(0, 8), (8, 4), (12, 1)]);
        assert_eq!(cut(6), [(0, 12), (12, 1)]);
        assert_eq!(cut(11), [(0, 8), (8, 5)]);
        assert_eq!(cut(12), [(0, 12), (12, 1)]);
        assert_eq!(cut(100), [(0, 13)]);
    }
}
