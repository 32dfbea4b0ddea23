//! How the tables of many loads are merged, so that a file is found in few places.
//!
//! A load is one run of tables over its key space. Runs are merged by tiers: where [`RUNS_MAX`] runs stand on one level they
//! become one run on the next. So each fact is written again once for each fourfold growth, and a file of hundreds of deliveries is
//! read from a dozen runs at the most. The engine's own levelling would rewrite whatever a new load overlaps, which with
//! pseudonyms as keys is everything (`docs/decisions/0008-merging-by-tiers.md` has both measured).
//!
//! Keys of facts are never written twice and never deleted one by one, so the order of runs means nothing here.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fjall::compaction::Leveled;
use fjall::{AbstractTree, Keyspace};
use lsm_tree::compaction::filter::{CompactionFilter, Context, Factory, ItemAccessor, Verdict};
use lsm_tree::compaction::{CompactionStrategy, MoveDown, PullDown};

use super::{Activity, Engine, EngineError};

/// So many runs on one level are merged into one.
const RUNS_MAX: usize = 4;
/// A pair without a value that is written after each merging; nothing reads it.
const MERGED_KEY: &[u8] = b"\xffmerged";
/// The last level; its runs are merged in place.
const LAST_LEVEL: u8 = 6;

/// The engine's own strategy, with thresholds at which it leaves the facts alone: they are merged here. (Beyond 255 tables on one
/// level of one shard, a hundred gigabytes in all, it would merge everything once.)
pub(super) fn left_alone() -> Arc<dyn CompactionStrategy + Send + Sync> {
    Arc::new(Leveled::default().with_l0_threshold(u8::MAX).with_table_target_size(1 << 40))
}

/// Deliveries whose facts are left out whenever their tables are merged: their load never ended, or they were given up.
#[derive(Debug, Default)]
pub struct Dropped(Mutex<Arc<HashSet<[u8; 4]>>>);

impl Dropped {
    fn now(&self) -> Arc<HashSet<[u8; 4]>> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, deliveries: impl IntoIterator<Item = [u8; 4]>) {
        Arc::make_mut(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)).extend(deliveries);
    }
}

/// Makes the filter of each merge.
pub(super) struct Filters(pub(super) Arc<Dropped>);

struct Filter(Arc<HashSet<[u8; 4]>>);

impl Factory for Filters {
    fn name(&self) -> &'static str {
        "deliveries"
    }

    fn make_filter(&self, _: &Context) -> Box<dyn CompactionFilter> {
        Box::new(Filter(self.0.now()))
    }
}

impl CompactionFilter for Filter {
    fn filter_item(&mut self, item: ItemAccessor<'_>, _: &Context) -> lsm_tree::Result<Verdict> {
        // A key ends with its delivery, and is never written again: nothing has to stand in its place.
        let dropped =
            !self.0.is_empty() && item.key().last_chunk::<4>().is_some_and(|delivery| self.0.contains(delivery));
        Ok(if dropped { Verdict::Destroy } else { Verdict::Keep })
    }
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
        let _merging = self.merging.lock().unwrap_or_else(PoisonError::into_inner);
        let due: Vec<&Keyspace> = self.facts.iter().filter(|space| due(space).is_some()).collect();
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || -> Result<(), EngineError> {
            while let Some(space) = due.get(next.fetch_add(1, Ordering::Relaxed)) {
                merge(space)?;
                self.free_merged()?;
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

    /// Removes the files of tables that have been merged, as far as no reader holds them. The engine keeps them for readers of
    /// earlier states and looks after them only when it turns a memtable over; only it knows how far back its readers are. So
    /// one is turned over, with a pair of no meaning in it: without any the engine would do nothing.
    fn free_merged(&self) -> Result<(), EngineError> {
        let [_, _, meta, _] = &self.others;
        meta.insert(MERGED_KEY, [])?;
        meta.rotate_memtable()?;
        Ok(())
    }

    /// Leaves the facts of these deliveries out of every merge from now on.
    pub fn drop_facts_of(&self, deliveries: impl IntoIterator<Item = [u8; 4]>) {
        self.dropped.add(deliveries);
    }

    /// Rewrites the facts without those of dropped deliveries, the lowest levels of all shards first, which have what came last,
    /// until so many bytes have been read; tells whether all were.
    pub fn clear_dropped(&self, bytes_max: u64) -> Result<bool, EngineError> {
        let _merging = self.merging.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = bytes_max;
        for level in 0..=LAST_LEVEL {
            for space in &self.facts {
                let size = space.tree.current_version().level(usize::from(level)).map_or(0, |level| level.size());
                if size == 0 {
                    continue;
                }
                if size > left {
                    return Ok(false);
                }
                left -= size;
                let merged = space.tree.compact(Arc::new(PullDown(level, level)), 0);
                merged.map_err(|error| EngineError::from(fjall::Error::from(error)))?;
                self.free_merged()?;
            }
        }
        Ok(true)
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
