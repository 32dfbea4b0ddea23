//! What outsiders do with a bureau's log: prove, follow, copy, serve, witness; and answers that wait for witnesses.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tallystick");

/// Runs with `--json` in `folder`; gives the exit code and what was printed.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(PROGRAM).args(arguments).arg("--json").current_dir(folder).output().expect("runs");
    let text = String::from_utf8(output.stdout).expect("text");
    (output.status.code(), serde_json::from_str(&text).expect("one JSON object"))
}

fn ok(folder: &Path, arguments: &[&str]) -> Value {
    let (code, told) = run(folder, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {told}");
    told
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// A bureau with a member; its key is in `bureau.pub`.
fn bureau(at: &Path) {
    let told = ok(at, &["init", "--name", "audited.example/log", "--rulebook", "us", "--unencrypted"]);
    let key = told.get("verifier_key").map(text).expect("a key");
    fs::write(at.join("bureau.pub"), key).expect("writes");
    ok(at, &["member", "admit", "--code", "BANK", "--name", "Bank", "--kind", "bank", "--role", "subscriber"]);
    fs::write(at.join("id.txt"), "cn-resident-id:11010519491231002X").expect("writes");
}

fn freeze(at: &Path) {
    ok(at, &["freeze", "place", "--subject", "@id.txt"]);
    ok(at, &["freeze", "lift", "--subject", "@id.txt"]);
}

/// A server that is ended when it goes, and where it listens.
struct Server(Child, String);

impl Server {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(folder).stderr(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().expect("starts");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let address = loop {
            let line = lines.next().expect("it tells where it listens").expect("text");
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split(',').next().expect("an address").to_owned();
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        Self(child, format!("http://{address}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const LOG: [&str; 4] = ["--log", "bureau", "--key", "bureau.pub"];

#[test]
fn entries_are_proved_and_a_log_is_followed_and_copied_from_its_files_alone() {
    let home = tempfile::tempdir().expect("a folder");
    let at = home.path();
    bureau(at);
    freeze(at);
    let proved = ok(at, &[&["audit", "prove", "--index", "1"][..], &LOG].concat());
    assert_eq!((&proved["kind"], &proved["size"]), (&Value::from("member_admitted"), &Value::from(4)));
    assert!(text(&proved["proof"]).starts_with("c2sp.org/tlog-proof@v1\n"));
    let (code, refused) = run(at, &[&["audit", "prove", "--index", "4"][..], &LOG].concat());
    assert_eq!((code, text(&refused["message"])), (Some(1), "the log has 4 entries: there is no entry 4".to_owned()));

    fs::copy(at.join("bureau/log/checkpoint"), at.join("old-checkpoint")).expect("copies");
    let monitor = [&["audit", "monitor", "--state", "seen"][..], &LOG].concat();
    let first = ok(at, &monitor);
    assert_eq!((&first["before"], &first["size"]), (&Value::from(0), &Value::from(4)));
    freeze(at);
    let second = ok(at, &monitor);
    assert_eq!((&second["before"], &second["size"]), (&Value::from(4), &Value::from(6)));
    assert_eq!(second["new"], serde_json::json!({"freeze_placed": 1, "freeze_lifted": 1}));
    assert_eq!(ok(at, &monitor)["new"], serde_json::json!({}));
    let grown = ok(at, &[&["audit", "consistency", "--from", "old-checkpoint"][..], &LOG].concat());
    assert_eq!((&grown["old"], &grown["new"]), (&Value::from(4), &Value::from(6)));
    let copied = ok(at, &[&["audit", "export", "--to", "mirror"][..], &LOG].concat());
    assert_eq!((&copied["size"], &copied["root"]), (&Value::from(6), &second["root"]));
    let mirrored = ok(at, &["audit", "monitor", "--state", "seen", "--log", "mirror", "--key", "bureau.pub"]);
    assert_eq!(mirrored["size"], 6);
}

/// Puts one log in the place of another, as whoever has the bureau's key could.
fn copy_log(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).expect("creates");
    for entry in fs::read_dir(from).expect("reads") {
        let path = entry.expect("reads").path();
        let name = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_log(&path, &name)
        } else {
            let _ = fs::copy(&path, &name).expect("copies");
        }
    }
}

#[test]
fn a_log_that_was_rewound_forked_or_rewritten_is_told_with_evidence() {
    let home = tempfile::tempdir().expect("a folder");
    let at = home.path();
    bureau(at);
    copy_log(&at.join("bureau"), &at.join("twin"));
    freeze(at);
    let short = at.join("short");
    copy_log(&at.join("bureau/log"), &short);
    freeze(at);
    let watch = |log: &str| run(at, &["audit", "monitor", "--state", "seen", "--key", "bureau.pub", "--log", log]);
    assert_eq!(watch("bureau").0, Some(0));
    let told = |log: &str, fault: &str| {
        let (code, told) = watch(log);
        assert_eq!((code, text(&told["fault"])), (Some(3), fault.to_owned()), "{told}");
        let evidence: PathBuf = at.join(text(&told["evidence"]));
        let evidence = fs::read_to_string(evidence).expect("is kept");
        assert_eq!(evidence.matches("— audited.example/log ").count(), 2, "{evidence}");
    };
    told("short", "rewound");

    // The twin has the same key and went another way: as many entries, then more.
    let in_twin = |verb: &str| ok(at, &["freeze", verb, "--subject", "@id.txt", "--bureau", "twin"]);
    let _ = ["place", "lift", "place", "lift"].map(in_twin);
    told("twin", "forked");
    let _ = ["place", "lift"].map(in_twin);
    told("twin", "rewritten");

    // An entry changed in its file, though the hashes were left.
    fs::remove_dir_all(at.join("seen")).expect("removes");
    let bundle = at.join("bureau/log/tile/entries/000.p/6");
    let mut bytes = fs::read(&bundle).expect("reads");
    *bytes.last_mut().expect("a byte") ^= 1;
    fs::write(&bundle, bytes).expect("writes");
    told_without_evidence(&watch("bureau"));
    let (code, verified) = run(at, &["verify"]);
    assert_eq!(code, Some(1));
    assert_eq!(verified["findings"][0]["place"], "log/tile/entries/000.p/6");
}

fn told_without_evidence((code, told): &(Option<i32>, Value)) {
    assert_eq!((*code, &told["fault"]), (Some(3), &Value::from("unfounded")), "{told}");
}

#[test]
fn answers_leave_only_when_enough_witnesses_have_cosigned_over_http() {
    let home = tempfile::tempdir().expect("a folder");
    let at = home.path();
    bureau(at);
    let served = Server::start(at, &["audit", "serve", "--log", "bureau", "--listen", "127.0.0.1:0"]);
    let mut servers = Vec::new();
    let mut config = String::from("\n[witnesses]\nrequired = 2\n");
    let mut keys = Vec::new();
    for name in ["one", "two", "three"] {
        let (witness, file, state) = (format!("{name}.example/w"), format!("{name}.key"), format!("{name}-state"));
        let key = text(&ok(at, &["witness", "key", "--name", &witness, "--out", &file])["key"]);
        let run = ["witness", "run", "--name", &witness, "--key", &file, "--log-key", "bureau.pub", "--state", &state];
        let server = Server::start(at, &[&run[..], &["--listen", "127.0.0.1:0"]].concat());
        config += &format!("[[witnesses.witness]]\nkey = \"{key}\"\nurl = \"{}\"\n", server.1);
        keys.push(key);
        servers.push(server);
    }
    let toml = at.join("bureau/bureau.toml");
    let plain = fs::read_to_string(&toml).expect("reads");
    fs::write(&toml, plain + &config).expect("writes");

    let inquire = ["inquire", "--subscriber", "BANK", "--subject", "@id.txt", "--purpose", "credit_application"];
    let answer = ok(at, &[&inquire[..], &["--receipt", "first.receipt"]].concat());
    let receipt = fs::read_to_string(at.join("first.receipt")).expect("a receipt");
    for name in ["one", "two", "three"] {
        assert!(receipt.contains(&format!("— {name}.example/w ")), "{receipt}");
    }
    let monitor = ["audit", "monitor", "--log", &served.1, "--key", "bureau.pub", "--state", "seen"];
    let quorum = ["--witness", &keys[0], "--witness", &keys[1], "--witness", &keys[2], "--quorum", "3"];
    let watched = ok(at, &[&monitor[..], &quorum].concat());
    assert_eq!((&watched["size"], watched["cosigned"].as_array().map(Vec::len)), (&Value::from(3), Some(3)));
    let proved = ok(at, &[&["receipt", "verify", "first.receipt", "--key", "bureau.pub"][..], &quorum].concat());
    let cosigned = serde_json::json!(["one.example/w", "two.example/w", "three.example/w"]);
    assert_eq!(proved["receipts"][0]["witnesses"], cosigned);
    assert_eq!(answer["recorded"]["index"], 2);

    // One less is enough, two less are not: recorded, and not answered.
    servers.pop();
    let answer = ok(at, &inquire);
    assert_eq!(answer["recorded"]["index"], 3);
    servers.pop();
    let (code, kept) = run(at, &inquire);
    assert_eq!(code, Some(1));
    let message = text(&kept["message"]);
    let begins = "the answer is on record as entry 4 and stays here: its checkpoint is cosigned by 1 of 3 witnesses, 2 are required";
    assert!(message.starts_with(begins), "{message}");
    assert!(kept.get("report").is_none());
    assert_eq!(run(at, &["verify"]).0, Some(0));

    // A witness that follows by itself cosigns only what extends what it saw, and keeps what proves the contrary.
    let follow = ["witness", "run", "--name", "four.example/w", "--key", "one.key", "--log-key", "bureau.pub"];
    let follow = [&follow[..], &["--state", "four-state"]].concat();
    assert_eq!(ok(at, &[&follow[..], &["--log", &served.1]].concat())["size"], 5);
    copy_log(&at.join("bureau/log"), &at.join("short"));
    ok(at, &["freeze", "place", "--subject", "@id.txt"]);
    assert_eq!(ok(at, &[&follow[..], &["--log", "bureau"]].concat())["before"], 5);
    let (code, told) = run(at, &[&follow[..], &["--log", "short"]].concat());
    assert_eq!((code, &told["fault"]), (Some(3), &Value::from("rewound")));
    let cosigned = fs::read_to_string(at.join("four-state/cosigned")).expect("is kept");
    assert!(cosigned.starts_with("audited.example/log\n6\n"), "{cosigned}");
    let elsewhere =
        run(at, &["audit", "prove", "--index", "0", "--key", "bureau.pub", "--log", &format!("{}/x", served.1)]);
    assert!(text(&elsewhere.1["message"]).ends_with("/x/checkpoint`: status 404"), "{}", elsewhere.1);
}
