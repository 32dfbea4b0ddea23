//! What becomes of consents: granted, refused, paused, resumed, withdrawn with all that follows, each time by reading the log
//! from its beginning.

use std::collections::{BTreeMap, BTreeSet};

use tallystick_model::consent::{ConsentId, ConsentScope, ConsentState, Pause, Refusal};
use tallystick_model::consent_terms::{Acting, Actor, Bundle, Fetch, Necessity};
use tallystick_model::event::{ConsentTurn, Death, Event};
use tallystick_model::fact::{DeliveryNumber, FactBody, FactKey};
use tallystick_model::inquiry::{Outcome, Purpose, Reason};
use tallystick_model::member::{Member, MemberRole};
use tallystick_model::rights::Right;
use tallystick_model::withdrawal::{Erasure, Recipient, Withdrawal};
use tallystick_model::{DataCategory, Identifier, SubjectId, SubjectKind, Timestamp};

use super::rules::{self, Furnishing, Law};
use super::{Facts, Found, Granted, Held, Reference, Said};

const HALF_A_YEAR: i64 = 180 * 24 * 60 * 60 * 1000;

/// What kind of data a fact is.
pub const fn category(said: &Said) -> DataCategory {
    match said {
        Said::Body(FactBody::TradelineTerms(terms)) => terms.kind.category(),
        Said::Body(FactBody::TradelineMonth(month)) => month.kind.category(),
        Said::Body(FactBody::PaymentProfileMonth(_)) => DataCategory::Payments,
        Said::Identity(_) | Said::Body(_) => DataCategory::Identity,
    }
}

impl Reference {
    fn events_of(&self, subject: SubjectId) -> impl Iterator<Item = (usize, Timestamp, &Event)> {
        let log = self.log.iter().enumerate();
        log.filter(move |(_, (_, event))| event.subject() == subject)
            .map(|(index, (entry, event))| (index, entry.at, event))
    }

    /// Everything that was erased by name: with a consent, or on request.
    fn erasures(&self, subject: SubjectId) -> impl Iterator<Item = &Erasure> {
        self.events_of(subject).filter_map(|(_, _, event)| match event {
            Event::ConsentWithdrawn(withdrawal) | Event::ConsentExpired(withdrawal) => withdrawal.erasure.as_ref(),
            Event::Right(right) => match &**right {
                Right::RequestAnswered(answer) => answer.erasure.as_ref(),
                _ => None,
            },
            _ => None,
        })
    }

    /// Whether data of `category` in the fact at `key` is erased.
    pub fn is_erased(&self, key: &FactKey, category: DataCategory) -> bool {
        if self.has_expired(key) {
            return true;
        }
        self.erasures(key.subject).any(|erasure| {
            erasure.furnisher == key.slot.account.furnisher()
                && key.delivery <= erasure.until
                && erasure.categories.contains(&category)
        })
    }

    /// What is left of a fact.
    fn left_of(&self, key: &FactKey, held: &Held) -> Option<Held> {
        if self.is_erased(key, category(&held.said)) {
            return None;
        }
        let mut left = held.clone();
        match &mut left.said {
            Said::Body(FactBody::PaymentProfileMonth(profile)) => {
                profile.income = profile.income.filter(|_| !self.is_erased(key, DataCategory::Income));
                profile.investments = profile.investments.filter(|_| !self.is_erased(key, DataCategory::Securities));
            }
            Said::Identity(identity) => {
                identity.attributes.retain(|(category, _)| !self.is_erased(key, *category));
            }
            Said::Body(_) => {}
        }
        Some(left)
    }

    /// Takes off the disk what is erased of a subject; gives how many facts of which delivery went whole. What is erased of a sealed
    /// identity stays in its seal.
    pub fn remove_erased(&mut self, subject: SubjectId) -> BTreeMap<DeliveryNumber, u64> {
        let mut gone = BTreeMap::new();
        for (key, held) in self.history(subject) {
            match (self.left_of(&key, &held), &held.said) {
                (None, _) => {
                    self.facts.remove(&key);
                    *gone.entry(key.delivery).or_insert(0) += 1;
                }
                (Some(_), Said::Identity(_)) => {}
                (Some(left), Said::Body(_)) => {
                    self.facts.insert(key, left);
                }
            }
        }
        gone
    }

    /// Takes out of a subject's facts those that are erased and not among the `left`; what is left of them is without what is erased.
    pub fn remove_gone(&mut self, subject: SubjectId, left: &[FactKey]) {
        for (key, held) in self.history(subject) {
            if self.left_of(&key, &held).is_none() && !left.contains(&key) {
                self.facts.remove(&key);
            }
        }
    }

    /// These facts without what is erased.
    pub fn without_erased(&self, facts: Facts) -> Facts {
        facts.into_iter().filter_map(|(key, held)| Some((key, self.left_of(&key, &held)?))).collect()
    }

    /// The consents found for a subject.
    pub fn consents(&self, found: &Found) -> Vec<ConsentState> {
        let mut states: Vec<ConsentState> = Vec::new();
        for (entry, event) in found.events.iter().filter_map(|index| self.log.get(*index)) {
            let at = entry.at;
            if let Event::ConsentGranted(consent) = event {
                states.push(ConsentState::granted(consent.clone()));
                continue;
            }
            let concerned = match event {
                Event::ConsentWithdrawn(withdrawal) => Some(withdrawal.consent),
                Event::ConsentPaused(turn) | Event::ConsentResumed(turn) => Some(turn.consent),
                Event::Inquiry(inquiry) if inquiry.outcome != Outcome::Denied => inquiry.consent,
                _ => None,
            };
            let Some(state) = states.iter_mut().find(|state| Some(state.consent.id) == concerned) else { continue };
            match event {
                Event::ConsentWithdrawn(_) => state.withdrawn_at = Some(at),
                Event::ConsentPaused(_) => state.pauses.push(Pause { from: at, until: None }),
                Event::ConsentResumed(_) => {
                    if let Some(pause) = state.pauses.last_mut() {
                        pause.until = Some(at);
                    }
                }
                _ => state.uses.push(at),
            }
        }
        states
    }

    /// What a subject has refused.
    pub fn refusals(&self, found: &Found) -> Vec<(Timestamp, Refusal)> {
        let refused = self.events_of(found.subject).filter_map(|(_, at, event)| match event {
            Event::ConsentRefused(refusal) => Some((at, refusal.clone())),
            _ => None,
        });
        refused.collect()
    }

    fn has_died(&self, found: &Found) -> bool {
        self.events_of(found.subject).any(|(_, _, event)| matches!(event, Event::DeathRecorded(_)))
    }

    /// What stands against `acting` in the rights to a subject's file, in the words of the operation.
    ///
    /// # Errors
    /// Those words.
    pub fn may_own(&self, found: &Found, acting: Acting) -> Result<(), String> {
        if acting.actor != Actor::Subject && self.law != Law::Cn {
            return Err(format!("denied: {} no_rule_permits", self.law.name()));
        }
        self.may_act(found, acting, false)
    }

    /// What stands against `acting` for a subject, in the words of the operation. Nobody here is a child.
    ///
    /// # Errors
    /// Those words.
    pub fn may_act(&self, found: &Found, acting: Acting, gives: bool) -> Result<(), String> {
        let (died, actor) = (self.has_died(found), acting.actor);
        let shown = acting.evidence != [0; 32];
        // Where a law says nothing of it, the rulebook is cited.
        let (kin, guardian) = if self.law == Law::Cn { ("cn-27", "cn-24") } else { (self.law.name(), self.law.name()) };
        let denied = |rule: &str, why: &str| Err(format!("denied: {rule} {why}"));
        match actor {
            _ if died && gives => denied(kin, "subject_has_died"),
            Actor::Subject | Actor::Guardian if died => denied(kin, "subject_has_died"),
            Actor::NextOfKin if !died => denied(kin, "no_death_recorded"),
            Actor::NextOfKin if !shown => denied(kin, "evidence_of_authority_needed"),
            Actor::Guardian if !shown => denied(guardian, "evidence_of_authority_needed"),
            _ => Ok(()),
        }
    }

    fn flags(
        &self,
        found: &Found,
        (member, scope): (u16, ConsentScope),
        (purposes, categories): (&[Purpose], &[DataCategory]),
        bundle: Option<&Bundle>,
        now: Timestamp,
    ) -> Vec<Reason> {
        let mut flags = Vec::new();
        // How consent is asked for is a matter of China's law alone.
        if self.law != Law::Cn {
            return flags;
        }
        let reason = |rule: &str, code: &str| Reason { rule: rule.to_owned(), code: code.to_owned() };
        let allowed: Vec<DataCategory> =
            purposes.iter().flat_map(|purpose| rules::budget(self.law, *purpose)).collect();
        let unnecessary = |bundle: &Bundle| {
            bundle.necessity == Necessity::NotNecessary
                || scope == ConsentScope::Furnish
                || purposes.contains(&Purpose::Marketing)
                || categories.iter().any(|category| !allowed.contains(category))
        };
        if bundle.is_some_and(unnecessary) {
            flags.push(reason("cn-18", "bundled_with_unnecessary_condition"));
        }
        let again = self.refusals(found).into_iter().any(|(at, refusal)| {
            now.millis() - at.millis() < HALF_A_YEAR
                && (refusal.member, refusal.scope) == (member, scope)
                && (scope == ConsentScope::Furnish || refusal.purposes.iter().any(|purpose| purposes.contains(purpose)))
                && refusal.categories.iter().any(|category| categories.contains(category))
        });
        if again {
            flags.push(reason("cn-33", "asked_again_after_refusal"));
        }
        flags
    }

    fn check_asked(&self, asked: &Granted) -> Result<(), String> {
        let consent = &asked.consent;
        if consent.categories.is_empty() {
            return Err("a consent names at least one category of data".to_owned());
        }
        if consent.scope == ConsentScope::Inquire && consent.purposes.is_empty() {
            return Err("a consent to inquire names at least one purpose".to_owned());
        }
        if consent.scope == ConsentScope::Furnish && !consent.purposes.is_empty() {
            return Err("a consent to furnish has no purposes".to_owned());
        }
        if matches!(consent.terms.fetch, Fetch::Periodic(frequency) if frequency.count == 0) {
            return Err("a consent that is used periodically is used at least once".to_owned());
        }
        if consent.terms.data_range.is_some_and(|range| range.from > range.until) {
            return Err("a range of data ends on the day it begins, or later".to_owned());
        }
        Ok(())
    }

    fn member_for(&self, asked: &Granted) -> Result<Member, String> {
        let role = match asked.consent.scope {
            ConsentScope::Furnish => MemberRole::Furnisher,
            ConsentScope::Inquire => MemberRole::Subscriber,
        };
        self.in_role(&asked.member, role)
    }

    /// Grants a consent; `asked.consent` has everything but member, subject, sorted lists and flags.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn grant(&self, identifier: &Identifier, asked: &Granted, now: Timestamp) -> Result<Event, String> {
        let mut consent = asked.consent.clone();
        consent.member = self.member_for(asked)?.number;
        if consent.valid_until <= now {
            return Err("a consent ends after it begins".to_owned());
        }
        self.check_asked(asked)?;
        let found = self.find(identifier);
        self.may_act(&found, consent.terms.acting, true)?;
        consent.subject = found.subject;
        consent.about = found.kind;
        consent.purposes = consent.purposes.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        consent.categories = consent.categories.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        consent.valid_from = now;
        let fair = (&*consent.purposes, &*consent.categories);
        let over = rules::check_fair_use(self.law, fair, &consent.terms, (now, consent.valid_until));
        if !over.is_empty() {
            let over: Vec<String> = over.iter().map(|over| format!("{} {}", over.rule, over.code)).collect();
            return Err(format!("denied: {}", over.join(", ")));
        }
        let (of, what) = ((consent.member, consent.scope), (&*consent.purposes, &*consent.categories));
        consent.flags = self.flags(&found, of, what, consent.terms.bundle.as_ref(), now);
        Ok(Event::ConsentGranted(consent))
    }

    /// Refuses what `asked` asks for.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn refuse(&self, identifier: &Identifier, asked: &Granted, now: Timestamp) -> Result<Event, String> {
        let member = self.member_for(asked)?.number;
        self.check_asked(asked)?;
        let found = self.find(identifier);
        let consent = asked.consent.clone();
        self.may_act(&found, consent.terms.acting, false)?;
        let mut refusal = Refusal {
            subject: found.subject,
            member,
            scope: consent.scope,
            purposes: consent.purposes.into_iter().collect::<BTreeSet<_>>().into_iter().collect(),
            categories: consent.categories.into_iter().collect::<BTreeSet<_>>().into_iter().collect(),
            terms: consent.terms,
            flags: Vec::new(),
        };
        let (of, what) = ((member, refusal.scope), (&*refusal.purposes, &*refusal.categories));
        refusal.flags = self.flags(&found, of, what, refusal.terms.bundle.as_ref(), now);
        Ok(Event::ConsentRefused(refusal))
    }

    /// The consent of this name that is not withdrawn.
    fn one(&self, found: &Found, id: ConsentId) -> Result<ConsentState, String> {
        let Some(state) = self.consents(found).into_iter().find(|state| state.consent.id == id) else {
            return Err(format!("the subject has no consent `{id}`"));
        };
        match state.withdrawn_at {
            Some(at) => Err(format!("consent `{id}` was withdrawn at {at}")),
            None => Ok(state),
        }
    }

    /// Pauses a consent, or resumes it.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn turn(
        &self,
        identifier: &Identifier,
        consent: ConsentId,
        acting: Acting,
        resumes: bool,
        now: Timestamp,
    ) -> Result<Event, String> {
        let found = self.find(identifier);
        self.may_act(&found, acting, resumes)?;
        let state = self.one(&found, consent)?;
        let paused = state.pauses.last().is_some_and(|pause| pause.until.is_none());
        let turn = ConsentTurn { subject: found.subject, consent, acting };
        let status = match (now < state.consent.valid_until, paused) {
            (false, _) => "expired",
            (true, false) => "active",
            (true, true) => "paused",
        };
        match (resumes, status) {
            (false, "active") => Ok(Event::ConsentPaused(turn)),
            (true, "paused") => Ok(Event::ConsentResumed(turn)),
            (false, status) => Err(format!("consent `{consent}` is {status}: only an active one is paused")),
            (true, status) => Err(format!("consent `{consent}` is {status}: only a paused one is resumed")),
        }
    }

    /// Records a death.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn die(&self, identifier: &Identifier, evidence: [u8; 32]) -> Result<Event, String> {
        let found = self.find(identifier);
        if found.kind != SubjectKind::Person {
            return Err("only a person dies".to_owned());
        }
        if self.has_died(&found) {
            return Err("the death of this subject is on record already".to_owned());
        }
        Ok(Event::DeathRecorded(Death { subject: found.subject, evidence }))
    }

    /// Withdraws a consent, with everything that follows.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn withdraw(
        &self,
        identifier: &Identifier,
        id: ConsentId,
        acting: Acting,
        now: Timestamp,
    ) -> Result<Event, String> {
        let found = self.find(identifier);
        self.may_act(&found, acting, false)?;
        let state = self.one(&found, id)?;
        Ok(Event::ConsentWithdrawn(Box::new(self.ended(&found, &state, acting, now))))
    }

    /// What follows from a consent's end.
    fn ended(&self, found: &Found, state: &ConsentState, acting: Acting, now: Timestamp) -> Withdrawal {
        let furnishes = state.consent.scope == ConsentScope::Furnish;
        let erasure = if furnishes { self.erasure(found, state, now) } else { None };
        let recipients = self.recipients(found, state, erasure.as_ref());
        let salt_destroyed = self.salted.contains(&found.subject)
            && erasure.as_ref().is_some_and(|erasure| self.seals_nothing_else(found, erasure));
        Withdrawal {
            subject: found.subject,
            consent: state.consent.id,
            acting,
            erasure,
            salt_destroyed,
            recipients,
            rulebook: self.rulebook.clone(),
        }
    }

    /// The first consent that is over at `now`, in the order of the pseudonyms and of their granting, and that something rests on alone;
    /// once it is recorded, the next one is.
    pub fn next_expiry(&self, now: Timestamp) -> Option<Withdrawal> {
        let granted = self.log.iter().filter_map(|(_, event)| match event {
            Event::ConsentGranted(consent) => Some((consent.subject, consent.about)),
            _ => None,
        });
        for (subject, kind) in granted.collect::<BTreeSet<_>>() {
            let log = self.log.iter().enumerate();
            let events = log.filter(|(_, (_, event))| event.subject() == subject).map(|(index, _)| index).collect();
            let found = Found { subject, kind, events };
            let over = |state: &ConsentState| {
                state.consent.scope == ConsentScope::Furnish
                    && state.withdrawn_at.is_none()
                    && state.consent.valid_until <= now
            };
            for state in self.consents(&found).into_iter().filter(over) {
                let ended = self.ended(&found, &state, Acting::default(), now);
                if ended.erasure.as_ref().is_some_and(|erasure| !erasure.slots.is_empty()) {
                    return Some(ended);
                }
            }
        }
        None
    }

    fn erasure(&self, found: &Found, state: &ConsentState, now: Timestamp) -> Option<Erasure> {
        let member = self.members().into_iter().find(|member| member.number == state.consent.member)?;
        let others: Vec<ConsentState> = self
            .consents(found)
            .into_iter()
            .filter(|other| other.consent.id != state.consent.id && other.withdrawn_at.is_none())
            .filter(|other| now < other.consent.valid_until)
            .collect();
        let (mut categories, mut reasons) = (Vec::new(), BTreeSet::new());
        for category in state.consent.categories.clone() {
            let Furnishing::May(Some(form), rules) = rules::furnishing(self.law, &member, found.kind, category) else {
                continue;
            };
            let needs =
                |other: &ConsentState| rules::lets_furnish(self.law, &member, found.kind, category, form, other);
            if !others.iter().any(needs) {
                categories.push(category);
                reasons.extend(rules);
            }
        }
        if categories.is_empty() {
            return None;
        }
        let until = self.deliveries().iter().map(|delivery| delivery.number).max().unwrap_or(DeliveryNumber(0));
        let mut erasure = Erasure {
            furnisher: member.number,
            categories,
            until,
            reasons: reasons.into_iter().collect(),
            slots: Vec::new(),
        };
        for (key, held) in self.without_erased(self.history(found.subject)) {
            let mut says = vec![category(&held.said)];
            if let Said::Body(FactBody::PaymentProfileMonth(profile)) = &held.said {
                says.extend(profile.income.map(|_| DataCategory::Income));
                says.extend(profile.investments.map(|_| DataCategory::Securities));
            }
            if key.slot.account.furnisher() == member.number
                && says.iter().any(|category| erasure.categories.contains(category))
            {
                erasure.slots.push((key.slot, key.delivery));
            }
        }
        Some(erasure)
    }

    fn seals_nothing_else(&self, found: &Found, erasure: &Erasure) -> bool {
        let history = self.history(found.subject);
        let sealed: Vec<_> = history.iter().filter(|(_, held)| matches!(held.said, Said::Identity(_))).collect();
        let gone = |key: &FactKey| {
            let now = key.slot.account.furnisher() == erasure.furnisher
                && key.delivery <= erasure.until
                && erasure.categories.contains(&DataCategory::Identity);
            now || self.is_erased(key, DataCategory::Identity)
        };
        !sealed.is_empty() && sealed.iter().all(|(key, _)| gone(key))
    }

    fn recipients(&self, found: &Found, state: &ConsentState, erasure: Option<&Erasure>) -> Vec<Recipient> {
        let mut by_member: BTreeMap<u16, (BTreeSet<DataCategory>, Vec<u64>)> = BTreeMap::new();
        for (index, _, event) in self.events_of(found.subject) {
            let Event::Inquiry(inquiry) = event else { continue };
            let mut shown = inquiry.released.clone();
            match state.consent.scope {
                ConsentScope::Inquire if inquiry.consent != Some(state.consent.id) => shown.clear(),
                ConsentScope::Inquire => {}
                ConsentScope::Furnish => {
                    let erased = erasure.map(|erasure| erasure.categories.clone()).unwrap_or_default();
                    shown.retain(|category| erased.contains(category));
                }
            }
            if inquiry.outcome == Outcome::Permitted && !shown.is_empty() {
                let (categories, inquiries) = by_member.entry(inquiry.subscriber).or_default();
                categories.extend(shown);
                inquiries.extend(u64::try_from(index));
            }
        }
        let recipient = |(member, (categories, inquiries)): (u16, (BTreeSet<DataCategory>, Vec<u64>))| Recipient {
            member,
            categories: categories.into_iter().collect(),
            inquiries,
        };
        by_member.into_iter().map(recipient).collect()
    }
}
