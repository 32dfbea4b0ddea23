//! Segments of the records about a person: 110 and 114, 120, 130 and 134, 140.

use super::accounts::RECORD_TYPE;
use super::table::{Element, Group, Holds, Period, Table};
use crate::DataCategory;
use crate::fact::FactKind;

const NAME: Element = Element::new(2, "Name", Holds::Text(180)).required().personal();
const ID_TYPE: Element = Element::new(3, "IDType", Holds::Word(2)).required();
const ID_NUMBER: Element = Element::new(4, "IDNum", Holds::Word(60)).required().personal();
const SOURCE: Element = Element::new(5, "InfSurcCode", Holds::Word(20));
const FLAG: Holds = Holds::Code(&["0", "1"]);

const fn table(kind: FactKind, names: &'static [&'static str], elements: &'static [Element]) -> Table {
    Table { kind, names, letter: None, elements, group: None, category: DataCategory::Identity, period: Period::None }
}

/// `BsSgmt` of 110. Some programs write the source code before the name, some after the number.
pub const PERSON_BASIC: Table = table(
    FactKind::PersonBasic,
    &["BsSgmt"],
    &[
        RECORD_TYPE.required(),
        SOURCE,
        NAME,
        ID_TYPE,
        ID_NUMBER,
        SOURCE,
        Element::new(6, "RptDate", Holds::Date).required(),
        Element::new(7, "RptDateCode", Holds::Code(&["10", "20"])).required(),
        Element::new(8, "Cimoc", Holds::Word(14)),
        Element::new(9, "CustomerType", Holds::Word(2)),
    ],
);

/// Further documents of the person.
pub const PERSON_DOCUMENTS: Table = Table {
    group: Some(Group {
        name: "IDRec",
        counted_by: Some(1),
        elements: &[
            Element::new(1, "Alias", Holds::Text(180)).required().personal(),
            Element::new(2, "OthIDType", Holds::Word(2)).required(),
            Element::new(3, "OthIDNum", Holds::Word(60)).required().personal(),
        ],
    }),
    ..table(
        FactKind::PersonDocuments,
        &["IDSgmt"],
        &[Element::new(1, "IDNm", Holds::Count(99)).required(), Element::new(2, "IDInfoUpDate", Holds::Date)],
    )
};

/// Sex, birth, nationality, registered address, how to reach the person.
pub const PERSON_PROFILE: Table = table(
    FactKind::PersonProfile,
    &["FcsInfSgmt"],
    &[
        Element::new(1, "Sex", Holds::Code(&["0", "1", "2", "9"])).of(DataCategory::Sex),
        Element::new(2, "DOB", Holds::Date).personal(),
        Element::new(3, "Nation", Holds::Word(3)),
        Element::new(4, "HouseAdd", Holds::Text(300)).personal(),
        Element::new(5, "HhDist", Holds::Word(6)),
        Element::new(6, "CellPhone", Holds::Text(60)).personal(),
        Element::new(7, "Email", Holds::Text(60)).personal(),
        Element::new(8, "FcsInfoUpDate", Holds::Date),
    ],
);

/// Whether married, and to whom.
pub const PERSON_MARRIAGE: Table = Table {
    category: DataCategory::MaritalStatus,
    ..table(
        FactKind::PersonMarriage,
        &["SpsInfSgmt"],
        &[
            Element::new(1, "MariStatus", Holds::Word(2)).required().personal(),
            Element::new(2, "SpoName", Holds::Text(180)).personal(),
            Element::new(3, "SpoIDType", Holds::Word(2)),
            Element::new(4, "SpoIDNum", Holds::Word(60)).personal(),
            Element::new(5, "SpoTel", Holds::Text(60)).personal(),
            Element::new(6, "SpsCmpyNm", Holds::Text(240)).personal(),
            Element::new(7, "SpsInfoUpDate", Holds::Date),
        ],
    )
};

/// Schooling.
pub const PERSON_EDUCATION: Table = Table {
    category: DataCategory::Education,
    ..table(
        FactKind::PersonEducation,
        &["EduInfSgmt"],
        &[
            Element::new(1, "EduLevel", Holds::Word(2)).required().personal(),
            Element::new(2, "AcaDegree", Holds::Word(2)).personal(),
            Element::new(3, "EduInfoUpDate", Holds::Date),
        ],
    )
};

/// Employer and occupation.
pub const PERSON_OCCUPATION: Table = Table {
    category: DataCategory::Occupation,
    ..table(
        FactKind::PersonOccupation,
        &["OctpnInfSgmt"],
        &[
            Element::new(1, "EmpStatus", Holds::Word(2)).required().personal(),
            Element::new(2, "CpnName", Holds::Text(240)).personal(),
            Element::new(3, "CpnType", Holds::Word(2)),
            Element::new(4, "Industry", Holds::Word(2)),
            Element::new(5, "CpnAddr", Holds::Text(300)).personal(),
            Element::new(6, "CpnPc", Holds::Word(6)),
            Element::new(7, "CpnDist", Holds::Word(6)),
            Element::new(8, "CpnTEL", Holds::Text(60)).personal(),
            Element::new(9, "Occupation", Holds::Word(2)),
            Element::new(10, "Title", Holds::Word(2)),
            Element::new(11, "TechTitle", Holds::Word(2)),
            Element::new(12, "WorkStartDate", Holds::Word(10)),
            Element::new(13, "OctpnInfoUpDate", Holds::Date),
        ],
    )
};

/// Where the person lives. Whether the home is the person's own is of real estate.
pub const PERSON_RESIDENCE: Table = table(
    FactKind::PersonResidence,
    &["RedncInfSgmt"],
    &[
        Element::new(1, "ResiStatus", Holds::Word(2)).of(DataCategory::RealEstate),
        Element::new(2, "ResiAddr", Holds::Text(300)).personal(),
        Element::new(3, "ResiPc", Holds::Word(6)),
        Element::new(4, "ResiDist", Holds::Word(6)),
        Element::new(5, "HomeTel", Holds::Text(60)).personal(),
        Element::new(6, "ResiInfoUpDate", Holds::Date),
    ],
);

/// Where post reaches the person.
pub const PERSON_MAIL: Table = table(
    FactKind::PersonMail,
    &["MlgInfSgmt"],
    &[
        Element::new(1, "MailAddr", Holds::Text(300)).personal(),
        Element::new(2, "MailPc", Holds::Word(6)),
        Element::new(3, "MailDist", Holds::Word(6)),
        Element::new(4, "MlgInfoUpDate", Holds::Date),
    ],
);

/// What the person earns: a category that takes a warning and written consent (`cn-7`).
pub const PERSON_INCOME: Table = Table {
    category: DataCategory::Income,
    ..table(
        FactKind::PersonIncome,
        &["IncInfSgmt"],
        &[
            Element::new(1, "AnnlInc", Holds::Amount).personal(),
            Element::new(2, "TaxIncome", Holds::Amount).personal(),
            Element::new(3, "IncInfoUpDate", Holds::Date),
        ],
    )
};

/// Record 120: who belongs to whose family.
pub const PERSON_FAMILY: Table = Table {
    category: DataCategory::SocialNetwork,
    ..table(
        FactKind::PersonFamily,
        &[],
        &[
            RECORD_TYPE.required(),
            NAME,
            ID_TYPE,
            ID_NUMBER,
            Element::new(6, "FamMemName", Holds::Text(180)).required().personal(),
            Element::new(7, "FamMemCertType", Holds::Word(2)).required(),
            Element::new(8, "FamMemCertNum", Holds::Word(60)).required().personal(),
            Element::new(9, "FamRel", Holds::Word(2)).required(),
            Element::new(10, "FamRelaAssFlag", FLAG).required(),
            SOURCE,
            Element::new(11, "RptDate", Holds::Date).required(),
        ],
    )
};

/// Record 130: how long a document is valid.
pub const PERSON_VALIDITY: Table = table(
    FactKind::PersonValidity,
    &[],
    &[
        RECORD_TYPE.required(),
        NAME,
        ID_TYPE,
        ID_NUMBER,
        SOURCE,
        Element::new(6, "IDEfctDate", Holds::Date).required(),
        Element::new(7, "IDDueDate", Holds::Date),
        Element::new(8, "IDOrgName", Holds::Text(240)).personal(),
        Element::new(9, "IDDist", Holds::Word(6)),
        Element::new(10, "Cimoc", Holds::Word(14)),
        Element::new(11, "RptDate", Holds::Date).required(),
    ],
);

/// Record 140: two documents of one person.
pub const PERSON_LINK: Table = table(
    FactKind::PersonLink,
    &[],
    &[
        RECORD_TYPE.required(),
        NAME,
        ID_TYPE,
        ID_NUMBER,
        Element::new(6, "OthName", Holds::Text(180)).required().personal(),
        Element::new(7, "OthIDType", Holds::Word(2)).required(),
        Element::new(8, "OthIDNum", Holds::Word(60)).required().personal(),
        Element::new(9, "OthAssFlg", FLAG).required(),
        SOURCE,
        Element::new(10, "RptDate", Holds::Date).required(),
    ],
);
