//! The root over a delivery's facts: what its log entry commits to.
//!
//! RFC 6962 tree over one leaf for each subject, in the order of their pseudonyms. A leaf is the subject's pseudonym followed, for
//! each of its facts in key order, by the eleven key bytes for kind, account and month, the value's length as a
//! varint, and the value. So one subject's part can be proved without showing another's. `docs/formats/delivery-root.md`.

use std::collections::BTreeMap;

use tallystick_audit::{TreeBuilder, leaf_hash};
use tallystick_model::fact::{FACT_KEY_BYTES, FactKind};
use tallystick_model::{SubjectId, Writer};

/// What is known of a delivery's facts after reading them in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactsDigest {
    /// The root.
    pub root: [u8; 32],
    /// How many facts of each kind.
    pub facts: Vec<(FactKind, u64)>,
    /// How many subjects. A place that only says whose an account is (`FactKind::Holder`) has a leaf, and is no subject.
    pub subjects: u64,
}

/// Takes one delivery's facts in key order.
pub struct FactsRoot {
    tree: TreeBuilder,
    subject: Option<SubjectId>,
    leaf: Vec<u8>,
    facts: BTreeMap<u8, u64>,
    /// Leaves that stand for no subject.
    places: u64,
}

impl FactsRoot {
    pub fn new() -> Self {
        Self { tree: TreeBuilder::new(), subject: None, leaf: Vec::new(), facts: BTreeMap::new(), places: 0 }
    }

    /// Adds the next fact. Keys ascend; `key` has [`FACT_KEY_BYTES`] bytes.
    pub fn push(&mut self, key: &[u8; FACT_KEY_BYTES], value: &[u8]) {
        let Some((subject, rest)) = key.split_first_chunk::<16>() else { return };
        let Some((slot, _delivery)) = rest.split_first_chunk::<11>() else { return };
        if self.subject != Some(SubjectId(*subject)) {
            self.end_subject();
            self.subject = Some(SubjectId(*subject));
            self.leaf.extend_from_slice(subject);
            self.places += u64::from(slot[0] == FactKind::Holder.number());
        }
        *self.facts.entry(slot[0]).or_default() += 1;
        let out = &mut Writer::new(&mut self.leaf);
        out.fixed(slot);
        out.bytes(value);
    }

    fn end_subject(&mut self) {
        if self.subject.take().is_some() {
            self.tree.push(leaf_hash(&self.leaf));
            self.leaf.clear();
        }
    }

    /// The digest of all that was pushed.
    pub fn finish(mut self) -> FactsDigest {
        self.end_subject();
        let kinds = self.facts.iter().filter_map(|(number, count)| Some((FactKind::from_number(*number)?, *count)));
        FactsDigest { root: self.tree.root().0, facts: kinds.collect(), subjects: self.tree.len() - self.places }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(subject: u8, month: u8, delivery: u8) -> [u8; FACT_KEY_BYTES] {
        let mut key = [0; FACT_KEY_BYTES];
        key[0] = subject;
        key[16] = FactKind::TradelineMonth.number();
        key[26] = month;
        key[30] = delivery;
        key
    }

    #[test]
    fn the_root_is_the_documented_tree_over_subjects() {
        let mut root = FactsRoot::new();
        for (subject, month) in [(1, 1), (1, 2), (2, 1)] {
            root.push(&key(subject, month, 9), &[subject, month]);
        }
        let leaf = |subject: u8, months: &[u8]| {
            let mut leaf = vec![subject, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            for month in months {
                leaf.extend([4, 0, 0, 0, 0, 0, 0, 0, 0, 0, *month, 2, subject, *month]);
            }
            leaf_hash(&leaf)
        };
        let expected = tallystick_audit::node_hash(&leaf(1, &[1, 2]), &leaf(2, &[1]));
        let digest = root.finish();
        assert_eq!(digest.root, expected.0);
        assert_eq!((digest.subjects, digest.facts), (2, vec![(FactKind::TradelineMonth, 3)]));
    }

    #[test]
    fn a_changed_value_month_or_subject_changes_the_root() {
        let root = |facts: &[(u8, u8, u8)]| {
            let mut root = FactsRoot::new();
            facts.iter().for_each(|(subject, month, value)| root.push(&key(*subject, *month, 1), &[*value]));
            root.finish().root
        };
        let base = root(&[(1, 1, 5), (2, 1, 5)]);
        for other in [[(1, 1, 6), (2, 1, 5)], [(1, 2, 5), (2, 1, 5)], [(1, 1, 5), (3, 1, 5)]] {
            assert_ne!(root(&other), base);
        }
        assert_ne!(root(&[(1, 1, 5)]), base);
    }
}
