//! Removals: what left the disk of a subject's facts, and what it was bound to.
//!
//! A delivery's root is made of one leaf for each subject, over all it said of the subject. Once some of that is gone for good the leaf
//! can no longer be derived: this record keeps it, with the leaf of what is left. So the root is still checked, what is left is still bound,
//! and a removal that nothing asked for shows.

use crate::SubjectId;
use crate::canonical::{Canonical, DecodeError, Reader, Writer};
use crate::fact::{DeliveryNumber, FactKind};

/// What was removed of one subject at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Whose facts.
    pub subject: SubjectId,
    /// Each delivery whose facts about the subject are no longer what they were, in ascending order; never empty.
    pub parts: Vec<ThinnedPart>,
}

/// What one delivery said of a subject, and says no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThinnedPart {
    /// Which delivery.
    pub delivery: DeliveryNumber,
    /// Its leaf before: the original one, or what an earlier removal had left.
    pub before: [u8; 32],
    /// The leaf of what is left; `None` if nothing is.
    pub after: Option<[u8; 32]>,
    /// How many facts of each kind were removed whole, in the order of the kinds' numbers; none if only parts of facts were.
    pub removed: Vec<(FactKind, u64)>,
}

impl Removal {
    /// Facts that were removed whole.
    pub fn facts(&self) -> u64 {
        self.parts.iter().flat_map(|part| &part.removed).map(|(_, count)| count).sum()
    }
}

impl Canonical for Removal {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.list(&self.parts, |out, part| {
            out.unsigned(u64::from(part.delivery.0));
            out.fixed(&part.before);
            out.option(part.after.as_ref(), |out, leaf| out.fixed(leaf));
            out.list(&part.removed, |out, (kind, count)| {
                kind.write(out);
                out.unsigned(*count);
            });
        });
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            parts: input.list(|input| {
                Ok(ThinnedPart {
                    delivery: DeliveryNumber(input.unsigned_as()?),
                    before: input.fixed()?,
                    after: input.option(Reader::fixed)?,
                    removed: input.list(|input| Ok((FactKind::read(input)?, input.unsigned()?)))?,
                })
            })?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of a removal: they may never change.
    #[test]
    fn its_bytes_are_fixed() {
        let part = |delivery, after, removed| ThinnedPart {
            delivery: DeliveryNumber(delivery),
            before: [1; 32],
            after,
            removed,
        };
        let removal = Removal {
            subject: SubjectId([0xab; 16]),
            parts: vec![
                part(3, None, vec![(FactKind::Identity, 1), (FactKind::TradelineMonth, 200)]),
                part(300, Some([2; 32]), Vec::new()),
            ],
        };
        let expected = [
            [0xab; 16].as_slice(),
            &[2, 3],
            &[1; 32],
            &[0, 2, 1, 1, 4, 0xc8, 1],
            &[0xac, 2],
            &[1; 32],
            &[1],
            &[2; 32],
            &[0],
        ];
        assert_eq!(removal.to_bytes(), expected.concat());
        assert_eq!(Removal::from_bytes(&removal.to_bytes()), Ok(removal.clone()));
        assert_eq!(removal.facts(), 201);
    }
}
