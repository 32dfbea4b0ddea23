//! The one way anything changes: changes and the event that explains them, in one durable batch.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use tallystick_audit::{CheckpointSigner, Receipt, leaf_hash};
use tallystick_model::delivery::{DeliveryRecord, DeliveryState};
use tallystick_model::event::{Entry, Event, Salt, commitment};
use tallystick_model::fact::{DeliveryNumber, Fact};
use tallystick_model::{Canonical, Timestamp, subject_facts};

use crate::audit_log::Nodes;
use crate::engine::{Batch, Space};
use crate::facts_root::{FactsDigest, FactsRoot};
use crate::group::Submission;
use crate::keys;
use crate::load::{FactBatch, Loaded};
use crate::publish::UNPUBLISHED_MAX;
use crate::signing::{Signing, follow, statement_of};
use crate::store::{Store, StoreError, StoredDelivery, lock, stored_delivery};

/// What a commit changes beside its own record.
#[derive(Debug)]
pub struct Changes {
    loaded: Option<Loaded>,
    /// Signs the log from this commit on. Goes with [`Event::LogKeyTurned`].
    signer: Option<Arc<CheckpointSigner>>,
}

impl Changes {
    /// Nothing: the event stands for itself.
    pub const fn none() -> Self {
        Self { loaded: None, signer: None }
    }

    /// Makes the facts of a load visible. Goes with [`Event::DeliveryAdmitted`]; with [`Event::DeliveryQuarantined`] they are kept
    /// and stay invisible.
    pub const fn make_visible(loaded: Loaded) -> Self {
        Self { loaded: Some(loaded), signer: None }
    }

    /// Lets another key sign the log. Goes with [`Event::LogKeyTurned`].
    pub fn turn_log_key(signer: CheckpointSigner) -> Self {
        Self { loaded: None, signer: Some(Arc::new(signer)) }
    }

    /// Adds a few facts of delivery `number`, whatever their order. Goes with [`Event::FactCorrected`].
    ///
    /// # Errors
    /// [`StoreError::Contradiction`] if two are in one slot.
    pub fn add(number: DeliveryNumber, mut facts: Vec<Fact>) -> Result<Self, StoreError> {
        facts.sort_by_key(|fact| fact.key);
        let mut root = FactsRoot::new();
        facts.iter().for_each(|fact| root.count(fact.key.slot.kind, 1));
        let mut batch = FactBatch::of(number);
        let mut value = Vec::new();
        for of_subject in facts.chunk_by(|one, other| one.key.subject == other.key.subject) {
            let Some(first) = of_subject.first() else { continue };
            batch.push(first.key.subject, |bytes| {
                for fact in of_subject {
                    value.clear();
                    fact.write_value(&mut value);
                    subject_facts::write_fact(bytes, fact.key.slot, &value);
                }
            })?;
        }
        batch.leaves().iter().for_each(|leaf| root.push(*leaf));
        let loaded = Loaded { number, digest: root.finish(), waiting: vec![batch], runs: Vec::new() };
        Ok(Self { loaded: Some(loaded), signer: None })
    }

    /// What the delivery of these facts must say of them.
    pub fn digest(&self) -> FactsDigest {
        self.loaded.as_ref().map_or_else(|| FactsRoot::new().finish(), |loaded| loaded.digest.clone())
    }
}

/// What a commit left in the log.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Place in the log, counted from 0.
    pub index: u64,
    /// The entry itself.
    pub entry: Entry,
    /// Proof that the entry is in the log of the signed checkpoint.
    pub receipt: Receipt,
}

/// One thing that is done: what it changes, and the event that explains it.
#[derive(Debug)]
pub struct Act {
    /// What it changes beside its own record.
    pub changes: Changes,
    /// Its record.
    pub event: Event,
    /// Random bytes beside the event.
    pub salt: Salt,
}

impl Store {
    /// Makes `changes` and `event` durable and visible together with their log entry, or not at all.
    ///
    /// When this returns, the disk has it: an answer may leave. Members and deliveries are written from the event itself, so they
    /// cannot say anything else than it.
    ///
    /// # Errors
    /// [`StoreError::Contradiction`] if changes and event disagree, [`StoreError::Behind`] if the published checkpoint knows
    /// more than the store: nothing is written. [`StoreError::Engine`] if the disk
    /// refuses: the store then accepts no more until it is opened again.
    pub fn commit(&self, changes: Changes, event: Event, salt: Salt, at: Timestamp) -> Result<Committed, StoreError> {
        let committed = self.commit_all(vec![Act { changes, event, salt }], at)?;
        committed.into_iter().next().ok_or(StoreError::Contradiction("an act leaves an entry"))
    }

    /// Makes several acts durable and visible together, one entry after the other, or none of them. What several threads commit at
    /// the same time shares one write and one wait for the disk ([`crate::group`]).
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn commit_all(&self, acts: Vec<Act>, at: Timestamp) -> Result<Vec<Committed>, StoreError> {
        for act in &acts {
            check_changes(&act.changes, delivery_of(&act.event))?;
        }
        if let Some(why) = self.behind() {
            return Err(StoreError::Behind(why));
        }
        self.queue.submit(Submission::new(acts, at), |group| self.commit_group(group))
    }

    /// Commits what waits, all in one batch; tells each its result. What contradicts what is stored is refused by itself.
    fn commit_group(&self, group: Vec<Submission>) {
        let _committing = lock(&self.committing);
        let mut deliveries = BTreeMap::new();
        let mut accepted = Vec::with_capacity(group.len());
        let (mut signing, mut next) = (self.signing(), self.state().log_size);
        for submission in group {
            let changed = self
                .changed_deliveries(&submission, &deliveries)
                .and_then(|changed| Ok((changed, signing.followed(&submission.acts, next)?)));
            match changed {
                Ok((changed, followed)) => {
                    signing = followed;
                    next += submission.acts.len() as u64;
                    deliveries.extend(changed.into_iter().map(|delivery| (delivery.record.number, delivery)));
                    accepted.push(submission);
                }
                Err(error) => submission.finish(Err(error)),
            }
        }
        if accepted.is_empty() {
            return;
        }
        match self.write(&accepted, &deliveries, signing) {
            Ok(mut written) => {
                for submission in accepted {
                    let rest = written.committed.split_off(submission.acts.len());
                    submission.finish(Ok(std::mem::replace(&mut written.committed, rest)));
                }
                // The commits stand whether or not this succeeds: an error would make the callers repeat what is recorded. A later
                // commit or the next opening publishes again.
                if self.unpublished(written.size) >= UNPUBLISHED_MAX {
                    let _ = self.publish(&written.checkpoint, written.size);
                }
            }
            Err(error) => accepted.into_iter().for_each(|submission| submission.finish(Err(error.again()))),
        }
    }

    /// Writes acts and all that follows from them in one durable batch.
    fn write(
        &self,
        group: &[Submission],
        deliveries: &BTreeMap<DeliveryNumber, StoredDelivery>,
        signing: Signing,
    ) -> Result<Written, StoreError> {
        let first = self.state().log_size;
        let acts = || group.iter().flat_map(|submission| submission.acts.iter().map(|act| (act, submission.at)));
        let events: Vec<Vec<u8>> = acts().map(|(act, _)| act.event.to_bytes()).collect();
        let entries: Vec<Entry> = acts()
            .zip(&events)
            .map(|((act, at), event)| Entry { kind: act.event.kind(), at, commitment: commitment(&act.salt, event) })
            .collect();
        let entry_bytes: Vec<Vec<u8>> = entries.iter().map(Canonical::to_bytes).collect();
        let leaves: Vec<_> = entry_bytes.iter().map(|entry| leaf_hash(entry)).collect();
        let mut nodes = Nodes::stored(&self.engine);
        let added = tallystick_audit::append(first, &leaves, &nodes)?;
        nodes.add(&added);
        let size = first + entries.len() as u64;
        let root = tallystick_audit::root(size, &nodes)?;
        let current = self.signing().signer;
        let unsigned = current.checkpoint(size, root);
        // Who knows only the key until now can open the first checkpoint of the next, which covers the entry that names it.
        let signed = if Arc::ptr_eq(&current, &signing.signer) {
            current.sign(&unsigned)
        } else {
            current.sign_with(&signing.signer, &unsigned)
        };
        let checkpoint = signed
            .map_err(|error| StoreError::Damaged { place: "log checkpoint".to_owned(), what: error.to_string() })?;

        let mut batch = self.engine.batch();
        for (id, hash) in &added {
            batch.put(Space::Log, keys::node(*id), hash.0);
        }
        batch.put(Space::Log, keys::CHECKPOINT_KEY, &checkpoint);
        let mut committed = Vec::with_capacity(entries.len());
        for (((index, (act, _)), (entry, bytes)), event) in
            (first..).zip(acts()).zip(entries.into_iter().zip(&entry_bytes)).zip(&events)
        {
            batch.put(Space::Log, keys::entry(index), bytes);
            batch.put(Space::Events, keys::event(act.event.subject(), index), [act.salt.as_slice(), event].concat());
            put_changes(&mut batch, &act.changes, &act.event);
            if let Some(statement) = statement_of(&act.event) {
                batch.put(Space::Meta, keys::log_key(index), statement);
            }
            if let Some(subject) = act.event.erases() {
                batch.put(Space::Meta, keys::erased(subject), index.to_be_bytes());
            }
            let proof = tallystick_audit::prove_inclusion(index, size, &nodes)?;
            let receipt = Receipt { index, proof, checkpoint: checkpoint.clone(), extra: None };
            committed.push(Committed { index, entry, receipt });
        }
        for delivery in deliveries.values() {
            batch.put(Space::Meta, keys::delivery(delivery.record.number), delivery.to_bytes());
        }
        // Where this fails it may still be on disk, and hold at the next opening: what it lists must be there. What it does not
        // list then is removed by that opening.
        let runs = || acts().flat_map(|(act, _)| &act.changes.loaded).flat_map(|loaded| &loaded.runs);
        runs().for_each(|run| run.keep());
        // From here the commit is durable: all that follows is derived from it again when the store is opened.
        batch.commit()?;

        *self.signing.write().unwrap_or_else(PoisonError::into_inner) = signing;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for run in runs() {
            Arc::make_mut(&mut state.runs).add(Arc::clone(run));
        }
        state.log_size = size;
        for changed in deliveries.values() {
            Arc::make_mut(&mut state.visibility).add(changed);
        }
        for (act, _) in acts() {
            if let Event::MemberAdmitted(member) = &act.event {
                Arc::make_mut(&mut state.members).push(member.clone());
            }
        }
        Ok(Written { committed, checkpoint, size })
    }
}

impl Signing {
    /// What signs after these acts, the first of which is entry `index`.
    fn followed(&self, acts: &[Act], index: u64) -> Result<Self, StoreError> {
        let mut after = self.clone();
        for (index, act) in (index..).zip(acts) {
            if statement_of(&act.event).is_none() && act.changes.signer.is_none() {
                continue;
            }
            follow(&mut after.keys, &act.event, index).map_err(|_| {
                StoreError::Contradiction("what is said of the log's keys does not follow at its place")
            })?;
            if let Some(signer) = &act.changes.signer {
                after.signer = Arc::clone(signer);
            }
            if after.keys.current().key != *after.signer.verifier() {
                return Err(StoreError::Contradiction("the key that is to sign is not the one the statement names"));
            }
        }
        Ok(after)
    }
}

/// What a group left in the log.
struct Written {
    /// In the order of the acts.
    committed: Vec<Committed>,
    /// Signed, of `size` entries.
    checkpoint: String,
    size: u64,
}

impl Store {
    /// How deliveries stand after a submission; `so_far` is what others of its group change.
    fn changed_deliveries(
        &self,
        submission: &Submission,
        so_far: &BTreeMap<DeliveryNumber, StoredDelivery>,
    ) -> Result<Vec<StoredDelivery>, StoreError> {
        let mut changed: Vec<StoredDelivery> = Vec::new();
        for act in &submission.acts {
            let (record, state) = match &act.event {
                Event::DeliveryQuarantined(record) => (record.clone(), DeliveryState::Quarantined),
                Event::DeliveryReleased(end) => {
                    (self.quarantined(end.delivery, &changed, so_far)?, DeliveryState::Released)
                }
                Event::DeliveryDiscarded(end) => {
                    (self.quarantined(end.delivery, &changed, so_far)?, DeliveryState::Discarded)
                }
                event => match delivery_of(event) {
                    Some(record) => (record.clone(), DeliveryState::Visible),
                    None => continue,
                },
            };
            changed.retain(|delivery| delivery.record.number != record.number);
            changed.push(StoredDelivery { state, since: submission.at, record });
        }
        Ok(changed)
    }

    /// The record of a delivery that is quarantined.
    fn quarantined(
        &self,
        number: DeliveryNumber,
        changed: &[StoredDelivery],
        so_far: &BTreeMap<DeliveryNumber, StoredDelivery>,
    ) -> Result<DeliveryRecord, StoreError> {
        let in_group = changed.iter().find(|delivery| delivery.record.number == number).or_else(|| so_far.get(&number));
        let stored = match in_group {
            Some(delivery) => Some(delivery.clone()),
            None => stored_delivery(&self.engine, number)?,
        };
        match stored {
            Some(stored) if stored.state == DeliveryState::Quarantined => Ok(stored.record),
            _ => Err(StoreError::Contradiction("only a quarantined delivery is released or discarded")),
        }
    }
}

/// The delivery that an event makes, if it makes one.
const fn delivery_of(event: &Event) -> Option<&DeliveryRecord> {
    match event {
        Event::DeliveryAdmitted(delivery) | Event::DeliveryQuarantined(delivery) => Some(delivery),
        Event::FactCorrected(correction) => Some(&correction.delivery),
        _ => None,
    }
}

fn check_changes(changes: &Changes, delivery: Option<&DeliveryRecord>) -> Result<(), StoreError> {
    let contradiction = |what| Err(StoreError::Contradiction(what));
    match (delivery, &changes.loaded) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return contradiction("facts without a delivery"),
        (Some(delivery), Some(loaded)) if loaded.number == delivery.number => {}
        (Some(_), _) => return contradiction("a delivery needs its own facts"),
    }
    let digest = changes.digest();
    let said = delivery.is_some_and(|delivery| {
        (digest.root, digest.subjects) == (delivery.facts_root, delivery.subjects) && digest.facts == delivery.facts
    });
    if said { Ok(()) } else { contradiction("the delivery's root or counts are not those of its facts") }
}

fn put_changes(batch: &mut Batch<'_>, changes: &Changes, event: &Event) {
    if let Some(loaded) = &changes.loaded {
        for (subject, facts) in loaded.waiting.iter().flat_map(FactBatch::iter) {
            batch.put(Space::Facts, keys::facts(subject, loaded.number), facts);
        }
        for run in &loaded.runs {
            batch.put(Space::Meta, keys::run(run.number()), keys::run_value(run.shard(), run.weight()));
        }
    }
    if let Event::ConsentWithdrawn(withdrawal) | Event::ConsentExpired(withdrawal) = event
        && withdrawal.salt_destroyed
    {
        batch.remove(Space::Salts, withdrawal.subject.0);
    }
    if let Event::MemberAdmitted(member) = event {
        batch.put(Space::Meta, keys::member(member.number), member.to_bytes());
    }
}
