//! `policy rules`, `policy replay` and `policy diff`.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tallystick_model::inquiry::Detail;
use tallystick_operations::Bureau;
use tallystick_operations::replay::{Difference, GateDifference, TOLD_MAX, Verdict, What, compare, replay};
use tallystick_policy::{Admission, ConsentNeed, Rulebook};

use super::render::counted;
use super::{End, Told, args, json as object, line, parse};
use crate::config;

/// Differences told to people one by one; `--json` has a thousand.
const SHOWN: usize = 20;

pub(super) fn run(command: &args::Policy) -> Result<Told> {
    match command {
        args::Policy::Rules(args) => rules(args),
        args::Policy::Replay(args) => again(args),
        args::Policy::Diff(args) => diff(args),
    }
}

/// A rulebook by its name, or of a folder with `access.cedar` and `rulebook.toml` that has the rulebook's name.
pub(super) fn rulebook(text: &str) -> Result<Rulebook> {
    let folder = Path::new(text);
    if Rulebook::names().contains(&text) || !folder.is_dir() {
        return Rulebook::built_in(text).with_context(|| format!("rulebook `{text}`, which is no folder either"));
    }
    let folder = folder.canonicalize().with_context(|| format!("`{text}`"))?;
    let name = folder.file_name().and_then(|name| name.to_str()).with_context(|| format!("`{text}` has no name"))?;
    let access = config::read_small(&folder.join("access.cedar"))?;
    let toml = config::read_small(&folder.join("rulebook.toml"))?;
    Ok(Rulebook::from_texts(name, &access, &toml)?)
}

fn rules(args: &args::PolicyRules) -> Result<Told> {
    let rulebook = rulebook(&args.rulebook)?;
    let mut lines = vec![line(
        "rules",
        format_args!(
            "{}, sha256 {}: {}",
            rulebook.label(),
            hex::encode(rulebook.hash()),
            counted(rulebook.rules().count() as u64, "rule")
        ),
    )];
    let (mut all, sayings) = (Vec::new(), rulebook.sayings());
    for rule in rulebook.rules().filter(|rule| args.rule.as_ref().is_none_or(|id| *id == rule.id)) {
        lines.push(line(
            "rule",
            format_args!("{}: {} ({}; {})", rule.id, rule.title, rule.source, rule.confidence.code()),
        ));
        let says = sayings.iter().filter(|saying| saying.rule == rule.id);
        lines.extend(says.clone().map(|saying| line("", format_args!("{}: {}", saying.name, saying.words))));
        all.push(json!({
            "id": rule.id, "title": rule.title, "source": rule.source, "confidence": rule.confidence.code(),
            "says": says.map(|saying| json!({"name": saying.name, "words": saying.words})).collect::<Vec<_>>(),
        }));
    }
    if let Some(id) = args.rule.as_ref().filter(|_| all.is_empty()) {
        anyhow::bail!("`--rule`: rulebook {} has no rule `{id}`", rulebook.label());
    }
    let json = json!({
        "result": "ok", "rulebook": rulebook.label(), "sha256": hex::encode(rulebook.hash()), "rules": all,
    });
    Ok(Told::new(End::Ok, lines, json))
}

fn again(args: &args::PolicyReplay) -> Result<Told> {
    let others = args.rulebooks.iter().map(|text| rulebook(text)).collect::<Result<Vec<_>>>()?;
    let since = args.since.as_deref().map(|text| parse::timestamp("since", text)).transpose()?;
    let bureau = config::open(&args.folder.folder)?;
    let replayed = replay(&bureau, &others, since)?;
    let mut lines = Vec::new();
    if replayed.is_sound() {
        lines.push(line(
            "ok",
            format_args!("{} decided again, all as they were", counted(replayed.decisions, "decision")),
        ));
    } else {
        let (of, different) = (counted(replayed.decisions, "decision"), replayed.different);
        lines.push(line("found", format_args!("{different} of {of} come to something else")));
    }
    lines.extend(replayed.differences.iter().take(SHOWN).flat_map(|difference| told(&bureau, difference)));
    for index in replayed.wrongly_weighed.iter().take(SHOWN) {
        lines.push(line("found", format_args!("entry {index} was not decided on what the log says before it")));
    }
    for (label, count) in &replayed.without_rulebook {
        let what = counted(*count, "decision");
        lines.push(line("note", format_args!("{what} by rulebook {label}, which is not at hand: `--rulebook DIR`")));
    }
    let json = json!({
        "result": if replayed.is_sound() { "ok" } else { "different" },
        "decisions": replayed.decisions,
        "different": replayed.different,
        "differences": replayed.differences.iter().map(|difference| json_of(&bureau, difference)).collect::<Vec<_>>(),
        "wrongly_weighed": replayed.wrongly_weighed,
        "without_rulebook": replayed.without_rulebook,
    });
    Ok(Told::new(if replayed.is_sound() { End::Ok } else { End::CouldNotRun }, lines, json))
}

fn diff(args: &args::PolicyDiff) -> Result<Told> {
    let (old, new) = (rulebook(&args.old)?, rulebook(&args.new)?);
    let since = args.since.as_deref().map(|text| parse::timestamp("since", text)).transpose()?;
    let bureau = config::open(&args.folder.folder)?;
    let compared = compare(&bureau, &old, &new, since)?;
    let (decisions, different) = (counted(compared.decisions, "decision"), compared.different);
    let mut lines = vec![
        line("diff", format_args!("{} to {}: {different} of {decisions} would differ", old.label(), new.label())),
        line(
            "diff",
            format_args!(
                "{} newly permitted, {} newly denied, {} more for other reasons only",
                compared.newly_permitted, compared.newly_denied, compared.for_other_reasons
            ),
        ),
    ];
    lines.extend(compared.differences.iter().take(SHOWN).flat_map(|difference| told(&bureau, difference)));
    if compared.different > SHOWN as u64 {
        let most = compared.different.min(TOLD_MAX as u64);
        lines.push(line("", format_args!("… {} more; `--json` has {most}", compared.different - SHOWN as u64)));
    }
    lines.extend(compared.gates.iter().map(|gate| {
        let GateDifference { furnisher, about, category, before, after } = gate;
        let (code, before, after) = (code(&bureau, *furnisher), admission(before), admission(after));
        line("gate", format_args!("{code} {category} of a {about}: {before}; then {after}"))
    }));
    let json = json!({
        "result": "ok",
        "old": old.label(),
        "new": new.label(),
        "decisions": compared.decisions,
        "different": compared.different,
        "newly_permitted": compared.newly_permitted,
        "newly_denied": compared.newly_denied,
        "for_other_reasons": compared.for_other_reasons,
        "differences": compared.differences.iter().map(|difference| json_of(&bureau, difference)).collect::<Vec<_>>(),
        "gates": compared.gates.iter().map(|gate| json!({
            "furnisher": code(&bureau, gate.furnisher),
            "about": gate.about.code(),
            "category": gate.category.code(),
            "before": admission(&gate.before),
            "after": admission(&gate.after),
        })).collect::<Vec<_>>(),
    });
    Ok(Told::new(End::Ok, lines, json))
}

fn code(bureau: &Bureau, number: u16) -> String {
    let snapshot = bureau.snapshot();
    snapshot.member_by_number(number).map_or_else(|| number.to_string(), |member| member.code.clone())
}

fn what(bureau: &Bureau, what: What) -> String {
    match what {
        What::Inquiry(purpose, None) => purpose.code().to_owned(),
        What::Inquiry(purpose, Some(asked)) => format!("{purpose} {asked}"),
        What::OwnReport => "own report".to_owned(),
        What::Transfer(category, to) => format!("transfer of {category} to {}", code(bureau, to)),
    }
}

fn told(bureau: &Bureau, difference: &Difference) -> [String; 3] {
    let by = difference.by.map_or("the subject".to_owned(), |by| code(bureau, by));
    let Difference { index, at, subject, .. } = difference;
    let head = format!("entry {index}, {}: {by}, {}, subject {subject}", at.date(), what(bureau, difference.what));
    [
        line("differs", head),
        line("", format_args!("before {}", verdict(&difference.before))),
        line("", format_args!("after  {}", verdict(&difference.after))),
    ]
}

fn verdict(verdict: &Verdict) -> String {
    let reasons: Vec<_> = verdict.reasons.iter().map(|reason| format!("{} {}", reason.rule, reason.code)).collect();
    let reasons = reasons.join(", ");
    if !verdict.permitted {
        return format!("deny {reasons}");
    }
    let released: Vec<_> = verdict.released.iter().flatten().map(|category| category.code()).collect();
    let detail = verdict.detail.filter(|detail| *detail != Detail::Whole);
    let detail = detail.map_or(String::new(), |detail| format!(" ({detail})"));
    if released.is_empty() {
        return format!("permit {reasons}");
    }
    format!("permit {reasons}: {}{detail}", released.join(","))
}

fn admission(admission: &Admission) -> String {
    match admission {
        Admission::NotAdmitted { reasons } => {
            let rules: Vec<_> = reasons.iter().map(|reason| format!("{} {}", reason.rule, reason.code)).collect();
            format!("not admitted ({})", rules.join(", "))
        }
        Admission::Admitted { need: ConsentNeed::Nothing, .. } => "admitted".to_owned(),
        Admission::Admitted { need: ConsentNeed::Attested, .. } => "admitted with attested consent".to_owned(),
        Admission::Admitted { need: ConsentNeed::Recorded(form), .. } => {
            format!("admitted with consent on record, {form} or stronger")
        }
        Admission::Admitted { need: ConsentNeed::Separate(form), .. } => {
            format!("admitted with consent on record, {form} or stronger, tied to nothing else")
        }
    }
}

fn json_of(bureau: &Bureau, difference: &Difference) -> Value {
    let one = |verdict: &Verdict| {
        json!({
            "permitted": verdict.permitted,
            "reasons": object::reasons(&verdict.reasons),
            "consent": verdict.consent.map(|consent| consent.to_string()),
            "detail": verdict.detail.map(|detail| detail.code()),
            "released": verdict.released.as_ref().map(|released| {
                released.iter().map(|category| category.code()).collect::<Vec<_>>()
            }),
        })
    };
    json!({
        "entry": difference.index,
        "at": difference.at.to_string(),
        "subject": difference.subject.to_string(),
        "by": difference.by.map(|by| code(bureau, by)),
        "what": what(bureau, difference.what),
        "before": one(&difference.before),
        "after": one(&difference.after),
    })
}
