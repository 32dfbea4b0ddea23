//! From a validated record to what the rest of Tallystick takes: one reported record for each of its consumers.

use tallystick_model::fact::{RecordPlace, ReportedRecord, Statement};
use tallystick_model::identity::Identity;
use tallystick_model::tradeline::{AccountStatus, PaymentRating, TradelineMonth, TradelineTerms};
use tallystick_model::{Currency, DataCategory, IdScheme, Identifier, Sensitive};

use super::codes::{self, Portfolio};
use super::validate::{Address, Base, Consumer};
use crate::read::{ReadContext, Sink};

/// What a record says of its account, the same for each consumer but for how each is bound to it.
pub(super) struct Account<'a> {
    base: &'a Base<'a>,
    month: TradelineMonth,
    /// Without the history, which each consumer gets of its own.
    terms: TradelineTerms,
}

/// A consumer of an account, and where the file says so.
pub(super) struct Party<'a> {
    pub(super) identifier: Identifier,
    pub(super) consumer: &'a Consumer<'a>,
    /// The consumer's own, or that of the base segment.
    pub(super) address: &'a Address<'a>,
    /// Employer and occupation.
    pub(super) employment: Option<[&'a str; 2]>,
    pub(super) place: RecordPlace,
}

/// Where records go, and what was read and not handed on.
pub(super) struct Output<'r> {
    pub(super) context: &'r ReadContext,
    pub(super) sink: &'r mut dyn Sink,
    withheld_credit: u64,
    withheld_identity: u64,
    withheld_occupation: u64,
}

impl<'r> Output<'r> {
    pub(super) fn new(context: &'r ReadContext, sink: &'r mut dyn Sink) -> Self {
        Self { context, sink, withheld_credit: 0, withheld_identity: 0, withheld_occupation: 0 }
    }

    /// Tells the sink how many values of each category were not handed on.
    pub(super) fn tell_withheld(&mut self) {
        let counts = [
            (DataCategory::Identity, self.withheld_identity),
            (DataCategory::Credit, self.withheld_credit),
            (DataCategory::Occupation, self.withheld_occupation),
        ];
        for (category, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            self.sink.not_admitted(category, count);
        }
    }

    /// Whether `category` may go on; if not, `values` of it are counted as withheld.
    fn admits(&mut self, category: DataCategory, values: u64) -> bool {
        let admitted = self.context.admitted.contains(category);
        if !admitted {
            match category {
                DataCategory::Credit => self.withheld_credit += values,
                DataCategory::Occupation => self.withheld_occupation += values,
                _ => self.withheld_identity += values,
            }
        }
        admitted
    }
}

impl<'a> Account<'a> {
    /// What `base` says of its account.
    pub(super) fn of(base: &'a Base<'a>) -> Self {
        let kind = codes::account_kind(&base.account_type, base.portfolio);
        // The format fills the credit limit with zeros where there is none.
        let limit_minor = match base.portfolio {
            Portfolio::Revolving | Portfolio::Open => base.credit_limit.filter(|&limit| limit > 0),
            Portfolio::Installment | Portfolio::Mortgage => base.highest_credit,
        };
        let month = TradelineMonth {
            kind,
            status: base.status.status,
            rating: base.status.rating.or(base.rating).unwrap_or(PaymentRating::Unknown),
            currency: Currency::USD,
            balance_minor: base.balance,
            past_due_minor: base.past_due,
            limit_minor,
            paid_minor: base.paid,
            scheduled_minor: base.scheduled,
        };
        let terms = TradelineTerms {
            kind,
            currency: Currency::USD,
            opened: Some(base.opened),
            closed: base.closed,
            first_delinquency: base.first_delinquency,
            highest_minor: base.highest_credit,
            term_months: base.term_months,
            reported_month: Some(base.reported_month),
            history: Vec::new(),
            liability: base.consumer.ecoa.liability,
        };
        Self { base, month, terms }
    }

    /// Hands on what is reported of one consumer.
    pub(super) fn hand_on(&self, party: Party<'_>, output: &mut Output<'_>) {
        let Party { identifier, consumer, address, employment, place } = party;
        let account = || Sensitive::new(self.base.account_number.as_bytes().to_vec());
        let mut statements = Vec::with_capacity(3);
        if output.admits(DataCategory::Credit, 2) {
            let mut month = self.month;
            if consumer.ecoa.deletes {
                month.status = AccountStatus::Deleted;
            }
            let (liability, history) = (consumer.ecoa.liability, self.base.history.to_vec());
            let terms = TradelineTerms { liability, history, ..self.terms.clone() };
            statements.push(Statement::TradelineMonth(account(), self.base.reported_month, month));
            statements.push(Statement::TradelineTerms(account(), terms));
        }
        let mut identity = Identity::default();
        if output.admits(DataCategory::Identity, 1) {
            identity = who(consumer, address, self.base.account_number);
        }
        let employment = employment.map(|parts| joined(parts, "; ")).filter(|text| !text.is_empty());
        if let Some(employment) = employment
            && output.admits(DataCategory::Occupation, 1)
        {
            identity.attributes.push((DataCategory::Occupation, employment.into()));
        }
        if !identity.is_empty() {
            statements.push(Statement::Identity(account(), identity));
        }
        if !statements.is_empty() {
            output.sink.record(ReportedRecord { place, identifiers: vec![identifier], statements });
        }
    }
}

fn who(consumer: &Consumer<'_>, address: &Address<'_>, account_number: &str) -> Identity {
    let telephone = consumer.telephone.map(|digits| String::from_utf8_lossy(&digits).into_owned());
    Identity {
        name: some_text(name(consumer)),
        born: consumer.born.map(Sensitive::new),
        telephone: telephone.map(Sensitive::new),
        address: some_text(joined(address.parts, ", ")),
        account_number: Some(account_number.to_owned().into()),
        attributes: Vec::new(),
    }
}

fn some_text(text: String) -> Option<Sensitive<String>> {
    (!text.is_empty()).then(|| Sensitive::new(text))
}

/// `SURNAME, FIRST MIDDLE SUFFIX`.
fn name(consumer: &Consumer<'_>) -> String {
    let given = [consumer.first_name, consumer.middle_name, codes::generation(consumer.generation)];
    let mut name = String::with_capacity(72);
    name.push_str(stated(consumer.surname));
    let mut separator = ", ";
    for part in given.into_iter().map(stated).filter(|part| !part.is_empty()) {
        if !name.is_empty() {
            name.push_str(separator);
        }
        name.push_str(part);
        separator = " ";
    }
    name
}

fn joined<const N: usize>(parts: [&str; N], separator: &str) -> String {
    let mut text = String::with_capacity(96);
    for part in parts.into_iter().map(stated).filter(|part| !part.is_empty()) {
        if !text.is_empty() {
            text.push_str(separator);
        }
        text.push_str(part);
    }
    text
}

/// A text of zeros only is how anonymised files blank it out.
fn stated(text: &str) -> &str {
    if text.bytes().all(|byte| byte == b'0') { "" } else { text }
}

/// The furnisher's own number for a consumer without a social security number, so that nothing is lost: matching comes
/// later. Characters that such a number can't have are written `%XX`, so that no two accounts fall together.
///
/// `None` if the number becomes too long.
pub(super) fn member_number(furnisher: &str, account_number: &str) -> Option<Identifier> {
    let mut text = String::with_capacity(64);
    text.push_str(furnisher);
    text.push('/');
    for byte in account_number.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            text.push(char::from(byte));
        } else {
            let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0').to_ascii_uppercase();
            text.extend(['%', digit(byte >> 4), digit(byte & 0x0f)]);
        }
    }
    Identifier::parse(IdScheme::MemberNumber, &text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_numbers_of_different_accounts_differ() {
        let text = |account: &str| member_number("F1", account).map(|id| id.text().expose().clone());
        assert_eq!(text("ABC1").as_deref(), Some("F1/ABC1"));
        assert_eq!(text("1 23").as_deref(), Some("F1/1%2023"));
        assert_eq!(text("1%2023").as_deref(), Some("F1/1%252023"));
        assert_eq!(text("12/3").as_deref(), Some("F1/12/3"));
        assert_eq!(text(&"ñ".repeat(15)), None);
    }
}
