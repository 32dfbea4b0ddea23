//! Values of a bill: amounts in fen, local times, and what may be told of amounts in a reject.

use tallystick_model::money::{DecimalMarks, NotAnAmount, parse_minor};
use tallystick_model::{Currency, Date};

use crate::reject::{Found, SHOWN_DIGITS_MAX};

const MARKS: DecimalMarks = DecimalMarks { decimal: b'.', thousands: Some(b',') };

/// The yuan sign, as itself and in full width.
const YUAN: [char; 2] = ['¥', '￥'];

/// Reads an amount of yuan as fen: `27.00`, `¥27`, `1,234.56`.
pub(super) fn amount(text: &str) -> Result<i64, NotAnAmount> {
    let text = text.trim();
    let digits = text.strip_prefix(YUAN).unwrap_or(text).trim_start();
    let whole = digits.split_once('.').map_or(digits, |(whole, _)| whole);
    if whole.split(',').skip(1).any(|group| group.len() != 3) {
        return Err(NotAnAmount::Malformed);
    }
    parse_minor(digits.as_bytes(), Currency::CNY.minor_digits(), MARKS)
}

/// Reads an amount that stands behind a yuan sign, e.g. `¥0.10` or `(￥5.00)`, at the start of `text`.
pub(super) fn amount_after_yuan(text: &str) -> Option<i64> {
    let text = text.trim_start_matches(['(', '（']).strip_prefix(YUAN)?;
    let end = text.find(|character: char| !character.is_ascii_digit() && !".,".contains(character));
    amount(text.get(..end.unwrap_or(text.len()))?).ok()
}

/// The day of a local time: `YYYY-MM-DD hh:mm:ss`, or as spreadsheets save it again, `YYYY/M/D h:mm`.
pub(super) fn local_day(text: &str) -> Option<Date> {
    let (day, time) = text.trim().split_once(' ')?;
    let separator = if day.contains('/') { '/' } else { '-' };
    let mut parts = day.split(separator);
    let (year, month, date) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let mut parts = time.trim_start().split(':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let second = parts.next().map_or(Some(0), number)?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let year = year.bytes().all(|byte| byte.is_ascii_digit()).then(|| year.parse::<i16>().ok()).flatten()?;
    Date::new(year, number(month)?, number(date)?).ok()
}

/// One or two digits.
fn number(text: &str) -> Option<i8> {
    let digits = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// What to tell of a text where an amount was expected: the text if it looks like one, else its shape.
pub(super) fn found_amount(text: &str) -> Found {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let body = body.strip_prefix(YUAN).unwrap_or(body);
    let looks_like_one = body.chars().all(|character| character.is_ascii_digit() || ".,".contains(character));
    if looks_like_one && digits <= SHOWN_DIGITS_MAX { Found::quoted(text) } else { Found::shape(text.as_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_with_and_without_sign_and_thousands() {
        for (text, minor) in
            [("27.00", 2700), ("27", 2700), ("¥0.35", 35), ("￥ 0.35", 35), ("1,234,567.8", 123_456_780), ("-5", -500)]
        {
            assert_eq!(amount(text), Ok(minor), "{text}");
        }
        for text in ["", "¥", "2346,78", "1,2", "1.2.3", "27元", "131.77(已退款89.84)", "¥¥1", "x"] {
            assert_eq!(amount(text), Err(NotAnAmount::Malformed), "{text}");
        }
        assert_eq!(amount("0.001"), Err(NotAnAmount::TooPrecise));
        assert_eq!(amount_after_yuan("(￥5.00)"), Some(500));
        assert_eq!(amount_after_yuan("¥0.10，到账"), Some(10));
        assert_eq!(amount_after_yuan("0.10"), None);
    }

    #[test]
    fn the_day_is_the_printed_local_one() {
        let day = Date::new(2021, 6, 1).unwrap();
        for text in
            ["2021-06-01 00:13:56", "2021-06-01 00:13", "2021/6/1 0:13", "2021/06/01 23:59:59", "2021-6-1 7:05 "]
        {
            assert_eq!(local_day(text), Some(day), "{text}");
        }
        for text in [
            "",
            "2021-06-01",
            "2021-02-30 00:00:00",
            "2021-06-01 24:00",
            "2021-06-01 00:60",
            "21-06-01 00:00",
            "2021-06/01 00:00",
            "2021-06-01-01 00:00",
            "+021-06-01 00:00",
            "44348.5",
            "2021-06-01 1:2:3:4",
            "2021-06-001 00:00",
        ] {
            assert_eq!(local_day(text), None, "{text}");
        }
    }

    #[test]
    fn a_reject_tells_short_amounts_and_of_all_else_the_shape() {
        assert_eq!(found_amount("1.2.3").to_string(), "`1.2.3`");
        assert_eq!(found_amount("-¥5").to_string(), "`-¥5`");
        assert_eq!(found_amount("110101199003070000").to_string(), "18 digits");
        assert_eq!(found_amount("186-1234-567").to_string(), "12 characters");
        assert_eq!(found_amount("张三").to_string(), "6 bytes beyond ASCII");
        assert_eq!(found_amount("¥1,234.567").to_string(), "11 bytes beyond ASCII");
        assert_eq!(found_amount("¥123.456").to_string(), "`¥123.456`");
    }
}
