//! `[file]`: what kind of file it is, and how its text is marked.

use serde::Deserialize;

use super::amount::{AmountFormat, Sign, Unit};
use super::dialect::Dialect;
use super::encoding::Encoding;
use super::mapping::MappingError;
use super::shape::{one_byte, one_of};

/// Most lines before the header.
const LINES_BEFORE_HEADER_MAX: u32 = 1000;

/// What kind of file a mapping reads.
#[derive(Clone, Debug)]
pub(super) enum FileFormat {
    /// CSV, TSV and the like.
    Delimited(Box<Delimited>),
    /// One JSON object a line.
    JsonLines,
    /// Apache Parquet.
    Parquet,
}

impl FileFormat {
    /// Its value of `format`; of delimited text, whose dialect says all, the commonest.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Delimited(_) => "csv",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
        }
    }
}

/// Delimited text.
#[derive(Clone, Debug)]
pub(super) struct Delimited {
    pub(super) dialect: Dialect,
    pub(super) header: HeaderAt,
    /// A row whose first column begins with one of these is no record.
    pub(super) trailers: Vec<String>,
}

/// Where the header stands.
#[derive(Clone, Debug)]
pub(super) enum HeaderAt {
    /// After this many lines.
    AfterLines(u32),
    /// At the first row that has all these names among its columns.
    Containing(Vec<String>),
}

/// The `[file]` section, checked.
#[derive(Clone, Debug)]
pub(super) struct FileMap {
    pub(super) format: FileFormat,
    pub(super) encoding: Encoding,
    pub(super) amounts: AmountFormat,
}

/// The `[file]` section.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileToml {
    format: Option<String>,
    encoding: Option<String>,
    delimiter: Option<String>,
    quote: Option<String>,
    escape: Option<String>,
    comment: Option<String>,
    skip_lines: Option<u32>,
    header_contains: Option<Vec<String>>,
    trailers: Option<Vec<String>>,
    decimal_mark: Option<String>,
    thousands_mark: Option<String>,
    amounts_in: Option<String>,
    sign: Option<String>,
}

impl FileToml {
    pub(super) fn check(self) -> Result<FileMap, MappingError> {
        let name = self.encoding.as_deref().unwrap_or("utf-8");
        let encoding = one_of("file.encoding", name, "`utf-8` or `gb18030`", Encoding::from_name(name))?;
        let amounts = self.amounts(encoding)?;
        let name = self.format.as_deref().unwrap_or("csv");
        let format = match name {
            "csv" => FileFormat::Delimited(Box::new(self.delimited(encoding, b',')?)),
            "tsv" => FileFormat::Delimited(Box::new(self.delimited(encoding, b'\t')?)),
            "jsonl" | "parquet" => {
                self.no_text_marks(name)?;
                if name == "jsonl" { FileFormat::JsonLines } else { FileFormat::Parquet }
            }
            other => return one_of("file.format", other, "`csv`, `tsv`, `jsonl` or `parquet`", None),
        };
        Ok(FileMap { format, encoding, amounts })
    }

    fn amounts(&self, encoding: Encoding) -> Result<AmountFormat, MappingError> {
        let mark = self.decimal_mark.as_deref().unwrap_or(".");
        let decimal = one_of("file.decimal_mark", mark, "one ASCII character", one_byte("file.decimal_mark", mark)?)?;
        let thousands = self.thousands_mark.as_deref().unwrap_or_default();
        if thousands.chars().count() > 1 {
            return one_of("file.thousands_mark", thousands, "one character, or none", None);
        }
        for (key, mark) in [("file.decimal_mark", mark), ("file.thousands_mark", thousands)] {
            if mark.chars().any(|mark| mark.is_ascii_digit() || matches!(mark, '-' | '+' | '(' | ')' | '\0')) {
                return one_of(key, mark, "a mark that is no digit and no sign", None);
            }
        }
        if thousands == mark {
            return one_of("file.thousands_mark", thousands, "another mark than the decimal one", None);
        }
        Ok(AmountFormat {
            decimal,
            thousands: encoding.encode(thousands),
            unit: Unit::parse("file.amounts_in", self.amounts_in.as_deref().unwrap_or("major"))?,
            sign: Sign::parse("file.sign", self.sign.as_deref().unwrap_or("minus"))?,
            negate: false,
        })
    }

    fn delimited(&self, encoding: Encoding, delimiter: u8) -> Result<Delimited, MappingError> {
        let byte = |key: &str, text: &Option<String>, default: Option<u8>| {
            text.as_ref().map_or(Ok(default), |text| one_byte(key, text))
        };
        let delimiter = byte("file.delimiter", &self.delimiter, Some(delimiter))?;
        let delimiter = one_of("file.delimiter", "", "one ASCII character", delimiter)?;
        let dialect = Dialect {
            delimiter,
            quote: byte("file.quote", &self.quote, Some(b'"'))?,
            escape: byte("file.escape", &self.escape, None)?,
            comment: byte("file.comment", &self.comment, None)?,
        };
        let marks = [
            ("file.delimiter", Some(delimiter)),
            ("file.quote", dialect.quote),
            ("file.escape", dialect.escape),
            ("file.comment", dialect.comment),
        ];
        for (place, (key, mark)) in marks.iter().enumerate() {
            let Some(mark) = *mark else { continue };
            let shown = char::from(mark).escape_default().to_string();
            // In GB18030 a later byte of a character is 0x30 to 0x39 or from 0x40 on: such a mark would cut characters apart.
            if encoding == Encoding::Gb18030 && mark >= 0x30 {
                return one_of(key, &shown, "a mark below `0` in GB18030, such as a comma or a tab", None);
            }
            let other = marks.iter().take(place).any(|(_, other)| *other == Some(mark));
            if other || matches!(mark, b'\r' | b'\n') {
                return one_of(key, &shown, "a mark that has no other meaning", None);
            }
        }
        let header = match (&self.header_contains, self.skip_lines) {
            (Some(_), Some(_)) => return one_of("file.skip_lines", "both", "either this or `header_contains`", None),
            (Some(names), None) if names.is_empty() => {
                return one_of("file.header_contains", "none", "the names of some columns", None);
            }
            (Some(names), None) => HeaderAt::Containing(names.clone()),
            (None, Some(lines)) if lines > LINES_BEFORE_HEADER_MAX => {
                return one_of("file.skip_lines", &lines.to_string(), "at most 1000", None);
            }
            (None, lines) => HeaderAt::AfterLines(lines.unwrap_or(0)),
        };
        let trailers = self.trailers.clone().unwrap_or_default();
        if trailers.iter().any(String::is_empty) {
            return one_of("file.trailers", "", "beginnings of trailer rows, none of them blank", None);
        }
        Ok(Delimited { dialect, header, trailers })
    }

    /// Keys of delimited text mean nothing elsewhere.
    fn no_text_marks(&self, format: &str) -> Result<(), MappingError> {
        for (key, given) in [
            ("file.encoding", self.encoding.as_deref().is_some_and(|name| name != "utf-8")),
            ("file.delimiter", self.delimiter.is_some()),
            ("file.quote", self.quote.is_some()),
            ("file.escape", self.escape.is_some()),
            ("file.comment", self.comment.is_some()),
            ("file.skip_lines", self.skip_lines.is_some()),
            ("file.header_contains", self.header_contains.is_some()),
            ("file.trailers", self.trailers.is_some()),
        ] {
            if given {
                return one_of(key, "a value", &format!("nothing: `{format}` has no such thing"), None);
            }
        }
        Ok(())
    }
}
