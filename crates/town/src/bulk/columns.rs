//! Bulk rows as Parquet: the columns of the CSV, amounts as decimals with two places, compressed with Snappy.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use tallystick_model::Month;

use super::{Bulk, BulkMonth};
use crate::Written;

const SCHEMA: &str = "message card_month {
    required binary resident_id (UTF8);
    required binary account (UTF8);
    required binary month (UTF8);
    required binary status (UTF8);
    required binary repayment (UTF8);
    required int64 balance (DECIMAL(18, 2));
    required int64 past_due (DECIMAL(18, 2));
    required int64 credit_limit (DECIMAL(18, 2));
    required int64 paid (DECIMAL(18, 2));
    required int64 due (DECIMAL(18, 2));
}";

/// Rows of a row group: about what DuckDB makes by default (122,880); groups are what several threads read.
const GROUP_ROWS: usize = 1 << 17;

/// Rows put together before they go into a column.
const BATCH_ROWS: usize = 1 << 13;

impl Bulk {
    /// Writes a month as Parquet, in the order of [`Bulk::write_csv`].
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_parquet(&self, month: Month, out: impl Write + Send) -> Result<Written> {
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            // No two rows share an identifier or an account: a dictionary would only be thrown away again.
            .set_column_dictionary_enabled("resident_id".into(), false)
            .set_column_dictionary_enabled("account".into(), false)
            .build();
        let mut file = SerializedFileWriter::new(out, schema, Arc::new(properties))?;
        let mut written = Written::default();
        let mut first = 0;
        while first < self.rows() {
            let end = self.rows().min(first + GROUP_ROWS as u64);
            let mut group = file.next_row_group()?;
            self.write_group(month, first..end, &mut group)?;
            group.close()?;
            written.records += end - first;
            first = end;
        }
        file.finish()?;
        written.bytes = file.bytes_written() as u64;
        Ok(written)
    }

    fn write_group<W: Write + Send>(
        &self,
        month: Month,
        rows: std::ops::Range<u64>,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<()> {
        let period = ByteArray::from(month.to_string().into_bytes());
        let (period, normal) = (&period, &ByteArray::from("normal"));
        let row = |place: u64| (place % self.size.subjects, u16::try_from(place / self.size.subjects).unwrap_or(0));
        let all = || rows.clone().map(row);
        let months: Vec<BulkMonth> = all().map(|(subject, account)| self.month(subject, account, month)).collect();
        write_texts(group, all().map(|(subject, _)| ByteArray::from(self.resident_id(subject).to_vec())))?;
        write_texts(group, all().map(|(subject, account)| ByteArray::from(self.account(subject, account).to_vec())))?;
        write_texts(group, all().map(|_| period.clone()))?;
        write_texts(group, all().map(|_| normal.clone()))?;
        write_texts(group, months.iter().map(|month| ByteArray::from(vec![month.repayment()])))?;
        let amounts: [fn(&BulkMonth) -> i64; 5] =
            [|row| row.balance, |row| row.past_due, |row| row.limit, |row| row.paid, |row| row.due];
        for amount in amounts {
            let Some(mut column) = group.next_column()? else { return Ok(()) };
            let amounts: Vec<i64> = months.iter().map(amount).collect();
            column.typed::<Int64Type>().write_batch(&amounts, None, None)?;
            column.close()?;
        }
        Ok(())
    }
}

fn write_texts<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    mut texts: impl Iterator<Item = ByteArray>,
) -> Result<()> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    loop {
        let batch: Vec<ByteArray> = texts.by_ref().take(BATCH_ROWS).collect();
        if batch.is_empty() {
            break;
        }
        column.typed::<ByteArrayType>().write_batch(&batch, None, None)?;
    }
    column.close()
}
