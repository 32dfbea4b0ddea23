//! More time for the answer of a dispute, where a rule gives it: once, and before the answer is due.

use tallystick_model::rights::{DisputeExtension, DisputeState, Right};
use tallystick_model::{Identifier, Sensitive, Timestamp};
use tallystick_policy::ExtensionGround;

use super::{answerable, invalid, words};
use crate::bureau::{Bureau, OperationError, Recorded};
use crate::protect::record;

/// Why a dispute is to have more time.
#[derive(Clone, Debug)]
pub struct More {
    /// What the subject has sent, or why it takes longer; the subject and the furnisher read it.
    pub why: Sensitive<String>,
    /// SHA-256 of what the subject has sent; zeros where it sent nothing.
    pub evidence: [u8; 32],
}

/// Gives a dispute the time that the rulebook has beyond its first.
///
/// # Errors
/// [`OperationError::Invalid`] if the rulebook has no more time, the dispute has had it, its answer is due, or what the rule asks for is not
/// shown.
pub fn extend(
    bureau: &Bureau,
    identifier: &Identifier,
    entry: u64,
    more: &More,
    now: Timestamp,
) -> Result<(DisputeExtension, Recorded), OperationError> {
    let label = bureau.rulebook.label();
    let number = bureau.rulebook.dispute();
    let Some((number, extension)) = number.and_then(|number| Some((number, number.extended?))) else {
        return invalid(&format!("rulebook {label} gives a dispute no more time"));
    };
    let why = words(more.why.expose())?;
    if extension.on == ExtensionGround::FurtherInformation && more.evidence == [0; 32] {
        return invalid(&format!(
            "{} gives more time where the subject has sent more: give it as evidence",
            number.rule
        ));
    }
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    let dispute = answerable(&found, entry)?;
    if let Some((at, _)) = &dispute.extension {
        return invalid(&format!("dispute {entry} was given more time at {at}, and gets it once"));
    }
    if dispute.state != DisputeState::Open || dispute.filing.answer_by <= now {
        return invalid(&format!(
            "the answer to dispute {entry} was due by {}: it is too late",
            dispute.filing.answer_by
        ));
    }
    let Some(answer_by) = extension.term.after(dispute.at) else {
        return invalid("the time of the answer is out of range");
    };
    let extension = DisputeExtension {
        subject: found.subject,
        dispute: entry,
        why: Sensitive::new(why.to_owned()),
        evidence: more.evidence,
        // A time of the furnisher's own stays what it is.
        furnisher_by: if number.furnisher.is_some() { dispute.filing.furnisher_by } else { answer_by },
        answer_by,
        rule: number.rule.clone(),
    };
    let recorded = record(bureau, Right::DisputeExtended(extension.clone()), now)?;
    Ok((extension, recorded))
}
