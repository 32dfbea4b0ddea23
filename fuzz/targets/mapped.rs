//! Files read by a mapping that uses everything a mapping has.
#![no_main]
mod common;
use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;

const MAPPING: &str = r#"
[layout]
name = "fuzz"
version = 1
[file]
encoding = "gb18030"
[subject]
column = "id"
scheme = "cn-resident-id"
alias = [{ column = "passport", scheme = "passport" }]
[[tradeline]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = "CNY"
kind = { column = "kind", codes = { card = "credit_card" } }
rating = { column = "late", codes = { 0 = "current", 1 = "late_1" } }
balance = "balance"
opened = { column = "opened", pattern = "DD.MM.YYYY" }
term_months = "terms"
[[payment_profile]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = "CNY"
flow.spending = { count = "n", sum = "spent" }
[identity]
name = "name"
"#;
const HEADER: &[u8] = b"id,passport,account,month,kind,late,balance,opened,terms,n,spent,name\n";

libfuzzer_sys::fuzz_target!(|rows: &[u8]| {
    if let Ok(mapping) = Mapping::parse(MAPPING) {
        let layout = Layout::Mapped(Box::new(mapping));
        common::read(&layout, &[HEADER, rows].concat());
        common::read(&layout, rows);
    }
});
