//! The published log, read by tiles code that others wrote (the crate `tlog_tiles`, after Go's `sumdb/tlog`): whether every file is
//! where C2SP has it, every hash leads to the signed root, and every entry and every older size is proved.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use tallystick_audit::CheckpointSigner;
use tallystick_model::event::{Event, Founding as FoundingEvent};
use tallystick_model::{SubjectId, Timestamp};
use tallystick_store::{Changes, Founding, Store};
use tlog_tiles::{
    Checkpoint, Error, HashReader, TileHashReader, TileReader, check_record, check_tree, prove_record, prove_tree,
    record_hash, stored_hash_index, tree_hash,
};

const ORIGIN: &str = "foreign.example/log";

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1000).expect("in range")
}

fn signer() -> CheckpointSigner {
    CheckpointSigner::new(ORIGIN, &[3; 32]).expect("valid name")
}

/// A store whose log has `count` entries, published at sizes that leave partial tiles behind.
fn store(folder: &Path, count: u32) -> Store {
    let signer = signer();
    let event = Event::BureauFounded(FoundingEvent {
        name: ORIGIN.to_owned(),
        rulebook: "cn 1".to_owned(),
        rulebook_hash: [1; 32],
        verifier_key: signer.verifier_key(),
        charter: None,
    });
    let founding = Founding { event, salt: [0; 16], at: at(0), key_check: [9; 16] };
    let store = Store::create(folder, signer, founding).expect("creates");
    for number in 1..count {
        let subject = SubjectId((u128::from(number) << 64).to_be_bytes());
        let salt = u128::from(number).to_be_bytes();
        store.commit(Changes::none(), Event::FreezePlaced(subject), salt, at(i64::from(number))).expect("commits");
        if number % 97 == 0 {
            store.publish_rest().expect("publishes");
        }
    }
    store.publish_rest().expect("publishes");
    store
}

/// Our files, for the foreign reader.
struct Files(PathBuf);

impl TileReader for Files {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, Error> {
        // Its paths are Go's, with the height and `data`; C2SP leaves out the one and says `entries` for the other.
        let path = |tile: &tlog_tiles::Tile| tile.path().replacen("tile/8/", "tile/", 1);
        Ok(tiles.iter().map(|tile| fs::read(self.0.join(path(tile))).expect("is there")).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

/// The foreign reader's checkpoint of a signed note.
fn checkpoint(log: &Path) -> Checkpoint {
    let note = fs::read_to_string(log.join("checkpoint")).expect("is there");
    let (text, _) = note.split_once("\n\n").expect("a signed note");
    Checkpoint::from_bytes(format!("{text}\n").as_bytes()).expect("a checkpoint")
}

/// The entries of a bundle, read by hand: two bytes of length each.
fn entries(mut bundle: &[u8]) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)));
        entries.push(entry.to_vec());
        bundle = rest;
    }
    entries
}

#[test]
fn a_foreign_reader_finds_every_entry_proved_by_our_files() {
    for count in [1, 2, 255, 256, 257, 700] {
        let folder = tempfile::tempdir().expect("a folder");
        drop(store(folder.path(), count));
        let log = folder.path().join("log");
        let checkpoint = checkpoint(&log);
        assert_eq!((checkpoint.origin(), checkpoint.size()), (ORIGIN, u64::from(count)));
        let files = Files(log.clone());
        let size = checkpoint.size();
        let reader = TileHashReader::new(size, *checkpoint.hash(), &files);
        assert_eq!(tree_hash(size, &reader).expect("reads"), *checkpoint.hash());
        let mut found = Vec::new();
        for bundle in 0..size.div_ceil(256) {
            let width = (size - bundle * 256).min(256);
            let part = if width < 256 { format!(".p/{width}") } else { String::new() };
            let path = log.join(format!("tile/entries/{bundle:03}{part}"));
            found.extend(entries(&fs::read(path).expect("is there")));
        }
        assert_eq!(found.len() as u64, size);
        for (index, entry) in (0..).zip(&found) {
            let hash = record_hash(entry);
            let stored = reader.read_hashes(&[stored_hash_index(0, index)]).expect("is authentic");
            assert_eq!(stored.first(), Some(&hash), "entry {index}");
            if index % 50 == 0 || index + 1 == size {
                let proof = prove_record(size, index, &reader).expect("proves");
                check_record(&proof, size, *checkpoint.hash(), index, hash).expect("holds");
            }
        }
        for old in (1..=size).step_by(61) {
            let proof = prove_tree(size, old, &reader).expect("proves");
            let before = tree_hash(old, &reader).expect("reads");
            check_tree(&proof, size, *checkpoint.hash(), old, before).expect("holds");
        }
    }
}

#[test]
fn a_foreign_reader_refuses_a_changed_tile() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(store(folder.path(), 300));
    let log = folder.path().join("log");
    let checkpoint = checkpoint(&log);
    let files = Files(log.clone());
    let reader = TileHashReader::new(300, *checkpoint.hash(), &files);
    // Not of a full tile: this reader misses some of those (it counts subtrees where it means tiles).
    for name in ["tile/1/000.p/1", "tile/0/001.p/44"] {
        let path = log.join(name);
        let sound = fs::read(&path).expect("is there");
        let mut changed = sound.clone();
        *changed.get_mut(7).expect("a hash") ^= 1;
        fs::write(&path, changed).expect("writes");
        assert!(reader.read_hashes(&[stored_hash_index(0, 299)]).is_err(), "{name}");
        fs::write(&path, sound).expect("writes");
        assert!(reader.read_hashes(&[stored_hash_index(0, 299)]).is_ok(), "{name}");
    }
}
