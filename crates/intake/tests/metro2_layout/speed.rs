//! How fast a file is read: run by hand,
//! `cargo test --release -p tallystick-intake --test metro2_layout -- --ignored --nocapture --test-threads 1 speed`. With
//! `TALLYSTICK_METRO2_FILE` set, that file is measured too (`town deliver --layout metro2 --people 400000 ...` makes one).

use std::io::BufReader;

use tallystick_intake::layouts::metro2::{categories, read};
use tallystick_intake::{FileSummary, Layout, parts};

use crate::counted::Counted;
use crate::support::{Draft, context, record};

#[test]
#[ignore = "a measurement, no check: cargo test --release -p tallystick-intake --test metro2_layout -- --ignored --nocapture a_million"]
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
        let counted = measure(name, &file);
        assert_eq!((counted.0.records, counted.1.rejects), (RECORDS as u64, 0));
        assert!(counted.1.records >= counted.0.records);
    }
}

#[test]
#[ignore = "a measurement of a file that TALLYSTICK_METRO2_FILE names: cargo test --release -p tallystick-intake --test metro2_layout -- --ignored --nocapture a_file"]
#[expect(clippy::disallowed_methods, reason = "whose file it is, is told by whoever measures")]
fn a_file_of_your_own() {
    let Some(path) = std::env::var_os("TALLYSTICK_METRO2_FILE") else {
        println!("SKIPPED: TALLYSTICK_METRO2_FILE names no file");
        return;
    };
    measure("the file", &std::fs::read(path).unwrap());
}

/// The best of five runs, read whole and in parts by the one thread.
#[expect(clippy::disallowed_methods, reason = "the clock is what this is about")]
fn measure(name: &str, file: &Vec<u8>) -> (FileSummary, Counted) {
    let context = context(categories());
    let mut last = None;
    for way in ["whole", "in parts"] {
        let mut best = f64::INFINITY;
        for _ in 0..5 {
            let mut sink = Counted::default();
            let start = std::time::Instant::now();
            let summary = if way == "whole" {
                read(&mut BufReader::new(file.as_slice()), &context, &mut sink).unwrap()
            } else {
                let mut parts = parts(&Layout::Metro2, file, &context).unwrap().unwrap();
                let mut sum = FileSummary::default();
                while let Some(part) = parts.cutter.next_part().unwrap() {
                    sum.add(parts.reader.read_part(&part, &mut sink).unwrap());
                }
                parts.reader.finish(sum).unwrap()
            };
            best = best.min(start.elapsed().as_secs_f64());
            last = Some((summary, sink));
        }
        let records = last.as_ref().map_or(0, |(summary, _)| summary.records);
        println!(
            "{name}, {way}: {records} records, {:.0} records/s, {:.0} MB/s",
            records as f64 / best,
            file.len() as f64 / best / 1e6
        );
    }
    last.unwrap()
}
