//! Writing Metro 2: a file as typed values, its bytes in any framing and form, and the way back.
//!
//! For the exchange with other bureaus. [`parse`] reads what [`read`](super::read) reads, and [`File::print`] gives the very
//! bytes back: a field that its kind would write otherwise is kept as it stood ([`FieldValue::Raw`]). [`File::new`] makes a
//! file of segments, with its descriptor words, blocks and totals. The whole file is held in memory.

mod value;

use tallystick_model::Sensitive;
use thiserror::Error;

use self::value::word_of;
pub use self::value::{FieldValue, Values};
use super::fields::{Form, SegmentKind};
use super::frame::{Extent, Framing, OPEN_BYTES, RECORD_BYTES_MAX, Scan, Step, only_blanks, truncated};
use super::segment::{self, Segment, packed_form};
use super::totals::{self, Totals};
use super::{RecordKind, validate};
use crate::read::Refused;

/// Largest block that [`File::new`] makes: four digits can't say more, and a mainframe's blocks end at 32,760.
const fn block_bytes_max(form: Form) -> usize {
    if form.is_packed() { 32_760 } else { 9_999 }
}

/// Why a file can't be written. No personal data is told.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unwritable {
    /// The value does not fit.
    #[error("`{field}`: expected at most {length} bytes or digits")]
    TooLong {
        /// The field, as rejects name it.
        field: String,
        /// Its length in the character form.
        length: usize,
    },
    /// The value is of another kind than the field.
    #[error("`{field}`: expected {expected}")]
    WrongKind {
        /// The field, as rejects name it.
        field: String,
        /// What the table says.
        expected: &'static str,
    },
    /// The value has control characters: in a line they would end the record.
    #[error("`{field}`: expected no control characters")]
    Control {
        /// The field, as rejects name it.
        field: String,
    },
    /// A record or block is longer than its descriptor word can say.
    #[error("record {record}: {bytes} bytes are more than its descriptor word can say")]
    TooLarge {
        /// From 0, the header.
        record: usize,
        /// How long it would be.
        bytes: usize,
    },
    /// Packed numbers, or a line end within a record, where lines tell records apart.
    #[error("record {record}: expected neither packed numbers nor a line end in a file of lines")]
    NotALine {
        /// From 0, the header.
        record: usize,
    },
    /// A record does not begin with a base segment, or the header or trailer is none.
    #[error("record {record}: expected {expected} first")]
    WrongSegment {
        /// From 0, the header.
        record: usize,
        /// The segment that should come first.
        expected: &'static str,
    },
}

/// A block descriptor word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockWord {
    /// The length of its block, whatever it is.
    Length,
    /// These bytes.
    Raw(Vec<u8>),
}

/// How a record stands to blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockPlace {
    /// It begins one.
    Begins(BlockWord),
    /// It is in the one that an earlier record began.
    Within,
    /// It is in none.
    Outside,
}

/// A record with what stands around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// How it stands to blocks.
    pub block: BlockPlace,
    /// The header, the trailer, or a base segment and those appended to it; empty if the record can't be cut.
    pub segments: Vec<Values>,
    /// What follows the last segment within the record: blanks up to a fixed length, or what can't be cut.
    pub rest: Sensitive<Vec<u8>>,
    /// What follows the record before the next one: a line end, empty lines, the filling of a block.
    pub ending: Vec<u8>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// How header, base segments and trailer are written.
    pub form: Form,
    /// How records are told apart.
    pub framing: Framing,
    /// The first record.
    pub header: Record,
    /// The records between.
    pub records: Vec<Record>,
    /// The last record.
    pub trailer: Record,
}

/// Reads a file as values. Its records are not validated, but for the header.
///
/// # Errors
/// [`Refused`] where [`read`](super::read) refuses a file.
pub fn parse(bytes: &[u8]) -> Result<File, Refused> {
    let (mut scan, extent) = Scan::open(bytes.get(..OPEN_BYTES).unwrap_or(bytes))?;
    let (form, framing) = (scan.form(), scan.framing());
    let header = extent.frame(bytes, 0, form);
    validate::header(&header, form)?;
    let is_outside = |extent: &Extent| extent.block_word_bytes == 0 && framing != Framing::Blocked;
    let mut found = vec![Found { begin: 0, extent, is_outside: is_outside(&extent) }];
    let mut at = extent.next;
    let trailer = loop {
        let rest = bytes.get(at..).unwrap_or(&[]);
        let blocks = scan.blocks();
        match scan.step(rest, at as u64, true)? {
            Step::Record(extent) => {
                let begins = scan.blocks() > blocks;
                found.push(Found { begin: at, extent, is_outside: extent.block_word_bytes == 0 && begins });
                let frame = extent.frame(rest, at as u64, form);
                at += extent.next;
                if frame.kind == RecordKind::Trailer {
                    break frame;
                }
            }
            Step::Skip(skipped) => at += skipped,
            Step::More | Step::End => return Err(truncated(rest.len(), at as u64, "a trailer record")),
        }
    };
    totals::stated(&trailer, form)?;
    only_blanks(bytes.get(at..).unwrap_or(&[]), at as u64)?;
    Ok(typed(bytes, &found, form, framing))
}

/// A record found in a file.
struct Found {
    begin: usize,
    extent: Extent,
    is_outside: bool,
}

fn typed(bytes: &[u8], found: &[Found], form: Form, framing: Framing) -> File {
    let body = |found: &Found| {
        bytes.get(found.begin + found.extent.block_word_bytes..found.begin + found.extent.end).unwrap_or(&[])
    };
    // One form for all: what does not fit it stays raw.
    let data = found.iter().skip(1).map(body).find(|body| segment::Record::cut(body, form, 0).is_ok());
    let form = match data {
        Some(body) if form.is_packed() => packed_form(SegmentKind::Base, body),
        None if form.is_packed() => packed_form(SegmentKind::Trailer, found.last().map_or(&[], body)),
        _ => form,
    };
    let ends = found.iter().skip(1).map(|next| next.begin).chain([bytes.len()]);
    let mut records: Vec<_> = found
        .iter()
        .zip(ends)
        .enumerate()
        .map(|(place, (one, end))| {
            let kind = match place {
                0 => SegmentKind::Header,
                _ if place + 1 == found.len() => SegmentKind::Trailer,
                _ => SegmentKind::Base,
            };
            let word = bytes.get(one.begin..one.begin + one.extent.block_word_bytes).unwrap_or(&[]);
            let block = match word {
                [] if one.is_outside => BlockPlace::Outside,
                [] => BlockPlace::Within,
                word => BlockPlace::Begins(BlockWord::Raw(word.to_vec())),
            };
            let (segments, rest) = segments_of(kind, body(one), form);
            let ending = bytes.get(one.begin + one.extent.end..end).unwrap_or(&[]).to_vec();
            Record { block, segments, rest: Sensitive::new(rest.to_vec()), ending }
        })
        .collect();
    let bodies: Vec<_> = found.iter().map(|one| body(one).len()).collect();
    let lengths = block_lengths(&records.iter().collect::<Vec<_>>(), &bodies, framing);
    for (record, length) in records.iter_mut().zip(lengths) {
        if let BlockPlace::Begins(word @ BlockWord::Raw(_)) = &mut record.block {
            let computed = word_of(length, form);
            if *word == BlockWord::Raw(computed.unwrap_or_default().to_vec()) {
                *word = BlockWord::Length;
            }
        }
    }
    let trailer = records.pop();
    let mut records = records.into_iter();
    let none = || Record::outside(vec![]);
    File {
        form,
        framing,
        header: records.next().unwrap_or_else(none),
        records: records.collect(),
        trailer: trailer.unwrap_or_else(none),
    }
}

fn segments_of(kind: SegmentKind, body: &[u8], form: Form) -> (Vec<Values>, &[u8]) {
    let length = body.len();
    if kind != SegmentKind::Base {
        let (bytes, rest) = body.split_at_checked(kind.length(form)).unwrap_or((body, &[]));
        return (vec![Values::of(&Segment { kind, form, bytes, byte: 0 }, length)], rest);
    }
    let Ok(record) = segment::Record::cut(body, form, 0) else {
        return (vec![], body);
    };
    let base = Segment { form, ..record.base };
    let mut segments = vec![Values::of(&base, length)];
    let mut end = base.bytes.len();
    for appended in record.appended().map_while(Result::ok) {
        end += appended.bytes.len();
        segments.push(Values::of(&Segment { form, ..appended }, length));
    }
    (segments, body.get(end..).unwrap_or(&[]))
}

/// For each record the length of the block that it begins.
fn block_lengths(records: &[&Record], bodies: &[usize], framing: Framing) -> Vec<usize> {
    let mut lengths = vec![0; records.len()];
    let mut block = None;
    for (place, (record, body)) in records.iter().zip(bodies).enumerate() {
        let ending = if framing == Framing::Lines || place + 1 == records.len() { 0 } else { record.ending.len() };
        let (begins, word) = match record.block {
            BlockPlace::Begins(_) => (Some(place), 4),
            BlockPlace::Within => (block, 0),
            BlockPlace::Outside => (None, 0),
        };
        block = begins;
        if let Some(length) = begins.and_then(|place| lengths.get_mut(place)) {
            *length += word + body + ending;
        }
    }
    lengths
}

impl Record {
    fn outside(segments: Vec<Values>) -> Self {
        Self { block: BlockPlace::Outside, segments, rest: Sensitive::new(vec![]), ending: vec![] }
    }

    /// Length in bytes, without its block descriptor word.
    fn length(&self, form: Form) -> usize {
        self.segments.iter().map(|segment| segment.length(form)).sum::<usize>() + self.rest.expose().len()
    }

    fn print(&self, form: Form) -> Result<Vec<u8>, Unwritable> {
        let length = self.length(form);
        let mut body = Vec::with_capacity(length);
        self.segments.iter().try_for_each(|segment| segment.print(form, length, &mut body))?;
        body.extend_from_slice(self.rest.expose());
        Ok(body)
    }
}

impl File {
    /// A file of a header, records of a base segment and those appended, and a trailer with the totals of these. On lines
    /// each ends with a line feed; in blocks there are as many whole records as a block can hold.
    ///
    /// # Errors
    /// [`Unwritable`] with the first value that can't be written.
    pub fn new(form: Form, framing: Framing, header: Values, records: Vec<Vec<Values>>) -> Result<Self, Unwritable> {
        let record = |mut segments: Vec<Values>| {
            if let Some(first) = segments.first_mut() {
                first.compute_length();
            }
            Record::outside(segments)
        };
        let mut file = Self {
            form,
            framing,
            header: record(vec![header]),
            records: records.into_iter().map(record).collect(),
            trailer: record(vec![Values::unstated(SegmentKind::Trailer)]),
        };
        let mut block = None;
        for record in file.all_mut() {
            if framing == Framing::Lines {
                record.ending = b"\n".to_vec();
            }
            if framing == Framing::Blocked {
                let length = record.length(form);
                let filled = block.map(|filled: usize| filled + length);
                if let Some(filled) = filled.filter(|&filled| filled <= block_bytes_max(form)) {
                    record.block = BlockPlace::Within;
                    block = Some(filled);
                } else {
                    record.block = BlockPlace::Begins(BlockWord::Length);
                    block = Some(4 + length);
                }
            }
        }
        file.total()
    }

    /// The file with the totals of its records in its trailer.
    fn total(mut self) -> Result<Self, Unwritable> {
        let blocks = self.all().filter(|record| record.block != BlockPlace::Within).count();
        let mut totals = Totals::default();
        for record in &self.records {
            let body = record.print(self.form)?;
            match segment::Record::cut(&body, self.form, 0) {
                Ok(record) => {
                    totals.count(&record);
                }
                Err(segment::NotCut) => totals.count_uncut(),
            }
        }
        if let Some(mut trailer) = self.trailer.segments.pop() {
            for (field, counted) in totals.counted(i64::try_from(blocks).unwrap_or(i64::MAX)) {
                trailer = trailer.with(field, FieldValue::Number(u64::try_from(counted).unwrap_or(0)));
            }
            self.trailer.segments.push(trailer);
        }
        Ok(self)
    }

    fn all(&self) -> impl Iterator<Item = &Record> {
        [&self.header].into_iter().chain(&self.records).chain([&self.trailer])
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Record> {
        [&mut self.header].into_iter().chain(&mut self.records).chain([&mut self.trailer])
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// [`Unwritable`] with the first value or record that can't be written.
    pub fn print(&self) -> Result<Vec<u8>, Unwritable> {
        let bodies = self.all().map(|record| record.print(self.form)).collect::<Result<Vec<_>, _>>()?;
        self.check(&bodies)?;
        let records: Vec<_> = self.all().collect();
        let lengths: Vec<_> = bodies.iter().map(Vec::len).collect();
        let blocks = block_lengths(&records, &lengths, self.framing);
        let mut out = Vec::with_capacity(lengths.iter().sum::<usize>() + 8 * records.len());
        for (place, ((record, body), block)) in records.iter().zip(&bodies).zip(blocks).enumerate() {
            match &record.block {
                BlockPlace::Begins(BlockWord::Length) => {
                    let too_large = Unwritable::TooLarge { record: place, bytes: block };
                    out.extend_from_slice(&word_of(block, self.form).ok_or(too_large)?);
                }
                BlockPlace::Begins(BlockWord::Raw(word)) => out.extend_from_slice(word),
                BlockPlace::Within | BlockPlace::Outside => {}
            }
            out.extend_from_slice(body);
            out.extend_from_slice(&record.ending);
        }
        Ok(out)
    }

    /// What would not be read again.
    fn check(&self, bodies: &[Vec<u8>]) -> Result<(), Unwritable> {
        for (place, (record, body)) in self.all().zip(bodies).enumerate() {
            let expected = match place {
                0 => SegmentKind::Header,
                _ if place + 1 == bodies.len() => SegmentKind::Trailer,
                _ => SegmentKind::Base,
            };
            let first = record.segments.first().map(Values::kind);
            if first.unwrap_or(SegmentKind::Base) != expected {
                return Err(Unwritable::WrongSegment { record: place, expected: expected.name() });
            }
            if body.len() >= RECORD_BYTES_MAX {
                return Err(Unwritable::TooLarge { record: place, bytes: body.len() });
            }
            if self.framing == Framing::Lines && (self.form.is_packed() || body.contains(&b'\n')) {
                return Err(Unwritable::NotALine { record: place });
            }
        }
        Ok(())
    }
}
