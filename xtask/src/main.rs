//! The project's automation: `cargo xtask test`, `tidy`, `readme`, `regen`, `fuzz`.
//!
//! Start at [`test::run`]: the list of its steps is the list of what a change has to pass.
//! Not here: what the program does (`crates/tallystick`), how the samples are made (`crates/testkit`).

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its user")]

mod arguments;
mod fuzz;
mod process;
mod readme;
mod regen;
mod source;
mod tally;
mod test;
mod tidy;
mod tree;
mod workspace;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::arguments::Arguments;
use crate::tally::Tally;
use crate::workspace::Workspace;

const USAGE: &str = "\
usage: cargo xtask <command>

  test     everything a change has to pass; the last line is the count
  tidy     the rules about this repository that no compiler holds
  readme   run the session in README.md and compare what it prints
  regen    write samples/ again
  fuzz     run a fuzz target for a while

`cargo xtask <command> --help` says more.
";

fn main() -> ExitCode {
    match dispatch(std::env::args().skip(1).collect()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(mut words: Vec<String>) -> Result<ExitCode> {
    if words.is_empty() {
        print!("{USAGE}");
        return Ok(ExitCode::from(2));
    }
    let command = words.remove(0);
    let arguments = Arguments::new(words);
    match command.as_str() {
        "test" => command_test(arguments),
        "tidy" => command_tidy(arguments),
        "readme" => command_readme(arguments),
        "regen" => command_regen(arguments),
        "fuzz" => command_fuzz(arguments),
        "help" | "--help" | "-h" => help(USAGE),
        other => bail!("no command `{other}`\n\n{USAGE}"),
    }
}

fn help(text: &str) -> Result<ExitCode> {
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}

fn command_test(mut arguments: Arguments) -> Result<ExitCode> {
    if arguments.help() {
        return help(test::USAGE);
    }
    if arguments.flag("--list") {
        arguments.finish()?;
        return help(&test::list());
    }
    let only = arguments.values("--only")?;
    arguments.finish()?;
    let tally = test::run(&Workspace::open()?, &only)?;
    Ok(verdict(&tally))
}

fn command_tidy(mut arguments: Arguments) -> Result<ExitCode> {
    if arguments.help() {
        return help(tidy::USAGE);
    }
    if arguments.flag("--list") {
        arguments.finish()?;
        return help(&tidy::list());
    }
    let rules = arguments.rest()?;
    let tally = tidy::run(&Workspace::open()?, &rules)?;
    Ok(verdict(&tally))
}

fn command_readme(mut arguments: Arguments) -> Result<ExitCode> {
    if arguments.help() {
        return help(readme::USAGE);
    }
    let bless = arguments.flag("--bless");
    arguments.finish()?;
    let workspace = Workspace::open()?;
    workspace.build()?;
    if bless {
        readme::bless(&workspace)?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(verdict(&readme::check(&workspace)?))
}

fn command_regen(mut arguments: Arguments) -> Result<ExitCode> {
    if arguments.help() {
        return help(regen::USAGE);
    }
    let check = arguments.flag("--check");
    arguments.finish()?;
    let workspace = Workspace::open()?;
    if check {
        workspace.build()?;
        return Ok(verdict(&regen::check(&workspace)?));
    }
    regen::write(&workspace)?;
    Ok(ExitCode::SUCCESS)
}

fn command_fuzz(mut arguments: Arguments) -> Result<ExitCode> {
    if arguments.help() {
        return help(fuzz::USAGE);
    }
    let seconds = arguments.values("--seconds")?.last().map_or(Ok(60), |text| text.parse())?;
    let seeds = arguments.values("--seeds")?;
    let [target] = arguments.rest()?.try_into().map_err(|_| anyhow::anyhow!("name one target\n\n{}", fuzz::USAGE))?;
    fuzz::run(&Workspace::open()?, &target, seconds, seeds.last().map(String::as_str))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints what failed and what was skipped, then the count alone on the last line.
fn verdict(tally: &Tally) -> ExitCode {
    print!("{}", tally.summary());
    std::io::stdout().flush().ok();
    if tally.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
