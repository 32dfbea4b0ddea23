//! Correct: a furnisher mends or takes back one month of one of its own accounts.
//!
//! Nothing is overwritten: the correction is a delivery of its own, whose fact names the one it supersedes.

use sha2::{Digest, Sha256};
use tallystick_model::delivery::{DeliveryKind, DeliveryRecord};
use tallystick_model::event::{CorrectionRecord, Event};
use tallystick_model::fact::{Fact, FactBody, FactKey, FactKind, Slot, Standing};
use tallystick_model::inquiry::Reason;
use tallystick_model::member::MemberRole;
use tallystick_model::money::{DecimalMarks, parse_minor};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::quality::Quality;
use tallystick_model::tradeline::{AccountStatus, PaymentRating, TradelineMonth};
use tallystick_model::{Identifier, Month, Sensitive, SubjectId, Timestamp};
use tallystick_store::Changes;

use crate::bureau::{Bureau, OperationError, Recorded};
use crate::member::in_role;
use crate::recall::{Notice, tell};

/// What a furnisher asks to change.
#[derive(Clone, Debug)]
pub struct Correction {
    /// Code of the furnisher.
    pub furnisher: String,
    /// Whose file.
    pub identifier: Identifier,
    /// The furnisher's number of the account.
    pub account: Sensitive<String>,
    /// Which month.
    pub month: Month,
    /// What it should say.
    pub change: Change,
    /// Why, in the furnisher's words; the subject reads it.
    pub reason: String,
}

/// The new statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The month was never so: the slot becomes empty.
    Delete,
    /// These values replace the old ones; what is `None` stays.
    Set {
        /// Status of the account.
        status: Option<AccountStatus>,
        /// How it was paid.
        rating: Option<PaymentRating>,
        /// Owed, as a decimal of the account's currency, e.g. `1234.50`.
        balance: Option<String>,
        /// Past due, likewise.
        past_due: Option<String>,
        /// Paid, likewise.
        paid: Option<String>,
    },
}

/// What was changed.
#[derive(Debug)]
pub struct Corrected {
    /// Whose file.
    pub subject: SubjectId,
    /// As it was.
    pub before: TradelineMonth,
    /// As it is; `None` if deleted.
    pub after: Option<TradelineMonth>,
    /// The correction's own delivery.
    pub delivery: DeliveryRecord,
    /// Its entry and proof.
    pub recorded: Recorded,
    /// Who was told of it.
    pub told: Vec<Notice>,
}

/// Longest reason, in bytes.
const REASON_BYTES_MAX: usize = 1024;

/// Corrects or deletes one month.
///
/// # Errors
/// [`OperationError::Invalid`] if nothing is held there, nothing would change, or the reason is missing.
pub fn correct(bureau: &Bureau, correction: &Correction, now: Timestamp) -> Result<Corrected, OperationError> {
    let invalid = |what: &str| Err(OperationError::Invalid(what.to_owned()));
    // Admit: only a furnisher, and only with a reason the subject can read.
    let snapshot = bureau.snapshot();
    let furnisher = in_role(snapshot.members(), &correction.furnisher, MemberRole::Furnisher)?;
    let reason = correction.reason.trim();
    if reason.is_empty() || reason.len() > REASON_BYTES_MAX || reason.chars().any(char::is_control) {
        return invalid("a correction has a reason of 1 to 1024 bytes and no control characters");
    }

    // Find: the key holds the furnisher's number, so another's account is out of reach.
    let found = bureau.find(&snapshot, &correction.identifier)?;
    let account = bureau.pseudonymiser.account(furnisher.number, correction.account.expose().as_bytes());
    let slot = Slot { kind: FactKind::TradelineMonth, account, month: Some(correction.month) };

    // Gather: what holds now?
    let file = found.file(&snapshot)?;
    let held = file.holding(slot).cloned();
    let Some(held @ Fact { body: FactBody::TradelineMonth(before), .. }) = held else {
        return invalid("this furnisher has reported nothing about this account and month of the subject");
    };

    // Act: a fact that supersedes it.
    let after = changed(before, &correction.change)?;
    if after == Some(before) {
        return invalid("the correction changes nothing");
    }
    let why = Reason { rule: "own-fact".to_owned(), code: "furnisher_corrects_own_fact".to_owned() };
    let superseding = Superseding { fact: &held, after: after.map(FactBody::TradelineMonth), reason, why };
    let (delivery, recorded) = supersede(bureau, &superseding, now)?;

    // Answer, and tell those who were shown what it was.
    let told = tell(bureau, found.subject, now)?;
    Ok(Corrected { subject: found.subject, before, after, delivery, recorded, told })
}

/// A fact in the place of one that holds.
pub(crate) struct Superseding<'a> {
    /// The one that holds.
    pub(crate) fact: &'a Fact,
    /// What it should say; `None` takes it back.
    pub(crate) after: Option<FactBody>,
    /// Why, in words for the subject.
    pub(crate) reason: &'a str,
    /// The rule under which it comes in.
    pub(crate) why: Reason,
}

/// Records it, durably, as a delivery of its own.
pub(crate) fn supersede(
    bureau: &Bureau,
    superseding: &Superseding<'_>,
    now: Timestamp,
) -> Result<(DeliveryRecord, Recorded), OperationError> {
    let Superseding { fact: Fact { key, body, .. }, after, reason, why } = superseding;
    let open = bureau.store.begin_delivery()?;
    let standing = match after {
        Some(_) => Standing::Corrects(key.delivery),
        None => Standing::Deletes(key.delivery),
    };
    let fact = Fact {
        key: FactKey { delivery: open.number(), ..*key },
        standing,
        body: after.as_ref().unwrap_or(body).clone(),
    };
    let changes = Changes::add(open.number(), vec![fact])?;
    let digest = changes.digest();
    let delivery = DeliveryRecord {
        number: open.number(),
        kind: DeliveryKind::Correction,
        furnisher: key.slot.account.furnisher(),
        layout: "correction 1".to_owned(),
        layout_hash: [0; 32],
        month: key.slot.month,
        about: None,
        provenance: Provenance::FurnisherSigned,
        file_hash: Sha256::digest([]).into(),
        file_bytes: 0,
        recorded_at: now,
        records: 1,
        rejects: 0,
        awaiting_consent: 0,
        subjects: digest.subjects,
        facts: digest.facts.clone(),
        not_admitted: Vec::new(),
        admitted_under: vec![why.clone()],
        quality: Quality { records: 1, ..Quality::default() },
        rulebook: bureau.rulebook.label().to_owned(),
        facts_root: digest.root,
    };

    // Record: durable before the answer leaves.
    let record = CorrectionRecord {
        subject: key.subject,
        slot: key.slot,
        superseded: key.delivery,
        delivery: delivery.clone(),
        reason: (*reason).to_owned(),
    };
    let recorded = bureau.record(changes, Event::FactCorrected(record), now)?;
    Ok((delivery, recorded))
}

pub(crate) fn changed(before: TradelineMonth, change: &Change) -> Result<Option<TradelineMonth>, OperationError> {
    let Change::Set { status, rating, balance, past_due, paid } = change else { return Ok(None) };
    let digits = before.currency.minor_digits();
    let amount = |name: &str, text: &Option<String>, before: Option<i64>| {
        let Some(text) = text else { return Ok(before) };
        parse_minor(text.as_bytes(), digits, DecimalMarks::PLAIN)
            .map(Some)
            .map_err(|error| OperationError::Invalid(format!("`{name}`: {error}")))
    };
    Ok(Some(TradelineMonth {
        status: status.unwrap_or(before.status),
        rating: rating.unwrap_or(before.rating),
        balance_minor: amount("balance", balance, before.balance_minor)?,
        past_due_minor: amount("past due", past_due, before.past_due_minor)?,
        paid_minor: amount("paid", paid, before.paid_minor)?,
        ..before
    }))
}
