//! Certificates of erasure: what a subject holds to prove that a consent was withdrawn, what was erased with it and who was
//! told.
//!
//! A text of three parts: the recorded event and its salt in base64, and the proof that their entry is in the bureau's log.
//! [`Certificate::check`] needs nothing but the text and the bureau's public key: it does not trust the bureau, and does not
//! ask it. `docs/formats/consent.md` has the bytes.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tallystick_audit::{CheckpointVerifier, Receipt, verify_receipt};
use tallystick_model::event::{Entry, Event, Salt, commitment};
use tallystick_model::withdrawal::Withdrawal;
use tallystick_model::{Canonical, Timestamp};
use thiserror::Error;

use crate::bureau::{Bureau, OperationError};

const HEADER: &str = "tallystick erasure certificate 1";

/// Longest certificate, in bytes: an event of the largest size there is in base64, and a receipt.
pub const CERTIFICATE_BYTES_MAX: usize = 2 << 20;

/// Why a text certifies nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// The text is none of a certificate.
    #[error("certificate: expected {0}")]
    Form(&'static str),
    /// The event is not the one that was logged.
    #[error("certificate: the entry does not commit to this event")]
    OtherEvent,
    /// The log does not have it, or is not signed by this key.
    #[error("certificate: {0}")]
    Proof(String),
}

/// A certificate, in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    event: Vec<u8>,
    salt: Salt,
    receipt: Receipt,
}

/// What a certificate has proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// What was withdrawn and erased, and who was to be told.
    pub withdrawal: Withdrawal,
    /// When it was recorded.
    pub at: Timestamp,
    /// Name of the log.
    pub origin: String,
    /// Place of the entry in it.
    pub index: u64,
}

impl Certificate {
    /// Its text.
    pub fn to_text(&self) -> String {
        let (event, salt) = (BASE64_STANDARD.encode(&self.event), BASE64_STANDARD.encode(self.salt));
        format!("{HEADER}\nevent {event}\nsalt {salt}\n{}", self.receipt.to_text())
    }

    /// Reads a text; looks at its form only.
    ///
    /// # Errors
    /// [`CertificateError::Form`].
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        let form = |expected| move || CertificateError::Form(expected);
        if text.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertificateError::Form("2 MiB at most"));
        }
        let rest = text.strip_prefix(HEADER).and_then(|rest| rest.strip_prefix('\n'));
        let rest = rest.ok_or_else(form("`tallystick erasure certificate 1`"))?;
        let (event, rest) = line(rest, "event ").ok_or_else(form("a line `event`"))?;
        let (salt, rest) = line(rest, "salt ").ok_or_else(form("a line `salt`"))?;
        let receipt =
            Receipt::from_bytes(rest.as_bytes()).map_err(|error| CertificateError::Proof(error.to_string()))?;
        let salt = Salt::try_from(salt.as_slice()).map_err(|_| CertificateError::Form("a salt of 16 bytes"))?;
        Ok(Self { event, salt, receipt })
    }

    /// What it proves, to whoever has the bureau's public `key` (in the form of C2SP signed notes).
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub fn check(&self, key: &str) -> Result<Certified, CertificateError> {
        let proof = |error: String| CertificateError::Proof(error);
        let key = key.parse::<CheckpointVerifier>().map_err(|error| proof(error.to_string()))?;
        let entry_bytes = self.receipt.extra.as_deref().ok_or(CertificateError::Form("a receipt with its entry"))?;
        let checkpoint = verify_receipt(entry_bytes, &self.receipt, &key).map_err(|error| proof(error.to_string()))?;
        let entry = Entry::from_bytes(entry_bytes).map_err(|error| proof(error.to_string()))?;
        if commitment(&self.salt, &self.event) != entry.commitment {
            return Err(CertificateError::OtherEvent);
        }
        let event = Event::from_bytes(&self.event).map_err(|error| proof(error.to_string()))?;
        match event {
            Event::ConsentWithdrawn(withdrawal) if event_kind_fits(&entry) => Ok(Certified {
                withdrawal: *withdrawal,
                at: entry.at,
                origin: checkpoint.origin,
                index: self.receipt.index,
            }),
            _ => Err(CertificateError::Form("the withdrawal of a consent")),
        }
    }
}

fn event_kind_fits(entry: &Entry) -> bool {
    entry.kind == tallystick_model::event::EventKind::ConsentWithdrawn
}

/// The bytes of the first line, which begins so, and what comes after.
fn line<'t>(text: &'t str, begins: &str) -> Option<(Vec<u8>, &'t str)> {
    let (line, rest) = text.split_once('\n')?;
    Some((BASE64_STANDARD.decode(line.strip_prefix(begins)?).ok()?, rest))
}

/// The certificate of a withdrawal recorded at `index`, under the latest checkpoint.
pub(crate) fn of_entry(bureau: &Bureau, withdrawal: &Withdrawal, index: u64) -> Result<Certificate, OperationError> {
    let snapshot = bureau.snapshot();
    let gone = || OperationError::Invalid(format!("entry {index} is not in the log"));
    let events = snapshot.events(withdrawal.subject)?;
    let recorded = events.into_iter().find(|recorded| recorded.index == index).ok_or_else(gone)?;
    let mut receipt = bureau.store.receipt(index)?.ok_or_else(gone)?;
    receipt.extra = Some(recorded.entry.to_bytes());
    Ok(Certificate { event: recorded.event.to_bytes(), salt: recorded.salt, receipt })
}
