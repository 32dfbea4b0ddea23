//! A subject's rights that only some rulebooks have, beside what the simulation plays: more time for an answer, one answer of several
//! furnishers, what was late and whose fault it was, who a subject is, objections, what subjects are told of, and consents that are over.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use tallystick_audit::CheckpointVerifier;
use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::consent::{ConsentForm, ConsentScope};
use tallystick_model::consent_terms::{Acting, Actor, ConsentTerms};
use tallystick_model::event::Event;
use tallystick_model::fact::{FactKind, Slot};
use tallystick_model::identity::IdentityPart;
use tallystick_model::inquiry::{Outcome, Purpose};
use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::rights::{DisputeOutcome, Mark, RequestGround};
use tallystick_model::{AccountKey, DataCategory, Month, Sensitive};
use tallystick_operations::Bureau;
use tallystick_operations::access_history::access_history;
use tallystick_operations::bureau::Keys;
use tallystick_operations::consent::{Grant, grant, record_death};
use tallystick_operations::correct::IdentityChange;
use tallystick_operations::dispute::{self, Answering, DisputeName, Disputing, More};
use tallystick_operations::ingest::{ControlTotals, Delivery, Telling, compact, ingest};
use tallystick_operations::inquire::{Answer, Inquiry, inquire};
use tallystick_operations::member::{Application, admit};
use tallystick_operations::own_report::{Past, own_report, own_report_by};
use tallystick_operations::replay::replay;
use tallystick_operations::report::Report;
use tallystick_operations::request::{self, Asking, Verdict};
use tallystick_operations::transfer::{Transfer, transfer};
use tallystick_operations::verify::verify;
use tallystick_operations::withdraw::withdrawn;
use tallystick_operations::{expire, subject_alert};
use tallystick_policy::Rulebook;
use tallystick_receipt::Witnesses;
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
rating = { column = "late", codes = { "0" = "current", "1" = "late_1", "3" = "late_3" } }
[identity]
name = "name"
address = "address"
"#;

fn words(text: &str) -> Sensitive<String> {
    Sensitive::new(text.to_owned())
}

/// A bureau under this rulebook with two card issuers and two lenders. What furnishers attest is up to `duty`.
fn founded(rulebook: &str, duty: ConsentDuty) -> (tempfile::TempDir, Bureau) {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = Keys { pseudonym: Sensitive::new([3; 32]), signing: Sensitive::new([5; 32]) };
    let rules = Rulebook::built_in(rulebook).expect("a rulebook");
    let chance = Box::new(SeededEntropy::new(1, Fuse::default()));
    let now = at("2026-01-01");
    let bureau = Bureau::found(folder.path(), "rights.example/log", rules, &keys, chance, now).expect("founds");
    for (code, role) in [
        ("CARD", MemberRole::Furnisher),
        ("DEBT", MemberRole::Furnisher),
        ("BANK", MemberRole::Subscriber),
        ("SHOP", MemberRole::Subscriber),
    ] {
        let (name, kind) = (format!("The {code} Company"), MemberKind::Bank);
        let application = Application { code: code.to_owned(), name, kind, roles: vec![role], duty };
        admit(&bureau, application, now).expect("admits");
    }
    (folder, bureau)
}

fn delivers(bureau: &Bureau, furnisher: &str, rows: &str, now: &str) {
    let file = format!("id,account,month,balance,late,name,address\n{rows}").into_bytes();
    let delivery = Delivery {
        furnisher: furnisher.to_owned(),
        layout: Layout::Mapped(Box::new(Mapping::parse(ACCOUNTS).expect("a mapping"))),
        month: None,
        subject: None,
        provenance: Provenance::FurnisherSigned,
        control_totals: ControlTotals::Enforce,
    };
    let mut telling = Telling { progress: &mut |_| {}, rejects: &mut |_| {} };
    ingest(bureau, &delivery, &file, at(now), &mut telling).expect("takes it");
}

/// Both issuers have said a month.
fn with_two(rulebook: &str) -> (tempfile::TempDir, Bureau) {
    let (folder, bureau) = founded(rulebook, ConsentDuty::Attested);
    delivers(&bureau, "CARD", "11010519491231002X,A,2026-01,20.00,1,Ann Lee,Old Lane 1\n", "2026-02-01");
    delivers(&bureau, "DEBT", "11010519491231002X,B,2026-01,30.00,1,Ann Lee,Old Lane 1\n", "2026-02-01");
    (folder, bureau)
}

fn asked(bureau: &Bureau, subscriber: &str, now: &str) -> Answer {
    let (subscriber, purpose) = (subscriber.to_owned(), Purpose::CreditApplication);
    inquire(
        bureau,
        &Inquiry { subscriber, identifier: subject(), purpose, asked: None, undertaking: None, range: None },
        at(now),
    )
    .expect("an answer")
}

fn own(bureau: &Bureau, now: &str) -> Report {
    own_report(bureau, &subject(), Past::default(), at(now)).expect("an own report").report.expect("a report")
}

fn account(bureau: &Bureau, furnisher: &str) -> AccountKey {
    let report = own(bureau, "2026-02-01");
    report.accounts.iter().find(|account| account.furnisher.code == furnisher).expect("an account").account
}

fn month(account: AccountKey) -> Slot {
    Slot { kind: FactKind::TradelineMonth, account, month: Some(Month::parse("2026-01").expect("a month")) }
}

fn disputing(statements: Vec<(Slot, Option<IdentityPart>)>) -> Disputing {
    let grounds = words("it was paid");
    Disputing { identifier: subject(), statements, grounds, evidence: [7; 32], acting: Acting::default() }
}

fn files(bureau: &Bureau, statements: Vec<(Slot, Option<IdentityPart>)>, now: &str) -> Vec<DisputeName> {
    let filed = dispute::open(bureau, &disputing(statements), at(now)).expect("files it");
    filed.iter().map(|(filing, left)| DisputeName { subject: filing.subject, entry: left.receipt.index }).collect()
}

fn answering(outcome: DisputeOutcome) -> Answering {
    Answering { outcome, change: None, identity: None, words: "looked at".to_owned(), received: None }
}

fn is_in_order(bureau: &Bureau) {
    assert_eq!(verify(bureau, &mut |_, _| {}).findings, []);
    assert!(replay(bureau, &[], None).expect("replays").is_sound());
}

#[test]
fn a_dispute_gets_more_time_once_where_the_subject_sends_more_before_the_answer_is_due() {
    let (_folder, bureau) = with_two("us");
    let name = files(&bureau, vec![(month(account(&bureau, "CARD")), None)], "2026-02-03")[0];
    let more = |evidence: [u8; 32], now: &str| {
        let more = More { why: words("a second receipt"), evidence };
        let extended = dispute::extend(&bureau, &subject(), name.entry, &more, at(now));
        extended.map(|(extension, _)| extension.answer_by).map_err(|error| error.to_string())
    };
    let unshown = "us-8 gives more time where the subject has sent more: give it as evidence";
    assert_eq!(more([0; 32], "2026-02-10"), Err(unshown.to_owned()));
    let late = format!("the answer to dispute {} was due by 2026-03-05T00:00:00Z: it is too late", name.entry);
    assert_eq!(more([1; 32], "2026-03-05"), Err(late));
    assert_eq!(more([1; 32], "2026-03-04T23:59:59Z"), Ok(at("2026-03-20")), "45 days from the filing");
    let twice = format!("dispute {} was given more time at 2026-03-04T23:59:59Z, and gets it once", name.entry);
    assert_eq!(more([1; 32], "2026-03-05"), Err(twice));
    let queue = dispute::queue(&bureau, None, at("2026-03-06")).expect("a queue");
    let why = queue[0].dispute.extension.as_ref().map(|(_, extension)| extension.why.expose().as_str());
    assert_eq!((queue[0].dispute.answer_by(), why), (at("2026-03-20"), Some("a second receipt")));
    assert!(dispute::run_due(&bureau, at("2026-03-19T23:59:59Z")).expect("runs").is_empty());
    assert_eq!(dispute::run_due(&bureau, at("2026-03-20")).expect("runs").len(), 1);
    is_in_order(&bureau);
}

#[test]
fn more_time_is_as_the_rulebook_has_it() {
    let (_folder, bureau) = with_two("eu");
    let name = files(&bureau, vec![(month(account(&bureau, "CARD")), None)], "2026-02-03")[0];
    let more = More { why: words("three banks have to be asked"), evidence: [0; 32] };
    let (extension, _) = dispute::extend(&bureau, &subject(), name.entry, &more, at("2026-02-10")).expect("extends");
    assert_eq!((extension.answer_by, extension.rule.as_str()), (at("2026-05-03"), "eu-3"));
    is_in_order(&bureau);

    let (_folder, bureau) = with_two("in");
    let name = files(&bureau, vec![(month(account(&bureau, "CARD")), None)], "2026-02-03")[0];
    let refused = dispute::extend(&bureau, &subject(), name.entry, &more, at("2026-02-10")).expect_err("refused");
    assert_eq!(refused.to_string(), format!("rulebook {} gives a dispute no more time", bureau.rulebook().label()));
}

#[test]
fn what_a_late_answer_costs_is_owed_by_whoever_was_late() {
    let (_folder, bureau) = with_two("in");
    let one = files(&bureau, vec![(month(account(&bureau, "CARD")), None)], "2026-02-03")[0];
    // The lender's answer came on its 25th day of 21, and the bureau records it 36 days after the filing.
    let late = Answering { received: Some(at("2026-02-28")), ..answering(DisputeOutcome::Confirmed) };
    let answered = dispute::answer(&bureau, "CARD", one, &late, at("2026-03-11")).expect("answers");
    let owed = answered.answer.compensation.expect("it is late");
    assert_eq!((owed.furnisher, owed.furnisher_minor, owed.bureau_minor), (1, 40_000, 20_000));
    let other = files(&bureau, vec![(month(account(&bureau, "DEBT")), None)], "2026-02-03")[0];
    let early = Answering { received: Some(at("2026-02-02")), ..answering(DisputeOutcome::Confirmed) };
    let words = "an answer reaches the bureau after the dispute was filed, and before it is recorded";
    assert_eq!(dispute::answer(&bureau, "DEBT", other, &early, at("2026-03-11")).expect_err("no").to_string(), words);
    // In time, and the bureau is six days late with it.
    let in_time = Answering { received: Some(at("2026-02-20")), ..answering(DisputeOutcome::Confirmed) };
    let answered = dispute::answer(&bureau, "DEBT", other, &in_time, at("2026-03-11")).expect("answers");
    let owed = answered.answer.compensation.expect("it is late");
    assert_eq!((owed.furnisher_minor, owed.bureau_minor), (0, 60_000));
    is_in_order(&bureau);
}

#[test]
fn one_dispute_with_several_furnishers_gets_one_answer() {
    let (_folder, bureau) = with_two("in");
    let statements: Vec<_> = ["CARD", "DEBT"].map(|code| (month(account(&bureau, code)), None)).into();
    let names = files(&bureau, statements.clone(), "2026-02-03");
    let waiting = dispute::waiting(&bureau, at("2026-02-04")).expect("a list");
    let [case] = waiting.as_slice() else { panic!("one case") };
    assert_eq!((case.open, case.answer_by), (2, at("2026-03-05")));
    let close = |said: &str, now: &str| {
        let closed = dispute::close(&bureau, (case.subject, case.case), said, at(now));
        closed.map(|(answer, _)| answer).map_err(|error| error.to_string())
    };
    let furnisher = |name: &DisputeName| {
        let queue = dispute::queue(&bureau, None, at("2026-02-04")).expect("a queue");
        let queued = queue.iter().find(|queued| queued.name == *name).expect("it waits");
        if queued.dispute.filing.slot.account.furnisher() == 1 { "CARD" } else { "DEBT" }
    };
    let [first, second] = [furnisher(&names[0]), furnisher(&names[1])];
    let early = dispute::answer(&bureau, first, names[0], &answering(DisputeOutcome::Deleted), at("2026-02-10"));
    assert_eq!(early.expect("answers").answer.compensation, None, "the one answer says what is owed");
    let open = close("done", "2026-02-11").expect_err("one is open");
    assert_eq!(open, format!("dispute {} of case `{}` waits for its furnisher", names[1].entry, case.case));
    let late = dispute::answer(&bureau, second, names[1], &answering(DisputeOutcome::Confirmed), at("2026-03-08"));
    assert_eq!(late.expect("answers").answer.compensation, None);
    let silent = close(" ", "2026-03-09").expect_err("a rejection has its reasons");
    assert_eq!(silent, "a dispute and its answer have words of 1 to 1024 bytes and no control characters");
    let answer = close("one is gone, one stands: you signed for it", "2026-03-09").expect("closes");
    let outcomes = [(names[0].entry, DisputeOutcome::Deleted), (names[1].entry, DisputeOutcome::Confirmed)];
    assert_eq!((answer.outcomes.as_slice(), answer.rule.as_str()), (outcomes.as_slice(), "in-6"));
    let owed = answer.compensation.expect("four days late");
    let expected = if second == "CARD" { 1 } else { 2 };
    assert_eq!(
        (owed.furnisher, owed.furnisher_minor, owed.bureau_minor),
        (expected, 40_000, 0),
        "it waited for this one"
    );
    assert_eq!(close("again", "2026-03-09"), Err(format!("case `{}` is answered already", case.case)));
    assert!(dispute::waiting(&bureau, at("2026-03-10")).expect("a list").is_empty());
    assert_eq!(own(&bureau, "2026-03-10").own.expect("own").rights.cases, [answer]);
    is_in_order(&bureau);

    let (_folder, bureau) = with_two("us");
    let statements: Vec<_> = ["CARD", "DEBT"].map(|code| (month(account(&bureau, code)), None)).into();
    let refused = dispute::open(&bureau, &disputing(statements), at("2026-02-03")).expect_err("refused");
    let (label, rest) = (bureau.rulebook().label(), "on one dispute with several furnishers: file one for each");
    assert_eq!(refused.to_string(), format!("rulebook {label} has no rule {rest}"));
}

#[test]
fn who_a_subject_is_can_be_disputed_and_corrected_part_by_part() {
    let (_folder, bureau) = with_two("us");
    let identities = own(&bureau, "2026-02-02").identities;
    let of_card = identities.iter().find(|(furnisher, ..)| furnisher.code == "CARD").expect("it says who");
    let slot = Slot { kind: FactKind::Identity, account: of_card.1.expect("a place"), month: None };
    let said = |now: &str| {
        let report = own(&bureau, now);
        let of_card = report.identities.into_iter().find(|(furnisher, ..)| furnisher.code == "CARD");
        of_card.map(|(_, account, identity)| {
            assert_eq!(account, Some(slot.account));
            let text = |text: Option<Sensitive<String>>| text.map(|text| text.expose().clone());
            (text(identity.name), text(identity.address))
        })
    };
    let held = |name: &str, address: Option<&str>| Some((Some(name.to_owned()), address.map(str::to_owned)));
    assert_eq!(said("2026-02-02"), held("Ann Lee", Some("Old Lane 1")));
    assert_eq!(asked(&bureau, "BANK", "2026-02-02").outcome, Outcome::Permitted);
    let silent = dispute::open(&bureau, &disputing(vec![(slot, Some(IdentityPart::Born))]), at("2026-02-03"));
    assert_eq!(silent.expect_err("no").to_string(), "this statement says nothing of this part: born");
    let name = files(&bureau, vec![(slot, Some(IdentityPart::Address))], "2026-02-03")[0];
    let whole = dispute::open(&bureau, &disputing(vec![(slot, None)]), at("2026-02-03"));
    assert_eq!(whole.expect_err("no").to_string(), "this statement is disputed already");
    let marks = asked(&bureau, "BANK", "2026-02-04").beside.marks;
    let marked: Vec<_> = marks.iter().map(|mark| (mark.kind, mark.part, mark.mark)).collect();
    assert_eq!(marked, [(FactKind::Identity, Some(IdentityPart::Address), Mark::Disputed)]);

    let corrected =
        |change: IdentityChange| Answering { identity: Some(change), ..answering(DisputeOutcome::Corrected) };
    let other = corrected(IdentityChange { name: Some(words("Bo Lee")), ..IdentityChange::default() });
    let refused = dispute::answer(&bureau, "CARD", name, &other, at("2026-02-05")).expect_err("not what is disputed");
    assert_eq!(refused.to_string(), "this part is not disputed: name");
    let change = corrected(IdentityChange { address: Some(words("New Lane 2")), ..IdentityChange::default() });
    let answered = dispute::answer(&bureau, "CARD", name, &change, at("2026-02-05")).expect("answers");
    assert_eq!(said("2026-02-06"), held("Ann Lee", Some("New Lane 2")));
    let told: Vec<_> = answered.told.iter().map(|told| (told.notice.recipient, told.notice.slot)).collect();
    assert_eq!(told, [(3, slot)], "the lender that was shown the old one is told that there is another");
    let bytes = format!("{:?}", answered.told);
    assert!(!bytes.contains("Lane"));

    let name = files(&bureau, vec![(slot, Some(IdentityPart::Address))], "2026-02-07")[0];
    dispute::answer(&bureau, "CARD", name, &answering(DisputeOutcome::Deleted), at("2026-02-08")).expect("answers");
    assert_eq!(said("2026-02-09"), held("Ann Lee", None));
    let name = files(&bureau, vec![(slot, None)], "2026-02-10")[0];
    // Nobody verifies it: all of it goes.
    assert_eq!(dispute::run_due(&bureau, at("2026-03-12")).expect("runs")[0].name, name);
    assert_eq!(said("2026-03-13"), None);
    is_in_order(&bureau);
}

#[test]
fn an_objection_keeps_data_from_everyone_else_until_it_is_answered() {
    let (_folder, bureau) = with_two("eu");
    let accounts = |now: &str| {
        let report = asked(&bureau, "BANK", now).report.expect("a report");
        report.accounts.iter().map(|account| account.furnisher.code.clone()).collect::<Vec<_>>()
    };
    assert_eq!(accounts("2026-02-02"), ["CARD", "DEBT"]);
    let asks = |ground| Asking {
        identifier: subject(),
        furnisher: "CARD".to_owned(),
        categories: vec![DataCategory::Credit],
        ground,
        words: words("not mine"),
        evidence: [0; 32],
        acting: Acting::default(),
    };
    let (filed, left) = request::file(&bureau, &asks(RequestGround::Objection), at("2026-02-03")).expect("is filed");
    assert_eq!((filed.answer_by, filed.rule.as_str()), (Some(at("2026-03-03")), "eu-3"));
    assert_eq!(accounts("2026-02-04"), ["DEBT"]);
    let marks: Vec<_> = own(&bureau, "2026-02-04").beside.marks.iter().map(|of| (of.mark, of.since)).collect();
    assert_eq!(marks, [(Mark::Restricted, at("2026-02-03"))], "the subject sees it still");
    let again = request::file(&bureau, &asks(RequestGround::Objection), at("2026-02-04")).expect_err("refused");
    assert_eq!(again.to_string(), "the same is asked already, and waits for an answer");

    let name = DisputeName { subject: filed.subject, entry: left.receipt.index };
    let queue = request::queue(&bureau).expect("a queue");
    assert_eq!(queue.iter().map(|(of, state)| (*of, state.entry)).collect::<Vec<_>>(), [(name.subject, name.entry)]);
    request::answer(&bureau, name, Verdict::Refuse, "the debt is disputed in court", at("2026-02-10"))
        .expect("answers");
    assert_eq!(accounts("2026-02-11"), ["CARD", "DEBT"]);
    assert!(own(&bureau, "2026-02-11").beside.marks.is_empty());

    let (_, left) = request::file(&bureau, &asks(RequestGround::Unlawful), at("2026-02-12")).expect("is filed");
    assert_eq!(accounts("2026-02-12"), ["CARD", "DEBT"], "only an objection restricts");
    let name = DisputeName { entry: left.receipt.index, ..name };
    let (answer, _) = request::answer(&bureau, name, Verdict::Grant, "erased", at("2026-02-13")).expect("answers");
    let recipients: Vec<_> = answer.recipients.iter().map(|recipient| recipient.member).collect();
    assert_eq!(recipients, [3], "who was shown it is told");
    assert_eq!(accounts("2026-02-14"), ["DEBT"]);
    let facts = verify(&bureau, &mut |_, _| {}).facts;
    compact(&bureau, at("2026-02-15"), &|_, _| {}).expect("compacts");
    assert!(verify(&bureau, &mut |_, _| {}).facts < facts, "what is erased leaves the disk");
    is_in_order(&bureau);
}

#[test]
fn subjects_are_told_of_each_access_and_of_the_first_default() {
    let (_folder, bureau) = with_two("in");
    delivers(&bureau, "CARD", "11010519491231002X,A,2026-02,20.00,3,Ann Lee,Old Lane 1\n", "2026-03-01");
    delivers(&bureau, "CARD", "11010519491231002X,A,2026-03,20.00,3,Ann Lee,Old Lane 1\n", "2026-04-01");
    assert_eq!(asked(&bureau, "BANK", "2026-04-02").outcome, Outcome::Permitted);
    let alerted = subject_alert::alert_defaults(&bureau, at("2026-04-03")).expect("runs");
    let told: Vec<_> = alerted.iter().map(|alerted| alerted.alert.slot.month.map(|month| month.to_string())).collect();
    assert_eq!(told, [Some("2026-02".to_owned())], "the first month that says so, and not the one after");
    assert!(subject_alert::alert_defaults(&bureau, at("2026-04-04")).expect("runs").is_empty(), "told once");
    let kinds: Vec<_> = subject_alert::list(&bureau)
        .expect("a list")
        .iter()
        .map(|alert| (alert.at, matches!(alert.told, subject_alert::Told::Default(_)), alert.rule.clone()))
        .collect();
    let rule = || "in-7".to_owned();
    assert_eq!(kinds, [(at("2026-04-02"), false, rule()), (at("2026-04-03"), true, rule())]);
    assert_eq!(own(&bureau, "2026-04-05").own.expect("own").rights.defaults.len(), 1);
    is_in_order(&bureau);

    let (_folder, bureau) = with_two("us");
    asked(&bureau, "BANK", "2026-04-02");
    assert!(subject_alert::list(&bureau).expect("a list").is_empty(), "no rule, no alert");
}

#[test]
fn next_of_kin_see_the_file_after_a_death_and_hand_overs_stand_in_it() {
    let (_folder, bureau) = founded("cn", ConsentDuty::Attested);
    delivers(&bureau, "CARD", "11010519491231002X,A,2026-01,20.00,1,,\n", "2026-02-01");
    let asked = Transfer {
        from: "CARD".to_owned(),
        to: "BANK".to_owned(),
        identifier: subject(),
        category: DataCategory::Credit,
    };
    let said = transfer(&bureau, &asked, at("2026-02-02")).expect("an answer");
    let history = access_history(&bureau, &subject(), at("2026-02-03")).expect("a history");
    let told: Vec<_> =
        history.hand_overs.iter().map(|one| (one.from.code.as_str(), one.to.code.as_str(), one.permitted)).collect();
    assert_eq!(told, [("CARD", "BANK", said.permitted)]);
    assert_eq!(own(&bureau, "2026-02-03").own.expect("own").rights.hand_overs, history.hand_overs);

    record_death(&bureau, &subject(), [4; 32], at("2026-02-04")).expect("is recorded");
    let kin = Acting { actor: Actor::NextOfKin, person: None, evidence: [6; 32] };
    let sees =
        |acting| own_report_by(&bureau, &subject(), acting, Past::default(), at("2026-02-05")).expect("an answer");
    let by_kin = sees(kin);
    let codes: Vec<_> = by_kin.reasons.iter().map(|reason| reason.code.as_str()).collect();
    assert_eq!((codes, by_kin.report.is_some()), (vec!["own_access", "next_of_kin_acts"], true));
    let dead = sees(Acting::default());
    assert_eq!((dead.reasons[0].code.as_str(), dead.report), ("subject_has_died", None));
    let slot = month(by_kin.report.expect("a report").accounts[0].account);
    let by_kin = Disputing { acting: kin, ..disputing(vec![(slot, None)]) };
    let filed = dispute::open(&bureau, &by_kin, at("2026-02-06")).expect("is filed");
    assert_eq!(filed[0].0.acting, kin);
    let denied = dispute::open(&bureau, &disputing(vec![(slot, None)]), at("2026-02-06")).expect_err("denied");
    assert_eq!(denied.to_string(), "denied: cn-27 subject_has_died");
    is_in_order(&bureau);
}

#[test]
fn what_rested_on_a_consent_alone_goes_when_its_time_is_over() {
    let (_folder, bureau) = founded("cn", ConsentDuty::Nothing);
    let grants = |member: &str, scope, purposes, until: &str| {
        let asked = Grant {
            identifier: subject(),
            member: member.to_owned(),
            scope,
            purposes,
            categories: vec![DataCategory::Credit, DataCategory::Identity],
            form: ConsentForm::Written,
            valid_until: at(until),
            evidence: [9; 32],
            terms: ConsentTerms::default(),
        };
        grant(&bureau, asked, at("2026-01-02")).expect("grants").0.id
    };
    let first = grants("CARD", ConsentScope::Furnish, Vec::new(), "2026-03-01");
    delivers(&bureau, "CARD", "11010519491231002X,A,2026-01,20.00,1,Ann Lee,Old Lane 1\n", "2026-02-01");
    grants("BANK", ConsentScope::Inquire, vec![Purpose::CreditApplication], "2027-01-01");
    assert_eq!(asked(&bureau, "BANK", "2026-02-02").outcome, Outcome::Permitted);
    let due = |now: &str| expire::look(&bureau, at(now)).expect("looks");
    assert_eq!(due("2026-02-28T23:59:59Z"), expire::Due::default());
    let due = due("2026-03-01");
    let [over] = due.consents.as_slice() else { panic!("one is over") };
    let erased = over.erasure.as_ref().expect("something").slots.iter().map(|(slot, _)| slot.kind);
    assert!(erased.clone().any(|kind| kind == FactKind::Identity) && erased.count() >= 2);
    assert_eq!((over.consent, over.salt_destroyed, over.recipients.len()), (first, true, 1));
    assert_eq!(own(&bureau, "2026-03-01").accounts.len(), 1, "looking changes nothing");
    let done = due.carry_out(&bureau, None, at("2026-03-02")).expect("carries it out");
    assert_eq!((done.run.consents, done.run.subjects), (1, 0));
    assert!(own(&bureau, "2026-03-03").accounts.is_empty());
    assert_eq!(expire::look(&bureau, at("2026-03-03")).expect("looks"), expire::Due::default(), "nothing twice");
    let (again, certificate) = withdrawn(&bureau, &subject(), first).expect("handed out again");
    let key: CheckpointVerifier = bureau.verifier_key().parse().expect("a key");
    let certified = certificate.check(&key, Witnesses::default()).expect("proves itself");
    assert_eq!(certified.event, Event::ConsentExpired(Box::new(again)));
    let facts = verify(&bureau, &mut |_, _| {}).facts;
    compact(&bureau, at("2026-03-04"), &|_, _| {}).expect("compacts");
    assert_eq!((facts > 0, verify(&bureau, &mut |_, _| {}).facts), (true, 0), "it leaves the disk");
    is_in_order(&bureau);
}
