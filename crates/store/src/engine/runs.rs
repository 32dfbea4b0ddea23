//! Runs: sorted tables of one shard's facts, written once in one pass and never changed.
//!
//! A run is a tree of the engine's in a folder of its own, `store/facts/<number>`: one pair for each subject, key the
//! pseudonym, value what one or more deliveries say of it (`model::packed_facts`). A load writes a run for each shard; merging writes one in the place of
//! several. Which runs there are is said in `meta`, in the same batch as the commit that makes their facts visible: a folder that is
//! not said there is what a crash left, and is removed when the store is opened. A run that is no longer said goes when its last
//! reader does.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use lsm_tree::config::{BlockSizePolicy, CompressionPolicy, FilterPolicy, PinningPolicy, RestartIntervalPolicy};
use lsm_tree::{AbstractTree, AnyTree, Cache, CompressionType, DescriptorTable, SeqNo};
use tallystick_model::{SubjectId, packed_facts};

use super::{EngineError, FACT_SHARDS, damaged_list, relative_name, storage_error};

/// Memory for blocks of runs that were read.
const CACHE_BYTES: u64 = 448 * 1024 * 1024;
/// Files of runs that are open at once.
const OPEN_FILES_MAX: usize = 512;

/// One run.
pub struct Run {
    number: u64,
    shard: u8,
    weight: u64,
    tree: AnyTree,
    folder: PathBuf,
    /// Whether its folder goes with it.
    passing: AtomicBool,
}

impl Run {
    /// Its name: never given twice while a store is open, and never to two that are there at once.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The shard its subjects are of.
    pub const fn shard(&self) -> usize {
        self.shard as usize
    }

    /// What one delivery says of one subject, counted: of so many such parts it is made.
    pub const fn weight(&self) -> u64 {
        self.weight
    }

    /// Its folder stays: it is on the list of runs.
    pub fn keep(&self) {
        self.passing.store(false, Ordering::Release);
    }

    /// Its folder goes when nobody reads it any more: it is on the list no longer.
    pub fn pass(&self) {
        self.passing.store(true, Ordering::Release);
    }

    /// What is said of a subject, packed.
    pub fn get(&self, subject: SubjectId) -> Result<Option<lsm_tree::Slice>, EngineError> {
        self.tree.get(subject.0, SeqNo::MAX).map_err(storage_error)
    }

    /// Bytes of its tables.
    pub fn bytes(&self) -> u64 {
        self.tree.disk_space()
    }

    /// Its tables.
    pub fn tables(&self) -> usize {
        self.tree.table_count()
    }

    /// All its pairs, in the order of subjects, past the cache.
    pub(super) fn scan(&self) -> Result<Scan, EngineError> {
        let mut scans = Vec::new();
        for table in self.tree.current_version().iter_tables() {
            scans.push(table.scan().map_err(storage_error)?);
        }
        let pairs = scans.into_iter().flatten();
        Ok(Box::new(pairs.map(|item| item.map(|item| (item.key.user_key, item.value)).map_err(storage_error))))
    }

    pub(super) fn each_table(&self, mut check: impl FnMut(&Path, u128)) {
        for table in self.tree.current_version().iter_tables() {
            check(&table.path, table.checksum().into_u128());
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Pairs of a run.
pub(super) type Scan = Box<dyn Iterator<Item = Result<(lsm_tree::Slice, lsm_tree::Slice), EngineError>>>;

impl Drop for Run {
    fn drop(&mut self) {
        if self.passing.load(Ordering::Acquire) {
            // What stays behind is on no list: the next opening removes it.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Run({})", self.number)
    }
}

/// The runs that hold the facts, by shard.
#[derive(Clone, Debug, Default)]
pub struct Runs([Vec<Arc<Run>>; FACT_SHARDS]);

impl Runs {
    /// Those of a shard, in the order they were written.
    pub fn of(&self, shard: usize) -> &[Arc<Run>] {
        self.0.get(shard).map_or(&[], Vec::as_slice)
    }

    /// Every one.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Run>> {
        self.0.iter().flatten()
    }

    /// Adds one.
    pub fn add(&mut self, run: Arc<Run>) {
        if let Some(runs) = self.0.get_mut(run.shard()) {
            runs.push(run);
        }
    }

    /// Takes those of these numbers away.
    pub fn remove(&mut self, numbers: &[u64]) {
        self.0.iter_mut().for_each(|runs| runs.retain(|run| !numbers.contains(&run.number)));
    }
}

/// Where runs are written and opened.
pub struct RunFolder {
    folder: PathBuf,
    cache: Arc<Cache>,
    files: Arc<DescriptorTable>,
    next: AtomicU64,
}

/// Of the folder within that of the store.
const FOLDER: &str = "facts";

impl RunFolder {
    /// The folder of the store in `store`, made if there is none.
    pub fn open(store: &Path) -> Result<Self, EngineError> {
        let folder = store.join(FOLDER);
        if !folder.exists() {
            fs::create_dir(&folder).and_then(|()| sync_folder(store)).map_err(EngineError::Io)?;
        }
        let last = numbers(&folder).map_err(EngineError::Io)?.into_iter().max().unwrap_or(0);
        Ok(Self {
            folder,
            cache: Arc::new(Cache::with_capacity_bytes(CACHE_BYTES)),
            files: Arc::new(DescriptorTable::new(OPEN_FILES_MAX)),
            next: AtomicU64::new(last + 1),
        })
    }

    /// Gives numbers above this one only.
    pub fn begin_after(&self, number: u64) {
        self.next.fetch_max(number.saturating_add(1), Ordering::Relaxed);
    }

    fn config(&self, folder: &Path) -> lsm_tree::Config {
        let counter = lsm_tree::SequenceNumberCounter::default;
        lsm_tree::Config::new(folder, counter(), counter())
            .use_cache(Arc::clone(&self.cache))
            .use_descriptor_table(Some(Arc::clone(&self.files)))
            .data_block_compression_policy(CompressionPolicy::all(CompressionType::Lz4))
            .index_block_compression_policy(CompressionPolicy::all(CompressionType::Lz4))
            .filter_policy(FilterPolicy::disabled())
            .data_block_size_policy(BlockSizePolicy::all(8 * 1024))
            .data_block_restart_interval_policy(RestartIntervalPolicy::all(16))
            .index_block_partitioning_policy(PinningPolicy::all(false))
    }

    /// Writes a run of `shard`: pairs in strictly ascending order of their keys. `next` fills key and value and tells whether there was
    /// a pair. It is on disk when this returns, and goes again unless it is kept. `None` if there was no pair.
    pub fn write<E: From<EngineError>>(
        &self,
        shard: usize,
        mut next: impl FnMut(&mut Vec<u8>, &mut Vec<u8>) -> Result<bool, E>,
    ) -> Result<Option<Arc<Run>>, E> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.join(number.to_string());
        let engine = |error: lsm_tree::Error| E::from(storage_error(error));
        let tree = self.config(&folder).open().map_err(engine)?;
        let shard = u8::try_from(shard).unwrap_or_default();
        let mut run = Run { number, shard, weight: 0, tree, folder, passing: AtomicBool::new(true) };
        let tree = run.tree.clone();
        let mut ingestion = tree.ingestion().map_err(engine)?;
        let (mut key, mut value) = (Vec::new(), Vec::new());
        while next(&mut key, &mut value)? {
            ingestion.write(key.as_slice(), value.as_slice()).map_err(engine)?;
            run.weight += packed_facts::deliveries(&value);
        }
        if run.weight == 0 {
            return Ok(None);
        }
        ingestion.finish().map_err(engine)?;
        // The names of its files are synced by the engine; its own name is synced here.
        sync_folder(&self.folder).map_err(EngineError::Io)?;
        Ok(Some(Arc::new(run)))
    }

    /// Opens the run of this number.
    pub fn open_run(&self, store: &Path, number: u64, shard: u8, weight: u64) -> Result<Arc<Run>, EngineError> {
        let folder = self.folder.join(number.to_string());
        let damaged = |path: &Path, what: &str| EngineError::Damaged(format!("{}: {what}", relative_name(store, path)));
        if !folder.join("current").exists() {
            return Err(damaged(&folder, "missing: facts that were made visible are not there"));
        }
        // The engine removes tables that are not on its list: the list must be the one that was written.
        if let Some(list) = damaged_list(&folder) {
            return Err(damaged(&list, &format!("{}, kept in `current` beside it", super::MISMATCH)));
        }
        // It asserts its own format while it opens: on damaged files that is a panic.
        let opened = catch_unwind(AssertUnwindSafe(|| self.config(&folder).open()));
        match opened {
            Ok(Ok(tree)) => Ok(Arc::new(Run { number, shard, weight, tree, folder, passing: AtomicBool::new(false) })),
            Ok(Err(lsm_tree::Error::Io(error))) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                Err(EngineError::Io(error))
            }
            Ok(Err(error)) => Err(damaged(&folder, &format!("does not open: {error:?}"))),
            Err(_) => Err(damaged(&folder, "does not open")),
        }
    }

    /// Removes what is on no list.
    pub fn remove_all_but(&self, listed: impl Fn(u64) -> bool) -> Result<(), EngineError> {
        for number in numbers(&self.folder).map_err(EngineError::Io)?.into_iter().filter(|number| !listed(*number)) {
            fs::remove_dir_all(self.folder.join(number.to_string())).map_err(EngineError::Io)?;
        }
        Ok(())
    }
}

/// Numbers that have a folder.
fn numbers(folder: &Path) -> std::io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        numbers.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    Ok(numbers)
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    fs::File::open(folder)?.sync_all()
}
