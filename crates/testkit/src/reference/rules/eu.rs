//! The European Union: creditors judge creditworthiness by law; for most else it takes a consent that can be shown.

use tallystick_model::DataCategory;
use tallystick_model::consent::{ConsentForm, ConsentState};
use tallystick_model::inquiry::{Purpose, Reason};
use tallystick_model::member::{Member, MemberKind};

use super::{Case, Furnishing, Opinion, closed, faults, lends, reason};

pub(super) fn opinion(case: &Case<'_>, named: Option<&ConsentState>, counts: Option<&ConsentState>) -> Opinion {
    use Purpose as P;
    let mut against = closed(case, ["eu-8", "eu-3", "eu-basis", "eu-basis"]);
    against.extend(case.is_of_another_law().then(|| reason("eu-basis", "no_permissible_purpose")));
    let mut by_law: Vec<Reason> = Vec::new();
    by_law.extend(case.is_ordered().then(|| reason("eu-basis", "court_order")));
    if !case.is_person() {
        by_law.push(reason("eu-basis", "rule_is_for_persons"));
        return Opinion { against, by_law, by_consent: None };
    }
    let of_creditors = [P::CreditApplication, P::AccountReview, P::Guarantee, P::Collection];
    if case.is_for(&of_creditors) && !lends(case.member.kind) {
        against.push(reason("eu-8", "not_a_creditor"));
    }
    let is_shown = |state: &&ConsentState| state.consent.evidence != [0; 32];
    if case.is_for(&[P::Insurance, P::Employment, P::Tenancy, P::Licence, P::Marketing]) {
        match named {
            Some(state) => {
                against.extend(faults("eu-4", state, case.now));
                against.extend((!is_shown(&state)).then(|| reason("eu-4", "consent_not_demonstrable")));
            }
            None => against.push(reason("eu-basis", format!("no_consent_for_{}", case.purpose))),
        }
    }
    by_law.extend(match case.purpose {
        P::CreditApplication | P::AccountReview | P::Guarantee => Some(reason("eu-8", "creditworthiness")),
        P::Collection => Some(reason("eu-basis", "legitimate_interest")),
        _ => None,
    });
    let consent = || reason("eu-4", format!("consent_for_{}", case.purpose));
    Opinion { against, by_law, by_consent: counts.filter(is_shown).map(|_| consent()) }
}

pub(super) fn budget(purpose: Purpose) -> Vec<DataCategory> {
    use DataCategory::{Credit, Deposits, Identity, Income, NonCredit, Payments, PublicRecord, Securities};
    match purpose {
        Purpose::CreditApplication | Purpose::CourtOrder => {
            vec![Identity, Credit, Payments, Income, Deposits, Securities, PublicRecord, NonCredit]
        }
        Purpose::AccountReview => vec![Identity, Credit, Payments, Income, PublicRecord, NonCredit],
        Purpose::Collection | Purpose::Insurance | Purpose::Licence => vec![Identity, Credit, PublicRecord],
        Purpose::Guarantee => vec![Identity, Credit, Payments, Income, Deposits, PublicRecord],
        Purpose::Employment => vec![Identity, PublicRecord],
        Purpose::Tenancy => vec![Identity, Credit, Income, PublicRecord, NonCredit],
        Purpose::Marketing => vec![Credit],
        _ => vec![],
    }
}

pub(super) fn furnishing(member: &Member, category: DataCategory) -> Furnishing {
    use DataCategory as C;
    let by_law = |rule: &str, code: &str| Furnishing::May(None, vec![reason(rule, code)]);
    match category {
        C::Religion | C::Genetic | C::Biometric | C::BloodType | C::Health | C::Ethnicity | C::SocialNetwork => {
            Furnishing::Never(vec![reason("eu-9", "special_category")])
        }
        C::Age | C::Sex | C::Education | C::MaritalStatus | C::Location | C::Occupation | C::OutcomeLabel => {
            Furnishing::Never(vec![reason("eu-minimal", "not_necessary")])
        }
        C::Credit if lends(member.kind) => by_law("eu-8", "creditor_reports"),
        C::Identity => by_law("eu-basis", "legitimate_interest"),
        C::NonCredit if member.kind == MemberKind::Utility => by_law("eu-basis", "legitimate_interest"),
        C::PublicRecord => by_law("eu-basis", "public_by_law"),
        C::Payments | C::Income | C::Deposits | C::Securities => {
            Furnishing::May(Some(ConsentForm::Electronic), vec![reason("eu-11", "account_information_consent")])
        }
        _ => Furnishing::Never(vec![reason("eu", "no_rule_permits")]),
    }
}
