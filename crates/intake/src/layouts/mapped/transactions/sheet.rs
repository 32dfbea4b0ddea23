//! The rows of a spreadsheet's sheet, xlsx or xls, as text.
//!
//! Amounts become their shortest exact decimal text, dates `YYYY-MM-DD hh:mm:ss`: from there on a sheet is read as delimited
//! text is. What an archive unpacks to, and how far a sheet reaches, is checked before anything is laid out in memory.

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, DataRef, ExcelDateTime, Reader, Xls, Xlsx};

use super::rows::COLUMNS_MAX;
use crate::read::Refused;
use crate::reject::Found;

/// Most bytes that the parts of an xlsx unpack to, together.
const UNPACKED_BYTES_MAX: u64 = 64 << 20;

/// Most parts of an xlsx.
const PARTS_MAX: usize = 1_000;

/// Most rows of a sheet: those of an xls.
const ROWS_MAX: u32 = 1 << 16;

const ZIP_MARK: &[u8] = b"PK\x03\x04";
const COMPOUND_MARK: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// A cell's text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    /// Whether it is a number by its own type.
    pub(super) is_number: bool,
}

impl Cell {
    const fn text(text: String) -> Self {
        Self { text, is_number: false }
    }

    const fn number(text: String) -> Self {
        Self { text, is_number: true }
    }
}

/// The rows of a sheet with their numbers from 1, if the file is a spreadsheet.
pub(super) type SheetRows = Result<Vec<(u32, Vec<Cell>)>, Refused>;

/// The rows of the sheet `name`, or the first; `None` if the file is no spreadsheet.
pub(super) fn rows_of_whole(bytes: &[u8], name: Option<&str>) -> Option<SheetRows> {
    let read = if bytes.starts_with(ZIP_MARK) {
        of_xlsx
    } else if bytes.starts_with(COMPOUND_MARK) {
        of_xls
    } else {
        return None;
    };
    // The library asserts what it expects of a sound file; what it held is dropped with it.
    Some(catch_unwind(AssertUnwindSafe(|| read(bytes, name))).unwrap_or_else(|_| Err(damaged())))
}

/// `A` for the first column.
pub(super) fn column_letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(column % 26).unwrap_or(0)));
        column = match (column / 26).checked_sub(1) {
            Some(rest) => rest,
            None => return letters.into_iter().rev().collect(),
        };
    }
}

pub(super) fn refused(expected: &str, found: &str) -> Refused {
    Refused::NotThisLayout {
        byte: 0,
        field: "spreadsheet".to_owned(),
        expected: expected.to_owned(),
        found: Found::phrase(found),
    }
}

fn damaged() -> Refused {
    refused("a sound xlsx or xls file", "a damaged one")
}

/// Collects cells, row by row.
#[derive(Default)]
struct Laid {
    rows: std::collections::BTreeMap<u32, Vec<Cell>>,
}

impl Laid {
    fn put(&mut self, row: u32, column: u32, put: Cell) -> Result<(), Refused> {
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if row >= ROWS_MAX || column >= COLUMNS_MAX {
            let expected = format!("at most {ROWS_MAX} rows and {COLUMNS_MAX} columns");
            return Err(refused(&expected, "a cell beyond them"));
        }
        let cells = self.rows.entry(row).or_default();
        if cells.len() <= column {
            cells.resize(column + 1, Cell::default());
        }
        if let Some(cell) = cells.get_mut(column) {
            *cell = put;
        }
        Ok(())
    }

    fn into_rows(self) -> Vec<(u32, Vec<Cell>)> {
        self.rows.into_iter().map(|(row, cells)| (row + 1, cells)).collect()
    }
}

fn of_xlsx(bytes: &[u8], name: Option<&str>) -> SheetRows {
    check_unpacked(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let name = sheet_name(&book.sheet_names(), name)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(|_| damaged())?;
    let mut laid = Laid::default();
    while let Some(cell) = cells.next_cell().map_err(|_| damaged())? {
        let (row, column) = cell.get_position();
        let put = match cell.get_value() {
            DataRef::Int(number) => Cell::number(number.to_string()),
            DataRef::Float(number) => Cell::number(decimal(&number.to_string())),
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::text(text.clone()),
            DataRef::SharedString(text) => Cell::text((*text).to_owned()),
            DataRef::Bool(truth) => Cell::text(truth.to_string()),
            DataRef::DateTime(time) => Cell::text(time_text(time)),
            DataRef::Error(_) | DataRef::Empty => continue,
        };
        laid.put(row, column, put)?;
    }
    Ok(laid.into_rows())
}

fn of_xls(bytes: &[u8], name: Option<&str>) -> SheetRows {
    super::compound::check(bytes)?;
    let mut book: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let name = sheet_name(&book.sheet_names(), name)?;
    let range = book.worksheet_range(&name).map_err(|_| damaged())?;
    let (from_row, from_column) = range.start().unwrap_or_default();
    let mut laid = Laid::default();
    for (row, column, value) in range.used_cells() {
        let put = match value {
            Data::Int(number) => Cell::number(number.to_string()),
            Data::Float(number) => Cell::number(decimal(&number.to_string())),
            Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::text(text.clone()),
            Data::Bool(truth) => Cell::text(truth.to_string()),
            Data::DateTime(time) => Cell::text(time_text(time)),
            Data::Error(_) | Data::Empty => continue,
        };
        let place = |number: usize, from: u32| u32::try_from(number).unwrap_or(u32::MAX).saturating_add(from);
        laid.put(place(row, from_row), place(column, from_column), put)?;
    }
    Ok(laid.into_rows())
}

fn sheet_name(names: &[String], asked: Option<&str>) -> Result<String, Refused> {
    let found = match asked {
        Some(asked) => names.iter().find(|name| *name == asked),
        None => names.first(),
    };
    let expected = asked.map_or("a sheet".to_owned(), |asked| format!("a sheet `{asked}`"));
    found.cloned().ok_or_else(|| refused(&expected, &format!("{} others", names.len())))
}

/// The shortest text that reads back as the number a cell holds; `-0` is `0`.
fn decimal(shortest: &str) -> String {
    if shortest == "-0" { "0".to_owned() } else { shortest.to_owned() }
}

fn time_text(time: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Unpacks every part once, counting: what an archive says of its sizes may be a lie.
fn check_unpacked(bytes: &[u8]) -> Result<(), Refused> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    if archive.len() > PARTS_MAX {
        return Err(refused(&format!("at most {PARTS_MAX} parts"), "more"));
    }
    let mut left = UNPACKED_BYTES_MAX;
    for number in 0..archive.len() {
        let part = archive.by_index(number).map_err(|_| damaged())?;
        let unpacked = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(|_| damaged())?;
        left = left.checked_sub(unpacked).ok_or(Refused::TooLarge {
            byte: 0,
            what: "what a spreadsheet unpacks to",
            limit_bytes: UNPACKED_BYTES_MAX,
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tallystick_model::fact::{ReportedRecord, Statement};
    use tallystick_model::payment_profile::Provenance;
    use tallystick_model::{CategorySet, DataCategory, Identifier};

    use super::*;
    use crate::layouts::mapped::{self, Mapping};
    use crate::read::{ReadContext, Sink};
    use crate::reject::Reject;

    #[test]
    fn columns_are_named_as_spreadsheets_name_them() {
        let named = [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")];
        for (column, letters) in named {
            assert_eq!(column_letters(column), letters);
        }
    }

    /// An xlsx with one sheet of these cells, and a part of so many zeros.
    fn xlsx(cells: &str, zeros: usize) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let package = "http://schemas.openxmlformats.org/package/2006/relationships";
        let parts = [
            (
                "_rels/.rels",
                format!(
                    "<Relationships xmlns=\"{package}\"><Relationship Id=\"rId1\" Type=\"{relation}/officeDocument\" \
                     Target=\"xl/workbook.xml\"/></Relationships>"
                ),
            ),
            (
                "xl/workbook.xml",
                format!(
                    "<workbook xmlns=\"{main}\" xmlns:r=\"{relation}\"><sheets><sheet name=\"A\" sheetId=\"1\" \
                     r:id=\"rId1\"/></sheets></workbook>"
                ),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                format!(
                    "<Relationships xmlns=\"{package}\"><Relationship Id=\"rId1\" Type=\"{relation}/worksheet\" \
                     Target=\"worksheets/sheet1.xml\"/></Relationships>"
                ),
            ),
            (
                "xl/worksheets/sheet1.xml",
                format!("<worksheet xmlns=\"{main}\"><sheetData>{cells}</sheetData></worksheet>"),
            ),
            ("xl/zeros", "0".repeat(zeros)),
        ];
        for (name, text) in parts {
            archive.start_file(name, options).unwrap();
            std::io::Write::write_all(&mut archive, text.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn read(file: &[u8]) -> Result<Vec<(u32, Vec<Cell>)>, String> {
        rows_of_whole(file, None).unwrap().map_err(|refused| refused.to_string())
    }

    #[test]
    fn cells_of_an_xlsx_are_read_as_exact_text_with_their_rows() {
        let cells = "<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>摘要</t></is></c><c r=\"C2\"><v>0.1</v></c></row>\
                     <row r=\"4\"><c r=\"A4\"><v>-1234.56</v></c><c r=\"B4\"><v>1E2</v></c></row>";
        let (text, number) = (|text: &str| Cell::text(text.to_owned()), |text: &str| Cell::number(text.to_owned()));
        assert_eq!(
            read(&xlsx(cells, 0)).unwrap(),
            [(2, vec![text("摘要"), text(""), number("0.1")]), (4, vec![number("-1234.56"), number("100")])]
        );
    }

    #[test]
    fn marks_and_signs_of_the_mapping_are_of_texts_and_not_of_numbers() {
        let mapping = r#"
            [layout]
            name = "x"
            version = 1
            [file]
            decimal_mark = ","
            thousands_mark = "."
            sign = "parentheses"
            [transactions]
            account = { name = "own" }
            currency = "CNY"
            date = { column = "day", pattern = "YYYYMMDD" }
            amount = { column = "sum", positive = "credit" }
        "#;
        let text = |cell: &str, text: &str| format!("<c r=\"{cell}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
        let cells = format!(
            "<row r=\"1\">{}{}</row><row r=\"2\">{}<c r=\"B2\"><v>-1.234</v></c></row>\
             <row r=\"3\">{}<c r=\"B3\"><v>-1.5</v></c></row><row r=\"4\">{}{}</row>",
            text("A1", "day"),
            text("B1", "sum"),
            text("A2", "20260201"),
            text("A3", "20260202"),
            text("A4", "20260203"),
            text("B4", "(1.234,50)"),
        );
        let mapping = Mapping::parse(mapping).unwrap();
        let context = ReadContext {
            furnisher: "B".to_owned(),
            subject: Identifier::parse_tagged("cn-resident-id:11010519491231002X").ok(),
            provenance: Provenance::SelfAsserted,
            admitted: CategorySet::all(),
            month: None,
        };
        let mut taken = Taken::default();
        mapped::read(&mapping, &mut xlsx(&cells, 0).as_slice(), &context, &mut taken).unwrap();
        assert_eq!(
            taken.rejects,
            ["R006 record 1 byte 0 `sum (B2)`: expected at most 2 decimal places, found `-1.234`"]
        );
        let [Statement::PaymentProfileMonth(_, _, profile)] = taken.records[0].statements.as_slice() else {
            panic!("one profile")
        };
        assert_eq!((profile.spending.count, profile.spending.minor), (2, 123_600));
    }

    #[derive(Default)]
    struct Taken {
        records: Vec<ReportedRecord>,
        rejects: Vec<String>,
    }

    impl Sink for Taken {
        fn record(&mut self, record: ReportedRecord) {
            self.records.push(record);
        }

        fn reject(&mut self, reject: Reject) {
            self.rejects.push(reject.to_string());
        }

        fn not_admitted(&mut self, _: DataCategory, _: u64) {}
    }

    #[test]
    fn a_cell_far_away_and_an_archive_that_unpacks_to_too_much_are_refused() {
        let far = "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>";
        assert_eq!(
            read(&xlsx(far, 0)).unwrap_err(),
            "byte 0 `spreadsheet`: expected at most 65536 rows and 256 columns, found a cell beyond them"
        );
        assert_eq!(
            read(&xlsx("", 65 << 20)).unwrap_err(),
            "byte 0: what a spreadsheet unpacks to above the limit of 67108864 bytes"
        );
        assert_eq!(
            read(b"PK\x03\x04").unwrap_err(),
            "byte 0 `spreadsheet`: expected a sound xlsx or xls file, found a damaged one"
        );
    }
}
