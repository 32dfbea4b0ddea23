//! The verbs of the charter in a simulation: a bureau in three has one, with partners of 35, 35, 7, 6.5, 6.5 and 10 percent and a
//! supervisor with a veto on what is collected.

use sha2::{Digest, Sha256};
use tallystick_intake::layouts::mapped::Mapping;
use tallystick_model::charter::{
    Artefact, Ballot, Charter, Choice, Deadlock, FoundingCharter, Matter, MatterRule, Measure, MemberTerms, Partner,
    Proposal, ProposalHash, Seat, WindDown, WindDownWay,
};
use tallystick_model::event::{Event, EventKind, WindDownRecord};
use tallystick_model::signature::SecretKey;
use tallystick_model::staff::{StaffAct, StaffMember, StaffRole};
use tallystick_model::{Canonical, CategorySet, DataCategory, Timestamp};
use tallystick_operations::charter::{enact, list, propose, vote};
use tallystick_operations::own_report::{Past, own_report};
use tallystick_operations::staff::Acting;
use tallystick_operations::wind_down;

use super::World;
use super::compare::same;
use super::file::{File, Who};
use super::steps::Applicant;
use crate::reference::Counts;
use crate::reference::charter::{Asked, Decided};
use crate::reference::log;

/// Code, seed of the key, weight; the supervisor has none.
const VOTERS: [(&str, u8, u16); 7] = [
    ("A", 21, 3500),
    ("B", 22, 3500),
    ("C", 23, 700),
    ("D", 24, 650),
    ("E", 25, 650),
    ("F", 26, 1000),
    ("SUPER", 27, 0),
];

/// What is collected from the beginning; the rest takes a decision.
const COLLECTED: [DataCategory; 6] = [
    DataCategory::Identity,
    DataCategory::Credit,
    DataCategory::Payments,
    DataCategory::Income,
    DataCategory::RealEstate,
    DataCategory::PublicRecord,
];

/// What a partner asks for.
#[derive(Clone, Debug)]
pub struct Asking {
    /// Collect the category, or collect it no more.
    pub collect: bool,
    /// Which one.
    pub category: DataCategory,
    /// Who proposes: a place among the voters; past them, nobody.
    pub proposer: usize,
    /// Whether another's key signs.
    pub forged: bool,
    /// Hours until it can be enacted.
    pub hours: i64,
    /// Whether the last proposal is made once more instead.
    pub again: bool,
}

/// Votes on one of the proposals.
#[derive(Clone, Debug)]
pub struct Voting {
    /// Which: see `World::motion`.
    pub motion: usize,
    /// Who says what: places among the voters; past them, nobody.
    pub said: Vec<(usize, Choice)>,
    /// Whether another's key signs.
    pub forged: bool,
    /// Whether the turn is counted on.
    pub counts_on: bool,
}

fn key(place: usize) -> SecretKey {
    let seed = VOTERS.get(place).map_or(99, |(_, seed, _)| *seed);
    SecretKey::new([seed; 32].into())
}

fn code(place: usize) -> String {
    VOTERS.get(place).map_or("NOBODY", |(code, ..)| *code).to_owned()
}

/// The member of staff who does everything in a staffed simulation.
const CLERK: (&str, u8) = ("wu", 31);

fn clerk() -> SecretKey {
    SecretKey::new([CLERK.1; 32].into())
}

/// Who is at work, where staff is enrolled.
pub fn acting(staffed: bool) -> Option<Acting> {
    staffed.then(|| Acting { key: clerk(), reason: "a day's work".to_owned() })
}

/// The charter of a governed simulation.
pub fn founding(staffed: bool) -> FoundingCharter {
    let partners = VOTERS.iter().enumerate().filter(|(_, (.., weight_bp))| *weight_bp > 0);
    let charter = Charter {
        partners: partners
            .map(|(place, (code, _, weight_bp))| Partner {
                code: (*code).to_owned(),
                name: format!("Partner {code}"),
                key: key(place).public(),
                weight_bp: *weight_bp,
            })
            .collect(),
        seats: vec![Seat {
            code: code(6),
            name: "Supervisor".to_owned(),
            key: key(6).public(),
            vetoes: vec![Matter::DataCategory],
        }],
        rules: (Matter::ALL.iter())
            .map(|matter| MatterRule { matter: *matter, share_bp: 6_667, quorum_bp: 5_000, consent_of: Vec::new() })
            .collect(),
        voting_hours: 72,
        enact_within_hours: 24 * 20,
        deadlock: Deadlock::SecondRound(5_001),
    };
    let clerk = StaffMember {
        code: CLERK.0.to_owned(),
        name: "Wu Min".to_owned(),
        role: StaffRole::Operator,
        key: clerk().public(),
    };
    let mut measures = COLLECTED.map(Measure::Collect).to_vec();
    measures.extend(staffed.then_some(Measure::Enrol(clerk)));
    FoundingCharter { charter, measures }
}

impl World<'_> {
    /// In front of `event` stands the act that was signed for it and nothing else; the votes of partners need none.
    pub(super) fn agree_on_act(&mut self, event: &Event) -> Result<(), String> {
        use EventKind as K;
        let votes = [K::BureauFounded, K::DecisionProposed, K::BallotCast, K::DecisionEnacted];
        if !self.staffed || votes.contains(&event.kind()) {
            return Ok(());
        }
        let place = u64::try_from(self.reference.log.len()).unwrap_or(u64::MAX);
        let snapshot = self.bureau()?.snapshot();
        let stored = snapshot.events(event.subject()).map_err(|error| error.to_string())?;
        let stored = stored.into_iter().find(|stored| stored.index == place).ok_or("nobody signed for it")?;
        let Event::StaffActed(signed) = &stored.event else {
            return Err(format!("{} stands where an act belongs", stored.event.kind()));
        };
        let expected = StaffAct {
            charter: self.reference.decided().ok_or("no charter")?.id,
            staff: CLERK.0.to_owned(),
            kind: event.kind(),
            subject: event.subject(),
            content: Sha256::digest([b"tallystick act content 1\n".as_slice(), &event.to_bytes()].concat()).into(),
            reason: "a day's work".to_owned(),
            at: self.now,
            place,
        };
        same("acts", &signed.act, &expected)?;
        same("signatures of the act", &signed.is_by(clerk().public()), &true)?;
        let entry = snapshot.entry(place).map_err(|error| error.to_string())?;
        same("commitments", &entry.commitment, &log::commitment(&stored.salt, &stored.event.to_bytes()))?;
        self.reference.push(entry, stored.event);
        self.count(K::StaffActed);
        self.tally.acts += 1;
        Ok(())
    }

    fn is_governed(&self) -> bool {
        self.reference.decided().is_some()
    }

    pub(super) fn in_hours(&self, hours: i64) -> Result<Timestamp, String> {
        Timestamp::from_millis(self.now.millis() + hours * 3_600_000).map_err(|error| error.to_string())
    }

    fn ask(&mut self, proposal: Proposal, signer: usize) -> Result<Option<ProposalHash>, String> {
        let signed = proposal.signed(&key(signer));
        let expected = self.reference.propose(&signed);
        let answer = propose(self.bureau()?, signed, self.now);
        let asked = self.both(answer, expected)?;
        self.tally.proposed += usize::from(asked.is_some());
        Ok(asked)
    }

    pub(super) fn propose(&mut self, asking: &Asking) -> Result<(), String> {
        let decided = self.reference.decided();
        let last = decided.as_ref().and_then(|decided| decided.asked.last());
        let charter = decided.as_ref().map_or(founding(false).charter.id("", ""), |decided| decided.id);
        let measure = if asking.collect { Measure::Collect } else { Measure::CollectNoMore };
        let proposal = match last.filter(|_| asking.again) {
            Some(last) => last.signed.proposal.clone(),
            None => Proposal {
                charter,
                proposer: code(asking.proposer),
                measure: measure(asking.category),
                effective_from: self.in_hours(asking.hours)?,
                reason: format!("wanted at {}", self.now),
            },
        };
        let own = VOTERS.iter().position(|(code, ..)| *code == proposal.proposer).unwrap_or(VOTERS.len());
        let signer = if asking.forged { (own + 1) % VOTERS.len() } else { own };
        self.ask(proposal, signer).map(drop)
    }

    pub(super) fn vote(&mut self, voting: &Voting) -> Result<(), String> {
        let decided = self.reference.decided();
        let asked = decided.as_ref().and_then(|decided| self.motion(decided, voting.motion));
        let charter = decided.as_ref().map_or(founding(false).charter.id("", ""), |decided| decided.id);
        let proposal = asked.map_or(ProposalHash([0; 32]), |asked| asked.hash());
        for (place, choice) in &voting.said {
            let voter = code(*place);
            let turns = asked.into_iter().flat_map(|asked| &asked.votes).filter(|(cast, _)| cast.ballot.voter == voter);
            let last = turns.map(|(cast, _)| cast.ballot.turn).max().unwrap_or(0);
            let turn = if voting.counts_on { last + 1 } else { last.max(1) };
            let signer = if voting.forged { (place + 1) % VOTERS.len() } else { *place };
            self.cast(Ballot { charter, proposal, voter, choice: *choice, turn }, signer)?;
        }
        Ok(())
    }

    /// A proposal by its place: those that anything can still become of first, then the others, each from the last.
    fn motion<'a>(&self, decided: &'a Decided, place: usize) -> Option<&'a Asked> {
        let (mut live, over): (Vec<_>, Vec<_>) = decided
            .asked
            .iter()
            .rev()
            .partition(|asked| matches!(decided.stands(asked, self.now).0, "open" | "passed"));
        live.extend(over);
        live.get(place).copied()
    }

    fn cast(&mut self, ballot: Ballot, signer: usize) -> Result<(), String> {
        let signed = ballot.signed(&key(signer));
        let expected = self.reference.vote(&signed, self.now);
        let answer = vote(self.bureau()?, signed, self.now);
        let cast = self.both(answer, expected)?;
        self.tally.voted += usize::from(cast.is_some());
        Ok(())
    }

    pub(super) fn enact(&mut self, motion: usize) -> Result<(), String> {
        let decided = self.reference.decided();
        let asked = decided.as_ref().and_then(|decided| self.motion(decided, motion));
        self.bring_into_force(asked.map_or(ProposalHash([0; 32]), |asked| asked.hash()))
    }

    fn bring_into_force(&mut self, hash: ProposalHash) -> Result<(), String> {
        let expected = self.reference.enact(hash, self.now);
        let answer = enact(self.bureau()?, hash, self.now);
        let enacted = self.both(answer, expected)?;
        self.tally.enacted += usize::from(enacted.is_some());
        Ok(())
    }

    /// All partners want it, at once.
    fn decide(&mut self, measure: Measure) -> Result<(), String> {
        let Some(decided) = self.reference.decided() else { return Ok(()) };
        let (charter, proposer, effective_from) = (decided.id, code(2), self.now);
        let reason = format!("needed at {}", self.now);
        let asked = self.ask(Proposal { charter, proposer, measure, effective_from, reason }, 2)?;
        let Some(proposal) = asked else { return Ok(()) };
        for place in 0..6 {
            let (voter, choice, turn) = (code(place), Choice::For, 1);
            self.cast(Ballot { charter, proposal, voter, choice, turn }, place)?;
        }
        self.bring_into_force(proposal)
    }

    /// Decides to admit an applicant, most of the time and where the terms mean something.
    pub(super) fn decide_to_admit(&mut self, applicant: &Applicant) -> Result<(), String> {
        if !self.is_governed() || self.entropy.percent(10) {
            return Ok(());
        }
        let Applicant { code, name, kind, roles, duty } = applicant.clone();
        let measure = Measure::Admit(MemberTerms { code: code.clone(), name, kind, roles, duty });
        let pending =
            self.reference.decided().is_some_and(|decided| decided.to_admit.iter().any(|terms| terms.code == code));
        if pending || measure.check().is_err() { Ok(()) } else { self.decide(measure) }
    }

    /// Decides to accept a file's layout, most of the time and where it is not.
    pub(super) fn decide_to_accept(&mut self, file: &File) -> Result<(), String> {
        let mapping = Mapping::parse(&file.shape.mapping()).map_err(|error| format!("the mapping: {error}"))?;
        let Some(decided) = self.reference.decided() else { return Ok(()) };
        if decided.layouts.contains_key(&mapping.name()) || self.entropy.percent(15) {
            return Ok(());
        }
        let artefact = Artefact { matter: Matter::Layout, name: mapping.name(), hash: mapping.text_hash() };
        self.decide(Measure::Accept(artefact))
    }

    /// The partners end the bureau, whatever has come before; then nothing more is recorded.
    pub(super) fn end(&mut self) -> Result<(), String> {
        if !self.is_governed() {
            return Ok(());
        }
        let end = WindDown {
            way: WindDownWay::Transfer,
            receiver: "Other Bureau".to_owned(),
            notice: "gazette 12".to_owned(),
            no_transfer: None,
            no_hand_over: None,
        };
        self.decide(Measure::WindDown(Box::new(end.clone())))?;
        let asked = self.reference.decided().and_then(|decided| decided.asked.last().map(Asked::hash));
        let Counts { entries, root, facts, subjects, .. } = self.reference.counts();
        let proposal = asked.ok_or("nobody asked to end the bureau")?;
        let record = WindDownRecord { proposal, end, entries, root, facts, subjects };
        let ended = wind_down::end(self.bureau()?, WindDownWay::Transfer, self.now, &mut |_, _| {});
        let ended = ended.map_err(|error| format!("the bureau does not end: {error}"))?;
        same("ends", &ended.record, &record)?;
        self.agree_on(Event::BureauWoundDown(Box::new(record)), &ended.recorded)?;
        self.tally.ended += 1;
        // Nobody has recorded a death of this one, which would be denied first.
        let who = Who::Person(7).identifier("")?;
        let refused =
            own_report(self.bureau()?, &who, Past::default(), self.now).map(|_| ()).map_err(|no| no.to_string());
        same(
            "what comes after",
            &refused,
            &Err(format!("the bureau was wound down at {}: nothing is recorded after that", self.now)),
        )?;
        self.reopen()?;
        self.check()
    }

    /// What holds under the charter, and how every proposal stands.
    pub(super) fn check_governed(&self) -> Result<(), String> {
        let bureau = self.bureau()?;
        let stood = list(bureau, self.now);
        let government = bureau.government().clone();
        let Some(decided) = self.reference.decided() else {
            return same("governments", &government.is_some(), &false);
        };
        let collected = government.as_ref().map(|government| government.collected());
        same("categories collected", &collected, &Some(decided.collected.iter().copied().collect::<CategorySet>()))?;
        let stands: Vec<_> = decided.asked.iter().map(|asked| decided.stands(asked, self.now)).collect();
        let found: Vec<_> = stood
            .iter()
            .map(|stood| {
                let verdict = &stood.verdict;
                let from = verdict.enactable.map(|(from, _)| from);
                (verdict.standing.code(), verdict.ground.to_string(), verdict.closes_at, from)
            })
            .collect();
        same("standings", &found, &stands)
    }
}
