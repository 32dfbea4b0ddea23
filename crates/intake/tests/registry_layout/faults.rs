//! One fault each: its code, its place, what it says.

use crate::support::*;

/// The file with its fault, the reject's beginning, the text that stands at its place, and how it ends.
fn check(file: &str, code: &str, at: &str, rest: &str) {
    let taken = read(file);
    let reject = taken.reject();
    let byte = file.find(at).unwrap_or_else(|| panic!("{at} is not in the file"));
    let expected = format!("{code} record 1 byte {byte} {rest}");
    assert_eq!(reject, expected, "place of {at}: {byte}");
}

fn after<'a>(file: &'a str, tag: &str) -> &'a str {
    let at = file.find(tag).unwrap() + tag.len();
    &file[at..]
}

#[test]
fn an_unknown_segment_or_element_is_refused_where_it_stands() {
    let file = opened().replace("</InAcctInf>", "<NewSgmt><A>1</A></NewSgmt></InAcctInf>");
    check(&file, "R012", "<NewSgmt>", "`NewSgmt`: expected a segment of `InAcctInf`, found `NewSgmt`");
    let file = opened().replace("<LoanAmt>", "<Colour>red</Colour><LoanAmt>");
    check(&file, "R048", "<Colour>", "`Colour`: expected an element of this segment, found `Colour`");
    let file = document("<Unheard><A>1</A></Unheard>");
    check(&file, "R012", "<Unheard>", "`Unheard`: expected a record of this format, found `Unheard`");
    let file =
        document("<InAcctEntDel><InfRecType>214</InfRecType><DelRecCode>A</DelRecCode><Why>x</Why></InAcctEntDel>");
    check(&file, "R048", "<Why>", "`Why`: expected an element of this record, found `Why`");
}

#[test]
fn order_is_that_of_the_format_for_elements_and_segments() {
    let again = "expected each once, in the order of the format, found it after what follows it, or again";
    let file = opened().replace("<Cy>CNY</Cy><LoanAmt>1200000</LoanAmt>", "<LoanAmt>1200000</LoanAmt><Cy>CNY</Cy>");
    check(&file, "R047", "<Cy>", &format!("`Cy`: {again}"));
    let file = opened().replace("<Cy>CNY</Cy>", "<Cy>CNY</Cy><Cy >USD</Cy >");
    check(&file, "R047", "<Cy >", &format!("`Cy`: {again}"));
    let file = account(&[basic("D1", "L", "2026-01-31", "30"), month("2026-01", "1", "1", "N", ""), terms()]);
    check(&file, "R047", "<AcctBsInfSgmt>", &format!("`AcctBsInfSgmt`: {again}"));
    let file = document("<InAcctIDCagsInf><NwBnesCode>B</NwBnesCode><OdBnesCode>A</OdBnesCode></InAcctIDCagsInf>");
    check(&file, "R047", "<OdBnesCode>", &format!("`OdBnesCode`: {again}"));
}

#[test]
fn each_type_of_value_is_checked_and_told_at_its_first_byte() {
    let table = [
        (
            "<OpenDate>",
            "2025-06-01",
            "2025-13-01",
            "R007",
            "`OpenDate`: expected a date YYYY-MM-DD, found 10 characters",
        ),
        (
            "<LoanAmt>",
            "1200000",
            "1.2.3",
            "R006",
            "`LoanAmt`: expected an amount with at most 2 decimal places, found `1.2.3`",
        ),
        (
            "<LoanAmt>",
            "1200000",
            "1.234",
            "R006",
            "`LoanAmt`: expected an amount with at most 2 decimal places, found `1.234`",
        ),
        ("<RepayPrd>", "240", "x", "R005", "`RepayPrd`: expected a whole number, found `x`"),
        ("<RepayPrd>", "240", "10000", "R011", "`RepayPrd`: expected 0 to 9999, found `10000`"),
        ("<Cy>", "CNY", "XYZ", "R009", "`Cy`: expected an ISO 4217 code that this version knows, found `XYZ`"),
        ("<Flag>", "0", "2", "R009", "`Flag`: expected one of 0 1, found `2`"),
        ("<Month>", "2026-01", "2026-1", "R008", "`Month`: expected a month YYYY-MM, found `2026-1`"),
        ("<AcctType>", "D1", "D9", "R009", "`AcctType`: expected one of D1 R1 R2 R3 R4 C1, found `D9`"),
        ("<RepayMode>", "11", "111", "R011", "`RepayMode`: expected at most 2 bytes, found `111`"),
        ("<AcctCode>", "LOAN-1", "LOAN 1", "R009", "`AcctCode`: expected a word without spaces, found 6 characters"),
    ];
    for (tag, good, bad, code, told) in table {
        let file = opened().replace(&format!("{tag}{good}<"), &format!("{tag}{bad}<"));
        assert_ne!(file, opened(), "{tag}");
        check(&file, code, after(&file, tag), told);
    }
}

#[test]
fn an_identifier_is_checked_and_never_repeated() {
    let file = opened().replace(ID, "110105194912310021");
    check(
        &file,
        "R010",
        "110105194912310021",
        "`IDNum`: expected valid cn-resident-id, found check digit does not fit",
    );
}

#[test]
fn what_is_required_is_asked_for() {
    let file = opened().replace("<OpenDate>2025-06-01</OpenDate>", "");
    check(&file, "R004", "<AcctBsInfSgmt>", "`OpenDate`: expected a value, found blank");
    let file = opened().replace("2025-06-01</OpenDate>", " </OpenDate>");
    check(&file, "R004", after(&file, "<OpenDate>"), "`OpenDate`: expected a value, found blank");
    let file = account(&[month("2026-01", "1", "1", "N", "")]);
    check(&file, "R004", "<InAcctInf>", "`AcctBsSgmt`: expected `AcctBsSgmt` first, found blank");
    let file = document(
        "<InAcctDel><InfRecType>213</InfRecType><DelRecCode>A</DelRecCode><DelSgmtCode>H</DelSgmtCode></InAcctDel>",
    );
    check(&file, "R004", "<InAcctDel>", "`DelStartDate`: expected from which report date on, found blank");
}

#[test]
fn a_new_account_carries_its_terms() {
    let file = account(&[basic("D1", "L", "2026-01-31", "10"), month("2026-01", "1", "1", "N", "")]);
    check(
        &file,
        "R043",
        "<AcctBsSgmt>",
        "`AcctBsInfSgmt`: expected `AcctBsInfSgmt` of what is newly opened, found none in the record",
    );
}

#[test]
fn a_closed_account_owes_nothing_and_says_when_it_was_closed() {
    let closed = |balance: &str, rest: &str| {
        account(&[basic("D1", "L", "2026-01-31", "20"), month("2026-01", "3", balance, "C", rest)])
    };
    let date = "<CloseDate>2026-01-20</CloseDate>";
    assert!(read(&closed("0", date)).only().closes);
    let file = closed("5", date);
    check(&file, "R014", after(&file, "<AcctBal>"), "`AcctBal`: expected 0 for a closed account, found `5`");
    let file = closed("0", "");
    check(&file, "R017", "<AcctMthlyBlgInfSgmt>", "`CloseDate`: expected a date for a closed account, found blank");
    let file = account(&[basic("D1", "L", "2026-01-31", "20"), month("2026-01", "1", "0", "N", "")]);
    check(
        &file,
        "R014",
        after(&file, "<RptDateCode>"),
        "`RptDateCode`: expected state `3` for a record that closes, found no segment with that state",
    );
}

#[test]
fn states_and_segments_fit_the_account_type() {
    // 4 is closed for a card, and nothing for a loan.
    let file = account(&[basic("D1", "L", "2026-01-31", "30"), month("2026-01", "4", "0", "C", "")]);
    check(
        &file,
        "R009",
        after(&file, "<AcctStatus>"),
        "`AcctStatus`: expected a state of account type D1: 1 2 3 41 42 5 6 61 62 7 8, found `4`",
    );
    let file = account(&[basic("C1", "L", "2026-01-31", "30"), month("2026-01", "1", "1", "N", "")]);
    check(
        &file,
        "R045",
        "<AcctMthlyBlgInfSgmt>",
        "`AcctMthlyBlgInfSgmt`: expected a segment of account type C1, found `AcctMthlyBlgInfSgmt`",
    );
}

#[test]
fn a_correction_has_the_segment_that_its_letter_names() {
    let correction = |letter: &str, segments: &str| {
        document(&format!(
            "<InAcctMdfc><BsSgmt><InfRecType>212</InfRecType><ModRecCode>A</ModRecCode><RptDate>2026-02-28</RptDate>\
             <AcctType>D1</AcctType><MdfcSgmtCode>{letter}</MdfcSgmtCode></BsSgmt><MdfcSgmt>{segments}</MdfcSgmt></InAcctMdfc>"
        ))
    };
    let h = month("2026-01", "1", "900", "N", "");
    let file = correction("C", &h);
    check(
        &file,
        "R045",
        "<AcctMthlyBlgInfSgmt>",
        "`AcctMthlyBlgInfSgmt`: expected `AcctBsInfSgmt`, as the letter says, found `AcctMthlyBlgInfSgmt`",
    );
    let file = correction("H", &(terms() + &h));
    check(&file, "R045", "<MdfcSgmt>", "`MdfcSgmt`: expected one segment, found 2 segments");
    let file = correction("Z", &h);
    check(&file, "R009", "Z</Mdfc", "`MdfcSgmtCode`: expected one of B C D E F G H I J K, found `Z`");
}

#[test]
fn the_basic_segment_is_taken_back_only_with_the_whole_account() {
    let file = document(
        "<InAcctDel><InfRecType>213</InfRecType><DelRecCode>A</DelRecCode><DelSgmtCode>B</DelSgmtCode></InAcctDel>",
    );
    check(
        &file,
        "R045",
        "B</DelSgmtCode>",
        "`DelSgmtCode`: expected a segment other than whose it is; a whole account is taken back by a record of its own, \
         found `B`",
    );
}

#[test]
fn the_records_number_is_that_of_its_element() {
    let file = opened().replace("<InfRecType>210<", "<InfRecType>220<");
    check(&file, "R014", after(&file, "<InfRecType>"), "`InfRecType`: expected `210` for `InAcctInf`, found `220`");
}

#[test]
fn attributes_depth_entities_and_mixed_text_are_refused() {
    let file = opened().replace("<LoanAmt>", "<LoanAmt unit=\"fen\">");
    check(&file, "R048", "<LoanAmt unit", "`LoanAmt`: expected an element without attributes, found attributes");
    let file = document(&("<A>".repeat(6) + &"</A>".repeat(6)));
    check(&file, "R011", "<A></A>", "`record`: expected at most 5 levels and 8192 elements, found more");
    let file = opened().replace("ZHANG SAN", "ZHANG &nbsp; SAN");
    check(
        &file,
        "R003",
        "&nbsp;",
        "`text`: expected one of the five entities of XML, or a character's number, found another entity",
    );
    let kept = read(&opened().replace("ZHANG SAN", "ZHANG &amp; &#83;AN"));
    assert_eq!(kept.only().segments[0].text("Name"), Some("ZHANG & SAN"));
    let file = opened().replace("<AcctBsInfSgmt>", "<AcctBsInfSgmt>stray");
    check(&file, "R048", "<AcctBsInfSgmt>", "`AcctBsInfSgmt`: expected elements only, found text beside elements");
    let file = opened().replace("</LoanAmt>", "</LoanAmnt>");
    let reject = read(&file).reject();
    assert!(reject.starts_with("R001 record 1 byte "), "{reject}");
    assert!(
        reject.ends_with("`record`: expected well-formed elements, found tags that do not fit together"),
        "{reject}"
    );
}

#[test]
fn no_changed_byte_makes_a_record_disappear() {
    let file = opened() + &opened();
    for place in 0..file.len() {
        for byte in [b'<', b'/', b'&', 0xff] {
            let mut changed = file.clone().into_bytes();
            changed[place] = byte;
            let (summary, taken) = read_with(&changed, tallystick_model::CategorySet::all());
            if let Ok(summary) = summary {
                let told = (taken.records.len() + taken.rejects.len()) as u64;
                assert_eq!((summary.records, summary.rejects), (told, taken.rejects.len() as u64), "{place} {byte}");
                for reject in &taken.rejects {
                    assert!(reject.place.byte < changed.len() as u64, "{place} {byte}: {reject}");
                    assert!(!reject.to_string().contains("ZHANG"), "{reject}");
                }
            }
        }
    }
}
