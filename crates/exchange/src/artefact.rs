//! The consent artefact of India's account aggregators (ReBIT API 2.0): the signed detail, and the artefact around it.
//!
//! Purposes and kinds of data are that system's. Of its purposes two are a bureau's: 103 (aggregated statement, with which
//! loans are underwritten) and 104 (monitoring of accounts); the others have no word here, and are refused rather than bent.

use serde::{Deserialize, Serialize};
use tallystick_model::consent_terms::{ConsentTerms, DataRange, Fetch, Frequency, FrequencyUnit, Span, SpanUnit};
use tallystick_model::inquiry::Purpose;
use tallystick_model::{DataCategory, Timestamp};

use crate::json::read;
use crate::jws::{self, PublicKey, SigningKey};
use crate::{ExchangeError, Offer};

const FORM: &str = "the account-aggregator artefact";

/// Most entries of any list in it.
const LIST_MAX: usize = 1000;

/// The artefact as it is exchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artefact {
    /// Version of the interface.
    pub ver: String,
    /// Id of the exchange.
    pub txnid: String,
    /// Name of the consent, given by the aggregator.
    #[serde(rename = "consentId")]
    pub consent_id: String,
    /// `ACTIVE`, `PAUSED`, `REVOKED`, `EXPIRED`.
    pub status: Status,
    /// When it was made.
    #[serde(rename = "createTimestamp")]
    pub created: String,
    /// The detail, signed: compact JWS.
    #[serde(rename = "signedConsent")]
    pub signed: String,
    /// How it was used.
    #[serde(rename = "ConsentUse")]
    pub used: ConsentUse,
}

/// State of an artefact; the detail never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// It holds.
    Active,
    /// It is suspended.
    Paused,
    /// It is withdrawn.
    Revoked,
    /// It is over.
    Expired,
}

/// How often it was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentUse {
    /// Where uses are logged.
    #[serde(rename = "logUri")]
    pub log_uri: String,
    /// How many there were.
    pub count: u64,
    /// When the last one was.
    #[serde(rename = "lastUseDateTime")]
    pub last: String,
}

/// What the customer agreed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the field's names are the form's own")]
pub struct Detail {
    pub consent_start: String,
    pub consent_expiry: String,
    pub consent_mode: Mode,
    pub fetch_type: FetchType,
    pub consent_types: Vec<ConsentType>,
    pub fi_types: Vec<String>,
    #[serde(rename = "DataConsumer")]
    pub recipient: Party,
    #[serde(rename = "DataProvider")]
    pub data_provider: Party,
    #[serde(rename = "Customer")]
    pub customer: Customer,
    #[serde(rename = "Accounts", default)]
    pub accounts: Vec<Account>,
    #[serde(rename = "Purpose")]
    pub purpose: PurposeOf,
    #[serde(rename = "FIDataRange")]
    pub range: Range,
    #[serde(rename = "DataLife")]
    pub data_life: Amount,
    #[serde(rename = "Frequency")]
    pub frequency: Amount,
    #[serde(rename = "DataFilter", default, skip_serializing_if = "Vec::is_empty")]
    pub filter: Vec<Filter>,
}

/// What the recipient does with the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the form's own words")]
pub enum Mode {
    View,
    Store,
    Query,
    Stream,
}

/// Once or again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the form's own words")]
pub enum FetchType {
    Onetime,
    Periodic,
}

/// How deep it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the form's own words")]
pub enum ConsentType {
    Profile,
    Summary,
    Transactions,
}

/// Who gets or gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the form's own words")]
pub struct Party {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
}

/// The customer's handle at the aggregator: personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the form's own words")]
pub struct Customer {
    pub id: String,
}

impl std::fmt::Debug for Customer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Customer")
    }
}

/// An account that the consent is about: personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the form's own words")]
pub struct Account {
    pub fi_type: String,
    pub fip_id: String,
    pub acc_type: String,
    pub link_ref_number: String,
    pub masked_acc_number: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Account")
    }
}

/// What for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the form's own words")]
pub struct PurposeOf {
    pub code: String,
    #[serde(rename = "refUri", skip_serializing_if = "Option::is_none")]
    pub ref_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(rename = "Category", skip_serializing_if = "Option::is_none")]
    pub category: Option<PurposeCategory>,
}

/// The purpose's category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the form's own words")]
pub struct PurposeCategory {
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// The time the data are about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the form's own words")]
pub struct Range {
    pub from: String,
    pub to: String,
}

/// So many of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the form's own words")]
pub struct Amount {
    pub unit: String,
    pub value: u16,
}

/// A rule by which the giver leaves data out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the form's own words")]
pub struct Filter {
    #[serde(rename = "type")]
    pub kind: String,
    pub operator: String,
    pub value: String,
}

/// The form's kinds of financial information, and the category of each; those of none are refused.
const FI_TYPES: [(&str, Option<DataCategory>); 22] = [
    ("DEPOSIT", Some(DataCategory::Deposits)),
    ("TERM_DEPOSIT", Some(DataCategory::Deposits)),
    ("RECURRING_DEPOSIT", Some(DataCategory::Deposits)),
    ("SIP", Some(DataCategory::Securities)),
    ("CP", Some(DataCategory::Securities)),
    ("GOVT_SECURITIES", Some(DataCategory::Securities)),
    ("EQUITIES", Some(DataCategory::Securities)),
    ("BONDS", Some(DataCategory::Securities)),
    ("DEBENTURES", Some(DataCategory::Securities)),
    ("MUTUAL_FUNDS", Some(DataCategory::Securities)),
    ("ETF", Some(DataCategory::Securities)),
    ("IDR", Some(DataCategory::Securities)),
    ("CIS", Some(DataCategory::Securities)),
    ("AIF", Some(DataCategory::Securities)),
    ("INSURANCE_POLICIES", Some(DataCategory::Insurance)),
    ("NPS", Some(DataCategory::Securities)),
    ("INVIT", Some(DataCategory::Securities)),
    ("REIT", Some(DataCategory::Securities)),
    ("GSTR1_3B", Some(DataCategory::Tax)),
    ("LIFE_INSURANCE", Some(DataCategory::Insurance)),
    ("GENERAL_INSURANCE", Some(DataCategory::Insurance)),
    ("OTHER", None),
];

/// Purposes that both have.
const PURPOSES: [(&str, Purpose, &str); 2] = [
    ("103", Purpose::CreditApplication, "Aggregated statement"),
    ("104", Purpose::AccountReview, "Explicit consent to monitor accounts"),
];

fn no_word(what: &str) -> ExchangeError {
    ExchangeError::NoWord { form: FORM, what: what.to_owned() }
}

/// Reads an instant: RFC 3339, also with an offset without a colon, as many aggregators write it.
fn instant(field: &str, text: &str) -> Result<Timestamp, ExchangeError> {
    let offset = text
        .get(text.len().saturating_sub(5)..)
        .filter(|offset| offset.starts_with(['+', '-']) && offset.bytes().skip(1).all(|byte| byte.is_ascii_digit()));
    let with_colon = offset.and_then(|offset| {
        let (begins, minutes) = (text.strip_suffix(offset)?, offset.get(3..)?);
        Some(format!("{begins}{}:{minutes}", offset.get(..3)?))
    });
    let read = Timestamp::parse(with_colon.as_deref().unwrap_or(text));
    read.map_err(|_| ExchangeError::Field { field: field.to_owned(), expected: "an RFC 3339 instant" })
}

impl Artefact {
    /// Reads an artefact; its detail stays signed.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub fn read(bytes: &[u8]) -> Result<Self, ExchangeError> {
        read(bytes)
    }

    /// The detail, if `key` signed it.
    ///
    /// # Errors
    /// [`ExchangeError::NotSigned`], and others if the detail is malformed.
    pub fn detail(&self, key: &PublicKey) -> Result<Detail, ExchangeError> {
        Detail::read(&jws::open(&self.signed, key)?)
    }

    /// Its JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl Detail {
    /// Reads a detail.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub fn read(bytes: &[u8]) -> Result<Self, ExchangeError> {
        let detail: Self = read(bytes)?;
        for (field, length) in [
            ("consentTypes", detail.consent_types.len()),
            ("fiTypes", detail.fi_types.len()),
            ("Accounts", detail.accounts.len().max(1)),
            ("DataFilter", detail.filter.len().max(1)),
        ] {
            if !(1..=LIST_MAX).contains(&length) {
                return Err(ExchangeError::Field { field: field.to_owned(), expected: "1 to 1000 entries" });
            }
        }
        Ok(detail)
    }

    /// Signs it, as the `signedConsent` of an artefact.
    pub fn sign(&self, key: &SigningKey) -> String {
        key.sign(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }

    /// What it offers, in our words.
    ///
    /// # Errors
    /// [`ExchangeError::NoWord`] for purposes and kinds of data that are no bureau's, and for filters, which a bureau cannot
    /// promise to apply; [`ExchangeError::Field`] for values out of range.
    pub fn offer(&self) -> Result<Offer, ExchangeError> {
        let purpose = PURPOSES.iter().find(|(code, ..)| *code == self.purpose.code);
        let (_, purpose, _) = purpose.ok_or_else(|| no_word(&format!("purpose {}", short(&self.purpose.code))))?;
        let category = |fi_type: &String| {
            let known = FI_TYPES.iter().find(|(code, _)| code == fi_type);
            known.and_then(|(_, category)| *category).ok_or_else(|| no_word(&format!("fiType {}", short(fi_type))))
        };
        let categories: Result<Vec<_>, _> = self.fi_types.iter().map(category).collect();
        let mut categories = categories?;
        categories.sort_unstable();
        categories.dedup();
        if !self.filter.is_empty() {
            return Err(no_word("DataFilter"));
        }
        let range = DataRange {
            from: instant("FIDataRange.from", &self.range.from)?.date(),
            until: instant("FIDataRange.to", &self.range.to)?.date(),
        };
        if range.until < range.from {
            return Err(ExchangeError::Field {
                field: "FIDataRange".to_owned(),
                expected: "an end after its beginning",
            });
        }
        let fetch = match self.fetch_type {
            FetchType::Onetime => Fetch::OneTime,
            FetchType::Periodic => {
                let unit = FrequencyUnit::from_code(&self.frequency.unit.to_ascii_lowercase());
                let unit = unit.filter(|_| self.frequency.value > 0);
                let unit = unit.ok_or_else(|| ExchangeError::Field {
                    field: "Frequency".to_owned(),
                    expected: "a number of uses in HOUR, DAY, MONTH or YEAR",
                })?;
                Fetch::Periodic(Frequency { count: self.frequency.value, unit })
            }
        };
        Ok(Offer {
            purposes: vec![*purpose],
            categories,
            valid_from: Some(instant("consentStart", &self.consent_start)?),
            valid_until: Some(instant("consentExpiry", &self.consent_expiry)?),
            terms: ConsentTerms {
                fetch,
                data_range: Some(range),
                data_life: Some(self.life()?),
                ..ConsentTerms::default()
            },
        })
    }

    fn life(&self) -> Result<Span, ExchangeError> {
        let unit = match self.data_life.unit.as_str() {
            "DAY" => SpanUnit::Day,
            "MONTH" => SpanUnit::Month,
            "YEAR" => SpanUnit::Year,
            "INF" if self.data_life.value == 0 => SpanUnit::Unlimited,
            _ => {
                let expected = "DAY, MONTH, YEAR, or INF with value 0";
                return Err(ExchangeError::Field { field: "DataLife".to_owned(), expected });
            }
        };
        Ok(Span { count: self.data_life.value, unit })
    }

    /// A consent in the form's words. `parties` are recipient, giver and the customer's handle, `valid` from and until when.
    ///
    /// # Errors
    /// [`ExchangeError::NoWord`] if it has more than one purpose, or purposes, categories or terms that the form has no word for.
    pub fn of_offer(
        offer: &Offer,
        (recipient, provider, customer): (&str, &str, &str),
        valid: (Timestamp, Timestamp),
    ) -> Result<Self, ExchangeError> {
        let [purpose] = offer.purposes.as_slice() else { return Err(no_word("several purposes, or none")) };
        let known = PURPOSES.iter().find(|(_, known, _)| known == purpose);
        let (code, _, text) = known.ok_or_else(|| no_word(purpose.code()))?;
        let mut fi_types = Vec::new();
        for category in &offer.categories {
            let of_category = FI_TYPES.iter().filter(|(_, of)| *of == Some(*category));
            let before = fi_types.len();
            fi_types.extend(of_category.map(|(code, _)| (*code).to_owned()));
            if fi_types.len() == before {
                return Err(no_word(category.code()));
            }
        }
        let range = offer.terms.data_range.ok_or_else(|| no_word("data of all times"))?;
        let (fetch_type, frequency) = match offer.terms.fetch {
            Fetch::OneTime => (FetchType::Onetime, Amount { unit: "HOUR".to_owned(), value: 1 }),
            Fetch::Periodic(Frequency { count, unit }) => {
                (FetchType::Periodic, Amount { unit: unit.code().to_ascii_uppercase(), value: count })
            }
            Fetch::Unlimited => return Err(no_word("unlimited uses")),
        };
        let data_life = match offer.terms.data_life {
            None | Some(Span { unit: SpanUnit::Unlimited, .. }) => Amount { unit: "INF".to_owned(), value: 0 },
            Some(Span { count, unit }) => Amount { unit: unit.code().to_ascii_uppercase(), value: count },
        };
        let party = |id: &str, kind: &str| Party { id: id.to_owned(), kind: kind.to_owned() };
        Ok(Self {
            consent_start: valid.0.to_string(),
            consent_expiry: valid.1.to_string(),
            consent_mode: Mode::Store,
            fetch_type,
            consent_types: vec![ConsentType::Profile, ConsentType::Summary],
            fi_types,
            recipient: party(recipient, "FIU"),
            data_provider: party(provider, "AA"),
            customer: Customer { id: customer.to_owned() },
            accounts: Vec::new(),
            purpose: PurposeOf {
                code: (*code).to_owned(),
                ref_uri: Some(format!("https://api.rebit.org.in/aa/purpose/{code}.xml")),
                text: Some((*text).to_owned()),
                category: None,
            },
            range: Range {
                from: Timestamp::start_of(range.from).to_string(),
                to: Timestamp::start_of(range.until).to_string(),
            },
            data_life,
            frequency,
            filter: Vec::new(),
        })
    }
}

/// The beginning of a code from outside, if it is one.
fn short(code: &str) -> &str {
    let is_code = code.len() <= 24 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_code { code } else { "unknown" }
}
