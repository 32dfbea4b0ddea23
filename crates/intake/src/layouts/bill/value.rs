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

/// What stands behind an amount in brackets of what came back, e.g. `131.77(已退款89.84)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CameBack {
    All,
    Minor(i64),
}

/// Takes `(已退款89.84)` or `(已全额退款)` off the end of an amount. Other brackets stay, and make the amount unreadable.
pub(super) fn came_back(text: &str) -> (&str, Option<CameBack>) {
    let found = text.trim_end().strip_suffix([')', '）']).and_then(|text| {
        let (amount_text, inside) = text.split_once(['(', '（'])?;
        let back = match inside.trim() {
            "已全额退款" => CameBack::All,
            inside => CameBack::Minor(amount(inside.strip_prefix("已退款")?).ok().filter(|minor| *minor >= 0)?),
        };
        Some((amount_text, Some(back)))
    });
    found.unwrap_or((text, None))
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

/// Significant digits of a number in a spreadsheet: what is written beyond them is the noise of a binary fraction
/// (`28.160000000000004`), and is rounded off, as the spreadsheet shows it.
const SHEET_DIGITS: usize = 15;
/// Largest exponent of a number in a spreadsheet that is written out.
const SHEET_EXPONENT_MAX: i32 = 30;
/// Longest number in a spreadsheet that is read, in digits.
const SHEET_LENGTH_MAX: usize = 40;

/// A number as spreadsheets write it (`28.16`, `1.5E-2`) without exponent, to fifteen significant digits; no float between.
pub(super) fn plain_decimal(text: &str) -> Option<String> {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let written = [whole, fraction].concat();
    let all_digits = !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits || written.len() > SHEET_LENGTH_MAX || exponent.abs() > SHEET_EXPONENT_MAX {
        return None;
    }
    let digits = written.trim_start_matches('0');
    let zeros = written.len() - digits.len();
    // Where the point stands among the digits; before all of them if negative.
    let mut point = i32::try_from(whole.len()).ok()? + exponent - i32::try_from(zeros).ok()?;
    let kept = digits.get(..SHEET_DIGITS.min(digits.len()))?;
    let mut number: u64 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    if digits.as_bytes().get(SHEET_DIGITS).is_some_and(|next| *next >= b'5') {
        number += 1;
    }
    let rounded = number.to_string();
    if rounded.len() > kept.len() && !kept.is_empty() {
        point += 1;
    }
    let digits = rounded.trim_end_matches('0');
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    let length = i32::try_from(digits.len()).ok()?;
    Some(match usize::try_from(point) {
        Err(_) | Ok(0) => format!("{sign}0.{}{digits}", "0".repeat(usize::try_from(-point).ok()?)),
        Ok(_) if point >= length => format!("{sign}{digits}{}", "0".repeat(usize::try_from(point - length).ok()?)),
        Ok(point) => {
            let (whole, fraction) = digits.split_at_checked(point)?;
            format!("{sign}{whole}.{fraction}")
        }
    })
}

const DAY_SECONDS: u128 = 86_400;
/// The last day that spreadsheets know, 31 December 9999.
const SERIAL_MAX: i64 = 2_958_465;

/// A time as spreadsheets keep it, days since the end of 1899 (or the beginning of 1904), as bills write it; to the second.
pub(super) fn time_of_serial(number: &str, since_1904: bool) -> Option<String> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (days, digits) = (whole.parse::<i64>().ok()?, u32::try_from(fraction.len()).ok()?);
    let parts = if fraction.is_empty() { 0 } else { fraction.parse::<u128>().ok()? };
    let unit = 10_u128.checked_pow(digits)?;
    let seconds = (parts.checked_mul(DAY_SECONDS)? + unit / 2) / unit;
    let days = days + i64::try_from(seconds / DAY_SECONDS).ok()?;
    let seconds = seconds % DAY_SECONDS;
    if !(0..=SERIAL_MAX).contains(&days) {
        return None;
    }
    let first = if since_1904 { Date::new(1904, 1, 1) } else { Date::new(1899, 12, 30) };
    let day = first.ok()?.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
    Some(format!("{day} {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
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
    fn what_came_back_is_taken_off_an_amount() {
        for (text, expected) in [
            ("131.77(已退款89.84)", ("131.77", Some(CameBack::Minor(8984)))),
            ("468.32（已全额退款） ", ("468.32", Some(CameBack::All))),
            ("10.20", ("10.20", None)),
            ("10.20(已退款)", ("10.20(已退款)", None)),
            ("10.20(已退款-1)", ("10.20(已退款-1)", None)),
            ("10.20(别的)", ("10.20(别的)", None)),
        ] {
            assert_eq!(came_back(text), expected, "{text}");
        }
    }

    #[test]
    fn a_spreadsheets_numbers_are_exact_to_fifteen_digits() {
        for (text, plain) in [
            ("28.16", "28.16"),
            ("28.160000000000004", "28.16"),
            ("50", "50"),
            ("0.35", "0.35"),
            ("1E-2", "0.01"),
            ("2.816E1", "28.16"),
            ("1.5e3", "1500"),
            ("-0.10", "-0.1"),
            ("0", "0"),
            ("0.000", "0"),
            ("0.99999999999999999", "1"),
            ("9.9999999999999999", "10"),
            ("100010810122092400064222561891707533", "100010810122092000000000000000000000"),
            ("007", "7"),
        ] {
            assert_eq!(plain_decimal(text).as_deref(), Some(plain), "{text}");
        }
        for text in ["", "-", ".", "1e", "1e31", "x", "1.2.3", "+1", "--1", "1e1e1", &"1".repeat(41)] {
            assert_eq!(plain_decimal(text), None, "{text}");
        }
    }

    #[test]
    fn a_spreadsheets_days_are_times() {
        for (number, since_1904, time) in [
            ("45123", false, "2023-07-16 00:00:00"),
            ("45123.5", false, "2023-07-16 12:00:00"),
            ("43734.5315625", false, "2019-09-26 12:45:27"),
            ("43661.5", true, "2023-07-16 12:00:00"),
            ("45123.999999999", false, "2023-07-17 00:00:00"),
            ("61", false, "1900-03-01 00:00:00"),
        ] {
            assert_eq!(time_of_serial(number, since_1904).as_deref(), Some(time), "{number}");
        }
        for number in ["-1", "2958466", "x", "", "1.x"] {
            assert_eq!(time_of_serial(number, false), None, "{number}");
        }
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
