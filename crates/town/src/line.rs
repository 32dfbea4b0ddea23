//! Text of a delivery, put together without allocating for each row.

use std::io::{self, Write};

use tallystick_model::{Date, Month};

/// Handed to the writer when this many bytes have come together.
const BUFFER_BYTES: usize = 1 << 16;

/// Rows on their way to a writer.
pub(super) struct Line<'a, W: Write> {
    bytes: Vec<u8>,
    written: u64,
    out: &'a mut W,
}

impl<'a, W: Write> Line<'a, W> {
    pub(super) fn new(out: &'a mut W) -> Self {
        Self { bytes: Vec::with_capacity(BUFFER_BYTES + 4096), written: 0, out }
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.raw(text.as_bytes())
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub(super) fn byte(&mut self, byte: u8) -> &mut Self {
        self.bytes.push(byte);
        self
    }

    /// A whole number with at least `width` digits.
    pub(super) fn number(&mut self, number: i64, width: usize) -> &mut Self {
        if number < 0 {
            self.bytes.push(b'-');
        }
        let mut digits = [b'0'; 20];
        put_digits(number.unsigned_abs(), &mut digits);
        let first = digits
            .iter()
            .position(|digit| *digit != b'0')
            .unwrap_or(digits.len())
            .min(digits.len() - width.clamp(1, 20));
        self.raw(digits.get(first..).unwrap_or_default())
    }

    /// Fen as yuan with two places.
    pub(super) fn yuan(&mut self, minor: i64) -> &mut Self {
        if minor < 0 {
            self.bytes.push(b'-');
        }
        let minor = i64::try_from(minor.unsigned_abs()).unwrap_or(i64::MAX);
        self.number(minor / 100, 1).byte(b'.').number(minor % 100, 2)
    }

    /// `YYYY`, `MM` and `DD` with a mark between them; nothing where there is no date.
    pub(super) fn date(&mut self, date: Option<Date>, mark: &str) -> &mut Self {
        let Some(date) = date else { return self };
        self.number(i64::from(date.year()), 4).text(mark).number(i64::from(date.month()), 2);
        self.text(mark).number(i64::from(date.day()), 2)
    }

    /// `YYYY` and `MM` with a mark between them.
    pub(super) fn month(&mut self, month: Month, mark: &str) -> &mut Self {
        self.number(i64::from(month.year()), 4).text(mark).number(i64::from(month.month()), 2)
    }

    /// Ends a row; hands on what has come together.
    pub(super) fn end(&mut self, end: &[u8]) -> io::Result<()> {
        self.raw(end);
        if self.bytes.len() < BUFFER_BYTES {
            return Ok(());
        }
        self.hand_on()
    }

    fn hand_on(&mut self) -> io::Result<()> {
        self.out.write_all(&self.bytes)?;
        self.written += self.bytes.len() as u64;
        self.bytes.clear();
        Ok(())
    }

    /// Hands on the rest; how many bytes were written in all.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.hand_on()?;
        self.out.flush()?;
        Ok(self.written)
    }
}

/// Writes `number` right-aligned with leading zeros; higher digits that have no room are lost.
pub(super) fn put_digits(mut number: u64, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_amounts_and_dates_are_written_as_deliveries_have_them() {
        let mut out = Vec::new();
        let mut line = Line::new(&mut out);
        line.number(0, 1).byte(b' ').number(-7, 3).byte(b' ').number(1234, 2).byte(b' ');
        line.yuan(5).byte(b' ').yuan(-123_456).byte(b' ').date(Some(Date::constant(2024, 2, 9)), "-").byte(b' ');
        line.date(None, "-").month(Month::new(2026, 3).unwrap(), "").end(b"\n").unwrap();
        let expected = "0 -007 1234 0.05 -1234.56 2024-02-09 202603\n";
        assert_eq!(line.finish().unwrap(), expected.len() as u64);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
