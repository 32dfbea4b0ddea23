//! Admitting: record by record, what the gate lets in becomes entries under pseudonyms; the rest is rejects and counts.

use std::sync::atomic::{AtomicBool, Ordering};

use tallystick_intake::{Found, Reject, RejectCode, Sink};
use tallystick_model::fact::{
    FactKind, RecordPlace, ReportedAccount, ReportedRecord, Slot, Standing, Statement, write_value,
};
use tallystick_model::identity::Identity;
use tallystick_model::inquiry::Reason;
use tallystick_model::payment_profile::PaymentProfileMonth;
use tallystick_model::quality::TIMELY_MONTHS_MAX;
use tallystick_model::tradeline::{PaymentRating, TradelineMonth, TradelineTerms};
use tallystick_model::{
    AccountKey, Canonical, CategorySet, DataCategory, Identifier, Month, Pseudonymiser, Sensitive, SubjectId,
    SubjectKind,
};
use tallystick_policy::{Admission, ConsentNeed, Gate, Opens};
use tallystick_store::{Snapshot, StoreError};

use super::entry::{BUILDS_ON_EARLIER, Entry, Place};
use super::gathering::Counts;
use crate::registry::{self, Change, Refusal, Said, Touched, View, is_sealed};

/// What one part of a file gave.
#[derive(Debug, Default)]
pub(crate) struct PartFacts {
    /// Entries, by the first bits of their subject.
    pub(crate) buckets: Vec<Vec<u8>>,
    pub(crate) entries: u64,
    /// In the order of the file; their record numbers count from the part's beginning.
    pub(crate) rejects: Vec<Reject>,
    pub(crate) counts: Counts,
    pub(crate) spans_subjects: bool,
    /// Records read so far, refused ones too.
    pub(crate) records: u64,
    bytes: usize,
}

/// Takes what a layout reads of one part, and of one part after the other.
pub(crate) struct Admitting<'a> {
    pseudonymiser: &'a Pseudonymiser,
    snapshot: &'a Snapshot<'a>,
    gate: &'a Gate,
    furnisher: u16,
    /// The month it is now: nothing can be reported of a later one.
    this_month: Month,
    bucket_bits: u32,
    opens: Vec<(SubjectKind, Opens)>,
    /// The last subject asked about and what its own consents let in: files come with a subject's records together.
    consented: Option<(SubjectId, CategorySet)>,
    part: u32,
    /// Where the last record stood, and about whom it was.
    last: Option<(RecordPlace, SubjectId)>,
    out: PartFacts,
    /// Buckets of an earlier part, emptied.
    room: Vec<Vec<u8>>,
    pub(crate) failed: Option<StoreError>,
    /// What records of the registry's furnishing have been about.
    touched: Touched,
}

impl<'a> Admitting<'a> {
    pub(crate) fn new(
        pseudonymiser: &'a Pseudonymiser,
        snapshot: &'a Snapshot<'a>,
        gate: &'a Gate,
        furnisher: u16,
        this_month: Month,
        bucket_bits: u32,
    ) -> Self {
        let opens = SubjectKind::ALL.iter().map(|kind| (*kind, gate.opens(*kind))).collect();
        let mut admitting = Self {
            pseudonymiser,
            snapshot,
            gate,
            furnisher,
            this_month,
            bucket_bits,
            opens,
            consented: None,
            part: 0,
            last: None,
            out: PartFacts::default(),
            room: Vec::new(),
            failed: None,
            touched: Touched::default(),
        };
        admitting.begin(0);
        admitting
    }

    /// The categories the gate admits at all, on whatever condition, about whatever kind of subject.
    pub(crate) fn admitted(gate: &Gate) -> CategorySet {
        gate.admissions()
            .filter(|(_, _, admission)| matches!(admission, Admission::Admitted { .. }))
            .map(|(_, category, _)| category)
            .collect()
    }

    /// Begins part `number`.
    pub(crate) fn begin(&mut self, number: u32) {
        self.part = number;
        self.last = None;
        self.out = PartFacts { buckets: std::mem::take(&mut self.room), ..PartFacts::default() };
        self.out.buckets.resize_with(1 << self.bucket_bits, Vec::new);
    }

    /// Takes the buckets of an earlier part, emptied, for the next.
    pub(crate) fn reuse(&mut self, room: Vec<Vec<u8>>) {
        self.room = room;
    }

    /// What was taken since [`Self::begin`].
    pub(crate) fn end(&mut self) -> PartFacts {
        std::mem::take(&mut self.out)
    }

    /// The categories the gate lets in about `subject`, whose own consents are looked up if any category needs one.
    fn categories_of(&mut self, about: SubjectKind, subject: SubjectId) -> Result<CategorySet, StoreError> {
        let Some((_, opens)) = self.opens.iter().find(|(kind, _)| *kind == about) else {
            return Ok(CategorySet::EMPTY);
        };
        if !opens.asks_for_consent() {
            return Ok(opens.always());
        }
        if let Some((asked, categories)) = self.consented
            && asked == subject
        {
            return Ok(categories);
        }
        let categories = opens.about(subject, &self.snapshot.consents(subject)?);
        self.consented = Some((subject, categories));
        Ok(categories)
    }

    fn take(&mut self, mut record: ReportedRecord) -> Result<(), StoreError> {
        if matches!(record.statements.as_slice(), [Statement::Registry(_)]) {
            return self.take_registry(&record);
        }
        let about = record.identifiers.first().and_then(|identifier| identifier.scheme().subject_kind());
        let about = about.unwrap_or(SubjectKind::Person);
        let Some((identifier, further)) = record.identifiers.split_first() else { return Ok(()) };
        let subject = self.pseudonymiser.subject(identifier);
        self.about(record.place, subject);
        let allowed = self.categories_of(about, subject)?;
        if allowed.contains(DataCategory::Identity) {
            keep_further(further, &mut record.statements);
        }

        if let Some(month) = record.statements.iter().filter_map(month_of).find(|month| *month > self.this_month) {
            self.refuse(Reject {
                code: RejectCode::FutureMonth,
                place: record.place,
                field: "month".to_owned(),
                expected: format!("{} or earlier", self.this_month),
                found: Found::phrase(month.to_string()),
            });
            return Ok(());
        }
        let missing = record.statements.iter().filter_map(category_of).find(|category| !allowed.contains(*category));
        if let Some(category) = missing {
            self.refuse_category(record.place, about, category, category.code());
            return Ok(());
        }
        let place = self.place(record.place);
        for statement in record.statements {
            self.statement(subject, place, statement, allowed);
        }
        Ok(())
    }

    /// Notes whom a record is about: one that is about several is known by its place.
    fn about(&mut self, place: RecordPlace, subject: SubjectId) {
        self.out.spans_subjects |= self.last.is_some_and(|(last, other)| last == place && other != subject);
        self.last = Some((place, subject));
    }

    fn place(&self, place: RecordPlace) -> Place {
        Place { part: self.part, record: u32::try_from(place.record).unwrap_or(u32::MAX), byte: place.byte }
    }

    /// Takes a record of the registry's furnishing: what it comes to depends on what is held.
    fn take_registry(&mut self, record: &ReportedRecord) -> Result<(), StoreError> {
        let [Statement::Registry(registry)] = record.statements.as_slice() else { return Ok(()) };
        let view = View {
            snapshot: self.snapshot,
            pseudonymiser: self.pseudonymiser,
            furnisher: self.furnisher,
            this_month: self.this_month,
        };
        let mut touched = std::mem::take(&mut self.touched);
        let admits = &mut |about, subject| self.categories_of(about, subject);
        let resolved = registry::resolve(&view, &mut touched, record.place, &record.identifiers, registry, admits);
        self.touched = touched;
        match resolved {
            Ok(resolved) => {
                for (category, segment) in resolved.refused {
                    // What a consent would let in is refused so that the furnisher sees it; the rest is counted.
                    match self.gate.admission(SubjectKind::Person, category) {
                        Admission::Admitted { .. } => {
                            self.refuse_category(record.place, SubjectKind::Person, category, segment);
                        }
                        Admission::NotAdmitted { .. } => {
                            *self.out.counts.not_admitted.entry(category).or_default() += 1;
                        }
                    }
                }
                for category in resolved.left_out {
                    *self.out.counts.not_admitted.entry(category).or_default() += 1;
                    let admission = self.gate.admission(SubjectKind::Person, category);
                    let awaits = matches!(admission, Admission::Admitted { .. });
                    self.out.counts.awaiting_consent += u64::from(awaits);
                }
                for change in resolved.changes {
                    self.change(record.place, &change);
                }
            }
            Err(Refusal::Rule(reject)) => self.refuse(reject),
            Err(Refusal::Category(category)) => {
                self.refuse_category(record.place, SubjectKind::Person, category, category.code());
            }
            Err(Refusal::Store(error)) => return Err(error),
        }
        Ok(())
    }

    /// Takes one of the statements that a record of the registry's furnishing comes to.
    fn change(&mut self, at: RecordPlace, change: &Change) {
        let Change { subject, slot, standing, said } = change;
        self.about(at, *subject);
        if let (Said::Month(month), Some(of), Standing::Reported) = (said, slot.month, standing) {
            self.judge(of, month);
        }
        let place = Place { part: BUILDS_ON_EARLIER, ..self.place(at) };
        self.put(*subject, *slot, place, |out| {
            write_value(out, *standing, |out| match said {
                Said::Terms(terms) => terms.write(out),
                Said::Month(month) => month.write(out),
                Said::Holder(holder) => out.fixed(&holder.0),
                Said::Identity(identity) => identity.write(out),
                Said::Segment(segment) if is_sealed(segment.kind) => segment.write(out),
                Said::Segment(segment) => segment.write_values(out),
            });
        });
    }

    /// Refuses a record, or what its `field` names, for what may come in of `category` about such a subject.
    fn refuse_category(&mut self, place: RecordPlace, about: SubjectKind, category: DataCategory, field: &str) {
        let admission = self.gate.admission(about, category);
        let counts = &mut self.out.counts;
        let (code, found) = match admission {
            Admission::Admitted { reasons, .. } => {
                counts.awaiting_consent += 1;
                counts.without_consent += 1;
                counts.denied_by.extend(
                    reasons
                        .iter()
                        .map(|asking| Reason { rule: asking.rule.clone(), code: "no_recorded_consent".to_owned() }),
                );
                (RejectCode::NoConsent, "none on record")
            }
            Admission::NotAdmitted { reasons } => {
                counts.forbidden += 1;
                counts.denied_by.extend(reasons.iter().cloned());
                (RejectCode::NotAdmitted, "a record of it")
            }
        };
        let (expected, field) = (needed(admission), field.to_owned());
        self.refuse(Reject { code, place, field, expected, found: Found::phrase(found) });
    }

    /// Refuses a record that has been counted as read.
    fn refuse(&mut self, reject: Reject) {
        // Where a consent or a rule is missing, the furnisher's data are not at fault: such a record says nothing of them.
        if !matches!(reject.code, RejectCode::NoConsent | RejectCode::NotAdmitted) {
            self.out.counts.quality.refused += 1;
        }
        self.out.rejects.push(reject);
    }

    fn account(&self, account: &ReportedAccount) -> AccountKey {
        match account.expose().as_slice() {
            [] => AccountKey::of_furnisher(self.furnisher),
            number => self.pseudonymiser.account(self.furnisher, number),
        }
    }

    /// Takes a statement, unless this subject's consents let in nothing of it.
    fn statement(&mut self, subject: SubjectId, place: Place, statement: Statement, allowed: CategorySet) {
        match statement {
            Statement::TradelineMonth(account, month, body) => {
                self.judge(month, &body);
                let slot = Slot { kind: FactKind::TradelineMonth, account: self.account(&account), month: Some(month) };
                self.put(subject, slot, place, |out| write_value(out, Standing::Reported, |out| body.write(out)));
            }
            Statement::TradelineTerms(account, body) => {
                let slot = Slot { kind: FactKind::TradelineTerms, account: self.account(&account), month: None };
                self.put(subject, slot, place, |out| write_value(out, Standing::Reported, |out| body.write(out)));
            }
            Statement::PaymentProfileMonth(account, month, mut body) => {
                self.strip(&mut body, allowed);
                self.timely(month);
                let slot =
                    Slot { kind: FactKind::PaymentProfileMonth, account: self.account(&account), month: Some(month) };
                self.put(subject, slot, place, |out| write_value(out, Standing::Reported, |out| body.write(out)));
            }
            Statement::Identity(account, mut identity) => {
                self.strip_attributes(&mut identity, allowed);
                if identity.is_empty() {
                    return;
                }
                let slot = Slot { kind: FactKind::Identity, account: self.account(&account), month: None };
                self.put(subject, slot, place, |out| write_value(out, Standing::Reported, |out| identity.write(out)));
            }
            // A record of the registry's furnishing is one statement, and was taken as such.
            Statement::Registry(_) => {}
        }
    }

    fn put(&mut self, subject: SubjectId, slot: Slot, place: Place, write: impl FnOnce(&mut Vec<u8>)) {
        let bucket = bucket_of(subject, self.bucket_bits);
        let Some(bytes) = self.out.buckets.get_mut(bucket) else { return };
        let before = bytes.len();
        Entry::write(bytes, subject, slot, place, write);
        self.out.bytes += bytes.len() - before;
        self.out.entries += 1;
    }

    /// Counts how complete and how timely a month of an account is reported.
    fn judge(&mut self, month: Month, body: &TradelineMonth) {
        let TradelineMonth { rating, balance_minor, past_due_minor, limit_minor, paid_minor, scheduled_minor, .. } =
            body;
        let amounts = [balance_minor, past_due_minor, limit_minor, paid_minor, scheduled_minor];
        let reported = amounts.iter().filter(|amount| amount.is_some()).count() as u64;
        let quality = &mut self.out.counts.quality;
        quality.values_expected += amounts.len() as u64 + 1;
        quality.values_reported += reported + u64::from(*rating != PaymentRating::Unknown);
        self.timely(month);
    }

    fn timely(&mut self, month: Month) {
        let quality = &mut self.out.counts.quality;
        quality.months += 1;
        let late = self.this_month.number().saturating_sub(month.number()) > TIMELY_MONTHS_MAX;
        quality.months_timely += u64::from(!late);
    }

    /// Takes out of an identity the attributes that need a stronger consent than this subject gave.
    fn strip_attributes(&mut self, identity: &mut Identity, allowed: CategorySet) {
        for (category, _) in identity.attributes.extract_if(.., |(category, _)| !allowed.contains(*category)) {
            *self.out.counts.not_admitted.entry(category).or_default() += 1;
            self.out.counts.awaiting_consent += 1;
        }
    }

    /// Takes out of a profile what needs a stronger consent than this subject gave.
    fn strip(&mut self, profile: &mut PaymentProfileMonth, allowed: CategorySet) {
        for (flow, category) in
            [(&mut profile.income, DataCategory::Income), (&mut profile.investments, DataCategory::Securities)]
        {
            if !allowed.contains(category)
                && let Some(flow) = flow.take()
                && flow.count > 0
            {
                *self.out.counts.not_admitted.entry(category).or_default() += u64::from(flow.count);
                self.out.counts.awaiting_consent += 1;
            }
        }
    }
}

/// The bucket of a subject: the first `bits` of its pseudonym.
fn bucket_of(subject: SubjectId, bits: u32) -> usize {
    let [first, second, ..] = subject.0;
    usize::from(u16::from_be_bytes([first, second]) >> (16 - bits.clamp(1, 16)))
}

/// Keeps a subject's further identifiers with the identity, sealed: for matching, which needs evidence to join two files.
fn keep_further(further: &[Identifier], statements: &mut Vec<Statement>) {
    if further.is_empty() {
        return;
    }
    let tagged = |identifier: &Identifier| {
        let text = format!("{}:{}", identifier.scheme(), identifier.text().expose());
        (DataCategory::Identity, Sensitive::new(text))
    };
    let kept = statements.iter_mut().find_map(|statement| match statement {
        Statement::Identity(_, identity) => Some(identity),
        _ => None,
    });
    match kept {
        Some(identity) => identity.attributes.extend(further.iter().map(tagged)),
        None => {
            let attributes = further.iter().map(tagged).collect();
            let identity = Identity { attributes, ..Identity::default() };
            statements.push(Statement::Identity(ReportedAccount::new(Vec::new()), identity));
        }
    }
}

/// The month a statement is about.
const fn month_of(statement: &Statement) -> Option<Month> {
    match statement {
        Statement::TradelineMonth(_, month, _) | Statement::PaymentProfileMonth(_, month, _) => Some(*month),
        Statement::TradelineTerms(..) | Statement::Identity(..) | Statement::Registry(_) => None,
    }
}

/// What a category takes, for a reject.
fn needed(admission: &Admission) -> String {
    match admission {
        Admission::Admitted { need: need @ (ConsentNeed::Recorded(form) | ConsentNeed::Separate(form)), reasons } => {
            let rules: Vec<_> = reasons.iter().map(|reason| reason.rule.as_str()).collect();
            let which = if matches!(need, ConsentNeed::Separate(_)) { "separate" } else { "recorded" };
            format!("a {which} consent, {form} or stronger ({})", rules.join(" "))
        }
        Admission::Admitted { .. } => "nothing more".to_owned(),
        Admission::NotAdmitted { reasons } => {
            let rules: Vec<_> = reasons.iter().map(|reason| format!("{} {}", reason.rule, reason.code)).collect();
            format!("nothing of this category ({})", rules.join(", "))
        }
    }
}

/// The category a statement stands under as a whole; parts of it may need more. An identity of attributes alone stands
/// under none: each of them has its own.
fn category_of(statement: &Statement) -> Option<DataCategory> {
    match statement {
        Statement::TradelineMonth(_, _, TradelineMonth { kind, .. })
        | Statement::TradelineTerms(_, TradelineTerms { kind, .. }) => Some(kind.category()),
        Statement::PaymentProfileMonth(..) => Some(DataCategory::Payments),
        Statement::Identity(_, identity) => {
            let Identity { name, born, telephone, address, account_number, attributes: _ } = identity;
            let texts = [name, telephone, address, account_number];
            (born.is_some() || texts.iter().any(|text| text.is_some())).then_some(DataCategory::Identity)
        }
        Statement::Registry(_) => None,
    }
}

impl Sink for Admitting<'_> {
    fn record(&mut self, record: ReportedRecord) {
        self.out.records += 1;
        if let Err(error) = self.take(record) {
            self.failed = Some(error);
        }
    }

    fn reject(&mut self, reject: Reject) {
        self.out.records += 1;
        self.refuse(reject);
    }

    fn not_admitted(&mut self, category: DataCategory, count: u64) {
        *self.out.counts.not_admitted.entry(category).or_default() += count;
    }

    fn goes_on(&mut self) -> bool {
        self.failed.is_none()
    }
}

/// Admits records and gives away what was taken whenever it has grown enough.
pub(crate) struct Flushing<'a, 'b> {
    pub(crate) admitting: &'a mut Admitting<'b>,
    pub(crate) bytes_max: usize,
    /// Tells whether to go on.
    pub(crate) flush: &'a mut dyn FnMut(PartFacts) -> bool,
    pub(crate) stop: &'a AtomicBool,
}

impl Sink for Flushing<'_, '_> {
    fn record(&mut self, record: ReportedRecord) {
        self.admitting.record(record);
    }

    fn reject(&mut self, reject: Reject) {
        self.admitting.reject(reject);
    }

    fn not_admitted(&mut self, category: DataCategory, count: u64) {
        self.admitting.not_admitted(category, count);
    }

    fn goes_on(&mut self) -> bool {
        let out = &self.admitting.out;
        if out.bytes > self.bytes_max || out.rejects.len() > REJECTS_FLUSHED {
            let records = out.records;
            let facts = self.admitting.end();
            let last = self.admitting.last;
            self.admitting.begin(self.admitting.part);
            (self.admitting.out.records, self.admitting.last) = (records, last);
            if !(self.flush)(facts) {
                return false;
            }
        }
        self.admitting.goes_on() && !self.stop.load(Ordering::Relaxed)
    }
}

/// Rejects held at the most before they are given away.
const REJECTS_FLUSHED: usize = 10_000;
