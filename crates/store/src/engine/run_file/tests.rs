//! A run's file: what is written is found again, and no changed byte is read.

use std::collections::BTreeMap;
use std::fs;

use super::block::block_check;
use super::*;

type Pairs = BTreeMap<SubjectId, Vec<u8>>;

/// How long the value of a subject of this number is.
type Length = fn(u64) -> usize;

/// Subjects that share their first byte, spread as pseudonyms are, with values of `length` bytes of which half repeat.
fn pairs(count: u64, length: impl Fn(u64) -> usize) -> Pairs {
    let pair = |number: u64| {
        let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        let mut subject = [0x41; 16];
        subject[1..9].copy_from_slice(&spread);
        let bytes = spread.iter().chain(b"the same").copied().cycle().take(length(number)).collect();
        (SubjectId(subject), bytes)
    };
    (0..count).map(pair).collect()
}

fn write(path: &Path, pairs: &Pairs) {
    let mut writer = RunWriter::create(path).unwrap();
    for (subject, value) in pairs {
        writer.values().extend_from_slice(value);
        writer.push(*subject).unwrap();
    }
    writer.finish().unwrap();
}

fn open(path: &Path, number: u64, caches: &Arc<Caches>) -> Result<Arc<RunFile>, EngineError> {
    RunFile::open(path, number, "store/facts/7".to_owned(), caches).map(Arc::new)
}

fn scanned(file: &Arc<RunFile>) -> Result<Vec<(SubjectId, Vec<u8>)>, EngineError> {
    let (mut scan, mut pairs) = (RunScan::new(Arc::clone(file)), Vec::new());
    while let Some((subject, value)) = scan.next()? {
        pairs.push((subject, value.bytes().to_vec()));
    }
    Ok(pairs)
}

#[test]
fn what_was_written_is_found_by_its_subject_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let caches = Arc::new(Caches::new());
    // One, values of no bytes, more blocks than a part of the index is about, and values larger than a block and than what is
    // read at once.
    let cases: [(u64, Length); 4] = [
        (1, |_| 3),
        (1000, |_| 0),
        (60_000, |number| 20 + usize::try_from(number % 60).unwrap()),
        (40, |number| if number % 7 == 0 { 600_000 } else { 100 }),
    ];
    for (number, (count, length)) in (0..).zip(cases) {
        let (path, pairs) = (folder.path().join(number.to_string()), pairs(count, length));
        write(&path, &pairs);
        let file = open(&path, number, &caches).unwrap();
        assert_eq!(file.len(), fs::metadata(&path).unwrap().len());
        assert_eq!(scanned(&file).unwrap(), pairs.clone().into_iter().collect::<Vec<_>>());
        for _ in 0..2 {
            for (subject, value) in pairs.iter().step_by(7) {
                let found = file.get(*subject).unwrap().unwrap();
                assert_eq!(found.bytes(), value, "{subject}");
                let mut above = *subject;
                above.0[15] = above.0[15].wrapping_add(1);
                assert!(file.get(above).unwrap().is_none(), "{above}");
            }
        }
        assert!(file.get(SubjectId([0; 16])).unwrap().is_none());
        assert!(file.get(SubjectId([0xff; 16])).unwrap().is_none());
        let mut read = 0;
        file.check(&mut |bytes| read += bytes).unwrap();
        assert_eq!(read + FOOTER_BYTES as u64, file.len());
    }
    let parts = |number: u64| open(&folder.path().join(number.to_string()), number, &caches).unwrap().top.len();
    assert_eq!((parts(0), parts(2)), (1, 2));
}

#[test]
fn a_changed_byte_is_found_wherever_it_is_and_read_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (path, pairs) = (folder.path().join("1"), pairs(2000, |_| 40));
    write(&path, &pairs);
    let bytes = fs::read(&path).unwrap();
    let expected: Vec<_> = pairs.clone().into_iter().collect();
    for place in (0..bytes.len()).step_by(113).chain(bytes.len() - FOOTER_BYTES..bytes.len()) {
        let mut changed = bytes.clone();
        changed[place] ^= 4;
        fs::write(&path, &changed).unwrap();
        let Ok(file) = open(&path, 1, &Arc::new(Caches::new())) else { continue };
        assert_eq!(file.check(&mut |_| {}), Err(MISMATCH.to_owned()), "byte {place}");
        // What is read is what was written, or nothing.
        match scanned(&file) {
            Ok(read) => assert_eq!(read, expected, "byte {place}"),
            Err(error) => assert!(error.to_string().starts_with("damaged: store/facts/7: byte "), "{error}"),
        }
        for (subject, value) in pairs.iter().step_by(97) {
            match file.get(*subject) {
                Ok(found) => assert_eq!(found.unwrap().bytes(), value, "byte {place}"),
                Err(error) => assert!(error.to_string().ends_with(MISMATCH), "{error}"),
            }
        }
    }
    for length in [0, 10, FOOTER_BYTES, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&path, &bytes[..length]).unwrap();
        let told = open(&path, 1, &Arc::new(Caches::new())).err().unwrap().to_string();
        assert!(told.ends_with(MISMATCH), "{length}: {told}");
    }
    fs::remove_file(&path).unwrap();
    let told = open(&path, 1, &Arc::new(Caches::new())).err().unwrap().to_string();
    assert_eq!(told, "damaged: store/facts/7: missing: facts that were made visible are not there");
}

#[test]
fn a_run_that_is_not_finished_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1");
    let mut writer = RunWriter::create(&path).unwrap();
    writer.values().push(1);
    writer.push(SubjectId([1; 16])).unwrap();
    assert!(path.exists());
    drop(writer);
    assert!(!path.exists());
}

#[test]
#[should_panic(expected = "subjects of a run ascend")]
fn subjects_out_of_order_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = RunWriter::create(&folder.path().join("1")).unwrap();
    for subject in [2, 1] {
        writer.push(SubjectId([subject; 16])).unwrap();
    }
}

/// What is stored: these bytes may only change with the store's format.
#[test]
fn the_bytes_are_fixed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1");
    let (one, two) = (SubjectId([7; 16]), SubjectId(std::array::from_fn(|place| if place < 14 { 7 } else { 9 })));
    write(&path, &[(one, b"ab".to_vec()), (two, b"cde".to_vec())].into());
    let bytes = fs::read(&path).unwrap();
    let (block, rest) = bytes.split_at(20 + 1 + 14 + 4 + 2 + 5);
    assert_eq!(block[..12], [0, 0, 0, 26, 0, 0, 0, 5, 0, 0, 0, 2]);
    assert_eq!(block[20..], [&[14][..], &[7; 16], &[9; 2], &[2, 3], b"abcde"].concat());
    let (part, rest) = rest.split_at(28 + 8);
    assert_eq!(part[..28], [&[7; 16][..], &[0; 8], &[0, 0, 0, 46]].concat());
    let (top, footer) = rest.split_at(28);
    assert_eq!(top, [&[7; 16][..], &[0, 0, 0, 0, 0, 0, 0, 46, 0, 0, 0, 36]].concat());
    assert_eq!(footer[..24], [&b"TALLYRUN"[..], &[0, 0, 0, 0, 0, 0, 0, 46], &[0, 0, 0, 0, 0, 0, 0, 82]].concat());
    assert_eq!(footer.len(), FOOTER_BYTES);
    assert_eq!(block[12..20], block_check(block.first_chunk().unwrap(), &block[20..]).to_be_bytes());
    assert_eq!(part[28..], xxh3_64(&part[..28]).to_be_bytes());
    assert_eq!(footer[24..32], xxh3_64(top).to_be_bytes());
    assert_eq!(footer[32..48], xxhash_rust::xxh3::xxh3_128(&bytes[..bytes.len() - FOOTER_BYTES]).to_be_bytes());
    assert_eq!(footer[48..], xxh3_64(&footer[..48]).to_be_bytes());
}
