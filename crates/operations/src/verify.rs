//! Verify: everything that can be derived again is, and compared.

use tallystick_store::StoreError;
use tallystick_store::check::{self, Finding, Progress, Report};

use crate::bureau::Bureau;

/// Checks the whole bureau: the store, that the rulebook it runs under is the one it was founded under or one its partners have
/// accepted, that everything governed is covered by the charter and enacted decisions, and that what was done under subjects' rights
/// fits together.
pub fn verify(bureau: &Bureau, progress: Progress<'_>) -> Report {
    let mut report = check::check(&bureau.store, progress);
    let fault = bureau.rulebook_fault.iter().map(|what| Finding { place: "rulebook".to_owned(), what: what.clone() });
    report.findings.extend(fault);
    // A store that cannot be read was told of above, place by place.
    let governed = crate::governed::check(&bureau.snapshot(), &mut report.findings)
        .and_then(|()| crate::verify_rights::check(&bureau.snapshot(), &mut report.findings));
    if let Err(error) = governed
        && report.findings.is_empty()
    {
        report.findings.push(Finding { place: "charter".to_owned(), what: error.to_string() });
    }
    report
}

/// Publishes the log's checkpoint again if `report` finds nothing but that it is missing; takes the finding back and tells so.
///
/// # Errors
/// [`StoreError`] if it cannot be written.
pub fn publish_missing_checkpoint(bureau: &Bureau, report: &mut Report) -> Result<bool, StoreError> {
    // Where partners govern, none but what one of them still has shows that nothing was turned back.
    if bureau.government().is_some() {
        if report.only_lacks_checkpoint() {
            let what = "is not written again under a charter: put the last checkpoint that a partner, witness or copy has in its place";
            report.findings.push(Finding { place: "log/checkpoint".to_owned(), what: what.to_owned() });
        }
        return Ok(false);
    }
    if !report.only_lacks_checkpoint() || !bureau.store.publish_missing_checkpoint()? {
        return Ok(false);
    }
    report.findings.clear();
    Ok(true)
}
