//! Running other programs: to the end, or with both their outputs in the order they were written.

use std::io::{BufRead, BufReader, PipeReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

/// Runs with our output and no input; says what it runs first.
pub(crate) fn run(command: &mut Command) -> Result<ExitStatus> {
    println!("$ {}", shown(command));
    command.stdin(Stdio::null()).status().with_context(|| format!("could not run `{}`", shown(command)))
}

/// Whether it starts and succeeds; what it prints is dropped.
pub(crate) fn works(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Starts a program whose two outputs arrive on one pipe. Takes the command: while it lives it holds the
/// writing ends, and the reader would never see the end.
pub(crate) fn spawn(mut command: Command) -> Result<(Child, PipeReader)> {
    let (reader, writer) = std::io::pipe().context("could not make a pipe")?;
    let child = command
        .stdin(Stdio::null())
        .stdout(writer.try_clone().context("could not share a pipe")?)
        .stderr(writer)
        .spawn()
        .with_context(|| format!("could not run `{}`", shown(&command)))?;
    Ok((child, reader))
}

/// The lines of a pipe; bytes that are no UTF-8 are replaced.
pub(crate) fn lines(reader: PipeReader) -> impl Iterator<Item = String> {
    BufReader::new(reader).split(b'\n').map_while(Result::ok).map(|bytes| {
        let line = String::from_utf8_lossy(&bytes);
        line.trim_end_matches('\r').to_owned()
    })
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let mut words = vec![name.to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

/// When this was called, to measure a step by.
#[expect(clippy::disallowed_methods, reason = "how long a step took is for the reader; nothing depends on it")]
pub(crate) fn started() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_outputs_arrive_in_the_order_written() {
        let mut command = Command::new("bash");
        command.args(["-c", "echo one; echo two >&2; echo three"]);
        let (mut child, reader) = spawn(command).unwrap();
        let found: Vec<String> = lines(reader).collect();
        assert!(child.wait().unwrap().success());
        assert_eq!(found, ["one", "two", "three"]);
    }

    #[test]
    fn a_missing_program_does_not_work() {
        assert!(!works(&mut Command::new("tallystick-no-such-program")));
        assert!(works(Command::new("bash").args(["-c", "true"])));
        assert!(!works(Command::new("bash").args(["-c", "exit 3"])));
    }
}
