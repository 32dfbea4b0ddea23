//! Payment profiles: permitted monthly aggregates of what a subject paid through a platform.
//!
//! Never raw purchases: no counterparty, no goods, no time of day. What a rulebook treats as income, deposits or
//! securities is held apart, so that it can be left out without touching the rest.

use crate::Currency;
use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};

coded_enum! {
    /// How far a payment profile can be trusted.
    pub enum Provenance {
        SelfAsserted = 1, "self_asserted", "Handed over by the subject; the file could have been altered";
        FurnisherSigned = 2, "furnisher_signed", "Handed over by the platform that made the payments";
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

impl Canonical for PaymentProfileMonth {
    fn write(&self, out: &mut Writer<'_>) {
        self.provenance.write(out);
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
        Ok(Self {
            provenance: Provenance::read(input)?,
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
}
