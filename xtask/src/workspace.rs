//! Where the repository and its build folder are, and the one way this tool calls cargo.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::process;

/// The repository as cargo describes it.
pub(crate) struct Workspace {
    pub root: PathBuf,
    /// The build folder; `CARGO_TARGET_DIR` when that is set.
    pub target: PathBuf,
    /// Names of the programs the workspace builds.
    programs: Vec<String>,
}

impl Workspace {
    pub(crate) fn open() -> Result<Self> {
        let output = cargo()
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .context("could not run `cargo metadata`")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cargo metadata: {said}");
        let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?;
        Self::read(&metadata)
    }

    /// A workspace that is nowhere, for tests of what does not look at it.
    #[cfg(test)]
    pub(crate) fn nowhere() -> Self {
        Self { root: PathBuf::new(), target: PathBuf::new(), programs: Vec::new() }
    }

    fn read(metadata: &Value) -> Result<Self> {
        let folder = |key: &str| {
            let value = metadata.get(key).and_then(Value::as_str);
            value.map(PathBuf::from).with_context(|| format!("cargo metadata has no `{key}`"))
        };
        Ok(Self { root: folder("workspace_root")?, target: folder("target_directory")?, programs: programs(metadata) })
    }

    /// Cargo in the repository, with the build folder this workspace has.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    pub(crate) fn has_program(&self, name: &str) -> bool {
        self.programs.iter().any(|program| program == name)
    }

    /// Where [`Workspace::build`] puts a program.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        self.target.join("debug").join(file)
    }

    /// Builds the tests and the programs. One selection of packages for both, so that features are
    /// chosen once and nothing is compiled a second time by `cargo test`.
    pub(crate) fn build(&self) -> Result<()> {
        let mut command = self.cargo();
        command.args(["build", "--workspace", "--locked"]);
        command.args(["--bins", "--tests", "--examples"]);
        let status = process::run(&mut command)?;
        ensure!(status.success(), "the build failed");
        Ok(())
    }

    pub(crate) fn file(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }
}

fn programs(metadata: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for package in list(metadata, "packages") {
        for target in list(package, "targets") {
            let is_program = list(target, "kind").iter().any(|kind| kind == "bin");
            if let Some(name) = target.get("name").and_then(Value::as_str)
                && is_program
            {
                names.push(name.to_owned());
            }
        }
    }
    names
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    let values = value.get(key).and_then(Value::as_array);
    values.map_or(&[], Vec::as_slice)
}

/// The cargo that runs us, without what `cargo run` says about *this* package: a build script that looks
/// at such a variable would run again.
fn cargo() -> Command {
    let mut command = Command::new(variable("CARGO").unwrap_or_else(|| "cargo".into()));
    for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH"] {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") {
            command.env_remove(&name);
        }
    }
    command
}

#[expect(clippy::disallowed_methods, reason = "this is a program of its own: cargo tells it which cargo it is")]
fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_folders_are_read_from_the_metadata() {
        let metadata = serde_json::json!({
            "workspace_root": "/here",
            "target_directory": "/there",
            "packages": [
                { "targets": [{ "kind": ["lib"], "name": "tallystick_model" }] },
                { "targets": [{ "kind": ["bin"], "name": "tallystick" }] },
            ],
        });
        let workspace = Workspace::read(&metadata).unwrap();
        assert_eq!(workspace.file("README.md"), Path::new("/here/README.md"));
        assert!(workspace.has_program("tallystick"));
        assert!(!workspace.has_program("tallystick_model"));
        assert!(workspace.program("tallystick").starts_with("/there/debug"));
    }

    #[test]
    fn metadata_without_a_root_is_refused() {
        assert!(Workspace::read(&serde_json::json!({ "packages": [] })).is_err());
    }
}
