//! What people pay with their phones: a monthly rhythm of income, rent, meals, purchases and what comes back.

use tallystick_model::payment_profile::{Flow, PaymentProfileMonth, Provenance};
use tallystick_model::{Currency, Date, Month};

use super::people::Person;
use super::random::Chance;
use super::{Purpose, Town};

/// Where a wallet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Gives bills in GB18030 with ids of the platform and the shop.
    Alipay,
    /// Gives bills in UTF-8 with fees in the remarks.
    Wechat,
}

/// What a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentKind {
    /// From the employer.
    Salary,
    /// From a person.
    TransferIn,
    /// To a person.
    TransferOut,
    /// To the landlord: a purchase on one platform, a transfer on the other.
    Rent,
    /// Power and water.
    Utility,
    /// Eating out.
    Meal,
    /// Groceries.
    Groceries,
    /// Buses and trains.
    Transit,
    /// Goods paid at once.
    Shopping,
    /// Goods paid by the platform's credit.
    DeferredShopping,
    /// Goods of which a part is given back by a [`PaymentKind::PartRefund`].
    PartReturnedShopping,
    /// A part of the price back.
    PartRefund,
    /// Goods given back whole; the money comes by a [`PaymentKind::FullRefund`].
    ReturnedShopping,
    /// The whole price back.
    FullRefund,
    /// An order that was never paid.
    UnpaidOrder,
    /// Of a bank's credit card.
    CardRepayment,
    /// Of the platform's credit.
    DeferredRepayment,
    /// Shares of a fund.
    FundPurchase,
    /// From the wallet to its money market fund.
    BalanceMove,
    /// From the wallet to the person's bank, for a fee on one platform.
    Withdrawal,
}

/// One payment of a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// What it is.
    pub kind: PaymentKind,
    /// Local day.
    pub day: Date,
    /// Seconds since that day began.
    pub second: u32,
    /// In fen, the fee included.
    pub minor: i64,
    /// Of which the platform's fee.
    pub fee_minor: i64,
    /// What came back of it by another payment.
    pub returned_minor: i64,
    /// Its number, and of a refund that of the payment given back.
    pub number: u64,
    /// Chooses the words of the other side.
    pub(super) other: u64,
}

/// The flow that a payment counts towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    Spending,
    Deferred,
    Refunds,
    TransfersOut,
    Repayments,
    Closed,
    OwnMoves,
    Income,
    Investments,
    Nothing,
}

impl PaymentKind {
    const fn counts(self, platform: Platform) -> Counts {
        let on_alipay = matches!(platform, Platform::Alipay);
        match self {
            Self::Salary | Self::TransferIn => Counts::Income,
            Self::TransferOut => Counts::TransfersOut,
            Self::Rent if !on_alipay => Counts::TransfersOut,
            // Given back whole, the purchase counts as closed on one platform; on the other both rows move money.
            Self::ReturnedShopping if on_alipay => Counts::Closed,
            Self::FullRefund if on_alipay => Counts::Nothing,
            Self::Rent
            | Self::Utility
            | Self::Meal
            | Self::Groceries
            | Self::Transit
            | Self::Shopping
            | Self::PartReturnedShopping
            | Self::ReturnedShopping => Counts::Spending,
            Self::DeferredShopping => Counts::Deferred,
            Self::PartRefund | Self::FullRefund => Counts::Refunds,
            Self::UnpaidOrder => Counts::Closed,
            Self::CardRepayment | Self::DeferredRepayment => Counts::Repayments,
            Self::FundPurchase => Counts::Investments,
            Self::BalanceMove | Self::Withdrawal => Counts::OwnMoves,
        }
    }

    /// Whether a row of it can be taken away without another one meaning something else.
    pub(super) const fn stands_alone(self) -> bool {
        matches!(self, Self::Utility | Self::Meal | Self::Groceries | Self::Transit)
    }
}

impl Payment {
    /// Whether it is a small purchase that no other payment refers to: the kind that a bill's faults are put on.
    pub const fn is_everyday(&self) -> bool {
        self.kind.stands_alone()
    }

    /// Whether it counts towards any flow.
    pub(super) fn is_counted(&self, platform: Platform) -> bool {
        self.kind.counts(platform) != Counts::Nothing
    }
}

/// Adds payments of one month up, every category included.
pub(super) fn profile<'a>(
    payments: impl IntoIterator<Item = &'a Payment>,
    platform: Platform,
    provenance: Provenance,
) -> PaymentProfileMonth {
    let mut profile = PaymentProfileMonth::empty(provenance, Currency::CNY);
    let (mut income, mut investments, mut days) = (Flow::default(), Flow::default(), 0_u32);
    for payment in payments {
        let net = payment.minor - payment.fee_minor;
        match payment.kind.counts(platform) {
            Counts::Nothing => continue,
            Counts::Spending => profile.spending.add(net),
            Counts::Deferred => {
                profile.spending.add(net);
                profile.deferred.add(net);
            }
            Counts::Refunds => profile.refunds.add(net),
            Counts::TransfersOut => profile.transfers_out.add(net),
            Counts::Repayments => profile.repayments.add(net),
            Counts::Closed => profile.closed.add(net),
            Counts::OwnMoves => profile.own_moves.add(net),
            Counts::Income => income.add(net),
            Counts::Investments => investments.add(net),
        }
        if payment.fee_minor > 0 {
            profile.fees.add(payment.fee_minor);
        }
        days |= 1 << payment.day.day();
    }
    profile.active_days = u8::try_from(days.count_ones()).unwrap_or(0);
    profile.income = Some(income);
    profile.investments = Some(investments);
    profile
}

/// Draws one month of one wallet.
struct MonthOfPayments<'a> {
    chance: Chance,
    month: Month,
    payments: &'a mut Vec<Payment>,
}

/// The first firms of a town pay all its salaries.
const EMPLOYERS: u64 = 200;

/// Those with whom people exchange money are among the first of a town.
const FRIENDS: u64 = 10_000;

/// What a wallet's owner does month after month.
struct Habits {
    salary: i64,
    employer: u64,
    pay_day: i64,
    rent: Option<i64>,
    is_deferring: bool,
    repays_card: bool,
    saves: bool,
}

impl Habits {
    fn draw(mut chance: Chance, person: &Person) -> Self {
        Self {
            salary: 10_000 * chance.between(35, person.risk.of([280, 180, 90])),
            employer: chance.below(EMPLOYERS),
            pay_day: chance.between(5, 25),
            rent: chance.per_mille(550).then(|| 5_000 * chance.between(16, 90)),
            is_deferring: chance.per_mille(person.risk.of([350, 600, 850])),
            repays_card: person.has_card || chance.per_mille(200),
            saves: chance.per_mille(person.risk.of([500, 250, 60])),
        }
    }
}

impl Town {
    /// The payments of a person's wallet in a month, in the order of time.
    pub fn payments(&self, person: &Person, platform: Platform, month: Month) -> Vec<Payment> {
        let mut payments = Vec::with_capacity(32);
        self.payments_into(person, platform, month, &mut payments);
        payments
    }

    /// The same without allocating for each month.
    pub(super) fn payments_into(&self, person: &Person, platform: Platform, month: Month, payments: &mut Vec<Payment>) {
        payments.clear();
        let wallet = self.chance(Purpose::Wallet, person.index).at(platform as u64);
        let habits = Habits::draw(wallet, person);
        let chance = wallet.at(u64::from(month.number()));
        let mut draw = MonthOfPayments { chance, month, payments };
        draw.fixed(&habits, person, platform);
        draw.daily();
        draw.shopping(&habits);
        payments.sort_by_key(|payment| (payment.day, payment.second, payment.number));
    }
}

impl MonthOfPayments<'_> {
    /// A payment on a day between two, at any time from seven to eleven.
    fn pay(&mut self, kind: PaymentKind, days: (i64, i64), minor: i64) -> Payment {
        let day = self.chance.between(days.0, days.1);
        let month = i32::from(self.month.number());
        let payment = Payment {
            kind,
            day: super::credit::day_of(month, i8::try_from(day).unwrap_or(1)),
            second: u32::try_from(self.chance.between(7 * 3600, 23 * 3600)).unwrap_or(0),
            minor: minor.max(1),
            fee_minor: 0,
            returned_minor: 0,
            number: self.chance.below(1 << 44),
            other: self.chance.below(FRIENDS),
        };
        self.payments.push(payment);
        payment
    }

    fn fixed(&mut self, habits: &Habits, person: &Person, platform: Platform) {
        // The riskier miss a pay day now and then.
        if !self.chance.per_mille(person.risk.of([10, 60, 200])) {
            self.pay(PaymentKind::Salary, (habits.pay_day, habits.pay_day), habits.salary);
            if let Some(salary) = self.payments.last_mut() {
                salary.other = habits.employer;
            }
        }
        if let Some(rent) = habits.rent {
            self.pay(PaymentKind::Rent, (1, 3), rent);
        }
        let utility = self.chance.between(3_000, 30_000);
        self.pay(PaymentKind::Utility, (8, 16), utility);
        if habits.repays_card {
            let minor = self.chance.between(20_000, 300_000);
            self.pay(PaymentKind::CardRepayment, (18, 22), minor);
        }
        if habits.is_deferring {
            let minor = self.chance.between(5_000, 120_000);
            self.pay(PaymentKind::DeferredRepayment, (8, 10), minor);
        }
        if habits.saves {
            let minor = 10_000 * self.chance.between(1, 20);
            self.pay(PaymentKind::FundPurchase, (habits.pay_day, 28), minor);
            let minor = self.chance.between(10_000, 100_000);
            self.pay(PaymentKind::BalanceMove, (habits.pay_day, 28), minor);
        }
        if self.chance.per_mille(250) {
            let net = 1000 * self.chance.between(5, 200);
            self.pay(PaymentKind::Withdrawal, (1, 28), net);
            if let (Platform::Wechat, Some(withdrawal)) = (platform, self.payments.last_mut()) {
                // A thousandth, at least ten fen.
                withdrawal.fee_minor = (net / 1000).max(10);
                withdrawal.minor = net + withdrawal.fee_minor;
            }
        }
    }

    fn daily(&mut self) {
        for (kind, count, low, high) in [
            (PaymentKind::Meal, self.chance.between(3, 6), 800, 12_000),
            (PaymentKind::Groceries, self.chance.between(1, 3), 1_500, 18_000),
            (PaymentKind::Transit, self.chance.between(0, 3), 200, 5_000),
            (PaymentKind::TransferOut, self.chance.between(0, 1), 1_000, 50_000),
            (PaymentKind::TransferIn, self.chance.between(0, 1), 1_000, 50_000),
        ] {
            for _ in 0..count {
                let minor = self.chance.between(low, high);
                self.pay(kind, (1, 28), minor);
            }
        }
    }

    fn shopping(&mut self, habits: &Habits) {
        for _ in 0..self.chance.between(0, 2) {
            let minor = self.chance.between(2_000, 60_000);
            self.pay(PaymentKind::Shopping, (1, 28), minor);
        }
        if habits.is_deferring {
            let minor = self.chance.between(5_000, 90_000);
            self.pay(PaymentKind::DeferredShopping, (1, 28), minor);
        }
        if self.chance.per_mille(250) {
            let minor = self.chance.between(5_000, 60_000);
            let part = self.chance.between(500, minor / 2);
            self.returned(PaymentKind::PartReturnedShopping, PaymentKind::PartRefund, minor, part);
        }
        if self.chance.per_mille(200) {
            let minor = self.chance.between(2_000, 40_000);
            self.returned(PaymentKind::ReturnedShopping, PaymentKind::FullRefund, minor, minor);
        }
        if self.chance.per_mille(200) {
            let minor = self.chance.between(1_000, 40_000);
            self.pay(PaymentKind::UnpaidOrder, (1, 28), minor);
        }
    }

    /// A purchase in the first half of the month, and what comes back of it in the second.
    fn returned(&mut self, bought: PaymentKind, back: PaymentKind, minor: i64, part: i64) {
        let purchase = self.pay(bought, (1, 14), minor);
        if let Some(payment) = self.payments.last_mut() {
            payment.returned_minor = part;
        }
        self.pay(back, (15, 28), part);
        if let Some(refund) = self.payments.last_mut() {
            (refund.number, refund.other, refund.returned_minor) = (purchase.number, purchase.other, part);
        }
    }
}
