//! How much of what is released a report tells: everything, each account as last reported, or attributes at a glance.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::inquiry::{Detail, Purpose};
use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{Identifier, Month, Sensitive, Timestamp};
use tallystick_operations::Bureau;
use tallystick_operations::bureau::Keys;
use tallystick_operations::ingest::{ControlTotals, Delivery, Telling, ingest};
use tallystick_operations::inquire::{Inquiry, inquire};
use tallystick_operations::member::{Application, admit};
use tallystick_operations::report::Report;
use tallystick_policy::Rulebook;
use tallystick_testkit::simulation::chance::{Fuse, SeededEntropy};
use tallystick_testkit::simulation::file::Who;

const MAPPING: &str = r#"
[layout]
name = "accounts"
version = 1
[subject]
column = "id"
scheme = "cn-credit-code"
"#;
const CREDIT: &str = r#"
[[tradeline]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = "CNY"
kind = "credit_card"
balance = "balance"
[identity]
name = "name"
"#;
const WALLET: &str = r#"
[[payment_profile]]
account = "account"
month = { column = "month", pattern = "YYYY-MM" }
currency = "CNY"
active_days = "days"
[payment_profile.flow]
spending = { count = "n", sum = "spent" }
"#;

fn now() -> Timestamp {
    Timestamp::parse("2026-03-01").expect("a date")
}

/// A firm, of which an inquiry needs no consent: everything of a purpose's budget is released.
fn firm() -> Identifier {
    Who::Firm(0).identifier("BANK").expect("an identifier")
}

fn found(folder: &std::path::Path, rulebook: Rulebook) -> Bureau {
    let keys = Keys { pseudonym: Sensitive::new([3; 32]), signing: Sensitive::new([5; 32]) };
    let entropy = Box::new(SeededEntropy::new(1, Fuse::default()));
    let bureau = Bureau::found(folder, "details.example/log", rulebook, &keys, entropy, now()).expect("is founded");
    for (code, kind) in [("BANK", MemberKind::Bank), ("PAY", MemberKind::PaymentPlatform)] {
        let application = Application {
            code: code.to_owned(),
            name: code.to_owned(),
            kind,
            roles: vec![MemberRole::Furnisher, MemberRole::Subscriber],
            duty: ConsentDuty::Attested,
        };
        admit(&bureau, application, now()).expect("is admitted");
    }
    let id = firm().text().expose().clone();
    let accounts = format!("id,account,month,balance,name\n{id},A,2025-12,3,Firm\n{id},A,2026-01,2,Firm\n");
    let wallets = format!("id,account,month,days,n,spent\n{id},W,2025-12,3,1,5\n{id},W,2026-01,4,2,6\n");
    for (furnisher, mapping, rows) in [("BANK", CREDIT, accounts), ("PAY", WALLET, wallets)] {
        let delivery = Delivery {
            furnisher: furnisher.to_owned(),
            layout: Layout::Mapped(Box::new(Mapping::parse(&format!("{MAPPING}{mapping}")).expect("a mapping"))),
            month: None,
            subject: None,
            provenance: Provenance::FurnisherSigned,
            control_totals: ControlTotals::Enforce,
        };
        let mut telling = Telling { progress: &mut |_| {}, rejects: &mut |_| {} };
        ingest(&bureau, &delivery, &rows.into_bytes(), now(), &mut telling).expect("is taken");
    }
    bureau
}

fn report(bureau: &Bureau, purpose: Purpose) -> Report {
    let inquiry = Inquiry::report("BANK".to_owned(), firm(), purpose);
    let answer = inquire(bureau, &inquiry, now()).expect("is answered");
    let report = answer.report.expect("a report is given");
    assert_eq!(answer.detail, Some(report.detail));
    report
}

#[test]
fn a_report_tells_as_much_as_its_purposes_detail() {
    let folder = tempfile::tempdir().expect("a folder");
    let bureau = found(folder.path(), Rulebook::built_in("cn").expect("is built in"));
    let january = Month::new(2026, 1).expect("a month");

    let whole = report(&bureau, Purpose::CreditApplication);
    assert_eq!((whole.detail, whole.accounts.len(), whole.wallets.len()), (Detail::Whole, 1, 1));
    assert_eq!((whole.accounts[0].months.len(), whole.wallets[0].months.len()), (2, 2));
    assert_eq!(whole.identities[0].0.code, "BANK");

    // To collect a debt, how the account stands now; of payments the purpose releases nothing.
    let latest = report(&bureau, Purpose::Collection);
    assert_eq!((latest.detail, latest.wallets.len()), (Detail::Latest, 0));
    let months: Vec<Month> = latest.accounts[0].months.iter().map(|month| month.month).collect();
    assert_eq!(months, [january]);
    assert_eq!(latest.summary.months_reported, 2, "what stands at the head is of all months");

    let summary = report(&bureau, Purpose::Tenancy);
    assert_eq!(summary.detail, Detail::Summary);
    assert_eq!((summary.accounts.len(), summary.wallets.len(), summary.agreements.len()), (0, 0, 0));
    assert_eq!(summary.summary, latest.summary);
    assert_eq!((summary.identities[0].0.code.as_str(), summary.identities[0].0.name.as_str()), ("", "a furnisher"));
    assert_ne!(summary.hash(), Report { detail: Detail::Latest, ..summary.clone() }.hash(), "the detail is hashed too");
}

/// No built-in rulebook releases payments and cuts them: of one that does a summary has no wallet, and the latest one month.
#[test]
fn wallets_are_cut_like_accounts() {
    let toml = include_str!("../../policy/rulebooks/cn/rulebook.toml");
    let access = include_str!("../../policy/rulebooks/cn/access.cedar");
    let guarantee = "\"deposits\", \"real_estate\", \"public_record\"]\n";
    for (detail, months) in [("summary", &[][..]), ("latest", &[1])] {
        let changed = toml.replace(guarantee, &format!("{guarantee}detail = \"{detail}\"\n"));
        assert_ne!(toml, changed);
        let folder = tempfile::tempdir().expect("a folder");
        let rulebook = Rulebook::from_texts("cn", access, &changed).expect("a rulebook");
        let report = report(&found(folder.path(), rulebook), Purpose::Guarantee);
        let shown: Vec<usize> = report.wallets.iter().map(|wallet| wallet.months.len()).collect();
        assert_eq!(shown, months);
        assert_eq!(report.summary.payments.map(|payments| payments.months), Some(2));
    }
}
