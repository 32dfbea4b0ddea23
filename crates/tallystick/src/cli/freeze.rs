//! `freeze place` and `freeze lift`.

use anyhow::Result;
use serde_json::json;
use tallystick_operations::freeze;

use super::{End, Told, args, json::recorded, line, parse, render};
use crate::{clock, config};

pub(super) fn run(command: &args::Freeze) -> Result<Told> {
    let (args, lift) = match command {
        args::Freeze::Place(args) => (args, None),
        args::Freeze::Lift(lift) => (&lift.args, Some(lift)),
    };
    let subject = parse::subject(&args.subject.subject)?;
    let until = lift.and_then(|lift| lift.until.as_deref());
    let until = until.map(|text| parse::timestamp("until", text)).transpose()?;
    let bureau = config::open(&args.folder.folder)?;
    let now = clock::now();
    let (left, done) = match (lift, until) {
        (None, _) => (freeze::place(&bureau, &subject, now)?, "frozen".to_owned()),
        (Some(_), None) => (freeze::lift(&bureau, &subject, now)?, "no longer frozen".to_owned()),
        (Some(lift), Some(until)) => {
            let whom = lift.subscriber.as_deref();
            let left = freeze::pause(&bureau, &subject, whom, until, now)?;
            (left, format!("open to {} until {until}", whom.unwrap_or("everyone")))
        }
    };
    let frozen = lift.is_none() || until.is_some();
    Ok(Told::new(
        End::Ok,
        vec![line("ok", format_args!("the file is {done}")), render::receipt(&left)],
        json!({"result": "ok", "frozen": frozen, "open_until": until.map(|until| until.to_string()),
            "recorded": recorded(&left)}),
    ))
}
