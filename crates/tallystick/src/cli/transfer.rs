//! `transfer`.

use anyhow::Result;
use serde_json::json;
use tallystick_model::DataCategory;
use tallystick_operations::transfer::{Transfer, transfer};

use super::{End, Told, args, json as object, line, parse, render};
use crate::{clock, config};

pub(super) fn run(args: &args::Transfer) -> Result<Told> {
    let asked = Transfer {
        from: args.from.clone(),
        to: args.to.clone(),
        identifier: parse::subject(&args.subject.subject)?,
        category: parse::coded("category", &args.category, DataCategory::ALL.iter().copied(), DataCategory::code)?,
    };
    let bureau = config::open(&args.folder.folder)?;
    let said = transfer(&bureau, &asked, clock::now())?;
    let word = if said.permitted { "permit" } else { "deny" };
    let mut lines = render::reasons(word, &said.reasons);
    let whether = |is: bool| if is { "" } else { "not " };
    let (furnished, received) = (whether(said.furnished), whether(said.received));
    let what = format!("{} of this subject was {furnished}furnished by {}", asked.category, asked.from);
    lines.push(line("known", format_args!("{what} and {received}shown to it")));
    lines.push(render::receipt(&said.recorded));
    let json = json!({
        "result": if said.permitted { "permitted" } else { "denied" },
        "subject": said.subject.to_string(),
        "rulebook": said.rulebook,
        "reasons": object::reasons(&said.reasons),
        "furnished": said.furnished,
        "received": said.received,
        "recorded": object::recorded(&said.recorded),
    });
    Ok(Told::new(if said.permitted { End::Ok } else { End::Denied }, lines, json))
}
