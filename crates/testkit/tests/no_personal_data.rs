//! No personal data in text: marked values go through every verb of the real program, errors provoked on the way, and are
//! looked for in what it prints, in what it tells, and in every byte of the data folder.
//!
//! A report may name the subject to whoever is entitled to it, on stdout. Identifiers and account numbers never come out.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use tallystick_testkit::crash::{Ended, Folder, Program, subject};

const MAPPING: &str = r#"
[layout]
name = "marked"
version = 1
[subject]
column = "id"
scheme = "cn-resident-id"
alias = [{ column = "passport", scheme = "passport" }]
[[tradeline]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = "CNY"
kind = "credit_card"
rating = { column = "late", codes = { 0 = "current", 1 = "late_1" } }
balance = "balance"
opened = { column = "opened", pattern = "YYYY-MM-DD" }
[identity]
name = "name"
telephone = "telephone"
address = "address"
born = { column = "born", pattern = "YYYY-MM-DD" }
"#;

const HEADER: &str = "id,passport,account,month,late,balance,opened,name,telephone,address,born\n";
const NAMES: [&str; 5] = ["ZHUANGXIAOMENG", "庄晓梦", "13977788899", "Marked Lane 77", "MISTYPEDNAME"];
const ACCOUNTS: [&str; 2] = ["6222MARKED0001", "6222MARKED0002"];
const PASSPORT: &str = "E77788899";
const PASSPHRASE: &str = "a passphrase that is marked 771";
const CUSTOMER: &str = "CUSTOMER-MARKED-5";

struct Marked {
    folder: Folder,
    parent: PathBuf,
    identifiers: Vec<String>,
}

impl Marked {
    /// Neither text of a command shows what it never may; names only where `names` are due.
    fn run(&self, arguments: &[&str], code: i32, names: Shows) -> Ended {
        let mut all = String::new();
        for json in [[].as_slice(), &["--json"]] {
            let ended = self.folder.run(&[arguments, json].concat()).expect("runs");
            // Run twice, a verb that was refused the first time is again, and one that was done may be refused.
            assert!(ended.code == Some(code) || !json.is_empty(), "{arguments:?} ended {ended:?}");
            for marker in self.identifiers.iter().map(String::as_str).chain(ACCOUNTS).chain([PASSPORT, CUSTOMER]) {
                assert!(!ended.stdout.contains(marker), "`{marker}` on stdout of {arguments:?}: {}", ended.stdout);
                assert!(!ended.stderr.contains(marker), "`{marker}` on stderr of {arguments:?}: {}", ended.stderr);
            }
            for marker in NAMES {
                let shown = ended.stdout.contains(marker) && names == Shows::Nobody;
                assert!(!shown, "`{marker}` on stdout of {arguments:?}: {}", ended.stdout);
                assert!(!ended.stderr.contains(marker), "`{marker}` on stderr of {arguments:?}: {}", ended.stderr);
            }
            all.push_str(&ended.stdout);
            if json.is_empty() && names == Shows::Subject {
                assert!(
                    NAMES.iter().any(|name| all.contains(name)),
                    "a report to the entitled one names the subject: {all}"
                );
            }
        }
        Ended { code: Some(code), stdout: all, stderr: String::new() }
    }

    /// Nothing marked is on either stream, however the command ended.
    fn search(&self, arguments: &[&str], ended: &Ended) {
        let identifiers = self.identifiers.iter().map(String::as_str);
        for marker in identifiers.chain(NAMES).chain(ACCOUNTS).chain([PASSPORT, CUSTOMER, PASSPHRASE]) {
            assert!(!ended.stdout.contains(marker), "a marked value on stdout of {:?}", arguments.first());
            assert!(!ended.stderr.contains(marker), "a marked value on stderr of {:?}", arguments.first());
        }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.parent.join(name);
        fs::write(&path, text).expect("writes");
        path.to_str().expect("is UTF-8").to_owned()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    Nobody,
    Subject,
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("is a folder").flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn founded() -> (tempfile::TempDir, Marked) {
    let parent = tempfile::tempdir().expect("a folder");
    let program = Program::locate(&std::env::current_exe().expect("runs")).expect("the program is there");
    let folder = Folder::found(&program, parent.path()).expect("is founded");
    let at = parent.path().to_owned();
    let identifiers = vec![subject(70), subject(71), format!("{}0", &subject(72)[..17])];
    (parent, Marked { folder, parent: at, identifiers })
}

fn row(id: &str, account: &str, month: &str, name: &str) -> String {
    format!("{id},CN/{PASSPORT},{account},{month},0,12.00,2020-01-02,{name},13977788899,Marked Lane 77,1985-03-15\n")
}

fn ingests(marked: &Marked) {
    let (one, other) = (subject(70), subject(71));
    let good = row(&one, ACCOUNTS[0], "2026-01", NAMES[0]) + &row(&one, ACCOUNTS[1], "2026-01", NAMES[1]);
    // Each row at fault in one field, the personal ones among them; the last has a name with a comma that nobody quoted.
    let wrong_check = format!("{}{}", &subject(72)[..17], if subject(72).ends_with('0') { '1' } else { '0' });
    let bad = [
        row(&wrong_check, ACCOUNTS[0], "2026-02", NAMES[0]),
        row(&one, ACCOUNTS[0], "2026-01", NAMES[0]),
        row(&one, "", "2026-02", NAMES[0]),
        row(&other, &ACCOUNTS[1].repeat(9), "2026-02", NAMES[0]),
        row(&other, ACCOUNTS[1], "26/02", NAMES[0]),
        row(&other, ACCOUNTS[1], "2026-03", &NAMES[0].repeat(99)),
        row(&other, ACCOUNTS[1], "2026-04", NAMES[0]).replace("1985-03-15", "15.03.1985"),
        row(&other, ACCOUNTS[1], "2026-05", NAMES[0]).replace("CN/", ""),
        row(&other, ACCOUNTS[1], "2026-06", &format!("{},{}", NAMES[4], NAMES[0])),
    ];
    let layout = marked.file("layout.toml", MAPPING);
    let delivery = marked.file("delivery.csv", &(HEADER.to_owned() + &good + &bad.concat()));
    let headless = marked.file("headless.csv", &good);
    let strange = marked.file("strange.csv", &(HEADER.replace("born", "star_sign") + &good));
    let ingest = |furnisher, layout, file| ["ingest", "--furnisher", furnisher, "--layout", layout, "--file", file];
    let told = marked.run(&ingest("BANK", &layout, &delivery), 0, Shows::Nobody);
    for code in ["R010", "R015", "R004", "R011", "R008", "R007", "R002", "9 rejects"] {
        assert!(told.stdout.contains(code), "`{code}` is missing: {}", told.stdout);
    }
    for file in [&headless, &strange] {
        marked.run(&ingest("BANK", &layout, file), 3, Shows::Nobody);
    }
    marked.run(&ingest("SHOP", &layout, &delivery), 3, Shows::Nobody);
    marked.run(&ingest("NOBODY", &layout, &delivery), 1, Shows::Nobody);
    for layout in ["metro2", "alipay", "wechat"] {
        let named = marked.run(
            &[ingest("BANK", layout, &delivery).as_slice(), &["--subject", &format!("cn-resident-id:{one}")]].concat(),
            3,
            Shows::Nobody,
        );
        assert!(named.stdout.contains("refuse"), "{}", named.stdout);
    }
}

fn members(marked: &Marked) {
    let role = ["--role", "furnisher", "--role", "subscriber", "--consent-duty", "attested"];
    for (code, name, kind) in [("BANK", "Plainly Named Bank", "bank"), ("SHOP", "A Shop", "merchant")] {
        let admit = ["member", "admit", "--code", code, "--name", name, "--kind", kind];
        marked.run(&[admit.as_slice(), &role].concat(), 0, Shows::Nobody);
    }
    marked.run(&["member", "list"], 0, Shows::Nobody);
}

fn subjects(marked: &Marked) {
    let one = format!("cn-resident-id:{}", subject(70));
    let by_file = format!("@{}", marked.file("id.txt", &one));
    let passport = format!("passport:CN/{PASSPORT}");
    let customer = format!("member-number:BANK/{CUSTOMER}");
    let grant = |who, purpose| {
        let grant =
            ["consent", "grant", "--subject", who, "--member", "BANK", "--scope", "inquire", "--category", "credit"];
        let how = ["--category", "identity", "--purpose", purpose, "--form", "written", "--until", "2999-01-01"];
        [grant.as_slice(), &how].concat()
    };
    let inquire = |who, purpose| ["inquire", "--subscriber", "BANK", "--subject", who, "--purpose", purpose];
    marked.run(&inquire(&one, "credit_application"), 2, Shows::Nobody);
    for who in [&one, &by_file, &passport, &customer] {
        marked.run(&grant(who, "credit_application"), 0, Shows::Nobody);
        let listed = marked.run(&["consent", "list", "--subject", who], 0, Shows::Nobody);
        let mut ids = listed.stdout.split_whitespace().filter(|word| word.len() == 16);
        let id = ids.next_back().expect("a consent").to_owned();
        let shows = if [&customer, &passport].contains(&who) { Shows::Nobody } else { Shows::Subject };
        marked.run(&inquire(who, "credit_application"), 0, shows);
        marked.run(&["report", "--subject", who], 0, shows);
        marked.run(&["freeze", "place", "--subject", who], 1, Shows::Nobody);
        marked.run(&["freeze", "lift", "--subject", who], 1, Shows::Nobody);
        marked.run(&["consent", "withdraw", "--subject", who, "--consent", &id], 0, Shows::Nobody);
        marked.run(&["consent", "withdraw", "--subject", who, "--consent", "0123456789abcdef"], 1, Shows::Nobody);
    }
    let correct = |account, month| {
        let correct = ["correct", "--furnisher", "BANK", "--subject", &by_file, "--account", account, "--month", month];
        [correct.as_slice(), &["--rating", "late_1", "--reason", "booked late"]].concat()
    };
    marked.run(&correct(ACCOUNTS[0], "2026-01"), 0, Shows::Nobody);
    marked.run(&correct(ACCOUNTS[0], "2025-01"), 1, Shows::Nobody);
    marked.run(&correct(ACCOUNTS[0], "2025"), 1, Shows::Nobody);

    rights_in_use(marked, &by_file);

    // Mistakes at the command line: an identifier that is none, without its scheme, or where none belongs.
    let wrong = format!("cn-resident-id:{}", marked.identifiers.last().expect("three"));
    let bare = subject(70);
    let file = format!("@{}", marked.file("wrong.txt", &wrong));
    for who in [&wrong, &bare, &file] {
        for verb in [["report"].as_slice(), &["consent", "list"], &["freeze", "place"]] {
            marked.run(&[verb, &["--subject", who]].concat(), 1, Shows::Nobody);
        }
        marked.run(&inquire(who, "credit_application"), 1, Shows::Nobody);
    }
    for arguments in [
        ["report", &one].as_slice(),
        &["report", "--subject", &one, &bare],
        &["inquire", "--subscriber", "BANK", &one],
        &["consent", &one],
        &[&one],
        &["report", &format!("--subject-{one}")],
        &["report", "--subject", &one, "--subject", &one],
    ] {
        marked.run(arguments, 1, Shows::Nobody);
    }
}

/// Verbs whose output is searched here; every verb of the program is in one of these lists.
const SEARCHED: [&str; 36] = [
    "init",
    "member",
    "ingest",
    "delivery",
    "quality",
    "consent",
    "inquire",
    "report",
    "correct",
    "compact",
    "freeze",
    "access-history",
    "dispute",
    "recall",
    "request",
    "subject-alert",
    "statement",
    "alert",
    "code",
    "expire",
    "transfer",
    "policy",
    "charter",
    "staff",
    "wind-down",
    "key",
    "upgrade",
    "backup",
    "restore",
    "accept-loss",
    "verify",
    "opt-out",
    "audit",
    "witness",
    "receipt",
    "reproduce",
];
/// Those that see no data of a bureau's but the program's own synthetic ones.
const SYNTHETIC: [&str; 3] = ["demo", "benchmark", "help"];

/// A new verb fails this until it is searched.
fn every_verb_is_known(marked: &Marked) {
    let help = marked.folder.run(&["--help"]).expect("runs").stdout;
    let listed = help.split("Commands:").nth(1).and_then(|rest| rest.split("Options:").next()).expect("a list");
    let lines = listed.lines().filter_map(|line| line.strip_prefix("  "));
    let verbs: Vec<&str> =
        lines.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(' ').next()).collect();
    assert!(verbs.len() > 25, "{verbs:?}");
    for verb in verbs.iter().filter(|verb| !verb.is_empty()) {
        assert!(SEARCHED.contains(verb) || SYNTHETIC.contains(verb), "`{verb}` is searched for no personal data");
    }
}

/// Verbs about a subject, each as it should be used and as it is not.
fn rights(marked: &Marked) {
    let one = format!("@{}", marked.file("id.txt", &format!("cn-resident-id:{}", subject(70))));
    // Of a number that nobody has reported a name for.
    let any_member = format!("member-number:BANK/{CUSTOMER}");
    let text = format!("@{}", marked.file("words.txt", "a statement in the subject's own words"));
    let any = |arguments: &[&str]| {
        for json in [[].as_slice(), &["--json"]] {
            marked.search(arguments, &marked.folder.run(&[arguments, json].concat()).expect("runs"));
        }
    };
    any(&["access-history", "--subject", &one]);
    any(&["statement", "place", "--subject", &one, "--text", &text]);
    any(&["statement", "remove", "--subject", &one]);
    any(&["alert", "place", "--subject", &one, "--kind", "initial"]);
    any(&["alert", "remove", "--subject", &one]);
    any(&["code", "issue", "--subject", &one, "--subscriber", "BANK", "--until", "2999-01-01"]);
    let dispute = ["dispute", "open", "--subject", &one, "--furnisher", "BANK", "--account", ACCOUNTS[0]];
    any(&[&dispute[..], &["--month", "2026-01", "--reason", "amount", "--text", &text]].concat());
    any(&["dispute", "queue", "--furnisher", "BANK"]);
    any(&["dispute", "run-due"]);
    any(&["recall", "list"]);
    let answer = marked.parent.join("own.receipt").to_str().expect("UTF-8").to_owned();
    marked.search(
        &["report"],
        &marked.folder.run(&["report", "--json", "--subject", &any_member, "--receipt", &answer]).expect("runs"),
    );
    any(&["receipt", "verify", &answer, "--key", marked.folder.bureau.join("keys/log.pub").to_str().expect("UTF-8")]);
    any(&["reproduce", "--receipt", &answer]);
    any(&["opt-out", "place", "--subject", &one]);
    any(&["opt-out", "remove", "--subject", &one]);
    any(&["expire", "--dry-run"]);
    any(&["transfer", "--from", "BANK", "--to", "SHOP", "--subject", &one, "--category", "credit"]);
    any(&["policy", "replay"]);
    any(&["policy", "rules", "--rulebook", "cn"]);
    any(&["charter", "show"]);
    any(&["staff", "list"]);
    any(&["staff", "register"]);
    any(&["wind-down", "transfer", "--out", marked.parent.join("gone").to_str().expect("UTF-8")]);
    any(&["quality"]);
    any(&["delivery", "list"]);
    any(&["compact"]);
    any(&["upgrade"]);
}

/// Keys and passphrases, and backups with all they hold.
fn keys_and_backups(marked: &Marked) {
    let passphrase = marked.file("passphrase.txt", &format!("{PASSPHRASE}\n"));
    let wrong = marked.file("wrong-passphrase.txt", &format!("{PASSPHRASE} not\n"));
    let backup = marked.parent.join("backup").to_str().expect("UTF-8").to_owned();
    let made = |name: &str| marked.parent.join(name).to_str().expect("UTF-8").to_owned();
    let secrets: Vec<String> = ["pseudonym", "signing"]
        .map(|name| fs::read_to_string(marked.folder.bureau.join(format!("keys/{name}.key"))).expect("reads"))
        .map(|text| text.trim().to_owned())
        .to_vec();
    let any = |arguments: &[&str]| {
        let ended = marked.folder.run(arguments).expect("runs");
        marked.search(arguments, &ended);
        for marker in secrets.iter().map(String::as_str).chain([PASSPHRASE]) {
            let said = ended.stdout.contains(marker) || ended.stderr.contains(marker);
            assert!(!said, "a secret is told by {arguments:?}");
        }
    };
    any(&["key", "list"]);
    any(&["key", "create", "--kind", "staff", "--out", &made("staff.age"), "--passphrase-file", &passphrase]);
    any(&["key", "show", "--key", &made("staff.age"), "--passphrase-file", &wrong]);
    any(&["key", "show", "--key", &made("staff.age"), "--passphrase-file", &passphrase]);
    any(&["key", "history"]);
    let (log, keys) = (marked.folder.bureau.join("log"), marked.folder.bureau.join("log/keys"));
    let (log, keys) = (log.to_str().expect("UTF-8"), keys.to_str().expect("UTF-8"));
    any(&["audit", "prove", "--log", log, "--key", keys, "--index", "1"]);
    any(&["audit", "export", "--log", log, "--key", keys, "--to", &made("mirror")]);
    any(&["witness", "key", "--name", "witness.example/w", "--out", &made("witness.key")]);
    any(&["backup", "create", "--to", &backup]);
    any(&["backup", "list", "--from", &backup]);
    any(&["backup", "verify", "--from", &backup]);
    any(&["restore", "--from", &backup, "--to", &made("back")]);
    any(&["accept-loss", "--reason", "none"]);
    any(&["key", "protect", "--new-passphrase-file", &passphrase]);
    any(&["verify", "--passphrase-file", &wrong]);
    any(&["verify"]);
    any(&["key", "rotate", "--passphrase-file", &passphrase]);
    any(&["key", "protect", "--passphrase-file", &passphrase, "--unencrypted"]);
    // Points say what a backup holds, by names and hashes; without `--with-keys` no object has a secret, and none has an identifier.
    for path in files(Path::new(&backup)) {
        let bytes = fs::read(&path).expect("reads");
        let identifiers = marked.identifiers.iter().map(String::as_str);
        let all = identifiers.chain(NAMES).chain(ACCOUNTS).chain([PASSPORT, CUSTOMER, PASSPHRASE]);
        for marker in all.chain(secrets.iter().map(String::as_str)) {
            let found = bytes.windows(marker.len()).any(|window| window == marker.as_bytes());
            assert!(!found, "a marked value is in `{}`", path.display());
        }
    }
}

/// Every verb of the subject's rights, answered and refused, with marked values where a verb takes words.
fn rights_in_use(marked: &Marked, who: &str) {
    let by_name = format!("@{}", marked.file("name.txt", NAMES[0]));
    let shown = marked.file("shown.txt", NAMES[3]);
    let own = marked.folder.done(&["report", "--subject", who]).expect("reports");
    let accounts = own["report"]["accounts"].as_array().expect("accounts");
    let account = accounts[0]["account"].as_str().expect("an account").to_owned();
    let place = own["report"]["identities"][0]["account"].as_str().expect("a place").to_owned();
    let month = ["--month", "2026-01"];
    let open = ["dispute", "open", "--subject", who, "--account", &account, "--grounds", "it was paid"];
    marked.run(&[open.as_slice(), &month, &["--evidence", &shown]].concat(), 0, Shows::Nobody);
    let open = ["dispute", "open", "--subject", who, "--account", &place, "--kind", "identity", "--part", "address"];
    marked.run(&[open.as_slice(), &["--grounds", "moved"]].concat(), 0, Shows::Nobody);
    marked.run(&[open.as_slice(), &["--grounds", "moved", "--acting", "next_of_kin"]].concat(), 1, Shows::Nobody);
    let queue = marked.folder.done(&["dispute", "queue", "--furnisher", "BANK"]).expect("a queue");
    marked.run(&["dispute", "queue"], 0, Shows::Nobody);
    marked.run(&["dispute", "list", "--subject", who], 0, Shows::Nobody);
    for queued in queue["queue"].as_array().expect("a list") {
        let (name, entry) = (queued["dispute"].as_str().expect("a name"), queued["entry"].to_string());
        let extend = ["dispute", "extend", "--subject", who, "--entry", &entry, "--why", &by_name];
        marked.run(&extend, 1, Shows::Nobody);
        let answer = ["dispute", "answer", "--furnisher", "BANK", "--dispute", name, "--words", "looked at"];
        let what: &[&str] = match queued["kind"].as_str() {
            Some("identity") => &["--outcome", "corrected", "--address", &by_name],
            _ => &["--outcome", "corrected", "--balance", "13.00"],
        };
        marked.run(&[answer.as_slice(), &["--outcome", "corrected", "--born", &by_name]].concat(), 1, Shows::Nobody);
        marked.run(&[answer.as_slice(), what].concat(), 0, Shows::Nobody);
    }
    marked.run(&["dispute", "withdraw", "--subject", who, "--entry", "3"], 1, Shows::Nobody);
    marked.run(&["dispute", "run-due"], 0, Shows::Nobody);
    marked.run(&["dispute", "close", "--case", "00/00", "--words", "no"], 1, Shows::Nobody);
    marked.run(&["recall", "list"], 0, Shows::Nobody);
    // What a subject says for everyone to read is shown to everyone: it is not looked for here.
    marked.run(&["statement", "place", "--subject", who, "--text", "I was in hospital"], 0, Shows::Nobody);
    marked.run(&["statement", "remove", "--subject", who], 0, Shows::Nobody);
    marked.run(&["alert", "place", "--subject", who, "--kind", "initial", "--evidence", &shown], 1, Shows::Nobody);
    marked.run(&["alert", "remove", "--subject", who], 1, Shows::Nobody);
    let code = ["code", "issue", "--subject", who, "--subscriber", "BANK", "--until", "2999-01-01"];
    marked.run(&code, 1, Shows::Nobody);
    marked.run(&["access-history", "--subject", who], 0, Shows::Nobody);
    let transfer = ["transfer", "--from", "BANK", "--to", "SHOP", "--subject", who, "--category", "credit"];
    marked.run(&transfer, 2, Shows::Nobody);
    let file = ["request", "file", "--subject", who, "--furnisher", "BANK", "--category", "payments"];
    let why = ["--ground", "unlawful", "--words", "not mine", "--evidence", &shown];
    marked.run(&[file.as_slice(), &why].concat(), 1, Shows::Nobody);
    marked.run(&["request", "list", "--subject", who], 0, Shows::Nobody);
    marked.run(&["request", "queue"], 0, Shows::Nobody);
    marked.run(&["request", "answer", "--request", "00/1", "--outcome", "granted", "--words", "no"], 1, Shows::Nobody);
    marked.run(&["subject-alert", "run"], 0, Shows::Nobody);
    marked.run(&["subject-alert", "list"], 0, Shows::Nobody);
    marked.run(&["expire", "--dry-run"], 0, Shows::Nobody);
    marked.run(&["expire"], 0, Shows::Nobody);
    marked.run(&["charter", "show"], 0, Shows::Nobody);
    marked.run(&["staff", "list"], 0, Shows::Nobody);
    let copy = marked.parent.join("copy.json");
    let export = ["report", "--subject", who, "--export", copy.to_str().expect("is UTF-8")];
    marked.run(&export, 0, Shows::Subject);
    let written = fs::read_to_string(&copy).expect("reads");
    assert!(written.contains(NAMES[0]) && !written.contains(PASSPORT), "the subject's copy names the subject");
    let grant =
        ["consent", "grant", "--subject", who, "--member", "BANK", "--scope", "inquire", "--category", "credit"];
    let how = ["--purpose", "tenancy", "--form", "written", "--until", "2999-01-01"];
    let granted = marked.folder.done(&[grant.as_slice(), &how].concat()).expect("grants");
    let id = granted["consent"].as_str().expect("an id");
    for (verb, name) in [("export", "record.json"), ("receipt", "receipt.json")] {
        let file = marked.parent.join(name);
        let file = file.to_str().expect("is UTF-8");
        let write = ["consent", verb, "--subject", who, "--consent", id, "--file", file];
        let form: &[&str] = if verb == "export" { &["--form", "iso27560"] } else { &[] };
        marked.run(&[write.as_slice(), form].concat(), 0, Shows::Nobody);
    }
    let import = ["consent", "import", "--file", &shown, "--subject", who, "--member", "BANK", "--form", "electronic"];
    marked.run(&import, 3, Shows::Nobody);
}

#[test]
fn no_marked_value_leaves_but_a_name_in_a_report() {
    let (_parent, marked) = founded();
    every_verb_is_known(&marked);
    members(&marked);
    ingests(&marked);
    subjects(&marked);
    rights(&marked);
    keys_and_backups(&marked);
    marked.run(&["verify"], 0, Shows::Nobody);

    let kept: Vec<(PathBuf, Vec<u8>)> =
        files(&marked.folder.bureau).into_iter().map(|path| (path.clone(), fs::read(&path).expect("reads"))).collect();
    let holds = |marker: &[u8]| {
        let holding = kept.iter().filter(|(_, bytes)| bytes.windows(marker.len()).any(|window| window == marker));
        holding.map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    assert!(!holds(b"Plainly Named Bank").is_empty(), "the search finds what is there in the clear");
    let identifiers = marked.identifiers.iter().map(String::as_str);
    for marker in identifiers.chain(NAMES).chain(ACCOUNTS).chain([PASSPORT, CUSTOMER]) {
        assert_eq!(holds(marker.as_bytes()), Vec::<PathBuf>::new(), "`{marker}` is kept in the clear");
    }
}
