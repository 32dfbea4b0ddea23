//! What signs the log, and what signed it before: in memory what `meta` and the log's own entries say.

use std::sync::{Arc, PoisonError};

use tallystick_audit::{CheckpointError, CheckpointSigner, CheckpointVerifier, KeysError, LogKeys};
use tallystick_model::event::{Event, EventKind};

use crate::engine::{Engine, EngineError, Pair, Slice, Space};
use crate::keys;
use crate::store::{Store, StoreError};

/// The key in use and all keys the log has had.
#[derive(Clone, Debug)]
pub struct Signing {
    pub(crate) signer: Arc<CheckpointSigner>,
    pub(crate) keys: LogKeys,
}

fn damaged(error: &impl ToString) -> StoreError {
    StoreError::Damaged { place: "log keys".to_owned(), what: error.to_string() }
}

/// The keys that the store says the log has had.
pub(crate) fn read_keys(engine: &Engine) -> Result<LogKeys, StoreError> {
    keys_of(engine.get(Space::Meta, keys::VERIFIER_KEY)?, engine.prefix(Space::Meta, keys::LOG_KEY_PREFIX))
}

/// The keys that a first one and the statements after it lead to.
pub(crate) fn keys_of(
    first: Option<Slice>,
    statements: impl Iterator<Item = Result<Pair, EngineError>>,
) -> Result<LogKeys, StoreError> {
    let first = first.ok_or_else(|| damaged(&"the first is missing"))?;
    let first = std::str::from_utf8(&first).map_err(|error| damaged(&error))?;
    let first: CheckpointVerifier = first.parse().map_err(|error: CheckpointError| damaged(&error))?;
    let mut all = LogKeys::new(first);
    for pair in statements {
        let (_, statement) = pair?;
        let statement = std::str::from_utf8(&statement).map_err(|error| damaged(&error))?;
        all.take(statement).map_err(|error| damaged(&error))?;
    }
    Ok(all)
}

/// The statement about a log's key in an event, if it has one.
pub(crate) const fn statement_of(event: &Event) -> Option<&String> {
    match event {
        Event::LogKeyTurned(said) | Event::LogKeyRevoked(said) => Some(&said.statement),
        _ => None,
    }
}

/// Takes the statement of `event`, which is entry `index`, into `all`.
///
/// # Errors
/// What does not hold, in words.
pub(crate) fn follow(all: &mut LogKeys, event: &Event, index: u64) -> Result<(), String> {
    let Some(statement) = statement_of(event) else { return Ok(()) };
    let before = all.clone();
    all.take(statement).map_err(|error: KeysError| error.to_string())?;
    let (Event::LogKeyTurned(said) | Event::LogKeyRevoked(said)) = event else { return Ok(()) };
    let turned = all.iter().count() > before.iter().count();
    if turned != (event.kind() == EventKind::LogKeyTurned) {
        return Err("the statement is of another kind than its event".to_owned());
    }
    let changed = if turned {
        all.iter().next_back()
    } else {
        all.iter().zip(before.iter()).find(|(after, before)| after != before).map(|(after, _)| after)
    };
    match changed {
        Some(key) if key.key.key_bytes() != said.key.0 => Err("the statement is about another key".to_owned()),
        Some(key) if turned && key.from != index + 1 => {
            Err(format!("the new key signs from {} entries on, expected {}", key.from, index + 1))
        }
        Some(_) => Ok(()),
        None => Err("the statement changes nothing".to_owned()),
    }
}

impl Store {
    /// What signs now.
    pub(crate) fn signing(&self) -> Signing {
        self.signing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every key that the log has had, with what proves that one follows the other.
    pub fn log_keys(&self) -> LogKeys {
        self.signing().keys
    }

    /// The statement that `next` signs from the entry at `index` on, signed by both keys.
    ///
    /// # Errors
    /// [`KeysError`] if `next` is another log's.
    pub fn turn_statement(
        &self,
        index: u64,
        next: &CheckpointSigner,
        end: tallystick_audit::KeyEnd,
    ) -> Result<String, KeysError> {
        tallystick_audit::Turn::sign(index + 1, &self.signing().signer, next, end)
    }

    /// The statement that a key of before is revoked, signed by the one in use.
    ///
    /// # Errors
    /// [`KeysError`] if it can't be put in words.
    pub fn revocation_statement(&self, revocation: &tallystick_audit::Revocation) -> Result<String, KeysError> {
        revocation.sign(&self.signing().signer)
    }
}
