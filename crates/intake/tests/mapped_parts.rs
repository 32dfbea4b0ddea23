//! Mapped files in parts: the same records, rejects and summary as reading them whole.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/taken.rs"]
mod taken;

use proptest::prelude::*;
use tallystick_intake::layouts::mapped::{self, Mapping};
use tallystick_intake::{FileSummary, Layout, ReadContext, read_delivery};
use tallystick_model::DataCategory;
use tallystick_model::payment_profile::Provenance;

use self::taken::Taken;

const MAPPING: &str = r#"
ignore = ["note"]
[layout]
name = "small"
version = 1
[subject]
column = "no"
scheme = "member-number"
[[tradeline]]
account = "no"
month = "2005-09"
currency = "TWD"
kind = "credit_card"
balance = "sum"
[identity]
name = "name"
"#;

fn context() -> ReadContext {
    ReadContext {
        furnisher: "F1".to_owned(),
        subject: None,
        provenance: Provenance::FurnisherSigned,
        admitted: [DataCategory::Credit].into_iter().collect(),
        month: None,
    }
}

/// Reads whole; a refusal as its text.
fn whole(mapping: &str, file: &[u8]) -> Result<(FileSummary, Taken), String> {
    let layout = Layout::Mapped(Box::new(Mapping::parse(mapping).expect("a mapping")));
    let mut taken = Taken::default();
    let summary = read_delivery(&layout, &mut &*file, &context(), &mut taken).map_err(|refused| refused.to_string())?;
    Ok((summary, taken))
}

/// Reads in parts, the records counted on from part to part.
fn in_parts(mapping: &str, file: &[u8], part_bytes: usize) -> Result<(FileSummary, Taken), String> {
    let mapping = Mapping::parse(mapping).expect("a mapping");
    let (file, context) = (file.to_vec(), context());
    let said = |refused: tallystick_intake::Refused| refused.to_string();
    let mut parts = mapped::parts(&mapping, &file, &context, part_bytes).map_err(said)?.expect("it is read in parts");
    let (mut sum, mut all) = (FileSummary::default(), Taken::default());
    while let Some(part) = parts.cutter.next_part().map_err(said)? {
        let mut taken = Taken::default();
        let summary = parts.reader.read_part(&part, &mut taken).map_err(said)?;
        for mut record in taken.records {
            record.place.record += sum.records;
            all.records.push(record);
        }
        for mut reject in taken.rejects {
            reject.place.record += sum.records;
            all.rejects.push(reject);
        }
        all.not_admitted.extend(taken.not_admitted);
        sum.add(summary);
    }
    Ok((parts.reader.finish(sum).map_err(said)?, all))
}

fn row() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[1-9]{1,3},[a-c]{0,4},[0-9]{1,4}(\\.[0-9]{1,2})?,[a-z]{0,5}(\r\n|\n)",
        2 => "[1-9],\"[a,\n\r]{0,6}(\"\"[a\n]{0,3})?\",[0-9]{1,3},\"[a-z]{0,3}\"(\r\n|\n|\r)",
        1 => "[1-9],[\"a]{0,3},[0-9x]{1,3},(\r\n|\n)",
        1 => "(\r\n|\n|\r){1,2}",
        1 => "[0-9a,\"]{0,12}\n",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_of_any_size_give_what_the_whole_gives(
        rows in proptest::collection::vec(row(), 0..12),
        part_bytes in 1_usize..200,
        gb18030 in any::<bool>(),
        unclosed in proptest::bool::weighted(0.1),
    ) {
        let file = format!("\u{feff}no,note,sum,name\r\n{}{}", rows.concat(), if unclosed { "1,\"a\nb" } else { "" });
        let mapping = if gb18030 { format!("{MAPPING}[file]\nencoding = \"gb18030\"\n") } else { MAPPING.to_owned() };
        let expected = whole(&mapping, file.as_bytes());
        prop_assert_eq!(in_parts(&mapping, file.as_bytes(), part_bytes), expected);
    }
}

#[test]
fn a_quote_that_is_never_closed_refuses_the_file_even_where_the_columns_fit() {
    let file = b"no,note,sum,name\n1,a,2,x\n2,b,3,\"y\n3,c,4,z\n";
    let expected =
        "byte 25 `row`: expected 4 columns, found 4 over several lines: a quote that is never closed?".to_owned();
    assert_eq!(whole(MAPPING, file).expect_err("is refused"), expected);
    for part_bytes in 1..50 {
        assert_eq!(in_parts(MAPPING, file, part_bytes).expect_err("is refused"), expected);
    }
    let cut_off = b"no,note,sum,name\n1,a,2,x\n2,b,3,\"y";
    let expected = "byte 25 `row`: expected 4 columns, found 4 and a quote that is never closed".to_owned();
    assert_eq!(whole(MAPPING, cut_off).expect_err("is refused"), expected);
    for part_bytes in 1..50 {
        assert_eq!(in_parts(MAPPING, cut_off, part_bytes).expect_err("is refused"), expected);
    }
}

#[test]
fn a_row_above_the_limit_is_refused_at_its_place_whatever_the_parts() {
    for (length, refused) in [((1 << 20) - 1, false), (1 << 20, false), ((1 << 20) + 1, true)] {
        for end in ["", "\n3,c,4,z\n"] {
            let start = "no,note,sum,name\n1,a,2,x\n\n";
            let file = format!("{start}2,{},3,y{end}", "n".repeat(length - 6));
            let expected = whole(MAPPING, file.as_bytes());
            assert_eq!(expected.is_err(), refused, "{length}");
            if let Err(said) = &expected {
                assert_eq!(said, "byte 26: record above the limit of 1048576 bytes");
            }
            for part_bytes in [1, 100, 1 << 20, (1 << 20) + 30, 1 << 22] {
                assert!(in_parts(MAPPING, file.as_bytes(), part_bytes) == expected, "{length} {part_bytes}");
            }
        }
    }
}

#[test]
fn records_are_counted_from_one_in_each_part_and_bytes_in_the_file() {
    let (summary, taken) = in_parts(MAPPING, b"no,note,sum,name\n1,a,2,x\n2,a,x,x\n", 1).expect("is of the layout");
    assert_eq!((summary.records, summary.rejects), (2, 1));
    let [reject] = taken.rejects.as_slice() else { panic!("{:?}", taken.rejects) };
    assert_eq!(reject.to_string(), "R006 record 2 byte 29 `sum`: expected an amount, found `x`");
}
