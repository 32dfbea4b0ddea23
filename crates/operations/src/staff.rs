//! Staff: who works with the bureau signs for everything recorded, and the register says who did what, when and why (cn-12).

use tallystick_model::event::{Event, EventKind};
use tallystick_model::signature::SecretKey;
use tallystick_model::staff::{StaffAct, StaffRole, content_of};
use tallystick_model::{SubjectId, Timestamp};
use tallystick_policy::charter::{Government, Refusal};

use crate::bureau::{Bureau, OperationError};
use crate::charter::Derivation;

/// A member of staff at work.
#[derive(Clone, Debug)]
pub struct Acting {
    /// Signs the acts.
    pub key: SecretKey,
    /// Why: the purpose in the register.
    pub reason: String,
}

/// One line of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Place of the act in the log.
    pub index: u64,
    /// When.
    pub at: Timestamp,
    /// Code of the member of staff.
    pub staff: String,
    /// Full name and role, as enrolled at that place in the log; `None` of one who was not.
    pub who: Option<(String, StaffRole)>,
    /// What was done.
    pub kind: EventKind,
    /// Whom it concerned; `None` where it was no subject.
    pub subject: Option<SubjectId>,
    /// Why.
    pub reason: String,
}

/// The act that goes before `event` at this `place` in the log, signed by whoever is at work.
pub(crate) fn sign(
    bureau: &Bureau,
    government: &Government,
    event: &Event,
    place: u64,
    now: Timestamp,
) -> Result<Event, OperationError> {
    let Some(acting) = &bureau.acting else {
        let what = "staff is enrolled here, and signs for what it does: `--as KEY_FILE --why REASON`";
        return Err(OperationError::Invalid(what.to_owned()));
    };
    let key = acting.key.public();
    let Some(staff) = government.staff_of(key) else {
        return Err(OperationError::Invalid(format!("the key {key} is no enrolled member of staff's")));
    };
    let act = StaffAct {
        charter: government.id(),
        staff: staff.code.clone(),
        kind: event.kind(),
        subject: event.subject(),
        content: content_of(event),
        reason: acting.reason.trim().to_owned(),
        at: now,
        place,
    };
    let act = Event::StaffActed(Box::new(act.signed(&acting.key)));
    government.check(&act, now)?;
    Ok(act)
}

/// The register: every act, in the order of the log; of one member of staff, if `code` is given.
///
/// # Errors
/// [`OperationError`] if something stored cannot be read, or nobody of this code was ever enrolled or at work.
pub fn register(bureau: &Bureau, code: Option<&str>) -> Result<Vec<Registered>, OperationError> {
    let snapshot = bureau.snapshot();
    let mut acts = Vec::new();
    snapshot.each_event(|_, index, event| {
        if let Event::StaffActed(signed) = event {
            acts.push((index, signed.act));
        }
    })?;
    let ever = bureau
        .government()
        .as_ref()
        .is_some_and(|government| code.is_none_or(|code| government.enrolled().any(|staff| staff.code == code)));
    if let Some(code) = code
        && !ever
        && !acts.iter().any(|(_, act)| act.staff == code)
    {
        return Err(Refusal::NoStaff(code.escape_debug().take(40).collect()).into());
    }
    acts.retain(|(_, act)| code.is_none_or(|code| act.staff == code));
    acts.sort_by_key(|(index, _)| *index);
    let own = snapshot.events(SubjectId::BUREAU)?;
    let mut derived = Derivation::of(&own);
    let mut lines = Vec::with_capacity(acts.len());
    for (index, act) in acts {
        let government = derived.as_mut().map(|derived| derived.before(index));
        let enrolled = government.and_then(|government| government.staff().find(|staff| staff.code == act.staff));
        lines.push(Registered {
            index,
            at: act.at,
            who: enrolled.map(|staff| (staff.name.clone(), staff.role)),
            staff: act.staff,
            kind: act.kind,
            subject: (act.subject != SubjectId::BUREAU).then_some(act.subject),
            reason: act.reason,
        });
    }
    Ok(lines)
}
