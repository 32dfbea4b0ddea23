//! What a segment may hold: elements by number, name, type, order and category.

use crate::DataCategory;
use crate::fact::FactKind;

/// What kind of text an element holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// One of these codes; the list is complete.
    Code(&'static [&'static str]),
    /// Letters, digits and marks without spaces, at most this many bytes: a code whose list is not ours to close.
    Word(usize),
    /// A date `YYYY-MM-DD`.
    Date,
    /// A month `YYYY-MM`.
    Month,
    /// A decimal amount in the currency of the account.
    Amount,
    /// A whole number from 0 to this.
    Count(u32),
    /// Text of at most this many bytes of UTF-8.
    Text(usize),
    /// An ISO 4217 code that amounts are kept in.
    Currency,
}

/// One element of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// The stored number within its segment: never given again, never changed.
    pub number: u8,
    /// The registry's own name.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Whether a record of the segment must have it.
    pub required: bool,
    /// Whether its text may tell who somebody is.
    pub personal: bool,
    /// Its category, where that is another than the segment's.
    pub category: Option<DataCategory>,
}

impl Element {
    pub(super) const fn new(number: u8, name: &'static str, holds: Holds) -> Self {
        Self { number, name, holds, required: false, personal: false, category: None }
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn personal(mut self) -> Self {
        self.personal = true;
        self
    }

    pub(super) const fn of(mut self, category: DataCategory) -> Self {
        self.category = Some(category);
        self
    }
}

/// Elements that come together, any number of times, at the end of a segment (or before `after`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The registry's name of one of them.
    pub name: &'static str,
    /// What each holds, in order.
    pub elements: &'static [Element],
    /// Number of the segment's element that says how many there are.
    pub counted_by: Option<u8>,
}

/// Whether a segment is about a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// It says what holds until it is said otherwise.
    None,
    /// The month its element `Month` names.
    Named,
    /// The month of the report's date.
    OfReport,
}

/// One kind of segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// The kind of fact it is kept as.
    pub kind: FactKind,
    /// The registry's names of it; the first is the usual one.
    pub names: &'static [&'static str],
    /// Its letter in corrections and deletions.
    pub letter: Option<char>,
    /// Its elements in the order of the file. One that stands in another place in some files is listed in both.
    pub elements: &'static [Element],
    /// Elements that come repeatedly.
    pub group: Option<Group>,
    /// The category of what it says.
    pub category: DataCategory,
    /// Whether it is about a period.
    pub period: Period,
}

impl Table {
    /// The element with this stored number, of the segment itself.
    pub fn element(&self, number: u8) -> Option<&'static Element> {
        self.elements.iter().find(|element| element.number == number)
    }

    /// The element with this name, of the segment itself.
    pub fn named(&self, name: &str) -> Option<&'static Element> {
        self.elements.iter().find(|element| element.name == name)
    }

    /// Whether it is kept sealed: some of its texts may tell who somebody is.
    pub fn is_sealed(&self) -> bool {
        let of_group = self.group.iter().flat_map(|group| group.elements);
        self.elements.iter().chain(of_group).any(|element| element.personal)
    }
}
