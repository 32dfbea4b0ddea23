//! Hand-overs from one member to another, beside the bureau: what the bureau was asked and what it said.

use crate::canonical::{Canonical, DecodeError, Reader, Writer};
use crate::inquiry::Reason;
use crate::{DataCategory, SubjectId, SubjectKind};

/// What is kept of one question whether a member may hand a subject's data straight to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferRecord {
    /// Whose data.
    pub subject: SubjectId,
    /// What the subject is.
    pub subject_kind: SubjectKind,
    /// Number of the member that would give.
    pub from: u16,
    /// Number of the member that would receive.
    pub to: u16,
    /// What kind of data.
    pub category: DataCategory,
    /// The bureau held such data from the giver.
    pub furnished: bool,
    /// The bureau had shown the giver such data.
    pub received: bool,
    /// What was said.
    pub permitted: bool,
    /// The rules that decided.
    pub reasons: Vec<Reason>,
    /// Rulebook and its version.
    pub rulebook: String,
}

impl Canonical for TransferRecord {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        self.subject_kind.write(out);
        out.unsigned(u64::from(self.from));
        out.unsigned(u64::from(self.to));
        self.category.write(out);
        out.byte(u8::from(self.furnished) | u8::from(self.received) << 1 | u8::from(self.permitted) << 2);
        out.list(&self.reasons, |out, reason| reason.write(out));
        out.text(&self.rulebook);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let subject = SubjectId(input.fixed()?);
        let subject_kind = SubjectKind::read(input)?;
        let (from, to) = (input.unsigned_as()?, input.unsigned_as()?);
        let category = DataCategory::read(input)?;
        let bits = input.byte()?;
        if bits > 7 {
            return Err(DecodeError::Value("what was weighed"));
        }
        Ok(Self {
            subject,
            subject_kind,
            from,
            to,
            category,
            furnished: bits & 1 != 0,
            received: bits & 2 != 0,
            permitted: bits & 4 != 0,
            reasons: input.list(Reason::read)?,
            rulebook: input.text()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_overs_bytes_are_these() {
        let record = TransferRecord {
            subject: SubjectId([3; 16]),
            subject_kind: SubjectKind::Person,
            from: 7,
            to: 9,
            category: DataCategory::Credit,
            furnished: false,
            received: true,
            permitted: false,
            reasons: vec![Reason { rule: "cn-11".to_owned(), code: "x".to_owned() }],
            rulebook: "cn 1".to_owned(),
        };
        let mut bytes = vec![3; 16];
        bytes.extend([1, 7, 9, 2, 2]);
        bytes.extend(b"\x01\x05cn-11\x01x\x04cn 1");
        assert_eq!(record.to_bytes(), bytes);
        assert_eq!(TransferRecord::from_bytes(&bytes), Ok(record));
        bytes[20] = 8;
        assert!(TransferRecord::from_bytes(&bytes).is_err());
    }
}
