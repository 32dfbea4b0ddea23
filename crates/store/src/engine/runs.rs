//! Runs: sorted files of one shard's facts, written once in one pass and never changed.
//!
//! A run is a file, `store/facts/<number>` ([`run_file`](super::run_file) has its bytes): one pair for each subject, the
//! pseudonym and what one or more deliveries say of it (`model::packed_facts`). A load writes a run for each shard; merging writes one in the place of
//! several. Which runs there are is said in `meta`, in the same batch as the commit that makes their facts visible: a file that is
//! not said there is what a crash left, and is removed when the store is opened. A run that is no longer said goes when its last
//! reader does.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tallystick_model::{SubjectId, packed_facts};

use super::run_file::{BlockValue, Caches, RunFile, RunScan, RunWriter};
use super::{EngineError, FACT_SHARDS, relative_name};

/// One run.
pub struct Run {
    number: u64,
    shard: u8,
    weight: u64,
    file: Arc<RunFile>,
    path: PathBuf,
    /// Whether its file goes with it.
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

    /// Its file stays: it is on the list of runs.
    pub fn keep(&self) {
        self.passing.store(false, Ordering::Release);
    }

    /// Its file goes when nobody reads it any more: it is on the list no longer.
    pub fn pass(&self) {
        self.passing.store(true, Ordering::Release);
    }

    /// What is said of a subject, packed.
    pub fn get(&self, subject: SubjectId) -> Result<Option<BlockValue>, EngineError> {
        self.file.get(subject)
    }

    /// Bytes of its file.
    pub fn bytes(&self) -> u64 {
        self.file.len()
    }

    /// All its pairs, in the order of subjects, past the cache.
    pub(super) fn scan(&self) -> RunScan {
        RunScan::new(Arc::clone(&self.file))
    }

    /// Compares its bytes with their checksum; says what is wrong. `progress` gets the bytes read.
    pub(super) fn check(&self, progress: &mut impl FnMut(u64)) -> Result<(), String> {
        self.file.check(progress)
    }

    /// Where its file is; it never changes.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.passing.load(Ordering::Acquire) {
            // What stays behind is on no list: the next opening removes it.
            let _ = fs::remove_file(&self.path);
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
    /// That of the store, for names.
    store: PathBuf,
    caches: Arc<Caches>,
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
        let (store, caches) = (store.to_owned(), Arc::new(Caches::new()));
        Ok(Self { folder, store, caches, next: AtomicU64::new(last + 1) })
    }

    /// Gives numbers above this one only.
    pub fn begin_after(&self, number: u64) {
        self.next.fetch_max(number.saturating_add(1), Ordering::Relaxed);
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(number.to_string())
    }

    fn open_file(&self, number: u64) -> Result<Arc<RunFile>, EngineError> {
        let path = self.path(number);
        RunFile::open(&path, number, relative_name(&self.store, &path), &self.caches).map(Arc::new)
    }

    /// Writes a run of `shard`: in strictly ascending order of subjects. `next` appends what is said of the next one and gives the
    /// subject, or `None` at the end; to what stands before it does nothing. It is on disk when this returns, and goes again
    /// unless it is kept. `None` if there was no subject.
    pub fn write<E: From<EngineError>>(
        &self,
        shard: usize,
        mut next: impl FnMut(&mut Vec<u8>) -> Result<Option<SubjectId>, E>,
    ) -> Result<Option<Arc<Run>>, E> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.path(number);
        let mut writer = RunWriter::create(&path)?;
        let mut weight = 0;
        loop {
            let before = writer.value_bytes();
            let Some(subject) = next(writer.values())? else { break };
            weight += packed_facts::deliveries(writer.values().get(before..).unwrap_or_default());
            writer.push(subject)?;
        }
        if weight == 0 {
            return Ok(None);
        }
        writer.finish()?;
        let shard = u8::try_from(shard).unwrap_or_default();
        let run = Run { number, shard, weight, file: self.open_file(number)?, path, passing: AtomicBool::new(true) };
        sync_folder(&self.folder).map_err(EngineError::Io)?;
        Ok(Some(Arc::new(run)))
    }

    /// Opens the run of this number.
    pub fn open_run(&self, number: u64, shard: u8, weight: u64) -> Result<Arc<Run>, EngineError> {
        let (file, path) = (self.open_file(number)?, self.path(number));
        Ok(Arc::new(Run { number, shard, weight, file, path, passing: AtomicBool::new(false) }))
    }

    /// Removes what is on no list.
    pub fn remove_all_but(&self, listed: impl Fn(u64) -> bool) -> Result<(), EngineError> {
        for number in numbers(&self.folder).map_err(EngineError::Io)?.into_iter().filter(|number| !listed(*number)) {
            fs::remove_file(self.path(number)).map_err(EngineError::Io)?;
        }
        Ok(())
    }
}

/// Numbers that have a file.
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
