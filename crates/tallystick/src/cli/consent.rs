//! `consent`: grant, refuse, pause, resume, withdraw, certificate, check, deceased, show and list.

use std::fs::{self, File};
use std::io::copy;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tallystick_audit::LogKeys;
use tallystick_model::consent::{ConsentForm, ConsentId, ConsentScope, ConsentState};
use tallystick_model::consent_terms::{
    Acting, Actor, Bundle, Channel, ConsentTerms, DataRange, Fetch, Frequency, FrequencyUnit, Necessity, Span, SpanUnit,
};
use tallystick_model::event::Event;
use tallystick_model::inquiry::Purpose;
use tallystick_model::withdrawal::Withdrawal;
use tallystick_model::{DataCategory, Identifier, Timestamp};
use tallystick_operations::consent::{
    Grant, Refused, grant, list, pause, record_death, refuse, resume, show, withdraw,
};
use tallystick_operations::withdraw::{is_expiry, withdrawn};
use tallystick_operations::{Bureau, OperationError};
use tallystick_receipt::{DOCUMENT_BYTES_MAX, Document, Witnesses};

use super::{End, Told, args, consent_files, json as told_json, line, parse, receipt, render};
use crate::log::write_durably;
use crate::{clock, config};

pub(super) fn run(command: &args::Consent) -> Result<Told> {
    let told = match command {
        args::Consent::Grant(args) => run_grant(args),
        args::Consent::Refuse(args) => run_refuse(args),
        args::Consent::Pause(args) => turn(args, pause, "is paused"),
        args::Consent::Resume(args) => turn(args, resume, "holds again"),
        args::Consent::Withdraw(args) => run_withdraw(args),
        args::Consent::Certificate(args) => certificate_again(args),
        args::Consent::Check(args) => check(args),
        args::Consent::Deceased(args) => deceased(args),
        args::Consent::Show(args) => run_show(args),
        args::Consent::Import(args) => consent_files::import(args),
        args::Consent::Export(args) => consent_files::export(args),
        args::Consent::Receipt(args) => consent_files::receipt(args),
        args::Consent::List(args) => run_list(args),
    };
    // A rule's no is an answer.
    match told {
        Err(error) => match error.downcast_ref::<OperationError>() {
            Some(OperationError::Denied(reasons)) => Ok(Told::new(
                End::Denied,
                render::reasons("deny", reasons),
                json!({"result": "denied", "reasons": told_json::reasons(reasons)}),
            )),
            _ => Err(error),
        },
        told => told,
    }
}

fn run_list(args: &args::ConsentList) -> Result<Told> {
    let subject = parse::subject(&args.subject.subject)?;
    let bureau = config::open(&args.folder.folder)?;
    let listed = list(&bureau, &subject)?;
    let now = clock::now();
    let mut lines = Vec::new();
    for (state, member) in &listed.consents {
        lines.push(line("consent", render::consent(state, &member.code, now)));
        lines.extend(render::flags(&state.consent.flags));
    }
    for (at, refusal, member) in &listed.refusals {
        lines.push(line("refused", render::refusal(*at, refusal, &member.code)));
        lines.extend(render::flags(&refusal.flags));
    }
    if lines.is_empty() {
        lines.push(line("ok", "no consents"));
    }
    let consents: Vec<_> =
        listed.consents.iter().map(|(state, member)| told_json::consent_state(state, &member.code, now)).collect();
    let refusals: Vec<_> =
        listed.refusals.iter().map(|(at, refusal, member)| told_json::refusal(*at, refusal, &member.code)).collect();
    let subject = listed.subject.to_string();
    let json = json!({"result": "ok", "subject": subject, "consents": consents, "refusals": refusals});
    Ok(Told::new(End::Ok, lines, json))
}

fn run_show(args: &args::OneConsentShown) -> Result<Told> {
    let (subject, id) = (parse::subject(&args.subject.subject)?, consent_id(&args.consent)?);
    let bureau = config::open(&args.folder.folder)?;
    let (state, member) = show(&bureau, &subject, id)?;
    let now = clock::now();
    let mut lines = vec![line("consent", render::consent(&state, &member.code, now))];
    lines.extend(render::flags(&state.consent.flags));
    lines.extend(render::consent_story(&state));
    let told = told_json::consent_state(&state, &member.code, now);
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "consent": told})))
}

pub(super) fn consent_id(text: &str) -> Result<ConsentId> {
    ConsentId::parse(text).ok_or_else(|| anyhow!("`--consent`: expected 16 hex digits"))
}

fn purposes(texts: &[String]) -> Result<Vec<Purpose>> {
    texts.iter().map(|text| parse::coded("purpose", text, Purpose::ALL.iter().copied(), Purpose::code)).collect()
}

fn categories(texts: &[String]) -> Result<Vec<DataCategory>> {
    let category =
        |text: &String| parse::coded("category", text, DataCategory::ALL.iter().copied(), DataCategory::code);
    texts.iter().map(category).collect()
}

fn scope(text: &str) -> Result<ConsentScope> {
    parse::coded("scope", text, ConsentScope::ALL.iter().copied(), ConsentScope::code)
}

fn run_grant(args: &args::Grant) -> Result<Told> {
    let bureau = config::open(&args.folder.folder)?;
    let asked = Grant {
        identifier: parse::subject(&args.subject.subject)?,
        member: args.member.clone(),
        scope: scope(&args.scope)?,
        purposes: purposes(&args.purposes)?,
        categories: categories(&args.categories)?,
        form: parse::coded("form", &args.form, ConsentForm::ALL.iter().copied(), ConsentForm::code)?,
        valid_until: parse::timestamp("until", &args.until)?,
        evidence: args.evidence.as_deref().map(hash_file).transpose()?.unwrap_or_default(),
        terms: terms(&args.terms, acting(&bureau, &args.acting)?)?,
    };
    tell_grant(&bureau, asked, clock::now())
}

fn run_refuse(args: &args::Refuse) -> Result<Told> {
    let bureau = config::open(&args.folder.folder)?;
    let refused = Refused {
        identifier: parse::subject(&args.subject.subject)?,
        member: args.member.clone(),
        scope: scope(&args.scope)?,
        purposes: purposes(&args.purposes)?,
        categories: categories(&args.categories)?,
        terms: terms(&args.terms, acting(&bureau, &args.acting)?)?,
    };
    let now = clock::now();
    let (refusal, left) = refuse(&bureau, refused, now)?;
    let mut lines =
        vec![line("ok", format_args!("the refusal is recorded: {}", render::refusal(now, &refusal, &args.member)))];
    lines.extend(render::flags(&refusal.flags));
    lines.push(render::receipt(&left));
    let told = told_json::refusal(now, &refusal, &args.member);
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "refusal": told, "recorded": told_json::recorded(&left)})))
}

fn terms(args: &args::Terms, acting: Acting) -> Result<ConsentTerms> {
    let date = |flag: &str, text: &str| {
        let date = (text.len() == 10).then(|| text.parse().ok()).flatten();
        date.ok_or_else(|| anyhow!("`--{flag}`: expected a day `YYYY-MM-DD`, found `{text}`"))
    };
    let data_range = match (&args.data_from, &args.data_until) {
        (Some(from), Some(until)) => {
            Some(DataRange { from: date("data-from", from)?, until: date("data-until", until)? })
        }
        _ => None,
    };
    let need = |text: &str| parse::coded("tied-need", text, Necessity::ALL.iter().copied(), Necessity::code);
    let bundle = args.tied_to.as_ref().map(|condition| {
        Ok::<_, anyhow::Error>(Bundle { condition: condition.clone(), necessity: need(&args.tied_need)? })
    });
    let channel = |text: &String| parse::coded("channel", text, Channel::ALL.iter().copied(), Channel::code);
    Ok(ConsentTerms {
        fetch: fetch(&args.fetch)?,
        data_range,
        data_life: args.data_life.as_deref().map(span).transpose()?,
        notice_version: args.notice.clone(),
        language: args.language.clone(),
        channel: args.channel.as_ref().map(channel).transpose()?,
        bundle: bundle.transpose()?,
        acting,
    })
}

/// `unlimited`, `once`, or `45/month`.
fn fetch(text: &str) -> Result<Fetch> {
    let periodic = |text: &str| {
        let (count, unit) = text.split_once('/')?;
        Some(Frequency { count: count.parse().ok()?, unit: FrequencyUnit::from_code(unit)? })
    };
    match text {
        "unlimited" => Ok(Fetch::Unlimited),
        "once" => Ok(Fetch::OneTime),
        _ => periodic(text).map(Fetch::Periodic).ok_or_else(|| {
            anyhow!("`--fetch`: expected `unlimited`, `once`, or `45/month` (hour, day, month, year), found `{text}`")
        }),
    }
}

/// `31-day`, or `unlimited`.
fn span(text: &str) -> Result<Span> {
    if text == SpanUnit::Unlimited.code() {
        return Ok(Span { count: 0, unit: SpanUnit::Unlimited });
    }
    let read = text.split_once('-').and_then(|(count, unit)| {
        let unit = SpanUnit::from_code(unit).filter(|unit| *unit != SpanUnit::Unlimited)?;
        Some(Span { count: count.parse().ok()?, unit })
    });
    read.ok_or_else(|| anyhow!("`--data-life`: expected `31-day`, `6-month`, `1-year` or `unlimited`, found `{text}`"))
}

pub(super) fn acting(bureau: &Bureau, args: &args::ActingFor) -> Result<Acting> {
    Ok(Acting {
        actor: parse::coded("acting", &args.acting, Actor::ALL.iter().copied(), Actor::code)?,
        person: (args.acting_person.as_deref())
            .map(|text| parse::subject(text).map(|identifier| bureau.pseudonym(&identifier)))
            .transpose()?,
        evidence: args.authority.as_deref().map(hash_file).transpose()?.unwrap_or_default(),
    })
}

/// Records a consent and tells it.
pub(super) fn tell_grant(bureau: &Bureau, asked: Grant, now: Timestamp) -> Result<Told> {
    let member = asked.member.clone();
    let (consent, left) = grant(bureau, asked, now)?;
    let (id, flags) = (consent.id.to_string(), consent.flags.clone());
    let state = ConsentState::granted(consent);
    let mut lines = vec![line("ok", format_args!("consent {}", render::consent(&state, &member, now)))];
    lines.extend(render::flags(&flags));
    lines.push(render::receipt(&left));
    let json = json!({
        "result": "ok", "consent": id, "flags": told_json::reasons(&flags), "recorded": told_json::recorded(&left),
    });
    Ok(Told::new(End::Ok, lines, json))
}

type Turn = fn(
    &Bureau,
    &Identifier,
    ConsentId,
    Acting,
    Timestamp,
) -> Result<tallystick_operations::bureau::Recorded, OperationError>;

fn turn(args: &args::OneConsent, change: Turn, is: &str) -> Result<Told> {
    let (subject, id) = (parse::subject(&args.subject.subject)?, consent_id(&args.consent)?);
    let bureau = config::open(&args.folder.folder)?;
    let left = change(&bureau, &subject, id, acting(&bureau, &args.acting)?, clock::now())?;
    Ok(Told::new(
        End::Ok,
        vec![line("ok", format_args!("consent {id} {is}")), render::receipt(&left)],
        json!({"result": "ok", "consent": id.to_string(), "recorded": told_json::recorded(&left)}),
    ))
}

fn run_withdraw(args: &args::Withdraw) -> Result<Told> {
    let (subject, id) = (parse::subject(&args.one.subject.subject)?, consent_id(&args.one.consent)?);
    let folder = &args.one.folder.folder;
    let bureau = config::open(folder)?;
    let (acting, now) = (acting(&bureau, &args.one.acting)?, clock::now());
    let mut told = tell_withdrawal(&bureau, &subject, id, acting, now)?;
    // It is recorded: from here on nothing may look as if it had not been.
    if let Err(error) = hand_out(&bureau, folder, &subject, id, args.certificate.as_deref(), &mut told.lines) {
        super::story(format_args!("error: {error:#}; `consent certificate` writes certificate and notices again"));
    }
    Ok(told)
}

/// Withdraws a consent and tells it.
pub(super) fn tell_withdrawal(
    bureau: &Bureau,
    subject: &Identifier,
    id: ConsentId,
    acting: Acting,
    now: Timestamp,
) -> Result<Told> {
    let done = withdraw(bureau, subject, id, acting, now)?;
    let mut lines = vec![line("ok", format_args!("consent {id} is withdrawn"))];
    lines.extend(render::withdrawal(&done.withdrawal, &|number| member_code(bureau, number)));
    lines.push(render::receipt(&done.recorded));
    let json = json!({
        "result": "ok",
        "consent": id.to_string(),
        "withdrawal": withdrawal_json(bureau, &done.withdrawal),
        "certificate": done.certificate.to_text(),
        "recorded": told_json::recorded(&done.recorded),
    });
    Ok(Told::new(End::Ok, lines, json))
}

fn member_code(bureau: &Bureau, number: u16) -> String {
    bureau.snapshot().member_by_number(number).map_or_else(|| number.to_string(), |member| member.code.clone())
}

fn withdrawal_json(bureau: &Bureau, withdrawal: &Withdrawal) -> Value {
    told_json::withdrawal(withdrawal, &|number| member_code(bureau, number))
}

fn certificate_again(args: &args::Withdraw) -> Result<Told> {
    let (subject, id) = (parse::subject(&args.one.subject.subject)?, consent_id(&args.one.consent)?);
    let folder = &args.one.folder.folder;
    let bureau = config::open(folder)?;
    let (withdrawal, certificate) = withdrawn(&bureau, &subject, id)?;
    let mut lines = render::withdrawal(&withdrawal, &|number| member_code(&bureau, number));
    hand_out(&bureau, folder, &subject, id, args.certificate.as_deref(), &mut lines)?;
    let json = json!({
        "result": "ok",
        "consent": id.to_string(),
        "withdrawal": withdrawal_json(&bureau, &withdrawal),
        "certificate": certificate.to_text(),
    });
    Ok(Told::new(End::Ok, lines, json))
}

/// Writes the subject's certificate and a notice for each recipient.
fn hand_out(
    bureau: &Bureau,
    folder: &Path,
    subject: &Identifier,
    id: ConsentId,
    certificate_file: Option<&Path>,
    lines: &mut Vec<String>,
) -> Result<()> {
    let (withdrawal, certificate) = withdrawn(bureau, subject, id)?;
    if let Some(path) = certificate_file {
        fs::write(path, certificate.to_text()).with_context(|| format!("`--certificate {}`", path.display()))?;
        lines.push(line("proof", format_args!("the certificate is in `{}`", path.display())));
    }
    lines.extend(write_notices(bureau, folder, &withdrawal, is_expiry(bureau, subject, id)?)?);
    Ok(())
}

/// Writes a notice for each recipient of what a consent that has ended had allowed, and tells where.
pub(super) fn write_notices(
    bureau: &Bureau,
    folder: &Path,
    withdrawal: &Withdrawal,
    is_expiry: bool,
) -> Result<Vec<String>> {
    let (id, folder) = (withdrawal.consent, folder.join("notices"));
    let mut lines = Vec::new();
    if !withdrawal.recipients.is_empty() {
        fs::create_dir_all(&folder).with_context(|| format!("`{}`", folder.display()))?;
    }
    let (kind, has) = match is_expiry {
        true => ("consent_expired", "The time of the consent is over"),
        false => ("consent_withdrawn", "The subject has withdrawn the consent"),
    };
    for recipient in &withdrawal.recipients {
        let member = member_code(bureau, recipient.member);
        let path = folder.join(format!("{member}-{id}.json"));
        let notice = json!({
            "notice": kind,
            "to": member,
            "consent": id.to_string(),
            "subject": withdrawal.subject.to_string(),
            "categories": recipient.categories.iter().map(|category| category.code()).collect::<Vec<_>>(),
            "inquiries": recipient.inquiries,
            "asked": format!("{has} under which the answers to these inquiries showed this data. Stop processing it, \
                              and erase it unless a law has you keep it."),
            "rulebook": withdrawal.rulebook,
        });
        write_durably(&path, &format!("{notice:#}\n"))?;
        lines.push(line("notice", format_args!("for {member} in `{}`", path.display())));
    }
    Ok(lines)
}

fn check(args: &args::CheckCertificate) -> Result<Told> {
    let text = receipt::read(&args.certificate)?;
    let key: LogKeys = parse::public_key("--key", &args.key)?;
    let rejected = |error: String| {
        let json = json!({"result": "rejected", "message": error});
        Told::new(End::Rejected, vec![line("reject", error)], json)
    };
    let checked = Document::parse(&text, DOCUMENT_BYTES_MAX);
    let checked = match checked.and_then(|certificate| certificate.check(&key, Witnesses::default())) {
        Ok(checked) => checked,
        Err(fault) => return Ok(rejected(fault.to_string())),
    };
    let (Event::ConsentWithdrawn(withdrawal) | Event::ConsentExpired(withdrawal)) = &checked.event else {
        return Ok(rejected(format!("a valid receipt, but not of a withdrawal: {}", checked.kind.meaning())));
    };
    let (at, index, origin) = (checked.at, checked.index, &checked.origin);
    let numbered = |number: u16| format!("member {number}");
    let mut lines = vec![line(
        "ok",
        format_args!(
            "consent {} {} at {at}: entry {index} of `{origin}`",
            withdrawal.consent,
            if matches!(checked.event, Event::ConsentExpired(_)) {
                "was over, and what rested on it was erased,"
            } else {
                "was withdrawn"
            },
        ),
    )];
    lines.extend(render::withdrawal(withdrawal, &numbered));
    let json = json!({
        "result": "ok",
        "at": at.to_string(),
        "entry": index,
        "log": origin,
        "consent": withdrawal.consent.to_string(),
        "withdrawal": told_json::withdrawal(withdrawal, &|number| number.to_string()),
    });
    Ok(Told::new(End::Ok, lines, json))
}

fn deceased(args: &args::Deceased) -> Result<Told> {
    let subject = parse::subject(&args.subject.subject)?;
    let evidence = hash_file(&args.evidence)?;
    let bureau = config::open(&args.folder.folder)?;
    let left = record_death(&bureau, &subject, evidence, clock::now())?;
    Ok(Told::new(
        End::Ok,
        vec![line("ok", "the death is recorded: next of kin act for the subject"), render::receipt(&left)],
        json!({"result": "ok", "recorded": told_json::recorded(&left)}),
    ))
}

pub(super) fn hash_file(path: &Path) -> Result<[u8; 32]> {
    let mut file = File::open(path).with_context(|| format!("`{}`", path.display()))?;
    let mut hash = Sha256::new();
    copy(&mut file, &mut hash).with_context(|| format!("`{}`", path.display()))?;
    Ok(hash.finalize().into())
}
