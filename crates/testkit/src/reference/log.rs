//! RFC 6962 by its recursive definition: `MTH`, `PATH`, and the root over a delivery's facts. Slow and obvious.

use sha2::{Digest, Sha256};
use tallystick_model::fact::FactKey;
use tallystick_model::{SubjectId, Writer};

/// A node of the tree.
pub type Hash = [u8; 32];

fn leaf(entry: &[u8]) -> Hash {
    Sha256::new_with_prefix([0]).chain_update(entry).finalize().into()
}

/// The largest power of two smaller than `count`, which is above 1.
fn split(count: usize) -> usize {
    let mut power = 1;
    while power * 2 < count {
        power *= 2;
    }
    power
}

/// `MTH(D[n])`: the root over these entries.
pub fn root(entries: &[Vec<u8>]) -> Hash {
    match entries {
        [] => Sha256::digest([]).into(),
        [entry] => leaf(entry),
        _ => {
            let (left, right) = entries.split_at(split(entries.len()));
            Sha256::new_with_prefix([1]).chain_update(root(left)).chain_update(root(right)).finalize().into()
        }
    }
}

/// `PATH(m, D[n])`: what proves that entry `index` is among these.
pub fn path(index: usize, entries: &[Vec<u8>]) -> Vec<Hash> {
    if entries.len() < 2 {
        return Vec::new();
    }
    let middle = split(entries.len());
    let (left, right) = entries.split_at(middle);
    let (mut below, beside) =
        if index < middle { (path(index, left), root(right)) } else { (path(index - middle, right), root(left)) };
    below.push(beside);
    below
}

/// The root over one delivery's facts: one leaf for each subject, its slots and values in key order.
pub fn facts_root<'a>(facts: impl IntoIterator<Item = (&'a FactKey, &'a [u8])>) -> Hash {
    let mut facts: Vec<_> = facts.into_iter().collect();
    facts.sort_by_key(|(key, _)| key.to_bytes());
    let mut leaves: Vec<(SubjectId, Vec<u8>)> = Vec::new();
    for (key, value) in facts {
        if leaves.last().is_none_or(|(subject, _)| *subject != key.subject) {
            leaves.push((key.subject, key.subject.0.to_vec()));
        }
        if let Some((_, leaf)) = leaves.last_mut() {
            let out = &mut Writer::new(leaf);
            out.fixed(key.to_bytes().get(16..25).unwrap_or_default());
            out.bytes(value);
            out.fixed(key.to_bytes().get(25..27).unwrap_or_default());
        }
    }
    let leaves: Vec<Vec<u8>> = leaves.into_iter().map(|(_, leaf)| leaf).collect();
    root(&leaves)
}

/// What an entry commits to: the event's bytes and the salt beside it.
pub fn commitment(salt: &[u8; 16], event: &[u8]) -> Hash {
    Sha256::digest([b"tallystick event 1\n".as_slice(), salt, event].concat()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recursion_gives_the_roots_of_the_rfcs_own_test_tree() {
        // The entries and roots of the reference implementation's tests (google/certificate-transparency).
        let entries: Vec<Vec<u8>> = [
            vec![],
            vec![0x00],
            vec![0x10],
            vec![0x20, 0x21],
            vec![0x30, 0x31],
            vec![0x40, 0x41, 0x42, 0x43],
            vec![0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            (0x60..=0x6f).collect(),
        ]
        .to_vec();
        let hex = |hash: Hash| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(root(&[])), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(hex(root(&entries[..1])), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        assert_eq!(hex(root(&entries[..7])), "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c");
        assert_eq!(hex(root(&entries)), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
        assert_eq!(path(0, &entries).len(), 3);
        assert_eq!(path(0, &entries[..1]), Vec::<Hash>::new());
    }
}
