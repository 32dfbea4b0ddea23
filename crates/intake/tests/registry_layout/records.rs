//! Each type of record, as it is read.

use tallystick_model::fact::FactKind;
use tallystick_model::registry::{RecordType, Segment};
use tallystick_model::{CategorySet, DataCategory, Date, Month};

use crate::support::*;

fn kinds(segments: &[Segment]) -> Vec<FactKind> {
    segments.iter().map(|segment| segment.kind).collect()
}

#[test]
fn an_account_is_read_segment_by_segment_with_its_places() {
    let file = opened();
    let taken = read(&file);
    let record = taken.only();
    assert_eq!(record.record_type, RecordType::Account);
    assert_eq!(kinds(&record.segments), [FactKind::AccountBasic, FactKind::AccountTerms, FactKind::AccountMonth]);
    assert_eq!(record.code.as_ref().map(|code| code.expose().as_slice()), Some(b"LOAN-1".as_slice()));
    assert_eq!((record.account_type.as_deref(), record.reported), (Some("D1"), Some(Date::constant(2026, 1, 31))));
    assert!(!record.closes);
    assert_eq!(record.segments[1].text("LoanAmt"), Some("1200000"));
    assert_eq!(record.segments[2].month(), Month::new(2026, 1).ok());
    assert_eq!(taken.records[0].identifiers[0].text().expose(), ID);
    for (place, value) in [
        (record.places.code, "LOAN-1"),
        (record.places.account_type, "D1"),
        (record.places.reported, "2026-01-31"),
        (record.places.holder, ID),
        (record.places.segment, "<AcctBsSgmt>"),
    ] {
        assert!(file[usize::try_from(place).unwrap()..].starts_with(value), "{value}");
    }
    assert_eq!(taken.records[0].place.byte, 10, "after `<Document>`");
}

#[test]
fn guarantors_and_collateral_are_groups() {
    let guarantor = |number: &str| {
        format!(
            "<RltRepymtInf><InfoIDType>1</InfoIDType><ArlpName>LI SI</ArlpName><ArlpCertType>10</ArlpCertType>\
             <ArlpCertNum>{number}</ArlpCertNum><ArlpType>2</ArlpType><ArlpAmt>500000</ArlpAmt></RltRepymtInf>"
        )
    };
    for name in ["RltRepymtInfSgmt", "RltRepymtInfSgm"] {
        let d = format!("<{name}><RltRepymtNm>1</RltRepymtNm>{}</{name}>", guarantor(OTHER_ID));
        let e = "<MotgaCltalCtrctInfSgmt><CcNm>2</CcNm><CccInf><Ccc>A1</Ccc></CccInf><CccInf><Ccc>A2</Ccc></CccInf>\
                 </MotgaCltalCtrctInfSgmt>";
        let taken = read(&account(&[basic("D1", "L", "2026-01-31", "10"), terms(), d, e.to_owned()]));
        let segments = &taken.only().segments;
        assert_eq!(segments[2].groups.len(), 1);
        assert_eq!(segments[3].groups.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
    }
    let own = format!("<RltRepymtInfSgmt><RltRepymtNm>1</RltRepymtNm>{}</RltRepymtInfSgmt>", guarantor(ID));
    let reject = read(&account(&[basic("D1", "L", "2026-01-31", "10"), terms(), own])).reject();
    assert!(reject.starts_with("R014 record 1 byte "), "{reject}");
    assert!(
        reject.ends_with("`ArlpCertNum`: expected somebody else than the subject, found the subject's own"),
        "{reject}"
    );
    let short = format!("<RltRepymtInfSgmt><RltRepymtNm>2</RltRepymtNm>{}</RltRepymtInfSgmt>", guarantor(OTHER_ID));
    let reject = read(&account(&[basic("D1", "L", "2026-01-31", "10"), terms(), short])).reject();
    assert!(reject.ends_with("`RltRepymtNm`: expected as many as `RltRepymtNm` says, found 1 of them"), "{reject}");
}

#[test]
fn verbs_of_accounts_and_agreements_name_what_they_change() {
    let rekey = read(&document(
        "<InAcctIDCagsInf><InfRecType>211</InfRecType><OdBnesCode>A</OdBnesCode><NwBnesCode>B</NwBnesCode></InAcctIDCagsInf>",
    ));
    let record = rekey.only();
    assert_eq!(record.record_type, RecordType::AccountRekey);
    assert_eq!(record.new_code.as_ref().map(|code| code.expose().as_slice()), Some(b"B".as_slice()));

    let correct = read(&document(&format!(
        "<InAcctMdfc><BsSgmt><InfRecType>212</InfRecType><ModRecCode>A</ModRecCode><RptDate>2026-02-28</RptDate>\
         <AcctType>D1</AcctType><MdfcSgmtCode>H</MdfcSgmtCode></BsSgmt><MdfcSgmt>{}</MdfcSgmt></InAcctMdfc>",
        month("2026-01", "1", "900", "N", "")
    )));
    let record = correct.only();
    assert_eq!((record.target, record.reported), (Some(FactKind::AccountMonth), Some(Date::constant(2026, 2, 28))));
    assert_eq!(record.segments[0].text("AcctBal"), Some("900"));
    assert!(correct.records[0].identifiers.is_empty());

    let delete = read(&document(
        "<InAcctDel><InfRecType>213</InfRecType><DelRecCode>A</DelRecCode><DelSgmtCode>H</DelSgmtCode>\
         <DelStartDate>2026-01-01</DelStartDate><DelEndDate>2026-01-31</DelEndDate></InAcctDel>",
    ));
    assert_eq!(delete.only().between, Some((Date::constant(2026, 1, 1), Date::constant(2026, 1, 31))));
    assert_eq!(delete.only().target, Some(FactKind::AccountMonth));

    let whole =
        read(&document("<InCtrctEntDel><InfRecTpTp>224</InfRecTpTp><DelRecCode>X</DelRecCode></InCtrctEntDel>"));
    assert_eq!(whole.only().record_type, RecordType::AgreementDelete);

    let event = read(&document(
        "<InSpcEvtDscInf><InfRecType>215</InfRecType><AcctCode>A</AcctCode><OpetnType>12</OpetnType><Month>2026-01</Month>\
         <Flag>1</Flag><RptDate>2026-02-01</RptDate></InSpcEvtDscInf>",
    ));
    assert_eq!(event.only().event_month, Month::new(2026, 1).ok());
    assert_eq!(event.only().segments[0].groups[0].len(), 3);
}

#[test]
fn who_an_account_belongs_to_is_corrected_by_three_marks_alone() {
    let file = document(&format!(
        "<InAcctMdfc><BsSgmt><InfRecType>212</InfRecType><ModRecCode>A</ModRecCode><RptDate>2026-02-28</RptDate>\
         <AcctType>D1</AcctType><MdfcSgmtCode>B</MdfcSgmtCode></BsSgmt><MdfcSgmt><AcctBsSgmt><Name>LI SI</Name>\
         <IDType>10</IDType><IDNum>{OTHER_ID}</IDNum></AcctBsSgmt></MdfcSgmt></InAcctMdfc>"
    ));
    let taken = read(&file);
    assert_eq!(taken.only().segments[0].values.len(), 3);
    assert_eq!(taken.records[0].identifiers[0].text().expose(), OTHER_ID);
}

const AGREEMENT: &str = "<InCtrctInf><CtrctBsSgmt><InfRecType>220</InfRecType><ContractCode>C-1</ContractCode>\
    <RptDate>2026-01-31</RptDate><RptDateCode>10</RptDateCode><Name>ZHANG SAN</Name><IDType>10</IDType>\
    <IDNum>11010519491231002X</IDNum><MngmtOrgCode>91000000000001</MngmtOrgCode></CtrctBsSgmt>\
    <CreditLimSgmt><CreditLimType>10</CreditLimType><LimLoopFlg>1</LimLoopFlg><CreditLim>50000</CreditLim><Cy>CNY</Cy>\
    <ConEffDate>2026-01-01</ConEffDate><ConExpDate>2027-01-01</ConExpDate><ConStatus>1</ConStatus></CreditLimSgmt></InCtrctInf>";

#[test]
fn an_agreement_has_basic_segment_and_limit() {
    let taken = read(&document(AGREEMENT));
    assert_eq!(kinds(&taken.only().segments), [FactKind::AgreementBasic, FactKind::AgreementLimit]);
    let opened_without = AGREEMENT.split_once("<CreditLimSgmt>").unwrap().0.to_owned() + "</InCtrctInf>";
    let reject = read(&document(&opened_without)).reject();
    assert_eq!(
        reject,
        "R043 record 1 byte 22 `CreditLimSgmt`: expected `CreditLimSgmt` of what is newly opened, found none in the record"
    );
}

/// A person with every segment.
pub fn person(rest: &str) -> String {
    document(&format!(
        "<InBasInf><BsSgmt><InfRecType>110</InfRecType><Name>ZHANG SAN</Name><IDType>10</IDType><IDNum>{ID}</IDNum>\
         <InfSurcCode>91000000000001</InfSurcCode><RptDate>2026-01-31</RptDate><RptDateCode>10</RptDateCode>\
         <Cimoc>91000000000001</Cimoc><CustomerType>11</CustomerType></BsSgmt>\
         <FcsInfSgmt><Sex>1</Sex><DOB>1949-12-31</DOB><Nation>CHN</Nation><CellPhone>13900000000</CellPhone></FcsInfSgmt>\
         <SpsInfSgmt><MariStatus>20</MariStatus></SpsInfSgmt><EduInfSgmt><EduLevel>20</EduLevel></EduInfSgmt>\
         <RedncInfSgmt><ResiStatus>1</ResiStatus><ResiAddr>1 Road</ResiAddr></RedncInfSgmt>\
         <IncInfSgmt><AnnlInc>120000</AnnlInc><TaxIncome>100000</TaxIncome></IncInfSgmt>{rest}</InBasInf>"
    ))
}

#[test]
fn of_a_person_what_nobody_may_hand_over_goes_no_further() {
    assert_eq!(read(&person("")).only().segments.len(), 6);
    let admitted = CategorySet::EMPTY.with(DataCategory::Identity).with(DataCategory::Income);
    let (summary, taken) = read_with(person("").as_bytes(), admitted);
    assert_eq!(summary.expect("is read").records, 1);
    let record = taken.only();
    assert_eq!(
        kinds(&record.segments),
        [FactKind::PersonBasic, FactKind::PersonProfile, FactKind::PersonResidence, FactKind::PersonIncome]
    );
    assert_eq!(record.segments[1].text("Sex"), None);
    assert_eq!(record.segments[2].text("ResiStatus"), None);
    let counted: Vec<_> = taken.not_admitted.iter().map(|(category, _)| *category).collect();
    assert_eq!(
        counted,
        [DataCategory::Sex, DataCategory::MaritalStatus, DataCategory::Education, DataCategory::RealEstate]
    );
}

#[test]
fn a_record_of_a_category_that_nobody_may_hand_over_is_counted_and_not_loaded() {
    let family = document(&format!(
        "<InFalMmbsInf><InfRecType>120</InfRecType><Name>A</Name><IDType>10</IDType><IDNum>{ID}</IDNum>\
         <FamMemName>B</FamMemName><FamMemCertType>10</FamMemCertType><FamMemCertNum>{OTHER_ID}</FamMemCertNum>\
         <FamRel>1</FamRel><FamRelaAssFlag>1</FamRelaAssFlag><InfSurcCode>9100</InfSurcCode><RptDate>2026-01-31</RptDate>\
         </InFalMmbsInf>"
    ));
    let (summary, taken) = read_with(family.as_bytes(), CategorySet::EMPTY.with(DataCategory::Identity));
    assert_eq!((summary.unwrap().records, taken.records.len(), taken.rejects.len()), (1, 0, 0));
    assert_eq!(taken.not_admitted, [(DataCategory::SocialNetwork, 1)]);
    assert_eq!(read(&family).only().record_type, RecordType::Family);
}

#[test]
fn the_source_code_may_stand_before_the_name_or_after_the_number_but_once() {
    let before = person("").replace("<Name>ZHANG SAN</Name>", "<InfSurcCode>9</InfSurcCode><Name>ZHANG SAN</Name>");
    let once = before.replace("<InfSurcCode>91000000000001</InfSurcCode>", "");
    assert_eq!(read(&once).only().segments[0].text("InfSurcCode"), Some("9"));
    assert!(read(&before).reject().starts_with("R047 record 1 byte "), "{}", read(&before).reject());
}

#[test]
fn other_documents_than_the_resident_identity_number_identify_too() {
    let passport = opened().replace("<IDType>10<", "<IDType>1<").replace(ID, "e12345678");
    let taken = read(&passport);
    assert_eq!(taken.records[0].identifiers[0].scheme().code(), "cn-document");
    assert_eq!(taken.records[0].identifiers[0].text().expose(), "1/E12345678");
}
