//! How fast a file is read: run by hand, `cargo test --release -- --ignored --nocapture a_million_records`.

use std::io::BufReader;

use tallystick_intake::layouts::metro2::{categories, read};
use tallystick_intake::{Reject, Sink};
use tallystick_model::DataCategory;
use tallystick_model::fact::ReportedRecord;

use crate::support::{Draft, context, record};

/// Counts and drops.
#[derive(Default)]
struct Counted {
    records: u64,
    rejects: u64,
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

#[test]
#[ignore = "a measurement: cargo test --release -p tallystick-intake --test metro2_layout -- --ignored --nocapture a_million"]
#[expect(clippy::disallowed_methods, reason = "the clock is what this test is about")]
fn a_million_records() {
    const RECORDS: usize = 1_000_000;
    let plain = Draft::base().bytes;
    let joint = record(&[Draft::base(), Draft::j1()]);
    for (name, records) in [("base only", [&plain, &plain]), ("every second with a J1", [&plain, &joint])] {
        let mut file = [Draft::header().bytes.as_slice(), b"\n"].concat();
        for place in 0..RECORDS {
            file.extend_from_slice(records[place % 2]);
            file.push(b'\n');
        }
        file.extend_from_slice(&Draft::trailer().bytes);
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let mut sink = Counted::default();
            let start = std::time::Instant::now();
            let summary = read(&mut BufReader::new(file.as_slice()), &context(categories()), &mut sink).unwrap();
            best = best.min(start.elapsed().as_secs_f64());
            assert_eq!((summary.records, sink.rejects), (RECORDS as u64, 0));
            assert!(sink.records >= summary.records);
        }
        println!("{name}: {:.0} records/s, {:.0} MB/s", RECORDS as f64 / best, file.len() as f64 / best / 1e6);
    }
}
