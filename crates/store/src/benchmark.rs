//! What a benchmark needs to know of the engine, and the engine by itself to compare with.

use std::path::Path;

use crate::engine::{Activity, Engine, EngineError, Space};
use crate::store::{Store, StoreError};

impl Store {
    /// What the engine is doing behind the calls, and how its tables lie.
    pub fn activity(&self) -> Activity {
        self.engine.activity(Space::Facts)
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

    /// Loads pairs in strictly ascending key order. `next` fills key and value and tells whether there was a pair; there must
    /// be at least one.
    ///
    /// # Errors
    /// Those of `next`, and what the engine could not do.
    pub fn load<E: From<StoreError>>(
        &self,
        mut next: impl FnMut(&mut Vec<u8>, &mut Vec<u8>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let loaded: Result<(), Failure<E>> =
            self.0.bulk(Space::Facts, |key, value| next(key, value).map_err(Failure::Caller));
        loaded.map_err(|failure| match failure {
            Failure::Caller(error) => error,
            Failure::Engine(error) => E::from(StoreError::Engine(error)),
        })
    }

    /// What the engine is doing behind the calls, and how its tables lie.
    pub fn activity(&self) -> Activity {
        self.0.activity(Space::Facts)
    }
}

enum Failure<E> {
    Caller(E),
    Engine(EngineError),
}

impl<E> From<EngineError> for Failure<E> {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}
