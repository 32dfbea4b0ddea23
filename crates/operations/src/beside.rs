//! What stands beside the facts of a report: marks of disputed ones, the subject's statement, an alert; and what only the subject
//! sees of the own rights.

use tallystick_model::event::Event;
use tallystick_model::fact::{Fact, FactKind, Slot};
use tallystick_model::identity::IdentityPart;
use tallystick_model::inquiry::{Detail, Reason};
use tallystick_model::rights::{
    AlertKind, CaseAnswer, DefaultAlert, Dispute, Mark, MarkedSlot, Protection, RequestState, Right, marks,
};
use tallystick_model::{AccountKey, Canonical, DataCategory, Month, Sensitive, Timestamp, Writer};
use tallystick_store::Snapshot;

use crate::bureau::Found;
use crate::report::{Named, write_named};

/// A fact that is marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// What is stated.
    pub kind: FactKind,
    /// About which account; `None` where no account is shown.
    pub account: Option<AccountKey>,
    /// About which month; `None` where none is shown, or the fact has none.
    pub month: Option<Month>,
    /// Of who the subject is, what of it; `None` is all of it.
    pub part: Option<IdentityPart>,
    /// What is said of it.
    pub mark: Mark,
    /// When the subject disputed it, or objected to its use.
    pub since: Timestamp,
}

/// What stands beside the facts. Everyone who is shown facts is shown it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// The alert that lasts, and until when.
    pub alert: Option<(AlertKind, Timestamp)>,
    /// What the subject says of the own file.
    pub statement: Option<Sensitive<String>>,
    /// Which of the facts that are told, or that what is told follows from, are marked.
    pub marks: Vec<Marked>,
}

impl Beside {
    /// What stands beside `facts`, of which `detail` is told, at `now`.
    pub(crate) fn of(found: &Found, facts: &[Fact], detail: Detail, now: Timestamp) -> Self {
        let protection = found.protection();
        let tells = |slot: Slot| facts.iter().any(|fact| fact.key.slot == slot);
        let names = detail != Detail::Summary;
        let marked = |MarkedSlot { slot, part, mark, since }: MarkedSlot| Marked {
            kind: slot.kind,
            account: names.then_some(slot.account),
            month: slot.month.filter(|_| names),
            part,
            mark,
            since,
        };
        let mut marks = marks(&found.disputes());
        marks.retain(|marked| tells(marked.slot));
        for request in found.restricting(None) {
            let concerned = facts.iter().filter(|fact| request.concerns(fact));
            marks.extend(concerned.map(|fact| MarkedSlot {
                slot: fact.key.slot,
                part: None,
                mark: Mark::Restricted,
                since: request.at,
            }));
        }
        Self {
            alert: protection.alert(now).map(|alert| (alert.kind, alert.until)),
            statement: protection.statement,
            marks: marks.into_iter().map(marked).collect(),
        }
    }

    /// Whether nothing stands there.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn write(&self, out: &mut Writer<'_>) {
        out.option(self.alert.as_ref(), |out, (kind, until)| {
            kind.write(out);
            out.signed(until.millis());
        });
        out.option(self.statement.as_ref(), |out, text| out.text(text.expose()));
        out.list(&self.marks, |out, marked| {
            marked.kind.write(out);
            out.option(marked.account.as_ref(), |out, account| out.fixed(&account.0));
            out.option(marked.month.as_ref(), |out, month| out.unsigned(u64::from(month.number())));
            out.option(marked.part.as_ref(), |out, part| part.write(out));
            marked.mark.write(out);
            out.signed(marked.since.millis());
        });
    }
}

/// That a recipient was told of a correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// Place of its entry in the log.
    pub index: u64,
    /// Who was told.
    pub to: Named,
    /// Of which statement.
    pub slot: Slot,
}

/// That it was decided whether one member may hand data straight to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver {
    /// When.
    pub at: Timestamp,
    /// Place of its entry in the log.
    pub index: u64,
    /// Who would give.
    pub from: Named,
    /// Who would receive.
    pub to: Named,
    /// What kind of data.
    pub category: DataCategory,
    /// Whether it may.
    pub permitted: bool,
    /// The rules that decided.
    pub reasons: Vec<Reason>,
}

/// What only the subject sees of the own rights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RightsPart {
    /// Every dispute, the earliest first.
    pub disputes: Vec<Dispute>,
    /// For whom the freeze is lifted (`None` is everyone), and until when.
    pub pauses: Vec<(Option<Named>, Timestamp)>,
    /// Whose one-time codes were not used, and until when they can be.
    pub codes: Vec<(Named, Timestamp)>,
    /// That the subject has opted out of offers nobody asked for: until when, `None` for good.
    pub opted_out: Option<Option<Timestamp>>,
    /// Who was told of corrections, the earliest first.
    pub told: Vec<Told>,
    /// How many facts were taken out as their time had run out.
    pub expired: u64,
    /// The bureau's answers to disputes that were answered together, the earliest first.
    pub cases: Vec<CaseAnswer>,
    /// Requests to erase, and objections, the earliest first.
    pub requests: Vec<RequestState>,
    /// Of which defaults the subject was told, the earliest first.
    pub defaults: Vec<(u64, DefaultAlert)>,
    /// Hand-overs beside the bureau that were asked for, the earliest first.
    pub hand_overs: Vec<HandOver>,
}

impl RightsPart {
    pub(crate) fn of(snapshot: &Snapshot<'_>, found: &Found, now: Timestamp) -> Self {
        let protection: Protection = found.protection();
        let named = |number: u16| Named::of(snapshot, number);
        let (mut told, mut expired) = (Vec::new(), 0);
        let (mut defaults, mut hand_overs) = (Vec::new(), Vec::new());
        for recorded in &found.events {
            if let Event::TransferDecided(transfer) = &recorded.event {
                hand_overs.push(HandOver {
                    at: recorded.entry.at,
                    index: recorded.index,
                    from: named(transfer.from),
                    to: named(transfer.to),
                    category: transfer.category,
                    permitted: transfer.permitted,
                    reasons: transfer.reasons.clone(),
                });
            }
            let Event::Right(right) = &recorded.event else { continue };
            match &**right {
                Right::CorrectionNoticed(notice) => told.push(Told {
                    at: recorded.entry.at,
                    index: recorded.index,
                    to: named(notice.recipient),
                    slot: notice.slot,
                }),
                Right::FactsExpired(gone) => {
                    expired += gone.expiries.iter().map(|expiry| expiry.facts.len() as u64).sum::<u64>();
                }
                Right::DefaultAlerted(alert) => defaults.push((recorded.index, alert.clone())),
                _ => {}
            }
        }
        let pauses = protection.pauses.iter().filter(|pause| now < pause.until);
        Self {
            disputes: found.disputes(),
            pauses: pauses.map(|pause| (pause.subscriber.map(named), pause.until)).collect(),
            opted_out: protection.opt_out(now).map(|opt_out| opt_out.until),
            codes: protection.codes(now).map(|code| (named(code.subscriber), code.until)).collect(),
            told,
            expired,
            cases: crate::dispute::cases(found),
            requests: found.requests(),
            defaults,
            hand_overs,
        }
    }

    pub(crate) fn write(&self, out: &mut Writer<'_>) {
        out.list(&self.disputes, |out, dispute| {
            out.unsigned(dispute.entry);
            out.byte(u8::from(dispute.is_answerable()));
        });
        out.list(&self.pauses, |out, (whom, until)| {
            out.option(whom.as_ref(), write_named);
            out.signed(until.millis());
        });
        out.list(&self.codes, |out, (whom, until)| {
            write_named(out, whom);
            out.signed(until.millis());
        });
        out.option(self.opted_out.as_ref(), |out, until| {
            out.option(until.as_ref(), |out, until| out.signed(until.millis()));
        });
        out.list(&self.told, |out, told| out.unsigned(told.index));
        out.unsigned(self.expired);
        out.list(&self.cases, |out, answer| answer.write(out));
        out.list(&self.requests, |out, request| {
            out.unsigned(request.entry);
            out.byte(u8::from(request.answer.is_some()));
        });
        out.list(&self.defaults, |out, (index, _)| out.unsigned(*index));
        out.list(&self.hand_overs, |out, hand_over| out.unsigned(hand_over.index));
    }
}
