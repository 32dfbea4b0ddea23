//! Dates and months by a pattern such as `YYYY-MM-DD`, `DD.MM.YYYY` or `YYYYMM`.

use tallystick_model::{Date, Month};

/// Where year, month and day stand in a text of fixed length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DatePattern(Vec<u8>);

impl DatePattern {
    /// A pattern of `YYYY`, `MM`, perhaps `DD`, and marks between them; `None` if year or month is missing or any
    /// stands twice.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let count = |letter: char| pattern.chars().filter(|character| *character == letter).count();
        let together =
            pattern.contains("YYYY") && pattern.contains("MM") && (count('D') == 0 || pattern.contains("DD"));
        let once = count('Y') == 4 && count('M') == 2 && matches!(count('D'), 0 | 2);
        (together && once && pattern.is_ascii()).then(|| Self(pattern.as_bytes().to_vec()))
    }

    /// Bytes of a text that fits.
    pub(super) const fn length(&self) -> usize {
        self.0.len()
    }

    /// Whether the pattern has a day.
    pub(super) fn has_day(&self) -> bool {
        self.0.contains(&b'D')
    }

    fn parts(&self, text: &[u8]) -> Option<(i16, i8, i8)> {
        if text.len() != self.0.len() {
            return None;
        }
        let (mut year, mut month, mut day) = (0_i16, 0_i8, 0_i8);
        for (&letter, &byte) in self.0.iter().zip(text) {
            let digit = || byte.is_ascii_digit().then(|| byte - b'0');
            match letter {
                b'Y' => year = year * 10 + i16::from(digit()?),
                b'M' => month = month * 10 + i8::try_from(digit()?).ok()?,
                b'D' => day = day * 10 + i8::try_from(digit()?).ok()?,
                mark if mark == byte => {}
                _ => return None,
            }
        }
        Some((year, month, day))
    }

    pub(super) fn month(&self, text: &[u8]) -> Option<Month> {
        let (year, month, day) = self.parts(text)?;
        if self.has_day() {
            Date::new(year, month, day).ok()?;
        }
        Month::new(u16::try_from(year).ok()?, u8::try_from(month).ok()?).ok()
    }

    pub(super) fn date(&self, text: &[u8]) -> Option<Date> {
        let (year, month, day) = self.parts(text)?;
        Date::new(year, month, if self.has_day() { day } else { 1 }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_read_what_they_say_and_nothing_else() {
        let german = DatePattern::new("DD.MM.YYYY").unwrap();
        assert_eq!(german.date(b"29.02.2024"), Some(Date::constant(2024, 2, 29)));
        assert_eq!(german.month(b"29.02.2024"), Month::new(2024, 2).ok());
        for text in [b"29.02.2023".as_slice(), b"2024-02-29", b"29/02/2024", b"9.2.2024", b"", b"29.02.202x"] {
            assert_eq!(german.date(text), None, "{text:?}");
            assert_eq!(german.month(text), None, "{text:?}");
        }
        assert_eq!(DatePattern::new("YYYYMM").unwrap().month(b"200513"), None);
        assert_eq!(DatePattern::new("YYYYMM").unwrap().month(b"200512"), Month::new(2005, 12).ok());
        for pattern in ["", "YYYY", "YY-MM", "YYYY-MM-YYYY", "MYMYYY", "YYYY-MM-D", "年MMYYYY"] {
            assert_eq!(DatePattern::new(pattern), None, "{pattern}");
        }
    }
}
