//! Bank statements through mapped layouts: real exports where they are at hand, and statements of our own, fault by fault.
//!
//! Shown as one line a month: `3167 2025-08 CNY @1 days 11 | spending 12x679430` is the month of account 3167 whose first
//! row is record 1, with 11 active days and twelve payments of 6,794.30 yuan together.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of it is tests; clippy allows these in test functions, not in what they share"
)]

#[path = "support/taken.rs"]
mod taken;

use std::path::PathBuf;

use tallystick_intake::layouts::mapped::Mapping;
use tallystick_intake::{FileSummary, Layout, ReadContext, Refused, parts, read_delivery};
use tallystick_model::fact::{ReportedRecord, Statement};
use tallystick_model::payment_profile::{Flow, Provenance};
use tallystick_model::{CategorySet, DataCategory, Identifier};

use self::taken::Taken;

fn context() -> ReadContext {
    ReadContext {
        furnisher: "B1".to_owned(),
        subject: Identifier::parse_tagged("cn-resident-id:11010519491231002X").ok(),
        provenance: Provenance::SelfAsserted,
        admitted: CategorySet::all(),
        month: None,
    }
}

fn try_read(mapping: &str, file: &[u8], context: &ReadContext) -> Result<(FileSummary, Taken), Refused> {
    let layout = Layout::Mapped(Box::new(Mapping::parse(mapping).unwrap()));
    let mut taken = Taken::default();
    read_delivery(&layout, &mut { file }, context, &mut taken).map(|summary| (summary, taken))
}

fn read(mapping: &str, file: &[u8]) -> (FileSummary, Taken) {
    try_read(mapping, file, &context()).unwrap()
}

/// The rejects as the furnisher sees them.
fn rejected(taken: &Taken) -> Vec<String> {
    taken.rejects.iter().map(ToString::to_string).collect()
}

fn months(taken: &Taken) -> Vec<String> {
    let shown = |record: &ReportedRecord| {
        let [Statement::PaymentProfileMonth(account, month, profile)] = record.statements.as_slice() else {
            panic!("one profile")
        };
        let account = String::from_utf8_lossy(account.expose()).into_owned();
        let (currency, days) = (profile.currency, profile.active_days);
        let mut line = format!("{account} {month} {currency} @{} days {days}", record.place.record);
        let flows: [(&str, Flow); 8] = [
            ("spending", profile.spending),
            ("refunds", profile.refunds),
            ("transfers_out", profile.transfers_out),
            ("repayments", profile.repayments),
            ("fees", profile.fees),
            ("own_moves", profile.own_moves),
            ("income", profile.income.unwrap_or_default()),
            ("investments", profile.investments.unwrap_or_default()),
        ];
        for (name, flow) in flows.into_iter().filter(|(_, flow)| !flow.is_empty()) {
            line += &format!(" | {name} {}x{}", flow.count, flow.minor);
        }
        line
    };
    taken.records.iter().map(shown).collect()
}

fn totals(summary: &FileSummary) -> Vec<String> {
    let shown = |total: &tallystick_intake::ControlTotal| {
        let sign = if total.agrees() { "=" } else { "!" };
        let stated = total.stated.map_or("x".to_owned(), |stated| stated.to_string());
        format!("{} {stated}{sign}{}", total.name, total.counted)
    };
    summary.control_totals.iter().map(shown).collect()
}

fn sample(name: &str) -> String {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/layouts/statements")).join(name);
    std::fs::read_to_string(path).unwrap()
}

/// What a real file must give through its layout. The sums were added up by another program.
struct Real {
    layout: &'static str,
    file: &'static str,
    months: &'static [&'static str],
    totals: &'static [&'static str],
    bind: bool,
    set_aside: &'static [(&'static str, u64)],
}

/// Their authors changed amounts and took rows out, so most of what the banks printed beside them agrees no more.
const REAL: [Real; 9] = [
    Real {
        layout: "abc_debit.toml",
        file: "abc_debit/example-abc_debit-records.csv",
        months: &[
            "abc debit 2024-01 CNY @1 days 4 | spending 1x1000 | repayments 1x1234589 | income 1x1000000 | investments 1x1",
        ],
        totals: &["change of the balance -1087665!-1235588"],
        bind: false,
        set_aside: &[("zero_amount", 1)],
    },
    Real {
        layout: "boc_debit.toml",
        file: "boc/debit/example-boc-records.csv",
        months: &[
            "3167 2025-08 CNY @1 days 11 | spending 12x679430 | refunds 1x5000 | transfers_out 1x260000 | own_moves 1x300000 \
             | income 2x677100",
        ],
        totals: &["change of the balance -57330=-57330"],
        bind: false,
        set_aside: &[],
    },
    Real {
        layout: "boc_credit.toml",
        file: "boc/credit/example-boc-records.csv",
        months: &[
            "4260 2024-12 CNY @1 days 1 | spending 1x5000",
            "2875 2024-12 CNY @2 days 6 | spending 6x117809 | refunds 5x98983",
            "boc credit 2024-12 CNY @3 days 1 | investments 1x1",
            "2875 USD 2024-12 USD @14 days 1 | spending 1x372",
        ],
        totals: &[],
        bind: true,
        set_aside: &[],
    },
    Real {
        layout: "cmb_debit.toml",
        file: "cmb/debit/example-cmb-records.csv",
        months: &["cmb debit 2024-01 CNY @1 days 4 | spending 2x1314 | transfers_out 1x100000 | own_moves 2x223400"],
        totals: &["change of the balance -5342!-201314"],
        bind: false,
        set_aside: &[],
    },
    Real {
        layout: "cmb_credit.toml",
        file: "cmb/credit/example-cmb-records.csv",
        months: &[
            "1234 2023-12 CNY @1 days 2 | repayments 2x34690",
            "1234 2024-01 CNY @3 days 4 | spending 2x805678 | refunds 1x390 | repayments 1x3000",
        ],
        totals: &[],
        bind: true,
        set_aside: &[],
    },
    Real {
        layout: "icbc_credit.toml",
        file: "icbc/credit/example-icbc-credit-records.csv",
        months: &[
            "1234****5678 2023-04 CNY @1 days 2 | spending 2x23801 | repayments 1x462101",
            "1234****5678 2023-05 CNY @2 days 3 | spending 4x7367",
            "1234****5678 2023-03 CNY @8 days 1 | spending 2x5145",
        ],
        totals: &["credits minor 123456!462101", "debits minor 654321!36313"],
        bind: true,
        set_aside: &[],
    },
    Real {
        layout: "icbc_debit_v1.toml",
        file: "icbc/debit-v1/example-icbc-debit-v1-records.csv",
        months: ICBC_DEBIT,
        totals: &["credits minor 123456!284174", "debits minor 987654!424108"],
        bind: true,
        set_aside: &[],
    },
    Real {
        layout: "icbc_debit_v2.toml",
        file: "icbc/debit-v2/example-icbc-debit-v2-records.csv",
        months: ICBC_DEBIT,
        totals: &["credits minor 123456!284174", "debits minor 987654!424108"],
        bind: true,
        set_aside: &[],
    },
    Real {
        layout: "citic_credit.toml",
        file: "citic/credit/example-citic-records.xls",
        months: &[
            "6688 2024-11 CNY @1 days 2 | spending 8x106730 | refunds 1x20",
            "6688 2024-10 CNY @10 days 1 | spending 3x3150 | repayments 1x121",
        ],
        totals: &[],
        bind: true,
        set_aside: &[],
    },
];

const ICBC_DEBIT: &[&str] = &[
    "1234****9876 2023-05 CNY @1 days 1 | spending 1x1340",
    "1234****9876 2023-04 CNY @2 days 4 | spending 1x123456 | transfers_out 1x50000 | repayments 1x123456 | income 2x246912",
    "1234****9876 2023-02 CNY @7 days 5 | spending 1x2400 | refunds 1x104 | transfers_out 1x123456 | income 1x3000 | \
     investments 1x34158",
];

#[test]
fn real_statements_give_these_months_and_totals() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/statements"));
    if !folder.is_dir() {
        println!("SKIPPED: {} is not there", folder.display());
        return;
    }
    for real in &REAL {
        let (summary, taken) = read(&sample(real.layout), &std::fs::read(folder.join(real.file)).unwrap());
        assert_eq!(months(&taken), real.months, "{}", real.file);
        assert_eq!(
            (totals(&summary), summary.control_totals_bind),
            (real.totals.iter().map(|&total| total.to_owned()).collect(), real.bind),
            "{}",
            real.file
        );
        let set_aside: Vec<_> = summary.set_aside.iter().map(|(why, count)| (why.as_str(), *count)).collect();
        assert_eq!((set_aside, rejected(&taken)), (real.set_aside.to_vec(), vec![]), "{}", real.file);
        assert_eq!(summary.rejects, 0);
    }
}

/// Among all sample layouts exactly its own fits a real file.
#[test]
fn each_real_statement_is_found_to_have_its_own_layout() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/statements"));
    if !folder.is_dir() {
        println!("SKIPPED: {} is not there", folder.display());
        return;
    }
    let layouts: Vec<String> = REAL.iter().map(|real| sample(real.layout)).collect();
    for (real, own) in REAL.iter().zip(&layouts) {
        let mappings = layouts.iter().map(|text| Mapping::parse(text).unwrap()).collect();
        let found =
            tallystick_intake::detect(&std::fs::File::open(folder.join(real.file)).unwrap(), mappings, None).unwrap();
        assert_eq!(found.layout.name(), Mapping::parse(own).unwrap().name(), "{}: {}", real.file, found.why);
        assert!(found.why.ends_with(" is a heading with exactly the columns of the mapping"), "{}", found.why);
    }
}

const SIGNED: &str = r#"
ignore = ["对方"]
[layout]
name = "bank"
version = 1
[file]
encoding = "gb18030"
thousands_mark = ","
trailers = ["打印时间"]
[transactions]
account = { label = "账号" }
currency = { column = "币种", own = "CNY", codes = { "人民币" = "CNY", "日元" = "JPY" } }
date = { column = "日期", pattern = "YYYY-MM-DD" }
amount = { column = "金额", positive = "credit" }
balance = { column = "余额", order = "oldest_first" }
[[transactions.rule]]
column = "摘要"
is = ["还款"]
flow = "repayments"
[[transactions.rule]]
column = "摘要"
starts = ["放款"]
direction = "credit"
set_aside = "loan_received"
"#;

/// A statement in GB18030 with these rows.
fn signed(rows: &[&str]) -> Vec<u8> {
    let text = format!("某银行\r\n账号：6222 0001\r\n\r\n日期,摘要,金额,余额,币种,对方\r\n{}", rows.join("\r\n"));
    encoding_rs::GB18030.encode(&text).0.into_owned()
}

const GOOD: &str = "2026-03-05,消费,-1.00,99.00,人民币,某人";

#[test]
fn rules_directions_totals_and_lines_outside_the_table_are_read() {
    let file = signed(&[
        "2026-03-05,消费,-1.00,99.00,人民币,某人",
        "2026-03-05 12:00:01,还款,-9.00,90.00,人民币,某人",
        "",
        "2026-03-07,放款,1.00,91.00,人民币,某人,,",
        "2026-04-01,工资,\"+1,000.00\",\"1,091.00\",人民币,\"某,人\"",
        "打印时间：2026-04-02",
    ]);
    let (summary, taken) = read(SIGNED, &file);
    assert_eq!(rejected(&taken), Vec::<String>::new());
    assert_eq!(
        months(&taken),
        [
            "6222 0001 2026-03 CNY @1 days 1 | spending 1x100 | repayments 1x900",
            "6222 0001 2026-04 CNY @4 days 1 | income 1x100000"
        ]
    );
    assert_eq!(summary.set_aside, [("loan_received".to_owned(), 1)]);
    assert_eq!(totals(&summary), ["change of the balance 99200=99200"]);
    assert_eq!((summary.records, summary.rejects, summary.control_totals_bind), (4, 0, true));
}

#[test]
fn a_wrong_row_is_rejected_at_its_cell_and_the_rest_is_read() {
    let cases = [
        ("2026-03-05,消费,,99.00,人民币,某人", "金额", "R004", "expected a value, found blank"),
        ("2026-03-05,消费,1.001,99.00,人民币,某人", "金额", "R006", "expected at most 2 decimal places, found `1.001`"),
        ("2026-03-05,消费,1e5,99.00,人民币,某人", "金额", "R006", "expected an amount, found `1e5`"),
        ("2026-03-05,消费,-1.00,9x,人民币,某人", "余额", "R006", "expected an amount, found `9x`"),
        (
            "2026-03-05,消费,-1.00,99.00,法郎,某人",
            "币种",
            "R009",
            "expected an ISO 4217 code or one of the layout's list, found 4 bytes beyond ASCII",
        ),
        (
            "2026-02-30,消费,-1.00,99.00,人民币,某人",
            "日期",
            "R007",
            "expected a date in the layout's pattern, found 10 characters",
        ),
        (
            "2026-03-05x,消费,-1.00,99.00,人民币,某人",
            "日期",
            "R007",
            "expected a date in the layout's pattern, found 11 characters",
        ),
        ("2026-03-05,消费,-1.00,99.00,人民币", "row", "R002", "expected 6 columns, found 5 columns"),
        ("2026-03-05,消费,-1.00,99.00,人民币,某人,又", "row", "R002", "expected 6 columns, found 7 columns"),
    ];
    let column = |name: &str| ["日期", "摘要", "金额", "余额", "币种", "对方"].iter().position(|known| *known == name);
    for (bad, field, code, told) in cases {
        let file = signed(&[GOOD, bad, GOOD]);
        let raw = encoding_rs::GB18030.encode(bad).0.into_owned();
        let row = file.windows(raw.len() + 1).position(|window| window == [&raw[..], b"\r"].concat()).unwrap();
        let cells = column(field).unwrap_or(0);
        let before: usize = raw.split(|byte| *byte == b',').take(cells).map(|cell| cell.len() + 1).sum();
        let (summary, taken) = read(SIGNED, &file);
        let told = told.replace("4 bytes", "6 bytes");
        assert_eq!(rejected(&taken), [format!("{code} record 2 byte {} `{field}`: {told}", row + before)], "{bad}");
        assert_eq!((summary.records, summary.rejects), (3, 1), "{bad}");
        assert_eq!(months(&taken), ["6222 0001 2026-03 CNY @1 days 1 | spending 2x200"], "{bad}");
    }
}

#[test]
fn a_cell_that_is_not_of_the_encoding_is_a_reject_only_where_it_is_needed() {
    let mut file = signed(&[GOOD, GOOD]);
    let at = file.windows(2).rposition(|window| window == [b',', b'-']).unwrap();
    file[at - 1] = 0xff;
    let (_, taken) = read(SIGNED, &file);
    assert_eq!(
        rejected(&taken),
        [format!("R003 record 2 byte {} `摘要`: expected text in the file's encoding, found a malformed byte", at - 4)]
    );
    let mut file = signed(&[GOOD]);
    *file.last_mut().unwrap() = 0xff;
    assert_eq!(rejected(&read(SIGNED, &file).1), Vec::<String>::new(), "an ignored column is not decoded");
}

#[test]
fn other_shapes_of_amounts_and_owners_are_read() {
    let pair = r#"
        ignore = ["name"]
        [layout]
        name = "pair"
        version = 1
        [subject]
        column = "owner"
        scheme = "member-number"
        [transactions]
        account = { column = "account" }
        currency = "EUR"
        date = { column = "day", pattern = "DD.MM.YYYY" }
        amount = { credit = "in", debit = "out" }
        totals_label = "Sum"
    "#;
    let file = b"day,owner,account,in,out,name\n01.02.2026,7,A,5.00,,x\n02.02.2026,8,A,,2.00,y\n03.02.2026,7,A,1,1,x\n\
                 04.02.2026,7,A,,,x\n05.02.2026,7,A,-1,,x\nSum,,,5.00,2.00,\n";
    let mut nobody = context();
    nobody.subject = None;
    let (summary, taken) = try_read(pair, file, &nobody).unwrap();
    assert_eq!(months(&taken), ["A 2026-02 EUR @1 days 1 | income 1x500", "A 2026-02 EUR @2 days 1 | spending 1x200"]);
    let owners: Vec<_> = taken.records.iter().map(|record| record.identifiers[0].text().expose().clone()).collect();
    assert_eq!(owners, ["B1/7", "B1/8"]);
    assert_eq!(
        rejected(&taken),
        [
            "R014 record 3 byte 93 `out`: expected blank where `in` is filled, found both",
            "R004 record 4 byte 112 `in`: expected an amount here or in `out`, found blank",
            "R011 record 5 byte 131 `in`: expected an amount not below zero, found `-1`",
        ]
    );
    assert_eq!(totals(&summary), ["credits minor 500=500", "debits minor 200=200"]);

    let coded = r#"
        [layout]
        name = "coded"
        version = 1
        [transactions]
        account = { name = "own" }
        currency = "CNY"
        date = { column = "day", pattern = "YYYYMMDD" }
        amount = { column = "sum", direction = "way", credit_codes = ["C", "贷"], debit_codes = ["D", "借"] }
    "#;
    let (_, taken) = read(coded, "day,sum,way\n20260201,1,贷\n20260202,2,D\n20260203,2,X\n".as_bytes());
    assert_eq!(months(&taken), ["own 2026-02 CNY @1 days 2 | spending 1x200 | income 1x100"]);
    assert_eq!(
        rejected(&taken),
        ["R009 record 3 byte 51 `way`: expected a direction of the layout's lists, found `X`"]
    );
}

/// Everything of `[file]` that the rows of other mappings know is known here too.
#[test]
fn marks_units_signs_dates_comments_and_tabs_are_those_of_any_mapping() {
    let mapping = r##"
        [layout]
        name = "tabs"
        version = 1
        [file]
        format = "tsv"
        comment = "#"
        quote = "'"
        decimal_mark = ","
        thousands_mark = "."
        amounts_in = "thousands"
        sign = "dr"
        trailers = ["Ende"]
        [subject]
        column = { columns = ["state", "owner"], join = "-" }
        scheme = "member-number"
        [transactions]
        account = { name = "own" }
        currency = { column = "money", own = "EUR", codes = { euro = "EUR" }, ignore_case = true, blank = "EUR" }
        date = { column = "day", pattern = "D MMM YYYY" }
        amount = { column = "sum", positive = "credit" }
    "##;
    let file = "\u{feff}# made by hand\nday\tsum\tmoney\tstate\towner\n1 Oct 2026\t1.000,5 CR\tEURO\tA\t7\n\
                # a note\n12 Oct 2026 09:30\t'0,00001' DR\t\tA\t7\n13 Oct 2026Tx\t0,000001\tUSD\tA\t7\n\
                14 Oct 2026\t1\tEUR\tA\t\nEnde\n15 Oct 2026 09:30:00.000000000\t1\t\tA\t7\n";
    let (summary, taken) = read(mapping, file.as_bytes());
    assert_eq!(months(&taken), ["own 2026-10 EUR @1 days 2 | spending 1x1 | income 1x100050000"]);
    assert_eq!(taken.records[0].identifiers[0].text().expose(), "B1/A-7");
    let at = |text: &str| file.find(text).unwrap();
    assert_eq!(
        rejected(&taken),
        [
            format!(
                "R006 record 3 byte {} `sum`: expected at most 5 decimal places, found 8 characters",
                at("0,000001")
            ),
            format!("R004 record 4 byte {} `owner`: expected a value, found blank", at("\nEnde")),
            format!(
                "R007 record 5 byte {} `day`: expected a date in the layout's pattern, found 30 characters",
                at("15 Oct")
            ),
        ]
    );
    assert_eq!((summary.records, summary.rejects), (5, 3));
    let utf16 = try_read(mapping, b"\xff\xfed\0", &context()).err().unwrap().to_string();
    assert_eq!(utf16, "byte 0 `file`: expected text in UTF-8, found the byte order mark of UTF-16");
}

#[test]
fn a_statement_is_read_whole() {
    let layout = Layout::Mapped(Box::new(Mapping::parse(SIGNED).unwrap()));
    let file = signed(&[GOOD]);
    assert!(parts(&layout, &file, &context()).unwrap().is_none());
}

#[test]
fn a_file_that_is_not_the_layouts_is_refused_with_the_reason() {
    let refused =
        |file: &str| try_read(SIGNED, &encoding_rs::GB18030.encode(file).0, &context()).err().unwrap().to_string();
    assert_eq!(
        refused("账号：1\n日期,摘要,金额,余额,币种\n"),
        "byte 8 `对方`: expected a heading with a column `对方` in the first 100 rows, found at best 5 of 6 columns in a row"
    );
    assert_eq!(
        refused("账号：1\n日期,摘要,金额,余额,币种,对方,婚姻\n"),
        "byte 8 `header`: expected only columns that the layout maps or ignores by name, found `婚姻`"
    );
    assert_eq!(
        refused("日期,摘要,金额,余额,币种,对方\n"),
        "byte 0 `账号`: expected `账号:` and an account number before the heading, found none"
    );
    let mut nobody = context();
    nobody.subject = None;
    assert!(matches!(try_read(SIGNED, &signed(&[GOOD]), &nobody), Err(Refused::SubjectNeeded)));
    let quote = signed(&[GOOD, "2026-03-05,\"消费,-1.00,99.00,人民币,某人", GOOD, "2026-03-06,x\",1,1,1,1,1"]);
    assert!(try_read(SIGNED, &quote, &context()).err().unwrap().to_string().contains("a quote that is never closed?"));
    // What it swallowed may have fewer columns too, and begin like a line that is passed over.
    for unclosed in ["2026-03-05,\"消费,-1.00,99.00,人民币,某人", "打印时间,\"x"] {
        let file = signed(&[GOOD, unclosed, GOOD]);
        let told = try_read(SIGNED, &file, &context()).err().unwrap().to_string();
        assert!(told.ends_with("`row`: expected 6 columns, found 2 and a quote that is never closed"), "{told}");
    }
}

#[test]
fn what_is_not_admitted_goes_no_further_and_balances_never_do() {
    let mut only = context();
    only.admitted = [DataCategory::Payments].into_iter().collect();
    let file = signed(&[GOOD, "2026-03-06,工资,5.00,104.00,人民币,某人"]);
    let (summary, taken) = try_read(SIGNED, &file, &only).unwrap();
    assert_eq!(months(&taken), ["6222 0001 2026-03 CNY @1 days 1 | spending 1x100"]);
    assert_eq!(taken.not_admitted, [(DataCategory::Income, 1), (DataCategory::Deposits, 2)]);
    assert_eq!(summary.set_aside, [("income_not_admitted".to_owned(), 1)]);
}

#[test]
fn a_mapping_that_cannot_be_used_says_which_key() {
    let told = |from: &str, to: &str| Mapping::parse(&SIGNED.replace(from, to)).err().unwrap().to_string();
    assert_eq!(
        told("positive = \"credit\"", "positive = \"up\""),
        "`transactions.amount.positive`: expected one of `credit`, `debit`, found `up`"
    );
    assert_eq!(
        told("amount = { column = \"金额\", positive = \"credit\" }", "amount = { column = \"金额\" }"),
        "`transactions.amount` has `column` and `positive`, or `credit` and `debit`, or `column`, `direction`, \
         `credit_codes` and `debit_codes`"
    );
    assert_eq!(
        told("YYYY-MM-DD", "MM-DD"),
        "`transactions.date.pattern`: expected a pattern of YYYY, M, MM, MMM or MMMM, D or DD, hh, mm, ss and marks, or \
         `excel-serial`, `unix-seconds` or `unix-millis`, found `MM-DD`"
    );
    assert_eq!(
        told("YYYY-MM-DD", "YYYY-MM"),
        "`transactions.date.pattern`: expected a pattern with a day, found `YYYY-MM`"
    );
    let beside =
        "`transactions.date.pattern`: expected a pattern of MM, DD, marks, and no year beside `statement_month`";
    assert_eq!(
        told("\"YYYY-MM-DD\"", "\"YYYY-MM-DD\", statement_month = \"YYYY-MM\""),
        format!("{beside}, found `YYYY-MM-DD`")
    );
    assert_eq!(
        told("\"YYYY-MM-DD\"", "\"MM-DD\", statement_month = \"YY-MM\""),
        "`transactions.date.statement_month`: expected year and month as `YYYY`, `MM` and marks, found `YY-MM`"
    );
    for format in ["jsonl", "parquet"] {
        assert_eq!(
            told(
                "encoding = \"gb18030\"\nthousands_mark = \",\"\ntrailers = [\"打印时间\"]",
                &format!("format = \"{format}\"")
            ),
            format!("`file.format`: expected `csv` or `tsv` with `[transactions]`, found `{format}`")
        );
    }
    let by_columns = "expected nothing: the heading of `[transactions]` is found by its columns";
    assert_eq!(told("[file]", "[file]\nskip_lines = 3"), format!("`file.skip_lines`: {by_columns}, found `3`"));
    assert_eq!(
        told("[file]", "[file]\nheader_contains = [\"日期\"]"),
        format!("`file.header_contains`: {by_columns}, found `names`")
    );
    assert_eq!(told("flow = \"repayments\"", ""), "a `[[transactions.rule]]` has a `flow` or a `set_aside`");
    assert_eq!(
        told("flow = \"repayments\"", "flow = \"income\"\ndirection = \"debit\""),
        "a `[[transactions.rule]]` has a flow that goes the other way"
    );
    assert_eq!(
        told("set_aside = \"loan_received\"", "set_aside = \"secret\""),
        "`transactions.rule.set_aside`: expected one of `loan_received`, `pending`, `failed`, `hold`, `no_payment`, found \
         `secret`"
    );
    assert_eq!(
        Mapping::parse("[layout]\nname = \"x\"\nversion = 1\n").err().unwrap().to_string(),
        "a mapping has a `[subject]`; only `[transactions]` may be about one named elsewhere"
    );
}

/// A real spreadsheet with some bytes changed is read, rejected or refused; it never makes the program stop.
#[test]
fn a_damaged_spreadsheet_is_never_a_panic() {
    let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/statements/citic/credit"));
    let Ok(file) = std::fs::read(file.join("example-citic-records.xls")) else {
        println!("SKIPPED: the spreadsheet is not there");
        return;
    };
    let mapping = sample("citic_credit.toml");
    let mut random = 1_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % below
    };
    let (mut read, mut refused) = (0, 0);
    for _ in 0..3_000 {
        let mut bad = file.clone();
        for _ in 0..=next(4) {
            let (at, value) = (next(bad.len()), next(256));
            bad[at] = u8::try_from(value).unwrap();
        }
        if next(10) == 0 {
            bad.truncate(next(file.len()));
        }
        match try_read(&mapping, &bad, &context()) {
            Ok(_) => read += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(read > 0 && refused > 0, "{read} read, {refused} refused");
}
