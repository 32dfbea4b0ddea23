//! Lists of a furnisher's codes and what they mean.

use std::collections::BTreeMap;

use serde::Deserialize;
use tallystick_model::Currency;

use super::encoding::Encoding;
use super::mapping::MappingError;
use super::shape::{TextOr, codes, one_of};

/// A value that is the same in every row, or stands in a column, translated by a list of codes.
#[derive(Clone, Debug)]
pub(super) enum Coded<T> {
    Constant(T),
    Column(String, CodeList<T>),
}

/// What the codes of a column mean.
#[derive(Clone, Debug)]
pub(super) struct CodeList<T> {
    /// Codes of at most eight bytes, as a number with their length: looked at for every row.
    short: Vec<(u64, usize, T)>,
    long: Vec<(Vec<u8>, T)>,
    ignore_case: bool,
    /// Of codes that are not in the list.
    default: Option<T>,
    /// Of blank fields.
    blank: Option<T>,
}

/// At most eight bytes as a number, in lower case if asked for.
fn packed(code: &[u8], ignore_case: bool) -> Option<u64> {
    let mut bytes = [0; 8];
    bytes.get_mut(..code.len())?.copy_from_slice(code);
    if ignore_case {
        bytes.make_ascii_lowercase();
    }
    Some(u64::from_le_bytes(bytes))
}

impl<T: Copy> CodeList<T> {
    /// The meaning of `field`; `None` if the list does not say.
    pub(super) fn get(&self, field: &[u8]) -> Option<T> {
        let found = match packed(field, self.ignore_case) {
            Some(key) => {
                let known = |(known, length, _): &&(u64, usize, T)| *known == key && *length == field.len();
                self.short.iter().find(known).map(|(.., meaning)| *meaning)
            }
            None => {
                let same = |known: &[u8]| known == field || (self.ignore_case && known.eq_ignore_ascii_case(field));
                self.long.iter().find(|(known, _)| same(known)).map(|(_, meaning)| *meaning)
            }
        };
        found.or(if field.is_empty() { self.blank } else { self.default })
    }

    /// Everything the column can mean.
    pub(super) fn meanings(&self) -> impl Iterator<Item = T> {
        let listed =
            self.short.iter().map(|(.., meaning)| *meaning).chain(self.long.iter().map(|(_, meaning)| *meaning));
        listed.chain(self.default).chain(self.blank)
    }
}

impl CodeList<Currency> {
    /// A currency by its ISO 4217 code, or else by the list.
    pub(super) fn currency(&self, field: &[u8]) -> Option<Currency> {
        let by_code = std::str::from_utf8(field).ok().and_then(|code| Currency::from_code(code).ok());
        by_code.or_else(|| self.get(field))
    }
}

/// What [`CodeList::currency`] looks for, in words.
pub(super) const CURRENCY_EXPECTED: &str = "an ISO 4217 code or one of the layout's list";

/// A currency that the mapping itself names.
pub(super) fn currency(key: &str, found: &str) -> Result<Currency, MappingError> {
    one_of(key, found, "an ISO 4217 code such as `CNY`", Currency::from_code(found).ok())
}

/// `{ column = "...", codes = { ... } }`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodesToml {
    pub(super) column: String,
    #[serde(default)]
    pub(super) codes: BTreeMap<String, String>,
    pub(super) default: Option<String>,
    pub(super) blank: Option<String>,
    #[serde(default)]
    pub(super) ignore_case: bool,
}

impl CodesToml {
    /// The list, each meaning found by `find`, which is told the meaning's key.
    pub(super) fn check<T: Copy>(
        &self,
        key: &str,
        encoding: Encoding,
        find: impl Fn(&str, &str) -> Result<T, MappingError>,
    ) -> Result<CodeList<T>, MappingError> {
        let optional = |name: &str, text: &Option<String>| {
            text.as_ref().map(|text| find(&format!("{key}.{name}"), text)).transpose()
        };
        let mut list = CodeList {
            short: Vec::new(),
            long: Vec::new(),
            ignore_case: self.ignore_case,
            default: optional("default", &self.default)?,
            blank: optional("blank", &self.blank)?,
        };
        let mut seen = Vec::new();
        for (code, meaning) in &self.codes {
            let meaning = find(&format!("{key}.codes.{code}"), meaning)?;
            let same = if self.ignore_case { code.to_ascii_lowercase() } else { code.clone() };
            if seen.contains(&same) {
                return one_of(&format!("{key}.codes"), code, "codes that differ in more than case", None);
            }
            seen.push(same);
            let bytes = encoding.encode(code);
            match packed(&bytes, self.ignore_case) {
                Some(number) => list.short.push((number, bytes.len(), meaning)),
                None => list.long.push((bytes, meaning)),
            }
        }
        Ok(list)
    }
}

/// A value of a closed list, or a column of codes for such values.
pub(super) fn coded<T: Copy>(
    key: &str,
    encoding: Encoding,
    toml: Option<TextOr<CodesToml>>,
    default: T,
    known: &[T],
    code: impl Fn(T) -> &'static str,
) -> Result<Coded<T>, MappingError> {
    let find = |key: &str, text: &str| {
        let value = known.iter().copied().find(|value| code(*value) == text);
        one_of(key, text, &codes(known.iter().map(|value| code(*value))), value)
    };
    Ok(match toml {
        None => Coded::Constant(default),
        Some(TextOr::Text(text)) => Coded::Constant(find(key, &text)?),
        Some(TextOr::Table(table)) => {
            if table.codes.is_empty() {
                return one_of(&format!("{key}.codes"), "nothing", "a list of codes", None);
            }
            Coded::Column(table.column.clone(), table.check(key, encoding, find)?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(toml: &str) -> Result<CodeList<u32>, MappingError> {
        let table: CodesToml = toml::from_str(toml).unwrap();
        let find = |key: &str, text: &str| one_of(key, text, "a number", text.parse::<u32>().ok());
        table.check("rating", Encoding::Utf8, find)
    }

    #[test]
    fn codes_of_any_length_are_found_and_no_others() {
        let list = list("column = 'c'\n[codes]\n1 = '1'\n'' = '0'\neightlen = '8'\nlonger_than_eight = '17'\n'\u{6b63}\u{5e38}' = '6'")
            .unwrap();
        for (field, expected) in [
            ("1", Some(1)),
            ("", Some(0)),
            ("eightlen", Some(8)),
            ("longer_than_eight", Some(17)),
            ("\u{6b63}\u{5e38}", Some(6)),
            ("1\0", None),
            ("\0", None),
            ("EIGHTLEN", None),
            ("longer_than_nine", None),
        ] {
            assert_eq!(list.get(field.as_bytes()), expected, "{field:?}");
        }
    }

    #[test]
    fn a_default_is_for_unknown_codes_blank_for_blank_fields_and_case_counts_unless_ignored() {
        let list = list(
            "column = 'c'\ndefault = '7'\nblank = '9'\nignore_case = true\n[codes]\nA = '1'\nVery_Long_Code = '2'",
        )
        .unwrap();
        for (field, expected) in [("a", 1), ("A", 1), ("VERY_long_code", 2), ("b", 7), ("", 9)] {
            assert_eq!(list.get(field.as_bytes()), Some(expected), "{field:?}");
        }
        assert_eq!(list.meanings().collect::<Vec<_>>(), [1, 2, 7, 9]);
    }

    #[test]
    fn a_wrong_meaning_and_codes_that_are_one_name_their_key() {
        for (toml, expected) in [
            ("column = 'c'\n[codes]\nA = 'x'", "`rating.codes.A`: expected a number, found `x`"),
            ("column = 'c'\ndefault = 'x'", "`rating.default`: expected a number, found `x`"),
            (
                "column = 'c'\nignore_case = true\n[codes]\nA = '1'\na = '1'",
                "`rating.codes`: expected codes that differ in more than case, found `a`",
            ),
        ] {
            assert_eq!(list(toml).unwrap_err().to_string(), expected);
        }
    }
}
