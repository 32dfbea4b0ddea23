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

use tallystick_model::delivery::DeliveryState;
use tallystick_model::fact::DeliveryNumber;

use crate::engine::runs::{Run, Runs};
use crate::engine::{Activity, EngineError, FACT_SHARDS, Space};
use crate::keys;
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

/// How far runs are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// Where it is due.
    Due,
    /// To one run for each shard, without what is to leave the disk.
    Whole,
}

impl Store {
    /// Merges the runs of many loads where it is due, with so many `threads`, so that files stay quick to find. `progress` gets
    /// shards done and their number. Nothing that is read changes; a crash in it loses nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the disk refuses.
    pub fn merge(&self, threads: usize, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<(), StoreError> {
        self.merge_to(Extent::Due, threads, progress)
    }

    /// Merges all runs of each shard into one, likewise, and takes the facts of discarded deliveries off the disk.
    ///
    /// # Errors
    /// [`StoreError`] if the disk refuses.
    pub fn compact(&self, threads: usize, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<(), StoreError> {
        self.merge_to(Extent::Whole, threads, progress)?;
        self.clear_discarded()
    }

    /// How the facts lie on disk.
    pub fn activity(&self) -> Activity {
        Activity::of(&self.state().runs)
    }

    fn merge_to(
        &self,
        extent: Extent,
        threads: usize,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<(), StoreError> {
        let _merging = lock(&self.merging);
        let discarded = self.discarded()?;
        let chosen = |runs: &Runs, shard: usize| match extent {
            Extent::Due => due(runs.of(shard)),
            Extent::Whole if runs.of(shard).len() > 1 || !discarded.is_empty() => runs.of(shard).to_vec(),
            Extent::Whole => Vec::new(),
        };
        let now = Arc::clone(&self.state().runs);
        let shards: Vec<usize> = (0..FACT_SHARDS).filter(|shard| !chosen(&now, *shard).is_empty()).collect();
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || -> Result<(), StoreError> {
            while let Some(shard) = shards.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut group = chosen(&now, *shard);
                while !group.is_empty() {
                    let keep = |number: DeliveryNumber| !discarded.contains(&number);
                    let merged = self.engine.merge_runs(*shard, &group, &keep, discarded.is_empty())?;
                    self.replace_runs(&group, merged)?;
                    // One tier may fill the next.
                    group = match extent {
                        Extent::Due => due(self.state().runs.of(*shard)),
                        Extent::Whole => Vec::new(),
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
                let joined = worker.join().unwrap_or(Err(StoreError::Engine(EngineError::Poisoned)));
                result = result.and(joined);
            }
            result
        })
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
        batch.commit()?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let runs = Arc::make_mut(&mut state.runs);
        let numbers: Vec<u64> = old.iter().map(|run| run.number()).collect();
        runs.remove(&numbers);
        if let Some(run) = merged {
            run.keep();
            runs.add(run);
        }
        old.iter().for_each(|run| run.pass());
        Ok(())
    }

    /// Deliveries whose facts are to leave the disk.
    fn discarded(&self) -> Result<HashSet<DeliveryNumber>, StoreError> {
        let mut discarded = HashSet::new();
        for pair in self.engine.prefix(Space::Meta, keys::DELIVERY_PREFIX) {
            let stored = read_delivery(&pair?.1)?.filter(|stored| stored.state == DeliveryState::Discarded);
            discarded.extend(stored.map(|stored| stored.record.number));
        }
        Ok(discarded)
    }

    /// Takes facts of discarded deliveries away that are in no run.
    fn clear_discarded(&self) -> Result<(), StoreError> {
        let discarded = self.discarded()?;
        if discarded.is_empty() {
            return Ok(());
        }
        let mut batch = self.engine.batch();
        for pair in self.engine.prefix(Space::Facts, &[]) {
            let (key, _) = pair?;
            let number = key.last_chunk::<4>().map(|number| DeliveryNumber(u32::from_be_bytes(*number)));
            if number.is_some_and(|number| discarded.contains(&number)) {
                batch.remove(Space::Facts, key);
            }
        }
        batch.commit()?;
        Ok(self.engine.rewrite(Space::Facts)?)
    }
}
