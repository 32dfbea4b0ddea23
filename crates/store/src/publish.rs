//! What outsiders read: the log as static files (C2SP tlog-tiles) in `log/`, and the signed checkpoint that fixes them.
//!
//! All of it is derived from the engine. A commit does not wait for it: it is written when a thousand entries have gathered, when a
//! store is closed, and when whoever keeps one open asks for it ([`Store::publish_rest`]). Each file is on disk before the checkpoint
//! that needs it. Where a crash came between, the next opening goes on from the published checkpoint.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use tallystick_audit::tile::{Content, TILE_LEVEL_MAX, TILE_WIDTH, Tile, encode_entries, encode_hashes};
use tallystick_audit::{LogKeys, OpensCheckpoints};

use crate::audit_log::Nodes;
use crate::check::Report;
use crate::engine::{Engine, Space};
use crate::keys;
use crate::store::{Store, StoreError, lock, published_path, read_checkpoint};

/// So many entries are published at once, at most, if nobody asks for it before.
pub const UNPUBLISHED_MAX: u64 = 1024;

impl Store {
    /// How many of `size` entries outsiders can't see yet.
    pub(crate) fn unpublished(&self, size: u64) -> u64 {
        size.saturating_sub(self.published.load(Ordering::Relaxed))
    }

    /// Publishes the log of `size` entries that `checkpoint` signs. Called by whoever holds `committing`.
    pub(crate) fn publish(&self, checkpoint: &str, size: u64) -> Result<(), StoreError> {
        let changed = write_tiles(&self.engine, &self.folder, self.published.load(Ordering::Relaxed), size)?;
        // The names of the files too are on disk before a checkpoint needs them.
        for folder in changed {
            sync_folder(&folder)?;
        }
        write_keys(&self.folder, &self.signing().keys)?;
        write_checkpoint(&self.folder, checkpoint)?;
        self.published.store(size, Ordering::Relaxed);
        Ok(())
    }

    /// Publishes what commits have left. A store that is closed does it by itself; whoever keeps one open calls it as often as
    /// outsiders are to see what is new.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub fn publish_rest(&self) -> Result<(), StoreError> {
        if self.unpublished(self.state().log_size) == 0 { Ok(()) } else { self.publish_all() }
    }

    /// See [`Store::publish_rest`].
    fn publish_all(&self) -> Result<(), StoreError> {
        let _committing = lock(&self.committing);
        if self.behind().is_some() {
            return Ok(());
        }
        let checkpoint = read_checkpoint(&self.engine)?;
        let size = self.state().log_size;
        // After a failed write nothing is published that is not known to be durable.
        if self.signing().keys.open(&checkpoint).is_ok_and(|signed| signed.size == size) {
            self.publish(&checkpoint, size)?;
        }
        Ok(())
    }

    /// Publishes the latest checkpoint with the signatures of others that it has gathered. An older one is let be.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if `note` is not this log's, [`StoreError::File`] if it cannot be written.
    pub fn publish_cosigned(&self, note: &str) -> Result<(), StoreError> {
        let damaged = |what: String| StoreError::Damaged { place: "cosigned checkpoint".to_owned(), what };
        let signed = self.signing().keys.open(note).map_err(|error| damaged(error.to_string()))?;
        let _committing = lock(&self.committing);
        let own = read_checkpoint(&self.engine)?;
        let own = self.signing().keys.open(&own).map_err(|error| damaged(error.to_string()))?;
        if self.behind().is_some() || signed.size < own.size {
            return Ok(());
        }
        if signed != own {
            return Err(damaged("it is not the store's".to_owned()));
        }
        self.publish(note, own.size)
    }

    /// Writes the published checkpoint again if it is missing, with all its tiles, and tells whether it was. A store that was behind for
    /// that reason records again once it is opened anew.
    ///
    /// For whoever has checked the store and knows that nothing later was published: this vouches for it.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read or written.
    pub fn publish_missing_checkpoint(&self) -> Result<bool, StoreError> {
        let _committing = lock(&self.committing);
        let path = published_path(&self.folder);
        if path.try_exists().map_err(|error| StoreError::File { path, error })? {
            return Ok(false);
        }
        self.published.store(0, Ordering::Relaxed);
        self.publish(&read_checkpoint(&self.engine)?, self.state().log_size)?;
        Ok(true)
    }
}

/// Writes the tiles and bundles that a log of `size` entries has and one of `from` had not.
/// Gives the folders in which names are new.
pub fn write_tiles(engine: &Engine, folder: &Path, from: u64, size: u64) -> Result<BTreeSet<PathBuf>, StoreError> {
    let mut changed = BTreeSet::new();
    let log = folder.join("log");
    for content in contents() {
        let first = from.checked_shr(shift(content)).unwrap_or(0) / u64::from(TILE_WIDTH);
        for index in first.. {
            let Some(tile) = Tile::in_log(content, index, size) else { break };
            if Tile::in_log(content, index, from) == Some(tile) {
                continue;
            }
            let bytes = tile_bytes(engine, &tile)?;
            let path = log.join(tile.path());
            // Up to the log's own folder: any of them may be new.
            changed.extend(path.ancestors().skip(1).take_while(|above| above.starts_with(&log)).map(Path::to_path_buf));
            write_whole(&log, &path, &bytes)?;
            if tile.width() == TILE_WIDTH {
                // Whoever followed an older checkpoint finds the same hashes at the head of the full one, as C2SP has it.
                remove_partial(&log, &tile)?;
            }
        }
    }
    Ok(changed)
}

fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| StoreError::File { path: folder.to_owned(), error })
}

/// Every kind of file that a log is made of.
pub fn contents() -> impl Iterator<Item = Content> {
    std::iter::once(Content::Entries).chain((0..=TILE_LEVEL_MAX).map(|level| Content::Hashes { level }))
}

/// Levels of the tree below what a kind of tile holds.
const fn shift(content: Content) -> u32 {
    match content {
        Content::Entries => 0,
        Content::Hashes { level } => 8 * level as u32,
    }
}

/// What a tile's file holds, derived from the engine.
pub fn tile_bytes(engine: &Engine, tile: &Tile) -> Result<Vec<u8>, StoreError> {
    match tile.content() {
        Content::Hashes { .. } => Ok(encode_hashes(&tile.hashes(&Nodes::stored(engine))?)),
        Content::Entries => {
            let mut entries = Vec::with_capacity(usize::from(tile.width()));
            for index in (tile.first()..).take(usize::from(tile.width())) {
                let missing =
                    || StoreError::Damaged { place: format!("log entry {index}"), what: "missing".to_owned() };
                entries.push(engine.get(Space::Log, &keys::entry(index))?.ok_or_else(missing)?);
            }
            encode_entries(&entries)
                .map_err(|error| StoreError::Damaged { place: tile.path(), what: error.to_string() })
        }
    }
}

/// The folder of a tile's partial forms: `tile/0/000.p`.
fn remove_partial(log: &Path, tile: &Tile) -> Result<(), StoreError> {
    let path = log.join(format!("{}.p", tile.path()));
    match fs::remove_dir_all(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::File { path, error }),
        _ => Ok(()),
    }
}

/// Writes the log's keys, if they are not there as they are now: what opens checkpoints, older ones too.
pub fn write_keys(folder: &Path, keys: &LogKeys) -> Result<(), StoreError> {
    let (path, text) = (keys_path(folder), keys.to_text());
    if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    write_whole(&folder.join("log"), &path, text.as_bytes())
}

/// Where outsiders read the log's keys.
fn keys_path(folder: &Path) -> PathBuf {
    folder.join("log").join("keys")
}

/// Compares the published keys with the log's: they may lack what came after the published checkpoint of `published` entries.
pub fn check_keys(store: &Store, published: u64, report: &mut Report) {
    let keys = store.log_keys();
    let text = match fs::read_to_string(keys_path(&store.folder)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && published == 0 => return,
        Err(error) => return report.find("log/keys", format!("cannot be read: {error}")),
    };
    match LogKeys::parse(&text) {
        Ok(there) if !keys.continues(&there) => report.find("log/keys", "are not the keys that the log's entries name"),
        Ok(there) if there.signer_of(published).key != keys.signer_of(published).key => {
            report.find("log/keys", "lack the key that signed the published checkpoint");
        }
        Ok(_) => {}
        Err(error) => report.find("log/keys", error.to_string()),
    }
}

/// Writes the signed checkpoint: where outsiders read it, and what shows that the store has lost its end.
pub fn write_checkpoint(folder: &Path, checkpoint: &str) -> Result<(), StoreError> {
    write_whole(&folder.join("log"), &published_path(folder), checkpoint.as_bytes())
}

/// Writes a file whole or not at all.
fn write_whole(log: &Path, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let draft = log.join("draft.new");
    let failed = |path: PathBuf| move |error| StoreError::File { path, error };
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&draft)?;
        file.write_all(bytes)?;
        // Synced before the rename: after a power cut the name must not lead to an empty file.
        file.sync_data()
    };
    write().map_err(failed(draft.clone()))?;
    match fs::rename(&draft, path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let parent = path.parent().unwrap_or(log);
            fs::create_dir_all(parent).map_err(failed(parent.to_path_buf()))?;
            fs::rename(&draft, path).map_err(failed(path.to_path_buf()))
        }
        renamed => renamed.map_err(failed(path.to_path_buf())),
    }
}

/// Compares the published files with the log of `size` entries: those that are there, and of `published` entries all.
pub fn check_tiles(store: &Store, size: u64, published: u64, report: &mut Report) {
    let log = store.folder.join("log");
    let mut found = BTreeSet::new();
    for path in files_below(&log.join("tile")) {
        let name = path.strip_prefix(&log).unwrap_or(&path).to_string_lossy().into_owned();
        let Some(tile) = name.parse::<Tile>().ok().filter(|tile| tile.is_in_log(size)) else {
            report.find(format!("log/{name}"), format!("is no file of a log of {size} entries"));
            continue;
        };
        let Some(expected) = report.check(&format!("log/{name}"), tile_bytes(&store.engine, &tile)) else { continue };
        match fs::read(&path) {
            Ok(bytes) if bytes == expected => drop(found.insert(tile)),
            Ok(_) => {
                found.insert(tile);
                report
                    .find(format!("log/{name}"), "is not what the log has there: outsiders can't check these entries");
            }
            Err(error) => report.find(format!("log/{name}"), format!("cannot be read: {error}")),
        }
    }
    for content in contents() {
        for index in 0.. {
            let Some(tile) = Tile::in_log(content, index, published) else { break };
            let full = Tile::in_log(content, index, size);
            if !found.contains(&tile) && !full.is_some_and(|full| found.contains(&full)) {
                report.find(format!("log/{tile}"), "is missing: outsiders can't check these entries");
            }
        }
    }
}

/// In a folder's order; nothing where there is no folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}
