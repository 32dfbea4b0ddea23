//! Inquire: a subscriber asks about a subject for a purpose. The page to read first.

use tallystick_model::consent::ConsentId;
use tallystick_model::consent_terms::{DataRange, Span};
use tallystick_model::event::Event;
use tallystick_model::inquiry::{Answered, Asked, Detail, InquiryRecord, Outcome, Purpose, Ranges, Reason, Weighed};
use tallystick_model::member::MemberRole;
use tallystick_model::rights::CODE_BYTES;
use tallystick_model::{DataCategory, Identifier, Sensitive, SubjectId, Timestamp};
use tallystick_policy::{InquiryEvidence, considered, decide_inquiry, decide_question};
use tallystick_store::Changes;

use crate::answer::Told;
use crate::beside::Beside;
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
    /// The months to be told of in a report; `None` is all that may be told.
    pub range: Option<DataRange>,
    /// SHA-256 of what the subscriber undertakes for this inquiry, where its purpose asks for that.
    pub undertaking: Option<[u8; 32]>,
}

impl Inquiry {
    /// An inquiry for a report of all that may be told, without an undertaking.
    pub const fn report(subscriber: String, identifier: Identifier, purpose: Purpose) -> Self {
        Self { subscriber, identifier, purpose, asked: None, range: None, undertaking: None }
    }
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
    /// Of which months.
    pub ranges: Ranges,
    /// The single question that was asked.
    pub asked: Option<Asked>,
    /// Its answer, if permitted and anything is held.
    pub answered: Option<Answered>,
    /// How long the subscriber may keep the report or the answer, where the consent says so.
    pub keep_for: Option<Span>,
    /// The report, if asked for, permitted, and anything is held.
    pub report: Option<Report>,
    /// What stands beside what is told: an alert, the subject's statement, and which facts are disputed.
    pub beside: Beside,
    /// Its entry and proof.
    pub recorded: Recorded,
}

/// What was decided and is not on record yet: nothing of it can be seen before [`Considered::record`].
#[derive(Debug)]
pub struct Considered {
    record: InquiryRecord,
    report: Option<Report>,
    keep_for: Option<Span>,
    beside: Beside,
    now: Timestamp,
}

/// Answers an inquiry.
///
/// # Errors
/// [`OperationError`] if it could not be decided; a denial is an answer.
pub fn inquire(bureau: &Bureau, inquiry: &Inquiry, now: Timestamp) -> Result<Answer, OperationError> {
    consider(bureau, inquiry, now)?.record(bureau)
}

/// Answers an inquiry of a subscriber that shows the subject's one-time code. A code that does not open the file (another's, used, too
/// old) is as none; one that does is used up, whatever is answered.
///
/// # Errors
/// As [`inquire`].
pub fn inquire_with_code(
    bureau: &Bureau,
    inquiry: &Inquiry,
    code: &Sensitive<[u8; CODE_BYTES]>,
    now: Timestamp,
) -> Result<Answer, OperationError> {
    consider_with(bureau, inquiry, Some(code), now)?.record(bureau)
}

/// Decides an inquiry and makes its report, without recording it.
///
/// # Errors
/// [`OperationError`] if it could not be decided.
pub fn consider(bureau: &Bureau, inquiry: &Inquiry, now: Timestamp) -> Result<Considered, OperationError> {
    consider_with(bureau, inquiry, None, now)
}

fn consider_with(
    bureau: &Bureau,
    inquiry: &Inquiry,
    code: Option<&Sensitive<[u8; CODE_BYTES]>>,
    now: Timestamp,
) -> Result<Considered, OperationError> {
    if inquiry.asked.is_some() && inquiry.range.is_some() {
        return Err(OperationError::Invalid("a question says itself which months it is about".to_owned()));
    }

    // Admit: who asks? A member that is no subscriber is denied by rule, like everything else that may not be.
    let snapshot = bureau.snapshot();
    let subscriber = known(snapshot.members(), &inquiry.subscriber)?;

    // Find: about whom?
    let found = bureau.find(&snapshot, &inquiry.identifier)?;

    // Gather: what bears on the decision?
    let consents = found.consents();
    let protection = found.protection();
    let by_code = code.is_some_and(|code| protection.opens(code.expose(), found.subject, subscriber.number, now));
    let evidence = InquiryEvidence {
        now,
        subscriber,
        purpose: inquiry.purpose,
        subject: found.subject,
        subject_kind: found.kind,
        consents: &consents,
        frozen: !by_code && protection.is_frozen_for(subscriber.number, now),
        opted_out: protection.opt_out(now).is_some(),
        undertaken: inquiry.undertaking.is_some(),
        range: inquiry.range,
    };

    // Decide: may it?
    let decision = match inquiry.asked {
        Some(asked) => decide_question(&bureau.rulebook, &evidence, asked.question()),
        None => decide_inquiry(&bureau.rulebook, &evidence),
    };

    // Act: make the report or find the answer, of what was permitted and nothing else.
    let told = Told::on(decision, &snapshot, &found, subscriber, inquiry.asked, now)?;
    let record = InquiryRecord {
        subject: found.subject,
        subscriber: subscriber.number,
        purpose: inquiry.purpose,
        asked: inquiry.asked,
        range_asked: inquiry.range,
        outcome: told.outcome,
        answered: told.answered,
        weighed: Weighed { by_code, undertaking: inquiry.undertaking, ..weighed(&evidence) },
        rulebook: bureau.rulebook.label().to_owned(),
        reasons: told.reasons.clone(),
        consent: told.consent,
        released: told.released.clone(),
        detail: told.detail,
        ranges: told.ranges,
        report_hash: told.report_hash(),
        answer_hash: told.hash(found.subject, inquiry.asked, now),
    };
    let Told { report, keep_for, beside, .. } = told;

    Ok(Considered { record, report, keep_for, beside, now })
}

/// What is kept of the evidence, so that the inquiry can be decided again.
pub(crate) fn weighed(evidence: &InquiryEvidence<'_>) -> Weighed {
    let consents = considered(evidence.consents, evidence.subscriber, evidence.subject);
    Weighed {
        subscriber_kind: evidence.subscriber.kind,
        is_subscriber: evidence.subscriber.has(MemberRole::Subscriber),
        subject_kind: evidence.subject_kind,
        frozen: evidence.frozen,
        by_code: false,
        opted_out: evidence.opted_out,
        undertaking: None,
        consents: consents.map(|state| state.consent.id).collect(),
    }
}

impl Considered {
    /// Records what was decided; then, and only then, the answer can be seen.
    ///
    /// # Errors
    /// [`OperationError`] if it could not be recorded.
    pub fn record(self, bureau: &Bureau) -> Result<Answer, OperationError> {
        let Self { record, report, keep_for, beside, now } = self;
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
            ranges: record.ranges,
            asked: record.asked,
            answered: record.answered,
            keep_for,
            report,
            beside,
            recorded,
        })
    }
}
