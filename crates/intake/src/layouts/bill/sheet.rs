//! Spreadsheets (Office Open XML, `.xlsx`) as lines of text: each sheet's rows, cells as they are written in the file.
//!
//! Read from the parts of the archive, not by a spreadsheet library: numbers are money here and must never be binary
//! fractions, and a few bytes of a sheet can claim a thousand million cells. Only what bills need: texts, numbers, dates,
//! results of formulas. Not here: formulas, merged cells, pictures, macros. Start at [`texts`].
//!
//! Source: ECMA-376 part 1, 18.3 (sheets), 18.4 (shared strings), 18.8 (number formats).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Cursor;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::source::{BILL_BYTES_MAX, Lines, part, refused};
use super::text::{Origin, Text};
use super::value;
use crate::read::Refused;

/// The part that lists the sheets; an archive that has it is a spreadsheet.
const WORKBOOK: &str = "xl/workbook.xml";
/// The part that says where the sheets are.
const RELATIONS: &str = "xl/_rels/workbook.xml.rels";
/// Sheets that are looked at.
const SHEETS_MAX: usize = 16;
/// Columns that are looked at: bills have eleven.
const COLUMNS_MAX: usize = 256;

/// Number formats that are dates or times without being listed in the file.
const DATE_FORMATS: [std::ops::RangeInclusive<u32>; 5] = [14..=22, 27..=36, 45..=47, 50..=58, 71..=81];

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Whether an archive is a spreadsheet.
pub(super) fn is_workbook(archive: &Archive<'_>) -> bool {
    archive.index_for_name(WORKBOOK).is_some()
}

/// The text of each sheet that has any.
///
/// # Errors
/// [`Refused`] if the spreadsheet is damaged or, unpacked, too large.
pub(super) fn texts(archive: &mut Archive<'_>) -> Result<Vec<Text>, Refused> {
    // One limit for all parts: what one takes the next has less.
    let mut left = BILL_BYTES_MAX;
    let mut take = |archive: &mut Archive<'_>, name: &str| -> Result<Option<Vec<u8>>, Refused> {
        let bytes = part(archive, name, left)?;
        left -= bytes.as_ref().map_or(0, |bytes| bytes.len() as u64).min(left);
        Ok(bytes)
    };
    let workbook = workbook(&take(archive, WORKBOOK)?.unwrap_or_default())?;
    let targets = relations(&take(archive, RELATIONS)?.unwrap_or_default())?;
    let strings = shared_strings(&take(archive, "xl/sharedStrings.xml")?.unwrap_or_default())?;
    let styles = styles(&take(archive, "xl/styles.xml")?.unwrap_or_default())?;
    let book = Book { strings, styles, epoch: workbook.epoch };
    let mut texts = Vec::new();
    for id in workbook.sheets.iter().take(SHEETS_MAX) {
        let Some(bytes) = targets.get(id).map(|name| take(archive, name)).transpose()?.flatten() else { continue };
        let lines = book.lines(&bytes)?;
        if !lines.of.is_empty() {
            texts.push(Text::new(lines.bytes, Origin::Sheet(lines.of))?);
        }
    }
    if texts.is_empty() {
        return Err(refused("a bill", "a spreadsheet without rows"));
    }
    Ok(texts)
}

/// The day that number 0 stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Epoch {
    /// 30 December 1899, so that 1 March 1900 is 61.
    Of1900,
    /// 1 January 1904.
    Of1904,
}

struct Workbook {
    /// Identifiers of the sheets' relations.
    sheets: Vec<String>,
    epoch: Epoch,
}

fn damaged<E>(_: E) -> Refused {
    refused("a spreadsheet", "a damaged one")
}

/// Runs `each` over the events of a part.
fn events(bytes: &[u8], mut each: impl FnMut(Event<'_>) -> Result<(), Refused>) -> Result<(), Refused> {
    let mut reader = Reader::from_reader(bytes);
    loop {
        match reader.read_event().map_err(damaged)? {
            Event::Eof => return Ok(()),
            event => each(event)?,
        }
    }
}

fn attribute<'a>(element: &'a BytesStart<'_>, name: &str) -> Option<Cow<'a, str>> {
    let found = element.attributes().flatten().find(|attribute| attribute.key.as_ref() == name);
    found.and_then(|attribute| attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok())
}

/// Appends what a text, a character reference or a CDATA section says.
fn append(event: &Event<'_>, to: &mut String) {
    match event {
        Event::Text(text) => to.push_str(&text.xml10_content()),
        Event::CData(text) => to.push_str(&text.xml10_content()),
        Event::GeneralRef(reference) => match reference.resolve_char_ref() {
            Ok(Some(character)) => to.push(character),
            _ => to.push_str(match &*reference.xml10_content() {
                "amp" => "&",
                "lt" => "<",
                "gt" => ">",
                "quot" => "\"",
                "apos" => "'",
                _ => "\u{fffd}",
            }),
        },
        _ => {}
    }
}

fn workbook(bytes: &[u8]) -> Result<Workbook, Refused> {
    let mut workbook = Workbook { sheets: Vec::new(), epoch: Epoch::Of1900 };
    events(bytes, |event| {
        if let Event::Start(element) | Event::Empty(element) = event {
            match element.local_name().as_ref() {
                "sheet" => workbook.sheets.extend(attribute(&element, "r:id").map(Cow::into_owned)),
                "workbookPr"
                    if attribute(&element, "date1904").is_some_and(|value| matches!(&*value, "1" | "true")) =>
                {
                    workbook.epoch = Epoch::Of1904;
                }
                _ => {}
            }
        }
        Ok(())
    })?;
    Ok(workbook)
}

/// Names of parts by the identifiers of their relations.
fn relations(bytes: &[u8]) -> Result<BTreeMap<String, String>, Refused> {
    let mut targets = BTreeMap::new();
    events(bytes, |event| {
        if let Event::Start(element) | Event::Empty(element) = event
            && element.local_name().as_ref() == "Relationship"
            && let (Some(id), Some(target)) = (attribute(&element, "Id"), attribute(&element, "Target"))
        {
            let name = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
            targets.insert(id.into_owned(), name);
        }
        Ok(())
    })?;
    Ok(targets)
}

fn shared_strings(bytes: &[u8]) -> Result<Vec<String>, Refused> {
    let (mut strings, mut string, mut text) = (Vec::new(), String::new(), InText::default());
    events(bytes, |event| {
        if text.has(&event) {
            append(&event, &mut string);
        }
        match &event {
            Event::End(element) if element.local_name().as_ref() == "si" => strings.push(std::mem::take(&mut string)),
            Event::Empty(element) if element.local_name().as_ref() == "si" => strings.push(String::new()),
            _ => {}
        }
        Ok(())
    })?;
    Ok(strings)
}

/// Whether the place in a string is in a text of it, and not in what tells its pronunciation.
#[derive(Default)]
struct InText {
    text: bool,
    phonetic: bool,
}

impl InText {
    fn has(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Start(element) => self.set(element.local_name().as_ref(), true),
            Event::End(element) => self.set(element.local_name().as_ref(), false),
            _ => {}
        }
        self.text && !self.phonetic
    }

    fn set(&mut self, name: &str, inside: bool) {
        match name {
            "t" => self.text = inside,
            "rPh" => self.phonetic = inside,
            _ => {}
        }
    }
}

/// Whether each style shows a number as a date.
fn styles(bytes: &[u8]) -> Result<Vec<bool>, Refused> {
    let (mut formats, mut styles, mut in_cells) = (BTreeMap::new(), Vec::new(), false);
    events(bytes, |event| {
        match &event {
            Event::Start(element) if element.local_name().as_ref() == "cellXfs" => in_cells = true,
            Event::End(element) if element.local_name().as_ref() == "cellXfs" => in_cells = false,
            Event::Start(element) | Event::Empty(element) => {
                let number = attribute(element, "numFmtId").and_then(|id| id.parse::<u32>().ok());
                match element.local_name().as_ref() {
                    "numFmt" => {
                        let code = attribute(element, "formatCode").is_some_and(|code| is_date_format(&code));
                        formats.extend(number.map(|number| (number, code)));
                    }
                    "xf" if in_cells => {
                        let known = |number| DATE_FORMATS.iter().any(|dates| dates.contains(&number));
                        let is_date =
                            number.is_some_and(|number| formats.get(&number).copied().unwrap_or_else(|| known(number)));
                        styles.push(is_date);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(styles)
}

/// Whether a format shows a day or a time: it has one of their letters outside quotes and brackets.
fn is_date_format(code: &str) -> bool {
    let (mut quoted, mut bracketed) = (false, false);
    code.chars().any(|character| {
        match character {
            '"' => quoted = !quoted,
            '[' => bracketed = true,
            ']' => bracketed = false,
            _ => {}
        }
        !quoted && !bracketed && "yYmMdDhHsS".contains(character)
    })
}

/// What the cells of all sheets share.
struct Book {
    strings: Vec<String>,
    styles: Vec<bool>,
    epoch: Epoch,
}

/// A cell while it is read.
#[derive(Default)]
struct Cell {
    column: usize,
    kind: String,
    style: Option<usize>,
    value: String,
}

/// A row's number, and the columns and texts of its cells that have any.
type SheetRow<'a> = (u32, Vec<(usize, Cow<'a, str>)>);

impl Book {
    /// The rows of a sheet that have any text, each as long as the longest.
    fn lines(&self, bytes: &[u8]) -> Result<Lines<u32>, Refused> {
        let mut rows: Vec<SheetRow<'_>> = Vec::new();
        let (mut row, mut cell, mut in_value, mut text) = (0, None::<Cell>, false, InText::default());
        let (mut next_column, mut read_bytes) = (0, 0_u64);
        events(bytes, |event| {
            let in_text = text.has(&event);
            match &event {
                Event::Start(element) | Event::Empty(element) if element.local_name().as_ref() == "row" => {
                    row = attribute(element, "r").and_then(|row| row.parse().ok()).unwrap_or(row + 1);
                    // Of rows without text only the last is kept: a sheet can have a million.
                    if rows.last().is_some_and(|(_, cells)| cells.is_empty()) {
                        rows.pop();
                    }
                    rows.push((row, Vec::new()));
                    next_column = 0;
                }
                Event::Start(element) | Event::Empty(element) if element.local_name().as_ref() == "c" => {
                    // A cell that does not say where it stands stands behind the last one.
                    let column = attribute(element, "r").and_then(|place| column(&place)).unwrap_or(next_column);
                    next_column = column.saturating_add(1);
                    cell = Some(Cell {
                        column,
                        kind: attribute(element, "t").map(Cow::into_owned).unwrap_or_default(),
                        style: attribute(element, "s").and_then(|style| style.parse().ok()),
                        value: String::new(),
                    });
                }
                Event::Start(element) if element.local_name().as_ref() == "v" => in_value = true,
                Event::End(element) if element.local_name().as_ref() == "v" => in_value = false,
                Event::End(element) if element.local_name().as_ref() == "c" => {
                    if let (Some(cell), Some((_, cells))) = (cell.take(), rows.last_mut()) {
                        let column = cell.column;
                        let text = self.text(cell);
                        read_bytes += text.len() as u64;
                        if read_bytes > BILL_BYTES_MAX {
                            let limit_bytes = BILL_BYTES_MAX;
                            return Err(Refused::TooLarge { byte: 0, what: "a sheet", limit_bytes });
                        }
                        if column >= COLUMNS_MAX && !text.is_empty() {
                            return Err(refused(&format!("a sheet of up to {COLUMNS_MAX} columns"), "more"));
                        }
                        if !text.is_empty() {
                            cells.push((column, text));
                        }
                    }
                }
                _ if in_value || in_text => {
                    if let Some(cell) = &mut cell {
                        append(&event, &mut cell.value);
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        lines(rows)
    }

    /// What a cell says, as text: numbers exactly as they are written, dates as bills write them.
    fn text(&self, cell: Cell) -> Cow<'_, str> {
        let value = cell.value;
        match &*cell.kind {
            "s" => {
                let string = value.trim().parse::<usize>().ok().and_then(|index| self.strings.get(index));
                Cow::Borrowed(string.map_or("", String::as_str))
            }
            "" | "n" => {
                let is_date = cell.style.and_then(|style| self.styles.get(style)).copied().unwrap_or(false);
                let number = value::plain_decimal(value.trim());
                let shown = match (number, is_date) {
                    (Some(number), true) => value::time_of_serial(&number, self.epoch == Epoch::Of1904),
                    (number, _) => number,
                };
                Cow::Owned(shown.unwrap_or(value))
            }
            _ => Cow::Owned(value),
        }
    }
}

fn lines(rows: Vec<SheetRow<'_>>) -> Result<Lines<u32>, Refused> {
    let width = rows.iter().flat_map(|(_, cells)| cells).map(|(column, _)| column + 1).max().unwrap_or(0);
    let mut lines = Lines { bytes: Vec::new(), of: Vec::new() };
    let mut blank: Vec<&[u8]> = vec![b""; width];
    for (number, cells) in rows.iter().filter(|(_, cells)| !cells.is_empty()) {
        blank.fill(b"");
        for (column, text) in cells {
            if let Some(cell) = blank.get_mut(*column) {
                *cell = text.as_bytes();
            }
        }
        let start = lines.push(blank.iter().copied())?;
        lines.of.push((start, *number));
    }
    Ok(lines)
}

/// The column of a cell's name, from 0: 5 in `F23`.
fn column(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters.fold(0_usize, |number, letter| {
        number.saturating_mul(26).saturating_add(usize::from(letter.to_ascii_uppercase() - b'A') + 1)
    });
    number.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cells_column_is_read_from_its_name() {
        for (name, index) in
            [("A1", Some(0)), ("F23", Some(5)), ("AA9", Some(26)), ("XFD1", Some(16_383)), ("12", None)]
        {
            assert_eq!(column(name), index, "{name}");
        }
        assert!(column(&"Z".repeat(300)).unwrap() > COLUMNS_MAX);
    }

    #[test]
    fn formats_with_letters_of_days_and_times_are_dates() {
        for (code, is_date) in [
            ("yyyy/m/d h:mm", true),
            ("[$-804]hh:mm", true),
            ("0.00", false),
            ("\"days\" 0", false),
            ("[Red]#,##0.00", false),
            ("General", false),
        ] {
            assert_eq!(is_date_format(code), is_date, "{code}");
        }
    }
}
