//! One row by its plan: each field read once, the first fault of a row rejects it.

use std::borrow::Cow;

use tallystick_model::fact::{RecordPlace, ReportedAccount, ReportedRecord, Statement};
use tallystick_model::identity::{IDENTITY_TEXT_BYTES_MAX, Identity};
use tallystick_model::payment_profile::{Flow, PaymentProfileMonth};
use tallystick_model::tradeline::{TradelineMonth, TradelineTerms};
use tallystick_model::{Currency, DataCategory, Date, IdScheme, Identifier, Month, Sensitive};

use super::amount::{AMOUNT_RANGE, AmountFormat};
use super::cells::Cells;
use super::codes::CURRENCY_EXPECTED;
use super::mapping::FlowName;
use super::pattern::DatePattern;
use super::plan::{AmountPlan, CodedPlan, Column, IdentityPlan, MonthPlan, Plan, ProfilePlan, TextPlan, TradelinePlan};
use crate::read::Sink;
use crate::reject::{Found, Reject, RejectCode};

pub(super) struct Row<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) cells: &'a Cells<'a>,
    pub(super) place: RecordPlace,
}

/// Boxed: it is rare, and every field of a row could return one.
type Fault = Box<Reject>;

/// Longest account number, in bytes.
const ACCOUNT_BYTES_MAX: usize = 64;

impl Row<'_> {
    pub(super) fn read(&self, sink: &mut dyn Sink) -> Result<Option<ReportedRecord>, Fault> {
        let admits = |category| self.plan.admitted.contains(category);
        let mut statements = Vec::with_capacity(2 * self.plan.tradelines.len() + self.plan.profiles.len() + 1);
        let identifiers = self.identifiers()?;
        let mut left_out = Vec::new();
        for tradeline in &self.plan.tradelines {
            let category = self.coded(&tradeline.kind)?.category();
            if admits(category) {
                self.tradeline(tradeline, &mut statements)?;
            } else {
                left_out.push(category);
            }
        }
        for profile in &self.plan.profiles {
            if admits(DataCategory::Payments) {
                statements.push(self.profile(profile, &mut left_out)?);
            } else {
                left_out.push(DataCategory::Payments);
            }
        }
        if let Some(identity) = self.identity(&mut left_out)? {
            statements.push(Statement::Identity(ReportedAccount::new(Vec::new()), identity));
        }
        // Only now, when nothing can reject the row any more: a rejected row counts as rejected alone.
        for category in left_out {
            sink.not_admitted(category, 1);
        }
        let record = ReportedRecord { place: self.place, identifiers, statements };
        Ok((!record.statements.is_empty()).then_some(record))
    }

    fn field(&self, column: &Column) -> &[u8] {
        self.cells.get(column.place)
    }

    /// A reject at the first byte of `column` as delivered; `found` decides how much of the field is repeated.
    fn reject(&self, code: RejectCode, column: &Column, expected: impl Into<String>, found: Found) -> Fault {
        let place = RecordPlace { record: self.place.record, byte: self.cells.byte_of(column.place) };
        Box::new(Reject { code, place, field: column.name.clone(), expected: expected.into(), found })
    }

    fn required(&self, column: &Column) -> Result<&[u8], Fault> {
        let field = self.field(column);
        if field.is_empty() {
            return Err(self.reject(RejectCode::Required, column, "a value", Found::text(b"")));
        }
        Ok(field)
    }

    fn text(&self, column: &Column) -> Result<Option<Sensitive<String>>, Fault> {
        let field = self.field(column);
        if field.is_empty() {
            return Ok(None);
        }
        if field.len() > IDENTITY_TEXT_BYTES_MAX {
            let expected = format!("at most {IDENTITY_TEXT_BYTES_MAX} bytes");
            return Err(self.reject(RejectCode::OutOfRange, column, expected, Found::shape(field)));
        }
        self.decode(column, field).map(|text| Some(Sensitive::new(text.into_owned())))
    }

    fn decode<'t>(&self, column: &Column, field: &'t [u8]) -> Result<Cow<'t, str>, Fault> {
        let malformed = || {
            let encoding = self.plan.mapping.file.encoding.name();
            self.reject(RejectCode::Encoding, column, encoding, Found::shape(field))
        };
        self.plan.mapping.file.encoding.decode(field).ok_or_else(malformed)
    }

    fn identifiers(&self) -> Result<Vec<Identifier>, Fault> {
        let mut identifiers = Vec::with_capacity(self.plan.subjects.len());
        for (place, (column, scheme)) in self.plan.subjects.iter().enumerate() {
            // Only the first is needed; further ones are there for some subjects.
            if place > 0 && self.is_blank(column) {
                continue;
            }
            let joined = self.joined(column)?;
            let text = self.decode(&column.first, &joined)?;
            let text = match scheme {
                IdScheme::MemberNumber => Cow::Owned(format!("{}/{text}", self.plan.furnisher)),
                _ => text,
            };
            let identifier = Identifier::parse(*scheme, &text).map_err(|error| {
                self.reject(
                    RejectCode::InvalidIdentifier,
                    &column.first,
                    error.expected(),
                    Found::phrase(error.fault()),
                )
            })?;
            identifiers.push(identifier);
        }
        Ok(identifiers)
    }

    fn account(&self, account: &TextPlan) -> Result<ReportedAccount, Fault> {
        let number = self.joined(account)?;
        if number.len() > ACCOUNT_BYTES_MAX {
            let expected = format!("at most {ACCOUNT_BYTES_MAX} bytes");
            return Err(self.reject(RejectCode::OutOfRange, &account.first, expected, Found::shape(&number)));
        }
        Ok(ReportedAccount::new(number.into_owned()))
    }

    /// Whether none of a text's columns says anything.
    fn is_blank(&self, text: &TextPlan) -> bool {
        self.field(&text.first).is_empty() && text.further.iter().all(|column| self.field(column).is_empty())
    }

    /// A text of one column or of several, each of them required.
    fn joined(&self, text: &TextPlan) -> Result<Cow<'_, [u8]>, Fault> {
        let first = self.required(&text.first)?;
        if text.further.is_empty() {
            return Ok(Cow::Borrowed(first));
        }
        let mut joined = first.to_vec();
        for column in &text.further {
            joined.extend_from_slice(&text.join);
            joined.extend_from_slice(self.required(column)?);
        }
        Ok(Cow::Owned(joined))
    }

    fn month(&self, month: &MonthPlan) -> Result<Month, Fault> {
        match month {
            MonthPlan::Constant(month) => Ok(*month),
            MonthPlan::Column(column, pattern) => {
                let field = self.required(column)?;
                let error = || {
                    self.reject(RejectCode::NotAMonth, column, "a month in the layout's pattern", Found::text(field))
                };
                pattern.month(field).ok_or_else(error)
            }
        }
    }

    fn coded<T: Copy>(&self, coded: &CodedPlan<T>) -> Result<T, Fault> {
        match coded {
            CodedPlan::Constant(value) => Ok(*value),
            CodedPlan::Column(column, codes) => {
                let field = self.field(column);
                codes.get(field).ok_or_else(|| {
                    let code = if field.is_empty() { RejectCode::Required } else { RejectCode::UnknownCode };
                    self.reject(code, column, "a code of the layout's list", Found::text(field))
                })
            }
        }
    }

    /// A currency by the layout's list, or else by its ISO 4217 code.
    fn currency(&self, currency: &CodedPlan<Currency>) -> Result<Currency, Fault> {
        match currency {
            CodedPlan::Constant(currency) => Ok(*currency),
            CodedPlan::Column(column, codes) => {
                let field = self.field(column);
                codes.currency(field).ok_or_else(|| {
                    let code = if field.is_empty() { RejectCode::Required } else { RejectCode::UnknownCode };
                    self.reject(code, column, CURRENCY_EXPECTED, Found::text(field))
                })
            }
        }
    }

    /// An amount in minor units; a blank field is "not reported".
    fn amount(&self, amount: Option<&AmountPlan>, currency: Currency) -> Result<Option<i64>, Fault> {
        let Some(plan) = amount else { return Ok(None) };
        let minor = self.amount_in(&plan.column, currency)?;
        let Some(less) = &plan.less else { return Ok(minor) };
        let column = &less.0;
        let less = self.amount_in(less, currency)?;
        if minor.is_none() && less.is_none() {
            return Ok(None);
        }
        minor
            .unwrap_or(0)
            .checked_sub(less.unwrap_or(0))
            .map(Some)
            .ok_or_else(|| self.reject(RejectCode::OutOfRange, column, AMOUNT_RANGE, Found::text(self.field(column))))
    }

    fn amount_in(&self, (column, format): &(Column, AmountFormat), currency: Currency) -> Result<Option<i64>, Fault> {
        let field = self.field(column);
        if field.is_empty() {
            return Ok(None);
        }
        format.parse(field, currency).map(Some).map_err(|error| {
            let (code, expected) = format.fault(error, currency);
            self.reject(code, column, expected, Found::text(field))
        })
    }

    /// A count from 0 to `max`; a blank field is none.
    fn count(&self, column: Option<&Column>, max: u32) -> Result<Option<u32>, Fault> {
        let Some(column) = column else { return Ok(None) };
        let field = self.field(column);
        if field.is_empty() {
            return Ok(None);
        }
        let number = std::str::from_utf8(field).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let Some(number) = number else {
            return Err(self.reject(RejectCode::NotANumber, column, "a whole number", Found::text(field)));
        };
        number
            .parse::<u32>()
            .ok()
            .filter(|number| *number <= max)
            .map(Some)
            .ok_or_else(|| self.reject(RejectCode::OutOfRange, column, format!("0 to {max}"), Found::text(field)))
    }

    fn date(&self, date: Option<&(Column, DatePattern)>) -> Result<Option<Date>, Fault> {
        let Some((column, pattern)) = date else { return Ok(None) };
        let field = self.field(column);
        if field.is_empty() {
            return Ok(None);
        }
        let error = || self.reject(RejectCode::NotADate, column, "a date in the layout's pattern", Found::shape(field));
        pattern.date(field).map(Some).ok_or_else(error)
    }

    fn tradeline(&self, plan: &TradelinePlan, statements: &mut Vec<Statement>) -> Result<(), Fault> {
        let account = self.account(&plan.account)?;
        let month = self.month(&plan.month)?;
        let currency = self.currency(&plan.currency)?;
        let kind = self.coded(&plan.kind)?;
        let reported = TradelineMonth {
            kind,
            status: self.coded(&plan.status)?,
            rating: self.coded(&plan.rating)?,
            currency,
            balance_minor: self.amount(plan.balance.as_ref(), currency)?,
            past_due_minor: self.amount(plan.past_due.as_ref(), currency)?,
            limit_minor: self.amount(plan.limit.as_ref(), currency)?,
            paid_minor: self.amount(plan.paid.as_ref(), currency)?,
            scheduled_minor: self.amount(plan.scheduled.as_ref(), currency)?,
        };
        let terms = TradelineTerms {
            kind,
            currency,
            opened: self.date(plan.opened.as_ref())?,
            closed: self.date(plan.closed.as_ref())?,
            first_delinquency: self.date(plan.first_delinquency.as_ref())?,
            highest_minor: self.amount(plan.highest.as_ref(), currency)?,
            term_months: self.count(plan.term_months.as_ref(), 1200)?.and_then(|months| u16::try_from(months).ok()),
            reported_month: Some(month),
            history: Vec::new(),
            liability: self.coded(&plan.liability)?,
        };
        if let (Some(opened), Some(closed), Some((column, _))) = (terms.opened, terms.closed, &plan.closed)
            && closed < opened
        {
            let found = Found::phrase("a date before it");
            return Err(self.reject(RejectCode::Contradiction, column, "a date after the opening", found));
        }
        let has_terms = terms.opened.is_some()
            || terms.closed.is_some()
            || terms.first_delinquency.is_some()
            || terms.highest_minor.is_some()
            || terms.term_months.is_some()
            || matches!(plan.liability, CodedPlan::Column(..));
        if has_terms {
            statements.push(Statement::TradelineTerms(account.clone(), terms));
        }
        statements.push(Statement::TradelineMonth(account, month, reported));
        Ok(())
    }

    fn profile(&self, plan: &ProfilePlan, left_out: &mut Vec<DataCategory>) -> Result<Statement, Fault> {
        let currency = self.currency(&plan.currency)?;
        let mut profile = PaymentProfileMonth::empty(plan.provenance, currency);
        profile.active_days =
            self.count(plan.active_days.as_ref(), 31)?.and_then(|days| u8::try_from(days).ok()).unwrap_or(0);
        for (name, count, sum) in &plan.flows {
            let flow = Flow {
                count: self.count(Some(count), u32::MAX)?.unwrap_or(0),
                minor: self.amount(Some(sum), currency)?.unwrap_or(0),
            };
            if flow.minor < 0 {
                let found = Found::text(self.field(&sum.column.0));
                return Err(self.reject(RejectCode::OutOfRange, &sum.column.0, "an amount not below zero", found));
            }
            if !self.plan.admitted.contains(name.category()) {
                left_out.push(name.category());
                continue;
            }
            match name {
                FlowName::Spending => profile.spending = flow,
                FlowName::Deferred => profile.deferred = flow,
                FlowName::Refunds => profile.refunds = flow,
                FlowName::TransfersOut => profile.transfers_out = flow,
                FlowName::Repayments => profile.repayments = flow,
                FlowName::Fees => profile.fees = flow,
                FlowName::Closed => profile.closed = flow,
                FlowName::OwnMoves => profile.own_moves = flow,
                FlowName::Income => profile.income = Some(flow),
                FlowName::Investments => profile.investments = Some(flow),
            }
        }
        Ok(Statement::PaymentProfileMonth(self.account(&plan.account)?, self.month(&plan.month)?, profile))
    }

    /// Identity and attributes of the row; what is not admitted is left out and counted, not even decoded.
    fn identity(&self, left_out: &mut Vec<DataCategory>) -> Result<Option<Identity>, Fault> {
        let mut identity = Identity::default();
        if let Some(plan) = &self.plan.identity {
            if self.plan.admitted.contains(DataCategory::Identity) {
                self.named(plan, &mut identity)?;
            } else {
                left_out.push(DataCategory::Identity);
            }
        }
        for (column, category) in &self.plan.attributes {
            if self.field(column).is_empty() {
                continue;
            }
            if !self.plan.admitted.contains(*category) {
                left_out.push(*category);
            } else if let Some(text) = self.text(column)? {
                identity.attributes.push((*category, text));
            }
        }
        Ok((!identity.is_empty()).then_some(identity))
    }

    fn named(&self, plan: &IdentityPlan, identity: &mut Identity) -> Result<(), Fault> {
        let text = |column: &Option<Column>| column.as_ref().map_or(Ok(None), |column| self.text(column));
        identity.name = text(&plan.name)?;
        identity.telephone = text(&plan.telephone)?;
        identity.address = text(&plan.address)?;
        identity.born = self.date(plan.born.as_ref())?.map(Sensitive::new);
        Ok(())
    }
}
