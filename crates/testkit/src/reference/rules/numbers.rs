//! The numbers of the four laws: what disputes, own reports, notices and alerts come to, and what is past its term.

use std::collections::{BTreeMap, BTreeSet};

use tallystick_model::fact::{DeliveryNumber, FactBody, Slot};
use tallystick_model::inquiry::Purpose;
use tallystick_model::rights::{AlertKind, Compensation, DisputeFiling, Expiry};
use tallystick_model::tradeline::{AccountStatus, PaymentRating, TradelineMonth};
use tallystick_model::{AccountKey, Currency, Date, Month, Timestamp};

use super::super::{Facts, Said};
use super::Law;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// So many calendar months later, on the last day of a shorter month, at the same time of day.
pub fn months_after(at: Timestamp, months: i32) -> Option<Timestamp> {
    let day = Timestamp::start_of(date_after(at.date(), months)?);
    Timestamp::from_millis(day.millis() + at.millis().rem_euclid(DAY_MILLIS)).ok()
}

fn date_after(date: Date, months: i32) -> Option<Date> {
    let month = Month::of(date)?.plus(months)?;
    let day = date.day().min(i8::try_from(month.days()).ok()?);
    Date::new(i16::try_from(month.year()).ok()?, i8::try_from(month.month()).ok()?, day).ok()
}

/// The rule on disputes.
pub const fn dispute_rule(law: Law) -> &'static str {
    match law {
        Law::Cn => "cn-15",
        Law::Us => "us-8",
        Law::Eu => "eu-3",
        Law::In => "in-5",
    }
}

/// By when the furnisher answers a dispute filed at `at`, and by when the subject is answered.
pub fn dispute_times(law: Law, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let days = |days: i64| Timestamp::from_millis(at.millis() + days * DAY_MILLIS).ok();
    Some(match law {
        Law::Cn => (days(20)?, days(20)?),
        Law::Us => (days(30)?, days(30)?),
        Law::Eu => (months_after(at, 1)?, months_after(at, 1)?),
        Law::In => (days(21)?, days(30)?),
    })
}

/// What is owed for an answer that is given at `now`, when it came: all of it by the furnisher, who was late by more than that.
pub fn compensation(law: Law, filing: &DisputeFiling, now: Timestamp) -> Option<Compensation> {
    let days = (now.millis() - filing.answer_by.millis()).div_euclid(DAY_MILLIS);
    let currency = Currency::from_code("INR").ok().filter(|_| law == Law::In && days > 0)?;
    let furnisher = filing.slot.account.furnisher();
    Some(Compensation { furnisher, furnisher_minor: 10_000 * days, bureau_minor: 0, currency })
}

/// The rule on requests to erase, and until when one that is made at `now` is answered.
pub fn requests(law: Law, now: Timestamp) -> Option<(&'static str, Option<Timestamp>)> {
    match law {
        Law::Cn => Some(("cn-26", None)),
        Law::Eu => Some(("eu-3", months_after(now, 1))),
        Law::Us | Law::In => None,
    }
}

/// What an own report is charged under: its number in the period after `earlier` ones, whether it is free, by which rule.
pub fn own_report(law: Law, earlier: &[Timestamp], now: Timestamp) -> (u32, bool, &'static str) {
    let in_year = |at: &&Timestamp| at.date().year() == now.date().year();
    let in_twelve = |at: &&Timestamp| months_after(**at, 12).is_none_or(|over| over > now);
    let before = match law {
        Law::Cn | Law::In => earlier.iter().filter(in_year).count(),
        Law::Us | Law::Eu => earlier.iter().filter(in_twelve).count(),
    };
    let number = u32::try_from(before).unwrap_or(u32::MAX) + 1;
    match law {
        Law::Cn => (number, number <= 2, "cn-10"),
        Law::Us => (number, number <= 1, "us-11"),
        Law::Eu => (number, true, "eu-3"),
        Law::In => (number, number <= 1, "in-8"),
    }
}

/// The rule by which a subject sees the own file.
pub const fn own_access_rule(law: Law) -> &'static str {
    match law {
        Law::Cn => "cn-25",
        Law::Us => "us-11",
        Law::Eu => "eu-3",
        Law::In => "in-8",
    }
}

/// The rule by which who was shown a statement for `purpose` at `at` is told at `now` of its correction; `None` if it is not.
pub fn tells(law: Law, purpose: Purpose, at: Timestamp, now: Timestamp) -> Option<&'static str> {
    let (months, rule) = match (law, purpose) {
        (Law::Cn | Law::In, _) => (Some(12), "own-practice"),
        (Law::Us, Purpose::Employment) => (Some(24), "us-notice"),
        (Law::Us, _) => (Some(6), "us-notice"),
        (Law::Eu, _) => (None, "eu-3"),
    };
    months.is_none_or(|months| months_after(at, months).is_some_and(|until| until >= now)).then_some(rule)
}

/// Until when an alert lasts that is placed now.
pub fn alert_until(law: Law, kind: AlertKind, now: Timestamp) -> Option<Timestamp> {
    let months = if kind == AlertKind::Extended { 84 } else { 12 };
    months_after(now, months).filter(|_| law == Law::Us)
}

fn last_day(month: Month) -> Option<Date> {
    Date::new(i16::try_from(month.year()).ok()?, i8::try_from(month.month()).ok()?, i8::try_from(month.days()).ok()?)
        .ok()
}

fn is_late(month: &TradelineMonth) -> bool {
    matches!(month.rating, PaymentRating::Late(_) | PaymentRating::ChargeOff)
}

/// Whether arrears before it are over: the account is paid as agreed, or closed.
fn is_good(month: &TradelineMonth) -> bool {
    month.rating == PaymentRating::Current || month.status == AccountStatus::Closed
}

/// The rule by which what `held` says of `at` is past its term today, given the months of its account that hold.
fn past(
    law: Law,
    months: &BTreeMap<Month, TradelineMonth>,
    (at, held): (Month, &TradelineMonth),
    today: Date,
) -> Option<&'static str> {
    if !is_late(held) {
        return None;
    }
    match law {
        Law::Eu | Law::In => None,
        Law::Cn => {
            let over = if is_good(held) {
                at
            } else {
                months.iter().find(|(later, month)| **later > at && is_good(month)).map(|(later, _)| *later)?
            };
            (date_after(last_day(over)?, 60)? <= today).then_some("cn-9")
        }
        Law::Us => {
            let trouble = months.iter().find(|(_, month)| month.rating == PaymentRating::ChargeOff).map(|(at, _)| *at);
            let mut first = trouble;
            for (before, month) in months.iter().rev().filter(|(before, _)| Some(**before) < trouble) {
                if !is_late(month) {
                    break;
                }
                first = Some(*before);
            }
            match first.filter(|first| at >= *first) {
                Some(first) => {
                    let day =
                        Date::new(i16::try_from(first.year()).ok()?, i8::try_from(first.month()).ok()?, 1).ok()?;
                    (date_after(day, 84)? <= today).then_some("us-7")
                }
                None => (date_after(last_day(at)?, 84)? <= today).then_some("us-5"),
            }
        }
    }
}

/// What of one subject's facts, all that are not gone yet, is past its term today; `current` are those that hold.
pub fn expiries(law: Law, all: &Facts, current: &Facts, today: Date) -> Vec<Expiry> {
    let mut accounts: BTreeMap<AccountKey, BTreeMap<Month, TradelineMonth>> = BTreeMap::new();
    for (key, held) in current {
        if let (Said::Body(FactBody::TradelineMonth(month)), Some(at)) = (&held.said, key.slot.month) {
            accounts.entry(key.slot.account).or_default().insert(at, *month);
        }
    }
    let mut gone: BTreeMap<(Slot, DeliveryNumber), &'static str> = BTreeMap::new();
    for (key, held) in all {
        if let (Said::Body(FactBody::TradelineMonth(month)), Some(at)) = (&held.said, key.slot.month) {
            let months = accounts.get(&key.slot.account).cloned().unwrap_or_default();
            let rule = past(law, &months, (at, month), today);
            gone.extend(rule.map(|rule| ((key.slot, key.delivery), rule)));
        }
    }
    // Where what holds goes, nothing older comes back in its place.
    for key in current.keys() {
        let Some(rule) = gone.get(&(key.slot, key.delivery)).copied() else { continue };
        for other in all.keys().filter(|other| other.slot == key.slot) {
            gone.entry((other.slot, other.delivery)).or_insert(rule);
        }
    }
    let rules: BTreeSet<&str> = gone.values().copied().collect();
    let of = |rule: &str| gone.iter().filter(|(_, of)| **of == rule).map(|(place, _)| *place).collect();
    rules.into_iter().map(|rule| Expiry { rule: rule.to_owned(), facts: of(rule) }).collect()
}
