//! What a booked entry means: by its bank transaction code, its direction and whether it is a reversal.
//!
//! Codes are those of the external code set of ISO 20022. An entry without one, or with a bank's own, counts by its
//! direction alone. The table in words: `docs/formats/camt.md`.

use super::message::{Entry, TransactionCode};
use crate::layouts::months::{Direction, Flow, Meaning};

/// Charges, fees and commissions, in any domain.
const FEES: [&str; 3] = ["CHRG", "FEES", "COMM"];

/// Credit: loans of any term, of consumers, on mortgages; and lines of credit.
const LOANS: [&str; 5] = ["FTLN", "NTLN", "CSLN", "MGLN", "SYDN"];

/// Sub-families by which a payment comes back: cancelled, returned, rejected, unpaid.
const GIVEN_BACK: [&str; 8] = ["RPCR", "RRTN", "UPCT", "UPDD", "UPCQ", "UPTC", "PRDD", "RCDD"];

/// The meaning of a booked entry.
pub(super) fn meaning(entry: &Entry) -> Meaning {
    match (entry.direction, entry.reversal) {
        // A credit that reverses gives an earlier debit back, a debit that reverses takes an earlier credit back.
        (Direction::Credit, true) => Meaning::Counts(Flow::Refunds),
        (Direction::Debit, true) => Meaning::TakesBackCredit,
        (Direction::Credit, false) => credit(&entry.code),
        (Direction::Debit, false) => debit(&entry.code),
    }
}

fn own_money(code: &TransactionCode) -> Option<Meaning> {
    match (code.domain.as_str(), code.family.as_str(), code.sub_family.as_str()) {
        ("LDAS", "FTDP" | "NTDP", _) | ("CAMT" | "FORX", ..) => Some(Meaning::Counts(Flow::OwnMoves)),
        ("PMNT", _, "CWDL" | "CDPT") => Some(Meaning::Counts(Flow::OwnMoves)),
        ("SECU" | "DERV" | "PMET", ..) => Some(Meaning::Counts(Flow::Investments)),
        _ => None,
    }
}

fn credit(code: &TransactionCode) -> Meaning {
    if let Some(meaning) = own_money(code) {
        return meaning;
    }
    match (code.domain.as_str(), code.family.as_str(), code.sub_family.as_str()) {
        ("LDAS", family, _) if LOANS.contains(&family) => Meaning::SetAside("loan_received"),
        (_, _, sub_family) if GIVEN_BACK.contains(&sub_family) => Meaning::Counts(Flow::Refunds),
        // On a customer's card only what was paid comes back.
        ("PMNT", "CCRD", _) => Meaning::Counts(Flow::Refunds),
        (_, _, sub_family) if FEES.contains(&sub_family) => Meaning::Counts(Flow::Refunds),
        // What balances earn.
        (_, _, "INTR") => Meaning::Counts(Flow::Investments),
        _ => Meaning::Counts(Flow::Income),
    }
}

fn debit(code: &TransactionCode) -> Meaning {
    if FEES.contains(&code.sub_family.as_str()) {
        return Meaning::Counts(Flow::Fees);
    }
    if let Some(meaning) = own_money(code) {
        return meaning;
    }
    match (code.domain.as_str(), code.family.as_str(), code.sub_family.as_str()) {
        ("LDAS", family, _) if LOANS.contains(&family) => Meaning::Counts(Flow::Repayments),
        (_, _, sub_family) if GIVEN_BACK.contains(&sub_family) => Meaning::TakesBackCredit,
        // Interest on an overdraft is a price of the account.
        (_, _, "INTR") => Meaning::Counts(Flow::Fees),
        ("PMNT", "ICDT" | "IRCT", _) => Meaning::Counts(Flow::TransfersOut),
        _ => Meaning::Counts(Flow::Spending),
    }
}
