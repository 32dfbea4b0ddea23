//! Own report: the subject sees everything held, and who looked at it.

use tallystick_model::event::{Event, OwnReportRecord};
use tallystick_model::inquiry::Reason;
use tallystick_model::{Identifier, SubjectId, Timestamp};
use tallystick_policy::{Decision, decide_own_report};
use tallystick_store::Changes;

use crate::bureau::{Bureau, OperationError, Recorded};
use crate::report::Report;

/// What the subject gets.
#[derive(Debug)]
pub struct OwnReport {
    /// The pseudonym of the subject.
    pub subject: SubjectId,
    /// The rules that decided.
    pub reasons: Vec<Reason>,
    /// Everything, unless a rule forbids it.
    pub report: Option<Report>,
    /// Its entry and proof; a denial of one's own report leaves none.
    pub recorded: Option<Recorded>,
}

/// Shows a subject the own file.
///
/// # Errors
/// [`OperationError`] if it could not be decided.
pub fn own_report(bureau: &Bureau, identifier: &Identifier, now: Timestamp) -> Result<OwnReport, OperationError> {
    let snapshot = bureau.snapshot();
    let found = bureau.find(&snapshot, identifier)?;
    let subject = found.subject;
    let permit = match decide_own_report(&bureau.rulebook, now, subject) {
        Decision::Permit(permit) => permit,
        Decision::Denied(denial) => {
            return Ok(OwnReport { subject, reasons: denial.reasons, report: None, recorded: None });
        }
    };
    let file = snapshot.credit_file(subject)?;
    let report = Report::for_subject(&snapshot, permit.reveal(file), &found, now)?;
    let record = OwnReportRecord {
        subject,
        report_hash: report.hash(),
        reasons: permit.reasons().to_vec(),
        rulebook: bureau.rulebook.label().to_owned(),
    };
    let reasons = record.reasons.clone();
    let recorded = bureau.record(Changes::none(), Event::OwnReportViewed(record), now)?;
    Ok(OwnReport { subject, reasons, report: Some(report), recorded: Some(recorded) })
}
