//! Keys at rest, as an operator has them: sealed by a passphrase or to a key file, opened by every command in one way, sealed anew.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// An X25519 identity, as `age-keygen` writes one; of nobody.
const IDENTITY: &str = "# created: never\nAGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33\n";
const INIT: [&str; 5] = ["init", "--name", "keys.example/log", "--rulebook", "cn"];
const MEMBER: [&str; 10] =
    ["member", "admit", "--code", "BANK", "--name", "Bank", "--kind", "bank", "--role", "subscriber"];

fn run_with(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tallystick"));
    command.args(arguments).current_dir(folder);
    command.env_remove("TALLYSTICK_PASSPHRASE_FILE").env_remove("TALLYSTICK_KEY_FILE");
    command.envs(variables.iter().copied()).output().expect("runs")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

fn ok(folder: &Path, arguments: &[&str]) -> Value {
    let output = run_with(folder, &[], &[arguments, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    json(&output)
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run_with(folder, &[], &[arguments, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
    json(&output).get("message").and_then(Value::as_str).expect("a message").to_owned()
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for path in fs::read_dir(folder).expect("reads").map(|entry| entry.expect("reads").path()) {
        if path.is_dir() {
            all.extend(contents(&path));
        } else {
            all.insert(path.clone(), fs::read(&path).expect("reads"));
        }
    }
    all
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("one.txt", "the first passphrase\n"),
        ("two.txt", "the second passphrase\nand a line that is none of it\n"),
        ("wrong.txt", "another passphrase\n"),
        ("short.txt", "too short\n"),
        ("identity.txt", IDENTITY),
    ] {
        fs::write(folder.path().join(name), text).expect("writes");
    }
    folder
}

fn keys(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder.join("bureau/keys"))
        .expect("reads")
        .map(|entry| entry.expect("reads").file_name().to_string_lossy().into_owned())
        .filter(|name| name != "log.pub")
        .collect();
    names.sort();
    names
}

#[test]
fn without_a_choice_and_a_terminal_nothing_is_founded() {
    let folder = folder();
    let at = folder.path();
    let said = refused(at, &INIT);
    assert!(said.starts_with("how are the keys to lie on disk? say `--passphrase-file FILE`"), "{said}");
    let short = refused(at, &[&INIT[..], &["--passphrase-file", "short.txt"]].concat());
    assert_eq!(short, "the passphrase has 9 characters: 12 are needed at least, several words are better");
    let both = [&INIT[..], &["--passphrase-file", "one.txt", "--key-file", "identity.txt"]].concat();
    assert!(refused(at, &both).contains("say one of these"));
    let none = refused(at, &[&INIT[..], &["--key-file", "one.txt"]].concat());
    assert!(none.starts_with("`one.txt` holds no age identity"), "{none}");
    assert!(!none.contains("first"), "what a file holds is not repeated: {none}");
    assert!(!at.join("bureau").exists());
}

#[test]
fn a_sealed_bureau_opens_with_its_passphrase_and_a_wrong_one_changes_nothing() {
    let folder = folder();
    let at = folder.path();
    let founded = ok(at, &[&INIT[..], &["--passphrase-file", "one.txt"]].concat());
    assert_eq!(keys(at), ["pseudonym.age", "signing.age"]);
    ok(at, &[&MEMBER[..], &["--passphrase-file", "one.txt"]].concat());
    let before = contents(&at.join("bureau"));
    for text in
        before.iter().filter(|(path, _)| path.extension().is_some_and(|kind| kind == "age")).map(|(_, bytes)| bytes)
    {
        assert!(text.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----"));
    }
    let admit = ["member", "admit", "--code", "B2", "--name", "Bank", "--kind", "bank", "--role", "subscriber"];
    let wrong = refused(at, &[&admit[..], &["--passphrase-file", "wrong.txt"]].concat());
    assert_eq!(wrong, "`bureau/keys/pseudonym.age`: the passphrase is wrong");
    let silent = refused(at, &admit);
    assert_eq!(
        silent,
        "`bureau/keys/pseudonym.age` is sealed by a passphrase: say `--passphrase-file FILE`, or set TALLYSTICK_PASSPHRASE_FILE"
    );
    refused(at, &["key", "protect", "--unencrypted", "--passphrase-file", "wrong.txt"]);
    assert_eq!(contents(&at.join("bureau")), before, "nothing was written");
    // Automation says it once; several are tried; what is typed on the command line counts before the environment.
    let by_environment = run_with(at, &[("TALLYSTICK_PASSPHRASE_FILE", "one.txt")], &["member", "list", "--json"]);
    assert_eq!(json(&by_environment)["members"][0]["code"], "BANK");
    ok(at, &["verify", "--passphrase-file", "wrong.txt", "--passphrase-file", "one.txt"]);
    let over = [("TALLYSTICK_PASSPHRASE_FILE", "one.txt")];
    let over = run_with(at, &over, &["verify", "--passphrase-file", "wrong.txt", "--json"]);
    assert_eq!(over.status.code(), Some(1), "{over:?}");
    let shown = ok(at, &["key", "list", "--passphrase-file", "one.txt"]);
    assert_eq!(shown["keys"][0]["key"], founded["verifier_key"]);
    assert_eq!(shown["keys"][0]["note"], "passphrase");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(at.join("bureau/keys/signing.age")).expect("reads").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn keys_are_sealed_anew_and_the_old_way_opens_them_no_more() {
    let folder = folder();
    let at = folder.path();
    ok(at, &[&INIT[..], &["--unencrypted"]].concat());
    let plain = fs::read_to_string(at.join("bureau/keys/signing.key")).expect("reads");
    let root = ok(at, &["verify"])["root"].clone();

    ok(at, &["key", "protect", "--new-passphrase-file", "one.txt"]);
    assert_eq!(keys(at), ["pseudonym.age", "signing.age"], "no copy in the clear is left");
    ok(at, &["key", "protect", "--passphrase-file", "one.txt", "--new-passphrase-file", "two.txt"]);
    refused(at, &["verify", "--passphrase-file", "one.txt"]);
    ok(at, &["verify", "--passphrase-file", "two.txt"]);
    ok(at, &["key", "protect", "--passphrase-file", "two.txt", "--new-key-file", "identity.txt"]);
    refused(at, &["verify", "--passphrase-file", "two.txt"]);
    let by_environment = run_with(at, &[("TALLYSTICK_KEY_FILE", "identity.txt")], &["verify", "--json"]);
    assert_eq!(json(&by_environment)["root"], root, "the same bureau all along");
    ok(at, &["key", "protect", "--key-file", "identity.txt", "--unencrypted"]);
    assert_eq!(keys(at), ["pseudonym.key", "signing.key"]);
    assert_eq!(fs::read_to_string(at.join("bureau/keys/signing.key")).expect("reads"), plain);
    assert!(refused(at, &["key", "protect"]).starts_with("how are the keys to lie on disk?"));

    // What a crash between writing the sealed key and removing the plain one leaves: the sealed one counts, and protecting again ends it.
    ok(at, &["key", "protect", "--new-passphrase-file", "one.txt"]);
    fs::write(at.join("bureau/keys/signing.key"), &plain).expect("writes");
    fs::write(at.join("bureau/keys/signing.age.new"), "half").expect("writes");
    ok(at, &["key", "protect", "--passphrase-file", "one.txt", "--new-passphrase-file", "two.txt"]);
    assert_eq!(keys(at), ["pseudonym.age", "signing.age"]);
    // A changed byte of a sealed key is damage, and told as such.
    let path = at.join("bureau/keys/signing.age");
    let mut bytes = fs::read(&path).expect("reads");
    bytes[120] ^= 1;
    fs::write(&path, bytes).expect("writes");
    let said = refused(at, &["verify", "--passphrase-file", "two.txt"]);
    assert!(said.starts_with("`bureau/keys/signing.age`"), "{said}");
}

#[test]
fn keys_of_people_and_witnesses_are_made_shown_and_protected() {
    let folder = folder();
    let at = folder.path();
    let made = ok(at, &["key", "create", "--kind", "staff", "--out", "wu.age", "--key-file", "identity.txt"]);
    assert_eq!(made["sealed"], "key_file");
    let shown = ok(at, &["key", "show", "--key", "wu.age", "--key-file", "identity.txt"]);
    assert_eq!(shown["key"], made["key"]);
    assert_eq!(made["key"].as_str().map(str::len), Some(64));
    let again = refused(at, &["key", "create", "--kind", "staff", "--out", "wu.age", "--unencrypted"]);
    assert!(again.starts_with("`wu.age`"), "a key is never overwritten: {again}");
    let moved = ok(at, &["key", "protect", "--key", "wu.age", "--key-file", "identity.txt", "--unencrypted"]);
    assert_eq!(moved["files"][0]["sealed"], "unencrypted");
    assert_eq!(ok(at, &["key", "show", "--key", "wu.age"])["key"], made["key"]);

    let witness = ["key", "create", "--kind", "witness", "--out", "w1.key", "--unencrypted"];
    let named = ok(at, &[&witness[..], &["--name", "witness.example/w1"]].concat());
    let key = named["key"].as_str().expect("a key");
    assert!(key.starts_with("witness.example/w1+") && key.contains("+B"), "type 4, a cosigner's: {key}");
    assert_eq!(ok(at, &["key", "show", "--key", "w1.key", "--name", "witness.example/w1"])["key"], key);
    refused(at, &["key", "create", "--kind", "witness", "--out", "w2.key", "--unencrypted", "--name", "two words"]);
    assert!(!at.join("w2.key").exists());
}

#[test]
fn the_logs_key_is_turned_and_what_the_old_one_signed_stays_proved() {
    let folder = folder();
    let at = folder.path();
    let first = ok(at, &[&INIT[..], &["--unencrypted"]].concat())["verifier_key"].as_str().expect("a key").to_owned();
    let old = fs::read(at.join("bureau/keys/signing.key")).expect("reads");
    let before = fs::read_to_string(at.join("bureau/log/checkpoint")).expect("reads");
    let turned = ok(at, &["key", "rotate"]);
    let second = turned["verifier_key"].as_str().expect("a key").to_owned();
    assert_eq!((&turned["from"], &turned["reason"]), (&2.into(), &"retired".into()));
    assert_ne!(first, second);
    assert_ne!(fs::read(at.join("bureau/keys/signing.key")).expect("reads"), old);
    assert_eq!(keys(at), ["pseudonym.key", "signing.key"], "the old key is gone");
    ok(at, &MEMBER);
    assert_eq!(ok(at, &["verify"])["findings"], serde_json::json!([]));

    // Outsiders: each size by its own key, and the text proves that one follows the other.
    let published = fs::read_to_string(at.join("bureau/log/keys")).expect("reads");
    let log: tallystick_audit::LogKeys = tallystick_audit::LogKeys::parse(&published).expect("holds");
    let open = |note: &str| tallystick_audit::OpensCheckpoints::open(&log, note).map(|checkpoint| checkpoint.size);
    assert_eq!(open(&before), Ok(1));
    assert_eq!(open(&fs::read_to_string(at.join("bureau/log/checkpoint")).expect("reads")), Ok(3));
    fs::write(at.join("published"), &published).expect("writes");
    let history = ok(at, &["key", "history", "--file", "published"]);
    assert_eq!(history["keys"], ok(at, &["key", "history"])["keys"]);
    assert_eq!(history["keys"][0]["verifier_key"], first);
    assert_eq!(history["keys"][0]["to"], 1);
    fs::write(at.join("forged"), published.replace("from 2", "from 1")).expect("writes");
    let forged = refused(at, &["key", "history", "--file", "forged"]);
    assert!(forged.contains("does not verify"), "{forged}");

    ok(at, &["receipt", "show", "--index", "2", "--out", "kept.receipt"]);
    let kept = ["receipt", "verify", "kept.receipt", "--key", "bureau/log/keys", "--json"];
    assert_eq!(json(&run_with(at, &[], &kept))["receipts"][0]["valid"], true);

    // The second turn, for a reason; then the first key is revoked, once, and the one in use is not.
    assert_eq!(ok(at, &["key", "rotate", "--reason", "compromised"])["from"], 4);
    let hex = history["keys"][0]["key"].as_str().expect("hex")[..12].to_owned();
    let revoke = ["key", "revoke", "--key", &hex, "--reason", "compromised", "--since", "2026-01-02"];
    ok(at, &revoke);
    assert_eq!(refused(at, &revoke), "log keys: the key was revoked before");
    // Whoever has a compromised key can sign as much: without a witness its receipts prove nothing any more.
    let kept = json(&run_with(at, &[], &kept));
    assert_eq!((&kept["result"], &kept["receipts"][0]["fault"]), (&"rejected".into(), &"compromised_key".into()));
    let in_use = ok(at, &["key", "history"])["keys"][2]["verifier_key"].as_str().expect("a key").to_owned();
    let said = refused(at, &["key", "revoke", "--key", &in_use, "--reason", "retired"]);
    assert_eq!(said, "log keys: the key in use is not revoked but followed by another");
    let ends: Vec<_> =
        ok(at, &["key", "history"])["keys"].as_array().expect("a list").iter().map(|key| key["end"].clone()).collect();
    assert_eq!(ends, [Value::from("compromised"), Value::from("compromised"), Value::Null]);
    assert_eq!(ok(at, &["verify"])["findings"], serde_json::json!([]));

    // Outsiders' own tools take the chain in the place of a key; the first key alone opens what it signed, and no more.
    let prove = |key: &str| ["audit", "prove", "--log", "bureau", "--key", key, "--index", "0"].map(str::to_owned);
    let (chain, alone) = (prove("bureau/log/keys"), prove(&first));
    ok(at, &chain.each_ref().map(String::as_str));
    let not = refused(at, &alone.each_ref().map(String::as_str));
    assert!(not.contains("is not signed by key"), "{not}");

    let published_key = fs::read_to_string(at.join("bureau/keys/log.pub")).expect("reads");
    assert_eq!(published_key.trim(), in_use);

    // Damage to what outsiders read is found.
    fs::write(at.join("bureau/log/keys"), &published).expect("writes");
    let found = run_with(at, &[], &["verify", "--json"]);
    assert_eq!(json(&found)["findings"][0]["place"], "log/keys", "{found:?}");
}

#[test]
fn a_crash_between_the_entry_and_the_keys_file_is_taken_up_and_a_prepared_key_signs_nothing() {
    let folder = folder();
    let at = folder.path();
    ok(at, &[&INIT[..], &["--passphrase-file", "one.txt"]].concat());
    let opened = ["--passphrase-file", "one.txt"];
    let prepared = ok(at, &[&["key", "rotate", "--prepare"], &opened[..]].concat());
    assert_eq!(keys(at), ["pseudonym.age", "signing-next.age", "signing.age"]);
    ok(at, &[&MEMBER[..], &opened].concat());
    assert_eq!(ok(at, &[&["key", "history"], &opened[..]].concat())["keys"].as_array().map(Vec::len), Some(1));
    let old = fs::read(at.join("bureau/keys/signing.age")).expect("reads");
    let turned = ok(at, &[&["key", "rotate"], &opened[..]].concat());
    assert_eq!(turned["key"], prepared["key"], "the prepared key is the one");
    // As a crash leaves it: the entry is there, the file has its old name.
    let new = fs::read(at.join("bureau/keys/signing.age")).expect("reads");
    fs::write(at.join("bureau/keys/signing-next.age"), &new).expect("writes");
    fs::write(at.join("bureau/keys/signing.age"), &old).expect("writes");
    assert_eq!(ok(at, &[&["verify"], &opened[..]].concat())["findings"], serde_json::json!([]));
    assert_eq!(keys(at), ["pseudonym.age", "signing.age"]);
    assert_eq!(fs::read(at.join("bureau/keys/signing.age")).expect("reads"), new);
    // With the old key alone the bureau opens no more.
    fs::write(at.join("bureau/keys/signing.age"), &old).expect("writes");
    assert_eq!(refused(at, &[&["verify"], &opened[..]].concat()), "the signing key is not the one of this bureau");
}
