//! Mapped CSV: what rows become, where rejects point, and which files are refused whole.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/taken.rs"]
mod taken;

use proptest::prelude::*;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_intake::{FileSummary, Layout, ReadContext, Refused, read_delivery};
use tallystick_model::fact::Statement;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::tradeline::{AccountKind, AccountStatus, PaymentRating};
use tallystick_model::{CategorySet, Currency, DataCategory, Month};

use self::taken::Taken;

const MAPPING: &str = r#"
[layout]
name = "lender"
version = 3
[subject]
column = "id"
scheme = "cn-resident-id"
alias = [{ column = "passport", scheme = "passport" }]
[[tradeline]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = "CNY"
kind = { column = "product", codes = { card = "credit_card", loan = "installment" } }
rating = { column = "late", codes = { 0 = "current", 1 = "late_1", 2 = "late_2" } }
balance = "balance"
limit = "limit"
opened = { column = "opened", pattern = "DD.MM.YYYY" }
[identity]
name = "name"
[[attribute]]
column = "sex"
category = "sex"
"#;

const HEADER: &str = "id,passport,account,month,product,late,balance,limit,opened,name,sex\n";
const GOOD: &str = "11010519491231002X,,A1,2026-01,card,1,-12.30,1000,02.01.2020,\"Zhang, San\",1\n";

fn read_by(mapping: &str, file: &[u8], month: Option<&str>) -> (Result<FileSummary, Refused>, Taken) {
    let layout = Layout::Mapped(Box::new(Mapping::parse(mapping).expect("a mapping")));
    let context = ReadContext {
        furnisher: "F1".to_owned(),
        subject: None,
        provenance: Provenance::FurnisherSigned,
        admitted: [DataCategory::Credit, DataCategory::Identity, DataCategory::Payments].into_iter().collect(),
        month: month.map(|month| Month::parse(month).expect("a month")),
    };
    let mut taken = Taken::default();
    let summary = read_delivery(&layout, &mut &*file, &context, &mut taken);
    (summary, taken)
}

fn read(rows: &str) -> (Result<FileSummary, Refused>, Taken) {
    read_by(MAPPING, format!("{HEADER}{rows}").as_bytes(), None)
}

fn only_reject(rows: &str) -> String {
    let (summary, taken) = read(rows);
    assert_eq!(summary.expect("is of the layout").rejects, 1);
    let [reject] = taken.rejects.as_slice() else { panic!("{:?}", taken.rejects) };
    reject.to_string()
}

#[test]
fn a_row_becomes_terms_month_and_identity_and_what_is_not_admitted_is_counted() {
    let (summary, taken) = read(GOOD);
    assert_eq!(summary.expect("is of the layout").records, 1);
    assert_eq!(taken.not_admitted, [(DataCategory::Sex, 1)]);
    let [record] = taken.records.as_slice() else { panic!("{:?}", taken.records) };
    assert_eq!(record.identifiers.len(), 1);
    assert_eq!(record.place.byte, HEADER.len() as u64);
    let [
        Statement::TradelineTerms(account, terms),
        Statement::TradelineMonth(_, month, tradeline),
        Statement::Identity(_, identity),
    ] = record.statements.as_slice()
    else {
        panic!("{:?}", record.statements)
    };
    assert_eq!(account.expose(), b"A1");
    assert_eq!(terms.opened.map(|date| date.to_string()), Some("2020-01-02".to_owned()));
    assert_eq!(month.to_string(), "2026-01");
    assert_eq!((tradeline.kind, tradeline.status), (AccountKind::CreditCard, AccountStatus::Open));
    assert_eq!((tradeline.rating, tradeline.currency), (PaymentRating::Late(1), Currency::CNY));
    assert_eq!(
        (tradeline.balance_minor, tradeline.limit_minor, tradeline.paid_minor),
        (Some(-1230), Some(100_000), None)
    );
    assert_eq!(identity.name.as_ref().map(|name| name.expose().as_str()), Some("Zhang, San"));
    assert!(identity.attributes.is_empty(), "a value that is not admitted goes no further than the layout");
}

#[test]
fn a_further_identifier_becomes_an_alias() {
    let (_, taken) = read(&GOOD.replacen(",,", ",CN/E12345678,", 1));
    assert_eq!(taken.records[0].identifiers.len(), 2);
}

#[test]
fn one_bad_row_is_a_positioned_reject_and_the_rest_is_read() {
    let bad = GOOD.replace("-12.30", "12.345");
    let (summary, taken) = read(&format!("{GOOD}{bad}{GOOD}"));
    assert_eq!(summary.map(|summary| (summary.records, summary.rejects)).expect("is of the layout"), (3, 1));
    assert_eq!(taken.records.len(), 2);
    assert_eq!(taken.not_admitted.len(), 2, "a rejected row counts as rejected alone");
    let place = HEADER.len() + GOOD.len() + bad.find("12.345").expect("is there");
    assert_eq!(
        taken.rejects[0].to_string(),
        format!("R006 record 2 byte {place} `balance`: expected at most 2 decimal places, found `12.345`")
    );
}

#[test]
fn each_fault_has_its_code_and_no_reject_repeats_personal_data() {
    for (from, to, expected) in [
        (
            "11010519491231002X",
            "110105194912310021",
            "R010 record 1 byte 69 `id`: expected valid cn-resident-id, found check digit does not fit",
        ),
        ("11010519491231002X", "", "R004 record 1 byte 69 `id`: expected a value, found blank"),
        (
            "2026-01",
            "2026-13",
            "R008 record 1 byte 92 `month`: expected a month in the layout's pattern, found `2026-13`",
        ),
        ("card", "boat", "R009 record 1 byte 100 `product`: expected a code of the layout's list, found `boat`"),
        (",1,-12", ",,-12", "R004 record 1 byte 105 `late`: expected a code of the layout's list, found blank"),
        ("-12.30", "twelve", "R006 record 1 byte 107 `balance`: expected an amount, found `twelve`"),
        (
            "-12.30",
            "99999999999999999999",
            "R011 record 1 byte 107 `balance`: expected an amount below 2^63 minor units, found 20 digits",
        ),
        (
            "02.01.2020",
            "2020-01-02",
            "R007 record 1 byte 119 `opened`: expected a date in the layout's pattern, found 10 characters",
        ),
        (",1\n", "\n", "R002 record 1 byte 69 `row`: expected 11 columns, found 10 columns"),
    ] {
        assert_eq!(only_reject(&GOOD.replacen(from, to, 1)), expected);
    }
    let mut latin1 = format!("{HEADER}{GOOD}").into_bytes();
    let name = latin1.windows(5).position(|window| window == b"Zhang").expect("is there");
    latin1[name] = 0xff;
    let (_, taken) = read_by(MAPPING, &latin1, None);
    assert!(taken.rejects[0].to_string().starts_with("R003 record 1"), "{}", taken.rejects[0]);
    assert!(taken.rejects[0].to_string().ends_with("`name`: expected UTF-8, found 10 bytes beyond ASCII"));
}

#[test]
fn a_file_with_other_columns_is_refused_whole() {
    for (file, expected) in [
        (
            HEADER.replace("balance", "saldo") + GOOD,
            "byte 0 `balance`: expected a column `balance`, found 11 other columns",
        ),
        (
            HEADER.replace("sex\n", "sex,religion\n"),
            "byte 0 `header`: expected only columns that the layout maps, declares under a category or ignores by name, \
             found `religion`",
        ),
        (String::new(), "byte 0 `id`: expected a column `id`, found 0 other columns"),
        ("\u{0}\u{1}\u{2}PK binary".to_owned(), "byte 0 `id`: expected a column `id`, found 1 other columns"),
    ] {
        let (summary, taken) = read_by(MAPPING, file.as_bytes(), None);
        assert_eq!(summary.expect_err("is refused").to_string(), expected);
        assert!(taken.records.is_empty());
    }
}

#[test]
fn an_unclosed_quote_ends_at_the_limit_instead_of_filling_memory() {
    let file = format!("{HEADER}\"{}", "x\n".repeat(1 << 20));
    let (summary, _) = read_by(MAPPING, file.as_bytes(), None);
    assert!(matches!(summary, Err(Refused::TooLarge { limit_bytes: 1_048_576, .. })), "{summary:?}");
}

#[test]
fn an_unclosed_quote_refuses_the_file_instead_of_losing_the_rows_it_swallows() {
    let plain = GOOD.replace("\"Zhang, San\"", "Zhang");
    let (summary, _) = read(&format!("\"{plain}{plain}{plain}"));
    let said = summary.expect_err("is refused").to_string();
    assert!(said.starts_with("byte 69 `row`: expected 11 columns, found "), "{said}");
    assert!(said.ends_with("over several lines: a quote that is never closed?"), "{said}");
}

const WIDE: &str = r#"
ignore = ["note"]
[layout]
name = "wide"
version = 1
[file]
delimiter = ";"
decimal_mark = ","
thousands_mark = "."
[subject]
column = "no"
scheme = "member-number"
[[tradeline]]
account = "no"
month = "2005-09"
currency = "TWD"
kind = "credit_card"
balance = "bill1"
[[tradeline]]
account = "no"
month = "2005-08"
currency = "TWD"
kind = "credit_card"
balance = "bill2"
"#;

#[test]
fn a_wide_file_gives_the_month_asked_for_or_all() {
    let file = b"no;bill1;bill2;note\n7;1.234,5;-2;x\n";
    let balances = |month| {
        let (summary, taken) = read_by(WIDE, file, month);
        summary.expect("is of the layout");
        let of = |statement: &Statement| match statement {
            Statement::TradelineMonth(_, month, tradeline) => (month.to_string(), tradeline.balance_minor),
            other => panic!("{other:?}"),
        };
        taken.records[0].statements.iter().map(of).collect::<Vec<_>>()
    };
    let (september, august) = (("2005-09".to_owned(), Some(123_450)), ("2005-08".to_owned(), Some(-200)));
    assert_eq!(balances(None), [september.clone(), august.clone()]);
    assert_eq!(balances(Some("2005-08")), [august]);
    assert_eq!(balances(Some("2005-09")), [september]);
    assert!(matches!(read_by(WIDE, file, Some("2005-07")).0, Err(Refused::MonthNeeded)));
}

#[test]
fn gb18030_names_are_decoded_at_the_bytes_delivered() {
    let mapping = MAPPING.replace("[subject]", "[file]\nencoding = \"gb18030\"\n[subject]");
    let file = format!("{HEADER}{}", GOOD.replace("\"Zhang, San\"", "\u{5f20}\u{4e09}").replace("-12.30", "oops"));
    let (bytes, _, _) = encoding_rs::GB18030.encode(&file);
    let (_, taken) = read_by(&mapping, &bytes, None);
    assert_eq!(taken.rejects[0].place.byte, 107);
    let good = format!("{HEADER}{}", GOOD.replace("\"Zhang, San\"", "\u{5f20}\u{4e09}"));
    let (bytes, _, _) = encoding_rs::GB18030.encode(&good);
    let (_, taken) = read_by(&mapping, &bytes, None);
    let Some(Statement::Identity(_, identity)) = taken.records[0].statements.last() else { panic!("no identity") };
    assert_eq!(identity.name.as_ref().map(|name| name.expose().as_str()), Some("\u{5f20}\u{4e09}"));
}

#[test]
fn a_wrong_mapping_names_its_key() {
    for (from, to, expected) in [
        ("\"CNY\"", "\"Yuan\"", "`tradeline.currency`: expected an ISO 4217 code such as `CNY`, found `Yuan`"),
        (
            "YYYY-MM\"",
            "YY-MM\"",
            "`tradeline.month`: expected a pattern of YYYY, M, MM, MMM or MMMM, D or DD, hh, mm, ss and marks",
        ),
        ("late_1", "tardy", "`tradeline.rating.codes.1`: expected one of"),
        ("category = \"sex\"", "category = \"shoe\"", "`attribute.category`: expected one of"),
        ("account = ", "acount = ", "unknown field"),
        ("cn-resident-id", "id-card", "`subject.scheme`: expected one of"),
    ] {
        let error = Mapping::parse(&MAPPING.replacen(from, to, 1)).expect_err("is wrong").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

proptest! {
    /// Whatever bytes come, every row is a record, a reject or left out, and nothing panics.
    #[test]
    fn rows_are_accounted_for(mutations in proptest::collection::vec((0_usize..400, any::<u8>()), 0..12)) {
        let mut file = format!("{HEADER}{GOOD}{GOOD}{GOOD}").into_bytes();
        for (place, byte) in mutations {
            let place = place % file.len();
            file[place] = byte;
        }
        let (summary, taken) = read_by(MAPPING, &file, None);
        if let Ok(summary) = summary {
            prop_assert_eq!(summary.records, (taken.records.len() + taken.rejects.len()) as u64);
            prop_assert_eq!(summary.rejects, taken.rejects.len() as u64);
        }
    }
}

#[test]
fn nothing_is_handed_on_when_nothing_is_admitted() {
    let layout = Layout::Mapped(Box::new(Mapping::parse(MAPPING).expect("a mapping")));
    let context = ReadContext {
        furnisher: "F1".to_owned(),
        subject: None,
        provenance: Provenance::FurnisherSigned,
        admitted: CategorySet::EMPTY,
        month: None,
    };
    let mut taken = Taken::default();
    let file = format!("{HEADER}{GOOD}");
    read_delivery(&layout, &mut file.as_bytes(), &context, &mut taken).expect("is of the layout");
    assert!(taken.records.is_empty());
    assert_eq!(taken.not_admitted, [(DataCategory::Credit, 1), (DataCategory::Identity, 1), (DataCategory::Sex, 1)]);
}

/// Where the only reject of `file` points: its record's number and its byte.
fn place_of_reject(mapping: &str, file: &[u8]) -> (u64, u64) {
    let (summary, taken) = read_by(mapping, file, None);
    assert_eq!(summary.expect("is of the layout").rejects, 1);
    let place = taken.rejects.first().expect("a reject").place;
    (place.record, place.byte)
}

const SMALL: &str = r#"
ignore = ["note"]
[layout]
name = "small"
version = 1
[subject]
column = "no"
scheme = "member-number"
[[tradeline]]
account = "no"
month = "2005-09"
currency = "TWD"
kind = "credit_card"
balance = "sum"
"#;

#[test]
fn a_reject_points_at_the_first_byte_of_its_field_as_delivered() {
    for (file, byte) in [
        ("no,note,sum\n1,a,x\n", 16),
        ("no,note,sum\r\n1,a,x\r\n", 17),
        ("no,note,sum\r1,a,x\r", 16),
        ("no,note,sum\n1,a,x", 16),
        // Blank lines, before and between.
        ("no,note,sum\n\n\n1,a,x\n", 18),
        ("no,note,sum\r\n\r\n\r\n1,a,x\r\n", 21),
        ("\n\nno,note,sum\n1,a,x\n", 18),
        // Quotes: doubled ones, line ends and delimiters inside, text behind, one that is not at the start.
        ("no,note,sum\n1,\"a\"\"b\",x\n", 21),
        ("no,note,sum\n1,\"\"\"\"\"\",x\n", 21),
        ("no,note,sum\n1,\"a\nb\",x\n", 20),
        ("no,note,sum\r\n1,\"a\r\n\r\nb,\",x\r\n", 25),
        ("no,note,sum\n1,\"a\"b,x\n", 19),
        ("no,note,sum\n1,a\"b\"\"c,x\n", 21),
        ("no,note,sum\n1,\"\",x\n", 17),
        ("\"no\",\"no\"\"te\",sum\n1,a,x\n", 22),
        // The field itself quoted or padded.
        ("no,note,sum\n1,a,\"x\"\n", 16),
        ("no,note,sum\n1,a,  x\n", 16),
        // A byte order mark is part of the file.
        ("\u{feff}no,note,sum\n1,a,x\n", 19),
        ("\u{feff}no,note,sum\r\n\r\n1,\"a\"\"\",x\r\n", 26),
        // Rows that are taken, before.
        ("no,note,sum\r\n1,\"a\r\n\"\"b\",2\r\n\r\n3,c,x\r\n", 33),
    ] {
        let mapping = if file.contains("no\"\"te") { SMALL.replace("note", "no\\\"te") } else { SMALL.to_owned() };
        let record = if file.contains("3,c") { 2 } else { 1 };
        assert_eq!(file.as_bytes()[usize::try_from(byte).expect("is small") - 1], b',', "{file:?}");
        assert_eq!(place_of_reject(&mapping, file.as_bytes()), (record, byte), "{file:?}");
    }
    let mapping = format!("{SMALL}[file]\nencoding = \"gb18030\"\n");
    let (file, _, _) = encoding_rs::GB18030.encode("no,note,sum\r\n1,\"\u{5f20}\"\"\u{4e09}\r\n\u{20087}\",x\r\n");
    assert_eq!(place_of_reject(&mapping, &file), (1, 30));
}

#[test]
fn a_record_stands_at_the_first_byte_of_its_row() {
    let file = "\u{feff}no,note,sum\r\n1,a,1\r\n\r\n\n2,\"\n\",2\r\n3,c,3\n\n4,d,4,\n\"x\"";
    let (_, taken) = read_by(SMALL, file.as_bytes(), None);
    let places: Vec<_> = taken.records.iter().map(|record| (record.place.record, record.place.byte)).collect();
    assert_eq!(places, [(1, 16), (2, 26), (3, 35)]);
    let columns: Vec<_> = taken.rejects.iter().map(|reject| (reject.place.record, reject.place.byte)).collect();
    assert_eq!(columns, [(4, 42), (5, 49)]);
}

#[test]
fn a_far_row_has_its_exact_place() {
    let row = "1,\"a\"\"\r\nb\",2\r\n";
    let file = format!("no,note,sum\r\n{}1,\"{}\",x\r\n", row.repeat(100_000), "\"\"\n".repeat(200_000));
    let place = 13 + row.len() * 100_000 + 2 + 600_002 + 1;
    assert_eq!(place_of_reject(SMALL, file.as_bytes()), (100_001, place as u64));
}

#[test]
fn personal_data_that_has_slipped_into_another_column_is_never_repeated() {
    for personal in [
        "\u{5f20}\u{4e09}",
        "San Zhang",
        "13800138000",
        "138-0013-8000",
        "+86 138 0013 8000",
        "110105194912310021",
        "11010519491231002X",
        "02.01.1980",
        "zhang@example.com",
    ] {
        for (from, field) in [("card", "product"), ("2026-01", "month"), ("-12.30", "balance"), (",1,-", "late")] {
            let to = if field == "late" { format!(",{personal},-") } else { personal.to_owned() };
            // A number is an amount: it is refused only where it can't be one.
            let to = if field == "balance" { format!("{to}x") } else { to };
            let told = only_reject(&GOOD.replacen(from, &to, 1));
            assert!(told.contains(&format!("`{field}`")), "{told}");
            assert!(!told.contains(personal), "{told}");
            let expected = told.rsplit("found ").next().expect("tells what was found");
            assert!(expected.starts_with(|first: char| first.is_ascii_digit()), "a shape: {told}");
        }
    }
}
