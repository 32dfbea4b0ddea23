//! The delivery of a card lender: one row for each card and month, as `samples/layouts/card.toml` maps it.

use std::io::{self, Write};

use tallystick_model::Month;
use tallystick_model::tradeline::AccountKind;

use super::credit::{AccountMonth, Card, Standing};
use super::expect::{Expected, Reported, terms, tradeline};
use super::fault::{Fault, Faults, PossibleFault, RecordOf};
use super::line::Line;
use super::people::Person;
use super::{Purpose, Town, Written, write_rows};

const HEADER: &str = "resident_id,name,account,month,status,repayment,balance,past_due,credit_limit,paid,due,opened,\
                      closed,first_delinquency\n";

const POSSIBLE_FAULTS: [PossibleFault; 9] = [
    (Fault::WrongCheckDigit, "resident_id"),
    (Fault::MissingMonth, "month"),
    (Fault::NotAMonth, "month"),
    (Fault::UnknownCode, "repayment"),
    (Fault::NotAnAmount, "balance"),
    (Fault::AmountTooLarge, "credit_limit"),
    (Fault::NotADate, "opened"),
    (Fault::MalformedText, "name"),
    (Fault::ShortRow, "row"),
];

const LAYOUT: u64 = 1;

/// Cards are opened from 2012-01 to 2025-06.
const OPENED: (i32, i32) = (2012 * 12, 2025 * 12 + 5);

/// A row before it is written.
struct Row {
    record: u64,
    person: Person,
    card: AccountMonth,
    fault: Option<PossibleFault>,
}

impl Town {
    /// The number of a person's card, whether or not the person has one.
    pub fn card_account(&self, person: u64) -> String {
        format!("CC{person:010}")
    }

    /// A month of a person's card, as the lender sees it; `None` if there is nothing to report.
    pub fn card_month(&self, person: &Person, month: Month) -> Option<AccountMonth> {
        if !person.has_card {
            return None;
        }
        let opened = (OPENED.0.max(person.of_age()), OPENED.1);
        let card = Card::draw(self.chance(Purpose::Card, person.index), person.risk, opened, 100_000);
        card.month(i32::from(month.number()))
    }
}

fn rows(town: Town, month: Month, people: impl IntoIterator<Item = u64>, faults: &Faults) -> impl Iterator<Item = Row> {
    let cards = town.residents(people).filter_map(move |index| {
        let person = town.person(index);
        town.card_month(&person, month).map(|card| (person, card))
    });
    cards.zip(1..).map(move |((person, card), record)| {
        let place = RecordOf { layout: LAYOUT, month, index: person.index, record };
        Row { record, person, card, fault: faults.of(&town, place, &POSSIBLE_FAULTS) }
    })
}

/// Writes the month's delivery about those of `people` who have a card.
///
/// # Errors
/// Those of `out`.
pub fn write_card_csv(
    town: &Town,
    month: Month,
    people: impl IntoIterator<Item = u64>,
    faults: &Faults,
    out: &mut impl Write,
) -> io::Result<Written> {
    write(month, rows(*town, month, people, faults), out)
}

/// Writes a lender's correction: the same rows with late payments found to have been in time.
///
/// # Errors
/// Those of `out`.
pub fn write_card_csv_corrected(
    town: &Town,
    month: Month,
    people: impl IntoIterator<Item = u64>,
    out: &mut impl Write,
) -> io::Result<Written> {
    let corrected = rows(*town, month, people, &Faults::None).map(|row| Row { card: corrected(row.card), ..row });
    write(month, corrected, out)
}

/// What was late had been paid in time, and was booked to another account.
fn corrected(card: AccountMonth) -> AccountMonth {
    let paid = card.past_due;
    let balance = card.balance - paid;
    AccountMonth { standing: Standing::Current, past_due: 0, paid, balance, first_delinquency: None, ..card }
}

fn write(month: Month, rows: impl Iterator<Item = Row>, out: &mut impl Write) -> io::Result<Written> {
    write_rows(HEADER, rows, out, |line, row| put(line, month, row))
}

/// Writes a row; tells whether it has a fault.
fn put<W: Write>(line: &mut Line<'_, W>, month: Month, row: &Row) -> bool {
    let fault = row.fault.map(|(fault, _)| fault);
    let (person, card) = (&row.person, &row.card);
    put_resident_id(line, person, fault);
    line.byte(b',');
    put_name(line, person, fault);
    line.text(",CC").number(i64::try_from(person.index).unwrap_or(0), 10).byte(b',');
    match fault {
        Some(Fault::MissingMonth) => &mut *line,
        Some(Fault::NotAMonth) => line.number(i64::from(month.year()), 4).text("-13"),
        _ => line.month(month, "-"),
    };
    line.byte(b',').text(status(card.standing)).byte(b',');
    line.text(if fault == Some(Fault::UnknownCode) { "?" } else { repayment(card.standing) }).byte(b',');
    match fault {
        Some(Fault::NotAnAmount) => line.number(card.balance / 100, 1).text(".O0"),
        _ => line.yuan(card.balance),
    };
    line.byte(b',').yuan(card.past_due).byte(b',');
    match fault {
        Some(Fault::AmountTooLarge) => line.text("99999999999999999999"),
        _ => line.yuan(card.limit),
    };
    line.byte(b',').yuan(card.paid).byte(b',').yuan(card.scheduled).byte(b',');
    match fault {
        Some(Fault::NotADate) => line.number(i64::from(card.opened.year()), 4).text("-02-30"),
        _ => line.date(Some(card.opened), "-"),
    };
    if fault != Some(Fault::ShortRow) {
        line.byte(b',').date(card.closed, "-").byte(b',').date(card.first_delinquency, "-");
    }
    row.fault.is_some()
}

/// The resident id, with another last character if that is the fault.
pub(super) fn put_resident_id<W: Write>(line: &mut Line<'_, W>, person: &Person, fault: Option<Fault>) {
    let id = person.resident_id();
    match (fault, id.as_bytes().split_last()) {
        (Some(Fault::WrongCheckDigit), Some((last, rest))) => {
            line.raw(rest).byte(if *last == b'X' { b'0' } else { b'X' });
        }
        _ => {
            line.text(id);
        }
    }
}

/// The name, with a byte that no encoding has if that is the fault.
pub(super) fn put_name<W: Write>(line: &mut Line<'_, W>, person: &Person, fault: Option<Fault>) {
    for part in person.name_parts() {
        line.text(part);
    }
    if fault == Some(Fault::MalformedText) {
        line.byte(0xff);
    }
}

/// The lender's words for the state of an account.
pub(super) const fn status(standing: Standing) -> &'static str {
    match standing {
        Standing::ChargedOff => "bad_debt",
        Standing::PaidAfterTrouble => "bad_debt_paid",
        Standing::Closed => "closed",
        Standing::Unused | Standing::PaidInFull | Standing::Current | Standing::Late(_) => "normal",
    }
}

/// Repayment codes as lenders report them to the registry; `F` for paid in full is this lender's own.
pub(super) const fn repayment(standing: Standing) -> &'static str {
    match standing {
        Standing::Unused => "*",
        Standing::PaidInFull => "F",
        Standing::Current => "N",
        Standing::Late(1) => "1",
        Standing::Late(2) => "2",
        Standing::Late(3) => "3",
        Standing::Late(4) => "4",
        Standing::Late(5) => "5",
        Standing::Late(_) => "6",
        Standing::ChargedOff | Standing::PaidAfterTrouble => "B",
        Standing::Closed => "C",
    }
}

/// What each row of [`write_card_csv`] should become, in the order of the rows.
pub fn card_truth(
    town: &Town,
    month: Month,
    people: impl IntoIterator<Item = u64>,
    faults: &Faults,
) -> impl Iterator<Item = Expected> {
    let town = *town;
    rows(town, month, people, faults).map(move |Row { record, person, card, fault }| match fault {
        Some(fault) => Expected::rejected(record, fault),
        None => Expected::reported(
            record,
            Reported {
                tradeline: Some(tradeline(AccountKind::CreditCard, &card)),
                terms: Some(terms(AccountKind::CreditCard, month, &card)),
                name: Some(person.name()),
                ..Reported::about(person.identifier().into_iter().collect(), town.card_account(person.index), month)
            },
        ),
    })
}
