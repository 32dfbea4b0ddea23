//! Small readers shared by the text formats.

use std::str::FromStr;

/// Reads an unsigned decimal as C2SP writes it: ASCII digits only, no sign, no leading zeros, in the range of `N`.
pub(crate) fn decimal<N: FromStr>(text: &str) -> Option<N> {
    let digits_only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if digits_only && !leading_zero { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_text() {
        assert_eq!(decimal::<u64>("0"), Some(0));
        assert_eq!(decimal::<u64>("18446744073709551615"), Some(u64::MAX));
        for refused in ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "18446744073709551616", "٣"] {
            assert_eq!(decimal::<u64>(refused), None, "`{refused}`");
        }
        assert_eq!(decimal::<u8>("256"), None);
    }
}
