//! Backups made while others commit, and the real program killed while it makes one or brings one back.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::signature::SecretKey;
use tallystick_model::{Sensitive, Timestamp};
use tallystick_operations::backup::{make, points, restore, verify as check};
use tallystick_operations::bureau::Keys;
use tallystick_operations::member::{Application, admit};
use tallystick_operations::verify::verify;
use tallystick_operations::{Bureau, Entropy};
use tallystick_policy::Rulebook;
use tallystick_testkit::crash::{Folder, Moment, Program};
use tallystick_testkit::simulation::chance::{Fuse, SeededEntropy};

const NAME: &str = "backup.example/log";
const SIGNING: [u8; 32] = [7; 32];

fn keys() -> Keys {
    Keys { pseudonym: Sensitive::new([3; 32]), signing: Sensitive::new(SIGNING) }
}

fn entropy() -> Box<dyn Entropy> {
    Box::new(SeededEntropy::new(5, Fuse::default()))
}

fn rulebook() -> Rulebook {
    Rulebook::built_in("cn").expect("is built in")
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(1_770_000_000_000 + minute * 60_000).expect("a time")
}

fn member(bureau: &Bureau, number: i64) {
    let application = Application {
        code: format!("M{number}"),
        name: format!("Member {number}"),
        kind: MemberKind::Bank,
        roles: vec![MemberRole::Subscriber],
        duty: ConsentDuty::Nothing,
    };
    admit(bureau, application, at(number)).expect("is admitted");
}

#[test]
fn each_backup_made_while_others_commit_is_one_state_of_the_bureau() {
    let folder = tempfile::tempdir().expect("a folder");
    let (home, to) = (folder.path().join("bureau"), folder.path().join("backup"));
    fs::create_dir(&home).expect("creates");
    let bureau = Bureau::found(&home, NAME, rulebook(), &keys(), entropy(), at(0)).expect("is founded");
    let toml = home.join("bureau.toml");
    fs::write(&toml, "name = \"backup.example/log\"\nrulebook = \"cn\"\n").expect("writes");
    let files = [("bureau.toml".to_owned(), toml)];
    let key = SecretKey::new(Sensitive::new(SIGNING));
    let (ended, mut made) = (AtomicBool::new(false), Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            (1..=60).for_each(|number| member(&bureau, number));
            ended.store(true, Ordering::Release);
        });
        loop {
            let last = ended.load(Ordering::Acquire);
            made.push(make(&bureau, &to, &files, &key, &mut |_, _| {}).expect("is made").point);
            if last {
                break;
            }
        }
    });
    assert!(made.len() > 1 && made.last().expect("one").entries == 61, "{:?}", made.last().map(|point| point.entries));
    let (sound, bad) = points(&to).expect("reads");
    assert!(bad.is_empty(), "{bad:?}");
    for (number, point) in sound.iter().enumerate() {
        assert_eq!(check(&to, point, &mut |_, _| {}).expect("reads"), []);
        let back = folder.path().join(format!("back-{number}"));
        restore(&to, point, &back, None, &mut |_, _| {}).expect("comes back");
        let back = Bureau::open(&back, NAME, rulebook(), &keys(), entropy()).expect("opens");
        let report = verify(&back, &mut |_, _| {});
        assert_eq!((report.findings, report.entries, report.members), (vec![], point.entries, point.entries - 1));
        // It goes on as the bureau it is.
        member(&back, 100);
    }
}

#[test]
fn killed_while_making_or_restoring_a_backup_nothing_is_harmed_and_nothing_half_made_counts() {
    let parent = tempfile::tempdir().expect("a folder");
    let program = Program::locate(&std::env::current_exe().expect("runs")).expect("the program is there");
    let folder = Folder::found(&program, parent.path()).expect("is founded");
    let path = |name: &str| parent.path().join(name).to_str().expect("UTF-8").to_owned();
    let (backup, keys) = (path("backup"), folder.bureau.join("keys").to_str().expect("UTF-8").to_owned());
    for number in 0..20_u32 {
        let code = format!("M{number}");
        let admit = ["member", "admit", "--code", &code, "--name", "M", "--kind", "bank", "--role", "subscriber"];
        folder.done(&admit).expect("is admitted");
    }
    let root = folder.done(&["verify"]).expect("is sound")["root"].clone();
    let create = ["backup", "create", "--to", &backup];
    // Wherever it is killed: the source is sound, and what is there of the backup is a point or none.
    for turn in 0..12_u64 {
        folder.start(&create).expect("starts").kill(Moment::After(Duration::from_millis(turn * 4))).expect("ends");
        assert_eq!(folder.done(&["verify"]).expect("is sound")["root"], root, "turn {turn}");
    }
    folder.done(&create).expect("is made");
    folder.done(&["backup", "verify", "--from", &backup]).expect("is sound");
    let (mut unfinished, mut whole) = (0, 0);
    for turn in 0..16_u64 {
        let to = path(&format!("back-{turn}"));
        let restore = ["restore", "--from", &backup, "--to", &to, "--keys", &keys];
        let started = folder.start(&restore).expect("starts");
        started.kill(Moment::After(Duration::from_millis(turn * 3))).expect("ends");
        let verified = folder.run(&["verify", "--json", "--bureau", &to]).expect("runs");
        let told = verified.json().expect("one object");
        match verified.code {
            Some(0) => {
                assert_eq!(told["root"], root, "turn {turn}");
                whole += 1;
            }
            _ => {
                let said = told["message"].as_str().expect("a message");
                let refused = ["never ended", "no bureau in", "keys"].iter().any(|part| said.contains(part));
                assert!(refused, "turn {turn}: {said}");
                unfinished += 1;
            }
        }
    }
    assert!(unfinished > 0 && whole + unfinished == 16, "{unfinished} unfinished, {whole} whole");
}
