//! The check of everything governed: derived from the log once more, from the founding on, and from nothing else.
//!
//! Each event must be covered by the charter and the decisions before it, votes' signatures included; where staff is
//! enrolled, each must stand behind an act that its member of staff signed for exactly this; and no delivery may hold facts
//! of a category that was not collected when it came. What the bureau's own keys sign proves nothing here: whoever has root
//! has those. Memory is bounded by the number of events (64 bytes and a rulebook's name each) and deliveries.

use std::collections::{BTreeMap, BTreeSet};

use tallystick_model::charter::Matter;
use tallystick_model::event::{Event, EventKind};
use tallystick_model::fact::{DeliveryNumber, Fact, FactBody, FactKey, Slot, Standing};
use tallystick_model::member::MemberRole;
use tallystick_model::staff::{SignedAct, content_of};
use tallystick_model::{CategorySet, DataCategory, SubjectId, Timestamp};
use tallystick_policy::category_of;
use tallystick_policy::charter::{Government, asking, consented};
use tallystick_policy::staff::is_signed_for;
use tallystick_store::check::Finding;
use tallystick_store::{Snapshot, StoreError};

/// What is needed of an event, in the order of the log.
struct Light {
    kind: EventKind,
    content: [u8; 32],
    subject: SubjectId,
    /// Of a subject's event the member it concerns, and what it is, one of these.
    member: Option<(u16, &'static [MemberRole])>,
    /// Of a subject's event the rulebook it was decided by.
    rulebook: Option<String>,
    /// The whole of what governs: the bureau's own events, and acts.
    governs: Option<Box<Event>>,
}

impl Light {
    fn of(event: Event) -> Self {
        let rulebook = match &event {
            Event::Inquiry(inquiry) => Some(inquiry.rulebook.clone()),
            Event::OwnReportViewed(view) => Some(view.rulebook.clone()),
            _ => None,
        };
        let member = match &event {
            Event::Inquiry(inquiry) => Some((inquiry.subscriber, asking(inquiry.outcome))),
            Event::ConsentGranted(consent) => Some((consent.member, consented(consent.scope))),
            _ => None,
        };
        let (kind, content, subject) = (event.kind(), content_of(&event), event.subject());
        let governs = subject == SubjectId::BUREAU
            || matches!(event, Event::StaffActed(_) | Event::FactCorrected(_) | Event::FactsRemoved(_));
        Self { kind, content, subject, member, rulebook, governs: governs.then(|| Box::new(event)) }
    }
}

/// What of the bureau is not covered. Nothing is found of a bureau without a charter: its operator governs it alone.
pub(crate) fn check(snapshot: &Snapshot<'_>, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    let own = snapshot.events(SubjectId::BUREAU)?;
    let founded = own.iter().find_map(|recorded| match &recorded.event {
        Event::BureauFounded(founding) => Some((founding, recorded.entry.at)),
        _ => None,
    });
    let Some((founding, at)) = founded else { return Ok(()) };
    let government = match Government::founded(founding, at) {
        Ok(Some(government)) => government,
        Ok(None) => {
            for recorded in own.iter().filter(|recorded| is_governing(recorded.event.kind())) {
                let what = format!("{} in a bureau that was founded without a charter", recorded.event.kind());
                findings.push(Finding { place: format!("log entry {}", recorded.index), what });
            }
            return Ok(());
        }
        Err(fault) => {
            findings.push(Finding { place: "charter".to_owned(), what: fault.to_string() });
            return Ok(());
        }
    };
    drop(own);
    let mut events = BTreeMap::new();
    snapshot.each_event(|_, index, event| drop(events.insert(index, Light::of(event))))?;
    let mut walk = Walk {
        ever_collected: government.collected(),
        government,
        scopes: BTreeMap::new(),
        corrections: BTreeMap::new(),
        removed: BTreeSet::new(),
        last_act: None,
        findings: Vec::new(),
    };
    for (index, light) in events {
        let at = snapshot.entry(index)?.at;
        walk.step(index, at, &light);
        walk.government.pass(at);
    }
    let Walk { scopes, corrections, removed, findings: found, .. } = walk;
    findings.extend(found);
    check_scopes(snapshot, &scopes, corrections, &removed, findings)
}

/// Kinds that only a charter brings forth.
const fn is_governing(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::DecisionProposed
            | EventKind::BallotCast
            | EventKind::DecisionEnacted
            | EventKind::StaffActed
            | EventKind::BureauWoundDown
    )
}

struct Walk {
    government: Government,
    ever_collected: CategorySet,
    /// What each delivery may hold.
    scopes: BTreeMap<DeliveryNumber, CategorySet>,
    /// What each correction says it does.
    corrections: BTreeMap<DeliveryNumber, Corrected>,
    /// Whose facts of which deliveries have left the disk.
    removed: BTreeSet<(SubjectId, DeliveryNumber)>,
    /// The last event, if it was an act that is covered, and its place.
    last_act: Option<(u64, Box<SignedAct>)>,
    findings: Vec<Finding>,
}

impl Walk {
    fn find(&mut self, index: u64, what: String) {
        self.findings.push(Finding { place: format!("log entry {index}"), what });
    }

    fn step(&mut self, index: u64, at: Timestamp, light: &Light) {
        if self.government.has_staff() && is_signed_for(light.kind) {
            let signed = self.last_act.as_ref().is_some_and(|(place, signed)| {
                let act = &signed.act;
                *place + 1 == index
                    && (act.kind, act.subject, act.content, act.at) == (light.kind, light.subject, light.content, at)
            });
            if !signed {
                self.find(index, format!("{} without the signature of a member of staff", light.kind));
            }
        }
        self.last_act = None;
        let refused = match light.governs.as_deref() {
            Some(Event::BureauFounded(_)) => (index > 0).then(|| "a second founding".to_owned()),
            Some(event) => self.government.check(event, at).err().map(|refusal| refusal.to_string()),
            None => self.check_subjects(light, at),
        };
        if let Some(what) = refused {
            self.find(index, format!("{} is not covered by the charter: {what}", light.kind));
            self.enter_scope(light);
            return;
        }
        match light.governs.as_deref() {
            Some(Event::StaffActed(signed)) if (signed.act.place, signed.act.at) != (index, at) => {
                self.find(index, "staff_acted: it was signed for another place in the log, or another time".to_owned());
            }
            Some(Event::StaffActed(signed)) => self.last_act = Some((index, signed.clone())),
            Some(Event::LossAccepted(loss)) => {
                let what = format!(
                    "loss_accepted: entries from {} on were lost or turned back, by whoever runs the machine alone; decisions and votes among them hold no more",
                    loss.kept
                );
                self.find(index, what);
            }
            Some(event) => self.government.apply(event, at),
            None => {}
        }
        self.ever_collected = self.government.collected().iter().fold(self.ever_collected, CategorySet::with);
        self.enter_scope(light);
    }

    /// A subject's event: nothing after the end, nothing by a rulebook that is not accepted.
    fn check_subjects(&self, light: &Light, at: Timestamp) -> Option<String> {
        if let Some(ended) = self.government.wound_down_at() {
            return Some(format!("the bureau was wound down at {ended}, this is of {at}"));
        }
        if let Some((number, roles)) = light.member
            && let Err(refusal) = self.government.check_member(number, roles)
        {
            return Some(refusal.to_string());
        }
        let rulebook = light.rulebook.as_ref()?;
        self.government.check_name(Matter::Rulebook, rulebook).err().map(|refusal| refusal.to_string())
    }

    /// A delivery may hold what is collected when it comes; a correction what ever was: taking back does not end with collecting.
    fn enter_scope(&mut self, light: &Light) {
        match light.governs.as_deref() {
            Some(Event::DeliveryAdmitted(record) | Event::DeliveryQuarantined(record)) => {
                self.scopes.insert(record.number, self.government.collected());
            }
            Some(Event::FactCorrected(correction)) => {
                self.scopes.insert(correction.delivery.number, self.ever_collected);
                let (subject, slot, superseded) = (correction.subject, correction.slot, correction.superseded);
                let corrected = Corrected { subject, slot, superseded, known: None, brings: Vec::new(), strays: false };
                self.corrections.insert(correction.delivery.number, corrected);
            }
            // What was kept apart comes in now: what is not collected any more may not.
            Some(Event::DeliveryReleased(end)) => {
                if let Some(scope) = self.scopes.get_mut(&end.delivery) {
                    let collected = self.government.collected();
                    *scope = scope
                        .iter()
                        .filter(|category| collected.contains(*category))
                        .fold(CategorySet::EMPTY, CategorySet::with);
                }
            }
            Some(Event::FactsRemoved(removal)) => {
                self.removed.extend(removal.parts.iter().map(|part| (removal.subject, part.delivery)));
            }
            _ => {}
        }
    }
}

/// What a correction says it does; its facts are held to it.
struct Corrected {
    subject: SubjectId,
    slot: Slot,
    superseded: DeliveryNumber,
    /// Categories of the fact it supersedes; `None` if that fact is not there any more, or never was.
    known: Option<Vec<DataCategory>>,
    /// Categories of its own facts.
    brings: Vec<DataCategory>,
    /// Whether it holds a fact in another place, or that stands otherwise.
    strays: bool,
}

/// Every fact against the scope of its delivery: a category is told once for each delivery. Of a correction the scope is what the
/// fact it supersedes says.
fn check_scopes(
    snapshot: &Snapshot<'_>,
    scopes: &BTreeMap<DeliveryNumber, CategorySet>,
    mut corrections: BTreeMap<DeliveryNumber, Corrected>,
    removed: &BTreeSet<(SubjectId, DeliveryNumber)>,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let mut outside: BTreeSet<(DeliveryNumber, DataCategory)> = BTreeSet::new();
    let mut superseded: BTreeMap<FactKey, Vec<DeliveryNumber>> = BTreeMap::new();
    for (number, corrected) in &corrections {
        let Corrected { subject, slot, superseded: delivery, .. } = *corrected;
        superseded.entry(FactKey { subject, slot, delivery }).or_default().push(*number);
    }
    snapshot.each_fact(|delivery, fact| {
        let categories = categories_of(snapshot, &fact);
        if let Some(scope) = scopes.get(&delivery) {
            outside.extend(categories.iter().filter(|one| !scope.contains(**one)).map(|one| (delivery, *one)));
        }
        if let Some(corrected) = corrections.get_mut(&delivery) {
            let named = [Standing::Corrects(corrected.superseded), Standing::Deletes(corrected.superseded)];
            let place = (fact.key.subject, fact.key.slot) == (corrected.subject, corrected.slot);
            corrected.strays |= !place || !named.contains(&fact.standing);
            corrected.brings.extend(&categories);
        }
        for number in superseded.get(&fact.key).into_iter().flatten() {
            if let Some(corrected) = corrections.get_mut(number) {
                corrected.known = Some(categories.clone());
            }
        }
    })?;
    findings.extend(outside.into_iter().map(|(delivery, category)| Finding {
        place: format!("delivery {delivery}"),
        what: format!("holds facts of category `{category}`, which no enacted decision let it bring"),
    }));
    for (number, corrected) in corrections {
        let what = match &corrected.known {
            _ if corrected.strays => "holds facts that are no correction of the one it names",
            // What was corrected has left the disk since, and the log says so: what its event says is all there is.
            None if removed.contains(&(corrected.subject, corrected.superseded)) => continue,
            None => "corrects a fact that was never there",
            Some(known) if corrected.brings.iter().any(|one| !known.contains(one)) => {
                "holds facts of another category than the one it corrects"
            }
            Some(_) => continue,
        };
        findings.push(Finding { place: format!("delivery {number}"), what: what.to_owned() });
    }
    Ok(())
}

/// The categories of what a fact says. What is sealed is opened; if it does not open, the store's own check says so.
fn categories_of(snapshot: &Snapshot<'_>, fact: &Fact) -> Vec<DataCategory> {
    match &fact.body {
        // Whose an account is tells nothing of the subject.
        FactBody::Holder(_) => Vec::new(),
        FactBody::Identity(_) => {
            let Ok(Some(identity)) = snapshot.identity(fact) else { return Vec::new() };
            let mut categories: Vec<_> = identity.attributes.iter().map(|(category, _)| *category).collect();
            let says_who = tallystick_model::identity::Identity { attributes: Vec::new(), ..identity };
            categories.extend((!says_who.is_empty()).then_some(DataCategory::Identity));
            categories
        }
        FactBody::PaymentProfileMonth(month) => {
            let income = month.income.map(|_| DataCategory::Income);
            let investments = month.investments.map(|_| DataCategory::Securities);
            [Some(DataCategory::Payments), income, investments].into_iter().flatten().collect()
        }
        body => vec![category_of(body)],
    }
}
