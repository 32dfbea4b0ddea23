//! A bureau under a charter, as its partners have it: keys and votes made without the bureau, nothing governed without an
//! enacted decision, staff that signs, and the bureau's end.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples");
const PARTNERS: [(&str, &str); 6] = [("A", "35"), ("B", "35"), ("C", "7"), ("D", "6.5"), ("E", "6.5"), ("F", "10")];

/// Runs with `--json` in `folder`, and gives exit code and object.
fn json(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let program = env!("CARGO_BIN_EXE_tallystick");
    let output = Command::new(program).args(arguments).arg("--json").current_dir(folder).output().expect("runs");
    let text = String::from_utf8(output.stdout).expect("text");
    (output.status.code().expect("ends"), serde_json::from_str(&text).expect("one JSON object"))
}

/// The same, which must end well.
fn ok(folder: &Path, arguments: &[&str]) -> Value {
    let (code, told) = json(folder, arguments);
    assert_eq!(code, 0, "{arguments:?}: {told}");
    told
}

/// The same, which could not run, and why.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let (code, told) = json(folder, arguments);
    assert_eq!(code, 1, "{arguments:?}: {told}");
    told["message"].as_str().expect("a message").to_owned()
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("writes");
}

/// Keys of partners, supervisor and staff, and a bureau founded under their charter.
fn founded() -> (tempfile::TempDir, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let key = |code: &str| {
        let told = ok(at, &["key", "create", "--kind", "partner", "--unencrypted", "--out", &format!("{code}.key")]);
        told["key"].as_str().expect("a key").to_owned()
    };
    let mut toml = "voting_hours = 336\nenact_within_hours = 720\n[deadlock]\nsecond_round_share = \"45\"\n".to_owned();
    for (code, weight) in PARTNERS {
        let key = key(code);
        toml += &format!(
            "[[partner]]\ncode = \"{code}\"\nname = \"Partner {code}\"\nkey = \"{key}\"\nweight = \"{weight}\"\n"
        );
    }
    let supervisor = key("SUPER");
    toml += &format!(
        "[[seat]]\ncode = \"SUPER\"\nname = \"Supervisor\"\nkey = \"{supervisor}\"\nvetoes = [\"data_category\", \"wind_down\"]\n"
    );
    for matter in [
        "data_category",
        "rulebook",
        "layout",
        "scorecard",
        "member",
        "exchange_profile",
        "staff",
        "wind_down",
        "log_key",
        "charter",
    ] {
        let consent = if matter == "wind_down" { "consent_of = [\"SUPER\"]\n" } else { "" };
        toml += &format!("[rule.{matter}]\nshare = \"66.67\"\nquorum = \"75\"\n{consent}");
    }
    toml += "[[founding]]\ncollect = \"identity\"\n[[founding]]\ncollect = \"credit\"\n";
    write(at, "charter.toml", &toml);
    key("wu");
    let told = ok(
        at,
        &["init", "--name", "charter.example/log", "--rulebook", "cn", "--charter", "charter.toml", "--unencrypted"],
    );
    (folder, told)
}

/// Drafts, proposes, and lets everyone vote: in favour, but for those named.
fn decide(folder: &Path, name: &str, measure: &str, against: &[&str]) -> Value {
    let charter = ok(folder, &["charter", "show"])["charter"].as_str().expect("an id").to_owned();
    write(folder, "measure.toml", measure);
    let proposal = format!("{name}.proposal");
    let draft = ["charter", "draft", "--charter", &charter, "--proposer", "C", "--key", "C.key", "--measure"];
    let rest = ["measure.toml", "--effective", "2026-01-01", "--reason", name, "--out", &proposal];
    ok(folder, &[&draft[..], &rest[..]].concat());
    let mut told = ok(folder, &["charter", "propose", "--proposal", &proposal]);
    let heard = ["data_category", "wind_down"].iter().any(|matter| told["proposal"]["matter"] == *matter);
    let voters = PARTNERS.iter().map(|(code, _)| *code).chain(heard.then_some("SUPER"));
    for voter in voters {
        let choice = if against.contains(&voter) { "against" } else { "for" };
        let (key, ballot) = (format!("{voter}.key"), format!("{name}.{voter}"));
        let sign = ["charter", "sign-vote", "--proposal", &proposal, "--voter", voter, "--key", &key, "--choice"];
        ok(folder, &[&sign[..], &[choice, "--out", &ballot]].concat());
        told = ok(folder, &["charter", "vote", "--ballot", &ballot]);
    }
    told["proposal"].clone()
}

fn enacted(folder: &Path, name: &str, measure: &str) {
    let proposal = decide(folder, name, measure, &[]);
    assert_eq!((&proposal["standing"], &proposal["ground"]), (&"passed".into(), &"share_in_favour".into()));
    ok(folder, &["charter", "enact", "--proposal", proposal["hash"].as_str().expect("a name")]);
}

#[rustfmt::skip]
const ADMIT_CARD: &[&str] = &[
    "member", "admit", "--code", "CARD", "--name", "Card", "--kind", "card_issuer", "--role", "furnisher",
    "--consent-duty", "attested",
];

#[test]
fn nothing_governed_changes_without_an_enacted_decision() {
    let (folder, founded) = founded();
    let at = folder.path();
    let shown = ok(at, &["charter", "show"]);
    assert_eq!(shown["charter"], founded["charter"]);
    assert_eq!(shown["collected"], serde_json::json!(["identity", "credit"]));
    assert_eq!(shown["partners"][3]["weight_bp"], 650);

    // A member, a layout, a category: each takes its decision.
    let refusal = "no enacted decision admits member `CARD` on these terms (charter, matter `member`)";
    assert_eq!(refused(at, ADMIT_CARD), refusal);
    let terms = "[admit]\ncode = \"CARD\"\nname = \"Card\"\nkind = \"card_issuer\"\nroles = [\"furnisher\"]\n\
                 consent_duty = \"attested\"\n";
    enacted(at, "card", terms);
    ok(at, ADMIT_CARD);
    let layout = format!("{SAMPLES}/layouts/card.toml");
    let file = format!("{SAMPLES}/deliveries/card_2026-01.csv");
    let ingest = ["ingest", "--furnisher", "CARD", "--layout", &layout, "--file", &file];
    let (code, told) = json(at, &ingest);
    assert_eq!((code, &told["reasons"][0]["code"]), (2, &"layout_not_accepted".into()), "{told}");
    assert_eq!(told["reasons"][0]["rule"], "charter");
    enacted(at, "layout", &format!("[accept]\nmatter = \"layout\"\nmapping = \"{layout}\"\n"));
    let told = ok(at, &ingest);
    assert_eq!(told["result"], "ok");

    // Another text of the same layout is another one.
    let other = fs::read_to_string(&layout).expect("reads") + "\n# changed\n";
    write(at, "card.toml", &other);
    let (code, told) = json(at, &["ingest", "--furnisher", "CARD", "--layout", "card.toml", "--file", &file]);
    assert_eq!((code, &told["reasons"][0]["code"]), (2, &"layout_text_not_accepted".into()));

    // 48.5 against 51.5 of 100: neither side has two thirds, and a second round begins. A vote came from everyone.
    let proposal = decide(at, "split", "collect = \"income\"\n", &["B", "C", "E"]);
    assert_eq!((&proposal["standing"], &proposal["ground"]), (&"open".into(), &"second_round".into()), "{proposal}");
    let hash = proposal["hash"].as_str().expect("a name").to_owned();
    assert_eq!(
        refused(at, &["charter", "enact", "--proposal", &hash]),
        format!("proposal {hash} is open: neither side had the share: votes are taken again, for a lower one")
    );
    // The supervisor stops what all partners want.
    let proposal = decide(at, "veto", "collect = \"tax\"\n", &["SUPER"]);
    assert_eq!((&proposal["standing"], &proposal["ground"]), (&"vetoed".into(), &"veto".into()));
    assert_eq!(ok(at, &["charter", "show"])["collected"], serde_json::json!(["identity", "credit"]));
    assert_eq!(ok(at, &["verify"])["findings"], serde_json::json!([]));
}

#[test]
fn one_partners_key_votes_for_nobody_else() {
    let (folder, _) = founded();
    let at = folder.path();
    decide(at, "first", "collect = \"income\"\n", &["A", "B", "C", "D", "E", "F", "SUPER"]);
    let shown = ok(at, &["charter", "show"]);
    assert_eq!(shown["proposals"][0]["standing"], "vetoed");
    let charter = shown["charter"].as_str().expect("an id").to_owned();
    write(at, "measure.toml", "collect = \"income\"\n");
    let draft = ["charter", "draft", "--charter", &charter, "--proposer", "A", "--key", "A.key", "--measure"];
    let rest = ["measure.toml", "--effective", "2026-01-01", "--reason", "again", "--out", "again.proposal"];
    ok(at, &[&draft[..], &rest[..]].concat());
    ok(at, &["charter", "propose", "--proposal", "again.proposal"]);
    // B's name under A's key is signed offline without complaint, and recorded nowhere.
    let sign = ["charter", "sign-vote", "--proposal", "again.proposal", "--voter", "B", "--key", "A.key"];
    ok(at, &[&sign[..], &["--choice", "for", "--out", "forged"]].concat());
    assert_eq!(refused(at, &["charter", "vote", "--ballot", "forged"]), "the signature is not `B`'s");
}

#[test]
fn enrolled_staff_signs_for_every_act_and_the_register_tells() {
    let (folder, _) = founded();
    let at = folder.path();
    let secret = fs::read_to_string(at.join("wu.key")).expect("reads");
    let public = {
        let mut seed = [0; 32];
        hex::decode_to_slice(secret.trim(), &mut seed).expect("hex");
        tallystick_model::signature::SecretKey::new(seed.into()).public().to_string()
    };
    let terms = "[admit]\ncode = \"CARD\"\nname = \"Card\"\nkind = \"card_issuer\"\nroles = [\"furnisher\"]\n\
                 consent_duty = \"attested\"\n";
    enacted(at, "card", terms);
    assert_eq!(ok(at, &["staff", "list"])["staff"], serde_json::json!([]));
    enacted(
        at,
        "wu",
        &format!("[enrol]\ncode = \"wu\"\nname = \"Wu Min\"\nrole = \"disputes_clerk\"\nkey = \"{public}\"\n"),
    );
    assert_eq!(
        refused(at, ADMIT_CARD),
        "staff is enrolled here, and signs for what it does: `--as KEY_FILE --why REASON`"
    );
    let staffed = |arguments: &[&'static str], key: &'static str| {
        [arguments, &["--as", key, "--why", "asked on the phone"]].concat()
    };
    assert_eq!(
        refused(at, &staffed(ADMIT_CARD, "wu.key")),
        "`wu` is disputes_clerk: `member_admitted` is not for that role"
    );
    let report = ["report", "--subject", "cn-resident-id:51010719860317164X"];
    assert!(refused(at, &staffed(&report, "A.key")).ends_with("is no enrolled member of staff's"));
    ok(at, &staffed(&report, "wu.key"));
    let acts = ok(at, &["staff", "register"])["acts"].clone();
    assert_eq!(acts.as_array().map(Vec::len), Some(1));
    for (field, expected) in
        [("staff", "wu"), ("name", "Wu Min"), ("kind", "own_report_viewed"), ("reason", "asked on the phone")]
    {
        assert_eq!(acts[0][field], expected, "{field}");
    }
    assert!(acts[0]["subject"].is_string() && acts[0]["at"].is_string());
    assert_eq!(ok(at, &["verify"])["findings"], serde_json::json!([]));
}

const END: &str = "[wind_down]\nreceiver = \"Other Bureau\"\nnotice = \"gazette 12\"\n";

#[test]
fn a_bureau_is_transferred_with_a_certificate_and_records_nothing_more() {
    let (folder, founded) = founded();
    let at = folder.path();
    let key = founded["verifier_key"].as_str().expect("a key").to_owned();
    let transfer = ["wind-down", "transfer", "--out", "handed"];
    let undecided = "no enacted decision ends the bureau this way (charter, matter `wind_down`)";
    assert_eq!(refused(at, &transfer), undecided);
    let proposal = decide(at, "no consent", &format!("{END}way = \"transfer\"\n"), &[]);
    assert_eq!(proposal["standing"], "passed");
    ok(at, &["charter", "enact", "--proposal", proposal["hash"].as_str().expect("a name")]);
    assert_eq!(refused(at, &["wind-down", "destroy", "--certificate", "gone.txt"]), undecided);
    let told = ok(at, &transfer);
    assert_eq!(told["receiver"], "Other Bureau");
    let report = ["report", "--subject", "cn-resident-id:51010719860317164X"];
    assert!(refused(at, &report).starts_with("the bureau was wound down at "));
    let check =
        ["wind-down", "check", "--certificate", "handed/certificate.txt", "--verifier-key", &key, "--files", "handed"];
    assert_eq!(ok(at, &check)["faults"], serde_json::json!([]));
    // What was handed over is the bureau itself: it opens, and is in order.
    assert_eq!(ok(at, &["verify", "--bureau", "handed"])["findings"], serde_json::json!([]));
    write(at, "handed/layouts.txt", "more");
    fs::write(at.join("handed/bureau.toml"), "less").expect("writes");
    let (code, told) = json(at, &check);
    let faults = ["`bureau.toml` is not as it was certified", "`layouts.txt` is not in the certificate"];
    assert_eq!(code, 3);
    for fault in faults {
        assert!(told["faults"].as_array().expect("faults").contains(&fault.into()), "{told}");
    }
    let text =
        fs::read_to_string(at.join("handed/certificate.txt")).expect("reads").replace("gazette 12", "gazette 13");
    write(at, "changed.txt", &text);
    let (code, told) = json(at, &["wind-down", "check", "--certificate", "changed.txt", "--verifier-key", &key]);
    assert_eq!((code, &told["faults"][0]), (3, &"the certificate is not signed by this key".into()));
}

#[test]
fn a_bureau_is_destroyed_only_where_the_other_ways_are_closed() {
    let (folder, founded) = founded();
    let at = folder.path();
    let key = founded["verifier_key"].as_str().expect("a key").to_owned();
    write(at, "measure.toml", &format!("{END}way = \"destroy\"\nno_transfer = \"no buyer\"\n"));
    let charter = founded["charter"].as_str().expect("an id");
    let draft = ["charter", "draft", "--charter", charter, "--proposer", "C", "--key", "C.key", "--measure"];
    let rest = ["measure.toml", "--effective", "2026-01-01", "--reason", "end", "--out", "early.proposal"];
    let words = "a destruction says why there is no transfer and why there is no hand-over";
    assert!(refused(at, &[&draft[..], &rest[..]].concat()).ends_with(words));
    let why = "no_transfer = \"no buyer\"\nno_hand_over = \"none designated\"\n";
    enacted(at, "end", &format!("{END}way = \"destroy\"\n{why}"));
    // The certificate cannot be written there: what is done is done, and the same command goes on from it.
    assert!(refused(at, &["wind-down", "destroy", "--certificate", "nowhere/gone.txt"]).contains("nowhere/gone.txt"));
    ok(at, &["wind-down", "destroy", "--certificate", "gone.txt"]);
    for gone in ["bureau/store", "bureau/keys", "bureau/feedback", "bureau/certificate.draft"] {
        assert!(!at.join(gone).exists(), "{gone}");
    }
    let told = ok(at, &["wind-down", "check", "--certificate", "gone.txt", "--verifier-key", &key]);
    let text = told["text"].as_str().expect("a text");
    for said in
        ["no hand-over: none designated", "held: 0 facts of 0 subjects", "destroyed: store/", "supervised by: Other"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(refused(at, &["verify"]).contains("was wound down and destroyed: `certificate.txt` says how"));
}

const WHY: &str = "way = \"destroy\"\nno_transfer = \"no buyer\"\nno_hand_over = \"none designated\"\n";
const DESTROY: [&str; 4] = ["wind-down", "destroy", "--certificate", "gone.txt"];

/// Runs for people, and gives what is printed.
fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tallystick")).args(arguments).current_dir(folder).output();
    let output = output.expect("runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn who_votes_on_an_amendment_reads_all_of_it() {
    let (folder, founded) = founded();
    let at = folder.path();
    let old = fs::read_to_string(at.join("charter.toml")).expect("reads");
    let cut = old.find("[[founding]]").expect("measures");
    let new = old[..cut].replace("consent_of = [\"SUPER\"]\n", "").replacen("quorum = \"75\"\n", "", 1);
    write(at, "new.toml", &new.replace("voting_hours = 336", "voting_hours = 24"));
    write(at, "measure.toml", "amend = \"new.toml\"\n");
    let charter = founded["charter"].as_str().expect("an id");
    let draft = ["charter", "draft", "--charter", charter, "--proposer", "C", "--key", "C.key", "--measure"];
    let rest = ["measure.toml", "--effective", "2026-01-01", "--reason", "quicker", "--out", "amend.proposal"];
    let drafted = printed(at, &[&draft[..], &rest[..]].concat());
    let sign = ["charter", "sign-vote", "--proposal", "amend.proposal", "--voter", "C", "--key", "C.key"];
    let signed = printed(at, &[&sign[..], &["--choice", "for", "--out", "ballot"]].concat());
    for said in [
        "new     rule    wind_down: 66.67 % in favour, 75.00 % taking part\n",
        "new     rule    data_category: 66.67 % in favour, no quorum\n",
        "new     time    votes 24 hours, enactment within 720; deadlock: a second round for 45.00 %\n",
    ] {
        assert!(drafted.contains(said) && signed.contains(said), "{said}{drafted}{signed}");
    }
    let proposed = printed(at, &["charter", "propose", "--proposal", "amend.proposal"]);
    let gone = "goes    rule    wind_down: 66.67 % in favour, 75.00 % taking part, with the consent of SUPER\n";
    assert!(proposed.contains(gone) && !proposed.contains("goes    partner"), "{proposed}");
    assert!(proposed.contains("comes   time    votes 24 hours"), "{proposed}");
}

#[cfg(unix)]
#[test]
fn the_session_of_the_page_runs_as_it_stands() {
    let page = fs::read_to_string(Path::new(SAMPLES).join("../docs/charter.md")).expect("reads");
    let session = page.split("```console\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a session");
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(
        fs::canonicalize(Path::new(SAMPLES).join("../docs")).expect("is there"),
        folder.path().join("docs"),
    )
    .expect("links");
    let program = Path::new(env!("CARGO_BIN_EXE_tallystick")).parent().expect("a folder");
    let script = format!("PATH=\"{}:$PATH\"\n{session}", program.display());
    let output = Command::new("sh").args(["-ec", &script]).current_dir(folder.path()).output().expect("runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("in force: collect `income`"), "{told}");
    assert_eq!(ok(folder.path(), &["charter", "show"])["proposals"][0]["standing"], "enacted");
}

#[test]
fn a_draft_that_lies_there_decides_nothing() {
    let (folder, _) = founded();
    let at = folder.path();
    let draft = at.join("bureau/certificate.draft");
    let forged = "bureau: charter.example/log\nended: 2026-01-01T00:00:00Z by destroy, decision 00\nheld: nothing\n";
    fs::write(&draft, forged).expect("writes");
    // Nobody has decided: nothing is destroyed, and the log goes on.
    let undecided = "no enacted decision ends the bureau this way (charter, matter `wind_down`)";
    assert_eq!(refused(at, &DESTROY), undecided);
    assert_eq!(ok(at, &["verify"])["findings"], serde_json::json!([]));
    enacted(at, "end", &format!("{END}{WHY}"));
    // While the bureau opens, the log is what is certified. Interrupted after the first key: only a signed draft is taken up.
    let key = at.join("bureau/keys/pseudonym.key");
    let pseudonym = fs::read(&key).expect("reads");
    fs::remove_file(&key).expect("removes");
    let no = refused(at, &DESTROY);
    assert!(no.contains("certificate.draft`: the certificate has no signature"), "{no}");
    assert!(at.join("bureau/store").exists() && !at.join("gone.txt").exists());
    fs::write(&key, pseudonym).expect("writes");
    ok(at, &DESTROY);
    let text = fs::read_to_string(at.join("gone.txt")).expect("reads");
    assert!(text.contains("held: 0 facts of 0 subjects") && !text.contains("held: nothing"), "{text}");
}

#[test]
fn after_a_transfer_nothing_is_certified_as_destroyed() {
    let (folder, _) = founded();
    let at = folder.path();
    enacted(at, "end", &format!("{END}way = \"transfer\"\n"));
    // Into itself it would never end; it is refused before the end is recorded.
    for inside in ["bureau/handed", "bureau/store/../../bureau/handed", "bureau"] {
        let no = refused(at, &["wind-down", "transfer", "--out", inside]);
        assert!(no.ends_with("is in the bureau's own folder"), "{no}");
    }
    assert_eq!(ok(at, &["charter", "show"])["wound_down_at"], Value::Null);
    // What an interrupted run left is begun again; what it did not leave is nobody's to remove.
    fs::create_dir_all(at.join("handed.part/keys")).expect("creates");
    write(at, "handed.part/keys/signing.key", "half");
    write(at, "handed.part/letter.txt", "mine");
    let transfer = ["wind-down", "transfer", "--out", "handed"];
    assert!(refused(at, &transfer).ends_with("holds what no hand-over left there: `letter.txt`"));
    fs::remove_file(at.join("handed.part/letter.txt")).expect("removes");
    let first = ok(at, &transfer);
    assert!(!at.join("handed.part").exists());
    // Interrupted behind the copy: the same command ends it.
    fs::remove_file(at.join("bureau/certificate.txt")).expect("removes");
    assert_eq!(ok(at, &transfer)["files"], first["files"]);
    assert!(at.join("bureau/certificate.txt").exists());
    assert_eq!(refused(at, &DESTROY), "the bureau ended by `transfer`: nothing is destroyed");
    assert!(at.join("bureau/store").exists() && !at.join("gone.txt").exists());
}

#[cfg(unix)]
#[test]
fn what_a_link_leads_to_is_not_certified_as_destroyed() {
    let (folder, _) = founded();
    let at = folder.path();
    enacted(at, "end", &format!("{END}{WHY}"));
    fs::rename(at.join("bureau/store"), at.join("elsewhere")).expect("renames");
    std::os::unix::fs::symlink(at.join("elsewhere"), at.join("bureau/store")).expect("links");
    let no = refused(at, &DESTROY);
    assert_eq!(no, "`bureau/store` is a symbolic link: put what it leads to in its place first");
    assert_eq!(ok(at, &["charter", "show"])["wound_down_at"], Value::Null);
    fs::remove_file(at.join("bureau/store")).expect("removes");
    fs::rename(at.join("elsewhere"), at.join("bureau/store")).expect("renames");
    ok(at, &DESTROY);
}

#[test]
fn a_bureau_without_a_charter_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    ok(at, &["init", "--name", "alone.example/log", "--rulebook", "cn", "--unencrypted"]);
    assert_eq!(ok(at, &["charter", "show"])["charter"], Value::Null);
    ok(at, ADMIT_CARD);
    let alone = "no enacted decision ends the bureau this way (charter, matter `wind_down`)";
    assert_eq!(refused(at, &["wind-down", "transfer", "--out", "handed"]), alone);
    assert_eq!(ok(at, &["verify"])["findings"], serde_json::json!([]));
}

#[test]
fn the_logs_key_is_turned_to_the_one_the_partners_decided_and_no_other() {
    let (folder, _) = founded();
    let at = folder.path();
    let prepared = ok(at, &["key", "rotate", "--prepare"])["key"].as_str().expect("a key").to_owned();
    let undecided = format!("no enacted decision lets the key {prepared} sign the log (charter, matter `log_key`)");
    assert_eq!(refused(at, &["key", "rotate"]), undecided);
    let other = ok(at, &["key", "create", "--kind", "staff", "--unencrypted", "--out", "other.key"])["key"].clone();
    enacted(at, "other", &format!("turn_log_key = {other}"));
    assert_eq!(refused(at, &["key", "rotate"]), undecided, "another key was decided");
    enacted(at, "turn", &format!("turn_log_key = \"{prepared}\""));
    assert_eq!(ok(at, &["key", "rotate"])["key"], prepared);
    let again = refused(at, &["key", "rotate"]);
    assert!(again.starts_with("no enacted decision lets the key"), "a decision turns the key once: {again}");
    assert_eq!(ok(at, &["verify"])["findings"], serde_json::json!([]));
}
