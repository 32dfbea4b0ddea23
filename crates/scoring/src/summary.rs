//! The summary attributes shown at the head of a report.
//!
//! Windows count back from the month before the one asked in, since furnishers report a month when it is over: "24 months"
//! asked in 2026-03 are 2024-03 to 2026-02.

use std::collections::{BTreeMap, BTreeSet};

use tallystick_model::fact::{Fact, FactBody};
use tallystick_model::payment_profile::PaymentProfileMonth;
use tallystick_model::tradeline::{AccountKind, AccountStatus, PaymentRating, TradelineMonth};
use tallystick_model::{AccountKey, Currency, Date, Month};

/// Months of the longest window.
pub const WINDOW_MONTHS: i32 = 24;

/// What a credit file says at a glance. Amounts are in minor units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Accounts reported, of any state.
    pub accounts: u32,
    /// Of which open in their latest month.
    pub accounts_open: u32,
    /// Furnishers that report them.
    pub furnishers: u32,
    /// Owed in the latest month of each account, by currency.
    pub balance_minor: Vec<(Currency, i64)>,
    /// Of which past due.
    pub past_due_minor: Vec<(Currency, i64)>,
    /// Limits of open revolving accounts in their latest month.
    pub revolving_limit_minor: Vec<(Currency, i64)>,
    /// Share of those limits in use, in thousandths, over all currencies by count of currency: only where there is one.
    pub utilisation_permille: Option<u32>,
    /// Worst rating in the window.
    pub worst_rating: Option<PaymentRating>,
    /// Months of the window in which any account was late or worse.
    pub adverse_months: u32,
    /// Months since the latest such month; 0 is the month before the one asked in.
    pub months_since_adverse: Option<u32>,
    /// Months since the oldest account was opened, where reported.
    pub oldest_account_months: Option<u32>,
    /// Months with any account reported in the window.
    pub months_reported: u32,
    /// What payments say, if any are held.
    pub payments: Option<PaymentSummary>,
}

/// What the payment profiles of the last twelve months say. Amounts are monthly means, in minor units, rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentSummary {
    /// Of all amounts; the currency with most months.
    pub currency: Currency,
    /// Months with a profile, 1 to 12.
    pub months: u32,
    /// Days with a payment, mean of a month; of several wallets the most active one's.
    pub active_days: u32,
    /// Spent, refunds taken off.
    pub spending_minor: i64,
    /// Share of spending that was deferred (buy now, pay later), in thousandths.
    pub deferred_permille: u32,
    /// Months with a repayment of a card or of deferred purchases.
    pub repayment_months: u32,
    /// Received; `None` where the file or the permit has no income.
    pub income_minor: Option<i64>,
}

fn revolves(kind: AccountKind) -> bool {
    matches!(
        kind,
        AccountKind::CreditCard
            | AccountKind::QuasiCreditCard
            | AccountKind::LineOfCredit
            | AccountKind::BuyNowPayLater
    )
}

/// How bad a rating is; 0 is not adverse at all.
pub(crate) const fn severity(rating: PaymentRating) -> u8 {
    match rating {
        PaymentRating::Late(months) => months,
        PaymentRating::Collection => 20,
        PaymentRating::Repossession => 21,
        PaymentRating::SettledByOthers => 22,
        PaymentRating::Foreclosure => 23,
        PaymentRating::ChargeOff => 24,
        _ => 0,
    }
}

/// The worse of two ratings; of two that are not adverse the one that says more.
const fn worse(one: PaymentRating, other: PaymentRating) -> PaymentRating {
    const fn rank(rating: PaymentRating) -> u8 {
        match rating {
            PaymentRating::Unknown => 0,
            PaymentRating::NoAccount => 1,
            PaymentRating::Closed => 2,
            PaymentRating::NothingDue => 3,
            PaymentRating::PaidInFull => 4,
            PaymentRating::Current => 5,
            adverse => 5 + severity(adverse),
        }
    }
    if rank(other) > rank(one) { other } else { one }
}

/// Sums by currency.
#[derive(Default)]
struct Sums(BTreeMap<Currency, i64>);

impl Sums {
    fn add(&mut self, currency: Currency, minor: i64) {
        let sum = self.0.entry(currency).or_default();
        *sum = sum.saturating_add(minor);
    }

    fn list(self) -> Vec<(Currency, i64)> {
        self.0.into_iter().collect()
    }
}

/// Summarises facts that hold (`CreditFile::current`), in key order, as asked in `month`.
pub fn summarise(facts: &[Fact], month: Month) -> Summary {
    let mut latest: BTreeMap<AccountKey, (Month, TradelineMonth)> = BTreeMap::new();
    let mut worst_by_month: BTreeMap<Month, u8> = BTreeMap::new();
    let mut worst = PaymentRating::Unknown;
    let mut opened: Option<Date> = None;
    let mut accounts = BTreeSet::new();
    let mut profiles = Vec::new();
    for fact in facts {
        match &fact.body {
            FactBody::TradelineMonth(tradeline) => {
                let Some(period) = fact.key.slot.month else { continue };
                accounts.insert(fact.key.slot.account);
                latest.insert(fact.key.slot.account, (period, *tradeline));
                if (1..=WINDOW_MONTHS).contains(&month.since(period)) {
                    let seen = worst_by_month.entry(period).or_default();
                    *seen = severity(tradeline.rating).max(*seen);
                    worst = worse(worst, tradeline.rating);
                }
            }
            FactBody::TradelineTerms(terms) => {
                accounts.insert(fact.key.slot.account);
                opened = [opened, terms.opened].into_iter().flatten().min();
            }
            FactBody::PaymentProfileMonth(profile) => {
                profiles.extend(fact.key.slot.month.map(|period| (period, *profile)));
            }
            // What registry segments mean for credit is said by tradelines of their own.
            FactBody::Identity(_) | FactBody::Segment(_) | FactBody::SealedSegment(..) | FactBody::Holder(_) => {}
        }
    }
    let (mut balance, mut past_due, mut limits, mut used) =
        (Sums::default(), Sums::default(), Sums::default(), Sums::default());
    let mut open = 0;
    for (_, tradeline) in latest.values() {
        balance.add(tradeline.currency, tradeline.balance_minor.unwrap_or(0));
        past_due.add(tradeline.currency, tradeline.past_due_minor.unwrap_or(0));
        if tradeline.status == AccountStatus::Open {
            open += 1;
            if let Some(limit) = tradeline.limit_minor.filter(|limit| *limit > 0 && revolves(tradeline.kind)) {
                limits.add(tradeline.currency, limit);
                used.add(tradeline.currency, tradeline.balance_minor.unwrap_or(0).max(0));
            }
        }
    }
    let (limits, used) = (limits.list(), used.list());
    let adverse = worst_by_month.iter().filter(|(_, severity)| **severity > 0);
    let since = |earlier: Month| u32::try_from(month.since(earlier) - 1).ok();
    Summary {
        accounts: count(accounts.len()),
        accounts_open: open,
        furnishers: count(accounts.iter().map(|account| account.furnisher()).collect::<BTreeSet<_>>().len()),
        balance_minor: balance.list(),
        past_due_minor: past_due.list(),
        utilisation_permille: match (limits.as_slice(), used.as_slice()) {
            ([(_, limit)], [(_, used)]) => permille(*used, *limit),
            _ => None,
        },
        revolving_limit_minor: limits,
        worst_rating: (!worst_by_month.is_empty()).then_some(worst),
        adverse_months: count(adverse.clone().count()),
        months_since_adverse: adverse.map(|(period, _)| *period).max().and_then(since),
        oldest_account_months: opened.and_then(Month::of).and_then(|opened| u32::try_from(month.since(opened)).ok()),
        months_reported: count(worst_by_month.len()),
        payments: payments(&profiles, month),
    }
}

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

fn permille(part: i64, whole: i64) -> Option<u32> {
    let share = i128::from(part).checked_mul(1000)?.checked_div(i128::from(whole))?;
    u32::try_from(share).ok()
}

fn payments(profiles: &[(Month, PaymentProfileMonth)], month: Month) -> Option<PaymentSummary> {
    let recent: Vec<_> = profiles.iter().filter(|(period, _)| (1..=12).contains(&month.since(*period))).collect();
    let mut by_currency: BTreeMap<Currency, BTreeSet<Month>> = BTreeMap::new();
    for (period, profile) in &recent {
        by_currency.entry(profile.currency).or_default().insert(*period);
    }
    let (currency, months) = by_currency.into_iter().max_by_key(|(_, months)| months.len())?;
    let (mut spent, mut deferred, mut income) = (0_i64, 0_i64, None::<i64>);
    let mut repaid = BTreeSet::new();
    // Which days they were is not kept: of several wallets the most active one counts, for adding them up would pass the month.
    let mut days: BTreeMap<Month, u32> = BTreeMap::new();
    for (period, profile) in recent.iter().filter(|(_, profile)| profile.currency == currency) {
        let most = days.entry(*period).or_default();
        *most = u32::from(profile.active_days).max(*most);
        spent = spent.saturating_add(profile.spending.minor).saturating_sub(profile.refunds.minor);
        deferred = deferred.saturating_add(profile.deferred.minor);
        if !profile.repayments.is_empty() {
            repaid.insert(*period);
        }
        if let Some(flow) = profile.income {
            income = Some(income.unwrap_or(0).saturating_add(flow.minor));
        }
    }
    let covered = count(months.len());
    let mean = |sum: i64| sum.checked_div(i64::from(covered)).unwrap_or(0);
    Some(PaymentSummary {
        currency,
        months: covered,
        active_days: days.values().sum::<u32>().checked_div(covered).unwrap_or(0),
        spending_minor: mean(spent),
        deferred_permille: permille(deferred, spent.max(deferred)).unwrap_or(0),
        repayment_months: count(repaid.len()),
        income_minor: income.map(mean),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tallystick_model::SubjectId;
    use tallystick_model::fact::{DeliveryNumber, FactKey, Slot, Standing};
    use tallystick_model::payment_profile::{Flow, Provenance};

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    fn fact(account: u16, period: &str, body: FactBody) -> Fact {
        let account = AccountKey::of_furnisher(account);
        let slot = Slot { kind: body.kind(), account, month: Some(month(period)) };
        let key = FactKey { subject: SubjectId([1; 16]), slot, delivery: DeliveryNumber(1) };
        Fact { key, standing: Standing::Reported, body }
    }

    fn card(account: u16, period: &str, rating: PaymentRating, balance: i64) -> Fact {
        let body = FactBody::TradelineMonth(TradelineMonth {
            kind: AccountKind::CreditCard,
            status: AccountStatus::Open,
            rating,
            currency: Currency::CNY,
            balance_minor: Some(balance),
            past_due_minor: Some(0),
            limit_minor: Some(1000),
            paid_minor: None,
            scheduled_minor: None,
        });
        fact(account, period, body)
    }

    #[test]
    fn cards_are_summed_by_their_latest_month_and_judged_by_their_worst() {
        let facts = [
            card(1, "2024-02", PaymentRating::Late(9), 5),
            card(1, "2025-12", PaymentRating::Late(2), 700),
            card(1, "2026-01", PaymentRating::Current, 300),
            card(2, "2026-02", PaymentRating::PaidInFull, -50),
        ];
        let summary = summarise(&facts, month("2026-03"));
        assert_eq!((summary.accounts, summary.accounts_open, summary.furnishers), (2, 2, 2));
        assert_eq!(summary.balance_minor, [(Currency::CNY, 250)]);
        assert_eq!(summary.revolving_limit_minor, [(Currency::CNY, 2000)]);
        assert_eq!(summary.utilisation_permille, Some(150), "an overpaid card uses nothing");
        assert_eq!(summary.worst_rating, Some(PaymentRating::Late(2)), "2024-02 is 25 months before");
        assert_eq!((summary.adverse_months, summary.months_since_adverse), (1, Some(2)));
        assert_eq!(summary.months_reported, 3);
        assert_eq!(summary.payments, None);
    }

    #[test]
    fn a_file_of_payments_alone_is_described() {
        let profile = |spent: i64, income| {
            let mut profile = PaymentProfileMonth::empty(Provenance::SelfAsserted, Currency::CNY);
            profile.active_days = 10;
            profile.spending = Flow { count: 3, minor: spent };
            profile.deferred = Flow { count: 1, minor: 100 };
            profile.refunds = Flow { count: 1, minor: 50 };
            profile.income = income;
            FactBody::PaymentProfileMonth(profile)
        };
        let facts = [
            fact(1, "2026-01", profile(1050, Some(Flow { count: 1, minor: 900 }))),
            fact(1, "2026-02", profile(550, None)),
        ];
        let summary = summarise(&facts, month("2026-03"));
        assert_eq!((summary.accounts, summary.worst_rating), (0, None));
        assert_eq!(
            summary.payments,
            Some(PaymentSummary {
                currency: Currency::CNY,
                months: 2,
                active_days: 10,
                spending_minor: 750,
                deferred_permille: 133,
                repayment_months: 0,
                income_minor: Some(450),
            })
        );
        assert_eq!(summarise(&facts, month("2027-03")).payments, None, "older than twelve months");
        assert_eq!(summarise(&[], month("2026-03")), Summary::default());
    }

    #[test]
    fn an_identity_says_nothing_of_credit() {
        let identity = fact(1, "2026-01", FactBody::Identity(vec![1]));
        assert_eq!(summarise(&[identity], month("2026-03")), Summary::default());
    }
}
