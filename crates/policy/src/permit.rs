//! Permits, and what they let out.
//!
//! [`Permit::reveal`] is the only way a credit file becomes something that may be shown. A permit is made by a decision
//! of this crate and by nothing else, a visible file by a permit and by nothing else.

use std::fmt;

use tallystick_model::consent::ConsentId;
use tallystick_model::consent_terms::Span;
use tallystick_model::fact::{Fact, FactBody};
use tallystick_model::identity::Identity;
use tallystick_model::inquiry::{Detail, Purpose, Ranges, Reason};
pub use tallystick_model::withdrawal::category_of;
use tallystick_model::{CategorySet, CreditFile, DataCategory, SubjectId, Timestamp};

/// A decision to let parts of one subject's credit file be seen.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Permit {
    pub(crate) subject: SubjectId,
    pub(crate) purpose: Purpose,
    pub(crate) decided_at: Timestamp,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) consent: Option<ConsentId>,
    pub(crate) released: CategorySet,
    pub(crate) detail: Detail,
    pub(crate) ranges: Ranges,
    pub(crate) data_life: Option<Span>,
}

impl Permit {
    /// Whose file.
    pub const fn subject(&self) -> SubjectId {
        self.subject
    }

    /// For which purpose.
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// When it was decided. A permit is for now: it is not kept.
    pub const fn decided_at(&self) -> Timestamp {
        self.decided_at
    }

    /// The rules that permitted it, at least one, in the rulebook's order.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The consent relied on; `None` where none was needed.
    pub const fn consent(&self) -> Option<ConsentId> {
        self.consent
    }

    /// The categories of data released.
    pub const fn released(&self) -> CategorySet {
        self.released
    }

    /// How much of them a report may tell.
    pub const fn detail(&self) -> Detail {
        self.detail
    }

    /// Which months are shown, of everything and of what the consent relied on alone releases.
    pub const fn ranges(&self) -> Ranges {
        self.ranges
    }

    /// How long the recipient may keep what it is shown, where the consent relied on says so.
    pub const fn data_life(&self) -> Option<Span> {
        self.data_life
    }

    /// What may be seen of `file`: its current facts, of released categories, of months in range.
    ///
    /// # Panics
    /// If the file is another subject's: the caller mixed up two people.
    pub fn reveal(&self, file: CreditFile) -> VisibleFile {
        assert!(file.subject() == self.subject, "a permit reveals the file it was given for, and no other");
        let of_month = |fact: &Fact| self.ranges.of_month(self.released, fact.key.slot.month);
        let facts = file.current().filter_map(|fact| visible(fact, of_month(fact))).collect();
        VisibleFile { subject: self.subject, released: self.released, detail: self.detail, facts }
    }
}

/// What a permit shows of a credit file.
#[derive(Clone, PartialEq, Eq)]
pub struct VisibleFile {
    subject: SubjectId,
    released: CategorySet,
    detail: Detail,
    facts: Vec<Fact>,
}

impl VisibleFile {
    /// Whom it is about.
    pub const fn subject(&self) -> SubjectId {
        self.subject
    }

    /// How much of the facts a report of them may tell; what follows from all of them may always be told at a glance.
    pub const fn detail(&self) -> Detail {
        self.detail
    }

    /// The facts, in key order.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// What may be seen of an identity of this file, once its seal is opened: each attribute has a category of its own, and
    /// only those of released ones stay. `None` if nothing does.
    #[must_use]
    pub fn visible_identity(&self, mut identity: Identity) -> Option<Identity> {
        if !self.released.contains(DataCategory::Identity) {
            return None;
        }
        identity.attributes.retain(|(category, _)| self.released.contains(*category));
        (!identity.is_empty()).then_some(identity)
    }
}

impl fmt::Debug for VisibleFile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "VisibleFile({} facts)", self.facts.len())
    }
}

/// What a recipient that was released these categories was shown of a fact; `None` if nothing. For telling it what has become of a
/// fact that an earlier permit, which is on record, let it see.
pub fn as_shown(fact: &Fact, released: CategorySet) -> Option<Fact> {
    visible(fact, released)
}

fn visible(fact: &Fact, released: CategorySet) -> Option<Fact> {
    if !released.contains(category_of(&fact.body)) {
        return None;
    }
    let mut fact = fact.clone();
    if let FactBody::PaymentProfileMonth(month) = &mut fact.body {
        month.income = month.income.filter(|_| released.contains(DataCategory::Income));
        month.investments = month.investments.filter(|_| released.contains(DataCategory::Securities));
    }
    Some(fact)
}
