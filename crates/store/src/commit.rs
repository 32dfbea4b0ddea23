//! The one way anything changes: changes and the event that explains them, in one durable batch.

use std::fs;
use std::io::Write;
use std::sync::{Arc, PoisonError};

use tallystick_audit::{Receipt, leaf_hash};
use tallystick_model::delivery::{DeliveryRecord, DeliveryState};
use tallystick_model::event::{Entry, Event, Salt};
use tallystick_model::fact::{DeliveryNumber, Fact};
use tallystick_model::{Canonical, Timestamp, subject_facts};

use crate::audit_log::Nodes;
use crate::engine::{Batch, Space};
use crate::facts_root::{FactsDigest, FactsRoot};
use crate::keys;
use crate::load::{FactBatch, Loaded};
use crate::store::{Store, StoreError, StoredDelivery, lock, published_path, read_checkpoint, stored_delivery};

/// What a commit changes beside its own record.
#[derive(Debug)]
pub struct Changes {
    loaded: Option<Loaded>,
}

impl Changes {
    /// Nothing: the event stands for itself.
    pub const fn none() -> Self {
        Self { loaded: None }
    }

    /// Makes the facts of a load visible. Goes with [`Event::DeliveryAdmitted`]; with [`Event::DeliveryQuarantined`] they are kept
    /// and stay invisible.
    pub const fn make_visible(loaded: Loaded) -> Self {
        Self { loaded: Some(loaded) }
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
        Ok(Self { loaded: Some(loaded) })
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
        let delivery = match &event {
            Event::DeliveryAdmitted(delivery) | Event::DeliveryQuarantined(delivery) => Some(delivery),
            Event::FactCorrected(correction) => Some(&correction.delivery),
            _ => None,
        };
        check_changes(&changes, delivery)?;
        if let Some(why) = &self.behind {
            return Err(StoreError::Behind(why.clone()));
        }

        let _committing = lock(&self.committing);
        let changed = self.changed_delivery(&event, delivery, at)?;
        let index = self.state().log_size;
        let entry = Entry::of(&event, &salt, at);
        let entry_bytes = entry.to_bytes();
        let mut nodes = Nodes::stored(&self.engine);
        let added = tallystick_audit::append(index, &[leaf_hash(&entry_bytes)], &nodes)?;
        nodes.add(&added);
        let size = index + 1;
        let root = tallystick_audit::root(size, &nodes)?;
        let proof = tallystick_audit::prove_inclusion(index, size, &nodes)?;
        let checkpoint = self
            .signer
            .sign(&self.signer.checkpoint(size, root))
            .map_err(|error| StoreError::Damaged { place: "log checkpoint".to_owned(), what: error.to_string() })?;

        let mut batch = self.engine.batch();
        for (id, hash) in &added {
            batch.put(Space::Log, keys::node(*id), hash.0);
        }
        batch.put(Space::Log, keys::entry(index), &entry_bytes);
        batch.put(Space::Log, keys::CHECKPOINT_KEY, &checkpoint);
        batch.put(Space::Events, keys::event(event.subject(), index), [salt.as_slice(), &event.to_bytes()].concat());
        put_changes(&mut batch, &changes, &event, changed.as_ref());
        if let Some(subject) = event.erases() {
            batch.put(Space::Meta, keys::erased(subject), index.to_be_bytes());
        }
        // Where this fails it may still be on disk, and hold at the next opening: what it lists must be there. What it does not
        // list then is removed by that opening.
        changes.loaded.iter().flat_map(|loaded| &loaded.runs).for_each(|run| run.keep());
        // From here the commit is durable: all that follows is derived from it again when the store is opened.
        batch.commit()?;

        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for run in changes.loaded.iter().flat_map(|loaded| &loaded.runs) {
            Arc::make_mut(&mut state.runs).add(Arc::clone(run));
        }
        state.log_size = size;
        if let Some(changed) = &changed {
            Arc::make_mut(&mut state.visibility).add(changed);
        }
        if let Event::MemberAdmitted(member) = &event {
            Arc::make_mut(&mut state.members).push(member.clone());
        }
        drop(state);
        // The commit stands whether or not this succeeds: an error would make the caller repeat what is recorded. The next
        // commit or the next opening publishes again.
        let _ = self.publish_checkpoint(&checkpoint);
        Ok(Committed { index, entry, receipt: Receipt { index, proof, checkpoint, extra: None } })
    }

    /// Writes the published checkpoint again if it is missing, and tells whether it was. A store that was behind for that
    /// reason records again once it is opened anew.
    ///
    /// For whoever has checked the store and knows that nothing later was published: this vouches for it.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read or written.
    pub fn publish_missing_checkpoint(&self) -> Result<bool, StoreError> {
        let _committing = lock(&self.committing);
        let path = published_path(&self.folder);
        if path.try_exists().map_err(|error| StoreError::File { path, error })? {
            return Ok(false);
        }
        self.publish_checkpoint(&read_checkpoint(&self.engine)?)?;
        Ok(true)
    }

    /// Writes the signed checkpoint beside the engine, whole or not at all: where outsiders read it, and what shows that
    /// the store has lost its end.
    pub(crate) fn publish_checkpoint(&self, checkpoint: &str) -> Result<(), StoreError> {
        let path = published_path(&self.folder);
        let draft = path.with_extension("new");
        // Synced before the rename: after a power cut the name must not lead to an empty file.
        let written = fs::File::create(&draft).and_then(|mut file| {
            file.write_all(checkpoint.as_bytes())?;
            file.sync_data()
        });
        written.and_then(|()| fs::rename(&draft, &path)).map_err(|error| StoreError::File { path, error })
    }
}

impl Store {
    /// How a delivery stands after `event`, if it changes one.
    fn changed_delivery(
        &self,
        event: &Event,
        delivery: Option<&DeliveryRecord>,
        at: Timestamp,
    ) -> Result<Option<StoredDelivery>, StoreError> {
        let (number, state) = match event {
            Event::DeliveryQuarantined(_) => (None, DeliveryState::Quarantined),
            Event::DeliveryReleased(end) => (Some(end.delivery), DeliveryState::Released),
            Event::DeliveryDiscarded(end) => (Some(end.delivery), DeliveryState::Discarded),
            _ => (None, DeliveryState::Visible),
        };
        let record = match (delivery, number) {
            (Some(record), _) => record.clone(),
            (None, None) => return Ok(None),
            (None, Some(number)) => match stored_delivery(&self.engine, number)? {
                Some(stored) if stored.state == DeliveryState::Quarantined => stored.record,
                _ => return Err(StoreError::Contradiction("only a quarantined delivery is released or discarded")),
            },
        };
        Ok(Some(StoredDelivery { state, since: at, record }))
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

fn put_changes(batch: &mut Batch<'_>, changes: &Changes, event: &Event, delivery: Option<&StoredDelivery>) {
    if let Some(loaded) = &changes.loaded {
        for (subject, facts) in loaded.waiting.iter().flat_map(FactBatch::iter) {
            batch.put(Space::Facts, keys::facts(subject, loaded.number), facts);
        }
        for run in &loaded.runs {
            batch.put(Space::Meta, keys::run(run.number()), keys::run_value(run.shard(), run.weight()));
        }
    }
    if let Some(delivery) = delivery {
        batch.put(Space::Meta, keys::delivery(delivery.record.number), delivery.to_bytes());
    }
    if let Event::ConsentWithdrawn(withdrawal) = event
        && withdrawal.salt_destroyed
    {
        batch.remove(Space::Salts, withdrawal.subject.0);
    }
    if let Event::MemberAdmitted(member) = event {
        batch.put(Space::Meta, keys::member(member.number), member.to_bytes());
    }
}
