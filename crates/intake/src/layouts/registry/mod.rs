//! The second generation of the registry's furnishing: XML records of persons, loan accounts and credit agreements, with
//! verbs that correct, take back and re-key.
//!
//! Start at [`read`]. `frame` cuts the file into records, `tree` parses one, `segment` checks a segment by its table
//! (`tallystick_model::registry`), `record` says what a record asks for. What a record means for what is held (does the
//! account exist, is its type the same) is decided later, by `operations`. `docs/formats/registry-furnishing.md`.

mod frame;
mod heading;
mod plain;
mod record;
mod segment;
mod text;
mod tree;

use std::io::BufRead;

use tallystick_model::fact::RecordPlace;
use tallystick_model::registry::TABLES;
use tallystick_model::{CategorySet, DataCategory};

use self::frame::{Frame, Frames};
use self::heading::Heading;
use self::text::Encoding;
use crate::read::{ControlTotal, FileSummary, ReadContext, Refused, Sink};
use crate::reject::{Found, Reject, RejectCode};

/// Name and version of this layout.
pub const NAME: &str = "registry 2";

/// The categories that records of any type carry.
pub fn categories() -> CategorySet {
    let of_elements = TABLES.iter().flat_map(|table| table.elements).filter_map(|element| element.category);
    TABLES.iter().map(|table| table.category).chain(of_elements).collect()
}

/// Why a file that begins with `head` is of this layout: a heading line of it, or a document with one of its records.
pub fn recognise(head: &[u8]) -> Option<String> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if !head.starts_with(b"<") {
        let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        return Heading::parse(line.trim_ascii_end()).map(|_| "a heading line of the registry's furnishing".to_owned());
    }
    let document = memchr::memmem::find(head, b"<Document")?;
    let after = head.get(document..).unwrap_or_default();
    let next = after.split(|byte| *byte == b'<').nth(2).unwrap_or_default();
    let end = next.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(next.len());
    let name = next.get(..end).and_then(|name| std::str::from_utf8(name).ok()).filter(|name| record::is_known(name))?;
    Some(format!("XML with the root `Document` and a record `{name}`"))
}

/// Reads a file.
///
/// # Errors
/// [`Refused`] if it is no sequence of documents with records, or ends early.
pub fn read(input: &mut dyn BufRead, context: &ReadContext, sink: &mut dyn Sink) -> Result<FileSummary, Refused> {
    let mut frames = Frames::new(input);
    let heading = match frames.heading()? {
        None => None,
        Some((at, line)) => Some(Heading::parse(&line).ok_or_else(|| heading::refused(at, &line))?),
    };
    let mut encoding = Encoding::Unknown;
    let mut summary = FileSummary::default();
    loop {
        let frame = frames.next()?;
        if let (Encoding::Unknown, Some(name)) = (encoding, &frames.declared) {
            encoding = Encoding::named(name)?;
        }
        let number = summary.records + 1;
        let taken = match frame {
            Frame::End => break,
            Frame::Record(at, bytes) => take(number, at, &bytes, &mut encoding, heading.as_ref(), context, sink),
            Frame::Unended { at, instead, expected } => Err(Reject {
                code: RejectCode::RecordLength,
                place: RecordPlace { record: number, byte: instead },
                field: "record".to_owned(),
                expected,
                found: Found::phrase(format!("a tag of the document, {} bytes after the record began", instead - at)),
            }),
        };
        summary.records = number;
        if let Err(reject) = taken {
            summary.rejects += 1;
            sink.reject(reject);
        }
        if !sink.goes_on() {
            return Err(Refused::Stopped);
        }
    }
    if let Some(heading) = heading {
        let counted = i64::try_from(summary.records).unwrap_or(i64::MAX);
        summary.control_totals.push(ControlTotal { name: "records".to_owned(), stated: heading.records, counted });
        summary.control_totals_bind = true;
    } else if summary.records == 0 {
        return Err(Refused::Truncated { byte: 0, expected: "`<Document>` with a record".to_owned() });
    }
    Ok(summary)
}

/// Takes one record's bytes, which begin at `at`.
fn take(
    number: u64,
    at: u64,
    bytes: &[u8],
    encoding: &mut Encoding,
    heading: Option<&Heading>,
    context: &ReadContext,
    sink: &mut dyn Sink,
) -> Result<(), Reject> {
    let place = |offset: usize| RecordPlace { record: number, byte: at + offset as u64 };
    let text = encoding.decode(bytes).map_err(|offset| Reject {
        code: RejectCode::Encoding,
        place: place(offset),
        field: "record".to_owned(),
        expected: format!("text in {}", encoding.name()),
        found: Found::phrase("a byte sequence that is none"),
    })?;
    // Offsets in `text` are those in the file only if the file is UTF-8.
    let in_file = |offset: usize| text::offset_in_file(bytes, &text, offset);
    let read = tree::parse(&text).and_then(|node| record::read(&node, heading, &|offset| at + in_file(offset) as u64));
    let mut record = read.map_err(|fault| Reject {
        code: fault.code,
        place: place(in_file(fault.at)),
        field: fault.field,
        expected: fault.expected,
        found: fault.found,
    })?;
    record.place = place(0);
    if let Some(record) = record::admitted(record, context.admitted, &mut |category: DataCategory| {
        sink.not_admitted(category, 1);
    }) {
        sink.record(record);
    }
    Ok(())
}
