//! The registry's furnishing: what is read, and what is refused where.

#![expect(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod faults;
mod files;
mod records;
mod support;
#[path = "../support/taken.rs"]
mod taken;
