//! A mapped file read whole and in parts gives the same, whatever its bytes and whatever the parts' size.

use tallystick_intake::layouts::mapped::{self, Mapping};
use tallystick_intake::{FileSummary, Layout, ReadContext, Refused, Reject, Sink, read_delivery};
use tallystick_model::fact::ReportedRecord;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{CategorySet, DataCategory};

#[derive(Debug, Default, PartialEq)]
struct Taken {
    records: Vec<ReportedRecord>,
    rejects: Vec<Reject>,
    not_admitted: u64,
    summary: FileSummary,
}

impl Sink for Taken {
    fn record(&mut self, record: ReportedRecord) {
        assert!(!record.identifiers.is_empty(), "a record is about somebody");
        assert!(!record.statements.is_empty(), "a record says something");
        self.records.push(record);
    }

    fn reject(&mut self, reject: Reject) {
        assert!(reject.place.record > 0, "a reject has its place");
        self.rejects.push(reject);
    }

    fn not_admitted(&mut self, _: DataCategory, count: u64) {
        self.not_admitted += count;
    }
}

fn in_parts(mapping: &Mapping, file: &Vec<u8>, context: &ReadContext, part_bytes: usize) -> Result<Taken, Refused> {
    let mut parts = mapped::parts(mapping, file, context, part_bytes)?.expect("it is read in parts");
    let mut all = Taken::default();
    while let Some(part) = parts.cutter.next_part()? {
        let mut taken = Taken::default();
        let summary = parts.reader.read_part(&part, &mut taken)?;
        assert_eq!(summary.rejects, taken.rejects.len() as u64, "the summary counts what the sink got");
        all.records.extend(taken.records.into_iter().map(|mut record| {
            record.place.record += all.summary.records;
            record
        }));
        all.rejects.extend(taken.rejects.into_iter().map(|mut reject| {
            reject.place.record += all.summary.records;
            reject
        }));
        all.not_admitted += taken.not_admitted;
        all.summary.add(summary);
    }
    all.summary = parts.reader.finish(all.summary)?;
    Ok(all)
}

pub fn read(mapping: &Mapping, file: Vec<u8>, part_bytes: usize) {
    let context = ReadContext {
        furnisher: "F1".to_owned(),
        subject: None,
        provenance: Provenance::FurnisherSigned,
        admitted: CategorySet::all(),
        month: None,
    };
    let layout = Layout::Mapped(Box::new(mapping.clone()));
    let mut taken = Taken::default();
    let whole = read_delivery(&layout, &mut file.as_slice(), &context, &mut taken);
    let parts = in_parts(mapping, &file, &context, part_bytes);
    match (whole, parts) {
        (Ok(summary), Ok(parts)) => assert_eq!(Taken { summary, ..taken }, parts),
        (Err(whole), Err(parts)) => assert_eq!(whole.to_string(), parts.to_string()),
        (whole, parts) => panic!("whole {:?}, in parts {:?}", whole.err(), parts.err()),
    }
}
