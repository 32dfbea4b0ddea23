//! `upgrade`: from an older format of the store to this program's. There is one format yet: nothing older was ever released.

use anyhow::{Result, anyhow};
use serde_json::json;
use tallystick_operations::OperationError;
use tallystick_store::{FORMAT, StoreError};

use super::args::Folder;
use super::{End, Told, line};
use crate::config;

pub(super) fn run(folder: &Folder) -> Result<Told> {
    let at = folder.folder.display();
    config::open(&folder.folder).map_err(|error| match error.downcast_ref() {
        Some(OperationError::Store(StoreError::Format(found))) => anyhow!(
            "`{at}` has a store of format {found}: this program knows format {FORMAT} alone, and nothing was changed; \
             a later program may know both"
        ),
        _ => error,
    })?;
    let lines = vec![line(
        "ok",
        format_args!("`{at}` has a store of format {FORMAT}, the one this program writes: nothing to do"),
    )];
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "format": FORMAT, "changed": false})))
}
