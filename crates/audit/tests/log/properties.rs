//! What has to hold for any log: proofs prove, nothing else does, texts read back, and no input makes us panic.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail it")]

use proptest::prelude::*;
use tallystick_audit::{
    Checkpoint, CheckpointSigner, CheckpointVerifier, ConsistencyProof, Hash, InclusionProof, Overlay, ProofError,
    Receipt, ReceiptError, TreeBuilder, append, leaf_hash, prove_consistency, prove_inclusion, root,
    tile::{Tile, decode_entries, decode_hashes, encode_entries},
    verify_consistency, verify_inclusion, verify_receipt,
};

use crate::common::{
    Nodes, consistency_shape, flipped, inclusion_shape, leaves, log_of, naive_consistency, naive_inclusion, naive_root,
};

/// Sizes to 600: past two full tiles.
const SIZE_MAX: u64 = 600;

fn signer() -> CheckpointSigner {
    CheckpointSigner::new("bureau.example/log", &[1; 32]).unwrap()
}

fn key() -> CheckpointVerifier {
    signer().verifier_key().parse().unwrap()
}

/// A receipt for entry `index` of the log of `size` entries, with those entries as in [`leaves`].
fn receipt(index: u64, size: u64, nodes: &Nodes, extra: Option<Vec<u8>>) -> Receipt {
    let checkpoint = signer().checkpoint(size, root(size, nodes).unwrap());
    Receipt {
        index,
        proof: prove_inclusion(index, size, nodes).unwrap(),
        checkpoint: signer().sign(&checkpoint).unwrap(),
        extra,
    }
}

#[test]
fn every_root_is_the_same_by_append_by_stream_and_by_definition() {
    let all = leaves(SIZE_MAX);
    let nodes = log_of(&all);
    let mut builder = TreeBuilder::new();
    for size in 0..=SIZE_MAX {
        let expected = naive_root(&all[..size as usize]);
        assert_eq!(builder.root(), expected, "stream, size {size}");
        assert_eq!(root(size, &nodes).unwrap(), expected, "append, size {size}");
        assert_eq!((builder.len(), builder.is_empty()), (size, size == 0));
        all.get(size as usize).into_iter().for_each(|leaf| builder.push(*leaf));
    }
}

#[test]
fn every_inclusion_proof_verifies() {
    let all = leaves(SIZE_MAX);
    let nodes = log_of(&all);
    for size in 0..=SIZE_MAX {
        let root = root(size, &nodes).unwrap();
        for index in 0..size {
            let proof = prove_inclusion(index, size, &nodes).unwrap();
            let verdict = verify_inclusion(&all[index as usize], index, size, &proof, &root);
            assert_eq!(verdict, Ok(()), "entry {index} of {size}");
        }
    }
}

#[test]
fn every_consistency_proof_verifies() {
    let all = leaves(SIZE_MAX);
    let nodes = log_of(&all);
    let roots: Vec<_> = (0..=SIZE_MAX).map(|size| root(size, &nodes).unwrap()).collect();
    for (new, new_root) in (0..).zip(&roots) {
        for (old, old_root) in (0..=new).zip(&roots) {
            let proof = prove_consistency(old, new, &nodes).unwrap();
            let verdict = verify_consistency(old, old_root, new, new_root, &proof);
            assert_eq!(verdict, Ok(()), "{old} to {new}");
        }
    }
}

/// Every bit of every part, for every place in small logs.
#[test]
fn no_flipped_bit_in_a_small_inclusion_proof_verifies() {
    let all = leaves(9);
    let nodes = log_of(&all);
    for (size, index) in (1..=9).flat_map(|size| (0..size).map(move |index| (size, index))) {
        let root = root(size, &nodes).unwrap();
        let (leaf, proof) = (all[index as usize], prove_inclusion(index, size, &nodes).unwrap());
        let mismatch = |verdict| matches!(verdict, Err(ProofError::RootMismatch { .. }));
        for bit in 0..256 {
            assert!(mismatch(verify_inclusion(&flipped(&leaf, bit), index, size, &proof, &root)));
            assert!(mismatch(verify_inclusion(&leaf, index, size, &proof, &flipped(&root, bit))));
            for place in 0..proof.hashes.len() {
                let mut hashes = proof.hashes.clone();
                hashes[place] = flipped(&hashes[place], bit);
                assert!(mismatch(verify_inclusion(&leaf, index, size, &InclusionProof { hashes }, &root)));
            }
        }
        for bit in 0..64 {
            let verdict = verify_inclusion(&leaf, index ^ (1 << bit), size, &proof, &root);
            assert!(verdict.is_err(), "entry {index} of {size}, index bit {bit}");
        }
    }
}

#[test]
fn no_flipped_bit_in_a_small_consistency_proof_verifies() {
    let nodes = log_of(&leaves(9));
    for (new, old) in (1..=9).flat_map(|new| (1..=new).map(move |old| (new, old))) {
        let (old_root, new_root) = (root(old, &nodes).unwrap(), root(new, &nodes).unwrap());
        let proof = prove_consistency(old, new, &nodes).unwrap();
        for bit in 0..256 {
            assert!(verify_consistency(old, &flipped(&old_root, bit), new, &new_root, &proof).is_err());
            let verdict = verify_consistency(old, &old_root, new, &flipped(&new_root, bit), &proof);
            assert!(matches!(verdict, Err(ProofError::RootMismatch { .. })));
            for place in 0..proof.hashes.len() {
                let mut hashes = proof.hashes.clone();
                hashes[place] = flipped(&hashes[place], bit);
                assert!(verify_consistency(old, &old_root, new, &new_root, &ConsistencyProof { hashes }).is_err());
            }
        }
    }
}

proptest! {
    #[test]
    fn proofs_are_those_of_the_definition(size in 1..SIZE_MAX, place in any::<prop::sample::Index>()) {
        let all = leaves(size);
        let nodes = log_of(&all);
        let place = place.index(size as usize);
        prop_assert_eq!(prove_inclusion(place as u64, size, &nodes).unwrap().hashes, naive_inclusion(place, &all));
        let consistency = prove_consistency(place as u64 + 1, size, &nodes).unwrap();
        prop_assert_eq!(consistency.hashes, naive_consistency(place + 1, &all));
    }

    /// However the appends are cut, the log is the same; and each new root can be had before its nodes are written.
    #[test]
    fn a_log_grows_the_same_in_any_steps(steps in prop::collection::vec(0..90u64, 0..12)) {
        let all = leaves(steps.iter().sum());
        let (mut nodes, mut size) = (Nodes::new(), 0);
        for step in steps {
            let added = append(size, &all[size as usize..(size + step) as usize], &nodes).unwrap();
            prop_assert!(added.is_sorted_by(|(one, _), (next, _)| one < next), "lowest level first, then from the left");
            size += step;
            let early = root(size, &Overlay::new(&added, &nodes)).unwrap();
            nodes.extend(added);
            prop_assert_eq!(early, root(size, &nodes).unwrap());
            prop_assert_eq!(early, naive_root(&all[..size as usize]));
        }
        prop_assert_eq!(nodes, log_of(&all));
    }

    /// Leaf, proof, root and index are bound. A size is bound as far as it changes the way to the root; the rest is the
    /// signature's work, as the next property shows.
    #[test]
    fn a_flipped_bit_breaks_an_inclusion_proof(
        size in 1..SIZE_MAX, place in any::<prop::sample::Index>(), part in any::<prop::sample::Index>(), bit in 0..256usize,
    ) {
        let all = leaves(size);
        let nodes = log_of(&all);
        let index = place.index(size as usize) as u64;
        let (leaf, root) = (all[index as usize], root(size, &nodes).unwrap());
        let proof = prove_inclusion(index, size, &nodes).unwrap();

        prop_assert!(verify_inclusion(&flipped(&leaf, bit), index, size, &proof, &root).is_err());
        prop_assert!(verify_inclusion(&leaf, index, size, &proof, &flipped(&root, bit)).is_err());
        prop_assert!(verify_inclusion(&leaf, index ^ (1 << (bit % 64)), size, &proof, &root).is_err());
        if !proof.hashes.is_empty() {
            let mut hashes = proof.hashes.clone();
            let part = part.index(hashes.len());
            hashes[part] = flipped(&hashes[part], bit);
            let changed = InclusionProof { hashes };
            prop_assert!(verify_inclusion(&leaf, index, size, &changed, &root).is_err());
        }
        let mut hashes = proof.hashes.clone();
        hashes.push(root);
        let verdict = verify_inclusion(&leaf, index, size, &InclusionProof { hashes }, &root);
        prop_assert!(matches!(verdict, Err(ProofError::WrongLength { .. })), "{verdict:?}");

        let other = size ^ (1 << (bit % 11));
        let same_way = inclusion_shape(index, other) == inclusion_shape(index, size);
        prop_assert_eq!(verify_inclusion(&leaf, index, other, &proof, &root).is_ok(), same_way, "size {}", other);
    }

    #[test]
    fn a_flipped_bit_breaks_a_consistency_proof(
        new in 1..SIZE_MAX, place in any::<prop::sample::Index>(), part in any::<prop::sample::Index>(), bit in 0..256usize,
    ) {
        let nodes = log_of(&leaves(new));
        let old = place.index(new as usize) as u64 + 1;
        let (old_root, new_root) = (root(old, &nodes).unwrap(), root(new, &nodes).unwrap());
        let proof = prove_consistency(old, new, &nodes).unwrap();

        prop_assert!(verify_consistency(old, &flipped(&old_root, bit), new, &new_root, &proof).is_err());
        prop_assert!(verify_consistency(old, &old_root, new, &flipped(&new_root, bit), &proof).is_err());
        if !proof.hashes.is_empty() {
            let mut hashes = proof.hashes.clone();
            let part = part.index(hashes.len());
            hashes[part] = flipped(&hashes[part], bit);
            let changed = ConsistencyProof { hashes };
            prop_assert!(verify_consistency(old, &old_root, new, &new_root, &changed).is_err());
        }
        for (other_old, other_new) in [(old ^ (1 << (bit % 11)), new), (old, new ^ (1 << (bit % 11)))] {
            let verdict = verify_consistency(other_old, &old_root, other_new, &new_root, &proof);
            let same_way = consistency_shape(other_old, other_new) == consistency_shape(old, new);
            prop_assert_eq!(verdict.is_ok(), same_way, "{} to {}", other_old, other_new);
        }
    }

    /// In a receipt everything is bound, the size too: no bit of the text can change without it being refused.
    #[test]
    fn a_flipped_bit_breaks_a_receipt(
        size in 1..SIZE_MAX, place in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0..8u32,
    ) {
        let nodes = log_of(&leaves(size));
        let index = place.index(size as usize) as u64;
        let receipt = receipt(index, size, &nodes, None);
        prop_assert!(verify_receipt(&index.to_be_bytes(), &receipt, &key()).is_ok());

        let mut entry = index.to_be_bytes();
        let length = entry.len();
        entry[at.index(length)] ^= 1 << bit;
        let verdict = verify_receipt(&entry, &receipt, &key());
        prop_assert!(matches!(verdict, Err(ReceiptError::Proof(ProofError::RootMismatch { .. }))), "{verdict:?}");

        let mut text = receipt.to_text().into_bytes();
        let length = text.len();
        text[at.index(length)] ^= 1 << bit;
        let verdict = Receipt::from_bytes(&text)
            .and_then(|changed| verify_receipt(&index.to_be_bytes(), &changed, &key()));
        prop_assert!(verdict.is_err(), "{}", String::from_utf8_lossy(&text));
    }

    #[test]
    fn receipts_read_back(
        size in 1..SIZE_MAX, place in any::<prop::sample::Index>(),
        extra in prop::option::of(prop::collection::vec(any::<u8>(), 1..300)),
    ) {
        let nodes = log_of(&leaves(size));
        let receipt = receipt(place.index(size as usize) as u64, size, &nodes, extra);
        let text = receipt.to_text();
        prop_assert_eq!(&text, &receipt.to_string());
        prop_assert_eq!(text.parse(), Ok(receipt.clone()));
        prop_assert_eq!(Receipt::from_bytes(text.as_bytes()), Ok(receipt));
    }

    /// Also of hashes that are no tree's: the text does not judge.
    #[test]
    fn any_proof_up_to_the_limit_reads_back(index in any::<u64>(), hashes in prop::collection::vec(any::<[u8; 32]>(), 0..70)) {
        let checkpoint = signer().sign(&signer().checkpoint(7, Hash([9; 32]))).unwrap();
        let proof = InclusionProof { hashes: hashes.into_iter().map(Hash).collect() };
        let receipt = Receipt { index, proof, checkpoint, extra: None };
        match receipt.proof.hashes.len() {
            0..=64 => prop_assert_eq!(receipt.to_text().parse(), Ok(receipt)),
            _ => prop_assert_eq!(
                receipt.to_text().parse::<Receipt>(),
                Err(ReceiptError::Malformed { line: 67, expected: "64 hashes at most" })
            ),
        }
    }

    #[test]
    fn checkpoints_read_back(size in any::<u64>(), root in any::<[u8; 32]>()) {
        let checkpoint = signer().checkpoint(size, Hash(root));
        prop_assert_eq!(Checkpoint::from_note_text(&checkpoint.to_note_text()), Ok(checkpoint.clone()));
        prop_assert_eq!(key().open(&signer().sign(&checkpoint).unwrap()), Ok(checkpoint));
    }

    #[test]
    fn entry_bundles_read_back(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 1..=256)) {
        let bundle = encode_entries(&entries).unwrap();
        prop_assert_eq!(decode_entries(&bundle).unwrap(), entries);
        prop_assert!(decode_entries(&bundle[..bundle.len() - 1]).is_err(), "cut short");
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        drop(Receipt::from_bytes(&bytes));
        drop(decode_entries(&bytes));
        drop(decode_hashes(&bytes));
        let text = String::from_utf8_lossy(&bytes);
        drop(text.parse::<CheckpointVerifier>());
        drop(Checkpoint::from_note_text(&text));
        drop(key().open(&text));
        let _ = text.parse::<Hash>();
        let _ = text.parse::<Tile>();
    }

    /// Nearly right texts get further in than random bytes do.
    #[test]
    fn no_change_of_a_good_text_makes_a_reader_panic(
        cut in any::<prop::sample::Index>(), length in 0..20usize, put in "[—\\n+ /x.p0-9a-zA-Z=]{0,12}",
    ) {
        let nodes = log_of(&leaves(5));
        let note = receipt(3, 5, &nodes, Some(b"extra".to_vec()));
        let texts = [note.to_text(), note.checkpoint, key().to_string(), "tile/0/x001/x234/067.p/5".to_owned()];
        for text in texts {
            let mut chars: Vec<char> = text.chars().collect();
            let from = cut.index(chars.len());
            let to = (from + length).min(chars.len());
            chars.splice(from..to, put.chars());
            let changed: String = chars.into_iter().collect();
            if let Ok(receipt) = changed.parse::<Receipt>() {
                prop_assert_eq!(receipt.to_text(), changed.as_str(), "one text for one receipt");
            }
            if let Ok(tile) = changed.parse::<Tile>() {
                prop_assert_eq!(tile.path(), changed.as_str(), "one path for one tile");
            }
            if let Ok(key) = changed.parse::<CheckpointVerifier>() {
                prop_assert_eq!(key.to_string(), changed.as_str(), "one text for one key");
            }
            drop(key().open(&changed));
        }
    }

    #[test]
    fn no_numbers_make_the_tree_panic(index in any::<u64>(), old in any::<u64>(), new in any::<u64>(), hashes in 0..66usize) {
        let (nodes, hash) = (Nodes::new(), leaf_hash(b""));
        let hashes = vec![hash; hashes];
        drop(root(new, &nodes));
        drop(prove_inclusion(index, new, &nodes));
        drop(prove_consistency(old, new, &nodes));
        drop(append(new, &[hash, hash], &nodes));
        drop(verify_inclusion(&hash, index, new, &InclusionProof { hashes: hashes.clone() }, &hash));
        drop(verify_consistency(old, &hash, new, &hash, &ConsistencyProof { hashes }));
    }
}
