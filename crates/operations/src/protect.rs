//! Protect: the subject's statement, alerts, opting out of offers, and one-time codes. A freeze is [`freeze`](crate::freeze)'s.

use tallystick_model::event::Event;
use tallystick_model::member::MemberRole;
use tallystick_model::rights::{
    AccessCode, Alert, AlertKind, CODE_BYTES, OptOut, Right, STATEMENT_BYTES_MAX, Statement, code_hash,
};
use tallystick_model::{Identifier, Sensitive, Timestamp};
use tallystick_policy::{Term, alert_until};
use tallystick_store::Changes;

use crate::bureau::{Bureau, OperationError, Recorded};
use crate::member::in_role;

/// The longest a code can wait to be used.
const CODE_DAYS_MAX: u16 = 30;

fn invalid<T>(what: &str) -> Result<T, OperationError> {
    Err(OperationError::Invalid(what.to_owned()))
}

pub(crate) fn record(bureau: &Bureau, right: Right, now: Timestamp) -> Result<Recorded, OperationError> {
    bureau.record(Changes::none(), Event::Right(Box::new(right)), now)
}

/// Puts the subject's statement beside the file, in place of an earlier one. Every report shows it.
///
/// # Errors
/// [`OperationError::Invalid`] if it is empty, too long, or has control characters.
pub fn say(
    bureau: &Bureau,
    identifier: &Identifier,
    text: &Sensitive<String>,
    now: Timestamp,
) -> Result<Recorded, OperationError> {
    let said = text.expose().trim();
    if said.is_empty() || said.len() > STATEMENT_BYTES_MAX || said.chars().any(char::is_control) {
        return invalid("a statement has 1 to 1024 bytes and no control characters");
    }
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    let text = Sensitive::new(said.to_owned());
    record(bureau, Right::StatementPlaced(Statement { subject: found.subject, text }), now)
}

/// Takes the statement back.
///
/// # Errors
/// [`OperationError::Invalid`] if there is none.
pub fn unsay(bureau: &Bureau, identifier: &Identifier, now: Timestamp) -> Result<Recorded, OperationError> {
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    if found.protection().statement.is_none() {
        return invalid("there is no statement");
    }
    record(bureau, Right::StatementRemoved(found.subject), now)
}

/// Places an alert, in place of an earlier one, for the term the rulebook has.
///
/// # Errors
/// [`OperationError::Invalid`] if the rulebook knows no alerts, or an extended one comes without the report that it takes.
pub fn alert(
    bureau: &Bureau,
    identifier: &Identifier,
    kind: AlertKind,
    evidence: [u8; 32],
    now: Timestamp,
) -> Result<(Alert, Recorded), OperationError> {
    let Some((until, rule)) = alert_until(&bureau.rulebook, kind, now) else {
        return invalid(&format!("rulebook {} knows no fraud alert", bureau.rulebook.label()));
    };
    if kind == AlertKind::Extended && evidence == [0; 32] {
        return invalid("an extended alert takes the report to the police: give it as evidence");
    }
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    let alert = Alert { subject: found.subject, kind, until, evidence, rule: rule.to_owned() };
    let recorded = record(bureau, Right::AlertPlaced(alert.clone()), now)?;
    Ok((alert, recorded))
}

/// Takes the alert back.
///
/// # Errors
/// [`OperationError::Invalid`] if none lasts.
pub fn unalert(bureau: &Bureau, identifier: &Identifier, now: Timestamp) -> Result<Recorded, OperationError> {
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    if found.protection().alert(now).is_none() {
        return invalid("no alert lasts");
    }
    record(bureau, Right::AlertRemoved(found.subject), now)
}

/// Leaves the file out of prescreening for the term the rulebook has, or for good where the signed form is shown.
///
/// # Errors
/// [`OperationError::Invalid`] if the rulebook knows no offers to opt out of.
pub fn opt_out(
    bureau: &Bureau,
    identifier: &Identifier,
    form: Option<[u8; 32]>,
    now: Timestamp,
) -> Result<(OptOut, Recorded), OperationError> {
    let Some(number) = bureau.rulebook.opt_out() else {
        return invalid(&format!("rulebook {} knows no offers to opt out of", bureau.rulebook.label()));
    };
    let until = match form {
        Some(_) => None,
        None => {
            Some(number.term.after(now).ok_or_else(|| OperationError::Invalid("the time is out of range".to_owned()))?)
        }
    };
    let subject = bureau.find(&bureau.snapshot(), identifier)?.subject;
    let opt_out = OptOut { subject, until, evidence: form.unwrap_or([0; 32]), rule: number.rule.clone() };
    let recorded = record(bureau, Right::OptedOut(opt_out.clone()), now)?;
    Ok((opt_out, recorded))
}

/// Takes the opting out back.
///
/// # Errors
/// [`OperationError::Invalid`] if none lasts.
pub fn opt_in(bureau: &Bureau, identifier: &Identifier, now: Timestamp) -> Result<Recorded, OperationError> {
    let found = bureau.find(&bureau.snapshot(), identifier)?;
    if found.protection().opt_out(now).is_none() {
        return invalid("the subject has not opted out");
    }
    record(bureau, Right::OptedIn(found.subject), now)
}

/// A one-time code as the subject gets it. The bureau keeps its hash and can't show it again.
#[derive(Debug)]
pub struct Issued {
    /// The code, to be given to the subscriber.
    pub code: Sensitive<[u8; CODE_BYTES]>,
    /// Until when it can be used.
    pub until: Timestamp,
    /// Its entry and proof.
    pub recorded: Recorded,
}

/// Issues a code that opens a frozen file to one subscriber for one inquiry. What else the inquiry needs, it needs still.
///
/// # Errors
/// [`OperationError::Invalid`] if the rulebook knows no freeze, or the time is none of the next thirty days.
pub fn issue_code(
    bureau: &Bureau,
    identifier: &Identifier,
    subscriber: &str,
    until: Timestamp,
    now: Timestamp,
) -> Result<Issued, OperationError> {
    if !bureau.rulebook.heeds_freeze() {
        return invalid(&format!("rulebook {} knows no freeze that a code could open", bureau.rulebook.label()));
    }
    if until <= now || Term::Days(CODE_DAYS_MAX).after(now).is_none_or(|last| until > last) {
        return invalid("a code can be used until a time within the next 30 days");
    }
    let snapshot = bureau.snapshot();
    let subscriber = in_role(snapshot.members(), subscriber, MemberRole::Subscriber)?.number;
    let subject = bureau.find(&snapshot, identifier)?.subject;
    let code = bureau.random::<CODE_BYTES>();
    let issued = AccessCode { subject, subscriber, hash: code_hash(subject, &code), until };
    let recorded = record(bureau, Right::CodeIssued(issued), now)?;
    Ok(Issued { code: Sensitive::new(code), until, recorded })
}
