//! Values of a mapping that are a text in the simple case and a table in the other, with errors that name the key at fault.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::mapping::MappingError;

/// `key = "text"` or `key = { ... }`.
#[derive(Clone, Debug)]
pub(super) enum TextOr<T> {
    Text(String),
    Table(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for TextOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = TextOr<T>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a text or a table")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(TextOr::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(TextOr::Table)
            }
        }
        // Not `any` by chance: the mapping is TOML, which describes itself.
        deserializer.deserialize_any(Either(PhantomData))
    }
}

/// `value`, or an error that names `key`, what is allowed there and what was found.
pub(super) fn one_of<T>(key: &str, found: &str, expected: &str, value: Option<T>) -> Result<T, MappingError> {
    let error = || MappingError::Value { key: key.to_owned(), expected: expected.to_owned(), found: found.to_owned() };
    value.ok_or_else(error)
}

/// `one of `a`, `b``
pub(super) fn codes(list: impl Iterator<Item = &'static str>) -> String {
    let codes: Vec<_> = list.map(|code| format!("`{code}`")).collect();
    format!("one of {}", codes.join(", "))
}

/// One ASCII character, or none.
pub(super) fn one_byte(key: &str, text: &str) -> Result<Option<u8>, MappingError> {
    match text.as_bytes() {
        [] => Ok(None),
        [byte] if byte.is_ascii() => Ok(Some(*byte)),
        _ => one_of(key, text, "one ASCII character", None),
    }
}
