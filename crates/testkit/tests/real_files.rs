//! Files nobody of us wrote, all the way: through the gate, into the store, into a report, and verified.

#![expect(clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking and tells what it skips")]

use std::fs;
use std::path::{Path, PathBuf};

use tallystick_intake::Layout;
use tallystick_model::consent::{ConsentForm, ConsentScope};
use tallystick_model::consent_terms::ConsentTerms;
use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{DataCategory, Identifier, Sensitive, Timestamp};
use tallystick_operations::bureau::{Bureau, Keys};
use tallystick_operations::consent::{Grant, grant};
use tallystick_operations::ingest::{ControlTotals, Delivery, IngestError, Ingested, Telling, ingest};
use tallystick_operations::member::{Application, admit};
use tallystick_operations::own_report::{Past, own_report};
use tallystick_operations::verify::verify;
use tallystick_policy::Rulebook;
use tallystick_testkit::simulation::chance::{Fuse, SeededEntropy};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");

fn now() -> Timestamp {
    Timestamp::parse("2026-03-01").expect("a date")
}

fn bureau(folder: &Path, rulebook: &str, kind: MemberKind) -> Bureau {
    let keys = Keys { pseudonym: Sensitive::new([7; 32]), signing: Sensitive::new([8; 32]) };
    let rulebook = Rulebook::built_in(rulebook).expect("built in");
    let entropy = Box::new(SeededEntropy::new(1, Fuse::default()));
    let bureau = Bureau::found(folder, "test.example/real", rulebook, &keys, entropy, now()).expect("founds");
    let application = Application {
        code: "F".to_owned(),
        name: "Furnisher".to_owned(),
        kind,
        roles: vec![MemberRole::Furnisher],
        duty: ConsentDuty::Attested,
    };
    admit(&bureau, application, now()).expect("admits");
    bureau
}

fn deliver(
    bureau: &Bureau,
    layout: Layout,
    file: &Path,
    subject: Option<&Identifier>,
    control_totals: ControlTotals,
) -> Result<Ingested, IngestError> {
    let delivery = Delivery {
        furnisher: "F".to_owned(),
        layout,
        month: None,
        subject: subject.cloned(),
        provenance: Provenance::SelfAsserted,
        control_totals,
    };
    let bytes = fs::read(file).expect("reads");
    let mut telling = Telling { progress: &mut |_| {}, rejects: &mut |_| {} };
    ingest(bureau, &delivery, &bytes, now(), &mut telling)
}

fn files(folder: &str) -> Option<Vec<PathBuf>> {
    let Ok(entries) = fs::read_dir(Path::new(DATA).join(folder)) else {
        eprintln!("SKIPPED {folder}: the folder `shared/data` is not beside the project");
        return None;
    };
    let mut files: Vec<_> = entries.map(|entry| entry.expect("reads").path()).filter(|path| path.is_file()).collect();
    files.sort();
    Some(files)
}

#[test]
fn every_real_bill_becomes_monthly_aggregates_of_the_one_who_consented() {
    // How many are as their platform made them; of the others their authors changed rows and left the printed totals.
    for (folder, word, layout, count, untouched) in [
        ("bills/alipay", "alipay", Layout::Alipay, 6, 1),
        ("bills/wechat", "wechat", Layout::Wechat, 6, 0),
        ("bills/bnpl", "jd", Layout::Jd, 1, 1),
        ("bills/bnpl", "mt", Layout::Meituan, 1, 1),
    ] {
        let Some(files) = files(folder) else { return };
        let of_layout = |path: &&PathBuf| {
            path.file_stem().and_then(|name| name.to_str()).is_some_and(|name| name.contains(&format!("-{word}-")))
        };
        let bills: Vec<_> = files.iter().filter(of_layout).collect();
        assert_eq!(bills.len(), count, "{folder} {word}");
        let mut agreeing = 0;
        for file in bills {
            let home = tempfile::tempdir().expect("a folder");
            let bureau = bureau(home.path(), "cn", MemberKind::PaymentPlatform);
            let subject = Identifier::parse_tagged("cn-resident-id:11010519491231002X").expect("valid");
            let denied = deliver(&bureau, layout.clone(), file, Some(&subject), ControlTotals::Report);
            assert!(matches!(denied, Err(IngestError::NoConsent(..))), "{}: {denied:?}", file.display());
            let consent = Grant {
                identifier: subject.clone(),
                member: "F".to_owned(),
                scope: ConsentScope::Furnish,
                purposes: vec![],
                categories: vec![DataCategory::Payments, DataCategory::Income, DataCategory::Securities],
                form: ConsentForm::WrittenWarned,
                valid_until: Timestamp::parse("2027-01-01").expect("a date"),
                evidence: [0; 32],
                terms: ConsentTerms::default(),
            };
            grant(&bureau, consent, now()).expect("grants");
            let deliver = |totals| deliver(&bureau, layout.clone(), file, Some(&subject), totals);
            let taken = match deliver(ControlTotals::Enforce) {
                Err(IngestError::ControlTotals(totals)) => {
                    assert!(!totals.is_empty() && totals.iter().all(|total| !total.agrees()), "{totals:?}");
                    let report = own_report(&bureau, &subject, Past::default(), now()).expect("shows").report;
                    assert!(report.is_none_or(|report| report.wallets.is_empty()), "{}", file.display());
                    deliver(ControlTotals::Report).expect("is taken where totals are only reported")
                }
                taken => {
                    agreeing += 1;
                    taken.expect("is taken")
                }
            };
            let report =
                own_report(&bureau, &subject, Past::default(), now()).expect("shows").report.expect("is permitted");
            let [wallet] = report.wallets.as_slice() else { panic!("{}: {:?}", file.display(), report.wallets) };
            assert_eq!(taken.delivery.fact_count(), wallet.months.len() as u64);
            // Every row is in a flow, set aside, or rejected; a fee comes on top of the row it belongs to.
            let counted: u64 = wallet
                .months
                .iter()
                .flat_map(|(_, month, _)| {
                    let shown = [month.income, month.investments].map(Option::unwrap_or_default);
                    let [income, investments] = shown;
                    [
                        month.spending,
                        month.refunds,
                        month.transfers_out,
                        month.repayments,
                        month.closed,
                        month.own_moves,
                        income,
                        investments,
                    ]
                })
                .map(|flow| u64::from(flow.count))
                .sum();
            let aside: u64 = taken.set_aside.iter().map(|(_, count)| count).sum();
            assert_eq!(counted + aside + taken.delivery.rejects, taken.delivery.records, "{}", file.display());
            assert_eq!(verify(&bureau, &mut |_, _| {}).findings, []);
        }
        assert_eq!(agreeing, untouched, "{folder} {word}");
    }
}

#[test]
fn a_real_bill_whose_totals_disagree_is_refused_and_names_both() {
    let Some(_) = files("bills/wechat") else { return };
    let home = tempfile::tempdir().expect("a folder");
    let bureau = bureau(home.path(), "cn", MemberKind::PaymentPlatform);
    let subject = Identifier::parse_tagged("cn-resident-id:11010519491231002X").expect("valid");
    let consent = Grant {
        identifier: subject.clone(),
        member: "F".to_owned(),
        scope: ConsentScope::Furnish,
        purposes: vec![],
        categories: vec![DataCategory::Payments],
        form: ConsentForm::WrittenWarned,
        valid_until: Timestamp::parse("2027-01-01").expect("a date"),
        evidence: [0; 32],
        terms: ConsentTerms::default(),
    };
    grant(&bureau, consent, now()).expect("grants");
    let before = bureau.snapshot().log_size();
    let file = Path::new(DATA).join("bills/wechat/2019-10-09_9b0a8060_example-wechat-records.csv");
    let refused = deliver(&bureau, Layout::Wechat, &file, Some(&subject), ControlTotals::Enforce);
    let Err(IngestError::ControlTotals(totals)) = refused else { panic!("{refused:?}") };
    let told: Vec<_> = totals.iter().map(|total| (total.name.as_str(), total.stated, total.counted)).collect();
    assert_eq!(told, [("rows", Some(43), 2)]);
    assert_eq!(bureau.snapshot().log_size(), before, "what is refused leaves nothing behind");
}

#[test]
fn real_metro_2_files_are_taken_or_refused_for_their_own_reason() {
    let Some(_) = files("metro2/cfpb") else { return };
    let home = tempfile::tempdir().expect("a folder");
    let bureau = bureau(home.path(), "us", MemberKind::Bank);
    let file = |name: &str| Path::new(DATA).join("metro2/cfpb").join(name);
    let deliver = |name, totals| deliver(&bureau, Layout::Metro2, &file(name), None, totals);

    // Its trailer belongs to another file: enforced, that refuses it and names the totals.
    let refused = deliver("m2_file_small.txt", ControlTotals::Enforce);
    let Err(IngestError::ControlTotals(totals)) = refused else { panic!("{refused:?}") };
    let base = totals.iter().find(|total| total.name == "TotalBaseRecords").expect("is named");
    assert_eq!((base.stated, base.counted), (Some(564_618), 3));
    for name in ["m2_file_bad_header.txt", "m2_file_small_no_header.txt"] {
        assert!(matches!(deliver(name, ControlTotals::Report), Err(IngestError::Refused { .. })), "{name}");
    }
    assert_eq!(bureau.snapshot().log_size(), 2, "what is refused leaves nothing behind");

    let taken = deliver("m2_file_small.txt", ControlTotals::Report).expect("is taken");
    assert_eq!(taken.delivery.records, 3);
    let subject = Identifier::parse_tagged("us-ssn:333224444").expect("valid");
    let report = own_report(&bureau, &subject, Past::default(), now()).expect("shows").report.expect("is permitted");
    let [account] = report.accounts.as_slice() else { panic!("{:?}", report.accounts) };
    let [month] = account.months.as_slice() else { panic!("{:?}", account.months) };
    assert_eq!(month.month.to_string(), "2023-03");
    assert_eq!((month.tradeline.balance_minor, month.tradeline.past_due_minor), (Some(49_800), Some(19_800)));
    assert_eq!(verify(&bureau, &mut |_, _| {}).findings, []);
}
