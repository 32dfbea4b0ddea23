//! A second, naive reading of RFC 6962 to compare with: recursive, over a slice of leaves, without a store.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use tallystick_audit::{Hash, NodeId, append, leaf_hash, node_hash};

/// Nodes in memory.
pub type Nodes = BTreeMap<NodeId, Hash>;

/// Leaf hashes of the entries `0`, `1`, ...: all different.
pub fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|entry| leaf_hash(&entry.to_be_bytes())).collect()
}

/// A log of these leaves, appended at once.
pub fn log_of(leaves: &[Hash]) -> Nodes {
    append(0, leaves, &Nodes::new()).unwrap().into_iter().collect()
}

fn middle(count: usize) -> usize {
    let mut half = 1;
    while half * 2 < count {
        half *= 2;
    }
    half
}

/// MTH of section 2.1.
pub fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(middle(leaves.len()));
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// PATH of section 2.1.1.
pub fn naive_inclusion(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let half = middle(leaves.len());
    let (left, right) = leaves.split_at(half);
    let (mut path, sibling) =
        if index < half { (naive_inclusion(index, left), right) } else { (naive_inclusion(index - half, right), left) };
    path.push(naive_root(sibling));
    path
}

/// PROOF of section 2.1.2, for 0 < `old`.
pub fn naive_consistency(old: usize, leaves: &[Hash]) -> Vec<Hash> {
    subproof(old, leaves, true)
}

fn subproof(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let half = middle(leaves.len());
    let (left, right) = leaves.split_at(half);
    let (mut proof, sibling) =
        if old <= half { (subproof(old, left, whole), right) } else { (subproof(old - half, right, false), left) };
    proof.push(naive_root(sibling));
    proof
}

/// The sides of the siblings on the way from the root to a leaf. Sizes that give the same sides can't be told apart by
/// an inclusion proof.
pub fn inclusion_shape(index: u64, size: u64) -> Option<String> {
    if index >= size {
        return None;
    }
    if size == 1 {
        return Some(String::new());
    }
    let half = middle(size as usize) as u64;
    Some(match index < half {
        true => format!("R{}", inclusion_shape(index, half)?),
        false => format!("L{}", inclusion_shape(index - half, size - half)?),
    })
}

/// The same for a consistency proof with 0 < `old`: `=` where the old root itself is the start, `H` where a hash of the
/// proof is.
pub fn consistency_shape(old: u64, new: u64) -> Option<String> {
    if old == 0 || old > new { None } else { Some(shape(old, new, true)) }
}

fn shape(old: u64, new: u64, whole: bool) -> String {
    if old == new {
        return (if whole { "=" } else { "H" }).to_owned();
    }
    let half = middle(new as usize) as u64;
    match old <= half {
        true => format!("R{}", shape(old, half, whole)),
        false => format!("L{}", shape(old - half, new - half, false)),
    }
}

/// The hash with one of its 256 bits changed.
pub fn flipped(hash: &Hash, bit: usize) -> Hash {
    let mut bytes = hash.0;
    if let Some(byte) = bytes.get_mut(bit / 8) {
        *byte ^= 1 << (bit % 8);
    }
    Hash(bytes)
}
