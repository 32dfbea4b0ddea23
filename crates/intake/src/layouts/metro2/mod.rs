//! Metro 2, the format in which furnishers of the United States and Canada report accounts each month.
//!
//! A file is a header record, a record for each account (a base segment, then segments for associated consumers, former
//! creditors, mortgages, employment), and a trailer record with control totals. Start at [`read`], or at [`parts()`] for
//! several threads, or at [`write`](mod@write); what these are made of is usable by itself: [`frame`] finds the records,
//! [`segment`] cuts and reads them by the one table in [`fields`]. `docs/formats/metro2.md` says what is refused, what is
//! rejected, and what becomes of each code.

mod codes;
mod facts;
pub mod fields;
pub mod frame;
mod parts;
pub mod segment;
mod totals;
mod validate;
pub mod write;

use std::io::BufRead;

use tallystick_model::fact::RecordPlace;
use tallystick_model::{CategorySet, DataCategory, Identifier};

use self::facts::{Account, Output, Party};
use self::fields::{Form, SegmentKind, base};
use self::frame::{Frame, Frames, RecordKind};
pub use self::parts::parts;
use self::segment::{CutFault, Record, Segment};
use self::totals::Totals;
use self::validate::Fault;
use crate::read::{FileSummary, ReadContext, Refused, Sink};
use crate::reject::{Found, Reject, RejectCode};

/// Name and version of the layout.
pub const NAME: &str = "metro2 1";

/// The categories of data that files of this layout may carry: credit and identity, and occupation in N1 segments.
pub fn categories() -> CategorySet {
    [DataCategory::Identity, DataCategory::Credit, DataCategory::Occupation].into_iter().collect()
}

/// Why the beginning of a file is of this layout; `None` if it is not.
pub fn recognise(head: &[u8]) -> Option<String> {
    let behind = |bytes: usize| head.get(bytes..).is_some_and(|rest| rest.starts_with(b"HEADER"));
    let words = match (behind(4), behind(8)) {
        (true, _) => "a descriptor word",
        (false, true) => "two descriptor words",
        (false, false) => return None,
    };
    Some(format!("`HEADER` behind {words} at the start"))
}

/// Reads a file and hands its records to `sink`.
///
/// # Errors
/// [`Refused`] if it has no valid header, no trailer, or something after the trailer, or if its records can't be told
/// apart.
pub fn read(input: &mut dyn BufRead, context: &ReadContext, sink: &mut dyn Sink) -> Result<FileSummary, Refused> {
    let mut frames = Frames::open(input)?;
    let form = frames.form();
    validate::header(&frames.record(), form)?;
    let mut reading = Reading::new(Output::new(context, sink), form);
    while frames.advance()? {
        if let Some(trailer) = reading.take(&frames.record()) {
            let stated = totals::stated(&trailer, form)?;
            frames.finish()?;
            let control_totals = stated.compare(&reading.totals, frames.blocks());
            return Ok(FileSummary { control_totals, ..reading.summary() });
        }
        if !reading.output.sink.goes_on() {
            return Err(Refused::Stopped);
        }
    }
    Err(frames.truncated("a trailer record"))
}

/// What is set aside, in the order of [`FileSummary::set_aside`].
#[derive(Clone, Copy)]
enum SetAside {
    /// A segment refused by itself.
    Refused,
    /// A J1 or J2 segment without any content.
    Filler,
    /// An L1 segment: the [`Change`](segment::Change) is known, no statement holds it.
    Change,
    /// A K1, K2, K3 or K4 segment, or the address in an N1: valid, and no statement holds it.
    NotKept,
}

impl SetAside {
    const REASONS: [&'static str; 4] = [
        "segments refused by themselves, their record loaded",
        "J1 and J2 segments without content",
        "L1 segments: changes of account or identification number, read and not applied",
        "K1, K2, K3 and K4 segments: read, nothing of them kept",
    ];
}

/// A file, or a part of one, being read.
struct Reading<'r> {
    output: Output<'r>,
    form: Form,
    records: u64,
    rejects: u64,
    /// By [`SetAside`].
    set_aside: [u64; SetAside::REASONS.len()],
    totals: Totals,
}

impl<'r> Reading<'r> {
    fn new(output: Output<'r>, form: Form) -> Self {
        Self { output, form, records: 0, rejects: 0, set_aside: Default::default(), totals: Totals::default() }
    }

    /// Takes the next record; gives it back if it is the trailer.
    fn take<'f>(&mut self, frame: &Frame<'f>) -> Option<Frame<'f>> {
        match frame.kind {
            RecordKind::Trailer => return Some(*frame),
            RecordKind::Header => self.misplaced_header(frame),
            RecordKind::Data => self.data_record(frame),
        }
        None
    }

    fn sets_aside(&mut self, what: SetAside, count: u64) {
        if let Some(sum) = self.set_aside.get_mut(what as usize) {
            *sum += count;
        }
    }

    fn misplaced_header(&mut self, frame: &Frame<'_>) {
        self.records += 1;
        self.reject(Fault {
            code: RejectCode::MisplacedRecord,
            byte: frame.byte,
            field: "RecordIdentifier".to_owned(),
            expected: "a data record or the trailer record".to_owned(),
            found: Found::phrase("a header record"),
        });
    }

    fn data_record(&mut self, frame: &Frame<'_>) {
        self.records += 1;
        let Ok(record) = Record::cut(frame.bytes, self.form, frame.byte) else {
            self.totals.count_uncut();
            self.reject(Fault {
                code: RejectCode::RecordLength,
                byte: frame.byte,
                field: "Base".to_owned(),
                expected: format!("{} bytes and whole segments", SegmentKind::Base.length(self.form)),
                found: Found::phrase(format!("{} bytes", frame.bytes.len())),
            });
            return;
        };
        let fillers = self.totals.count(&record);
        self.sets_aside(SetAside::Filler, fillers);
        match validate::base(&record.base) {
            Ok(base) => match self.base_identifier(&record, &base) {
                Ok(identifier) => self.account(&record, &base, identifier),
                Err(fault) => self.reject(fault),
            },
            // The account can't be loaded, so neither can its associated consumers.
            Err(fault) => self.reject(*fault),
        }
    }

    /// The subject of a base segment: by social security number, or else by the furnisher's account number.
    fn base_identifier(&self, record: &Record<'_>, base: &validate::Base<'_>) -> Result<Identifier, Fault> {
        let by_number = base.consumer.social_security_number.clone();
        let field = &base::CONSUMER_ACCOUNT_NUMBER;
        by_number.or_else(|| facts::member_number(&self.output.context.furnisher, base.account_number)).ok_or_else(
            || Fault {
                code: RejectCode::InvalidIdentifier,
                byte: record.base.byte_of(field),
                field: field.path(),
                expected: "a shorter account number, to stand for the missing social security number".to_owned(),
                found: Found::shape(record.base.raw(field)),
            },
        )
    }

    /// Hands on what a record says of each of its consumers.
    fn account(&mut self, record: &Record<'_>, base: &validate::Base<'_>, identifier: Identifier) {
        let account = Account::of(base);
        // An N1 segment comes last and speaks of the base consumer, who is handed on first.
        let employment = record.appended().flatten().find(|segment| segment.kind == SegmentKind::N1);
        let party = Party {
            identifier,
            consumer: &base.consumer,
            address: &base.address,
            employment: employment.and_then(|segment| validate::employment(&segment).ok()),
            place: RecordPlace { record: self.records, byte: record.base.byte },
        };
        account.hand_on(party, &mut self.output);
        for segment in record.appended() {
            let read = match segment {
                Ok(segment) if segment.is_filler() => Ok(()),
                Ok(segment) => self.appended(&account, base, &segment),
                Err(fault) => Err(Box::new(cut_fault(fault))),
            };
            if let Err(fault) = read {
                self.sets_aside(SetAside::Refused, 1);
                self.reject(*fault);
            }
        }
    }

    /// Hands on what an appended segment says; segments K1 to L1 carry nothing that a statement holds.
    fn appended(
        &mut self,
        account: &Account<'_>,
        base: &validate::Base<'_>,
        segment: &Segment<'_>,
    ) -> Result<(), Box<Fault>> {
        match segment.kind {
            SegmentKind::J1 | SegmentKind::J2 => {
                let (identifier, consumer, address) = validate::associated(segment)?;
                let address = address.as_ref().unwrap_or(&base.address);
                let place = RecordPlace { record: self.records, byte: segment.byte };
                let party = Party { identifier, consumer: &consumer, address, employment: None, place };
                account.hand_on(party, &mut self.output);
            }
            SegmentKind::N1 => {
                validate::employment(segment)?;
            }
            SegmentKind::L1 => {
                validate::change(segment)?;
                self.sets_aside(SetAside::Change, 1);
            }
            _ => {
                validate::not_kept(segment)?;
                self.sets_aside(SetAside::NotKept, 1);
            }
        }
        Ok(())
    }

    fn reject(&mut self, fault: Fault) {
        let Fault { code, byte, field, expected, found } = fault;
        self.rejects += 1;
        self.output.sink.reject(Reject {
            code,
            place: RecordPlace { record: self.records, byte },
            field,
            expected,
            found,
        });
    }

    fn summary(&mut self) -> FileSummary {
        self.output.tell_withheld();
        let set_aside = SetAside::REASONS.into_iter().zip(self.set_aside).filter(|(_, count)| *count > 0);
        FileSummary {
            records: self.records,
            rejects: self.rejects,
            set_aside: set_aside.map(|(reason, count)| (reason.to_owned(), count)).collect(),
            findings: Vec::new(),
            control_totals: Vec::new(),
            control_totals_bind: true,
        }
    }
}

fn cut_fault(fault: CutFault<'_>) -> Fault {
    let (code, byte, field, expected, found) = match fault {
        CutFault::Unknown { byte, identifier } => {
            let expected = "J1, J2, K1, K2, K3, K4, L1 or N1".to_owned();
            (RejectCode::UnknownSegment, byte, "SegmentIdentifier".to_owned(), expected, Found::text(identifier))
        }
        CutFault::Length { byte, kind, bytes } => {
            let found = match bytes {
                Some(bytes) => format!("{bytes} bytes"),
                None => "something else than a segment after them".to_owned(),
            };
            let expected = format!("{} bytes", kind.length(Form::Character));
            (RejectCode::SegmentLength, byte, kind.name().to_owned(), expected, Found::phrase(found))
        }
    };
    Fault { code, byte, field, expected, found }
}
