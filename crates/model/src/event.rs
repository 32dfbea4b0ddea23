//! Events: everything the bureau does, as it is kept and as it is committed to in the log.
//!
//! The log holds an [`Entry`]: what kind of thing happened, when, and a commitment. The [`Event`] itself, which may concern
//! a person, is kept in the store beside a random salt; the commitment binds the two. So the log can be
//! published, an event can be shown and proved to the one it concerns, and destroying an event leaves the log valid.

use sha2::{Digest, Sha256};

use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::charter::{FoundingCharter, ProposalHash, SignedBallot, SignedProposal, WindDown};
use crate::consent::{Consent, ConsentId, Refusal, read_timestamp};
use crate::consent_terms::Acting;
use crate::delivery::DeliveryRecord;
use crate::fact::{DeliveryNumber, Slot};
use crate::inquiry::InquiryRecord;
use crate::member::Member;
use crate::removal::Removal;
use crate::rights::Right;
use crate::staff::SignedAct;
use crate::transfer::TransferRecord;
use crate::withdrawal::Withdrawal;
use crate::{Date, SubjectId, Timestamp};

coded_enum! {
    /// What kind of thing happened.
    pub enum EventKind {
        BureauFounded = 1, "bureau_founded", "The bureau was created";
        MemberAdmitted = 2, "member_admitted", "A furnisher or subscriber was admitted";
        DeliveryAdmitted = 3, "delivery_admitted", "A delivery's facts became visible";
        InquiryPermitted = 4, "inquiry_permitted", "A report was given to a subscriber";
        InquiryDenied = 5, "inquiry_denied", "An inquiry was denied";
        InquiryNoHit = 6, "inquiry_no_hit", "An inquiry was permitted and found nothing";
        OwnReportViewed = 7, "own_report_viewed", "A subject saw the own report";
        ConsentGranted = 8, "consent_granted", "A subject granted a consent";
        ConsentWithdrawn = 9, "consent_withdrawn", "A subject withdrew a consent";
        FactCorrected = 10, "fact_corrected", "A furnisher corrected or deleted a fact";
        FreezePlaced = 11, "freeze_placed", "A subject froze the credit file";
        FreezeLifted = 12, "freeze_lifted", "A subject lifted the freeze";
        DeliveryDenied = 13, "delivery_denied", "A furnisher's delivery was denied by a rule";
        DeliveryQuarantined = 14, "delivery_quarantined", "A delivery was loaded and kept apart for its quality";
        DeliveryReleased = 15, "delivery_released", "A quarantined delivery's facts became visible";
        DeliveryDiscarded = 16, "delivery_discarded", "A quarantined delivery was given up";
        ConsentPaused = 20, "consent_paused", "A subject suspended a consent";
        ConsentResumed = 21, "consent_resumed", "A subject let a suspended consent hold again";
        ConsentRefused = 22, "consent_refused", "A subject refused to consent";
        ConsentExpired = 24, "consent_expired", "A consent's time was over, and what rested on it alone was erased";
        DeathRecorded = 23, "death_recorded", "An operator recorded on evidence that a subject has died";
        FactsRemoved = 30, "facts_removed", "Facts that were erased or have expired left the disk";
        DecisionProposed = 40, "decision_proposed", "A partner or seat proposed a decision under the charter";
        BallotCast = 41, "ballot_cast", "A partner or seat voted on a proposal";
        DecisionEnacted = 42, "decision_enacted", "A proposal that had passed came into force";
        StaffActed = 43, "staff_acted", "A member of staff signed for what comes next";
        BureauWoundDown = 44, "bureau_wound_down", "The bureau ended; nothing is recorded after it";
        TransferDecided = 50, "transfer_decided", "It was decided whether a member may hand data straight to another";
        DisputeOpened = 60, "dispute_opened", "A subject disputed a fact";
        DisputeAnswered = 61, "dispute_answered", "A furnisher answered a dispute";
        DisputeWithdrawn = 62, "dispute_withdrawn", "A subject took a dispute back";
        DisputeLapsed = 63, "dispute_lapsed", "A dispute was not answered in time, and what the rule says was done";
        CorrectionNoticed = 64, "correction_noticed", "A recipient of a corrected fact is told of it";
        StatementPlaced = 65, "statement_placed", "A subject put a statement beside the credit file";
        StatementRemoved = 66, "statement_removed", "A subject took the statement back";
        FreezePaused = 67, "freeze_paused", "A subject lifted the freeze for a time";
        AlertPlaced = 68, "alert_placed", "A subject placed a fraud alert";
        AlertRemoved = 69, "alert_removed", "A subject took the fraud alert back";
        CodeIssued = 70, "code_issued", "A subject got a one-time code for a subscriber";
        FactsExpired = 71, "facts_expired", "Facts past their term were taken out of a credit file";
        RetentionRun = 72, "retention_run", "Facts past their term were looked for in every credit file";
        DisputeExtended = 73, "dispute_extended", "A dispute was given more time by a rule";
        CaseAnswered = 74, "case_answered", "Disputes about several furnishers' statements got their one answer";
        DefaultAlerted = 75, "default_alerted", "A subject is told of a default that a furnisher has filed";
        RequestFiled = 76, "request_filed", "A subject asked that data be erased, or objected to their use";
        RequestAnswered = 77, "request_answered", "A request to erase, or an objection, was answered";
        OptedOut = 80, "opted_out", "A subject opted out of offers nobody asked for";
        OptedIn = 81, "opted_in", "A subject took the opting out back";
        LogKeyTurned = 90, "log_key_turned", "Another key signs the log from now on";
        LogKeyRevoked = 91, "log_key_revoked", "A key that signed the log before is not to be relied on";
        LossAccepted = 92, "loss_accepted", "Entries that were published are gone, and the log goes on without them";
    }
}

/// How the bureau was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founding {
    /// Name of the bureau; also the origin of its log.
    pub name: String,
    /// Rulebook and its version, e.g. `cn 2026.2`.
    pub rulebook: String,
    /// SHA-256 of the rulebook's files.
    pub rulebook_hash: [u8; 32],
    /// The log's public key in the form of C2SP signed notes.
    pub verifier_key: String,
    /// Who decides about it; `None` where its operator alone does.
    pub charter: Option<Box<FoundingCharter>>,
}

/// That entries which outsiders have seen are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LossRecord {
    /// The checkpoint that covered them, as it was signed.
    pub checkpoint: String,
    /// Entries it signs.
    pub published: u64,
    /// Entries that were left.
    pub kept: u64,
    /// What happened, in the operator's words.
    pub reason: String,
}

impl Canonical for LossRecord {
    fn write(&self, out: &mut Writer<'_>) {
        out.text(&self.checkpoint);
        out.unsigned(self.published);
        out.unsigned(self.kept);
        out.text(&self.reason);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            checkpoint: input.text()?,
            published: input.unsigned()?,
            kept: input.unsigned()?,
            reason: input.text()?,
        })
    }
}

/// What is said of a key that signs the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKeyStatement {
    /// Of a turn the new key, of a revocation the revoked one.
    pub key: crate::signature::PublicKey,
    /// The statement as the keys signed it: a C2SP signed note, which `audit` reads.
    pub statement: String,
}

/// What a correction changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectionRecord {
    /// Whose file.
    pub subject: SubjectId,
    /// Which fact.
    pub slot: Slot,
    /// The delivery that recorded the superseded fact.
    pub superseded: DeliveryNumber,
    /// The correction's own delivery.
    pub delivery: DeliveryRecord,
    /// The furnisher's reason, in its words: shown to the subject.
    pub reason: String,
}

/// A subject's look at the own report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnReportRecord {
    /// Whose report.
    pub subject: SubjectId,
    /// Which past state was asked for by the time it was known; `None` is the present one.
    pub known_on: Option<Timestamp>,
    /// Which past state was asked for by the time it is about.
    pub as_of: Option<Date>,
    /// Who acted for the subject.
    pub acting: Acting,
    /// SHA-256 of the report as given.
    pub report_hash: [u8; 32],
    /// SHA-256 of everything that was told: the report with its head, and what it costs.
    pub answer_hash: [u8; 32],
    /// The rules that decided.
    pub reasons: Vec<crate::inquiry::Reason>,
    /// Rulebook and its version.
    pub rulebook: String,
}

/// A delivery that a rule kept out whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryDenial {
    /// Number of the furnisher.
    pub furnisher: u16,
    /// The layout it was to be read by.
    pub layout: String,
    /// SHA-256 of the file, if it was read; zeros where the rules forbade it before.
    pub file_hash: [u8; 32],
    /// The rules that decided.
    pub reasons: Vec<crate::inquiry::Reason>,
    /// Rulebook and its version.
    pub rulebook: String,
}

/// What became of a quarantined delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineEnd {
    /// Which delivery.
    pub delivery: DeliveryNumber,
    /// Why, in the operator's words.
    pub reason: String,
}

/// How the bureau ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindDownRecord {
    /// The proposal by which it ended.
    pub proposal: ProposalHash,
    /// What it says.
    pub end: WindDown,
    /// Entries in the log when everything was checked for the last time.
    pub entries: u64,
    /// Root over them.
    pub root: [u8; 32],
    /// Visible facts held.
    pub facts: u64,
    /// Subjects they were about.
    pub subjects: u64,
}

/// One thing the bureau did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// See [`EventKind::BureauFounded`].
    BureauFounded(Founding),
    /// See [`EventKind::MemberAdmitted`].
    MemberAdmitted(Member),
    /// See [`EventKind::DeliveryAdmitted`].
    DeliveryAdmitted(DeliveryRecord),
    /// See [`EventKind::InquiryPermitted`], [`EventKind::InquiryDenied`] and [`EventKind::InquiryNoHit`].
    Inquiry(InquiryRecord),
    /// See [`EventKind::OwnReportViewed`].
    OwnReportViewed(OwnReportRecord),
    /// See [`EventKind::ConsentGranted`].
    ConsentGranted(Consent),
    /// See [`EventKind::ConsentWithdrawn`]. With everything that follows from it, in one entry.
    ConsentWithdrawn(Box<Withdrawal>),
    /// See [`EventKind::ConsentExpired`]. The same of a consent to furnish whose time is over; nobody acted.
    ConsentExpired(Box<Withdrawal>),
    /// See [`EventKind::FactCorrected`].
    FactCorrected(CorrectionRecord),
    /// See [`EventKind::FreezePlaced`].
    FreezePlaced(SubjectId),
    /// See [`EventKind::FreezeLifted`].
    FreezeLifted(SubjectId),
    /// See [`EventKind::DeliveryDenied`].
    DeliveryDenied(DeliveryDenial),
    /// See [`EventKind::DeliveryQuarantined`].
    DeliveryQuarantined(DeliveryRecord),
    /// See [`EventKind::DeliveryReleased`].
    DeliveryReleased(QuarantineEnd),
    /// See [`EventKind::DeliveryDiscarded`].
    DeliveryDiscarded(QuarantineEnd),
    /// See [`EventKind::ConsentPaused`].
    ConsentPaused(ConsentTurn),
    /// See [`EventKind::ConsentResumed`].
    ConsentResumed(ConsentTurn),
    /// See [`EventKind::ConsentRefused`].
    ConsentRefused(Refusal),
    /// See [`EventKind::DeathRecorded`].
    DeathRecorded(Death),
    /// See [`EventKind::FactsRemoved`].
    FactsRemoved(Box<Removal>),
    /// See [`EventKind::DecisionProposed`].
    DecisionProposed(Box<SignedProposal>),
    /// See [`EventKind::BallotCast`].
    BallotCast(SignedBallot),
    /// See [`EventKind::DecisionEnacted`].
    DecisionEnacted(ProposalHash),
    /// See [`EventKind::StaffActed`].
    StaffActed(Box<SignedAct>),
    /// See [`EventKind::BureauWoundDown`].
    BureauWoundDown(Box<WindDownRecord>),
    /// See [`EventKind::TransferDecided`].
    TransferDecided(TransferRecord),
    /// Something done under a subject's rights.
    Right(Box<Right>),
    /// See [`EventKind::LogKeyTurned`].
    LogKeyTurned(Box<LogKeyStatement>),
    /// See [`EventKind::LogKeyRevoked`].
    LogKeyRevoked(Box<LogKeyStatement>),
    /// See [`EventKind::LossAccepted`].
    LossAccepted(Box<LossRecord>),
}

/// A consent suspended or resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentTurn {
    /// Whose it is.
    pub subject: SubjectId,
    /// Which one.
    pub consent: ConsentId,
    /// Who did it.
    pub acting: Acting,
}

impl ConsentTurn {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.fixed(&self.consent.0);
        self.acting.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            consent: ConsentId(input.fixed()?),
            acting: Acting::read(input)?,
        })
    }
}

/// That a subject has died, as an operator was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Death {
    /// Who has died.
    pub subject: SubjectId,
    /// SHA-256 of what shows it (the certificate); never zeros.
    pub evidence: [u8; 32],
}

impl Event {
    /// The subject some of whose facts are erased by it: from now on nothing shows them, and they are to leave the disk.
    pub fn erases(&self) -> Option<SubjectId> {
        match self {
            Self::ConsentWithdrawn(withdrawal) | Self::ConsentExpired(withdrawal) => {
                withdrawal.erasure.as_ref().map(|_| withdrawal.subject)
            }
            Self::Right(right) => right.erases().then(|| right.subject()),
            _ => None,
        }
    }

    /// What kind of thing it is.
    pub const fn kind(&self) -> EventKind {
        use crate::inquiry::Outcome;
        match self {
            Self::BureauFounded(_) => EventKind::BureauFounded,
            Self::MemberAdmitted(_) => EventKind::MemberAdmitted,
            Self::DeliveryAdmitted(_) => EventKind::DeliveryAdmitted,
            Self::Inquiry(inquiry) => match inquiry.outcome {
                Outcome::Permitted => EventKind::InquiryPermitted,
                Outcome::Denied => EventKind::InquiryDenied,
                Outcome::NoHit => EventKind::InquiryNoHit,
            },
            Self::OwnReportViewed(_) => EventKind::OwnReportViewed,
            Self::ConsentGranted(_) => EventKind::ConsentGranted,
            Self::ConsentWithdrawn(_) => EventKind::ConsentWithdrawn,
            Self::ConsentExpired(_) => EventKind::ConsentExpired,
            Self::FactCorrected(_) => EventKind::FactCorrected,
            Self::FreezePlaced(_) => EventKind::FreezePlaced,
            Self::FreezeLifted(_) => EventKind::FreezeLifted,
            Self::DeliveryDenied(_) => EventKind::DeliveryDenied,
            Self::DeliveryQuarantined(_) => EventKind::DeliveryQuarantined,
            Self::DeliveryReleased(_) => EventKind::DeliveryReleased,
            Self::DeliveryDiscarded(_) => EventKind::DeliveryDiscarded,
            Self::ConsentPaused(_) => EventKind::ConsentPaused,
            Self::ConsentResumed(_) => EventKind::ConsentResumed,
            Self::ConsentRefused(_) => EventKind::ConsentRefused,
            Self::DeathRecorded(_) => EventKind::DeathRecorded,
            Self::TransferDecided(_) => EventKind::TransferDecided,
            Self::FactsRemoved(_) => EventKind::FactsRemoved,
            Self::DecisionProposed(_) => EventKind::DecisionProposed,
            Self::BallotCast(_) => EventKind::BallotCast,
            Self::DecisionEnacted(_) => EventKind::DecisionEnacted,
            Self::StaffActed(_) => EventKind::StaffActed,
            Self::BureauWoundDown(_) => EventKind::BureauWoundDown,
            Self::Right(right) => right.kind(),
            Self::LogKeyTurned(_) => EventKind::LogKeyTurned,
            Self::LogKeyRevoked(_) => EventKind::LogKeyRevoked,
            Self::LossAccepted(_) => EventKind::LossAccepted,
        }
    }

    /// The subject it concerns, or [`SubjectId::BUREAU`].
    pub const fn subject(&self) -> SubjectId {
        match self {
            Self::BureauFounded(_)
            | Self::MemberAdmitted(_)
            | Self::DeliveryAdmitted(_)
            | Self::DeliveryDenied(_)
            | Self::DeliveryQuarantined(_)
            | Self::DeliveryReleased(_)
            | Self::DeliveryDiscarded(_)
            | Self::DecisionProposed(_)
            | Self::BallotCast(_)
            | Self::DecisionEnacted(_)
            | Self::LogKeyTurned(_)
            | Self::LogKeyRevoked(_)
            | Self::LossAccepted(_)
            | Self::BureauWoundDown(_) => SubjectId::BUREAU,
            Self::StaffActed(signed) => signed.act.subject,
            Self::FactsRemoved(removal) => removal.subject,
            Self::Right(right) => right.subject(),
            Self::Inquiry(inquiry) => inquiry.subject,
            Self::OwnReportViewed(view) => view.subject,
            Self::ConsentGranted(consent) => consent.subject,
            Self::FactCorrected(correction) => correction.subject,
            Self::TransferDecided(transfer) => transfer.subject,
            Self::ConsentWithdrawn(withdrawal) | Self::ConsentExpired(withdrawal) => withdrawal.subject,
            Self::ConsentPaused(turn) | Self::ConsentResumed(turn) => turn.subject,
            Self::ConsentRefused(refusal) => refusal.subject,
            Self::DeathRecorded(death) => death.subject,
            Self::FreezePlaced(subject) | Self::FreezeLifted(subject) => *subject,
        }
    }
}

/// Version of an event's bytes. Version 1, in which deliveries had no quality, version 2, in which a founding had no charter, and
/// version 3, in which answers had no hash, were never released.
const VERSION: u8 = 4;

/// A date in the one form it is written in.
fn read_date(input: &mut Reader<'_>) -> Result<Date, DecodeError> {
    let text = input.text()?;
    let date: Option<Date> = text.parse().ok();
    date.filter(|date| date.to_string() == text).ok_or(DecodeError::Value("date"))
}

fn read_quarantine_end(input: &mut Reader<'_>) -> Result<QuarantineEnd, DecodeError> {
    Ok(QuarantineEnd { delivery: DeliveryNumber(input.unsigned_as()?), reason: input.text()? })
}

impl Canonical for Event {
    fn write(&self, out: &mut Writer<'_>) {
        out.byte(VERSION);
        self.kind().write(out);
        match self {
            Self::BureauFounded(founding) => {
                out.text(&founding.name);
                out.text(&founding.rulebook);
                out.fixed(&founding.rulebook_hash);
                out.text(&founding.verifier_key);
                out.option(founding.charter.as_ref(), |out, charter| charter.write(out));
            }
            Self::MemberAdmitted(member) => member.write(out),
            Self::DeliveryAdmitted(delivery) | Self::DeliveryQuarantined(delivery) => delivery.write(out),
            Self::DeliveryReleased(end) | Self::DeliveryDiscarded(end) => {
                out.unsigned(u64::from(end.delivery.0));
                out.text(&end.reason);
            }
            Self::Inquiry(inquiry) => inquiry.write(out),
            Self::TransferDecided(transfer) => transfer.write(out),
            Self::OwnReportViewed(view) => {
                out.fixed(&view.subject.0);
                out.option(view.known_on.as_ref(), |out, at| out.signed(at.millis()));
                out.option(view.as_of.as_ref(), |out, date| out.text(&date.to_string()));
                view.acting.write(out);
                out.fixed(&view.report_hash);
                out.fixed(&view.answer_hash);
                out.list(&view.reasons, |out, reason| reason.write(out));
                out.text(&view.rulebook);
            }
            Self::ConsentGranted(consent) => consent.write(out),
            Self::ConsentWithdrawn(withdrawal) | Self::ConsentExpired(withdrawal) => withdrawal.write(out),
            Self::ConsentPaused(turn) | Self::ConsentResumed(turn) => turn.write(out),
            Self::ConsentRefused(refusal) => refusal.write(out),
            Self::DeathRecorded(death) => {
                out.fixed(&death.subject.0);
                out.fixed(&death.evidence);
            }
            Self::FactCorrected(correction) => {
                out.fixed(&correction.subject.0);
                correction.slot.kind.write(out);
                out.fixed(&correction.slot.account.0);
                out.option(correction.slot.month.as_ref(), |out, month| out.unsigned(u64::from(month.number())));
                out.unsigned(u64::from(correction.superseded.0));
                correction.delivery.write(out);
                out.text(&correction.reason);
            }
            Self::FreezePlaced(subject) | Self::FreezeLifted(subject) => out.fixed(&subject.0),
            Self::DeliveryDenied(denial) => {
                out.unsigned(u64::from(denial.furnisher));
                out.text(&denial.layout);
                out.fixed(&denial.file_hash);
                out.list(&denial.reasons, |out, reason| reason.write(out));
                out.text(&denial.rulebook);
            }
            Self::FactsRemoved(removal) => removal.write(out),
            Self::DecisionProposed(proposal) => proposal.write(out),
            Self::BallotCast(ballot) => ballot.write(out),
            Self::DecisionEnacted(proposal) => out.fixed(&proposal.0),
            Self::StaffActed(act) => act.write(out),
            Self::BureauWoundDown(record) => record.write(out),
            Self::LossAccepted(loss) => loss.write(out),
            Self::LogKeyTurned(said) | Self::LogKeyRevoked(said) => said.write(out),
            Self::Right(right) => right.write(out),
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.version(VERSION)?;
        let kind = EventKind::read(input)?;
        let event = match kind {
            EventKind::BureauFounded => Self::BureauFounded(Founding {
                name: input.text()?,
                rulebook: input.text()?,
                rulebook_hash: input.fixed()?,
                verifier_key: input.text()?,
                charter: input.option(FoundingCharter::read)?.map(Box::new),
            }),
            EventKind::MemberAdmitted => Self::MemberAdmitted(Member::read(input)?),
            EventKind::DeliveryAdmitted => Self::DeliveryAdmitted(DeliveryRecord::read(input)?),
            EventKind::DeliveryQuarantined => Self::DeliveryQuarantined(DeliveryRecord::read(input)?),
            EventKind::DeliveryReleased => Self::DeliveryReleased(read_quarantine_end(input)?),
            EventKind::DeliveryDiscarded => Self::DeliveryDiscarded(read_quarantine_end(input)?),
            EventKind::InquiryPermitted | EventKind::InquiryDenied | EventKind::InquiryNoHit => {
                Self::Inquiry(InquiryRecord::read(input)?)
            }
            EventKind::OwnReportViewed => Self::OwnReportViewed(OwnReportRecord {
                subject: SubjectId(input.fixed()?),
                known_on: input.option(read_timestamp)?,
                as_of: input.option(read_date)?,
                acting: Acting::read(input)?,
                report_hash: input.fixed()?,
                answer_hash: input.fixed()?,
                reasons: input.list(crate::inquiry::Reason::read)?,
                rulebook: input.text()?,
            }),
            EventKind::ConsentGranted => Self::ConsentGranted(Consent::read(input)?),
            EventKind::ConsentWithdrawn => Self::ConsentWithdrawn(Box::new(Withdrawal::read(input)?)),
            EventKind::ConsentExpired => Self::ConsentExpired(Box::new(Withdrawal::read(input)?)),
            EventKind::ConsentPaused => Self::ConsentPaused(ConsentTurn::read(input)?),
            EventKind::ConsentResumed => Self::ConsentResumed(ConsentTurn::read(input)?),
            EventKind::ConsentRefused => Self::ConsentRefused(Refusal::read(input)?),
            EventKind::DeathRecorded => {
                Self::DeathRecorded(Death { subject: SubjectId(input.fixed()?), evidence: input.fixed()? })
            }
            EventKind::FactCorrected => Self::FactCorrected(read_correction(input)?),
            EventKind::FreezePlaced => Self::FreezePlaced(SubjectId(input.fixed()?)),
            EventKind::FreezeLifted => Self::FreezeLifted(SubjectId(input.fixed()?)),
            EventKind::TransferDecided => Self::TransferDecided(TransferRecord::read(input)?),
            EventKind::DeliveryDenied => Self::DeliveryDenied(DeliveryDenial {
                furnisher: input.unsigned_as()?,
                layout: input.text()?,
                file_hash: input.fixed()?,
                reasons: input.list(crate::inquiry::Reason::read)?,
                rulebook: input.text()?,
            }),
            EventKind::FactsRemoved => Self::FactsRemoved(Box::new(Removal::read(input)?)),
            EventKind::DecisionProposed => Self::DecisionProposed(Box::new(SignedProposal::read(input)?)),
            EventKind::BallotCast => Self::BallotCast(SignedBallot::read(input)?),
            EventKind::DecisionEnacted => Self::DecisionEnacted(ProposalHash(input.fixed()?)),
            EventKind::StaffActed => Self::StaffActed(Box::new(SignedAct::read(input)?)),
            EventKind::BureauWoundDown => Self::BureauWoundDown(Box::new(WindDownRecord::read(input)?)),
            EventKind::LossAccepted => Self::LossAccepted(Box::new(LossRecord::read(input)?)),
            EventKind::LogKeyTurned => Self::LogKeyTurned(Box::new(LogKeyStatement::read(input)?)),
            EventKind::LogKeyRevoked => Self::LogKeyRevoked(Box::new(LogKeyStatement::read(input)?)),
            right => match Right::read(right, input)? {
                Some(right) => Self::Right(Box::new(right)),
                None => return Err(DecodeError::Value("EventKind")),
            },
        };
        if event.kind() == kind { Ok(event) } else { Err(DecodeError::Value("EventKind")) }
    }
}

impl Canonical for LogKeyStatement {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.key.0);
        out.text(&self.statement);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { key: crate::signature::PublicKey(input.fixed()?), statement: input.text()? })
    }
}

impl Canonical for WindDownRecord {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.proposal.0);
        self.end.write(out);
        out.unsigned(self.entries);
        out.fixed(&self.root);
        out.unsigned(self.facts);
        out.unsigned(self.subjects);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            proposal: ProposalHash(input.fixed()?),
            end: WindDown::read(input)?,
            entries: input.unsigned()?,
            root: input.fixed()?,
            facts: input.unsigned()?,
            subjects: input.unsigned()?,
        })
    }
}

fn read_correction(input: &mut Reader<'_>) -> Result<CorrectionRecord, DecodeError> {
    Ok(CorrectionRecord {
        subject: SubjectId(input.fixed()?),
        slot: Slot {
            kind: crate::fact::FactKind::read(input)?,
            account: crate::AccountKey(input.fixed()?),
            month: input.option(|input| {
                crate::Month::from_number(input.unsigned_as()?).map_err(|_| DecodeError::Value("month"))
            })?,
        },
        superseded: DeliveryNumber(input.unsigned_as()?),
        delivery: DeliveryRecord::read(input)?,
        reason: input.text()?,
    })
}

/// Random bytes beside an event that keep its commitment from being guessed.
pub type Salt = [u8; 16];

/// Binds an entry to its event: SHA-256 over a domain string, the salt, and the event's canonical bytes.
pub fn commitment(salt: &Salt, event: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix(b"tallystick event 1\n").chain_update(salt).chain_update(event).finalize().into()
}

/// One leaf of the log: nothing personal, 35 to 44 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What kind of thing happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// See [`commitment`].
    pub commitment: [u8; 32],
}

impl Entry {
    /// The entry for `event` at `at`.
    pub fn of(event: &Event, salt: &Salt, at: Timestamp) -> Self {
        Self { kind: event.kind(), at, commitment: commitment(salt, &event.to_bytes()) }
    }
}

impl Canonical for Entry {
    fn write(&self, out: &mut Writer<'_>) {
        out.byte(1);
        self.kind.write(out);
        out.signed(self.at.millis());
        out.fixed(&self.commitment);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.version(1)?;
        Ok(Self { kind: EventKind::read(input)?, at: read_timestamp(input)?, commitment: input.fixed()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inquiry::{Outcome, Purpose, Ranges, Reason, Weighed};
    use crate::member::MemberKind;

    #[test]
    fn an_inquiry_returns_from_its_bytes_with_its_kind() {
        for (outcome, kind) in [
            (Outcome::Permitted, EventKind::InquiryPermitted),
            (Outcome::Denied, EventKind::InquiryDenied),
            (Outcome::NoHit, EventKind::InquiryNoHit),
        ] {
            let event = Event::Inquiry(InquiryRecord {
                subject: SubjectId([3; 16]),
                subscriber: 7,
                purpose: Purpose::Marketing,
                asked: None,
                range_asked: None,
                outcome,
                answered: None,
                weighed: Weighed {
                    subscriber_kind: MemberKind::Bank,
                    is_subscriber: true,
                    subject_kind: crate::SubjectKind::Person,
                    frozen: true,
                    by_code: false,
                    opted_out: false,
                    undertaking: None,
                    consents: vec![],
                },
                rulebook: "cn 2026.2".to_owned(),
                reasons: vec![Reason { rule: "cn-11".to_owned(), code: "no_consent_for_marketing".to_owned() }],
                consent: None,
                released: vec![],
                detail: None,
                ranges: Ranges::default(),
                report_hash: [0; 32],
                answer_hash: [0; 32],
            });
            assert_eq!(event.kind(), kind);
            assert_eq!(Event::from_bytes(&event.to_bytes()), Ok(event));
        }
    }

    #[test]
    fn the_bytes_of_an_own_report_are_fixed() {
        let view = OwnReportRecord {
            subject: SubjectId([3; 16]),
            known_on: Timestamp::from_millis(7).ok(),
            as_of: "2026-01-31".parse().ok(),
            acting: Acting::default(),
            report_hash: [8; 32],
            answer_hash: [9; 32],
            reasons: vec![Reason { rule: "r".to_owned(), code: "c".to_owned() }],
            rulebook: "x".to_owned(),
        };
        let mut expected = vec![VERSION, 7];
        expected.extend([3; 16]);
        expected.extend(b"\x01\x0e\x01\x0a2026-01-31");
        expected.extend([1, 0]);
        expected.extend([0; 32]);
        expected.extend([8; 32]);
        expected.extend([9; 32]);
        expected.extend(b"\x01\x01r\x01c\x01x");
        let event = Event::OwnReportViewed(view);
        assert_eq!(event.to_bytes(), expected);
        assert_eq!(Event::from_bytes(&expected), Ok(event));
        // A date has one form.
        let place = expected.windows(10).position(|part| part == b"2026-01-31").unwrap();
        expected[place + 8..place + 10].copy_from_slice(b"32");
        assert_eq!(Event::from_bytes(&expected), Err(DecodeError::Value("date")));
    }

    #[test]
    fn an_event_whose_kind_and_body_disagree_is_refused() {
        let mut bytes = Event::FreezePlaced(SubjectId([3; 16])).to_bytes();
        bytes[1] = EventKind::FreezeLifted.number();
        assert_eq!(Event::from_bytes(&bytes), Ok(Event::FreezeLifted(SubjectId([3; 16]))));
        bytes[1] = EventKind::InquiryDenied.number();
        assert!(Event::from_bytes(&bytes).is_err());
    }

    #[test]
    fn the_salt_changes_the_commitment() {
        let event = Event::FreezePlaced(SubjectId([3; 16]));
        let at = Timestamp::from_millis(0).unwrap();
        let entry = Entry::of(&event, &[1; 16], at);
        assert_ne!(entry, Entry::of(&event, &[2; 16], at));
        assert_eq!(Entry::from_bytes(&entry.to_bytes()), Ok(entry));
    }
}
