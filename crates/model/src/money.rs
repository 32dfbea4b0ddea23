//! Amounts as integers of a currency's minor unit. No float ever holds money.

use std::fmt;

use thiserror::Error;

use crate::canonical::{DecodeError, Reader, Writer};

/// A currency the bureau keeps amounts in.
///
/// Its place in [`Currency::ALL`] is its stored number: append, never reorder.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(u8);

/// Why a code is no currency we know.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not an ISO 4217 code this version knows")]
pub struct UnknownCurrency(pub String);

macro_rules! currencies {
    ($($number:literal $code:ident $digits:literal),* $(,)?) => {
        impl Currency {
            $(
                #[doc = concat!("ISO 4217 `", stringify!($code), "`.")]
                pub const $code: Self = Self($number);
            )*
            /// Every known currency with its code and the digits of its minor unit (ISO 4217).
            pub const ALL: &'static [(&'static str, u8)] = &[$((stringify!($code), $digits)),*];
        }
    };
}

currencies! {
    0 CNY 2, 1 USD 2, 2 TWD 2, 3 EUR 2, 4 GBP 2, 5 INR 2, 6 HKD 2, 7 JPY 0, 8 KRW 0, 9 SGD 2, 10 CAD 2,
    11 AUD 2, 12 CHF 2, 13 BRL 2, 14 MXN 2, 15 ZAR 2, 16 NGN 2, 17 KES 2, 18 IDR 2, 19 VND 0, 20 THB 2,
    21 PHP 2, 22 MYR 2, 23 BDT 2, 24 PKR 2, 25 KWD 3, 26 BHD 3, 27 SEK 2, 28 NOK 2, 29 DKK 2, 30 PLN 2,
    31 TRY 2, 32 AED 2, 33 SAR 2, 34 NZD 2, 35 MOP 2, 36 RON 2, 37 CZK 2, 38 HUF 2, 39 BGN 2, 40 ISK 0,
}

impl Currency {
    /// The currency with this ISO 4217 code.
    pub fn from_code(code: &str) -> Result<Self, UnknownCurrency> {
        let place = Self::ALL.iter().position(|(known, _)| *known == code);
        place
            .and_then(|place| u8::try_from(place).ok())
            .map(Self)
            .ok_or_else(|| UnknownCurrency(code.chars().take(8).collect()))
    }

    /// The ISO 4217 code.
    pub fn code(self) -> &'static str {
        Self::ALL.get(usize::from(self.0)).map_or("???", |(code, _)| code)
    }

    /// Digits of the minor unit: 2 for cents, 0 for yen.
    pub fn minor_digits(self) -> u8 {
        Self::ALL.get(usize::from(self.0)).map_or(0, |(_, digits)| *digits)
    }

    /// The stored number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The inverse of [`Currency::number`].
    pub fn from_number(number: u8) -> Option<Self> {
        (usize::from(number) < Self::ALL.len()).then_some(Self(number))
    }

    pub(crate) fn write(self, out: &mut Writer<'_>) {
        out.byte(self.0);
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::from_number(input.byte()?).ok_or(DecodeError::Value("currency"))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

/// An amount: `minor` units (cents, fen) of `currency`. May be negative (an overpaid account).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Count of minor units.
    pub minor: i64,
    /// The currency the minor unit belongs to.
    pub currency: Currency,
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.currency, DecimalMinor { minor: self.minor, digits: self.currency.minor_digits() })
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// A count of minor units written as a decimal with `digits` places.
#[derive(Clone, Copy, Debug)]
pub struct DecimalMinor {
    /// Count of minor units.
    pub minor: i64,
    /// Places after the point.
    pub digits: u8,
}

impl fmt::Display for DecimalMinor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let unit = 10_u64.saturating_pow(u32::from(self.digits));
        let (whole, part) = (self.minor.unsigned_abs() / unit, self.minor.unsigned_abs() % unit);
        if self.digits == 0 {
            return write!(out, "{sign}{whole}");
        }
        write!(out, "{sign}{whole}.{part:0width$}", width = usize::from(self.digits))
    }
}

/// How a decimal text marks its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecimalMarks {
    /// Between whole and fraction, e.g. `.`.
    pub decimal: u8,
    /// Between thousands, e.g. `,`; `None` if the text has none.
    pub thousands: Option<u8>,
}

impl DecimalMarks {
    /// `1234.56`
    pub const PLAIN: Self = Self { decimal: b'.', thousands: None };
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotAnAmount {
    /// Something other than digits, one sign and the marks.
    #[error("not a decimal number")]
    Malformed,
    /// More places than the minor unit has, other than zeros: rounding is not ours to do.
    #[error("more decimal places than the currency has")]
    TooPrecise,
    /// Beyond what 63 bits of minor units hold.
    #[error("amount out of range")]
    OutOfRange,
}

/// Reads a decimal text as minor units with `digits` places. Exact: never rounds.
///
/// # Errors
/// See [`NotAnAmount`].
pub fn parse_minor(text: &[u8], digits: u8, marks: DecimalMarks) -> Result<i64, NotAnAmount> {
    match short_minor(text, digits, marks.decimal) {
        Some(minor) => Ok(minor),
        None => any_minor(text, digits, marks),
    }
}

/// Texts that cannot overflow: fewer digits than 63 bits hold.
const SHORT_BYTES_MAX: usize = 16;

/// What nearly all amounts are: few digits, the decimal mark before the last of them. `None` for all else.
fn short_minor(text: &[u8], digits: u8, decimal: u8) -> Option<i64> {
    if text.len() > SHORT_BYTES_MAX || decimal.is_ascii_digit() {
        return None;
    }
    let places = usize::from(digits);
    let (whole, fraction) = match text.len().checked_sub(places + 1).and_then(|at| text.split_at_checked(at)) {
        Some((whole, [mark, fraction @ ..])) if *mark == decimal && places > 0 => (whole, fraction),
        _ => return None,
    };
    let mut minor: i64 = 0;
    for byte in whole.iter().chain(fraction) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        minor = minor * 10 + i64::from(digit);
    }
    Some(minor)
}

fn any_minor(text: &[u8], digits: u8, marks: DecimalMarks) -> Result<i64, NotAnAmount> {
    let (negative, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let mut minor: i64 = 0;
    let mut places: Option<u8> = None;
    let mut seen_digit = false;
    // Digits before the first thousands mark, and digits since the last one.
    let (mut whole, mut group) = (0_u32, None::<u32>);
    for &byte in text {
        if byte.is_ascii_digit() {
            seen_digit = true;
            if places.is_none() {
                whole += 1;
                group = group.map(|count| count + 1);
                if group.is_some_and(|count| count > 3) {
                    return Err(NotAnAmount::Malformed);
                }
            }
            let digit = i64::from(byte - b'0');
            match places {
                Some(count) if count >= digits => {
                    if digit != 0 {
                        return Err(NotAnAmount::TooPrecise);
                    }
                    continue;
                }
                Some(count) => places = Some(count + 1),
                None => {}
            }
            minor = minor.checked_mul(10).and_then(|value| value.checked_add(digit)).ok_or(NotAnAmount::OutOfRange)?;
        } else if byte == marks.decimal && places.is_none() && group.is_none_or(|count| count == 3) {
            places = Some(0);
        } else if Some(byte) == marks.thousands
            && places.is_none()
            && seen_digit
            && match group {
                None => (1..=3).contains(&whole),
                Some(count) => count == 3,
            }
        {
            // Between groups of three only: elsewhere it is a decimal mark of another country, worth a factor of a hundred.
            group = Some(0);
            continue;
        } else {
            return Err(NotAnAmount::Malformed);
        }
    }
    if !seen_digit || group.is_some_and(|count| count != 3) {
        return Err(NotAnAmount::Malformed);
    }
    for _ in places.unwrap_or(0)..digits {
        minor = minor.checked_mul(10).ok_or(NotAnAmount::OutOfRange)?;
    }
    Ok(if negative { -minor } else { minor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_short_way_says_what_the_long_one_says(text in "[0-9.,+a-]{0,20}", digits in 0_u8..4, decimal in "[.,]", thousands in proptest::option::of("[.,]")) {
            let mark = |text: String| text.as_bytes()[0];
            let marks = DecimalMarks { decimal: mark(decimal), thousands: thousands.map(mark) };
            let short = short_minor(text.as_bytes(), digits, marks.decimal);
            prop_assert!(short.is_none() || short.map(Ok) == Some(any_minor(text.as_bytes(), digits, marks)));
        }
    }

    #[test]
    fn decimals_become_minor_units_exactly() {
        // Read the short way, which a longer text is not.
        assert_eq!(short_minor(b"222228.50", 2, b'.'), Some(22_222_850));
        assert_eq!(short_minor(b"99999999999999.99", 2, b'.'), None);
        let plain = |text: &str| parse_minor(text.as_bytes(), 2, DecimalMarks::PLAIN);
        assert_eq!(plain("27"), Ok(2700));
        assert_eq!(plain("27.1"), Ok(2710));
        assert_eq!(plain("-0.01"), Ok(-1));
        assert_eq!(plain("222228.50"), Ok(22_222_850));
        assert_eq!(plain("1.500"), Ok(150));
        assert_eq!(plain("1.501"), Err(NotAnAmount::TooPrecise));
        assert_eq!(plain("92233720368547758.08"), Err(NotAnAmount::OutOfRange));
        for text in ["", ".", "-", "1.2.3", "1e5", "1,000", "٣", "0x10", " 1"] {
            assert_eq!(plain(text), Err(NotAnAmount::Malformed), "{text}");
        }
        let german = DecimalMarks { decimal: b',', thousands: Some(b'.') };
        assert_eq!(parse_minor(b"1.234.567,8", 2, german), Ok(123_456_780));
        assert_eq!(parse_minor(b"12.345", 2, german), Ok(1_234_500));
        for text in ["12.34", "1.2.3.4", "1.2345", "1234.567", "1.234.", "1.23,4", ".123"] {
            assert_eq!(parse_minor(text.as_bytes(), 2, german), Err(NotAnAmount::Malformed), "{text}");
        }
        assert_eq!(parse_minor(b"1200", 0, DecimalMarks::PLAIN), Ok(1200));
    }

    #[test]
    fn money_prints_in_its_own_minor_unit() {
        assert_eq!(Money { minor: -105, currency: Currency::CNY }.to_string(), "CNY -1.05");
        assert_eq!(Money { minor: 1200, currency: Currency::JPY }.to_string(), "JPY 1200");
        assert_eq!(Money { minor: 5, currency: Currency::KWD }.to_string(), "KWD 0.005");
    }

    #[test]
    fn currency_numbers_are_their_places() {
        for (place, (code, _)) in Currency::ALL.iter().enumerate() {
            assert_eq!(usize::from(Currency::from_code(code).unwrap().number()), place);
        }
        assert_eq!(Currency::TWD.code(), "TWD");
        assert_eq!(Currency::MOP.code(), "MOP");
    }

    proptest! {
        #[test]
        fn printing_then_reading_gives_the_amount_back(minor in -9_000_000_000_000_000_000_i64..9_000_000_000_000_000_000, digits in 0_u8..4) {
            let text = DecimalMinor { minor, digits }.to_string();
            prop_assert_eq!(parse_minor(text.as_bytes(), digits, DecimalMarks::PLAIN), Ok(minor));
        }
    }
}
