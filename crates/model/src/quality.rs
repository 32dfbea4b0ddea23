//! The data-quality index: how good what a furnisher delivers is, from counts that anyone can make again.
//!
//! Three shares, each of 10,000 basis points: *validity* (records that were not refused), *completeness* (amounts and ratings
//! reported of those that a month of an account can have) and *timeliness* (months reported no later than the second month
//! after them). The index weighs them 60 : 25 : 15. Where a delivery has nothing of a kind, that share counts as full.

use crate::canonical::{Canonical, DecodeError, Reader, Writer};

/// A share or an index of one: 10,000 basis points.
pub const FULL_BP: u16 = 10_000;

/// Months after its end in which a month's report still counts as timely.
pub const TIMELY_MONTHS_MAX: u16 = 2;

const VALIDITY_WEIGHT: u32 = 60;
const COMPLETENESS_WEIGHT: u32 = 25;
const TIMELINESS_WEIGHT: u32 = 15;

/// What the index is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    /// Records read, but for those that lack a consent or that a rule keeps out.
    pub records: u64,
    /// Of which refused for what they are.
    pub refused: u64,
    /// Amounts and ratings that the reported months can have.
    pub values_expected: u64,
    /// Of which reported.
    pub values_reported: u64,
    /// Months reported.
    pub months: u64,
    /// Of which timely.
    pub months_timely: u64,
}

impl Quality {
    /// Share of records that were not refused, in basis points.
    pub fn validity_bp(&self) -> u16 {
        share(self.records.saturating_sub(self.refused), self.records)
    }

    /// Share of values reported, in basis points.
    pub fn completeness_bp(&self) -> u16 {
        share(self.values_reported, self.values_expected)
    }

    /// Share of months reported in time, in basis points.
    pub fn timeliness_bp(&self) -> u16 {
        share(self.months_timely, self.months)
    }

    /// The index, in basis points: the weighted mean of the three, rounded down.
    pub fn index_bp(&self) -> u16 {
        let weighed = u32::from(self.validity_bp()) * VALIDITY_WEIGHT
            + u32::from(self.completeness_bp()) * COMPLETENESS_WEIGHT
            + u32::from(self.timeliness_bp()) * TIMELINESS_WEIGHT;
        u16::try_from(weighed / (VALIDITY_WEIGHT + COMPLETENESS_WEIGHT + TIMELINESS_WEIGHT)).unwrap_or(FULL_BP)
    }

    /// Adds the counts of another part or delivery.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.refused += other.refused;
        self.values_expected += other.values_expected;
        self.values_reported += other.values_reported;
        self.months += other.months;
        self.months_timely += other.months_timely;
    }
}

fn share(part: u64, whole: u64) -> u16 {
    if whole == 0 {
        return FULL_BP;
    }
    let share = u128::from(part) * u128::from(FULL_BP) / u128::from(whole);
    u16::try_from(share).unwrap_or(FULL_BP).min(FULL_BP)
}

impl Canonical for Quality {
    fn write(&self, out: &mut Writer<'_>) {
        let Self { records, refused, values_expected, values_reported, months, months_timely } = *self;
        for count in [records, refused, values_expected, values_reported, months, months_timely] {
            out.unsigned(count);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            records: input.unsigned()?,
            refused: input.unsigned()?,
            values_expected: input.unsigned()?,
            values_reported: input.unsigned()?,
            months: input.unsigned()?,
            months_timely: input.unsigned()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_weighs_validity_completeness_and_timeliness() {
        let quality = Quality {
            records: 200,
            refused: 10,
            values_expected: 1_000,
            values_reported: 900,
            months: 190,
            months_timely: 95,
        };
        assert_eq!((quality.validity_bp(), quality.completeness_bp(), quality.timeliness_bp()), (9_500, 9_000, 5_000));
        assert_eq!(quality.index_bp(), 8_700);
        assert_eq!(Quality::from_bytes(&quality.to_bytes()), Ok(quality));
        let mut sum = quality;
        sum.add(&quality);
        assert_eq!((sum.records, sum.months_timely, sum.index_bp()), (400, 190, quality.index_bp()));
    }

    #[test]
    fn what_a_delivery_has_nothing_of_counts_as_full() {
        assert_eq!(Quality::default().index_bp(), FULL_BP);
        assert_eq!(Quality { records: 3, refused: 3, ..Quality::default() }.index_bp(), 4_000);
        let huge = Quality { records: u64::MAX, refused: 0, ..Quality::default() };
        assert_eq!(huge.validity_bp(), FULL_BP);
    }
}
