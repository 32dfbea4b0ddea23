//! Witnesses, and the log as outsiders read it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, SigningKey};
use tallystick_audit::tile::{Content, TILE_LEVEL_MAX, Tile, encode_hashes};
use tallystick_audit::verify::ProofError;
use tallystick_audit::witness::{AddCheckpoint, Refusal, Witness};
use tallystick_audit::{
    Checkpoint, CheckpointError, CheckpointSigner, ConsistencyProof, LogError, TileError, TileSource, TiledLog,
    WitnessKey, WitnessSigner, cosigners, prove_consistency, prove_inclusion, root, with_cosignatures,
};

use crate::common::{Nodes, flipped, leaves, log_of, naive_consistency, naive_inclusion, naive_root};

const NAME: &str = "partner.example/witness";

fn log_signer() -> CheckpointSigner {
    CheckpointSigner::new("bureau.example/log", &[7; 32]).unwrap()
}

fn witness() -> Witness {
    Witness::new(WitnessSigner::new(NAME, &[9; 32]).unwrap(), log_signer().verifier().clone().into())
}

fn note(size: u64, nodes: &Nodes) -> String {
    let signer = log_signer();
    signer.sign(&signer.checkpoint(size, root(size, nodes).unwrap())).unwrap()
}

fn request(old: u64, size: u64, nodes: &Nodes) -> AddCheckpoint {
    AddCheckpoint { old, proof: prove_consistency(old, size, nodes).unwrap(), note: note(size, nodes) }
}

#[test]
fn a_cosignature_is_what_tlog_cosignature_says() {
    let nodes = log_of(&leaves(5));
    let cosigned = witness().add_checkpoint(&request(0, 5, &nodes), None, 1_679_315_147).unwrap();
    // Built here from the words of the specification alone.
    let key = SigningKey::from_bytes(&[9; 32]);
    let (name, encoded) = cosigned.line.strip_prefix("— ").unwrap().split_once(' ').unwrap();
    let bytes = BASE64_STANDARD.decode(encoded).unwrap();
    let typed = [&[4][..], key.verifying_key().as_bytes()].concat();
    let id = {
        use sha2::Digest as _;
        sha2::Sha256::digest([NAME.as_bytes(), b"\n", &typed].concat())
    };
    assert_eq!((name, &bytes[..4], bytes.len()), (NAME, &id[..4], 76));
    assert_eq!(bytes[4..12], 1_679_315_147_u64.to_be_bytes());
    let text = format!("bureau.example/log\n5\n{}\n", root(5, &nodes).unwrap().to_base64());
    let message = format!("cosignature/v1\ntime 1679315147\n{text}");
    let signature = Signature::from_slice(&bytes[12..]).unwrap();
    key.verifying_key().verify_strict(message.as_bytes(), &signature).unwrap();
    let hex: String = id[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        witness().signer().public().to_string(),
        format!("{NAME}+{hex}+{}", BASE64_STANDARD.encode(&typed)),
        "as verifier keys are written"
    );
}

#[test]
fn cosigned_notes_still_open_and_name_their_cosigners() {
    let nodes = log_of(&leaves(5));
    let other: WitnessKey =
        WitnessSigner::new("other.example", &[1; 32]).unwrap().public().to_string().parse().unwrap();
    let keys = [witness().signer().public().clone(), other];
    let plain = note(5, &nodes);
    assert_eq!(cosigners(&plain, &keys), Vec::<&WitnessKey>::new());
    let cosigned = witness().add_checkpoint(&request(0, 5, &nodes), None, 77).unwrap();
    let both = with_cosignatures(&plain, &format!("{}\n", cosigned.line)).unwrap();
    assert_eq!(cosigners(&both, &keys), [&keys[0]]);
    assert_eq!(keys[0].cosigned_at(&both), Some(77));
    assert_eq!(log_signer().verifier().open(&both).unwrap().size, 5);
    assert_eq!(with_cosignatures(&both, &cosigned.line).unwrap(), both, "not twice");
    for bad in ["cosignature", "— name", "— name AAAA", "- name AAAA"] {
        assert_eq!(with_cosignatures(&plain, bad), Err(CheckpointError::NotANote), "{bad}");
    }
    // Of another checkpoint, or with another time, it is worth nothing.
    let moved = with_cosignatures(&note(4, &nodes), &cosigned.line).unwrap();
    assert_eq!(keys[0].cosigned_at(&moved), None);
    let mut bytes = BASE64_STANDARD.decode(cosigned.line.rsplit_once(' ').unwrap().1).unwrap();
    for place in 0..bytes.len() {
        bytes[place] ^= 1;
        let line = format!("— {NAME} {}", BASE64_STANDARD.encode(&bytes));
        assert_eq!(keys[0].cosigned_at(&with_cosignatures(&plain, &line).unwrap()), None, "byte {place}");
        bytes[place] ^= 1;
    }
}

#[test]
fn keys_of_logs_and_of_witnesses_are_not_taken_for_each_other() {
    let key = witness().signer().public().to_string();
    assert!(matches!(key.parse::<tallystick_audit::CheckpointVerifier>(), Err(CheckpointError::BadKey { .. })));
    assert!(matches!(log_signer().verifier_key().parse::<WitnessKey>(), Err(CheckpointError::BadKey { .. })));
    let line = witness().add_checkpoint(&request(0, 3, &log_of(&leaves(3))), None, 1).unwrap().line;
    assert!(line.starts_with("— partner.example/witness "));
}

#[test]
fn a_witness_follows_a_log_that_grows_and_no_other() {
    let nodes = log_of(&leaves(40));
    let witness = witness();
    let mut last: Option<Checkpoint> = None;
    for size in [1, 2, 2, 7, 8, 33, 40] {
        let old = last.as_ref().map_or(0, |last| last.size);
        let cosigned = witness.add_checkpoint(&request(old, size, &nodes), last.as_ref(), size).unwrap();
        assert_eq!(cosigned.checkpoint.size, size);
        last = Some(cosigned.checkpoint);
    }
    let last = last.as_ref();
    let refused = |request: &AddCheckpoint| witness.add_checkpoint(request, last, 1).unwrap_err();

    // Rewound, and asked for as if it had not seen more.
    assert_eq!(refused(&request(8, 33, &nodes)), Refusal::OtherSize(40));
    let rewound = AddCheckpoint { old: 40, proof: ConsistencyProof::default(), note: note(33, &nodes) };
    assert_eq!(refused(&rewound), Refusal::Backwards);
    // Another history of the same size, and one that is longer.
    let mut forked = leaves(48);
    forked[3] = flipped(&forked[3], 1);
    let forked = log_of(&forked);
    let same_size = AddCheckpoint { old: 40, proof: ConsistencyProof::default(), note: note(40, &forked) };
    assert_eq!(refused(&same_size), Refusal::Forked(40));
    let longer = refused(&request(40, 48, &forked));
    assert!(matches!(longer, Refusal::Inconsistent(ProofError::OldRootMismatch { .. })), "{longer:?}");
    let statuses = [refused(&rewound), refused(&same_size), longer].map(|refusal| refusal.status());
    assert_eq!(statuses, [400, 409, 422]);
    // Another log; another key for this one.
    let other = CheckpointSigner::new("other.example/log", &[7; 32]).unwrap();
    let of_other =
        AddCheckpoint { note: other.sign(&other.checkpoint(41, naive_root(&[]))).unwrap(), ..rewound.clone() };
    assert_eq!(refused(&of_other), Refusal::UnknownLog);
    let thief = CheckpointSigner::new("bureau.example/log", &[8; 32]).unwrap();
    let stolen = AddCheckpoint { note: thief.sign(&thief.checkpoint(41, naive_root(&[]))).unwrap(), ..rewound };
    let unsigned = refused(&stolen);
    assert!(matches!(&unsigned, Refusal::Unsigned(CheckpointError::NotSigned { .. })), "{unsigned:?}");
    assert_eq!([refused(&of_other).status(), unsigned.status()], [404, 403]);
}

#[test]
fn a_request_has_one_text() {
    let nodes = log_of(&leaves(9));
    let sent = request(3, 9, &nodes);
    let text = sent.to_text();
    assert!(text.starts_with("old 3\n"), "{text}");
    assert_eq!(AddCheckpoint::from_bytes(text.as_bytes()), Ok(sent));
    let first = request(0, 9, &nodes).to_text();
    assert!(first.starts_with("old 0\n\nbureau.example/log\n9\n"), "{first}");
    assert!(AddCheckpoint::from_bytes(first.as_bytes()).is_ok());
    for (bad, expected) in [
        ("old 03\n\nx", "`old` and a size in decimal"),
        ("new 3\n\nx", "`old` and a size in decimal"),
        ("old 3", "an empty line before the checkpoint"),
        ("old 3\nAAAA\n\nx", "a hash in base64"),
    ] {
        assert_eq!(AddCheckpoint::from_bytes(bad.as_bytes()), Err(Refusal::Malformed(expected)), "{bad}");
    }
    let hash = format!("{}\n", naive_root(&[]).to_base64());
    let many = format!("old 3\n{}\nx", hash.repeat(64));
    assert_eq!(AddCheckpoint::from_bytes(many.as_bytes()), Err(Refusal::Malformed("63 hashes at most")));
}

/// Files by their names.
type Files = BTreeMap<String, Vec<u8>>;

/// Files of a published log, and how many were asked for.
struct Published(Files, Cell<u32>);

impl Published {
    fn of(size: u64, nodes: &Nodes) -> Self {
        let mut files = BTreeMap::new();
        for level in 0..=TILE_LEVEL_MAX {
            let tiles = (0..).map_while(|index| Tile::in_log(Content::Hashes { level }, index, size));
            files.extend(tiles.map(|tile| (tile.path(), encode_hashes(&tile.hashes(nodes).unwrap()))));
        }
        Self(files, Cell::new(0))
    }
}

impl TileSource for Published {
    type Error = String;

    fn tile(&self, tile: &Tile) -> Result<Vec<u8>, String> {
        self.1.set(self.1.get() + 1);
        self.0.get(&tile.path()).cloned().ok_or(format!("no {tile}"))
    }
}

#[test]
fn proofs_made_of_tiles_are_those_of_the_log() {
    for size in [1, 2, 255, 256, 257, 700, 65_536, 65_537, 66_000] {
        let all = leaves(size);
        let published = Published::of(size, &log_of(&all));
        let log = TiledLog::new(&published, size);
        let rooted = root(size, &log).unwrap();
        if size < 1000 {
            assert_eq!(rooted, naive_root(&all));
        }
        for index in [0, size / 3, size - 1] {
            let proof = prove_inclusion(index, size, &log).unwrap();
            let expected = if size < 1000 { naive_inclusion(index as usize, &all) } else { proof.hashes.clone() };
            assert_eq!(proof.hashes, expected);
            let leaf = all[index as usize];
            tallystick_audit::verify_inclusion(&leaf, index, size, &proof, &rooted).unwrap();
        }
        for old in [1, size.div_ceil(2), size] {
            let proof = prove_consistency(old, size, &log).unwrap();
            if size < 1000 {
                assert_eq!(proof.hashes, naive_consistency(old as usize, &all));
            }
            let before = root(old, &log).unwrap();
            tallystick_audit::verify_consistency(old, &before, size, &rooted, &proof).unwrap();
        }
        assert!(published.1.get() <= 20, "{} files for {size} entries", published.1.get());
    }
}

#[test]
fn a_tile_that_is_missing_short_or_changed_is_not_passed_over() {
    let nodes = log_of(&leaves(300));
    let honest = root(300, &nodes).unwrap();
    let name = Tile::in_log(Content::Hashes { level: 0 }, 1, 300).unwrap().path();
    let told = |change: &dyn Fn(&mut Files)| {
        let mut published = Published::of(300, &nodes);
        change(&mut published.0);
        root(300, &TiledLog::new(published, 300))
    };
    let missing = told(&|files| drop(files.remove(&name)));
    assert_eq!(missing, Err(LogError::Source(TileError::Source(format!("no {name}")))));
    let short = told(&|files| files.get_mut(&name).unwrap().truncate(32 * 43));
    assert!(matches!(&short, Err(LogError::Source(TileError::WrongWidth { found: 43, .. }))), "{short:?}");
    let odd = told(&|files| files.get_mut(&name).unwrap().truncate(33));
    assert!(matches!(&odd, Err(LogError::Source(TileError::Malformed { .. }))), "{odd:?}");
    assert_ne!(told(&|files| files.get_mut(&name).unwrap()[5] ^= 1), Ok(honest));
    assert_eq!(told(&|_| {}), Ok(honest));
}
