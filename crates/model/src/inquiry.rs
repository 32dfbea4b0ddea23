//! Inquiries: recorded accesses under a purpose.

use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::consent::ConsentId;
use crate::{DataCategory, SubjectId};

coded_enum! {
    /// The ground claimed for an access.
    pub enum Purpose {
        CreditApplication = 1, "credit_application", "To decide on credit the subject has applied for";
        AccountReview = 2, "account_review", "To review an account the subject has";
        Collection = 3, "collection", "To collect a debt of the subject";
        Guarantee = 4, "guarantee", "To accept the subject as guarantor";
        Insurance = 5, "insurance", "To underwrite insurance the subject has applied for";
        Employment = 6, "employment", "To decide on employment";
        Tenancy = 7, "tenancy", "To let a home to the subject";
        Licence = 8, "licence", "To grant a licence where the law asks for financial standing";
        CourtOrder = 9, "court_order", "Ordered by a court";
        Marketing = 10, "marketing", "To offer something the subject has not asked for";
        Supervision = 11, "supervision", "To supervise the bureau or its members";
        OwnReport = 12, "own_report", "The subject's own access";
    }
}

/// One rule's part in a decision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// Id of the rule in its rulebook, e.g. `cn-11`.
    pub rule: String,
    /// Stable code of the reason, e.g. `no_consent_for_marketing`.
    pub code: String,
}

impl Canonical for Reason {
    fn write(&self, out: &mut Writer<'_>) {
        out.text(&self.rule);
        out.text(&self.code);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { rule: input.text()?, code: input.text()? })
    }
}

coded_enum! {
    /// How an inquiry ended.
    pub enum Outcome {
        Permitted = 1, "permitted", "A report was given";
        Denied = 2, "denied", "A rule forbade it";
        NoHit = 3, "no_hit", "Permitted, but the bureau holds nothing about the subject";
    }
}

/// What is kept of one inquiry, whatever its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InquiryRecord {
    /// Whose file was asked for.
    pub subject: SubjectId,
    /// Number of the subscriber.
    pub subscriber: u16,
    /// The ground claimed.
    pub purpose: Purpose,
    /// How it ended.
    pub outcome: Outcome,
    /// Rulebook and its version, e.g. `cn 2026.1`.
    pub rulebook: String,
    /// The rules that decided.
    pub reasons: Vec<Reason>,
    /// The consent relied on.
    pub consent: Option<ConsentId>,
    /// Categories that were released.
    pub released: Vec<DataCategory>,
    /// SHA-256 of the report as given; zeros where none was.
    pub report_hash: [u8; 32],
}

impl Canonical for InquiryRecord {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.unsigned(u64::from(self.subscriber));
        self.purpose.write(out);
        self.outcome.write(out);
        out.text(&self.rulebook);
        out.list(&self.reasons, |out, reason| reason.write(out));
        out.option(self.consent.as_ref(), |out, consent| out.fixed(&consent.0));
        out.list(&self.released, |out, category| category.write(out));
        out.fixed(&self.report_hash);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            subscriber: input.unsigned_as()?,
            purpose: Purpose::read(input)?,
            outcome: Outcome::read(input)?,
            rulebook: input.text()?,
            reasons: input.list(Reason::read)?,
            consent: input.option(|input| input.fixed().map(ConsentId))?,
            released: input.list(DataCategory::read)?,
            report_hash: input.fixed()?,
        })
    }
}
