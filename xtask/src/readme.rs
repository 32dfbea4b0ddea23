//! The session in README.md, run as a newcomer would type it and compared line by line.
//!
//! Start at [`session`] for what a session is, [`matcher`] for what an expected line may leave open.

mod bless;
mod matcher;
mod session;
mod shell;

use std::fmt::Write;

use anyhow::{Context, Result, ensure};

use self::matcher::Step;
use self::session::Command;
use self::shell::Outcome;
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(crate) const USAGE: &str = "\
usage: cargo xtask readme [--bless]

Builds the program, runs every ```console block of README.md from top to bottom in one bash, in a fresh
folder with the repository's samples/, and compares what is printed with what stands below each `$ ` line.

  ```console,no-run   a block that is shown only
  ...                 alone on a line: any number of lines
  [..]                inside a line: any text
  # exit N            the command ends with exit code N, not 0

  --bless   write what is printed into README.md; `...` and `[..]` stay where they still match
";

/// One check: the whole session.
pub(crate) fn check(workspace: &Workspace) -> Result<Tally> {
    let text = read(workspace)?;
    let ran = run(workspace, &text)?;
    let mut different = Vec::new();
    for (command, outcome) in &ran {
        if let Some(difference) = difference(command, outcome) {
            print!("{difference}");
            different.push(command.line.to_string());
        }
    }
    println!("{} commands, {} differ", ran.len(), different.len());
    if different.is_empty() {
        return Ok(Tally::pass());
    }
    let lines = different.join(", ");
    Ok(Tally::fail(format!("readme: the commands in these lines of README.md do something else: {lines}")))
}

/// Writes what is printed today into README.md.
pub(crate) fn bless(workspace: &Workspace) -> Result<()> {
    let text = read(workspace)?;
    let ran = run(workspace, &text)?;
    let blessed = bless::rewrite(&text, &ran);
    if blessed == text {
        println!("README.md is as it should be");
        return Ok(());
    }
    std::fs::write(workspace.file("README.md"), blessed).context("could not write README.md")?;
    println!("README.md is written again; read the difference before you commit it");
    Ok(())
}

fn read(workspace: &Workspace) -> Result<String> {
    std::fs::read_to_string(workspace.file("README.md")).context("could not read README.md")
}

fn run(workspace: &Workspace, text: &str) -> Result<Vec<(Command, Outcome)>> {
    let commands = session::parse(text)?;
    ensure!(!commands.is_empty(), "README.md has no `console` block");
    let program = workspace.program("tallystick");
    ensure!(program.is_file(), "`tallystick` is not built");
    let outcomes = shell::run(&commands, &program, &workspace.file("samples"))?;
    Ok(commands.into_iter().zip(outcomes).collect())
}

/// What differs, in the lines of README.md; none when nothing does.
fn difference(command: &Command, outcome: &Outcome) -> Option<String> {
    let steps = matcher::align(&command.expected, &outcome.lines);
    let same = steps.iter().all(Step::is_match);
    if same && outcome.exit == Some(command.exit) {
        return None;
    }
    let mut text = format!("README.md:{}: $ {}\n", command.line, command.text);
    for (at, step) in steps.iter().enumerate() {
        match *step {
            Step::Same { expected, .. } => line(&mut text, command, expected, ' '),
            Step::Missing { expected } => line(&mut text, command, expected, '-'),
            Step::Extra { actual } => printed(&mut text, outcome, actual, 1),
            Step::Any { expected, first, count } => {
                line(&mut text, command, expected, ' ');
                if matcher::lost_its_place(&steps, at) {
                    printed(&mut text, outcome, first, count);
                }
            }
        }
    }
    match outcome.exit {
        Some(exit) if exit == command.exit => {}
        Some(exit) => {
            writeln!(text, "exit code {} expected, found {exit}", command.exit).ok();
        }
        None => text.push_str("the shell ended or was stopped here\n"),
    }
    text.push('\n');
    Some(text)
}

fn line(text: &mut String, command: &Command, index: usize, mark: char) {
    let number = command.first_expected + index;
    let expected = command.expected.get(index).map_or("", String::as_str);
    writeln!(text, "{number:>4} {mark} {expected}").ok();
}

fn printed(text: &mut String, outcome: &Outcome, first: usize, count: usize) {
    for found in outcome.lines.iter().skip(first).take(count) {
        writeln!(text, "     + {found}").ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(expected: &[&str], exit: i32) -> Command {
        Command {
            line: 10,
            text: "tallystick verify".to_owned(),
            first_expected: 11,
            expected: expected.iter().map(|line| (*line).to_owned()).collect(),
            exit,
        }
    }

    fn outcome(lines: &[&str], exit: Option<i32>) -> Outcome {
        Outcome { lines: lines.iter().map(|line| (*line).to_owned()).collect(), exit }
    }

    #[test]
    fn the_same_is_no_difference() {
        let command = command(&["size [..]", "..."], 2);
        assert_eq!(difference(&command, &outcome(&["size 3", "a"], Some(2))), None);
    }

    #[test]
    fn a_difference_is_shown_with_the_lines_of_the_readme() {
        let shown = difference(&command(&["ok", "size 2"], 0), &outcome(&["ok", "size 3"], Some(1)));
        assert_eq!(
            shown.as_deref(),
            Some(
                "README.md:10: $ tallystick verify\n  11   ok\n  12 - size 2\n     + size 3\n\
                 exit code 0 expected, found 1\n\n"
            )
        );
    }

    #[test]
    fn three_dots_that_lost_their_place_show_what_they_took() {
        let shown = difference(&command(&["...", "end"], 0), &outcome(&["a", "b"], Some(0)));
        assert_eq!(
            shown.as_deref(),
            Some("README.md:10: $ tallystick verify\n  11   ...\n     + a\n     + b\n  12 - end\n\n")
        );
    }

    #[test]
    fn a_shell_that_ended_is_a_difference() {
        let shown = difference(&command(&[], 0), &outcome(&[], None)).unwrap();
        assert!(shown.contains("the shell ended"));
    }
}
