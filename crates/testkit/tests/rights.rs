//! A subject's rights where rulebooks differ from the one that the simulation plays: what can't be verified is deleted and its
//! recipients are told, late answers cost, a freeze is opened for a time or by a code, alerts last, and what is past its term goes.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use tallystick_audit::CheckpointVerifier;
use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::consent_terms::Acting;
use tallystick_model::event::Event;
use tallystick_model::fact::{FactKind, Slot};
use tallystick_model::identity::IdentityPart;
use tallystick_model::inquiry::{Outcome, Purpose, Reason};
use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::rights::{AlertKind, DisputeOutcome, Mark, Right};
use tallystick_model::{Month, Sensitive};
use tallystick_operations::Bureau;
use tallystick_operations::access_history::access_history;
use tallystick_operations::bureau::Keys;
use tallystick_operations::correct::Change;
use tallystick_operations::dispute::{self, Answering, DisputeName, Disputing};
use tallystick_operations::ingest::{ControlTotals, Delivery, Telling, ingest};
use tallystick_operations::inquire::{Answer, Inquiry, inquire, inquire_with_code};
use tallystick_operations::member::{Application, admit};
use tallystick_operations::own_report::{OwnReport, Past, own_report};
use tallystick_operations::replay::replay;
use tallystick_operations::verify::verify;
use tallystick_operations::{expire, freeze, protect, recall};
use tallystick_policy::Rulebook;
use tallystick_receipt::{DOCUMENT_BYTES_MAX, Document, Fault, Witnesses};
use tallystick_testkit::simulation::chance::{Fuse, SeededEntropy};
use tallystick_testkit::story::{at, subject};

const ACCOUNTS: &str = r#"
layout = { name = "accounts", version = 1 }
subject = { column = "id", scheme = "cn-resident-id" }
[[tradeline]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = "USD"
kind = "credit_card"
balance = "balance"
rating = { column = "late", codes = { "0" = "current", "1" = "late_1" } }
"#;

/// A bureau under this rulebook with a bank and a lender; the bank has said that 2019-01 was late and 2019-03 and 2026-01 were not.
fn founded(rulebook: &str) -> (tempfile::TempDir, Bureau) {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = Keys { pseudonym: Sensitive::new([3; 32]), signing: Sensitive::new([5; 32]) };
    let rules = Rulebook::built_in(rulebook).expect("a rulebook");
    let chance = Box::new(SeededEntropy::new(1, Fuse::default()));
    let now = at("2026-02-01");
    let bureau = Bureau::found(folder.path(), "rights.example/log", rules, &keys, chance, now).expect("founds");
    for (code, role) in
        [("CARD", MemberRole::Furnisher), ("BANK", MemberRole::Subscriber), ("SHOP", MemberRole::Subscriber)]
    {
        let (name, kind, duty) = (format!("The {code} Company"), MemberKind::Bank, ConsentDuty::Attested);
        admit(&bureau, Application { code: code.to_owned(), name, kind, roles: vec![role], duty }, now)
            .expect("admits");
    }
    let file = b"id,account,month,balance,late\n\
        11010519491231002X,A,2019-01,10.00,1\n\
        11010519491231002X,A,2019-03,10.00,0\n\
        11010519491231002X,A,2026-01,20.00,1\n"
        .to_vec();
    let delivery = Delivery {
        furnisher: "CARD".to_owned(),
        layout: Layout::Mapped(Box::new(Mapping::parse(ACCOUNTS).expect("a mapping"))),
        month: None,
        subject: None,
        provenance: Provenance::FurnisherSigned,
        control_totals: ControlTotals::Enforce,
    };
    let mut telling = Telling { progress: &mut |_| {}, rejects: &mut |_| {} };
    ingest(&bureau, &delivery, &file, now, &mut telling).expect("takes it");
    (folder, bureau)
}

fn asks(subscriber: &str) -> Inquiry {
    let purpose = Purpose::CreditApplication;
    Inquiry::report(subscriber.to_owned(), subject(), purpose)
}

fn asked(bureau: &Bureau, subscriber: &str, now: &str) -> Answer {
    inquire(bureau, &asks(subscriber), at(now)).expect("an answer")
}

fn own(bureau: &Bureau, now: &str) -> OwnReport {
    own_report(bureau, &subject(), Past::default(), at(now)).expect("an own report")
}

fn slot(bureau: &Bureau, month: &str) -> Slot {
    let report = own(bureau, "2026-02-01").report.expect("a report");
    let account = report.accounts.first().expect("an account").account;
    Slot { kind: FactKind::TradelineMonth, account, month: Some(Month::parse(month).expect("a month")) }
}

fn disputing(statements: Vec<(Slot, Option<IdentityPart>)>, grounds: Sensitive<String>) -> Disputing {
    Disputing { identifier: subject(), statements, grounds, evidence: [7; 32], acting: Acting::default() }
}

fn disputes(bureau: &Bureau, slot: Slot, now: &str) -> DisputeName {
    let grounds = Sensitive::new("it was paid".to_owned());
    let filed = dispute::open(bureau, &disputing(vec![(slot, None)], grounds), at(now)).expect("files it");
    let (filing, recorded) = filed.first().expect("one");
    DisputeName { subject: filing.subject, entry: recorded.receipt.index }
}

fn reason(rule: &str, code: &str) -> Reason {
    Reason { rule: rule.to_owned(), code: code.to_owned() }
}

fn is_in_order(bureau: &Bureau) {
    assert_eq!(verify(bureau, &mut |_, _| {}).findings, []);
    assert!(replay(bureau, &[], None).expect("replays").is_sound());
}

#[test]
fn what_is_not_verified_in_time_is_deleted_in_the_united_states_and_its_recipients_are_told() {
    let (_folder, bureau) = founded("us");
    let slot = slot(&bureau, "2026-01");
    assert_eq!(asked(&bureau, "BANK", "2026-02-02").outcome, Outcome::Permitted);
    let name = disputes(&bureau, slot, "2026-02-03");

    // Marked at once, for everyone.
    let marked = |answer: &Answer| answer.beside.marks.iter().map(|of| (of.month, of.mark)).collect::<Vec<_>>();
    let shop = asked(&bureau, "SHOP", "2026-02-04");
    assert_eq!(marked(&shop), [(slot.month, Mark::Disputed)]);
    let twice = disputing(vec![(slot, None)], Sensitive::new("x".to_owned()));
    let again = dispute::open(&bureau, &twice, at("2026-02-04")).expect_err("refused");
    assert_eq!(again.to_string(), "this statement is disputed already");

    let queue = dispute::queue(&bureau, Some("CARD"), at("2026-02-04")).expect("a queue");
    let due: Vec<_> = queue.iter().map(|queued| (queued.name, queued.dispute.filing.answer_by)).collect();
    assert_eq!(due, [(name, at("2026-03-05"))]);
    assert!(dispute::run_due(&bureau, at("2026-03-04T23:59:59Z")).expect("runs").is_empty());
    let lapsed = dispute::run_due(&bureau, at("2026-03-05")).expect("runs");
    let [lapsed] = lapsed.as_slice() else { panic!("one is due") };
    assert_eq!(lapsed.lapse.outcome, DisputeOutcome::Deleted);
    assert_eq!(lapsed.lapse.reason, reason("us-8", "not_verified_in_time"));
    assert!(lapsed.lapse.deletion.is_some());
    assert!(dispute::run_due(&bureau, at("2026-03-06")).expect("runs").is_empty(), "nothing twice");

    // Both had been shown it; each gets its own notice, with what it was and that it is gone.
    let told: Vec<_> = lapsed.told.iter().map(|told| (told.notice.recipient, told.notice.inquiries.len())).collect();
    assert_eq!(told, [(2, 1), (3, 1)]);
    assert!(lapsed.told.iter().all(|told| told.notice.after.is_none() && told.notice.slot == slot));
    assert!(lapsed.told.iter().all(|told| told.notice.reason == reason("us-notice", "was_shown_what_is_corrected")));
    assert_eq!(recall::list(&bureau, Some("SHOP")).expect("lists").len(), 1);
    let later = asked(&bureau, "BANK", "2026-03-07");
    assert_eq!(marked(&later), []);
    let months: Vec<_> =
        later.report.iter().flat_map(|report| &report.accounts).flat_map(|account| &account.months).collect();
    assert_eq!(months.len(), 2, "2026-01 is gone");
    let history = access_history(&bureau, &subject(), at("2026-03-08")).expect("a history");
    let lenders = history.accesses.iter().filter(|accessed| accessed.access.by.is_some());
    assert_eq!((lenders.count(), history.told.len()), (3, 2));
    is_in_order(&bureau);
}

#[test]
fn a_late_answer_in_india_is_marked_and_paid_by_the_day() {
    let (_folder, bureau) = founded("in");
    let slot = slot(&bureau, "2026-01");
    let name = disputes(&bureau, slot, "2026-02-03");
    let lapsed = dispute::run_due(&bureau, at("2026-03-05")).expect("runs");
    let outcomes: Vec<_> = lapsed.iter().map(|lapsed| (lapsed.lapse.outcome, lapsed.lapse.deletion)).collect();
    assert_eq!(outcomes, [(DisputeOutcome::CannotBeConfirmed, None)]);
    let beside = own(&bureau, "2026-03-06").report.expect("a report").beside;
    assert_eq!(beside.marks.iter().map(|of| of.mark).collect::<Vec<_>>(), [Mark::CannotBeConfirmed]);
    let owed = |now| {
        let queue = dispute::queue(&bureau, None, at(now)).expect("a queue");
        queue.first().and_then(|queued| queued.compensation).map(|owed| owed.total().to_string())
    };
    assert_eq!([owed("2026-03-05"), owed("2026-03-08")], [None, Some("INR 300.00".to_owned())]);

    let rating = Some(tallystick_model::tradeline::PaymentRating::Current);
    let change = Some(Change::Set { status: None, rating, balance: None, past_due: None, paid: None });
    let answering = Answering {
        outcome: DisputeOutcome::Corrected,
        change,
        identity: None,
        words: "booked late".to_owned(),
        received: None,
    };
    let other = dispute::answer(&bureau, "BANK", name, &answering, at("2026-03-09")).expect_err("refused");
    assert_eq!(other.to_string(), "`BANK` is no furnisher");
    let answered = dispute::answer(&bureau, "CARD", name, &answering, at("2026-03-09")).expect("answers");
    let owed = answered.answer.compensation.expect("it is late");
    assert_eq!(
        (owed.furnisher, owed.furnisher_minor, owed.bureau_minor),
        (1, 40_000, 0),
        "nobody answered: the lender's"
    );
    assert!(answered.answer.correction.is_some());
    assert!(own(&bureau, "2026-03-10").report.expect("a report").beside.marks.is_empty());
    let twice = dispute::answer(&bureau, "CARD", name, &answering, at("2026-03-10")).expect_err("refused");
    assert_eq!(twice.to_string(), format!("dispute {} has ended", name.entry));
    is_in_order(&bureau);
}

#[test]
fn a_freeze_is_opened_for_a_time_for_one_lender_or_once_by_a_code() {
    let (_folder, bureau) = founded("us");
    freeze::place(&bureau, &subject(), at("2026-02-02")).expect("freezes");
    let denied = |answer: &Answer| answer.reasons == [reason("us-9", "file_frozen")];
    assert!(denied(&asked(&bureau, "BANK", "2026-02-03")));
    freeze::pause(&bureau, &subject(), Some("BANK"), at("2026-02-10"), at("2026-02-04")).expect("lifts");
    assert_eq!(asked(&bureau, "BANK", "2026-02-09T23:59:59Z").outcome, Outcome::Permitted);
    assert!(denied(&asked(&bureau, "SHOP", "2026-02-09")), "another lender");
    assert!(denied(&asked(&bureau, "BANK", "2026-02-10")), "the time is over");

    let too_long = protect::issue_code(&bureau, &subject(), "SHOP", at("2026-03-14"), at("2026-02-11"));
    assert_eq!(too_long.expect_err("refused").to_string(), "a code can be used until a time within the next 30 days");
    let code =
        protect::issue_code(&bureau, &subject(), "SHOP", at("2026-02-20"), at("2026-02-11")).expect("issues").code;
    let with = |subscriber, now| inquire_with_code(&bureau, &asks(subscriber), &code, at(now)).expect("an answer");
    assert!(denied(&with("BANK", "2026-02-12")), "another lender's code");
    assert_eq!(with("SHOP", "2026-02-12").outcome, Outcome::Permitted);
    assert!(denied(&with("SHOP", "2026-02-12")), "used once");
    let history = access_history(&bureau, &subject(), at("2026-02-13")).expect("a history");
    assert_eq!(history.accesses.iter().filter(|accessed| accessed.by_code).count(), 1);
    is_in_order(&bureau);
}

#[test]
fn alerts_and_the_statement_stand_in_every_report_and_the_price_is_told() {
    let (_folder, bureau) = founded("us");
    let extended = protect::alert(&bureau, &subject(), AlertKind::Extended, [0; 32], at("2026-02-02"));
    let words = "an extended alert takes the report to the police: give it as evidence";
    assert_eq!(extended.expect_err("refused").to_string(), words);
    protect::alert(&bureau, &subject(), AlertKind::Initial, [0; 32], at("2026-02-02")).expect("places it");
    let said = Sensitive::new("I was in hospital".to_owned());
    protect::say(&bureau, &subject(), &said, at("2026-02-02")).expect("says it");
    let too_long = protect::say(&bureau, &subject(), &Sensitive::new("x".repeat(1025)), at("2026-02-02"));
    assert!(too_long.is_err());
    let beside = asked(&bureau, "BANK", "2027-02-01T23:59:59Z").beside;
    assert_eq!(beside.alert, Some((AlertKind::Initial, at("2027-02-02"))));
    assert_eq!(beside.statement, Some(said));
    assert_eq!(asked(&bureau, "BANK", "2027-02-02").beside.alert, None, "its year is over");
    protect::unsay(&bureau, &subject(), at("2027-02-03")).expect("takes it back");
    assert!(asked(&bureau, "BANK", "2027-02-03").beside.is_empty());

    let charge = |now| own(&bureau, now).charge.map(|charge| (charge.in_period, charge.is_free, charge.rule));
    assert_eq!(charge("2027-03-01"), Some((1, true, "us-11".to_owned())));
    assert_eq!(charge("2028-02-28"), Some((2, false, "us-11".to_owned())));
    is_in_order(&bureau);
}

#[test]
fn what_is_past_its_term_is_read_by_nobody_and_certified() {
    let (_folder, bureau) = founded("us");
    let months = |now: &str| {
        let report = own(&bureau, now).report.expect("a report");
        report
            .accounts
            .iter()
            .flat_map(|account| &account.months)
            .map(|month| month.month.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(months("2026-02-02"), ["2019-01", "2019-03", "2026-01"]);
    assert!(expire::look(&bureau, at("2026-01-30")).expect("looks").files.is_empty(), "a day before");
    let due = expire::look(&bureau, at("2026-02-02")).expect("looks");
    assert_eq!(due.by_rule().into_iter().collect::<Vec<_>>(), [("us-5", 1)]);
    assert_eq!(due.rows(), ["2019H1,credit_card,open,late_1,USD,below 100,,,bank,us-5"]);
    assert_eq!(months("2026-02-02").len(), 3, "looking changes nothing");
    let done = due.carry_out(&bureau, Some([9; 32]), at("2026-02-03")).expect("carries it out");
    assert_eq!((done.run.subjects, done.run.facts.as_slice()), (1, [("us-5".to_owned(), 1)].as_slice()));
    let key: CheckpointVerifier = bureau.verifier_key().parse().expect("a key");
    let certified = done.certificate.check(&key, Witnesses::default()).expect("proves itself");
    assert_eq!(certified.event, Event::Right(Box::new(Right::RetentionRun(done.run.clone()))));
    let text = done.certificate.to_text();
    let salt = text.lines().find(|line| line.starts_with("salt ")).expect("a salt");
    let forged = text.replace(salt, "salt AAAAAAAAAAAAAAAAAAAAAA==");
    let forged = Document::parse(forged.as_bytes(), DOCUMENT_BYTES_MAX).expect("a form");
    assert_eq!(forged.check(&key, Witnesses::default()), Err(Fault::OtherEvent));

    assert_eq!(months("2026-02-04"), ["2019-03", "2026-01"]);
    let before = Past { known_on: Some(at("2026-02-02")), as_of: None };
    let past = own_report(&bureau, &subject(), before, at("2026-02-05")).expect("a report").report.expect("a report");
    let held: usize = past.accounts.iter().map(|account| account.months.len()).sum();
    assert_eq!(held, 2, "a report of the past does not bring it back");
    let told = asked(&bureau, "BANK", "2026-02-05").report.expect("a report");
    assert_eq!(told.accounts.iter().map(|account| account.months.len()).sum::<usize>(), 2);
    assert_eq!(expire::look(&bureau, at("2026-02-05")).expect("looks").files, [], "nothing twice");
    is_in_order(&bureau);
}
