//! Reading a Metro 2 file in parts, by several threads: cut between records, and in a blocked file between blocks.

use std::sync::OnceLock;

use super::facts::Output;
use super::frame::{OPEN_BYTES, READ_BYTES, RecordKind, Scan, Step, only_blanks, truncated};
use super::totals::{self, StatedTotals};
use super::{Reading, SetAside, validate};
use crate::file::DeliveryFile;
use crate::parts::{Cutter, Part, PartReader, Parts};
use crate::read::{ControlTotal, FileSummary, ReadContext, Refused, Sink};

/// Reads the header of a file, and gives what cuts the rest into parts of `part_bytes` or a little more, and what reads
/// these. All parts together give what [`read`](super::read) gives.
///
/// # Errors
/// [`Refused`] if the file does not begin with a valid header record.
pub fn parts<'a>(
    file: &'a dyn DeliveryFile,
    context: &'a ReadContext,
    part_bytes: usize,
) -> Result<Parts<'a>, Refused> {
    let mut buffer = Vec::new();
    let ends = read_more(file, 0, OPEN_BYTES, &mut buffer)?;
    let (scan, extent) = Scan::open(&buffer)?;
    let form = scan.form();
    validate::header(&extent.frame(&buffer, 0, form), form)?;
    buffer.drain(..extent.next.min(buffer.len()));
    let first_byte = extent.next as u64;
    let cutter =
        RecordCutter { file, scan: scan.clone(), buffer, at: first_byte, ends, part_bytes, has_trailer: false };
    let reader = RecordReader { context, scan, first_byte, stated: OnceLock::new(), file };
    Ok(Parts { cutter: Box::new(cutter), reader: Box::new(reader) })
}

/// Appends `count` bytes of `file` from `at` on, or as many as there are; tells whether that was the end.
fn read_more(file: &dyn DeliveryFile, at: u64, count: usize, buffer: &mut Vec<u8>) -> Result<bool, Refused> {
    let before = buffer.len();
    buffer.resize(before + count, 0);
    let read = file.read_at(at, buffer.get_mut(before..).unwrap_or(&mut []))?;
    buffer.truncate(before + read);
    Ok(read < count)
}

/// Cuts after the first record that completes a part, so that no part needs to know of another.
struct RecordCutter<'a> {
    file: &'a dyn DeliveryFile,
    scan: Scan,
    /// Bytes read and not handed out yet.
    buffer: Vec<u8>,
    /// Offset of the buffer in the file.
    at: u64,
    /// Whether the file has no more.
    ends: bool,
    part_bytes: usize,
    /// Whether the trailer was handed out.
    has_trailer: bool,
}

impl RecordCutter<'_> {
    fn fill(&mut self) -> Result<(), Refused> {
        let missing = self.part_bytes.saturating_sub(self.buffer.len()).max(READ_BYTES);
        self.ends = read_more(self.file, self.at + self.buffer.len() as u64, missing, &mut self.buffer)?;
        Ok(())
    }

    fn cut(&mut self, length: usize) -> Part {
        let rest = self.buffer.get(length..).unwrap_or(&[]).to_vec();
        self.buffer.truncate(length);
        let part = Part { at: self.at, bytes: std::mem::replace(&mut self.buffer, rest) };
        self.at += part.bytes.len() as u64;
        part
    }

    /// Nothing but line ends and blanks may follow the trailer.
    fn finish(&mut self) -> Result<(), Refused> {
        loop {
            only_blanks(&self.buffer, self.at)?;
            if self.ends {
                return Ok(());
            }
            self.at += self.buffer.len() as u64;
            self.buffer.clear();
            self.fill()?;
        }
    }
}

impl Cutter for RecordCutter<'_> {
    fn next_part(&mut self) -> Result<Option<Part>, Refused> {
        if self.has_trailer {
            self.finish()?;
            return Ok(None);
        }
        let mut walked = 0;
        loop {
            let rest = self.buffer.get(walked..).unwrap_or(&[]);
            let at = self.at + walked as u64;
            match self.scan.step(rest, at, self.ends)? {
                Step::Record(extent) => {
                    walked += extent.next;
                    self.has_trailer = extent.frame(rest, at, self.scan.form()).kind == RecordKind::Trailer;
                }
                Step::Skip(bytes) => walked += bytes,
                Step::More => {
                    self.fill()?;
                    continue;
                }
                Step::End => return Err(truncated(rest.len(), at, "a trailer record")),
            }
            if self.has_trailer || (walked >= self.part_bytes && self.scan.is_between_blocks()) {
                return Ok(Some(self.cut(walked)));
            }
        }
    }
}

struct RecordReader<'a> {
    context: &'a ReadContext,
    /// As the header leaves it: it may stand in a block with records.
    scan: Scan,
    /// Where the first part begins.
    first_byte: u64,
    file: &'a dyn DeliveryFile,
    /// What the trailer states, once the part with it was read.
    stated: OnceLock<StatedTotals>,
}

impl PartReader for RecordReader<'_> {
    /// The control totals of a part are what was counted in it; what is stated beside them is said by
    /// [`finish`](PartReader::finish).
    fn read_part(&self, part: &Part, sink: &mut dyn Sink) -> Result<FileSummary, Refused> {
        let is_first = part.at == self.first_byte;
        let mut scan = if is_first { self.scan.clone() } else { self.scan.after_a_block() };
        let form = scan.form();
        let mut reading = Reading::new(Output::new(self.context, sink), form);
        let mut walked = 0;
        loop {
            let rest = part.bytes.get(walked..).unwrap_or(&[]);
            let at = part.at + walked as u64;
            match scan.step(rest, at, true)? {
                Step::Record(extent) => {
                    walked += extent.next;
                    if let Some(trailer) = reading.take(&extent.frame(rest, at, form)) {
                        let stated = totals::stated(&trailer, form)?;
                        self.stated.get_or_init(|| stated);
                        break;
                    }
                }
                Step::Skip(bytes) => walked += bytes,
                Step::More | Step::End => break,
            }
            if !reading.output.sink.goes_on() {
                return Err(Refused::Stopped);
            }
        }
        let counted = reading.totals.counted(scan.blocks()).into_iter();
        let total = |name: &str, counted| ControlTotal { name: name.to_owned(), stated: None, counted };
        let control_totals = counted.map(|(field, counted)| total(field.name, counted)).collect();
        Ok(FileSummary { control_totals, ..reading.summary() })
    }

    fn finish(&self, sum: FileSummary) -> Result<FileSummary, Refused> {
        let Some(stated) = self.stated.get() else {
            let byte = self.file.length()?;
            return Err(Refused::Truncated { byte, expected: "a trailer record".to_owned() });
        };
        let counted = sum.control_totals.iter().map(|total| (total.name.as_str(), total.counted));
        let control_totals = stated.beside(counted);
        let mut set_aside = sum.set_aside;
        set_aside.sort_by_key(|(reason, _)| SetAside::REASONS.iter().position(|known| known == reason));
        Ok(FileSummary { control_totals, set_aside, ..sum })
    }
}
