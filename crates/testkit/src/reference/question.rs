//! Single questions, answered the slow way: every month and account looked at one by one.

use std::collections::BTreeSet;

use tallystick_model::fact::FactBody;
use tallystick_model::inquiry::{Answered, Asked, SingleQuestion};
use tallystick_model::tradeline::{AccountStatus, PaymentRating, TradelineMonth};
use tallystick_model::{AccountKey, DataCategory, Month};

use super::{Facts, Said};

/// What a question reads.
pub fn reads(question: SingleQuestion) -> Vec<DataCategory> {
    match question {
        SingleQuestion::PaidInMonthsAtLeast => vec![DataCategory::Payments],
        _ => vec![DataCategory::Credit],
    }
}

/// The answer that the facts that hold give. Files here come with current, late and closed months.
pub fn answer(facts: &Facts, asked: Asked, now: Month) -> Answered {
    let months: Vec<(AccountKey, Month, TradelineMonth)> = facts
        .iter()
        .filter_map(|(key, held)| match &held.said {
            Said::Body(FactBody::TradelineMonth(month)) if month.kind.category() == DataCategory::Credit => {
                Some((key.slot.account, key.slot.month?, *month))
            }
            _ => None,
        })
        .collect();
    let opened = |account: AccountKey| {
        facts.iter().find_map(|(key, held)| match &held.said {
            Said::Body(FactBody::TradelineTerms(terms))
                if key.slot.account == account && terms.kind.category() == DataCategory::Credit =>
            {
                Some(terms.opened.and_then(Month::of))
            }
            _ => None,
        })
    };
    let back = |months: u16| -> Vec<Month> { (1..=i32::from(months)).filter_map(|count| now.plus(-count)).collect() };
    let last = |account: AccountKey| months.iter().rfind(|(of, ..)| *of == account).map(|(_, _, month)| *month);
    let accounts: BTreeSet<AccountKey> = months.iter().map(|(account, ..)| *account).collect();
    let yes_if = |yes: bool, known: bool| match (yes, known) {
        (true, _) => Answered::Yes,
        (false, true) => Answered::No,
        (false, false) => Answered::Unknown,
    };
    let is_late = |rating: PaymentRating, steps: u8| match rating {
        PaymentRating::Late(late) => late >= steps,
        PaymentRating::Collection
        | PaymentRating::Repossession
        | PaymentRating::Foreclosure
        | PaymentRating::ChargeOff
        | PaymentRating::SettledByOthers => true,
        _ => false,
    };
    let says = |rating: PaymentRating| !matches!(rating, PaymentRating::Unknown | PaymentRating::NoAccount);
    match asked.question() {
        SingleQuestion::EverThirtyDaysPastDue | SingleQuestion::EverNinetyDaysPastDue => {
            let steps = if asked.question() == SingleQuestion::EverThirtyDaysPastDue { 1 } else { 3 };
            let window = back(asked.months());
            let rated: Vec<PaymentRating> =
                months.iter().filter(|(_, of, _)| window.contains(of)).map(|(_, _, month)| month.rating).collect();
            yes_if(rated.iter().any(|rating| is_late(*rating, steps)), rated.iter().any(|rating| says(*rating)))
        }
        SingleQuestion::PastDueNow => {
            let last: Vec<TradelineMonth> = accounts.iter().filter_map(|account| last(*account)).collect();
            let due = |month: &TradelineMonth| month.past_due_minor > Some(0) || is_late(month.rating, 1);
            let known = |month: &TradelineMonth| month.past_due_minor.is_some() || says(month.rating);
            yes_if(last.iter().any(due), last.iter().any(known))
        }
        SingleQuestion::HasOpenAccounts => {
            let open = |account: &AccountKey| last(*account).is_some_and(|month| month.status == AccountStatus::Open);
            yes_if(accounts.iter().any(open), !accounts.is_empty())
        }
        SingleQuestion::MonthsOnFileAtLeast => {
            let terms: BTreeSet<AccountKey> = facts
                .keys()
                .map(|key| key.slot.account)
                .filter(|account| opened(*account).is_some())
                .chain(accounts.iter().copied())
                .collect();
            let began: Vec<Option<Month>> = terms.iter().map(|account| opened(*account).flatten()).collect();
            let first = months.iter().map(|(_, of, _)| *of).chain(began.iter().copied().flatten()).min();
            let old = first.is_some_and(|first| now.since(first) >= i32::from(asked.months()));
            yes_if(old, first.is_some() && began.iter().all(Option::is_some))
        }
        SingleQuestion::PaidInMonthsAtLeast => {
            let paid_in = |of: Month| -> Option<bool> {
                let profiles = facts.iter().filter(|(key, _)| key.slot.month == Some(of));
                let counts: Vec<u32> = profiles
                    .filter_map(|(_, held)| match &held.said {
                        Said::Body(FactBody::PaymentProfileMonth(profile)) => Some(profile.spending.count),
                        _ => None,
                    })
                    .collect();
                (!counts.is_empty()).then(|| counts.iter().any(|count| *count > 0))
            };
            let year: Vec<Option<bool>> = back(12).into_iter().map(paid_in).collect();
            let paid = year.iter().filter(|paid| **paid == Some(true)).count();
            let open = year.iter().filter(|paid| paid.is_none()).count();
            let wanted = usize::from(asked.months());
            yes_if(paid >= wanted, paid + open < wanted)
        }
    }
}
