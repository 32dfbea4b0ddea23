//! The engine as it comes, for a benchmark to compare with.

use std::path::Path;

use fjall::config::{BlockSizePolicy, CompressionPolicy, FilterPolicy};
use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions};

use super::EngineError;

/// One key space of the engine with its own compaction and nothing around it: no log, no commits, no root, no packing.
pub struct BareStore {
    space: Keyspace,
    _database: Database,
}

impl BareStore {
    /// Creates one in `folder`, compressed on all levels, in blocks of 16 KiB, without filters.
    ///
    /// # Errors
    /// What the engine could not do.
    pub fn create(folder: &Path) -> Result<Self, EngineError> {
        let database = Database::builder(folder).open()?;
        let space = database.keyspace("facts", || {
            KeyspaceCreateOptions::default()
                .data_block_compression_policy(CompressionPolicy::all(CompressionType::Lz4))
                .index_block_compression_policy(CompressionPolicy::all(CompressionType::Lz4))
                .filter_policy(FilterPolicy::disabled())
                .data_block_size_policy(BlockSizePolicy::all(16 * 1024))
        })?;
        Ok(Self { space, _database: database })
    }

    /// Loads pairs in strictly ascending order of their keys; they are on disk when this returns. `next` fills key and value and
    /// tells whether there was a pair.
    ///
    /// # Errors
    /// Those of `next`, and what the engine could not do.
    pub fn load<E: From<EngineError>>(
        &self,
        mut next: impl FnMut(&mut Vec<u8>, &mut Vec<u8>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let engine = |error: fjall::Error| E::from(EngineError::from(error));
        let mut ingestion = self.space.start_ingestion().map_err(engine)?;
        let (mut key, mut value) = (Vec::new(), Vec::new());
        while next(&mut key, &mut value)? {
            ingestion.write(key.as_slice(), value.as_slice()).map_err(engine)?;
        }
        ingestion.finish().map_err(engine)
    }

    /// Bytes of its tables.
    pub fn table_bytes(&self) -> u64 {
        self.space.disk_space()
    }
}

impl std::fmt::Debug for BareStore {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("BareStore")
    }
}
