//! Government: what holds at a bureau under its charter, derived from the log and from nothing else.
//!
//! [`Government::founded`] begins with the founding; [`Government::check`] says whether an event may come next, and
//! [`Government::apply`] what holds after it. The bureau asks before it records, `verify` asks again of everything recorded, by
//! the same function: an enactment without the votes counts for nothing, whoever wrote it.

mod standing;

use std::collections::BTreeMap;

use tallystick_model::charter::{
    Artefact, Charter, CharterFault, CharterId, Matter, Measure, MemberTerms, ProposalHash, SignedBallot,
    SignedProposal, WindDown,
};
use tallystick_model::consent::ConsentScope;
use tallystick_model::delivery::{DeliveryKind, DeliveryRecord};
use tallystick_model::event::{CorrectionRecord, Event, Founding, WindDownRecord};
use tallystick_model::inquiry::{Outcome, Reason};
use tallystick_model::member::{Member, MemberRole};
use tallystick_model::staff::{SignedAct, StaffMember};
use tallystick_model::{CategorySet, DataCategory, Timestamp};
use thiserror::Error;

pub use self::standing::{Cast, Count, Ground, Motion, Standing, Verdict, stand};
use crate::staff::may;

/// Why something is not covered by the charter and the decisions under it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The bureau has ended.
    #[error("the bureau was wound down at {0}: nothing is recorded after that")]
    WoundDown(Timestamp),
    /// A charter, measure or proposal is none.
    #[error(transparent)]
    Fault(#[from] CharterFault),
    /// Signed for another bureau, or under a charter that holds no longer.
    #[error("it was signed for charter {signed}, and {in_force} is in force here")]
    OtherCharter {
        /// As signed.
        signed: CharterId,
        /// As it is.
        in_force: CharterId,
    },
    /// Neither a partner nor a seat.
    #[error("the charter has no partner or seat `{0}`")]
    NoVoter(String),
    /// The signature is not that of the key the charter names.
    #[error("the signature is not `{0}`'s")]
    BadSignature(String),
    /// The same proposal again.
    #[error("proposal {0} was made before: another one has another date or reason")]
    ProposedBefore(ProposalHash),
    /// Nothing of this name was proposed.
    #[error("there is no proposal {0}")]
    NoProposal(ProposalHash),
    /// Votes are taken no longer.
    #[error("votes on proposal {proposal} ended at {at}: it is {standing}")]
    VotingOver {
        /// Which.
        proposal: ProposalHash,
        /// When.
        at: Timestamp,
        /// Code of its standing.
        standing: &'static str,
    },
    /// An earlier vote put in the place of a later one, or the same again.
    #[error("`{voter}` has voted in turn {last} already, a changed vote has a later turn; found {found}")]
    StaleTurn {
        /// Who.
        voter: String,
        /// The last recorded.
        last: u32,
        /// As signed.
        found: u32,
    },
    /// A seat that has no veto, consent or casting vote here.
    #[error("seat `{seat}` has no say in `{matter}`")]
    NotHeard {
        /// Which.
        seat: String,
        /// In what.
        matter: Matter,
    },
    /// Not passed, or not any more.
    #[error("proposal {proposal} is {standing}: {ground}")]
    NotPassed {
        /// Which.
        proposal: ProposalHash,
        /// Code of its standing.
        standing: &'static str,
        /// Why it stands there.
        ground: Ground,
    },
    /// Passed, and its date has not come.
    #[error("proposal {proposal} can be enacted from {from} on")]
    NotYet {
        /// Which.
        proposal: ProposalHash,
        /// From when.
        from: Timestamp,
    },
    /// What it would change is so already, or cannot be.
    #[error("proposal {proposal} changes nothing: {what}")]
    ChangesNothing {
        /// Which.
        proposal: ProposalHash,
        /// Why.
        what: String,
    },
    /// The clock went back behind an earlier decision.
    #[error("it would be earlier than what was recorded at {0}: is the clock right?")]
    ClockWentBack(Timestamp),
    /// A member without a decision.
    #[error("no enacted decision admits member `{0}` on these terms (charter, matter `member`)")]
    MemberNotDecided(String),
    /// A number or code that a member has already.
    #[error("member {number} or the code `{code}` was admitted before")]
    MemberAdmittedBefore {
        /// As recorded.
        number: u16,
        /// As recorded.
        code: String,
    },
    /// Whoever it names was not admitted in this role.
    #[error("member {number} was never admitted as a {roles}")]
    NoMember {
        /// As recorded.
        number: u16,
        /// Codes of the roles, any of which would do.
        roles: String,
    },
    /// A correction that would bring in more than the one fact it names, or a delivery under a correction's name.
    #[error("{0}")]
    NoSuchDelivery(&'static str),
    /// A layout, rulebook or the like without a decision.
    #[error("no enacted decision accepts `{name}` (charter, matter `{matter}`)")]
    NotAccepted {
        /// What kind of thing.
        matter: Matter,
        /// Its name.
        name: String,
    },
    /// Another text than the one that was decided on.
    #[error("`{name}` has another text than the one that is accepted (charter, matter `{matter}`)")]
    OtherText {
        /// What kind of thing.
        matter: Matter,
        /// Its name.
        name: String,
    },
    /// No decision to end, or another one.
    #[error("no enacted decision ends the bureau this way (charter, matter `wind_down`)")]
    EndNotDecided,
    /// Nobody enrolled has this code.
    #[error("no member of staff `{0}` is enrolled")]
    NoStaff(String),
    /// Not what this role does.
    #[error("`{staff}` is {role}: `{kind}` is not for that role")]
    NotInRole {
        /// Who.
        staff: String,
        /// Code of the role.
        role: &'static str,
        /// Code of what was to be done.
        kind: &'static str,
    },
}

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
            end: None,
            wound_down_at: None,
            motions: Vec::new(),
            decided_last: at,
        };
        government.accepted.insert((Matter::Rulebook, founding.rulebook.clone()), founding.rulebook_hash);
        for measure in &given.measures {
            measure.check()?;
            if matches!(measure, Measure::Amend(_) | Measure::WindDown(_)) {
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
    pub fn staff_of(&self, key: tallystick_model::signature::PublicKey) -> Option<&StaffMember> {
        self.staff.values().find(|staff| staff.key == key)
    }

    /// Whether acts are signed for: as soon as anyone is enrolled.
    pub fn has_staff(&self) -> bool {
        !self.staff.is_empty()
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

    /// Whether `event` may come next, at `at`.
    ///
    /// # Errors
    /// [`Refusal`] with what is not covered.
    pub fn check(&self, event: &Event, at: Timestamp) -> Result<(), Refusal> {
        if let Some(ended) = self.wound_down_at {
            return Err(Refusal::WoundDown(ended));
        }
        match event {
            Event::DecisionProposed(signed) => self.check_proposal(signed, at),
            Event::BallotCast(signed) => self.check_ballot(signed, at),
            Event::DecisionEnacted(proposal) => self.check_enactment(*proposal, at),
            Event::StaffActed(signed) => self.check_act(signed),
            Event::BureauWoundDown(record) => self.check_end(record),
            Event::MemberAdmitted(member) => {
                if !self.to_admit.iter().any(|terms| terms.fit(member)) {
                    return Err(Refusal::MemberNotDecided(member.code.clone()));
                }
                let known = |other: &Member| other.number == member.number || other.code == member.code;
                if member.number == 0 || self.members.values().any(known) {
                    return Err(Refusal::MemberAdmittedBefore { number: member.number, code: member.code.clone() });
                }
                Ok(())
            }
            Event::DeliveryAdmitted(record) | Event::DeliveryQuarantined(record) => self.check_delivery(record),
            Event::FactCorrected(correction) => self.check_correction(correction),
            Event::DeliveryDenied(denial) => {
                self.check_member(denial.furnisher, &[MemberRole::Furnisher])?;
                self.check_name(Matter::Rulebook, &denial.rulebook)
            }
            Event::Inquiry(inquiry) => {
                self.check_member(inquiry.subscriber, asking(inquiry.outcome))?;
                self.check_name(Matter::Rulebook, &inquiry.rulebook)
            }
            Event::ConsentGranted(consent) => self.check_member(consent.member, consented(consent.scope)),
            Event::OwnReportViewed(view) => self.check_name(Matter::Rulebook, &view.rulebook),
            _ => Ok(()),
        }
    }

    fn check_proposal(&self, signed: &SignedProposal, at: Timestamp) -> Result<(), Refusal> {
        let proposal = &signed.proposal;
        self.check_time(at)?;
        self.check_charter(proposal.charter)?;
        let key = self.charter.key_of(&proposal.proposer);
        let key = key.ok_or_else(|| Refusal::NoVoter(proposal.proposer.clone()))?;
        if !signed.is_by(key) {
            return Err(Refusal::BadSignature(proposal.proposer.clone()));
        }
        proposal.check()?;
        match self.motion(proposal.hash()) {
            Some(motion) => Err(Refusal::ProposedBefore(motion.hash)),
            None => Ok(()),
        }
    }

    fn check_ballot(&self, signed: &SignedBallot, at: Timestamp) -> Result<(), Refusal> {
        let ballot = &signed.ballot;
        self.check_time(at)?;
        self.check_charter(ballot.charter)?;
        let key = self.charter.key_of(&ballot.voter).ok_or_else(|| Refusal::NoVoter(ballot.voter.clone()))?;
        if !signed.is_by(key) {
            return Err(Refusal::BadSignature(ballot.voter.clone()));
        }
        let motion = self.motion(ballot.proposal).ok_or(Refusal::NoProposal(ballot.proposal))?;
        let verdict = self.verdict(motion, at);
        if verdict.standing != Standing::Open {
            let (proposal, standing) = (motion.hash, verdict.standing.code());
            return Err(Refusal::VotingOver { proposal, at: verdict.closes_at, standing });
        }
        let matter = motion.proposal.measure.matter();
        if let Some(seat) = self.charter.seat(&ballot.voter)
            && !self.charter.is_heard(seat, matter)
        {
            return Err(Refusal::NotHeard { seat: seat.code.clone(), matter });
        }
        let last = motion.casts.iter().filter(|cast| cast.voter == ballot.voter).map(|cast| cast.turn).max();
        match last.unwrap_or(0) {
            last if ballot.turn > last => Ok(()),
            last => Err(Refusal::StaleTurn { voter: ballot.voter.clone(), last, found: ballot.turn }),
        }
    }

    fn check_enactment(&self, proposal: ProposalHash, at: Timestamp) -> Result<(), Refusal> {
        self.check_time(at)?;
        let motion = self.motion(proposal).ok_or(Refusal::NoProposal(proposal))?;
        let verdict = self.verdict(motion, at);
        match (verdict.standing, verdict.enactable) {
            (Standing::Passed, Some((from, _))) if at >= from => {}
            (Standing::Passed, Some((from, _))) => return Err(Refusal::NotYet { proposal, from }),
            (standing, _) => {
                return Err(Refusal::NotPassed { proposal, standing: standing.code(), ground: verdict.ground });
            }
        }
        match self.is_idle(&motion.proposal.measure) {
            Some(what) => Err(Refusal::ChangesNothing { proposal, what }),
            None => Ok(()),
        }
    }

    fn check_act(&self, signed: &SignedAct) -> Result<(), Refusal> {
        let act = &signed.act;
        self.check_charter(act.charter)?;
        let staff = self.staff.get(&act.staff).ok_or_else(|| Refusal::NoStaff(act.staff.clone()))?;
        if !signed.is_by(staff.key) {
            return Err(Refusal::BadSignature(act.staff.clone()));
        }
        act.check()?;
        if !may(staff.role, act.kind) {
            let (role, kind) = (staff.role.code(), act.kind.code());
            return Err(Refusal::NotInRole { staff: act.staff.clone(), role, kind });
        }
        Ok(())
    }

    fn check_end(&self, record: &WindDownRecord) -> Result<(), Refusal> {
        match &self.end {
            Some((proposal, end)) if (proposal, end) == (&record.proposal, &record.end) => Ok(()),
            _ => Err(Refusal::EndNotDecided),
        }
    }

    fn check_delivery(&self, record: &DeliveryRecord) -> Result<(), Refusal> {
        if record.kind != DeliveryKind::Report {
            return Err(Refusal::NoSuchDelivery(
                "a correction is no delivery to admit: it comes with the fact it corrects",
            ));
        }
        self.check_member(record.furnisher, &[MemberRole::Furnisher])?;
        self.check_name(Matter::Rulebook, &record.rulebook)?;
        self.check_name(Matter::Layout, &record.layout)?;
        match self.accepts(Matter::Layout, &record.layout, &record.layout_hash) {
            Ok(()) => Ok(()),
            Err(_) => Err(Refusal::OtherText { matter: Matter::Layout, name: record.layout.clone() }),
        }
    }

    /// A correction brings one fact, in the place it names, of the furnisher whose place it is. Its layout is the one of the fact.
    fn check_correction(&self, correction: &CorrectionRecord) -> Result<(), Refusal> {
        let record = &correction.delivery;
        let fault = |what| Err(Refusal::NoSuchDelivery(what));
        if record.kind != DeliveryKind::Correction {
            return fault("a correction comes with a delivery of its own kind");
        }
        if record.subjects != 1 || record.facts.as_slice() != [(correction.slot.kind, 1)] {
            return fault("a correction brings exactly one fact, of the kind it corrects");
        }
        if correction.slot.account.furnisher() != record.furnisher || correction.superseded >= record.number {
            return fault("a correction supersedes an earlier fact of the same furnisher");
        }
        self.check_member(record.furnisher, &[MemberRole::Furnisher])?;
        self.check_name(Matter::Rulebook, &record.rulebook)
    }

    /// Whether a member of this number was admitted in one of these roles.
    ///
    /// # Errors
    /// [`Refusal::NoMember`].
    pub fn check_member(&self, number: u16, roles: &[MemberRole]) -> Result<(), Refusal> {
        let member = self.members.get(&number);
        if member.is_some_and(|member| roles.iter().any(|role| member.has(*role))) {
            return Ok(());
        }
        let roles = roles.iter().map(|role| role.code()).collect::<Vec<_>>().join(" or ");
        Err(Refusal::NoMember { number, roles })
    }

    /// Whether something of this name is accepted: what records tell of what was used.
    ///
    /// # Errors
    /// [`Refusal::NotAccepted`].
    pub fn check_name(&self, matter: Matter, name: &str) -> Result<(), Refusal> {
        let name = name.to_owned();
        let key = (matter, name);
        if self.accepted.contains_key(&key) { Ok(()) } else { Err(Refusal::NotAccepted { matter, name: key.1 }) }
    }

    fn check_charter(&self, signed: CharterId) -> Result<(), Refusal> {
        if signed == self.id { Ok(()) } else { Err(Refusal::OtherCharter { signed, in_force: self.id }) }
    }

    /// Times of decisions never go back: otherwise a vote could be counted that came too late.
    fn check_time(&self, at: Timestamp) -> Result<(), Refusal> {
        if at >= self.decided_last { Ok(()) } else { Err(Refusal::ClockWentBack(self.decided_last)) }
    }

    /// Why a measure would change nothing, if so.
    fn is_idle(&self, measure: &Measure) -> Option<String> {
        let named = |matter: &Matter, name: &String| self.accepted.get(&(*matter, name.clone()));
        match measure {
            Measure::Collect(category) if self.collected.contains(*category) => {
                Some(format!("`{category}` is collected already"))
            }
            Measure::CollectNoMore(category) if !self.collected.contains(*category) => {
                Some(format!("`{category}` is not collected"))
            }
            Measure::Accept(artefact) if named(&artefact.matter, &artefact.name) == Some(&artefact.hash) => {
                Some(format!("`{}` is accepted already", artefact.name))
            }
            Measure::Retire(matter, name) if named(matter, name).is_none() => Some(format!("`{name}` is not accepted")),
            Measure::Retire(Matter::Rulebook, name)
                if self.accepted.keys().filter(|(matter, _)| *matter == Matter::Rulebook).count() == 1 =>
            {
                Some(format!("`{name}` is the only rulebook: another is accepted first"))
            }
            Measure::Admit(terms) if self.to_admit.iter().any(|other| other.code == terms.code) => {
                Some(format!("the admission of `{}` is decided already", terms.code))
            }
            Measure::Enrol(staff) if self.staff.get(&staff.code) == Some(staff) => {
                Some(format!("`{}` is enrolled already", staff.code))
            }
            Measure::Enrol(staff)
                if self.enrolled.iter().any(|other| other.code == staff.code && other.name != staff.name) =>
            {
                Some(format!("`{}` was another's: the register tells people by their codes", staff.code))
            }
            Measure::Enrol(staff)
                if self.enrolled.iter().any(|other| other.key == staff.key && other.code != staff.code) =>
            {
                Some(format!("the key of `{}` is another's: each signs with a key of its own", staff.code))
            }
            Measure::Dismiss(code) if !self.staff.contains_key(code) => Some(format!("`{code}` is not enrolled")),
            Measure::Amend(charter) if **charter == self.charter => Some("it is the charter in force".to_owned()),
            _ => None,
        }
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
            Measure::Amend(charter) => {
                self.id = charter.id(&self.bureau, &self.verifier_key);
                self.charter = (**charter).clone();
            }
        }
    }
}

/// What a member is that a consent of this scope is given to.
pub const fn consented(scope: ConsentScope) -> &'static [MemberRole] {
    match scope {
        ConsentScope::Furnish => &[MemberRole::Furnisher],
        ConsentScope::Inquire => &[MemberRole::Subscriber],
    }
}

/// What a member is whose inquiry came out so: whoever is no subscriber is denied.
pub const fn asking(outcome: Outcome) -> &'static [MemberRole] {
    match outcome {
        Outcome::Denied => MemberRole::ALL,
        Outcome::Permitted | Outcome::NoHit => &[MemberRole::Subscriber],
    }
}

/// What reasons name as their rule where the partners have decided, or have not.
pub const CHARTER_RULE: &str = "charter";

/// The reason of a category that the partners have not decided to collect.
pub fn not_collected() -> Reason {
    Reason { rule: CHARTER_RULE.to_owned(), code: "not_collected".to_owned() }
}
