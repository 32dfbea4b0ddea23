//! The session as README.md tells it: commands, and below each what it prints.

use anyhow::{Result, bail, ensure};

use crate::source::numbered;

/// How a newcomer starts the program.
const FROM_SOURCE: [&str; 2] = ["cargo run --release -- ", "./target/release/tallystick "];

/// One `$ ` line and what stands below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// Where the `$ ` stands in README.md, from 1.
    pub line: usize,
    /// As it is given to the shell.
    pub text: String,
    /// Line of the first expected line, also when there is none.
    pub first_expected: usize,
    /// Without blank lines at the end and without `# exit N`.
    pub expected: Vec<String>,
    pub exit: i32,
}

/// All commands of the blocks that run, top to bottom.
pub(super) fn parse(text: &str) -> Result<Vec<Command>> {
    let mut commands = Vec::new();
    let mut block: Option<Block> = None;
    for (number, line) in numbered(text) {
        match &mut block {
            None => block = opening(line, number)?,
            Some(open) if closes(line, open.fence) => {
                finish(&mut commands);
                block = None;
            }
            Some(open) if open.runs => inside(&mut commands, open, number, line)?,
            Some(_) => {}
        }
    }
    if let Some(open) = block {
        bail!("README.md:{}: the block has no end", open.line);
    }
    for command in &commands {
        let is_us = command.text.contains("cargo xtask");
        ensure!(
            !is_us,
            "README.md:{}: `cargo xtask` would run this session again; mark the block `console,no-run`",
            command.line
        );
    }
    Ok(commands)
}

struct Block {
    line: usize,
    /// How many backticks it opened with.
    fence: usize,
    runs: bool,
    has_command: bool,
    /// The line before ended in a backslash.
    continues: bool,
    said_exit: bool,
}

fn opening(line: &str, number: usize) -> Result<Option<Block>> {
    let fence = fence_length(line);
    if fence < 3 {
        return Ok(None);
    }
    let info = line.trim_start_matches('`').trim();
    let runs = info == "console";
    if info.starts_with("console") && !runs && info != "console,no-run" {
        bail!("README.md:{number}: `{info}`: write `console` or `console,no-run`");
    }
    Ok(Some(Block { line: number, fence, runs, has_command: false, continues: false, said_exit: false }))
}

fn closes(line: &str, fence: usize) -> bool {
    fence_length(line) >= fence && line.trim_start_matches('`').trim().is_empty()
}

fn fence_length(line: &str) -> usize {
    line.len() - line.trim_start_matches('`').len()
}

fn inside(commands: &mut Vec<Command>, block: &mut Block, number: usize, line: &str) -> Result<()> {
    if let Some(typed) = line.strip_prefix("$ ") {
        finish(commands);
        commands.push(Command {
            line: number,
            text: as_run(typed),
            first_expected: number + 1,
            expected: Vec::new(),
            exit: 0,
        });
        block.has_command = true;
        block.said_exit = false;
        block.continues = typed.ends_with('\\');
        return Ok(());
    }
    let command = commands.last_mut().filter(|_| block.has_command);
    let Some(command) = command else {
        bail!("README.md:{number}: output before the first `$ ` of the block");
    };
    if block.continues {
        command.text.push('\n');
        command.text.push_str(&as_run(line.strip_prefix("> ").unwrap_or(line)));
        command.first_expected = number + 1;
        block.continues = line.ends_with('\\');
    } else if let Some(exit) = exit_line(line) {
        command.exit = exit;
        block.said_exit = true;
    } else {
        let late = block.said_exit && !line.trim().is_empty();
        ensure!(!late, "README.md:{number}: `# exit N` is the last line below a command");
        command.expected.push(line.to_owned());
    }
    Ok(())
}

/// Blank lines between one command's output and the next `$ ` are for the eye.
fn finish(commands: &mut [Command]) {
    let Some(command) = commands.last_mut() else {
        return;
    };
    while command.expected.last().is_some_and(|line| line.trim().is_empty()) {
        command.expected.pop();
    }
}

/// `# exit 2`.
fn exit_line(line: &str) -> Option<i32> {
    line.strip_prefix("# exit ")?.trim().parse().ok()
}

fn as_run(typed: &str) -> String {
    let mut text = typed.to_owned();
    for prefix in FROM_SOURCE {
        text = text.replace(prefix, "tallystick ");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_have_what_stands_below_them() {
        let text = "# Title\n\n```console\n$ cargo run --release -- init b\nmade `b`\n\n$ tallystick deny | wc -l\n\
                    3\n# exit 2\n```\n\n```sh\n$ not ours\n```\n";
        let commands = parse(text).unwrap();
        let [first, second] = commands.as_slice() else {
            panic!("two commands expected, found {commands:?}");
        };
        assert_eq!((first.line, first.text.as_str()), (4, "tallystick init b"));
        assert_eq!(first.expected, ["made `b`"]);
        assert_eq!(first.exit, 0);
        assert_eq!((second.line, second.exit), (7, 2));
        assert_eq!(second.expected, ["3"]);
    }

    #[test]
    fn blocks_that_are_shown_only_do_not_run() {
        let text = "```console,no-run\n$ cargo xtask test\n...\n```\n";
        assert_eq!(parse(text).unwrap(), []);
    }

    #[test]
    fn a_command_goes_on_after_a_backslash() {
        let text = "```console\n$ tallystick inquire \\\n>   --purpose credit\nanswer\n```\n";
        let commands = parse(text).unwrap();
        let command = commands.first().unwrap();
        assert_eq!(command.text, "tallystick inquire \\\n  --purpose credit");
        assert_eq!(command.first_expected, 4);
        assert_eq!(command.expected, ["answer"]);
    }

    #[test]
    fn what_can_not_be_meant_is_refused() {
        for text in [
            "```console\noutput first\n```\n",
            "```console\n$ a\n```\n\n```console\nstill output\n```\n",
            "```console, no_run\n$ a\n```\n",
            "```console\n$ a\n",
            "```console\n$ a\n# exit 2\nb\n```\n",
            "```console\n$ cargo xtask test\n```\n",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
