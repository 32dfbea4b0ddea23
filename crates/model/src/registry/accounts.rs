//! Segments of loan accounts (records 210 to 215) and of credit agreements (220 to 224).
//!
//! Names and order as vendors' programs write them; code lists are closed only where several of them agree
//! (`docs/formats/registry-furnishing.md` names the sources and what is uncertain).

use super::table::{Element, Group, Holds, Period, Table};
use crate::DataCategory;
use crate::fact::FactKind;

/// Codes of account types.
pub const ACCOUNT_TYPES: &[&str] = &["D1", "R1", "R2", "R3", "R4", "C1"];
/// Why an account is reported: opened, closed, monthly, first report of an old account, closed at the month's end, recovered.
const ACCOUNT_REPORT_CODES: &[&str] = &["10", "20", "30", "31", "32", "40"];
const AGREEMENT_REPORT_CODES: &[&str] = &["10", "20", "30"];
const RECORD_TYPES: &[&str] = &[
    "110", "114", "120", "130", "134", "140", "210", "211", "212", "213", "214", "215", "220", "221", "222", "223",
    "224",
];
/// States of repayment.
const REPAYMENT: &[&str] = &["N", "1", "2", "3", "4", "5", "6", "7", "*", "#", "/", "A", "B", "C", "D", "G", "M", "Z"];
/// States of an account, of all account types together; which fits which type is checked apart.
const ACCOUNT_STATES: &[&str] =
    &["1", "2", "3", "31", "32", "33", "4", "41", "42", "5", "51", "52", "6", "61", "62", "7", "8"];
/// The five classes of loans, and not classified.
const FIVE_CLASSES: &[&str] = &["1", "2", "3", "4", "5", "9"];
/// No and yes.
const FLAG: &[&str] = &["0", "1"];

/// `InfRecType`.
pub(super) const RECORD_TYPE: Element = Element::new(1, "InfRecType", Holds::Code(RECORD_TYPES));
const CODE_BYTES_MAX: usize = 60;
const NAME_BYTES_MAX: usize = 180;

/// Letter B: whose account it is and what it is.
pub const ACCOUNT_BASIC: Table = Table {
    kind: FactKind::AccountBasic,
    names: &["AcctBsSgmt"],
    letter: Some('B'),
    elements: &[
        RECORD_TYPE.required(),
        Element::new(2, "AcctType", Holds::Code(ACCOUNT_TYPES)).required(),
        Element::new(3, "AcctCode", Holds::Word(CODE_BYTES_MAX)).required().personal(),
        Element::new(4, "RptDate", Holds::Date).required(),
        Element::new(5, "RptDateCode", Holds::Code(ACCOUNT_REPORT_CODES)).required(),
        Element::new(6, "Name", Holds::Text(NAME_BYTES_MAX)).required().personal(),
        Element::new(7, "IDType", Holds::Word(2)).required(),
        Element::new(8, "IDNum", Holds::Word(CODE_BYTES_MAX)).required().personal(),
        Element::new(9, "MngmtOrgCode", Holds::Word(14)).required(),
    ],
    group: None,
    category: DataCategory::Credit,
    period: Period::None,
};

/// Letter C: the terms.
pub const ACCOUNT_TERMS: Table = Table {
    kind: FactKind::AccountTerms,
    names: &["AcctBsInfSgmt"],
    letter: Some('C'),
    elements: &[
        Element::new(1, "BusiLines", Holds::Word(2)).required(),
        Element::new(2, "BusiDtlLines", Holds::Word(2)).required(),
        Element::new(3, "OpenDate", Holds::Date).required(),
        Element::new(4, "Cy", Holds::Currency).required(),
        Element::new(5, "AcctCredLine", Holds::Amount),
        Element::new(6, "LoanAmt", Holds::Amount),
        Element::new(7, "Flag", Holds::Code(FLAG)),
        Element::new(8, "DueDate", Holds::Date),
        Element::new(9, "RepayMode", Holds::Word(2)),
        Element::new(10, "RepayFreqcy", Holds::Word(2)),
        Element::new(11, "RepayPrd", Holds::Count(9_999)),
        Element::new(12, "ApplyBusiDist", Holds::Word(6)),
        Element::new(13, "GuarMode", Holds::Word(2)),
        Element::new(14, "OthRepyGuarWay", Holds::Word(2)),
        Element::new(15, "AssetTrandFlag", Holds::Word(2)),
        Element::new(16, "FundSou", Holds::Word(2)),
        Element::new(17, "LoanForm", Holds::Word(2)),
        Element::new(18, "CreditID", Holds::Word(CODE_BYTES_MAX)).personal(),
        Element::new(19, "LoanConCode", Holds::Word(CODE_BYTES_MAX)).personal(),
        Element::new(20, "FirstHouLoanFlag", Holds::Word(2)),
    ],
    group: None,
    category: DataCategory::Credit,
    period: Period::None,
};

/// Letter D: who else answers for the debt.
pub const ACCOUNT_GUARANTORS: Table = Table {
    kind: FactKind::AccountGuarantors,
    names: &["RltRepymtInfSgmt", "RltRepymtInfSgm"],
    letter: Some('D'),
    elements: &[Element::new(1, "RltRepymtNm", Holds::Count(999)).required()],
    group: Some(Group {
        name: "RltRepymtInf",
        counted_by: Some(1),
        elements: &[
            Element::new(1, "InfoIDType", Holds::Code(&["1", "2"])).required(),
            Element::new(2, "ArlpName", Holds::Text(NAME_BYTES_MAX)).required().personal(),
            Element::new(3, "ArlpCertType", Holds::Word(2)).required(),
            Element::new(4, "ArlpCertNum", Holds::Word(CODE_BYTES_MAX)).required().personal(),
            Element::new(5, "ArlpType", Holds::Code(&["1", "2", "9"])).required(),
            Element::new(6, "ArlpAmt", Holds::Amount),
            Element::new(7, "WartySign", Holds::Code(FLAG)),
            Element::new(8, "MaxGuarMcc", Holds::Word(CODE_BYTES_MAX)).personal(),
        ],
    }),
    category: DataCategory::Credit,
    period: Period::None,
};

/// Letter E: contracts of mortgage or pledge.
pub const ACCOUNT_COLLATERAL: Table = Table {
    kind: FactKind::AccountCollateral,
    names: &["MotgaCltalCtrctInfSgmt"],
    letter: Some('E'),
    elements: &[Element::new(1, "CcNm", Holds::Count(999)).required()],
    group: Some(Group {
        name: "CccInf",
        counted_by: Some(1),
        elements: &[Element::new(1, "Ccc", Holds::Word(CODE_BYTES_MAX)).required().personal()],
    }),
    category: DataCategory::Credit,
    period: Period::None,
};

/// Letter F: the agreement it draws on.
pub const ACCOUNT_AGREEMENT: Table = Table {
    kind: FactKind::AccountAgreement,
    names: &["AcctCredSgmt"],
    letter: Some('F'),
    elements: &[Element::new(1, "Mcc", Holds::Word(CODE_BYTES_MAX)).required().personal()],
    group: None,
    category: DataCategory::Credit,
    period: Period::None,
};

/// Letter G: who lent first, of a debt that was bought.
pub const ACCOUNT_ORIGIN: Table = Table {
    kind: FactKind::AccountOrigin,
    names: &["OrigCreditorInfSgmt"],
    letter: Some('G'),
    elements: &[
        Element::new(1, "InitCredName", Holds::Text(240)).required().personal(),
        Element::new(2, "InitCredOrgNm", Holds::Word(18)),
        Element::new(3, "OrigDbtCate", Holds::Word(2)),
        Element::new(4, "InitRpySts", Holds::Word(2)),
    ],
    group: None,
    category: DataCategory::Credit,
    period: Period::None,
};

/// Letter H: how the account did in a month.
pub const ACCOUNT_MONTH: Table = Table {
    kind: FactKind::AccountMonth,
    names: &["AcctMthlyBlgInfSgmt"],
    letter: Some('H'),
    elements: &[
        Element::new(1, "Month", Holds::Month).required(),
        Element::new(2, "SettDate", Holds::Date),
        Element::new(3, "AcctStatus", Holds::Code(ACCOUNT_STATES)).required(),
        Element::new(4, "AcctBal", Holds::Amount).required(),
        Element::new(5, "PridAcctBal", Holds::Amount),
        Element::new(6, "UsedAmt", Holds::Amount),
        Element::new(7, "NotIsuBal", Holds::Amount),
        Element::new(8, "RemRepPrd", Holds::Count(9_999)),
        Element::new(9, "FiveCate", Holds::Code(FIVE_CLASSES)),
        Element::new(10, "FiveCateAdjDate", Holds::Date),
        Element::new(11, "RpyStatus", Holds::Code(REPAYMENT)).required(),
        Element::new(12, "RpyPrct", Holds::Word(4)),
        Element::new(13, "OverdPrd", Holds::Count(999)),
        Element::new(14, "TotOverd", Holds::Amount),
        Element::new(15, "OverdPrinc", Holds::Amount),
        Element::new(16, "Oved31_60Princ", Holds::Amount),
        Element::new(17, "Oved61_90Princ", Holds::Amount),
        Element::new(18, "Oved91_180Princ", Holds::Amount),
        Element::new(19, "OvedPrinc180", Holds::Amount),
        Element::new(20, "OvedrawBaOve180", Holds::Amount),
        Element::new(21, "CurRpyAmt", Holds::Amount),
        Element::new(22, "ActRpyAmt", Holds::Amount),
        Element::new(23, "LatRpyDate", Holds::Date),
        Element::new(24, "CloseDate", Holds::Date),
    ],
    group: None,
    category: DataCategory::Credit,
    period: Period::Named,
};

/// Letter I: large instalments of a card.
pub const ACCOUNT_INSTALMENT: Table = Table {
    kind: FactKind::AccountInstalment,
    names: &["SpecPrdSgmt"],
    letter: Some('I'),
    elements: &[
        Element::new(1, "SpecLine", Holds::Amount).required(),
        Element::new(2, "SpecEfctDate", Holds::Date),
        Element::new(3, "SpecEndDate", Holds::Date),
        Element::new(4, "UsedInstAmt", Holds::Amount),
    ],
    group: None,
    category: DataCategory::Credit,
    period: Period::OfReport,
};

/// Letter J: how the account stands between months, or where it has no months.
pub const ACCOUNT_STANDING: Table = Table {
    kind: FactKind::AccountStanding,
    names: &["AcctDbtInfSgmt"],
    letter: Some('J'),
    elements: &[
        Element::new(1, "AcctStatus", Holds::Code(ACCOUNT_STATES)).required(),
        Element::new(2, "AcctBal", Holds::Amount).required(),
        Element::new(3, "FiveCate", Holds::Code(FIVE_CLASSES)),
        Element::new(4, "FiveCateAdjDate", Holds::Date),
        Element::new(5, "RemRepPrd", Holds::Count(9_999)),
        Element::new(6, "RpyStatus", Holds::Code(REPAYMENT)),
        Element::new(7, "OverdPrd", Holds::Count(999)),
        Element::new(8, "TotOverd", Holds::Amount),
        Element::new(9, "LatRpyAmt", Holds::Amount),
        Element::new(10, "LatRpyDate", Holds::Date),
        Element::new(11, "CloseDate", Holds::Date),
    ],
    group: None,
    category: DataCategory::Credit,
    period: Period::OfReport,
};

/// Letter K: transactions out of the ordinary.
pub const ACCOUNT_TRANSACTIONS: Table = Table {
    kind: FactKind::AccountTransactions,
    names: &["AcctSpecTrstDspnSgmt"],
    letter: Some('K'),
    elements: &[Element::new(1, "CagOfTrdNm", Holds::Count(999)).required()],
    group: Some(Group {
        name: "CagOfTrdInf",
        counted_by: Some(1),
        elements: &[
            Element::new(1, "ChanTranType", Holds::Word(2)).required(),
            Element::new(2, "TranDate", Holds::Date).required(),
            Element::new(3, "TranAmt", Holds::Amount),
            Element::new(4, "DueTranMon", Holds::Count(999)),
            Element::new(5, "DetInfo", Holds::Text(600)).personal(),
        ],
    }),
    category: DataCategory::Credit,
    period: Period::OfReport,
};

/// Record 215: events of an account. One segment holds all events of a month, each a group.
pub const ACCOUNT_EVENTS: Table = Table {
    kind: FactKind::AccountEvents,
    names: &[],
    letter: None,
    elements: &[],
    group: Some(Group {
        name: "",
        counted_by: None,
        elements: &[
            Element::new(1, "OpetnType", Holds::Word(2)).required(),
            Element::new(2, "Flag", Holds::Code(FLAG)).required(),
            Element::new(3, "RptDate", Holds::Date).required(),
        ],
    }),
    category: DataCategory::Credit,
    period: Period::Named,
};

/// Letter B of an agreement: whose it is.
pub const AGREEMENT_BASIC: Table = Table {
    kind: FactKind::AgreementBasic,
    names: &["CtrctBsSgmt"],
    letter: Some('B'),
    elements: &[
        RECORD_TYPE.required(),
        Element::new(2, "ContractCode", Holds::Word(CODE_BYTES_MAX)).required().personal(),
        Element::new(3, "RptDate", Holds::Date).required(),
        Element::new(4, "RptDateCode", Holds::Code(AGREEMENT_REPORT_CODES)).required(),
        Element::new(5, "Name", Holds::Text(NAME_BYTES_MAX)).required().personal(),
        Element::new(6, "IDType", Holds::Word(2)).required(),
        Element::new(7, "IDNum", Holds::Word(CODE_BYTES_MAX)).required().personal(),
        Element::new(8, "MngmtOrgCode", Holds::Word(14)).required(),
    ],
    group: None,
    category: DataCategory::Credit,
    period: Period::None,
};

/// Letter C of an agreement: who else may draw on it.
pub const AGREEMENT_JOINT: Table = Table {
    kind: FactKind::AgreementJoint,
    names: &["CtrctCertRelSgmt"],
    letter: Some('C'),
    elements: &[Element::new(1, "BrerNm", Holds::Count(999)).required()],
    group: Some(Group {
        name: "CtrctCertRel",
        counted_by: Some(1),
        elements: &[
            Element::new(1, "BrerType", Holds::Code(&["1", "2"])).required(),
            Element::new(2, "CertRelName", Holds::Text(NAME_BYTES_MAX)).required().personal(),
            Element::new(3, "CertRelIDType", Holds::Word(2)).required(),
            Element::new(4, "CertRelIDNum", Holds::Word(CODE_BYTES_MAX)).required().personal(),
        ],
    }),
    category: DataCategory::Credit,
    period: Period::None,
};

/// Letter D of an agreement: the limit.
pub const AGREEMENT_LIMIT: Table = Table {
    kind: FactKind::AgreementLimit,
    names: &["CreditLimSgmt"],
    letter: Some('D'),
    elements: &[
        Element::new(1, "CreditLimType", Holds::Word(2)).required(),
        Element::new(2, "LimLoopFlg", Holds::Code(FLAG)).required(),
        Element::new(3, "CreditLim", Holds::Amount).required(),
        Element::new(4, "Cy", Holds::Currency).required(),
        Element::new(5, "ConEffDate", Holds::Date).required(),
        Element::new(6, "ConExpDate", Holds::Date),
        Element::new(7, "ConStatus", Holds::Code(&["1", "2"])).required(),
        Element::new(8, "CreditRest", Holds::Amount),
        Element::new(9, "CreditRestCode", Holds::Word(CODE_BYTES_MAX)).personal(),
    ],
    group: None,
    category: DataCategory::Credit,
    period: Period::None,
};
