//! What a delivery and a correction should become: row by row, in the order of the file.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use tallystick_intake::RejectCode;
use tallystick_model::delivery::{DeliveryKind, DeliveryRecord};
use tallystick_model::event::{CorrectionRecord, DeliveryDenial};
use tallystick_model::fact::{DeliveryNumber, FactBody, FactKey, FactKind, Slot, Standing};
use tallystick_model::identity::Identity;
use tallystick_model::inquiry::Reason;
use tallystick_model::member::{Member, MemberRole};
use tallystick_model::payment_profile::{PaymentProfileMonth, Provenance};
use tallystick_model::quality::Quality;
use tallystick_model::tradeline::{AccountStatus, Liability, PaymentRating, TradelineMonth, TradelineTerms};
use tallystick_model::{
    AccountKey, Currency, DataCategory, Identifier, Month, Sensitive, SubjectId, SubjectKind, Timestamp,
};

use super::rules::{self, Furnishing, Law};
use super::{Facts, Held, Reference, Said};
use crate::simulation::file::{Fault, File, Row, Who};

/// A file as it is handed over.
#[derive(Clone, Debug)]
pub struct Handed {
    /// Code of the furnisher.
    pub furnisher: String,
    /// The file.
    pub file: File,
    /// The month told beside it.
    pub month: Option<Month>,
    /// After how many bytes its reading breaks off.
    pub breaks_off: Option<usize>,
}

/// Why a file is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The words in which the operation refuses.
    Refused(String),
    /// A rule lets nothing of it in: an entry says so.
    NotAdmitted(Box<DeliveryDenial>),
    /// It has a column that nobody has spoken about.
    Column,
    /// Nobody has said which month it is about.
    Month,
    /// It broke off.
    BrokeOff,
    /// No subject of it has consented: an entry says so.
    NoConsent(Vec<Rejected>, Box<DeliveryDenial>),
    /// Of so many rows none can be loaded.
    Nothing(Vec<Rejected>, u64),
    /// It came in before.
    Already(DeliveryNumber),
}

/// One refused row: code, record, byte and field.
pub type Rejected = (RejectCode, u64, u64, String);

/// What a file becomes.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Its record, but for the root over its facts.
    pub record: DeliveryRecord,
    /// Its facts.
    pub facts: Facts,
    /// Its refused rows.
    pub rejects: Vec<Rejected>,
}

/// New status, rating and balance of a month; `None` takes it back.
pub type Set = Option<(Option<AccountStatus>, Option<PaymentRating>, Option<i64>)>;

/// What a correction asks for.
#[derive(Clone, Debug)]
pub struct Mending {
    /// Code of the furnisher.
    pub furnisher: String,
    /// Its number of the account.
    pub account: String,
    /// Which month.
    pub month: Month,
    /// What it should say.
    pub set: Set,
    /// Why.
    pub reason: String,
}

/// A furnisher, with what the partners have decided to collect; `None` without a charter.
#[derive(Clone, Debug)]
struct Sender {
    law: Law,
    member: Member,
    collected: Option<BTreeSet<DataCategory>>,
}

impl std::ops::Deref for Sender {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.member
    }
}

impl Sender {
    fn is_collected(&self, category: DataCategory) -> bool {
        self.collected.as_ref().is_none_or(|collected| collected.contains(&category))
    }
}

/// By law, and then by the partners' decisions.
fn furnishing(sender: &Sender, about: SubjectKind, category: DataCategory) -> Furnishing {
    match rules::furnishing(sender.law, &sender.member, about, category) {
        Furnishing::May(..) if !sender.is_collected(category) => {
            Furnishing::Never(vec![Reason { rule: "charter".to_owned(), code: "not_collected".to_owned() }])
        }
        by_law => by_law,
    }
}

/// What is known of a file while it is read.
struct Reading<'a> {
    reference: &'a Reference,
    furnisher: Sender,
    handed: &'a Handed,
    number: DeliveryNumber,
    now: Timestamp,
    facts: Facts,
    rejects: Vec<Rejected>,
    left_out: BTreeMap<DataCategory, u64>,
    /// Rows and values that only lack a recorded consent.
    awaiting: u64,
    /// Rows refused for want of one.
    without_consent: usize,
    /// Rows refused that no consent would let in, and the rules against them.
    forbidden: usize,
    denied_by: BTreeSet<Reason>,
    /// Whether any row had something to load.
    says_something: bool,
    quality: Quality,
}

impl Reference {
    /// What a delivery becomes, were it committed now.
    ///
    /// # Errors
    /// [`NotTaken`]; nothing of it is loaded then.
    pub fn take(&self, handed: &Handed, now: Timestamp) -> Result<Taken, NotTaken> {
        let member = self.in_role(&handed.furnisher, MemberRole::Furnisher).map_err(NotTaken::Refused)?;
        let decided = self.decided();
        if let Some(decided) = &decided
            && decided.layouts.get(&handed.file.shape.layout_name()) != Some(&text_hash(&handed.file))
        {
            let reason = Reason { rule: "charter".to_owned(), code: "layout_not_accepted".to_owned() };
            return Err(NotTaken::NotAdmitted(self.denial(&member, handed, [0; 32], vec![reason])));
        }
        let furnisher = Sender { law: self.law, member, collected: decided.map(|decided| decided.collected) };
        let categories = categories(handed);
        if !categories.iter().any(|category| admitted(&furnisher, *category)) {
            let mut reasons = Vec::new();
            for about in SubjectKind::ALL {
                for category in &categories {
                    if let Furnishing::Never(against) = furnishing(&furnisher, *about, *category) {
                        against.into_iter().for_each(|reason| {
                            if !reasons.contains(&reason) {
                                reasons.push(reason);
                            }
                        });
                    }
                }
            }
            return Err(NotTaken::NotAdmitted(self.denial(&furnisher, handed, [0; 32], reasons)));
        }
        // What cannot be read to its end is told so first: a file's first megabyte is read before its header is looked at.
        if handed.breaks_off.is_some() {
            return Err(NotTaken::BrokeOff);
        }
        if handed.month.is_none() && !handed.file.shape.month {
            return Err(NotTaken::Month);
        }
        if handed.file.strange_column {
            return Err(NotTaken::Column);
        }
        let number = DeliveryNumber(self.next_delivery);
        let mut reading = Reading {
            reference: self,
            furnisher: furnisher.clone(),
            handed,
            number,
            now,
            facts: Facts::new(),
            rejects: Vec::new(),
            left_out: BTreeMap::new(),
            awaiting: 0,
            without_consent: 0,
            forbidden: 0,
            denied_by: BTreeSet::new(),
            says_something: false,
            quality: Quality { records: count(handed.file.rows.len()), ..Quality::default() },
        };
        let mut byte = handed.file.header().len();
        for (record, row) in (1_u64..).zip(&handed.file.rows) {
            reading.row(row, record, count(byte));
            byte += row.line(&handed.file.shape).len();
        }
        let text = handed.file.text();
        let file_hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        if !reading.says_something {
            return Err(self.nothing_of(reading, file_hash));
        }
        let Reading { facts, rejects, left_out, awaiting, mut quality, .. } = reading;
        let at_fault = |(code, ..): &&Rejected| !matches!(code, RejectCode::NoConsent | RejectCode::NotAdmitted);
        quality.refused = count(rejects.iter().filter(at_fault).count());
        quality.records -= count(rejects.len()) - quality.refused;
        let layout = handed.file.shape.layout_name();
        for earlier in self.deliveries() {
            // One of which something waited for a consent that has come is worth delivering again.
            if earlier.kind == DeliveryKind::Report
                && earlier.awaiting_consent == awaiting
                && (earlier.furnisher, earlier.file_hash, earlier.month) == (furnisher.number, file_hash, handed.month)
                && earlier.layout == layout
            {
                return Err(NotTaken::Already(earlier.number));
            }
        }
        let mut admitted_under = BTreeSet::new();
        for category in &categories {
            for about in SubjectKind::ALL {
                if let Furnishing::May(_, reasons) = furnishing(&furnisher, *about, *category) {
                    admitted_under.extend(reasons);
                }
            }
        }
        let record = DeliveryRecord {
            number,
            kind: DeliveryKind::Report,
            furnisher: furnisher.number,
            layout,
            layout_hash: text_hash(&handed.file),
            month: handed.month,
            about: None,
            provenance: Provenance::FurnisherSigned,
            file_hash,
            file_bytes: count(text.len()),
            recorded_at: now,
            records: count(handed.file.rows.len()),
            rejects: count(rejects.len()),
            awaiting_consent: awaiting,
            subjects: subjects(&facts),
            facts: by_kind(&facts),
            not_admitted: left_out
                .into_iter()
                .map(|(category, values)| (category, why_left_out(&furnisher, category), values))
                .collect(),
            admitted_under: admitted_under.into_iter().collect(),
            quality,
            rulebook: self.rulebook.clone(),
            facts_root: [0; 32],
        };
        Ok(Taken { record, facts, rejects })
    }

    fn denial(
        &self,
        furnisher: &Member,
        handed: &Handed,
        file_hash: [u8; 32],
        reasons: Vec<Reason>,
    ) -> Box<DeliveryDenial> {
        let (layout, rulebook) = (handed.file.shape.layout_name(), self.rulebook.clone());
        Box::new(DeliveryDenial { furnisher: furnisher.number, layout, file_hash, reasons, rulebook })
    }

    /// Why nothing is left of a file: rules keep every row out, or its rows are bad.
    fn nothing_of(&self, reading: Reading<'_>, file_hash: [u8; 32]) -> NotTaken {
        let Reading { furnisher, handed, rejects, without_consent, forbidden, denied_by, .. } = reading;
        if rejects.is_empty() || without_consent + forbidden < rejects.len() {
            return NotTaken::Nothing(rejects, count(handed.file.rows.len()));
        }
        let reasons: Vec<Reason> = denied_by.into_iter().collect();
        if without_consent == 0 {
            return NotTaken::NotAdmitted(self.denial(&furnisher, handed, file_hash, reasons));
        }
        NotTaken::NoConsent(rejects, self.denial(&furnisher, handed, file_hash, reasons))
    }

    /// Subjects of these facts that get their first salt, in their order.
    pub fn newly_salted(&self, facts: &Facts) -> BTreeSet<SubjectId> {
        let sealed = facts.iter().filter(|(_, held)| matches!(held.said, Said::Identity(_)));
        sealed.map(|(key, _)| key.subject).filter(|subject| !self.salted.contains(subject)).collect()
    }

    /// What a correction becomes: its record and its one fact.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn mend(
        &self,
        identifier: &Identifier,
        mending: &Mending,
        now: Timestamp,
    ) -> Result<(CorrectionRecord, Facts), String> {
        let furnisher = self.in_role(&mending.furnisher, MemberRole::Furnisher)?;
        if mending.reason.trim().is_empty() || mending.reason.trim().contains(char::is_control) {
            return Err("a correction has a reason of 1 to 1024 bytes and no control characters".to_owned());
        }
        let subject = self.find(identifier).subject;
        let account = self.pseudonymiser.account(furnisher.number, mending.account.as_bytes());
        let slot = Slot { kind: FactKind::TradelineMonth, account, month: Some(mending.month) };
        let why = Reason { rule: "own-fact".to_owned(), code: "furnisher_corrects_own_fact".to_owned() };
        self.supersede((subject, slot), mending.set, (mending.reason.trim().to_owned(), why), now)
    }

    /// A month in the place of the one that holds; without `set` it is taken back.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn supersede(
        &self,
        (subject, slot): (SubjectId, Slot),
        set: Set,
        (reason, why): (String, Reason),
        now: Timestamp,
    ) -> Result<(CorrectionRecord, Facts), String> {
        let held = self.live(subject).into_iter().find(|(key, _)| key.slot == slot);
        let Some((key, Held { said: Said::Body(FactBody::TradelineMonth(before)), .. })) = held else {
            return Err("this furnisher has reported nothing about this account and month of the subject".to_owned());
        };
        let (after, standing) = match set {
            None => (before, Standing::Deletes(key.delivery)),
            Some((status, rating, balance)) => {
                let after = TradelineMonth {
                    status: status.unwrap_or(before.status),
                    rating: rating.unwrap_or(before.rating),
                    balance_minor: balance.or(before.balance_minor),
                    ..before
                };
                if after == before {
                    return Err("the correction changes nothing".to_owned());
                }
                (after, Standing::Corrects(key.delivery))
            }
        };
        let number = DeliveryNumber(self.next_delivery);
        let fact_key = FactKey { subject, slot, delivery: number };
        let said = Said::Body(FactBody::TradelineMonth(after));
        let facts = Facts::from([(fact_key, Held { standing, said })]);
        let delivery = DeliveryRecord {
            number,
            kind: DeliveryKind::Correction,
            furnisher: slot.account.furnisher(),
            layout: "correction 1".to_owned(),
            layout_hash: [0; 32],
            month: slot.month,
            about: None,
            provenance: Provenance::FurnisherSigned,
            file_hash: Sha256::digest([]).into(),
            file_bytes: 0,
            recorded_at: now,
            records: 1,
            rejects: 0,
            awaiting_consent: 0,
            subjects: 1,
            facts: vec![(FactKind::TradelineMonth, 1)],
            not_admitted: Vec::new(),
            admitted_under: vec![why],
            quality: Quality { records: 1, ..Quality::default() },
            rulebook: self.rulebook.clone(),
            facts_root: Self::facts_root(&facts, &BTreeMap::new()),
        };
        Ok((CorrectionRecord { subject, slot, superseded: key.delivery, delivery, reason }, facts))
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The categories a file of this shape may carry, in their order.
fn categories(handed: &Handed) -> BTreeSet<DataCategory> {
    let shape = &handed.file.shape;
    let mut categories: BTreeSet<DataCategory> = shape.attributes.iter().copied().collect();
    if shape.tradeline {
        categories.extend([DataCategory::Credit, DataCategory::NonCredit]);
    }
    if shape.profile {
        categories.extend([DataCategory::Payments, DataCategory::Income, DataCategory::Securities]);
    }
    if shape.names {
        categories.insert(DataCategory::Identity);
    }
    categories
}

/// SHA-256 of the mapping that reads a file.
fn text_hash(file: &File) -> [u8; 32] {
    Sha256::digest(file.shape.mapping().as_bytes()).into()
}

/// Whether a category comes in at all, on whatever condition, about whatever kind of subject.
fn admitted(furnisher: &Sender, category: DataCategory) -> bool {
    let may = |about: &&SubjectKind| matches!(furnishing(furnisher, **about, category), Furnishing::May(..));
    SubjectKind::ALL.iter().any(|about| may(&about))
}

/// The first rule by which values of a category stayed outside; of one that could come in, for want of a consent.
fn why_left_out(furnisher: &Sender, category: DataCategory) -> Reason {
    let (reasons, code) = match furnishing(furnisher, SubjectKind::Person, category) {
        Furnishing::Never(reasons) => (reasons, None),
        Furnishing::May(_, reasons) => (reasons, Some("no_recorded_consent".to_owned())),
    };
    let first = reasons.into_iter().next();
    let none = || Reason { rule: "none".to_owned(), code: "not_admitted".to_owned() };
    first.map_or_else(none, |reason| Reason { code: code.unwrap_or(reason.code), rule: reason.rule })
}

fn subjects(facts: &Facts) -> u64 {
    count(facts.keys().map(|key| key.subject).collect::<BTreeSet<_>>().len())
}

fn by_kind(facts: &Facts) -> Vec<(FactKind, u64)> {
    let mut kinds: BTreeMap<FactKind, u64> = BTreeMap::new();
    for key in facts.keys() {
        *kinds.entry(key.slot.kind).or_default() += 1;
    }
    kinds.into_iter().collect()
}

impl Reading<'_> {
    fn row(&mut self, row: &Row, record: u64, byte: u64) {
        let shape = &self.handed.file.shape;
        let of_account = row.kind.category();
        let credit = shape.tradeline && admitted(&self.furnisher, of_account);
        let payments = shape.profile && admitted(&self.furnisher, DataCategory::Payments);
        if let Some((code, field)) = fault(row, shape.tradeline, credit, payments) {
            let columns = shape.columns();
            let place = columns.iter().position(|column| column == field).unwrap_or(0);
            let before = row.fields(shape).iter().take(place).map(|(_, text)| text.len() + 1).sum();
            self.rejects.push((code, record, byte + count(before), field.to_owned()));
            return;
        }
        self.leave_out(row);

        // Whom is it about, and what do the rules and the subject's own consents let in?
        let Ok(identifier) = row.who.identifier(&self.furnisher.code) else { return };
        let about = identifier.scheme().subject_kind().unwrap_or(SubjectKind::Person);
        let found = self.reference.find(&identifier);
        let (subject, consents) = (found.subject, self.reference.consents(&found));
        let (furnisher, now) = (self.furnisher.clone(), self.now);
        let lets_in = |category: DataCategory| {
            furnisher.is_collected(category)
                && rules::may_furnish(furnisher.law, &furnisher, about, category, &consents, now)
        };
        let identity = self.identity(row);
        let named = identity.as_ref().is_some_and(|identity| identity.name.is_some());
        let parts = [(credit, of_account), (payments, DataCategory::Payments), (named, DataCategory::Identity)];
        if !credit && !payments && identity.is_none() {
            return;
        }
        // Nothing can be said of a month that has not begun.
        let month = if shape.month { row.month } else { self.handed.month.unwrap_or(row.month) };
        if (credit || payments) && month > now.month() {
            self.rejects.push((RejectCode::FutureMonth, record, byte, "month".to_owned()));
            return;
        }
        if let Some((_, category)) = parts.iter().find(|(is_there, category)| *is_there && !lets_in(*category)) {
            let code = match furnishing(&furnisher, about, *category) {
                Furnishing::May(_, asking) => {
                    self.awaiting += 1;
                    self.without_consent += 1;
                    let code = "no_recorded_consent".to_owned();
                    self.denied_by.extend(asking.into_iter().map(|by| Reason { code: code.clone(), ..by }));
                    RejectCode::NoConsent
                }
                Furnishing::Never(reasons) => {
                    self.forbidden += 1;
                    self.denied_by.extend(reasons);
                    RejectCode::NotAdmitted
                }
            };
            self.rejects.push((code, record, byte, category.code().to_owned()));
            return;
        }

        // Parts that need a stronger consent than this subject gave stay outside.
        let mut profile = PaymentProfileMonth::empty(Provenance::FurnisherSigned, Currency::CNY);
        profile.active_days = row.active_days;
        profile.spending = row.spending;
        for (flow, category) in [(row.income, DataCategory::Income), (row.investments, DataCategory::Securities)] {
            if !payments || !admitted(&furnisher, category) {
                continue;
            }
            match (lets_in(category), category) {
                (false, _) if flow.count == 0 => {}
                (false, _) => {
                    *self.left_out.entry(category).or_default() += u64::from(flow.count);
                    self.awaiting += 1;
                }
                (true, DataCategory::Income) => profile.income = Some(flow),
                (true, _) => profile.investments = Some(flow),
            }
        }
        let mut kept = Vec::new();
        let mut identity = identity.unwrap_or_default();
        for (category, value) in std::mem::take(&mut identity.attributes) {
            if lets_in(category) {
                kept.push((category, value));
            } else {
                *self.left_out.entry(category).or_default() += 1;
                self.awaiting += 1;
            }
        }
        // A second identifier joins no files; it is kept where the subject may be identified at all.
        if let (true, true, Who::Person(number)) = (shape.alias, row.passport, row.who)
            && categories(self.handed).contains(&DataCategory::Identity)
            && lets_in(DataCategory::Identity)
        {
            let passport = format!("passport:{}", Who::Passport(number).column_text());
            kept.push((DataCategory::Identity, Sensitive::new(passport)));
        }
        identity.attributes = kept;
        self.says_something |= credit || payments || !identity.is_empty();
        let timely = u64::from(now.month().plus(-2).is_none_or(|earliest| month >= earliest));
        if credit {
            let month = tradeline(row);
            let values = [month.balance_minor, month.past_due_minor, month.limit_minor, month.paid_minor];
            self.quality.values_expected += 6;
            self.quality.values_reported += count(values.iter().flatten().count())
                + u64::from(month.scheduled_minor.is_some())
                + u64::from(month.rating != PaymentRating::Unknown);
        }
        self.quality.months += u64::from(credit) + u64::from(payments);
        self.quality.months_timely += timely * (u64::from(credit) + u64::from(payments));

        // A second statement on a month is refused, and with it all that its row says.
        let account = self.reference.pseudonymiser.account(furnisher.number, row.account.as_bytes());
        let key =
            |kind, account, month| FactKey { subject, slot: Slot { kind, account, month }, delivery: self.number };
        let own = AccountKey::of_furnisher(furnisher.number);
        let month_key = key(FactKind::TradelineMonth, account, Some(month));
        let profile_key = key(FactKind::PaymentProfileMonth, account, Some(month));
        for (is_there, key) in [(credit, &month_key), (payments, &profile_key)] {
            if is_there && self.facts.contains_key(key) {
                let field = key.slot.kind.code().to_owned();
                self.rejects.push((RejectCode::Duplicate, record, byte, field));
                return;
            }
        }
        let mut said: Vec<(FactKey, Said)> = Vec::new();
        if credit {
            said.extend(terms(row, shape.terms, month).map(|terms| {
                (key(FactKind::TradelineTerms, account, None), Said::Body(FactBody::TradelineTerms(terms)))
            }));
            said.push((month_key, Said::Body(FactBody::TradelineMonth(tradeline(row)))));
        }
        if payments {
            said.push((profile_key, Said::Body(FactBody::PaymentProfileMonth(profile))));
        }
        if !identity.is_empty() {
            said.push((key(FactKind::Identity, own, None), Said::Identity(identity)));
        }
        // Of statements without a month the last one holds.
        self.facts.extend(said.into_iter().map(|(key, said)| (key, Held { standing: Standing::Reported, said })));
    }

    /// Counts what the rulebook lets in of nobody.
    fn leave_out(&mut self, row: &Row) {
        let shape = &self.handed.file.shape;
        let mut parts = Vec::new();
        if shape.tradeline {
            parts.push(row.kind.category());
        }
        if shape.profile {
            parts.push(DataCategory::Payments);
            if admitted(&self.furnisher, DataCategory::Payments) {
                parts.extend([DataCategory::Income, DataCategory::Securities]);
            }
        }
        if shape.names {
            parts.push(DataCategory::Identity);
        }
        let values = shape.attributes.iter().zip(&row.attributes);
        parts.extend(values.filter(|(_, value)| value.is_some()).map(|(category, _)| *category));
        for category in parts.into_iter().filter(|category| !admitted(&self.furnisher, *category)) {
            *self.left_out.entry(category).or_default() += 1;
        }
    }

    /// What the row says of who the subject is, of categories that are let in of anybody.
    fn identity(&self, row: &Row) -> Option<Identity> {
        let shape = &self.handed.file.shape;
        let mut identity = Identity::default();
        if shape.names && admitted(&self.furnisher, DataCategory::Identity) {
            identity.name = row.name.clone().map(Sensitive::new);
        }
        for (category, value) in shape.attributes.iter().zip(&row.attributes) {
            if let Some(value) = value.clone().filter(|_| admitted(&self.furnisher, *category)) {
                identity.attributes.push((*category, Sensitive::new(value)));
            }
        }
        (!identity.is_empty()).then_some(identity)
    }
}

/// What a row is refused for by its layout, which reads only what is let in.
fn fault(row: &Row, tradeline: bool, credit: bool, payments: bool) -> Option<(RejectCode, &'static str)> {
    match row.fault? {
        Fault::Columns => Some((RejectCode::ColumnCount, "row")),
        Fault::Identifier => Some((RejectCode::InvalidIdentifier, "id")),
        Fault::Account if credit || payments => Some((RejectCode::Required, "account")),
        Fault::Month if credit || payments => Some((RejectCode::NotAMonth, "month")),
        // What kind of account it is decides whether it is let in.
        Fault::Product if tradeline => Some((RejectCode::UnknownCode, "product")),
        Fault::Balance if credit => Some((RejectCode::NotAnAmount, "balance")),
        Fault::Income if payments => Some((RejectCode::OutOfRange, "income")),
        _ => None,
    }
}

fn terms(row: &Row, has_terms: bool, month: Month) -> Option<TradelineTerms> {
    let opened = row.opened.filter(|_| has_terms)?;
    Some(TradelineTerms {
        kind: row.kind,
        currency: Currency::CNY,
        opened: Some(opened),
        closed: None,
        first_delinquency: None,
        highest_minor: None,
        term_months: None,
        reported_month: Some(month),
        history: Vec::new(),
        liability: Liability::Unspecified,
    })
}

fn tradeline(row: &Row) -> TradelineMonth {
    TradelineMonth {
        kind: row.kind,
        status: AccountStatus::Open,
        rating: row.rating,
        currency: Currency::CNY,
        balance_minor: row.balance_minor,
        past_due_minor: None,
        limit_minor: row.limit_minor,
        paid_minor: None,
        scheduled_minor: None,
    }
}
