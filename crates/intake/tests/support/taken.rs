//! Keeps what a layout hands over, for whichever test looks at it.

use tallystick_intake::{Reject, Sink};
use tallystick_model::DataCategory;
use tallystick_model::fact::ReportedRecord;

/// Everything a file becomes.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Taken {
    pub(crate) records: Vec<ReportedRecord>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) not_admitted: Vec<(DataCategory, u64)>,
    /// After how many questions no more is wanted; `None` wants all.
    pub(crate) patience: Option<u32>,
}

impl Sink for Taken {
    fn record(&mut self, record: ReportedRecord) {
        self.records.push(record);
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }

    fn not_admitted(&mut self, category: DataCategory, count: u64) {
        self.not_admitted.push((category, count));
    }

    fn goes_on(&mut self) -> bool {
        match &mut self.patience {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }
}
