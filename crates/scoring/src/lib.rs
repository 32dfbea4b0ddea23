//! How risky? Attributes of a credit file.
//!
//! Pure and integer-exact: the same facts give the same numbers on every machine. Start at [`summary::summarise`].
//! Not here: whether anyone may see them (`policy`).
#![deny(clippy::float_arithmetic)]

pub mod summary;
