//! Folds of a subject's events that have to do with consent: what became of each, what was refused, what is erased.

use tallystick_model::consent::{ConsentId, ConsentState, Refusal};
use tallystick_model::event::Event;
use tallystick_model::inquiry::Outcome;
use tallystick_model::withdrawal::Erasures;
use tallystick_model::{SubjectId, Timestamp};

use crate::snapshot::{RecordedEvent, Snapshot};
use crate::store::StoreError;

/// Consents as a subject's events leave them, in the order they were granted.
pub fn consents(events: &[RecordedEvent]) -> Vec<ConsentState> {
    let mut states: Vec<ConsentState> = Vec::new();
    for recorded in events {
        let at = recorded.entry.at;
        match &recorded.event {
            Event::ConsentGranted(consent) => states.push(ConsentState::granted(consent.clone())),
            Event::ConsentWithdrawn(withdrawal) => of(&mut states, withdrawal.consent, |state| {
                state.withdrawn_at.get_or_insert(at);
            }),
            Event::ConsentPaused(turn) => of(&mut states, turn.consent, |state| state.pause(at)),
            Event::ConsentResumed(turn) => of(&mut states, turn.consent, |state| state.resume(at)),
            // An answer that found nothing was an answer.
            Event::Inquiry(inquiry) if inquiry.outcome != Outcome::Denied => {
                if let Some(consent) = inquiry.consent {
                    of(&mut states, consent, |state| state.uses.push(at));
                }
            }
            _ => {}
        }
    }
    states
}

fn of(states: &mut [ConsentState], id: ConsentId, change: impl FnOnce(&mut ConsentState)) {
    if let Some(state) = states.iter_mut().find(|state| state.consent.id == id) {
        change(state);
    }
}

/// What a subject has refused, and when, the earliest first.
pub fn refusals(events: &[RecordedEvent]) -> Vec<(Timestamp, Refusal)> {
    let refused = |recorded: &RecordedEvent| match &recorded.event {
        Event::ConsentRefused(refusal) => Some((recorded.entry.at, refusal.clone())),
        _ => None,
    };
    events.iter().filter_map(refused).collect()
}

/// What is erased of a subject.
pub fn erasures(events: &[RecordedEvent]) -> Erasures {
    Erasures::of(events.iter().map(|recorded| &recorded.event))
}

/// Whether a subject's death is on record.
pub fn has_died(events: &[RecordedEvent]) -> bool {
    events.iter().any(|recorded| matches!(recorded.event, Event::DeathRecorded(_)))
}

impl Snapshot<'_> {
    /// What is erased of a subject.
    ///
    /// # Errors
    /// [`StoreError`] if something stored cannot be read.
    pub fn erasures(&self, subject: SubjectId) -> Result<Erasures, StoreError> {
        Ok(erasures(&self.events(subject)?))
    }
}
