//! A scratch file: what does not fit in memory while a delivery is sorted.
//!
//! It is encrypted under a key that exists in memory only, and has no name in the folder from the moment it is made: a crash
//! leaves neither data nor a file.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use tallystick_model::Sensitive;

use crate::store::{Store, StoreError};

/// Where a piece stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScratchPiece {
    number: u64,
    at: u64,
    length: usize,
}

impl ScratchPiece {
    /// Bytes it takes in memory.
    pub const fn len(&self) -> usize {
        self.length.saturating_sub(TAG_BYTES)
    }

    /// Whether it holds nothing.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

const TAG_BYTES: usize = 16;

/// The file.
pub struct Scratch {
    file: File,
    path: PathBuf,
    cipher: ChaCha20Poly1305,
    pieces: u64,
    at: u64,
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Scratch({} pieces)", self.pieces)
    }
}

impl Scratch {
    fn create(folder: &Path, key: &Sensitive<[u8; 32]>) -> Result<Self, StoreError> {
        let path = folder.join("scratch");
        let failed = |error| StoreError::File { path: path.clone(), error };
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path).map_err(failed)?;
        fs::remove_file(&path).map_err(failed)?;
        Ok(Self { file, cipher: ChaCha20Poly1305::new(key.expose().into()), path, pieces: 0, at: 0 })
    }

    /// Appends a piece.
    ///
    /// # Errors
    /// [`StoreError::File`] if the disk refuses, e.g. because it is full.
    pub fn put(&mut self, bytes: &[u8]) -> Result<ScratchPiece, StoreError> {
        let number = self.pieces;
        // Each piece has a number of its own, and the key is this file's alone: no nonce is used twice.
        let sealed = self.cipher.encrypt(&nonce(number), bytes).map_err(|_| self.damaged("a piece is too large"))?;
        let failed = |error| StoreError::File { path: self.path.clone(), error };
        self.file.write_all_at(&sealed, self.at).map_err(failed)?;
        let piece = ScratchPiece { number, at: self.at, length: sealed.len() };
        self.pieces += 1;
        self.at += sealed.len() as u64;
        Ok(piece)
    }

    /// Reads a piece back.
    ///
    /// # Errors
    /// [`StoreError::File`] if the disk refuses, [`StoreError::Damaged`] if it is not what was written.
    pub fn get(&self, piece: &ScratchPiece) -> Result<Vec<u8>, StoreError> {
        let mut sealed = vec![0; piece.length];
        let failed = |error| StoreError::File { path: self.path.clone(), error };
        self.file.read_exact_at(&mut sealed, piece.at).map_err(failed)?;
        let opened = self.cipher.decrypt(&nonce(piece.number), sealed.as_slice());
        opened.map_err(|_| self.damaged("a piece is not as it was written"))
    }

    fn damaged(&self, what: &str) -> StoreError {
        StoreError::Damaged { place: self.path.display().to_string(), what: what.to_owned() }
    }
}

fn nonce(number: u64) -> Nonce {
    let mut nonce = [0; 12];
    let (_, last) = nonce.split_at_mut(4);
    last.copy_from_slice(&number.to_be_bytes());
    Nonce::from(nonce)
}

impl Store {
    /// A scratch file in the data folder, under a random `key` that is not used for anything else.
    ///
    /// # Errors
    /// [`StoreError::File`] if the disk refuses.
    pub fn scratch(&self, key: &Sensitive<[u8; 32]>) -> Result<Scratch, StoreError> {
        Scratch::create(&self.folder, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_return_and_the_file_has_no_name_and_no_plain_text() {
        let folder = tempfile::tempdir().unwrap();
        let mut scratch = Scratch::create(folder.path(), &Sensitive::new([7; 32])).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let pieces = [vec![], vec![1; 100_000], b"plain text of a person".to_vec()];
        let places: Vec<_> = pieces.iter().map(|piece| scratch.put(piece).unwrap()).collect();
        for (place, piece) in places.iter().zip(&pieces).rev() {
            assert_eq!(
                (&scratch.get(place).unwrap(), place.len(), place.is_empty()),
                (piece, piece.len(), piece.is_empty())
            );
        }
        let mut raw = vec![0; usize::try_from(scratch.at).unwrap()];
        scratch.file.read_exact_at(&mut raw, 0).unwrap();
        assert!(!raw.windows(5).any(|window| window == b"plain" || window == [1; 5]));
        scratch.file.write_all_at(&[raw[20] ^ 1], 20).unwrap();
        assert!(matches!(scratch.get(&places[1]), Err(StoreError::Damaged { .. })));
    }
}
