//! `request`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tallystick_model::DataCategory;
use tallystick_model::rights::{RequestAnswer, RequestGround};
use tallystick_operations::Bureau;
use tallystick_operations::dispute::DisputeName;
use tallystick_operations::request::{self, Asking, Verdict};

use super::{args, evidence, told, words};
use crate::cli::{
    End, Told, consent,
    json::{put, recorded},
    line, parse, render,
};
use crate::{clock, config};

pub(in crate::cli) fn run(command: &args::Request) -> Result<Told> {
    match command {
        args::Request::File(file) => self::file(file),
        args::Request::List(of) => {
            let subject = parse::subject(&of.subject.subject)?;
            let bureau = config::open(&of.folder.folder)?;
            let (_, requests) = request::list(&bureau, &subject)?;
            let lines = requests.iter().map(|state| line("request", told::request(state))).collect();
            let values: Vec<Value> = requests.iter().map(told::request_value).collect();
            Ok(Told::new(End::Ok, lines, json!({"result": "ok", "requests": values})))
        }
        args::Request::Queue(folder) => {
            let bureau = config::open(&folder.folder)?;
            let (mut lines, mut values) = (Vec::new(), Vec::new());
            for (subject, state) in request::queue(&bureau)? {
                let name = DisputeName { subject, entry: state.entry };
                lines.push(line("due", format_args!("{name}: {}", told::request(&state))));
                let mut value = told::request_value(&state);
                put(&mut value, "request", json!(name.to_string()));
                // Whoever answers reads what the subject says.
                put(&mut value, "words", json!(state.request.words.expose()));
                values.push(value);
            }
            if lines.is_empty() {
                lines.push(line("ok", "no request waits for an answer"));
            }
            Ok(Told::new(End::Ok, lines, json!({"result": "ok", "queue": values})))
        }
        args::Request::Answer(answer) => self::answer(answer),
    }
}

fn file(file: &args::FileRequest) -> Result<Told> {
    let category =
        |text: &String| parse::coded("category", text, DataCategory::ALL.iter().copied(), DataCategory::code);
    let bureau = config::open(&file.of.folder.folder)?;
    let asking = Asking {
        identifier: parse::subject(&file.of.subject.subject)?,
        furnisher: file.furnisher.clone(),
        categories: file.categories.iter().map(category).collect::<Result<_>>()?,
        ground: parse::coded("ground", &file.ground, RequestGround::ALL.iter().copied(), RequestGround::code)?,
        words: words(&file.words)?,
        evidence: evidence(file.evidence.as_deref())?,
        acting: consent::acting(&bureau, &file.acting)?,
    };
    let (filed, left) = request::file(&bureau, &asking, clock::now())?;
    let name = DisputeName { subject: filed.subject, entry: left.receipt.index };
    let due = filed.answer_by.map_or(String::new(), |by| format!(", to be answered by {by}"));
    let mut lines = vec![line("ok", format_args!("request {name} is filed{due} ({})", filed.rule))];
    if filed.ground == RequestGround::Objection {
        lines.push(line("held", "until it is answered nobody but the subject is shown what it is about"));
    }
    lines.push(render::receipt(&left));
    let told = json!({"result": "ok", "request": name.to_string(), "entry": left.receipt.index,
        "answer_by": filed.answer_by.map(|at| at.to_string()), "rule": filed.rule, "recorded": recorded(&left)});
    Ok(Told::new(End::Ok, lines, told))
}

fn answer(answer: &args::AnswerRequest) -> Result<Told> {
    let name = DisputeName::parse(&answer.request).context("`--request`: expected PSEUDONYM/ENTRY of the queue")?;
    let verdict = match answer.outcome.as_str() {
        "granted" => Verdict::Grant,
        "refused" => Verdict::Refuse,
        _ => bail!("`--outcome`: expected `granted` or `refused`"),
    };
    let bureau = config::open(&answer.folder.folder)?;
    let (answered, left) = request::answer(&bureau, name, verdict, &answer.words, clock::now())?;
    let files = notices(&answer.folder.folder, &bureau, &answered, left.receipt.index)?;
    let what = match &answered.erasure {
        None => "refused: what it is about stays".to_owned(),
        Some(erasure) => {
            let facts = render::counted(erasure.slots.len() as u64, "fact");
            format!("granted: {facts} erased, `compact` takes them off the disk")
        }
    };
    let mut lines = vec![line("ok", format_args!("request {name} is {what}"))];
    lines.extend(files.iter().map(|path| line("notice", path)));
    lines.push(render::receipt(&left));
    let told = json!({"result": "ok", "request": name.to_string(), "outcome": answer.outcome,
        "erased_facts": answered.erasure.as_ref().map(|erasure| erasure.slots.len()), "notices": files,
        "recorded": recorded(&left)});
    Ok(Told::new(End::Ok, lines, told))
}

/// Writes what recipients are told of an erasure: `notices/RECIPIENT/ENTRY.json`.
fn notices(folder: &Path, bureau: &Bureau, answer: &RequestAnswer, index: u64) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for recipient in &answer.recipients {
        let member = bureau.snapshot().member_by_number(recipient.member).map(|member| member.code.clone());
        let member = member.unwrap_or_else(|| recipient.member.to_string());
        let to = folder.join("notices").join(&member);
        config::create_private_folder(&to)?;
        let path = to.join(format!("{index}.json"));
        let notice = json!({
            "notice": "erased_on_request",
            "to": member,
            "subject": answer.subject.to_string(),
            "categories": recipient.categories.iter().map(|category| category.code()).collect::<Vec<_>>(),
            "inquiries": recipient.inquiries,
            "asked": "The answers to these inquiries showed this data, which is erased now. Stop processing it, and erase it \
                      unless a law has you keep it.",
        });
        config::write_private(&path, &format!("{notice:#}\n"))?;
        files.push(path.display().to_string());
    }
    Ok(files)
}
