//! Consents in the forms that others use: the account-aggregator consent artefact with its JWS ([`artefact`], [`jws`]), and
//! ISO/IEC TS 27560 records and receipts as JSON-LD ([`record`]).
//!
//! Knows JSON, and nothing of stores, decisions or subjects: what is read becomes the terms of a consent ([`Offer`]), which
//! whoever calls puts to the bureau. Limits are checked before anything is allocated. An artefact with a field nobody knows
//! is refused, since a signed text may not be understood in part; a record's unknown terms are passed over, since JSON-LD
//! lets anyone add some, and what is relied on is the file itself, whose hash is kept.

pub mod artefact;
mod json;
pub mod jws;
pub mod record;

use tallystick_model::consent_terms::ConsentTerms;
use tallystick_model::inquiry::Purpose;
use tallystick_model::{DataCategory, Timestamp};
use thiserror::Error;

pub use json::FILE_BYTES_MAX;

/// Why a file is not what it should be. Repeats nothing of it but names of fields.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExchangeError {
    /// Longer than any such file.
    #[error("expected at most {FILE_BYTES_MAX} bytes, found {0}")]
    TooLong(usize),
    /// Not JSON, or not the JSON of this form.
    #[error("line {line} column {column}: {what}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A field does not hold what it should.
    #[error("`{field}`: expected {expected}")]
    Field {
        /// Which.
        field: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A signature or key is malformed.
    #[error("signature: expected {0}")]
    Signature(&'static str),
    /// The signature is not this key's, or of another text.
    #[error("the signature does not verify under this key")]
    NotSigned,
    /// The form has no word for something.
    #[error("{form} has no word for `{what}`")]
    NoWord {
        /// Which form.
        form: &'static str,
        /// For what: a code of ours, or a code of theirs.
        what: String,
    },
}

/// What a file says a subject has agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// For which purposes; empty if it is not about inquiring.
    pub purposes: Vec<Purpose>,
    /// For which data.
    pub categories: Vec<DataCategory>,
    /// From when it is to hold, if the file says so.
    pub valid_from: Option<Timestamp>,
    /// Until when it is to hold, if the file says so.
    pub valid_until: Option<Timestamp>,
    /// The terms.
    pub terms: ConsentTerms,
}
