//! The charter: who decides about a bureau, with what weight, and by which shares.
//!
//! Partners vote with weights that add up to the whole; seats have no weight, but a veto in the matters named for them, and
//! may be asked for their consent. Weights and shares are in hundredths of a percent of the whole weight of all partners,
//! absent ones too: a share is reached by votes in favour, whoever stays away. [`Charter::check`] says what a charter
//! must be; what follows from votes is policy's to say. Start at [`Charter`], then [`measure`] and [`ballot`].

pub mod ballot;
pub mod measure;

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::member::Member;
use crate::signature::PublicKey;

pub use ballot::{Ballot, Choice, Proposal, ProposalHash, SignedBallot, SignedProposal};
pub use measure::{Artefact, Measure, MemberTerms, WindDown, WindDownWay};

/// The whole weight, in hundredths of a percent.
pub const WHOLE_BP: u16 = 10_000;

/// Longest a vote may be open, or an enactment may wait: ten years of hours.
pub const HOURS_MAX: u32 = 24 * 366 * 10;

/// Longest name of a partner, seat, staff member or receiver, and longest reason, in bytes.
pub const NAME_BYTES_MAX: usize = 256;

/// Longest reason of a proposal or a staff act, in bytes.
pub const REASON_BYTES_MAX: usize = 1024;

coded_enum! {
    /// What a decision is about. Nothing of these kinds changes without a decision of its kind.
    pub enum Matter {
        DataCategory = 1, "data_category", "Categories of data that are collected";
        Rulebook = 2, "rulebook", "Versions of the rulebook";
        Layout = 3, "layout", "Layouts that deliveries are read by";
        Scorecard = 4, "scorecard", "Scorecards in use";
        Member = 5, "member", "Furnishers and subscribers admitted";
        ExchangeProfile = 6, "exchange_profile", "Profiles of exchange with other bureaus";
        Staff = 7, "staff", "Members of staff and their roles";
        WindDown = 8, "wind_down", "The end of the bureau and what becomes of its data";
        Charter = 9, "charter", "The charter itself: partners, seats, weights and shares";
        LogKey = 10, "log_key", "The key that signs the log";
    }
}

/// One who votes with a weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// Short name, as members have one; no other partner's or seat's.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Verifies what the partner signs; nobody else's.
    pub key: PublicKey,
    /// In hundredths of a percent of the whole, above 0.
    pub weight_bp: u16,
}

/// One who votes without a weight: a supervisor, a representative of the subjects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Short name; no other seat's or partner's.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Verifies what the seat signs; nobody else's.
    pub key: PublicKey,
    /// In these matters a vote against stops the decision, whoever is for it. In the order of their numbers.
    pub vetoes: Vec<Matter>,
}

/// What a decision in one matter takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatterRule {
    /// Which matter.
    pub matter: Matter,
    /// Weight in favour that it takes, of the whole: 1 to 10,000.
    pub share_bp: u16,
    /// Weight that must take part, abstentions counted, of the whole: 0 to 10,000.
    pub quorum_bp: u16,
    /// Seats that must be in favour, by code and in order: their silence is no consent.
    pub consent_of: Vec<String>,
}

/// What happens if neither those in favour nor those against have the share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deadlock {
    /// Nothing changes.
    StatusQuo,
    /// This seat's vote decides, by code; if it has not voted, nothing changes.
    CastingSeat(String),
    /// The vote goes on for as long again, and then takes this share, in hundredths of a percent, where it is the lower one.
    /// Then nothing changes.
    SecondRound(u16),
}

/// Who decides about a bureau, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charter {
    /// At least one; their weights add up to [`WHOLE_BP`].
    pub partners: Vec<Partner>,
    /// Those without a weight.
    pub seats: Vec<Seat>,
    /// One for each matter, in the order of their numbers.
    pub rules: Vec<MatterRule>,
    /// How long votes are taken, from the proposal on: 1 to [`HOURS_MAX`].
    pub voting_hours: u32,
    /// How long after the vote's end and its effective date a passed proposal can be enacted: 1 to [`HOURS_MAX`].
    pub enact_within_hours: u32,
    /// What happens if nobody prevails.
    pub deadlock: Deadlock,
}

/// Why a charter, measure or name is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct CharterFault(pub String);

pub(crate) fn fault<T>(what: impl Into<String>) -> Result<T, CharterFault> {
    Err(CharterFault(what.into()))
}

/// A text of 1 to `bytes_max` bytes without control characters; `what` names it.
pub(crate) fn check_text(what: &str, text: &str, bytes_max: usize) -> Result<(), CharterFault> {
    if text.trim().is_empty() || text.len() > bytes_max || text.chars().any(char::is_control) {
        return fault(format!("{what} has 1 to {bytes_max} bytes and no control characters"));
    }
    Ok(())
}

pub(crate) fn check_code(what: &str, code: &str) -> Result<(), CharterFault> {
    if Member::is_code(code) {
        return Ok(());
    }
    let code: String = code.escape_debug().take(40).collect();
    fault(format!("{what} `{code}`: a code has letters, digits, `-` and `_`, at most 32"))
}

impl Charter {
    /// The partner with this code.
    pub fn partner(&self, code: &str) -> Option<&Partner> {
        self.partners.iter().find(|partner| partner.code == code)
    }

    /// The seat with this code.
    pub fn seat(&self, code: &str) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.code == code)
    }

    /// What a decision in `matter` takes; `None` only of a charter that was not checked.
    pub fn rule(&self, matter: Matter) -> Option<&MatterRule> {
        self.rules.iter().find(|rule| rule.matter == matter)
    }

    /// The key of the partner or seat with this code.
    pub fn key_of(&self, code: &str) -> Option<PublicKey> {
        self.partner(code).map(|partner| partner.key).or_else(|| self.seat(code).map(|seat| seat.key))
    }

    /// Whether the seat has something to say in `matter`: a veto, a consent, or the casting vote.
    pub fn is_heard(&self, seat: &Seat, matter: Matter) -> bool {
        let consents = self.rule(matter).is_some_and(|rule| rule.consent_of.contains(&seat.code));
        let casts = matches!(&self.deadlock, Deadlock::CastingSeat(code) if *code == seat.code);
        seat.vetoes.contains(&matter) || consents || casts
    }

    /// What names bureau and charter in everything that is signed under it: SHA-256 over a domain, the bureau's name and key,
    /// and the charter.
    pub fn id(&self, bureau: &str, verifier_key: &str) -> CharterId {
        let mut bytes = b"tallystick charter 1\n".to_vec();
        let mut out = Writer::new(&mut bytes);
        out.text(bureau);
        out.text(verifier_key);
        self.write(&mut out);
        CharterId(Sha256::digest(&bytes).into())
    }

    /// Checks that it can govern: every rule of the fields above, and that no two share a code or a key.
    ///
    /// # Errors
    /// [`CharterFault`] with what is wrong.
    pub fn check(&self) -> Result<(), CharterFault> {
        self.check_voters()?;
        let matters: Vec<Matter> = self.rules.iter().map(|rule| rule.matter).collect();
        if matters != Matter::ALL {
            let missing = Matter::ALL.iter().find(|matter| !matters.contains(matter));
            return match missing {
                Some(matter) => fault(format!("the charter has no rule for `{matter}`")),
                None => fault("the charter has one rule for each matter, in their order"),
            };
        }
        for rule in &self.rules {
            if !(1..=WHOLE_BP).contains(&rule.share_bp) {
                return fault(format!("rule `{}`: the share is above 0 and at most 100 percent", rule.matter));
            }
            if rule.quorum_bp > WHOLE_BP {
                return fault(format!("rule `{}`: the quorum is at most 100 percent", rule.matter));
            }
            if let Some(code) = rule.consent_of.iter().find(|code| self.seat(code).is_none()) {
                return fault(format!("rule `{}`: `{code}` is no seat", rule.matter));
            }
            check_ascending(&format!("rule `{}`: the seats asked for consent", rule.matter), &rule.consent_of)?;
        }
        for (what, hours) in [("voting", self.voting_hours), ("enactment", self.enact_within_hours)] {
            if !(1..=HOURS_MAX).contains(&hours) {
                return fault(format!("{what} takes 1 to {HOURS_MAX} hours"));
            }
        }
        match &self.deadlock {
            Deadlock::CastingSeat(code) if self.seat(code).is_none() => {
                fault(format!("deadlock: the casting seat `{code}` is no seat"))
            }
            Deadlock::SecondRound(share) if !(1..=WHOLE_BP).contains(share) => {
                fault("deadlock: the second round's share is above 0 and at most 100 percent")
            }
            _ => Ok(()),
        }
    }

    fn check_voters(&self) -> Result<(), CharterFault> {
        let (mut codes, mut keys) = (BTreeSet::new(), BTreeSet::new());
        let partners = self.partners.iter().map(|partner| (&partner.code, &partner.name, partner.key));
        for (code, name, key) in partners.chain(self.seats.iter().map(|seat| (&seat.code, &seat.name, seat.key))) {
            check_code("the charter's", code)?;
            check_text(&format!("the name of `{code}`"), name, NAME_BYTES_MAX)?;
            if !key.is_usable() {
                return fault(format!("the key of `{code}` is no Ed25519 key"));
            }
            if !codes.insert(code) {
                return fault(format!("the code `{code}` is there twice"));
            }
            if !keys.insert(key) {
                return fault(format!("the key of `{code}` is another's too: each signs with a key of its own"));
            }
        }
        for seat in &self.seats {
            check_ascending(&format!("the vetoes of `{}`", seat.code), &seat.vetoes)?;
        }
        if let Some(partner) = self.partners.iter().find(|partner| partner.weight_bp == 0) {
            return fault(format!("partner `{}` has no weight: one without is a seat", partner.code));
        }
        let sum: u32 = self.partners.iter().map(|partner| u32::from(partner.weight_bp)).sum();
        if sum != u32::from(WHOLE_BP) {
            let (whole, part) = (sum / 100, sum % 100);
            return fault(format!("the partners' weights add up to {whole}.{part:02} percent, expected 100"));
        }
        Ok(())
    }
}

/// Lists that mean sets have one order, so that equal charters have equal bytes.
fn check_ascending<T: Ord>(what: &str, values: &[T]) -> Result<(), CharterFault> {
    if values.is_sorted_by(|one, next| one < next) {
        return Ok(());
    }
    fault(format!("{what} are in ascending order, each once"))
}

/// Names a bureau and the charter in force there; see [`Charter::id`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CharterId(pub [u8; 32]);

impl std::fmt::Display for CharterId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl std::fmt::Debug for CharterId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, out)
    }
}

/// The charter a bureau is founded with, and what is decided with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundingCharter {
    /// Who decides from then on.
    pub charter: Charter,
    /// What holds from the beginning: categories collected, layouts accepted, staff enrolled. No amendment and no end.
    pub measures: Vec<Measure>,
}

const VERSION: u8 = 1;

impl Canonical for Deadlock {
    fn write(&self, out: &mut Writer<'_>) {
        match self {
            Self::StatusQuo => out.byte(0),
            Self::CastingSeat(code) => {
                out.byte(1);
                out.text(code);
            }
            Self::SecondRound(share) => {
                out.byte(2);
                out.unsigned(u64::from(*share));
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.byte()? {
            0 => Ok(Self::StatusQuo),
            1 => Ok(Self::CastingSeat(input.text()?)),
            2 => Ok(Self::SecondRound(input.unsigned_as()?)),
            _ => Err(DecodeError::Value("deadlock")),
        }
    }
}

impl Canonical for Charter {
    fn write(&self, out: &mut Writer<'_>) {
        out.byte(VERSION);
        out.list(&self.partners, |out, partner| {
            out.text(&partner.code);
            out.text(&partner.name);
            out.fixed(&partner.key.0);
            out.unsigned(u64::from(partner.weight_bp));
        });
        out.list(&self.seats, |out, seat| {
            out.text(&seat.code);
            out.text(&seat.name);
            out.fixed(&seat.key.0);
            out.list(&seat.vetoes, |out, matter| matter.write(out));
        });
        out.list(&self.rules, |out, rule| {
            rule.matter.write(out);
            out.unsigned(u64::from(rule.share_bp));
            out.unsigned(u64::from(rule.quorum_bp));
            out.list(&rule.consent_of, |out, code| out.text(code));
        });
        out.unsigned(u64::from(self.voting_hours));
        out.unsigned(u64::from(self.enact_within_hours));
        self.deadlock.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.version(VERSION)?;
        Ok(Self {
            partners: input.list(|input| {
                Ok(Partner {
                    code: input.text()?,
                    name: input.text()?,
                    key: PublicKey(input.fixed()?),
                    weight_bp: input.unsigned_as()?,
                })
            })?,
            seats: input.list(|input| {
                Ok(Seat {
                    code: input.text()?,
                    name: input.text()?,
                    key: PublicKey(input.fixed()?),
                    vetoes: input.list(Matter::read)?,
                })
            })?,
            rules: input.list(|input| {
                Ok(MatterRule {
                    matter: Matter::read(input)?,
                    share_bp: input.unsigned_as()?,
                    quorum_bp: input.unsigned_as()?,
                    consent_of: input.list(Reader::text)?,
                })
            })?,
            voting_hours: input.unsigned_as()?,
            enact_within_hours: input.unsigned_as()?,
            deadlock: Deadlock::read(input)?,
        })
    }
}

impl Canonical for FoundingCharter {
    fn write(&self, out: &mut Writer<'_>) {
        self.charter.write(out);
        out.list(&self.measures, |out, measure| measure.write(out));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { charter: Charter::read(input)?, measures: input.list(Measure::read)? })
    }
}

#[cfg(test)]
mod tests;
