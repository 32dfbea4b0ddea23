//! A reader that refuses to go on when one record grows past a limit, before it is held in memory, and that keeps the
//! bytes of the current record as they were delivered: unescaped fields can't tell where they stood.

use std::io::{self, BufRead, Read};

/// So many bytes before the current record are kept until they are thrown away together, not record by record.
const KEPT_BEHIND_MAX: u64 = 256 << 10;

/// Counts the bytes handed on; whoever reads records says where each begins.
pub(super) struct Bounded<'a> {
    inner: &'a mut dyn BufRead,
    since_record: u64,
    limit: u64,
    /// The bytes handed on last: at least those since the current record began; at most those, what is read ahead, and
    /// [`KEPT_BEHIND_MAX`].
    kept: Vec<u8>,
    /// Where in the file the kept bytes begin.
    base: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("record above the limit of {0} bytes")]
struct LimitReached(u64);

impl<'a> Bounded<'a> {
    pub(super) fn new(inner: &'a mut dyn BufRead, limit: u64) -> Self {
        Self { inner, since_record: 0, limit, kept: Vec::new(), base: 0 }
    }

    /// A record begins at byte `start`, or after the line ends that stand there; bytes before it are not asked for again.
    pub(super) fn begin_record(&mut self, start: u64) {
        self.since_record = 0;
        let behind = start.saturating_sub(self.base);
        if behind > KEPT_BEHIND_MAX {
            let count = usize::try_from(behind).unwrap_or(usize::MAX).min(self.kept.len());
            self.kept.drain(..count);
            self.base += count as u64;
        }
    }

    /// Where the first row at or after `start` begins: a CSV reader ends a row at its `\r`, and passes over blank lines only
    /// when it reads on.
    pub(super) fn row_start(&self, start: u64) -> u64 {
        let line_ends = self.since(start).iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        start + line_ends as u64
    }

    /// Where the field `place` of the row at `row` begins: at its first byte as delivered, which is the opening quote of a
    /// quoted field and the first blank of a padded one. `None` if the row has no such field.
    pub(super) fn field_start(&self, row: u64, delimiter: u8, place: usize) -> Option<u64> {
        field_start(self.since(row), delimiter, place).map(|offset| row + offset as u64)
    }

    fn since(&self, byte: u64) -> &[u8] {
        let offset = byte.checked_sub(self.base).and_then(|offset| usize::try_from(offset).ok());
        offset.and_then(|offset| self.kept.get(offset..)).unwrap_or_default()
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_record > self.limit {
            return Err(io::Error::other(LimitReached(self.limit)));
        }
        let count = self.inner.read(buffer)?;
        self.since_record += count as u64;
        self.kept.extend_from_slice(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// The limit that was reached, if that is what the error says.
pub(super) fn limit_of(error: &io::Error) -> Option<u64> {
    error.get_ref()?.downcast_ref::<LimitReached>().map(|reached| reached.0)
}

/// Walks a row as the CSV reader does: a quote counts at the start of a field alone, is doubled inside, and text after the
/// closing one belongs to the field.
fn field_start(row: &[u8], delimiter: u8, place: usize) -> Option<usize> {
    #[derive(Clone, Copy)]
    enum In {
        Start,
        Plain,
        Quoted,
        /// After a quote in a quoted field: its end, or the first of two.
        Quote,
    }
    let (mut state, mut left) = (In::Start, place);
    for (offset, &byte) in row.iter().enumerate() {
        if left == 0 {
            return Some(offset);
        }
        state = match (state, byte) {
            (In::Start | In::Quote, b'"') => In::Quoted,
            (In::Quoted, b'"') => In::Quote,
            (In::Quoted, _) => In::Quoted,
            (_, byte) if byte == delimiter => {
                left -= 1;
                In::Start
            }
            (_, b'\r' | b'\n') => return None,
            _ => In::Plain,
        };
    }
    (left == 0).then_some(row.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reader(bounded: Bounded<'_>) -> csv::Reader<Bounded<'_>> {
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bounded)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// From where a field is said to begin, a CSV reader reads that field.
        #[test]
        fn a_field_begins_where_it_is_said_to(file in "[a ,,\"\"\r\n]{0,60}") {
            let mut input = file.as_bytes();
            let mut csv = reader(Bounded::new(&mut input, 1 << 20));
            let mut record = csv::ByteRecord::new();
            loop {
                let start = csv.position().byte();
                csv.get_mut().begin_record(start);
                if !csv.read_byte_record(&mut record).unwrap() {
                    break;
                }
                let row = csv.get_ref().row_start(start);
                for (place, field) in record.iter().enumerate() {
                    let at = csv.get_ref().field_start(row, b',', place).unwrap();
                    let at = usize::try_from(at).unwrap();
                    prop_assert!(place == 0 || file.as_bytes()[at - 1] == b',', "{:?} {} {}", file, place, at);
                    // A comma before it keeps line ends at its start from being passed over.
                    let rest = [b",", &file.as_bytes()[at..]].concat();
                    let mut rest = rest.as_slice();
                    let mut again = csv::ByteRecord::new();
                    prop_assert!(reader(Bounded::new(&mut rest, 1 << 20)).read_byte_record(&mut again).unwrap());
                    prop_assert_eq!(again.get(1), Some(field), "{:?} {} {}", file, place, at);
                }
                prop_assert_eq!(csv.get_ref().field_start(row, b',', record.len()), None);
            }
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_says_where_it_begins() {
        let file = "abc,\"d\"\"e\",f\r\n".repeat(100_000);
        let mut input = file.as_bytes();
        let mut csv = reader(Bounded::new(&mut input, 1 << 20));
        let mut record = csv::ByteRecord::new();
        for number in 0..100_000_u64 {
            let start = csv.position().byte();
            csv.get_mut().begin_record(start);
            assert!(csv.read_byte_record(&mut record).unwrap());
            let bounded = csv.get_ref();
            assert_eq!(bounded.row_start(start), number * 14);
            assert_eq!(bounded.field_start(number * 14, b',', 2), Some(number * 14 + 11));
            assert!(bounded.kept.len() < (256 << 10) + (32 << 10), "{}", bounded.kept.len());
        }
    }
}
