//! How risky? Attributes of a credit file.
//!
//! Pure and integer-exact: the same facts give the same numbers on every machine. Start at [`summary::summarise`],
//! for single questions at [`question::answer`].
//! Not here: whether anyone may see them (`policy`).
#![deny(clippy::float_arithmetic)]

pub mod question;
pub mod summary;
