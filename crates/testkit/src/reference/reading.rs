//! What becomes of a delivery's rows, one by one.

use tallystick_intake::RejectCode;
use tallystick_model::fact::{FactBody, FactKey, FactKind, Slot, Standing};
use tallystick_model::identity::Identity;
use tallystick_model::inquiry::Reason;
use tallystick_model::payment_profile::{PaymentProfileMonth, Provenance};
use tallystick_model::tradeline::{AccountStatus, Liability, PaymentRating, TradelineMonth, TradelineTerms};
use tallystick_model::{AccountKey, Currency, DataCategory, Month, Sensitive, SubjectKind};

use super::delivery::{Reading, admitted, categories, count, furnishing};
use super::rules::{self, Furnishing};
use super::{Held, Said};
use crate::simulation::file::{Fault, Row, Who};

impl Reading<'_> {
    pub(super) fn row(&mut self, row: &Row, record: u64, byte: u64) {
        let shape = &self.handed.file.shape;
        let of_account = row.kind.category();
        let credit = shape.tradeline && admitted(&self.furnisher, of_account);
        let payments = shape.profile && admitted(&self.furnisher, DataCategory::Payments);
        if let Some((code, field)) = fault(row, shape.tradeline, credit, payments) {
            let columns = shape.columns();
            let place = columns.iter().position(|column| column == field).unwrap_or(0);
            let before = row.fields(shape).iter().take(place).map(|(_, text)| text.len() + 1).sum();
            self.rejects.push((code, record, byte + count(before), field.to_owned()));
            return;
        }
        self.leave_out(row);

        // Whom is it about, and what do the rules and the subject's own consents let in?
        let Ok(identifier) = row.who.identifier(&self.furnisher.code) else { return };
        let about = identifier.scheme().subject_kind().unwrap_or(SubjectKind::Person);
        let found = self.reference.find(&identifier);
        let (subject, consents) = (found.subject, self.reference.consents(&found));
        let (furnisher, now) = (self.furnisher.clone(), self.now);
        let lets_in = |category: DataCategory| {
            furnisher.is_collected(category)
                && rules::may_furnish(furnisher.law, &furnisher, about, category, &consents, now)
        };
        let identity = self.identity(row);
        let named = identity.as_ref().is_some_and(|identity| identity.name.is_some());
        let parts = [(credit, of_account), (payments, DataCategory::Payments), (named, DataCategory::Identity)];
        if !credit && !payments && identity.is_none() {
            return;
        }
        // Nothing can be said of a month that has not begun.
        let month = if shape.month { row.month } else { self.handed.month.unwrap_or(row.month) };
        if (credit || payments) && month > now.month() {
            self.rejects.push((RejectCode::FutureMonth, record, byte, "month".to_owned()));
            return;
        }
        if let Some((_, category)) = parts.iter().find(|(is_there, category)| *is_there && !lets_in(*category)) {
            let code = match furnishing(&furnisher, about, *category) {
                Furnishing::May(_, asking) => {
                    self.awaiting += 1;
                    self.without_consent += 1;
                    let code = "no_recorded_consent".to_owned();
                    self.denied_by.extend(asking.into_iter().map(|by| Reason { code: code.clone(), ..by }));
                    RejectCode::NoConsent
                }
                Furnishing::Never(reasons) => {
                    self.forbidden += 1;
                    self.denied_by.extend(reasons);
                    RejectCode::NotAdmitted
                }
            };
            self.rejects.push((code, record, byte, category.code().to_owned()));
            return;
        }

        // Parts that need a stronger consent than this subject gave stay outside.
        let mut profile = PaymentProfileMonth::empty(Provenance::FurnisherSigned, Currency::CNY);
        profile.active_days = row.active_days;
        profile.spending = row.spending;
        for (flow, category) in [(row.income, DataCategory::Income), (row.investments, DataCategory::Securities)] {
            if !payments || !admitted(&furnisher, category) {
                continue;
            }
            match (lets_in(category), category) {
                (false, _) if flow.count == 0 => {}
                (false, _) => {
                    *self.left_out.entry(category).or_default() += u64::from(flow.count);
                    self.awaiting += 1;
                }
                (true, DataCategory::Income) => profile.income = Some(flow),
                (true, _) => profile.investments = Some(flow),
            }
        }
        let mut kept = Vec::new();
        let mut identity = identity.unwrap_or_default();
        for (category, value) in std::mem::take(&mut identity.attributes) {
            if lets_in(category) {
                kept.push((category, value));
            } else {
                *self.left_out.entry(category).or_default() += 1;
                self.awaiting += 1;
            }
        }
        // A second identifier joins no files; it is kept where the subject may be identified at all.
        if let (true, true, Who::Person(number)) = (shape.alias, row.passport, row.who)
            && categories(self.handed).contains(&DataCategory::Identity)
            && lets_in(DataCategory::Identity)
        {
            let passport = format!("passport:{}", Who::Passport(number).column_text());
            kept.push((DataCategory::Identity, Sensitive::new(passport)));
        }
        identity.attributes = kept;
        self.says_something |= credit || payments || !identity.is_empty();
        let timely = u64::from(now.month().plus(-2).is_none_or(|earliest| month >= earliest));
        if credit {
            let month = tradeline(row);
            let values = [month.balance_minor, month.past_due_minor, month.limit_minor, month.paid_minor];
            self.quality.values_expected += 6;
            self.quality.values_reported += count(values.iter().flatten().count())
                + u64::from(month.scheduled_minor.is_some())
                + u64::from(month.rating != PaymentRating::Unknown);
        }
        self.quality.months += u64::from(credit) + u64::from(payments);
        self.quality.months_timely += timely * (u64::from(credit) + u64::from(payments));

        // A second statement on a month is refused, and with it all that its row says.
        let account = self.reference.pseudonymiser.account(furnisher.number, row.account.as_bytes());
        let key =
            |kind, account, month| FactKey { subject, slot: Slot { kind, account, month }, delivery: self.number };
        let own = AccountKey::of_furnisher(furnisher.number);
        let month_key = key(FactKind::TradelineMonth, account, Some(month));
        let profile_key = key(FactKind::PaymentProfileMonth, account, Some(month));
        for (is_there, key) in [(credit, &month_key), (payments, &profile_key)] {
            if is_there && self.facts.contains_key(key) {
                let field = key.slot.kind.code().to_owned();
                self.rejects.push((RejectCode::Duplicate, record, byte, field));
                return;
            }
        }
        let mut said: Vec<(FactKey, Said)> = Vec::new();
        if credit {
            said.extend(terms(row, shape.terms, month).map(|terms| {
                (key(FactKind::TradelineTerms, account, None), Said::Body(FactBody::TradelineTerms(terms)))
            }));
            said.push((month_key, Said::Body(FactBody::TradelineMonth(tradeline(row)))));
        }
        if payments {
            said.push((profile_key, Said::Body(FactBody::PaymentProfileMonth(profile))));
        }
        if !identity.is_empty() {
            said.push((key(FactKind::Identity, own, None), Said::Identity(identity)));
        }
        // Of statements without a month the last one holds.
        self.facts.extend(said.into_iter().map(|(key, said)| (key, Held { standing: Standing::Reported, said })));
    }

    /// Counts what the rulebook lets in of nobody.
    fn leave_out(&mut self, row: &Row) {
        let shape = &self.handed.file.shape;
        let mut parts = Vec::new();
        if shape.tradeline {
            parts.push(row.kind.category());
        }
        if shape.profile {
            parts.push(DataCategory::Payments);
            if admitted(&self.furnisher, DataCategory::Payments) {
                parts.extend([DataCategory::Income, DataCategory::Securities]);
            }
        }
        if shape.names {
            parts.push(DataCategory::Identity);
        }
        let values = shape.attributes.iter().zip(&row.attributes);
        parts.extend(values.filter(|(_, value)| value.is_some()).map(|(category, _)| *category));
        for category in parts.into_iter().filter(|category| !admitted(&self.furnisher, *category)) {
            *self.left_out.entry(category).or_default() += 1;
        }
    }

    /// What the row says of who the subject is, of categories that are let in of anybody.
    fn identity(&self, row: &Row) -> Option<Identity> {
        let shape = &self.handed.file.shape;
        let mut identity = Identity::default();
        if shape.names && admitted(&self.furnisher, DataCategory::Identity) {
            identity.name = row.name.clone().map(Sensitive::new);
        }
        for (category, value) in shape.attributes.iter().zip(&row.attributes) {
            if let Some(value) = value.clone().filter(|_| admitted(&self.furnisher, *category)) {
                identity.attributes.push((*category, Sensitive::new(value)));
            }
        }
        (!identity.is_empty()).then_some(identity)
    }
}

/// What a row is refused for by its layout, which reads only what is let in.
fn fault(row: &Row, tradeline: bool, credit: bool, payments: bool) -> Option<(RejectCode, &'static str)> {
    match row.fault? {
        Fault::Columns => Some((RejectCode::ColumnCount, "row")),
        Fault::Identifier => Some((RejectCode::InvalidIdentifier, "id")),
        Fault::Account if credit || payments => Some((RejectCode::Required, "account")),
        Fault::Month if credit || payments => Some((RejectCode::NotAMonth, "month")),
        // What kind of account it is decides whether it is let in.
        Fault::Product if tradeline => Some((RejectCode::UnknownCode, "product")),
        Fault::Balance if credit => Some((RejectCode::NotAnAmount, "balance")),
        Fault::Income if payments => Some((RejectCode::OutOfRange, "income")),
        _ => None,
    }
}

fn terms(row: &Row, has_terms: bool, month: Month) -> Option<TradelineTerms> {
    let opened = row.opened.filter(|_| has_terms)?;
    Some(TradelineTerms {
        kind: row.kind,
        currency: Currency::CNY,
        opened: Some(opened),
        closed: None,
        first_delinquency: None,
        highest_minor: None,
        term_months: None,
        reported_month: Some(month),
        history: Vec::new(),
        liability: Liability::Unspecified,
    })
}

fn tradeline(row: &Row) -> TradelineMonth {
    TradelineMonth {
        kind: row.kind,
        status: AccountStatus::Open,
        rating: row.rating,
        currency: Currency::CNY,
        balance_minor: row.balance_minor,
        past_due_minor: None,
        limit_minor: row.limit_minor,
        paid_minor: None,
        scheduled_minor: None,
    }
}
