//! What a record asks for: its type, whom and what it is about, its segments.

use tallystick_model::fact::{FactKind, RecordPlace, ReportedRecord, Statement};
use tallystick_model::ids::InvalidIdentifier;
use tallystick_model::registry::{
    ACCOUNT_AGREEMENT, ACCOUNT_BASIC, ACCOUNT_COLLATERAL, ACCOUNT_EVENTS, ACCOUNT_GUARANTORS, ACCOUNT_INSTALMENT,
    ACCOUNT_MONTH, ACCOUNT_ORIGIN, ACCOUNT_STANDING, ACCOUNT_TERMS, ACCOUNT_TRANSACTIONS, ACCOUNT_TYPES,
    AGREEMENT_BASIC, AGREEMENT_JOINT, AGREEMENT_LIMIT, FieldPlaces, PERSON_BASIC, PERSON_DOCUMENTS, PERSON_EDUCATION,
    PERSON_FAMILY, PERSON_INCOME, PERSON_LINK, PERSON_MAIL, PERSON_MARRIAGE, PERSON_OCCUPATION, PERSON_PROFILE,
    PERSON_RESIDENCE, PERSON_VALIDITY, Period, RecordType, RegistryRecord, Segment, Table, named_identifier,
    person_identifier, table_of,
};
use tallystick_model::{CategorySet, DataCategory, Date, Identifier, Month, Sensitive};

use super::heading::Heading;
use super::plain::Plain;
use super::segment::{self, Completeness, out_of_order};
use super::tree::{Fault, Node};
use crate::reject::{Found, RejectCode};

const PERSON_SEGMENTS: &[&Table] = &[
    &PERSON_BASIC,
    &PERSON_DOCUMENTS,
    &PERSON_PROFILE,
    &PERSON_MARRIAGE,
    &PERSON_EDUCATION,
    &PERSON_OCCUPATION,
    &PERSON_RESIDENCE,
    &PERSON_MAIL,
    &PERSON_INCOME,
];
const ACCOUNT_SEGMENTS: &[&Table] = &[
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
];
const AGREEMENT_SEGMENTS: &[&Table] = &[&AGREEMENT_BASIC, &AGREEMENT_JOINT, &AGREEMENT_LIMIT];

/// A record's element, what it does, and its segments if it is made of them.
const RECORDS: &[(&str, RecordType, &[&Table])] = &[
    ("InBasInf", RecordType::Person, PERSON_SEGMENTS),
    ("InBsInfDlt", RecordType::PersonDelete, &[]),
    ("InFalMmbsInf", RecordType::Family, &[&PERSON_FAMILY]),
    ("InIDEfctInf", RecordType::Validity, &[&PERSON_VALIDITY]),
    ("InIDEfctInfDlt", RecordType::ValidityDelete, &[]),
    ("InCtfItgInf", RecordType::Link, &[&PERSON_LINK]),
    ("InAcctInf", RecordType::Account, ACCOUNT_SEGMENTS),
    ("InAcctIDCagsInf", RecordType::AccountRekey, &[]),
    ("InAcctMdfc", RecordType::AccountCorrect, ACCOUNT_SEGMENTS),
    ("InAcctDel", RecordType::AccountDeleteSegment, ACCOUNT_SEGMENTS),
    ("InAcctEntDel", RecordType::AccountDelete, &[]),
    ("InSpcEvtDscInf", RecordType::AccountEvent, &[&ACCOUNT_EVENTS]),
    ("InCtrctInf", RecordType::Agreement, AGREEMENT_SEGMENTS),
    ("InCtrctIDCagsInf", RecordType::AgreementRekey, &[]),
    ("InCtrctMdfc", RecordType::AgreementCorrect, AGREEMENT_SEGMENTS),
    ("InCtrctDel", RecordType::AgreementDeleteSegment, AGREEMENT_SEGMENTS),
    ("InCtrctEntDel", RecordType::AgreementDelete, &[]),
];

/// Whether `name` is that of a record.
pub(super) fn is_known(name: &str) -> bool {
    RECORDS.iter().any(|(known, ..)| *known == name)
}

/// Reads a record. `in_file` gives the offset in the file of an offset in the record's text.
pub(super) fn read(
    node: &Node<'_>,
    heading: Option<&Heading>,
    in_file: &dyn Fn(usize) -> u64,
) -> Result<ReportedRecord, Fault> {
    let Some((_, record_type, tables)) = RECORDS.iter().find(|(known, ..)| *known == node.name).copied() else {
        let found = Found::quoted(node.name);
        return Err(Fault::new(node.open, RejectCode::UnknownSegment, node.name, "a record of this format", found));
    };
    let reading = Reading { node, record_type, tables, in_file };
    let (identifiers, record) = match record_type {
        RecordType::Person | RecordType::Account | RecordType::Agreement => reading.report()?,
        RecordType::Family | RecordType::Validity | RecordType::Link => reading.one_segment()?,
        RecordType::AccountCorrect | RecordType::AgreementCorrect => reading.correction()?,
        RecordType::AccountEvent => reading.event()?,
        _ => reading.plain()?,
    };
    reading.check_type(heading)?;
    let statements = vec![Statement::Registry(Box::new(record))];
    Ok(ReportedRecord { place: RecordPlace::default(), identifiers, statements })
}

struct Reading<'a, 't> {
    node: &'a Node<'t>,
    record_type: RecordType,
    tables: &'static [&'static Table],
    in_file: &'a dyn Fn(usize) -> u64,
}

type Read = (Vec<Identifier>, RegistryRecord);

impl<'t> Reading<'_, 't> {
    fn empty(&self) -> RegistryRecord {
        RegistryRecord {
            record_type: self.record_type,
            code: None,
            new_code: None,
            account_type: None,
            reported: None,
            target: None,
            between: None,
            event_month: None,
            closes: false,
            segments: Vec::new(),
            places: FieldPlaces::default(),
        }
    }

    /// The element that says the record's type: in the record, or in its first segment.
    fn type_element(&self) -> Option<&Node<'t>> {
        let first = self.node.children.first()?;
        let of = |node: &'_ Node<'t>| ["InfRecType", "InfRecTpTp"].contains(&node.name);
        if of(first) { Some(first) } else { first.children.first().filter(|child| of(child)) }
    }

    /// The record's number of its type is that of its element, and of the heading.
    fn check_type(&self, heading: Option<&Heading>) -> Result<(), Fault> {
        let code = self.record_type.code();
        let element = self.type_element();
        let at = element.map_or(self.node.open, |element| element.inside);
        if let Some(element) = element.filter(|element| !element.text.is_empty() && element.text != code) {
            // A segment that corrects whose account it is may keep the type of the record it was first in.
            let found = Found::text(element.text.as_bytes());
            let expected = format!("`{code}` for `{}`", self.node.name);
            return Err(Fault::new(at, RejectCode::Contradiction, element.name, expected, found));
        }
        match heading {
            Some(heading) if heading.record_type != self.record_type => {
                let expected = format!("`{}`, as the heading line says", heading.record_type);
                Err(Fault::new(at, RejectCode::Contradiction, "InfRecType", expected, Found::text(code.as_bytes())))
            }
            _ => Ok(()),
        }
    }

    fn unknown_segment(&self, child: &Node<'_>) -> Fault {
        let expected = format!("a segment of `{}`", self.node.name);
        Fault::new(child.open, RejectCode::UnknownSegment, child.name, expected, Found::quoted(child.name))
    }

    /// 110, 210, 220: segments in their order, the first of them says whose it is.
    fn report(&self) -> Result<Read, Fault> {
        let mut record = self.empty();
        let Some((first_table, first)) = self.tables.first().zip(self.node.children.first()) else {
            return Err(self.required(self.tables.first().and_then(|table| table.names.first()).unwrap_or(&"segment")));
        };
        if !first_table.names.contains(&first.name) {
            return Err(self.required(first_table.names.first().unwrap_or(&"segment")));
        }
        let basic = segment::read(first_table, first, None, Completeness::Whole)?;
        record.reported = basic.date("RptDate");
        let mut next = 0;
        for child in &self.node.children {
            let place = |from: usize| {
                self.tables.iter().enumerate().skip(from).find(|(_, table)| table.names.contains(&child.name))
            };
            let Some((at, table)) = place(next) else {
                return Err(if place(0).is_some() { out_of_order(child) } else { self.unknown_segment(child) });
            };
            next = at + 1;
            let segment = segment::read(table, child, record.reported, Completeness::Whole)?;
            if !segment.is_empty() {
                record.segments.push(segment);
            }
        }
        let code = if self.record_type == RecordType::Account { "AcctCode" } else { "ContractCode" };
        record.code = basic.text(code).map(|code| Sensitive::new(code.as_bytes().to_vec()));
        record.account_type = basic.text("AcctType").map(str::to_owned);
        record.places = FieldPlaces {
            code: (self.in_file)(first.place(code)),
            account_type: (self.in_file)(first.place("AcctType")),
            reported: (self.in_file)(first.place("RptDate")),
            holder: (self.in_file)(first.place("IDNum")),
            segment: (self.in_file)(first.open),
            ..FieldPlaces::default()
        };
        let report_code = basic.text("RptDateCode").unwrap_or_default();
        self.check_report_code(report_code, &mut record, first)?;
        let subject = holder(&basic, first)?;
        let account_type = record.account_type.as_deref().unwrap_or_default();
        for (table, child) in self.node.children.iter().filter_map(|child| Some((self.table(child.name)?, child))) {
            check_named(table, child, Some(&subject))?;
            check_fits(table, child, account_type)?;
        }
        Ok((vec![subject], record))
    }

    /// What the code says of why the record is sent must fit what is sent.
    fn check_report_code(&self, code: &str, record: &mut RegistryRecord, basic: &Node<'_>) -> Result<(), Fault> {
        let terms = match self.record_type {
            RecordType::Account => FactKind::AccountTerms,
            RecordType::Agreement => FactKind::AgreementLimit,
            _ => return Ok(()),
        };
        let opens = code == "10" || code == "31";
        if opens && !record.segments.iter().any(|segment| segment.kind == terms) {
            return Err(self.without_terms(basic, terms));
        }
        let account_type = record.account_type.clone().unwrap_or_default();
        let mut closed = false;
        for (table, child) in self.node.children.iter().filter_map(|child| Some((self.table(child.name)?, child))) {
            closed |= check_state(table, child, &account_type)?;
        }
        record.closes = closed || (self.record_type == RecordType::Account && matches!(code, "20" | "32"));
        if record.closes && !closed && self.record_type == RecordType::Account {
            let found = Found::phrase("no segment with that state");
            let expected = format!("state `{}` for a record that closes", closed_state(&account_type));
            return Err(Fault::new(
                basic.place("RptDateCode"),
                RejectCode::Contradiction,
                "RptDateCode",
                expected,
                found,
            ));
        }
        Ok(())
    }

    fn table(&self, name: &str) -> Option<&'static Table> {
        self.tables.iter().find(|table| table.names.contains(&name)).copied()
    }

    fn without_terms(&self, basic: &Node<'_>, terms: FactKind) -> Fault {
        let name = table_of(terms).and_then(|table| table.names.first()).unwrap_or(&"segment");
        let found = Found::phrase("none in the record");
        Fault::new(basic.open, RejectCode::NewWithoutTerms, name, format!("`{name}` of what is newly opened"), found)
    }

    fn required(&self, name: &str) -> Fault {
        let expected = format!("`{name}` first");
        Fault::new(self.node.open, RejectCode::Required, name, expected, Found::text(b""))
    }

    /// 120, 130, 140: the record is one segment.
    fn one_segment(&self) -> Result<Read, Fault> {
        let Some(table) = self.tables.first() else { return Err(self.required("segment")) };
        let mut segment = segment::read(table, self.node, None, Completeness::Whole)?;
        segment.reported = segment.date("RptDate");
        let mut record = self.empty();
        record.reported = segment.reported;
        record.places.reported = (self.in_file)(self.node.place("RptDate"));
        record.places.holder = (self.in_file)(self.node.place("IDNum"));
        let identifiers = vec![holder(&segment, self.node)?];
        record.segments.push(segment);
        Ok((identifiers, record))
    }

    /// 212, 222: a basic part names account and segment, the segment follows.
    fn correction(&self) -> Result<Read, Fault> {
        let names: Vec<&str> = self.node.children.iter().map(|child| child.name).collect();
        let [basic, changed] = self.node.children.as_slice() else {
            return Err(self.required("BsSgmt"));
        };
        if names != ["BsSgmt", "MdfcSgmt"] {
            let fault = self.node.children.iter().find(|child| !matches!(child.name, "BsSgmt" | "MdfcSgmt"));
            return Err(fault.map_or_else(|| out_of_order(changed), |child| self.unknown_segment(child)));
        }
        let plain = Plain::read(&format!("{}/BsSgmt", self.node.name), basic)?;
        let mut record = self.empty();
        record.code = plain.code("ModRecCode");
        record.reported = Some(plain.date("RptDate")?);
        record.places = FieldPlaces {
            code: (self.in_file)(basic.place("ModRecCode")),
            account_type: (self.in_file)(basic.place("AcctType")),
            reported: (self.in_file)(basic.place("RptDate")),
            segment: (self.in_file)(basic.place("MdfcSgmtCode")),
            ..FieldPlaces::default()
        };
        if self.record_type == RecordType::AccountCorrect {
            record.account_type = Some(plain.coded("AcctType", ACCOUNT_TYPES)?);
        }
        let table = self.letter(&plain, "MdfcSgmtCode")?;
        record.target = Some(table.kind);
        let [only] = changed.children.as_slice() else {
            let found = Found::phrase(format!("{} segments", changed.children.len()));
            return Err(Fault::new(changed.open, RejectCode::SegmentNotAllowed, "MdfcSgmt", "one segment", found));
        };
        if !table.names.contains(&only.name) {
            let known = self.table(only.name).is_some();
            let code = if known { RejectCode::SegmentNotAllowed } else { RejectCode::UnknownSegment };
            let expected = format!("`{}`, as the letter says", table.names.first().unwrap_or(&""));
            return Err(Fault::new(only.open, code, only.name, expected, Found::quoted(only.name)));
        }
        let is_basic = table.letter == Some('B');
        let completeness = if is_basic { Completeness::Part } else { Completeness::Whole };
        let segment = segment::read(table, only, record.reported, completeness)?;
        if segment.is_empty() {
            return Err(Fault::new(only.open, RejectCode::Required, only.name, "what it should say", Found::text(b"")));
        }
        let account_type = record.account_type.clone().unwrap_or_default();
        check_fits(table, only, &account_type)?;
        check_named(table, only, None)?;
        record.closes = check_state(table, only, &account_type)?;
        let mut identifiers = Vec::new();
        if is_basic && (segment.text("IDNum").is_some() || segment.text("IDType").is_some()) {
            record.places.holder = (self.in_file)(only.place("IDNum"));
            identifiers.push(holder(&segment, only)?);
        }
        record.segments.push(segment);
        Ok((identifiers, record))
    }

    /// The table of the segment that a letter names.
    fn letter(&self, plain: &Plain<'_, '_>, element: &str) -> Result<&'static Table, Fault> {
        let text = plain.text(element).unwrap_or_default();
        let table = self.tables.iter().find(|table| table.letter.is_some_and(|letter| text.chars().eq([letter])));
        table.copied().ok_or_else(|| {
            let letters: Vec<_> = self.tables.iter().filter_map(|table| table.letter).map(String::from).collect();
            plain.fault(element, RejectCode::UnknownCode, format!("one of {}", letters.join(" ")))
        })
    }

    /// 215.
    fn event(&self) -> Result<Read, Fault> {
        let plain = Plain::read(self.node.name, self.node)?;
        let mut record = self.empty();
        record.code = plain.code("AcctCode");
        record.reported = Some(plain.date("RptDate")?);
        let month = Month::parse(plain.text("Month").unwrap_or_default());
        let month = month.map_err(|_| plain.fault("Month", RejectCode::NotAMonth, "a month YYYY-MM".to_owned()))?;
        record.event_month = Some(month);
        record.places.code = (self.in_file)(self.node.place("AcctCode"));
        record.places.reported = (self.in_file)(self.node.place("Month"));
        let Some(group) = ACCOUNT_EVENTS.group else { return Err(self.required("OpetnType")) };
        let mut values = Vec::new();
        for element in group.elements {
            if let Some(child) = self.node.child(element.name) {
                values.extend(segment::value(element, child)?);
            }
        }
        record.segments.push(Segment {
            kind: FactKind::AccountEvents,
            reported: record.reported,
            values: Vec::new(),
            groups: vec![values],
        });
        Ok((Vec::new(), record))
    }

    /// 114, 134, 211, 213, 214, 221, 223, 224.
    fn plain(&self) -> Result<Read, Fault> {
        let plain = Plain::read(self.node.name, self.node)?;
        let mut record = self.empty();
        record.places.holder = (self.in_file)(self.node.place("IDNum"));
        match self.record_type {
            RecordType::PersonDelete | RecordType::ValidityDelete => {
                let text = |name: &str| plain.text(name).unwrap_or_default();
                let who = identifier(text("IDType"), text("IDNum"), self.node.place("IDNum"))?;
                return Ok((vec![who], record));
            }
            RecordType::AccountRekey | RecordType::AgreementRekey => {
                record.code = plain.code("OdBnesCode");
                record.new_code = plain.code("NwBnesCode");
                record.places.code = (self.in_file)(self.node.place("OdBnesCode"));
                record.places.new_code = (self.in_file)(self.node.place("NwBnesCode"));
                if record.code == record.new_code {
                    let expected = "another code than the old one".to_owned();
                    return Err(Fault {
                        found: Found::phrase("the same"),
                        ..plain.fault("NwBnesCode", RejectCode::Contradiction, expected)
                    });
                }
            }
            _ => {
                record.code = plain.code("DelRecCode");
                record.places.code = (self.in_file)(self.node.place("DelRecCode"));
            }
        }
        if matches!(self.record_type, RecordType::AccountDeleteSegment | RecordType::AgreementDeleteSegment) {
            let table = self.letter(&plain, "DelSgmtCode")?;
            record.places.segment = (self.in_file)(self.node.place("DelSgmtCode"));
            if table.letter == Some('B') {
                let expected = "a segment other than whose it is; a whole account is taken back by a record of its own";
                return Err(plain.fault("DelSgmtCode", RejectCode::SegmentNotAllowed, expected.to_owned()));
            }
            record.target = Some(table.kind);
            record.between = self.between(&plain)?;
            if table.period != Period::None && record.between.is_none() {
                let expected = "from which report date on".to_owned();
                return Err(plain.fault("DelStartDate", RejectCode::Required, expected));
            }
        }
        Ok((Vec::new(), record))
    }

    fn between(&self, plain: &Plain<'_, '_>) -> Result<Option<(Date, Date)>, Fault> {
        if plain.text("DelStartDate").is_none() && plain.text("DelEndDate").is_none() {
            return Ok(None);
        }
        let (from, to) = (plain.date("DelStartDate")?, plain.date("DelEndDate")?);
        if from <= to {
            return Ok(Some((from, to)));
        }
        let expected = "a date not before `DelStartDate`".to_owned();
        Err(Fault {
            found: Found::phrase("a date before it"),
            ..plain.fault("DelEndDate", RejectCode::Contradiction, expected)
        })
    }
}

/// States that accounts of a type may be in.
fn states(account_type: &str) -> &'static [&'static str] {
    match account_type {
        "R2" | "R3" => &["1", "2", "3", "31", "32", "33", "4", "5", "51", "52", "6", "8"],
        "C1" => &["1", "2"],
        _ => &["1", "2", "3", "41", "42", "5", "6", "61", "62", "7", "8"],
    }
}

/// The state of an account of a type that is closed.
fn closed_state(account_type: &str) -> &'static str {
    match account_type {
        "R2" | "R3" => "4",
        "C1" => "2",
        _ => "3",
    }
}

/// Checks the state that a segment tells, and gives whether that is closed.
fn check_state(table: &Table, node: &Node<'_>, account_type: &str) -> Result<bool, Fault> {
    if !matches!(table.kind, FactKind::AccountMonth | FactKind::AccountStanding) {
        return Ok(
            table.kind == FactKind::AgreementLimit && node.child("ConStatus").is_some_and(|state| state.text == "2")
        );
    }
    let Some(state) = node.child("AcctStatus") else { return Ok(false) };
    let states = states(account_type);
    if !states.contains(&&*state.text) {
        let expected = format!("a state of account type {account_type}: {}", states.join(" "));
        let found = Found::text(state.text.as_bytes());
        return Err(Fault::new(state.inside, RejectCode::UnknownCode, "AcctStatus", expected, found));
    }
    if state.text != closed_state(account_type) {
        return Ok(false);
    }
    let balance = node.child("AcctBal");
    let is_zero = |text: &str| text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if let Some(balance) = balance.filter(|balance| !is_zero(&balance.text)) {
        let found = Found::text(balance.text.as_bytes());
        return Err(Fault::new(balance.inside, RejectCode::Contradiction, "AcctBal", "0 for a closed account", found));
    }
    if node.child("CloseDate").is_none_or(|date| date.text.is_empty()) {
        let expected = "a date for a closed account";
        return Err(Fault::new(
            node.place("CloseDate"),
            RejectCode::RequiredForStatus,
            "CloseDate",
            expected,
            Found::text(b""),
        ));
    }
    Ok(true)
}

fn holder(segment: &Segment, node: &Node<'_>) -> Result<Identifier, Fault> {
    let text = |name: &str| segment.text(name).unwrap_or_default();
    identifier(text("IDType"), text("IDNum"), node.place("IDNum"))
}

fn identifier(id_type: &str, number: &str, at: usize) -> Result<Identifier, Fault> {
    person_identifier(id_type, number).map_err(|error| invalid(error, "IDNum", at))
}

fn invalid(error: InvalidIdentifier, field: &str, at: usize) -> Fault {
    Fault::new(at, RejectCode::InvalidIdentifier, field, error.expected(), Found::phrase(error.fault()))
}

/// Those who answer for the debt beside the subject are others than the subject, under numbers that can be theirs.
fn check_named(table: &Table, node: &Node<'_>, subject: Option<&Identifier>) -> Result<(), Fault> {
    let [kind, id_type, number] = match table.kind {
        FactKind::AccountGuarantors => ["InfoIDType", "ArlpCertType", "ArlpCertNum"],
        FactKind::AgreementJoint => ["BrerType", "CertRelIDType", "CertRelIDNum"],
        _ => return Ok(()),
    };
    for named in &node.children {
        let text = |name: &str| named.child(name).map(|child| &*child.text).unwrap_or_default();
        if named.children.is_empty() {
            continue;
        }
        let identifier = named_identifier(text(kind), text(id_type), text(number));
        let identifier = identifier.map_err(|error| invalid(error, number, named.place(number)))?;
        if identifier.is_some() && identifier.as_ref() == subject {
            let found = Found::phrase("the subject's own");
            let expected = "somebody else than the subject";
            return Err(Fault::new(named.place(number), RejectCode::Contradiction, number, expected, found));
        }
    }
    Ok(())
}

/// Whether accounts of a type have such a segment: collection has no months, and only cards have large instalments.
fn check_fits(table: &Table, node: &Node<'_>, account_type: &str) -> Result<(), Fault> {
    let fits = match table.kind {
        FactKind::AccountMonth => account_type != "C1",
        FactKind::AccountInstalment => account_type == "R2",
        _ => true,
    };
    if fits {
        return Ok(());
    }
    let expected = format!("a segment of account type {account_type}");
    Err(Fault::new(node.open, RejectCode::SegmentNotAllowed, node.name, expected, Found::quoted(node.name)))
}

/// The record without what no furnisher of this kind may hand over; `None` if nothing is left of it. `left_out` is told each
/// category once for each segment or element.
pub(super) fn admitted(
    mut record: ReportedRecord,
    admitted: CategorySet,
    left_out: &mut dyn FnMut(DataCategory),
) -> Option<ReportedRecord> {
    let [Statement::Registry(registry)] = record.statements.as_mut_slice() else { return Some(record) };
    registry.segments.retain_mut(|segment| {
        if !admitted.contains(segment.category()) {
            left_out(segment.category());
            return false;
        }
        segment.strip(|category| admitted.contains(category)).into_iter().for_each(&mut *left_out);
        !segment.is_empty()
    });
    let says = matches!(
        registry.record_type,
        RecordType::Person
            | RecordType::Family
            | RecordType::Validity
            | RecordType::Link
            | RecordType::Account
            | RecordType::Agreement
            | RecordType::AccountCorrect
            | RecordType::AgreementCorrect
            | RecordType::AccountEvent
    );
    (!says || !registry.segments.is_empty()).then_some(record)
}
