//! China: of persons an inquiry needs a written consent that names subscriber and purpose and is active; firms are permitted.

use tallystick_model::consent::{ConsentForm, ConsentState};
use tallystick_model::inquiry::{Purpose, Reason};
use tallystick_model::member::{ConsentDuty, Member, MemberKind};
use tallystick_model::{DataCategory, SubjectKind};

use super::{Case, Furnishing, Opinion, closed, faults, lends, reason};

pub(super) fn opinion(case: &Case<'_>, named: Option<&ConsentState>, counts: Option<&ConsentState>) -> Opinion {
    let mut against = closed(case, ["cn-11", "cn-25", "cn-11", "cn-11"]);
    against.extend(case.is_of_another_law().then(|| reason("cn-11", "no_permissible_purpose")));
    let is_written = |state: &&ConsentState| state.consent.form >= ConsentForm::Written;
    let mut by_law: Vec<Reason> = Vec::new();
    by_law.extend(case.is_ordered().then(|| reason("cn-11", "court_order")));
    if !case.is_person() {
        by_law.push(reason("cn-11", "rule_is_for_persons"));
        return Opinion { against, by_law, by_consent: None };
    }
    let needs_none = [Purpose::CourtOrder, Purpose::Supervision, Purpose::OwnReport];
    match named {
        Some(state) => {
            against.extend(faults("cn-11", state, case.now));
            against.extend((!is_written(&state)).then(|| reason("cn-11", "consent_not_written")));
        }
        None if case.is_for(&needs_none) => {}
        None => against.push(reason("cn-11", format!("no_consent_for_{}", case.purpose))),
    }
    let consent = || reason("cn-11", format!("written_consent_for_{}", case.purpose));
    Opinion { against, by_law, by_consent: counts.filter(is_written).map(|_| consent()) }
}

pub(super) fn budget(purpose: Purpose) -> Vec<DataCategory> {
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
        _ => vec![],
    }
}

/// What it takes that `member` hands over data of `category` about such a subject.
pub(super) fn furnishing(member: &Member, about: SubjectKind, category: DataCategory) -> Furnishing {
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
