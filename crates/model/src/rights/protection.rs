//! What keeps others out or warns them: a paused freeze, alerts, one-time codes, and the subject's own statement.

use sha2::{Digest, Sha256};

use super::Right;
use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::consent::read_timestamp;
use crate::event::Event;
use crate::{Sensitive, SubjectId, Timestamp};

/// Longest statement of a subject, in bytes: about 100 words of English, or 300 characters of Chinese.
pub const STATEMENT_BYTES_MAX: usize = 1024;

/// What a subject says of the own file; every report shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Whose.
    pub subject: SubjectId,
    /// 1 to [`STATEMENT_BYTES_MAX`] bytes without control characters.
    pub text: Sensitive<String>,
}

/// A freeze lifted for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreezePause {
    /// Whose file.
    pub subject: SubjectId,
    /// For whom; `None` is everyone.
    pub subscriber: Option<u16>,
    /// Until when (this instant no longer).
    pub until: Timestamp,
}

coded_enum! {
    /// Why a subject warns those who inquire.
    pub enum AlertKind {
        Initial = 1, "initial", "The subject suspects to be a victim of fraud: make sure who applies";
        Extended = 2, "extended", "The subject has reported a theft of identity: reach the subject before lending";
        ActiveDuty = 3, "active_duty", "The subject is on active military duty: make sure who applies";
    }
}

/// A fraud alert. Every report shows it while it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Whose.
    pub subject: SubjectId,
    /// Why.
    pub kind: AlertKind,
    /// Until when it lasts (this instant no longer).
    pub until: Timestamp,
    /// SHA-256 of the report to the police or the order; zeros where none was shown.
    pub evidence: [u8; 32],
    /// Id of the rule its term comes from.
    pub rule: String,
}

/// That a subject wants no offers it has not asked for: its file is left out of prescreening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptOut {
    /// Whose file.
    pub subject: SubjectId,
    /// Until when (this instant no longer); `None` is for good.
    pub until: Option<Timestamp>,
    /// SHA-256 of the signed form that one for good takes; zeros where none was shown.
    pub evidence: [u8; 32],
    /// Id of the rule.
    pub rule: String,
}

/// Bytes of a one-time code.
pub const CODE_BYTES: usize = 8;

/// A one-time code that a subject gives to one subscriber. Only its hash is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessCode {
    /// Whose file it opens.
    pub subject: SubjectId,
    /// For whom. Another code for the same subscriber takes its place.
    pub subscriber: u16,
    /// See [`code_hash`].
    pub hash: [u8; 32],
    /// Until when (this instant no longer).
    pub until: Timestamp,
}

/// What is kept of a code: SHA-256 over a domain string, the subject and the code.
pub fn code_hash(subject: SubjectId, code: &[u8; CODE_BYTES]) -> [u8; 32] {
    Sha256::new_with_prefix(b"tallystick access code 1\n").chain_update(subject.0).chain_update(code).finalize().into()
}

/// How a subject's file is protected, as its events leave it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Whether a freeze is placed.
    pub frozen: bool,
    /// Pauses of it, since it was placed.
    pub pauses: Vec<FreezePause>,
    /// The last alert that was not taken back.
    alert: Option<Alert>,
    /// What the subject says of the own file.
    pub statement: Option<Sensitive<String>>,
    /// Codes that were not used, one for each subscriber.
    codes: Vec<AccessCode>,
    /// The last opt-out that was not taken back.
    opt_out: Option<OptOut>,
}

impl Protection {
    /// What the events of one subject leave, in the order of the log.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut left = Self::default();
        for event in events {
            match event {
                Event::FreezePlaced(_) => (left.frozen, left.pauses) = (true, Vec::new()),
                Event::FreezeLifted(_) => (left.frozen, left.pauses) = (false, Vec::new()),
                Event::Inquiry(inquiry) if inquiry.weighed.by_code => {
                    left.codes.retain(|code| code.subscriber != inquiry.subscriber);
                }
                Event::Right(right) => left.take(right),
                _ => {}
            }
        }
        left
    }

    fn take(&mut self, right: &Right) {
        match right {
            Right::FreezePaused(pause) => self.pauses.push(*pause),
            Right::AlertPlaced(alert) => self.alert = Some(alert.clone()),
            Right::AlertRemoved(_) => self.alert = None,
            Right::OptedOut(opt_out) => self.opt_out = Some(opt_out.clone()),
            Right::OptedIn(_) => self.opt_out = None,
            Right::StatementPlaced(statement) => self.statement = Some(statement.text.clone()),
            Right::StatementRemoved(_) => self.statement = None,
            Right::CodeIssued(code) => {
                self.codes.retain(|other| other.subscriber != code.subscriber);
                self.codes.push(*code);
            }
            _ => {}
        }
    }

    /// Whether the file is frozen for this subscriber at `now`.
    pub fn is_frozen_for(&self, subscriber: u16, now: Timestamp) -> bool {
        let opens = |pause: &FreezePause| pause.subscriber.is_none_or(|only| only == subscriber) && now < pause.until;
        self.frozen && !self.pauses.iter().any(opens)
    }

    /// The alert that lasts at `now`.
    pub fn alert(&self, now: Timestamp) -> Option<&Alert> {
        self.alert.as_ref().filter(|alert| now < alert.until)
    }

    /// The opt-out that lasts at `now`.
    pub fn opt_out(&self, now: Timestamp) -> Option<&OptOut> {
        self.opt_out.as_ref().filter(|opt_out| opt_out.until.is_none_or(|until| now < until))
    }

    /// Codes that open the file at `now`.
    pub fn codes(&self, now: Timestamp) -> impl Iterator<Item = &AccessCode> {
        self.codes.iter().filter(move |code| now < code.until)
    }

    /// Whether `code` opens the file for this subscriber at `now`.
    pub fn opens(&self, code: &[u8; CODE_BYTES], subject: SubjectId, subscriber: u16, now: Timestamp) -> bool {
        let hash = code_hash(subject, code);
        self.codes(now).any(|issued| issued.subscriber == subscriber && issued.hash == hash)
    }
}

impl Canonical for Statement {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.text(self.text.expose());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { subject: SubjectId(input.fixed()?), text: Sensitive::new(input.text()?) })
    }
}

impl Canonical for FreezePause {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.option(self.subscriber.as_ref(), |out, subscriber| out.unsigned(u64::from(*subscriber)));
        out.signed(self.until.millis());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            subscriber: input.option(Reader::unsigned_as)?,
            until: read_timestamp(input)?,
        })
    }
}

impl Canonical for Alert {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        self.kind.write(out);
        out.signed(self.until.millis());
        out.fixed(&self.evidence);
        out.text(&self.rule);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            kind: AlertKind::read(input)?,
            until: read_timestamp(input)?,
            evidence: input.fixed()?,
            rule: input.text()?,
        })
    }
}

impl Canonical for OptOut {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.option(self.until.as_ref(), |out, until| out.signed(until.millis()));
        out.fixed(&self.evidence);
        out.text(&self.rule);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            until: input.option(read_timestamp)?,
            evidence: input.fixed()?,
            rule: input.text()?,
        })
    }
}

impl Canonical for AccessCode {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.unsigned(u64::from(self.subscriber));
        out.fixed(&self.hash);
        out.signed(self.until.millis());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            subscriber: input.unsigned_as()?,
            hash: input.fixed()?,
            until: read_timestamp(input)?,
        })
    }
}
