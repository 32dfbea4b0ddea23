//! `witness`: what a partner runs who watches the bureau's log.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::json;
use tallystick_audit::witness::{AddCheckpoint, Refusal, Witness};
use tallystick_audit::{LogKeys, WitnessSigner, prove_consistency, with_cosignatures};
use tallystick_model::Sensitive;
use tallystick_operations::Entropy as _;

use super::audit::args::{Run, Witness as Command, WitnessKeyOf};
use super::render::counted;
use super::{End, Told, line, print_lines, story};
use crate::entropy::SystemEntropy;
use crate::log::follow::{Fault, Memory, Turn};
use crate::log::{Place, key_text, serve, write_durably};
use crate::{clock, config};

pub(super) fn run(command: &Command, quiet: bool) -> Result<Told> {
    match command {
        Command::Key(key) => new_key(key),
        Command::Run(run) => witness(run, quiet),
    }
}

fn new_key(args: &WitnessKeyOf) -> Result<Told> {
    let mut seed = [0; 32];
    SystemEntropy.fill(&mut seed);
    let seed = Sensitive::new(seed);
    let public = WitnessSigner::new(&args.name, seed.expose())?.public().to_string();
    config::write_private(&args.out, &format!("{}\n", hex::encode(seed.expose())))?;
    let lines = vec![
        line("ok", format_args!("the secret key is in `{}`: it never leaves its holder", args.out.display())),
        line(
            "key",
            format_args!("{public} checks its cosignatures: give it to the bureau and to whoever checks receipts"),
        ),
    ];
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "file": args.out, "key": public})))
}

/// A witness with what it remembers. One process has it: the folder is locked.
struct Watching {
    witness: Witness,
    memory: Mutex<Memory>,
    folder: PathBuf,
    _lock: fs::File,
}

impl Watching {
    fn open(args: &Run) -> Result<Self> {
        let seed = crate::keyring::read(&args.key)?;
        let signer = WitnessSigner::new(&args.name, seed.expose())?;
        let log: LogKeys = key_text(&args.log_key)?.parse()?;
        let memory = Memory::open(&args.state, &log)?;
        let path = args.state.join("lock");
        let lock = fs::File::create(&path).with_context(|| format!("`{}`", path.display()))?;
        if lock.try_lock().is_err() {
            bail!("another witness works with `{}`: two could cosign two histories", args.state.display());
        }
        // What was remembered may have changed before the lock was had.
        let memory =
            Memory::open(&args.state, &log).map(|read| if read.last == memory.last { memory } else { read })?;
        Ok(Self {
            witness: Witness::new(signer, log),
            memory: Mutex::new(memory),
            folder: args.state.clone(),
            _lock: lock,
        })
    }

    /// Cosigns what a request asks for: remembered before it is told.
    fn add(&self, request: &AddCheckpoint) -> Result<std::result::Result<String, Refusal>> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let last = memory.note.is_some().then_some(&memory.last);
        let seconds = u64::try_from(clock::now().millis() / 1000)?;
        let cosigned = match self.witness.add_checkpoint(request, last, seconds) {
            Ok(cosigned) => cosigned,
            Err(refusal) => {
                if let Refusal::Forked(size) = &refusal {
                    memory.keep_evidence(&Fault::Forked(*size), &request.note)?;
                }
                return Ok(Err(refusal));
            }
        };
        let note = with_cosignatures(&request.note, &cosigned.line)?;
        memory.remember(&request.note, cosigned.checkpoint)?;
        write_durably(&self.folder.join("cosigned"), &note)?;
        Ok(Ok(cosigned.line))
    }

    /// Looks at the log once, and cosigns what is new.
    fn look(&self, place: &Place) -> Result<Told> {
        let seen = place.look(self.witness.log())?;
        // Read by itself: the log may be slow, and others ask meanwhile.
        let memory = Memory::open(&self.folder, self.witness.log())?;
        if let Turn::Faulty(fault) = memory.compare(place, &seen, |_, _| {})? {
            return self.fault(&memory, &fault, &seen.note);
        }
        let (old, size) = (memory.last.size, seen.checkpoint.size);
        let proof = prove_consistency(old, size, &seen.log).map_err(|error| anyhow!("{error}"))?;
        match self.add(&AddCheckpoint { old, proof, note: seen.note.clone() })? {
            Ok(_) => {
                let what = format!("cosigned {size} entries, {}", counted(size - old, "new entry"));
                let file = self.folder.join("cosigned");
                let json = json!({"result": "ok", "size": size, "before": old, "file": file});
                Ok(Told::new(End::Ok, vec![line("ok", what)], json))
            }
            // Someone asked for more meanwhile: all the better.
            Err(Refusal::OtherSize(other)) if other > old => {
                let json = json!({"result": "ok", "size": other, "before": old});
                Ok(Told::new(End::Ok, vec![line("ok", format_args!("{other} entries are cosigned already"))], json))
            }
            Err(refusal) => bail!("{refusal}"),
        }
    }

    fn fault(&self, memory: &Memory, fault: &Fault, note: &str) -> Result<Told> {
        let evidence = memory.keep_evidence(fault, note)?;
        let lines = vec![
            line("fault", format_args!("{fault}: nothing is cosigned")),
            line("proof", format_args!("both signed checkpoints are in `{}`", evidence.display())),
        ];
        Ok(Told::new(End::Rejected, lines, json!({"result": "fault", "fault": fault.code(), "evidence": evidence})))
    }

    /// Answers `add-checkpoint`.
    fn answer(&self, body: &[u8]) -> (u16, &'static str, String) {
        const TEXT: &str = "text/plain; charset=utf-8";
        let answer = AddCheckpoint::from_bytes(body).map(|request| self.add(&request));
        match answer {
            Ok(Ok(Ok(line))) => (200, TEXT, line + "\n"),
            Ok(Ok(Err(refusal))) | Err(refusal) => match refusal {
                Refusal::OtherSize(size) | Refusal::Forked(size) => (409, "text/x.tlog.size", format!("{size}\n")),
                refusal => (refusal.status(), TEXT, format!("{refusal}\n")),
            },
            Ok(Err(error)) => {
                story(format_args!("error: {error:#}"));
                (500, TEXT, "the witness could not remember it\n".to_owned())
            }
        }
    }
}

fn witness(args: &Run, quiet: bool) -> Result<Told> {
    let watching = Arc::new(Watching::open(args)?);
    story(format_args!("witness {}", watching.witness.signer().public()));
    let place = args.log.as_deref().map(Place::parse);
    let Some(address) = args.listen else {
        let place = place.context("`--log` or `--listen` is needed")?;
        loop {
            let told = watching.look(&place)?;
            let Some(every) = args.every.filter(|_| told.end == End::Ok) else { return Ok(told) };
            print_lines(&told.lines, quiet);
            thread::sleep(Duration::from_secs(every));
        }
    };
    if let Some(place) = place {
        let watching = Arc::clone(&watching);
        let every = args.every;
        thread::spawn(move || follow(&watching, &place, every, quiet));
    }
    let answering = Arc::clone(&watching);
    let answer = Box::new(move |body: &[u8]| answering.answer(body));
    serve::serve_witness(&args.state, answer, address, |address| {
        story(format_args!("answering add-checkpoint at http://{address}, until told to end"));
    })?;
    Ok(Told::new(End::Ok, vec![line("ok", "told to end")], json!({"result": "ok"})))
}

/// Follows the log beside the server: a fault is told and followed no further, anything else is tried again.
fn follow(watching: &Watching, place: &Place, every: Option<u64>, quiet: bool) {
    loop {
        match watching.look(place) {
            Ok(told) => {
                print_lines(&told.lines, quiet);
                if told.end != End::Ok {
                    return;
                }
            }
            Err(error) => story(format_args!("error: {error:#}")),
        }
        let Some(every) = every else { return };
        thread::sleep(Duration::from_secs(every));
    }
}
