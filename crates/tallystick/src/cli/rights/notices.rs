//! `recall`, and the files that recipients of corrected facts are sent: `notices/RECIPIENT/ENTRY.json`.

use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use tallystick_model::fact::{Fact, FactBody, FactKey};
use tallystick_model::rights::{CorrectionNotice, Version};
use tallystick_operations::{Bureau, recall, receipts};

use super::args;
use crate::cli::{End, Told, json, line};
use crate::config;

pub(in crate::cli) fn run(command: &args::Recall) -> Result<Told> {
    let args::Recall::List(list) = command;
    let bureau = config::open(&list.folder.folder)?;
    let notices = recall::list(&bureau, list.recipient.as_deref())?;
    let (mut lines, mut told) = (Vec::new(), Vec::new());
    for notice in &notices {
        let path = write_one(&list.folder.folder, &bureau, &notice.notice, notice.index)?;
        let (slot, to) = (notice.notice.slot, recipient(&bureau, notice.notice.recipient));
        let month = slot.month.map_or(String::new(), |month| format!(" {month}"));
        let what = format!("{} {to} told of {} {}{month}: {path}", notice.at.date(), slot.kind, slot.account);
        lines.push(line("notice", what));
        let mut value = content(&notice.notice);
        json::put(&mut value, "entry", json!(notice.index));
        json::put(&mut value, "recipient", json!(to));
        json::put(&mut value, "file", json!(path));
        told.push(value);
    }
    if lines.is_empty() {
        lines.push(line("ok", "nobody was told of a correction"));
    }
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "notices": told})))
}

fn recipient(bureau: &Bureau, number: u16) -> String {
    bureau.snapshot().member_by_number(number).map_or_else(|| number.to_string(), |member| member.code.clone())
}

/// Writes the files of notices just made, and gives their paths.
pub(in crate::cli) fn write(folder: &Path, bureau: &Bureau, made: &[recall::Notice]) -> Result<Vec<String>> {
    made.iter().map(|made| write_one(folder, bureau, &made.notice, made.recorded.receipt.index)).collect()
}

/// Writes one file, unless it is there: what a notice says never changes.
fn write_one(folder: &Path, bureau: &Bureau, notice: &CorrectionNotice, index: u64) -> Result<String> {
    let to = folder.join("notices").join(recipient(bureau, notice.recipient));
    let path = to.join(format!("{index}.json"));
    let shown = path.display().to_string();
    if path.try_exists().with_context(|| format!("`{shown}`"))? {
        return Ok(shown);
    }
    config::create_private_folder(&to)?;
    let receipt = receipts::of_entry(bureau, notice.subject, index)?;
    let mut value = content(notice);
    json::put(&mut value, "recipient", json!(recipient(bureau, notice.recipient)));
    json::put(&mut value, "receipt", json!(receipt.to_text()));
    config::write_private(&path, &format!("{value:#}\n"))?;
    Ok(shown)
}

fn content(notice: &CorrectionNotice) -> Value {
    let version = |version: &Version| {
        let key = FactKey { subject: notice.subject, slot: notice.slot, delivery: version.delivery };
        let said = Fact::from_value(key, &version.value).ok();
        json!({
            "delivery": version.delivery.0,
            "tradeline": said.as_ref().and_then(|fact| match &fact.body {
                FactBody::TradelineMonth(month) => Some(json::tradeline(month)),
                _ => None,
            }),
            "value": BASE64_STANDARD.encode(&version.value),
        })
    };
    json!({
        "subject": notice.subject.to_string(),
        "kind": notice.slot.kind.code(),
        "account": notice.slot.account.to_string(),
        "month": notice.slot.month.map(|month| month.to_string()),
        "before": version(&notice.before),
        "after": notice.after.as_ref().map(version),
        "shown_by_entries": notice.inquiries,
        "correction_delivery": notice.correction.0,
        "reason": {"rule": notice.reason.rule, "code": notice.reason.code},
    })
}
