//! How accounts behave, month by month: a hidden risk decides when someone is late, catches up, or never pays again.
//!
//! The state of any month follows from the account alone, without going through the months before it.

use tallystick_model::tradeline::{AccountStatus, PaymentRating};
use tallystick_model::{Date, Month};

use super::people::Risk;
use super::random::Chance;

/// How an account stands at the end of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing owed, nothing due.
    Unused,
    /// The whole balance of the month before was paid.
    PaidInFull,
    /// What was due was paid.
    Current,
    /// So many monthly payments are late, 1 to 6.
    Late(u8),
    /// Given up by the lender.
    ChargedOff,
    /// Paid after all, and closed.
    PaidAfterTrouble,
    /// Closed in the ordinary way.
    Closed,
}

impl Standing {
    /// The state of the account.
    pub const fn status(self) -> AccountStatus {
        match self {
            Self::ChargedOff => AccountStatus::ChargeOff,
            Self::PaidAfterTrouble => AccountStatus::PaidAfterTrouble,
            Self::Closed => AccountStatus::Closed,
            Self::Unused | Self::PaidInFull | Self::Current | Self::Late(_) => AccountStatus::Open,
        }
    }

    /// How it was paid.
    pub const fn rating(self) -> PaymentRating {
        match self {
            Self::Unused => PaymentRating::NothingDue,
            Self::PaidInFull => PaymentRating::PaidInFull,
            Self::Current => PaymentRating::Current,
            Self::Late(months) => PaymentRating::late(months),
            Self::ChargedOff | Self::PaidAfterTrouble => PaymentRating::ChargeOff,
            Self::Closed => PaymentRating::Closed,
        }
    }
}

/// One month of one account. Amounts are in fen, or in whole dollars for accounts in the United States.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountMonth {
    /// How it stands.
    pub standing: Standing,
    /// Owed at the end of the month.
    pub balance: i64,
    /// Of which late.
    pub past_due: i64,
    /// Credit limit, or the amount lent.
    pub limit: i64,
    /// Paid during the month.
    pub paid: i64,
    /// Due during the month.
    pub scheduled: i64,
    /// The most that was ever owed.
    pub highest: i64,
    /// When the account was opened.
    pub opened: Date,
    /// When it was closed.
    pub closed: Option<Date>,
    /// When the first payment was missed of a delinquency that is not made good, or ended in charge-off.
    pub first_delinquency: Option<Date>,
}

/// The day of a month given by its number; days above 28 do not occur here.
pub(super) fn day_of(month: i32, day: i8) -> Date {
    let month = month_of(month);
    let year = i16::try_from(month.year()).unwrap_or(1);
    Date::new(year, i8::try_from(month.month()).unwrap_or(1), day).unwrap_or(Date::ZERO)
}

/// The month of a number that the town made.
pub(super) fn month_of(number: i32) -> Month {
    const FIRST: Month = match Month::new(1, 1) {
        Ok(month) => month,
        Err(_) => unreachable!(),
    };
    u16::try_from(number).ok().and_then(|number| Month::from_number(number).ok()).unwrap_or(FIRST)
}

/// Payments missed before a lender gives up.
const LATE_MONTHS_MAX: i32 = 6;

/// What an account is going through in a month. `since` is the month of the first missed payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    NotOpen,
    Regular,
    Late { since: i32 },
    ChargedOff { since: i32 },
    Settled { since: i32 },
    Closed,
    Gone,
}

/// The end of an account in trouble.
#[derive(Clone, Copy, Debug)]
struct Ruin {
    since: i32,
    /// Months from the charge-off to the payment after all; of others it is reported for so long.
    reported_months: i32,
    settled: bool,
}

impl Ruin {
    fn course(self, month: i32) -> Option<Course> {
        let since = self.since;
        let after = month - since - LATE_MONTHS_MAX;
        Some(match after {
            ..0 if month < since => return None,
            ..0 => Course::Late { since },
            after if after < self.reported_months => Course::ChargedOff { since },
            after if after == self.reported_months && self.settled => Course::Settled { since },
            _ => Course::Gone,
        })
    }
}

/// A revolving account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Card {
    chance: Chance,
    risk: Risk,
    opened: i32,
    day: i8,
    limit: i64,
    ruin: Option<Ruin>,
    closes: Option<i32>,
    /// Thousandths of the limit, on the whole.
    use_per_mille: i64,
    pays_in_full: bool,
}

impl Card {
    /// A card opened between two months, with a limit of `unit` times 1 to 60.
    pub(super) fn draw(chance: Chance, risk: Risk, opened: (i32, i32), unit: i64) -> Self {
        let mut draw = chance;
        let opened = i32::try_from(draw.between(i64::from(opened.0), i64::from(opened.1))).unwrap_or(0);
        let ruin = draw.per_mille(risk.of([5, 60, 330])).then(|| Ruin {
            since: opened + 6 + small(draw.below(96)),
            reported_months: 3 + small(draw.below(24)),
            settled: draw.per_mille(300),
        });
        let closes = (ruin.is_none() && draw.per_mille(80)).then(|| opened + 24 + small(draw.below(120)));
        let is_unused = ruin.is_none() && draw.per_mille(80);
        Self {
            chance,
            risk,
            opened,
            day: i8::try_from(draw.between(1, 28)).unwrap_or(1),
            limit: unit * draw.between(1, risk.of([60, 40, 20])),
            ruin,
            closes,
            use_per_mille: if is_unused { 0 } else { draw.between(risk.of([50, 200, 400]), risk.of([600, 800, 850])) },
            pays_in_full: draw.per_mille(risk.of([550, 150, 0])),
        }
    }

    /// The month as the lender sees it; `None` before the opening and when it is no longer reported.
    pub(super) fn month(&self, month: i32) -> Option<AccountMonth> {
        let course = self.course(month);
        let (before, balance) = (self.balance(self.course(month - 1), month - 1), self.balance(course, month));
        let due = minimum(before);
        let plain = AccountMonth {
            standing: Standing::Current,
            balance,
            past_due: 0,
            limit: self.limit,
            paid: 0,
            scheduled: due,
            highest: if self.use_per_mille == 0 { 0 } else { self.most() },
            opened: day_of(self.opened, self.day),
            closed: None,
            first_delinquency: None,
        };
        let missed = |since| Some(day_of(since, self.day));
        Some(match course {
            Course::NotOpen | Course::Gone => return None,
            Course::Regular if before == 0 && balance == 0 => AccountMonth { standing: Standing::Unused, ..plain },
            Course::Regular if self.course(month - 1) == Course::Regular && self.pays_in_full && before > 0 => {
                AccountMonth { standing: Standing::PaidInFull, paid: before, scheduled: before, ..plain }
            }
            // What was late before is made good in the month after.
            Course::Regular => {
                let arrears = self.arrears(self.course(month - 1), month - 1);
                AccountMonth { paid: (due + arrears).max(before - balance).min(before), ..plain }
            }
            Course::Late { since } => AccountMonth {
                standing: Standing::Late(u8::try_from(month - since + 1).unwrap_or(1)),
                past_due: self.arrears(course, month),
                first_delinquency: missed(since),
                ..plain
            },
            Course::ChargedOff { since } => AccountMonth {
                standing: Standing::ChargedOff,
                past_due: balance,
                scheduled: 0,
                first_delinquency: missed(since),
                ..plain
            },
            Course::Settled { since } => AccountMonth {
                standing: Standing::PaidAfterTrouble,
                paid: before,
                scheduled: 0,
                closed: missed(month),
                first_delinquency: missed(since),
                ..plain
            },
            Course::Closed => AccountMonth { standing: Standing::Closed, paid: before, closed: missed(month), ..plain },
        })
    }

    fn course(&self, month: i32) -> Course {
        if month < self.opened {
            return Course::NotOpen;
        }
        if let Some(course) = self.ruin.and_then(|ruin| ruin.course(month)) {
            return course;
        }
        match self.closes {
            Some(closes) if month > closes => return Course::Gone,
            Some(closes) if month == closes => return Course::Closed,
            _ => {}
        }
        // At most one spell in a year of the account, over before the year is.
        let year = (month - self.opened) / 12;
        let first = self.opened + 12 * year;
        let mut draw = self.chance.at(1000 + u64::try_from(year).unwrap_or(0));
        let ends_badly_soon = self.ruin.is_some_and(|ruin| ruin.since <= first + 12);
        if self.use_per_mille == 0 || ends_badly_soon || !draw.per_mille(self.risk.of([12, 150, 450])) {
            return Course::Regular;
        }
        let length = match draw.below(100) {
            0..60 => 1,
            60..85 => 2,
            length => 3 + small(length) % 2,
        };
        let since = first + 1 + small(draw.below(10 - length.unsigned_abs() as u64));
        let is_closing = self.closes.is_some_and(|closes| closes <= first + 12);
        if is_closing || !(since..since + length).contains(&month) { Course::Regular } else { Course::Late { since } }
    }

    /// The most this account ever owes.
    const fn most(&self) -> i64 {
        self.limit / 50 * 49
    }

    fn regular_balance(&self, month: i32) -> i64 {
        if month < self.opened || self.use_per_mille == 0 {
            return 0;
        }
        let mut draw = self.chance.at(u64::try_from(month).unwrap_or(0) << 20);
        let used = (self.use_per_mille * draw.between(700, 1300) / 1000).min(960);
        self.limit * used / 1000 + draw.between(0, self.limit / 100)
    }

    /// Owed while nothing is paid: what was owed before, and interest.
    fn late_balance(&self, since: i32, months: i32) -> i64 {
        let anchor = self.regular_balance(since - 1).max(self.limit / 10);
        (anchor + anchor * 15 * i64::from(months) / 1000).min(self.most())
    }

    fn balance(&self, course: Course, month: i32) -> i64 {
        match course {
            Course::NotOpen | Course::Closed | Course::Settled { .. } | Course::Gone => 0,
            Course::Regular => self.regular_balance(month),
            Course::Late { since } => self.late_balance(since, month - since + 1),
            Course::ChargedOff { since } => self.late_balance(since, LATE_MONTHS_MAX),
        }
    }

    fn arrears(&self, course: Course, month: i32) -> i64 {
        match course {
            Course::Late { since } => {
                let missed = minimum(self.late_balance(since, 0)) * i64::from(month - since + 1);
                missed.min(self.balance(course, month))
            }
            _ => 0,
        }
    }
}

/// The least that has to be paid of a card's balance.
const fn minimum(balance: i64) -> i64 {
    balance / 20
}

fn small(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(0)
}

/// What kind of loan to draw.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoanTerms {
    pub(super) opened: i32,
    pub(super) term_months: i32,
    pub(super) principal: i64,
    /// Interest of a month, in thousandths of the principal.
    pub(super) interest_per_mille: i64,
}

/// A loan repaid in equal monthly payments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loan {
    terms: LoanTerms,
    day: i8,
    ruin: Option<Ruin>,
    /// First month and length of a spell of late payments.
    spell: Option<(i32, i32)>,
}

impl Loan {
    pub(super) fn draw(chance: Chance, risk: Risk, terms: LoanTerms) -> Self {
        let mut draw = chance;
        let of_term = |draw: &mut Chance, months: i32| small(draw.below(u64::try_from(months.max(1)).unwrap_or(1)));
        let ruin = draw.per_mille(risk.of([6, 70, 300])).then(|| Ruin {
            since: terms.opened + 1 + of_term(&mut draw, terms.term_months - 1),
            reported_months: 3 + small(draw.below(12)),
            settled: draw.per_mille(300),
        });
        let length = 1 + small(draw.below(3));
        let spell = (ruin.is_none() && terms.term_months > length + 2 && draw.per_mille(risk.of([40, 250, 600])))
            .then(|| (terms.opened + 1 + of_term(&mut draw, terms.term_months - 1 - length), length));
        Self { terms, day: i8::try_from(draw.between(1, 28)).unwrap_or(1), ruin, spell }
    }

    /// The month as the lender sees it; `None` before the opening and when it is no longer reported.
    pub(super) fn month(&self, month: i32) -> Option<AccountMonth> {
        let course = self.course(month);
        let LoanTerms { opened, principal, .. } = self.terms;
        let made = self.payments_made(course, month);
        let balance = if course == Course::Closed { 0 } else { self.owed_after(made) };
        let missed = |since| Some(day_of(since, self.day));
        let plain = AccountMonth {
            standing: Standing::Current,
            balance,
            past_due: 0,
            limit: principal,
            paid: self.paid(self.payments_made(self.course(month - 1), month - 1), made),
            scheduled: if month == opened { 0 } else { self.payment() },
            highest: principal,
            opened: day_of(opened, self.day),
            closed: None,
            first_delinquency: None,
        };
        let late = i64::from(month - opened - made);
        Some(match course {
            Course::NotOpen | Course::Gone => return None,
            Course::Regular => plain,
            Course::Late { since } => AccountMonth {
                standing: Standing::Late(u8::try_from(late).unwrap_or(1)),
                past_due: (late * self.payment()).min(balance),
                first_delinquency: missed(since),
                ..plain
            },
            Course::ChargedOff { since } => AccountMonth {
                standing: Standing::ChargedOff,
                past_due: balance,
                scheduled: 0,
                first_delinquency: missed(since),
                ..plain
            },
            Course::Settled { since } => AccountMonth {
                standing: Standing::PaidAfterTrouble,
                balance: 0,
                paid: balance,
                scheduled: 0,
                closed: missed(month),
                first_delinquency: missed(since),
                ..plain
            },
            Course::Closed => AccountMonth { standing: Standing::Closed, closed: missed(month), ..plain },
        })
    }

    fn course(&self, month: i32) -> Course {
        let LoanTerms { opened, term_months, .. } = self.terms;
        if month < opened {
            return Course::NotOpen;
        }
        if let Some(course) = self.ruin.and_then(|ruin| ruin.course(month)) {
            return course;
        }
        match self.spell {
            Some((since, length)) if (since..since + length).contains(&month) => Course::Late { since },
            _ if month > opened + term_months => Course::Gone,
            _ if month == opened + term_months => Course::Closed,
            _ => Course::Regular,
        }
    }

    /// Payments made by the end of a month.
    fn payments_made(&self, course: Course, month: i32) -> i32 {
        let until = match course {
            Course::Late { since } | Course::ChargedOff { since } | Course::Settled { since } => since - 1,
            _ => month,
        };
        (until - self.terms.opened).clamp(0, self.terms.term_months)
    }

    /// The principal part of a payment; the last one takes what rounding left.
    fn part(&self) -> i64 {
        self.terms.principal / i64::from(self.terms.term_months.max(1))
    }

    fn interest(&self) -> i64 {
        self.terms.principal * self.terms.interest_per_mille / 1000
    }

    fn payment(&self) -> i64 {
        self.part() + self.interest()
    }

    fn owed_after(&self, payments: i32) -> i64 {
        if payments >= self.terms.term_months { 0 } else { self.terms.principal - self.part() * i64::from(payments) }
    }

    fn paid(&self, before: i32, after: i32) -> i64 {
        self.owed_after(before) - self.owed_after(after) + self.interest() * i64::from((after - before).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i32 = 2020 * 12;

    fn cards(risk: Risk) -> impl Iterator<Item = Card> {
        (0..400).map(move |index| Card::draw(Chance::new(3).at(index), risk, (START, START + 24), 100_000))
    }

    fn loans(risk: Risk) -> impl Iterator<Item = Loan> {
        let terms = LoanTerms { opened: START, term_months: 12, principal: 1_000_000, interest_per_mille: 8 };
        (0..400).map(move |index| Loan::draw(Chance::new(4).at(index), risk, terms))
    }

    /// What every lender's figures hold to, from one month to the next.
    fn check(months: &[Option<AccountMonth>]) {
        for pair in months.windows(2) {
            let [before, Some(now)] = pair else { continue };
            assert!(now.balance >= 0 && now.past_due >= 0 && now.paid >= 0 && now.scheduled >= 0, "{now:?}");
            assert!(now.past_due <= now.balance && now.balance <= now.highest, "{now:?}");
            let was = before.map_or(Standing::Current, |before| before.standing);
            match now.standing {
                Standing::Late(1) => assert!(!matches!(was, Standing::Late(_) | Standing::ChargedOff), "{was:?}"),
                Standing::Late(months) => assert_eq!(was, Standing::Late(months - 1)),
                Standing::ChargedOff => assert!(matches!(was, Standing::Late(6) | Standing::ChargedOff), "{was:?}"),
                Standing::PaidAfterTrouble => assert_eq!(was, Standing::ChargedOff),
                _ => assert!(!matches!(was, Standing::Late(5 | 6) | Standing::ChargedOff), "{was:?}"),
            }
            let in_trouble =
                matches!(now.standing, Standing::Late(_) | Standing::ChargedOff | Standing::PaidAfterTrouble);
            assert_eq!(now.first_delinquency.is_some(), in_trouble);
            assert_eq!(now.past_due > 0, matches!(now.standing, Standing::Late(_) | Standing::ChargedOff), "{now:?}");
            let ends = matches!(now.standing, Standing::Closed | Standing::PaidAfterTrouble);
            assert_eq!(now.closed.is_some(), ends);
            assert!(!ends || now.balance == 0);
            // What was bought, or lent, or charged: never less than nothing.
            let grown = now.balance - before.map_or(0, |before| before.balance) + now.paid;
            assert!(grown >= 0, "{before:?} {now:?}");
        }
    }

    #[test]
    fn a_card_is_consistent_from_month_to_month() {
        for risk in [Risk::Low, Risk::Medium, Risk::High] {
            for card in cards(risk) {
                check(&(START - 2..START + 240).map(|month| card.month(month)).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_loan_is_consistent_from_month_to_month_and_ends_paid_or_in_trouble() {
        for risk in [Risk::Low, Risk::Medium, Risk::High] {
            for loan in loans(risk) {
                let months: Vec<_> = (START - 2..START + 60).map(|month| loan.month(month)).collect();
                check(&months);
                assert_eq!(months[0], None);
                assert_eq!(months[2].map(|first| (first.balance, first.paid)), Some((1_000_000, 0)));
                let last = months.iter().flatten().last().unwrap().standing;
                assert!(
                    matches!(last, Standing::Closed | Standing::PaidAfterTrouble | Standing::ChargedOff),
                    "{last:?}"
                );
                let paid: i64 = months.iter().flatten().map(|month| month.paid).sum();
                assert!(last != Standing::Closed || paid == 1_000_000 + 12 * 8_000, "{paid}");
            }
        }
    }

    #[test]
    fn the_riskier_are_late_more_often() {
        let late = |risk| {
            let months =
                cards(risk).flat_map(|card| (START + 24..START + 48).filter_map(move |month| card.month(month)));
            let (late, all) = months.fold((0, 0), |(late, all), month| {
                (late + i32::from(matches!(month.standing, Standing::Late(_))), all + 1)
            });
            late * 10_000 / all
        };
        let [low, medium, high] = [Risk::Low, Risk::Medium, Risk::High].map(late);
        assert!((1..100).contains(&low) && low < medium && medium < high && high < 3000, "{low} {medium} {high}");
    }
}
