//! Tradelines: one account as one furnisher reports it.

use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::{Currency, DataCategory, Date, Month};

coded_enum! {
    /// What kind of credit an account is.
    pub enum AccountKind {
        Other = 0, "other", "Credit of another or an unknown kind";
        CreditCard = 1, "credit_card", "Credit card";
        QuasiCreditCard = 2, "quasi_credit_card", "Card that needs a deposit before it lends";
        LineOfCredit = 3, "line_of_credit", "Revolving line of credit";
        Installment = 4, "installment", "Loan repaid in instalments";
        Mortgage = 5, "mortgage", "Loan secured by real estate";
        AutoLoan = 6, "auto_loan", "Loan for a vehicle";
        StudentLoan = 7, "student_loan", "Loan for education";
        MicroLoan = 8, "micro_loan", "Small unsecured loan";
        BuyNowPayLater = 9, "buy_now_pay_later", "Purchase paid later or in parts through a platform";
        OpenAccount = 10, "open_account", "Account payable in full each month";
        Collection = 11, "collection", "Debt bought or collected by another than the lender";
        Business = 12, "business", "Credit to a firm or for business";
        Service = 13, "service", "Post-paid service such as telephone or power";
    }
}

impl AccountKind {
    /// The category of data such an account is: a post-paid service is no credit, everything else is.
    pub const fn category(self) -> DataCategory {
        match self {
            Self::Service => DataCategory::NonCredit,
            _ => DataCategory::Credit,
        }
    }
}

coded_enum! {
    /// The state an account is in.
    pub enum AccountStatus {
        Open = 1, "open", "Open, whether or not payments are late";
        Closed = 2, "closed", "Paid or closed, nothing owed";
        Transferred = 3, "transferred", "Moved or sold to another";
        Collection = 4, "collection", "In collection";
        ChargeOff = 5, "charge_off", "Charged off as a loss";
        Foreclosure = 6, "foreclosure", "Foreclosed, or a deed taken instead";
        Repossession = 7, "repossession", "Collateral repossessed or surrendered";
        GovernmentClaim = 8, "government_claim", "Claim filed with the government for an insured part";
        PaidAfterTrouble = 9, "paid_after_trouble", "Paid after collection, charge-off, repossession or foreclosure";
        Deleted = 10, "deleted", "The furnisher asks that the account be deleted";
        DeletedForFraud = 11, "deleted_for_fraud", "The furnisher asks for deletion because of fraud";
        Unknown = 12, "unknown", "Not reported";
    }
}

/// How the account is being paid, for one month. One byte; codes 0 to 9 months late order by severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PaymentRating {
    /// Not reported.
    Unknown,
    /// No account yet, or none any more.
    NoAccount,
    /// Nothing was due: the account was not used.
    NothingDue,
    /// The whole balance was paid.
    PaidInFull,
    /// What was due was paid; a balance may revolve.
    Current,
    /// Payments are late by this many monthly steps: 1 is 1 to 30 days (or 30 to 59 where counted from the
    /// due date after a grace month; the layout says), 9 is nine or more.
    Late(u8),
    /// In collection.
    Collection,
    /// Repossessed or surrendered.
    Repossession,
    /// Foreclosed.
    Foreclosure,
    /// Charged off or bad debt.
    ChargeOff,
    /// Settled by assets or by a guarantor.
    SettledByOthers,
    /// Closed or settled in the ordinary way.
    Closed,
}

/// The most months late that are told apart.
pub const LATE_MONTHS_MAX: u8 = 9;

impl PaymentRating {
    /// The stored number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::NoAccount => 1,
            Self::NothingDue => 2,
            Self::PaidInFull => 3,
            Self::Current => 4,
            Self::Collection => 5,
            Self::Repossession => 6,
            Self::Foreclosure => 7,
            Self::ChargeOff => 8,
            Self::SettledByOthers => 9,
            Self::Closed => 10,
            Self::Late(months) => 0x20 + months,
        }
    }

    /// The rating with this stored number.
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Unknown,
            1 => Self::NoAccount,
            2 => Self::NothingDue,
            3 => Self::PaidInFull,
            4 => Self::Current,
            5 => Self::Collection,
            6 => Self::Repossession,
            7 => Self::Foreclosure,
            8 => Self::ChargeOff,
            9 => Self::SettledByOthers,
            10 => Self::Closed,
            0x21..=0x29 => Self::Late(number - 0x20),
            _ => return None,
        })
    }

    /// `months` late; none is current, more than nine counts as nine.
    pub const fn late(months: u8) -> Self {
        match months {
            0 => Self::Current,
            1..=LATE_MONTHS_MAX => Self::Late(months),
            _ => Self::Late(LATE_MONTHS_MAX),
        }
    }

    /// The stable code that layouts and reports use: `late_3`, `current`, ...
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NoAccount => "no_account",
            Self::NothingDue => "nothing_due",
            Self::PaidInFull => "paid_in_full",
            Self::Current => "current",
            Self::Late(1) => "late_1",
            Self::Late(2) => "late_2",
            Self::Late(3) => "late_3",
            Self::Late(4) => "late_4",
            Self::Late(5) => "late_5",
            Self::Late(6) => "late_6",
            Self::Late(7) => "late_7",
            Self::Late(8) => "late_8",
            Self::Late(_) => "late_9",
            Self::Collection => "collection",
            Self::Repossession => "repossession",
            Self::Foreclosure => "foreclosure",
            Self::ChargeOff => "charge_off",
            Self::SettledByOthers => "settled_by_others",
            Self::Closed => "closed",
        }
    }

    /// The rating with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        (0..=0x29).filter_map(Self::from_number).find(|rating| rating.code() == code)
    }

    /// Whether this month counts as adverse: late, or worse.
    pub const fn is_adverse(self) -> bool {
        matches!(
            self,
            Self::Late(_)
                | Self::Collection
                | Self::Repossession
                | Self::Foreclosure
                | Self::ChargeOff
                | Self::SettledByOthers
        )
    }
}

/// One month of one account. Amounts are in minor units of `currency`; `None` is "not reported", which is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradelineMonth {
    /// What kind of credit it is.
    pub kind: AccountKind,
    /// The state of the account at the end of the month.
    pub status: AccountStatus,
    /// How it was paid that month.
    pub rating: PaymentRating,
    /// Of all amounts.
    pub currency: Currency,
    /// Owed at the end of the month; negative if overpaid.
    pub balance_minor: Option<i64>,
    /// Of which past due.
    pub past_due_minor: Option<i64>,
    /// Credit limit, or the amount originally lent.
    pub limit_minor: Option<i64>,
    /// Paid during the month.
    pub paid_minor: Option<i64>,
    /// Due during the month.
    pub scheduled_minor: Option<i64>,
}

impl TradelineMonth {
    /// The month of its stored head (amounts present, kind, status, rating, currency) and amounts.
    pub(crate) fn from_parts(head: [u8; 5], amounts: [Option<i64>; 5]) -> Result<Self, DecodeError> {
        let [present, kind, status, rating, currency] = head;
        if present >= 1 << 5 {
            return Err(DecodeError::Value("amounts present"));
        }
        let [balance_minor, past_due_minor, limit_minor, paid_minor, scheduled_minor] = amounts;
        Ok(Self {
            kind: AccountKind::from_number(kind).ok_or(DecodeError::Value("AccountKind"))?,
            status: AccountStatus::from_number(status).ok_or(DecodeError::Value("AccountStatus"))?,
            rating: PaymentRating::from_number(rating).ok_or(DecodeError::Value("PaymentRating"))?,
            currency: Currency::from_number(currency).ok_or(DecodeError::Value("Currency"))?,
            balance_minor,
            past_due_minor,
            limit_minor,
            paid_minor,
            scheduled_minor,
        })
    }

    fn amounts(&self) -> [Option<i64>; 5] {
        [self.balance_minor, self.past_due_minor, self.limit_minor, self.paid_minor, self.scheduled_minor]
    }
}

impl Canonical for TradelineMonth {
    fn write(&self, out: &mut Writer<'_>) {
        let present =
            self.amounts().iter().enumerate().fold(0, |mask, (bit, amount)| mask | u8::from(amount.is_some()) << bit);
        out.byte(present);
        self.kind.write(out);
        self.status.write(out);
        out.byte(self.rating.number());
        self.currency.write(out);
        self.amounts().into_iter().flatten().for_each(|amount| out.signed(amount));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let head: [u8; 5] = input.fixed()?;
        let [present, ..] = head;
        let mut amounts = [None; 5];
        for (bit, amount) in amounts.iter_mut().enumerate() {
            if present & (1 << bit) != 0 {
                *amount = Some(input.signed()?);
            }
        }
        Self::from_parts(head, amounts)
    }
}

/// What stays the same over an account's life, as last reported. Amounts are in minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradelineTerms {
    /// What kind of credit it is.
    pub kind: AccountKind,
    /// Of all amounts.
    pub currency: Currency,
    /// When the account was opened.
    pub opened: Option<Date>,
    /// When it was closed.
    pub closed: Option<Date>,
    /// First month of the delinquency that led to the present status. Retention counts from here.
    pub first_delinquency: Option<Date>,
    /// The highest amount ever owed, or the amount lent.
    pub highest_minor: Option<i64>,
    /// Agreed number of monthly payments.
    pub term_months: Option<u16>,
    /// The month the history below counts back from.
    pub reported_month: Option<Month>,
    /// Ratings of the months before `reported_month`, the latest first; at most 84.
    pub history: Vec<PaymentRating>,
    /// How the subject is bound: account holder, joint, guarantor, ...
    pub liability: Liability,
}

/// Months of history a terms fact may hold.
pub const HISTORY_MONTHS_MAX: usize = 84;

coded_enum! {
    /// How a subject is bound to an account.
    pub enum Liability {
        Holder = 1, "holder", "Individual account holder";
        Joint = 2, "joint", "Joint contractual liability";
        AuthorisedUser = 3, "authorised_user", "May use the account without owing it";
        Guarantor = 4, "guarantor", "Pays if the holder does not";
        Maker = 5, "maker", "Maker of a note with a co-maker";
        Terminated = 6, "terminated", "No longer bound to the account";
        Deceased = 7, "deceased", "Account of a deceased person";
        Unspecified = 8, "unspecified", "Not said";
    }
}

/// Appends a date as the number YYYYMMDD.
pub(crate) fn write_date(out: &mut Writer<'_>, date: Date) {
    let number = i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day());
    out.signed(number);
}

/// Reads a date written by [`write_date`].
pub(crate) fn read_date(input: &mut Reader<'_>) -> Result<Date, DecodeError> {
    let number = input.signed()?;
    let part = |value: i64| i8::try_from(value).map_err(|_| DecodeError::Value("date"));
    let year = i16::try_from(number / 10_000).map_err(|_| DecodeError::Value("date"))?;
    Date::new(year, part(number / 100 % 100)?, part(number % 100)?).map_err(|_| DecodeError::Value("date"))
}

impl Canonical for TradelineTerms {
    fn write(&self, out: &mut Writer<'_>) {
        self.kind.write(out);
        self.currency.write(out);
        for date in [self.opened, self.closed, self.first_delinquency] {
            out.option(date.as_ref(), |out, date| write_date(out, *date));
        }
        out.option(self.highest_minor.as_ref(), |out, amount| out.signed(*amount));
        out.option(self.term_months.as_ref(), |out, months| out.unsigned(u64::from(*months)));
        out.option(self.reported_month.as_ref(), |out, month| out.unsigned(u64::from(month.number())));
        out.list(&self.history, |out, rating| out.byte(rating.number()));
        self.liability.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let terms = Self {
            kind: AccountKind::read(input)?,
            currency: Currency::read(input)?,
            opened: input.option(read_date)?,
            closed: input.option(read_date)?,
            first_delinquency: input.option(read_date)?,
            highest_minor: input.option(Reader::signed)?,
            term_months: input.option(Reader::unsigned_as)?,
            reported_month: input
                .option(|input| Month::from_number(input.unsigned_as()?).map_err(|_| DecodeError::Value("month")))?,
            history: input
                .list(|input| PaymentRating::from_number(input.byte()?).ok_or(DecodeError::Value("PaymentRating")))?,
            liability: Liability::read(input)?,
        };
        if terms.history.len() > HISTORY_MONTHS_MAX { Err(DecodeError::Length) } else { Ok(terms) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_of_a_card_takes_thirteen_bytes() {
        let month = TradelineMonth {
            kind: AccountKind::CreditCard,
            status: AccountStatus::Open,
            rating: PaymentRating::late(2),
            currency: Currency::TWD,
            balance_minor: Some(391_300),
            past_due_minor: None,
            limit_minor: Some(2_000_000),
            paid_minor: Some(0),
            scheduled_minor: None,
        };
        let bytes = month.to_bytes();
        assert_eq!(bytes.len(), 13);
        assert_eq!(TradelineMonth::from_bytes(&bytes), Ok(month));
    }

    #[test]
    fn ratings_keep_their_numbers_and_codes() {
        let all: Vec<_> = (0..=u8::MAX).filter_map(PaymentRating::from_number).collect();
        assert_eq!(all.len(), 20);
        for rating in all {
            assert_eq!(PaymentRating::from_number(rating.number()), Some(rating));
            assert_eq!(PaymentRating::from_code(rating.code()), Some(rating));
        }
        assert_eq!(PaymentRating::late(0), PaymentRating::Current);
        assert_eq!(PaymentRating::late(200), PaymentRating::Late(9));
    }

    #[test]
    fn terms_return_from_their_bytes() {
        let terms = TradelineTerms {
            kind: AccountKind::Mortgage,
            currency: Currency::USD,
            opened: Some(Date::constant(2019, 11, 22)),
            closed: None,
            first_delinquency: Some(Date::constant(2001, 7, 19)),
            highest_minor: Some(243_800),
            term_months: Some(360),
            reported_month: Some(Month::new(2002, 9).unwrap()),
            history: vec![PaymentRating::Current; 24],
            liability: Liability::Joint,
        };
        assert_eq!(TradelineTerms::from_bytes(&terms.to_bytes()), Ok(terms));
    }
}
