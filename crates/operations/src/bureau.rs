//! The bureau: store, rulebook and keys together; founding it, and what every verb needs.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use tallystick_audit::{CheckpointSigner, Receipt};
use tallystick_model::consent::ConsentState;
use tallystick_model::event::{Entry, Event, Founding as FoundingEvent};
use tallystick_model::withdrawal::Erasures;
use tallystick_model::{Date, Identifier, Pseudonymiser, Sensitive, SubjectId, SubjectKind, Timestamp};
use tallystick_policy::Rulebook;
use tallystick_store::{
    Activity, Changes, Committed, Founding, RecordedEvent, Snapshot, Store, StoreError, consents, erasures, frozen,
};
use thiserror::Error;

use crate::ingest::Settings;

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
    /// What is erased of it.
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
        mut entropy: Box<dyn Entropy>,
        now: Timestamp,
    ) -> Result<Self, OperationError> {
        let signer = signer(name, keys)?;
        let pseudonymiser = Pseudonymiser::new(&keys.pseudonym);
        let event = Event::BureauFounded(FoundingEvent {
            name: name.to_owned(),
            rulebook: rulebook.label().to_owned(),
            rulebook_hash: rulebook.hash(),
            verifier_key: signer.verifier_key(),
        });
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
        let rulebook_fault = rulebook_fault(&store.snapshot(), &rulebook)?;
        Ok(Self {
            store,
            rulebook,
            pseudonymiser,
            entropy: Mutex::new(entropy),
            settings: Settings::default(),
            rulebook_fault,
        })
    }

    /// With these settings instead of the defaults.
    #[must_use]
    pub const fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
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

    /// Records `event` with `changes`, durably.
    pub(crate) fn record(&self, changes: Changes, event: Event, now: Timestamp) -> Result<Recorded, OperationError> {
        if let Some(fault) = &self.rulebook_fault {
            return Err(OperationError::Invalid(fault.clone()));
        }
        Ok(self.store.commit(changes, event, self.random(), now)?.into())
    }

    /// Finds whom an identifier means: the pseudonym of exactly this identifier. Joining the files of one person under several
    /// identifiers takes evidence, and is not done on one furnisher's word.
    pub(crate) fn find(&self, snapshot: &Snapshot<'_>, identifier: &Identifier) -> Result<Found, OperationError> {
        let subject = self.pseudonymiser.subject(identifier);
        let events = snapshot.events(subject)?;
        let erased = erasures(&events);
        let kind = identifier.scheme().subject_kind().unwrap_or(SubjectKind::Person);
        Ok(Found { subject, kind, events, erased, born: identifier.born() })
    }
}

impl std::fmt::Debug for Bureau {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Bureau({})", self.rulebook.label())
    }
}

/// Compares the rulebook with the one the log says the bureau was founded under.
fn rulebook_fault(snapshot: &Snapshot<'_>, rulebook: &Rulebook) -> Result<Option<String>, StoreError> {
    let events = snapshot.events(SubjectId::BUREAU)?;
    let founding = events.iter().find_map(|recorded| match &recorded.event {
        Event::BureauFounded(founding) => Some(founding),
        _ => None,
    });
    Ok(match founding {
        None => Some("the log has no founding of this bureau".to_owned()),
        Some(founding) if founding.rulebook_hash != rulebook.hash() => Some(format!(
            "rulebook `{}` is not the `{}` this bureau was founded under: nothing is decided by it",
            rulebook.label(),
            founding.rulebook
        )),
        Some(_) => None,
    })
}

fn signer(name: &str, keys: &Keys) -> Result<CheckpointSigner, OperationError> {
    CheckpointSigner::new(name, keys.signing.expose()).map_err(|error| OperationError::Invalid(error.to_string()))
}
