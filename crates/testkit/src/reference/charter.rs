//! The reference's charter: votes counted from the log's beginning each time, in plain words, for charters whose deadlocks have
//! a second round.

use std::collections::{BTreeMap, BTreeSet};

use tallystick_model::charter::{
    Charter, CharterId, Choice, Deadlock, FoundingCharter, Matter, Measure, MemberTerms, ProposalHash, SignedBallot,
    SignedProposal,
};
use tallystick_model::event::Event;
use tallystick_model::{DataCategory, Timestamp};

use super::Reference;

/// A proposal with its votes.
#[derive(Clone, Debug)]
pub struct Asked {
    /// As it was signed.
    pub signed: SignedProposal,
    /// When it was recorded.
    pub at: Timestamp,
    /// Each vote with its time.
    pub votes: Vec<(SignedBallot, Timestamp)>,
    /// Whether it was enacted.
    pub enacted: bool,
}

/// What holds.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The charter.
    pub charter: Charter,
    /// Names bureau and charter.
    pub id: CharterId,
    /// Categories collected.
    pub collected: BTreeSet<DataCategory>,
    /// Layouts accepted, with their texts' hashes.
    pub layouts: BTreeMap<String, [u8; 32]>,
    /// Members to be admitted.
    pub to_admit: Vec<MemberTerms>,
    /// Proposals, in their order.
    pub asked: Vec<Asked>,
}

/// How a proposal stands: code, why in words, when its votes end, and from when it can be enacted.
pub type Stands = (&'static str, String, Timestamp, Option<Timestamp>);

impl Reference {
    /// What holds under the charter; `None` without one.
    pub fn decided(&self) -> Option<Decided> {
        let Some((_, Event::BureauFounded(founding))) = self.log.first() else { return None };
        let FoundingCharter { charter, measures } = founding.charter.as_deref()?.clone();
        let mut decided = Decided {
            id: charter.id(&founding.name, &founding.verifier_key),
            charter,
            collected: BTreeSet::new(),
            layouts: BTreeMap::new(),
            to_admit: Vec::new(),
            asked: Vec::new(),
        };
        measures.iter().for_each(|measure| decided.enforce(measure));
        for (entry, event) in &self.log {
            match event {
                Event::DecisionProposed(signed) => {
                    let (signed, at) = ((**signed).clone(), entry.at);
                    decided.asked.push(Asked { signed, at, votes: Vec::new(), enacted: false });
                }
                Event::BallotCast(ballot) => {
                    for asked in decided.asked.iter_mut().filter(|asked| asked.hash() == ballot.ballot.proposal) {
                        asked.votes.push((ballot.clone(), entry.at));
                    }
                }
                Event::DecisionEnacted(hash) => {
                    let mut measures = Vec::new();
                    for asked in decided.asked.iter_mut().filter(|asked| asked.hash() == *hash) {
                        asked.enacted = true;
                        measures.push(asked.signed.proposal.measure.clone());
                    }
                    measures.iter().for_each(|measure| decided.enforce(measure));
                }
                Event::MemberAdmitted(member) => {
                    if let Some(place) = decided.to_admit.iter().position(|terms| terms.fit(member)) {
                        decided.to_admit.remove(place);
                    }
                }
                _ => {}
            }
        }
        Some(decided)
    }

    /// Refuses a member that nobody has decided to admit.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn covers_admission(&self, event: Event) -> Result<Event, String> {
        match (self.decided(), &event) {
            (Some(decided), Event::MemberAdmitted(member))
                if !decided.to_admit.iter().any(|terms| terms.fit(member)) =>
            {
                let code = &member.code;
                Err(format!("no enacted decision admits member `{code}` on these terms (charter, matter `member`)"))
            }
            _ => Ok(event),
        }
    }

    fn governed(&self) -> Result<Decided, String> {
        let alone = "this bureau was founded without a charter: its operator governs it alone, and nothing is voted on";
        self.decided().ok_or_else(|| alone.to_owned())
    }

    /// Records a proposal.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn propose(&self, signed: &SignedProposal) -> Result<Event, String> {
        let decided = self.governed()?;
        let (proposal, hash) = (&signed.proposal, signed.proposal.hash());
        let signs = decided.charter.key_of(&proposal.proposer).is_some_and(|key| signed.is_by(key));
        decided.knows(&proposal.proposer, signs)?;
        if decided.asked.iter().any(|asked| asked.hash() == hash) {
            return Err(format!("proposal {hash} was made before: another one has another date or reason"));
        }
        Ok(Event::DecisionProposed(Box::new(signed.clone())))
    }

    /// Records a vote.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn vote(&self, signed: &SignedBallot, now: Timestamp) -> Result<Event, String> {
        let decided = self.governed()?;
        let (voter, hash) = (&signed.ballot.voter, signed.ballot.proposal);
        let signs = decided.charter.key_of(voter).is_some_and(|key| signed.is_by(key));
        decided.knows(voter, signs)?;
        let Some(asked) = decided.asked.iter().find(|asked| asked.hash() == hash) else {
            return Err(format!("there is no proposal {hash}"));
        };
        let (standing, _, ends, _) = decided.stands(asked, now);
        if standing != "open" {
            return Err(format!("votes on proposal {hash} ended at {ends}: it is {standing}"));
        }
        let matter = asked.signed.proposal.measure.matter();
        if decided.charter.seat(voter).is_some_and(|seat| !seat.vetoes.contains(&matter)) {
            return Err(format!("seat `{voter}` has no say in `{matter}`"));
        }
        let turns = asked.votes.iter().filter(|(ballot, _)| ballot.ballot.voter == *voter);
        let last = turns.map(|(ballot, _)| ballot.ballot.turn).max().unwrap_or(0);
        let found = signed.ballot.turn;
        if found <= last {
            let turn = format!("`{voter}` has voted in turn {last} already");
            return Err(format!("{turn}, a changed vote has a later turn; found {found}"));
        }
        Ok(Event::BallotCast(signed.clone()))
    }

    /// Enacts a proposal.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn enact(&self, hash: ProposalHash, now: Timestamp) -> Result<Event, String> {
        let decided = self.governed()?;
        let Some(asked) = decided.asked.iter().find(|asked| asked.hash() == hash) else {
            return Err(format!("there is no proposal {hash}"));
        };
        match decided.stands(asked, now) {
            ("passed", _, _, Some(from)) if now < from => {
                return Err(format!("proposal {hash} can be enacted from {from} on"));
            }
            ("passed", ..) => {}
            (standing, why, ..) => return Err(format!("proposal {hash} is {standing}: {why}")),
        }
        let idle = match &asked.signed.proposal.measure {
            Measure::Collect(category) if decided.collected.contains(category) => {
                format!("`{category}` is collected already")
            }
            Measure::CollectNoMore(category) if !decided.collected.contains(category) => {
                format!("`{category}` is not collected")
            }
            _ => return Ok(Event::DecisionEnacted(hash)),
        };
        Err(format!("proposal {hash} changes nothing: {idle}"))
    }
}

impl Asked {
    /// Its name.
    pub fn hash(&self) -> ProposalHash {
        self.signed.proposal.hash()
    }
}

fn later(at: Timestamp, hours: u32) -> Timestamp {
    Timestamp::from_millis(at.millis() + i64::from(hours) * 3_600_000).unwrap_or(at)
}

impl Decided {
    fn enforce(&mut self, measure: &Measure) {
        match measure {
            Measure::Collect(category) => drop(self.collected.insert(*category)),
            Measure::CollectNoMore(category) => drop(self.collected.remove(category)),
            Measure::Accept(artefact) if artefact.matter == Matter::Layout => {
                self.layouts.insert(artefact.name.clone(), artefact.hash);
            }
            Measure::Admit(terms) => self.to_admit.push(terms.clone()),
            _ => {}
        }
    }

    fn knows(&self, code: &str, signs: bool) -> Result<(), String> {
        match self.charter.key_of(code) {
            None => Err(format!("the charter has no partner or seat `{code}`")),
            Some(_) if !signs => Err(format!("the signature is not `{code}`'s")),
            Some(_) => Ok(()),
        }
    }

    /// How a proposal stands.
    pub fn stands(&self, asked: &Asked, now: Timestamp) -> Stands {
        let matter = asked.signed.proposal.measure.matter();
        // Everyone who has a say: all partners, and who has a veto here.
        let partners = self.charter.partners.iter().map(|partner| partner.code.clone());
        let vetoers = self.charter.seats.iter().filter(|seat| seat.vetoes.contains(&matter));
        let everyone: BTreeSet<String> = partners.chain(vetoers.map(|seat| seat.code.clone())).collect();
        let mut end = later(asked.at, self.charter.voting_hours);
        let limit = end;
        let mut heard = BTreeSet::new();
        for (ballot, at) in asked.votes.iter().filter(|(_, at)| *at < limit) {
            heard.insert(ballot.ballot.voter.clone());
            if heard == everyone {
                end = *at;
                break;
            }
        }
        let (share, lower) = match (self.charter.rule(matter), &self.charter.deadlock) {
            (Some(rule), Deadlock::SecondRound(lower)) => (rule.share_bp, rule.share_bp.min(*lower)),
            (Some(rule), _) => (rule.share_bp, rule.share_bp),
            (None, _) => (u16::MAX, u16::MAX),
        };
        let mut stands = ("open", "votes are taken".to_owned(), end, None);
        if now >= end {
            let first = |at: Timestamp| at <= end && at < limit;
            (stands.0, stands.1) = self.comes_to(asked, matter, share, first);
            if stands.0 == "deadlocked" {
                let again = later(end, self.charter.voting_hours);
                stands.2 = again;
                (stands.0, stands.1) = if now < again {
                    ("open", "neither side had the share: votes are taken again, for a lower one".to_owned())
                } else {
                    self.comes_to(asked, matter, lower, |at| at < again)
                };
            }
        }
        if stands.0 == "passed" {
            let from = stands.2.max(asked.signed.proposal.effective_from);
            stands.3 = Some(from);
            if now >= later(from, self.charter.enact_within_hours) {
                (stands.0, stands.1) = ("expired", "it had passed and was not enacted in time".to_owned());
            }
        }
        if asked.enacted {
            (stands.0, stands.1) = ("enacted", "it is in force".to_owned());
        }
        stands
    }

    fn comes_to(
        &self,
        asked: &Asked,
        matter: Matter,
        share: u16,
        counts: impl Fn(Timestamp) -> bool,
    ) -> (&'static str, String) {
        let mut said: BTreeMap<&str, Choice> = BTreeMap::new();
        for (ballot, _) in asked.votes.iter().filter(|(_, at)| counts(*at)) {
            said.insert(&ballot.ballot.voter, ballot.ballot.choice);
        }
        for seat in self.charter.seats.iter().filter(|seat| seat.vetoes.contains(&matter)) {
            if said.get(seat.code.as_str()) == Some(&Choice::Against) {
                return ("vetoed", format!("`{}` has a veto and voted against", seat.code));
            }
        }
        let weight = |choice: Choice| {
            let of = self.charter.partners.iter().filter(|partner| said.get(partner.code.as_str()) == Some(&choice));
            of.map(|partner| partner.weight_bp).sum::<u16>()
        };
        let [yes, no, neither] = [Choice::For, Choice::Against, Choice::Abstain].map(weight);
        let quorum = self.charter.rule(matter).map_or(0, |rule| rule.quorum_bp);
        if yes + no + neither < quorum {
            return ("lapsed", "fewer took part than the quorum".to_owned());
        }
        if yes >= share {
            return ("passed", "the share is in favour".to_owned());
        }
        if no >= share {
            return ("rejected", "the share is against".to_owned());
        }
        ("deadlocked", "neither side has the share: nothing changes".to_owned())
    }
}
