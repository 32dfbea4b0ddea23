//! The value of one field, and how it is written in each form.

use std::fmt;

use jiff::civil::{Date, DateTime};
use tallystick_model::Sensitive;

use super::Unwritable;
use crate::layouts::metro2::fields::{Field, FieldKind, Form, SegmentKind, Unstated, header};
use crate::layouts::metro2::segment::{self, Segment, decimal};

/// The one field that is computed.
const RECORD_DESCRIPTOR_WORD: &str = header::RECORD_DESCRIPTOR_WORD.name;

/// What stands in one field. Its `Debug` tells the kind only: most fields are about a person.
#[derive(Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// Blanks.
    Blank,
    /// The zeros of a date or timestamp that says nothing.
    Zeros,
    /// Text, without the blanks after it.
    Text(Sensitive<String>),
    /// A number.
    Number(u64),
    /// A date.
    Date(Date),
    /// A date with a time of day, of no stated zone.
    Timestamp(DateTime),
    /// Of a record descriptor word: the length of the record, whatever it is.
    Length,
    /// Bytes that no other value is written as.
    Raw(Sensitive<Vec<u8>>),
}

impl FieldValue {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Sensitive::new(text.into()))
    }
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Blank => "Blank",
            Self::Zeros => "Zeros",
            Self::Text(_) => "Text",
            Self::Number(_) => "Number",
            Self::Date(_) => "Date",
            Self::Timestamp(_) => "Timestamp",
            Self::Length => "Length",
            Self::Raw(_) => "Raw",
        })
    }
}

/// One segment: a value for each field of the table, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    kind: SegmentKind,
    values: Vec<FieldValue>,
}

impl Values {
    /// A segment that says nothing but what it is.
    pub fn unstated(kind: SegmentKind) -> Self {
        let unstated = |field: &Field| match (field.name, field.character.kind, field.unstated) {
            (RECORD_DESCRIPTOR_WORD, ..) => FieldValue::Length,
            ("SegmentIdentifier", ..) => FieldValue::text(kind.name()),
            ("RecordIdentifier", ..) => FieldValue::text(kind.name().to_uppercase()),
            (_, FieldKind::Date | FieldKind::Timestamp, _) => FieldValue::Zeros,
            (_, _, Unstated::ZeroFill) => FieldValue::Number(0),
            // A block descriptor word is the record's, not a segment's.
            (_, _, Unstated::Plain | Unstated::Omitted) => FieldValue::Blank,
        };
        Self { kind, values: kind.fields().iter().map(unstated).collect() }
    }

    /// Which segment it is.
    pub const fn kind(&self) -> SegmentKind {
        self.kind
    }

    /// What stands in `field`; `None` if the segment has no such field.
    pub fn get(&self, field: &Field) -> Option<&FieldValue> {
        self.values.get(self.place_of(field)?)
    }

    /// The segment with `value` in `field`; unchanged if it has no such field.
    #[must_use]
    pub fn with(mut self, field: &Field, value: FieldValue) -> Self {
        if let Some(slot) = self.place_of(field).and_then(|place| self.values.get_mut(place)) {
            *slot = value;
        }
        self
    }

    pub(super) fn compute_length(&mut self) {
        for (field, value) in self.kind.fields().iter().zip(&mut self.values) {
            if field.name == RECORD_DESCRIPTOR_WORD {
                *value = FieldValue::Length;
            }
        }
    }

    fn place_of(&self, field: &Field) -> Option<usize> {
        self.kind.fields().iter().position(|known| known == field)
    }

    /// What stands in a segment, so that it is written as it stood. `length` is that of its record.
    pub(super) fn of(segment: &Segment<'_>, length: usize) -> Self {
        let fields = segment.kind.fields().iter();
        Self { kind: segment.kind, values: fields.map(|field| value_of(segment, field, length)).collect() }
    }

    pub(super) fn print(&self, form: Form, length: usize, out: &mut Vec<u8>) -> Result<(), Unwritable> {
        let mut fields = self.kind.fields().iter().zip(&self.values);
        fields.try_for_each(|(field, value)| put(field, form, value, length, out))
    }

    /// Length in bytes; a header or trailer of which closing blanks were stripped is shorter than the table says.
    pub(super) fn length(&self, form: Form) -> usize {
        let fields = self.kind.fields().iter().zip(&self.values);
        fields.map(|(field, value)| value.raw_length().unwrap_or(field.place(form).length)).sum()
    }
}

impl FieldValue {
    fn raw_length(&self) -> Option<usize> {
        if let Self::Raw(bytes) = self { Some(bytes.expose().len()) } else { None }
    }
}

pub(super) fn value_of(segment: &Segment<'_>, field: &Field, length: usize) -> FieldValue {
    let place = field.place(segment.form);
    // Of a record that ends within the field, what there is.
    let from = segment.bytes.get(place.start..).unwrap_or(&[]);
    let raw = from.get(..place.length).unwrap_or(from);
    let is_written_so = |value: &FieldValue| {
        let mut printed = Vec::with_capacity(raw.len());
        put(field, segment.form, value, length, &mut printed).is_ok() && printed == raw
    };
    let typed = match segment.value(field) {
        _ if field.name == RECORD_DESCRIPTOR_WORD && is_written_so(&FieldValue::Length) => FieldValue::Length,
        _ if raw.iter().all(|&byte| byte == b' ') => FieldValue::Blank,
        Ok(segment::Value::Number(number)) => FieldValue::Number(number),
        Ok(segment::Value::Date(date)) => FieldValue::Date(date),
        Ok(segment::Value::Timestamp(stamp)) => FieldValue::Timestamp(stamp),
        Ok(segment::Value::Nothing) => FieldValue::Zeros,
        Ok(segment::Value::Text(_)) => FieldValue::text(String::from_utf8_lossy(raw).trim_end_matches(' ')),
        Err(_) => FieldValue::Blank,
    };
    if is_written_so(&typed) { typed } else { FieldValue::Raw(Sensitive::new(raw.to_vec())) }
}

/// Writes a field.
pub(super) fn put(
    field: &Field,
    form: Form,
    value: &FieldValue,
    record: usize,
    out: &mut Vec<u8>,
) -> Result<(), Unwritable> {
    let place = field.place(form);
    let too_long = || Unwritable::TooLong { field: field.path(), length: field.character.length };
    let fill = |out: &mut Vec<u8>, byte| out.resize(out.len() + place.length, byte);
    match (value, place.kind) {
        (FieldValue::Raw(bytes), _) => out.extend_from_slice(bytes.expose()),
        (FieldValue::Blank, _) => fill(out, b' '),
        (FieldValue::Text(text), FieldKind::Alphanumeric) => {
            let text = text.expose();
            if text.contains(char::is_control) {
                return Err(Unwritable::Control { field: field.path() });
            }
            let blanks = place.length.checked_sub(text.len()).ok_or_else(too_long)?;
            out.extend_from_slice(text.as_bytes());
            out.resize(out.len() + blanks, b' ');
        }
        (FieldValue::Length, FieldKind::Numeric | FieldKind::Descriptor) => {
            out.extend_from_slice(&word_of(record, form).ok_or_else(too_long)?);
        }
        (FieldValue::Number(number), FieldKind::Numeric | FieldKind::PackedNumber) => {
            if decimal_digits(*number) > field.character.length {
                return Err(too_long());
            }
            put_number(*number, place.length, place.kind, form, out);
        }
        (FieldValue::Number(number), FieldKind::Descriptor) => {
            let word = usize::try_from(*number).ok().and_then(|length| word_of(length, form));
            out.extend_from_slice(&word.ok_or_else(too_long)?);
        }
        (FieldValue::Zeros, FieldKind::Date | FieldKind::Timestamp) => fill(out, b'0'),
        (FieldValue::Zeros, FieldKind::PackedDate | FieldKind::PackedTimestamp) => match form {
            Form::PackedDecimal => put_number(0, place.length, place.kind, form, out),
            // As moov-io/metro2 writes none, without the mark.
            Form::Packed | Form::Character => fill(out, 0),
        },
        (FieldValue::Date(date), FieldKind::Date | FieldKind::PackedDate) => {
            put_number(date_number(*date), place.length, place.kind, form, out);
        }
        (FieldValue::Timestamp(stamp), FieldKind::Timestamp | FieldKind::PackedTimestamp) => {
            let part = |part: i8| u64::try_from(part).unwrap_or(0);
            let time = part(stamp.hour()) * 10_000 + part(stamp.minute()) * 100 + part(stamp.second());
            put_number(date_number(stamp.date()) * 1_000_000 + time, place.length, place.kind, form, out);
        }
        _ => return Err(Unwritable::WrongKind { field: field.path(), expected: expected(place.kind) }),
    }
    Ok(())
}

/// `MMDDYYYY` as a number.
fn date_number(date: Date) -> u64 {
    let part = |part: i16| u64::try_from(part).unwrap_or(0);
    part(date.month().into()) * 1_000_000 + part(date.day().into()) * 10_000 + part(date.year())
}

fn decimal_digits(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |digits| digits as usize + 1)
}

/// Writes a number that is known to fit, or as much of it as does.
fn put_number(number: u64, length: usize, kind: FieldKind, form: Form, out: &mut Vec<u8>) {
    let last = |bytes: &[u8]| bytes.get(bytes.len().saturating_sub(length)..).unwrap_or(bytes).to_vec();
    let is_text = matches!(kind, FieldKind::Numeric | FieldKind::Date | FieldKind::Timestamp);
    let is_time = matches!(kind, FieldKind::PackedDate | FieldKind::PackedTimestamp);
    match form {
        _ if is_text => out.extend(last(&decimal::<20>(number))),
        Form::PackedDecimal => {
            // Fifteen digits and the sign; two halves a byte.
            let digits = decimal::<15>(number);
            let halves: Vec<u8> = digits.iter().map(|digit| digit - b'0').chain([0xc]).collect();
            let bytes: Vec<u8> =
                halves.chunks(2).map(|pair| pair.iter().fold(0, |byte, half| byte << 4 | half)).collect();
            out.extend(last(&bytes));
        }
        _ if is_time => {
            let bytes = [number.to_be_bytes().as_slice(), b"s"].concat();
            out.extend(last(&bytes));
        }
        _ => out.extend(last(&number.to_be_bytes())),
    }
}

const fn expected(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Alphanumeric => "a text",
        FieldKind::Numeric | FieldKind::PackedNumber => "a number",
        FieldKind::Date | FieldKind::PackedDate => "a date",
        FieldKind::Timestamp | FieldKind::PackedTimestamp => "a timestamp",
        FieldKind::Descriptor => "a length",
    }
}

/// A descriptor word; `None` if it can't say so much.
pub(super) fn word_of(length: usize, form: Form) -> Option<[u8; 4]> {
    if form.is_packed() {
        let [high, low] = u16::try_from(length).ok()?.to_be_bytes();
        return Some([high, low, 0, 0]);
    }
    let length = u64::try_from(length).ok().filter(|&length| length <= 9_999)?;
    Some(decimal(length))
}
