//! Bank statements of ISO 20022: camt.052 (account report) and camt.053 (statement), versions 1 to 8.
//!
//! Entries become monthly aggregates of the account (`payment_profile_month`); no entry, counterparty, text or balance leaves
//! this module. Balances and the statement's own totals are compared with the entries, and bind. Start at [`read`]; in words:
//! `docs/formats/camt.md`.

mod meaning;
mod message;
#[cfg(test)]
mod tests;
mod xml;

use std::io::BufRead;

use tallystick_model::money::{DecimalMarks, parse_minor};
use tallystick_model::{CategorySet, Currency, DataCategory, Identifier, Month};

use self::message::{Entry, Kind, Moved, Statement, Status, VERSION_MAX, Visitor};
use super::months::{self, Direction, Months, Movement};
use crate::read::{ControlTotal, FileSummary, ReadContext, Refused, Sink};
use crate::reject::{Reject, RejectCode};

/// Name and version.
pub const NAME: &str = "camt 1";

/// The categories of data that a statement may carry. Balances are deposits: they are compared and go no further.
pub fn categories() -> CategorySet {
    months::CATEGORIES.into_iter().chain([DataCategory::Deposits]).collect()
}

/// Why the beginning of a file is one of this layout; `None` if it is not. A camt.054 and a version that is not read are
/// recognised too: reading one says why it is refused.
pub fn recognise(head: &[u8]) -> Option<String> {
    let mut head = head;
    let mut elements = xml::Elements::new(&mut head);
    (elements.step().ok()? == xml::Step::Begin).then_some(())?;
    let (kind, version) = message::of_namespace(&elements.namespace)?;
    let root = elements.path().first()?.name.clone();
    Some(format!("XML with the root `{root}` of the namespace of `{}` version {version}", kind.code()))
}

/// Reads a message; hands over one record for each account and month with a counted entry.
///
/// # Errors
/// [`Refused`] if no subject is named, the file is no statement or report of these versions, or the sink wants no more.
pub fn read(input: &mut dyn BufRead, context: &ReadContext, sink: &mut dyn Sink) -> Result<FileSummary, Refused> {
    let subject = context.subject.as_ref().ok_or(Refused::SubjectNeeded)?;
    let mut reader = StatementReader {
        subject,
        months: Months::new(context),
        sink,
        summary: FileSummary { control_totals_bind: true, ..FileSummary::default() },
        counted: Counted::default(),
        balances: 0,
    };
    let admit = |kind, byte| match kind {
        Kind::Report | Kind::Statement => Ok(()),
        Kind::Notification => Err(xml::wrong(
            byte,
            "Document",
            &format!("a camt.052 or camt.053 of version 1 to {VERSION_MAX}"),
            "a camt.054: its entries stand in the account's statement, and would count twice",
        )),
    };
    let (_, _, entries) = message::read(input, admit, &mut reader)?;
    let StatementReader { mut months, sink, mut summary, balances, .. } = reader;
    summary.records = entries;
    // Whether or not they are admitted, no fact has a place for them.
    months.leave_out(DataCategory::Deposits, balances);
    summary.set_aside = months.finish(sink)?;
    Ok(summary)
}

/// What was counted of the statement that is being read.
#[derive(Default)]
struct Counted {
    /// Number of all entries, credits and debits, and their sums as they stand, for `TxsSummry`; rejected ones too.
    entries: [(i64, i64); 3],
    /// The change of the booked balance.
    booked: Vec<(Currency, i64)>,
}

struct StatementReader<'a> {
    subject: &'a Identifier,
    months: Months<'a>,
    sink: &'a mut dyn Sink,
    summary: FileSummary,
    counted: Counted,
    balances: u64,
}

impl Visitor for StatementReader<'_> {
    fn entry(
        &mut self,
        statement: &Statement,
        entry: Result<Entry, Box<Reject>>,
        moved: &Moved,
    ) -> Result<(), Refused> {
        self.counted.add(moved);
        let taken = match entry {
            Ok(entry) => self.take(statement, &entry)?,
            Err(reject) => Some(reject),
        };
        if let Some(reject) = taken {
            self.summary.rejects += 1;
            self.sink.reject(*reject);
        }
        if self.sink.goes_on() { Ok(()) } else { Err(Refused::Stopped) }
    }

    fn statement(&mut self, statement: &Statement) {
        self.balances += statement.balances.len() as u64;
        let counted = std::mem::take(&mut self.counted);
        self.summary.control_totals.extend(closing_balance(statement, &counted));
        self.summary.control_totals.extend(stated_totals(statement, &counted));
        if let Some(account) = &statement.account {
            self.months.covers(account.as_bytes(), statement.period());
        }
    }
}

impl StatementReader<'_> {
    fn take(&mut self, statement: &Statement, entry: &Entry) -> Result<Option<Box<Reject>>, Refused> {
        let aside = match entry.status {
            Status::Booked => None,
            Status::Pending => Some("pending"),
            Status::Information => Some("information"),
            Status::Future => Some("future"),
        };
        if let Some(reason) = aside {
            self.months.set_aside(reason);
            return Ok(None);
        }
        let required = |field: &str, expected: &str| {
            let (field, expected) = (field.to_owned(), expected.to_owned());
            let found = crate::reject::Found::phrase("none");
            Ok(Some(Box::new(Reject { code: RejectCode::Required, place: entry.place, field, expected, found })))
        };
        let Some(account) = &statement.account else {
            return required("Acct/Id", "the account before its entries");
        };
        // The month a payment counts in is that of its booking.
        let Some(day) = entry.booked.or(entry.valued) else {
            return required("BookgDt", "a booking or value date");
        };
        let Some(month) = Month::of(day) else {
            return required("BookgDt", "a date after the year 0");
        };
        let own = own_currency(statement).unwrap_or(entry.currency);
        let movement = Movement {
            subject: self.subject,
            account: account.as_bytes(),
            own,
            currency: entry.currency,
            month,
            day,
            place: entry.place,
            minor: entry.minor,
        };
        self.months.count(meaning::meaning(entry), &movement)?;
        Ok(None)
    }
}

/// The currency of an account: as it says, or that of its first balance.
fn own_currency(statement: &Statement) -> Option<Currency> {
    let stated = statement.currency.as_deref().and_then(|code| Currency::from_code(code).ok());
    stated.or_else(|| statement.balances.first().map(|balance| balance.currency))
}

impl Counted {
    /// Counts an entry, a rejected one too, as far as it could be read: of an unreadable amount no sum, of an unreadable
    /// direction neither credits nor debits.
    fn add(&mut self, moved: &Moved) {
        if let Some((minor, currency)) = moved.booked() {
            match self.booked.iter_mut().find(|(known, _)| *known == currency) {
                Some((_, sum)) => *sum = sum.saturating_add(minor),
                None => self.booked.push((currency, minor)),
            }
        }
        let [all, credits, debits] = &mut self.entries;
        let one = match moved.direction {
            Some(Direction::Credit) => Some(credits),
            Some(Direction::Debit) => Some(debits),
            None => None,
        };
        for (count, sum) in std::iter::once(all).chain(one) {
            *count += 1;
            *sum = sum.saturating_add(moved.amount.map_or(0, |(minor, _)| minor));
        }
    }
}

/// The closing booked balance beside the opening one with what was booked between; `None` unless the statement has both.
fn closing_balance(statement: &Statement, counted: &Counted) -> Option<ControlTotal> {
    let (opening, closing) = (statement.opening()?, statement.closing()?);
    let booked = counted.booked.iter().find(|(currency, _)| *currency == opening.currency).map_or(0, |(_, sum)| *sum);
    let same = opening.currency == closing.currency;
    let currencies = if same {
        opening.currency.to_string()
    } else {
        format!("opened in {}, closed in {}", opening.currency, closing.currency)
    };
    Some(ControlTotal {
        name: format!("statement {} {} ({currencies})", statement.number, closing.kind),
        // In another currency it says nothing of the same balance.
        stated: same.then_some(closing.minor),
        counted: opening.minor.saturating_add(booked),
    })
}

/// What the statement says of its entries, beside what was counted.
fn stated_totals(statement: &Statement, counted: &Counted) -> Vec<ControlTotal> {
    let digits = own_currency(statement).map_or(2, Currency::minor_digits);
    let mut totals = Vec::new();
    let names = ["entries", "credits", "debits"];
    for ((name, (count, sum)), (counted, minor)) in names.iter().zip(&statement.summary.stated).zip(counted.entries) {
        let name = |what: &str| format!("statement {} {name}{what}", statement.number);
        if let Some(count) = count {
            totals.push(ControlTotal { name: name(""), stated: count.parse().ok(), counted });
        }
        if let Some(sum) = sum {
            let stated = parse_minor(sum.as_bytes(), digits, DecimalMarks::PLAIN).ok();
            totals.push(ControlTotal { name: name(" minor"), stated, counted: minor });
        }
    }
    totals
}
