//! Adds rows up to months, and accounts for each row: counted, or set aside with a reason.

use std::collections::{BTreeMap, HashMap};

use tallystick_model::fact::{RecordPlace, ReportedAccount, ReportedRecord, Statement};
use tallystick_model::payment_profile::{self, PaymentProfileMonth};
use tallystick_model::{Currency, DataCategory, Date, Identifier, Month};

use super::header::Column;
use super::meaning::{Asked, Flow, Meaning, Rule, State, is_deferred, meaning};
use super::row::BillRow;
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
    rules: &'static [Rule],
    months: BTreeMap<Month, MonthTally>,
    set_aside: BTreeMap<&'static str, u64>,
    not_admitted: BTreeMap<u8, (DataCategory, u64)>,
    /// By the number of closed payments: what is not yet given back, and of how many of them.
    closed_minor: HashMap<String, BTreeMap<i64, u64>>,
    /// Refunds with their numbers; they wait for the closed payments, which mostly stand below them.
    refunds: Vec<(String, Count)>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(context: &'a ReadContext, rules: &'static [Rule]) -> Self {
        Self {
            context,
            rules,
            months: BTreeMap::new(),
            set_aside: BTreeMap::new(),
            not_admitted: BTreeMap::new(),
            closed_minor: HashMap::new(),
            refunds: Vec::new(),
        }
    }

    /// Takes a row.
    pub(super) fn row(&mut self, row: &BillRow<'_>) {
        let flow = match meaning(self.rules, row) {
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
        let id = Some(row.text(Column::Id)).filter(|id| id.len() <= ID_BYTES_MAX).unwrap_or_default();
        if flow == Flow::Refunds {
            return self.refunds.push((id.to_owned(), count));
        }
        if flow == Flow::Closed && row.state() == State::Closed && !id.is_empty() {
            *self.closed_minor.entry(id.to_owned()).or_default().entry(row.minor).or_default() += 1;
        }
        self.count(&count);
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

    /// A closed payment and what gave it back move no money together: the payment is counted as closed, the refund not.
    fn gives_back_closed(&mut self, id: &str, minor: i64) -> bool {
        let prefixes = id.match_indices(REFUND_MARKS).filter_map(|(end, _)| id.get(..end));
        let ids = std::iter::once(id).chain(prefixes).filter(|id| !id.is_empty());
        for id in ids {
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
        account: &ReportedAccount,
        sink: &mut dyn Sink,
    ) -> Result<Vec<(String, u64)>, Refused> {
        for (id, count) in std::mem::take(&mut self.refunds) {
            if self.gives_back_closed(&id, count.minor) {
                self.set_aside("refund_of_closed");
            } else {
                self.count(&count);
            }
        }
        for (category, rows) in self.not_admitted.into_values() {
            sink.not_admitted(category, rows);
        }
        let mut months: Vec<_> = self.months.into_iter().collect();
        months.sort_by_key(|(_, tally)| tally.first);
        for (month, tally) in months {
            sink.record(ReportedRecord {
                place: tally.first,
                identifiers: vec![subject.clone()],
                statements: vec![Statement::PaymentProfileMonth(account.clone(), month, tally.profile)],
            });
            if !sink.goes_on() {
                return Err(Refused::Stopped);
            }
        }
        Ok(self.set_aside.into_iter().map(|(reason, rows)| (reason.to_owned(), rows)).collect())
    }
}

impl MonthTally {
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
