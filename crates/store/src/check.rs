//! The whole-state check: nothing is believed that can be derived again.
//!
//! In this order: the engine's files against their checksums; the log's entries against its nodes, root and signed checkpoint, and
//! against the checkpoint published beside it; every event against its entry's commitment, and every entry for its event;
//! members and deliveries against the events that made them; every fact against its delivery's root and counts; every
//! seal. A finding names the place. One damaged part does not keep the others from being checked.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tallystick_audit::{Hash, LogKeys, NodeId, OpensCheckpoints, TreeBuilder, leaf_hash, node_hash};
use tallystick_model::delivery::{DeliveryRecord, DeliveryState};
use tallystick_model::event::{Entry, Event, EventKind, commitment};
use tallystick_model::fact::{DeliveryNumber, Fact, FactBody, FactKey, FactKind};
use tallystick_model::identity::Identity;
use tallystick_model::member::Member;
use tallystick_model::registry::Segment;
use tallystick_model::removal::ThinnedPart;
use tallystick_model::withdrawal::is_erased;
use tallystick_model::{Canonical, SubjectId, Timestamp, packed_facts, subject_facts};

use crate::engine::runs::Runs;
use crate::engine::{FACT_SHARDS, Space};
use crate::facts_root::{FactsRoot, is_place, subject_leaf};
use crate::keys;
use crate::load::{Leaf, shard_of};
use crate::publish::{check_keys, check_tiles};
use crate::seal;
use crate::signing::follow;
use crate::snapshot::read_event;
use crate::store::{Published, Store, StoreError, StoredDelivery, compare_published, read_checkpoint, read_delivery};

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// File, log entry, delivery or subject.
    pub place: String,
    /// What is wrong, and what it affects.
    pub what: String,
}

/// What was checked, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries in the log.
    pub entries: u64,
    /// Root of the log.
    pub root: [u8; 32],
    /// Events, one for each entry.
    pub events: u64,
    /// Of which disclosures: reports given to subscribers or subjects.
    pub disclosures: u64,
    /// Members.
    pub members: u64,
    /// Deliveries that are visible.
    pub deliveries: u64,
    /// Facts of visible deliveries.
    pub facts: u64,
    /// Subjects with at least one visible fact.
    pub subjects: u64,
    /// Deliveries that are quarantined or were given up.
    pub quarantined: u64,
    /// What is wrong; empty if all is well.
    pub findings: Vec<Finding>,
}

/// Findings told at most; of a store damaged all over the first ones are enough.
const FINDINGS_MAX: usize = 1000;

impl Report {
    pub(crate) fn find(&mut self, place: impl Into<String>, what: impl Into<String>) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { place: place.into(), what: what.into() });
        }
    }

    /// Whether all that was found is that the published checkpoint is missing.
    pub fn only_lacks_checkpoint(&self) -> bool {
        self.findings == [missing_checkpoint()]
    }

    pub(crate) fn check<T>(&mut self, place: &str, result: Result<T, StoreError>) -> Option<T> {
        result.map_err(|error| self.find(place, error.to_string())).ok()
    }
}

/// Told now and then how far a check is: the part, and how much of it is done.
pub type Progress<'a> = &'a mut dyn FnMut(&'static str, u64);

/// Checks the whole store. Reads everything once; memory is bounded by the numbers of log entries (8 bytes each) and deliveries.
pub fn check(store: &Store, progress: Progress<'_>) -> Report {
    let mut report = Report::default();
    let runs = Arc::clone(&store.state().runs);
    let mut read = 0;
    for (file, what) in store.engine.check_files(&runs, |bytes| {
        read += bytes;
        progress("bytes of files", read);
    }) {
        report.find(file, what);
    }
    let size = check_log(store, &mut report, progress);
    let from_events = check_events(store, size, &mut report, progress);
    check_members(store, &from_events, &mut report);
    check_log_keys(store, &from_events, &mut report);
    let deliveries = check_deliveries(store, &from_events, &mut report);
    check_facts(store, &runs, &deliveries, from_events.removed, &mut report, progress);
    report
}

/// Derives the log's root again and compares it with what was signed. Returns the size that was signed.
fn check_log(store: &Store, report: &mut Report, progress: Progress<'_>) -> u64 {
    let Some(note) = report.check("log checkpoint", read_checkpoint(&store.engine)) else { return 0 };
    let checkpoint = match store.log_keys().open(&note) {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            report.find("log checkpoint", error.to_string());
            return 0;
        }
    };

    let mut tree = TreeBuilder::new();
    // The roots of the complete subtrees that end here, by level: what the stored nodes must equal.
    let mut edge: Vec<Option<Hash>> = Vec::new();
    for pair in store.engine.prefix(Space::Log, keys::ENTRY_PREFIX) {
        let Some((key, value)) = report.check("log entries", pair.map_err(StoreError::from)) else { break };
        let index = tree.len();
        if *key != *keys::entry(index) {
            report.find(format!("log entry {index}"), "missing");
            break;
        }
        let leaf = leaf_hash(&value);
        check_nodes(store, index, leaf, &mut edge, report);
        tree.push(leaf);
        progress("log entries", tree.len());
    }
    report.entries = tree.len();
    report.root = tree.root().0;
    if tree.len() != checkpoint.size {
        report.find("log", format!("has {} entries, its checkpoint says {}", tree.len(), checkpoint.size));
    } else if tree.root() != checkpoint.root {
        report
            .find("log", format!("root over the entries is {}, its checkpoint says {}", tree.root(), checkpoint.root));
    }
    check_published(store, checkpoint.size, report);
    checkpoint.size
}

/// Compares the stored nodes that end at leaf `index` with those derived from the leaves.
fn check_nodes(store: &Store, index: u64, leaf: Hash, edge: &mut Vec<Option<Hash>>, report: &mut Report) {
    let (mut level, mut hash) = (0_u8, leaf);
    loop {
        let id = NodeId { level, index: index >> level };
        match store.engine.get(Space::Log, &keys::node(id)) {
            Ok(Some(stored)) if *stored == hash.0 => {}
            Ok(Some(_)) => report.find(format!("log node {level}/{}", id.index), "is not the hash of what is below it"),
            Ok(None) => report.find(format!("log node {level}/{}", id.index), "missing"),
            Err(error) => report.find(format!("log node {level}/{}", id.index), error.to_string()),
        }
        let place = usize::from(level);
        if edge.len() <= place {
            edge.push(None);
        }
        match edge.get_mut(place).and_then(Option::take) {
            Some(left) => {
                hash = node_hash(&left, &hash);
                level += 1;
            }
            None => {
                if let Some(slot) = edge.get_mut(place) {
                    *slot = Some(hash);
                }
                return;
            }
        }
    }
}

const PUBLISHED: &str = "log/checkpoint";

fn missing_checkpoint() -> Finding {
    let what = "is missing: nothing shows whether the store was rolled back, and nothing is recorded";
    Finding { place: PUBLISHED.to_owned(), what: what.to_owned() }
}

/// The published checkpoint is what outsiders have seen: the store may be ahead of it (a crash between both), never behind
/// or beside.
fn check_published(store: &Store, size: u64, report: &mut Report) {
    match compare_published(&store.engine, &store.log_keys(), &store.folder, size) {
        Published::Missing => report.findings.push(missing_checkpoint()),
        published => {
            let seen = published.size();
            match published.wrong() {
                Some(what) => report.find(PUBLISHED, what),
                None => {
                    check_keys(store, seen, report);
                    check_tiles(store, size, seen, report);
                }
            }
        }
    }
}

/// What events say of members and deliveries.
#[derive(Default)]
struct FromEvents {
    /// What was removed of which delivery's part about which subject, one after the other.
    removed: BTreeMap<(SubjectId, DeliveryNumber), Vec<ThinnedPart>>,
    members: BTreeMap<u16, Member>,
    /// The first key of the log, and what was said of its keys.
    first_key: Option<String>,
    said_of_keys: BTreeMap<u64, Event>,
    deliveries: BTreeMap<DeliveryNumber, StoredDelivery>,
}

impl FromEvents {
    fn deliver(&mut self, state: DeliveryState, since: Timestamp, record: DeliveryRecord) {
        self.deliveries.insert(record.number, StoredDelivery { state, since, record });
    }

    fn end_quarantine(&mut self, number: DeliveryNumber, state: DeliveryState, since: Timestamp) {
        if let Some(delivery) = self.deliveries.get_mut(&number) {
            (delivery.state, delivery.since) = (state, since);
        }
    }
}

/// The keys that sign must be those that the founding and the entries after it name, each at its place.
fn check_log_keys(store: &Store, from_events: &FromEvents, report: &mut Report) {
    let first = from_events.first_key.as_deref().and_then(|key| key.parse().ok());
    let Some(first) = first else { return report.find("log keys", "the founding names no key") };
    let mut keys = LogKeys::new(first);
    for (index, said) in &from_events.said_of_keys {
        if let Err(what) = follow(&mut keys, said, *index) {
            return report.find(format!("log entry {index}"), what);
        }
    }
    if keys != store.log_keys() {
        report.find("log keys", "are not those that the log's entries name");
    }
}

fn check_events(store: &Store, size: u64, report: &mut Report, progress: Progress<'_>) -> FromEvents {
    let mut from_events = FromEvents::default();
    let mut seen = vec![false; usize::try_from(size).unwrap_or(usize::MAX).min(1 << 40)];
    for pair in store.engine.prefix(Space::Events, &[]) {
        let Some((key, value)) = report.check("events", pair.map_err(StoreError::from)) else { break };
        let Some((subject, index)) = keys::read_event(&key) else {
            report.find("events", "a key is no event's");
            continue;
        };
        let place = format!("event {index}");
        let Some(slot) = usize::try_from(index).ok().and_then(|index| seen.get_mut(index)) else {
            report.find(place, format!("is past the end of the log, which has {size} entries"));
            continue;
        };
        if std::mem::replace(slot, true) {
            report.find(&place, "is there twice");
        }
        report.events += 1;
        progress("events", report.events);
        let Some((salt, event)) = report.check(&place, read_event(&value)) else { continue };
        if event.subject() != subject {
            report.find(&place, "is kept under another subject than its own");
        }
        let Some(at) = check_entry(store, index, &commitment(&salt, &event.to_bytes()), event.kind(), report) else {
            continue;
        };
        if matches!(event.kind(), EventKind::InquiryPermitted | EventKind::OwnReportViewed) {
            report.disclosures += 1;
        }
        match event {
            Event::FactsRemoved(removal) => {
                for part in removal.parts {
                    from_events.removed.entry((removal.subject, part.delivery)).or_default().push(part);
                }
            }
            Event::BureauFounded(founding) => from_events.first_key = Some(founding.verifier_key),
            said @ (Event::LogKeyTurned(_) | Event::LogKeyRevoked(_)) => {
                drop(from_events.said_of_keys.insert(index, said))
            }
            Event::MemberAdmitted(member) => drop(from_events.members.insert(member.number, member)),
            Event::DeliveryAdmitted(delivery) => from_events.deliver(DeliveryState::Visible, at, delivery),
            Event::FactCorrected(correction) => from_events.deliver(DeliveryState::Visible, at, correction.delivery),
            Event::DeliveryQuarantined(delivery) => from_events.deliver(DeliveryState::Quarantined, at, delivery),
            // Both come after the quarantine: the bureau's own events are in the order of the log.
            Event::DeliveryReleased(end) => from_events.end_quarantine(end.delivery, DeliveryState::Released, at),
            Event::DeliveryDiscarded(end) => from_events.end_quarantine(end.delivery, DeliveryState::Discarded, at),
            _ => {}
        }
    }
    for (index, _) in seen.iter().enumerate().filter(|(_, seen)| !**seen) {
        report.find(format!("log entry {index}"), "has no event: what was done is not on record");
    }
    from_events
}

/// Checks an event's entry; gives its time if there is one.
fn check_entry(
    store: &Store,
    index: u64,
    commitment: &[u8; 32],
    kind: EventKind,
    report: &mut Report,
) -> Option<Timestamp> {
    let place = format!("log entry {index}");
    match store.engine.get(Space::Log, &keys::entry(index)) {
        Ok(Some(value)) => match Entry::from_bytes(&value) {
            Ok(entry) => {
                if entry.kind != kind {
                    report.find(place, format!("says {}, its event {kind}", entry.kind));
                } else if entry.commitment != *commitment {
                    report.find(place, format!("does not commit to its event ({kind}): one of the two was changed"));
                }
                return Some(entry.at);
            }
            Err(error) => report.find(place, error.to_string()),
        },
        Ok(None) => report.find(place, format!("missing: an event ({kind}) has no entry")),
        Err(error) => report.find(place, error.to_string()),
    }
    None
}

fn check_members(store: &Store, from_events: &FromEvents, report: &mut Report) {
    let mut left = from_events.members.clone();
    for pair in store.engine.prefix(Space::Meta, keys::MEMBER_PREFIX) {
        let Some((_, value)) = report.check("members", pair.map_err(StoreError::from)) else { return };
        let member = Member::from_bytes(&value).map_err(|error| StoreError::damaged("members", error));
        let Some(member) = report.check("members", member) else { continue };
        report.members += 1;
        if left.remove(&member.number).as_ref() != Some(&member) {
            report.find(format!("member {}", member.number), "is not as it was admitted");
        }
    }
    for number in left.keys() {
        report.find(format!("member {number}"), "was admitted and is missing");
    }
}

fn check_deliveries(
    store: &Store,
    from_events: &FromEvents,
    report: &mut Report,
) -> BTreeMap<DeliveryNumber, Option<StoredDelivery>> {
    let mut deliveries = BTreeMap::new();
    let mut left = from_events.deliveries.clone();
    for pair in store.engine.prefix(Space::Meta, keys::DELIVERY_PREFIX) {
        let Some((key, value)) = report.check("deliveries", pair.map_err(StoreError::from)) else { break };
        let Some(number) = keys::read_delivery(&key) else {
            report.find("deliveries", "a key is no delivery's");
            continue;
        };
        let Some(stored) = report.check(&format!("delivery {number}"), read_delivery(&value)) else { continue };
        if let Some(stored) = &stored {
            let counter = if stored.state.is_visible() { &mut report.deliveries } else { &mut report.quarantined };
            *counter += 1;
            if left.remove(&number).as_ref() != Some(stored) {
                report.find(format!("delivery {number}"), "its record is not the one in the log");
            }
        }
        deliveries.insert(number, stored);
    }
    for number in left.keys() {
        report.find(format!("delivery {number}"), "is in the log and not in the store");
    }
    deliveries
}

fn check_facts(
    store: &Store,
    runs: &Runs,
    deliveries: &BTreeMap<DeliveryNumber, Option<StoredDelivery>>,
    removed: Removed,
    report: &mut Report,
    progress: Progress<'_>,
) {
    let mut facts = CheckedFacts { store, deliveries, removed, roots: HashMap::new(), salt: (SubjectId::BUREAU, None) };
    let mut values = Vec::new();
    for shard in 0..FACT_SHARDS {
        let subjects = store.engine.subjects(shard, runs.of(shard)).map_err(StoreError::from);
        let Some(mut subjects) = report.check("facts", subjects) else { continue };
        loop {
            let next = subjects.next(&mut values).map_err(StoreError::from);
            let Some(Some(subject)) = report.check("facts", next) else { break };
            if shard_of(subject) != shard {
                report.find("facts", "a subject's facts are in another shard than its own");
            }
            facts.check_removed_before(subject, report);
            facts.check(subject, &values, report);
            progress("facts", report.facts);
        }
    }
    facts.check_removed_before(SubjectId([0xff; 16]), report);
    let mut roots = facts.roots;
    // Facts of a discarded delivery go when their runs are merged.
    let is_held = |stored: &&StoredDelivery| stored.state != DeliveryState::Discarded;
    let held = deliveries.iter().filter_map(|(number, stored)| Some((number, stored.as_ref().filter(is_held)?)));
    for (number, stored) in held {
        let record = &stored.record;
        let digest = roots.remove(number).unwrap_or_default().finish();
        let place = format!("delivery {number}");
        if digest.facts != record.facts || digest.subjects != record.subjects {
            let (found, said) = (digest.facts.iter().map(|(_, count)| count).sum::<u64>(), record.fact_count());
            report.find(
                place,
                format!(
                    "has {found} facts of {} subjects, its record says {said} of {}",
                    digest.subjects, record.subjects
                ),
            );
        } else if digest.root != record.facts_root {
            report.find(place, format!("root over its {} facts is not the one in the log", record.fact_count()));
        }
    }
}

/// What was removed of which delivery's part about which subject, one after the other.
type Removed = BTreeMap<(SubjectId, DeliveryNumber), Vec<ThinnedPart>>;

/// What is known of the facts while they are gone through.
struct CheckedFacts<'a> {
    /// Of subjects that are still to come.
    removed: Removed,
    store: &'a Store,
    deliveries: &'a BTreeMap<DeliveryNumber, Option<StoredDelivery>>,
    roots: HashMap<DeliveryNumber, FactsRoot>,
    /// Of the last subject with a seal.
    salt: (SubjectId, Option<seal::SubjectSalt>),
}

/// Of the removals from a part, those that are done, if what is found is the leaf `found`: `None` if they lead to another.
fn removed_so_far(chain: &[ThinnedPart], found: Option<[u8; 32]>) -> Option<&[ThinnedPart]> {
    if chain.first().is_none_or(|first| Some(first.before) == found) {
        return Some(&[]);
    }
    let last = chain.iter().rposition(|part| part.after == found)?;
    let done = chain.get(..=last)?;
    let is_chain = done.iter().zip(done.iter().skip(1)).all(|(one, next)| one.after == Some(next.before));
    is_chain.then_some(done)
}

impl CheckedFacts<'_> {
    /// Takes the parts of which nothing is left, of subjects before this one.
    fn check_removed_before(&mut self, subject: SubjectId, report: &mut Report) {
        while let Some(entry) = self.removed.first_entry().filter(|entry| entry.key().0 < subject) {
            let ((of, number), chain) = entry.remove_entry();
            let Some(done) = removed_so_far(&chain, None).filter(|done| !done.is_empty()) else {
                report.find(
                    format!("facts of subject {of}"),
                    format!("delivery {number}: what no removal took is missing"),
                );
                continue;
            };
            let root = self.roots.entry(number).or_default();
            let hash = done.first().map_or(Hash([0; 32]), |first| Hash(first.before));
            let mut kinds = done.iter().flat_map(|part| &part.removed).map(|(kind, _)| *kind);
            root.push(Leaf { hash, is_place: kinds.all(|kind| kind == FactKind::Holder) });
            done.iter().flat_map(|part| &part.removed).for_each(|(kind, count)| root.count(*kind, *count));
        }
    }

    /// Takes all that is said of one subject.
    fn check(&mut self, subject: SubjectId, values: &[impl AsRef<[u8]>], report: &mut Report) {
        let mut said: Vec<(DeliveryNumber, Vec<u8>)> = Vec::new();
        for value in values {
            match packed_facts::unpack(value.as_ref()) {
                Ok(unpacked) => said.extend(unpacked),
                Err(error) => report.find(format!("facts of subject {subject}"), error.to_string()),
            }
        }
        said.sort_by_key(|(number, _)| *number);
        let mut is_visible = false;
        for (number, facts) in &said {
            is_visible |= self.check_delivery(subject, *number, facts, report);
        }
        report.subjects += u64::from(is_visible);
    }

    /// Takes what one delivery says of a subject; tells whether it makes a visible subject of it.
    fn check_delivery(&mut self, subject: SubjectId, number: DeliveryNumber, said: &[u8], report: &mut Report) -> bool {
        let place = || format!("facts of subject {subject}");
        let stored = match self.deliveries.get(&number) {
            Some(Some(stored)) => stored,
            Some(None) => {
                report.find(place(), format!("delivery {number} was never committed"));
                return false;
            }
            None => {
                report.find(place(), format!("delivery {number} was never begun"));
                return false;
            }
        };
        let mut facts = Vec::new();
        let read = subject_facts::split_facts(said, |slot, value| {
            facts.push(Fact::from_value(FactKey { subject, slot, delivery: number }, value)?);
            Ok(())
        });
        if let Err(error) = read {
            report.find(place(), error.to_string());
            return false;
        }
        let found = subject_leaf(subject, said);
        let chain = self.removed.remove(&(subject, number)).unwrap_or_default();
        let done = removed_so_far(&chain, Some(found.0));
        if done.is_none() {
            report.find(place(), format!("delivery {number}: what is left is not what its removal says"));
        }
        let root = self.roots.entry(number).or_default();
        let done = done.unwrap_or(&[]);
        let hash = done.first().map_or(found, |first| Hash(first.before));
        root.push(Leaf { hash, is_place: is_place(said) });
        done.iter().flat_map(|part| &part.removed).for_each(|(kind, count)| root.count(*kind, *count));
        for fact in &facts {
            root.count(fact.key.slot.kind, 1);
            if let FactBody::Identity(sealed) | FactBody::SealedSegment(_, sealed) = &fact.body {
                check_seal(self.store, subject, &mut self.salt, fact, sealed, report);
            }
        }
        if !stored.state.is_visible() {
            return false;
        }
        report.facts += facts.len() as u64;
        // A place that only says whose an account is stands for no subject.
        !is_place(said)
    }
}

/// Opens a seal; `salt` is kept from one fact of a subject to the next.
fn check_seal(
    store: &Store,
    subject: SubjectId,
    salt: &mut (SubjectId, Option<seal::SubjectSalt>),
    fact: &Fact,
    sealed: &[u8],
    report: &mut Report,
) {
    if salt.0 != subject {
        let found = store.subject_salt(subject);
        *salt = (subject, report.check(&format!("salt of subject {subject}"), found).flatten());
    }
    let (key, number) = (&fact.key, fact.key.delivery);
    let bytes = key.to_bytes();
    let opens = |salt: &seal::SubjectSalt| match key.slot.kind {
        FactKind::Identity => seal::unseal::<Identity>(salt, &bytes, sealed).is_some(),
        kind => seal::unseal::<Segment>(salt, &bytes, sealed).is_some_and(|segment| segment.kind == kind),
    };
    match &salt.1 {
        Some(salt) if opens(salt) => {}
        // What is erased lies here until its tables are rewritten, and its seal need not open any more.
        _ if report.check("events", store.snapshot().erasures(subject)).is_some_and(|all| is_erased(fact, &all)) => {}
        Some(_) => {
            report.find(format!("facts of subject {subject}"), format!("a seal of delivery {number} does not open"));
        }
        None => report.find(
            format!("salt of subject {subject}"),
            format!("missing: a seal of delivery {number} cannot be opened"),
        ),
    }
}
