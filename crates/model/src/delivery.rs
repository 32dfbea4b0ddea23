//! Deliveries: one hand-over of data, and what is kept of it.

use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::consent::read_timestamp;
use crate::fact::{DeliveryNumber, FactKind};
use crate::inquiry::Reason;
use crate::payment_profile::Provenance;
use crate::quality::Quality;
use crate::{DataCategory, SubjectId, Timestamp};

coded_enum! {
    /// Why a delivery exists.
    pub enum DeliveryKind {
        Report = 1, "report", "A furnisher's file";
        Correction = 2, "correction", "A furnisher's correction or deletion of one fact";
    }
}

coded_enum! {
    /// Where a delivery stands.
    pub enum DeliveryState {
        Loading = 0, "loading", "Begun and not admitted: nothing of it is kept";
        Visible = 1, "visible", "Its facts are part of the credit files";
        Quarantined = 2, "quarantined", "Loaded and kept apart: its quality is below the bureau's bar";
        Released = 3, "released", "Was quarantined and is visible since it was released";
        Discarded = 4, "discarded", "Was quarantined and never becomes visible";
    }
}

impl DeliveryState {
    /// Whether its facts are part of the credit files.
    pub const fn is_visible(self) -> bool {
        matches!(self, Self::Visible | Self::Released)
    }
}

/// What is kept of an admitted delivery. Counts let `verify` notice anything missing or added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// Its number.
    pub number: DeliveryNumber,
    /// Why it exists.
    pub kind: DeliveryKind,
    /// Number of the furnisher.
    pub furnisher: u16,
    /// The layout it was read by, with its version, e.g. `metro2 1`.
    pub layout: String,
    /// SHA-256 of the mapping's text; zeros of a layout that is part of the program, and of a correction.
    pub layout_hash: [u8; 32],
    /// The month it was said to be about, where the file does not say.
    pub month: Option<crate::Month>,
    /// Whom it was said to be about, where the file does not say.
    pub about: Option<SubjectId>,
    /// How far it was said to be trusted.
    pub provenance: Provenance,
    /// SHA-256 of the file as delivered.
    pub file_hash: [u8; 32],
    /// Its length in bytes.
    pub file_bytes: u64,
    /// When it was admitted.
    pub recorded_at: Timestamp,
    /// Records read.
    pub records: u64,
    /// Records refused.
    pub rejects: u64,
    /// Records and values kept out only because the subject's consent is not on record: delivered again after
    /// the consent, they come in.
    pub awaiting_consent: u64,
    /// Distinct subjects.
    pub subjects: u64,
    /// Facts loaded, by kind.
    pub facts: Vec<(FactKind, u64)>,
    /// Values that the rulebook did not let in, by category and rule.
    pub not_admitted: Vec<(DataCategory, Reason, u64)>,
    /// Rules under which the rest was admitted.
    pub admitted_under: Vec<Reason>,
    /// How good its data are.
    pub quality: Quality,
    /// Rulebook and its version.
    pub rulebook: String,
    /// RFC 6962 root over the delivery's subjects in key order; see `docs/formats/delivery-root.md`.
    pub facts_root: [u8; 32],
}

impl DeliveryRecord {
    /// Facts loaded in all.
    pub fn fact_count(&self) -> u64 {
        self.facts.iter().map(|(_, count)| count).sum()
    }
}

impl Canonical for DeliveryRecord {
    fn write(&self, out: &mut Writer<'_>) {
        out.unsigned(u64::from(self.number.0));
        self.kind.write(out);
        out.unsigned(u64::from(self.furnisher));
        out.text(&self.layout);
        out.fixed(&self.layout_hash);
        out.option(self.month.as_ref(), |out, month| out.unsigned(u64::from(month.number())));
        out.option(self.about.as_ref(), |out, subject| out.fixed(&subject.0));
        self.provenance.write(out);
        out.fixed(&self.file_hash);
        out.unsigned(self.file_bytes);
        out.signed(self.recorded_at.millis());
        out.unsigned(self.records);
        out.unsigned(self.rejects);
        out.unsigned(self.awaiting_consent);
        out.unsigned(self.subjects);
        out.list(&self.facts, |out, (kind, count)| {
            kind.write(out);
            out.unsigned(*count);
        });
        out.list(&self.not_admitted, |out, (category, reason, count)| {
            category.write(out);
            reason.write(out);
            out.unsigned(*count);
        });
        out.list(&self.admitted_under, |out, reason| reason.write(out));
        self.quality.write(out);
        out.text(&self.rulebook);
        out.fixed(&self.facts_root);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            number: DeliveryNumber(input.unsigned_as()?),
            kind: DeliveryKind::read(input)?,
            furnisher: input.unsigned_as()?,
            layout: input.text()?,
            layout_hash: input.fixed()?,
            month: input.option(|input| {
                crate::Month::from_number(input.unsigned_as()?).map_err(|_| DecodeError::Value("month"))
            })?,
            about: input.option(|input| Ok(SubjectId(input.fixed()?)))?,
            provenance: Provenance::read(input)?,
            file_hash: input.fixed()?,
            file_bytes: input.unsigned()?,
            recorded_at: read_timestamp(input)?,
            records: input.unsigned()?,
            rejects: input.unsigned()?,
            awaiting_consent: input.unsigned()?,
            subjects: input.unsigned()?,
            facts: input.list(|input| Ok((FactKind::read(input)?, input.unsigned()?)))?,
            not_admitted: input
                .list(|input| Ok((DataCategory::read(input)?, Reason::read(input)?, input.unsigned()?)))?,
            admitted_under: input.list(Reason::read)?,
            quality: Quality::read(input)?,
            rulebook: input.text()?,
            facts_root: input.fixed()?,
        })
    }
}
