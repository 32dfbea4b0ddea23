//! Admitting members.

use tallystick_model::Timestamp;
use tallystick_model::event::Event;
use tallystick_model::member::{ConsentDuty, Member, MemberKind, MemberRole};
use tallystick_store::Changes;

use crate::bureau::{Bureau, OperationError, Recorded};

/// Who asks to be a member.
#[derive(Clone, Debug)]
pub struct Application {
    /// Short name for command lines.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Its business.
    pub kind: MemberKind,
    /// What it wants to do.
    pub roles: Vec<MemberRole>,
    /// What it promises about consent.
    pub duty: ConsentDuty,
}

/// Longest full name, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// Admits a member and gives it its number.
///
/// # Errors
/// [`OperationError::Invalid`] if the code is taken or no code, or there is no role.
pub fn admit(bureau: &Bureau, application: Application, now: Timestamp) -> Result<(Member, Recorded), OperationError> {
    let Application { code, name, kind, mut roles, duty } = application;
    let snapshot = bureau.snapshot();
    if !Member::is_code(&code) {
        return Err(OperationError::Invalid(format!(
            "`{}` cannot be a member's code: letters, digits, `-` and `_`, at most 32",
            code.escape_debug().take(40).collect::<String>()
        )));
    }
    if snapshot.member(&code).is_some() {
        return Err(OperationError::Invalid(format!("a member has the code `{code}` already")));
    }
    if name.trim().is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        let what = format!("a member's name has 1 to {NAME_BYTES_MAX} bytes and no control characters");
        return Err(OperationError::Invalid(what));
    }
    roles.sort_unstable();
    roles.dedup();
    if roles.is_empty() {
        return Err(OperationError::Invalid("a member furnishes, subscribes, or both".to_owned()));
    }
    let last = snapshot.members().iter().map(|member| member.number).max().unwrap_or(0);
    let number = last.checked_add(1).ok_or_else(|| OperationError::Invalid("no more members fit".to_owned()))?;
    let member = Member { number, code, name, kind, roles, duty };
    let recorded = bureau.record(Changes::none(), Event::MemberAdmitted(member.clone()), now)?;
    Ok((member, recorded))
}

/// The member of this code.
pub(crate) fn known<'a>(members: &'a [Member], code: &str) -> Result<&'a Member, OperationError> {
    let found = members.iter().find(|member| member.code == code);
    found.ok_or_else(|| OperationError::UnknownMember(code.escape_debug().take(40).collect()))
}

/// The member of this code, which must have `role`.
pub(crate) fn in_role<'a>(members: &'a [Member], code: &str, role: MemberRole) -> Result<&'a Member, OperationError> {
    let member = known(members, code)?;
    if !member.has(role) {
        return Err(OperationError::NotInRole { code: code.to_owned(), role: role.code() });
    }
    Ok(member)
}
