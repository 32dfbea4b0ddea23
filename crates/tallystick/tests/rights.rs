//! Rights as they are typed: a dispute from the own report's account to the notice for the lender that had seen the month, and
//! a certificate of what has expired.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const LAYOUT: &str = "layout = { name = \"accounts\", version = 1 }\n\
    subject = { column = \"id\", scheme = \"cn-resident-id\" }\n\
    [[tradeline]]\naccount = \"account\"\nmonth = { column = \"month\", pattern = \"YYYY-MM\" }\ncurrency = \"USD\"\n\
    kind = \"credit_card\"\nbalance = \"balance\"\n\
    rating = { column = \"late\", codes = { \"0\" = \"current\", \"1\" = \"late_1\" } }\n";

/// Runs with `--json` in `folder`; it must end well.
fn ok(folder: &Path, arguments: &[&str]) -> Value {
    let program = env!("CARGO_BIN_EXE_tallystick");
    let output = Command::new(program).args(arguments).arg("--json").current_dir(folder).output().expect("runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {text}");
    serde_json::from_str(&text).expect("one JSON object")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[test]
fn a_dispute_ends_with_a_correction_and_a_notice_and_what_is_old_expires() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    fs::write(at.join("id.txt"), "cn-resident-id:11010519491231002X").expect("writes");
    fs::write(at.join("layout.toml"), LAYOUT).expect("writes");
    let rows =
        "id,account,month,balance,late\n11010519491231002X,A,2012-01,10.00,1\n11010519491231002X,A,2026-01,20.00,1\n";
    fs::write(at.join("rows.csv"), rows).expect("writes");
    ok(at, &["init", "--name", "rights.example/log", "--rulebook", "us", "--unencrypted"]);
    for (code, role) in [("CARD", "furnisher"), ("BANK", "subscriber")] {
        ok(at, &["member", "admit", "--code", code, "--name", code, "--kind", "bank", "--role", role]);
    }
    ok(at, &["ingest", "--furnisher", "CARD", "--layout", "layout.toml", "--file", "rows.csv"]);
    let own = ok(at, &["report", "--subject", "@id.txt"]);
    assert_eq!((&own["charge"]["is_free"], &own["charge"]["rule"]), (&Value::from(true), &Value::from("us-11")));
    let account = text(&own["report"]["accounts"][0]["account"]);
    let inquire = ["inquire", "--subscriber", "BANK", "--subject", "@id.txt", "--purpose", "credit_application"];
    ok(at, &inquire);

    let open = ["dispute", "open", "--subject", "@id.txt", "--account", &account, "--month", "2026-01"];
    let filed = ok(at, &[&open[..], &["--grounds", "it was paid"]].concat());
    let marked = ok(at, &inquire);
    assert_eq!(marked["beside"]["marks"][0]["mark"], "disputed");
    assert_eq!(marked["report"]["beside"]["marks"][0]["month"], "2026-01");
    let queue = ok(at, &["dispute", "queue", "--furnisher", "CARD"]);
    assert_eq!((&queue["queue"][0]["dispute"], &queue["queue"][0]["state"]), (&filed["dispute"], &Value::from("open")));
    let name = text(&filed["dispute"]);
    let answer = ["dispute", "answer", "--furnisher", "CARD", "--dispute", &name, "--outcome", "corrected"];
    let answered = ok(at, &[&answer[..], &["--rating", "current", "--words", "booked late"]].concat());
    let notice = fs::read_to_string(at.join(text(&answered["notices"][0]))).expect("a notice");
    let notice: Value = serde_json::from_str(&notice).expect("JSON");
    assert_eq!((&notice["recipient"], &notice["month"]), (&Value::from("BANK"), &Value::from("2026-01")));
    let ratings = (&notice["before"]["tradeline"]["rating"], &notice["after"]["tradeline"]["rating"]);
    assert_eq!(ratings, (&Value::from("late_1"), &Value::from("current")));
    assert_eq!(notice["reason"]["rule"], "us-notice");
    fs::write(at.join("notice.receipt"), text(&notice["receipt"])).expect("writes");
    let checked = ok(at, &["receipt", "verify", "notice.receipt", "--key", "bureau/keys/log.pub"]);
    assert_eq!(checked["receipts"][0]["kind"], "correction_noticed");
    let history = ok(at, &["access-history", "--subject", "@id.txt"]);
    assert_eq!(history["told"][0]["to"]["code"], "BANK");

    let dry = ok(at, &["expire", "--dry-run"]);
    assert_eq!((&dry["facts"][0]["rule"], &dry["facts"][0]["facts"]), (&Value::from("us-5"), &Value::from(1)));
    let done = ok(at, &["expire", "--keep-for-models", "models.csv", "--certificate", "expired.receipt"]);
    assert_eq!(done["files"], 1);
    let kept = fs::read_to_string(at.join("models.csv")).expect("rows");
    assert_eq!(kept.lines().nth(1), Some("2012H1,credit_card,open,late_1,USD,below 100,,,bank,us-5"));
    let checked = ok(at, &["receipt", "verify", "expired.receipt", "--key", "bureau/keys/log.pub"]);
    assert_eq!(checked["receipts"][0]["kind"], "retention_run");
    let taken_out = serde_json::json!({"what": "facts taken out", "value": "1 under us-5"});
    assert_eq!(checked["receipts"][0]["details"][1], taken_out);
    let own = ok(at, &["report", "--subject", "@id.txt"]);
    assert_eq!(own["report"]["accounts"][0]["months"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&own["report"]["own"]["expired_facts"], &own["charge"]["is_free"]),
        (&Value::from(1), &Value::from(false))
    );
    ok(at, &["verify"]);
}
