//! `staff list` and `staff register`.

use anyhow::Result;
use serde_json::json;
use tallystick_operations::staff::register;

use super::charter::args;
use super::{End, Told, line};
use crate::config;

pub(super) fn run(command: &args::Staff) -> Result<Told> {
    match command {
        args::Staff::List(args) => {
            let bureau = config::open(&args.folder.folder)?;
            let staff: Vec<_> =
                bureau.government().as_ref().map_or_else(Vec::new, |government| government.staff().cloned().collect());
            let mut lines: Vec<_> = staff
                .iter()
                .map(|one| line("staff", format_args!("{} ({}) as {}, key {}", one.code, one.name, one.role, one.key)))
                .collect();
            if lines.is_empty() {
                lines.push(line("ok", "nobody is enrolled: acts are not signed for"));
            }
            let json = staff.iter().map(
                |one| json!({"code": one.code, "name": one.name, "role": one.role.code(), "key": one.key.to_string()}),
            );
            Ok(Told::new(End::Ok, lines, json!({"result": "ok", "staff": json.collect::<Vec<_>>()})))
        }
        args::Staff::Register(args) => {
            let bureau = config::open(&args.folder.folder)?;
            let acts = register(&bureau, args.staff.as_deref())?;
            let mut lines: Vec<_> = acts
                .iter()
                .map(|act| {
                    let who = act.who.as_ref().map_or(String::new(), |(name, role)| format!(" ({name}, {role})"));
                    let whom = act.subject.map_or(String::new(), |subject| format!(" about {subject}"));
                    let rest = format!("{} {}{who}: {}{whom}, {}", act.at, act.staff, act.kind, act.reason);
                    line("act", format_args!("entry {}, {rest}", act.index))
                })
                .collect();
            if lines.is_empty() {
                lines.push(line("ok", "no acts"));
            }
            let json = acts.iter().map(|act| {
                json!({
                    "index": act.index,
                    "at": act.at.to_string(),
                    "staff": act.staff,
                    "name": act.who.as_ref().map(|(name, _)| name),
                    "role": act.who.as_ref().map(|(_, role)| role.code()),
                    "kind": act.kind.code(),
                    "subject": act.subject.map(|subject| subject.to_string()),
                    "reason": act.reason,
                })
            });
            Ok(Told::new(End::Ok, lines, json!({"result": "ok", "acts": json.collect::<Vec<_>>()})))
        }
    }
}
