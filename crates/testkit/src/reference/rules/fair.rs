//! India's bounds on consents to an account aggregator's data, for the kinds of data that a simulation has: deposits and securities.

use tallystick_model::consent::Consent;
use tallystick_model::consent_terms::{ConsentTerms, Fetch, SpanUnit};
use tallystick_model::inquiry::{Purpose, Reason};
use tallystick_model::{DataCategory, Timestamp};

use super::{Law, numbers, reason};

/// A general rule of the scheme: how long data are kept, uses in a month, months a consent holds, days it reaches back.
struct Bounds {
    once: bool,
    life_days: i64,
    per_month: i64,
    expiry_months: i32,
    range_days: i64,
}

const fn bounds(purpose: Purpose) -> Option<Bounds> {
    match purpose {
        Purpose::CreditApplication => {
            Some(Bounds { once: true, life_days: 31, per_month: 0, expiry_months: 1, range_days: 14 * 31 })
        }
        Purpose::AccountReview => {
            Some(Bounds { once: false, life_days: 31, per_month: 5, expiry_months: 60, range_days: 6 * 31 })
        }
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
        if once != bounds.once {
            return vec![reason("in-11", "no_fair_use_for_this")];
        }
        let kept = terms.data_life.map(|life| match life.unit {
            SpanUnit::Day => i64::from(life.count),
            SpanUnit::Month => i64::from(life.count) * 31,
            SpanUnit::Year => i64::from(life.count) * 366,
            SpanUnit::Unlimited => i64::MAX,
        });
        let days = terms.data_range.map(|range| i64::from((range.until - range.from).get_days()) + 1);
        let expiry = numbers::months_after(from, bounds.expiry_months);
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

/// Whether a consent stays within the bounds of one purpose.
pub(super) fn is_within(purpose: Purpose, consent: &Consent) -> bool {
    let valid = (consent.valid_from, consent.valid_until);
    check(Law::In, (&[purpose], &consent.categories), &consent.terms, valid).is_empty()
}
