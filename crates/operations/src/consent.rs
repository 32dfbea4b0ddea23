//! Consent: grant, withdraw, list.

use tallystick_model::consent::{Consent, ConsentForm, ConsentId, ConsentScope, ConsentState};
use tallystick_model::event::Event;
use tallystick_model::inquiry::Purpose;
use tallystick_model::member::{Member, MemberRole};
use tallystick_model::{DataCategory, Identifier, SubjectId, Timestamp};
use tallystick_store::Changes;

use crate::bureau::{Bureau, OperationError, Recorded};
use crate::member::in_role;

/// What a subject agrees to.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Who agrees.
    pub identifier: Identifier,
    /// Code of the member it is for.
    pub member: String,
    /// What the member may do.
    pub scope: ConsentScope,
    /// For which purposes; needed to inquire, meaningless to furnish.
    pub purposes: Vec<Purpose>,
    /// For which data.
    pub categories: Vec<DataCategory>,
    /// In which form it was given.
    pub form: ConsentForm,
    /// Until when it holds.
    pub valid_until: Timestamp,
    /// SHA-256 of the evidence; zeros where there is none.
    pub evidence: [u8; 32],
}

/// Records a consent that holds from `now`.
///
/// # Errors
/// [`OperationError::Invalid`] if it would mean nothing: no categories, an end before its beginning, purposes where none
/// belong.
pub fn grant(bureau: &Bureau, grant: Grant, now: Timestamp) -> Result<(Consent, Recorded), OperationError> {
    let invalid = |what: &str| Err(OperationError::Invalid(what.to_owned()));
    let snapshot = bureau.snapshot();
    let role = match grant.scope {
        ConsentScope::Furnish => MemberRole::Furnisher,
        ConsentScope::Inquire => MemberRole::Subscriber,
    };
    let member = in_role(snapshot.members(), &grant.member, role)?.number;
    if grant.valid_until <= now {
        return invalid("a consent ends after it begins");
    }
    if grant.categories.is_empty() {
        return invalid("a consent names at least one category of data");
    }
    match (grant.scope, grant.purposes.is_empty()) {
        (ConsentScope::Inquire, true) => return invalid("a consent to inquire names at least one purpose"),
        (ConsentScope::Furnish, false) => return invalid("a consent to furnish has no purposes"),
        _ => {}
    }
    let found = bureau.find(&snapshot, &grant.identifier)?;
    let consent = Consent {
        id: ConsentId(bureau.random()),
        subject: found.subject,
        member,
        scope: grant.scope,
        purposes: sorted(grant.purposes),
        categories: sorted(grant.categories),
        form: grant.form,
        valid_from: now,
        valid_until: grant.valid_until,
        evidence: grant.evidence,
    };
    let recorded = bureau.record(Changes::none(), Event::ConsentGranted(consent.clone()), now)?;
    Ok((consent, recorded))
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values.dedup();
    values
}

/// Withdraws a consent: it counts for nothing from the next decision on.
///
/// # Errors
/// [`OperationError::Invalid`] if the subject has no such consent, or has withdrawn it already.
pub fn withdraw(
    bureau: &Bureau,
    identifier: &Identifier,
    consent: ConsentId,
    now: Timestamp,
) -> Result<Recorded, OperationError> {
    let snapshot = bureau.snapshot();
    let found = bureau.find(&snapshot, identifier)?;
    match found.consents().iter().find(|state| state.consent.id == consent) {
        None => Err(OperationError::Invalid(format!("the subject has no consent `{consent}`"))),
        Some(ConsentState { withdrawn_at: Some(at), .. }) => {
            Err(OperationError::Invalid(format!("consent `{consent}` was withdrawn at {at}")))
        }
        Some(_) => {
            let subject = found.subject;
            bureau.record(Changes::none(), Event::ConsentWithdrawn { subject, consent }, now)
        }
    }
}

/// A subject's consents, each with the member it is for.
#[derive(Debug)]
pub struct Listed {
    /// The pseudonym of the subject.
    pub subject: SubjectId,
    /// In the order they were granted.
    pub consents: Vec<(ConsentState, Member)>,
}

/// Lists a subject's consents.
///
/// # Errors
/// [`OperationError`] if something stored cannot be read.
pub fn list(bureau: &Bureau, identifier: &Identifier) -> Result<Listed, OperationError> {
    let snapshot = bureau.snapshot();
    let found = bureau.find(&snapshot, identifier)?;
    let with_member = |state: ConsentState| {
        let member = snapshot.member_by_number(state.consent.member)?.clone();
        Some((state, member))
    };
    Ok(Listed { subject: found.subject, consents: found.consents().into_iter().filter_map(with_member).collect() })
}
