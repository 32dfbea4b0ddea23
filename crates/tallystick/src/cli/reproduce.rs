//! `reproduce`: a past answer, made once more and compared with what was told.

use anyhow::Result;
use serde_json::json;
use tallystick_operations::reproduce::{Finding, reproduce};
use tallystick_receipt::{DOCUMENT_BYTES_MAX, Document, Witnesses};

use super::{End, Told, args, line, policy, receipt};
use crate::config;

pub(super) fn run(args: &args::Reproduce) -> Result<Told> {
    let others = args.rulebooks.iter().map(|text| policy::rulebook(text)).collect::<Result<Vec<_>>>()?;
    let text = receipt::read(&args.receipt)?;
    let bureau = config::open(&args.folder.folder)?;
    let key = tallystick_operations::log_key::history(&bureau);
    let read = Document::parse(&text, DOCUMENT_BYTES_MAX);
    let document = match read.and_then(|read| read.check(&key, Witnesses::default()).map(|_| read)) {
        Ok(document) => document,
        Err(fault) => {
            let told = json!({"result": "rejected", "fault": fault.code(), "message": fault.to_string()});
            return Ok(Told::new(End::Rejected, vec![line("reject", fault)], told));
        }
    };
    let reproduced = reproduce(&bureau, &others, &document)?;
    let (at, index, rulebook) = (reproduced.at, reproduced.index, &reproduced.rulebook);
    let mut lines = vec![line("past", format_args!("entry {index}, answered {at} by rulebook {rulebook}"))];
    let (mut removed_by, mut differs): (&[u64], Vec<&str>) = (&[], Vec::new());
    let (end, result) = match &reproduced.finding {
        Finding::Same => {
            lines.push(line("ok", "the same decision and the same answer, bit for bit"));
            (End::Ok, "same")
        }
        Finding::Removed(entries) => {
            removed_by = entries;
            let named: Vec<_> = entries.iter().map(u64::to_string).collect();
            let named = named.join(" ");
            lines.push(line(
                "ok",
                format_args!("the same decision; of what was told, data was removed since by entries {named}"),
            ));
            (End::Ok, "removed")
        }
        Finding::Differs(what) => {
            differs.clone_from(what);
            lines.extend(what.iter().map(|what| line("differs", format_args!("{what} is not what the record says"))));
            (End::CouldNotRun, "differs")
        }
        Finding::NoRulebook => {
            let what =
                format!("`{rulebook}` with the text that was in force then is not at hand: `--rulebook` names it");
            lines.push(line("missing", what));
            (End::CouldNotRun, "no_rulebook")
        }
    };
    lines.extend(reproduced.answered.map(|answered| line("answer", answered)));
    let hash = reproduced.report_hash.map(hex::encode);
    lines.extend(hash.as_ref().map(|hash| line("report", format_args!("sha256 {hash}"))));
    let told = json!({
        "result": result,
        "entry": index,
        "at": at.to_string(),
        "subject": reproduced.subject.to_string(),
        "rulebook": rulebook,
        "removed_by_entries": removed_by,
        "differs": differs,
        "answer": reproduced.answered.map(|answered| answered.code()),
        "report_sha256": hash,
    });
    Ok(Told::new(end, lines, told))
}
