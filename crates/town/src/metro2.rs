//! The Metro 2 delivery of an American lender: character format, a line for each record, J1 and J2 for joint accounts.

use std::io::{self, Write};

use tallystick_model::tradeline::{
    AccountKind, AccountStatus, Liability, PaymentRating, TradelineMonth, TradelineTerms,
};
use tallystick_model::{Currency, Date, Month};

use super::credit::{AccountMonth, Card, Loan, LoanTerms, Standing, day_of};
use super::expect::{Expected, Outcome, Reported};
use super::fault::{Fault, Faults, PossibleFault, RecordOf};
use super::line::Line;
use super::metro2_record::{BASE_PERSON, Fields, J1_PERSON, J2_COUNTRY, J2_PERSON, PersonPlaces, Totals, base, header};
use super::people::{AmericanPerson, Risk};
use super::random::Chance;
use super::{Purpose, Town, Written, count, counted};

const POSSIBLE_FAULTS: [PossibleFault; 4] = [
    (Fault::NotADate, "DateOpened"),
    (Fault::UnknownCode, "AccountStatus"),
    (Fault::NotAnAmount, "CurrentBalance"),
    (Fault::NeverIssued, "SocialSecurityNumber"),
];

/// A delinquent account can have one more.
const POSSIBLE_FAULTS_DELINQUENT: [PossibleFault; 5] = {
    let [date, status, amount, number] = POSSIBLE_FAULTS;
    [date, status, amount, number, (Fault::NoFirstDelinquency, "DateFirstDelinquency")]
};

const LAYOUT: u64 = 6;

/// Months in a payment history profile.
const HISTORY_MONTHS: usize = 24;

/// What an account is.
#[derive(Clone, Copy)]
struct Product {
    portfolio: u8,
    account_type: [u8; 2],
    kind: AccountKind,
    /// `None` for a card.
    term_months: Option<i32>,
}

const CARD: Product =
    Product { portfolio: b'R', account_type: *b"18", kind: AccountKind::CreditCard, term_months: None };

const fn lent(portfolio: u8, account_type: [u8; 2], kind: AccountKind, term_months: i32) -> Product {
    Product { portfolio, account_type, kind, term_months: Some(term_months) }
}

const UNSECURED: Product = lent(b'I', *b"01", AccountKind::Installment, 36);
const AUTO: Product = lent(b'I', *b"00", AccountKind::AutoLoan, 60);
const STUDENT: Product = lent(b'I', *b"12", AccountKind::StudentLoan, 120);
const MORTGAGE: Product = lent(b'M', *b"26", AccountKind::Mortgage, 360);

enum Terms {
    Card(Card),
    Loan(Loan),
}

/// An account of the lender.
struct Account {
    product: Product,
    number: i64,
    terms: Terms,
}

impl Account {
    fn draw(mut chance: Chance, risk: Risk, of_age: i32, month: i32) -> Self {
        let product = match chance.below(100) {
            0..45 => CARD,
            45..65 => UNSECURED,
            65..85 => AUTO,
            85..90 => STUDENT,
            _ => MORTGAGE,
        };
        let Some(term_months) = product.term_months else {
            let opened = (of_age.max(2012 * 12), 2025 * 12 + 5);
            return Self { product, number: 0, terms: Terms::Card(Card::draw(chance.at(1), risk, opened, 500)) };
        };
        // One loan after the other, each in a stretch of its term and a year.
        let stretch = term_months + 12;
        let phase = i32::try_from(chance.below(u64::try_from(stretch).unwrap_or(1))).unwrap_or(0);
        let number = (month - phase).div_euclid(stretch);
        let mut draw = chance.at(2 + u64::try_from(number).unwrap_or(0));
        let principal = match product.kind {
            AccountKind::Mortgage => 1000 * draw.between(80, 600),
            AccountKind::AutoLoan => 500 * draw.between(12, 90),
            _ => 250 * draw.between(8, 120),
        };
        let terms = LoanTerms {
            opened: phase + number * stretch,
            term_months,
            principal,
            interest_per_mille: draw.between(2, 5),
        };
        Self { product, number: i64::from(number), terms: Terms::Loan(Loan::draw(draw, risk, terms)) }
    }

    fn month(&self, month: i32) -> Option<AccountMonth> {
        match &self.terms {
            Terms::Card(card) => card.month(month),
            Terms::Loan(loan) => loan.month(month),
        }
    }
}

/// A further person of an account.
enum Associated {
    None,
    /// At the same address, jointly liable.
    J1(AmericanPerson),
    /// At another address: may use a card, or stands surety for a loan.
    J2(AmericanPerson),
}

struct Row {
    record: u64,
    person: AmericanPerson,
    account: Account,
    now: AccountMonth,
    associated: Associated,
    fault: Option<PossibleFault>,
}

impl Row {
    fn account_number(&self) -> String {
        format!("US{:010}{:02}", self.person.index, self.account.number % 100)
    }

    /// The codes of the months before, latest first.
    fn history(&self, month: i32) -> [u8; HISTORY_MONTHS] {
        let mut codes = [b'B'; HISTORY_MONTHS];
        for (code, earlier) in codes.iter_mut().zip(1..) {
            *code = self.account.month(month - earlier).map_or(b'B', |month| history_code(month.standing));
        }
        codes
    }

    /// How the holder is bound.
    const fn ecoa(&self) -> u8 {
        if matches!(self.associated, Associated::J1(_)) { b'2' } else { b'1' }
    }

    const fn associated_ecoa(&self) -> u8 {
        match (&self.associated, self.account.product.term_months) {
            (Associated::J1(_), _) | (Associated::None, _) => b'2',
            (Associated::J2(_), None) => b'3',
            (Associated::J2(_), Some(_)) => b'5',
        }
    }
}

const fn history_code(standing: Standing) -> u8 {
    match standing {
        Standing::Unused => b'E',
        Standing::PaidInFull | Standing::Current | Standing::Closed => b'0',
        Standing::Late(months) => b'0' + if months > 6 { 6 } else { months },
        Standing::ChargedOff | Standing::PaidAfterTrouble => b'L',
    }
}

const fn status_code(standing: Standing) -> &'static [u8; 2] {
    match standing {
        Standing::Unused | Standing::PaidInFull | Standing::Current => b"11",
        Standing::Late(1) => b"71",
        Standing::Late(2) => b"78",
        Standing::Late(3) => b"80",
        Standing::Late(4) => b"82",
        Standing::Late(5) => b"83",
        Standing::Late(_) => b"84",
        Standing::ChargedOff => b"97",
        Standing::PaidAfterTrouble => b"64",
        Standing::Closed => b"13",
    }
}

impl Town {
    /// The number of a person's account with the American lender in a month, and the month; `None` if nothing is
    /// reported.
    pub fn american_account(&self, person: u64, month: Month) -> Option<(String, AccountMonth)> {
        row(self, person, month).map(|row| (row.account_number(), row.now))
    }
}

fn row(town: &Town, index: u64, month: Month) -> Option<Row> {
    let person = town.american(index);
    let mut chance = town.chance(Purpose::AmericanAccount, index);
    let of_age = (i32::from(person.born.year()) + 18) * 12 + i32::from(person.born.month());
    let month = i32::from(month.number());
    let account = Account::draw(chance.at(1), person.risk, of_age, month);
    let now = account.month(month).filter(|now| now.opened >= day_of(of_age, 1))?;
    let associated = match chance.below(100) {
        // An even index and the odd one after it share a home.
        0..40 if index.is_multiple_of(2) => Associated::J1(town.american(index + 1)),
        40..48 => Associated::J2(town.american(index + 2)),
        _ => Associated::None,
    };
    Some(Row { record: 0, person, account, now, associated, fault: None })
}

fn rows(town: Town, month: Month, people: impl IntoIterator<Item = u64>, faults: &Faults) -> impl Iterator<Item = Row> {
    let accounts = town.residents(people).filter_map(move |index| row(&town, index, month));
    accounts.zip(1..).map(move |(row, record)| {
        let possible: &[PossibleFault] =
            if row.now.first_delinquency.is_some() { &POSSIBLE_FAULTS_DELINQUENT } else { &POSSIBLE_FAULTS };
        let place = RecordOf { layout: LAYOUT, month, index: row.person.index, record };
        let fault = faults.of(&town, place, possible);
        Row { record, fault, ..row }
    })
}

/// Writes the month's file about those of `people` (with social security numbers) who have an account then.
///
/// # Errors
/// Those of `out`.
pub fn write_metro2(
    town: &Town,
    month: Month,
    people: impl IntoIterator<Item = u64>,
    faults: &Faults,
    out: &mut impl Write,
) -> io::Result<Written> {
    let (mut line, mut written, mut totals) = (Line::new(out), Written::default(), Totals::default());
    let last = last_day(month);
    line.raw(&header_record(last)).end(b"\n")?;
    for row in rows(*town, month, people, faults) {
        line.raw(&data_record(&row, month, last, &mut totals)).end(b"\n")?;
        count(&mut written, row.fault.is_some());
    }
    line.raw(&totals.trailer()).end(b"\n")?;
    counted(written, line.finish()?)
}

fn last_day(month: Month) -> Date {
    let next = day_of(i32::from(month.number()) + 1, 1);
    next.yesterday().unwrap_or(next)
}

fn header_record(day: Date) -> Vec<u8> {
    let mut fields = Fields::base();
    fields.text(header::IDENTIFIER, b"HEADER");
    fields.text(header::PROGRAM, b"TOWN");
    fields.date(header::ACTIVITY_DATE, Some(day));
    fields.date(header::DATE_CREATED, Some(day));
    fields.text(header::REPORTER_NAME, b"TALLY TOWN LENDING");
    fields.text(header::REPORTER_ADDRESS, b"1 LEDGER LN NEW TALLY OH 44000");
    fields.text(header::REPORTER_TELEPHONE, b"2165550100");
    fields.text(header::SOFTWARE_NAME, b"SYNTHETIC TOWN");
    fields.record(&[])
}

fn data_record(row: &Row, month: Month, last: Date, totals: &mut Totals) -> Vec<u8> {
    let mut fields = Fields::base();
    fields.text(base::PROCESSING, b"1");
    fields.date((base::TIME_STAMP.0, 8), Some(last));
    fields.number((base::TIME_STAMP.0 + 8, 6), 180_000);
    fields.text(base::CORRECTION, b"0");
    fields.text(base::IDENTIFICATION_NUMBER, b"TALLYTOWN");
    fields.text(base::ACCOUNT_NUMBER, row.account_number().as_bytes());
    put_account(&mut fields, row, month);
    fields.date(base::DATE_INFORMATION, Some(last));
    put_person(&mut fields, &BASE_PERSON, &row.person, row.ecoa());
    fields.text(base::COUNTRY, b"US");
    put_fault(&mut fields, row.fault);
    totals.count_base(&fields);
    match &row.associated {
        Associated::None => fields.record(&[]),
        Associated::J1(person) => {
            let mut segment = Fields::j1();
            put_person(&mut segment, &J1_PERSON, person, row.associated_ecoa());
            totals.count_j1(&segment);
            fields.record(&[segment])
        }
        Associated::J2(person) => {
            let mut segment = Fields::j2();
            put_person(&mut segment, &J2_PERSON, person, row.associated_ecoa());
            segment.text(J2_COUNTRY, b"US");
            totals.count_j2(&segment);
            fields.record(&[segment])
        }
    }
}

fn put_account(fields: &mut Fields, row: &Row, month: Month) {
    let (product, now) = (&row.account.product, &row.now);
    fields.text(base::PORTFOLIO_TYPE, &[product.portfolio]);
    fields.text(base::ACCOUNT_TYPE, &product.account_type);
    fields.date(base::DATE_OPENED, Some(now.opened));
    fields.number(base::CREDIT_LIMIT, if product.term_months.is_some() { 0 } else { now.limit });
    fields.number(base::HIGHEST_CREDIT, now.highest);
    match product.term_months {
        Some(months) => fields.number(base::TERMS_DURATION, i64::from(months)),
        None => fields.text(base::TERMS_DURATION, b"REV"),
    }
    fields.text(base::TERMS_FREQUENCY, b"M");
    fields.number(base::SCHEDULED_PAYMENT, now.scheduled);
    fields.number(base::ACTUAL_PAYMENT, now.paid);
    fields.text(base::ACCOUNT_STATUS, status_code(now.standing));
    if now.standing == Standing::Closed {
        fields.text(base::PAYMENT_RATING, b"0");
    }
    fields.text(base::PAYMENT_HISTORY, &row.history(i32::from(month.number())));
    fields.number(base::CURRENT_BALANCE, now.balance);
    fields.number(base::PAST_DUE, now.past_due);
    fields.number(
        base::ORIGINAL_CHARGE_OFF,
        match now.standing {
            Standing::ChargedOff => now.balance,
            Standing::PaidAfterTrouble => now.paid,
            _ => 0,
        },
    );
    fields.date(base::DATE_FIRST_DELINQUENCY, now.first_delinquency);
    fields.date(base::DATE_CLOSED, now.closed);
    let day = (now.paid > 0).then(|| day_of(i32::from(month.number()), now.opened.day()));
    fields.date(base::DATE_LAST_PAYMENT, day);
}

fn put_person(fields: &mut Fields, places: &PersonPlaces, person: &AmericanPerson, ecoa: u8) {
    fields.text(places.surname, person.who.surname.as_bytes());
    fields.text(places.first_name, person.who.first_name.as_bytes());
    fields.text(places.middle_name, person.who.middle_name.as_bytes());
    fields.text(places.number, &person.social_security_number);
    fields.date(places.born, Some(person.born));
    fields.text(places.telephone, &person.telephone);
    fields.text(places.ecoa, &[ecoa]);
    if let Some(address) = &places.address {
        fields.text(address.street, person.who.street.as_bytes());
        fields.text(address.city, person.who.city.as_bytes());
        fields.text(address.state, person.who.state.as_bytes());
        fields.text(address.zip_code, person.who.zip_code.as_bytes());
    }
}

fn put_fault(fields: &mut Fields, fault: Option<PossibleFault>) {
    match fault.map(|(fault, _)| fault) {
        Some(Fault::NotADate) => fields.text(base::DATE_OPENED, b"13"),
        Some(Fault::UnknownCode) => fields.text(base::ACCOUNT_STATUS, b"99"),
        // The letter O for a zero, in the fourth place of nine.
        Some(Fault::NotAnAmount) => fields.text((base::CURRENT_BALANCE.0 + 3, 1), b"O"),
        Some(Fault::NeverIssued) => fields.text(BASE_PERSON.number, b"666"),
        Some(Fault::NoFirstDelinquency) => fields.date(base::DATE_FIRST_DELINQUENCY, None),
        _ => {}
    }
}

/// What each record of [`write_metro2`] should become, in the order of the records: one reported record for each person.
pub fn metro2_truth(
    town: &Town,
    month: Month,
    people: impl IntoIterator<Item = u64>,
    faults: &Faults,
) -> impl Iterator<Item = Expected> {
    rows(*town, month, people, faults).map(move |row| match row.fault {
        Some(fault) => Expected::rejected(row.record, fault),
        None => Expected { record: row.record, outcome: Outcome::Reported(reported(&row, month)) },
    })
}

fn reported(row: &Row, month: Month) -> Vec<Reported> {
    let (product, now) = (&row.account.product, &row.now);
    let cents = |dollars: i64| Some(dollars * 100);
    let tradeline = TradelineMonth {
        kind: product.kind,
        status: now.standing.status(),
        rating: rating(now.standing),
        currency: Currency::USD,
        balance_minor: cents(now.balance),
        past_due_minor: cents(now.past_due),
        limit_minor: cents(now.limit),
        paid_minor: cents(now.paid),
        scheduled_minor: cents(now.scheduled),
    };
    let of = |person: &AmericanPerson, liability: Liability| {
        let who = &person.who;
        let given = [who.first_name, who.middle_name].join(" ");
        Reported {
            tradeline: Some(tradeline),
            terms: Some(TradelineTerms {
                kind: product.kind,
                currency: Currency::USD,
                opened: Some(now.opened),
                closed: now.closed,
                first_delinquency: now.first_delinquency,
                highest_minor: cents(now.highest),
                term_months: product.term_months.and_then(|months| u16::try_from(months).ok()),
                reported_month: Some(month),
                history: row.history(i32::from(month.number())).map(history_rating).to_vec(),
                liability,
            }),
            name: Some(format!("{}, {}", who.surname, given.trim_end())),
            born: Some(person.born),
            ..Reported::about(person.identifier().into_iter().collect(), row.account_number(), month)
        }
    };
    let holder = if row.ecoa() == b'2' { Liability::Joint } else { Liability::Holder };
    let mut reported = vec![of(&row.person, holder)];
    match &row.associated {
        Associated::None => {}
        Associated::J1(person) => reported.push(of(person, Liability::Joint)),
        Associated::J2(person) if product.term_months.is_none() => {
            reported.push(of(person, Liability::AuthorisedUser));
        }
        Associated::J2(person) => reported.push(of(person, Liability::Guarantor)),
    }
    reported
}

/// What the account status says by itself; a closed account states its rating beside it.
const fn rating(standing: Standing) -> PaymentRating {
    match standing.status() {
        AccountStatus::Closed => PaymentRating::Current,
        AccountStatus::Open => match standing {
            Standing::Late(months) => PaymentRating::late(months),
            _ => PaymentRating::Current,
        },
        _ => PaymentRating::ChargeOff,
    }
}

const fn history_rating(code: u8) -> PaymentRating {
    match code {
        b'0'..=b'6' => PaymentRating::late(code - b'0'),
        b'E' => PaymentRating::NothingDue,
        b'L' => PaymentRating::ChargeOff,
        _ => PaymentRating::Unknown,
    }
}
