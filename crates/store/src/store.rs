//! The store: creating, opening, and what both keep in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tallystick_audit::{Checkpoint, CheckpointSigner, ConsistencyProof, LogKeys, OpensCheckpoints, Receipt};
use tallystick_model::delivery::{DeliveryRecord, DeliveryState};
use tallystick_model::event::{Event, Salt};
use tallystick_model::fact::DeliveryNumber;
use tallystick_model::member::Member;
use tallystick_model::{Canonical, DecodeError, SubjectId, Timestamp};
use thiserror::Error;

use crate::audit_log::Nodes;
use crate::commit::Changes;
use crate::engine::runs::Runs;
use crate::engine::{Engine, EngineError, Space};
use crate::group::Queue;
use crate::keys;
use crate::seal::SubjectSalt;
use crate::signing::{Signing, read_keys};
use crate::snapshot::Snapshot;

/// What the store could not do.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The folder holds no bureau.
    #[error("no bureau here: `{0}` has no store")]
    NotABureau(PathBuf),
    /// The folder has something in it already.
    #[error("`{0}` exists already and is not empty")]
    AlreadyThere(PathBuf),
    /// The store was written by a version this program does not know.
    #[error("the store has format {0}, this program knows format {format}", format = keys::FORMAT)]
    Format(u8),
    /// The key given is not the bureau's.
    #[error("the {0} is not the one of this bureau")]
    WrongKey(&'static str),
    /// Something stored is not as it was written.
    #[error("damaged {place}: {what}")]
    Damaged {
        /// Key space and key.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// Outsiders have a checkpoint of more, or of something else, than the store holds: going on would rewrite history.
    #[error("the published `log/checkpoint` {0}: nothing is recorded until the store is restored; `verify` tells more")]
    Behind(String),
    /// Changes and their event contradict each other; nothing was written.
    #[error("the changes and their event contradict each other: {0}")]
    Contradiction(&'static str),
    /// A file beside the engine could not be written or read.
    #[error("`{path}`: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl StoreError {
    /// The same error for another who waited for the same write.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Engine(EngineError::Io(error)) => {
                let same = error.raw_os_error().map_or_else(
                    || std::io::Error::new(error.kind(), error.to_string()),
                    std::io::Error::from_raw_os_error,
                );
                Self::Engine(EngineError::Io(same))
            }
            Self::Damaged { place, what } => Self::Damaged { place: place.clone(), what: what.clone() },
            _ => Self::Engine(EngineError::Poisoned),
        }
    }

    pub(crate) fn damaged(place: impl Into<String>, error: DecodeError) -> Self {
        Self::Damaged { place: place.into(), what: error.to_string() }
    }
}

/// What a bureau begins with.
#[derive(Debug)]
pub struct Founding {
    /// [`Event::BureauFounded`].
    pub event: Event,
    /// Random bytes beside the event.
    pub salt: Salt,
    /// When.
    pub at: Timestamp,
    /// `Pseudonymiser::key_check` of the bureau's pseudonym key.
    pub key_check: [u8; 16],
}

/// A delivery as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDelivery {
    /// Where it stands.
    pub state: DeliveryState,
    /// Since when.
    pub since: Timestamp,
    /// What it is.
    pub record: DeliveryRecord,
}

impl StoredDelivery {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let since = self.since.millis().to_be_bytes();
        [[self.state.number()].as_slice(), &since, &self.record.to_bytes()].concat()
    }
}

/// Which deliveries are visible, and since when each is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visibility {
    pub(crate) committed: BTreeMap<DeliveryNumber, Timestamp>,
}

impl Visibility {
    pub(crate) fn add(&mut self, delivery: &StoredDelivery) {
        if delivery.state.is_visible() {
            self.committed.insert(delivery.record.number, delivery.since);
        }
    }

    /// What was visible at `at`, that instant included.
    pub(crate) fn as_known_on(&self, at: Timestamp) -> Self {
        let known = self.committed.iter().filter(|(_, since)| **since <= at);
        Self { committed: known.map(|(number, since)| (*number, *since)).collect() }
    }

    pub(crate) fn of_deliveries(&self, known: &BTreeSet<DeliveryNumber>) -> Self {
        let known = self.committed.iter().filter(|(number, _)| known.contains(number));
        Self { committed: known.map(|(number, since)| (*number, *since)).collect() }
    }

    pub(crate) fn sees(&self, delivery: DeliveryNumber) -> bool {
        self.committed.contains_key(&delivery)
    }
}

/// What is kept in memory; all of it is derived from the engine's contents when the store is opened.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) log_size: u64,
    pub(crate) visibility: Arc<Visibility>,
    pub(crate) members: Arc<Vec<Member>>,
    pub(crate) runs: Arc<Runs>,
    pub(crate) next_delivery: u32,
}

/// The store of one bureau.
#[derive(Debug)]
pub struct Store {
    pub(crate) engine: Engine,
    /// What signs the log; turned within `committing`.
    pub(crate) signing: RwLock<Signing>,
    pub(crate) folder: PathBuf,
    pub(crate) state: RwLock<State>,
    /// Why nothing may be recorded, if so.
    pub(crate) behind: Mutex<Option<String>>,
    /// Held while a delivery is open: two loads at once would race for new subjects' salts.
    pub(crate) delivering: Mutex<()>,
    /// Held while a commit is under way: entries are appended one after another.
    pub(crate) committing: Mutex<()>,
    /// Those who wait to commit.
    pub(crate) queue: Queue,
    /// Entries that outsiders can see.
    pub(crate) published: AtomicU64,
    /// Held while runs are merged.
    pub(crate) merging: Mutex<()>,
}

/// A lock whose holder panicked guards nothing half-written here: the engine's batches are atomic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Store {
    /// Leaves nothing that outsiders can't see.
    fn drop(&mut self) {
        let _ = self.publish_rest();
    }
}

impl Store {
    /// Creates the store of a new bureau in `folder`, which exists and has no store yet.
    ///
    /// # Errors
    /// [`StoreError::AlreadyThere`], or what the engine could not do.
    pub fn create(folder: &Path, signer: CheckpointSigner, founding: Founding) -> Result<Self, StoreError> {
        let engine_folder = folder.join("store");
        if engine_folder.exists() {
            return Err(StoreError::AlreadyThere(engine_folder));
        }
        let log_folder = folder.join("log");
        std::fs::create_dir_all(&log_folder).map_err(|error| StoreError::File { path: log_folder, error })?;
        let engine = Engine::create(&engine_folder)?;
        let mut batch = engine.batch();
        batch.put(Space::Meta, keys::PSEUDONYM_CHECK_KEY, founding.key_check);
        batch.put(Space::Meta, keys::VERIFIER_KEY, signer.verifier_key());
        batch.commit()?;
        let state = State {
            log_size: 0,
            visibility: Arc::default(),
            members: Arc::default(),
            runs: Arc::default(),
            next_delivery: 1,
        };
        let store = Self {
            engine,
            signing: RwLock::new(Signing { keys: LogKeys::new(signer.verifier().clone()), signer: Arc::new(signer) }),
            folder: folder.to_owned(),
            state: RwLock::new(state),
            behind: Mutex::new(None),
            delivering: Mutex::new(()),
            committing: Mutex::new(()),
            queue: Queue::default(),
            published: AtomicU64::new(0),
            merging: Mutex::new(()),
        };
        store.commit(Changes::none(), founding.event, founding.salt, founding.at)?;
        // What a commit can do without, a bureau cannot begin without.
        store.publish_missing_checkpoint()?;
        // The format is written last: a store without it was never finished and is not opened.
        let mut batch = store.engine.batch();
        batch.put(Space::Meta, keys::FORMAT_KEY, [keys::FORMAT]);
        batch.commit()?;
        Ok(store)
    }

    /// Opens the store that [`Store::create`] made in `folder`.
    ///
    /// # Errors
    /// [`StoreError`]; a second process on one folder gets [`EngineError::Locked`].
    pub fn open(folder: &Path, signer: CheckpointSigner, key_check: [u8; 16]) -> Result<Self, StoreError> {
        let engine = Engine::open(&folder.join("store")).map_err(|error| match error {
            EngineError::NothingHere => StoreError::NotABureau(folder.to_owned()),
            error => StoreError::Engine(error),
        })?;
        match engine.get(Space::Meta, keys::FORMAT_KEY)?.as_deref() {
            Some([keys::FORMAT]) => {}
            Some([other]) => return Err(StoreError::Format(*other)),
            _ => {
                return Err(StoreError::Damaged {
                    place: "store/*.jnl".to_owned(),
                    what: "the store has no format: its creation never ended, or its journal was cut".to_owned(),
                });
            }
        }
        if engine.get(Space::Meta, keys::PSEUDONYM_CHECK_KEY)?.as_deref() != Some(key_check.as_slice()) {
            return Err(StoreError::WrongKey("pseudonym key"));
        }
        let keys = read_keys(&engine)?;
        if keys.current().key != *signer.verifier() {
            return Err(StoreError::WrongKey("signing key"));
        }
        let signing = Signing { signer: Arc::new(signer), keys };
        let state = read_state(&engine, &signing.keys)?;
        let published = compare_published(&engine, &signing.keys, folder, state.log_size);
        let seen = published.size();
        let behind = published.wrong();
        let store = Self {
            engine,
            signing: RwLock::new(signing),
            folder: folder.to_owned(),
            state: RwLock::new(state),
            behind: Mutex::new(behind),
            delivering: Mutex::new(()),
            committing: Mutex::new(()),
            queue: Queue::default(),
            published: AtomicU64::new(seen),
            merging: Mutex::new(()),
        };
        if store.behind().is_none() {
            // What a crash left of loads and merges. Of a store that has lost its end it may be what was listed there.
            let runs = Arc::clone(&store.state().runs);
            store.engine.runs.remove_all_but(|number| runs.iter().any(|run| run.number() == number))?;
        }
        // As in a commit: it may fail, and the next commit or opening does it again.
        let _ = store.publish_rest();
        Ok(store)
    }

    pub(crate) fn state(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nothing may be recorded, if so.
    pub(crate) fn behind(&self) -> Option<String> {
        lock(&self.behind).clone()
    }

    /// A consistent view of what is committed now.
    pub fn snapshot(&self) -> Snapshot<'_> {
        let state = self.state();
        Snapshot {
            store: self,
            log_size: state.log_size,
            visibility: Arc::clone(&state.visibility),
            members: Arc::clone(&state.members),
            runs: Arc::clone(&state.runs),
        }
    }

    /// The public key in use, in the form of C2SP signed notes.
    pub fn verifier_key(&self) -> String {
        self.signing().signer.verifier_key()
    }

    /// A receipt for entry `index` under the latest checkpoint; `None` if there is no such entry yet.
    ///
    /// # Errors
    /// [`StoreError`] if the log cannot be read.
    pub fn receipt(&self, index: u64) -> Result<Option<Receipt>, StoreError> {
        let size = self.state().log_size;
        if index >= size {
            return Ok(None);
        }
        let proof = tallystick_audit::prove_inclusion(index, size, &Nodes::stored(&self.engine))?;
        let mut checkpoint = read_checkpoint(&self.engine)?;
        // The published one may have gathered cosignatures: they go along.
        if let Ok(published) = std::fs::read_to_string(published_path(&self.folder))
            && let (Ok(seen), Ok(own)) = (self.checkpoint_of(&published), self.checkpoint_of(&checkpoint))
            && seen == own
        {
            checkpoint = published;
        }
        Ok(Some(Receipt { index, proof, checkpoint, extra: None }))
    }

    /// Proof that the log of `new` entries begins with that of `old`.
    ///
    /// # Errors
    /// [`StoreError`] if the log is smaller than that, or cannot be read.
    pub fn consistency(&self, old: u64, new: u64) -> Result<ConsistencyProof, StoreError> {
        Ok(tallystick_audit::prove_consistency(old, new, &Nodes::stored(&self.engine))?)
    }

    /// What a note of this log signs.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it is not signed by this log's key.
    pub fn checkpoint_of(&self, note: &str) -> Result<Checkpoint, StoreError> {
        let opened = self.signing().keys.open(note);
        opened.map_err(|error| StoreError::Damaged { place: "checkpoint".to_owned(), what: error.to_string() })
    }

    /// What the subject's sealing keys are derived from, if anything was ever sealed.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn subject_salt(&self, subject: SubjectId) -> Result<Option<SubjectSalt>, StoreError> {
        let Some(value) = self.engine.get(Space::Salts, &subject.0)? else { return Ok(None) };
        let salt = <[u8; 32]>::try_from(&*value).map_err(|_| StoreError::Damaged {
            place: "salts".to_owned(),
            what: "a salt is not 32 bytes".to_owned(),
        })?;
        Ok(Some(SubjectSalt::new(salt)))
    }
}

/// How the checkpoint that outsiders have seen stands to the store.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Published {
    /// It is the store's, or was when the store had so many entries: the program ended, or the disk refused, between a commit
    /// and its publishing.
    OfSize(u64),
    /// It is missing; anything else may have been there.
    Missing,
    /// The store is not its log or a longer one: why.
    Wrong(String),
}

impl Published {
    /// Entries it signs, if it can be relied on.
    pub(crate) const fn size(&self) -> u64 {
        match self {
            Self::OfSize(size) => *size,
            Self::Missing | Self::Wrong(_) => 0,
        }
    }

    /// What is wrong, if anything.
    pub(crate) fn wrong(self) -> Option<String> {
        match self {
            Self::OfSize(_) => None,
            Self::Missing => Some("is missing".to_owned()),
            Self::Wrong(what) => Some(what),
        }
    }
}

/// Compares the store with the checkpoint that outsiders have seen.
///
/// A missing file counts as wrong, since removing it would hide a rollback; `Store::publish_missing_checkpoint` writes it again.
pub(crate) fn compare_published(engine: &Engine, keys: &LogKeys, folder: &Path, size: u64) -> Published {
    let note = match std::fs::read(published_path(folder)) {
        Ok(note) => String::from_utf8_lossy(&note).into_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return if size == 0 { Published::OfSize(0) } else { Published::Missing };
        }
        Err(error) => return Published::Wrong(format!("cannot be read: {error}")),
    };
    let published = match keys.open(&note) {
        Ok(published) => published,
        Err(error) => return Published::Wrong(format!("cannot be relied on: {error}")),
    };
    if published.size > size {
        let lost = published.size - size;
        return Published::Wrong(format!(
            "signs {} entries, the store has {size}: {lost} lost (was `store/*.jnl` cut?)",
            published.size
        ));
    }
    match tallystick_audit::root(published.size, &Nodes::stored(engine)) {
        Ok(root) if root != published.root => {
            Published::Wrong(format!("signs another log than the store's at size {}", published.size))
        }
        Ok(_) => Published::OfSize(published.size),
        Err(error) => Published::Wrong(format!(
            "cannot be compared with the log at size {}: {}",
            published.size,
            StoreError::from(error)
        )),
    }
}

/// Where outsiders read the latest checkpoint.
pub(crate) fn published_path(folder: &Path) -> PathBuf {
    folder.join("log").join("checkpoint")
}

/// The signed checkpoint of the last commit.
pub(crate) fn read_checkpoint(engine: &Engine) -> Result<String, StoreError> {
    let damaged = |what: &str| StoreError::Damaged { place: "log checkpoint".to_owned(), what: what.to_owned() };
    let value = engine.get(Space::Log, keys::CHECKPOINT_KEY)?.ok_or_else(|| damaged("missing"))?;
    String::from_utf8(value.to_vec()).map_err(|_| damaged("not a text"))
}

fn read_state(engine: &Engine, log_keys: &LogKeys) -> Result<State, StoreError> {
    let note = read_checkpoint(engine)?;
    let damaged = |place: &str, what: String| StoreError::Damaged { place: place.to_owned(), what };
    let checkpoint = log_keys.open(&note).map_err(|error| damaged("log checkpoint", error.to_string()))?;

    let mut members = Vec::new();
    for pair in engine.prefix(Space::Meta, keys::MEMBER_PREFIX) {
        let member = Member::from_bytes(&pair?.1).map_err(|error| StoreError::damaged("members", error))?;
        members.push(member);
    }
    let mut visibility = Visibility::default();
    let mut last_delivery = 0;
    for pair in engine.prefix(Space::Meta, keys::DELIVERY_PREFIX) {
        let (key, value) = pair?;
        let number =
            keys::read_delivery(&key).ok_or_else(|| damaged("deliveries", "a key is no delivery's".to_owned()))?;
        last_delivery = last_delivery.max(number.0);
        if let Some(delivery) = read_delivery(&value)? {
            visibility.add(&delivery);
        }
    }
    Ok(State {
        log_size: checkpoint.size,
        visibility: Arc::new(visibility),
        members: Arc::new(members),
        runs: Arc::new(open_runs(engine)?),
        next_delivery: last_delivery.saturating_add(1),
    })
}

/// Opens the runs that are listed.
fn open_runs(engine: &Engine) -> Result<Runs, StoreError> {
    let (mut runs, mut listed) = (Runs::default(), BTreeSet::new());
    for pair in engine.prefix(Space::Meta, keys::RUN_PREFIX) {
        let (key, value) = pair?;
        let (number, shard, weight) = keys::read_run(&key, &value).ok_or_else(|| StoreError::Damaged {
            place: "runs".to_owned(),
            what: "one is not told as it must be".to_owned(),
        })?;
        listed.insert(number);
        runs.add(engine.runs.open_run(number, shard, weight)?);
    }
    engine.runs.begin_after(listed.last().copied().unwrap_or(0));
    Ok(runs)
}

/// A committed delivery; `None` of one that was begun and never committed.
pub(crate) fn read_delivery(value: &[u8]) -> Result<Option<StoredDelivery>, StoreError> {
    let damaged = |what: &str| StoreError::Damaged { place: "deliveries".to_owned(), what: what.to_owned() };
    let (state, rest) = value.split_first().ok_or_else(|| damaged("a state is missing"))?;
    let state = DeliveryState::from_number(*state).ok_or_else(|| damaged("a state is unknown"))?;
    if state == DeliveryState::Loading {
        return if rest.is_empty() { Ok(None) } else { Err(damaged("a delivery whose load never ended has a record")) };
    }
    let (since, record) = rest.split_first_chunk::<8>().ok_or_else(|| damaged("a record ends early"))?;
    let since = Timestamp::from_millis(i64::from_be_bytes(*since)).map_err(|_| damaged("a time is out of range"))?;
    let record = DeliveryRecord::from_bytes(record).map_err(|error| StoreError::damaged("deliveries", error))?;
    Ok(Some(StoredDelivery { state, since, record }))
}

/// The delivery of this number, if it was committed.
pub(crate) fn stored_delivery(engine: &Engine, number: DeliveryNumber) -> Result<Option<StoredDelivery>, StoreError> {
    match engine.get(Space::Meta, &keys::delivery(number))? {
        Some(value) => read_delivery(&value),
        None => Ok(None),
    }
}
