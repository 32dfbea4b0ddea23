//! The typed view of one segment, and how a record is cut into segments.
//!
//! A view copies nothing: a field is a slice of the record, read when asked for. A field that lies beyond a record whose
//! closing blanks were stripped reads as blank. Whether a value makes sense is not asked here (`validate`).

use jiff::civil::{Date, DateTime};

use super::fields::{Field, FieldKind, Form, Place, SegmentKind, base, l1, trailer};

/// One segment of a record.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Which segment it is.
    pub kind: SegmentKind,
    /// Which columns of the field table hold for it.
    pub form: Form,
    /// Its bytes, from the record descriptor word or the segment identifier on.
    pub bytes: &'a [u8],
    /// Offset of its first byte in the file.
    pub byte: u64,
}

/// What a field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing: blank, or a date of zeros.
    Nothing,
    /// Text, without the blanks around it.
    Text(&'a [u8]),
    /// A number.
    Number(u64),
    /// A date.
    Date(Date),
    /// A date with a time of day, of no stated zone.
    Timestamp(DateTime),
}

/// What an L1 segment says: from this delivery on the account goes under another number, or its furnisher does, or both.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Change<'a> {
    /// The new number of the account.
    pub account_number: Option<&'a str>,
    /// The new identification number of the furnisher.
    pub identification_number: Option<&'a str>,
}

impl std::fmt::Debug for Change<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { account_number, identification_number } = self;
        let (account, identification) = (account_number.is_some(), identification_number.is_some());
        write!(out, "Change {{ account_number: {account}, identification_number: {identification} }}")
    }
}

/// A field's bytes can't be read as its kind says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl<'a> Segment<'a> {
    /// The bytes of a field as they stand.
    pub fn raw(&self, field: &Field) -> &'a [u8] {
        let place = field.place(self.form);
        self.bytes.get(place.start..place.start + place.length).unwrap_or(&[])
    }

    /// Offset of a field's first byte in the file.
    pub fn byte_of(&self, field: &Field) -> u64 {
        self.byte + field.place(self.form).start as u64
    }

    /// A field's text, without the blanks around it.
    pub fn text(&self, field: &Field) -> &'a [u8] {
        let mut text = self.raw(field);
        // Most of most fields is blanks: eight at a time.
        while let Some((first, b"        ")) = text.split_last_chunk() {
            text = first;
        }
        text.trim_ascii()
    }

    /// A field of one byte; a blank one is `b' '`.
    pub fn letter(&self, field: &Field) -> u8 {
        self.raw(field).first().copied().unwrap_or(b' ')
    }

    /// A field's number, `None` if it is blank.
    pub fn number(&self, field: &Field) -> Result<Option<u64>, Malformed> {
        let place = field.place(self.form);
        let raw = self.raw(field);
        match place.kind {
            FieldKind::Numeric => digits(raw),
            FieldKind::PackedNumber => match packed(raw, self.form)? {
                Some(number) if number >= ten_to_the(field.character.length) => Err(Malformed),
                number => Ok(number),
            },
            FieldKind::Descriptor => descriptor(raw).map(|length| Some(u64::from(length))).ok_or(Malformed),
            _ => Err(Malformed),
        }
    }

    /// A field's date, `None` if it is blank or zeros.
    pub fn date(&self, field: &Field) -> Result<Option<Date>, Malformed> {
        let Place { kind, .. } = field.place(self.form);
        match (kind, self.raw(field)) {
            (FieldKind::Date, raw) => match <&[u8; 8]>::try_from(raw) {
                Ok(b"00000000" | b"        ") => Ok(None),
                Ok(raw) => date(raw).map(Some).ok_or(Malformed),
                Err(_) => if_blank(raw),
            },
            (FieldKind::PackedDate, raw) => match packed_time(raw, self.form)? {
                None | Some(0) => Ok(None),
                Some(number) => date(&decimal(number)).map(Some).ok_or(Malformed),
            },
            (_, raw) => if_blank(raw),
        }
    }

    /// A field's timestamp, `None` if it is blank or zeros.
    pub fn timestamp(&self, field: &Field) -> Result<Option<DateTime>, Malformed> {
        let Place { kind, .. } = field.place(self.form);
        match (kind, self.raw(field)) {
            (FieldKind::Timestamp, raw) => match <&[u8; 14]>::try_from(raw) {
                Ok(b"00000000000000" | b"              ") => Ok(None),
                Ok(raw) => timestamp(raw).map(Some).ok_or(Malformed),
                Err(_) => if_blank(raw),
            },
            (FieldKind::PackedTimestamp, raw) => match packed_time(raw, self.form)? {
                None | Some(0) => Ok(None),
                Some(number) => timestamp(&decimal(number)).map(Some).ok_or(Malformed),
            },
            (_, raw) => if_blank(raw),
        }
    }

    /// What a field says, by its kind.
    pub fn value(&self, field: &Field) -> Result<Value<'a>, Malformed> {
        Ok(match field.place(self.form).kind {
            FieldKind::Alphanumeric => match self.text(field) {
                [] => Value::Nothing,
                text => Value::Text(text),
            },
            FieldKind::Date | FieldKind::PackedDate => self.date(field)?.map_or(Value::Nothing, Value::Date),
            FieldKind::Timestamp | FieldKind::PackedTimestamp => {
                self.timestamp(field)?.map_or(Value::Nothing, Value::Timestamp)
            }
            FieldKind::Numeric | FieldKind::PackedNumber | FieldKind::Descriptor => {
                self.number(field)?.map_or(Value::Nothing, Value::Number)
            }
        })
    }

    /// The change that an L1 segment reports. The number that its indicator does not name is not looked at: files leave the
    /// old one there.
    ///
    /// # Errors
    /// The field at fault: an indicator other than 1, 2 and 3, a new number that is missing or not UTF-8.
    pub fn change(&self) -> Result<Change<'a>, &'static Field> {
        let new_number = |field: &'static Field| match std::str::from_utf8(self.text(field)) {
            Ok(number) if !number.is_empty() => Ok(Some(number)),
            _ => Err(field),
        };
        let (account, identification) = match self.letter(&l1::CHANGE_INDICATOR) {
            b'1' => (true, false),
            b'2' => (false, true),
            b'3' => (true, true),
            _ => return Err(&l1::CHANGE_INDICATOR),
        };
        Ok(Change {
            account_number: if account { new_number(&l1::NEW_CONSUMER_ACCOUNT_NUMBER)? } else { None },
            identification_number: if identification { new_number(&l1::NEW_IDENTIFICATION_NUMBER)? } else { None },
        })
    }

    /// Whether a field holds anything but blanks and zeros; in the packed forms, zero bytes, the mark `s` of a date and the
    /// sign of a packed decimal count as nothing too.
    pub fn says_something(&self, field: &Field) -> bool {
        let raw = self.raw(field);
        match (field.place(self.form).kind, raw) {
            (FieldKind::PackedNumber | FieldKind::PackedDate | FieldKind::PackedTimestamp, raw) if is_blank(raw) => {
                false
            }
            (FieldKind::PackedNumber | FieldKind::PackedDate | FieldKind::PackedTimestamp, [first @ .., last])
                if self.form == Form::PackedDecimal =>
            {
                last >> 4 != 0 || first.iter().any(|&byte| byte != 0)
            }
            (FieldKind::PackedNumber, raw) => raw.iter().any(|&byte| byte != 0),
            (FieldKind::PackedDate | FieldKind::PackedTimestamp, raw) => {
                raw.iter().any(|&byte| !matches!(byte, 0 | b's' | b' '))
            }
            (_, raw) => raw.iter().any(|&byte| !matches!(byte, b'0' | b' ')),
        }
    }

    /// Whether nothing but the identifier stands in it: fixed-length files carry every segment, used or not.
    pub fn is_filler(&self) -> bool {
        self.bytes.iter().skip(2).all(|&byte| matches!(byte, b'0' | b' '))
    }
}

fn if_blank<T>(raw: &[u8]) -> Result<Option<T>, Malformed> {
    if raw.trim_ascii().is_empty() { Ok(None) } else { Err(Malformed) }
}

fn is_blank(raw: &[u8]) -> bool {
    raw.iter().all(|&byte| byte == b' ')
}

/// The number in ASCII digits; `None` if all are blank.
fn digits(raw: &[u8]) -> Result<Option<u64>, Malformed> {
    let mut number = 0_u64;
    for &byte in raw {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return if_blank(raw);
        }
        // No field has more than 19 digits.
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    Ok((!raw.is_empty()).then_some(number))
}

/// A packed number; `None` if it is blank, which no number of nine or ten digits looks like.
fn packed(raw: &[u8], form: Form) -> Result<Option<u64>, Malformed> {
    match form {
        _ if is_blank(raw) => Ok(None),
        Form::PackedDecimal => packed_decimal(raw).map(Some),
        Form::Packed | Form::Character => binary(raw).map(Some),
    }
}

/// The digits of a packed date or timestamp; `None` if it is blank. Zero bytes without the mark are how moov-io/metro2
/// writes none.
fn packed_time(raw: &[u8], form: Form) -> Result<Option<u64>, Malformed> {
    match (form, raw) {
        (_, raw) if is_blank(raw) || raw.iter().all(|&byte| byte == 0) => Ok(None),
        (Form::PackedDecimal, raw) => packed_decimal(raw).map(Some),
        (_, [number @ .., b's']) => binary(number).map(Some),
        _ => Err(Malformed),
    }
}

/// The number in packed decimal: two digits a byte, and a sign in the last half byte. No field of the format is negative.
fn packed_decimal(raw: &[u8]) -> Result<u64, Malformed> {
    let (&last, first) = raw.split_last().ok_or(Malformed)?;
    if raw.len() > 8 || !matches!(last & 0x0f, 0xa | 0xc | 0xe | 0xf) {
        return Err(Malformed);
    }
    let halves = first.iter().flat_map(|&byte| [byte >> 4, byte & 0x0f]).chain([last >> 4]);
    halves.into_iter().try_fold(0, |number: u64, digit| {
        // Fifteen digits at most.
        if digit > 9 { Err(Malformed) } else { Ok(number * 10 + u64::from(digit)) }
    })
}

/// How the numbers of a packed record are written: as the date it must have shows, or for a trailer all its totals.
pub(super) fn packed_form(kind: SegmentKind, bytes: &[u8]) -> Form {
    let is_decimal = |field: &Field| {
        let place = field.packed;
        bytes.get(place.start..place.start + place.length).is_some_and(|raw| packed_decimal(raw).is_ok())
    };
    let shows_it = match kind {
        SegmentKind::Trailer => {
            trailer::FIELDS.iter().filter(|field| field.packed.kind == FieldKind::PackedNumber).all(is_decimal)
        }
        SegmentKind::Header => false,
        _ => is_decimal(&base::DATE_OPENED),
    };
    if shows_it { Form::PackedDecimal } else { Form::Packed }
}

fn binary(raw: &[u8]) -> Result<u64, Malformed> {
    if raw.len() > 8 {
        return Err(Malformed);
    }
    Ok(raw.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

/// The length in a binary descriptor word.
pub(super) fn descriptor(raw: &[u8]) -> Option<u16> {
    match *raw {
        [high, low, 0, 0] => Some(u16::from_be_bytes([high, low])),
        _ => None,
    }
}

fn ten_to_the(power: usize) -> u64 {
    u32::try_from(power).map_or(u64::MAX, |power| 10_u64.saturating_pow(power))
}

/// A number as `N` decimal digits; all nines if it has more, so that no date passes for another.
pub(super) fn decimal<const N: usize>(number: u64) -> [u8; N] {
    if number >= ten_to_the(N) {
        return [b'9'; N];
    }
    let (mut text, mut rest) = ([b'0'; N], number);
    for byte in text.iter_mut().rev() {
        *byte = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    text
}

fn two(tens: u8, ones: u8) -> Option<i8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens > 9 || ones > 9 { None } else { i8::try_from(tens * 10 + ones).ok() }
}

/// The date `MMDDYYYY`; year 0 is none.
fn date(text: &[u8; 8]) -> Option<Date> {
    let &[m, mm, d, dd, y, yy, yyy, yyyy] = text;
    let year = i16::from(two(y, yy)?) * 100 + i16::from(two(yyy, yyyy)?);
    if year == 0 { None } else { Date::new(year, two(m, mm)?, two(d, dd)?).ok() }
}

/// The instant `MMDDYYYYhhmmss` of no stated zone.
pub(super) fn timestamp(text: &[u8; 14]) -> Option<DateTime> {
    let &[ref day @ .., h, hh, m, mm, s, ss] = text;
    let (hour, minute, second) = (two(h, hh)?, two(m, mm)?, two(s, ss)?);
    let time = jiff::civil::Time::new(hour, minute, second, 0).ok()?;
    Some(date(day)?.to_datetime(time))
}

/// A record cut at the end of its base segment.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The base segment.
    pub base: Segment<'a>,
    appended: &'a [u8],
}

/// No segment begins where a base segment should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotCut;

/// Why the rest of a record can't be cut into segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutFault<'a> {
    /// A segment that is not in the table. What follows it can't be read.
    Unknown {
        /// Offset in the file.
        byte: u64,
        /// Its first two bytes.
        identifier: &'a [u8],
    },
    /// The record ends, or another thing than a segment begins, where this one should end.
    Length {
        /// Offset in the file.
        byte: u64,
        /// Which segment.
        kind: SegmentKind,
        /// Bytes of it that are there; `None` if there are enough and what follows them is no segment.
        bytes: Option<usize>,
    },
}

impl<'a> Record<'a> {
    /// Cuts `bytes`, which begin with the record descriptor word at offset `byte` of the file.
    ///
    /// # Errors
    /// [`NotCut`] if it is too short, or what follows the base segment is neither blank nor looks like the identifier of
    /// a segment: then bytes are missing or too many within the base segment, and no field of it can be trusted.
    pub fn cut(bytes: &'a [u8], form: Form, byte: u64) -> Result<Self, NotCut> {
        let (base, appended) = bytes.split_at_checked(SegmentKind::Base.length(form)).ok_or(NotCut)?;
        if !may_follow(appended) {
            return Err(NotCut);
        }
        let form = if form.is_packed() { packed_form(SegmentKind::Base, base) } else { form };
        Ok(Self { base: Segment { kind: SegmentKind::Base, form, bytes: base, byte }, appended })
    }

    /// The appended segments in file order. Ends at the first that can't be cut.
    pub fn appended(&self) -> Appended<'a> {
        let byte = self.base.byte + self.base.bytes.len() as u64;
        Appended { rest: self.appended, byte, form: self.base.form }
    }
}

/// The end, only blanks (a fixed length filled up), or a letter and a digit.
fn may_follow(rest: &[u8]) -> bool {
    match rest {
        [letter, digit, ..] if letter.is_ascii_uppercase() && digit.is_ascii_digit() => true,
        rest => rest.iter().all(|&byte| byte == b' '),
    }
}

/// Iterates the segments after a base segment.
#[derive(Clone, Debug)]
pub struct Appended<'a> {
    rest: &'a [u8],
    byte: u64,
    form: Form,
}

impl<'a> Iterator for Appended<'a> {
    type Item = Result<Segment<'a>, CutFault<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let (rest, byte) = (std::mem::take(&mut self.rest), self.byte);
        let &[letter, digit, ..] = rest else {
            return None;
        };
        if letter == b' ' {
            return None;
        }
        let Some(kind) = SegmentKind::from_identifier([letter, digit]) else {
            return Some(Err(CutFault::Unknown { byte, identifier: rest.get(..2).unwrap_or(rest) }));
        };
        let length = kind.length(self.form);
        let Some((bytes, after)) = rest.split_at_checked(length) else {
            return Some(Err(CutFault::Length { byte, kind, bytes: Some(rest.len()) }));
        };
        if !may_follow(after) {
            return Some(Err(CutFault::Length { byte, kind, bytes: None }));
        }
        self.rest = after;
        self.byte = byte + length as u64;
        Some(Ok(Segment { kind, form: self.form, bytes, byte }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields::{base, j1};
    use super::*;

    fn base_with(field: &Field, value: &[u8], form: Form) -> Vec<u8> {
        let mut bytes = vec![b' '; SegmentKind::Base.length(form)];
        let place = field.place(form);
        bytes[place.start..place.start + place.length].copy_from_slice(value);
        bytes
    }

    fn date_of(value: &[u8], form: Form) -> Result<Option<Date>, Malformed> {
        let bytes = base_with(&base::DATE_OPENED, value, form);
        Segment { kind: SegmentKind::Base, form, bytes: &bytes, byte: 0 }.date(&base::DATE_OPENED)
    }

    #[test]
    fn dates_are_month_day_year_and_zeros_say_nothing() {
        assert_eq!(date_of(b"11222019", Form::Character), Ok(Some(Date::constant(2019, 11, 22))));
        assert_eq!(date_of(b"00000000", Form::Character), Ok(None));
        assert_eq!(date_of(b"        ", Form::Character), Ok(None));
        for text in [b"13222019", b"02302019", b"00002019", b"01010000", b"0101201 ", b"20191122", b"+1222019"] {
            assert_eq!(date_of(text, Form::Character), Err(Malformed), "{}", String::from_utf8_lossy(text));
        }
        assert_eq!(date_of(b"\x00\xab\x3c\x03s", Form::Packed), Ok(Some(Date::constant(2019, 11, 22))));
        assert_eq!(date_of(b"\0\0\0\0s", Form::Packed), Ok(None));
        assert_eq!(date_of(b"\xff\xff\xff\xffs", Form::Packed), Err(Malformed));
        assert_eq!(date_of(b"\0\0\0\0\0", Form::Packed), Ok(None));
        // Packed decimal in a record that is not: it must not pass for another date.
        assert_eq!(date_of(b"\x01\x12\x22\x01\x9c", Form::Packed), Err(Malformed));
        for (text, day) in [(b"\x01\x12\x22\x01\x9c", 22), (b"\x01\x12\x32\x01\x9f", 23)] {
            assert_eq!(date_of(text, Form::PackedDecimal), Ok(Some(Date::constant(2019, 11, day))));
        }
        assert_eq!(date_of(b"\0\0\0\0\x0c", Form::PackedDecimal), Ok(None));
        for text in [b"\x01\x12\x22\x01\x9d", b"\x01\x1a\x22\x01\x9c", b"\0\xab\x3c\x03s"] {
            assert_eq!(date_of(text, Form::PackedDecimal), Err(Malformed), "{text:x?}");
        }
    }

    #[test]
    fn numbers_are_digits_only_and_blank_says_nothing() {
        let number_of = |value: &[u8], form| {
            let bytes = base_with(&base::CURRENT_BALANCE, value, form);
            Segment { kind: SegmentKind::Base, form, bytes: &bytes, byte: 0 }.number(&base::CURRENT_BALANCE)
        };
        assert_eq!(number_of(b"000002233", Form::Character), Ok(Some(2233)));
        assert_eq!(number_of(b"999999999", Form::Character), Ok(Some(999_999_999)));
        assert_eq!(number_of(b"         ", Form::Character), Ok(None));
        for text in [b"00000223 ", b"     2233", b"-00002233", b"00000A233"] {
            assert_eq!(number_of(text, Form::Character), Err(Malformed));
        }
        assert_eq!(number_of(b"\0\0\0\x08\xb9", Form::Packed), Ok(Some(2233)));
        assert_eq!(number_of(b"\0\x3b\x9a\xc9\xff", Form::Packed), Ok(Some(999_999_999)));
        assert_eq!(number_of(b"\0\x3b\x9a\xca\x00", Form::Packed), Err(Malformed));
        assert_eq!(number_of(b"     ", Form::Packed), Ok(None));
        assert_eq!(number_of(b"\0\0\x02\x23\x3c", Form::PackedDecimal), Ok(Some(2233)));
        assert_eq!(number_of(b"\x99\x99\x99\x99\x9f", Form::PackedDecimal), Ok(Some(999_999_999)));
        assert_eq!(number_of(b"     ", Form::PackedDecimal), Ok(None));
        assert_eq!(number_of(b"\0\0\0\x08\xb9", Form::PackedDecimal), Err(Malformed));
    }

    #[test]
    fn a_record_is_cut_where_segments_end() {
        let mut bytes = vec![b'x'; 426];
        let cut = |bytes: &[u8]| {
            let record = Record::cut(bytes, Form::Character, 1000).map_err(|fault| format!("{fault:?}"))?;
            let kinds = record.appended().map(|segment| match segment {
                Ok(segment) => format!("{}@{}", segment.kind.name(), segment.byte),
                Err(fault) => format!("{fault:?}"),
            });
            Ok::<_, String>(kinds.collect::<Vec<_>>().join(" "))
        };
        assert_eq!(cut(&bytes[..425]), Err("NotCut".to_owned()));
        assert_eq!(cut(&bytes), Ok(String::new()));
        bytes.extend(b"K1".iter().chain(&[b'y'; 32]));
        bytes.extend(b"K3".iter().chain(&[b'y'; 38]));
        assert_eq!(cut(&bytes), Ok("K1@1426 K3@1460".to_owned()));
        assert_eq!(cut(&[bytes.as_slice(), b"   "].concat()), Ok("K1@1426 K3@1460".to_owned()));
        let unknown = "Unknown { byte: 1500, identifier: [75, 57] }";
        assert_eq!(cut(&[bytes.as_slice(), b"K9..."].concat()), Ok(format!("K1@1426 K3@1460 {unknown}")));
        let short = "Length { byte: 1460, kind: K3, bytes: Some(39) }";
        assert_eq!(cut(&bytes[..499]), Ok(format!("K1@1426 {short}")));
        let misplaced = "Length { byte: 1460, kind: K3, bytes: None }";
        assert_eq!(cut(&[bytes.as_slice(), b"y"].concat()), Ok(format!("K1@1426 {misplaced}")));
        bytes.remove(3);
        assert_eq!(cut(&bytes), Err("NotCut".to_owned()));
    }

    #[test]
    fn a_field_beyond_the_end_is_blank() {
        let segment = Segment { kind: SegmentKind::J1, form: Form::Character, bytes: b"J1 ", byte: 0 };
        assert_eq!(segment.text(&j1::SURNAME), b"");
        assert_eq!(segment.letter(&j1::ECOA_CODE), b' ');
        assert_eq!(segment.date(&j1::DATE_BIRTH), Ok(None));
        assert_eq!(segment.number(&j1::TELEPHONE_NUMBER), Ok(None));
    }
}
