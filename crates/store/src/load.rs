//! Bulk load: a delivery's facts go to disk sorted, in one pass, and stay invisible until their commit.
//!
//! A crash before the commit leaves facts whose delivery is never committed. They are never seen: reads ask
//! which deliveries are, and a number is not given twice. `check` counts them. A small delivery does not even leave that: its
//! facts go into the commit's own batch.

use std::collections::BTreeMap;
use std::sync::MutexGuard;
use std::sync::mpsc::{SyncSender, sync_channel};

use tallystick_audit::Hash;
use tallystick_model::delivery::DeliveryState;
use tallystick_model::fact::{DeliveryNumber, FACT_KEY_BYTES, FactKind};
use tallystick_model::{SubjectId, subject_facts};

use crate::engine::{EngineError, Space, fact_shard};
use crate::facts_root::{FactsDigest, FactsRoot, is_place, subject_leaf};
use crate::keys;
use crate::seal::{self, NONCE_BYTES, SubjectSalt};
use crate::store::{Store, StoreError, lock};

/// A delivery of no more bytes than this is committed in one batch; tables of its own would cost more files than it is worth.
const ONE_BATCH_BYTES_MAX: usize = 1 << 20;

/// A delivery that has its number and is not yet committed. One at a time.
#[derive(Debug)]
pub struct OpenDelivery<'a> {
    store: &'a Store,
    number: DeliveryNumber,
    one_batch_bytes_max: usize,
    _delivering: MutexGuard<'a, ()>,
}

/// What a delivery says of some subjects, ready to be loaded: in the order of their pseudonyms.
#[derive(Clone, Debug, Default)]
pub struct FactBatch {
    bytes: Vec<u8>,
    subjects: Vec<Subject>,
    /// One for each subject.
    leaves: Vec<Leaf>,
    counts: BTreeMap<FactKind, u64>,
}

#[derive(Clone, Copy, Debug)]
struct Subject {
    id: SubjectId,
    end: usize,
}

/// What the delivery's root is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf {
    pub(crate) hash: Hash,
    /// Whether it stands for no subject.
    pub(crate) is_place: bool,
}

impl FactBatch {
    /// Adds a subject above all before it: `write` appends its facts as `subject_facts::write_fact` does. They are hashed for
    /// the delivery's root here, so that many threads can do it.
    pub fn push(&mut self, id: SubjectId, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        let facts = self.bytes.get(start..).unwrap_or_default();
        self.leaves.push(Leaf { hash: subject_leaf(id, facts), is_place: is_place(facts) });
        self.subjects.push(Subject { id, end: self.bytes.len() });
    }

    /// Counts a fact of a kind.
    pub fn count(&mut self, kind: FactKind) {
        *self.counts.entry(kind).or_default() += 1;
    }

    /// Bytes of facts.
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// The subjects, each with its facts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Loading<'_>> {
        (0..self.subjects.len()).filter_map(|at| self.get(at))
    }

    /// The subject at place `at`, likewise.
    fn get(&self, at: usize) -> Option<Loading<'_>> {
        let subject = self.subjects.get(at)?;
        let start = at.checked_sub(1).and_then(|before| self.subjects.get(before)).map_or(0, |before| before.end);
        Some((subject.id, self.bytes.get(start..subject.end).unwrap_or_default()))
    }

    /// The leaves, in the order of the subjects.
    pub(crate) fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }
}

/// A subject and its facts.
type Loading<'a> = (SubjectId, &'a [u8]);

/// The facts of a delivery are on disk, or in here where they are few;
/// [`Changes::make_visible`](crate::Changes::make_visible) takes this.
#[derive(Debug)]
pub struct Loaded {
    pub(crate) number: DeliveryNumber,
    pub(crate) digest: FactsDigest,
    /// Those that go into the commit's batch.
    pub(crate) waiting: Vec<FactBatch>,
}

impl Loaded {
    /// Root and counts, for the delivery's record.
    pub const fn digest(&self) -> &FactsDigest {
        &self.digest
    }
}

impl Store {
    /// Gives the next delivery its number, durably, so that no other ever has it.
    ///
    /// # Errors
    /// [`StoreError::Behind`] if the published checkpoint knows more than the store; [`StoreError`] if the disk refuses.
    pub fn begin_delivery(&self) -> Result<OpenDelivery<'_>, StoreError> {
        if let Some(why) = &self.behind {
            return Err(StoreError::Behind(why.clone()));
        }
        let delivering = lock(&self.delivering);
        self.clear_leftovers()?;
        let number = {
            let mut state = self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            let number = DeliveryNumber(state.next_delivery);
            state.next_delivery = state.next_delivery.saturating_add(1);
            number
        };
        let mut batch = self.engine.batch();
        batch.put(Space::Meta, keys::delivery(number), [keys::DELIVERY_LOADING]);
        batch.commit()?;
        Ok(OpenDelivery { store: self, number, one_batch_bytes_max: ONE_BATCH_BYTES_MAX, _delivering: delivering })
    }
}

/// Leftovers are looked for in so many bytes of tables before the next delivery; what lies deeper goes with a later merge.
const LEFTOVERS_BYTES_MAX: u64 = 1 << 30;

impl Store {
    /// Clears away what the last load has left, if it never ended. No delivery is open: whatever is said to be loading is such
    /// a one. Of earlier ones, and of discarded deliveries, the facts go when their tables are merged.
    fn clear_leftovers(&self) -> Result<(), StoreError> {
        let (mut ended, mut committed) = (Vec::new(), DeliveryNumber(0));
        for pair in self.engine.prefix(Space::Meta, keys::DELIVERY_PREFIX) {
            let (key, value) = pair?;
            let Some(number) = keys::read_delivery(&key) else { continue };
            match value.first().and_then(|state| DeliveryState::from_number(*state)) {
                Some(DeliveryState::Loading) => ended.push(number),
                Some(DeliveryState::Discarded) => self.engine.drop_facts_of([number.0.to_be_bytes()]),
                Some(DeliveryState::Visible | DeliveryState::Quarantined | DeliveryState::Released) => {
                    committed = number
                }
                Some(DeliveryState::Cleared) | None => {}
            }
        }
        self.engine.drop_facts_of(ended.iter().map(|number| number.0.to_be_bytes()));
        // Once, before the next delivery comes: what that does not reach would not be reached by trying again.
        ended.retain(|number| *number > committed);
        if ended.is_empty() || !self.engine.clear_dropped(LEFTOVERS_BYTES_MAX)? {
            return Ok(());
        }
        let mut batch = self.engine.batch_with_the_next();
        for number in ended {
            batch.put(Space::Meta, keys::delivery(number), [DeliveryState::Cleared.number()]);
        }
        Ok(batch.commit()?)
    }
}

impl OpenDelivery<'_> {
    /// The number this delivery has.
    pub const fn number(&self) -> DeliveryNumber {
        self.number
    }

    /// Loads into tables of its own unless the delivery has at most so many bytes of facts; those go into the commit's batch.
    /// With 0 everything goes into tables.
    #[must_use]
    pub const fn in_one_batch_up_to(mut self, bytes: usize) -> Self {
        self.one_batch_bytes_max = bytes;
        self
    }

    /// Seals the canonical bytes of an identity or a segment for the fact at `key`, under the subject's `salt`. `nonce` is random and never used again.
    pub fn seal(
        &self,
        salt: &SubjectSalt,
        key: &[u8; FACT_KEY_BYTES],
        said: &[u8],
        nonce: [u8; NONCE_BYTES],
    ) -> Vec<u8> {
        seal::seal(salt, key, said, nonce)
    }

    /// Keeps salts of subjects that had none. They are on disk when the commit that follows is, or before.
    ///
    /// # Errors
    /// [`StoreError`] if the disk refuses.
    pub fn keep_salts<'s>(
        &self,
        salts: impl IntoIterator<Item = (&'s SubjectId, &'s SubjectSalt)>,
    ) -> Result<(), StoreError> {
        let mut batch = self.store.engine.batch_with_the_next();
        let mut any = false;
        for (subject, salt) in salts {
            batch.put(Space::Salts, subject.0, salt.expose());
            any = true;
        }
        if any {
            batch.commit()?;
        }
        Ok(())
    }

    /// Loads what the delivery says, in strictly ascending order of subjects. `next` gives the next ones, or `None` at the end.
    ///
    /// # Errors
    /// Those of `next`, and [`StoreError`] if the disk refuses.
    pub fn load<E: From<StoreError>>(
        &self,
        mut next: impl FnMut() -> Result<Option<FactBatch>, E>,
    ) -> Result<Loaded, E> {
        let mut counts: BTreeMap<FactKind, u64> = BTreeMap::new();
        let mut next = || -> Result<Option<FactBatch>, E> {
            let batch = next()?;
            for (kind, count) in batch.iter().flat_map(|batch| &batch.counts) {
                *counts.entry(*kind).or_default() += count;
            }
            Ok(batch)
        };
        let mut waiting: Vec<FactBatch> = Vec::new();
        let mut waiting_bytes = 0;
        while waiting_bytes <= self.one_batch_bytes_max {
            let Some(batch) = next()? else { break };
            waiting_bytes += batch.len();
            waiting.push(batch);
        }
        let mut root = if waiting_bytes > self.one_batch_bytes_max {
            let mut first = std::mem::take(&mut waiting).into_iter();
            let next = || first.next().map_or_else(&mut next, |batch| Ok(Some(batch)));
            self.load_tables(next)?
        } else {
            let (mut root, mut last) = (FactsRoot::new(), None);
            waiting.iter().flat_map(FactBatch::iter).for_each(|(subject, _)| ascends(&mut last, subject));
            waiting.iter().flat_map(FactBatch::leaves).for_each(|leaf| root.push(*leaf));
            root
        };
        for (kind, count) in counts {
            root.count(kind, count);
        }
        Ok(Loaded { number: self.number, digest: root.finish(), waiting })
    }

    /// Loads batches into tables, shard after shard. The root is made beside it: hashing its nodes takes as long as half the
    /// writing.
    fn load_tables<E: From<StoreError>>(
        &self,
        next: impl FnMut() -> Result<Option<FactBatch>, E>,
    ) -> Result<FactsRoot, E> {
        std::thread::scope(|scope| {
            let (leaves, receiver) = sync_channel::<Vec<Leaf>>(LEAVES_WAITING);
            let rooting = scope.spawn(move || {
                let mut root = FactsRoot::new();
                receiver.into_iter().flatten().for_each(|leaf| root.push(leaf));
                root
            });
            let mut subjects = Subjects { next, leaves, batch: FactBatch::default(), at: 0, last: None };
            while let Some((begins, _)) = subjects.peek()? {
                self.load_shard(shard_of(begins), &mut subjects)?;
            }
            drop(subjects);
            // It only hashes: it has no way to fail.
            Ok(rooting.join().unwrap_or_default())
        })
    }

    /// Loads the subjects of one shard, with which `subjects` begin.
    fn load_shard<E: From<StoreError>, N: FnMut() -> Result<Option<FactBatch>, E>>(
        &self,
        shard: usize,
        subjects: &mut Subjects<N>,
    ) -> Result<(), E> {
        let loaded: Result<(), Failure<E>> = self.store.engine.bulk(shard, |key, value| {
            let Some((subject, facts)) = subjects.peek().map_err(Failure::Caller)? else { return Ok(false) };
            if shard_of(subject) != shard {
                return Ok(false);
            }
            key.clear();
            key.extend_from_slice(&subject_facts::key(subject, self.number));
            value.clear();
            value.extend_from_slice(facts);
            subjects.pass();
            Ok(true)
        });
        loaded.map_err(|failure| match failure {
            Failure::Caller(error) => error,
            Failure::Engine(error) => E::from(StoreError::Engine(error)),
        })
    }
}

/// Batches whose leaves wait to become part of the root.
const LEAVES_WAITING: usize = 4;

fn shard_of(subject: SubjectId) -> usize {
    fact_shard(subject.0.first().copied().unwrap_or_default())
}

fn ascends(last: &mut Option<SubjectId>, subject: SubjectId) {
    assert!(*last < Some(subject), "subjects of a load ascend: the engine cannot hold them otherwise");
    *last = Some(subject);
}

/// The subjects of one batch after the other.
struct Subjects<N> {
    next: N,
    leaves: SyncSender<Vec<Leaf>>,
    batch: FactBatch,
    at: usize,
    last: Option<SubjectId>,
}

impl<E, N: FnMut() -> Result<Option<FactBatch>, E>> Subjects<N> {
    fn peek(&mut self) -> Result<Option<Loading<'_>>, E> {
        while self.at >= self.batch.subjects.len() {
            let Some(mut batch) = (self.next)()? else { return Ok(None) };
            // The other end only ends with this one.
            let _ = self.leaves.send(std::mem::take(&mut batch.leaves));
            (self.batch, self.at) = (batch, 0);
        }
        Ok(self.batch.get(self.at))
    }

    fn pass(&mut self) {
        if let Some((subject, _)) = self.batch.get(self.at) {
            ascends(&mut self.last, subject);
        }
        self.at += 1;
    }
}

/// Who failed while a load ran.
pub(crate) enum Failure<E> {
    Caller(E),
    Engine(EngineError),
}

impl<E> From<EngineError> for Failure<E> {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}
