//! Everything a change has to pass, in order. A step that fails hides no later one.
//!
//! Start at [`STEPS`].

mod components;
mod harness;
mod licences;

use std::time::Duration;

use anyhow::{Result, bail};

use crate::process::{self, started};
use crate::tally::Tally;
use crate::workspace::Workspace;
use crate::{readme, regen, tidy};

pub(crate) const USAGE: &str = "\
usage: cargo xtask test [--list] [--only STEP ...]

Runs every step, or those named, and collects what fails. The last line is the count:
`N passed, N failed`, or `N passed, N failed, N skipped`. A test counts one, so does any other check.
Exit code 0 only when nothing failed and at least one ran.
";

struct Step {
    name: &'static str,
    about: &'static str,
    needs: Needs,
    run: fn(&Workspace) -> Result<Tally>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// The `build` step, which is run also when it is not named.
    Build,
}

const fn step(name: &'static str, needs: Needs, run: fn(&Workspace) -> Result<Tally>, about: &'static str) -> Step {
    Step { name, about, needs, run }
}

const BUILD: &str = "build";

#[rustfmt::skip]
const STEPS: &[Step] = &[
    step("format", Needs::Nothing, format, "the code is formatted"),
    step("clippy", Needs::Nothing, clippy, "clippy has nothing to say"),
    step("tidy", Needs::Nothing, tidy_all, "the rules of `cargo xtask tidy`"),
    step("licences", Needs::Nothing, licences::check, "licences and origins of dependencies, deny.toml"),
    step(BUILD, Needs::Nothing, build, "the tests and the programs compile"),
    step("tests", Needs::Build, harness::run, "the tests of every crate, and those in its documentation"),
    step("readme", Needs::Build, readme::check, "README.md's session prints what it says"),
    step("samples", Needs::Build, regen::check, "samples/ is what the town writes"),
];

pub(crate) fn list() -> String {
    let line = |step: &Step| format!("{:<10} {}\n", step.name, step.about);
    STEPS.iter().map(line).collect()
}

/// Runs the steps named, or all when none is.
pub(crate) fn run(workspace: &Workspace, names: &[String]) -> Result<Tally> {
    for name in names {
        if !STEPS.iter().any(|step| step.name == name) {
            bail!("no step `{name}`; the steps are\n{}", list());
        }
    }
    let chosen: Vec<&Step> = STEPS.iter().filter(|step| is_chosen(step, names)).collect();
    Ok(run_steps(workspace, &chosen))
}

fn is_chosen(step: &Step, names: &[String]) -> bool {
    let is_named = |step: &Step| names.iter().any(|name| name == step.name);
    let someone_needs_it = step.name == BUILD && STEPS.iter().any(|step| step.needs == Needs::Build && is_named(step));
    names.is_empty() || is_named(step) || someone_needs_it
}

fn run_steps(workspace: &Workspace, steps: &[&Step]) -> Tally {
    let mut total = Tally::default();
    let mut times = Vec::new();
    let mut is_built = true;
    for step in steps {
        if step.needs == Needs::Build && !is_built {
            println!("\n== {}: not run, the build failed", step.name);
            total.add(Tally::skip(format!("{}: the build failed", step.name)));
            continue;
        }
        println!("\n== {}: {}", step.name, step.about);
        let start = started();
        let tally = (step.run)(workspace).unwrap_or_else(|error| Tally::fail(format!("{}: {error:#}", step.name)));
        let took = start.elapsed();
        println!("== {}: {} in {}", step.name, said(&tally), seconds(took));
        is_built &= step.name != BUILD || tally.failed.is_empty();
        times.push((step.name, took));
        total.add(tally);
    }
    println!();
    for (name, took) in times {
        println!("{name:<10} {:>9}", seconds(took));
    }
    total
}

fn said(tally: &Tally) -> String {
    if *tally == Tally::default() {
        return "done".to_owned();
    }
    tally.count()
}

fn seconds(took: Duration) -> String {
    let tenths = took.as_millis() / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

fn format(workspace: &Workspace) -> Result<Tally> {
    components::ensure("rustfmt", "fmt")?;
    let mut command = workspace.cargo();
    command.args(["fmt", "--all", "--check"]);
    one_check(&mut command, "format: `cargo fmt --all` would change something")
}

fn clippy(workspace: &Workspace) -> Result<Tally> {
    components::ensure("clippy", "clippy")?;
    let mut command = workspace.cargo();
    command.args(["clippy", "--workspace", "--all-targets", "--locked"]);
    command.args(["--", "-D", "warnings"]);
    one_check(&mut command, "clippy: has something to say")
}

fn tidy_all(workspace: &Workspace) -> Result<Tally> {
    tidy::run(workspace, &[])
}

/// Counts only when it fails: what it builds is counted by the steps that run it.
fn build(workspace: &Workspace) -> Result<Tally> {
    workspace.build()?;
    Ok(Tally::default())
}

fn one_check(command: &mut std::process::Command, failure: &str) -> Result<Tally> {
    let status = process::run(command)?;
    Ok(if status.success() { Tally::pass() } else { Tally::fail(failure) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str]) -> Vec<&'static str> {
        let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
        let chosen = STEPS.iter().filter(|step| is_chosen(step, &only));
        chosen.map(|step| step.name).collect()
    }

    #[test]
    fn all_steps_run_when_none_is_named() {
        assert_eq!(names(&[]).len(), STEPS.len());
    }

    #[test]
    fn a_step_that_runs_what_is_built_brings_the_build() {
        assert_eq!(names(&["tidy"]), ["tidy"]);
        assert_eq!(names(&["readme", "format"]), ["format", "build", "readme"]);
    }

    fn workspace() -> Workspace {
        Workspace::nowhere()
    }

    fn broken(_: &Workspace) -> Result<Tally> {
        bail!("broken")
    }

    fn fine(_: &Workspace) -> Result<Tally> {
        Ok(Tally::pass())
    }

    #[test]
    fn a_failure_hides_no_later_step() {
        let steps = [step("first", Needs::Nothing, broken, ""), step("second", Needs::Nothing, fine, "")];
        let tally = run_steps(&workspace(), &steps.each_ref());
        assert_eq!(tally.count(), "1 passed, 1 failed");
        assert_eq!(tally.failed, ["first: broken"]);
    }

    #[test]
    fn what_is_not_built_is_not_run() {
        let steps = [step(BUILD, Needs::Nothing, broken, ""), step("second", Needs::Build, fine, "")];
        let tally = run_steps(&workspace(), &steps.each_ref());
        assert_eq!(tally.count(), "0 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn times_are_said_in_tenths() {
        assert_eq!(seconds(Duration::from_millis(61_250)), "61.2 s");
    }
}
