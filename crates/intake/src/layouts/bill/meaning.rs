//! What a row of a bill means: a platform's words as tables, and the one way they are read.
//!
//! The first rule that fits a row decides: the platform's own, then what the direction alone says, which fits every row.

use tallystick_model::DataCategory;

use super::header::Column;

/// Words of a platform.
pub(in crate::layouts) type Words = &'static [&'static str];

/// Money in, out or neither, as the platform counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::layouts) enum Direction {
    In,
    Out,
    Neutral,
}

/// How far a payment got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::layouts) enum State {
    /// Money moved.
    Done,
    /// Ended without money moving, or all of it came back.
    Closed,
    /// Not paid yet.
    Awaiting,
    /// A hold on a deposit was placed or lifted.
    Held,
    /// Credit was paid out.
    Lent,
    /// Credit was paid back.
    Repaid,
    /// The row gives back an earlier payment.
    Refunded,
    /// All of the payment was given back, by a row of its own.
    Returned,
    /// Some of the payment was given back, by a row of its own.
    PartlyReturned,
}

/// The flow of a payment profile that a row counts towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::layouts) enum Flow {
    Spending,
    Refunds,
    TransfersOut,
    Repayments,
    Closed,
    OwnMoves,
    Income,
    Investments,
}

impl Flow {
    /// What the law sees in it.
    pub(super) const fn category(self) -> DataCategory {
        match self {
            Self::Income => DataCategory::Income,
            Self::Investments => DataCategory::Securities,
            _ => DataCategory::Payments,
        }
    }
}

/// What a row means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::layouts) enum Meaning {
    /// It counts towards a flow.
    Counts(Flow),
    /// It counts towards none, for this reason.
    SetAside(&'static str),
}

/// What a rule asks of a row. A column that the file lacks is a blank text.
#[derive(Clone, Copy, Debug)]
pub(in crate::layouts) enum Test {
    State(&'static [State]),
    Direction(&'static [Direction]),
    Is(Column, Words),
    Starts(Column, Words),
    Ends(Column, Words),
    Has(Column, Words),
}

/// If all tests fit, this is the meaning.
pub(in crate::layouts) type Rule = (&'static [Test], Meaning);

/// The last rules of every platform: what the direction alone says.
const BY_DIRECTION: [Rule; 3] = [
    (&[Test::Direction(&[Direction::Out])], Meaning::Counts(Flow::Spending)),
    (&[Test::Direction(&[Direction::In])], Meaning::Counts(Flow::Income)),
    (&[], Meaning::SetAside("neutral_other")),
];

/// Ways to pay that are credit for the purchase (buy now, pay later); a bank's credit card is not among them.
const DEFERRED_METHODS: Words = &["花呗", "信用购", "白条", "月付", "先享后付", "先用后付", "分付"];

/// What the tables are asked about.
pub(super) trait Asked {
    fn state(&self) -> State;
    fn direction(&self) -> Direction;
    fn text(&self, column: Column) -> &str;
}

/// The meaning of a row under a platform's rules.
pub(super) fn meaning(rules: &[Rule], row: &impl Asked) -> Meaning {
    let mut rules = rules.iter().chain(&BY_DIRECTION);
    let found = rules.find(|(tests, _)| tests.iter().all(|test| holds(*test, row)));
    found.map_or(Meaning::SetAside("neutral_other"), |(_, meaning)| *meaning)
}

/// Whether a row is as a test asks.
pub(super) fn holds(test: Test, row: &impl Asked) -> bool {
    match test {
        Test::State(states) => states.contains(&row.state()),
        Test::Direction(directions) => directions.contains(&row.direction()),
        Test::Is(column, words) => words.contains(&row.text(column)),
        Test::Starts(column, words) => words.iter().any(|word| row.text(column).starts_with(word)),
        Test::Ends(column, words) => words.iter().any(|word| row.text(column).ends_with(word)),
        Test::Has(column, words) => words.iter().any(|word| row.text(column).contains(word)),
    }
}

/// Whether a purchase was paid on credit.
pub(super) fn is_deferred(row: &impl Asked) -> bool {
    holds(Test::Has(Column::Method, DEFERRED_METHODS), row)
}
