//! Adds the movements of accounts up to months: what bank statements of any layout share.
//!
//! A movement counts towards a flow of its month, or is set aside with a reason; nothing else of it is kept. Start at
//! [`Months::count`]. What a movement means is the layout's to say.

use std::collections::{BTreeMap, HashMap};

use tallystick_model::fact::{RecordPlace, ReportedRecord, Statement};
use tallystick_model::payment_profile::{self, PaymentProfileMonth};
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
    pub(super) account: &'a [u8],
    pub(super) currency: Currency,
    pub(super) month: Month,
    pub(super) day: Date,
    pub(super) place: RecordPlace,
    /// Never negative.
    pub(super) minor: i64,
}

type MonthKey = (usize, Vec<u8>, Month);

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
        let key = (number, movement.account.to_vec(), movement.month);
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
        for ((subject, account, month), mut tally) in months {
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

/// The number under which the movements of an account in `currency` are kept: amounts of one profile are of one currency,
/// so those that are not of the account's own have an account of their own.
pub(super) fn account_in(account: &[u8], own: Currency, currency: Currency) -> Vec<u8> {
    let mut key = account.to_vec();
    if own != currency {
        key.push(b' ');
        key.extend_from_slice(currency.code().as_bytes());
    }
    key
}

impl MonthTally {
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
