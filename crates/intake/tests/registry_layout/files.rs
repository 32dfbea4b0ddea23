//! Files: headings, encodings, ends, broken records among sound ones.

use encoding_rs::GB18030;
use tallystick_intake::Refused;
use tallystick_intake::layouts::registry::recognise;
use tallystick_model::CategorySet;

use crate::support::*;

fn heading(record_type: &str, count: u32) -> String {
    format!("A050{record_type}2.0.0  91000000000001202602010930000{count:07}\r\n")
}

#[test]
fn a_heading_states_type_and_count_and_the_count_binds() {
    let file = heading("210", 2) + &opened() + &opened();
    let (summary, taken) = read_with(file.as_bytes(), CategorySet::all());
    let summary = summary.expect("is read");
    assert_eq!(taken.records.len(), 2);
    assert!(summary.control_totals_bind);
    let totals: Vec<_> = summary.control_totals.iter().map(|total| (total.stated, total.counted)).collect();
    assert_eq!(totals, [(Some(2), 2)]);
    let (summary, _) = read_with((heading("210", 3) + &opened()).as_bytes(), CategorySet::all());
    assert!(!summary.unwrap().control_totals[0].agrees());
    let reject = read(&(heading("220", 1) + &opened())).reject();
    assert!(reject.ends_with("`InfRecType`: expected `220`, as the heading line says, found `210`"), "{reject}");
}

#[test]
fn many_records_may_stand_in_one_document() {
    let one = opened().replace("<Document>", "").replace("</Document>\n", "");
    let file =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:x\">\n{one}\n{one}\n</Document>\n");
    let taken = read(&file);
    assert_eq!(taken.records.len(), 2);
    assert_eq!(taken.records[1].place.record, 2);
    let second = file.rfind("<InAcctInf>").unwrap();
    assert_eq!(taken.records[1].place.byte, second as u64);
}

#[test]
fn gb18030_is_read_declared_or_not_and_places_are_those_of_the_file() {
    for declaration in ["", "<?xml version='1.0' encoding='GBK'?>\n"] {
        let text = declaration.to_owned() + &opened().replace("ZHANG SAN", "张三").replace("<Cy>CNY", "<Cy>ZZZ");
        let bytes = GB18030.encode(&text).0;
        let (summary, taken) = read_with(&bytes, CategorySet::all());
        assert_eq!(summary.unwrap().rejects, 1);
        let byte = usize::try_from(taken.rejects[0].place.byte).unwrap();
        assert!(bytes[byte..].starts_with(b"ZZZ"), "{}", taken.reject());
        let sound = GB18030.encode(&text.replace("ZZZ", "CNY")).0.into_owned();
        let (_, taken) = read_with(&sound, CategorySet::all());
        assert_eq!(taken.only().segments[0].text("Name"), Some("张三"));
        let reported = usize::try_from(taken.only().places.reported).unwrap();
        assert!(sound[reported..].starts_with(b"2026-01-31"));
    }
    // The first record decides; what does not fit is refused at its byte.
    let mut mixed = opened().replace("ZHANG SAN", "张三").into_bytes();
    let second = mixed.len();
    mixed.extend(GB18030.encode(&opened().replace("ZHANG SAN", "张三")).0.iter());
    let (_, taken) = read_with(&mixed, CategorySet::all());
    let name = second + opened().find("ZHANG SAN").unwrap();
    assert_eq!(
        taken.reject(),
        format!("R003 record 2 byte {name} `record`: expected text in UTF-8, found a byte sequence that is none")
    );
    let (summary, _) = read_with(b"<?xml version='1.0' encoding='UTF-16'?><Document/>", CategorySet::all());
    assert!(summary.is_err() || summary.is_ok_and(|summary| summary.records == 0));
}

#[test]
fn a_record_without_its_end_does_not_take_the_next_one_with_it() {
    let broken = opened().replace("</InAcctInf>", "");
    let file = opened() + &broken + &opened();
    let taken = read(&file);
    assert_eq!((taken.records.len(), taken.rejects.len()), (2, 1));
    let instead = opened().len() + broken.find("</Document>").unwrap();
    assert!(
        taken
            .reject()
            .starts_with(&format!("R001 record 2 byte {instead} `record`: expected `</InAcctInf>`, found a tag")),
        "{}",
        taken.reject()
    );
    let lost = opened().replace("</InAcctInf></Document>", "");
    let taken = read(&(lost + &opened()));
    assert_eq!((taken.records.len(), taken.rejects.len()), (1, 1));
}

fn refused(file: &[u8]) -> String {
    let (summary, _) = read_with(file, CategorySet::all());
    summary.expect_err("is refused").to_string()
}

#[test]
fn a_file_that_ends_early_is_refused_wherever_it_ends() {
    let file = opened();
    for end in 0..file.trim_end().len() {
        let (summary, _) = read_with(&file.as_bytes()[..end], CategorySet::all());
        assert!(matches!(summary, Err(Refused::Truncated { .. })), "{end}: {summary:?}");
    }
    assert_eq!(
        refused(&file.as_bytes()[..file.len() - 12]),
        format!("byte {}: the file ends where `</Document>` was expected", file.len() - 12)
    );
}

#[test]
fn what_is_no_such_file_is_refused() {
    assert!(refused(b"name,amount\n1,2\n").starts_with("byte 0 `heading line`: expected `<Document>`"));
    assert!(refused(b"<html></html>").starts_with("byte 0 `document`: expected `<Document>`, found another element"));
    assert!(refused(b"<Document>text</Document>").starts_with("byte 10 `document`: expected an element, found text"));
    assert!(
        refused(b"<!DOCTYPE x [<!ENTITY a \"b\">]><Document/>")
            .starts_with("byte 0 `document`: expected elements and text, found a declaration")
    );
    let long = format!("<Document><InAcctInf><A>{}</A></InAcctInf></Document>", "x".repeat(1 << 20));
    assert!(
        refused(long.as_bytes()).contains("record above the limit of 1048576 bytes"),
        "{}",
        refused(long.as_bytes())
    );
    assert!(
        refused(b"<?xml version='1.0' encoding='KOI8-R'?><Document><InAcctInf/></Document>")
            .contains("expected UTF-8 or GB18030")
    );
}

#[test]
fn the_beginning_of_a_file_is_recognised() {
    for file in [opened(), heading("214", 1), format!("\u{feff}<?xml version=\"1.0\"?>\n{}", opened())] {
        assert!(recognise(file.as_bytes()).is_some(), "{file}");
    }
    for file in [
        "<Document><BkToCstmrStmt>",
        "<Document xmlns=\"urn:iso:std:iso:20022\">\n<BkToCstmrStmt>",
        "a,b\n",
        "",
        "A050",
    ] {
        assert_eq!(recognise(file.as_bytes()), None, "{file}");
    }
}
