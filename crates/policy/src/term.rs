//! Terms: how long something lasts or may take, as a rule says it.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use tallystick_model::{Date, Month, Timestamp};

const HOUR_MILLIS: i64 = 3_600_000;
const DAY_MILLIS: i64 = 24 * HOUR_MILLIS;

/// How long something lasts or may take. At least one of its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// Hours by the clock.
    Hours(u16),
    /// Days of 24 hours.
    Days(u16),
    /// Days that are no Saturday and no Sunday. Holidays are not known here: where one falls within, the term is the shorter one.
    BusinessDays(u16),
    /// Calendar months: from the 31st to the last day of a shorter month.
    Months(u16),
    /// Calendar years.
    Years(u16),
}

impl Term {
    /// Reads a number and a unit, e.g. `20 days`, `1 business day`, `5 years`.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.split_once(' ')?;
        let number = number.parse::<u16>().ok().filter(|number| *number > 0)?;
        Some(match unit.strip_suffix('s').unwrap_or(unit) {
            "hour" => Self::Hours(number),
            "day" => Self::Days(number),
            "business day" => Self::BusinessDays(number),
            "month" => Self::Months(number),
            "year" => Self::Years(number),
            _ => return None,
        })
    }

    /// The instant at which the term is over that begins at `from` (UTC); the time of day stays, but for hours. `None` past the
    /// end of time.
    pub fn after(self, from: Timestamp) -> Option<Timestamp> {
        let plus = |millis: i64| Timestamp::from_millis(from.millis().checked_add(millis)?).ok();
        match self {
            Self::Hours(hours) => plus(i64::from(hours) * HOUR_MILLIS),
            Self::Days(days) => plus(i64::from(days) * DAY_MILLIS),
            Self::BusinessDays(days) => {
                let mut at = from;
                for _ in 0..days {
                    at = Self::Days(1).after(at)?;
                    // Five and six from Monday are Saturday and Sunday.
                    while at.date().weekday().to_monday_zero_offset() > 4 {
                        at = Self::Days(1).after(at)?;
                    }
                }
                Some(at)
            }
            Self::Months(_) | Self::Years(_) => {
                let of_day = from.millis().rem_euclid(DAY_MILLIS);
                let date = Timestamp::start_of(self.after_date(from.date())?);
                Timestamp::from_millis(date.millis().checked_add(of_day)?).ok()
            }
        }
    }

    /// The most days it can have, counted by the calendar.
    pub(crate) fn days_max(self) -> i64 {
        match self {
            Self::Hours(hours) => i64::from(hours.div_ceil(24)),
            Self::Days(days) => i64::from(days),
            // A weekend in every five, and one more where it begins just before one.
            Self::BusinessDays(days) => i64::from(days) + 2 * (i64::from(days) / 5 + 1),
            Self::Months(months) => i64::from(months) * 31,
            Self::Years(years) => i64::from(years) * 366,
        }
    }

    /// The day on which the term is over that begins on `from`. Of hours, the day they end on if they begin with the day.
    pub fn after_date(self, from: Date) -> Option<Date> {
        let months = match self {
            Self::Months(months) => i32::from(months),
            Self::Years(years) => i32::from(years) * 12,
            Self::Hours(_) | Self::Days(_) | Self::BusinessDays(_) => {
                return self.after(Timestamp::start_of(from)).map(Timestamp::date);
            }
        };
        let month = Month::of(from)?.plus(months)?;
        let day = from.day().min(i8::try_from(month.days()).ok()?);
        Date::new(i16::try_from(month.year()).ok()?, i8::try_from(month.month()).ok()?, day).ok()
    }
}

impl fmt::Display for Term {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self {
            Self::Hours(number) => (number, "hour"),
            Self::Days(number) => (number, "day"),
            Self::BusinessDays(number) => (number, "business day"),
            Self::Months(number) => (number, "month"),
            Self::Years(number) => (number, "year"),
        };
        write!(out, "{number} {unit}{}", if *number == 1 { "" } else { "s" })
    }
}

impl<'de> Deserialize<'de> for Term {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        let expected = "a number and a unit: hours, days, business days, months, years";
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("expected {expected}, found `{text}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(term: &str, from: &str) -> String {
        Term::parse(term).unwrap().after(Timestamp::parse(from).unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_term_is_a_number_and_a_unit_and_nothing_else() {
        for text in ["20 days", "1 hour", "1 business day", "3 business days", "12 months", "1 year"] {
            assert_eq!(Term::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "days", "0 days", "-1 days", "1.5 days", "20days", "20 weeks", "20  days", "70000 days"] {
            assert_eq!(Term::parse(text), None, "{text}");
        }
    }

    #[test]
    fn terms_end_by_the_calendar_and_keep_the_time_of_day() {
        assert_eq!(after("1 hour", "2026-03-01T23:30:00Z"), "2026-03-02T00:30:00Z");
        assert_eq!(after("20 days", "2026-02-20T10:00:00Z"), "2026-03-12T10:00:00Z");
        assert_eq!(after("1 month", "2026-01-31T10:00:00Z"), "2026-02-28T10:00:00Z");
        assert_eq!(after("5 years", "2024-02-29T00:00:00Z"), "2029-02-28T00:00:00Z");
        // 2026-03-06 is a Friday.
        assert_eq!(after("1 business day", "2026-03-06T10:00:00Z"), "2026-03-09T10:00:00Z");
        assert_eq!(after("3 business days", "2026-03-07T10:00:00Z"), "2026-03-11T10:00:00Z");
        let day = Date::new(2021, 3, 1).unwrap();
        assert_eq!(Term::Years(5).after_date(day), Date::new(2026, 3, 1).ok());
        assert_eq!(Term::Days(31).after_date(day), Date::new(2021, 4, 1).ok());
        assert_eq!(Term::Years(u16::MAX).after_date(day), None);
    }
}
