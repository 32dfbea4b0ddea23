//! Reads the journal before the engine does, which cuts it at the first batch that is not whole.
//!
//! A crash leaves a batch that is not whole only at the end; anywhere else it is damage, and what follows is not to be cut.
//! The format, all numbers little-endian: a batch is `1`, its count of items (4 bytes) and its sequence number (8), the items,
//! and `3`, a checksum (8), `FJL` and 3. An item is `2`, the kind of value, the compression, the key space (8), the lengths of
//! key (2), value (4) and value on disk (4), and the bytes of key and value; or `4` and a key space (8), which it clears. The
//! checksum is XXH3 over the items as they were written. The engine compares it with the items decoded and encoded again:
//! the same bytes, unless the compressor has changed. The sequence number is under no checksum, but it ascends. Zeros after
//! the last batch are room for more.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use xxhash_rust::xxh3::Xxh3;

/// What a journal is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journal {
    /// All its batches are whole.
    Whole,
    /// The last batch, at byte `at`, is not.
    TornTail {
        /// Where the engine will cut it.
        at: u64,
    },
    /// What is at byte `at` is wrong, and no crash does that.
    Damaged {
        /// Where.
        at: u64,
        /// How.
        what: &'static str,
    },
}

/// Reads the journal at `path` and changes nothing.
pub fn inspect(path: &Path) -> io::Result<Journal> {
    let mut reader = Reader::open(path)?;
    let (mut at, mut last) = (0, None);
    while let Some(batch) = reader.batch(at)? {
        if last.is_some_and(|last| batch.number <= last) {
            return Ok(Journal::Damaged { at, what: "a batch's number is not above the one before" });
        }
        last = Some(batch.number);
        at = batch.end;
    }
    if reader.is_zero_from(at)? {
        Ok(Journal::Whole)
    } else if reader.batch_follows(path, at)? {
        Ok(Journal::Damaged { at, what: "a batch is not whole, though whole ones follow it" })
    } else {
        Ok(Journal::TornTail { at })
    }
}

/// Keeps the journal's bytes in a file beside it, before the engine cuts it at `at`.
pub fn set_aside(path: &Path, at: u64) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut target = path.with_file_name(format!("{name}.cut-at-{at}"));
    let mut number = 1;
    while target.try_exists()? {
        // Kept, and the program was ended before the cut. Or else another batch was torn at the same place.
        if same_bytes(path, &target)? {
            return Ok(());
        }
        number += 1;
        target = path.with_file_name(format!("{name}.cut-at-{at}-{number}"));
    }
    // Renamed when it is whole: a copy that a crash has left unfinished is no copy.
    let draft = path.with_file_name(format!("{name}.cut-at-{at}.new"));
    copy(path, &draft)?;
    fs::rename(&draft, &target)?;
    sync_folder_of(path)
}

/// Whether two files hold the same bytes.
fn same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let (mut one, mut other) = (Reader::open(one)?, Reader::open(other)?);
    if one.length != other.length {
        return Ok(false);
    }
    loop {
        let (left, right) = (one.file.fill_buf()?, other.file.fill_buf()?);
        let count = left.len().min(right.len());
        if count == 0 {
            return Ok(true);
        }
        if left.get(..count) != right.get(..count) {
            return Ok(false);
        }
        one.file.consume(count);
        other.file.consume(count);
    }
}

/// Copies a file durably, without writing its long runs of zeros.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut reader = Reader::open(from)?;
    let mut file = File::create(to)?;
    loop {
        let chunk = reader.file.fill_buf()?;
        let count = chunk.len();
        if count == 0 {
            break;
        }
        if ZEROS.starts_with(chunk) {
            file.seek(SeekFrom::Current(i64::try_from(count).unwrap_or_default()))?;
        } else {
            file.write_all(chunk)?;
        }
        reader.file.consume(count);
    }
    file.set_len(reader.length)?;
    file.sync_all()
}

#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn sync_folder_of(_: &Path) -> io::Result<()> {
    Ok(())
}

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;
const TRAILER: [u8; 4] = *b"FJL\x03";
const BUFFER_BYTES: usize = 1 << 16;
static ZEROS: [u8; BUFFER_BYTES] = [0; BUFFER_BYTES];

/// A whole batch.
struct Batch {
    number: u64,
    end: u64,
}

/// Why no batch was read.
enum Stop {
    NotWhole,
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

struct Reader {
    file: BufReader<File>,
    position: u64,
    length: u64,
    /// Bytes of keys and values read so far.
    read: u64,
}

impl Reader {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file: BufReader::with_capacity(BUFFER_BYTES, file), position: 0, length, read: 0 })
    }

    fn seek(&mut self, to: u64) -> io::Result<()> {
        // Within the buffer as long as it can be: most steps are short.
        match to.checked_signed_diff(self.position) {
            Some(step) => self.file.seek_relative(step)?,
            None => drop(self.file.seek(SeekFrom::Start(to))?),
        }
        self.position = to;
        Ok(())
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let mut bytes = [0; N];
        if self.length.saturating_sub(self.position) < N as u64 {
            return Err(Stop::NotWhole);
        }
        self.file.read_exact(&mut bytes)?;
        self.position += N as u64;
        Ok(bytes)
    }

    fn take_hashed<const N: usize>(&mut self, hasher: &mut Xxh3) -> Result<[u8; N], Stop> {
        let bytes = self.take()?;
        hasher.update(&bytes);
        Ok(bytes)
    }

    /// Hashes the next `count` bytes, through the buffer: a length that was read never becomes an allocation.
    fn hash(&mut self, count: u64, hasher: &mut Xxh3) -> Result<(), Stop> {
        if self.length.saturating_sub(self.position) < count {
            return Err(Stop::NotWhole);
        }
        let mut left = count;
        while left > 0 {
            let chunk = self.file.fill_buf()?;
            let now = chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if now == 0 {
                return Err(Stop::NotWhole);
            }
            hasher.update(chunk.get(..now).unwrap_or_default());
            self.file.consume(now);
            left -= now as u64;
        }
        self.position += count;
        self.read += count;
        Ok(())
    }

    /// The batch at `at`, if a whole one is there.
    fn batch(&mut self, at: u64) -> io::Result<Option<Batch>> {
        self.seek(at)?;
        match self.read_batch() {
            Ok(batch) => Ok(Some(batch)),
            Err(Stop::NotWhole) => Ok(None),
            Err(Stop::Io(error)) => Err(error),
        }
    }

    fn read_batch(&mut self) -> Result<Batch, Stop> {
        let [START] = self.take()? else { return Err(Stop::NotWhole) };
        let count = u32::from_le_bytes(self.take()?);
        let number = u64::from_le_bytes(self.take()?);
        let mut hasher = Xxh3::new();
        for _ in 0..count {
            self.read_item(&mut hasher)?;
        }
        let [END] = self.take()? else { return Err(Stop::NotWhole) };
        let checksum = u64::from_le_bytes(self.take()?);
        if checksum != hasher.digest() || self.take()? != TRAILER {
            return Err(Stop::NotWhole);
        }
        Ok(Batch { number, end: self.position })
    }

    fn read_item(&mut self, hasher: &mut Xxh3) -> Result<(), Stop> {
        match self.take_hashed(hasher)? {
            [ITEM] => {}
            [CLEAR] => {
                let _space: [u8; 8] = self.take_hashed(hasher)?;
                return Ok(());
            }
            _ => return Err(Stop::NotWhole),
        }
        let [kind, compression] = self.take_hashed(hasher)?;
        let _space: [u8; 8] = self.take_hashed(hasher)?;
        let key = u16::from_le_bytes(self.take_hashed(hasher)?);
        let value = u32::from_le_bytes(self.take_hashed(hasher)?);
        let on_disk = u32::from_le_bytes(self.take_hashed(hasher)?);
        // Kinds: a value, two kinds of deletion, a value elsewhere. Compression: none or LZ4.
        if !matches!(kind, 0 | 1 | 2 | 4) || compression > 1 || (compression == 0 && value != on_disk) {
            return Err(Stop::NotWhole);
        }
        self.hash(u64::from(key) + u64::from(on_disk), hasher)
    }

    /// Whether nothing but zeros is left.
    fn is_zero_from(&mut self, at: u64) -> io::Result<bool> {
        self.seek(at)?;
        loop {
            let chunk = self.file.fill_buf()?;
            let count = chunk.len();
            if count == 0 || !ZEROS.starts_with(chunk) {
                return Ok(count == 0);
            }
            self.file.consume(count);
            self.position += count as u64;
        }
    }

    /// Whether a whole batch begins anywhere after `at`.
    fn batch_follows(&mut self, path: &Path, at: u64) -> io::Result<bool> {
        let mut scan = Self::open(path)?;
        scan.seek(at + 1)?;
        // Bytes made so that everywhere something long seems to begin are no crash's doing: then it is damage.
        let enough = self.read.saturating_add(self.length.saturating_mul(16));
        loop {
            let chunk = scan.file.fill_buf()?;
            let count = chunk.len();
            if count == 0 {
                return Ok(false);
            }
            if !ZEROS.starts_with(chunk) {
                for (start, _) in (scan.position..).zip(chunk).filter(|(_, byte)| **byte == START) {
                    if self.batch(start)?.is_some() || self.read > enough {
                        return Ok(true);
                    }
                }
            }
            scan.file.consume(count);
            scan.position += count as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(number: u64, compression: u8, value: &[u8]) -> Vec<u8> {
        let mut item = vec![ITEM, 0, compression];
        item.extend(7_u64.to_le_bytes());
        item.extend(3_u16.to_le_bytes());
        let length = u32::try_from(value.len()).expect("short");
        item.extend((length * (1 + u32::from(compression))).to_le_bytes());
        item.extend(length.to_le_bytes());
        item.extend(b"key");
        item.extend(value);
        item.push(CLEAR);
        item.extend(8_u64.to_le_bytes());
        let mut hasher = Xxh3::new();
        hasher.update(&item);
        let mut bytes = vec![START];
        bytes.extend(2_u32.to_le_bytes());
        bytes.extend(number.to_le_bytes());
        bytes.extend(item);
        bytes.push(END);
        bytes.extend(hasher.digest().to_le_bytes());
        bytes.extend(TRAILER);
        bytes
    }

    fn inspected(bytes: &[u8]) -> Journal {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("0.jnl");
        fs::write(&path, bytes).expect("writes");
        let found = inspect(&path).expect("reads");
        assert_eq!(fs::read(&path).expect("reads"), bytes, "nothing is touched");
        found
    }

    #[test]
    fn only_what_a_crash_leaves_is_a_torn_tail() {
        let (first, second, third) = (batch(1, 0, b"one"), batch(2, 1, &[1; 100_000]), batch(3, 0, b""));
        let whole = [first.clone(), second.clone(), third.clone()].concat();
        let zeros = vec![0; 200_000];
        assert_eq!(inspected(&[]), Journal::Whole);
        assert_eq!(inspected(&zeros), Journal::Whole);
        assert_eq!(inspected(&whole), Journal::Whole);
        assert_eq!(inspected(&[whole.clone(), zeros.clone()].concat()), Journal::Whole);

        let at = (first.len() + second.len()) as u64;
        for cut in 1..third.len() {
            let torn = &whole[..whole.len() - cut];
            assert_eq!(inspected(torn), Journal::TornTail { at }, "{cut}");
            assert_eq!(inspected(&[torn, &zeros].concat()), Journal::TornTail { at }, "{cut}");
        }
        for place in 0..first.len() {
            // The number stands under no checksum: see below.
            if (5..13).contains(&place) {
                continue;
            }
            let mut flipped = whole.clone();
            flipped[place] ^= 0x10;
            assert!(matches!(inspected(&flipped), Journal::Damaged { at: 0, .. }), "{place}");
        }
        let swapped = [first, third, second].concat();
        assert!(matches!(inspected(&swapped), Journal::Damaged { .. }));
        assert_eq!(inspected(&[1; 1000]), Journal::TornTail { at: 0 });
    }

    #[test]
    fn lengths_that_lead_nowhere_end_the_search() {
        let head = [[START].as_slice(), &u32::MAX.to_le_bytes(), &[1; 8], &[ITEM, 0, 1], &[1; 8]].concat();
        let piece = [head.as_slice(), &0_u16.to_le_bytes(), &0_u32.to_le_bytes(), &400_000_u32.to_le_bytes()].concat();
        assert!(matches!(inspected(&piece.repeat(40_000)), Journal::Damaged { at: 0, .. }));
    }

    #[test]
    fn what_is_set_aside_is_kept_once_and_not_lost_to_another_tear() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("0.jnl");
        let names = || {
            let names = fs::read_dir(folder.path()).expect("reads").map(|entry| entry.expect("reads").file_name());
            let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
            names.sort();
            names
        };
        let torn = [vec![1; 70_000], vec![0; 300_000]].concat();
        fs::write(&path, &torn).expect("writes");
        set_aside(&path, 5).expect("copies");
        set_aside(&path, 5).expect("has it already");
        assert_eq!(names(), ["0.jnl", "0.jnl.cut-at-5"]);
        fs::write(&path, b"other").expect("writes");
        set_aside(&path, 5).expect("copies");
        assert_eq!(names(), ["0.jnl", "0.jnl.cut-at-5", "0.jnl.cut-at-5-2"]);
        assert_eq!(fs::read(folder.path().join("0.jnl.cut-at-5")).expect("reads"), torn);
    }
}
