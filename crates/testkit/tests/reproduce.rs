//! Past answers made once more: after everything that came later they are what was told, unless a removal on record explains it.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::consent::{ConsentForm, ConsentId, ConsentScope};
use tallystick_model::consent_terms::{Acting, ConsentTerms, Span, SpanUnit};
use tallystick_model::event::EventKind;
use tallystick_model::inquiry::{Answered, Asked, Outcome, Purpose, SingleQuestion};
use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::tradeline::PaymentRating;
use tallystick_model::{DataCategory, Month, Sensitive, SubjectId};
use tallystick_operations::bureau::{Keys, Recorded};
use tallystick_operations::consent::{Grant, grant, withdraw};
use tallystick_operations::correct::{Change, Correction, correct};
use tallystick_operations::ingest::{ControlTotals, Delivery, Telling, compact, ingest};
use tallystick_operations::inquire::{Answer, Inquiry, inquire};
use tallystick_operations::member::{Application, admit};
use tallystick_operations::own_report::{OwnReport, Past, own_report};
use tallystick_operations::reproduce::{Finding, Reproduced, reproduce};
use tallystick_operations::transfer::{Transfer, transfer};
use tallystick_operations::{Bureau, OperationError, protect, receipts};
use tallystick_policy::Rulebook;
use tallystick_testkit::story::{at, entropy, keys, subject};

const NAME: &str = "story.example/log";
const LAYOUT: &str = r#"
layout = { name = "mixed", version = 1 }
subject = { column = "id", scheme = "cn-resident-id" }
[[tradeline]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = "CNY"
kind = "credit_card"
balance = "amount"
rating = { column = "late", codes = { "0" = "current", "1" = "late_1", "4" = "late_4" } }
"#;
const WALLETS: &str = r#"
layout = { name = "wallets", version = 1 }
subject = { column = "id", scheme = "cn-resident-id" }
[[payment_profile]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = "CNY"
active_days = "days"
flow.spending = { count = "days", sum = "amount" }
"#;

fn cn() -> Rulebook {
    Rulebook::built_in("cn").expect("is built in")
}

/// China's rulebook, changed.
fn changed(from: &str, to: &str) -> Rulebook {
    let access = include_str!("../../policy/rulebooks/cn/access.cedar");
    let toml = include_str!("../../policy/rulebooks/cn/rulebook.toml");
    assert!(toml.contains(from), "`{from}` is nowhere");
    Rulebook::from_texts("cn", access, &toml.replace(from, to)).expect("a rulebook")
}

struct Story {
    bureau: Bureau,
    folder: tempfile::TempDir,
}

fn story(rulebook: Rulebook) -> Story {
    let folder = tempfile::tempdir().expect("a folder");
    let founded = at("2026-02-01");
    let bureau = Bureau::found(folder.path(), NAME, rulebook, &keys(), entropy(), founded).expect("is founded");
    for (code, kind, duty) in [
        ("CARD", MemberKind::CardIssuer, ConsentDuty::Attested),
        ("PAY", MemberKind::PaymentPlatform, ConsentDuty::Nothing),
        ("BANK", MemberKind::Bank, ConsentDuty::Nothing),
    ] {
        let roles = vec![MemberRole::Furnisher, MemberRole::Subscriber];
        let application = Application { code: code.to_owned(), name: code.to_owned(), kind, roles, duty };
        admit(&bureau, application, founded).expect("is admitted");
    }
    Story { bureau, folder }
}

impl Story {
    fn deliver(&self, furnisher: &str, mapping: &str, rows: &str, now: &str) {
        let delivery = Delivery {
            furnisher: furnisher.to_owned(),
            layout: Layout::Mapped(Box::new(Mapping::parse(mapping).expect("a mapping"))),
            month: None,
            subject: None,
            provenance: Provenance::FurnisherSigned,
            control_totals: ControlTotals::Enforce,
        };
        let rows = rows.as_bytes().to_vec();
        let mut telling = Telling { progress: &mut |_| {}, rejects: &mut |_| {} };
        ingest(&self.bureau, &delivery, &rows, at(now), &mut telling).expect("is taken");
    }

    fn card(&self, month: &str, late: u8, now: &str) {
        self.deliver(
            "CARD",
            LAYOUT,
            &format!("id,account,month,amount,late\n11010519491231002X,A,{month},10,{late}\n"),
            now,
        );
    }

    fn grant(&self, member: &str, scope: ConsentScope, categories: &[DataCategory], now: &str) -> ConsentId {
        let purposes = if scope == ConsentScope::Inquire { vec![Purpose::CreditApplication] } else { Vec::new() };
        let data_life = Some(Span { count: 31, unit: SpanUnit::Day });
        let agreed = Grant {
            identifier: subject(),
            member: member.to_owned(),
            scope,
            purposes,
            categories: categories.to_vec(),
            form: ConsentForm::Written,
            valid_until: at("2027-03-01"),
            evidence: [1; 32],
            terms: ConsentTerms { data_life, ..ConsentTerms::default() },
        };
        grant(&self.bureau, agreed, at(now)).expect("is granted").0.id
    }

    fn ask(&self, asked: Option<Asked>, now: &str) -> Answer {
        let purpose = Purpose::CreditApplication;
        let inquiry = Inquiry {
            subscriber: "BANK".to_owned(),
            identifier: subject(),
            purpose,
            asked,
            range: None,
            undertaking: None,
        };
        inquire(&self.bureau, &inquiry, at(now)).expect("is answered")
    }

    fn own(&self, past: Past, now: &str) -> OwnReport {
        own_report(&self.bureau, &subject(), past, at(now)).expect("is made")
    }

    fn again(&self, recorded: &Recorded) -> Reproduced {
        self.again_with(recorded, &[]).expect("is made once more")
    }

    fn again_with(&self, recorded: &Recorded, others: &[Rulebook]) -> Result<Reproduced, OperationError> {
        let receipt = receipts::at_index(&self.bureau, recorded.receipt.index).expect("a receipt");
        reproduce(&self.bureau, others, &receipt)
    }
}

const QUESTION: SingleQuestion = SingleQuestion::EverNinetyDaysPastDue;

#[test]
fn what_came_later_changes_no_past_answer() {
    let story = story(cn());
    let denied = story.ask(None, "2026-02-02");
    assert_eq!(denied.outcome, Outcome::Denied);
    story.grant("BANK", ConsentScope::Inquire, &[DataCategory::Credit], "2026-02-02");
    let nothing = story.ask(None, "2026-02-02");
    assert_eq!(nothing.outcome, Outcome::NoHit);
    story.card("2026-01", 4, "2026-02-03");
    // The instant at which the next delivery comes in too: what counts is which came first.
    let report = story.ask(None, "2026-02-04");
    story.card("2026-02", 1, "2026-02-04");
    let question = story.ask(Asked::new(QUESTION, Some(24)), "2026-02-05");
    assert_eq!((question.answered, question.keep_for.map(|span| span.count)), (Some(Answered::Yes), Some(31)));
    let own = story.own(Past::default(), "2026-02-06");
    let past = Past { known_on: Some(at("2026-02-03")), as_of: Some("2026-02-28".parse().expect("a date")) };
    let past = story.own(past, "2026-02-06");
    let said = Transfer {
        from: "CARD".to_owned(),
        to: "BANK".to_owned(),
        identifier: subject(),
        category: DataCategory::Credit,
    };
    let said = transfer(&story.bureau, &said, at("2026-02-07")).expect("is answered");

    // Later: another month, the late one corrected, words of the subject, another look.
    story.card("2026-03", 0, "2026-03-01");
    let correction = Correction {
        furnisher: "CARD".to_owned(),
        identifier: subject(),
        account: Sensitive::new("A".to_owned()),
        month: Month::new(2026, 1).expect("a month"),
        change: Change::Set {
            status: None,
            rating: Some(PaymentRating::Current),
            balance: None,
            past_due: None,
            paid: None,
        },
        reason: "booked late".to_owned(),
    };
    correct(&story.bureau, &correction, at("2026-03-02")).expect("is corrected");
    protect::say(&story.bureau, &subject(), &Sensitive::new("I was ill".to_owned()), at("2026-03-03"))
        .expect("is said");
    let now = story.ask(Asked::new(QUESTION, Some(24)), "2026-03-04");
    assert_eq!(now.answered, Some(Answered::No));

    let recorded = [
        &denied.recorded,
        &nothing.recorded,
        &report.recorded,
        &question.recorded,
        own.recorded.as_ref().expect("recorded"),
        past.recorded.as_ref().expect("recorded"),
        &said.recorded,
        &now.recorded,
    ];
    for recorded in recorded {
        let again = story.again(recorded);
        assert_eq!(again.finding, Finding::Same, "{:?}", recorded.entry.kind);
        assert_eq!((again.index, again.at), (recorded.receipt.index, recorded.entry.at));
        assert_eq!((again.subject, again.rulebook.as_str()), (denied.subject, cn().label()));
    }
    assert_eq!(story.again(&question.recorded).answered, Some(Answered::Yes), "as it was answered then");
    let hash = report.report.as_ref().map(tallystick_operations::report::Report::hash);
    assert_eq!(story.again(&report.recorded).report_hash, hash);
}

#[test]
fn what_was_erased_is_not_shown_again_and_the_entries_that_took_it_are_named() {
    let story = story(cn());
    let held = story.grant("PAY", ConsentScope::Furnish, &[DataCategory::Payments], "2026-02-01");
    story.grant("BANK", ConsentScope::Inquire, &[DataCategory::Payments], "2026-02-01");
    let before = story.ask(None, "2026-02-02");
    assert_eq!(before.outcome, Outcome::NoHit);
    story.deliver("PAY", WALLETS, "id,account,month,amount,days\n11010519491231002X,W,2026-01,100,9\n", "2026-02-03");
    let shown = story.ask(None, "2026-02-04");
    let own = story.own(Past::default(), "2026-02-04").recorded.expect("recorded");
    assert_eq!(shown.outcome, Outcome::Permitted);
    assert_eq!(story.again(&shown.recorded).finding, Finding::Same);
    let done = withdraw(&story.bureau, &subject(), held, Acting::default(), at("2026-03-01")).expect("is withdrawn");
    let gone = done.recorded.receipt.index;
    assert_eq!(story.again(&shown.recorded).finding, Finding::Removed(vec![gone]));
    assert_eq!(story.again(&own).finding, Finding::Removed(vec![gone]));
    assert_eq!(story.again(&before.recorded).finding, Finding::Same, "nothing of it was known then");

    // Off the disk the same is said, and the removal is named too.
    // On a busy machine an old journal may take longer than one call waits: it is tried again, as its error says.
    let compacted = (0..5).any(|_| compact(&story.bureau, at("2026-03-02"), &|_, _| {}).is_ok());
    assert!(compacted, "is compacted");
    let removed = gone + 1;
    let entry = story.bureau.snapshot().entry(removed).expect("an entry");
    assert_eq!(entry.kind, EventKind::FactsRemoved);
    assert_eq!(story.again(&shown.recorded).finding, Finding::Removed(vec![gone, removed]));
    assert_eq!(story.again(&before.recorded).finding, Finding::Same);

    // What comes in later under a consent of its own does not take its place.
    story.grant("PAY", ConsentScope::Furnish, &[DataCategory::Payments], "2026-03-03");
    story.deliver("PAY", WALLETS, "id,account,month,amount,days\n11010519491231002X,W,2026-02,70,3\n", "2026-03-04");
    let later = story.ask(None, "2026-03-05");
    assert_eq!(later.outcome, Outcome::Permitted);
    assert_eq!(story.again(&later.recorded).finding, Finding::Same);
    assert_eq!(story.again(&shown.recorded).finding, Finding::Removed(vec![gone, removed]));
}

#[test]
fn the_rulebook_of_then_is_needed_by_its_text() {
    let old = || changed("version = \"2026.2\"", "version = \"2025.9\"");
    let Story { bureau, folder } = story(old());
    let made = Story { bureau, folder };
    let denied = made.ask(None, "2026-02-02").recorded;
    assert_eq!(made.again(&denied).finding, Finding::Same);
    let Story { bureau, folder } = made;
    drop(bureau);
    let bureau = Bureau::open(folder.path(), NAME, cn(), &keys(), entropy()).expect("opens");
    let made = Story { bureau, folder };
    let without = made.again(&denied);
    assert_eq!((without.finding, without.rulebook.as_str()), (Finding::NoRulebook, "cn 2025.9"));
    // The same name and version, another text.
    let other = changed("version = \"2026.2\"", "version = \"2025.9\" # again");
    assert_eq!(other.label(), old().label());
    assert_eq!(made.again_with(&denied, &[other]).expect("is looked at").finding, Finding::NoRulebook);
    assert_eq!(made.again_with(&denied, &[old()]).expect("is made").finding, Finding::Same);
}

#[test]
fn receipts_of_others_and_of_what_answers_nobody_are_refused() {
    let story = story(cn());
    let denied = story.ask(None, "2026-02-02").recorded;
    let founding = receipts::of_entry(&story.bureau, SubjectId::BUREAU, 0).expect("a receipt");
    let error = reproduce(&story.bureau, &[], &founding).expect_err("is refused").to_string();
    assert_eq!(error, "entry 0 answers nobody: The bureau was created");
    let receipt = receipts::at_index(&story.bureau, denied.receipt.index).expect("a receipt");
    let folder = tempfile::tempdir().expect("a folder");
    let keys = Keys { signing: Sensitive::new([6; 32]), ..keys() };
    let other = Bureau::found(folder.path(), NAME, cn(), &keys, entropy(), at("2026-02-01")).expect("is founded");
    let error = reproduce(&other, &[], &receipt).expect_err("is refused").to_string();
    assert!(error.starts_with("receipt: not signed"), "{error}");
}
