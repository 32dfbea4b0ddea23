//! The growing tree of RFC 6962: which nodes an append adds, and the root of a size.
//!
//! Only complete subtrees are stored; they never change once written, so a log of any smaller size can be read from the
//! same nodes. The ragged right edge is hashed when asked for. Start at [`append`] and [`root`].
//! Refuses sizes past `u64` and reports, never guesses, a node that the source does not have.

use std::{collections::BTreeMap, convert::Infallible, fmt};

use crate::hash::{Hash, node_hash};

/// A complete subtree of 2^`level` leaves. Level 0 is a leaf; `index` counts the subtrees of that level from the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// 0 to 63.
    pub level: u8,
    /// The node covers leaves `index << level` up to `(index + 1) << level`.
    pub index: u64,
}

impl NodeId {
    /// Level byte, then the index big-endian: keys sort as the ids do, lowest level first.
    #[must_use]
    pub fn to_key(self) -> [u8; 9] {
        let [a, b, c, d, e, f, g, h] = self.index.to_be_bytes();
        [self.level, a, b, c, d, e, f, g, h]
    }

    /// Reads what [`NodeId::to_key`] writes.
    #[must_use]
    pub fn from_key(key: [u8; 9]) -> Self {
        let [level, a, b, c, d, e, f, g, h] = key;
        Self { level, index: u64::from_be_bytes([a, b, c, d, e, f, g, h]) }
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.level, self.index)
    }
}

/// Where the nodes of the log are kept.
pub trait NodeSource {
    /// Why a read failed.
    type Error;

    /// The hash of a complete subtree; `None` where it was never written, which callers here report as
    /// [`LogError::MissingNode`].
    fn node(&self, id: NodeId) -> Result<Option<Hash>, Self::Error>;
}

impl<S: NodeSource + ?Sized> NodeSource for &S {
    type Error = S::Error;

    fn node(&self, id: NodeId) -> Result<Option<Hash>, Self::Error> {
        (**self).node(id)
    }
}

/// For tests, examples and small logs.
impl NodeSource for BTreeMap<NodeId, Hash> {
    type Error = Infallible;

    fn node(&self, id: NodeId) -> Result<Option<Hash>, Infallible> {
        Ok(self.get(&id).copied())
    }
}

/// A source with the nodes of an append laid over it: the new root can be signed before, and written in one batch with,
/// the nodes it stands on.
#[derive(Debug, Clone, Copy)]
pub struct Overlay<'a, S: ?Sized> {
    added: &'a [(NodeId, Hash)],
    source: &'a S,
}

impl<'a, S: NodeSource + ?Sized> Overlay<'a, S> {
    /// `added` as [`append`] returned it.
    pub fn new(added: &'a [(NodeId, Hash)], source: &'a S) -> Self {
        Self { added, source }
    }
}

impl<S: NodeSource + ?Sized> NodeSource for Overlay<'_, S> {
    type Error = S::Error;

    fn node(&self, id: NodeId) -> Result<Option<Hash>, S::Error> {
        let found = self.added.binary_search_by_key(&id, |(added, _)| *added);
        match found.ok().and_then(|place| self.added.get(place)) {
            Some((_, hash)) => Ok(Some(*hash)),
            None => self.source.node(id),
        }
    }
}

/// Why the log could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError<E> {
    /// The source failed to read.
    #[error("reading a log node: {0}")]
    Source(E),
    /// The source lacks a node that a log of this size has: the log is damaged, or smaller than claimed.
    #[error("log node `{0}` is missing")]
    MissingNode(NodeId),
    /// An entry that a log of this size does not have.
    #[error("no entry `{index}` in a log of size `{size}`")]
    BadIndex {
        /// Asked for, counted from 0.
        index: u64,
        /// Of the log asked.
        size: u64,
    },
    /// A log only grows: the older size cannot be the larger.
    #[error("log sizes out of order: old `{old}`, new `{new}`")]
    BadRange {
        /// The size said to be older.
        old: u64,
        /// The size said to be newer.
        new: u64,
    },
    /// More entries than `u64` counts.
    #[error("a log of size `{size}` cannot take `{added}` more entries")]
    TooLarge {
        /// Before the append.
        size: u64,
        /// Leaves in the append.
        added: usize,
    },
}

/// The complete nodes that appending `leaves` to a log of `size` entries adds, lowest level first, then from the left.
///
/// Reads at most one node per level. Nothing is written: put the result, the entries and the new size in one batch.
pub fn append<S: NodeSource + ?Sized>(
    size: u64,
    leaves: &[Hash],
    source: &S,
) -> Result<Vec<(NodeId, Hash)>, LogError<S::Error>> {
    let added = leaves.len();
    if u64::try_from(added).ok().and_then(|added| size.checked_add(added)).is_none() {
        return Err(LogError::TooLarge { size, added });
    }
    let mut nodes = Vec::with_capacity(added.saturating_mul(2));
    let (mut level, mut start, mut row) = (0, size, leaves.to_vec());
    // `row` holds the nodes that become complete at `level`, the first of them at index `start`.
    while !row.is_empty() {
        // In this order, or the range would step past the last index that `u64` holds.
        nodes.extend(row.iter().zip(start..).map(|(hash, index)| (NodeId { level, index }, *hash)));
        // An odd start means that the first parent was left half done by an earlier append.
        let waiting = match start % 2 {
            0 => None,
            _ => Some(stored(NodeId { level, index: start - 1 }, source)?),
        };
        row = parents(waiting, &row);
        start /= 2;
        level += 1;
    }
    Ok(nodes)
}

/// Pairs up `waiting` and `row` from the left; an odd one at the end stays without a parent until it has a sibling.
fn parents(waiting: Option<Hash>, row: &[Hash]) -> Vec<Hash> {
    let mut parents = Vec::with_capacity(row.len().div_ceil(2));
    let mut left = waiting;
    for hash in row {
        match left.take() {
            Some(left) => parents.push(node_hash(&left, hash)),
            None => left = Some(*hash),
        }
    }
    parents
}

/// The root of the log when it had `size` entries: MTH of RFC 6962. Reads one node per bit set in `size`.
pub fn root<S: NodeSource + ?Sized>(size: u64, source: &S) -> Result<Hash, LogError<S::Error>> {
    subtree_root(0, size, source)
}

/// MTH(D[begin:end]), where `begin` is a multiple of the smallest power of two that is not below `end - begin`;
/// every range that the recursion of RFC 6962 names is such a one.
pub(crate) fn subtree_root<S: NodeSource + ?Sized>(
    begin: u64,
    end: u64,
    source: &S,
) -> Result<Hash, LogError<S::Error>> {
    // From the right: each complete subtree is one bit of the length, and becomes the left side of what follows it.
    let (mut root, mut end) = (None, end);
    while end > begin {
        let level = (end - begin).trailing_zeros();
        end -= 1 << level;
        // At most 63, so it fits.
        let left = stored(NodeId { level: level as u8, index: end >> level }, source)?;
        root = Some(match root {
            Some(right) => node_hash(&left, &right),
            None => left,
        });
    }
    Ok(root.unwrap_or(Hash::EMPTY_ROOT))
}

/// Reads a node that has to be there.
pub(crate) fn stored<S: NodeSource + ?Sized>(id: NodeId, source: &S) -> Result<Hash, LogError<S::Error>> {
    source.node(id).map_err(LogError::Source)?.ok_or(LogError::MissingNode(id))
}

/// Where RFC 6962 splits a tree of `leaves` (two or more): the largest power of two below `leaves`.
pub(crate) fn split(leaves: u64) -> u64 {
    1 << leaves.saturating_sub(1).checked_ilog2().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_ids_do_and_read_back() {
        let id = NodeId { level: 3, index: 0x0102_0304_0506_0708 };
        assert_eq!(id.to_key(), [3, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(NodeId::from_key(id.to_key()), id);
        assert!(NodeId { level: 0, index: u64::MAX }.to_key() < NodeId { level: 1, index: 0 }.to_key());
        assert!(NodeId { level: 1, index: 255 }.to_key() < NodeId { level: 1, index: 256 }.to_key());
    }

    #[test]
    fn the_split_is_the_largest_power_of_two_below() {
        let splits = [2, 3, 4, 5, 8, 9, 1 << 63, (1 << 63) + 1, u64::MAX].map(split);
        assert_eq!(splits, [1, 2, 2, 4, 4, 8, 1 << 62, 1 << 63, 1 << 63]);
    }
}
