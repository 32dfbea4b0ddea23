//! What the layout targets share: read a file and check that every record is accounted for.

use tallystick_intake::{Layout, ReadContext, Reject, Sink, read_delivery};
use tallystick_model::fact::{ReportedRecord, Statement};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{CategorySet, DataCategory, Identifier};

#[derive(Default)]
struct Counted {
    rejects: u64,
}

impl Sink for Counted {
    fn record(&mut self, record: ReportedRecord) {
        // A record of the registry's furnishing may name only an account.
        let names_account = matches!(record.statements.as_slice(), [Statement::Registry(registry)] if registry.code.is_some());
        assert!(!record.identifiers.is_empty() || names_account, "a record is about somebody");
        assert!(!record.statements.is_empty(), "a record says something");
    }

    fn reject(&mut self, reject: Reject) {
        assert!(reject.place.record > 0, "a reject has its place");
        self.rejects += 1;
    }

    fn not_admitted(&mut self, _: DataCategory, _: u64) {}
}

pub fn read(layout: &Layout, mut file: &[u8]) {
    let context = ReadContext {
        furnisher: "F1".to_owned(),
        subject: Identifier::parse_tagged("cn-resident-id:11010519491231002X").ok(),
        provenance: Provenance::SelfAsserted,
        admitted: CategorySet::all(),
        month: None,
    };
    let mut counted = Counted::default();
    if let Ok(summary) = read_delivery(layout, &mut file, &context, &mut counted) {
        assert_eq!(summary.rejects, counted.rejects, "the summary counts what the sink got");
    }
}
