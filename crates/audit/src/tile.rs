//! The log as static files: C2SP tlog-tiles, which any conforming client can mirror and verify.
//!
//! A tile is up to 256 neighbouring hashes of one level in eight; an entry bundle is the entries under a tile of level 0.
//! Start at [`Tile::in_log`]. Refuses paths that are not the one text of their tile, and tiles past what `u64` counts
//! (tlog-tiles allows levels to 63; a log of `u64` entries has none above 7).

use std::{fmt, str::FromStr};

use crate::{
    hash::Hash,
    text::decimal,
    tree::{LogError, NodeId, NodeSource, stored},
};

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// Highest level of a tile in a log of `u64` entries.
pub const TILE_LEVEL_MAX: u8 = 7;

/// Bytes of an entry that fits a bundle: its length is written in two bytes.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// Bytes of the longest path is 52: `tile/entries/`, seven groups of digits, `.p/255`.
const PATH_BYTES_MAX: usize = 64;

/// Tree levels from one level of tiles to the next.
const TILE_HEIGHT: u8 = 8;

/// What a tile file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// Hashes of complete subtrees of 256^level leaves, `level` at most [`TILE_LEVEL_MAX`].
    Hashes {
        /// 0 for leaf hashes.
        level: u8,
    },
    /// The entries themselves.
    Entries,
}

impl Content {
    /// Of hashes; entries lie as leaf hashes do.
    fn level(self) -> u8 {
        match self {
            Self::Hashes { level } => level,
            Self::Entries => 0,
        }
    }
}

/// One tile or entry bundle of a log, by its place. Holds only places that a log of `u64` entries can have.
///
/// Its text is its path: `tile/<level>/<index>` or `tile/entries/<index>`, with `.p/<width>` where it is not full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    content: Content,
    index: u64,
    width: u16,
}

impl Tile {
    /// Tile `index` as it is in a log of `size` entries, full or partial. `None` where it has nothing.
    #[must_use]
    pub fn in_log(content: Content, index: u64, size: u64) -> Option<Self> {
        let nodes = size.checked_shr(u32::from(content.level()) * u32::from(TILE_HEIGHT)).unwrap_or(0);
        let width = nodes.checked_sub(index.checked_mul(u64::from(TILE_WIDTH))?)?.min(u64::from(TILE_WIDTH));
        Self::new(content, index, u16::try_from(width).ok()?)
    }

    /// Tile `index` with `width` hashes or entries, 1 to 256. `None` where no log has such a tile.
    #[must_use]
    pub fn new(content: Content, index: u64, width: u16) -> Option<Self> {
        let level = content.level();
        let highest = u64::MAX.checked_shr((u32::from(level) + 1) * u32::from(TILE_HEIGHT)).unwrap_or(0);
        let exists = level <= TILE_LEVEL_MAX && index <= highest && (1..=TILE_WIDTH).contains(&width);
        exists.then_some(Self { content, index, width })
    }

    /// Hashes or entries, and of which level.
    #[must_use]
    pub fn content(&self) -> Content {
        self.content
    }

    /// From the left, among tiles of its kind.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Hashes or entries in it, 1 to 256; partial below 256.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.width
    }

    /// The first hash or entry, counted from the left of its level.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.index * u64::from(TILE_WIDTH)
    }

    /// Whether a log of `size` entries has this tile, or had it when it was smaller.
    #[must_use]
    pub fn is_in_log(&self, size: u64) -> bool {
        Self::in_log(self.content, self.index, size).is_some_and(|tile| self.width <= tile.width)
    }

    /// The path in the log's folder or below its URL. Same as its `Display`.
    #[must_use]
    pub fn path(&self) -> String {
        self.to_string()
    }

    /// The tile's hashes in order; for an entry bundle, the leaf hashes of its entries.
    pub fn hashes<S: NodeSource + ?Sized>(&self, source: &S) -> Result<Vec<Hash>, LogError<S::Error>> {
        let level = self.content.level() * TILE_HEIGHT;
        (0..self.width).map(|place| stored(NodeId { level, index: self.first() + u64::from(place) }, source)).collect()
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content {
            Content::Hashes { level } => write!(out, "tile/{level}/")?,
            Content::Entries => write!(out, "tile/entries/")?,
        }
        write_index(self.index, out)?;
        if self.width < TILE_WIDTH { write!(out, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// Groups of three digits, all but the last with an `x` before: no folder then has the name of a file.
fn write_index(index: u64, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let digits = index.to_string();
    let groups = digits.len().div_ceil(3);
    let padded = format!("{index:0width$}", width = groups * 3);
    for (place, digit) in padded.char_indices() {
        match place % 3 {
            0 if place / 3 + 1 < groups => write!(out, "{}x{digit}", if place == 0 { "" } else { "/" })?,
            0 if place > 0 => write!(out, "/{digit}")?,
            _ => write!(out, "{digit}")?,
        }
    }
    Ok(())
}

/// Text that is not the path of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a tile path: expected `tile/<level>/<index>` or `tile/entries/<index>`, as `tile/0/x001/234.p/5`")]
pub struct BadTilePath;

impl FromStr for Tile {
    type Err = BadTilePath;

    fn from_str(path: &str) -> Result<Self, BadTilePath> {
        let tile = (path.len() <= PATH_BYTES_MAX).then(|| parse_path(path)).flatten().ok_or(BadTilePath)?;
        // The groups are read freely and compared with what we would write: one tile, one path.
        if tile.path() == path { Ok(tile) } else { Err(BadTilePath) }
    }
}

fn parse_path(path: &str) -> Option<Tile> {
    let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let content = match kind {
        "entries" => Content::Entries,
        level => Content::Hashes { level: decimal(level)? },
    };
    let (groups, width) = match rest.split_once(".p/") {
        Some((groups, width)) => (groups, decimal(width)?),
        None => (rest, TILE_WIDTH),
    };
    let mut index = 0u64;
    for group in groups.split('/') {
        let digits: u64 = group.trim_start_matches('x').parse().ok()?;
        index = index.checked_mul(1000)?.checked_add(digits)?;
    }
    Tile::new(content, index, width)
}

/// A tile file: its hashes one after the other, 32 bytes each.
#[must_use]
pub fn encode_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Reads a tile file. As many hashes as it has, 1 to 256; compare with the width asked for.
pub fn decode_hashes(bytes: &[u8]) -> Result<Vec<Hash>, BundleError> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    check_count(hashes.len())?;
    match rest.len() {
        0 => Ok(hashes.iter().map(|hash| Hash(*hash)).collect()),
        found => Err(BundleError::Truncated { byte: bytes.len() - found, expected: 32, found }),
    }
}

/// Why bytes are not a tile or bundle, or entries can't be put in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// None, or more than 256.
    #[error("wrong number of items in a tile or bundle: expected 1 to {TILE_WIDTH}")]
    BadCount,
    /// Longer than its length field can say.
    #[error("entry too long: expected `{ENTRY_BYTES_MAX}` bytes at most, found `{found}`")]
    EntryTooLong {
        /// Bytes.
        found: usize,
    },
    /// Ends inside an item.
    #[error("byte {byte}: expected `{expected}` bytes more, found `{found}`")]
    Truncated {
        /// Where the item, or its length, begins.
        byte: usize,
        /// Bytes from there.
        expected: usize,
        /// Bytes left.
        found: usize,
    },
}

/// An entry bundle: each entry after its length in two bytes, big-endian. Takes 1 to 256 entries.
pub fn encode_entries<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, BundleError> {
    check_count(entries.len())?;
    let mut bundle = Vec::new();
    for entry in entries.iter().map(AsRef::as_ref) {
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong { found: entry.len() })?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// Reads an entry bundle. As many entries as it has, 1 to 256, as slices of it; compare with the width asked for.
pub fn decode_entries(bundle: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        check_count(entries.len() + 1)?;
        let byte = bundle.len() - rest.len();
        let truncated = |byte, expected, rest: &[u8]| BundleError::Truncated { byte, expected, found: rest.len() };
        let (length, after) = rest.split_first_chunk::<2>().ok_or(truncated(byte, 2, rest))?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or(truncated(byte + 2, length, after))?;
        entries.push(entry);
        rest = after;
    }
    check_count(entries.len())?;
    Ok(entries)
}

fn check_count(items: usize) -> Result<(), BundleError> {
    if (1..=usize::from(TILE_WIDTH)).contains(&items) { Ok(()) } else { Err(BundleError::BadCount) }
}
