//! Verify: everything that can be derived again is, and compared.

use tallystick_store::StoreError;
use tallystick_store::check::{self, Finding, Progress, Report};

use crate::bureau::Bureau;

/// Checks the whole bureau: the store, and that the rulebook it runs under is the one it was founded under.
pub fn verify(bureau: &Bureau, progress: Progress<'_>) -> Report {
    let mut report = check::check(&bureau.store, progress);
    let fault = bureau.rulebook_fault.iter().map(|what| Finding { place: "rulebook".to_owned(), what: what.clone() });
    report.findings.extend(fault);
    report
}

/// Publishes the log's checkpoint again if `report` finds nothing but that it is missing; takes the finding back and tells so.
///
/// # Errors
/// [`StoreError`] if it cannot be written.
pub fn publish_missing_checkpoint(bureau: &Bureau, report: &mut Report) -> Result<bool, StoreError> {
    if !report.only_lacks_checkpoint() || !bureau.store.publish_missing_checkpoint()? {
        return Ok(false);
    }
    report.findings.clear();
    Ok(true)
}
