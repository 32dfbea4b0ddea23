//! `member admit` and `member list`.

use anyhow::Result;
use serde_json::{Value, json};
use tallystick_model::Timestamp;
use tallystick_model::member::{ConsentDuty, Member, MemberKind, MemberRole};
use tallystick_operations::Bureau;
use tallystick_operations::member::{Application, admit};

use super::{End, Told, args, json::recorded, line, parse, render};
use crate::{clock, config};

pub(super) fn run(command: &args::Member) -> Result<Told> {
    match command {
        args::Member::Admit(args) => {
            let roles: Result<Vec<_>> = (args.roles.iter())
                .map(|role| parse::coded("role", role, MemberRole::ALL.iter().copied(), MemberRole::code))
                .collect();
            let duty =
                parse::coded("consent-duty", &args.consent_duty, ConsentDuty::ALL.iter().copied(), ConsentDuty::code)?;
            let application = Application {
                code: args.code.clone(),
                name: args.name.clone(),
                kind: parse::coded("kind", &args.kind, MemberKind::ALL.iter().copied(), MemberKind::code)?,
                roles: roles?,
                duty,
            };
            let bureau = config::open(&args.folder.folder)?;
            tell_admission(&bureau, application, clock::now())
        }
        args::Member::List(args) => {
            let bureau = config::open(&args.folder.folder)?;
            let snapshot = bureau.snapshot();
            let members = snapshot.members();
            Ok(Told::new(
                End::Ok,
                members.iter().map(|member| line("member", one(member))).collect(),
                json!({"result": "ok", "members": members.iter().map(object).collect::<Vec<_>>()}),
            ))
        }
    }
}

/// Admits a member and tells it.
pub(super) fn tell_admission(bureau: &Bureau, application: Application, now: Timestamp) -> Result<Told> {
    let (member, left) = admit(bureau, application, now)?;
    Ok(Told::new(
        End::Ok,
        vec![line("ok", format_args!("admitted {}", one(&member))), render::receipt(&left)],
        json!({"result": "ok", "member": object(&member), "recorded": recorded(&left)}),
    ))
}

fn one(member: &Member) -> String {
    let roles: Vec<_> = member.roles.iter().map(|role| role.code()).collect();
    format!(
        "{} ({}) as {} {}, consent duty {}",
        member.code,
        member.name,
        member.kind,
        roles.join(" and "),
        member.duty
    )
}

fn object(member: &Member) -> Value {
    json!({
        "number": member.number,
        "code": member.code,
        "name": member.name,
        "kind": member.kind.code(),
        "roles": member.roles.iter().map(|role| role.code()).collect::<Vec<_>>(),
        "consent_duty": member.duty.code(),
    })
}
