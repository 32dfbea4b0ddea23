//! Simulation: from one seed, a sequence of steps on the real bureau and on the reference, compared after every one.
//!
//! [`run`] is all there is to call. Nothing here reads a clock or chance: `now` goes on by the seed, random bytes come from
//! it, and what the reference cannot know (names of consents, salts, seals) it is told by the bureau. A failure names
//! the seed and lists the steps that led to it.

pub mod chance;
pub mod compare;
mod consents;
mod cuts;
pub mod file;
pub mod governing;
mod reproducing;
mod requests;
pub mod rights;
pub mod steps;
mod verbs;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use tallystick_model::event::{Event, EventKind, Founding};
use tallystick_model::fact::FactKey;
use tallystick_model::rights::CODE_BYTES;
use tallystick_model::{Pseudonymiser, Sensitive, SubjectId, Timestamp};
use tallystick_operations::Bureau;
use tallystick_operations::bureau::Keys;
use tallystick_operations::ingest::Settings;
use tallystick_policy::Rulebook;

use self::chance::{Chance, Fuse, SeededEntropy};
use self::steps::{Chooser, Handing, Step};
use crate::reference::Reference;
use crate::reference::rules::Law;

/// What a simulation did, so that a test can see that it did something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Steps taken.
    pub steps: usize,
    /// Steps that the bureau refused as they contradict themselves or what is stored.
    pub refused: usize,
    /// Reports given to subscribers.
    pub permitted: usize,
    /// Single questions answered with yes, no, or that what is held does not tell.
    pub answered: [usize; 3],
    /// Inquiries denied.
    pub denied: usize,
    /// Inquiries that were permitted and found nothing.
    pub no_hit: usize,
    /// Hand-overs that were permitted, and that were denied.
    pub transfers: [usize; 2],
    /// Decisions that were decided again.
    pub replayed: usize,
    /// Past answers that were made once more bit for bit, and those of which something has been removed since.
    pub reproduced: [usize; 2],
    /// Deliveries that became visible.
    pub delivered: usize,
    /// Rows refused in them.
    pub rejects: usize,
    /// Values left out of them.
    pub left_out: usize,
    /// Files refused whole.
    pub files_refused: usize,
    /// Files of which nobody had consented to anything.
    pub without_consent: usize,
    /// Files that a rule kept out.
    pub forbidden: usize,
    /// Files without a row that could be loaded.
    pub nothing: usize,
    /// Files that had come in before.
    pub already: usize,
    /// Loads that a power cut ended.
    pub cut: usize,
    /// Answers to disputes that a power cut ended.
    pub cut_answers: usize,
    /// Corrections and deletions.
    pub corrected: usize,
    /// Disputes filed.
    pub disputed: usize,
    /// Requests to erase filed.
    pub asked: usize,
    /// Requests that were granted.
    pub granted: usize,
    /// Consents that were over, and that something rested on alone.
    pub over: usize,
    /// Own reports of next of kin.
    pub kin: usize,
    /// Disputes answered.
    pub settled: usize,
    /// Disputes that nobody answered in time.
    pub lapsed: usize,
    /// Recipients told of corrections.
    pub noticed: usize,
    /// Proposals made under a charter.
    pub proposed: usize,
    /// Votes on them.
    pub voted: usize,
    /// Decisions enacted.
    pub enacted: usize,
    /// Acts that staff signed for.
    pub acts: usize,
    /// Bureaus that ended by decision.
    pub ended: usize,
    /// Times that erased facts left the disk.
    pub removed: usize,
    /// Times the bureau was opened again.
    pub reopened: usize,
    /// What spoke against the way consents were asked for.
    pub flagged: usize,
    /// Times a consent was paused or resumed.
    pub turned: usize,
    /// Consents withdrawn.
    pub withdrawn: usize,
    /// Facts erased with them, whole or in part.
    pub erased: usize,
    /// Salts destroyed with them.
    pub salts_destroyed: usize,
    /// Members to be told.
    pub recipients: usize,
    /// What was recorded of each kind, under each law.
    pub done: BTreeMap<EventKind, [usize; 4]>,
    /// Power cuts where staff is enrolled: between a signature and what it is for.
    pub cut_staffed: usize,
    /// Late answers that gave the subject something.
    pub compensated: usize,
    /// Statements deleted as nobody verified them in time.
    pub lapsed_away: usize,
    /// Frozen files opened by a one-time code, and inquiries denied for a freeze.
    pub opened_by_code: usize,
    /// Inquiries denied for a freeze.
    pub kept_out: usize,
    /// Inquiries that showed some months only.
    pub bounded: usize,
    /// Questions answered to choose who gets an offer.
    pub prescreened: usize,
    /// Facts past their term, by rule.
    pub expired: BTreeMap<String, usize>,
}

impl Tally {
    /// What was recorded of each kind, in a line: `kind cn/us/eu/in`.
    pub fn coverage(&self) -> String {
        let of = |(kind, [cn, us, eu, india]): (&EventKind, &[usize; 4])| format!("{kind} {cn}/{us}/{eu}/{india}");
        self.done.iter().map(of).collect::<Vec<_>>().join(", ")
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.steps += other.steps;
        self.refused += other.refused;
        self.permitted += other.permitted;
        for (sum, more) in self.transfers.iter_mut().zip(other.transfers) {
            *sum += more;
        }
        self.replayed += other.replayed;
        for (sum, more) in self.reproduced.iter_mut().zip(other.reproduced) {
            *sum += more;
        }
        for (sum, more) in self.answered.iter_mut().zip(other.answered) {
            *sum += more;
        }
        self.denied += other.denied;
        self.no_hit += other.no_hit;
        self.delivered += other.delivered;
        self.rejects += other.rejects;
        self.left_out += other.left_out;
        self.files_refused += other.files_refused;
        self.without_consent += other.without_consent;
        self.forbidden += other.forbidden;
        self.nothing += other.nothing;
        self.already += other.already;
        self.cut += other.cut;
        self.cut_answers += other.cut_answers;
        self.corrected += other.corrected;
        self.disputed += other.disputed;
        self.asked += other.asked;
        self.granted += other.granted;
        self.over += other.over;
        self.kin += other.kin;
        self.settled += other.settled;
        self.lapsed += other.lapsed;
        self.noticed += other.noticed;
        self.proposed += other.proposed;
        self.voted += other.voted;
        self.enacted += other.enacted;
        self.acts += other.acts;
        self.ended += other.ended;
        self.removed += other.removed;
        self.reopened += other.reopened;
        self.flagged += other.flagged;
        self.turned += other.turned;
        self.withdrawn += other.withdrawn;
        self.erased += other.erased;
        self.salts_destroyed += other.salts_destroyed;
        self.recipients += other.recipients;
        for (kind, counts) in other.done {
            for (sum, more) in self.done.entry(kind).or_default().iter_mut().zip(counts) {
                *sum += more;
            }
        }
        self.cut_staffed += other.cut_staffed;
        self.compensated += other.compensated;
        self.lapsed_away += other.lapsed_away;
        self.opened_by_code += other.opened_by_code;
        self.kept_out += other.kept_out;
        self.bounded += other.bounded;
        self.prescreened += other.prescreened;
        for (rule, count) in other.expired {
            *self.expired.entry(rule).or_default() += count;
        }
    }
}

/// Where bureau and reference parted.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed that leads there.
    pub seed: u64,
    /// The steps until then, the last one at fault.
    pub steps: Vec<String>,
    /// What differs.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in (1..).zip(&self.steps) {
            writeln!(out, "step {number}: {step}")?;
        }
        write!(out, "seed {} fails at step {}: {}", self.seed, self.steps.len(), self.what)
    }
}

/// Both bureaus, and what stands between them.
struct World<'a> {
    folder: &'a Path,
    bureau: Option<Bureau>,
    reference: Reference,
    chooser: Chooser,
    entropy: Chance,
    fuse: Fuse,
    now: Timestamp,
    handed: Vec<Handing>,
    /// One-time codes that were issued: whose file, to whom, and what only the subject knows.
    codes: Vec<(file::Who, String, [u8; CODE_BYTES])>,
    settings: Settings,
    /// Whether staff is enrolled: then everything is signed for.
    staffed: bool,
    /// What held of each subject at earlier times.
    past: Vec<(Timestamp, Holding)>,
    tally: Tally,
}

/// Which facts hold, by subject.
type Holding = BTreeMap<SubjectId, BTreeSet<FactKey>>;

/// Some seeds load into tables what others commit in one batch, and sort with hardly any memory.
fn settings(entropy: &mut Chance) -> Settings {
    let memory_bytes = if entropy.percent(50) { 200 } else { 1 << 20 };
    let one_batch_bytes = if entropy.percent(50) { 0 } else { 1 << 20 };
    Settings { memory_bytes, one_batch_bytes, ..Settings::default() }
}

const NAME: &str = "simulation.example/log";

fn keys() -> Keys {
    Keys { pseudonym: Sensitive::new([3; 32]), signing: Sensitive::new([5; 32]) }
}

fn rulebook(law: Law) -> Result<Rulebook, String> {
    Rulebook::built_in(law.name()).map_err(|error| error.to_string())
}

/// The four laws in turn, so that each is played with a charter and without, with staff and without.
fn law(seed: u64) -> Law {
    let turn = usize::try_from((seed + seed / 12) % 4).unwrap_or(0);
    Law::ALL.get(turn).copied().unwrap_or(Law::Cn)
}

/// Takes `steps` steps from `seed`, in `folder`, which is empty.
///
/// # Errors
/// [`Failure`] at the first step after which bureau and reference differ.
pub fn run(seed: u64, steps: usize, folder: &Path) -> Result<Tally, Failure> {
    let mut taken: Vec<String> = vec!["found the bureau".to_owned()];
    let fail = |taken: &[String], what: String| Failure { seed, steps: taken.to_vec(), what };
    let mut world = World::found(seed, folder).map_err(|what| fail(&taken, what))?;
    for _ in 0..steps {
        let (step, wait) = world.chooser.choose();
        taken.push(format!("after {} min, {step:?}", wait / 60_000));
        let later = Timestamp::from_millis(world.now.millis() + wait);
        world.now = later.map_err(|error| fail(&taken, error.to_string()))?;
        world.take(step).and_then(|()| world.check()).map_err(|what| fail(&taken, what))?;
        world.tally.steps += 1;
    }
    taken.push("make every past answer once more".to_owned());
    world.reproduce().map_err(|what| fail(&taken, what))?;
    taken.push("end the bureau, if its partners can".to_owned());
    world.end().map_err(|what| fail(&taken, what))?;
    Ok(world.tally)
}

impl<'a> World<'a> {
    fn found(seed: u64, folder: &'a Path) -> Result<Self, String> {
        let mut chance = Chance::new(seed);
        let staffed = seed.is_multiple_of(6);
        let charter = seed.is_multiple_of(3).then(|| governing::founding(staffed));
        let law = law(seed);
        let chooser = Chooser::new(Chance::new(chance.bits()), charter.is_some(), law);
        let mut entropy = Chance::new(chance.bits());
        let fuse = Fuse::default();
        let now = Timestamp::parse("2026-01-15T08:00:00Z").map_err(|error| error.to_string())?;
        let random = Box::new(SeededEntropy::new(entropy.bits(), fuse.clone()));
        let bureau = Bureau::found_under(folder, NAME, rulebook(law)?, charter.clone(), &keys(), random, now);
        let bureau = bureau.map_err(|error| error.to_string())?;
        let settings = settings(&mut entropy);
        let bureau = bureau.with_settings(settings).with_acting(governing::acting(staffed));
        let founding = Event::BureauFounded(Founding {
            name: NAME.to_owned(),
            rulebook: bureau.rulebook().label().to_owned(),
            rulebook_hash: bureau.rulebook().hash(),
            verifier_key: bureau.verifier_key(),
            charter: charter.map(Box::new),
        });
        let label = bureau.rulebook().label().to_owned();
        let reference = Reference::new(Pseudonymiser::new(&keys().pseudonym), law, label);
        let mut world = Self {
            folder,
            bureau: Some(bureau),
            reference,
            chooser,
            entropy,
            fuse,
            now,
            handed: Vec::new(),
            codes: Vec::new(),
            settings,
            staffed,
            past: Vec::new(),
            tally: Tally::default(),
        };
        world.agree_on_event(founding)?;
        world.check()?;
        Ok(world)
    }

    fn bureau(&self) -> Result<&Bureau, String> {
        self.bureau.as_ref().ok_or_else(|| "the bureau is closed".to_owned())
    }

    fn reopen(&mut self) -> Result<(), String> {
        // Closed first: a second one on the same folder would be refused.
        self.bureau = None;
        let random = Box::new(SeededEntropy::new(self.entropy.bits(), self.fuse.clone()));
        let opened = Bureau::open(self.folder, NAME, rulebook(self.reference.law)?, &keys(), random);
        let opened = opened.map_err(|error| format!("does not open again: {error}"))?;
        self.bureau = Some(opened.with_settings(self.settings).with_acting(governing::acting(self.staffed)));
        self.tally.reopened += 1;
        Ok(())
    }

    fn take(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Admit(applicant) => {
                self.decide_to_admit(&applicant)?;
                self.admit(applicant)
            }
            Step::Ingest(handing) => {
                self.decide_to_accept(&handing.file)?;
                self.handed.push(handing.clone());
                self.ingest(&handing)
            }
            Step::Again(place) => match self.handed.get(place).cloned() {
                Some(handing) => self.ingest(&Handing { interrupted: steps::Interrupted::No, ..handing }),
                None => Ok(()),
            },
            Step::Grant(granting) => self.grant(&granting),
            Step::Refuse(granting) => self.refuse(&granting),
            Step::Withdraw(who, id, actor) => self.withdraw(who, id, actor),
            Step::Pause(who, id, actor) => self.turn(who, id, actor, false),
            Step::Resume(who, id, actor) => self.turn(who, id, actor, true),
            Step::Die(who) => {
                self.die(who)?;
                // Who asks next is next of kin, more often than not.
                if self.entropy.percent(60) { self.own_report(who) } else { Ok(()) }
            }
            Step::Inquire(subscriber, who, asked, shown) => self.inquire(&subscriber, who, asked, shown),
            Step::OwnReport(who) => self.own_report(who),
            Step::Correct(mending) => self.correct(&mending),
            Step::Freeze(who) => self.freeze(who),
            Step::Lift(who) => self.lift(who),
            Step::Transfer(from, to, who, category) => self.transfer(&from, &to, who, category),
            Step::Claim(claim) => self.claim(claim),
            Step::Cut(cut) => self.cut(cut),
            Step::Replay => self.replay(),
            Step::Propose(asking) => self.propose(&asking),
            Step::Vote(voting) => self.vote(&voting),
            Step::Enact(motion) => self.enact(motion),
            Step::Reopen => self.reopen(),
        }
    }
}
