//! A bureau as an earlier program of each store format left it: every later program opens it, finds it sound, and reads the same from it.
//!
//! `UPDATE_EXPECT=1 cargo test -p tallystick-testkit --test formats` writes the fixture of the current format anew: only before a format
//! was released, or for a new one.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tallystick_model::Identifier;
use tallystick_model::withdrawal::Erasures;
use tallystick_operations::verify::verify;
use tallystick_store::FORMAT;
use tallystick_testkit::crash::{Folder, Program, subject};
use zip::write::SimpleFileOptions;

const MAPPING: &str = r#"
[layout]
name = "old"
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
"#;

/// The first format that has a fixture: nothing older was ever released.
const FIRST: u8 = 4;

/// Subjects of the large delivery, which lies in runs.
const SUBJECTS: usize = 2000;
/// Years of months that it tells of each: what is repeated takes little room in the fixture.
const YEARS: std::ops::Range<i32> = 2005..2025;
/// Of the small one, with a correction.
const ONE: usize = 7;

fn fixture(format: u8) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).join(format!("store-{format}.zip"))
}

fn program() -> Program {
    Program::locate(&std::env::current_exe().expect("runs")).expect("the program is there")
}

/// A bureau with all that lies differently: small and large deliveries, corrections, consents, permits and denials, a key's turn.
fn build(parent: &Path) -> Folder {
    let folder = Folder::found(&program(), parent).expect("is founded");
    let file = |name: &str, text: String| {
        let path = parent.join(name);
        fs::write(&path, text).expect("writes");
        path.to_str().expect("UTF-8").to_owned()
    };
    let layout = file("layout.toml", MAPPING.to_owned());
    let head = "id,account,month,late,balance\n".to_owned();
    // The same course for everyone: long in the store, short in the fixture.
    let balance = |month: &str| month.bytes().fold(7_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 99_991);
    let row = |number: usize, month: &str| {
        format!("{},A{number},{month},{},{}.00\n", subject(number), balance(month) % 2, balance(month))
    };
    let rows = |number: usize| -> String {
        let months = YEARS.flat_map(|year| (1..=12).map(move |month| format!("{year}-{month:02}")));
        months.chain(["2026-01".to_owned()]).map(|month| row(number, &month)).collect()
    };
    let large = file("large.csv", head.clone() + &(0..SUBJECTS).map(rows).collect::<String>());
    let small = file("small.csv", head + &row(ONE, "2026-02"));
    let role = ["--role", "furnisher", "--role", "subscriber", "--consent-duty", "attested"];
    let admit = ["member", "admit", "--code", "BANK", "--name", "Bank", "--kind", "bank"];
    let done = |arguments: &[&str]| drop(folder.done(arguments).expect("is done"));
    done(&[&admit[..], &role].concat());
    done(&["ingest", "--furnisher", "BANK", "--layout", &layout, "--file", &large]);
    done(&["ingest", "--furnisher", "BANK", "--layout", &layout, "--file", &small]);
    let one = format!("cn-resident-id:{}", subject(ONE));
    let grant =
        ["consent", "grant", "--subject", &one, "--member", "BANK", "--scope", "inquire", "--category", "credit"];
    done(&[&grant[..], &["--purpose", "credit_application", "--form", "written", "--until", "2999-01-01"]].concat());
    done(&["inquire", "--subscriber", "BANK", "--subject", &one, "--purpose", "credit_application"]);
    let correct = ["correct", "--furnisher", "BANK", "--subject", &one, "--account", "A7", "--month", "2026-01"];
    done(&[&correct[..], &["--rating", "late_1", "--reason", "booked wrong"]].concat());
    done(&["key", "rotate"]);
    done(&["report", "--subject", &one]);
    folder
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).expect("reads").map(|entry| entry.expect("reads").path()) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// What every program must read from it: entries, root, counts, and the facts of two subjects as bytes.
fn read(folder: &Folder) -> String {
    let bureau = folder.open().expect("opens");
    let mut report = verify(&bureau, &mut |_, _| {});
    // A rulebook of another text is told of, and is no matter of the store's format.
    report.findings.retain(|finding| finding.place != "rulebook");
    assert_eq!(report.findings, []);
    let root: String = report.root.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut said = format!(
        "entries {}\nroot {root}\nmembers {}\ndeliveries {}\nfacts {}\nsubjects {}\nkeys {}\n",
        report.entries,
        report.members,
        report.deliveries,
        report.facts,
        report.subjects,
        tallystick_operations::log_key::history(&bureau).iter().count(),
    );
    for number in [ONE, SUBJECTS - 1] {
        let identifier = Identifier::parse_tagged(&format!("cn-resident-id:{}", subject(number))).expect("one");
        let file = bureau.snapshot().credit_file(bureau.pseudonym(&identifier), &Erasures::default()).expect("reads");
        let mut hash = Sha256::new();
        for fact in file.history() {
            let mut value = fact.key.to_bytes().to_vec();
            fact.write_value(&mut value);
            hash.update(value);
        }
        let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        said += &format!("file of subject {number}: {} facts, {hash}\n", file.history().len());
    }
    said
}

fn pack(folder: &Folder, to: &Path) {
    let mut zip = zip::ZipWriter::new(File::create(to).expect("creates"));
    let options = SimpleFileOptions::default().compression_level(Some(9));
    for path in files(&folder.bureau) {
        let name = path.strip_prefix(&folder.bureau).expect("below").to_str().expect("UTF-8").to_owned();
        zip.start_file(name, options).expect("begins");
        zip.write_all(&fs::read(&path).expect("reads")).expect("writes");
    }
    zip.finish().expect("ends");
}

fn unpack(from: &Path, to: &Path) {
    let mut zip = zip::ZipArchive::new(File::open(from).expect("opens")).expect("is an archive");
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).expect("is there");
        let path = to.join(file.enclosed_name().expect("stays below"));
        fs::create_dir_all(path.parent().expect("has one")).expect("creates");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("reads");
        fs::write(path, bytes).expect("writes");
    }
}

#[test]
fn a_bureau_of_each_format_opens_is_sound_and_reads_the_same() {
    #[expect(clippy::disallowed_methods, reason = "fixtures are written when asked for")]
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    if update {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = build(parent.path());
        assert!(folder.runs() > 0, "the large delivery lies in runs");
        fs::create_dir_all(fixture(FORMAT).parent().expect("has one")).expect("creates");
        pack(&folder, &fixture(FORMAT));
        fs::write(fixture(FORMAT).with_extension("txt"), read(&folder)).expect("writes");
    }
    let bytes = fs::metadata(fixture(FORMAT)).expect("each format has its fixture").len();
    assert!(bytes < 200_000, "{bytes} bytes are too many to keep");
    for format in FIRST..=FORMAT {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = Folder::at(&program(), parent.path());
        unpack(&fixture(format), &folder.bureau);
        let expected = fs::read_to_string(fixture(format).with_extension("txt")).expect("reads");
        assert_eq!(read(&folder), expected, "format {format}");
        let told = folder.done(&["upgrade"]).expect("is done");
        assert_eq!((told["format"].as_u64(), told["changed"].as_bool()), (Some(FORMAT.into()), Some(format != FORMAT)));
        assert_eq!(read(&folder), expected, "format {format}, after the upgrade");
    }
}
