//! `benchmark` at sizes that say nothing of speed: every figure is there and plausible, counts are exact, nothing is left.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn run(folder: &Path, arguments: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_tallystick");
    let arguments = arguments.split_whitespace();
    Command::new(program).arg("benchmark").args(arguments).current_dir(folder).output().expect("runs")
}

/// Runs with `--json` in a temporary folder within `folder`.
fn figures(folder: &Path, arguments: &str) -> Value {
    let output = run(folder, &format!("{arguments} --json"));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{arguments}: {stdout}{stderr}");
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    serde_json::from_str(&stdout).expect("one JSON object")
}

fn positive(figures: &Value, keys: &[&str]) {
    for key in keys {
        let number = figures[*key].as_f64().unwrap_or_default();
        assert!(number > 0.0, "`{key}` of {figures}");
    }
}

/// The figures that every benchmark has.
const ALWAYS: [&str; 5] = ["records_per_s", "bytes_per_fact", "peak_rss_bytes", "lookup_us_p50", "lookup_us_p99"];

fn in_order(figures: &Value) {
    assert!(figures["lookup_us_p50"].as_f64() <= figures["lookup_us_p99"].as_f64(), "{figures}");
    let bytes = figures["bytes_per_fact"].as_f64().expect("a number");
    // A value has some fifteen bytes; in a store this small a key hardly shares a byte with its neighbours.
    assert!((10.0..100.0).contains(&bytes), "{bytes}");
    assert!(figures["bytes_per_fact_with_all"].as_f64() > figures["bytes_per_fact"].as_f64(), "{figures}");
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).expect("a folder").next().is_none()
}

#[test]
fn intake_takes_in_every_month_and_compares_with_the_bare_engine() {
    let folder = tempfile::tempdir().expect("a folder");
    let figures = figures(folder.path(), "intake --subjects 500 --months 3 --accounts 2 --lookups 50 --folder .");
    positive(&figures, &ALWAYS);
    positive(&figures, &["facts_per_s", "bare_facts_per_s", "times_bare", "file_bytes", "tables", "runs_max"]);
    in_order(&figures);
    assert_eq!((figures["records"].as_u64(), figures["facts"].as_u64()), (Some(3000), Some(3000)));
    assert_eq!(figures["lookup_count"], 50);
    let months: Vec<_> = figures["deliveries"].as_array().expect("a list").iter().map(|one| &one["month"]).collect();
    assert_eq!(months, ["2024-01", "2024-02", "2024-03"]);
    assert!(is_empty(folder.path()), "the temporary folder is left");
}

#[test]
fn intake_of_metro_2_has_facts_of_three_kinds() {
    let folder = tempfile::tempdir().expect("a folder");
    let figures = figures(folder.path(), "intake --subjects 300 --months 1 --format metro2 --lookups 20 --folder .");
    positive(&figures, &ALWAYS);
    let (records, facts) = (figures["records"].as_u64().expect("a count"), figures["facts"].as_u64().expect("a count"));
    assert!((200..=300).contains(&records), "{records}");
    assert!(facts >= 3 * records, "{facts} facts of {records} records");
    assert!(figures["times_bare"].is_null());
}

#[test]
fn rows_are_written_once_and_taken_in_from_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let size = "--subjects 40 --months 2 --rows rows";
    for (format, ending) in [("csv", "csv"), ("plain", "plain.csv"), ("parquet", "parquet"), ("metro2", "metro2.txt")] {
        let told = figures(folder.path(), &format!("rows {size} --format {format}"));
        let file = folder.path().join(format!("rows/2024-02.{ending}"));
        assert!(fs::metadata(file).expect("is there").len() > 1000, "{format}");
        assert!(format == "metro2" || told["records"] == 80, "{told}");
    }
    for format in ["csv", "parquet"] {
        let figures = figures(folder.path(), &format!("intake {size} --format {format} --lookups 10 --folder ."));
        assert_eq!(figures["records"], 80, "{format}");
        assert_eq!(figures["facts"], 80, "{format}");
    }
    let names: Vec<_> =
        fs::read_dir(folder.path()).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(names, ["rows"]);
    // Of another size than said: not what is asked for.
    let output = run(folder.path(), "intake --subjects 41 --months 2 --rows rows --lookups 10 --folder .");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("2024-01.csv` has 40 records, not 41"), "{told}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "the temporary folder is left");
}

#[test]
fn lookup_keeps_a_bureau_and_uses_it_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = "lookup --subjects 60 --months 4 --accounts 3 --lookups 100 --inquiries 5 --bureau kept";
    let first = figures(folder.path(), arguments);
    positive(&first, &ALWAYS);
    positive(
        &first,
        &[
            "inquiry_without_record_us_p50",
            "inquiry_us_p50",
            "inquiry_us_p99",
            "disk_sync_us_p50",
            "disk_replace_us_p50",
            "open_s",
            "lookups_per_s",
        ],
    );
    assert_eq!((first["facts"].as_u64(), first["lookup_count"].as_u64()), (Some(720), Some(100)));
    assert_eq!(first["inquiry_count"], 5);
    let again = figures(folder.path(), arguments);
    positive(&again, &["lookup_us_p50", "inquiry_us_p50"]);
    assert!(again["records_per_s"].is_null(), "nothing is loaded again");
    let other = run(folder.path(), &arguments.replace("--months 4", "--months 5"));
    assert_eq!(other.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&other.stderr).contains("not what was asked for"));
    // It is a bureau like any other.
    let program = env!("CARGO_BIN_EXE_tallystick");
    let verify = ["verify", "--bureau", "kept", "--json"];
    let output = Command::new(program).args(verify).current_dir(folder.path()).output().expect("runs");
    let verified: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&verified["result"], &verified["facts"], &verified["subjects"]),
        (&"ok".into(), &720.into(), &60.into())
    );
}

#[test]
fn population_loads_everyone_in_deliveries_of_bounded_size() {
    let folder = tempfile::tempdir().expect("a folder");
    let size = "--subjects 1001 --months 2 --per-delivery 400 --lookups 100 --inquiries 3";
    let figures = figures(folder.path(), &format!("population {size} --folder . --keep"));
    positive(&figures, &ALWAYS);
    positive(&figures, &["inquiry_us_p99", "open_s"]);
    in_order(&figures);
    assert_eq!((figures["facts"].as_u64(), figures["deliveries"].as_u64()), (Some(2002), Some(3)));
    let kept = fs::read_dir(folder.path()).expect("a folder").next().expect("is kept").expect("a name").path();
    assert!(kept.join("bureau/bureau.toml").exists());
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, told) in [
        ("intake --subjects 0 --months 1", "expected 1 to"),
        ("population --subjects 2000000000 --months 1", "expected 1 to 1,307,746,944"),
        ("intake --subjects 5 --months 1 --format plain", "it is for other programs"),
        ("intake --subjects 5 --months 1 --accounts 2 --format metro2", "one account for each subject"),
        ("population --subjects 5 --months 1 --per-delivery 0", "`--per-delivery`: expected at least 1"),
        ("intake --subjects 5 --months 241", "`--months`: expected 1 to 240, found 241"),
        ("lookup --subjects 5 --months 1 --accounts 100", "`--accounts`: expected 1 to 99, found 100"),
    ] {
        let output = run(folder.path(), &format!("{arguments} --json"));
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{arguments}: {stdout}");
        assert!(stdout.contains(told), "{arguments}: {stdout}");
    }
    assert!(is_empty(folder.path()));
}

#[test]
fn decisions_and_a_gate_are_timed_and_come_to_what_they_should() {
    let folder = tempfile::tempdir().expect("a folder");
    let figures = figures(folder.path(), "decide --decisions 400 --subjects 1000");
    positive(&figures, &["decision_us_p50", "decision_us_p99", "decision_evaluated_us_p50", "gate_subjects_per_s"]);
    assert!(figures["decision_us_p50"].as_f64() <= figures["decision_us_p99"].as_f64(), "{figures}");
    assert_eq!((&figures["decision_count"], &figures["decision_evaluated_count"]), (&400.into(), &20.into()));
    // Four of five consented; of those every fifth has another consent besides.
    assert_eq!((&figures["gate_admitted"], &figures["gate_consents"]), (&800.into(), &840.into()));
    assert!(is_empty(folder.path()), "nothing is written");
    assert_eq!(figures["rulebook"], "cn 2026.2");
}
