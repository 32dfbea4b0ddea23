//! Entries: facts on their way from the file to the load, as bytes that sort.
//!
//! ```text
//! subject (16) ‖ kind (1) ‖ account (8) ‖ month (2) ‖ part (4) ‖ record (4) ‖ byte (8) ‖ length (4) ‖ body
//! ```
//!
//! All big-endian: entries compared as bytes are in the order of their facts, and of one slot in the order of the file. The body is the
//! fact's stored value, or an identity that is yet to be sealed.

use tallystick_model::fact::{FactKind, Slot};
use tallystick_model::{AccountKey, Month, SubjectId};

/// Bytes before the body.
pub(crate) const HEAD_BYTES: usize = 47;
/// Of which those that order entries: subject, slot, part and record.
const ORDER_BYTES: usize = 35;
/// Of which those that name subject and slot.
pub(crate) const SLOT_BYTES: usize = 27;

/// Where a record stands: in which part of the file, and there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    /// Number of the part, from 0.
    pub(crate) part: u32,
    /// Number of the record in the part, from 1.
    pub(crate) record: u32,
    /// Offset of its first byte in the file.
    pub(crate) byte: u64,
}

/// The part of records whose meaning builds on those before them in the same delivery (the registry's furnishing): what is said
/// last of a slot holds, whatever the slot.
pub(crate) const BUILDS_ON_EARLIER: u32 = u32::MAX;

/// One entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    head: &'a [u8; HEAD_BYTES],
    pub(crate) body: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Appends an entry whose body `write` appends.
    pub(crate) fn write(
        bytes: &mut Vec<u8>,
        subject: SubjectId,
        slot: Slot,
        place: Place,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let start = bytes.len();
        let mut head = [0; HEAD_BYTES];
        put(&mut head, 0, &subject.0);
        put(&mut head, 16, &[slot.kind.number()]);
        put(&mut head, 17, &slot.account.0);
        put(&mut head, 25, &slot.month.map_or(0, Month::number).to_be_bytes());
        put(&mut head, 27, &place.part.to_be_bytes());
        put(&mut head, 31, &place.record.to_be_bytes());
        put(&mut head, 35, &place.byte.to_be_bytes());
        bytes.extend_from_slice(&head);
        write(bytes);
        // A body is bounded by its layout's longest record, far below four gigabytes.
        let length = u32::try_from(bytes.len() - start - HEAD_BYTES).unwrap_or(u32::MAX);
        if let Some(to) = bytes.get_mut(start + 43..start + HEAD_BYTES) {
            to.copy_from_slice(&length.to_be_bytes());
        }
    }

    /// The first entry of `bytes`, and the rest.
    pub(crate) fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>()?;
        let (_, length) = head.split_last_chunk::<4>()?;
        let (body, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        Some((Self { head, body }, rest))
    }

    fn part<const N: usize>(&self, at: usize) -> [u8; N] {
        self.head.get(at..at + N).and_then(|part| part.try_into().ok()).unwrap_or([0; N])
    }

    /// What entries are sorted by.
    pub(crate) fn order(&self) -> &'a [u8] {
        self.head.get(..ORDER_BYTES).unwrap_or_default()
    }

    /// What is the same of entries in one slot of one subject.
    pub(crate) fn subject_and_slot(&self) -> &'a [u8] {
        self.head.get(..SLOT_BYTES).unwrap_or_default()
    }

    /// Bytes of the subject that differ within a bucket, as a number that sorts as they do.
    pub(crate) fn sort_prefix(&self) -> u64 {
        u64::from_be_bytes(self.part(1))
    }

    pub(crate) fn subject(&self) -> SubjectId {
        SubjectId(self.part(0))
    }

    /// The slot; `None` if the bytes are not an entry's.
    pub(crate) fn slot(&self) -> Option<Slot> {
        let month = match u16::from_be_bytes(self.part(25)) {
            0 => None,
            number => Some(Month::from_number(number).ok()?),
        };
        let [kind] = self.part(16);
        Some(Slot { kind: FactKind::from_number(kind)?, account: AccountKey(self.part(17)), month })
    }

    /// Whether only one record of a delivery may fill the slot: then the first does. Of statements without a period, and of
    /// records that build on those before them, the last holds.
    pub(crate) fn is_exclusive(&self) -> bool {
        self.part(25) != [0, 0] && self.part(27) != BUILDS_ON_EARLIER.to_be_bytes()
    }

    pub(crate) fn place(&self) -> Place {
        Place {
            part: u32::from_be_bytes(self.part(27)),
            record: u32::from_be_bytes(self.part(31)),
            byte: u64::from_be_bytes(self.part(35)),
        }
    }
}

fn put(head: &mut [u8; HEAD_BYTES], at: usize, bytes: &[u8]) {
    if let Some(to) = head.get_mut(at..at + bytes.len()) {
        to.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_returns_from_its_bytes_and_sorts_by_subject_slot_and_place() {
        let slot = |month| Slot {
            kind: FactKind::TradelineMonth,
            account: AccountKey([0, 1, 2, 3, 4, 5, 6, 7]),
            month: Some(Month::new(2026, month).unwrap()),
        };
        let place = |part, record| Place { part, record, byte: u64::MAX - 5 };
        let written = |subject: u8, month, place| {
            let mut bytes = Vec::new();
            Entry::write(&mut bytes, SubjectId([subject; 16]), slot(month), place, |out| out.extend(b"body"));
            bytes
        };
        let mut bytes = written(1, 2, place(3, 4));
        bytes.extend(written(9, 1, place(0, 1)));
        let (entry, rest) = Entry::split(&bytes).unwrap();
        assert_eq!((entry.subject(), entry.slot(), entry.body), (SubjectId([1; 16]), Some(slot(2)), &b"body"[..]));
        assert_eq!((entry.place(), entry.is_exclusive()), (place(3, 4), true));
        assert_eq!(Entry::split(rest).unwrap().0.subject(), SubjectId([9; 16]));
        assert!(Entry::split(&rest[..rest.len() - 1]).is_none());

        let order = [
            written(1, 2, place(0, 1)),
            written(1, 2, place(0, 2)),
            written(1, 2, place(1, 1)),
            written(1, 3, place(0, 1)),
            written(2, 1, place(0, 1)),
        ];
        let keys: Vec<&[u8]> = order.iter().map(|bytes| Entry::split(bytes).unwrap().0.order()).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
