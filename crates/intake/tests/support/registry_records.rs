//! Synthetic records of the registry's furnishing, for tests of the layout and of what a bureau makes of them.

/// A valid resident identity number of nobody.
pub const ID: &str = "11010519491231002X";

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
