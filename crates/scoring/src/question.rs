//! Single questions, answered from a credit file: yes, no, or that what is held does not tell.
//!
//! What is held is what was reported: a "no" says that what was reported is not so, never that nothing was left out. Windows
//! count back from the month before the one asked in, as in [`crate::summary`].

use std::collections::{BTreeMap, BTreeSet};

use tallystick_model::fact::{Fact, FactBody};
use tallystick_model::inquiry::{Answered, Asked, SingleQuestion};
use tallystick_model::tradeline::{AccountStatus, PaymentRating, TradelineMonth, TradelineTerms};
use tallystick_model::{AccountKey, Month};

use crate::summary::severity;

/// Months that are asked about payments.
const PAYMENT_MONTHS: i32 = 12;

/// The answer that `facts` give, facts that hold (`CreditFile::current`) and may be seen, as asked in `month`.
pub fn answer(facts: &[Fact], asked: Asked, month: Month) -> Answered {
    let months = asked.months();
    match asked.question() {
        SingleQuestion::EverThirtyDaysPastDue => ever_late(facts, 1, months, month),
        SingleQuestion::EverNinetyDaysPastDue => ever_late(facts, 3, months, month),
        SingleQuestion::PastDueNow => past_due_now(facts),
        SingleQuestion::HasOpenAccounts => has_open_accounts(facts),
        SingleQuestion::MonthsOnFileAtLeast => on_file_at_least(facts, months, month),
        SingleQuestion::PaidInMonthsAtLeast => paid_in_at_least(facts, months, month),
    }
}

/// Whether any account was late by `steps` monthly steps or worse. No: ratings of the window are held, and none is. What a step is in
/// days the furnisher's layout says: three are 61 to 90 days from the due date, or 90 to 119 from the month after.
fn ever_late(facts: &[Fact], steps: u8, months: u16, month: Month) -> Answered {
    let in_window = |period: Month| (1..=i32::from(months)).contains(&month.since(period));
    let mut known = false;
    for (period, rating) in facts.iter().flat_map(ratings) {
        let says_nothing = matches!(rating, PaymentRating::Unknown | PaymentRating::NoAccount);
        if !in_window(period) || says_nothing {
            continue;
        }
        if severity(rating) >= steps {
            return Answered::Yes;
        }
        known = true;
    }
    if known { Answered::No } else { Answered::Unknown }
}

/// The months a fact rates.
fn ratings(fact: &Fact) -> Vec<(Month, PaymentRating)> {
    match &fact.body {
        FactBody::TradelineMonth(tradeline) => {
            fact.key.slot.month.map(|month| (month, tradeline.rating)).into_iter().collect()
        }
        FactBody::TradelineTerms(TradelineTerms { reported_month: Some(last), history, .. }) => {
            (1..).zip(history).filter_map(|(back, rating)| Some((last.plus(-back)?, *rating))).collect()
        }
        _ => Vec::new(),
    }
}

/// The month of each account that was reported last.
fn latest(facts: &[Fact]) -> impl Iterator<Item = TradelineMonth> {
    let mut latest: BTreeMap<AccountKey, (Month, TradelineMonth)> = BTreeMap::new();
    for fact in facts {
        if let (FactBody::TradelineMonth(tradeline), Some(month)) = (&fact.body, fact.key.slot.month) {
            let last = latest.entry(fact.key.slot.account).or_insert((month, *tradeline));
            if month >= last.0 {
                *last = (month, *tradeline);
            }
        }
    }
    latest.into_values().map(|(_, tradeline)| tradeline)
}

/// Yes, if one is; no, if all that are known are not; of one that says nothing it depends on the others.
fn any(answers: impl Iterator<Item = Answered>) -> Answered {
    let mut all = Answered::Unknown;
    for answer in answers {
        match answer {
            Answered::Yes => return Answered::Yes,
            Answered::No => all = Answered::No,
            Answered::Unknown => {}
        }
    }
    all
}

fn past_due_now(facts: &[Fact]) -> Answered {
    any(latest(facts).map(|month| match (month.past_due_minor, month.rating) {
        (Some(minor), _) if minor > 0 => Answered::Yes,
        (_, rating) if severity(rating) > 0 => Answered::Yes,
        (None, PaymentRating::Unknown | PaymentRating::NoAccount) => Answered::Unknown,
        _ => Answered::No,
    }))
}

fn has_open_accounts(facts: &[Fact]) -> Answered {
    any(latest(facts).map(|month| if month.status == AccountStatus::Open { Answered::Yes } else { Answered::No }))
}

/// No only where every account says when it was opened: one that does not may be older than what is reported of it.
fn on_file_at_least(facts: &[Fact], months: u16, month: Month) -> Answered {
    let (mut oldest, mut accounts, mut dated) = (None::<Month>, BTreeSet::new(), BTreeSet::new());
    for fact in facts {
        let seen = match &fact.body {
            FactBody::TradelineMonth(_) => fact.key.slot.month,
            FactBody::TradelineTerms(terms) => {
                let opened = terms.opened.and_then(Month::of);
                dated.extend(opened.map(|_| fact.key.slot.account));
                opened
            }
            _ => continue,
        };
        accounts.insert(fact.key.slot.account);
        oldest = [oldest, seen].into_iter().flatten().min();
    }
    match oldest {
        Some(oldest) if month.since(oldest) >= i32::from(months) => Answered::Yes,
        Some(_) if accounts == dated => Answered::No,
        _ => Answered::Unknown,
    }
}

/// No only where the months of which nothing is held could not make it up.
fn paid_in_at_least(facts: &[Fact], months: u16, month: Month) -> Answered {
    let (mut held, mut paid) = (BTreeSet::new(), BTreeSet::new());
    for fact in facts {
        if let (FactBody::PaymentProfileMonth(profile), Some(period)) = (&fact.body, fact.key.slot.month)
            && (1..=PAYMENT_MONTHS).contains(&month.since(period))
        {
            held.insert(period);
            paid.extend((profile.spending.count > 0).then_some(period));
        }
    }
    let (held, paid) = (i32::try_from(held.len()).unwrap_or(0), i32::try_from(paid.len()).unwrap_or(0));
    let wanted = i32::from(months);
    if paid >= wanted {
        Answered::Yes
    } else if paid + (PAYMENT_MONTHS - held) < wanted {
        Answered::No
    } else {
        Answered::Unknown
    }
}

#[cfg(test)]
mod tests {
    use tallystick_model::fact::{DeliveryNumber, FactKey, Slot, Standing};
    use tallystick_model::payment_profile::{Flow, PaymentProfileMonth, Provenance};
    use tallystick_model::tradeline::{AccountKind, Liability};
    use tallystick_model::{Currency, Date, SubjectId};

    use super::*;

    fn fact(account: u16, period: Option<&str>, body: FactBody) -> Fact {
        let month = period.map(|period| Month::parse(period).unwrap());
        let slot = Slot { kind: body.kind(), account: AccountKey::of_furnisher(account), month };
        let key = FactKey { subject: SubjectId([1; 16]), slot, delivery: DeliveryNumber(1) };
        Fact { key, standing: Standing::Reported, body }
    }

    fn card(account: u16, period: &str, rating: PaymentRating, past_due: Option<i64>, status: AccountStatus) -> Fact {
        let body = TradelineMonth {
            kind: AccountKind::CreditCard,
            status,
            rating,
            currency: Currency::CNY,
            balance_minor: Some(1),
            past_due_minor: past_due,
            limit_minor: None,
            paid_minor: None,
            scheduled_minor: None,
        };
        fact(account, Some(period), FactBody::TradelineMonth(body))
    }

    fn late(period: &str, rating: PaymentRating) -> Fact {
        card(1, period, rating, None, AccountStatus::Open)
    }

    fn terms(account: u16, opened: Option<Date>, history: Vec<PaymentRating>) -> Fact {
        let body = TradelineTerms {
            kind: AccountKind::CreditCard,
            currency: Currency::CNY,
            opened,
            closed: None,
            first_delinquency: None,
            highest_minor: None,
            term_months: None,
            reported_month: Month::parse("2026-01").ok(),
            history,
            liability: Liability::Holder,
        };
        fact(account, None, FactBody::TradelineTerms(body))
    }

    fn wallet(period: &str, payments: u32) -> Fact {
        let mut profile = PaymentProfileMonth::empty(Provenance::FurnisherSigned, Currency::CNY);
        profile.spending = Flow { count: payments, minor: 100 };
        fact(9, Some(period), FactBody::PaymentProfileMonth(profile))
    }

    fn ask(facts: &[Fact], question: SingleQuestion, months: Option<u16>) -> Answered {
        answer(facts, Asked::new(question, months).unwrap(), Month::parse("2026-03").unwrap())
    }

    #[test]
    fn ever_past_due_looks_into_its_window_and_into_the_history_of_terms() {
        use SingleQuestion::{EverNinetyDaysPastDue as Ninety, EverThirtyDaysPastDue as Thirty};
        let facts = [late("2024-02", PaymentRating::Late(4)), late("2024-03", PaymentRating::Late(2))];
        assert_eq!(ask(&facts, Ninety, Some(24)), Answered::No, "2024-02 is 25 months before");
        assert_eq!(ask(&facts, Ninety, Some(25)), Answered::Yes);
        assert_eq!(ask(&facts, Thirty, Some(24)), Answered::Yes);
        assert_eq!(ask(&facts, Thirty, Some(23)), Answered::Unknown, "nothing is held of the window");
        assert_eq!(ask(&[late("2026-02", PaymentRating::Unknown)], Thirty, Some(24)), Answered::Unknown);
        assert_eq!(
            ask(&[late("2026-03", PaymentRating::Late(9))], Thirty, Some(24)),
            Answered::Unknown,
            "not over yet"
        );
        assert_eq!(ask(&[late("2026-02", PaymentRating::ChargeOff)], Ninety, Some(1)), Answered::Yes);
        // The history counts back from the month before 2026-01.
        let history = terms(1, None, vec![PaymentRating::Current, PaymentRating::Late(3)]);
        assert_eq!(ask(std::slice::from_ref(&history), Ninety, Some(3)), Answered::No);
        assert_eq!(ask(&[history], Ninety, Some(4)), Answered::Yes);
    }

    #[test]
    fn now_is_the_latest_month_of_each_account() {
        use SingleQuestion::{HasOpenAccounts, PastDueNow};
        let mut facts = vec![
            card(1, "2026-01", PaymentRating::Late(1), Some(5), AccountStatus::Open),
            card(1, "2026-02", PaymentRating::Current, Some(0), AccountStatus::Closed),
            card(2, "2026-02", PaymentRating::Unknown, None, AccountStatus::Closed),
        ];
        assert_eq!(ask(&facts, PastDueNow, None), Answered::No);
        assert_eq!(ask(&facts[2..], PastDueNow, None), Answered::Unknown);
        assert_eq!(ask(&facts, HasOpenAccounts, None), Answered::No);
        assert_eq!(ask(&[wallet("2026-02", 1)], HasOpenAccounts, None), Answered::Unknown);
        facts.push(card(3, "2025-12", PaymentRating::Current, Some(1), AccountStatus::Open));
        assert_eq!(ask(&facts, PastDueNow, None), Answered::Yes);
        assert_eq!(ask(&facts, HasOpenAccounts, None), Answered::Yes);
    }

    #[test]
    fn how_long_on_file_is_denied_only_where_every_account_says_when_it_began() {
        let question = SingleQuestion::MonthsOnFileAtLeast;
        let mut facts =
            vec![late("2025-12", PaymentRating::Current), terms(1, Date::new(2025, 3, 31).ok(), Vec::new())];
        assert_eq!(ask(&facts, question, Some(12)), Answered::Yes);
        assert_eq!(ask(&facts, question, Some(13)), Answered::No);
        facts.push(card(2, "2026-01", PaymentRating::Current, None, AccountStatus::Open));
        assert_eq!(ask(&facts, question, Some(13)), Answered::Unknown);
        assert_eq!(ask(&[], question, Some(1)), Answered::Unknown);
    }

    #[test]
    fn months_with_payments_are_denied_only_where_the_others_could_not_make_it_up() {
        let question = SingleQuestion::PaidInMonthsAtLeast;
        let mut facts = vec![wallet("2026-01", 3), wallet("2026-02", 0), wallet("2024-12", 1)];
        assert_eq!(ask(&facts, question, Some(1)), Answered::Yes);
        assert_eq!(ask(&facts, question, Some(2)), Answered::Unknown);
        assert_eq!(ask(&facts, question, Some(12)), Answered::No, "2026-02 is held, and had none");
        facts.extend((3..=12).map(|month| wallet(&format!("2025-{month:02}"), 0)));
        assert_eq!(ask(&facts, question, Some(2)), Answered::No);
    }
}
