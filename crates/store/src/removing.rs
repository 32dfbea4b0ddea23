//! Taking facts off the disk that were erased or have expired.
//!
//! From the moment of their event nothing shows them; here they leave the tables. Which subjects have any is said in `meta` from the
//! commit of that event on. Their values are written again without them, and before a run or pair takes the place of the one that had
//! them, a [`Removal`] is on record: `verify` checks the deliveries' roots by it.

use std::collections::{BTreeMap, HashSet};

use tallystick_model::SubjectId;
use tallystick_model::fact::{DeliveryNumber, Fact, FactKey};
use tallystick_model::packed_facts::{self, Packer};
use tallystick_model::removal::{Removal, ThinnedPart};
use tallystick_model::subject_facts;
use tallystick_model::withdrawal::Erasures;

use crate::engine::Space;
use crate::facts_root::subject_leaf;
use crate::keys;
use crate::load::shard_of;
use crate::store::{Store, StoreError, lock};

/// What is to leave the disk.
#[derive(Debug, Default)]
pub(crate) struct Leaving {
    /// Subjects with something erased, and the place in the log of the last event that erased something.
    pub(crate) subjects: BTreeMap<SubjectId, u64>,
    /// Deliveries that were discarded.
    pub(crate) deliveries: HashSet<DeliveryNumber>,
}

impl Leaving {
    pub(crate) fn is_empty(&self) -> bool {
        self.subjects.is_empty() && self.deliveries.is_empty()
    }

    /// Whether a shard may hold some of it.
    pub(crate) fn concerns(&self, shard: usize) -> bool {
        !self.deliveries.is_empty() || self.subjects.keys().any(|subject| shard_of(*subject) == shard)
    }
}

/// What is left of a subject's values.
pub(crate) struct Thinned {
    /// Packed; empty if nothing is left.
    pub(crate) value: Vec<u8>,
    /// What is to be recorded, if anything has changed but for discarded deliveries.
    pub(crate) removal: Option<Removal>,
}

/// Writes what is said of a subject again without what is erased and without the deliveries that leave.
pub(crate) fn thin(
    subject: SubjectId,
    values: &[impl AsRef<[u8]>],
    erasures: &Erasures,
    leaving: &HashSet<DeliveryNumber>,
) -> Result<Thinned, StoreError> {
    let damaged = |error| StoreError::damaged(format!("facts of subject {subject}"), error);
    let mut packer = Packer::default();
    let (mut left_of_all, mut parts) = (Vec::new(), Vec::new());
    for value in values {
        for (delivery, said) in packed_facts::unpack(value.as_ref()).map_err(damaged)? {
            if leaving.contains(&delivery) {
                continue;
            }
            let (mut left, mut removed, mut bytes) = (Vec::new(), BTreeMap::new(), Vec::new());
            let split = subject_facts::split_facts(&said, |slot, value| {
                let fact = Fact::from_value(FactKey { subject, slot, delivery }, value)?;
                match erasures.left_of(fact) {
                    Some(fact) => {
                        bytes.clear();
                        fact.write_value(&mut bytes);
                        subject_facts::write_fact(&mut left, slot, &bytes);
                    }
                    None => *removed.entry(slot.kind).or_insert(0) += 1,
                }
                Ok(())
            });
            split.map_err(damaged)?;
            if left != said {
                let after = (!left.is_empty()).then(|| subject_leaf(subject, &left).0);
                let before = subject_leaf(subject, &said).0;
                parts.push(ThinnedPart { delivery, before, after, removed: removed.into_iter().collect() });
            }
            if !left.is_empty() {
                let mut packed = Vec::new();
                packer.pack(delivery, &left, &mut packed).map_err(damaged)?;
                left_of_all.push(packed);
            }
        }
    }
    let mut value = Vec::new();
    if !left_of_all.is_empty() {
        packer.merge(left_of_all.iter().map(Vec::as_slice), |_| true, &mut value).map_err(damaged)?;
    }
    parts.sort_by_key(|part| part.delivery);
    Ok(Thinned { value, removal: (!parts.is_empty()).then_some(Removal { subject, parts }) })
}

impl Store {
    /// What is to leave the disk now.
    pub(crate) fn leaving(&self) -> Result<Leaving, StoreError> {
        let mut leaving = Leaving { deliveries: self.discarded()?, ..Leaving::default() };
        for pair in self.engine.prefix(Space::Meta, keys::ERASED_PREFIX) {
            let (key, value) = pair?;
            let erased = keys::read_erased(&key, &value).ok_or_else(|| StoreError::Damaged {
                place: "erased".to_owned(),
                what: "a subject is not told as it must be".to_owned(),
            })?;
            leaving.subjects.insert(erased.0, erased.1);
        }
        Ok(leaving)
    }

    /// Takes facts away that are in no run, records what that removes, and rewrites the key spaces.
    pub(crate) fn clear_pairs<E: From<StoreError>>(
        &self,
        leaving: &Leaving,
        record: &(dyn Fn(Removal) -> Result<(), E> + Sync),
    ) -> Result<(), E> {
        let engine = |error| E::from(StoreError::Engine(error));
        for subject in leaving.subjects.keys() {
            let erasures = self.snapshot().erasures(*subject)?;
            for pair in self.engine.prefix(Space::Facts, &subject.0) {
                let (key, value) = pair.map_err(engine)?;
                let thinned = thin(*subject, &[&value], &erasures, &leaving.deliveries)?;
                let Some(removal) = thinned.removal else { continue };
                record(removal)?;
                let _committing = lock(&self.committing);
                let mut batch = self.engine.batch();
                if thinned.value.is_empty() {
                    batch.remove(Space::Facts, &key);
                } else {
                    batch.put(Space::Facts, &key, thinned.value);
                }
                batch.commit().map_err(engine)?;
            }
        }
        let _committing = lock(&self.committing);
        let mut batch = self.engine.batch();
        if !leaving.deliveries.is_empty() {
            for pair in self.engine.prefix(Space::Facts, &[]) {
                let (key, _) = pair.map_err(engine)?;
                let number = key.last_chunk::<4>().map(|number| DeliveryNumber(u32::from_be_bytes(*number)));
                if number.is_some_and(|number| leaving.deliveries.contains(&number)) {
                    batch.remove(Space::Facts, key);
                }
            }
        }
        for (subject, index) in &leaving.subjects {
            // What was erased since is done the next time.
            let now = self.engine.get(Space::Meta, &keys::erased(*subject)).map_err(engine)?;
            if now.as_deref() == Some(index.to_be_bytes().as_slice()) {
                batch.remove(Space::Meta, keys::erased(*subject));
            }
        }
        batch.commit().map_err(engine)?;
        self.engine.rewrite(&[Space::Facts, Space::Salts]).map_err(engine)
    }
}
