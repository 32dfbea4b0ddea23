//! A disk that is full from some call on: a clear error, nothing lost, and the next run completes.

use tallystick_testkit::shim::Fault;

use super::verbs::{WRITING, base};
use super::world::World;
use super::{rehearse, tools};

/// Places that are tried, spread over the calls of a run.
const PLACES: usize = 6;

#[test]
fn on_a_full_disk_nothing_is_lost_and_the_next_run_completes() {
    let Some(tools) = tools() else { return };
    for (name, way) in [("ingest", "small"), ("ingest", "large"), ("inquire", "")] {
        let verb = WRITING.iter().find(|verb| (verb.name, verb.way) == (name, way)).expect("is among them");
        let rehearsed = rehearse(verb, base(&tools, verb.base));
        let calls = rehearsed.calls.iter().filter(|call| !matches!(call.kind.as_str(), "sync" | "remove")).count();
        let mut refused = 0;
        for place in 0..PLACES.min(calls) {
            let fault = Fault { kind: "space", number: 1 + place * calls / PLACES, deed: "ENOSPC+" };
            let world: World = rehearsed.world.copy();
            let (ended, _) = world.faulty(verb.line, Some(&fault)).expect("ends");
            let left = world.state().expect("is in order");
            let [before, after, _] = &rehearsed.states;
            if ended.code == Some(0) {
                assert_eq!(left, *after, "{name} {way} {fault}: {ended:?}");
            } else {
                assert_eq!((ended.code, &left), (Some(1), before), "{name} {way} {fault}: {ended:?}");
                let told = ended.json().expect("one object");
                let message = told["message"].as_str().expect("a message");
                assert!(message.contains("No space left on device"), "{name} {way} {fault}: {message}");
                refused += 1;
                assert_eq!(world.run(verb.line).code, Some(0), "{name} {way} {fault}: the next run");
                assert_eq!(world.state().expect("is in order"), *after, "{name} {way} {fault}");
            }
            world.monitored().expect("is the log that was followed");
        }
        assert!(refused > 0, "{name} {way}: no place was before its commit");
    }
}
