//! Requests to erase: for a purpose that is met, or what is held against the law.

use std::collections::BTreeMap;

use tallystick_model::consent_terms::Acting;
use tallystick_model::event::Event;
use tallystick_model::fact::{DeliveryNumber, FactBody};
use tallystick_model::inquiry::{Outcome, Reason};
use tallystick_model::rights::{Request, RequestAnswer, RequestGround, RequestState, Right};
use tallystick_model::withdrawal::{Erasure, Recipient};
use tallystick_model::{DataCategory, Identifier, Sensitive, SubjectId, Timestamp};

use super::rules::numbers;
use super::{Reference, Said};

impl Reference {
    /// A subject's requests.
    pub fn requests(&self, subject: SubjectId) -> Vec<RequestState> {
        let rights = (0..).zip(&self.log).filter_map(|(index, (entry, event))| match event {
            Event::Right(right) if event.subject() == subject => Some((index, entry.at, &**right)),
            _ => None,
        });
        let rights: Vec<(u64, Timestamp, &Right)> = rights.collect();
        let answer_of = |filed: u64| {
            rights.iter().find_map(|(_, at, right)| match right {
                Right::RequestAnswered(answer) if answer.request == filed => Some((*at, answer.clone())),
                _ => None,
            })
        };
        let filed = rights.iter().filter_map(|(entry, at, right)| match right {
            Right::RequestFiled(request) => {
                Some(RequestState { entry: *entry, at: *at, request: request.clone(), answer: answer_of(*entry) })
            }
            _ => None,
        });
        filed.collect()
    }

    /// The last request that nobody has answered.
    pub fn waiting_request(&self) -> Option<(SubjectId, u64)> {
        let subjects = self.log.iter().rev().filter_map(|(_, event)| match event {
            Event::Right(right) if matches!(&**right, Right::RequestFiled(_)) => Some(event.subject()),
            _ => None,
        });
        let open = |subject| self.requests(subject).into_iter().rfind(|state| state.answer.is_none());
        subjects.filter_map(|subject| Some((subject, open(subject)?.entry))).next()
    }

    /// What of a subject's facts is of one of these categories and from this furnisher.
    fn concerned(&self, subject: SubjectId, erasure: &Erasure) -> Erasure {
        let mut erasure = erasure.clone();
        for (key, held) in self.without_erased(self.history(subject)) {
            let mut says = vec![super::consents::category(&held.said)];
            if let Said::Body(FactBody::PaymentProfileMonth(profile)) = &held.said {
                says.extend(profile.income.map(|_| DataCategory::Income));
                says.extend(profile.investments.map(|_| DataCategory::Securities));
            }
            let of = key.slot.account.furnisher() == erasure.furnisher;
            if of && says.iter().any(|category| erasure.categories.contains(category)) {
                erasure.slots.push((key.slot, key.delivery));
            }
        }
        erasure
    }

    fn erasure_of(&self, request: &Request) -> Erasure {
        let until = self.deliveries().iter().map(|delivery| delivery.number).max().unwrap_or(DeliveryNumber(0));
        let erasure = Erasure {
            furnisher: request.furnisher,
            categories: request.categories.clone(),
            until,
            reasons: vec![Reason { rule: request.rule.clone(), code: request.ground.code().to_owned() }],
            slots: Vec::new(),
        };
        self.concerned(request.subject, &erasure)
    }

    /// Files a request about one category.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn ask(
        &self,
        identifier: &Identifier,
        furnisher: &str,
        (category, ground): (DataCategory, RequestGround),
        now: Timestamp,
    ) -> Result<Event, String> {
        let Some((rule, answer_by)) = numbers::requests(self.law, now) else {
            return Err(format!("rulebook {} has no rule on requests for this reason: {ground}", self.rulebook));
        };
        let furnisher = self.known(furnisher)?.number;
        let found = self.find(identifier);
        self.may_own(&found, Acting::default())?;
        let request = Request {
            subject: found.subject,
            furnisher,
            categories: vec![category],
            ground,
            words: Sensitive::new("no longer needed".to_owned()),
            evidence: [0; 32],
            acting: Acting::default(),
            answer_by,
            rule: rule.to_owned(),
        };
        if self.erasure_of(&request).slots.is_empty() {
            return Err("nothing of these categories is held from this furnisher".to_owned());
        }
        let waits = |state: &RequestState| {
            let asked = &state.request;
            let same = (asked.furnisher, &asked.categories, asked.ground) == (furnisher, &request.categories, ground);
            state.answer.is_none() && same
        };
        if self.requests(found.subject).iter().any(waits) {
            return Err("the same is asked already, and waits for an answer".to_owned());
        }
        Ok(Event::Right(Box::new(Right::RequestFiled(request))))
    }

    /// Answers a request.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn decide_request(&self, (subject, entry): (SubjectId, u64), grants: bool) -> Result<Event, String> {
        let state = self.requests(subject).into_iter().find(|state| state.entry == entry && state.answer.is_none());
        let Some(state) = state else {
            return Err(format!("no request of this file that was filed by entry {entry} waits for an answer"));
        };
        let erasure = grants.then(|| self.erasure_of(&state.request));
        let mut shown: BTreeMap<u16, Vec<u64>> = BTreeMap::new();
        for (index, (_, event)) in (0..).zip(&self.log) {
            let Event::Inquiry(inquiry) = event else { continue };
            let saw = state.request.categories.iter().all(|category| inquiry.released.contains(category));
            if grants && inquiry.subject == subject && inquiry.outcome == Outcome::Permitted && saw {
                shown.entry(inquiry.subscriber).or_default().push(index);
            }
        }
        let categories = state.request.categories;
        let recipient = |(member, inquiries)| Recipient { member, categories: categories.clone(), inquiries };
        Ok(Event::Right(Box::new(Right::RequestAnswered(RequestAnswer {
            subject,
            request: entry,
            erasure,
            recipients: shown.into_iter().map(recipient).collect(),
            words: "looked at".to_owned(),
        }))))
    }
}
