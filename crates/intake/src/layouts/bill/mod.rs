//! Bills of payment platforms, as their users export them: what the layouts `alipay`, `wechat`, `jd` and `meituan` share.
//!
//! A bill lists payments; what leaves this module are monthly aggregates, never a purchase, a counterparty or a text of
//! theirs. Each row is counted, set aside with a reason, or refused. A platform is a table ([`Platform`]); its words stand
//! in its own layout. Start at [`read`]. The rules in words: `docs/formats/payment-bills.md`.

mod header;
mod meaning;
mod recognise;
mod row;
mod sheet;
mod source;
mod tally;
mod text;
mod totals;
mod value;

use std::io::BufRead;

use tallystick_model::{CategorySet, DataCategory, Sensitive};

pub(super) use self::header::{Column, ColumnNames};
pub(super) use self::meaning::{Direction, Flow, Meaning, Rule, State, Test, Words};
pub use self::recognise::{Locked, recognise, recognise_file, recognise_locked};

use self::header::Header;
use self::recognise::words;
use self::row::{BillRow, RowReader, Spot};
use self::tally::{Signs, Tally};
use self::text::{Row, Table, Text};
use self::totals::Totals;
use crate::read::{FileSummary, PaymentPlatform, ReadContext, Refused, Sink};
use crate::reject::{Found, Reject, RejectCode};

/// Columns that are filled in every row, at least; lines outside the table have fewer.
const FILLED_COLUMNS_MIN: usize = 4;

/// Where a platform tells its fee.
#[derive(Clone, Copy, Debug)]
pub(super) enum FeeColumn {
    /// Nowhere.
    None,
    /// In a column of its own; the amount is without it.
    Own,
    /// At the start of the remark behind this word; the amount is with it.
    Remark(&'static str),
}

/// Where a platform tells, in the row of a payment, what came back of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum CameBack {
    /// Nowhere.
    NotTold,
    /// In a status that begins with this word and goes on with the amount.
    InStatus(&'static str),
    /// Behind the amount, in brackets.
    InAmount,
}

/// What a platform's printed sums are sums of.
#[derive(Clone, Copy, Debug)]
pub(super) enum PrintedSums {
    /// Of the amounts as they are printed.
    Gross,
    /// Of the amounts without what came back; rows that fit all these tests count for nothing.
    Net {
        /// The tests.
        without: &'static [Test],
    },
}

/// The day that a platform's numbers of payments begin with.
#[derive(Clone, Copy, Debug)]
pub(super) struct NumberDay {
    /// Its digits: 8 with the century, else 6.
    pub(super) digits: usize,
    /// Shorter numbers are of another kind.
    pub(super) length_min: usize,
}

/// A platform's words.
pub(super) struct Platform {
    /// Name and version of the layout.
    pub(super) name: &'static str,
    /// Words that its bills begin with; the first is told.
    pub(super) titles: Words,
    /// The names of its columns.
    pub(super) columns: &'static [ColumnNames],
    /// Columns without which rows can't be read, or bills of platforms not be told apart.
    pub(super) required: &'static [Column],
    /// Columns that its bills have and nothing is read from.
    pub(super) unused_columns: Words,
    /// What it calls directions.
    pub(super) directions: &'static [(&'static str, Direction)],
    /// What it calls states.
    pub(super) statuses: &'static [(&'static str, State)],
    /// Where it tells what came back of a payment.
    pub(super) came_back: CameBack,
    /// What its printed sums are sums of.
    pub(super) printed_sums: PrintedSums,
    /// How its kinds of payment begin, if there are not too many to know them all.
    pub(super) kinds: Option<Words>,
    /// The day in its numbers.
    pub(super) number_day: Option<NumberDay>,
    /// Where it tells its fee.
    pub(super) fee: FeeColumn,
    /// What a row means; the first that fits decides.
    pub(super) rules: &'static [Rule],
    /// What stands before the wallet's number or name outside the table. If a bill has none, the name of the layout stands for
    /// the wallet.
    pub(super) account_labels: Words,
    /// Stands before an account in what is kept of it, so that equal names at two platforms are two wallets.
    pub(super) account_mark: &'static str,
}

/// Name and version of the layout of a platform's bills.
pub const fn name(platform: PaymentPlatform) -> &'static str {
    words(platform).name
}

/// The categories of data that a bill may carry.
pub fn categories() -> CategorySet {
    [DataCategory::Payments, DataCategory::Income, DataCategory::Securities].into_iter().collect()
}

/// Reads a bill; hands over one record for each month with a counted row. `password` opens an archive.
///
/// # Errors
/// [`Refused`] if no subject is named, the file is not a bill of this platform, it is in an archive that `password` does not
/// open, or the sink wants no more.
pub fn read(
    platform: PaymentPlatform,
    password: Option<&Sensitive<String>>,
    input: &mut dyn BufRead,
    context: &ReadContext,
    sink: &mut dyn Sink,
) -> Result<FileSummary, Refused> {
    let platform = words(platform);
    let subject = context.subject.as_ref().ok_or(Refused::SubjectNeeded)?;
    let texts = source::open(input, password)?;
    let (text, header, further_sheets) = bill_among(&texts, platform)?;
    let mut totals = Totals::default();
    read_preamble(platform, text, &header, &mut totals)?;
    let mut summary = FileSummary::default();
    let mut tally = Tally::new(context, platform);
    let reader = RowReader { platform, text, header: &header };
    let mut table = Table::new(text, header.columns);
    let (mut at, mut part) = (header.next, Part::Table);
    while let Some(row) = table.row(at) {
        let start = std::mem::replace(&mut at, row.next);
        if row.filled() < FILLED_COLUMNS_MIN && (part == Part::Trailer || is_outside(text, &row)) {
            // A blank line ends nothing: whatever stands below it is still accounted for.
            part = if row.filled() == 0 { part } else { Part::Trailer };
            totals.note(&text.decode_line(row.raw(), start)?, platform.account_labels);
            continue;
        }
        summary.records += 1;
        let spot = Spot { record: summary.records, start };
        match read_record(&reader, part, &row, spot, &mut totals) {
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
    let is_rewritten = text.is_written_again() || totals.rows_disagree(summary.records);
    let signs = if is_rewritten { Signs::OfRewriting } else { Signs::None };
    let finished = tally.finish(subject, &totals, signs, sink)?;
    summary.set_aside = finished.set_aside;
    summary.findings = finished.findings;
    for (what, count) in [("unknown_columns", header.unknown), ("further_sheets", further_sheets)] {
        if count > 0 {
            summary.findings.push((what.to_owned(), count));
        }
    }
    summary.control_totals = totals.compared(summary.records);
    summary.control_totals_bind = !summary.control_totals.is_empty();
    Ok(summary)
}

/// The first text with a heading row, and how many texts after it have one too.
fn bill_among<'a>(texts: &'a [Text], platform: &'static Platform) -> Result<(&'a Text, Header, u64), Refused> {
    let mut found: Option<(&Text, Header, u64)> = None;
    let mut refused = None;
    for text in texts {
        match (Header::find(text, platform), &mut found) {
            (Ok(header), None) => found = Some((text, header, 0)),
            (Ok(_), Some((.., further))) => *further += 1,
            (Err(error), _) => {
                refused.get_or_insert(error);
            }
        }
    }
    // There is at least one text; an empty file is one.
    found.ok_or_else(|| refused.unwrap_or_else(|| source::refused("a bill", "nothing")))
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
    spot: Spot,
    totals: &mut Totals,
) -> Result<BillRow<'r>, Box<Reject>> {
    match part {
        Part::Table => reader.read(row, spot, totals),
        Part::Trailer => {
            let found = Found::phrase(format!("a row of {} columns", row.columns()));
            let expected = "no row after the end of the table".to_owned();
            Err(reader.fault_of_row(RejectCode::MisplacedRecord, spot, expected, found))
        }
    }
}
