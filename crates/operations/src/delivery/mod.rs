//! A delivery between its file and its load, in bounded memory and on all cores.
//!
//! ```text
//! file --parts--> admitting (each part by itself) --in file order--> gathering --buckets--> arranging --subjects--> load
//! ```
//!
//! [`admitting`] reads records: lets in what the gate lets in, makes pseudonyms, and gives [`entry`]s, each a fact without its
//! delivery. [`gathering`] puts what the parts gave together in the order of the file and divides the entries by the first bits
//! of the subject into buckets, which go to a scratch file when they outgrow their memory. [`arranging`] takes the buckets
//! in order, sorts each, refuses what is said twice, seals identities, and hands over each subject's facts ready to be
//! loaded. Pseudonyms are evenly spread, so buckets are of one size whatever the file's order: no merge is needed.

pub(crate) mod admitting;
pub(crate) mod arranging;
pub(crate) mod entry;
pub(crate) mod gathering;
