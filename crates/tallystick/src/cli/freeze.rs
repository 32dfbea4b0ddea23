//! `freeze place` and `freeze lift`.

use anyhow::Result;
use serde_json::json;
use tallystick_operations::freeze;

use super::{End, Told, args, json::recorded, line, parse, render};
use crate::{clock, config};

pub(super) fn run(command: &args::Freeze) -> Result<Told> {
    let (args, places) = match command {
        args::Freeze::Place(args) => (args, true),
        args::Freeze::Lift(args) => (args, false),
    };
    let subject = parse::subject(&args.subject.subject)?;
    let bureau = config::open(&args.folder.folder)?;
    let (left, done) = if places {
        (freeze::place(&bureau, &subject, clock::now())?, "frozen")
    } else {
        (freeze::lift(&bureau, &subject, clock::now())?, "no longer frozen")
    };
    Ok(Told::new(
        End::Ok,
        vec![line("ok", format_args!("the file is {done}")), render::receipt(&left)],
        json!({"result": "ok", "frozen": places, "recorded": recorded(&left)}),
    ))
}
