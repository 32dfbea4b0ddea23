//! The log as outsiders have it: static files in a folder or behind a URL, without the bureau's store and keys.
//!
//! [`Place`] fetches files, [`follow`] remembers what was seen and tells a log that grew from one that was changed, [`serve`] and
//! [`cosign`] speak HTTP. What is fetched is believed only as far as a signed checkpoint covers it.

pub mod cosign;
pub mod follow;
pub mod serve;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tallystick_audit::tile::{Content, ENTRY_BYTES_MAX, TILE_WIDTH, Tile};
use tallystick_audit::{Checkpoint, NOTE_BYTES_MAX, OpensCheckpoints, TileSource, TiledLog};

/// Where a log's files are.
#[derive(Debug)]
pub enum Place {
    /// A folder with `checkpoint` and `tile/`, as a bureau's `log/` is.
    Folder(PathBuf),
    /// The same behind HTTP.
    Url(String, Box<ureq::Agent>),
}

/// How long an answer over HTTP may take.
const HTTP_PATIENCE: Duration = Duration::from_secs(20);

/// What speaks HTTP here.
pub fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().timeout_global(Some(HTTP_PATIENCE)).http_status_as_error(false);
    config.build().into()
}

impl Place {
    /// From what was typed: a URL, or a folder. A bureau's data folder stands for its log.
    pub fn parse(text: &str) -> Self {
        if text.starts_with("http://") || text.starts_with("https://") {
            return Self::Url(text.trim_end_matches('/').to_owned(), Box::new(agent()));
        }
        let folder = Path::new(text);
        let log = folder.join("log");
        Self::Folder(if !folder.join("checkpoint").exists() && log.is_dir() { log } else { folder.to_owned() })
    }

    /// The signed note as it is there now.
    pub fn note(&self) -> Result<String> {
        let bytes = self.fetch("checkpoint", NOTE_BYTES_MAX)?;
        String::from_utf8(bytes).ok().context("the log's checkpoint is no text")
    }

    /// A file of the log, of at most so many bytes.
    fn fetch(&self, name: &str, bytes_max: usize) -> Result<Vec<u8>> {
        let limit = bytes_max as u64 + 1;
        let mut bytes = Vec::new();
        let place = match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let file = File::open(&path).with_context(|| format!("`{}`", path.display()))?;
                file.take(limit).read_to_end(&mut bytes).with_context(|| format!("`{}`", path.display()))?;
                path.display().to_string()
            }
            Self::Url(base, agent) => {
                let url = format!("{base}/{name}");
                let mut answer = agent.get(&url).call().with_context(|| format!("`{url}`"))?;
                ensure!(answer.status() == 200, "`{url}`: status {}", answer.status().as_u16());
                let body = answer.body_mut().as_reader();
                body.take(limit).read_to_end(&mut bytes).with_context(|| format!("`{url}`"))?;
                url
            }
        };
        if bytes.len() > bytes_max {
            bail!("`{place}` has more than the {bytes_max} bytes that such a file can have");
        }
        Ok(bytes)
    }

    /// The log that its checkpoint signs now. Refuses one that `key` has not signed.
    pub fn look(&self, key: &impl OpensCheckpoints) -> Result<Seen<'_>> {
        let note = self.note()?;
        let checkpoint = key.open(&note)?;
        Ok(Seen { log: TiledLog::new(self, checkpoint.size), note, checkpoint })
    }
}

impl TileSource for Place {
    type Error = FetchError;

    fn tile(&self, tile: &Tile) -> Result<Vec<u8>, FetchError> {
        let bytes_max = match tile.content() {
            Content::Hashes { .. } => usize::from(TILE_WIDTH) * 32,
            Content::Entries => usize::from(TILE_WIDTH) * (ENTRY_BYTES_MAX + 2),
        };
        // A partial tile may have gone once it was full: the full one begins with the same.
        let full = Tile::new(tile.content(), tile.index(), TILE_WIDTH);
        match self.fetch(&tile.path(), bytes_max) {
            Err(error) => match full.filter(|full| full != tile).map(|full| self.fetch(&full.path(), bytes_max)) {
                Some(Ok(bytes)) => Ok(head_of(bytes, tile)),
                _ => Err(FetchError(error)),
            },
            fetched => fetched.map_err(FetchError),
        }
    }
}

/// The part of a full tile's file that a partial one has.
fn head_of(mut bytes: Vec<u8>, tile: &Tile) -> Vec<u8> {
    let width = usize::from(tile.width());
    let end = match tile.content() {
        Content::Hashes { .. } => width * 32,
        Content::Entries => tallystick_audit::tile::decode_entries(&bytes)
            .map_or(bytes.len(), |entries| entries.iter().take(width).map(|entry| entry.len() + 2).sum()),
    };
    bytes.truncate(end);
    bytes
}

/// Why a file of a log can't be had.
#[derive(Debug)]
pub struct FetchError(anyhow::Error);

impl std::fmt::Display for FetchError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:#}", self.0)
    }
}

impl std::error::Error for FetchError {}

/// A log as it was seen.
#[derive(Debug)]
pub struct Seen<'a> {
    /// As it was there, with all signatures.
    pub note: String,
    /// What it signs.
    pub checkpoint: Checkpoint,
    /// The tree below it, not yet compared with its root.
    pub log: TiledLog<&'a Place>,
}

/// A verifier key: the text itself, or a file that holds it.
pub fn key_text(text: &str) -> Result<String> {
    if text.contains('+') && !Path::new(text).exists() {
        return Ok(text.trim().to_owned());
    }
    Ok(crate::config::read_small(Path::new(text))?.trim().to_owned())
}

/// Writes a file whole or not at all, durably.
pub fn write_durably(path: &Path, text: &str) -> Result<()> {
    let draft = crate::config::draft_of(path);
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&draft)?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&draft, path)?;
        // The name too must be on disk before anything relies on it.
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    write().with_context(|| format!("`{}`", path.display()))
}
