//! Backups: points in time of a bureau, as objects named by their content, and bringing one back.
//!
//! ```text
//! objects/ab/abcd...       bytes whose SHA-256 is the name
//! points/<entries>.txt     what a bureau was at so many entries: its signed checkpoint, and every object with its place and hash
//! ```
//!
//! A backup is taken while commits go on: the key spaces are read in one snapshot of the engine, runs never change. Key spaces are cut
//! into pieces where the keys say so, so that pieces without changes are the same bytes and are there already. A point is written
//! last, when all it names is on disk: what a crash leaves is objects that the next backup finds. Start at [`create`] and [`restore`].

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use tallystick_audit::{Hash, LogKeys, OpensCheckpoints, TreeBuilder, leaf_hash};
use tallystick_model::signature::{PublicKey, SecretKey, Signature};

use crate::check::Progress;
use crate::engine::runs::Runs;
use crate::engine::{Engine, EngineSnapshot, SPACES, Space};
use crate::keys;
use crate::publish::{write_checkpoint, write_keys, write_tiles};
use crate::store::{Store, StoreError, lock};

const HEADER: &str = "tallystick backup 1";
const DOMAIN: &str = "tallystick backup 1\n";
/// Largest piece of a key space, in bytes, and how many keys one has on average.
const PIECE_BYTES_MAX: usize = 4 << 20;
const PIECE_KEYS: u16 = 512;
/// Longest list of a point: room for millions of objects.
const POINT_BYTES_MAX: u64 = 1 << 30;
/// There while a folder is being restored: such a folder is no bureau.
pub const RESTORING: &str = "restoring";

fn damaged(place: impl Into<String>, what: impl Into<String>) -> StoreError {
    StoreError::Damaged { place: place.into(), what: what.into() }
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_path_buf();
    move |error| StoreError::File { path, error }
}

/// A file or a piece of a key space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `space NAME` or `file PATH`.
    pub place: String,
    /// SHA-256 of its bytes, and its object's name.
    pub hash: [u8; 32],
    /// How many.
    pub bytes: u64,
}

/// What a bureau was at one point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Entries in its log.
    pub entries: u64,
    /// Time of the last of them, as text.
    pub at: String,
    /// The signed checkpoint.
    pub checkpoint: String,
    /// The log's keys, as they are published.
    pub log_keys: String,
    /// Whether the secret keys are among the files.
    pub with_keys: bool,
    /// All of it, in order.
    pub parts: Vec<Part>,
}

/// What a backup came to.
#[derive(Clone, Debug)]
pub struct Made {
    /// The point.
    pub point: Point,
    /// Objects written, and those that were there already.
    pub written: u64,
    /// See `written`.
    pub kept: u64,
    /// Bytes written.
    pub bytes: u64,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (to, place) in bytes.iter_mut().zip((0..).step_by(2)) {
        *to = u8::from_str_radix(text.get(place..place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

impl Point {
    fn text(&self) -> String {
        let encode = |text: &str| BASE64_STANDARD.encode(text);
        let mut text = format!("{HEADER}\nentries {}\nat {}\n", self.entries, self.at);
        text += &format!("checkpoint {}\nkeys {}\n", encode(&self.checkpoint), encode(&self.log_keys));
        text += if self.with_keys { "secret-keys yes\n" } else { "secret-keys no\n" };
        for part in &self.parts {
            text += &format!("{} {} {}\n", hex(&part.hash), part.bytes, part.place);
        }
        text
    }

    fn signed(&self, key: &SecretKey) -> String {
        let text = self.text();
        let signature = key.sign(DOMAIN, text.as_bytes());
        format!("{text}signed {} {}\n", key.public(), hex(&signature.0))
    }

    /// Reads a point, if the key of its log that was in use then has signed it.
    fn open(signed: &str) -> Result<Self, &'static str> {
        let end = signed.trim_end().rfind("\nsigned ").ok_or("it has no signature")?;
        let (text, last) = signed.split_at(end + 1);
        let (key, signature) = last
            .trim_end()
            .strip_prefix("signed ")
            .and_then(|last| last.split_once(' '))
            .ok_or("it has no signature")?;
        let (key, signature) = (unhex(key).map(PublicKey), unhex(signature).map(Signature));
        let (Some(key), Some(signature)) = (key, signature) else { return Err("its signature is no hex") };
        if !key.has_signed(DOMAIN, text.as_bytes(), &signature) {
            return Err("its signature does not verify");
        }
        let point = Self::read(text).ok_or("it is not in its form")?;
        let keys = LogKeys::parse(&point.log_keys).map_err(|_| "its log keys do not hold")?;
        if keys.current().key.key_bytes() != key.0 {
            return Err("it is signed by another key than its log's");
        }
        match keys.open(&point.checkpoint) {
            Ok(checkpoint) if checkpoint.size == point.entries => Ok(point),
            _ => Err("its checkpoint is not its log's"),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let mut lines = text.strip_prefix(HEADER)?.strip_prefix('\n')?.lines();
        let mut word = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned);
        let decode = |text: String| String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok();
        let (entries, at) = (word("entries")?.parse().ok()?, word("at")?);
        let (checkpoint, log_keys) = (decode(word("checkpoint")?)?, decode(word("keys")?)?);
        let with_keys = word("secret-keys")? == "yes";
        let mut parts = Vec::new();
        for line in lines {
            let mut words = line.splitn(3, ' ');
            let hash = unhex(words.next()?)?;
            let bytes = words.next()?.parse().ok()?;
            parts.push(Part { hash, bytes, place: words.next()?.to_owned() });
        }
        Some(Self { entries, at, checkpoint, log_keys, with_keys, parts })
    }

    fn name(entries: u64) -> String {
        format!("{entries:020}.txt")
    }
}

/// A file or object that is not what it was, and what is wrong.
pub type Fault = (String, String);

/// Keys with their values.
type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// Where objects are.
struct Objects {
    folder: PathBuf,
    written: u64,
    kept: u64,
    bytes: u64,
}

impl Objects {
    fn open(folder: &Path) -> Self {
        Self { folder: folder.join("objects"), written: 0, kept: 0, bytes: 0 }
    }

    fn path(&self, hash: &[u8; 32]) -> PathBuf {
        let name = hex(hash);
        self.folder.join(name.get(..2).unwrap_or_default()).join(name)
    }

    fn put(&mut self, place: String, bytes: &[u8]) -> Result<Part, StoreError> {
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        let path = self.path(&hash);
        // What is there may have been damaged since: a point is signed over what it can be restored from.
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            self.kept += 1;
        } else {
            let parent = path.parent().unwrap_or(&self.folder);
            fs::create_dir_all(parent).map_err(failed(parent))?;
            write_durably(&path, bytes)?;
            self.written += 1;
            self.bytes += bytes.len() as u64;
        }
        Ok(Part { place, hash, bytes: bytes.len() as u64 })
    }

    /// The bytes of a part, if they are what was put there.
    fn get(&self, part: &Part) -> Result<Vec<u8>, StoreError> {
        let path = self.path(&part.hash);
        let name = || format!("objects/{} ({})", hex(&part.hash), part.place);
        let file = File::open(&path).map_err(|error| damaged(name(), format!("cannot be read: {error}")))?;
        let mut bytes = Vec::new();
        file.take(part.bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(failed(&path))?;
        if bytes.len() as u64 != part.bytes || <[u8; 32]>::from(Sha256::digest(&bytes)) != part.hash {
            return Err(damaged(name(), "is not what was put there"));
        }
        Ok(bytes)
    }
}

/// Writes a file whole or not at all: a draft beside it gets its name when the disk has it.
fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let draft = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        // Salts are in it, and keys where they are asked for: nobody else's to read, whatever the folder allows.
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        sync_folder(path.parent().unwrap_or(Path::new(".")))
    };
    write().map_err(failed(path))
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// What is held while a backup is made.
struct Held {
    snapshot: EngineSnapshot,
    _runs: [Arc<Runs>; 2],
}

impl Store {
    /// One state of the engine, with its runs: merging changes their list in the engine first, and in memory a moment later.
    fn hold(&self) -> Result<(Held, Vec<PathBuf>), StoreError> {
        loop {
            let committing = lock(&self.committing);
            let before = Arc::clone(&self.state().runs);
            let snapshot = self.engine.snapshot();
            let after = Arc::clone(&self.state().runs);
            drop(committing);
            let mut files = Vec::new();
            let mut whole = true;
            for pair in snapshot.prefix(Space::Meta, keys::RUN_PREFIX) {
                let (key, value) = pair?;
                let told =
                    keys::read_run(&key, &value).ok_or_else(|| damaged("runs", "one is not told as it must be"))?;
                match before.iter().chain(after.iter()).find(|run| run.number() == told.0) {
                    Some(run) => files.push(run.path().to_path_buf()),
                    None => whole = false,
                }
            }
            if whole {
                return Ok((Held { snapshot, _runs: [before, after] }, files));
            }
            std::thread::yield_now();
        }
    }
}

/// Makes a backup in `to`, which may hold earlier ones, of the store and of `files` (their names in the data folder, and where they
/// are). Signed with the log's key.
///
/// # Errors
/// [`StoreError`] if something cannot be read or written: no point is left then.
pub fn create(
    store: &Store,
    to: &Path,
    files: &[(String, PathBuf)],
    key: &SecretKey,
    progress: Progress<'_>,
) -> Result<Made, StoreError> {
    if let Some(why) = store.behind() {
        return Err(StoreError::Behind(why));
    }
    let mut objects = Objects::open(to);
    let (held, runs) = store.hold()?;
    let mut parts = Vec::new();
    for space in SPACES {
        put_space(&held.snapshot, space, &mut objects, &mut parts)?;
        progress("objects", parts.len() as u64);
    }
    let base = store.folder.canonicalize().map_err(failed(&store.folder))?;
    let mut all = files.to_vec();
    for path in runs {
        let name = path.strip_prefix(&base).unwrap_or(&path);
        let words: Vec<_> = name.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        all.push((words.join("/"), path));
    }
    let with_keys = all.iter().any(|(name, _)| name.starts_with("keys/"));
    for (name, path) in all {
        let bytes = fs::read(&path).map_err(failed(&path))?;
        parts.push(objects.put(format!("file {name}"), &bytes)?);
        progress("objects", parts.len() as u64);
    }
    let note =
        held.snapshot.get(Space::Log, keys::CHECKPOINT_KEY)?.ok_or_else(|| damaged("log checkpoint", "missing"))?;
    let checkpoint = String::from_utf8(note.to_vec()).map_err(|_| damaged("log checkpoint", "not a text"))?;
    let keys = crate::signing::keys_of(
        held.snapshot.get(Space::Meta, keys::VERIFIER_KEY)?,
        held.snapshot.prefix(Space::Meta, keys::LOG_KEY_PREFIX),
    )?;
    let entries = keys.open(&checkpoint).map_err(|error| damaged("log checkpoint", error.to_string()))?.size;
    let last = held.snapshot.get(Space::Log, &keys::entry(entries.saturating_sub(1)))?;
    let last = last.and_then(|last| tallystick_model::Canonical::from_bytes(&last).ok());
    let last: tallystick_model::event::Entry = last.ok_or_else(|| damaged("log", "its last entry cannot be read"))?;
    let (at, log_keys) = (last.at.to_string(), keys.to_text());
    let point = Point { entries, at, checkpoint, log_keys, with_keys, parts };
    let points = to.join("points");
    fs::create_dir_all(&points).map_err(failed(&points))?;
    // From here the point is there: all it names is.
    write_durably(&points.join(Point::name(entries)), point.signed(key).as_bytes())?;
    Ok(Made { point, written: objects.written, kept: objects.kept, bytes: objects.bytes })
}

fn put_space(
    snapshot: &EngineSnapshot,
    space: Space,
    objects: &mut Objects,
    parts: &mut Vec<Part>,
) -> Result<(), StoreError> {
    let mut piece = Vec::new();
    for pair in snapshot.prefix(space, &[]) {
        let (key, value) = pair?;
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
        for bytes in [&*key, &*value] {
            piece.extend_from_slice(&length(bytes));
            piece.extend_from_slice(bytes);
        }
        // Where a piece ends is the key's doing alone: what is put in elsewhere moves no end.
        let [one, other, ..] = <[u8; 32]>::from(Sha256::digest(&key));
        if u16::from_be_bytes([one, other]) % PIECE_KEYS == 0 || piece.len() >= PIECE_BYTES_MAX {
            parts.push(objects.put(format!("space {}", space.name()), &piece)?);
            piece.clear();
        }
    }
    if !piece.is_empty() {
        parts.push(objects.put(format!("space {}", space.name()), &piece)?);
    }
    Ok(())
}

/// The pairs of a piece.
fn pairs(mut piece: &[u8], place: &str) -> Result<Pairs, StoreError> {
    let mut all = Vec::new();
    let next = |piece: &mut &[u8]| -> Option<Vec<u8>> {
        let (length, rest) = piece.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let bytes = rest.get(..length)?.to_vec();
        *piece = rest.get(length..)?;
        Some(bytes)
    };
    while !piece.is_empty() {
        match (next(&mut piece), next(&mut piece)) {
            (Some(key), Some(value)) => all.push((key, value)),
            _ => return Err(damaged(place, "a piece ends within a pair")),
        }
    }
    Ok(all)
}

/// The points of a backup, the oldest first; those that cannot be relied on by name, with what is wrong.
///
/// # Errors
/// [`StoreError`] if the folder is no backup.
pub fn points(from: &Path) -> Result<(Vec<Point>, Vec<Fault>), StoreError> {
    let folder = from.join("points");
    let (mut sound, mut bad) = (Vec::new(), Vec::new());
    let mut names: Vec<_> =
        fs::read_dir(&folder).map_err(failed(&folder))?.flatten().map(|entry| entry.path()).collect();
    names.sort();
    for path in names.iter().filter(|path| path.extension().is_some_and(|kind| kind == "txt")) {
        let name = format!("points/{}", path.file_name().unwrap_or_default().display());
        let mut text = String::new();
        let file = File::open(path).map_err(failed(path))?;
        match file.take(POINT_BYTES_MAX).read_to_string(&mut text).map_err(|error| error.to_string()) {
            Ok(_) => match Point::open(&text) {
                Ok(point) if name == format!("points/{}", Point::name(point.entries)) => sound.push(point),
                Ok(_) => bad.push((name, "is of another number of entries than its name".to_owned())),
                Err(what) => bad.push((name, what.to_owned())),
            },
            Err(error) => bad.push((name, error)),
        }
    }
    Ok((sound, bad))
}

/// Compares every object of a point with its hash, and derives the log's root again. Gives what is wrong, each with its place.
///
/// # Errors
/// [`StoreError`] if the disk refuses.
pub fn verify(from: &Path, point: &Point, progress: Progress<'_>) -> Result<Vec<Fault>, StoreError> {
    let objects = Objects::open(from);
    let (mut found, mut tree) = (Vec::new(), TreeBuilder::new());
    let log = format!("space {}", Space::Log.name());
    for (done, part) in (1..).zip(&point.parts) {
        progress("objects", done);
        let bytes = match objects.get(part) {
            Ok(bytes) => bytes,
            Err(StoreError::Damaged { place, what }) => {
                found.push((place, what));
                continue;
            }
            Err(error) => return Err(error),
        };
        if part.place == log {
            let entries = pairs(&bytes, &part.place)?;
            let entries = entries.iter().filter(|(key, _)| key.starts_with(keys::ENTRY_PREFIX));
            entries.for_each(|(_, entry)| tree.push(leaf_hash(entry)));
        }
    }
    let signed = LogKeys::parse(&point.log_keys).ok().and_then(|keys| keys.open(&point.checkpoint).ok());
    let derived: (u64, Hash) = (tree.len(), tree.root());
    if found.is_empty() && signed.is_none_or(|signed| (signed.size, signed.root) != derived) {
        found.push(("log".to_owned(), "its entries do not come to the root that the checkpoint signs".to_owned()));
    }
    Ok(found)
}

/// Brings a point back into `to`, an empty folder or none. `published` is the last checkpoint known to outsiders: where it is a later
/// one, what is restored records nothing before the loss is accepted.
///
/// Ends with the file `bureau.toml`: without it, and with [`RESTORING`] beside, a folder is no bureau.
///
/// # Errors
/// [`StoreError::AlreadyThere`]; [`StoreError::Damaged`] with the object that is not what it was; [`StoreError`] if the disk refuses.
pub fn restore(
    from: &Path,
    point: &Point,
    to: &Path,
    published: Option<&str>,
    progress: Progress<'_>,
) -> Result<(), StoreError> {
    const LAST: &str = "file bureau.toml";
    if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(StoreError::AlreadyThere(to.to_path_buf()));
    }
    private_folder(to)?;
    write_durably(
        &to.join(RESTORING),
        b"this folder is being restored from a backup, and is no bureau before that is done\n",
    )?;
    let objects = Objects::open(from);
    let store = to.join("store");
    let engine = Engine::create(&store)?;
    let mut done = 0;
    for part in &point.parts {
        let bytes = objects.get(part)?;
        if let Some(name) = part.place.strip_prefix("file ") {
            if part.place != LAST {
                write_durably(&place_of(to, name)?, &bytes)?;
            }
        } else {
            let name = part.place.strip_prefix("space ");
            let space = SPACES.into_iter().find(|space| Some(space.name()) == name);
            let space = space.ok_or_else(|| damaged(&part.place, "is no part of a store"))?;
            let mut batch = engine.batch_with_the_next();
            for (key, value) in pairs(&bytes, &part.place)? {
                // The format is written last: a store without it was never finished and is not opened.
                if (space, key.as_slice()) != (Space::Meta, keys::FORMAT_KEY) {
                    batch.put(space, key, value);
                }
            }
            batch.commit()?;
        }
        done += 1;
        progress("objects", done);
    }
    for folder in ["log", "feedback", "notices", "layouts", "keys"].map(|name| to.join(name)) {
        private_folder(&folder)?;
    }
    let mut batch = engine.batch();
    batch.put(Space::Meta, keys::FORMAT_KEY, [keys::FORMAT]);
    batch.commit()?;
    write_tiles(&engine, to, 0, point.entries)?;
    let log_keys = LogKeys::parse(&point.log_keys).map_err(|error| damaged("log keys", error.to_string()))?;
    write_keys(to, &log_keys)?;
    write_checkpoint(to, published.unwrap_or(&point.checkpoint))?;
    drop(engine);
    let last = point.parts.iter().find(|part| part.place == LAST);
    let last = last.ok_or_else(|| damaged("bureau.toml", "is not in the backup"))?;
    write_durably(&to.join("bureau.toml"), &objects.get(last)?)?;
    let marker = to.join(RESTORING);
    fs::remove_file(&marker).map_err(failed(&marker))?;
    sync_folder(to).map_err(failed(to))
}

/// Where a file of a point goes: below the folder and nowhere else.
fn place_of(to: &Path, name: &str) -> Result<PathBuf, StoreError> {
    let path = Path::new(name);
    if name.is_empty() || !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(damaged("a point", "names a file outside of the data folder"));
    }
    let path = to.join(path);
    private_folder(path.parent().unwrap_or(to))?;
    Ok(path)
}

fn private_folder(path: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed(path))
}
