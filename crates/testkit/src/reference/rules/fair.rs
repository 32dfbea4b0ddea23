//! India's bounds on consents to an account aggregator's data, for the kinds of data that a simulation has: deposits and securities.

use tallystick_model::consent::Consent;
use tallystick_model::consent_terms::{ConsentTerms, DataRange, Fetch, SpanUnit};
use tallystick_model::inquiry::{Purpose, Reason};
use tallystick_model::{CategorySet, DataCategory, Timestamp};

use super::{Case, Law, numbers, reason};

/// A general rule of the scheme: how long data are kept, uses in a month, months a consent holds, days it reaches back.
struct Bounds {
    once: bool,
    life_days: i64,
    per_month: i64,
    expiry: Expiry,
    range_days: i64,
    /// Whether it is about securities too; of recurring deposits and those for a term the last one says nothing either.
    securities: bool,
}

/// How long a consent holds at the most.
enum Expiry {
    Day,
    Months(i32),
}

const fn bounds(purpose: Purpose) -> Option<Bounds> {
    match purpose {
        Purpose::CreditApplication | Purpose::Guarantee => Some(Bounds {
            once: true,
            life_days: 31,
            per_month: 0,
            expiry: Expiry::Months(1),
            range_days: 14 * 31,
            securities: true,
        }),
        Purpose::AccountReview | Purpose::Collection => Some(Bounds {
            once: false,
            life_days: 31,
            per_month: 5,
            expiry: Expiry::Months(60),
            range_days: 6 * 31,
            securities: true,
        }),
        Purpose::Insurance | Purpose::Employment | Purpose::Tenancy | Purpose::Licence => Some(Bounds {
            once: true,
            life_days: 1,
            per_month: 0,
            expiry: Expiry::Day,
            range_days: 1,
            securities: false,
        }),
        _ => None,
    }
}

/// Uses in a month, at the most; `None` if nothing says.
fn in_a_month(fetch: Fetch) -> Option<i64> {
    let Fetch::Periodic(frequency) = fetch else { return None };
    let count = i64::from(frequency.count);
    Some(match frequency.unit.code() {
        "hour" => count * 24 * 31,
        "day" => count * 31,
        "month" => count,
        _ => (count + 11) / 12,
    })
}

/// What is over the bounds, of the first purpose with which anything is.
pub fn check(
    law: Law,
    (purposes, categories): (&[Purpose], &[DataCategory]),
    terms: &ConsentTerms,
    (from, until): (Timestamp, Timestamp),
) -> Vec<Reason> {
    let aggregated =
        categories.iter().any(|category| matches!(category, DataCategory::Deposits | DataCategory::Securities));
    if law != Law::In || !aggregated {
        return Vec::new();
    }
    for bounds in purposes.iter().filter_map(|purpose| bounds(*purpose)) {
        let once = terms.fetch == Fetch::OneTime;
        // A rule that does not name every kind of deposits names no category whole.
        if once != bounds.once || !bounds.securities {
            return vec![reason("in-11", "no_fair_use_for_this")];
        }
        let kept = terms.data_life.map(|life| match life.unit {
            SpanUnit::Day => i64::from(life.count),
            SpanUnit::Month => i64::from(life.count) * 31,
            SpanUnit::Year => i64::from(life.count) * 366,
            SpanUnit::Unlimited => i64::MAX,
        });
        let days = terms.data_range.map(|range| i64::from((range.until - range.from).get_days()) + 1);
        let expiry = match bounds.expiry {
            Expiry::Day => Timestamp::from_millis(from.millis() + 86_400_000).ok(),
            Expiry::Months(months) => numbers::months_after(from, months),
        };
        let often = in_a_month(terms.fetch).is_none_or(|uses| uses > bounds.per_month);
        let over = [
            (expiry.is_some_and(|last| until > last), "fair_use_expiry"),
            (!once && often, "fair_use_frequency"),
            (kept.is_none_or(|kept| kept > bounds.life_days), "fair_use_data_life"),
            (days.is_none_or(|days| days > bounds.range_days), "fair_use_range"),
        ];
        let over: Vec<Reason> =
            over.iter().filter(|(is_so, _)| *is_so).map(|(_, code)| reason("in-11", *code)).collect();
        if !over.is_empty() {
            return over;
        }
    }
    Vec::new()
}

/// What of these months one request gets of what a consent alone gives: the latest days.
pub(super) fn trimmed(case: &Case<'_>, categories: CategorySet, months: DataRange) -> DataRange {
    let aggregated = categories.contains(DataCategory::Deposits) || categories.contains(DataCategory::Securities);
    let days = bounds(case.purpose).filter(|_| case.law == Law::In && aggregated).map(|bounds| bounds.range_days);
    let Some(days) = days.filter(|days| i64::from((months.until - months.from).get_days()) >= *days) else {
        return months;
    };
    let millis = Timestamp::start_of(months.until).millis() - (days - 1) * 86_400_000;
    let from = Timestamp::from_millis(millis).map_or(months.from, Timestamp::date);
    DataRange { from, ..months }
}

/// Whether a consent stays within the bounds of one purpose.
pub(super) fn is_within(purpose: Purpose, consent: &Consent) -> bool {
    let valid = (consent.valid_from, consent.valid_until);
    check(Law::In, (&[purpose], &consent.categories), &consent.terms, valid).is_empty()
}
