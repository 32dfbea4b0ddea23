//! Past decisions decided again: by the rulebook that made them, by one that says something else under the same name, and
//! by two to compare.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::consent::{ConsentForm, ConsentScope};
use tallystick_model::consent_terms::{Acting, ConsentTerms};
use tallystick_model::inquiry::{Asked, Outcome, Purpose, SingleQuestion};
use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{DataCategory, SubjectKind};
use tallystick_operations::Bureau;
use tallystick_operations::consent::{Grant, grant, withdraw};
use tallystick_operations::freeze::{lift, place};
use tallystick_operations::ingest::{ControlTotals, Delivery, IngestError, Telling, ingest};
use tallystick_operations::inquire::{Inquiry, inquire};
use tallystick_operations::member::{Application, admit};
use tallystick_operations::own_report::{Past, own_report};
use tallystick_operations::replay::{What, compare, replay};
use tallystick_operations::transfer::{Transfer, transfer};
use tallystick_policy::Rulebook;
use tallystick_testkit::story::{at, entropy, keys, subject};

const ACCESS: &str = include_str!("../../policy/rulebooks/cn/access.cedar");
const TOML: &str = include_str!("../../policy/rulebooks/cn/rulebook.toml");
const NAME: &str = "replay.example/log";
const ACCOUNTS: &str = r#"
layout = { name = "accounts", version = 1 }
subject = { column = "id", scheme = "cn-resident-id" }
[[tradeline]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = "CNY"
kind = "credit_card"
balance = "balance"
"#;

/// China's rulebook with one text put for another, which is there.
fn changed(changes: &[(&str, &str)]) -> Rulebook {
    let (mut access, mut toml) = (ACCESS.to_owned(), TOML.to_owned());
    for (from, to) in changes {
        assert!(access.contains(from) || toml.contains(from), "`{from}` is nowhere");
        access = access.replace(from, to);
        toml = toml.replace(from, to);
    }
    Rulebook::from_texts("cn", &access, &toml).expect("a rulebook")
}

fn ask(bureau: &Bureau, purpose: Purpose, asked: Option<Asked>, now: &str) -> Outcome {
    let inquiry = Inquiry {
        subscriber: "BANK".to_owned(),
        identifier: subject(),
        purpose,
        asked,
        range: None,
        undertaking: None,
    };
    inquire(bureau, &inquiry, at(now)).expect("is answered").outcome
}

/// A bureau in which, from 2026-03-01, a day each: an inquiry under a written consent (entry 6), one under an electronic consent that
/// is denied (8), a question (9), an own report (10), a hand-over (11), the first inquiry again after its consent was withdrawn
/// (13), and a delivery denied (14).
fn decided(folder: &std::path::Path, rulebook: Rulebook) -> Bureau {
    let founded = at("2026-02-01");
    let bureau = Bureau::found(folder, NAME, rulebook, &keys(), entropy(), founded).expect("is founded");
    for (code, kind) in
        [("BANK", MemberKind::Bank), ("PAY", MemberKind::PaymentPlatform), ("SHOP", MemberKind::Merchant)]
    {
        let application = Application {
            code: code.to_owned(),
            name: code.to_owned(),
            kind,
            roles: vec![MemberRole::Furnisher, MemberRole::Subscriber],
            duty: ConsentDuty::Attested,
        };
        admit(&bureau, application, founded).expect("is admitted");
    }
    let agree = |purpose: Purpose, form: ConsentForm, now: &str| {
        let agreed = Grant {
            identifier: subject(),
            member: "BANK".to_owned(),
            scope: ConsentScope::Inquire,
            purposes: vec![purpose],
            categories: vec![DataCategory::Credit, DataCategory::Payments],
            form,
            valid_until: at("2027-03-01"),
            evidence: [1; 32],
            terms: ConsentTerms::default(),
        };
        grant(&bureau, agreed, at(now)).expect("is granted").0.id
    };
    let deliver = |furnisher: &str, now: &str| {
        let delivery = Delivery {
            furnisher: furnisher.to_owned(),
            layout: Layout::Mapped(Box::new(Mapping::parse(ACCOUNTS).expect("a mapping"))),
            month: None,
            subject: None,
            provenance: Provenance::FurnisherSigned,
            control_totals: ControlTotals::Enforce,
        };
        let rows = b"id,account,month,balance\n11010519491231002X,A,2026-01,1\n".to_vec();
        let mut telling = Telling { progress: &mut |_| {}, rejects: &mut |_| {} };
        ingest(&bureau, &delivery, &rows, at(now), &mut telling)
    };
    deliver("BANK", "2026-02-02").expect("is taken");
    let consent = agree(Purpose::CreditApplication, ConsentForm::Written, "2026-03-01");
    assert_eq!(ask(&bureau, Purpose::CreditApplication, None, "2026-03-01"), Outcome::Permitted);
    agree(Purpose::Tenancy, ConsentForm::Electronic, "2026-03-02");
    assert_eq!(ask(&bureau, Purpose::Tenancy, None, "2026-03-02"), Outcome::Denied);
    let asked = Asked::new(SingleQuestion::HasOpenAccounts, None);
    assert_eq!(ask(&bureau, Purpose::CreditApplication, asked, "2026-03-03"), Outcome::Permitted);
    own_report(&bureau, &subject(), Past::default(), at("2026-03-04")).expect("is answered");
    let (from, to) = ("PAY".to_owned(), "BANK".to_owned());
    let handing = Transfer { from, to, identifier: subject(), category: DataCategory::Credit };
    assert!(!transfer(&bureau, &handing, at("2026-03-05")).expect("is answered").permitted);
    withdraw(&bureau, &subject(), consent, Acting::default(), at("2026-03-06")).expect("is withdrawn");
    assert_eq!(ask(&bureau, Purpose::CreditApplication, None, "2026-03-06"), Outcome::Denied);
    let denied = deliver("SHOP", "2026-03-07").expect_err("a merchant reports no credit");
    assert!(matches!(denied, IngestError::NotAdmitted(..)), "{denied:?}");
    bureau
}

fn cn() -> Rulebook {
    Rulebook::built_in("cn").expect("is built in")
}

#[test]
fn what_was_decided_follows_from_what_was_weighed_and_since_when_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let bureau = decided(folder.path(), cn());
    let all = replay(&bureau, &[], None).expect("is replayed");
    assert!(all.is_sound(), "{all:?}");
    assert_eq!(all.decisions, 6);
    assert_eq!(replay(&bureau, &[], Some(at("2026-03-03"))).expect("is replayed").decisions, 4);
    assert_eq!(replay(&bureau, &[], Some(at("2026-03-07"))).expect("is replayed").decisions, 0);
}

#[test]
fn a_rulebook_that_says_something_else_under_the_same_name_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(decided(folder.path(), cn()));
    // An electronic consent is enough, says this one.
    let other = changed(&[
        ("!context.consent.written }", "!context.consent.written && context.consent.warned }"),
        ("context.consent.active && context.consent.written\n", "context.consent.active\n"),
    ]);
    assert_eq!(other.label(), cn().label());
    let bureau = Bureau::open(folder.path(), NAME, other, &keys(), entropy()).expect("opens");
    let replayed = replay(&bureau, &[], None).expect("is replayed");
    assert!(!replayed.is_sound());
    assert_eq!((replayed.decisions, replayed.different), (6, 1));
    let difference = &replayed.differences[0];
    assert_eq!((difference.index, difference.what), (8, What::Inquiry(Purpose::Tenancy, None)));
    assert_eq!(difference.before.reasons[0].code, "consent_not_written");
    assert_eq!(difference.after.reasons[0].code, "written_consent_for_tenancy");
    assert_eq!(difference.after.released, Some(vec![DataCategory::Credit]));
}

#[test]
fn a_decision_by_a_rulebook_that_is_not_at_hand_is_counted_until_it_is_brought() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = || changed(&[("version = \"2026.2\"", "version = \"2025.9\"")]);
    drop(decided(folder.path(), old()));
    let bureau = Bureau::open(folder.path(), NAME, cn(), &keys(), entropy()).expect("opens");
    let without = replay(&bureau, &[], None).expect("is replayed");
    assert_eq!((without.decisions, without.without_rulebook.get("cn 2025.9")), (0, Some(&6)));
    let with = replay(&bureau, &[old()], None).expect("is replayed");
    assert!(with.is_sound() && with.without_rulebook.is_empty());
    assert_eq!(with.decisions, 6);
}

#[test]
fn two_rulebooks_are_compared_over_what_was_decided() {
    let folder = tempfile::tempdir().expect("a folder");
    let bureau = decided(folder.path(), cn());
    let diff = |new: &Rulebook, since: Option<&str>| compare(&bureau, &cn(), new, since.map(at)).expect("is compared");

    // A smaller budget for one purpose: the same permits, less released. The question reads what is left.
    let less = changed(&[(
        "[purpose.credit_application]\nreleases = [\n  \"identity\", \"credit\", \"payments\",",
        "[purpose.credit_application]\nreleases = [\n  \"identity\", \"credit\",",
    )]);
    let compared = diff(&less, None);
    assert_eq!((compared.decisions, compared.different, compared.for_other_reasons), (6, 1, 0));
    assert_eq!((compared.newly_permitted, compared.newly_denied), (0, 0));
    let difference = &compared.differences[0];
    assert_eq!(difference.index, 6);
    assert_eq!(difference.before.released, Some(vec![DataCategory::Credit, DataCategory::Payments]));
    assert_eq!(difference.after.released, Some(vec![DataCategory::Credit]));
    assert_eq!(diff(&less, Some("2026-03-02")).different, 0);
    assert_eq!(compared.gates, []);

    // No word of platforms and lenders: the hand-over is denied still, for another reason.
    let permissive = changed(&[(
        "[MemberKind::\"bank\", MemberKind::\"card_issuer\", MemberKind::\"micro_lender\"].contains(resource)",
        "resource == MemberKind::\"supervisor\"",
    )]);
    let compared = diff(&permissive, None);
    assert_eq!((compared.different, compared.for_other_reasons), (0, 1));

    // Another country altogether.
    let us = Rulebook::built_in("us").expect("is built in");
    let compared = diff(&us, None);
    assert_eq!((compared.decisions, compared.newly_permitted, compared.newly_denied), (6, 2, 0));
    let indexes: Vec<u64> = compared.differences.iter().map(|difference| difference.index).collect();
    // What the law releases without a consent that holds; the question is answered on its consent under both.
    assert_eq!(indexes, [6, 8, 13]);
    let gate = compared
        .gates
        .iter()
        .find(|gate| (gate.furnisher, gate.about, gate.category) == (3, SubjectKind::Person, DataCategory::Credit));
    let gate = gate.expect("a merchant may report credit there");
    assert_ne!(gate.before, gate.after);
    assert!(diff(&us, Some("2026-03-07")).gates.iter().all(|gate| gate.furnisher == 3), "BANK delivered before");
}

#[test]
fn a_freeze_is_weighed_as_it_was_when_it_was_decided() {
    let folder = tempfile::tempdir().expect("a folder");
    let us = Rulebook::built_in("us").expect("is built in");
    let bureau = Bureau::found(folder.path(), NAME, us, &keys(), entropy(), at("2026-02-01")).expect("is founded");
    let application = Application {
        code: "BANK".to_owned(),
        name: "BANK".to_owned(),
        kind: MemberKind::Bank,
        roles: vec![MemberRole::Subscriber],
        duty: ConsentDuty::Nothing,
    };
    admit(&bureau, application, at("2026-02-01")).expect("is admitted");
    place(&bureau, &subject(), at("2026-03-01")).expect("is frozen");
    assert_eq!(ask(&bureau, Purpose::CreditApplication, None, "2026-03-02"), Outcome::Denied);
    lift(&bureau, &subject(), at("2026-03-03")).expect("is lifted");
    assert_eq!(ask(&bureau, Purpose::CreditApplication, None, "2026-03-04"), Outcome::NoHit);
    let replayed = replay(&bureau, &[], None).expect("is replayed");
    assert!(replayed.is_sound(), "{replayed:?}");
    assert_eq!(replayed.decisions, 2);
    // China knows no freeze, and asks for consent.
    let compared = compare(&bureau, bureau.rulebook(), &cn(), None).expect("is compared");
    assert_eq!((compared.different, compared.newly_denied, compared.for_other_reasons), (1, 1, 1));
}
