//! `key rotate`, `key revoke` and `key history`: the key that signs the log.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tallystick_audit::KeyEnd;
use tallystick_model::Sensitive;
use tallystick_model::signature::{PublicKey, SecretKey};
use tallystick_operations::Entropy;
use tallystick_operations::log_key::{history, revoke as revoked, turn};

use super::args;
use crate::cli::{End, Told, json::recorded, line, parse, render};
use crate::keyring::sealed::{Lock, Sealing};
use crate::{clock, config, keyring};

fn end_of(code: &str) -> Result<KeyEnd> {
    parse::coded("reason", code, KeyEnd::ALL, KeyEnd::code)
}

/// Makes the key that is to sign next, sealed as the one in use is, unless it is there.
fn prepared(keys: &Path) -> Result<keyring::Secret> {
    let next = keyring::place(keys, config::SIGNING_NEXT);
    if next.exists() {
        return keyring::read(&next);
    }
    let lock = match keyring::sealing(&keyring::place(keys, config::SIGNING))? {
        Sealing::Unencrypted => Lock::Unencrypted,
        Sealing::Passphrase | Sealing::KeyFile => keyring::new_lock(false)?,
    };
    let mut seed = [0; 32];
    crate::entropy::SystemEntropy.fill(&mut seed);
    let secret = Sensitive::new(seed);
    keyring::write(&keyring::place_for(keys, config::SIGNING_NEXT, &lock), &secret, &lock)?;
    Ok(secret)
}

pub(super) fn rotate(args: &args::Rotate) -> Result<Told> {
    let folder = &args.folder.folder;
    let end = end_of(&args.reason)?;
    // Opened before anything is made: a bureau that does not open keeps its keys.
    let bureau = config::open(folder)?;
    let next = prepared(&folder.join("keys"))?;
    let public = SecretKey::new(next.clone()).public();
    if args.prepare {
        let lines = vec![
            line("ok", "the next key is made, and signs nothing yet"),
            line("key", format_args!("{public} is the public half, for the partners' decision (`turn_log_key`)")),
        ];
        return Ok(Told::new(End::Ok, lines, json!({"result": "ok", "key": public.to_string(), "prepared": true})));
    }
    // The next key is durable in its file: from the commit on nothing else signs.
    let left = turn(&bureau, &next, end, clock::now())?;
    let keys = history(&bureau);
    let current = keys.current();
    drop(bureau);
    config::install_next(folder)?;
    config::publish_key(folder, &current.key.to_string())?;
    let lines = vec![
        line("ok", format_args!("the log is signed by another key from {} entries on: {end}", current.from)),
        line("key", format_args!("{} checks what is signed from now on: publish it", current.key)),
        line(
            "note",
            format_args!("`{}` proves it to those who know an earlier key", folder.join("log/keys").display()),
        ),
        render::receipt(&left),
    ];
    let json = json!({"result": "ok", "verifier_key": current.key.to_string(), "from": current.from,
        "reason": end.code(), "key": public.to_string(), "recorded": recorded(&left)});
    Ok(Told::new(End::Ok, lines, json))
}

pub(super) fn revoke(args: &args::Revoke) -> Result<Told> {
    let (end, now) = (end_of(&args.reason)?, clock::now());
    let since = args.since.as_deref().map_or(Ok(now), |since| parse::timestamp("since", since))?;
    let bureau = config::open(&args.folder.folder)?;
    let left = revoked(&bureau, &args.key, end, since, now)?;
    let mut lines = vec![line("ok", format_args!("revoked as {end} since {since}"))];
    if end == KeyEnd::Compromised {
        let what =
            "what it signed counts only beside a later checkpoint that it is consistent with: hand out receipts anew";
        lines.push(line("note", what));
    }
    lines.push(render::receipt(&left));
    let json = json!({"result": "ok", "reason": end.code(), "since": since.to_string(), "recorded": recorded(&left)});
    Ok(Told::new(End::Ok, lines, json))
}

pub(super) fn history_of(args: &args::History) -> Result<Told> {
    let keys = match &args.file {
        // What outsiders have: each statement is checked while it is read.
        Some(file) => {
            let size = fs::metadata(file).with_context(|| format!("`{}`", file.display()))?.len();
            ensure!(
                size <= tallystick_audit::KEYS_BYTES_MAX as u64,
                "`{}` is longer than any log's keys",
                file.display()
            );
            let text = fs::read_to_string(file).with_context(|| format!("`{}`", file.display()))?;
            tallystick_audit::LogKeys::parse(&text).with_context(|| format!("`{}`", file.display()))?
        }
        None => history(&config::open(&args.folder.folder)?),
    };
    let (mut lines, mut json) = (Vec::new(), Vec::new());
    for known in keys.iter() {
        let to = known.to.map_or("on".to_owned(), |to| format!("to {to}"));
        let end = known.end.map_or(String::new(), |end| format!(", {end}"));
        let since = known.revoked_since.as_ref().map_or(String::new(), |since| format!(", revoked since {since}"));
        let hex = PublicKey(known.key.key_bytes()).to_string();
        lines.push(line("key", format_args!("{} signs from {} entries {to}{end}{since}", known.key, known.from)));
        json.push(json!({"verifier_key": known.key.to_string(), "key": hex, "from": known.from, "to": known.to,
            "end": known.end.map(KeyEnd::code), "revoked_since": known.revoked_since}));
    }
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "keys": json})))
}
