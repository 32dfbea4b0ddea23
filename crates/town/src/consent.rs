//! Who agreed to what.

use tallystick_model::consent::{ConsentForm, ConsentScope};
use tallystick_model::inquiry::Purpose as InquiryPurpose;
use tallystick_model::{DataCategory, Date};

use super::credit::day_of;
use super::people::Person;
use super::random::Chance;
use super::{Purpose, Town};

/// One agreement of a person with a member of the bureau.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TownConsent {
    /// The member: `card-lender`, `micro-lender`, `platform` or `insurer`.
    pub member: &'static str,
    /// What the member may do.
    pub scope: ConsentScope,
    /// For which purposes; empty for furnishing.
    pub purposes: Vec<InquiryPurpose>,
    /// For which data.
    pub categories: Vec<DataCategory>,
    /// In which form.
    pub form: ConsentForm,
    /// First day.
    pub valid_from: Date,
    /// Day on which it no longer holds.
    pub valid_until: Date,
    /// The day on which the person took it back, of one in ten.
    pub withdrawn: Option<Date>,
}

/// Consents are given from 2024-01 on.
const GIVEN: i32 = 2024 * 12;

impl Town {
    /// The consents of a person: to furnishing by those the person deals with, and to some inquiries.
    pub fn consents(&self, person: &Person) -> Vec<TownConsent> {
        let mut chance = self.chance(Purpose::Consent, person.index);
        let mut consents = Vec::new();
        let credit = [DataCategory::Identity, DataCategory::Credit];
        if person.has_card {
            consents.push(draw(&mut chance, "card-lender", &credit, None));
        }
        if person.has_loans {
            consents.push(draw(&mut chance, "micro-lender", &credit, None));
        }
        if person.wallet.is_some() {
            // A third also lets income and securities be taken in: those need writing and a warning (cn-7).
            let conditional = chance.per_mille(330);
            let mut categories = vec![DataCategory::Payments];
            if conditional {
                categories.extend([DataCategory::Income, DataCategory::Securities]);
            }
            let consent = draw(&mut chance, "platform", &categories, None);
            let form = if conditional { ConsentForm::WrittenWarned } else { consent.form };
            consents.push(TownConsent { form, ..consent });
        }
        let all = [DataCategory::Identity, DataCategory::Credit, DataCategory::Payments];
        if chance.per_mille(400) {
            consents.push(draw(&mut chance, "card-lender", &all, Some(InquiryPurpose::CreditApplication)));
        }
        if chance.per_mille(100) {
            consents.push(draw(&mut chance, "insurer", &credit, Some(InquiryPurpose::Insurance)));
        }
        consents
    }
}

fn draw(
    chance: &mut Chance,
    member: &'static str,
    categories: &[DataCategory],
    purpose: Option<InquiryPurpose>,
) -> TownConsent {
    let month = |chance: &mut Chance, low, high| i32::try_from(chance.between(low, high)).unwrap_or(0);
    let from = GIVEN + month(chance, 0, 23);
    let until = from + month(chance, 6, 36);
    let withdrawn = chance.per_mille(100).then(|| day_of(from + month(chance, 1, 5), 15));
    TownConsent {
        member,
        scope: if purpose.is_some() { ConsentScope::Inquire } else { ConsentScope::Furnish },
        purposes: purpose.into_iter().collect(),
        categories: categories.to_vec(),
        form: if chance.per_mille(300) { ConsentForm::Written } else { ConsentForm::Electronic },
        valid_from: day_of(from, 1),
        valid_until: day_of(until, 1),
        withdrawn,
    }
}
