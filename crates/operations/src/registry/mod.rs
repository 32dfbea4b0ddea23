//! Records of the registry's furnishing against what is held: what each adds, corrects, takes back or moves.
//!
//! Start at [`resolve`]. Every segment is a fact of its own; a record changes segments, and what follows of those that then
//! hold (tradeline months, terms, identities) is derived again and settled with them. Nothing is overwritten: a fact that
//! supersedes another names its delivery. `docs/decisions/0006-registry-furnishing.md` says why it is so.

mod account;
mod meaning;
mod person;
mod unit;

use std::collections::HashSet;

use tallystick_intake::{Found, Reject, RejectCode};
use tallystick_model::fact::{RecordPlace, ReportedAccount};
use tallystick_model::registry::{RecordType, RegistryRecord};
use tallystick_model::{
    AccountKey, CategorySet, DataCategory, Identifier, Month, Pseudonymiser, SubjectId, SubjectKind,
};
use tallystick_store::{Snapshot, StoreError};

use self::meaning::TooPrecise;
use self::unit::Unit;
pub(crate) use self::unit::{Change, Said, is_sealed};

/// Most accounts, agreements and persons that the records of one delivery may be about: some 150 MB.
pub(crate) const TOUCHED_MAX: usize = 4_000_000;

/// What records are held against.
pub(crate) struct View<'a> {
    pub(crate) snapshot: &'a Snapshot<'a>,
    pub(crate) pseudonymiser: &'a Pseudonymiser,
    pub(crate) furnisher: u16,
    /// The month it is now.
    pub(crate) this_month: Month,
}

/// What the records of one delivery have been about. They are resolved one after another, in the order of the file.
#[derive(Default)]
pub(crate) struct Touched {
    /// Places of accounts and agreements ([`Pseudonymiser::holder_place`]), and persons.
    seen: HashSet<SubjectId>,
    /// The last one, if it was reported, as it will be: a record that follows it directly goes on from there.
    last: Option<(SubjectId, Unit)>,
}

/// What a record comes to.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    pub(crate) changes: Vec<Change>,
    /// Segments that this subject's consents do not let in, by the registry's name.
    pub(crate) refused: Vec<(DataCategory, &'static str)>,
    /// Elements, and facts about others, that were left out likewise.
    pub(crate) left_out: Vec<DataCategory>,
}

/// Why a record comes to nothing.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A rule across records.
    Rule(Reject),
    /// Data of this category about the subject may not come in.
    Category(DataCategory),
    /// The store could not be read.
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Asks which categories may come in about a subject.
pub(crate) type Admits<'a> = &'a mut dyn FnMut(SubjectKind, SubjectId) -> Result<CategorySet, StoreError>;

/// What `record` comes to, given what is held and what records before it in the delivery have said.
///
/// # Errors
/// [`Refusal`]: nothing of the record is to be loaded.
pub(crate) fn resolve(
    view: &View<'_>,
    touched: &mut Touched,
    place: RecordPlace,
    identifiers: &[Identifier],
    record: &RegistryRecord,
    admits: Admits<'_>,
) -> Result<Resolved, Refusal> {
    let mut resolving = Resolving { view, touched, place, record, admits, resolved: Resolved::default() };
    resolving.check_months()?;
    match (record.record_type, identifiers.first(), &record.code) {
        (RecordType::Account | RecordType::Agreement, Some(who), Some(code)) => resolving.report(who, code)?,
        (RecordType::AccountRekey | RecordType::AgreementRekey, _, Some(code)) => resolving.rekey(code)?,
        (RecordType::AccountCorrect | RecordType::AgreementCorrect, who, Some(code)) => resolving.correct(who, code)?,
        (RecordType::AccountDeleteSegment | RecordType::AgreementDeleteSegment, _, Some(code)) => {
            resolving.delete_segment(code)?;
        }
        (RecordType::AccountDelete | RecordType::AgreementDelete, _, Some(code)) => resolving.delete(code)?,
        (RecordType::AccountEvent, _, Some(code)) => resolving.event(code)?,
        (_, Some(who), None) => resolving.person(who)?,
        _ => return Err(resolving.reject(RejectCode::Required, 0, "record", "what it is about", "nothing named")),
    }
    Ok(resolving.resolved)
}

struct Resolving<'a, 'v> {
    view: &'a View<'v>,
    touched: &'a mut Touched,
    place: RecordPlace,
    record: &'a RegistryRecord,
    admits: Admits<'a>,
    resolved: Resolved,
}

impl Resolving<'_, '_> {
    /// A reject at `byte` of the file, or at the record where that is 0.
    fn reject(
        &self,
        code: RejectCode,
        byte: u64,
        field: &str,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Refusal {
        let byte = if byte == 0 { self.place.byte } else { byte };
        let place = RecordPlace { record: self.place.record, byte };
        Refusal::Rule(Reject {
            code,
            place,
            field: field.to_owned(),
            expected: expected.into(),
            found: Found::phrase(found),
        })
    }

    fn too_precise(&self, TooPrecise(element): TooPrecise) -> Refusal {
        let expected = "no more decimal places than the account's currency has";
        self.reject(RejectCode::NotAnAmount, self.record.places.segment, element, expected, "more")
    }

    /// Nothing can be reported of a month that has not begun.
    fn check_months(&self) -> Result<(), Refusal> {
        let of_segments = self.record.segments.iter().filter_map(|segment| segment.month());
        let reported = self.record.reported.and_then(Month::of);
        let later =
            of_segments.chain(self.record.event_month).chain(reported).find(|month| *month > self.view.this_month);
        match later {
            None => Ok(()),
            Some(month) => {
                let expected = format!("{} or earlier", self.view.this_month);
                Err(self.reject(
                    RejectCode::FutureMonth,
                    self.record.places.reported,
                    "month",
                    expected,
                    month.to_string(),
                ))
            }
        }
    }

    const fn is_agreement(&self) -> bool {
        matches!(
            self.record.record_type,
            RecordType::Agreement
                | RecordType::AgreementRekey
                | RecordType::AgreementCorrect
                | RecordType::AgreementDeleteSegment
                | RecordType::AgreementDelete
        )
    }

    /// The key of an account or agreement. An agreement of the same code as an account is another thing.
    fn key(&self, code: &ReportedAccount) -> AccountKey {
        let furnisher = self.view.furnisher;
        if self.is_agreement() {
            let number = [b"agreement\0".as_slice(), code.expose()].concat();
            return self.view.pseudonymiser.account(furnisher, &number);
        }
        self.view.pseudonymiser.account(furnisher, code.expose())
    }

    /// Refused if another record of the delivery is about what is kept at `place`.
    fn check_untouched(&self, place: SubjectId, byte: u64, field: &str) -> Result<(), Refusal> {
        if !self.touched.seen.contains(&place) {
            return Ok(());
        }
        let expected = "one record of a delivery about each; this one in a delivery of its own";
        Err(self.reject(RejectCode::TouchedBefore, byte, field, expected, "a record before it about the same"))
    }

    /// Notes that the record is about what is kept at `place`.
    fn touch(&mut self, place: SubjectId, byte: u64, field: &str) -> Result<(), Refusal> {
        let rule = RejectCode::TouchedBefore;
        self.check_untouched(place, byte, field)?;
        if self.touched.seen.len() >= TOUCHED_MAX {
            let expected =
                format!("records about at most {TOUCHED_MAX} accounts, agreements and persons in one delivery");
            return Err(self.reject(rule, byte, field, expected, "one more"));
        }
        self.touched.seen.insert(place);
        Ok(())
    }

    fn admits(&mut self, about: SubjectKind, subject: SubjectId, category: DataCategory) -> Result<(), Refusal> {
        if (self.admits)(about, subject)?.contains(category) { Ok(()) } else { Err(Refusal::Category(category)) }
    }

    fn change(&mut self, change: Option<Change>) {
        self.resolved.changes.extend(change);
    }
}
