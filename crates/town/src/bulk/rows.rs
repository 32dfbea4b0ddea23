//! Bulk rows as text: CSV as a lender writes it, and plain columns for programs that load without a layout.

use std::io::{self, Write};

use tallystick_model::Month;

use super::{Bulk, BulkMonth};
use crate::Written;

const CSV_HEADER: &[u8] = b"resident_id,account,month,status,repayment,balance,past_due,credit_limit,paid,due\n";
const PLAIN_HEADER: &[u8] = b"subject,account,period,status,rating,balance,past_due,credit_limit,paid,due\n";

/// Handed to the writer when this many bytes have come together.
const BUFFER_BYTES: usize = 1 << 18;

impl Bulk {
    /// Writes a month as the lender's CSV, ordered by account.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_csv(&self, month: Month, out: &mut dyn Write) -> io::Result<Written> {
        let period = month.to_string();
        self.write_rows(month, CSV_HEADER, out, |text, row| {
            text.extend_from_slice(period.as_bytes());
            text.extend_from_slice(b",normal,");
            text.push(row.repayment());
            for amount in [row.balance, row.past_due, row.limit, row.paid, row.due] {
                text.push(b',');
                put_yuan(text, amount.unsigned_abs());
            }
        })
    }

    /// Writes a month as plain columns: the period as a date, status and rating as the bureau's numbers, amounts in fen.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_plain(&self, month: Month, out: &mut dyn Write) -> io::Result<Written> {
        let period = format!("{month}-01");
        self.write_rows(month, PLAIN_HEADER, out, |text, row| {
            let tradeline = row.tradeline();
            text.extend_from_slice(period.as_bytes());
            for number in [u64::from(tradeline.status.number()), u64::from(tradeline.rating.number())] {
                text.push(b',');
                put_number(text, number, 1);
            }
            for amount in [row.balance, row.past_due, row.limit, row.paid, row.due] {
                text.push(b',');
                put_number(text, amount.unsigned_abs(), 1);
            }
        })
    }

    fn write_rows(
        &self,
        month: Month,
        header: &[u8],
        out: &mut dyn Write,
        rest: impl Fn(&mut Vec<u8>, &BulkMonth),
    ) -> io::Result<Written> {
        let mut written = Written::default();
        let mut text = Vec::with_capacity(BUFFER_BYTES + 1024);
        text.extend_from_slice(header);
        for account in 0..self.size.accounts {
            for subject in 0..self.size.subjects {
                text.extend_from_slice(&self.resident_id(subject));
                text.push(b',');
                text.extend_from_slice(&self.account(subject, account));
                text.push(b',');
                rest(&mut text, &self.month(subject, account, month));
                text.push(b'\n');
                written.records += 1;
                if text.len() >= BUFFER_BYTES {
                    out.write_all(&text)?;
                    written.bytes += text.len() as u64;
                    text.clear();
                }
            }
        }
        out.write_all(&text)?;
        out.flush()?;
        written.bytes += text.len() as u64;
        Ok(written)
    }
}

/// Fen as yuan with two places. (Nothing in bulk rows is negative.)
fn put_yuan(text: &mut Vec<u8>, minor: u64) {
    put_number(text, minor, 3);
    let at = text.len().saturating_sub(2);
    text.insert(at, b'.');
}

/// A number with at least `width` digits.
fn put_number(text: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        if number == 0 && first <= 20 - width {
            break;
        }
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        first = place;
    }
    text.extend_from_slice(digits.get(first..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_two_places_and_no_leading_zeros() {
        for (minor, expected) in [(0, "0.00"), (5, "0.05"), (99, "0.99"), (100, "1.00"), (123_456, "1234.56")] {
            let mut text = b"x".to_vec();
            put_yuan(&mut text, minor);
            assert_eq!(String::from_utf8(text).unwrap(), format!("x{expected}"));
        }
        let mut text = Vec::new();
        put_number(&mut text, u64::MAX, 1);
        assert_eq!(text, u64::MAX.to_string().as_bytes());
    }
}
