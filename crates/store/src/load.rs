//! Bulk load: a delivery's facts go to disk sorted, in one pass, and stay invisible until their commit.
//!
//! A crash before the commit leaves facts whose delivery is never committed. They are never seen: reads ask
//! which deliveries are, and a number is not given twice. `check` counts them.

use std::sync::MutexGuard;

use tallystick_model::SubjectId;
use tallystick_model::fact::{DeliveryNumber, FACT_KEY_BYTES};

use crate::engine::Space;
use crate::facts_root::{FactsDigest, FactsRoot};
use crate::keys;
use crate::seal::{self, NONCE_BYTES, Sealable, SubjectSalt};
use crate::store::{Store, StoreError, lock};

/// A delivery that has its number and is not yet committed. One at a time.
#[derive(Debug)]
pub struct OpenDelivery<'a> {
    store: &'a Store,
    number: DeliveryNumber,
    _delivering: MutexGuard<'a, ()>,
}

/// The facts of a delivery are on disk; [`Changes::make_visible`](crate::Changes::make_visible) takes this.
#[derive(Debug)]
pub struct Loaded {
    pub(crate) number: DeliveryNumber,
    pub(crate) digest: FactsDigest,
}

impl Loaded {
    /// Root and counts, for the delivery's record.
    pub const fn digest(&self) -> &FactsDigest {
        &self.digest
    }
}

impl Store {
    /// Gives the next delivery its number, durably, so that no other ever has it.
    ///
    /// # Errors
    /// [`StoreError::Behind`] if the published checkpoint knows more than the store; [`StoreError`] if the disk refuses.
    pub fn begin_delivery(&self) -> Result<OpenDelivery<'_>, StoreError> {
        if let Some(why) = &self.behind {
            return Err(StoreError::Behind(why.clone()));
        }
        let delivering = lock(&self.delivering);
        let number = {
            let mut state = self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            let number = DeliveryNumber(state.next_delivery);
            state.next_delivery = state.next_delivery.saturating_add(1);
            number
        };
        let mut batch = self.engine.batch();
        batch.put(Space::Meta, keys::delivery(number), [keys::DELIVERY_LOADING]);
        batch.commit()?;
        Ok(OpenDelivery { store: self, number, _delivering: delivering })
    }
}

impl OpenDelivery<'_> {
    /// The number this delivery has.
    pub const fn number(&self) -> DeliveryNumber {
        self.number
    }

    /// Seals an identity or a segment for the fact at `key`, under the subject's `salt`. `nonce` is random and never used again.
    pub fn seal(
        &self,
        salt: &SubjectSalt,
        key: &[u8; FACT_KEY_BYTES],
        said: &impl Sealable,
        nonce: [u8; NONCE_BYTES],
    ) -> Vec<u8> {
        seal::seal(salt, key, said, nonce)
    }

    /// Keeps salts of subjects that had none, in ascending order of subject. Before the facts sealed under them.
    ///
    /// # Errors
    /// [`StoreError`] if the disk refuses.
    pub fn keep_salts<'s>(
        &self,
        salts: impl IntoIterator<Item = (&'s SubjectId, &'s SubjectSalt)>,
    ) -> Result<(), StoreError> {
        let mut salts = salts.into_iter().peekable();
        if salts.peek().is_none() {
            return Ok(());
        }
        self.store.engine.bulk(Space::Salts, |key, value| {
            key.clear();
            value.clear();
            let Some((subject, salt)) = salts.next() else { return Ok(false) };
            key.extend_from_slice(&subject.0);
            value.extend_from_slice(salt.expose());
            Ok(true)
        })
    }

    /// Loads facts in strictly ascending key order, all of this delivery. `next` fills the value and gives the key of the
    /// next fact, or `None` at the end.
    ///
    /// # Errors
    /// Those of `next`, and [`StoreError`] if the disk refuses.
    pub fn load<E: From<StoreError>>(
        &self,
        mut next: impl FnMut(&mut Vec<u8>) -> Result<Option<[u8; FACT_KEY_BYTES]>, E>,
    ) -> Result<Loaded, E> {
        let mut root = FactsRoot::new();
        let mut last = [0; FACT_KEY_BYTES];
        // The engine refuses an empty load, and there is nothing to write.
        let mut first_value = Vec::new();
        let Some(first_key) = next(&mut first_value)? else {
            return Ok(Loaded { number: self.number, digest: root.finish() });
        };
        let mut first = Some((first_key, first_value));
        let loaded: Result<(), Failure<E>> = self.store.engine.bulk(Space::Facts, |key, value| {
            value.clear();
            let fact_key = match first.take() {
                Some((key, first_value)) => {
                    value.extend_from_slice(&first_value);
                    key
                }
                None => match next(value).map_err(Failure::Caller)? {
                    Some(key) => key,
                    None => return Ok(false),
                },
            };
            assert!(fact_key > last, "facts of a load ascend: the engine cannot hold them otherwise");
            last = fact_key;
            root.push(&fact_key, value);
            key.clear();
            key.extend_from_slice(&fact_key);
            Ok(true)
        });
        match loaded {
            Ok(()) => Ok(Loaded { number: self.number, digest: root.finish() }),
            Err(Failure::Caller(error)) => Err(error),
            Err(Failure::Engine(error)) => Err(E::from(StoreError::Engine(error))),
        }
    }
}

enum Failure<E> {
    Caller(E),
    Engine(crate::engine::EngineError),
}

impl<E> From<crate::engine::EngineError> for Failure<E> {
    fn from(error: crate::engine::EngineError) -> Self {
        Self::Engine(error)
    }
}
