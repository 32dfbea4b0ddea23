//! What one delivery says of one subject: the unit in which facts are proved.
//!
//! The facts in the order of their slots, each as
//!
//! ```text
//! kind (1) ‖ account (8) ‖ length of the value (varint) ‖ value ‖ month (2)
//! ```
//!
//! A leaf of the delivery's root is made of them. On disk they are packed ([`packed_facts`](crate::packed_facts)).

use crate::canonical::{DecodeError, Reader, Writer};
use crate::fact::{FactKind, Slot};
use crate::{AccountKey, Month};

/// Most bytes of facts that one delivery may have about one subject: a thousand times what a person with a hundred accounts and
/// seven years of months has.
pub const SUBJECT_FACTS_BYTES_MAX: usize = 64 << 20;

/// Appends a fact, whose value [`Fact::write_value`](crate::fact::Fact::write_value) wrote. Facts are appended in the order of their slots.
pub fn write_fact(bytes: &mut Vec<u8>, slot: Slot, value: &[u8]) {
    let month = slot.month.map_or(0, Month::number);
    write_parts(bytes, slot.kind.number(), slot.account.0, month, value);
}

pub(crate) fn write_parts(bytes: &mut Vec<u8>, kind: u8, account: [u8; 8], month: u16, value: &[u8]) {
    let out = &mut Writer::new(bytes);
    out.byte(kind);
    out.fixed(&account);
    out.bytes(value);
    out.fixed(&month.to_be_bytes());
}

/// Gives the slot and the stored value of each fact, in the order of their slots.
///
/// # Errors
/// Those of `take`, and [`DecodeError`] if the bytes are not so: slots ascend, and there is at least one.
pub fn split_facts<'a>(
    facts: &'a [u8],
    mut take: impl FnMut(Slot, &'a [u8]) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut input = Reader::new(facts);
    let mut last = None;
    while !input.rest().is_empty() {
        let kind = FactKind::read(&mut input)?;
        let account = AccountKey(input.fixed()?);
        let value = input.bytes()?;
        let month = match u16::from_be_bytes(input.fixed()?) {
            0 => None,
            number => Some(Month::from_number(number).map_err(|_| DecodeError::Value("month"))?),
        };
        let slot = Slot { kind, account, month };
        if last.is_some_and(|last| last >= slot) {
            return Err(DecodeError::Value("order of slots"));
        }
        last = Some(slot);
        take(slot, value)?;
    }
    if last.is_some() { Ok(()) } else { Err(DecodeError::Truncated) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{DeliveryNumber, Fact, FactBody, FactKey, Standing};
    use crate::tradeline::{AccountKind, AccountStatus, PaymentRating, TradelineMonth};
    use crate::{Currency, SubjectId};

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
        split_facts(bytes, |slot, value| {
            let key = FactKey { subject: SUBJECT, slot, delivery: DeliveryNumber(258) };
            facts.push(Fact::from_value(key, value)?);
            Ok(())
        })
        .map(|()| facts)
    }

    /// What roots are made of: these bytes may never change.
    #[test]
    fn the_bytes_are_fixed() {
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
