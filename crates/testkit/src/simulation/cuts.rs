//! Power cuts in the middle of verbs: where an act is signed and what it announces is not recorded yet, between a correction and its notices, between files that
//! expire, and while removals are put on record and runs are merged. What is on record stays, what is not never was, and the verb is
//! done again after the next opening.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use tallystick_model::event::Event;
use tallystick_model::fact::FactKey;
use tallystick_model::{Sensitive, SubjectId};
use tallystick_operations::correct::correct;
use tallystick_operations::ingest::compact;
use tallystick_operations::{Bureau, expire, protect};

use super::World;
use super::chance::PowerCut;
use super::compare::same;
use super::file::Who;
use super::steps::Mending;

/// A verb that is cut short.
#[derive(Clone, Debug)]
pub enum Cut {
    /// Place a statement; the power goes after so many entries.
    Say(Who, usize),
    /// Correct a month, and tell who was shown it.
    Correct(Mending, usize),
    /// Take facts out of files.
    Expire(usize),
    /// Compact; the power goes after so many entries of removals.
    Compact(usize),
    /// Compact; the power goes when so many parts of the subjects are done.
    Merge(usize),
}

impl World<'_> {
    /// Does something until the power goes: after so many entries of the log.
    fn until_cut<T>(&mut self, entries: usize, verb: impl FnOnce(&Bureau) -> T) -> Result<Option<T>, String> {
        self.fuse.light(entries);
        let bureau = self.bureau()?;
        let done = catch_unwind(AssertUnwindSafe(|| verb(bureau)));
        self.fuse.put_out();
        match done {
            Ok(done) => Ok(Some(done)),
            Err(panic) if panic.is::<PowerCut>() => {
                self.tally.cut += 1;
                self.tally.cut_staffed += usize::from(self.staffed);
                Ok(None)
            }
            Err(_) => Err("the bureau panicked".to_owned()),
        }
    }

    /// Of the events that a verb would have recorded those that are on record, each behind its act: no act stands there alone. Gives how
    /// many are there.
    fn recorded_of(&mut self, events: &[Event]) -> Result<usize, String> {
        let stands = |world: &Self| -> Result<bool, String> {
            let size = usize::try_from(world.bureau()?.snapshot().log_size()).unwrap_or(usize::MAX);
            Ok(size > world.reference.log.len())
        };
        let mut count = 0;
        for event in events {
            if !stands(self)? {
                break;
            }
            self.agree_on_act(event)?;
            if !stands(self)? {
                return Err("an act is on record without what it announces".to_owned());
            }
            self.agree_on_recorded(event.clone())?;
            count += 1;
        }
        Ok(count)
    }

    pub(super) fn cut(&mut self, cut: Cut) -> Result<(), String> {
        match cut {
            Cut::Say(who, entries) => {
                let identifier = self.who(who)?;
                let said = Sensitive::new("I was abroad".to_owned());
                let now = self.now;
                let expected = self.reference.say(&identifier, said.expose());
                let done = self.until_cut(entries, |bureau| protect::say(bureau, &identifier, &said, now).is_ok())?;
                let events: Vec<Event> = expected.into_iter().collect();
                let count = self.recorded_of(&events)?;
                same("whether a statement that was cut is there", &(count == 1), &done.unwrap_or(false))?;
                self.reopen()
            }
            Cut::Correct(mending, entries) => self.cut_correction(&mending, entries),
            Cut::Expire(entries) => {
                let now = self.now;
                self.until_cut(entries, |bureau| {
                    let due = expire::look(bureau, now)?;
                    due.carry_out(bureau, None, now).map(drop)
                })?;
                let (mut consents, before) = (0, self.reference.log.len());
                while let Some(withdrawal) = self.reference.next_expiry(now) {
                    if self.recorded_of(&[Event::ConsentExpired(Box::new(withdrawal.clone()))])? == 0 {
                        return self.reopen();
                    }
                    self.is_over(&withdrawal);
                    consents += 1;
                }
                let (mut events, run) = self.reference.expire(consents, before, now);
                events.push(run);
                self.recorded_of(&events)?;
                self.reopen()
            }
            Cut::Compact(entries) => {
                let now = self.now;
                self.until_cut(entries, |bureau| compact(bureau, now, &|_, _| {}).is_ok())?;
                self.after_removals()
            }
            Cut::Merge(parts) => {
                let (now, done) = (self.now, AtomicUsize::new(0));
                let progress = |_, _| {
                    if done.fetch_add(1, Ordering::SeqCst) >= parts {
                        resume_unwind(Box::new(PowerCut));
                    }
                };
                self.until_cut(usize::MAX, |bureau| compact(bureau, now, &progress).is_ok())?;
                self.after_removals()
            }
        }
    }

    /// The correction is there or it is not; if it is, whoever is to be told is.
    fn cut_correction(&mut self, mending: &Mending, entries: usize) -> Result<(), String> {
        let (identifier, correction, mended) = self.correction_of(mending)?;
        let now = self.now;
        let expected = self.reference.mend(&identifier, &mended, now);
        let done = self.until_cut(entries, |bureau| correct(bureau, &correction, now).map(drop))?;
        let (record, facts) = match expected {
            Ok(expected) => expected,
            Err(words) => {
                let refused = done.and_then(|done| done.err().map(|error| error.to_string()));
                return same("refusals", &refused, &Some(words));
            }
        };
        // Its number is used up, whether it is there or not.
        self.reference.take_number();
        if self.recorded_of(&[Event::FactCorrected(record)])? == 1 {
            let place = self.last();
            self.reference.facts.extend(facts);
            self.chooser.mended(mending);
            let notices = self.reference.notices(place);
            same("notices in the commit of their correction", &self.recorded_of(&notices)?, &notices.len())?;
            self.tally.noticed += notices.len();
        }
        self.reopen()
    }

    /// Removals on record are of facts that are erased; which of them have left the disk by now only the disk knows.
    fn after_removals(&mut self) -> Result<(), String> {
        self.reopen()?;
        let first = u64::try_from(self.reference.log.len()).unwrap_or(u64::MAX);
        let mut recorded = Vec::new();
        let read = self.bureau()?.snapshot().each_event(|_, index, event| {
            if index >= first {
                recorded.push((index, event));
            }
        });
        read.map_err(|error| error.to_string())?;
        recorded.sort_by_key(|(index, _)| *index);
        for (_, event) in recorded {
            match event {
                // Looked at with the removal it announces; one that announces nothing is an entry too many.
                Event::StaffActed(_) => {}
                Event::FactsRemoved(_) => {
                    self.agree_on_event(event)?;
                    self.tally.removed += 1;
                }
                other => return Err(format!("{} is recorded by a compaction", other.kind())),
            }
        }
        let subjects: Vec<SubjectId> = self.reference.facts.keys().map(|key| key.subject).collect();
        for subject in subjects {
            let file = self.bureau()?.snapshot().stored_file(subject).map_err(|error| error.to_string())?;
            let left: Vec<FactKey> = file.history().iter().map(|fact| fact.key).collect();
            self.reference.remove_gone(subject, &left);
        }
        self.forget_in_the_past();
        Ok(())
    }
}
