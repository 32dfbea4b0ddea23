//! The real program, started, fed, and ended with `kill -9` at a chosen moment.
//!
//! [`Program::locate`] finds or builds it beside the running test. Everything here is about one data folder and what is left
//! in it: [`Folder`] runs commands on it, [`Folder::open`] looks into it as the operations do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tallystick_model::Sensitive;
use tallystick_operations::Bureau;
use tallystick_operations::bureau::Keys;
use tallystick_policy::Rulebook;

use crate::simulation::chance::{Chance, Fuse, SeededEntropy};

/// The program `tallystick`.
#[derive(Clone, Debug)]
pub struct Program(PathBuf);

/// How a command ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit code; `None` if it was killed.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it told.
    pub stderr: String,
}

impl Ended {
    /// The object it printed with `--json`, if it came to that.
    ///
    /// # Errors
    /// What it printed instead.
    pub fn json(&self) -> Result<Value, String> {
        serde_json::from_str(&self.stdout).map_err(|error| format!("{error} in {self:?}"))
    }
}

fn text(error: impl std::fmt::Display, what: &Path) -> String {
    format!("`{}`: {error}", what.display())
}

/// The newest change of a source below `folder`.
fn newest(folder: &Path) -> Option<SystemTime> {
    let mut newest = None;
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let path = entry.path();
        let changed = if path.is_dir() {
            self::newest(&path)
        } else {
            let is_source = path.extension().is_some_and(|kind| kind == "rs" || kind == "toml" || kind == "cedar");
            fs::metadata(&path).ok().filter(|_| is_source).and_then(|metadata| metadata.modified().ok())
        };
        newest = newest.max(changed);
    }
    newest
}

impl Program {
    /// The program in the target folder that `test`, a test's executable, stands in; built once if it is absent or older
    /// than its sources.
    ///
    /// # Errors
    /// Why it could not be built.
    pub fn locate(test: &Path) -> Result<Self, String> {
        let profile = test.parent().and_then(Path::parent).ok_or("the test stands in no target folder")?;
        let target = profile.parent().ok_or("the test stands in no target folder")?;
        let program = profile.join(format!("tallystick{}", std::env::consts::EXE_SUFFIX));
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut sources = None;
        for folder in fs::read_dir(&crates).map_err(|error| text(error, &crates))?.flatten() {
            // What only tests are made of is no part of the program.
            if folder.file_name() != "testkit" {
                sources = sources.max(newest(&folder.path().join("src"))).max(newest(&folder.path().join("rulebooks")));
            }
        }
        let built = fs::metadata(&program).and_then(|metadata| metadata.modified()).ok();
        if built.is_none() || built < sources {
            let mut cargo = Command::new(option_env!("CARGO").unwrap_or("cargo"));
            cargo.args(["build", "--quiet", "--package", "tallystick"]).env("CARGO_TARGET_DIR", target);
            cargo.args(profile.file_name().filter(|name| *name == "release").map(|_| "--release"));
            let status = cargo.current_dir(&crates).status().map_err(|error| format!("cargo does not run: {error}"))?;
            if !status.success() {
                return Err(format!("`cargo build --package tallystick` failed: {status}"));
            }
        }
        Ok(Self(program))
    }
}

impl Program {
    /// Runs it to its end.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Result<Ended, String> {
        ended(Command::new(&self.0).args(arguments).stdin(Stdio::null()))
    }
}

/// A data folder, and beside it whatever a test needs.
#[derive(Debug)]
pub struct Folder {
    program: Program,
    rulebook: &'static str,
    /// Where the bureau is, and the working folder of commands is its parent.
    pub bureau: PathBuf,
}

/// Name of the bureau in each folder.
pub const NAME: &str = "crash.example/log";

impl Folder {
    /// A bureau founded under China's rulebook below `parent`.
    ///
    /// # Errors
    /// What the program said instead.
    pub fn found(program: &Program, parent: &Path) -> Result<Self, String> {
        let folder = Self::below(program, parent, "cn");
        folder.done(&["init", "--name", NAME, "--rulebook", "cn", "--unencrypted"])?;
        Ok(folder)
    }

    /// A bureau under China's rulebook that somebody puts, or has put, below `parent`.
    pub fn at(program: &Program, parent: &Path) -> Self {
        Self::below(program, parent, "cn")
    }

    /// A bureau under a rulebook that is below `parent`, or will be.
    pub fn below(program: &Program, parent: &Path, rulebook: &'static str) -> Self {
        Self { program: program.clone(), rulebook, bureau: parent.join("bureau") }
    }

    /// How many runs of facts have a file.
    pub fn runs(&self) -> usize {
        entries(self.bureau.join("store").join("facts")).count()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program.0);
        command.args(arguments).stdin(Stdio::null());
        // What reads a backup names no bureau.
        let reads_backup = matches!(arguments, ["backup" | "restore", ..]) && arguments.contains(&"--from");
        if !reads_backup && !arguments.contains(&"--bureau") {
            command.arg("--bureau").arg(&self.bureau);
        }
        command
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Result<Ended, String> {
        ended(&mut self.command(arguments))
    }

    /// Runs a command that is told of no bureau.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn run_without_bureau(&self, arguments: &[&str]) -> Result<Ended, String> {
        self.program.run(arguments)
    }

    /// Runs a command with `--json` that should end well, and gives what it printed.
    ///
    /// # Errors
    /// How it ended instead.
    pub fn done(&self, arguments: &[&str]) -> Result<Value, String> {
        let ended = self.run(&[arguments, &["--json"]].concat())?;
        if ended.code == Some(0) { ended.json() } else { Err(format!("{arguments:?} ended {ended:?}")) }
    }

    /// Starts a command with `--json`, whose output goes to files: what is written there survives it.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Result<Started, String> {
        let [stdout, stderr] = ["stdout", "stderr"].map(|name| self.bureau.with_extension(name));
        let file = |path: &Path| fs::File::create(path).map_err(|error| text(error, path));
        let mut command = self.command(&[arguments, &["--json"]].concat());
        command.stdout(file(&stdout)?).stderr(file(&stderr)?);
        let child = command.spawn().map_err(|error| text(error, &self.program.0))?;
        Ok(Started { child, store: self.bureau.join("store"), stdout, stderr })
    }

    /// Opens the bureau as the program does.
    ///
    /// # Errors
    /// Why it does not open.
    pub fn open(&self) -> Result<Bureau, String> {
        let key = |name: &str| -> Result<Sensitive<[u8; 32]>, String> {
            let path = self.bureau.join("keys").join(format!("{name}.key"));
            let hex = fs::read_to_string(&path).map_err(|error| text(error, &path))?;
            let mut bytes = [0; 32];
            for (to, from) in bytes.iter_mut().zip(hex.trim().as_bytes().chunks(2)) {
                let pair = std::str::from_utf8(from).map_err(|error| text(error, &path))?;
                *to = u8::from_str_radix(pair, 16).map_err(|error| text(error, &path))?;
            }
            Ok(Sensitive::new(bytes))
        };
        let rulebook = Rulebook::built_in(self.rulebook).map_err(|error| error.to_string())?;
        let keys = Keys { pseudonym: key("pseudonym")?, signing: key("signing")? };
        let entropy = Box::new(SeededEntropy::new(0, Fuse::default()));
        Bureau::open(&self.bureau, NAME, rulebook, &keys, entropy).map_err(|error| error.to_string())
    }
}

/// Runs a command to its end.
pub(crate) fn ended(command: &mut Command) -> Result<Ended, String> {
    let output = command.output().map_err(|error| text(error, Path::new(command.get_program())))?;
    Ok(Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// A command that runs.
#[derive(Debug)]
pub struct Started {
    child: Child,
    store: PathBuf,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Started {
    /// Waits until it ends by itself, or kills it at `moment` as `kill -9` does.
    ///
    /// # Errors
    /// If the operating system does not let it be killed or waited for.
    pub fn kill(mut self, moment: Moment) -> Result<Ended, String> {
        const STEP: Duration = Duration::from_micros(100);
        let before = marks(&self.store);
        let (mut waited, changes, wait) = match moment {
            Moment::After(wait) => (Some(Duration::ZERO), 0, wait),
            Moment::Loading(changes, wait) => (None, changes, wait),
        };
        while self.child.try_wait().map_err(|error| error.to_string())?.is_none() {
            waited = waited.or_else(|| (marks(&self.store) >= before + changes).then_some(Duration::ZERO));
            if waited.is_some_and(|waited| waited >= wait) {
                break;
            }
            if waited.is_some() || changes == 0 {
                std::thread::sleep(STEP);
            }
            waited = waited.map(|waited| waited + STEP);
        }
        // One that has ended already cannot be killed any more, which is well.
        let _ = self.child.kill();
        let status = self.child.wait().map_err(|error| error.to_string())?;
        let read = |path: &Path| fs::read_to_string(path).map_err(|error| text(error, path));
        Ok(Ended { code: status.code(), stdout: read(&self.stdout)?, stderr: read(&self.stderr)? })
    }
}

/// When a command is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// So long after its start.
    After(Duration),
    /// So long after so many beginnings and ends of runs were written: a load begins and ends each of its runs, and none is committed
    /// before the last end.
    Loading(usize, Duration),
}

fn entries(folder: PathBuf) -> impl Iterator<Item = fs::DirEntry> {
    fs::read_dir(folder).into_iter().flatten().flatten()
}

/// How many beginnings and ends of runs are in the store.
fn marks(store: &Path) -> usize {
    entries(store.join("facts")).map(|run| 1 + usize::from(is_whole(&run.path()))).sum()
}

/// Whether a run's file has its footer.
fn is_whole(run: &Path) -> bool {
    const FOOTER_BYTES: usize = 56;
    let bytes = fs::read(run).unwrap_or_default();
    bytes.len().checked_sub(FOOTER_BYTES).and_then(|at| bytes.get(at..)).is_some_and(|end| end.starts_with(b"TALLYRUN"))
}

/// The mapping of [`delivery`].
pub const MAPPING: &str = r#"
[layout]
name = "crash"
version = 1
[subject]
column = "id"
scheme = "cn-resident-id"
[[tradeline]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = "CNY"
kind = "credit_card"
rating = { column = "late", codes = { 0 = "current", 1 = "late_1" } }
balance = "balance"
[identity]
name = "name"
"#;

/// Months that each subject of [`delivery`] has.
const MONTHS: usize = 5;

/// The resident id of one of some 300,000 people.
pub fn subject(number: usize) -> String {
    let (day, rest) = (number % 28 + 1, number / 28);
    let (month, rest) = (rest % 12 + 1, rest / 12);
    let body = format!("1101011985{month:02}{day:02}{rest:03}");
    let check = tallystick_model::ids::resident_id_check(body.as_bytes()).map_or('?', char::from);
    format!("{body}{check}")
}

/// A file of `rows` rows about `rows / 5` subjects, the months of each far apart. The same for the same seed.
pub fn delivery(rows: usize, seed: u64) -> String {
    let mut chance = Chance::new(seed);
    let subjects = rows.div_ceil(MONTHS);
    let mut csv = "id,account,month,late,balance,name\n".to_owned();
    for row in 0..rows {
        let (number, month) = (row % subjects, row / subjects + 1);
        let (late, balance) = (chance.below(2), chance.below(1_000_000));
        csv.push_str(&subject(number));
        csv.push_str(&format!(",A{number},2026-{month:02},{late},{balance}.00,Name {number}\n"));
    }
    csv
}

/// What a report says, without what differs from bureau to bureau: pseudonyms, hashes, times, numbers of deliveries.
pub fn content(report: &Value) -> Value {
    const DIFFERS: [&str; 9] =
        ["subject", "at", "account", "wallet", "delivery", "corrects_delivery", "sha256", "own", "inquiries"];
    match report {
        Value::Object(fields) => {
            let same = fields.iter().filter(|(name, _)| !DIFFERS.contains(&name.as_str()));
            Value::Object(same.map(|(name, value)| (name.clone(), content(value))).collect())
        }
        Value::Array(values) => {
            let mut values: Vec<Value> = values.iter().map(content).collect();
            // Accounts stand in the order of their pseudonyms.
            values.sort_by_key(Value::to_string);
            Value::Array(values)
        }
        other => other.clone(),
    }
}
