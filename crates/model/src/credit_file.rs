//! The credit file: all facts held about one subject.
//!
//! A credit file cannot be printed or serialised. It leaves the bureau only through a permit
//! (`policy::Permit::reveal`), which makes a visible file of the parts that the decision released.

use std::collections::BTreeMap;

use crate::fact::{DeliveryNumber, Fact, FactBody, Slot, Standing};
use crate::rights::Expired;
use crate::tradeline::AccountStatus;
use crate::{AccountKey, Date, Month, SubjectId};

/// All visible facts of one subject, in key order.
#[derive(Clone, PartialEq, Eq)]
pub struct CreditFile {
    subject: SubjectId,
    facts: Vec<Fact>,
}

impl CreditFile {
    /// A file of `facts`, which the store gives in key order and all of `subject`.
    pub const fn new(subject: SubjectId, facts: Vec<Fact>) -> Self {
        Self { subject, facts }
    }

    /// Whom it is about.
    pub const fn subject(&self) -> SubjectId {
        self.subject
    }

    /// Whether nothing holds that could be shown: no facts, or only such as were taken back.
    pub fn says_nothing(&self) -> bool {
        self.current().next().is_none()
    }

    /// Every fact, superseded ones too, in key order.
    pub fn history(&self) -> &[Fact] {
        &self.facts
    }

    /// The facts that hold.
    ///
    /// Of each slot the one recorded last, of a wallet's month the one recorded last of those that cover the most days of it (a
    /// bill of part of a month does not stand in the place of one of more of it, and one of as much does); but what was corrected or taken back stays so until it is corrected again: a later
    /// report does not bring the old statement back. A deletion empties its slot. An account whose furnisher has last reported it
    /// as deleted (Metro 2 status DA or DF) holds nothing at all.
    pub fn current(&self) -> impl Iterator<Item = &Fact> {
        let deleted = self.deleted_accounts();
        self.standing().filter(move |fact| !deleted.contains(&fact.key.slot.account))
    }

    /// Of each slot the fact that stands, if any.
    fn standing(&self) -> impl Iterator<Item = &Fact> {
        self.facts
            .chunk_by(|one, other| one.key.slot == other.key.slot)
            .filter_map(|slot| {
                let mended = slot.iter().rev().find(|fact| fact.standing != Standing::Reported);
                mended.or_else(|| slot.iter().max_by_key(|fact| fact.body.days_covered()))
            })
            .filter(|fact| !matches!(fact.standing, Standing::Deletes(_)))
    }

    /// Accounts of whose standing months the one recorded last says that the account is deleted.
    fn deleted_accounts(&self) -> Vec<AccountKey> {
        let mut latest: BTreeMap<AccountKey, (DeliveryNumber, AccountStatus)> = BTreeMap::new();
        for fact in self.standing() {
            if let FactBody::TradelineMonth(month) = &fact.body {
                let (account, delivery) = (fact.key.slot.account, fact.key.delivery);
                let entry = latest.entry(account).or_insert((delivery, month.status));
                if delivery >= entry.0 {
                    *entry = (delivery, month.status);
                }
            }
        }
        let is_deleted = |status| matches!(status, AccountStatus::Deleted | AccountStatus::DeletedForFraud);
        latest.into_iter().filter(|(_, (_, status))| is_deleted(*status)).map(|(account, _)| account).collect()
    }

    /// The fact that holds in `slot`.
    pub fn holding(&self, slot: Slot) -> Option<&Fact> {
        self.current().find(|fact| fact.key.slot == slot)
    }

    /// The file without the facts whose time has run out. Done before anything is shown or counted.
    #[must_use]
    pub fn without_expired(mut self, expired: &Expired) -> Self {
        if !expired.is_empty() {
            self.facts.retain(|fact| !expired.covers(fact));
        }
        self
    }

    /// The file as it is known now about the time up to `date`: without the months after it, and without terms and segments
    /// reported of a later time. What is said without a time stays.
    #[must_use]
    pub fn as_of(mut self, date: Date) -> Self {
        let Some(last) = Month::of(date) else { return self };
        self.facts.retain(|fact| {
            let of_month = fact.key.slot.month.is_none_or(|month| month <= last);
            let reported = match &fact.body {
                FactBody::TradelineTerms(terms) => terms.reported_month.is_none_or(|month| month <= last),
                FactBody::Segment(segment) => segment.reported.is_none_or(|reported| reported <= date),
                _ => true,
            };
            of_month && reported
        });
        self
    }
}

impl std::fmt::Debug for CreditFile {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "CreditFile({} facts)", self.facts.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;
    use crate::fact::{FactKey, FactKind};
    use crate::payment_profile::{DaysCovered, PaymentProfileMonth, Provenance};
    use crate::tradeline::{AccountKind, PaymentRating, TradelineMonth};

    fn fact(month: u8, delivery: u32, standing: Standing, status: AccountStatus) -> Fact {
        let month = Some(Month::new(2026, month).unwrap());
        let slot = Slot { kind: FactKind::TradelineMonth, account: AccountKey::of_furnisher(1), month };
        let body = FactBody::TradelineMonth(TradelineMonth {
            kind: AccountKind::CreditCard,
            status,
            rating: PaymentRating::Current,
            currency: Currency::CNY,
            balance_minor: None,
            past_due_minor: None,
            limit_minor: None,
            paid_minor: None,
            scheduled_minor: None,
        });
        let key = FactKey { subject: SubjectId([1; 16]), slot, delivery: DeliveryNumber(delivery) };
        Fact { key, standing, body }
    }

    fn current(facts: Vec<Fact>) -> Vec<u32> {
        CreditFile::new(SubjectId([1; 16]), facts).current().map(|fact| fact.key.delivery.0).collect()
    }

    fn open(month: u8, delivery: u32, standing: Standing) -> Fact {
        fact(month, delivery, standing, AccountStatus::Open)
    }

    #[test]
    fn the_last_recorded_fact_of_a_slot_holds_and_a_deletion_empties_it() {
        let facts = vec![
            open(1, 1, Standing::Reported),
            open(1, 4, Standing::Corrects(DeliveryNumber(1))),
            open(2, 2, Standing::Reported),
            open(2, 6, Standing::Reported),
            open(3, 3, Standing::Reported),
            open(3, 5, Standing::Deletes(DeliveryNumber(3))),
        ];
        assert_eq!(current(facts.clone()), [4, 6]);
        let before = CreditFile::new(SubjectId([1; 16]), facts).as_of(Date::constant(2026, 2, 1));
        assert_eq!(before.current().map(|fact| fact.key.delivery.0).collect::<Vec<_>>(), [4, 6]);
    }

    #[test]
    fn what_was_corrected_or_taken_back_does_not_come_back_with_a_later_report() {
        let facts = vec![
            open(1, 1, Standing::Reported),
            open(1, 4, Standing::Corrects(DeliveryNumber(1))),
            open(1, 7, Standing::Reported),
            open(2, 1, Standing::Reported),
            open(2, 5, Standing::Deletes(DeliveryNumber(1))),
            open(2, 7, Standing::Reported),
        ];
        assert_eq!(current(facts), [4]);
    }

    #[test]
    fn of_a_wallets_month_the_fullest_report_holds_and_of_equals_the_last() {
        let june = Month::new(2021, 6).unwrap();
        let of = |delivery: u32, standing: Standing, covered: Option<(u8, u8)>| {
            let mut fact = fact(6, delivery, standing, AccountStatus::Open);
            let mut profile = PaymentProfileMonth::empty(Provenance::SelfAsserted, Currency::CNY);
            profile.covered = covered.and_then(|(first, last)| DaysCovered::of(june, first, last));
            fact.key.slot.kind = FactKind::PaymentProfileMonth;
            fact.body = FactBody::PaymentProfileMonth(profile);
            fact
        };
        let reported = |delivery: u32, covered| of(delivery, Standing::Reported, covered);
        for (facts, holds) in [
            (vec![reported(1, Some((1, 19))), reported(2, None)], 2),
            (vec![reported(1, None), reported(2, Some((1, 19)))], 1),
            (vec![reported(1, None), reported(2, None)], 2),
            (vec![reported(1, Some((1, 19))), reported(2, Some((12, 30)))], 2),
            (vec![reported(1, Some((1, 19))), reported(2, Some((1, 20))), reported(3, Some((1, 5)))], 2),
            (vec![reported(1, None), of(2, Standing::Corrects(DeliveryNumber(1)), Some((1, 5))), reported(3, None)], 2),
        ] {
            assert_eq!(current(facts.clone()), [holds], "{facts:?}");
        }
    }

    #[test]
    fn an_account_last_reported_as_deleted_holds_nothing_until_it_is_reported_again() {
        let mut facts = vec![
            open(1, 1, Standing::Reported),
            open(2, 2, Standing::Reported),
            fact(3, 3, Standing::Reported, AccountStatus::Deleted),
        ];
        assert_eq!(current(facts.clone()), Vec::<u32>::new());
        let mut mended = facts.clone();
        mended.push(fact(3, 4, Standing::Deletes(DeliveryNumber(3)), AccountStatus::Deleted));
        assert_eq!(current(mended), [1, 2], "the statement of deletion was taken back");
        facts.push(open(4, 4, Standing::Reported));
        assert_eq!(current(facts), [1, 2, 3, 4]);
    }
}
