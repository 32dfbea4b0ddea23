//! Reading: a consistent view of what is committed.

use std::collections::BTreeSet;
use std::sync::Arc;

use tallystick_model::consent::ConsentState;
use tallystick_model::delivery::DeliveryRecord;
use tallystick_model::event::{Entry, Event, Salt};
use tallystick_model::fact::{DeliveryNumber, Fact, FactBody};
use tallystick_model::identity::Identity;
use tallystick_model::member::Member;
use tallystick_model::registry::Segment;
use tallystick_model::withdrawal::Erasures;
use tallystick_model::{Canonical, CreditFile, SubjectId, Timestamp, packed_facts};

use crate::consents::consents;
use crate::engine::Space;
use crate::engine::runs::Runs;
use crate::load::shard_of;
use crate::store::{Store, StoreError, StoredDelivery, Visibility, read_delivery, stored_delivery};
use crate::{keys, seal};

/// What was committed when the snapshot was taken; later commits do not show.
#[derive(Debug)]
pub struct Snapshot<'a> {
    pub(crate) store: &'a Store,
    pub(crate) log_size: u64,
    pub(crate) visibility: Arc<Visibility>,
    pub(crate) members: Arc<Vec<Member>>,
    pub(crate) runs: Arc<Runs>,
}

/// An event with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Place in the log.
    pub index: u64,
    /// Its entry.
    pub entry: Entry,
    /// What binds the two.
    pub salt: Salt,
    /// What happened.
    pub event: Event,
}

impl Snapshot<'_> {
    /// Entries in the log.
    pub const fn log_size(&self) -> u64 {
        self.log_size
    }

    /// All members, in the order of admission.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member with this code.
    pub fn member(&self, code: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.code == code)
    }

    /// The member with this number.
    pub fn member_by_number(&self, number: u16) -> Option<&Member> {
        self.members.iter().find(|member| member.number == number)
    }

    /// All visible facts of one subject but what is `erased` of them ([`erasures`]). Empty if there are none. The way to facts of
    /// whoever shows, counts or decides by them.
    ///
    /// # Errors
    /// [`StoreError`] if something stored cannot be read.
    ///
    /// [`erasures`]: crate::erasures
    pub fn credit_file(&self, subject: SubjectId, erased: &Erasures) -> Result<CreditFile, StoreError> {
        Ok(self.stored_file(subject)?.without(erased))
    }

    /// All visible facts of one subject as they lie here: what is erased too, until its tables are rewritten. For checks, for
    /// measuring, and for deciding what to erase.
    ///
    /// # Errors
    /// [`StoreError`] if something stored cannot be read.
    pub fn stored_file(&self, subject: SubjectId) -> Result<CreditFile, StoreError> {
        let mut facts = Vec::new();
        let mut read = |value: &[u8]| {
            let sees = |delivery| self.visibility.sees(delivery);
            let read = packed_facts::read_facts(subject, value, sees, |fact| facts.push(fact));
            read.map_err(|error| StoreError::damaged("facts", error))
        };
        let mut places = 0;
        for run in self.runs.of(shard_of(subject)) {
            if let Some(value) = run.get(subject)? {
                read(value.bytes())?;
                places += 1;
            }
        }
        for pair in self.store.engine.prefix(Space::Facts, &subject.0) {
            read(&pair?.1)?;
            places += 1;
        }
        if places > 1 {
            // Each place's facts are in order: a stable sort only has to merge them.
            facts.sort_by_key(|fact| (fact.key.slot, fact.key.delivery));
        }
        Ok(CreditFile::new(subject, facts))
    }

    /// The same view of the facts as it was at `at`: deliveries that became visible later are left out. Events stay as they
    /// are.
    #[must_use]
    pub fn as_known_on(mut self, at: Timestamp) -> Self {
        self.visibility = Arc::new(self.visibility.as_known_on(at));
        self
    }

    /// The same view of the facts, of these deliveries alone, if they are visible.
    #[must_use]
    pub fn of_deliveries(mut self, known: &BTreeSet<DeliveryNumber>) -> Self {
        self.visibility = Arc::new(self.visibility.of_deliveries(known));
        self
    }

    /// The identity sealed in a fact; `None` if the fact is no identity or the subject's salt was destroyed.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the seal does not open.
    pub fn identity(&self, fact: &Fact) -> Result<Option<Identity>, StoreError> {
        let FactBody::Identity(sealed) = &fact.body else { return Ok(None) };
        let Some(salt) = self.store.subject_salt(fact.key.subject)? else { return Ok(None) };
        seal::unseal(&salt, &fact.key.to_bytes(), sealed).map(Some).ok_or_else(|| StoreError::Damaged {
            place: "facts".to_owned(),
            what: "a sealed identity does not open".to_owned(),
        })
    }

    /// The segment of the registry's furnishing that a fact is; `None` if it is none, or sealed and the subject's salt was
    /// destroyed.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the seal does not open.
    pub fn segment(&self, fact: &Fact) -> Result<Option<Segment>, StoreError> {
        let sealed = match &fact.body {
            FactBody::Segment(segment) => return Ok(Some(segment.clone())),
            FactBody::SealedSegment(_, sealed) => sealed,
            _ => return Ok(None),
        };
        let Some(salt) = self.store.subject_salt(fact.key.subject)? else { return Ok(None) };
        let segment: Option<Segment> = seal::unseal(&salt, &fact.key.to_bytes(), sealed);
        segment.filter(|segment| segment.kind == fact.key.slot.kind).map(Some).ok_or_else(|| StoreError::Damaged {
            place: "facts".to_owned(),
            what: "a sealed segment does not open".to_owned(),
        })
    }

    /// Everything the bureau did about a subject, in the order of the log.
    ///
    /// # Errors
    /// [`StoreError`] if something stored cannot be read.
    pub fn events(&self, subject: SubjectId) -> Result<Vec<RecordedEvent>, StoreError> {
        let mut events = Vec::new();
        for pair in self.store.engine.prefix(Space::Events, &subject.0) {
            let (key, value) = pair?;
            let Some((_, index)) = keys::read_event(&key) else {
                return Err(StoreError::Damaged { place: "events".to_owned(), what: "a key is no event's".to_owned() });
            };
            if index < self.log_size {
                let (salt, event) = read_event(&value)?;
                events.push(RecordedEvent { index, entry: self.entry(index)?, salt, event });
            }
        }
        Ok(events)
    }

    /// The entry at `index` of the log.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it is missing or unreadable.
    pub fn entry(&self, index: u64) -> Result<Entry, StoreError> {
        let value = self
            .store
            .engine
            .get(Space::Log, &keys::entry(index))?
            .ok_or_else(|| StoreError::Damaged { place: format!("log entry {index}"), what: "missing".to_owned() })?;
        Entry::from_bytes(&value).map_err(|error| StoreError::damaged(format!("log entry {index}"), error))
    }

    /// The subject's consents with what became of them, in the order they were granted.
    ///
    /// # Errors
    /// [`StoreError`] if something stored cannot be read.
    pub fn consents(&self, subject: SubjectId) -> Result<Vec<ConsentState>, StoreError> {
        Ok(consents(&self.events(subject)?))
    }

    /// The record of a visible delivery.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn delivery(&self, number: DeliveryNumber) -> Result<Option<DeliveryRecord>, StoreError> {
        if !self.visibility.sees(number) {
            return Ok(None);
        }
        Ok(stored_delivery(&self.store.engine, number)?.map(|stored| stored.record))
    }

    /// Every delivery that was committed, quarantined ones too, in the order of their numbers.
    ///
    /// # Errors
    /// [`StoreError`] if one cannot be read.
    pub fn deliveries(&self) -> impl Iterator<Item = Result<StoredDelivery, StoreError>> {
        let pairs = self.store.engine.prefix(Space::Meta, keys::DELIVERY_PREFIX);
        pairs.filter_map(|pair| match pair {
            Ok((_, value)) => read_delivery(&value).transpose(),
            Err(error) => Some(Err(error.into())),
        })
    }
}

/// Salt and event of a stored value.
pub(crate) fn read_event(value: &[u8]) -> Result<(Salt, Event), StoreError> {
    let (salt, event) = value
        .split_first_chunk::<16>()
        .ok_or_else(|| StoreError::Damaged { place: "events".to_owned(), what: "an event ends early".to_owned() })?;
    let event = Event::from_bytes(event).map_err(|error| StoreError::damaged("events", error))?;
    Ok((*salt, event))
}

/// Whether a subject's file is frozen, as its events leave it.
pub fn frozen(events: &[RecordedEvent]) -> bool {
    events.iter().fold(false, |frozen, recorded| match recorded.event {
        Event::FreezePlaced(_) => true,
        Event::FreezeLifted(_) => false,
        _ => frozen,
    })
}
