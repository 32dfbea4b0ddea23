//! What a delivery should become: row by row (`reading`), in the order of the file.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use tallystick_intake::RejectCode;
use tallystick_model::delivery::{DeliveryKind, DeliveryRecord};
use tallystick_model::event::DeliveryDenial;
use tallystick_model::fact::{DeliveryNumber, FactKind};
use tallystick_model::inquiry::Reason;
use tallystick_model::member::{Member, MemberRole};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::quality::Quality;
use tallystick_model::{DataCategory, Month, SubjectId, SubjectKind, Timestamp};

use super::rules::{self, Furnishing, Law};
use super::{Facts, Reference, Said};
use crate::simulation::file::File;

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

/// A furnisher, with what the partners have decided to collect; `None` without a charter.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    pub(super) law: Law,
    pub(super) member: Member,
    pub(super) collected: Option<BTreeSet<DataCategory>>,
}

impl std::ops::Deref for Sender {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.member
    }
}

impl Sender {
    pub(super) fn is_collected(&self, category: DataCategory) -> bool {
        self.collected.as_ref().is_none_or(|collected| collected.contains(&category))
    }
}

/// By law, and then by the partners' decisions.
pub(super) fn furnishing(sender: &Sender, about: SubjectKind, category: DataCategory) -> Furnishing {
    match rules::furnishing(sender.law, &sender.member, about, category) {
        Furnishing::May(..) if !sender.is_collected(category) => {
            Furnishing::Never(vec![Reason { rule: "charter".to_owned(), code: "not_collected".to_owned() }])
        }
        by_law => by_law,
    }
}

/// What is known of a file while it is read.
pub(super) struct Reading<'a> {
    pub(super) reference: &'a Reference,
    pub(super) furnisher: Sender,
    pub(super) handed: &'a Handed,
    pub(super) number: DeliveryNumber,
    pub(super) now: Timestamp,
    pub(super) facts: Facts,
    pub(super) rejects: Vec<Rejected>,
    pub(super) left_out: BTreeMap<DataCategory, u64>,
    /// Rows and values that only lack a recorded consent.
    pub(super) awaiting: u64,
    /// Rows refused for want of one.
    pub(super) without_consent: usize,
    /// Rows refused that no consent would let in, and the rules against them.
    pub(super) forbidden: usize,
    pub(super) denied_by: BTreeSet<Reason>,
    /// Whether any row had something to load.
    pub(super) says_something: bool,
    pub(super) quality: Quality,
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
}

pub(super) fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The categories a file of this shape may carry, in their order.
pub(super) fn categories(handed: &Handed) -> BTreeSet<DataCategory> {
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
pub(super) fn admitted(furnisher: &Sender, category: DataCategory) -> bool {
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
