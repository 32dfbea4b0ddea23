//! The bureau: store, rulebook and keys together; founding it, and what every verb needs.

use std::path::Path;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use tallystick_audit::{Checkpoint, CheckpointSigner, ConsistencyProof, Receipt};
use tallystick_model::charter::{FoundingCharter, Matter};
use tallystick_model::consent::ConsentState;
use tallystick_model::event::{Entry, Event, Founding as FoundingEvent};
use tallystick_model::fact::Fact;
use tallystick_model::rights::{Dispute, Protection, RequestState, disputes, requests};
use tallystick_model::withdrawal::Erasures;
use tallystick_model::{CreditFile, Date, Identifier, Pseudonymiser, Sensitive, SubjectId, SubjectKind, Timestamp};
use tallystick_policy::Rulebook;
use tallystick_policy::charter::{Government, Refusal};
use tallystick_policy::staff::is_signed_for;
use tallystick_store::{
    Act, Activity, Changes, Committed, Founding, RecordedEvent, Snapshot, Store, StoreError, consents, erasures, frozen,
};
use thiserror::Error;

use crate::ingest::Settings;
use crate::staff::Acting;

/// Where random bytes come from: the operating system in the program, a seed in a simulation.
pub trait Entropy: Send {
    /// Fills `bytes`; never gives the same twice by design.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// The secrets of a bureau.
pub struct Keys {
    /// Makes pseudonyms; losing it loses the way from a person to the file.
    pub pseudonym: Sensitive<[u8; 32]>,
    /// Signs checkpoints (Ed25519 seed).
    pub signing: Sensitive<[u8; 32]>,
}

/// A bureau that is open.
pub struct Bureau {
    pub(crate) store: Store,
    pub(crate) rulebook: Rulebook,
    pub(crate) pseudonymiser: Pseudonymiser,
    entropy: Mutex<Box<dyn Entropy>>,
    pub(crate) settings: Settings,
    /// What is wrong with the rulebook, if it is not the one the bureau was founded under: then nothing is recorded.
    pub(crate) rulebook_fault: Option<String>,
    /// What holds under its charter; `None` of a bureau that its operator governs alone.
    government: RwLock<Option<Government>>,
    /// Who works with it, and why.
    pub(crate) acting: Option<Acting>,
}

/// Why an operation could not run. None of these is a decision: decisions are answers.
#[derive(Debug, Error)]
pub enum OperationError {
    /// Nobody of this code is a member.
    #[error("no member has the code `{0}`")]
    UnknownMember(String),
    /// A member that may not do this at all.
    #[error("`{code}` is no {role}")]
    NotInRole {
        /// The member.
        code: String,
        /// What it would have to be.
        role: &'static str,
    },
    /// A rule forbids it; nothing was recorded.
    #[error("denied: {}", .0.iter().map(|reason| format!("{} {}", reason.rule, reason.code)).collect::<Vec<_>>().join(", "))]
    Denied(Vec<tallystick_model::inquiry::Reason>),
    /// Something asked for contradicts itself or what is stored.
    #[error("{0}")]
    Invalid(String),
    /// The charter, and what was decided under it, do not cover it.
    #[error(transparent)]
    NotCovered(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A subject, found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The pseudonym its facts are kept under.
    pub subject: SubjectId,
    /// Person or firm, as far as the identifier tells; a person if it does not.
    pub kind: SubjectKind,
    /// Everything the bureau did about it.
    pub events: Vec<RecordedEvent>,
    /// What is erased of it, and what has expired: nothing reads it, not even a report of a past state.
    pub erased: Erasures,
    /// Date of birth, where the identifier tells it.
    pub born: Option<Date>,
}

impl Found {
    /// Its consents with what became of them.
    pub fn consents(&self) -> Vec<ConsentState> {
        consents(&self.events)
    }

    /// Whether its file is frozen.
    pub fn is_frozen(&self) -> bool {
        frozen(&self.events)
    }

    /// How its file is protected.
    pub fn protection(&self) -> Protection {
        Protection::of(self.events.iter().map(|recorded| &recorded.event))
    }

    /// Its disputes with what became of them.
    pub fn disputes(&self) -> Vec<Dispute> {
        disputes(self.events.iter().map(|recorded| (recorded.index, recorded.entry.at, &recorded.event)))
    }

    /// Its requests to erase, and objections, with what became of them.
    pub fn requests(&self) -> Vec<RequestState> {
        requests(self.events.iter().map(|recorded| (recorded.index, recorded.entry.at, &recorded.event)))
    }

    /// The objections that restrict what they are about: now, or as it was known at `at`.
    pub(crate) fn restricting(&self, at: Option<Timestamp>) -> Vec<RequestState> {
        let known = self.events.iter().filter(|recorded| at.is_none_or(|at| recorded.entry.at <= at));
        let mut requests = requests(known.map(|recorded| (recorded.index, recorded.entry.at, &recorded.event)));
        requests.retain(RequestState::restricts);
        requests
    }

    /// Its credit file in `snapshot` for others than the subject: without what is restricted too.
    ///
    /// # Errors
    /// As [`Found::file`].
    pub fn file_for_others(&self, snapshot: &Snapshot<'_>) -> Result<CreditFile, StoreError> {
        let (file, restricting) = (self.file(snapshot)?, self.restricting(None));
        if restricting.is_empty() {
            return Ok(file);
        }
        let is_free = |fact: &&Fact| !restricting.iter().any(|request| request.concerns(fact));
        Ok(CreditFile::new(self.subject, file.history().iter().filter(is_free).cloned().collect()))
    }

    /// Its credit file in `snapshot`, without what no reader sees any more. Whoever reads a found subject's file, reads it
    /// here.
    ///
    /// # Errors
    /// [`StoreError`] if something stored cannot be read.
    pub fn file(&self, snapshot: &Snapshot<'_>) -> Result<CreditFile, StoreError> {
        snapshot.credit_file(self.subject, &self.erased)
    }
}

/// What an operation left in the log.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The entry.
    pub entry: Entry,
    /// Its proof.
    pub receipt: Receipt,
}

impl From<Committed> for Recorded {
    fn from(committed: Committed) -> Self {
        Self { entry: committed.entry, receipt: committed.receipt }
    }
}

impl Bureau {
    /// Founds a bureau in `folder`: an empty store under `rulebook`, its founding in the log.
    ///
    /// # Errors
    /// [`OperationError::Store`] if there is one already, or the disk refuses; [`OperationError::Invalid`] if `name` cannot name a
    /// log.
    pub fn found(
        folder: &Path,
        name: &str,
        rulebook: Rulebook,
        keys: &Keys,
        entropy: Box<dyn Entropy>,
        now: Timestamp,
    ) -> Result<Self, OperationError> {
        Self::found_under(folder, name, rulebook, None, keys, entropy, now)
    }

    /// Founds a bureau as [`Bureau::found`] does, under a charter: from then on its partners decide.
    ///
    /// # Errors
    /// As [`Bureau::found`]; [`OperationError::NotCovered`] if the charter cannot govern.
    pub fn found_under(
        folder: &Path,
        name: &str,
        rulebook: Rulebook,
        charter: Option<FoundingCharter>,
        keys: &Keys,
        mut entropy: Box<dyn Entropy>,
        now: Timestamp,
    ) -> Result<Self, OperationError> {
        let signer = signer(name, keys)?;
        let pseudonymiser = Pseudonymiser::new(&keys.pseudonym);
        let founding = FoundingEvent {
            name: name.to_owned(),
            rulebook: rulebook.label().to_owned(),
            rulebook_hash: rulebook.hash(),
            verifier_key: signer.verifier_key(),
            charter: charter.map(Box::new),
        };
        let government = Government::founded(&founding, now).map_err(Refusal::Fault)?;
        let event = Event::BureauFounded(founding);
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        let founding = Founding { event, salt, at: now, key_check: pseudonymiser.key_check() };
        let store = Store::create(folder, signer, founding)?;
        Ok(Self {
            store,
            rulebook,
            pseudonymiser,
            entropy: Mutex::new(entropy),
            settings: Settings::default(),
            rulebook_fault: None,
            government: RwLock::new(government),
            acting: None,
        })
    }

    /// Opens the bureau in `folder`.
    ///
    /// # Errors
    /// [`OperationError::Store`] if there is none, it is in use, damaged, or of other keys.
    pub fn open(
        folder: &Path,
        name: &str,
        rulebook: Rulebook,
        keys: &Keys,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self, OperationError> {
        let pseudonymiser = Pseudonymiser::new(&keys.pseudonym);
        let store = Store::open(folder, signer(name, keys)?, pseudonymiser.key_check())?;
        let snapshot = store.snapshot();
        let events = snapshot.events(SubjectId::BUREAU)?;
        let government = crate::charter::derive(&snapshot, &events)?;
        drop(snapshot);
        let rulebook_fault = rulebook_fault(&events, government.as_ref(), &rulebook);
        Ok(Self {
            store,
            rulebook,
            pseudonymiser,
            entropy: Mutex::new(entropy),
            settings: Settings::default(),
            rulebook_fault,
            government: RwLock::new(government),
            acting: None,
        })
    }

    /// With these settings instead of the defaults.
    #[must_use]
    pub const fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Worked with by a member of staff, who signs for everything recorded: needed where staff is enrolled.
    #[must_use]
    pub fn with_acting(mut self, acting: Option<Acting>) -> Self {
        self.acting = acting;
        self
    }

    /// What holds under its charter; `None` of a bureau that its operator governs alone.
    pub fn government(&self) -> RwLockReadGuard<'_, Option<Government>> {
        self.government.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What its machine may use, and what it demands of deliveries.
    pub const fn settings(&self) -> Settings {
        self.settings
    }

    /// A view of what is committed now.
    pub fn snapshot(&self) -> Snapshot<'_> {
        self.store.snapshot()
    }

    /// The rules it decides by.
    pub const fn rulebook(&self) -> &Rulebook {
        &self.rulebook
    }

    /// The log's public key in the form of C2SP signed notes.
    pub fn verifier_key(&self) -> String {
        self.store.verifier_key()
    }

    /// The proof of an entry under the latest checkpoint; `None` if there is no such entry.
    ///
    /// # Errors
    /// [`OperationError::Store`] if the log cannot be read.
    pub fn receipt(&self, index: u64) -> Result<Option<Receipt>, OperationError> {
        Ok(self.store.receipt(index)?)
    }

    /// Proof that the log of `new` entries begins with that of `old`: what a witness is shown.
    ///
    /// # Errors
    /// [`OperationError::Store`] if the log is smaller than that, or cannot be read.
    pub fn consistency(&self, old: u64, new: u64) -> Result<ConsistencyProof, OperationError> {
        Ok(self.store.consistency(old, new)?)
    }

    /// What a note of this bureau's log signs.
    ///
    /// # Errors
    /// [`OperationError::Store`] if it is not signed by the log's key.
    pub fn checkpoint_of(&self, note: &str) -> Result<Checkpoint, OperationError> {
        Ok(self.store.checkpoint_of(note)?)
    }

    /// Publishes the latest checkpoint with the cosignatures it has gathered.
    ///
    /// # Errors
    /// [`OperationError::Store`] if it is not this log's, or cannot be written.
    pub fn publish_cosigned(&self, note: &str) -> Result<(), OperationError> {
        Ok(self.store.publish_cosigned(note)?)
    }

    /// Lets outsiders see everything recorded so far; a bureau that is closed does so by itself.
    ///
    /// # Errors
    /// [`OperationError::Store`] if it cannot be written.
    pub fn publish(&self) -> Result<(), OperationError> {
        Ok(self.store.publish_rest()?)
    }

    /// What the store's engine is doing behind the calls.
    pub fn activity(&self) -> Activity {
        self.store.activity()
    }

    /// The pseudonym of an identifier: for naming someone who acts for a subject.
    pub fn pseudonym(&self, identifier: &Identifier) -> SubjectId {
        self.pseudonymiser.subject(identifier)
    }

    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut bytes);
        bytes
    }

    /// Random bytes for two uses, asked for at once.
    pub(crate) fn random_pair<const M: usize, const N: usize>(&self) -> ([u8; M], [u8; N]) {
        let (mut one, mut other) = ([0; M], [0; N]);
        let mut bytes = vec![0; M + N];
        self.entropy.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut bytes);
        let (first, second) = bytes.split_at(M);
        one.copy_from_slice(first);
        other.copy_from_slice(second);
        (one, other)
    }

    /// Records `event` with `changes`, durably: the one way into the log. Under a charter only what is covered by it comes
    /// through, and where staff is enrolled only behind a signature.
    pub(crate) fn record(&self, changes: Changes, event: Event, now: Timestamp) -> Result<Recorded, OperationError> {
        let recorded = self.record_all(vec![(changes, event)], now)?;
        recorded.into_iter().next().ok_or_else(|| OperationError::Invalid("nothing was to be recorded".to_owned()))
    }

    /// Records several events as [`Bureau::record`] does one, in this order: all of them or none. Signatures of staff come before
    /// what they are for and are not among what is returned.
    pub(crate) fn record_all(
        &self,
        all: Vec<(Changes, Event)>,
        now: Timestamp,
    ) -> Result<Vec<Recorded>, OperationError> {
        let signed_for = all.iter().any(|(_, event)| is_signed_for(event.kind()));
        if let Some(fault) = self.rulebook_fault.as_ref().filter(|_| signed_for) {
            return Err(OperationError::Invalid(fault.clone()));
        }
        let act = |(changes, event)| Act { changes, event, salt: self.random() };
        // Held until the events are recorded: no decision comes between the question and the record.
        let mut government = self.government.write().unwrap_or_else(PoisonError::into_inner);
        let Some(standing) = government.as_mut() else {
            drop(government);
            let committed = self.store.commit_all(all.into_iter().map(act).collect(), now)?;
            return Ok(committed.into_iter().map(Recorded::from).collect());
        };
        // What each leads to is asked of what the ones before it leave.
        let mut after = standing.clone();
        let (mut acts, mut own) = (Vec::new(), Vec::new());
        for (changes, event) in all {
            after.check(&event, now)?;
            if after.has_staff() && is_signed_for(event.kind()) {
                let place = self.store.snapshot().log_size() + acts.len() as u64;
                let signature = crate::staff::sign(self, &after, &event, place, now)?;
                acts.push(act((Changes::none(), signature)));
            }
            after.apply(&event, now);
            own.push(acts.len());
            acts.push(act((changes, event)));
        }
        let mut committed: Vec<_> = self.store.commit_all(acts, now)?.into_iter().map(Some).collect();
        *standing = after;
        Ok(own.into_iter().filter_map(|place| committed.get_mut(place)?.take()).map(Recorded::from).collect())
    }

    /// Finds whom an identifier means: the pseudonym of exactly this identifier. Joining the files of one person under several
    /// identifiers takes evidence, and is not done on one furnisher's word.
    pub(crate) fn find(&self, snapshot: &Snapshot<'_>, identifier: &Identifier) -> Result<Found, OperationError> {
        let subject = self.pseudonymiser.subject(identifier);
        let kind = identifier.scheme().subject_kind().unwrap_or(SubjectKind::Person);
        Ok(Found { born: identifier.born(), ..self.find_again(snapshot, subject, kind)? })
    }

    /// Finds a subject by its pseudonym, which tells no date of birth.
    pub(crate) fn find_again(
        &self,
        snapshot: &Snapshot<'_>,
        subject: SubjectId,
        kind: SubjectKind,
    ) -> Result<Found, OperationError> {
        let events = snapshot.events(subject)?;
        let erased = erasures(&events);
        Ok(Found { subject, kind, events, erased, born: None })
    }
}

impl std::fmt::Debug for Bureau {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Bureau({})", self.rulebook.label())
    }
}

/// Compares the rulebook with the one the log says the bureau was founded under, or with those its partners have accepted.
fn rulebook_fault(events: &[RecordedEvent], government: Option<&Government>, rulebook: &Rulebook) -> Option<String> {
    let label = rulebook.label();
    if let Some(government) = government {
        let refused = government.accepts(Matter::Rulebook, label, &rulebook.hash()).err()?;
        let what = format!("rulebook `{label}` is not accepted by the bureau's partners ({}): ", refused.code);
        return Some(what + "nothing is decided by it");
    }
    let founding = events.iter().find_map(|recorded| match &recorded.event {
        Event::BureauFounded(founding) => Some(founding),
        _ => None,
    });
    match founding {
        None => Some("the log has no founding of this bureau".to_owned()),
        Some(founding) if founding.rulebook_hash != rulebook.hash() => Some(format!(
            "rulebook `{label}` is not the `{}` this bureau was founded under: nothing is decided by it",
            founding.rulebook
        )),
        Some(_) => None,
    }
}

fn signer(name: &str, keys: &Keys) -> Result<CheckpointSigner, OperationError> {
    CheckpointSigner::new(name, keys.signing.expose()).map_err(|error| OperationError::Invalid(error.to_string()))
}
