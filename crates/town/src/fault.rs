//! Deliberate faults. With which code intake should refuse each, the testkit says.

use tallystick_model::Month;

use super::{Purpose, Town};

/// What is wrong with a record on purpose. A layout makes the faults it can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The last character of the identifier is changed.
    WrongCheckDigit,
    /// A social security number of area 666.
    NeverIssued,
    /// A letter within an amount.
    NotAnAmount,
    /// More than fits in a bureau's amount.
    AmountTooLarge,
    /// A code that is in no list.
    UnknownCode,
    /// No month, in a table that has a column for it.
    MissingMonth,
    /// A thirteenth month.
    NotAMonth,
    /// A date that the calendar does not have.
    NotADate,
    /// The row ends two columns early, or more where the last may be blank.
    ShortRow,
    /// A byte that is not in the file's encoding.
    MalformedText,
    /// A closing date before the opening.
    ClosedBeforeOpened,
    /// No date of first delinquency where the status asks for one.
    NoFirstDelinquency,
}

/// Which records get a fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Faults {
    /// None.
    #[default]
    None,
    /// So many in 1,000 records, each with one of the faults that its layout can have; the same ones in whatever range
    /// of people a delivery is written.
    PerMille(u16),
    /// Just these: the record's number, from 1, and its fault. One that the record can't have is left out.
    At(Vec<(u64, Fault)>),
}

/// A fault that a record of a layout can have, and the field that a reject names.
pub(super) type PossibleFault = (Fault, &'static str);

/// Where a record stands, as far as chance is concerned.
#[derive(Clone, Copy)]
pub(super) struct RecordOf {
    /// Tells deliveries of different layouts apart.
    pub(super) layout: u64,
    pub(super) month: Month,
    /// Of the person, or of the payment.
    pub(super) index: u64,
    /// From 1.
    pub(super) record: u64,
}

impl Faults {
    /// The fault of a record, if it is to have one.
    pub(super) fn of(&self, town: &Town, record: RecordOf, possible: &[PossibleFault]) -> Option<PossibleFault> {
        match self {
            Self::None => None,
            Self::PerMille(_) if possible.is_empty() => None,
            Self::PerMille(rate) => {
                let chance = town.chance(Purpose::Fault, record.index);
                let mut chance = chance.at(record.layout << 32 | u64::from(record.month.number()));
                chance.per_mille(u64::from(*rate)).then(|| chance.one_of(possible))
            }
            Self::At(faults) => {
                let (_, fault) = faults.iter().find(|(number, _)| *number == record.record)?;
                possible.iter().find(|(known, _)| known == fault).copied()
            }
        }
    }
}
