//! The root over a delivery's facts: what its log entry commits to.
//!
//! RFC 6962 tree over one leaf for each subject, in the order of their pseudonyms. A leaf is the subject's pseudonym followed by
//! the delivery's facts about it as they are stored (`model::subject_facts`). So one subject's part can be proved without
//! showing another's. `docs/formats/delivery-root.md`.

use std::collections::BTreeMap;

use tallystick_audit::{Hash, TreeBuilder, leaf_hash_of};
use tallystick_model::SubjectId;
use tallystick_model::fact::FactKind;

use crate::load::Leaf;

/// What is known of a delivery's facts after reading them in the order of subjects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactsDigest {
    /// The root.
    pub root: [u8; 32],
    /// How many facts of each kind.
    pub facts: Vec<(FactKind, u64)>,
    /// How many subjects. A place that only says whose an account is (`FactKind::Holder`) has a leaf, and is no subject.
    pub subjects: u64,
}

/// The leaf of one subject: of its pseudonym and its facts as stored.
pub fn subject_leaf(subject: SubjectId, facts: &[u8]) -> Hash {
    leaf_hash_of(&[&subject.0, facts])
}

/// Whether facts as stored are those of a place that only says whose an account is, and so of no subject.
pub fn is_place(facts: &[u8]) -> bool {
    facts.first() == Some(&FactKind::Holder.number())
}

/// Takes one delivery's subjects in the order of their pseudonyms.
#[derive(Debug, Default)]
pub struct FactsRoot {
    tree: TreeBuilder,
    facts: BTreeMap<u8, u64>,
    /// Leaves that stand for no subject.
    places: u64,
}

impl FactsRoot {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next leaf: of a subject, or of a place that stands for none.
    pub fn push(&mut self, leaf: Leaf) {
        self.places += u64::from(leaf.is_place);
        self.tree.push(leaf.hash);
    }

    /// Counts facts of a kind.
    pub fn count(&mut self, kind: FactKind, facts: u64) {
        *self.facts.entry(kind.number()).or_default() += facts;
    }

    /// The digest of all that was pushed.
    pub fn finish(self) -> FactsDigest {
        let kinds = self.facts.iter().filter_map(|(number, count)| Some((FactKind::from_number(*number)?, *count)));
        FactsDigest { root: self.tree.root().0, facts: kinds.collect(), subjects: self.tree.len() - self.places }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_the_documented_tree_over_subjects() {
        let mut root = FactsRoot::new();
        root.push(Leaf { hash: subject_leaf(SubjectId([1; 16]), b"facts of one"), is_place: false });
        root.push(Leaf { hash: subject_leaf(SubjectId([2; 16]), b"of another"), is_place: true });
        root.count(FactKind::TradelineMonth, 3);
        let leaf = |subject: u8, facts: &[u8]| tallystick_audit::leaf_hash(&[&[subject; 16], facts].concat());
        let expected = tallystick_audit::node_hash(&leaf(1, b"facts of one"), &leaf(2, b"of another"));
        let digest = root.finish();
        assert_eq!(digest.root, expected.0);
        assert_eq!((digest.subjects, digest.facts), (1, vec![(FactKind::TradelineMonth, 3)]));
    }
}
