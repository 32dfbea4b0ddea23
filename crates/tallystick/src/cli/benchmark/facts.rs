//! The facts of bulk rows, sorted for loading: what an ingest of the same rows would load, without their file.
//!
//! Of each subject only the pseudonym and its place are sorted; everything else follows from the place. So ten million
//! subjects with any number of months take 200 MB.

use std::ops::Range;
use std::thread;

use anyhow::{Context, Result, anyhow};
use tallystick_model::fact::{DeliveryNumber, FACT_KEY_BYTES, Fact, FactBody, FactKey, FactKind, Slot, Standing};
use tallystick_model::{Month, Pseudonymiser, SubjectId, subject_facts};
use tallystick_store::FactBatch;
use tallystick_town::Bulk;

use super::machine::threads;

/// Facts of some subjects and months, as one furnisher would report them.
pub(super) struct Facts<'a> {
    pub(super) bulk: &'a Bulk,
    pub(super) pseudonymiser: &'a Pseudonymiser,
    /// The furnisher's number.
    pub(super) furnisher: u16,
}

/// Subjects by pseudonym: a few ascending runs of pseudonym and place after `first`.
pub(super) struct Sorted {
    first: u64,
    runs: Vec<Vec<(SubjectId, u32)>>,
}

/// Keys and values one after another: a key's [`FACT_KEY_BYTES`], the value's length in a byte, the value.
#[derive(Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    at: usize,
}

/// Bytes of a chunk, more or less.
const CHUNK_BYTES: usize = 1 << 22;

impl Chunk {
    /// Adds a pair. A fact's value is some twenty bytes.
    fn push(&mut self, fact: &Fact) {
        self.bytes.extend_from_slice(&fact.key.to_bytes());
        let at = self.bytes.len();
        self.bytes.push(0);
        fact.write_value(&mut self.bytes);
        let length = self.bytes.len() - at - 1;
        if let (Some(place), Ok(length)) = (self.bytes.get_mut(at), u8::try_from(length)) {
            *place = length;
        }
    }

    /// The whole chunk for the store, as `delivery` says it: its facts by subject.
    pub(super) fn batch(&mut self, delivery: DeliveryNumber) -> Result<FactBatch> {
        let (mut batch, mut value) = (FactBatch::of(delivery), Vec::new());
        let mut next = self.next(&mut value);
        while let Some(Ok(key)) = next.map(|key| FactKey::from_bytes(&key)) {
            let subject = key.subject;
            let mut of_subject = Some(key);
            let mut kinds = Vec::new();
            batch.push(subject, |bytes| {
                while let Some(key) = of_subject.filter(|key| key.subject == subject) {
                    subject_facts::write_fact(bytes, key.slot, &value);
                    kinds.push(key.slot.kind);
                    value.clear();
                    next = self.next(&mut value);
                    of_subject = next.and_then(|key| FactKey::from_bytes(&key).ok());
                }
            })?;
            kinds.into_iter().for_each(|kind| batch.count(kind));
        }
        Ok(batch)
    }

    /// The next pair, its value appended to `value`.
    pub(super) fn next(&mut self, value: &mut Vec<u8>) -> Option<[u8; FACT_KEY_BYTES]> {
        let (key, rest) = self.bytes.get(self.at..)?.split_first_chunk::<FACT_KEY_BYTES>()?;
        let (length, rest) = rest.split_first()?;
        let length = usize::from(*length);
        value.extend_from_slice(rest.get(..length)?);
        self.at += FACT_KEY_BYTES + 1 + length;
        Some(*key)
    }
}

impl Facts<'_> {
    /// The pseudonym of the subject at a place.
    pub(super) fn subject(&self, place: u64) -> Result<SubjectId> {
        let identifier = self.bulk.identifier(place).context("the town gave an identifier that is none")?;
        Ok(self.pseudonymiser.subject(&identifier))
    }

    /// Pseudonymises and sorts, on all cores.
    pub(super) fn sorted(&self, subjects: Range<u64>) -> Result<Sorted> {
        let first = subjects.start;
        let cores = threads();
        let share = subjects.end.saturating_sub(first).div_ceil(cores as u64).max(1);
        let run = |places: Range<u64>| -> Result<Vec<(SubjectId, u32)>> {
            let mut run = Vec::with_capacity(usize::try_from(places.end - places.start)?);
            for place in places {
                run.push((self.subject(place)?, u32::try_from(place - first)?));
            }
            run.sort_unstable();
            Ok(run)
        };
        let starts = (0..cores as u64).map(|core| first + core * share).take_while(|start| *start < subjects.end);
        let runs = thread::scope(|scope| {
            let threads: Vec<_> =
                starts.map(|start| scope.spawn(move || run(start..(start + share).min(subjects.end)))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("a thread ended early"))))
                .collect::<Result<Vec<_>>>()
        })?;
        Ok(Sorted { first, runs })
    }

    /// Makes the facts of sorted subjects for some months, in key order, and hands them to `take` by chunks for as long as it
    /// wants more. Their delivery is `delivery`.
    pub(super) fn make(
        &self,
        sorted: &Sorted,
        months: &[Month],
        delivery: DeliveryNumber,
        mut take: impl FnMut(Chunk) -> bool,
    ) {
        let mut chunk = Chunk::default();
        let mut runs: Vec<&[(SubjectId, u32)]> = sorted.runs.iter().map(Vec::as_slice).collect();
        let accounts = 0..self.bulk.size().accounts;
        let mut keys = Vec::new();
        loop {
            // A handful of runs: the least is found by looking.
            let least = runs.iter_mut().filter(|run| !run.is_empty()).min_by_key(|run| run.first().copied());
            let Some(run) = least else { break };
            let Some(((subject, offset), rest)) = run.split_first() else { break };
            *run = rest;
            let place = sorted.first + u64::from(*offset);
            keys.clear();
            keys.extend(accounts.clone().map(|account| {
                let number = self.bulk.account(place, account);
                (self.pseudonymiser.account(self.furnisher, &number), account)
            }));
            keys.sort_unstable();
            for (key, account) in &keys {
                for month in months {
                    let slot = Slot { kind: FactKind::TradelineMonth, account: *key, month: Some(*month) };
                    let body = FactBody::TradelineMonth(self.bulk.month(place, *account, *month).tradeline());
                    let key = FactKey { subject: *subject, slot, delivery };
                    chunk.push(&Fact { key, standing: Standing::Reported, body });
                }
            }
            if chunk.bytes.len() >= CHUNK_BYTES && !take(std::mem::take(&mut chunk)) {
                return;
            }
        }
        if !chunk.bytes.is_empty() {
            take(chunk);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tallystick_model::Sensitive;
    use tallystick_town::BulkSize;

    #[test]
    fn facts_ascend_and_each_is_there_once() {
        let bulk = Bulk::new(1, BulkSize { subjects: 1000, accounts: 3 });
        let pseudonymiser = Pseudonymiser::new(&Sensitive::new([3; 32]));
        let facts = Facts { bulk: &bulk, pseudonymiser: &pseudonymiser, furnisher: 7 };
        let months = [Month::new(2024, 1).unwrap(), Month::new(2024, 2).unwrap()];
        let sorted = facts.sorted(100..900).unwrap();
        let (mut keys, mut of_200) = (Vec::new(), Vec::new());
        facts.make(&sorted, &months, DeliveryNumber(5), |mut chunk| {
            let mut value = Vec::new();
            while let Some(key) = chunk.next(&mut value) {
                let fact = Fact::from_value(FactKey::from_bytes(&key).unwrap(), &value).unwrap();
                if fact.key.subject == facts.subject(200).unwrap() {
                    of_200.push(fact);
                }
                keys.push(key);
                value.clear();
            }
            true
        });
        assert_eq!(keys.len(), 800 * 3 * 2);
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(of_200.len(), 6);
        let tradeline = bulk.month(200, 1, months[1]).tradeline();
        let account = pseudonymiser.account(7, &bulk.account(200, 1));
        let found =
            of_200.iter().find(|fact| fact.key.slot.account == account && fact.key.slot.month == Some(months[1]));
        assert_eq!(found.unwrap().body, FactBody::TradelineMonth(tradeline));
        assert_eq!(found.unwrap().key.delivery, DeliveryNumber(5));
    }
}
