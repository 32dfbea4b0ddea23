//! One row of a bill, its values read: or the reject that says which of them can't be.

use std::borrow::Cow;

use tallystick_model::fact::RecordPlace;
use tallystick_model::{Date, Month};

use super::header::{Column, Header};
use super::meaning::{Asked, Direction, State};
use super::text::{Row, Text};
use super::totals::{Funds, Totals};
use super::{FeeColumn, Platform, value};
use crate::reject::{Found, Reject, RejectCode};

/// A row whose values are read. It can't be printed: it has personal data.
pub(super) struct BillRow<'a> {
    fields: Fields<'a>,
    pub(super) place: RecordPlace,
    pub(super) day: Date,
    pub(super) month: Month,
    direction: Direction,
    state: State,
    /// The printed amount in fen, never negative.
    pub(super) minor: i64,
    /// The platform's fee in fen, never negative.
    pub(super) fee_minor: i64,
    /// `minor` without the fee, where that is part of it.
    pub(super) net_minor: i64,
    /// What came back, by a row of its own, in fen.
    pub(super) returned_minor: i64,
}

impl Asked for BillRow<'_> {
    fn state(&self) -> State {
        self.state
    }

    fn direction(&self) -> Direction {
        self.direction
    }

    fn text(&self, column: Column) -> &str {
        self.fields.text(column)
    }
}

/// The text of the columns that are known.
struct Fields<'a>(Vec<(Column, Cow<'a, str>)>);

impl Fields<'_> {
    fn text(&self, column: Column) -> &str {
        self.0.iter().find(|(known, _)| *known == column).map_or("", |(_, text)| text.trim())
    }
}

/// Reads rows of one file.
pub(super) struct RowReader<'a> {
    pub(super) platform: &'static Platform,
    pub(super) text: &'a Text,
    pub(super) header: &'a Header,
}

impl RowReader<'_> {
    /// Reads a row, and counts it towards the printed totals even if it is refused.
    ///
    /// # Errors
    /// The reject of the first field at fault: the row's encoding and columns, then time, direction, amount, status, fee.
    pub(super) fn read<'r>(
        &self,
        row: &'r Row<'_>,
        place: RecordPlace,
        totals: &mut Totals,
    ) -> Result<BillRow<'r>, Box<Reject>> {
        self.text.decode(row.raw()).map_err(|offset| self.malformed(place, offset))?;
        if !row.fits(self.header.columns) {
            let expected = format!("{} columns", self.header.columns);
            let found = Found::phrase(format!("{} columns", row.columns()));
            return Err(reject(RejectCode::ColumnCount, place, "row", expected, found));
        }
        let fields = self.fields(row, place)?;
        let at = Fault { header: self.header, row, place };
        let (direction, minor) = (self.direction(&fields, &at), amount(&fields, Column::Amount, &at));
        if let Ok(direction) = &direction {
            totals.count(*direction, Funds::of(fields.text(Column::Funds)), minor.as_ref().ok().copied());
        }
        let (day, month) = day(&fields, &at)?;
        let (direction, minor) = (direction?, minor?);
        let (state, returned_minor) = self.state(&fields, &at, minor)?;
        let fee_minor = self.fee(&fields, &at, minor)?;
        let net_minor = match self.platform.fee {
            FeeColumn::Own => minor,
            FeeColumn::Remark(_) => minor - fee_minor,
        };
        Ok(BillRow { fields, place, day, month, direction, state, minor, fee_minor, net_minor, returned_minor })
    }

    fn fields<'r>(&self, row: &'r Row<'_>, place: RecordPlace) -> Result<Fields<'r>, Box<Reject>> {
        let known = self.platform.columns.iter().filter_map(|(column, _)| Some((*column, self.header.place(*column)?)));
        let fields = known.map(|(column, index)| {
            Ok((column, self.text.decode(row.field(index)).map_err(|_| self.malformed(place, row.field_start(index)))?))
        });
        fields.collect::<Result<_, _>>().map(Fields)
    }

    fn malformed(&self, place: RecordPlace, offset: usize) -> Box<Reject> {
        let place = RecordPlace { byte: place.byte + offset as u64, ..place };
        let expected = format!("{} text", self.text.encoding());
        reject(RejectCode::Encoding, place, "row", expected, Found::phrase("a malformed byte"))
    }

    fn direction(&self, fields: &Fields<'_>, at: &Fault<'_>) -> Result<Direction, Box<Reject>> {
        let text = fields.text(Column::Direction);
        let known = self.platform.directions.iter().find(|(word, _)| *word == text);
        known.map(|(_, direction)| *direction).ok_or_else(|| {
            at.unknown_word(Column::Direction, text, listed(self.platform.directions.iter().map(|(word, _)| *word)))
        })
    }

    fn state(&self, fields: &Fields<'_>, at: &Fault<'_>, minor: i64) -> Result<(State, i64), Box<Reject>> {
        let text = fields.text(Column::Status);
        if let Some((_, state)) = self.platform.statuses.iter().find(|(word, _)| *word == text) {
            return Ok((*state, if *state == State::Returned { minor } else { 0 }));
        }
        let returned = self.platform.returned_prefix.and_then(|prefix| text.strip_prefix(prefix));
        match returned.and_then(value::amount_after_yuan) {
            Some(returned) if returned >= minor => Ok((State::Returned, minor)),
            Some(returned) => Ok((State::PartlyReturned, returned)),
            None => Err(at.unknown_word(Column::Status, text, "a known status".to_owned())),
        }
    }

    fn fee(&self, fields: &Fields<'_>, at: &Fault<'_>, minor: i64) -> Result<i64, Box<Reject>> {
        match self.platform.fee {
            FeeColumn::Own if fields.text(Column::Fee).is_empty() => Ok(0),
            FeeColumn::Own => amount(fields, Column::Fee, at),
            FeeColumn::Remark(word) => {
                let text = fields.text(Column::Remark);
                let fee = text.strip_prefix(word).and_then(value::amount_after_yuan).unwrap_or(0);
                if fee <= minor {
                    return Ok(fee);
                }
                let expected = "a fee not above the amount it is part of".to_owned();
                Err(at.fault(RejectCode::Contradiction, Column::Remark, expected, Found::phrase("a higher one")))
            }
        }
    }
}

fn day(fields: &Fields<'_>, at: &Fault<'_>) -> Result<(Date, Month), Box<Reject>> {
    let text = fields.text(Column::Time);
    let day = value::local_day(text);
    day.and_then(|day| Some((day, Month::of(day)?))).ok_or_else(|| {
        let code = if text.is_empty() { RejectCode::Required } else { RejectCode::NotADate };
        at.fault(
            code,
            Column::Time,
            "`YYYY-MM-DD hh:mm:ss` or `YYYY/M/D h:mm`".to_owned(),
            Found::shape(text.as_bytes()),
        )
    })
}

fn amount(fields: &Fields<'_>, column: Column, at: &Fault<'_>) -> Result<i64, Box<Reject>> {
    let text = fields.text(column);
    let refused = |code, expected: &str| Err(at.fault(code, column, expected.to_owned(), value::found_amount(text)));
    match value::amount(text) {
        Ok(minor) if minor >= 0 => Ok(minor),
        Ok(_) => refused(RejectCode::OutOfRange, "an amount of zero or more"),
        Err(_) if text.is_empty() => refused(RejectCode::Required, "an amount of yuan"),
        Err(_) => refused(RejectCode::NotAnAmount, "an amount of yuan"),
    }
}

/// Where a field at fault stands.
struct Fault<'a> {
    header: &'a Header,
    row: &'a Row<'a>,
    place: RecordPlace,
}

impl Fault<'_> {
    fn fault(&self, code: RejectCode, column: Column, expected: String, found: Found) -> Box<Reject> {
        let offset = self.header.place(column).map_or(0, |index| self.row.field_start(index));
        let place = RecordPlace { byte: self.place.byte + offset as u64, ..self.place };
        reject(code, place, self.header.name(column), expected, found)
    }

    /// A word that is in no table is told by its shape: where columns have slipped, it may be a person's name.
    fn unknown_word(&self, column: Column, text: &str, expected: String) -> Box<Reject> {
        let code = if text.is_empty() { RejectCode::Required } else { RejectCode::UnknownCode };
        self.fault(code, column, expected, Found::shape(text.as_bytes()))
    }
}

/// A reject; boxed, for it is the rare case.
pub(super) fn reject(code: RejectCode, place: RecordPlace, field: &str, expected: String, found: Found) -> Box<Reject> {
    Box::new(Reject { code, place, field: field.to_owned(), expected, found })
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words
        .map(|word| if word.is_empty() { "blank".to_owned() } else { format!("`{word}`") })
        .collect::<Vec<_>>()
        .join(", ")
}
