//! What a correction should become, a furnisher's own or one that follows from a dispute.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tallystick_model::delivery::{DeliveryKind, DeliveryRecord};
use tallystick_model::event::CorrectionRecord;
use tallystick_model::fact::{DeliveryNumber, FactBody, FactKey, FactKind, Slot, Standing};
use tallystick_model::inquiry::Reason;
use tallystick_model::member::MemberRole;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::quality::Quality;
use tallystick_model::tradeline::{AccountStatus, PaymentRating, TradelineMonth};
use tallystick_model::{Identifier, Month, SubjectId, Timestamp};

use super::{Facts, Held, Reference, Said};

/// New status, rating and balance of a month; `None` takes it back.
pub type Set = Option<(Option<AccountStatus>, Option<PaymentRating>, Option<i64>)>;

/// What a correction asks for.
#[derive(Clone, Debug)]
pub struct Mending {
    /// Code of the furnisher.
    pub furnisher: String,
    /// Its number of the account.
    pub account: String,
    /// Which month.
    pub month: Month,
    /// What it should say.
    pub set: Set,
    /// Why.
    pub reason: String,
}

impl Reference {
    /// What a correction becomes: its record and its one fact.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn mend(
        &self,
        identifier: &Identifier,
        mending: &Mending,
        now: Timestamp,
    ) -> Result<(CorrectionRecord, Facts), String> {
        let furnisher = self.in_role(&mending.furnisher, MemberRole::Furnisher)?;
        if mending.reason.trim().is_empty() || mending.reason.trim().contains(char::is_control) {
            return Err("a correction has a reason of 1 to 1024 bytes and no control characters".to_owned());
        }
        let subject = self.find(identifier).subject;
        let account = self.pseudonymiser.account(furnisher.number, mending.account.as_bytes());
        let slot = Slot { kind: FactKind::TradelineMonth, account, month: Some(mending.month) };
        let why = Reason { rule: "own-fact".to_owned(), code: "furnisher_corrects_own_fact".to_owned() };
        self.supersede((subject, slot), mending.set, (mending.reason.trim().to_owned(), why), now)
    }

    /// A month in the place of the one that holds; without `set` it is taken back.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn supersede(
        &self,
        (subject, slot): (SubjectId, Slot),
        set: Set,
        (reason, why): (String, Reason),
        now: Timestamp,
    ) -> Result<(CorrectionRecord, Facts), String> {
        let held = self.live(subject).into_iter().find(|(key, _)| key.slot == slot);
        let Some((key, Held { said: Said::Body(FactBody::TradelineMonth(before)), .. })) = held else {
            return Err("this furnisher has reported nothing about this account and month of the subject".to_owned());
        };
        let (after, standing) = match set {
            None => (before, Standing::Deletes(key.delivery)),
            Some((status, rating, balance)) => {
                let after = TradelineMonth {
                    status: status.unwrap_or(before.status),
                    rating: rating.unwrap_or(before.rating),
                    balance_minor: balance.or(before.balance_minor),
                    ..before
                };
                if after == before {
                    return Err("the correction changes nothing".to_owned());
                }
                (after, Standing::Corrects(key.delivery))
            }
        };
        let number = DeliveryNumber(self.next_delivery);
        let fact_key = FactKey { subject, slot, delivery: number };
        let said = Said::Body(FactBody::TradelineMonth(after));
        let facts = Facts::from([(fact_key, Held { standing, said })]);
        let delivery = DeliveryRecord {
            number,
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
            subjects: 1,
            facts: vec![(FactKind::TradelineMonth, 1)],
            not_admitted: Vec::new(),
            admitted_under: vec![why],
            quality: Quality { records: 1, ..Quality::default() },
            rulebook: self.rulebook.clone(),
            facts_root: Self::facts_root(&facts, &BTreeMap::new()),
        };
        Ok((CorrectionRecord { subject, slot, superseded: key.delivery, delivery, reason }, facts))
    }
}
