//! One column of a row group: its pages one after another, and its values as text.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::ColumnDescriptor;

use super::super::header::Typed;
use super::source::Source;
use super::{BATCH_BYTES_MAX, damaged};
use crate::read::Refused;

/// Longest decimal, in bytes: 38 digits.
const DECIMAL_BYTES_MAX: i32 = 16;

/// How the values of a column become text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Render {
    /// Whole numbers, and `true` or `false`.
    Number,
    /// Whole numbers that are never below zero.
    Unsigned,
    /// Whole numbers of this many decimal places.
    Decimal(u32),
    /// Bytes as they are.
    Text,
    /// Nothing: not to be read.
    Nothing,
}

impl Render {
    /// What a column is to the mapping, and how its values become text.
    pub(super) fn of(column: &ColumnDescriptor) -> (Typed, Self) {
        const NUMBER: &str = "a whole number, a decimal or a text";
        if column.max_rep_level() > 0 {
            return (Typed::Unusable("a column with one value in a record", "a list"), Self::Nothing);
        }
        let unusable = |expected, found| (Typed::Unusable(expected, found), Self::Nothing);
        match column.physical_type() {
            Type::FLOAT => unusable(NUMBER, "FLOAT, which holds no amount of money exactly"),
            Type::DOUBLE => unusable(NUMBER, "DOUBLE, which holds no amount of money exactly"),
            Type::INT96 => unusable("a DATE or a TIMESTAMP", "INT96, which states neither unit nor place"),
            Type::BOOLEAN => (Typed::Text, Self::Number),
            Type::INT32 | Type::INT64 => Self::of_integer(column),
            Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => Self::of_bytes(column),
        }
    }

    fn decimal(column: &ColumnDescriptor) -> Option<(Typed, Self)> {
        let scale = match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Decimal(decimal)), _) => decimal.scale,
            (None, ConvertedType::DECIMAL) => column.type_scale(),
            _ => return None,
        };
        Some(match u32::try_from(scale) {
            Ok(scale) if scale <= 38 => (Typed::Number, Self::Decimal(scale)),
            _ => (Typed::Unusable("a decimal of 0 to 38 places", "another scale"), Self::Nothing),
        })
    }

    fn of_integer(column: &ColumnDescriptor) -> (Typed, Self) {
        if let Some(decimal) = Self::decimal(column) {
            return decimal;
        }
        let instant = |per_second, utc| (Typed::Instant { per_second, utc }, Self::Number);
        match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Date), _) | (None, ConvertedType::DATE) => (Typed::Days, Self::Number),
            (Some(LogicalType::Timestamp(instants)), _) => {
                let per_second = match instants.unit {
                    TimeUnit::MILLIS => 1_000,
                    TimeUnit::MICROS => 1_000_000,
                    TimeUnit::NANOS => 1_000_000_000,
                };
                instant(per_second, instants.is_adjusted_to_u_t_c)
            }
            (None, ConvertedType::TIMESTAMP_MILLIS) => instant(1_000, true),
            (None, ConvertedType::TIMESTAMP_MICROS) => instant(1_000_000, true),
            (Some(LogicalType::Integer(integer)), _) if !integer.is_signed => (Typed::Number, Self::Unsigned),
            (
                None,
                ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64,
            ) => (Typed::Number, Self::Unsigned),
            (Some(LogicalType::Time(_)), _) | (None, ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS) => {
                (Typed::Unusable("a number, a date or a text", "a time of day"), Self::Nothing)
            }
            _ => (Typed::Number, Self::Number),
        }
    }

    fn of_bytes(column: &ColumnDescriptor) -> (Typed, Self) {
        if let Some(decimal) = Self::decimal(column) {
            let wide = column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY && column.type_length() > DECIMAL_BYTES_MAX;
            let too_wide = Typed::Unusable("a decimal of at most 38 digits", "a wider one");
            return if wide { (too_wide, Self::Nothing) } else { decimal };
        }
        match (column.logical_type_ref(), column.converted_type()) {
            (None | Some(LogicalType::String | LogicalType::Enum | LogicalType::Json), converted)
                if !matches!(converted, ConvertedType::INTERVAL | ConvertedType::BSON) =>
            {
                (Typed::Text, Self::Text)
            }
            _ => (Typed::Unusable("a text", "bytes of another meaning"), Self::Nothing),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a digit, and what was just found to fit")]
    fn number(self, value: i128, text: &mut Vec<u8>) {
        if value < 0 {
            text.push(b'-');
        }
        let places = match self {
            Self::Decimal(places) => places as usize,
            _ => 0,
        };
        // From the end on: 39 digits hold any number of 128 bits, 40 the most places and a zero before them.
        let mut digits = [b'0'; 40];
        let mut count = 0;
        let mut left = value.unsigned_abs();
        let mut rest = digits.as_mut_slice();
        // Arithmetic on 64 bits is much the faster, and nearly always enough.
        while left > u128::from(u64::MAX) {
            count += push_digit(&mut rest, (left % 10) as u8);
            left /= 10;
        }
        let mut left = left as u64;
        while left > 0 {
            count += push_digit(&mut rest, (left % 10) as u8);
            left /= 10;
        }
        let count = count.max(places + 1).min(digits.len());
        let (_, digits) = digits.split_at(digits.len() - count);
        let (whole, fraction) = digits.split_at(count - places.min(count));
        text.extend_from_slice(whole);
        if !fraction.is_empty() {
            text.push(b'.');
            text.extend_from_slice(fraction);
        }
    }

    /// Big-endian two's complement.
    fn bytes(self, value: &[u8], text: &mut Vec<u8>) -> Result<()> {
        if self == Self::Text {
            text.extend_from_slice(value);
            return Ok(());
        }
        // No digits are no amount.
        if value.is_empty() {
            return Ok(());
        }
        let fill = if value.first().is_some_and(|first| *first >= 0x80) { 0xff } else { 0 };
        let mut wide = [fill; 16];
        let start = 16_usize.checked_sub(value.len()).and_then(|start| wide.get_mut(start..));
        let start = start.ok_or_else(|| ParquetError::General("a decimal above 38 digits".to_owned()))?;
        start.copy_from_slice(value);
        self.number(i128::from_be_bytes(wide), text);
        Ok(())
    }
}

/// Puts a digit before those that are there; tells how many it put.
fn push_digit(room: &mut &mut [u8], digit: u8) -> usize {
    let Some((last, before)) = std::mem::take(room).split_last_mut() else { return 0 };
    *last = b'0' + digit;
    *room = before;
    1
}

type Queue = Arc<Mutex<VecDeque<Page>>>;

/// Hands the library pages that were read for it.
struct Queued(Queue);

impl Iterator for Queued {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Queued {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front())
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Err(ParquetError::NYI("pages are read in their order".to_owned()))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        Err(ParquetError::NYI("pages are read in their order".to_owned()))
    }
}

/// Values of a batch, in the column's own type.
#[derive(Default)]
struct Values {
    levels: Vec<i16>,
    booleans: Vec<bool>,
    short: Vec<i32>,
    long: Vec<i64>,
    bytes: Vec<ByteArray>,
    fixed: Vec<FixedLenByteArray>,
}

/// Reads a column in batches. Of its pages only those of the present batch are held.
pub(super) struct ColumnBatches<'a> {
    pages: SerializedPageReader<Source<'a>>,
    queue: Queue,
    reader: ColumnReader,
    render: Render,
    max_level: i16,
    /// Records in the pages that were read and have not been handed out.
    waiting: usize,
    values: Values,
    byte: u64,
}

impl<'a> ColumnBatches<'a> {
    /// Opens the column of a row group of `records`.
    pub(super) fn open(
        source: &Arc<Source<'a>>,
        chunk: &ColumnChunkMetaData,
        records: usize,
        render: Render,
    ) -> std::result::Result<Self, Refused> {
        let (byte, _) = chunk.byte_range();
        let pages = SerializedPageReader::new(Arc::clone(source), chunk, records, None);
        let pages = pages.map_err(|error| Self::fault(byte, &error))?;
        let queue = Queue::default();
        let column = chunk.column_descr_ptr();
        let max_level = column.max_def_level();
        let reader = get_column_reader(column, Box::new(Queued(Arc::clone(&queue))));
        Ok(Self { pages, queue, reader, render, max_level, waiting: 0, values: Values::default(), byte })
    }

    /// Offset of the column in the file.
    pub(super) const fn byte(&self) -> u64 {
        self.byte
    }

    /// The library's own words may repeat what it found: only those are repeated that cannot.
    fn fault(byte: u64, error: &ParquetError) -> Refused {
        match error {
            ParquetError::NYI(_) => super::refused(byte, "column", "a kind of packing that is read here", "another"),
            _ => damaged(byte, "column"),
        }
    }

    /// Reads `count` records: their texts are appended to `text`, and where each stands is told to `into`.
    pub(super) fn read(
        &mut self,
        count: usize,
        text: &mut Vec<u8>,
        into: impl FnMut(usize, (u32, u32)),
    ) -> std::result::Result<(), Refused> {
        let byte = self.byte;
        self.fill(count).and_then(|()| self.values(count)).map_err(|error| Self::fault(byte, &error))?;
        if !self.write(count, text, into).map_err(|error| Self::fault(byte, &error))? {
            let limit_bytes = BATCH_BYTES_MAX as u64;
            return Err(Refused::TooLarge { byte, what: "texts of 1024 records", limit_bytes });
        }
        Ok(())
    }

    /// Reads pages until `count` records wait.
    fn fill(&mut self, count: usize) -> Result<()> {
        while self.waiting < count {
            let Some(page) = self.pages.get_next_page()? else {
                return Err(ParquetError::EOF("the column ends before its row group".to_owned()));
            };
            if page.is_data_page() {
                self.waiting = self.waiting.saturating_add(page.num_values() as usize);
            }
            self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(page);
        }
        self.waiting -= count;
        Ok(())
    }

    fn values(&mut self, count: usize) -> Result<()> {
        let Values { levels, booleans, short, long, bytes, fixed } = &mut self.values;
        levels.clear();
        let levels = (self.max_level > 0).then_some(levels);
        macro_rules! read {
            ($reader:ident, $values:ident) => {{
                $values.clear();
                $reader.read_records(count, levels, None, $values)?
            }};
        }
        let (records, ..) = match &mut self.reader {
            ColumnReader::BoolColumnReader(reader) => read!(reader, booleans),
            ColumnReader::Int32ColumnReader(reader) => read!(reader, short),
            ColumnReader::Int64ColumnReader(reader) => read!(reader, long),
            ColumnReader::ByteArrayColumnReader(reader) => read!(reader, bytes),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => read!(reader, fixed),
            _ => return Err(ParquetError::NYI("a type that is never read".to_owned())),
        };
        if records == count {
            Ok(())
        } else {
            Err(ParquetError::EOF("the column ends before its row group".to_owned()))
        }
    }

    /// Whether the texts stay below the limit.
    fn write(&self, count: usize, text: &mut Vec<u8>, mut into: impl FnMut(usize, (u32, u32))) -> Result<bool> {
        let Values { levels, booleans, short, long, bytes, fixed } = &self.values;
        let mut value = 0;
        for record in 0..count {
            if self.max_level > 0 && levels.get(record).is_none_or(|level| *level < self.max_level) {
                continue;
            }
            let start = text.len();
            let missing = || ParquetError::EOF("the column has fewer values than records".to_owned());
            let render = self.render;
            match &self.reader {
                ColumnReader::BoolColumnReader(_) => {
                    let value = *booleans.get(value).ok_or_else(missing)?;
                    text.extend_from_slice(if value { b"true" } else { b"false" });
                }
                ColumnReader::Int32ColumnReader(_) => {
                    let value = *short.get(value).ok_or_else(missing)?;
                    let unsigned = render == Render::Unsigned;
                    render.number(if unsigned { value.cast_unsigned().into() } else { value.into() }, text);
                }
                ColumnReader::Int64ColumnReader(_) => {
                    let value = *long.get(value).ok_or_else(missing)?;
                    let unsigned = render == Render::Unsigned;
                    render.number(if unsigned { value.cast_unsigned().into() } else { value.into() }, text);
                }
                ColumnReader::ByteArrayColumnReader(_) => {
                    render.bytes(bytes.get(value).ok_or_else(missing)?.data(), text)?;
                }
                ColumnReader::FixedLenByteArrayColumnReader(_) => {
                    render.bytes(fixed.get(value).ok_or_else(missing)?.data(), text)?;
                }
                _ => {}
            }
            value += 1;
            if text.len() > BATCH_BYTES_MAX {
                return Ok(false);
            }
            let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            into(record, (offset(start), offset(text.len())));
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_with_all_their_places() {
        for (places, value, written) in [
            (0, 0, "0"),
            (0, -7, "-7"),
            (2, 0, "0.00"),
            (2, 5, "0.05"),
            (2, -5, "-0.05"),
            (2, 1234, "12.34"),
            (2, -123_456, "-1234.56"),
            (0, i128::from(u64::MAX) + 1, "18446744073709551616"),
            (0, i128::MIN, "-170141183460469231731687303715884105728"),
            (38, i128::MIN, "-1.70141183460469231731687303715884105728"),
            (38, 1, "0.00000000000000000000000000000000000001"),
        ] {
            let mut text = Vec::new();
            Render::Decimal(places).number(value, &mut text);
            assert_eq!(String::from_utf8(text).unwrap(), written);
        }
        let mut text = Vec::new();
        for bytes in [b"\xff".as_slice(), b"\x00\xff", b"", &[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]] {
            Render::Decimal(1).bytes(bytes, &mut text).unwrap();
            text.push(b' ');
        }
        assert_eq!(text, b"-0.1 25.5  -17014118346046923173168730371588410572.8 ");
        assert!(Render::Decimal(1).bytes(&[0; 17], &mut text).is_err());
    }
}
