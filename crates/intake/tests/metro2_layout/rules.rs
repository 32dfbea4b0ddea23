//! One rule after the other, on files made here.

use tallystick_intake::layouts::metro2::fields::SegmentKind;
use tallystick_intake::layouts::metro2::{categories, read};
use tallystick_intake::{ControlTotal, FileSummary, Refused};
use tallystick_model::fact::{ReportedRecord, Statement};
use tallystick_model::tradeline::{
    AccountKind, AccountStatus, Liability, PaymentRating, TradelineMonth, TradelineTerms,
};
use tallystick_model::{CategorySet, DataCategory};

use crate::support::{Draft, FIRST_RECORD, Kept, context, lines, read_all, record};

/// The rejects of a file of one record.
fn rejects_of(segments: &[Draft]) -> Vec<String> {
    let (summary, kept) = read_all(&lines(&[record(segments)]));
    let summary = summary.unwrap();
    assert_eq!((summary.records, summary.rejects), (1, kept.rejects.len() as u64));
    kept.reject_lines()
}

fn month_of(record: &ReportedRecord) -> TradelineMonth {
    match &record.statements[0] {
        Statement::TradelineMonth(_, _, month) => *month,
        other => panic!("{other:?}"),
    }
}

fn terms_of(record: &ReportedRecord) -> TradelineTerms {
    match &record.statements[1] {
        Statement::TradelineTerms(_, terms) => terms.clone(),
        other => panic!("{other:?}"),
    }
}

fn loaded(base: Draft) -> ReportedRecord {
    let (summary, mut kept) = read_all(&lines(&[base.bytes]));
    assert_eq!((summary.unwrap().records, kept.reject_lines()), (1, vec![]));
    kept.records.remove(0)
}

#[test]
fn a_good_record_has_no_reject() {
    assert_eq!(rejects_of(&[Draft::base(), Draft::j1(), Draft::j2()]), Vec::<String>::new());
}

#[test]
fn each_fault_of_a_base_segment_is_told_with_code_byte_and_field() {
    let cases = [
        ("TimeStamp", "03322026235959", "R007", "a timestamp (MMDDYYYYhhmmss) or zeros", "14 digits"),
        ("IdentificationNumber", "", "R004", "a value", "blank or zeros"),
        ("ConsumerAccountNumber", "", "R004", "a value", "blank or zeros"),
        ("PortfolioType", "X", "R009", "C, I, L, M, O or R", "`X`"),
        ("AccountType", "", "R004", "a value", "blank or zeros"),
        ("DateOpened", "06312024", "R007", "a date (MMDDYYYY) or zeros", "8 digits"),
        ("DateOpened", "00000000", "R004", "a value", "blank or zeros"),
        ("CreditLimit", "1000", "R006", "digits, or blank", "4 digits"),
        ("HighestCredit", "00002500O", "R006", "digits, or blank", "9 letters and digits"),
        ("TermsDuration", "", "R004", "a value", "blank or zeros"),
        ("ScheduledMonthlyPaymentAmount", "-00000001", "R006", "digits, or blank", "9 characters"),
        ("ActualPaymentAmount", "000.00001", "R006", "digits, or blank", "9 characters"),
        ("AccountStatus", "12", "R009", "an account status", "`12`"),
        ("AccountStatus", "", "R009", "an account status", "blank"),
        ("PaymentRating", "7", "R009", "0 to 6, G, L or blank", "`7`"),
        ("PaymentHistoryProfile", "", "R004", "a value", "blank or zeros"),
        ("CurrentBalance", "ABC", "R006", "digits, or blank", "3 letters"),
        ("AmountPastDue", "ABC", "R006", "digits, or blank", "3 letters"),
        ("OriginalChargeOffAmount", "ABC", "R006", "digits, or blank", "3 letters"),
        ("DateAccountInformation", "00000000", "R004", "a value", "blank or zeros"),
        ("DateAccountInformation", "01019999", "R011", "a date before the year 5461", "a later date"),
        ("DateFirstDelinquency", "13012026", "R007", "a date (MMDDYYYY) or zeros", "8 digits"),
        ("DateClosed", "06142024", "R014", "a date not before `DateOpened`", "an earlier date"),
        ("DateLastPayment", "SMITH", "R007", "a date (MMDDYYYY) or zeros", "5 letters"),
        ("Surname", "", "R004", "a value", "blank or zeros"),
        ("FirstName", "", "R004", "a value", "blank or zeros"),
        ("SocialSecurityNumber", "666123456", "R010", "valid us-ssn", "impossible value"),
        ("SocialSecurityNumber", "21909999", "R010", "nine digits, or zeros", "8 digits"),
        ("DateBirth", "02301980", "R007", "a date (MMDDYYYY) or zeros", "8 digits"),
        ("TelephoneNumber", "202-555-01", "R005", "digits, or blank", "10 characters"),
        ("ECOACode", "", "R004", "a value", "blank or zeros"),
        ("ECOACode", "4", "R009", "1, 2, 3, 5, 7, T, W, X or Z", "`4`"),
        ("FirstLineAddress", "", "R004", "a value", "blank or zeros"),
        ("City", "", "R004", "a value", "blank or zeros"),
        ("State", "", "R004", "a value", "blank or zeros"),
        ("ZipCode", "", "R004", "a value", "blank or zeros"),
    ];
    for (field, value, code, expected, found) in cases {
        let base = Draft::base();
        let byte = FIRST_RECORD + base.at(field);
        let line = format!("{code} record 1 byte {byte} `{field}`: expected {expected}, found {found}");
        assert_eq!(rejects_of(&[base.with(field, value), Draft::j1()]), [line]);
    }
}

#[test]
fn a_wrong_month_of_the_history_is_told_at_its_own_byte() {
    let base = Draft::base().with("PaymentHistoryProfile", "0000000000000X0000000000");
    let byte = FIRST_RECORD + base.at("PaymentHistoryProfile") + 13;
    let expected = "0 to 6, B, D, E, G, H, J, K, L or Z in each month";
    let line = format!("R009 record 1 byte {byte} `PaymentHistoryProfile`: expected {expected}, found `X`");
    assert_eq!(rejects_of(&[base]), [line]);
}

#[test]
fn only_the_first_fault_of_a_segment_is_told() {
    let base = Draft::base().with("ECOACode", "4").with("CurrentBalance", "ABC").with("Surname", "");
    let rejects = rejects_of(&[base, Draft::j1().with("ECOACode", "4")]);
    assert_eq!(rejects.len(), 1);
    assert!(rejects[0].starts_with("R006 record 1 byte 581 `CurrentBalance`"), "{rejects:?}");
}

#[test]
fn statuses_ask_for_a_rating_or_a_first_delinquency() {
    let ask = |status: &str| {
        let base = Draft::base().with("AccountStatus", status);
        let with_rating = base.clone().with("PaymentRating", "0");
        let with_date = base.clone().with("DateFirstDelinquency", "01152026");
        let with_both = with_rating.clone().with("DateFirstDelinquency", "01152026");
        let field = |base: Draft| match rejects_of(&[base]).as_slice() {
            [] => "-",
            [line] if line.starts_with("R017 record 1 byte 552 `PaymentRating`: expected a value for status") => {
                "rating"
            }
            [line]
                if line.starts_with("R017 record 1 byte 616 `DateFirstDelinquency`: expected a value for status") =>
            {
                "delinquency"
            }
            other => panic!("{other:?}"),
        };
        [base, with_rating, with_date, with_both].map(field).join(" ")
    };
    for status in ["11", "DA", "DF"] {
        assert_eq!(ask(status), "- - - -", "{status}");
    }
    for status in ["05", "13"] {
        assert_eq!(ask(status), "rating - rating -", "{status}");
    }
    for status in ["61", "62", "63", "64", "71", "78", "80", "82", "83", "84", "93", "96", "97"] {
        assert_eq!(ask(status), "delinquency delinquency - -", "{status}");
    }
    for status in ["65", "88", "89", "94", "95"] {
        assert_eq!(ask(status), "rating delinquency rating -", "{status}");
    }
}

#[test]
fn statuses_and_ratings_become_those_of_the_model() {
    use AccountStatus as Status;
    use PaymentRating as Rating;
    let cases = [
        ("05", "2", Status::Transferred, Rating::Late(2)),
        ("11", " ", Status::Open, Rating::Current),
        // Blank is what the format wants here; a rating is read and the status holds.
        ("11", "3", Status::Open, Rating::Current),
        ("13", "0", Status::Closed, Rating::Current),
        ("61", " ", Status::PaidAfterTrouble, Rating::Repossession),
        ("62", " ", Status::PaidAfterTrouble, Rating::Collection),
        ("63", " ", Status::PaidAfterTrouble, Rating::Repossession),
        ("64", " ", Status::PaidAfterTrouble, Rating::ChargeOff),
        ("65", "6", Status::PaidAfterTrouble, Rating::Late(6)),
        ("71", " ", Status::Open, Rating::Late(1)),
        ("78", " ", Status::Open, Rating::Late(2)),
        ("80", " ", Status::Open, Rating::Late(3)),
        ("82", " ", Status::Open, Rating::Late(4)),
        ("83", " ", Status::Open, Rating::Late(5)),
        ("84", " ", Status::Open, Rating::Late(6)),
        ("88", "L", Status::GovernmentClaim, Rating::ChargeOff),
        ("89", "1", Status::Foreclosure, Rating::Late(1)),
        ("93", " ", Status::Collection, Rating::Collection),
        ("94", "G", Status::Foreclosure, Rating::Collection),
        ("95", "5", Status::Repossession, Rating::Late(5)),
        ("96", " ", Status::Repossession, Rating::Repossession),
        ("97", " ", Status::ChargeOff, Rating::ChargeOff),
        ("DA", " ", Status::Deleted, Rating::Unknown),
        ("DF", "1", Status::DeletedForFraud, Rating::Late(1)),
    ];
    for (code, rating_code, status, rating) in cases {
        let base = Draft::base().with("AccountStatus", code).with("PaymentRating", rating_code);
        let month = month_of(&loaded(base.with("DateFirstDelinquency", "01152026")));
        assert_eq!((month.status, month.rating), (status, rating), "{code} {rating_code}");
    }
}

#[test]
fn a_good_record_says_what_it_holds() {
    let loan = loaded(Draft::base());
    let month = month_of(&loan);
    assert_eq!((month.kind, month.limit_minor), (AccountKind::AutoLoan, Some(2_500_000)));
    let terms = terms_of(&loan);
    assert_eq!((terms.term_months, terms.highest_minor), (Some(60), Some(2_500_000)));
    assert_eq!(terms.history[20..22], [PaymentRating::Current, PaymentRating::Unknown]);
    assert_eq!(terms.history.len(), 24);
    let card = Draft::base().with("PortfolioType", "R").with("AccountType", "18").with("TermsDuration", "REV");
    let (open, limited) = (loaded(card.clone()), loaded(card.with("CreditLimit", "000005000")));
    assert_eq!((month_of(&open).limit_minor, terms_of(&open).term_months), (None, None));
    assert_eq!(month_of(&limited).limit_minor, Some(500_000));
    // Closed on the day it was opened is no contradiction.
    assert_eq!(terms_of(&loaded(Draft::base().with("DateClosed", "06152024"))).closed, terms.opened);
    // An account type nobody told us of is no fault.
    assert_eq!(month_of(&loaded(Draft::base().with("AccountType", "Q9"))).kind, AccountKind::Other);
}

#[test]
fn each_month_of_the_history_becomes_a_rating_of_the_model() {
    use PaymentRating as Rating;
    let base = Draft::base().with("PaymentHistoryProfile", "0123456BDEGHJKLZ01234560");
    let expected = [
        Rating::Current,
        Rating::Late(1),
        Rating::Late(2),
        Rating::Late(3),
        Rating::Late(4),
        Rating::Late(5),
        Rating::Late(6),
        Rating::Unknown,
        Rating::Unknown,
        Rating::NothingDue,
        Rating::Collection,
        Rating::Foreclosure,
        Rating::Repossession,
        Rating::Repossession,
        Rating::ChargeOff,
        Rating::Unknown,
    ];
    let terms = terms_of(&loaded(base));
    assert_eq!(terms.history[..16], expected);
    assert_eq!(terms.reported_month.map(|month| month.to_string()), Some("2026-03".to_owned()));
}

#[test]
fn blank_amounts_are_not_reported_and_zeros_are_zero() {
    let base = Draft::base().with("CurrentBalance", "").with("ActualPaymentAmount", "000000000");
    let month = month_of(&loaded(base));
    assert_eq!((month.balance_minor, month.paid_minor), (None, Some(0)));
}

#[test]
fn each_associated_subject_has_a_record_of_the_account() {
    let (summary, kept) = read_all(&lines(&[record(&[Draft::base(), Draft::j1(), Draft::j2()])]));
    assert_eq!((summary.unwrap().rejects, kept.records.len()), (0, 3));
    let subjects = kept.records.iter().map(|record| record.identifiers[0].text().expose().as_str());
    assert_eq!(subjects.collect::<Vec<_>>(), ["219099998", "219099997", "219099996"]);
    let bound: Vec<_> = kept.records.iter().map(|record| terms_of(record).liability).collect();
    assert_eq!(bound, [Liability::Holder, Liability::Joint, Liability::Guarantor]);
    assert!(kept.records.iter().all(|record| month_of(record) == month_of(&kept.records[0])));
    let identity = |place: usize| match &kept.records[place].statements[2] {
        Statement::Identity(account, identity) => (account.expose().clone(), identity.clone()),
        other => panic!("{other:?}"),
    };
    let text = |text: &Option<tallystick_model::Sensitive<String>>| text.as_ref().unwrap().expose().clone();
    // A J1 lives where the base consumer lives.
    assert_eq!(text(&identity(1).1.address), "2 ELM STREET, SPRINGFIELD, IL, 62701");
    assert_eq!(text(&identity(2).1.address), "3 OAK STREET, PEORIA, IL, 61601");
    assert_eq!(text(&identity(2).1.name), "ROE, RICHARD");
    assert_eq!(text(&identity(2).1.telephone), "2025550199");
    assert_eq!(identity(1).0, b"ACCOUNT1");
}

#[test]
fn ecoa_codes_say_how_a_subject_is_bound() {
    let bound = |code: &str| {
        let record = loaded(Draft::base().with("ECOACode", code));
        (terms_of(&record).liability, month_of(&record).status)
    };
    let open = AccountStatus::Open;
    assert_eq!(bound("1"), (Liability::Holder, open));
    assert_eq!(bound("2"), (Liability::Joint, open));
    assert_eq!(bound("3"), (Liability::AuthorisedUser, open));
    assert_eq!(bound("5"), (Liability::Guarantor, open));
    assert_eq!(bound("7"), (Liability::Maker, open));
    assert_eq!(bound("T"), (Liability::Terminated, open));
    assert_eq!(bound("X"), (Liability::Deceased, open));
    assert_eq!(bound("W"), (Liability::Holder, open));
    assert_eq!(bound("Z"), (Liability::Terminated, AccountStatus::Deleted));
    // A firm has no first name.
    assert_eq!(rejects_of(&[Draft::base().with("ECOACode", "W").with("FirstName", "")]), Vec::<String>::new());
}

#[test]
fn a_bad_associated_subject_is_rejected_alone() {
    let bad = Draft::j1().with("SocialSecurityNumber", "000000000");
    let base = Draft::base();
    let (summary, kept) = read_all(&lines(&[record(&[base.clone(), bad.clone(), Draft::j2()])]));
    let byte = FIRST_RECORD + base.bytes.len() + bad.at("SocialSecurityNumber");
    let line = format!(
        "R010 record 1 byte {byte} `J1.SocialSecurityNumber`: expected a social security number, found blank or zeros"
    );
    assert_eq!(kept.reject_lines(), [line]);
    assert_eq!(kept.records.len(), 2, "the base consumer and the J2");
    assert_eq!(summary.unwrap().set_aside[0].1, 1);
    let byte = FIRST_RECORD + base.bytes.len() + Draft::j2().at("ECOACode");
    let line = format!("R009 record 1 byte {byte} `J2.ECOACode`: expected 1, 2, 3, 5, 7, T, W, X or Z, found `9`");
    assert_eq!(rejects_of(&[base.clone(), Draft::j2().with("ECOACode", "9")]), [line]);
    let byte = FIRST_RECORD + base.bytes.len() + Draft::j2().at("DateBirth");
    let line = format!("R007 record 1 byte {byte} `J2.DateBirth`: expected a date (MMDDYYYY) or zeros, found 8 digits");
    assert_eq!(rejects_of(&[base, Draft::j2().with("DateBirth", "99999999")]), [line]);
}

#[test]
fn unknown_and_short_segments_are_rejected_and_the_base_is_loaded() {
    let good = record(&[Draft::base(), Draft::j1()]);
    let after = |tail: &[u8]| {
        let (summary, kept) = read_all(&lines(&[[good.as_slice(), tail].concat()]));
        assert_eq!((summary.unwrap().records, kept.records.len()), (1, 2));
        kept.reject_lines()
    };
    let unknown = "R012 record 1 byte 953 `SegmentIdentifier`: expected J1, J2, K1, K2, K3, K4, L1 or N1, found `Q7`";
    assert_eq!(after(b"Q7 SOMETHING"), [unknown]);
    let short = "R013 record 1 byte 953 `J2`: expected 200 bytes, found 199 bytes";
    assert_eq!(after(&Draft::j2().bytes[..199]), [short]);
    let long = [Draft::j2().bytes.as_slice(), b"x"].concat();
    let misplaced = "R013 record 1 byte 953 `J2`: expected 200 bytes, found something else than a segment after them";
    assert_eq!(after(&long), [misplaced]);
    assert_eq!(after(b"          "), Vec::<String>::new(), "blanks fill up to a fixed length");
}

#[test]
fn bytes_missing_or_too_many_in_the_base_segment_reject_the_record() {
    let whole = record(&[Draft::base(), Draft::j1()]);
    for (missing, at) in [(1, 30), (7, 20), (50, 60)] {
        let mut bytes = whole.clone();
        bytes.drain(at..at + missing);
        let (summary, kept) = read_all(&lines(&[bytes]));
        let line = format!(
            "R001 record 1 byte 427 `Base`: expected 426 bytes and whole segments, found {} bytes",
            526 - missing
        );
        assert_eq!((kept.reject_lines(), kept.records.len()), (vec![line], 0));
        assert_eq!(summary.unwrap().rejects, 1);
    }
    let short = "R001 record 1 byte 427 `Base`: expected 426 bytes and whole segments, found 425 bytes";
    assert_eq!(read_all(&lines(&[whole[..425].to_vec()])).1.reject_lines(), [short]);
}

#[test]
fn names_beyond_ascii_must_be_utf_8() {
    let with_name = |name: &[u8]| {
        let mut base = Draft::base();
        let at = base.at("Surname");
        base.bytes[at..at + name.len()].copy_from_slice(name);
        base
    };
    assert_eq!(rejects_of(&[with_name("NUÑEZ".as_bytes())]), Vec::<String>::new());
    let line = "R003 record 1 byte 658 `Surname`: expected ASCII or UTF-8, found 5 bytes beyond ASCII";
    assert_eq!(rejects_of(&[with_name(b"NU\xd1EZ")]), [line]);
}

#[test]
fn addresses_abroad_need_no_state_and_no_postal_code() {
    let abroad = Draft::base().with("CountryCode", "CA").with("State", "").with("ZipCode", "");
    assert_eq!(rejects_of(&[abroad]), Vec::<String>::new());
}

#[test]
fn a_subject_without_a_number_is_known_by_its_account() {
    let subject = |number: &str| {
        let base = Draft::base().with("SocialSecurityNumber", number).with("ConsumerAccountNumber", "12 34%");
        format!("{:?} {}", loaded(base.clone()).identifiers, loaded(base).identifiers[0].text().expose())
    };
    assert_eq!(subject("000000000"), "[member-number:[sensitive]] F7/12%2034%25");
    assert_eq!(subject(""), subject("000000000"));
}

#[test]
fn categories_that_are_not_admitted_are_counted_and_go_no_further() {
    let employment = Draft::blank(SegmentKind::N1)
        .with("SegmentIdentifier", "N1")
        .with("EmployerName", "TOWN HALL")
        .with("Occupation", "CLERK");
    let file = lines(&[record(&[Draft::base(), Draft::j1(), employment])]);
    let read_with = |admitted: CategorySet| {
        let mut kept = Kept::default();
        let summary = read(&mut file.as_slice(), &context(admitted), &mut kept).unwrap();
        assert_eq!((summary.records, summary.rejects), (1, 0));
        let kinds = kept.records.iter().map(|record| {
            let kinds = record.statements.iter().map(|statement| match statement {
                Statement::TradelineMonth(..) => "month".to_owned(),
                Statement::TradelineTerms(..) => "terms".to_owned(),
                Statement::Identity(_, identity) => {
                    let name = identity.name.as_ref().map_or("no name", |_| "name");
                    let attributes =
                        identity.attributes.iter().map(|(category, text)| format!("{category:?} {}", text.expose()));
                    [name.to_owned()].into_iter().chain(attributes).collect::<Vec<_>>().join(" ")
                }
                other => panic!("{other:?}"),
            });
            kinds.collect::<Vec<_>>().join(", ")
        });
        (kinds.collect::<Vec<_>>().join(" | "), kept.not_admitted)
    };
    use DataCategory::{Credit, Identity, Occupation};
    let only = |category| CategorySet::EMPTY.with(category);
    assert_eq!(categories().iter().collect::<Vec<_>>(), [Identity, Credit, Occupation]);
    assert_eq!(
        read_with(categories()),
        ("month, terms, name Occupation TOWN HALL; CLERK | month, terms, name".to_owned(), vec![])
    );
    assert_eq!(
        read_with(only(Credit)),
        ("month, terms | month, terms".to_owned(), vec![(Identity, 2), (Occupation, 1)])
    );
    assert_eq!(read_with(only(Identity)), ("name | name".to_owned(), vec![(Credit, 4), (Occupation, 1)]));
    assert_eq!(
        read_with(only(Occupation)),
        ("no name Occupation TOWN HALL; CLERK".to_owned(), vec![(Identity, 2), (Credit, 4)])
    );
    assert_eq!(read_with(CategorySet::EMPTY), (String::new(), vec![(Identity, 2), (Credit, 4), (Occupation, 1)]));
}

fn totals_of(records: &[Vec<u8>], trailer: Draft) -> FileSummary {
    let mut file = [Draft::header().bytes.as_slice(), b"\n"].concat();
    for record in records {
        file.extend_from_slice(record);
        file.push(b'\n');
    }
    file.extend_from_slice(&trailer.bytes);
    read_all(&file).0.unwrap()
}

#[test]
fn totals_count_rejected_records_as_they_stand() {
    let rejected = Draft::base().with("CurrentBalance", "ABC").with("AccountStatus", "97").with("ECOACode", "Z");
    let uncut = Draft::base().bytes[..400].to_vec();
    let cut_off = [Draft::base().bytes.as_slice(), &Draft::j2().bytes[..150]].concat();
    let trailer = Draft::trailer()
        .with("TotalBaseRecords", "000000004")
        .with("TotalConsumerSegmentsJ1", "000000001")
        .with("TotalConsumerSegmentsJ2", "000000001")
        .with("TotalStatusCode11", "000000002")
        .with("TotalStatusCode97", "000000001")
        .with("TotalECOACodeZ", "000000001")
        .with("TotalSocialNumbersAllSegments", "000000004")
        .with("TotalSocialNumbersBaseSegments", "000000003")
        .with("TotalSocialNumbersJ1Segments", "000000001")
        .with("TotalDatesBirthAllSegments", "000000004")
        .with("TotalDatesBirthBaseSegments", "000000003")
        .with("TotalDatesBirthJ1Segments", "000000001")
        .with("TotalTelephoneNumbersAllSegments", "000000003")
        .with("BlockCount", "000000006");
    let summary = totals_of(&[Draft::base().bytes, record(&[rejected, Draft::j1()]), uncut, cut_off], trailer);
    assert_eq!((summary.records, summary.rejects), (4, 3));
    let disagree: Vec<_> = summary.control_totals.iter().filter(|total| !total.agrees()).collect();
    assert_eq!(disagree, Vec::<&ControlTotal>::new());
}

#[test]
fn a_total_that_can_not_be_read_is_none_and_a_blank_one_is_left_out() {
    let trailer = Draft::trailer().with("TotalBaseRecords", "ABC").with("TotalStatusCode05", "");
    let summary = totals_of(&[Draft::base().bytes], trailer);
    let total = |name: &str| summary.control_totals.iter().find(|total| total.name == name);
    assert_eq!(total("TotalBaseRecords").map(|total| (total.stated, total.counted)), Some((None, 1)));
    assert_eq!(total("TotalStatusCode05"), None);
    assert_eq!(total("TotalStatusCode11").map(|total| total.agrees()), Some(false));
}

#[test]
fn a_sink_that_stops_is_obeyed() {
    let mut kept = Kept { stop_after: Some(2), ..Kept::default() };
    let file = lines(&vec![Draft::base().bytes; 5]);
    let stopped = read(&mut file.as_slice(), &context(categories()), &mut kept);
    assert!(matches!(stopped, Err(Refused::Stopped)));
    assert_eq!(kept.records.len(), 2);
}
