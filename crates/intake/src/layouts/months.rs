//! Adds the movements of accounts up to months: what bank statements of any layout share.
//!
//! A movement counts towards a flow of its month, or is set aside with a reason; nothing else of it is kept. Start at
//! [`Months::count`]. What a movement means is the layout's to say.

use std::collections::{BTreeMap, HashMap};

use tallystick_model::fact::{RecordPlace, ReportedRecord, Statement};
use tallystick_model::payment_profile::{self, DaysCovered, PaymentProfileMonth};
use tallystick_model::{Currency, DataCategory, Date, Identifier, Month, Sensitive};

use crate::read::{ReadContext, Refused, Sink};
use crate::reject::Found;

/// Most months, of all accounts together, that one statement is added up to: what is held of a file whatever its size.
pub(super) const MONTHS_MAX: usize = 1 << 16;

/// Money into the account or out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    Credit,
    Debit,
}

/// The flow of a payment profile that a movement counts towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Spending,
    Refunds,
    TransfersOut,
    Repayments,
    Fees,
    OwnMoves,
    Income,
    Investments,
}

impl Flow {
    /// What the law sees in it.
    pub(super) const fn category(self) -> DataCategory {
        match self {
            Self::Income => DataCategory::Income,
            Self::Investments => DataCategory::Securities,
            _ => DataCategory::Payments,
        }
    }
}

/// What a movement means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It counts towards a flow.
    Counts(Flow),
    /// A credit of an earlier statement or line is taken back.
    TakesBackCredit,
    /// It counts towards none, for this reason.
    SetAside(&'static str),
}

/// One movement of an account.
pub(super) struct Movement<'a> {
    pub(super) subject: &'a Identifier,
    /// The account's number.
    pub(super) account: &'a [u8],
    /// The account's own currency.
    pub(super) own: Currency,
    pub(super) currency: Currency,
    pub(super) month: Month,
    pub(super) day: Date,
    pub(super) place: RecordPlace,
    /// Never negative.
    pub(super) minor: i64,
}

/// Subject, account, the currency if it is not the account's own, month: amounts of one profile are of one currency.
type MonthKey = (usize, Vec<u8>, Option<Currency>, Month);

/// From when to when the statements of one account reach.
#[derive(Default)]
struct Reach {
    /// First and last day of each statement.
    periods: Vec<(Date, Date)>,
    /// A statement did not say from when to when it reaches: its months are taken for whole.
    open: bool,
}

struct MonthTally {
    first: RecordPlace,
    /// Bit `n` for day `n`.
    days: u32,
    profile: PaymentProfileMonth,
    /// Credits taken back; they come off the month's income at the end.
    taken_back: payment_profile::Flow,
}

/// The months of the accounts of one file.
pub(super) struct Months<'a> {
    context: &'a ReadContext,
    subjects: Vec<Identifier>,
    subject_numbers: HashMap<Identifier, usize>,
    months: BTreeMap<MonthKey, MonthTally>,
    /// By account; one that is not here is never known to reach less than whole months.
    reaches: HashMap<Vec<u8>, Reach>,
    set_aside: BTreeMap<&'static str, u64>,
    not_admitted: BTreeMap<u8, (DataCategory, u64)>,
}

/// The categories that the months of an account may carry.
pub(super) const CATEGORIES: [DataCategory; 3] =
    [DataCategory::Payments, DataCategory::Income, DataCategory::Securities];

impl<'a> Months<'a> {
    pub(super) fn new(context: &'a ReadContext) -> Self {
        Self {
            context,
            subjects: Vec::new(),
            subject_numbers: HashMap::new(),
            months: BTreeMap::new(),
            reaches: HashMap::new(),
            set_aside: BTreeMap::new(),
            not_admitted: BTreeMap::new(),
        }
    }

    pub(super) fn set_aside(&mut self, reason: &'static str) {
        *self.set_aside.entry(reason).or_default() += 1;
    }

    /// Counts `values` of a category that is not admitted, or that no fact has a place for.
    pub(super) fn leave_out(&mut self, category: DataCategory, values: u64) {
        if values > 0 && !self.context.admitted.contains(category) {
            self.not_admitted.entry(category.number()).or_insert((category, 0)).1 += values;
        }
    }

    /// Takes from when to when a statement of `account` reaches, both days included; `None` if it does not say. All statements
    /// of one account in one file are one: of a month they cover the days from the first that one of them covers to the last.
    /// Each takes memory: their number is the layout's to limit.
    pub(super) fn covers(&mut self, account: &[u8], period: Option<(Date, Date)>) {
        let reach = self.reaches.entry(account.to_vec()).or_default();
        match period {
            Some(period) => reach.periods.push(period),
            None => reach.open = true,
        }
    }

    /// Takes a movement.
    ///
    /// # Errors
    /// [`Refused::NotThisLayout`] above [`MONTHS_MAX`].
    pub(super) fn count(&mut self, meaning: Meaning, movement: &Movement<'_>) -> Result<(), Refused> {
        let category = match meaning {
            Meaning::SetAside(reason) => {
                self.set_aside(reason);
                return Ok(());
            }
            _ if movement.minor == 0 => {
                self.set_aside("zero_amount");
                return Ok(());
            }
            Meaning::TakesBackCredit => DataCategory::Income,
            Meaning::Counts(flow) => flow.category(),
        };
        let admitted = self.context.admitted;
        let missing = [category, DataCategory::Payments].into_iter().find(|category| !admitted.contains(*category));
        if let Some(category) = missing {
            self.leave_out(category, 1);
            self.set_aside(match category {
                DataCategory::Income => "income_not_admitted",
                DataCategory::Securities => "securities_not_admitted",
                _ => "payments_not_admitted",
            });
            return Ok(());
        }
        let month = self.month(movement)?;
        month.add(meaning, movement);
        Ok(())
    }

    fn month(&mut self, movement: &Movement<'_>) -> Result<&mut MonthTally, Refused> {
        let number = match self.subject_numbers.get(movement.subject) {
            Some(number) => *number,
            None => {
                let number = self.subjects.len();
                self.subjects.push(movement.subject.clone());
                self.subject_numbers.insert(movement.subject.clone(), number);
                number
            }
        };
        let other = (movement.own != movement.currency).then_some(movement.currency);
        let key = (number, movement.account.to_vec(), other, movement.month);
        if self.months.len() >= MONTHS_MAX && !self.months.contains_key(&key) {
            return Err(Refused::NotThisLayout {
                byte: movement.place.byte,
                field: "file".to_owned(),
                expected: format!("at most {MONTHS_MAX} months, of all accounts together"),
                found: Found::phrase("more"),
            });
        }
        let context = self.context;
        Ok(self.months.entry(key).or_insert_with(|| {
            let mut profile = PaymentProfileMonth::empty(context.provenance, movement.currency);
            profile.income = context.admitted.contains(DataCategory::Income).then(payment_profile::Flow::default);
            profile.investments =
                context.admitted.contains(DataCategory::Securities).then(payment_profile::Flow::default);
            MonthTally { first: movement.place, days: 0, profile, taken_back: payment_profile::Flow::default() }
        }))
    }

    /// Hands the months to `sink`, in the order of their first movements; gives what was set aside, by reason.
    ///
    /// # Errors
    /// [`Refused::Stopped`] if the sink wants no more.
    pub(super) fn finish(mut self, sink: &mut dyn Sink) -> Result<Vec<(String, u64)>, Refused> {
        for (category, values) in self.not_admitted.into_values() {
            sink.not_admitted(category, values);
        }
        let mut months: Vec<_> = self.months.into_iter().collect();
        months.sort_by_key(|(_, tally)| tally.first);
        self.reaches.values_mut().for_each(Reach::join);
        for ((subject, account, other, month), mut tally) in months {
            if let Some(reach) = self.reaches.get(&account) {
                tally.profile.covered = reach.covered(month, tally.rows_reach());
            }
            let account = account_in(account, other);
            if let Some(rows) = tally.take_back() {
                *self.set_aside.entry("credit_of_another_month_taken_back").or_default() += u64::from(rows);
            }
            let Some(subject) = self.subjects.get(subject) else { continue };
            sink.record(ReportedRecord {
                place: tally.first,
                identifiers: vec![subject.clone()],
                statements: vec![Statement::PaymentProfileMonth(Sensitive::new(account), month, tally.profile)],
            });
            if !sink.goes_on() {
                return Err(Refused::Stopped);
            }
        }
        Ok(self.set_aside.into_iter().map(|(reason, rows)| (reason.to_owned(), rows)).collect())
    }
}

/// The number under which the movements of an account in another currency than its own are kept: an account of their own.
fn account_in(mut account: Vec<u8>, other: Option<Currency>) -> Vec<u8> {
    if let Some(currency) = other {
        account.push(b' ');
        account.extend_from_slice(currency.code().as_bytes());
    }
    account
}

impl Reach {
    /// Makes one of periods that meet, and puts them in order.
    fn join(&mut self) {
        self.periods.sort_unstable();
        self.periods.dedup_by(|(from, to), (_, last)| {
            let meet = *from <= *last;
            if meet {
                *last = (*last).max(*to);
            }
            meet
        });
    }

    /// The days of a month that are covered, those from its first row to its last in any case; `None` if they are all, or a
    /// statement does not say from when to when it reaches. The periods are joined.
    fn covered(&self, month: Month, (row_first, row_last): (u8, u8)) -> Option<DaysCovered> {
        let of = |date: Date| Month::of(date).zip(u8::try_from(date.day()).ok());
        let first = self.periods.get(self.periods.partition_point(|(_, to)| Month::of(*to) < Some(month)));
        let after = self.periods.partition_point(|(from, _)| Month::of(*from) <= Some(month));
        let last = after.checked_sub(1).and_then(|at| self.periods.get(at));
        // Both are beside the month where no period lies in it.
        let first = first.and_then(|(from, _)| of(*from)).filter(|(of, _)| *of <= month);
        let last = last.and_then(|(_, to)| of(*to)).filter(|(of, _)| *of >= month);
        let first = first.map_or(row_first, |(of, day)| if of == month { day.min(row_first) } else { 1 });
        let last = last.map_or(row_last, |(of, day)| if of == month { day.max(row_last) } else { month.days() });
        DaysCovered::of(month, first, last).filter(|_| !self.open)
    }
}

impl MonthTally {
    /// The first and the last day with a movement that counts.
    fn rows_reach(&self) -> (u8, u8) {
        let day = |number: u32| u8::try_from(number).unwrap_or(0);
        (day(self.days.trailing_zeros()), day(31_u32.saturating_sub(self.days.leading_zeros())))
    }

    fn add(&mut self, meaning: Meaning, movement: &Movement<'_>) {
        let profile = &mut self.profile;
        let flow = match meaning {
            Meaning::Counts(Flow::Spending) => &mut profile.spending,
            Meaning::Counts(Flow::Refunds) => &mut profile.refunds,
            Meaning::Counts(Flow::TransfersOut) => &mut profile.transfers_out,
            Meaning::Counts(Flow::Repayments) => &mut profile.repayments,
            Meaning::Counts(Flow::Fees) => &mut profile.fees,
            Meaning::Counts(Flow::OwnMoves) => &mut profile.own_moves,
            // Admitted, or the movement would not have come here.
            Meaning::Counts(Flow::Income) => profile.income.get_or_insert_default(),
            Meaning::Counts(Flow::Investments) => profile.investments.get_or_insert_default(),
            Meaning::TakesBackCredit => &mut self.taken_back,
            Meaning::SetAside(_) => return,
        };
        flow.add(movement.minor);
        self.first = self.first.min(movement.place);
        self.days |= 1_u32.wrapping_shl(u32::from(movement.day.day().unsigned_abs()));
        profile.active_days = u8::try_from(self.days.count_ones()).unwrap_or(u8::MAX);
    }

    /// Takes credits that were taken back off the income; gives their number where the month received less than that.
    fn take_back(&mut self) -> Option<u32> {
        let taken_back = self.taken_back;
        let income = self.profile.income.as_mut()?;
        if income.count < taken_back.count || income.minor < taken_back.minor {
            return Some(taken_back.count);
        }
        income.count -= taken_back.count;
        income.minor -= taken_back.minor;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_covered_as_far_as_the_statements_and_the_rows_reach() {
        let covered = |periods: &[(&str, &str)], month: u8, rows: (u8, u8)| {
            let day = |text: &str| text.parse::<Date>().unwrap();
            let periods = periods.iter().map(|(from, to)| (day(from), day(to))).collect();
            let mut reach = Reach { periods, open: false };
            reach.join();
            reach.covered(Month::new(2026, month).unwrap(), rows).map(|days| (days.first(), days.last()))
        };
        let long = [("2026-02-19", "2026-04-10")];
        assert_eq!(covered(&long, 2, (20, 25)), Some((19, 28)));
        assert_eq!(covered(&long, 2, (3, 25)), Some((3, 28)), "a row before the period");
        assert_eq!(covered(&long, 3, (3, 3)), None, "all of March");
        assert_eq!(covered(&long, 4, (1, 2)), Some((1, 10)));
        assert_eq!(covered(&long, 5, (4, 9)), Some((4, 9)), "outside: as far as there are rows");
        assert_eq!(covered(&long, 1, (4, 9)), Some((4, 9)));
        let days = [("2026-03-09", "2026-03-09"), ("2026-03-05", "2026-03-06"), ("2026-03-05", "2026-03-05")];
        assert_eq!(covered(&days, 3, (6, 9)), Some((5, 9)), "in any order, with gaps");
        assert_eq!(covered(&days, 4, (6, 9)), Some((6, 9)));
        let halves = [("2026-03-16", "2026-03-31"), ("2026-03-01", "2026-03-15")];
        assert_eq!(covered(&halves, 3, (6, 9)), None);
        let apart = [("2026-01-05", "2026-01-10"), ("2026-03-05", "2026-04-10")];
        assert_eq!(covered(&apart, 1, (7, 7)), Some((5, 10)));
        assert_eq!(covered(&apart, 2, (7, 8)), Some((7, 8)), "between two periods");
        assert_eq!(covered(&apart, 3, (7, 7)), Some((5, 31)));
        let within = [("2026-01-05", "2026-06-10"), ("2026-03-05", "2026-03-06")];
        assert_eq!(covered(&within, 3, (5, 5)), None, "one statement within another");
        assert_eq!(covered(&[], 3, (5, 6)), Some((5, 6)));
    }

    #[test]
    fn where_one_statement_does_not_say_its_period_months_are_whole() {
        let day = Date::constant(2026, 3, 5);
        let reach = Reach { periods: vec![(day, day)], open: true };
        assert_eq!(reach.covered(Month::new(2026, 3).unwrap(), (5, 5)), None);
    }
}
