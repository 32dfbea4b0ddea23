//! Worlds: a folder with a bureau and what verbs on it need, made once and copied for each run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tallystick_model::Canonical;
use tallystick_testkit::crash::{Ended, Folder, NAME, Program};
use tallystick_testkit::shim::{Call, Fault, Shim};

/// The program and the shim it is run under.
pub struct Tools {
    pub program: Program,
    pub shim: Shim,
}

/// A folder with a bureau in it.
pub struct World<'a> {
    tools: &'a Tools,
    rulebook: &'static str,
    parent: tempfile::TempDir,
    pub folder: Folder,
    /// What commands are told by name: `{consent}`.
    names: BTreeMap<String, String>,
}

/// What `verify` counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct State(pub Vec<u64>);

const COUNTS: [&str; 7] = ["entries", "facts", "subjects", "deliveries", "quarantined", "members", "disclosures"];

impl<'a> World<'a> {
    /// An empty folder for a bureau under a rulebook.
    pub fn new(tools: &'a Tools, rulebook: &'static str) -> Self {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = Folder::below(&tools.program, parent.path(), rulebook);
        let names = [("dir".to_owned(), parent.path().to_str().expect("is UTF-8").to_owned())].into();
        Self { tools, rulebook, parent, folder, names }
    }

    /// The same once more, elsewhere.
    pub fn copy(&self) -> Self {
        let mut copy = Self::new(self.tools, self.rulebook);
        copy_folder(self.parent.path(), copy.parent.path());
        let own = self.names.iter().filter(|(name, _)| *name != "dir");
        copy.names.extend(own.map(|(name, value)| (name.clone(), value.clone())));
        copy
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.parent.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("writes");
    }

    /// Gives a value a name.
    pub fn name(&mut self, name: &str, value: &Value) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.names.insert(name.to_owned(), text);
    }

    pub fn named(&self, name: &str) -> &str {
        &self.names[name]
    }

    /// A command line with the names in it replaced; `_` between words of one argument stays.
    fn typed(&self, line: &str) -> Vec<String> {
        let replaced = |word: &str| {
            self.names.iter().fold(word.to_owned(), |word, (name, value)| word.replace(&format!("{{{name}}}"), value))
        };
        line.split_whitespace().map(replaced).collect()
    }

    /// Runs a command that must end well.
    pub fn ok(&self, line: &str) -> Value {
        let ended = self.run(line);
        assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
        ended.json().expect("one object")
    }

    pub fn run(&self, line: &str) -> Ended {
        let typed = self.typed(line);
        let arguments: Vec<&str> = typed.iter().map(String::as_str).collect();
        self.folder.run(&[arguments.as_slice(), &["--json"]].concat()).expect("starts")
    }

    /// Runs a command that is told of no bureau and must end well.
    pub fn offline(&self, line: &str) -> Value {
        let typed = self.typed(&format!("{line} --json"));
        let arguments: Vec<&str> = typed.iter().map(String::as_str).collect();
        let ended = self.folder.run_without_bureau(&arguments).expect("starts");
        assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
        ended.json().expect("one object")
    }

    /// Runs a command under the shim.
    pub fn faulty(&self, line: &str, fault: Option<&Fault>) -> Result<(Ended, Vec<Call>), String> {
        let typed = self.typed(line);
        let arguments: Vec<&str> = typed.iter().map(String::as_str).collect();
        self.tools.shim.run(&self.folder, &arguments, fault)
    }

    /// What `verify` counts, if it finds nothing wrong; why it does not run or what it finds else.
    pub fn state(&self) -> Result<State, String> {
        let ended = self.run("verify");
        let told = ended.json()?;
        if told["result"] != "ok" || told["entries"] != told["events"] {
            return Err(format!("verify: {told}"));
        }
        Ok(State(COUNTS.iter().map(|count| told[count].as_u64().expect("a count")).collect()))
    }

    /// Lets the monitor look at the published log: it goes on from what it saw before.
    pub fn monitored(&self) -> Result<(), String> {
        let key = self.names.get("key").ok_or("no key")?;
        let bureau = self.folder.bureau.to_str().ok_or("not UTF-8")?;
        let seen = self.path("seen");
        let seen = seen.to_str().ok_or("not UTF-8")?;
        // The monitor has no bureau of its own: `--bureau` is no flag of it.
        let line = format!("audit monitor --log {bureau} --key {key} --state {seen}");
        let ended = self.folder.run_without_bureau(&line.split(' ').chain(["--json"]).collect::<Vec<_>>())?;
        if ended.code == Some(0) { Ok(()) } else { Err(format!("the monitor says {}", ended.stdout)) }
    }

    /// An answer's entry is in the log as it was told.
    pub fn holds(&self, recorded: &Value) -> Result<(), String> {
        use base64::Engine;
        let bureau = self.folder.open()?;
        let snapshot = bureau.snapshot();
        let index = recorded["index"].as_u64().ok_or("no index")?;
        if index >= snapshot.log_size() {
            return Err(format!("entry {index} was answered, the log has {}", snapshot.log_size()));
        }
        let entry = snapshot.entry(index).map_err(|error| error.to_string())?.to_bytes();
        let entry = json!(base64::prelude::BASE64_STANDARD.encode(entry));
        if entry == recorded["entry"] { Ok(()) } else { Err(format!("entry {index} is not the one answered")) }
    }

    /// The end of the bureau is certified, and what was handed over is as certified.
    pub fn is_certified(&self) -> Result<(), String> {
        let handed = self.path("handed");
        let certificate = if handed.exists() { handed.join("certificate.txt") } else { self.path("gone.txt") };
        let certificate = certificate.to_str().ok_or("not UTF-8")?.to_owned();
        let mut line = vec!["wind-down", "check", "--certificate", &certificate, "--verifier-key", self.named("key")];
        let handed = handed.to_str().ok_or("not UTF-8")?;
        if certificate.starts_with(handed) {
            line.extend(["--files", handed]);
        }
        let ended = self.folder.run_without_bureau(&[line.as_slice(), &["--json"]].concat())?;
        if ended.code == Some(0) { Ok(()) } else { Err(format!("the certificate: {ended:?}")) }
    }

    /// Every file for others is whole: what `recall` and `ingest` leave is JSON.
    pub fn files_are_whole(&self) -> Result<(), String> {
        for folder in ["notices", "feedback"] {
            for path in files(&self.folder.bureau.join(folder)) {
                let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
                let name = path.strip_prefix(&self.folder.bureau).unwrap_or(&path).display().to_string();
                if name.contains("draft") || name.ends_with(".new") {
                    continue;
                }
                let whole = if folder == "notices" {
                    serde_json::from_str::<Value>(&text).is_ok()
                } else {
                    let last = text.lines().next_back().unwrap_or_default();
                    text.ends_with('\n') && serde_json::from_str::<Value>(last).is_ok_and(|told| told.is_object())
                };
                if !whole {
                    return Err(format!("`{name}` is not whole: {} bytes", text.len()));
                }
            }
        }
        Ok(())
    }

    /// Founds the bureau and keeps its key.
    pub fn found(&mut self, more: &str) {
        let told = self.ok(&format!("init --name {NAME} --rulebook {} --unencrypted {more}", self.rulebook));
        self.name("key", &told["verifier_key"]);
        self.monitored().expect("is followed from its beginning");
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn copy_folder(from: &Path, to: &Path) {
    // Keeps the holes of the journals.
    let status = std::process::Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().expect("cp runs");
    assert!(status.success(), "cp: {status}");
}
