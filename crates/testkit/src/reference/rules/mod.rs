//! The rules of the four rulebooks that the operations use, said once more in plain Rust.
//!
//! Written from the laws' summaries in `crates/policy/rulebooks`, not from the code that reads them: what a subscriber may see
//! ([`inquiry`]), what a furnisher may hand over ([`furnishing`]), and the numbers ([`numbers`]). Each law has a file of its own, which
//! says of one consent at a time what speaks for and against it; here stands what all four share, and which consent is relied on.

mod cn;
mod eu;
mod fair;
mod india;
pub mod numbers;
mod us;

use std::collections::BTreeSet;

use tallystick_model::consent::{ConsentForm, ConsentId, ConsentScope, ConsentState};
use tallystick_model::consent_terms::{DataRange, Fetch};
use tallystick_model::inquiry::{Detail, Purpose, Ranges, Reason};
use tallystick_model::member::{Member, MemberKind, MemberRole};
use tallystick_model::{CategorySet, DataCategory, SubjectKind, Timestamp};

pub use self::fair::check as check_fair_use;

/// Whose law a bureau decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// China's.
    Cn,
    /// The United States'.
    Us,
    /// The European Union's.
    Eu,
    /// India's.
    In,
}

impl Law {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Cn, Self::Us, Self::Eu, Self::In];

    /// The name of its rulebook, cited where no rule speaks.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cn => "cn",
            Self::Us => "us",
            Self::Eu => "eu",
            Self::In => "in",
        }
    }
}

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
    /// The months that are released.
    pub ranges: Ranges,
}

impl Verdict {
    /// A denial for these reasons.
    pub const fn denied(reasons: Vec<Reason>) -> Self {
        let ranges = Ranges { all: None, by_consent: None };
        Self { permitted: false, reasons, consent: None, released: Vec::new(), ranges }
    }
}

/// What data of one category takes before it comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Furnishing {
    /// It never may.
    Never(Vec<Reason>),
    /// It may; with `Some(form)` only under the subject's recorded consent of at least that form.
    May(Option<ConsentForm>, Vec<Reason>),
}

/// An inquiry, without the subject's consents.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// By which law.
    pub law: Law,
    /// Who asks.
    pub member: &'a Member,
    /// What for.
    pub purpose: Purpose,
    /// About what kind of subject.
    pub about: SubjectKind,
    /// Whether the file is frozen for the one who asks.
    pub frozen: bool,
    /// Whether the subject has opted out of offers nobody asked for.
    pub opted_out: bool,
    /// Whether the subscriber shows what it undertakes.
    pub undertaken: bool,
    /// Whether a question is asked, and no report.
    pub answer: bool,
    /// The months it asks for.
    pub range: Option<DataRange>,
    /// When.
    pub now: Timestamp,
}

impl Case<'_> {
    fn is_person(&self) -> bool {
        self.about == SubjectKind::Person
    }

    fn is_for(&self, purposes: &[Purpose]) -> bool {
        purposes.contains(&self.purpose)
    }

    /// Purposes that only the United States' law knows.
    fn is_of_another_law(&self) -> bool {
        self.is_for(&[Purpose::Prescreen, Purpose::Valuation, Purpose::ChildSupport])
    }

    fn is_ordered(&self) -> bool {
        self.purpose == Purpose::CourtOrder && self.member.kind == MemberKind::Court
    }
}

/// What a law says of an inquiry and one consent, or none.
struct Opinion {
    /// What stands against it: nothing is permitted then.
    against: Vec<Reason>,
    /// What permits it without the consent.
    by_law: Vec<Reason>,
    /// What permits it as far as the consent goes.
    by_consent: Option<Reason>,
}

fn reason(rule: &str, code: impl Into<String>) -> Reason {
    Reason { rule: rule.to_owned(), code: code.into() }
}

/// What stands against who asks and what for, by the rules of a law that say so: on subscribers, own reports, supervision, courts.
fn closed(case: &Case<'_>, [subscribers, own, supervision, courts]: [&str; 4]) -> Vec<Reason> {
    let mut against = Vec::new();
    if !has_role(case.member, MemberRole::Subscriber) {
        against.push(reason(subscribers, "not_a_subscriber"));
    }
    match (case.purpose, case.member.kind) {
        (Purpose::OwnReport, _) => against.push(reason(own, "own_report_is_for_the_subject")),
        (Purpose::Supervision, MemberKind::Supervisor) => {
            against.push(reason(supervision, "supervisor_gets_statistics"));
        }
        (Purpose::Supervision, _) => against.push(reason(supervision, "not_a_supervisor")),
        (Purpose::CourtOrder, kind) if kind != MemberKind::Court => against.push(reason(courts, "not_a_court")),
        _ => {}
    }
    against
}

/// What is wrong with a consent that names the purpose, by the rule of a law that says so.
fn faults(rule: &str, state: &ConsentState, now: Timestamp) -> Vec<Reason> {
    let faults = [
        (is_withdrawn(state, now), "consent_withdrawn"),
        (state.consent.valid_until <= now, "consent_expired"),
        (is_paused(state, now), "consent_paused"),
        (is_used_up(state, now), "consent_used_up"),
        (now < state.consent.valid_from, "consent_not_yet_valid"),
    ];
    faults.iter().filter(|(is_so, _)| *is_so).map(|(_, code)| reason(rule, *code)).collect()
}

fn opinion(case: &Case<'_>, state: Option<&ConsentState>) -> Opinion {
    let named = state.filter(|state| state.consent.purposes.contains(&case.purpose));
    let counts = named.filter(|state| is_active(state, case.now) && !is_used_up(state, case.now));
    match case.law {
        Law::Cn => cn::opinion(case, named, counts),
        Law::Us => us::opinion(case, named, counts),
        Law::Eu => eu::opinion(case, named, counts),
        Law::In => india::opinion(case, named, counts),
    }
}

/// The most each purpose is shown.
pub fn budget(law: Law, purpose: Purpose) -> Vec<DataCategory> {
    match law {
        Law::Cn => cn::budget(purpose),
        Law::Us => us::budget(purpose),
        Law::Eu => eu::budget(purpose),
        Law::In => india::budget(purpose),
    }
}

/// How much of it a report tells.
pub const fn detail(law: Law, purpose: Purpose) -> Detail {
    match (law, purpose) {
        (_, Purpose::Marketing) | (Law::Us, Purpose::Prescreen | Purpose::ChildSupport) => Detail::Summary,
        (Law::Us, _) => Detail::Whole,
        (_, Purpose::Collection) => Detail::Latest,
        (_, Purpose::Insurance | Purpose::Tenancy | Purpose::Licence) => Detail::Summary,
        _ => Detail::Whole,
    }
}

/// The rule that keeps questions to what they read.
pub const fn questions_rule(law: Law) -> &'static str {
    match law {
        Law::Cn => "cn-41",
        Law::Us => "us-1",
        Law::Eu => "eu-minimal",
        Law::In => "in-privacy",
    }
}

/// Shown only where the consent relied on names it.
const fn is_conditional(law: Law, about: SubjectKind, category: DataCategory) -> bool {
    use DataCategory as C;
    match (law, about) {
        (Law::In, _) => {
            matches!(category, C::Payments | C::Income | C::Deposits | C::Securities | C::Insurance | C::Tax)
        }
        (_, SubjectKind::Firm) => false,
        (Law::Cn, SubjectKind::Person) => {
            matches!(category, C::Income | C::Deposits | C::Securities | C::Insurance | C::RealEstate | C::Tax)
        }
        (Law::Us | Law::Eu, SubjectKind::Person) => {
            matches!(category, C::Payments | C::Income | C::Deposits | C::Securities)
        }
    }
}

/// Decides an inquiry about a subject with these consents: of what is released nothing but what is `within`. Of the consents that
/// permit the one that releases most is relied on, of equal ones the most promising; a denial says what stands against that one.
pub fn inquiry(case: &Case<'_>, within: &[DataCategory], consents: &[ConsentState]) -> Verdict {
    let own = consents
        .iter()
        .filter(|state| state.consent.scope == ConsentScope::Inquire && state.consent.member == case.member.number);
    let mut own: Vec<&ConsentState> = own.collect();
    own.sort_by_key(|state| std::cmp::Reverse(promise(case, state)));
    let days = |ranges: Ranges| {
        let range = ranges.by_consent.map(|(_, range)| range).or(ranges.all);
        range.map_or(i64::MAX, |range| i64::from((range.until - range.from).get_days()))
    };
    let mut best: Option<Verdict> = None;
    let mut denial: Option<Verdict> = None;
    for state in own {
        let verdict = verdict(case, within, Some(state));
        if !verdict.permitted {
            denial.get_or_insert(verdict);
        } else if best.as_ref().is_none_or(|best| {
            (verdict.released.len(), days(verdict.ranges)) > (best.released.len(), days(best.ranges))
        }) {
            best = Some(verdict);
        }
    }
    best.unwrap_or_else(|| match verdict(case, within, None) {
        without if without.permitted => without,
        without => denial.unwrap_or(without),
    })
}

fn verdict(case: &Case<'_>, within: &[DataCategory], state: Option<&ConsentState>) -> Verdict {
    let Opinion { against, by_law, by_consent } = opinion(case, state);
    if !against.is_empty() {
        return Verdict::denied(against);
    }
    let is_law = !by_law.is_empty();
    let relied_on = state.filter(|_| by_consent.is_some());
    let mut reasons = by_law;
    // What a law says of firms comes last, behind what a consent says.
    let firms = reasons.iter().position(|reason| reason.code == "rule_is_for_persons").unwrap_or(reasons.len());
    reasons.splice(firms..firms, by_consent);
    if reasons.is_empty() {
        return Verdict::denied(vec![reason(case.law.name(), "no_rule_permits")]);
    }
    // What the consent alone gives, in the months both asked for and agreed on; what the law gives, in those asked for.
    let by_law = |category: &DataCategory| is_law && !is_conditional(case.law, case.about, *category);
    let names = |category: &DataCategory| relied_on.is_some_and(|state| state.consent.categories.contains(category));
    let offered: Vec<DataCategory> =
        budget(case.law, case.purpose).into_iter().filter(|category| within.contains(category)).collect();
    let alone: CategorySet = offered.iter().copied().filter(|of| names(of) && !by_law(of)).collect();
    let agreed = relied_on.and_then(|state| state.consent.terms.data_range);
    let (months, outside) = match (case.range, agreed) {
        (Some(asked), Some(agreed)) => {
            let both = DataRange { from: asked.from.max(agreed.from), until: asked.until.min(agreed.until) };
            (Some(both), both.from > both.until)
        }
        (asked, agreed) => (asked.or(agreed), false),
    };
    let months = months.map(|months| fair::trimmed(case, alone, months));
    if outside && !is_law {
        let rule = reasons.last().map_or(case.law.name(), |reason| reason.rule.as_str()).to_owned();
        return Verdict::denied(vec![reason(&rule, "outside_the_agreed_range")]);
    }
    let bounded = months.filter(|_| is_law && !outside && alone != CategorySet::EMPTY);
    Verdict {
        permitted: true,
        reasons,
        consent: relied_on.map(|state| state.consent.id),
        released: offered.into_iter().filter(|of| by_law(of) || alone.contains(*of) && !outside).collect(),
        ranges: Ranges {
            all: if is_law { case.range } else { months },
            by_consent: bounded.map(|months| (alone, months)),
        },
    }
}

/// How much a consent promises: what names the purpose and holds comes first, then the stronger form, then the one that holds longer.
fn promise(case: &Case<'_>, state: &ConsentState) -> impl Ord + use<> {
    let (now, consent) = (case.now, &state.consent);
    let used_up = is_used_up(state, now);
    let beyond = case.law == Law::In && !fair::is_within(case.purpose, consent);
    let state = (
        is_paused(state, now),
        used_up,
        now < consent.valid_from,
        consent.valid_until <= now,
        is_withdrawn(state, now),
        consent.evidence != [0; 32],
        beyond,
    );
    let active = now < consent.valid_until && consent.valid_from <= now && !state.0 && !state.4 && !used_up;
    (consent.purposes.contains(&case.purpose), active, consent.form, state, consent.valid_until, consent.id)
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

/// Whether a business is lending.
pub const fn lends(kind: MemberKind) -> bool {
    matches!(kind, MemberKind::Bank | MemberKind::CardIssuer | MemberKind::MicroLender)
}

/// What it takes that `member` hands over data of `category` about such a subject.
pub fn furnishing(law: Law, member: &Member, about: SubjectKind, category: DataCategory) -> Furnishing {
    match law {
        Law::Cn => cn::furnishing(member, about, category),
        Law::Us => us::furnishing(category),
        Law::Eu => eu::furnishing(member, category),
        Law::In => india::furnishing(member, category),
    }
}

/// Whether `member` may hand over `category` about this subject now, given the subject's consents.
pub fn may_furnish(
    law: Law,
    member: &Member,
    about: SubjectKind,
    category: DataCategory,
    consents: &[ConsentState],
    now: Timestamp,
) -> bool {
    match furnishing(law, member, about, category) {
        Furnishing::Never(_) => false,
        Furnishing::May(None, _) => true,
        Furnishing::May(Some(form), _) => consents
            .iter()
            .any(|state| is_active(state, now) && lets_furnish(law, member, about, category, form, state)),
    }
}

/// Whether this is the consent that `member` needs, whatever has become of it. In China a platform's consents about what its
/// customers owe and pay are separate ones: tied to nothing.
pub fn lets_furnish(
    law: Law,
    member: &Member,
    about: SubjectKind,
    category: DataCategory,
    form: ConsentForm,
    state: &ConsentState,
) -> bool {
    let separate = law == Law::Cn
        && about == SubjectKind::Person
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

/// Of a hand-over from one member to another: what stands against it, else what permits it.
pub struct HandOver {
    /// The business of the giver and of the receiver.
    pub kinds: (MemberKind, MemberKind),
    /// About what kind of subject.
    pub about: SubjectKind,
    /// Which data.
    pub category: DataCategory,
    /// The bureau has it from the giver.
    pub furnished: bool,
    /// The bureau has shown it to the giver.
    pub received: bool,
}

/// Decides a hand-over: whether it is permitted, and why.
pub fn hand_over(law: Law, asked: &HandOver) -> (bool, Vec<Reason>) {
    let public = asked.category == DataCategory::PublicRecord;
    let person = asked.about == SubjectKind::Person;
    let onward = asked.received && !asked.furnished;
    let (mut against, mut grounds) = (Vec::new(), Vec::new());
    match law {
        Law::Cn => {
            let direct = asked.kinds.0 == MemberKind::PaymentPlatform && lends(asked.kinds.1);
            against.extend((person && !public && direct).then(|| reason("cn-43", "route_through_bureau")));
            against.extend((person && onward).then(|| reason("cn-11", "no_onward_transfer")));
            against.extend((person && !public).then(|| reason("cn-21", "transfer_needs_separate_consent")));
            grounds.extend(public.then(|| reason("cn-5", "public_by_law")));
            grounds.extend((!person).then(|| reason("cn-11", "rule_is_for_persons")));
        }
        Law::Us => {
            against.extend((person && onward).then(|| reason("us-1", "no_onward_transfer")));
            grounds.extend((person && asked.furnished).then(|| reason("us-1", "own_experience")));
            grounds.extend(public.then(|| reason("us-1", "public_by_law")));
            grounds.extend((!person).then(|| reason("us-1", "rule_is_for_persons")));
        }
        Law::Eu => {
            against.extend((person && onward).then(|| reason("eu-minimal", "no_onward_transfer")));
            grounds.extend(public.then(|| reason("eu-basis", "public_by_law")));
            grounds.extend((!person).then(|| reason("eu-basis", "rule_is_for_persons")));
        }
        Law::In => {
            against.extend(onward.then(|| reason("in-users", "no_onward_transfer")));
            grounds.extend(public.then(|| reason("in-users", "public_by_law")));
        }
    }
    match (against.is_empty(), grounds.is_empty()) {
        (false, _) => (false, against),
        (true, false) => (true, grounds),
        (true, true) => (false, vec![reason(law.name(), "no_rule_permits")]),
    }
}
