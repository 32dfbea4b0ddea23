//! Receipts as they are typed: a subscriber and a subject check them with the bureau's public key and nothing else.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

const ZHANG: &str = "cn-resident-id:11010519491231002X";
const LI: &str = "cn-resident-id:440524188001010014";

fn run(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let program = env!("CARGO_BIN_EXE_tallystick");
    let output = Command::new(program).args(arguments).arg("--json").current_dir(folder).output().expect("runs");
    let told = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().expect("a code"), told)
}

fn ok(folder: &Path, arguments: &[&str]) -> Value {
    let (end, told) = run(folder, arguments);
    assert_eq!(end, 0, "{arguments:?}: {told}");
    told
}

fn message(folder: &Path, arguments: &[&str]) -> String {
    let (end, told) = run(folder, arguments);
    assert_eq!(end, 1, "{arguments:?}: {told}");
    told["message"].as_str().expect("a message").to_owned()
}

/// A bureau where a bank has asked about two people, and the receipt of one answer.
fn bureau() -> (tempfile::TempDir, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    ok(at, &["init", "--name", "bureau.example/log", "--rulebook", "cn", "--unencrypted"]);
    for (code, kind, role) in [("BANK", "bank", "subscriber"), ("PAY", "payment_platform", "furnisher")] {
        let admit = ["member", "admit", "--code", code, "--name", "Some Member", "--kind", kind, "--role", role];
        ok(at, &admit);
    }
    let inquire = ["inquire", "--subscriber", "BANK", "--purpose", "credit_application", "--subject"];
    run(at, &[&inquire[..], &[LI]].concat());
    let (end, denied) = run(at, &[&inquire[..], &[ZHANG, "--receipt", "answer.receipt"]].concat());
    assert_eq!(end, 2, "nobody has consented: {denied}");
    (folder, denied)
}

#[test]
fn an_answer_is_proved_elsewhere_with_the_public_key_alone() {
    let (folder, denied) = bureau();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let at = elsewhere.path();
    for (from, to) in [("answer.receipt", "answer.receipt"), ("bureau/keys/log.pub", "bureau.pub")] {
        fs::copy(folder.path().join(from), at.join(to)).expect("is copied");
    }
    let checked = ok(at, &["receipt", "verify", "answer.receipt", "--key", "bureau.pub"]);
    let receipt = &checked["receipts"][0];
    assert_eq!((&receipt["valid"], &receipt["kind"]), (&json!(true), &json!("inquiry_denied")));
    assert_eq!((&receipt["entry"], &receipt["at"]), (&denied["recorded"]["index"], &denied["recorded"]["at"]));
    assert_eq!((&receipt["log"], &receipt["size"]), (&json!("bureau.example/log"), &json!(5)));
    let details = receipt["details"].as_array().expect("details");
    let said = |what: &str| details.iter().find(|detail| detail["what"] == what).map(|detail| detail["value"].clone());
    assert_eq!(said("who asked"), Some(json!("member 1")));
    assert_eq!(said("rule"), Some(json!("cn-11: no consent for credit application")));
    // The key as a text, and as `@FILE`, is the same.
    let key = fs::read_to_string(at.join("bureau.pub")).expect("reads");
    for key in [key.trim(), "@bureau.pub"] {
        assert_eq!(ok(at, &["receipt", "verify", "answer.receipt", "--key", key]), checked);
    }

    let text = fs::read_to_string(at.join("answer.receipt")).expect("reads");
    fs::write(at.join("forged.receipt"), text.replace("index 4", "index 3")).expect("writes");
    let (end, told) = run(at, &["receipt", "verify", "answer.receipt", "forged.receipt", "--key", "bureau.pub"]);
    assert_eq!((end, &told["result"]), (3, &json!("rejected")));
    assert_eq!((&told["receipts"][0]["valid"], &told["receipts"][1]["valid"]), (&json!(true), &json!(false)));
    assert_eq!(told["receipts"][1]["fault"], "not_in_log");

    let verify = ["receipt", "verify", "answer.receipt", "--key"];
    let no = message(at, &[&verify[..], &["nonsense"]].concat());
    assert!(no.starts_with("`--key`: expected a public key, a file that holds one, or `@FILE`"), "{no}");
    let no = message(at, &["receipt", "verify", "no.receipt", "--key", "bureau.pub"]);
    assert!(no.starts_with("`no.receipt`"), "{no}");
}

#[test]
fn witnesses_that_were_named_must_have_cosigned() {
    let (folder, _) = bureau();
    let at = folder.path();
    let verify = ["receipt", "verify", "answer.receipt", "--key", "bureau/keys/log.pub", "--witness"];
    // A key of a witness: type 4, here from its vectors.
    let witness = "witness1.example+f0a4cd1f+BIqI49C6hQRJwY5v3Bp0nSnA6wQeJ5fQeLd1Z2v6zR2v";
    let no = message(at, &[&verify[..], &[witness]].concat());
    assert!(no.starts_with("`--witness`: expected a public key"), "{no}");
    let signer = tallystick_audit::WitnessSigner::new("witness.example", &[1; 32]).expect("a key");
    fs::write(at.join("witness.pub"), signer.public().to_string()).expect("writes");
    let (end, told) = run(at, &[&verify[..], &["witness.pub"]].concat());
    assert_eq!((end, &told["receipts"][0]["fault"]), (3, &json!("too_few_witnesses")));
    assert_eq!(
        ok(at, &[&verify[..], &["witness.pub", "--quorum", "0"]].concat())["receipts"][0]["witnesses"],
        json!([])
    );
    let no = message(at, &[&verify[..], &["witness.pub", "--quorum", "2"]].concat());
    assert_eq!(no, "`--quorum`: expected at most the number of `--witness`, 1, found 2");
}

#[test]
fn a_subject_gets_a_receipt_for_each_access_and_none_about_others() {
    let (folder, denied) = bureau();
    let at = folder.path();
    run(at, &["transfer", "--from", "PAY", "--to", "BANK", "--subject", ZHANG, "--category", "payments"]);
    let report = ok(at, &["report", "--subject", ZHANG, "--receipt", "own.receipt", "--receipts", "mine"]);
    let files = |told: &Value| -> Vec<String> {
        told["receipts"]
            .as_array()
            .expect("files")
            .iter()
            .map(|file| file.as_str().expect("a path").to_owned())
            .collect()
    };
    // Admissions of both members, the inquiry, the hand-over, and this look; not the inquiry about the other one.
    let expected = ["mine/1.receipt", "mine/2.receipt", "mine/4.receipt", "mine/5.receipt", "mine/6.receipt"];
    assert_eq!(files(&report), expected);
    let verify = [&["receipt", "verify"][..], &expected, &["--key", "bureau/keys/log.pub"]].concat();
    let checked = ok(at, &verify);
    let kinds: Vec<_> = checked["receipts"].as_array().expect("list").iter().map(|told| told["kind"].clone()).collect();
    assert_eq!(
        kinds,
        ["member_admitted", "member_admitted", "inquiry_denied", "transfer_decided", "own_report_viewed"]
    );
    // Admissions that are checked too give the members their names.
    assert_eq!(checked["receipts"][2]["details"][0], json!({"what": "who asked", "value": "Some Member (member 1)"}));
    assert_eq!(
        ok(at, &["receipt", "verify", "own.receipt", "--key", "bureau/keys/log.pub"])["receipts"][0]["entry"],
        6
    );

    // Asked for again, what is there stays, and what came since is added; the other one's are the other one's alone.
    let before = fs::read(at.join("mine/4.receipt")).expect("reads");
    ok(at, &["report", "--subject", ZHANG]);
    let again = ok(at, &["access-history", "--subject", ZHANG, "--receipts", "mine"]);
    assert_eq!(files(&again).last().map(String::as_str), Some("mine/7.receipt"));
    assert_eq!(fs::read(at.join("mine/4.receipt")).expect("reads"), before);
    let other = ok(at, &["access-history", "--subject", LI, "--receipts", "others"]);
    assert_eq!(files(&other), ["others/1.receipt", "others/3.receipt"]);
    let subject = denied["subject"].as_str().expect("a pseudonym");
    for file in files(&other) {
        let told = ok(at, &["receipt", "verify", &file, "--key", "bureau/keys/log.pub"]);
        assert!(!told.to_string().contains(subject));
    }
}

#[test]
fn the_operator_writes_any_receipt_and_the_page_that_checks_them() {
    let (folder, _) = bureau();
    let at = folder.path();
    let key = ["--key", "bureau/keys/log.pub"];
    for (index, kind) in [("0", "bureau_founded"), ("3", "inquiry_denied")] {
        let file = format!("{index}.receipt");
        ok(at, &["receipt", "show", "--index", index, "--out", &file]);
        let checked = ok(at, &[&["receipt", "verify", &file][..], &key].concat());
        assert_eq!(checked["receipts"][0]["kind"], kind);
        let no = message(at, &["receipt", "show", "--index", index, "--out", &file]);
        assert!(no.contains("exists"), "{no}");
    }
    let no = message(at, &["receipt", "show", "--index", "5", "--out", "5.receipt"]);
    assert_eq!(no, "entry 5 is not in the log, or its event is gone");
    assert!(!at.join("5.receipt").exists());
    ok(at, &["receipt", "page", "--out", "verify.html"]);
    assert_eq!(fs::read_to_string(at.join("verify.html")).expect("reads"), tallystick_receipt::PAGE);
}

#[test]
fn a_past_answer_is_made_once_more_by_its_receipt() {
    let (folder, denied) = bureau();
    let at = folder.path();
    ok(at, &["report", "--subject", ZHANG, "--receipt", "own.receipt"]);
    run(at, &["inquire", "--subscriber", "BANK", "--purpose", "marketing", "--subject", ZHANG]);
    let again = ok(at, &["reproduce", "answer.receipt"]);
    assert_eq!((&again["result"], &again["entry"]), (&json!("same"), &denied["recorded"]["index"]));
    assert_eq!((&again["at"], &again["subject"]), (&denied["recorded"]["at"], &denied["subject"]));
    assert_eq!((&again["report_sha256"], &again["differs"]), (&Value::Null, &json!([])));
    let own = ok(at, &["reproduce", "own.receipt", "--bureau", "bureau"]);
    assert_eq!(own["result"], "same");
    assert_eq!(own["report_sha256"].as_str().map(str::len), Some(64));

    let text = fs::read_to_string(at.join("answer.receipt")).expect("reads");
    fs::write(at.join("forged.receipt"), text.replace("index 4", "index 3")).expect("writes");
    let (end, told) = run(at, &["reproduce", "forged.receipt"]);
    assert_eq!((end, &told["fault"]), (3, &json!("not_in_log")));
    ok(at, &["receipt", "show", "--index", "1", "--out", "member.receipt"]);
    let no = message(at, &["reproduce", "member.receipt"]);
    assert_eq!(no, "entry 1 answers nobody: A furnisher or subscriber was admitted");
}
