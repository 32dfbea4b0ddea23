//! Access history: who looked at a subject's file or was told of it, when, why, what was released, by which rule and consent.
//!
//! It is the subject's, as the own report is, and leaves no entry: it shows nothing that is held about the subject, only what the
//! bureau has done with it.

use tallystick_model::consent::ConsentId;
use tallystick_model::consent_terms::Acting;
use tallystick_model::event::Event;
use tallystick_model::{Identifier, SubjectId, Timestamp};
use tallystick_policy::{Decision, decide_own_report_by};
use tallystick_store::has_died;

use crate::beside::{HandOver, RightsPart, Told};
use crate::bureau::{Bureau, OperationError};
use crate::report::{Access, access};

/// One access with everything it rested on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accessed {
    /// Who, when, why, how it ended, and by which rules.
    pub access: Access,
    /// The consent relied on.
    pub consent: Option<ConsentId>,
    /// Whether the subject's one-time code was shown.
    pub by_code: bool,
    /// Rulebook and version that decided.
    pub rulebook: String,
    /// SHA-256 of the report as given; `None` where none was.
    pub report_hash: Option<[u8; 32]>,
}

/// Everyone who was shown or told something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessHistory {
    /// The pseudonym of the subject.
    pub subject: SubjectId,
    /// Every access, denied ones too, the earliest first.
    pub accesses: Vec<Accessed>,
    /// Who was told of corrections, the earliest first.
    pub told: Vec<Told>,
    /// Hand-overs beside the bureau that were asked for, the earliest first.
    pub hand_overs: Vec<HandOver>,
}

/// Shows a subject who looked at the own file.
///
/// # Errors
/// [`OperationError::Invalid`] if the rulebook does not let the subject see it.
pub fn access_history(
    bureau: &Bureau,
    identifier: &Identifier,
    now: Timestamp,
) -> Result<AccessHistory, OperationError> {
    access_history_by(bureau, identifier, Acting::default(), now)
}

/// The same, asked for by whoever acts for the subject.
///
/// # Errors
/// As [`access_history`].
pub fn access_history_by(
    bureau: &Bureau,
    identifier: &Identifier,
    acting: Acting,
    now: Timestamp,
) -> Result<AccessHistory, OperationError> {
    let snapshot = bureau.snapshot();
    let found = bureau.find(&snapshot, identifier)?;
    let whose = (acting.actor, acting.evidence != [0; 32], has_died(&found.events));
    if let Decision::Denied(denial) = decide_own_report_by(&bureau.rulebook, now, found.subject, whose) {
        let codes: Vec<_> = denial.reasons.iter().map(|reason| format!("{} {}", reason.rule, reason.code)).collect();
        return Err(OperationError::Invalid(format!("denied: {}", codes.join(", "))));
    }
    let accesses = found.events.iter().filter_map(|recorded| {
        let access = access(&snapshot, recorded)?;
        let given = |hash: [u8; 32]| (hash != [0; 32]).then_some(hash);
        Some(match &recorded.event {
            Event::Inquiry(inquiry) => Accessed {
                access,
                consent: inquiry.consent,
                by_code: inquiry.weighed.by_code,
                rulebook: inquiry.rulebook.clone(),
                report_hash: given(inquiry.report_hash),
            },
            Event::OwnReportViewed(view) => Accessed {
                access,
                consent: None,
                by_code: false,
                rulebook: view.rulebook.clone(),
                report_hash: given(view.report_hash),
            },
            _ => return None,
        })
    });
    let accesses = accesses.collect();
    let RightsPart { told, hand_overs, .. } = RightsPart::of(&snapshot, &found, now);
    Ok(AccessHistory { subject: found.subject, accesses, told, hand_overs })
}
