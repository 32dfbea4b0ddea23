//! Hands what rows become to the sink, and counts.

use tallystick_model::fact::RecordPlace;

use super::cells::Cells;
use super::plan::Plan;
use crate::read::{FileSummary, Refused, Sink};
use crate::reject::Reject;

/// A sink with the counts of one part.
pub(super) struct Taking<'s> {
    sink: &'s mut dyn Sink,
    /// Records of the file before this part.
    before: u64,
    summary: FileSummary,
}

impl<'s> Taking<'s> {
    /// Of a part with `before` records before it.
    pub(super) fn new(sink: &'s mut dyn Sink, before: u64) -> Self {
        Self { sink, before, summary: FileSummary::default() }
    }

    /// Counts a record and tells its number.
    pub(super) const fn next_record(&mut self) -> u64 {
        self.summary.records += 1;
        self.before + self.summary.records
    }

    /// Reads a row by `plan`.
    pub(super) fn cells(&mut self, plan: &Plan<'_>, place: RecordPlace, cells: &Cells<'_>) -> Result<(), Refused> {
        match plan.record(cells, place, self.sink) {
            Ok(Some(record)) => self.sink.record(record),
            Ok(None) => {}
            Err(reject) => return self.reject(*reject),
        }
        self.go_on()
    }

    /// A row that cannot be read.
    pub(super) fn reject(&mut self, reject: Reject) -> Result<(), Refused> {
        self.summary.rejects += 1;
        self.sink.reject(reject);
        self.go_on()
    }

    fn go_on(&mut self) -> Result<(), Refused> {
        if self.sink.goes_on() { Ok(()) } else { Err(Refused::Stopped) }
    }

    /// What was counted.
    pub(super) fn summary(self) -> FileSummary {
        self.summary
    }
}
