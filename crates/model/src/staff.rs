//! Staff: who works at the bureau, and the acts they sign for.
//!
//! cn-12 (Art 22) asks for a register of staff access: name, time, content and purpose of each. An act names all four and
//! is signed before what it announces is recorded, at the place right behind it in the log.

use sha2::{Digest, Sha256};

use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::charter::{CharterFault, CharterId, NAME_BYTES_MAX, REASON_BYTES_MAX, check_code, check_text, fault};
use crate::consent::read_timestamp;
use crate::event::{Event, EventKind};
use crate::signature::{PublicKey, SecretKey, Signature};
use crate::{SubjectId, Timestamp};

const ACT_DOMAIN: &str = "tallystick staff act 1\n";

coded_enum! {
    /// What a member of staff may do; policy says which acts that is.
    pub enum StaffRole {
        Operator = 1, "operator", "Runs the bureau: members, deliveries, and everything the other roles do";
        InquiryClerk = 2, "inquiry_clerk", "Serves subscribers' inquiries, and subjects who want their own report";
        DisputesClerk = 3, "disputes_clerk", "Serves subjects: own reports, consents, corrections, disputes, freezes";
        Auditor = 4, "auditor", "Checks and reads the register; records nothing";
    }
}

/// One who works at the bureau.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffMember {
    /// Short name.
    pub code: String,
    /// Full name: the register's.
    pub name: String,
    /// What it may do.
    pub role: StaffRole,
    /// Verifies what it signs.
    pub key: PublicKey,
}

impl StaffMember {
    /// Checks that it means something by itself.
    ///
    /// # Errors
    /// [`CharterFault`] with what is wrong.
    pub fn check(&self) -> Result<(), CharterFault> {
        check_code("the member of staff", &self.code)?;
        check_text("a member of staff's name", &self.name, NAME_BYTES_MAX)?;
        if self.key.is_usable() { Ok(()) } else { fault(format!("the key of `{}` is no Ed25519 key", self.code)) }
    }
}

/// What a member of staff did, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffAct {
    /// Which bureau, and under which charter.
    pub charter: CharterId,
    /// Code of the member of staff.
    pub staff: String,
    /// What kind of thing is done.
    pub kind: EventKind,
    /// Whom it concerns, or [`SubjectId::BUREAU`].
    pub subject: SubjectId,
    /// See [`content_of`]: exactly this is done.
    pub content: [u8; 32],
    /// Why: the purpose that the register holds.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// Place of the act in the log; what it announces is at the next.
    pub place: u64,
}

/// What an act signs for: SHA-256 over a domain and the event's bytes.
pub fn content_of(event: &Event) -> [u8; 32] {
    Sha256::new_with_prefix(b"tallystick act content 1\n").chain_update(event.to_bytes()).finalize().into()
}

impl StaffAct {
    /// Checks that the reason is one.
    ///
    /// # Errors
    /// [`CharterFault`] with what is wrong.
    pub fn check(&self) -> Result<(), CharterFault> {
        check_text("the reason of a staff act", &self.reason, REASON_BYTES_MAX)
    }

    /// Signs it.
    pub fn signed(self, key: &SecretKey) -> SignedAct {
        let signature = key.sign(ACT_DOMAIN, &self.to_bytes());
        SignedAct { act: self, signature }
    }
}

/// An act with the signature of who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAct {
    /// What was done.
    pub act: StaffAct,
    /// Over it.
    pub signature: Signature,
}

impl SignedAct {
    /// Whether the holder of `key` signed it.
    pub fn is_by(&self, key: PublicKey) -> bool {
        key.has_signed(ACT_DOMAIN, &self.act.to_bytes(), &self.signature)
    }
}

impl Canonical for StaffMember {
    fn write(&self, out: &mut Writer<'_>) {
        out.text(&self.code);
        out.text(&self.name);
        self.role.write(out);
        out.fixed(&self.key.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            code: input.text()?,
            name: input.text()?,
            role: StaffRole::read(input)?,
            key: PublicKey(input.fixed()?),
        })
    }
}

impl Canonical for StaffAct {
    fn write(&self, out: &mut Writer<'_>) {
        out.byte(1);
        out.fixed(&self.charter.0);
        out.text(&self.staff);
        self.kind.write(out);
        out.fixed(&self.subject.0);
        out.fixed(&self.content);
        out.text(&self.reason);
        out.signed(self.at.millis());
        out.unsigned(self.place);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.version(1)?;
        Ok(Self {
            charter: CharterId(input.fixed()?),
            staff: input.text()?,
            kind: EventKind::read(input)?,
            subject: SubjectId(input.fixed()?),
            content: input.fixed()?,
            reason: input.text()?,
            at: read_timestamp(input)?,
            place: input.unsigned()?,
        })
    }
}

impl Canonical for SignedAct {
    fn write(&self, out: &mut Writer<'_>) {
        self.act.write(out);
        out.fixed(&self.signature.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { act: StaffAct::read(input)?, signature: Signature(input.fixed()?) })
    }
}
