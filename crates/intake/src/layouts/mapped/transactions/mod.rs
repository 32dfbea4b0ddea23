//! Bank statements by a mapping: rows of an account become months, by the words of its bank.
//!
//! The heading is found by its columns, whatever stands before it; what stands there and after the table may tell the
//! account's number, the statement's month and its totals. A row counts towards a flow by the mapping's rules, or by its
//! direction; no row, counterparty or balance leaves this module. Start at [`read`]; in words: `docs/formats/bank-statements.md`.

mod compound;
mod header;
mod rows;
mod sheet;
mod spec;

use std::io::BufRead;

use tallystick_model::fact::RecordPlace;
use tallystick_model::{Currency, DataCategory, Date, IdScheme, Identifier, Month};

pub(in crate::layouts) use self::spec::Transactions;
pub(super) use self::spec::TransactionsToml;

use self::header::{Amount, Column, Header, Preamble};
use self::rows::{Quotes, Row, Rows};
use self::spec::{AccountFrom, CurrencyFrom, Order};
use super::amount::AmountFormat;
use super::codes::CURRENCY_EXPECTED;
use super::mapping::Mapping;
use super::pattern::DatePattern;
use super::recognise::wanting;
use crate::layouts::months::{Direction, Flow, Meaning, Months, Movement};
use crate::read::{ControlTotal, FileSummary, ReadContext, Refused, Sink};
use crate::reject::{Found, Reject, RejectCode};

/// Longest account number, in bytes.
const ACCOUNT_BYTES_MAX: usize = 64;

/// Longest time behind a date, in bytes, with what stands between them.
const TIME_BYTES_MAX: usize = 16;

/// Why the beginning of a file has the heading of this mapping.
///
/// # Errors
/// What was looked for and not found.
pub(super) fn recognise(mapping: &Mapping, spec: &Transactions, head: &[u8]) -> Result<String, String> {
    let mut rows = rows_of(mapping, spec, head).map_err(wanting)?;
    let header = header::find(mapping, spec, &mut rows, &mut Preamble::default()).map_err(wanting)?;
    Ok(format!("row {} is a heading with exactly the columns of the mapping", header.line))
}

/// The rows of a sheet, or of text.
fn rows_of<'a>(mapping: &Mapping, spec: &Transactions, bytes: &'a [u8]) -> Result<Rows<'a>, Refused> {
    match sheet::rows_of_whole(bytes, spec.sheet.as_deref()) {
        Some(rows) => rows.map(Rows::of_sheet),
        None => Rows::of_text(spec.dialect, mapping.file.encoding, bytes),
    }
}

/// Reads a statement; hands over one record for each account and month with a counted row.
///
/// # Errors
/// [`Refused`] if no subject is named, the file has not the columns of the mapping, or the sink wants no more.
pub(super) fn read(
    mapping: &Mapping,
    spec: &Transactions,
    input: &mut dyn BufRead,
    context: &ReadContext,
    sink: &mut dyn Sink,
) -> Result<FileSummary, Refused> {
    let bytes = rows::whole(input)?;
    let mut rows = rows_of(mapping, spec, &bytes)?;
    let mut preamble = Preamble::default();
    let header = header::find(mapping, spec, &mut rows, &mut preamble)?;
    let subject = match (&context.subject, &header.subject) {
        (_, Some(_)) => None,
        (Some(subject), None) => Some(subject.clone()),
        (None, None) => return Err(Refused::SubjectNeeded),
    };
    let amounts = &mapping.file.amounts;
    let mut reader = Reader {
        amounts,
        numbers: amounts.plain(),
        spec,
        context,
        header,
        preamble,
        subject,
        counted: Counted::default(),
        stated: None,
    };
    let mut months = Months::new(context);
    let mut summary = FileSummary { control_totals_bind: spec.totals_bind, ..FileSummary::default() };
    while let Some(row) = rows.next()? {
        if row.is_blank() || (row.quotes != Quotes::Unclosed && reader.is_outside(&row)) {
            continue;
        }
        summary.records += 1;
        let place = RecordPlace { record: summary.records, byte: row.byte };
        if let Some(refused) = reader.may_have_swallowed(&row) {
            return Err(refused);
        }
        match reader.take(&rows, &row, place, &mut months)? {
            Ok(()) => {}
            Err(reject) => {
                summary.rejects += 1;
                sink.reject(*reject);
            }
        }
        if !sink.goes_on() {
            return Err(Refused::Stopped);
        }
    }
    // No fact has a place for a balance.
    months.leave_out(DataCategory::Deposits, reader.counted.balances);
    summary.control_totals = reader.totals();
    summary.set_aside = months.finish(sink)?;
    Ok(summary)
}

/// What was counted of the rows, refused ones too where their amount could be read.
#[derive(Default)]
struct Counted {
    credit_minor: i64,
    debit_minor: i64,
    balances: u64,
    /// Balance and signed amount of the first row and the last, and what all rows moved.
    first: Option<(i64, i64)>,
    last: Option<(i64, i64)>,
    moved_minor: i64,
    /// Rows of several accounts or currencies have no one balance.
    accounts: Vec<(Vec<u8>, Currency)>,
}

struct Reader<'a> {
    /// How amounts are written.
    amounts: &'a AmountFormat,
    /// How those are that a sheet has as numbers.
    numbers: AmountFormat,
    spec: &'a Transactions,
    context: &'a ReadContext,
    header: Header,
    preamble: Preamble,
    /// Whom the file is about, where its rows do not say.
    subject: Option<Identifier>,
    counted: Counted,
    /// Credits and debits as stated below the table.
    stated: Option<(Option<i64>, Option<i64>)>,
}

type Taken<T> = Result<T, Box<Reject>>;

/// A row with its place, and the file it came from.
struct At<'r, 'b> {
    rows: &'r Rows<'b>,
    row: &'r Row,
    place: RecordPlace,
}

impl At<'_, '_> {
    /// A reject at the first byte of a cell; of a sheet the cell's name stands beside the column's.
    fn reject(
        &self,
        code: RejectCode,
        column: (usize, &str),
        expected: impl Into<String>,
        found: Found,
    ) -> Box<Reject> {
        let (number, name) = column;
        let byte = self.rows.cell_byte(self.row, number);
        let field = match self.row.line {
            Some(line) => format!("{name} ({}{line})", sheet::column_letters(number)),
            None => name.to_owned(),
        };
        let place = RecordPlace { record: self.place.record, byte };
        Box::new(Reject { code, place, field, expected: expected.into(), found })
    }

    fn cell(&self, column: (usize, &str)) -> Taken<&str> {
        if self.row.malformed(column.0) {
            let found = Found::phrase("a malformed byte");
            return Err(self.reject(RejectCode::Encoding, column, "text in the file's encoding", found));
        }
        Ok(self.row.cell(column.0))
    }

    fn required(&self, column: (usize, &str)) -> Taken<&str> {
        let cell = self.cell(column)?;
        if cell.is_empty() {
            return Err(self.reject(RejectCode::Required, column, "a value", Found::text(b"")));
        }
        Ok(cell)
    }
}

impl Reader<'_> {
    /// Whether a row is none of the table's; its totals are kept.
    fn is_outside(&mut self, row: &Row) -> bool {
        let first = row.first();
        if let Some(label) = &self.spec.totals_label
            && first.starts_with(label)
        {
            if let Amount::Pair { credit, debit } = &self.header.amount {
                let minor = |column: &Column| {
                    let text = row.cell(column.0).as_bytes();
                    self.format(row, column.0).parse(text, self.main_currency()).ok()
                };
                self.stated = Some((minor(credit), minor(debit)));
            }
            return true;
        }
        self.spec.trailers.iter().any(|start| first.starts_with(start))
    }

    /// Why a row, whose quotes are odd, must not be passed over or rejected alone: it may have swallowed any number of others.
    fn may_have_swallowed(&self, row: &Row) -> Option<Refused> {
        let (width, columns) = (self.header.width, row.cells.len());
        let fits = columns == width || (columns < width && self.spec.short_rows);
        let odd = match row.quotes {
            Quotes::Fine => return None,
            Quotes::SeveralLines if fits => return None,
            Quotes::SeveralLines => "over several lines: a quote that is never closed?",
            Quotes::Unclosed => "and a quote that is never closed",
        };
        Some(Refused::NotThisLayout {
            byte: row.byte,
            field: "row".to_owned(),
            expected: format!("{width} columns"),
            found: Found::phrase(format!("{columns} {odd}")),
        })
    }

    /// How the amount of a cell is written.
    fn format(&self, row: &Row, place: usize) -> &AmountFormat {
        if row.is_number(place) { &self.numbers } else { self.amounts }
    }

    const fn main_currency(&self) -> Currency {
        match &self.spec.currency {
            CurrencyFrom::Constant(currency) => *currency,
            CurrencyFrom::Column { own, .. } => *own,
        }
    }

    fn take(
        &mut self,
        rows: &Rows<'_>,
        row: &Row,
        place: RecordPlace,
        months: &mut Months<'_>,
    ) -> Result<Taken<()>, Refused> {
        let at = At { rows, row, place };
        let read = self.columns_fit(&at).and_then(|()| self.read(&at));
        let (movement, meaning) = match read {
            Ok(read) => read,
            Err(reject) => return Ok(Err(reject)),
        };
        let Read { subject, account, currency, month, day, minor } = movement;
        let own = self.main_currency();
        let movement = Movement { subject: &subject, account: &account, own, currency, month, day, place, minor };
        months.count(meaning, &movement)?;
        Ok(Ok(()))
    }

    fn columns_fit(&self, at: &At<'_, '_>) -> Taken<()> {
        let (width, columns) = (self.header.width, at.row.cells.len());
        let filled = at.row.cells.iter().rposition(|cell| cell.as_deref() != Some("")).map_or(0, |last| last + 1);
        // Blank cells at the end may be there or not: a comma at the end of each row is common.
        if filled > width || (columns < width && !self.spec.short_rows && at.row.line.is_none()) {
            return Err(Box::new(Reject {
                code: RejectCode::ColumnCount,
                place: at.place,
                field: "row".to_owned(),
                expected: format!("{width} columns"),
                found: Found::phrase(format!("{columns} columns")),
            }));
        }
        Ok(())
    }

    fn read(&mut self, at: &At<'_, '_>) -> Taken<(Read, Meaning)> {
        let currency = self.currency(at)?;
        let (direction, minor) = self.amount(at, currency)?;
        // The totals below a table are those of the account's own currency.
        if currency == self.main_currency() {
            let sum = match direction {
                Direction::Credit => &mut self.counted.credit_minor,
                Direction::Debit => &mut self.counted.debit_minor,
            };
            *sum = sum.saturating_add(minor);
        }
        let account = self.account(at)?;
        self.balance(at, &account, currency, if direction == Direction::Credit { minor } else { -minor })?;
        let day = self.day(at)?;
        let expected = "a date after the year 0";
        let date = self.header.date.as_pair();
        let wrong = || at.reject(RejectCode::NotADate, date, expected, Found::shape(at.row.cell(date.0).as_bytes()));
        let month = Month::of(day).ok_or_else(wrong)?;
        let subject = self.subject(at)?;
        let meaning = self.meaning(at, direction)?;
        Ok((Read { subject, account, currency, month, day, minor }, meaning))
    }

    fn currency(&self, at: &At<'_, '_>) -> Taken<Currency> {
        match (&self.spec.currency, &self.header.currency) {
            (CurrencyFrom::Column { codes, .. }, Some(column)) => {
                let cell = at.cell(column.as_pair())?;
                codes.currency(cell.as_bytes()).ok_or_else(|| {
                    let code = if cell.is_empty() { RejectCode::Required } else { RejectCode::UnknownCode };
                    at.reject(code, column.as_pair(), CURRENCY_EXPECTED, Found::text(cell.as_bytes()))
                })
            }
            (spec, _) => Ok(match spec {
                CurrencyFrom::Constant(currency) => *currency,
                CurrencyFrom::Column { own, .. } => *own,
            }),
        }
    }

    fn minor(&self, at: &At<'_, '_>, column: (usize, &str), currency: Currency) -> Taken<i64> {
        let cell = at.required(column)?;
        let format = self.format(at.row, column.0);
        format.parse(cell.as_bytes(), currency).map_err(|error| {
            let (code, expected) = format.fault(error, currency);
            at.reject(code, column, expected, Found::text(cell.as_bytes()))
        })
    }

    /// Which way, and how much: never negative.
    fn amount(&self, at: &At<'_, '_>, currency: Currency) -> Taken<(Direction, i64)> {
        let positive = |column: (usize, &str)| -> Taken<i64> {
            let minor = self.minor(at, column, currency)?;
            let below = || Found::text(at.row.cell(column.0).as_bytes());
            if minor < 0 {
                return Err(at.reject(RejectCode::OutOfRange, column, "an amount not below zero", below()));
            }
            Ok(minor)
        };
        match &self.header.amount {
            Amount::Signed(column, above) => {
                let minor = self.minor(at, column.as_pair(), currency)?;
                let other = if *above == Direction::Credit { Direction::Debit } else { Direction::Credit };
                Ok((if minor < 0 { other } else { *above }, minor.saturating_abs()))
            }
            Amount::Pair { credit, debit } => {
                match (at.cell(credit.as_pair())?.is_empty(), at.cell(debit.as_pair())?.is_empty()) {
                    (false, true) => Ok((Direction::Credit, positive(credit.as_pair())?)),
                    (true, false) => Ok((Direction::Debit, positive(debit.as_pair())?)),
                    (true, true) => {
                        let expected = format!("an amount here or in `{}`", debit.1);
                        Err(at.reject(RejectCode::Required, credit.as_pair(), expected, Found::text(b"")))
                    }
                    (false, false) => {
                        let (expected, found) =
                            (format!("blank where `{}` is filled", credit.1), Found::phrase("both"));
                        Err(at.reject(RejectCode::Contradiction, debit.as_pair(), expected, found))
                    }
                }
            }
            Amount::Coded { column, direction, credit, debit } => {
                let code = at.required(direction.as_pair())?;
                let way = if credit.iter().any(|known| known == code) {
                    Direction::Credit
                } else if debit.iter().any(|known| known == code) {
                    Direction::Debit
                } else {
                    let found = Found::text(code.as_bytes());
                    let expected = "a direction of the layout's lists";
                    return Err(at.reject(RejectCode::UnknownCode, direction.as_pair(), expected, found));
                };
                Ok((way, positive(column.as_pair())?))
            }
        }
    }

    fn account(&self, at: &At<'_, '_>) -> Taken<Vec<u8>> {
        let account = match (&self.spec.account, &self.header.account) {
            (AccountFrom::Column(_, name), Some(column)) => match (at.cell(column.as_pair())?, name) {
                ("", Some(name)) => name.as_str(),
                ("", None) => at.required(column.as_pair())?,
                (number, _) => number,
            },
            (AccountFrom::Name(name), _) => name,
            _ => self.preamble.account.as_deref().unwrap_or_default(),
        };
        if let (Some(column), true) = (&self.header.account, account.len() > ACCOUNT_BYTES_MAX) {
            let expected = format!("at most {ACCOUNT_BYTES_MAX} bytes");
            let found = Found::shape(account.as_bytes());
            return Err(at.reject(RejectCode::OutOfRange, column.as_pair(), expected, found));
        }
        Ok(account.as_bytes().to_vec())
    }

    fn balance(&mut self, at: &At<'_, '_>, account: &[u8], currency: Currency, moved_minor: i64) -> Taken<()> {
        let Some(column) = &self.header.balance else { return Ok(()) };
        if at.cell(column.as_pair())?.is_empty() {
            return Ok(());
        }
        let balance = self.minor(at, column.as_pair(), currency)?;
        let counted = &mut self.counted;
        counted.balances += 1;
        counted.first.get_or_insert((balance, moved_minor));
        counted.last = Some((balance, moved_minor));
        counted.moved_minor = counted.moved_minor.saturating_add(moved_minor);
        let known = counted.accounts.iter().any(|(known, of)| known == account && *of == currency);
        // Two are enough to know that there is no one balance.
        if !known && counted.accounts.len() < 2 {
            counted.accounts.push((account.to_vec(), currency));
        }
        Ok(())
    }

    fn day(&self, at: &At<'_, '_>) -> Taken<Date> {
        let column = self.header.date.as_pair();
        let cell = at.required(column)?;
        let pattern = &self.spec.date.pattern;
        let found = match self.preamble.month {
            None => date_before_time(pattern, cell),
            // A statement tells days of its month and of those before it.
            Some(month) => {
                let of = |year: u16| pattern.date(format!("{year:04}{cell}").as_bytes());
                let before_it = |date: &Date| Month::of(*date).is_some_and(|found| found <= month);
                of(month.year()).filter(before_it).or_else(|| of(month.year().saturating_sub(1)))
            }
        };
        found.ok_or_else(|| {
            let found = Found::shape(cell.as_bytes());
            at.reject(RejectCode::NotADate, column, "a date in the layout's pattern", found)
        })
    }

    fn subject(&self, at: &At<'_, '_>) -> Taken<Identifier> {
        let Some(header::Subject { columns, join, scheme }) = &self.header.subject else {
            // Named on the command line, or the file would not have been read.
            return self
                .subject
                .clone()
                .ok_or_else(|| at.reject(RejectCode::Required, (0, "subject"), "a subject", Found::text(b"")));
        };
        let parts: Vec<&str> = columns.iter().map(|column| at.required(column.as_pair())).collect::<Taken<_>>()?;
        let mut text = parts.join(join);
        if *scheme == IdScheme::MemberNumber {
            text = format!("{}/{text}", self.context.furnisher);
        }
        Identifier::parse(*scheme, &text).map_err(|error| {
            let (found, first) =
                (Found::phrase(error.fault()), columns.first().map_or((0, "subject"), Column::as_pair));
            at.reject(RejectCode::InvalidIdentifier, first, error.expected(), found)
        })
    }

    /// The first rule that fits decides; without one the direction does.
    fn meaning(&self, at: &At<'_, '_>, direction: Direction) -> Taken<Meaning> {
        for (rule, column) in self.spec.rules.iter().zip(&self.header.rules) {
            if rule.direction.is_some_and(|way| way != direction) {
                continue;
            }
            let fits = match (&rule.test, column) {
                (Some((_, words)), Some(column)) => words.fit(at.cell(column.as_pair())?),
                _ => true,
            };
            if fits {
                return Ok(rule.meaning);
            }
        }
        Ok(Meaning::Counts(if direction == Direction::Credit { Flow::Income } else { Flow::Spending }))
    }

    fn totals(&self) -> Vec<ControlTotal> {
        let mut totals = Vec::new();
        if let Some((credit, debit)) = self.stated {
            for (name, stated, counted) in [
                ("credits minor", credit, self.counted.credit_minor),
                ("debits minor", debit, self.counted.debit_minor),
            ] {
                totals.push(ControlTotal { name: name.to_owned(), stated, counted });
            }
        }
        let order = self.spec.balance.as_ref().map(|(_, order)| *order);
        if let (Some(order), Some(first), Some(last)) = (order, self.counted.first, self.counted.last)
            && self.counted.accounts.len() == 1
        {
            // The oldest row's balance is after its own amount: what moved since is the rest.
            let (oldest, newest) = if order == Order::OldestFirst { (first, last) } else { (last, first) };
            totals.push(ControlTotal {
                name: "change of the balance".to_owned(),
                stated: Some(newest.0.saturating_sub(oldest.0)),
                counted: self.counted.moved_minor.saturating_sub(oldest.1),
            });
        }
        totals
    }
}

/// The date of a cell, behind which a time may follow.
fn date_before_time(pattern: &DatePattern, cell: &str) -> Option<Date> {
    let before = |(at, _): (usize, &str)| {
        let (date, time) = cell.split_at_checked(at)?;
        pattern.date(date.as_bytes()).filter(|_| time.len() <= TIME_BYTES_MAX)
    };
    pattern.date(cell.as_bytes()).or_else(|| cell.match_indices([' ', 'T']).find_map(before))
}

/// A row as it was read.
struct Read {
    subject: Identifier,
    account: Vec<u8>,
    currency: Currency,
    month: Month,
    day: Date,
    minor: i64,
}
