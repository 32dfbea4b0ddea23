//! Rows by the hundred million: what a large lender would hand over month by month, made as fast as a disk takes it.
//!
//! [`Bulk`] is a plainer town than [`Town`](crate::Town): everyone has the same number of cards and nobody has a name, so that
//! a row costs a few hundred nanoseconds. Everything follows from the seed and the row's place, in whatever order it is asked
//! for. The same rows come as CSV ([`Bulk::write_csv`]), as Parquet ([`Bulk::write_parquet`]), both as `bulk.toml` maps them
//! ([`BULK_LAYOUT`], [`BULK_PARQUET_LAYOUT`]), as plain columns for other programs ([`Bulk::write_plain`]), and as values
//! ([`Bulk::month`]).

mod columns;
mod rows;

use tallystick_model::tradeline::{AccountKind, AccountStatus, PaymentRating, TradelineMonth};
use tallystick_model::{Currency, IdScheme, Identifier, Month};

use crate::numbers::{self, resident_number};
use crate::random::Chance;

/// The mapping that reads [`Bulk::write_csv`].
pub const BULK_LAYOUT: &str = include_str!("bulk.toml");

/// The mapping that reads [`Bulk::write_parquet`]: the same columns.
pub const BULK_PARQUET_LAYOUT: &str = concat!(include_str!("bulk.toml"), "\n[file]\nformat = \"parquet\"\n");

/// How much of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkSize {
    /// Subjects, each with an identifier of its own. At most [`Bulk::SUBJECTS_MAX`].
    pub subjects: u64,
    /// Accounts of each subject, at least 1.
    pub accounts: u16,
}

/// All rows of one seed. Costs nothing to make.
#[derive(Clone, Copy, Debug)]
pub struct Bulk {
    size: BulkSize,
    chance: Chance,
    numbers: u64,
}

/// The furnisher's number of an account: `CC`, which of the subject's accounts it is, and the subject's place.
pub type BulkAccount = [u8; 15];

/// One month of one account. Amounts are in fen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkMonth {
    /// Whole months late, 0 to 6.
    pub late: u8,
    /// Whether the card was used at all.
    pub is_used: bool,
    /// Whether the whole balance of the month before was paid.
    pub is_paid_in_full: bool,
    /// Owed at the end of the month.
    pub balance: i64,
    /// Of which past due.
    pub past_due: i64,
    /// Credit limit.
    pub limit: i64,
    /// Paid during the month.
    pub paid: i64,
    /// Due during the month.
    pub due: i64,
}

/// What is drawn once for an account.
#[derive(Clone, Copy)]
struct Habits {
    limit: i64,
    /// Of 1,000 months, how many go unpaid.
    missed_per_mille: u64,
    is_used: bool,
    pays_in_full: bool,
    /// The part of the limit that is usually owed, in thousandths.
    usual_per_mille: i64,
}

/// Streams of chance: never reorder.
const HABITS: u64 = 1 << 32;
const SPENT: u64 = 2 << 32;
const MISSED: u64 = 3 << 32;
const PAID: u64 = 4 << 32;

/// Months late that are told apart, as the registry's repayment codes do.
const LATE_MAX: u8 = 6;

/// A yuan in fen.
const YUAN: i64 = 100;

impl Bulk {
    /// No more subjects than this have an identifier of their own.
    pub const SUBJECTS_MAX: u64 = numbers::PEOPLE_MAX;

    /// The rows of a seed. A size above the largest is cut to it.
    pub fn new(seed: u64, size: BulkSize) -> Self {
        let size = BulkSize { subjects: size.subjects.min(Self::SUBJECTS_MAX), accounts: size.accounts.clamp(1, 99) };
        let mut chance = Chance::new(seed).at(u64::MAX);
        let numbers = chance.below(u64::MAX);
        Self { size, chance, numbers }
    }

    /// How much there is.
    pub const fn size(&self) -> BulkSize {
        self.size
    }

    /// Rows of one month.
    pub const fn rows(&self) -> u64 {
        self.size.subjects * self.size.accounts as u64
    }

    /// The subjects of an endless random sequence: the one at place `number` of it.
    pub fn sample(&self, number: u64) -> u64 {
        self.chance.at(u64::MAX).at(number).below(self.size.subjects)
    }

    /// The resident id of the subject at this place.
    pub fn resident_id(&self, subject: u64) -> [u8; 18] {
        resident_number(subject, self.numbers).text
    }

    /// The same as an identifier.
    pub fn identifier(&self, subject: u64) -> Option<Identifier> {
        let text = self.resident_id(subject);
        Identifier::parse(IdScheme::CnResidentId, std::str::from_utf8(&text).ok()?).ok()
    }

    /// The number of one of the subject's accounts, counted from 0.
    pub fn account(&self, subject: u64, account: u16) -> BulkAccount {
        let mut text = *b"CC0000000000000";
        let [_, _, digits @ ..] = &mut text;
        crate::line::put_digits(u64::from(account) * 10_000_000_000 + subject, digits);
        text
    }

    /// One month of one account: it follows from its place, whatever was asked before.
    pub fn month(&self, subject: u64, account: u16, month: Month) -> BulkMonth {
        let chance = self.chance.at(subject).at(u64::from(account));
        let habits = Habits::draw(chance.at(HABITS));
        let now = u64::from(month.number());
        let limit = habits.limit;
        if !habits.is_used {
            return BulkMonth {
                late: 0,
                is_used: false,
                is_paid_in_full: false,
                balance: 0,
                past_due: 0,
                limit,
                paid: 0,
                due: 0,
            };
        }
        let late = late(chance, &habits, now);
        let before = owed(chance, &habits, now - 1);
        let due = least_due(before);
        let is_paid_in_full = late == 0 && habits.pays_in_full;
        let paid = match (late, is_paid_in_full) {
            (0, true) => before,
            // Something between what is due and twice that, to the fen.
            (0, false) => before.min(due + chance.at(PAID | now).between(0, due)),
            _ => 0,
        };
        let past_due = (1..u64::from(late))
            .fold(if late > 0 { due } else { 0 }, |sum, back| sum + least_due(owed(chance, &habits, now - 1 - back)));
        let balance = owed(chance, &habits, now).max(past_due);
        BulkMonth { late, is_used: true, is_paid_in_full, balance, past_due, limit, paid, due }
    }
}

impl Habits {
    fn draw(mut chance: Chance) -> Self {
        let limit = match chance.below(10) {
            0..4 => chance.between(3, 20) * 1_000 * YUAN,
            4..8 => chance.between(4, 20) * 5_000 * YUAN,
            _ => chance.between(10, 60) * 10_000 * YUAN,
        };
        let missed_per_mille = match chance.below(100) {
            0..85 => 8,
            85..97 => 60,
            _ => 500,
        };
        let is_used = !chance.per_mille(80);
        let pays_in_full = chance.per_mille(400);
        Self { limit, missed_per_mille, is_used, pays_in_full, usual_per_mille: chance.between(5, 700) }
    }
}

/// What is owed at the end of a month: around what is usual for the account, to the fen.
fn owed(chance: Chance, habits: &Habits, month: u64) -> i64 {
    let usual = habits.limit / 1000 * habits.usual_per_mille;
    chance.at(SPENT | month).between(usual / 2, (usual + usual / 2).min(habits.limit))
}

/// A tenth of the balance, but at least 100 yuan or all of it.
fn least_due(balance: i64) -> i64 {
    (balance / 10).max(100 * YUAN).min(balance)
}

/// How many months in a row went unpaid, this one included.
fn late(chance: Chance, habits: &Habits, month: u64) -> u8 {
    let missed = |back: u8| chance.at(MISSED | (month - u64::from(back))).per_mille(habits.missed_per_mille);
    (0..LATE_MAX).take_while(|back| missed(*back)).fold(0, |late, _| late + 1)
}

impl BulkMonth {
    /// How it was paid.
    pub const fn rating(&self) -> PaymentRating {
        match (self.is_used, self.is_paid_in_full) {
            (false, _) => PaymentRating::NothingDue,
            (true, true) => PaymentRating::PaidInFull,
            (true, false) => PaymentRating::late(self.late),
        }
    }

    /// The lender's repayment code, as `bulk.toml` reads it.
    pub const fn repayment(&self) -> u8 {
        match (self.is_used, self.is_paid_in_full, self.late) {
            (false, ..) => b'*',
            (true, true, _) => b'F',
            (true, false, 0) => b'N',
            (true, false, late) => b'0' + late,
        }
    }

    /// What intake makes of the row.
    pub const fn tradeline(&self) -> TradelineMonth {
        TradelineMonth {
            kind: AccountKind::CreditCard,
            status: AccountStatus::Open,
            rating: self.rating(),
            currency: Currency::CNY,
            balance_minor: Some(self.balance),
            past_due_minor: Some(self.past_due),
            limit_minor: Some(self.limit),
            paid_minor: Some(self.paid),
            scheduled_minor: Some(self.due),
        }
    }
}
