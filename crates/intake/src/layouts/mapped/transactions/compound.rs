//! The outside of an xls: a compound file whose workbook stream holds records. Walked before the file is laid out, because a
//! reader of it lays out every cell between the first used one and the last: two cells could ask for gigabytes.
//!
//! [MS-CFB] and [MS-XLS] of the format's maker say what stands where.

use super::sheet::refused;
use crate::read::Refused;

/// Largest xls that is read.
const FILE_BYTES_MAX: usize = 16 << 20;

/// Most cells of all sheets, each as large as the largest.
const CELLS_MAX: u64 = 1 << 22;

/// Above these a sector's number has a meaning of its own (end of a chain, free ...).
const SECTOR_MAX: u32 = 0xFFFF_FFFA;

/// Smaller streams lie elsewhere; workbooks are filled up to this size.
const STREAM_BYTES_MIN: u64 = 4096;

const DIRECTORY_ENTRY_BYTES: usize = 128;

/// Record types of [MS-XLS] that hold cells, each with row and column in front.
const CELLS: [u16; 9] = [0x0006, 0x00BD, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E, 0x0207];
const MULTIPLE_NUMBERS: u16 = 0x00BD;
const BLANK_CELLS: [u16; 2] = [0x0201, 0x00BE];
const BOUND_SHEET: u16 = 0x0085;
const BEGIN_SHEET: u16 = 0x0809;

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn double_word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// Checks that an xls asks for no more memory than its content is worth.
///
/// # Errors
/// [`Refused`] if it does, or is damaged.
pub(super) fn check(file: &[u8]) -> Result<(), Refused> {
    if file.len() > FILE_BYTES_MAX {
        return Err(Refused::TooLarge { byte: 0, what: "an xls", limit_bytes: FILE_BYTES_MAX as u64 });
    }
    let streams = workbooks(file).ok_or_else(|| refused("a sound xls file", "a damaged one"))?;
    if streams.is_empty() {
        return Err(refused("a workbook in the file", "none"));
    }
    streams.iter().try_for_each(|stream| check_workbook(stream))
}

/// The streams that are workbooks; `None` if the file is damaged.
fn workbooks(file: &[u8]) -> Option<Vec<Vec<u8>>> {
    let sector_bytes = match word(file, 30)? {
        9 => 512,
        12 => 4096,
        _ => return None,
    };
    let sectors = Sectors { file, sector_bytes, next: next_sectors(file, sector_bytes)? };
    let directory = sectors.chain(double_word(file, 48)?, u64::MAX)?;
    let mut streams = Vec::new();
    for entry in directory.chunks_exact(DIRECTORY_ENTRY_BYTES) {
        let name = entry.get(..64)?.chunks_exact(2).map_while(|pair| match pair {
            [0, 0] => None,
            [low, 0] => Some(low.to_ascii_lowercase()),
            _ => Some(b'?'),
        });
        let name: Vec<u8> = name.collect();
        if name != b"workbook" && name != b"book" {
            continue;
        }
        let bytes = u64::from(double_word(entry, 120)?);
        if bytes < STREAM_BYTES_MIN {
            return None;
        }
        streams.push(sectors.chain(double_word(entry, 116)?, bytes)?);
    }
    Some(streams)
}

struct Sectors<'f> {
    file: &'f [u8],
    sector_bytes: usize,
    /// The sector after each, in its chain.
    next: Vec<u32>,
}

fn sector(file: &[u8], sector_bytes: usize, number: u32) -> Option<&[u8]> {
    let start = usize::try_from(number).ok()?.checked_add(1)?.checked_mul(sector_bytes)?;
    // The last one may be cut short.
    file.get(start..start.checked_add(sector_bytes)?.min(file.len())).filter(|bytes| !bytes.is_empty())
}

/// The table of chains: its own sectors are listed in the header, and from there on in a chain of lists.
fn next_sectors(file: &[u8], sector_bytes: usize) -> Option<Vec<u32>> {
    let sectors_max = file.len() / sector_bytes + 1;
    let mut listed: Vec<u32> = (0..109).map_while(|place| double_word(file, 76 + place * 4)).collect();
    let mut list = double_word(file, 68)?;
    let mut lists = 0;
    while list < SECTOR_MAX {
        lists += 1;
        let bytes = sector(file, sector_bytes, list).filter(|_| lists <= sectors_max)?;
        listed.extend(bytes.chunks_exact(4).filter_map(|bytes| double_word(bytes, 0)));
        list = listed.pop()?;
    }
    let mut next = Vec::new();
    for number in listed.into_iter().filter(|number| *number < SECTOR_MAX) {
        if next.len() > sectors_max.saturating_mul(2).max(sector_bytes) {
            return None;
        }
        next.extend(sector(file, sector_bytes, number)?.chunks_exact(4).filter_map(|bytes| double_word(bytes, 0)));
    }
    Some(next)
}

impl Sectors<'_> {
    /// The bytes of a chain, at most `bytes_max`.
    fn chain(&self, first: u32, bytes_max: u64) -> Option<Vec<u8>> {
        let (mut bytes, mut number) = (Vec::new(), first);
        while number < SECTOR_MAX && (bytes.len() as u64) < bytes_max {
            if bytes.len() > self.file.len() {
                return None;
            }
            bytes.extend_from_slice(sector(self.file, self.sector_bytes, number)?);
            number = self.next.get(usize::try_from(number).ok()?).copied()?;
        }
        bytes.truncate(usize::try_from(bytes_max).unwrap_or(usize::MAX));
        Some(bytes)
    }
}

/// Rows and columns from the first used to the last, of all sheets as one.
#[derive(Default)]
struct Extent {
    rows: Option<(u16, u16)>,
    columns: Option<(u16, u16)>,
}

impl Extent {
    fn add(&mut self, row: u16, column: u16) {
        let with = |range: Option<(u16, u16)>, value: u16| {
            let (low, high) = range.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        };
        (self.rows, self.columns) = (with(self.rows, row), with(self.columns, column));
    }

    fn cells(&self) -> u64 {
        let size = |range: Option<(u16, u16)>| range.map_or(0, |(low, high)| u64::from(high - low) + 1);
        size(self.rows) * size(self.columns)
    }
}

fn check_workbook(stream: &[u8]) -> Result<(), Refused> {
    let (mut extent, mut sheets, mut begins, mut at) = (Extent::default(), Vec::new(), Vec::new(), 0);
    while let (Some(kind), Some(length)) = (word(stream, at), word(stream, at + 2)) {
        let start = at + 4;
        let data = stream.get(start..start + usize::from(length)).unwrap_or_default();
        match kind {
            BOUND_SHEET => sheets.extend(double_word(data, 0)),
            BEGIN_SHEET => begins.push(at),
            _ if CELLS.contains(&kind) || BLANK_CELLS.contains(&kind) => {
                if let (Some(row), Some(column)) = (word(data, 0), word(data, 2)) {
                    extent.add(row, column);
                    if kind == MULTIPLE_NUMBERS {
                        extent.add(row, column.saturating_add(length / 6));
                    }
                }
            }
            _ => {}
        }
        at = start + usize::from(length);
    }
    // A sheet that begins elsewhere would be read as other records than these.
    let sound = |sheet: &u32| usize::try_from(*sheet).is_ok_and(|sheet| begins.binary_search(&sheet).is_ok());
    if !sheets.iter().all(sound) {
        return Err(refused("sheets that begin where the workbook says", "one that does not"));
    }
    if extent.cells().saturating_mul(sheets.len() as u64) > CELLS_MAX {
        return Err(refused(&format!("at most {CELLS_MAX} cells between the first used and the last"), "more"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workbook stream of these records.
    fn stream(records: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, data) in records {
            bytes.extend(kind.to_le_bytes());
            bytes.extend(u16::try_from(data.len()).unwrap().to_le_bytes());
            bytes.extend(*data);
        }
        bytes
    }

    fn cell(row: u16, column: u16) -> Vec<u8> {
        [row.to_le_bytes().as_slice(), &column.to_le_bytes(), &[0; 10]].concat()
    }

    #[test]
    fn two_far_cells_ask_for_too_much_and_a_table_does_not() {
        let sheet = 12_u32.to_le_bytes();
        let book = |cells: &[(u16, u16)], sheets: usize| {
            let cells: Vec<_> = cells.iter().map(|(row, column)| cell(*row, *column)).collect();
            let mut records: Vec<(u16, &[u8])> = vec![(BEGIN_SHEET, &[0; 4]), (0x1234, &[]), (BEGIN_SHEET, &[0; 4])];
            records.extend(cells.iter().map(|cell| (0x0203, cell.as_slice())));
            records.extend(std::iter::repeat_n((BOUND_SHEET, sheet.as_slice()), sheets));
            check_workbook(&stream(&records)).map_err(|refused| refused.to_string())
        };
        assert_eq!(book(&[(0, 0), (5_000, 20)], 3), Ok(()));
        let more =
            "byte 0 `spreadsheet`: expected at most 4194304 cells between the first used and the last, found more";
        assert_eq!(book(&[(0, 0), (65_535, 255)], 1), Err(more.to_owned()));
        assert_eq!(book(&[(0, 0), (5_000, 20)], 41), Err(more.to_owned()));
        assert_eq!(book(&[(65_535, 255)], 1), Ok(()));
    }

    #[test]
    fn a_sheet_that_begins_inside_another_record_is_refused() {
        let inside = 3_u32.to_le_bytes();
        let records: [(u16, &[u8]); 2] = [(BEGIN_SHEET, &[0; 4]), (BOUND_SHEET, &inside)];
        assert_eq!(
            check_workbook(&stream(&records)).unwrap_err().to_string(),
            "byte 0 `spreadsheet`: expected sheets that begin where the workbook says, found one that does not"
        );
    }

    #[test]
    fn what_is_no_compound_file_is_refused_and_never_a_panic() {
        for length in [0, 8, 512, 513, 5_000] {
            let told = check(&vec![0; length]).unwrap_err().to_string();
            assert_eq!(told, "byte 0 `spreadsheet`: expected a sound xls file, found a damaged one");
        }
        let all_one = [0xff; 10_000];
        assert!(check(&all_one).is_err());
        assert!(matches!(check(&vec![0; FILE_BYTES_MAX + 1]), Err(Refused::TooLarge { .. })));
    }
}
