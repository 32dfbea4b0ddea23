//! Where records begin and end, and what refuses a whole file.

use tallystick_intake::Refused;
use tallystick_intake::layouts::metro2::frame::RECORD_BYTES_MAX;

use crate::support::{Draft, FIRST_RECORD, lines, read_all, record};

/// The file of two records in each framing, with the offsets of their base segments.
fn framings() -> Vec<(&'static str, Vec<u8>, [u64; 2])> {
    let described = |draft: Draft, tail: &[u8]| {
        let length = draft.bytes.len() + tail.len();
        [draft.with("RecordDescriptorWord", &format!("{length:04}")).bytes.as_slice(), tail].concat()
    };
    let [one, two] = [described(Draft::base(), &Draft::j1().bytes), described(Draft::base(), &[b' '; 24])];
    let (header, trailer) = (Draft::header().bytes, Draft::trailer().bytes);
    let crlf = [header.as_slice(), b"\r\n", &one, b"\r\n\r\n", &two, b"\r\n", &trailer].concat();
    let plain = [header.as_slice(), &one, &two, &trailer].concat();
    // The header in a block of its own, filled with blanks; the records in one block; the trailer without one.
    let blocked = [b"0450", header.as_slice(), &[b' '; 20], b"0988", &one, &two, b"        ", &trailer].concat();
    vec![("lines", crlf, [428, 958]), ("described", plain, [426, 952]), ("blocked", blocked, [454, 980])]
}

#[test]
fn the_same_records_are_found_in_every_framing() {
    for (name, file, places) in framings() {
        let (summary, kept) = read_all(&file);
        let summary = summary.unwrap_or_else(|refused| panic!("{name}: {refused}"));
        assert_eq!((summary.records, summary.rejects), (2, 0), "{name}");
        let found: Vec<_> = kept.records.iter().map(|record| (record.place.record, record.place.byte)).collect();
        assert_eq!(found, [(1, places[0]), (1, places[0] + 426), (2, places[1])], "{name}");
        let blocks = summary.control_totals.iter().find(|total| total.name == "BlockCount");
        assert_eq!(blocks, None, "{name}: a block count of zero states nothing");
    }
}

#[test]
fn a_header_may_share_its_block_with_records() {
    let (header, base, trailer) = (Draft::header().bytes, Draft::base().bytes, Draft::trailer());
    let file = [b"0856", header.as_slice(), &base, &trailer.with("BlockCount", "000000002").bytes].concat();
    let (summary, kept) = read_all(&file);
    let blocks = summary.unwrap().control_totals.into_iter().find(|total| total.name == "BlockCount").unwrap();
    assert_eq!((kept.records.len(), kept.records[0].place.byte, blocks.agrees()), (1, 430, true));
}

/// The length 1010 before the processing indicator reads like the first of January, and the timestamp's month and day
/// like a year.
#[test]
fn a_block_descriptor_word_on_a_line_is_seen_though_the_length_looks_like_a_date() {
    let mut base = Draft::base().with("RecordDescriptorWord", "1010").bytes;
    base.resize(1010, b' ');
    let (summary, kept) = read_all(&lines(&[[b"1014", base.as_slice()].concat(), Draft::base().bytes]));
    assert_eq!((summary.unwrap().rejects, kept.reject_lines()), (0, vec![]));
    let places: Vec<_> = kept.records.iter().map(|record| record.place.byte).collect();
    assert_eq!(places, [427 + 4, 427 + 1014 + 1]);
}

#[test]
fn blocks_are_counted_as_the_file_has_them() {
    let counted = |mut file: Vec<u8>| {
        let trailer = file.len() - 426 - usize::from(file.ends_with(b"\n"));
        file[trailer + 56..trailer + 65].copy_from_slice(b"000000009");
        let summary = read_all(&file).0.unwrap();
        summary.control_totals.into_iter().find(|total| total.name == "BlockCount").unwrap().counted
    };
    assert_eq!(framings().into_iter().map(|(_, file, _)| counted(file)).collect::<Vec<_>>(), [4, 4, 3]);
}

#[test]
fn a_file_cut_off_anywhere_is_refused_as_truncated() {
    for (name, file, _) in framings() {
        let end = file.len() - 19;
        for length in (0..end).step_by(7).chain([end - 1]) {
            match read_all(&file[..length]).0 {
                Err(Refused::Truncated { byte, .. }) => assert_eq!(byte, length as u64, "{name}"),
                // A line that ends early is a short header or trailer.
                Err(Refused::NotThisLayout { field, .. }) if name == "lines" => {
                    assert!(field == "HEADER" || field == "TRAILER", "{name} {length} {field}");
                }
                other => panic!("{name} cut at {length}: {other:?}"),
            }
        }
    }
}

#[test]
fn something_after_the_trailer_refuses_the_file() {
    for (name, file, _) in framings() {
        assert!(read_all(&[file.as_slice(), b"\r\n  \n"].concat()).0.is_ok(), "{name}");
        for tail in [b"\nHEADER".as_slice(), b"\n\0", &file] {
            let refused = read_all(&[file.as_slice(), b"\n", tail].concat()).0.unwrap_err().to_string();
            assert!(
                refused.contains("`TRAILER`: expected the end of the file after the trailer record"),
                "{name} {refused}"
            );
        }
    }
}

#[test]
fn a_second_header_is_a_misplaced_record() {
    let (summary, kept) = read_all(&lines(&[Draft::base().bytes, Draft::header().bytes, Draft::base().bytes]));
    let line = "R016 record 2 byte 854 `RecordIdentifier`: expected a data record or the trailer record, found a header record";
    assert_eq!(kept.reject_lines(), [line]);
    let summary = summary.unwrap();
    assert_eq!((summary.records, summary.rejects, kept.records.len()), (3, 1, 2));
}

#[test]
fn every_field_of_the_header_that_matters_is_checked() {
    let refused = |header: Draft| {
        let file = [header.bytes.as_slice(), b"\n", &Draft::trailer().bytes].concat();
        read_all(&file).0.map(|_| ()).map_err(|refused| refused.to_string())
    };
    let date = |byte, field: &str, found: &str| {
        Err(format!("byte {byte} `{field}`: expected a date (MMDDYYYY), found {found}"))
    };
    assert_eq!(refused(Draft::header()), Ok(()));
    assert_eq!(refused(Draft::header().with("RecordDescriptorWord", "junk")), Ok(()));
    assert_eq!(refused(Draft::header().with("ReporterTelephoneNumber", "CALL US")), Ok(()));
    assert_eq!(refused(Draft::header().with("ActivityDate", "20260331")), date(47, "ActivityDate", "8 digits"));
    assert_eq!(refused(Draft::header().with("DateCreated", "00000000")), date(55, "DateCreated", "8 digits"));
    assert_eq!(
        refused(Draft::header().with("ProgramDate", "YESTERDA")),
        Err("byte 63 `ProgramDate`: expected a date (MMDDYYYY) or blank, found 8 letters".to_owned())
    );
    assert_eq!(
        refused(Draft::header().with("ReporterName", "")),
        Err("byte 79 `ReporterName`: expected a value, found blank".to_owned())
    );
    let short = [&Draft::header().bytes[..279], b"\n", &Draft::trailer().bytes].concat();
    assert_eq!(
        read_all(&short).0.unwrap_err().to_string(),
        "byte 0 `HEADER`: expected 426 bytes, or 280 without the reserved field, found 279 bytes"
    );
}

#[test]
fn without_line_ends_a_wrong_descriptor_word_refuses_the_file() {
    let file = framings().remove(1).1;
    let with_word = |at: usize, word: &[u8; 4]| {
        let mut file = file.clone();
        file[at..at + 4].copy_from_slice(word);
        read_all(&file).0.unwrap_err().to_string()
    };
    let expected = |byte, what: &str, found: &str| {
        format!("byte {byte} `RecordDescriptorWord`: expected the length of {what}, found {found}")
    };
    assert_eq!(with_word(0, b"0425"), expected(0, "the header record", "4 digits"));
    assert_eq!(with_word(426, b"x526"), expected(426, "a record", "4 letters and digits"));
    assert_eq!(with_word(426, b"0004"), expected(426, "a record", "4 digits"));
    assert_eq!(with_word(426, b"9999"), "byte 1828: the file ends where the rest of a record was expected");
}

#[test]
fn a_record_above_the_limit_is_refused() {
    let long = |length: usize| {
        let mut line = Draft::base().bytes;
        line.resize(length, b' ');
        read_all(&lines(&[line])).0.map(|summary| summary.rejects).map_err(|refused| refused.to_string())
    };
    assert_eq!(RECORD_BYTES_MAX, 16_384);
    assert_eq!(long(RECORD_BYTES_MAX - 1), Ok(0));
    let refused = format!("byte {FIRST_RECORD}: record above the limit of 16384 bytes");
    assert_eq!(long(RECORD_BYTES_MAX), Err(refused.clone()));
    assert_eq!(long(10 * RECORD_BYTES_MAX), Err(refused));
    let mut header = Draft::header().bytes;
    header.resize(20_000, b' ');
    assert_eq!(read_all(&header).0.unwrap_err().to_string(), "byte 0: record above the limit of 16384 bytes");
}

#[test]
fn the_longest_legal_record_is_read() {
    let mut segments = vec![Draft::base()];
    segments.extend(std::iter::repeat_n(Draft::j2(), 20));
    let (summary, kept) = read_all(&lines(&[record(&segments)]));
    assert_eq!((summary.unwrap().rejects, kept.records.len()), (0, 21));
}
