//! Arranging: buckets become each subject's facts, sorted, said once, sealed, ready to be loaded; the next buckets while this one is
//! being loaded.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tallystick_intake::{Found, Reject, RejectCode};
use tallystick_model::fact::{FactKey, FactKind, RecordPlace, Slot, Standing, split_standing, write_value};
use tallystick_model::subject_facts;
use tallystick_model::{Sensitive, SubjectId};
use tallystick_store::{FactBatch, OpenDelivery, StoreError, SubjectSalt};

use super::entry::{Entry, Place, SLOT_BYTES};
use super::gathering::{Bucket, Gathered, Stopped};
use crate::bureau::Bureau;
use crate::registry::is_sealed;

/// A subject's slot, as the bytes entries have of it.
type SlotBytes = [u8; SLOT_BYTES];

/// How buckets are arranged.
pub(crate) struct Arranging<'a> {
    pub(crate) bureau: &'a Bureau,
    pub(crate) open: &'a OpenDelivery<'a>,
    /// Of all the delivery's seals.
    pub(crate) nonce: [u8; 12],
    pub(crate) gathered: &'a Gathered,
    pub(crate) threads: usize,
}

/// Most records of a delivery that may say again what others say: they are held until they are told, 300 bytes each. Of a file
/// with more of them something else is wrong.
const DUPLICATES_MAX: usize = 200_000;

fn too_many_duplicates() -> Stopped {
    Stopped::Refused(tallystick_intake::Refused::NotThisLayout {
        byte: 0,
        field: "file".to_owned(),
        expected: "one record for each subject, account and month".to_owned(),
        found: Found::phrase(format!("more than {DUPLICATES_MAX} records that say another again")),
    })
}

/// Buckets arranged and not yet loaded: so many more than there are threads.
const AHEAD: usize = 2;

struct Shared {
    next: AtomicUsize,
    stop: AtomicBool,
    ready: Mutex<Ready>,
    turned: Condvar,
}

#[derive(Default)]
struct Ready {
    batches: BTreeMap<usize, FactBatch>,
    loaded: usize,
    failed: Option<Stopped>,
    /// Records that say again what an earlier one says, in no order.
    rejects: Vec<Reject>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Arranging<'_> {
    /// Arranges all buckets while `load` takes them in order through what it is given. Gives the records that were refused for
    /// saying again what an earlier one says, in the order of the file.
    ///
    /// # Errors
    /// [`Stopped`] if the disk refuses, or if so many records say again what others say that it cannot be a mistake of some;
    /// those of `load`.
    pub(crate) fn run<T>(
        &self,
        load: impl FnOnce(&mut dyn FnMut() -> Result<Option<FactBatch>, Stopped>) -> Result<T, Stopped>,
    ) -> Result<(T, Vec<Reject>), Stopped> {
        // What one subject of a record contests concerns the others: then all must be known before anything is loaded.
        let mut rejects = Vec::new();
        let refused = if self.gathered.spans_subjects {
            let mut contested = Contested::new();
            for bucket in &self.gathered.buckets {
                let bytes = self.read(bucket)?;
                contest(&sorted(&bytes), &mut contested);
                if contested.len() > 2 * DUPLICATES_MAX {
                    return Err(too_many_duplicates());
                }
            }
            let (refused, told) = self.settle(contested);
            rejects = told;
            Some(refused)
        } else {
            None
        };
        let shared = Shared {
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            ready: Mutex::new(Ready { rejects, ..Ready::default() }),
            turned: Condvar::new(),
        };
        let loaded = std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    let _ended = Ended(&shared);
                    if let Err(error) = self.work(&shared, refused.as_ref()) {
                        let mut ready = locked(&shared.ready);
                        ready.failed.get_or_insert(error);
                        shared.stop.store(true, Ordering::Relaxed);
                    }
                });
            }
            // However the load ends, by a panic too, those who wait for it end.
            let _stopping = Stopping(&shared);
            load(&mut || self.take(&shared))
        })?;
        let ready = shared.ready.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut rejects = ready.rejects;
        rejects.sort_by_key(|reject| reject.place);
        Ok((loaded, rejects))
    }

    /// The next bucket, in order, when it is ready.
    fn take(&self, shared: &Shared) -> Result<Option<FactBatch>, Stopped> {
        let mut ready = locked(&shared.ready);
        loop {
            if let Some(error) = ready.failed.take() {
                return Err(error);
            }
            if ready.loaded == self.gathered.buckets.len() {
                return Ok(None);
            }
            let number = ready.loaded;
            if let Some(batch) = ready.batches.remove(&number) {
                ready.loaded += 1;
                shared.turned.notify_all();
                if !batch.is_empty() {
                    return Ok(Some(batch));
                }
                continue;
            }
            if shared.stop.load(Ordering::Relaxed) {
                return Err(damaged("a thread ended early").into());
            }
            ready = shared.turned.wait(ready).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self, shared: &Shared, refused: Option<&Refused>) -> Result<(), Stopped> {
        loop {
            let number = shared.next.fetch_add(1, Ordering::Relaxed);
            let Some(bucket) = self.gathered.buckets.get(number) else { return Ok(()) };
            {
                let mut ready = locked(&shared.ready);
                while number > ready.loaded + self.threads + AHEAD && !shared.stop.load(Ordering::Relaxed) {
                    ready = shared.turned.wait(ready).unwrap_or_else(PoisonError::into_inner);
                }
            }
            if shared.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let (batch, rejects) = self.arrange(bucket, refused)?;
            let mut ready = locked(&shared.ready);
            ready.rejects.extend(rejects);
            if ready.rejects.len() > DUPLICATES_MAX {
                return Err(too_many_duplicates());
            }
            ready.batches.insert(number, batch);
            shared.turned.notify_all();
        }
    }

    fn read(&self, bucket: &Bucket) -> Result<Vec<u8>, StoreError> {
        let Some(scratch) = &self.gathered.scratch else { return Ok(bucket.bytes.clone()) };
        let size = bucket.pieces.iter().map(tallystick_store::ScratchPiece::len).sum::<usize>() + bucket.bytes.len();
        let mut bytes = Vec::with_capacity(size);
        for piece in &bucket.pieces {
            bytes.extend_from_slice(&scratch.get(piece)?);
        }
        bytes.extend_from_slice(&bucket.bytes);
        Ok(bytes)
    }

    fn arrange(&self, bucket: &Bucket, refused: Option<&Refused>) -> Result<(FactBatch, Vec<Reject>), StoreError> {
        let bytes;
        let bytes: &[u8] = if bucket.pieces.is_empty() {
            &bucket.bytes
        } else {
            bytes = self.read(bucket)?;
            &bytes
        };
        let entries = sorted(bytes);
        let mut rejects = Vec::new();
        let own;
        let refused = match refused {
            Some(refused) => refused,
            None => {
                let mut contested = Contested::new();
                contest(&entries, &mut contested);
                (own, rejects) = self.settle(contested);
                &own
            }
        };
        let mut batch = FactBatch::of(self.open.number());
        let (mut salts, mut new_salts) = (Salts::default(), BTreeMap::new());
        let mut value = Vec::new();
        let mut facts: Vec<&Entry<'_>> = Vec::new();
        for of_subject in entries.chunk_by(|one, other| one.subject() == other.subject()) {
            let Some(subject) = of_subject.first().map(Entry::subject) else { continue };
            facts.clear();
            for of_slot in of_subject.chunk_by(|one, other| one.subject_and_slot() == other.subject_and_slot()) {
                let mut kept = of_slot.iter().filter(|entry| refused.is_empty() || !refused.contains(&entry.place()));
                let held =
                    if of_slot.first().is_some_and(Entry::is_exclusive) { kept.next() } else { kept.next_back() };
                facts.extend(held);
            }
            if facts.is_empty() {
                continue;
            }
            facts.iter().filter_map(|entry| entry.slot()).for_each(|slot| batch.count(slot.kind));
            let mut failed = Ok(());
            let pushed = batch.push(subject, |out| {
                for entry in &facts {
                    let Some(slot) = entry.slot() else {
                        failed = Err(damaged("an entry is not as it was written"));
                        return;
                    };
                    if slot.kind == FactKind::Identity || is_sealed(slot.kind) {
                        value.clear();
                        match self.sealed(subject, slot, entry.body, &mut salts, &mut new_salts) {
                            Ok((standing, sealed)) => write_value(&mut value, standing, |out| out.bytes(&sealed)),
                            Err(error) => failed = Err(error),
                        }
                        subject_facts::write_fact(out, slot, &value);
                    } else {
                        subject_facts::write_fact(out, slot, entry.body);
                    }
                }
            });
            failed?;
            pushed?;
        }
        self.open.keep_salts(&new_salts)?;
        Ok((batch, rejects))
    }

    /// Seals an identity or a segment under the subject's salt: the one it has, or a new one.
    fn sealed(
        &self,
        subject: SubjectId,
        slot: Slot,
        value: &[u8],
        salts: &mut Salts,
        new: &mut BTreeMap<SubjectId, SubjectSalt>,
    ) -> Result<(Standing, Vec<u8>), StoreError> {
        let salt = match &salts.last {
            Some((known, salt)) if *known == subject => salt.clone(),
            _ => match self.bureau.store.subject_salt(subject)? {
                Some(salt) => salt,
                None => {
                    let salt: SubjectSalt = Sensitive::new(self.bureau.random());
                    new.insert(subject, salt.clone());
                    salt
                }
            },
        };
        let (standing, said) = split_standing(value).map_err(|_| damaged("an entry is not as it was written"))?;
        let key = FactKey { subject, slot, delivery: self.open.number() }.to_bytes();
        let sealed = self.open.seal(&salt, &key, said, self.nonce);
        salts.last = Some((subject, salt));
        Ok((standing, sealed))
    }

    /// Refuses records in the order of the file: each that fills a month's slot which one before it, itself not refused, has.
    fn settle(&self, contested: Contested) -> (Refused, Vec<Reject>) {
        let (mut refused, mut rejects) = (Refused::new(), Vec::new());
        let mut filled: BTreeMap<SlotBytes, Place> = BTreeMap::new();
        for (place, slots) in contested {
            let earlier = slots.iter().find_map(|slot| filled.get(slot).map(|earlier| (slot, *earlier)));
            if let Some((slot, earlier)) = earlier {
                rejects.push(self.duplicate(place, slot, earlier));
                refused.insert(place);
                continue;
            }
            for slot in slots {
                // Twice in one record: one person in two segments of an account. What comes first holds, the rest is told.
                if filled.insert(slot, place).is_some() {
                    rejects.push(self.duplicate(place, &slot, place));
                }
            }
        }
        (refused, rejects)
    }

    fn duplicate(&self, place: Place, slot: &SlotBytes, earlier: Place) -> Reject {
        let before = |place: Place| {
            let before = usize::try_from(place.part).ok().and_then(|part| self.gathered.records_before.get(part));
            before.copied().unwrap_or_default() + u64::from(place.record)
        };
        let kind = slot.get(16).and_then(|kind| FactKind::from_number(*kind));
        Reject {
            code: RejectCode::Duplicate,
            place: RecordPlace { record: before(place), byte: place.byte },
            field: kind.map_or("record", FactKind::code).to_owned(),
            expected: "one record for each subject, account and month".to_owned(),
            found: Found::phrase(format!("record {} says it already", before(earlier))),
        }
    }
}

/// The salt used last: a subject's identities come together.
#[derive(Default)]
struct Salts {
    last: Option<(SubjectId, SubjectSalt)>,
}

/// Wakes the one who waits when a thread ends, however it ends.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let _ready = locked(&self.0.ready);
        if std::thread::panicking() {
            self.0.stop.store(true, Ordering::Relaxed);
        }
        self.0.turned.notify_all();
    }
}

/// Stops all threads when it goes.
struct Stopping<'a>(&'a Shared);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        // Under the lock: between another's look and its sleep this would be missed.
        let _ready = locked(&self.0.ready);
        self.0.stop.store(true, Ordering::Relaxed);
        self.0.turned.notify_all();
    }
}

/// Records that are not loaded.
type Refused = HashSet<Place>;

/// Slots of months that several records fill, by record in the order of the file. In a sound file it stays empty.
type Contested = BTreeMap<Place, Vec<SlotBytes>>;

fn contest(entries: &[Entry<'_>], contested: &mut Contested) {
    for alike in entries.chunk_by(|one, other| one.subject_and_slot() == other.subject_and_slot()) {
        if alike.len() > 1 && alike.first().is_some_and(Entry::is_exclusive) {
            for entry in alike {
                if let Ok(slot) = entry.subject_and_slot().try_into() {
                    contested.entry(entry.place()).or_default().push(slot);
                }
            }
        }
    }
}

/// The entries of a bucket in order.
fn sorted(bytes: &[u8]) -> Vec<Entry<'_>> {
    let mut rest = bytes;
    let mut entries: Vec<(u64, Entry<'_>)> = Vec::with_capacity(bytes.len() / 60);
    while let Some((entry, after)) = Entry::split(rest) {
        entries.push((entry.sort_prefix(), entry));
        rest = after;
    }
    // Stable: what one record says twice stays in its order.
    entries.sort_by(|(one, first), (other, second)| one.cmp(other).then_with(|| first.order().cmp(second.order())));
    entries.into_iter().map(|(_, entry)| entry).collect()
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged { place: "scratch".to_owned(), what: what.to_owned() }
}
