//! One row of a bill, its values read: or the reject that says which of them can't be.

use std::borrow::Cow;

use tallystick_model::fact::RecordPlace;
use tallystick_model::{Date, Month};

use super::header::{Column, Header};
use super::meaning::{Asked, Direction, State, holds};
use super::text::{Row, Text};
use super::totals::{Funds, Totals};
use super::{CameBack, FeeColumn, Platform, PrintedSums, value};
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

/// A row of which only direction and texts are known yet.
struct Begun<'a> {
    fields: &'a Fields<'a>,
    direction: Direction,
}

impl Asked for Begun<'_> {
    fn state(&self) -> State {
        State::Done
    }

    fn direction(&self) -> Direction {
        self.direction
    }

    fn text(&self, column: Column) -> &str {
        self.fields.text(column)
    }
}

/// A printed amount, and what came back of it where the amount says that.
struct Amount {
    minor: i64,
    back: Option<value::CameBack>,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// Counted from 1.
    pub(super) record: u64,
    /// Where it starts in the text.
    pub(super) start: usize,
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
        spot: Spot,
        totals: &mut Totals,
    ) -> Result<BillRow<'r>, Box<Reject>> {
        self.text.decode(row.raw()).map_err(|offset| self.malformed(spot, offset))?;
        if !row.fits(self.header.columns) {
            let expected = format!("{} columns", self.header.columns);
            let found = Found::phrase(format!("{} columns", row.columns()));
            return Err(self.fault_of_row(RejectCode::ColumnCount, spot, expected, found));
        }
        let fields = self.fields(row, spot)?;
        let at = Fault { text: self.text, header: self.header, row, spot };
        let (direction, amount) = (self.direction(&fields, &at), self.amount(&fields, &at));
        if let Ok(direction) = &direction {
            let minor = amount.as_ref().ok().map(|amount| self.printed(&fields, *direction, amount));
            totals.count(*direction, Funds::of(fields.text(Column::Funds)), minor);
        }
        let (day, month) = day(&fields, &at)?;
        let (direction, amount) = (direction?, amount?);
        let minor = amount.minor;
        let (state, returned_minor) = self.state(&fields, &at, &amount)?;
        let fee_minor = self.fee(&fields, &at, minor)?;
        let net_minor = match self.platform.fee {
            FeeColumn::None | FeeColumn::Own => minor,
            FeeColumn::Remark(_) => minor - fee_minor,
        };
        let place = self.text.place(spot.record, spot.start);
        Ok(BillRow { fields, place, day, month, direction, state, minor, fee_minor, net_minor, returned_minor })
    }

    /// What a row adds to the platform's printed sum.
    fn printed(&self, fields: &Fields<'_>, direction: Direction, amount: &Amount) -> i64 {
        let PrintedSums::Net { without } = self.platform.printed_sums else { return amount.minor };
        let row = Begun { fields, direction };
        match amount.back {
            _ if without.iter().all(|test| holds(*test, &row)) => 0,
            Some(value::CameBack::All) => 0,
            Some(value::CameBack::Minor(back)) => amount.minor - back,
            None => amount.minor,
        }
    }

    /// A reject of a whole row.
    pub(super) fn fault_of_row(&self, code: RejectCode, spot: Spot, expected: String, found: Found) -> Box<Reject> {
        let place = self.text.place(spot.record, spot.start);
        Box::new(Reject { code, place, field: self.text.named("row", spot.start, None), expected, found })
    }

    fn fields<'r>(&self, row: &'r Row<'_>, spot: Spot) -> Result<Fields<'r>, Box<Reject>> {
        let known = self.platform.columns.iter().filter_map(|(column, _)| Some((*column, self.header.place(*column)?)));
        let fields = known.map(|(column, index)| {
            Ok((column, self.text.decode(row.field(index)).map_err(|_| self.malformed(spot, row.field_start(index)))?))
        });
        fields.collect::<Result<_, _>>().map(Fields)
    }

    fn malformed(&self, spot: Spot, offset: usize) -> Box<Reject> {
        let spot_of_byte = Spot { start: spot.start + offset, ..spot };
        let expected = format!("{} text", self.text.encoding());
        self.fault_of_row(RejectCode::Encoding, spot_of_byte, expected, Found::phrase("a malformed byte"))
    }

    fn amount(&self, fields: &Fields<'_>, at: &Fault<'_>) -> Result<Amount, Box<Reject>> {
        let text = fields.text(Column::Amount);
        let (text, back) = match self.platform.came_back {
            CameBack::InAmount => value::came_back(text),
            CameBack::InStatus(_) | CameBack::NotTold => (text, None),
        };
        amount(text, Column::Amount, at).map(|minor| Amount { minor, back })
    }

    fn direction(&self, fields: &Fields<'_>, at: &Fault<'_>) -> Result<Direction, Box<Reject>> {
        let text = fields.text(Column::Direction);
        let known = self.platform.directions.iter().find(|(word, _)| *word == text);
        known.map(|(_, direction)| *direction).ok_or_else(|| {
            at.unknown_word(Column::Direction, text, listed(self.platform.directions.iter().map(|(word, _)| *word)))
        })
    }

    fn state(&self, fields: &Fields<'_>, at: &Fault<'_>, amount: &Amount) -> Result<(State, i64), Box<Reject>> {
        let minor = amount.minor;
        if self.header.place(Column::Status).is_none() {
            return Ok((State::Done, 0));
        }
        let text = fields.text(Column::Status);
        if let Some((_, state)) = self.platform.statuses.iter().find(|(word, _)| *word == text) {
            return Ok(match (*state, amount.back) {
                (State::Done, Some(value::CameBack::All)) | (State::Returned, _) => (State::Returned, minor),
                (State::Done, Some(value::CameBack::Minor(back))) if back >= minor => (State::Returned, minor),
                (State::Done, Some(value::CameBack::Minor(back))) => (State::PartlyReturned, back),
                (state, _) => (state, 0),
            });
        }
        let returned = match self.platform.came_back {
            CameBack::InStatus(prefix) => text.strip_prefix(prefix),
            CameBack::InAmount | CameBack::NotTold => None,
        };
        match returned.and_then(value::amount_after_yuan) {
            Some(returned) if returned >= minor => Ok((State::Returned, minor)),
            Some(returned) => Ok((State::PartlyReturned, returned)),
            None => Err(at.unknown_word(Column::Status, text, "a known status".to_owned())),
        }
    }

    fn fee(&self, fields: &Fields<'_>, at: &Fault<'_>, minor: i64) -> Result<i64, Box<Reject>> {
        match self.platform.fee {
            FeeColumn::None => Ok(0),
            FeeColumn::Own if fields.text(Column::Fee).is_empty() => Ok(0),
            FeeColumn::Own => amount(fields.text(Column::Fee), Column::Fee, at),
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

fn amount(text: &str, column: Column, at: &Fault<'_>) -> Result<i64, Box<Reject>> {
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
    text: &'a Text,
    header: &'a Header,
    row: &'a Row<'a>,
    spot: Spot,
}

impl Fault<'_> {
    fn fault(&self, code: RejectCode, column: Column, expected: String, found: Found) -> Box<Reject> {
        let index = self.header.place(column);
        let offset = index.map_or(0, |index| self.row.field_start(index));
        let place = self.text.place(self.spot.record, self.spot.start + offset);
        let field = self.text.named(self.header.name(column), self.spot.start, index);
        Box::new(Reject { code, place, field, expected, found })
    }

    /// A word that is in no table is told by its shape: where columns have slipped, it may be a person's name.
    fn unknown_word(&self, column: Column, text: &str, expected: String) -> Box<Reject> {
        let code = if text.is_empty() { RejectCode::Required } else { RejectCode::UnknownCode };
        self.fault(code, column, expected, Found::shape(text.as_bytes()))
    }
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words
        .map(|word| if word.is_empty() { "blank".to_owned() } else { format!("`{word}`") })
        .collect::<Vec<_>>()
        .join(", ")
}
