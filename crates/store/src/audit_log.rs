//! The log's entries and nodes as the store keeps them.

use std::cell::RefCell;
use std::collections::HashMap;

use tallystick_audit::{Hash, NodeId, NodeSource};

use crate::engine::{Engine, EngineError, Space};
use crate::keys;
use crate::store::StoreError;

/// Nodes in the store, and before them those that are about to be written or were read before.
pub struct Nodes<'a> {
    engine: &'a Engine,
    known: RefCell<HashMap<NodeId, Hash>>,
}

impl<'a> Nodes<'a> {
    pub fn stored(engine: &'a Engine) -> Self {
        Self { engine, known: RefCell::default() }
    }

    pub fn add(&mut self, nodes: &[(NodeId, Hash)]) {
        self.known.get_mut().extend(nodes.iter().copied());
    }
}

impl NodeSource for Nodes<'_> {
    type Error = EngineError;

    fn node(&self, id: NodeId) -> Result<Option<Hash>, EngineError> {
        // The proofs of a group share most of their nodes.
        if let Some(hash) = self.known.borrow().get(&id) {
            return Ok(Some(*hash));
        }
        let Some(value) = self.engine.get(Space::Log, &keys::node(id))? else { return Ok(None) };
        let hash = <[u8; 32]>::try_from(&*value)
            .map(Hash)
            .map_err(|_| EngineError::Damaged("a node of the log is not 32 bytes".to_owned()))?;
        self.known.borrow_mut().insert(id, hash);
        Ok(Some(hash))
    }
}

impl From<tallystick_audit::LogError<EngineError>> for StoreError {
    fn from(error: tallystick_audit::LogError<EngineError>) -> Self {
        match error {
            tallystick_audit::LogError::Source(error) => Self::Engine(error),
            other => Self::Damaged { place: "log".to_owned(), what: other.to_string() },
        }
    }
}
