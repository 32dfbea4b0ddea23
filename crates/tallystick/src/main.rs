//! The program: a credit bureau on the command line.
//!
//! Results go to stdout, the story to stderr. Exit codes: 0 permitted or ok, 1 could not run, 2 denied, 3 input rejected.

mod cli;
mod clock;
mod config;
mod entropy;
mod keyring;
mod log;
mod progress;

use std::process::ExitCode;

/// Many small buffers come and go between threads while files are read and runs are merged: the C library gives their pages back and
/// takes them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tallystick_store::quiet_engine_panics();
    cli::run()
}
