//! The file of a delivery: bytes that can be read from any place, by several threads at once.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// A delivery's bytes.
pub trait DeliveryFile: Sync {
    /// How many there are.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn length(&self) -> io::Result<u64>;

    /// Reads bytes from `at` on into `buffer` and tells how many; 0 at the end, and fewer than asked for only there.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl DeliveryFile for [u8] {
    fn length(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(at).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        let mut rest = rest;
        rest.read(buffer)
    }
}

impl DeliveryFile for Vec<u8> {
    fn length(&self) -> io::Result<u64> {
        self.as_slice().length()
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(at, buffer)
    }
}

impl DeliveryFile for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        use std::os::unix::fs::FileExt;
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match FileExt::read_at(self, rest, at + done as u64) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}

/// Reads a delivery from its first byte on.
#[derive(Clone)]
pub struct Bytes<'a> {
    file: &'a dyn DeliveryFile,
    at: u64,
}

impl<'a> Bytes<'a> {
    /// From the first byte of `file`.
    pub const fn new(file: &'a dyn DeliveryFile) -> Self {
        Self { file, at: 0 }
    }
}

impl std::fmt::Debug for Bytes<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Bytes(at {})", self.at)
    }
}

impl Read for Bytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(self.at, buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Bytes<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::Current(by) => (self.at, by),
            SeekFrom::End(by) => (self.file.length()?, by),
        };
        let before_start = || io::Error::new(io::ErrorKind::InvalidInput, "a place before the file's start");
        self.at = from.checked_add_signed(by).ok_or_else(before_start)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_its_bytes_read_the_same_from_anywhere() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &bytes).unwrap();
        for at in [0, 1, 254, 255, 256, 300] {
            let (mut one, mut other) = ([0; 3], [0; 3]);
            let read = DeliveryFile::read_at(&file, at, &mut one).unwrap();
            assert_eq!(bytes.read_at(at, &mut other).unwrap(), read);
            assert_eq!(read, usize::try_from(256_u64.saturating_sub(at)).unwrap().min(3));
            assert_eq!(one, other);
        }
        let mut reader = Bytes::new(&file);
        assert_eq!(reader.seek(SeekFrom::End(-2)).unwrap(), 254);
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, [254, 255]);
        assert!(reader.seek(SeekFrom::Current(-300)).is_err());
    }
}
