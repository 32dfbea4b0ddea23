//! A log read from its published tiles: what outsiders have instead of the store.
//!
//! Nothing here is believed by itself. Whoever reads derives the root again and compares it with a signed checkpoint
//! ([`root`](crate::root)), or checks the proof made of it.

use std::{cell::RefCell, collections::HashMap};

use crate::{
    hash::{Hash, node_hash},
    tile::{BundleError, Content, TILE_WIDTH, Tile, decode_hashes},
    tree::{NodeId, NodeSource},
};

/// Tiles kept in memory, 8 KiB each.
const KEPT_MAX: usize = 1024;

/// Fetches a tile's file: from a folder, over HTTP.
pub trait TileSource {
    /// Why a file can't be had.
    type Error;

    /// The bytes of the file. The caller checks them; no more than 16 MiB + 512 are of use.
    fn tile(&self, tile: &Tile) -> Result<Vec<u8>, Self::Error>;
}

impl<S: TileSource + ?Sized> TileSource for &S {
    type Error = S::Error;

    fn tile(&self, tile: &Tile) -> Result<Vec<u8>, S::Error> {
        (**self).tile(tile)
    }
}

/// Why a tile is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError<E> {
    /// It can't be had.
    #[error(transparent)]
    Source(E),
    /// Its bytes are no tile.
    #[error("{tile}: {error}")]
    Malformed {
        /// Which.
        tile: Tile,
        /// Why.
        error: BundleError,
    },
    /// It is a tile of another width.
    #[error("{tile}: expected {} hashes, found {found}", tile.width())]
    WrongWidth {
        /// Which.
        tile: Tile,
        /// Hashes in it.
        found: usize,
    },
}

/// The nodes of a log of one size, out of its tiles.
#[derive(Debug)]
pub struct TiledLog<S> {
    source: S,
    size: u64,
    kept: RefCell<HashMap<Tile, Vec<Hash>>>,
}

impl<S: TileSource> TiledLog<S> {
    /// The log as it was at `size` entries.
    #[must_use]
    pub fn new(source: S, size: u64) -> Self {
        Self { source, size, kept: RefCell::default() }
    }

    /// Some of a tile's hashes, combined to the one above them.
    fn combined(&self, tile: Tile, first: usize, count: usize) -> Result<Option<Hash>, TileError<S::Error>> {
        let combine = |hashes: &[Hash]| {
            let mut row = hashes.get(first..first.checked_add(count)?)?.to_vec();
            while row.len() > 1 {
                row = row.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
            }
            row.first().copied()
        };
        if let Some(hashes) = self.kept.borrow().get(&tile) {
            return Ok(combine(hashes));
        }
        let bytes = self.source.tile(&tile).map_err(TileError::Source)?;
        let hashes = decode_hashes(&bytes).map_err(|error| TileError::Malformed { tile, error })?;
        if hashes.len() != usize::from(tile.width()) {
            return Err(TileError::WrongWidth { tile, found: hashes.len() });
        }
        let found = combine(&hashes);
        let mut kept = self.kept.borrow_mut();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(tile, hashes);
        Ok(found)
    }
}

impl<S: TileSource> NodeSource for TiledLog<S> {
    type Error = TileError<S::Error>;

    fn node(&self, id: NodeId) -> Result<Option<Hash>, Self::Error> {
        // A tile's hashes are of every eighth level; those between are hashed from below.
        let (level, height) = (id.level / 8, u32::from(id.level % 8));
        let Some(first) = id.index.checked_shl(height).filter(|first| first >> height == id.index) else {
            return Ok(None);
        };
        let width = u64::from(TILE_WIDTH);
        let Some(tile) = Tile::in_log(Content::Hashes { level }, first / width, self.size) else { return Ok(None) };
        // Below 256, so it fits.
        self.combined(tile, (first % width) as usize, 1 << height)
    }
}
