//! Steps of rights: disputes, statements, freezes, alerts and one-time codes, what is due, and what is past its term.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tallystick_model::consent_terms::{Acting, Actor};
use tallystick_model::event::Event;
use tallystick_model::fact::{FactKind, Slot};
use tallystick_model::inquiry::Purpose;
use tallystick_model::rights::{AlertKind, CODE_BYTES, DisputeOutcome, RequestGround};
use tallystick_model::tradeline::PaymentRating;
use tallystick_model::withdrawal::Withdrawal;
use tallystick_model::{DataCategory, Month, Sensitive, SubjectId};
use tallystick_operations::correct::Change;
use tallystick_operations::dispute::{self, Answering, DisputeName, Disputing};
use tallystick_operations::recall::Notice;
use tallystick_operations::{access_history, expire, freeze, protect};

use super::World;
use super::chance::Chance;
use super::compare::same;
use super::consents::acting;
use super::file::Who;
use crate::reference::Showing;
use crate::reference::mending::Mending;
use crate::reference::rights::Reply;
use crate::reference::rules::Law;

/// A month of an account: whose, whose report, its number, which month.
pub type Told = (Who, String, String, Month);

/// One thing to do.
#[derive(Clone, Debug)]
pub enum Claim {
    /// Dispute a month, with these words.
    Dispute(Told, String),
    /// Answer one of the disputes that were filed: a month that may be another's, how, and a new balance.
    Answer(Told, DisputeOutcome, Option<i64>),
    /// Take back the dispute about a month.
    Withdraw(Told),
    /// Do what is due.
    RunDue,
    /// Place a statement.
    Say(Who, String),
    /// Take it back.
    Unsay(Who),
    /// See who looked at the file.
    History(Who),
    /// Lift the freeze for so many hours: for everyone, or for one subscriber.
    PauseFreeze(Who, Option<String>, i64),
    /// Place an alert, with something to show for it or without.
    Warn(Who, AlertKind, bool),
    /// Take the alert back.
    Unwarn(Who),
    /// Opt out of offers, with the signed form or without.
    OptOut(Who, bool),
    /// Take that back.
    OptIn(Who),
    /// Issue a one-time code to a subscriber, for so many hours.
    Issue(Who, String, i64),
    /// Inquire with one of the codes that were issued, for this purpose; another subscriber shows it now and then.
    UseCode(usize, Option<String>, Purpose),
    /// Look for facts past their term, and for consents that are over.
    Expire,
    /// Ask that what a furnisher has said be erased.
    Ask(Told, DataCategory, RequestGround),
    /// Answer the last request, by granting it or not.
    Decide(Told, bool),
}

/// Chooses one, about one of the `months` that were reported, of those that were `disputed`, or of what `other` says.
pub fn choose(chance: &mut Chance, law: Law, (months, disputed): (&[Told], &[Told]), other: Told) -> Claim {
    let member = other.1.clone();
    // The first are disputed again and again, so that disputes are answered.
    let few = months.get(..months.len().min(6)).unwrap_or_default();
    let told = chance.one(few).cloned().filter(|_| !chance.percent(8)).unwrap_or(other);
    let disputed = chance.one(disputed).cloned().filter(|_| !chance.percent(10)).unwrap_or_else(|| told.clone());
    let outcome = chance.one(DisputeOutcome::ALL).copied().unwrap_or(DisputeOutcome::Confirmed);
    let words = if chance.percent(6) { " \n" } else { " it was paid " }.to_owned();
    let hours = [-1, 1, 12, 24 * 20, 24 * 40].get(chance.below(5)).copied().unwrap_or(1);
    // Files are protected where the law knows how; elsewhere that is asked for now and then, and refused.
    match chance.below(if law == Law::Us { 56 } else { 30 }) {
        0..=5 => Claim::Dispute(told, words),
        6..=10 => {
            let says = chance.percent(if outcome == DisputeOutcome::Corrected { 90 } else { 8 });
            Claim::Answer(disputed, outcome, says.then(|| i64::try_from(chance.below(90_000)).unwrap_or(0)))
        }
        11 => Claim::Withdraw(disputed),
        12 | 13 | 20 | 21 => Claim::RunDue,
        14 | 15 => Claim::Say(told.0, words),
        16 => Claim::Unsay(told.0),
        17 => Claim::History(told.0),
        18 | 19 => Claim::Expire,
        26..=29 if law != Law::Us => requests(chance, told),
        22 | 39..=41 => Claim::Unwarn(told.0),
        42 | 43 => Claim::OptOut(told.0, chance.percent(30)),
        44..=47 => Claim::OptIn(told.0),
        23 | 26 | 27 | 48 | 49 => Claim::PauseFreeze(told.0, chance.percent(60).then_some(member), hours),
        24 | 28 | 29 => {
            let kind = chance.one(AlertKind::ALL).copied().unwrap_or(AlertKind::Initial);
            Claim::Warn(told.0, kind, chance.percent(70))
        }
        25 | 30..=38 => Claim::Issue(told.0, member, hours),
        _ => {
            let purpose = chance.one(Purpose::ALL).copied().filter(|_| chance.percent(20));
            let purpose = purpose.unwrap_or(Purpose::CreditApplication);
            Claim::UseCode(chance.below(4), chance.percent(15).then_some(member), purpose)
        }
    }
}

/// Asks that something be erased, or answers what was asked.
fn requests(chance: &mut Chance, told: Told) -> Claim {
    if chance.percent(40) {
        return Claim::Decide(told, chance.percent(60));
    }
    let category = chance.one(&[DataCategory::Credit, DataCategory::Payments]).copied();
    let ground = chance.one(&[RequestGround::PurposeMet, RequestGround::Unlawful]).copied();
    Claim::Ask(told, category.unwrap_or(DataCategory::Credit), ground.unwrap_or(RequestGround::Unlawful))
}

impl World<'_> {
    fn slot(&self, (_, furnisher, account, month): &Told) -> Slot {
        let number = self.reference.known(furnisher).map_or(0, |member| member.number);
        let account = self.reference.pseudonymiser.account(number, account.as_bytes());
        Slot { kind: FactKind::TradelineMonth, account, month: Some(*month) }
    }

    /// The last dispute about this month, or a name that none has.
    fn filed(&self, told: &Told) -> Result<(SubjectId, u64), String> {
        let subject = self.reference.find(&self.who(told.0)?).subject;
        let disputes = self.reference.disputes(subject);
        let about = disputes.iter().rfind(|dispute| dispute.filing.slot == self.slot(told));
        Ok((subject, about.map_or(3, |dispute| dispute.entry)))
    }

    pub(super) fn claim(&mut self, claim: Claim) -> Result<(), String> {
        match claim {
            Claim::Dispute(told, words) => self.dispute(&told, &words),
            Claim::Answer(told, outcome, balance) => self.answer(told, outcome, balance),
            Claim::Withdraw(told) => {
                let (identifier, (_, entry)) = (self.who(told.0)?, self.filed(&told)?);
                let answer = dispute::withdraw(self.bureau()?, &identifier, entry, Acting::default(), self.now);
                let expected = self.reference.withdraw_dispute(&identifier, entry);
                self.both(answer.map(|recorded| ((), recorded)), expected).map(drop)
            }
            Claim::RunDue => self.run_due(),
            Claim::Say(who, words) => {
                let identifier = self.who(who)?;
                let answer = protect::say(self.bureau()?, &identifier, &Sensitive::new(words.clone()), self.now);
                let expected = self.reference.say(&identifier, &words);
                self.both(answer.map(|recorded| ((), recorded)), expected).map(drop)
            }
            Claim::Unsay(who) => {
                let identifier = self.who(who)?;
                let answer = protect::unsay(self.bureau()?, &identifier, self.now);
                let expected = self.reference.unsay(&identifier);
                self.both(answer.map(|recorded| ((), recorded)), expected).map(drop)
            }
            Claim::History(who) => self.history(who),
            Claim::PauseFreeze(who, subscriber, hours) => {
                let (identifier, until) = (self.who(who)?, self.in_hours(hours)?);
                let subscriber = subscriber.as_deref();
                let answer = freeze::pause(self.bureau()?, &identifier, subscriber, until, self.now);
                let expected = self.reference.pause_freeze(&identifier, subscriber, until, self.now);
                self.both(answer.map(|recorded| ((), recorded)), expected).map(drop)
            }
            Claim::Warn(who, kind, shown) => {
                let (identifier, evidence) = (self.who(who)?, if shown { [1; 32] } else { [0; 32] });
                let answer = protect::alert(self.bureau()?, &identifier, kind, evidence, self.now);
                let expected = self.reference.warn(&identifier, kind, evidence, self.now);
                self.both(answer, expected).map(drop)
            }
            Claim::Unwarn(who) => {
                let identifier = self.who(who)?;
                let answer = protect::unalert(self.bureau()?, &identifier, self.now);
                let expected = self.reference.unwarn(&identifier, self.now);
                self.both(answer.map(|recorded| ((), recorded)), expected).map(drop)
            }
            Claim::OptOut(who, signed) => {
                let (identifier, form) = (self.who(who)?, signed.then_some([2; 32]));
                let answer = protect::opt_out(self.bureau()?, &identifier, form, self.now);
                let expected = self.reference.leave_out(&identifier, form, self.now);
                self.both(answer, expected).map(drop)
            }
            Claim::OptIn(who) => {
                let identifier = self.who(who)?;
                let answer = protect::opt_in(self.bureau()?, &identifier, self.now);
                let expected = self.reference.take_in(&identifier, self.now);
                self.both(answer.map(|recorded| ((), recorded)), expected).map(drop)
            }
            Claim::Issue(who, subscriber, hours) => self.issue(who, &subscriber, hours),
            Claim::UseCode(place, another, purpose) => {
                let issued = self.codes.iter().rev().nth(place).cloned();
                let (who, subscriber, code) = issued.unwrap_or((Who::Person(0), "BANK".to_owned(), [0; CODE_BYTES]));
                let shown = Showing { code: Some(code), ..Showing::default() };
                self.inquire(&another.unwrap_or(subscriber), who, (purpose, None), shown)
            }
            Claim::Expire => self.expire(),
            Claim::Ask(told, category, ground) => self.request(&told, category, ground),
            Claim::Decide(told, grants) => self.decide_request(&told, grants),
        }
    }

    fn expire(&mut self) -> Result<(), String> {
        let due = expire::look(self.bureau()?, self.now).map_err(|error| error.to_string())?;
        for expiry in due.files.iter().flat_map(|(_, expiries)| expiries) {
            *self.tally.expired.entry(expiry.rule.clone()).or_default() += expiry.facts.len();
        }
        let done = due.carry_out(self.bureau()?, None, self.now).map_err(|error| error.to_string())?;
        let (mut consents, before) = (0, self.reference.log.len());
        while let Some(withdrawal) = self.reference.next_expiry(self.now) {
            self.is_over(&withdrawal);
            consents += 1;
            self.agree_on_event(Event::ConsentExpired(Box::new(withdrawal)))?;
        }
        let (files, run) = self.reference.expire(consents, before, self.now);
        same("files with facts past their term", &due.files.len(), &files.len())?;
        for file in files {
            self.agree_on_event(file)?;
        }
        let certified = self.proves(&done.certificate)?;
        same("certificates", &certified.event, &run)?;
        self.agree_on(run, &done.recorded)
    }

    /// What ends with a consent that is over ends for the reference too.
    pub(super) fn is_over(&mut self, withdrawal: &Withdrawal) {
        if withdrawal.salt_destroyed {
            self.reference.salted.remove(&withdrawal.subject);
            self.tally.salts_destroyed += 1;
        }
        self.tally.erased += withdrawal.erasure.as_ref().map_or(0, |erasure| erasure.slots.len());
        self.tally.over += 1;
    }

    fn dispute(&mut self, told: &Told, words: &str) -> Result<(), String> {
        let (identifier, slot) = (self.who(told.0)?, self.slot(told));
        let grounds = Sensitive::new(words.to_owned());
        let actor = if self.entropy.percent(5) { Actor::NextOfKin } else { Actor::Subject };
        let (acting, statements, evidence) = (acting(actor), vec![(slot, None)], [8; 32]);
        let disputing = Disputing { identifier: identifier.clone(), statements, grounds, evidence, acting };
        let answer = dispute::open(self.bureau()?, &disputing, self.now).map(|mut filed| {
            let (filing, recorded) = filed.remove(0);
            (filing, recorded)
        });
        let expected = self.reference.dispute(&identifier, slot, (words, acting), self.now);
        let opened = self.both(answer, expected)?;
        if opened.is_some() {
            self.tally.disputed += 1;
            self.chooser.disputed(told);
        }
        Ok(())
    }

    fn answer(&mut self, told: Told, outcome: DisputeOutcome, balance: Option<i64>) -> Result<(), String> {
        let (identifier, name) = (self.who(told.0)?, self.filed(&told)?);
        let (_, furnisher, account, month) = told;
        let words = "looked at again";
        let set = balance.map(|minor| (None, Some(PaymentRating::Current), Some(minor)));
        let mending = Mending { furnisher: furnisher.clone(), account, month, set, reason: words.to_owned() };
        let change = balance.map(|minor| Change::Set {
            status: None,
            rating: Some(PaymentRating::Current),
            balance: Some(format!("{}.{:02}", minor / 100, minor % 100)),
            past_due: None,
            paid: None,
        });
        let reply =
            Reply { furnisher: furnisher.clone(), name, outcome, mending: Some(mending), words: words.to_owned() };
        let expected = self.reference.reply(&identifier, &reply, self.now);
        let (subject, entry) = name;
        let answering = Answering { outcome, change, identity: None, words: words.to_owned(), received: None };
        if self.entropy.percent(25) {
            self.fuse.light(self.entropy.below(4));
        }
        let (bureau, now, name) = (self.bureau()?, self.now, DisputeName { subject, entry });
        let answer = catch_unwind(AssertUnwindSafe(|| dispute::answer(bureau, &furnisher, name, &answering, now)));
        self.fuse.put_out();
        let Ok(answer) = answer else {
            // The power went out: neither correction nor answer nor notice is there. The correction's number is used up.
            self.tally.cut_answers += 1;
            if expected.is_ok_and(|(mended, _)| mended.is_some()) {
                self.reference.take_number();
            }
            return if self.entropy.percent(50) { self.reopen() } else { Ok(()) };
        };
        let (answer, mended, event) = match (answer, expected) {
            (Ok(answer), Ok((mended, event))) => (answer, mended, event),
            (answer, expected) => {
                let answer = answer.map(|answer| ((), answer.recorded));
                return self.both(answer, expected.map(|(_, event)| event)).map(drop);
            }
        };
        let mut corrected = None;
        if let Some((record, facts)) = mended {
            same("numbers of the correction", &record.delivery.number, &self.reference.take_number())?;
            self.agree_on_event(Event::FactCorrected(record))?;
            corrected = Some(self.last());
            self.reference.facts.extend(facts);
        }
        self.agree_on_event(event)?;
        let answered = self.last();
        self.tally.settled += 1;
        self.tally.compensated += usize::from(answer.answer.compensation.is_some());
        if let Some(place) = corrected {
            self.noticed(place, &answer.told)?;
        }
        self.proved(answered, &answer.recorded)
    }

    /// The recipients of the correction at `place` were told in the same commit, and nobody else.
    pub(super) fn noticed(&mut self, place: usize, told: &[Notice]) -> Result<(), String> {
        let expected = self.reference.notices(place);
        same("notices", &told.len(), &expected.len())?;
        self.tally.noticed += told.len();
        let mut places = Vec::new();
        for event in expected {
            self.agree_on_event(event)?;
            places.push(self.last());
        }
        places.into_iter().zip(told).try_for_each(|(index, told)| self.proved(index, &told.recorded))
    }

    fn run_due(&mut self) -> Result<(), String> {
        let lapsed = dispute::run_due(self.bureau()?, self.now).map_err(|error| error.to_string())?;
        let expected = self.reference.due(self.now);
        same("disputes that lapse", &lapsed.len(), &expected.len())?;
        self.tally.lapsed += lapsed.len();
        for (due, lapsed) in expected.into_iter().zip(lapsed) {
            let (deleted, event) = self.reference.lapse(&due, self.now);
            let mut corrected = None;
            if let Some((record, facts)) = deleted {
                same("numbers of the deletion", &record.delivery.number, &self.reference.take_number())?;
                self.agree_on_event(Event::FactCorrected(record))?;
                corrected = Some(self.last());
                self.reference.facts.extend(facts);
                self.tally.lapsed_away += 1;
            }
            self.agree_on_event(event)?;
            corrected.map_or(Ok(()), |place| self.noticed(place, &lapsed.told))?;
        }
        Ok(())
    }

    /// Issues a code, which only the bureau's chance knows.
    fn issue(&mut self, who: Who, subscriber: &str, hours: i64) -> Result<(), String> {
        let (identifier, until) = (self.who(who)?, self.in_hours(hours)?);
        let answer = protect::issue_code(self.bureau()?, &identifier, subscriber, until, self.now);
        let code = answer.as_ref().map_or([0; CODE_BYTES], |issued| *issued.code.expose());
        let expected = self.reference.issue(&identifier, subscriber, &code, (until, self.now));
        let issued = self.both(answer.map(|issued| ((), issued.recorded)), expected)?;
        self.codes.extend(issued.map(|()| (who, subscriber.to_owned(), code)));
        Ok(())
    }

    fn history(&self, who: Who) -> Result<(), String> {
        let identifier = self.who(who)?;
        let found = self.reference.find(&identifier);
        let history = access_history::access_history(self.bureau()?, &identifier, self.now);
        let expected = self.reference.may_own(&found, Acting::default());
        let history = match (history, expected) {
            (Ok(history), Ok(())) => history,
            (history, expected) => {
                let refusals = (history.err().map(|error| error.to_string()), expected.err());
                return same("refusals", &refusals.0, &refusals.1);
            }
        };
        let own = self.reference.own_report(&found, self.now).own.ok_or("an own report has its own part")?;
        let accesses: Vec<_> = history.accesses.iter().map(|accessed| accessed.access.clone()).collect();
        same("accesses", &accesses, &own.accesses)?;
        same("recipients told", &history.told, &own.rights.told)?;
        same("hand-overs", &history.hand_overs, &own.rights.hand_overs)?;
        let consents: Vec<_> = history.accesses.iter().map(|accessed| accessed.consent).collect();
        same("consents of accesses", &consents, &self.reference.consents_relied_on(&found))
    }
}
