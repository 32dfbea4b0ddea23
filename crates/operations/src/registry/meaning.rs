//! What segments mean: tradelines and identities made of the segments that hold.

use tallystick_model::fact::FactKind;
use tallystick_model::identity::Identity;
use tallystick_model::money::{DecimalMarks, NotAnAmount, parse_minor};
use tallystick_model::registry::{PERSON_DOCUMENTS, Segment, person_identifier, text_of};
use tallystick_model::tradeline::{
    AccountKind, AccountStatus, Liability, PaymentRating, TradelineMonth, TradelineTerms,
};
use tallystick_model::{Currency, DataCategory, Month, Sensitive};

use super::unit::Unit;

/// An amount that has more places than the account's currency, with the element's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooPrecise(pub(super) &'static str);

fn currency(unit: &Unit) -> Currency {
    let terms = unit.segment(FactKind::AccountTerms, None);
    terms.and_then(|terms| Currency::from_code(terms.text("Cy")?).ok()).unwrap_or(Currency::CNY)
}

fn amount(segment: &Segment, name: &'static str, currency: Currency) -> Result<Option<i64>, TooPrecise> {
    let Some(text) = segment.text(name) else { return Ok(None) };
    minor(text, currency).map(Some).map_err(|_| TooPrecise(name))
}

fn minor(text: &str, currency: Currency) -> Result<i64, NotAnAmount> {
    parse_minor(text.as_bytes(), currency.minor_digits(), DecimalMarks::PLAIN)
}

/// What kind of credit an account is, by its type and, for loans, the finer code of the business.
fn kind(unit: &Unit) -> AccountKind {
    let account_type = unit.segment(FactKind::AccountBasic, None).and_then(|basic| basic.text("AcctType"));
    let business = unit.segment(FactKind::AccountTerms, None).and_then(|terms| terms.text("BusiDtlLines"));
    match (account_type.unwrap_or_default(), business.unwrap_or_default()) {
        ("R2", _) => AccountKind::CreditCard,
        ("R3", _) => AccountKind::QuasiCreditCard,
        ("R1" | "R4", _) => AccountKind::LineOfCredit,
        ("C1", _) => AccountKind::Collection,
        (_, "11" | "12" | "13") => AccountKind::Mortgage,
        (_, "21") => AccountKind::AutoLoan,
        (_, "31" | "32" | "33") => AccountKind::StudentLoan,
        (_, "41" | "42" | "52") => AccountKind::Business,
        _ => AccountKind::Installment,
    }
}

/// `AcctStatus`: the same number means different things for loans, cards and collection.
fn status(account_type: &str, code: &str) -> AccountStatus {
    match (account_type, code) {
        ("C1", "1") => AccountStatus::Collection,
        ("C1", "2") | ("R2" | "R3", "4") => AccountStatus::Closed,
        ("R2" | "R3", "5" | "51" | "52") => AccountStatus::ChargeOff,
        (_, "8") => AccountStatus::Collection,
        ("R2" | "R3", "1" | "2" | "3" | "31" | "32" | "33" | "6") => AccountStatus::Open,
        ("D1" | "R1" | "R4", "3") => AccountStatus::Closed,
        ("D1" | "R1" | "R4", "41" | "42") => AccountStatus::ChargeOff,
        ("D1" | "R1" | "R4", "5") => AccountStatus::Transferred,
        ("D1" | "R1" | "R4", "1" | "2" | "6" | "61" | "62" | "7") => AccountStatus::Open,
        _ => AccountStatus::Unknown,
    }
}

/// `RpyStatus`. `G` is an end other than by payment, whose reason special transactions tell.
fn rating(code: &str) -> PaymentRating {
    match code {
        "N" | "M" => PaymentRating::Current,
        "*" | "A" => PaymentRating::NothingDue,
        "/" => PaymentRating::NoAccount,
        "B" => PaymentRating::ChargeOff,
        "C" | "G" => PaymentRating::Closed,
        "D" | "Z" => PaymentRating::SettledByOthers,
        late => late.parse().map_or(PaymentRating::Unknown, PaymentRating::late),
    }
}

/// The tradeline month that the segments of an account make: segment H of that month, or J if that was reported later.
pub(super) fn month(unit: &Unit, month: Month) -> Result<Option<TradelineMonth>, TooPrecise> {
    let monthly = unit.segment(FactKind::AccountMonth, Some(month));
    let standing = unit.segment(FactKind::AccountStanding, Some(month));
    // Of equal dates the last one is the greatest: the month's own segment.
    let Some(segment) = standing.into_iter().chain(monthly).max_by_key(|segment| segment.reported) else {
        return Ok(None);
    };
    let account_type = unit.segment(FactKind::AccountBasic, None).and_then(|basic| basic.text("AcctType"));
    let currency = currency(unit);
    let terms = unit.segment(FactKind::AccountTerms, None);
    let limit = match terms {
        Some(terms) => amount(terms, "AcctCredLine", currency)?.or(amount(terms, "LoanAmt", currency)?),
        None => None,
    };
    Ok(Some(TradelineMonth {
        kind: kind(unit),
        status: status(account_type.unwrap_or_default(), segment.text("AcctStatus").unwrap_or_default()),
        rating: segment.text("RpyStatus").map_or(PaymentRating::Unknown, rating),
        currency,
        balance_minor: amount(segment, "AcctBal", currency)?,
        past_due_minor: amount(segment, "TotOverd", currency)?,
        limit_minor: limit,
        // J tells the last payment ever, which may be of an earlier month.
        paid_minor: amount(segment, "ActRpyAmt", currency)?,
        scheduled_minor: amount(segment, "CurRpyAmt", currency)?,
    }))
}

/// The terms that the segments of an account make.
pub(super) fn terms(unit: &Unit) -> Result<Option<TradelineTerms>, TooPrecise> {
    let Some(terms) = unit.segment(FactKind::AccountTerms, None) else { return Ok(None) };
    let currency = currency(unit);
    let performance = unit
        .segments()
        .filter(|(slot, _)| matches!(slot.kind, FactKind::AccountMonth | FactKind::AccountStanding))
        .max_by_key(|(slot, segment)| (slot.month, segment.reported));
    let monthly = terms.text("RepayFreqcy") == Some("03");
    let periods = terms.text("RepayPrd").filter(|_| monthly).and_then(|periods| periods.parse().ok());
    Ok(Some(TradelineTerms {
        kind: kind(unit),
        currency,
        opened: terms.date("OpenDate"),
        closed: performance.and_then(|(_, segment)| segment.date("CloseDate")),
        first_delinquency: None,
        highest_minor: amount(terms, "LoanAmt", currency)?.or(amount(terms, "AcctCredLine", currency)?),
        term_months: periods,
        reported_month: performance.and_then(|(slot, _)| slot.month),
        history: Vec::new(),
        liability: Liability::Holder,
    }))
}

/// The terms that one who answers for an account beside its holder has, by a group of segment D.
pub(super) fn guarantee(unit: &Unit, group: &[(u8, Sensitive<String>)]) -> Result<Option<TradelineTerms>, TooPrecise> {
    let Some(terms) = terms(unit)? else { return Ok(None) };
    let amount = text_of(group, 6).map(|text| minor(text, terms.currency)).transpose();
    let liability = match text_of(group, 5).unwrap_or_default() {
        "1" => Liability::Joint,
        "2" => Liability::Guarantor,
        _ => Liability::Unspecified,
    };
    Ok(Some(TradelineTerms {
        highest_minor: amount.map_err(|_| TooPrecise("ArlpAmt"))?,
        term_months: None,
        reported_month: None,
        liability,
        ..terms
    }))
}

/// Who a person is, of the segments of record 110 that hold; each attribute under its own category.
pub(super) fn identity(unit: &Unit) -> Option<Identity> {
    let segment = |kind| unit.segment(kind, None);
    let text = |kind, name: &str| segment(kind)?.text(name).map(|text| Sensitive::new(text.to_owned()));
    let address = [
        (FactKind::PersonResidence, "ResiAddr"),
        (FactKind::PersonMail, "MailAddr"),
        (FactKind::PersonProfile, "HouseAdd"),
    ];
    let mut identity = Identity {
        name: text(FactKind::PersonBasic, "Name"),
        born: segment(FactKind::PersonProfile).and_then(|profile| profile.date("DOB")).map(Sensitive::new),
        telephone: text(FactKind::PersonProfile, "CellPhone"),
        address: address.into_iter().find_map(|(kind, name)| text(kind, name)),
        ..Identity::default()
    };
    for (kind, names, category) in [
        (FactKind::PersonProfile, ["Sex"].as_slice(), DataCategory::Sex),
        (FactKind::PersonMarriage, &["MariStatus"], DataCategory::MaritalStatus),
        (FactKind::PersonEducation, &["EduLevel", "AcaDegree"], DataCategory::Education),
        (FactKind::PersonOccupation, &["EmpStatus", "CpnName", "Occupation"], DataCategory::Occupation),
        (FactKind::PersonResidence, &["ResiStatus"], DataCategory::RealEstate),
        (FactKind::PersonIncome, &["AnnlInc", "TaxIncome"], DataCategory::Income),
    ] {
        for name in names {
            let value = segment(kind).and_then(|segment| segment.text(name));
            identity.attributes.extend(value.map(|value| (category, Sensitive::new(format!("{name} {value}")))));
        }
    }
    if let Some(documents) = segment(PERSON_DOCUMENTS.kind) {
        for group in &documents.groups {
            let named = person_identifier(text_of(group, 2).unwrap_or_default(), text_of(group, 3).unwrap_or_default());
            let tagged = named.map(|document| format!("{}:{}", document.scheme(), document.text().expose()));
            identity.attributes.extend(tagged.ok().map(|tagged| (DataCategory::Identity, Sensitive::new(tagged))));
        }
    }
    (!identity.is_empty()).then_some(identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_state_number_means_other_things_for_loans_cards_and_collection() {
        let table = [
            ("D1", "3", AccountStatus::Closed),
            ("R2", "3", AccountStatus::Open),
            ("R2", "4", AccountStatus::Closed),
            ("C1", "1", AccountStatus::Collection),
            ("C1", "2", AccountStatus::Closed),
            ("D1", "2", AccountStatus::Open),
            ("D1", "42", AccountStatus::ChargeOff),
            ("R3", "52", AccountStatus::ChargeOff),
        ];
        for (account_type, code, expected) in table {
            assert_eq!(status(account_type, code), expected, "{account_type} {code}");
        }
    }

    #[test]
    fn states_of_repayment_become_ratings() {
        let codes = ["N", "M", "*", "A", "/", "#", "1", "7", "B", "C", "G", "D", "Z"];
        let ratings = codes.map(|code| rating(code).code());
        let expected = [
            PaymentRating::Current,
            PaymentRating::Current,
            PaymentRating::NothingDue,
            PaymentRating::NothingDue,
            PaymentRating::NoAccount,
            PaymentRating::Unknown,
            PaymentRating::Late(1),
            PaymentRating::Late(7),
            PaymentRating::ChargeOff,
            PaymentRating::Closed,
            PaymentRating::Closed,
            PaymentRating::SettledByOthers,
            PaymentRating::SettledByOthers,
        ];
        assert_eq!(ratings, expected.map(PaymentRating::code));
    }
}
