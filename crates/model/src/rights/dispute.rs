//! Disputes: what a subject says is wrong, what its furnisher says to that, and what follows where nobody answers.

use super::{Right, read_slot, write_slot};
use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::consent::read_timestamp;
use crate::event::Event;
use crate::fact::{DeliveryNumber, Slot};
use crate::inquiry::Reason;
use crate::{Currency, Money, Sensitive, SubjectId, Timestamp};

/// A dispute as it was filed. The place of its entry in the log names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeFiling {
    /// Who disputes.
    pub subject: SubjectId,
    /// The statement that is disputed.
    pub slot: Slot,
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
    /// What the subject gets for the days the answer was late, where a rule says.
    pub compensation: Option<Money>,
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
    /// Where it stands.
    pub state: DisputeState,
}

impl Dispute {
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
        let late = until.millis().saturating_sub(self.filing.answer_by.millis()) / DAY_MILLIS;
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
    }
}

/// A subject's disputes with what became of them, in the order they were filed.
pub fn disputes<'a>(events: impl IntoIterator<Item = (u64, Timestamp, &'a Event)>) -> Vec<Dispute> {
    let mut found: Vec<Dispute> = Vec::new();
    for (entry, at, event) in events {
        let Event::Right(right) = event else { continue };
        let (dispute, state) = match &**right {
            Right::DisputeOpened(filing) => {
                found.push(Dispute { entry, at, filing: filing.clone(), state: DisputeState::Open });
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

/// Which statements reports mark, and since when: of several disputes about one the last says it.
pub fn marks(disputes: &[Dispute]) -> Vec<(Slot, Mark, Timestamp)> {
    let mut marks: Vec<(Slot, Mark, Timestamp)> = Vec::new();
    for dispute in disputes {
        marks.retain(|(slot, ..)| *slot != dispute.filing.slot);
        marks.extend(dispute.mark().map(|mark| (dispute.filing.slot, mark, dispute.at)));
    }
    marks.sort_by_key(|(slot, ..)| *slot);
    marks
}

impl Canonical for DisputeFiling {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        write_slot(out, self.slot);
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
        out.option(self.compensation.as_ref(), |out, money| {
            out.signed(money.minor);
            out.text(money.currency.code());
        });
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            dispute: input.unsigned()?,
            outcome: DisputeOutcome::read(input)?,
            correction: input.option(read_delivery)?,
            words: input.text()?,
            compensation: input.option(|input| {
                let minor = input.signed()?;
                let currency = Currency::from_code(&input.text()?).map_err(|_| DecodeError::Value("currency"))?;
                Ok(Money { minor, currency })
            })?,
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
