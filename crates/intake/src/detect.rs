//! Which layout a file has, and why: by its content alone, never by its name.
//!
//! Each layout says what it recognises a file by; exactly one must. None, or two, is an error that names what was looked
//! for. Start at [`detect`]; in words: `docs/formats/detection.md`.

use std::io::{self, Read};

use tallystick_model::Sensitive;
use thiserror::Error;

use crate::file::{Bytes, DeliveryFile};
use crate::layouts::bill::{self, Locked};
use crate::layouts::mapped::{self, Mapping};
use crate::layouts::{camt, metro2, registry};
use crate::read::{Layout, PaymentPlatform};

/// So much of a file is looked at.
pub const HEAD_BYTES: usize = 64 << 10;

/// Of a spreadsheet all is looked at, if it is no larger: what an archive holds is listed at its end.
pub const SPREADSHEET_BYTES_MAX: u64 = 16 << 20;

/// How spreadsheets begin: an archive (xlsx) or a compound file (xls).
const SPREADSHEET_MARKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

/// A layout that fits.
#[derive(Clone, Debug)]
pub struct Detected {
    /// Which.
    pub layout: Layout,
    /// What it was recognised by, without personal data.
    pub why: String,
}

/// What a layout was looked for by, and what is wanting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanting {
    /// Name and version of the layout.
    pub layout: String,
    /// What was looked for, and what there was.
    pub looked_for: String,
}

/// Why no layout was chosen.
#[derive(Debug, Error)]
pub enum NotDetected {
    /// No layout fits; each with what was looked for.
    #[error("none of {} layouts fits this file", .0.len())]
    Unknown(Vec<Wanting>),
    /// Several fit; each with why.
    #[error("several layouts fit this file: {}", named(.0))]
    Ambiguous(Vec<Detected>),
    /// It is an archive that asks for a password, or for another one.
    #[error("this archive asks for a password, or for another one than was given")]
    Locked,
    /// The file could not be read.
    #[error("the file could not be read: {0}")]
    Io(#[from] io::Error),
}

fn named(several: &[Detected]) -> String {
    let names: Vec<_> = several.iter().map(|detected| format!("`{}`", detected.layout.name())).collect();
    names.join(", ")
}

/// A layout of the program's own.
struct BuiltIn {
    layout: Layout,
    looked_for: &'static str,
    /// By the beginning of the file.
    recognise: fn(&[u8]) -> Option<String>,
    /// By the whole of a spreadsheet or an archive.
    recognise_file: Option<fn(&dyn DeliveryFile) -> Option<String>>,
}

const BUILT_IN: [BuiltIn; 7] = [
    BuiltIn {
        layout: Layout::Metro2,
        looked_for: "`HEADER` behind one or two descriptor words at the start",
        recognise: metro2::recognise,
        recognise_file: None,
    },
    BuiltIn {
        layout: Layout::Camt,
        looked_for: "XML with a root of the namespace of camt.052 or camt.053",
        recognise: camt::recognise,
        recognise_file: None,
    },
    BuiltIn {
        layout: Layout::Registry,
        looked_for: "XML with a root `Document` of records such as `InAcctInf`, or such a record",
        recognise: registry::recognise,
        recognise_file: None,
    },
    BuiltIn {
        layout: Layout::Alipay,
        looked_for: "a heading row with `交易对方`, `收/支` and `交易状态`, in text, a spreadsheet or an archive",
        recognise: |head| bill::recognise(PaymentPlatform::Alipay, head),
        recognise_file: Some(|file| bill::recognise_file(PaymentPlatform::Alipay, file)),
    },
    BuiltIn {
        layout: Layout::Wechat,
        looked_for: "a heading row with `交易对方`, `收/支` and `当前状态`, in text, a spreadsheet or an archive",
        recognise: |head| bill::recognise(PaymentPlatform::Wechat, head),
        recognise_file: Some(|file| bill::recognise_file(PaymentPlatform::Wechat, file)),
    },
    BuiltIn {
        layout: Layout::Jd,
        looked_for: "a heading row with `商户名称`, `收/支` and `交易状态`, in text, a spreadsheet or an archive",
        recognise: |head| bill::recognise(PaymentPlatform::Jd, head),
        recognise_file: Some(|file| bill::recognise_file(PaymentPlatform::Jd, file)),
    },
    BuiltIn {
        layout: Layout::Meituan,
        looked_for: "a heading row with `订单标题`, `收/支` and `实付金额`, in text, a spreadsheet or an archive",
        recognise: |head| bill::recognise(PaymentPlatform::Meituan, head),
        recognise_file: Some(|file| bill::recognise_file(PaymentPlatform::Meituan, file)),
    },
];

/// The layout of `file`, among the program's own and `mappings`. `password` opens an archive.
///
/// # Errors
/// [`NotDetected`] if none fits or several do.
pub fn detect(
    file: &dyn DeliveryFile,
    mappings: Vec<Mapping>,
    password: Option<&Sensitive<String>>,
) -> Result<Detected, NotDetected> {
    match bill::recognise_locked(file, password) {
        Some(Locked::Shut) => return Err(NotDetected::Locked),
        Some(Locked::Bill(platform, why)) => {
            let password = password.cloned().unwrap_or_else(|| Sensitive::new(String::new()));
            return Ok(Detected { layout: Layout::Locked(platform, password), why });
        }
        None => {}
    }
    let head = head(file)?;
    let (mut found, mut wanting) = (Vec::new(), Vec::new());
    for BuiltIn { layout, looked_for, recognise, recognise_file } in BUILT_IN {
        let why = recognise(&head).or_else(|| recognise_file.and_then(|recognise| recognise(file)));
        match why {
            Some(why) => found.push(Detected { layout, why }),
            None => wanting.push(Wanting { layout: layout.name(), looked_for: looked_for.to_owned() }),
        }
    }
    for mapping in mappings {
        match mapped::recognise(&mapping, &head, file) {
            Ok(why) => found.push(Detected { layout: Layout::Mapped(Box::new(mapping)), why }),
            Err(looked_for) => wanting.push(Wanting { layout: mapping.name(), looked_for }),
        }
    }
    match (found.pop(), found.is_empty()) {
        (None, _) => Err(NotDetected::Unknown(wanting)),
        (Some(only), true) => Ok(only),
        (Some(last), false) => {
            found.push(last);
            Err(NotDetected::Ambiguous(found))
        }
    }
}

/// The beginning of a file; all of a small spreadsheet.
fn head(file: &dyn DeliveryFile) -> io::Result<Vec<u8>> {
    let read = |bytes: u64| {
        let mut head = Vec::new();
        Bytes::new(file).take(bytes).read_to_end(&mut head).map(|_| head)
    };
    let head = read(HEAD_BYTES as u64)?;
    let length = file.length()?;
    let sheet = SPREADSHEET_MARKS.iter().any(|mark| head.starts_with(mark));
    if sheet && length > head.len() as u64 && length <= SPREADSHEET_BYTES_MAX { read(length) } else { Ok(head) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::file::writer::SerializedFileWriter;

    use super::*;

    fn mapping(name: &str, columns: &[&str]) -> Mapping {
        let ignored: Vec<_> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        Mapping::parse(&format!(
            "ignore = [{}]\n[layout]\nname = \"{name}\"\nversion = 1\n[subject]\ncolumn = \"id\"\nscheme = \"lei\"\n\
             [[tradeline]]\naccount = \"account\"\nmonth = {{ column = \"month\", pattern = \"YYYYMM\" }}\ncurrency = \"EUR\"\n\
             kind = \"credit_card\"\nbalance = \"balance\"\n",
            ignored.join(", ")
        ))
        .unwrap()
    }

    fn detected(file: &[u8], mappings: Vec<Mapping>) -> Result<String, String> {
        match detect(&file.to_vec(), mappings, None) {
            Ok(found) => Ok(format!("{}: {}", found.layout.name(), found.why)),
            Err(NotDetected::Unknown(wanting)) => {
                let lines: Vec<_> =
                    wanting.iter().map(|wanting| format!("{}: {}", wanting.layout, wanting.looked_for)).collect();
                Err(lines.join("\n"))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn each_layout_is_found_by_its_content() {
        let document = |version: &str| {
            format!(
                "\u{feff}<?xml version=\"1.0\"?>\n<!-- x --><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:{version}\">"
            )
        };
        for (file, found) in [
            (b"0426HEADER01".to_vec(), "metro2 1: `HEADER` behind a descriptor word at the start"),
            (b"04300426HEADER01".to_vec(), "metro2 1: `HEADER` behind two descriptor words at the start"),
            (
                document("camt.053.001.08").into_bytes(),
                "camt 1: XML with the root `Document` of the namespace of `camt.053` version 8",
            ),
            (
                document("camt.054.001.04").into_bytes(),
                "camt 1: XML with the root `Document` of the namespace of `camt.054` version 4",
            ),
            (
                encoding_rs::GB18030.encode("账号:[x]\n交易时间 ,收/支,金额（元）,交易对方,交易状态\n").0.into_owned(),
                "alipay 1: a heading row with `交易时间`, `收/支`, `金额(元)`, `交易状态`, `交易对方`",
            ),
            (
                "微信昵称：[x]\n交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注\n".as_bytes().to_vec(),
                "wechat 1: `微信昵称`, and a heading row with `交易时间`, `收/支`, `金额(元)`, `当前状态`, `交易对方`",
            ),
            (b"month,id,account,balance\n".to_vec(), "m 1: its first row has exactly the 4 columns of the mapping"),
        ] {
            assert_eq!(detected(&file, vec![mapping("m", &[]), mapping("n", &["x"])]).unwrap(), found);
        }
    }

    #[test]
    fn an_unknown_file_is_told_what_was_looked_for_and_what_is_wanting() {
        let told = detected(b"month,id,account,saldo\n1,2,3,4\n", vec![mapping("m", &[])]).unwrap_err();
        assert_eq!(
            told,
            "metro2 1: `HEADER` behind one or two descriptor words at the start\n\
             camt 1: XML with a root of the namespace of camt.052 or camt.053\n\
             registry 2: XML with a root `Document` of records such as `InAcctInf`, or such a record\n\
             alipay 1: a heading row with `交易对方`, `收/支` and `交易状态`, in text, a spreadsheet or an archive\n\
             wechat 1: a heading row with `交易对方`, `收/支` and `当前状态`, in text, a spreadsheet or an archive\n\
             jd 1: a heading row with `商户名称`, `收/支` and `交易状态`, in text, a spreadsheet or an archive\n\
             meituan 1: a heading row with `订单标题`, `收/支` and `实付金额`, in text, a spreadsheet or an archive\n\
             m 1: a first row with a column `balance`; it has 3 of 4 columns of the mapping"
        );
        let told = detected(b"month,id,account,balance,sex\n", vec![mapping("m", &[])]).unwrap_err();
        assert!(told.ends_with("m 1: a first row without other columns than the mapping's; it has `sex`"), "{told}");
        assert!(detected(b"", vec![mapping("m", &[])]).unwrap_err().ends_with("there is no row"));
    }

    /// The mapping `m` of another kind of file.
    fn of_file(keys: &str) -> Mapping {
        Mapping::parse(&format!(
            "ignore = [\"meta\"]\n[layout]\nname = \"m\"\nversion = 1\n[file]\n{keys}\n\
             [subject]\ncolumn = {{ columns = [\"state\", \"id\"] }}\nscheme = \"member-number\"\n\
             [[tradeline]]\naccount = \"a.number\"\nmonth = \"2026-01\"\ncurrency = {{ column = \"money\" }}\n\
             kind = \"other\"\nliability = {{ column = \"who\", codes = {{ h = \"holder\" }} }}\n\
             balance = {{ debit = \"out\", credit = \"in\" }}\n"
        ))
        .unwrap()
    }

    #[test]
    fn mapped_files_of_each_kind_are_found_by_all_their_columns() {
        let columns = ["meta", "state", "id", "a.number", "money", "who", "out", "in"];
        let exactly = "m 1: its first row has exactly the 8 columns of the mapping";
        let object = |meta: &str, last: &str| {
            format!(
                "\n{{\"state\":\"\",\"id\":7,\"a\":{{\"number\":\"x\"}},\"money\":null,\"who\":\"h\",\"out\":1,{meta}\"{last}\":2}}\r\n"
            )
        };
        let lines = "m 1: its first line is an object with exactly the 8 keys of the mapping";
        for (keys, file, found) in [
            ("format = \"tsv\"", columns.join("\t"), Ok(exactly)),
            (
                "format = \"tsv\"",
                columns.join(","),
                Err("m 1: a first row with a column `a.number`; it has 0 of 8 columns of the mapping"),
            ),
            ("comment = \"#\"", format!("\u{feff}# x\n\n{}", columns.join(",")), Ok(exactly)),
            (
                "skip_lines = 2",
                format!("Bank,\nreport\n{}\n1,2", columns.join(",")),
                Ok("m 1: its first row behind the lines that are skipped has exactly the 8 columns of the mapping"),
            ),
            (
                "header_contains = [\"id\", \"in\"]",
                format!("Bank\nid,x\n{}\n", columns.join(",")),
                Ok("m 1: its header has exactly the 8 columns of the mapping"),
            ),
            (
                "header_contains = [\"id\", \"in\"]",
                "id\n".to_owned(),
                Err("m 1: a row with the columns of the layout's `header_contains`; found none in the lines before"),
            ),
            ("format = \"jsonl\"", object("\"meta\":{\"x\":1},", "in"), Ok(lines)),
            (
                "format = \"jsonl\"",
                object("\"meta\":1,", "amount"),
                Err("m 1: a first line with a key `in`; it has 7 of 8 keys of the mapping"),
            ),
            (
                "format = \"jsonl\"",
                object("\"meta\":1,\"Wang Wu\":{\"x\":1},", "in"),
                Err("m 1: a first line without other keys than the mapping's; it has 9 characters"),
            ),
            ("format = \"jsonl\"", "[]".to_owned(), Err("m 1: a first line that is a JSON object; it is none")),
            (
                "format = \"parquet\"",
                columns.join(","),
                Err("m 1: `PAR1` at its beginning and its end; found something else"),
            ),
        ] {
            let told = detected(file.as_bytes(), vec![of_file(keys)]);
            match found {
                Ok(found) => assert_eq!(told.as_deref(), Ok(found), "{keys} {file}"),
                Err(wanting) => assert_eq!(told.unwrap_err().lines().last(), Some(wanting), "{keys} {file}"),
            }
        }
    }

    #[test]
    fn parquet_is_found_by_its_schema_which_stands_at_its_end() {
        let file = |columns: &str| {
            let schema = format!("message m {{ {columns} }}");
            let schema = Arc::new(parquet::schema::parser::parse_message_type(&schema).unwrap());
            let mut bytes = Vec::new();
            SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap().close().unwrap();
            bytes
        };
        let mapped = "optional int32 state; required int64 id; optional group a { optional binary number; } \
                      optional binary money; optional binary who; optional int32 out; optional int32 in;";
        let parquet = || vec![of_file("format = \"parquet\"")];
        let whole = file(&format!("{mapped} optional group meta {{ optional double x; optional double y; }}"));
        assert_eq!(detected(&whole, parquet()).unwrap(), "m 1: Parquet with exactly the 8 columns of the mapping");
        for (columns, wanting) in [
            (mapped.to_owned(), "m 1: Parquet with a column `meta`; it has 7 of 8 columns of the mapping"),
            (
                format!("{mapped} optional int32 meta; optional int32 metadata;"),
                "m 1: Parquet without other columns than the mapping's; it has `metadata`",
            ),
        ] {
            assert_eq!(detected(&file(&columns), parquet()).unwrap_err().lines().last(), Some(wanting));
        }
        let damaged = detected(whole.get(..whole.len() - 1).unwrap(), parquet()).unwrap_err();
        assert!(damaged.ends_with("m 1: `PAR1` at its beginning and its end; found something else"), "{damaged}");
    }

    #[test]
    fn two_layouts_that_fit_are_both_named() {
        let told = detected(b"id,account,month,balance\n", vec![mapping("one", &[]), mapping("other", &[])]);
        assert_eq!(told.unwrap_err(), "several layouts fit this file: `one 1`, `other 1`");
    }
}
