//! Months, dates and instants. Arithmetic on dates is `jiff`'s; this gives the stored forms.

use std::fmt;

use thiserror::Error;

pub use jiff::civil::Date;

/// A calendar month. Stored as months since January of year 0, so that order is time order
/// and a month takes two bytes in a key. Ranges from 0001-01 to 5460-12.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month(u16);

/// Why a text or a pair of numbers is no month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a month of the years 1 to 5460 (`YYYY-MM`)")]
pub struct NotAMonth;

impl Month {
    /// The month `month` (1 to 12) of `year` (1 to 5460).
    pub const fn new(year: u16, month: u8) -> Result<Self, NotAMonth> {
        if year < 1 || year > 5460 || month < 1 || month > 12 {
            return Err(NotAMonth);
        }
        // 5460 * 12 + 11 is below 65,536, so nothing is cut.
        Ok(Self(year * 12 + (month as u16 - 1)))
    }

    /// The month a date lies in. `None` before year 1 or after 5460.
    pub fn of(date: Date) -> Option<Self> {
        let year = u16::try_from(date.year()).ok()?;
        Self::new(year, u8::try_from(date.month()).ok()?).ok()
    }

    /// Months since January of year 0: the two bytes of a key.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The inverse of [`Month::number`].
    pub const fn from_number(number: u16) -> Result<Self, NotAMonth> {
        if number < 12 || number > 5460 * 12 + 11 {
            return Err(NotAMonth);
        }
        Ok(Self(number))
    }

    /// Calendar year, 1 to 5460.
    pub const fn year(self) -> u16 {
        self.0 / 12
    }

    /// Calendar month, 1 to 12.
    pub const fn month(self) -> u8 {
        (self.0 % 12) as u8 + 1
    }

    /// How many days it has, 28 to 31.
    pub const fn days(self) -> u8 {
        match self.month() {
            4 | 6 | 9 | 11 => 30,
            2 => {
                let year = self.year();
                let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
                if leap { 29 } else { 28 }
            }
            _ => 31,
        }
    }

    /// The month `count` months later, or `None` past the end of the range.
    pub fn plus(self, count: i32) -> Option<Self> {
        let number = i32::from(self.0).checked_add(count)?;
        Self::from_number(u16::try_from(number).ok()?).ok()
    }

    /// How many months `self` is after `earlier` (negative if before).
    pub const fn since(self, earlier: Self) -> i32 {
        self.0 as i32 - earlier.0 as i32
    }

    /// Reads `YYYY-MM`.
    pub fn parse(text: &str) -> Result<Self, NotAMonth> {
        let (year, month) = text.split_once('-').ok_or(NotAMonth)?;
        if year.len() != 4 || month.len() != 2 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return Err(NotAMonth);
        }
        Self::new(year.parse().map_err(|_| NotAMonth)?, month.parse().map_err(|_| NotAMonth)?)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}", self.year(), self.month())
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// An instant: milliseconds since 1970-01-01T00:00:00Z. Shown as RFC 3339 in UTC.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// Why a text is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a date (`YYYY-MM-DD`) or an instant (`YYYY-MM-DDThh:mm:ssZ`)")]
pub struct NotAnInstant;

impl Timestamp {
    /// From milliseconds since 1970-01-01T00:00:00Z; the range is that of `jiff` (years -9999 to 9999).
    pub fn from_millis(millis: i64) -> Result<Self, NotAnInstant> {
        jiff::Timestamp::from_millisecond(millis).map_err(|_| NotAnInstant)?;
        Ok(Self(millis))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Reads `YYYY-MM-DD` (its first instant, UTC) or an RFC 3339 instant.
    pub fn parse(text: &str) -> Result<Self, NotAnInstant> {
        if let Ok(date) = text.parse::<Date>()
            && text.len() == 10
        {
            return Ok(Self::start_of(date));
        }
        let instant: jiff::Timestamp = text.parse().map_err(|_| NotAnInstant)?;
        Ok(Self(instant.as_millisecond()))
    }

    /// The first instant of a date, UTC.
    pub fn start_of(date: Date) -> Self {
        let zoned = date.to_zoned_datetime(jiff::tz::TimeZone::UTC);
        Self(zoned.map_or(i64::MAX, |zoned| zoned.timestamp().as_millisecond()))
    }

    /// The UTC date of this instant.
    pub fn date(self) -> Date {
        self.jiff().to_zoned_datetime(jiff::tz::TimeZone::UTC).date()
    }

    /// The UTC month of this instant; months before year 1 are shown as 0001-01.
    pub fn month(self) -> Month {
        Month::of(self.date()).unwrap_or(Month(12))
    }

    fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::MAX)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.jiff(), out)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_reads_prints_and_counts() {
        let april = Month::parse("2005-04").unwrap();
        assert_eq!(april.to_string(), "2005-04");
        assert_eq!(april.plus(9).unwrap().to_string(), "2006-01");
        assert_eq!(april.plus(-4).unwrap().to_string(), "2004-12");
        assert_eq!(Month::parse("2006-01").unwrap().since(april), 9);
    }

    #[test]
    fn a_month_has_as_many_days_as_the_calendar_says() {
        for (month, days) in
            [("2023-02", 28), ("2024-02", 29), ("1900-02", 28), ("2000-02", 29), ("2024-04", 30), ("2024-12", 31)]
        {
            assert_eq!(Month::parse(month).unwrap().days(), days, "{month}");
        }
    }

    #[test]
    fn what_is_no_month_is_refused() {
        for text in ["", "2005", "2005-13", "2005-00", "05-04", "0000-01", "2005-4", "+005-04", "5462-01"] {
            assert_eq!(Month::parse(text), Err(NotAMonth), "{text}");
        }
        assert!(Month::from_number(11).is_err());
        assert_eq!(Month::new(5460, 12).unwrap().plus(1), None);
    }

    #[test]
    fn instants_read_dates_and_rfc_3339() {
        let start = Timestamp::parse("2026-03-01").unwrap();
        assert_eq!(start.to_string(), "2026-03-01T00:00:00Z");
        assert_eq!(Timestamp::parse("2026-03-01T08:00:00+08:00").unwrap(), start);
        assert_eq!(start.month(), Month::new(2026, 3).unwrap());
        assert_eq!(Timestamp::parse("yesterday"), Err(NotAnInstant));
    }
}
