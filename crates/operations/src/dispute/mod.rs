//! Dispute: the subject says what is wrong, the furnisher answers, and what nobody answers in time follows from the rulebook.
//!
//! A dispute about a statement marks it in every report from its filing on. [`queue`] is what furnishers have to answer, [`extend`] gives
//! more time where a rule does, [`run_due`] does what the rulebook says of what nobody has answered. Disputes about statements of several
//! furnishers are one case, which the bureau answers ([`close`]).

mod answer;
mod extend;
mod joint;
mod queue;

use std::fmt;

use tallystick_model::consent_terms::Acting;
use tallystick_model::event::Event;
use tallystick_model::fact::{Fact, FactBody, FactKind, Slot};
use tallystick_model::identity::IdentityPart;
use tallystick_model::rights::{CaseAnswer, CaseId, Dispute, DisputeFiling, DisputeState, DisputeTurn, Right};
use tallystick_model::{CreditFile, Identifier, Sensitive, SubjectId, Timestamp};
use tallystick_policy::Deed;
use tallystick_store::{Changes, Snapshot};

pub use self::answer::{Answered, Answering, Lapsed, answer, run_due};
pub use self::extend::{More, extend};
pub use self::joint::{Waiting, close, waiting};
pub use self::queue::{Queued, queue};
use crate::bureau::{Bureau, Found, OperationError, Recorded};
use crate::consent::may_act;
use crate::protect::record;

/// Names a dispute: whose file, and the place in the log of its filing. Shown as `PSEUDONYM/ENTRY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DisputeName {
    /// Whose file.
    pub subject: SubjectId,
    /// Place in the log of its filing.
    pub entry: u64,
}

impl DisputeName {
    /// Reads `PSEUDONYM/ENTRY`.
    pub fn parse(text: &str) -> Option<Self> {
        let (subject, entry) = text.split_once('/')?;
        Some(Self { subject: SubjectId::parse(subject)?, entry: entry.parse().ok()? })
    }
}

impl fmt::Display for DisputeName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.subject, self.entry)
    }
}

/// What a subject disputes.
#[derive(Clone, Debug)]
pub struct Disputing {
    /// Whose file.
    pub identifier: Identifier,
    /// Which statements, as the own report shows them; of who the subject is, what of it.
    pub statements: Vec<(Slot, Option<IdentityPart>)>,
    /// What is wrong, in the subject's words.
    pub grounds: Sensitive<String>,
    /// SHA-256 of what is shown for it; zeros if nothing is.
    pub evidence: [u8; 32],
    /// Who acts for the subject.
    pub acting: Acting,
}

/// Longest grounds or answer, in bytes.
const WORDS_BYTES_MAX: usize = 1024;
/// Most statements in one dispute.
const STATEMENTS_MAX: usize = 64;

pub(crate) fn invalid<T>(what: &str) -> Result<T, OperationError> {
    Err(OperationError::Invalid(what.to_owned()))
}

pub(crate) fn words(text: &str) -> Result<&str, OperationError> {
    let text = text.trim();
    if text.is_empty() || text.len() > WORDS_BYTES_MAX || text.chars().any(char::is_control) {
        return invalid("a dispute and its answer have words of 1 to 1024 bytes and no control characters");
    }
    Ok(text)
}

/// Files a dispute about statements that hold, each an entry, all in one commit. From now on every report marks them. Where they
/// are of several furnishers, they are one case if the rulebook has a rule for that.
///
/// # Errors
/// [`OperationError::Invalid`] if the rulebook has no rule on such disputes, no such statement holds, or it is disputed already;
/// [`OperationError::Denied`] if who acts may not.
pub fn open(
    bureau: &Bureau,
    disputing: &Disputing,
    now: Timestamp,
) -> Result<Vec<(DisputeFiling, Recorded)>, OperationError> {
    let Some(number) = bureau.rulebook.dispute() else {
        return invalid(&format!("rulebook {} has no rule on disputes", bureau.rulebook.label()));
    };
    let grounds = words(disputing.grounds.expose())?;
    let mut statements = disputing.statements.clone();
    statements.sort_unstable();
    statements.dedup();
    if statements.is_empty() || statements.len() > STATEMENTS_MAX {
        return invalid("a dispute is about 1 to 64 statements");
    }
    let of_several = statements.windows(2).any(|pair| match pair {
        [(one, _), (other, _)] => one.account.furnisher() != other.account.furnisher(),
        _ => false,
    });
    if of_several && number.joint.is_none() {
        let label = bureau.rulebook.label();
        return invalid(&format!(
            "rulebook {label} has no rule on one dispute with several furnishers: file one for each"
        ));
    }
    let snapshot = bureau.snapshot();
    let found = bureau.find(&snapshot, &disputing.identifier)?;
    may_act(bureau, &found, disputing.acting, Deed::Own, now)?;
    let file = found.file(&snapshot)?;
    let known = found.disputes();
    let Some(answer_by) = number.answer.after(now) else { return invalid("the time of the answer is out of range") };
    let case = of_several.then(|| CaseId(bureau.random()));
    let mut filings = Vec::new();
    for (slot, part) in statements {
        let fact = disputable(&snapshot, &file, (slot, part))?;
        let about = |dispute: &Dispute| {
            let filing = &dispute.filing;
            let same = filing.part == part || filing.part.is_none() || part.is_none();
            filing.slot == slot && same && dispute.state == DisputeState::Open
        };
        if known.iter().any(about) {
            return invalid("this statement is disputed already");
        }
        filings.push(DisputeFiling {
            subject: found.subject,
            slot,
            part,
            case,
            acting: disputing.acting,
            delivery: fact.key.delivery,
            grounds: Sensitive::new(grounds.to_owned()),
            evidence: disputing.evidence,
            furnisher_by: number.furnisher.and_then(|term| term.after(now)).unwrap_or(answer_by),
            answer_by,
            rule: number.rule.clone(),
        });
    }
    let event = |filing: &DisputeFiling| Event::Right(Box::new(Right::DisputeOpened(filing.clone())));
    let events = filings.iter().map(|filing| (Changes::none(), event(filing))).collect();
    let recorded = bureau.record_all(events, now)?;
    Ok(filings.into_iter().zip(recorded).collect())
}

/// The statement that holds there. A sealed segment of the registry's furnishing is mended by a new delivery: nothing here could write
/// it anew.
fn disputable<'f>(
    snapshot: &Snapshot<'_>,
    file: &'f CreditFile,
    (slot, part): (Slot, Option<IdentityPart>),
) -> Result<&'f Fact, OperationError> {
    let is_disputable = |fact: &&Fact| !matches!(fact.body, FactBody::SealedSegment(..) | FactBody::Holder(_));
    let Some(fact) = file.holding(slot).filter(is_disputable) else {
        return invalid("the file holds no statement of this kind about this account and month");
    };
    if let Some(part) = part {
        if slot.kind != FactKind::Identity {
            return invalid("only who the subject is has parts");
        }
        if !snapshot.identity(fact)?.is_some_and(|identity| identity.says(part)) {
            return invalid(&format!("this statement says nothing of this part: {part}"));
        }
    }
    Ok(fact)
}

/// A subject's disputes with what became of them, and the answers to those that were answered together.
///
/// # Errors
/// [`OperationError`] if something cannot be read.
pub fn list(
    bureau: &Bureau,
    identifier: &Identifier,
) -> Result<(SubjectId, Vec<Dispute>, Vec<CaseAnswer>), OperationError> {
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    Ok((found.subject, found.disputes(), cases(&found)))
}

/// The one answers of a subject's cases.
pub(crate) fn cases(found: &Found) -> Vec<CaseAnswer> {
    let answered = found.events.iter().filter_map(|recorded| match &recorded.event {
        Event::Right(right) => match &**right {
            Right::CaseAnswered(answer) => Some(answer.clone()),
            _ => None,
        },
        _ => None,
    });
    answered.collect()
}

/// Takes a dispute back.
///
/// # Errors
/// [`OperationError::Invalid`] if the subject has no such dispute, or it is answered; [`OperationError::Denied`] if who acts may not.
pub fn withdraw(
    bureau: &Bureau,
    identifier: &Identifier,
    entry: u64,
    acting: Acting,
    now: Timestamp,
) -> Result<Recorded, OperationError> {
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    may_act(bureau, &found, acting, Deed::Own, now)?;
    let dispute = answerable(&found, entry)?;
    let turn = DisputeTurn { subject: found.subject, dispute: dispute.entry };
    record(bureau, Right::DisputeWithdrawn(turn), now)
}

fn answerable(found: &Found, entry: u64) -> Result<Dispute, OperationError> {
    let dispute = found.disputes().into_iter().find(|dispute| dispute.entry == entry);
    let Some(dispute) = dispute else { return invalid(&format!("no dispute of this file was filed by entry {entry}")) };
    if dispute.is_answerable() { Ok(dispute) } else { invalid(&format!("dispute {entry} has ended")) }
}
