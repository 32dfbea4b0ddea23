//! Facts: one statement by one furnisher about one subject, for one period, in one delivery.
//!
//! A fact's key is `SubjectId ‖ kind ‖ account ‖ month ‖ delivery`, all big-endian; stored together are the facts that one
//! delivery has about one subject ([`subject_facts`](crate::subject_facts)). A fact is never overwritten: a later one with the
//! same [`Slot`] stands in its place, and says which it supersedes if it is a correction or a deletion.

use std::fmt;

use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::payment_profile::{DaysCovered, PaymentProfileMonth};
use crate::registry::{RegistryRecord, Segment, Table, table_of};
use crate::tradeline::{TradelineMonth, TradelineTerms};
use crate::{AccountKey, Identifier, Month, SubjectId};

/// The number of a delivery: given in the order of admission, from 1, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryNumber(pub u32);

impl fmt::Display for DeliveryNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}

coded_enum! {
    /// What a fact states.
    pub enum FactKind {
        Identity = 1, "identity", "Who the subject is (sealed)";
        TradelineTerms = 3, "tradeline_terms", "Terms of an account";
        TradelineMonth = 4, "tradeline_month", "One month of an account";
        PaymentProfileMonth = 5, "payment_profile_month", "One month of a wallet";
        AccountBasic = 32, "registry_account_basic", "Whose account it is and what it is, as the registry's segment B";
        AccountTerms = 33, "registry_account_terms", "Terms of an account, as the registry's segment C";
        AccountGuarantors = 34, "registry_account_guarantors", "Who else answers for an account, as the registry's segment D";
        AccountCollateral = 35, "registry_account_collateral", "Collateral of an account, as the registry's segment E";
        AccountAgreement = 36, "registry_account_agreement", "The agreement an account draws on, as the registry's segment F";
        AccountOrigin = 37, "registry_account_origin", "Who lent first, as the registry's segment G";
        AccountMonth = 38, "registry_account_month", "One month of an account, as the registry's segment H";
        AccountInstalment = 39, "registry_account_instalment", "Large instalments, as the registry's segment I";
        AccountStanding = 40, "registry_account_standing", "An account between months, as the registry's segment J";
        AccountTransactions = 41, "registry_account_transactions", "Special transactions, as the registry's segment K";
        AccountEvents = 42, "registry_account_events", "Special events of one month of an account";
        AgreementBasic = 43, "registry_agreement_basic", "Whose credit agreement it is";
        AgreementJoint = 44, "registry_agreement_joint", "Who else may draw on a credit agreement";
        AgreementLimit = 45, "registry_agreement_limit", "The limit of a credit agreement";
        Holder = 46, "registry_holder", "Whose an account or agreement is, found by its code";
        PersonBasic = 48, "registry_person_basic", "Who a person is, as the registry's record 110 says";
        PersonDocuments = 49, "registry_person_documents", "Further documents of a person";
        PersonProfile = 50, "registry_person_profile", "Birth, nationality and contact of a person";
        PersonMarriage = 51, "registry_person_marriage", "Marriage of a person";
        PersonEducation = 52, "registry_person_education", "Schooling of a person";
        PersonOccupation = 53, "registry_person_occupation", "Occupation of a person";
        PersonResidence = 54, "registry_person_residence", "Residence of a person";
        PersonMail = 55, "registry_person_mail", "Postal address of a person";
        PersonIncome = 56, "registry_person_income", "Income of a person";
        PersonFamily = 57, "registry_person_family", "A family member of a person";
        PersonValidity = 58, "registry_person_validity", "How long a document of a person is valid";
        PersonLink = 59, "registry_person_link", "Another document of a person";
    }
}

/// Bytes of a [`FactKey`].
pub const FACT_KEY_BYTES: usize = 31;

/// Where a fact stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FactKey {
    /// Whom it is about.
    pub subject: SubjectId,
    /// What it says, about which account and month.
    pub slot: Slot,
    /// The delivery that recorded it.
    pub delivery: DeliveryNumber,
}

/// The question a fact answers; of several facts in one slot the latest visible one holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// What is stated.
    pub kind: FactKind,
    /// About which account, or [`AccountKey::of_furnisher`].
    pub account: AccountKey,
    /// About which month; `None` where the statement has no period.
    pub month: Option<Month>,
}

impl FactKey {
    /// The key as bytes; their order is the order of keys.
    pub fn to_bytes(self) -> [u8; FACT_KEY_BYTES] {
        let mut bytes = [0; FACT_KEY_BYTES];
        let month = self.slot.month.map_or(0, Month::number).to_be_bytes();
        let (subject, rest) = bytes.split_at_mut(16);
        let (kind, rest) = rest.split_at_mut(1);
        let (account, rest) = rest.split_at_mut(8);
        let (to_month, delivery) = rest.split_at_mut(2);
        subject.copy_from_slice(&self.subject.0);
        kind.copy_from_slice(&[self.slot.kind.number()]);
        account.copy_from_slice(&self.slot.account.0);
        to_month.copy_from_slice(&month);
        delivery.copy_from_slice(&self.delivery.0.to_be_bytes());
        bytes
    }

    /// The key of these bytes.
    ///
    /// # Errors
    /// [`DecodeError`] if the length, the kind or the month is impossible.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let subject = SubjectId(input.fixed()?);
        let kind = FactKind::read(&mut input)?;
        let account = AccountKey(input.fixed()?);
        let month = match u16::from_be_bytes(input.fixed()?) {
            0 => None,
            number => Some(Month::from_number(number).map_err(|_| DecodeError::Value("month"))?),
        };
        let delivery = DeliveryNumber(u32::from_be_bytes(input.fixed()?));
        input.finish()?;
        Ok(Self { subject, slot: Slot { kind, account, month }, delivery })
    }
}

/// How a fact stands to earlier ones in its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Reported in the ordinary way.
    Reported,
    /// Corrects the fact recorded by the named delivery.
    Corrects(DeliveryNumber),
    /// Takes back the fact recorded by the named delivery: the slot counts as empty.
    Deletes(DeliveryNumber),
}

/// What a fact says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactBody {
    /// An [`Identity`](crate::identity::Identity), sealed under the subject's key.
    Identity(Vec<u8>),
    /// Terms of an account.
    TradelineTerms(TradelineTerms),
    /// One month of an account.
    TradelineMonth(TradelineMonth),
    /// One month of a wallet.
    PaymentProfileMonth(PaymentProfileMonth),
    /// A segment of the registry's furnishing that tells nobody's identity.
    Segment(Segment),
    /// A segment of this kind, sealed under the subject's key.
    SealedSegment(FactKind, Vec<u8>),
    /// Whose the account or agreement is that this fact's subject stands for ([`Pseudonymiser::holder_place`](crate::Pseudonymiser::holder_place)).
    Holder(SubjectId),
}

impl FactBody {
    /// What is stated.
    pub const fn kind(&self) -> FactKind {
        match self {
            Self::Identity(_) => FactKind::Identity,
            Self::TradelineTerms(_) => FactKind::TradelineTerms,
            Self::TradelineMonth(_) => FactKind::TradelineMonth,
            Self::PaymentProfileMonth(_) => FactKind::PaymentProfileMonth,
            Self::Segment(segment) => segment.kind,
            Self::SealedSegment(kind, _) => *kind,
            Self::Holder(_) => FactKind::Holder,
        }
    }

    /// How many days of its month it covers, 1 to 31; all of any month is 31, which no part of a month reaches.
    pub fn days_covered(&self) -> u8 {
        match self {
            Self::PaymentProfileMonth(profile) => profile.covered.map_or(31, DaysCovered::days),
            _ => 31,
        }
    }
}

/// One statement with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Where it stands.
    pub key: FactKey,
    /// How it stands to earlier ones.
    pub standing: Standing,
    /// What it says. Of a deletion: what was said.
    pub body: FactBody,
}

/// The first byte of a stored fact: version 1 in the high half, the standing in the low half.
const VERSION: u8 = 1;

/// How a fact stands, and the bytes of what it says, of a stored value.
///
/// # Errors
/// [`DecodeError`] if it does not begin as a value does.
pub fn split_standing(value: &[u8]) -> Result<(Standing, &[u8]), DecodeError> {
    let input = &mut Reader::new(value);
    let standing = read_standing(input)?;
    Ok((standing, input.rest()))
}

pub(crate) fn read_standing(input: &mut Reader<'_>) -> Result<Standing, DecodeError> {
    let first = input.byte()?;
    if first >> 4 != VERSION {
        return Err(DecodeError::Version(first >> 4));
    }
    Ok(match first & 0x0f {
        0 => Standing::Reported,
        1 => Standing::Corrects(DeliveryNumber(input.unsigned_as()?)),
        2 => Standing::Deletes(DeliveryNumber(input.unsigned_as()?)),
        _ => return Err(DecodeError::Value("standing")),
    })
}

/// Appends the stored value of a fact that stands so, whose body `write` appends.
pub fn write_value(bytes: &mut Vec<u8>, standing: Standing, write: impl FnOnce(&mut Writer<'_>)) {
    let out = &mut Writer::new(bytes);
    write_standing(out, standing);
    write(out);
}

/// Appends what [`read_standing`] reads.
pub(crate) fn write_standing(out: &mut Writer<'_>, standing: Standing) {
    match standing {
        Standing::Reported => out.byte(VERSION << 4),
        Standing::Corrects(earlier) => {
            out.byte(VERSION << 4 | 1);
            out.unsigned(u64::from(earlier.0));
        }
        Standing::Deletes(earlier) => {
            out.byte(VERSION << 4 | 2);
            out.unsigned(u64::from(earlier.0));
        }
    }
}

impl Fact {
    /// Appends the stored value (not the key).
    pub fn write_value(&self, bytes: &mut Vec<u8>) {
        write_value(bytes, self.standing, |out| match &self.body {
            FactBody::Identity(sealed) => out.bytes(sealed),
            FactBody::TradelineTerms(terms) => terms.write(out),
            FactBody::TradelineMonth(month) => month.write(out),
            FactBody::PaymentProfileMonth(month) => month.write(out),
            FactBody::Segment(segment) => segment.write_values(out),
            FactBody::SealedSegment(_, sealed) => out.bytes(sealed),
            FactBody::Holder(subject) => out.fixed(&subject.0),
        });
    }

    /// The fact at `key` whose stored value this is.
    ///
    /// # Errors
    /// [`DecodeError`] if the value is not canonical.
    pub fn from_value(key: FactKey, value: &[u8]) -> Result<Self, DecodeError> {
        let input = &mut Reader::new(value);
        let standing = read_standing(input)?;
        let body = match key.slot.kind {
            FactKind::Identity => FactBody::Identity(input.bytes()?.to_vec()),
            FactKind::TradelineTerms => FactBody::TradelineTerms(TradelineTerms::read(input)?),
            FactKind::TradelineMonth => FactBody::TradelineMonth(TradelineMonth::read(input)?),
            FactKind::PaymentProfileMonth => FactBody::PaymentProfileMonth(PaymentProfileMonth::read(input)?),
            FactKind::Holder => FactBody::Holder(SubjectId(input.fixed()?)),
            kind if table_of(kind).is_some_and(Table::is_sealed) => {
                FactBody::SealedSegment(kind, input.bytes()?.to_vec())
            }
            kind => FactBody::Segment(Segment::read_values(kind, input)?),
        };
        input.finish()?;
        Ok(Self { key, standing, body })
    }
}

/// A record as intake hands it over: validated, still under the subject's real identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedRecord {
    /// Where in the delivery it stood.
    pub place: RecordPlace,
    /// Whom it is about; the first is the one facts are kept under, others are kept sealed beside it. None where a record of the
    /// registry's furnishing names only an account.
    pub identifiers: Vec<Identifier>,
    /// What it says.
    pub statements: Vec<Statement>,
}

/// Where a record stands in a delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordPlace {
    /// Counted from 1, headers and trailers not counted.
    pub record: u64,
    /// Offset of its first byte in the file as delivered.
    pub byte: u64,
}

/// One thing a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// One month of an account.
    TradelineMonth(ReportedAccount, Month, TradelineMonth),
    /// Terms of an account.
    TradelineTerms(ReportedAccount, TradelineTerms),
    /// One month of a wallet.
    PaymentProfileMonth(ReportedAccount, Month, PaymentProfileMonth),
    /// Who the subject is.
    Identity(ReportedAccount, crate::identity::Identity),
    /// A record of the registry's furnishing: what it changes depends on what is held.
    Registry(Box<RegistryRecord>),
}

/// The furnisher's own number of an account: personal data.
pub type ReportedAccount = crate::Sensitive<Vec<u8>>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;
    use crate::tradeline::{AccountKind, AccountStatus, PaymentRating};

    fn fact() -> Fact {
        Fact {
            key: FactKey {
                subject: SubjectId([0xab; 16]),
                slot: Slot {
                    kind: FactKind::TradelineMonth,
                    account: AccountKey([0, 7, 1, 2, 3, 4, 5, 6]),
                    month: Some(Month::new(2005, 4).unwrap()),
                },
                delivery: DeliveryNumber(258),
            },
            standing: Standing::Corrects(DeliveryNumber(3)),
            body: FactBody::TradelineMonth(TradelineMonth {
                kind: AccountKind::CreditCard,
                status: AccountStatus::Open,
                rating: PaymentRating::Late(2),
                currency: Currency::TWD,
                balance_minor: Some(-5),
                past_due_minor: None,
                limit_minor: Some(0),
                paid_minor: None,
                scheduled_minor: None,
            }),
        }
    }

    /// The released bytes of version 1: they may never change.
    #[test]
    fn version_1_of_a_tradeline_month_is_fixed() {
        let mut value = Vec::new();
        fact().write_value(&mut value);
        assert_eq!(value, [0x11, 3, 0b0_0101, 1, 1, 0x22, 2, 9, 0]);
        let key = fact().key.to_bytes();
        assert_eq!(key[16..], [4, 0, 7, 1, 2, 3, 4, 5, 6, 0x5d, 0xff, 0, 0, 1, 2]);
        assert_eq!(FactKey::from_bytes(&key), Ok(fact().key));
        assert_eq!(Fact::from_value(fact().key, &value), Ok(fact()));
    }

    /// The released bytes of version 1 of the registry's facts: they may never change.
    #[test]
    fn version_1_of_segments_and_holders_is_fixed() {
        let key = |kind: FactKind| FactKey { slot: Slot { kind, month: None, ..fact().key.slot }, ..fact().key };
        let events = Segment {
            kind: FactKind::AccountEvents,
            reported: None,
            values: Vec::new(),
            groups: vec![vec![(1, "12".to_owned().into()), (2, "1".to_owned().into())]],
        };
        let of = |standing, body: FactBody| Fact { key: key(body.kind()), standing, body };
        for (fact, bytes) in [
            (
                of(Standing::Reported, FactBody::Segment(events)),
                [0x10, 0, 0, 1, 2, 1, 2, b'1', b'2', 2, 1, b'1'].as_slice(),
            ),
            (
                of(Standing::Deletes(DeliveryNumber(3)), FactBody::SealedSegment(FactKind::AccountBasic, vec![7, 8])),
                &[0x12, 3, 2, 7, 8],
            ),
            (
                of(Standing::Reported, FactBody::Holder(SubjectId([9; 16]))),
                &[0x10, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9],
            ),
        ] {
            let mut value = Vec::new();
            fact.write_value(&mut value);
            assert_eq!(value, bytes, "{}", fact.key.slot.kind);
            assert_eq!(Fact::from_value(fact.key, &value), Ok(fact));
        }
        let numbers: Vec<u8> = FactKind::ALL.iter().map(|kind| kind.number()).collect();
        let expected: Vec<u8> = [1, 3, 4, 5].into_iter().chain(32..=46).chain(48..=59).collect();
        assert_eq!(numbers, expected);
    }

    #[test]
    fn stored_bytes_that_are_not_canonical_are_refused() {
        let (key, mut value) = (fact().key, Vec::new());
        fact().write_value(&mut value);
        for length in 0..value.len() {
            assert!(Fact::from_value(key, &value[..length]).is_err(), "{length}");
        }
        value.push(0);
        assert_eq!(Fact::from_value(key, &value), Err(DecodeError::Trailing));
        assert_eq!(FactKey::from_bytes(&key.to_bytes()[..30]), Err(DecodeError::Truncated));
        value[0] = 0x21;
        assert_eq!(Fact::from_value(key, &value), Err(DecodeError::Version(2)));
    }

    #[test]
    fn keys_sort_by_subject_kind_account_month_delivery() {
        let base = fact().key;
        let later = |change: &dyn Fn(&mut FactKey)| {
            let mut key = base;
            change(&mut key);
            key
        };
        let order = [
            base,
            later(&|key| key.delivery.0 += 1),
            later(&|key| key.slot.month = key.slot.month.and_then(|month| month.plus(1))),
            later(&|key| key.slot.account.0[7] += 1),
            later(&|key| key.slot.kind = FactKind::PaymentProfileMonth),
            later(&|key| key.subject.0[15] += 1),
        ];
        assert!(order.windows(2).all(|pair| pair[0].to_bytes() < pair[1].to_bytes() && pair[0] < pair[1]));
    }
}
