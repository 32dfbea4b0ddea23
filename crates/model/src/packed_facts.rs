//! What one or several deliveries say of one subject, packed for the disk: one stored value.
//!
//! ```text
//! value   deliveries ‖ first month (varint, 0: none) ‖ group ‖ group ...
//! deliveries   count (varint) ‖ first number (varint) ‖ for each other one: number - the one before it - 1 (varint)
//! group   kind (1) ‖ account (8) ‖ facts in it - 1 (varint) ‖ fact ‖ fact ...
//! fact    step ‖ body
//! step    0: a month and a delivery after the fact before it in the group
//!         1: a month after it, in the same delivery
//!         2 ‖ months from it (zigzag varint) ‖ deliveries from it (zigzag varint)
//! ```
//!
//! Before the first fact of a group stands, as it were, one in the month before the first month, in the delivery before the first.
//! The body of an account's month is told by what has changed since the fact before it in the group. Before the first one stands the
//! head of the last month in the groups before, and no amounts:
//!
//! ```text
//! mask (1)     bit 0: the head follows; bit 1: the rating follows, the rest of the head is the same; bits 2-6: this amount differs
//! head         first byte of the stored fact ‖ superseded delivery (varint, of a correction or deletion) ‖ amounts present (1) ‖
//!              kind (1) ‖ status (1) ‖ rating (1) ‖ currency (1)
//! amounts      zigzag varint of the difference, of each whose bit is set
//! ```
//!
//! Any other body is the stored value of the fact with its length before it. Facts are in the order of their slots, those of one slot in
//! the order of deliveries. Packing loses nothing: what each delivery said comes back byte by byte, so the delivery's root can be
//! derived again. `docs/decisions/0010-runs-of-packed-facts.md` has what it gains.

use crate::canonical::{DecodeError, Reader, Writer};
use crate::fact::{DeliveryNumber, Fact, FactBody, FactKey, FactKind, Slot, Standing, read_standing};
use crate::tradeline::TradelineMonth;
use crate::{AccountKey, Month, SubjectId, subject_facts};

/// Most deliveries in one value: more than daily ones of a thousand furnishers in forty years.
const DELIVERIES_MAX: u64 = 1 << 24;

/// Bits of a month's mask.
const HEAD: u8 = 1;
const RATING: u8 = 2;
const AMOUNT: [u8; 5] = [4, 8, 16, 32, 64];

/// Place of the amounts present and of the rating in the second part of a head.
const PRESENT: usize = 0;
const RATED: usize = 3;

/// What a month says besides its amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    standing: Standing,
    /// Amounts present, kind, status, rating, currency: as `TradelineMonth` is stored.
    bytes: [u8; 5],
}

/// A month as it is stored, not looked at any closer.
#[derive(Clone, Copy, Debug)]
struct StoredMonth {
    head: Head,
    /// Of those that are not present, what was present last.
    amounts: [i64; 5],
}

#[derive(Clone, Copy, Debug)]
enum Body<'a> {
    Month(StoredMonth),
    Other(&'a [u8]),
}

/// A fact's place within its subject and what it says.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    /// kind (8 bits) ‖ account (64) ‖ month (16) ‖ delivery (32): their order is the order of facts.
    place: u128,
    body: Body<'a>,
}

const fn place(kind: u8, account: [u8; 8], month: u16, delivery: u32) -> u128 {
    (kind as u128) << 112 | (u64::from_be_bytes(account) as u128) << 48 | (month as u128) << 32 | delivery as u128
}

impl Entry<'_> {
    #[expect(clippy::cast_possible_truncation, reason = "the parts of a place, put together just above")]
    const fn parts(&self) -> (u8, [u8; 8], u16, u32) {
        let place = self.place;
        ((place >> 112) as u8, ((place >> 48) as u64).to_be_bytes(), (place >> 32) as u16, place as u32)
    }
}

/// Packs what is said of one subject after the other.
#[derive(Debug, Default)]
pub struct Packer {
    /// Of the value that is being written, in ascending order.
    deliveries: Vec<u32>,
    /// Room for the facts of a value, empty in between.
    room: Vec<Entry<'static>>,
    /// Room for the deliveries of a value that is read.
    numbers: Vec<Wanted>,
}

/// A delivery of a value, and whether its facts are wanted.
type Wanted = (u32, bool);

/// The room that `entries` took, empty.
fn emptied(mut entries: Vec<Entry<'_>>) -> Vec<Entry<'static>> {
    entries.clear();
    // None is left to map: the allocation stays, and the borrow ends.
    entries.into_iter().map(|Entry { place, .. }| Entry { place, body: Body::Other(&[]) }).collect()
}

impl Packer {
    /// Appends to `out` what a delivery says of a subject: its `facts` as `subject_facts::write_fact` wrote them.
    ///
    /// # Errors
    /// [`DecodeError`] if they are not so.
    pub fn pack(&mut self, delivery: DeliveryNumber, facts: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let mut entries: Vec<Entry<'_>> = std::mem::take(&mut self.room);
        subject_facts::split_facts(facts, |slot, value| {
            let month = slot.month.map_or(0, Month::number);
            let body = if slot.kind == FactKind::TradelineMonth {
                Body::Month(StoredMonth::from_value(value)?)
            } else {
                Body::Other(value)
            };
            entries.push(Entry { place: place(slot.kind.number(), slot.account.0, month, delivery.0), body });
            Ok(())
        })?;
        self.deliveries.clear();
        self.deliveries.push(delivery.0);
        self.write(&entries, out);
        self.room = emptied(entries);
        Ok(())
    }

    /// Appends to `out` what all of `values`, about one subject, say together. Of deliveries that `keep` does not want nothing is
    /// taken over. Tells whether anything was.
    ///
    /// # Errors
    /// [`DecodeError`] if one of them is not a packed value, or together they are of more deliveries than one can be.
    pub fn merge<'a>(
        &mut self,
        values: impl IntoIterator<Item = &'a [u8]>,
        keep: impl Fn(DeliveryNumber) -> bool,
        out: &mut Vec<u8>,
    ) -> Result<bool, DecodeError> {
        let mut entries: Vec<Entry<'_>> = std::mem::take(&mut self.room);
        self.deliveries.clear();
        for value in values {
            read_entries(value, &keep, &mut self.numbers, |entry| {
                entries.push(entry);
                Ok(())
            })?;
            let kept = self.numbers.iter().filter(|(_, wanted)| *wanted);
            self.deliveries.extend(kept.map(|(number, _)| *number));
        }
        self.deliveries.sort_unstable();
        self.deliveries.dedup();
        if self.deliveries.len() as u64 > DELIVERIES_MAX {
            return Err(DecodeError::Length);
        }
        // Each value is in order by itself: there is little to sort.
        entries.sort_by_key(|entry| entry.place);
        self.write(&entries, out);
        let any = !entries.is_empty();
        self.room = emptied(entries);
        Ok(any)
    }

    /// The place of a delivery among those of the value: as a rule the one after the last, or the last again.
    fn index(&self, delivery: u32, last: i64) -> i64 {
        let is_at = |index: i64| {
            usize::try_from(index)
                .is_ok_and(|index| self.deliveries.get(index).is_some_and(|number| *number == delivery))
        };
        if is_at(last + 1) {
            last + 1
        } else if is_at(last) {
            last
        } else {
            i64::try_from(self.deliveries.binary_search(&delivery).unwrap_or_default()).unwrap_or_default()
        }
    }

    /// Writes entries in their order; their deliveries are known.
    fn write(&self, entries: &[Entry<'_>], out: &mut Vec<u8>) {
        let first_month = entries.iter().map(|entry| entry.parts().2).find(|month| *month > 0).unwrap_or(0);
        let writer = &mut Writer::new(out);
        writer.unsigned(self.deliveries.len() as u64);
        let mut before = None;
        for number in &self.deliveries {
            writer
                .unsigned(u64::from(before.map_or(*number, |before: u32| number.wrapping_sub(before).wrapping_sub(1))));
            before = Some(*number);
        }
        writer.unsigned(u64::from(first_month));
        let mut head = None;
        for group in entries.chunk_by(|one, other| one.place >> 48 == other.place >> 48) {
            self.write_group(group, first_month, &mut head, writer);
        }
    }

    fn write_group(&self, group: &[Entry<'_>], first_month: u16, head: &mut Option<Head>, out: &mut Writer<'_>) {
        let Some((kind, account, ..)) = group.first().map(Entry::parts) else { return };
        out.byte(kind);
        out.fixed(&account);
        out.unsigned(group.len() as u64 - 1);
        let mut at = Step::before(first_month);
        let mut last = head.map(StoredMonth::without_amounts);
        for entry in group {
            let (_, _, month, delivery) = entry.parts();
            let next = Step { month: i64::from(month), index: self.index(delivery, at.index) };
            at.write_to(next, out);
            at = next;
            match &entry.body {
                Body::Other(value) => out.bytes(value),
                Body::Month(month) => {
                    last = Some(month.write_after(last.as_ref(), out));
                    *head = Some(month.head);
                }
            }
        }
    }
}

/// Month and delivery of a fact.
#[derive(Clone, Copy)]
struct Step {
    month: i64,
    index: i64,
}

impl Step {
    const fn before(first_month: u16) -> Self {
        Self { month: first_month as i64 - 1, index: -1 }
    }

    fn write_to(self, next: Self, out: &mut Writer<'_>) {
        let (months, deliveries) = (next.month - self.month, next.index - self.index);
        match (months, deliveries) {
            (1, 1) => out.byte(0),
            (1, 0) => out.byte(1),
            _ => {
                out.byte(2);
                out.signed(months);
                out.signed(deliveries);
            }
        }
    }

    fn read_next(self, input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (months, deliveries) = match input.byte()? {
            0 => (1, 1),
            1 => (1, 0),
            2 => (input.signed()?, input.signed()?),
            _ => return Err(DecodeError::Value("step")),
        };
        let add = |one: i64, other: i64| one.checked_add(other).ok_or(DecodeError::Value("step"));
        Ok(Self { month: add(self.month, months)?, index: add(self.index, deliveries)? })
    }
}

impl StoredMonth {
    const fn without_amounts(head: Head) -> Self {
        Self { head, amounts: [0; 5] }
    }

    /// Of a fact's stored value.
    fn from_value(value: &[u8]) -> Result<Self, DecodeError> {
        let input = &mut Reader::new(value);
        let head = Head { standing: read_standing(input)?, bytes: input.fixed()? };
        let mut amounts = [0; 5];
        for (bit, amount) in amounts.iter_mut().enumerate() {
            if head.has(bit) {
                *amount = input.signed()?;
            }
        }
        input.finish()?;
        Ok(Self { head, amounts })
    }

    /// Appends what has changed since `last`, and gives what stands now.
    fn write_after(&self, last: Option<&Self>, out: &mut Writer<'_>) -> Self {
        let before = last.map_or([0; 5], |last| last.amounts);
        let mut now = *self;
        let mut mask = match last {
            Some(last) if last.head == self.head => 0,
            Some(last) if last.head.with_rating(self.head) == self.head => RATING,
            _ => HEAD,
        };
        for (bit, ((amount, before), flag)) in now.amounts.iter_mut().zip(before).zip(AMOUNT).enumerate() {
            if !self.head.has(bit) {
                *amount = before;
            } else if *amount != before {
                mask |= flag;
            }
        }
        out.byte(mask);
        if mask & HEAD != 0 {
            self.head.write(out);
        } else if mask & RATING != 0 {
            out.byte(self.head.rating());
        }
        for ((amount, before), flag) in now.amounts.iter().zip(before).zip(AMOUNT) {
            if mask & flag != 0 {
                out.signed(amount.wrapping_sub(before));
            }
        }
        now
    }

    fn read_after(last: Option<&Self>, input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mask = input.byte()?;
        let head = match (mask & (HEAD | RATING), last) {
            (0, Some(last)) => last.head,
            (RATING, Some(last)) => Head { bytes: last.head.rated(input.byte()?), ..last.head },
            (HEAD, _) => Head { standing: read_standing(input)?, bytes: input.fixed()? },
            _ => return Err(DecodeError::Value("head of a month")),
        };
        let mut amounts = last.map_or([0; 5], |last| last.amounts);
        for (bit, (amount, flag)) in amounts.iter_mut().zip(AMOUNT).enumerate() {
            if mask & flag != 0 {
                if !head.has(bit) {
                    return Err(DecodeError::Value("amount of a month"));
                }
                *amount = amount.wrapping_add(input.signed()?);
            }
        }
        if mask & 0x80 == 0 { Ok(Self { head, amounts }) } else { Err(DecodeError::Value("mask of a month")) }
    }

    /// The present amounts.
    fn present(&self) -> impl Iterator<Item = i64> + '_ {
        self.amounts.iter().enumerate().filter(|(bit, _)| self.head.has(*bit)).map(|(_, amount)| *amount)
    }

    /// Appends the stored value of the fact.
    fn write_value(&self, bytes: &mut Vec<u8>) {
        crate::fact::write_value(bytes, self.head.standing, |out| {
            out.fixed(&self.head.bytes);
            self.present().for_each(|amount| out.signed(amount));
        });
    }

    fn read(&self) -> Result<TradelineMonth, DecodeError> {
        let amount = |bit: usize, amount: i64| self.head.has(bit).then_some(amount);
        let [balance, past_due, limit, paid, scheduled] = self.amounts;
        TradelineMonth::from_parts(
            self.head.bytes,
            [amount(0, balance), amount(1, past_due), amount(2, limit), amount(3, paid), amount(4, scheduled)],
        )
    }
}

impl Head {
    fn write(&self, out: &mut Writer<'_>) {
        crate::fact::write_standing(out, self.standing);
        out.fixed(&self.bytes);
    }

    fn has(&self, amount: usize) -> bool {
        self.bytes.get(PRESENT).is_some_and(|present| present & (1 << amount) != 0)
    }

    fn rating(&self) -> u8 {
        self.bytes.get(RATED).copied().unwrap_or_default()
    }

    fn rated(&self, rating: u8) -> [u8; 5] {
        let mut bytes = self.bytes;
        if let Some(place) = bytes.get_mut(RATED) {
            *place = rating;
        }
        bytes
    }

    fn with_rating(&self, other: Self) -> Self {
        Self { bytes: self.rated(other.rating()), ..*self }
    }
}

/// Of how many deliveries a value is; 0 of what is no packed value.
pub fn deliveries(value: &[u8]) -> u64 {
    Reader::new(value).unsigned().unwrap_or(0)
}

/// The deliveries a value is of, in ascending order, and what follows them.
fn read_deliveries<'a>(value: &'a [u8], each: impl FnMut(DeliveryNumber)) -> Result<Reader<'a>, DecodeError> {
    let (mut input, mut each) = (Reader::new(value), each);
    let count = input.unsigned()?;
    if count > DELIVERIES_MAX {
        return Err(DecodeError::Length);
    }
    let mut before: Option<u32> = None;
    for _ in 0..count {
        let delta: u32 = input.unsigned_as()?;
        let number = match before {
            None => Some(delta),
            Some(before) => before.checked_add(delta).and_then(|number| number.checked_add(1)),
        };
        let number = number.ok_or(DecodeError::Value("delivery"))?;
        each(DeliveryNumber(number));
        before = Some(number);
    }
    Ok(input)
}

/// Takes a value apart, in the order of its facts. Those of deliveries that `keep` does not want are left out. `deliveries` gets those it
/// is of.
fn read_entries<'a>(
    value: &'a [u8],
    keep: impl Fn(DeliveryNumber) -> bool,
    deliveries: &mut Vec<Wanted>,
    mut take: impl FnMut(Entry<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    deliveries.clear();
    let mut input = read_deliveries(value, |number| deliveries.push((number.0, keep(number))))?;
    let first_month: u16 = input.unsigned_as()?;
    let mut before: Option<u128> = None;
    let mut head: Option<Head> = None;
    while !input.rest().is_empty() {
        let (kind, account) = (input.byte()?, input.fixed::<8>()?);
        let count = input.unsigned()?;
        let mut at = Step::before(first_month);
        let mut last = head.map(StoredMonth::without_amounts);
        // Each fact takes bytes of the input: a false count ends with it.
        for _ in 0..=count {
            at = at.read_next(&mut input)?;
            let month = u16::try_from(at.month).map_err(|_| DecodeError::Value("month"))?;
            let delivery = usize::try_from(at.index).ok().and_then(|index| deliveries.get(index));
            let (delivery, wanted) = *delivery.ok_or(DecodeError::Value("delivery"))?;
            let body = if kind == FactKind::TradelineMonth.number() {
                let month = StoredMonth::read_after(last.as_ref(), &mut input)?;
                (last, head) = (Some(month), Some(month.head));
                Body::Month(month)
            } else {
                Body::Other(input.bytes()?)
            };
            let entry = Entry { place: place(kind, account, month, delivery), body };
            if before.is_some_and(|before| before >= entry.place) {
                return Err(DecodeError::Value("order of facts"));
            }
            before = Some(entry.place);
            if wanted {
                take(entry)?;
            }
        }
    }
    Ok(())
}

/// Reads the facts of a value, in the order of their slots and deliveries; those of deliveries that `sees` does not are left out.
///
/// # Errors
/// [`DecodeError`] if it is not a packed value, or a fact in it is not canonical.
pub fn read_facts(
    subject: SubjectId,
    value: &[u8],
    sees: impl Fn(DeliveryNumber) -> bool,
    mut take: impl FnMut(Fact),
) -> Result<(), DecodeError> {
    read_entries(value, sees, &mut Vec::new(), |entry| {
        let (kind, account, month, delivery) = entry.parts();
        let kind = FactKind::from_number(kind).ok_or(DecodeError::Value("FactKind"))?;
        let month = match month {
            0 => None,
            number => Some(Month::from_number(number).map_err(|_| DecodeError::Value("month"))?),
        };
        let slot = Slot { kind, account: AccountKey(account), month };
        let key = FactKey { subject, slot, delivery: DeliveryNumber(delivery) };
        take(match &entry.body {
            Body::Month(month) => {
                Fact { key, standing: month.head.standing, body: FactBody::TradelineMonth(month.read()?) }
            }
            Body::Other(value) => Fact::from_value(key, value)?,
        });
        Ok(())
    })
}

/// What each delivery of a value said, in ascending order of deliveries: its facts as `subject_facts::write_fact` writes them.
///
/// # Errors
/// [`DecodeError`] if it is not a packed value.
pub fn unpack(value: &[u8]) -> Result<Vec<(DeliveryNumber, Vec<u8>)>, DecodeError> {
    let mut said: Vec<(DeliveryNumber, Vec<u8>)> = Vec::new();
    read_deliveries(value, |number| said.push((number, Vec::new())))?;
    let mut bytes = Vec::new();
    read_entries(
        value,
        |_| true,
        &mut Vec::new(),
        |entry| {
            let (kind, account, month, delivery) = entry.parts();
            let place = said.binary_search_by_key(&delivery, |(number, _)| number.0);
            let Some((_, facts)) = place.ok().and_then(|place| said.get_mut(place)) else {
                return Err(DecodeError::Value("delivery"));
            };
            let value = match &entry.body {
                Body::Other(value) => value,
                Body::Month(month) => {
                    bytes.clear();
                    month.write_value(&mut bytes);
                    bytes.as_slice()
                }
            };
            subject_facts::write_parts(facts, kind, account, month, value);
            Ok(())
        },
    )?;
    Ok(said)
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;
    use crate::Currency;
    use crate::tradeline::{AccountKind, AccountStatus, PaymentRating};

    const SUBJECT: SubjectId = SubjectId([0xab; 16]);

    fn month(balance: i64, late: u8) -> FactBody {
        FactBody::TradelineMonth(TradelineMonth {
            kind: AccountKind::CreditCard,
            status: AccountStatus::Open,
            rating: PaymentRating::late(late),
            currency: Currency::CNY,
            balance_minor: Some(balance),
            past_due_minor: None,
            limit_minor: Some(2_000_000),
            paid_minor: Some(0),
            scheduled_minor: None,
        })
    }

    fn slot(kind: FactKind, account: u8, month: u16) -> Slot {
        let month = (month > 0).then(|| Month::from_number(24_000 + month).unwrap());
        Slot { kind, account: AccountKey([0, 7, 0, 0, 0, 0, 0, account]), month }
    }

    fn fact(delivery: u32, slot: Slot, standing: Standing, body: FactBody) -> Fact {
        Fact { key: FactKey { subject: SUBJECT, slot, delivery: DeliveryNumber(delivery) }, standing, body }
    }

    /// The facts of one delivery, as its leaf has them.
    fn said(facts: &[Fact]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for fact in facts {
            let mut value = Vec::new();
            fact.write_value(&mut value);
            subject_facts::write_fact(&mut bytes, fact.key.slot, &value);
        }
        bytes
    }

    fn packed(delivery: u32, facts: &[Fact]) -> Vec<u8> {
        let mut value = Vec::new();
        Packer::default().pack(DeliveryNumber(delivery), &said(facts), &mut value).unwrap();
        value
    }

    fn merged(values: &[Vec<u8>], keep: impl Fn(DeliveryNumber) -> bool) -> Vec<u8> {
        let mut value = Vec::new();
        Packer::default().merge(values.iter().map(Vec::as_slice), keep, &mut value).unwrap();
        value
    }

    fn read(value: &[u8]) -> Result<Vec<Fact>, DecodeError> {
        let mut facts = Vec::new();
        read_facts(SUBJECT, value, |_| true, |fact| facts.push(fact)).map(|()| facts)
    }

    /// The bytes of store format 3: they may never change.
    #[test]
    fn format_3_is_fixed() {
        let months = |delivery, number, balance, late| {
            packed(
                delivery,
                &[fact(delivery, slot(FactKind::TradelineMonth, 6, number), Standing::Reported, month(balance, late))],
            )
        };
        let account = [4, 0, 7, 0, 0, 0, 0, 0, 6];
        let first = [0x10, 0b0_1101, 1, 1, PaymentRating::Current.number(), Currency::CNY.number()];
        let limit = [0x80, 0x92, 0xf4, 0x01];
        let number = [0xc1, 0xbb, 0x01];
        // Mask: head, balance, limit. Step: the first month, the first delivery.
        let one =
            [&[1, 9], number.as_slice(), &account, &[0], &[0, 0b0001_0101], &first, &[0xc8, 0x01], &limit].concat();
        assert_eq!(months(9, 1, 100, 0), one);
        // The month and the delivery after it cost five bytes: step, mask, rating, and what the balance grew by.
        let two = [
            [2, 9, 0].as_slice(),
            &number,
            &account,
            &[1],
            &[0, 0b0001_0101],
            &first,
            &[0xc8, 0x01],
            &limit,
            &[0, 0b0000_0110, PaymentRating::late(1).number(), 0x90, 0x03],
        ]
        .concat();
        assert_eq!(merged(&[months(9, 1, 100, 0), months(10, 2, 300, 1)], |_| true), two);
    }

    #[test]
    fn what_is_no_packed_value_is_refused() {
        let facts: Vec<Fact> = (1..4)
            .map(|number| {
                fact(9, slot(FactKind::TradelineMonth, 6, number), Standing::Reported, month(i64::from(number), 0))
            })
            .collect();
        let value = packed(9, &facts);
        assert_eq!(read(&value), Ok(facts));
        for length in 0..value.len() {
            assert!(read(&value[..length]).is_err() || read(&value[..length]) == Ok(Vec::new()), "{length}");
        }
        let mut other = value.clone();
        other[0] = 2;
        assert!(read(&other).is_err(), "a delivery more");
        // A fourth fact of the group, in the place of the third.
        let mut twice = [value.as_slice(), &[2, 0, 0, 0]].concat();
        twice[2 + 3 + 9] += 1;
        assert_eq!(read(&twice), Err(DecodeError::Value("order of facts")));
        let mut mask = packed(9, &[fact(9, slot(FactKind::TradelineMonth, 6, 1), Standing::Reported, month(1, 0))]);
        let place = 2 + 3 + 9 + 1 + 1;
        assert_eq!(mask[place], 0b0001_0101);
        mask[place] |= 0x80;
        assert_eq!(read(&mask), Err(DecodeError::Trailing).or(Err(DecodeError::Value("mask of a month"))));
        mask[place] = 0b0001_0100;
        assert_eq!(read(&mask), Err(DecodeError::Value("head of a month")));
    }

    fn bodies() -> impl Strategy<Value = (Standing, FactBody)> {
        let amount = || prop_oneof![Just(None), any::<i64>().prop_map(Some), (0_i64..1000).prop_map(Some)];
        let months = (amount(), amount(), amount(), amount(), amount(), 0_u8..4, any::<bool>()).prop_map(
            |(balance_minor, past_due_minor, limit_minor, paid_minor, scheduled_minor, late, closed)| {
                FactBody::TradelineMonth(TradelineMonth {
                    kind: AccountKind::CreditCard,
                    status: if closed { AccountStatus::Closed } else { AccountStatus::Open },
                    rating: PaymentRating::late(late),
                    currency: Currency::CNY,
                    balance_minor,
                    past_due_minor,
                    limit_minor,
                    paid_minor,
                    scheduled_minor,
                })
            },
        );
        let sealed = vec(any::<u8>(), 0..40).prop_map(FactBody::Identity);
        let standing = prop_oneof![
            4 => Just(Standing::Reported),
            1 => any::<u32>().prop_map(|number| Standing::Corrects(DeliveryNumber(number))),
            1 => any::<u32>().prop_map(|number| Standing::Deletes(DeliveryNumber(number))),
        ];
        (standing, prop_oneof![5 => months, 1 => sealed])
    }

    /// Deliveries about one subject, each with its facts by slot.
    fn deliveries() -> impl Strategy<Value = Vec<(u32, Vec<Fact>)>> {
        let places = vec((0_u8..4, 0_u16..6, bodies()), 1..12);
        btree_map(any::<u32>(), places, 1..6).prop_map(|deliveries| {
            let of = |(delivery, places): (u32, Vec<_>)| {
                let mut facts: Vec<Fact> = Vec::new();
                for (account, number, (standing, body)) in places {
                    let body: FactBody = body;
                    facts.push(fact(delivery, slot(body.kind(), account, number), standing, body));
                }
                facts.sort_by_key(|fact| fact.key);
                facts.dedup_by_key(|fact| fact.key);
                (delivery, facts)
            };
            deliveries.into_iter().map(of).collect()
        })
    }

    proptest! {
        /// However deliveries are merged, what each said comes back byte by byte, and the file is the same.
        #[test]
        fn packing_loses_nothing(deliveries in deliveries(), cut in 0_usize..6, left_out in 0_usize..6) {
            let values: Vec<Vec<u8>> = deliveries.iter().map(|(number, facts)| packed(*number, facts)).collect();
            let (some, others) = values.split_at(cut.min(values.len()));
            let all = merged(&[merged(others, |_| true), merged(some, |_| true)], |_| true);
            let expected: Vec<_> =
                deliveries.iter().map(|(number, facts)| (DeliveryNumber(*number), said(facts))).collect();
            prop_assert_eq!(unpack(&all), Ok(expected));
            let mut file: Vec<Fact> = deliveries.iter().flat_map(|(_, facts)| facts.clone()).collect();
            file.sort_by_key(|fact| fact.key);
            prop_assert_eq!(read(&all), Ok(file));
            // One left out while merging, or while reading, leaves the others.
            if let Some((gone, _)) = deliveries.get(left_out) {
                let less = merged(&values, |number| number.0 != *gone);
                let mut rest: Vec<Fact> = deliveries.iter().flat_map(|(_, facts)| facts.clone()).collect();
                rest.retain(|fact| fact.key.delivery.0 != *gone);
                rest.sort_by_key(|fact| fact.key);
                let mut seen = Vec::new();
                read_facts(SUBJECT, &all, |number| number.0 != *gone, |fact| seen.push(fact)).unwrap();
                prop_assert_eq!(&seen, &rest);
                prop_assert_eq!(read(&less), Ok(rest));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200), flip in any::<usize>(), deliveries in deliveries()) {
            let _ = (read(&bytes), unpack(&bytes));
            let values: Vec<Vec<u8>> = deliveries.iter().map(|(number, facts)| packed(*number, facts)).collect();
            let mut value = merged(&values, |_| true);
            let place = flip % value.len();
            value[place] ^= 1 << (flip % 8);
            let _ = (read(&value), unpack(&value));
        }
    }
}
