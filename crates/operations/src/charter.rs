//! Charter: partners and seats propose and vote with signatures of their own, and what has passed is enacted.
//!
//! The bureau only records: what was signed elsewhere comes in whole, and is refused if it is not the signer's, not for this
//! bureau and charter, late or stale. What holds is derived from the log ([`Government`]) when the bureau is opened;
//! nothing else keeps it.

use tallystick_intake::Layout;
use tallystick_model::charter::{Matter, ProposalHash, SignedBallot, SignedProposal};
use tallystick_model::event::Event;
use tallystick_model::inquiry::Reason;
use tallystick_model::{CategorySet, Timestamp};
use tallystick_policy::charter::{Government, Motion, Verdict};
use tallystick_store::{Changes, RecordedEvent, Snapshot, StoreError};

use crate::bureau::{Bureau, OperationError, Recorded};

/// A proposal with how it stands.
#[derive(Clone, Debug)]
pub struct Stood {
    /// What was proposed, and the votes.
    pub motion: Motion,
    /// How it stands.
    pub verdict: Verdict,
}

/// Records a proposal: from now on votes on it are taken.
///
/// # Errors
/// [`OperationError::NotCovered`] if it is not a proposer's of this bureau, or was made before; [`OperationError::Invalid`] if the
/// bureau has no charter.
pub fn propose(
    bureau: &Bureau,
    signed: SignedProposal,
    now: Timestamp,
) -> Result<(ProposalHash, Recorded), OperationError> {
    governed(bureau)?;
    let hash = signed.proposal.hash();
    let recorded = bureau.record(Changes::none(), Event::DecisionProposed(Box::new(signed)), now)?;
    Ok((hash, recorded))
}

/// Records a vote; of one voter the last one counts.
///
/// # Errors
/// [`OperationError::NotCovered`] if it is not the voter's, votes are taken no longer, or a later one is recorded.
pub fn vote(bureau: &Bureau, signed: SignedBallot, now: Timestamp) -> Result<(Stood, Recorded), OperationError> {
    governed(bureau)?;
    let proposal = signed.ballot.proposal;
    let recorded = bureau.record(Changes::none(), Event::BallotCast(signed), now)?;
    Ok((stood(bureau, proposal, now)?, recorded))
}

/// Enacts what has passed: from now on it holds.
///
/// # Errors
/// [`OperationError::NotCovered`] if it has not passed, its date has not come, or it came too late.
pub fn enact(bureau: &Bureau, proposal: ProposalHash, now: Timestamp) -> Result<(Stood, Recorded), OperationError> {
    governed(bureau)?;
    let recorded = bureau.record(Changes::none(), Event::DecisionEnacted(proposal), now)?;
    Ok((stood(bureau, proposal, now)?, recorded))
}

/// Every proposal with how it stands at `now`, in the order of the log. None of a bureau without a charter.
pub fn list(bureau: &Bureau, now: Timestamp) -> Vec<Stood> {
    let government = bureau.government();
    let Some(government) = government.as_ref() else { return Vec::new() };
    let stood = |motion: &Motion| Stood { motion: motion.clone(), verdict: government.verdict(motion, now) };
    government.motions().iter().map(stood).collect()
}

/// The one proposal whose name begins with `text`, hex digits.
///
/// # Errors
/// [`OperationError::Invalid`] if there is none, or more than one.
pub fn find(bureau: &Bureau, text: &str, now: Timestamp) -> Result<Stood, OperationError> {
    let mut found = list(bureau, now);
    found.retain(|stood| stood.motion.hash.to_string().starts_with(text));
    match found.pop() {
        Some(stood) if found.is_empty() && text.len() >= 8 => Ok(stood),
        _ => {
            let text: String = text.escape_debug().take(64).collect();
            Err(OperationError::Invalid(format!(
                "no one proposal's name begins with `{text}`: give 8 hex digits or more"
            )))
        }
    }
}

fn stood(bureau: &Bureau, proposal: ProposalHash, now: Timestamp) -> Result<Stood, OperationError> {
    find(bureau, &proposal.to_string(), now)
}

fn governed(bureau: &Bureau) -> Result<(), OperationError> {
    if bureau.government().is_some() {
        return Ok(());
    }
    let what = "this bureau was founded without a charter: its operator governs it alone, and nothing is voted on";
    Err(OperationError::Invalid(what.to_owned()))
}

/// Whether deliveries may be read by `layout`: under a charter only by accepted ones.
pub(crate) fn accepts_layout(bureau: &Bureau, layout: &Layout) -> Result<(), Reason> {
    match bureau.government().as_ref() {
        Some(government) => government.accepts(Matter::Layout, &layout.name(), &layout.text_hash()),
        None => Ok(()),
    }
}

/// The categories that are collected; `None` where no charter limits them.
pub(crate) fn collected(bureau: &Bureau) -> Option<CategorySet> {
    bureau.government().as_ref().map(Government::collected)
}

/// What holds under the charter, step by step through a bureau's own events. What is not covered counts for nothing: `verify`
/// names it.
pub(crate) struct Derivation<'a> {
    events: std::iter::Peekable<std::slice::Iter<'a, RecordedEvent>>,
    government: Government,
}

impl<'a> Derivation<'a> {
    /// From the founding on; `None` of a bureau without a charter.
    pub(crate) fn of(events: &'a [RecordedEvent]) -> Option<Self> {
        let mut events = events.iter();
        let government = events.find_map(|recorded| match &recorded.event {
            Event::BureauFounded(founding) => Some(Government::founded(founding, recorded.entry.at).ok().flatten()),
            _ => None,
        })??;
        Some(Self { events: events.peekable(), government })
    }

    /// What held when the entry at `index` came.
    pub(crate) fn before(&mut self, index: u64) -> &mut Government {
        while let Some(recorded) = self.events.next_if(|recorded| recorded.index < index) {
            if self.government.check(&recorded.event, recorded.entry.at).is_ok() {
                self.government.apply(&recorded.event, recorded.entry.at);
            }
        }
        &mut self.government
    }
}

/// What holds now under the charter of these events of a bureau. Every entry's time counts, whomever it is about: a decision
/// is not put behind what was recorded later.
pub(crate) fn derive(snapshot: &Snapshot<'_>, events: &[RecordedEvent]) -> Result<Option<Government>, StoreError> {
    let Some(mut derived) = Derivation::of(events) else { return Ok(None) };
    for index in 0..snapshot.log_size() {
        let at = snapshot.entry(index)?.at;
        derived.before(index + 1).pass(at);
    }
    Ok(Some(derived.government))
}
