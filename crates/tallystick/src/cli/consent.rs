//! `consent grant`, `consent withdraw` and `consent list`.

use std::fs::File;
use std::io::copy;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use serde_json::json;
use sha2::{Digest, Sha256};
use tallystick_model::consent::{ConsentForm, ConsentId, ConsentScope, ConsentState};
use tallystick_model::inquiry::Purpose;
use tallystick_model::{DataCategory, Identifier, Timestamp};
use tallystick_operations::Bureau;
use tallystick_operations::consent::{Grant, grant, list, withdraw};

use super::{
    End, Told, args,
    json::{consent_state, recorded},
    line, parse, render,
};
use crate::{clock, config};

pub(super) fn run(command: &args::Consent) -> Result<Told> {
    match command {
        args::Consent::Grant(args) => run_grant(args),
        args::Consent::Withdraw(args) => {
            let subject = parse::subject(&args.subject.subject)?;
            let id = ConsentId::parse(&args.consent).ok_or_else(|| anyhow!("`--consent`: expected 16 hex digits"))?;
            let bureau = config::open(&args.folder.folder)?;
            tell_withdrawal(&bureau, &subject, id, clock::now())
        }
        args::Consent::List(args) => {
            let subject = parse::subject(&args.subject.subject)?;
            let bureau = config::open(&args.folder.folder)?;
            let listed = list(&bureau, &subject)?;
            let now = clock::now();
            let mut lines: Vec<_> = listed
                .consents
                .iter()
                .map(|(state, member)| line("consent", render::consent(state, &member.code, now)))
                .collect();
            if lines.is_empty() {
                lines.push(line("ok", "no consents"));
            }
            let consents: Vec<_> =
                listed.consents.iter().map(|(state, member)| consent_state(state, &member.code, now)).collect();
            Ok(Told::new(
                End::Ok,
                lines,
                json!({"result": "ok", "subject": listed.subject.to_string(), "consents": consents}),
            ))
        }
    }
}

fn run_grant(args: &args::Grant) -> Result<Told> {
    let purposes: Result<Vec<_>> = (args.purposes.iter())
        .map(|purpose| parse::coded("purpose", purpose, Purpose::ALL.iter().copied(), Purpose::code))
        .collect();
    let categories: Result<Vec<_>> = (args.categories.iter())
        .map(|category| parse::coded("category", category, DataCategory::ALL.iter().copied(), DataCategory::code))
        .collect();
    let asked = Grant {
        identifier: parse::subject(&args.subject.subject)?,
        member: args.member.clone(),
        scope: parse::coded("scope", &args.scope, ConsentScope::ALL.iter().copied(), ConsentScope::code)?,
        purposes: purposes?,
        categories: categories?,
        form: parse::coded("form", &args.form, ConsentForm::ALL.iter().copied(), ConsentForm::code)?,
        valid_until: parse::timestamp("until", &args.until)?,
        evidence: args.evidence.as_deref().map(hash_file).transpose()?.unwrap_or_default(),
    };
    let bureau = config::open(&args.folder.folder)?;
    tell_grant(&bureau, asked, clock::now())
}

/// Records a consent and tells it.
pub(super) fn tell_grant(bureau: &Bureau, asked: Grant, now: Timestamp) -> Result<Told> {
    let member = asked.member.clone();
    let (consent, left) = grant(bureau, asked, now)?;
    let id = consent.id.to_string();
    let state = ConsentState { consent, withdrawn_at: None };
    Ok(Told::new(
        End::Ok,
        vec![line("ok", format_args!("consent {}", render::consent(&state, &member, now))), render::receipt(&left)],
        json!({"result": "ok", "consent": id, "recorded": recorded(&left)}),
    ))
}

/// Withdraws a consent and tells it.
pub(super) fn tell_withdrawal(bureau: &Bureau, subject: &Identifier, id: ConsentId, now: Timestamp) -> Result<Told> {
    let left = withdraw(bureau, subject, id, now)?;
    Ok(Told::new(
        End::Ok,
        vec![line("ok", format_args!("consent {id} is withdrawn")), render::receipt(&left)],
        json!({"result": "ok", "consent": id.to_string(), "recorded": recorded(&left)}),
    ))
}

fn hash_file(path: &Path) -> Result<[u8; 32]> {
    let mut file = File::open(path).with_context(|| format!("`{}`", path.display()))?;
    let mut hash = Sha256::new();
    copy(&mut file, &mut hash).with_context(|| format!("`{}`", path.display()))?;
    Ok(hash.finalize().into())
}
