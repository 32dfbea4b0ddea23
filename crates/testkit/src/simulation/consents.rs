//! The steps about consents on both bureaus.

use std::collections::BTreeMap;

use tallystick_model::consent::{Consent, ConsentId};
use tallystick_model::consent_terms::{Acting, Actor};
use tallystick_model::event::Event;
use tallystick_model::fact::DeliveryNumber;
use tallystick_model::{SubjectId, SubjectKind, Timestamp};
use tallystick_operations::consent::{Grant, Refused, grant, pause, record_death, refuse, resume, withdraw};
use tallystick_operations::ingest::compact;
use tallystick_operations::withdraw::withdrawn;

use super::World;
use super::compare::same;
use super::file::Who;
use super::steps::Granting;
use crate::reference::Granted;

/// Who acts, with something to show where it is not the subject.
pub(super) fn acting(actor: Actor) -> Acting {
    let evidence = if actor == Actor::Subject { [0; 32] } else { [6; 32] };
    Acting { actor, person: None, evidence }
}

impl World<'_> {
    fn asked(&self, granting: &Granting, id: ConsentId) -> Result<Granted, String> {
        let valid_until = Timestamp::from_millis(self.now.millis() + granting.hours * 3_600_000);
        let consent = Consent {
            id,
            subject: SubjectId::BUREAU,
            about: SubjectKind::Person,
            member: 0,
            scope: granting.scope,
            purposes: granting.purposes.clone(),
            categories: granting.categories.clone(),
            form: granting.form,
            valid_from: self.now,
            valid_until: valid_until.map_err(|error| error.to_string())?,
            evidence: [9; 32],
            terms: granting.terms.clone(),
            flags: Vec::new(),
        };
        Ok(Granted { member: granting.member.clone(), consent })
    }

    pub(super) fn grant(&mut self, granting: &Granting) -> Result<(), String> {
        let identifier = self.who(granting.who)?;
        let mut asked = self.asked(granting, ConsentId([0; 8]))?;
        let answer = grant(
            self.bureau()?,
            Grant {
                identifier: identifier.clone(),
                member: granting.member.clone(),
                scope: granting.scope,
                purposes: granting.purposes.clone(),
                categories: granting.categories.clone(),
                form: granting.form,
                valid_until: asked.consent.valid_until,
                evidence: [9; 32],
                terms: granting.terms.clone(),
            },
            self.now,
        );
        // Only chance knows its name.
        asked.consent.id = answer.as_ref().map_or(asked.consent.id, |(consent, _)| consent.id);
        let expected = self.reference.grant(&identifier, &asked, self.now);
        if let Some(consent) = self.both(answer, expected)? {
            self.tally.flagged += consent.flags.len();
            self.chooser.granted(granting, consent.id);
        }
        Ok(())
    }

    pub(super) fn refuse(&mut self, granting: &Granting) -> Result<(), String> {
        let identifier = self.who(granting.who)?;
        let asked = self.asked(granting, ConsentId([0; 8]))?;
        let refused = Refused {
            identifier: identifier.clone(),
            member: granting.member.clone(),
            scope: granting.scope,
            purposes: granting.purposes.clone(),
            categories: granting.categories.clone(),
            terms: granting.terms.clone(),
        };
        let answer = refuse(self.bureau()?, refused, self.now);
        let expected = self.reference.refuse(&identifier, &asked, self.now);
        if let Some(refusal) = self.both(answer, expected)? {
            self.tally.flagged += refusal.flags.len();
        }
        Ok(())
    }

    /// Pauses a consent, or resumes it.
    pub(super) fn turn(&mut self, who: Who, id: ConsentId, actor: Actor, resumes: bool) -> Result<(), String> {
        let identifier = self.who(who)?;
        let change = if resumes { resume } else { pause };
        let answer = change(self.bureau()?, &identifier, id, acting(actor), self.now);
        let expected = self.reference.turn(&identifier, id, acting(actor), resumes, self.now);
        let done = self.both(answer.map(|recorded| ((), recorded)), expected)?;
        self.tally.turned += usize::from(done.is_some());
        Ok(())
    }

    pub(super) fn die(&mut self, who: Who) -> Result<(), String> {
        let identifier = self.who(who)?;
        let answer = record_death(self.bureau()?, &identifier, [4; 32], self.now);
        let expected = self.reference.die(&identifier, [4; 32]);
        self.both(answer.map(|recorded| ((), recorded)), expected).map(drop)
    }

    pub(super) fn withdraw(&mut self, who: Who, id: ConsentId, actor: Actor) -> Result<(), String> {
        let identifier = self.who(who)?;
        let answer = withdraw(self.bureau()?, &identifier, id, acting(actor), self.now);
        let expected = self.reference.withdraw(&identifier, id, acting(actor), self.now);
        if let Ok(Event::ConsentWithdrawn(withdrawal)) = &expected
            && withdrawal.salt_destroyed
        {
            self.reference.salted.remove(&withdrawal.subject);
            self.tally.salts_destroyed += 1;
        }
        let answer = answer.map(|withdrawn| ((withdrawn.withdrawal, withdrawn.certificate), withdrawn.recorded));
        let Some((withdrawal, certificate)) = self.both(answer, expected)? else { return Ok(()) };
        self.tally.withdrawn += 1;
        self.tally.erased += withdrawal.erasure.as_ref().map_or(0, |erasure| erasure.slots.len());
        self.tally.recipients += withdrawal.recipients.len();
        // The certificate proves it to whoever has the key, and so does one that is asked for again.
        let (again, reissued) = withdrawn(self.bureau()?, &identifier, id).map_err(|error| error.to_string())?;
        same("withdrawals told again", &again, &withdrawal)?;
        let expected = Event::ConsentWithdrawn(Box::new(withdrawal));
        for certificate in [certificate, reissued] {
            let certified = self.proves(&certificate)?;
            same("certificates", &certified.event, &expected)?;
            same("times certified", &certified.at, &self.now)?;
        }
        Ok(())
    }

    /// What has left the disk held at no earlier time either, and what stood behind it then holds there now.
    pub(super) fn forget_in_the_past(&mut self) {
        for (at, holding) in &mut self.past {
            for (subject, keys) in holding {
                *keys = self.reference.stored_on(*subject, *at).into_keys().collect();
            }
        }
    }

    /// Compacts: what is erased leaves the disk, each removal is on record, and says what went.
    pub(super) fn compact(&mut self) -> Result<(), String> {
        compact(self.bureau()?, self.now, &|_, _| {}).map_err(|error| error.to_string())?;
        let first = u64::try_from(self.reference.log.len()).unwrap_or(u64::MAX);
        let mut removals = BTreeMap::new();
        let recorded = self.bureau()?.snapshot().each_event(|_, index, event| {
            if let (true, Event::FactsRemoved(removal)) = (index >= first, event) {
                removals.insert(index, removal);
            }
        });
        recorded.map_err(|error| error.to_string())?;
        // What lies in several places leaves each of them on record: together it is what was to go.
        let mut gone: BTreeMap<SubjectId, BTreeMap<DeliveryNumber, u64>> = BTreeMap::new();
        for removal in removals.into_values() {
            let of_subject = gone.entry(removal.subject).or_default();
            for part in &removal.parts {
                let count = part.removed.iter().map(|(_, count)| count).sum::<u64>();
                *of_subject.entry(part.delivery).or_default() += count;
            }
            self.agree_on_event(Event::FactsRemoved(removal))?;
            self.tally.removed += 1;
        }
        for (subject, mut found) in gone {
            found.retain(|_, count| *count > 0);
            same("facts removed", &found, &self.reference.remove_erased(subject))?;
        }
        self.forget_in_the_past();
        let left = self.reference.facts.clone();
        let hidden = left.len() - self.reference.without_erased(left).len();
        same("erased facts that are still there", &hidden, &0)
    }
}
