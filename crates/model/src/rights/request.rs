//! Requests beside disputes: to erase what a furnisher has handed over on a ground of the law, and to object to its being used.

use super::Right;
use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::consent::read_timestamp;
use crate::consent_terms::Acting;
use crate::event::Event;
use crate::fact::Fact;
use crate::withdrawal::{Erasure, Recipient, category_of};
use crate::{DataCategory, Sensitive, SubjectId, Timestamp};

coded_enum! {
    /// Why a subject asks that data be erased, or no longer used.
    pub enum RequestGround {
        PurposeMet = 1, "purpose_met", "The data are no longer needed for what they were collected for";
        Unlawful = 2, "unlawful", "The data are held against the law";
        Objection = 3, "objection", "The subject objects to the use of the data; it is restricted until this is answered";
    }
}

/// What a subject asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub subject: SubjectId,
    /// Number of the furnisher whose data it is about.
    pub furnisher: u16,
    /// Of which categories, in the order of their numbers; never empty.
    pub categories: Vec<DataCategory>,
    /// On what ground.
    pub ground: RequestGround,
    /// In the subject's words.
    pub words: Sensitive<String>,
    /// SHA-256 of what is shown for it; zeros if nothing is.
    pub evidence: [u8; 32],
    /// Who acted for the subject.
    pub acting: Acting,
    /// Until when it is to be answered, where a rule says.
    pub answer_by: Option<Timestamp>,
    /// Id of the rule.
    pub rule: String,
}

/// The bureau's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestAnswer {
    /// Who asked.
    pub subject: SubjectId,
    /// Place in the log of the request.
    pub request: u64,
    /// What is erased if it is granted; `None` if it is refused.
    pub erasure: Option<Erasure>,
    /// Who was shown it, and is to be told; by member.
    pub recipients: Vec<Recipient>,
    /// The bureau's words, for the subject; where it refuses, why.
    pub words: String,
}

/// A request with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestState {
    /// Place in the log.
    pub entry: u64,
    /// When it was filed.
    pub at: Timestamp,
    /// What was asked.
    pub request: Request,
    /// The answer, and when.
    pub answer: Option<(Timestamp, RequestAnswer)>,
}

impl RequestState {
    /// Whether what it is about is restricted: kept, and shown to nobody but the subject.
    pub const fn restricts(&self) -> bool {
        self.answer.is_none() && matches!(self.request.ground, RequestGround::Objection)
    }

    /// Whether it is about this fact.
    pub fn concerns(&self, fact: &Fact) -> bool {
        fact.key.slot.account.furnisher() == self.request.furnisher
            && self.request.categories.contains(&category_of(&fact.body))
    }
}

/// A subject's requests with what became of them, in the order they were filed.
pub fn requests<'a>(events: impl IntoIterator<Item = (u64, Timestamp, &'a Event)>) -> Vec<RequestState> {
    let mut found: Vec<RequestState> = Vec::new();
    for (entry, at, event) in events {
        let Event::Right(right) = event else { continue };
        match &**right {
            Right::RequestFiled(request) => {
                found.push(RequestState { entry, at, request: request.clone(), answer: None });
            }
            Right::RequestAnswered(answer) => {
                if let Some(of) = found.iter_mut().find(|of| of.entry == answer.request) {
                    of.answer.get_or_insert_with(|| (at, answer.clone()));
                }
            }
            _ => {}
        }
    }
    found
}

impl Canonical for Request {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.unsigned(u64::from(self.furnisher));
        out.list(&self.categories, |out, category| category.write(out));
        self.ground.write(out);
        out.text(self.words.expose());
        out.fixed(&self.evidence);
        self.acting.write(out);
        out.option(self.answer_by.as_ref(), |out, at| out.signed(at.millis()));
        out.text(&self.rule);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            furnisher: input.unsigned_as()?,
            categories: input.list(DataCategory::read)?,
            ground: RequestGround::read(input)?,
            words: Sensitive::new(input.text()?),
            evidence: input.fixed()?,
            acting: Acting::read(input)?,
            answer_by: input.option(read_timestamp)?,
            rule: input.text()?,
        })
    }
}

impl Canonical for RequestAnswer {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.unsigned(self.request);
        out.option(self.erasure.as_ref(), |out, erasure| erasure.write(out));
        out.list(&self.recipients, |out, recipient| recipient.write(out));
        out.text(&self.words);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            request: input.unsigned()?,
            erasure: input.option(Erasure::read)?,
            recipients: input.list(Recipient::read)?,
            words: input.text()?,
        })
    }
}
