//! What a subject may ask for beside the own report: disputes and what becomes of them in time, a statement, freezes, alerts and
//! one-time codes, notices of corrections, and the end of what is kept.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use tallystick_model::consent_terms::Acting;
use tallystick_model::event::{CorrectionRecord, Event};
use tallystick_model::fact::{DeliveryNumber, Fact, FactBody, FactKey, FactKind, Slot};
use tallystick_model::inquiry::{Detail, Outcome, Reason};
use tallystick_model::member::MemberRole;
use tallystick_model::rights::{
    AccessCode, Alert, AlertKind, CorrectionNotice, Dispute, DisputeAnswer, DisputeFiling, DisputeLapse,
    DisputeOutcome, DisputeState, DisputeTurn, ExpiredFacts, FreezePause, Mark, OptOut, RetentionRun, Right, Statement,
    Version,
};
use tallystick_model::{CategorySet, Identifier, Sensitive, SubjectId, Timestamp};
use tallystick_operations::beside::{Beside, HandOver, Marked, RightsPart, Told};

use super::mending::Mending;
use super::rules::{Law, numbers};
use super::{Facts, Found, Reference, Said, current_of, log};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// What a furnisher answers.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Code of the furnisher.
    pub furnisher: String,
    /// Whose file, and the entry of the dispute.
    pub name: (SubjectId, u64),
    /// What came of it.
    pub outcome: DisputeOutcome,
    /// New rating and balance are in here, where it says anything.
    pub mending: Option<Mending>,
    /// Its words.
    pub words: String,
}

fn right(right: Right) -> Event {
    Event::Right(Box::new(right))
}

/// What is kept of a code.
fn code_hash(subject: SubjectId, code: &[u8]) -> [u8; 32] {
    Sha256::digest([b"tallystick access code 1\n".as_slice(), &subject.0, code].concat()).into()
}

fn words(text: &str) -> Result<String, String> {
    let said = text.trim();
    if said.is_empty() || said.contains(char::is_control) {
        return Err("a dispute and its answer have words of 1 to 1024 bytes and no control characters".to_owned());
    }
    Ok(said.to_owned())
}

impl Reference {
    fn rights_of(&self, subject: SubjectId) -> impl Iterator<Item = (u64, Timestamp, &Right)> {
        (0..).zip(&self.log).filter_map(move |(index, (entry, event))| match event {
            Event::Right(right) if event.subject() == subject => Some((index, entry.at, &**right)),
            _ => None,
        })
    }

    /// A subject's disputes.
    pub fn disputes(&self, subject: SubjectId) -> Vec<Dispute> {
        let filed = self.rights_of(subject).filter_map(|(entry, at, right)| match right {
            Right::DisputeOpened(filing) => Some((entry, at, filing.clone())),
            _ => None,
        });
        let stands = |(entry, at, filing): (u64, Timestamp, DisputeFiling)| {
            let mut state = DisputeState::Open;
            for (_, at, right) in self.rights_of(subject) {
                match right {
                    Right::DisputeAnswered(answer) if answer.dispute == entry => {
                        state = DisputeState::Answered(at, answer.clone());
                    }
                    Right::DisputeLapsed(lapse) if lapse.dispute == entry => {
                        state = DisputeState::Lapsed(at, lapse.clone());
                    }
                    Right::DisputeWithdrawn(turn) if turn.dispute == entry => state = DisputeState::Withdrawn(at),
                    _ => {}
                }
            }
            Dispute { entry, at, filing, extension: None, state }
        };
        filed.map(stands).collect()
    }

    fn statement(&self, subject: SubjectId) -> Option<Sensitive<String>> {
        let mut said = None;
        for (_, _, right) in self.rights_of(subject) {
            match right {
                Right::StatementPlaced(statement) => said = Some(statement.text.clone()),
                Right::StatementRemoved(_) => said = None,
                _ => {}
            }
        }
        said
    }

    /// What stands beside the facts that are told.
    pub fn beside(&self, found: &Found, told: &[Slot], names: bool, now: Timestamp) -> Beside {
        let mut marks: BTreeMap<Slot, Option<Marked>> = BTreeMap::new();
        for dispute in self.disputes(found.subject) {
            let unconfirmed = DisputeOutcome::CannotBeConfirmed;
            let mark = match &dispute.state {
                DisputeState::Open => Some(Mark::Disputed),
                DisputeState::Lapsed(_, lapse) if lapse.outcome == unconfirmed => Some(Mark::CannotBeConfirmed),
                DisputeState::Answered(_, answer) if answer.outcome == unconfirmed => Some(Mark::CannotBeConfirmed),
                DisputeState::Lapsed(..) | DisputeState::Answered(..) | DisputeState::Withdrawn(_) => None,
            };
            let slot = dispute.filing.slot;
            let marked = mark.map(|mark| Marked {
                kind: slot.kind,
                account: Some(slot.account).filter(|_| names),
                month: slot.month.filter(|_| names),
                part: None,
                mark,
                since: dispute.at,
            });
            marks.insert(slot, marked);
        }
        let shown = marks.into_iter().filter(|(slot, _)| told.contains(slot)).filter_map(|(_, marked)| marked);
        let alert = self.alert(found.subject, now).map(|alert| (alert.kind, alert.until));
        Beside { alert, statement: self.statement(found.subject), marks: shown.collect() }
    }

    /// What the own report says of rights.
    pub fn rights_part(&self, found: &Found, now: Timestamp) -> RightsPart {
        let mut part = RightsPart { disputes: self.disputes(found.subject), ..RightsPart::default() };
        for (index, at, right) in self.rights_of(found.subject) {
            match right {
                Right::CorrectionNoticed(notice) => {
                    part.told.push(Told { at, index, to: self.named(notice.recipient), slot: notice.slot });
                }
                Right::FactsExpired(gone) => {
                    let facts = gone.expiries.iter().map(|expiry| expiry.facts.len()).sum::<usize>();
                    part.expired += u64::try_from(facts).unwrap_or(u64::MAX);
                }
                _ => {}
            }
        }
        let pauses = self.pauses(found.subject).into_iter().filter(|pause| now < pause.until);
        part.pauses = pauses.map(|pause| (pause.subscriber.map(|of| self.named(of)), pause.until)).collect();
        part.opted_out = self.opt_out(found.subject, now);
        part.codes =
            self.codes(found.subject, now).iter().map(|code| (self.named(code.subscriber), code.until)).collect();
        part.requests = self.requests(found.subject);
        let hand_overs = found.events.iter().filter_map(|place| {
            let (entry, event) = self.log.get(*place)?;
            let Event::TransferDecided(transfer) = event else { return None };
            Some(HandOver {
                at: entry.at,
                index: u64::try_from(*place).ok()?,
                from: self.named(transfer.from),
                to: self.named(transfer.to),
                category: transfer.category,
                permitted: transfer.permitted,
                reasons: transfer.reasons.clone(),
            })
        });
        part.hand_overs = hand_overs.collect();
        part
    }

    /// What an own report at `now` is charged under: its number in the period, whether it is free, by which rule.
    pub fn charge(&self, found: &Found, now: Timestamp) -> (u32, bool, &'static str) {
        let seen = found.events.iter().filter_map(|index| self.log.get(*index));
        let seen = seen.filter(|(_, event)| matches!(event, Event::OwnReportViewed(_)));
        let earlier: Vec<Timestamp> = seen.map(|(entry, _)| entry.at).collect();
        numbers::own_report(self.law, &earlier, now)
    }

    /// Files a dispute about a month of an account.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn dispute(
        &self,
        identifier: &Identifier,
        slot: Slot,
        (grounds, acting): (&str, Acting),
        now: Timestamp,
    ) -> Result<Event, String> {
        let grounds = Sensitive::new(words(grounds)?);
        let found = self.find(identifier);
        self.may_own(&found, acting)?;
        let subject = found.subject;
        let held = self.live(subject).into_keys().find(|key| key.slot == slot);
        let Some(key) = held else {
            return Err("the file holds no statement of this kind about this account and month".to_owned());
        };
        let is_open = |dispute: &Dispute| dispute.filing.slot == slot && dispute.state == DisputeState::Open;
        if self.disputes(subject).iter().any(is_open) {
            return Err("this statement is disputed already".to_owned());
        }
        let (furnisher_by, answer_by) = numbers::dispute_times(self.law, now).ok_or("the time is out of range")?;
        let (rule, evidence) = (numbers::dispute_rule(self.law).to_owned(), [8; 32]);
        let delivery = key.delivery;
        Ok(right(Right::DisputeOpened(DisputeFiling {
            subject,
            slot,
            part: None,
            case: None,
            acting,
            delivery,
            grounds,
            evidence,
            furnisher_by,
            answer_by,
            rule,
        })))
    }

    fn answerable(&self, (subject, entry): (SubjectId, u64)) -> Result<Dispute, String> {
        let dispute = self.disputes(subject).into_iter().find(|dispute| dispute.entry == entry);
        let dispute = dispute.ok_or_else(|| format!("no dispute of this file was filed by entry {entry}"))?;
        match dispute.state {
            DisputeState::Open => Ok(dispute),
            // Where what is not verified in time is deleted there is nothing left to answer.
            DisputeState::Lapsed(..) if self.law != Law::Us => Ok(dispute),
            DisputeState::Lapsed(..) | DisputeState::Answered(..) | DisputeState::Withdrawn(_) => {
                Err(format!("dispute {entry} has ended"))
            }
        }
    }

    /// Takes a dispute back.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn withdraw_dispute(&self, identifier: &Identifier, entry: u64) -> Result<Event, String> {
        let found = self.find(identifier);
        self.may_own(&found, Acting::default())?;
        let subject = found.subject;
        let dispute = self.answerable((subject, entry))?.entry;
        Ok(right(Right::DisputeWithdrawn(DisputeTurn { subject, dispute })))
    }

    /// Records an answer: the correction that comes first, if one does, and the answer.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn reply(
        &self,
        identifier: &Identifier,
        reply: &Reply,
        now: Timestamp,
    ) -> Result<(Option<(CorrectionRecord, Facts)>, Event), String> {
        let furnisher = self.in_role(&reply.furnisher, MemberRole::Furnisher)?.number;
        let said = words(&reply.words)?;
        let filing = self.answerable(reply.name)?.filing;
        let (slot, (subject, dispute)) = (filing.slot, reply.name);
        if slot.account.furnisher() != furnisher {
            return Err("the disputed statement is another furnisher's".to_owned());
        }
        let is_held = self.live(subject).into_keys().any(|key| key.slot == slot);
        let set = reply.mending.as_ref().and_then(|mending| mending.set);
        match (reply.outcome, set) {
            (DisputeOutcome::Corrected, None) => {
                return Err("a correction says what the statement should say".to_owned());
            }
            (DisputeOutcome::Corrected, Some(_)) if !is_held => {
                return Err("only a month of an account that holds is corrected; anything else is deleted".to_owned());
            }
            (DisputeOutcome::Corrected, Some(_)) | (_, None) => {}
            (_, Some(_)) => return Err("only a correction says what the statement should say".to_owned()),
        }
        // In the United States what can't be verified is deleted.
        let (outcome, code) = match reply.outcome {
            DisputeOutcome::CannotBeConfirmed if self.law == Law::Us => {
                (DisputeOutcome::Deleted, "furnisher_can_not_verify")
            }
            outcome => (outcome, "furnisher_corrects_own_fact"),
        };
        let mends = is_held && matches!(outcome, DisputeOutcome::Corrected | DisputeOutcome::Deleted);
        let mended = match reply.mending.as_ref().filter(|_| mends) {
            None => None,
            Some(mending) => {
                let mending = Mending { reason: said.clone(), ..mending.clone() };
                let (mut record, facts) = self.mend(identifier, &mending, now)?;
                let rule = numbers::dispute_rule(self.law).to_owned();
                record.delivery.admitted_under = vec![Reason { rule, code: code.to_owned() }];
                Some((record, facts))
            }
        };
        let correction: Option<DeliveryNumber> = mended.as_ref().map(|(record, _)| record.delivery.number);
        let compensation = numbers::compensation(self.law, &filing, now);
        let (words, received) = (said, now);
        let answer = DisputeAnswer { subject, dispute, outcome, correction, words, received, compensation };
        Ok((mended, right(Right::DisputeAnswered(answer))))
    }

    /// The disputes whose time is over, in the order of their deadlines.
    pub fn due(&self, now: Timestamp) -> Vec<Dispute> {
        let mut due = Vec::new();
        for (_, event) in &self.log {
            let Event::Right(filed) = event else { continue };
            let Right::DisputeOpened(filing) = &**filed else { continue };
            let open = self.disputes(filing.subject).into_iter();
            due.extend(open.filter(|dispute| dispute.state == DisputeState::Open && dispute.filing.answer_by <= now));
        }
        due.sort_by_key(|dispute| (dispute.filing.answer_by, dispute.entry));
        due.dedup_by_key(|dispute| dispute.entry);
        due
    }

    /// What becomes of one of them: in the United States the statement is deleted, if it is still there, elsewhere it is marked.
    pub fn lapse(&self, dispute: &Dispute, now: Timestamp) -> (Option<(CorrectionRecord, Facts)>, Event) {
        let DisputeFiling { subject, slot, .. } = dispute.filing;
        let why = Reason { rule: numbers::dispute_rule(self.law).to_owned(), code: "not_verified_in_time".to_owned() };
        let (outcome, deleted) = match self.law {
            Law::Us => {
                let reason = ("not verified in time".to_owned(), why.clone());
                (DisputeOutcome::Deleted, self.supersede((subject, slot), None, reason, now).ok())
            }
            _ => (DisputeOutcome::CannotBeConfirmed, None),
        };
        let deletion = deleted.as_ref().map(|(record, _)| record.delivery.number);
        let lapse = DisputeLapse { subject, dispute: dispute.entry, outcome, deletion, reason: why };
        (deleted, right(Right::DisputeLapsed(lapse)))
    }

    /// Places a statement.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn say(&self, identifier: &Identifier, text: &str) -> Result<Event, String> {
        let said = text.trim();
        if said.is_empty() || said.contains(char::is_control) {
            return Err("a statement has 1 to 1024 bytes and no control characters".to_owned());
        }
        let subject = self.find(identifier).subject;
        Ok(right(Right::StatementPlaced(Statement { subject, text: Sensitive::new(said.to_owned()) })))
    }

    /// Takes the statement back.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn unsay(&self, identifier: &Identifier) -> Result<Event, String> {
        let subject = self.find(identifier).subject;
        self.statement(subject).ok_or("there is no statement")?;
        Ok(right(Right::StatementRemoved(subject)))
    }

    /// Whether a fact was taken out as its time had run out.
    pub fn has_expired(&self, key: &FactKey) -> bool {
        self.rights_of(key.subject).any(|(_, _, right)| {
            matches!(right, Right::FactsExpired(gone)
                if gone.expiries.iter().any(|expiry| expiry.facts.contains(&(key.slot, key.delivery))))
        })
    }

    /// What a run of `expire` comes to after `consents` that were over: what leaves each file, and the run, which began when the log
    /// had `before` entries.
    pub fn expire(&self, consents: u64, before: usize, now: Timestamp) -> (Vec<Event>, Event) {
        let subjects: BTreeSet<SubjectId> = self.facts.keys().map(|key| key.subject).collect();
        let (mut files, mut counts) = (Vec::new(), BTreeMap::new());
        for subject in subjects {
            let (all, live) = (self.without_erased(self.history(subject)), self.live(subject));
            let expiries = numbers::expiries(self.law, &all, &live, now.date());
            for expiry in &expiries {
                *counts.entry(expiry.rule.clone()).or_insert(0) +=
                    u64::try_from(expiry.facts.len()).unwrap_or(u64::MAX);
            }
            let rulebook = self.rulebook.clone();
            let gone = ExpiredFacts { subject, expiries, rulebook };
            files.extend((!gone.expiries.is_empty()).then(|| right(Right::FactsExpired(gone))));
        }
        let run = right(Right::RetentionRun(RetentionRun {
            entries_before: u64::try_from(before).unwrap_or(u64::MAX),
            root_before: log::root(self.entries().get(..before).unwrap_or_default()),
            subjects: u64::try_from(files.len()).unwrap_or(u64::MAX),
            facts: counts.into_iter().collect(),
            consents,
            kept_for_models: None,
            rulebook: self.rulebook.clone(),
        }));
        (files, run)
    }

    /// Times at which the freeze is lifted for a while, since it was placed.
    fn pauses(&self, subject: SubjectId) -> Vec<FreezePause> {
        let mut pauses = Vec::new();
        for (_, event) in self.log.iter().filter(|(_, event)| event.subject() == subject) {
            match event {
                Event::FreezePlaced(_) | Event::FreezeLifted(_) => pauses.clear(),
                Event::Right(right) => pauses.extend(match &**right {
                    Right::FreezePaused(pause) => Some(*pause),
                    _ => None,
                }),
                _ => {}
            }
        }
        pauses
    }

    /// Whether the file is frozen for one who asks now.
    pub fn is_frozen_for(&self, subject: SubjectId, member: u16, now: Timestamp) -> bool {
        let placed = self.log.iter().rev().find_map(|(_, event)| match event {
            Event::FreezePlaced(of) if *of == subject => Some(true),
            Event::FreezeLifted(of) if *of == subject => Some(false),
            _ => None,
        });
        let opens =
            |pause: &FreezePause| now < pause.until && pause.subscriber.is_none_or(|subscriber| subscriber == member);
        placed == Some(true) && !self.pauses(subject).iter().any(opens)
    }

    /// Lifts the freeze until a time.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn pause_freeze(
        &self,
        identifier: &Identifier,
        subscriber: Option<&str>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Event, String> {
        let of = |code| self.in_role(code, MemberRole::Subscriber).map(|member| member.number);
        let subscriber = subscriber.map(of).transpose()?;
        let found = self.find(identifier);
        if !self.is_frozen(&found) {
            return Err("the file is not frozen".to_owned());
        }
        if until <= now {
            return Err("the freeze is lifted until a time to come".to_owned());
        }
        Ok(right(Right::FreezePaused(FreezePause { subject: found.subject, subscriber, until })))
    }

    /// The alert that lasts.
    pub fn alert(&self, subject: SubjectId, now: Timestamp) -> Option<Alert> {
        let last = self.rights_of(subject).filter_map(|(_, _, right)| match right {
            Right::AlertPlaced(alert) => Some(Some(alert.clone())),
            Right::AlertRemoved(_) => Some(None),
            _ => None,
        });
        last.last().flatten().filter(|alert| now < alert.until)
    }

    /// Places an alert.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn warn(
        &self,
        identifier: &Identifier,
        kind: AlertKind,
        evidence: [u8; 32],
        now: Timestamp,
    ) -> Result<Event, String> {
        let until = numbers::alert_until(self.law, kind, now);
        let until = until.ok_or_else(|| format!("rulebook {} knows no fraud alert", self.rulebook))?;
        if kind == AlertKind::Extended && evidence == [0; 32] {
            return Err("an extended alert takes the report to the police: give it as evidence".to_owned());
        }
        let subject = self.find(identifier).subject;
        Ok(right(Right::AlertPlaced(Alert { subject, kind, until, evidence, rule: "us-10".to_owned() })))
    }

    /// Takes the alert back.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn unwarn(&self, identifier: &Identifier, now: Timestamp) -> Result<Event, String> {
        let subject = self.find(identifier).subject;
        self.alert(subject, now).ok_or("no alert lasts")?;
        Ok(right(Right::AlertRemoved(subject)))
    }

    /// The opt-out that lasts: until when, `None` for good.
    fn opt_out(&self, subject: SubjectId, now: Timestamp) -> Option<Option<Timestamp>> {
        let mut said = None;
        for (_, _, right) in self.rights_of(subject) {
            match right {
                Right::OptedOut(opt_out) => said = Some(opt_out.until),
                Right::OptedIn(_) => said = None,
                _ => {}
            }
        }
        said.filter(|until| until.is_none_or(|until| now < until))
    }

    /// Whether the subject is left out of prescreening.
    pub fn has_opted_out(&self, subject: SubjectId, now: Timestamp) -> bool {
        self.opt_out(subject, now).is_some()
    }

    /// Opts out, for good with a form.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn leave_out(&self, identifier: &Identifier, form: Option<[u8; 32]>, now: Timestamp) -> Result<Event, String> {
        if self.law != Law::Us {
            return Err(format!("rulebook {} knows no offers to opt out of", self.rulebook));
        }
        let until = if form.is_some() { None } else { numbers::months_after(now, 60) };
        let (subject, evidence) = (self.find(identifier).subject, form.unwrap_or([0; 32]));
        Ok(right(Right::OptedOut(OptOut { subject, until, evidence, rule: "us-2".to_owned() })))
    }

    /// Takes it back.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn take_in(&self, identifier: &Identifier, now: Timestamp) -> Result<Event, String> {
        let subject = self.find(identifier).subject;
        self.opt_out(subject, now).ok_or("the subject has not opted out")?;
        Ok(right(Right::OptedIn(subject)))
    }

    /// Codes that can be used now: of each subscriber the last that was issued, unless an inquiry has used it up since.
    fn codes(&self, subject: SubjectId, now: Timestamp) -> Vec<AccessCode> {
        let mut codes: Vec<AccessCode> = Vec::new();
        for (_, event) in self.log.iter().filter(|(_, event)| event.subject() == subject) {
            match event {
                Event::Inquiry(inquiry) if inquiry.weighed.by_code => {
                    codes.retain(|code| code.subscriber != inquiry.subscriber);
                }
                Event::Right(right) => {
                    if let Right::CodeIssued(code) = &**right {
                        codes.retain(|other| other.subscriber != code.subscriber);
                        codes.push(*code);
                    }
                }
                _ => {}
            }
        }
        codes.retain(|code| now < code.until);
        codes
    }

    /// Whether a code opens the file for a subscriber.
    pub fn opens(&self, subject: SubjectId, member: u16, code: &[u8], now: Timestamp) -> bool {
        let hash = code_hash(subject, code);
        self.codes(subject, now).iter().any(|issued| issued.subscriber == member && issued.hash == hash)
    }

    /// Issues a code; only the bureau's chance knows it.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn issue(
        &self,
        identifier: &Identifier,
        subscriber: &str,
        code: &[u8],
        (until, now): (Timestamp, Timestamp),
    ) -> Result<Event, String> {
        if self.law != Law::Us {
            return Err(format!("rulebook {} knows no freeze that a code could open", self.rulebook));
        }
        if until <= now || until.millis() - now.millis() > 30 * DAY_MILLIS {
            return Err("a code can be used until a time within the next 30 days".to_owned());
        }
        let subscriber = self.in_role(subscriber, MemberRole::Subscriber)?.number;
        let subject = self.find(identifier).subject;
        Ok(right(Right::CodeIssued(AccessCode { subject, subscriber, hash: code_hash(subject, code), until })))
    }

    /// Who is told of the correction that is the entry `correction`: those whose report showed the month, cut to its detail.
    pub fn notices(&self, correction: usize) -> Vec<Event> {
        let Some((corrected, Event::FactCorrected(record))) = self.log.get(correction) else { return Vec::new() };
        let slot = record.slot;
        let find = |delivery: DeliveryNumber| {
            let all = self.without_erased(self.history(record.subject)).into_iter();
            all.filter(|(key, _)| key.slot == slot && key.delivery == delivery).find_map(|(key, held)| {
                match held.said {
                    Said::Body(body) => Some(Fact { key, standing: held.standing, body }),
                    Said::Identity(_) => None,
                }
            })
        };
        let version = |fact: &Fact| {
            let mut value = Vec::new();
            fact.write_value(&mut value);
            Version { delivery: fact.key.delivery, value }
        };
        let Some(before) = find(record.superseded) else { return Vec::new() };
        let FactBody::TradelineMonth(month) = &before.body else { return Vec::new() };
        let category = month.kind.category();
        let after = find(record.delivery.number);
        let is_deleted = |fact: &Fact| matches!(fact.standing, tallystick_model::fact::Standing::Deletes(_));
        let mut told: Vec<CorrectionNotice> = Vec::new();
        for (index, (entry, event)) in (0..).zip(&self.log).take(correction) {
            let Event::Inquiry(inquiry) = event else { continue };
            let shows = inquiry.subject == record.subject
                && inquiry.outcome == Outcome::Permitted
                && inquiry.released.contains(&category)
                && inquiry.ranges.of_month(CategorySet::EMPTY.with(category), slot.month) != CategorySet::EMPTY
                && self.showed(record.subject, slot, record.superseded, inquiry.detail, entry.at);
            let Some(rule) = numbers::tells(self.law, inquiry.purpose, entry.at, corrected.at).filter(|_| shows) else {
                continue;
            };
            match told.iter_mut().find(|notice| notice.recipient == inquiry.subscriber) {
                Some(notice) => {
                    // Told is what the last of its reports had of the fact.
                    notice.inquiries.push(index);
                    rule.clone_into(&mut notice.reason.rule);
                }
                None => told.push(CorrectionNotice {
                    subject: record.subject,
                    recipient: inquiry.subscriber,
                    correction: record.delivery.number,
                    slot,
                    before: version(&before),
                    after: after.as_ref().filter(|fact| !is_deleted(fact)).map(version),
                    inquiries: vec![index],
                    reason: Reason { rule: rule.to_owned(), code: "was_shown_what_is_corrected".to_owned() },
                }),
            }
        }
        told.into_iter().map(|notice| right(Right::CorrectionNoticed(notice))).collect()
    }

    fn showed(
        &self,
        subject: SubjectId,
        slot: Slot,
        delivery: DeliveryNumber,
        detail: Option<Detail>,
        at: Timestamp,
    ) -> bool {
        let mut known = Vec::new();
        for (_, event) in self.log.iter().filter(|(entry, _)| entry.at <= at) {
            match event {
                Event::DeliveryAdmitted(record) => known.push(record.number),
                Event::FactCorrected(correction) => known.push(correction.delivery.number),
                _ => {}
            }
        }
        let mut then = self.without_erased(self.history(subject));
        then.retain(|key, _| known.contains(&key.delivery));
        let then = current_of(&then);
        let months = || then.keys().filter(|key| key.slot.kind == FactKind::TradelineMonth);
        let held = months().any(|key| key.slot == slot && key.delivery == delivery);
        let last = months().filter(|key| key.slot.account == slot.account).map(|key| key.slot.month).max();
        match detail {
            Some(Detail::Whole) => held,
            Some(Detail::Latest) => held && last == Some(slot.month),
            Some(Detail::Summary) | None => false,
        }
    }
}
