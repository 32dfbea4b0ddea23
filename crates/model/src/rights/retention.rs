//! The end of what is kept: which facts a run of `expire` took out of a file, and what the run came to.

use std::collections::BTreeSet;

use super::{Right, read_place, write_place};
use crate::SubjectId;
use crate::canonical::{Canonical, DecodeError, Reader, Writer};
use crate::fact::{DeliveryNumber, Fact, Slot};

/// Facts past one rule's term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// Id of the rule.
    pub rule: String,
    /// Which facts, in key order: the question each answers, and the delivery that answered it.
    pub facts: Vec<(Slot, DeliveryNumber)>,
}

/// Everything taken out of one file in one run. From then on nothing reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiredFacts {
    /// Whose file.
    pub subject: SubjectId,
    /// What, by rule; never empty.
    pub expiries: Vec<Expiry>,
    /// Rulebook and its version.
    pub rulebook: String,
}

/// What a run came to. The event with its receipt is the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRun {
    /// Entries in the log before the run's first.
    pub entries_before: u64,
    /// Root of the log over them.
    pub root_before: [u8; 32],
    /// Files from which something was taken: one entry for each since then.
    pub subjects: u64,
    /// Facts taken out, by rule, in the order of rules.
    pub facts: Vec<(String, u64)>,
    /// Consents whose time was over and that something rested on alone: one entry for each since then.
    pub consents: u64,
    /// SHA-256 of the de-identified rows kept outside for model development, if any were.
    pub kept_for_models: Option<[u8; 32]>,
    /// Rulebook and its version.
    pub rulebook: String,
}

/// Every fact of one subject that was taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expired(BTreeSet<(Slot, DeliveryNumber)>);

impl Expired {
    /// Adds what an event took out.
    pub fn take(&mut self, right: &Right) {
        if let Right::FactsExpired(expired) = right {
            self.0.extend(expired.expiries.iter().flat_map(|expiry| expiry.facts.iter().copied()));
        }
    }

    /// Whether nothing is gone.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this fact is gone: no credit file shows it, and tables are rewritten without it.
    pub fn covers(&self, fact: &Fact) -> bool {
        self.0.contains(&(fact.key.slot, fact.key.delivery))
    }
}

impl Canonical for ExpiredFacts {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.list(&self.expiries, |out, expiry| {
            out.text(&expiry.rule);
            out.list(&expiry.facts, |out, place| write_place(out, *place));
        });
        out.text(&self.rulebook);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            expiries: input.list(|input| Ok(Expiry { rule: input.text()?, facts: input.list(read_place)? }))?,
            rulebook: input.text()?,
        })
    }
}

impl Canonical for RetentionRun {
    fn write(&self, out: &mut Writer<'_>) {
        out.unsigned(self.entries_before);
        out.fixed(&self.root_before);
        out.unsigned(self.subjects);
        out.list(&self.facts, |out, (rule, count)| {
            out.text(rule);
            out.unsigned(*count);
        });
        out.unsigned(self.consents);
        out.option(self.kept_for_models.as_ref(), |out, hash| out.fixed(hash));
        out.text(&self.rulebook);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            entries_before: input.unsigned()?,
            root_before: input.fixed()?,
            subjects: input.unsigned()?,
            facts: input.list(|input| Ok((input.text()?, input.unsigned()?)))?,
            consents: input.unsigned()?,
            kept_for_models: input.option(Reader::fixed)?,
            rulebook: input.text()?,
        })
    }
}
