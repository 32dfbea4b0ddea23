//! Any CSV, by a mapping: a TOML file says which column is which fact, so a new furnisher needs no code.
//!
//! Start at [`Mapping::parse`] for the mapping, and at [`read`] or [`parts`] for the file: both cut it into parts and read
//! them by the same code. Every column of the file must be mapped, declared under its category, or ignored by name: data
//! nobody has spoken about is not taken in by accident. `docs/formats/mapped.md` explains the TOML.

mod cells;
mod cut;
mod delimited;
mod dialect;
mod mapping;
mod pattern;
mod plan;
mod row;
mod taking;

use std::io::{BufRead, Read};

use self::cut::{Rows, TextCutter};
use self::delimited::{DelimitedReader, Splitter};
pub use self::mapping::{Mapping, MappingError};
use self::plan::Plan;
use self::taking::Taking;
use crate::file::{Bytes, DeliveryFile};
use crate::parts::{PART_BYTES, Parts};
use crate::read::{FileSummary, ReadContext, Refused, Sink};
use crate::reject::Found;

/// Longest record, in bytes.
pub const RECORD_BYTES_MAX: u64 = 1 << 20;

/// Reads a CSV file by `mapping`.
///
/// # Errors
/// [`Refused`] if the file has not the columns the mapping says, or no header at all.
pub fn read(
    mapping: &Mapping,
    input: &mut dyn BufRead,
    context: &ReadContext,
    sink: &mut dyn Sink,
) -> Result<FileSummary, Refused> {
    let mut cutter = TextCutter::new(input, PART_BYTES);
    let reader = delimited(mapping, &mut cutter, context)?;
    let mut summary = FileSummary::default();
    while let Some(part) = cutter.cut()? {
        let mut taking = Taking::new(sink, summary.records);
        reader.rows(&part, &mut taking)?;
        summary.add(taking.summary());
    }
    Ok(summary)
}

/// The parts of a file read by `mapping`, of `part_bytes` each, more or less.
///
/// # Errors
/// [`Refused`] if the file has not the columns the mapping says, or no header at all.
pub fn parts<'a>(
    mapping: &'a Mapping,
    file: &'a dyn DeliveryFile,
    context: &ReadContext,
    part_bytes: usize,
) -> Result<Parts<'a>, Refused> {
    let mut cutter = TextCutter::new(Bytes::new(file), part_bytes);
    let reader = delimited(mapping, &mut cutter, context)?;
    Ok(Parts { cutter: Box::new(cutter), reader: Box::new(reader) })
}

/// Reads the header, and leaves `cutter` at the first row.
fn delimited<'a, R: Read>(
    mapping: &'a Mapping,
    cutter: &mut TextCutter<R>,
    context: &ReadContext,
) -> Result<DelimitedReader<'a>, Refused> {
    const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
    let dialect = mapping.dialect();
    let bytes = cutter.beginning()?;
    let mut start = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    start += bytes.iter().skip(start).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let rest = bytes.get(start..).unwrap_or_default();
    let too_large = Refused::TooLarge { byte: start as u64, what: "record", limit_bytes: RECORD_BYTES_MAX };
    let mut columns = Vec::new();
    let mut length = 0;
    if !rest.is_empty() {
        let mut splitter = Splitter::new(&dialect);
        let Ok(split) = splitter.split(rest) else { return Err(too_large) };
        for &(start, end) in split.ranges {
            let name = split.text.get(start as usize..end as usize).unwrap_or_default();
            columns.push(mapping.decode(name.trim_ascii()).ok_or_else(|| Refused::NotThisLayout {
                byte: 0,
                field: "header".to_owned(),
                expected: format!("text in {}", mapping.encoding()),
                found: Found::shape(name),
            })?);
        }
        length = split.length;
    }
    let width = columns.len();
    let plan = Plan::new(mapping, columns, context)?;
    cutter.skip(start + length);
    cutter.set_rows(Rows::Delimited(dialect));
    Ok(DelimitedReader { plan, dialect, columns: width })
}
