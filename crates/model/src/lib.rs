//! The words of credit reporting as types, and their canonical bytes.
//!
//! No I/O, no clock, no randomness, no floats: what is stored, hashed and signed starts here.
//! Start at [`credit_file`], which holds everything the other modules name; [`canonical`] says how
//! values become bytes. The words follow `docs/GLOSSARY.md`.
#![deny(clippy::float_arithmetic)]

pub mod canonical;
pub mod category;
pub mod charter;
pub mod consent;
pub mod consent_terms;
pub mod credit_file;
pub mod delivery;
pub mod event;
pub mod fact;
pub mod identity;
pub mod ids;
pub mod inquiry;
mod keyed_hash;
pub mod member;
pub mod money;
pub mod month;
pub mod packed_facts;
pub mod payment_profile;
pub mod quality;
pub mod registry;
pub mod removal;
pub mod rights;
pub mod sensitive;
pub mod signature;
pub mod staff;
pub mod subject;
pub mod subject_facts;
pub mod tradeline;
pub mod transfer;
pub mod withdrawal;

pub use canonical::{Canonical, DecodeError, Reader, Writer};
pub use category::{CategorySet, DataCategory};
pub use credit_file::CreditFile;
pub use ids::{IdScheme, Identifier};
pub use money::{Currency, Money};
pub use month::{Date, Month, Timestamp};
pub use sensitive::Sensitive;
pub use subject::{AccountKey, Pseudonymiser, SubjectId, SubjectKind};
