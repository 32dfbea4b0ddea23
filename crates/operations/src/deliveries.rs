//! Deliveries: what came in, how good each was, and what becomes of the quarantined ones.

use tallystick_intake::Layout;
use tallystick_model::delivery::{DeliveryKind, DeliveryState};
use tallystick_model::event::{Event, QuarantineEnd};
use tallystick_model::fact::DeliveryNumber;
use tallystick_model::quality::Quality;
use tallystick_model::{CategorySet, SubjectId, Timestamp};
use tallystick_store::{Changes, StoredDelivery};

use crate::bureau::{Bureau, OperationError, Recorded};

/// A delivery with who made it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Code of the furnisher.
    pub furnisher: String,
    /// The delivery.
    pub delivery: StoredDelivery,
}

/// How good a furnisher's deliveries are, taken together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FurnisherQuality {
    /// Code of the furnisher.
    pub furnisher: String,
    /// Deliveries counted: those of files, discarded ones too.
    pub deliveries: u64,
    /// Of which quarantined now.
    pub quarantined: u64,
    /// Their counts in sum.
    pub quality: Quality,
}

/// What is done about a quarantined delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its facts become part of the credit files.
    Release,
    /// They never do.
    Discard,
}

/// Longest reason, in bytes.
const REASON_BYTES_MAX: usize = 1024;

/// Every committed delivery, of one furnisher or of all, in the order of their numbers.
///
/// # Errors
/// [`OperationError`] if there is no such member, or one cannot be read.
pub fn list(bureau: &Bureau, furnisher: Option<&str>) -> Result<Vec<Listed>, OperationError> {
    let snapshot = bureau.snapshot();
    let asked = furnisher.map(|code| crate::member::known(snapshot.members(), code)).transpose()?;
    let mut listed = Vec::new();
    for delivery in snapshot.deliveries() {
        let delivery = delivery?;
        if asked.is_some_and(|member| member.number != delivery.record.furnisher) {
            continue;
        }
        let member = snapshot.member_by_number(delivery.record.furnisher);
        let furnisher = member.map_or_else(|| delivery.record.furnisher.to_string(), |member| member.code.clone());
        listed.push(Listed { furnisher, delivery });
    }
    Ok(listed)
}

/// The data-quality index of each furnisher, by code.
///
/// # Errors
/// [`OperationError`] if a delivery cannot be read.
pub fn quality(bureau: &Bureau) -> Result<Vec<FurnisherQuality>, OperationError> {
    let mut furnishers: Vec<FurnisherQuality> = Vec::new();
    for Listed { furnisher, delivery } in list(bureau, None)? {
        if delivery.record.kind != DeliveryKind::Report {
            continue;
        }
        let place = furnishers.iter().position(|known| known.furnisher == furnisher).unwrap_or_else(|| {
            let quality = Quality::default();
            furnishers.push(FurnisherQuality { furnisher, deliveries: 0, quarantined: 0, quality });
            furnishers.len() - 1
        });
        if let Some(known) = furnishers.get_mut(place) {
            known.deliveries += 1;
            known.quarantined += u64::from(delivery.state == DeliveryState::Quarantined);
            known.quality.add(&delivery.record.quality);
        }
    }
    furnishers.sort_by(|one, other| one.furnisher.cmp(&other.furnisher));
    Ok(furnishers)
}

/// Releases or discards a quarantined delivery. `reason` is the operator's, and is recorded.
///
/// # Errors
/// [`OperationError::Invalid`] if it is not quarantined or the reason is missing.
pub fn end_quarantine(
    bureau: &Bureau,
    number: DeliveryNumber,
    verdict: Verdict,
    reason: &str,
    now: Timestamp,
) -> Result<Recorded, OperationError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.len() > REASON_BYTES_MAX || reason.chars().any(char::is_control) {
        let what = "ending a quarantine has a reason of 1 to 1024 bytes and no control characters";
        return Err(OperationError::Invalid(what.to_owned()));
    }
    let deliveries = list(bureau, None)?;
    let held = deliveries.iter().map(|listed| &listed.delivery).find(|delivery| delivery.record.number == number);
    match held.map(|delivery| delivery.state) {
        Some(DeliveryState::Quarantined) => {}
        Some(state) => return Err(OperationError::Invalid(format!("delivery {number} is {state}, not quarantined"))),
        None => return Err(OperationError::Invalid(format!("there is no delivery {number}"))),
    }
    // What a record of the registry's furnishing comes to was decided against what was visible then.
    let overtaken = held.is_some_and(|held| {
        let is_later = |later: &StoredDelivery| {
            later.record.number > number
                && later.state.is_visible()
                && (later.record.furnisher, &later.record.layout) == (held.record.furnisher, &held.record.layout)
        };
        held.record.layout == Layout::Registry.name() && deliveries.iter().any(|listed| is_later(&listed.delivery))
    });
    if verdict == Verdict::Release && overtaken {
        let what = format!(
            "later records of its furnisher build on what was there without delivery {number}: discard it and hand it over again"
        );
        return Err(OperationError::Invalid(what));
    }
    // What may come in is asked when it comes in: a category may have been dropped since, or its furnisher.
    if let (Verdict::Release, Some(held), Some(government)) = (verdict, held, bureau.government().as_ref()) {
        government.check(&Event::DeliveryAdmitted(held.record.clone()), now)?;
        let collected = government.collected();
        if let Some(dropped) = collected_then(bureau, number)?.iter().find(|category| !collected.contains(*category)) {
            let what = format!(
                "`{dropped}` is not collected any more, and delivery {number} is of when it was: discard it and hand it over again"
            );
            return Err(OperationError::Invalid(what));
        }
    }
    let end = QuarantineEnd { delivery: number, reason: reason.to_owned() };
    let event = match verdict {
        Verdict::Release => Event::DeliveryReleased(end),
        Verdict::Discard => Event::DeliveryDiscarded(end),
    };
    bureau.record(Changes::none(), event, now)
}

/// What was collected when a delivery was quarantined.
fn collected_then(bureau: &Bureau, number: DeliveryNumber) -> Result<CategorySet, OperationError> {
    let snapshot = bureau.snapshot();
    let mut events = snapshot.events(SubjectId::BUREAU)?;
    let of_it = |event: &Event| matches!(event, Event::DeliveryQuarantined(record) if record.number == number);
    if let Some(place) = events.iter().position(|recorded| of_it(&recorded.event)) {
        events.truncate(place);
    }
    let then = crate::charter::derive(&snapshot, &events)?;
    Ok(then.map_or(CategorySet::EMPTY, |government| government.collected()))
}
