//! India: specified users for their purposes, firms as persons, and consents within fair use of their purpose.

use tallystick_model::DataCategory;
use tallystick_model::consent::{ConsentForm, ConsentState};
use tallystick_model::inquiry::{Purpose, Reason};
use tallystick_model::member::{Member, MemberKind};

use super::{Case, Furnishing, Opinion, closed, fair, faults, lends, reason};

pub(super) fn opinion(case: &Case<'_>, named: Option<&ConsentState>, counts: Option<&ConsentState>) -> Opinion {
    use Purpose as P;
    let mut against = closed(case, ["in-users", "in-8", "in-users", "in-users"]);
    against.extend(case.is_of_another_law().then(|| reason("in-users", "no_permissible_purpose")));
    let kind = case.member.kind;
    let of_users = [P::CreditApplication, P::AccountReview, P::Collection, P::Guarantee, P::Insurance];
    let insures = kind == MemberKind::Insurer && case.purpose == P::Insurance;
    if case.is_for(&of_users) && !lends(kind) && kind != MemberKind::Utility && !insures {
        against.push(reason("in-users", "not_a_specified_user"));
    }
    if case.is_for(&[P::Employment, P::Tenancy, P::Licence, P::Marketing]) {
        match named {
            Some(state) => against.extend(faults("in-10", state, case.now)),
            None => against.push(reason("in-users", format!("no_consent_for_{}", case.purpose))),
        }
    }
    let mut by_law: Vec<Reason> = Vec::new();
    by_law.extend(case.is_ordered().then(|| reason("in-users", "court_order")));
    by_law.extend(case.is_for(&of_users).then(|| reason("in-users", "specified_user")));
    let fair = counts.filter(|state| fair::is_within(case.purpose, &state.consent));
    Opinion { against, by_law, by_consent: fair.map(|_| reason("in-11", format!("consent_for_{}", case.purpose))) }
}

pub(super) fn budget(purpose: Purpose) -> Vec<DataCategory> {
    use DataCategory::{
        Credit, Deposits, Identity, Income, Insurance, NonCredit, Payments, PublicRecord, Securities, Tax,
    };
    match purpose {
        Purpose::CreditApplication | Purpose::CourtOrder => {
            vec![Identity, Credit, Payments, Income, Deposits, Securities, Insurance, Tax, PublicRecord, NonCredit]
        }
        Purpose::AccountReview => vec![Identity, Credit, Payments, Income, Deposits, Tax, PublicRecord, NonCredit],
        Purpose::Collection | Purpose::Licence => vec![Identity, Credit, PublicRecord],
        Purpose::Guarantee => vec![Identity, Credit, Payments, Income, Deposits, PublicRecord],
        Purpose::Insurance => vec![Identity, Credit, Insurance, PublicRecord],
        Purpose::Employment => vec![Identity, PublicRecord],
        Purpose::Tenancy => vec![Identity, Credit, Income, PublicRecord, NonCredit],
        Purpose::Marketing => vec![Credit],
        _ => vec![],
    }
}

pub(super) fn furnishing(member: &Member, category: DataCategory) -> Furnishing {
    use DataCategory as C;
    let reports = || reason("in-2", "credit_institution_reports");
    match category {
        C::Religion
        | C::Genetic
        | C::Biometric
        | C::BloodType
        | C::Health
        | C::Ethnicity
        | C::Education
        | C::MaritalStatus
        | C::SocialNetwork
        | C::Location
        | C::OutcomeLabel => Furnishing::Never(vec![reason("in-privacy", "not_necessary")]),
        C::Credit if lends(member.kind) => Furnishing::May(None, vec![reports()]),
        C::Identity => {
            let mut reasons = Vec::new();
            reasons.extend(lends(member.kind).then(reports));
            reasons.push(reason("in-users", "legitimate_interest"));
            Furnishing::May(None, reasons)
        }
        C::NonCredit if member.kind == MemberKind::Utility => {
            Furnishing::May(None, vec![reason("in-users", "specified_user")])
        }
        C::PublicRecord => Furnishing::May(None, vec![reason("in-users", "public_by_law")]),
        C::Payments | C::Income | C::Deposits | C::Securities | C::Insurance | C::Tax => {
            Furnishing::May(Some(ConsentForm::Electronic), vec![reason("in-10", "consent_artefact")])
        }
        _ => Furnishing::Never(vec![reason("in", "no_rule_permits")]),
    }
}
