//! Chance from a seed, for runs that can be repeated.

pub mod chance;
