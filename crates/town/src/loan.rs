//! The delivery of a micro-lender: one row for each loan and month, as `samples/layouts/loan.toml` maps it. Unlike the
//! card lender it separates columns by a bar, counts in fen and writes dates without marks.

use std::io::{self, Write};

use tallystick_model::tradeline::{AccountKind, TradelineTerms};
use tallystick_model::{IdScheme, Identifier, Month};

use super::card::{put_name, put_resident_id, repayment, status};
use super::credit::{AccountMonth, Loan, LoanTerms};
use super::expect::{Expected, Reported, terms, tradeline};
use super::fault::{Fault, Faults, PossibleFault, RecordOf};
use super::line::Line;
use super::people::Person;
use super::{Purpose, Town, Written, write_rows};

const HEADER: &str = "id_no|passport|name|loan_no|month|product|state|repayment|balance|overdue|amount|paid|due|granted|\
                      settled|first_missed|term\n";

const POSSIBLE_FAULTS: [PossibleFault; 7] = [
    (Fault::WrongCheckDigit, "id_no"),
    (Fault::MissingMonth, "month"),
    (Fault::UnknownCode, "product"),
    (Fault::NotAnAmount, "balance"),
    (Fault::NotADate, "granted"),
    (Fault::MalformedText, "name"),
    (Fault::ShortRow, "row"),
];

/// A closed loan can have one more.
const POSSIBLE_FAULTS_CLOSED: [PossibleFault; 2] =
    [(Fault::ClosedBeforeOpened, "settled"), (Fault::WrongCheckDigit, "id_no")];

const LAYOUT: u64 = 2;

/// A person who takes loans takes one in each stretch of so many months.
const STRETCH_MONTHS: i32 = 48;

/// A loan with its number among the person's loans.
struct NumberedLoan {
    number: i32,
    product: Product,
    term_months: i32,
    month: AccountMonth,
}

#[derive(Clone, Copy)]
enum Product {
    Micro,
    Installment,
    BuyNowPayLater,
}

impl Product {
    const fn code(self) -> &'static str {
        match self {
            Self::Micro => "M",
            Self::Installment => "I",
            Self::BuyNowPayLater => "B",
        }
    }

    const fn kind(self) -> AccountKind {
        match self {
            Self::Micro => AccountKind::MicroLoan,
            Self::Installment => AccountKind::Installment,
            Self::BuyNowPayLater => AccountKind::BuyNowPayLater,
        }
    }
}

struct Row {
    record: u64,
    person: Person,
    loan: NumberedLoan,
    fault: Option<PossibleFault>,
}

/// The person's loan that is reported in a month; at most one is.
fn loan_of(town: &Town, person: &Person, month: Month) -> Option<NumberedLoan> {
    if !person.has_loans {
        return None;
    }
    let month = i32::from(month.number());
    let chance = town.chance(Purpose::Loan, person.index);
    let phase = i32::try_from({ chance }.below(48)).unwrap_or(0);
    let number = (month - phase).div_euclid(STRETCH_MONTHS);
    let mut draw = chance.at(u64::try_from(number).unwrap_or(0));
    let opened = phase + number * STRETCH_MONTHS;
    if opened < person.of_age() {
        return None;
    }
    let (product, term_months, principal) = match draw.below(100) {
        0..55 => (Product::Micro, draw.one_of(&[3, 6, 9, 12]), 50_000 * draw.between(1, 40)),
        55..85 => (Product::Installment, draw.one_of(&[12, 18, 24, 36]), 100_000 * draw.between(5, 50)),
        _ => (Product::BuyNowPayLater, draw.one_of(&[3, 6, 12]), 10_000 * draw.between(2, 60)),
    };
    let terms = LoanTerms { opened, term_months, principal, interest_per_mille: draw.between(5, 12) };
    let month = Loan::draw(draw.at(1), person.risk, terms).month(month)?;
    Some(NumberedLoan { number, product, term_months, month })
}

impl Town {
    /// The number of the person's loan that is reported in a month, and its month.
    pub fn loan_month(&self, person: &Person, month: Month) -> Option<(String, AccountMonth)> {
        loan_of(self, person, month).map(|loan| (account(person, &loan), loan.month))
    }
}

fn account(person: &Person, loan: &NumberedLoan) -> String {
    format!("ML{:010}-{:03}", person.index, loan.number)
}

fn rows(town: Town, month: Month, people: impl IntoIterator<Item = u64>, faults: &Faults) -> impl Iterator<Item = Row> {
    let loans = town.residents(people).filter_map(move |index| {
        let person = town.person(index);
        loan_of(&town, &person, month).map(|loan| (person, loan))
    });
    loans.zip(1..).map(move |((person, loan), record)| {
        let possible: &[PossibleFault] =
            if loan.month.closed.is_some() { &POSSIBLE_FAULTS_CLOSED } else { &POSSIBLE_FAULTS };
        let place = RecordOf { layout: LAYOUT, month, index: person.index, record };
        Row { record, fault: faults.of(&town, place, possible), person, loan }
    })
}

/// Writes the month's delivery about those of `people` who have a loan then.
///
/// # Errors
/// Those of `out`.
pub fn write_loan_csv(
    town: &Town,
    month: Month,
    people: impl IntoIterator<Item = u64>,
    faults: &Faults,
    out: &mut impl Write,
) -> io::Result<Written> {
    write_rows(HEADER, rows(*town, month, people, faults), out, |line, row| put(line, month, row))
}

/// Writes a row; tells whether it has a fault.
fn put<W: Write>(line: &mut Line<'_, W>, month: Month, row: &Row) -> bool {
    let fault = row.fault.map(|(fault, _)| fault);
    let (person, loan, terms) = (&row.person, &row.loan.month, &row.loan);
    put_resident_id(line, person, fault);
    line.byte(b'|').text(&person.passport().unwrap_or_default()).byte(b'|');
    put_name(line, person, fault);
    line.text("|ML").number(i64::try_from(person.index).unwrap_or(0), 10);
    line.byte(b'-').number(i64::from(terms.number), 3).byte(b'|');
    if fault != Some(Fault::MissingMonth) {
        line.month(month, "");
    }
    line.byte(b'|').text(if fault == Some(Fault::UnknownCode) { "X" } else { terms.product.code() });
    line.byte(b'|').text(status(loan.standing)).byte(b'|').text(repayment(loan.standing)).byte(b'|');
    line.number(loan.balance, 1).text(if fault == Some(Fault::NotAnAmount) { "fen" } else { "" });
    for amount in [loan.past_due, loan.limit, loan.paid, loan.scheduled] {
        line.byte(b'|').number(amount, 1);
    }
    line.byte(b'|');
    match fault {
        Some(Fault::NotADate) => line.number(i64::from(loan.opened.year()), 4).text("1301"),
        _ => line.date(Some(loan.opened), ""),
    };
    if fault == Some(Fault::ShortRow) {
        return row.fault.is_some();
    }
    line.byte(b'|');
    match fault {
        Some(Fault::ClosedBeforeOpened) => line.text("19991231"),
        _ => line.date(loan.closed, ""),
    };
    line.byte(b'|').date(loan.first_delinquency, "").byte(b'|').number(i64::from(terms.term_months), 1);
    row.fault.is_some()
}

/// What each row of [`write_loan_csv`] should become, in the order of the rows.
pub fn loan_truth(
    town: &Town,
    month: Month,
    people: impl IntoIterator<Item = u64>,
    faults: &Faults,
) -> impl Iterator<Item = Expected> {
    rows(*town, month, people, faults).map(move |Row { record, person, loan, fault }| match fault {
        Some(fault) => Expected::rejected(record, fault),
        None => Expected::reported(record, reported(&person, &loan, month)),
    })
}

fn reported(person: &Person, loan: &NumberedLoan, month: Month) -> Reported {
    let passport = person.passport().and_then(|text| Identifier::parse(IdScheme::Passport, &text).ok());
    let identifiers = person.identifier().into_iter().chain(passport).collect();
    let kind = loan.product.kind();
    Reported {
        tradeline: Some(tradeline(kind, &loan.month)),
        terms: Some(TradelineTerms {
            highest_minor: Some(loan.month.highest),
            term_months: u16::try_from(loan.term_months).ok(),
            ..terms(kind, month, &loan.month)
        }),
        name: Some(person.name()),
        ..Reported::about(identifiers, account(person, loan), month)
    }
}
