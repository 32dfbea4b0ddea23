//! Going on after a loss: what was published of entries that are gone is put aside, and the log is published as it is.

use std::fs;
use std::sync::atomic::Ordering;

use tallystick_audit::OpensCheckpoints;

use crate::store::{Store, StoreError, lock, published_path};

impl Store {
    /// The published checkpoint and the entries it signs, if the log's key signed it and the log is not its log or a longer one.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn lost_checkpoint(&self) -> Result<Option<(String, u64)>, StoreError> {
        let path = published_path(&self.folder);
        if self.behind().is_none() || !path.exists() {
            return Ok(None);
        }
        let note = fs::read_to_string(&path).map_err(|error| StoreError::File { path, error })?;
        // The keys that this store knows: one that came later and is lost too can't be told from a stranger's.
        let any = self.log_keys();
        let opened = any.iter().find_map(|known| known.key.open(&note).ok()).or_else(|| any.open(&note).ok());
        Ok(opened.map(|opened| (note, opened.size)))
    }

    /// Lets the next commit through: the one that puts the loss on record. What is published stays as it is.
    pub fn begin_after_loss(&self) {
        // Of the log before it nothing is published anew before what is there is put aside.
        self.published.store(self.state().log_size, Ordering::Relaxed);
        *lock(&self.behind) = None;
    }

    /// Records nothing more, for this reason.
    pub fn stay_behind(&self, why: &str) {
        *lock(&self.behind) = Some(why.to_owned());
    }

    /// Puts what was published of a log of `size` entries into `log/lost/<size>`, and publishes the log as it is.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written: the next opening is behind again.
    pub fn publish_after_loss(&self, size: u64) -> Result<(), StoreError> {
        let log = self.folder.join("log");
        let aside = log.join("lost").join(size.to_string());
        fs::create_dir_all(&aside).map_err(|error| StoreError::File { path: aside.clone(), error })?;
        {
            let _committing = lock(&self.committing);
            // The checkpoint last: as long as it is there the store is behind, and the loss is accepted once more.
            for name in ["tile", "keys", "checkpoint"] {
                let (from, to) = (log.join(name), aside.join(name));
                if from.exists() && !to.exists() {
                    fs::rename(&from, &to).map_err(|error| StoreError::File { path: from, error })?;
                }
            }
        }
        self.publish_missing_checkpoint().map(drop)
    }
}
