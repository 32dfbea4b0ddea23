//! The public set of 20,000 Taiwanese card clients as six monthly deliveries of one card lender, through a mapping.
//!
//! Every balance, limit, payment and repayment status of every client is compared with the source.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use tallystick_intake::Layout;
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::fact::{FactBody, FactKind};
use tallystick_model::inquiry::Reason;
use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::tradeline::PaymentRating;
use tallystick_model::{Currency, DataCategory, IdScheme, Identifier, Month, Pseudonymiser, Sensitive, Timestamp};
use tallystick_operations::bureau::{Bureau, Entropy, Keys};
use tallystick_operations::ingest::{ControlTotals, Delivery, Telling, ingest};
use tallystick_operations::member::{Application, admit};
use tallystick_operations::verify::verify;
use tallystick_policy::Rulebook;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/uci_taiwan/clients_1_20000.csv");
const MAPPING: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/layouts/uci_taiwan_card.toml"));

/// Month, and the columns of its repayment status, balance and payment.
const MONTHS: [(&str, &str, &str, &str); 6] = [
    ("2005-04", "PAY_6", "BILL_AMT6", "PAY_AMT6"),
    ("2005-05", "PAY_5", "BILL_AMT5", "PAY_AMT5"),
    ("2005-06", "PAY_4", "BILL_AMT4", "PAY_AMT4"),
    ("2005-07", "PAY_3", "BILL_AMT3", "PAY_AMT3"),
    ("2005-08", "PAY_2", "BILL_AMT2", "PAY_AMT2"),
    ("2005-09", "PAY_0", "BILL_AMT1", "PAY_AMT1"),
];

/// Counts up: salts and ids need only differ here.
struct Counter(u64);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0 += 1;
        bytes.fill(0);
        for (to, from) in bytes.iter_mut().zip(self.0.to_le_bytes()) {
            *to = from;
        }
    }
}

#[test]
fn every_month_of_every_client_is_held_exactly_and_what_the_rulebook_keeps_out_stays_out() {
    if !Path::new(SOURCE).exists() {
        eprintln!("SKIPPED uci_taiwan: the folder `shared/data` is not beside the project");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let keys = Keys { pseudonym: Sensitive::new([7; 32]), signing: Sensitive::new([8; 32]) };
    let pseudonymiser = Pseudonymiser::new(&keys.pseudonym);
    let rulebook = Rulebook::built_in("cn").expect("built in");
    let now = Timestamp::parse("2005-10-01").expect("a date");
    let bureau =
        Bureau::found(folder.path(), "test.example/uci", rulebook, &keys, Box::new(Counter(0)), now).expect("founds");
    let lender = Application {
        code: "CARD".to_owned(),
        name: "Card lender".to_owned(),
        kind: MemberKind::CardIssuer,
        roles: vec![MemberRole::Furnisher],
        duty: ConsentDuty::Attested,
    };
    admit(&bureau, lender, now).expect("admits");
    let layout = Layout::Mapped(Box::new(Mapping::parse(MAPPING).expect("a mapping")));

    for (month, ..) in MONTHS {
        let delivery = Delivery {
            furnisher: "CARD".to_owned(),
            layout: layout.clone(),
            month: Some(Month::parse(month).expect("a month")),
            subject: None,
            provenance: Provenance::FurnisherSigned,
            control_totals: ControlTotals::Enforce,
        };
        let file = File::open(SOURCE).expect("opens");
        let mut telling = Telling { progress: &mut |_| {}, rejects: &mut |_| {} };
        let ingested = ingest(&bureau, &delivery, &file, now, &mut telling).expect("is admitted");
        let kept = &ingested.delivery;
        assert_eq!((kept.records, kept.rejects, kept.subjects), (20_000, 0, 20_000), "{month}");
        assert_eq!(kept.facts, [(FactKind::TradelineMonth, 20_000)], "{month}");
        let rule = || Reason { rule: "cn-41".to_owned(), code: "not_necessary".to_owned() };
        let kept_out: Vec<_> = kept.not_admitted.clone();
        for category in [
            DataCategory::Age,
            DataCategory::Sex,
            DataCategory::Education,
            DataCategory::MaritalStatus,
            DataCategory::OutcomeLabel,
        ] {
            assert!(kept_out.contains(&(category, rule(), 20_000)), "{month} {category}: {kept_out:?}");
        }
        assert_eq!(kept_out.len(), 5);
    }

    let mut source = csv::Reader::from_path(SOURCE).expect("opens");
    let snapshot = bureau.snapshot();
    let mut months_held = 0;
    for row in source.deserialize::<BTreeMap<String, String>>() {
        let row = row.expect("a row");
        let field = |name: &str| -> i64 { row.get(name).expect("a column").parse().expect("a number") };
        let id = format!("CARD/{}", row.get("ID").expect("a column"));
        let identifier = Identifier::parse(IdScheme::MemberNumber, &id).expect("valid");
        let file = snapshot.stored_file(pseudonymiser.subject(&identifier)).expect("reads");
        let held: Vec<_> = file.current().collect();
        assert_eq!(held.len(), MONTHS.len(), "client {id}");
        for (fact, (month, status, balance, paid)) in held.iter().zip(MONTHS) {
            let FactBody::TradelineMonth(tradeline) = &fact.body else { panic!("client {id}: {:?}", fact.body) };
            assert_eq!(fact.key.slot.month, Month::parse(month).ok(), "client {id}");
            let rating = match field(status) {
                -2 => PaymentRating::NothingDue,
                -1 => PaymentRating::PaidInFull,
                0 => PaymentRating::Current,
                months => PaymentRating::Late(u8::try_from(months).expect("1 to 9")),
            };
            assert_eq!(tradeline.rating, rating, "client {id} {month}");
            assert_eq!(tradeline.currency, Currency::TWD);
            assert_eq!(tradeline.balance_minor, Some(field(balance) * 100), "client {id} {month}");
            assert_eq!(tradeline.limit_minor, Some(field("LIMIT_BAL") * 100), "client {id} {month}");
            assert_eq!(tradeline.paid_minor, Some(field(paid) * 100), "client {id} {month}");
            months_held += 1;
        }
    }
    assert_eq!(months_held, 120_000);

    let report = verify(&bureau, &mut |_, _| {});
    assert_eq!(report.findings, []);
    assert_eq!((report.facts, report.subjects, report.deliveries), (120_000, 20_000, 6));
}
