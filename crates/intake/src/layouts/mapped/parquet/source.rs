//! The file as the library reads it: what it asks for is checked before it is allocated.

use std::io::{self, BufReader, Read};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use super::PAGE_BYTES_MAX;
use crate::file::DeliveryFile;

/// Bytes of a page's header that are looked at first; statistics may make it longer.
const HEADER_BUFFER_BYTES: usize = 256;

/// A file whose pages are bounded.
pub(super) struct Source<'a> {
    pub(super) file: &'a dyn DeliveryFile,
    pub(super) length: u64,
}

/// Reads on from a place in the file.
pub(super) struct From<'a> {
    file: &'a dyn DeliveryFile,
    at: u64,
}

impl Read for From<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(self.at, buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Length for Source<'_> {
    fn len(&self) -> u64 {
        self.length
    }
}

impl<'a> ChunkReader for Source<'a> {
    type T = BufReader<From<'a>>;

    /// The library reads page headers so, and nothing else.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut header = [0; HEADER_BUFFER_BYTES];
        let count = self.file.read_at(start, &mut header)?;
        check_page(header.get(..count).unwrap_or_default())?;
        Ok(BufReader::with_capacity(HEADER_BUFFER_BYTES, From { file: self.file, at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if length > PAGE_BYTES_MAX {
            return Err(ParquetError::General("page above the limit".to_owned()));
        }
        let mut bytes = vec![0; length];
        if self.file.read_at(start, &mut bytes)? < length {
            return Err(ParquetError::EOF("page beyond the end".to_owned()));
        }
        Ok(bytes.into())
    }
}

/// Checks the sizes in a page's header before the library allocates by them: its first three fields are kind, size unpacked
/// and size packed (`PageHeader` in `parquet.thrift`), each a zigzag number of the compact protocol.
fn check_page(header: &[u8]) -> Result<()> {
    let mut bytes = header.iter();
    let mut number = || {
        // One field further, and an `i32`.
        if bytes.next() != Some(&0x15) {
            return None;
        }
        let (mut value, mut shift) = (0_u32, 0_u32);
        loop {
            let byte = u32::from(*bytes.next()?);
            value |= (byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte < 0x80 {
                return Some(i64::from(value >> 1) ^ -i64::from(value & 1));
            }
        }
    };
    let sizes = (|| {
        number()?;
        Some([number()?, number()?])
    })();
    match sizes {
        Some(sizes) if sizes.iter().all(|size| (0..=PAGE_BYTES_MAX as i64).contains(size)) => Ok(()),
        Some(_) => Err(ParquetError::General("page above the limit".to_owned())),
        None => Err(ParquetError::General("not a page header".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_sizes_above_the_limit_or_below_zero_are_refused_before_anything_is_allocated() {
        let header = |unpacked: i64| {
            let mut bytes = vec![0x15, 0, 0x15];
            let mut zigzag = u64::try_from((unpacked << 1) ^ (unpacked >> 63)).unwrap_or(u64::from(u32::MAX));
            while zigzag >= 0x80 {
                bytes.push(u8::try_from(zigzag & 0x7f).unwrap() | 0x80);
                zigzag >>= 7;
            }
            bytes.push(u8::try_from(zigzag).unwrap());
            bytes.extend_from_slice(&[0x15, 8]);
            bytes
        };
        let limit = i64::try_from(PAGE_BYTES_MAX).unwrap();
        for (bytes, fits) in
            [(0, true), (1000, true), (limit, true), (limit + 1, false), (i64::from(i32::MAX), false), (-1, false)]
        {
            assert_eq!(check_page(&header(bytes)).is_ok(), fits, "{bytes}");
        }
        for damaged in [
            b"".as_slice(),
            b"\x15",
            b"\x15\x00\x15\x00",
            b"\x15\x00\x16\x00\x15\x00",
            &[0x15; 3],
            &[0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(check_page(damaged).is_err(), "{damaged:?}");
        }
    }
}
