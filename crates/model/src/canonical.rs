//! Canonical bytes: the only form that is stored, hashed and signed.
//!
//! Every record begins with one byte for the version of its kind. Unsigned integers are LEB128 varints
//! in their shortest form, signed ones zigzag varints, byte strings a varint length and the bytes,
//! options a byte 0 or 1. There is exactly one encoding of a value: a longer varint, a trailing byte
//! or an unknown version is an error, so equal hashes mean equal values.

use thiserror::Error;

/// Longest byte string inside a record: 1 MiB. Checked before anything is allocated.
pub const BYTES_LEN_MAX: u64 = 1 << 20;

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The bytes end inside a value.
    #[error("record ends early")]
    Truncated,
    /// Bytes are left after the last value.
    #[error("record has bytes past its end")]
    Trailing,
    /// A version this program does not know.
    #[error("record of unknown version {0}")]
    Version(u8),
    /// A varint not in its shortest form, or above its type's range.
    #[error("record has a malformed integer")]
    Integer,
    /// A length above [`BYTES_LEN_MAX`].
    #[error("record has a length above the limit")]
    Length,
    /// A value outside the range of the named field.
    #[error("record has an unknown value of `{0}`")]
    Value(&'static str),
}

/// A value with one canonical encoding.
pub trait Canonical: Sized {
    /// Appends the encoding.
    fn write(&self, out: &mut Writer<'_>);

    /// Reads one value from the front of `input`.
    ///
    /// # Errors
    /// See [`DecodeError`].
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// The encoding on its own.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut Writer::new(&mut bytes));
        bytes
    }

    /// The value of exactly these bytes.
    ///
    /// # Errors
    /// See [`DecodeError`].
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let value = Self::read(&mut input)?;
        input.finish()?;
        Ok(value)
    }
}

/// Appends canonical values to a buffer.
#[derive(Debug)]
pub struct Writer<'a> {
    bytes: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Appends to `bytes`.
    pub const fn new(bytes: &'a mut Vec<u8>) -> Self {
        Self { bytes }
    }

    /// One byte as it is.
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Bytes of a length both sides know.
    pub fn fixed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// An unsigned varint.
    pub fn unsigned(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.bytes.push(value.to_le_bytes()[0]);
    }

    /// A zigzag varint.
    pub fn signed(&mut self, value: i64) {
        self.unsigned(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    /// A byte string: length, then the bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.unsigned(bytes.len() as u64);
        self.fixed(bytes);
    }

    /// A text: its UTF-8 as a byte string.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// An optional value: 0, or 1 and the value.
    pub fn option<T>(&mut self, value: Option<&T>, write: impl FnOnce(&mut Self, &T)) {
        match value {
            None => self.byte(0),
            Some(value) => {
                self.byte(1);
                write(self, value);
            }
        }
    }

    /// A list: its count, then each value.
    pub fn list<T>(&mut self, values: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.unsigned(values.len() as u64);
        for value in values {
            write(self, value);
        }
    }
}

/// Takes canonical values from the front of a slice.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from their start.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`DecodeError::Trailing`] if bytes are left.
    pub const fn finish(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError::Trailing) }
    }

    /// The bytes not yet read.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// One byte.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.rest.split_first().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*first)
    }

    /// Checks the version byte of a record.
    ///
    /// # Errors
    /// [`DecodeError::Version`] if it is not `known`.
    pub fn version(&mut self, known: u8) -> Result<(), DecodeError> {
        match self.byte()? {
            version if version == known => Ok(()),
            version => Err(DecodeError::Version(version)),
        }
    }

    /// `N` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (first, rest) = self.rest.split_first_chunk::<N>().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*first)
    }

    /// An unsigned varint in its shortest form.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::Integer`].
    pub fn unsigned(&mut self) -> Result<u64, DecodeError> {
        let mut value: u64 = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && byte > 1 {
                return Err(DecodeError::Integer);
            }
            value |= part << shift;
            if byte < 0x80 {
                return if byte == 0 && shift > 0 { Err(DecodeError::Integer) } else { Ok(value) };
            }
        }
        Err(DecodeError::Integer)
    }

    /// An unsigned varint that fits `T`.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::Integer`].
    pub fn unsigned_as<T: TryFrom<u64>>(&mut self) -> Result<T, DecodeError> {
        T::try_from(self.unsigned()?).map_err(|_| DecodeError::Integer)
    }

    /// A zigzag varint.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::Integer`].
    pub fn signed(&mut self) -> Result<i64, DecodeError> {
        let value = self.unsigned()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// A byte string, borrowed.
    ///
    /// # Errors
    /// [`DecodeError::Length`] above the limit, [`DecodeError::Truncated`].
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.unsigned()?;
        if length > BYTES_LEN_MAX {
            return Err(DecodeError::Length);
        }
        let length = usize::try_from(length).map_err(|_| DecodeError::Length)?;
        let (first, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(first)
    }

    /// A text.
    ///
    /// # Errors
    /// As [`Reader::bytes`]; [`DecodeError::Value`] if it is not UTF-8.
    pub fn text(&mut self) -> Result<String, DecodeError> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| DecodeError::Value("text"))
    }

    /// An optional value.
    ///
    /// # Errors
    /// [`DecodeError::Value`] if the first byte is neither 0 nor 1.
    pub fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(DecodeError::Value("option")),
        }
    }

    /// A list. Grows as values are read, so a false count allocates nothing.
    ///
    /// # Errors
    /// Those of `read`, and [`DecodeError::Length`] above the limit.
    pub fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.unsigned()?;
        if count > BYTES_LEN_MAX {
            return Err(DecodeError::Length);
        }
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(read(self)?);
        }
        Ok(values)
    }
}

/// Defines an enum of plain cases, each with a stored number, a stable code and a meaning.
///
/// Gives `ALL`, `number`, `from_number`, `code`, `from_code` and `meaning`; numbers are stored, so they are
/// never reused, and codes are what users type and read.
macro_rules! coded_enum {
    (
        $(#[$outer:meta])*
        pub enum $name:ident {
            $($(#[$inner:meta])* $case:ident = $number:literal, $code:literal, $meaning:literal;)*
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$inner])* #[doc = $meaning] $case = $number,)*
        }

        impl $name {
            /// Every case, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$case),*];

            /// The stored number.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// The case with this stored number.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$case),)*
                    _ => None,
                }
            }

            /// The stable code that users type and read.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$case => $code,)*
                }
            }

            /// The case with this code.
            pub fn from_code(code: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$case),)*
                    _ => None,
                }
            }

            /// One plain sentence for a reader.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$case => $meaning,)*
                }
            }

            /// Appends the stored number.
            pub fn write(self, out: &mut $crate::canonical::Writer<'_>) {
                out.byte(self.number());
            }

            /// Reads a stored number.
            ///
            /// # Errors
            /// [`DecodeError::Value`]($crate::canonical::DecodeError::Value) for an unknown number.
            pub fn read(
                input: &mut $crate::canonical::Reader<'_>,
            ) -> Result<Self, $crate::canonical::DecodeError> {
                Self::from_number(input.byte()?)
                    .ok_or($crate::canonical::DecodeError::Value(stringify!($name)))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.code())
            }
        }
    };
}
pub(crate) use coded_enum;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut Writer::new(&mut bytes));
        bytes
    }

    #[test]
    fn integers_have_one_encoding() {
        assert_eq!(encode(|out| out.unsigned(300)), [0xac, 0x02]);
        assert_eq!(encode(|out| out.signed(-1)), [1]);
        // 0 written in two bytes is refused, and so is an eleventh byte.
        assert_eq!(Reader::new(&[0x80, 0x00]).unsigned(), Err(DecodeError::Integer));
        assert_eq!(Reader::new(&[0xff; 11]).unsigned(), Err(DecodeError::Integer));
        assert_eq!(
            Reader::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]).unsigned(),
            Err(DecodeError::Integer)
        );
        assert_eq!(Reader::new(&[0x80]).unsigned(), Err(DecodeError::Truncated));
    }

    #[test]
    fn a_length_is_checked_before_anything_is_taken() {
        let claim = encode(|out| out.unsigned(BYTES_LEN_MAX + 1));
        assert_eq!(Reader::new(&claim).bytes(), Err(DecodeError::Length));
        let short = encode(|out| out.unsigned(5));
        assert_eq!(Reader::new(&short).bytes(), Err(DecodeError::Truncated));
    }

    proptest! {
        #[test]
        fn every_integer_returns(unsigned: u64, signed: i64) {
            let bytes = encode(|out| { out.unsigned(unsigned); out.signed(signed); });
            let mut input = Reader::new(&bytes);
            prop_assert_eq!(input.unsigned(), Ok(unsigned));
            prop_assert_eq!(input.signed(), Ok(signed));
            prop_assert_eq!(input.finish(), Ok(()));
        }

        #[test]
        fn what_reads_as_an_integer_writes_the_same_bytes(bytes in proptest::collection::vec(any::<u8>(), 1..12)) {
            let mut input = Reader::new(&bytes);
            if let Ok(value) = input.unsigned() {
                let read = bytes.len() - input.rest().len();
                prop_assert_eq!(encode(|out| out.unsigned(value)), &bytes[..read]);
            }
        }
    }
}
