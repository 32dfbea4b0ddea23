//! Consent: the subject's recorded agreement. Who, what, why, until when.

use std::fmt;

use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::consent_terms::ConsentTerms;
use crate::inquiry::{Purpose, Reason};
use crate::{DataCategory, SubjectId, SubjectKind, Timestamp};

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
    /// Person or firm: what a consent's end leads to depends on it.
    pub about: SubjectKind,
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
    /// What else was agreed, and how it was asked for.
    pub terms: ConsentTerms,
    /// What the bureau found against the way it was asked for when it was recorded; empty if nothing. It holds all the same:
    /// whether it was given freely is not the bureau's to judge, but it is there to be seen.
    pub flags: Vec<Reason>,
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
        self.about.write(out);
        out.unsigned(u64::from(self.member));
        self.scope.write(out);
        out.list(&self.purposes, |out, purpose| purpose.write(out));
        out.list(&self.categories, |out, category| category.write(out));
        self.form.write(out);
        out.signed(self.valid_from.millis());
        out.signed(self.valid_until.millis());
        out.fixed(&self.evidence);
        self.terms.write(out);
        out.list(&self.flags, |out, flag| flag.write(out));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            id: ConsentId(input.fixed()?),
            subject: SubjectId(input.fixed()?),
            about: SubjectKind::read(input)?,
            member: input.unsigned_as()?,
            scope: ConsentScope::read(input)?,
            purposes: input.list(Purpose::read)?,
            categories: input.list(DataCategory::read)?,
            form: ConsentForm::read(input)?,
            valid_from: read_timestamp(input)?,
            valid_until: read_timestamp(input)?,
            evidence: input.fixed()?,
            terms: ConsentTerms::read(input)?,
            flags: input.list(Reason::read)?,
        })
    }
}

/// Reads an instant written as signed milliseconds.
pub(crate) fn read_timestamp(input: &mut Reader<'_>) -> Result<Timestamp, DecodeError> {
    Timestamp::from_millis(input.signed()?).map_err(|_| DecodeError::Value("timestamp"))
}

coded_enum! {
    /// How a consent stands at some time. Nothing about the consent itself changes with it (in-10).
    pub enum ConsentStatus {
        Pending = 1, "pending", "It does not hold yet";
        Active = 2, "active", "It holds";
        Paused = 3, "paused", "The subject has suspended it";
        Revoked = 4, "revoked", "The subject has withdrawn it, for good";
        Expired = 5, "expired", "Its time is over";
    }
}

/// A time in which a consent is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// From when.
    pub from: Timestamp,
    /// Until when (this instant no longer); `None` until it is resumed.
    pub until: Option<Timestamp>,
}

/// A consent and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentState {
    /// As granted.
    pub consent: Consent,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// When it was suspended, the earliest first; only the last can be without an end.
    pub pauses: Vec<Pause>,
    /// When it was used: inquiries that relied on it and were permitted, the earliest first.
    pub uses: Vec<Timestamp>,
}

impl ConsentState {
    /// A consent to which nothing has happened yet.
    pub const fn granted(consent: Consent) -> Self {
        Self { consent, withdrawn_at: None, pauses: Vec::new(), uses: Vec::new() }
    }

    /// How it stands at `now`. What is withdrawn stays so, whatever else is true of it.
    pub fn status_at(&self, now: Timestamp) -> ConsentStatus {
        if self.withdrawn_at.is_some_and(|withdrawn| withdrawn <= now) {
            ConsentStatus::Revoked
        } else if self.consent.valid_until <= now {
            ConsentStatus::Expired
        } else if now < self.consent.valid_from {
            ConsentStatus::Pending
        } else if self.pauses.iter().any(|pause| pause.from <= now && pause.until.is_none_or(|until| now < until)) {
            ConsentStatus::Paused
        } else {
            ConsentStatus::Active
        }
    }

    /// Whether it holds at `now`.
    pub fn is_active_at(&self, now: Timestamp) -> bool {
        self.status_at(now) == ConsentStatus::Active
    }

    /// Whether one more use at `now` would be one more than was agreed.
    pub fn is_used_up_at(&self, now: Timestamp) -> bool {
        self.consent.terms.fetch.is_used_up(&self.uses, now)
    }

    /// Suspends it from `at`; without effect if it is suspended.
    pub fn pause(&mut self, at: Timestamp) {
        if self.pauses.last().is_none_or(|pause| pause.until.is_some()) {
            self.pauses.push(Pause { from: at, until: None });
        }
    }

    /// Ends its suspension at `at`; without effect if there is none.
    pub fn resume(&mut self, at: Timestamp) {
        if let Some(pause) = self.pauses.last_mut() {
            pause.until.get_or_insert(at);
        }
    }
}

/// A subject's refusal to consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Who refused.
    pub subject: SubjectId,
    /// Number of the member that asked.
    pub member: u16,
    /// What the member would have been let do.
    pub scope: ConsentScope,
    /// For which purposes; empty for furnishing.
    pub purposes: Vec<Purpose>,
    /// For which data.
    pub categories: Vec<DataCategory>,
    /// How it was asked for.
    pub terms: ConsentTerms,
    /// What the bureau found against the way it was asked for; empty if nothing.
    pub flags: Vec<Reason>,
}

impl Canonical for Refusal {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.unsigned(u64::from(self.member));
        self.scope.write(out);
        out.list(&self.purposes, |out, purpose| purpose.write(out));
        out.list(&self.categories, |out, category| category.write(out));
        self.terms.write(out);
        out.list(&self.flags, |out, flag| flag.write(out));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            member: input.unsigned_as()?,
            scope: ConsentScope::read(input)?,
            purposes: input.list(Purpose::read)?,
            categories: input.list(DataCategory::read)?,
            terms: ConsentTerms::read(input)?,
            flags: input.list(Reason::read)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn state() -> ConsentState {
        ConsentState::granted(Consent {
            id: ConsentId([1; 8]),
            subject: SubjectId([2; 16]),
            about: SubjectKind::Firm,
            member: 3,
            scope: ConsentScope::Inquire,
            purposes: vec![Purpose::Tenancy],
            categories: vec![DataCategory::Credit],
            form: ConsentForm::WrittenWarned,
            valid_from: at(10),
            valid_until: at(20),
            evidence: [5; 32],
            terms: ConsentTerms::default(),
            flags: vec![Reason { rule: "r".to_owned(), code: "c".to_owned() }],
        })
    }

    #[test]
    fn a_consent_goes_through_its_states() {
        let mut state = state();
        assert_eq!(
            [9, 10, 19, 20].map(|now| state.status_at(at(now)).code()),
            ["pending", "active", "active", "expired"]
        );
        state.pause(at(12));
        state.pause(at(13));
        state.resume(at(15));
        state.resume(at(16));
        state.pause(at(18));
        assert_eq!(state.pauses, [Pause { from: at(12), until: Some(at(15)) }, Pause { from: at(18), until: None }]);
        assert_eq!([11, 12, 14, 15, 18].map(|now| state.is_active_at(at(now))), [true, false, false, true, false]);
        assert_eq!(state.status_at(at(21)), ConsentStatus::Expired, "no pause outlives it");
        state.withdrawn_at = Some(at(19));
        assert_eq!([18, 19, 25].map(|now| state.status_at(at(now)).code()), ["paused", "revoked", "revoked"]);
    }

    #[test]
    fn the_bytes_of_a_consent_are_fixed() {
        let consent = state().consent;
        let mut expected = vec![1; 8];
        expected.extend([2; 16]);
        expected.extend([SubjectKind::Firm.number(), 3, 2, 1, 7, 1, 2, 3, 20, 40]);
        expected.extend([5; 32]);
        expected.extend([0, 0, 0, 0, 0, 0, 0, 1, 0]);
        expected.extend([0; 32]);
        expected.extend([1, 1, b'r', 1, b'c']);
        assert_eq!(consent.to_bytes(), expected);
        assert_eq!(Consent::from_bytes(&expected), Ok(consent));
    }
}
