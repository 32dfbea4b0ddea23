//! Reports: what a subscriber or the subject is shown of a credit file, after the permit.
//!
//! A report is made of a [`VisibleFile`], which only a permit makes; so nothing is in it that was not released. Its
//! [`Report::hash`] goes into the log: whoever holds a report can prove which one was given.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tallystick_model::consent::{ConsentState, Refusal};
use tallystick_model::consent_terms::Actor;
use tallystick_model::event::Event;
use tallystick_model::fact::{DeliveryNumber, FactBody, FactKind, Slot, Standing};
use tallystick_model::identity::Identity;
use tallystick_model::inquiry::{Answered, Asked, Detail, Outcome, Purpose, Ranges, Reason};
use tallystick_model::member::Member;
use tallystick_model::money::{DecimalMarks, parse_minor};
use tallystick_model::payment_profile::PaymentProfileMonth;
use tallystick_model::registry::{Segment, text_of};
use tallystick_model::tradeline::{TradelineMonth, TradelineTerms};
use tallystick_model::withdrawal::Withdrawal;
use tallystick_model::{
    AccountKey, Canonical, CreditFile, Currency, DataCategory, Date, Month, SubjectId, Timestamp, Writer,
};
use tallystick_policy::{Permit, VisibleFile};
use tallystick_scoring::summary::{Summary, summarise};
use tallystick_store::{RecordedEvent, Snapshot, StoreError, refusals};

use crate::beside::{Beside, RightsPart};
use crate::bureau::{Found, OperationError};
use crate::own_report::Past;

/// A member as reports name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its code.
    pub code: String,
    /// Its full name.
    pub name: String,
}

impl Named {
    /// In the place of a member whose name the detail does not tell.
    pub fn withheld() -> Self {
        Self { code: String::new(), name: "a furnisher".to_owned() }
    }

    pub(crate) fn of(snapshot: &Snapshot<'_>, number: u16) -> Self {
        match snapshot.member_by_number(number) {
            Some(member) => Self { code: member.code.clone(), name: member.name.clone() },
            None => Self { code: number.to_string(), name: "unknown member".to_owned() },
        }
    }
}

/// One month of one account, with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountMonth {
    /// The month.
    pub month: Month,
    /// What was reported.
    pub tradeline: TradelineMonth,
    /// The delivery that recorded it.
    pub delivery: DeliveryNumber,
    /// The delivery whose statement it corrects.
    pub corrects: Option<DeliveryNumber>,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The account's key.
    pub account: AccountKey,
    /// Who reports it.
    pub furnisher: Named,
    /// Its terms, if reported.
    pub terms: Option<TradelineTerms>,
    /// Its months, the earliest first.
    pub months: Vec<AccountMonth>,
    /// Special events in force, the earliest first.
    pub events: Vec<SpecialEvent>,
}

/// A special event of an account, as the registry's furnishing tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecialEvent {
    /// When it happened.
    pub month: Month,
    /// What happened, by the registry's code.
    pub code: String,
    /// The delivery that recorded it.
    pub delivery: DeliveryNumber,
}

/// A credit agreement, as the registry's furnishing tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The agreement's key.
    pub account: AccountKey,
    /// Who reports it.
    pub furnisher: Named,
    /// Kind of limit, by the registry's code.
    pub limit_type: String,
    /// Whether what is repaid may be drawn again.
    pub revolving: bool,
    /// The limit, in minor units of `currency`.
    pub limit_minor: Option<i64>,
    /// Of the limit.
    pub currency: Currency,
    /// From when it holds.
    pub from: Option<Date>,
    /// Until when it holds.
    pub until: Option<Date>,
    /// Whether it has ended.
    pub ended: bool,
    /// The delivery that recorded it.
    pub delivery: DeliveryNumber,
}

/// One wallet at a payment platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// The wallet's key.
    pub account: AccountKey,
    /// Who reports it.
    pub furnisher: Named,
    /// Its months, the earliest first.
    pub months: Vec<(Month, PaymentProfileMonth, DeliveryNumber)>,
}

/// One access to the file, as its subject sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// When.
    pub at: Timestamp,
    /// Place of its entry in the log.
    pub index: u64,
    /// Who; `None` is the subject.
    pub by: Option<Named>,
    /// Of the subject's own accesses, who acted.
    pub actor: Actor,
    /// On what ground.
    pub purpose: Purpose,
    /// How it ended.
    pub outcome: Outcome,
    /// The rules that decided.
    pub reasons: Vec<Reason>,
    /// Categories released.
    pub released: Vec<DataCategory>,
    /// How much of them a report told, where one was given.
    pub detail: Option<Detail>,
    /// Of which months.
    pub ranges: Ranges,
    /// The single question asked instead of for a report.
    pub asked: Option<Asked>,
    /// Its answer.
    pub answered: Option<Answered>,
}

/// How often the file was asked for to decide on credit, this inquiry not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InquiryCounts {
    /// In the last 30 days.
    pub days_30: u32,
    /// In the last 180 days.
    pub days_180: u32,
    /// In the last 720 days.
    pub days_720: u32,
}

/// What only the subject sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectPart {
    /// Every access, the earliest first.
    pub accesses: Vec<Access>,
    /// Every consent, the earliest first.
    pub consents: Vec<(ConsentState, Named)>,
    /// Every correction of a fact, the earliest first.
    pub corrections: Vec<Mended>,
    /// Every refusal to consent, the earliest first.
    pub refusals: Vec<(Timestamp, Refusal, Named)>,
    /// What withdrawals have led to, with the place of each in the log, the earliest first.
    pub withdrawals: Vec<(u64, Withdrawal)>,
    /// Whether the file is frozen.
    pub frozen: bool,
    /// What became of the subject's rights.
    pub rights: RightsPart,
}

/// One correction, as the subject sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// When.
    pub at: Timestamp,
    /// Place of its entry in the log.
    pub index: u64,
    /// Who corrected.
    pub by: Named,
    /// Which account and month.
    pub slot: Slot,
    /// The delivery whose statement was superseded.
    pub superseded: DeliveryNumber,
    /// The furnisher's reason.
    pub reason: String,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whom it is about.
    pub subject: SubjectId,
    /// When it was made.
    pub at: Timestamp,
    /// Of which past state it is, if not of the present one.
    pub past: Past,
    /// For whom; `None` is the subject.
    pub recipient: Option<Named>,
    /// For what.
    pub purpose: Purpose,
    /// How much of what was released it tells.
    pub detail: Detail,
    /// Who the subject is, as each furnisher says of an account; which one, where accounts are shown.
    pub identities: Vec<(Named, Option<AccountKey>, Identity)>,
    /// Accounts, by furnisher.
    pub accounts: Vec<Account>,
    /// Wallets, by furnisher.
    pub wallets: Vec<Wallet>,
    /// Credit agreements, by furnisher.
    pub agreements: Vec<Agreement>,
    /// Attributes at a glance.
    pub summary: Summary,
    /// Inquiries before this one; `None` where credit was not released.
    pub inquiries: Option<InquiryCounts>,
    /// What stands beside the facts.
    pub beside: Beside,
    /// What only the subject sees.
    pub own: Option<SubjectPart>,
}

const DAY_MILLIS: i64 = 86_400_000;

impl Report {
    pub(crate) fn for_subscriber(
        snapshot: &Snapshot<'_>,
        permit: &Permit,
        file: CreditFile,
        found: &Found,
        subscriber: &Member,
        now: Timestamp,
    ) -> Result<Self, OperationError> {
        let recipient = Some(Named { code: subscriber.code.clone(), name: subscriber.name.clone() });
        let mut report =
            Self::new(snapshot, permit.reveal(file), found, recipient, permit.purpose(), (Past::default(), now))?;
        // Who asked about credit is said of credit: without that category it is not shown.
        if !permit.released().contains(DataCategory::Credit) {
            report.inquiries = None;
        }
        Ok(report)
    }

    pub(crate) fn for_subject(
        snapshot: &Snapshot<'_>,
        file: VisibleFile,
        found: &Found,
        past: Past,
        now: Timestamp,
    ) -> Result<Self, OperationError> {
        let mut report = Self::new(snapshot, file, found, None, Purpose::OwnReport, (past, now))?;
        report.own = Some(SubjectPart {
            accesses: found.events.iter().filter_map(|recorded| access(snapshot, recorded)).collect(),
            consents: found
                .consents()
                .into_iter()
                .map(|state| {
                    let member = Named::of(snapshot, state.consent.member);
                    (state, member)
                })
                .collect(),
            corrections: {
                let as_of = past.as_of.and_then(Month::of);
                let until_then =
                    |mended: &Mended| mended.slot.month.zip(as_of).is_none_or(|(month, as_of)| month <= as_of);
                found.events.iter().filter_map(|recorded| mended(snapshot, recorded)).filter(until_then).collect()
            },
            refusals: refusals(&found.events)
                .into_iter()
                .map(|(at, refusal)| {
                    let member = Named::of(snapshot, refusal.member);
                    (at, refusal, member)
                })
                .collect(),
            withdrawals: found.events.iter().filter_map(withdrawal).collect(),
            frozen: found.is_frozen(),
            rights: RightsPart::of(snapshot, found, past.known_on.map_or(now, |at| at.min(now))),
        });
        Ok(report)
    }

    fn new(
        snapshot: &Snapshot<'_>,
        file: VisibleFile,
        found: &Found,
        recipient: Option<Named>,
        purpose: Purpose,
        (past, now): (Past, Timestamp),
    ) -> Result<Self, OperationError> {
        // What is counted back from now is counted back from then.
        let then = past.known_on.map_or(now, |at| at.min(now));
        // The summary's window ends before the month in which is asked; of a past state its last month counts still.
        let after = |month: Month| Month::from_number(month.number() + 1).unwrap_or(month);
        let month = past.as_of.and_then(Month::of).map_or(then.month(), |as_of| after(as_of).min(then.month()));
        let (mut accounts, mut wallets) = (BTreeMap::new(), BTreeMap::new());
        for fact in file.facts() {
            let (account, delivery) = (fact.key.slot.account, fact.key.delivery);
            let furnisher = || Named::of(snapshot, account.furnisher());
            let new_account =
                || Account { account, furnisher: furnisher(), terms: None, months: Vec::new(), events: Vec::new() };
            let new_wallet = || Wallet { account, furnisher: furnisher(), months: Vec::new() };
            let corrects = match fact.standing {
                Standing::Corrects(earlier) => Some(earlier),
                Standing::Reported | Standing::Deletes(_) => None,
            };
            match (&fact.body, fact.key.slot.month) {
                (FactBody::TradelineTerms(terms), _) => {
                    accounts.entry(account).or_insert_with(new_account).terms = Some(terms.clone());
                }
                (FactBody::TradelineMonth(tradeline), Some(month)) => {
                    let month = AccountMonth { month, tradeline: *tradeline, delivery, corrects };
                    accounts.entry(account).or_insert_with(new_account).months.push(month);
                }
                (FactBody::PaymentProfileMonth(profile), Some(month)) => {
                    wallets.entry(account).or_insert_with(new_wallet).months.push((month, *profile, delivery));
                }
                (FactBody::Segment(segment), Some(month)) if segment.kind == FactKind::AccountEvents => {
                    accounts.entry(account).or_insert_with(new_account).events.extend(events(segment, month, delivery));
                }
                _ => {}
            }
        }
        let mut report = Self {
            subject: found.subject,
            at: now,
            past,
            recipient,
            purpose,
            detail: file.detail(),
            identities: identities(snapshot, &file, found)?,
            accounts: accounts.into_values().collect(),
            wallets: wallets.into_values().collect(),
            agreements: agreements(snapshot, &file, past.as_of)?,
            summary: summarise(file.facts(), month),
            inquiries: Some(inquiry_counts(&found.events, then)),
            beside: Beside::of(found, file.facts(), file.detail(), then),
            own: None,
        };
        report.cut();
        Ok(report)
    }

    /// Takes out what its detail does not tell. What stands at its head was made of everything before.
    fn cut(&mut self) {
        match self.detail {
            Detail::Whole => {}
            Detail::Latest => {
                for account in &mut self.accounts {
                    account.months.drain(..account.months.len().saturating_sub(1));
                    account.events.clear();
                    if let Some(terms) = &mut account.terms {
                        terms.history.clear();
                    }
                }
                for wallet in &mut self.wallets {
                    wallet.months.drain(..wallet.months.len().saturating_sub(1));
                }
                let (accounts, wallets) = (&self.accounts, &self.wallets);
                self.beside.marks.retain(|marked| {
                    let of = |account: AccountKey| marked.account == Some(account);
                    let account = accounts.iter().find(|account| of(account.account));
                    let wallet = wallets.iter().find(|wallet| of(wallet.account));
                    let last = account.and_then(|account| account.months.last()).map(|month| month.month);
                    let last = last.filter(|_| marked.kind != FactKind::PaymentProfileMonth);
                    let last = last.or(wallet.and_then(|wallet| wallet.months.last()).map(|(month, ..)| *month));
                    marked.month.is_none() || marked.month == last
                });
            }
            Detail::Summary => {
                self.accounts.clear();
                self.wallets.clear();
                self.agreements.clear();
                // Who says who the subject is would tell with whom it has accounts.
                for (furnisher, account, _) in &mut self.identities {
                    (*furnisher, *account) = (Named::withheld(), None);
                }
            }
        }
    }

    /// SHA-256 over everything in the report, in its canonical order.
    pub fn hash(&self) -> [u8; 32] {
        let mut bytes = Vec::new();
        self.write(&mut Writer::new(&mut bytes));
        // A report with parts that version 1 does not have is of version 2; without them it stays what it was.
        let has_more = self.past != Past::default()
            || self.detail != Detail::Whole
            || !self.agreements.is_empty()
            || self.accounts.iter().any(|account| !account.events.is_empty());
        if has_more {
            self.write_more(&mut Writer::new(&mut bytes));
        }
        // What stands beside the facts, and the subject's rights, make it version 3, which has everything.
        let no_rights = RightsPart::default();
        let rights = self.own.as_ref().map_or(&no_rights, |own| &own.rights);
        let has_rights = !self.beside.is_empty() || *rights != no_rights;
        if has_rights {
            if !has_more {
                self.write_more(&mut Writer::new(&mut bytes));
            }
            self.beside.write(&mut Writer::new(&mut bytes));
            rights.write(&mut Writer::new(&mut bytes));
        }
        let version: &[u8] = match (has_rights, has_more) {
            (true, _) => b"tallystick report 3\n",
            (false, true) => b"tallystick report 2\n",
            (false, false) => b"tallystick report 1\n",
        };
        Sha256::new_with_prefix(version).chain_update(bytes).finalize().into()
    }

    fn write_more(&self, out: &mut Writer<'_>) {
        self.detail.write(out);
        out.option(self.past.known_on.as_ref(), |out, at| out.signed(at.millis()));
        out.option(self.past.as_of.as_ref(), |out, date| out.text(&date.to_string()));
        out.list(&self.agreements, |out, agreement| {
            out.fixed(&agreement.account.0);
            write_named(out, &agreement.furnisher);
            out.text(&agreement.limit_type);
            out.byte(u8::from(agreement.revolving));
            out.option(agreement.limit_minor.as_ref(), |out, minor| out.signed(*minor));
            out.text(agreement.currency.code());
            for date in [agreement.from, agreement.until] {
                out.option(date.as_ref(), |out, date| out.text(&date.to_string()));
            }
            out.byte(u8::from(agreement.ended));
            out.unsigned(u64::from(agreement.delivery.0));
        });
        out.list(&self.accounts, |out, account| {
            out.list(&account.events, |out, event| {
                out.unsigned(u64::from(event.month.number()));
                out.text(&event.code);
                out.unsigned(u64::from(event.delivery.0));
            });
        });
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.signed(self.at.millis());
        out.option(self.recipient.as_ref(), write_named);
        self.purpose.write(out);
        out.list(&self.identities, |out, (furnisher, _, identity)| {
            write_named(out, furnisher);
            identity.write(out);
        });
        out.list(&self.accounts, |out, account| {
            out.fixed(&account.account.0);
            write_named(out, &account.furnisher);
            out.option(account.terms.as_ref(), |out, terms| terms.write(out));
            out.list(&account.months, |out, month| {
                out.unsigned(u64::from(month.month.number()));
                month.tradeline.write(out);
                out.unsigned(u64::from(month.delivery.0));
                out.option(month.corrects.as_ref(), |out, earlier| out.unsigned(u64::from(earlier.0)));
            });
        });
        out.list(&self.wallets, |out, wallet| {
            out.fixed(&wallet.account.0);
            write_named(out, &wallet.furnisher);
            out.list(&wallet.months, |out, (month, profile, delivery)| {
                out.unsigned(u64::from(month.number()));
                profile.write(out);
                out.unsigned(u64::from(delivery.0));
            });
        });
        // The summary follows from the facts above and the time; what follows from neither comes next.
        out.option(self.inquiries.as_ref(), |out, counts| {
            for count in [counts.days_30, counts.days_180, counts.days_720] {
                out.unsigned(u64::from(count));
            }
        });
        out.option(self.own.as_ref(), |out, own| {
            out.list(&own.accesses, |out, access| out.unsigned(access.index));
            out.list(&own.consents, |out, (state, _)| {
                state.consent.write(out);
                out.option(state.withdrawn_at.as_ref(), |out, at| out.signed(at.millis()));
                out.list(&state.pauses, |out, pause| {
                    out.signed(pause.from.millis());
                    out.option(pause.until.as_ref(), |out, until| out.signed(until.millis()));
                });
            });
            out.list(&own.refusals, |out, (at, refusal, _)| {
                out.signed(at.millis());
                refusal.write(out);
            });
            out.list(&own.withdrawals, |out, (index, _)| out.unsigned(*index));
            out.list(&own.corrections, |out, mended| out.unsigned(mended.index));
            out.byte(u8::from(own.frozen));
        });
    }
}

pub(crate) fn write_named(out: &mut Writer<'_>, named: &Named) {
    out.text(&named.code);
    out.text(&named.name);
}

fn identities(
    snapshot: &Snapshot<'_>,
    file: &VisibleFile,
    found: &Found,
) -> Result<Vec<(Named, Option<AccountKey>, Identity)>, StoreError> {
    let mut identities = Vec::new();
    for fact in file.facts().iter().filter(|fact| fact.key.slot.kind == FactKind::Identity) {
        let Some(mut identity) = snapshot.identity(fact)? else { continue };
        // Sealed, its attributes were out of the permit's sight, and of the erasure's.
        identity.attributes.retain(|(category, _)| !found.erased.covers(fact, *category));
        if let Some(identity) = file.visible_identity(identity) {
            let account = fact.key.slot.account;
            identities.push((Named::of(snapshot, account.furnisher()), Some(account), identity));
        }
    }
    Ok(identities)
}

/// The events of one month that are in force.
fn events(segment: &Segment, month: Month, delivery: DeliveryNumber) -> impl Iterator<Item = SpecialEvent> {
    let in_force = segment.groups.iter().filter(|event| text_of(event, 2) == Some("1"));
    in_force.filter_map(move |event| Some(SpecialEvent { month, code: text_of(event, 1)?.to_owned(), delivery }))
}

fn agreements(snapshot: &Snapshot<'_>, file: &VisibleFile, as_of: Option<Date>) -> Result<Vec<Agreement>, StoreError> {
    let mut agreements = Vec::new();
    for fact in file.facts().iter().filter(|fact| fact.key.slot.kind == FactKind::AgreementLimit) {
        let Some(limit) = snapshot.segment(fact)? else { continue };
        // When it was reported shows only now that the seal is open.
        if limit.reported.zip(as_of).is_some_and(|(reported, as_of)| reported > as_of) {
            continue;
        }
        let currency = limit.text("Cy").and_then(|code| Currency::from_code(code).ok()).unwrap_or(Currency::CNY);
        let minor = |text: &str| parse_minor(text.as_bytes(), currency.minor_digits(), DecimalMarks::PLAIN).ok();
        agreements.push(Agreement {
            account: fact.key.slot.account,
            furnisher: Named::of(snapshot, fact.key.slot.account.furnisher()),
            limit_type: limit.text("CreditLimType").unwrap_or_default().to_owned(),
            revolving: limit.text("LimLoopFlg") == Some("1"),
            limit_minor: limit.text("CreditLim").and_then(minor),
            currency,
            from: limit.date("ConEffDate"),
            until: limit.date("ConExpDate"),
            ended: limit.text("ConStatus") == Some("2"),
            delivery: fact.key.delivery,
        });
    }
    Ok(agreements)
}

pub(crate) fn access(snapshot: &Snapshot<'_>, recorded: &RecordedEvent) -> Option<Access> {
    let (at, index) = (recorded.entry.at, recorded.index);
    match &recorded.event {
        Event::Inquiry(inquiry) => Some(Access {
            at,
            index,
            by: Some(Named::of(snapshot, inquiry.subscriber)),
            actor: Actor::Subject,
            purpose: inquiry.purpose,
            outcome: inquiry.outcome,
            reasons: inquiry.reasons.clone(),
            released: inquiry.released.clone(),
            detail: inquiry.detail,
            ranges: inquiry.ranges,
            asked: inquiry.asked,
            answered: inquiry.answered,
        }),
        Event::OwnReportViewed(view) => Some(Access {
            at,
            index,
            by: None,
            actor: view.acting.actor,
            purpose: Purpose::OwnReport,
            outcome: Outcome::Permitted,
            reasons: view.reasons.clone(),
            released: Vec::new(),
            detail: None,
            ranges: Ranges::default(),
            asked: None,
            answered: None,
        }),
        _ => None,
    }
}

fn withdrawal(recorded: &RecordedEvent) -> Option<(u64, Withdrawal)> {
    match &recorded.event {
        Event::ConsentWithdrawn(withdrawal) | Event::ConsentExpired(withdrawal) => {
            Some((recorded.index, (**withdrawal).clone()))
        }
        _ => None,
    }
}

fn mended(snapshot: &Snapshot<'_>, recorded: &RecordedEvent) -> Option<Mended> {
    let Event::FactCorrected(correction) = &recorded.event else { return None };
    Some(Mended {
        at: recorded.entry.at,
        index: recorded.index,
        by: Named::of(snapshot, correction.delivery.furnisher),
        slot: correction.slot,
        superseded: correction.superseded,
        reason: correction.reason.clone(),
    })
}

fn inquiry_counts(events: &[RecordedEvent], now: Timestamp) -> InquiryCounts {
    let mut counts = InquiryCounts::default();
    for recorded in events {
        let Event::Inquiry(inquiry) = &recorded.event else { continue };
        if inquiry.purpose != Purpose::CreditApplication || inquiry.outcome == Outcome::Denied {
            continue;
        }
        let age_days = (now.millis() - recorded.entry.at.millis()) / DAY_MILLIS;
        counts.days_30 += u32::from(age_days < 30);
        counts.days_180 += u32::from(age_days < 180);
        counts.days_720 += u32::from(age_days < 720);
    }
    counts
}
