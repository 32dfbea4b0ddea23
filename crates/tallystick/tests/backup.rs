//! Backups as an operator has them: taken again and again, checked, brought back, also to an earlier point; and what a second process is told.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples");
const ZHANG: &str = "cn-resident-id:51010719860317164X";

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tallystick"));
    command.args(arguments).arg("--json").current_dir(folder).output().expect("runs")
}

fn ended(folder: &Path, arguments: &[&str], code: i32) -> Value {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

fn ok(folder: &Path, arguments: &[&str]) -> Value {
    ended(folder, arguments, 0)
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    ended(folder, arguments, 1).get("message").and_then(Value::as_str).expect("a message").to_owned()
}

/// A bureau with a delivery, and a backup of it in `backup`.
fn backed_up() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    ok(at, &["init", "--name", "backup.example/log", "--rulebook", "cn", "--unencrypted"]);
    let admit = ["member", "admit", "--code", "CARD", "--name", "Card", "--kind", "card_issuer", "--role", "furnisher"];
    ok(at, &[&admit[..], &["--consent-duty", "attested"]].concat());
    deliver(at, "2026-01");
    ok(at, &["backup", "create", "--to", "backup"]);
    folder
}

fn deliver(at: &Path, month: &str) {
    let (layout, file) = (format!("{SAMPLES}/layouts/card.toml"), format!("{SAMPLES}/deliveries/card_{month}.csv"));
    ok(at, &["ingest", "--furnisher", "CARD", "--layout", &layout, "--file", &file]);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).expect("reads").map(|entry| entry.expect("reads").path()) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Everything that `verify` counts, and the facts in a report.
fn state(at: &Path, bureau: &str) -> (Value, Value) {
    let verified = ok(at, &["verify", "--bureau", bureau]);
    assert_eq!(verified["findings"], serde_json::json!([]));
    (verified["root"].clone(), verified["facts"].clone())
}

#[test]
fn what_is_brought_back_is_the_same_bureau() {
    let folder = backed_up();
    let at = folder.path();
    let before = state(at, "bureau");
    let again = ok(at, &["backup", "create", "--to", "backup"]);
    assert_eq!(again["written"], 0, "nothing has changed: {again}");
    deliver(at, "2026-02");
    let more = ok(at, &["backup", "create", "--to", "backup"]);
    assert!(more["kept"].as_u64() > Some(0) && more["written"].as_u64() > Some(0), "{more}");
    assert_eq!(ok(at, &["backup", "verify", "--from", "backup"])["points"], 2);
    assert!(files(&at.join("backup")).iter().all(|path| {
        let bytes = fs::read(path).expect("reads");
        let secret = fs::read(at.join("bureau/keys/signing.key")).expect("reads");
        !bytes.windows(64).any(|window| window == &secret[..64])
    }));

    let brought = ok(at, &["restore", "--from", "backup", "--to", "back", "--keys", "bureau/keys"]);
    assert_eq!((&brought["lost"], &brought["entries"]), (&0.into(), &4.into()));
    assert_eq!(state(at, "back"), state(at, "bureau"));
    let log = |bureau: &str| -> Vec<(PathBuf, Vec<u8>)> {
        let base = at.join(bureau).join("log");
        let name = |path: &PathBuf| path.strip_prefix(&base).expect("below").to_path_buf();
        files(&base).iter().map(|path| (name(path), fs::read(path).expect("reads"))).collect()
    };
    // The old one may still have what earlier, smaller logs were read by.
    let (back, old) = (log("back"), log("bureau"));
    assert!(back.len() > 3 && back.iter().all(|file| old.contains(file)), "outsiders see the same log");
    let report =
        |bureau: &str| ok(at, &["report", "--bureau", bureau, "--subject", ZHANG])["report"]["accounts"].clone();
    assert_eq!(report("back"), report("bureau"));
    assert_ne!(report("back"), Value::Null);
    assert_ne!(before.0, state(at, "back").0);
    let taken = refused(at, &["restore", "--from", "backup", "--to", "back"]);
    assert!(taken.contains("`back` exists already and is not empty"), "{taken}");
}

#[test]
fn an_earlier_point_records_nothing_before_the_loss_is_accepted() {
    let folder = backed_up();
    let at = folder.path();
    let first = state(at, "bureau");
    deliver(at, "2026-02");
    ok(at, &["backup", "create", "--to", "backup"]);
    let published = fs::read(at.join("bureau/log/checkpoint")).expect("reads");
    let brought = ok(at, &["restore", "--from", "backup", "--to", "back", "--at", "3", "--keys", "bureau/keys"]);
    assert_eq!((&brought["entries"], &brought["lost"]), (&3.into(), &1.into()));
    let none = refused(at, &["restore", "--from", "backup", "--to", "none", "--at", "2020-01-01"]);
    assert_eq!(none, "the backup has no sound point at `2020-01-01` or before");

    let admit =
        ["member", "admit", "--bureau", "back", "--code", "B", "--name", "B", "--kind", "bank", "--role", "subscriber"];
    let behind = refused(at, &admit);
    assert!(behind.contains("signs 4 entries, the store has 3: 1 lost"), "{behind}");
    ended(at, &["backup", "create", "--bureau", "back", "--to", "backup"], 1);
    assert!(refused(at, &["accept-loss", "--bureau", "back", "--reason", " "]).starts_with("a reason has 1 to"));
    assert!(refused(at, &["accept-loss", "--reason", "none"]).starts_with("nothing is lost here"));

    let accepted = ok(at, &["accept-loss", "--bureau", "back", "--reason", "the disk failed"]);
    assert_eq!((&accepted["kept"], &accepted["published"]), (&3.into(), &4.into()));
    assert_eq!(accepted["recorded"]["kind"], "loss_accepted");
    assert_eq!(fs::read(at.join("back/log/lost/4/checkpoint")).expect("kept"), published, "the evidence stays");
    ok(at, &admit);
    let after = state(at, "back");
    assert_ne!(after.0, first.0);
    assert_eq!(after.1, first.1, "the facts of the point that came back");
}

#[test]
fn damage_to_any_file_of_a_backup_is_named() {
    let folder = backed_up();
    let at = folder.path();
    for path in files(&at.join("backup")) {
        let good = fs::read(&path).expect("reads");
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        fs::write(&path, &bad).expect("writes");
        let told = ended(at, &["backup", "verify", "--from", "backup"], 1);
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let place = told["findings"][0]["place"].as_str().expect("a place").to_owned();
        assert!(place.contains(&name), "{name}: {told}");
        let target = at.join("never");
        refused(at, &["restore", "--from", "backup", "--to", "never", "--keys", "bureau/keys"]);
        assert!(!target.join("bureau.toml").exists());
        let unfinished = refused(at, &["verify", "--bureau", "never"]);
        assert!(unfinished.contains("never ended") || unfinished.starts_with("no bureau in"), "{unfinished}");
        if target.exists() {
            fs::remove_dir_all(&target).expect("removes");
        }
        fs::remove_file(&path).expect("removes");
        ended(at, &["backup", "verify", "--from", "backup"], 1);
        fs::write(&path, good).expect("writes");
    }
    ok(at, &["backup", "verify", "--from", "backup"]);
}

#[test]
fn a_second_process_is_refused_also_for_reading_and_for_a_backup() {
    let folder = backed_up();
    let at = folder.path();
    // As another process holds it.
    let held = fs::File::open(at.join("bureau/store/version")).expect("opens");
    held.try_lock().expect("locks");
    for arguments in [
        &["verify"][..],
        &["member", "list"],
        &["report", "--subject", ZHANG],
        &["consent", "list", "--subject", ZHANG],
        &["charter", "show"],
        &["key", "list"],
        &["key", "rotate"],
        &["backup", "create", "--to", "other"],
    ] {
        assert_eq!(refused(at, arguments), "the data folder is in use by another process", "{arguments:?}");
    }
    drop(held);
    state(at, "bureau");
}
