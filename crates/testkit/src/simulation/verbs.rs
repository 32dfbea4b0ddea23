//! Each step on both bureaus, and their answers compared: verdict, reasons, codes, counts, and the report's content.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tallystick_intake::layouts::mapped::Mapping;
use tallystick_intake::{DeliveryFile, Layout, Refused, Reject};
use tallystick_model::consent_terms::Actor;
use tallystick_model::event::{CorrectionRecord, DeliveryDenial, Event, EventKind, OwnReportRecord};
use tallystick_model::fact::Standing;
use tallystick_model::inquiry::{Answered, Asked, Detail, InquiryRecord, Outcome, Purpose, Ranges, Reason};
use tallystick_model::member::Member;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{DataCategory, Identifier, Sensitive};
use tallystick_operations::OperationError;
use tallystick_operations::answer::{Told, own_hash};
use tallystick_operations::beside::Beside;
use tallystick_operations::bureau::Recorded;
use tallystick_operations::correct::{Change, Correction, correct};
use tallystick_operations::freeze::{lift, place};
use tallystick_operations::ingest::{ControlTotals, Delivery, IngestError, Ingested, Telling, ingest, merge};
use tallystick_operations::inquire::{Answer, Inquiry, inquire, inquire_with_code};
use tallystick_operations::member::{Application, admit};
use tallystick_operations::own_report::{Past, own_report_by};
use tallystick_operations::replay::{Compared, Replayed, compare, replay};
use tallystick_operations::report::Report;
use tallystick_operations::transfer::{Transfer, transfer};

use super::World;
use super::compare::same;
use super::consents::acting;
use super::file::Who;
use super::steps::{Applicant, Handing, Interrupted, Mending};
use crate::reference::delivery::{Handed, NotTaken, Rejected, Taken};
use crate::reference::mending;
use crate::reference::rules::numbers;
use crate::reference::{Facts, Reference, Showing};

/// The member whose customers are asked about where no file says it.
const CUSTOMERS_OF: &str = "BANK";

/// A file that breaks off.
struct BreaksOff<'a> {
    text: &'a [u8],
    left: usize,
}

impl DeliveryFile for BreaksOff<'_> {
    fn length(&self) -> io::Result<u64> {
        self.text.length()
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self.text.get(..self.left).unwrap_or_default().read_at(at, buffer)? {
            0 => Err(io::Error::other("the line went dead")),
            count => Ok(count),
        }
    }
}

fn told(rejects: &[Reject]) -> Vec<Rejected> {
    let told = |reject: &Reject| (reject.code, reject.place.record, reject.place.byte, reject.field.clone());
    rejects.iter().map(told).collect()
}

/// What a subscriber is told by the reference. How long it may be kept, and what stands beside an answer to a question, the reference
/// takes from the bureau.
fn answered(record: &InquiryRecord, report: Option<&Report>, answer: Option<&Answer>) -> Told {
    let beside = match (report, record.answered) {
        (Some(report), _) => report.beside.clone(),
        (None, Some(_)) => answer.map(|answer| answer.beside.clone()).unwrap_or_default(),
        (None, None) => Beside::default(),
    };
    Told {
        outcome: record.outcome,
        reasons: record.reasons.clone(),
        consent: record.consent,
        released: record.released.clone(),
        detail: record.detail,
        ranges: record.ranges,
        answered: record.answered,
        keep_for: answer.filter(|_| record.outcome == Outcome::Permitted).and_then(|answer| answer.keep_for),
        beside,
        report: report.cloned(),
    }
}

impl World<'_> {
    pub(super) fn who(&self, who: Who) -> Result<Identifier, String> {
        who.identifier(CUSTOMERS_OF)
    }

    /// Both did it, or both refused in the same words.
    pub(super) fn both<T>(
        &mut self,
        bureau: Result<(T, Recorded), OperationError>,
        reference: Result<Event, String>,
    ) -> Result<Option<T>, String> {
        match (bureau, reference) {
            (Ok((answer, recorded)), Ok(event)) => {
                self.agree_on(event, &recorded)?;
                Ok(Some(answer))
            }
            (Err(error), Err(expected)) => {
                self.tally.refused += 1;
                same("refusals", &error.to_string(), &expected)?;
                Ok(None)
            }
            (Ok(_), Err(expected)) => Err(format!("the bureau did it, the reference refuses: {expected}")),
            (Err(error), Ok(event)) => {
                Err(format!("the bureau refuses: {error}; the reference did {:?}", event.kind()))
            }
        }
    }

    pub(super) fn admit(&mut self, applicant: Applicant) -> Result<(), String> {
        let Applicant { code, name, kind, roles, duty } = applicant;
        let member = Member { number: 0, code: code.clone(), name: name.clone(), kind, roles: roles.clone(), duty };
        let expected = self.reference.admit(member);
        let answer = admit(self.bureau()?, Application { code, name, kind, roles, duty }, self.now);
        let admitted = self.both(answer, expected)?;
        let last = self.reference.members().pop();
        admitted.map_or(Ok(()), |member| same("members admitted", &Some(member), &last))
    }

    pub(super) fn freeze(&mut self, who: Who) -> Result<(), String> {
        let identifier = self.who(who)?;
        let answer = place(self.bureau()?, &identifier, self.now);
        let expected = self.reference.freeze(&identifier, EventKind::FreezePlaced);
        self.both(answer.map(|recorded| ((), recorded)), expected).map(drop)
    }

    pub(super) fn lift(&mut self, who: Who) -> Result<(), String> {
        let identifier = self.who(who)?;
        let answer = lift(self.bureau()?, &identifier, self.now);
        let expected = self.reference.freeze(&identifier, EventKind::FreezeLifted);
        self.both(answer.map(|recorded| ((), recorded)), expected).map(drop)
    }

    pub(super) fn inquire(
        &mut self,
        subscriber: &str,
        who: Who,
        (purpose, asked): (Purpose, Option<Asked>),
        shown: Showing,
    ) -> Result<(), String> {
        let identifier = self.who(who)?;
        let Showing { code, range, undertaking } = shown;
        let inquiry = Inquiry {
            subscriber: subscriber.to_owned(),
            identifier: identifier.clone(),
            purpose,
            asked,
            range,
            undertaking,
        };
        let answer = match code {
            Some(code) => inquire_with_code(self.bureau()?, &inquiry, &Sensitive::new(code), self.now),
            None => inquire(self.bureau()?, &inquiry, self.now),
        };
        let mut report = None;
        let expected = self.reference.inquire(subscriber, &identifier, (purpose, asked), shown, self.now);
        let expected = expected.map(|(mut record, found, ranges)| {
            if record.outcome == Outcome::Permitted && asked.is_none() {
                let recipient = Some(record.subscriber);
                let detail = record.detail.unwrap_or(Detail::Whole);
                let shown = (record.released.as_slice(), ranges);
                let shown = self.reference.report(&found, recipient, (purpose, detail), shown, self.now);
                record.report_hash = shown.hash();
                report = Some(shown);
            }
            record.answer_hash =
                answered(&record, report.as_ref(), answer.as_ref().ok()).hash(record.subject, asked, self.now);
            record
        });
        if let (Ok(answer), Ok(record)) = (&answer, &expected) {
            same("outcomes", &answer.outcome, &record.outcome)?;
            same("reasons", &answer.reasons, &record.reasons)?;
            same("consents relied on", &answer.consent, &record.consent)?;
            same("categories released", &answer.released, &record.released)?;
            same("reports", &answer.report, &report)?;
            if let Some(report) = &report {
                same("what stands beside", &answer.beside, &report.beside)?;
            }
            same("details", &answer.detail, &record.detail)?;
            same("months shown", &answer.ranges, &record.ranges)?;
            self.tally.bounded += usize::from(record.ranges != Ranges::default());
            let firm = record.outcome == Outcome::Permitted && purpose == Purpose::Prescreen;
            self.tally.prescreened += usize::from(firm);
            same("questions", &answer.asked, &record.asked)?;
            same("answers", &answer.answered, &record.answered)?;
            same("subjects", &(answer.subject, &answer.rulebook), &(record.subject, &record.rulebook))?;
            self.tally.opened_by_code += usize::from(record.weighed.by_code);
            match record.outcome {
                Outcome::Permitted => match record.answered {
                    Some(Answered::Yes) => self.tally.answered[0] += 1,
                    Some(Answered::No) => self.tally.answered[1] += 1,
                    Some(Answered::Unknown) => self.tally.answered[2] += 1,
                    None => {
                        self.tally.permitted += 1;
                        self.chooser.shown(who);
                    }
                },
                Outcome::Denied => {
                    self.tally.denied += 1;
                    self.tally.kept_out +=
                        usize::from(record.reasons.iter().any(|reason| reason.code == "file_frozen"));
                }
                Outcome::NoHit => self.tally.no_hit += 1,
            }
        }
        let answer = answer.map(|answer| ((), answer.recorded));
        self.both(answer, expected.map(Event::Inquiry)).map(drop)
    }

    pub(super) fn transfer(&mut self, from: &str, to: &str, who: Who, category: DataCategory) -> Result<(), String> {
        let identifier = self.who(who)?;
        let (from, to) = (from.to_owned(), to.to_owned());
        let expected = self.reference.transfer(&from, &to, &identifier, category);
        let asked = Transfer { from, to, identifier, category };
        let answer = transfer(self.bureau()?, &asked, self.now).map(|said| {
            let permitted = said.permitted;
            (permitted, said.recorded)
        });
        if let Some(permitted) = self.both(answer, expected)? {
            let [given, refused] = &mut self.tally.transfers;
            *(if permitted { given } else { refused }) += 1;
        }
        Ok(())
    }

    /// Everything decided is decided again, and comes to the same; by the same rulebook twice nothing differs.
    pub(super) fn replay(&mut self) -> Result<(), String> {
        let bureau = self.bureau()?;
        let replayed = replay(bureau, &[], None).map_err(|error| error.to_string())?;
        let decided = self.reference.decisions();
        let expected = Replayed { decisions: decided, ..Replayed::default() };
        same("replays", &replayed, &expected)?;
        let compared =
            compare(bureau, bureau.rulebook(), bureau.rulebook(), None).map_err(|error| error.to_string())?;
        same("comparisons", &compared, &Compared { decisions: decided, ..Compared::default() })?;
        self.tally.replayed += usize::try_from(decided).unwrap_or(usize::MAX);
        Ok(())
    }

    pub(super) fn own_report(&mut self, who: Who) -> Result<(), String> {
        let identifier = self.who(who)?;
        let found = self.reference.find(&identifier);
        let died = self.reference.may_own(&found, acting(Actor::NextOfKin)).is_ok();
        let actor = if self.entropy.percent(if died { 80 } else { 10 }) { Actor::NextOfKin } else { Actor::Subject };
        let acting = acting(actor);
        let answer = own_report_by(self.bureau()?, &identifier, acting, Past::default(), self.now)
            .map_err(|error| error.to_string())?;
        if let Err(words) = self.reference.may_own(&found, acting) {
            let told: Vec<_> = answer.reasons.iter().map(|reason| format!("{} {}", reason.rule, reason.code)).collect();
            same("own reports denied", &format!("denied: {}", told.join(", ")), &words)?;
            return same("reports of a denial", &answer.report, &None);
        }
        let report = self.reference.own_report(&found, self.now);
        let charge = answer.charge.as_ref().map(|charge| (charge.in_period, charge.is_free, charge.rule.as_str()));
        same("prices", &charge, &Some(self.reference.charge(&found, self.now)))?;
        let rule = numbers::own_access_rule(self.reference.law).to_owned();
        let mut reasons = vec![Reason { rule, code: "own_access".to_owned() }];
        if actor == Actor::NextOfKin {
            reasons.push(Reason { rule: "cn-27".to_owned(), code: "next_of_kin_acts".to_owned() });
            self.tally.kin += 1;
        }
        same("reasons", &answer.reasons, &reasons)?;
        let record = OwnReportRecord {
            subject: found.subject,
            known_on: None,
            as_of: None,
            acting,
            report_hash: report.hash(),
            answer_hash: own_hash(&report, answer.charge.as_ref()),
            reasons,
            rulebook: self.reference.rulebook.clone(),
        };
        same("own reports", &answer.report, &Some(report))?;
        let recorded = answer.recorded.ok_or("an own report leaves an entry")?;
        self.agree_on(Event::OwnReportViewed(record), &recorded)
    }

    /// A correction as both bureaus are asked for it, and whose file it is about.
    pub(super) fn correction_of(
        &self,
        mending: &Mending,
    ) -> Result<(Identifier, Correction, mending::Mending), String> {
        // What is no code can't scope a customer's number either.
        let scope = if Member::is_code(&mending.furnisher) { mending.furnisher.as_str() } else { CUSTOMERS_OF };
        let identifier = mending.who.identifier(scope)?;
        let decimal = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
        let correction = Correction {
            furnisher: mending.furnisher.clone(),
            identifier: identifier.clone(),
            account: Sensitive::new(mending.account.clone()),
            month: mending.month,
            change: mending.set.map_or(Change::Delete, |(status, rating, balance)| Change::Set {
                status,
                rating,
                balance: balance.map(decimal),
                past_due: None,
                paid: None,
            }),
            reason: mending.reason.clone(),
        };
        let mended = mending::Mending {
            furnisher: mending.furnisher.clone(),
            account: mending.account.clone(),
            month: mending.month,
            set: mending.set,
            reason: mending.reason.clone(),
        };
        Ok((identifier, correction, mended))
    }

    pub(super) fn correct(&mut self, mending: &Mending) -> Result<(), String> {
        let (identifier, correction, mended) = self.correction_of(mending)?;
        let answer = correct(self.bureau()?, &correction, self.now);
        let expected: Result<(CorrectionRecord, Facts), String> = self.reference.mend(&identifier, &mended, self.now);
        let (event, facts) = match expected {
            Ok((record, facts)) => (Ok(Event::FactCorrected(record)), facts),
            Err(words) => (Err(words), Facts::new()),
        };
        let (corrected, event) = match (answer, event) {
            (Ok(corrected), Ok(event)) => (corrected, event),
            (answer, event) => {
                return self.both(answer.map(|corrected| ((), corrected.recorded)), event).map(drop);
            }
        };
        self.agree_on_event(event)?;
        let place = self.last();
        self.tally.corrected += 1;
        self.chooser.mended(mending);
        same("numbers of the correction", &corrected.delivery.number, &self.reference.take_number())?;
        let deleted = facts.values().any(|held| matches!(held.standing, Standing::Deletes(_)));
        same("deletions", &corrected.after.is_none(), &deleted)?;
        self.reference.facts.extend(facts);
        self.noticed(place, &corrected.told)?;
        self.proved(place, &corrected.recorded)
    }

    pub(super) fn ingest(&mut self, handing: &Handing) -> Result<(), String> {
        let handed = Handed {
            furnisher: handing.furnisher.clone(),
            file: handing.file.clone(),
            month: handing.month,
            breaks_off: match handing.interrupted {
                Interrupted::Reading(bytes) => Some(bytes),
                Interrupted::No | Interrupted::Power(_) => None,
            },
        };
        let expected = self.reference.take(&handed, self.now);
        let cut = match (handing.interrupted, &expected) {
            (Interrupted::Power(askings), Ok(taken)) => {
                self.fuse.light(askings);
                askings <= self.reference.newly_salted(&taken.facts).len() + 1 + usize::from(self.staffed)
            }
            _ => false,
        };
        let text = handing.file.text();
        let mapping = Mapping::parse(&handing.file.shape.mapping()).map_err(|error| format!("the mapping: {error}"))?;
        let delivery = Delivery {
            furnisher: handing.furnisher.clone(),
            layout: Layout::Mapped(Box::new(mapping)),
            month: handing.month,
            subject: None,
            provenance: Provenance::FurnisherSigned,
            control_totals: ControlTotals::Enforce,
        };
        let (mut told, mut fed_back) = (0, Vec::new());
        let compacts = self.entropy.percent(10);
        let (bureau, now) = (self.bureau()?, self.now);
        let answer = catch_unwind(AssertUnwindSafe(|| {
            let whole = text.as_bytes();
            let broken = BreaksOff { text: whole, left: handed.breaks_off.unwrap_or(0) };
            let whole = whole.to_vec();
            let file: &dyn DeliveryFile = if handed.breaks_off.is_some() { &broken } else { &whole };
            let mut telling = Telling {
                progress: &mut |progress| {
                    if progress.stage == "reading" {
                        told = progress.done;
                    }
                },
                rejects: &mut |reject| fed_back.push(reject.clone()),
            };
            let answer = ingest(bureau, &delivery, file, now, &mut telling);
            merge(bureau, &mut |_| {}).map_err(IngestError::from)?;
            answer
        }));
        self.fuse.put_out();
        match (answer, expected) {
            (Ok(Ok(ingested)), Ok(taken)) if !cut => {
                let read = ingested.delivery.records;
                if told > read {
                    return Err(format!("progress tells {told} records of a file of {read}"));
                }
                same("rejects fed back", &fed_back, &ingested.rejects)?;
                self.chooser.delivered(handing);
                self.delivered(&ingested, taken)?;
                if compacts { self.compact() } else { Ok(()) }
            }
            (Err(_), Ok(taken)) if cut => self.power_cut(handing, &taken),
            (Ok(Err(error)), Err(expected)) => self.not_taken(error, &expected),
            (Err(panic), _) => {
                let words = panic.downcast_ref::<String>().cloned();
                let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
                Err(format!("the bureau panicked: {words:?}"))
            }
            (answer, expected) => {
                let answer = answer.map(|answer| answer.map(|ingested| ingested.delivery));
                Err(format!("deliveries differ (power cut: {cut})\n  bureau: {answer:?}\n  reference: {expected:?}"))
            }
        }
    }

    fn delivered(&mut self, ingested: &Ingested, taken: Taken) -> Result<(), String> {
        let Taken { mut record, facts, mut rejects } = taken;
        record.facts_root = Reference::facts_root(&facts, &self.seals(&facts)?);
        let mut told = told(&ingested.rejects);
        told.sort();
        rejects.sort();
        same("rejects", &told, &rejects)?;
        same("deliveries", &ingested.delivery, &record)?;
        self.tally.delivered += 1;
        self.tally.rejects += rejects.len();
        self.tally.left_out += record.not_admitted.len();
        self.reference.take_number();
        self.reference.salted.extend(self.reference.newly_salted(&facts));
        self.reference.facts.extend(facts);
        self.agree_on(Event::DeliveryAdmitted(record), &ingested.recorded)
    }

    /// The power went out: nothing of the delivery is there, but its number is used up.
    fn power_cut(&mut self, handing: &Handing, taken: &Taken) -> Result<(), String> {
        self.tally.cut += 1;
        self.tally.cut_staffed += usize::from(self.staffed);
        // Key and nonce, before the delivery has its number; the new salts; and then the salt of the commit itself. Salts are kept bucket by bucket: those of subjects
        // that begin with another byte than the one whose salt could not be had.
        let salted: Vec<_> = self.reference.newly_salted(&taken.facts).into_iter().collect();
        let Interrupted::Power(askings) = handing.interrupted else { return Ok(()) };
        if askings > 0 {
            self.reference.take_number();
        }
        let given = askings.saturating_sub(1);
        let failed = salted.get(given).and_then(|subject| subject.0.first());
        let kept: Vec<_> = salted.iter().take(given).filter(|subject| subject.0.first() != failed).copied().collect();
        self.reference.salted.extend(kept);
        if self.entropy.percent(50) { self.reopen() } else { Ok(()) }
    }

    fn not_taken(&mut self, error: IngestError, expected: &NotTaken) -> Result<(), String> {
        let mut recorded = None;
        let found = match error {
            IngestError::NotAdmitted(reasons, entry) => {
                recorded = Some(entry);
                match expected {
                    NotTaken::NotAdmitted(denial) => {
                        NotTaken::NotAdmitted(Box::new(DeliveryDenial { reasons, ..(**denial).clone() }))
                    }
                    _ => return Err(format!("a rule keeps all out: {reasons:?}; the reference says {expected:?}")),
                }
            }
            IngestError::NoConsent(rejects, count, entry) => {
                recorded = Some(entry);
                same("counts of rejects", &count, &u64::try_from(rejects.len()).unwrap_or(u64::MAX))?;
                match expected {
                    NotTaken::NoConsent(_, denial) => NotTaken::NoConsent(told(&rejects), denial.clone()),
                    _ => return Err(format!("nobody has consented; the reference says {expected:?}")),
                }
            }
            IngestError::NothingToLoad { rejects, records, count, .. } => {
                same("counts of rejects", &count, &u64::try_from(rejects.len()).unwrap_or(u64::MAX))?;
                NotTaken::Nothing(told(&rejects), records)
            }
            IngestError::Refused { refused: Refused::Io(_), .. } => NotTaken::BrokeOff,
            IngestError::Refused { refused: Refused::MonthNeeded, .. } => NotTaken::Month,
            IngestError::Refused { refused: Refused::NotThisLayout { .. }, .. } => NotTaken::Column,
            IngestError::AlreadyDelivered(number, _) => NotTaken::Already(number),
            IngestError::Operation(error) => NotTaken::Refused(error.to_string()),
            other => return Err(format!("the bureau refuses: {other}; the reference says {expected:?}")),
        };
        match &found {
            NotTaken::NoConsent(..) => self.tally.without_consent += 1,
            NotTaken::NotAdmitted(_) => self.tally.forbidden += 1,
            NotTaken::Nothing(..) => self.tally.nothing += 1,
            NotTaken::Already(_) => self.tally.already += 1,
            NotTaken::Refused(_) => self.tally.refused += 1,
            _ => self.tally.files_refused += 1,
        }
        same("refusals of the file", &found, expected)?;
        match (expected, recorded) {
            (NotTaken::NotAdmitted(denial) | NotTaken::NoConsent(_, denial), Some(recorded)) => {
                self.agree_on(Event::DeliveryDenied((**denial).clone()), &recorded)
            }
            _ => Ok(()),
        }
    }
}
