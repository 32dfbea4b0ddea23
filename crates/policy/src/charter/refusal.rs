//! Why something is not covered by the charter.

use tallystick_model::Timestamp;
use tallystick_model::charter::{CharterFault, CharterId, Matter, ProposalHash};
use tallystick_model::signature::PublicKey;
use thiserror::Error;

use super::Ground;

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
    /// A turn of the log's key without a decision, or to another key.
    #[error("no enacted decision lets the key {0} sign the log (charter, matter `log_key`)")]
    LogKeyNotDecided(PublicKey),
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
