//! The program as its user has it: exit codes, streams, JSON, help, and what is created when.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const ZHANG: &str = "cn-resident-id:51010719860317164X";
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples");

/// Runs the program in `folder`, whose bureau is in the default place.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_tallystick");
    Command::new(program).args(arguments).current_dir(folder).output().expect("runs")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("ends by itself")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// Runs with `--json` and gives the one object on stdout.
fn json(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let output = run(folder, &[arguments, &["--json"]].concat());
    let text = stdout(&output);
    assert_eq!(text.lines().count(), 1, "{arguments:?}: {text}");
    (code(&output), serde_json::from_str(&text).expect("one JSON object"))
}

/// A folder with a bureau and two members.
fn bureau() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [
        &["init", "--name", "test.example/log", "--rulebook", "cn", "--unencrypted"][..],
        &[
            "member",
            "admit",
            "--code",
            "CARD",
            "--name",
            "Card",
            "--kind",
            "card_issuer",
            "--role",
            "furnisher",
            "--consent-duty",
            "attested",
        ],
        &["member", "admit", "--code", "BANK", "--name", "Bank", "--kind", "bank", "--role", "subscriber"],
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
    }
    folder
}

fn ingest(layout: &str, file: &str) -> Vec<String> {
    ["ingest", "--furnisher", "CARD", "--layout", layout, "--file", file].map(str::to_owned).to_vec()
}

fn card(month: &str) -> Vec<String> {
    ingest(&format!("{SAMPLES}/layouts/card.toml"), &format!("{SAMPLES}/deliveries/card_{month}.csv"))
}

fn words(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

#[test]
fn nothing_but_init_creates_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let card = card("2026-01");
    for arguments in [
        &["verify"][..],
        &["report", "--subject", ZHANG],
        &["member", "list"],
        &["inquire", "--subscriber", "BANK", "--subject", ZHANG, "--purpose", "credit_application"],
        &["consent", "list", "--subject", ZHANG],
        &["freeze", "place", "--subject", ZHANG],
        &words(&card),
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(code(&output), 1, "{arguments:?}");
        assert_eq!(stderr(&output), "error: no bureau in `bureau`: `tallystick init` founds one\n", "{arguments:?}");
        assert_eq!(fs::read_dir(folder.path()).expect("reads").count(), 0, "{arguments:?}");
    }
    let bureau = bureau();
    let again = run(bureau.path(), &["init", "--name", "test.example/log", "--rulebook", "cn", "--unencrypted"]);
    assert_eq!((code(&again), stderr(&again).as_str()), (1, "error: `bureau` exists already and is not empty\n"));
}

#[test]
fn exit_codes_tell_ok_denied_rejected_and_could_not_run() {
    let folder = bureau();
    let path = folder.path();
    let inquire = |purpose| ["inquire", "--subscriber", "BANK", "--subject", ZHANG, "--purpose", purpose];

    let (end, delivered) = json(path, &words(&card("2026-02")));
    assert_eq!((end, &delivered["delivery"]["records"], &delivered["delivery"]["rejects"]), (0, &40.into(), &3.into()));
    assert_eq!(delivered["rejects"][0]["code"], "R010");
    let (end, again) = json(path, &words(&card("2026-02")));
    assert_eq!((end, &again["result"]), (0, &"already_delivered".into()));

    let (end, denied) = json(path, &inquire("credit_application"));
    assert_eq!((end, &denied["result"], &denied["report"]), (2, &"denied".into(), &Value::Null));
    assert_eq!(denied["reasons"][0]["rule"], "cn-11");

    let refused = ingest("metro2", &format!("{SAMPLES}/deliveries/card_2026-01.csv"));
    let (end, refused) = json(path, &words(&refused));
    assert_eq!((end, &refused["result"]), (3, &"refused".into()));

    for arguments in
        [&inquire("curiosity")[..], &["inquire"], &["no-such-command"], &["report", "--subject", "cn-resident-id:1"]]
    {
        assert_eq!(code(&run(path, arguments)), 1, "{arguments:?}");
    }
    let (end, error) = json(path, &["report", "--subject", "cn-resident-id:510107198603171640"]);
    assert_eq!((end, &error["result"]), (1, &"error".into()));
    assert!(!error.to_string().contains("510107198603171640"), "an error does not repeat an identifier");

    let (end, verified) = json(path, &["verify"]);
    assert_eq!((end, &verified["result"], &verified["findings"]), (0, &"ok".into(), &Value::Array(vec![])));
}

#[test]
fn a_consented_inquiry_shows_what_was_consented_and_leaves_a_receipt_that_proves_itself() {
    let folder = bureau();
    let path = folder.path();
    assert_eq!(code(&run(path, &words(&card("2026-02")))), 0);
    let grant = [
        "consent",
        "grant",
        "--subject",
        ZHANG,
        "--member",
        "BANK",
        "--scope",
        "inquire",
        "--purpose",
        "credit_application",
    ];
    let grant = [&grant[..], &["--category", "credit", "--form", "written", "--until", "2099-01-01"]].concat();
    let (end, granted) = json(path, &grant);
    assert_eq!(end, 0);
    let inquire = [
        "inquire",
        "--subscriber",
        "BANK",
        "--subject",
        ZHANG,
        "--purpose",
        "credit_application",
        "--receipt",
        "proof",
    ];
    let (end, answer) = json(path, &inquire);
    assert_eq!((end, &answer["result"]), (0, &"permitted".into()));
    assert_eq!(answer["consent"], granted["consent"]);
    assert_eq!(answer["released"], serde_json::json!(["credit"]));
    let report = &answer["report"];
    assert_eq!(report["identities"], serde_json::json!([]), "the name was not consented to");
    assert_eq!(report["accounts"][0]["months"][0]["tradeline"]["balance_minor"], 398_056);

    let written = fs::read(path.join("proof")).expect("written");
    let document = tallystick_receipt::Document::parse(&written, written.len()).expect("a receipt");
    let receipt = document.proof();
    let entry = receipt.extra.clone().expect("holds its entry");
    let (_, founded) = json(path, &["verify"]);
    let log = fs::read_to_string(path.join("bureau/log/checkpoint")).expect("published");
    assert_eq!(receipt.checkpoint, log, "the receipt's checkpoint is the one that outsiders see");
    assert_eq!(founded["entries"], receipt.index + 1);
    let key = run(path, &["member", "list"]);
    assert_eq!(code(&key), 0);
    assert_eq!(entry.first(), Some(&1), "version of entries");

    let (_, listed) = json(path, &["consent", "list", "--subject", ZHANG]);
    assert_eq!(listed["consents"][0]["active"], true);
    let id = granted["consent"].as_str().expect("an id");
    assert_eq!(code(&run(path, &["consent", "withdraw", "--subject", ZHANG, "--consent", id])), 0);
    let (_, before) = json(path, &["verify"]);
    assert_eq!(json(path, &inquire).0, 1, "a receipt overwrites no file, and nothing is asked without it");
    assert_eq!(json(path, &["verify"]).1["entries"], before["entries"]);
    let without_receipt = inquire.iter().copied().take(7).collect::<Vec<_>>();
    let (end, denied) = json(path, &without_receipt);
    assert_eq!((end, &denied["reasons"][0]["code"]), (2, &"consent_withdrawn".into()));
}

#[test]
fn a_correction_supersedes_and_only_the_furnisher_s_own_account_can_be_corrected() {
    let folder = bureau();
    let path = folder.path();
    assert_eq!(code(&run(path, &words(&card("2026-02")))), 0);
    let correct = |account, rest: &[&'static str]| {
        let first =
            ["correct", "--furnisher", "CARD", "--subject", ZHANG, "--month", "2026-02", "--reason", "booked late"];
        [&first[..], &["--account", account], rest].concat()
    };
    let (end, corrected) = json(path, &correct("CC0000000238", &["--rating", "late_1", "--past-due", "12.34"]));
    assert_eq!(end, 0);
    assert_eq!((&corrected["before"]["rating"], &corrected["after"]["rating"]), (&"current".into(), &"late_1".into()));
    assert_eq!(corrected["after"]["past_due_minor"], 1234);
    let (_, own) = json(path, &["report", "--subject", ZHANG]);
    assert_eq!(own["report"]["own"]["corrections"][0]["reason"], "booked late");
    let month = &own["report"]["accounts"][0]["months"][0];
    assert_eq!((&month["tradeline"]["rating"], &month["corrects_delivery"]), (&"late_1".into(), &1.into()));
    for wrong in [correct("CC0000000966", &["--rating", "current"]), correct("CC0000000238", &["--rating", "late_1"])] {
        assert_eq!(code(&run(path, &wrong)), 1, "{wrong:?}");
    }
    assert_eq!(json(path, &correct("CC0000000238", &["--delete"])).0, 0);
    let (_, own) = json(path, &["report", "--subject", ZHANG]);
    assert_eq!(own["report"]["accounts"][0]["months"], serde_json::json!([]));
    assert_eq!(json(path, &["verify"]).0, 0);
}

/// A loan, its event, and the agreement it draws on, as the registry's furnishing has them.
const REGISTRY: [&str; 3] = [
    "<Document><InAcctInf><AcctBsSgmt><InfRecType>210</InfRecType><AcctType>D1</AcctType><AcctCode>L-1</AcctCode>\
     <RptDate>2026-01-31</RptDate><RptDateCode>10</RptDateCode><Name>ZHANG</Name><IDType>10</IDType>\
     <IDNum>51010719860317164X</IDNum><MngmtOrgCode>91000000000001</MngmtOrgCode></AcctBsSgmt><AcctBsInfSgmt>\
     <BusiLines>1</BusiLines><BusiDtlLines>21</BusiDtlLines><OpenDate>2026-01-02</OpenDate><Cy>CNY</Cy>\
     <LoanAmt>90000</LoanAmt></AcctBsInfSgmt><AcctMthlyBlgInfSgmt><Month>2026-01</Month><AcctStatus>1</AcctStatus>\
     <AcctBal>88000.50</AcctBal><RpyStatus>N</RpyStatus></AcctMthlyBlgInfSgmt></InAcctInf></Document>\n",
    "<Document><InSpcEvtDscInf><InfRecType>215</InfRecType><AcctCode>L-1</AcctCode><OpetnType>21</OpetnType>\
     <Month>2026-01</Month><Flag>1</Flag><RptDate>2026-02-01</RptDate></InSpcEvtDscInf></Document>\n",
    "<Document><InCtrctInf><CtrctBsSgmt><InfRecType>220</InfRecType><ContractCode>C-1</ContractCode>\
     <RptDate>2026-01-31</RptDate><RptDateCode>10</RptDateCode><Name>ZHANG</Name><IDType>10</IDType>\
     <IDNum>51010719860317164X</IDNum><MngmtOrgCode>91000000000001</MngmtOrgCode></CtrctBsSgmt><CreditLimSgmt>\
     <CreditLimType>20</CreditLimType><LimLoopFlg>0</LimLoopFlg><CreditLim>90000</CreditLim><Cy>CNY</Cy>\
     <ConEffDate>2026-01-01</ConEffDate><ConExpDate>2027-01-01</ConExpDate><ConStatus>1</ConStatus></CreditLimSgmt>\
     </InCtrctInf></Document>\n",
];

#[test]
fn the_registry_s_furnishing_shows_account_event_and_agreement() {
    let folder = bureau();
    let path = folder.path();
    for (number, record) in REGISTRY.iter().enumerate() {
        let file = format!("{number}.xml");
        fs::write(path.join(&file), record).expect("is written");
        let (end, delivered) = json(path, &words(&ingest("registry", &file)));
        assert_eq!((end, &delivered["delivery"]["rejects"]), (0, &0.into()), "{delivered}");
        assert_eq!(delivered["delivery"]["subjects"], 1);
    }
    let (end, own) = json(path, &["report", "--subject", ZHANG]);
    assert_eq!(end, 0);
    let report = &own["report"];
    let account = &report["accounts"][0];
    assert_eq!(
        (&account["terms"]["kind"], &account["months"][0]["tradeline"]["balance_minor"]),
        (&"auto_loan".into(), &8_800_050.into())
    );
    assert_eq!(account["events"], serde_json::json!([{"month": "2026-01", "delivery": 2, "code": "21"}]));
    let agreement = &report["agreements"][0];
    assert_eq!(
        (&agreement["limit_minor"], &agreement["revolving"], &agreement["until"]),
        (&9_000_000.into(), &false.into(), &"2027-01-01".into())
    );
    let lines = stdout(&run(path, &["report", "--subject", ZHANG]));
    assert!(lines.contains("2026-01 special event 21"), "{lines}");
    assert!(
        lines.contains("limit CNY 90000.00 at Card, not revolving, type 20, from 2026-01-01, until 2027-01-01"),
        "{lines}"
    );
    let (end, verified) = json(path, &["verify"]);
    assert_eq!((end, &verified["findings"]), (0, &serde_json::json!([])), "{verified}");
}

#[test]
fn results_are_on_stdout_the_story_on_stderr_and_every_help_has_an_example() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = run(folder.path(), &["demo", "--folder", "demo"]);
    assert_eq!(code(&demo), 0, "{}", stderr(&demo));
    let first_words: std::collections::BTreeSet<String> =
        stdout(&demo).lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    for word in [
        "ok", "reject", "permit", "deny", "report", "receipt", "no-hit", "consent", "pays", "before", "after", "access",
    ] {
        assert!(first_words.contains(word), "`{word}` is missing from {first_words:?}");
    }
    for told in ["Li never had a loan", "Nobody agreed to that", "derives it again"] {
        assert!(stderr(&demo).contains(told) && !stdout(&demo).contains(told), "{told}");
    }
    let (end, told) = json(folder.path(), &["demo", "--folder", "again"]);
    assert_eq!((end, &told["result"]), (0, &"ok".into()));
    let verify = run(folder.path(), &["verify", "--bureau", "demo"]);
    assert_eq!(code(&verify), 0, "{}", stdout(&verify));

    for command in [
        "member",
        "consent",
        "freeze",
        "init",
        "key create",
        "key show",
        "key protect",
        "backup create",
        "backup list",
        "backup verify",
        "restore",
        "accept-loss",
        "upgrade",
        "key list",
        "key rotate",
        "key revoke",
        "key history",
        "member admit",
        "member list",
        "ingest",
        "consent grant",
        "consent refuse",
        "consent pause",
        "consent resume",
        "consent withdraw",
        "consent certificate",
        "consent check",
        "consent deceased",
        "consent show",
        "consent import",
        "consent export",
        "consent receipt",
        "consent list",
        "inquire",
        "report",
        "correct",
        "freeze place",
        "freeze lift",
        "verify",
        "demo",
    ] {
        let arguments: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = run(folder.path(), &arguments);
        assert_eq!(code(&help), 0, "{command}");
        assert!(stdout(&help).contains("Example:\n  tallystick "), "{command}");
    }
}

#[test]
fn what_a_rule_keeps_out_whole_is_denied_and_recorded_and_what_is_all_bad_is_rejected() {
    let folder = bureau();
    let path = folder.path();
    // A card issuer hands over payments: the rulebook lets only payment platforms do that.
    let bill = ingest("wechat", &format!("{SAMPLES}/deliveries/bill_zhang_wechat.csv"));
    let (end, denied) = json(path, &[&words(&bill)[..], &["--subject", ZHANG]].concat());
    assert_eq!(
        (end, &denied["result"], &denied["reasons"][0]["rule"]),
        (2, &"denied".into(), &"cn-41".into()),
        "{denied}"
    );
    assert_eq!(denied["recorded"]["kind"], "delivery_denied");

    let header = fs::read_to_string(format!("{SAMPLES}/deliveries/card_2026-02.csv")).expect("reads");
    let header = header.lines().next().expect("has a header").to_owned();
    fs::write(path.join("empty.csv"), format!("{header}\n")).expect("writes");
    let layout = format!("{SAMPLES}/layouts/card.toml");
    assert_eq!(json(path, &words(&ingest(&layout, "empty.csv"))).0, 3, "nothing in it");
    fs::write(path.join("bad.csv"), format!("{header}\nx,,,,,,,,,,,,,\n")).expect("writes");
    let (end, bad) = json(path, &words(&ingest(&layout, "bad.csv")));
    assert_eq!((end, &bad["rejects"][0]["code"]), (3, &"R010".into()));

    // A member that is no subscriber is denied by rule, and that is on record too.
    let (end, denied) =
        json(path, &["inquire", "--subscriber", "CARD", "--subject", ZHANG, "--purpose", "credit_application"]);
    assert_eq!((end, &denied["reasons"][0]["code"]), (2, &"not_a_subscriber".into()));
    let (end, verified) = json(path, &["verify"]);
    assert_eq!((end, &verified["entries"]), (0, &5.into()));

    // The law this bureau was founded under knows no freeze: it says so instead of promising one.
    let freeze = run(path, &["freeze", "place", "--subject", ZHANG]);
    assert_eq!(code(&freeze), 1);
    assert!(stderr(&freeze).contains("knows no freeze"), "{}", stderr(&freeze));
}

#[test]
fn a_bureau_decides_by_no_other_rulebook_than_its_own() {
    let folder = bureau();
    let toml = folder.path().join("bureau/bureau.toml");
    let text = fs::read_to_string(&toml).expect("reads");
    fs::write(&toml, text.replace("\"cn\"", "\"us\"")).expect("writes");
    let asked = ["inquire", "--subscriber", "BANK", "--subject", ZHANG, "--purpose", "account_review"];
    let (end, refused) = json(folder.path(), &asked);
    assert_eq!((end, &refused["result"]), (1, &"error".into()));
    let (end, verified) = json(folder.path(), &["verify"]);
    assert_eq!((end, &verified["findings"][0]["place"]), (1, &"rulebook".into()));
}

#[test]
fn a_flipped_byte_is_named_by_verify() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(code(&run(folder.path(), &["demo", "--folder", "demo"])), 0);
    let checkpoint = folder.path().join("demo/log/checkpoint");
    let mut note = fs::read(&checkpoint).expect("reads");
    let last = note.len() - 10;
    note[last] ^= 1;
    fs::write(&checkpoint, note).expect("writes");
    let (end, damaged) = json(folder.path(), &["verify", "--bureau", "demo"]);
    assert_eq!((end, &damaged["result"]), (1, &"damaged".into()));
    assert_eq!(damaged["findings"][0]["place"], "log/checkpoint");

    // A missing checkpoint could hide a rollback: nothing is recorded until somebody says to publish it again.
    fs::remove_file(&checkpoint).expect("removes");
    let freeze = ["report", "--bureau", "demo", "--subject", ZHANG];
    assert_eq!(code(&run(folder.path(), &freeze)), 1);
    let (end, published) = json(folder.path(), &["verify", "--bureau", "demo", "--publish-checkpoint"]);
    assert_eq!((end, &published["checkpoint_published"]), (0, &true.into()), "{published}");
    assert_eq!(code(&run(folder.path(), &freeze)), 0);
}

#[test]
fn a_question_is_answered_and_past_decisions_are_decided_again_and_compared() {
    let folder = bureau();
    let path = folder.path();
    for month in ["2026-01", "2026-02"] {
        assert_eq!(json(path, &words(&card(month))).0, 0);
    }
    let ask = |more: &[&str]| {
        let asked = ["inquire", "--subscriber", "BANK", "--subject", ZHANG, "--purpose", "credit_application"];
        json(path, &[&asked[..], more].concat())
    };
    let (end, denied) = ask(&["--question", "has_open_accounts"]);
    assert_eq!((end, &denied["reasons"][0]["code"]), (2, &"no_consent_for_credit_application".into()), "{denied}");
    let granted = [
        "consent",
        "grant",
        "--subject",
        ZHANG,
        "--member",
        "BANK",
        "--scope",
        "inquire",
        "--purpose",
        "credit_application",
        "--category",
        "credit",
        "--form",
        "written",
        "--until",
        "2100-01-01",
    ];
    assert_eq!(json(path, &granted).0, 0);
    let (end, answered) = ask(&["--question", "has_open_accounts"]);
    assert_eq!((end, &answered["answer"], &answered["report"]), (0, &"yes".into(), &Value::Null), "{answered}");
    assert_eq!(answered["released"], serde_json::json!(["credit"]));
    let (end, beyond) = ask(&["--question", "paid_in_months_at_least", "--months", "3"]);
    assert_eq!((end, &beyond["reasons"][0]["code"]), (2, &"question_reads_more".into()));
    let (end, wrong) = ask(&["--question", "has_open_accounts", "--months", "3"]);
    assert_eq!((end, &wrong["message"]), (1, &"`--months`: `has_open_accounts` takes none".into()));
    assert_eq!(ask(&["--question", "ever_90_days_past_due", "--months", "85"]).0, 1);

    // The bank was told of credit, so it does not hand credit on; the card company could, were the subject to agree.
    let hand = |from: &str, to: &str| {
        json(path, &["transfer", "--from", from, "--to", to, "--subject", ZHANG, "--category", "credit"])
    };
    let (end, onward) = hand("BANK", "CARD");
    assert_eq!((end, &onward["reasons"][0]["code"]), (2, &"no_onward_transfer".into()), "{onward}");
    assert_eq!((&onward["furnished"], &onward["received"]), (&false.into(), &true.into()));
    let (end, own) = hand("CARD", "BANK");
    assert_eq!((end, &own["reasons"][0]["code"]), (2, &"transfer_needs_separate_consent".into()));
    assert_eq!((&own["furnished"], &own["received"]), (&true.into(), &false.into()));

    let (end, replayed) = json(path, &["policy", "replay"]);
    assert_eq!((end, &replayed["decisions"], &replayed["different"]), (0, &5.into(), &0.into()), "{replayed}");
    let draft = path.join("drafts/cn");
    fs::create_dir_all(&draft).expect("creates");
    let rulebooks = concat!(env!("CARGO_MANIFEST_DIR"), "/../policy/rulebooks/cn");
    fs::copy(format!("{rulebooks}/access.cedar"), draft.join("access.cedar")).expect("copies");
    let toml = fs::read_to_string(format!("{rulebooks}/rulebook.toml")).expect("reads");
    let toml = toml.replace("2026.2", "2026.3-draft").replace("has_open_accounts = [\"credit\"]\n", "");
    fs::write(draft.join("rulebook.toml"), toml).expect("writes");
    let (end, compared) = json(path, &["policy", "diff", "cn", "drafts/cn", "--since", "2020-01-01"]);
    assert_eq!((end, &compared["new"]), (0, &"cn 2026.3-draft".into()), "{compared}");
    let told = (&compared["decisions"], &compared["different"], &compared["newly_denied"]);
    assert_eq!(told, (&5.into(), &1.into(), &1.into()));
    assert_eq!(compared["differences"][0]["after"]["reasons"][0]["code"], "question_not_offered");
    let lines = stdout(&run(path, &["policy", "diff", "cn", "drafts/cn"]));
    assert!(lines.contains("BANK, credit_application has_open_accounts"), "{lines}");
    assert_eq!(json(path, &["policy", "diff", "cn", "nowhere"]).0, 1);
    let (end, rules) = json(path, &["policy", "rules", "--rulebook", "in", "--rule", "in-11"]);
    assert_eq!((end, &rules["rules"][0]["source"]), (0, &"AA fair-use templates".into()));
}

#[test]
fn a_report_tells_no_more_detail_than_its_purpose_needs() {
    let folder = bureau();
    let path = folder.path();
    for month in ["2026-01", "2026-02"] {
        assert_eq!(json(path, &words(&card(month))).0, 0);
    }
    let asked = |purpose: &str| {
        let granted = [
            "consent",
            "grant",
            "--subject",
            ZHANG,
            "--member",
            "BANK",
            "--scope",
            "inquire",
            "--purpose",
            purpose,
            "--category",
            "identity",
            "--category",
            "credit",
            "--form",
            "written",
            "--until",
            "2100-01-01",
        ];
        assert_eq!(json(path, &granted).0, 0);
        let (end, answer) = json(path, &["inquire", "--subscriber", "BANK", "--subject", ZHANG, "--purpose", purpose]);
        assert_eq!((end, &answer["detail"]), (0, &answer["report"]["detail"]), "{answer}");
        answer
    };
    let months = |answer: &Value| {
        let accounts = answer["report"]["accounts"].as_array().expect("a list");
        accounts.iter().map(|account| account["months"].as_array().expect("a list").len()).collect::<Vec<_>>()
    };
    let whole = asked("credit_application");
    assert_eq!((&whole["detail"], months(&whole)), (&"whole".into(), vec![2]));
    let latest = asked("collection");
    assert_eq!((&latest["detail"], months(&latest)), (&"latest".into(), vec![1]));
    assert_eq!(latest["report"]["accounts"][0]["months"][0]["month"], "2026-02");
    let summary = asked("tenancy");
    assert_eq!((&summary["detail"], months(&summary)), (&"summary".into(), vec![]));
    // What stands at the head is the same; who the creditor is nobody is told.
    for answer in [&latest, &summary] {
        assert_eq!(answer["report"]["summary"], whole["report"]["summary"]);
        assert_ne!(answer["report"]["sha256"], whole["report"]["sha256"]);
    }
    assert_eq!(summary["report"]["identities"][0]["furnisher"]["name"], "a furnisher");
    assert!(!summary.to_string().contains("CARD"), "{summary}");
    let own = stdout(&run(path, &["report", "--subject", ZHANG]));
    assert!(own.contains("saw identity,credit (summary): tenancy"), "{own}");
}
