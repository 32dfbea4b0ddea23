//! `kill -9` of the real program while it answers disputes: an answered dispute has its correction, and a correction its dispute's
//! answer. `TALLYSTICK_CRASH_RUNS=200` kills more often, `TALLYSTICK_CRASH_SEED=7` at other moments.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tallystick_testkit::crash::{Folder, MAPPING, Moment, Program, delivery, subject};
use tallystick_testkit::simulation::chance::Chance;

const RUNS: u64 = 16;

#[expect(clippy::disallowed_methods, reason = "how often to kill is asked of whoever runs the tests")]
fn asked(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// A bureau whose bank has reported a person and may be shown the report.
fn with_report() -> (tempfile::TempDir, Folder, String) {
    let parent = tempfile::tempdir().expect("a folder");
    let program = Program::locate(&std::env::current_exe().expect("runs")).expect("the program is there");
    let folder = Folder::found(&program, parent.path()).expect("is founded");
    let bank = ["member", "admit", "--code", "BANK", "--name", "A Bank", "--kind", "bank", "--role", "furnisher"];
    let more = ["--role", "subscriber", "--consent-duty", "attested"];
    folder.done(&[bank.as_slice(), &more].concat()).expect("is admitted");
    let [layout, file] = ["layout.toml", "delivery.csv"].map(|name| parent.path().join(name));
    fs::write(&layout, MAPPING).expect("writes");
    fs::write(&file, delivery(40, 1)).expect("writes");
    let [layout, file] = [layout, file].map(|path| path.to_str().expect("is UTF-8").to_owned());
    folder.done(&["ingest", "--furnisher", "BANK", "--layout", &layout, "--file", &file]).expect("is taken");
    let person = format!("cn-resident-id:{}", subject(0));
    let grant = ["consent", "grant", "--subject", &person, "--member", "BANK", "--scope", "inquire"];
    let what =
        ["--purpose", "credit_application", "--category", "credit", "--form", "written", "--until", "2999-01-01"];
    folder.done(&[grant.as_slice(), &what].concat()).expect("is granted");
    (parent, folder, person)
}

#[test]
fn a_killed_answer_leaves_correction_notice_and_answer_or_none_of_them() {
    let (runs, seed) = (asked("TALLYSTICK_CRASH_RUNS", RUNS), asked("TALLYSTICK_CRASH_SEED", 1));
    let (_parent, folder, person) = with_report();
    let report = || folder.done(&["report", "--subject", &person]).expect("reports")["report"].clone();
    let account = report()["accounts"][0]["account"].as_str().expect("an account").to_owned();
    let mut chance = Chance::new(seed);
    let (mut life, mut seen, mut corrections) = (None, Vec::new(), 0);
    let inquire = ["inquire", "--subscriber", "BANK", "--subject", &person, "--purpose", "credit_application"];
    for run in 0..runs {
        // What is corrected next has been shown.
        folder.done(&inquire).expect("is permitted");
        let open = ["dispute", "open", "--subject", &person, "--account", &account, "--month", "2026-01"];
        let dispute = folder.done(&[open.as_slice(), &["--grounds", "it was paid"]].concat()).expect("is filed");
        let name = dispute["dispute"].as_str().expect("a name").to_owned();
        let balance = format!("{}.00", 2_000_000 + run);
        let answer = ["dispute", "answer", "--furnisher", "BANK", "--dispute", &name, "--outcome", "corrected"];
        let answer = [answer.as_slice(), &["--balance", &balance, "--words", "booked late"]].concat();
        let moment = match life {
            None => Duration::from_secs(300),
            // From the very start of its life on, in steps and by chance.
            Some(micros) => {
                Duration::from_micros((micros * (run as usize - 1) / runs as usize + chance.below(500)) as u64)
            }
        };
        #[expect(clippy::disallowed_methods, reason = "a kill is at a moment of the real program's life")]
        let begun = Instant::now();
        let ended = folder.start(&answer).expect("starts").kill(Moment::After(moment)).expect("is killed");
        life = life.or_else(|| usize::try_from(begun.elapsed().as_micros()).ok());

        let verified = folder.done(&["verify"]).expect("the bureau opens and checks itself");
        assert_eq!(verified["findings"], json!([]));
        let own = report()["own"].clone();
        let count = |name: &str| own[name].as_array().map_or(0, Vec::len);
        let state = own["disputes"].as_array().expect("disputes").last().expect("the dispute")["state"].clone();
        let is_answered = state == json!("answered");
        corrections += usize::from(is_answered);
        assert_eq!((count("corrections"), count("told")), (corrections, corrections), "{state}: {own}");
        if !ended.stdout.is_empty() {
            assert!(is_answered, "it said so: {}", ended.stdout);
        }
        seen.push(is_answered);
        // One that was not answered is answered now; else the next could not be filed.
        if !is_answered {
            let again: Value = folder.done(&answer).expect("answers");
            assert_eq!(again["outcome"], json!("corrected"));
            corrections += 1;
        }
    }
    println!("crash: answered before the kill: {seen:?}");
    assert!(seen.contains(&true) && (seen.contains(&false) || runs < RUNS), "kills came too late: {seen:?}");
}
