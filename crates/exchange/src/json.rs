//! JSON from strangers: bounded, and with repeated names seen instead of dropped.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use crate::ExchangeError;

/// Longest file, in bytes.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// A JSON value. An object keeps its members in their order; a name that stands twice stands twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    Null,
    Bool(bool),
    /// As it is written; only whole numbers are needed here.
    Number(serde_json::Number),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Every value of the member `name`, the elements of a list one by one: JSON-LD makes no difference between a value and a
    /// list of it, and examples in the wild repeat the name instead.
    pub fn all<'j>(&'j self, name: &str) -> Vec<&'j Json> {
        let Self::Object(members) = self else { return Vec::new() };
        let named = members.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        named
            .flat_map(|value| if let Self::List(values) = value { values.iter().collect() } else { vec![value] })
            .collect()
    }

    /// The only value of the member `name`.
    pub fn one<'j>(&'j self, name: &str) -> Option<&'j Json> {
        match self.all(name).as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The text of the only value of the member `name`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.one(name)?.as_text()
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a JSON value")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Number(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Number(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(serde_json::Number::from_f64(value).map_or(Json::Null, Json::Number))
            }
            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Json, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = values.next_element()? {
                    list.push(value);
                }
                Ok(Json::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
                let mut object = Vec::new();
                while let Some(member) = members.next_entry()? {
                    object.push(member);
                }
                Ok(Json::Object(object))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Reads bytes as one value of `T`; nothing of them is repeated in an error.
pub fn read<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, ExchangeError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(ExchangeError::TooLong(bytes.len()));
    }
    serde_json::from_slice(bytes).map_err(|error| ExchangeError::Json {
        line: error.line(),
        column: error.column(),
        what: match error.classify() {
            Category::Eof => "the file ends early",
            Category::Data => "a field that is missing, unknown, said twice, or of another kind than the form has",
            Category::Syntax | Category::Io => "not JSON",
        },
    })
}
