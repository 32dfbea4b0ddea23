//! `key`: secret keys made and sealed, and every key that counts at a bureau.

pub(super) mod args;
mod log;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tallystick_audit::WitnessSigner;
use tallystick_model::Sensitive;
use tallystick_model::signature::SecretKey;
use tallystick_operations::Entropy;

use super::{End, Told, line, parse};
use crate::config;
use crate::keyring::{self, Secret};

pub(super) fn run(command: &args::Key) -> Result<Told> {
    match command {
        args::Key::Create(args) => create(args),
        args::Key::Show(args) => show(args),
        args::Key::Protect(args) => protect(args),
        args::Key::Rotate(args) => log::rotate(args),
        args::Key::Revoke(args) => log::revoke(args),
        args::Key::History(args) => log::history_of(args),
        args::Key::List(args) => list(args),
    }
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Partner,
    Seat,
    Staff,
    Witness,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Partner, Self::Seat, Self::Staff, Self::Witness];

    const fn code(self) -> &'static str {
        match self {
            Self::Partner => "partner",
            Self::Seat => "seat",
            Self::Staff => "staff",
            Self::Witness => "witness",
        }
    }

    /// Where its public half goes.
    const fn for_whom(self) -> &'static str {
        match self {
            Self::Partner | Self::Seat => "for the charter",
            Self::Staff => "for the decision that enrols its holder",
            Self::Witness => "for those who rely on this witness",
        }
    }
}

fn create(args: &args::Create) -> Result<Told> {
    let kind = parse::coded("kind", &args.kind, Kind::ALL, Kind::code)?;
    let lock = keyring::new_lock(args.unencrypted)?;
    let mut seed = [0; 32];
    crate::entropy::SystemEntropy.fill(&mut seed);
    let secret = Sensitive::new(seed);
    // Before anything is written: a name that is none would leave a key that nothing can be done with.
    let public = public_half(&secret, args.name.as_deref().filter(|_| kind == Kind::Witness))?;
    keyring::write(&args.out, &secret, &lock)?;
    let sealing = keyring::sealing(&args.out)?.code();
    let lines = vec![
        line(
            "ok",
            format_args!("the secret key is in `{}` ({sealing}): it never leaves its holder", args.out.display()),
        ),
        line("key", format_args!("{public} is the public half, {}", kind.for_whom())),
    ];
    let json = json!({"result": "ok", "kind": kind.code(), "file": args.out, "sealed": sealing, "key": public});
    Ok(Told::new(End::Ok, lines, json))
}

/// 64 hex digits; of a witness its name and key as C2SP writes them.
fn public_half(secret: &Secret, witness: Option<&str>) -> Result<String> {
    match witness {
        Some(name) => {
            let signer = WitnessSigner::new(name, secret.expose()).context("`--name`")?;
            Ok(signer.public().to_string())
        }
        None => Ok(SecretKey::new(secret.clone()).public().to_string()),
    }
}

fn show(args: &args::Show) -> Result<Told> {
    let sealing = keyring::sealing(&args.key)?.code();
    let public = public_half(&keyring::read(&args.key)?, args.name.as_deref())?;
    let lines = vec![line("key", format_args!("{public} is the public half of `{}` ({sealing})", args.key.display()))];
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "file": args.key, "sealed": sealing, "key": public})))
}

fn protect(args: &args::Protect) -> Result<Told> {
    let new = |file: &Option<std::path::PathBuf>| file.clone().into_iter().collect::<Vec<_>>();
    let lock = keyring::said_lock(&new(&args.new_passphrase_file), &new(&args.new_key_file), args.unencrypted)?;
    let lock = match lock {
        Some(lock) => lock,
        None => keyring::typed_lock()?,
    };
    let mut written = Vec::new();
    if let Some(path) = &args.key {
        keyring::put(path, &keyring::read(path)?, &lock)?;
        written.push(path.clone());
    } else {
        let folder = &args.folder.folder;
        let keys = folder.join("keys");
        // All are open before one is written: a wrong passphrase changes nothing.
        let opened = config::keys(folder)?;
        let next = keyring::place(&keys, config::SIGNING_NEXT);
        let next = next.exists().then(|| keyring::read(&next)).transpose()?;
        let own = [(config::PSEUDONYM, &opened.pseudonym), (config::SIGNING, &opened.signing)];
        for (name, key) in own.into_iter().chain(next.as_ref().map(|next| (config::SIGNING_NEXT, next))) {
            written.push(keyring::replace(&keys, name, key, &lock)?);
        }
    }
    let mut lines = Vec::new();
    let mut files = Vec::new();
    for path in written {
        let sealing = keyring::sealing(&path)?.code();
        lines.push(line("ok", format_args!("`{}` ({sealing})", path.display())));
        files.push(json!({"file": path, "sealed": sealing}));
    }
    lines.push(line("note", "copies made before, backups among them, are sealed as they were"));
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "files": files})))
}

/// One line of the list.
fn listed(lines: &mut Vec<String>, keys: &mut Vec<Value>, kind: &str, whose: &str, key: &str, more: &str) {
    lines.push(line(kind, format_args!("{whose}: {key}{}{more}", if more.is_empty() { "" } else { ", " })));
    keys.push(json!({"kind": kind, "whose": whose, "key": key, "note": more}));
}

fn list(args: &args::List) -> Result<Told> {
    let folder = &args.folder.folder;
    let bureau = config::open(folder)?;
    let (mut lines, mut keys) = (Vec::new(), Vec::new());
    let sealed = |name: &str| keyring::sealing(&config::key_path(folder, name)).map(|sealing| sealing.code());
    listed(&mut lines, &mut keys, "log", "the bureau", &bureau.verifier_key(), sealed(config::SIGNING)?);
    // Its public half is nobody's: what it makes are the pseudonyms.
    listed(&mut lines, &mut keys, "names", "the bureau", "pseudonym key", sealed(config::PSEUDONYM)?);
    if let Some(government) = bureau.government().as_ref() {
        let charter = government.charter();
        for partner in &charter.partners {
            listed(&mut lines, &mut keys, "partner", &partner.code, &partner.key.to_string(), "");
        }
        for seat in &charter.seats {
            listed(&mut lines, &mut keys, "seat", &seat.code, &seat.key.to_string(), "");
        }
        for staff in government.staff() {
            listed(&mut lines, &mut keys, "staff", &staff.code, &staff.key.to_string(), staff.role.code());
        }
        for once in government.enrolled() {
            if !government.staff().any(|staff| staff.code == once.code && staff.key == once.key) {
                listed(&mut lines, &mut keys, "staff", &once.code, &once.key.to_string(), "no longer in use");
            }
        }
    }
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "keys": keys})))
}
