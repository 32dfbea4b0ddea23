//! Foreign files read whole: what is refused, rejected, counted, and what facts come out.

use tallystick_intake::{ControlTotal, FileSummary, Refused};
use tallystick_model::fact::{RecordPlace, ReportedRecord, Statement};
use tallystick_model::identity::Identity;
use tallystick_model::tradeline::{
    AccountKind, AccountStatus, Liability, PaymentRating, TradelineMonth, TradelineTerms,
};
use tallystick_model::{Currency, Date, Identifier, Month, Sensitive};

use crate::support::{Draft, foreign, read_all};

const TOTALS: usize = 43;

fn account(number: &str) -> Sensitive<Vec<u8>> {
    number.as_bytes().to_vec().into()
}

fn some_text(text: &str) -> Option<Sensitive<String>> {
    Some(text.to_owned().into())
}

fn month(year: u16, month: u8) -> Month {
    Month::new(year, month).unwrap()
}

/// The first record of cfpb's small file, as facts.
fn small_first_record() -> ReportedRecord {
    let (two, one, none) = (PaymentRating::Late(2), PaymentRating::Late(1), PaymentRating::Current);
    let mut history = vec![two, two, two, two, one, one];
    history.extend([none; 18]);
    history[19] = one;
    history[21] = one;
    ReportedRecord {
        place: RecordPlace { record: 1, byte: 427 },
        identifiers: vec![Identifier::parse_tagged("us-ssn:333224444").unwrap()],
        statements: vec![
            Statement::TradelineMonth(
                account("ACCTNUMBER1"),
                month(2023, 3),
                TradelineMonth {
                    kind: AccountKind::LineOfCredit,
                    status: AccountStatus::Open,
                    rating: PaymentRating::Late(1),
                    currency: Currency::USD,
                    balance_minor: Some(49_800),
                    past_due_minor: Some(19_800),
                    limit_minor: Some(21_000_000),
                    paid_minor: Some(19_000),
                    scheduled_minor: Some(20_000),
                },
            ),
            Statement::TradelineTerms(
                account("ACCTNUMBER1"),
                TradelineTerms {
                    kind: AccountKind::LineOfCredit,
                    currency: Currency::USD,
                    opened: Some(Date::constant(2017, 11, 30)),
                    closed: None,
                    first_delinquency: Some(Date::constant(2022, 9, 29)),
                    highest_minor: Some(1_912_300),
                    term_months: None,
                    reported_month: Some(month(2023, 3)),
                    history,
                    liability: Liability::Holder,
                },
            ),
            Statement::Identity(
                account("ACCTNUMBER1"),
                Identity {
                    name: some_text("SURNAME1, FIRSTNAME1 MIDDLENAME1 JR"),
                    born: Some(Date::constant(1967, 5, 22).into()),
                    telephone: some_text("3333334444"),
                    address: some_text("123 EXAMPLE ST. N., APT. 200, HOUSTON, TX, 77000, US"),
                    account_number: some_text("ACCTNUMBER1"),
                    attributes: Vec::new(),
                },
            ),
        ],
    }
}

#[test]
fn a_small_file_gives_its_facts_and_names_the_faults_of_the_rest() {
    let Some(file) = foreign("cfpb/m2_file_small.txt") else { return };
    let (summary, kept) = read_all(&file);
    let summary = summary.unwrap();
    assert_eq!(
        kept.reject_lines(),
        [
            "R010 record 1 byte 922 `J1.SocialSecurityNumber`: expected a social security number, found blank or zeros",
            "R010 record 1 byte 1022 `J1.SocialSecurityNumber`: expected a social security number, found blank or zeros",
            "R010 record 3 byte 1846 `SocialSecurityNumber`: expected valid us-ssn, found impossible value",
        ]
    );
    assert_eq!(file[922..931], *b"000000000");
    assert_eq!(file[1846..1855], *b"999887777");
    assert_eq!((summary.records, summary.rejects), (3, 3));
    let aside = |reason: &str, count| (reason.to_owned(), count);
    let not_kept = aside("K1, K2, K3 and K4 segments: read, nothing of them kept", 2);
    assert_eq!(summary.set_aside, [aside("segments refused by themselves, their record loaded", 2), not_kept]);
    assert_eq!(kept.records.len(), 2);
    assert_eq!(kept.records[0], small_first_record());
    // No social security number: the furnisher's account number stands for the subject.
    assert_eq!(kept.records[1].identifiers, [Identifier::parse_tagged("member-number:F7/ACCTNUMBER2").unwrap()]);
    assert_eq!(kept.records[1].place, RecordPlace { record: 2, byte: 1054 });
}

#[test]
fn a_trailer_of_another_file_disagrees_and_binds() {
    let Some(file) = foreign("cfpb/m2_file_small.txt") else { return };
    let summary = read_all(&file).0.unwrap();
    assert!(summary.control_totals_bind);
    // The block count of zero states nothing.
    assert_eq!(summary.control_totals.len(), TOTALS - 1);
    assert_eq!(total(&summary, "TotalBaseRecords"), (Some(564_618), 3));
    assert_eq!(total(&summary, "TotalConsumerSegmentsJ1"), (Some(156_945), 2));
    assert_eq!(total(&summary, "TotalStatusCode71"), (Some(12_365), 1));
    assert_eq!(total(&summary, "TotalSocialNumbersBaseSegments"), (Some(564_616), 2), "zeros are no number");
    assert_eq!(total(&summary, "TotalTelephoneNumbersAllSegments"), (Some(696_616), 3));
    assert!(!summary.control_totals.iter().all(ControlTotal::agrees));
}

fn total(summary: &FileSummary, name: &str) -> (Option<i64>, i64) {
    let total = summary.control_totals.iter().find(|total| total.name == name).unwrap_or_else(|| panic!("{name}"));
    (total.stated, total.counted)
}

#[test]
fn a_record_of_wrong_length_is_rejected_and_the_others_are_loaded() {
    let Some(file) = foreign("cfpb/m2_file_small_with_error.txt") else { return };
    let (summary, kept) = read_all(&file);
    assert_eq!(
        kept.reject_lines(),
        ["R001 record 3 byte 1349 `Base`: expected 426 bytes and whole segments, found 473 bytes"]
    );
    let summary = summary.unwrap();
    assert_eq!((summary.records, summary.rejects), (3, 1));
    assert_eq!(summary.set_aside, [("K1, K2, K3 and K4 segments: read, nothing of them kept".to_owned(), 2)]);
    assert_eq!(kept.records.len(), 2);
    assert_eq!(kept.records[0], small_first_record());
}

#[test]
fn segments_that_are_carried_unused_are_set_aside_and_not_rejected() {
    let Some(file) = foreign("cfpb/m2_extra_extra_segments.txt") else { return };
    let (summary, kept) = read_all(&file);
    assert_eq!(
        kept.reject_lines(),
        ["R010 record 3 byte 4654 `SocialSecurityNumber`: expected valid us-ssn, found impossible value"]
    );
    let summary = summary.unwrap();
    assert_eq!(summary.set_aside, [("J1 and J2 segments without content".to_owned(), 24)]);
    assert_eq!(total(&summary, "TotalConsumerSegmentsJ1").1, 0);
    assert_eq!(kept.records[0], small_first_record());
}

#[test]
fn four_bytes_before_some_records_are_block_descriptor_words() {
    let (Some(plain), Some(prefixed)) =
        (foreign("cfpb/m2_file_small.txt"), foreign("cfpb/test_normalize_format/small_after_normalization.txt"))
    else {
        return;
    };
    let (plain, prefixed) = (read_all(&plain), read_all(&prefixed));
    let without_places = |mut records: Vec<ReportedRecord>| {
        records.iter_mut().for_each(|record| record.place.byte = 0);
        records
    };
    assert_eq!(prefixed.1.records[0].place.byte, 427 + 4);
    assert_eq!(without_places(prefixed.1.records), without_places(plain.1.records));
    assert_eq!(prefixed.0.unwrap(), plain.0.unwrap());
}

#[test]
fn a_file_without_extension_is_read_like_any_other() {
    let Some(file) = foreign("cfpb/test_local_data/file_without_extension") else { return };
    let (summary, kept) = read_all(&file);
    assert_eq!((summary.unwrap().records, kept.records.len(), kept.rejects.len()), (3, 2, 1));
}

#[test]
fn files_without_a_valid_header_are_refused_at_its_first_field_at_fault() {
    let refusals = [
        (
            "cfpb/m2_file_bad_header.txt",
            "byte 47 `ActivityDate`: expected a date (MMDDYYYY), found 8 letters and digits",
        ),
        (
            "cfpb/m2_file_small_no_header.txt",
            "byte 4 `RecordIdentifier`: expected `HEADER` after the descriptor word, found 6 digits",
        ),
        (
            "moov/base_segment.json",
            "byte 4 `RecordIdentifier`: expected `HEADER` after the descriptor word, found 6 characters",
        ),
    ];
    for (name, expected) in refusals {
        let Some(file) = foreign(name) else { return };
        let (refused, kept) = read_all(&file);
        assert_eq!(refused.unwrap_err().to_string(), expected, "{name}");
        assert_eq!((kept.records.len(), kept.rejects.len()), (0, 0), "{name}");
    }
}

/// The three months have no trailer, so each is refused until it gets one.
#[test]
fn three_months_of_the_same_accounts_give_three_months_of_facts() {
    let mut months = Vec::new();
    for name in ["jan", "feb", "mar"] {
        let Some(mut file) = foreign(&format!("cfpb/test_previous_records/{name}-2018.txt")) else { return };
        let refused = read_all(&file).0.unwrap_err();
        assert_eq!(refused.to_string(), "byte 1381: the file ends where a trailer record was expected");
        file.extend(Draft::trailer().with("TotalBaseRecords", "000000002").bytes);
        let (summary, kept) = read_all(&file);
        assert_eq!(total(&summary.unwrap(), "TotalBaseRecords"), (Some(2), 2));
        assert_eq!(
            kept.reject_lines(),
            [
                "R010 record 2 byte 1349 `J1.SocialSecurityNumber`: expected a social security number, found blank or zeros"
            ]
        );
        for record in kept.records {
            let subject = record.identifiers[0].text().expose().clone();
            let Statement::TradelineMonth(_, month, said) = record.statements[0].clone() else { panic!("{record:?}") };
            assert_eq!(said.kind, AccountKind::AutoLoan);
            months.push((subject, month.to_string(), said.rating, said.balance_minor, said.past_due_minor));
        }
    }
    months.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    let (first, second) = ("F7/20150803332591".to_owned(), "F7/20150803333060".to_owned());
    let row = |subject: &String, month: &str, rating, balance, past_due| {
        (subject.clone(), month.to_owned(), rating, Some(balance), Some(past_due))
    };
    assert_eq!(
        months,
        [
            row(&first, "2018-01", PaymentRating::Current, 1_041_200, 0),
            row(&first, "2018-02", PaymentRating::Current, 1_020_000, 0),
            row(&first, "2018-03", PaymentRating::Current, 998_600, 0),
            row(&second, "2018-01", PaymentRating::Late(1), 1_941_400, 10_700),
            row(&second, "2018-02", PaymentRating::Current, 1_898_400, 0),
            row(&second, "2018-03", PaymentRating::Current, 1_857_700, 0),
        ]
    );
}

/// The account of moov's samples was closed before it was opened.
#[test]
fn samples_of_moov_agree_with_their_trailers_though_their_record_is_rejected() {
    let samples = [
        ("moov/unpacked_fixed_file.dat", 667),
        ("moov/unpacked_fixed_request.dat", 624),
        ("moov/unpacked_variable_file.dat", 698),
        ("moov/packed_file.dat", 528),
    ];
    for (name, byte) in samples {
        let Some(file) = foreign(name) else { return };
        let (summary, kept) = read_all(&file);
        let expected = format!(
            "R014 record 1 byte {byte} `DateClosed`: expected a date not before `DateOpened`, found an earlier date"
        );
        assert_eq!(kept.reject_lines(), [expected], "{name}");
        let summary = summary.unwrap();
        assert_eq!((summary.records, summary.rejects), (1, 1), "{name}");
        let disagree: Vec<_> = summary.control_totals.iter().filter(|total| !total.agrees()).collect();
        assert_eq!((summary.control_totals.len(), disagree), (TOTALS, vec![]), "{name}");
        assert_eq!(total(&summary, "BlockCount"), (Some(3), 3), "{name}: header, record and trailer");
    }
}

/// With another opening date the same account is loaded: for its holder and both associated consumers, from the
/// character and from the packed form alike.
#[test]
fn a_mended_sample_gives_one_record_for_each_subject_in_either_form() {
    let (Some(mut text), Some(mut packed)) = (foreign("moov/unpacked_fixed_file.dat"), foreign("moov/packed_file.dat"))
    else {
        return;
    };
    text[470 + 75..470 + 83].copy_from_slice(b"11221999");
    packed[374 + 69..374 + 74].copy_from_slice(&[0, 0xab, 0x3b, 0xef, b's']);
    let (text, packed) = (read_all(&text).1, read_all(&packed).1);
    assert_eq!((text.reject_lines(), packed.reject_lines()), (vec![], vec![]));
    let said = |records: &[ReportedRecord]| {
        records.iter().map(|record| (record.identifiers.clone(), record.statements.clone())).collect::<Vec<_>>()
    };
    assert_eq!(said(&text.records), said(&packed.records));
    let subjects: Vec<_> = text.records.iter().map(|record| record.identifiers[0].text().expose().as_str()).collect();
    assert_eq!(subjects, ["159328759", "445112877", "445112877"]);
    let places: Vec<_> = text.records.iter().map(|record| (record.place.record, record.place.byte)).collect();
    assert_eq!(places, [(1, 470), (1, 896), (1, 996)]);
    let Statement::TradelineMonth(_, reported, said) = &text.records[0].statements[0] else { panic!() };
    assert_eq!(
        (*reported, said.kind, said.status),
        (month(2002, 9), AccountKind::Collection, AccountStatus::PaidAfterTrouble)
    );
    assert_eq!((said.rating, said.balance_minor), (PaymentRating::Collection, Some(223_300)));
    assert_eq!((said.limit_minor, said.paid_minor), (Some(243_800), Some(10_000)));
    let Statement::Identity(_, second) = &text.records[2].statements[2] else { panic!() };
    assert_eq!(second.address, some_text("234 HARRISON PLACE, SUITE #305, LANSING, MI, 72654, US"));
}

#[test]
fn what_crashed_another_reader_is_refused_here() {
    let crashers = [
        (
            "095fc33da8989029f8de95581227c9408d15eed6",
            "byte 1481: the file ends where the rest of a record was expected",
        ),
        (
            "0a80c2ffa71f7b3655f5f50f3e72ff28e4ef092f",
            "byte 426: the file ends where the rest of the header record was expected",
        ),
        ("10c935414cdc13f9358b71f97c819e455cc01ace", "byte 739: the file ends where the rest of a record was expected"),
        ("616e90a06df85c12530b6d9f48b83562b3ff9fe8", "byte 839: the file ends where the rest of a record was expected"),
    ];
    for (name, expected) in crashers {
        let Some(file) = foreign(&format!("moov/crashers/{name}")) else { return };
        let refused = read_all(&file).0.unwrap_err();
        assert!(matches!(refused, Refused::Truncated { .. }), "{name}");
        assert_eq!(refused.to_string(), expected, "{name}");
    }
}
