//! Any CSV, by a mapping: a TOML file says which column is which fact, so a new furnisher needs no code.
//!
//! Start at [`Mapping::parse`] for the mapping and at [`read`] for the file. Every column of the file must be mapped, declared
//! under its category, or ignored by name: data nobody has spoken about is not taken in by accident.
//! `docs/formats/mapped.md` explains the TOML.

mod bounded;
mod mapping;
mod pattern;
mod plan;
mod recognise;
mod row;
mod transactions;

use std::io::BufRead;

use tallystick_model::fact::RecordPlace;

use self::bounded::Bounded;
pub use self::mapping::{Mapping, MappingError};
use self::plan::Plan;
pub use self::recognise::recognise;
use crate::read::{FileSummary, ReadContext, Refused, Sink};
use crate::reject::{Found, Reject, RejectCode};

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
    if let Some(transactions) = &mapping.transactions {
        return transactions::read(mapping, transactions, input, context, sink);
    }
    let bounded = Bounded::new(input, RECORD_BYTES_MAX);
    let mut csv =
        csv::ReaderBuilder::new().delimiter(mapping.delimiter()).has_headers(true).flexible(true).from_reader(bounded);
    let header = csv.byte_headers().map_err(|error| refused(error, 0))?.clone();
    let plan = Plan::new(mapping, &header, context)?;
    let mut summary = FileSummary::default();
    let mut record = csv::ByteRecord::new();
    loop {
        let start = csv.position().byte();
        csv.get_mut().begin_record(start);
        let is_row = csv.read_byte_record(&mut record);
        let delivered = csv.get_ref();
        let byte = delivered.row_start(start);
        if !is_row.map_err(|error| refused(error, byte))? {
            return Ok(summary);
        }
        summary.records += 1;
        let place = RecordPlace { record: summary.records, byte };
        let fits = record.len() == header.len();
        if !fits && record.iter().any(|field| field.contains(&b'\n')) {
            // It may have swallowed any number of rows: they must not be lost with one reject.
            return Err(Refused::NotThisLayout {
                byte,
                field: "row".to_owned(),
                expected: format!("{} columns", header.len()),
                found: Found::phrase(format!("{} over several lines: a quote that is never closed?", record.len())),
            });
        }
        let taken = if fits {
            plan.record(&record, place, delivered, sink)
        } else {
            Err(Reject {
                code: RejectCode::ColumnCount,
                place,
                field: "row".to_owned(),
                expected: format!("{} columns", header.len()),
                found: Found::phrase(format!("{} columns", record.len())),
            })
        };
        match taken {
            Ok(Some(reported)) => sink.record(reported),
            Ok(None) => {}
            Err(reject) => {
                summary.rejects += 1;
                sink.reject(reject);
            }
        }
        if !sink.goes_on() {
            return Err(Refused::Stopped);
        }
    }
}

fn refused(error: csv::Error, byte: u64) -> Refused {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => match bounded::limit_of(&error) {
            Some(limit_bytes) => Refused::TooLarge { byte, what: "record", limit_bytes },
            None => Refused::Io(error),
        },
        _ => Refused::NotThisLayout {
            byte,
            field: "file".to_owned(),
            expected: "rows of delimited text".to_owned(),
            found: Found::phrase("something else"),
        },
    }
}
