//! Delimited text of many habits: preambles, trailers, quotes, units, signs, currencies, codes.

use tallystick_model::tradeline::{AccountStatus, Liability, PaymentRating};
use tallystick_model::{Currency, Date};

use crate::support::{read, wrong};

/// A mapping with these keys in `[file]` and in its tradeline.
fn mapping(file: &str, tradeline: &str) -> String {
    format!(
        "[layout]\nname = 'd'\nversion = 1\n[file]\n{file}\n[subject]\ncolumn = 'no'\nscheme = 'member-number'\n\
         [[tradeline]]\naccount = 'no'\nmonth = '2026-01'\nkind = 'other'\n{tradeline}\n"
    )
}

const CNY: &str = "currency = 'CNY'\nbalance = 'sum'";

fn balances(file: &str, tradeline: &str, text: &str) -> Vec<Option<i64>> {
    let taken = read(&mapping(file, tradeline), text.as_bytes()).unwrap();
    assert_eq!(taken.rejected(), Vec::<String>::new());
    (0..taken.records.len()).map(|record| taken.month(record).balance_minor).collect()
}

#[test]
fn the_header_is_found_below_a_preamble_and_rows_end_above_the_trailer() {
    let preamble = "Lender \"of\" last resort\r\n\"\r\n\r\nperiod,2026-01\r\n";
    let rows = "no,sum\r\n1,10\r\n\r\n2,20\r\n";
    let trailer = "Total,30\r\nend of file,,,\r\n";
    let expected = [Some(1000), Some(2000)];
    let text = format!("{preamble}{rows}{trailer}");
    assert_eq!(balances("header_contains = ['sum', 'no']\ntrailers = ['Total', 'end']", CNY, &text), expected);
    assert_eq!(balances("skip_lines = 4\ntrailers = ['Total', 'end']", CNY, &text), expected);
    assert_eq!(balances("skip_lines = 2\ntrailers = ['T']", CNY, &format!("\n{}\n{rows}Total,30\n", "x\"")), expected);
    let error = read(&mapping("header_contains = ['sum', 'id']", CNY), text.as_bytes()).unwrap_err();
    let place = text.len();
    assert_eq!(
        error,
        format!(
            "byte {place} `header`: expected a row with the columns of the layout's `header_contains`, found none in the lines before"
        )
    );
    let taken = read(&mapping("skip_lines = 4", CNY), text.as_bytes()).unwrap();
    assert_eq!(taken.rejected()[0], "R002 record 4 byte 78 `row`: expected 2 columns, found 4 columns");
}

#[test]
fn quotes_escapes_and_comments_are_those_said() {
    assert_eq!(balances("quote = \"'\"", CNY, "no,sum\n'1','2'\n"), [Some(200)]);
    assert_eq!(balances("quote = ''\ndelimiter = ';'", CNY, "no;sum\n\"1;2\n"), [Some(200)]);
    assert_eq!(balances("escape = '\\'\nformat = 'tsv'", CNY, "no\tsum\n\"1\\\"\"\t2\n"), [Some(200)]);
    assert_eq!(balances("comment = '#'", CNY, "# a \"title\nno,sum\n#1,2\n1,2\n# \"\n"), [Some(200)]);
    for (file, expected) in [
        ("quote = ','", "`file.quote`: expected a mark that has no other meaning, found `,`"),
        ("comment = '\"'", "`file.comment`: expected a mark that has no other meaning, found `\\\"`"),
        ("quote = 'ab'", "`file.quote`: expected one ASCII character, found `ab`"),
        (
            "encoding = 'gb18030'\nescape = '\\'",
            "`file.escape`: expected a mark below `0` in GB18030, such as a comma or a tab, found `\\\\`",
        ),
        ("format = 'xls'", "`file.format`: expected `csv`, `tsv`, `jsonl` or `parquet`, found `xls`"),
        (
            "skip_lines = 1\nheader_contains = ['a']",
            "`file.skip_lines`: expected either this or `header_contains`, found `both`",
        ),
        ("skip_lines = 1001", "`file.skip_lines`: expected at most 1000, found `1001`"),
        ("trailers = ['']", "`file.trailers`: expected beginnings of trailer rows, none of them blank, found ``"),
        ("thousands_mark = '.'", "`file.thousands_mark`: expected another mark than the decimal one, found `.`"),
        ("thousands_mark = '-'", "`file.thousands_mark`: expected a mark that is no digit and no sign, found `-`"),
        ("amounts_in = 'dozens'", "`file.amounts_in`: expected one of `major`, `minor`, `thousands`, `wan`"),
        ("sign = 'red'", "`file.sign`: expected one of `minus`, `trailing_minus`, `parentheses`, `cr`, `dr`, `none`"),
        ("bom = true", "unknown field `bom`"),
    ] {
        let error = wrong(&mapping(file, CNY));
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn an_amount_has_its_own_unit_and_sign_or_two_columns() {
    let two = "currency = 'CNY'\nbalance = { debit = 'out', credit = 'in', in = 'minor' }";
    assert_eq!(balances("", two, "no,out,in\n1,5,\n2,,7\n3,9,4\n4,,\n"), [Some(5), Some(-7), Some(5), None]);
    let own = "currency = 'CNY'\nbalance = { column = 'sum', in = 'wan', sign = 'cr', negate = true }\nlimit = 'limit'";
    let taken = read(&mapping("amounts_in = 'minor'", own), b"no,sum,limit\n1,1.5 CR,-7\n").unwrap();
    assert_eq!((taken.month(0).balance_minor, taken.month(0).limit_minor), (Some(1_500_000), Some(-7)));
    for (tradeline, expected) in [
        ("balance = { debit = 'a' }", "`tradeline.balance`: expected `column`, or both `debit` and `credit`"),
        ("balance = { column = 'a', in = 'x' }", "`tradeline.balance.in`: expected one of"),
        ("balance = { column = 'a', sign = 'x' }", "`tradeline.balance.sign`: expected one of"),
        ("balance = { column = 'a', unit = 'x' }", "unknown field `unit`"),
        ("balance = 7", "balance"),
    ] {
        let error = wrong(&mapping("", &format!("currency = 'CNY'\n{tradeline}")));
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn currencies_come_from_a_column_each_with_its_own_minor_unit() {
    let map = "currency = { column = 'cur', codes = { RMB = 'CNY', 392 = 'JPY' } }\nbalance = 'sum'";
    let taken =
        read(&mapping("", map), b"no,cur,sum\n1,CNY,1.5\n2,RMB,1\n3,JPY,5\n4,392,1.5\n5,,1\n6,ZZZ,1\n7,KWD,0.001\n")
            .unwrap();
    let amounts: Vec<_> =
        (0..4).map(|record| (taken.month(record).currency, taken.month(record).balance_minor)).collect();
    let expected =
        [(Currency::CNY, Some(150)), (Currency::CNY, Some(100)), (Currency::JPY, Some(5)), (Currency::KWD, Some(1))];
    assert_eq!(amounts, expected);
    assert_eq!(
        taken.rejected(),
        [
            "R006 record 4 byte 43 `sum`: expected at most 0 decimal places, found `1.5`",
            "R004 record 5 byte 49 `cur`: expected an ISO 4217 code or one of the layout's list, found blank",
            "R009 record 6 byte 54 `cur`: expected an ISO 4217 code or one of the layout's list, found `ZZZ`",
        ]
    );
    let error = wrong(&mapping("", "currency = { column = 'cur', codes = { RMB = 'Yuan' } }"));
    assert_eq!(error, "`tradeline.currency.codes.RMB`: expected an ISO 4217 code such as `CNY`, found `Yuan`");
}

#[test]
fn codes_have_a_default_a_meaning_for_blank_and_perhaps_no_case() {
    let map = "currency = 'CNY'\n\
        status = { column = 'state', codes = { A = 'open', C = 'closed' }, blank = 'unknown', ignore_case = true }\n\
        rating = { column = 'late', codes = { 0 = 'current' }, default = 'late_1' }\n\
        liability = { column = 'role', codes = { J = 'joint', G = 'guarantor' } }";
    let taken = read(&mapping("", map), b"no,state,late,role\n1,a,0,J\n2,,9,G\n3,x,0,J\n4,C,,J\n").unwrap();
    let found = |record: usize| {
        let (month, terms) = (taken.month(record), taken.terms(record));
        (month.status, month.rating, terms.liability)
    };
    assert_eq!(found(0), (AccountStatus::Open, PaymentRating::Current, Liability::Joint));
    assert_eq!(found(1), (AccountStatus::Unknown, PaymentRating::Late(1), Liability::Guarantor));
    assert_eq!(
        taken.rejected(),
        [
            "R009 record 3 byte 36 `state`: expected a code of the layout's list, found `x`",
            "R004 record 4 byte 46 `late`: expected a code of the layout's list, found blank",
        ]
    );
    let error = wrong(&mapping("", "currency = 'CNY'\nstatus = { column = 'state', default = 'open' }"));
    assert_eq!(error, "`tradeline.status.codes`: expected a list of codes, found `nothing`");
}

#[test]
fn a_number_may_be_in_several_columns_all_of_them_required() {
    let map = mapping("", "currency = 'CNY'")
        .replace("account = 'no'", "account = { columns = ['branch', 'no'], join = '-' }")
        .replace(
            "column = 'no'\nscheme = 'member-number'",
            "column = { columns = ['state', 'passport'], join = '/' }\nscheme = 'passport'",
        );
    let taken = read(&map, b"no,branch,state,passport\n1,B7,CN,E12345678\n2,,CN,E12345678\n3,B,,E12345678\n").unwrap();
    assert_eq!(taken.records[0].identifiers[0].text().expose(), "CN/E12345678");
    assert!(taken.facts()[0].contains("[66, 55, 45, 49]"), "{}", taken.facts()[0]);
    assert_eq!(
        taken.rejected(),
        [
            "R004 record 2 byte 45 `branch`: expected a value, found blank",
            "R004 record 3 byte 63 `state`: expected a value, found blank",
        ]
    );
    let error = wrong(&map.replace("['branch', 'no']", "[]"));
    assert_eq!(error, "`tradeline.account.columns`: expected one column or more, found `none`");
}

#[test]
fn a_chinese_file_has_chinese_names_codes_dates_and_trailers_in_its_own_encoding() {
    let text = "\u{673a}\u{6784}\u{62a5}\u{8868}\r\n\u{5ba2}\u{6237}\u{53f7},\u{72b6}\u{6001},\u{5f00}\u{6237}\u{65e5},\u{4f59}\u{989d}\r\n\
                1,\u{6b63}\u{5e38},2020\u{5e74}3\u{6708}1\u{65e5},1.5\r\n2,\u{7ed3}\u{6e05},2020\u{5e74}12\u{6708}31\u{65e5},\r\n\u{5408}\u{8ba1},,,1.5\r\n";
    let map = "[layout]\nname = 'd'\nversion = 1\n[file]\nencoding = 'ENCODING'\namounts_in = 'wan'\n\
        header_contains = ['\u{5ba2}\u{6237}\u{53f7}']\ntrailers = ['\u{5408}\u{8ba1}']\n[subject]\ncolumn = '\u{5ba2}\u{6237}\u{53f7}'\n\
        scheme = 'member-number'\n[[tradeline]]\naccount = '\u{5ba2}\u{6237}\u{53f7}'\nmonth = '2026-01'\nkind = 'other'\ncurrency = 'CNY'\n\
        balance = '\u{4f59}\u{989d}'\nopened = { column = '\u{5f00}\u{6237}\u{65e5}', pattern = 'YYYY\u{5e74}M\u{6708}D\u{65e5}' }\n\
        status = { column = '\u{72b6}\u{6001}', codes = { '\u{6b63}\u{5e38}' = 'open', '\u{7ed3}\u{6e05}' = 'closed' } }\n";
    let (gb18030, _, _) = encoding_rs::GB18030.encode(text);
    for (encoding, file) in [("utf-8", text.as_bytes()), ("gb18030", &gb18030)] {
        let taken = read(&map.replace("ENCODING", encoding), file).unwrap();
        assert_eq!(taken.rejected(), Vec::<String>::new(), "{encoding}");
        assert_eq!(taken.month(0).balance_minor, Some(1_500_000), "{encoding}");
        assert_eq!(taken.terms(1).opened, Some(Date::constant(2020, 12, 31)), "{encoding}");
        assert_eq!((taken.month(0).status, taken.month(1).status), (AccountStatus::Open, AccountStatus::Closed));
    }
    let error = read(&map.replace("ENCODING", "utf-8"), &gb18030).unwrap_err();
    assert!(error.ends_with("found none in the lines before"), "{error}");
}
