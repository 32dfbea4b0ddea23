//! What each role of staff may do. An act that a role may not do is refused before anything is recorded.

use tallystick_model::event::EventKind;
use tallystick_model::staff::StaffRole;

/// Whether what an event of this kind records takes a member of staff's signature, where staff is enrolled. What partners
/// and seats sign themselves does not, nor does the enactment that only draws the conclusion.
pub const fn is_signed_for(kind: EventKind) -> bool {
    !matches!(
        kind,
        EventKind::BureauFounded
            | EventKind::DecisionProposed
            | EventKind::BallotCast
            | EventKind::DecisionEnacted
            | EventKind::StaffActed
    )
}

/// Whether staff in this role may do what an event of this kind records.
pub const fn may(role: StaffRole, kind: EventKind) -> bool {
    use EventKind as K;
    is_signed_for(kind)
        && match role {
            StaffRole::Operator => true,
            StaffRole::InquiryClerk => {
                matches!(kind, K::InquiryPermitted | K::InquiryDenied | K::InquiryNoHit | K::OwnReportViewed)
            }
            StaffRole::DisputesClerk => matches!(
                kind,
                K::OwnReportViewed
                    | K::ConsentGranted
                    | K::ConsentWithdrawn
                    | K::FactCorrected
                    | K::FreezePlaced
                    | K::FreezeLifted
                    | K::DisputeOpened
                    | K::DisputeAnswered
                    | K::DisputeWithdrawn
                    | K::DisputeLapsed
                    | K::DisputeExtended
                    | K::CaseAnswered
                    | K::DefaultAlerted
                    | K::RequestFiled
                    | K::RequestAnswered
                    | K::CorrectionNoticed
                    | K::StatementPlaced
                    | K::StatementRemoved
                    | K::FreezePaused
                    | K::AlertPlaced
                    | K::AlertRemoved
                    | K::OptedOut
                    | K::OptedIn
                    | K::CodeIssued
            ),
            StaffRole::Auditor => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_its_own_acts_and_an_auditor_none() {
        let of = |role| EventKind::ALL.iter().filter(|kind| may(role, **kind)).count();
        assert_eq!(of(StaffRole::Auditor), 0);
        assert_eq!(of(StaffRole::InquiryClerk), 4);
        assert_eq!(of(StaffRole::DisputesClerk), 24);
        assert_eq!(of(StaffRole::Operator), EventKind::ALL.len() - 5);
        assert!(!may(StaffRole::InquiryClerk, EventKind::FactCorrected));
        assert!(!may(StaffRole::Operator, EventKind::DecisionEnacted), "partners decide, staff does not");
    }
}
