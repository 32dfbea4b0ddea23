//! The ends of every range, and the reason that each refusal gives.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's helpers fail it")]

use std::cell::RefCell;

use tallystick_audit::{
    Checkpoint, CheckpointError, CheckpointSigner, CheckpointVerifier, ConsistencyProof, EXTRA_BYTES_MAX, Hash,
    InclusionProof, LogError, NOTE_BYTES_MAX, NodeId, NodeSource, ProofError, RECEIPT_BYTES_MAX, Receipt, ReceiptError,
    TreeBuilder, append, leaf_hash, prove_consistency, prove_inclusion, root,
    tile::{
        BadTilePath, BundleError, Content, ENTRY_BYTES_MAX, TILE_LEVEL_MAX, Tile, decode_entries, decode_hashes,
        encode_entries, encode_hashes,
    },
    verify_consistency, verify_inclusion, verify_receipt,
};

use crate::common::{Nodes, leaves, log_of, naive_root};

const HASHES: Content = Content::Hashes { level: 0 };

fn node(level: u8, index: u64) -> NodeId {
    NodeId { level, index }
}

#[test]
fn the_empty_log_has_a_root_and_no_entries() {
    let nodes = Nodes::new();
    assert_eq!(root(0, &nodes), Ok(Hash::EMPTY_ROOT));
    assert_eq!(TreeBuilder::new().root(), Hash::EMPTY_ROOT);
    assert_eq!(append(0, &[], &nodes), Ok(Vec::new()));
    assert_eq!(prove_inclusion(0, 0, &nodes), Err(LogError::BadIndex { index: 0, size: 0 }));
    let refused = verify_inclusion(&Hash::EMPTY_ROOT, 0, 0, &InclusionProof::default(), &Hash::EMPTY_ROOT);
    assert_eq!(refused, Err(ProofError::BadIndex { index: 0, size: 0 }));
}

#[test]
fn a_single_entry_is_the_root_and_needs_no_proof() {
    let leaf = leaf_hash(b"first");
    assert_eq!(append(0, &[leaf], &Nodes::new()), Ok(vec![(node(0, 0), leaf)]));
    let nodes = log_of(&[leaf]);
    assert_eq!(root(1, &nodes), Ok(leaf));
    assert_eq!(prove_inclusion(0, 1, &nodes), Ok(InclusionProof::default()));
    assert_eq!(verify_inclusion(&leaf, 0, 1, &InclusionProof::default(), &leaf), Ok(()));
    assert_eq!(prove_inclusion(1, 1, &nodes), Err(LogError::BadIndex { index: 1, size: 1 }));
}

#[test]
fn every_log_extends_the_empty_one_and_itself() {
    let nodes = log_of(&leaves(3));
    let (root, none) = (root(3, &nodes).unwrap(), ConsistencyProof::default());
    assert_eq!(prove_consistency(0, 3, &nodes), Ok(none.clone()));
    assert_eq!(prove_consistency(3, 3, &nodes), Ok(none.clone()));
    assert_eq!(verify_consistency(0, &Hash::EMPTY_ROOT, 3, &root, &none), Ok(()));
    assert_eq!(verify_consistency(0, &Hash::EMPTY_ROOT, 0, &Hash::EMPTY_ROOT, &none), Ok(()));
    assert_eq!(verify_consistency(3, &root, 3, &root, &none), Ok(()));

    let not_empty = ProofError::OldRootMismatch { expected: root, computed: Hash::EMPTY_ROOT };
    assert_eq!(verify_consistency(0, &root, 3, &root, &none), Err(not_empty.clone()));
    assert_eq!(verify_consistency(0, &root, 0, &root, &none), Err(not_empty));
    let other = ProofError::RootMismatch { expected: Hash::EMPTY_ROOT, computed: root };
    assert_eq!(verify_consistency(3, &root, 3, &Hash::EMPTY_ROOT, &none), Err(other));
    let spare = ConsistencyProof { hashes: vec![root] };
    let length = Err(ProofError::WrongLength { expected: 0, found: 1 });
    assert_eq!(verify_consistency(0, &Hash::EMPTY_ROOT, 3, &root, &spare), length);
    assert_eq!(verify_consistency(3, &root, 3, &root, &spare), length);
}

#[test]
fn a_log_does_not_shrink() {
    let (nodes, none) = (log_of(&leaves(3)), ConsistencyProof::default());
    assert_eq!(prove_consistency(3, 2, &nodes), Err(LogError::BadRange { old: 3, new: 2 }));
    let refused = verify_consistency(3, &Hash::EMPTY_ROOT, 2, &Hash::EMPTY_ROOT, &none);
    assert_eq!(refused, Err(ProofError::BadRange { old: 3, new: 2 }));
}

/// A log that was rewritten and signed anew does not extend the old one.
#[test]
fn changed_history_is_found() {
    let old = leaves(100);
    let mut new = leaves(200);
    new[50] = leaf_hash(b"rewritten");
    let nodes = log_of(&new);
    let proof = prove_consistency(100, 200, &nodes).unwrap();
    let verdict = verify_consistency(100, &naive_root(&old), 200, &root(200, &nodes).unwrap(), &proof);
    let computed = naive_root(&new[..100]);
    assert_eq!(verdict, Err(ProofError::OldRootMismatch { expected: naive_root(&old), computed }));
}

/// Remembers what was read.
struct Reads<'a>(&'a Nodes, RefCell<Vec<NodeId>>);

impl NodeSource for Reads<'_> {
    type Error = std::convert::Infallible;

    fn node(&self, id: NodeId) -> Result<Option<Hash>, Self::Error> {
        self.1.borrow_mut().push(id);
        self.0.node(id)
    }
}

/// Fails at one read.
struct Failing<'a>(&'a Nodes, NodeId);

impl NodeSource for Failing<'_> {
    type Error = &'static str;

    fn node(&self, id: NodeId) -> Result<Option<Hash>, Self::Error> {
        if id == self.1 { Err("disk on fire") } else { Ok(self.0.node(id).unwrap_or(None)) }
    }
}

#[test]
fn an_append_adds_each_node_once_and_reads_one_a_level() {
    for size in [0u64, 1, 2, 254, 255, 256, 257, 300] {
        let all = leaves(size + 1);
        let nodes = log_of(&all[..size as usize]);
        let source = Reads(&nodes, RefCell::default());
        let added = append(size, &all[size as usize..], &source).unwrap();
        // One leaf completes as many parents as the size has ones at its end, and each needs its left child.
        let completed = size.trailing_ones();
        let ids: Vec<_> = (0..=completed).map(|level| node(level as u8, size >> level)).collect();
        assert_eq!(added.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids, "size {size}");
        let read: Vec<_> = (0..completed).map(|level| node(level as u8, (size >> level) - 1)).collect();
        assert_eq!(source.1.into_inner(), read, "size {size}");
    }
}

#[test]
fn proofs_read_few_nodes() {
    let nodes = log_of(&leaves(1023));
    for index in [0, 511, 512, 1022] {
        let source = Reads(&nodes, RefCell::default());
        prove_inclusion(index, 1023, &source).unwrap();
        prove_consistency(index + 1, 1023, &source).unwrap();
        let reads = source.1.into_inner().len();
        assert!(reads <= 40, "{reads} reads");
    }
}

/// Each read fails in turn, and goes missing in turn: it is named, never guessed around.
#[test]
fn a_node_that_cannot_be_read_is_named() {
    let nodes = log_of(&leaves(7));
    let source = Reads(&nodes, RefCell::default());
    root(7, &source).unwrap();
    prove_inclusion(2, 7, &source).unwrap();
    prove_consistency(3, 7, &source).unwrap();
    append(7, &leaves(1), &source).unwrap();
    let reads = source.1.into_inner();
    assert!(reads.len() > 8, "{reads:?}");

    for id in reads {
        let mut damaged = nodes.clone();
        damaged.remove(&id);
        let missing = [
            root(7, &damaged).err(),
            prove_inclusion(2, 7, &damaged).err(),
            prove_consistency(3, 7, &damaged).err(),
            append(7, &leaves(1), &damaged).err(),
        ];
        assert!(missing.iter().any(Option::is_some), "{id} was read by none");
        assert!(missing.into_iter().flatten().all(|error| error == LogError::MissingNode(id)));

        let failing = Failing(&nodes, id);
        let failed = [
            root(7, &failing).err(),
            prove_inclusion(2, 7, &failing).err(),
            prove_consistency(3, 7, &failing).err(),
            append(7, &leaves(1), &failing).err(),
        ];
        assert!(failed.into_iter().flatten().all(|error| error == LogError::Source("disk on fire")));
    }
    assert_eq!(LogError::<&str>::MissingNode(node(3, 5)).to_string(), "log node `3/5` is missing");
    assert_eq!(LogError::Source("disk on fire").to_string(), "reading a log node: disk on fire");
}

#[test]
fn the_largest_logs_do_not_overflow() {
    let nodes = Nodes::new();
    let leaf = leaf_hash(b"");
    let last = u64::MAX - 1;
    assert_eq!(append(last, &[leaf], &nodes), Ok(vec![(node(0, last), leaf)]));
    assert_eq!(append(last, &[leaf; 2], &nodes), Err(LogError::TooLarge { size: last, added: 2 }));
    assert_eq!(append(u64::MAX, &[leaf], &nodes), Err(LogError::TooLarge { size: u64::MAX, added: 1 }));
    assert_eq!(append(u64::MAX, &[], &nodes), Ok(Vec::new()));
    assert_eq!(root(u64::MAX, &nodes), Err(LogError::MissingNode(node(0, last))));
    assert_eq!(prove_inclusion(0, u64::MAX, &nodes), Err(LogError::MissingNode(node(0, 1))));

    let none = InclusionProof::default();
    let refused = verify_inclusion(&leaf, 0, u64::MAX, &none, &leaf);
    assert_eq!(refused, Err(ProofError::WrongLength { expected: 64, found: 0 }));
    let refused = verify_consistency((1 << 63) + 1, &leaf, u64::MAX, &leaf, &ConsistencyProof::default());
    assert_eq!(refused, Err(ProofError::WrongLength { expected: 65, found: 0 }));
}

#[test]
fn proofs_cross_tile_borders() {
    let all = leaves(258);
    let nodes = log_of(&all);
    for size in [1, 2, 255, 256, 257, 258u64] {
        let new_root = root(size, &nodes).unwrap();
        for index in [0, 1, 254, 255, 256, 257].into_iter().filter(|index| *index < size) {
            let proof = prove_inclusion(index, size, &nodes).unwrap();
            assert_eq!(verify_inclusion(&all[index as usize], index, size, &proof, &new_root), Ok(()));
            let consistency = prove_consistency(index + 1, size, &nodes).unwrap();
            let old_root = root(index + 1, &nodes).unwrap();
            assert_eq!(verify_consistency(index + 1, &old_root, size, &new_root, &consistency), Ok(()));
        }
    }
}

#[test]
fn tiles_are_as_wide_as_the_log_fills_them() {
    let widths = |content, size| {
        (0..3).map_while(|index| Tile::in_log(content, index, size)).map(|tile| tile.width()).collect::<Vec<_>>()
    };
    assert_eq!(widths(HASHES, 0), [0_u16; 0]);
    assert_eq!(widths(HASHES, 1), [1]);
    assert_eq!(widths(HASHES, 255), [255]);
    assert_eq!(widths(HASHES, 256), [256]);
    assert_eq!(widths(HASHES, 257), [256, 1]);
    assert_eq!(widths(Content::Entries, 257), [256, 1]);
    assert_eq!(widths(Content::Hashes { level: 1 }, 255), [0_u16; 0]);
    assert_eq!(widths(Content::Hashes { level: 1 }, 256), [1]);
    assert_eq!(widths(Content::Hashes { level: 1 }, 65535), [255]);
    assert_eq!(widths(Content::Hashes { level: 1 }, 65536), [256]);
    assert_eq!(widths(Content::Hashes { level: 2 }, 65535), [0_u16; 0]);
    assert_eq!(widths(Content::Hashes { level: 2 }, 65536), [1]);
    assert_eq!(widths(Content::Hashes { level: 7 }, u64::MAX), [255]);
    assert_eq!(widths(Content::Hashes { level: 8 }, u64::MAX), [0_u16; 0]);
    assert_eq!(widths(Content::Hashes { level: 255 }, u64::MAX), [0_u16; 0]);
    assert_eq!(Tile::in_log(HASHES, u64::MAX, u64::MAX), None);
    assert_eq!(Tile::in_log(HASHES, u64::MAX / 256, u64::MAX).unwrap().width(), 255);

    // The example of tlog-tiles: size 70,000.
    let path = |level, index| Tile::in_log(Content::Hashes { level }, index, 70_000).map(|tile| tile.path());
    assert_eq!(path(0, 272).unwrap(), "tile/0/272");
    assert_eq!(path(0, 273).unwrap(), "tile/0/273.p/112");
    assert_eq!(path(0, 274), None);
    assert_eq!(path(1, 0).unwrap(), "tile/1/000");
    assert_eq!(path(1, 1).unwrap(), "tile/1/001.p/17");
    assert_eq!(path(2, 0).unwrap(), "tile/2/000.p/1");
    assert_eq!(path(3, 0), None);
}

#[test]
fn a_tile_has_one_path() {
    for (path, content, index, width) in [
        ("tile/0/000", HASHES, 0, 256),
        ("tile/0/000.p/1", HASHES, 0, 1),
        ("tile/0/255.p/255", HASHES, 255, 255),
        ("tile/0/999", HASHES, 999, 256),
        ("tile/0/x001/000", HASHES, 1000, 256),
        ("tile/0/x001/x234/067", HASHES, 1_234_067, 256),
        ("tile/1/x065/536.p/7", Content::Hashes { level: 1 }, 65536, 7),
        ("tile/entries/x065/535", Content::Entries, 65535, 256),
        ("tile/entries/x065/536.p/9", Content::Entries, 65536, 9),
        ("tile/0/x072/x057/x594/x037/x927/935.p/255", HASHES, u64::MAX / 256, 255),
        ("tile/7/000.p/255", Content::Hashes { level: TILE_LEVEL_MAX }, 0, 255),
    ] {
        let tile = Tile::new(content, index, width).unwrap();
        assert_eq!(tile.path(), path);
        assert_eq!(path.parse(), Ok(tile));
        assert_eq!((tile.content(), tile.index(), tile.width()), (content, index, width));
    }
    for path in [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/xx001/000",
        "tile/0/000/",
        "tile/0/+00",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/1.p/1",
        "tile/8/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/entries/0/000",
        "tile/0/x072/x057/x594/x037/x927/936",
        "tile/7/001",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/../000",
        "tile/0/000 ",
        "tile/0/٠٠٠",
    ] {
        assert_eq!(path.parse::<Tile>(), Err(BadTilePath), "`{path}`");
    }
    assert_eq!("x".repeat(1 << 20).parse::<Tile>(), Err(BadTilePath));
    assert_eq!(Tile::new(HASHES, 0, 0), None);
    assert_eq!(Tile::new(HASHES, 0, 257), None);
}

#[test]
fn smaller_tiles_of_a_place_were_in_the_log_too() {
    let tile = |path: &str| path.parse::<Tile>().unwrap();
    assert!(tile("tile/0/001.p/44").is_in_log(300));
    assert!(tile("tile/0/001.p/43").is_in_log(300));
    assert!(!tile("tile/0/001.p/45").is_in_log(300));
    assert!(!tile("tile/0/001").is_in_log(300));
    assert!(tile("tile/entries/000").is_in_log(256));
    assert!(!tile("tile/entries/000").is_in_log(255));
    assert!(!tile("tile/1/000.p/1").is_in_log(255));
}

#[test]
fn tiles_hold_the_nodes_of_every_eighth_level() {
    let all = leaves(65536 + 256);
    let nodes = log_of(&all);
    let tile = |path: &str| path.parse::<Tile>().unwrap().hashes(&nodes);
    assert_eq!(tile("tile/0/001").unwrap(), all[256..512]);
    assert_eq!(tile("tile/1/000").unwrap()[1], naive_root(&all[256..512]));
    assert_eq!(tile("tile/1/000").unwrap().len(), 256);
    assert_eq!(tile("tile/1/001.p/1").unwrap(), [naive_root(&all[65536..])]);
    assert_eq!(tile("tile/2/000.p/1").unwrap(), [naive_root(&all[..65536])]);
    assert_eq!(tile("tile/entries/255.p/2").unwrap(), all[65280..65282]);
    assert_eq!(tile("tile/1/001.p/2"), Err(LogError::MissingNode(node(8, 257))));
}

#[test]
fn tile_files_read_back_within_their_limits() {
    let hashes = leaves(256);
    assert_eq!(decode_hashes(&encode_hashes(&hashes)).unwrap(), hashes);
    assert_eq!(decode_hashes(&encode_hashes(&hashes[..1])).unwrap(), hashes[..1]);
    assert_eq!(decode_hashes(&[]), Err(BundleError::BadCount));
    assert_eq!(decode_hashes(&[0; 257 * 32]), Err(BundleError::BadCount));
    assert_eq!(decode_hashes(&[0; 33]), Err(BundleError::Truncated { byte: 32, expected: 32, found: 1 }));
}

#[test]
fn entry_bundles_have_limits() {
    assert_eq!(encode_entries(&["one", "", "three"]).unwrap(), b"\0\x03one\0\0\0\x05three");
    assert_eq!(decode_entries(b"\0\x03one\0\0\0\x05three").unwrap(), [&b"one"[..], b"", b"three"]);

    let longest = vec![7; ENTRY_BYTES_MAX];
    assert_eq!(decode_entries(&encode_entries(&[&longest]).unwrap()).unwrap(), [&longest[..]]);
    let found = ENTRY_BYTES_MAX + 1;
    assert_eq!(encode_entries(&[vec![7; found]]), Err(BundleError::EntryTooLong { found }));

    for count in [1, 255, 256] {
        assert_eq!(decode_entries(&encode_entries(&vec![""; count]).unwrap()).unwrap().len(), count);
    }
    assert_eq!(encode_entries::<&str>(&[]), Err(BundleError::BadCount));
    assert_eq!(encode_entries(&[""; 257]), Err(BundleError::BadCount));
    assert_eq!(decode_entries(&[]), Err(BundleError::BadCount));
    assert_eq!(decode_entries(&[0; 2 * 257]), Err(BundleError::BadCount));
    // Counted while reading, not after: the odd byte at the end is not reached.
    assert_eq!(decode_entries(&[0; 2 * 257 + 1]), Err(BundleError::BadCount));
    assert_eq!(decode_entries(&[0, 0, 9]), Err(BundleError::Truncated { byte: 2, expected: 2, found: 1 }));
    assert_eq!(
        decode_entries(&[0, 1, 9, 255, 255, 1]),
        Err(BundleError::Truncated { byte: 5, expected: 65535, found: 1 })
    );
}

fn signer() -> CheckpointSigner {
    CheckpointSigner::new("bureau.example/log", &[1; 32]).unwrap()
}

/// Signs any text as a note with the key of [`signer`], as a foreign log that has our key could.
fn sign_any(text: &str) -> String {
    let other = signer().sign(&signer().checkpoint(0, Hash::EMPTY_ROOT)).unwrap();
    let name_and_id = other.lines().last().unwrap();
    let (name, signature) = name_and_id.rsplit_once(' ').unwrap();
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use ed25519_dalek::Signer as _;
    let id = BASE64_STANDARD.decode(signature).unwrap()[..4].to_vec();
    let signed = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).sign(text.as_bytes()).to_bytes();
    format!("{text}\n{name} {}\n", BASE64_STANDARD.encode([id, signed.to_vec()].concat()))
}

#[test]
fn a_signed_checkpoint_opens_under_its_key_only() {
    let checkpoint = signer().checkpoint(42, leaf_hash(b"root"));
    let note = signer().sign(&checkpoint).unwrap();
    let key: CheckpointVerifier = signer().verifier_key().parse().unwrap();
    assert_eq!(key.open(&note), Ok(checkpoint.clone()));
    assert_eq!(&key, signer().verifier());
    assert_eq!(key.origin(), "bureau.example/log");
    assert_eq!(note, sign_any(&checkpoint.to_note_text()), "the helper of this test signs as we do");

    // Another key of the same name.
    let other = CheckpointSigner::new("bureau.example/log", &[2; 32]).unwrap();
    assert!(matches!(other.verifier().open(&note), Err(CheckpointError::NotSigned { .. })));
    // The same key under another name: its id differs.
    let other = CheckpointSigner::new("bureau.example/other", &[1; 32]).unwrap();
    assert!(matches!(other.verifier().open(&note), Err(CheckpointError::NotSigned { .. })));
    // Another log's checkpoint is not signed, and if someone did, not opened.
    let foreign = Checkpoint { origin: "elsewhere.example".to_owned(), ..checkpoint };
    let wrong = CheckpointError::WrongOrigin {
        expected: "bureau.example/log".to_owned(),
        found: "elsewhere.example".to_owned(),
    };
    assert_eq!(signer().sign(&foreign), Err(wrong.clone()));
    assert_eq!(key.open(&sign_any(&foreign.to_note_text())), Err(wrong));
}

#[test]
fn a_changed_checkpoint_does_not_open() {
    let note = signer().sign(&signer().checkpoint(42, leaf_hash(b"root"))).unwrap();
    let key = signer().verifier().clone();
    let label = signer().verifier_key().rsplitn(2, '+').last().map(str::to_owned);
    let bad = Err(CheckpointError::BadSignature { key: label.unwrap_or_default() });
    assert_eq!(key.open(&note.replacen("42", "43", 1)), bad);
    assert_eq!(key.open(&note.replacen("\n42\n", "\n042\n", 1)), bad);
    for broken in [
        "",
        "\n",
        "\n\n",
        "42\n",
        note.trim_end(),
        &note.replace("\n\n", "\n"),
        &note.replace("— ", "- "),
        &note.replace('\n', "\r\n"),
        &format!("{note}\n"),
        &note.replace("42", "4\t2"),
    ] {
        assert_eq!(key.open(broken), Err(CheckpointError::NotANote), "`{broken}`");
    }
}

/// Witnesses add lines; what they say is not ours to judge. A false claim of our key is.
#[test]
fn signatures_of_others_are_ignored() {
    let note = signer().sign(&signer().checkpoint(42, leaf_hash(b"root"))).unwrap();
    let key = signer().verifier().clone();
    let cosigned = format!("{note}{}", "— witness.example/w1 AAAAAAECAwQF\n".repeat(16));
    assert_eq!(key.open(&cosigned).unwrap().size, 42);
    let (text, ours) = note.rsplit_once("\n\n").unwrap();
    let before = format!("{text}\n\n— witness.example/w1 AAAAAAECAwQF\n{ours}");
    assert_eq!(key.open(&before).unwrap().size, 42);
    let only_others = format!("{text}\n\n— witness.example/w1 AAAAAAECAwQF\n");
    assert!(matches!(key.open(&only_others), Err(CheckpointError::NotSigned { .. })));
    let older = signer().sign(&signer().checkpoint(41, leaf_hash(b"root"))).unwrap();
    let moved = format!("{text}\n\n{}", older.rsplit_once("\n\n").unwrap().1);
    assert!(matches!(key.open(&moved), Err(CheckpointError::BadSignature { .. })));
}

#[test]
fn a_checkpoint_has_one_text_even_if_signed() {
    let key = signer().verifier().clone();
    let root = Hash::EMPTY_ROOT.to_base64();
    let malformed = |line, expected| CheckpointError::Malformed { line, expected };
    let size = || malformed(2, "a size in decimal without leading zeros");
    let bad_root = || malformed(3, "a root in base64 of 32 bytes");
    for (text, reason) in [
        (format!("bureau.example/log\n007\n{root}\n"), size()),
        (format!("bureau.example/log\n-7\n{root}\n"), size()),
        (format!("bureau.example/log\n\n{root}\n"), size()),
        (format!("bureau.example/log\n18446744073709551616\n{root}\n"), size()),
        (format!("bureau.example/log\n7\n{}\n", &root[..40]), bad_root()),
        (format!("bureau.example/log\n7\n{root} \n"), bad_root()),
        ("bureau.example/log\n7\n\n".to_owned(), bad_root()),
        ("bureau.example/log\n7\n".to_owned(), malformed(3, "a root")),
        ("bureau.example/log\n".to_owned(), malformed(2, "a size")),
        (format!("bureau.example/log\n7\n{root}\nmore\n"), CheckpointError::ExtensionLines),
        (format!("bureau.example/log\n7\n{root}\n\n"), CheckpointError::ExtensionLines),
        (format!("\n7\n{root}\n"), CheckpointError::BadOrigin),
        (format!("bureau example\n7\n{root}\n"), CheckpointError::BadOrigin),
    ] {
        assert_eq!(Checkpoint::from_note_text(&text), Err(reason.clone()), "`{text}`");
        assert_eq!(key.open(&sign_any(&text)), Err(reason), "`{text}`");
    }
    assert_eq!(Checkpoint::from_note_text(&format!("a\n0\n{root}")), Err(malformed(3, "a root")));
    assert_eq!(Checkpoint::from_note_text(&format!("a\n{}\n{root}\n", u64::MAX)).unwrap().size, u64::MAX);
}

#[test]
fn notes_and_origins_have_limits() {
    let note = signer().sign(&signer().checkpoint(42, leaf_hash(b"root"))).unwrap();
    let longest = format!("{note}— w AAAAAAE{}", "A".repeat(NOTE_BYTES_MAX));
    let found = longest.len();
    assert_eq!(signer().verifier().open(&longest), Err(CheckpointError::TooLong { found }));

    for origin in ["", "a b", "a+b", "a\nb", "a\u{7f}b", "a\u{2003}b", "\u{0}", &"a".repeat(256)] {
        assert!(matches!(CheckpointSigner::new(origin, &[1; 32]), Err(CheckpointError::BadOrigin)), "`{origin}`");
    }
    let longest = CheckpointSigner::new(&"é".repeat(127), &[1; 32]).unwrap();
    assert_eq!(longest.verifier_key().parse(), Ok(longest.verifier().clone()));
    let note = longest.sign(&longest.checkpoint(1, Hash([0; 32]))).unwrap();
    assert!(longest.verifier().open(&note).is_ok());
}

#[test]
fn a_verifier_key_has_one_text() {
    let good = signer().verifier_key();
    let (name, id, key) = match good.splitn(3, '+').collect::<Vec<_>>()[..] {
        [name, id, key] => (name, id, key),
        _ => ("", "", ""),
    };
    assert_eq!(good.parse(), Ok(signer().verifier().clone()));
    let expected = |text: &str| match text.parse::<CheckpointVerifier>() {
        Err(CheckpointError::BadKey { expected }) => expected,
        Err(CheckpointError::BadOrigin) => "an origin",
        _ => "accepted",
    };
    let form = "`name+hash+base64`";
    let hash = "the hash of this name and key, in lower-case hex";
    assert_eq!(expected(""), form);
    assert_eq!(expected(name), form);
    assert_eq!(expected(&format!("{name}+{id}")), form);
    assert_eq!(expected(&format!("{name}+{id}+")), "the key type 1, Ed25519");
    assert_eq!(expected(&format!("{name}+{id}+{key}=")), "the key in base64");
    assert_eq!(expected(&format!("+{id}+{key}")), "an origin");
    assert_eq!(expected(&format!("other+{id}+{key}")), hash);
    assert_eq!(expected(&format!("{name}+{}+{key}", id.to_uppercase())), hash);
    assert_eq!(expected(&format!("{name}+00000000+{key}")), hash);
    assert_eq!(expected(&format!("{name}+{id}+AQID")), "an Ed25519 key of 32 bytes");
    assert_eq!(expected(&format!("{name}+{id}+BAID")), "the key type 1, Ed25519");
    assert_eq!(expected(&"+".repeat(1 << 20)), "no more bytes than a name, a hash and an Ed25519 key have");
    // The neutral element: anyone can make "signatures" that verify under it when verification is not strict.
    let weak = "AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(expected(&format!("{name}+{id}+{weak}")), "a key that is not of small order");
}

#[test]
fn secrets_stay_out_of_debug_text() {
    let signer = CheckpointSigner::new("a", &[0x5a; 32]).unwrap();
    assert_eq!(format!("{signer:?}"), format!("CheckpointSigner({:?})", signer.verifier_key()));
}

fn good_receipt() -> Receipt {
    let nodes = log_of(&leaves(5));
    let checkpoint = signer().sign(&signer().checkpoint(5, root(5, &nodes).unwrap())).unwrap();
    Receipt { index: 3, proof: prove_inclusion(3, 5, &nodes).unwrap(), checkpoint, extra: Some(b"see you".to_vec()) }
}

#[test]
fn a_receipt_is_this_text() {
    let text = good_receipt().to_text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..3], ["c2sp.org/tlog-proof@v1", "extra c2VlIHlvdQ==", "index 3"]);
    assert_eq!(lines[6..9], ["", "bureau.example/log", "5"]);
    assert_eq!(lines.len(), 12);
    assert_eq!(text.parse(), Ok(good_receipt()));
    let bare = Receipt { extra: None, ..good_receipt() };
    assert_eq!(Receipt { extra: Some(Vec::new()), ..bare.clone() }.to_text(), bare.to_text());
    assert_eq!(bare.to_text().parse(), Ok(bare));
}

#[test]
fn a_receipt_with_a_wrong_line_says_which() {
    let text = good_receipt().to_text();
    let first_hash = text.lines().nth(3).unwrap();
    let index = "`index` and a decimal without leading zeros";
    let extra = "extra data in base64, 1 to 65536 bytes";
    for (from, to, line, expected) in [
        ("@v1", "@v2", 1, "`c2sp.org/tlog-proof@v1`"),
        ("@v1\n", "@v1\r\n", 1, "`c2sp.org/tlog-proof@v1`"),
        ("extra c2VlIHlvdQ==", "extra c2VlIHlvdR==", 2, extra),
        ("extra c2VlIHlvdQ==", "extra c2VlIHlvdQ", 2, extra),
        ("extra c2VlIHlvdQ==", "extra ", 2, extra),
        ("extra c2VlIHlvdQ==", "extra", 2, index),
        ("extra c2VlIHlvdQ==", "Extra c2VlIHlvdQ==", 2, index),
        ("extra c2VlIHlvdQ==\n", "extra c2VlIHlvdQ==\nextra c2VlIHlvdQ==\n", 3, index),
        ("index 3", "index 03", 3, index),
        ("index 3", "index +3", 3, index),
        ("index 3", "index  3", 3, index),
        ("index 3", "index 18446744073709551616", 3, index),
        (first_hash, "QQ==", 4, "a hash in base64"),
        (first_hash, " ", 4, "a hash in base64"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        let reason = ReceiptError::Malformed { line, expected };
        assert_eq!(changed.parse::<Receipt>(), Err(reason), "`{from}` to `{to}`");
    }
    let (head, _) = text.split_once("\n\n").unwrap();
    let cut = ReceiptError::Malformed { line: 6, expected: "a hash or an empty line" };
    assert_eq!(head.parse::<Receipt>(), Err(cut));
    let no_note = ReceiptError::Checkpoint(CheckpointError::NotANote);
    assert_eq!(format!("{head}\n\n").parse::<Receipt>(), Err(no_note.clone()));
    assert_eq!(text.trim_end().parse::<Receipt>(), Err(no_note));
    assert_eq!(Receipt::from_bytes(b"c2sp.org/tlog-proof@v1\n\xff"), Err(ReceiptError::NotText));
}

#[test]
fn a_receipt_has_limits() {
    let nodes = log_of(&leaves(1));
    let checkpoint = signer().sign(&signer().checkpoint(1, root(1, &nodes).unwrap())).unwrap();
    let with_extra = |length| Receipt {
        index: 0,
        proof: InclusionProof::default(),
        checkpoint: checkpoint.clone(),
        extra: Some(vec![1; length]),
    };
    assert_eq!(with_extra(EXTRA_BYTES_MAX).to_text().parse(), Ok(with_extra(EXTRA_BYTES_MAX)));
    let reason = ReceiptError::Malformed { line: 2, expected: "extra data in base64, 1 to 65536 bytes" };
    for length in EXTRA_BYTES_MAX + 1..EXTRA_BYTES_MAX + 4 {
        assert_eq!(with_extra(length).to_text().parse::<Receipt>(), Err(reason.clone()), "{length}");
    }
    let found = RECEIPT_BYTES_MAX + 1;
    assert_eq!(Receipt::from_bytes(&vec![b'a'; found]), Err(ReceiptError::TooLong { found }));
    // Measured before anything is read, so that these bytes are no text goes unnoticed.
    assert_eq!(Receipt::from_bytes(&vec![0xff; found]), Err(ReceiptError::TooLong { found }));
    assert_eq!("a".repeat(found).parse::<Receipt>(), Err(ReceiptError::TooLong { found }));
}

#[test]
fn a_receipt_is_good_for_its_entry_and_key_only() {
    let (receipt, key) = (good_receipt(), signer().verifier().clone());
    let entry = 3u64.to_be_bytes();
    assert_eq!(verify_receipt(&entry, &receipt, &key).unwrap().size, 5);

    let other_entry = verify_receipt(&2u64.to_be_bytes(), &receipt, &key);
    assert!(matches!(other_entry, Err(ReceiptError::Proof(ProofError::RootMismatch { .. }))), "{other_entry:?}");
    let past_the_end = verify_receipt(&entry, &Receipt { index: 5, ..receipt.clone() }, &key);
    assert_eq!(past_the_end, Err(ReceiptError::Proof(ProofError::BadIndex { index: 5, size: 5 })));
    let no_proof = verify_receipt(&entry, &Receipt { proof: InclusionProof::default(), ..receipt.clone() }, &key);
    assert_eq!(no_proof, Err(ReceiptError::Proof(ProofError::WrongLength { expected: 3, found: 0 })));
    let other_key = CheckpointSigner::new("bureau.example/log", &[2; 32]).unwrap();
    let unsigned = verify_receipt(&entry, &receipt, other_key.verifier());
    assert!(matches!(unsigned, Err(ReceiptError::Checkpoint(CheckpointError::NotSigned { .. }))), "{unsigned:?}");
    // The extra data is nobody's word.
    assert!(verify_receipt(&entry, &Receipt { extra: Some(vec![0]), ..receipt }, &key).is_ok());
}
