//! The heading row of a bill, found by its column names: exports differ in what stands before it and in column order.

use crate::layouts::bill::Platform;
use crate::layouts::bill::meaning::Words;
use crate::layouts::bill::text::{Text, cells};
use crate::read::Refused;
use crate::reject::Found;

/// The heading row is looked for in this many lines; known exports have it by line 25.
pub(super) const HEADER_LINES_MAX: usize = 100;

/// A heading row is one that names the direction and at least this many columns in all.
const KNOWN_COLUMNS_MIN: usize = 3;

/// What a column holds, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::layouts) enum Column {
    /// Local time of the payment.
    Time,
    /// Money in, out or neither.
    Direction,
    /// Yuan.
    Amount,
    /// How far the payment got.
    Status,
    /// With whom.
    Counterparty,
    /// The platform's kind or category of payment.
    Kind,
    /// What for.
    Goods,
    /// Paid from what.
    Method,
    /// The platform's number of the payment.
    Id,
    /// The platform's fee.
    Fee,
    /// Free text.
    Remark,
    /// Whether the money has moved yet.
    Funds,
}

/// A column and the names it has had, newest first. Round brackets are written in half width.
pub(in crate::layouts) type ColumnNames = (Column, &'static [&'static str]);

/// Which column stands where.
#[derive(Debug)]
pub(super) struct Header {
    /// Place and name of each column that is known.
    places: Vec<(Column, usize, &'static str)>,
    /// How many columns have a name that the platform is not known to use.
    pub(super) unknown: u64,
    /// How many columns the table has, blank ones at the end not counted.
    pub(super) columns: usize,
    /// Where the line starts.
    pub(super) start: usize,
    /// Where the first row starts.
    pub(super) next: usize,
}

impl Header {
    /// Finds the heading row.
    ///
    /// # Errors
    /// [`Refused::NotThisLayout`] if there is none, one of its columns is missing or stands twice, or the text before it
    /// is malformed.
    pub(super) fn find(text: &Text, platform: &'static Platform) -> Result<Self, Refused> {
        let (names, mut start) = (platform.columns, text.start);
        for _ in 0..HEADER_LINES_MAX {
            let Some(line) = text.line(start) else { break };
            let cells = cells(&text.decode_line(line.raw, start)?);
            let places = places(&cells, names);
            if places.len() >= KNOWN_COLUMNS_MIN && places.iter().any(|(column, ..)| *column == Column::Direction) {
                let columns = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
                let unknown = unknown(&cells, &places, platform.unused_columns);
                return Self { places, unknown, columns, start, next: line.next }.checked(text, platform);
            }
            start = line.next;
        }
        Err(refused(
            text.byte(text.start),
            format!("a heading row with {} within {HEADER_LINES_MAX} lines", listed(platform.required, names)),
            format!("none in the file's {} text", text.encoding()),
        ))
    }

    fn checked(self, text: &Text, platform: &Platform) -> Result<Self, Refused> {
        let (names, start) = (platform.columns, text.byte(self.start));
        let missing: Vec<_> =
            platform.required.iter().copied().filter(|column| self.place(*column).is_none()).collect();
        if !missing.is_empty() {
            return Err(refused(start, listed(&missing, names), "a heading row without".to_owned()));
        }
        let twice = self.places.iter().enumerate().find_map(|(index, (column, ..))| {
            self.places.iter().skip(index + 1).any(|(other, ..)| other == column).then_some(*column)
        });
        match twice {
            Some(column) => Err(refused(start, format!("one column {}", listed(&[column], names)), "two".to_owned())),
            None => Ok(self),
        }
    }

    /// Where a column stands.
    pub(super) fn place(&self, column: Column) -> Option<usize> {
        self.places.iter().find(|(known, ..)| *known == column).map(|(_, place, _)| *place)
    }

    /// The name that a column has in this file.
    pub(super) fn name(&self, column: Column) -> &'static str {
        self.places.iter().find(|(known, ..)| *known == column).map_or("", |(.., name)| name)
    }
}

/// A column's name with its brackets in half width.
fn plain(cell: &str) -> String {
    cell.trim_start_matches('\u{feff}').replace('（', "(").replace('）', ")")
}

fn unknown(cells: &[String], places: &[(Column, usize, &'static str)], unused: Words) -> u64 {
    let is_known = |place: usize, cell: &String| {
        cell.is_empty() || places.iter().any(|(_, known, _)| *known == place) || unused.contains(&plain(cell).as_str())
    };
    cells.iter().enumerate().filter(|(place, cell)| !is_known(*place, cell)).count() as u64
}

fn places(cells: &[String], names: &'static [ColumnNames]) -> Vec<(Column, usize, &'static str)> {
    let known = |cell: &String| {
        let cell = plain(cell);
        names.iter().find_map(|(column, names)| Some((*column, *names.iter().find(|name| **name == cell)?)))
    };
    let cells = cells.iter().enumerate();
    cells.filter_map(|(place, cell)| known(cell).map(|(column, name)| (column, place, name))).collect()
}

/// The columns by name, e.g. "`交易时间` or `交易创建时间`, `收/支`".
fn listed(columns: &[Column], names: &[ColumnNames]) -> String {
    let of = |column: &Column| {
        let names = names.iter().find(|(known, _)| known == column).map_or(&[][..], |(_, names)| names);
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
    };
    columns.iter().map(of).collect::<Vec<_>>().join(", ")
}

fn refused(byte: u64, expected: String, found: String) -> Refused {
    Refused::NotThisLayout { byte, field: "heading row".to_owned(), expected, found: Found::phrase(found) }
}
