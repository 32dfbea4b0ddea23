//! Lapse: consents to furnish whose time is over, and what rested on each of them alone. The same cascade as a withdrawal
//! ([`withdraw`](crate::withdraw)); nobody acts, and [`expire`](crate::expire) carries it out.

use tallystick_model::Timestamp;
use tallystick_model::consent::{ConsentScope, ConsentState};
use tallystick_model::consent_terms::Acting;
use tallystick_model::event::Event;
use tallystick_model::withdrawal::Withdrawal;
use tallystick_store::consents;

use crate::bureau::{Bureau, OperationError};
use crate::withdraw::ended;

fn is_over(state: &ConsentState, now: Timestamp) -> bool {
    let consent = &state.consent;
    consent.scope == ConsentScope::Furnish && state.withdrawn_at.is_none() && consent.valid_until <= now
}

/// What follows at `now` from consents that are over, subject by subject. One that nothing rests on alone leads to nothing; one that is
/// on record is not told again. Every event is read for it.
pub(crate) fn over(bureau: &Bureau, now: Timestamp) -> Result<Vec<Withdrawal>, OperationError> {
    let snapshot = bureau.snapshot();
    let mut subjects = Vec::new();
    snapshot.each_subject(|subject, events| {
        if !events.iter().any(|recorded| matches!(recorded.event, Event::ConsentGranted(_))) {
            return;
        }
        let due: Vec<_> = consents(events).into_iter().filter(|state| is_over(state, now)).collect();
        if !due.is_empty() {
            subjects.push((subject, due));
        }
    })?;
    let mut over = Vec::new();
    for (subject, due) in subjects {
        for state in due {
            let mut found = bureau.find_again(&snapshot, subject, state.consent.about)?;
            // What goes with one consent does not go with another too.
            for earlier in over.iter().filter(|earlier: &&Withdrawal| earlier.subject == subject) {
                if let Some(erasure) = &earlier.erasure {
                    found.erased = found.erased.and(erasure.clone());
                }
            }
            let withdrawal = ended(bureau, &snapshot, &found, &state, Acting::default(), now)?;
            if withdrawal.erasure.as_ref().is_some_and(|erasure| !erasure.slots.is_empty()) {
                over.push(withdrawal);
            }
        }
    }
    Ok(over)
}
