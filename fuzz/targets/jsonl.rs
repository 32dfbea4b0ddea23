//! JSON Lines read by a mapping, whole and in parts.
#![no_main]
mod agree;
use tallystick_intake::layouts::mapped::Mapping;

const MAPPING: &str = r#"
ignore = ["meta"]
[layout]
name = "fuzz"
version = 1
[file]
format = "jsonl"
decimal_mark = ","
[subject]
column = "who.no"
scheme = "member-number"
[[tradeline]]
account = "a"
month = "2026-01"
currency = "CNY"
kind = "other"
balance = "s"
opened = { column = "d" }
[identity]
name = "who.name"
"#;

libfuzzer_sys::fuzz_target!(|lines: &[u8]| {
    let mapping = Mapping::parse(MAPPING).expect("a mapping");
    let part_bytes = 1 + usize::from(lines.first().copied().unwrap_or(0));
    agree::read(&mapping, lines.to_vec(), part_bytes);
    let good = br#"{"who":{"no":"7","name":"x"},"a":"A","s":1.5e1,"d":"2026-01-02","meta":[{}]}"#;
    agree::read(&mapping, [good, b"\n".as_slice(), lines].concat(), part_bytes);
});
