//! Withdraw: a consent ends for good, and what rested on it alone ends with it.
//!
//! One event holds the whole cascade: from the commit on no decision counts the consent, no credit file shows what it alone let
//! the bureau hold, and who has seen that is named. Whoever is told of it, and when, comes after: it can be done again from
//! the record.

use std::collections::BTreeMap;

use tallystick_model::consent::{ConsentId, ConsentScope, ConsentState};
use tallystick_model::consent_terms::Acting;
use tallystick_model::delivery::DeliveryState;
use tallystick_model::event::Event;
use tallystick_model::fact::{DeliveryNumber, Fact, FactBody, Slot};
use tallystick_model::inquiry::{InquiryRecord, Outcome};
use tallystick_model::withdrawal::{Erasure, Recipient, Withdrawal, category_of, is_erased};
use tallystick_model::{CategorySet, CreditFile, DataCategory, Identifier, Timestamp};
use tallystick_policy::{Deed, gate};
use tallystick_receipt::Document;
use tallystick_store::{Changes, RecordedEvent, Snapshot, StoreError};

use crate::bureau::{Bureau, Found, OperationError, Recorded};
use crate::consent::{may_act, of_subject};
use crate::receipts;

/// What a withdrawal has led to.
#[derive(Debug)]
pub struct Withdrawn {
    /// The whole of it, as recorded.
    pub withdrawal: Withdrawal,
    /// What the subject can prove it with.
    pub certificate: Document,
    /// Its entry and proof.
    pub recorded: Recorded,
}

/// Withdraws a consent: it counts for nothing from the next decision on, and facts that only it let the bureau hold are erased.
///
/// # Errors
/// [`OperationError::Invalid`] if the subject has no such consent, or has withdrawn it already; [`OperationError::Denied`]
/// if who acted may not.
pub fn withdraw(
    bureau: &Bureau,
    identifier: &Identifier,
    consent: ConsentId,
    acting: Acting,
    now: Timestamp,
) -> Result<Withdrawn, OperationError> {
    let snapshot = bureau.snapshot();
    let found = bureau.find(&snapshot, identifier)?;
    may_act(bureau, &found, acting, Deed::End, now)?;
    let state = of_subject(&found, consent)?;

    let withdrawal = ended(bureau, &snapshot, &found, &state, acting, now)?;

    // Record: everything the withdrawal means is durable in one commit.
    let recorded = bureau.record(Changes::none(), Event::ConsentWithdrawn(Box::new(withdrawal.clone())), now)?;
    let certificate = receipts::of_entry(bureau, withdrawal.subject, recorded.receipt.index)?;
    Ok(Withdrawn { withdrawal, certificate, recorded })
}

/// What follows from the end of a consent at `now`: what rested on it alone, and who was shown it.
pub(crate) fn ended(
    bureau: &Bureau,
    snapshot: &Snapshot<'_>,
    found: &Found,
    state: &ConsentState,
    acting: Acting,
    now: Timestamp,
) -> Result<Withdrawal, OperationError> {
    let file = snapshot.stored_file(found.subject)?;
    let deliveries = deliveries(snapshot)?;
    let erasure = match state.consent.scope {
        ConsentScope::Furnish => lost(bureau, snapshot, found, state, &file, deliveries.last, now),
        ConsentScope::Inquire => None,
    };
    let recipients = recipients(&found.events, state, erasure.as_ref());
    let mut withdrawal = Withdrawal {
        subject: found.subject,
        consent: state.consent.id,
        acting,
        erasure,
        salt_destroyed: false,
        recipients,
        rulebook: bureau.rulebook.label().to_owned(),
    };
    // What waits in quarantine may be sealed under the same salt, and is another's.
    let is_salted = bureau.store.subject_salt(found.subject)?.is_some();
    withdrawal.salt_destroyed = is_salted
        && !deliveries.any_waiting
        && withdrawal.erasure.as_ref().is_some_and(|erasure| seals_nothing_else(found, &file, erasure));
    Ok(withdrawal)
}

/// What deliveries there are at the time.
struct Deliveries {
    last: DeliveryNumber,
    any_waiting: bool,
}

pub(crate) fn last_delivery(snapshot: &Snapshot<'_>) -> Result<DeliveryNumber, StoreError> {
    Ok(deliveries(snapshot)?.last)
}

fn deliveries(snapshot: &Snapshot<'_>) -> Result<Deliveries, StoreError> {
    let mut known = Deliveries { last: DeliveryNumber(0), any_waiting: false };
    for stored in snapshot.deliveries() {
        let stored = stored?;
        known.last = known.last.max(stored.record.number);
        known.any_waiting |= stored.state == DeliveryState::Quarantined;
    }
    Ok(known)
}

/// What the furnisher handed over under this consent and under nothing else: the gate is asked again without it.
fn lost(
    bureau: &Bureau,
    snapshot: &Snapshot<'_>,
    found: &Found,
    state: &ConsentState,
    file: &CreditFile,
    until: DeliveryNumber,
    now: Timestamp,
) -> Option<Erasure> {
    let furnisher = snapshot.member_by_number(state.consent.member)?;
    let asked: CategorySet = state.consent.categories.iter().copied().collect();
    let gate = gate(&bureau.rulebook, furnisher, asked, now);
    let mut others = found.consents();
    others.retain(|other| other.consent.id != state.consent.id);
    let (mut categories, mut reasons) = (Vec::new(), Vec::new());
    for category in asked.iter() {
        if let Some(rules) = gate.loses_ground(found.kind, found.subject, category, &others) {
            categories.push(category);
            reasons.extend(rules);
        }
    }
    if categories.is_empty() {
        return None;
    }
    reasons.sort();
    reasons.dedup();
    let mut erasure = Erasure { furnisher: furnisher.number, categories, until, reasons, slots: Vec::new() };
    erasure.slots = touched(found, file, &erasure);
    Some(erasure)
}

/// What an erasure takes of what is left of a file, in key order.
pub(crate) fn touched(found: &Found, file: &CreditFile, erasure: &Erasure) -> Vec<(Slot, DeliveryNumber)> {
    let touched = |fact: &&Fact| {
        let left = found.erased.left_of((*fact).clone());
        left.is_some_and(|left| erasure_touches(erasure, &left))
    };
    file.history().iter().filter(touched).map(|fact| (fact.key.slot, fact.key.delivery)).collect()
}

/// Whether all or a part of what is left of a fact is of the erasure's categories.
fn erasure_touches(erasure: &Erasure, fact: &Fact) -> bool {
    let has = |category| erasure.categories.contains(&category);
    let part = match &fact.body {
        FactBody::PaymentProfileMonth(month) => {
            (month.income.is_some() && has(DataCategory::Income))
                || (month.investments.is_some() && has(DataCategory::Securities))
        }
        _ => false,
    };
    fact.key.slot.account.furnisher() == erasure.furnisher
        && fact.key.delivery <= erasure.until
        && (part || has(category_of(&fact.body)))
}

/// Whether every sealed fact of the subject is erased, with this erasure.
fn seals_nothing_else(found: &Found, file: &CreditFile, erasure: &Erasure) -> bool {
    let erasures = found.erased.clone().and(erasure.clone());
    let is_sealed = |fact: &&Fact| matches!(fact.body, FactBody::Identity(_) | FactBody::SealedSegment(..));
    let mut sealed = file.history().iter().filter(is_sealed).peekable();
    sealed.peek().is_some() && sealed.all(|fact| is_erased(fact, &erasures))
}

/// Who was shown it: by an inquiry under the consent itself, or of what is erased.
fn recipients(events: &[RecordedEvent], state: &ConsentState, erasure: Option<&Erasure>) -> Vec<Recipient> {
    shown(events, |inquiry| match (state.consent.scope, erasure) {
        (ConsentScope::Inquire, _) if inquiry.consent == Some(state.consent.id) => inquiry.released.clone(),
        (ConsentScope::Furnish, Some(erasure)) => erased_of(inquiry, erasure),
        _ => Vec::new(),
    })
}

/// What an inquiry was released of what is erased.
pub(crate) fn erased_of(inquiry: &InquiryRecord, erasure: &Erasure) -> Vec<DataCategory> {
    inquiry.released.iter().copied().filter(|category| erasure.categories.contains(category)).collect()
}

/// Who was shown what `concerned` says of each inquiry that was permitted, by member.
pub(crate) fn shown(
    events: &[RecordedEvent],
    concerned: impl Fn(&InquiryRecord) -> Vec<DataCategory>,
) -> Vec<Recipient> {
    let mut recipients: BTreeMap<u16, (CategorySet, Vec<u64>)> = BTreeMap::new();
    for recorded in events {
        let Event::Inquiry(inquiry) = &recorded.event else { continue };
        if inquiry.outcome != Outcome::Permitted {
            continue;
        }
        let concerned = concerned(inquiry);
        if concerned.is_empty() {
            continue;
        }
        let (categories, inquiries) = recipients.entry(inquiry.subscriber).or_default();
        *categories = concerned.into_iter().fold(*categories, CategorySet::with);
        inquiries.push(recorded.index);
    }
    let recipient = |(member, (categories, inquiries)): (u16, (CategorySet, Vec<u64>))| Recipient {
        member,
        categories: categories.iter().collect(),
        inquiries,
    };
    recipients.into_iter().map(recipient).collect()
}

/// Whether what ended this consent last was its time.
///
/// # Errors
/// [`OperationError`] if something cannot be read.
pub fn is_expiry(bureau: &Bureau, identifier: &Identifier, consent: ConsentId) -> Result<bool, OperationError> {
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    let last = found.events.iter().rev().find_map(|recorded| match &recorded.event {
        Event::ConsentWithdrawn(withdrawal) if withdrawal.consent == consent => Some(false),
        Event::ConsentExpired(withdrawal) if withdrawal.consent == consent => Some(true),
        _ => None,
    });
    Ok(last == Some(true))
}

/// The end of a consent that is on record, withdrawn or over, with its certificate: to hand them out again.
///
/// # Errors
/// [`OperationError::Invalid`] if the subject has withdrawn no such consent.
pub fn withdrawn(
    bureau: &Bureau,
    identifier: &Identifier,
    consent: ConsentId,
) -> Result<(Withdrawal, Document), OperationError> {
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    // One that was over can be withdrawn still: what came last has it all.
    let recorded = found.events.iter().rev().find_map(|recorded| match &recorded.event {
        Event::ConsentWithdrawn(withdrawal) | Event::ConsentExpired(withdrawal) if withdrawal.consent == consent => {
            Some((recorded.index, withdrawal))
        }
        _ => None,
    });
    let Some((index, withdrawal)) = recorded else {
        return Err(OperationError::Invalid(format!(
            "the subject has withdrawn no consent `{consent}`, and nothing was erased as it ended"
        )));
    };
    Ok(((**withdrawal).clone(), receipts::of_entry(bureau, withdrawal.subject, index)?))
}
