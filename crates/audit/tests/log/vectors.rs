//! Proofs and a log that others made: what they accept and refuse, we accept and refuse.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test's helpers fail it, and say what they skip"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tallystick_audit::{
    CheckpointVerifier, ConsistencyProof, Hash, InclusionProof, Receipt, TreeBuilder, append, leaf_hash,
    prove_consistency, prove_inclusion, root,
    tile::{Content, Tile, decode_entries, decode_hashes, encode_entries, encode_hashes},
    verify_consistency, verify_inclusion, verify_receipt,
};

use crate::common::Nodes;

/// Published in the source of transparency-dev/tessera, whose test log it signs.
const TESSERA_KEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

/// A set of vectors, or a visible skip where the folder is not on this machine.
fn vectors(set: &str) -> Option<PathBuf> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/vectors")).join(set);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED {set}: no folder {}", folder.display());
    None
}

/// All JSON files below a folder, in the order of their names.
fn cases(folder: &Path) -> Vec<(String, Value)> {
    let mut cases = Vec::new();
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            cases.extend(self::cases(&path));
        } else if path.extension().is_some_and(|ending| ending == "json") {
            cases.push((path.display().to_string(), serde_json::from_slice(&fs::read(&path).unwrap()).unwrap()));
        }
    }
    cases
}

/// What a case holds where a hash should be; some are not 32 bytes long, which our type can't carry.
fn bytes(value: &Value) -> Vec<u8> {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap()
}

/// `None` where a field is not 32 bytes. Where the case is to be accepted all the same, its short hashes (they are words,
/// the same word on both sides) are filled up with zeros, so that the case still runs.
fn hash(case: &Value, value: &Value) -> Option<Hash> {
    let mut bytes = bytes(value);
    if case["wantErr"] == false {
        bytes.resize(32, 0);
    }
    Hash::try_from(bytes.as_slice()).ok()
}

fn proof(case: &Value) -> Option<Vec<Hash>> {
    match &case["proof"] {
        Value::Null => Some(Vec::new()),
        hashes => hashes.as_array().unwrap().iter().map(|value| hash(case, value)).collect(),
    }
}

/// A few sizes are 2^64 - 1 that went through a float on their way into JSON.
fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(u64::MAX)
}

/// Runs every case of a set; `judge` says `None` where a case can't be put into our types, which counts as refused.
/// Gives how many were accepted, refused by the verifier, and refused by type.
fn run(set: &str, judge: impl Fn(&Value) -> Option<Result<(), String>>) -> Option<(usize, usize, usize)> {
    let mut counts = (0, 0, 0);
    for (name, case) in cases(&vectors(&format!("rfc6962_merkle/{set}"))?) {
        match (judge(&case), case["wantErr"] == true) {
            (Some(Ok(())), false) => counts.0 += 1,
            (Some(Err(_)), true) => counts.1 += 1,
            (None, true) => counts.2 += 1,
            (found, refused) => panic!("{name}: expected refused `{refused}`, found {found:?}"),
        }
    }
    Some(counts)
}

#[test]
fn inclusion_proofs_of_others() {
    let counts = run("inclusion", |case| {
        let proof = InclusionProof { hashes: proof(case)? };
        let (leaf, root) = (hash(case, &case["leafHash"])?, hash(case, &case["root"])?);
        let (index, size) = (number(&case["leafIdx"]), number(&case["treeSize"]));
        Some(verify_inclusion(&leaf, index, size, &proof, &root).map_err(|error| error.to_string()))
    });
    assert!(matches!(counts, None | Some((6, 66, 26))), "{counts:?}");
}

#[test]
fn consistency_proofs_of_others() {
    let counts = run("consistency", |case| {
        let proof = ConsistencyProof { hashes: proof(case)? };
        let (old, new) = (hash(case, &case["root1"])?, hash(case, &case["root2"])?);
        let (old_size, new_size) = (number(&case["size1"]), number(&case["size2"]));
        Some(verify_consistency(old_size, &old, new_size, &new, &proof).map_err(|error| error.to_string()))
    });
    assert!(matches!(counts, None | Some((6, 66, 26))), "{counts:?}");
}

/// Whether `start..end` is a subtree by draft-ietf-plants-merkle-tree-certs: not empty, and aligned.
fn is_subtree(start: u64, end: u64) -> bool {
    end.checked_sub(start)
        .and_then(u64::checked_next_power_of_two)
        .is_some_and(|full| start < end && start.is_multiple_of(full))
}

/// A subtree is a tree of its own: its inclusion proofs are ours with the index counted from its start.
#[test]
fn subtree_inclusion_proofs_of_others() {
    let counts = run("subtreeinclusion", |case| {
        let (start, end) = (number(&case["start"]), number(&case["end"]));
        let index = number(&case["leafIdx"]).checked_sub(start)?;
        if !is_subtree(start, end) {
            return None;
        }
        let proof = InclusionProof { hashes: proof(case)? };
        let (leaf, root) = (hash(case, &case["leafHash"])?, hash(case, &case["root"])?);
        Some(verify_inclusion(&leaf, index, end - start, &proof, &root).map_err(|error| error.to_string()))
    });
    assert!(matches!(counts, None | Some((12, 128, 64))), "{counts:?}");
}

/// A subtree that begins at 0 is the old log, an empty one the log of nothing: these are consistency proofs. All others in the set
/// are no subtrees at all, and to be refused.
/// Deviation, 1 case: for the empty subtree of an empty log the others accept any root of that log, we only its own.
#[test]
fn subtree_consistency_proofs_of_others() {
    let Some(folder) = vectors("rfc6962_merkle/subtreeconsistency") else { return };
    let (mut run, mut no_subtrees, mut deviations) = (0, 0, Vec::new());
    for (name, case) in cases(&folder) {
        let (start, end, size) = (number(&case["start"]), number(&case["end"]), number(&case["size"]));
        if start != 0 && start != end {
            assert!(!is_subtree(start, end) && case["wantErr"] == true, "{name}");
            no_subtrees += 1;
            continue;
        }
        run += 1;
        let verdict = proof(&case).zip(hash(&case, &case["root1"]).zip(hash(&case, &case["root2"]))).map(
            |(hashes, (old, new))| verify_consistency(end - start, &old, size, &new, &ConsistencyProof { hashes }),
        );
        if matches!(verdict, Some(Ok(()))) == (case["wantErr"] == true) {
            deviations.push((name, case["desc"].as_str().unwrap().to_owned(), verdict));
        }
    }
    let reasons: Vec<_> = deviations.iter().map(|(_, reason, _)| reason.as_str()).collect();
    assert_eq!(
        reasons,
        ["subtree is empty sizes are equal (zero) subtree root valid tree root random proof is empty"],
        "{deviations:#?}"
    );
    assert_eq!((run, no_subtrees), (110, 8));
}

fn read(log: &Path, path: &str) -> Vec<u8> {
    fs::read(log.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Tessera's log of 15 entries with a checkpoint and partial tiles at every size.
#[test]
fn the_log_of_another_implementation_is_derived_from_its_entries() {
    let Some(folder) = vectors("tlog_tiles_tessera") else { return };
    let log = folder.join("log");
    let key: CheckpointVerifier = TESSERA_KEY.parse().unwrap();
    let mut nodes = Nodes::new();
    let mut older = Vec::new();

    for size in 0..=15u64 {
        let note = String::from_utf8(read(&log, &format!("checkpoint.{size}"))).unwrap();
        let checkpoint = key.open(&note).unwrap();
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/log/testdata", size));

        let mut entries = Vec::new();
        if let Some(bundle) = Tile::in_log(Content::Entries, 0, size) {
            assert_eq!(bundle.path(), format!("tile/entries/000.p/{size}"));
            let file = read(&log, &bundle.path());
            entries = decode_entries(&file).unwrap().into_iter().map(<[u8]>::to_vec).collect();
            assert_eq!(encode_entries(&entries).unwrap(), file);
        }
        let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        assert_eq!(leaves.len() as u64, size);

        let mut builder = TreeBuilder::new();
        leaves.iter().for_each(|leaf| builder.push(*leaf));
        assert_eq!(builder.root(), checkpoint.root, "size {size}");
        // One entry more than the size before: append it to the nodes kept since.
        let added: Vec<_> = leaves.last().copied().into_iter().collect();
        nodes.extend(append(size.saturating_sub(1), &added, &nodes).unwrap());
        assert_eq!(root(size, &nodes).unwrap(), checkpoint.root);

        if let Some(tile) = Tile::in_log(Content::Hashes { level: 0 }, 0, size) {
            let file = read(&log, &tile.path());
            assert_eq!(encode_hashes(&tile.hashes(&nodes).unwrap()), file);
            assert_eq!(decode_hashes(&file).unwrap(), leaves);
        }
        assert_eq!(Tile::in_log(Content::Hashes { level: 1 }, 0, size), None);

        // Receipts under the foreign signature, and consistency with every older foreign root.
        for (index, entry) in entries.iter().enumerate() {
            let proof = prove_inclusion(index as u64, size, &nodes).unwrap();
            let receipt = Receipt { index: index as u64, proof, checkpoint: note.clone(), extra: None };
            assert_eq!(verify_receipt(entry, &receipt.to_text().parse().unwrap(), &key), Ok(checkpoint.clone()));
        }
        older.push(checkpoint.root);
        for (old, old_root) in older.iter().enumerate() {
            let proof = prove_consistency(old as u64, size, &nodes).unwrap();
            assert_eq!(verify_consistency(old as u64, old_root, size, &checkpoint.root, &proof), Ok(()));
        }
    }
    let newest = String::from_utf8(read(&log, "checkpoint")).unwrap();
    assert_eq!(key.open(&newest).unwrap().size, 15);
}
