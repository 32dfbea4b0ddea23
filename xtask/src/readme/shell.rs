//! Runs a session in one bash, in a fresh folder, and says what each command printed.

use std::fmt::Write;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::session::Command;
use crate::process::{lines, spawn, works};

/// What one command did.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Both outputs in order, without blank lines at the end.
    pub lines: Vec<String>,
    /// None when the shell ended within the command, or before it.
    pub exit: Option<i32>,
}

/// A session that prints nothing for this long hangs.
const SILENCE_MAX: Duration = Duration::from_secs(300);

/// Begins the line that ends a command's output; no program prints it.
const MARK: char = '\u{1e}';

/// One outcome per command. `program` is found as `tallystick`, `samples` as `samples`.
pub(super) fn run(commands: &[Command], program: &Path, samples: &Path) -> Result<Vec<Outcome>> {
    let folder = Folder::new()?;
    let work = folder.prepare(program, samples)?;
    let script = folder.path.join("session.sh");
    std::fs::write(&script, session_script(commands)).context("could not write the session")?;

    let mut shell = process::Command::new("bash");
    shell.args(["--noprofile", "--norc"]).arg(&script);
    shell.current_dir(&work).env("HOME", &folder.path);
    for (name, value) in [("TZ", "UTC"), ("LC_ALL", "C.UTF-8"), ("NO_COLOR", "1")] {
        shell.env(name, value);
    }
    let printed = printed(shell, SILENCE_MAX)?;
    Ok(outcomes(&printed, commands.len()))
}

/// A folder of its own for this run, removed with what is in it.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> Result<Self> {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("tallystick-readme-{}-{number}", process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).with_context(|| format!("could not make {}", path.display()))?;
        Ok(Self { path })
    }

    /// The folder the session starts in.
    fn prepare(&self, program: &Path, samples: &Path) -> Result<PathBuf> {
        let work = self.path.join("session");
        let programs = self.path.join("bin");
        std::fs::create_dir_all(&work).context("could not make the session's folder")?;
        std::fs::create_dir_all(&programs).context("could not make a folder for the program")?;
        symlink(program, programs.join("tallystick")).context("could not link the program")?;
        symlink(samples, work.join("samples")).context("could not link the samples")?;
        Ok(work)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.path).ok();
    }
}

/// `eval` keeps a mistake in one command from taking the rest of the script with it. At the end the whole
/// group goes, the shell included: a gentler signal can be lost on a program that is only just starting.
fn session_script(commands: &[Command]) -> String {
    let mut script = String::from("PATH=\"$HOME/bin:$PATH\"\ntrap 'kill -KILL 0' EXIT\n");
    for command in commands {
        let text = command.text.replace('\'', "'\\''");
        writeln!(script, "eval '{text}'").ok();
        script.push_str("printf '\\n\\x1e%d\\n' \"$?\"\n");
    }
    script
}

/// Every line, until all that the session started has ended. Hangs are stopped, and are no result.
fn printed(mut shell: process::Command, silence_max: Duration) -> Result<Vec<String>> {
    // A group of its own, so that whatever it started can be ended with it.
    shell.process_group(0);
    let (mut child, reader) = spawn(shell)?;
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in lines(reader) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let mut printed = Vec::new();
    loop {
        match receiver.recv_timeout(silence_max) {
            Ok(line) => printed.push(line),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                end_group(child.id());
                child.wait().context("could not wait for the shell")?;
                bail!("{}", hung(&printed, silence_max));
            }
        }
    }
    child.wait().context("could not wait for the shell")?;
    Ok(printed)
}

fn end_group(leader: u32) {
    let kill = format!("kill -KILL -- -{leader}");
    works(process::Command::new("bash").args(["-c", &kill]));
}

fn hung(printed: &[String], silence_max: Duration) -> String {
    let done = printed.iter().filter(|line| line.starts_with(MARK)).count();
    let silence = silence_max.as_secs();
    format!("command {} of the session was silent for {silence} s", done + 1)
}

fn outcomes(printed: &[String], count: usize) -> Vec<Outcome> {
    let mut found = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for line in printed {
        if let Some(exit) = line.strip_prefix(MARK) {
            // The mark begins with a line break: what was printed may have ended without one.
            if lines.last().is_some_and(String::is_empty) {
                lines.pop();
            }
            found.push(outcome(std::mem::take(&mut lines), exit.parse().ok()));
        } else {
            lines.push(line.clone());
        }
    }
    while found.len() < count {
        found.push(outcome(std::mem::take(&mut lines), None));
    }
    found
}

fn outcome(mut lines: Vec<String>, exit: Option<i32>) -> Outcome {
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    Outcome { lines, exit }
}

#[cfg(test)]
mod tests {
    use super::super::session::parse;
    use super::*;

    fn ran(session: &str) -> Vec<Outcome> {
        let commands = parse(&format!("```console\n{session}\n```\n")).unwrap();
        run(&commands, Path::new("/bin/echo"), Path::new("/")).unwrap()
    }

    fn outcome_of(lines: &[&str], exit: Option<i32>) -> Outcome {
        Outcome { lines: lines.iter().map(|line| (*line).to_owned()).collect(), exit }
    }

    #[test]
    fn one_shell_runs_the_whole_session() {
        assert_eq!(
            ran("$ name='a b'\n$ printf '%s\\n' \"$name\" >&2; printf end\n$ tallystick \"$name\"\n$ ls\n$ (exit 3)"),
            [
                outcome_of(&[], Some(0)),
                outcome_of(&["a b", "end"], Some(0)),
                outcome_of(&["a b"], Some(0)),
                outcome_of(&["samples"], Some(0)),
                outcome_of(&[], Some(3)),
            ]
        );
    }

    #[test]
    fn a_shell_that_ends_early_says_so_for_the_rest() {
        assert_eq!(
            ran("$ echo a\n$ echo b; exit 4\n$ echo c"),
            [outcome_of(&["a"], Some(0)), outcome_of(&["b"], None), outcome_of(&[], None),]
        );
    }

    #[test]
    fn a_mistake_in_one_command_leaves_the_next() {
        let outcomes = ran("$ echo 'a\n$ echo b");
        assert_ne!(outcomes.first().unwrap().exit, Some(0));
        assert_eq!(outcomes.get(1), Some(&outcome_of(&["b"], Some(0))));
    }

    #[test]
    fn what_runs_behind_ends_with_the_session() {
        assert_eq!(ran("$ sleep 600 &\n$ echo a").get(1), Some(&outcome_of(&["a"], Some(0))));
    }

    #[test]
    fn a_command_that_hangs_is_stopped_and_named() {
        let mut shell = process::Command::new("bash");
        shell.args(["-c", "printf 'a\\n\\x1e0\\n'; sleep 600"]);
        let error = printed(shell, Duration::from_millis(300)).unwrap_err();
        assert_eq!(error.to_string(), "command 2 of the session was silent for 0 s");
    }
}
