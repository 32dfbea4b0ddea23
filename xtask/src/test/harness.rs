//! Runs `cargo test` over the workspace, shows what fails, and counts.
//!
//! A test that prints a line beginning with `SKIPPED` counts as skipped, and says so at the end.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::process::{lines, shown, spawn};
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    let mut command = workspace.cargo();
    command.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
    // Output of tests that pass is read for skips.
    command.args(["--", "--show-output"]);
    for (name, value) in [("CARGO_TERM_COLOR", "never"), ("CARGO_TERM_QUIET", "false")] {
        command.env(name, value);
    }
    println!("$ {}", shown(&command));
    let (mut child, reader) = spawn(command)?;
    let tally = count(lines(reader));
    let status = child.wait().context("could not wait for cargo test")?;
    Ok(with_status(tally, status.success()))
}

/// Cargo's own word counts too: it may fail where no test did.
fn with_status(mut tally: Tally, success: bool) -> Tally {
    if !success && tally.failed.is_empty() {
        tally.add(Tally::fail("tests: cargo test failed"));
    }
    tally
}

/// Reads what `cargo test` prints; shows a line per test program, and all of it where one fails.
fn count(lines: impl Iterator<Item = String>) -> Tally {
    let mut tally = Tally::default();
    let mut program = Program::new("");
    for line in lines {
        if let Some(title) = title(&line) {
            tally.add(program.finish());
            program = Program::new(title);
        } else {
            program.read(line);
        }
    }
    tally.add(program.finish());
    tally
}

/// What stands after `Running` or `Doc-tests`: the beginning of a test program's output.
fn title(line: &str) -> Option<&str> {
    let from = line.trim_start();
    if from.len() == line.len() {
        return None;
    }
    if let Some(name) = from.strip_prefix("Running ") {
        return name.ends_with(')').then_some(name);
    }
    from.starts_with("Doc-tests ").then_some(from)
}

/// Cargo's word that a test program failed.
const BROKE: [&str; 2] = ["error: test failed", "error: doctest failed"];

/// One test program: the tests of a library, of a file below `tests/`, of a crate's documentation.
struct Program {
    title: String,
    output: Vec<String>,
    passed: usize,
    /// As the results say; `failed` has the names.
    failed_count: usize,
    failed: Vec<String>,
    ignored: Vec<String>,
    /// Tests that passed by skipping, with what they said.
    skips: BTreeMap<String, Vec<String>>,
    has_result: bool,
    broke: bool,
    /// The test whose output is being listed.
    speaks: Option<String>,
    among_failures: bool,
}

impl Program {
    fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            output: Vec::new(),
            passed: 0,
            failed_count: 0,
            failed: Vec::new(),
            ignored: Vec::new(),
            skips: BTreeMap::new(),
            has_result: false,
            broke: false,
            speaks: None,
            among_failures: false,
        }
    }

    fn read(&mut self, line: String) {
        if let Some(name) = speaker(&line) {
            self.speaks = Some(name.to_owned());
        } else if line == "successes:" || line == "failures:" {
            self.among_failures = line == "failures:";
            self.speaks = None;
        } else if let Some(why) = line.strip_prefix("SKIPPED")
            && !self.among_failures
        {
            let name = self.speaks.clone().unwrap_or_default();
            let why = why.trim_start_matches([':', ' ']).to_owned();
            self.skips.entry(name).or_default().push(why);
        } else if self.speaks.is_none() {
            self.read_harness(&line);
        }
        self.output.push(line);
    }

    /// A line that no test printed; what a test starts may still have left its own beginning on it.
    fn read_harness(&mut self, line: &str) {
        if let Some((_, result)) = line.split_once("test result: ") {
            self.has_result = true;
            self.passed += figure(result, "passed");
            self.failed_count += figure(result, "failed");
        } else if let Some(test) = line.strip_prefix("test ") {
            self.read_test(test);
        } else if BROKE.iter().any(|beginning| line.starts_with(beginning)) {
            self.broke = true;
        }
    }

    /// `name ... ok`, `name ... FAILED`, `name ... ignored, reason`.
    fn read_test(&mut self, line: &str) {
        let Some((name, verdict)) = line.rsplit_once(" ... ") else {
            return;
        };
        if verdict == "FAILED" {
            self.failed.push(name.to_owned());
        } else if let Some(reason) = verdict.strip_prefix("ignored") {
            let reason = reason.trim_start_matches([',', ' ']);
            self.ignored.push(format!("{name}: {reason}"));
        }
    }

    /// Shows the program's line, and counts it.
    fn finish(self) -> Tally {
        if self.title.is_empty() && !self.has_result && !self.broke {
            return Tally::default();
        }
        let tally = self.tally();
        if self.has_result && tally == Tally::default() {
            return tally;
        }
        println!("{:<60} {}", short(&self.title), tally.count());
        if !tally.failed.is_empty() {
            self.show_failure();
        }
        tally
    }

    fn tally(&self) -> Tally {
        let title = short(&self.title);
        let skipped_tests = self.skips.keys().filter(|name| !name.is_empty()).count();
        let mut tally = Tally { passed: self.passed.saturating_sub(skipped_tests), ..Tally::default() };
        for name in &self.failed {
            tally.failed.push(format!("{title} {name}"));
        }
        for _ in self.failed.len()..self.failed_count {
            tally.failed.push(format!("{title} a test whose name was not read"));
        }
        for (name, said) in &self.skips {
            tally.skipped.push(format!("{title} {name}: {}", said.join("; ")));
        }
        for what in &self.ignored {
            tally.skipped.push(format!("{title} {what}"));
        }
        if self.broke && tally.failed.is_empty() {
            tally.failed.push(format!("{title} ended without a result"));
        } else if !self.has_result && self.skips.is_empty() && tally.failed.is_empty() {
            // A program with a `main` of its own: it ran and did not fail.
            tally.passed += 1;
        }
        tally
    }

    /// From the first account of a failure on; all of it where there is none.
    fn show_failure(&self) {
        let first = self.output.iter().position(|line| line == "failures:");
        for line in self.output.iter().skip(first.unwrap_or(0)) {
            println!("    {line}");
        }
    }
}

/// The number before a word: 12 of `ok. 12 passed; 0 failed; ...`.
fn figure(result: &str, word: &str) -> usize {
    let mut words = result.split([' ', ';']).filter(|part| !part.is_empty());
    let mut before = "";
    words
        .find(|part| {
            let is_it = *part == word;
            if !is_it {
                before = part;
            }
            is_it
        })
        .and_then(|_| before.parse().ok())
        .unwrap_or(0)
}

/// `name` of `---- name stdout ----`.
fn speaker(line: &str) -> Option<&str> {
    let inner = line.strip_prefix("---- ")?.strip_suffix(" ----")?;
    Some(inner.strip_suffix(" stdout").unwrap_or(inner))
}

/// `model unittests src/lib.rs` of `unittests src/lib.rs (target/debug/deps/tallystick_model-0f1e)`.
fn short(title: &str) -> String {
    let Some((what, program)) = title.rsplit_once(" (") else {
        return title.to_owned();
    };
    let program = program.trim_end_matches(')');
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    let name = name.rsplit_once('-').map_or(name, |(name, _)| name);
    if what.ends_with(&format!("{name}.rs")) {
        return what.to_owned();
    }
    format!("{name} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(output: &str) -> Tally {
        count(output.lines().map(str::to_owned))
    }

    #[test]
    fn the_results_of_all_programs_are_added() {
        let tally = counted(
            "    Finished `test` profile\n\
             \x20    Running unittests src/lib.rs (target/debug/deps/tallystick_model-0f1e)\n\
             test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             \x20    Running tests/cases.rs (target/debug/deps/cases-0f1e)\n\
             test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             \x20  Doc-tests tallystick_model\n\
             test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
        );
        assert_eq!(tally.count(), "18 passed, 0 failed");
    }

    #[test]
    fn failures_are_named() {
        let tally = counted(
            "     Running tests/cases.rs (target/debug/deps/cases-0f1e)\n\
             test marketing_without_consent ... FAILED\n\
             test access ... ok\n\
             \n\
             failures:\n\
             \n\
             ---- marketing_without_consent stdout ----\n\
             error: said the test\n\
             \n\
             failures:\n\
             \x20   marketing_without_consent\n\
             \n\
             test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             error: test failed, to rerun pass `-p tallystick-policy --test cases`\n",
        );
        assert_eq!(tally.count(), "1 passed, 1 failed");
        assert_eq!(tally.failed, ["tests/cases.rs marketing_without_consent"]);
    }

    #[test]
    fn what_tests_print_is_not_counted() {
        let tally = counted(
            "     Running tests/cases.rs (target/debug/deps/cases-0f1e)\n\
             \n\
             successes:\n\
             \n\
             ---- nested stdout ----\n\
             test inner ... FAILED\n\
             test result: FAILED. 7 passed; 1 failed; 0 ignored;\n\
             error: test failed, to rerun pass `--lib`\n\
             \n\
             successes:\n\
             \x20   nested\n\
             \n\
             no line breaktest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured;\n\
             error: 2 targets failed:\n",
        );
        assert_eq!(tally.count(), "1 passed, 0 failed");
    }

    #[test]
    fn a_failure_without_a_name_counts() {
        let tally = counted(
            "     Running tests/cases.rs (target/debug/deps/cases-0f1e)\n\
             test result: FAILED. 0 passed; 2 failed; 0 ignored; 0 measured;\n",
        );
        assert_eq!(tally.count(), "0 passed, 2 failed");
    }

    #[test]
    fn a_program_that_dies_is_a_failure() {
        let tally = counted(
            "     Running unittests src/lib.rs (target/debug/deps/store-0f1e)\n\
             running 2 tests\n\
             error: test failed, to rerun pass `-p store --lib`\n",
        );
        assert_eq!(tally.count(), "0 passed, 1 failed");
    }

    #[test]
    fn a_program_without_a_list_counts_one() {
        let tally = counted("     Running tests/own.rs (target/debug/deps/own-0f1e)\nall well\n");
        assert_eq!(tally.count(), "1 passed, 0 failed");
    }

    #[test]
    fn a_test_that_skips_is_no_pass() {
        let tally = counted(
            "     Running tests/vectors.rs (target/debug/deps/vectors-0f1e)\n\
             test foreign ... ok\n\
             test own ... ok\n\
             test slow ... ignored, ten minutes: cargo test -- --ignored\n\
             \n\
             successes:\n\
             \n\
             ---- foreign stdout ----\n\
             SKIPPED no vectors here\n\
             SKIPPED no bills here\n\
             \n\
             successes:\n\
             \x20   foreign\n\
             \x20   own\n\
             \n\
             test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
        );
        assert_eq!(tally.count(), "1 passed, 0 failed, 2 skipped");
        assert_eq!(
            tally.skipped,
            [
                "tests/vectors.rs foreign: no vectors here; no bills here",
                "tests/vectors.rs slow: ten minutes: cargo test -- --ignored",
            ]
        );
    }

    #[test]
    fn cargo_s_own_failure_counts() {
        assert_eq!(with_status(Tally::pass(), true).failed.len(), 0);
        assert_eq!(with_status(Tally::pass(), false).failed.len(), 1);
        assert_eq!(with_status(Tally::fail("one"), false).failed.len(), 1);
    }
}
