//! `expire`.

use anyhow::Result;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tallystick_operations::expire::{MODEL_COLUMNS, look};

use super::args;
use crate::cli::{End, Told, json::recorded, line, render};
use crate::{clock, config};

pub(in crate::cli) fn run(expire: &args::Expire) -> Result<Told> {
    let bureau = config::open(&expire.folder.folder)?;
    let now = clock::now();
    let due = look(&bureau, now)?;
    let rules = due.by_rule();
    let by_rule: Value = rules.iter().map(|(rule, count)| json!({"rule": rule, "facts": count})).collect();
    let mut lines: Vec<String> = rules
        .iter()
        .map(|(rule, count)| line("expired", format_args!("{} under {rule}", render::counted(*count, "fact"))))
        .collect();
    for withdrawal in &due.consents {
        let facts = withdrawal.erasure.as_ref().map_or(0, |erasure| erasure.slots.len());
        let facts = render::counted(facts as u64, "fact");
        lines.push(line("over", format_args!("consent {} of {}: {facts}", withdrawal.consent, withdrawal.subject)));
    }
    let consents: Vec<Value> = due
        .consents
        .iter()
        .map(|withdrawal| {
            let mut value = crate::cli::json::withdrawal(withdrawal, &|number| number.to_string());
            crate::cli::json::put(&mut value, "subject", json!(withdrawal.subject.to_string()));
            value
        })
        .collect();
    let touched: std::collections::BTreeSet<_> = due
        .files
        .iter()
        .map(|(subject, _)| *subject)
        .chain(due.consents.iter().map(|withdrawal| withdrawal.subject))
        .collect();
    let files = render::counted(touched.len() as u64, "file");
    if expire.dry_run {
        lines.push(line("ok", format_args!("{files} would lose facts; nothing was changed")));
        let told = json!({"result": "ok", "dry_run": true, "files": touched.len(), "facts": by_rule,
            "consents": consents});
        return Ok(Told::new(End::Ok, lines, told));
    }
    // Kept first: what is taken out can't be kept afterwards.
    let kept = match &expire.keep_for_models {
        None => None,
        Some(path) => {
            let text = due.rows().iter().fold(format!("{MODEL_COLUMNS}\n"), |text, row| text + row + "\n");
            config::write_private(path, &text)?;
            Some(Sha256::digest(text.as_bytes()).into())
        }
    };
    let expired = due.carry_out(&bureau, kept, now)?;
    for withdrawal in &due.consents {
        lines.extend(crate::cli::consent::write_notices(&bureau, &expire.folder.folder, withdrawal, true)?);
    }
    let certificate = expired.certificate.to_text();
    if let Some(path) = &expire.certificate {
        config::write_new(path, &certificate)?;
    }
    lines.push(line(
        "ok",
        format_args!("{files} lost facts: nobody sees them any more; `compact` takes them off the disk"),
    ));
    if kept.is_some() {
        lines.push(line(
            "kept",
            format_args!("{} of nobody in particular, for models", render::counted(due.rows().len() as u64, "row")),
        ));
    }
    lines.push(render::receipt(&expired.recorded));
    let told = json!({"result": "ok", "dry_run": false, "files": touched.len(), "facts": by_rule, "consents": consents,
        "certificate": certificate, "recorded": recorded(&expired.recorded)});
    Ok(Told::new(End::Ok, lines, told))
}
