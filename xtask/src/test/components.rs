//! The parts of the Rust toolchain that a minimal installation leaves out.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{run, works};

/// Makes sure that `cargo <subcommand>` is there; asks rustup for it where it is not.
pub(super) fn ensure(component: &str, subcommand: &str) -> Result<()> {
    let is_there = || works(Command::new("cargo").args([subcommand, "--version"]));
    if is_there() {
        return Ok(());
    }
    println!("`cargo {subcommand}` is not installed");
    let added = run(Command::new("rustup").args(["component", "add", component]));
    if added.is_ok_and(|status| status.success()) && is_there() {
        return Ok(());
    }
    bail!("needs the Rust component `{component}`: rustup component add {component}")
}
