//! That a subject is told of a default which a furnisher has filed.

use super::{read_slot, write_slot};
use crate::SubjectId;
use crate::canonical::{Canonical, DecodeError, Reader, Writer};
use crate::fact::{DeliveryNumber, Slot};

/// The first month of an account that says it is in default, and that the subject is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultAlert {
    /// Who is told.
    pub subject: SubjectId,
    /// Which month of which account.
    pub slot: Slot,
    /// The delivery that says it.
    pub delivery: DeliveryNumber,
    /// Id of the rule.
    pub rule: String,
}

impl Canonical for DefaultAlert {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        write_slot(out, self.slot);
        out.unsigned(u64::from(self.delivery.0));
        out.text(&self.rule);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            slot: read_slot(input)?,
            delivery: DeliveryNumber(input.unsigned_as()?),
            rule: input.text()?,
        })
    }
}
