//! Reading a delivery: the one entry to all layouts, and what they share.

use std::io::BufRead;

use tallystick_model::fact::ReportedRecord;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{CategorySet, DataCategory, Identifier, Sensitive};
use thiserror::Error;

use crate::layouts::{bill, camt, mapped, metro2, registry};
use crate::reject::Reject;

/// Takes what a layout reads, in file order.
pub trait Sink {
    /// A validated record.
    fn record(&mut self, record: ReportedRecord);

    /// A refused record.
    fn reject(&mut self, reject: Reject);

    /// `count` values of a category that [`ReadContext::admitted`] lacks; they go no further than the layout.
    fn not_admitted(&mut self, category: DataCategory, count: u64);

    /// Whether to read on; asked after each record. A layout told to stop returns [`Refused::Stopped`].
    fn goes_on(&mut self) -> bool {
        true
    }
}

/// What a layout must know beside the file.
#[derive(Clone, Debug)]
pub struct ReadContext {
    /// Code of the furnisher; scopes its own customer numbers.
    pub furnisher: String,
    /// Whom the file is about, where the file itself has no identifier (a person's own bill).
    pub subject: Option<Identifier>,
    /// How far payment bills can be trusted.
    pub provenance: Provenance,
    /// Categories the rulebook lets in from this furnisher.
    pub admitted: CategorySet,
    /// The month a file is about, where neither the file nor the layout says it.
    pub month: Option<tallystick_model::Month>,
}

/// Which layout to read a file by.
#[derive(Clone, Debug)]
pub enum Layout {
    /// Metro 2, character format.
    Metro2,
    /// Bill of the payment platform Alipay, as its users export it.
    Alipay,
    /// Bill of the payment platform WeChat Pay, as its users export it.
    Wechat,
    /// Bill of JD's payment platform, as its users export it.
    Jd,
    /// Bill of Meituan's payment platform, as its users export it.
    Meituan,
    /// A payment bill in an archive that a password opens; also one that needs none.
    Locked(PaymentPlatform, Sensitive<String>),
    /// Bank statement of ISO 20022: camt.052 and camt.053, versions 1 to 8.
    Camt,
    /// The second generation of the registry's furnishing (XML).
    Registry,
    /// Any CSV, by a mapping.
    Mapped(Box<mapped::Mapping>),
}

/// The payment platforms whose bills are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentPlatform {
    /// Alipay.
    Alipay,
    /// WeChat Pay.
    Wechat,
    /// JD.
    Jd,
    /// Meituan.
    Meituan,
}

impl PaymentPlatform {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Alipay, Self::Wechat, Self::Jd, Self::Meituan];

    /// The layout of its bills.
    pub const fn layout(self) -> Layout {
        match self {
            Self::Alipay => Layout::Alipay,
            Self::Wechat => Layout::Wechat,
            Self::Jd => Layout::Jd,
            Self::Meituan => Layout::Meituan,
        }
    }
}

impl Layout {
    /// Whose bills these are; `None` if they are no bills.
    const fn platform(&self) -> Option<PaymentPlatform> {
        match self {
            Self::Alipay => Some(PaymentPlatform::Alipay),
            Self::Wechat => Some(PaymentPlatform::Wechat),
            Self::Jd => Some(PaymentPlatform::Jd),
            Self::Meituan => Some(PaymentPlatform::Meituan),
            Self::Locked(platform, _) => Some(*platform),
            Self::Metro2 | Self::Camt | Self::Registry | Self::Mapped(_) => None,
        }
    }

    /// This layout, of a file that `password` opens; `None` if files of this layout never have one.
    pub fn locked(&self, password: Sensitive<String>) -> Option<Self> {
        self.platform().map(|platform| Self::Locked(platform, password))
    }

    /// Name and version of the layout, as kept with the delivery.
    pub fn name(&self) -> String {
        match self {
            Self::Metro2 => metro2::NAME.to_owned(),
            Self::Alipay => bill::name(PaymentPlatform::Alipay).to_owned(),
            Self::Wechat => bill::name(PaymentPlatform::Wechat).to_owned(),
            Self::Jd => bill::name(PaymentPlatform::Jd).to_owned(),
            Self::Meituan => bill::name(PaymentPlatform::Meituan).to_owned(),
            Self::Locked(platform, _) => bill::name(*platform).to_owned(),
            Self::Camt => camt::NAME.to_owned(),
            Self::Registry => registry::NAME.to_owned(),
            Self::Mapped(mapping) => mapping.name(),
        }
    }

    /// SHA-256 of a mapping's text; zeros of a layout that is part of the program.
    pub const fn text_hash(&self) -> [u8; 32] {
        match self {
            Self::Mapped(mapping) => mapping.text_hash(),
            _ => [0; 32],
        }
    }

    /// The categories of data that files of this layout may carry.
    pub fn categories(&self) -> CategorySet {
        match self {
            Self::Metro2 => metro2::categories(),
            Self::Alipay | Self::Wechat | Self::Jd | Self::Meituan | Self::Locked(..) => bill::categories(),
            Self::Camt => camt::categories(),
            Self::Registry => registry::categories(),
            Self::Mapped(mapping) => mapping.categories(),
        }
    }
}

/// What a file says of itself and what was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlTotal {
    /// The total under its layout's own name.
    pub name: String,
    /// As the file states it; `None` if the stated text is unreadable.
    pub stated: Option<i64>,
    /// As counted, rejects included.
    pub counted: i64,
}

impl ControlTotal {
    /// Whether file and count agree.
    pub fn agrees(&self) -> bool {
        self.stated == Some(self.counted)
    }
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSummary {
    /// Records in the file, refused ones too; headers, trailers and blank lines are none.
    pub records: u64,
    /// Records refused.
    pub rejects: u64,
    /// Records that count towards no fact, each kind with its reason and number (e.g. rows of a bill that move no money).
    pub set_aside: Vec<(String, u64)>,
    /// What was noticed of records that count all the same, each kind with its number: none is a fault, some are signs of a
    /// file that was written again (e.g. payments outside the period that a bill prints).
    pub findings: Vec<(String, u64)>,
    /// Totals the file states.
    pub control_totals: Vec<ControlTotal>,
    /// Whether a disagreeing total refuses the delivery (Metro 2's trailer, a bill's printed sums), or is only told (a mapped
    /// statement whose mapping says so).
    pub control_totals_bind: bool,
}

impl FileSummary {
    /// Adds what another part of the same file had. Totals of one name become one: sums of what was counted; what is
    /// stated is stated once.
    pub fn add(&mut self, part: Self) {
        let Self { records, rejects, set_aside, findings, control_totals, control_totals_bind } = part;
        self.records += records;
        self.rejects += rejects;
        self.control_totals_bind |= control_totals_bind;
        add_counts(&mut self.set_aside, set_aside);
        add_counts(&mut self.findings, findings);
        for total in control_totals {
            match self.control_totals.iter_mut().find(|known| known.name == total.name) {
                Some(sum) => {
                    sum.counted = sum.counted.saturating_add(total.counted);
                    sum.stated = sum.stated.or(total.stated);
                }
                None => self.control_totals.push(total),
            }
        }
    }
}

fn add_counts(to: &mut Vec<(String, u64)>, counts: Vec<(String, u64)>) {
    for (what, count) in counts {
        match to.iter_mut().find(|(known, _)| *known == what) {
            Some((_, sum)) => *sum += count,
            None => to.push((what, count)),
        }
    }
}

/// Why a whole file was refused. Nothing of it is loaded.
#[derive(Debug, Error)]
pub enum Refused {
    /// The file is not of the layout it was said to be.
    #[error("byte {byte} `{field}`: expected {expected}, found {found}")]
    NotThisLayout {
        /// Offset of the first byte that shows it.
        byte: u64,
        /// The field under its layout's own name.
        field: String,
        /// What should have stood there.
        expected: String,
        /// What stood there, without personal data.
        found: crate::reject::Found,
    },
    /// The file ends before its layout's end.
    #[error("byte {byte}: the file ends where {expected} was expected")]
    Truncated {
        /// Where it ends.
        byte: u64,
        /// What is missing.
        expected: String,
    },
    /// Something in the file is above a limit that keeps memory bounded.
    #[error("byte {byte}: {what} above the limit of {limit_bytes} bytes")]
    TooLarge {
        /// Where.
        byte: u64,
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit_bytes: u64,
    },
    /// The file is in an archive that asks for a password.
    #[error("the archive asks for a password: name it")]
    PasswordNeeded,
    /// The file is in an archive that another password opens.
    #[error("the password does not open the archive, or the archive is damaged")]
    WrongPassword,
    /// The layout needs to be told whom the file is about.
    #[error("this layout does not say whom a file is about: name the subject")]
    SubjectNeeded,
    /// The layout needs to be told which month the file is about, or has nothing about the one it was told.
    #[error("this layout does not say which month a file is about, or has none of the month asked for: name the month")]
    MonthNeeded,
    /// The sink asked to stop.
    #[error("stopped")]
    Stopped,
    /// The file could not be read.
    #[error("the file could not be read: {0}")]
    Io(#[from] std::io::Error),
}

/// Reads a delivery by `layout` and hands what it finds to `sink`.
///
/// # Errors
/// [`Refused`] if the file as a whole is not what it claims; what the sink has taken until then must be dropped.
pub fn read_delivery(
    layout: &Layout,
    input: &mut dyn BufRead,
    context: &ReadContext,
    sink: &mut dyn Sink,
) -> Result<FileSummary, Refused> {
    match layout {
        Layout::Metro2 => metro2::read(input, context, sink),
        Layout::Alipay => bill::read(PaymentPlatform::Alipay, None, input, context, sink),
        Layout::Wechat => bill::read(PaymentPlatform::Wechat, None, input, context, sink),
        Layout::Jd => bill::read(PaymentPlatform::Jd, None, input, context, sink),
        Layout::Meituan => bill::read(PaymentPlatform::Meituan, None, input, context, sink),
        Layout::Locked(platform, password) => bill::read(*platform, Some(password), input, context, sink),
        Layout::Camt => camt::read(input, context, sink),
        Layout::Registry => registry::read(input, context, sink),
        Layout::Mapped(mapping) => mapped::read(mapping, input, context, sink),
    }
}
