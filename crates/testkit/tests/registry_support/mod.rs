//! A bureau with banks, and synthetic records for it.

use tallystick_intake::Layout;
use tallystick_model::consent::{ConsentForm, ConsentScope};
use tallystick_model::consent_terms::ConsentTerms;
use tallystick_model::fact::{DeliveryNumber, Fact, FactBody, FactKind, Standing};
use tallystick_model::identity::Identity;
use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::tradeline::PaymentRating;
use tallystick_model::{CreditFile, DataCategory, Identifier, Sensitive, SubjectId, Timestamp};
use tallystick_operations::Bureau;
use tallystick_operations::bureau::Keys;
use tallystick_operations::consent::{Grant, grant};
use tallystick_operations::ingest::{ControlTotals, Delivery, IngestError, Ingested, Telling, ingest};
use tallystick_operations::member::{Application, admit};
use tallystick_operations::own_report::{Past, own_report};
use tallystick_operations::report::Report;
use tallystick_operations::verify::verify;
use tallystick_policy::Rulebook;
use tallystick_testkit::simulation::chance::{Fuse, SeededEntropy};

#[path = "../../../intake/tests/support/registry_records.rs"]
mod registry_records;

pub use self::registry_records::*;

/// Another one.
pub const OTHER_ID: &str = "440524188001010014";

pub struct Story {
    bureau: Bureau,
    folder: tempfile::TempDir,
}

fn now() -> Timestamp {
    Timestamp::parse("2026-03-01").expect("a date")
}

fn subject(id: &str) -> Identifier {
    Identifier::parse_tagged(&format!("cn-resident-id:{id}")).expect("an identifier")
}

pub fn rejects(ingested: &Ingested) -> Vec<String> {
    ingested.rejects.iter().map(ToString::to_string).collect()
}

impl Story {
    /// The banks ONE and TWO hold their customers' consents; BARE has promised nothing.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = Keys { pseudonym: Sensitive::new([3; 32]), signing: Sensitive::new([5; 32]) };
        let entropy = Box::new(SeededEntropy::new(1, Fuse::default()));
        let rulebook = Rulebook::built_in("cn").expect("is built in");
        let bureau =
            Bureau::found(folder.path(), "story.example/log", rulebook, &keys, entropy, now()).expect("is founded");
        for (code, duty) in
            [("ONE", ConsentDuty::Attested), ("TWO", ConsentDuty::Attested), ("BARE", ConsentDuty::Nothing)]
        {
            let application = Application {
                code: code.to_owned(),
                name: code.to_owned(),
                kind: MemberKind::Bank,
                roles: vec![MemberRole::Furnisher],
                duty,
            };
            admit(&bureau, application, now()).expect("is admitted");
        }
        Self { bureau, folder }
    }

    pub fn again_of(&self, furnisher: &str, file: &str) -> Result<Ingested, IngestError> {
        let delivery = Delivery {
            furnisher: furnisher.to_owned(),
            layout: Layout::Registry,
            month: None,
            subject: None,
            provenance: Provenance::FurnisherSigned,
            control_totals: ControlTotals::Enforce,
        };
        let mut telling = Telling { progress: &mut |_| {}, rejects: &mut |_| {} };
        ingest(&self.bureau, &delivery, &file.as_bytes().to_vec(), now(), &mut telling)
    }

    pub fn again(&self, file: &str) -> Result<Ingested, IngestError> {
        self.again_of("ONE", file)
    }

    /// Ingests a file of which something comes in.
    pub fn load(&self, file: &str) -> Ingested {
        self.again(file).expect("is taken")
    }

    /// Ingests a file of which nothing comes in, and gives its rejects.
    pub fn rejected(&self, file: &str) -> Vec<String> {
        self.rejected_of("ONE", file)
    }

    pub fn rejected_of(&self, furnisher: &str, file: &str) -> Vec<String> {
        match self.again_of(furnisher, file) {
            Err(IngestError::NothingToLoad { rejects, .. }) => rejects.iter().map(ToString::to_string).collect(),
            other => panic!("{other:?}"),
        }
    }

    pub fn report(&self, id: &str) -> Report {
        own_report(&self.bureau, &subject(id), Past::default(), now())
            .expect("is answered")
            .report
            .expect("the subject may")
    }

    pub fn identity(&self, id: &str) -> Identity {
        let report = self.report(id);
        let [(_, _, identity)] = report.identities.as_slice() else { panic!("{:?}", report.identities) };
        identity.clone()
    }

    pub fn consent(&self, categories: &[DataCategory], form: ConsentForm) {
        self.consent_to("ONE", categories, form);
    }

    pub fn consent_to(&self, member: &str, categories: &[DataCategory], form: ConsentForm) {
        let agreed = Grant {
            identifier: subject(ID),
            member: member.to_owned(),
            scope: ConsentScope::Furnish,
            purposes: Vec::new(),
            categories: categories.to_vec(),
            form,
            valid_until: Timestamp::parse("2027-03-01").expect("a date"),
            evidence: [0; 32],
            terms: ConsentTerms::default(),
        };
        grant(&self.bureau, agreed, now()).expect("is granted");
    }

    fn pseudonym(&self, id: &str) -> SubjectId {
        self.report(id).subject
    }

    fn current(&self, id: &str) -> Vec<Fact> {
        let pseudonym = self.pseudonym(id);
        self.bureau.snapshot().stored_file(pseudonym).expect("is read").current().cloned().collect()
    }

    pub fn holds(&self, id: &str, kind: FactKind) -> bool {
        self.current(id).iter().any(|fact| fact.key.slot.kind == kind)
    }

    /// An element of the segment of this kind that holds.
    pub fn segment_text(&self, id: &str, kind: FactKind, name: &str) -> Option<String> {
        let facts = self.current(id);
        let fact = facts.iter().find(|fact| fact.key.slot.kind == kind)?;
        let segment = self.bureau.snapshot().segment(fact).expect("is read")?;
        segment.text(name).map(str::to_owned)
    }

    /// Ratings of all months as they stood after `delivery`.
    pub fn ratings_as_recorded(&self, id: &str, delivery: DeliveryNumber) -> Vec<PaymentRating> {
        let file = self.bureau.snapshot().stored_file(self.pseudonym(id)).expect("is read");
        let then = as_recorded(&file, |recorded| recorded <= delivery);
        then.current()
            .filter_map(|fact| match &fact.body {
                FactBody::TradelineMonth(month) => Some(month.rating),
                _ => None,
            })
            .collect()
    }

    /// What held after `delivery`, or holds now: all facts of the subject but identities, as text.
    pub fn held(&self, id: &str, delivery: Option<DeliveryNumber>) -> Vec<(FactKind, String, String)> {
        let file = self.bureau.snapshot().stored_file(self.pseudonym(id)).expect("is read");
        let then = as_recorded(&file, |recorded| delivery.is_none_or(|delivery| recorded <= delivery));
        let told = |fact: &Fact| {
            let slot = fact.key.slot;
            (slot.kind, format!("{} {:?}", slot.account, slot.month), format!("{:?}", fact.body))
        };
        then.current().map(told).collect()
    }

    /// How the facts that a delivery recorded stand to earlier ones.
    pub fn standings(&self, id: &str, delivery: DeliveryNumber) -> Vec<(FactKind, Standing)> {
        let file = self.bureau.snapshot().stored_file(self.pseudonym(id)).expect("is read");
        let of_delivery = file.history().iter().filter(|fact| fact.key.delivery == delivery);
        of_delivery.map(|fact| (fact.key.slot.kind, fact.standing)).collect()
    }

    pub fn verify(&self) {
        let report = verify(&self.bureau, &mut |_, _| {});
        assert_eq!(report.findings, []);
        assert!(report.subjects <= 2, "{} subjects", report.subjects);
    }

    pub fn bytes_of_store(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("is read") {
                let path = entry.expect("is read").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    bytes.extend(std::fs::read(path).expect("is read"));
                }
            }
        }
        bytes
    }
}

/// Segment D of an account.
pub fn guarantor(id: &str, amount: &str) -> String {
    format!(
        "<RltRepymtInfSgmt><RltRepymtNm>1</RltRepymtNm><RltRepymtInf><InfoIDType>1</InfoIDType><ArlpName>LI SI</ArlpName>\
         <ArlpCertType>10</ArlpCertType><ArlpCertNum>{id}</ArlpCertNum><ArlpType>2</ArlpType><ArlpAmt>{amount}</ArlpAmt>\
         </RltRepymtInf></RltRepymtInfSgmt>"
    )
}

/// Segment J of an account.
pub fn standing(state: &str, balance: &str, repayment: &str, rest: &str) -> String {
    format!(
        "<AcctDbtInfSgmt><AcctStatus>{state}</AcctStatus><AcctBal>{balance}</AcctBal><RpyStatus>{repayment}</RpyStatus>\
         {rest}</AcctDbtInfSgmt>"
    )
}

/// A month of the same loan.
pub fn monthly(date: &str, of: &str, balance: &str, repayment: &str) -> String {
    let state = if repayment == "N" { "1" } else { "2" };
    account(&[basic("D1", "LOAN-1", date, "30"), month(of, state, balance, repayment, "")])
}

pub fn rekey(old: &str, new: &str) -> String {
    document(&format!(
        "<InAcctIDCagsInf><InfRecType>211</InfRecType><OdBnesCode>{old}</OdBnesCode><NwBnesCode>{new}</NwBnesCode>\
         </InAcctIDCagsInf>"
    ))
}

pub fn correct(code: &str, letter: &str, date: &str, segment: &str) -> String {
    document(&format!(
        "<InAcctMdfc><BsSgmt><InfRecType>212</InfRecType><ModRecCode>{code}</ModRecCode><RptDate>{date}</RptDate>\
         <AcctType>D1</AcctType><MdfcSgmtCode>{letter}</MdfcSgmtCode></BsSgmt><MdfcSgmt>{segment}</MdfcSgmt></InAcctMdfc>"
    ))
}

pub fn delete_segment(code: &str, letter: &str, between: Option<(&str, &str)>) -> String {
    let between = between.map_or(String::new(), |(from, to)| {
        format!("<DelStartDate>{from}</DelStartDate><DelEndDate>{to}</DelEndDate>")
    });
    document(&format!(
        "<InAcctDel><InfRecType>213</InfRecType><DelRecCode>{code}</DelRecCode><DelSgmtCode>{letter}</DelSgmtCode>{between}\
         </InAcctDel>"
    ))
}

pub fn delete(code: &str) -> String {
    document(&format!("<InAcctEntDel><InfRecType>214</InfRecType><DelRecCode>{code}</DelRecCode></InAcctEntDel>"))
}

pub fn event(code: &str, of: &str, kind: &str, flag: &str) -> String {
    document(&format!(
        "<InSpcEvtDscInf><InfRecType>215</InfRecType><AcctCode>{code}</AcctCode><OpetnType>{kind}</OpetnType>\
         <Month>{of}</Month><Flag>{flag}</Flag><RptDate>2026-02-01</RptDate></InSpcEvtDscInf>"
    ))
}

fn limit(amount: &str) -> String {
    format!(
        "<CreditLimSgmt><CreditLimType>10</CreditLimType><LimLoopFlg>1</LimLoopFlg><CreditLim>{amount}</CreditLim>\
         <Cy>CNY</Cy><ConEffDate>2026-01-01</ConEffDate><ConExpDate>2027-01-01</ConExpDate><ConStatus>1</ConStatus>\
         </CreditLimSgmt>"
    )
}

pub fn agreement(code: &str, amount: &str) -> String {
    document(&format!(
        "<InCtrctInf><CtrctBsSgmt><InfRecType>220</InfRecType><ContractCode>{code}</ContractCode>\
         <RptDate>2026-01-31</RptDate><RptDateCode>10</RptDateCode><Name>ZHANG SAN</Name><IDType>10</IDType>\
         <IDNum>{ID}</IDNum><MngmtOrgCode>91000000000001</MngmtOrgCode></CtrctBsSgmt>{}</InCtrctInf>",
        limit(amount)
    ))
}

pub fn correct_agreement(code: &str, amount: &str) -> String {
    document(&format!(
        "<InCtrctMdfc><BsSgmt><InfRecType>222</InfRecType><ModRecCode>{code}</ModRecCode><RptDate>2026-02-28</RptDate>\
         <MdfcSgmtCode>D</MdfcSgmtCode></BsSgmt><MdfcSgmt>{}</MdfcSgmt></InCtrctMdfc>",
        limit(amount)
    ))
}

fn marks(record_type: &str) -> String {
    format!("<InfRecType>{record_type}</InfRecType><Name>ZHANG SAN</Name><IDType>10</IDType><IDNum>{ID}</IDNum>")
}

pub fn person() -> String {
    document(&format!(
        "<InBasInf><BsSgmt>{}<InfSurcCode>91</InfSurcCode><RptDate>2026-01-31</RptDate><RptDateCode>10</RptDateCode>\
         <Cimoc>91000000000001</Cimoc><CustomerType>11</CustomerType></BsSgmt>\
         <FcsInfSgmt><Sex>1</Sex><DOB>1949-12-31</DOB><Nation>CHN</Nation><CellPhone>13900000000</CellPhone></FcsInfSgmt>\
         <SpsInfSgmt><MariStatus>20</MariStatus></SpsInfSgmt><EduInfSgmt><EduLevel>20</EduLevel></EduInfSgmt>\
         <RedncInfSgmt><ResiStatus>1</ResiStatus><ResiAddr>1 Road</ResiAddr></RedncInfSgmt>\
         <IncInfSgmt><AnnlInc>120000</AnnlInc><TaxIncome>100000</TaxIncome></IncInfSgmt></InBasInf>",
        marks("110")
    ))
}

pub fn delete_person() -> String {
    document(&format!("<InBsInfDlt>{}<InfSurcCode>91</InfSurcCode></InBsInfDlt>", marks("114")))
}

pub fn link(flag: &str) -> String {
    document(&format!(
        "<InCtfItgInf>{}<OthName>ZHANG S</OthName><OthIDType>1</OthIDType><OthIDNum>E12345678</OthIDNum>\
         <OthAssFlg>{flag}</OthAssFlg><InfSurcCode>91</InfSurcCode><RptDate>2026-01-31</RptDate></InCtfItgInf>",
        marks("140")
    ))
}

pub fn validity() -> String {
    document(&format!(
        "<InIDEfctInf>{}<InfSurcCode>91</InfSurcCode><IDEfctDate>2020-01-01</IDEfctDate><IDDueDate>2040-01-01</IDDueDate>\
         <IDOrgName>Office</IDOrgName><IDDist>110101</IDDist><Cimoc>91000000000001</Cimoc><RptDate>2026-01-31</RptDate>\
         </InIDEfctInf>",
        marks("130")
    ))
}

pub fn family() -> String {
    document(&format!(
        "<InFalMmbsInf>{}<FamMemName>LI SI</FamMemName><FamMemCertType>10</FamMemCertType>\
         <FamMemCertNum>{OTHER_ID}</FamMemCertNum><FamRel>1</FamRel><FamRelaAssFlag>1</FamRelaAssFlag>\
         <InfSurcCode>91</InfSurcCode><RptDate>2026-01-31</RptDate></InFalMmbsInf>",
        marks("120")
    ))
}

/// The file as it stood when only these deliveries had come in.
fn as_recorded(file: &CreditFile, recorded: impl Fn(DeliveryNumber) -> bool) -> CreditFile {
    let facts = file.history().iter().filter(|fact| recorded(fact.key.delivery)).cloned().collect();
    CreditFile::new(file.subject(), facts)
}
