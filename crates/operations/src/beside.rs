//! What stands beside the facts of a report: marks of disputed ones, the subject's statement, an alert; and what only the subject
//! sees of the own rights.

use tallystick_model::event::Event;
use tallystick_model::fact::{Fact, FactKind, Slot};
use tallystick_model::inquiry::Detail;
use tallystick_model::rights::{AlertKind, Dispute, Mark, Protection, Right, marks};
use tallystick_model::{AccountKey, Month, Sensitive, Timestamp, Writer};
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
    /// What is said of it.
    pub mark: Mark,
    /// When the subject disputed it.
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
        let marked = |(slot, mark, since): (Slot, Mark, Timestamp)| Marked {
            kind: slot.kind,
            account: names.then_some(slot.account),
            month: slot.month.filter(|_| names),
            mark,
            since,
        };
        Self {
            alert: protection.alert(now).map(|alert| (alert.kind, alert.until)),
            statement: protection.statement,
            marks: marks(&found.disputes()).into_iter().filter(|(slot, ..)| tells(*slot)).map(marked).collect(),
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
}

impl RightsPart {
    pub(crate) fn of(snapshot: &Snapshot<'_>, found: &Found, now: Timestamp) -> Self {
        let protection: Protection = found.protection();
        let named = |number: u16| Named::of(snapshot, number);
        let (mut told, mut expired) = (Vec::new(), 0);
        for recorded in &found.events {
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
    }
}
