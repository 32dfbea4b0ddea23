//! `ingest` without `--layout`: what a file is found to be and why, and what is said of one that nothing fits.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

const ZHANG: &str = "cn-resident-id:51010719860317164X";
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples");

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tallystick")).args(arguments).current_dir(folder).output().expect("runs")
}

/// Runs `ingest` without a layout; exit code, lines, and the object of a second run with `--json`.
fn ingest(folder: &Path, furnisher: &str, file: &str, more: &[&str]) -> (i32, Vec<String>, Value) {
    let arguments = [&["ingest", "--furnisher", furnisher, "--file", file], more].concat();
    let json = run(folder, &[&arguments[..], &["--json"]].concat());
    let plain = run(folder, &arguments);
    let lines = String::from_utf8(plain.stdout).expect("text").lines().map(str::to_owned).collect();
    (json.status.code().expect("ends"), lines, serde_json::from_slice(&json.stdout).expect("one JSON object"))
}

fn bureau() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let admit = |code, kind| {
        let first = ["member", "admit", "--code", code, "--name", code, "--kind", kind];
        [&first[..], &["--role", "furnisher", "--consent-duty", "attested"]].concat()
    };
    for arguments in [
        vec!["init", "--name", "test.example/log", "--rulebook", "cn", "--unencrypted"],
        admit("CARD", "card_issuer"),
        admit("PAY", "payment_platform"),
    ] {
        let output = run(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    folder
}

#[test]
fn a_file_is_taken_by_the_layout_that_it_is_found_to_have_and_the_reason_is_told() {
    let folder = bureau();
    let path = folder.path();
    let layouts = format!("{SAMPLES}/layouts");
    let card = format!("{SAMPLES}/deliveries/card_2026-02.csv");
    let (end, lines, told) = ingest(path, "CARD", &card, &["--layouts", &layouts]);
    assert_eq!((end, &told["result"]), (0, &"ok".into()), "{told}");
    let why = "its first row has exactly the 14 columns of the mapping";
    assert_eq!(told["layout"], json!({"name": "town-card 1", "why": why}));
    assert_eq!(told["delivery"]["layout"], "town-card 1");
    assert_eq!(lines.first().map(String::as_str), Some(&*format!("layout  town-card 1: {why}")));
    assert!(lines.get(1).is_some_and(|line| line.starts_with("same ")), "{lines:?}");

    // What is kept with the bureau is looked at without being named.
    fs::create_dir(path.join("bureau/layouts")).expect("creates");
    fs::copy(format!("{layouts}/card.toml"), path.join("bureau/layouts/card.toml")).expect("copies");
    let march = format!("{SAMPLES}/deliveries/card_2026-03.csv");
    let (end, _, told) = ingest(path, "CARD", &march, &["--layouts", &layouts]);
    assert_eq!((end, &told["layout"]["name"]), (0, &"town-card 1".into()), "the same mapping twice is one: {told}");

    let grant = ["consent", "grant", "--subject", ZHANG, "--member", "PAY", "--scope", "furnish"];
    let grant = [&grant[..], &["--category", "payments", "--form", "written", "--until", "2099-01-01"]].concat();
    assert_eq!(run(path, &grant).status.code(), Some(0));
    let bill = format!("{SAMPLES}/deliveries/bill_zhang_wechat.csv");
    let (end, lines, told) = ingest(path, "PAY", &bill, &["--subject", ZHANG]);
    assert_eq!(end, 0, "{told}");
    assert!(lines.first().is_some_and(|line| line.starts_with("layout  wechat 1: ")), "{lines:?}");

    let statement = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\"><BkToCstmrStmt><Stmt><Acct><Id>\
                     <IBAN>NL26VAYB8060476890</IBAN></Id></Acct><Ntry><Amt Ccy=\"EUR\">7.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>\
                     <Sts>BOOK</Sts><BookgDt><Dt>2026-03-05</Dt></BookgDt></Ntry></Stmt></BkToCstmrStmt></Document>";
    fs::write(path.join("statement"), statement).expect("writes");
    let (end, _, told) = ingest(path, "PAY", "statement", &["--subject", ZHANG]);
    assert_eq!((end, &told["delivery"]["facts"]), (0, &json!({"payment_profile_month": 1})), "{told}");
    let why = "XML with the root `Document` of the namespace of `camt.053` version 2";
    assert_eq!(told["layout"], json!({"name": "camt 1", "why": why}));
}

#[test]
fn an_unknown_file_ends_with_3_and_says_what_was_looked_for() {
    let folder = bureau();
    let path = folder.path();
    fs::write(path.join("unknown.csv"), "id,account,month,saldo\n1,2,2026-01,3\n").expect("writes");
    let layouts = format!("{SAMPLES}/layouts");
    let (end, lines, told) = ingest(path, "CARD", "unknown.csv", &["--layouts", &layouts]);
    assert_eq!((end, &told["result"]), (3, &"unknown_layout".into()));
    let looked = told["looked_for"].as_array().expect("a list");
    let of = |name: &str| looked.iter().find(|one| one["layout"] == name).map(|one| one["looked_for"].clone());
    assert_eq!(of("metro2 1"), Some("`HEADER` behind one or two descriptor words at the start".into()));
    for name in ["camt 1", "alipay 1", "wechat 1", "town-card 1", "town-loan 1"] {
        assert!(of(name).is_some(), "{name} of {looked:?}");
    }
    assert_eq!(
        lines.first().map(String::as_str),
        Some(&*format!("refuse  none of {} layouts fits this file; nothing was loaded", looked.len()))
    );
    assert_eq!(lines.len(), looked.len() + 2, "a line for each, and what to do");
    assert!(
        lines.iter().any(|line| line.starts_with("looked  town-card 1: for a first row with a column `")),
        "{lines:?}"
    );

    let verify = run(path, &["verify", "--json"]);
    let verified: Value = serde_json::from_slice(&verify.stdout).expect("one JSON object");
    assert_eq!(verified["entries"], 3, "nothing was recorded");
}

#[test]
fn a_file_that_two_layouts_fit_is_taken_by_neither() {
    let folder = bureau();
    let path = folder.path();
    let card = fs::read_to_string(format!("{SAMPLES}/layouts/card.toml")).expect("reads");
    fs::create_dir(path.join("mine")).expect("creates");
    fs::write(path.join("mine/one.toml"), &card).expect("writes");
    fs::write(path.join("mine/other.toml"), card.replace("town-card", "other-card")).expect("writes");
    let file = format!("{SAMPLES}/deliveries/card_2026-02.csv");
    let (end, lines, told) = ingest(path, "CARD", &file, &["--layouts", "mine"]);
    assert_eq!((end, &told["result"]), (3, &"ambiguous_layout".into()));
    let names: Vec<_> = told["layouts"].as_array().expect("a list").iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["town-card 1", "other-card 1"]);
    assert_eq!(
        lines.first().map(String::as_str),
        Some("refuse  several layouts fit this file: `town-card 1`, `other-card 1`; nothing was loaded")
    );

    // A mapping that can't be used is not passed over: the file might be of it.
    fs::write(path.join("mine/broken.toml"), "[layout]").expect("writes");
    let broken = run(path, &["ingest", "--furnisher", "CARD", "--file", &file, "--layouts", "mine"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&broken.stderr).contains("mapping `mine/broken.toml`"));
}
