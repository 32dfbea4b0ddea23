//! How fast a card lender's rows are read: run by hand,
//! `cargo test --release -p tallystick-intake --test mapped_speed -- --ignored --nocapture`.

#![expect(clippy::expect_used, reason = "a measurement fails by panicking")]

use tallystick_intake::layouts::mapped::Mapping;
use tallystick_intake::{Layout, ReadContext, Reject, Sink, parts};
use tallystick_model::fact::ReportedRecord;
use tallystick_model::ids::resident_id_check;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{CategorySet, DataCategory};

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

/// Rows as the town's card lender writes them.
fn rows(count: u64) -> Vec<u8> {
    let header = "resident_id,name,account,month,status,repayment,balance,past_due,credit_limit,paid,due,opened,closed,\
                  first_delinquency\n";
    let mut file = header.as_bytes().to_vec();
    for row in 0..count {
        let digits = format!("130203{}{:02}{:02}{:03}", 1950 + row % 50, 1 + row % 12, 1 + row % 28, row % 1000);
        let check = resident_id_check(digits.as_bytes()).expect("17 digits");
        let late = row % 20 == 0;
        let (rating, past_due) =
            if late { ("1", format!("{}.{:02}", row % 900, row % 100)) } else { ("N", "0.00".into()) };
        let line = format!(
            "{digits}{},\u{8d75}\u{6d77}\u{660e},CC{row:010},2026-03,normal,{rating},{}.{:02},{past_due},{}.00,{}.{:02},225.93,{}-10-09,,{}\n",
            char::from(check),
            row % 9000,
            row % 100,
            row % 50 * 1000,
            row % 700,
            row % 100,
            2010 + row % 16,
            if late { "2026-02-14" } else { "" }
        );
        file.extend_from_slice(line.as_bytes());
    }
    file
}

#[test]
#[ignore = "a measurement: cargo test --release -p tallystick-intake --test mapped_speed -- --ignored --nocapture"]
#[expect(clippy::disallowed_methods, reason = "the clock is what this test is about")]
fn a_million_card_rows() {
    const ROWS: u64 = 1_000_000;
    let mapping = include_str!("../../../samples/layouts/card.toml");
    let layout = Layout::Mapped(Box::new(Mapping::parse(mapping).expect("a mapping")));
    let file = rows(ROWS);
    for (name, admitted) in
        [("all admitted", CategorySet::all()), ("credit alone", CategorySet::EMPTY.with(DataCategory::Credit))]
    {
        let context = ReadContext {
            furnisher: "CARD".to_owned(),
            subject: None,
            provenance: Provenance::FurnisherSigned,
            admitted,
            month: None,
        };
        let (mut best_cut, mut best_read) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..5 {
            let start = std::time::Instant::now();
            let mut halves = parts(&layout, &file, &context).expect("a mapped file").expect("is read in parts");
            let mut cut = Vec::new();
            while let Some(part) = halves.cutter.next_part().expect("can be cut") {
                cut.push(part);
            }
            best_cut = best_cut.min(start.elapsed().as_secs_f64());
            let mut sink = Counted::default();
            let start = std::time::Instant::now();
            for part in &cut {
                halves.reader.read_part(part, &mut sink).expect("can be read");
            }
            best_read = best_read.min(start.elapsed().as_secs_f64());
            assert_eq!((sink.records, sink.rejects), (ROWS, 0));
        }
        let megabytes = file.len() as f64 / 1e6;
        println!(
            "{name}: read {:.0} rows/s ({:.0} MB/s), cut {:.0} MB/s",
            ROWS as f64 / best_read,
            megabytes / best_read,
            megabytes / best_cut
        );
    }
}
