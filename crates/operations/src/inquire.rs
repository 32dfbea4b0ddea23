//! Inquire: a subscriber asks about a subject for a purpose. The page to read first.

use tallystick_model::consent::ConsentId;
use tallystick_model::consent_terms::Span;
use tallystick_model::event::Event;
use tallystick_model::inquiry::{Answered, Asked, Detail, InquiryRecord, Outcome, Purpose, Reason, Weighed};
use tallystick_model::member::MemberRole;
use tallystick_model::{DataCategory, Identifier, SubjectId, Timestamp};
use tallystick_policy::{Decision, InquiryEvidence, considered, decide_inquiry, decide_question};
use tallystick_scoring::question;
use tallystick_store::Changes;

use crate::bureau::{Bureau, OperationError, Recorded};
use crate::member::known;
use crate::report::Report;

/// What a subscriber asks.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// Code of the subscriber.
    pub subscriber: String,
    /// Whom it asks about.
    pub identifier: Identifier,
    /// On what ground.
    pub purpose: Purpose,
    /// A single question to be answered; without one a report is asked for.
    pub asked: Option<Asked>,
}

/// What it gets. Whatever it is, its entry is durable.
#[derive(Debug)]
pub struct Answer {
    /// The pseudonym of the subject.
    pub subject: SubjectId,
    /// How it ended.
    pub outcome: Outcome,
    /// Rulebook and version that decided.
    pub rulebook: String,
    /// The rules that decided.
    pub reasons: Vec<Reason>,
    /// The consent relied on.
    pub consent: Option<ConsentId>,
    /// Categories released.
    pub released: Vec<DataCategory>,
    /// How much of them the report tells, if there is one.
    pub detail: Option<Detail>,
    /// The single question that was asked.
    pub asked: Option<Asked>,
    /// Its answer, if permitted and anything is held.
    pub answered: Option<Answered>,
    /// How long the subscriber may keep the report or the answer, where the consent says so.
    pub keep_for: Option<Span>,
    /// The report, if asked for, permitted, and anything is held.
    pub report: Option<Report>,
    /// Its entry and proof.
    pub recorded: Recorded,
}

/// What was decided and is not on record yet: nothing of it can be seen before [`Considered::record`].
#[derive(Debug)]
pub struct Considered {
    record: InquiryRecord,
    report: Option<Report>,
    keep_for: Option<Span>,
    now: Timestamp,
}

/// Answers an inquiry.
///
/// # Errors
/// [`OperationError`] if it could not be decided; a denial is an answer.
pub fn inquire(bureau: &Bureau, inquiry: &Inquiry, now: Timestamp) -> Result<Answer, OperationError> {
    consider(bureau, inquiry, now)?.record(bureau)
}

/// Decides an inquiry and makes its report, without recording it.
///
/// # Errors
/// [`OperationError`] if it could not be decided.
pub fn consider(bureau: &Bureau, inquiry: &Inquiry, now: Timestamp) -> Result<Considered, OperationError> {
    // Admit: who asks? A member that is no subscriber is denied by rule, like everything else that may not be.
    let snapshot = bureau.snapshot();
    let subscriber = known(snapshot.members(), &inquiry.subscriber)?;

    // Find: about whom?
    let found = bureau.find(&snapshot, &inquiry.identifier)?;

    // Gather: what bears on the decision?
    let consents = found.consents();
    let evidence = InquiryEvidence {
        now,
        subscriber,
        purpose: inquiry.purpose,
        subject: found.subject,
        subject_kind: found.kind,
        consents: &consents,
        frozen: found.is_frozen(),
    };

    // Decide: may it?
    let decision = match inquiry.asked {
        Some(asked) => decide_question(&bureau.rulebook, &evidence, asked.question()),
        None => decide_inquiry(&bureau.rulebook, &evidence),
    };

    // Act: read the file and make the report or find the answer, of what was permitted and nothing else.
    let mut record = InquiryRecord {
        subject: found.subject,
        subscriber: subscriber.number,
        purpose: inquiry.purpose,
        asked: inquiry.asked,
        outcome: Outcome::Denied,
        answered: None,
        weighed: weighed(&evidence),
        rulebook: bureau.rulebook.label().to_owned(),
        reasons: Vec::new(),
        consent: None,
        released: Vec::new(),
        detail: None,
        report_hash: [0; 32],
    };
    let mut keep_for = None;
    let report = match decision {
        Decision::Denied(denial) => {
            record.reasons = denial.reasons;
            None
        }
        Decision::Permit(permit) => {
            record.reasons = permit.reasons().to_vec();
            record.consent = permit.consent();
            let file = snapshot.credit_file(found.subject, &found.erased)?;
            // A statement taken back leaves no trace: an empty report would tell that there was one.
            if file.says_nothing() {
                record.outcome = Outcome::NoHit;
                None
            } else if let Some(asked) = inquiry.asked {
                record.outcome = Outcome::Permitted;
                record.released = permit.released().iter().collect();
                keep_for = permit.data_life();
                record.answered = Some(question::answer(permit.reveal(file).facts(), asked, now.month()));
                None
            } else {
                let report = Report::for_subscriber(&snapshot, &permit, file, &found, subscriber, now)?;
                record.outcome = Outcome::Permitted;
                record.released = permit.released().iter().collect();
                record.detail = Some(permit.detail());
                record.report_hash = report.hash();
                keep_for = permit.data_life();
                Some(report)
            }
        }
    };

    Ok(Considered { record, report, keep_for, now })
}

/// What is kept of the evidence, so that the inquiry can be decided again.
pub(crate) fn weighed(evidence: &InquiryEvidence<'_>) -> Weighed {
    let consents = considered(evidence.consents, evidence.subscriber, evidence.subject);
    Weighed {
        subscriber_kind: evidence.subscriber.kind,
        is_subscriber: evidence.subscriber.has(MemberRole::Subscriber),
        subject_kind: evidence.subject_kind,
        frozen: evidence.frozen,
        consents: consents.map(|state| state.consent.id).collect(),
    }
}

impl Considered {
    /// Records what was decided; then, and only then, the answer can be seen.
    ///
    /// # Errors
    /// [`OperationError`] if it could not be recorded.
    pub fn record(self, bureau: &Bureau) -> Result<Answer, OperationError> {
        let Self { record, report, keep_for, now } = self;
        // Record: durable before the answer leaves.
        let recorded = bureau.record(Changes::none(), Event::Inquiry(record.clone()), now)?;

        // Answer.
        Ok(Answer {
            subject: record.subject,
            outcome: record.outcome,
            rulebook: record.rulebook,
            reasons: record.reasons,
            consent: record.consent,
            released: record.released,
            detail: record.detail,
            asked: record.asked,
            answered: record.answered,
            keep_for,
            report,
            recorded,
        })
    }
}
