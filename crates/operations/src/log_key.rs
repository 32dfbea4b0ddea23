//! The key that signs the log: turned to another one, and revoked once it has had its turn.
//!
//! A turn is an entry of the log, signed by the old key and the new one; under a charter the partners decide which key comes next.
//! From that entry on checkpoints bear the new key's signature, the first of them the old one's too. What was signed before stays
//! verifiable: `log/keys` proves to outsiders which key signed which sizes.

use tallystick_audit::{CheckpointSigner, KeyEnd, LogKeys, Revocation};
use tallystick_model::event::{Event, LogKeyStatement};
use tallystick_model::signature::PublicKey;
use tallystick_model::{Sensitive, Timestamp};
use tallystick_store::{Changes, StoreError};

use crate::bureau::{Bureau, OperationError, Recorded};

/// How often a turn is tried when others commit in between: it names its own place in the log.
const TRIES: usize = 100;

/// Every key that the log has had.
pub fn history(bureau: &Bureau) -> LogKeys {
    bureau.store.log_keys()
}

/// Lets the key of this seed sign the log from now on; `end` says why the other no longer does.
///
/// # Errors
/// [`OperationError::NotCovered`] if a charter governs and this key was not decided; [`OperationError::Invalid`] if it was the log's
/// before.
pub fn turn(
    bureau: &Bureau,
    seed: &Sensitive<[u8; 32]>,
    end: KeyEnd,
    now: Timestamp,
) -> Result<Recorded, OperationError> {
    let invalid = |error: &dyn std::fmt::Display| OperationError::Invalid(error.to_string());
    let origin = history(bureau).current().key.origin().to_owned();
    let signer = || CheckpointSigner::new(&origin, seed.expose()).map_err(|error| invalid(&error));
    let public = signer()?.verifier().clone();
    if history(bureau).iter().any(|known| known.key == public) {
        return Err(OperationError::Invalid("the new key was this log's before".to_owned()));
    }
    let mut tried = 0;
    loop {
        let signed_for = bureau.government().as_ref().is_some_and(|government| government.has_staff());
        let index = bureau.snapshot().log_size() + u64::from(signed_for);
        let statement = bureau.store.turn_statement(index, &signer()?, end).map_err(|error| invalid(&error))?;
        let said = LogKeyStatement { key: PublicKey(public.key_bytes()), statement };
        let changes = Changes::turn_log_key(signer()?);
        match bureau.record(changes, Event::LogKeyTurned(Box::new(said)), now) {
            Err(OperationError::Store(StoreError::Contradiction(_))) if tried < TRIES => tried += 1,
            Ok(recorded) => {
                // Outsiders see at once who signs.
                bureau.store.publish_rest()?;
                return Ok(recorded);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Revokes a key that has had its turn, named by the first hex digits of its public half or by its whole text.
///
/// # Errors
/// [`OperationError::Invalid`] if there is not one such key, it is in use, or was revoked before.
pub fn revoke(
    bureau: &Bureau,
    key: &str,
    end: KeyEnd,
    since: Timestamp,
    now: Timestamp,
) -> Result<Recorded, OperationError> {
    let invalid = |error: &dyn std::fmt::Display| OperationError::Invalid(error.to_string());
    let keys = history(bureau);
    let named = |known: &&tallystick_audit::LogKey| {
        let hex = PublicKey(known.key.key_bytes()).to_string();
        known.key.to_string() == key || (key.len() >= 8 && hex.starts_with(key))
    };
    let mut found: Vec<_> = keys.iter().filter(named).collect();
    let known = match found.pop() {
        Some(known) if found.is_empty() => known.key.clone(),
        _ => {
            let what =
                "the log has had no one key of this name: give it whole, or 8 hex digits or more of its public half";
            return Err(OperationError::Invalid(what.to_owned()));
        }
    };
    let revocation = Revocation { key: known.clone(), since: since.to_string(), end };
    let statement = bureau.store.revocation_statement(&revocation).map_err(|error| invalid(&error))?;
    let mut after = keys.clone();
    after.take(&statement).map_err(|error| invalid(&error))?;
    let said = LogKeyStatement { key: PublicKey(known.key_bytes()), statement };
    let recorded = bureau.record(Changes::none(), Event::LogKeyRevoked(Box::new(said)), now)?;
    bureau.store.publish_rest()?;
    Ok(recorded)
}
