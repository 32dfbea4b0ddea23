//! Apache Parquet: flat columns, read row group by row group in batches, by the typed column readers.
//!
//! A value becomes the text that a CSV file would have for it, and goes the same way from there. Floating point and INT96
//! columns are refused where they are mapped: no amount or date is exact in them.

mod column;
mod source;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use tallystick_model::fact::RecordPlace;

use self::column::{ColumnBatches, Render};
use self::source::Source;
use super::cells::{Cells, Places};
use super::header::Header;
use super::mapping::Mapping;
use super::plan::Plan;
use super::taking::Taking;
use crate::file::DeliveryFile;
use crate::parts::{Cutter, Part, PartReader};
use crate::read::{FileSummary, ReadContext, Refused, Sink};
use crate::reject::Found;

/// Longest footer, in bytes.
const FOOTER_BYTES_MAX: u32 = 16 << 20;
/// Most columns.
const COLUMNS_MAX: usize = 10_000;
/// Longest page, packed or unpacked, in bytes. Writers make pages of about 1 MiB.
const PAGE_BYTES_MAX: usize = 64 << 20;
/// Longest file that is held in memory, where it comes as a stream.
pub(super) const STREAM_BYTES_MAX: u64 = 256 << 20;
/// Records read at a time.
const BATCH_RECORDS: usize = 1024;
/// Bytes of text that a batch may become.
const BATCH_BYTES_MAX: usize = 64 << 20;

/// Reads the row groups of one file.
pub(super) struct ParquetReader<'a> {
    file: &'a dyn DeliveryFile,
    length: u64,
    metadata: ParquetMetaData,
    plan: Plan<'a>,
    /// How the column at each place becomes text; `None` where nothing is read of it.
    renders: Vec<Option<Render>>,
}

/// Tells the row groups, one part each.
pub(super) struct RowGroups {
    next: u64,
    count: u64,
}

impl Cutter for RowGroups {
    fn next_part(&mut self) -> Result<Option<Part>, Refused> {
        if self.next == self.count {
            return Ok(None);
        }
        let at = self.next;
        self.next += 1;
        Ok(Some(Part { at, bytes: Vec::new() }))
    }
}

fn refused(byte: u64, field: &str, expected: &str, found: impl Into<String>) -> Refused {
    let found = Found::phrase(found);
    Refused::NotThisLayout { byte, field: field.to_owned(), expected: expected.to_owned(), found }
}

/// The library's own words, which name no values.
fn damaged(byte: u64, what: &str) -> Refused {
    refused(byte, what, "undamaged Parquet", "something else")
}

/// Calls the library, which is known to panic on some damaged files.
fn guarded<T>(byte: u64, what: &str, call: impl FnOnce() -> Result<T, Refused>) -> Result<T, Refused> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err(damaged(byte, what)))
}

/// The length of a file, what its footer says, and where the footer begins.
fn metadata(file: &dyn DeliveryFile) -> Result<(u64, ParquetMetaData, u64), Refused> {
    let length = file.length()?;
    let footer = footer(file, length)?;
    let footer_at = length - 8 - footer.len() as u64;
    let metadata = guarded(footer_at, "footer", || {
        ParquetMetaDataReader::decode_metadata(&footer).map_err(|_| damaged(footer_at, "footer"))
    })?;
    let columns = metadata.file_metadata().schema_descr().num_columns();
    if columns > COLUMNS_MAX {
        let found = format!("{columns} columns");
        return Err(refused(footer_at, "footer", "at most 10000 columns", found));
    }
    Ok((length, metadata, footer_at))
}

/// The names of a file's columns, those in groups with dots between.
///
/// # Errors
/// [`Refused`] if it is no Parquet.
pub(super) fn column_names(file: &dyn DeliveryFile) -> Result<Vec<String>, Refused> {
    let (_, metadata, _) = metadata(file)?;
    Ok(metadata.file_metadata().schema_descr().columns().iter().map(|column| column.path().string()).collect())
}

/// Opens a file: its footer, and which columns are which.
pub(super) fn open<'a>(
    mapping: &'a Mapping,
    file: &'a dyn DeliveryFile,
    context: &ReadContext,
) -> Result<(RowGroups, ParquetReader<'a>), Refused> {
    let (length, metadata, footer_at) = metadata(file)?;
    let schema = metadata.file_metadata().schema_descr();
    let columns: Vec<_> = schema.columns().iter().map(|column| Render::of(column)).collect();
    let names = schema.columns().iter().map(|column| column.path().string());
    let mut header = Header::new(names.zip(columns.iter().map(|(typed, _)| *typed)));
    let plan = Plan::new(mapping, &mut header, context)?;
    let renders = columns.into_iter().zip(header.used()).map(|((_, render), used)| used.then_some(render)).collect();
    let mut rows = 0_i64;
    for group in metadata.row_groups() {
        if group.num_rows() < 0 || group.columns().len() != schema.num_columns() {
            return Err(damaged(footer_at, "footer"));
        }
        rows = rows.saturating_add(group.num_rows());
        for column in group.columns() {
            let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
            let (start, bytes) = (u64::try_from(start), u64::try_from(column.compressed_size()));
            let within = |(start, bytes): (u64, u64)| start.checked_add(bytes).is_some_and(|end| end <= footer_at);
            if !start.ok().zip(bytes.ok()).is_some_and(within) {
                return Err(refused(footer_at, "footer", "columns within the file", "one beyond it"));
            }
        }
    }
    let stated = metadata.file_metadata().num_rows();
    if stated != rows {
        let (expected, found) = (format!("{stated} rows, as the footer says"), format!("{rows} in its row groups"));
        return Err(refused(footer_at, "footer", &expected, found));
    }
    let count = metadata.num_row_groups() as u64;
    Ok((RowGroups { next: 0, count }, ParquetReader { file, length, metadata, plan, renders }))
}

/// The footer's bytes, between the last page and the file's last eight bytes.
fn footer(file: &dyn DeliveryFile, length: u64) -> Result<Vec<u8>, Refused> {
    const MAGIC: &[u8; 4] = b"PAR1";
    let (mut first, mut last) = ([0; 4], [0; 8]);
    if length < 12 || file.read_at(0, &mut first)? < 4 || file.read_at(length - 8, &mut last)? < 8 {
        return Err(refused(0, "file", "`PAR1` at its beginning and its end", format!("{length} bytes")));
    }
    let [a, b, c, d, magic @ ..] = last;
    if magic == *b"PARE" {
        return Err(refused(length - 4, "file", "Parquet that is not encrypted", "an encrypted footer"));
    }
    for (byte, found) in [(0, first), (length - 4, magic)] {
        if found != *MAGIC {
            return Err(refused(byte, "file", "`PAR1` at its beginning and its end", "something else"));
        }
    }
    let bytes = u32::from_le_bytes([a, b, c, d]);
    if bytes > FOOTER_BYTES_MAX {
        let limit_bytes = u64::from(FOOTER_BYTES_MAX);
        return Err(Refused::TooLarge { byte: length - 8, what: "footer", limit_bytes });
    }
    let start = (length - 8)
        .checked_sub(u64::from(bytes))
        .ok_or_else(|| refused(length - 8, "footer", "a length within the file", format!("{bytes} bytes")))?;
    let mut footer = vec![0; bytes as usize];
    if file.read_at(start, &mut footer)? < footer.len() {
        return Err(Refused::Truncated { byte: start, expected: "the footer".to_owned() });
    }
    Ok(footer)
}

impl ParquetReader<'_> {
    /// Hands the records of row group `number` to `taking`.
    pub(super) fn rows(&self, number: u64, taking: &mut Taking<'_>) -> Result<(), Refused> {
        let group = usize::try_from(number).ok().and_then(|number| self.metadata.row_groups().get(number));
        let Some(group) = group else { return Ok(()) };
        let records = usize::try_from(group.num_rows()).unwrap_or(0);
        let starts = group
            .columns()
            .iter()
            .map(|column| column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset()));
        let byte = starts.min().and_then(|start| u64::try_from(start).ok()).unwrap_or(0);
        let source = Arc::new(Source { file: self.file, length: self.length });
        let mut columns = Vec::new();
        for (place, render) in self.renders.iter().enumerate() {
            let (Some(render), Some(chunk)) = (render, group.columns().get(place)) else { continue };
            let column = guarded(byte, "column", || ColumnBatches::open(&source, chunk, records, *render))?;
            columns.push((place, column));
        }
        let width = self.renders.len();
        let (mut text, mut ranges) = (Vec::new(), Vec::new());
        let mut left = records;
        while left > 0 {
            let batch = left.min(BATCH_RECORDS);
            left -= batch;
            text.clear();
            ranges.clear();
            ranges.resize(batch * width, (0, 0));
            for (place, column) in &mut columns {
                let into = |record: usize, range| {
                    if let Some(cell) = ranges.get_mut(record * width + *place) {
                        *cell = range;
                    }
                };
                guarded(column.byte(), "column", || column.read(batch, &mut text, into))?;
            }
            for cells in ranges.chunks_exact(width.max(1)) {
                let place = RecordPlace { record: taking.next_record(), byte };
                let cells = Cells { text: &text, ranges: cells, byte, places: Places::Whole };
                taking.cells(&self.plan, place, &cells)?;
            }
        }
        Ok(())
    }

    /// Every record of the file.
    pub(super) fn all(&self, mut groups: RowGroups, sink: &mut dyn Sink) -> Result<FileSummary, Refused> {
        let mut summary = FileSummary::default();
        while let Some(part) = groups.next_part()? {
            let mut taking = Taking::new(sink, summary.records);
            self.rows(part.at, &mut taking)?;
            summary.add(taking.summary());
        }
        Ok(summary)
    }
}

impl PartReader for ParquetReader<'_> {
    fn read_part(&self, part: &Part, sink: &mut dyn Sink) -> Result<FileSummary, Refused> {
        let mut taking = Taking::new(sink, 0);
        self.rows(part.at, &mut taking)?;
        Ok(taking.summary())
    }
}
