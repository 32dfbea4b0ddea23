//! Any CSV, TSV, JSON Lines or Parquet, by a mapping: a TOML file says which column is which fact, so a new furnisher needs no
//! code.
//!
//! Start at [`Mapping::parse`] for the mapping, and at [`read`] or [`parts`] for the file: both cut it into parts and read
//! them by the same code. Every column of the file must be mapped, declared under its category, or ignored by name: data
//! nobody has spoken about is not taken in by accident. Statements, whose rows are an account's transactions, are read whole
//! by [`transactions`]. `docs/formats/mapped.md` explains the TOML.

mod amount;
mod beginning;
mod cells;
mod codes;
mod cut;
mod delimited;
mod dialect;
mod encoding;
mod format;
mod header;
mod jsonl;
mod mapping;
mod parquet;
mod pattern;
mod plan;
mod recognise;
mod row;
mod shape;
mod taking;
mod transactions;

use std::io::{BufRead, Read};

use self::cut::TextCutter;
use self::format::FileFormat;
pub use self::mapping::{Mapping, MappingError};
pub use self::recognise::recognise;
use self::taking::Taking;
use crate::file::{Bytes, DeliveryFile};
use crate::parts::{PART_BYTES, Part, Parts};
use crate::read::{FileSummary, ReadContext, Refused, Sink};

/// Longest record, in bytes.
pub const RECORD_BYTES_MAX: u64 = 1 << 20;

/// Reads a file by `mapping`.
///
/// # Errors
/// [`Refused`] if the file is of another format, or has not the columns the mapping says.
pub fn read(
    mapping: &Mapping,
    input: &mut dyn BufRead,
    context: &ReadContext,
    sink: &mut dyn Sink,
) -> Result<FileSummary, Refused> {
    if let Some(transactions) = &mapping.transactions {
        return transactions::read(mapping, transactions, input, context, sink);
    }
    match &mapping.file.format {
        FileFormat::Delimited(format) => {
            let mut cutter = TextCutter::new(input, PART_BYTES);
            let reader = beginning::delimited(mapping, format, &mut cutter, context)?;
            each_part(&mut cutter, sink, |part, taking| reader.rows(part, taking))
        }
        FileFormat::JsonLines => {
            let mut cutter = TextCutter::new(input, PART_BYTES);
            let reader = jsonl::json_lines(mapping, &mut cutter, context)?;
            each_part(&mut cutter, sink, |part, taking| reader.rows(part, taking))
        }
        FileFormat::Parquet => {
            // Its footer is at its end.
            let mut file = Vec::new();
            let limit_bytes = parquet::STREAM_BYTES_MAX;
            input.take(limit_bytes + 1).read_to_end(&mut file)?;
            if file.len() as u64 > limit_bytes {
                return Err(Refused::TooLarge { byte: limit_bytes, what: "Parquet from a stream", limit_bytes });
            }
            let (groups, reader) = parquet::open(mapping, &file, context)?;
            reader.all(groups, sink)
        }
    }
}

/// Hands the parts of a text to `read` one after another, records counted on from each to the next.
fn each_part(
    cutter: &mut TextCutter<impl Read>,
    sink: &mut dyn Sink,
    read: impl Fn(&Part, &mut Taking<'_>) -> Result<(), Refused>,
) -> Result<FileSummary, Refused> {
    let mut summary = FileSummary::default();
    while let Some(part) = cutter.cut()? {
        let mut taking = Taking::new(sink, summary.records);
        read(&part, &mut taking)?;
        summary.add(taking.summary());
    }
    Ok(summary)
}

/// The parts of a file read by `mapping`, of `part_bytes` each, more or less; `None` for statements, which are read whole.
///
/// # Errors
/// [`Refused`] if the file is of another format, or has not the columns the mapping says.
pub fn parts<'a>(
    mapping: &'a Mapping,
    file: &'a dyn DeliveryFile,
    context: &ReadContext,
    part_bytes: usize,
) -> Result<Option<Parts<'a>>, Refused> {
    if mapping.transactions.is_some() {
        return Ok(None);
    }
    let mut cutter = TextCutter::new(Bytes::new(file), part_bytes);
    Ok(Some(match &mapping.file.format {
        FileFormat::Delimited(format) => {
            let reader = beginning::delimited(mapping, format, &mut cutter, context)?;
            Parts { cutter: Box::new(cutter), reader: Box::new(reader) }
        }
        FileFormat::JsonLines => {
            let reader = jsonl::json_lines(mapping, &mut cutter, context)?;
            Parts { cutter: Box::new(cutter), reader: Box::new(reader) }
        }
        FileFormat::Parquet => {
            let (groups, reader) = parquet::open(mapping, file, context)?;
            Parts { cutter: Box::new(groups), reader: Box::new(reader) }
        }
    }))
}
