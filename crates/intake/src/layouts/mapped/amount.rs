//! Amounts as furnishers write them: units, marks and signs. Exact: nothing is ever rounded, no float comes near.

use serde::Deserialize;
use tallystick_model::Currency;
use tallystick_model::money::{DecimalMarks, NotAnAmount, parse_minor};

use super::mapping::MappingError;
use super::shape::{TextOr, codes, one_of};
use crate::reject::RejectCode;

/// What a written 1 is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// One minor unit.
    Minor,
    /// This power of ten of the currency's unit.
    Major(u8),
}

impl Unit {
    const ALL: [(&'static str, Self); 8] = [
        ("major", Self::Major(0)),
        ("minor", Self::Minor),
        ("thousands", Self::Major(3)),
        ("wan", Self::Major(4)),
        ("lakh", Self::Major(5)),
        ("millions", Self::Major(6)),
        ("crore", Self::Major(7)),
        ("yi", Self::Major(8)),
    ];

    pub(super) fn parse(key: &str, text: &str) -> Result<Self, MappingError> {
        let unit = Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, unit)| *unit);
        one_of(key, text, &codes(Self::ALL.iter().map(|(name, _)| *name)), unit)
    }
}

/// How an amount below zero is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// `-1.00`, and `+1.00` above.
    Minus,
    /// `1.00-`, and `1.00+` above.
    TrailingMinus,
    /// `(1.00)`
    Parentheses,
    /// `1.00 CR`; `DR` or nothing is above.
    CreditNegative,
    /// `1.00 DR`; `CR` or nothing is above.
    DebitNegative,
    /// Never: a sign is a fault.
    None,
}

impl Sign {
    const ALL: [(&'static str, Self); 6] = [
        ("minus", Self::Minus),
        ("trailing_minus", Self::TrailingMinus),
        ("parentheses", Self::Parentheses),
        ("cr", Self::CreditNegative),
        ("dr", Self::DebitNegative),
        ("none", Self::None),
    ];

    pub(super) fn parse(key: &str, text: &str) -> Result<Self, MappingError> {
        let sign = Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, sign)| *sign);
        one_of(key, text, &codes(Self::ALL.iter().map(|(name, _)| *name)), sign)
    }

    /// Whether `text` is below zero, and the text without its sign.
    fn take(self, text: &[u8]) -> (bool, &[u8]) {
        let without = |mark: &[u8; 2]| {
            let (rest, last) = text.split_last_chunk::<2>()?;
            last.eq_ignore_ascii_case(mark).then_some(rest.trim_ascii_end())
        };
        match self {
            Self::Minus => match text.split_first() {
                Some((b'-', rest)) => (true, rest),
                Some((b'+', rest)) => (false, rest),
                _ => (false, text),
            },
            Self::TrailingMinus => match text.split_last() {
                Some((b'-', rest)) => (true, rest),
                Some((b'+', rest)) => (false, rest),
                _ => (false, text),
            },
            Self::Parentheses => match text.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")")) {
                Some(rest) => (true, rest),
                None => (false, text),
            },
            Self::CreditNegative => match (without(b"CR"), without(b"DR")) {
                (Some(rest), _) => (true, rest),
                (_, rest) => (false, rest.unwrap_or(text)),
            },
            Self::DebitNegative => match (without(b"DR"), without(b"CR")) {
                (Some(rest), _) => (true, rest),
                (_, rest) => (false, rest.unwrap_or(text)),
            },
            Self::None => (false, text),
        }
    }
}

/// How the amounts of a column are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AmountFormat {
    /// Before the decimal places.
    pub(super) decimal: u8,
    /// Between groups of three; blank if there is none. More than one byte for blanks that are not ASCII's.
    pub(super) thousands: Vec<u8>,
    pub(super) unit: Unit,
    pub(super) sign: Sign,
    /// Whether what is written is the opposite of what is meant.
    pub(super) negate: bool,
}

/// What an amount may be.
pub(super) const AMOUNT_RANGE: &str = "an amount below 2^63 minor units";

/// Longest amount that has marks of several bytes.
const MARKED_BYTES_MAX: usize = 128;

impl AmountFormat {
    /// The same for a number that has a type of its own: written plainly, whatever the mapping says of marks and signs.
    pub(super) fn plain(&self) -> Self {
        Self { decimal: b'.', thousands: Vec::new(), sign: Sign::Minus, ..self.clone() }
    }

    /// Most decimal places that `currency` has in this unit.
    fn places(&self, currency: Currency) -> u8 {
        match self.unit {
            Unit::Minor => 0,
            Unit::Major(power) => currency.minor_digits() + power,
        }
    }

    /// An amount in minor units of `currency`.
    ///
    /// # Errors
    /// [`NotAnAmount`]
    pub(super) fn parse(&self, text: &[u8], currency: Currency) -> Result<i64, NotAnAmount> {
        let (negative, digits) = self.sign.take(text);
        // The sign is gone: a second one is none.
        if matches!(digits.first(), Some(b'-' | b'+')) {
            return Err(NotAnAmount::Malformed);
        }
        let minor = self.unsigned(digits, self.places(currency))?;
        Ok(if negative == self.negate { minor } else { -minor })
    }

    /// Code and expectation of the reject for a text that is no amount.
    pub(super) fn fault(&self, error: NotAnAmount, currency: Currency) -> (RejectCode, String) {
        match error {
            NotAnAmount::Malformed => (RejectCode::NotAnAmount, "an amount".to_owned()),
            NotAnAmount::TooPrecise => {
                (RejectCode::NotAnAmount, format!("at most {} decimal places", self.places(currency)))
            }
            NotAnAmount::OutOfRange => (RejectCode::OutOfRange, AMOUNT_RANGE.to_owned()),
        }
    }

    fn unsigned(&self, digits: &[u8], places: u8) -> Result<i64, NotAnAmount> {
        let thousands = match self.thousands.as_slice() {
            [] => None,
            [byte] => Some(*byte),
            mark => return self.marked(digits, mark, places),
        };
        parse_minor(digits, places, DecimalMarks { decimal: self.decimal, thousands })
    }

    /// A thousands mark of several bytes, replaced by one that is no other.
    fn marked(&self, digits: &[u8], mark: &[u8], places: u8) -> Result<i64, NotAnAmount> {
        const STAND_IN: u8 = 0;
        let mut text = Vec::with_capacity(digits.len().min(MARKED_BYTES_MAX));
        let mut rest = digits;
        while let Some((&byte, after)) = rest.split_first() {
            if text.len() == MARKED_BYTES_MAX || byte == STAND_IN {
                return Err(NotAnAmount::Malformed);
            }
            let (next, behind) = rest.strip_prefix(mark).map_or((byte, after), |behind| (STAND_IN, behind));
            text.push(next);
            rest = behind;
        }
        parse_minor(&text, places, DecimalMarks { decimal: self.decimal, thousands: Some(STAND_IN) })
    }
}

/// Which columns an amount stands in.
#[derive(Clone, Debug)]
pub(super) enum AmountFrom {
    Column(String),
    /// What is in the first less what is in the second; a row has one of them or both.
    Difference(String, String),
}

/// An amount: its columns, and how they are written.
#[derive(Clone, Debug)]
pub(super) struct AmountMap {
    pub(super) from: AmountFrom,
    pub(super) format: AmountFormat,
}

/// `{ column = "..." }` or `{ debit = "...", credit = "..." }`, each with what differs from the file's other amounts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AmountToml {
    column: Option<String>,
    debit: Option<String>,
    credit: Option<String>,
    #[serde(rename = "in")]
    unit: Option<String>,
    sign: Option<String>,
    #[serde(default)]
    negate: bool,
}

/// Checks an amount's key; `file` is how the file's amounts are written unless told otherwise.
pub(super) fn amount(
    key: &str,
    file: &AmountFormat,
    toml: Option<TextOr<AmountToml>>,
) -> Result<Option<AmountMap>, MappingError> {
    let table = match toml {
        None => return Ok(None),
        Some(TextOr::Text(column)) => {
            return Ok(Some(AmountMap { from: AmountFrom::Column(column), format: file.clone() }));
        }
        Some(TextOr::Table(table)) => table,
    };
    let from = match (table.column, table.debit, table.credit) {
        (Some(column), None, None) => AmountFrom::Column(column),
        (None, Some(debit), Some(credit)) => AmountFrom::Difference(debit, credit),
        _ => return one_of(key, "another set of them", "`column`, or both `debit` and `credit`", None),
    };
    let mut format = AmountFormat { negate: table.negate, ..file.clone() };
    if let Some(unit) = table.unit {
        format.unit = Unit::parse(&format!("{key}.in"), &unit)?;
    }
    if let Some(sign) = table.sign {
        format.sign = Sign::parse(&format!("{key}.sign"), &sign)?;
    }
    Ok(Some(AmountMap { from, format }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(decimal: u8, thousands: &str, unit: &str, sign: &str) -> AmountFormat {
        AmountFormat {
            decimal,
            thousands: thousands.as_bytes().to_vec(),
            unit: Unit::parse("in", unit).unwrap(),
            sign: Sign::parse("sign", sign).unwrap(),
            negate: false,
        }
    }

    #[test]
    fn amounts_are_worth_their_unit_exactly() {
        for (unit, text, minor) in [
            ("minor", "1234", Ok(1234)),
            ("minor", "1234.00", Ok(1234)),
            ("minor", "1234.5", Err(NotAnAmount::TooPrecise)),
            ("major", "12.34", Ok(1234)),
            ("thousands", "12.34", Ok(1_234_000)),
            ("thousands", "0.00001", Ok(1)),
            ("thousands", "0.000001", Err(NotAnAmount::TooPrecise)),
            ("wan", "1.5", Ok(1_500_000)),
            ("lakh", "1.5", Ok(15_000_000)),
            ("millions", "-1", Ok(-100_000_000)),
            ("crore", "1", Ok(1_000_000_000)),
            ("yi", "1", Ok(10_000_000_000)),
            ("yi", "9999999999", Err(NotAnAmount::OutOfRange)),
        ] {
            assert_eq!(format(b'.', "", unit, "minus").parse(text.as_bytes(), Currency::CNY), minor, "{unit} {text}");
        }
        assert_eq!(format(b'.', "", "thousands", "minus").parse(b"1.234", Currency::JPY), Ok(1234));
        assert_eq!(format(b'.', "", "major", "minus").parse(b"1.234", Currency::KWD), Ok(1234));
    }

    #[test]
    fn marks_between_thousands_are_those_said_and_stand_between_threes() {
        for (decimal, thousands, text) in [
            (b'.', ",", "1,234,567.89"),
            (b',', ".", "1.234.567,89"),
            (b'.', "'", "1'234'567.89"),
            (b',', " ", "1 234 567,89"),
            (b',', "\u{a0}", "1\u{a0}234\u{a0}567,89"),
            (b',', "\u{202f}", "1\u{202f}234\u{202f}567,89"),
            (b',', "\u{202f}", "1234567,89"),
        ] {
            let format = format(decimal, thousands, "major", "minus");
            assert_eq!(format.parse(text.as_bytes(), Currency::EUR), Ok(123_456_789), "{text}");
            let negative = format!("-{text}");
            assert_eq!(format.parse(negative.as_bytes(), Currency::EUR), Ok(-123_456_789), "{text}");
        }
        let narrow = format(b',', "\u{202f}", "major", "minus");
        for text in ["1\u{202f}23,00", "1\u{a0}234,00", "1\u{0}234,00", "1\u{202f},00", &"1".repeat(200)] {
            assert_eq!(narrow.parse(text.as_bytes(), Currency::EUR), Err(NotAnAmount::Malformed), "{text}");
        }
    }

    #[test]
    fn signs_are_those_said_and_no_others() {
        for (sign, text, minor) in [
            ("minus", "-1", Some(-100)),
            ("minus", "+1", Some(100)),
            ("minus", "--1", None),
            ("minus", "1-", None),
            ("trailing_minus", "1-", Some(-100)),
            ("trailing_minus", "1", Some(100)),
            ("trailing_minus", "-1", None),
            ("parentheses", "(1.00)", Some(-100)),
            ("parentheses", "1.00", Some(100)),
            ("parentheses", "(1.00", None),
            ("parentheses", "(-1.00)", None),
            ("cr", "1.00 CR", Some(-100)),
            ("cr", "1.00cr", Some(-100)),
            ("cr", "1.00 DR", Some(100)),
            ("cr", "1.00", Some(100)),
            ("cr", "-1.00 CR", None),
            ("cr", "CR", None),
            ("dr", "1.00DR", Some(-100)),
            ("dr", "1.00 Cr", Some(100)),
            ("none", "1", Some(100)),
            ("none", "-1", None),
        ] {
            let format = format(b'.', "", "major", sign);
            assert_eq!(format.parse(text.as_bytes(), Currency::CNY).ok(), minor, "{sign} {text}");
            let opposite = AmountFormat { negate: true, ..format };
            assert_eq!(
                opposite.parse(text.as_bytes(), Currency::CNY).ok(),
                minor.map(|minor: i64| -minor),
                "{sign} {text}"
            );
        }
    }
}
