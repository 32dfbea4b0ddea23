//! Expire: facts past the rulebook's term leave the credit files, and so do those whose only ground was a consent that is over.
//!
//! [`look`] finds them, [`Due::carry_out`] records an event for each file that names them, and one for the run. From that commit on no reader
//! sees them ([`Found::file`](crate::Found::file)); tables are rewritten without them later. What is kept for model
//! development ([`Due::rows`]) says of nobody who it was.

use std::collections::{BTreeMap, BTreeSet};

use tallystick_audit::OpensCheckpoints;
use tallystick_model::event::Event;
use tallystick_model::fact::FactBody;
use tallystick_model::rights::{ExpiredFacts, Expiry, RetentionRun, Right};
use tallystick_model::tradeline::TradelineMonth;
use tallystick_model::withdrawal::Withdrawal;
use tallystick_model::{Month, SubjectId, SubjectKind, Timestamp};
use tallystick_policy::past_term;
use tallystick_receipt::Document;
use tallystick_store::Changes;

use crate::bureau::{Bureau, OperationError, Recorded};
use crate::protect::record;
use crate::receipts;

/// What is past its term.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Whose, and which facts by rule, in the order of subjects.
    pub files: Vec<(SubjectId, Vec<Expiry>)>,
    /// What follows from consents whose time is over and that something rests on alone, in the order of subjects.
    pub consents: Vec<Withdrawal>,
    rows: Vec<String>,
}

/// A run that was carried out.
#[derive(Debug)]
pub struct Expired {
    /// What it came to.
    pub run: RetentionRun,
    /// Its entry and proof.
    pub recorded: Recorded,
    /// The certificate: the run's receipt.
    pub certificate: Document,
}

/// The first line of what is kept for model development.
pub const MODEL_COLUMNS: &str = "half_year,kind,status,rating,currency,balance,past_due,limit,furnisher_kind,rule";

/// Finds what is past its term at `now`. Reads every fact.
///
/// # Errors
/// [`OperationError`] if something cannot be read.
pub fn look(bureau: &Bureau, now: Timestamp) -> Result<Due, OperationError> {
    let snapshot = bureau.snapshot();
    // Only a file with something adverse can have anything past its term.
    let mut subjects = BTreeSet::new();
    snapshot.each_fact(|_, fact| {
        let is_candidate = match &fact.body {
            FactBody::TradelineMonth(month) => month.rating.is_adverse() || !is_plain(month),
            FactBody::TradelineTerms(terms) => terms.history.iter().any(|rating| rating.is_adverse()),
            _ => false,
        };
        if is_candidate {
            subjects.insert(fact.key.subject);
        }
    })?;
    let mut due = Due { consents: crate::lapse::over(bureau, now)?, ..Due::default() };
    for subject in subjects {
        let mut found = bureau.find_again(&snapshot, subject, SubjectKind::Person)?;
        // What goes with a consent does not go by its term too.
        let going = due.consents.iter().filter(|withdrawal| withdrawal.subject == subject);
        for erasure in going.filter_map(|withdrawal| withdrawal.erasure.clone()) {
            found.erased = found.erased.and(erasure);
        }
        let file = found.file(&snapshot)?;
        let expiries = past_term(&bureau.rulebook, &file, now.date());
        if expiries.is_empty() {
            continue;
        }
        for fact in file.current() {
            let place = (fact.key.slot, fact.key.delivery);
            let rule = expiries.iter().find(|expiry| expiry.facts.binary_search(&place).is_ok());
            if let (Some(expiry), FactBody::TradelineMonth(held), Some(month)) = (rule, &fact.body, fact.key.slot.month)
            {
                let kind = snapshot.member_by_number(fact.key.slot.account.furnisher());
                let kind = kind.map_or("unknown", |member| member.kind.code());
                due.rows.push(row(month, held, kind, &expiry.rule));
            }
        }
        due.files.push((subject, expiries));
    }
    // Rows of one file stood together: sorted, their order tells nothing.
    due.rows.sort_unstable();
    Ok(due)
}

fn is_plain(month: &TradelineMonth) -> bool {
    use tallystick_model::tradeline::AccountStatus as S;
    matches!(month.status, S::Open | S::Closed | S::Transferred | S::Unknown)
}

/// A month without who, whose account, when exactly, and how much exactly.
fn row(month: Month, held: &TradelineMonth, furnisher: &str, rule: &str) -> String {
    let half = if month.month() <= 6 { 1 } else { 2 };
    let digits = held.currency.minor_digits();
    let [balance, past_due, limit] =
        [held.balance_minor, held.past_due_minor, held.limit_minor].map(|minor| band(minor, digits));
    let (kind, status, rating) = (held.kind.code(), held.status.code(), held.rating.code());
    let (year, currency) = (month.year(), held.currency.code());
    format!("{year}H{half},{kind},{status},{rating},{currency},{balance},{past_due},{limit},{furnisher},{rule}")
}

/// The power of ten an amount stays below, in whole units of its currency.
fn band(minor: Option<i64>, minor_digits: u8) -> String {
    let Some(minor) = minor else { return String::new() };
    if minor <= 0 {
        return if minor == 0 { "0".to_owned() } else { "below 0".to_owned() };
    }
    let unit = 10_i64.saturating_pow(u32::from(minor_digits));
    let mut below = 100_i64;
    while below.saturating_mul(unit) <= minor && below < 1_000_000_000_000 {
        below = below.saturating_mul(10);
    }
    format!("below {below}")
}

impl Due {
    /// Facts past their term, by rule.
    pub fn by_rule(&self) -> BTreeMap<&str, u64> {
        let mut counts = BTreeMap::new();
        for expiry in self.files.iter().flat_map(|(_, expiries)| expiries) {
            *counts.entry(expiry.rule.as_str()).or_default() += expiry.facts.len() as u64;
        }
        counts
    }

    /// What may be kept of them for model development: lines under [`MODEL_COLUMNS`].
    pub fn rows(&self) -> &[String] {
        &self.rows
    }

    /// Takes them out of the files, and records that it was done. `kept_for_models` is the SHA-256 of the rows, if they were kept.
    ///
    /// # Errors
    /// [`OperationError`] if something cannot be recorded; files that are done stay done, and the next run does the rest.
    pub fn carry_out(
        &self,
        bureau: &Bureau,
        kept_for_models: Option<[u8; 32]>,
        now: Timestamp,
    ) -> Result<Expired, OperationError> {
        let entries_before = bureau.snapshot().log_size();
        let last = entries_before.saturating_sub(1);
        let unreadable = |what: String| OperationError::Invalid(format!("the log's checkpoint: {what}"));
        let receipt = bureau.store.receipt(last)?.ok_or_else(|| unreadable("missing".to_owned()))?;
        let checkpoint =
            bureau.store.log_keys().open(&receipt.checkpoint).map_err(|error| unreadable(error.to_string()))?;
        let rulebook = bureau.rulebook.label().to_owned();
        for withdrawal in &self.consents {
            bureau.record(Changes::none(), Event::ConsentExpired(Box::new(withdrawal.clone())), now)?;
        }
        for (subject, expiries) in &self.files {
            let gone = ExpiredFacts { subject: *subject, expiries: expiries.clone(), rulebook: rulebook.clone() };
            record(bureau, Right::FactsExpired(gone), now)?;
        }
        let run = RetentionRun {
            entries_before,
            root_before: checkpoint.root.0,
            subjects: self.files.len() as u64,
            facts: self.by_rule().into_iter().map(|(rule, count)| (rule.to_owned(), count)).collect(),
            consents: self.consents.len() as u64,
            kept_for_models,
            rulebook,
        };
        let recorded = record(bureau, Right::RetentionRun(run.clone()), now)?;
        let certificate = receipts::of_entry(bureau, SubjectId::BUREAU, recorded.receipt.index)?;
        Ok(Expired { run, recorded, certificate })
    }
}

#[cfg(test)]
mod tests {
    use super::band;

    #[test]
    fn amounts_are_told_by_the_power_of_ten_they_stay_below() {
        let told = [None, Some(0), Some(-1), Some(9_999), Some(10_000), Some(123_456_789)].map(|minor| band(minor, 2));
        assert_eq!(told, ["", "0", "below 0", "below 100", "below 1000", "below 10000000"]);
    }
}
