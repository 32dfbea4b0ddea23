//! How fast a card lender's rows are read: run by hand,
//! `cargo test --release -p tallystick-intake --test mapped_speed -- --ignored --nocapture`.

#![expect(clippy::expect_used, clippy::disallowed_methods, clippy::print_stdout, reason = "a measurement")]

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_intake::{DeliveryFile, Layout, ReadContext, parts};
use tallystick_model::ids::resident_id_check;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{CategorySet, DataCategory};

#[path = "support/counted.rs"]
mod counted;

use self::counted::Counted;

/// Rows as the town's card lender writes them.
fn rows(count: u64) -> Vec<u8> {
    let header = "resident_id,name,account,month,status,repayment,balance,past_due,credit_limit,paid,due,opened,closed,\
                  first_delinquency\n";
    let mut file = header.as_bytes().to_vec();
    for row in 0..count {
        let digits = format!("130203{}{:02}{:02}{:03}", 1950 + row % 50, 1 + row % 12, 1 + row % 28, row % 1000);
        let check = resident_id_check(digits.as_bytes()).expect("17 digits");
        let late = row % 20 == 0;
        let (rating, past_due) =
            if late { ("1", format!("{}.{:02}", row % 900, row % 100)) } else { ("N", "0.00".into()) };
        let line = format!(
            "{digits}{},\u{8d75}\u{6d77}\u{660e},CC{row:010},2026-03,normal,{rating},{}.{:02},{past_due},{}.00,{}.{:02},225.93,{}-10-09,,{}\n",
            char::from(check),
            row % 9000,
            row % 100,
            row % 50 * 1000,
            row % 700,
            row % 100,
            2010 + row % 16,
            if late { "2026-02-14" } else { "" }
        );
        file.extend_from_slice(line.as_bytes());
    }
    file
}

/// The same rows as JSON Lines, every value a text.
fn json_lines(csv: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(csv).expect("is text");
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().expect("a header");
    let mut file = String::new();
    for fields in lines {
        let members: Vec<_> = names.iter().zip(fields).map(|(name, field)| format!("\"{name}\":\"{field}\"")).collect();
        file.push_str(&format!("{{{}}}\n", members.join(",")));
    }
    file.into_bytes()
}

/// The same rows as Parquet: amounts are decimals of 64 bits, dates are days, the rest is text.
fn parquet(csv: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(csv).expect("is text");
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().expect("a header");
    let rows: Vec<_> = lines.collect();
    let amount = |name: &str| matches!(name, "balance" | "past_due" | "credit_limit" | "paid" | "due");
    let date = |name: &str| matches!(name, "opened" | "closed" | "first_delinquency");
    let field = |name: &&str| match *name {
        name if amount(name) => format!("required int64 {name} (DECIMAL(18,2));"),
        name if date(name) => format!("optional int32 {name} (DATE);"),
        name => format!("required binary {name} (UTF8);"),
    };
    let schema = format!("message card {{ {} }}", names.iter().map(field).collect::<String>());
    let schema = Arc::new(parse_message_type(&schema).expect("a schema"));
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).expect("a writer");
    for rows in rows.chunks(100_000) {
        let mut group = writer.next_row_group().expect("a row group");
        for (place, name) in names.iter().enumerate() {
            let fields = rows.iter().map(|row| row.get(place).copied().unwrap_or_default());
            let mut column = group.next_column().expect("a column").expect("one more");
            if amount(name) {
                let minor = |text: &str| text.replace('.', "").parse::<i64>().expect("an amount");
                column.typed::<Int64Type>().write_batch(&fields.map(minor).collect::<Vec<_>>(), None, None)
            } else if date(name) {
                let levels: Vec<i16> = fields.clone().map(|text| i16::from(!text.is_empty())).collect();
                let days = |text: &str| {
                    let date: tallystick_model::Date = text.parse().expect("a date");
                    date.since(tallystick_model::Date::constant(1970, 1, 1)).expect("days").get_days()
                };
                let days: Vec<i32> = fields.filter(|text| !text.is_empty()).map(days).collect();
                column.typed::<Int32Type>().write_batch(&days, Some(&levels), None)
            } else {
                let texts: Vec<ByteArray> = fields.map(ByteArray::from).collect();
                column.typed::<ByteArrayType>().write_batch(&texts, None, None)
            }
            .expect("values");
            column.close().expect("an end");
        }
        group.close().expect("an end");
    }
    writer.into_inner().expect("a file")
}

fn measure(name: &str, mapping: &str, file: &dyn DeliveryFile, admitted: CategorySet) {
    let layout = Layout::Mapped(Box::new(Mapping::parse(mapping).expect("a mapping")));
    let context = ReadContext {
        furnisher: "CARD".to_owned(),
        subject: None,
        provenance: Provenance::FurnisherSigned,
        admitted,
        month: None,
    };
    let (mut best_cut, mut best_read, mut records) = (f64::INFINITY, f64::INFINITY, 0);
    for _ in 0..5 {
        let start = std::time::Instant::now();
        let mut halves = parts(&layout, file, &context).expect("a mapped file").expect("is read in parts");
        let mut cut = Vec::new();
        while let Some(part) = halves.cutter.next_part().expect("can be cut") {
            cut.push(part);
        }
        best_cut = best_cut.min(start.elapsed().as_secs_f64());
        let mut sink = Counted::default();
        let start = std::time::Instant::now();
        for part in &cut {
            halves.reader.read_part(part, &mut sink).expect("can be read");
        }
        best_read = best_read.min(start.elapsed().as_secs_f64());
        assert_eq!(sink.rejects, 0);
        records = sink.records;
    }
    let megabytes = file.length().expect("a length") as f64 / 1e6;
    println!(
        "{name}: read {:.0} rows/s ({:.0} MB/s), cut {:.0} MB/s",
        records as f64 / best_read,
        megabytes / best_read,
        megabytes / best_cut
    );
}

#[test]
#[ignore = "a measurement: cargo test --release -p tallystick-intake --test mapped_speed -- --ignored --nocapture"]
fn a_million_card_rows() {
    let mapping = include_str!("../../../samples/layouts/card.toml");
    let file = rows(1_000_000);
    measure("csv, all admitted", mapping, &file, CategorySet::all());
    measure("csv, credit alone", mapping, &file, CategorySet::EMPTY.with(DataCategory::Credit));
    let of = |format: &str| mapping.replacen("[subject]", &format!("[file]\nformat = \"{format}\"\n[subject]"), 1);
    let file = rows(300_000);
    measure("jsonl, all admitted", &of("jsonl"), &json_lines(&file), CategorySet::all());
    measure("parquet, all admitted", &of("parquet"), &parquet(&file), CategorySet::all());
}
