//! A valid file, broken at random: it is refused, or every record is either loaded or rejected.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tallystick_intake::layouts::metro2::fields::SegmentKind;

use crate::support::{Draft, foreign, lines, read_all, record};

/// What is done to the bytes of a file.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Truncate(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let byte = prop_oneof![any::<u8>(), Just(b' '), Just(b'0'), Just(b'\n'), b'0'..=b'9', b'A'..=b'Z'];
    prop_oneof![
        6 => (any::<usize>(), byte.clone()).prop_map(|(at, byte)| Change::Set(at, byte)),
        2 => (any::<usize>(), prop::collection::vec(byte, 1..20)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        2 => (any::<usize>(), 1_usize..200).prop_map(|(at, count)| Change::Remove(at, count)),
        1 => any::<usize>().prop_map(Change::Truncate),
    ]
}

fn apply(file: &mut Vec<u8>, change: Change) {
    let length = file.len().max(1);
    match change {
        Change::Set(at, byte) => {
            if let Some(place) = file.get_mut(at % length) {
                *place = byte;
            }
        }
        Change::Insert(at, bytes) => {
            let at = (at % length).min(file.len());
            file.splice(at..at, bytes);
        }
        Change::Remove(at, count) => {
            let at = (at % length).min(file.len());
            file.drain(at..(at + count).min(file.len()));
        }
        Change::Truncate(at) => file.truncate(at % length),
    }
}

/// Nothing is lost: the records loaded and the records rejected whole are all records of the file.
fn holds(file: &[u8]) -> Result<(), TestCaseError> {
    let (summary, kept) = read_all(file);
    let Ok(summary) = summary else { return Ok(()) };
    let loaded: BTreeSet<_> = kept.records.iter().map(|record| record.place.record).collect();
    let rejected: BTreeSet<_> = kept.rejects.iter().map(|reject| reject.place.record).collect();
    let alone = summary.set_aside.iter().find(|(reason, _)| reason.contains("refused by themselves"));
    let whole = kept.rejects.len() as u64 - alone.map_or(0, |(_, count)| *count);
    prop_assert_eq!(summary.rejects, kept.rejects.len() as u64);
    prop_assert_eq!(loaded.len() as u64 + whole, summary.records);
    prop_assert_eq!(loaded.union(&rejected).count() as u64, summary.records);
    for reject in &kept.rejects {
        prop_assert!(reject.place.byte < file.len() as u64, "{}", reject);
    }
    Ok(())
}

fn made() -> Vec<u8> {
    let segments: Vec<_> = SegmentKind::APPENDED
        .into_iter()
        .skip(2)
        .map(|kind| Draft::blank(kind).with(kind.fields()[0].name, kind.name()))
        .collect();
    let full = [vec![Draft::base(), Draft::j1(), Draft::j2()], segments].concat();
    lines(&[record(&full), Draft::base().bytes, record(&[Draft::base(), Draft::j1()])])
}

/// Without line ends, as its descriptor words say.
fn made_described() -> Vec<u8> {
    let base = Draft::base().with("RecordDescriptorWord", "0526");
    [Draft::header().bytes, base.bytes, Draft::j1().bytes, Draft::base().bytes, Draft::trailer().bytes].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_broken_file_of_lines_loses_no_record(changes in prop::collection::vec(change(), 1..6)) {
        let mut file = made();
        changes.into_iter().for_each(|change| apply(&mut file, change));
        holds(&file)?;
    }

    #[test]
    fn a_broken_file_of_described_records_loses_no_record(changes in prop::collection::vec(change(), 1..4)) {
        let mut file = made_described();
        changes.into_iter().for_each(|change| apply(&mut file, change));
        holds(&file)?;
    }

    #[test]
    fn any_bytes_after_a_header_are_refused_or_counted(tail in prop::collection::vec(any::<u8>(), 0..2000)) {
        holds(&[Draft::header().bytes, tail].concat())?;
    }

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(read_all(&bytes).0.is_err());
    }
}

#[test]
fn the_unbroken_files_are_read() {
    for file in [made(), made_described()] {
        let (summary, kept) = read_all(&file);
        assert!(summary.is_ok());
        assert_eq!(kept.reject_lines(), Vec::<String>::new());
    }
}

/// Each byte of the packed sample in turn, set to several values.
#[test]
fn a_packed_file_with_any_byte_changed_loses_no_record() {
    let Some(file) = foreign("moov/packed_file.dat") else { return };
    for at in 0..file.len() {
        for byte in [0, 1, b' ', b's', b'9', 0xff] {
            let mut broken = file.clone();
            broken[at] = byte;
            holds(&broken).unwrap();
        }
    }
}
