//! `consent import`, `consent export` and `consent receipt`: consents in the forms of others.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;
use tallystick_exchange::artefact::{Artefact, ConsentUse, Detail, Status};
use tallystick_exchange::jws::{PublicKey, SigningKey, verify_detached};
use tallystick_exchange::record::{Facts, Record, write_receipt, write_record};
use tallystick_exchange::{ExchangeError, FILE_BYTES_MAX, Offer};
use tallystick_model::Timestamp;
use tallystick_model::consent::{ConsentForm, ConsentScope, ConsentState, ConsentStatus};
use tallystick_model::member::Member;
use tallystick_operations::Bureau;
use tallystick_operations::consent::{Grant, show};

use super::consent::{consent_id, hash_file, tell_grant};
use super::{End, Told, args, line, parse};
use crate::{clock, config};

/// A file of an exchange, if it is not longer than any may be.
fn read(path: &Path) -> Result<Vec<u8>> {
    let named = || format!("`{}`", path.display());
    let size = fs::metadata(path).with_context(named)?.len();
    ensure!(size <= FILE_BYTES_MAX as u64, "`{}`: expected at most {FILE_BYTES_MAX} bytes", path.display());
    fs::read(path).with_context(named)
}

fn public_key(path: &Path) -> Result<PublicKey> {
    PublicKey::from_jwk(&read(path)?).with_context(|| format!("`--key {}`", path.display()))
}

/// The bureau's key for what it hands to others: derived from the log's, and not the same, so that no text signed with one
/// can pass for something signed with the other.
fn signing_key(folder: &Path) -> Result<SigningKey> {
    let keys = config::keys(folder)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(keys.signing.expose()).context("the signing key")?;
    mac.update(b"tallystick exchange 1");
    Ok(SigningKey::from_seed(&mac.finalize().into_bytes().into())?)
}

/// What a file offers, with whatever its signature takes. A rejected file is an answer.
fn offer(args: &args::ImportConsent) -> Result<Result<Offer, ExchangeError>> {
    let bytes = read(&args.file)?;
    let key = args.key.as_deref().map(public_key).transpose()?;
    if let (Some(signature), Some(key)) = (&args.signature, &key) {
        let signature = config::read_small(signature)?;
        if let Err(error) = verify_detached(signature.trim(), &bytes, key) {
            return Ok(Err(error));
        }
    }
    let record = Record::read(&bytes);
    // What names itself a record is one; anything else has to be an artefact.
    if !matches!(&record, Err(ExchangeError::Field { field, .. }) if field == "@type") {
        return Ok(record.and_then(|record| record.offer()));
    }
    let Some(key) = key else { bail!("`--key`: expected the public key of who signed the artefact") };
    Ok(Artefact::read(&bytes).and_then(|artefact| {
        if artefact.status != Status::Active {
            return Err(ExchangeError::Field { field: "status".to_owned(), expected: "ACTIVE" });
        }
        artefact.detail(&key)?.offer()
    }))
}

pub(super) fn import(args: &args::ImportConsent) -> Result<Told> {
    let offer = match offer(args)? {
        Ok(offer) => offer,
        Err(error) => {
            let error = format!("`{}`: {error}", args.file.display());
            let json = json!({"result": "rejected", "message": error});
            return Ok(Told::new(End::Rejected, vec![line("reject", error)], json));
        }
    };
    let now = clock::now();
    if offer.valid_from.is_some_and(|from| now < from) {
        bail!("`{}`: the consent does not hold yet, and none is recorded ahead of its time", args.file.display());
    }
    let valid_until = match (&args.until, offer.valid_until) {
        (_, Some(until)) => until,
        (Some(until), None) => parse::timestamp("until", until)?,
        (None, None) => bail!("`--until`: expected, since the file does not say until when the consent holds"),
    };
    let asked = Grant {
        identifier: parse::subject(&args.subject.subject)?,
        member: args.member.clone(),
        scope: if offer.purposes.is_empty() { ConsentScope::Furnish } else { ConsentScope::Inquire },
        purposes: offer.purposes,
        categories: offer.categories,
        form: parse::coded("form", &args.form, ConsentForm::ALL.iter().copied(), ConsentForm::code)?,
        valid_until,
        // The file itself is the evidence.
        evidence: hash_file(&args.file)?,
        terms: offer.terms,
    };
    let bureau = config::open(&args.folder.folder)?;
    tell_grant(&bureau, asked, now)
}

/// A consent with what is needed to write it.
struct Written {
    bureau: Bureau,
    name: String,
    state: ConsentState,
    member: Member,
    offer: Offer,
}

fn gather(one: &args::OneConsentShown) -> Result<Written> {
    let (subject, id) = (parse::subject(&one.subject.subject)?, consent_id(&one.consent)?);
    let bureau = config::open(&one.folder.folder)?;
    let (state, member) = show(&bureau, &subject, id)?;
    // The public key begins with the name of the log.
    let name = bureau.verifier_key().split('+').next().unwrap_or_default().to_owned();
    let consent = &state.consent;
    let offer = Offer {
        purposes: consent.purposes.clone(),
        categories: consent.categories.clone(),
        valid_from: Some(consent.valid_from),
        valid_until: Some(consent.valid_until),
        terms: consent.terms.clone(),
    };
    Ok(Written { bureau, name, state, member, offer })
}

type States = Vec<(Vec<&'static str>, String, Timestamp)>;

/// What happened to a consent in the vocabulary's states; it has none for one that is suspended, so that is ours.
fn states(state: &ConsentState, now: Timestamp) -> States {
    let by = format!("ts:{}", state.consent.terms.acting.actor);
    let mut states = vec![(vec!["dpv:ConsentGiven"], by.clone(), state.consent.valid_from)];
    for pause in &state.pauses {
        let paused = vec!["dpv:ConsentStatusInvalidForProcessing", "ts:ConsentPaused"];
        states.push((paused, by.clone(), pause.from));
        states.extend(pause.until.map(|until| (vec!["dpv:ConsentGiven", "ts:ConsentResumed"], by.clone(), until)));
    }
    states.extend(state.withdrawn_at.map(|at| (vec!["dpv:ConsentWithdrawn"], by, at)));
    if state.status_at(now) == ConsentStatus::Expired {
        states.push((vec!["dpv:ConsentExpired"], "ts:bureau".to_owned(), state.consent.valid_until));
    }
    states
}

impl Written {
    fn with_facts<T>(&self, now: Timestamp, write: impl FnOnce(&Facts<'_>) -> T) -> T {
        let consent = &self.state.consent;
        let (id, subject, states) = (consent.id.to_string(), consent.subject.to_string(), states(&self.state, now));
        write(&Facts {
            bureau: &self.name,
            consent: &id,
            subject: &subject,
            member: (&self.member.name, &self.member.code),
            inquires: consent.scope == ConsentScope::Inquire,
            written: consent.form >= ConsentForm::Written,
            offer: &self.offer,
            states: &states,
        })
    }

    fn artefact(&self, key: &SigningKey, now: Timestamp) -> Result<String, ExchangeError> {
        let consent = &self.state.consent;
        let customer = format!("{}@{}", consent.subject, self.name);
        let parties = (self.member.code.as_str(), self.name.as_str(), customer.as_str());
        let detail = Detail::of_offer(&self.offer, parties, (consent.valid_from, consent.valid_until))?;
        let artefact = Artefact {
            ver: "2.0.0".to_owned(),
            txnid: consent.id.to_string(),
            consent_id: consent.id.to_string(),
            status: match self.state.status_at(now) {
                ConsentStatus::Pending | ConsentStatus::Active => Status::Active,
                ConsentStatus::Paused => Status::Paused,
                ConsentStatus::Revoked => Status::Revoked,
                ConsentStatus::Expired => Status::Expired,
            },
            created: consent.valid_from.to_string(),
            signed: detail.sign(key),
            used: ConsentUse {
                log_uri: self.name.clone(),
                count: self.state.uses.len() as u64,
                // The form has no word for never: then it is the time it was made.
                last: self.state.uses.last().unwrap_or(&consent.valid_from).to_string(),
            },
        };
        Ok(artefact.to_json())
    }
}

pub(super) fn export(args: &args::ExportConsent) -> Result<Told> {
    let written = gather(&args.one)?;
    let now = clock::now();
    let key = signing_key(&args.one.folder.folder)?;
    let text = match args.form.as_str() {
        "aa" => match written.artefact(&key, now) {
            Ok(text) => text,
            Err(error) => {
                let error = error.to_string();
                let json = json!({"result": "rejected", "message": error});
                return Ok(Told::new(End::Rejected, vec![line("reject", error)], json));
            }
        },
        "iso27560" => written.with_facts(now, write_record),
        other => return Err(anyhow!("`--form`: expected one of `aa`, `iso27560`, found `{other}`")),
    };
    put(&written, &args.file, args.signature.as_deref(), &text, &key)
}

pub(super) fn receipt(args: &args::ConsentReceipt) -> Result<Told> {
    let written = gather(&args.one)?;
    let now = clock::now();
    let key = signing_key(&args.one.folder.folder)?;
    let text = written.with_facts(now, |facts| write_receipt(facts, now));
    put(&written, &args.file, args.signature.as_deref(), &text, &key)
}

fn put(written: &Written, file: &Path, signature: Option<&Path>, text: &str, key: &SigningKey) -> Result<Told> {
    fs::write(file, text).with_context(|| format!("`--file {}`", file.display()))?;
    let id = written.state.consent.id;
    let mut lines = vec![line("ok", format_args!("consent {id} is in `{}`", file.display()))];
    if let Some(path) = signature {
        let signed = key.sign_detached(text.as_bytes());
        fs::write(path, format!("{signed}\n")).with_context(|| format!("`--signature {}`", path.display()))?;
        lines.push(line("signed", format_args!("in `{}`", path.display())));
    }
    let jwk = key.to_jwk();
    lines.push(line("key", format_args!("{jwk} checks what is signed: publish it")));
    let rulebook = written.bureau.rulebook().label();
    let json = json!({
        "result": "ok", "consent": id.to_string(), "file": file, "jwk": jwk, "rulebook": rulebook,
    });
    Ok(Told::new(End::Ok, lines, json))
}
