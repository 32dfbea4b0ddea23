//! Notices of corrections: what a recipient is told of a statement it was shown and that has changed since.

use super::{read_slot, write_slot};
use crate::SubjectId;
use crate::canonical::{Canonical, DecodeError, Reader, Writer};
use crate::fact::{DeliveryNumber, Slot};
use crate::inquiry::Reason;

/// A statement as one delivery made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The delivery.
    pub delivery: DeliveryNumber,
    /// The fact's stored value, cut to what the recipient was shown ([`Fact::write_value`](crate::fact::Fact::write_value)).
    pub value: Vec<u8>,
}

/// What one recipient is told of one correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectionNotice {
    /// Whose file.
    pub subject: SubjectId,
    /// Number of the member that was shown the statement.
    pub recipient: u16,
    /// The correction's own delivery.
    pub correction: DeliveryNumber,
    /// Which statement.
    pub slot: Slot,
    /// As it was shown.
    pub before: Version,
    /// As it is; `None` if it was taken back.
    pub after: Option<Version>,
    /// Places in the log of the inquiries that showed it.
    pub inquiries: Vec<u64>,
    /// The rule that says who is told.
    pub reason: Reason,
}

impl Version {
    fn write(&self, out: &mut Writer<'_>) {
        out.unsigned(u64::from(self.delivery.0));
        out.bytes(&self.value);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { delivery: DeliveryNumber(input.unsigned_as()?), value: input.bytes()?.to_vec() })
    }
}

impl Canonical for CorrectionNotice {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.unsigned(u64::from(self.recipient));
        out.unsigned(u64::from(self.correction.0));
        write_slot(out, self.slot);
        self.before.write(out);
        out.option(self.after.as_ref(), |out, after| after.write(out));
        out.list(&self.inquiries, |out, index| out.unsigned(*index));
        self.reason.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            recipient: input.unsigned_as()?,
            correction: DeliveryNumber(input.unsigned_as()?),
            slot: read_slot(input)?,
            before: Version::read(input)?,
            after: input.option(Version::read)?,
            inquiries: input.list(Reader::unsigned)?,
            reason: Reason::read(input)?,
        })
    }
}
