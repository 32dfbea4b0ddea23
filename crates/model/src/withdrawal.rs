//! What follows from the end of a consent, withdrawn or over: what is erased, and who is to be told.
//!
//! A withdrawal and everything it causes is one event, and so one entry of the log: either all of it is on record or none. From
//! then on the facts it names are erased: [`Erasures`] says of each fact whether it is, for whoever reads a credit file and
//! for whoever rewrites tables. The event, with the salt beside it and the entry's receipt, is the subject's certificate.

use crate::canonical::{Canonical, DecodeError, Reader, Writer};
use crate::consent::ConsentId;
use crate::consent_terms::Acting;
use crate::event::Event;
use crate::fact::{DeliveryNumber, Fact, FactBody, FactKind, Slot};
use crate::inquiry::Reason;
use crate::registry::table_of;
use crate::rights::{Expired, Right};
use crate::{AccountKey, DataCategory, Month, SubjectId};

/// A consent withdrawn, or over, and the consequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Who withdrew.
    pub subject: SubjectId,
    /// Which consent.
    pub consent: ConsentId,
    /// Who acted for the subject; of a consent whose time is over, nobody did, and this says the subject.
    pub acting: Acting,
    /// What is erased, as nothing else lets the bureau hold it; `None` where nothing rested on this consent alone.
    pub erasure: Option<Erasure>,
    /// Whether the subject's salt was destroyed: then no sealed text of the subject can be read any more.
    pub salt_destroyed: bool,
    /// Who has received what the consent allowed, and is to be told; by member.
    pub recipients: Vec<Recipient>,
    /// Rulebook and its version.
    pub rulebook: String,
}

/// Facts that have lost their ground.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Who furnished them.
    pub furnisher: u16,
    /// Their categories, in the order of their numbers; never empty.
    pub categories: Vec<DataCategory>,
    /// The last delivery at the time: what comes later comes on a ground of its own.
    pub until: DeliveryNumber,
    /// The rules that ask for a consent to these categories.
    pub reasons: Vec<Reason>,
    /// What was held of them, in key order: which questions were answered, by which delivery.
    pub slots: Vec<(Slot, DeliveryNumber)>,
}

impl Erasure {
    fn covers(&self, fact: &Fact, category: DataCategory) -> bool {
        fact.key.slot.account.furnisher() == self.furnisher
            && fact.key.delivery <= self.until
            && self.categories.contains(&category)
    }
}

/// A member that has seen data of the consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Number of the member.
    pub member: u16,
    /// The categories it was shown, in the order of their numbers.
    pub categories: Vec<DataCategory>,
    /// Places in the log of the inquiries that showed them.
    pub inquiries: Vec<u64>,
}

/// Everything erased of one subject: by a consent's end, on request, or because its time has run out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erasures {
    /// By a consent's end, or on request.
    named: Vec<Erasure>,
    expired: Expired,
}

impl Erasures {
    /// With one more.
    #[must_use]
    pub fn and(mut self, erasure: Erasure) -> Self {
        self.named.push(erasure);
        self
    }

    /// What the events of one subject have erased.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut erasures = Self::default();
        for event in events {
            match event {
                Event::ConsentWithdrawn(withdrawal) | Event::ConsentExpired(withdrawal) => {
                    erasures.named.extend(withdrawal.erasure.clone());
                }
                Event::Right(right) => {
                    if let Right::RequestAnswered(answer) = &**right {
                        erasures.named.extend(answer.erasure.clone());
                    }
                    erasures.expired.take(right);
                }
                _ => {}
            }
        }
        erasures
    }

    /// Whether nothing is erased.
    pub fn is_empty(&self) -> bool {
        self.named.is_empty() && self.expired.is_empty()
    }

    /// Whether data of `category` in this fact is erased.
    pub fn covers(&self, fact: &Fact, category: DataCategory) -> bool {
        self.named.iter().any(|erasure| erasure.covers(fact, category)) || self.expired.covers(fact)
    }

    /// What is left of a fact: all of it, it without the parts that are erased, or nothing.
    ///
    /// The attributes of a sealed identity are out of sight here; who opens the seal asks [`Erasures::covers`] of each.
    pub fn left_of(&self, mut fact: Fact) -> Option<Fact> {
        if is_erased(&fact, self) {
            return None;
        }
        let (income, investments) =
            (self.covers(&fact, DataCategory::Income), self.covers(&fact, DataCategory::Securities));
        if let FactBody::PaymentProfileMonth(month) = &mut fact.body {
            month.income = month.income.filter(|_| !income);
            month.investments = month.investments.filter(|_| !investments);
        }
        Some(fact)
    }
}

/// Whether a fact is erased whole: no credit file shows it, and tables are rewritten without it.
pub fn is_erased(fact: &Fact, erasures: &Erasures) -> bool {
    !erasures.is_empty() && erasures.covers(fact, category_of(&fact.body))
}

/// The category of what a fact says.
///
/// A payment profile's income and investments are of their own categories, `income` and `securities`.
pub fn category_of(body: &FactBody) -> DataCategory {
    match body {
        FactBody::Identity(_) => DataCategory::Identity,
        FactBody::TradelineTerms(terms) => terms.kind.category(),
        FactBody::TradelineMonth(month) => month.kind.category(),
        FactBody::PaymentProfileMonth(_) => DataCategory::Payments,
        FactBody::Segment(_) | FactBody::SealedSegment(..) => {
            table_of(body.kind()).map_or(DataCategory::Identity, |table| table.category)
        }
        FactBody::Holder(_) => DataCategory::Identity,
    }
}

fn write_slot(out: &mut Writer<'_>, (slot, delivery): &(Slot, DeliveryNumber)) {
    slot.kind.write(out);
    out.fixed(&slot.account.0);
    out.option(slot.month.as_ref(), |out, month| out.unsigned(u64::from(month.number())));
    out.unsigned(u64::from(delivery.0));
}

fn read_slot(input: &mut Reader<'_>) -> Result<(Slot, DeliveryNumber), DecodeError> {
    let slot = Slot {
        kind: FactKind::read(input)?,
        account: AccountKey(input.fixed()?),
        month: input
            .option(|input| Month::from_number(input.unsigned_as()?).map_err(|_| DecodeError::Value("month")))?,
    };
    Ok((slot, DeliveryNumber(input.unsigned_as()?)))
}

impl Canonical for Erasure {
    fn write(&self, out: &mut Writer<'_>) {
        out.unsigned(u64::from(self.furnisher));
        out.list(&self.categories, |out, category| category.write(out));
        out.unsigned(u64::from(self.until.0));
        out.list(&self.reasons, |out, reason| reason.write(out));
        out.list(&self.slots, write_slot);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            furnisher: input.unsigned_as()?,
            categories: input.list(DataCategory::read)?,
            until: DeliveryNumber(input.unsigned_as()?),
            reasons: input.list(Reason::read)?,
            slots: input.list(read_slot)?,
        })
    }
}

impl Canonical for Recipient {
    fn write(&self, out: &mut Writer<'_>) {
        out.unsigned(u64::from(self.member));
        out.list(&self.categories, |out, category| category.write(out));
        out.list(&self.inquiries, |out, index| out.unsigned(*index));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            member: input.unsigned_as()?,
            categories: input.list(DataCategory::read)?,
            inquiries: input.list(Reader::unsigned)?,
        })
    }
}

impl Canonical for Withdrawal {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.fixed(&self.consent.0);
        self.acting.write(out);
        out.option(self.erasure.as_ref(), |out, erasure| erasure.write(out));
        out.byte(u8::from(self.salt_destroyed));
        out.list(&self.recipients, |out, recipient| recipient.write(out));
        out.text(&self.rulebook);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            consent: ConsentId(input.fixed()?),
            acting: Acting::read(input)?,
            erasure: input.option(Erasure::read)?,
            salt_destroyed: match input.byte()? {
                0 => false,
                1 => true,
                _ => return Err(DecodeError::Value("salt_destroyed")),
            },
            recipients: input.list(Recipient::read)?,
            rulebook: input.text()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;
    use crate::fact::{FactKey, Standing};
    use crate::payment_profile::{Flow, PaymentProfileMonth, Provenance};

    fn profile(furnisher: u16, delivery: u32) -> Fact {
        let month = Some(Month::new(2026, 1).unwrap());
        let slot = Slot { kind: FactKind::PaymentProfileMonth, account: AccountKey::of_furnisher(furnisher), month };
        let mut body = PaymentProfileMonth::empty(Provenance::FurnisherSigned, Currency::CNY);
        body.income = Some(Flow { count: 1, minor: 5 });
        body.investments = Some(Flow { count: 2, minor: 7 });
        Fact {
            key: FactKey { subject: SubjectId([1; 16]), slot, delivery: DeliveryNumber(delivery) },
            standing: Standing::Reported,
            body: FactBody::PaymentProfileMonth(body),
        }
    }

    fn withdrawal(categories: Vec<DataCategory>) -> Withdrawal {
        Withdrawal {
            subject: SubjectId([1; 16]),
            consent: ConsentId([2; 8]),
            acting: Acting::default(),
            erasure: Some(Erasure {
                furnisher: 3,
                categories,
                until: DeliveryNumber(4),
                reasons: vec![Reason { rule: "r".to_owned(), code: "c".to_owned() }],
                slots: vec![(profile(3, 4).key.slot, DeliveryNumber(4))],
            }),
            salt_destroyed: true,
            recipients: vec![Recipient { member: 9, categories: vec![DataCategory::Payments], inquiries: vec![300] }],
            rulebook: "x".to_owned(),
        }
    }

    fn erasures(categories: Vec<DataCategory>) -> Erasures {
        Erasures::of(&[Event::ConsentWithdrawn(Box::new(withdrawal(categories)))])
    }

    #[test]
    fn a_fact_is_erased_by_furnisher_category_and_delivery() {
        let payments = erasures(vec![DataCategory::Payments]);
        assert!(is_erased(&profile(3, 4), &payments));
        assert!(!is_erased(&profile(2, 4), &payments), "another furnisher's");
        assert!(!is_erased(&profile(3, 5), &payments), "delivered later, on a ground of its own");
        assert!(!is_erased(&profile(3, 4), &erasures(vec![DataCategory::Credit])));
        assert!(!is_erased(&profile(3, 4), &Erasures::default()));
    }

    #[test]
    fn a_part_with_a_category_of_its_own_goes_alone() {
        let left = erasures(vec![DataCategory::Income]).left_of(profile(3, 4)).unwrap();
        let FactBody::PaymentProfileMonth(month) = left.body else { panic!("another body") };
        assert_eq!((month.income, month.investments.map(|flow| flow.minor)), (None, Some(7)));
        assert_eq!(erasures(vec![DataCategory::Payments]).left_of(profile(3, 4)), None);
    }

    #[test]
    fn the_bytes_of_a_withdrawal_are_fixed() {
        let withdrawal = withdrawal(vec![DataCategory::Payments]);
        let mut expected = vec![1; 16];
        expected.extend([2; 8]);
        expected.extend([1, 0]);
        expected.extend([0; 32]);
        expected.extend([1, 3, 1, 3, 4, 1, 1, b'r', 1, b'c', 1]);
        expected.extend([FactKind::PaymentProfileMonth.number(), 0, 3, 0, 0, 0, 0, 0, 0, 1]);
        Writer::new(&mut expected).unsigned(u64::from(Month::new(2026, 1).unwrap().number()));
        expected.extend([4, 1, 1, 9, 1, 3, 1, 0xac, 0x02, 1, b'x']);
        assert_eq!(withdrawal.to_bytes(), expected);
        assert_eq!(Withdrawal::from_bytes(&expected), Ok(withdrawal));
    }
}
