//! Bank statements by a mapping that uses everything such a mapping has: as delimited text, and as sheets.
#![no_main]
mod common;
use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;

const MAPPING: &str = r#"
ignore = ["other"]
[layout]
name = "fuzz"
version = 1
[file]
encoding = "gb18030"
thousands_mark = ","
trailers = ["printed"]
[transactions]
account = { label = "account" }
currency = { column = "currency", own = "CNY", codes = { a = "CNY", b = "JPY" } }
date = { column = "day", pattern = "MM/DD", statement_month = "YYYY-MM" }
amount = { credit = "in", debit = "out" }
balance = { column = "balance", order = "newest_first" }
totals_label = "total"
short_rows = true
[[transactions.rule]]
column = "what"
starts = ["loan"]
set_aside = "loan_received"
[[transactions.rule]]
column = "what"
contains = ["fee"]
flow = "fees"
"#;
const BEFORE: &[u8] = b"account: 1\nof 2026-03\nday,what,in,out,balance,currency,other\n";

libfuzzer_sys::fuzz_target!(|rows: &[u8]| {
    // A panic of the spreadsheet library is caught and becomes a refusal; here it would end the run.
    if rows.starts_with(b"\xd0\xcf\x11\xe0") || rows.starts_with(b"PK\x03\x04") {
        return;
    }
    if let Ok(mapping) = Mapping::parse(MAPPING) {
        let layout = Layout::Mapped(Box::new(mapping));
        common::read(&layout, &[BEFORE, rows].concat());
        common::read(&layout, rows);
    }
});
