//! The columns a file has, and which of them a mapping speaks about.

use super::amount::AmountFormat;
use super::pattern::DatePattern;
use super::plan::Column;
use crate::read::Refused;
use crate::reject::Found;

/// What a typed format says of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Text, or a number as text.
    Text,
    /// A number, written plainly whatever the mapping says of marks and signs.
    Number,
    /// Days since 1970-01-01.
    Days,
    /// Time since 1970-01-01T00:00, this many to a second; in UTC, or in local time.
    Instant { per_second: i64, utc: bool },
    /// Of a type that cannot be mapped: what it should be, and what it is.
    Unusable(&'static str, &'static str),
}

#[derive(Clone, Debug)]
struct Known {
    name: String,
    typed: Typed,
    asked: bool,
    /// Whether anything is read of it.
    used: bool,
}

/// Finds columns by name, and remembers which were asked for.
#[derive(Clone, Debug)]
pub(super) struct Header {
    columns: Vec<Known>,
    /// Whether columns are known only from the mapping: there is no header, and whatever is asked for may be there.
    open: bool,
}

impl Header {
    /// Of a file with these columns.
    pub(super) fn new(columns: impl IntoIterator<Item = (String, Typed)>) -> Self {
        let columns =
            columns.into_iter().map(|(name, typed)| Known { name, typed, asked: false, used: false }).collect();
        Self { columns, open: false }
    }

    /// Of a file without a header.
    pub(super) const fn open() -> Self {
        Self { columns: Vec::new(), open: true }
    }

    /// The column's place.
    pub(super) fn column(&mut self, name: &str) -> Result<Column, Refused> {
        let place = self.place(name)?;
        if let Some(Known { typed: Typed::Unusable(expected, found), .. }) = self.columns.get(place) {
            return Err(Refused::NotThisLayout {
                byte: 0,
                field: name.to_owned(),
                expected: (*expected).to_owned(),
                found: Found::phrase(*found),
            });
        }
        if let Some(column) = self.columns.get_mut(place) {
            column.used = true;
        }
        Ok(Column { place, name: name.to_owned() })
    }

    /// A column that is there and says nothing; in formats with nested columns, those in it too.
    pub(super) fn ignored(&mut self, name: &str) -> Result<(), Refused> {
        let within = format!("{name}.");
        let mut found = false;
        for column in self.columns.iter_mut().filter(|column| column.name.starts_with(&within)) {
            (column.asked, found) = (true, true);
        }
        if found { Ok(()) } else { self.place(name).map(drop) }
    }

    fn place(&mut self, name: &str) -> Result<usize, Refused> {
        let count = self.columns.len();
        let place = match self.columns.iter().position(|column| column.name == name) {
            Some(place) => place,
            None if self.open => {
                self.columns.push(Known { name: name.to_owned(), typed: Typed::Text, asked: true, used: false });
                count
            }
            None => {
                return Err(Refused::NotThisLayout {
                    byte: 0,
                    field: name.to_owned(),
                    expected: format!("a column `{name}`"),
                    found: Found::phrase(format!("{count} other columns")),
                });
            }
        };
        if let Some(column) = self.columns.get_mut(place) {
            column.asked = true;
        }
        Ok(place)
    }

    /// How the dates of a column are written: by the mapping's pattern, or by the column's own type.
    pub(super) fn pattern(&self, column: &Column, pattern: &DatePattern) -> Result<DatePattern, Refused> {
        let declared = match pattern {
            DatePattern::Unix { offset_seconds, .. } => *offset_seconds,
            _ => None,
        };
        match self.columns.get(column.place).map_or(Typed::Text, |known| known.typed) {
            Typed::Days => Ok(DatePattern::Days),
            Typed::Instant { per_second, utc: false } => Ok(DatePattern::Unix { per_second, offset_seconds: None }),
            Typed::Instant { per_second, utc: true } if declared.is_some() => {
                Ok(DatePattern::Unix { per_second, offset_seconds: declared })
            }
            Typed::Instant { .. } => Err(Refused::NotThisLayout {
                byte: 0,
                field: column.name.clone(),
                expected: "a `utc_offset` in the layout, of the place whose dates are meant".to_owned(),
                found: Found::phrase("instants in UTC"),
            }),
            // Only a typed instant does without a pattern where an offset is declared.
            _ if matches!(pattern, DatePattern::Unix { per_second: 0, .. }) => Err(Refused::NotThisLayout {
                byte: 0,
                field: column.name.clone(),
                expected: "a `pattern` in the layout".to_owned(),
                found: Found::phrase("a `utc_offset` alone"),
            }),
            Typed::Text | Typed::Number | Typed::Unusable(..) => Ok(pattern.clone()),
        }
    }

    /// Whether every column was asked for.
    pub(super) fn all_spoken_about(&self) -> Result<(), Refused> {
        match self.columns.iter().find(|column| !column.asked) {
            None => Ok(()),
            Some(column) => Err(Refused::NotThisLayout {
                byte: 0,
                field: "header".to_owned(),
                expected: "only columns that the layout maps, declares under a category or ignores by name".to_owned(),
                found: Found::quoted(&column.name),
            }),
        }
    }

    /// How the amounts of a column are written: by the mapping, or plainly if it is of a number's type.
    pub(super) fn amounts(&self, column: &Column, format: &AmountFormat) -> AmountFormat {
        match self.columns.get(column.place).map_or(Typed::Text, |known| known.typed) {
            Typed::Number => format.plain(),
            _ => format.clone(),
        }
    }

    /// Whether the column at each place is read.
    pub(super) fn used(&self) -> impl Iterator<Item = bool> {
        self.columns.iter().map(|column| column.used)
    }

    /// The names, each at its place.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }
}
