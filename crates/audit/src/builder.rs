//! The root of a stream of leaves, without keeping them.

use crate::{
    hash::{Hash, node_hash},
    tree::{LogError, NodeId, NodeSource, stored},
};

/// The RFC 6962 root of leaves that are pushed one by one, in memory of one hash per doubling: for the records of a
/// delivery, and for deriving a log's root again from its entries.
#[derive(Debug, Clone, Default)]
pub struct TreeBuilder {
    /// Roots of the complete subtrees, one for each bit set in `len`, the largest first.
    peaks: Vec<Hash>,
    len: u64,
}

impl TreeBuilder {
    /// A tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The tree of a log's first `size` entries, to go on from there: one node read for each bit set in `size`.
    ///
    /// # Errors
    /// [`LogError`] if the source fails or lacks a node.
    pub fn of_log<S: NodeSource + ?Sized>(size: u64, source: &S) -> Result<Self, LogError<S::Error>> {
        let (mut peaks, mut begin) = (Vec::new(), 0_u64);
        for level in (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1) {
            // At most 63, so it fits.
            peaks.push(stored(NodeId { level: level as u8, index: begin >> level }, source)?);
            begin += 1 << level;
        }
        Ok(Self { peaks, len: size })
    }

    /// Adds a leaf on the right, as [`leaf_hash`](crate::leaf_hash) gives it.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        // As adding one to a binary number carries, so do subtrees of equal size join.
        for _ in 0..self.len.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.len += 1;
    }

    /// Leaves pushed.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether no leaf was pushed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The root of the leaves so far; more can be pushed after.
    #[must_use]
    pub fn root(&self) -> Hash {
        let joined = self.peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right));
        joined.unwrap_or(Hash::EMPTY_ROOT)
    }
}
