//! Gathering: parts are read by several threads and put together in the order of the file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufReader;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tallystick_intake::{
    Bytes, Cutter, DeliveryFile, FileSummary, Layout, Part, PartReader, ReadContext, Refused, Reject, parts,
    read_delivery,
};
use tallystick_model::DataCategory;
use tallystick_model::inquiry::Reason;
use tallystick_model::quality::Quality;
use tallystick_store::{Scratch, ScratchPiece, StoreError};

use super::admitting::{Admitting, Flushing, PartFacts};
use crate::ingest::{Progress, Telling};

/// Rejects kept to be told one by one; all are counted, and told to whoever takes feedback.
pub(crate) const REJECTS_KEPT_MAX: usize = 1000;

/// How often waiting people are told how far it is.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Bytes of entries that a thread holds of one part before it waits for its turn to give them away: a part of text has
/// less, a row group of Parquet may have far more.
const PART_ENTRIES_BYTES_MAX: usize = 32 << 20;

/// A bucket that will have no more bytes than this grows as it is filled.
const ROOM_BYTES_MIN: usize = 4 << 10;

/// The part of the room for a bucket that is added for those that get more than others.
const ROOM_SPARE: usize = 16;

/// Bytes of entries that a file read whole gives before they are gathered.
const FLUSH_BYTES: usize = 4 << 20;

/// What cannot be read on with.
#[derive(Debug)]
pub(crate) enum Stopped {
    Refused(Refused),
    Store(StoreError),
}

impl From<Refused> for Stopped {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Entries of subjects whose pseudonyms begin alike.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    /// Still in memory.
    pub(crate) bytes: Vec<u8>,
    /// In the scratch file, in the order of the file.
    pub(crate) pieces: Vec<ScratchPiece>,
}

/// All that was read of a delivery.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) scratch: Option<Scratch>,
    pub(crate) summary: FileSummary,
    /// Records before each part.
    pub(crate) records_before: Vec<u64>,
    pub(crate) rejects: u64,
    pub(crate) kept_rejects: Vec<Reject>,
    pub(crate) counts: Counts,
    pub(crate) entries: u64,
    /// Whether a record was about more than one subject: then what one of them contests concerns the others.
    pub(crate) spans_subjects: bool,
    pub(crate) file_hash: [u8; 32],
    pub(crate) file_bytes: u64,
    in_memory: usize,
}

/// What is counted of records beside facts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Records and values that only lack a recorded consent.
    pub(crate) awaiting_consent: u64,
    /// Records rejected for want of one.
    pub(crate) without_consent: u64,
    /// Records rejected because no consent would let them in.
    pub(crate) forbidden: u64,
    /// The rules that ask for the consent, or forbid.
    pub(crate) denied_by: BTreeSet<Reason>,
    /// Values that were not let in.
    pub(crate) not_admitted: BTreeMap<DataCategory, u64>,
    pub(crate) quality: Quality,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        let Self { awaiting_consent, without_consent, forbidden, denied_by, not_admitted, quality } = other;
        self.awaiting_consent += awaiting_consent;
        self.without_consent += without_consent;
        self.forbidden += forbidden;
        self.denied_by.extend(denied_by);
        for (category, count) in not_admitted {
            *self.not_admitted.entry(category).or_default() += count;
        }
        self.quality.add(&quality);
    }
}

/// How a delivery is gathered.
pub(crate) struct Gathering<'a> {
    pub(crate) threads: usize,
    /// Entries held in memory at the most, in bytes; the rest goes to the scratch file.
    pub(crate) memory_bytes: usize,
    pub(crate) new_scratch: &'a (dyn Fn() -> Result<Scratch, StoreError> + Sync),
    pub(crate) admitting: &'a (dyn Fn() -> Admitting<'a> + Sync),
}

/// Files beyond this are divided into more buckets, so that one still fits in memory.
const LARGE_FILE_BYTES: u64 = 16 << 30;

/// The same of Parquet, whose columns are packed.
const LARGE_PARQUET_BYTES: u64 = 1 << 30;

/// How many leading bits of the subject name the bucket. At least the three that name the store's shard, and not more
/// than sixteen.
///
/// # Errors
/// Whatever the operating system says.
pub(crate) fn bucket_bits(file: &dyn DeliveryFile) -> std::io::Result<u32> {
    let mut mark = [0; 4];
    let is_parquet = file.read_at(0, &mut mark)? == 4 && mark == *b"PAR1";
    let large = if is_parquet { LARGE_PARQUET_BYTES } else { LARGE_FILE_BYTES };
    Ok(if file.length()? > large { 12 } else { 8 })
}

/// What the threads share while they read.
struct Shared<'g, 't> {
    gathering: &'t Gathering<'g>,
    turn: Mutex<Turn<'t>>,
    turned: Condvar,
    stop: AtomicBool,
    /// For progress.
    records: AtomicU64,
    rejects: AtomicU64,
    bytes: AtomicU64,
}

struct Turn<'t> {
    next: u32,
    working: usize,
    gathered: Gathered,
    /// Why reading ended early, and in which part: of several reasons that of the first part.
    failed: Option<(u32, Stopped)>,
    hash_failed: Option<std::io::Error>,
    feedback: &'t mut (dyn FnMut(&Reject) + Send),
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked has left a delivery that is given up with it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a whole delivery.
///
/// # Errors
/// [`Stopped`] if the file is not what it claims, or the disk refuses.
pub(crate) fn gather<'t>(
    gathering: &'t Gathering<'_>,
    layout: &Layout,
    file: &dyn DeliveryFile,
    context: &ReadContext,
    telling: &'t mut Telling<'_>,
) -> Result<Gathered, Stopped> {
    let length = file.length().map_err(Refused::Io)?;
    let in_parts = parts(layout, file, context)?;
    let buckets = (0..1_usize << bucket_bits(file).map_err(Refused::Io)?).map(|_| Bucket::default()).collect();
    let gathered = Gathered { buckets, file_bytes: length, ..Gathered::default() };
    let threads = if in_parts.is_some() { gathering.threads.max(1) } else { 1 };
    let turn =
        Turn { next: 0, working: threads + 1, gathered, failed: None, hash_failed: None, feedback: telling.rejects };
    let shared = Shared {
        gathering,
        turn: Mutex::new(turn),
        turned: Condvar::new(),
        stop: AtomicBool::new(false),
        records: AtomicU64::new(0),
        rejects: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
    };
    let finish = match in_parts {
        Some(parts) => {
            let cutter = Mutex::new((0, parts.cutter));
            let reader = &*parts.reader;
            run(&shared, file, telling.progress, || read_parts(&shared, &cutter, reader));
            Some(parts.reader)
        }
        None => {
            run(&shared, file, telling.progress, || {
                read_whole(&shared, layout, file, context).map_err(|stopped| (0, stopped))
            });
            None
        }
    };
    let turn = shared.turn.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, stopped)) = turn.failed {
        return Err(stopped);
    }
    if let Some(error) = turn.hash_failed {
        return Err(Refused::Io(error).into());
    }
    let mut gathered = turn.gathered;
    if let Some(reader) = finish {
        gathered.summary = reader.finish(gathered.summary)?;
    }
    Ok(gathered)
}

/// Runs the readers and the hashing of the file, and tells how far they are until all have ended.
fn run(
    shared: &Shared<'_, '_>,
    file: &dyn DeliveryFile,
    progress: &mut dyn FnMut(Progress),
    work: impl Fn() -> Result<(), (u32, Stopped)> + Sync,
) {
    let workers = locked(&shared.turn).working - 1;
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let _ended = Ended(shared);
                if let Err((part, stopped)) = work() {
                    shared.fail(part, stopped);
                }
            });
        }
        scope.spawn(|| {
            let _ended = Ended(shared);
            match hash(file, &shared.stop) {
                Ok(hash) => locked(&shared.turn).gathered.file_hash = hash,
                // The readers will meet it too, or something worse before it: theirs is the one to tell.
                Err(error) => locked(&shared.turn).hash_failed = Some(error),
            }
        });
        let mut turn = locked(&shared.turn);
        while turn.working > 0 {
            let waited = shared.turned.wait_timeout(turn, TELL_EVERY);
            let (still, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            turn = still;
            if timeout.timed_out() {
                shared.tell(progress);
            }
        }
    });
    shared.tell(progress);
}

/// Counts a thread out when it ends, however it ends.
struct Ended<'a, 'b, 't>(&'a Shared<'b, 't>);

impl Drop for Ended<'_, '_, '_> {
    fn drop(&mut self) {
        let mut turn = locked(&self.0.turn);
        turn.working = turn.working.saturating_sub(1);
        if std::thread::panicking() {
            self.0.stop.store(true, Ordering::Relaxed);
        }
        self.0.turned.notify_all();
    }
}

impl<'t> Shared<'_, 't> {
    fn tell(&self, progress: &mut dyn FnMut(Progress)) {
        progress(Progress {
            stage: "reading",
            done: self.records.load(Ordering::Relaxed),
            rejects: self.rejects.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        });
    }

    fn fail(&self, part: u32, stopped: Stopped) {
        let mut turn = locked(&self.turn);
        // Where one thread stops because another has failed, the other's reason is the one to tell.
        let first = turn.failed.as_ref().is_none_or(|(before, _)| part < *before);
        if first && !matches!(stopped, Stopped::Refused(Refused::Stopped)) {
            turn.failed = Some((part, stopped));
        }
        self.stop.store(true, Ordering::Relaxed);
        self.turned.notify_all();
    }

    /// Waits until all parts before part `number` have been taken.
    fn turn_of(&self, number: u32) -> Result<MutexGuard<'_, Turn<'t>>, Stopped> {
        let mut turn = locked(&self.turn);
        while turn.next != number {
            if self.stop.load(Ordering::Relaxed) {
                return Err(Refused::Stopped.into());
            }
            turn = self.turned.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(turn)
    }

    /// Takes some of what part `number` gave, and more of it later: of a part that is larger than should be held.
    fn take_some(&self, number: u32, facts: PartFacts) -> Result<(), Stopped> {
        let mut turn = self.turn_of(number)?;
        self.rejects.fetch_add(facts.rejects.len() as u64, Ordering::Relaxed);
        let before = turn.gathered.summary.records;
        self.absorb(&mut turn, facts, before).map(drop)
    }

    /// Takes what part `number` gave, or the rest of it, when all parts before it have been taken.
    /// Gives the room of its entries back.
    fn take(&self, number: u32, facts: PartFacts, summary: FileSummary, bytes: u64) -> Result<Vec<Vec<u8>>, Stopped> {
        let mut turn = self.turn_of(number)?;
        self.records.fetch_add(summary.records, Ordering::Relaxed);
        self.rejects.fetch_add(facts.rejects.len() as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let before = turn.gathered.summary.records;
        turn.gathered.records_before.push(before);
        turn.gathered.summary.add(summary);
        if number == 0 {
            self.make_room(&mut turn.gathered, &facts, bytes);
        }
        let taken = self.absorb(&mut turn, facts, before);
        turn.next += 1;
        self.turned.notify_all();
        taken
    }

    /// Makes room for all entries, as far as memory goes, from what the first part of `bytes` gave: buckets that grew as they are
    /// filled would be copied again and again.
    fn make_room(&self, gathered: &mut Gathered, facts: &PartFacts, bytes: u64) {
        let first: u128 = facts.buckets.iter().map(|bucket| bucket.len() as u128).sum();
        let all = first * u128::from(gathered.file_bytes) / u128::from(bytes.max(1));
        let all = usize::try_from(all).unwrap_or(usize::MAX).min(self.gathering.memory_bytes);
        let each = all / gathered.buckets.len().max(1);
        if bytes > 0 && each > ROOM_BYTES_MIN {
            gathered.buckets.iter_mut().for_each(|bucket| bucket.bytes.reserve(each + each / ROOM_SPARE));
        }
    }

    fn absorb(&self, turn: &mut Turn<'_>, facts: PartFacts, records_before: u64) -> Result<Vec<Vec<u8>>, Stopped> {
        let PartFacts { mut buckets, entries, rejects, counts, spans_subjects, .. } = facts;
        for mut reject in rejects {
            reject.place.record += records_before;
            turn.gathered.rejects += 1;
            (turn.feedback)(&reject);
            if turn.gathered.kept_rejects.len() < REJECTS_KEPT_MAX {
                turn.gathered.kept_rejects.push(reject);
            }
        }
        let gathered = &mut turn.gathered;
        gathered.counts.add(counts);
        gathered.entries += entries;
        gathered.spans_subjects |= spans_subjects;
        for (bucket, bytes) in gathered.buckets.iter_mut().zip(&mut buckets) {
            bucket.bytes.extend_from_slice(bytes);
            gathered.in_memory += bytes.len();
            bytes.clear();
        }
        if gathered.in_memory > self.gathering.memory_bytes {
            spill(gathered, self.gathering)?;
        }
        Ok(buckets)
    }
}

/// Moves all entries in memory to the scratch file.
fn spill(gathered: &mut Gathered, gathering: &Gathering<'_>) -> Result<(), StoreError> {
    let scratch = match &mut gathered.scratch {
        Some(scratch) => scratch,
        none => none.insert((gathering.new_scratch)()?),
    };
    for bucket in &mut gathered.buckets {
        if !bucket.bytes.is_empty() {
            bucket.pieces.push(scratch.put(&bucket.bytes)?);
            bucket.bytes.clear();
        }
    }
    gathered.in_memory = 0;
    Ok(())
}

fn read_parts(
    shared: &Shared<'_, '_>,
    cutter: &Mutex<(u32, Box<dyn Cutter + '_>)>,
    reader: &dyn PartReader,
) -> Result<(), (u32, Stopped)> {
    let mut admitting = (shared.gathering.admitting)();
    // A part that was begun is read to its end, so that of two errors the first is found whatever the threads' pace.
    while !shared.stop.load(Ordering::Relaxed) {
        let (number, part) = {
            let mut cutter = locked(cutter);
            let number = cutter.0;
            let Some(part) = cutter.1.next_part().map_err(|refused| (number, refused.into()))? else { return Ok(()) };
            cutter.0 += 1;
            (number, part)
        };
        let read = read_part(shared, &mut admitting, reader, number, &part);
        let room = read
            .and_then(|(facts, summary)| shared.take(number, facts, summary, part.bytes.len() as u64))
            .map_err(|stopped| (number, stopped))?;
        admitting.reuse(room);
    }
    Ok(())
}

fn read_part(
    shared: &Shared<'_, '_>,
    admitting: &mut Admitting<'_>,
    reader: &dyn PartReader,
    number: u32,
    part: &Part,
) -> Result<(PartFacts, FileSummary), Stopped> {
    admitting.begin(number);
    let mut flushed = Ok(());
    let mut flush = |facts: PartFacts| {
        if flushed.is_ok() {
            flushed = shared.take_some(number, facts);
        }
        flushed.is_ok()
    };
    // What was begun is read on though another thread has failed: see `read_parts`.
    let never = AtomicBool::new(false);
    let mut sink = Flushing { admitting, bytes_max: PART_ENTRIES_BYTES_MAX, flush: &mut flush, stop: &never };
    let read = reader.read_part(part, &mut sink);
    flushed?;
    if let Some(error) = admitting.failed.take() {
        return Err(error.into());
    }
    Ok((admitting.end(), read?))
}

/// Reads a file that cannot be cut: its entries are gathered now and then, all as part 0.
fn read_whole(
    shared: &Shared<'_, '_>,
    layout: &Layout,
    file: &dyn DeliveryFile,
    context: &ReadContext,
) -> Result<(), Stopped> {
    let mut admitting = (shared.gathering.admitting)();
    let flush = |facts: PartFacts| -> Result<(), Stopped> {
        shared.records.store(facts.records, Ordering::Relaxed);
        shared.rejects.fetch_add(facts.rejects.len() as u64, Ordering::Relaxed);
        let mut turn = locked(&shared.turn);
        shared.absorb(&mut turn, facts, 0).map(drop)
    };
    let mut flushed = Ok(());
    let mut keep_flushed = |facts: PartFacts| {
        if flushed.is_ok() {
            flushed = flush(facts);
        }
        flushed.is_ok()
    };
    let read = {
        let mut sink = Flushing {
            admitting: &mut admitting,
            bytes_max: FLUSH_BYTES,
            flush: &mut keep_flushed,
            stop: &shared.stop,
        };
        read_delivery(layout, &mut BufReader::with_capacity(1 << 18, Bytes::new(file)), context, &mut sink)
    };
    flushed?;
    if let Some(error) = admitting.failed.take() {
        return Err(error.into());
    }
    let summary = read?;
    let facts = admitting.end();
    shared.records.store(facts.records, Ordering::Relaxed);
    shared.rejects.fetch_add(facts.rejects.len() as u64, Ordering::Relaxed);
    let mut turn = locked(&shared.turn);
    turn.gathered.records_before.push(0);
    shared.absorb(&mut turn, facts, 0)?;
    turn.gathered.summary = summary;
    Ok(())
}

/// SHA-256 of the whole file, unless told to stop.
fn hash(file: &dyn DeliveryFile, stop: &AtomicBool) -> std::io::Result<[u8; 32]> {
    let (mut hash, mut at, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 20]);
    while !stop.load(Ordering::Relaxed) {
        let count = file.read_at(at, &mut buffer)?;
        if count == 0 {
            break;
        }
        hash.update(buffer.get(..count).unwrap_or_default());
        at += count as u64;
    }
    Ok(hash.finalize().into())
}
