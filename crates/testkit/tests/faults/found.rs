//! What faults have found, each at the call where it was: these are tried in every run.

use tallystick_testkit::shim::Fault;

use super::verbs::{WRITING, base};
use super::{rehearse, tools};

/// A verb, the kind of call and the end of its file's name, which one of these, and what happens there.
type Found = (&'static str, &'static str, fn(&str) -> bool, usize, &'static str);

#[rustfmt::skip]
const FOUND: &[Found] = &[
    // A notice that was cut short counted as written, and stayed so.
    ("correct", "write", |path| path.contains("/notices/"), 0, "torn"),
    ("recall list", "write", |path| path.contains("/notices/"), 0, "kill"),
    // A certificate that was cut short was not the bureau's, and nothing went on from there.
    ("wind-down transfer", "write", |path| path.starts_with("/bureau/certificate.txt"), 0, "torn"),
    ("wind-down destroy", "write", |path| path.starts_with("/bureau/certificate.txt"), 0, "torn"),
    ("wind-down destroy", "write", |path| path.starts_with("/gone.txt"), 0, "torn"),
    // Half a `bureau.toml` was no bureau, and no founding that never ended.
    ("init", "write", |path| path.starts_with("/bureau/bureau.toml"), 0, "torn"),
    // Where its correction was recorded alone, the answer to a dispute was refused, as it would change nothing.
    ("dispute answer", "sync", |path| path.ends_with(".jnl"), 2, "killed"),
    // A table that could not be written was waited for without end.
    ("compact", "write", |path| path.contains("/keyspaces/1/v"), 0, "EIO"),
    ("compact", "write", |path| path.contains("/keyspaces/1/tables/"), 0, "ENOSPC"),
];

#[test]
fn what_faults_have_found_stays_mended() {
    let Some(tools) = tools() else { return };
    for (name, kind, is_there, place, deed) in FOUND {
        let verb = WRITING.iter().find(|verb| verb.name == *name).expect("is among them");
        let rehearsed = rehearse(verb, base(&tools, verb.base));
        let calls = rehearsed.calls.iter().enumerate();
        let mut numbers = calls.filter(|(_, call)| call.kind == *kind && is_there(&call.path)).map(|(at, _)| at + 1);
        let number = numbers.nth(*place).unwrap_or_else(|| panic!("{name} makes no such call: {:?}", rehearsed.calls));
        let fault = Fault { kind: "any", number, deed };
        match rehearsed.run(&fault) {
            Ok(how) => println!("faults: {name} {fault}: {how}"),
            Err(error) => panic!("{name} {fault}: {error}"),
        }
    }
}
