//! Disputes: what a subject says is wrong, what its furnisher says to that, and what follows where nobody answers.

use std::fmt;

use super::{Right, read_slot, write_slot};
use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::consent::{ConsentId, read_timestamp};
use crate::consent_terms::Acting;
use crate::event::Event;
use crate::fact::{DeliveryNumber, Slot};
use crate::identity::IdentityPart;
use crate::inquiry::Reason;
use crate::{Currency, Money, Sensitive, SubjectId, Timestamp};

/// A dispute as it was filed. The place of its entry in the log names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeFiling {
    /// Who disputes.
    pub subject: SubjectId,
    /// The statement that is disputed.
    pub slot: Slot,
    /// Of who the subject is, what of it; `None` is all of it, and of any other statement.
    pub part: Option<IdentityPart>,
    /// Disputes that are answered together have the same.
    pub case: Option<CaseId>,
    /// Who acted for the subject.
    pub acting: Acting,
    /// The delivery whose statement held when it was filed.
    pub delivery: DeliveryNumber,
    /// What is wrong, in the subject's words.
    pub grounds: Sensitive<String>,
    /// SHA-256 of what the subject shows for it; zeros where nothing was given.
    pub evidence: [u8; 32],
    /// Until when the furnisher is to answer.
    pub furnisher_by: Timestamp,
    /// Until when the subject is to be answered (this instant no longer).
    pub answer_by: Timestamp,
    /// Id of the rule the two instants come from.
    pub rule: String,
}

/// Names disputes about statements of several furnishers that the bureau answers as one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CaseId(pub [u8; 8]);

impl CaseId {
    /// Reads 16 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(ConsentId::parse(text)?.0))
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for CaseId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "CaseId({self})")
    }
}

/// More time for the answer of a dispute, in accordance with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeExtension {
    /// Who disputed.
    pub subject: SubjectId,
    /// Place in the log of the dispute's filing.
    pub dispute: u64,
    /// Why: what the subject has sent, or why it takes longer.
    pub why: Sensitive<String>,
    /// SHA-256 of what the subject has sent; zeros where it sent nothing.
    pub evidence: [u8; 32],
    /// Until when the furnisher is to answer now.
    pub furnisher_by: Timestamp,
    /// Until when the subject is to be answered now (this instant no longer).
    pub answer_by: Timestamp,
    /// Id of the rule.
    pub rule: String,
}

/// What a subject gets for the days an answer was late, and from whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compensation {
    /// Number of the furnisher that owes the first part.
    pub furnisher: u16,
    /// For the days that the furnisher was late.
    pub furnisher_minor: i64,
    /// For the days that the bureau was.
    pub bureau_minor: i64,
    /// Of both.
    pub currency: Currency,
}

impl Compensation {
    /// Both parts together.
    pub const fn total(&self) -> Money {
        Money { minor: self.furnisher_minor.saturating_add(self.bureau_minor), currency: self.currency }
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.unsigned(u64::from(self.furnisher));
        out.signed(self.furnisher_minor);
        out.signed(self.bureau_minor);
        out.text(self.currency.code());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            furnisher: input.unsigned_as()?,
            furnisher_minor: input.signed()?,
            bureau_minor: input.signed()?,
            currency: Currency::from_code(&input.text()?).map_err(|_| DecodeError::Value("currency"))?,
        })
    }
}

/// The bureau's one answer to disputes about statements of several furnishers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseAnswer {
    /// Who disputed.
    pub subject: SubjectId,
    /// The case.
    pub case: CaseId,
    /// How each of its disputes has ended, by the place of its filing; one that was taken back is not among them.
    pub outcomes: Vec<(u64, DisputeOutcome)>,
    /// The bureau's words, for the subject; where a claim is rejected, why.
    pub words: String,
    /// What the subject gets where this came late and a rule says so.
    pub compensation: Option<Compensation>,
    /// Id of the rule.
    pub rule: String,
}

coded_enum! {
    /// How a dispute ends.
    pub enum DisputeOutcome {
        Corrected = 1, "corrected", "The statement was wrong and was corrected";
        Confirmed = 2, "confirmed", "The statement was checked and stands";
        CannotBeConfirmed = 3, "cannot_be_confirmed", "The statement could not be confirmed";
        Deleted = 4, "deleted", "The statement was taken out of the file";
    }
}

/// What the furnisher answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeAnswer {
    /// Who disputed.
    pub subject: SubjectId,
    /// Place in the log of the dispute's filing.
    pub dispute: u64,
    /// What came of it.
    pub outcome: DisputeOutcome,
    /// The delivery that corrects or deletes the statement, if one does.
    pub correction: Option<DeliveryNumber>,
    /// The furnisher's words, for the subject.
    pub words: String,
    /// When the furnisher's answer reached the bureau.
    pub received: Timestamp,
    /// What the subject gets for the days the answer was late, where a rule says.
    pub compensation: Option<Compensation>,
}

/// A dispute taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisputeTurn {
    /// Who disputed.
    pub subject: SubjectId,
    /// Place in the log of the dispute's filing.
    pub dispute: u64,
}

/// What follows from a dispute that was not answered in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeLapse {
    /// Who disputed.
    pub subject: SubjectId,
    /// Place in the log of the dispute's filing.
    pub dispute: u64,
    /// [`DisputeOutcome::Deleted`] or [`DisputeOutcome::CannotBeConfirmed`].
    pub outcome: DisputeOutcome,
    /// The delivery that deletes the statement; `None` where it stays, or was gone already.
    pub deletion: Option<DeliveryNumber>,
    /// The rule that says so.
    pub reason: Reason,
}

/// Where a dispute stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DisputeState {
    /// Nobody has answered, and nothing has followed from that.
    Open,
    /// Nobody has answered in time. One that was marked can still be answered.
    Lapsed(Timestamp, DisputeLapse),
    /// The furnisher has answered.
    Answered(Timestamp, DisputeAnswer),
    /// The subject took it back.
    Withdrawn(Timestamp),
}

/// A dispute with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// Place in the log of its filing.
    pub entry: u64,
    /// When it was filed.
    pub at: Timestamp,
    /// What was filed.
    pub filing: DisputeFiling,
    /// When it was given more time, and why.
    pub extension: Option<(Timestamp, DisputeExtension)>,
    /// Where it stands.
    pub state: DisputeState,
}

impl Dispute {
    /// Until when the furnisher is to answer.
    pub fn furnisher_by(&self) -> Timestamp {
        self.extension.as_ref().map_or(self.filing.furnisher_by, |(_, extension)| extension.furnisher_by)
    }

    /// Until when the subject is to be answered (this instant no longer).
    pub fn answer_by(&self) -> Timestamp {
        self.extension.as_ref().map_or(self.filing.answer_by, |(_, extension)| extension.answer_by)
    }

    /// Whether the furnisher may still answer it.
    pub const fn is_answerable(&self) -> bool {
        match &self.state {
            DisputeState::Open => true,
            DisputeState::Lapsed(_, lapse) => matches!(lapse.outcome, DisputeOutcome::CannotBeConfirmed),
            DisputeState::Answered(..) | DisputeState::Withdrawn(_) => false,
        }
    }

    /// Whole days from the day of the deadline until it was answered, or until `now`; none if it was in time or taken back.
    pub fn days_late(&self, now: Timestamp) -> u32 {
        const DAY_MILLIS: i64 = 86_400_000;
        let until = match &self.state {
            DisputeState::Withdrawn(at) | DisputeState::Answered(at, _) => *at,
            DisputeState::Lapsed(at, lapse) if lapse.outcome == DisputeOutcome::Deleted => *at,
            DisputeState::Open | DisputeState::Lapsed(..) => now,
        };
        let late = until.millis().saturating_sub(self.answer_by().millis()) / DAY_MILLIS;
        u32::try_from(late).unwrap_or(0)
    }

    /// How every report marks the statement, if it does.
    pub const fn mark(&self) -> Option<Mark> {
        let outcome = match &self.state {
            DisputeState::Open => return Some(Mark::Disputed),
            DisputeState::Lapsed(_, lapse) => lapse.outcome,
            DisputeState::Answered(_, answer) => answer.outcome,
            DisputeState::Withdrawn(_) => return None,
        };
        match outcome {
            DisputeOutcome::CannotBeConfirmed => Some(Mark::CannotBeConfirmed),
            DisputeOutcome::Corrected | DisputeOutcome::Confirmed | DisputeOutcome::Deleted => None,
        }
    }
}

coded_enum! {
    /// What a report says beside a statement.
    pub enum Mark {
        Disputed = 1, "disputed", "The subject disputes this statement; it is being checked";
        CannotBeConfirmed = 2, "cannot_be_confirmed", "The subject disputed this statement and it could not be confirmed";
        Restricted = 3, "restricted", "The subject objects to the use of this; until that is answered nobody else is shown it";
    }
}

/// A subject's disputes with what became of them, in the order they were filed.
pub fn disputes<'a>(events: impl IntoIterator<Item = (u64, Timestamp, &'a Event)>) -> Vec<Dispute> {
    let mut found: Vec<Dispute> = Vec::new();
    for (entry, at, event) in events {
        let Event::Right(right) = event else { continue };
        let (dispute, state) = match &**right {
            Right::DisputeOpened(filing) => {
                let (filing, state) = (filing.clone(), DisputeState::Open);
                found.push(Dispute { entry, at, filing, extension: None, state });
                continue;
            }
            Right::DisputeExtended(extension) => {
                if let Some(of) = found.iter_mut().find(|of| of.entry == extension.dispute) {
                    of.extension = Some((at, extension.clone()));
                }
                continue;
            }
            Right::DisputeAnswered(answer) => (answer.dispute, DisputeState::Answered(at, answer.clone())),
            Right::DisputeWithdrawn(turn) => (turn.dispute, DisputeState::Withdrawn(at)),
            Right::DisputeLapsed(lapse) => (lapse.dispute, DisputeState::Lapsed(at, lapse.clone())),
            _ => continue,
        };
        if let Some(of) = found.iter_mut().find(|of| of.entry == dispute) {
            of.state = state;
        }
    }
    found
}

/// A statement that reports mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkedSlot {
    /// Which statement.
    pub slot: Slot,
    /// Of who the subject is, what of it.
    pub part: Option<IdentityPart>,
    /// What is said of it.
    pub mark: Mark,
    /// Since when.
    pub since: Timestamp,
}

/// Which statements reports mark, and since when: of several disputes about one the last says it.
pub fn marks(disputes: &[Dispute]) -> Vec<MarkedSlot> {
    let mut marks: Vec<MarkedSlot> = Vec::new();
    for dispute in disputes {
        let DisputeFiling { slot, part, .. } = dispute.filing;
        marks.retain(|marked| (marked.slot, marked.part) != (slot, part));
        marks.extend(dispute.mark().map(|mark| MarkedSlot { slot, part, mark, since: dispute.at }));
    }
    marks.sort_by_key(|marked| (marked.slot, marked.part));
    marks
}

impl Canonical for DisputeFiling {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        write_slot(out, self.slot);
        out.option(self.part.as_ref(), |out, part| part.write(out));
        out.option(self.case.as_ref(), |out, case| out.fixed(&case.0));
        self.acting.write(out);
        out.unsigned(u64::from(self.delivery.0));
        out.text(self.grounds.expose());
        out.fixed(&self.evidence);
        out.signed(self.furnisher_by.millis());
        out.signed(self.answer_by.millis());
        out.text(&self.rule);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            slot: read_slot(input)?,
            part: input.option(IdentityPart::read)?,
            case: input.option(|input| Ok(CaseId(input.fixed()?)))?,
            acting: Acting::read(input)?,
            delivery: DeliveryNumber(input.unsigned_as()?),
            grounds: Sensitive::new(input.text()?),
            evidence: input.fixed()?,
            furnisher_by: read_timestamp(input)?,
            answer_by: read_timestamp(input)?,
            rule: input.text()?,
        })
    }
}

fn write_delivery(out: &mut Writer<'_>, delivery: &DeliveryNumber) {
    out.unsigned(u64::from(delivery.0));
}

fn read_delivery(input: &mut Reader<'_>) -> Result<DeliveryNumber, DecodeError> {
    Ok(DeliveryNumber(input.unsigned_as()?))
}

impl Canonical for DisputeAnswer {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.unsigned(self.dispute);
        self.outcome.write(out);
        out.option(self.correction.as_ref(), write_delivery);
        out.text(&self.words);
        out.signed(self.received.millis());
        out.option(self.compensation.as_ref(), |out, compensation| compensation.write(out));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            dispute: input.unsigned()?,
            outcome: DisputeOutcome::read(input)?,
            correction: input.option(read_delivery)?,
            words: input.text()?,
            received: read_timestamp(input)?,
            compensation: input.option(Compensation::read)?,
        })
    }
}

impl Canonical for DisputeExtension {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.unsigned(self.dispute);
        out.text(self.why.expose());
        out.fixed(&self.evidence);
        out.signed(self.furnisher_by.millis());
        out.signed(self.answer_by.millis());
        out.text(&self.rule);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            dispute: input.unsigned()?,
            why: Sensitive::new(input.text()?),
            evidence: input.fixed()?,
            furnisher_by: read_timestamp(input)?,
            answer_by: read_timestamp(input)?,
            rule: input.text()?,
        })
    }
}

impl Canonical for CaseAnswer {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.fixed(&self.case.0);
        out.list(&self.outcomes, |out, (dispute, outcome)| {
            out.unsigned(*dispute);
            outcome.write(out);
        });
        out.text(&self.words);
        out.option(self.compensation.as_ref(), |out, compensation| compensation.write(out));
        out.text(&self.rule);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            case: CaseId(input.fixed()?),
            outcomes: input.list(|input| Ok((input.unsigned()?, DisputeOutcome::read(input)?)))?,
            words: input.text()?,
            compensation: input.option(Compensation::read)?,
            rule: input.text()?,
        })
    }
}

impl Canonical for DisputeTurn {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.unsigned(self.dispute);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { subject: SubjectId(input.fixed()?), dispute: input.unsigned()? })
    }
}

impl Canonical for DisputeLapse {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.unsigned(self.dispute);
        self.outcome.write(out);
        out.option(self.deletion.as_ref(), write_delivery);
        self.reason.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            dispute: input.unsigned()?,
            outcome: DisputeOutcome::read(input)?,
            deletion: input.option(read_delivery)?,
            reason: Reason::read(input)?,
        })
    }
}
