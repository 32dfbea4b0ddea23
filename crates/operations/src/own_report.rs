//! Own report: the subject sees everything held, and who looked at it.

use tallystick_model::consent_terms::Acting;
use tallystick_model::event::{Event, OwnReportRecord};
use tallystick_model::inquiry::Reason;
use tallystick_model::{Date, Identifier, SubjectId, Timestamp};
use tallystick_policy::{Charge, Decision, charge, decide_own_report_by};
use tallystick_store::{Changes, RecordedEvent, has_died};

use crate::answer::own_hash;
use crate::bureau::{Bureau, OperationError, Recorded};
use crate::report::Report;

/// Which past state is asked for; by default the present one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// What the bureau knew at this instant: later deliveries, corrections, accesses and consents are left out. The same
    /// instant gives the same state whenever it is asked for, but for what was erased since.
    pub known_on: Option<Timestamp>,
    /// What is known about the time up to this date: months after it are left out.
    pub as_of: Option<Date>,
}

/// What the subject gets.
#[derive(Debug)]
pub struct OwnReport {
    /// The pseudonym of the subject.
    pub subject: SubjectId,
    /// The rules that decided.
    pub reasons: Vec<Reason>,
    /// Everything, unless a rule forbids it.
    pub report: Option<Report>,
    /// What it costs by the rulebook; `None` where no rule speaks of it.
    pub charge: Option<Charge>,
    /// Its entry and proof; a denial of one's own report leaves none.
    pub recorded: Option<Recorded>,
}

/// Shows a subject the own file, as it is or as it was.
///
/// # Errors
/// [`OperationError`] if it could not be decided.
pub fn own_report(
    bureau: &Bureau,
    identifier: &Identifier,
    past: Past,
    now: Timestamp,
) -> Result<OwnReport, OperationError> {
    own_report_by(bureau, identifier, Acting::default(), past, now)
}

/// The same, asked for by whoever acts for the subject: next of kin after a death, a guardian. Who it was is on record.
///
/// # Errors
/// As [`own_report`].
pub fn own_report_by(
    bureau: &Bureau,
    identifier: &Identifier,
    acting: Acting,
    past: Past,
    now: Timestamp,
) -> Result<OwnReport, OperationError> {
    let mut snapshot = bureau.snapshot();
    let mut found = bureau.find(&snapshot, identifier)?;
    let viewed = |recorded: &RecordedEvent| matches!(recorded.event, Event::OwnReportViewed(_));
    let earlier = found.events.iter().filter(|recorded| viewed(recorded)).map(|recorded| recorded.entry.at);
    let charge = charge(&bureau.rulebook, earlier, now);
    let died = has_died(&found.events);
    if let Some(at) = past.known_on {
        snapshot = snapshot.as_known_on(at);
        found.events.retain(|recorded| recorded.entry.at <= at);
    }
    let subject = found.subject;
    let whose = (acting.actor, acting.evidence != [0; 32], died);
    let permit = match decide_own_report_by(&bureau.rulebook, now, subject, whose) {
        Decision::Permit(permit) => permit,
        Decision::Denied(denial) => {
            return Ok(OwnReport { subject, reasons: denial.reasons, report: None, charge: None, recorded: None });
        }
    };
    let mut file = found.file(&snapshot)?;
    if let Some(date) = past.as_of {
        file = file.as_of(date);
    }
    let report = Report::for_subject(&snapshot, permit.reveal(file), &found, past, now)?;
    let record = OwnReportRecord {
        subject,
        known_on: past.known_on,
        as_of: past.as_of,
        acting,
        report_hash: report.hash(),
        answer_hash: own_hash(&report, charge.as_ref()),
        reasons: permit.reasons().to_vec(),
        rulebook: bureau.rulebook.label().to_owned(),
    };
    let reasons = record.reasons.clone();
    let recorded = bureau.record(Changes::none(), Event::OwnReportViewed(record), now)?;
    Ok(OwnReport { subject, reasons, report: Some(report), charge, recorded: Some(recorded) })
}
