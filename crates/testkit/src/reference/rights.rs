//! What a subject may ask for beside the own report, as it should go under China's rulebook: 20 days for an answer, then a mark; no
//! freeze, no alerts; two own reports a year for nothing; recipients of the last twelve months are told of corrections.

use std::collections::BTreeMap;

use tallystick_model::event::{CorrectionRecord, Event};
use tallystick_model::fact::{DeliveryNumber, Fact, FactBody, FactKind, Slot};
use tallystick_model::inquiry::{Detail, Outcome, Reason};
use tallystick_model::member::MemberRole;
use tallystick_model::rights::{
    CorrectionNotice, Dispute, DisputeAnswer, DisputeFiling, DisputeLapse, DisputeOutcome, DisputeState, DisputeTurn,
    Mark, RetentionRun, Right, Statement, Version,
};
use tallystick_model::{Date, Identifier, Month, Sensitive, SubjectId, Timestamp};
use tallystick_operations::beside::{Beside, Marked, RightsPart, Told};

use super::delivery::Mending;
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

fn words(text: &str) -> Result<String, String> {
    let said = text.trim();
    if said.is_empty() || said.contains(char::is_control) {
        return Err("a dispute and its answer have words of 1 to 1024 bytes and no control characters".to_owned());
    }
    Ok(said.to_owned())
}

/// Twelve months later, on the last day of a shorter month.
fn year_later(at: Timestamp) -> Option<Timestamp> {
    let date = at.date();
    let month = Month::of(date)?.plus(12)?;
    let day = date.day().min(i8::try_from(month.days()).ok()?);
    let day = Date::new(date.year() + 1, date.month(), day).ok()?;
    Timestamp::from_millis(Timestamp::start_of(day).millis() + at.millis().rem_euclid(DAY_MILLIS)).ok()
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
            Dispute { entry, at, filing, state }
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
    pub fn beside(&self, found: &Found, told: &[Slot], names: bool) -> Beside {
        let mut marks: BTreeMap<Slot, Option<Marked>> = BTreeMap::new();
        for dispute in self.disputes(found.subject) {
            let unconfirmed = DisputeOutcome::CannotBeConfirmed;
            let mark = match &dispute.state {
                DisputeState::Open => Some(Mark::Disputed),
                DisputeState::Lapsed(..) => Some(Mark::CannotBeConfirmed),
                DisputeState::Answered(_, answer) if answer.outcome == unconfirmed => Some(Mark::CannotBeConfirmed),
                DisputeState::Answered(..) | DisputeState::Withdrawn(_) => None,
            };
            let slot = dispute.filing.slot;
            let marked = mark.map(|mark| Marked {
                kind: slot.kind,
                account: Some(slot.account).filter(|_| names),
                month: slot.month.filter(|_| names),
                mark,
                since: dispute.at,
            });
            marks.insert(slot, marked);
        }
        let shown = marks.into_iter().filter(|(slot, _)| told.contains(slot)).filter_map(|(_, marked)| marked);
        Beside { alert: None, statement: self.statement(found.subject), marks: shown.collect() }
    }

    /// What the own report says of rights.
    pub fn rights_part(&self, found: &Found) -> RightsPart {
        let told = self.rights_of(found.subject).filter_map(|(index, at, right)| match right {
            Right::CorrectionNoticed(notice) => {
                Some(Told { at, index, to: self.named(notice.recipient), slot: notice.slot })
            }
            _ => None,
        });
        RightsPart { disputes: self.disputes(found.subject), told: told.collect(), ..RightsPart::default() }
    }

    /// How many own reports there are this year with the one at `now`.
    pub fn own_reports(&self, found: &Found, now: Timestamp) -> u32 {
        let seen = found.events.iter().filter_map(|index| self.log.get(*index)).filter(|(entry, event)| {
            matches!(event, Event::OwnReportViewed(_)) && entry.at.date().year() == now.date().year()
        });
        u32::try_from(seen.count()).unwrap_or(u32::MAX) + 1
    }

    /// Files a dispute about a month of an account.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn dispute(&self, identifier: &Identifier, slot: Slot, grounds: &str, now: Timestamp) -> Result<Event, String> {
        let grounds = Sensitive::new(words(grounds)?);
        let subject = self.find(identifier).subject;
        let held = self.live(subject).into_keys().find(|key| key.slot == slot);
        let Some(key) = held else {
            return Err("the file holds no statement of this kind about this account and month".to_owned());
        };
        let is_open = |dispute: &Dispute| dispute.filing.slot == slot && dispute.state == DisputeState::Open;
        if self.disputes(subject).iter().any(is_open) {
            return Err("this statement is disputed already".to_owned());
        }
        let by = Timestamp::from_millis(now.millis() + 20 * DAY_MILLIS).map_err(|error| error.to_string())?;
        let (rule, evidence) = ("cn-15".to_owned(), [8; 32]);
        let delivery = key.delivery;
        let filing =
            DisputeFiling { subject, slot, delivery, grounds, evidence, furnisher_by: by, answer_by: by, rule };
        Ok(right(Right::DisputeOpened(filing)))
    }

    fn answerable(&self, (subject, entry): (SubjectId, u64)) -> Result<Dispute, String> {
        let dispute = self.disputes(subject).into_iter().find(|dispute| dispute.entry == entry);
        let dispute = dispute.ok_or_else(|| format!("no dispute of this file was filed by entry {entry}"))?;
        match dispute.state {
            DisputeState::Open | DisputeState::Lapsed(..) => Ok(dispute),
            DisputeState::Answered(..) | DisputeState::Withdrawn(_) => Err(format!("dispute {entry} has ended")),
        }
    }

    /// Takes a dispute back.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn withdraw_dispute(&self, identifier: &Identifier, entry: u64) -> Result<Event, String> {
        let subject = self.find(identifier).subject;
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
        let slot = self.answerable(reply.name)?.filing.slot;
        let (subject, dispute) = reply.name;
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
        let mends = is_held && matches!(reply.outcome, DisputeOutcome::Corrected | DisputeOutcome::Deleted);
        let mended = match reply.mending.as_ref().filter(|_| mends) {
            None => None,
            Some(mending) => {
                let mending = Mending { reason: said.clone(), ..mending.clone() };
                let (mut record, facts) = self.mend(identifier, &mending, now)?;
                for reason in &mut record.delivery.admitted_under {
                    reason.rule = "cn-15".to_owned();
                }
                Some((record, facts))
            }
        };
        let correction: Option<DeliveryNumber> = mended.as_ref().map(|(record, _)| record.delivery.number);
        let outcome = reply.outcome;
        let answer = DisputeAnswer { subject, dispute, outcome, correction, words: said, compensation: None };
        Ok((mended, right(Right::DisputeAnswered(answer))))
    }

    /// What is due of all disputes, in the order of their deadlines.
    pub fn lapses(&self, now: Timestamp) -> Vec<Event> {
        let mut due = Vec::new();
        for (_, event) in &self.log {
            let Event::Right(filed) = event else { continue };
            let Right::DisputeOpened(filing) = &**filed else { continue };
            let open = self.disputes(filing.subject).into_iter();
            due.extend(open.filter(|dispute| dispute.state == DisputeState::Open && dispute.filing.answer_by <= now));
        }
        due.sort_by_key(|dispute| (dispute.filing.answer_by, dispute.entry));
        due.dedup_by_key(|dispute| dispute.entry);
        let lapse = |dispute: Dispute| {
            right(Right::DisputeLapsed(DisputeLapse {
                subject: dispute.filing.subject,
                dispute: dispute.entry,
                outcome: DisputeOutcome::CannotBeConfirmed,
                deletion: None,
                reason: Reason { rule: "cn-15".to_owned(), code: "not_verified_in_time".to_owned() },
            }))
        };
        due.into_iter().map(lapse).collect()
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

    /// What a run of `expire` comes to: no month here is five years old.
    pub fn expire(&self) -> Event {
        right(Right::RetentionRun(RetentionRun {
            entries_before: u64::try_from(self.log.len()).unwrap_or(u64::MAX),
            root_before: log::root(&self.entries()),
            subjects: 0,
            facts: Vec::new(),
            kept_for_models: None,
            rulebook: self.rulebook.clone(),
        }))
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
                && year_later(entry.at).is_some_and(|until| until >= corrected.at)
                && self.showed(record.subject, slot, record.superseded, inquiry.detail, entry.at);
            if !shows {
                continue;
            }
            match told.iter_mut().find(|notice| notice.recipient == inquiry.subscriber) {
                Some(notice) => notice.inquiries.push(index),
                None => told.push(CorrectionNotice {
                    subject: record.subject,
                    recipient: inquiry.subscriber,
                    correction: u64::try_from(correction).unwrap_or(u64::MAX),
                    slot,
                    before: version(&before),
                    after: after.as_ref().filter(|fact| !is_deleted(fact)).map(version),
                    inquiries: vec![index],
                    reason: Reason { rule: "own-practice".to_owned(), code: "was_shown_what_is_corrected".to_owned() },
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
