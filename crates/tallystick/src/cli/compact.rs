//! `compact`.

use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use serde_json::json;
use tallystick_operations::ingest::compact;

use super::{End, Told, args, line};
use crate::progress::Watch;
use crate::{clock, config};

pub(super) fn run(command: &args::Folder, quiet: bool) -> Result<Told> {
    let bureau = config::open(&command.folder)?;
    let before = bureau.activity();
    let watch = Mutex::new(Watch::counting(quiet));
    compact(&bureau, clock::now(), &|done, _| {
        watch.lock().unwrap_or_else(PoisonError::into_inner).count("eighths of the facts", done as u64);
    })?;
    watch.into_inner().unwrap_or_else(PoisonError::into_inner).finish();
    let after = bureau.activity();
    Ok(Told::new(
        End::Ok,
        vec![line(
            "ok",
            format_args!(
                "the facts lie in {} tables of {} bytes; there were {} of {}",
                after.tables, after.table_bytes, before.tables, before.table_bytes
            ),
        )],
        json!({
            "result": "ok",
            "tables": after.tables,
            "table_bytes": after.table_bytes,
            "tables_before": before.tables,
            "table_bytes_before": before.table_bytes,
        }),
    ))
}
