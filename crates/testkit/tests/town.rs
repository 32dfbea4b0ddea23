//! The town: identifiers valid and unique, the same bytes for the same seed, totals right, memory bounded.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};

use sha2::{Digest, Sha256};
use tallystick_model::consent::{ConsentForm, ConsentScope};
use tallystick_model::tradeline::AccountStatus;
use tallystick_model::{DataCategory, Date, IdScheme, Identifier, Month};
use tallystick_testkit::town::{
    BillPeriod, Fault, Faults, PaymentKind, Platform, Risk, Standing, Town, TownSize, Written, card_truth, loan_truth,
    metro2_truth, payment_profile_truth, write_alipay_bill, write_card_csv, write_loan_csv, write_metro2,
    write_payment_profile_csv, write_wechat_bill,
};

const MARCH: &str = "2026-03";

fn month(text: &str) -> Month {
    Month::parse(text).expect("a month")
}

fn town(seed: u64) -> Town {
    Town::new(seed, TownSize::SMALL)
}

fn bytes_of(write: impl FnOnce(&mut Vec<u8>) -> io::Result<Written>) -> (Written, Vec<u8>) {
    let mut bytes = Vec::new();
    let written = write(&mut bytes).expect("a vector takes everything");
    assert_eq!(written.bytes, bytes.len() as u64);
    (written, bytes)
}

#[test]
fn ten_thousand_people_have_valid_identifiers_of_their_own() {
    let town = town(1);
    let mut seen = HashSet::new();
    for person in town.people() {
        let identifier = Identifier::parse(IdScheme::CnResidentId, person.resident_id());
        assert_eq!(identifier.as_ref().ok(), person.identifier().as_ref(), "{}", person.index);
        assert!(seen.insert(identifier.expect("valid")), "{}", person.index);
        assert!((1950..=2005).contains(&person.born.year()));
        let said = format!("{:04}{:02}{:02}", person.born.year(), person.born.month(), person.born.day());
        assert_eq!(person.resident_id()[6..14], said);
        let sequence: u32 = person.resident_id()[14..17].parse().expect("digits");
        assert_eq!(sequence % 2 == 1, person.is_male);
        if let Some(passport) = person.passport() {
            assert!(seen.insert(Identifier::parse(IdScheme::Passport, &passport).expect("valid")), "{passport}");
        }
        let american = town.american(person.index);
        assert!(seen.insert(american.identifier().expect("valid")), "{}", person.index);
        assert!(american.number().starts_with("899"), "no area that was issued before 2011");
        assert!(american.telephone[3..8] == *b"55501");
    }
    assert!(seen.len() > 21_000, "{}: a tenth has a passport", seen.len());
}

#[test]
fn firms_have_valid_codes_and_a_few_have_an_lei() {
    let town = town(1);
    let firms: Vec<_> = (0..2000).map(|index| town.firm(index)).collect();
    let codes: HashSet<_> = firms.iter().map(|firm| &firm.credit_code).collect();
    assert_eq!(codes.len(), 2000);
    assert!(firms.iter().all(|firm| Identifier::parse(IdScheme::CnCreditCode, &firm.credit_code).is_ok()));
    let identifiers: HashSet<_> = firms.iter().filter_map(|firm| firm.legal_entity_identifier.as_ref()).collect();
    assert_eq!(identifiers.len(), 100);
    assert!(identifiers.iter().all(|text| Identifier::parse(IdScheme::Lei, text).is_ok()));
}

#[test]
fn far_away_people_are_valid_too() {
    let town = Town::new(3, TownSize::LARGEST);
    for index in [TownSize::PEOPLE_MAX - 1, 999_999_999, 1 << 29] {
        assert!(town.person(index).identifier().is_some(), "{index}");
    }
    for index in [888_000_000, 100_000_000] {
        assert!(town.american(index).identifier().is_some(), "{index}");
    }
}

/// The bytes of a seed may never change unnoticed: benchmarks and samples rest on them.
#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let hash = |seed: u64| {
        let (town, march) = (town(seed), month(MARCH));
        let faults = Faults::PerMille(20);
        let mut hash = Sha256::new();
        hash.update(bytes_of(|out| write_card_csv(&town, march, 0..1000, &faults, out)).1);
        hash.update(bytes_of(|out| write_loan_csv(&town, march, 0..1000, &faults, out)).1);
        hash.update(bytes_of(|out| write_payment_profile_csv(&town, march, 0..1000, &faults, out)).1);
        hash.update(bytes_of(|out| write_metro2(&town, march, 0..1000, &faults, out)).1);
        let period = BillPeriod { first: march, months: 3 };
        for index in 0..20 {
            let person = town.person(index);
            hash.update(bytes_of(|out| write_alipay_bill(&town, &person, period, &faults, out)).1);
            hash.update(bytes_of(|out| write_wechat_bill(&town, &person, period, &faults, out)).1);
        }
        hex::encode(hash.finalize())
    };
    assert_eq!(hash(1), "02393ef2e9e1ea9a3f870903c1efcf8aee81935a0be3e74f8f4e0eddf4655032");
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

#[test]
fn a_part_of_a_delivery_is_the_same_part_of_the_whole() {
    let (town, march, faults) = (town(1), month(MARCH), Faults::PerMille(50));
    let lines =
        |bytes: Vec<u8>| -> Vec<Vec<u8>> { bytes.split(|byte| *byte == b'\n').skip(1).map(<[u8]>::to_vec).collect() };
    let card = |range| lines(bytes_of(|out| write_card_csv(&town, march, range, &faults, out)).1);
    let (whole, first, second) = (card(0..600), card(0..250), card(250..600));
    let joined: Vec<_> = first[..first.len() - 1].iter().chain(&second).cloned().collect();
    assert_eq!(whole, joined);
    let larger = Town::new(1, TownSize::LARGEST);
    assert_eq!(whole, lines(bytes_of(|out| write_card_csv(&larger, march, 0..600, &faults, out)).1));
}

/// Remembers only how much came at once.
#[derive(Default)]
struct Chunks {
    bytes: u64,
    lines: u64,
    largest: usize,
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len() as u64;
        self.lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.largest = self.largest.max(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn two_hundred_thousand_rows_stream_through_one_small_buffer() {
    let town = Town::new(1, TownSize::LARGEST);
    let mut out = Chunks::default();
    let written = write_card_csv(&town, month(MARCH), 0..305_000, &Faults::None, &mut out).expect("a sink");
    assert!(written.records > 200_000, "{written:?}");
    assert_eq!((out.lines, out.bytes), (written.records + 1, written.bytes));
    assert!(out.largest < (1 << 16) + 4096, "{} bytes at once", out.largest);
}

#[test]
fn the_truth_has_one_expectation_for_each_written_record() {
    let (town, march) = (town(4), month(MARCH));
    for faults in [Faults::None, Faults::PerMille(100), Faults::PerMille(1000)] {
        let rows = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        let (card, bytes) = bytes_of(|out| write_card_csv(&town, march, 0..2000, &faults, out));
        assert_eq!(
            (rows(&bytes) - 1, card_truth(&town, march, 0..2000, &faults).count() as u64),
            (card.records, card.records)
        );
        let (loan, bytes) = bytes_of(|out| write_loan_csv(&town, march, 0..2000, &faults, out));
        assert_eq!(
            (rows(&bytes) - 1, loan_truth(&town, march, 0..2000, &faults).count() as u64),
            (loan.records, loan.records)
        );
        let (profile, bytes) = bytes_of(|out| write_payment_profile_csv(&town, march, 0..500, &faults, out));
        let truth = payment_profile_truth(&town, march, 0..500, &faults).count() as u64;
        assert_eq!((rows(&bytes) - 1, truth), (profile.records, profile.records));
        let (metro2, bytes) = bytes_of(|out| write_metro2(&town, march, 0..500, &faults, out));
        let truth = metro2_truth(&town, march, 0..500, &faults).count() as u64;
        assert_eq!((rows(&bytes) - 2, truth), (metro2.records, metro2.records));
        for written in [card, loan, profile, metro2] {
            match faults {
                Faults::None => assert_eq!(written.faulty, 0),
                Faults::PerMille(1000) => assert_eq!(written.faulty, written.records),
                _ => assert!((50..150).contains(&(written.faulty * 1000 / written.records)), "{written:?}"),
            }
        }
    }
}

#[test]
fn a_fault_at_a_record_is_there_and_nowhere_else() {
    let (town, march) = (town(1), month(MARCH));
    let (_, clean) = bytes_of(|out| write_card_csv(&town, march, 0..100, &Faults::None, out));
    let faults = Faults::At(vec![(3, Fault::ShortRow), (9, Fault::NeverIssued)]);
    let (written, faulty) = bytes_of(|out| write_card_csv(&town, march, 0..100, &faults, out));
    assert_eq!(written.faulty, 1, "a card has no social security number");
    let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
    let differing: Vec<_> =
        lines(&clean).into_iter().zip(lines(&faulty)).enumerate().filter(|(_, (a, b))| a != b).collect();
    assert_eq!(differing.len(), 1);
    let (line, (clean, faulty)) = &differing[0];
    assert_eq!((*line, clean.matches(',').count(), faulty.matches(',').count()), (3, 13, 11));
}

/// Counted by the lines of the file alone, not by the code that writes the trailer.
#[test]
fn the_metro_2_trailer_states_what_is_in_the_file() {
    for faults in [Faults::None, Faults::PerMille(200)] {
        let (written, bytes) = bytes_of(|out| write_metro2(&town(5), month(MARCH), 0..8000, &faults, out));
        let text = String::from_utf8(bytes).expect("ASCII");
        let lines: Vec<&str> = text.lines().collect();
        let (trailer, records) = (lines[lines.len() - 1], &lines[1..lines.len() - 1]);
        assert!(lines[0][4..].starts_with("HEADER") && trailer[4..].starts_with("TRAILER"));
        assert!(lines.iter().all(|line| line[..4].parse() == Ok(line.len())), "descriptor words are lengths");
        let total = |start: usize| trailer[start..start + 9].parse::<usize>().expect("a number");
        assert_eq!(records.len() as u64, written.records);
        assert_eq!((total(11), total(56)), (records.len(), lines.len()));
        let with = |length: usize| records.iter().filter(|line| line.len() == length).count();
        let (j1, j2) = (with(526), with(626));
        assert_eq!((total(38), total(47)), (j1, j2));
        assert!(j1 > 100 && j2 > 100 && with(426) + j1 + j2 == records.len());
        let status = |code: &str| records.iter().filter(|line| &line[123..125] == code).count();
        let (mut stated, mut known) = (BTreeMap::new(), BTreeMap::new());
        for (code, start) in [("11", 83), ("13", 92), ("64", 128), ("71", 146), ("78", 155), ("80", 164), ("97", 254)] {
            stated.insert(code, total(start));
            known.insert(code, status(code));
        }
        assert_eq!(stated, known);
        // Few pay after a charge-off: one or none in a month.
        assert!(known.iter().all(|(code, count)| *count > 0 || *code == "64"), "{known:?}");
        assert_eq!([total(326), total(335), total(344), total(353)], [records.len() + j1 + j2, records.len(), j1, j2]);
        assert_eq!([total(362), total(398)], [records.len() + j1 + j2; 2]);
    }
}

/// Added up from the rows of the text alone.
#[test]
fn a_bill_states_the_totals_of_its_rows() {
    let (town, period) = (town(6), BillPeriod { first: month("2025-11"), months: 4 });
    for person in town.people().take(40) {
        let (_, bytes) = bytes_of(|out| write_alipay_bill(&town, &person, period, &Faults::None, out));
        let (text, _, malformed) = encoding_rs::GB18030.decode(&bytes);
        assert!(!malformed);
        check_totals(&text, 24, 5, 6, &[("收入", "收入"), ("支出", "支出"), ("不计收支", "不计收支")]);
        let (_, bytes) = bytes_of(|out| write_wechat_bill(&town, &person, period, &Faults::None, out));
        let text = String::from_utf8(bytes).expect("UTF-8");
        check_totals(&text, 16, 4, 5, &[("收入", "收入"), ("支出", "支出"), ("中性交易", "/")]);
    }
}

fn check_totals(text: &str, preamble: usize, direction: usize, amount: usize, names: &[(&str, &str)]) {
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[preamble].starts_with("交易时间"), "{}", lines[preamble]);
    let rows = &lines[preamble + 1..];
    assert!(rows.len() >= 40, "{} rows in four months", rows.len());
    assert!(lines.iter().any(|line| line.trim_end_matches(',') == format!("共{}笔记录", rows.len())));
    let times: Vec<&str> = rows.iter().map(|row| &row[..19]).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "newest first");
    for (label, word) in names {
        let of = rows
            .iter()
            .map(|row| row.split(',').collect::<Vec<_>>())
            .filter(|fields| fields[direction].trim() == *word);
        let fen = |text: &str| text.trim().trim_start_matches('¥').replace('.', "").parse::<i64>().expect("an amount");
        let (count, sum) = of.fold((0, 0), |(count, sum), fields| (count + 1, sum + fen(fields[amount])));
        let stated = format!("{label}：{count}笔 {}.{:02}元", sum / 100, sum % 100);
        assert!(lines[..preamble].iter().any(|line| line.trim_end_matches(',') == stated), "{stated}");
    }
}

#[test]
fn wallets_have_a_monthly_rhythm() {
    let town = town(7);
    let months: Vec<_> = (1..=12).filter_map(|number| Month::new(2025, number).ok()).collect();
    let mut kinds = BTreeMap::new();
    for person in town.people().take(200) {
        let salaries: HashSet<_> = (months.iter())
            .flat_map(|month| town.payments(&person, Platform::Wechat, *month))
            .inspect(|payment| *kinds.entry(format!("{:?}", payment.kind)).or_insert(0) += 1)
            .filter(|payment| payment.kind == PaymentKind::Salary)
            .map(|payment| (payment.day.day(), payment.minor))
            .collect();
        assert_eq!(salaries.len(), 1, "one pay day and one salary");
    }
    assert_eq!(kinds.len(), 20, "every kind of payment occurs: {kinds:?}");
}

#[test]
fn consents_name_member_scope_categories_and_time() {
    let town = town(8);
    let mut scopes = HashSet::new();
    for person in town.people().take(500) {
        for consent in town.consents(&person) {
            assert!(consent.valid_from < consent.valid_until && !consent.categories.is_empty());
            assert_eq!(consent.purposes.is_empty(), consent.scope == ConsentScope::Furnish);
            assert!(consent.withdrawn.is_none_or(|date| consent.valid_from < date && date < consent.valid_until));
            let is_conditional = consent.categories.contains(&DataCategory::Income);
            assert!(!is_conditional || consent.form == ConsentForm::WrittenWarned, "cn-7");
            scopes.insert((consent.member, consent.scope.number()));
        }
        let furnishes = |member| {
            town.consents(&person).iter().any(|consent| consent.member == member && consent.purposes.is_empty())
        };
        assert_eq!(furnishes("card-lender"), person.has_card);
        assert_eq!(furnishes("platform"), person.wallet.is_some());
    }
    assert_eq!(scopes.len(), 5, "{scopes:?}");
}

#[test]
fn most_are_in_time_and_every_state_of_an_account_occurs() {
    let (town, march) = (town(9), month(MARCH));
    let cards: Vec<_> = town.people().filter_map(|person| Some((person, town.card_month(&person, march)?))).collect();
    let of = |fits: &dyn Fn(Standing) -> bool| {
        cards.iter().filter(|(_, card)| fits(card.standing)).count() * 1000 / cards.len()
    };
    let in_time = of(&|standing| standing.status() == AccountStatus::Open && !matches!(standing, Standing::Late(_)));
    assert!((900..990).contains(&in_time), "{in_time} per mille");
    for standing in [Standing::Unused, Standing::PaidInFull, Standing::Late(1), Standing::Late(6), Standing::ChargedOff]
    {
        assert!(cards.iter().any(|(_, card)| card.standing == standing), "{standing:?}");
    }
    let risky = cards.iter().filter(|(person, _)| person.risk == Risk::High).count() * 1000 / cards.len();
    assert!((40..100).contains(&risky), "{risky} per mille");
    let of_age = |born: Date, opened: Date| opened.year() - born.year() >= 18;
    assert!(cards.iter().all(|(person, card)| of_age(person.born, card.opened)));
}
