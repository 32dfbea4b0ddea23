//! Payment profiles: permitted monthly aggregates of what a subject paid through a platform.
//!
//! Never raw purchases: no counterparty, no goods, no time of day. What a rulebook treats as income, deposits or
//! securities is held apart, so that it can be left out without touching the rest.

use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::{Currency, Month};

coded_enum! {
    /// How far a payment profile can be trusted.
    pub enum Provenance {
        SelfAsserted = 1, "self_asserted", "Handed over by the subject; the file could have been altered";
        FurnisherSigned = 2, "furnisher_signed", "Handed over by the platform that made the payments";
    }
}

/// The first and the last day of a month that a delivery covers, where it does not cover all of it.
///
/// A bill says from when to when it reaches, and cannot reach beyond the day it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaysCovered {
    first: u8,
    last: u8,
}

impl DaysCovered {
    /// The days from `first` to `last`, both included, of `month`; `None` if they are the whole month, or no days of it.
    pub fn of(month: Month, first: u8, last: u8) -> Option<Self> {
        let whole = first == 1 && last >= month.days();
        (first >= 1 && first <= last && last <= month.days() && !whole).then_some(Self { first, last })
    }

    /// The first day, from 1.
    pub const fn first(self) -> u8 {
        self.first
    }

    /// The last day, not before the first.
    pub const fn last(self) -> u8 {
        self.last
    }

    /// How many days, 1 to 30.
    pub const fn days(self) -> u8 {
        self.last - self.first + 1
    }
}

/// Some payments taken together. `minor` is in minor units of the profile's currency, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// How many payments.
    pub count: u32,
    /// Their sum.
    pub minor: i64,
}

impl Flow {
    /// Adds one payment; sums saturate, which no real wallet reaches.
    pub const fn add(&mut self, minor: i64) {
        self.count = self.count.saturating_add(1);
        self.minor = self.minor.saturating_add(minor);
    }

    /// Whether nothing was counted.
    pub const fn is_empty(self) -> bool {
        self.count == 0 && self.minor == 0
    }

    fn write(self, out: &mut Writer<'_>) {
        out.unsigned(u64::from(self.count));
        out.signed(self.minor);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { count: input.unsigned_as()?, minor: input.signed()? })
    }
}

/// One month of one wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentProfileMonth {
    /// How far it can be trusted.
    pub provenance: Provenance,
    /// Of all amounts.
    pub currency: Currency,
    /// The days of the month that are covered. `None`: all of them, as far as the delivery says.
    pub covered: Option<DaysCovered>,
    /// Days of the month with at least one payment, 0 to 31.
    pub active_days: u8,
    /// Paid for goods and services, refunds not yet taken off.
    pub spending: Flow,
    /// Of `spending`, paid through buy-now-pay-later credit.
    pub deferred: Flow,
    /// Given back for earlier spending.
    pub refunds: Flow,
    /// Sent to persons.
    pub transfers_out: Flow,
    /// Repayments of cards and of buy-now-pay-later credit.
    pub repayments: Flow,
    /// Fees of the platform.
    pub fees: Flow,
    /// Payments begun and closed without money moving; their sum is what was asked for.
    pub closed: Flow,
    /// Moves between the subject's own accounts: top-ups and withdrawals.
    pub own_moves: Flow,
    /// Received from others. Category `income`: only where the rulebook's condition is met.
    pub income: Option<Flow>,
    /// Bought, sold and earned on funds and balances. Category `securities`: only where the rulebook's condition is met.
    pub investments: Option<Flow>,
}

impl PaymentProfileMonth {
    /// A month in which nothing happened yet.
    pub const fn empty(provenance: Provenance, currency: Currency) -> Self {
        const NONE: Flow = Flow { count: 0, minor: 0 };
        Self {
            provenance,
            currency,
            covered: None,
            active_days: 0,
            spending: NONE,
            deferred: NONE,
            refunds: NONE,
            transfers_out: NONE,
            repayments: NONE,
            fees: NONE,
            closed: NONE,
            own_moves: NONE,
            income: None,
            investments: None,
        }
    }
}

/// Set in the first byte, which holds the provenance, where the days covered follow it. Profiles stored before there was
/// coverage never have it, and keep their bytes and meaning.
const COVERED: u8 = 0x80;

impl Canonical for PaymentProfileMonth {
    fn write(&self, out: &mut Writer<'_>) {
        let mark = if self.covered.is_some() { COVERED } else { 0 };
        out.byte(self.provenance.number() | mark);
        if let Some(covered) = self.covered {
            out.byte(covered.first);
            out.byte(covered.last);
        }
        self.currency.write(out);
        out.byte(self.active_days);
        for flow in [
            self.spending,
            self.deferred,
            self.refunds,
            self.transfers_out,
            self.repayments,
            self.fees,
            self.closed,
            self.own_moves,
        ] {
            flow.write(out);
        }
        out.option(self.income.as_ref(), |out, flow| flow.write(out));
        out.option(self.investments.as_ref(), |out, flow| flow.write(out));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mark = input.byte()?;
        let provenance = Provenance::from_number(mark & !COVERED).ok_or(DecodeError::Value("provenance"))?;
        let covered = if mark & COVERED == 0 {
            None
        } else {
            let (first, last) = (input.byte()?, input.byte()?);
            if first < 1 || first > last || last > 31 || (first, last) == (1, 31) {
                return Err(DecodeError::Value("days covered"));
            }
            Some(DaysCovered { first, last })
        };
        Ok(Self {
            provenance,
            covered,
            currency: Currency::read(input)?,
            active_days: input.byte()?,
            spending: Flow::read(input)?,
            deferred: Flow::read(input)?,
            refunds: Flow::read(input)?,
            transfers_out: Flow::read(input)?,
            repayments: Flow::read(input)?,
            fees: Flow::read(input)?,
            closed: Flow::read(input)?,
            own_moves: Flow::read(input)?,
            income: input.option(Flow::read)?,
            investments: input.option(Flow::read)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_returns_from_its_bytes_with_and_without_income() {
        let mut profile = PaymentProfileMonth::empty(Provenance::SelfAsserted, Currency::CNY);
        profile.spending.add(2_700);
        profile.active_days = 1;
        assert_eq!(PaymentProfileMonth::from_bytes(&profile.to_bytes()), Ok(profile));
        profile.income = Some(Flow { count: 1, minor: 1 });
        assert_eq!(PaymentProfileMonth::from_bytes(&profile.to_bytes()), Ok(profile));
    }

    /// The released bytes: they may never change.
    #[test]
    fn profiles_of_whole_months_keep_their_bytes_and_parts_of_months_have_others() {
        let mut profile = PaymentProfileMonth::empty(Provenance::SelfAsserted, Currency::CNY);
        profile.spending.add(2_700);
        profile.active_days = 3;
        let whole = profile.to_bytes();
        let rest = &whole[1..];
        assert_eq!(whole, [&[1, 0, 3, 1, 0x98, 0x2a][..], &[0; 16]].concat());
        let june = Month::new(2021, 6).unwrap();
        profile.covered = DaysCovered::of(june, 1, 19);
        assert_eq!(profile.to_bytes(), [&[0x81, 1, 19][..], rest].concat());
        assert_eq!(PaymentProfileMonth::from_bytes(&profile.to_bytes()), Ok(profile));
        for impossible in [[0x81, 0, 19], [0x81, 20, 19], [0x81, 1, 32], [0x81, 1, 31], [0x83, 1, 19], [0x80, 1, 19]] {
            assert!(PaymentProfileMonth::from_bytes(&[&impossible[..], rest].concat()).is_err(), "{impossible:?}");
        }
    }

    #[test]
    fn days_covered_are_some_of_the_month_and_not_all() {
        let june = Month::new(2021, 6).unwrap();
        for (first, last, days) in [(1, 29, 29), (2, 30, 29), (30, 30, 1), (1, 1, 1)] {
            assert_eq!(DaysCovered::of(june, first, last).map(DaysCovered::days), Some(days), "{first} to {last}");
        }
        for (first, last) in [(1, 30), (0, 5), (6, 5), (2, 31)] {
            assert_eq!(DaysCovered::of(june, first, last), None, "{first} to {last}");
        }
    }
}
