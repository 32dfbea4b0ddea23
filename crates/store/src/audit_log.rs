//! The log's entries and nodes as the store keeps them.

use std::collections::BTreeMap;

use tallystick_audit::{Hash, NodeId, NodeSource};

use crate::engine::{Engine, EngineError, Space};
use crate::keys;
use crate::store::StoreError;

/// Nodes in the store, and before them those that are about to be written.
pub struct Nodes<'a> {
    engine: &'a Engine,
    pending: BTreeMap<[u8; 9], Hash>,
}

impl<'a> Nodes<'a> {
    pub const fn stored(engine: &'a Engine) -> Self {
        Self { engine, pending: BTreeMap::new() }
    }

    pub fn add(&mut self, nodes: &[(NodeId, Hash)]) {
        self.pending.extend(nodes.iter().map(|(id, hash)| (id.to_key(), *hash)));
    }
}

impl NodeSource for Nodes<'_> {
    type Error = EngineError;

    fn node(&self, id: NodeId) -> Result<Option<Hash>, EngineError> {
        if let Some(hash) = self.pending.get(&id.to_key()) {
            return Ok(Some(*hash));
        }
        let Some(value) = self.engine.get(Space::Log, &keys::node(id))? else { return Ok(None) };
        <[u8; 32]>::try_from(&*value)
            .map(|hash| Some(Hash(hash)))
            .map_err(|_| EngineError::Damaged("a node of the log is not 32 bytes".to_owned()))
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
