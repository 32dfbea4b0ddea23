//! `benchmark`: what this machine does, on rows that anyone can make again.
//!
//! Start at [`intake`] for files to facts, at [`population`] for a store that is loaded and then asked,
//! at [`decide`] for what is decided before anything is read, at [`log`] for how fast anything is recorded. The rows are the
//! synthetic town's ([`rows`]); everything runs in a temporary folder ([`machine::Workplace`]). `bench/README.md` says what
//! was measured where, and how other programs do on the same rows.

mod args;
mod decide;
mod facts;
mod intake;
mod load;
mod log;
mod lookups;
mod machine;
mod office;
mod population;
mod rows;

use anyhow::Result;

pub use self::args::Benchmark;
use super::Told;

pub(super) fn run(benchmark: &Benchmark) -> Result<Told> {
    match benchmark {
        Benchmark::Intake(args) => intake::run(args),
        Benchmark::Lookup(args) => population::lookup(args),
        Benchmark::Population(args) => population::run(args),
        Benchmark::Decide(args) => decide::run(args),
        Benchmark::Log(args) => log::run(args),
        Benchmark::Rows(args) => rows::run(args),
    }
}
