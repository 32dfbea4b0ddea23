//! Which layout a file has: any bytes, against the program's own layouts and mappings of both kinds.
#![no_main]
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_intake::{NotDetected, detect};

const STATEMENT: &str = r#"
[layout]
name = "statement"
version = 1
[transactions]
account = { name = "a" }
currency = "CNY"
date = { column = "day", pattern = "YYYYMMDD" }
amount = { column = "sum", positive = "credit" }
"#;
const TRADELINES: &str = r#"
[layout]
name = "tradelines"
version = 1
[subject]
column = "id"
scheme = "lei"
[[tradeline]]
account = "account"
month = "2026-01"
currency = "CNY"
kind = "credit_card"
"#;

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    // A panic of the spreadsheet library is caught and becomes a refusal; here it would end the run.
    if file.starts_with(b"\xd0\xcf\x11\xe0") || file.starts_with(b"PK\x03\x04") {
        return;
    }
    let of_file = |keys: &str| TRADELINES.replace("[subject]", &format!("[file]\n{keys}\n[subject]"));
    let mut mappings = vec![STATEMENT.to_owned(), TRADELINES.to_owned()];
    mappings.extend(
        ["format = \"jsonl\"", "format = \"parquet\"", "format = \"tsv\"\nheader_contains = [\"id\"]"].map(of_file),
    );
    let mappings = mappings.iter().map(|text| Mapping::parse(text).expect("a mapping")).collect();
    match detect(&file.to_vec(), mappings, None) {
        Ok(found) => assert!(!found.why.is_empty(), "a layout says why"),
        // The five mappings and seven layouts of the program's own.
        Err(NotDetected::Unknown(wanting)) => assert_eq!(wanting.len(), 12, "each says what it looked for"),
        Err(NotDetected::Ambiguous(found)) => assert!(found.len() > 1, "several"),
        Err(NotDetected::Locked) => unreachable!("no archive gets here"),
        Err(NotDetected::Io(_)) => unreachable!("memory is always read"),
    }
});
