//! Comparing: after every step, everything that both bureaus say of themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tallystick_audit::CheckpointVerifier;
use tallystick_model::event::{Event, EventKind};
use tallystick_model::fact::{Fact, FactBody, FactKey};
use tallystick_model::{Canonical, SubjectId};
use tallystick_operations::bureau::Recorded;
use tallystick_operations::verify::verify;
use tallystick_receipt::{Checked, DOCUMENT_BYTES_MAX, Document, Witnesses};
use tallystick_store::Snapshot;
use tallystick_store::check::Report;

use super::file::Who;
use super::{Holding, World};
use crate::reference::rules::Law;
use crate::reference::{Facts, Held, Said, log};

/// Nothing if both are the same, else what each is.
///
/// # Errors
/// What differs.
pub fn same<T: PartialEq + Debug>(what: &str, bureau: &T, reference: &T) -> Result<(), String> {
    if bureau == reference {
        return Ok(());
    }
    Err(format!("{what} differ\n  bureau:    {bureau:?}\n  reference: {reference:?}"))
}

/// The facts of one pseudonym as the reference keeps them: identities in the clear.
fn held(snapshot: &Snapshot<'_>, fact: &Fact) -> Result<Held, String> {
    let said = match &fact.body {
        FactBody::Identity(_) => {
            let opened = snapshot.identity(fact).map_err(|error| error.to_string())?;
            Said::Identity(opened.ok_or_else(|| format!("{:?} has no salt", fact.key))?)
        }
        body => Said::Body(body.clone()),
    };
    Ok(Held { standing: fact.standing, said })
}

impl World<'_> {
    /// What a receipt proves, after it went through its text, to whoever has the bureau's public key.
    pub(super) fn proves(&self, receipt: &Document) -> Result<Checked, String> {
        let key: CheckpointVerifier = self.bureau()?.verifier_key().parse().map_err(|error| format!("{error}"))?;
        let read = Document::parse(receipt.to_text().as_bytes(), DOCUMENT_BYTES_MAX);
        read.and_then(|read| read.check(&key, Witnesses::default()))
            .map_err(|fault| format!("a receipt fails: {fault}"))
    }

    /// The sealed bytes of those of `facts` that are sealed.
    pub(super) fn seals(&self, facts: &Facts) -> Result<BTreeMap<FactKey, Vec<u8>>, String> {
        let snapshot = self.bureau()?.snapshot();
        let mut seals = BTreeMap::new();
        for key in facts.iter().filter(|(_, held)| matches!(held.said, Said::Identity(_))).map(|(key, _)| key) {
            let file = snapshot.stored_file(key.subject).map_err(|error| error.to_string())?;
            for fact in file.history().iter().filter(|fact| fact.key == *key) {
                if let FactBody::Identity(sealed) = &fact.body {
                    seals.insert(*key, sealed.clone());
                }
            }
        }
        Ok(seals)
    }

    /// The bureau has recorded `expected` as its last event, and given `recorded` as its proof.
    pub(super) fn agree_on(&mut self, expected: Event, recorded: &Recorded) -> Result<(), String> {
        self.agree_on_event(expected)?;
        self.proved(self.last(), recorded)
    }

    /// Place of the last entry.
    pub(super) const fn last(&self) -> usize {
        self.reference.log.len().saturating_sub(1)
    }

    /// The bureau has given `recorded` as the proof of the entry at `index`, in the log as it is now: the end of one commit.
    pub(super) fn proved(&self, index: usize, recorded: &Recorded) -> Result<(), String> {
        let (entries, receipt) = (self.reference.entries(), &recorded.receipt);
        same("indexes of the receipt", &receipt.index, &u64::try_from(index).unwrap_or(u64::MAX))?;
        same("entries of the answer", &Some(recorded.entry), &self.reference.log.get(index).map(|(entry, _)| *entry))?;
        let hashes: Vec<log::Hash> = receipt.proof.hashes.iter().map(|hash| hash.0).collect();
        same("inclusion proofs", &hashes, &log::path(index, &entries))?;
        let mut lines = receipt.checkpoint.lines().skip(1).map(str::to_owned);
        same("sizes of the checkpoint", &lines.next(), &Some(entries.len().to_string()))?;
        same("roots of the checkpoint", &lines.next(), &Some(BASE64_STANDARD.encode(log::root(&entries))))
    }

    /// The bureau has recorded `expected` as its last event, now, with an entry that commits to it.
    pub(super) fn agree_on_event(&mut self, expected: Event) -> Result<(), String> {
        self.agree_on_act(&expected)?;
        self.agree_on_recorded(expected)
    }

    /// The same of an event whose act was agreed on.
    pub(super) fn agree_on_recorded(&mut self, expected: Event) -> Result<(), String> {
        let index = u64::try_from(self.reference.log.len()).unwrap_or(u64::MAX);
        let snapshot = self.bureau()?.snapshot();
        let entry = snapshot.entry(index).map_err(|error| format!("nothing is recorded: {error}"))?;
        same("kinds of the entry", &entry.kind, &expected.kind())?;
        same("times of the entry", &entry.at, &self.now)?;
        let stored = snapshot.events(expected.subject()).map_err(|error| error.to_string())?;
        let stored = stored.iter().find(|stored| stored.index == index).ok_or("no event is stored")?;
        same("events", &stored.event, &expected)?;
        same("places of the event", &(stored.index, stored.entry), &(index, entry))?;
        let commitment = log::commitment(&stored.salt, &expected.to_bytes());
        same("commitments", &entry.commitment, &commitment)?;
        self.count(expected.kind());
        self.reference.push(entry, expected);
        Ok(())
    }

    /// Counts what was recorded under this law.
    pub(super) fn count(&mut self, kind: EventKind) {
        let law = Law::ALL.iter().position(|law| *law == self.reference.law).unwrap_or(0);
        let counts = self.tally.done.entry(kind).or_default();
        counts.iter_mut().skip(law).take(1).for_each(|count| *count += 1);
    }

    /// The bureau has recorded nothing beyond what the reference has.
    fn nothing_more(&self) -> Result<(), String> {
        let entries = u64::try_from(self.reference.log.len()).unwrap_or(u64::MAX);
        same("sizes of the log", &self.bureau()?.snapshot().log_size(), &entries)
    }

    /// The whole state: what the bureau finds when it checks itself, and every credit file.
    pub(super) fn check(&mut self) -> Result<(), String> {
        let holding = self.check_now()?;
        if self.past.last().is_some_and(|(at, _)| *at == self.now) {
            self.past.pop();
        }
        self.past.push((self.now, holding));
        let chosen = usize::try_from(self.entropy.bits() % u64::try_from(self.past.len()).unwrap_or(1)).unwrap_or(0);
        let Some((at, before)) = self.past.get(chosen) else { return Ok(()) };
        let snapshot = self.bureau()?.snapshot().as_known_on(*at);
        for (subject, held) in before {
            let file = snapshot.stored_file(*subject).map_err(|error| error.to_string())?;
            let holding: BTreeSet<FactKey> = file.current().map(|fact| fact.key).collect();
            same("facts that held at an earlier time", &holding, held)?;
        }
        Ok(())
    }

    /// The state now; gives what holds of each subject.
    fn check_now(&self) -> Result<Holding, String> {
        self.nothing_more()?;
        self.check_governed()?;
        let bureau = self.bureau()?;
        let counts = self.reference.counts();
        let expected = Report {
            entries: counts.entries,
            root: counts.root,
            events: counts.entries,
            disclosures: counts.disclosures,
            members: counts.members,
            deliveries: counts.deliveries,
            facts: counts.facts,
            subjects: counts.subjects,
            quarantined: 0,
            findings: Vec::new(),
        };
        same("whole-state checks", &verify(bureau, &mut |_, _| {}), &expected)?;
        let snapshot = bureau.snapshot();
        same("members", &snapshot.members().to_vec(), &self.reference.members())?;
        let mut subjects: BTreeSet<SubjectId> = self.reference.facts.keys().map(|key| key.subject).collect();
        for number in 0..4 {
            for who in [Who::Person(number), Who::Passport(number), Who::Firm(number)] {
                subjects.insert(self.reference.pseudonym(&who.identifier("")?));
            }
        }
        let mut all = Holding::new();
        for subject in subjects {
            let file = snapshot.stored_file(subject).map_err(|error| error.to_string())?;
            let erased = snapshot.erasures(subject).map_err(|error| error.to_string())?;
            let mut facts = Facts::new();
            for fact in file.clone().without(&erased).history() {
                let mut held = held(&snapshot, fact)?;
                // Of a sealed identity, whoever opens it leaves out what is erased.
                if let Said::Identity(identity) = &mut held.said {
                    identity.attributes.retain(|(category, _)| !erased.covers(fact, *category));
                }
                facts.insert(fact.key, held);
            }
            let expected = self.reference.without_erased(self.reference.history(subject));
            same("credit files", &facts, &expected)?;
            let holding: BTreeSet<FactKey> = file.current().map(|fact| fact.key).collect();
            same("facts that hold", &holding, &self.reference.current(subject).into_keys().collect())?;
            all.insert(subject, holding);
        }
        Ok(all)
    }
}
