//! The rules about this repository that no compiler holds. One rule, one file, one check in the count.
//!
//! Start at [`RULES`]. A rule reads the [`Tree`] and answers with findings; it changes nothing.

mod allowances;
mod architecture;
mod changelog;
mod dependencies;
mod engine;
mod floats;
mod heads;
mod ignored;
mod json;
mod length;
mod links;
mod manifest;
mod places;
mod prints;
mod purity;
mod samples;
mod targets;
mod unfinished;
mod whitespace;
mod words;

use anyhow::{Result, bail};

use crate::tally::Tally;
use crate::tree::{File, Tree};
use crate::workspace::Workspace;

pub(crate) const USAGE: &str = "\
usage: cargo xtask tidy [--list] [RULE ...]

Checks the rules named, or all of them. Prints `tidy <rule>: <file>:<line>: message` for each finding.
";

/// What a rule found. Notes are shown and fail nothing.
#[derive(Debug, Default)]
pub(crate) struct Report {
    findings: Vec<Finding>,
    notes: Vec<Finding>,
    /// Why the rule could not look.
    skipped: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Report {
    fn find(&mut self, path: &str, line: usize, message: impl Into<String>) {
        self.findings.push(finding(path, line, message));
    }

    fn note(&mut self, path: &str, line: usize, message: impl Into<String>) {
        self.notes.push(finding(path, line, message));
    }

    fn skip(why: impl Into<String>) -> Self {
        Self { skipped: Some(why.into()), ..Self::default() }
    }

    /// `path:line` of every finding, for the tests of the rules.
    #[cfg(test)]
    fn places(&self) -> Vec<String> {
        let place = |found: &Finding| format!("{}:{}", found.path, found.line);
        self.findings.iter().map(place).collect()
    }
}

fn finding(path: &str, line: usize, message: impl Into<String>) -> Finding {
    Finding { path: path.to_owned(), line, message: message.into() }
}

struct Rule {
    name: &'static str,
    about: &'static str,
    check: fn(&Tree) -> Report,
}

const fn rule(name: &'static str, about: &'static str, check: fn(&Tree) -> Report) -> Rule {
    Rule { name, about, check }
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    rule("dependencies", "dependencies between our crates point one way", dependencies::check),
    rule("engine", "only the store's engine module names the storage engine", engine::check),
    rule("json", "only the program, the exchange and intake know JSON", json::check),
    rule("purity", "decisions do no I/O and read no clock or chance", purity::check),
    rule("floats", "no floats where bytes are stored or decided on", floats::check),
    rule("prints", "only programs and tests print", prints::check),
    rule("length", "a file fits in a reader's head", length::check),
    rule("whitespace", "no tabs, no trailing blanks", whitespace::check),
    rule("heads", "every Rust file begins by saying what it is for", heads::check),
    rule("unfinished", "no unfinished places", unfinished::check),
    rule("allowances", "lints are expected with a reason, never allowed", allowances::check),
    rule("ignored", "an ignored test says why", ignored::check),
    rule("words", "one word per concept in names", words::check),
    rule("places", "no paths of one machine", places::check),
    rule("samples", "nothing is copied from beside the checkout", samples::check),
    rule("targets", "every fuzz target is in the manifest that builds it", targets::check),
    rule("links", "relative links resolve", links::check),
    rule("architecture", "ARCHITECTURE.md names every crate", architecture::check),
    rule("changelog", "CHANGELOG.md has an `Unreleased` section", changelog::check),
];

pub(crate) fn list() -> String {
    let line = |rule: &Rule| format!("{:<14} {}\n", rule.name, rule.about);
    RULES.iter().map(line).collect()
}

/// Checks the rules named, or all when none is.
pub(crate) fn run(workspace: &Workspace, names: &[String]) -> Result<Tally> {
    for name in names {
        if !RULES.iter().any(|rule| rule.name == name) {
            bail!("no rule `{name}`; the rules are\n{}", list());
        }
    }
    let tree = Tree::read(&workspace.root)?;
    let mut tally = Tally::default();
    for rule in RULES {
        if names.is_empty() || names.iter().any(|name| name == rule.name) {
            let report = (rule.check)(&tree);
            show(rule, &report);
            tally.add(judge(rule, &report));
        }
    }
    Ok(tally)
}

fn show(rule: &Rule, report: &Report) {
    let name = rule.name;
    for Finding { path, line, message } in &report.notes {
        println!("tidy {name}: {path}:{line}: note: {message}");
    }
    for Finding { path, line, message } in &report.findings {
        println!("tidy {name}: {path}:{line}: {message}");
    }
    if let Some(why) = &report.skipped {
        println!("SKIPPED tidy {name}: {why}");
    }
}

fn judge(rule: &Rule, report: &Report) -> Tally {
    let name = rule.name;
    if let Some(why) = &report.skipped {
        return Tally::skip(format!("tidy {name}: {why}"));
    }
    if report.findings.is_empty() {
        return Tally::pass();
    }
    let count = report.findings.len();
    Tally::fail(format!("tidy {name}: {}, {count} found", rule.about))
}

/// Rust files of a crate's own code: below `src`.
fn in_sources(file: &File, folder: &str) -> bool {
    file.path.starts_with(&format!("crates/{folder}/src/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_counts_one_however_much_it_finds() {
        let rule = rule("length", "short", length::check);
        let mut report = Report::default();
        assert_eq!(judge(&rule, &report), Tally::pass());
        report.note("a.rs", 1, "long");
        assert_eq!(judge(&rule, &report), Tally::pass(), "notes fail nothing");
        report.find("a.rs", 1, "too long");
        report.find("b.rs", 1, "too long");
        assert_eq!(judge(&rule, &report).failed.len(), 1);
        assert_eq!(judge(&rule, &Report::skip("no folder")).skipped.len(), 1);
    }

    #[test]
    fn rules_have_names_of_their_own() {
        let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.len());
    }
}
