//! JSON Lines: one object a line. Numbers are taken as the text they are, never as floats.

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use tallystick_model::fact::RecordPlace;

use super::RECORD_BYTES_MAX;
use super::beginning::text_start;
use super::cells::{Cells, Places};
use super::cut::{Rows, TextCutter};
use super::header::Header;
use super::mapping::Mapping;
use super::plan::Plan;
use super::taking::Taking;
use crate::parts::{Part, PartReader};
use crate::read::{FileSummary, ReadContext, Refused, Sink};
use crate::reject::{Found, Reject, RejectCode};

/// How deep objects may lie in each other.
const DEPTH_MAX: usize = 8;
/// Longest number that is written with an exponent, once it is written without.
const PLAIN_NUMBER_BYTES_MAX: i64 = 64;

/// Reads the lines of one file.
pub(super) struct JsonLinesReader<'a> {
    plan: Plan<'a>,
    names: Vec<String>,
    /// The place of each column by its name: a key, or keys with dots between them.
    places: BTreeMap<String, usize>,
    /// Whether the column at a place is ignored.
    ignored: Vec<bool>,
    decimal: u8,
}

/// Where the text begins, where the first line that is not blank begins, and that line.
fn first_line(bytes: &[u8]) -> Result<(usize, usize, &[u8]), Refused> {
    let start = text_start(bytes, "UTF-8")?;
    let rest = bytes.get(start..).unwrap_or_default();
    let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let line = rest.get(blank..).unwrap_or_default().split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok((start, start + blank, line))
}

/// The keys of the first line: those of `known` by their whole path, and of others each that is no object. `None` if the line
/// is no object.
///
/// # Errors
/// [`Refused`] for an encoding that no mapping reads.
pub(super) fn first_keys(known: &[&str], bytes: &[u8]) -> Result<Option<Vec<String>>, Refused> {
    let (.., line) = first_line(bytes)?;
    let mut keys = Vec::new();
    Ok(add_keys(known, line, 0, "", &mut keys).map(|()| keys))
}

fn add_keys(known: &[&str], object: &[u8], depth: usize, prefix: &str, keys: &mut Vec<String>) -> Option<()> {
    let Members(members) = members(object).filter(|_| depth < DEPTH_MAX)?;
    for (key, value) in members {
        let value = value.get().as_bytes();
        let path = if prefix.is_empty() { key.into_owned() } else { format!("{prefix}.{key}") };
        if !known.contains(&path.as_str()) && value.first() == Some(&b'{') {
            add_keys(known, value, depth + 1, &path, keys)?;
        } else {
            keys.push(path);
        }
    }
    Some(())
}

/// Leaves `cutter` at the first line.
pub(super) fn json_lines<'a, R: Read>(
    mapping: &'a Mapping,
    cutter: &mut TextCutter<R>,
    context: &ReadContext,
) -> Result<JsonLinesReader<'a>, Refused> {
    let bytes = cutter.beginning()?;
    let (start, line_at, line) = first_line(bytes)?;
    // An array, or objects over several lines, would be rejected line by line: say it once.
    if !line.is_empty() && (line.first() != Some(&b'{') || line.trim_ascii_end() == b"{") {
        return Err(Refused::NotThisLayout {
            byte: line_at as u64,
            field: "file".to_owned(),
            expected: "one JSON object a line".to_owned(),
            found: Found::phrase("something else on the first line"),
        });
    }
    let mut header = Header::open();
    let plan = Plan::new(mapping, &mut header, context)?;
    let names: Vec<String> = header.names().map(str::to_owned).collect();
    let places = names.iter().enumerate().map(|(place, name)| (name.clone(), place)).collect();
    let ignored = names.iter().map(|name| mapping.ignored.contains(name)).collect();
    cutter.skip(start);
    cutter.set_rows(Rows::Lines);
    Ok(JsonLinesReader { plan, names, places, ignored, decimal: mapping.file.amounts.decimal })
}

/// The columns of one line.
#[derive(Default)]
struct Line {
    text: Vec<u8>,
    ranges: Vec<(u32, u32)>,
    /// Where in the line each column stands; `None` if it does not.
    starts: Vec<Option<u32>>,
    /// The places of the columns of the line before, in its order: the next line is likely to have the same.
    order: Vec<usize>,
    seen: usize,
}

/// Why a line is no record.
enum Fault {
    Rejected {
        code: RejectCode,
        offset: usize,
        field: String,
        expected: &'static str,
        found: Found,
    },
    /// A key that the mapping does not speak about.
    Unknown {
        offset: usize,
        key: String,
    },
}

/// The members of an object, in their order.
struct Members<'de>(Vec<(Cow<'de, str>, &'de RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(16);
                while let Some(Key(key)) = map.next_key()? {
                    members.push((key, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A key, copied only if it has escapes.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

fn members(text: &[u8]) -> Option<Members<'_>> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let members = Members::deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(members)
}

impl JsonLinesReader<'_> {
    /// Hands the lines of `part` to `taking`.
    pub(super) fn rows(&self, part: &Part, taking: &mut Taking<'_>) -> Result<(), Refused> {
        let mut line = Line::default();
        let mut at = 0;
        while let Some(rest) = part.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let text = rest.get(..length).unwrap_or_default();
            let byte = part.at + at as u64;
            at += length + 1;
            if length as u64 > RECORD_BYTES_MAX {
                return Err(Refused::TooLarge { byte, what: "record", limit_bytes: RECORD_BYTES_MAX });
            }
            if text.trim_ascii().is_empty() {
                continue;
            }
            let place = RecordPlace { record: taking.next_record(), byte };
            match self.line(text, &mut line) {
                Ok(()) => {
                    let places = Places::Each(&line.starts);
                    let cells = Cells { text: &line.text, ranges: &line.ranges, byte, places };
                    taking.cells(&self.plan, place, &cells)?;
                }
                Err(Fault::Rejected { code, offset, field, expected, found }) => {
                    let place = RecordPlace { record: place.record, byte: byte + offset as u64 };
                    taking.reject(Reject { code, place, field, expected: expected.to_owned(), found })?;
                }
                Err(Fault::Unknown { offset, key }) => {
                    return Err(Refused::NotThisLayout {
                        byte: byte + offset as u64,
                        field: "key".to_owned(),
                        expected: "only keys that the layout maps, declares under a category or ignores by name"
                            .to_owned(),
                        // A file may have names of persons for keys.
                        found: Found::text(key.as_bytes()),
                    });
                }
            }
        }
        Ok(())
    }

    fn line(&self, text: &[u8], line: &mut Line) -> Result<(), Fault> {
        line.text.clear();
        line.ranges.clear();
        line.ranges.resize(self.names.len(), (0, 0));
        line.starts.clear();
        line.starts.resize(self.names.len(), None);
        line.seen = 0;
        self.object(text, text, 0, "", line)
    }

    /// Takes the members of `object`, a piece of `whole`, whose keys stand under `prefix`.
    fn object(&self, whole: &[u8], object: &[u8], depth: usize, prefix: &str, line: &mut Line) -> Result<(), Fault> {
        let offset = |part: &[u8]| part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
        let reject = |code, part: &[u8], field: &str, expected, found| Fault::Rejected {
            code,
            offset: offset(part),
            field: field.to_owned(),
            expected,
            found,
        };
        let Some(Members(members)) = members(object).filter(|_| depth < DEPTH_MAX) else {
            return Err(reject(RejectCode::Syntax, object, "row", "a JSON object", Found::phrase("something else")));
        };
        for (key, value) in members {
            let value = value.get().as_bytes();
            let path = if prefix.is_empty() { key } else { Cow::Owned(format!("{prefix}.{key}")) };
            let Some(place) = self.place(&path, line) else {
                if value.first() == Some(&b'{') {
                    self.object(whole, value, depth + 1, &path, line)?;
                    continue;
                }
                return Err(Fault::Unknown { offset: offset(value), key: path.into_owned() });
            };
            let name = self.names.get(place).map_or("", String::as_str);
            let Some(start) = line.starts.get_mut(place) else { continue };
            if start.replace(u32::try_from(offset(value)).unwrap_or(u32::MAX)).is_some() {
                return Err(reject(RejectCode::DuplicateKey, value, name, "each key once", Found::phrase("it again")));
            }
            if self.ignored.get(place) == Some(&true) {
                continue;
            }
            let from = line.text.len();
            if let Err(code) = self.value(value, &mut line.text) {
                let expected = match code {
                    RejectCode::WrongType => "a text, a number, `true`, `false` or `null`",
                    _ => "a number of at most 64 digits without its exponent, or a text",
                };
                return Err(reject(code, value, name, expected, Found::shape(value)));
            }
            let end = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
            if let Some(range) = line.ranges.get_mut(place) {
                *range = (end(from), end(line.text.len()));
            }
        }
        Ok(())
    }

    /// The place of a column. Lines tend to have the same keys in the same order.
    fn place(&self, path: &str, line: &mut Line) -> Option<usize> {
        let guess = line.order.get(line.seen).copied();
        let known = guess.filter(|place| self.names.get(*place).is_some_and(|name| name == path));
        let place = known.or_else(|| self.places.get(path).copied())?;
        match line.order.get_mut(line.seen) {
            Some(guess) => *guess = place,
            None => line.order.push(place),
        }
        line.seen += 1;
        Some(place)
    }

    /// Appends the text of a value: a text as it is, a number with the layout's decimal mark, nothing for `null`.
    fn value(&self, value: &[u8], text: &mut Vec<u8>) -> Result<(), RejectCode> {
        match value.first() {
            Some(b'"') => {
                let inner = value.get(1..value.len() - 1).unwrap_or_default();
                if memchr::memchr(b'\\', inner).is_none() {
                    text.extend_from_slice(inner);
                } else {
                    let unescaped: String = serde_json::from_slice(value).map_err(|_| RejectCode::Syntax)?;
                    text.extend_from_slice(unescaped.as_bytes());
                }
                Ok(())
            }
            Some(b't' | b'f') => {
                text.extend_from_slice(value);
                Ok(())
            }
            Some(b'n') | None => Ok(()),
            Some(b'{' | b'[') => Err(RejectCode::WrongType),
            Some(_) => {
                let from = text.len();
                if value.iter().any(|byte| matches!(byte, b'e' | b'E')) {
                    text.extend_from_slice(without_exponent(value).ok_or(RejectCode::NotANumber)?.as_bytes());
                } else {
                    text.extend_from_slice(value);
                }
                for byte in text.iter_mut().skip(from).filter(|byte| **byte == b'.') {
                    *byte = self.decimal;
                }
                Ok(())
            }
        }
    }
}

/// `1.25e2` as `125`: the same number, exactly.
fn without_exponent(number: &[u8]) -> Option<String> {
    let number = std::str::from_utf8(number).ok()?;
    let (mantissa, exponent) = number.split_once(['e', 'E'])?;
    let exponent: i64 = exponent.parse().ok()?;
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, places) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{places}");
    let (length, point) = (i64::try_from(digits.len()).ok()?, i64::try_from(whole.len()).ok()?.checked_add(exponent)?);
    if point.unsigned_abs().max(length.unsigned_abs()) > PLAIN_NUMBER_BYTES_MAX.unsigned_abs() {
        return None;
    }
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
    Some(if point <= 0 {
        format!("{sign}0.{}{digits}", zeros(-point))
    } else if point >= length {
        format!("{sign}{digits}{}", zeros(point - length))
    } else {
        let (whole, places) = digits.split_at_checked(usize::try_from(point).ok()?)?;
        format!("{sign}{whole}.{places}")
    })
}

impl PartReader for JsonLinesReader<'_> {
    fn read_part(&self, part: &Part, sink: &mut dyn Sink) -> Result<FileSummary, Refused> {
        let mut taking = Taking::new(sink, 0);
        self.rows(part, &mut taking)?;
        Ok(taking.summary())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponent_is_worked_out_exactly() {
        for (number, plain) in [
            ("1e0", Some("1")),
            ("1.25e2", Some("125")),
            ("1.25E+1", Some("12.5")),
            ("-1.25e3", Some("-1250")),
            ("125e-2", Some("1.25")),
            ("125e-3", Some("0.125")),
            ("-1e-4", Some("-0.0001")),
            ("0e5", Some("000000")),
            ("1e65", None),
            ("1e-66", None),
            ("1e99999999999999999999", None),
        ] {
            assert_eq!(without_exponent(number.as_bytes()).as_deref(), plain, "{number}");
        }
    }
}
