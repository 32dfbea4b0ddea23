//! Bills as spreadsheets, in archives, in UTF-16 and cut by tabs: made here, of rows of our own.

use std::io::{Cursor, Write};

use tallystick_intake::PaymentPlatform;
use tallystick_intake::layouts::bill::{Locked, recognise_locked};
use zip::unstable::write::FileOptionsExt;
use zip::write::SimpleFileOptions;
use zip::{AesMode, CompressionMethod, ZipWriter};

use super::*;

/// How a file stands in an archive.
#[derive(Clone, Copy)]
enum Lock<'a> {
    None,
    Aes(&'a str),
    ZipCrypto(&'a str),
}

fn archive(files: &[(&str, &[u8])], lock: Lock<'_>) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        if name.ends_with('/') {
            archive.add_directory(*name, SimpleFileOptions::default()).unwrap();
            continue;
        }
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        let options = match lock {
            Lock::None => options,
            Lock::Aes(password) => options.with_aes_encryption(AesMode::Aes256, password),
            Lock::ZipCrypto(password) => options.with_deprecated_encryption(password.as_bytes()).unwrap(),
        };
        archive.start_file(*name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A cell as the inside of a `c` element and its attributes.
fn workbook(sheets: &[&str], shared: &str, styles: &str, settings: &str) -> Vec<u8> {
    let numbered = |text: &dyn Fn(usize) -> String| (1..=sheets.len()).map(text).collect::<String>();
    let listed = numbered(&|n| format!("<sheet name=\"s{n}\" sheetId=\"{n}\" r:id=\"rId{n}\"/>"));
    let related = numbered(&|n| format!("<Relationship Id=\"rId{n}\" Target=\"worksheets/sheet{n}.xml\"/>"));
    let mut parts = vec![
        ("[Content_Types].xml".to_owned(), "<Types/>".to_owned()),
        ("xl/workbook.xml".to_owned(), format!("<workbook>{settings}<sheets>{listed}</sheets></workbook>")),
        ("xl/_rels/workbook.xml.rels".to_owned(), format!("<Relationships>{related}</Relationships>")),
        ("xl/sharedStrings.xml".to_owned(), format!("<sst>{shared}</sst>")),
        ("xl/styles.xml".to_owned(), format!("<styleSheet>{styles}</styleSheet>")),
    ];
    for (index, rows) in sheets.iter().enumerate() {
        let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
        parts.push((format!("xl/worksheets/sheet{}.xml", index + 1), sheet));
    }
    let parts: Vec<_> = parts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    archive(&parts, Lock::None)
}

/// A row of texts.
fn texts(number: usize, line: &str) -> String {
    let cell = |text: &str| match text {
        "" => "<c/>".to_owned(),
        text => format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>"),
    };
    format!("<row r=\"{number}\">{}</row>", line.split(',').map(cell).collect::<String>())
}

const ROWS: [&str; 2] = ["商户消费 | 支出 | 零钱 | 支付成功 | /", "零钱提现 | / | 某行 | 提现已到账 | 服务费¥0.10"];
const ROWS_MEAN: &str = "spending 1x1000 | own_moves 1x990 | fees 1x10";

fn wechat_bill() -> String {
    let rows = ROWS.map(wechat_row).concat().replace(['"', '\t'], "").replace(",M1,", ",,");
    format!("微信支付账单明细\n微信昵称：[私密人]\n{WECHAT}{rows}")
}

/// The same bill as a spreadsheet, its lines from row 1 on.
fn wechat_sheet() -> String {
    wechat_bill().lines().enumerate().map(|(index, line)| texts(index + 1, line)).collect()
}

fn flows_of(layout: &Layout, file: &[u8]) -> String {
    let (summary, taken) = accepted(layout, file);
    assert_accounted(&summary, &taken);
    shown(&taken).iter().map(|month| month.split(" | ").skip(1).collect::<Vec<_>>().join(" | ")).collect()
}

fn locked(platform: PaymentPlatform, password: &str) -> Layout {
    platform.layout().locked(Sensitive::new(password.to_owned())).unwrap()
}

#[test]
fn a_bill_in_an_archive_is_read_with_its_password_and_refused_with_another() {
    let bill = wechat_bill();
    let wechat = |password: &str| locked(PaymentPlatform::Wechat, password);
    // Of wrong passwords one in 65,536 passes the first check of AES, which is slow to try, and one in 256 that of ZipCrypto.
    for (lock, tries) in [(Lock::Aes("246810"), 3), (Lock::ZipCrypto("246810"), 1_000)] {
        let file = archive(&[("folder/", b""), ("../../账单.csv", bill.as_bytes())], lock);
        assert_eq!(flows_of(&wechat("246810"), &file), ROWS_MEAN);
        let needed = "the archive asks for a password: name it";
        assert_eq!(refused(&Layout::Wechat, &file), needed);
        for wrong in (0..tries).map(|number| format!("{number:06}")) {
            let told = refused(&wechat(&wrong), &file);
            assert_eq!(told, "the password does not open the archive, or the archive is damaged", "{wrong}");
        }
    }
    let open = archive(&[("a", bill.as_bytes())], Lock::None);
    assert_eq!(flows_of(&Layout::Wechat, &open), ROWS_MEAN);
    assert_eq!(flows_of(&wechat("not needed"), &open), ROWS_MEAN);
    assert_eq!(flows_of(&wechat("not needed"), bill.as_bytes()), ROWS_MEAN);
    let sheet = archive(&[("a", &workbook(&[&wechat_sheet()], "", "", ""))], Lock::Aes("1"));
    assert_eq!(flows_of(&wechat("1"), &sheet), ROWS_MEAN);
    assert!(!format!("{:?}", wechat("246810")).contains("246810"), "a password is not printed");
    assert_eq!(wechat("1").name(), "wechat 1");
}

#[test]
fn an_archive_holds_exactly_one_bill_and_no_other_archive() {
    let bill = wechat_bill();
    let bill = bill.as_bytes();
    let inner = archive(&[("a", bill)], Lock::None);
    for (file, found) in [
        (archive(&[], Lock::None), "expected one bill in the archive, found 0 files"),
        (archive(&[("a", bill), ("b", b"x")], Lock::None), "expected one bill in the archive, found 2 files"),
        (archive(&[("a", &inner)], Lock::None), "expected one bill in the archive, found another archive"),
        (inner[..inner.len() / 2].to_vec(), "expected a ZIP archive, found a damaged one"),
    ] {
        assert_eq!(refused(&Layout::Wechat, &file), format!("byte 0 `file`: {found}"));
    }
}

#[test]
fn a_small_archive_that_becomes_a_large_file_is_refused_at_the_limit() {
    let zeros = vec![b'\n'; 64 * 1024 * 1024 + 1];
    let honest = archive(&[("a", &zeros)], Lock::None);
    assert!(honest.len() < 1_000_000);
    assert_eq!(refused(&Layout::Wechat, &honest), "byte 0: a bill in an archive above the limit of 67108864 bytes");
    // The same with a size that lies, in both places where it is written.
    let mut lying = honest;
    let size = u32::try_from(zeros.len()).unwrap().to_le_bytes();
    let places: Vec<_> = (0..lying.len() - 4).filter(|at| lying[*at..*at + 4] == size).collect();
    assert_eq!(places.len(), 2);
    for at in places {
        lying[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
    }
    let told = refused(&Layout::Wechat, &lying);
    assert!(told.contains("above the limit of 67108864 bytes") || told.contains("a damaged one"), "{told}");
    // A part of a spreadsheet.
    let sheet = workbook(&[&" ".repeat(64 * 1024 * 1024)], "", "", "");
    assert!(refused(&Layout::Wechat, &sheet).contains("a bill above the limit of"));
    // A sheet whose cells all say the same long text.
    let long = format!("<si><t>{}</t></si>", "长".repeat(10_000));
    let cells = "<row><c t=\"s\"><v>0</v></c></row>".repeat(3_000);
    assert!(refused(&Layout::Wechat, &workbook(&[&cells], &long, "", "")).contains("a sheet above the limit of"));
    let wide = "<row><c r=\"XFD1\" t=\"n\"><v>1</v></c></row>";
    assert!(
        refused(&Layout::Wechat, &workbook(&[wide], "", "", "")).contains("a sheet of up to 256 columns, found more")
    );
}

#[test]
fn a_spreadsheets_numbers_and_days_are_read_exactly() {
    let styles = "<numFmts><numFmt numFmtId=\"176\" formatCode=\"yyyy/m/d h:mm\"/></numFmts>\
                  <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/><xf numFmtId=\"176\"/><xf numFmtId=\"2\"/></cellXfs>";
    let shared = "<si><t>商户消费</t></si><si><r><t>支</t></r><rPh><t>zhi</t></rPh><r><t>出</t></r></si><si><t/></si>\
                  <si><t>私密 &amp; &#20154;, \"x\"</t></si>";
    let head = texts(1, "导出类型：[全部]") + &texts(18, WECHAT.trim_end());
    let row = |time: &str, amount: &str| {
        format!(
            "<row r=\"19\">{time}<c r=\"B19\" t=\"s\"><v>0</v></c><c r=\"C19\" t=\"s\"><v>3</v></c>\
             <c r=\"E19\" t=\"s\"><v>1</v></c>{amount}<c r=\"G19\" t=\"str\"><f>x</f><v>零钱</v></c>\
             <c r=\"H19\" t=\"inlineStr\"><is><t>支付成功</t></is></c></row>"
        )
    };
    let text_time = "<c r=\"A19\" t=\"inlineStr\"><is><t>2024-03-05 10:00:00</t></is></c>";
    let amount = |value: &str| format!("<c r=\"F19\" s=\"3\"><v>{value}</v></c>");
    let read = |time: &str, amount: &str, settings: &str| {
        let file = workbook(&["", &format!("{head}{}", row(time, amount))], shared, styles, settings);
        let (summary, taken) = accepted(&Layout::Wechat, &file);
        assert_accounted(&summary, &taken);
        shown(&taken).into_iter().chain(taken.rejects.iter().map(Reject::to_string)).collect::<String>()
    };
    for (value, minor) in [
        ("28.16", 2816),
        ("28.160000000000004", 2816),
        ("0.35", 35),
        ("2E1", 2000),
        ("50", 5000),
        ("1234567.89", 123_456_789),
    ] {
        let expected = format!("2024-03 @1+0 days 1 | spending 1x{minor}");
        assert_eq!(read(text_time, &amount(value), ""), expected, "{value}");
    }
    let reject = "R006 record 1 byte 0 `金额(元) F19`: expected an amount of yuan, found `28.165`";
    assert_eq!(read(text_time, &amount("28.165"), ""), reject);
    let no_time = "R004 record 1 byte 0 `交易时间 A19`: expected `YYYY-MM-DD hh:mm:ss` or `YYYY/M/D h:mm`, found blank";
    assert_eq!(read("", &amount("1"), ""), no_time);
    for (style, settings, month) in
        [(1, "", "2024-03"), (2, "", "2024-03"), (2, "<workbookPr date1904=\"1\"/>", "2028-03")]
    {
        let time = format!("<c r=\"A19\" s=\"{style}\"><v>45356.4166666667</v></c>");
        let expected = format!("{month} @1+0 days 1 | spending 1x100");
        assert_eq!(read(&time, &amount("1"), settings), expected);
    }
}

#[test]
fn rows_of_a_spreadsheet_are_told_by_their_cells() {
    let mut lines: Vec<String> = wechat_bill().lines().map(str::to_owned).collect();
    lines[3] = lines[3].replace("¥10.00", "1O");
    lines.push("2024-03-05 10:00:00,只有四个,字段,的行,x,y,z,w,1,2,3,4".to_owned());
    // Rows without any text have no number to be counted by.
    let sheet: String =
        lines.iter().enumerate().map(|(index, line)| format!("<row/>{}", texts(index * 2 + 1, line))).collect();
    let (summary, taken) = accepted(&Layout::Wechat, &workbook(&[&sheet], "", "", ""));
    assert_eq!((summary.records, summary.rejects), (3, 2));
    let told: Vec<_> = taken.rejects.iter().map(Reject::to_string).collect();
    assert_eq!(told[0], "R006 record 1 byte 0 `金额(元) F7`: expected an amount of yuan, found 2 letters and digits");
    assert_eq!(told[1], "R002 record 3 byte 0 `row 11`: expected 11 columns, found 12 columns");
}

#[test]
fn utf_16_and_tabs_as_spreadsheet_programs_save_them_give_the_same_months() {
    let bill = format!(
        "支付宝账户：某人\n{APP}{}",
        app_row("餐饮美食 | 午,饭 | 支出 | 花呗 | 交易成功").replace("午,饭", "\"午,饭\"")
    );
    let tabs = bill.replace('\t', "").replace(',', "\t").replace("\"午\t饭\"", "\"午,饭\"");
    let wide = |text: &str, unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(unit).collect()
    };
    let (gb_tabs, _, _) = encoding_rs::GB18030.encode(&tabs);
    for file in [
        bill.clone().into_bytes(),
        tabs.clone().into_bytes(),
        gb_tabs.to_vec(),
        wide(&bill, u16::to_le_bytes),
        wide(&tabs, u16::to_le_bytes),
        wide(&tabs, u16::to_be_bytes),
        wide(&tabs.replace('\n', "\r\n"), u16::to_le_bytes),
    ] {
        assert_eq!(flows_of(&Layout::Alipay, &file), "spending 1x1000 | deferred 1x1000");
        assert_eq!(recognised(&file, Head::Bytes).len(), 1);
    }
    let bad = tabs.replace("10.00", "1O.00");
    let (_, taken) = accepted(&Layout::Alipay, &wide(&bad, u16::to_le_bytes));
    let line = bad.find("2024-03-05").unwrap();
    let byte = 2 + 2 * bad[..line].encode_utf16().count();
    let expected = format!("R006 record 1 byte {byte} `金额`: expected an amount of yuan, found 5 characters");
    assert_eq!(taken.rejects[0].to_string(), expected);
}

#[test]
fn a_bill_is_recognised_by_what_is_inside() {
    let bill = wechat_bill();
    let sheet = workbook(&["", &wechat_sheet()], "", "", "");
    let reason =
        "`微信支付账单明细`, and a heading row with `交易时间`, `收/支`, `金额(元)`, `当前状态`, `交易对方`".to_owned();
    let expected = vec![("wechat", reason)];
    assert_eq!(recognised(bill.as_bytes(), Head::Bytes), expected);
    assert_eq!(recognised(&sheet, Head::File), expected);
    assert_eq!(recognised(&archive(&[("x", &sheet)], Lock::None), Head::File), expected);
    assert_eq!(recognised(&archive(&[("x", bill.as_bytes())], Lock::None), Head::File), expected);
    for other in [&b""[..], b"PK\x03\x04", b"a,b,c\n1,2,3\n", &archive(&[("x", bill.as_bytes())], Lock::Aes("1"))] {
        assert_eq!((recognised(other, Head::Bytes), recognised(other, Head::File)), (vec![], vec![]));
    }
    // A heading row is enough; a head that ends within a row is enough.
    assert_eq!(recognised(format!("{APP}2024-0").as_bytes(), Head::Bytes)[0].0, "alipay");
}

#[test]
fn a_bill_in_a_locked_archive_is_recognised_with_its_password() {
    let bill = wechat_bill();
    let with = |file: &[u8], password: Option<&str>| {
        let password = password.map(|password| Sensitive::new(password.to_owned()));
        recognise_locked(&file.to_vec(), password.as_ref())
    };
    let shut = archive(&[("x", bill.as_bytes())], Lock::Aes("246810"));
    assert_eq!((with(&shut, None), with(&shut, Some("246811"))), (Some(Locked::Shut), Some(Locked::Shut)));
    let Some(Locked::Bill(platform, reason)) = with(&shut, Some("246810")) else { panic!("not recognised") };
    assert_eq!(platform, PaymentPlatform::Wechat);
    assert!(reason.starts_with("`微信支付账单明细`, and a heading row with"), "{reason}");
    assert_eq!(with(&archive(&[("x", b"a,b")], Lock::Aes("1")), Some("1")), None);
    assert_eq!(with(&archive(&[("x", bill.as_bytes())], Lock::None), Some("1")), None);
    assert_eq!(with(bill.as_bytes(), Some("1")), None);
}

#[test]
fn an_old_spreadsheet_is_refused_and_says_what_to_do() {
    let told = refused(&Layout::Wechat, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest");
    assert!(told.contains("found a spreadsheet of before 2007 or with a password: save it as .xlsx or CSV"), "{told}");
}
