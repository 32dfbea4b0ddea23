//! The truth of a delivery: what each of its records should become.

use tallystick_model::payment_profile::PaymentProfileMonth;
use tallystick_model::tradeline::{Liability, TradelineMonth, TradelineTerms};
use tallystick_model::{Currency, Date, Identifier, Month};

use super::credit::AccountMonth;
use super::fault::{Fault, PossibleFault};
use tallystick_model::tradeline::AccountKind;

/// What one record of a delivery should become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The record, counted from 1 as intake counts. Of a bill, which is reported by months: the first record of the month
    /// that counts.
    pub record: u64,
    /// What of it.
    pub outcome: Outcome,
}

/// How intake should take a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken: one for each subject of the record.
    Reported(Vec<Reported>),
    /// Refused.
    Rejected {
        /// For this fault.
        fault: Fault,
        /// Naming this field.
        field: &'static str,
    },
}

/// What is said of one subject, if every category is admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// The first is the one facts are kept under.
    pub identifiers: Vec<Identifier>,
    /// The furnisher's number of the account or wallet.
    pub account: String,
    /// The month it is about.
    pub month: Month,
    /// The month of the account.
    pub tradeline: Option<TradelineMonth>,
    /// The terms of the account.
    pub terms: Option<TradelineTerms>,
    /// The month of the wallet.
    pub profile: Option<PaymentProfileMonth>,
    /// The subject's name, where the layout has it.
    pub name: Option<String>,
    /// The subject's date of birth, where the layout has it.
    pub born: Option<Date>,
}

impl Expected {
    pub(super) fn reported(record: u64, reported: Reported) -> Self {
        Self { record, outcome: Outcome::Reported(vec![reported]) }
    }

    pub(super) const fn rejected(record: u64, (fault, field): PossibleFault) -> Self {
        Self { record, outcome: Outcome::Rejected { fault, field } }
    }
}

impl Reported {
    /// Nothing said yet.
    pub(super) fn about(identifiers: Vec<Identifier>, account: String, month: Month) -> Self {
        Self { identifiers, account, month, tradeline: None, terms: None, profile: None, name: None, born: None }
    }
}

/// An account month as a mapped CSV reports it in full.
pub(super) fn tradeline(kind: AccountKind, month: &AccountMonth) -> TradelineMonth {
    TradelineMonth {
        kind,
        status: month.standing.status(),
        rating: month.standing.rating(),
        currency: Currency::CNY,
        balance_minor: Some(month.balance),
        past_due_minor: Some(month.past_due),
        limit_minor: Some(month.limit),
        paid_minor: Some(month.paid),
        scheduled_minor: Some(month.scheduled),
    }
}

/// Its terms, as far as a layout without amounts and durations says them.
pub(super) fn terms(kind: AccountKind, reported: Month, month: &AccountMonth) -> TradelineTerms {
    TradelineTerms {
        kind,
        currency: Currency::CNY,
        opened: Some(month.opened),
        closed: month.closed,
        first_delinquency: month.first_delinquency,
        highest_minor: None,
        term_months: None,
        reported_month: Some(reported),
        history: Vec::new(),
        liability: Liability::Unspecified,
    }
}
