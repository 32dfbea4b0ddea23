//! The real program with failing calls: at seeded places a write is short or refused, the disk is full, an fsync fails and takes what
//! was written with it, the process is killed, or the power goes. After each, what was answered is there as it was told, what was not
//! is wholly there or wholly absent, `verify` finds nothing wrong, the published log is the one the monitor has followed, and
//! the same command once more completes.
//!
//! `TALLYSTICK_FAULT_RUNS=500` makes more of them, `TALLYSTICK_FAULT_SEED=7` others, `TALLYSTICK_FAULT_VERB=ingest` of one verb alone.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a run tells where it has failed what")]

mod found;
mod full;
mod verbs;
mod world;

use std::collections::BTreeMap;

use tallystick_testkit::crash::{Ended, Program};
use tallystick_testkit::shim::{Call, Fault, Shim};
use tallystick_testkit::simulation::chance::Chance;

use self::verbs::{Base, OTHERS, Verb, WRITING, base};
use self::world::{State, Tools, World};

/// Runs with a fault, over all verbs.
const RUNS: usize = 60;

#[expect(clippy::disallowed_methods, reason = "how many faults is asked of whoever runs the tests")]
fn asked(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn number(name: &str, default: usize) -> usize {
    asked(name).map_or(default, |text| text.parse().expect("a number"))
}

/// The program and the shim, or why there is none.
fn tools() -> Option<Tools> {
    let test = std::env::current_exe().expect("runs");
    match Shim::build(&test) {
        Ok(shim) => Some(Tools { program: Program::locate(&test).expect("the program is there"), shim }),
        Err(why) => {
            println!("SKIPPED faults: {why}");
            None
        }
    }
}

/// A verb in its world, and what it comes to when nothing fails.
struct Rehearsed<'a> {
    verb: &'static Verb,
    world: World<'a>,
    /// Before it, after it, and after it once more.
    states: [State; 3],
    /// How it ends, and how once more.
    codes: [i32; 2],
    /// Whether it answers with an entry.
    records: bool,
    calls: Vec<Call>,
}

fn code(ended: &Ended) -> i32 {
    ended.code.unwrap_or_else(|| panic!("was killed: {ended:?}"))
}

fn rehearse<'a>(verb: &'static Verb, mut world: World<'a>) -> Rehearsed<'a> {
    (verb.before)(&mut world);
    let nothing = State(Vec::new());
    let state = |world: &World| world.state().unwrap_or_else(|_| nothing.clone());
    let clean = world.copy();
    let before = state(&clean);
    let (ended, calls) = clean.faulty(verb.line, None).expect("ends");
    assert!(!calls.is_empty(), "`{}` writes nothing: {ended:?}", verb.name);
    assert!(matches!(ended.code, Some(0 | 2)), "{} {}: {ended:?}", verb.name, verb.way);
    let records = ended.json().is_ok_and(|told| told["recorded"]["index"].is_u64());
    let after = state(&clean);
    let again = clean.run(verb.line);
    let states = [before, after, state(&clean)];
    Rehearsed { verb, world, states, codes: [code(&ended), code(&again)], records, calls }
}

impl Rehearsed<'_> {
    /// Runs it with a fault and checks all that is to hold; what does not.
    fn run(&self, fault: &Fault) -> Result<String, String> {
        let world = self.world.copy();
        let (ended, _) = world.faulty(self.verb.line, Some(fault))?;
        let told = ended.json().ok().filter(|told| told["result"] != "error");
        let answered = ended.code.is_some_and(|code| code == self.codes[0]) && told.is_some();
        if ended.code.is_some_and(|code| code != 1) && !answered {
            return Err(format!("ends otherwise than undisturbed: {ended:?}"));
        }
        if ended.code == Some(1) && ended.stdout.is_empty() {
            return Err(format!("does not say why: {ended:?}"));
        }
        if ended.stderr.contains("panicked") {
            return Err(format!("panics: {}", ended.stderr));
        }
        let is_founding = self.verb.base == Base::Nothing;
        let is_ending = self.verb.name.starts_with("wind-down");
        // What is missing is not followed, nor is a log under a key that the monitor was not told.
        let is_followed = !is_founding && !self.verb.name.starts_with("key ");
        if is_followed && self.verb.name != "verify" {
            world.monitored().map_err(|error| format!("after the fault: {error}"))?;
        }
        let [before, after, twice] = &self.states;
        let left = match world.state() {
            Ok(left) => left,
            Err(error) if is_founding && !answered && says_unfounded(&error) => {
                let _ = std::fs::remove_dir_all(&world.folder.bureau);
                before.clone()
            }
            Err(error) if self.verb.name == "verify" && error.contains("is missing: nothing shows") => before.clone(),
            // Keys and store go one after the other; only the same command goes on from there.
            Err(error) if is_ending && ["was wound down", "keys/", "store"].iter().any(|what| error.contains(what)) => {
                after.clone()
            }
            Err(error) => return Err(format!("after the fault: {error}")),
        };
        if answered {
            if left != *after {
                return Err(format!("was answered, and is not there: {left:?} for {after:?}"));
            }
            let recorded = told.as_ref().map(|told| &told["recorded"]).filter(|recorded| !recorded.is_null());
            if self.records && recorded.is_none() {
                return Err(format!("was answered without an entry: {ended:?}"));
            }
            recorded.map_or(Ok(()), |recorded| world.holds(recorded))?;
        }
        let whole = left == *before || left == *after;
        if !whole && !is_ending && (self.is_one_entry() || !between(&left, before, after)) {
            return Err(format!("is there in part: {left:?}, between {before:?} and {after:?}"));
        }
        let again = world.run(self.verb.line);
        let (expected, expected_code) = if left == *before { (after, self.codes[0]) } else { (twice, self.codes[1]) };
        // What was cut short ends as if it had not been.
        let is_late = (!whole || is_ending) && (again.code == Some(self.codes[0]) || again.code == Some(self.codes[1]));
        if again.code != Some(expected_code) && !is_late && before != after {
            return Err(format!("once more ends with {:?} for {expected_code}: {again:?}", again.code));
        }
        if !is_ending {
            let done = world.state().map_err(|error| format!("once more: {error}"))?;
            if whole && done != *expected && before != after {
                return Err(format!("once more comes to {done:?} for {expected:?}"));
            }
            if !whole && done != *after && !between(&done, after, twice) {
                return Err(format!("once more leaves a part: {done:?}, between {after:?} and {twice:?}: {again:?}"));
            }
        }
        if is_followed && !(is_ending && again.code == Some(0)) {
            world.monitored().map_err(|error| format!("once more: {error}"))?;
        }
        if is_ending {
            world.is_certified()?;
        }
        world.files_are_whole()?;
        let how = ended.code.map_or("killed".to_owned(), |code| format!("code {code}"));
        Ok(format!(
            "{how}, {}",
            if left == *before {
                "absent"
            } else if whole {
                "there"
            } else {
                "in part"
            }
        ))
    }

    /// Whether one entry is all it records: then there are no parts.
    fn is_one_entry(&self) -> bool {
        let [before, after, _] = &self.states;
        before.0.first().zip(after.0.first()).is_none_or(|(before, after)| after - before <= 1)
    }
}

fn says_unfounded(error: &str) -> bool {
    ["never ended", "no bureau"].iter().any(|words| error.contains(words))
}

fn between(state: &State, from: &State, to: &State) -> bool {
    let counts = state.0.iter().zip(from.0.iter().zip(&to.0));
    state.0.len() == from.0.len() && counts.into_iter().all(|(count, (from, to))| (from..=to).contains(&count))
}

/// Faults in so many runs, divided among the verbs by turns.
fn fault_all(runs: usize) {
    let Some(tools) = tools() else { return };
    let seed = number("TALLYSTICK_FAULT_SEED", 1);
    let only = asked("TALLYSTICK_FAULT_VERB");
    let verbs: Vec<&Verb> =
        WRITING.iter().filter(|verb| only.as_ref().is_none_or(|only| verb.name.starts_with(only))).collect();
    let mut worlds = BTreeMap::new();
    let mut failed = Vec::new();
    let mut done = 0;
    for (place, verb) in verbs.iter().enumerate() {
        let turns = runs / verbs.len() + usize::from(place < runs % verbs.len());
        if turns == 0 {
            continue;
        }
        let world: &World = worlds.entry(verb.base).or_insert_with(|| base(&tools, verb.base));
        let rehearsed = rehearse(verb, world.copy());
        let mut chance = Chance::new(((seed as u64) << 16) + place as u64);
        for _ in 0..turns {
            let fault = Fault::among(&rehearsed.calls, &mut chance).expect("it has calls");
            let call = &rehearsed.calls[fault.number - 1];
            let what = format!("{} {} {fault} ({} {})", verb.name, verb.way, call.kind, call.path);
            match rehearsed.run(&fault) {
                Ok(how) => println!("faults: {what}: {how}"),
                Err(error) => failed.push(format!("{what}: {error}")),
            }
            done += 1;
        }
    }
    println!("faults: {done} runs, {} failed", failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn whatever_call_fails_what_was_answered_is_there_and_the_rest_is_whole_or_absent() {
    fault_all(number("TALLYSTICK_FAULT_RUNS", RUNS));
}

#[test]
#[ignore = "500 runs take minutes, the normal test makes 60: cargo test -p tallystick-testkit --test faults -- --ignored hundreds_of_faults"]
fn hundreds_of_faults() {
    fault_all(number("TALLYSTICK_FAULT_RUNS", 500));
}

/// The verbs that a help text lists.
fn listed(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let name = |line: &str| line.split_whitespace().next().map(str::to_owned);
    lines
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(name)
        .filter(|name| name != "help")
        .collect()
}

#[test]
fn every_verb_of_the_help_is_tried_or_left_out_for_a_reason() {
    let program = Program::locate(&std::env::current_exe().expect("runs")).expect("the program is there");
    let help = |words: &[&str]| program.run(&[words, &["--help"]].concat()).expect("starts").stdout;
    let mut left: Vec<&str> =
        WRITING.iter().map(|verb| verb.name).chain(OTHERS.iter().map(|(name, _)| *name)).collect();
    left.sort_unstable();
    left.dedup();
    let mut verbs = Vec::new();
    for group in listed(&help(&[])) {
        let below = listed(&help(&[&group]));
        let below = if left.contains(&group.as_str()) { Vec::new() } else { below };
        if below.is_empty() {
            verbs.push(group)
        } else {
            verbs.extend(below.iter().map(|verb| format!("{group} {verb}")))
        }
    }
    assert!(verbs.len() > 60, "{verbs:?}");
    for verb in &verbs {
        assert!(left.contains(&verb.as_str()), "`{verb}` is new: try it in `WRITING`, or say in `OTHERS` why not");
    }
    left.retain(|name| !verbs.iter().any(|verb| verb == name));
    assert_eq!(left, Vec::<&str>::new(), "no verb is called that any more");
}
