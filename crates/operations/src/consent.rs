//! Consent: grant, refuse, pause, resume, list. Withdrawing has consequences of its own: [`mod@crate::withdraw`].

use tallystick_model::consent::{Consent, ConsentForm, ConsentId, ConsentScope, ConsentState, ConsentStatus, Refusal};
use tallystick_model::consent_terms::{Acting, ConsentTerms, Fetch, TERM_BYTES_MAX};
use tallystick_model::event::{ConsentTurn, Death, Event};
use tallystick_model::inquiry::Purpose;
use tallystick_model::member::{Member, MemberRole};
use tallystick_model::{DataCategory, Identifier, SubjectId, Timestamp};
use tallystick_policy::{Asked, Deed};
use tallystick_store::{Changes, has_died, refusals};

use crate::bureau::{Bureau, Found, OperationError, Recorded};
use crate::member::in_role;

pub use crate::withdraw::{Withdrawn, withdraw};

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
    /// What else was agreed, and how it was asked for.
    pub terms: ConsentTerms,
}

/// What a subject was asked to agree to, and did not.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Who refused.
    pub identifier: Identifier,
    /// Code of the member that asked.
    pub member: String,
    /// What the member would have been let do.
    pub scope: ConsentScope,
    /// For which purposes.
    pub purposes: Vec<Purpose>,
    /// For which data.
    pub categories: Vec<DataCategory>,
    /// How it was asked for.
    pub terms: ConsentTerms,
}

fn invalid<T>(what: &str) -> Result<T, OperationError> {
    Err(OperationError::Invalid(what.to_owned()))
}

/// Records a consent that holds from `now`. What speaks against the way it was asked for is recorded with it.
///
/// # Errors
/// [`OperationError::Invalid`] if it would mean nothing: no categories, an end before its beginning, purposes where none
/// belong. [`OperationError::Denied`] if who acted may not.
pub fn grant(bureau: &Bureau, grant: Grant, now: Timestamp) -> Result<(Consent, Recorded), OperationError> {
    let snapshot = bureau.snapshot();
    let member = in_role(snapshot.members(), &grant.member, role(grant.scope))?.number;
    if grant.valid_until <= now {
        return invalid("a consent ends after it begins");
    }
    check_meaning(grant.scope, &grant.purposes, &grant.categories)?;
    check_terms(&grant.terms)?;
    let found = bureau.find(&snapshot, &grant.identifier)?;
    may_act(bureau, &found, grant.terms.acting, Deed::Give, now)?;
    let (purposes, categories) = (sorted(grant.purposes), sorted(grant.categories));
    let asked = Asked {
        member,
        scope: grant.scope,
        purposes: &purposes,
        categories: &categories,
        bundle: grant.terms.bundle.as_ref(),
    };
    let fair = bureau.rulebook.check_fair_use((&purposes, &categories), &grant.terms, (now, grant.valid_until));
    fair.map_err(|denial| OperationError::Denied(denial.reasons))?;
    let flags = bureau.rulebook.consent_flags(&asked, &refusals(&found.events), now);
    let consent = Consent {
        id: ConsentId(bureau.random()),
        subject: found.subject,
        about: found.kind,
        member,
        scope: grant.scope,
        purposes,
        categories,
        form: grant.form,
        valid_from: now,
        valid_until: grant.valid_until,
        evidence: grant.evidence,
        terms: grant.terms,
        flags,
    };
    let recorded = bureau.record(Changes::none(), Event::ConsentGranted(consent.clone()), now)?;
    Ok((consent, recorded))
}

/// Records that a subject was asked and refused: who asks again too soon is seen.
///
/// # Errors
/// [`OperationError::Invalid`] if what was asked would mean nothing, [`OperationError::Denied`] if who acted may not.
pub fn refuse(bureau: &Bureau, refused: Refused, now: Timestamp) -> Result<(Refusal, Recorded), OperationError> {
    let snapshot = bureau.snapshot();
    let member = in_role(snapshot.members(), &refused.member, role(refused.scope))?.number;
    check_meaning(refused.scope, &refused.purposes, &refused.categories)?;
    check_terms(&refused.terms)?;
    let found = bureau.find(&snapshot, &refused.identifier)?;
    may_act(bureau, &found, refused.terms.acting, Deed::End, now)?;
    let (purposes, categories) = (sorted(refused.purposes), sorted(refused.categories));
    let asked = Asked {
        member,
        scope: refused.scope,
        purposes: &purposes,
        categories: &categories,
        bundle: refused.terms.bundle.as_ref(),
    };
    let flags = bureau.rulebook.consent_flags(&asked, &refusals(&found.events), now);
    let refusal = Refusal {
        subject: found.subject,
        member,
        scope: refused.scope,
        purposes,
        categories,
        terms: refused.terms,
        flags,
    };
    let recorded = bureau.record(Changes::none(), Event::ConsentRefused(refusal.clone()), now)?;
    Ok((refusal, recorded))
}

const fn role(scope: ConsentScope) -> MemberRole {
    match scope {
        ConsentScope::Furnish => MemberRole::Furnisher,
        ConsentScope::Inquire => MemberRole::Subscriber,
    }
}

fn check_meaning(scope: ConsentScope, purposes: &[Purpose], categories: &[DataCategory]) -> Result<(), OperationError> {
    if categories.is_empty() {
        return invalid("a consent names at least one category of data");
    }
    match (scope, purposes.is_empty()) {
        (ConsentScope::Inquire, true) => invalid("a consent to inquire names at least one purpose"),
        (ConsentScope::Furnish, false) => invalid("a consent to furnish has no purposes"),
        _ => Ok(()),
    }
}

fn check_terms(terms: &ConsentTerms) -> Result<(), OperationError> {
    if matches!(terms.fetch, Fetch::Periodic(frequency) if frequency.count == 0) {
        return invalid("a consent that is used periodically is used at least once");
    }
    if terms.data_range.is_some_and(|range| range.until < range.from) {
        return invalid("a range of data ends on the day it begins, or later");
    }
    let condition = terms.bundle.as_ref().map(|bundle| &bundle.condition);
    let mut texts = [terms.notice_version.as_ref(), terms.language.as_ref(), condition].into_iter().flatten();
    if texts.any(|text| text.trim().is_empty() || text.len() > TERM_BYTES_MAX || text.chars().any(char::is_control)) {
        return invalid("a text among the terms of a consent has 1 to 256 bytes and no control characters");
    }
    Ok(())
}

/// Whether who acts for this subject may, by the rulebook.
pub(crate) fn may_act(
    bureau: &Bureau,
    found: &Found,
    acting: Acting,
    deed: Deed,
    now: Timestamp,
) -> Result<(), OperationError> {
    let of = (found.born, has_died(&found.events));
    let shown = acting.evidence != [0; 32];
    let answer = bureau.rulebook.may_act(acting.actor, shown, deed, of, now);
    answer.map_err(|denial| OperationError::Denied(denial.reasons))
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values.dedup();
    values
}

/// The subject's consent of this name.
pub(crate) fn of_subject(found: &Found, consent: ConsentId) -> Result<ConsentState, OperationError> {
    let state = found.consents().into_iter().find(|state| state.consent.id == consent);
    let state = state.ok_or_else(|| OperationError::Invalid(format!("the subject has no consent `{consent}`")))?;
    match state.withdrawn_at {
        Some(at) => Err(OperationError::Invalid(format!("consent `{consent}` was withdrawn at {at}"))),
        None => Ok(state),
    }
}

/// Suspends a consent: from the next decision on it counts for nothing, until it is resumed.
///
/// # Errors
/// [`OperationError::Invalid`] if the subject has no such consent that holds; [`OperationError::Denied`] if who acted may not.
pub fn pause(
    bureau: &Bureau,
    identifier: &Identifier,
    consent: ConsentId,
    acting: Acting,
    now: Timestamp,
) -> Result<Recorded, OperationError> {
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    may_act(bureau, &found, acting, Deed::End, now)?;
    is(&of_subject(&found, consent)?, ConsentStatus::Active, "an active one is paused", now)?;
    let turn = ConsentTurn { subject: found.subject, consent, acting };
    bureau.record(Changes::none(), Event::ConsentPaused(turn), now)
}

/// Lets a suspended consent hold again, on the terms it was given on.
///
/// # Errors
/// [`OperationError::Invalid`] if the subject has no such consent, or it is not suspended; [`OperationError::Denied`] if who
/// acted may not.
pub fn resume(
    bureau: &Bureau,
    identifier: &Identifier,
    consent: ConsentId,
    acting: Acting,
    now: Timestamp,
) -> Result<Recorded, OperationError> {
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    may_act(bureau, &found, acting, Deed::Give, now)?;
    is(&of_subject(&found, consent)?, ConsentStatus::Paused, "a paused one is resumed", now)?;
    let turn = ConsentTurn { subject: found.subject, consent, acting };
    bureau.record(Changes::none(), Event::ConsentResumed(turn), now)
}

/// Refuses what only a consent that stands so allows.
fn is(state: &ConsentState, expected: ConsentStatus, only: &str, now: Timestamp) -> Result<(), OperationError> {
    match state.status_at(now) {
        status if status == expected => Ok(()),
        status => Err(OperationError::Invalid(format!("consent `{}` is {status}: only {only}", state.consent.id))),
    }
}

/// Records, on evidence, that a subject has died: from then on next of kin act for it.
///
/// # Errors
/// [`OperationError::Invalid`] without evidence, for a firm, or if it is on record already.
pub fn record_death(
    bureau: &Bureau,
    identifier: &Identifier,
    evidence: [u8; 32],
    now: Timestamp,
) -> Result<Recorded, OperationError> {
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    if found.kind != tallystick_model::SubjectKind::Person {
        return invalid("only a person dies");
    }
    if evidence == [0; 32] {
        return invalid("a death is recorded on evidence");
    }
    if has_died(&found.events) {
        return invalid("the death of this subject is on record already");
    }
    bureau.record(Changes::none(), Event::DeathRecorded(Death { subject: found.subject, evidence }), now)
}

/// A subject's consents, each with the member it is for, and its refusals.
#[derive(Debug)]
pub struct Listed {
    /// The pseudonym of the subject.
    pub subject: SubjectId,
    /// In the order they were granted.
    pub consents: Vec<(ConsentState, Member)>,
    /// In the order they were recorded.
    pub refusals: Vec<(Timestamp, Refusal, Member)>,
}

/// Lists a subject's consents and refusals.
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
    let refused = |(at, refusal): (Timestamp, Refusal)| {
        let member = snapshot.member_by_number(refusal.member)?.clone();
        Some((at, refusal, member))
    };
    Ok(Listed {
        subject: found.subject,
        consents: found.consents().into_iter().filter_map(with_member).collect(),
        refusals: refusals(&found.events).into_iter().filter_map(refused).collect(),
    })
}

/// One consent of a subject, with its member.
///
/// # Errors
/// [`OperationError::Invalid`] if the subject has no such consent.
pub fn show(
    bureau: &Bureau,
    identifier: &Identifier,
    consent: ConsentId,
) -> Result<(ConsentState, Member), OperationError> {
    let listed = list(bureau, identifier)?;
    let found = listed.consents.into_iter().find(|(state, _)| state.consent.id == consent);
    found.ok_or_else(|| OperationError::Invalid(format!("the subject has no consent `{consent}`")))
}
