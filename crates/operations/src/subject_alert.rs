//! Subject alert: what a subject is told of without asking, where a rule says so: each access, and the first default on an account.
//!
//! Accesses follow from the log: an inquiry's own event is all there is to tell, and can be told again. That a default was told is on
//! record, so that it is told once.

use std::collections::{BTreeMap, BTreeSet};

use tallystick_model::event::Event;
use tallystick_model::fact::{DeliveryNumber, FactBody, FactKind, Slot};
use tallystick_model::inquiry::Outcome;
use tallystick_model::rights::{DefaultAlert, Right};
use tallystick_model::{AccountKey, SubjectId, SubjectKind, Timestamp};
use tallystick_policy::is_default;
use tallystick_store::RecordedEvent;

use crate::bureau::{Bureau, OperationError, Recorded};
use crate::protect::record;
use crate::report::{Access, access};

/// What a subject is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// That somebody was shown something.
    Access(Box<Access>),
    /// That a furnisher has filed a default.
    Default(DefaultAlert),
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectAlert {
    /// Who is told.
    pub subject: SubjectId,
    /// Place in the log of what is told.
    pub index: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What.
    pub told: Told,
    /// Id of the rule.
    pub rule: String,
}

fn of(bureau: &Bureau, recorded: &RecordedEvent) -> Option<SubjectAlert> {
    let number = bureau.rulebook.subject_alerts()?;
    let told = match &recorded.event {
        Event::Inquiry(inquiry) if number.accesses && inquiry.outcome == Outcome::Permitted => {
            Told::Access(Box::new(access(&bureau.snapshot(), recorded)?))
        }
        Event::Right(right) => match &**right {
            Right::DefaultAlerted(alert) => Told::Default(alert.clone()),
            _ => return None,
        },
        _ => return None,
    };
    let (subject, rule) = (recorded.event.subject(), number.rule.clone());
    Some(SubjectAlert { subject, index: recorded.index, at: recorded.entry.at, told, rule })
}

/// The alert about the entry at `index` of a subject's file, if its rule asks for one.
///
/// # Errors
/// [`OperationError`] if something cannot be read.
pub fn about(bureau: &Bureau, subject: SubjectId, index: u64) -> Result<Option<SubjectAlert>, OperationError> {
    let events = bureau.snapshot().events(subject)?;
    Ok(events.iter().find(|recorded| recorded.index == index).and_then(|recorded| of(bureau, recorded)))
}

/// Every alert there is, in the order of the log. Every event is read for it.
///
/// # Errors
/// [`OperationError`] if something cannot be read.
pub fn list(bureau: &Bureau) -> Result<Vec<SubjectAlert>, OperationError> {
    let mut alerts = Vec::new();
    if bureau.rulebook.subject_alerts().is_some() {
        bureau
            .snapshot()
            .each_subject(|_, events| alerts.extend(events.iter().filter_map(|event| of(bureau, event))))?;
    }
    alerts.sort_by_key(|alert| alert.index);
    Ok(alerts)
}

/// An alert of a default with its entry and proof.
#[derive(Debug)]
pub struct Alerted {
    /// What was recorded.
    pub alert: DefaultAlert,
    /// Its entry and proof.
    pub recorded: Recorded,
}

/// Records that subjects are told of defaults they were not told of yet: of each account the first month that says so. Reads every
/// fact; to be run after deliveries.
///
/// # Errors
/// [`OperationError`] if something cannot be read or recorded; what is recorded stays.
pub fn alert_defaults(bureau: &Bureau, now: Timestamp) -> Result<Vec<Alerted>, OperationError> {
    let Some(number) = bureau.rulebook.subject_alerts().filter(|number| number.default_days.is_some()) else {
        return Ok(Vec::new());
    };
    let snapshot = bureau.snapshot();
    let mut subjects = BTreeSet::new();
    snapshot.each_fact(|_, fact| {
        if matches!(&fact.body, FactBody::TradelineMonth(month) if is_default(&bureau.rulebook, month)) {
            subjects.insert(fact.key.subject);
        }
    })?;
    let mut alerted = Vec::new();
    for subject in subjects {
        let found = bureau.find_again(&snapshot, subject, SubjectKind::Person)?;
        let told: BTreeSet<AccountKey> = found
            .events
            .iter()
            .filter_map(|recorded| match &recorded.event {
                Event::Right(right) => match &**right {
                    Right::DefaultAlerted(alert) => Some(alert.slot.account),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        let file = found.file(&snapshot)?;
        let mut first: BTreeMap<AccountKey, (Slot, DeliveryNumber)> = BTreeMap::new();
        for fact in file.current().filter(|fact| fact.key.slot.kind == FactKind::TradelineMonth) {
            let FactBody::TradelineMonth(month) = &fact.body else { continue };
            let slot = fact.key.slot;
            if is_default(&bureau.rulebook, month) && !told.contains(&slot.account) {
                // Slots come in the order of their months.
                first.entry(slot.account).or_insert((slot, fact.key.delivery));
            }
        }
        for (slot, delivery) in first.into_values() {
            let alert = DefaultAlert { subject, slot, delivery, rule: number.rule.clone() };
            let recorded = record(bureau, Right::DefaultAlerted(alert.clone()), now)?;
            alerted.push(Alerted { alert, recorded });
        }
    }
    Ok(alerted)
}
