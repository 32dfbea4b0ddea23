//! The `[transactions]` section of a mapping: what it may say, checked before any statement is read by it.

use std::collections::BTreeMap;

use serde::Deserialize;
use tallystick_model::{CategorySet, Currency, DataCategory};

use crate::layouts::mapped::codes::{CodeList, CodesToml, currency};
use crate::layouts::mapped::dialect::Dialect;
use crate::layouts::mapped::encoding::Encoding;
use crate::layouts::mapped::format::{FileFormat, FileMap, HeaderAt};
use crate::layouts::mapped::mapping::MappingError;
use crate::layouts::mapped::pattern::{self, DatePattern};
use crate::layouts::mapped::shape::{TextOr, codes, one_of};
use crate::layouts::months::{self, Direction, Flow, Meaning};

/// What the rows of a bank statement are.
#[derive(Clone, Debug)]
pub(in crate::layouts) struct Transactions {
    pub(super) account: AccountFrom,
    pub(super) currency: CurrencyFrom,
    pub(super) date: DateFrom,
    pub(super) amount: AmountFrom,
    pub(super) balance: Option<(String, Order)>,
    pub(super) rules: Vec<Rule>,
    /// How the line that states totals begins.
    pub(super) totals_label: Option<String>,
    pub(super) totals_bind: bool,
    /// How delimited text is marked.
    pub(super) dialect: Dialect,
    /// How lines begin that are no rows of the table.
    pub(super) trailers: Vec<String>,
    /// Whether rows may end before the heading's last columns.
    pub(super) short_rows: bool,
    /// Which sheet of a spreadsheet; the first if not told.
    pub(super) sheet: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) enum AccountFrom {
    /// Before the table, behind this label and a colon.
    Label(String),
    /// In a column; where that is blank, this name.
    Column(String, Option<String>),
    /// The same for every file of the layout.
    Name(String),
}

#[derive(Clone, Debug)]
pub(super) enum CurrencyFrom {
    Constant(Currency),
    Column { column: String, codes: CodeList<Currency>, own: Currency },
}

#[derive(Clone, Debug)]
pub(super) struct DateFrom {
    pub(super) column: String,
    /// Of a pattern without a year, the pattern with `YYYY` put before it.
    pub(super) pattern: DatePattern,
    /// Before the table: where the statement's year and month stand. Set if the pattern has no year.
    pub(super) statement_month: Option<Vec<char>>,
}

#[derive(Clone, Debug)]
pub(super) enum AmountFrom {
    /// One column with a sign; which way above zero is.
    Signed(String, Direction),
    /// Two columns, one of which is filled.
    Pair { credit: String, debit: String },
    /// One column without a sign, and one that says which way.
    Coded { column: String, direction: String, credit: Vec<String>, debit: Vec<String> },
}

/// In which order the rows stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    OldestFirst,
    NewestFirst,
}

/// If a row fits, this is its meaning. The first that fits decides.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// The column and the words it is asked for; none fits every row.
    pub(super) test: Option<(String, Words)>,
    pub(super) direction: Option<Direction>,
    pub(super) meaning: Meaning,
}

#[derive(Clone, Debug)]
pub(super) struct Words {
    pub(super) is: Vec<String>,
    pub(super) starts: Vec<String>,
    pub(super) contains: Vec<String>,
}

impl Words {
    pub(super) fn fit(&self, text: &str) -> bool {
        self.is.iter().any(|word| text == word)
            || self.starts.iter().any(|word| text.starts_with(word))
            || self.contains.iter().any(|word| text.contains(word))
    }
}

impl Transactions {
    /// The categories that a statement of this layout may carry. Balances are deposits: they are compared, not kept.
    pub(in crate::layouts) fn categories(&self) -> CategorySet {
        let set: CategorySet = months::CATEGORIES.into_iter().collect();
        if self.balance.is_some() { set.with(DataCategory::Deposits) } else { set }
    }

    /// Every column that is mapped.
    pub(in crate::layouts) fn columns(&self) -> Vec<&str> {
        let mut columns = vec![self.date.column.as_str()];
        match &self.amount {
            AmountFrom::Signed(column, _) => columns.push(column),
            AmountFrom::Pair { credit, debit } => columns.extend([credit.as_str(), debit]),
            AmountFrom::Coded { column, direction, .. } => columns.extend([column.as_str(), direction]),
        }
        if let AccountFrom::Column(column, _) = &self.account {
            columns.push(column);
        }
        if let CurrencyFrom::Column { column, .. } = &self.currency {
            columns.push(column);
        }
        columns.extend(self.balance.iter().map(|(column, _)| column.as_str()));
        columns.extend(self.rules.iter().filter_map(|rule| rule.test.as_ref()).map(|(column, _)| column.as_str()));
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::layouts::mapped) struct TransactionsToml {
    account: AccountToml,
    currency: TextOr<CurrencyToml>,
    date: DateToml,
    amount: AmountToml,
    balance: Option<BalanceToml>,
    #[serde(default)]
    rule: Vec<RuleToml>,
    totals_label: Option<String>,
    control_totals: Option<String>,
    #[serde(default)]
    short_rows: bool,
    sheet: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountToml {
    label: Option<String>,
    column: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CurrencyToml {
    column: String,
    own: String,
    #[serde(default)]
    codes: BTreeMap<String, String>,
    default: Option<String>,
    blank: Option<String>,
    #[serde(default)]
    ignore_case: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DateToml {
    column: String,
    pattern: Option<String>,
    utc_offset: Option<String>,
    statement_month: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AmountToml {
    column: Option<String>,
    positive: Option<String>,
    credit: Option<String>,
    debit: Option<String>,
    direction: Option<String>,
    #[serde(default)]
    credit_codes: Vec<String>,
    #[serde(default)]
    debit_codes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BalanceToml {
    column: String,
    order: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleToml {
    column: Option<String>,
    #[serde(default)]
    is: Vec<String>,
    #[serde(default)]
    starts: Vec<String>,
    #[serde(default)]
    contains: Vec<String>,
    direction: Option<String>,
    flow: Option<String>,
    set_aside: Option<String>,
}

const DIRECTIONS: [(&str, Direction); 2] = [("credit", Direction::Credit), ("debit", Direction::Debit)];

const FLOWS: [(&str, Flow); 8] = [
    ("spending", Flow::Spending),
    ("refunds", Flow::Refunds),
    ("transfers_out", Flow::TransfersOut),
    ("repayments", Flow::Repayments),
    ("fees", Flow::Fees),
    ("own_moves", Flow::OwnMoves),
    ("income", Flow::Income),
    ("investments", Flow::Investments),
];

/// Why a row may count towards no flow.
const REASONS: [&str; 5] = ["loan_received", "pending", "failed", "hold", "no_payment"];

const ORDERS: [(&str, Order); 2] = [("oldest_first", Order::OldestFirst), ("newest_first", Order::NewestFirst)];

fn known<T: Copy>(key: &str, found: &str, list: &[(&'static str, T)]) -> Result<T, MappingError> {
    let value = list.iter().find(|(code, _)| *code == found).map(|(_, value)| *value);
    one_of(key, found, &codes(list.iter().map(|(code, _)| *code)), value)
}

impl TransactionsToml {
    pub(in crate::layouts::mapped) fn check(self, file: &FileMap) -> Result<Transactions, MappingError> {
        let delimited = match &file.format {
            FileFormat::Delimited(delimited) => delimited,
            other => return one_of("file.format", other.name(), "`csv` or `tsv` with `[transactions]`", None),
        };
        let by_columns = "nothing: the heading of `[transactions]` is found by its columns";
        match &delimited.header {
            HeaderAt::AfterLines(0) => {}
            HeaderAt::AfterLines(lines) => return one_of("file.skip_lines", &lines.to_string(), by_columns, None),
            HeaderAt::Containing(_) => return one_of("file.header_contains", "names", by_columns, None),
        }
        let balance = match self.balance {
            None => None,
            Some(balance) => Some((balance.column, known("transactions.balance.order", &balance.order, &ORDERS)?)),
        };
        let totals_bind = match self.control_totals.as_deref() {
            None => true,
            Some(text) => known("transactions.control_totals", text, &[("bind", true), ("tell", false)])?,
        };
        let rules: Result<Vec<_>, _> = self.rule.into_iter().map(RuleToml::check).collect();
        Ok(Transactions {
            account: self.account.check()?,
            currency: currency_from(self.currency)?,
            date: self.date.check()?,
            amount: self.amount.check()?,
            balance,
            rules: rules?,
            totals_label: self.totals_label,
            totals_bind,
            dialect: delimited.dialect,
            trailers: delimited.trailers.clone(),
            short_rows: self.short_rows,
            sheet: self.sheet,
        })
    }
}

impl AccountToml {
    fn check(self) -> Result<AccountFrom, MappingError> {
        match (self.label, self.column, self.name) {
            (Some(label), None, None) => Ok(AccountFrom::Label(label)),
            (None, Some(column), name) => Ok(AccountFrom::Column(column, name)),
            (None, None, Some(name)) => Ok(AccountFrom::Name(name)),
            _ => Err(MappingError::Missing(
                "`transactions.account` has a `label`, a `column` (perhaps with a `name` where it is blank) or a `name`",
            )),
        }
    }
}

fn currency_from(toml: TextOr<CurrencyToml>) -> Result<CurrencyFrom, MappingError> {
    let key = "transactions.currency";
    let CurrencyToml { column, own, codes, default, blank, ignore_case } = match toml {
        TextOr::Text(code) => return Ok(CurrencyFrom::Constant(currency(key, &code)?)),
        TextOr::Table(table) => table,
    };
    let list = CodesToml { column, codes, default, blank, ignore_case };
    Ok(CurrencyFrom::Column {
        // Cells are text of any file by the time they are compared.
        codes: list.check(key, Encoding::Utf8, currency)?,
        column: list.column,
        own: currency("transactions.currency.own", &own)?,
    })
}

impl DateToml {
    fn check(self) -> Result<DateFrom, MappingError> {
        let key = "transactions.date.pattern";
        let found = self.pattern.clone().unwrap_or_default();
        let Some(month) = self.statement_month else {
            let dated = pattern::DateToml { column: self.column, pattern: self.pattern, utc_offset: self.utc_offset };
            let (column, pattern) = dated.check(key, Encoding::Utf8)?;
            let pattern = one_of(key, &found, "a pattern with a day", Some(pattern).filter(DatePattern::has_day))?;
            return Ok(DateFrom { column, pattern, statement_month: None });
        };
        let expected = "a pattern of MM, DD, marks, and no year beside `statement_month`";
        let pattern = self.pattern.filter(|text| !text.contains('Y')).map(|text| format!("YYYY{text}"));
        let pattern = one_of(key, &found, expected, pattern)?;
        let dated = pattern::DateToml { column: self.column, pattern: Some(pattern), utc_offset: self.utc_offset };
        let (column, pattern) = dated.check(key, Encoding::Utf8)?;
        let pattern = one_of(key, &found, expected, Some(pattern).filter(DatePattern::has_day))?;
        let letters: Vec<char> = month.chars().collect();
        let count = |letter| letters.iter().filter(|found| **found == letter).count();
        let sound = (count('Y'), count('M')) == (4, 2);
        let month_expected = "year and month as `YYYY`, `MM` and marks";
        let letters =
            one_of("transactions.date.statement_month", &month, month_expected, Some(letters).filter(|_| sound))?;
        Ok(DateFrom { column, pattern, statement_month: Some(letters) })
    }
}

impl AmountToml {
    fn check(self) -> Result<AmountFrom, MappingError> {
        let Self { column, positive, credit, debit, direction, credit_codes, debit_codes } = self;
        let coded = !credit_codes.is_empty() && !debit_codes.is_empty();
        let no_codes = credit_codes.is_empty() && debit_codes.is_empty();
        match (column, positive, credit, debit, direction) {
            (Some(column), Some(positive), None, None, None) if no_codes => {
                let positive = known("transactions.amount.positive", &positive, &DIRECTIONS)?;
                Ok(AmountFrom::Signed(column, positive))
            }
            (None, None, Some(credit), Some(debit), None) if no_codes => Ok(AmountFrom::Pair { credit, debit }),
            (Some(column), None, None, None, Some(direction)) if coded => {
                Ok(AmountFrom::Coded { column, direction, credit: credit_codes, debit: debit_codes })
            }
            _ => Err(MappingError::Missing(
                "`transactions.amount` has `column` and `positive`, or `credit` and `debit`, or `column`, `direction`, \
                 `credit_codes` and `debit_codes`",
            )),
        }
    }
}

impl RuleToml {
    fn check(self) -> Result<Rule, MappingError> {
        let words = Words { is: self.is, starts: self.starts, contains: self.contains };
        let asks = !(words.is.is_empty() && words.starts.is_empty() && words.contains.is_empty());
        let test = match (self.column, asks) {
            (Some(column), true) => Some((column, words)),
            (None, false) => None,
            _ => {
                return Err(MappingError::Missing(
                    "a `[[transactions.rule]]` has a `column` with `is`, `starts` or `contains`, or neither",
                ));
            }
        };
        let direction =
            self.direction.map(|text| known("transactions.rule.direction", &text, &DIRECTIONS)).transpose()?;
        let (meaning, natural) = match (self.flow, self.set_aside) {
            (Some(flow), None) => {
                let flow = known("transactions.rule.flow", &flow, &FLOWS)?;
                (Meaning::Counts(flow), natural(flow))
            }
            (None, Some(reason)) => {
                let known = REASONS.into_iter().find(|known| *known == reason);
                let reason = one_of("transactions.rule.set_aside", &reason, &codes(REASONS.into_iter()), known)?;
                (Meaning::SetAside(reason), None)
            }
            _ => return Err(MappingError::Missing("a `[[transactions.rule]]` has a `flow` or a `set_aside`")),
        };
        if let (Some(direction), Some(natural)) = (direction, natural)
            && direction != natural
        {
            return Err(MappingError::Missing("a `[[transactions.rule]]` has a flow that goes the other way"));
        }
        Ok(Rule { test, direction: direction.or(natural), meaning })
    }
}

/// Which way the money of a flow goes; a rule of the flow fits rows of that way alone.
const fn natural(flow: Flow) -> Option<Direction> {
    match flow {
        Flow::Spending | Flow::TransfersOut | Flow::Fees => Some(Direction::Debit),
        Flow::Refunds | Flow::Income => Some(Direction::Credit),
        // On a card's own statement a repayment comes in; funds and own accounts go both ways.
        Flow::Repayments | Flow::OwnMoves | Flow::Investments => None,
    }
}
