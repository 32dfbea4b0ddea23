//! Verify: everything that can be derived again is, and compared.

use tallystick_store::check::{self, Finding, Progress, Report};

use crate::bureau::Bureau;

/// Checks the whole bureau: the store, and that the rulebook it runs under is the one it was founded under.
pub fn verify(bureau: &Bureau, progress: Progress<'_>) -> Report {
    let mut report = check::check(&bureau.store, progress);
    let fault = bureau.rulebook_fault.iter().map(|what| Finding { place: "rulebook".to_owned(), what: what.clone() });
    report.findings.extend(fault);
    report
}
