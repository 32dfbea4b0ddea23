//! Parquet: which columns can be mapped, and files that are damaged.

use std::sync::Arc;

use parquet::data_type::{ByteArrayType, DoubleType, Int32Type, Int64Type, Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use crate::same_facts::{parquet, parquet_mapping, rows};
use crate::support::read;

/// One row of a file with a `no` and a `sum` of any type, which is 5 or `5`.
fn file_of(sum: &str) -> Vec<u8> {
    let schema = format!("message m {{ required binary no (UTF8); {sum}; }}");
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::default())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&["7".into()], None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    if sum.contains("int32") {
        column.typed::<Int32Type>().write_batch(&[5], None, None).unwrap();
    } else if sum.contains("int64") {
        column.typed::<Int64Type>().write_batch(&[5], None, None).unwrap();
    } else if sum.contains("double") {
        column.typed::<DoubleType>().write_batch(&[5.0], None, None).unwrap();
    } else if sum.contains("int96") {
        column.typed::<Int96Type>().write_batch(&[Int96::new()], None, None).unwrap();
    } else if sum.contains("repeated") {
        column.typed::<ByteArrayType>().write_batch(&["5".into()], Some(&[1]), Some(&[0])).unwrap();
    } else {
        column.typed::<ByteArrayType>().write_batch(&["5".into()], None, None).unwrap();
    }
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap()
}

fn mapping(sum: &str) -> String {
    format!(
        "ignore = [{}]\n[layout]\nname = 'p'\nversion = 1\n[file]\nformat = 'parquet'\n[subject]\ncolumn = 'no'\n\
         scheme = 'member-number'\n[[tradeline]]\naccount = 'no'\nmonth = '2026-01'\ncurrency = 'CNY'\nkind = 'other'\n{sum}\n",
        if sum.is_empty() { "'sum'" } else { "" }
    )
}

#[test]
fn amounts_of_each_type_are_exact_and_marks_of_the_mapping_are_for_texts() {
    for (sum, minor) in [
        ("required int32 sum", 500),
        ("required int64 sum", 500),
        ("required int64 sum (DECIMAL(10,2))", 5),
        ("required int64 sum (DECIMAL(10,3))", 0),
        ("required int32 sum (INTEGER(32,false))", 500),
        ("required binary sum (UTF8)", 500),
        ("required binary sum", 500),
        // The byte `5` is 53.
        ("required binary sum (DECIMAL(10,1))", 530),
    ] {
        for marks in ["", "decimal_mark = ','\nthousands_mark = '.'\nsign = 'parentheses'"] {
            let mapping =
                mapping("balance = 'sum'").replace("format = 'parquet'", &format!("format = 'parquet'\n{marks}"));
            let taken = read(&mapping, &file_of(sum)).unwrap();
            if minor == 0 {
                let [reject] = taken.rejects.as_slice() else { panic!("{sum}") };
                assert_eq!(
                    reject.to_string(),
                    "R006 record 1 byte 4 `sum`: expected at most 2 decimal places, found `0.005`"
                );
            } else {
                assert_eq!(taken.month(0).balance_minor, Some(minor), "{sum} {:?}", taken.rejected());
                assert_eq!(taken.records[0].place.byte, 4, "the row group begins behind the magic");
            }
        }
    }
}

#[test]
fn a_column_that_cannot_be_exact_is_refused_where_it_is_mapped_and_nowhere_else() {
    for (sum, map, expected) in [
        (
            "required double sum",
            "balance = 'sum'",
            "byte 0 `sum`: expected a whole number, a decimal or a text, found DOUBLE, which holds no amount of money exactly",
        ),
        (
            "required int96 sum",
            "opened = { column = 'sum' }",
            "byte 0 `sum`: expected a DATE or a TIMESTAMP, found INT96, which states neither unit nor place",
        ),
        (
            "repeated binary sum (UTF8)",
            "balance = 'sum'",
            "byte 0 `sum`: expected a column with one value in a record, found a list",
        ),
        (
            "required int64 sum (TIMESTAMP(MILLIS,true))",
            "opened = { column = 'sum' }",
            "byte 0 `sum`: expected a `utc_offset` in the layout, of the place whose dates are meant, found instants in UTC",
        ),
        (
            "required int32 sum (TIME(MILLIS,true))",
            "balance = 'sum'",
            "byte 0 `sum`: expected a number, a date or a text, found a time of day",
        ),
        ("required int32 sum", "", ""),
        ("required double sum", "", ""),
        ("repeated binary sum (UTF8)", "", ""),
        ("required int32 other", "", "byte 0 `sum`: expected a column `sum`, found 2 other columns"),
        (
            "required int32 sum",
            "balance = 'no'",
            "byte 0 `header`: expected only columns that the layout maps, declares under a category or ignores by name, found `sum`",
        ),
    ] {
        let read = read(&mapping(map), &file_of(sum));
        match read {
            Ok(taken) => assert_eq!(("", 1), (expected, taken.records.len()), "{sum} {map}"),
            Err(said) => assert_eq!(said, expected, "{sum} {map}"),
        }
    }
}

#[test]
fn local_times_and_dates_need_no_offset() {
    for (sum, date) in
        [("required int64 sum (TIMESTAMP(MILLIS,false))", "1970-01-01"), ("required int32 sum (DATE)", "1970-01-06")]
    {
        let taken = read(&mapping("opened = { column = 'sum' }"), &file_of(sum)).unwrap();
        assert_eq!(taken.terms(0).opened.unwrap().to_string(), date, "{sum}");
    }
}

#[test]
fn what_is_not_parquet_is_refused_with_the_place() {
    let good = file_of("required int32 sum");
    let end = good.len();
    let changed = |at: usize, to: &[u8]| {
        let mut file = good.clone();
        file[at..at + to.len()].copy_from_slice(to);
        file
    };
    let magic = "expected `PAR1` at its beginning and its end, found";
    for (file, expected) in [
        (Vec::new(), format!("byte 0 `file`: {magic} 0 bytes")),
        (b"PAR1PAR1".to_vec(), format!("byte 0 `file`: {magic} 8 bytes")),
        (changed(0, b"PARX"), format!("byte 0 `file`: {magic} something else")),
        (good[..end - 1].to_vec(), format!("byte {} `file`: {magic} something else", end - 5)),
        (
            changed(end - 4, b"PARE"),
            format!("byte {} `file`: expected Parquet that is not encrypted, found an encrypted footer", end - 4),
        ),
        (changed(end - 8, &[1, 0, 0, 1]), format!("byte {}: footer above the limit of 16777216 bytes", end - 8)),
        (
            changed(end - 8, &[0xff, 0xff, 0, 0]),
            format!("byte {} `footer`: expected a length within the file, found 65535 bytes", end - 8),
        ),
    ] {
        assert_eq!(read(&mapping("balance = 'sum'"), &file).unwrap_err(), expected);
    }
}

#[test]
fn a_footer_that_does_not_add_up_is_refused() {
    let mut file = file_of("required int32 sum");
    // One row in the file's metadata, before the list of row groups (`FileMetaData` in `parquet.thrift`).
    let place = file.windows(4).position(|window| window == [0x16, 2, 0x19, 0x1c]).unwrap();
    file[place + 1] = 4;
    let said = read(&mapping("balance = 'sum'"), &file).unwrap_err();
    assert!(said.ends_with("`footer`: expected 2 rows, as the footer says, found 1 in its row groups"), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whole and parts agree (`read` checks) about a damaged file, and every record is accounted for.
    #[test]
    fn a_damaged_file_is_read_or_refused(mutations in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6)) {
        let mut file = parquet(&rows(60), 25, WriterProperties::builder().build());
        for (place, byte) in mutations {
            let place = place % file.len();
            file[place] = byte;
        }
        if let Ok(taken) = read(&parquet_mapping(), &file) {
            prop_assert_eq!(taken.summary.records, (taken.records.len() + taken.rejects.len()) as u64);
        }
    }
}
