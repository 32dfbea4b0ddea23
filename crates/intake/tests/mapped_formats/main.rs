//! Mapped files of every format: the same rows give the same facts, and each format's own faults are found.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

mod delimited;
mod json_lines;
mod parquet_files;
mod same_facts;
mod support;
