//! Which facts are past their term, by the rulebook's numbers and clocks.
//!
//! What is adverse is read from how accounts were paid: a month late or worse, an account in trouble, and the same in the history that
//! terms carry. When an event ended or a delinquency began is read from all months that are held of the account. Start at
//! [`past_term`]. Where the rulebook has no term, or an event has not ended, nothing is past.

use std::collections::{BTreeMap, BTreeSet};

use tallystick_model::fact::{DeliveryNumber, Fact, FactBody, FactKind, Slot};
use tallystick_model::rights::Expiry;
use tallystick_model::tradeline::{AccountStatus, PaymentRating, TradelineMonth, TradelineTerms};
use tallystick_model::{AccountKey, CreditFile, Date, Month};

use crate::numbers::{Retention, RetentionClock, RetentionKind};
use crate::rulebook::Rulebook;

/// How an account stood in one month; of the history in its terms there is a rating only.
#[derive(Clone, Copy, Debug)]
struct Stood {
    rating: PaymentRating,
    status: AccountStatus,
}

impl Stood {
    fn is_in_trouble(self) -> bool {
        use AccountStatus as S;
        use PaymentRating as R;
        matches!(
            self.status,
            S::Collection | S::ChargeOff | S::Foreclosure | S::Repossession | S::GovernmentClaim | S::PaidAfterTrouble
        ) || matches!(self.rating, R::Collection | R::Repossession | R::Foreclosure | R::ChargeOff)
    }

    /// Whether what it says is adverse. That trouble was paid is adverse still.
    fn is_adverse(self) -> bool {
        self.rating.is_adverse() || self.is_in_trouble()
    }

    /// Whether arrears before it were over by then.
    fn ends_arrears(self) -> bool {
        use AccountStatus as S;
        use PaymentRating as R;
        matches!(self.status, S::Closed | S::PaidAfterTrouble)
            || matches!(self.rating, R::NothingDue | R::PaidInFull | R::Current | R::Closed | R::SettledByOthers)
                && !(self.is_in_trouble())
    }
}

impl From<&TradelineMonth> for Stood {
    fn from(month: &TradelineMonth) -> Self {
        Self { rating: month.rating, status: month.status }
    }
}

/// What is held of one account.
#[derive(Debug, Default)]
struct Account<'a> {
    months: BTreeMap<Month, Stood>,
    terms: Option<&'a TradelineTerms>,
}

impl Account<'_> {
    fn is_in_trouble(&self) -> bool {
        self.months.values().any(|stood| stood.is_in_trouble())
    }

    /// When what was adverse in `month` was over, at the latest; `None` if it may go on.
    fn ended(&self, month: Month, stood: Stood) -> Option<Date> {
        if stood.ends_arrears() {
            return last_day(month);
        }
        let over = self.months.range(month..).find(|(later, stood)| **later > month && stood.ends_arrears());
        let closed = || self.terms.and_then(|terms| terms.closed).filter(|closed| Month::of(*closed) >= Some(month));
        over.and_then(|(later, _)| last_day(*later)).or_else(closed)
    }

    /// The first delinquency of those that led to the account's trouble: as reported, else the first of the adverse months
    /// without a good one between them.
    fn first_delinquency(&self) -> Option<Date> {
        if let Some(reported) = self.terms.and_then(|terms| terms.first_delinquency) {
            return Some(reported);
        }
        let (trouble, _) = self.months.iter().find(|(_, stood)| stood.is_in_trouble())?;
        let run = self.months.range(..=*trouble).rev().take_while(|(_, stood)| stood.is_adverse());
        run.last().and_then(|(month, _)| first_day(*month))
    }

    /// From when the term of what is adverse in `month` counts, and the number that has it.
    fn counts_from<'r>(&self, rulebook: &'r Rulebook, month: Month, stood: Stood) -> Option<(&'r Retention, Date)> {
        let first = self.first_delinquency().filter(|_| self.is_in_trouble());
        // What was late and made good before the trouble began is adverse on its own.
        let led_there = first.is_some_and(|first| last_day(month).is_some_and(|last| last >= first));
        let kind = if led_there { RetentionKind::Delinquency } else { RetentionKind::Adverse };
        let retention = rulebook.retention(kind)?;
        let from = match retention.clock {
            RetentionClock::EndOfEvent => self.ended(month, stood),
            RetentionClock::FirstDelinquency => first,
            RetentionClock::Entry | RetentionClock::Payment | RetentionClock::Event => last_day(month),
        };
        Some((retention, from?))
    }

    /// The rule by which what is adverse in `month` is past its term.
    fn past(&self, rulebook: &Rulebook, month: Month, stood: Stood, today: Date) -> Option<String> {
        if !stood.is_adverse() {
            return None;
        }
        let (retention, from) = self.counts_from(rulebook, month, stood)?;
        let over = retention.term?.after_date(from)?;
        (over <= today).then(|| retention.rule.clone())
    }
}

fn first_day(month: Month) -> Option<Date> {
    Date::new(i16::try_from(month.year()).ok()?, i8::try_from(month.month()).ok()?, 1).ok()
}

fn last_day(month: Month) -> Option<Date> {
    let day = i8::try_from(month.days()).ok()?;
    Date::new(i16::try_from(month.year()).ok()?, i8::try_from(month.month()).ok()?, day).ok()
}

/// The months that terms have a rating of, the latest first.
fn history(terms: &TradelineTerms) -> impl Iterator<Item = (Month, Stood)> + '_ {
    let rated = (1..).zip(&terms.history);
    rated.filter_map(|(back, rating)| {
        let month = terms.reported_month?.plus(-back)?;
        Some((month, Stood { rating: *rating, status: AccountStatus::Unknown }))
    })
}

fn accounts<'a>(file: &'a CreditFile) -> BTreeMap<AccountKey, Account<'a>> {
    let mut accounts: BTreeMap<AccountKey, Account<'a>> = BTreeMap::new();
    for fact in file.current() {
        let account = || fact.key.slot.account;
        match (&fact.body, fact.key.slot.month) {
            (FactBody::TradelineMonth(held), Some(month)) => {
                accounts.entry(account()).or_default().months.insert(month, held.into());
            }
            (FactBody::TradelineTerms(terms), _) => accounts.entry(account()).or_default().terms = Some(terms),
            _ => {}
        }
    }
    for account in accounts.values_mut() {
        for (month, stood) in account.terms.into_iter().flat_map(history) {
            account.months.entry(month).or_insert(stood);
        }
    }
    accounts
}

/// The rule by which a fact is past its term on `today`. Terms are if anything adverse in their history is: a fact goes whole.
fn rule_against(rulebook: &Rulebook, account: &Account<'_>, fact: &Fact, today: Date) -> Option<String> {
    match (&fact.body, fact.key.slot.month) {
        (FactBody::TradelineMonth(held), Some(month)) => account.past(rulebook, month, held.into(), today),
        (FactBody::TradelineTerms(terms), _) => {
            history(terms).find_map(|(month, stood)| account.past(rulebook, month, stood, today))
        }
        _ => None,
    }
}

/// Segments of the registry's furnishing that say of a month what the account's month says.
const OF_MONTH: [FactKind; 3] = [FactKind::AccountMonth, FactKind::AccountInstalment, FactKind::AccountTransactions];

/// The facts of one file, superseded ones too, that are past their term on `today`: by rule, in key order.
///
/// Where the fact that holds in a slot goes, everything before it in the slot goes too, as an older statement would hold again.
pub fn past_term(rulebook: &Rulebook, file: &CreditFile, today: Date) -> Vec<Expiry> {
    let accounts = accounts(file);
    let mut gone: BTreeMap<(Slot, DeliveryNumber), String> = BTreeMap::new();
    for fact in file.history() {
        // An account that holds nothing any more has no months to count by: those of the fact itself are what there is.
        let none = Account::default();
        let account = accounts.get(&fact.key.slot.account).unwrap_or(&none);
        if let Some(rule) = rule_against(rulebook, account, fact, today) {
            gone.insert((fact.key.slot, fact.key.delivery), rule);
        }
    }
    let mut whole: BTreeMap<Slot, String> = BTreeMap::new();
    for fact in file.current() {
        if let Some(rule) = gone.get(&(fact.key.slot, fact.key.delivery)) {
            whole.insert(fact.key.slot, rule.clone());
            let alike = OF_MONTH.map(|kind| (Slot { kind, ..fact.key.slot }, rule.clone()));
            whole.extend(alike.into_iter().filter(|_| fact.key.slot.kind == FactKind::TradelineMonth));
        }
    }
    for fact in file.history() {
        if let Some(rule) = whole.get(&fact.key.slot) {
            gone.entry((fact.key.slot, fact.key.delivery)).or_insert_with(|| rule.clone());
        }
    }
    let rules: BTreeSet<String> = gone.values().cloned().collect();
    let of_rule = |rule: String| {
        let facts = gone.iter().filter(|(_, of)| **of == rule).map(|(place, _)| *place).collect();
        Expiry { rule, facts }
    };
    rules.into_iter().map(of_rule).collect()
}

#[cfg(test)]
mod tests {
    use tallystick_model::fact::{FactKey, Standing};
    use tallystick_model::tradeline::{AccountKind, Liability};
    use tallystick_model::{Currency, SubjectId};

    use super::*;

    const ACCOUNT: AccountKey = AccountKey([0, 3, 9, 9, 9, 9, 9, 9]);

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn fact(at: &str, delivery: u32, rating: PaymentRating, status: AccountStatus, standing: Standing) -> Fact {
        let slot = Slot { kind: FactKind::TradelineMonth, account: ACCOUNT, month: Some(month(at)) };
        let body = FactBody::TradelineMonth(TradelineMonth {
            kind: AccountKind::CreditCard,
            status,
            rating,
            currency: Currency::CNY,
            balance_minor: None,
            past_due_minor: None,
            limit_minor: None,
            paid_minor: None,
            scheduled_minor: None,
        });
        let key = FactKey { subject: SubjectId([1; 16]), slot, delivery: DeliveryNumber(delivery) };
        Fact { key, standing, body }
    }

    fn reported(at: &str, rating: PaymentRating) -> Fact {
        fact(at, 1, rating, AccountStatus::Open, Standing::Reported)
    }

    fn terms(first_delinquency: Option<&str>, history: &[PaymentRating]) -> Fact {
        let slot = Slot { kind: FactKind::TradelineTerms, account: ACCOUNT, month: None };
        let body = FactBody::TradelineTerms(TradelineTerms {
            kind: AccountKind::CreditCard,
            currency: Currency::CNY,
            opened: None,
            closed: None,
            first_delinquency: first_delinquency.map(day),
            highest_minor: None,
            term_months: None,
            reported_month: Some(month("2020-06")),
            history: history.to_vec(),
            liability: Liability::Holder,
        });
        let key = FactKey { subject: SubjectId([1; 16]), slot, delivery: DeliveryNumber(1) };
        Fact { key, standing: Standing::Reported, body }
    }

    /// A rule, and the months and deliveries of what went by it.
    type Gone = (String, Vec<(Option<Month>, u32)>);

    /// What goes on a day: rules, and months with their deliveries; terms have no month.
    fn gone(book: &str, mut facts: Vec<Fact>, today: &str) -> Vec<Gone> {
        facts.sort_by_key(|fact| (fact.key.slot, fact.key.delivery));
        let file = CreditFile::new(SubjectId([1; 16]), facts);
        let expiries = past_term(&Rulebook::built_in(book).unwrap(), &file, day(today));
        let places = |expiry: &Expiry| expiry.facts.iter().map(|(slot, delivery)| (slot.month, delivery.0)).collect();
        expiries.iter().map(|expiry| (expiry.rule.clone(), places(expiry))).collect()
    }

    fn of(rule: &str, months: &[(&str, u32)]) -> Vec<Gone> {
        vec![(rule.to_owned(), months.iter().map(|(at, delivery)| (Some(month(at)), *delivery)).collect())]
    }

    #[test]
    fn in_china_five_years_count_from_the_month_in_which_arrears_were_made_good() {
        use PaymentRating as R;
        let late = || vec![reported("2020-01", R::Late(1)), reported("2020-02", R::Late(2))];
        let made_good = || [late(), vec![reported("2020-04", R::Current)]].concat();
        assert_eq!(gone("cn", made_good(), "2025-04-29"), []);
        assert_eq!(gone("cn", made_good(), "2025-04-30"), of("cn-9", &[("2020-01", 1), ("2020-02", 1)]));
        assert_eq!(gone("cn", late(), "2040-01-01"), [], "arrears that go on have not ended");
        assert_eq!(gone("cn", vec![reported("2010-01", R::Current)], "2040-01-01"), [], "good months stay");
    }

    #[test]
    fn in_the_united_states_a_charge_off_counts_from_the_first_delinquency() {
        use PaymentRating as R;
        let facts = || vec![reported("2019-03", R::Late(1)), reported("2019-04", R::ChargeOff)];
        let both = of("us-7", &[("2019-03", 1), ("2019-04", 1)]);
        assert_eq!(gone("us", facts(), "2026-02-28"), []);
        assert_eq!(gone("us", facts(), "2026-03-01"), both, "the first of the months that led there");
        let dated = || [facts(), vec![terms(Some("2018-11-20"), &[])]].concat();
        assert_eq!(gone("us", dated(), "2025-11-19"), []);
        assert_eq!(gone("us", dated(), "2025-11-20"), both, "as the furnisher reports it");
    }

    #[test]
    fn in_the_united_states_a_late_payment_counts_from_its_own_month() {
        let facts = || vec![reported("2019-03", PaymentRating::Late(1)), reported("2019-05", PaymentRating::Late(1))];
        assert_eq!(gone("us", facts(), "2026-03-30"), []);
        assert_eq!(gone("us", facts(), "2026-03-31"), of("us-5", &[("2019-03", 1)]));
    }

    #[test]
    fn nothing_goes_where_no_rule_has_a_term() {
        let facts = || vec![reported("2001-03", PaymentRating::ChargeOff), reported("2001-05", PaymentRating::Current)];
        assert_eq!((gone("eu", facts(), "2040-01-01"), gone("in", facts(), "2040-01-01")), (vec![], vec![]));
    }

    #[test]
    fn an_older_statement_does_not_come_back_for_one_that_goes() {
        use PaymentRating as R;
        let open = AccountStatus::Open;
        let facts = vec![
            fact("2019-03", 1, R::Current, open, Standing::Reported),
            fact("2019-03", 2, R::Late(1), open, Standing::Reported),
            // Said to be late, corrected to current: what was said goes, what holds stays.
            fact("2019-04", 1, R::Late(1), open, Standing::Reported),
            fact("2019-04", 3, R::Current, open, Standing::Corrects(DeliveryNumber(1))),
        ];
        assert_eq!(gone("us", facts, "2027-01-01"), of("us-5", &[("2019-03", 1), ("2019-03", 2), ("2019-04", 1)]));
    }

    #[test]
    fn terms_go_whole_once_a_month_of_their_history_is_past() {
        use PaymentRating as R;
        // 2020-05, 2020-04 and 2020-03, in this order.
        let facts = || vec![terms(None, &[R::Current, R::Late(1), R::Current])];
        assert_eq!(gone("us", facts(), "2027-04-29"), []);
        assert_eq!(gone("us", facts(), "2027-04-30"), [("us-5".to_owned(), vec![(None, 1)])]);
        assert_eq!(gone("cn", facts(), "2025-05-31"), [("cn-9".to_owned(), vec![(None, 1)])]);
    }
}
