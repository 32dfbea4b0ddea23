//! The mapping itself: what the TOML file may say, checked before any delivery is read by it.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use tallystick_model::tradeline::{AccountKind, AccountStatus, Liability, PaymentRating};
use tallystick_model::{CategorySet, Currency, DataCategory, IdScheme, Month};
use thiserror::Error;

use super::amount::{AmountMap, AmountToml, amount};
use super::codes::{CodeList, Coded, CodesToml, coded, currency};
use super::format::{FileMap, FileToml};
use super::pattern::{DatePattern, DateToml};
use super::shape::{TextOr, codes, one_of};
use super::transactions::{Transactions, TransactionsToml};

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

/// Which columns of a file are which facts.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// SHA-256 of the TOML text it was read from.
    pub(super) text_hash: [u8; 32],
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) file: FileMap,
    pub(super) subjects: Vec<SubjectColumn>,
    pub(super) tradelines: Vec<TradelineMap>,
    pub(super) profiles: Vec<ProfileMap>,
    pub(super) identity: Option<IdentityMap>,
    pub(super) attributes: Vec<(String, DataCategory)>,
    pub(super) ignored: Vec<String>,
    /// Set if the rows are an account's transactions; then nothing else is mapped.
    pub(super) transactions: Option<Transactions>,
}

#[derive(Clone, Debug)]
pub(super) struct SubjectColumn {
    pub(super) column: TextMap,
    pub(super) scheme: IdScheme,
}

/// A text in one column, or in several with something between them.
#[derive(Clone, Debug)]
pub(super) struct TextMap {
    /// One or more.
    pub(super) columns: Vec<String>,
    pub(super) join: String,
}

#[derive(Clone, Debug)]
pub(super) enum MonthFrom {
    Constant(Month),
    Column(String, DatePattern),
    Argument,
}

#[derive(Clone, Debug)]
pub(super) enum CurrencyFrom {
    Constant(Currency),
    /// ISO 4217 codes, and others that the list translates.
    Column(String, CodeList<Currency>),
}

#[derive(Clone, Debug)]
pub(super) struct TradelineMap {
    pub(super) account: TextMap,
    pub(super) month: MonthFrom,
    pub(super) currency: CurrencyFrom,
    pub(super) kind: Coded<AccountKind>,
    pub(super) status: Coded<AccountStatus>,
    pub(super) rating: Coded<PaymentRating>,
    pub(super) liability: Coded<Liability>,
    pub(super) balance: Option<AmountMap>,
    pub(super) past_due: Option<AmountMap>,
    pub(super) limit: Option<AmountMap>,
    pub(super) paid: Option<AmountMap>,
    pub(super) scheduled: Option<AmountMap>,
    pub(super) opened: Option<(String, DatePattern)>,
    pub(super) closed: Option<(String, DatePattern)>,
    pub(super) first_delinquency: Option<(String, DatePattern)>,
    pub(super) highest: Option<AmountMap>,
    pub(super) term_months: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct ProfileMap {
    pub(super) account: TextMap,
    pub(super) month: MonthFrom,
    pub(super) currency: CurrencyFrom,
    pub(super) active_days: Option<String>,
    /// Flow name, column of counts, sums.
    pub(super) flows: Vec<(FlowName, String, AmountMap)>,
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
        Ok(Self { text_hash: Sha256::digest(text.as_bytes()).into(), ..file.check()? })
    }

    /// SHA-256 of the TOML text: what a bureau's partners accept, beside the name.
    pub const fn text_hash(&self) -> [u8; 32] {
        self.text_hash
    }

    /// Name and version, as kept with each delivery.
    pub fn name(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// The categories that files of this mapping may carry.
    pub fn categories(&self) -> CategorySet {
        if let Some(transactions) = &self.transactions {
            return transactions.categories();
        }
        let mut categories: CategorySet = self.attributes.iter().map(|(_, category)| *category).collect();
        for tradeline in &self.tradelines {
            let kinds: Vec<AccountKind> = match &tradeline.kind {
                Coded::Constant(kind) => vec![*kind],
                Coded::Column(_, codes) => codes.meanings().collect(),
            };
            categories = kinds.into_iter().fold(categories, |set, kind| set.with(kind.category()));
        }
        for profile in &self.profiles {
            categories = categories.with(DataCategory::Payments);
            categories = profile.flows.iter().fold(categories, |set, (flow, ..)| set.with(flow.category()));
        }
        if self.identity.is_some() { categories.with(DataCategory::Identity) } else { categories }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingToml {
    layout: LayoutToml,
    #[serde(default)]
    file: FileToml,
    subject: Option<SubjectToml>,
    transactions: Option<TransactionsToml>,
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
#[serde(deny_unknown_fields)]
struct SubjectToml {
    column: TextOr<JoinToml>,
    scheme: String,
    #[serde(default)]
    alias: Vec<AliasToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AliasToml {
    column: TextOr<JoinToml>,
    scheme: String,
}

/// `{ columns = ["state", "number"], join = "/" }`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JoinToml {
    columns: Vec<String>,
    #[serde(default)]
    join: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TradelineToml {
    account: TextOr<JoinToml>,
    month: Option<TextOr<DateToml>>,
    currency: TextOr<CodesToml>,
    kind: TextOr<CodesToml>,
    status: Option<TextOr<CodesToml>>,
    rating: Option<TextOr<CodesToml>>,
    liability: Option<TextOr<CodesToml>>,
    balance: Option<TextOr<AmountToml>>,
    past_due: Option<TextOr<AmountToml>>,
    limit: Option<TextOr<AmountToml>>,
    paid: Option<TextOr<AmountToml>>,
    scheduled: Option<TextOr<AmountToml>>,
    opened: Option<DateToml>,
    closed: Option<DateToml>,
    first_delinquency: Option<DateToml>,
    highest: Option<TextOr<AmountToml>>,
    term_months: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileToml {
    account: TextOr<JoinToml>,
    month: Option<TextOr<DateToml>>,
    currency: TextOr<CodesToml>,
    active_days: Option<String>,
    flow: BTreeMap<String, FlowToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowToml {
    count: String,
    sum: TextOr<AmountToml>,
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

fn scheme(key: &str, found: &str) -> Result<IdScheme, MappingError> {
    one_of(key, found, &codes(IdScheme::ALL.iter().map(|scheme| scheme.code())), IdScheme::from_code(found))
}

fn text(key: &str, toml: TextOr<JoinToml>) -> Result<TextMap, MappingError> {
    Ok(match toml {
        TextOr::Text(column) => TextMap { columns: vec![column], join: String::new() },
        TextOr::Table(table) if table.columns.is_empty() => {
            return one_of(&format!("{key}.columns"), "none", "one column or more", None);
        }
        TextOr::Table(table) => TextMap { columns: table.columns, join: table.join },
    })
}

/// Checks the values of one table, whose errors name keys of it.
struct Checks<'a> {
    table: &'static str,
    file: &'a FileMap,
}

impl Checks<'_> {
    fn key(&self, key: &str) -> String {
        format!("{}.{key}", self.table)
    }

    fn text(&self, key: &str, toml: TextOr<JoinToml>) -> Result<TextMap, MappingError> {
        text(&self.key(key), toml)
    }

    fn amount(&self, key: &str, toml: Option<TextOr<AmountToml>>) -> Result<Option<AmountMap>, MappingError> {
        amount(&self.key(key), &self.file.amounts, toml)
    }

    fn date(&self, key: &str, date: Option<DateToml>) -> Result<Option<(String, DatePattern)>, MappingError> {
        date.map(|date| date.check(&self.key(key), self.file.encoding)).transpose()
    }

    fn coded<T: Copy>(
        &self,
        key: &str,
        toml: Option<TextOr<CodesToml>>,
        default: T,
        known: &[T],
        code: impl Fn(T) -> &'static str,
    ) -> Result<Coded<T>, MappingError> {
        coded(&self.key(key), self.file.encoding, toml, default, known, code)
    }

    fn month(&self, month: Option<TextOr<DateToml>>) -> Result<MonthFrom, MappingError> {
        let key = self.key("month");
        Ok(match month {
            None => MonthFrom::Argument,
            Some(TextOr::Text(text)) => {
                MonthFrom::Constant(one_of(&key, &text, "a month `YYYY-MM`", Month::parse(&text).ok())?)
            }
            Some(TextOr::Table(date)) => {
                let (column, pattern) = date.check(&key, self.file.encoding)?;
                MonthFrom::Column(column, pattern)
            }
        })
    }

    fn currency(&self, toml: TextOr<CodesToml>) -> Result<CurrencyFrom, MappingError> {
        let key = self.key("currency");
        Ok(match toml {
            TextOr::Text(text) => CurrencyFrom::Constant(currency(&key, &text)?),
            TextOr::Table(table) => {
                CurrencyFrom::Column(table.column.clone(), table.check(&key, self.file.encoding, currency)?)
            }
        })
    }
}

impl MappingToml {
    fn check(self) -> Result<Mapping, MappingError> {
        let file = self.file.check()?;
        let mut subjects = Vec::new();
        if let Some(subject) = self.subject {
            subjects.push(SubjectColumn {
                scheme: scheme("subject.scheme", &subject.scheme)?,
                column: text("subject.column", subject.column)?,
            });
            for alias in subject.alias {
                let scheme = scheme("subject.alias.scheme", &alias.scheme)?;
                subjects.push(SubjectColumn { scheme, column: text("subject.alias.column", alias.column)? });
            }
        } else if self.transactions.is_none() {
            return Err(MappingError::Missing(
                "a mapping has a `[subject]`; only `[transactions]` may be about one named elsewhere",
            ));
        }
        let transactions = self.transactions.map(|toml| toml.check(&file)).transpose()?;
        let others = self.tradeline.len() + self.payment_profile.len() + self.attribute.len();
        if transactions.is_some() && (others > 0 || self.identity.is_some() || subjects.len() > 1) {
            return Err(MappingError::Missing("a mapping with `[transactions]` maps nothing else"));
        }
        let tradelines: Result<Vec<_>, _> = self.tradeline.into_iter().map(|toml| toml.check(&file)).collect();
        let profiles: Result<Vec<_>, _> = self.payment_profile.into_iter().map(|toml| toml.check(&file)).collect();
        let (tradelines, profiles) = (tradelines?, profiles?);
        if tradelines.is_empty() && profiles.is_empty() && transactions.is_none() {
            return Err(MappingError::Missing("a mapping has at least one `[[tradeline]]` or `[[payment_profile]]`"));
        }
        let identity = match self.identity {
            None => None,
            Some(identity) => Some(IdentityMap {
                name: identity.name,
                born: Checks { table: "identity", file: &file }.date("born", identity.born)?,
                telephone: identity.telephone,
                address: identity.address,
            }),
        };
        let mut attributes = Vec::new();
        for attribute in self.attribute {
            let known = codes(DataCategory::ALL.iter().map(|category| category.code()));
            let category = DataCategory::from_code(&attribute.category);
            let category = one_of("attribute.category", &attribute.category, &known, category)?;
            attributes.push((attribute.column, category));
        }
        Ok(Mapping {
            text_hash: [0; 32],
            name: self.layout.name,
            version: self.layout.version,
            file,
            subjects,
            tradelines,
            profiles,
            identity,
            attributes,
            ignored: self.ignore,
            transactions,
        })
    }
}

impl TradelineToml {
    fn check(self, file: &FileMap) -> Result<TradelineMap, MappingError> {
        let checks = Checks { table: "tradeline", file };
        let ratings: Vec<PaymentRating> = (0..=u8::MAX).filter_map(PaymentRating::from_number).collect();
        let (kind, status) = (AccountKind::Other, AccountStatus::Open);
        let (rating, liability) = (PaymentRating::Unknown, Liability::Unspecified);
        Ok(TradelineMap {
            account: checks.text("account", self.account)?,
            month: checks.month(self.month)?,
            currency: checks.currency(self.currency)?,
            kind: checks.coded("kind", Some(self.kind), kind, AccountKind::ALL, AccountKind::code)?,
            status: checks.coded("status", self.status, status, AccountStatus::ALL, AccountStatus::code)?,
            rating: checks.coded("rating", self.rating, rating, &ratings, PaymentRating::code)?,
            liability: checks.coded("liability", self.liability, liability, Liability::ALL, Liability::code)?,
            balance: checks.amount("balance", self.balance)?,
            past_due: checks.amount("past_due", self.past_due)?,
            limit: checks.amount("limit", self.limit)?,
            paid: checks.amount("paid", self.paid)?,
            scheduled: checks.amount("scheduled", self.scheduled)?,
            opened: checks.date("opened", self.opened)?,
            closed: checks.date("closed", self.closed)?,
            first_delinquency: checks.date("first_delinquency", self.first_delinquency)?,
            highest: checks.amount("highest", self.highest)?,
            term_months: self.term_months,
        })
    }
}

impl ProfileToml {
    fn check(self, file: &FileMap) -> Result<ProfileMap, MappingError> {
        let checks = Checks { table: "payment_profile", file };
        let mut flows = Vec::new();
        for (name, flow) in self.flow {
            let known = FlowName::ALL.iter().find(|(_, code)| *code == name).map(|(flow, _)| *flow);
            let all = codes(FlowName::ALL.iter().map(|(_, code)| *code));
            let known = one_of("payment_profile.flow", &name, &all, known)?;
            let sum = checks.amount(&format!("flow.{name}.sum"), Some(flow.sum))?;
            flows.extend(sum.map(|sum| (known, flow.count, sum)));
        }
        Ok(ProfileMap {
            account: checks.text("account", self.account)?,
            month: checks.month(self.month)?,
            currency: checks.currency(self.currency)?,
            active_days: self.active_days,
            flows,
        })
    }
}
