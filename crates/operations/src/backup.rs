//! Backups of an open bureau, and bringing one back; the store has the format.

use std::path::{Path, PathBuf};

use tallystick_model::signature::SecretKey;
use tallystick_store::backup::create;
pub use tallystick_store::backup::{Made, Point, points, restore, verify};
use tallystick_store::check::Progress;

use crate::bureau::{Bureau, OperationError};

/// Adds the bureau as it is now to the backup in `to`, with `files` of its folder; others may commit meanwhile.
///
/// # Errors
/// [`OperationError::Store`] if it records nothing because it is behind what was published, or the disk refuses.
pub fn make(
    bureau: &Bureau,
    to: &Path,
    files: &[(String, PathBuf)],
    key: &SecretKey,
    progress: Progress<'_>,
) -> Result<Made, OperationError> {
    Ok(create(&bureau.store, to, files, key, progress)?)
}
