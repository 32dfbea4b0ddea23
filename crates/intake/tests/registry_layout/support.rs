//! Synthetic records, and reading them.

use tallystick_intake::{FileSummary, Layout, ReadContext, Refused, read_delivery};
use tallystick_model::CategorySet;
use tallystick_model::fact::{ReportedRecord, Statement};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::registry::RegistryRecord;

#[path = "../support/registry_records.rs"]
mod registry_records;

pub use self::registry_records::*;
pub(crate) use crate::taken::Taken;

/// Another one.
pub const OTHER_ID: &str = "440524188001010014";

impl Taken {
    /// The only record.
    pub fn only(&self) -> &RegistryRecord {
        assert!(self.rejects.is_empty(), "{:?}", self.rejects);
        let [record] = self.records.as_slice() else { panic!("{} records", self.records.len()) };
        registry(record)
    }

    /// The only reject, as the furnisher reads it.
    pub fn reject(&self) -> String {
        let [reject] = self.rejects.as_slice() else { panic!("{:?}", self.rejects) };
        reject.to_string()
    }
}

pub fn registry(record: &ReportedRecord) -> &RegistryRecord {
    let [Statement::Registry(registry)] = record.statements.as_slice() else { panic!("{:?}", record.statements) };
    registry
}

pub fn read_with(file: &[u8], admitted: CategorySet) -> (Result<FileSummary, Refused>, Taken) {
    let context = ReadContext {
        furnisher: "BANK".to_owned(),
        subject: None,
        provenance: Provenance::FurnisherSigned,
        admitted,
        month: None,
    };
    let mut taken = Taken::default();
    let mut input = file;
    let summary = read_delivery(&Layout::Registry, &mut input, &context, &mut taken);
    (summary, taken)
}

/// Reads a file that is of the layout.
pub fn read(file: &str) -> Taken {
    let (summary, taken) = read_with(file.as_bytes(), CategorySet::all());
    let summary = summary.expect("is read");
    assert_eq!(summary.records, (taken.records.len() + taken.rejects.len()) as u64);
    assert_eq!(summary.rejects, taken.rejects.len() as u64);
    taken
}
