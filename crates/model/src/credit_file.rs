//! The credit file: all facts held about one subject.
//!
//! A credit file cannot be printed or serialised. It leaves the bureau only through a permit
//! (`policy::Permit::reveal`), which makes a visible file of the parts that the decision released.

use crate::SubjectId;
use crate::fact::{DeliveryNumber, Fact, FactKind, Slot, Standing};

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

    /// Whether nothing at all is held.
    pub const fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// Whether nothing holds that could be shown: no facts, only such as were taken back, or only such as route inside the
    /// bureau.
    pub fn says_nothing(&self) -> bool {
        self.current().all(|fact| fact.key.slot.kind == FactKind::Alias)
    }

    /// Every fact, superseded ones too, in key order.
    pub fn history(&self) -> &[Fact] {
        &self.facts
    }

    /// The facts that hold: of each slot the one recorded last, unless it is a deletion.
    pub fn current(&self) -> impl Iterator<Item = &Fact> {
        let next = self.facts.iter().skip(1).map(|fact| Some(fact.key.slot)).chain([None]);
        self.facts
            .iter()
            .zip(next)
            .filter(|(fact, next)| Some(fact.key.slot) != *next)
            .map(|(fact, _)| fact)
            .filter(|fact| !matches!(fact.standing, Standing::Deletes(_)))
    }

    /// The fact that holds in `slot`.
    pub fn holding(&self, slot: Slot) -> Option<&Fact> {
        self.current().find(|fact| fact.key.slot == slot)
    }

    /// The file as it stood when only deliveries that `recorded` accepts had come in.
    #[must_use]
    pub fn as_recorded(mut self, recorded: impl Fn(DeliveryNumber) -> bool) -> Self {
        self.facts.retain(|fact| recorded(fact.key.delivery));
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
    use crate::fact::{FactBody, FactKey};
    use crate::{AccountKey, Month};

    fn alias(month: u8, delivery: u32, standing: Standing) -> Fact {
        let slot =
            Slot { kind: FactKind::Alias, account: AccountKey::NONE, month: Some(Month::new(2026, month).unwrap()) };
        let subject = SubjectId([1; 16]);
        let body = FactBody::Alias(SubjectId([u8::try_from(delivery).unwrap(); 16]));
        Fact { key: FactKey { subject, slot, delivery: DeliveryNumber(delivery) }, standing, body }
    }

    #[test]
    fn the_last_recorded_fact_of_a_slot_holds_and_a_deletion_empties_it() {
        let facts = vec![
            alias(1, 1, Standing::Reported),
            alias(1, 4, Standing::Corrects(DeliveryNumber(1))),
            alias(2, 2, Standing::Reported),
            alias(3, 3, Standing::Reported),
            alias(3, 5, Standing::Deletes(DeliveryNumber(3))),
        ];
        let file = CreditFile::new(SubjectId([1; 16]), facts);
        let current: Vec<_> = file.current().map(|fact| fact.key.delivery.0).collect();
        assert_eq!(current, [4, 2]);
        let before = file.as_recorded(|delivery| delivery.0 <= 3);
        let current: Vec<_> = before.current().map(|fact| fact.key.delivery.0).collect();
        assert_eq!(current, [1, 2, 3]);
    }
}
