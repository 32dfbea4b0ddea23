//! Following a log: is what it shows now an extension of what it showed before?
//!
//! What was seen last is kept in a folder of the follower's own, never the bureau's. Every new entry is read and hashed on from
//! the tree seen last; that tree's own hashes are read again and must still give the root that was signed then. So nothing that was
//! seen before can change without being told, and nothing new is taken on the log's word.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use tallystick_audit::tile::{Content, TILE_WIDTH, Tile, decode_entries};
use tallystick_audit::{Checkpoint, Hash, OpensCheckpoints, TileSource, TreeBuilder, leaf_hash};

use super::{Place, Seen, write_durably};

/// What was last seen of a log.
#[derive(Debug)]
pub struct Memory {
    folder: PathBuf,
    /// The note, if anything was seen.
    pub note: Option<String>,
    /// What it signs; of size 0 if nothing was seen.
    pub last: Checkpoint,
}

/// How a log misbehaves. Each is proved by the two notes that are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It signs fewer entries than before.
    Rewound {
        /// Before.
        from: u64,
        /// Now.
        to: u64,
    },
    /// It signs another root for the same size.
    Forked(u64),
    /// Its hashes no longer lead to the root that it signed before.
    Rewritten(u64),
    /// Its entries do not lead to the root that it signs now.
    Unfounded(u64),
}

impl Fault {
    /// In a word, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rewound { .. } => "rewound",
            Self::Forked(_) => "forked",
            Self::Rewritten(_) => "rewritten",
            Self::Unfounded(_) => "unfounded",
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rewound { from, to } => write!(out, "the log was rewound: it signed {from} entries, now {to}"),
            Self::Forked(size) => {
                write!(out, "the log has forked: it signed two different histories of {size} entries")
            }
            Self::Rewritten(size) => {
                write!(out, "the log was rewritten: its first {size} entries are not those that it signed before")
            }
            Self::Unfounded(size) => {
                write!(out, "the entries shown are not the {size} that the log signs")
            }
        }
    }
}

/// What came of looking again.
#[derive(Debug)]
pub enum Turn {
    /// It only grew, or is as before.
    Grew,
    /// It did something that an honest log never does.
    Faulty(Fault),
}

impl Memory {
    /// Reads what is kept in `folder`, which is made if it is not there.
    pub fn open(folder: &Path, key: &impl OpensCheckpoints) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("`{}`", folder.display()))?;
        let path = folder.join("checkpoint");
        let empty = Checkpoint { origin: key.origin().to_owned(), size: 0, root: Hash::EMPTY_ROOT };
        if !path.try_exists().with_context(|| format!("`{}`", path.display()))? {
            return Ok(Self { folder: folder.to_owned(), note: None, last: empty });
        }
        let note = fs::read_to_string(&path).with_context(|| format!("`{}`", path.display()))?;
        let last = key.open(&note).with_context(|| format!("`{}`", path.display()))?;
        Ok(Self { folder: folder.to_owned(), note: Some(note), last })
    }

    /// Compares what the log shows with what it showed before; gives every new entry, which counts only if it all grew.
    pub fn compare(&self, place: &Place, seen: &Seen<'_>, mut entry: impl FnMut(u64, &[u8])) -> Result<Turn> {
        let (before, now) = (&self.last, &seen.checkpoint);
        if now.size < before.size {
            return Ok(Turn::Faulty(Fault::Rewound { from: before.size, to: now.size }));
        }
        if now.size == before.size && now.root != before.root {
            return Ok(Turn::Faulty(Fault::Forked(now.size)));
        }
        let mut tree = TreeBuilder::of_log(before.size, &seen.log).map_err(|error| anyhow!("{error}"))?;
        if tree.root() != before.root {
            return Ok(Turn::Faulty(Fault::Rewritten(before.size)));
        }
        while tree.len() < now.size {
            let index = tree.len() / u64::from(TILE_WIDTH);
            let bundle =
                Tile::in_log(Content::Entries, index, now.size).context("a log of this size has no such file")?;
            let bytes = place.tile(&bundle)?;
            let bundled = decode_entries(&bytes).with_context(|| bundle.to_string())?;
            let known = usize::try_from(tree.len() - bundle.first()).unwrap_or(usize::MAX);
            let fresh = bundled.get(known..usize::from(bundle.width()));
            for bytes in fresh.with_context(|| format!("{bundle}: has {} entries", bundled.len()))? {
                entry(tree.len(), bytes);
                tree.push(leaf_hash(bytes));
            }
        }
        // Where a file was being replaced it may just be late: the caller can look again. Whoever repeats it lies.
        Ok(if tree.root() == now.root { Turn::Grew } else { Turn::Faulty(Fault::Unfounded(now.size)) })
    }

    /// Remembers a note durably: from now on the log must extend it.
    pub fn remember(&mut self, note: &str, checkpoint: Checkpoint) -> Result<()> {
        write_durably(&self.folder.join("checkpoint"), note)?;
        self.note = Some(note.to_owned());
        self.last = checkpoint;
        Ok(())
    }

    /// Keeps both notes, which prove what the log did, and tells where.
    pub fn keep_evidence(&self, fault: &Fault, note: &str) -> Result<PathBuf> {
        let path = self.folder.join(format!("evidence-{}-{}.txt", fault.code(), self.last.size));
        let before = self.note.as_deref().unwrap_or_default();
        write_durably(&path, &format!("{fault}\n\nbefore:\n{before}\nafter:\n{note}"))?;
        Ok(path)
    }
}
