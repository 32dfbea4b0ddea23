//! Measures: what a decision changes, one thing at a time.

use super::{Charter, CharterFault, Matter, NAME_BYTES_MAX, REASON_BYTES_MAX, check_code, check_text, fault};
use crate::DataCategory;
use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::member::{ConsentDuty, Member, MemberKind, MemberRole};
use crate::signature::PublicKey;
use crate::staff::StaffMember;

/// Something made elsewhere and taken into use here: a rulebook, layout, scorecard or exchange profile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Artefact {
    /// What kind of thing: one of the four above.
    pub matter: Matter,
    /// Its name with its version, as records name it: `cn 2026.2`, `card 1`.
    pub name: String,
    /// SHA-256 of its text; zeros of a layout that is part of the program.
    pub hash: [u8; 32],
}

/// A member as it is to be admitted: everything but its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberTerms {
    /// Short name.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Its business.
    pub kind: MemberKind,
    /// What it may do at all, in the order of their numbers.
    pub roles: Vec<MemberRole>,
    /// What it has promised about consent.
    pub duty: ConsentDuty,
}

impl MemberTerms {
    /// Whether `member` was admitted on exactly these terms.
    pub fn fit(&self, member: &Member) -> bool {
        let Member { number: _, code, name, kind, roles, duty } = member;
        (&self.code, &self.name, self.kind, &self.roles, self.duty) == (code, name, *kind, roles, *duty)
    }
}

coded_enum! {
    /// What becomes of a bureau's database when it ends, in the order the law asks them in (cn-4).
    pub enum WindDownWay {
        Transfer = 1, "transfer", "Transferred to another bureau, with the supervisor's consent";
        HandOver = 2, "hand_over", "Handed over to the bureau the supervisor designates, as no transfer was agreed";
        Destroy = 3, "destroy", "Destroyed under supervision, as neither was possible";
    }
}

/// How a bureau ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindDown {
    /// What becomes of the database.
    pub way: WindDownWay,
    /// Who gets it: a bureau; of a destruction, who supervises it.
    pub receiver: String,
    /// Where the end was announced to the public.
    pub notice: String,
    /// Why there is no transfer: given for the second way and the third.
    pub no_transfer: Option<String>,
    /// Why there is no hand-over: given for the third way alone.
    pub no_hand_over: Option<String>,
}

/// What a decision changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Data of this category is collected from now on.
    Collect(DataCategory),
    /// And this no longer; what is held stays.
    CollectNoMore(DataCategory),
    /// This is used from now on; of one name the last accepted.
    Accept(Artefact),
    /// And this no longer, by its matter and name.
    Retire(Matter, String),
    /// This member may be admitted, once.
    Admit(MemberTerms),
    /// This member of staff acts from now on; of one code the last enrolled.
    Enrol(StaffMember),
    /// And this one no longer, by code.
    Dismiss(String),
    /// The bureau ends.
    WindDown(Box<WindDown>),
    /// Another charter holds from now on. Proposals under the old one lapse.
    Amend(Box<Charter>),
    /// This key signs the log next, once.
    TurnLogKey(PublicKey),
}

impl Measure {
    /// What it is about, and so by which rule it is decided.
    pub const fn matter(&self) -> Matter {
        match self {
            Self::Collect(_) | Self::CollectNoMore(_) => Matter::DataCategory,
            Self::Accept(artefact) => artefact.matter,
            Self::Retire(matter, _) => *matter,
            Self::Admit(_) => Matter::Member,
            Self::Enrol(_) | Self::Dismiss(_) => Matter::Staff,
            Self::WindDown(_) => Matter::WindDown,
            Self::Amend(_) => Matter::Charter,
            Self::TurnLogKey(_) => Matter::LogKey,
        }
    }

    /// Checks that it means something by itself.
    ///
    /// # Errors
    /// [`CharterFault`] with what is wrong.
    pub fn check(&self) -> Result<(), CharterFault> {
        match self {
            Self::Collect(_) | Self::CollectNoMore(_) => Ok(()),
            Self::Accept(Artefact { matter, name, .. }) | Self::Retire(matter, name) => {
                if !is_artefact(*matter) {
                    return fault(format!("nothing of the matter `{matter}` is accepted or retired by name"));
                }
                check_text("the name of what is accepted or retired", name, NAME_BYTES_MAX)
            }
            Self::Admit(terms) => {
                check_code("the member", &terms.code)?;
                check_text("a member's name", &terms.name, NAME_BYTES_MAX)?;
                if terms.roles.is_empty() || !terms.roles.is_sorted_by(|one, next| one < next) {
                    return fault("a member furnishes, subscribes, or both; each role once, in their order");
                }
                Ok(())
            }
            Self::Enrol(staff) => staff.check(),
            Self::Dismiss(code) => check_code("the member of staff", code),
            Self::WindDown(end) => end.check(),
            Self::Amend(charter) => charter.check(),
            Self::TurnLogKey(key) if !key.is_usable() => fault("the log's next key is no Ed25519 key"),
            Self::TurnLogKey(_) => Ok(()),
        }
    }
}

/// Whether things of this matter are accepted and retired by name.
const fn is_artefact(matter: Matter) -> bool {
    matches!(matter, Matter::Rulebook | Matter::Layout | Matter::Scorecard | Matter::ExchangeProfile)
}

impl WindDown {
    /// Each way says why the ones before it are closed, and no more than that.
    fn check(&self) -> Result<(), CharterFault> {
        check_text("the receiver, or who supervises the destruction,", &self.receiver, NAME_BYTES_MAX)?;
        check_text("the public notice", &self.notice, REASON_BYTES_MAX)?;
        let said = (self.no_transfer.is_some(), self.no_hand_over.is_some());
        let expected = match self.way {
            WindDownWay::Transfer => (false, false),
            WindDownWay::HandOver => (true, false),
            WindDownWay::Destroy => (true, true),
        };
        if said != expected {
            return fault(match self.way {
                WindDownWay::Transfer => "a transfer comes first: it says nothing of other ways",
                WindDownWay::HandOver => "a hand-over says why there is no transfer, and nothing else",
                WindDownWay::Destroy => "a destruction says why there is no transfer and why there is no hand-over",
            });
        }
        for why in [&self.no_transfer, &self.no_hand_over].into_iter().flatten() {
            check_text("why a way is closed", why, REASON_BYTES_MAX)?;
        }
        Ok(())
    }
}

impl Canonical for Artefact {
    fn write(&self, out: &mut Writer<'_>) {
        self.matter.write(out);
        out.text(&self.name);
        out.fixed(&self.hash);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { matter: Matter::read(input)?, name: input.text()?, hash: input.fixed()? })
    }
}

impl Canonical for MemberTerms {
    fn write(&self, out: &mut Writer<'_>) {
        out.text(&self.code);
        out.text(&self.name);
        self.kind.write(out);
        out.list(&self.roles, |out, role| role.write(out));
        self.duty.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            code: input.text()?,
            name: input.text()?,
            kind: MemberKind::read(input)?,
            roles: input.list(MemberRole::read)?,
            duty: ConsentDuty::read(input)?,
        })
    }
}

impl Canonical for WindDown {
    fn write(&self, out: &mut Writer<'_>) {
        self.way.write(out);
        out.text(&self.receiver);
        out.text(&self.notice);
        out.option(self.no_transfer.as_ref(), |out, why| out.text(why));
        out.option(self.no_hand_over.as_ref(), |out, why| out.text(why));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            way: WindDownWay::read(input)?,
            receiver: input.text()?,
            notice: input.text()?,
            no_transfer: input.option(Reader::text)?,
            no_hand_over: input.option(Reader::text)?,
        })
    }
}

impl Canonical for Measure {
    fn write(&self, out: &mut Writer<'_>) {
        match self {
            Self::Collect(category) => {
                out.byte(1);
                category.write(out);
            }
            Self::CollectNoMore(category) => {
                out.byte(2);
                category.write(out);
            }
            Self::Accept(artefact) => {
                out.byte(3);
                artefact.write(out);
            }
            Self::Retire(matter, name) => {
                out.byte(4);
                matter.write(out);
                out.text(name);
            }
            Self::Admit(terms) => {
                out.byte(5);
                terms.write(out);
            }
            Self::Enrol(staff) => {
                out.byte(6);
                staff.write(out);
            }
            Self::Dismiss(code) => {
                out.byte(7);
                out.text(code);
            }
            Self::WindDown(end) => {
                out.byte(8);
                end.write(out);
            }
            Self::Amend(charter) => {
                out.byte(9);
                charter.write(out);
            }
            Self::TurnLogKey(key) => {
                out.byte(10);
                out.fixed(&key.0);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match input.byte()? {
            1 => Self::Collect(DataCategory::read(input)?),
            2 => Self::CollectNoMore(DataCategory::read(input)?),
            3 => Self::Accept(Artefact::read(input)?),
            4 => Self::Retire(Matter::read(input)?, input.text()?),
            5 => Self::Admit(MemberTerms::read(input)?),
            6 => Self::Enrol(StaffMember::read(input)?),
            7 => Self::Dismiss(input.text()?),
            8 => Self::WindDown(Box::new(WindDown::read(input)?)),
            9 => Self::Amend(Box::new(Charter::read(input)?)),
            10 => Self::TurnLogKey(PublicKey(input.fixed()?)),
            _ => return Err(DecodeError::Value("measure")),
        })
    }
}
