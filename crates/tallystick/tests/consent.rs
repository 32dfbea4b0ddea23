//! The life of a consent on the command line: its terms, its flags, its end, and the proof of it.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const ZHANG: &str = "cn-resident-id:11010519491231002X";

fn json(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let run = Command::new(env!("CARGO_BIN_EXE_tallystick"))
        .current_dir(folder)
        .arg("--json")
        .args(arguments)
        .output()
        .expect("it runs");
    let told = serde_json::from_slice(&run.stdout).unwrap_or(Value::Null);
    (run.status.code().expect("a code"), told)
}

fn ok(folder: &Path, arguments: &[&str]) -> Value {
    let (end, told) = json(folder, arguments);
    assert_eq!(end, 0, "{arguments:?}: {told}");
    told
}

fn bureau() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let founded = ok(path, &["init", "--name", "bureau.example/log", "--rulebook", "cn", "--unencrypted"]);
    for (code, kind) in [("PAY", "payment_platform"), ("BANK", "bank")] {
        let both = ["--role", "furnisher", "--role", "subscriber"];
        ok(path, &[&["member", "admit", "--code", code, "--name", code, "--kind", kind][..], &both].concat());
    }
    let mapping = "layout = { name = \"wallets\", version = 1 }\n\
                   subject = { column = \"id\", scheme = \"cn-resident-id\" }\n\
                   [[payment_profile]]\naccount = \"wallet\"\ncurrency = \"CNY\"\nactive_days = \"days\"\n\
                   month = { column = \"month\", pattern = \"YYYY-MM\" }\n\
                   flow.spending = { count = \"n\", sum = \"spent\" }\n";
    std::fs::write(path.join("wallets.toml"), mapping).expect("is written");
    let rows = "id,wallet,month,days,n,spent\n11010519491231002X,W1,2026-01,9,3,100.00\n";
    std::fs::write(path.join("wallets.csv"), rows).expect("is written");
    let key = founded.get("verifier_key").and_then(Value::as_str).expect("a key").to_owned();
    (folder, key)
}

#[test]
fn a_withdrawn_consent_is_certified_and_its_recipients_get_a_notice() {
    let (folder, key) = bureau();
    let path = folder.path();
    let consent = ["consent", "grant", "--subject", ZHANG, "--category", "payments", "--form", "written"];
    let until = ["--until", "2200-01-01"];
    let furnish = ["--member", "PAY", "--scope", "furnish"];
    let granted = ok(path, &[&consent[..], &furnish, &until].concat());
    let id = granted["consent"].as_str().expect("an id");
    ok(path, &["ingest", "--furnisher", "PAY", "--layout", "wallets.toml", "--file", "wallets.csv"]);
    let inquire = ["--member", "BANK", "--scope", "inquire", "--purpose", "credit_application", "--fetch", "once"];
    let once = ok(path, &[&consent[..], &inquire, &until, &["--data-life", "31-day"]].concat());
    let asked = ["inquire", "--subscriber", "BANK", "--subject", ZHANG, "--purpose", "credit_application"];
    let answer = ok(path, &asked);
    assert_eq!(answer["keep_for"], serde_json::json!({"count": 31, "unit": "day"}));
    let (end, denied) = json(path, &asked);
    assert_eq!((end, &denied["reasons"][0]["code"]), (2, &"consent_used_up".into()));
    let shown = ok(path, &["consent", "show", "--subject", ZHANG, "--consent", once["consent"].as_str().expect("id")]);
    assert_eq!((&shown["consent"]["status"], &shown["consent"]["terms"]["fetch"]), (&"active".into(), &"once".into()));
    assert_eq!(shown["consent"]["uses"].as_array().map(Vec::len), Some(1));

    // A certificate that cannot be written undoes nothing: it is asked for again.
    let withdraw = ["consent", "withdraw", "--subject", ZHANG, "--consent", id, "--certificate", "no/such/folder.txt"];
    let told = ok(path, &withdraw);
    assert!(!path.join(format!("bureau/notices/BANK-{id}.json")).exists());
    ok(path, &["consent", "certificate", "--subject", ZHANG, "--consent", id, "--certificate", "erased.txt"]);
    assert_eq!(told["withdrawal"]["erased"]["categories"], serde_json::json!(["payments"]));
    assert_eq!(told["withdrawal"]["recipients"][0]["member"], "BANK");
    let notice = std::fs::read_to_string(path.join(format!("bureau/notices/BANK-{id}.json"))).expect("a notice");
    let notice: Value = serde_json::from_str(&notice).expect("is JSON");
    assert_eq!(notice["inquiries"], serde_json::json!([answer["recorded"]["index"]]));
    assert!(!notice.to_string().contains("11010519491231002X"));
    let report = ok(path, &["report", "--subject", ZHANG]);
    assert_eq!(report["report"]["wallets"], serde_json::json!([]));
    assert_eq!(report["report"]["own"]["withdrawals"][0]["withdrawal"]["consent"], id);

    // Without a bureau: the text and the public key.
    let check = ["consent", "check", "--certificate", "erased.txt", "--key", &key];
    let elsewhere = tempfile::tempdir().expect("a folder");
    std::fs::copy(path.join("erased.txt"), elsewhere.path().join("erased.txt")).expect("is copied");
    let checked = ok(elsewhere.path(), &check);
    assert_eq!(
        (&checked["withdrawal"]["erased"], &checked["log"]),
        (
            &{
                let mut erased = told["withdrawal"]["erased"].clone();
                erased["furnisher"] = "1".into();
                erased
            },
            &"bureau.example/log".into()
        )
    );
    std::fs::write(elsewhere.path().join("erased.txt"), "tallystick erasure certificate 1\n").expect("is written");
    let (end, rejected) = json(elsewhere.path(), &check);
    assert_eq!((end, &rejected["message"]), (3, &"receipt: expected the first line `tallystick receipt 1`".into()));
    let again = ["consent", "certificate", "--subject", ZHANG, "--consent", id, "--certificate", "again.txt"];
    assert_eq!(ok(path, &again)["withdrawal"], told["withdrawal"]);
    assert_eq!(ok(path, &["verify"])["findings"], serde_json::json!([]));
}

#[test]
fn what_speaks_against_the_asking_is_shown_and_a_childs_own_consent_is_denied() {
    let (folder, _) = bureau();
    let path = folder.path();
    let asked = ["--member", "BANK", "--scope", "inquire", "--purpose", "marketing", "--category", "credit"];
    ok(path, &[&["consent", "refuse", "--subject", ZHANG][..], &asked].concat());
    let grant = ["consent", "grant", "--form", "written", "--until", "2200-01-01", "--subject"];
    let tied = ["--tied-to", "a card", "--tied-need", "not_necessary", "--channel", "app", "--language", "zh-CN"];
    let granted = ok(path, &[&grant[..], &[ZHANG], &asked, &tied].concat());
    let codes: Vec<_> = granted["flags"].as_array().expect("flags").iter().map(|flag| flag["code"].clone()).collect();
    assert_eq!(codes, ["bundled_with_unnecessary_condition", "asked_again_after_refusal"]);
    let listed = ok(path, &["consent", "list", "--subject", ZHANG]);
    assert_eq!(listed["consents"][0]["flags"], granted["flags"]);
    assert_eq!(listed["refusals"].as_array().map(Vec::len), Some(1));
    let id = granted["consent"].as_str().expect("an id");
    ok(path, &["consent", "pause", "--subject", ZHANG, "--consent", id]);
    assert_eq!(ok(path, &["consent", "list", "--subject", ZHANG])["consents"][0]["status"], "paused");
    ok(path, &["consent", "resume", "--subject", ZHANG, "--consent", id]);

    let child = "cn-resident-id:110105202001010015";
    let (end, denied) = json(path, &[&grant[..], &[child], &asked].concat());
    assert_eq!((end, &denied["reasons"][0]), (2, &serde_json::json!({"rule": "cn-24", "code": "guardian_needed"})));
    std::fs::write(path.join("book.txt"), "household register").expect("is written");
    let guardian = ["--acting", "guardian", "--authority", "book.txt"];
    ok(path, &[&grant[..], &[child], &asked, &guardian].concat());
}

#[test]
fn consents_go_out_in_standard_forms_and_come_in_again() {
    let (folder, _) = bureau();
    let path = folder.path();
    let grant = ["consent", "grant", "--subject", ZHANG, "--member", "BANK", "--scope", "inquire", "--form", "written"];
    let terms =
        ["--fetch", "5/month", "--data-from", "2025-07-01", "--data-until", "2025-12-31", "--data-life", "31-day"];
    let what = ["--purpose", "account_review", "--category", "deposits", "--until", "2200-01-01"];
    let granted = ok(path, &[&grant[..], &terms, &what].concat());
    let id = granted["consent"].as_str().expect("an id");
    let one = ["--subject", ZHANG, "--consent", id];

    let exported = ok(path, &[&["consent", "export", "--form", "aa", "--file", "artefact.json"], &one[..]].concat());
    std::fs::write(path.join("bureau.jwk"), exported["jwk"].as_str().expect("a key")).expect("is written");
    let other = "cn-resident-id:110101199003074514";
    let into = ["--subject", other, "--member", "BANK", "--form", "electronic", "--key", "bureau.jwk"];
    let imported = ok(path, &[&["consent", "import", "--file", "artefact.json"], &into[..]].concat());
    let listed = ok(path, &["consent", "list", "--subject", other]);
    let first = ok(path, &["consent", "list", "--subject", ZHANG]);
    assert_eq!(listed["consents"][0]["id"], imported["consent"]);
    for same in ["terms", "purposes", "categories", "valid_until"] {
        assert_eq!(listed["consents"][0][same], first["consents"][0][same], "{same}");
    }
    assert!(listed["consents"][0]["evidence_sha256"].is_string(), "the file is the evidence");

    // Another key, another text, or a consent that is suspended: rejected.
    std::fs::write(
        path.join("other.jwk"),
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    )
    .expect("is written");
    let wrong = ["--subject", other, "--member", "BANK", "--form", "electronic", "--key", "other.jwk"];
    let (end, told) = json(path, &[&["consent", "import", "--file", "artefact.json"], &wrong[..]].concat());
    let message = "`artefact.json`: the signature does not verify under this key";
    assert_eq!((end, &told["message"]), (3, &message.into()));
    ok(path, &[&["consent", "pause"], &one[..]].concat());
    ok(path, &[&["consent", "export", "--form", "aa", "--file", "artefact.json"], &one[..]].concat());
    let (end, told) = json(path, &[&["consent", "import", "--file", "artefact.json"], &into[..]].concat());
    assert_eq!((end, &told["message"]), (3, &"`artefact.json`: `status`: expected ACTIVE".into()));
    ok(path, &[&["consent", "resume"], &one[..]].concat());

    // The record, with a signature beside it.
    let files = ["--file", "record.json", "--signature", "record.jws"];
    ok(path, &[&["consent", "export", "--form", "iso27560"], &files[..], &one].concat());
    let record = [&["consent", "import"], &files[..], &into, &["--until", "2200-01-01"]].concat();
    ok(path, &record);
    let text = std::fs::read_to_string(path.join("record.json")).expect("reads");
    assert!(text.contains("dpv:ConsentRecord") && !text.contains("11010519491231002X"), "{text}");
    std::fs::write(path.join("record.json"), text.replace("ts:deposits", "ts:income")).expect("is written");
    let (end, told) = json(path, &record);
    assert_eq!((end, &told["message"]), (3, &"`record.json`: the signature does not verify under this key".into()));
    ok(path, &[&["consent", "receipt", "--file", "receipt.json"], &one[..]].concat());
    let receipt: Value =
        serde_json::from_slice(&std::fs::read(path.join("receipt.json")).expect("reads")).expect("JSON");
    let states = &receipt["dpv:hasRecordOfActivity"][0]["dpv:hasConsentStatus"];
    let kinds: Vec<_> = states.as_array().expect("states").iter().map(|state| state["@type"][0].clone()).collect();
    assert_eq!(kinds, ["dpv:ConsentGiven", "dpv:ConsentStatusInvalidForProcessing", "dpv:ConsentGiven"]);
    // What a form has no word for is said, and nothing is written.
    let consent =
        ok(path, &[&grant[..], &["--purpose", "tenancy", "--category", "credit", "--until", "2200-01-01"]].concat());
    let id = consent["consent"].as_str().expect("an id");
    let export = ["consent", "export", "--form", "aa", "--file", "none.json", "--subject", ZHANG, "--consent", id];
    let (end, told) = json(path, &export);
    assert_eq!((end, &told["message"]), (3, &"the account-aggregator artefact has no word for `tenancy`".into()));
    assert!(!path.join("none.json").exists());
}
