//! The United States: a closed list of purposes, a freeze against new creditors, and the subject's own instruction.

use tallystick_model::DataCategory;
use tallystick_model::consent::{ConsentForm, ConsentState};
use tallystick_model::inquiry::{Purpose, Reason};
use tallystick_model::member::MemberKind;

use super::{Case, Furnishing, Opinion, closed, faults, reason};

pub(super) fn opinion(case: &Case<'_>, named: Option<&ConsentState>, counts: Option<&ConsentState>) -> Opinion {
    use Purpose as P;
    let mut against = closed(case, ["us-1", "us-11", "us-1", "us-1"]);
    let mut by_law: Vec<Reason> = Vec::new();
    by_law.extend(case.is_ordered().then(|| reason("us-1", "court_order")));
    if !case.is_person() {
        by_law.push(reason("us-1", "rule_is_for_persons"));
        return Opinion { against, by_law, by_consent: None };
    }
    match (case.purpose, case.member.kind) {
        (P::Valuation, kind) if !matches!(kind, MemberKind::Investor | MemberKind::Insurer) => {
            against.push(reason("us-1", "not_an_investor"));
        }
        (P::ChildSupport, kind) => {
            let agency = kind == MemberKind::ChildSupportAgency;
            against.extend((!agency).then(|| reason("us-1", "not_a_child_support_agency")));
            against.extend((!case.undertaken).then(|| reason("us-1", "not_certified")));
        }
        (P::Prescreen, _) => {
            against.extend((!case.undertaken).then(|| reason("us-2", "no_firm_offer")));
            against.extend((!case.answer).then(|| reason("us-2", "answers_criteria_only")));
            against.extend(case.opted_out.then(|| reason("us-2", "opted_out")));
        }
        _ => {}
    }
    let new_credit = [P::CreditApplication, P::Guarantee, P::Marketing];
    against.extend((case.frozen && case.is_for(&new_credit)).then(|| reason("us-9", "file_frozen")));
    if case.is_for(&[P::Employment, P::Marketing]) {
        match named {
            Some(state) => against.extend(faults("us-1", state, case.now)),
            None if case.purpose == P::Employment => against.push(reason("us-1", "no_consent_for_employment")),
            None => against.push(reason("us-1", "no_permissible_purpose")),
        }
    }
    by_law.extend(match case.purpose {
        P::CreditApplication | P::AccountReview | P::Collection | P::Guarantee => {
            Some(reason("us-1", "credit_transaction"))
        }
        P::Insurance => Some(reason("us-1", "insurance_underwriting")),
        P::Licence => Some(reason("us-1", "licence_by_law")),
        P::Tenancy => Some(reason("us-1", "business_need")),
        P::Prescreen => Some(reason("us-2", "firm_offer")),
        P::Valuation => Some(reason("us-1", "valuation_of_credit")),
        P::ChildSupport => Some(reason("us-1", "child_support")),
        _ => None,
    });
    Opinion { against, by_law, by_consent: counts.map(|_| reason("us-1", "written_instruction")) }
}

pub(super) fn budget(purpose: Purpose) -> Vec<DataCategory> {
    use DataCategory::{Credit, Deposits, Identity, Income, NonCredit, Payments, PublicRecord, Securities};
    match purpose {
        Purpose::CreditApplication | Purpose::CourtOrder => {
            vec![Identity, Credit, Payments, Income, Deposits, Securities, PublicRecord, NonCredit]
        }
        Purpose::AccountReview => vec![Identity, Credit, Payments, Income, PublicRecord, NonCredit],
        Purpose::Collection => vec![Identity, Credit, PublicRecord, NonCredit],
        Purpose::Guarantee => vec![Identity, Credit, Payments, Income, Deposits, PublicRecord],
        Purpose::Insurance | Purpose::Employment | Purpose::Licence | Purpose::Valuation => {
            vec![Identity, Credit, PublicRecord]
        }
        Purpose::ChildSupport => vec![Identity, Credit, Income, PublicRecord],
        Purpose::Tenancy => vec![Identity, Credit, Income, PublicRecord, NonCredit],
        Purpose::Marketing | Purpose::Prescreen => vec![Credit],
        Purpose::Supervision | Purpose::OwnReport => vec![],
    }
}

/// Who furnishes does not matter: what it furnishes does.
pub(super) fn furnishing(category: DataCategory) -> Furnishing {
    use DataCategory as C;
    match category {
        C::Health | C::Genetic | C::BloodType => Furnishing::Never(vec![reason("us-15", "prohibited_category")]),
        C::Sex | C::MaritalStatus | C::Ethnicity | C::Religion | C::Age => {
            Furnishing::Never(vec![reason("us-ecoa", "protected_characteristic")])
        }
        C::Identity | C::Credit | C::PublicRecord | C::NonCredit => {
            Furnishing::May(None, vec![reason("us-14", "furnisher_answers_for_accuracy")])
        }
        C::Payments | C::Income | C::Deposits | C::Securities => {
            Furnishing::May(Some(ConsentForm::Electronic), vec![reason("us-1", "written_instruction")])
        }
        _ => Furnishing::Never(vec![reason("us", "no_rule_permits")]),
    }
}
