//! Reading in parts gives what reading whole gives: records, rejects, places, totals, and refusals too.

use proptest::prelude::*;
use tallystick_intake::layouts::metro2;
use tallystick_intake::{FileSummary, Layout, Refused, Sink};
use tallystick_model::CategorySet;

use crate::support::{Draft, FRAMINGS, Kept, all_foreign, context, framed, read_all};

/// Reads in parts of `part_bytes` and puts together what they give. Parts are read last first, as threads may.
fn read_parts(file: &[u8], part_bytes: usize, admitted: CategorySet) -> (Result<FileSummary, Refused>, Kept) {
    let context = context(admitted);
    let mut kept = Kept::default();
    let file = file.to_vec();
    let summary = (|| {
        let tallystick_intake::Parts { mut cutter, reader } = metro2::parts(&file, &context, part_bytes)?;
        let mut parts = Vec::new();
        let mut cut = Ok(());
        loop {
            match cutter.next_part() {
                Ok(Some(part)) => parts.push(part),
                Ok(None) => break,
                Err(refused) => {
                    cut = Err(refused);
                    break;
                }
            }
        }
        let bytes: usize = parts.iter().map(|part| part.bytes.len()).sum();
        assert!(bytes <= file.len());
        let mut read = Vec::new();
        for part in parts.iter().rev() {
            let at = usize::try_from(part.at).unwrap();
            assert_eq!(file[at..at + part.bytes.len()], part.bytes);
            let mut one = Kept::default();
            read.push((reader.read_part(part, &mut one)?, one));
        }
        cut?;
        let mut sum = FileSummary::default();
        for (summary, one) in read.into_iter().rev() {
            let before = sum.records;
            sum.add(summary);
            kept.add(one, before);
        }
        reader.finish(sum)
    })();
    (summary, kept)
}

/// A file of lines with records of every kind.
fn made() -> Vec<u8> {
    framed(&[0, 1, 2, 3, 4, 0], 0)
}

fn same(file: &[u8], part_bytes: usize) {
    let (whole, whole_kept) = read_all(file);
    let (parts, parts_kept) = read_parts(file, part_bytes, CategorySet::all());
    match (whole, parts) {
        (Ok(whole), Ok(parts)) => {
            assert_eq!(whole, parts);
            assert_eq!(whole_kept.records, parts_kept.records);
            assert_eq!(whole_kept.rejects, parts_kept.rejects);
        }
        (whole, parts) => assert_eq!(whole.unwrap_err().to_string(), parts.unwrap_err().to_string()),
    }
}

#[test]
fn every_foreign_file_reads_the_same_in_parts_of_any_size() {
    for (_, file) in all_foreign() {
        for part_bytes in [1, 426, 427, 428, 1000, 5000] {
            same(&file, part_bytes);
        }
    }
}

#[test]
fn categories_that_are_not_admitted_are_counted_the_same() {
    let file = made();
    let mut whole = Kept::default();
    metro2::read(&mut file.as_slice(), &context(CategorySet::EMPTY), &mut whole).unwrap();
    let (_, mut parts) = read_parts(&file, 1, CategorySet::EMPTY);
    parts.not_admitted.sort();
    let mut sums: Vec<(tallystick_model::DataCategory, u64)> = Vec::new();
    for (category, count) in parts.not_admitted {
        match sums.last_mut().filter(|(known, _)| *known == category) {
            Some((_, sum)) => *sum += count,
            None => sums.push((category, count)),
        }
    }
    assert_eq!(sums, whole.not_admitted);
    assert!(!sums.is_empty());
}

#[test]
fn a_part_can_be_read_by_itself_and_a_small_one_has_one_record() {
    let file = made();
    let everything = context(CategorySet::all());
    let mut parts = metro2::parts(&file, &everything, 1).unwrap();
    let mut places = Vec::new();
    while let Some(part) = parts.cutter.next_part().unwrap() {
        let mut kept = Kept::default();
        let summary = parts.reader.read_part(&part, &mut kept).unwrap();
        assert!(summary.records <= 1);
        places.extend(kept.records.iter().map(|record| (record.place.record, record.place.byte)));
    }
    let whole = read_all(&file).1;
    assert!(places.iter().all(|(record, _)| *record == 1));
    let bytes = |(_, byte): &(u64, u64)| *byte;
    assert_eq!(
        places.iter().map(bytes).collect::<Vec<_>>(),
        whole.records.iter().map(|record| record.place.byte).collect::<Vec<_>>()
    );
}

#[test]
fn the_pipeline_finds_the_parts_of_this_layout() {
    let (file, everything) = (made(), context(CategorySet::all()));
    let parts = tallystick_intake::parts(&Layout::Metro2, &file, &everything).unwrap();
    assert!(parts.is_some());
    let refused = tallystick_intake::parts(&Layout::Metro2, &b"HEADER".to_vec(), &everything).map(|_| ());
    assert_eq!(refused.unwrap_err().to_string(), "byte 6: the file ends where a header record was expected");
}

#[test]
fn a_sink_that_stops_is_obeyed() {
    let (file, everything) = (made(), context(CategorySet::all()));
    let mut parts = metro2::parts(&file, &everything, 1 << 20).unwrap();
    let part = parts.cutter.next_part().unwrap().unwrap();
    let mut kept = Kept { stop_after: Some(1), ..Kept::default() };
    assert!(kept.goes_on());
    assert!(matches!(parts.reader.read_part(&part, &mut kept), Err(Refused::Stopped)));
}

#[test]
fn a_file_whose_trailer_was_in_no_part_is_not_finished() {
    let (file, everything) = (made(), context(CategorySet::all()));
    let parts = metro2::parts(&file, &everything, 1 << 20).unwrap();
    let unfinished = parts.reader.finish(FileSummary::default()).unwrap_err();
    assert_eq!(
        unfinished.to_string(),
        format!("byte {}: the file ends where a trailer record was expected", file.len())
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_made_file_reads_the_same_in_every_framing(
        records in prop::collection::vec(0..5_usize, 0..12),
        framing in 0..FRAMINGS.len(),
        part_bytes in 1..6000_usize,
        broken in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut file = framed(&records, framing);
        if let Some((at, byte)) = broken {
            let at = at.index(file.len());
            file[at] = byte;
        }
        same(&file, part_bytes);
    }
}

#[test]
fn bytes_after_the_trailer_refuse_the_file_wherever_they_stand() {
    for tail in [vec![b' '; 200_000], [vec![b'\n'; 200_000], vec![b'x']].concat(), Draft::base().bytes] {
        let file = [made(), tail].concat();
        same(&file, 1000);
    }
}
