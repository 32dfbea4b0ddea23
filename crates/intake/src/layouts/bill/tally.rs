//! Adds rows up to months, and accounts for each row: counted, or set aside with a reason.

use std::collections::{BTreeMap, HashMap};

use tallystick_model::fact::{RecordPlace, ReportedAccount, ReportedRecord, Statement};
use tallystick_model::payment_profile::{self, PaymentProfileMonth, Provenance};
use tallystick_model::{Currency, DataCategory, Date, Identifier, Month};

use super::header::Column;
use super::meaning::{Asked, Flow, Meaning, State, Words, is_deferred, meaning};
use super::row::BillRow;
use super::totals::Totals;
use super::{NumberDay, Platform, value};
use crate::read::{ReadContext, Refused, Sink};

/// Joins a refund's number to the number of the payment that it gives back.
const REFUND_MARKS: [char; 2] = ['_', '*'];

/// Longest number of a payment, in bytes: real ones have 28, and as many again for a refund.
const ID_BYTES_MAX: usize = 128;

/// What a row counts as.
struct Count {
    flow: Flow,
    month: Month,
    day: Date,
    place: RecordPlace,
    minor: i64,
    fee_minor: i64,
    deferred: bool,
}

struct MonthTally {
    first: RecordPlace,
    /// Bit `n` for day `n`.
    days: u32,
    profile: PaymentProfileMonth,
}

/// The months of one bill.
pub(super) struct Tally<'a> {
    context: &'a ReadContext,
    platform: &'static Platform,
    months: BTreeMap<Month, MonthTally>,
    set_aside: BTreeMap<&'static str, u64>,
    not_admitted: BTreeMap<u8, (DataCategory, u64)>,
    /// By the number of closed payments: what is not yet given back, and of how many of them.
    closed_minor: HashMap<String, BTreeMap<i64, u64>>,
    /// Refunds with their numbers; they wait for the closed payments, which mostly stand below them.
    refunds: Vec<(String, Count)>,
    /// By the number of payments that were kept: what came back of them, and of how many.
    returned_minor: HashMap<String, BTreeMap<i64, u64>>,
    /// How many rows each day has.
    days: BTreeMap<Date, u64>,
    findings: BTreeMap<&'static str, u64>,
}

/// What the file beside its rows says of whether it is as the platform made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signs {
    /// Nothing speaks against it.
    None,
    /// It was saved again by another program, or has not as many rows as it says.
    OfRewriting,
}

/// What became of the rows, beside the months.
pub(super) struct Finished {
    /// Rows that are counted in no month, by reason.
    pub(super) set_aside: Vec<(String, u64)>,
    /// What is told of rows that are counted all the same.
    pub(super) findings: Vec<(String, u64)>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(context: &'a ReadContext, platform: &'static Platform) -> Self {
        Self {
            context,
            platform,
            months: BTreeMap::new(),
            set_aside: BTreeMap::new(),
            not_admitted: BTreeMap::new(),
            closed_minor: HashMap::new(),
            refunds: Vec::new(),
            returned_minor: HashMap::new(),
            days: BTreeMap::new(),
            findings: BTreeMap::new(),
        }
    }

    /// Takes a row.
    pub(super) fn row(&mut self, row: &BillRow<'_>) {
        *self.days.entry(row.day).or_default() += 1;
        let number = row.text(Column::Id);
        let is_another_day = self.platform.number_day.is_some_and(|rule| is_another_day(rule, number, row.day));
        self.find("number_of_another_day", is_another_day);
        let kind = row.text(Column::Kind);
        let is_known = self.platform.kinds.is_none_or(|kinds| kind.ends_with("退款") || starts_with_any(kind, kinds));
        self.find("kind_not_known", !is_known && !kind.is_empty());
        let flow = match meaning(self.platform.rules, row) {
            Meaning::SetAside(reason) => return self.set_aside(reason),
            Meaning::Counts(_) if row.minor == 0 => return self.set_aside("zero_amount"),
            Meaning::Counts(flow) => flow,
        };
        // What comes back of a purchase is a refund and stands in its own flow; what comes back of the rest never left.
        let (minor, fee_minor) = match flow {
            Flow::Closed | Flow::Refunds => (row.minor, 0),
            Flow::Spending | Flow::Income => (row.net_minor, row.fee_minor),
            Flow::TransfersOut | Flow::Repayments | Flow::OwnMoves | Flow::Investments => {
                ((row.net_minor - row.returned_minor).max(0), row.fee_minor)
            }
        };
        let count = Count {
            flow,
            month: row.month,
            day: row.day,
            place: row.place,
            minor,
            fee_minor,
            deferred: is_deferred(row),
        };
        let id = Some(number).filter(|id| id.len() <= ID_BYTES_MAX).unwrap_or_default();
        if flow == Flow::Refunds {
            return self.refunds.push((id.to_owned(), count));
        }
        if flow == Flow::Closed && !id.is_empty() {
            *self.closed_minor.entry(id.to_owned()).or_default().entry(row.minor).or_default() += 1;
        }
        if flow == Flow::Spending && row.state() == State::PartlyReturned && !id.is_empty() {
            *self.returned_minor.entry(id.to_owned()).or_default().entry(row.returned_minor).or_default() += 1;
        }
        self.count(&count);
    }

    fn find(&mut self, what: &'static str, is_so: bool) {
        if is_so {
            *self.findings.entry(what).or_default() += 1;
        }
    }

    fn set_aside(&mut self, reason: &'static str) {
        *self.set_aside.entry(reason).or_default() += 1;
    }

    fn count(&mut self, count: &Count) {
        let admitted = self.context.admitted;
        let wanted = [count.flow.category(), DataCategory::Payments];
        if let Some(category) = wanted.into_iter().find(|category| !admitted.contains(*category)) {
            self.not_admitted.entry(category.number()).or_insert((category, 0)).1 += 1;
            return self.set_aside(match category {
                DataCategory::Income => "income_not_admitted",
                DataCategory::Securities => "securities_not_admitted",
                _ => "payments_not_admitted",
            });
        }
        let month = self.months.entry(count.month).or_insert_with(|| {
            let mut profile = PaymentProfileMonth::empty(self.context.provenance, Currency::CNY);
            profile.income = admitted.contains(DataCategory::Income).then(payment_profile::Flow::default);
            profile.investments = admitted.contains(DataCategory::Securities).then(payment_profile::Flow::default);
            MonthTally { first: count.place, days: 0, profile }
        });
        month.add(count);
    }

    /// Whether a refund is just what a payment that was kept says came back of it: then no closed payment is given back.
    fn gives_back_some(&mut self, id: &str, minor: i64) -> bool {
        numbers(id).any(|id| {
            let Some(count) = self.returned_minor.get_mut(id).and_then(|returned| returned.get_mut(&minor)) else {
                return false;
            };
            let is_left = *count > 0;
            *count = count.saturating_sub(1);
            is_left
        })
    }

    /// A closed payment and what gave it back move no money together: the payment is counted as closed, the refund not.
    fn gives_back_closed(&mut self, id: &str, minor: i64) -> bool {
        for id in numbers(id) {
            let Some(rests) = self.closed_minor.get_mut(id) else { continue };
            // The smallest that is large enough, so an equal one first: numbers can repeat in files made anonymous.
            let Some(rest) = rests.range(minor..).next().map(|(rest, _)| *rest) else { continue };
            match rests.get_mut(&rest) {
                Some(count) if *count > 1 => *count -= 1,
                _ => {
                    rests.remove(&rest);
                }
            }
            *rests.entry(rest - minor).or_default() += 1;
            return true;
        }
        false
    }

    /// Counts the refunds and hands the months to `sink`, in the order of their first rows.
    ///
    /// # Errors
    /// [`Refused::Stopped`] if the sink wants no more.
    pub(super) fn finish(
        mut self,
        subject: &Identifier,
        totals: &Totals,
        signs: Signs,
        sink: &mut dyn Sink,
    ) -> Result<Finished, Refused> {
        for (id, count) in std::mem::take(&mut self.refunds) {
            if !self.gives_back_some(&id, count.minor) && self.gives_back_closed(&id, count.minor) {
                self.set_aside("refund_of_closed");
            } else {
                self.count(&count);
            }
        }
        for (category, rows) in self.not_admitted.into_values() {
            sink.not_admitted(category, rows);
        }
        if let Some((first, last)) = totals.period() {
            let outside = self.days.iter().filter(|(day, _)| **day < first || **day > last).map(|(_, rows)| rows).sum();
            self.findings.insert("outside_printed_period", outside);
        }
        let is_found = |what: &str| self.findings.get(what).is_some_and(|rows| *rows > 0);
        let is_rewritten =
            signs == Signs::OfRewriting || is_found("outside_printed_period") || is_found("number_of_another_day");
        let is_graded_down = is_rewritten && self.context.provenance == Provenance::FurnisherSigned;
        if is_graded_down {
            self.findings.insert("months_graded_down", self.months.len() as u64);
        }
        let account: ReportedAccount = totals.account(self.platform);
        let mut months: Vec<_> = self.months.into_iter().collect();
        months.sort_by_key(|(_, tally)| tally.first);
        for (month, mut tally) in months {
            if is_graded_down {
                tally.profile.provenance = Provenance::SelfAsserted;
            }
            tally.profile.covered = totals.covered(month, tally.rows_reach());
            sink.record(ReportedRecord {
                place: tally.first,
                identifiers: vec![subject.clone()],
                statements: vec![Statement::PaymentProfileMonth(account.clone(), month, tally.profile)],
            });
            if !sink.goes_on() {
                return Err(Refused::Stopped);
            }
        }
        let told = |counts: BTreeMap<&'static str, u64>| {
            counts.into_iter().filter(|(_, rows)| *rows > 0).map(|(what, rows)| (what.to_owned(), rows)).collect()
        };
        Ok(Finished { set_aside: told(self.set_aside), findings: told(self.findings) })
    }
}

/// The number of a payment, and of what it may give back: itself, and what stands before a mark.
fn numbers(id: &str) -> impl Iterator<Item = &str> {
    let prefixes = id.match_indices(REFUND_MARKS).filter_map(|(end, _)| id.get(..end));
    std::iter::once(id).chain(prefixes).filter(|id| !id.is_empty())
}

/// Whether a payment's number begins with a day, and that is neither the row's nor one beside it.
fn is_another_day(rule: NumberDay, number: &str, day: Date) -> bool {
    if number.len() < rule.length_min || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let Some(digits) = number.get(..rule.digits) else { return false };
    let year_digits = rule.digits - 4;
    let (Some(year), Some(rest)) = (digits.get(..year_digits), digits.get(year_digits..)) else { return false };
    let Some((month, date)) = rest.split_at_checked(2) else { return false };
    let century = if year_digits == 2 { "20" } else { "" };
    // What is no day at all is another kind of number.
    value::local_day(&format!("{century}{year}-{month}-{date} 0:00"))
        .is_some_and(|numbered| numbered.until(day).map_or(true, |span| span.get_days().abs() > 1))
}

fn starts_with_any(text: &str, words: Words) -> bool {
    words.iter().any(|word| text.starts_with(word))
}

impl MonthTally {
    /// The first and the last day with a row.
    fn rows_reach(&self) -> (u8, u8) {
        let day = |number: u32| u8::try_from(number).unwrap_or(0);
        (day(self.days.trailing_zeros()), day(31_u32.saturating_sub(self.days.leading_zeros())))
    }

    fn add(&mut self, count: &Count) {
        let profile = &mut self.profile;
        let flow = match count.flow {
            Flow::Spending => &mut profile.spending,
            Flow::Refunds => &mut profile.refunds,
            Flow::TransfersOut => &mut profile.transfers_out,
            Flow::Repayments => &mut profile.repayments,
            Flow::Closed => &mut profile.closed,
            Flow::OwnMoves => &mut profile.own_moves,
            // Admitted, or the row would not have come here.
            Flow::Income => profile.income.get_or_insert_default(),
            Flow::Investments => profile.investments.get_or_insert_default(),
        };
        flow.add(count.minor);
        if count.flow == Flow::Spending && count.deferred {
            profile.deferred.add(count.minor);
        }
        if count.fee_minor > 0 {
            profile.fees.add(count.fee_minor);
        }
        self.first = self.first.min(count.place);
        self.days |= 1_u32.wrapping_shl(u32::from(count.day.day().unsigned_abs()));
        profile.active_days = u8::try_from(self.days.count_ones()).unwrap_or(u8::MAX);
    }
}
