//! The check of rights: what events say of each other is derived from the log once more.
//!
//! An answered dispute has the correction it names, a notice its correction, more time a dispute that was open, and a consent that
//! is over was granted, its time had passed, and nobody had withdrawn it. Memory is bounded by the largest subject.

use std::collections::BTreeSet;

use tallystick_model::event::Event;
use tallystick_model::fact::DeliveryNumber;
use tallystick_model::rights::{DisputeState, Right, disputes, requests};
use tallystick_store::check::Finding;
use tallystick_store::{RecordedEvent, Snapshot, StoreError, consents};

/// Checks every subject's events against those before them.
pub(crate) fn check(snapshot: &Snapshot<'_>, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    let mut found = Vec::new();
    snapshot.each_subject(|_, events| {
        let mut corrections: BTreeSet<DeliveryNumber> = BTreeSet::new();
        for (place, recorded) in events.iter().enumerate() {
            let earlier = events.get(..place).unwrap_or_default();
            if let Event::FactCorrected(correction) = &recorded.event {
                corrections.insert(correction.delivery.number);
            }
            if let Some(what) = fault(recorded, earlier, &corrections) {
                found.push((recorded.index, format!("{} {what}", recorded.event.kind())));
            }
        }
    })?;
    found.sort_unstable();
    findings.extend(found.into_iter().map(|(index, what)| Finding { place: format!("log entry {index}"), what }));
    Ok(())
}

fn fault(
    recorded: &RecordedEvent,
    earlier: &[RecordedEvent],
    corrections: &BTreeSet<DeliveryNumber>,
) -> Option<&'static str> {
    let told = || earlier.iter().map(|recorded| (recorded.index, recorded.entry.at, &recorded.event));
    let at = recorded.entry.at;
    let right = match &recorded.event {
        Event::ConsentExpired(withdrawal) => {
            let ended = |event: &Event| {
                matches!(event, Event::ConsentExpired(one) if one.consent == withdrawal.consent
                && one.erasure == withdrawal.erasure)
            };
            let state = consents(earlier).into_iter().find(|state| state.consent.id == withdrawal.consent);
            return match state {
                None => Some("of a consent that was never granted"),
                Some(state) if state.withdrawn_at.is_some() => Some("of a consent that was withdrawn before"),
                Some(state) if at < state.consent.valid_until => Some("of a consent whose time was not over"),
                Some(_) if withdrawal.erasure.is_none() => Some("that erases nothing"),
                Some(_) if earlier.iter().any(|recorded| ended(&recorded.event)) => Some("that was recorded before"),
                Some(_) => None,
            };
        }
        Event::Right(right) => right,
        _ => return None,
    };
    let ends = |dispute: u64, correction: Option<DeliveryNumber>| {
        let known = disputes(told()).into_iter().find(|known| known.entry == dispute);
        match known {
            None => Some("of a dispute that was never filed"),
            Some(known) if !known.is_answerable() => Some("of a dispute that had ended"),
            Some(_) if correction.is_some_and(|correction| !corrections.contains(&correction)) => {
                Some("without the correction that it names")
            }
            Some(_) => None,
        }
    };
    match &**right {
        Right::DisputeAnswered(answer) => ends(answer.dispute, answer.correction),
        Right::DisputeLapsed(lapse) => ends(lapse.dispute, lapse.deletion),
        Right::DisputeWithdrawn(turn) => ends(turn.dispute, None),
        Right::DisputeExtended(extension) => {
            let known = disputes(told()).into_iter().find(|known| known.entry == extension.dispute);
            match known {
                Some(known) if known.extension.is_some() => Some("of a dispute that had more time already"),
                Some(known) if known.state == DisputeState::Open && at < known.filing.answer_by => None,
                _ => Some("of a dispute that did not wait for an answer"),
            }
        }
        Right::CorrectionNoticed(notice) => {
            (!corrections.contains(&notice.correction)).then_some("of a correction that was never made")
        }
        Right::CaseAnswered(answer) => {
            let ended = |entry: &u64| {
                disputes(told()).iter().any(|known| {
                    known.entry == *entry && known.filing.case == Some(answer.case) && known.state != DisputeState::Open
                })
            };
            let all = !answer.outcomes.is_empty() && answer.outcomes.iter().all(|(entry, _)| ended(entry));
            (!all).then_some("of disputes that are not its own, or had not ended")
        }
        Right::RequestAnswered(answer) => {
            let known = requests(told()).into_iter().find(|known| known.entry == answer.request);
            match known {
                Some(known) if known.answer.is_none() => None,
                _ => Some("of a request that did not wait for an answer"),
            }
        }
        _ => None,
    }
}
