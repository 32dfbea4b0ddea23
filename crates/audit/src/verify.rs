//! Checks proofs and receipts against roots and keys that the reader trusts. Needs nothing of the log.
//!
//! Pure: no I/O, clock, randomness or storage, and no code in common with the prover. Start at [`verify_receipt`].
//! A root does not say how many entries are under it: a proof may hold for several sizes. So take sizes and roots only
//! from a [`Checkpoint`] whose signature was checked, as [`verify_receipt`] does.

use crate::{
    checkpoint::Checkpoint,
    hash::{Hash, leaf_hash, node_hash},
    log_keys::OpensCheckpoints,
    proof::{ConsistencyProof, InclusionProof},
    receipt::{Receipt, ReceiptError},
};

/// Why a proof does not prove.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// A log of this size has no such entry.
    #[error("no entry `{index}` in a log of size `{size}`")]
    BadIndex {
        /// Claimed, counted from 0.
        index: u64,
        /// Of the log.
        size: u64,
    },
    /// A log only grows.
    #[error("log sizes out of order: old `{old}`, new `{new}`")]
    BadRange {
        /// The size said to be older.
        old: u64,
        /// The size said to be newer.
        new: u64,
    },
    /// Index and sizes fix how many hashes a proof has.
    #[error("wrong number of hashes in the proof: expected `{expected}`, found `{found}`")]
    WrongLength {
        /// By index and size.
        expected: usize,
        /// In the proof.
        found: usize,
    },
    /// The proof leads to another root: entry, index, size, proof or root is not the one that was logged.
    #[error("the proof does not lead to the root: expected `{expected}`, computed `{computed}`")]
    RootMismatch {
        /// As given.
        expected: Hash,
        /// From the proof.
        computed: Hash,
    },
    /// The proof does not start from the older log: its history was changed.
    #[error("the proof does not lead to the old root: expected `{expected}`, computed `{computed}`")]
    OldRootMismatch {
        /// As given.
        expected: Hash,
        /// From the proof.
        computed: Hash,
    },
}

/// Checks that `entry` is in the log that `receipt` carries a checkpoint of, signed by `key`: one key, or those of a log. Gives that
/// checkpoint.
pub fn verify_receipt(
    entry: &[u8],
    receipt: &Receipt,
    key: &impl OpensCheckpoints,
) -> Result<Checkpoint, ReceiptError> {
    let checkpoint = key.open(&receipt.checkpoint)?;
    verify_inclusion(&leaf_hash(entry), receipt.index, checkpoint.size, &receipt.proof, &checkpoint.root)?;
    Ok(checkpoint)
}

/// Checks that `leaf` is entry `index` of the log of `size` entries with this `root`.
///
/// `size` must come with `root` from a verified checkpoint; see the module's head.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &InclusionProof,
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::BadIndex { index, size });
    }
    let path = Path::to_leaf(index, size);
    check_length(path.inner + path.border, proof.hashes.len())?;
    let turns = proof.hashes.iter().enumerate();
    let computed = turns.fold(*leaf, |node, (height, sibling)| match path.side(height) {
        Side::Left => node_hash(sibling, &node),
        Side::Right => node_hash(&node, sibling),
    });
    check_root(root, computed)
}

/// Checks that the log of `new_size` entries begins with the log of `old_size` entries.
///
/// From size 0 this says only that `old_root` is that of the empty log and `proof` is empty (C2SP tlog-witness): every
/// log begins with the empty one, so nothing is learned of `new_root`.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &ConsistencyProof,
) -> Result<(), ProofError> {
    if old_size > new_size {
        return Err(ProofError::BadRange { old: old_size, new: new_size });
    }
    if old_size == 0 || old_size == new_size {
        return verify_trivial_consistency(old_size, old_root, new_size, new_root, proof);
    }

    // The old log ends at the last leaf of its last complete subtree, of height `shared`: start from that subtree.
    let shared = old_size.trailing_zeros() as usize;
    let path = Path::to_leaf(old_size - 1, new_size);
    let given = usize::from(!old_size.is_power_of_two());
    check_length(given + path.inner.saturating_sub(shared) + path.border, proof.hashes.len())?;

    let start = match proof.hashes.first() {
        Some(first) if given == 1 => first,
        _ => old_root,
    };
    let (mut old, mut new) = (*start, *start);
    for (height, sibling) in (shared..).zip(proof.hashes.iter().skip(given)) {
        match path.side(height) {
            // What is left of the old log's end is in both logs, what is right of it came later.
            Side::Left => (old, new) = (node_hash(sibling, &old), node_hash(sibling, &new)),
            Side::Right => new = node_hash(&new, sibling),
        }
    }
    check_old_root(old_root, old)?;
    check_root(new_root, new)
}

/// Sizes that leave nothing to hash: from the empty log, or from a log to itself.
fn verify_trivial_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &ConsistencyProof,
) -> Result<(), ProofError> {
    check_length(0, proof.hashes.len())?;
    if old_size == 0 {
        check_old_root(old_root, Hash::EMPTY_ROOT)?;
    }
    if old_size == new_size {
        check_root(new_root, *old_root)?;
    }
    Ok(())
}

/// On which side of the path a sibling lies.
enum Side {
    Left,
    Right,
}

/// The way from a leaf up to the root. Up to `inner` turns it is as in a full tree, and the bits of the index tell the
/// sides; above that it runs along the right edge, where levels without a left sibling are left out.
struct Path {
    index: u64,
    inner: usize,
    border: usize,
}

impl Path {
    /// For `index` below `size`.
    fn to_leaf(index: u64, size: u64) -> Self {
        // The path to `index` meets the path to the last leaf where their bits agree from there on.
        let inner = u64::BITS - (index ^ size.saturating_sub(1)).leading_zeros();
        let border = index.checked_shr(inner).unwrap_or(0).count_ones();
        Self { index, inner: inner as usize, border: border as usize }
    }

    fn side(&self, height: usize) -> Side {
        let bit = u32::try_from(height).ok().and_then(|height| self.index.checked_shr(height)).unwrap_or(0) & 1;
        if height < self.inner && bit == 0 { Side::Right } else { Side::Left }
    }
}

fn check_length(expected: usize, found: usize) -> Result<(), ProofError> {
    if expected == found { Ok(()) } else { Err(ProofError::WrongLength { expected, found }) }
}

fn check_root(expected: &Hash, computed: Hash) -> Result<(), ProofError> {
    if *expected == computed { Ok(()) } else { Err(ProofError::RootMismatch { expected: *expected, computed }) }
}

fn check_old_root(expected: &Hash, computed: Hash) -> Result<(), ProofError> {
    if *expected == computed { Ok(()) } else { Err(ProofError::OldRootMismatch { expected: *expected, computed }) }
}
