//! Consent records and receipts of ISO/IEC TS 27560:2023, as JSON-LD with the W3C Data Privacy Vocabulary (dpv-27560).
//!
//! We write what the profile asks for: identifier, schema, subject, controller, purposes, personal data, notice, recipients and
//! the states with who, when and how. Our codes are terms of our own under `ts:`, each with the vocabulary's broader one.
//! We read records of others as far as they say what a consent here is; terms nobody knows here are passed over, as JSON-LD has
//! it, and a name that stands twice is taken as a list of both.

use serde_json::{Value, json};
use tallystick_model::consent_terms::{ConsentTerms, Span, SpanUnit};
use tallystick_model::inquiry::Purpose;
use tallystick_model::{DataCategory, Timestamp};

use crate::json::{Json, read};
use crate::{ExchangeError, Offer};

const FORM: &str = "the consent record";
const RECORD_SCHEMA: &str = "https://w3id.org/dpv/schema/dpv-27560#record";
const RECEIPT_SCHEMA: &str = "https://w3id.org/dpv/schema/dpv-27560#receipt";

/// Most records in a receipt, and entries of any list in a record.
const LIST_MAX: usize = 1000;

/// What happened to a consent, as the record tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The vocabulary's states, without their prefix: `ConsentGiven`, `ConsentWithdrawn` and the like; at least one.
    pub kinds: Vec<String>,
    /// Who did it, as it is written.
    pub by: Option<String>,
    /// When, as it is written: an instant or a day.
    pub at: Option<String>,
    /// How, as it is written.
    pub method: Option<String>,
}

/// A notice that the subject was shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// Which one.
    pub id: Option<String>,
    /// In which language.
    pub language: Option<String>,
}

/// A record, as far as it is understood here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub id: Option<String>,
    /// Who gave the consent: a name of the controller's for the subject; personal data where it is not ours.
    pub subject: Option<String>,
    /// Who processes.
    pub controllers: Vec<String>,
    /// Who is shown the data.
    pub recipients: Vec<String>,
    /// Purposes, as they are written, with the broader one where that is said.
    pub purposes: Vec<Vec<String>>,
    /// Kinds of personal data, likewise.
    pub personal_data: Vec<Vec<String>>,
    /// How long data may be stored, as an ISO 8601 duration.
    pub storage: Option<String>,
    /// The notice.
    pub notice: Option<Notice>,
    /// What happened, in the order of the record.
    pub states: Vec<State>,
}

/// A receipt: records, and to whom they were handed by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its name.
    pub id: Option<String>,
    /// Who issued it.
    pub publisher: Option<String>,
    /// When, as it is written.
    pub created: Option<String>,
    /// What it is a receipt for.
    pub records: Vec<Record>,
}

/// Each purpose's broader term of the vocabulary.
const PURPOSES: [(Purpose, &str); 8] = [
    (Purpose::CreditApplication, "dpv:CreditChecking"),
    (Purpose::AccountReview, "dpv:CustomerSolvencyMonitoring"),
    (Purpose::Collection, "dpv:PaymentManagement"),
    (Purpose::Guarantee, "dpv:CreditChecking"),
    (Purpose::Insurance, "dpv:ServiceProvision"),
    (Purpose::Employment, "dpv:PersonnelHiring"),
    (Purpose::Tenancy, "dpv:ServiceProvision"),
    (Purpose::Marketing, "dpv:Marketing"),
];

/// Each category's broader term of the vocabulary's extension for personal data.
const fn broader(category: DataCategory) -> &'static str {
    match category {
        DataCategory::Identity => "pd:Identifying",
        DataCategory::Credit => "pd:Credit",
        DataCategory::Payments => "pd:Transaction",
        DataCategory::Income => "pd:Income",
        DataCategory::Deposits => "pd:BankAccount",
        DataCategory::Insurance => "pd:Insurance",
        DataCategory::RealEstate => "pd:HouseOwned",
        DataCategory::Tax => "pd:Tax",
        _ => "pd:Financial",
    }
}

fn no_word(what: &str) -> ExchangeError {
    ExchangeError::NoWord { form: FORM, what: what.to_owned() }
}

/// A text, or the name of what is written in its place.
fn name_of(value: &Json) -> Option<String> {
    value.as_text().or_else(|| value.text("@id")).map(str::to_owned)
}

fn names(value: &Json, member: &str) -> Vec<String> {
    value.all(member).into_iter().filter_map(name_of).collect()
}

/// A term with the broader one where it says it: `["ts:credit", "pd:Credit"]`.
fn terms(value: &Json, member: &str) -> Vec<Vec<String>> {
    let of_one = |value: &Json| {
        let own = name_of(value).into_iter();
        own.chain(names(value, "skos:broader")).chain(names(value, "@type")).collect::<Vec<_>>()
    };
    value.all(member).into_iter().map(of_one).filter(|terms| !terms.is_empty()).collect()
}

fn plain(term: &str) -> String {
    term.rsplit(['#', ':']).next().unwrap_or(term).to_owned()
}

fn is_of_type(value: &Json, kind: &str) -> bool {
    names(value, "@type").iter().any(|term| plain(term) == kind)
}

fn bounded<T>(field: &str, list: Vec<T>) -> Result<Vec<T>, ExchangeError> {
    if list.len() > LIST_MAX {
        return Err(ExchangeError::Field { field: field.to_owned(), expected: "at most 1000 entries" });
    }
    Ok(list)
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    /// [`ExchangeError::Field`] if it is no record or has no state, others if it is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self, ExchangeError> {
        Self::of_json(&read(bytes)?)
    }

    fn of_json(value: &Json) -> Result<Self, ExchangeError> {
        if !is_of_type(value, "ConsentRecord") {
            return Err(ExchangeError::Field { field: "@type".to_owned(), expected: "dpv:ConsentRecord" });
        }
        // What is said of the record may be said of its processes instead.
        let mut places = vec![value];
        places.extend(bounded("dpv:hasProcess", value.all("dpv:hasProcess"))?);
        places.extend(bounded("dpv:hasPersonalDataHandling", value.all("dpv:hasPersonalDataHandling"))?);
        let of_all = |member: &str| places.iter().flat_map(|place| terms(place, member)).collect::<Vec<_>>();
        let named = |member: &str| {
            let mut found: Vec<String> = places.iter().flat_map(|place| names(place, member)).collect();
            found.dedup();
            found
        };
        let conditions = places.iter().flat_map(|place| place.all("dpv:hasStorageCondition"));
        let mut durations = conditions.filter_map(|condition| condition.text("dpv:hasDuration"));
        let notice = value
            .one("dpv:hasNotice")
            .map(|notice| Notice { id: name_of(notice), language: notice.text("dct:language").map(str::to_owned) });
        let states: Vec<State> =
            bounded("dpv:hasConsentStatus", value.all("dpv:hasConsentStatus"))?.into_iter().filter_map(state).collect();
        if states.is_empty() {
            return Err(ExchangeError::Field {
                field: "dpv:hasConsentStatus".to_owned(),
                expected: "at least one state",
            });
        }
        Ok(Self {
            id: value.text("dct:identifier").or_else(|| value.text("@id")).map(str::to_owned),
            subject: value.one("dpv:hasDataSubject").and_then(name_of),
            controllers: bounded("dpv:hasDataController", named("dpv:hasDataController"))?,
            recipients: bounded("dpv:hasRecipient", named("dpv:hasRecipient"))?,
            purposes: bounded("dpv:hasPurpose", of_all("dpv:hasPurpose"))?,
            personal_data: bounded("dpv:hasPersonalData", of_all("dpv:hasPersonalData"))?,
            storage: durations.next().map(str::to_owned),
            notice,
            states,
        })
    }

    /// Whether the last state lets the data be processed.
    pub fn is_given(&self) -> bool {
        let valid = ["ConsentGiven", "RenewedConsentGiven", "ConsentStatusValidForProcessing"];
        self.states.last().is_some_and(|state| state.kinds.iter().any(|kind| valid.contains(&kind.as_str())))
    }

    /// What it offers, in our words: our own terms as they are, others by the vocabulary's where one means just that.
    ///
    /// # Errors
    /// [`ExchangeError::NoWord`] for a purpose or a kind of data that has no word here; [`ExchangeError::Field`] if the consent is
    /// not given.
    pub fn offer(&self) -> Result<Offer, ExchangeError> {
        if !self.is_given() {
            let expected = "a consent whose last state is given";
            return Err(ExchangeError::Field { field: "dpv:hasConsentStatus".to_owned(), expected });
        }
        let ours = |terms: &[String]| terms.iter().find_map(|term| term.strip_prefix("ts:").map(str::to_owned));
        let purpose = |terms: &Vec<String>| {
            let own = ours(terms).and_then(|code| Purpose::from_code(&code));
            // Only a term that two purposes do not share says which one is meant.
            let meant = || {
                let matches = PURPOSES.iter().filter(|(_, broader)| terms.iter().any(|term| term == broader));
                let mut matches: Vec<_> = matches.collect();
                matches.pop().filter(|_| matches.is_empty()).map(|(purpose, _)| *purpose)
            };
            own.or_else(meant).ok_or_else(|| no_word(&format!("purpose {}", first(terms))))
        };
        let category = |terms: &Vec<String>| {
            let own = ours(terms).and_then(|code| DataCategory::from_code(&code));
            let meant = || {
                let known = DataCategory::ALL.iter().copied().filter(|category| broader(*category) != "pd:Financial");
                let mut known = known.filter(|category| terms.iter().any(|term| term == broader(*category)));
                known.next()
            };
            own.or_else(meant).ok_or_else(|| no_word(&format!("personal data {}", first(terms))))
        };
        let mut purposes = self.purposes.iter().map(purpose).collect::<Result<Vec<_>, _>>()?;
        let mut categories = self.personal_data.iter().map(category).collect::<Result<Vec<_>, _>>()?;
        purposes.sort_unstable();
        purposes.dedup();
        categories.sort_unstable();
        categories.dedup();
        Ok(Offer {
            purposes,
            categories,
            valid_from: None,
            valid_until: None,
            terms: ConsentTerms {
                data_life: self.storage.as_deref().map(duration).transpose()?,
                notice_version: self.notice.as_ref().and_then(|notice| notice.id.clone()),
                language: self.notice.as_ref().and_then(|notice| notice.language.clone()),
                ..ConsentTerms::default()
            },
        })
    }
}

fn first(terms: &[String]) -> &str {
    let is_term = |term: &&String| {
        term.len() <= 64 && term.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_-".contains(&byte))
    };
    terms.iter().find(is_term).map_or("unknown", String::as_str)
}

fn state(value: &Json) -> Option<State> {
    let kinds: Vec<String> = match value.as_text() {
        Some(text) => vec![plain(text)],
        None => names(value, "@type").iter().map(|term| plain(term)).collect(),
    };
    let kinds: Vec<String> = kinds.into_iter().filter(|kind| !kind.is_empty()).collect();
    (!kinds.is_empty()).then(|| State {
        kinds,
        by: value.one("dpv:isIndicatedBy").and_then(name_of),
        at: value.text("dpv:isIndicatedAtTime").map(str::to_owned),
        method: value.text("dpv:hasIndicationMethod").map(str::to_owned),
    })
}

/// A duration in days, months or years: `P31D`, `P6M`, `P1Y`.
fn duration(text: &str) -> Result<Span, ExchangeError> {
    let read = || {
        let number = text.strip_prefix('P')?;
        let (count, unit) = number.split_at_checked(number.len().checked_sub(1)?)?;
        let unit = match unit {
            "D" => SpanUnit::Day,
            "M" => SpanUnit::Month,
            "Y" => SpanUnit::Year,
            _ => return None,
        };
        Some(Span { count: count.parse().ok()?, unit })
    };
    read().ok_or_else(|| ExchangeError::Field {
        field: "dpv:hasDuration".to_owned(),
        expected: "a duration in days, months or years, like `P31D`",
    })
}

impl Receipt {
    /// Reads a receipt.
    ///
    /// # Errors
    /// [`ExchangeError::Field`] if it is none or one of its records is none, others if it is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self, ExchangeError> {
        let value: Json = read(bytes)?;
        if !is_of_type(&value, "ConsentReceipt") {
            return Err(ExchangeError::Field { field: "@type".to_owned(), expected: "dpv:ConsentReceipt" });
        }
        let records = bounded("dpv:hasRecordOfActivity", value.all("dpv:hasRecordOfActivity"))?;
        Ok(Self {
            id: value.text("dct:identifier").or_else(|| value.text("@id")).map(str::to_owned),
            publisher: value.one("dct:publisher").and_then(name_of),
            created: value.text("dct:created").map(str::to_owned),
            records: records.into_iter().map(Record::of_json).collect::<Result<_, _>>()?,
        })
    }
}

/// What a record is written of.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Name of the bureau's log.
    pub bureau: &'a str,
    /// The consent's id.
    pub consent: &'a str,
    /// The subject's pseudonym.
    pub subject: &'a str,
    /// Full name and code of the member.
    pub member: (&'a str, &'a str),
    /// Whether the member is shown data; else it hands data over.
    pub inquires: bool,
    /// Whether it was given in writing.
    pub written: bool,
    /// What was agreed.
    pub offer: &'a Offer,
    /// What happened: the vocabulary's states, the code of who did it, and when; the earliest first, at least one.
    pub states: &'a [(Vec<&'static str>, String, Timestamp)],
}

fn context() -> Value {
    json!({
        "dpv": "https://w3id.org/dpv#",
        "pd": "https://w3id.org/dpv/pd#",
        "dct": "http://purl.org/dc/terms/",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "schema": "https://schema.org/",
        "ts": "https://tallystick.example/terms#",
    })
}

fn record_value(facts: &Facts<'_>) -> Value {
    let offer = facts.offer;
    let purposes: Vec<Value> = (offer.purposes.iter())
        .map(|purpose| {
            let broader = PURPOSES.iter().find(|(known, _)| known == purpose).map(|(_, broader)| *broader);
            json!({"@id": format!("ts:{purpose}"), "skos:broader": broader.unwrap_or("dpv:FulfilmentOfObligation")})
        })
        .collect();
    let data: Vec<Value> = (offer.categories.iter())
        .map(|category| json!({"@id": format!("ts:{category}"), "skos:broader": broader(*category)}))
        .collect();
    let mut process = json!({"@type": "dpv:Process", "dpv:hasPersonalData": data});
    let (name, code) = facts.member;
    let member = json!({"@id": format!("urn:tallystick:{}:member:{code}", facts.bureau), "schema:name": name});
    let bureau = json!({"@id": format!("urn:tallystick:{}", facts.bureau), "schema:name": facts.bureau});
    let (controller, recipient) = if facts.inquires { (&bureau, &member) } else { (&member, &bureau) };
    if let Value::Object(process) = &mut process {
        let purposes = if purposes.is_empty() { json!("ts:furnish") } else { Value::Array(purposes) };
        process.insert("dpv:hasPurpose".to_owned(), purposes);
        process.insert("dpv:hasRecipient".to_owned(), recipient.clone());
        let letter = |unit| match unit {
            SpanUnit::Day => Some('D'),
            SpanUnit::Month => Some('M'),
            SpanUnit::Year => Some('Y'),
            SpanUnit::Unlimited => None,
        };
        if let Some((count, letter)) = offer.terms.data_life.and_then(|life| Some((life.count, letter(life.unit)?))) {
            let stored = json!({"@type": "dpv:StorageDuration", "dpv:hasDuration": format!("P{count}{letter}")});
            process.insert("dpv:hasStorageCondition".to_owned(), json!([stored]));
        }
    }
    let form = if facts.written { "dpv:ExplicitlyExpressedConsent" } else { "dpv:ExpressedConsent" };
    let mut states = facts.states.iter().enumerate().map(|(place, (kinds, by, at))| {
        let mut kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        kinds.extend((place == 0).then(|| form.to_owned()));
        json!({"@type": kinds, "dpv:isIndicatedBy": by, "dpv:isIndicatedAtTime": at.to_string()})
    });
    let states: Vec<Value> = states.by_ref().collect();
    let mut record = json!({
        "@id": format!("urn:tallystick:{}:consent:{}", facts.bureau, facts.consent),
        "@type": "dpv:ConsentRecord",
        "dct:identifier": facts.consent,
        "dct:conformsTo": RECORD_SCHEMA,
        "dpv:hasDataSubject": {"@id": format!("urn:tallystick:{}:subject:{}", facts.bureau, facts.subject)},
        "dpv:hasDataController": controller,
        "dpv:hasLegalBasis": "dpv:Consent",
        "dpv:hasProcess": process,
        "dpv:hasConsentStatus": states,
    });
    let notice = (offer.terms.notice_version.as_ref(), offer.terms.language.as_ref());
    if let (Value::Object(record), (Some(_), _) | (_, Some(_))) = (&mut record, notice) {
        let mut told = serde_json::Map::new();
        told.insert("@type".to_owned(), json!("dpv:ConsentNotice"));
        told.extend(notice.0.map(|version| ("@id".to_owned(), json!(version))));
        told.extend(notice.1.map(|language| ("dct:language".to_owned(), json!(language))));
        record.insert("dpv:hasNotice".to_owned(), Value::Object(told));
    }
    record
}

/// Writes a record.
pub fn write_record(facts: &Facts<'_>) -> String {
    let mut record = record_value(facts);
    if let Value::Object(record) = &mut record {
        record.insert("@context".to_owned(), context());
    }
    format!("{record:#}\n")
}

/// Writes a receipt over one record, made out `now`.
pub fn write_receipt(facts: &Facts<'_>, now: Timestamp) -> String {
    let receipt = json!({
        "@context": context(),
        "@id": format!("urn:tallystick:{}:receipt:{}-{}", facts.bureau, facts.consent, now.millis()),
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": format!("{}-{}", facts.consent, now.millis()),
        "dct:conformsTo": RECEIPT_SCHEMA,
        "dct:created": now.to_string(),
        "dct:publisher": facts.bureau,
        "schema:recipient": "dpv:DataSubject",
        "dpv:hasRecordOfActivity": [record_value(facts)],
    });
    format!("{receipt:#}\n")
}
