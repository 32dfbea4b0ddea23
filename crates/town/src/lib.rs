//! The synthetic town: people and firms who do not exist, what they owe, pay and consent to, and what furnishers report.
//!
//! Everything follows from one seed, the same on every machine. A person follows from seed and index alone, so a
//! delivery of a hundred million people is written row by row in constant memory. Start at [`Town`]; a delivery is a
//! `write_*` function with a `*_truth` beside it that says what each record should become ([`Expected`]). For benchmarks there
//! is [`Bulk`]: fewer kinds of things, much faster.

mod bill;
mod bulk;
mod card;
mod consent;
mod credit;
mod expect;
mod fault;
mod line;
mod loan;
mod metro2;
mod metro2_record;
mod names;
mod numbers;
mod people;
mod profile;
mod random;
mod wallet;
mod words;

use std::io::{self, Write};

pub use self::bill::{BillPeriod, alipay_truth, wechat_truth, write_alipay_bill, write_wechat_bill};
pub use self::bulk::{BULK_LAYOUT, BULK_PARQUET_LAYOUT, Bulk, BulkAccount, BulkMonth, BulkSize};
pub use self::card::{card_truth, write_card_csv, write_card_csv_corrected};
pub use self::consent::TownConsent;
pub use self::credit::{AccountMonth, Standing};
pub use self::expect::{Expected, Outcome, Reported};
pub use self::fault::{Fault, Faults};
pub use self::loan::{loan_truth, write_loan_csv};
pub use self::metro2::{metro2_truth, write_metro2};
pub use self::names::LatinPerson;
pub use self::people::{AmericanPerson, Firm, Person, Risk};
pub use self::profile::{payment_profile_truth, write_payment_profile_csv};
pub use self::wallet::{Payment, PaymentKind, Platform};

use self::line::Line;
use self::random::Chance;

/// How many there are of each. Growing a town changes no one who is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TownSize {
    /// People with resident ids, and as many with social security numbers. At most [`TownSize::PEOPLE_MAX`].
    pub people: u64,
    /// Firms. At most [`TownSize::FIRMS_MAX`].
    pub firms: u64,
}

impl TownSize {
    /// No more people than this have an identifier of their own.
    pub const PEOPLE_MAX: u64 = numbers::PEOPLE_MAX;

    /// No more firms than this have an identifier of their own.
    pub const FIRMS_MAX: u64 = numbers::FIRMS_MAX;

    /// Ten thousand people: for samples and tests.
    pub const SMALL: Self = Self { people: 10_000, firms: 200 };

    /// As many as there can be.
    pub const LARGEST: Self = Self { people: Self::PEOPLE_MAX, firms: Self::FIRMS_MAX };
}

/// A town. Costs nothing to make: everyone is derived when asked for.
#[derive(Clone, Copy, Debug)]
pub struct Town {
    seed: u64,
    size: TownSize,
    chance: Chance,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Records: rows, or base segments; headings and trailers not counted.
    pub records: u64,
    /// Of these, with a deliberate fault.
    pub faulty: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// What each stream of chance is for: never reorder, or every town changes.
#[derive(Clone, Copy)]
enum Purpose {
    Person = 1,
    Name = 2,
    Card = 3,
    Loan = 4,
    Wallet = 5,
    American = 6,
    Home = 7,
    AmericanAccount = 8,
    Firm = 9,
    Consent = 10,
    Fault = 11,
}

impl Town {
    /// The town of a seed. A size above the largest is cut to it.
    pub fn new(seed: u64, size: TownSize) -> Self {
        let (people, firms) = (size.people.min(TownSize::PEOPLE_MAX), size.firms.min(TownSize::FIRMS_MAX));
        Self { seed, size: TownSize { people, firms }, chance: Chance::new(seed) }
    }

    /// The seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How many there are of each.
    pub const fn size(&self) -> TownSize {
        self.size
    }

    /// Those of `people` who live here.
    fn residents(self, people: impl IntoIterator<Item = u64>) -> impl Iterator<Item = u64> {
        people.into_iter().filter(move |index| *index < self.size.people)
    }

    fn chance(&self, purpose: Purpose, index: u64) -> Chance {
        self.chance.at(purpose as u64).at(index)
    }
}

/// Counts what a writer wrote.
fn count(written: &mut Written, has_fault: bool) {
    written.records += 1;
    written.faulty += u64::from(has_fault);
}

/// Writes rows below a header; `put` writes one and tells whether it has a fault.
fn write_rows<Row, Out: Write>(
    header: &str,
    rows: impl Iterator<Item = Row>,
    out: &mut Out,
    put: impl Fn(&mut Line<'_, Out>, &Row) -> bool,
) -> io::Result<Written> {
    let (mut line, mut written) = (Line::new(out), Written::default());
    line.text(header);
    for row in rows {
        let has_fault = put(&mut line, &row);
        line.end(b"\n")?;
        count(&mut written, has_fault);
    }
    counted(written, line.finish()?)
}

/// A writer's count with the bytes that came out.
fn counted(written: Written, bytes: u64) -> io::Result<Written> {
    Ok(Written { bytes, ..written })
}
