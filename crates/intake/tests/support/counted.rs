//! Counts what a layout hands over and drops it, for measurements.

use tallystick_intake::{Reject, Sink};
use tallystick_model::DataCategory;
use tallystick_model::fact::ReportedRecord;

/// How much there was.
#[derive(Default)]
pub(crate) struct Counted {
    pub(crate) records: u64,
    pub(crate) rejects: u64,
}

impl Sink for Counted {
    fn record(&mut self, record: ReportedRecord) {
        self.records += 1;
        drop(std::hint::black_box(record));
    }

    fn reject(&mut self, _: Reject) {
        self.rejects += 1;
    }

    fn not_admitted(&mut self, _: DataCategory, _: u64) {}
}
