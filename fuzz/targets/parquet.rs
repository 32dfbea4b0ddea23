//! Parquet read by a mapping: good files with some of their bytes changed, and files of any bytes.
#![no_main]
mod agree;
use std::sync::{Arc, LazyLock, Once};

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use tallystick_intake::layouts::mapped::Mapping;

const MAPPING: &str = r#"
[layout]
name = "fuzz"
version = 1
[file]
format = "parquet"
[subject]
column = "no"
scheme = "member-number"
[[tradeline]]
account = "no"
month = "2026-01"
currency = "CNY"
kind = "other"
balance = "sum"
limit = "limit"
opened = { column = "opened", utc_offset = "+08:00" }
closed = { column = "closed" }
"#;

const SCHEMA: &str = "message m {
    required binary no (UTF8);
    optional int64 sum (DECIMAL(18,2));
    optional fixed_len_byte_array(9) limit (DECIMAL(20,2));
    optional int64 opened (TIMESTAMP(MILLIS,true));
    required int32 closed (DATE);
}";

fn file(properties: WriterProperties) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(SCHEMA).expect("a schema"));
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).expect("a writer");
    for _ in 0..2 {
        let mut group = writer.next_row_group().expect("a row group");
        macro_rules! column {
            ($kind:ty, $values:expr, $levels:expr) => {{
                let mut column = group.next_column().expect("a column").expect("one more");
                column.typed::<$kind>().write_batch(&$values, $levels, None).expect("values");
                column.close().expect("an end");
            }};
        }
        let numbers: Vec<ByteArray> = (0..20).map(|row| ByteArray::from(format!("{row}").into_bytes())).collect();
        column!(ByteArrayType, numbers, None);
        let levels: Vec<i16> = (0..20).map(|row| i16::from(row % 3 > 0)).collect();
        let some = levels.iter().filter(|level| **level > 0).count();
        column!(Int64Type, vec![5_i64; some], Some(&levels));
        let wide = || FixedLenByteArray::from(ByteArray::from(vec![0, 0, 0, 0, 0, 0, 0, 1, 2]));
        column!(FixedLenByteArrayType, (0..some).map(|_| wide()).collect::<Vec<_>>(), Some(&levels));
        let instants: Vec<i64> = (0..some as i64).map(|row| row * 86_400_000).collect();
        column!(Int64Type, instants, Some(&levels));
        column!(Int32Type, (0..20).map(|row| 20_000 + row % 4).collect::<Vec<i32>>(), None);
        group.close().expect("an end");
    }
    writer.into_inner().expect("a file")
}

static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let small = || WriterProperties::builder().set_data_page_row_count_limit(7).set_write_batch_size(5);
    vec![
        file(small().build()),
        file(small().set_compression(Compression::SNAPPY).set_dictionary_enabled(false).build()),
        file(small().set_writer_version(WriterVersion::PARQUET_2_0).set_dictionary_enabled(false).build()),
        file(
            small()
                .set_writer_version(WriterVersion::PARQUET_2_0)
                .set_compression(Compression::GZIP(Default::default()))
                .build(),
        ),
    ]
});

/// The library panics on some damaged files, which the layout catches: only other panics are findings.
fn leave_the_librarys_own_panics_to_the_layout() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let finding = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let of_library =
                |file: &str| file.contains("/parquet-") || file.contains("/bytes-") || file.contains("/snap-");
            let trace = std::backtrace::Backtrace::force_capture().to_string();
            if !panic.location().is_some_and(|place| of_library(place.file())) && !trace.contains("parquet::") {
                finding(panic);
            }
        }));
    });
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    leave_the_librarys_own_panics_to_the_layout();
    let mapping = Mapping::parse(MAPPING).expect("a mapping");
    agree::read(&mapping, bytes.to_vec(), 1);
    let Some((which, changes)) = bytes.split_first() else { return };
    let mut file = FILES[usize::from(*which) % FILES.len()].clone();
    for change in changes.chunks_exact(3) {
        let place = usize::from(u16::from_be_bytes([change[0], change[1]])) % file.len();
        file[place] = change[2];
    }
    agree::read(&mapping, file, 1);
});
