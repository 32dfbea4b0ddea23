//! Every verb: those that write, each in a world where it has something to do, and why the others are left out.

use std::fs;

use serde_json::Value;
use tallystick_model::Timestamp;

use super::world::{Tools, World};

/// A verb that writes to the bureau.
pub struct Verb {
    /// As `--help` names it.
    pub name: &'static str,
    /// Which of several ways to use it.
    pub way: &'static str,
    /// In which world.
    pub base: Base,
    /// What is done before: commands, and names for what they tell.
    pub before: fn(&mut World),
    /// What is typed.
    pub line: &'static str,
}

/// The worlds that verbs are done in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Base {
    /// Nothing is there.
    Nothing,
    /// The United States' rulebook: a card company has furnished accounts of three people, a bank inquires.
    Accounts,
    /// China's rulebook: a platform has furnished wallets, a bank inquires with consent.
    Wallets,
    /// China's rulebook under a charter of one partner, with a proposal that is drafted and voted on by paper.
    Charter,
}

const fn verb(name: &'static str, base: Base, before: fn(&mut World), line: &'static str) -> Verb {
    Verb { name, way: "", base, before, line }
}

const fn way(name: &'static str, way: &'static str, base: Base, before: fn(&mut World), line: &'static str) -> Verb {
    Verb { name, way, base, before, line }
}

const fn nothing(_: &mut World) {}

const LAYOUT: &str = "layout = { name = \"accounts\", version = 1 }\n\
    subject = { column = \"id\", scheme = \"cn-resident-id\" }\n\
    [[tradeline]]\naccount = \"account\"\nmonth = { column = \"month\", pattern = \"YYYY-MM\" }\ncurrency = \"USD\"\n\
    kind = \"credit_card\"\nbalance = \"balance\"\n\
    rating = { column = \"late\", codes = { \"0\" = \"current\", \"1\" = \"late_1\" } }\n";
const ROWS: &str = "id,account,month,balance,late\n11010519491231002X,A,2012-01,10.00,1\n\
    11010519491231002X,A,2026-01,20.00,1\n11010519491231002X,A,2026-02,30.00,0\n";
const MORE: &str = "id,account,month,balance,late\n11010519491231002X,A,2026-03,10.00,1\n";
/// One of two rows is refused.
const POOR: &str = "id,account,month,balance,late\n11010519491231002X,A,2026-03,10.00,1\n\
    11010519491231002X,A,2026-04,ten,1\n";
const WALLETS: &str = "layout = { name = \"wallets\", version = 1 }\n\
    subject = { column = \"id\", scheme = \"cn-resident-id\" }\n\
    [[payment_profile]]\naccount = \"wallet\"\ncurrency = \"CNY\"\nactive_days = \"days\"\n\
    month = { column = \"month\", pattern = \"YYYY-MM\" }\nflow.spending = { count = \"n\", sum = \"spent\" }\n";
const WALLET_ROWS: &str = "id,wallet,month,days,n,spent\n11010519491231002X,W1,2026-01,9,3,100.00\n";

/// Makes a world.
pub fn base(tools: &Tools, base: Base) -> World<'_> {
    let mut world = World::new(tools, if base == Base::Accounts { "us" } else { "cn" });
    world.name("who", &"cn-resident-id:11010519491231002X".into());
    match base {
        Base::Nothing => {}
        Base::Accounts => accounts(&mut world),
        Base::Wallets => wallets(&mut world),
        Base::Charter => charter(&mut world),
    }
    world
}

fn accounts(world: &mut World) {
    for (name, text) in [("layout.toml", LAYOUT), ("rows.csv", ROWS), ("more.csv", MORE), ("poor.csv", POOR)] {
        world.write(name, text);
    }
    world.found("");
    for (code, role) in [("CARD", "furnisher"), ("BANK", "subscriber")] {
        world.ok(&format!("member admit --code {code} --name {code} --kind bank --role {role}"));
    }
    world.ok("ingest --furnisher CARD --layout {dir}/layout.toml --file {dir}/rows.csv");
}

fn wallets(world: &mut World) {
    world.write("wallets.toml", WALLETS);
    world.write("wallets.csv", WALLET_ROWS);
    world.found("");
    for (code, kind) in [("PAY", "payment_platform"), ("BANK", "bank")] {
        let both = "--role furnisher --role subscriber";
        world.ok(&format!("member admit --code {code} --name {code} --kind {kind} {both}"));
    }
    let told = world.ok(&GRANT.replace("{member}", "PAY --scope furnish"));
    world.name("furnishing", &told["consent"]);
    let told = world.ok(&GRANT.replace("{member}", "BANK --scope inquire --purpose credit_application"));
    world.name("consent", &told["consent"]);
    world.ok("ingest --furnisher PAY --layout {dir}/wallets.toml --file {dir}/wallets.csv");
    world.ok(INQUIRE);
}

const GRANT: &str =
    "consent grant --subject {who} --member {member} --category payments --form written --until 2200-01-01";
const INQUIRE: &str = "inquire --subscriber BANK --subject {who} --purpose credit_application";

fn charter(world: &mut World) {
    let key = |world: &World, kind: &str, code: &str| {
        let told = world.offline(&format!("key create --kind {kind} --unencrypted --out {{dir}}/{code}.key"));
        told["key"].as_str().expect("a key").to_owned()
    };
    let mut toml = "voting_hours = 336\nenact_within_hours = 720\n".to_owned();
    for code in ["A", "B"] {
        let key = key(world, "partner", code);
        toml += &format!("[[partner]]\ncode = \"{code}\"\nname = \"{code}\"\nkey = \"{key}\"\nweight = \"50\"\n");
    }
    for matter in [
        "data_category",
        "rulebook",
        "layout",
        "scorecard",
        "member",
        "exchange_profile",
        "staff",
        "charter",
        "log_key",
    ] {
        toml += &format!("[rule.{matter}]\nshare = \"50\"\n");
    }
    toml +=
        "[rule.wind_down]\nshare = \"50\"\n[[founding]]\ncollect = \"identity\"\n[[founding]]\ncollect = \"credit\"\n";
    world.write("charter.toml", &toml);
    let wu = key(world, "staff", "wu");
    world.name("wu", &wu.into());
    world.found("--charter {dir}/charter.toml");
    let told = world.ok("charter show");
    world.name("charter", &told["charter"]);
    draft(world, "first", "collect = \"income\"\n");
}

/// Drafts a proposal and signs the votes on it; nothing of it is recorded.
fn draft(world: &mut World, name: &str, measure: &str) {
    world.write("measure.toml", measure);
    let to = format!("--effective 2026-01-01 --reason {name} --out {{dir}}/{name}.proposal");
    let draft = "charter draft --charter {charter} --proposer A --key {dir}/A.key --measure {dir}/measure.toml";
    world.offline(&format!("{draft} {to}"));
    for voter in ["A", "B"] {
        let vote = format!("--choice for --out {{dir}}/{name}.{voter}");
        let sign =
            format!("charter sign-vote --proposal {{dir}}/{name}.proposal --voter {voter} --key {{dir}}/{voter}.key");
        world.offline(&format!("{sign} {vote}"));
    }
}

fn proposed(world: &mut World, name: &str) {
    let told = world.ok(&format!("charter propose --proposal {{dir}}/{name}.proposal"));
    world.name("proposal", &told["proposal"]["hash"]);
}

fn passed(world: &mut World, name: &str) {
    proposed(world, name);
    for voter in ["A", "B"] {
        world.ok(&format!("charter vote --ballot {{dir}}/{name}.{voter}"));
    }
}

fn enacted(world: &mut World, name: &str, measure: &str) {
    draft(world, name, measure);
    passed(world, name);
    world.ok("charter enact --proposal {proposal}");
}

fn staffed(world: &mut World) {
    let key = world.named("wu").to_owned();
    enacted(
        world,
        "wu",
        &format!("[enrol]\ncode = \"wu\"\nname = \"Wu\"\nrole = \"disputes_clerk\"\nkey = \"{key}\"\n"),
    );
}

const END: &str = "[wind_down]\nreceiver = \"Other\"\nnotice = \"gazette\"\n";

fn ending(world: &mut World, way: &str) {
    let why = if way == "transfer" { "" } else { "no_transfer = \"no buyer\"\n" };
    let more = if way == "destroy" { "no_hand_over = \"none\"\n" } else { "" };
    enacted(world, "end", &format!("{END}way = \"{way}\"\n{why}{more}"));
}

fn quarantined(world: &mut World) {
    let settings = world.folder.bureau.join("bureau.toml");
    let said = fs::read_to_string(&settings).expect("reads");
    fs::write(&settings, said + "\n[ingest]\nquarantine_below = \"100\"\n").expect("writes");
    let ended = world.run("ingest --furnisher CARD --layout {dir}/layout.toml --file {dir}/poor.csv");
    let told = ended.json().expect("one object");
    assert_eq!(told["result"], "quarantined", "{told}");
    world.name("delivery", &told["delivery"]["number"]);
}

/// A large file, under little memory: runs of its own, and a scratch file.
fn large(world: &mut World) {
    let settings = world.folder.bureau.join("bureau.toml");
    let said = fs::read_to_string(&settings).expect("reads");
    fs::write(&settings, said + "\n[ingest]\nmemory_mib = 1\n").expect("writes");
    let mut rows = "id,account,month,balance,late\n".to_owned();
    for number in 0..20_000 {
        let who = tallystick_testkit::crash::subject(number % 7_000);
        rows += &format!(
            "{who},B{number},2026-0{},{}.{:02},{}\n",
            number / 7_000 + 1,
            number * 7919 % 99_991,
            number % 100,
            number % 2
        );
    }
    world.write("large.csv", &rows);
}

fn seen(world: &mut World) {
    world.ok(INQUIRE);
}

fn account(world: &mut World) {
    seen(world);
    let own = world.ok("report --subject {who}");
    world.name("account", &own["report"]["accounts"][0]["account"]);
}

const OPEN: &str = "dispute open --subject {who} --account {account} --month 2026-01 --grounds paid";

fn disputed(world: &mut World) {
    account(world);
    let filed = world.ok(OPEN);
    world.name("dispute", &filed["dispute"]);
    let entry: Value = filed["recorded"]["index"].clone();
    world.name("entry", &entry);
}

fn corrected(world: &mut World) {
    seen(world);
    world.ok(CORRECT);
    fs::remove_dir_all(world.folder.bureau.join("notices")).expect("a notice was written");
}

const CORRECT: &str =
    "correct --furnisher CARD --subject {who} --account A --month 2026-01 --rating current --reason late";

fn paper(world: &mut World) {
    world.write("paper.pdf", "paper");
}

fn paused(world: &mut World) {
    world.ok("consent pause --subject {who} --consent {consent}");
}

fn withdrawn(world: &mut World) {
    world.ok("consent withdraw --subject {who} --consent {furnishing}");
    fs::remove_dir_all(world.folder.bureau.join("notices")).expect("a notice was written");
}

fn exported(world: &mut World) {
    world.ok("consent export --subject {who} --consent {consent} --form iso27560 --file {dir}/record.json");
}

fn frozen(world: &mut World) {
    let told = world.ok("freeze place --subject {who}");
    // A code holds for 30 days at most: until tomorrow, by the clock of the program.
    let at = told["recorded"]["at"].as_str().and_then(|at| Timestamp::parse(at).ok()).expect("a time");
    let soon = Timestamp::from_millis(at.millis() + 86_400_000).expect("a time");
    world.name("soon", &soon.to_string().into());
}

fn said(world: &mut World) {
    world.ok("statement place --subject {who} --text abroad");
}

fn warned(world: &mut World) {
    world.ok("alert place --subject {who} --kind initial");
}

fn out(world: &mut World) {
    world.ok("opt-out place --subject {who}");
}

fn compactable(world: &mut World) {
    large(world);
    world.ok("ingest --furnisher CARD --layout {dir}/layout.toml --file {dir}/large.csv");
    world.ok("expire");
}

fn unpublished(world: &mut World) {
    fs::remove_file(world.folder.bureau.join("log").join("checkpoint")).expect("was there");
}

use Base::{Accounts, Charter, Nothing, Wallets};

/// Those that write.
#[rustfmt::skip]
pub const WRITING: &[Verb] = &[
    verb("init", Nothing, nothing, "init --name crash.example/log --rulebook cn --unencrypted"),
    verb("member admit", Accounts, nothing, "member admit --code NEW --name New --kind bank --role furnisher"),
    way("member admit", "signed by staff", Charter, |world| { staffed(world); seen_by_staff(world); }, "report --subject {who} --as {dir}/wu.key --why asked"),
    way("ingest", "small", Accounts, nothing, "ingest --furnisher CARD --layout {dir}/layout.toml --file {dir}/more.csv"),
    way("ingest", "large", Accounts, large, "ingest --furnisher CARD --layout {dir}/layout.toml --file {dir}/large.csv"),
    verb("delivery release", Accounts, quarantined, "delivery release --delivery {delivery} --reason checked"),
    verb("delivery discard", Accounts, quarantined, "delivery discard --delivery {delivery} --reason wrong"),
    verb("consent grant", Wallets, nothing, "consent grant --subject {who} --member BANK --scope inquire --purpose account_review --category payments --form written --until 2200-01-01"),
    verb("consent refuse", Wallets, nothing, "consent refuse --subject {who} --member BANK --scope inquire --purpose marketing --category payments"),
    verb("consent pause", Wallets, nothing, "consent pause --subject {who} --consent {consent}"),
    verb("consent resume", Wallets, paused, "consent resume --subject {who} --consent {consent}"),
    verb("consent withdraw", Wallets, nothing, "consent withdraw --subject {who} --consent {furnishing}"),
    verb("consent certificate", Wallets, withdrawn, "consent certificate --subject {who} --consent {furnishing}"),
    verb("consent deceased", Wallets, paper, "consent deceased --subject {who} --evidence {dir}/paper.pdf"),
    verb("consent import", Wallets, exported, "consent import --subject {who} --file {dir}/record.json --member BANK --form written --until 2200-01-01"),
    verb("inquire", Wallets, nothing, INQUIRE),
    verb("report", Wallets, nothing, "report --subject {who}"),
    verb("access-history", Wallets, nothing, "access-history --subject {who}"),
    verb("transfer", Wallets, nothing, "transfer --bureau {dir}/bureau --from PAY --to BANK --subject {who} --category payments"),
    verb("correct", Accounts, seen, CORRECT),
    verb("compact", Accounts, compactable, "compact"),
    verb("freeze place", Accounts, nothing, "freeze place --subject {who}"),
    verb("freeze lift", Accounts, frozen, "freeze lift --subject {who}"),
    verb("dispute open", Accounts, account, OPEN),
    verb("dispute withdraw", Accounts, disputed, "dispute withdraw --subject {who} --entry {entry}"),
    verb("dispute extend", Accounts, |world| { disputed(world); paper(world); }, "dispute extend --subject {who} --entry {entry} --why more --evidence {dir}/paper.pdf"),
    verb("dispute answer", Accounts, disputed, "dispute answer --furnisher CARD --dispute {dispute} --outcome corrected --rating current --words late"),
    verb("dispute run-due", Accounts, disputed, "dispute run-due"),
    verb("recall list", Accounts, corrected, "recall list"),
    verb("statement place", Accounts, nothing, "statement place --subject {who} --text abroad"),
    verb("statement remove", Accounts, said, "statement remove --subject {who}"),
    verb("alert place", Accounts, nothing, "alert place --subject {who} --kind initial"),
    verb("alert remove", Accounts, warned, "alert remove --subject {who}"),
    verb("opt-out place", Accounts, nothing, "opt-out place --subject {who}"),
    verb("opt-out remove", Accounts, out, "opt-out remove --subject {who}"),
    verb("code issue", Accounts, frozen, "code issue --subject {who} --subscriber BANK --until {soon}"),
    verb("expire", Accounts, nothing, "expire"),
    verb("verify", Accounts, unpublished, "verify --publish-checkpoint"),
    verb("key rotate", Accounts, prepared, "key rotate"),
    verb("key revoke", Accounts, rotated, "key revoke --key {key} --reason compromised"),
    verb("charter propose", Charter, nothing, "charter propose --proposal {dir}/first.proposal"),
    verb("charter vote", Charter, |world| proposed(world, "first"), "charter vote --ballot {dir}/first.A"),
    verb("charter enact", Charter, |world| passed(world, "first"), "charter enact --proposal {proposal}"),
    verb("wind-down transfer", Charter, |world| ending(world, "transfer"), "wind-down transfer --out {dir}/handed"),
    verb("wind-down hand-over", Charter, |world| ending(world, "hand_over"), "wind-down hand-over --out {dir}/handed"),
    verb("wind-down destroy", Charter, |world| ending(world, "destroy"), "wind-down destroy --certificate {dir}/gone.txt"),
];

fn seen_by_staff(world: &mut World) {
    world.ok("report --subject {who} --as {dir}/wu.key --why asked");
}

fn prepared(world: &mut World) {
    world.ok("key rotate --prepare");
}

fn rotated(world: &mut World) {
    prepared(world);
    world.ok("key rotate");
}

/// Those that are left out, and why.
pub const OTHERS: &[(&str, &str)] = &[
    ("member list", READS),
    ("delivery list", READS),
    ("quality", READS),
    ("consent check", ELSEWHERE),
    ("consent show", READS),
    ("consent export", READS),
    ("consent receipt", READS),
    ("consent list", READS),
    ("dispute list", READS),
    ("dispute queue", READS),
    ("policy rules", READS),
    ("policy replay", READS),
    ("policy diff", READS),
    ("charter show", READS),
    ("charter draft", ELSEWHERE),
    ("charter sign-vote", ELSEWHERE),
    ("staff list", READS),
    ("staff register", READS),
    ("wind-down check", ELSEWHERE),
    ("audit prove", ELSEWHERE),
    ("audit consistency", ELSEWHERE),
    ("audit monitor", ELSEWHERE),
    ("audit export", ELSEWHERE),
    ("audit serve", ELSEWHERE),
    ("request file", NOT_YET),
    ("request list", READS),
    ("request queue", READS),
    ("request answer", NOT_YET),
    ("subject-alert run", NOT_YET),
    ("subject-alert list", READS),
    ("dispute close", NOT_YET),
    ("receipt verify", ELSEWHERE),
    ("receipt show", READS),
    ("receipt page", ELSEWHERE),
    ("reproduce", READS),
    ("key create", ELSEWHERE),
    ("key show", ELSEWHERE),
    ("key protect", NOT_YET),
    ("key history", READS),
    ("key list", READS),
    ("upgrade", NOT_YET),
    ("backup create", NOT_YET),
    ("backup list", ELSEWHERE),
    ("backup verify", ELSEWHERE),
    ("restore", NOT_YET),
    ("accept-loss", NOT_YET),
    ("witness key", ELSEWHERE),
    ("witness run", ELSEWHERE),
    ("demo", "plays verbs that are here on a bureau of its own"),
    ("benchmark", "measures on a bureau of its own that is thrown away"),
];

const READS: &str = "records nothing";
const NOT_YET: &str = "is still to be tried: its world is not made here";
const ELSEWHERE: &str = "needs no bureau and changes none";
