//! The beginning of a text file: its byte order mark, lines before the header, and the header.

use std::io::Read;

use super::RECORD_BYTES_MAX;
use super::cut::{Rows, TextCutter};
use super::delimited::{DelimitedReader, Split, Splitter};
use super::encoding::Encoding;
use super::format::{Delimited, HeaderAt};
use super::header::{Header, Typed};
use super::mapping::Mapping;
use super::plan::Plan;
use crate::read::{ReadContext, Refused};
use crate::reject::Found;

/// Most lines looked at for the header.
const HEADER_LINES_MAX: usize = 1000;
/// Longest header that is looked for by its content, in bytes.
const FOUND_HEADER_BYTES_MAX: usize = 64 << 10;

/// Where the text begins that `bytes` are the beginning of.
///
/// # Errors
/// [`Refused::NotThisLayout`] for an encoding that no mapping reads.
pub(super) fn text_start(bytes: &[u8], encoding: &str) -> Result<usize, Refused> {
    const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Refused::NotThisLayout {
            byte: 0,
            field: "file".to_owned(),
            expected: format!("text in {encoding}"),
            found: Found::phrase("the byte order mark of UTF-16"),
        });
    }
    Ok(if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 })
}

/// The header of delimited text.
pub(super) struct HeaderRow {
    pub(super) columns: Vec<String>,
    /// Offset of the line end behind it.
    end: usize,
}

/// Finds the header in the beginning of a file.
///
/// # Errors
/// [`Refused`] if it is not where it should be, or is no text in the file's encoding.
pub(super) fn header_row(encoding: Encoding, format: &Delimited, bytes: &[u8]) -> Result<HeaderRow, Refused> {
    let dialect = format.dialect;
    let start = text_start(bytes, encoding.name())?;
    let mut splitter = Splitter::new(&dialect);
    let start = match &format.header {
        HeaderAt::AfterLines(lines) => {
            let start = (0..*lines).fold(start, |at, _| at + line_length(bytes.get(at..).unwrap_or_default()));
            start + blank_lines(bytes.get(start..).unwrap_or_default(), dialect.comment)
        }
        HeaderAt::Containing(names) => {
            let names: Vec<_> = names.iter().map(|name| encoding.encode(name)).collect();
            find_header(bytes, start, &names, &mut splitter)?
        }
    };
    let rest = bytes.get(start..).unwrap_or_default();
    let (mut columns, mut length) = (Vec::new(), 0);
    if !rest.is_empty() {
        let too_large = |_| Refused::TooLarge { byte: start as u64, what: "record", limit_bytes: RECORD_BYTES_MAX };
        let split = splitter.split(rest).map_err(too_large)?;
        for name in split.fields() {
            let name = encoding.decode(name.trim_ascii()).ok_or_else(|| Refused::NotThisLayout {
                byte: start as u64,
                field: "header".to_owned(),
                expected: format!("text in {}", encoding.name()),
                found: Found::shape(name),
            })?;
            columns.push(name.into_owned());
        }
        length = split.length;
    }
    Ok(HeaderRow { columns, end: start + length })
}

/// Reads the header, and leaves `cutter` at the first row.
pub(super) fn delimited<'a, R: Read>(
    mapping: &'a Mapping,
    format: &Delimited,
    cutter: &mut TextCutter<R>,
    context: &ReadContext,
) -> Result<DelimitedReader<'a>, Refused> {
    let encoding = mapping.file.encoding;
    let HeaderRow { columns, end } = header_row(encoding, format, cutter.beginning()?)?;
    let width = columns.len();
    let mut header = Header::new(columns.into_iter().map(|name| (name, Typed::Text)));
    let plan = Plan::new(mapping, &mut header, context)?;
    cutter.skip(end);
    let trailers = format.trailers.iter().map(|text| encoding.encode(text)).collect();
    let dialect = format.dialect;
    cutter.set_rows(Rows::Delimited(dialect));
    Ok(DelimitedReader { plan, dialect, columns: width, trailers })
}

/// Bytes of the first line, its end included.
fn line_length(bytes: &[u8]) -> usize {
    match memchr::memchr2(b'\r', b'\n', bytes) {
        None => bytes.len(),
        Some(at) => at + if bytes.get(at..at + 2) == Some(b"\r\n") { 2 } else { 1 },
    }
}

/// Bytes of blank lines and comments before the first row.
pub(super) fn blank_lines(bytes: &[u8], comment: Option<u8>) -> usize {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        at += match rest.first() {
            Some(b'\r' | b'\n') => 1,
            Some(first) if comment == Some(*first) => memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1),
            _ => return at,
        }
    }
}

/// Where the first row begins that has all `names`.
fn find_header(bytes: &[u8], start: usize, names: &[Vec<u8>], splitter: &mut Splitter) -> Result<usize, Refused> {
    let mut at = start;
    for _ in 0..HEADER_LINES_MAX {
        let rest = bytes.get(at..).unwrap_or_default();
        let window = rest.get(..FOUND_HEADER_BYTES_MAX).unwrap_or(rest);
        let has_all = |split: Split<'_>| {
            let has = |name: &Vec<u8>| split.fields().any(|field| field.trim_ascii() == name.as_slice());
            !split.unclosed && names.iter().all(has)
        };
        if rest.is_empty() {
            break;
        }
        if splitter.split(window).is_ok_and(has_all) {
            return Ok(at);
        }
        at += line_length(rest);
    }
    Err(Refused::NotThisLayout {
        byte: at as u64,
        field: "header".to_owned(),
        expected: "a row with the columns of the layout's `header_contains`".to_owned(),
        found: Found::phrase("none in the lines before"),
    })
}
