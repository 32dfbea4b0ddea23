//! `charter` and its commands; `draft` and `sign-vote` need no bureau, so that keys stay where their holders are.

pub(super) mod args;
pub(super) mod file;
mod words;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tallystick_model::charter::{
    Artefact, Ballot, Choice, Measure, Partner, Proposal, SignedBallot, SignedProposal, WHOLE_BP,
};
use tallystick_model::event::Event;
use tallystick_model::signature::SecretKey;
use tallystick_model::{SubjectId, Timestamp};
use tallystick_operations::Bureau;
use tallystick_operations::charter::{Stood, enact, find, list, propose, vote};
use tallystick_policy::charter::{Government, Standing};

use self::words::percent;
use super::{End, Told, json::recorded, line, parse, render};
use crate::{clock, config, keyring};

pub(super) fn run(command: &args::Charter) -> Result<Told> {
    match command {
        args::Charter::Show(args) => show(args),
        args::Charter::Draft(args) => draft(args),
        args::Charter::Propose(args) => {
            let signed: SignedProposal = file::statement(file::PROPOSAL, &args.proposal)?;
            let bureau = config::open(&args.folder.folder)?;
            let now = clock::now();
            let (hash, left) = propose(&bureau, signed, now)?;
            let stood = find(&bureau, &hash.to_string(), now)?;
            let mut lines = told(&stood);
            lines.extend(words::changes(&bureau, &stood.motion.proposal.measure));
            lines.push(render::receipt(&left));
            Ok(Told::new(
                End::Ok,
                lines,
                json!({"result": "ok", "proposal": object(&stood), "recorded": recorded(&left)}),
            ))
        }
        args::Charter::SignVote(args) => sign_vote(args),
        args::Charter::Vote(args) => {
            let signed: SignedBallot = file::statement(file::BALLOT, &args.ballot)?;
            let bureau = config::open(&args.folder.folder)?;
            let (voter, choice) = (signed.ballot.voter.clone(), signed.ballot.choice);
            let (stood, left) = vote(&bureau, signed, clock::now())?;
            let mut lines = vec![line("ok", format_args!("`{voter}` votes {choice}"))];
            lines.extend(told(&stood));
            lines.push(render::receipt(&left));
            let json = json!({"result": "ok", "voter": voter, "choice": choice.code(), "proposal": object(&stood),
                "recorded": recorded(&left)});
            Ok(Told::new(End::Ok, lines, json))
        }
        args::Charter::Enact(args) => {
            let bureau = config::open(&args.folder.folder)?;
            let now = clock::now();
            let found = find(&bureau, &args.proposal, now)?;
            let hash = found.motion.hash;
            let changes = words::changes(&bureau, &found.motion.proposal.measure);
            let (stood, left) = enact(&bureau, hash, now)?;
            let mut lines = vec![line("ok", format_args!("in force: {}", measure(&stood.motion.proposal.measure)))];
            lines.extend(said(&stood.motion.proposal));
            lines.extend(changes);
            lines.push(render::receipt(&left));
            Ok(Told::new(
                End::Ok,
                lines,
                json!({"result": "ok", "proposal": object(&stood), "recorded": recorded(&left)}),
            ))
        }
    }
}

fn draft(args: &args::Draft) -> Result<Told> {
    let proposal = Proposal {
        charter: file::charter_id(&args.charter)?,
        proposer: args.proposer.clone(),
        measure: file::measure(&args.measure)?,
        effective_from: parse::timestamp("effective", &args.effective)?,
        reason: args.reason.clone(),
    };
    proposal.check()?;
    let mut lines = vec![line("ok", format_args!("proposal {} is in `{}`", proposal.hash(), args.out.display()))];
    lines.extend(said(&proposal));
    let hash = proposal.hash().to_string();
    let signed = proposal.signed(&SecretKey::new(keyring::read(&args.key)?));
    config::write_new(&args.out, &file::armoured(file::PROPOSAL, &signed))?;
    Ok(Told::new(End::Ok, lines, json!({"result": "ok", "proposal": hash, "file": args.out})))
}

fn sign_vote(args: &args::SignVote) -> Result<Told> {
    let SignedProposal { proposal, .. } = file::statement(file::PROPOSAL, &args.proposal)?;
    let choice = parse::coded("choice", &args.choice, Choice::ALL.iter().copied(), Choice::code)?;
    ensure!(args.turn > 0, "`--turn`: expected 1 or more");
    let (charter, hash, voter, turn) = (proposal.charter, proposal.hash(), args.voter.clone(), args.turn);
    let ballot = Ballot { charter, proposal: hash, voter, choice, turn };
    let signed = ballot.signed(&SecretKey::new(keyring::read(&args.key)?));
    config::write_new(&args.out, &file::armoured(file::BALLOT, &signed))?;
    let mut lines = said(&proposal);
    lines.push(line("ok", format_args!("`{}` votes {choice} in `{}`", args.voter, args.out.display())));
    let json = json!({"result": "ok", "proposal": hash.to_string(), "voter": args.voter, "choice": choice.code(),
        "turn": turn, "file": args.out});
    Ok(Told::new(End::Ok, lines, json))
}

fn show(args: &args::Show) -> Result<Told> {
    let bureau = config::open(&args.folder.folder)?;
    let now = clock::now();
    if let Some(text) = &args.proposal {
        let stood = find(&bureau, text, now)?;
        if let Some(out) = &args.out {
            config::write_new(out, &file::armoured(file::PROPOSAL, &as_signed(&bureau, &stood)?))?;
        }
        let mut lines = told(&stood);
        lines.extend(words::changes(&bureau, &stood.motion.proposal.measure));
        return Ok(Told::new(End::Ok, lines, json!({"result": "ok", "proposal": object(&stood)})));
    }
    let government = bureau.government().clone();
    let Some(government) = government else {
        let what = "founded without one: its operator governs this bureau alone, and nothing is voted on";
        return Ok(Told::new(End::Ok, vec![line("charter", what)], json!({"result": "ok", "charter": null})));
    };
    let stood = list(&bureau, now);
    let mut lines = governed(&government);
    lines.extend(stood.iter().map(one));
    Ok(Told::new(End::Ok, lines, all(&government, &stood)))
}

/// The proposal as it was signed and recorded.
fn as_signed(bureau: &Bureau, stood: &Stood) -> Result<SignedProposal> {
    let events = bureau.snapshot().events(SubjectId::BUREAU)?;
    let signed = events.into_iter().find_map(|recorded| match recorded.event {
        Event::DecisionProposed(signed) if signed.proposal.hash() == stood.motion.hash => Some(*signed),
        _ => None,
    });
    signed.ok_or_else(|| anyhow::anyhow!("the proposal is not in the log"))
}

fn governed(government: &Government) -> Vec<String> {
    let mut lines = vec![line("charter", format_args!("{}", government.id()))];
    lines.extend(words::charter(government.charter()));
    let categories: Vec<_> = government.collected().iter().map(|category| category.code()).collect();
    lines.push(line("collect", if categories.is_empty() { "nothing".to_owned() } else { categories.join(", ") }));
    lines.extend(government.accepted().map(|Artefact { matter, name, hash }| {
        let hash = hex::encode(hash.get(..8).unwrap_or_default());
        line("accept", format_args!("{matter} `{name}`, text {hash}"))
    }));
    lines.extend(government.to_admit().iter().map(|terms| {
        line("admit", format_args!("{} ({}) as {}: decided, not admitted yet", terms.code, terms.name, terms.kind))
    }));
    lines.extend(
        government
            .staff()
            .map(|staff| line("staff", format_args!("{} ({}) as {}", staff.code, staff.name, staff.role))),
    );
    if let Some(at) = government.wound_down_at() {
        lines.push(line("ended", format_args!("{at}")));
    }
    lines
}

/// A measure in words.
fn measure(measure: &Measure) -> String {
    match measure {
        Measure::Collect(category) => format!("collect `{category}`"),
        Measure::CollectNoMore(category) => format!("collect `{category}` no more"),
        Measure::Accept(artefact) => {
            format!("accept {} `{}`, text {}", artefact.matter, artefact.name, hex::encode(artefact.hash))
        }
        Measure::Retire(matter, name) => format!("retire {matter} `{name}`"),
        Measure::Admit(terms) => {
            let roles: Vec<_> = terms.roles.iter().map(|role| role.code()).collect();
            let (roles, duty) = (roles.join(" and "), terms.duty);
            format!("admit {} ({}) as {} {roles}, consent duty {duty}", terms.code, terms.name, terms.kind)
        }
        Measure::Enrol(staff) => {
            format!("enrol {} ({}) as {}, key {}", staff.code, staff.name, staff.role, staff.key)
        }
        Measure::Dismiss(code) => format!("dismiss `{code}`"),
        Measure::WindDown(end) => format!("end the bureau by {}: {} (notice: {})", end.way, end.receiver, end.notice),
        Measure::TurnLogKey(key) => format!("let the key {key} sign the log next"),
        Measure::Amend(charter) => {
            let partner =
                |partner: &Partner| format!("{} {} % {}", partner.code, percent(partner.weight_bp), partner.key);
            let partners: Vec<_> = charter.partners.iter().map(partner).collect();
            format!("amend the charter: {}", partners.join(", "))
        }
    }
}

/// What a voter reads before signing: of an amendment every line of the new charter.
fn said(proposal: &Proposal) -> Vec<String> {
    let mut lines = vec![
        line("measure", measure(&proposal.measure)),
        line("matter", format_args!("{}, proposed by `{}`", proposal.measure.matter(), proposal.proposer)),
        line("from", format_args!("{}", proposal.effective_from)),
        line("reason", &proposal.reason),
        line("charter", format_args!("{}", proposal.charter)),
    ];
    if let Measure::Amend(charter) = &proposal.measure {
        lines.extend(words::charter(charter).iter().map(|said| line("new", said)));
    }
    lines
}

/// One line of a list.
fn one(stood: &Stood) -> String {
    let (hash, verdict) = (stood.motion.hash.to_string(), &stood.verdict);
    let short = hash.get(..16).unwrap_or(&hash);
    let what = measure(&stood.motion.proposal.measure);
    line("motion", format_args!("{short} {}: {what}; {}", verdict.standing.code(), verdict.ground))
}

/// All of one proposal.
fn told(stood: &Stood) -> Vec<String> {
    let Stood { motion, verdict } = stood;
    let mut lines = vec![line("motion", format_args!("{}", motion.hash))];
    lines.extend(said(&motion.proposal));
    lines.push(line(verdict.standing.code(), format_args!(" {}", verdict.ground)));
    let count = verdict.count;
    let absent = WHOLE_BP.saturating_sub(count.in_favour_bp + count.against_bp + count.abstaining_bp);
    lines.push(line(
        "votes",
        format_args!(
            "{} % in favour, {} against, {} abstaining, {} not voted; the share is {}",
            percent(count.in_favour_bp),
            percent(count.against_bp),
            percent(count.abstaining_bp),
            percent(absent),
            percent(verdict.share_bp)
        ),
    ));
    let until = if verdict.standing == Standing::Open { "until" } else { "ended" };
    lines.push(line("voting", format_args!("{until} {}", verdict.closes_at)));
    if let Some((from, until)) = verdict.enactable {
        lines.push(line("enact", format_args!("from {from}, before {until}")));
    }
    lines.extend(
        motion.casts.iter().map(|cast| {
            line("vote", format_args!("{} {} at {}, turn {}", cast.voter, cast.choice, cast.at, cast.turn))
        }),
    );
    lines
}

fn object(stood: &Stood) -> Value {
    let Stood { motion, verdict } = stood;
    let time = |at: Timestamp| at.to_string();
    json!({
        "hash": motion.hash.to_string(),
        "matter": motion.proposal.measure.matter().code(),
        "measure": measure(&motion.proposal.measure),
        "proposer": motion.proposal.proposer,
        "reason": motion.proposal.reason,
        "effective_from": time(motion.proposal.effective_from),
        "proposed_at": time(motion.proposed_at),
        "standing": verdict.standing.code(),
        "ground": verdict.ground.code(),
        "in_favour_bp": verdict.count.in_favour_bp,
        "against_bp": verdict.count.against_bp,
        "abstaining_bp": verdict.count.abstaining_bp,
        "share_bp": verdict.share_bp,
        "closes_at": time(verdict.closes_at),
        "enactable_from": verdict.enactable.map(|(from, _)| time(from)),
        "enactable_before": verdict.enactable.map(|(_, until)| time(until)),
        "votes": motion.casts.iter().map(|cast| {
            json!({"voter": cast.voter, "choice": cast.choice.code(), "turn": cast.turn, "at": time(cast.at)})
        }).collect::<Vec<_>>(),
    })
}

fn all(government: &Government, stood: &[Stood]) -> Value {
    let charter = government.charter();
    json!({
        "result": "ok",
        "charter": government.id().to_string(),
        "partners": charter.partners.iter().map(|partner| {
            json!({"code": partner.code, "name": partner.name, "key": partner.key.to_string(),
                "weight_bp": partner.weight_bp})
        }).collect::<Vec<_>>(),
        "seats": charter.seats.iter().map(|seat| {
            json!({"code": seat.code, "name": seat.name, "key": seat.key.to_string(),
                "vetoes": seat.vetoes.iter().map(|matter| matter.code()).collect::<Vec<_>>()})
        }).collect::<Vec<_>>(),
        "rules": charter.rules.iter().map(|rule| {
            json!({"matter": rule.matter.code(), "share_bp": rule.share_bp, "quorum_bp": rule.quorum_bp,
                "consent_of": rule.consent_of})
        }).collect::<Vec<_>>(),
        "collected": government.collected().iter().map(|category| category.code()).collect::<Vec<_>>(),
        "accepted": government.accepted().map(|artefact| {
            json!({"matter": artefact.matter.code(), "name": artefact.name, "hash": hex::encode(artefact.hash)})
        }).collect::<Vec<_>>(),
        "to_admit": government.to_admit().iter().map(|terms| terms.code.clone()).collect::<Vec<_>>(),
        "staff": government.staff().map(|staff| {
            json!({"code": staff.code, "name": staff.name, "role": staff.role.code()})
        }).collect::<Vec<_>>(),
        "wound_down_at": government.wound_down_at().map(|at| at.to_string()),
        "proposals": stood.iter().map(object).collect::<Vec<_>>(),
    })
}
