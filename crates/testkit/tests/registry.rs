//! The registry's furnishing all the way through the bureau: verbs, rules across records, past states, consent.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod registry_support;

use registry_support::*;
use tallystick_model::consent::ConsentForm;
use tallystick_model::fact::{FactKind, Standing};
use tallystick_model::tradeline::{AccountKind, AccountStatus, Liability, PaymentRating};
use tallystick_model::{Currency, DataCategory, Date};
use tallystick_operations::ingest::IngestError;

#[test]
fn a_loan_becomes_terms_and_months_beside_its_segments() {
    let story = Story::new();
    let ingested = story.load(&opened());
    let counted: Vec<_> = ingested.delivery.facts.iter().map(|(kind, count)| (kind.code(), *count)).collect();
    assert_eq!(
        counted,
        [
            ("tradeline_terms", 1),
            ("tradeline_month", 1),
            ("registry_account_basic", 1),
            ("registry_account_terms", 1),
            ("registry_account_month", 1),
            ("registry_holder", 1)
        ]
    );
    assert_eq!(ingested.delivery.subjects, 1, "whose an account is stands for no subject");
    let report = story.report(ID);
    let [account] = report.accounts.as_slice() else { panic!("{:?}", report.accounts) };
    let terms = account.terms.as_ref().expect("has terms");
    assert_eq!(
        (terms.kind, terms.currency, terms.liability),
        (AccountKind::Mortgage, Currency::CNY, Liability::Holder)
    );
    assert_eq!((terms.highest_minor, terms.term_months), (Some(120_000_000), Some(240)));
    assert_eq!(terms.opened, Some(Date::constant(2025, 6, 1)));
    let month = account.months[0].tradeline;
    assert_eq!((month.status, month.rating), (AccountStatus::Open, PaymentRating::Current));
    assert_eq!((month.balance_minor, month.limit_minor), (Some(120_000_000), Some(120_000_000)));
    story.verify();
}

#[test]
fn later_months_need_no_terms_and_stand_beside_the_first() {
    let story = Story::new();
    story.load(&opened());
    story.load(&monthly("2026-02-28", "2026-02", "1190000", "1"));
    let report = story.report(ID);
    let months: Vec<_> =
        report.accounts[0].months.iter().map(|month| (month.month.to_string(), month.tradeline.rating)).collect();
    assert_eq!(
        months,
        [("2026-01".to_owned(), PaymentRating::Current), ("2026-02".to_owned(), PaymentRating::Late(1))]
    );
    assert_eq!(report.accounts[0].months[1].tradeline.kind, AccountKind::Mortgage, "as the stored terms say");
}

#[test]
fn rules_across_records_refuse_at_the_field_that_breaks_them() {
    let story = Story::new();
    story.load(&opened());
    story.load(&monthly("2026-02-28", "2026-02", "1190000", "N"));
    let unknown = "expected a code that this furnisher has reported and not taken back, found one not on record";
    let other_holder = monthly("2026-02-28", "2026-02", "1", "N").replace(ID, OTHER_ID);
    let closing = account(&[
        basic("D1", "LOAN-1", "2026-02-27", "20"),
        month("2026-02", "3", "0", "C", "<CloseDate>2026-02-20</CloseDate>"),
    ]);
    let table = [
        (
            account(&[basic("D1", "NEW", "2026-02-28", "30"), month("2026-02", "1", "1", "N", "")]),
            "R043",
            "<AcctBsSgmt>",
            "`AcctBsInfSgmt`: expected `AcctBsInfSgmt` with the first record under a code, found none in the record",
        ),
        (
            account(&[basic("R1", "LOAN-1", "2026-02-28", "30"), month("2026-02", "1", "1", "N", "")]),
            "R041",
            "R1<",
            "`AcctType`: expected `D1`, as on record, found `R1`",
        ),
        (
            closing,
            "R042",
            "2026-02-27<",
            "`RptDate`: expected 2026-02-28 or later for a record that closes, found 2026-02-27",
        ),
        (
            other_holder,
            "R049",
            OTHER_ID,
            "`IDNum`: expected the subject on record; another is a correction of the basic segment, found another subject",
        ),
        (rekey("GONE", "X"), "R040", "GONE", &format!("`AcctCode`: {unknown}")),
        (delete("GONE"), "R040", "GONE", &format!("`AcctCode`: {unknown}")),
        (event("GONE", "2026-01", "12", "1"), "R040", "GONE", &format!("`AcctCode`: {unknown}")),
        (
            correct("LOAN-1", "H", "2026-02-28", &month("2025-12", "1", "1", "N", "")),
            "R044",
            "H</Mdfc",
            "`AcctMthlyBlgInfSgmt`: expected `AcctMthlyBlgInfSgmt` of 2025-12 on record, found none",
        ),
        (
            delete_segment("LOAN-1", "E", None),
            "R044",
            "E</Del",
            "`MotgaCltalCtrctInfSgmt`: expected `MotgaCltalCtrctInfSgmt` on record, found none",
        ),
        (
            correct("LOAN-1", "H", "2026-02-28", &month("2026-01", "3", "0", "C", "<CloseDate>2026-01-20</CloseDate>")),
            "R042",
            "2026-02-28<",
            "`RptDate`: expected no closing before 2026-02, which is on record, found closed in 2026-01",
        ),
        (
            account(&[basic("D1", "LOAN-1", "2026-04-30", "30"), month("2026-04", "1", "1", "N", "")]),
            "R020",
            "2026-04-30<",
            "`month`: expected 2026-03 or earlier, found 2026-04",
        ),
    ];
    for (file, code, at, told) in table {
        let byte = file.find(at).unwrap_or_else(|| panic!("{at}"));
        assert_eq!(story.rejected(&file), [format!("{code} record 1 byte {byte} {told}")]);
    }
    story.verify();
}

#[test]
fn an_account_that_is_closed_later_than_all_that_is_held_is_closed() {
    let story = Story::new();
    story.load(&opened());
    story.load(&account(&[
        basic("D1", "LOAN-1", "2026-02-20", "20"),
        standing("3", "0", "C", "<CloseDate>2026-02-20</CloseDate>"),
    ]));
    let report = story.report(ID);
    assert_eq!(report.accounts[0].terms.as_ref().and_then(|terms| terms.closed), Some(Date::constant(2026, 2, 20)));
    assert_eq!(report.accounts[0].months[1].tradeline.status, AccountStatus::Closed);
    assert_eq!((report.summary.accounts, report.summary.accounts_open), (1, 0));
}

#[test]
fn a_correction_supersedes_and_the_past_stays_as_it_was() {
    let story = Story::new();
    let first = story.load(&opened()).delivery.number;
    let mended =
        story.load(&correct("LOAN-1", "H", "2026-02-28", &month("2026-01", "2", "1200000", "3", ""))).delivery.number;
    let report = story.report(ID);
    let month = &report.accounts[0].months[0];
    assert_eq!((month.tradeline.rating, month.corrects, month.delivery), (PaymentRating::Late(3), Some(first), mended));
    // A report of the same month with an older date than the correction does not bring the old statement back.
    story.load(&monthly("2026-02-15", "2026-01", "1200000", "N"));
    assert_eq!(story.report(ID).accounts[0].months[0].tradeline.rating, PaymentRating::Late(3));
    // One that is newer does.
    story.load(&monthly("2026-03-01", "2026-01", "1200000", "2"));
    assert_eq!(story.report(ID).accounts[0].months[0].tradeline.rating, PaymentRating::Late(2));
    assert_eq!(story.ratings_as_recorded(ID, first), [PaymentRating::Current]);
    assert_eq!(story.ratings_as_recorded(ID, mended), [PaymentRating::Late(3)]);
    story.verify();
}

#[test]
fn terms_that_are_corrected_change_what_the_months_say_of_the_account() {
    let story = Story::new();
    story.load(&opened());
    let terms = terms().replace("<BusiDtlLines>11<", "<BusiDtlLines>21<").replace("1200000", "1300000");
    story.load(&correct("LOAN-1", "C", "2026-02-28", &terms));
    let report = story.report(ID);
    let account = &report.accounts[0];
    assert_eq!(
        account.terms.as_ref().map(|terms| (terms.kind, terms.highest_minor)),
        Some((AccountKind::AutoLoan, Some(130_000_000)))
    );
    assert_eq!(
        (account.months[0].tradeline.kind, account.months[0].tradeline.limit_minor),
        (AccountKind::AutoLoan, Some(130_000_000))
    );
}

#[test]
fn segments_are_taken_back_by_letter_and_report_date() {
    let story = Story::new();
    story.load(&opened());
    story.load(&monthly("2026-02-28", "2026-02", "1190000", "1"));
    let ingested = story.load(&delete_segment("LOAN-1", "H", Some(("2026-02-01", "2026-02-28"))));
    let counted: Vec<_> = ingested.delivery.facts.iter().map(|(kind, count)| (kind.code(), *count)).collect();
    assert_eq!(counted, [("tradeline_terms", 1), ("tradeline_month", 1), ("registry_account_month", 1)]);
    let months: Vec<_> = story.report(ID).accounts[0].months.iter().map(|month| month.month.to_string()).collect();
    assert_eq!(months, ["2026-01"]);
    story.verify();
}

#[test]
fn a_whole_account_is_taken_back_and_may_be_reported_again() {
    let story = Story::new();
    let first = story.load(&opened()).delivery.number;
    let gone = story.load(&delete("LOAN-1")).delivery.number;
    assert!(story.report(ID).accounts.is_empty());
    assert_eq!(story.ratings_as_recorded(ID, first), [PaymentRating::Current]);
    assert_eq!(story.ratings_as_recorded(ID, gone), []);
    let again = monthly("2026-02-28", "2026-02", "5", "N");
    assert!(story.rejected(&again)[0].starts_with("R043"), "it is a new account now");
    let again = opened().replace("1200000</AcctBal>", "7</AcctBal>");
    story.load(&again);
    let report = story.report(ID);
    assert_eq!(report.accounts[0].months[0].tradeline.balance_minor, Some(700));
    assert_eq!(report.accounts[0].months[0].corrects, Some(gone));
    story.verify();
}

#[test]
fn a_re_keyed_account_is_the_same_account_there_and_back() {
    let story = Story::new();
    story.load(&opened());
    story.load(&event("LOAN-1", "2026-01", "21", "1"));
    let before = story.report(ID);
    story.load(&rekey("LOAN-1", "LOAN-2"));
    let there = story.report(ID);
    assert_eq!(there.accounts.len(), 1);
    assert_ne!(there.accounts[0].account, before.accounts[0].account);
    assert_eq!(there.accounts[0].terms, before.accounts[0].terms);
    assert_eq!(there.accounts[0].months[0].tradeline, before.accounts[0].months[0].tradeline);
    assert_eq!(there.accounts[0].events.len(), 1);
    assert_eq!(story.segment_text(ID, FactKind::AccountBasic, "AcctCode").as_deref(), Some("LOAN-2"));
    // The old code is free, the new one is known.
    assert!(story.rejected(&monthly("2026-02-28", "2026-02", "1", "N"))[0].starts_with("R043"));
    story.load(&monthly("2026-02-28", "2026-02", "1190000", "N").replace("LOAN-1", "LOAN-2"));
    story.load(&rekey("LOAN-2", "LOAN-1"));
    let back = story.report(ID);
    assert_eq!((back.accounts.len(), back.accounts[0].account), (1, before.accounts[0].account));
    assert_eq!(back.accounts[0].months.len(), 2);
    story.verify();
}

#[test]
fn a_re_key_onto_a_code_that_is_taken_is_refused() {
    let story = Story::new();
    story.load(&(opened() + &opened().replace("LOAN-1", "LOAN-2")));
    let file = rekey("LOAN-1", "LOAN-2");
    let byte = file.find("LOAN-2").expect("is there");
    let told = "`NwBnesCode`: expected a code that nothing is on record under, found one that is taken";
    assert_eq!(story.rejected(&file), [format!("R049 record 1 byte {byte} {told}")]);
}

#[test]
fn an_account_of_another_subject_moves_by_a_correction_of_its_basic_segment() {
    let story = Story::new();
    story.load(&opened());
    let marks = format!("<AcctBsSgmt><Name>LI SI</Name><IDType>10</IDType><IDNum>{OTHER_ID}</IDNum></AcctBsSgmt>");
    story.load(&correct("LOAN-1", "B", "2026-02-28", &marks));
    assert!(story.report(ID).accounts.is_empty());
    assert_eq!(story.report(OTHER_ID).accounts[0].months.len(), 1);
    assert_eq!(story.segment_text(OTHER_ID, FactKind::AccountBasic, "Name").as_deref(), Some("LI SI"));
    assert_eq!(
        story.segment_text(OTHER_ID, FactKind::AccountBasic, "AcctType").as_deref(),
        Some("D1"),
        "stays as it was"
    );
    story.load(&monthly("2026-03-01", "2026-02", "5", "N").replace(ID, OTHER_ID));
    assert_eq!(story.report(OTHER_ID).accounts[0].months.len(), 2);
    // A name alone does not move anything.
    story.load(&correct("LOAN-1", "B", "2026-03-01", "<AcctBsSgmt><Name>LI SHI</Name></AcctBsSgmt>"));
    assert_eq!(story.segment_text(OTHER_ID, FactKind::AccountBasic, "Name").as_deref(), Some("LI SHI"));
    assert_eq!(story.report(OTHER_ID).accounts[0].months.len(), 2);
    story.verify();
}

#[test]
fn guarantors_have_the_account_in_their_own_files_until_they_are_taken_out() {
    let story = Story::new();
    story.load(&account(&[
        basic("D1", "LOAN-1", "2026-01-31", "10"),
        terms(),
        guarantor(OTHER_ID, "500000"),
        month("2026-01", "1", "1200000", "N", ""),
    ]));
    let theirs = |story: &Story| {
        let report = story.report(OTHER_ID);
        report.accounts.iter().filter_map(|account| account.terms.clone()).collect::<Vec<_>>()
    };
    let held = theirs(&story);
    assert_eq!((held[0].liability, held[0].highest_minor), (Liability::Guarantor, Some(50_000_000)));
    assert!(story.report(OTHER_ID).accounts[0].months.is_empty());
    story.load(&correct("LOAN-1", "D", "2026-02-01", &guarantor(OTHER_ID, "300000")));
    assert_eq!(theirs(&story)[0].highest_minor, Some(30_000_000));
    story.load(&rekey("LOAN-1", "LOAN-2"));
    assert_eq!(theirs(&story).len(), 1);
    story.load(&delete_segment("LOAN-2", "D", None));
    assert_eq!(theirs(&story), []);
    assert_eq!(story.report(ID).accounts[0].months.len(), 1);
    story.load(&correct_basics_of_guarantors(&story));
    story.verify();
}

#[test]
fn a_guarantor_learns_that_the_account_is_closed_and_needs_a_consent_where_the_furnisher_promised_none() {
    let guaranteed = account(&[
        basic("D1", "LOAN-1", "2026-01-31", "10"),
        terms(),
        guarantor(OTHER_ID, "500000"),
        month("2026-01", "1", "1200000", "N", ""),
    ]);
    let story = Story::new();
    story.load(&guaranteed);
    story.load(&account(&[
        basic("D1", "LOAN-1", "2026-02-20", "20"),
        standing("3", "0", "C", "<CloseDate>2026-02-20</CloseDate>"),
    ]));
    let closed = story.report(OTHER_ID).accounts[0].terms.as_ref().and_then(|terms| terms.closed);
    assert_eq!(closed, Some(Date::constant(2026, 2, 20)));

    let story = Story::new();
    story.consent_to("BARE", &[DataCategory::Credit], ConsentForm::Written);
    let ingested = story.again_of("BARE", &guaranteed).expect("the holder has consented");
    assert_eq!(rejects(&ingested), Vec::<String>::new());
    let left: Vec<_> = ingested.delivery.not_admitted.iter().map(|(category, _, count)| (*category, *count)).collect();
    assert_eq!((left, ingested.delivery.awaiting_consent), (vec![(DataCategory::Credit, 1)], 1));
    assert_eq!((story.report(ID).accounts.len(), story.report(OTHER_ID).accounts.len()), (1, 0));
}

#[test]
fn a_report_that_is_older_than_what_holds_adds_its_month_and_changes_no_terms() {
    let story = Story::new();
    story.load(&opened());
    let older = terms().replace("1200000", "5");
    story.load(&account(&[basic("D1", "LOAN-1", "2025-12-31", "31"), older, month("2025-12", "1", "7", "N", "")]));
    let report = story.report(ID);
    assert_eq!(report.accounts[0].terms.as_ref().and_then(|terms| terms.highest_minor), Some(120_000_000));
    assert_eq!(story.segment_text(ID, FactKind::AccountBasic, "RptDate").as_deref(), Some("2026-01-31"));
    let months: Vec<_> = report.accounts[0].months.iter().map(|month| month.month.to_string()).collect();
    assert_eq!(months, ["2025-12", "2026-01"]);
}

#[test]
fn a_heading_that_counts_otherwise_refuses_the_delivery() {
    let heading = |count: u32| format!("A0502102.0.0  91000000000001202602010930000{count:07}\n");
    let story = Story::new();
    match story.again(&(heading(2) + &opened())) {
        Err(IngestError::ControlTotals(totals)) => {
            assert_eq!((totals[0].name.as_str(), totals[0].stated, totals[0].counted), ("records", Some(2), 1));
        }
        other => panic!("{other:?}"),
    }
    assert!(story.report(ID).accounts.is_empty());
    story.load(&(heading(1) + &opened()));
}

/// The account again with a guarantor, then all of it taken back.
fn correct_basics_of_guarantors(story: &Story) -> String {
    story.load(&account(&[basic("D1", "LOAN-2", "2026-03-01", "30"), guarantor(OTHER_ID, "100")]));
    assert_eq!(story.report(OTHER_ID).accounts.len(), 1, "named again after it was taken back");
    delete("LOAN-2")
}

#[test]
fn special_events_of_a_month_stand_together_and_are_taken_back_by_their_flag() {
    let story = Story::new();
    story.load(&opened());
    story.load(&event("LOAN-1", "2026-01", "21", "1"));
    story.load(&event("LOAN-1", "2026-01", "12", "1"));
    let codes =
        |story: &Story| story.report(ID).accounts[0].events.iter().map(|event| event.code.clone()).collect::<Vec<_>>();
    assert_eq!(codes(&story), ["12", "21"]);
    story.load(&event("LOAN-1", "2026-01", "21", "0"));
    assert_eq!(codes(&story), ["12"]);
    let told = story.rejected(&event("LOAN-1", "2026-01", "11", "0"));
    assert!(
        told[0].starts_with("R044")
            && told[0].ends_with("expected an event of this type in 2026-01 on record, found none"),
        "{told:?}"
    );
    story.load(&(event("LOAN-1", "2026-01", "21", "1") + "\n"));
    assert_eq!(codes(&story), ["12", "21"]);
    story.verify();
}

#[test]
fn agreements_are_reported_corrected_re_keyed_and_taken_back() {
    let story = Story::new();
    story.load(&agreement("C-1", "50000"));
    let [held] = story.report(ID).agreements.try_into().expect("one agreement");
    assert_eq!((held.limit_minor, held.revolving, held.currency), (Some(5_000_000), true, Currency::CNY));
    assert_eq!(held.until, Some(Date::constant(2027, 1, 1)));
    story.load(&correct_agreement("C-1", "60000"));
    assert_eq!(story.report(ID).agreements[0].limit_minor, Some(6_000_000));
    story.load(&rekey("C-1", "C-2").replace("InAcctIDCagsInf", "InCtrctIDCagsInf").replace("211", "221"));
    assert_eq!(story.report(ID).agreements.len(), 1);
    // An account of the same code as an agreement is another thing.
    story.load(&opened().replace("LOAN-1", "C-2"));
    let file = delete("C-2").replace("InAcctEntDel", "InCtrctEntDel").replace("214", "224");
    story.load(&file);
    let report = story.report(ID);
    assert_eq!((report.agreements.len(), report.accounts.len()), (0, 1));
    story.verify();
}

#[test]
fn one_delivery_has_one_record_about_each_account_except_reports_in_a_row() {
    let story = Story::new();
    let file = opened() + &monthly("2026-02-28", "2026-02", "1190000", "N") + &delete("LOAN-1");
    let ingested = story.load(&file);
    let byte = file.rfind("LOAN-1").expect("is there");
    let told = "`AcctCode`: expected one record of a delivery about each; this one in a delivery of its own, found a record \
                before it about the same";
    assert_eq!(rejects(&ingested), [format!("R046 record 3 byte {byte} {told}")]);
    let report = story.report(ID);
    assert_eq!(report.accounts[0].months.len(), 2);
    assert_eq!(
        report.accounts[0].months[1].tradeline.kind,
        AccountKind::Mortgage,
        "by the terms before it in the file"
    );
    // Not in a row: refused, and the rest is as if it were not there.
    let story = Story::new();
    let file = opened() + &opened().replace("LOAN-1", "LOAN-2") + &monthly("2026-02-28", "2026-02", "1", "N");
    assert!(rejects(&story.load(&file))[0].starts_with("R046 record 3 "));
    assert_eq!(story.report(ID).accounts.len(), 2);
    // Twice the same month in a row: the last report holds.
    let story = Story::new();
    let file = opened() + &monthly("2026-01-31", "2026-01", "1", "N");
    assert_eq!(rejects(&story.load(&file)), [""; 0]);
    let report = story.report(ID);
    assert_eq!(report.accounts[0].months.len(), 1);
    assert_eq!(report.accounts[0].months[0].tradeline.balance_minor, Some(100));
    story.verify();
}

#[test]
fn the_same_file_again_changes_nothing_and_the_same_record_again_is_a_statement_of_its_own() {
    let story = Story::new();
    story.load(&opened());
    assert!(matches!(story.again(&opened()), Err(IngestError::AlreadyDelivered(..))));
    let ingested = story.load(&(opened() + "\n"));
    let counted: Vec<_> = ingested.delivery.facts.iter().map(|(kind, count)| (kind.code(), *count)).collect();
    assert_eq!(
        counted,
        [("registry_account_basic", 1), ("registry_account_terms", 1), ("registry_account_month", 1)],
        "what follows of it stands already"
    );
    assert_eq!(story.report(ID).accounts[0].months.len(), 1);
    story.verify();
}

#[test]
fn another_furnisher_cannot_touch_the_account() {
    let story = Story::new();
    story.load(&opened());
    let told = story.rejected_of("TWO", &delete("LOAN-1"));
    assert!(told[0].starts_with("R040"), "{told:?}");
    assert_eq!(story.report(ID).accounts.len(), 1);
}

#[test]
fn income_is_refused_without_written_consent_after_a_warning_and_the_rest_is_taken() {
    let story = Story::new();
    let ingested = story.load(&person());
    assert_eq!(
        rejects(&ingested),
        [
            "R018 record 1 byte 10 `IncInfSgmt`: expected a recorded consent, written_warned or stronger (cn-7), found none on record"
        ]
    );
    assert_eq!(ingested.delivery.awaiting_consent, 2, "income, and whether the home is the person's own");
    let left: Vec<_> = ingested
        .delivery
        .not_admitted
        .iter()
        .map(|(category, reason, count)| (category.code(), reason.rule.as_str(), reason.code.as_str(), *count))
        .collect();
    assert_eq!(
        left,
        [
            ("real_estate", "cn-7", "no_recorded_consent", 1),
            ("sex", "cn-41", "not_necessary", 1),
            ("education", "cn-41", "not_necessary", 1),
            ("marital_status", "cn-41", "not_necessary", 1),
        ]
    );
    let identity = story.identity(ID);
    assert_eq!(identity.name.as_ref().map(|name| name.expose().as_str()), Some("ZHANG SAN"));
    assert_eq!(identity.born.as_ref().map(|born| *born.expose()), Some(Date::constant(1949, 12, 31)));
    assert_eq!(identity.attributes, []);
    assert!(!story.holds(ID, FactKind::PersonIncome));

    // Electronic or merely written: not enough.
    story.consent(&[DataCategory::Income], ConsentForm::Written);
    assert!(matches!(story.again(&person()), Err(IngestError::AlreadyDelivered(..))));
    story.consent(&[DataCategory::Income], ConsentForm::WrittenWarned);
    let ingested = story.again(&person()).expect("is worth delivering again");
    assert_eq!(rejects(&ingested), Vec::<String>::new());
    let attributes: Vec<_> =
        story.identity(ID).attributes.iter().map(|(category, text)| (category.code(), text.expose().clone())).collect();
    assert_eq!(attributes, [("income", "AnnlInc 120000".to_owned()), ("income", "TaxIncome 100000".to_owned())]);
    assert!(story.holds(ID, FactKind::PersonIncome));
    story.verify();
}

#[test]
fn what_was_said_of_a_person_is_taken_back_and_said_again() {
    let story = Story::new();
    story.load(&person());
    let gone = delete_person();
    story.load(&gone);
    assert!(story.report(ID).identities.is_empty());
    assert!(!story.holds(ID, FactKind::PersonBasic));
    let told = story.rejected(&gone.replace("</Document>", "</Document>\n"));
    assert!(
        told[0].starts_with("R044")
            && told[0]
                .ends_with("`IDNum`: expected a person of whom this furnisher has said it, found nothing on record"),
        "{told:?}"
    );
    story.load(&person().replace("1 Road", "2 Road"));
    assert_eq!(story.identity(ID).address.as_ref().map(|text| text.expose().as_str()), Some("2 Road"));
    story.verify();
}

#[test]
fn a_link_of_two_documents_is_kept_and_taken_back_and_a_family_is_nobodys_business() {
    let story = Story::new();
    story.load(&link("1"));
    assert!(story.holds(ID, FactKind::PersonLink));
    story.load(&link("0"));
    assert!(!story.holds(ID, FactKind::PersonLink));
    story.load(&validity());
    assert!(story.holds(ID, FactKind::PersonValidity));
    let ingested = story.load(&(family() + &opened()));
    assert_eq!(ingested.delivery.not_admitted[0].0, DataCategory::SocialNetwork);
    assert!(!story.holds(ID, FactKind::PersonFamily));
}

#[test]
fn without_consent_to_hand_over_credit_nothing_of_an_account_comes_in() {
    let story = Story::new();
    match story.again_of("BARE", &opened()) {
        Err(IngestError::NoConsent(rejects, 1, _)) => {
            assert!(rejects[0].to_string().starts_with("R018 record 1 byte 10 `credit`"), "{}", rejects[0]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_that_tells_who_somebody_is_lies_in_the_store_in_the_clear() {
    let story = Story::new();
    story.load(&(opened() + &person()));
    let bytes = story.bytes_of_store();
    for text in [ID, "ZHANG SAN", "LOAN-1", "1 Road", "13900000000"] {
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
}

#[test]
fn every_fact_of_a_deletion_names_the_delivery_it_takes_back() {
    let story = Story::new();
    let first = story.load(&opened()).delivery.number;
    let gone = story.load(&delete("LOAN-1")).delivery.number;
    for (kind, standing) in story.standings(ID, gone) {
        assert_eq!(standing, Standing::Deletes(first), "{kind}");
    }
    assert_eq!(story.standings(ID, gone).len(), 5);
}

/// Three hundred records with any verb about two codes. After each: every month follows of a segment, and of every segment
/// follows a month. At the end: every past state is as it was.
#[test]
fn whatever_verbs_come_months_follow_of_segments_and_the_past_stays() {
    let story = Story::new();
    let mut chance = 7_u64;
    let mut next = |below: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % below
    };
    let mut states = Vec::new();
    let mut taken = std::collections::BTreeSet::new();
    for step in 0..300 {
        let code = ["LOAN-1", "LOAN-2"][usize::from(next(2) == 1)];
        let of = format!("2025-{:02}", 7 + next(6));
        let date = format!("2026-{:02}-{:02}", 1 + next(2), 1 + next(28));
        let verb = next(9);
        let file = match verb {
            0 => opened().replace("2026-01-31", &date),
            1 | 2 => monthly(&date, &of, &next(1000).to_string(), "N"),
            3 => correct("LOAN-1", "H", &date, &month(&of, "2", &next(1000).to_string(), "3", "")),
            4 => delete_segment("LOAN-1", "H", Some(("2026-01-01", &date))),
            5 => delete("LOAN-1"),
            6 => rekey("LOAN-1", "LOAN-X").replace("LOAN-X", if code == "LOAN-1" { "LOAN-2" } else { "LOAN-1" }),
            7 => event("LOAN-1", &of, "21", if next(2) == 0 { "0" } else { "1" }),
            _ => correct("LOAN-1", "C", &date, &terms().replace("1200000", &(1 + next(9)).to_string())),
        };
        // A re-key names both codes already.
        let file = if verb == 6 && code == "LOAN-2" {
            rekey("LOAN-2", "LOAN-1")
        } else if verb == 6 {
            file
        } else {
            file.replace("LOAN-1", code)
        };
        // No two files of the same bytes.
        let file = file + &"\n".repeat(step);
        let Ok(ingested) = story.again(&file) else { continue };
        assert_eq!(ingested.delivery.rejects, 0);
        taken.insert(verb);
        let held = story.held(ID, None);
        let of = |kind: FactKind| -> Vec<&String> {
            held.iter().filter(|(held, ..)| *held == kind).map(|(_, slot, _)| slot).collect()
        };
        assert_eq!(of(FactKind::TradelineMonth), of(FactKind::AccountMonth), "step {step}");
        assert_eq!(of(FactKind::TradelineTerms), of(FactKind::AccountTerms), "step {step}");
        assert_eq!(of(FactKind::AccountBasic).len(), of(FactKind::AccountTerms).len(), "step {step}");
        states.push((ingested.delivery.number, held));
    }
    assert_eq!(taken.into_iter().collect::<Vec<_>>(), (0..9).collect::<Vec<_>>(), "every verb came in");
    for (number, held) in &states {
        assert_eq!(&story.held(ID, Some(*number)), held, "as recorded by delivery {number}");
    }
    story.verify();
}
