//! What the simulation found, each as the smallest story that shows it.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::consent::{ConsentForm, ConsentScope};
use tallystick_model::consent_terms::ConsentTerms;
use tallystick_model::inquiry::{Outcome, Purpose};
use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{DataCategory, Identifier, Month, Sensitive, Timestamp};
use tallystick_operations::Bureau;
use tallystick_operations::bureau::Keys;
use tallystick_operations::consent::{Grant, grant};
use tallystick_operations::correct::{Change, Correction, correct};
use tallystick_operations::ingest::{ControlTotals, Delivery, Ingested, Telling, ingest};
use tallystick_operations::inquire::{Answer, Inquiry, inquire};
use tallystick_operations::member::{Application, admit};
use tallystick_operations::own_report::{Past, own_report};
use tallystick_operations::report::Report;
use tallystick_policy::Rulebook;
use tallystick_testkit::simulation::chance::{Fuse, SeededEntropy};

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
const OPENED: &str = "opened = { column = \"opened\", pattern = \"YYYY-MM-DD\" }\n";
const DEPOSITS: &str = "[[attribute]]\ncolumn = \"deposits\"\ncategory = \"deposits\"\n";
const NAME: &str = "[identity]\nname = \"name\"\n";
const ID: &str = "11010519491231002X";

struct Story {
    bureau: Bureau,
    _folder: tempfile::TempDir,
}

fn now() -> Timestamp {
    Timestamp::parse("2026-03-01").expect("a date")
}

fn subject() -> Identifier {
    Identifier::parse_tagged(&format!("cn-resident-id:{ID}")).expect("an identifier")
}

/// A bureau with the banks ONE and TWO.
fn story() -> Story {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = Keys { pseudonym: Sensitive::new([3; 32]), signing: Sensitive::new([5; 32]) };
    let entropy = Box::new(SeededEntropy::new(1, Fuse::default()));
    let rulebook = Rulebook::built_in("cn").expect("is built in");
    let bureau =
        Bureau::found(folder.path(), "story.example/log", rulebook, &keys, entropy, now()).expect("is founded");
    for code in ["ONE", "TWO"] {
        let application = Application {
            code: code.to_owned(),
            name: code.to_owned(),
            kind: MemberKind::Bank,
            roles: vec![MemberRole::Furnisher, MemberRole::Subscriber],
            duty: ConsentDuty::Attested,
        };
        admit(&bureau, application, now()).expect("is admitted");
    }
    Story { bureau, _folder: folder }
}

impl Story {
    /// Ingests `rows` by `mapping`; gives the most records that its progress told, too.
    fn ingest(&self, furnisher: &str, mapping: &str, rows: &str) -> (Ingested, u64) {
        let delivery = Delivery {
            furnisher: furnisher.to_owned(),
            layout: Layout::Mapped(Box::new(Mapping::parse(mapping).expect("a mapping"))),
            month: None,
            subject: None,
            provenance: Provenance::FurnisherSigned,
            control_totals: ControlTotals::Enforce,
        };
        let mut told = 0;
        let mut telling = Telling {
            progress: &mut |progress| {
                if progress.stage == "reading" {
                    told = progress.done.max(told);
                }
            },
            rejects: &mut |_| {},
        };
        let ingested = ingest(&self.bureau, &delivery, &rows.as_bytes().to_vec(), now(), &mut telling);
        (ingested.expect("is taken"), told)
    }

    fn grant(&self, scope: ConsentScope, purposes: &[Purpose], categories: &[DataCategory], form: ConsentForm) {
        let agreed = Grant {
            identifier: subject(),
            member: "ONE".to_owned(),
            scope,
            purposes: purposes.to_vec(),
            categories: categories.to_vec(),
            form,
            valid_until: Timestamp::parse("2027-03-01").expect("a date"),
            evidence: [0; 32],
            terms: ConsentTerms::default(),
        };
        grant(&self.bureau, agreed, now()).expect("is granted");
    }

    fn inquire(&self, purpose: Purpose) -> Answer {
        let inquiry = Inquiry::report("ONE".to_owned(), subject(), purpose);
        inquire(&self.bureau, &inquiry, now()).expect("is answered")
    }

    fn own_report(&self) -> Report {
        own_report(&self.bureau, &subject(), Past::default(), now())
            .expect("is answered")
            .report
            .expect("the subject may")
    }
}

fn rejects(ingested: &Ingested) -> Vec<String> {
    ingested.rejects.iter().map(|reject| format!("{} record {}", reject.code, reject.place.record)).collect()
}

#[test]
fn a_record_that_is_refused_after_reading_is_told_once() {
    let rows = format!("id,account,month,balance\n{ID},A,2026-01,1\n{ID},A,2026-01,2\n");
    let (ingested, told) = story().ingest("ONE", ACCOUNTS, &rows);
    assert_eq!((ingested.delivery.records, ingested.delivery.rejects, told), (2, 1, 2));
}

#[test]
fn of_a_record_that_is_refused_as_a_duplicate_nothing_holds() {
    let story = story();
    let mapping = format!("{ACCOUNTS}{OPENED}{NAME}");
    let header = "id,account,month,balance,opened,name\n";
    let rows = format!("{header}{ID},A,2026-01,1,2020-01-01,First\n{ID},A,2026-01,2,2021-01-01,Second\n");
    let (ingested, _) = story.ingest("ONE", &mapping, &rows);
    assert_eq!(rejects(&ingested), ["R015 record 2"]);
    let report = story.own_report();
    let terms = report.accounts[0].terms.as_ref().expect("has terms");
    assert_eq!(terms.opened.map(|date| date.to_string()), Some("2020-01-01".to_owned()));
    let name = report.identities[0].2.name.as_ref().expect("has a name");
    assert_eq!(name.expose(), "First");
}

#[test]
fn a_record_with_two_duplicates_is_one_reject_and_what_it_alone_says_is_free_for_the_next() {
    let second = ACCOUNTS.split_once("[[").map(|(_, tradeline)| tradeline.replace("\"account\"", "\"other\""));
    let mapping = format!("{ACCOUNTS}[[{}", second.expect("has a tradeline"));
    let rows = [
        format!("{ID},A,B,2026-01,1\n"),
        format!("{ID},A,B,2026-01,2\n"), // twice
        format!("{ID},A,C,2026-01,3\n"), // once, beside a new C
        format!("{ID},D,C,2026-01,4\n"), // C is still free
        format!("{ID},E,E,2026-01,5\n"), // says a month twice itself: the first holds
    ];
    let story = story();
    let (ingested, _) = story.ingest("ONE", &mapping, &format!("id,account,other,month,balance\n{}", rows.concat()));
    assert_eq!(rejects(&ingested), ["R015 record 2", "R015 record 3", "R015 record 5"]);
    let mut balances: Vec<_> =
        story.own_report().accounts.iter().map(|account| account.months[0].tradeline.balance_minor).collect();
    balances.sort_unstable();
    assert_eq!(balances, [Some(100), Some(100), Some(400), Some(400), Some(500)]);
}

#[test]
fn an_attribute_is_shown_only_where_its_own_category_is_released() {
    let story = story();
    story.grant(ConsentScope::Furnish, &[], &[DataCategory::Deposits], ConsentForm::WrittenWarned);
    let purposes = [Purpose::Employment, Purpose::CreditApplication];
    story.grant(ConsentScope::Inquire, &purposes, &[DataCategory::Identity], ConsentForm::Written);
    let rows = format!("id,account,month,balance,name,deposits\n{ID},A,2026-01,1,Zhang,80000\n");
    story.ingest("ONE", &format!("{ACCOUNTS}{NAME}{DEPOSITS}"), &rows);
    let attributes = |report: &Report| report.identities[0].2.attributes.len();
    assert_eq!(attributes(&story.own_report()), 1);
    for purpose in purposes {
        let answer = story.inquire(purpose);
        assert_eq!(answer.released, [DataCategory::Identity]);
        assert_eq!(attributes(&answer.report.expect("is permitted")), 0, "{purpose}");
    }
}

#[test]
fn a_conditional_attribute_comes_in_only_with_the_subjects_recorded_consent() {
    let rows = format!("id,account,month,balance,name,deposits\n{ID},A,2026-01,1,Zhang,80000\n");
    for (form, expected) in [(None, 0), (Some(ConsentForm::Written), 0), (Some(ConsentForm::WrittenWarned), 1)] {
        let story = story();
        if let Some(form) = form {
            story.grant(ConsentScope::Furnish, &[], &[DataCategory::Deposits], form);
        }
        let (ingested, _) = story.ingest("ONE", &format!("{ACCOUNTS}{NAME}{DEPOSITS}"), &rows);
        assert_eq!(story.own_report().identities[0].2.attributes.len(), expected, "{form:?}");
        let left: Vec<_> = ingested
            .delivery
            .not_admitted
            .iter()
            .map(|(category, reason, values)| format!("{values} {category} {} {}", reason.rule, reason.code))
            .collect();
        let told = if expected == 0 { vec!["1 deposits cn-7 no_recorded_consent"] } else { vec![] };
        assert_eq!(left, told, "{form:?}");
    }
}

#[test]
fn a_mapping_with_attributes_and_no_names_is_no_reason_to_refuse_its_rows() {
    let story = story();
    let rows = format!("id,account,month,balance,deposits\n{ID},A,2026-01,1,80000\n");
    let (ingested, _) = story.ingest("ONE", &format!("{ACCOUNTS}{DEPOSITS}"), &rows);
    assert_eq!((rejects(&ingested), ingested.delivery.fact_count()), (vec![], 1));
    assert_eq!(story.own_report().identities, []);
}

#[test]
fn accounts_stand_by_furnisher_whether_or_not_they_have_terms() {
    let story = story();
    story.ingest("ONE", ACCOUNTS, &format!("id,account,month,balance\n{ID},A,2026-01,1\n"));
    let rows = format!("id,account,month,balance,opened\n{ID},A,2026-01,1,2020-01-01\n");
    story.ingest("TWO", &format!("{ACCOUNTS}{OPENED}"), &rows);
    let report = story.own_report();
    let furnishers: Vec<_> = report.accounts.iter().map(|account| account.furnisher.code.as_str()).collect();
    assert_eq!(furnishers, ["ONE", "TWO"]);
}

#[test]
fn what_was_taken_back_leaves_no_trace_for_a_subscriber() {
    let story = story();
    story.grant(ConsentScope::Inquire, &[Purpose::CreditApplication], &[DataCategory::Credit], ConsentForm::Written);
    story.ingest("ONE", ACCOUNTS, &format!("id,account,month,balance\n{ID},A,2026-01,1\n"));
    assert_eq!(story.inquire(Purpose::CreditApplication).outcome, Outcome::Permitted);
    let correction = Correction {
        furnisher: "ONE".to_owned(),
        identifier: subject(),
        account: Sensitive::new("A".to_owned()),
        month: Month::new(2026, 1).expect("a month"),
        change: Change::Delete,
        reason: "another person's account".to_owned(),
    };
    correct(&story.bureau, &correction, now()).expect("is taken back");
    let answer = story.inquire(Purpose::CreditApplication);
    assert_eq!((answer.outcome, answer.report, answer.released), (Outcome::NoHit, None, vec![]));
}

/// One furnisher's word that two identifiers are one person's joins nothing, neither data nor consents.
#[test]
fn two_people_linked_by_one_furnishers_alias_stay_two_files() {
    let story = story();
    let passport = Identifier::parse_tagged("passport:CN/E40000001").expect("an identifier");
    let of_passport = ACCOUNTS.replace("cn-resident-id", "passport");
    story.ingest("ONE", &of_passport, "id,account,month,balance\nCN/E40000001,P,2026-01,1\n");
    let alias = "scheme = \"cn-resident-id\", alias = [{ column = \"passport\", scheme = \"passport\" }]";
    let linked = ACCOUNTS.replace("scheme = \"cn-resident-id\"", alias);
    let rows = format!("id,passport,account,month,balance,name\n{ID},CN/E40000001,A,2026-01,2,Zhang\n");
    story.ingest("TWO", &format!("{linked}{NAME}"), &rows);
    story.grant(ConsentScope::Inquire, &[Purpose::CreditApplication], DataCategory::ALL, ConsentForm::Written);

    let ask = |identifier: &Identifier| {
        let purpose = Purpose::CreditApplication;
        let inquiry = Inquiry::report("ONE".to_owned(), identifier.clone(), purpose);
        inquire(&story.bureau, &inquiry, now()).expect("is answered")
    };
    let furnishers =
        |report: &Report| report.accounts.iter().map(|account| account.furnisher.code.clone()).collect::<Vec<_>>();
    let (of_id, of_other) = (ask(&subject()), ask(&passport));
    assert_ne!(of_id.subject, of_other.subject);
    let report = of_id.report.expect("is permitted");
    assert_eq!(furnishers(&report), ["TWO"]);
    // Kept with the identity that names it, for matching on evidence.
    let kept: Vec<_> =
        report.identities[0].2.attributes.iter().map(|(category, text)| (*category, text.expose())).collect();
    assert_eq!(kept, [(DataCategory::Identity, &"passport:CN/E40000001".to_owned())]);
    assert_eq!((of_other.outcome, of_other.report), (Outcome::Denied, None));
    assert_eq!(of_other.reasons[0].code, "no_consent_for_credit_application");

    let other = own_report(&story.bureau, &passport, Past::default(), now())
        .expect("is answered")
        .report
        .expect("the subject may");
    let own = other.own.as_ref().expect("is the own report");
    assert_eq!((furnishers(&other), other.identities.len(), own.consents.len()), (vec!["ONE".to_owned()], 0, 0));
    assert_eq!(own.accesses.iter().map(|access| access.outcome).collect::<Vec<_>>(), [Outcome::Denied]);
}
