//! Synthetic records, and reading them.

use tallystick_intake::{FileSummary, Layout, ReadContext, Refused, Reject, Sink, read_delivery};
use tallystick_model::fact::{ReportedRecord, Statement};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::registry::RegistryRecord;
use tallystick_model::{CategorySet, DataCategory};

/// A valid resident identity number of nobody.
pub const ID: &str = "11010519491231002X";
/// Another one.
pub const OTHER_ID: &str = "440524188001010014";

#[derive(Debug, Default)]
pub struct Taken {
    pub records: Vec<ReportedRecord>,
    pub rejects: Vec<Reject>,
    pub not_admitted: Vec<(DataCategory, u64)>,
}

impl Sink for Taken {
    fn record(&mut self, record: ReportedRecord) {
        self.records.push(record);
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }

    fn not_admitted(&mut self, category: DataCategory, count: u64) {
        self.not_admitted.push((category, count));
    }
}

impl Taken {
    /// The only record.
    pub fn only(&self) -> &RegistryRecord {
        assert!(self.rejects.is_empty(), "{:?}", self.rejects);
        let [record] = self.records.as_slice() else { panic!("{} records", self.records.len()) };
        registry(record)
    }

    /// The only reject, as the furnisher reads it.
    pub fn reject(&self) -> String {
        let [reject] = self.rejects.as_slice() else { panic!("{:?}", self.rejects) };
        reject.to_string()
    }
}

pub fn registry(record: &ReportedRecord) -> &RegistryRecord {
    let [Statement::Registry(registry)] = record.statements.as_slice() else { panic!("{:?}", record.statements) };
    registry
}

pub fn read_with(file: &[u8], admitted: CategorySet) -> (Result<FileSummary, Refused>, Taken) {
    let context = ReadContext {
        furnisher: "BANK".to_owned(),
        subject: None,
        provenance: Provenance::FurnisherSigned,
        admitted,
        month: None,
    };
    let mut taken = Taken::default();
    let mut input = file;
    let summary = read_delivery(&Layout::Registry, &mut input, &context, &mut taken);
    (summary, taken)
}

/// Reads a file that is of the layout.
pub fn read(file: &str) -> Taken {
    let (summary, taken) = read_with(file.as_bytes(), CategorySet::all());
    let summary = summary.expect("is read");
    assert_eq!(summary.records, (taken.records.len() + taken.rejects.len()) as u64);
    assert_eq!(summary.rejects, taken.rejects.len() as u64);
    taken
}

pub fn document(record: &str) -> String {
    format!("<Document>{record}</Document>\n")
}

/// Segment B of an account.
pub fn basic(account_type: &str, code: &str, date: &str, report_code: &str) -> String {
    format!(
        "<AcctBsSgmt><InfRecType>210</InfRecType><AcctType>{account_type}</AcctType><AcctCode>{code}</AcctCode>\
         <RptDate>{date}</RptDate><RptDateCode>{report_code}</RptDateCode><Name>ZHANG SAN</Name><IDType>10</IDType>\
         <IDNum>{ID}</IDNum><MngmtOrgCode>91000000000001</MngmtOrgCode></AcctBsSgmt>"
    )
}

/// Segment C of an account.
pub fn terms() -> String {
    "<AcctBsInfSgmt><BusiLines>1</BusiLines><BusiDtlLines>11</BusiDtlLines><OpenDate>2025-06-01</OpenDate><Cy>CNY</Cy>\
     <LoanAmt>1200000</LoanAmt><Flag>0</Flag><DueDate>2045-06-01</DueDate><RepayMode>11</RepayMode>\
     <RepayFreqcy>03</RepayFreqcy><RepayPrd>240</RepayPrd></AcctBsInfSgmt>"
        .to_owned()
}

/// Segment H of an account.
pub fn month(month: &str, state: &str, balance: &str, repayment: &str, rest: &str) -> String {
    format!(
        "<AcctMthlyBlgInfSgmt><Month>{month}</Month><AcctStatus>{state}</AcctStatus><AcctBal>{balance}</AcctBal>\
         <RpyStatus>{repayment}</RpyStatus>{rest}</AcctMthlyBlgInfSgmt>"
    )
}

pub fn account(segments: &[String]) -> String {
    document(&format!("<InAcctInf>{}</InAcctInf>", segments.concat()))
}

/// A loan as it is reported when it is opened.
pub fn opened() -> String {
    account(&[basic("D1", "LOAN-1", "2026-01-31", "10"), terms(), month("2026-01", "1", "1200000", "N", "")])
}
