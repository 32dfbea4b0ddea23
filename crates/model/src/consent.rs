//! Consent: the subject's recorded agreement. Who, what, why, until when.

use std::fmt;

use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::inquiry::Purpose;
use crate::{DataCategory, SubjectId, Timestamp};

/// Names one consent: 8 random bytes, shown as 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConsentId(pub [u8; 8]);

impl ConsentId {
    /// Reads 16 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u64::from_str_radix(text, 16).ok().map(|number| Self(number.to_be_bytes()))
    }
}

impl fmt::Display for ConsentId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for ConsentId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

coded_enum! {
    /// In which form the subject agreed. A higher number is stronger evidence.
    pub enum ConsentForm {
        Electronic = 1, "electronic", "Agreed on a screen";
        Written = 2, "written", "Agreed in writing";
        WrittenWarned = 3, "written_warned", "Agreed in writing after an explicit warning of adverse consequences";
    }
}

coded_enum! {
    /// What a consent lets the member do.
    pub enum ConsentScope {
        Furnish = 1, "furnish", "The member may hand over data of the named categories";
        Inquire = 2, "inquire", "The member may see the named categories for the named purposes";
    }
}

/// One agreement of one subject with one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Its name.
    pub id: ConsentId,
    /// Who agreed.
    pub subject: SubjectId,
    /// Number of the member it is for.
    pub member: u16,
    /// What the member may do.
    pub scope: ConsentScope,
    /// For which purposes; empty for furnishing.
    pub purposes: Vec<Purpose>,
    /// For which data; never empty.
    pub categories: Vec<DataCategory>,
    /// In which form it was given.
    pub form: ConsentForm,
    /// From when it holds.
    pub valid_from: Timestamp,
    /// Until when it holds (this instant no longer).
    pub valid_until: Timestamp,
    /// SHA-256 of the evidence (the signed paper, the screen shown); zeros where none was given.
    pub evidence: [u8; 32],
}

impl Consent {
    /// Whether it holds at `now`, were it not withdrawn.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.valid_from <= now && now < self.valid_until
    }
}

impl Canonical for Consent {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.id.0);
        out.fixed(&self.subject.0);
        out.unsigned(u64::from(self.member));
        self.scope.write(out);
        out.list(&self.purposes, |out, purpose| purpose.write(out));
        out.list(&self.categories, |out, category| category.write(out));
        self.form.write(out);
        out.signed(self.valid_from.millis());
        out.signed(self.valid_until.millis());
        out.fixed(&self.evidence);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            id: ConsentId(input.fixed()?),
            subject: SubjectId(input.fixed()?),
            member: input.unsigned_as()?,
            scope: ConsentScope::read(input)?,
            purposes: input.list(Purpose::read)?,
            categories: input.list(DataCategory::read)?,
            form: ConsentForm::read(input)?,
            valid_from: read_timestamp(input)?,
            valid_until: read_timestamp(input)?,
            evidence: input.fixed()?,
        })
    }
}

/// Reads an instant written as signed milliseconds.
pub(crate) fn read_timestamp(input: &mut Reader<'_>) -> Result<Timestamp, DecodeError> {
    Timestamp::from_millis(input.signed()?).map_err(|_| DecodeError::Value("timestamp"))
}

/// A consent and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentState {
    /// As granted.
    pub consent: Consent,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
}

impl ConsentState {
    /// Whether it holds at `now`.
    pub fn is_active_at(&self, now: Timestamp) -> bool {
        self.consent.is_valid_at(now) && self.withdrawn_at.is_none_or(|withdrawn| now < withdrawn)
    }
}
