//! What the town writes, read by intake: every record becomes what the truth says, every fault its reject.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use tallystick_intake::layouts::mapped::Mapping;
use tallystick_intake::{FileSummary, Layout, ReadContext, Refused, Reject, Sink, read_delivery};
use tallystick_model::fact::{ReportedRecord, Statement};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{CategorySet, DataCategory, Identifier, Month};
use tallystick_testkit::reject_code;
use tallystick_testkit::samples::LAYOUTS;
use tallystick_testkit::town::{
    BillPeriod, Expected, Faults, Outcome, Person, Reported, Town, TownSize, alipay_truth, card_truth, loan_truth,
    metro2_truth, payment_profile_truth, wechat_truth, write_alipay_bill, write_card_csv, write_loan_csv, write_metro2,
    write_payment_profile_csv, write_wechat_bill,
};

#[derive(Default)]
struct Taken {
    records: Vec<ReportedRecord>,
    rejects: Vec<Reject>,
}

impl Sink for Taken {
    fn record(&mut self, record: ReportedRecord) {
        self.records.push(record);
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }

    fn not_admitted(&mut self, category: DataCategory, _: u64) {
        unreachable!("everything is admitted, {category:?} too");
    }
}

fn read(layout: &Layout, bytes: &[u8], subject: Option<Identifier>) -> (Result<FileSummary, Refused>, Taken) {
    let provenance = if subject.is_some() { Provenance::SelfAsserted } else { Provenance::FurnisherSigned };
    let context =
        ReadContext { furnisher: "F1".to_owned(), subject, provenance, admitted: CategorySet::all(), month: None };
    let mut taken = Taken::default();
    (read_delivery(layout, &mut &*bytes, &context, &mut taken), taken)
}

fn mapped(file: &str) -> Layout {
    let (_, text) = LAYOUTS.iter().find(|(name, _)| *name == file).expect("is one of the samples");
    Layout::Mapped(Box::new(Mapping::parse(text).expect("a mapping")))
}

/// Reads `bytes` and compares with the truth.
fn check(layout: &Layout, bytes: &[u8], subject: Option<Identifier>, truth: Vec<Expected>) -> FileSummary {
    let (summary, taken) = read(layout, bytes, subject);
    let mut rejects = taken.rejects.iter();
    let mut records = taken.records.iter();
    for Expected { record, outcome } in truth {
        match outcome {
            Outcome::Rejected { fault, field } => {
                let code = reject_code(fault);
                let reject =
                    rejects.next().unwrap_or_else(|| unreachable!("record {record}: {code} `{field}` is missing"));
                assert_eq!(
                    (reject.place.record, reject.code, reject.field.as_str()),
                    (record, code, field),
                    "{reject}"
                );
            }
            Outcome::Reported(reported) => {
                for reported in reported {
                    let found = records.next().unwrap_or_else(|| unreachable!("record {record} is missing"));
                    assert_eq!(found.place.record, record, "{:?}", rejects.next());
                    compare(found, &reported);
                }
            }
        }
    }
    assert_eq!((rejects.next(), records.next()), (None, None));
    summary.expect("is of the layout")
}

fn compare(found: &ReportedRecord, expected: &Reported) {
    assert_eq!(found.identifiers, expected.identifiers);
    let (mut tradeline, mut terms, mut profile, mut name, mut born) = (None, None, None, None, None);
    let account = |account: &[u8]| assert_eq!(account, expected.account.as_bytes());
    for statement in &found.statements {
        match statement {
            Statement::TradelineMonth(of, month, found) => {
                account(of.expose());
                assert_eq!(*month, expected.month);
                tradeline = Some(*found);
            }
            Statement::TradelineTerms(of, found) => {
                account(of.expose());
                terms = Some(found.clone());
            }
            Statement::PaymentProfileMonth(of, month, found) => {
                account(of.expose());
                assert_eq!(*month, expected.month);
                profile = Some(*found);
            }
            Statement::Identity(_, identity) => {
                name = identity.name.as_ref().map(|name| name.expose().clone());
                born = identity.born.as_ref().map(|born| *born.expose());
            }
            Statement::Registry(record) => unreachable!("the town writes no such record: {record:?}"),
        }
    }
    assert_eq!(
        (tradeline, terms, profile, name, born),
        (expected.tradeline, expected.terms.clone(), expected.profile, expected.name.clone(), expected.born)
    );
}

const FAULTS: [Faults; 3] = [Faults::None, Faults::PerMille(30), Faults::PerMille(1000)];

fn town() -> Town {
    Town::new(11, TownSize::SMALL)
}

fn months() -> impl Iterator<Item = Month> {
    ["2019-12", "2026-02", "2026-03", "2031-07"].into_iter().map(|month| Month::parse(month).expect("a month"))
}

#[test]
fn card_csv_is_read_as_written() {
    for (month, faults) in months().flat_map(|month| FAULTS.map(|faults| (month, faults))) {
        let mut bytes = Vec::new();
        let written = write_card_csv(&town(), month, 0..3000, &faults, &mut bytes).expect("a vector");
        let truth = card_truth(&town(), month, 0..3000, &faults).collect();
        let summary = check(&mapped("card.toml"), &bytes, None, truth);
        assert_eq!((summary.records, summary.rejects), (written.records, written.faulty));
    }
}

#[test]
fn loan_csv_is_read_as_written() {
    for (month, faults) in months().flat_map(|month| FAULTS.map(|faults| (month, faults))) {
        let mut bytes = Vec::new();
        let written = write_loan_csv(&town(), month, 0..6000, &faults, &mut bytes).expect("a vector");
        let truth = loan_truth(&town(), month, 0..6000, &faults).collect();
        let summary = check(&mapped("loan.toml"), &bytes, None, truth);
        assert_eq!((summary.records, summary.rejects), (written.records, written.faulty));
    }
}

#[test]
fn payment_profile_csv_is_read_as_written() {
    for (month, faults) in months().flat_map(|month| FAULTS.map(|faults| (month, faults))) {
        let mut bytes = Vec::new();
        let written = write_payment_profile_csv(&town(), month, 0..500, &faults, &mut bytes).expect("a vector");
        let truth = payment_profile_truth(&town(), month, 0..500, &faults).collect();
        let summary = check(&mapped("profile.toml"), &bytes, None, truth);
        assert_eq!((summary.records, summary.rejects), (written.records, written.faulty));
    }
}

#[test]
fn metro_2_is_read_as_written_and_its_control_totals_agree() {
    for (month, faults) in months().flat_map(|month| FAULTS.map(|faults| (month, faults))) {
        let mut bytes = Vec::new();
        let written = write_metro2(&town(), month, 0..1500, &faults, &mut bytes).expect("a vector");
        let truth = metro2_truth(&town(), month, 0..1500, &faults).collect();
        let summary = check(&Layout::Metro2, &bytes, None, truth);
        assert_eq!((summary.records, summary.rejects), (written.records, written.faulty));
        assert!(summary.control_totals.len() > 20, "{:?}", summary.control_totals);
        assert!(summary.control_totals.iter().all(|total| total.agrees()), "{:?}", summary.control_totals);
    }
}

fn bills(
    layout: &Layout,
    write: impl Fn(&Person, BillPeriod, &Faults, &mut Vec<u8>) -> u64,
    truth: impl Fn(&Person, BillPeriod, &Faults) -> Vec<Expected>,
) {
    let period = BillPeriod { first: Month::parse("2025-12").expect("a month"), months: 4 };
    let mut rows = 0;
    for (person, faults) in town().people().take(150).flat_map(|person| FAULTS.map(|faults| (person, faults))) {
        let mut bytes = Vec::new();
        let written = write(&person, period, &faults, &mut bytes);
        let expected = truth(&person, period, &faults);
        let summary = check_bill(layout, &bytes, &person, expected);
        assert_eq!(summary.records, written);
        if faults == Faults::None {
            assert!(summary.control_totals.len() >= 7, "{:?}", summary.control_totals);
            assert!(summary.control_totals.iter().all(|total| total.agrees()), "{:?}", summary.control_totals);
        }
        rows += summary.records;
    }
    assert!(rows > 20_000, "{rows}");
}

/// A bill is reported by months after its rows are read, so rejects come before records whatever their numbers.
fn check_bill(layout: &Layout, bytes: &[u8], person: &Person, truth: Vec<Expected>) -> FileSummary {
    check(layout, bytes, person.identifier(), truth)
}

#[test]
fn alipay_bills_are_read_as_written() {
    bills(
        &Layout::Alipay,
        |person, period, faults, out| {
            write_alipay_bill(&town(), person, period, faults, out).expect("a vector").records
        },
        |person, period, faults| alipay_truth(&town(), person, period, faults).collect(),
    );
}

#[test]
fn wechat_bills_are_read_as_written() {
    bills(
        &Layout::Wechat,
        |person, period, faults, out| {
            write_wechat_bill(&town(), person, period, faults, out).expect("a vector").records
        },
        |person, period, faults| wechat_truth(&town(), person, period, faults).collect(),
    );
}
