//! The mapping itself: what the TOML file may say, checked before any delivery is read by it.

use std::collections::BTreeMap;

use serde::Deserialize;
use tallystick_model::money::DecimalMarks;
use tallystick_model::tradeline::{AccountKind, AccountStatus, PaymentRating};
use tallystick_model::{CategorySet, Currency, DataCategory, IdScheme, Month};
use thiserror::Error;

use super::dialect::Dialect;
use super::pattern::DatePattern;

/// Longest mapping, in bytes.
pub const MAPPING_BYTES_MAX: usize = 1 << 20;

/// Why a mapping cannot be used.
#[derive(Debug, Error)]
pub enum MappingError {
    /// Not TOML, or not the keys a mapping has.
    #[error("{0}")]
    Toml(String),
    /// A value that is not one of those allowed.
    #[error("`{key}`: expected {expected}, found `{found}`")]
    Value {
        /// Where in the file.
        key: String,
        /// What is allowed.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// Something a mapping cannot do without.
    #[error("{0}")]
    Missing(&'static str),
}

/// Which columns of a CSV file are which facts.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) gb18030: bool,
    delimiter: u8,
    pub(super) marks: DecimalMarks,
    pub(super) amounts_in_minor: bool,
    pub(super) subjects: Vec<SubjectColumn>,
    pub(super) tradelines: Vec<TradelineMap>,
    pub(super) profiles: Vec<ProfileMap>,
    pub(super) identity: Option<IdentityMap>,
    pub(super) attributes: Vec<(String, DataCategory)>,
    pub(super) ignored: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct SubjectColumn {
    pub(super) column: String,
    pub(super) scheme: IdScheme,
}

/// A value that is the same in every row, or stands in a column, translated by a list of codes.
#[derive(Clone, Debug)]
pub(super) enum Coded<T> {
    Constant(T),
    Column(String, BTreeMap<Vec<u8>, T>),
}

#[derive(Clone, Debug)]
pub(super) enum MonthFrom {
    Constant(Month),
    Column(String, DatePattern),
    Argument,
}

#[derive(Clone, Debug)]
pub(super) struct TradelineMap {
    pub(super) account: String,
    pub(super) month: MonthFrom,
    pub(super) currency: Currency,
    pub(super) kind: Coded<AccountKind>,
    pub(super) status: Coded<AccountStatus>,
    pub(super) rating: Coded<PaymentRating>,
    pub(super) balance: Option<String>,
    pub(super) past_due: Option<String>,
    pub(super) limit: Option<String>,
    pub(super) paid: Option<String>,
    pub(super) scheduled: Option<String>,
    pub(super) opened: Option<(String, DatePattern)>,
    pub(super) closed: Option<(String, DatePattern)>,
    pub(super) first_delinquency: Option<(String, DatePattern)>,
    pub(super) highest: Option<String>,
    pub(super) term_months: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct ProfileMap {
    pub(super) account: String,
    pub(super) month: MonthFrom,
    pub(super) currency: Currency,
    pub(super) active_days: Option<String>,
    /// Flow name, column of counts, column of sums.
    pub(super) flows: Vec<(FlowName, String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FlowName {
    Spending,
    Deferred,
    Refunds,
    TransfersOut,
    Repayments,
    Fees,
    Closed,
    OwnMoves,
    Income,
    Investments,
}

impl FlowName {
    const ALL: [(Self, &'static str); 10] = [
        (Self::Spending, "spending"),
        (Self::Deferred, "deferred"),
        (Self::Refunds, "refunds"),
        (Self::TransfersOut, "transfers_out"),
        (Self::Repayments, "repayments"),
        (Self::Fees, "fees"),
        (Self::Closed, "closed"),
        (Self::OwnMoves, "own_moves"),
        (Self::Income, "income"),
        (Self::Investments, "investments"),
    ];

    pub(super) const fn category(self) -> DataCategory {
        match self {
            Self::Income => DataCategory::Income,
            Self::Investments => DataCategory::Securities,
            _ => DataCategory::Payments,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct IdentityMap {
    pub(super) name: Option<String>,
    pub(super) born: Option<(String, DatePattern)>,
    pub(super) telephone: Option<String>,
    pub(super) address: Option<String>,
}

impl Mapping {
    /// Reads and checks a mapping.
    ///
    /// # Errors
    /// [`MappingError`], naming the key at fault.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        if text.len() > MAPPING_BYTES_MAX {
            return Err(MappingError::Missing("a mapping has at most 1 MiB"));
        }
        let file: MappingToml = toml::from_str(text).map_err(|error| MappingError::Toml(error.to_string()))?;
        file.check()
    }

    /// Name and version, as kept with each delivery.
    pub fn name(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// The categories that files of this mapping may carry.
    pub fn categories(&self) -> CategorySet {
        let mut categories: CategorySet = self.attributes.iter().map(|(_, category)| *category).collect();
        for tradeline in &self.tradelines {
            let kinds: Vec<AccountKind> = match &tradeline.kind {
                Coded::Constant(kind) => vec![*kind],
                Coded::Column(_, codes) => codes.values().copied().collect(),
            };
            categories = kinds.into_iter().fold(categories, |set, kind| set.with(kind.category()));
        }
        for profile in &self.profiles {
            categories = categories.with(DataCategory::Payments);
            categories = profile.flows.iter().fold(categories, |set, (flow, ..)| set.with(flow.category()));
        }
        if self.identity.is_some() { categories.with(DataCategory::Identity) } else { categories }
    }

    /// How the file's rows are marked.
    pub(super) const fn dialect(&self) -> Dialect {
        Dialect { delimiter: self.delimiter, quote: Some(b'"'), escape: None, comment: None }
    }

    /// The file's encoding, for rejects.
    pub(super) const fn encoding(&self) -> &'static str {
        if self.gb18030 { "GB18030" } else { "UTF-8" }
    }

    /// `field` as text; `None` if it is not in the file's encoding.
    pub(super) fn decode(&self, field: &[u8]) -> Option<String> {
        if self.gb18030 {
            let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(field);
            return text.map(std::borrow::Cow::into_owned);
        }
        std::str::from_utf8(field).ok().map(str::to_owned)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingToml {
    layout: LayoutToml,
    #[serde(default)]
    file: FileToml,
    subject: SubjectToml,
    #[serde(default)]
    tradeline: Vec<TradelineToml>,
    #[serde(default)]
    payment_profile: Vec<ProfileToml>,
    identity: Option<IdentityToml>,
    #[serde(default)]
    attribute: Vec<AttributeToml>,
    #[serde(default)]
    ignore: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutToml {
    name: String,
    version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileToml {
    encoding: String,
    delimiter: String,
    decimal_mark: String,
    thousands_mark: String,
    amounts_in: String,
}

impl Default for FileToml {
    fn default() -> Self {
        Self {
            encoding: "utf-8".to_owned(),
            delimiter: ",".to_owned(),
            decimal_mark: ".".to_owned(),
            thousands_mark: String::new(),
            amounts_in: "major".to_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubjectToml {
    column: String,
    scheme: String,
    #[serde(default)]
    alias: Vec<AliasToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AliasToml {
    column: String,
    scheme: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CodedToml {
    Constant(String),
    Column { column: String, codes: BTreeMap<String, String> },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum MonthToml {
    Constant(String),
    Column { column: String, pattern: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DateToml {
    column: String,
    pattern: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TradelineToml {
    account: String,
    month: Option<MonthToml>,
    currency: String,
    kind: CodedToml,
    status: Option<CodedToml>,
    rating: Option<CodedToml>,
    balance: Option<String>,
    past_due: Option<String>,
    limit: Option<String>,
    paid: Option<String>,
    scheduled: Option<String>,
    opened: Option<DateToml>,
    closed: Option<DateToml>,
    first_delinquency: Option<DateToml>,
    highest: Option<String>,
    term_months: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileToml {
    account: String,
    month: Option<MonthToml>,
    currency: String,
    active_days: Option<String>,
    flow: BTreeMap<String, FlowToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowToml {
    count: String,
    sum: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityToml {
    name: Option<String>,
    born: Option<DateToml>,
    telephone: Option<String>,
    address: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttributeToml {
    column: String,
    category: String,
}

fn one_of<T>(key: &str, found: &str, expected: &str, value: Option<T>) -> Result<T, MappingError> {
    let error = || MappingError::Value { key: key.to_owned(), expected: expected.to_owned(), found: found.to_owned() };
    value.ok_or_else(error)
}

fn codes(list: impl Iterator<Item = &'static str>) -> String {
    let codes: Vec<_> = list.map(|code| format!("`{code}`")).collect();
    format!("one of {}", codes.join(", "))
}

fn one_byte(key: &str, text: &str) -> Result<Option<u8>, MappingError> {
    match text.as_bytes() {
        [] => Ok(None),
        [byte] if byte.is_ascii() => Ok(Some(*byte)),
        _ => one_of(key, text, "one ASCII character", None),
    }
}

fn scheme(key: &str, found: &str) -> Result<IdScheme, MappingError> {
    one_of(key, found, &codes(IdScheme::ALL.iter().map(|scheme| scheme.code())), IdScheme::from_code(found))
}

fn currency(key: &str, found: &str) -> Result<Currency, MappingError> {
    one_of(key, found, "an ISO 4217 code such as `CNY`", Currency::from_code(found).ok())
}

fn date(key: &str, date: Option<DateToml>) -> Result<Option<(String, DatePattern)>, MappingError> {
    let Some(date) = date else { return Ok(None) };
    let pattern = one_of(key, &date.pattern, "a pattern of YYYY, MM, DD and marks", DatePattern::new(&date.pattern))?;
    Ok(Some((date.column, pattern)))
}

fn month(key: &str, month: Option<MonthToml>) -> Result<MonthFrom, MappingError> {
    Ok(match month {
        None => MonthFrom::Argument,
        Some(MonthToml::Constant(text)) => {
            MonthFrom::Constant(one_of(key, &text, "a month `YYYY-MM`", Month::parse(&text).ok())?)
        }
        Some(MonthToml::Column { column, pattern }) => {
            let pattern = one_of(key, &pattern, "a pattern of YYYY, MM, DD and marks", DatePattern::new(&pattern))?;
            MonthFrom::Column(column, pattern)
        }
    })
}

fn coded<T: Copy>(
    key: &str,
    toml: Option<CodedToml>,
    default: T,
    known: &[T],
    code: impl Fn(T) -> &'static str,
) -> Result<Coded<T>, MappingError> {
    let find = |text: &str| {
        let value = known.iter().copied().find(|value| code(*value) == text);
        one_of(key, text, &codes(known.iter().map(|value| code(*value))), value)
    };
    Ok(match toml {
        None => Coded::Constant(default),
        Some(CodedToml::Constant(text)) => Coded::Constant(find(&text)?),
        Some(CodedToml::Column { column, codes }) => {
            let mut list = BTreeMap::new();
            for (found, meaning) in codes {
                list.insert(found.into_bytes(), find(&meaning)?);
            }
            Coded::Column(column, list)
        }
    })
}

impl MappingToml {
    fn check(self) -> Result<Mapping, MappingError> {
        let gb18030 = match self.file.encoding.as_str() {
            "utf-8" => false,
            "gb18030" => true,
            other => return one_of("file.encoding", other, "`utf-8` or `gb18030`", None),
        };
        let delimiter =
            one_of("file.delimiter", "", "one ASCII character", one_byte("file.delimiter", &self.file.delimiter)?)?;
        // In GB18030 a later byte of a character is 0x30 to 0x39 or from 0x40 on: such a delimiter would cut characters apart.
        if gb18030 && delimiter >= 0x30 {
            return one_of("file.delimiter", &self.file.delimiter, "a comma, tab or semicolon in GB18030", None);
        }
        let decimal = one_byte("file.decimal_mark", &self.file.decimal_mark)?;
        let marks = DecimalMarks {
            decimal: one_of("file.decimal_mark", "", "one ASCII character", decimal)?,
            thousands: one_byte("file.thousands_mark", &self.file.thousands_mark)?,
        };
        let amounts_in_minor = match self.file.amounts_in.as_str() {
            "major" => false,
            "minor" => true,
            other => return one_of("file.amounts_in", other, "`major` or `minor`", None),
        };
        let mut subjects = vec![SubjectColumn {
            scheme: scheme("subject.scheme", &self.subject.scheme)?,
            column: self.subject.column,
        }];
        for alias in self.subject.alias {
            subjects
                .push(SubjectColumn { scheme: scheme("subject.alias.scheme", &alias.scheme)?, column: alias.column });
        }
        let tradelines: Result<Vec<_>, _> = self.tradeline.into_iter().map(TradelineToml::check).collect();
        let profiles: Result<Vec<_>, _> = self.payment_profile.into_iter().map(ProfileToml::check).collect();
        let (tradelines, profiles) = (tradelines?, profiles?);
        if tradelines.is_empty() && profiles.is_empty() {
            return Err(MappingError::Missing("a mapping has at least one `[[tradeline]]` or `[[payment_profile]]`"));
        }
        let identity = match self.identity {
            None => None,
            Some(identity) => Some(IdentityMap {
                name: identity.name,
                born: date("identity.born", identity.born)?,
                telephone: identity.telephone,
                address: identity.address,
            }),
        };
        let mut attributes = Vec::new();
        for attribute in self.attribute {
            let known = codes(DataCategory::ALL.iter().map(|category| category.code()));
            let category = one_of(
                "attribute.category",
                &attribute.category,
                &known,
                DataCategory::from_code(&attribute.category),
            )?;
            attributes.push((attribute.column, category));
        }
        Ok(Mapping {
            name: self.layout.name,
            version: self.layout.version,
            gb18030,
            delimiter,
            marks,
            amounts_in_minor,
            subjects,
            tradelines,
            profiles,
            identity,
            attributes,
            ignored: self.ignore,
        })
    }
}

impl TradelineToml {
    fn check(self) -> Result<TradelineMap, MappingError> {
        let ratings: Vec<PaymentRating> = (0..=u8::MAX).filter_map(PaymentRating::from_number).collect();
        Ok(TradelineMap {
            account: self.account,
            month: month("tradeline.month", self.month)?,
            currency: currency("tradeline.currency", &self.currency)?,
            kind: coded("tradeline.kind", Some(self.kind), AccountKind::Other, AccountKind::ALL, AccountKind::code)?,
            status: coded(
                "tradeline.status",
                self.status,
                AccountStatus::Open,
                AccountStatus::ALL,
                AccountStatus::code,
            )?,
            rating: coded("tradeline.rating", self.rating, PaymentRating::Unknown, &ratings, PaymentRating::code)?,
            balance: self.balance,
            past_due: self.past_due,
            limit: self.limit,
            paid: self.paid,
            scheduled: self.scheduled,
            opened: date("tradeline.opened", self.opened)?,
            closed: date("tradeline.closed", self.closed)?,
            first_delinquency: date("tradeline.first_delinquency", self.first_delinquency)?,
            highest: self.highest,
            term_months: self.term_months,
        })
    }
}

impl ProfileToml {
    fn check(self) -> Result<ProfileMap, MappingError> {
        let mut flows = Vec::new();
        for (name, flow) in self.flow {
            let known = FlowName::ALL.iter().find(|(_, code)| *code == name).map(|(flow, _)| *flow);
            let all = codes(FlowName::ALL.iter().map(|(_, code)| *code));
            flows.push((one_of("payment_profile.flow", &name, &all, known)?, flow.count, flow.sum));
        }
        Ok(ProfileMap {
            account: self.account,
            month: month("payment_profile.month", self.month)?,
            currency: currency("payment_profile.currency", &self.currency)?,
            active_days: self.active_days,
            flows,
        })
    }
}
