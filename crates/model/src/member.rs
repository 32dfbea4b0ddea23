//! Members of the bureau: who furnishes and who inquires.

use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};

coded_enum! {
    /// What business a member is in; rulebooks decide by it.
    pub enum MemberKind {
        Bank = 1, "bank", "Bank";
        CardIssuer = 2, "card_issuer", "Card issuer";
        MicroLender = 3, "micro_lender", "Micro-lender";
        PaymentPlatform = 4, "payment_platform", "Payment platform";
        Utility = 5, "utility", "Provider of telephone, water or power";
        Insurer = 6, "insurer", "Insurer";
        Landlord = 7, "landlord", "Landlord";
        Employer = 8, "employer", "Employer";
        Merchant = 9, "merchant", "Merchant";
        Court = 10, "court", "Court or authority that publishes records";
        Registry = 11, "registry", "The central bank's registry";
        Supervisor = 12, "supervisor", "The supervisor";
        Investor = 13, "investor", "Who buys or services credit that others gave";
        ChildSupportAgency = 14, "child_support_agency", "Agency that enforces child support";
    }
}

coded_enum! {
    /// What a member may do at all; rules decide each case.
    pub enum MemberRole {
        Furnisher = 1, "furnisher", "Hands over data";
        Subscriber = 2, "subscriber", "Inquires";
    }
}

coded_enum! {
    /// What a furnisher has bound itself to about the subject's consent to its reports.
    pub enum ConsentDuty {
        Nothing = 0, "nothing", "It has promised nothing";
        Attested = 1, "attested", "It holds each subject's written consent and shows it on request";
    }
}

/// Longest code of a member, in bytes.
pub const MEMBER_CODE_BYTES_MAX: usize = 32;

/// A furnisher, a subscriber, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Given at admission, from 1; never used twice. Part of account keys.
    pub number: u16,
    /// Short name used on command lines: letters, digits, `-`, `_`.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Its business.
    pub kind: MemberKind,
    /// What it may do at all.
    pub roles: Vec<MemberRole>,
    /// What it has promised about consent.
    pub duty: ConsentDuty,
}

impl Member {
    /// Whether the member has this role.
    pub fn has(&self, role: MemberRole) -> bool {
        self.roles.contains(&role)
    }

    /// Whether a text can be a member's code.
    pub fn is_code(text: &str) -> bool {
        !text.is_empty()
            && text.len() <= MEMBER_CODE_BYTES_MAX
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    }
}

impl Canonical for Member {
    fn write(&self, out: &mut Writer<'_>) {
        out.byte(1);
        out.unsigned(u64::from(self.number));
        out.text(&self.code);
        out.text(&self.name);
        self.kind.write(out);
        out.list(&self.roles, |out, role| role.write(out));
        self.duty.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.version(1)?;
        Ok(Self {
            number: input.unsigned_as()?,
            code: input.text()?,
            name: input.text()?,
            kind: MemberKind::read(input)?,
            roles: input.list(MemberRole::read)?,
            duty: ConsentDuty::read(input)?,
        })
    }
}
