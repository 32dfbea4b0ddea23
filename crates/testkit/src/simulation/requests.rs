//! Steps of requests to erase.

use tallystick_model::consent_terms::Acting;
use tallystick_model::rights::RequestGround;
use tallystick_model::{DataCategory, Sensitive};
use tallystick_operations::dispute::DisputeName;
use tallystick_operations::request::{self, Asking, Verdict};

use super::World;
use super::rights::Told;

impl World<'_> {
    /// Asks that what a furnisher has said be erased.
    pub(super) fn request(
        &mut self,
        (who, furnisher, ..): &Told,
        category: DataCategory,
        ground: RequestGround,
    ) -> Result<(), String> {
        let identifier = self.who(*who)?;
        let expected = self.reference.ask(&identifier, furnisher, (category, ground), self.now);
        let asking = Asking {
            identifier,
            furnisher: furnisher.clone(),
            categories: vec![category],
            ground,
            words: Sensitive::new(" no longer needed ".to_owned()),
            evidence: [0; 32],
            acting: Acting::default(),
        };
        let answer = request::file(self.bureau()?, &asking, self.now);
        let asked = self.both(answer, expected)?;
        self.tally.asked += usize::from(asked.is_some());
        Ok(())
    }

    /// Answers a request that waits, the last of a subject, or one that there never was.
    pub(super) fn decide_request(&mut self, (who, ..): &Told, grants: bool) -> Result<(), String> {
        let subject = self.reference.find(&self.who(*who)?).subject;
        let waiting = self.reference.waiting_request().filter(|_| self.entropy.percent(80));
        let (subject, entry) = waiting
            .unwrap_or_else(|| (subject, self.reference.requests(subject).last().map_or(2, |state| state.entry)));
        let expected = self.reference.decide_request((subject, entry), grants);
        let verdict = if grants { Verdict::Grant } else { Verdict::Refuse };
        let answer = request::answer(self.bureau()?, DisputeName { subject, entry }, verdict, "looked at", self.now);
        let granted = self.both(answer, expected)?.is_some_and(|answer| answer.erasure.is_some());
        self.tally.granted += usize::from(granted);
        Ok(())
    }
}
