//! The heading line: `A050`, the records' type, the format's version, who furnishes, when, and how many records there are.
//!
//! ```text
//! A 050 210 2.0.0__ ORGANISATION14 YYYYMMDDhhmmss 0 0000003     (without the spaces; `_` is a blank)
//! ```

use tallystick_model::registry::RecordType;

use super::text::number;
use crate::read::Refused;
use crate::reject::Found;

/// Bytes of a heading line of version 2.
const HEADING_BYTES: usize = 50;

/// What a file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    /// The type that all its records have.
    pub(super) record_type: RecordType,
    /// How many records it says it has; `None` if that is unreadable.
    pub(super) records: Option<i64>,
}

impl Heading {
    /// The heading of a line without its end; `None` if it is none.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(line).ok().filter(|text| text.is_ascii() && text.len() == HEADING_BYTES)?;
        let says_its_length = text.starts_with('A') && number(text.get(1..4)?)? == HEADING_BYTES as u64;
        if !says_its_length || !text.get(7..14)?.starts_with("2.") {
            return None;
        }
        let record_type = RecordType::from_code(text.get(4..7)?)?;
        let records = text.get(43..50).and_then(number).and_then(|count| i64::try_from(count).ok());
        Some(Self { record_type, records })
    }
}

/// Why a first line that is no element is no heading line.
pub(super) fn refused(at: u64, line: &[u8]) -> Refused {
    Refused::NotThisLayout {
        byte: at,
        field: "heading line".to_owned(),
        expected: format!(
            "`<Document>`, or a heading of {HEADING_BYTES} bytes that begins `A050` and a known record type"
        ),
        found: Found::shape(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_says_type_and_count() {
        let line = b"A0502102.0.0  910000000000012026020109300000000003";
        assert_eq!(line.len(), HEADING_BYTES);
        let heading = Heading { record_type: RecordType::Account, records: Some(3) };
        assert_eq!(Heading::parse(line), Some(heading));
        for (place, byte) in [(0, b'B'), (3, b'1'), (4, b'9'), (7, b'1'), (20, 0xff)] {
            let mut other = *line;
            other[place] = byte;
            assert_eq!(Heading::parse(&other), None, "{place}");
        }
        let mut unreadable = *line;
        unreadable[49] = b'x';
        assert_eq!(Heading::parse(&unreadable), Some(Heading { records: None, ..heading }));
    }
}
