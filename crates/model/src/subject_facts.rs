//! What one delivery says of one subject: the unit in which facts are stored and proved.
//!
//! Key: `SubjectId ‖ delivery`, big-endian, so that one prefix scan reads a credit file and a delivery sorted by subject is one
//! sequential load. Value: the facts in the order of their slots, each as
//!
//! ```text
//! kind (1) ‖ account (8) ‖ length of the value (varint) ‖ value ‖ month (2)
//! ```
//!
//! The month stands last, beside the amounts: what changes from one delivery to the next is then in one place, and what does
//! not compresses. `docs/decisions/0007-facts-by-subject-and-delivery.md` has the measurements.

use crate::canonical::{DecodeError, Reader, Writer};
use crate::fact::{DeliveryNumber, Fact, FactKey, FactKind, Slot};
use crate::{AccountKey, Month, SubjectId};

/// Bytes of the key.
pub const SUBJECT_FACTS_KEY_BYTES: usize = 20;

/// Most bytes of facts that one delivery may have about one subject: a thousand times what a person with a hundred accounts and
/// seven years of months has.
pub const SUBJECT_FACTS_BYTES_MAX: usize = 64 << 20;

/// The key under which a delivery's facts about a subject are stored.
pub fn key(subject: SubjectId, delivery: DeliveryNumber) -> [u8; SUBJECT_FACTS_KEY_BYTES] {
    let mut key = [0; SUBJECT_FACTS_KEY_BYTES];
    let (first, last) = key.split_at_mut(16);
    first.copy_from_slice(&subject.0);
    last.copy_from_slice(&delivery.0.to_be_bytes());
    key
}

/// Subject and delivery of a key.
///
/// # Errors
/// [`DecodeError`] if it has not [`SUBJECT_FACTS_KEY_BYTES`] bytes.
pub fn read_key(key: &[u8]) -> Result<(SubjectId, DeliveryNumber), DecodeError> {
    let mut input = Reader::new(key);
    let subject = SubjectId(input.fixed()?);
    let delivery = DeliveryNumber(u32::from_be_bytes(input.fixed()?));
    input.finish()?;
    Ok((subject, delivery))
}

/// Appends a fact, whose value [`Fact::write_value`] wrote. Facts are appended in the order of their slots.
pub fn write_fact(bytes: &mut Vec<u8>, slot: Slot, value: &[u8]) {
    let out = &mut Writer::new(bytes);
    slot.kind.write(out);
    out.fixed(&slot.account.0);
    out.bytes(value);
    out.fixed(&slot.month.map_or(0, Month::number).to_be_bytes());
}

/// Reads all facts of a value, in the order of their slots.
///
/// # Errors
/// [`DecodeError`] if the value is not canonical: slots ascend, and there is at least one.
pub fn read_facts(
    subject: SubjectId,
    delivery: DeliveryNumber,
    value: &[u8],
    mut take: impl FnMut(Fact),
) -> Result<(), DecodeError> {
    let mut input = Reader::new(value);
    let mut last = None;
    while !input.rest().is_empty() {
        let kind = FactKind::read(&mut input)?;
        let account = AccountKey(input.fixed()?);
        let fact = input.bytes()?;
        let month = match u16::from_be_bytes(input.fixed()?) {
            0 => None,
            number => Some(Month::from_number(number).map_err(|_| DecodeError::Value("month"))?),
        };
        let slot = Slot { kind, account, month };
        if last.is_some_and(|last| last >= slot) {
            return Err(DecodeError::Value("order of slots"));
        }
        last = Some(slot);
        take(Fact::from_value(FactKey { subject, slot, delivery }, fact)?);
    }
    if last.is_some() { Ok(()) } else { Err(DecodeError::Truncated) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;
    use crate::fact::{FactBody, Standing};
    use crate::tradeline::{AccountKind, AccountStatus, PaymentRating, TradelineMonth};

    const SUBJECT: SubjectId = SubjectId([0xab; 16]);

    fn fact(account: u8, month: u8) -> Fact {
        let slot = Slot {
            kind: FactKind::TradelineMonth,
            account: AccountKey([0, 7, 0, 0, 0, 0, 0, account]),
            month: Some(Month::new(2026, month).unwrap()),
        };
        Fact {
            key: FactKey { subject: SUBJECT, slot, delivery: DeliveryNumber(258) },
            standing: Standing::Reported,
            body: FactBody::TradelineMonth(TradelineMonth {
                kind: AccountKind::CreditCard,
                status: AccountStatus::Open,
                rating: PaymentRating::Current,
                currency: Currency::CNY,
                balance_minor: Some(100),
                past_due_minor: None,
                limit_minor: None,
                paid_minor: None,
                scheduled_minor: None,
            }),
        }
    }

    fn written(facts: &[Fact]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for fact in facts {
            let mut value = Vec::new();
            fact.write_value(&mut value);
            write_fact(&mut bytes, fact.key.slot, &value);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<Fact>, DecodeError> {
        let mut facts = Vec::new();
        read_facts(SUBJECT, DeliveryNumber(258), bytes, |fact| facts.push(fact)).map(|()| facts)
    }

    /// The bytes of store format 2: they may never change.
    #[test]
    fn format_2_is_fixed() {
        assert_eq!(key(SUBJECT, DeliveryNumber(258)), [[0xab; 16].as_slice(), &[0, 0, 1, 2]].concat()[..]);
        assert_eq!(read_key(&key(SUBJECT, DeliveryNumber(258))), Ok((SUBJECT, DeliveryNumber(258))));
        let bytes = written(&[fact(6, 3)]);
        let currency = Currency::CNY.number();
        assert_eq!(bytes, [4, 0, 7, 0, 0, 0, 0, 0, 6, 8, 0x10, 1, 1, 1, 4, currency, 0xc8, 1, 0x5e, 0xfa]);
    }

    #[test]
    fn facts_return_in_order_and_only_in_order() {
        let facts = [fact(1, 1), fact(1, 2), fact(2, 1)];
        let bytes = written(&facts);
        assert_eq!(read(&bytes), Ok(facts.to_vec()));
        assert_eq!(read(&written(&[fact(1, 2), fact(1, 1)])), Err(DecodeError::Value("order of slots")));
        assert_eq!(read(&written(&[fact(1, 1), fact(1, 1)])), Err(DecodeError::Value("order of slots")));
        assert_eq!(read(&[]), Err(DecodeError::Truncated));
        // Cut anywhere but between two facts, it does not read.
        for length in (1..bytes.len()).filter(|length| length % (bytes.len() / 3) != 0) {
            assert!(read(&bytes[..length]).is_err(), "{length}");
        }
    }
}
