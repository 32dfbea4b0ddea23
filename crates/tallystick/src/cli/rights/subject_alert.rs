//! `subject-alert`, and the files that subjects are to be sent: `notices/subjects/PSEUDONYM/ENTRY.json`.
//!
//! The files name the subject by the pseudonym: who sends them finds the address in the own file.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;
use tallystick_model::SubjectId;
use tallystick_operations::subject_alert::{self, SubjectAlert, Told as What};
use tallystick_operations::{Bureau, receipts};

use super::{args, told};
use crate::cli::{End, Told, json, line, render};
use crate::{clock, config};

pub(in crate::cli) fn run(command: &args::SubjectAlert) -> Result<Told> {
    match command {
        args::SubjectAlert::Run(folder) => {
            let bureau = config::open(&folder.folder)?;
            let alerted = subject_alert::alert_defaults(&bureau, clock::now())?;
            let mut files = Vec::new();
            for alert in subject_alert::list(&bureau)? {
                files.extend(write(&folder.folder, &bureau, &alert)?);
            }
            let defaults = render::counted(alerted.len() as u64, "default");
            let mut lines = vec![line("ok", format_args!("{defaults} found that nobody was told of"))];
            lines.extend(files.iter().map(|path| line("notice", path)));
            Ok(Told::new(End::Ok, lines, json!({"result": "ok", "defaults": alerted.len(), "files": files})))
        }
        args::SubjectAlert::List(folder) => {
            let bureau = config::open(&folder.folder)?;
            let alerts = subject_alert::list(&bureau)?;
            let said = |alert: &SubjectAlert| {
                let what = match &alert.told {
                    What::Access(access) => format!("of an access for {}", access.purpose),
                    What::Default(default) => format!("of the default of {}", default.slot.account),
                };
                let (date, subject) = (alert.at.date(), alert.subject);
                line("told", format_args!("{date} {subject} {what}, entry {} ({})", alert.index, alert.rule))
            };
            let mut lines: Vec<String> = alerts.iter().map(said).collect();
            if lines.is_empty() {
                lines.push(line("ok", "no subject is told of anything"));
            }
            let values: Vec<Value> = alerts.iter().map(content).collect();
            Ok(Told::new(End::Ok, lines, json!({"result": "ok", "alerts": values})))
        }
    }
}

/// Writes the alert about an inquiry that was just recorded, where the rulebook has one.
pub(in crate::cli) fn write_about(
    folder: &Path,
    bureau: &Bureau,
    subject: SubjectId,
    index: u64,
) -> Result<Option<String>> {
    if bureau.rulebook().subject_alerts().is_none() {
        return Ok(None);
    }
    match subject_alert::about(bureau, subject, index)? {
        Some(alert) => write(folder, bureau, &alert),
        None => Ok(None),
    }
}

/// Writes one file, and gives its path, unless it is there: what an alert says never changes.
fn write(folder: &Path, bureau: &Bureau, alert: &SubjectAlert) -> Result<Option<String>> {
    let to = folder.join("notices").join("subjects").join(alert.subject.to_string());
    let path = to.join(format!("{}.json", alert.index));
    let shown = path.display().to_string();
    if path.try_exists().with_context(|| format!("`{shown}`"))? {
        return Ok(None);
    }
    config::create_private_folder(&to)?;
    let mut value = content(alert);
    let receipt = receipts::of_entry(bureau, alert.subject, alert.index)?;
    json::put(&mut value, "receipt", json!(receipt.to_text()));
    config::write_private(&path, &format!("{value:#}\n"))?;
    Ok(Some(shown))
}

fn content(alert: &SubjectAlert) -> Value {
    let (kind, about) = match &alert.told {
        What::Access(access) => ("access", json::access(access)),
        What::Default(default) => ("default", told::default_value(alert.index, default)),
    };
    json!({
        "notice": kind,
        "subject": alert.subject.to_string(),
        "entry": alert.index,
        "at": alert.at.to_string(),
        "rule": alert.rule,
        "about": about,
    })
}
