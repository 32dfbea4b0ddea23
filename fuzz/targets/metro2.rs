//! Metro 2 files of any form: read whole and in parts the same, and written back byte for byte.
#![no_main]
mod common;

use tallystick_intake::layouts::metro2;
use tallystick_intake::layouts::metro2::write::{File, parse};
use tallystick_intake::{FileSummary, Layout, Parts, ReadContext, Refused, Reject, Sink};
use tallystick_model::fact::ReportedRecord;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{CategorySet, DataCategory};

/// Keeps everything; records are counted on from `before`.
#[derive(Default, PartialEq)]
struct Kept {
    before: u64,
    records: Vec<ReportedRecord>,
    rejects: Vec<Reject>,
}

impl Sink for Kept {
    fn record(&mut self, mut record: ReportedRecord) {
        record.place.record += self.before;
        self.records.push(record);
    }

    fn reject(&mut self, mut reject: Reject) {
        reject.place.record += self.before;
        self.rejects.push(reject);
    }

    fn not_admitted(&mut self, _: DataCategory, _: u64) {}
}

fn in_parts(file: &Vec<u8>, part_bytes: usize, context: &ReadContext) -> Result<(FileSummary, Kept), Refused> {
    let Parts { mut cutter, reader } = metro2::parts(file, context, part_bytes)?;
    let (mut sum, mut kept) = (FileSummary::default(), Kept::default());
    while let Some(part) = cutter.next_part()? {
        sum.add(reader.read_part(&part, &mut kept)?);
        kept.before = sum.records;
    }
    kept.before = 0;
    Ok((reader.finish(sum)?, kept))
}

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    common::read(&Layout::Metro2, file);
    let context = ReadContext {
        furnisher: "F1".to_owned(),
        subject: None,
        provenance: Provenance::FurnisherSigned,
        admitted: CategorySet::all(),
        month: None,
    };
    let mut kept = Kept::default();
    let whole = metro2::read(&mut &*file, &context, &mut kept).map(|summary| (summary, kept));
    let part_bytes = usize::from(file.get(5).copied().unwrap_or(0)) * 16 + 1;
    let parts = in_parts(&file.to_vec(), part_bytes, &context);
    let parsed = parse(file);
    let (whole, parts, parsed) = match (whole, parts, parsed) {
        (Ok(whole), Ok(parts), Ok(parsed)) => (whole, parts, parsed),
        (Err(whole), Err(parts), Err(parsed)) => {
            assert_eq!(whole.to_string(), parts.to_string());
            assert_eq!(whole.to_string(), parsed.to_string());
            return;
        }
        (whole, parts, parsed) => {
            panic!("refused one way only: {:?} {:?} {:?}", whole.err(), parts.err(), parsed.err());
        }
    };
    assert!(whole == parts, "whole and in parts differ");
    let printed = parsed.print().expect("what was read can be written");
    assert!(printed == file, "written back otherwise");
    // The same records made anew, where they can be: every word and total is computed then.
    let (header, records) = (parsed.header.segments, parsed.records.into_iter().map(|record| record.segments));
    let (Some(header), records) = (header.into_iter().next(), records.collect::<Vec<_>>()) else { return };
    if let Ok(made) = File::new(parsed.form, parsed.framing, header, records)
        && let Ok(bytes) = made.print()
        && let Ok(read) = parse(&bytes)
    {
        assert!(read.print().is_ok_and(|again| again == bytes), "made anew and written back otherwise");
    }
});
