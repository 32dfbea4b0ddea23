//! The command line: one file for each group of commands, and how results are printed.

mod args;
mod audit;
mod backup;
mod benchmark;
mod charter;
mod compact;
mod consent;
mod consent_files;
mod correct;
mod delivery;
mod demo;
mod feedback;
mod freeze;
mod ingest;
mod inquire;
mod json;
mod key;
mod member;
mod parse;
mod policy;
mod receipt;
mod render;
mod report;
mod reproduce;
mod rights;
mod staff;
mod transfer;
mod upgrade;
mod verify;
mod wind_down;
mod witness;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use clap::error::{ContextKind, ContextValue};
use serde_json::{Value, json};

use self::args::{Cli, Command};
use crate::keyring::{self, Openers};
use crate::{clock, config};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Permitted, or done.
    Ok = 0,
    /// It could not run.
    CouldNotRun = 1,
    /// A rule forbids it.
    Denied = 2,
    /// The input was rejected.
    Rejected = 3,
}

/// What a command has to say: lines for people, one object for programs.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) end: End,
    pub(crate) lines: Vec<String>,
    pub(crate) json: Value,
}

impl Told {
    pub(crate) fn new(end: End, lines: Vec<String>, json: Value) -> Self {
        Self { end, lines, json }
    }
}

/// A result line: what happened in one word, then the rest.
pub(crate) fn line(word: &str, rest: impl std::fmt::Display) -> String {
    format!("{word:<8}{rest}")
}

/// Runs what was typed.
pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; anything else could not run, which is 1 here and not clap's 2.
            let end = if error.use_stderr() { End::CouldNotRun } else { End::Ok };
            let message = if repeats_nothing_personal(&error) {
                let _ = error.print();
                error.render().to_string()
            } else {
                let what = error.kind().as_str().unwrap_or("these arguments have no meaning here");
                let usage = error
                    .get(ContextKind::Usage)
                    .map(|usage| {
                        format!(
                            "

{usage}"
                        )
                    })
                    .unwrap_or_default();
                let message = format!("error: {what}; it is not repeated here, as it may be personal{usage}");
                story(&message);
                message
            };
            if end != End::Ok && std::env::args().any(|argument| argument == "--json") {
                print_json(&json!({"result": "error", "message": message.trim_end()}));
            }
            return ExitCode::from(end as u8);
        }
    };
    let ran = acting(&cli).and_then(|()| run_command(&cli.command, cli.json));
    let told = ran.unwrap_or_else(|error| {
        let message = format!("{error:#}");
        story(format_args!("error: {message}"));
        Told::new(End::CouldNotRun, Vec::new(), json!({"result": "error", "message": message}))
    });
    let printed = if cli.json { print_json(&told.json) } else { print_lines(&told.lines, false) };
    ExitCode::from(if printed { told.end } else { End::CouldNotRun } as u8)
}

/// Whether an error of the command line can be shown as it is. It repeats what was typed, which may be an identifier that
/// lost its flag; a misspelt flag or command is no such thing.
fn repeats_nothing_personal(error: &clap::Error) -> bool {
    let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    error.context().all(|(kind, value)| match (kind, value) {
        (ContextKind::InvalidArg, ContextValue::String(text)) => {
            // Of a flag that exists clap gives the whole form, `--subject <SUBJECT>`.
            let flag = text.split_once(' ').map_or(text.as_str(), |(flag, _)| flag);
            flag.starts_with('-') && is_word(flag)
        }
        (ContextKind::InvalidSubcommand, ContextValue::String(text)) => {
            is_word(text) && error.get(ContextKind::SuggestedSubcommand).is_some()
        }
        (ContextKind::InvalidValue, _) => false,
        _ => true,
    })
}

fn run_command(command: &Command, json: bool) -> Result<Told> {
    match command {
        Command::Init(init) => self::init(init),
        Command::Member(command) => member::run(command),
        Command::Ingest(ingest) => ingest::run(ingest, json),
        Command::Delivery(command) => delivery::run(command),
        Command::Quality(quality) => delivery::quality(quality),
        Command::Consent(command) => consent::run(command),
        Command::Inquire(inquire) => inquire::run(inquire),
        Command::Report(report) => report::run(report),
        Command::Correct(correct) => correct::run(correct),
        Command::Compact(folder) => compact::run(folder, json),
        Command::Freeze(command) => freeze::run(command),
        Command::AccessHistory(of) => rights::accesses(of),
        Command::Dispute(command) => rights::dispute::run(command),
        Command::Request(command) => rights::request::run(command),
        Command::SubjectAlert(command) => rights::subject_alert::run(command),
        Command::Recall(command) => rights::notices::run(command),
        Command::Statement(command) => rights::statement(command),
        Command::Alert(command) => rights::alert(command),
        Command::OptOut(command) => rights::opt_out(command),
        Command::Code(command) => rights::code(command),
        Command::Expire(expire) => rights::expire::run(expire),
        Command::Receipt(command) => receipt::run(command),
        Command::Reproduce(args) => reproduce::run(args),
        Command::Transfer(transfer) => transfer::run(transfer),
        Command::Policy(command) => policy::run(command),
        Command::Charter(command) => charter::run(command),
        Command::Staff(command) => staff::run(command),
        Command::WindDown(command) => wind_down::run(command, json),
        Command::Key(command) => key::run(command),
        Command::Upgrade(folder) => upgrade::run(folder),
        Command::Backup(command) => backup::run(command, json),
        Command::Restore(args) => backup::restore(args, json),
        Command::AcceptLoss(args) => backup::accept_loss(args),
        Command::Verify(verify) => verify::run(verify, json),
        Command::Audit(command) => audit::run(command, json),
        Command::Witness(command) => witness::run(command, json),
        Command::Demo(demo) => demo::run(demo, json),
        Command::Benchmark(benchmark) => benchmark::run(benchmark),
    }
}

/// Says what opens keys and who is at work, before anything is opened.
fn acting(cli: &Cli) -> Result<()> {
    keyring::open_with(Openers { passphrase_files: cli.passphrase_files.clone(), key_files: cli.key_files.clone() });
    let Some(key) = &cli.staff_key else { return Ok(()) };
    let key = tallystick_model::signature::SecretKey::new(keyring::read(key)?);
    let reason = cli.why.clone().unwrap_or_default();
    config::act_as(tallystick_operations::staff::Acting { key, reason });
    Ok(())
}

fn init(init: &args::Init) -> Result<Told> {
    let folder = &init.folder.folder;
    let entropy = || Box::new(crate::entropy::SystemEntropy) as Box<dyn tallystick_operations::Entropy>;
    let given = init.charter.as_deref().map(charter::file::founding).transpose()?;
    let lock = keyring::new_lock(init.unencrypted)?;
    let bureau = config::found_under(folder, &init.name, &init.rulebook, given, &lock, entropy, clock::now())?;
    let key = bureau.verifier_key();
    let rulebook = bureau.rulebook().label().to_owned();
    let charter = bureau.government().as_ref().map(|government| government.id().to_string());
    let mut lines = vec![
        line("ok", format_args!("founded `{}` in `{}` under rulebook {rulebook}", init.name, folder.display())),
        line("key", format_args!("{key} checks everything this bureau signs: publish it, `keys/log.pub` has it")),
    ];
    lines.extend(charter.iter().map(|id| line("charter", format_args!("{id} names bureau and charter in every vote"))));
    let json = json!({"result": "ok", "name": init.name, "folder": folder, "rulebook": rulebook, "verifier_key": key,
        "charter": charter});
    Ok(Told::new(End::Ok, lines, json))
}

fn print_json(value: &Value) -> bool {
    written(writeln!(std::io::stdout().lock(), "{value}"))
}

/// Prints lines for people, unless the result is JSON; tells whether they could be written.
pub(crate) fn print_lines(lines: &[String], json: bool) -> bool {
    let mut out = std::io::stdout().lock();
    let mut lines = lines.iter().filter(|_| !json);
    written(lines.try_for_each(|line| writeln!(out, "{line}")).and_then(|()| out.flush()))
}

/// Whether output arrived. A reader that has gone away is no error of ours; a full disk is.
fn written(result: std::io::Result<()>) -> bool {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            story(format_args!("error: the result could not be written: {error}"));
            false
        }
        _ => true,
    }
}

/// Tells the story, on stderr.
pub(crate) fn story(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
