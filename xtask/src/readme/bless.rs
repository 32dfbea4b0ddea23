//! README.md with what the commands print today, as far as it differs.

use super::matcher::{Step, align, lost_its_place};
use super::session::Command;
use super::shell::Outcome;

/// The text with each command's expected lines brought up to date.
pub(super) fn rewrite(text: &str, ran: &[(Command, Outcome)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // From the end, so that the line numbers of what is left stay true.
    for (command, outcome) in ran.iter().rev() {
        let first = command.first_expected - 1;
        let count = block_length(&lines, first);
        let blanks = trailing_blanks(lines.get(first..first + count).unwrap_or(&[]));
        let mut written = expected(command, outcome);
        written.extend(std::iter::repeat_n(String::new(), blanks));
        lines.splice(first..first + count, written);
    }
    let mut blessed = lines.join("\n");
    if text.ends_with('\n') {
        blessed.push('\n');
    }
    blessed
}

/// How many lines belong to the command: up to the next `$ ` or the end of the block.
fn block_length(lines: &[String], first: usize) -> usize {
    let below = lines.iter().skip(first);
    below.take_while(|line| !line.starts_with("$ ") && !line.starts_with("```")).count()
}

fn trailing_blanks(lines: &[String]) -> usize {
    let lines = lines.iter().rev();
    lines.take_while(|line| line.trim().is_empty()).count()
}

fn expected(command: &Command, outcome: &Outcome) -> Vec<String> {
    let mut written = Vec::new();
    let steps = align(&command.expected, &outcome.lines);
    for (at, step) in steps.iter().enumerate() {
        match *step {
            Step::Same { expected, .. } => written.extend(command.expected.get(expected).cloned()),
            Step::Any { expected, first, count } => {
                if lost_its_place(&steps, at) {
                    written.extend(outcome.lines.iter().skip(first).take(count).cloned());
                } else {
                    written.extend(command.expected.get(expected).cloned());
                }
            }
            Step::Missing { .. } => {}
            Step::Extra { actual } => written.extend(outcome.lines.get(actual).cloned()),
        }
    }
    if let Some(exit) = outcome.exit.filter(|exit| *exit != 0) {
        written.push(format!("# exit {exit}"));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::super::session::parse;
    use super::*;

    fn blessed(text: &str, printed: &[(&str, i32)]) -> String {
        let outcomes = printed
            .iter()
            .map(|(lines, exit)| Outcome { lines: lines.lines().map(str::to_owned).collect(), exit: Some(*exit) });
        let ran: Vec<_> = parse(text).unwrap().into_iter().zip(outcomes).collect();
        rewrite(text, &ran)
    }

    #[test]
    fn what_still_matches_stays() {
        let text = "```console\n$ a\ntook [..] ms\n...\nend\n\n$ b\n# exit 2\n```\nafter\n";
        assert_eq!(blessed(text, &[("took 3 ms\nx\ny\nend\n", 0), ("", 2)]), text);
    }

    #[test]
    fn what_differs_is_written_and_nothing_else() {
        let text = "# T\n\n```console\n$ a\nsize 2\nkept [..]\n\n$ b\nok\n```\nafter\n";
        assert_eq!(
            blessed(text, &[("size 3\nkept 4\nmore\n", 0), ("denied\n", 2)]),
            "# T\n\n```console\n$ a\nsize 3\nkept [..]\nmore\n\n$ b\ndenied\n# exit 2\n```\nafter\n"
        );
    }

    #[test]
    fn an_exit_code_that_is_gone_goes() {
        let text = "```console\n$ a\ndenied\n# exit 2\n```\n";
        assert_eq!(blessed(text, &[("granted\n", 0)]), "```console\n$ a\ngranted\n```\n");
    }

    #[test]
    fn three_dots_beside_a_line_that_is_gone_are_spelt_out() {
        let text = "```console\n$ a\nfirst\n...\n```\n";
        assert_eq!(blessed(text, &[("other\nsecond\n", 0)]), "```console\n$ a\nother\nsecond\n```\n");
    }
}
