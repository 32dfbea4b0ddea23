//! Hand-overs from one member to another, decided by the rules said once more; and how many decisions there were.

use tallystick_model::event::Event;
use tallystick_model::fact::FactBody;
use tallystick_model::inquiry::Outcome;
use tallystick_model::transfer::TransferRecord;
use tallystick_model::{DataCategory, Identifier};

use super::rules::{self, HandOver};
use super::{Held, Reference, Said};

/// Whether what is held has anything of a category in it.
fn has(held: &Held, category: DataCategory) -> bool {
    match &held.said {
        Said::Identity(identity) => {
            category == DataCategory::Identity || identity.attributes.iter().any(|(of, _)| *of == category)
        }
        Said::Body(FactBody::TradelineMonth(month)) => month.kind.category() == category,
        Said::Body(FactBody::TradelineTerms(terms)) => terms.kind.category() == category,
        Said::Body(FactBody::PaymentProfileMonth(profile)) => match category {
            DataCategory::Payments => true,
            DataCategory::Income => profile.income.is_some(),
            DataCategory::Securities => profile.investments.is_some(),
            _ => false,
        },
        Said::Body(_) => false,
    }
}

impl Reference {
    /// Decides a hand-over.
    ///
    /// # Errors
    /// The words in which the operation refuses.
    pub fn transfer(
        &self,
        from: &str,
        to: &str,
        identifier: &Identifier,
        category: DataCategory,
    ) -> Result<Event, String> {
        let (from, to) = (self.known(from)?, self.known(to)?);
        if from == to {
            return Err("a member hands nothing over to itself".to_owned());
        }
        let found = self.find(identifier);
        let current = self.live(found.subject);
        let furnished =
            current.iter().any(|(key, held)| key.slot.account.furnisher() == from.number && has(held, category));
        let mut received = false;
        for index in &found.events {
            if let Some((_, Event::Inquiry(inquiry))) = self.log.get(*index) {
                let given = inquiry.outcome == Outcome::Permitted && inquiry.subscriber == from.number;
                received |= given && inquiry.released.contains(&category);
            }
        }
        let kinds = (from.kind, to.kind);
        let asked = HandOver { kinds, about: found.kind, category, furnished, received };
        let (permitted, reasons) = rules::hand_over(self.law, &asked);
        Ok(Event::TransferDecided(TransferRecord {
            subject: found.subject,
            subject_kind: found.kind,
            from: from.number,
            to: to.number,
            category,
            furnished,
            received,
            permitted,
            reasons,
            rulebook: self.rulebook.clone(),
        }))
    }

    /// How many decisions there were that can be decided again.
    pub fn decisions(&self) -> u64 {
        let decides =
            |event: &Event| matches!(event, Event::Inquiry(_) | Event::OwnReportViewed(_) | Event::TransferDecided(_));
        u64::try_from(self.log.iter().filter(|(_, event)| decides(event)).count()).unwrap_or(u64::MAX)
    }
}
