//! `kill -9` of the real program at a seeded moment: what it had answered is there, what it had not is whole or absent.
//! `TALLYSTICK_CRASH_RUNS=200` kills more often, `TALLYSTICK_CRASH_SEED=7` at other moments.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tallystick_model::Canonical;
use tallystick_testkit::crash::{Ended, Folder, MAPPING, Moment, Program, content, delivery, subject};
use tallystick_testkit::simulation::chance::Chance;

const RUNS: u64 = 12;
/// Enough for tables of their own and, with the memory below, for a scratch file.
const ROWS: usize = 50_000;

#[expect(clippy::disallowed_methods, reason = "how often to kill is asked of whoever runs the tests")]
fn asked(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[expect(clippy::disallowed_methods, reason = "a kill is at a moment of the real program's life")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    (work(), begun.elapsed())
}

fn program() -> Program {
    Program::locate(&std::env::current_exe().expect("runs")).expect("the program is there")
}

/// A bureau with a bank, and the files of a delivery beside it.
fn with_bank(program: &Program, rows: usize) -> (tempfile::TempDir, Folder, [String; 2]) {
    let parent = tempfile::tempdir().expect("a folder");
    let folder = Folder::found(program, parent.path()).expect("is founded");
    let settings = folder.bureau.join("bureau.toml");
    let said = fs::read_to_string(&settings).expect("reads");
    fs::write(&settings, said + "\n[ingest]\nmemory_mib = 1\n").expect("writes");
    let bank = ["member", "admit", "--code", "BANK", "--name", "A Bank", "--kind", "bank", "--role", "furnisher"];
    let more = ["--role", "subscriber", "--consent-duty", "attested"];
    folder.done(&[bank.as_slice(), &more].concat()).expect("is admitted");
    let files = ["layout.toml", "delivery.csv"].map(|name| parent.path().join(name));
    fs::write(&files[0], MAPPING).expect("writes");
    fs::write(&files[1], delivery(rows, 1)).expect("writes");
    let files = files.map(|path| path.to_str().expect("is UTF-8").to_owned());
    (parent, folder, files)
}

fn ingest([layout, file]: &[String; 2]) -> [&str; 7] {
    ["ingest", "--furnisher", "BANK", "--layout", layout, "--file", file]
}

/// The whole-state check, which finds nothing wrong.
fn verified(folder: &Folder) -> Value {
    let report = folder.done(&["verify"]).expect("the bureau opens and checks itself");
    assert_eq!((&report["result"], &report["findings"]), (&json!("ok"), &json!([])));
    assert_eq!(report["entries"], report["events"], "every entry has its event");
    report
}

/// Every answer the program had printed is in the log as it was printed.
fn answers_are_in_the_log(folder: &Folder, answers: &[Value]) {
    let bureau = folder.open().expect("opens");
    let snapshot = bureau.snapshot();
    for answer in answers {
        let index = answer["recorded"]["index"].as_u64().expect("an index");
        assert!(index < snapshot.log_size(), "entry {index} was answered, the log has {}", snapshot.log_size());
        let entry = snapshot.entry(index).expect("is there").to_bytes();
        assert_eq!(json!(BASE64_STANDARD.encode(entry)), answer["recorded"]["entry"], "entry {index}");
    }
}

fn contents(folder: &Folder, subjects: usize) -> Vec<Value> {
    let mut contents = Vec::new();
    for number in [0, 1, subjects / 2, subjects - 1, subjects] {
        let tagged = format!("cn-resident-id:{}", subject(number));
        let report = folder.done(&["report", "--subject", &tagged]).expect("reports");
        contents.push(content(&report["report"]));
    }
    contents
}

/// What a run left: none of the delivery, or all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Left {
    Nothing,
    Everything,
}

#[test]
fn a_killed_ingest_leaves_all_of_the_delivery_or_nothing() {
    let (runs, seed) = (asked("TALLYSTICK_CRASH_RUNS", RUNS), asked("TALLYSTICK_CRASH_SEED", 1));
    let program = program();
    let (_undisturbed_parent, undisturbed, files) = with_bank(&program, ROWS);
    let (ended, life) = timed(|| {
        let started = undisturbed.start(&ingest(&files)).expect("starts");
        started.kill(Moment::After(Duration::from_secs(300))).expect("ends")
    });
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let whole = verified(&undisturbed);
    assert_eq!((&whole["facts"], &whole["subjects"]), (&json!(ROWS + ROWS / 5), &json!(ROWS / 5)));
    let expected = contents(&undisturbed, ROWS / 5);
    assert_eq!(expected[0]["accounts"][0]["months"].as_array().map(Vec::len), Some(5), "{}", expected[0]);
    assert_eq!(expected[4]["accounts"], json!([]), "nobody reported the last one");

    let mut chance = Chance::new(seed);
    let life_micros = usize::try_from(life.as_micros()).expect("fits");
    println!("crash: seed {seed}, {runs} kills within {life_micros} µs and a little");
    let (mut seen, mut cleared) = (Vec::new(), 0);
    for run in 0..runs {
        // In turn over the program's whole life, around its end, and where facts are on disk and not yet committed.
        let micros = |from: usize, until: usize, chance: &mut Chance| {
            Duration::from_micros((from + chance.below(until - from)) as u64)
        };
        let place = usize::try_from(run / 3).expect("fits");
        let moment = match run % 3 {
            // The last one lives.
            _ if run + 1 == runs => Moment::After(life * 20),
            0 if run == 0 => Moment::After(micros(0, life_micros / 20, &mut chance)),
            0 => Moment::After(micros(0, life_micros, &mut chance)),
            1 => Moment::After(micros(life_micros * 8 / 10, life_micros * 13 / 10, &mut chance)),
            _ => Moment::Loading(2 + 6 * (place % 3), micros(0, 1_200, &mut chance)),
        };
        let (_parent, folder, files) = with_bank(&program, ROWS);
        let started = folder.start(&ingest(&files)).expect("starts");
        let ended = started.kill(moment).expect("is killed");

        let begun = folder.runs();
        let report = verified(&folder);
        let facts = report["facts"].as_u64().expect("a number");
        let left = if facts == 0 { Left::Nothing } else { Left::Everything };
        if left == Left::Nothing {
            assert_eq!(folder.runs(), 0, "what the load had begun is still there");
            cleared += begun;
        }
        println!("crash: killed {moment:?}: {left:?}, exit code {:?}", ended.code);
        assert!(left != Left::Everything || report["facts"] == whole["facts"], "a part is visible: {report}");
        assert_eq!(report["deliveries"], json!(u64::from(left == Left::Everything)));
        if !ended.stdout.is_empty() {
            assert_eq!(left, Left::Everything, "it said so: {}", ended.stdout);
        }
        answers_are_in_the_log(&folder, &printed(&ended));

        // Handing it over once more completes it, and changes nothing where it is complete.
        let again = folder.done(&ingest(&files)).expect("is taken");
        let known = if left == Left::Everything { "already_delivered" } else { "ok" };
        assert_eq!(again["result"], json!(known), "{again}");
        let report = verified(&folder);
        for count in ["entries", "facts", "subjects", "deliveries", "members"] {
            assert_eq!(report[count], whole[count], "{count}");
        }
        assert_eq!(contents(&folder, ROWS / 5), expected);
        seen.push(left);
    }
    assert!(seen.contains(&Left::Nothing) || runs < RUNS, "no kill came before the load: {seen:?}");
    assert!(seen.contains(&Left::Everything) || runs < RUNS, "no kill came after the commit: {seen:?}");
    assert!(cleared > 0 || runs < RUNS, "no kill came while facts were on disk and not committed: {seen:?}");
}

/// The answer a command had printed when it was killed; one that was cut short is none yet.
fn printed(ended: &Ended) -> Vec<Value> {
    ended.json().into_iter().collect()
}

#[test]
fn what_a_killed_command_had_answered_is_in_the_log() {
    let (runs, seed) = (asked("TALLYSTICK_CRASH_RUNS", RUNS), asked("TALLYSTICK_CRASH_SEED", 1));
    let (_parent, folder, files) = with_bank(&program(), 10);
    folder.done(&ingest(&files)).expect("is taken");
    let person = format!("cn-resident-id:{}", subject(0));
    let inquire = ["inquire", "--subscriber", "BANK", "--subject", &person, "--purpose", "credit_application"];
    let grant = ["consent", "grant", "--subject", &person, "--member", "BANK", "--scope", "inquire"];
    let what =
        ["--purpose", "credit_application", "--category", "credit", "--form", "written", "--until", "2999-01-01"];
    let grant = [grant.as_slice(), &what].concat();
    let commands: [&[&str]; 4] =
        [&inquire, &grant, &["freeze", "place", "--subject", &person], &["report", "--subject", &person]];

    let mut chance = Chance::new(seed);
    let mut answers: Vec<Value> = Vec::new();
    let (mut killed, mut unheard) = (0, 0);
    let (_, life) = timed(|| answers.push(folder.done(&grant).expect("is granted")));
    let life_micros = usize::try_from(life.as_micros()).expect("fits");
    for run in 0..runs * 2 {
        let command = chance.one(&commands).expect("one of them");
        let wait = chance.below(life_micros * 12 / 10) as u64;
        let before = folder.open().expect("opens").snapshot().log_size();
        let started = folder.start(command).expect("starts");
        let ended = started.kill(Moment::After(Duration::from_micros(wait))).expect("is killed");
        killed += usize::from(ended.code.is_none());
        let printed: Vec<Value> = printed(&ended).into_iter().filter(|answer| !answer["recorded"].is_null()).collect();
        let report = verified(&folder);
        let after = report["entries"].as_u64().expect("a number");
        println!(
            "crash: run {run} {:?} after {wait} µs: {} answers, entries {before} to {after}",
            command[0],
            printed.len()
        );
        assert!((before..=before + 1).contains(&after), "one command leaves one entry at most");
        let (refused, told) = (r#"{"result":"error""#, ended.stdout.as_str());
        let heard = !told.starts_with(refused) && !refused.starts_with(told);
        assert!(after > before || !heard, "something was answered and nothing recorded: {}", ended.stdout);
        unheard += usize::from(after > before && printed.is_empty());
        answers.extend(printed);
        answers_are_in_the_log(&folder, &answers);
    }
    assert!(killed > 0 || runs < RUNS, "no command was killed");
    println!("crash: {killed} killed, {} answers, {unheard} recorded and not heard", answers.len());
}
