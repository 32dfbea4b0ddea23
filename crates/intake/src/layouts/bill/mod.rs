//! Bills of payment platforms, as their users export them: what the layouts `alipay` and `wechat` share.
//!
//! A bill lists payments; what leaves this module are monthly aggregates, never a purchase, a counterparty or a text of
//! theirs. Each row is counted, set aside with a reason, or refused. A platform is a table ([`Platform`]); its words stand
//! in its own layout. Start at [`read`]. The rules in words: `docs/formats/payment-bills.md`.

mod header;
mod meaning;
mod row;
mod tally;
mod text;
mod totals;
mod value;

use std::io::BufRead;

use tallystick_model::fact::RecordPlace;
use tallystick_model::{CategorySet, DataCategory};

pub(super) use self::header::{Column, ColumnNames};
pub(super) use self::meaning::{Direction, Flow, Meaning, Rule, State, Test, Words};

use self::header::Header;
use self::row::{BillRow, RowReader, reject};
use self::tally::Tally;
use self::text::{Row, Table, Text};
use self::totals::Totals;
use crate::read::{FileSummary, ReadContext, Refused, Sink};
use crate::reject::{Found, Reject, RejectCode};

/// Columns that are filled in every row, at least; lines outside the table have fewer.
const FILLED_COLUMNS_MIN: usize = 4;

/// Where a platform tells its fee.
#[derive(Clone, Copy, Debug)]
pub(super) enum FeeColumn {
    /// In a column of its own; the amount is without it.
    Own,
    /// At the start of the remark behind this word; the amount is with it.
    Remark(&'static str),
}

/// A platform's words.
pub(super) struct Platform {
    /// Name and version of the layout.
    pub(super) name: &'static str,
    /// The names of its columns.
    pub(super) columns: &'static [ColumnNames],
    /// What it calls directions.
    pub(super) directions: &'static [(&'static str, Direction)],
    /// What it calls states.
    pub(super) statuses: &'static [(&'static str, State)],
    /// A status that begins so goes on with the amount that came back.
    pub(super) returned_prefix: Option<&'static str>,
    /// Where it tells its fee.
    pub(super) fee: FeeColumn,
    /// What a row means; the first that fits decides.
    pub(super) rules: &'static [Rule],
    /// What stands before the wallet's number outside the table; none if a bill prints no lasting number. Then the name of
    /// the layout stands for the wallet.
    pub(super) account_labels: Words,
}

/// The categories of data that a bill carries.
pub(super) fn categories() -> CategorySet {
    [DataCategory::Payments, DataCategory::Income, DataCategory::Securities].into_iter().collect()
}

/// Reads a bill.
///
/// # Errors
/// [`Refused`] if no subject is named, the file is not a bill of this platform, or the sink wants no more.
pub(super) fn read(
    platform: &'static Platform,
    input: &mut dyn BufRead,
    context: &ReadContext,
    sink: &mut dyn Sink,
) -> Result<FileSummary, Refused> {
    let subject = context.subject.as_ref().ok_or(Refused::SubjectNeeded)?;
    let text = Text::read(input)?;
    let header = Header::find(&text, platform.columns)?;
    let mut totals = Totals::default();
    read_preamble(platform, &text, &header, &mut totals)?;
    let mut summary = FileSummary::default();
    let mut tally = Tally::new(context, platform.rules);
    let reader = RowReader { platform, text: &text, header: &header };
    let mut table = Table::new(&text, header.columns);
    let (mut at, mut part) = (header.next, Part::Table);
    while let Some(row) = table.row(at) {
        let start = std::mem::replace(&mut at, row.next);
        if row.filled() < FILLED_COLUMNS_MIN && (part == Part::Trailer || is_outside(&text, &row)) {
            // A blank line ends nothing: whatever stands below it is still accounted for.
            part = if row.filled() == 0 { part } else { Part::Trailer };
            totals.note(&text.decode_line(row.raw(), start)?, platform.account_labels);
            continue;
        }
        summary.records += 1;
        let place = RecordPlace { record: summary.records, byte: start as u64 };
        match read_record(&reader, part, &row, place, &mut totals) {
            Ok(row) => tally.row(&row),
            Err(reject) => {
                summary.rejects += 1;
                sink.reject(*reject);
            }
        }
        if !sink.goes_on() {
            return Err(Refused::Stopped);
        }
    }
    summary.set_aside = tally.finish(subject, &totals.account(platform.name), sink)?;
    summary.control_totals = totals.compared(summary.records);
    // Bills say of themselves that their totals may differ from the sum of their rows.
    summary.control_totals_bind = false;
    Ok(summary)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Table,
    Trailer,
}

fn read_preamble(platform: &Platform, text: &Text, header: &Header, totals: &mut Totals) -> Result<(), Refused> {
    let mut at = text.start;
    while at < header.start
        && let Some(line) = text.line(at)
    {
        totals.note(&text.decode_line(line.raw, at)?, platform.account_labels);
        at = line.next;
    }
    Ok(())
}

/// Whether a line in the table is not a row of it: blank, or the first line after it.
fn is_outside(text: &Text, row: &Row<'_>) -> bool {
    row.filled() == 0 || text.decode(row.raw()).is_ok_and(|line| totals::is_trailer(&line))
}

fn read_record<'r>(
    reader: &RowReader<'_>,
    part: Part,
    row: &'r Row<'_>,
    place: RecordPlace,
    totals: &mut Totals,
) -> Result<BillRow<'r>, Box<Reject>> {
    match part {
        Part::Table => reader.read(row, place, totals),
        Part::Trailer => {
            let found = Found::phrase(format!("a row of {} columns", row.columns()));
            Err(reject(
                RejectCode::MisplacedRecord,
                place,
                "row",
                "no row after the end of the table".to_owned(),
                found,
            ))
        }
    }
}
