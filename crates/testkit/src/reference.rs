//! The reference bureau: what every verb should do, in maps and lists, recomputed from scratch each time.
//!
//! Slow and obvious. It shares the words of `model` and nothing else: facts are a map by key, everything else is found by
//! reading the log from its beginning; roots are computed by the recursive definition ([`log`]), decisions by the rules said
//! once more in plain Rust ([`rules`]). What only chance decides (names of consents, salts, seals) it is told.

pub mod charter;
pub mod consents;
pub mod delivery;
pub mod log;
pub mod mending;
pub mod question;
mod reading;
pub mod report;
mod requests;
pub mod rights;
pub mod rules;
pub mod transfer;

use std::collections::{BTreeMap, BTreeSet};

use tallystick_model::consent::{Consent, ConsentId, ConsentScope};
use tallystick_model::consent_terms::DataRange;
use tallystick_model::delivery::DeliveryRecord;
use tallystick_model::event::{Entry, Event, EventKind};
use tallystick_model::fact::{DeliveryNumber, FactBody, FactKey, Standing};
use tallystick_model::identity::Identity;
use tallystick_model::inquiry::{Asked, InquiryRecord, Outcome, Purpose, Ranges, Reason, Weighed};
use tallystick_model::member::{Member, MemberRole};
use tallystick_model::tradeline::AccountStatus;
use tallystick_model::{
    AccountKey, Canonical, DataCategory, Identifier, Month, Pseudonymiser, SubjectId, SubjectKind, Timestamp,
};

use self::rules::{Case, Law, Verdict};

/// What a fact says: an identity in the clear, or a body as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Stored sealed.
    Identity(Identity),
    /// Anything else.
    Body(FactBody),
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// How it stands to earlier ones.
    pub standing: Standing,
    /// What it says.
    pub said: Said,
}

/// The facts of a delivery or of the bureau.
pub type Facts = BTreeMap<FactKey, Held>;

/// The reference bureau.
#[derive(Debug)]
pub struct Reference {
    pub(crate) pseudonymiser: Pseudonymiser,
    /// Whose law it decides by.
    pub law: Law,
    pub(crate) rulebook: String,
    /// Everything that happened, with its entry.
    pub log: Vec<(Entry, Event)>,
    /// Every fact that was ever visible.
    pub facts: Facts,
    /// The number of the next delivery.
    pub next_delivery: u32,
    /// Subjects that have a salt.
    pub salted: BTreeSet<SubjectId>,
}

/// What a whole-state check should count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Entries in the log.
    pub entries: u64,
    /// Its root.
    pub root: log::Hash,
    /// Reports given.
    pub disclosures: u64,
    /// Members.
    pub members: u64,
    /// Visible deliveries.
    pub deliveries: u64,
    /// Visible facts.
    pub facts: u64,
    /// Subjects with a visible fact.
    pub subjects: u64,
}

/// A subject, found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The pseudonym its facts are kept under.
    pub subject: SubjectId,
    /// What it is.
    pub kind: SubjectKind,
    /// Places in the log of what was done about it.
    pub events: Vec<usize>,
}

/// What a subscriber shows with an inquiry, and which months it asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Showing {
    /// The subject's one-time code.
    pub code: Option<[u8; 8]>,
    /// The months.
    pub range: Option<DataRange>,
    /// SHA-256 of what it undertakes.
    pub undertaking: Option<[u8; 32]>,
}

/// What a consent asks for; the reference's own form of `operations::consent::Grant`.
#[derive(Clone, Debug)]
pub struct Granted {
    /// Code of the member.
    pub member: String,
    /// As it should be recorded, but for what only the bureau knows.
    pub consent: Consent,
}

impl Reference {
    /// An empty bureau under a pseudonymiser, a law, and the label of its rulebook.
    pub const fn new(pseudonymiser: Pseudonymiser, law: Law, rulebook: String) -> Self {
        Self {
            pseudonymiser,
            law,
            rulebook,
            log: Vec::new(),
            facts: BTreeMap::new(),
            next_delivery: 1,
            salted: BTreeSet::new(),
        }
    }

    /// Takes an event into the log.
    pub fn push(&mut self, entry: Entry, event: Event) {
        self.log.push((entry, event));
    }

    /// The log's entries as bytes.
    pub fn entries(&self) -> Vec<Vec<u8>> {
        self.log.iter().map(|(entry, _)| entry.to_bytes()).collect()
    }

    /// Members, in the order of admission.
    pub fn members(&self) -> Vec<Member> {
        let admitted = |(_, event): &(Entry, Event)| match event {
            Event::MemberAdmitted(member) => Some(member.clone()),
            _ => None,
        };
        self.log.iter().filter_map(admitted).collect()
    }

    /// Visible deliveries.
    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        let admitted = |(_, event): &(Entry, Event)| match event {
            Event::DeliveryAdmitted(delivery) => Some(delivery.clone()),
            Event::FactCorrected(correction) => Some(correction.delivery.clone()),
            _ => None,
        };
        self.log.iter().filter_map(admitted).collect()
    }

    /// What a whole-state check should count.
    pub fn counts(&self) -> Counts {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let disclosed = |(entry, _): &&(Entry, Event)| {
            matches!(entry.kind, EventKind::InquiryPermitted | EventKind::OwnReportViewed)
        };
        Counts {
            entries: count(self.log.len()),
            root: log::root(&self.entries()),
            disclosures: count(self.log.iter().filter(disclosed).count()),
            members: count(self.members().len()),
            deliveries: count(self.deliveries().len()),
            facts: count(self.facts.len()),
            subjects: count(self.facts.keys().map(|key| key.subject).collect::<BTreeSet<_>>().len()),
        }
    }

    /// The facts about one pseudonym, in key order.
    pub fn history(&self, subject: SubjectId) -> Facts {
        self.facts.iter().filter(|(key, _)| key.subject == subject).map(|(key, held)| (*key, held.clone())).collect()
    }

    /// The facts that hold about one pseudonym: of each slot the last that mends, else the last; a deletion empties the
    /// slot, and an account last said to be deleted holds nothing.
    pub fn current(&self, subject: SubjectId) -> Facts {
        current_of(&self.history(subject))
    }

    /// The facts that hold about one pseudonym, of what is not erased: what is shown and corrected.
    pub fn live(&self, subject: SubjectId) -> Facts {
        current_of(&self.without_erased(self.history(subject)))
    }

    /// What holds of all that is stored about one pseudonym and was visible at `at`, erased or not.
    pub fn stored_on(&self, subject: SubjectId, at: Timestamp) -> Facts {
        let mut known: BTreeSet<DeliveryNumber> = BTreeSet::new();
        for (_, event) in self.log.iter().filter(|(entry, _)| entry.at <= at) {
            known.extend(match event {
                Event::DeliveryAdmitted(record) => Some(record.number),
                Event::FactCorrected(correction) => Some(correction.delivery.number),
                _ => None,
            });
        }
        let mut facts = self.history(subject);
        facts.retain(|key, _| known.contains(&key.delivery));
        current_of(&facts)
    }

    /// The consents relied on by everyone who looked at a file, the earliest access first.
    pub fn consents_relied_on(&self, found: &Found) -> Vec<Option<ConsentId>> {
        let events = found.events.iter().filter_map(|index| self.log.get(*index));
        let relied_on = events.filter_map(|(_, event)| match event {
            Event::Inquiry(inquiry) => Some(inquiry.consent),
            Event::OwnReportViewed(_) => Some(None),
            _ => None,
        });
        relied_on.collect()
    }

    /// Finds whom an identifier means.
    pub fn find(&self, identifier: &Identifier) -> Found {
        let subject = self.pseudonymiser.subject(identifier);
        let log = self.log.iter().enumerate();
        let events = log.filter(|(_, (_, event))| event.subject() == subject).map(|(index, _)| index).collect();
        Found { subject, kind: identifier.scheme().subject_kind().unwrap_or(SubjectKind::Person), events }
    }

    /// The member of this code.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn known(&self, code: &str) -> Result<Member, String> {
        let member = self.members().into_iter().find(|member| member.code == code);
        member.ok_or_else(|| format!("no member has the code `{code}`"))
    }

    /// The member of this code in this role, or what is said against it.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn in_role(&self, code: &str, role: MemberRole) -> Result<Member, String> {
        let member = self.known(code)?;
        if rules::has_role(&member, role) { Ok(member) } else { Err(format!("`{code}` is no {role}")) }
    }

    /// Admits a member.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn admit(&self, mut applicant: Member) -> Result<Event, String> {
        let members = self.members();
        let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if applicant.code.is_empty() || applicant.code.len() > 32 || !applicant.code.bytes().all(good) {
            return Err(format!(
                "`{}` cannot be a member's code: letters, digits, `-` and `_`, at most 32",
                applicant.code
            ));
        }
        if members.iter().any(|member| member.code == applicant.code) {
            return Err(format!("a member has the code `{}` already", applicant.code));
        }
        if applicant.name.trim().is_empty() || applicant.name.contains(char::is_control) {
            return Err("a member's name has 1 to 256 bytes and no control characters".to_owned());
        }
        if applicant.roles.is_empty() {
            return Err("a member furnishes, subscribes, or both".to_owned());
        }
        applicant.roles = applicant.roles.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        applicant.number = u16::try_from(members.len() + 1).map_err(|_| "no more members fit".to_owned())?;
        self.covers_admission(Event::MemberAdmitted(applicant))
    }

    /// Whether a subject's file is frozen.
    pub fn is_frozen(&self, found: &Found) -> bool {
        let events = found.events.iter().filter_map(|index| self.log.get(*index));
        let mut freezes =
            events.filter(|(entry, _)| matches!(entry.kind, EventKind::FreezePlaced | EventKind::FreezeLifted));
        freezes.next_back().is_some_and(|(entry, _)| entry.kind == EventKind::FreezePlaced)
    }

    /// Places a freeze, or lifts it.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn freeze(&self, identifier: &Identifier, kind: EventKind) -> Result<Event, String> {
        let found = self.find(identifier);
        match (kind, self.is_frozen(&found)) {
            // Only in the United States it is asked if a file is frozen.
            (EventKind::FreezePlaced, _) if self.law != Law::Us => {
                Err(format!("rulebook {} knows no freeze: it would keep nobody out", self.rulebook))
            }
            (EventKind::FreezePlaced, true) => Err("the file is frozen already".to_owned()),
            (EventKind::FreezePlaced, false) => Ok(Event::FreezePlaced(found.subject)),
            (_, true) => Ok(Event::FreezeLifted(found.subject)),
            (_, false) => Err("the file is not frozen".to_owned()),
        }
    }

    /// Decides an inquiry: what is recorded but for the hash of the report, and whether a report is given.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn inquire(
        &self,
        subscriber: &str,
        identifier: &Identifier,
        (purpose, asked): (Purpose, Option<Asked>),
        shown: Showing,
        now: Timestamp,
    ) -> Result<(InquiryRecord, Found, Ranges), String> {
        let Showing { code, range, undertaking } = shown;
        if asked.is_some() && range.is_some() {
            return Err("a question says itself which months it is about".to_owned());
        }
        let member = self.known(subscriber)?;
        let found = self.find(identifier);
        let consents = self.consents(&found);
        let reads = asked.map(|asked| question::reads(asked.question()));
        let within = reads.clone().unwrap_or_else(|| DataCategory::ALL.to_vec());
        let by_code = code.is_some_and(|code| self.opens(found.subject, member.number, &code, now));
        let frozen = !by_code && self.is_frozen_for(found.subject, member.number, now);
        let (opted_out, undertaken) = (self.has_opted_out(found.subject, now), undertaking.is_some());
        let (law, about, answer) = (self.law, found.kind, asked.is_some());
        let case = Case { law, member: &member, purpose, about, frozen, opted_out, undertaken, answer, range, now };
        let mut verdict: Verdict = rules::inquiry(&case, &within, &consents);
        if verdict.permitted && reads.is_some_and(|reads| reads != verdict.released) {
            let rule = rules::questions_rule(self.law).to_owned();
            verdict = Verdict::denied(vec![Reason { rule, code: "question_reads_more".to_owned() }]);
        }
        // Nothing that holds is nothing: a statement taken back leaves no trace for a subscriber.
        let outcome = match verdict.permitted {
            false => Outcome::Denied,
            true if self.live(found.subject).is_empty() => Outcome::NoHit,
            true => Outcome::Permitted,
        };
        let record = InquiryRecord {
            subject: found.subject,
            subscriber: member.number,
            purpose,
            asked,
            range_asked: range,
            outcome,
            answered: asked.filter(|_| outcome == Outcome::Permitted).map(|asked| {
                question::answer(&in_ranges(self.live(found.subject), verdict.ranges), asked, now.month())
            }),
            weighed: Weighed {
                subscriber_kind: member.kind,
                is_subscriber: rules::has_role(&member, MemberRole::Subscriber),
                subject_kind: found.kind,
                frozen,
                by_code,
                opted_out,
                undertaking,
                consents: consents
                    .iter()
                    .filter(|state| {
                        state.consent.scope == ConsentScope::Inquire && state.consent.member == member.number
                    })
                    .map(|state| state.consent.id)
                    .collect(),
            },
            rulebook: self.rulebook.clone(),
            reasons: verdict.reasons,
            consent: verdict.consent,
            released: if outcome == Outcome::Permitted { verdict.released } else { Vec::new() },
            detail: (asked.is_none() && outcome == Outcome::Permitted).then(|| rules::detail(self.law, purpose)),
            ranges: if outcome == Outcome::Permitted { verdict.ranges } else { Ranges::default() },
            report_hash: [0; 32],
            answer_hash: [0; 32],
        };
        Ok((record, found, verdict.ranges))
    }

    /// The root over the facts of one delivery, the sealed ones as `sealed` gives them.
    pub fn facts_root(facts: &Facts, sealed: &BTreeMap<FactKey, Vec<u8>>) -> log::Hash {
        let mut values: BTreeMap<FactKey, Vec<u8>> = BTreeMap::new();
        for (key, held) in facts {
            let body = match &held.said {
                Said::Body(body) => body.clone(),
                Said::Identity(_) => FactBody::Identity(sealed.get(key).cloned().unwrap_or_default()),
            };
            let fact = tallystick_model::fact::Fact { key: *key, standing: held.standing, body };
            fact.write_value(values.entry(*key).or_default());
        }
        log::facts_root(values.iter().map(|(key, value)| (key, value.as_slice())))
    }

    /// The pseudonym of an identifier.
    pub fn pseudonym(&self, identifier: &Identifier) -> SubjectId {
        self.pseudonymiser.subject(identifier)
    }

    /// Takes the number of the next delivery.
    pub fn take_number(&mut self) -> DeliveryNumber {
        let number = DeliveryNumber(self.next_delivery);
        self.next_delivery += 1;
        number
    }
}

/// Of these facts what is said of months that may be seen, and those without a month.
pub fn in_ranges(facts: Facts, ranges: Ranges) -> Facts {
    let holds = |range: DataRange, month: Month| {
        Timestamp::start_of(range.from).month() <= month && month <= Timestamp::start_of(range.until).month()
    };
    let mut seen = Facts::new();
    for (key, mut held) in facts {
        if let Some(month) = key.slot.month {
            let hidden = ranges.by_consent.filter(|(_, range)| !holds(*range, month)).map(|(categories, _)| categories);
            let is_hidden = |category: DataCategory| hidden.is_some_and(|hidden| hidden.contains(category));
            if ranges.all.is_some_and(|range| !holds(range, month)) || is_hidden(consents::category(&held.said)) {
                continue;
            }
            if let Said::Body(FactBody::PaymentProfileMonth(profile)) = &mut held.said {
                profile.income = profile.income.filter(|_| !is_hidden(DataCategory::Income));
                profile.investments = profile.investments.filter(|_| !is_hidden(DataCategory::Securities));
            }
        }
        seen.insert(key, held);
    }
    seen
}

/// The facts of `all`, which are one pseudonym's, that hold.
fn current_of(all: &Facts) -> Facts {
    let mut facts = all.clone();
    facts.retain(|key, held| {
        let in_slot = || all.iter().filter(|(other, _)| other.slot == key.slot);
        let mended = in_slot().filter(|(_, held)| held.standing != Standing::Reported);
        let last = mended.map(|(other, _)| other.delivery).max();
        let last = last.or_else(|| in_slot().map(|(other, _)| other.delivery).max());
        last == Some(key.delivery) && !matches!(held.standing, Standing::Deletes(_))
    });
    let standing = facts.clone();
    facts.retain(|key, _| !is_deleted(&standing, key.slot.account));
    facts
}

/// Whether of the months that stand of an account the one said last says that the account is deleted.
fn is_deleted(all: &Facts, account: AccountKey) -> bool {
    let mut last = None;
    for (key, held) in all.iter().filter(|(key, _)| key.slot.account == account) {
        if let Said::Body(FactBody::TradelineMonth(month)) = &held.said {
            last = last.max(Some((key.delivery, key.slot.month, month.status)));
        }
    }
    matches!(last, Some((_, _, AccountStatus::Deleted | AccountStatus::DeletedForFraud)))
}
