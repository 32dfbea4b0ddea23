//! Answers: what is told on a decision, and the hash by which it can be proved later what was told.
//!
//! The same [`Told::on`] makes an answer when it is asked for and when it is [reproduced](crate::reproduce).

use sha2::{Digest, Sha256};
use tallystick_model::consent::ConsentId;
use tallystick_model::consent_terms::{DataRange, Span};
use tallystick_model::inquiry::{Answered, Asked, Detail, Outcome, Ranges, Reason};
use tallystick_model::member::Member;
use tallystick_model::{Currency, DataCategory, SubjectId, Timestamp, Writer};
use tallystick_policy::{Charge, Decision};
use tallystick_scoring::question;
use tallystick_scoring::summary::Summary;
use tallystick_store::Snapshot;

use crate::beside::Beside;
use crate::bureau::{Found, OperationError};
use crate::report::Report;

/// What a subscriber is told.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    /// How it ended.
    pub outcome: Outcome,
    /// The rules that decided.
    pub reasons: Vec<Reason>,
    /// The consent relied on.
    pub consent: Option<ConsentId>,
    /// Categories released.
    pub released: Vec<DataCategory>,
    /// How much of them the report tells, if there is one.
    pub detail: Option<Detail>,
    /// Of which months it is told.
    pub ranges: Ranges,
    /// The answer to a single question.
    pub answered: Option<Answered>,
    /// How long it may be kept, where the consent says so.
    pub keep_for: Option<Span>,
    /// What stands beside what is told.
    pub beside: Beside,
    /// The report.
    pub report: Option<Report>,
}

impl Told {
    /// Reads the file and makes the report or finds the answer, of what was permitted and nothing else.
    ///
    /// # Errors
    /// [`OperationError`] if something stored cannot be read.
    pub(crate) fn on(
        decision: Decision,
        snapshot: &Snapshot<'_>,
        found: &Found,
        subscriber: &Member,
        asked: Option<Asked>,
        now: Timestamp,
    ) -> Result<Self, OperationError> {
        let mut told = Self {
            outcome: Outcome::Denied,
            reasons: Vec::new(),
            consent: None,
            released: Vec::new(),
            detail: None,
            ranges: Ranges::default(),
            answered: None,
            keep_for: None,
            beside: Beside::default(),
            report: None,
        };
        let permit = match decision {
            Decision::Denied(denial) => return Ok(Self { reasons: denial.reasons, ..told }),
            Decision::Permit(permit) => permit,
        };
        told.reasons = permit.reasons().to_vec();
        told.consent = permit.consent();
        let file = found.file_for_others(snapshot)?;
        // A statement taken back leaves no trace: an empty report would tell that there was one.
        if file.says_nothing() {
            return Ok(Self { outcome: Outcome::NoHit, ..told });
        }
        told.outcome = Outcome::Permitted;
        told.released = permit.released().iter().collect();
        told.ranges = permit.ranges();
        told.keep_for = permit.data_life();
        if let Some(asked) = asked {
            let visible = permit.reveal(file);
            told.answered = Some(question::answer(visible.facts(), asked, now.month()));
            // A question names no account, and what stands beside its answer names none either.
            told.beside = Beside::of(found, visible.facts(), Detail::Summary, now);
        } else {
            let report = Report::for_subscriber(snapshot, &permit, file, found, subscriber, now)?;
            told.detail = Some(permit.detail());
            told.beside = report.beside.clone();
            told.report = Some(report);
        }
        Ok(told)
    }

    /// SHA-256 of the report; zeros where none was given.
    pub fn report_hash(&self) -> [u8; 32] {
        self.report.as_ref().map_or([0; 32], Report::hash)
    }

    /// SHA-256 over everything that was told: of which months, whom it is about, when, how it ended, question and answer, how long it may be kept, what
    /// stands beside it, and the report with its head.
    pub fn hash(&self, subject: SubjectId, asked: Option<Asked>, at: Timestamp) -> [u8; 32] {
        let mut bytes = Vec::new();
        let mut out = Writer::new(&mut bytes);
        out.fixed(&subject.0);
        out.signed(at.millis());
        self.outcome.write(&mut out);
        out.option(asked.as_ref(), |out, asked| {
            asked.question().write(out);
            out.unsigned(u64::from(asked.months()));
        });
        out.option(self.answered.as_ref(), |out, answered| answered.write(out));
        out.option(self.keep_for.as_ref(), |out, span| {
            out.unsigned(u64::from(span.count));
            span.unit.write(out);
        });
        let range = |out: &mut Writer<'_>, range: &DataRange| {
            out.text(&range.from.to_string());
            out.text(&range.until.to_string());
        };
        out.option(self.ranges.all.as_ref(), range);
        out.option(self.ranges.by_consent.as_ref(), |out, (categories, of)| {
            out.list(&categories.iter().collect::<Vec<_>>(), |out, category| category.write(out));
            range(out, of);
        });
        self.beside.write(&mut out);
        out.option(self.report.as_ref(), write_report);
        Sha256::new_with_prefix(b"tallystick answer 1\n").chain_update(bytes).finalize().into()
    }
}

/// SHA-256 over everything that a subject is told: the report with its head, and what it costs.
pub fn own_hash(report: &Report, charge: Option<&Charge>) -> [u8; 32] {
    let mut bytes = Vec::new();
    let mut out = Writer::new(&mut bytes);
    write_report(&mut out, report);
    out.option(charge, |out, charge| {
        out.unsigned(u64::from(charge.in_period));
        out.option(charge.free.as_ref(), |out, free| out.unsigned(u64::from(*free)));
        out.byte(u8::from(charge.is_free) | u8::from(charge.next_is_free) << 1);
        out.option(charge.price.as_ref(), |out, price| out.text(&price.to_string()));
        out.text(&charge.rule);
    });
    Sha256::new_with_prefix(b"tallystick own answer 1\n").chain_update(bytes).finalize().into()
}

/// A report's hash does not cover its head, which follows from the rest by what this program computes: here it counts.
fn write_report(out: &mut Writer<'_>, report: &Report) {
    out.fixed(&report.hash());
    write_summary(out, &report.summary);
}

fn write_summary(out: &mut Writer<'_>, summary: &Summary) {
    let number = |out: &mut Writer<'_>, value: &u32| out.unsigned(u64::from(*value));
    let sums = |out: &mut Writer<'_>, sums: &[(Currency, i64)]| {
        out.list(sums, |out, (currency, minor)| {
            out.text(currency.code());
            out.signed(*minor);
        });
    };
    for count in [summary.accounts, summary.accounts_open, summary.furnishers] {
        number(out, &count);
    }
    for amounts in [&summary.balance_minor, &summary.past_due_minor, &summary.revolving_limit_minor] {
        sums(out, amounts);
    }
    out.option(summary.utilisation_permille.as_ref(), number);
    out.option(summary.worst_rating.as_ref(), |out, rating| out.text(rating.code()));
    number(out, &summary.adverse_months);
    out.option(summary.months_since_adverse.as_ref(), number);
    out.option(summary.oldest_account_months.as_ref(), number);
    number(out, &summary.months_reported);
    out.option(summary.payments.as_ref(), |out, payments| {
        out.text(payments.currency.code());
        for count in [payments.months, payments.active_days, payments.deferred_permille, payments.repayment_months] {
            number(out, &count);
        }
        out.signed(payments.spending_minor);
        out.option(payments.income_minor.as_ref(), |out, minor| out.signed(*minor));
    });
}
