//! Decides whether a credit file may be seen, and by which rules.
//!
//! Everything weighed is in [`InquiryEvidence`]. The rulebook's policies decide; this module chooses which of the
//! subject's consents speaks for the inquiry, and how far the permit goes. Start at [`decide_inquiry`].

use std::borrow::Cow;

use tallystick_model::consent::{ConsentScope, ConsentState, ConsentStatus};
use tallystick_model::consent_terms::{Actor, DataRange};
use tallystick_model::inquiry::{Detail, Purpose, Ranges, Reason, SingleQuestion};
use tallystick_model::member::{Member, MemberRole};
use tallystick_model::{CategorySet, SubjectId, SubjectKind, Timestamp};

use crate::consent_rules::Deed;
use crate::permit::Permit;
use crate::policies::{Answer, ConsentStanding, Grounds, Question};
use crate::rulebook::Rulebook;

/// What is known of an inquiry when it is decided.
#[derive(Clone, Copy, Debug)]
pub struct InquiryEvidence<'a> {
    /// When.
    pub now: Timestamp,
    /// Who asks.
    pub subscriber: &'a Member,
    /// The ground claimed.
    pub purpose: Purpose,
    /// About whom. Consents of another subject are no consents.
    pub subject: SubjectId,
    /// What the subject is; where the identifier does not tell, a person.
    pub subject_kind: SubjectKind,
    /// The subject's consents, in any order, of any member and scope.
    pub consents: &'a [ConsentState],
    /// Whether the subject has frozen the file.
    pub frozen: bool,
    /// Whether the subject has opted out of offers nobody asked for.
    pub opted_out: bool,
    /// Whether the subscriber has undertaken on record what this purpose asks of it.
    pub undertaken: bool,
    /// The months it asks to be told of; `None` is all that may be told.
    pub range: Option<DataRange>,
}

/// What was decided.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// It may move.
    Permit(Permit),
    /// It may not.
    Denied(Denial),
}

/// Why something may not move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The rules that forbade it, at least one, in the rulebook's order: the most specific first.
    pub reasons: Vec<Reason>,
}

/// Whether `evidence` lets the subscriber see the subject's file, and how much of it.
///
/// Of several consents that permit, the one that releases most is relied on; a consent too many never turns a permit
/// into a denial. A denial gives the reasons that stand against the most promising consent.
pub fn decide_inquiry(rulebook: &Rulebook, evidence: &InquiryEvidence<'_>) -> Decision {
    decide_within(rulebook, evidence, CategorySet::all(), Form::Report)
}

/// Whether `evidence` lets the subscriber have a single question answered. What permits a report permits its questions, and
/// releases what the question reads and nothing else; a permit that would release less than that is none.
pub fn decide_question(rulebook: &Rulebook, evidence: &InquiryEvidence<'_>, question: SingleQuestion) -> Decision {
    let denied = |code: &str| {
        let reason = Reason { rule: rulebook.questions_rule().to_owned(), code: code.to_owned() };
        Decision::Denied(Denial { reasons: vec![reason] })
    };
    let Some(reads) = rulebook.reads(question) else { return denied("question_not_offered") };
    match decide_within(rulebook, evidence, reads, Form::Answer) {
        Decision::Permit(permit) if permit.released != reads => denied("question_reads_more"),
        decision => decision,
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Report,
    Answer,
}

/// Decides, and of what a permit releases keeps what is `within`.
fn decide_within(rulebook: &Rulebook, evidence: &InquiryEvidence<'_>, within: CategorySet, form: Form) -> Decision {
    let candidates = candidates(rulebook, evidence);
    let mut best: Option<Permit> = None;
    let mut denial: Option<Vec<Reason>> = None;
    for alike in candidates.chunk_by(|(one, _), (other, _)| one == other) {
        let Some((standing, _)) = alike.first() else { continue };
        match ask(rulebook, evidence, form, Some(*standing)) {
            Answer::Denied(reasons) => {
                denial.get_or_insert(reasons);
            }
            Answer::Permitted(grounds) => {
                for (_, state) in alike {
                    match permit(rulebook, evidence, &grounds, Some(state), within) {
                        Ok(permit) if best.as_ref().is_none_or(|best| reach(&permit) > reach(best)) => {
                            best = Some(permit);
                        }
                        Ok(_) => {}
                        Err(Denial { reasons }) => {
                            denial.get_or_insert(reasons);
                        }
                    }
                }
            }
        }
    }
    if let Some(permit) = best {
        return Decision::Permit(permit);
    }
    match ask(rulebook, evidence, form, None) {
        Answer::Permitted(grounds) => match permit(rulebook, evidence, &grounds, None, within) {
            Ok(permit) => Decision::Permit(permit),
            Err(denial) => Decision::Denied(denial),
        },
        Answer::Denied(reasons) => Decision::Denied(Denial { reasons: denial.unwrap_or(reasons) }),
    }
}

/// Whether the subject may see the own report: all of it, conditional categories too.
pub fn decide_own_report(rulebook: &Rulebook, now: Timestamp, subject: SubjectId) -> Decision {
    match rulebook.policies.ask(Question::OwnReport(subject)) {
        Answer::Denied(reasons) => Decision::Denied(Denial { reasons }),
        Answer::Permitted(grounds) => Decision::Permit(Permit {
            subject,
            purpose: Purpose::OwnReport,
            decided_at: now,
            reasons: grounds.reasons,
            consent: None,
            released: CategorySet::all(),
            detail: Detail::Whole,
            ranges: Ranges::default(),
            data_life: None,
        }),
    }
}

/// Whether `actor` may see a subject's own report, who has died if `died`. `shown` tells if evidence of the right to act was given.
pub fn decide_own_report_by(
    rulebook: &Rulebook,
    now: Timestamp,
    subject: SubjectId,
    (actor, shown, died): (Actor, bool, bool),
) -> Decision {
    // Age takes nobody's sight of the own file away.
    if let Err(denial) = rulebook.may_act(actor, shown, Deed::Own, (None, died), now) {
        return Decision::Denied(denial);
    }
    let mut decision = decide_own_report(rulebook, now, subject);
    let consent = rulebook.consent();
    let acts = match actor {
        Actor::Subject => None,
        Actor::Guardian => consent.guardian.as_ref().map(|guardian| (&guardian.rule, "guardian_acts")),
        Actor::NextOfKin => consent.next_of_kin.as_ref().map(|kin| (&kin.rule, "next_of_kin_acts")),
    };
    if let (Decision::Permit(permit), Some((rule, code))) = (&mut decision, acts) {
        permit.reasons.push(Reason { rule: rule.clone(), code: code.to_owned() });
    }
    decision
}

/// Those of `consents`, in their order, that bear on an inquiry of `subscriber` about `subject`.
pub fn considered<'a>(
    consents: &'a [ConsentState],
    subscriber: &Member,
    subject: SubjectId,
) -> impl Iterator<Item = &'a ConsentState> {
    let number = subscriber.number;
    consents.iter().filter(move |state| {
        let consent = &state.consent;
        consent.subject == subject && consent.member == number && consent.scope == ConsentScope::Inquire
    })
}

/// The consents this subject gave this subscriber for inquiries: the most promising first, those that count alike together.
fn candidates<'a>(rulebook: &Rulebook, evidence: &InquiryEvidence<'a>) -> Vec<(ConsentStanding, &'a ConsentState)> {
    let mut candidates: Vec<_> = considered(evidence.consents, evidence.subscriber, evidence.subject)
        .map(|state| (standing(rulebook, state, evidence), state))
        .collect();
    let last = |state: &ConsentState| (state.consent.valid_until, state.consent.id);
    candidates.sort_by(|(one, a), (other, b)| other.cmp(one).then_with(|| last(b).cmp(&last(a))));
    candidates
}

fn standing(rulebook: &Rulebook, state: &ConsentState, evidence: &InquiryEvidence<'_>) -> ConsentStanding {
    let consent = &state.consent;
    let fair = rulebook.check_fair_use(
        (&[evidence.purpose], &consent.categories),
        &consent.terms,
        (consent.valid_from, consent.valid_until),
    );
    ConsentStanding {
        names_purpose: state.consent.purposes.contains(&evidence.purpose),
        active: state.is_active_at(evidence.now) && !state.is_used_up_at(evidence.now),
        form: state.consent.form,
        paused: state.status_at(evidence.now) == ConsentStatus::Paused,
        used_up: state.is_used_up_at(evidence.now),
        not_yet_valid: evidence.now < state.consent.valid_from,
        expired: state.consent.valid_until <= evidence.now,
        withdrawn: state.withdrawn_at.is_some_and(|withdrawn| withdrawn <= evidence.now),
        evidenced: state.consent.evidence != [0; 32],
        beyond_fair_use: fair.is_err(),
    }
}

fn ask(rulebook: &Rulebook, evidence: &InquiryEvidence<'_>, form: Form, consent: Option<ConsentStanding>) -> Answer {
    rulebook.policies.ask(Question::Inquire {
        kind: evidence.subscriber.kind,
        subscriber: evidence.subscriber.has(MemberRole::Subscriber),
        about: evidence.subject_kind,
        purpose: evidence.purpose,
        frozen: evidence.frozen,
        opted_out: evidence.opted_out,
        undertaken: evidence.undertaken,
        answer: form == Form::Answer,
        consent,
    })
}

/// A permit as far as its grounds go: the law's releases the budget without what is conditional, a consent's what it
/// names of the budget. Of months it shows what was asked for: a consent's range, and fair use, bound what it alone releases.
///
/// # Errors
/// [`Denial`] if nothing permits but a consent, and nothing of what is asked for lies within it.
fn permit(
    rulebook: &Rulebook,
    evidence: &InquiryEvidence<'_>,
    grounds: &Grounds,
    consent: Option<&ConsentState>,
    within: CategorySet,
) -> Result<Permit, Denial> {
    let budget = rulebook.budget(evidence.purpose).and(within);
    let conditional = rulebook.conditional(evidence.subject_kind);
    let relied_on = consent.filter(|_| grounds.consent);
    let named: CategorySet = relied_on.iter().flat_map(|state| &state.consent.categories).copied().collect();
    let by_law = if grounds.law { budget.without(conditional) } else { CategorySet::EMPTY };
    let (by_consent, detail) = (budget.and(named).without(by_law), rulebook.detail(evidence.purpose));
    let agreed = relied_on.and_then(|state| state.consent.terms.data_range);
    let bounded = bounded(rulebook, evidence, by_consent, (agreed, detail));
    let (released, ranges) = match (bounded, grounds.law) {
        (Ok(range), true) => {
            let by_consent_range = range.filter(|_| by_consent != CategorySet::EMPTY);
            let ranges = Ranges { all: evidence.range, by_consent: by_consent_range.map(|range| (by_consent, range)) };
            (by_law.or(by_consent), ranges)
        }
        // What the law gives it gives beside a consent that is of no use here.
        (Err(_), true) => (by_law, Ranges { all: evidence.range, by_consent: None }),
        (Ok(range), false) => (by_consent, Ranges { all: range, by_consent: None }),
        (Err(OutOfBounds::Fault(denial)), false) => return Err(denial),
        (Err(OutOfBounds::Outside), false) => {
            let rule = grounds.reasons.last().map_or(rulebook.name(), |reason| reason.rule.as_str()).to_owned();
            return Err(Denial { reasons: vec![Reason { rule, code: "outside_the_agreed_range".to_owned() }] });
        }
    };
    Ok(Permit {
        subject: evidence.subject,
        purpose: evidence.purpose,
        decided_at: evidence.now,
        reasons: grounds.reasons.clone(),
        consent: relied_on.map(|state| state.consent.id),
        released,
        detail,
        ranges,
        data_life: relied_on.and_then(|state| state.consent.terms.data_life),
    })
}

/// Why what is asked for is not within a consent.
enum OutOfBounds {
    /// The time asked for and the time agreed on have no day in common.
    Outside,
    /// A scheme's rule forbids it.
    Fault(Denial),
}

/// The months of what a consent alone releases: those asked for of those `agreed` on, and of an account aggregator's data no more than
/// fair use lets one request have, nor deeper.
fn bounded(
    rulebook: &Rulebook,
    evidence: &InquiryEvidence<'_>,
    categories: CategorySet,
    (agreed, detail): (Option<DataRange>, Detail),
) -> Result<Option<DataRange>, OutOfBounds> {
    let asked = match (evidence.range, agreed) {
        (Some(asked), Some(agreed)) => Some(asked.and(agreed).ok_or(OutOfBounds::Outside)?),
        (asked, agreed) => asked.or(agreed),
    };
    let trimmed = rulebook.trim_request(evidence.purpose, categories, detail, asked);
    trimmed.map_err(OutOfBounds::Fault)
}

/// How much a permit releases: how many categories, then over how many days.
fn reach(permit: &Permit) -> (usize, i64) {
    let of_consent = permit.ranges.by_consent.map(|(_, range)| range);
    let days = of_consent.or(permit.ranges.all).map_or(i64::MAX, DataRange::days);
    (permit.released.iter().count(), days)
}

/// Codes and their sentences, for whoever has to be told. Codes never change their meaning.
const SENTENCES: [(&str, &str); 87] = [
    // Who asks, and what for.
    ("not_a_subscriber", "The member is not admitted as a subscriber."),
    ("own_report_is_for_the_subject", "Only the subject can ask for the own report."),
    ("supervisor_gets_statistics", "Supervision is served with statistics, not with a person's file."),
    ("not_a_supervisor", "Only the supervisor can inquire for supervision."),
    ("not_a_court", "Only a court can inquire under its order."),
    ("no_permissible_purpose", "The purpose is none for which the law lets a report be given."),
    ("not_a_creditor", "Only a supervised creditor may look a person up to decide on credit."),
    ("not_a_specified_user", "The member's business is none of those that the law lets inquire for this."),
    ("not_an_investor", "Only who may buy, service or insure the credit may have it valued."),
    ("not_a_child_support_agency", "Only an agency that enforces child support may inquire for it."),
    ("not_certified", "The agency has not certified on record what the law asks of it."),
    ("no_firm_offer", "The subscriber has not undertaken on record to make a firm offer."),
    ("answers_criteria_only", "Who is chosen for an offer is asked by criteria; no report is given."),
    // The subject's will.
    ("opted_out", "The subject has opted out of offers nobody asked for."),
    ("file_frozen", "The subject has frozen the credit file."),
    ("consent_withdrawn", "The subject has withdrawn the consent."),
    ("consent_expired", "The consent has expired."),
    ("consent_paused", "The subject has suspended the consent."),
    ("consent_used_up", "The consent has been used as often as was agreed."),
    ("consent_not_yet_valid", "The consent does not hold yet."),
    ("consent_not_written", "The consent was not given in writing."),
    ("consent_not_demonstrable", "Nothing on record shows that the subject gave the consent."),
    // Why an inquiry is permitted.
    ("court_order", "A court has ordered it."),
    ("rule_is_for_persons", "The rule protects natural persons; this subject is a firm."),
    ("credit_transaction", "It serves a credit transaction with the subject, or an account the subject has."),
    ("insurance_underwriting", "It serves to underwrite insurance of the subject."),
    ("firm_offer", "It chooses who gets a firm offer, which the subscriber has undertaken to make."),
    ("valuation_of_credit", "It serves to value credit that the subject owes."),
    ("child_support", "It serves to set or enforce what the subject owes a child."),
    ("licence_by_law", "The law asks for financial standing before the licence is granted."),
    ("business_need", "It serves a transaction that the subject began."),
    ("written_instruction", "The subject has instructed it in writing."),
    ("creditworthiness", "It serves a supervised creditor to judge the subject's creditworthiness."),
    ("specified_user", "The member is one that the law lets inquire for this."),
    ("consent_artefact", "The subject has agreed to it, and the consent is within the bounds of its purpose."),
    ("legitimate_interest", "It is needed for a legitimate interest that the subject's does not override."),
    ("own_access", "The subject sees what is held about the subject."),
    // What may be furnished.
    ("not_a_furnisher", "The member is not admitted as a furnisher."),
    ("prohibited_category", "The law forbids a credit bureau to collect this kind of data."),
    ("protected_characteristic", "No decision on credit may rest on this kind of data."),
    ("not_necessary", "This kind of data is not necessary to judge credit."),
    ("not_this_members_business", "The member's business with the subject does not bring forth this kind of data."),
    ("public_by_law", "The law has made it public."),
    ("consent_to_collect", "The subject agrees that it is collected."),
    ("written_consent_to_furnish", "The subject has agreed in writing that the lender hands it over."),
    ("separate_consent", "The subject has agreed separately, in writing, that the platform hands it over."),
    ("separate_consent_to_sensitive", "The subject has agreed separately that sensitive data is handed over."),
    ("warned_and_written_consent", "The subject was warned of adverse consequences and has agreed in writing."),
    ("furnisher_answers_for_accuracy", "The furnisher answers for its accuracy; no consent is asked."),
    ("creditor_reports", "Creditors report credit to the databases that they look up."),
    ("credit_institution_reports", "Credit institutions report credit to every bureau they are members of."),
    ("account_information_consent", "The subject has agreed that account information is handed over."),
    ("special_category", "Data of special categories and of social networks have no place in a credit database."),
    ("no_recorded_consent", "No consent of the subject that would let the member furnish this is on record."),
    ("not_declared", "The delivery was not admitted with this kind of data."),
    // How consent is asked for, and who gives it.
    ("bundled_with_unnecessary_condition", "The consent was tied to a service that does not need the data."),
    ("asked_again_after_refusal", "The subject was asked again too soon after refusing."),
    ("guardian_needed", "The subject is a child: a parent or guardian decides."),
    ("subject_has_died", "The subject has died: next of kin act from then on, and nobody gives a consent."),
    ("next_of_kin_acts", "The subject has died, and next of kin have shown that they are."),
    ("guardian_acts", "A guardian acts for the subject, and has shown the right to."),
    ("no_death_recorded", "Next of kin act for a subject whose death is on record; this one's is not."),
    ("evidence_of_authority_needed", "Who acts for another shows that they may."),
    // How far consents to an account aggregator's data may go.
    ("no_fair_use_for_this", "No fair-use rule covers this purpose, kind of data and way of fetching."),
    ("fair_use_expiry", "The consent would hold longer than fair use of its purpose lets it."),
    ("fair_use_frequency", "The consent could be used more often than fair use of its purpose lets it."),
    ("fair_use_data_life", "The data could be kept longer than fair use of the purpose lets them."),
    ("fair_use_range", "The data would reach further back than fair use of the purpose lets them."),
    ("fair_use_depth", "The data would be more detailed than fair use of the purpose lets them."),
    ("outside_the_agreed_range", "Nothing of what is asked for lies in the time that was agreed on."),
    // From one member to another.
    ("route_through_bureau", "A platform hands credit information to the bureau, and not straight to a lender."),
    ("no_onward_transfer", "What a member was shown it does not hand on."),
    (
        "transfer_needs_separate_consent",
        "It takes the subject's separate consent to this recipient, which the bureau does not hold.",
    ),
    ("own_experience", "It is the member's own experience with the subject."),
    // Single questions.
    ("question_not_offered", "The rulebook lets nobody ask this question."),
    ("question_reads_more", "The question reads data that this inquiry does not release."),
    // What follows from a dispute or a correction.
    ("not_verified_in_time", "The furnisher did not verify the statement in time."),
    ("furnisher_can_not_verify", "The furnisher could not verify the statement."),
    ("was_shown_what_is_corrected", "The member was shown the statement before it was corrected."),
    // What the partners have not decided.
    ("not_collected", "The partners have not decided to collect this kind of data."),
    ("layout_not_accepted", "The partners have not accepted this layout."),
    ("layout_text_not_accepted", "The partners have accepted another text of this layout."),
    // What the policies leave open, and what should not happen.
    ("no_rule_permits", "No rule of the rulebook permits it."),
    ("rule_not_evaluable", "A rule of the rulebook could not be evaluated; nothing moves."),
    // One for each purpose; see below.
    ("no_consent_for_", "No consent of the subject lets this subscriber inquire: "),
    ("written_consent_for_", "The subject has agreed in writing to this inquiry: "),
    ("consent_for_", "The subject has agreed to this inquiry: "),
];

/// One plain sentence for a reason's code. Of a code this version does not know, the code itself in words.
pub fn sentence(code: &str) -> Cow<'static, str> {
    known_sentence(code).unwrap_or_else(|| Cow::Owned(code.replace('_', " ")))
}

/// The sentence of a code this version knows.
pub(crate) fn known_sentence(code: &str) -> Option<Cow<'static, str>> {
    SENTENCES.iter().find_map(|(known, sentence)| match code.strip_prefix(known)? {
        "" if !known.ends_with('_') => Some(Cow::Borrowed(*sentence)),
        purpose if known.ends_with('_') => {
            let purpose = Purpose::from_code(purpose)?;
            Some(Cow::Owned(format!("{sentence}{}.", purpose.code().replace('_', " "))))
        }
        _ => None,
    })
}
