//! JSON Lines: keys, nesting, numbers, and lines that are no objects.

use proptest::prelude::*;
use tallystick_model::Currency;

use crate::support::{read, wrong};

const MAPPING: &str = r#"
ignore = ["meta", "note"]
[layout]
name = "lines"
version = 1
[file]
format = "jsonl"
[subject]
column = "who.no"
scheme = "member-number"
[[tradeline]]
account = "no"
month = { column = "month" }
currency = { column = "currency" }
kind = "credit_card"
balance = "sum"
"#;

fn line(sum: &str) -> String {
    format!("{{\"who\":{{\"no\":\"7\"}},\"no\":\"A1\",\"month\":\"2026-01\",\"currency\":\"CNY\",\"sum\":{sum}}}\n")
}

#[test]
fn numbers_are_taken_by_their_text_and_never_rounded() {
    for (sum, minor) in [
        ("12.34", Some(1234)),
        ("-0.01", Some(-1)),
        ("90071992547409.93", Some(9_007_199_254_740_993)),
        ("\"12.34\"", Some(1234)),
        ("\"\\u0031\\u0032.34\"", Some(1234)),
        ("1.234e1", Some(1234)),
        ("1234E-2", Some(1234)),
        ("12.340", Some(1234)),
        ("0", Some(0)),
        ("null", None),
        ("\"\"", None),
    ] {
        let taken = read(MAPPING, line(sum).as_bytes()).unwrap();
        assert_eq!(taken.rejected(), Vec::<String>::new(), "{sum}");
        assert_eq!((taken.month(0).balance_minor, taken.month(0).currency), (minor, Currency::CNY), "{sum}");
    }
}

#[test]
fn each_fault_of_a_line_has_its_code_and_place_and_the_rest_is_read() {
    let good = line("1");
    for (bad, expected) in [
        (line("12.345"), "R006 record 2 byte 141 `sum`: expected at most 2 decimal places, found `12.345`"),
        (
            line("[1]"),
            "R027 record 2 byte 141 `sum`: expected a text, a number, `true`, `false` or `null`, found 3 characters",
        ),
        (
            line("{\"of\":1}"),
            "R027 record 2 byte 141 `sum`: expected a text, a number, `true`, `false` or `null`, found 8 characters",
        ),
        (line("1,\"sum\":2"), "R025 record 2 byte 149 `sum`: expected each key once, found it again"),
        (line("1,\"who.no\":\"8\""), "R025 record 2 byte 152 `who.no`: expected each key once, found it again"),
        (
            line("1e70"),
            "R005 record 2 byte 141 `sum`: expected a number of at most 64 digits without its exponent, or a text, found 4 letters and digits",
        ),
        (line("01"), "R026 record 2 byte 72 `row`: expected a JSON object, found something else"),
        (
            line("\"\\ud800\""),
            "R026 record 2 byte 141 `sum`: expected a number of at most 64 digits without its exponent, or a text, found 8 characters",
        ),
        ("{\"who\":\n".to_owned(), "R026 record 2 byte 72 `row`: expected a JSON object, found something else"),
        ("[]\n".to_owned(), "R026 record 2 byte 72 `row`: expected a JSON object, found something else"),
        (line("1").replace("\"7\"", "null"), "R004 record 2 byte 85 `who.no`: expected a value, found blank"),
        (
            line("1").replace("\"CNY\"", "\"RMB\""),
            "R009 record 2 byte 129 `currency`: expected an ISO 4217 code or one of the layout's list, found `RMB`",
        ),
        (
            "{\"no\":\"A1\",\"month\":\"2026-01\",\"currency\":\"CNY\"}\n".to_owned(),
            "R004 record 2 byte 72 `who.no`: expected a value, found blank",
        ),
    ] {
        let taken = read(MAPPING, format!("{good}{bad}{good}").as_bytes()).unwrap();
        assert_eq!(taken.rejected(), [expected], "{bad}");
        assert_eq!((taken.summary.records, taken.records.len()), (3, 2), "{bad}");
        assert_eq!(taken.records[1].place.record, 3);
    }
    assert_eq!(good.len(), 72);
}

#[test]
fn a_key_that_nobody_spoke_about_refuses_the_file_unless_it_or_what_it_is_in_is_ignored() {
    let with = |more: &str| line(&format!("1,{more}"));
    for (more, expected) in [
        (
            "\"religion\":1",
            "byte 82 `key`: expected only keys that the layout maps, declares under a category or ignores by name, found `religion`",
        ),
        (
            "\"who\":{\"age\":1}",
            "byte 84 `key`: expected only keys that the layout maps, declares under a category or ignores by name, found `who.age`",
        ),
        (
            "\"\u{5f20}\u{4e09}\":1",
            "byte 80 `key`: expected only keys that the layout maps, declares under a category or ignores by name, found 6 bytes beyond ASCII",
        ),
    ] {
        assert_eq!(read(MAPPING, with(more).as_bytes()).unwrap_err(), expected, "{more}");
    }
    for more in ["\"meta\":{\"anything\":[1,{}]}", "\"note\":null", "\"other\":{}", "\"meta\":1,\"note\":\"x\\\"\""] {
        assert_eq!(read(MAPPING, with(more).as_bytes()).unwrap().records.len(), 1, "{more}");
    }
}

#[test]
fn what_is_not_json_lines_is_refused_once() {
    for (file, byte) in [("[\n{}\n]\n", 0), ("no,sum\n1,2\n", 0), ("\u{feff}\n\n{\n\"no\":1\n}\n", 5), ("{ \r\n", 0)] {
        let expected =
            format!("byte {byte} `file`: expected one JSON object a line, found something else on the first line");
        assert_eq!(read(MAPPING, file.as_bytes()).unwrap_err(), expected, "{file:?}");
    }
    let utf_16: Vec<u8> = [0xff, 0xfe].into_iter().chain(line("1").bytes().flat_map(|byte| [byte, 0])).collect();
    assert_eq!(
        read(MAPPING, &utf_16).unwrap_err(),
        "byte 0 `file`: expected text in UTF-8, found the byte order mark of UTF-16"
    );
    let long = line(&format!("\"{}\"", "1".repeat(1 << 20)));
    assert_eq!(
        read(MAPPING, format!("{}{long}", line("1")).as_bytes()).unwrap_err(),
        "byte 72: record above the limit of 1048576 bytes"
    );
    for blank in ["", "\n\n", "\u{feff}", " \r\n"] {
        assert_eq!(read(MAPPING, blank.as_bytes()).unwrap().summary.records, 0, "{blank:?}");
    }
}

#[test]
fn marks_of_delimited_text_are_no_keys_of_json_lines() {
    for key in [
        "delimiter = ';'",
        "quote = ''",
        "comment = '#'",
        "skip_lines = 1",
        "header_contains = ['a']",
        "trailers = ['a']",
        "encoding = 'gb18030'",
    ] {
        let error = wrong(&MAPPING.replace("format = \"jsonl\"", &format!("format = \"jsonl\"\n{key}")));
        let name = key.split(' ').next().unwrap();
        assert_eq!(error, format!("`file.{name}`: expected nothing: `jsonl` has no such thing, found `a value`"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whole and parts agree (`read` checks), whatever bytes come, and every line is accounted for.
    #[test]
    fn lines_are_accounted_for(mutations in proptest::collection::vec((0_usize..400, any::<u8>()), 0..6)) {
        let mut file = format!("{}\n{}\r\n{}", line("1.5"), line("\"x\""), line("null,\"meta\":{\"a\":[]}")).into_bytes();
        for (place, byte) in mutations {
            let place = place % file.len();
            file[place] = byte;
        }
        if let Ok(taken) = read(MAPPING, &file) {
            prop_assert_eq!(taken.summary.records, (taken.records.len() + taken.rejects.len()) as u64);
        }
    }
}
