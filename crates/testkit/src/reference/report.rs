//! The report that should be given: what holds, cut to what is released, in the order of accounts.

use tallystick_model::consent_terms::Actor;
use tallystick_model::event::Event;
use tallystick_model::fact::{Fact, FactBody, FactKind, Slot, Standing};
use tallystick_model::inquiry::{Detail, Outcome, Purpose, Ranges};
use tallystick_model::tradeline::TradelineTerms;
use tallystick_model::{AccountKey, DataCategory, Timestamp};
use tallystick_operations::own_report::Past;
use tallystick_operations::report::{
    Access, Account, AccountMonth, InquiryCounts, Mended, Named, Report, SubjectPart, Wallet,
};
use tallystick_scoring::summary::summarise;

use super::{Found, Reference, Said, in_ranges};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

impl Reference {
    pub(crate) fn named(&self, number: u16) -> Named {
        let member = self.members().into_iter().find(|member| member.number == number);
        member.map_or_else(
            || Named { code: number.to_string(), name: "unknown member".to_owned() },
            |member| Named { code: member.code, name: member.name },
        )
    }

    /// What `found` is shown to `recipient` (`None` is the subject) of these categories.
    pub fn report(
        &self,
        found: &Found,
        recipient: Option<u16>,
        (purpose, detail): (Purpose, Detail),
        (released, ranges): (&[DataCategory], Ranges),
        now: Timestamp,
    ) -> Report {
        let shows = |category: DataCategory| released.contains(&category);
        let mut facts: Vec<Fact> = Vec::new();
        let mut report = Report {
            subject: found.subject,
            past: Past::default(),
            at: now,
            recipient: recipient.map(|number| self.named(number)),
            purpose,
            detail,
            identities: Vec::new(),
            accounts: Vec::new(),
            wallets: Vec::new(),
            agreements: Vec::new(),
            summary: tallystick_scoring::summary::Summary::default(),
            // Who asked about credit is said of credit.
            inquiries: shows(DataCategory::Credit).then(|| self.inquiry_counts(found, now)),
            beside: Default::default(),
            own: None,
        };
        for (key, held) in in_ranges(self.live(found.subject), ranges) {
            let account = key.slot.account;
            match held.said {
                Said::Identity(mut identity) => {
                    identity.attributes.retain(|(category, _)| shows(*category));
                    if shows(DataCategory::Identity) && !identity.is_empty() {
                        report.identities.push((self.named(account.furnisher()), Some(account), identity));
                    }
                }
                Said::Body(mut body) => {
                    let category = match &mut body {
                        FactBody::TradelineTerms(terms) => terms.kind.category(),
                        FactBody::TradelineMonth(month) => month.kind.category(),
                        FactBody::PaymentProfileMonth(profile) => {
                            profile.income = profile.income.filter(|_| shows(DataCategory::Income));
                            profile.investments = profile.investments.filter(|_| shows(DataCategory::Securities));
                            DataCategory::Payments
                        }
                        // The reference takes no deliveries of the registry's layout.
                        FactBody::Identity(_)
                        | FactBody::Segment(_)
                        | FactBody::SealedSegment(..)
                        | FactBody::Holder(_) => continue,
                    };
                    if shows(category) {
                        facts.push(Fact { key, standing: held.standing, body });
                    }
                }
            }
        }
        report.summary = summarise(&facts, now.month());
        let last = |slot: &Slot| {
            let account = || facts.iter().map(|fact| fact.key.slot).filter(|other| other.account == slot.account);
            account().filter(|other| other.kind == slot.kind).max() == Some(*slot)
        };
        let told: Vec<Slot> = facts.iter().map(|fact| fact.key.slot).collect();
        let told: Vec<Slot> = told.into_iter().filter(|slot| detail != Detail::Latest || last(slot)).collect();
        report.beside = self.beside(found, &told, detail != Detail::Summary, now);
        let mut keys: Vec<(FactKind, AccountKey)> = Vec::new();
        for fact in &facts {
            let is_wallet = fact.key.slot.kind == FactKind::PaymentProfileMonth;
            let kind = if is_wallet { FactKind::PaymentProfileMonth } else { FactKind::TradelineMonth };
            keys.push((kind, fact.key.slot.account));
        }
        keys.sort_unstable();
        keys.dedup();
        for (kind, account) in keys {
            let own: Vec<&Fact> = facts.iter().filter(|fact| fact.key.slot.account == account).collect();
            if kind == FactKind::TradelineMonth {
                report.accounts.push(self.account(account, &own));
            } else {
                report.wallets.push(self.wallet(account, &own));
            }
        }
        if detail == Detail::Summary {
            (report.accounts, report.wallets) = (Vec::new(), Vec::new());
            let nobody = || Named { code: String::new(), name: "a furnisher".to_owned() };
            let named = |(_, _, identity)| (nobody(), None, identity);
            report.identities = report.identities.into_iter().map(named).collect();
        }
        if detail == Detail::Latest {
            for account in &mut report.accounts {
                account.months = account.months.pop().into_iter().collect();
                account.terms = account.terms.take().map(|terms| TradelineTerms { history: Vec::new(), ..terms });
            }
            for wallet in &mut report.wallets {
                wallet.months = wallet.months.pop().into_iter().collect();
            }
        }
        report
    }

    fn account(&self, account: AccountKey, facts: &[&Fact]) -> Account {
        let mut shown = Account {
            account,
            furnisher: self.named(account.furnisher()),
            terms: None,
            months: Vec::new(),
            events: Vec::new(),
        };
        for fact in facts {
            match (&fact.body, fact.key.slot.month) {
                (FactBody::TradelineTerms(terms), _) => shown.terms = Some(terms.clone()),
                (FactBody::TradelineMonth(tradeline), Some(month)) => shown.months.push(AccountMonth {
                    month,
                    tradeline: *tradeline,
                    delivery: fact.key.delivery,
                    corrects: match fact.standing {
                        Standing::Corrects(earlier) => Some(earlier),
                        _ => None,
                    },
                }),
                _ => {}
            }
        }
        shown
    }

    fn wallet(&self, account: AccountKey, facts: &[&Fact]) -> Wallet {
        let months = facts.iter().filter_map(|fact| match (&fact.body, fact.key.slot.month) {
            (FactBody::PaymentProfileMonth(profile), Some(month)) => Some((month, *profile, fact.key.delivery)),
            _ => None,
        });
        Wallet { account, furnisher: self.named(account.furnisher()), months: months.collect() }
    }

    fn inquiry_counts(&self, found: &Found, now: Timestamp) -> InquiryCounts {
        let count = |days: i64| {
            let asked = found.events.iter().filter_map(|index| self.log.get(*index)).filter(|(entry, event)| {
                let for_credit = matches!(event, Event::Inquiry(inquiry)
                    if inquiry.purpose == Purpose::CreditApplication && inquiry.outcome != Outcome::Denied);
                for_credit && now.millis() - entry.at.millis() < days * DAY_MILLIS
            });
            u32::try_from(asked.count()).unwrap_or(u32::MAX)
        };
        InquiryCounts { days_30: count(30), days_180: count(180), days_720: count(720) }
    }

    /// The subject's own report.
    pub fn own_report(&self, found: &Found, now: Timestamp) -> Report {
        let of_everything = (DataCategory::ALL, Ranges::default());
        let mut report = self.report(found, None, (Purpose::OwnReport, Detail::Whole), of_everything, now);
        let accesses = found.events.iter().filter_map(|index| {
            let (entry, event) = self.log.get(*index)?;
            let index = u64::try_from(*index).ok()?;
            match event {
                Event::Inquiry(inquiry) => Some(Access {
                    at: entry.at,
                    index,
                    by: Some(self.named(inquiry.subscriber)),
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
                    at: entry.at,
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
        });
        let corrections = found.events.iter().filter_map(|place| {
            let (entry, event) = self.log.get(*place)?;
            let Event::FactCorrected(correction) = event else { return None };
            Some(Mended {
                at: entry.at,
                index: u64::try_from(*place).ok()?,
                by: self.named(correction.delivery.furnisher),
                slot: correction.slot,
                superseded: correction.superseded,
                reason: correction.reason.clone(),
            })
        });
        let consents = self.consents(found).into_iter().map(|state| {
            let member = self.named(state.consent.member);
            (state, member)
        });
        report.own = Some(SubjectPart {
            accesses: accesses.collect(),
            consents: consents.collect(),
            corrections: corrections.collect(),
            refusals: (self.refusals(found).into_iter())
                .map(|(at, refusal)| {
                    let member = self.named(refusal.member);
                    (at, refusal, member)
                })
                .collect(),
            withdrawals: (found.events.iter())
                .filter_map(|place| match self.log.get(*place) {
                    Some((_, Event::ConsentWithdrawn(withdrawal) | Event::ConsentExpired(withdrawal))) => {
                        Some((u64::try_from(*place).ok()?, (**withdrawal).clone()))
                    }
                    _ => None,
                })
                .collect(),
            frozen: self.is_frozen(found),
            rights: self.rights_part(found, now),
        });
        report
    }
}
