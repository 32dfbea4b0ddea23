//! The storage engine behind the store: the one module that names it.
//!
//! Key spaces in one database, so that one batch is atomic over all of them, and beside it the [`runs`] that hold the facts, in
//! eight shards by the first three bits of the subject: each is loaded and merged by itself, so two cores can do it at once and
//! a merge needs an eighth of the space. Facts of small deliveries are in a key space, under subject and delivery. The settings are
//! measured (`docs/decisions/0003-store-settings.md`): facts are asked for where they are, so they need no filter; everything is
//! compressed.

mod bare;
mod journal;
mod run_file;
pub mod runs;
pub mod subjects;

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fjall::config::{CompressionPolicy, FilterPolicy};
use fjall::{AbstractTree, CompressionType, Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable};
use thiserror::Error;
use xxhash_rust::xxh3::Xxh3;

pub use self::bare::BareStore;
use self::journal::Journal;
use self::runs::{RunFolder, Runs};

/// What the engine could not do.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The folder holds no database.
    #[error("no store here")]
    NothingHere,
    /// Another process has the folder open.
    #[error("the data folder is in use by another process")]
    Locked,
    /// Bytes on disk do not match their checksum or their format.
    #[error("damaged: {0}")]
    Damaged(String),
    /// A write or fsync failed before; going on would be guessing.
    #[error("an earlier write failed; the store accepts no more until it is opened again")]
    Poisoned,
    /// The operating system refused.
    #[error(transparent)]
    Io(std::io::Error),
}

impl From<fjall::Error> for EngineError {
    fn from(error: fjall::Error) -> Self {
        match error {
            fjall::Error::Locked => Self::Locked,
            fjall::Error::Poisoned => Self::Poisoned,
            fjall::Error::Io(error) => Self::Io(error),
            fjall::Error::Storage(error) => storage_error(error),
            fjall::Error::InvalidVersion(_) => {
                Self::Damaged("store/version: not a format this engine reads".to_owned())
            }
            error => Self::Damaged(format!("{error:?}")),
        }
    }
}

fn storage_error(error: fjall::LsmError) -> EngineError {
    match error {
        fjall::LsmError::Io(error) => EngineError::Io(error),
        fjall::LsmError::ChecksumMismatch { .. } => {
            EngineError::Damaged("a block does not match its checksum; `verify` names the file".to_owned())
        }
        error => EngineError::Damaged(format!("{error:?}")),
    }
}

/// How many shards the facts are divided among.
pub const FACT_SHARDS: usize = 8;

/// A key space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Facts of small deliveries, by subject and delivery.
    Facts,
    /// Events, by subject and log index.
    Events,
    /// The log: entries, nodes and the latest checkpoint.
    Log,
    /// Format, members, deliveries and runs.
    Meta,
    /// What each subject's sealing key is derived from.
    Salts,
}

/// All key spaces, in the order of [`Engine::spaces`].
pub const SPACES: [Space; 5] = [Space::Facts, Space::Events, Space::Log, Space::Meta, Space::Salts];

impl Space {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Events => "events",
            Self::Log => "log",
            Self::Meta => "meta",
            Self::Salts => "salts",
        }
    }

    const fn of(self, spaces: &[Keyspace; 5]) -> &Keyspace {
        let [facts, events, log, meta, salts] = spaces;
        match self {
            Self::Facts => facts,
            Self::Events => events,
            Self::Log => log,
            Self::Meta => meta,
            Self::Salts => salts,
        }
    }

    fn options(self) -> KeyspaceCreateOptions {
        let options = KeyspaceCreateOptions::default()
            .data_block_compression_policy(CompressionPolicy::all(CompressionType::Lz4))
            .index_block_compression_policy(CompressionPolicy::all(CompressionType::Lz4));
        match self {
            Self::Facts | Self::Events => options.filter_policy(FilterPolicy::disabled()),
            Self::Log | Self::Meta | Self::Salts => options,
        }
    }
}

/// The shard of a subject whose pseudonym begins with this byte.
pub const fn fact_shard(first_byte: u8) -> usize {
    (first_byte >> 5) as usize
}

/// How the facts lie on disk, for whoever measures it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Tables of the facts.
    pub tables: usize,
    /// Runs in the shard that has most of them: from so many places a file is read.
    pub runs_max: usize,
    /// Bytes of these tables.
    pub table_bytes: u64,
}

impl Activity {
    /// Of these runs.
    pub fn of(runs: &Runs) -> Self {
        Self {
            tables: runs.iter().count(),
            runs_max: (0..FACT_SHARDS).map(|shard| runs.of(shard).len()).max().unwrap_or(0),
            table_bytes: runs.iter().map(|run| run.bytes()).sum(),
        }
    }
}

/// A key and its value.
pub type Pair = (Slice, Slice);

/// Bytes that the engine lends.
pub type Slice = lsm_tree::Slice;

/// The open database.
pub struct Engine {
    database: Database,
    spaces: [Keyspace; 5],
    folder: PathBuf,
    pub(crate) runs: RunFolder,
    _lock: Option<File>,
}

/// What fills a journal up; nothing reads it.
const PADDING_KEY: &[u8] = b"\xffpadding";
const PADDING_BYTES: usize = 1 << 20;
/// A little more than what the engine calls a full journal.
const JOURNAL_BYTES: usize = 66 << 20;
/// How often, and how long, an old journal is waited for.
const TURNS_MAX: u32 = 6000;
const TURN: std::time::Duration = std::time::Duration::from_millis(10);

/// Memory for cached blocks of the key spaces.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;

impl Engine {
    /// Opens the database in `folder`, which exists. `lock` is held as long as the engine.
    fn open_database(folder: &Path, lock: Option<File>) -> Result<Self, EngineError> {
        // The engine asserts its own format while it recovers: on damaged files that is a panic, which here is an error.
        let opened = catch_unwind(AssertUnwindSafe(|| -> Result<_, fjall::Error> {
            let database =
                Database::builder(folder).cache_size(CACHE_BYTES).journal_compression(CompressionType::None).open()?;
            let [facts, events, log, meta, salts] =
                SPACES.map(|space| database.keyspace(space.name(), || space.options()));
            Ok((database, [facts?, events?, log?, meta?, salts?]))
        }));
        match opened.map(|opened| opened.map_err(EngineError::from)) {
            Ok(Ok((database, spaces))) => {
                // The engine names its files by their whole path: to tell them relative to the folder, so must we.
                let folder = folder.canonicalize().map_err(EngineError::Io)?;
                let runs = RunFolder::open(&folder)?;
                Ok(Self { database, spaces, folder, runs, _lock: lock })
            }
            Ok(Err(EngineError::Damaged(what))) if what.starts_with("store/") => Err(EngineError::Damaged(what)),
            Ok(Err(EngineError::Damaged(what))) => {
                Err(EngineError::Damaged(format!("{}: {what}", locate_damage(folder))))
            }
            // Not the disk's refusal but what damaged lists and lengths lead to.
            Ok(Err(EngineError::Io(error)))
                if matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput
                ) =>
            {
                Err(EngineError::Damaged(format!("{}: {error}", locate_damage(folder))))
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(EngineError::Damaged(format!("{}: not in its format", locate_damage(folder)))),
        }
    }

    /// Creates the database in `folder`, which must not exist yet.
    pub fn create(folder: &Path) -> Result<Self, EngineError> {
        std::fs::create_dir(folder).map_err(EngineError::Io)?;
        Self::open_database(folder, None)
    }

    /// Opens the database that [`Engine::create`] made; creates nothing where there is none.
    pub fn open(folder: &Path) -> Result<Self, EngineError> {
        let lock = match File::open(folder.join("version")) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(EngineError::NothingHere),
            Err(error) => return Err(EngineError::Io(error)),
        };
        // Before anything is touched: what comes next tidies up files that a running process may still be writing.
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(EngineError::Locked),
            Err(TryLockError::Error(error)) => return Err(EngineError::Io(error)),
        }
        let torn = inspect_journals(folder)?;
        // Opening a key space removes the tables that are not on its list: the list must be the one that was written.
        if let Some(list) = spaces_of(folder).iter().find_map(|space| damaged_list(space)) {
            let what = format!("{}: {MISMATCH}, kept in `current` beside it", relative_name(folder, &list));
            return Err(EngineError::Damaged(what));
        }
        // Damaged lists of tables make the engine panic while it holds a lock, which aborts the process. Each key space
        // opened by itself panics in a way that can be caught.
        for space in spaces_of(folder) {
            let Some(tree) = open_space(&space) else {
                return Err(EngineError::Damaged(format!("{}: does not open", relative_name(folder, &space))));
            };
            // The engine's own list of key spaces: small, read at every start, and out of reach of a later check.
            let is_list = space.file_name().is_some_and(|name| name == "0");
            if is_list && let Some(table) = damaged_table(&tree) {
                return Err(EngineError::Damaged(format!("{}: {MISMATCH}", relative_name(folder, &table))));
            }
        }
        for (journal, at) in torn {
            journal::set_aside(&journal, at).map_err(EngineError::Io)?;
        }
        Self::open_database(folder, Some(lock))
    }

    fn space(&self, space: Space) -> &Keyspace {
        space.of(&self.spaces)
    }

    /// The value of `key`.
    pub fn get(&self, space: Space, key: &[u8]) -> Result<Option<fjall::Slice>, EngineError> {
        Ok(self.space(space).get(key)?)
    }

    /// All pairs whose key begins with `prefix`, in key order, as of now.
    pub fn prefix(&self, space: Space, prefix: &[u8]) -> impl Iterator<Item = Result<Pair, EngineError>> + use<> {
        self.space(space).prefix(prefix).map(|guard| guard.into_inner().map_err(EngineError::from))
    }

    /// Rewrites key spaces, so that nothing is left on disk of what was taken away, in journals neither. The engine begins a new
    /// journal when one is full and all else has been told to it, and removes the old one when all key spaces have what is in
    /// it: so one is filled up.
    pub fn rewrite(&self, spaces: &[Space]) -> Result<(), EngineError> {
        let meta = self.space(Space::Meta);
        let padding = vec![0; PADDING_BYTES];
        for _ in 0..JOURNAL_BYTES / PADDING_BYTES {
            meta.insert(PADDING_KEY, padding.as_slice())?;
        }
        meta.remove(PADDING_KEY)?;
        for space in &self.spaces {
            self.turn_over(space)?;
        }
        for space in spaces {
            self.space(*space).major_compact()?;
        }
        meta.major_compact()?;
        // Journals and tables that nobody needs any more go when a memtable is turned over, a moment later.
        for _ in 0..TURNS_MAX {
            meta.insert(PADDING_KEY, [])?;
            // All of them: on a busy machine the journal may have been turned only after they were told above.
            for space in &self.spaces {
                self.turn_over(space)?;
            }
            if self.database.journal_count() == 1 {
                return Ok(());
            }
            std::thread::sleep(TURN);
        }
        Err(EngineError::Io(std::io::Error::other(
            "an old journal does not go; nothing is lost, and compacting can be tried again",
        )))
    }

    /// All key spaces as they are now.
    pub fn snapshot(&self) -> EngineSnapshot {
        EngineSnapshot { snapshot: self.database.snapshot(), spaces: self.spaces.clone() }
    }

    /// Writes what a key space holds in memory to a table, and waits for it. The engine's own way to wait does not end where the table
    /// cannot be written.
    fn turn_over(&self, space: &Keyspace) -> Result<(), EngineError> {
        if space.rotate_memtable()? {
            while space.tree.sealed_memtable_count() > 0 {
                // Fails once a write in the background has.
                self.database.persist(PersistMode::Buffer)?;
                std::thread::sleep(TURN);
            }
        }
        Ok(())
    }

    /// An empty atomic batch.
    pub fn batch(&self) -> Batch<'_> {
        Batch { engine: self, batch: self.database.batch().durability(Some(PersistMode::SyncAll)) }
    }

    /// An empty atomic batch that is on disk for certain only when a later durable one is.
    pub fn batch_with_the_next(&self) -> Batch<'_> {
        Batch { engine: self, batch: self.database.batch().durability(Some(PersistMode::Buffer)) }
    }

    /// Compares every table file with the checksum the engine keeps of it, those of `runs` too. `progress` gets the bytes read.
    /// Returns each damaged file, relative to the data folder, with what is wrong.
    pub fn check_files(&self, runs: &Runs, mut progress: impl FnMut(u64)) -> Vec<(String, String)> {
        let mut damaged = Vec::new();
        for list in spaces_of(&self.folder).into_iter().filter_map(|space| damaged_list(&space)) {
            damaged.push((relative_name(&self.folder, &list), format!("{MISMATCH}, kept in `current` beside it")));
        }
        let mut check = |space: &str, path: &Path, expected: u128| {
            let name = relative_name(&self.folder, path);
            match file_checksum(path, &mut progress) {
                Ok(checksum) if checksum == expected => {}
                Ok(_) => damaged.push((name, format!("{MISMATCH} ({space})"))),
                Err(error) => damaged.push((name, format!("cannot be read: {error}"))),
            }
        };
        for (space, keyspace) in SPACES.iter().zip(&self.spaces) {
            for table in keyspace.tree.current_version().iter_tables() {
                check(space.name(), &table.path, table.checksum().into_u128());
            }
        }
        for run in runs.iter() {
            if let Err(what) = run.check(&mut progress) {
                damaged.push((relative_name(&self.folder, run.path()), what));
            }
        }
        damaged
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Engine")
    }
}

/// Reads the journals, which the engine cuts where they are not whole. Gives those that a crash may have left torn and where;
/// refuses those that only damage makes so.
fn inspect_journals(folder: &Path) -> Result<Vec<(PathBuf, u64)>, EngineError> {
    let mut journals = journals_of(folder);
    let number = |path: &PathBuf| path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
    journals.sort_by_key(number);
    let damaged = |path: &Path, at: u64, what: &str| {
        EngineError::Damaged(format!("{}: byte {at}: {what}", relative_name(folder, path)))
    };
    let mut torn = Vec::new();
    for (place, path) in journals.iter().enumerate() {
        match journal::inspect(path).map_err(EngineError::Io)? {
            Journal::Whole => {}
            // A journal is synced before the next one is begun.
            Journal::TornTail { at } if place + 1 < journals.len() => {
                return Err(damaged(path, at, "a batch is not whole, though another journal follows"));
            }
            Journal::TornTail { at } => torn.push((path.clone(), at)),
            Journal::Damaged { at, what } => return Err(damaged(path, at, what)),
        }
    }
    Ok(torn)
}

/// Which part of the database is damaged: a table file, or else the journal. The engine itself does not say.
fn locate_damage(folder: &Path) -> String {
    if let Some(table) = spaces_of(folder).iter().find_map(|space| damaged_table(&open_space(space)?)) {
        return relative_name(folder, &table);
    }
    let journals: Vec<String> = journals_of(folder).iter().map(|path| relative_name(folder, path)).collect();
    journals.join(", ")
}

fn journals_of(folder: &Path) -> Vec<PathBuf> {
    let mut files = files_of(folder);
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jnl"));
    files
}

/// Opens one key space's tree by itself; `None` if its files do not allow it.
fn open_space(space: &Path) -> Option<lsm_tree::AnyTree> {
    let counter = lsm_tree::SequenceNumberCounter::default;
    let config = lsm_tree::Config::new(space, counter(), counter());
    catch_unwind(AssertUnwindSafe(|| config.open())).ok()?.ok()
}

/// The first table file whose bytes are not those it was written with.
fn damaged_table(tree: &lsm_tree::AnyTree) -> Option<PathBuf> {
    let sound = |table: &&lsm_tree::Table| {
        file_checksum(&table.path, &mut |_| {}).is_ok_and(|checksum| checksum == table.checksum().into_u128())
    };
    tree.current_version().iter_tables().find(|table| !sound(table)).map(|table| table.path.to_path_buf())
}

/// The engine's list of a key space's tables and the checksum it keeps of the list (and does not look at): `current` holds the
/// list's number (8 bytes, little-endian) and its checksum (16 bytes). Gives the damaged file, if any.
fn damaged_list(space: &Path) -> Option<PathBuf> {
    let current = space.join("current");
    let pointer = std::fs::read(&current).ok()?;
    let (number, rest) = pointer.split_first_chunk::<8>()?;
    // The last byte is the kind of checksum: 0 is the only one there is.
    let Some((checksum, [0])) = rest.split_first_chunk::<16>() else { return Some(current) };
    let list = space.join(format!("v{}", u64::from_le_bytes(*number)));
    match file_checksum(&list, &mut |_| {}) {
        Ok(found) if found == u128::from_le_bytes(*checksum) => None,
        Ok(_) => Some(list),
        Err(_) => Some(current),
    }
}

const MISMATCH: &str = "bytes do not match their checksum";

fn spaces_of(folder: &Path) -> Vec<PathBuf> {
    let mut spaces = files_of(&folder.join("keyspaces"));
    spaces.sort();
    spaces
}

fn relative_name(folder: &Path, path: &Path) -> String {
    format!("store/{}", path.strip_prefix(folder).unwrap_or(path).display())
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// Keeps quiet the panics that opening a damaged database raises inside the engine: they are caught here and told as errors.
/// Called once by a program that shows errors to people.
pub fn quiet_engine_panics() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let in_engine = |file: &str| file.contains("fjall-") || file.contains("lsm-tree-");
        if !info.location().is_some_and(|location| in_engine(location.file())) {
            hook(info);
        }
    }));
}

fn file_checksum(path: &Path, progress: &mut impl FnMut(u64)) -> std::io::Result<u128> {
    let mut file = File::open(path)?;
    let mut hasher = Xxh3::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hasher.digest128());
        }
        hasher.update(buffer.get(..count).unwrap_or_default());
        progress(count as u64);
    }
}

/// All key spaces at one moment, whatever is written after it.
pub struct EngineSnapshot {
    snapshot: fjall::Snapshot,
    spaces: [Keyspace; 5],
}

impl EngineSnapshot {
    /// The value of `key`.
    pub fn get(&self, space: Space, key: &[u8]) -> Result<Option<Slice>, EngineError> {
        Ok(self.snapshot.get(space.of(&self.spaces), key)?)
    }

    /// All pairs whose key begins with `prefix`, in key order.
    pub fn prefix(&self, space: Space, prefix: &[u8]) -> impl Iterator<Item = Result<Pair, EngineError>> + use<> {
        let pairs = self.snapshot.prefix(space.of(&self.spaces), prefix);
        pairs.map(|guard| guard.into_inner().map_err(EngineError::from))
    }
}

/// Pairs that become durable and visible together.
pub struct Batch<'a> {
    engine: &'a Engine,
    batch: fjall::OwnedWriteBatch,
}

impl Batch<'_> {
    /// Adds a pair.
    pub fn put(&mut self, space: Space, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.batch.insert(self.engine.space(space), key.as_ref(), value.as_ref());
    }

    /// Takes a pair away.
    pub fn remove(&mut self, space: Space, key: impl AsRef<[u8]>) {
        self.batch.remove(self.engine.space(space), key.as_ref());
    }

    /// Writes the batch and waits until the disk has it.
    pub fn commit(self) -> Result<(), EngineError> {
        Ok(self.batch.commit()?)
    }
}
