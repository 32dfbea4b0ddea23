//! May we? Rulebooks in, permits or reasons out.
//!
//! Pure: rulebooks are texts, everything else that is weighed is an argument; no I/O, no clock, no chance.
//! Start at [`decide_inquiry`], then [`Permit::reveal`], which is the only way a credit file leaves. [`gate()`] decides what
//! a furnisher may hand over. What the rules say stands in `rulebooks/`, what follows from them in `cases/`, and
//! which law is held by what in `docs/rulebooks.md`. Who decides about the bureau itself is [`charter`]'s.
//! Not here: who the subject is (`matching`), recording what was decided (`operations`).
//!
//! # What does not compile
//!
//! A credit file has no printed form and no serialised one:
//!
//! ```
//! use tallystick_model::{CreditFile, SubjectId};
//! let file = CreditFile::new(SubjectId([1; 16]), Vec::new());
//! assert_eq!(format!("{file:?}"), "CreditFile(0 facts)");
//! ```
//!
//! ```compile_fail,E0277
//! use tallystick_model::{CreditFile, SubjectId};
//! let file = CreditFile::new(SubjectId([1; 16]), Vec::new());
//! println!("{file}");
//! ```
//!
//! ```compile_fail,E0277
//! use tallystick_model::{CreditFile, SubjectId};
//! fn serialise<T: serde::Serialize>(_: &T) {}
//! let file = CreditFile::new(SubjectId([1; 16]), Vec::new());
//! serialise(&file);
//! ```
//!
//! Only a permit makes a visible file of it, and only a decision makes a permit:
//!
//! ```
//! # use tallystick_model::{CreditFile, SubjectId, Timestamp};
//! # use tallystick_policy::{Decision, Rulebook, decide_own_report};
//! # let (rulebook, now) = (Rulebook::built_in("cn").unwrap(), Timestamp::parse("2026-03-01").unwrap());
//! let subject = SubjectId([1; 16]);
//! let Decision::Permit(permit) = decide_own_report(&rulebook, now, subject) else { panic!("the subject may") };
//! let visible = permit.reveal(CreditFile::new(subject, Vec::new()));
//! assert!(visible.facts().is_empty());
//! ```
//!
//! ```compile_fail,E0451
//! # use tallystick_model::{CategorySet, SubjectId, inquiry::Detail};
//! let (subject, released) = (SubjectId([1; 16]), CategorySet::all());
//! let visible = tallystick_policy::VisibleFile { subject, released, detail: Detail::Whole, facts: Vec::new() };
//! ```
//!
//! ```compile_fail,E0451
//! # use tallystick_model::{CategorySet, SubjectId, Timestamp, inquiry::Purpose};
//! let permit = tallystick_policy::Permit {
//!     subject: SubjectId([1; 16]),
//!     purpose: Purpose::Marketing,
//!     decided_at: Timestamp::parse("2026-03-01").unwrap(),
//!     reasons: Vec::new(),
//!     consent: None,
//!     released: CategorySet::all(),
//!     detail: tallystick_model::inquiry::Detail::Whole,
//!     ranges: tallystick_model::inquiry::Ranges::default(),
//!     data_life: None,
//! };
//! ```
#![deny(clippy::float_arithmetic)]

pub mod charter;
mod consent_rules;
mod decision;
pub mod fair_use;
mod gate;
mod numbers;
mod permit;
mod policies;
mod retention;
mod rights;
mod rulebook;
pub mod staff;
mod term;
mod transfer;
mod words;

pub use consent_rules::{Asked, Deed};
pub use decision::{
    Decision, Denial, InquiryEvidence, considered, decide_inquiry, decide_own_report, decide_own_report_by,
    decide_question, sentence,
};
pub use gate::{Admission, ConsentNeed, Gate, Opens, Walk, gate};
pub use numbers::{
    AdverseAction, AskAgain, ConsentNumbers, CorrectionNotice, DeliveryDays, Dispute, Extension, ExtensionGround,
    FraudAlert, FreePeriod, FreeReports, Freezing, Guardianship, InquiriesShown, OptingOut, Overdue, OwnerApproval,
    Prohibited, RecordsKept, Renewal, Requests, Retention, RetentionClock, RetentionKind, RuleAlone, SubjectAlerts,
};
pub use permit::{Permit, VisibleFile, as_shown, category_of};
pub use retention::past_term;
pub use rights::{Answering, Charge, alert_until, charge, compensation, is_default, told_of_correction};
pub use rulebook::{Confidence, Rule, Rulebook, RulebookError};
pub use term::Term;
pub use transfer::{TransferDecision, TransferEvidence, decide_transfer};
pub use words::Saying;
