//! What the tests share: the foreign files, a sink that keeps everything, and records made field by field.

use std::path::PathBuf;

use tallystick_intake::layouts::metro2::fields::{Field, FieldKind, Form, SegmentKind};
use tallystick_intake::layouts::metro2::frame::Framing;
use tallystick_intake::layouts::metro2::read;
use tallystick_intake::layouts::metro2::write::{self, File, Values};
use tallystick_intake::{FileSummary, ReadContext, Refused, Reject, Sink};
use tallystick_model::fact::ReportedRecord;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{CategorySet, DataCategory};

/// The bytes of a foreign file, or `None` and a line that says so where they are not at hand.
pub(crate) fn foreign(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/metro2")).join(name);
    let bytes = std::fs::read(&path);
    if let Err(error) = &bytes {
        println!("SKIPPED {}: {error}", path.display());
    }
    bytes.ok()
}

/// Every foreign file there is, sound or not, with its name.
pub(crate) fn all_foreign() -> Vec<(String, Vec<u8>)> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/metro2"));
    let (mut folders, mut files) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            println!("SKIPPED {}: not there", folder.display());
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                files.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// Keeps what a layout hands over.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) records: Vec<ReportedRecord>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) not_admitted: Vec<(DataCategory, u64)>,
    pub(crate) stop_after: Option<usize>,
}

impl Sink for Kept {
    fn record(&mut self, record: ReportedRecord) {
        self.records.push(record);
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }

    fn not_admitted(&mut self, category: DataCategory, count: u64) {
        self.not_admitted.push((category, count));
    }

    fn goes_on(&mut self) -> bool {
        self.stop_after.is_none_or(|limit| self.records.len() < limit)
    }
}

impl Kept {
    /// Adds what a later part gave, its records counted on from `before`.
    pub(crate) fn add(&mut self, part: Self, before: u64) {
        self.records.extend(part.records.into_iter().map(|mut record| {
            record.place.record += before;
            record
        }));
        self.rejects.extend(part.rejects.into_iter().map(|mut reject| {
            reject.place.record += before;
            reject
        }));
        self.not_admitted.extend(part.not_admitted);
    }

    /// The rejects as the furnisher sees them.
    pub(crate) fn reject_lines(&self) -> Vec<String> {
        self.rejects.iter().map(Reject::to_string).collect()
    }
}

pub(crate) fn context(admitted: CategorySet) -> ReadContext {
    ReadContext {
        furnisher: "F7".to_owned(),
        subject: None,
        provenance: Provenance::FurnisherSigned,
        admitted,
        month: None,
    }
}

pub(crate) fn read_all(bytes: &[u8]) -> (Result<FileSummary, Refused>, Kept) {
    let mut kept = Kept::default();
    let summary = read(&mut &*bytes, &context(CategorySet::all()), &mut kept);
    (summary, kept)
}

/// A segment made of blanks and zeros, with the fields the format requires filled in.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) kind: SegmentKind,
    pub(crate) bytes: Vec<u8>,
}

impl Draft {
    pub(crate) fn blank(kind: SegmentKind) -> Self {
        let mut bytes = vec![b' '; kind.length(Form::Character)];
        for field in kind.fields() {
            let place = field.character;
            if matches!(place.kind, FieldKind::Numeric | FieldKind::Date | FieldKind::Timestamp) {
                bytes[place.start..place.start + place.length].fill(b'0');
            }
        }
        Self { kind, bytes }
    }

    pub(crate) fn field(&self, name: &str) -> &'static Field {
        self.kind.fields().iter().find(|field| field.name == name).unwrap_or_else(|| panic!("no field {name}"))
    }

    /// Offset of a field within the segment.
    pub(crate) fn at(&self, name: &str) -> usize {
        self.field(name).character.start
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let place = self.field(name).character;
        let slot = &mut self.bytes[place.start..place.start + place.length];
        slot.fill(b' ');
        slot[..value.len()].copy_from_slice(value.as_bytes());
        self
    }

    pub(crate) fn header() -> Self {
        Self::blank(SegmentKind::Header)
            .with("RecordDescriptorWord", "0426")
            .with("RecordIdentifier", "HEADER")
            .with("ActivityDate", "03312026")
            .with("DateCreated", "04012026")
            .with("ReporterName", "FIRST TOWN BANK")
            .with("ReporterAddress", "1 MAIN STREET")
    }

    /// An instalment loan in good standing.
    pub(crate) fn base() -> Self {
        Self::blank(SegmentKind::Base)
            .with("RecordDescriptorWord", "0426")
            .with("ProcessingIndicator", "1")
            .with("TimeStamp", "03312026235959")
            .with("IdentificationNumber", "FTB01")
            .with("ConsumerAccountNumber", "ACCOUNT1")
            .with("PortfolioType", "I")
            .with("AccountType", "00")
            .with("DateOpened", "06152024")
            .with("HighestCredit", "000025000")
            .with("TermsDuration", "060")
            .with("TermsFrequency", "M")
            .with("ScheduledMonthlyPaymentAmount", "000000480")
            .with("ActualPaymentAmount", "000000480")
            .with("AccountStatus", "11")
            .with("PaymentHistoryProfile", "000000000000000000000BBB")
            .with("CurrentBalance", "000018000")
            .with("DateAccountInformation", "03312026")
            .with("DateLastPayment", "03152026")
            .with("Surname", "DOE")
            .with("FirstName", "JANE")
            .with("SocialSecurityNumber", "219099998")
            .with("DateBirth", "02281980")
            .with("TelephoneNumber", "2025550101")
            .with("ECOACode", "1")
            .with("FirstLineAddress", "2 ELM STREET")
            .with("City", "SPRINGFIELD")
            .with("State", "IL")
            .with("ZipCode", "62701")
    }

    pub(crate) fn j1() -> Self {
        Self::blank(SegmentKind::J1)
            .with("SegmentIdentifier", "J1")
            .with("Surname", "DOE")
            .with("FirstName", "JOHN")
            .with("SocialSecurityNumber", "219099997")
            .with("DateBirth", "07041979")
            .with("ECOACode", "2")
    }

    pub(crate) fn j2() -> Self {
        Self::blank(SegmentKind::J2)
            .with("SegmentIdentifier", "J2")
            .with("Surname", "ROE")
            .with("FirstName", "RICHARD")
            .with("SocialSecurityNumber", "219099996")
            .with("TelephoneNumber", "2025550199")
            .with("ECOACode", "5")
            .with("FirstLineAddress", "3 OAK STREET")
            .with("City", "PEORIA")
            .with("State", "IL")
            .with("ZipCode", "61601")
    }

    pub(crate) fn trailer() -> Self {
        Self::blank(SegmentKind::Trailer)
            .with("RecordDescriptorWord", "0426")
            .with("RecordIdentifier", "TRAILER")
            .with("Reserved1", "")
            .with("Reserved2", "")
    }
}

/// A record of a base segment and appended ones.
pub(crate) fn record(segments: &[Draft]) -> Vec<u8> {
    segments.iter().flat_map(|segment| segment.bytes.clone()).collect()
}

/// A file of these records between a header and a trailer, each on a line.
pub(crate) fn lines(records: &[Vec<u8>]) -> Vec<u8> {
    let mut file = [Draft::header().bytes.as_slice(), b"\n"].concat();
    for record in records {
        file.extend_from_slice(record);
        file.push(b'\n');
    }
    file.extend_from_slice(&Draft::trailer().bytes);
    file.push(b'\n');
    file
}

/// Offset of the first record in a file of [`lines`].
pub(crate) const FIRST_RECORD: usize = 427;

/// A sound segment of each kind but header and trailer.
pub(crate) fn drafts() -> Vec<Draft> {
    let blank = |kind: SegmentKind| Draft::blank(kind).with("SegmentIdentifier", kind.name());
    vec![
        Draft::base(),
        Draft::j1(),
        Draft::j2(),
        blank(SegmentKind::K1).with("OriginalCreditorName", "FIRST STORE").with("CreditorClassification", "01"),
        blank(SegmentKind::K2).with("PurchasedIndicator", "1").with("PurchasedName", "SECOND BANK"),
        blank(SegmentKind::K3).with("AgencyIdentifier", "01").with("AccountNumber", "M1"),
        blank(SegmentKind::K4).with("SpecializedPaymentIndicator", "02").with("DeferredPaymentStartDate", "01312027"),
        blank(SegmentKind::L1)
            .with("ChangeIndicator", "3")
            .with("NewConsumerAccountNumber", "ACCOUNT2")
            .with("NewIdentificationNumber", "FTB02"),
        blank(SegmentKind::N1).with("EmployerName", "TOWN HALL").with("Occupation", "CLERK"),
    ]
}

/// Records of several kinds: plain, with each segment, rejected whole or in a segment.
fn some_record(which: usize) -> Vec<u8> {
    match which {
        0 => Draft::base().bytes,
        1 => record(&[Draft::base(), Draft::j1()]),
        2 => record(&drafts()),
        3 => Draft::base().with("PortfolioType", "X").bytes,
        _ => record(&[Draft::base(), Draft::j2().with("ECOACode", "9")]),
    }
}

/// The ways a file is framed and written.
pub(crate) const FRAMINGS: [(Framing, Form); 7] = [
    (Framing::Lines, Form::Character),
    (Framing::Described, Form::Character),
    (Framing::Blocked, Form::Character),
    (Framing::Described, Form::Packed),
    (Framing::Blocked, Form::Packed),
    (Framing::Described, Form::PackedDecimal),
    (Framing::Blocked, Form::PackedDecimal),
];

/// The header and the segments of such records, as values.
pub(crate) fn some_values(records: &[usize]) -> (Values, Vec<Vec<Values>>) {
    let text = lines(&records.iter().map(|which| some_record(*which)).collect::<Vec<_>>());
    let file = write::parse(&text).unwrap();
    (file.header.segments[0].clone(), file.records.into_iter().map(|record| record.segments).collect())
}

/// A file of such records in one of [`FRAMINGS`], with its totals.
pub(crate) fn framed(records: &[usize], framing: usize) -> Vec<u8> {
    let ((framing, form), (header, records)) = (FRAMINGS[framing], some_values(records));
    File::new(form, framing, header, records).unwrap().print().unwrap()
}
