//! The program: a credit bureau on the command line.
//!
//! Results go to stdout, the story to stderr. Exit codes: 0 permitted or ok, 1 could not run, 2 denied, 3 input rejected.

mod cli;
mod clock;
mod config;
mod entropy;
mod progress;

use std::process::ExitCode;

fn main() -> ExitCode {
    tallystick_store::quiet_engine_panics();
    cli::run()
}
