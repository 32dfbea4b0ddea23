//! The program under a shim that makes one chosen call on its data folder fail, or ends it there: `shim/faults.c`.
//!
//! Linux with glibc and a C compiler; elsewhere [`Shim::build`] says why not, and tests print that and pass.

use std::fmt;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use crate::crash::{Ended, Folder};
use crate::simulation::chance::Chance;

const SOURCE: &str = include_str!("../shim/faults.c");

/// The built shim.
#[derive(Clone, Debug)]
pub struct Shim(PathBuf);

/// A call that the shim has counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `write`, `sync`, `rename`, `truncate`, `open`, `remove` or `folder`.
    pub kind: String,
    /// The file, relative to the folder.
    pub path: String,
}

/// What happens, and at which call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The kind of call that is counted; `any` counts all, `space` those that need room on the disk.
    pub kind: &'static str,
    /// Which one of them, from 1.
    pub number: usize,
    /// What: see the head of the shim.
    pub deed: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}", self.kind, self.number, self.deed)
    }
}

impl Fault {
    /// One of the calls of a run that ended well, and one of the deeds that suit it.
    pub fn among(calls: &[Call], chance: &mut Chance) -> Option<Self> {
        let place = chance.below(calls.len().max(1));
        let deeds: &[&'static str] = match calls.get(place)?.kind.as_str() {
            "write" => &["EIO", "ENOSPC", "short", "torn", "kill", "killed", "cut"],
            "sync" => &["EIO", "lost", "lost", "kill", "killed", "cut"],
            _ => &["EIO", "ENOSPC", "kill", "killed", "cut"],
        };
        let deed = chance.one(deeds).copied()?;
        Some(Self { kind: "any", number: place + 1, deed })
    }
}

/// A command that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(90);
const STEP: Duration = Duration::from_millis(1);

/// Runs a command to its end, and kills it if there is none.
fn ended_in_time(mut command: Command) -> Result<Ended, String> {
    let text = |error: io::Error| error.to_string();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(text)?;
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let read = |from: &mut Option<ChildStdout>| from.as_mut().map_or(Ok(String::new()), io::read_to_string);
    std::thread::scope(|scope| {
        let told = scope.spawn(move || stderr.as_mut().map_or(Ok(String::new()), io::read_to_string));
        let printed = scope.spawn(move || read(&mut stdout));
        let mut waited = Duration::ZERO;
        let status = loop {
            if let Some(status) = child.try_wait().map_err(text)? {
                break Some(status);
            }
            if waited >= PATIENCE {
                let _ = child.kill();
                break child.wait().map(|_| None).map_err(text)?;
            }
            std::thread::sleep(STEP);
            waited += STEP;
        };
        let join = |reader: ScopedJoinHandle<'_, io::Result<String>>| {
            reader.join().map_err(|_| "a reader panicked".to_owned())?.map_err(text)
        };
        let (stdout, stderr) = (join(printed)?, join(told)?);
        let status = status.ok_or_else(|| format!("hangs; it has told `{stderr}`"))?;
        Ok(Ended { code: status.code(), stdout, stderr })
    })
}

impl Shim {
    /// Builds it in the target folder that `test`, a test's executable, stands in, unless it is there.
    ///
    /// # Errors
    /// Why there is none on this machine.
    pub fn build(test: &Path) -> Result<Self, String> {
        if !cfg!(all(target_os = "linux", target_env = "gnu")) {
            return Err("the fault shim needs Linux with glibc".to_owned());
        }
        let mut hasher = DefaultHasher::new();
        SOURCE.hash(&mut hasher);
        let folder = test.parent().ok_or("the test stands in no folder")?;
        let library = folder.join(format!("libfaults-{:016x}.so", hasher.finish()));
        if library.exists() {
            return Ok(Self(library));
        }
        let draft = folder.join(format!("libfaults-{}.new", std::process::id()));
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-x", "c", "-", "-o"]).arg(&draft);
        let mut compiler =
            compiler.stdin(Stdio::piped()).spawn().map_err(|error| format!("`cc` does not run: {error}"))?;
        if let Some(mut source) = compiler.stdin.take() {
            source.write_all(SOURCE.as_bytes()).map_err(|error| error.to_string())?;
        }
        let status = compiler.wait().map_err(|error| error.to_string())?;
        if !status.success() {
            return Err(format!("`cc` does not build the fault shim: {status}"));
        }
        fs::rename(&draft, &library).map_err(|error| format!("`{}`: {error}", library.display()))?;
        Ok(Self(library))
    }

    /// Runs a command on `folder` with `--json`, with `fault` if there is one; gives the calls that were counted too.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn run(
        &self,
        folder: &Folder,
        arguments: &[&str],
        fault: Option<&Fault>,
    ) -> Result<(Ended, Vec<Call>), String> {
        let mut command = folder.command(&[arguments, &["--json"]].concat());
        let trace = folder.bureau.with_extension("trace");
        let _ = fs::remove_file(&trace);
        // Founding makes the folder: what is watched is where it will be.
        let watched =
            folder.bureau.parent().unwrap_or(&folder.bureau).canonicalize().map_err(|error| error.to_string())?;
        command.env("LD_PRELOAD", &self.0).env("TALLYSTICK_FAULT_TRACE", &trace);
        command.env("TALLYSTICK_FAULT_FOLDER", &watched);
        if let Some(fault) = fault {
            command.env("TALLYSTICK_FAULT", fault.to_string());
        }
        let ended = ended_in_time(command)?;
        let calls = fs::read_to_string(&trace).unwrap_or_default();
        let call =
            |line: &str| line.split_once(' ').map(|(kind, path)| Call { kind: kind.to_owned(), path: path.to_owned() });
        Ok((ended, calls.lines().filter_map(call).collect()))
    }
}
