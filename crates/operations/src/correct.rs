//! Correct: a furnisher mends or takes back one month of one of its own accounts.
//!
//! Nothing is overwritten: the correction is a delivery of its own, whose fact names the one it supersedes.

use sha2::{Digest, Sha256};
use tallystick_model::delivery::{DeliveryKind, DeliveryRecord};
use tallystick_model::event::{CorrectionRecord, Event};
use tallystick_model::fact::{Fact, FactBody, FactKey, FactKind, Slot, Standing};
use tallystick_model::identity::{IDENTITY_TEXT_BYTES_MAX, Identity, IdentityPart};
use tallystick_model::inquiry::Reason;
use tallystick_model::member::MemberRole;
use tallystick_model::money::{DecimalMarks, parse_minor};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::quality::Quality;
use tallystick_model::rights::CorrectionNotice;
use tallystick_model::tradeline::{AccountStatus, PaymentRating, TradelineMonth};
use tallystick_model::{Canonical, Date, Identifier, Month, Sensitive, SubjectId, Timestamp};
use tallystick_store::{Changes, OpenDelivery};

use crate::bureau::{Bureau, Found, OperationError, Recorded};
use crate::member::in_role;
use crate::recall::{Mended, Notice};

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
    let superseding = Superseding {
        fact: &held,
        after: after.map_or(After::Nothing, |month| After::Body(FactBody::TradelineMonth(month))),
        reason,
        why,
    };
    let prepared = Prepared::of(bureau, &found, &superseding, now)?;

    // Record: the correction, and that those who were shown what it was are told.
    let delivery = prepared.record.delivery.clone();
    let (recorded, _, told) = prepared.commit(bureau, None, now)?;
    Ok(Corrected { subject: found.subject, before, after, delivery, recorded, told })
}

/// What takes a fact's place.
#[derive(Clone, Debug)]
pub(crate) enum After {
    /// Nothing: it is taken back.
    Nothing,
    /// This.
    Body(FactBody),
    /// This, sealed.
    Identity(Box<Identity>),
}

/// A fact in the place of one that holds.
pub(crate) struct Superseding<'a> {
    /// The one that holds.
    pub(crate) fact: &'a Fact,
    /// What takes its place.
    pub(crate) after: After,
    /// Why, in words for the subject.
    pub(crate) reason: &'a str,
    /// The rule under which it comes in.
    pub(crate) why: Reason,
}

/// A correction that is ready to be recorded, as a delivery of its own, with its notices.
pub(crate) struct Prepared<'b> {
    /// Nobody begins another delivery until it is recorded.
    _open: OpenDelivery<'b>,
    changes: Changes,
    pub(crate) record: CorrectionRecord,
    notices: Vec<CorrectionNotice>,
}

impl<'b> Prepared<'b> {
    pub(crate) fn of(
        bureau: &'b Bureau,
        found: &Found,
        superseding: &Superseding<'_>,
        now: Timestamp,
    ) -> Result<Self, OperationError> {
        let Superseding { fact: before, after, reason, why } = superseding;
        let Fact { key, body, .. } = before;
        let open = bureau.store.begin_delivery()?;
        let standing = match after {
            After::Nothing => Standing::Deletes(key.delivery),
            After::Body(_) | After::Identity(_) => Standing::Corrects(key.delivery),
        };
        let key = FactKey { delivery: open.number(), ..*key };
        let body = match (after, body) {
            (After::Body(body), _) => body.clone(),
            (After::Identity(identity), _) => seal(bureau, &open, &key, identity)?,
            // A seal opens in its own fact's place alone.
            (After::Nothing, FactBody::Identity(_)) => seal(bureau, &open, &key, &Identity::default())?,
            (After::Nothing, body) => body.clone(),
        };
        let fact = Fact { key, standing, body };
        let is_left = !matches!(after, After::Nothing);
        let mended = Mended { before, after: is_left.then_some(&fact) };
        let notices = crate::recall::due(bureau, found, (open.number(), &mended), now)?;
        let (subject, slot, superseded) = (key.subject, key.slot, before.key.delivery);
        let changes = Changes::add(open.number(), vec![fact])?;
        let digest = changes.digest();
        let delivery = DeliveryRecord {
            number: open.number(),
            kind: DeliveryKind::Correction,
            furnisher: slot.account.furnisher(),
            layout: "correction 1".to_owned(),
            layout_hash: [0; 32],
            month: slot.month,
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

        let record = CorrectionRecord { subject, slot, superseded, delivery, reason: (*reason).to_owned() };
        Ok(Self { _open: open, changes, record, notices })
    }

    /// Records it, durably, with what else `with` is, and its notices, in one commit. Gives the entries of the correction and of what is
    /// with it, and who was told.
    pub(crate) fn commit(
        self,
        bureau: &Bureau,
        with: Option<Event>,
        now: Timestamp,
    ) -> Result<(Recorded, Option<Recorded>, Vec<Notice>), OperationError> {
        let Self { changes, record, notices, _open } = self;
        let is_with = with.is_some();
        let with = with.map(|event| (Changes::none(), event));
        let first = (changes, Event::FactCorrected(record));
        let all = [first].into_iter().chain(with).chain(crate::recall::events(&notices)).collect();
        let mut recorded = bureau.record_all(all, now)?.into_iter();
        let first = recorded.next();
        let correction = first.ok_or_else(|| OperationError::Invalid("nothing was recorded".to_owned()))?;
        let with = if is_with { recorded.next() } else { None };
        Ok((correction, with, crate::recall::made(notices, recorded)))
    }
}

/// An identity, sealed for this place.
fn seal(
    bureau: &Bureau,
    open: &OpenDelivery<'_>,
    key: &FactKey,
    identity: &Identity,
) -> Result<FactBody, OperationError> {
    let Some(salt) = bureau.store.subject_salt(key.subject)? else {
        return Err(OperationError::Invalid(
            "the subject's salt was destroyed: nothing can be sealed under it".to_owned(),
        ));
    };
    Ok(FactBody::Identity(open.seal(&salt, &key.to_bytes(), &identity.to_bytes(), bureau.random())))
}

/// What a furnisher says anew of who a subject is; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityChange {
    /// Full name.
    pub name: Option<Sensitive<String>>,
    /// Date of birth.
    pub born: Option<Sensitive<Date>>,
    /// Telephone number.
    pub telephone: Option<Sensitive<String>>,
    /// Postal address on one line.
    pub address: Option<Sensitive<String>>,
}

/// The identity with the change: of what was said before, and of what is disputed.
pub(crate) fn changed_identity(
    before: &Identity,
    change: &IdentityChange,
    disputed: Option<IdentityPart>,
) -> Result<Identity, OperationError> {
    let invalid = |what: String| Err(OperationError::Invalid(what));
    let IdentityChange { name, born, telephone, address } = change;
    let given = [
        (IdentityPart::Name, name.is_some()),
        (IdentityPart::Born, born.is_some()),
        (IdentityPart::Telephone, telephone.is_some()),
        (IdentityPart::Address, address.is_some()),
    ];
    for (part, _) in given.iter().filter(|(_, is_given)| *is_given) {
        if !before.says(*part) {
            return invalid(format!("the statement says nothing of this part: {part}"));
        }
        if disputed.is_some_and(|disputed| disputed != *part) {
            return invalid(format!("this part is not disputed: {part}"));
        }
    }
    for text in [name, telephone, address].into_iter().flatten() {
        let text = text.expose();
        if text.trim().is_empty() || text.len() > IDENTITY_TEXT_BYTES_MAX || text.chars().any(char::is_control) {
            return invalid("a text of who the subject is has 1 to 512 bytes and no control characters".to_owned());
        }
    }
    let after = Identity {
        name: name.clone().or_else(|| before.name.clone()),
        born: born.clone().or_else(|| before.born.clone()),
        telephone: telephone.clone().or_else(|| before.telephone.clone()),
        address: address.clone().or_else(|| before.address.clone()),
        ..before.clone()
    };
    if after == *before { invalid("the correction changes nothing".to_owned()) } else { Ok(after) }
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
