//! What the numbers of a rulebook come to for one subject: what an own report costs, what a late answer costs, who is told of a
//! correction, and how long an alert lasts.

use tallystick_model::inquiry::{Purpose, Reason};
use tallystick_model::rights::{AlertKind, Compensation};
use tallystick_model::tradeline::{AccountStatus, PaymentRating, TradelineMonth};
use tallystick_model::{Money, Timestamp};

use crate::numbers::FreePeriod;
use crate::rulebook::Rulebook;
use crate::term::Term;

/// What the rules say an own report costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// How many own reports there are in the period with this one.
    pub in_period: u32,
    /// How many of them are free; `None`: every one.
    pub free: Option<u16>,
    /// Whether this one is.
    pub is_free: bool,
    /// Whether the next one in the same period will be.
    pub next_is_free: bool,
    /// What one that is not free costs, where the rule says; else the bureau may ask a fair price.
    pub price: Option<Money>,
    /// Id of the rule.
    pub rule: String,
}

/// What an own report at `now` costs after `earlier` ones; `None` where no rule speaks of it.
pub fn charge(rulebook: &Rulebook, earlier: impl IntoIterator<Item = Timestamp>, now: Timestamp) -> Option<Charge> {
    let number = rulebook.free_reports()?;
    let counts = |at: &Timestamp| match number.period {
        FreePeriod::CalendarYear => at.date().year() == now.date().year(),
        FreePeriod::TwelveMonths => Term::Months(12).after(*at).is_none_or(|over| over > now),
    };
    let before = earlier.into_iter().filter(counts).count();
    let in_period = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
    let within = |place: u32| number.count.is_none_or(|free| place <= u32::from(free));
    Some(Charge {
        in_period,
        free: number.count,
        is_free: within(in_period),
        next_is_free: within(in_period.saturating_add(1)),
        price: number.next,
        rule: number.rule.clone(),
    })
}

/// By when a dispute was to be answered, and when it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answering {
    /// Number of the furnisher.
    pub furnisher: u16,
    /// Until when the furnisher was to answer.
    pub furnisher_by: Timestamp,
    /// Until when the subject was to be answered.
    pub answer_by: Timestamp,
    /// When the furnisher's answer reached the bureau.
    pub received: Timestamp,
    /// When the subject was answered.
    pub closed: Timestamp,
}

/// What the subject gets for a late answer, for each whole day; `None` where no rule says, or none is due.
///
/// The furnisher owes as many days as its own answer was late, the bureau the rest: one that had the furnisher's answer in time
/// owes all of them, one that was no longer over its own part than the rule leaves it owes none.
pub fn compensation(rulebook: &Rulebook, answering: &Answering) -> Option<Compensation> {
    const DAY_MILLIS: i64 = 86_400_000;
    let a_day = rulebook.dispute()?.compensation_a_day?;
    let days = |by: Timestamp, at: Timestamp| (at.millis().saturating_sub(by.millis()) / DAY_MILLIS).max(0);
    let late = days(answering.answer_by, answering.closed);
    let furnishers = days(answering.furnisher_by, answering.received).min(late);
    (late > 0).then(|| Compensation {
        furnisher: answering.furnisher,
        furnisher_minor: a_day.minor.saturating_mul(furnishers),
        bureau_minor: a_day.minor.saturating_mul(late - furnishers),
        currency: a_day.currency,
    })
}

/// How far back recipients are told of a correction where the rulebook is silent: the bureau's own practice.
const RECALL_WITHOUT_RULE: Term = Term::Months(12);

/// Why a recipient that was shown a statement at `shown`, for `purpose`, is told at `now` of its correction; `None` if it is not.
///
/// Where no rule speaks of it, everyone of the last twelve months is told: a lender should not go on relying on what
/// is known to be wrong.
pub fn told_of_correction(rulebook: &Rulebook, purpose: Purpose, shown: Timestamp, now: Timestamp) -> Option<Reason> {
    let (term, rule) = match rulebook.correction_notice() {
        Some(number) if purpose == Purpose::Employment => (number.employment.or(number.term), number.rule.as_str()),
        Some(number) => (number.term, number.rule.as_str()),
        None => (Some(RECALL_WITHOUT_RULE), "own-practice"),
    };
    let within = term.is_none_or(|term| term.after(shown).is_none_or(|over| over >= now));
    within.then(|| Reason { rule: rule.to_owned(), code: "was_shown_what_is_corrected".to_owned() })
}

/// Until when an alert placed at `now` lasts, and the rule; `None` where the rulebook knows no alerts.
pub fn alert_until(rulebook: &Rulebook, kind: AlertKind, now: Timestamp) -> Option<(Timestamp, &str)> {
    let number = rulebook.fraud_alert()?;
    let term = match kind {
        AlertKind::Initial => number.initial,
        AlertKind::Extended => number.extended,
        AlertKind::ActiveDuty => number.active_duty,
    };
    Some((term.after(now)?, &number.rule))
}

/// Whether a month says of its account that it is in default, as the rulebook tells subjects of it: late by so many days (each month
/// late counts 30), or given up as lost.
pub fn is_default(rulebook: &Rulebook, month: &TradelineMonth) -> bool {
    let Some(days) = rulebook.subject_alerts().and_then(|alerts| alerts.default_days) else { return false };
    let late = match month.rating {
        // As questions do: three steps are 90 days, by layouts that count from the due date a little fewer.
        PaymentRating::Late(months) => u16::from(months) * 30 >= days,
        PaymentRating::Collection
        | PaymentRating::Repossession
        | PaymentRating::Foreclosure
        | PaymentRating::ChargeOff => true,
        _ => false,
    };
    let given_up = matches!(
        month.status,
        AccountStatus::Collection | AccountStatus::ChargeOff | AccountStatus::Foreclosure | AccountStatus::Repossession
    );
    late || given_up
}
