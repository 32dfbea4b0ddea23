//! Dates and months by a pattern such as `YYYY-MM-DD`, `D.M.YYYY`, `DD MMM YYYY` or `YYYYMM`, or as a count of days or
//! seconds.

use serde::Deserialize;
use tallystick_model::{Date, Month};

use super::encoding::Encoding;
use super::mapping::MappingError;
use super::shape::one_of;

/// How dates are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DatePattern {
    /// Parts and marks, one after another.
    Written(Vec<Token>),
    /// `YYYY-MM-DD`, or `YYYY-MM` for a month, where the mapping says nothing else.
    Iso,
    /// Days of a spreadsheet that counts from 1900; a part of a day is not looked at.
    ExcelSerial,
    /// Days since 1970-01-01.
    Days,
    /// Time since 1970-01-01T00:00Z.
    Unix {
        /// How many of them a second has.
        per_second: i64,
        /// Of the place whose dates are meant, from UTC; `None` is not said.
        offset_seconds: Option<i64>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Year,
    /// Two digits.
    Month,
    /// One or two.
    MonthShort,
    /// English, the first three letters or all of them.
    MonthName(NameLength),
    Day,
    DayShort,
    /// Two digits below this; the time of day is not kept.
    Time(u8),
    Mark(Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameLength {
    Three,
    Full,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// What a pattern may be.
const EXPECTED: &str = "a pattern of YYYY, M, MM, MMM or MMMM, D or DD, hh, mm, ss and marks, or `excel-serial`, \
                        `unix-seconds` or `unix-millis`";

/// `{ column = "...", pattern = "..." }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DateToml {
    pub(super) column: String,
    pub(super) pattern: Option<String>,
    pub(super) utc_offset: Option<String>,
}

impl DateToml {
    /// The column and its pattern.
    pub(super) fn check(self, key: &str, encoding: Encoding) -> Result<(String, DatePattern), MappingError> {
        let offset = match &self.utc_offset {
            None => None,
            Some(text) => Some(one_of(
                &format!("{key}.utc_offset"),
                text,
                "an offset from UTC such as `+08:00`",
                offset_seconds(text),
            )?),
        };
        let unix = |per_second| DatePattern::Unix { per_second, offset_seconds: offset };
        let pattern = match self.pattern.as_deref() {
            // The offset is of use for a typed instant.
            None if offset.is_some() => unix(0),
            None => DatePattern::Iso,
            Some("excel-serial") => DatePattern::ExcelSerial,
            Some("unix-seconds") => unix(1),
            Some("unix-millis") => unix(1000),
            Some(text) => one_of(key, text, EXPECTED, DatePattern::new(text, encoding))?,
        };
        if matches!(pattern, DatePattern::Unix { per_second: 1.., offset_seconds: None }) {
            let expected = "the offset from UTC of the place whose dates are meant, such as `+08:00`";
            return one_of(&format!("{key}.utc_offset"), "nothing", expected, None);
        }
        Ok((self.column, pattern))
    }
}

/// Seconds of `+08:00`, `-03:30` or `Z`, at most 14 hours.
fn offset_seconds(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |text: &str, max: i64| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| digits && *number <= max)
    };
    Some(sign * (number(hours, 14)? * 3600 + number(minutes, 59)? * 60))
}

/// A text whose digits are taken from its front.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    /// A number of exactly `count` digits.
    fn exactly(&mut self, count: usize) -> Option<i16> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        number(digits)
    }

    /// A number of one or two digits.
    fn one_or_two(&mut self) -> Option<i16> {
        let count = self.0.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 { None } else { self.exactly(count) }
    }

    fn mark(&mut self, mark: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(mark)?;
        Some(())
    }

    fn month_name(&mut self, length: NameLength) -> Option<i16> {
        for (number, name) in (1..).zip(MONTHS) {
            let name = if length == NameLength::Three { name.get(..3)? } else { name };
            if let Some((word, rest)) = self.0.split_at_checked(name.len())
                && word.eq_ignore_ascii_case(name.as_bytes())
            {
                self.0 = rest;
                return Some(number);
            }
        }
        None
    }
}

fn number(digits: &[u8]) -> Option<i16> {
    let digit = |sum: i16, byte: &u8| byte.is_ascii_digit().then(|| sum * 10 + i16::from(byte - b'0'));
    digits.iter().try_fold(0, digit)
}

impl DatePattern {
    /// A pattern with a year, a month and perhaps a day, each once; `None` if it is none, or if a number of one or two
    /// digits is followed by another number.
    fn new(pattern: &str, encoding: Encoding) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut characters = pattern.chars().peekable();
        while let Some(character) = characters.next() {
            let mut run = 1;
            while matches!(character, 'Y' | 'M' | 'D' | 'h' | 'm' | 's') && characters.next_if_eq(&character).is_some()
            {
                run += 1;
            }
            let token = match (character, run) {
                ('Y', 4) => Token::Year,
                ('M', 1) => Token::MonthShort,
                ('M', 2) => Token::Month,
                ('M', 3) => Token::MonthName(NameLength::Three),
                ('M', 4) => Token::MonthName(NameLength::Full),
                ('D', 1) => Token::DayShort,
                ('D', 2) => Token::Day,
                ('h', 2) => Token::Time(24),
                ('m', 2) => Token::Time(60),
                // A leap second is one more.
                ('s', 2) => Token::Time(61),
                ('Y' | 'M' | 'D' | 'h' | 'm' | 's', _) => return None,
                (mark, _) if mark.is_ascii_digit() => return None,
                (mark, _) => Token::Mark(encoding.encode(mark.encode_utf8(&mut [0; 4]))),
            };
            tokens.push(token);
        }
        let count = |wanted: fn(&Token) -> bool| tokens.iter().filter(|token| wanted(token)).count();
        let years = count(|token| matches!(token, Token::Year));
        let months = count(|token| matches!(token, Token::Month | Token::MonthShort | Token::MonthName(_)));
        let days = count(|token| matches!(token, Token::Day | Token::DayShort));
        let open = tokens.windows(2).any(|pair| {
            matches!(pair, [Token::MonthShort | Token::DayShort, after] if !matches!(after, Token::Mark(_) | Token::MonthName(_)))
        });
        (years == 1 && months == 1 && days <= 1 && !open).then_some(Self::Written(tokens))
    }

    /// Year, month, and the day if the pattern has one.
    fn parts(&self, text: &[u8]) -> Option<(i16, i8, Option<i8>)> {
        let small = |number: i16| i8::try_from(number).ok();
        let date = |date: Date| (date.year(), date.month(), Some(date.day()));
        match self {
            Self::Written(tokens) => {
                let (mut year, mut month, mut day) = (0, 0, None);
                let mut digits = Digits(text);
                for token in tokens {
                    match token {
                        Token::Year => year = digits.exactly(4)?,
                        Token::Month => month = small(digits.exactly(2)?)?,
                        Token::MonthShort => month = small(digits.one_or_two()?)?,
                        Token::MonthName(length) => month = small(digits.month_name(*length)?)?,
                        Token::Day => day = Some(small(digits.exactly(2)?)?),
                        Token::DayShort => day = Some(small(digits.one_or_two()?)?),
                        Token::Time(below) => {
                            digits.exactly(2).filter(|number| *number < i16::from(*below))?;
                        }
                        Token::Mark(mark) => digits.mark(mark)?,
                    }
                }
                digits.0.is_empty().then_some((year, month, day))
            }
            Self::Iso => {
                let mut digits = Digits(text);
                let year = digits.exactly(4)?;
                digits.mark(b"-")?;
                let month = small(digits.exactly(2)?)?;
                if digits.0.is_empty() {
                    return Some((year, month, None));
                }
                digits.mark(b"-")?;
                let day = small(digits.exactly(2)?)?;
                digits.0.is_empty().then_some((year, month, Some(day)))
            }
            Self::ExcelSerial => {
                let (days, part) = match text.iter().position(|byte| *byte == b'.') {
                    Some(at) => (text.get(..at)?, text.get(at + 1..)?),
                    None => (text, b"0".as_slice()),
                };
                if part.is_empty() || !part.iter().all(u8::is_ascii_digit) {
                    return None;
                }
                let days = whole(days)?;
                // Spreadsheets have a 29 February 1900 that never was, under the number 60.
                match days {
                    1..=59 => days_after(Date::constant(1899, 12, 31), days).map(date),
                    61.. => days_after(Date::constant(1899, 12, 30), days).map(date),
                    _ => None,
                }
            }
            Self::Days => days_after(Date::constant(1970, 1, 1), whole(text)?).map(date),
            Self::Unix { per_second, offset_seconds } => {
                let seconds = whole(text)?.checked_div_euclid(*per_second)?.checked_add(offset_seconds.unwrap_or(0))?;
                days_after(Date::constant(1970, 1, 1), seconds.div_euclid(86_400)).map(date)
            }
        }
    }

    /// Whether a text of this pattern has a day.
    pub(super) fn has_day(&self) -> bool {
        match self {
            Self::Written(tokens) => tokens.iter().any(|token| matches!(token, Token::Day | Token::DayShort)),
            Self::Iso | Self::ExcelSerial | Self::Days | Self::Unix { .. } => true,
        }
    }

    /// The month of a text.
    pub(super) fn month(&self, text: &[u8]) -> Option<Month> {
        let (year, month, day) = self.parts(text)?;
        if let Some(day) = day {
            Date::new(year, month, day).ok()?;
        }
        Month::new(u16::try_from(year).ok()?, u8::try_from(month).ok()?).ok()
    }

    /// The date of a text; the first of a month if the pattern has no day.
    pub(super) fn date(&self, text: &[u8]) -> Option<Date> {
        let (year, month, day) = self.parts(text)?;
        if day.is_none() && matches!(self, Self::Iso) {
            return None;
        }
        Date::new(year, month, day.unwrap_or(1)).ok()
    }
}

/// A whole number, perhaps below zero.
fn whole(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| plain)?.parse().ok()
}

fn days_after(start: Date, days: i64) -> Option<Date> {
    start.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Option<DatePattern> {
        DatePattern::new(text, Encoding::Utf8)
    }

    fn declared(pattern: Option<&str>, utc_offset: Option<&str>) -> Result<DatePattern, String> {
        let text = |text: &str| text.to_owned();
        let toml = DateToml { column: "c".to_owned(), pattern: pattern.map(text), utc_offset: utc_offset.map(text) };
        toml.check("tradeline.opened", Encoding::Utf8).map(|(_, pattern)| pattern).map_err(|error| error.to_string())
    }

    #[test]
    fn patterns_read_what_they_say_and_nothing_else() {
        let german = pattern("DD.MM.YYYY").unwrap();
        assert_eq!(german.date(b"29.02.2024"), Some(Date::constant(2024, 2, 29)));
        assert_eq!(german.month(b"29.02.2024"), Month::new(2024, 2).ok());
        for text in
            [b"29.02.2023".as_slice(), b"2024-02-29", b"29/02/2024", b"9.2.2024", b"", b"29.02.202x", b"29.02.2024 "]
        {
            assert_eq!(german.date(text), None, "{text:?}");
            assert_eq!(german.month(text), None, "{text:?}");
        }
        assert_eq!(pattern("YYYYMM").unwrap().month(b"200513"), None);
        assert_eq!(pattern("YYYYMM").unwrap().month(b"200512"), Month::new(2005, 12).ok());
        for text in [
            "",
            "YYYY",
            "YY-MM",
            "YYYY-MM-YYYY",
            "MYMYYY",
            "YYYY-MMMMM",
            "YYYY-MM-DDD",
            "DMYYYY",
            "MMDYYYY",
            "YYYY-MM-07",
            "DD.YYYY",
        ] {
            assert_eq!(pattern(text), None, "{text}");
        }
    }

    #[test]
    fn each_way_of_writing_the_first_of_march() {
        let march = Date::constant(2026, 3, 1);
        for (text, written) in [
            ("YYYYMMDD", "20260301"),
            ("DD/MM/YYYY", "01/03/2026"),
            ("D.M.YYYY", "1.3.2026"),
            ("D.M.YYYY", "01.03.2026"),
            ("YYYY\u{5e74}M\u{6708}D\u{65e5}", "2026\u{5e74}3\u{6708}1\u{65e5}"),
            ("YYYY\u{5e74}MM\u{6708}DD\u{65e5}", "2026\u{5e74}03\u{6708}01\u{65e5}"),
            ("DD MMM YYYY", "01 Mar 2026"),
            ("DD-MMM-YYYY", "01-MAR-2026"),
            ("MMMM D, YYYY", "March 1, 2026"),
            ("DMMMYYYY", "1mar2026"),
            ("YYYY-MM-DD hh:mm:ss", "2026-03-01 23:59:60"),
            ("YYYY-MM-DDThh:mmZ", "2026-03-01T00:00Z"),
        ] {
            assert_eq!(pattern(text).unwrap().date(written.as_bytes()), Some(march), "{text} {written}");
            assert_eq!(pattern(text).unwrap().month(written.as_bytes()), Month::new(2026, 3).ok(), "{text} {written}");
        }
        for (text, written) in [
            ("D.M.YYYY", "001.3.2026"),
            ("D.M.YYYY", ".3.2026"),
            ("DD MMM YYYY", "01 March 2026"),
            ("DD MMMM YYYY", "01 Mar 2026"),
            ("DD MMM YYYY", "01 Mrz 2026"),
            ("YYYY-MM-DD hh:mm:ss", "2026-03-01 24:00:00"),
            ("YYYY\u{5e74}M\u{6708}D\u{65e5}", "2026-3-1"),
        ] {
            assert_eq!(pattern(text).unwrap().date(written.as_bytes()), None, "{text} {written}");
        }
        assert_eq!(pattern("MMM YYYY").unwrap().month(b"Dec 2025"), Month::new(2025, 12).ok());
        assert_eq!(pattern("MMMM YYYY").unwrap().month(b"May 2025"), Month::new(2025, 5).ok());
        let gb18030 = DatePattern::new("YYYY\u{5e74}M\u{6708}D\u{65e5}", Encoding::Gb18030).unwrap();
        let written = Encoding::Gb18030.encode("2026\u{5e74}3\u{6708}1\u{65e5}");
        assert_eq!(gb18030.date(&written), Some(march));
    }

    #[test]
    fn counts_of_days_and_seconds_are_read_only_where_declared() {
        let excel = declared(Some("excel-serial"), None).unwrap();
        for (serial, date) in [
            ("1", Some(Date::constant(1900, 1, 1))),
            ("59", Some(Date::constant(1900, 2, 28))),
            ("60", None),
            ("61", Some(Date::constant(1900, 3, 1))),
            ("46082", Some(Date::constant(2026, 3, 1))),
            ("46082.75", Some(Date::constant(2026, 3, 1))),
            ("46082.", None),
            ("0", None),
            ("-1", None),
            ("4608200000000", None),
        ] {
            assert_eq!(excel.date(serial.as_bytes()), date, "{serial}");
        }
        let china = declared(Some("unix-seconds"), Some("+08:00")).unwrap();
        // 2026-02-28T16:00:00Z is the first second of March in China.
        assert_eq!(china.date(b"1772294400"), Some(Date::constant(2026, 3, 1)));
        assert_eq!(china.date(b"1772294399"), Some(Date::constant(2026, 2, 28)));
        assert_eq!(china.month(b"1772294399"), Month::new(2026, 2).ok());
        let new_york = declared(Some("unix-millis"), Some("-05:00")).unwrap();
        assert_eq!(new_york.date(b"-1"), Some(Date::constant(1969, 12, 31)));
        assert_eq!(new_york.date(b"18000000"), Some(Date::constant(1970, 1, 1)));
        assert_eq!(new_york.date(b"99999999999999999999"), None);
        assert_eq!(declared(None, None).unwrap().date(b"2026-03-01"), Some(Date::constant(2026, 3, 1)));
        assert_eq!(declared(None, None).unwrap().date(b"2026-03"), None);
        assert_eq!(declared(None, None).unwrap().month(b"2026-03"), Month::new(2026, 3).ok());
    }

    #[test]
    fn a_wrong_date_names_its_key() {
        for (pattern, offset, expected) in [
            (Some("YY-MM-DD"), None, "`tradeline.opened`: expected a pattern of YYYY, M, MM,"),
            (Some("unix-seconds"), None, "`tradeline.opened.utc_offset`: expected the offset from UTC of"),
            (Some("unix-seconds"), Some("8"), "`tradeline.opened.utc_offset`: expected an offset from UTC such as"),
            (
                Some("unix-seconds"),
                Some("+15:00"),
                "`tradeline.opened.utc_offset`: expected an offset from UTC such as",
            ),
        ] {
            let error = declared(pattern, offset).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
