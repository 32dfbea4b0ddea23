//! How the tables of many loads are merged, so that a file is found in few places.
//!
//! A load is one run of tables over its key space. Runs are merged by tiers: where [`RUNS_MAX`] runs stand on one level they
//! become one run on the next. So each fact is written again once for each fourfold growth, and a file of hundreds of deliveries is
//! read from a dozen runs at the most. The engine's own levelling would rewrite whatever a new load overlaps, which with
//! pseudonyms as keys is everything (`docs/decisions/0008-merging-by-tiers.md` has both measured).
//!
//! Keys of facts are never written twice and never deleted one by one, so the order of runs means nothing here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fjall::compaction::Leveled;
use fjall::{AbstractTree, Keyspace};
use lsm_tree::compaction::{CompactionStrategy, MoveDown, PullDown};

use super::{Activity, Engine, EngineError};

/// So many runs on one level are merged into one.
const RUNS_MAX: usize = 4;
/// The last level; its runs are merged in place.
const LAST_LEVEL: u8 = 6;

/// The engine's own strategy, with thresholds at which it leaves the facts alone: they are merged here. (Beyond 255 tables on one
/// level of one shard, a hundred gigabytes in all, it would merge everything once.)
pub(super) fn left_alone() -> Arc<dyn CompactionStrategy + Send + Sync> {
    Arc::new(Leveled::default().with_l0_threshold(u8::MAX).with_table_target_size(1 << 40))
}

fn runs(space: &Keyspace) -> Vec<usize> {
    space.tree.current_version().iter_levels().map(|level| level.run_count()).collect()
}

/// A level that has to be merged, if any: the lowest first, which is the cheapest.
fn due(space: &Keyspace) -> Option<u8> {
    (0..=LAST_LEVEL).zip(runs(space)).find(|(_, runs)| *runs >= RUNS_MAX).map(|(level, _)| level)
}

/// Merges what is due in one key space.
fn merge(space: &Keyspace) -> Result<(), EngineError> {
    let step = |strategy: Arc<dyn CompactionStrategy>| {
        space.tree.compact(strategy, 0).map_err(|error| EngineError::from(fjall::Error::from(error)))
    };
    while let Some(level) = due(space) {
        let before = runs(space);
        step(Arc::new(PullDown(level, level)))?;
        if level < LAST_LEVEL {
            step(Arc::new(MoveDown(level, level + 1)))?;
        }
        // The engine declines quietly while it works on the same tables itself: the next load's merging does it.
        if runs(space) == before {
            break;
        }
    }
    Ok(())
}

impl Engine {
    /// Merges what is due in all shards of the facts, as many of them at once as `threads` says. `progress` gets the shards
    /// done and their number.
    pub fn merge(&self, threads: usize, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<(), EngineError> {
        let due: Vec<&Keyspace> = self.facts.iter().filter(|space| due(space).is_some()).collect();
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || -> Result<(), EngineError> {
            while let Some(space) = due.get(next.fetch_add(1, Ordering::Relaxed)) {
                merge(space)?;
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, due.len());
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (1..threads.min(due.len())).map(|_| scope.spawn(work)).collect();
            let mut result = work();
            for worker in workers {
                let joined = worker.join().unwrap_or(Err(EngineError::Poisoned));
                result = result.and(joined);
            }
            result
        })
    }

    /// How the facts lie on disk.
    pub fn activity(&self) -> Activity {
        let levels = |space: &Keyspace| space.tree.current_version();
        Activity {
            tables: self.facts.iter().map(Keyspace::table_count).sum(),
            runs_max: self.facts.iter().map(|space| runs(space).iter().sum()).max().unwrap_or(0),
            table_bytes: self
                .facts
                .iter()
                .flat_map(|space| levels(space).iter_levels().map(|level| level.size()).collect::<Vec<_>>())
                .sum(),
        }
    }
}
