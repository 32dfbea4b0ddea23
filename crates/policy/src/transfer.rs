//! Decides whether one member may hand a subject's data straight to another, beside the bureau: topology.
//!
//! A bureau can't see what members do between themselves; it can be asked, and then says what its rulebook says, of what it
//! knows: whether it holds such data from the one that would give, and whether it has shown that one such data.

use tallystick_model::inquiry::Reason;
use tallystick_model::member::Member;
use tallystick_model::{DataCategory, SubjectKind};

use crate::policies::{Answer, Question};
use crate::rulebook::Rulebook;

/// What is known of a hand-over when it is decided.
#[derive(Clone, Copy, Debug)]
pub struct TransferEvidence<'a> {
    /// Who would give.
    pub from: &'a Member,
    /// Who would receive.
    pub to: &'a Member,
    /// What the subject is.
    pub subject_kind: SubjectKind,
    /// What kind of data.
    pub category: DataCategory,
    /// The bureau holds data of this category about the subject that the giver furnished.
    pub furnished: bool,
    /// The bureau has shown the giver data of this category about the subject.
    pub received: bool,
}

/// What was decided of a hand-over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferDecision {
    /// Whether it may be.
    pub permitted: bool,
    /// The rules that decided, at least one, in the rulebook's order.
    pub reasons: Vec<Reason>,
}

/// Whether the giver may hand data of this category straight to the receiver.
pub fn decide_transfer(rulebook: &Rulebook, evidence: &TransferEvidence<'_>) -> TransferDecision {
    let question = Question::Transfer {
        from: evidence.from.kind,
        to: evidence.to.kind,
        about: evidence.subject_kind,
        category: evidence.category,
        furnished: evidence.furnished,
        received: evidence.received,
    };
    match rulebook.policies.ask(question) {
        Answer::Permitted(grounds) => TransferDecision { permitted: true, reasons: grounds.reasons },
        Answer::Denied(reasons) => TransferDecision { permitted: false, reasons },
    }
}
