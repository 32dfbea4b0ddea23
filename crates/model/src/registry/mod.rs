//! The second generation of the registry's furnishing: records, segments and their elements as data.
//!
//! A segment is kept whole, element by element, as it was written ([`Segment`]); so a record can be written again, and each
//! segment of an account is a fact of its own that can be corrected and taken back by its letter. What may stand in a
//! segment is a [`Table`]; start at [`TABLES`]. What a segment means for a credit file (a tradeline month, terms) is not
//! said here: `operations` makes it of what holds.

mod accounts;
mod persons;
mod table;

pub use self::accounts::*;
pub use self::persons::*;
pub use self::table::{Element, Group, Holds, Period, Table};
use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::fact::{FactKind, ReportedAccount};
use crate::ids::InvalidIdentifier;
use crate::tradeline::{read_date, write_date};
use crate::{DataCategory, Date, IdScheme, Identifier, Month, Sensitive};

/// Every kind of segment.
pub const TABLES: [&Table; 26] = [
    &ACCOUNT_BASIC,
    &ACCOUNT_TERMS,
    &ACCOUNT_GUARANTORS,
    &ACCOUNT_COLLATERAL,
    &ACCOUNT_AGREEMENT,
    &ACCOUNT_ORIGIN,
    &ACCOUNT_MONTH,
    &ACCOUNT_INSTALMENT,
    &ACCOUNT_STANDING,
    &ACCOUNT_TRANSACTIONS,
    &ACCOUNT_EVENTS,
    &AGREEMENT_BASIC,
    &AGREEMENT_JOINT,
    &AGREEMENT_LIMIT,
    &PERSON_BASIC,
    &PERSON_DOCUMENTS,
    &PERSON_PROFILE,
    &PERSON_MARRIAGE,
    &PERSON_EDUCATION,
    &PERSON_OCCUPATION,
    &PERSON_RESIDENCE,
    &PERSON_MAIL,
    &PERSON_INCOME,
    &PERSON_FAMILY,
    &PERSON_VALIDITY,
    &PERSON_LINK,
];

/// The table of a kind of fact; `None` if such a fact is no segment.
pub fn table_of(kind: FactKind) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.kind == kind).copied()
}

coded_enum! {
    /// What a record of the registry's furnishing does, by the registry's number of it.
    pub enum RecordType {
        Person = 110, "110", "Says who a person is";
        PersonDelete = 114, "114", "Takes back what was said of a person";
        Family = 120, "120", "Links two persons of a family";
        Validity = 130, "130", "Says how long a document is valid";
        ValidityDelete = 134, "134", "Takes back how long a document is valid";
        Link = 140, "140", "Links two documents of a person";
        Account = 210, "210", "Reports a loan account";
        AccountRekey = 211, "211", "Gives a loan account another code";
        AccountCorrect = 212, "212", "Corrects a segment of a loan account";
        AccountDeleteSegment = 213, "213", "Takes back a segment of a loan account";
        AccountDelete = 214, "214", "Takes back a whole loan account";
        AccountEvent = 215, "215", "Tells an event of a loan account";
        Agreement = 220, "220", "Reports a credit agreement";
        AgreementRekey = 221, "221", "Gives a credit agreement another code";
        AgreementCorrect = 222, "222", "Corrects a segment of a credit agreement";
        AgreementDeleteSegment = 223, "223", "Takes back a segment of a credit agreement";
        AgreementDelete = 224, "224", "Takes back a whole credit agreement";
    }
}

/// One element as it was written. Its text is personal data until its table says otherwise.
pub type Value = (u8, Sensitive<String>);

/// One segment as it was written, without elements that were blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The kind of fact it is; has a table.
    pub kind: FactKind,
    /// The report date of the record it came with.
    pub reported: Option<Date>,
    /// Elements by their numbers, in the order of the file.
    pub values: Vec<Value>,
    /// Elements that come together repeatedly, in the order of the file.
    pub groups: Vec<Vec<Value>>,
}

/// The text of element `number` among `values`.
pub fn text_of(values: &[Value], number: u8) -> Option<&str> {
    values.iter().find(|(known, _)| *known == number).map(|(_, text)| text.expose().as_str())
}

impl Segment {
    /// The text of the element with the registry's `name`.
    pub fn text(&self, name: &str) -> Option<&str> {
        let element = table_of(self.kind)?.named(name)?;
        text_of(&self.values, element.number)
    }

    /// The date of the element with the registry's `name`.
    pub fn date(&self, name: &str) -> Option<Date> {
        self.text(name)?.parse().ok()
    }

    /// The month its slot has: the one it names, that of its report, or none.
    pub fn month(&self) -> Option<Month> {
        match table_of(self.kind)?.period {
            Period::None => None,
            Period::Named => Month::parse(self.text("Month")?).ok(),
            Period::OfReport => Month::of(self.reported?),
        }
    }

    /// The category of what it says as a whole.
    pub fn category(&self) -> DataCategory {
        table_of(self.kind).map_or(DataCategory::Identity, |table| table.category)
    }

    /// Takes out the elements of categories of their own that `admits` lacks, and gives those categories.
    pub fn strip(&mut self, admits: impl Fn(DataCategory) -> bool) -> Vec<DataCategory> {
        let category = |number: u8| table_of(self.kind).and_then(|table| table.element(number)?.category);
        let left_out = |number: u8| category(number).filter(|category| !admits(*category));
        let stripped = self.values.iter().filter_map(|(number, _)| left_out(*number)).collect();
        let kept = self.values.iter().filter(|(number, _)| left_out(*number).is_none()).cloned().collect();
        self.values = kept;
        stripped
    }

    /// Whether it says nothing but when it was reported.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.groups.is_empty()
    }

    /// Appends it without its kind, which the fact's key has.
    pub fn write_values(&self, out: &mut Writer<'_>) {
        out.option(self.reported.as_ref(), |out, date| write_date(out, *date));
        write_list(out, &self.values);
        out.list(&self.groups, |out, group| write_list(out, group));
    }

    /// Reads what [`Segment::write_values`] wrote.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are not canonical, or hold an element that the kind does not have.
    pub fn read_values(kind: FactKind, input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let segment = Self {
            kind,
            reported: input.option(read_date)?,
            values: read_list(input)?,
            groups: input.list(read_list)?,
        };
        let table = table_of(kind).ok_or(DecodeError::Value("segment"))?;
        let of_group =
            |number: u8| table.group.is_some_and(|group| group.elements.iter().any(|own| own.number == number));
        // `Month` of an event is no element of its table: its slot has it.
        let known = segment.values.iter().all(|(number, _)| table.element(*number).is_some())
            && segment.groups.iter().flatten().all(|(number, _)| of_group(*number));
        if known { Ok(segment) } else { Err(DecodeError::Value("element")) }
    }
}

fn write_list(out: &mut Writer<'_>, values: &[Value]) {
    out.list(values, |out, (number, text)| {
        out.byte(*number);
        out.text(text.expose());
    });
}

fn read_list(input: &mut Reader<'_>) -> Result<Vec<Value>, DecodeError> {
    input.list(|input| Ok((input.byte()?, Sensitive::new(input.text()?))))
}

/// With its kind: the form that is sealed.
impl Canonical for Segment {
    fn write(&self, out: &mut Writer<'_>) {
        self.kind.write(out);
        self.write_values(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let kind = FactKind::read(input)?;
        Self::read_values(kind, input)
    }
}

/// The identifier of a person by the registry's type of document: 10 is the resident identity number, any other a document of
/// its own kind.
///
/// # Errors
/// [`InvalidIdentifier`] if the number is not one of that type.
pub fn person_identifier(id_type: &str, number: &str) -> Result<Identifier, InvalidIdentifier> {
    if id_type == "10" {
        return Identifier::parse(IdScheme::CnResidentId, number);
    }
    Identifier::parse(IdScheme::CnDocument, &format!("{id_type}/{number}"))
}

/// The identifier of somebody named in a segment: `1` is a person, `2` an organisation. `None` for an organisation under
/// another number than the unified social credit code (type 20).
///
/// # Errors
/// [`InvalidIdentifier`] if the number is not one of that type.
pub fn named_identifier(kind: &str, id_type: &str, number: &str) -> Result<Option<Identifier>, InvalidIdentifier> {
    match (kind, id_type) {
        ("1", _) => person_identifier(id_type, number).map(Some),
        (_, "20") => Identifier::parse(IdScheme::CnCreditCode, number).map(Some),
        _ => Ok(None),
    }
}

/// Where in the file the fields stand that a rule across records may find fault with: offsets of their first bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldPlaces {
    /// The code of the account or agreement.
    pub code: u64,
    /// The code it shall have.
    pub new_code: u64,
    /// The account's type.
    pub account_type: u64,
    /// The date of the report.
    pub reported: u64,
    /// The subject's number.
    pub holder: u64,
    /// The letter of the segment, or the segment itself.
    pub segment: u64,
}

/// A record as intake hands it over: each part by itself valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryRecord {
    /// What it does.
    pub record_type: RecordType,
    /// The account or agreement it is about; of a person's record, nothing.
    pub code: Option<ReportedAccount>,
    /// The code that one shall have.
    pub new_code: Option<ReportedAccount>,
    /// The account's type, where the record says it.
    pub account_type: Option<String>,
    /// The date of the report, where the record says it.
    pub reported: Option<Date>,
    /// The kind of segment it corrects or takes back.
    pub target: Option<FactKind>,
    /// Report dates from and to which segments are taken back, both included.
    pub between: Option<(Date, Date)>,
    /// The month of an event.
    pub event_month: Option<Month>,
    /// Whether it says that the account or agreement was closed.
    pub closes: bool,
    /// What it reports, or what shall stand instead.
    pub segments: Vec<Segment>,
    /// Where its fields stand.
    pub places: FieldPlaces,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_table_has_a_kind_of_its_own_and_each_element_a_number_of_its_own() {
        let kinds: BTreeSet<_> = TABLES.iter().map(|table| table.kind).collect();
        assert_eq!(kinds.len(), TABLES.len());
        for table in TABLES {
            let of_group = table.group.iter().flat_map(|group| group.elements);
            for elements in [table.elements.iter().collect::<Vec<_>>(), of_group.collect()] {
                let numbers: BTreeSet<_> = elements.iter().map(|element| element.number).collect();
                let names: BTreeSet<_> = elements.iter().map(|element| element.name).collect();
                assert_eq!(numbers.len(), names.len(), "{:?}", table.names);
            }
        }
    }

    #[test]
    fn whatever_may_tell_who_somebody_is_is_sealed() {
        let open: Vec<_> = TABLES.iter().filter(|table| !table.is_sealed()).map(|table| table.kind.code()).collect();
        assert_eq!(
            open,
            [
                "registry_account_month",
                "registry_account_instalment",
                "registry_account_standing",
                "registry_account_events"
            ]
        );
    }

    fn month() -> Segment {
        Segment {
            kind: FactKind::AccountMonth,
            reported: Some(Date::constant(2026, 1, 31)),
            values: vec![(1, "2026-01".to_owned().into()), (3, "1".to_owned().into())],
            groups: Vec::new(),
        }
    }

    /// The released bytes: they may never change.
    #[test]
    fn the_bytes_of_a_segment_are_fixed() {
        let bytes = month().to_bytes();
        let mut expected = vec![38, 1];
        Writer::new(&mut expected).signed(20_260_131);
        expected.extend([2, 1, 7]);
        expected.extend(b"2026-01");
        expected.extend([3, 1, b'1', 0]);
        assert_eq!(bytes, expected);
        assert_eq!(Segment::from_bytes(&bytes), Ok(month()));
        assert_eq!(month().month(), Month::new(2026, 1).ok());
    }

    #[test]
    fn an_element_that_the_kind_does_not_have_is_refused() {
        let strange = Segment { values: vec![(99, "1".to_owned().into())], ..month() };
        assert_eq!(Segment::from_bytes(&strange.to_bytes()), Err(DecodeError::Value("element")));
        let group = Segment { groups: vec![vec![(1, "1".to_owned().into())]], ..month() };
        assert_eq!(Segment::from_bytes(&group.to_bytes()), Err(DecodeError::Value("element")));
    }

    #[test]
    fn elements_of_other_categories_are_taken_out_by_themselves() {
        let mut profile = Segment {
            kind: FactKind::PersonProfile,
            reported: None,
            values: vec![(1, "1".to_owned().into()), (3, "CHN".to_owned().into())],
            groups: Vec::new(),
        };
        assert_eq!(profile.strip(|category| category == DataCategory::Identity), [DataCategory::Sex]);
        assert_eq!((profile.text("Sex"), profile.text("Nation")), (None, Some("CHN")));
        assert_eq!(profile.strip(|category| category == DataCategory::Identity), []);
    }
}
