//! Makes the proofs of RFC 6962: that an entry is in the log, and that the log only grew.
//!
//! Both walk the tree from the root to one place and name the sibling at every turn. A proof reads O(log n) nodes.
//! Checking them is in [`verify`](crate::verify), which shares no code with this walk.

use crate::{
    hash::Hash,
    tree::{LogError, NodeSource, split, subtree_root},
};

/// Hashes in the longest inclusion proof: a log of 2^64 - 1 entries is 64 levels deep.
pub const PROOF_HASHES_MAX: usize = 64;

/// That an entry is in a log: the sibling hashes from the leaf's up to the root's child (RFC 6962 section 2.1.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InclusionProof {
    /// At most [`PROOF_HASHES_MAX`]; how many is fixed by index and size.
    pub hashes: Vec<Hash>,
}

/// That a log of a newer size begins with the log of an older size (RFC 6962 section 2.1.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// How many is fixed by the two sizes: none from size 0 or between equal sizes, else one more than the depth at most.
    pub hashes: Vec<Hash>,
}

/// Proves that entry `index` is in the log of `size` entries.
pub fn prove_inclusion<S: NodeSource + ?Sized>(
    index: u64,
    size: u64,
    source: &S,
) -> Result<InclusionProof, LogError<S::Error>> {
    if index >= size {
        return Err(LogError::BadIndex { index, size });
    }
    let (mut begin, mut end) = (0, size);
    let mut siblings = Vec::with_capacity(PROOF_HASHES_MAX);
    while end - begin > 1 {
        let middle = begin + split(end - begin);
        if index < middle {
            siblings.push((middle, end));
            end = middle;
        } else {
            siblings.push((begin, middle));
            begin = middle;
        }
    }
    Ok(InclusionProof { hashes: hash_upwards(&siblings, source)? })
}

/// Proves that the log of `new` entries begins with the log of `old` entries.
///
/// Every log begins with the empty one: from size 0 the proof is empty, as C2SP tlog-witness has it.
pub fn prove_consistency<S: NodeSource + ?Sized>(
    old: u64,
    new: u64,
    source: &S,
) -> Result<ConsistencyProof, LogError<S::Error>> {
    if old > new {
        return Err(LogError::BadRange { old, new });
    }
    if old == 0 {
        return Ok(ConsistencyProof::default());
    }
    let (mut begin, mut end) = (0, new);
    let mut subtrees = Vec::with_capacity(PROOF_HASHES_MAX + 1);
    while end != old {
        let middle = begin + split(end - begin);
        if old <= middle {
            subtrees.push((middle, end));
            end = middle;
        } else {
            subtrees.push((begin, middle));
            begin = middle;
        }
    }
    // The walk ends at the last complete subtree of the old log. Where that is the whole old log, the verifier has its hash.
    if begin != 0 {
        subtrees.push((begin, end));
    }
    Ok(ConsistencyProof { hashes: hash_upwards(&subtrees, source)? })
}

/// Hashes of leaf ranges met on the way down, in the order of the way up.
fn hash_upwards<S: NodeSource + ?Sized>(ranges: &[(u64, u64)], source: &S) -> Result<Vec<Hash>, LogError<S::Error>> {
    ranges.iter().rev().map(|&(begin, end)| subtree_root(begin, end, source)).collect()
}
