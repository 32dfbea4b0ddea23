//! The rules of China's rulebook that the operations use, said once more in plain Rust.
//!
//! Written from the law's summary in `crates/policy/rulebooks/cn`, not from its code: what a subscriber may see
//! ([`inquiry`]) and what a furnisher may hand over ([`furnishing`]). Firms are permitted; of persons an inquiry needs a
//! written consent that names subscriber and purpose and is active.

use std::collections::BTreeSet;

use tallystick_model::consent::{ConsentForm, ConsentId, ConsentScope, ConsentState};
use tallystick_model::consent_terms::{DataRange, Fetch};
use tallystick_model::inquiry::{Detail, Purpose, Reason};
use tallystick_model::member::{ConsentDuty, Member, MemberKind, MemberRole};
use tallystick_model::{DataCategory, SubjectKind, Timestamp};

/// What became of the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the subscriber may see the file.
    pub permitted: bool,
    /// The rules that decided, in their order.
    pub reasons: Vec<Reason>,
    /// The consent relied on.
    pub consent: Option<ConsentId>,
    /// What is released; empty if denied.
    pub released: Vec<DataCategory>,
    /// The months that are released, where a consent says which.
    pub range: Option<DataRange>,
}

/// What data of one category takes before it comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Furnishing {
    /// It never may.
    Never(Vec<Reason>),
    /// It may; with `Some(form)` only under the subject's recorded consent of at least that form.
    May(Option<ConsentForm>, Vec<Reason>),
}

fn reason(rule: &str, code: impl Into<String>) -> Reason {
    Reason { rule: rule.to_owned(), code: code.into() }
}

/// The most each purpose is shown.
pub fn budget(purpose: Purpose) -> Vec<DataCategory> {
    use DataCategory::{
        Credit, Deposits, Identity, Income, Insurance, NonCredit, Payments, PublicRecord, RealEstate, Securities, Tax,
    };
    match purpose {
        Purpose::CreditApplication | Purpose::CourtOrder => vec![
            Identity,
            Credit,
            Payments,
            Income,
            Deposits,
            Securities,
            Insurance,
            RealEstate,
            Tax,
            PublicRecord,
            NonCredit,
        ],
        Purpose::AccountReview => vec![Identity, Credit, Payments, Income, Deposits, PublicRecord, NonCredit],
        Purpose::Collection | Purpose::Licence => vec![Identity, Credit, PublicRecord],
        Purpose::Guarantee => vec![Identity, Credit, Payments, Income, Deposits, RealEstate, PublicRecord],
        Purpose::Insurance => vec![Identity, Credit, Insurance, PublicRecord],
        Purpose::Employment => vec![Identity, PublicRecord],
        Purpose::Tenancy => vec![Identity, Credit, Income, PublicRecord, NonCredit],
        Purpose::Marketing => vec![Credit],
        Purpose::Supervision | Purpose::OwnReport => vec![],
    }
}

/// How much of it a report tells.
pub fn detail(purpose: Purpose) -> Detail {
    match purpose {
        Purpose::Collection => Detail::Latest,
        Purpose::Insurance | Purpose::Tenancy | Purpose::Licence | Purpose::Marketing => Detail::Summary,
        _ => Detail::Whole,
    }
}

/// Collected, and shown, only with the person's consent after a warning.
fn is_conditional(category: DataCategory) -> bool {
    matches!(
        category,
        DataCategory::Income
            | DataCategory::Deposits
            | DataCategory::Securities
            | DataCategory::Insurance
            | DataCategory::RealEstate
            | DataCategory::Tax
    )
}

/// Decides an inquiry of `member` about a subject with these consents: of what is released nothing but what is `within`.
pub fn inquiry(
    member: &Member,
    (purpose, within): (Purpose, &[DataCategory]),
    about: SubjectKind,
    consents: &[ConsentState],
    now: Timestamp,
) -> Verdict {
    let budget = |purpose| -> Vec<DataCategory> {
        budget(purpose).into_iter().filter(|category| within.contains(category)).collect()
    };
    // What no consent helps against.
    let mut against = Vec::new();
    let subscribes = has_role(member, MemberRole::Subscriber);
    if !subscribes {
        against.push(reason("cn-11", "not_a_subscriber"));
    }
    match (purpose, member.kind) {
        (Purpose::OwnReport, _) => against.push(reason("cn-25", "own_report_is_for_the_subject")),
        (Purpose::Supervision, MemberKind::Supervisor) => against.push(reason("cn-11", "supervisor_gets_statistics")),
        (Purpose::Supervision, _) => against.push(reason("cn-11", "not_a_supervisor")),
        (Purpose::CourtOrder, MemberKind::Court) => {}
        (Purpose::CourtOrder, _) => against.push(reason("cn-11", "not_a_court")),
        _ => {}
    }
    let hopeless = !against.is_empty();
    // A purpose that is not open to this member asks for no consent.
    let closed = against.len() > usize::from(!subscribes);
    let court = purpose == Purpose::CourtOrder && member.kind == MemberKind::Court;
    let ordered = court && subscribes;
    if about == SubjectKind::Firm {
        let mut reasons = against;
        if !hopeless {
            reasons.extend(ordered.then(|| reason("cn-11", "court_order")));
            reasons.push(reason("cn-11", "rule_is_for_persons"));
        }
        let released = if hopeless { Vec::new() } else { budget(purpose) };
        return Verdict { permitted: !hopeless, reasons, consent: None, released, range: None };
    }

    // A person's consents to this subscriber.
    let mut own: Vec<&ConsentState> = consents
        .iter()
        .filter(|state| state.consent.scope == ConsentScope::Inquire && state.consent.member == member.number)
        .collect();
    // The one that holds longer first, of equally long ones the one of the greater name.
    own.sort_by_key(|state| std::cmp::Reverse((state.consent.valid_until, state.consent.id)));

    // The consent that releases most, of equal ones the stronger form, is relied on.
    let names = |state: &ConsentState| state.consent.purposes.contains(&purpose);
    let suffices = |state: &ConsentState| {
        names(state) && is_active(state, now) && !is_used_up(state, now) && state.consent.form >= ConsentForm::Written
    };
    let mut best: Option<(&ConsentState, Vec<DataCategory>)> = None;
    for form in [ConsentForm::WrittenWarned, ConsentForm::Written] {
        for state in own.iter().filter(|state| !hopeless && state.consent.form == form && suffices(state)) {
            let shown = |category: &DataCategory| {
                state.consent.categories.contains(category) || (ordered && !is_conditional(*category))
            };
            let released: Vec<DataCategory> = budget(purpose).into_iter().filter(shown).collect();
            let reach = |state: &ConsentState, released: &[DataCategory]| {
                let range = state.consent.terms.data_range.filter(|_| !ordered);
                (released.len(), range.map_or(i64::MAX, |range| i64::from((range.until - range.from).get_days())))
            };
            if best.as_ref().is_none_or(|(other, most)| reach(state, &released) > reach(other, most)) {
                best = Some((state, released));
            }
        }
    }
    if let Some((state, released)) = best {
        let mut reasons = Vec::new();
        reasons.extend(ordered.then(|| reason("cn-11", "court_order")));
        reasons.push(reason("cn-11", format!("written_consent_for_{purpose}")));
        // What a court's order gives goes beyond what the consent says.
        let range = state.consent.terms.data_range.filter(|_| !ordered);
        return Verdict { permitted: true, reasons, consent: Some(state.consent.id), released, range };
    }
    if ordered {
        let released = budget(purpose).into_iter().filter(|category| !is_conditional(*category)).collect();
        return Verdict {
            permitted: true,
            reasons: vec![reason("cn-11", "court_order")],
            consent: None,
            released,
            range: None,
        };
    }

    // Denied: what stands against the most promising consent.
    let promise = |state: &&&ConsentState| {
        let withdrawn = is_withdrawn(state, now);
        let standing = (is_paused(state, now), is_used_up(state, now), state.consent.valid_until <= now, withdrawn);
        (names(state), is_active(state, now) && !is_used_up(state, now), state.consent.form, standing)
    };
    match own.iter().max_by_key(promise).filter(|state| names(state)) {
        Some(state) => {
            let faults = [
                (is_withdrawn(state, now), "consent_withdrawn"),
                (state.consent.valid_until <= now, "consent_expired"),
                (is_paused(state, now), "consent_paused"),
                (is_used_up(state, now), "consent_used_up"),
                (state.consent.form < ConsentForm::Written, "consent_not_written"),
            ];
            against.extend(faults.iter().filter(|(is_so, _)| *is_so).map(|(_, code)| reason("cn-11", *code)));
        }
        None if closed || court => {}
        None => against.push(reason("cn-11", format!("no_consent_for_{purpose}"))),
    }
    Verdict { permitted: false, reasons: against, consent: None, released: Vec::new(), range: None }
}

fn is_withdrawn(state: &ConsentState, now: Timestamp) -> bool {
    matches!(state.withdrawn_at, Some(at) if at <= now)
}

/// Suspended, and neither withdrawn nor over.
fn is_paused(state: &ConsentState, now: Timestamp) -> bool {
    let suspended = state.pauses.last().is_some_and(|pause| pause.until.is_none());
    suspended && now < state.consent.valid_until && !is_withdrawn(state, now)
}

/// Used as often as was agreed; days and months are those of the calendar.
fn is_used_up(state: &ConsentState, now: Timestamp) -> bool {
    match state.consent.terms.fetch {
        Fetch::Unlimited => false,
        Fetch::OneTime => !state.uses.is_empty(),
        Fetch::Periodic(frequency) => {
            // As texts, `2026-03-01T07:00:00Z` and the like: a year, a month, a day, an hour have the same beginning.
            let letters = match frequency.unit.code() {
                "year" => 4,
                "month" => 7,
                "day" => 10,
                _ => 13,
            };
            let begins = |at: Timestamp| at.to_string().chars().take(letters).collect::<String>();
            let in_unit = state.uses.iter().filter(|used| begins(**used) == begins(now)).count();
            in_unit >= usize::from(frequency.count)
        }
    }
}

fn is_active(state: &ConsentState, now: Timestamp) -> bool {
    let within = state.consent.valid_from <= now && now < state.consent.valid_until;
    within && !is_withdrawn(state, now) && !is_paused(state, now)
}

fn lends(kind: MemberKind) -> bool {
    matches!(kind, MemberKind::Bank | MemberKind::CardIssuer | MemberKind::MicroLender)
}

/// What it takes that `member` hands over data of `category` about such a subject.
pub fn furnishing(member: &Member, about: SubjectKind, category: DataCategory) -> Furnishing {
    use DataCategory as C;
    let platform = member.kind == MemberKind::PaymentPlatform;
    let lender = lends(member.kind);
    match category {
        C::Religion | C::Genetic | C::Biometric | C::BloodType | C::Health => {
            return Furnishing::Never(vec![reason("cn-6", "prohibited_category")]);
        }
        C::Age | C::Sex | C::Education | C::MaritalStatus | C::Ethnicity | C::SocialNetwork => {
            return Furnishing::Never(vec![reason("cn-41", "not_necessary")]);
        }
        C::Location | C::Occupation | C::OutcomeLabel => {
            return Furnishing::Never(vec![reason("cn-41", "not_necessary")]);
        }
        _ => {}
    }
    // A promise counts for a written consent where no consent on record is asked for.
    let promised = member.duty == ConsentDuty::Attested;
    let written_or_promised = (!promised).then_some(ConsentForm::Written);
    let any_or_promised = (!promised).then_some(ConsentForm::Electronic);
    if about == SubjectKind::Firm {
        let public = category == C::PublicRecord || (category == C::Identity && member.kind == MemberKind::Court);
        return match category {
            C::Credit if lender || platform => {
                Furnishing::May(written_or_promised, vec![reason("cn-17", "written_consent_to_furnish")])
            }
            _ => {
                let mut reasons = Vec::new();
                reasons.extend(public.then(|| reason("cn-5", "public_by_law")));
                reasons.push(reason("cn-5", "rule_is_for_persons"));
                Furnishing::May(None, reasons)
            }
        };
    }
    let recorded = Some(ConsentForm::Written);
    match category {
        C::PublicRecord => Furnishing::May(None, vec![reason("cn-5", "public_by_law")]),
        C::Identity if member.kind == MemberKind::Court => Furnishing::May(None, vec![reason("cn-5", "public_by_law")]),
        C::Identity => Furnishing::May(any_or_promised, vec![reason("cn-5", "consent_to_collect")]),
        C::NonCredit if member.kind == MemberKind::Utility => {
            Furnishing::May(any_or_promised, vec![reason("cn-5", "consent_to_collect")])
        }
        C::Credit if lender => {
            Furnishing::May(written_or_promised, vec![reason("cn-17", "written_consent_to_furnish")])
        }
        C::Credit if platform => Furnishing::May(
            recorded,
            vec![reason("cn-21", "separate_consent"), reason("cn-24", "separate_consent_to_sensitive")],
        ),
        C::Payments if platform => {
            Furnishing::May(recorded, vec![reason("cn-5", "consent_to_collect"), reason("cn-21", "separate_consent")])
        }
        C::Credit | C::Payments | C::NonCredit => Furnishing::Never(vec![reason("cn-41", "not_this_members_business")]),
        _ => Furnishing::May(Some(ConsentForm::WrittenWarned), vec![reason("cn-7", "warned_and_written_consent")]),
    }
}

/// Whether `member` may hand over `category` about this subject now, given the subject's consents.
pub fn may_furnish(
    member: &Member,
    about: SubjectKind,
    category: DataCategory,
    consents: &[ConsentState],
    now: Timestamp,
) -> bool {
    match furnishing(member, about, category) {
        Furnishing::Never(_) => false,
        Furnishing::May(None, _) => true,
        Furnishing::May(Some(form), _) => {
            consents.iter().any(|state| is_active(state, now) && lets_furnish(member, about, category, form, state))
        }
    }
}

/// Whether this is the consent that `member` needs, whatever has become of it. A platform's consents about what its
/// customers owe and pay are separate ones: tied to nothing.
pub fn lets_furnish(
    member: &Member,
    about: SubjectKind,
    category: DataCategory,
    form: ConsentForm,
    state: &ConsentState,
) -> bool {
    let separate = about == SubjectKind::Person
        && member.kind == MemberKind::PaymentPlatform
        && matches!(category, DataCategory::Credit | DataCategory::Payments);
    state.consent.scope == ConsentScope::Furnish
        && state.consent.member == member.number
        && state.consent.form >= form
        && state.consent.categories.contains(&category)
        && !(separate && state.consent.terms.bundle.is_some())
}

/// Whether a member has a role.
pub fn has_role(member: &Member, role: MemberRole) -> bool {
    member.roles.iter().copied().collect::<BTreeSet<_>>().contains(&role)
}
