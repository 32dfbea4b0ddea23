//! How the runs of many loads are merged, so that a file is found in few places.
//!
//! Runs are merged by tiers: where [`RUNS_MAX`] of about one weight stand in a shard, they become one. So each fact is written again
//! once for each fourfold growth, and a file of hundreds of deliveries is read from a dozen runs at the most. What is said of a
//! subject is put together while it is merged, which makes it smaller and quicker to read (`docs/decisions/0010-runs-of-packed-facts.md`).
//!
//! Merging changes nothing that is read, and a crash in it leaves things as they were: the list of runs changes in one batch.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};

use tallystick_model::SubjectId;
use tallystick_model::delivery::DeliveryState;
use tallystick_model::fact::DeliveryNumber;
use tallystick_model::packed_facts::Packer;
use tallystick_model::removal::Removal;

use crate::engine::runs::{Run, Runs};
use crate::engine::subjects::Value;
use crate::engine::{Activity, EngineError, FACT_SHARDS, Space};
use crate::keys;
use crate::removing::{Leaving, thin};
use crate::store::{Store, StoreError, lock, read_delivery};

/// So many runs of one tier are merged into one.
const RUNS_MAX: usize = 4;

/// The tier of a run: one more for each fourfold weight.
pub(crate) fn tier(run: &Run) -> u32 {
    run.weight().max(1).ilog2() / 2
}

/// Runs of a shard that are due to be merged, the lightest first; empty if none are.
pub(crate) fn due(runs: &[Arc<Run>]) -> Vec<Arc<Run>> {
    let mut tiers: Vec<u32> = runs.iter().map(|run| tier(run)).collect();
    tiers.sort_unstable();
    let full = tiers.chunk_by(|one, other| one == other).find(|of_tier| of_tier.len() >= RUNS_MAX);
    let Some(full) = full.and_then(|of_tier| of_tier.first()) else { return Vec::new() };
    runs.iter().filter(|run| tier(run) == *full).cloned().collect()
}

/// Puts a removal on record.
type Record<'a, E> = &'a (dyn Fn(Removal) -> Result<(), E> + Sync);

/// How far runs are merged.
enum Extent<'a, E> {
    /// Where it is due.
    Due,
    /// To one run for each shard, without what is to leave the disk.
    Whole(&'a Leaving, Record<'a, E>),
}

impl<E> Clone for Extent<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

/// Whatever its errors are: a derived one would ask that of them too.
impl<E> Copy for Extent<'_, E> {}

impl Store {
    /// Merges the runs of many loads where it is due, with so many `threads`, so that files stay quick to find. `progress` gets
    /// shards done and their number. Nothing that is read changes; a crash in it loses nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the disk refuses.
    pub fn merge(&self, threads: usize, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<(), StoreError> {
        self.merge_to::<StoreError>(Extent::Due, threads, progress)
    }

    /// Merges all runs of each shard into one, likewise, and takes off the disk what was erased or has expired and the facts of
    /// discarded deliveries. `record` puts each removal on record before anything is gone.
    ///
    /// # Errors
    /// Those of `record`, and [`StoreError`] if the disk refuses. What was not removed is the next time.
    pub fn compact<E: From<StoreError> + Send>(
        &self,
        threads: usize,
        record: &(dyn Fn(Removal) -> Result<(), E> + Sync),
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<(), E> {
        let leaving = self.leaving()?;
        self.merge_to(Extent::Whole(&leaving, record), threads, progress)?;
        if leaving.is_empty() { Ok(()) } else { self.clear_pairs(&leaving, record) }
    }

    /// How the facts lie on disk.
    pub fn activity(&self) -> Activity {
        Activity::of(&self.state().runs)
    }

    fn merge_to<E: From<StoreError> + Send>(
        &self,
        extent: Extent<'_, E>,
        threads: usize,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<(), E> {
        let _merging = lock(&self.merging);
        let chosen = |runs: &Runs, shard: usize| match extent {
            Extent::Due => due(runs.of(shard)),
            Extent::Whole(leaving, _) if runs.of(shard).len() > 1 || leaving.concerns(shard) => runs.of(shard).to_vec(),
            Extent::Whole(..) => Vec::new(),
        };
        let now = Arc::clone(&self.state().runs);
        let shards: Vec<usize> = (0..FACT_SHARDS).filter(|shard| !chosen(&now, *shard).is_empty()).collect();
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || -> Result<(), E> {
            while let Some(shard) = shards.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut group = chosen(&now, *shard);
                while !group.is_empty() {
                    let (merged, removals) = self.merge_group(*shard, &group, extent)?;
                    if let Extent::Whole(_, record) = extent {
                        removals.into_iter().try_for_each(record)?;
                    }
                    self.replace_runs(&group, merged)?;
                    // One tier may fill the next.
                    group = match extent {
                        Extent::Due => due(self.state().runs.of(*shard)),
                        Extent::Whole(..) => Vec::new(),
                    };
                }
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, shards.len());
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (1..threads.min(shards.len())).map(|_| scope.spawn(work)).collect();
            let mut result = work();
            for worker in workers {
                let ended_early = |_| Err(E::from(StoreError::Engine(EngineError::Poisoned)));
                result = result.and(worker.join().unwrap_or_else(ended_early));
            }
            result
        })
    }

    /// Merges runs of a shard into one; gives it, if anything is left, with what it leaves out that was erased.
    fn merge_group<E>(
        &self,
        shard: usize,
        group: &[Arc<Run>],
        extent: Extent<'_, E>,
    ) -> Result<(Option<Arc<Run>>, Vec<Removal>), StoreError> {
        let mut removals = Vec::new();
        let merged = self.engine.merge_runs(shard, group, |subject, values, packer, value| {
            let leaving = match extent {
                Extent::Whole(leaving, _) if !leaving.is_empty() => leaving,
                _ => return merge_values(subject, values, packer, |_| true, value),
            };
            if !leaving.subjects.contains_key(&subject) {
                let keep = |number: DeliveryNumber| !leaving.deliveries.contains(&number);
                return merge_values(subject, values, packer, keep, value);
            }
            let erasures = self.snapshot().erasures(subject)?;
            let thinned = thin(subject, values, &erasures, &leaving.deliveries)?;
            removals.extend(thinned.removal);
            value.extend_from_slice(&thinned.value);
            Ok(!thinned.value.is_empty())
        })?;
        Ok((merged, removals))
    }

    /// Puts `merged` in the place of `old`, in one batch.
    fn replace_runs(&self, old: &[Arc<Run>], merged: Option<Arc<Run>>) -> Result<(), StoreError> {
        let _committing = lock(&self.committing);
        let mut batch = self.engine.batch();
        for run in old {
            batch.remove(Space::Meta, keys::run(run.number()));
        }
        if let Some(run) = &merged {
            batch.put(Space::Meta, keys::run(run.number()), keys::run_value(run.shard(), run.weight()));
        }
        // As in a commit: where this fails it may hold at the next opening.
        merged.iter().for_each(|run| run.keep());
        batch.commit()?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let runs = Arc::make_mut(&mut state.runs);
        let numbers: Vec<u64> = old.iter().map(|run| run.number()).collect();
        runs.remove(&numbers);
        if let Some(run) = merged {
            runs.add(run);
        }
        old.iter().for_each(|run| run.pass());
        Ok(())
    }

    /// Deliveries whose facts are to leave the disk.
    pub(crate) fn discarded(&self) -> Result<HashSet<DeliveryNumber>, StoreError> {
        let mut discarded = HashSet::new();
        for pair in self.engine.prefix(Space::Meta, keys::DELIVERY_PREFIX) {
            let stored = read_delivery(&pair?.1)?.filter(|stored| stored.state == DeliveryState::Discarded);
            discarded.extend(stored.map(|stored| stored.record.number));
        }
        Ok(discarded)
    }
}

/// Puts together what is said of a subject; tells whether anything is left.
fn merge_values(
    subject: SubjectId,
    values: &[Value],
    packer: &mut Packer,
    keep: impl Fn(DeliveryNumber) -> bool,
    value: &mut Vec<u8>,
) -> Result<bool, StoreError> {
    let damaged = |error| StoreError::damaged(format!("facts of subject {subject}"), error);
    packer.merge(values.iter().map(|value| &**value), keep, value).map_err(damaged)
}
