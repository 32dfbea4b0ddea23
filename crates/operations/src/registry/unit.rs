//! What is held of one account, agreement or person at one furnisher, opened; and how a new statement stands to it.

use std::collections::BTreeMap;

use tallystick_model::fact::{DeliveryNumber, Fact, FactBody, FactKind, Slot, Standing};
use tallystick_model::identity::Identity;
use tallystick_model::registry::{Segment, Table, table_of};
use tallystick_model::rights::Expired;
use tallystick_model::tradeline::{TradelineMonth, TradelineTerms};
use tallystick_model::{AccountKey, Date, Month, SubjectId};
use tallystick_store::{Snapshot, StoreError};

/// What stands at a slot, not sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Segment(Segment),
    Terms(TradelineTerms),
    Month(TradelineMonth),
    Identity(Box<Identity>),
    Holder(SubjectId),
}

impl Said {
    fn of(snapshot: &Snapshot<'_>, fact: &Fact) -> Result<Option<Self>, StoreError> {
        Ok(match &fact.body {
            FactBody::Segment(_) | FactBody::SealedSegment(..) => snapshot.segment(fact)?.map(Self::Segment),
            FactBody::TradelineTerms(terms) => Some(Self::Terms(terms.clone())),
            FactBody::TradelineMonth(month) => Some(Self::Month(*month)),
            FactBody::Identity(_) => snapshot.identity(fact)?.map(|identity| Self::Identity(Box::new(identity))),
            FactBody::Holder(subject) => Some(Self::Holder(*subject)),
            FactBody::PaymentProfileMonth(_) => None,
        })
    }
}

/// Whether facts of a kind are segments that are kept sealed.
pub(crate) fn is_sealed(kind: FactKind) -> bool {
    table_of(kind).is_some_and(Table::is_sealed)
}

/// One new statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) subject: SubjectId,
    pub(crate) slot: Slot,
    pub(crate) standing: Standing,
    pub(crate) said: Said,
}

/// Why a statement is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It is reported: what was reported before is history, not wrong.
    Report,
    /// What stood there was wrong.
    Correct,
}

/// What stands at one slot.
#[derive(Clone, Debug)]
struct Held {
    /// As it will hold after this delivery; `None` if it was taken back.
    said: Option<Said>,
    /// As the store holds it: whether it does, and by which delivery.
    stored: Option<DeliveryNumber>,
    /// The last that corrected or took back in this slot: it holds until it is superseded by name.
    mended: Option<DeliveryNumber>,
}

/// An account, an agreement, or a person as one furnisher has it.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) subject: SubjectId,
    pub(super) account: AccountKey,
    held: BTreeMap<Slot, Held>,
}

impl Unit {
    /// What the store holds under `account` in the file of `subject`.
    pub(super) fn load(snapshot: &Snapshot<'_>, subject: SubjectId, account: AccountKey) -> Result<Self, StoreError> {
        let events = snapshot.events(subject)?;
        let expired = Expired::of(events.iter().map(|recorded| &recorded.event));
        let file = snapshot.credit_file(subject)?.without_expired(&expired);
        let mut held = BTreeMap::new();
        for slot in file.history().chunk_by(|one, other| one.key.slot == other.key.slot) {
            let Some(last) = slot.last().filter(|fact| fact.key.slot.account == account) else { continue };
            let mended = slot.iter().rev().find(|fact| fact.standing != Standing::Reported);
            let standing = mended.unwrap_or(last);
            let taken_back = matches!(standing.standing, Standing::Deletes(_));
            let said = if taken_back { None } else { Said::of(snapshot, standing)? };
            let stored = said.is_some().then_some(standing.key.delivery);
            let mended = mended.map(|fact| fact.key.delivery);
            held.insert(last.key.slot, Held { said, stored, mended });
        }
        Ok(Self { subject, account, held })
    }

    pub(super) const fn slot(&self, kind: FactKind, month: Option<Month>) -> Slot {
        Slot { kind, account: self.account, month }
    }

    fn said(&self, kind: FactKind, month: Option<Month>) -> Option<&Said> {
        self.held.get(&self.slot(kind, month))?.said.as_ref()
    }

    /// The segment that holds.
    pub(super) fn segment(&self, kind: FactKind, month: Option<Month>) -> Option<&Segment> {
        match self.said(kind, month)? {
            Said::Segment(segment) => Some(segment),
            _ => None,
        }
    }

    /// Whose the account of this place is.
    pub(super) fn holder(&self) -> Option<SubjectId> {
        match self.said(FactKind::Holder, None)? {
            Said::Holder(subject) => Some(*subject),
            _ => None,
        }
    }

    /// Everything that holds, in key order.
    pub(super) fn all(&self) -> impl Iterator<Item = (Slot, &Said)> {
        self.held.iter().filter_map(|(slot, held)| Some((*slot, held.said.as_ref()?)))
    }

    /// The segments that hold.
    pub(super) fn segments(&self) -> impl Iterator<Item = (Slot, &Segment)> {
        self.all().filter_map(|(slot, said)| match said {
            Said::Segment(segment) => Some((slot, segment)),
            _ => None,
        })
    }

    /// The latest date that anything held was reported.
    pub(super) fn reported_last(&self) -> Option<Date> {
        self.segments().filter_map(|(_, segment)| segment.reported).max()
    }

    /// Whether what stands in `slot` was put there by a correction.
    pub(super) fn is_corrected(&self, slot: Slot) -> bool {
        self.held.get(&slot).is_some_and(|held| held.said.is_some() && held.mended.is_some())
    }

    /// Lets `segment` stand at `slot` because it was reported, also if it says what stands there already: that it was said
    /// again is a statement too.
    pub(super) fn report(&mut self, slot: Slot, segment: Segment) -> Option<Change> {
        self.stand(slot, Some(Said::Segment(segment)), Why::Report)
    }

    /// Lets `said` stand at `slot`, or nothing, and gives the fact that this takes; `None` if it stands so already.
    pub(super) fn settle(&mut self, slot: Slot, said: Option<Said>, why: Why) -> Option<Change> {
        if self.held.get(&slot).and_then(|held| held.said.as_ref()) == said.as_ref() {
            return None;
        }
        self.stand(slot, said, why)
    }

    fn stand(&mut self, slot: Slot, said: Option<Said>, why: Why) -> Option<Change> {
        let held = self.held.entry(slot).or_insert(Held { said: None, stored: None, mended: None });
        let before = std::mem::replace(&mut held.said, said.clone());
        let standing = match (&said, held.stored, held.mended) {
            // Said earlier in this delivery and taken back in it: nothing of it was stored, and records of one delivery do not
            // take back each other; but a derived statement may fall away.
            (None, None, _) => return None,
            (None, Some(stored), _) => Standing::Deletes(stored),
            (Some(_), Some(stored), None) => match why {
                Why::Report => Standing::Reported,
                Why::Correct => Standing::Corrects(stored),
            },
            (Some(_), _, Some(mended)) => Standing::Corrects(mended),
            (Some(_), None, None) => Standing::Reported,
        };
        let said = said.or(before)?;
        Some(Change { subject: self.subject, slot, standing, said })
    }
}
