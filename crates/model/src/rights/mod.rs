//! What a subject may ask for beside seeing the file, and what the bureau does of itself for the subject: disputes, a statement,
//! a suspended freeze, alerts, one-time codes, notices of corrections, requests to erase, objections, and the end of what is kept.
//!
//! Each is one [`Right`], an event of its own. How things stand is never kept: it is folded from the subject's events each
//! time ([`disputes`], [`Protection::of`], [`Expired::of`]), so nothing can disagree with the log.

mod default_alert;
mod dispute;
mod protection;
mod recall;
mod request;
mod retention;

pub use default_alert::DefaultAlert;
pub use dispute::{
    CaseAnswer, CaseId, Compensation, Dispute, DisputeAnswer, DisputeExtension, DisputeFiling, DisputeLapse,
    DisputeOutcome, DisputeState, DisputeTurn, Mark, MarkedSlot, disputes, marks,
};
pub use protection::{
    AccessCode, Alert, AlertKind, CODE_BYTES, FreezePause, OptOut, Protection, STATEMENT_BYTES_MAX, Statement,
    code_hash,
};
pub use recall::{CorrectionNotice, Version};
pub use request::{Request, RequestAnswer, RequestGround, RequestState, requests};
pub use retention::{Expired, ExpiredFacts, Expiry, RetentionRun};

use crate::canonical::{Canonical, DecodeError, Reader, Writer};
use crate::event::EventKind;
use crate::fact::{DeliveryNumber, FactKind, Slot};
use crate::{AccountKey, Month, SubjectId};

/// One thing done under a subject's rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// See [`EventKind::DisputeOpened`].
    DisputeOpened(DisputeFiling),
    /// See [`EventKind::DisputeAnswered`].
    DisputeAnswered(DisputeAnswer),
    /// See [`EventKind::DisputeWithdrawn`].
    DisputeWithdrawn(DisputeTurn),
    /// See [`EventKind::DisputeLapsed`].
    DisputeLapsed(DisputeLapse),
    /// See [`EventKind::CorrectionNoticed`].
    CorrectionNoticed(CorrectionNotice),
    /// See [`EventKind::StatementPlaced`].
    StatementPlaced(Statement),
    /// See [`EventKind::StatementRemoved`].
    StatementRemoved(SubjectId),
    /// See [`EventKind::FreezePaused`].
    FreezePaused(FreezePause),
    /// See [`EventKind::AlertPlaced`].
    AlertPlaced(Alert),
    /// See [`EventKind::AlertRemoved`].
    AlertRemoved(SubjectId),
    /// See [`EventKind::CodeIssued`].
    CodeIssued(AccessCode),
    /// See [`EventKind::OptedOut`].
    OptedOut(OptOut),
    /// See [`EventKind::OptedIn`].
    OptedIn(SubjectId),
    /// See [`EventKind::FactsExpired`].
    FactsExpired(ExpiredFacts),
    /// See [`EventKind::RetentionRun`].
    RetentionRun(RetentionRun),
    /// See [`EventKind::DisputeExtended`].
    DisputeExtended(DisputeExtension),
    /// See [`EventKind::CaseAnswered`].
    CaseAnswered(CaseAnswer),
    /// See [`EventKind::DefaultAlerted`].
    DefaultAlerted(DefaultAlert),
    /// See [`EventKind::RequestFiled`].
    RequestFiled(Request),
    /// See [`EventKind::RequestAnswered`].
    RequestAnswered(RequestAnswer),
}

impl Right {
    /// Whether facts are erased by it.
    pub const fn erases(&self) -> bool {
        match self {
            Self::FactsExpired(_) => true,
            Self::RequestAnswered(answer) => answer.erasure.is_some(),
            _ => false,
        }
    }

    /// What kind of thing it is.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::DisputeOpened(_) => EventKind::DisputeOpened,
            Self::DisputeAnswered(_) => EventKind::DisputeAnswered,
            Self::DisputeWithdrawn(_) => EventKind::DisputeWithdrawn,
            Self::DisputeLapsed(_) => EventKind::DisputeLapsed,
            Self::CorrectionNoticed(_) => EventKind::CorrectionNoticed,
            Self::StatementPlaced(_) => EventKind::StatementPlaced,
            Self::StatementRemoved(_) => EventKind::StatementRemoved,
            Self::FreezePaused(_) => EventKind::FreezePaused,
            Self::AlertPlaced(_) => EventKind::AlertPlaced,
            Self::AlertRemoved(_) => EventKind::AlertRemoved,
            Self::CodeIssued(_) => EventKind::CodeIssued,
            Self::OptedOut(_) => EventKind::OptedOut,
            Self::OptedIn(_) => EventKind::OptedIn,
            Self::FactsExpired(_) => EventKind::FactsExpired,
            Self::RetentionRun(_) => EventKind::RetentionRun,
            Self::DisputeExtended(_) => EventKind::DisputeExtended,
            Self::CaseAnswered(_) => EventKind::CaseAnswered,
            Self::DefaultAlerted(_) => EventKind::DefaultAlerted,
            Self::RequestFiled(_) => EventKind::RequestFiled,
            Self::RequestAnswered(_) => EventKind::RequestAnswered,
        }
    }

    /// The subject it concerns, or [`SubjectId::BUREAU`].
    pub const fn subject(&self) -> SubjectId {
        match self {
            Self::DisputeOpened(filing) => filing.subject,
            Self::DisputeAnswered(answer) => answer.subject,
            Self::DisputeWithdrawn(turn) => turn.subject,
            Self::DisputeLapsed(lapse) => lapse.subject,
            Self::CorrectionNoticed(notice) => notice.subject,
            Self::StatementPlaced(statement) => statement.subject,
            Self::StatementRemoved(subject) | Self::AlertRemoved(subject) | Self::OptedIn(subject) => *subject,
            Self::OptedOut(opt_out) => opt_out.subject,
            Self::FreezePaused(pause) => pause.subject,
            Self::AlertPlaced(alert) => alert.subject,
            Self::CodeIssued(code) => code.subject,
            Self::FactsExpired(expired) => expired.subject,
            Self::RetentionRun(_) => SubjectId::BUREAU,
            Self::DisputeExtended(extension) => extension.subject,
            Self::CaseAnswered(answer) => answer.subject,
            Self::DefaultAlerted(alert) => alert.subject,
            Self::RequestFiled(request) => request.subject,
            Self::RequestAnswered(answer) => answer.subject,
        }
    }

    pub(crate) fn write(&self, out: &mut Writer<'_>) {
        match self {
            Self::DisputeOpened(filing) => filing.write(out),
            Self::DisputeAnswered(answer) => answer.write(out),
            Self::DisputeWithdrawn(turn) => turn.write(out),
            Self::DisputeLapsed(lapse) => lapse.write(out),
            Self::CorrectionNoticed(notice) => notice.write(out),
            Self::StatementPlaced(statement) => statement.write(out),
            Self::StatementRemoved(subject) | Self::AlertRemoved(subject) | Self::OptedIn(subject) => {
                out.fixed(&subject.0);
            }
            Self::OptedOut(opt_out) => opt_out.write(out),
            Self::FreezePaused(pause) => pause.write(out),
            Self::AlertPlaced(alert) => alert.write(out),
            Self::CodeIssued(code) => code.write(out),
            Self::FactsExpired(expired) => expired.write(out),
            Self::RetentionRun(run) => run.write(out),
            Self::DisputeExtended(extension) => extension.write(out),
            Self::CaseAnswered(answer) => answer.write(out),
            Self::DefaultAlerted(alert) => alert.write(out),
            Self::RequestFiled(request) => request.write(out),
            Self::RequestAnswered(answer) => answer.write(out),
        }
    }

    /// Reads what was written of this kind; `None` of a kind that is no right.
    pub(crate) fn read(kind: EventKind, input: &mut Reader<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(Some(match kind {
            EventKind::DisputeOpened => Self::DisputeOpened(DisputeFiling::read(input)?),
            EventKind::DisputeAnswered => Self::DisputeAnswered(DisputeAnswer::read(input)?),
            EventKind::DisputeWithdrawn => Self::DisputeWithdrawn(DisputeTurn::read(input)?),
            EventKind::DisputeLapsed => Self::DisputeLapsed(DisputeLapse::read(input)?),
            EventKind::CorrectionNoticed => Self::CorrectionNoticed(CorrectionNotice::read(input)?),
            EventKind::StatementPlaced => Self::StatementPlaced(Statement::read(input)?),
            EventKind::StatementRemoved => Self::StatementRemoved(SubjectId(input.fixed()?)),
            EventKind::FreezePaused => Self::FreezePaused(FreezePause::read(input)?),
            EventKind::AlertPlaced => Self::AlertPlaced(Alert::read(input)?),
            EventKind::AlertRemoved => Self::AlertRemoved(SubjectId(input.fixed()?)),
            EventKind::CodeIssued => Self::CodeIssued(AccessCode::read(input)?),
            EventKind::OptedOut => Self::OptedOut(OptOut::read(input)?),
            EventKind::OptedIn => Self::OptedIn(SubjectId(input.fixed()?)),
            EventKind::FactsExpired => Self::FactsExpired(ExpiredFacts::read(input)?),
            EventKind::RetentionRun => Self::RetentionRun(RetentionRun::read(input)?),
            EventKind::DisputeExtended => Self::DisputeExtended(DisputeExtension::read(input)?),
            EventKind::CaseAnswered => Self::CaseAnswered(CaseAnswer::read(input)?),
            EventKind::DefaultAlerted => Self::DefaultAlerted(DefaultAlert::read(input)?),
            EventKind::RequestFiled => Self::RequestFiled(Request::read(input)?),
            EventKind::RequestAnswered => Self::RequestAnswered(RequestAnswer::read(input)?),
            _ => return Ok(None),
        }))
    }
}

pub(crate) fn write_slot(out: &mut Writer<'_>, slot: Slot) {
    slot.kind.write(out);
    out.fixed(&slot.account.0);
    out.option(slot.month.as_ref(), |out, month| out.unsigned(u64::from(month.number())));
}

pub(crate) fn read_slot(input: &mut Reader<'_>) -> Result<Slot, DecodeError> {
    Ok(Slot {
        kind: FactKind::read(input)?,
        account: AccountKey(input.fixed()?),
        month: input
            .option(|input| Month::from_number(input.unsigned_as()?).map_err(|_| DecodeError::Value("month")))?,
    })
}

fn write_place(out: &mut Writer<'_>, (slot, delivery): (Slot, DeliveryNumber)) {
    write_slot(out, slot);
    out.unsigned(u64::from(delivery.0));
}

fn read_place(input: &mut Reader<'_>) -> Result<(Slot, DeliveryNumber), DecodeError> {
    Ok((read_slot(input)?, DeliveryNumber(input.unsigned_as()?)))
}

#[cfg(test)]
mod tests;
