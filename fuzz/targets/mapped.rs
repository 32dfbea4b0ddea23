//! CSV read by a mapping that uses everything a mapping has, whole and in parts.
#![no_main]
mod agree;
use tallystick_intake::layouts::mapped::Mapping;

const MAPPING: &str = r##"
[layout]
name = "fuzz"
version = 1
[file]
encoding = "gb18030"
comment = "#"
escape = "!"
trailers = ["Total"]
header_contains = ["id", "name"]
thousands_mark = ","
[subject]
column = "id"
scheme = "cn-resident-id"
alias = [{ column = { columns = ["state", "passport"], join = "/" }, scheme = "passport" }]
[[tradeline]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = { column = "currency", codes = { RMB = "CNY" } }
kind = { column = "kind", codes = { card = "credit_card" }, ignore_case = true, default = "other" }
rating = { column = "late", codes = { 0 = "current", 1 = "late_1" } }
balance = { debit = "out", credit = "in", sign = "parentheses" }
paid = { column = "paid", in = "wan", sign = "cr" }
opened = { column = "opened", pattern = "D.M.YYYY" }
closed = { column = "closed", pattern = "excel-serial" }
first_delinquency = { column = "delinquent", pattern = "unix-millis", utc_offset = "+08:00" }
term_months = "terms"
[[payment_profile]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = "CNY"
flow.spending = { count = "n", sum = "spent" }
[identity]
name = "name"
"##;
const HEADER: &[u8] =
    b"title\nid,state,passport,account,month,currency,kind,late,out,in,paid,opened,closed,delinquent,terms,n,spent,name\n";

libfuzzer_sys::fuzz_target!(|rows: &[u8]| {
    let mapping = Mapping::parse(MAPPING).expect("a mapping");
    let part_bytes = 1 + usize::from(rows.first().copied().unwrap_or(0));
    agree::read(&mapping, [HEADER, rows].concat(), part_bytes);
    agree::read(&mapping, rows.to_vec(), part_bytes);
});
