//! The facts of one delivery between reading and loading: admitted record by record, pseudonymised, sorted.

use std::collections::{BTreeMap, BTreeSet};

use tallystick_intake::{Found, Reject, RejectCode, Sink};
use tallystick_model::fact::{
    DeliveryNumber, FACT_KEY_BYTES, Fact, FactBody, FactKey, FactKind, RecordPlace, ReportedAccount, ReportedRecord,
    Slot, Standing, Statement,
};
use tallystick_model::identity::Identity;
use tallystick_model::inquiry::Reason;
use tallystick_model::payment_profile::PaymentProfileMonth;
use tallystick_model::tradeline::{TradelineMonth, TradelineTerms};
use tallystick_model::{AccountKey, CategorySet, DataCategory, Identifier, Month, Sensitive, SubjectId, SubjectKind};
use tallystick_policy::{Admission, ConsentNeed, Gate};
use tallystick_store::{OpenDelivery, Snapshot, StoreError, SubjectSalt};

use crate::bureau::Bureau;
use crate::ingest::Progress;
use crate::registry::{self, Refusal, Said, Touched, View};

/// Rejects kept to be told one by one; all are counted.
pub(crate) const REJECTS_KEPT_MAX: usize = 1000;

/// A fact's place without its delivery, which has no number until everything is read.
type SlotKey = (SubjectId, Slot);

/// What waits to be loaded at a slot.
enum Waiting {
    Body(FactBody),
    /// Sealed only when it is loaded: the seal is bound to the fact's key.
    Identity(Box<Identity>),
    /// What a record of the registry's furnishing comes to, and how it stands to what is held.
    Registry(Standing, Said),
}

/// Takes what a layout reads.
pub(crate) struct DeliveryFacts<'a> {
    bureau: &'a Bureau,
    snapshot: &'a Snapshot<'a>,
    gate: &'a Gate,
    furnisher: u16,
    progress: &'a mut dyn FnMut(Progress),
    /// The last subject asked about and what its own consents let in: files come with a subject's records together.
    consented: Option<(SubjectId, CategorySet)>,
    facts: Vec<(SlotKey, RecordPlace, Waiting)>,
    /// Records read, refused ones too.
    pub(crate) records: u64,
    pub(crate) rejects: u64,
    pub(crate) kept_rejects: Vec<Reject>,
    /// Records and values that only lack a recorded consent.
    pub(crate) awaiting_consent: u64,
    /// Records rejected for want of one, and in `denied_by` the rules that ask for it.
    pub(crate) without_consent: u64,
    /// Records rejected because no consent would let them in, and the rules that say so.
    pub(crate) forbidden: u64,
    pub(crate) denied_by: BTreeSet<Reason>,
    /// The month it is now: nothing can be reported of a later one.
    this_month: Month,
    pub(crate) not_admitted: BTreeMap<DataCategory, u64>,
    pub(crate) failed: Option<StoreError>,
    /// What records of the registry's furnishing have been about.
    touched: Touched,
}

impl<'a> DeliveryFacts<'a> {
    pub(crate) fn new(
        bureau: &'a Bureau,
        snapshot: &'a Snapshot<'a>,
        gate: &'a Gate,
        furnisher: u16,
        this_month: Month,
        progress: &'a mut dyn FnMut(Progress),
    ) -> Self {
        Self {
            bureau,
            snapshot,
            gate,
            furnisher,
            progress,
            consented: None,
            facts: Vec::new(),
            records: 0,
            rejects: 0,
            kept_rejects: Vec::new(),
            awaiting_consent: 0,
            without_consent: 0,
            forbidden: 0,
            denied_by: BTreeSet::new(),
            this_month,
            not_admitted: BTreeMap::new(),
            failed: None,
            touched: Touched::default(),
        }
    }

    /// Tells how far the ingest is.
    pub(crate) fn tell(&mut self, stage: &'static str) {
        (self.progress)(Progress { stage, done: self.records, rejects: self.rejects });
    }

    /// The categories the gate admits at all, on whatever condition, about whatever kind of subject.
    pub(crate) fn admitted(gate: &Gate) -> CategorySet {
        gate.admissions()
            .filter(|(_, _, admission)| matches!(admission, Admission::Admitted { .. }))
            .map(|(_, category, _)| category)
            .collect()
    }

    /// The categories the gate lets in about `subject`, whose own consents are looked up if any category needs one.
    fn categories_of(&mut self, about: SubjectKind, subject: SubjectId) -> Result<CategorySet, StoreError> {
        if let Some((known, categories)) = self.consented
            && known == subject
        {
            return Ok(categories);
        }
        let mut consents = None;
        let mut categories = CategorySet::EMPTY;
        for (_, category, admission) in self.gate.admissions().filter(|(kind, ..)| *kind == about) {
            let recorded = matches!(admission, Admission::Admitted { need: ConsentNeed::Recorded(_), .. });
            if recorded && consents.is_none() {
                consents = Some(self.snapshot.consents(subject)?);
            }
            if self.gate.admit(about, subject, category, consents.as_deref().unwrap_or_default()).is_ok() {
                categories = categories.with(category);
            }
        }
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
        let subject = self.bureau.pseudonymiser.subject(identifier);
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
        for statement in record.statements {
            let Some((account, month, waiting)) = self.waiting(statement, allowed) else { continue };
            let kind = match &waiting {
                Waiting::Body(body) => body.kind(),
                Waiting::Identity(..) => FactKind::Identity,
                Waiting::Registry(_, said) => said.kind(),
            };
            let slot = Slot { kind, account, month };
            self.facts.push(((subject, slot), record.place, waiting));
        }
        Ok(())
    }

    /// Refuses a record, or what its `field` names, for what may come in of `category` about such a subject.
    fn refuse_category(&mut self, place: RecordPlace, about: SubjectKind, category: DataCategory, field: &str) {
        let admission = self.gate.admission(about, category);
        let (code, found) = match admission {
            Admission::Admitted { reasons, .. } => {
                self.awaiting_consent += 1;
                self.without_consent += 1;
                let missing =
                    |asking: &Reason| Reason { rule: asking.rule.clone(), code: "no_recorded_consent".to_owned() };
                self.denied_by.extend(reasons.iter().map(missing));
                (RejectCode::NoConsent, "none on record")
            }
            Admission::NotAdmitted { reasons } => {
                self.forbidden += 1;
                self.denied_by.extend(reasons.iter().cloned());
                (RejectCode::NotAdmitted, "a record of it")
            }
        };
        let expected = needed(admission);
        self.refuse(Reject { code, place, field: field.to_owned(), expected, found: Found::phrase(found) });
    }

    /// Takes a record of the registry's furnishing: what it comes to depends on what is held.
    fn take_registry(&mut self, record: &ReportedRecord) -> Result<(), StoreError> {
        let [Statement::Registry(registry)] = record.statements.as_slice() else { return Ok(()) };
        let view = View {
            snapshot: self.snapshot,
            pseudonymiser: &self.bureau.pseudonymiser,
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
                        Admission::NotAdmitted { .. } => *self.not_admitted.entry(category).or_default() += 1,
                    }
                }
                for category in resolved.left_out {
                    *self.not_admitted.entry(category).or_default() += 1;
                    let admission = self.gate.admission(SubjectKind::Person, category);
                    self.awaiting_consent += u64::from(matches!(admission, Admission::Admitted { .. }));
                }
                let waiting = |change: registry::Change| {
                    ((change.subject, change.slot), record.place, Waiting::Registry(change.standing, change.said))
                };
                self.facts.extend(resolved.changes.into_iter().map(waiting));
            }
            Err(Refusal::Rule(reject)) => self.refuse(reject),
            Err(Refusal::Category(category)) => {
                self.refuse_category(record.place, SubjectKind::Person, category, category.code());
            }
            Err(Refusal::Store(error)) => return Err(error),
        }
        Ok(())
    }

    /// Refuses a record that has been counted as read.
    fn refuse(&mut self, reject: Reject) {
        self.rejects += 1;
        self.tell("reading");
        if self.kept_rejects.len() < REJECTS_KEPT_MAX {
            self.kept_rejects.push(reject);
        }
    }

    fn account(&self, account: &ReportedAccount) -> AccountKey {
        match account.expose().as_slice() {
            [] => AccountKey::of_furnisher(self.furnisher),
            number => self.bureau.pseudonymiser.account(self.furnisher, number),
        }
    }

    /// What is to be loaded of a statement; `None` if this subject's consents let in nothing of it.
    fn waiting(&mut self, statement: Statement, allowed: CategorySet) -> Option<(AccountKey, Option<Month>, Waiting)> {
        Some(match statement {
            Statement::TradelineMonth(account, month, body) => {
                (self.account(&account), Some(month), Waiting::Body(FactBody::TradelineMonth(body)))
            }
            Statement::TradelineTerms(account, body) => {
                (self.account(&account), None, Waiting::Body(FactBody::TradelineTerms(body)))
            }
            Statement::PaymentProfileMonth(account, month, mut body) => {
                self.strip(&mut body, allowed);
                (self.account(&account), Some(month), Waiting::Body(FactBody::PaymentProfileMonth(body)))
            }
            Statement::Identity(account, mut identity) => {
                self.strip_attributes(&mut identity, allowed);
                if identity.is_empty() {
                    return None;
                }
                (self.account(&account), None, Waiting::Identity(Box::new(identity)))
            }
            // A record of the registry's furnishing is one statement, and was taken as such.
            Statement::Registry(_) => return None,
        })
    }

    /// Takes out of an identity the attributes that need a stronger consent than this subject gave.
    fn strip_attributes(&mut self, identity: &mut Identity, allowed: CategorySet) {
        for (category, _) in identity.attributes.extract_if(.., |(category, _)| !allowed.contains(*category)) {
            *self.not_admitted.entry(category).or_default() += 1;
            self.awaiting_consent += 1;
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
                *self.not_admitted.entry(category).or_default() += u64::from(flow.count);
                self.awaiting_consent += 1;
            }
        }
    }

    /// Whether nothing at all is to be loaded.
    pub(crate) const fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// Sorts what was taken. A record that says again what an earlier one says of a month is refused with all it says; of
    /// statements without a period the last one holds.
    pub(crate) fn sort(&mut self) {
        self.facts.sort_by_key(|(key, place, _)| (*key, *place));
        let refused = self.refuse_duplicates();
        let facts = std::mem::take(&mut self.facts);
        let mut sorted: Vec<(SlotKey, RecordPlace, Waiting)> = Vec::with_capacity(facts.len());
        for (key, place, waiting) in facts {
            if refused.contains(&place) {
                continue;
            }
            match sorted.last_mut() {
                Some(last) if last.0 == key && key.1.month.is_some() => {}
                Some(last) if last.0 == key => *last = (key, place, waiting),
                _ => sorted.push((key, place, waiting)),
            }
        }
        self.facts = sorted;
    }

    /// Refuses records in the order of the file: each that fills a month's slot which one before it, itself not refused, has.
    fn refuse_duplicates(&mut self) -> BTreeSet<RecordPlace> {
        // In a sound file no slot is contested, and this stays empty.
        let mut contested: BTreeMap<RecordPlace, Vec<SlotKey>> = BTreeMap::new();
        for alike in self.facts.chunk_by(|(one, ..), (other, ..)| one == other) {
            if alike.len() > 1 && alike.iter().any(|((_, slot), ..)| slot.month.is_some()) {
                for (key, place, _) in alike {
                    contested.entry(*place).or_default().push(*key);
                }
            }
        }
        let mut filled: BTreeMap<SlotKey, RecordPlace> = BTreeMap::new();
        let mut refused = BTreeSet::new();
        for (place, slots) in contested {
            let earlier = slots.iter().find_map(|slot| filled.get(slot).map(|earlier| (slot.1, *earlier)));
            if let Some((slot, earlier)) = earlier {
                self.refuse_duplicate(place, slot, earlier);
                refused.insert(place);
                continue;
            }
            for slot in slots {
                // Twice in one record: one person in two segments of an account. What comes first holds, the rest is told.
                if filled.insert(slot, place).is_some() {
                    self.refuse_duplicate(place, slot.1, place);
                }
            }
        }
        refused
    }

    fn refuse_duplicate(&mut self, place: RecordPlace, slot: Slot, earlier: RecordPlace) {
        self.refuse(Reject {
            code: RejectCode::Duplicate,
            place,
            field: slot.kind.code().to_owned(),
            expected: "one record for each subject, account and month".to_owned(),
            found: Found::phrase(format!("record {} says it already", earlier.record)),
        });
    }

    /// Gives each subject whose identity is to be sealed a salt: the one it has, or a new one that is kept first.
    pub(crate) fn keep_salts(&self, open: &OpenDelivery<'_>) -> Result<BTreeMap<SubjectId, SubjectSalt>, StoreError> {
        let (mut salts, mut new) = (BTreeMap::new(), BTreeMap::new());
        for ((subject, _), _, waiting) in &self.facts {
            let is_sealed = match waiting {
                Waiting::Body(_) => false,
                Waiting::Identity(_) => true,
                Waiting::Registry(_, said) => said.is_sealed(),
            };
            if is_sealed && !salts.contains_key(subject) {
                let salt = match self.bureau.store.subject_salt(*subject)? {
                    Some(salt) => salt,
                    None => {
                        let salt = SubjectSalt::new(self.bureau.random());
                        new.insert(*subject, salt.clone());
                        salt
                    }
                };
                salts.insert(*subject, salt);
            }
        }
        open.keep_salts(&new)?;
        Ok(salts)
    }

    /// The facts in key order, as bytes, numbered for their delivery.
    pub(crate) fn into_stored(
        self,
        open: &OpenDelivery<'_>,
        salts: &BTreeMap<SubjectId, SubjectSalt>,
        nonce: [u8; 12],
    ) -> impl FnMut(&mut Vec<u8>) -> Result<Option<[u8; FACT_KEY_BYTES]>, StoreError> {
        let delivery: DeliveryNumber = open.number();
        let (rejects, progress) = (self.rejects, self.progress);
        let mut facts = self.facts.into_iter();
        let mut done = 0;
        move |value| {
            done += 1;
            progress(Progress { stage: "loading fact", done, rejects });
            let Some(((subject, slot), _, waiting)) = facts.next() else { return Ok(None) };
            let key = FactKey { subject, slot, delivery };
            let bytes = key.to_bytes();
            let sealed = |said: &dyn Fn(&SubjectSalt) -> FactBody| match salts.get(&subject) {
                Some(salt) => Ok(said(salt)),
                None => Err(StoreError::Damaged {
                    place: "salts".to_owned(),
                    what: "a salt is missing that was just kept".to_owned(),
                }),
            };
            let (standing, said) = match waiting {
                Waiting::Body(body) => {
                    Fact { key, standing: Standing::Reported, body }.write_value(value);
                    return Ok(Some(bytes));
                }
                Waiting::Identity(identity) => (Standing::Reported, Said::Identity(identity)),
                Waiting::Registry(standing, said) => (standing, said),
            };
            let body = match said {
                Said::Terms(terms) => FactBody::TradelineTerms(terms),
                Said::Month(month) => FactBody::TradelineMonth(month),
                Said::Holder(holder) => FactBody::Holder(holder),
                Said::Identity(identity) => {
                    sealed(&|salt| FactBody::Identity(open.seal(salt, &bytes, &*identity, nonce)))?
                }
                Said::Segment(segment) if registry::is_sealed(segment.kind) => {
                    sealed(&|salt| FactBody::SealedSegment(segment.kind, open.seal(salt, &bytes, &segment, nonce)))?
                }
                Said::Segment(segment) => FactBody::Segment(segment),
            };
            Fact { key, standing, body }.write_value(value);
            Ok(Some(bytes))
        }
    }
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
        Admission::Admitted { need: ConsentNeed::Recorded(form), reasons } => {
            let rules: Vec<_> = reasons.iter().map(|reason| reason.rule.as_str()).collect();
            format!("a recorded consent, {form} or stronger ({})", rules.join(" "))
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

impl Sink for DeliveryFacts<'_> {
    fn record(&mut self, record: ReportedRecord) {
        self.records += 1;
        self.tell("reading");
        if let Err(error) = self.take(record) {
            self.failed = Some(error);
        }
    }

    fn reject(&mut self, reject: Reject) {
        self.records += 1;
        self.refuse(reject);
    }

    fn not_admitted(&mut self, category: DataCategory, count: u64) {
        *self.not_admitted.entry(category).or_default() += count;
    }

    fn goes_on(&mut self) -> bool {
        self.failed.is_none()
    }
}
