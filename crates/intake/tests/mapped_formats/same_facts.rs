//! The same rows as CSV, TSV, JSON Lines and Parquet.

use std::fmt::Write;
use std::sync::Arc;

use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type,
};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use tallystick_model::Date;
use tallystick_model::ids::resident_id_check;

use crate::support::{Taken, read};

/// One row; `None` is blank.
pub(crate) struct Row {
    id: String,
    account: String,
    month: Date,
    product: &'static str,
    late: Option<i32>,
    balance: Option<i64>,
    limit: Option<i64>,
    paid: Option<i32>,
    opened: Option<Date>,
    term: Option<i64>,
    name: Option<String>,
}

pub(crate) fn rows(count: i64) -> Vec<Row> {
    let some = |row: i64, every: i64| row % every != 0;
    let row = |row: i64| {
        let digits = format!("130203{}{:02}{:02}{:03}", 1950 + row % 50, 1 + row % 12, 1 + row % 28, row % 1000);
        let check = char::from(resident_id_check(digits.as_bytes()).unwrap());
        Row {
            id: format!("{digits}{check}"),
            account: format!("CC{row:07}"),
            month: Date::constant(2026, i8::try_from(1 + row % 3).unwrap(), 28),
            product: if row % 7 == 0 { "loan" } else { "card" },
            late: Some(i32::try_from(row % 3).unwrap()),
            balance: some(row, 5).then_some(row * 977 - 100_000),
            limit: some(row, 11).then_some(row % 10 * 100_000),
            paid: some(row, 3).then_some(i32::try_from(row % 5000).unwrap()),
            opened: some(row, 13).then_some(Date::constant(2015, 2, i8::try_from(1 + row % 28).unwrap())),
            term: some(row, 4).then_some(row % 48 + 1),
            name: some(row, 6).then(|| format!("\u{5f20}\"{}\", a", row % 10)),
        }
    };
    (0..count).map(row).collect()
}

fn mapping(file: &str, dates: &str, opened: &str) -> String {
    format!(
        "[layout]\nname = 'same'\nversion = 1\n[file]\n{file}\n[subject]\ncolumn = 'id'\nscheme = 'cn-resident-id'\n\
         [[tradeline]]\naccount = 'account'\nmonth = {{ column = 'month'{dates} }}\ncurrency = 'CNY'\n\
         kind = {{ column = 'product', codes = {{ card = 'credit_card', loan = 'installment' }} }}\n\
         rating = {{ column = 'late', codes = {{ 0 = 'current', 1 = 'late_1', 2 = 'late_2' }} }}\n\
         balance = 'balance'\nlimit = 'limit'\npaid = {{ column = 'paid', in = 'minor' }}\n\
         opened = {{ column = 'opened'{opened} }}\nterm_months = 'term'\n[identity]\nname = 'name'\n"
    )
}

fn decimal(minor: i64) -> String {
    format!("{}{}.{:02}", if minor < 0 { "-" } else { "" }, minor.abs() / 100, minor.abs() % 100)
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn delimited(rows: &[Row], mark: char) -> String {
    let names = ["id", "account", "month", "product", "late", "balance", "limit", "paid", "opened", "term", "name"];
    let mut file = names.join(&mark.to_string()) + "\r\n";
    for row in rows {
        let name = row.name.as_ref().map(|name| format!("\"{}\"", name.replace('"', "\"\""))).unwrap_or_default();
        let fields = [
            row.id.clone(),
            row.account.clone(),
            row.month.to_string(),
            row.product.to_owned(),
            text(row.late),
            text(row.balance.map(decimal)),
            text(row.limit.map(decimal)),
            text(row.paid),
            text(row.opened),
            text(row.term),
            name,
        ];
        file.push_str(&fields.join(&mark.to_string()));
        file.push_str("\r\n");
    }
    file
}

fn json_lines(rows: &[Row]) -> String {
    let mut file = String::new();
    for row in rows {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\\\""));
        let number = |value: Option<String>| value.unwrap_or_else(|| "null".to_owned());
        write!(
            file,
            "{{\"id\":\"{}\", \"account\":\"{}\",\"month\":\"{}\",\"product\":\"{}\",\"late\":{},\"balance\":{},\"limit\":{}",
            row.id,
            row.account,
            row.month,
            row.product,
            number(row.late.map(|late| late.to_string())),
            number(row.balance.map(decimal)),
            number(row.limit.map(decimal)),
        )
        .unwrap();
        if let Some(paid) = row.paid {
            write!(file, ",\"paid\":{paid}").unwrap();
        }
        let opened = row.opened.map_or("null".to_owned(), |date| format!("\"{date}\""));
        let name = row.name.as_deref().map_or("null".to_owned(), quoted);
        writeln!(
            file,
            ",\"term\":{},\"name\":{name},\"opened\":{opened}}}",
            number(row.term.map(|term| term.to_string()))
        )
        .unwrap();
    }
    file
}

const SCHEMA: &str = "message schema {
    required binary id (UTF8);
    optional binary account (UTF8);
    required int32 month (DATE);
    required binary product (ENUM);
    optional int32 late;
    optional int64 balance (DECIMAL(18,2));
    optional fixed_len_byte_array(9) limit (DECIMAL(20,2));
    optional int32 paid (INTEGER(32,false));
    optional int64 opened (TIMESTAMP(MICROS,true));
    optional int64 term;
    optional binary name (UTF8);
}";

fn days(date: Date) -> i64 {
    i64::from(date.since(Date::constant(1970, 1, 1)).unwrap().get_days())
}

fn column<T: DataType>(group: &mut SerializedRowGroupWriter<'_, Vec<u8>>, values: Vec<Option<T::T>>, required: bool) {
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    let mut writer = group.next_column().unwrap().unwrap();
    writer.typed::<T>().write_batch(&values, (!required).then_some(&levels), None).unwrap();
    writer.close().unwrap();
}

pub(crate) fn parquet(rows: &[Row], group_rows: usize, properties: WriterProperties) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    let bytes = |text: &str| ByteArray::from(text.as_bytes().to_vec());
    for rows in rows.chunks(group_rows) {
        let mut group = writer.next_row_group().unwrap();
        let group_mut = &mut group;
        column::<ByteArrayType>(group_mut, rows.iter().map(|row| Some(bytes(&row.id))).collect(), true);
        column::<ByteArrayType>(group_mut, rows.iter().map(|row| Some(bytes(&row.account))).collect(), false);
        let months = rows.iter().map(|row| Some(i32::try_from(days(row.month)).unwrap())).collect();
        column::<Int32Type>(group_mut, months, true);
        column::<ByteArrayType>(group_mut, rows.iter().map(|row| Some(bytes(row.product))).collect(), true);
        column::<Int32Type>(group_mut, rows.iter().map(|row| row.late).collect(), false);
        column::<Int64Type>(group_mut, rows.iter().map(|row| row.balance).collect(), false);
        let wide = |minor: i64| {
            let bytes = i128::from(minor).to_be_bytes();
            FixedLenByteArray::from(ByteArray::from(bytes[7..].to_vec()))
        };
        column::<FixedLenByteArrayType>(group_mut, rows.iter().map(|row| row.limit.map(wide)).collect(), false);
        column::<Int32Type>(group_mut, rows.iter().map(|row| row.paid).collect(), false);
        // Midnight in China is 16:00 of the day before in UTC.
        let instant = |date: Date| (days(date) * 86_400 - 8 * 3600) * 1_000_000;
        column::<Int64Type>(group_mut, rows.iter().map(|row| row.opened.map(instant)).collect(), false);
        column::<Int64Type>(group_mut, rows.iter().map(|row| row.term).collect(), false);
        column::<ByteArrayType>(group_mut, rows.iter().map(|row| row.name.as_deref().map(bytes)).collect(), false);
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

pub(crate) fn parquet_mapping() -> String {
    mapping("format = 'parquet'", "", ", utc_offset = '+08:00'")
}

fn facts(mapping: &str, file: &[u8], count: usize) -> Vec<String> {
    let taken: Taken = read(mapping, file).unwrap();
    assert_eq!(taken.rejected(), Vec::<String>::new());
    assert_eq!(taken.records.len(), count);
    taken.facts()
}

#[test]
fn rows_of_every_format_give_the_same_facts() {
    let rows = rows(2500);
    let expected = facts(
        &mapping("", ", pattern = 'YYYY-MM-DD'", ", pattern = 'YYYY-MM-DD'"),
        delimited(&rows, ',').as_bytes(),
        2500,
    );
    assert!(expected[1].contains("balance_minor: Some(-99023)"), "{}", expected[1]);
    assert_eq!(facts(&mapping("format = 'tsv'", "", ""), delimited(&rows, '\t').as_bytes(), 2500), expected);
    assert_eq!(facts(&mapping("format = 'jsonl'", "", ""), json_lines(&rows).as_bytes(), 2500), expected);
    let plain = WriterProperties::builder;
    for (name, properties, group_rows) in [
        ("plain", plain().set_dictionary_enabled(false).build(), 2500),
        ("dictionary, small pages", plain().set_data_page_row_count_limit(100).set_write_batch_size(50).build(), 900),
        ("snappy", plain().set_compression(Compression::SNAPPY).build(), 2500),
        ("gzip", plain().set_compression(Compression::GZIP(GzipLevel::default())).build(), 1000),
        (
            "zstd, second version, delta encodings",
            plain()
                .set_compression(Compression::ZSTD(ZstdLevel::default()))
                .set_writer_version(WriterVersion::PARQUET_2_0)
                .set_dictionary_enabled(false)
                .set_data_page_row_count_limit(300)
                .set_write_batch_size(100)
                .build(),
            1500,
        ),
    ] {
        assert!(facts(&parquet_mapping(), &parquet(&rows, group_rows, properties), 2500) == expected, "{name}");
    }
}
