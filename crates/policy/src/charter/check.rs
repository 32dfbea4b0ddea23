//! Whether an event may come next: by whom it was signed, and which decision covers it.

use tallystick_model::Timestamp;
use tallystick_model::charter::{CharterId, Matter, Measure, ProposalHash, SignedBallot, SignedProposal};
use tallystick_model::consent::ConsentScope;
use tallystick_model::delivery::{DeliveryKind, DeliveryRecord};
use tallystick_model::event::{CorrectionRecord, Event, WindDownRecord};
use tallystick_model::inquiry::Outcome;
use tallystick_model::member::{Member, MemberRole};
use tallystick_model::staff::SignedAct;

use super::{Government, Refusal, Standing};
use crate::staff::may;

impl Government {
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
            Event::LogKeyTurned(turn) if self.next_log_key != Some(turn.key) => {
                Err(Refusal::LogKeyNotDecided(turn.key))
            }
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
    pub(super) fn is_idle(&self, measure: &Measure) -> Option<String> {
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
            Measure::TurnLogKey(key) if self.next_log_key == Some(*key) => {
                Some(format!("it is decided already that `{key}` signs the log next"))
            }
            Measure::Amend(charter) if **charter == self.charter => Some("it is the charter in force".to_owned()),
            _ => None,
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
