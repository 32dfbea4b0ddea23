//! What a benchmark needs to know of the engine, and the engine by itself to compare with.

use std::path::Path;

use crate::engine::{Activity, Engine, EngineError, fact_shard};
use crate::load::Failure;
use crate::store::{Store, StoreError};

impl Store {
    /// How the facts lie on disk.
    pub fn activity(&self) -> Activity {
        self.engine.activity()
    }
}

/// The engine and nothing around it: no log, no commits, no root.
#[derive(Debug)]
pub struct BareStore(Engine);

impl BareStore {
    /// Creates one in `folder`, which must not exist, with the settings that facts have.
    ///
    /// # Errors
    /// What the engine could not do.
    pub fn create(folder: &Path) -> Result<Self, EngineError> {
        Engine::create(folder).map(Self)
    }

    /// Loads pairs in strictly ascending key order, a shard of the facts after the other. `next` fills key and value and tells
    /// whether there was a pair.
    ///
    /// # Errors
    /// Those of `next`, and what the engine could not do.
    pub fn load<E: From<StoreError>>(
        &self,
        mut next: impl FnMut(&mut Vec<u8>, &mut Vec<u8>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let (mut key, mut value) = (Vec::new(), Vec::new());
        let mut more = next(&mut key, &mut value)?;
        while more {
            let shard = shard_of(&key);
            let loaded: Result<(), Failure<E>> = self.0.bulk(shard, |to_key, to_value| {
                if !more || shard_of(&key) != shard {
                    return Ok(false);
                }
                to_key.clone_from(&key);
                to_value.clone_from(&value);
                more = next(&mut key, &mut value).map_err(Failure::Caller)?;
                Ok(true)
            });
            loaded.map_err(|failure| match failure {
                Failure::Caller(error) => error,
                Failure::Engine(error) => E::from(StoreError::Engine(error)),
            })?;
        }
        Ok(())
    }

    /// Merges what is due, as the store does.
    ///
    /// # Errors
    /// What the engine could not do.
    pub fn merge(&self, threads: usize) -> Result<(), EngineError> {
        self.0.merge(threads, &|_, _| {})
    }

    /// How the facts lie on disk.
    pub fn activity(&self) -> Activity {
        self.0.activity()
    }
}

fn shard_of(key: &[u8]) -> usize {
    key.first().map_or(0, |first| fact_shard(*first))
}
