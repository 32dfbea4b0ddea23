//! How a proposal stands: what its votes come to under the charter's rule, at a given time.
//!
//! In this order: a seat's veto stops it; too few take part and it lapses; the share in favour passes it, if the seats asked for
//! consent are in favour too; the share against rejects it; otherwise nobody prevails, and the charter's rule for a
//! deadlock says what then. Votes end after the charter's time, or as soon as everyone who has a say has voted.

use std::collections::BTreeMap;
use std::fmt;

use tallystick_model::Timestamp;
use tallystick_model::charter::{Charter, Choice, Deadlock, Matter, MatterRule, Proposal, ProposalHash};

/// A vote as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    /// Code of the partner or seat.
    pub voter: String,
    /// What it said.
    pub choice: Choice,
    /// See `Ballot::turn`.
    pub turn: u32,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A proposal with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Motion {
    /// Its name.
    pub hash: ProposalHash,
    /// What is proposed.
    pub proposal: Proposal,
    /// When it was recorded.
    pub proposed_at: Timestamp,
    /// Every vote, in the order of the log; of one voter the last counts.
    pub casts: Vec<Cast>,
    /// When it came into force, if it did.
    pub enacted_at: Option<Timestamp>,
    /// When the charter it was made under was amended, if it was not enacted before.
    pub lapsed_at: Option<Timestamp>,
    /// How it stood when it was enacted or its charter amended: it is not counted anew under another charter.
    pub settled: Option<Box<Verdict>>,
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Votes are taken.
    Open,
    /// It can be enacted, from its effective date on.
    Passed,
    /// The votes, or the want of a seat's consent, are against it.
    Rejected,
    /// A seat stopped it.
    Vetoed,
    /// Nobody prevailed: nothing changes.
    Deadlocked,
    /// Too few took part, or the charter was amended meanwhile.
    Lapsed,
    /// It passed and was not enacted in time.
    Expired,
    /// It is in force.
    Enacted,
}

impl Standing {
    /// The code that users read.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Passed => "passed",
            Self::Rejected => "rejected",
            Self::Vetoed => "vetoed",
            Self::Deadlocked => "deadlocked",
            Self::Lapsed => "lapsed",
            Self::Expired => "expired",
            Self::Enacted => "enacted",
        }
    }
}

/// Why it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Votes are still taken.
    VotingGoesOn,
    /// Nobody prevailed in the first round: votes are taken again, for a lower share.
    SecondRound,
    /// The share is in favour.
    ShareInFavour,
    /// The share is against.
    ShareAgainst,
    /// This seat has a veto in the matter and voted against.
    Veto(String),
    /// The share is in favour, and this seat, whose consent it takes, is not.
    NoConsentOf(String),
    /// Fewer took part than the quorum.
    QuorumMissed,
    /// Neither side has the share, and the charter lets that be.
    NeitherSide,
    /// Neither side has the share, and this seat was in favour.
    CastingVoteFor(String),
    /// Neither side has the share, and this seat was not in favour.
    NoCastingVoteFor(String),
    /// It was not enacted in time.
    NotEnactedInTime,
    /// The charter it was made under holds no longer.
    CharterAmended,
    /// It was enacted.
    Enacted,
}

impl Ground {
    /// The code that programs read.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::VotingGoesOn => "voting_goes_on",
            Self::SecondRound => "second_round",
            Self::ShareInFavour => "share_in_favour",
            Self::ShareAgainst => "share_against",
            Self::Veto(_) => "veto",
            Self::NoConsentOf(_) => "no_consent_of_seat",
            Self::QuorumMissed => "quorum_missed",
            Self::NeitherSide => "neither_side",
            Self::CastingVoteFor(_) => "casting_vote_for",
            Self::NoCastingVoteFor(_) => "no_casting_vote_for",
            Self::NotEnactedInTime => "not_enacted_in_time",
            Self::CharterAmended => "charter_amended",
            Self::Enacted => "enacted",
        }
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VotingGoesOn => write!(out, "votes are taken"),
            Self::SecondRound => write!(out, "neither side had the share: votes are taken again, for a lower one"),
            Self::ShareInFavour => write!(out, "the share is in favour"),
            Self::ShareAgainst => write!(out, "the share is against"),
            Self::Veto(seat) => write!(out, "`{seat}` has a veto and voted against"),
            Self::NoConsentOf(seat) => {
                write!(out, "the share is in favour, and `{seat}`, whose consent it takes, is not")
            }
            Self::QuorumMissed => write!(out, "fewer took part than the quorum"),
            Self::NeitherSide => write!(out, "neither side has the share: nothing changes"),
            Self::CastingVoteFor(seat) => {
                write!(out, "neither side has the share, and `{seat}` casts the vote in favour")
            }
            Self::NoCastingVoteFor(seat) => {
                write!(out, "neither side has the share, and `{seat}` casts no vote in favour: nothing changes")
            }
            Self::NotEnactedInTime => write!(out, "it had passed and was not enacted in time"),
            Self::CharterAmended => write!(out, "the charter was amended before it was enacted"),
            Self::Enacted => write!(out, "it is in force"),
        }
    }
}

/// Weights behind the choices, in hundredths of a percent of the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// In favour.
    pub in_favour_bp: u16,
    /// Against.
    pub against_bp: u16,
    /// Abstaining.
    pub abstaining_bp: u16,
}

impl Count {
    const fn took_part_bp(self) -> u16 {
        self.in_favour_bp.saturating_add(self.against_bp).saturating_add(self.abstaining_bp)
    }
}

/// How a proposal stands at one time, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Where it stands.
    pub standing: Standing,
    /// Why.
    pub ground: Ground,
    /// The votes that count then.
    pub count: Count,
    /// The share it takes, in hundredths of a percent: in a second round the lower one.
    pub share_bp: u16,
    /// Until when votes are taken (that instant no longer), or when they ended.
    pub closes_at: Timestamp,
    /// From when until when (that instant no longer) it can be enacted; `None` if it has not passed.
    pub enactable: Option<(Timestamp, Timestamp)>,
}

/// How `motion` stands at `now`.
pub fn stand(charter: &Charter, motion: &Motion, now: Timestamp) -> Verdict {
    if let Some(settled) = &motion.settled {
        return (**settled).clone();
    }
    let mut verdict = voted(charter, motion, now);
    if motion.enacted_at.is_some() {
        (verdict.standing, verdict.ground) = (Standing::Enacted, Ground::Enacted);
    } else if motion.lapsed_at.is_some() && matches!(verdict.standing, Standing::Open | Standing::Passed) {
        (verdict.standing, verdict.ground) = (Standing::Lapsed, Ground::CharterAmended);
    } else if verdict.standing == Standing::Passed && verdict.enactable.is_some_and(|(_, until)| now >= until) {
        (verdict.standing, verdict.ground) = (Standing::Expired, Ground::NotEnactedInTime);
    }
    verdict
}

/// What the votes alone come to.
fn voted(charter: &Charter, motion: &Motion, now: Timestamp) -> Verdict {
    let matter = motion.proposal.measure.matter();
    // A charter that was checked has a rule for every matter; without one nothing passes.
    let none = MatterRule { matter, share_bp: u16::MAX, quorum_bp: 0, consent_of: Vec::new() };
    let rule = charter.rule(matter).unwrap_or(&none);
    let first_end = first_round_ends(charter, matter, motion);
    let votes = votes_before(motion, first_end, now);
    let mut verdict = Verdict {
        standing: Standing::Open,
        ground: Ground::VotingGoesOn,
        count: count(charter, &votes),
        share_bp: rule.share_bp,
        closes_at: first_end.at,
        enactable: None,
    };
    if first_end.is_after(now) {
        return verdict;
    }
    let mut outcome = outcome(charter, rule, rule.share_bp, &votes);
    if outcome == (Standing::Deadlocked, Ground::NeitherSide) {
        outcome = match &charter.deadlock {
            Deadlock::StatusQuo => outcome,
            Deadlock::CastingSeat(seat) if votes.get(seat.as_str()) == Some(&Choice::For) => {
                match consent_missing(rule, &votes) {
                    Some(missing) => (Standing::Rejected, Ground::NoConsentOf(missing)),
                    None => (Standing::Passed, Ground::CastingVoteFor(seat.clone())),
                }
            }
            Deadlock::CastingSeat(seat) => (Standing::Deadlocked, Ground::NoCastingVoteFor(seat.clone())),
            Deadlock::SecondRound(share_bp) => {
                let end = End { at: hours_after(first_end.at, charter.voting_hours), by_last_vote: false };
                let votes = votes_before(motion, end, now);
                verdict.share_bp = rule.share_bp.min(*share_bp);
                verdict.closes_at = end.at;
                verdict.count = count(charter, &votes);
                if end.is_after(now) {
                    (Standing::Open, Ground::SecondRound)
                } else {
                    self::outcome(charter, rule, verdict.share_bp, &votes)
                }
            }
        };
    }
    (verdict.standing, verdict.ground) = outcome;
    if verdict.standing == Standing::Passed {
        let from = verdict.closes_at.max(motion.proposal.effective_from);
        verdict.enactable = Some((from, hours_after(from, charter.enact_within_hours)));
    }
    verdict
}

/// When a round ends.
#[derive(Clone, Copy)]
struct End {
    at: Timestamp,
    /// Whether it is the last voter's vote that ends it: that vote counts.
    by_last_vote: bool,
}

impl End {
    fn is_after(self, now: Timestamp) -> bool {
        now < self.at
    }

    fn takes(self, cast: &Cast) -> bool {
        cast.at < self.at || (self.by_last_vote && cast.at == self.at)
    }
}

/// The first round ends with its time, or when the last of those who have a say has voted.
fn first_round_ends(charter: &Charter, matter: Matter, motion: &Motion) -> End {
    let by_time = End { at: hours_after(motion.proposed_at, charter.voting_hours), by_last_vote: false };
    let mut missing: Vec<&str> = charter.partners.iter().map(|partner| partner.code.as_str()).collect();
    let heard = charter.seats.iter().filter(|seat| charter.is_heard(seat, matter));
    missing.extend(heard.map(|seat| seat.code.as_str()));
    for cast in motion.casts.iter().filter(|cast| by_time.takes(cast)) {
        missing.retain(|code| *code != cast.voter);
        if missing.is_empty() {
            return End { at: cast.at, by_last_vote: true };
        }
    }
    by_time
}

/// The last vote of each voter that counts at `now`.
fn votes_before(motion: &Motion, end: End, now: Timestamp) -> BTreeMap<&str, Choice> {
    let counting = motion.casts.iter().filter(|cast| cast.at <= now && end.takes(cast));
    counting.map(|cast| (cast.voter.as_str(), cast.choice)).collect()
}

fn count(charter: &Charter, votes: &BTreeMap<&str, Choice>) -> Count {
    let mut count = Count::default();
    for partner in &charter.partners {
        let side = match votes.get(partner.code.as_str()) {
            Some(Choice::For) => &mut count.in_favour_bp,
            Some(Choice::Against) => &mut count.against_bp,
            Some(Choice::Abstain) => &mut count.abstaining_bp,
            None => continue,
        };
        *side = side.saturating_add(partner.weight_bp);
    }
    count
}

fn outcome(charter: &Charter, rule: &MatterRule, share_bp: u16, votes: &BTreeMap<&str, Choice>) -> (Standing, Ground) {
    let vetoes = charter.seats.iter().filter(|seat| seat.vetoes.contains(&rule.matter));
    if let Some(seat) = vetoes.into_iter().find(|seat| votes.get(seat.code.as_str()) == Some(&Choice::Against)) {
        return (Standing::Vetoed, Ground::Veto(seat.code.clone()));
    }
    let count = count(charter, votes);
    if count.took_part_bp() < rule.quorum_bp {
        return (Standing::Lapsed, Ground::QuorumMissed);
    }
    if count.in_favour_bp >= share_bp {
        return match consent_missing(rule, votes) {
            Some(seat) => (Standing::Rejected, Ground::NoConsentOf(seat)),
            None => (Standing::Passed, Ground::ShareInFavour),
        };
    }
    if count.against_bp >= share_bp {
        return (Standing::Rejected, Ground::ShareAgainst);
    }
    (Standing::Deadlocked, Ground::NeitherSide)
}

/// The first seat whose consent it takes and that is not in favour.
fn consent_missing(rule: &MatterRule, votes: &BTreeMap<&str, Choice>) -> Option<String> {
    rule.consent_of.iter().find(|seat| votes.get(seat.as_str()) != Some(&Choice::For)).cloned()
}

fn hours_after(at: Timestamp, hours: u32) -> Timestamp {
    let later = at.millis().saturating_add(i64::from(hours) * 3_600_000);
    // Proposals whose dates come near the calendar's end are refused (`Proposal::check`), and no clock is there.
    Timestamp::from_millis(later).unwrap_or(at)
}
