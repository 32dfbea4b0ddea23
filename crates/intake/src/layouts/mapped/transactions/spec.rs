//! The `[transactions]` section of a mapping: what it may say, checked before any statement is read by it.

use std::collections::BTreeMap;

use serde::Deserialize;
use tallystick_model::{CategorySet, Currency, DataCategory};

use crate::layouts::mapped::mapping::{MappingError, codes, currency, one_of};
use crate::layouts::mapped::pattern::DatePattern;
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
    /// How lines begin that stand after the table.
    pub(super) trailer: Vec<String>,
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
    Column { column: String, codes: BTreeMap<String, Currency>, own: Currency },
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
    currency: CurrencyToml,
    date: DateToml,
    amount: AmountToml,
    balance: Option<BalanceToml>,
    #[serde(default)]
    rule: Vec<RuleToml>,
    totals_label: Option<String>,
    control_totals: Option<String>,
    #[serde(default)]
    trailer: Vec<String>,
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
#[serde(untagged)]
enum CurrencyToml {
    Constant(String),
    Column { column: String, codes: BTreeMap<String, String>, own: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DateToml {
    column: String,
    pattern: String,
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
    pub(in crate::layouts::mapped) fn check(self) -> Result<Transactions, MappingError> {
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
            currency: self.currency.check()?,
            date: self.date.check()?,
            amount: self.amount.check()?,
            balance,
            rules: rules?,
            totals_label: self.totals_label,
            totals_bind,
            trailer: self.trailer,
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

impl CurrencyToml {
    fn check(self) -> Result<CurrencyFrom, MappingError> {
        let key = "transactions.currency";
        Ok(match self {
            Self::Constant(code) => CurrencyFrom::Constant(currency(key, &code)?),
            Self::Column { column, codes, own } => {
                let known: Result<_, _> =
                    codes.into_iter().map(|(text, code)| Ok((text, currency(key, &code)?))).collect();
                CurrencyFrom::Column { column, codes: known?, own: currency("transactions.currency.own", &own)? }
            }
        })
    }
}

impl DateToml {
    fn check(self) -> Result<DateFrom, MappingError> {
        let (key, expected) =
            ("transactions.date.pattern", "a pattern of MM, DD, marks, and YYYY or `statement_month`");
        let has_year = self.pattern.contains('Y');
        let pattern = if has_year { self.pattern.clone() } else { format!("YYYY{}", self.pattern) };
        let pattern = DatePattern::new(&pattern).filter(|pattern| pattern.has_day());
        let pattern = one_of(key, &self.pattern, expected, pattern)?;
        let statement_month: Option<Vec<char>> = self.statement_month.map(|text| text.chars().collect());
        let count = |month: &[char], letter| month.iter().filter(|found| **found == letter).count();
        let sound = statement_month.as_ref().is_none_or(|month| (count(month, 'Y'), count(month, 'M')) == (4, 2));
        if has_year == statement_month.is_some() || !sound {
            return one_of(key, &self.pattern, expected, None);
        }
        Ok(DateFrom { column: self.column, pattern, statement_month })
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
