//! Bulk load: a delivery's facts go to disk sorted, in one pass, as runs that nobody sees until their commit.
//!
//! A crash before the commit leaves runs that are on no list: they are removed when the store is opened again, and the delivery's
//! number is not given twice. A small delivery does not even leave that: its facts go into the commit's own batch.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, MutexGuard};

use tallystick_audit::Hash;
use tallystick_model::SubjectId;
use tallystick_model::fact::{DeliveryNumber, FACT_KEY_BYTES, FactKind};
use tallystick_model::packed_facts::Packer;
use tallystick_model::subject_facts::SUBJECT_FACTS_BYTES_MAX;

use crate::engine::runs::Run;
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
#[derive(Debug)]
pub struct FactBatch {
    delivery: DeliveryNumber,
    /// What is said of one after the other, packed.
    bytes: Vec<u8>,
    subjects: Vec<Subject>,
    /// One for each subject.
    leaves: Vec<Leaf>,
    counts: BTreeMap<FactKind, u64>,
    packer: Packer,
    /// Room for the facts of one.
    facts: Vec<u8>,
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
    /// An empty one of a delivery.
    pub fn of(delivery: DeliveryNumber) -> Self {
        Self {
            delivery,
            bytes: Vec::new(),
            subjects: Vec::new(),
            leaves: Vec::new(),
            counts: BTreeMap::new(),
            packer: Packer::default(),
            facts: Vec::new(),
        }
    }

    /// Adds a subject above all before it: `write` appends its facts as `subject_facts::write_fact` does. They are hashed for
    /// the delivery's root and packed here, so that many threads can do it.
    ///
    /// # Errors
    /// [`StoreError::Contradiction`] if they are more than a delivery may say of one subject, or not as they must be.
    pub fn push(&mut self, id: SubjectId, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), StoreError> {
        self.facts.clear();
        write(&mut self.facts);
        if self.facts.len() > SUBJECT_FACTS_BYTES_MAX {
            return Err(StoreError::Contradiction("a delivery says more of one subject than can be held"));
        }
        let packed = self.packer.pack(self.delivery, &self.facts, &mut self.bytes);
        packed.map_err(|_| StoreError::Contradiction("facts of a subject are not in the order of their slots"))?;
        self.leaves.push(Leaf { hash: subject_leaf(id, &self.facts), is_place: is_place(&self.facts) });
        self.subjects.push(Subject { id, end: self.bytes.len() });
        Ok(())
    }

    /// Counts a fact of a kind.
    pub fn count(&mut self, kind: FactKind) {
        *self.counts.entry(kind).or_default() += 1;
    }

    /// Bytes of packed facts.
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// The subjects, each with what is said of it, packed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Loading<'_>> {
        (0..self.subjects.len()).filter_map(|at| self.get(at))
    }

    /// The subject at place `at`, likewise.
    fn get(&self, at: usize) -> Option<Loading<'_>> {
        let subject = self.subjects.get(at)?;
        let start = at.checked_sub(1).and_then(|before| self.subjects.get(before)).map_or(0, |before| before.end);
        Some((subject.id, self.bytes.get(start..subject.end).unwrap_or_default()))
    }

    /// Which of the subjects are of which shard.
    fn shards(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let mut begin = 0;
        self.subjects.chunk_by(|one, other| shard_of(one.id) == shard_of(other.id)).map(move |of_shard| {
            let places = begin..begin + of_shard.len();
            begin = places.end;
            (of_shard.first().map_or(0, |first| shard_of(first.id)), places)
        })
    }

    /// The leaves, in the order of the subjects.
    pub(crate) fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }
}

/// A subject and what is said of it, packed.
type Loading<'a> = (SubjectId, &'a [u8]);

/// The facts of a delivery are on disk, or in here where they are few;
/// [`Changes::make_visible`](crate::Changes::make_visible) takes this.
#[derive(Debug)]
pub struct Loaded {
    pub(crate) number: DeliveryNumber,
    pub(crate) digest: FactsDigest,
    /// Those that go into the commit's batch.
    pub(crate) waiting: Vec<FactBatch>,
    /// Where the others are.
    pub(crate) runs: Vec<Arc<Run>>,
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
        if let Some(why) = self.behind() {
            return Err(StoreError::Behind(why));
        }
        let delivering = lock(&self.delivering);
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

impl Store {
    /// The number the next delivery will have.
    pub fn next_delivery(&self) -> DeliveryNumber {
        DeliveryNumber(self.state().next_delivery)
    }
}

impl OpenDelivery<'_> {
    /// The number this delivery has.
    pub const fn number(&self) -> DeliveryNumber {
        self.number
    }

    /// Loads into runs unless the delivery has at most so many bytes of facts; those go into the commit's batch. With 0
    /// everything goes into runs.
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
            if batch.as_ref().is_some_and(|batch| batch.delivery != self.number) {
                return Err(E::from(StoreError::Contradiction("facts of another delivery")));
            }
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
        let mut runs = Vec::new();
        let mut root = if waiting_bytes > self.one_batch_bytes_max {
            let mut first = std::mem::take(&mut waiting).into_iter();
            let next = || first.next().map_or_else(&mut next, |batch| Ok(Some(batch)));
            self.load_runs(next, &mut runs)?
        } else {
            let (mut root, mut last) = (FactsRoot::new(), None);
            waiting.iter().flat_map(FactBatch::iter).for_each(|(subject, _)| ascends(&mut last, subject));
            waiting.iter().flat_map(FactBatch::leaves).for_each(|leaf| root.push(*leaf));
            root
        };
        for (kind, count) in counts {
            root.count(kind, count);
        }
        Ok(Loaded { number: self.number, digest: root.finish(), waiting, runs })
    }

    /// Loads batches into runs, one for each shard, each by a thread of its own: while one waits for the disk, the next one is
    /// written. The root is made beside it: hashing its nodes takes as long as half the writing.
    fn load_runs<E: From<StoreError>>(
        &self,
        mut next: impl FnMut() -> Result<Option<FactBatch>, E>,
        runs: &mut Vec<Arc<Run>>,
    ) -> Result<FactsRoot, E> {
        std::thread::scope(|scope| {
            let (leaves, receiver) = sync_channel::<Vec<Leaf>>(LEAVES_WAITING);
            let rooting = scope.spawn(move || {
                let mut root = FactsRoot::new();
                receiver.into_iter().flatten().for_each(|leaf| root.push(leaf));
                root
            });
            let mut writers = Vec::new();
            let mut writing: Option<(usize, SyncSender<Part>)> = None;
            let mut last = None;
            let mut send_all = || -> Result<(), E> {
                while let Some(mut batch) = next()? {
                    batch.subjects.iter().for_each(|subject| ascends(&mut last, subject.id));
                    // The other end only ends with this one.
                    let _ = leaves.send(std::mem::take(&mut batch.leaves));
                    let batch = Arc::new(batch);
                    for (shard, places) in batch.shards() {
                        if writing.as_ref().is_none_or(|(of, _)| *of != shard) {
                            let (parts, received) = sync_channel(PARTS_WAITING);
                            writers.push(scope.spawn(move || self.write_run(shard, &received)));
                            writing = Some((shard, parts));
                        }
                        let part = Part { batch: Arc::clone(&batch), places };
                        // One that ended early tells why when it is asked.
                        if writing.as_ref().is_some_and(|(_, parts)| parts.send(part).is_err()) {
                            return Ok(());
                        }
                    }
                }
                Ok(())
            };
            let sent = send_all();
            drop((writing, leaves));
            let poisoned = || Err(StoreError::Engine(EngineError::Poisoned));
            let written = writers.into_iter().map(|writer| writer.join().unwrap_or_else(|_| poisoned()));
            let written = written.collect::<Result<Vec<_>, _>>();
            sent?;
            runs.extend(written?.into_iter().flatten());
            // It only hashes: it has no way to fail.
            Ok(rooting.join().unwrap_or_default())
        })
    }

    /// Writes the run of a shard.
    fn write_run(&self, shard: usize, parts: &Receiver<Part>) -> Result<Option<Arc<Run>>, StoreError> {
        let mut part: Option<Part> = None;
        let run = self.store.engine.runs.write::<EngineError>(shard, |value| {
            loop {
                let at = part.as_mut().and_then(|part| part.places.next());
                let loading = part.as_ref().zip(at).and_then(|(part, at)| part.batch.get(at));
                if let Some((subject, facts)) = loading {
                    value.extend_from_slice(facts);
                    return Ok(Some(subject));
                }
                part = parts.recv().ok();
                if part.is_none() {
                    return Ok(None);
                }
            }
        })?;
        Ok(run)
    }
}

/// Some subjects of a batch, all of one shard.
struct Part {
    batch: Arc<FactBatch>,
    places: Range<usize>,
}

/// Parts of batches that wait to be written.
const PARTS_WAITING: usize = 2;

/// Batches whose leaves wait to become part of the root.
const LEAVES_WAITING: usize = 4;

/// The shard that holds a subject's facts.
pub(crate) fn shard_of(subject: SubjectId) -> usize {
    fact_shard(subject.0.first().copied().unwrap_or_default())
}

fn ascends(last: &mut Option<SubjectId>, subject: SubjectId) {
    assert!(*last < Some(subject), "subjects of a load ascend: the engine cannot hold them otherwise");
    *last = Some(subject);
}
