//! Licences and origins of what we depend on: `cargo deny` reads deny.toml.
//!
//! Installed into the build folder where the machine has none; that takes a few minutes, once.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::process::{run, works};
use crate::tally::Tally;
use crate::workspace::Workspace;

/// The release that was tried with deny.toml. A newer one that is already installed is used as it is.
const VERSION: &str = "0.20.2";

pub(super) fn check(workspace: &Workspace) -> Result<Tally> {
    let mut command = tool(workspace)?;
    command.args(["--all-features", "--locked"]);
    command.args(["check", "licenses", "bans", "sources"]);
    Ok(if run(&mut command)?.success() {
        Tally::pass()
    } else {
        Tally::fail("licences: a dependency that deny.toml does not allow")
    })
}

/// `cargo deny` of this machine, or ours.
fn tool(workspace: &Workspace) -> Result<Command> {
    let mut installed = workspace.cargo();
    installed.arg("deny");
    if works(workspace.cargo().args(["deny", "--version"])) {
        return Ok(installed);
    }
    let tools = workspace.target.join("tools");
    let program = tools.join("bin").join("cargo-deny");
    if !works(Command::new(&program).arg("--version")) {
        install(workspace)?;
    }
    let mut ours = Command::new(program);
    ours.current_dir(&workspace.root);
    Ok(ours)
}

fn install(workspace: &Workspace) -> Result<()> {
    println!("cargo-deny is not installed; building {VERSION} into the build folder, once");
    let tools = workspace.target.join("tools");
    let built = tools.join("build");
    let mut command = workspace.cargo();
    command.env("CARGO_TARGET_DIR", &built);
    command.args(["install", "cargo-deny", "--locked", "--quiet", "--version", VERSION]);
    command.arg("--root").arg(&tools);
    let status = run(&mut command)?;
    std::fs::remove_dir_all(&built).ok();
    ensure!(status.success(), "could not install cargo-deny {VERSION}");
    Ok(())
}
