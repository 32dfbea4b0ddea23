//! Government: what holds at a bureau under its charter, derived from the log and from nothing else.
//!
//! [`Government::founded`] begins with the founding; [`Government::check`] says whether an event may come next, and
//! [`Government::apply`] what holds after it. The bureau asks before it records, `verify` asks again of everything recorded, by
//! the same function: an enactment without the votes counts for nothing, whoever wrote it.

mod check;
mod refusal;
mod standing;

use std::collections::BTreeMap;

use tallystick_model::charter::{
    Artefact, Charter, CharterFault, CharterId, Matter, Measure, MemberTerms, ProposalHash, WindDown,
};
use tallystick_model::event::{Event, Founding};
use tallystick_model::inquiry::Reason;
use tallystick_model::member::Member;
use tallystick_model::signature::PublicKey;
use tallystick_model::staff::StaffMember;
use tallystick_model::{CategorySet, DataCategory, Timestamp};

pub use self::check::{asking, consented};
pub use self::refusal::Refusal;
pub use self::standing::{Cast, Count, Ground, Motion, Standing, Verdict, stand};

/// A charter in force, and everything decided under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Government {
    bureau: String,
    verifier_key: String,
    charter: Charter,
    id: CharterId,
    collected: CategorySet,
    accepted: BTreeMap<(Matter, String), [u8; 32]>,
    /// Decided and not admitted yet.
    to_admit: Vec<MemberTerms>,
    /// Admitted, by number.
    members: BTreeMap<u16, Member>,
    staff: BTreeMap<String, StaffMember>,
    enrolled: Vec<StaffMember>,
    /// Decided to sign the log next, and does not yet.
    next_log_key: Option<PublicKey>,
    end: Option<(ProposalHash, WindDown)>,
    wound_down_at: Option<Timestamp>,
    motions: Vec<Motion>,
    decided_last: Timestamp,
}

impl Government {
    /// What holds after a founding at `at`; `None` of a bureau without a charter, which its operator governs alone.
    ///
    /// # Errors
    /// [`CharterFault`] if the charter cannot govern, or is founded with what takes a decision.
    pub fn founded(founding: &Founding, at: Timestamp) -> Result<Option<Self>, CharterFault> {
        let Some(given) = &founding.charter else { return Ok(None) };
        given.charter.check()?;
        let mut government = Self {
            bureau: founding.name.clone(),
            verifier_key: founding.verifier_key.clone(),
            id: given.charter.id(&founding.name, &founding.verifier_key),
            charter: given.charter.clone(),
            collected: CategorySet::EMPTY,
            accepted: BTreeMap::new(),
            to_admit: Vec::new(),
            members: BTreeMap::new(),
            staff: BTreeMap::new(),
            enrolled: Vec::new(),
            next_log_key: None,
            end: None,
            wound_down_at: None,
            motions: Vec::new(),
            decided_last: at,
        };
        government.accepted.insert((Matter::Rulebook, founding.rulebook.clone()), founding.rulebook_hash);
        for measure in &given.measures {
            measure.check()?;
            if matches!(measure, Measure::Amend(_) | Measure::WindDown(_) | Measure::TurnLogKey(_)) {
                let what = format!("a bureau is not founded with a measure of the matter `{}`", measure.matter());
                return Err(CharterFault(what));
            }
            if let Some(what) = government.is_idle(measure) {
                return Err(CharterFault(format!("a measure of the founding changes nothing: {what}")));
            }
            government.enforce(ProposalHash([0; 32]), measure);
        }
        Ok(Some(government))
    }

    /// The charter in force.
    pub const fn charter(&self) -> &Charter {
        &self.charter
    }

    /// Names bureau and charter in what is signed.
    pub const fn id(&self) -> CharterId {
        self.id
    }

    /// Categories that are collected.
    pub const fn collected(&self) -> CategorySet {
        self.collected
    }

    /// What is accepted: rulebooks, layouts, scorecards, exchange profiles.
    pub fn accepted(&self) -> impl Iterator<Item = Artefact> {
        let artefact = |((matter, name), hash): (&(Matter, String), &[u8; 32])| Artefact {
            matter: *matter,
            name: name.clone(),
            hash: *hash,
        };
        self.accepted.iter().map(artefact)
    }

    /// Members whose admission is decided and has not taken place.
    pub fn to_admit(&self) -> &[MemberTerms] {
        &self.to_admit
    }

    /// Staff enrolled, by code.
    pub fn staff(&self) -> impl Iterator<Item = &StaffMember> {
        self.staff.values()
    }

    /// Everyone ever enrolled, in the order of enrolment; of one whose role changed, each time.
    pub fn enrolled(&self) -> impl Iterator<Item = &StaffMember> {
        self.enrolled.iter()
    }

    /// The enrolled member of staff with this key.
    pub fn staff_of(&self, key: PublicKey) -> Option<&StaffMember> {
        self.staff.values().find(|staff| staff.key == key)
    }

    /// Whether acts are signed for: as soon as anyone is enrolled.
    pub fn has_staff(&self) -> bool {
        !self.staff.is_empty()
    }

    /// The key that was decided to sign the log next, until it does.
    pub const fn next_log_key(&self) -> Option<PublicKey> {
        self.next_log_key
    }

    /// The decision by which the bureau ends, if it was enacted.
    pub fn end(&self) -> Option<(ProposalHash, &WindDown)> {
        self.end.as_ref().map(|(proposal, end)| (*proposal, end))
    }

    /// When the bureau ended, if it did.
    pub const fn wound_down_at(&self) -> Option<Timestamp> {
        self.wound_down_at
    }

    /// Every proposal, in the order of the log.
    pub fn motions(&self) -> &[Motion] {
        &self.motions
    }

    /// How a proposal stands at `now`.
    pub fn verdict(&self, motion: &Motion, now: Timestamp) -> Verdict {
        stand(&self.charter, motion, now)
    }

    /// Whether something may be used: it is accepted by this name, and has this text.
    ///
    /// # Errors
    /// The reason that denials cite.
    pub fn accepts(&self, matter: Matter, name: &str, hash: &[u8; 32]) -> Result<(), Reason> {
        let known = self.accepted.get(&(matter, name.to_owned()));
        let code = match known {
            Some(known) if known == hash => return Ok(()),
            Some(_) => format!("{matter}_text_not_accepted"),
            None => format!("{matter}_not_accepted"),
        };
        Err(Reason { rule: CHARTER_RULE.to_owned(), code })
    }

    fn motion(&self, proposal: ProposalHash) -> Option<&Motion> {
        self.motions.iter().find(|motion| motion.hash == proposal)
    }

    /// An entry of the log of this time, whatever it is about: no decision comes before it any more.
    pub fn pass(&mut self, at: Timestamp) {
        self.decided_last = self.decided_last.max(at);
    }

    /// What holds after `event` at `at`, which was checked.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        self.pass(at);
        match event {
            Event::DecisionProposed(signed) => {
                let proposal = signed.proposal.clone();
                let hash = proposal.hash();
                let casts = Vec::new();
                self.motions.push(Motion {
                    hash,
                    proposal,
                    proposed_at: at,
                    casts,
                    enacted_at: None,
                    lapsed_at: None,
                    settled: None,
                });
            }
            Event::BallotCast(signed) => {
                let ballot = &signed.ballot;
                let cast = Cast { voter: ballot.voter.clone(), choice: ballot.choice, turn: ballot.turn, at };
                if let Some(motion) = self.motions.iter_mut().find(|motion| motion.hash == ballot.proposal) {
                    motion.casts.push(cast);
                }
            }
            Event::DecisionEnacted(proposal) => {
                let Some(motion) = self.motions.iter_mut().find(|motion| motion.hash == *proposal) else { return };
                motion.enacted_at = Some(at);
                // Counted under the charter it was decided under, for good.
                motion.settled = Some(Box::new(stand(&self.charter, motion, at)));
                let measure = motion.proposal.measure.clone();
                if matches!(measure, Measure::Amend(_)) {
                    for motion in self.motions.iter_mut().filter(|motion| motion.settled.is_none()) {
                        motion.lapsed_at = Some(at);
                        motion.settled = Some(Box::new(stand(&self.charter, motion, at)));
                    }
                }
                self.enforce(*proposal, &measure);
            }
            Event::MemberAdmitted(member) => {
                let place = self.to_admit.iter().position(|terms| terms.fit(member));
                if let Some(place) = place {
                    self.to_admit.remove(place);
                }
                self.members.insert(member.number, member.clone());
            }
            Event::BureauWoundDown(_) => self.wound_down_at = Some(at),
            Event::LogKeyTurned(_) => self.next_log_key = None,
            _ => {}
        }
    }

    fn enforce(&mut self, proposal: ProposalHash, measure: &Measure) {
        let without = |set: CategorySet, left_out: DataCategory| set.iter().filter(|one| *one != left_out).collect();
        match measure {
            Measure::Collect(category) => self.collected = self.collected.with(*category),
            Measure::CollectNoMore(category) => self.collected = without(self.collected, *category),
            Measure::Accept(artefact) => {
                self.accepted.insert((artefact.matter, artefact.name.clone()), artefact.hash);
            }
            Measure::Retire(matter, name) => drop(self.accepted.remove(&(*matter, name.clone()))),
            Measure::Admit(terms) => self.to_admit.push(terms.clone()),
            Measure::Enrol(staff) => {
                self.enrolled.push(staff.clone());
                self.staff.insert(staff.code.clone(), staff.clone());
            }
            Measure::Dismiss(code) => drop(self.staff.remove(code)),
            Measure::WindDown(end) => self.end = Some((proposal, (**end).clone())),
            Measure::TurnLogKey(key) => self.next_log_key = Some(*key),
            Measure::Amend(charter) => {
                self.id = charter.id(&self.bureau, &self.verifier_key);
                self.charter = (**charter).clone();
            }
        }
    }
}

/// What reasons name as their rule where the partners have decided, or have not.
pub const CHARTER_RULE: &str = "charter";

/// The reason of a category that the partners have not decided to collect.
pub fn not_collected() -> Reason {
    Reason { rule: CHARTER_RULE.to_owned(), code: "not_collected".to_owned() }
}
