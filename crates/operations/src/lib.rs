//! Everything the bureau does, one file for each verb; where decision, store and log meet.
//!
//! Every verb reads down: admit, find, gather, decide, act, record, answer. Read [`inquire`] first, then [`ingest`].
//! Nothing here reads a clock, the environment or chance: `now` is an argument, random bytes come from [`Entropy`]; so a
//! simulation is just another caller.

pub mod access_history;
pub mod answer;
pub mod backup;
pub mod beside;
pub mod bureau;
pub mod charter;
pub mod consent;
pub mod correct;
pub mod deliveries;
mod delivery;
pub mod dispute;
pub mod expire;
pub mod freeze;
mod governed;
pub mod ingest;
pub mod inquire;
mod lapse;
pub mod log_key;
pub mod loss;
pub mod member;
pub mod own_report;
pub mod protect;
pub mod recall;
pub mod receipts;
mod registry;
pub mod replay;
pub mod report;
pub mod reproduce;
pub mod request;
pub mod staff;
pub mod subject_alert;
pub mod transfer;
pub mod verify;
mod verify_rights;
pub mod wind_down;
pub mod withdraw;

pub use bureau::{Bureau, Entropy, Found, OperationError};
