//! Proposals and ballots: what partners and seats sign, wherever they are.
//!
//! Both name the bureau and the charter in force by [`CharterId`], so that nothing signed for one bureau, or under a charter
//! that has been amended, counts elsewhere. A ballot names the proposal by its hash and carries a turn: a later ballot
//! of the same voter has a higher one, and an earlier one cannot be put back in its place.

use sha2::{Digest, Sha256};

use super::{CharterFault, CharterId, HOURS_MAX, Measure, REASON_BYTES_MAX, check_text, fault};
use crate::Timestamp;
use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::consent::read_timestamp;
use crate::signature::{PublicKey, SecretKey, Signature};

const PROPOSAL_DOMAIN: &str = "tallystick proposal 1\n";
const BALLOT_DOMAIN: &str = "tallystick ballot 1\n";

/// SHA-256 over a domain and a proposal's bytes: its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProposalHash(pub [u8; 32]);

impl std::fmt::Display for ProposalHash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl std::fmt::Debug for ProposalHash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, out)
    }
}

/// What a partner or seat asks the others to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Which bureau, and under which charter.
    pub charter: CharterId,
    /// Code of the partner or seat that proposes.
    pub proposer: String,
    /// What is to change.
    pub measure: Measure,
    /// From when it can be enacted.
    pub effective_from: Timestamp,
    /// Why: read by those who vote, and kept.
    pub reason: String,
}

impl Proposal {
    /// Its name.
    pub fn hash(&self) -> ProposalHash {
        let bytes = self.to_bytes();
        ProposalHash(Sha256::new_with_prefix(PROPOSAL_DOMAIN).chain_update(&bytes).finalize().into())
    }

    /// Checks that it means something by itself.
    ///
    /// # Errors
    /// [`CharterFault`] with what is wrong.
    pub fn check(&self) -> Result<(), CharterFault> {
        self.measure.check()?;
        // Two rounds of votes and the time for enactment still have dates after it.
        let last = i64::from(HOURS_MAX).saturating_mul(3 * 3_600_000).saturating_add(self.effective_from.millis());
        if Timestamp::from_millis(last).is_err() {
            return fault("the effective date of a proposal is too near the calendar's end");
        }
        check_text("the reason of a proposal", &self.reason, REASON_BYTES_MAX)
    }

    /// Signs it.
    pub fn signed(self, key: &SecretKey) -> SignedProposal {
        let signature = key.sign(PROPOSAL_DOMAIN, &self.to_bytes());
        SignedProposal { proposal: self, signature }
    }
}

/// A proposal with its proposer's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedProposal {
    /// What is proposed.
    pub proposal: Proposal,
    /// Over it, by the proposer.
    pub signature: Signature,
}

impl SignedProposal {
    /// Whether the holder of `key` signed it.
    pub fn is_by(&self, key: PublicKey) -> bool {
        key.has_signed(PROPOSAL_DOMAIN, &self.proposal.to_bytes(), &self.signature)
    }
}

coded_enum! {
    /// What a voter says to a proposal.
    pub enum Choice {
        For = 1, "for", "In favour";
        Against = 2, "against", "Against; of a seat with a veto in the matter: the veto";
        Abstain = 3, "abstain", "Present, and neither in favour nor against";
    }
}

/// One voter's word on one proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ballot {
    /// Which bureau, and under which charter.
    pub charter: CharterId,
    /// Which proposal.
    pub proposal: ProposalHash,
    /// Code of the partner or seat that votes.
    pub voter: String,
    /// What it says.
    pub choice: Choice,
    /// From 1; a voter that changes its vote counts on.
    pub turn: u32,
}

impl Ballot {
    /// Signs it.
    pub fn signed(self, key: &SecretKey) -> SignedBallot {
        let signature = key.sign(BALLOT_DOMAIN, &self.to_bytes());
        SignedBallot { ballot: self, signature }
    }
}

/// A ballot with its voter's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBallot {
    /// What the voter says.
    pub ballot: Ballot,
    /// Over it, by the voter.
    pub signature: Signature,
}

impl SignedBallot {
    /// Whether the holder of `key` signed it.
    pub fn is_by(&self, key: PublicKey) -> bool {
        key.has_signed(BALLOT_DOMAIN, &self.ballot.to_bytes(), &self.signature)
    }
}

impl Canonical for Proposal {
    fn write(&self, out: &mut Writer<'_>) {
        out.byte(1);
        out.fixed(&self.charter.0);
        out.text(&self.proposer);
        self.measure.write(out);
        out.signed(self.effective_from.millis());
        out.text(&self.reason);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.version(1)?;
        Ok(Self {
            charter: CharterId(input.fixed()?),
            proposer: input.text()?,
            measure: Measure::read(input)?,
            effective_from: read_timestamp(input)?,
            reason: input.text()?,
        })
    }
}

impl Canonical for SignedProposal {
    fn write(&self, out: &mut Writer<'_>) {
        self.proposal.write(out);
        out.fixed(&self.signature.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { proposal: Proposal::read(input)?, signature: Signature(input.fixed()?) })
    }
}

impl Canonical for Ballot {
    fn write(&self, out: &mut Writer<'_>) {
        out.byte(1);
        out.fixed(&self.charter.0);
        out.fixed(&self.proposal.0);
        out.text(&self.voter);
        self.choice.write(out);
        out.unsigned(u64::from(self.turn));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.version(1)?;
        Ok(Self {
            charter: CharterId(input.fixed()?),
            proposal: ProposalHash(input.fixed()?),
            voter: input.text()?,
            choice: Choice::read(input)?,
            turn: input.unsigned_as()?,
        })
    }
}

impl Canonical for SignedBallot {
    fn write(&self, out: &mut Writer<'_>) {
        self.ballot.write(out);
        out.fixed(&self.signature.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { ballot: Ballot::read(input)?, signature: Signature(input.fixed()?) })
    }
}
