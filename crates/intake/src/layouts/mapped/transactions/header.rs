//! The heading row of a statement, found by its columns, and what stands before it.

use tallystick_model::{IdScheme, Month};

use super::rows::{Row, Rows};
use super::spec::{AccountFrom, AmountFrom, CurrencyFrom, Transactions};
use crate::layouts::mapped::mapping::Mapping;
use crate::layouts::months::Direction;
use crate::read::Refused;
use crate::reject::Found;

/// The heading stands within so many rows.
const ROWS_BEFORE_MAX: u64 = 100;

/// Longest account number before the table, in bytes.
const ACCOUNT_BYTES_MAX: usize = 64;

/// A column's place and name.
#[derive(Clone, Debug)]
pub(super) struct Column(pub(super) usize, pub(super) String);

impl Column {
    pub(super) fn as_pair(&self) -> (usize, &str) {
        (self.0, &self.1)
    }
}

pub(super) enum Amount {
    Signed(Column, Direction),
    Pair { credit: Column, debit: Column },
    Coded { column: Column, direction: Column, credit: Vec<String>, debit: Vec<String> },
}

/// Where each column of the mapping stands.
pub(super) struct Header {
    /// Which row of the file it is, from 1, blank ones not counted.
    pub(super) line: u64,
    /// Columns of the heading, blank ones at its end not counted.
    pub(super) width: usize,
    pub(super) date: Column,
    pub(super) amount: Amount,
    pub(super) account: Option<Column>,
    pub(super) currency: Option<Column>,
    pub(super) balance: Option<Column>,
    pub(super) subject: Option<Subject>,
    /// Of each rule, in their order.
    pub(super) rules: Vec<Option<Column>>,
}

/// Where each row says whom it is about.
pub(super) struct Subject {
    /// One or more, each required.
    pub(super) columns: Vec<Column>,
    /// Between them.
    pub(super) join: String,
    pub(super) scheme: IdScheme,
}

/// What stands before the table.
#[derive(Default)]
pub(super) struct Preamble {
    pub(super) account: Option<String>,
    /// The statement's month, where its dates have no year.
    pub(super) month: Option<Month>,
}

/// Finds the heading; `rows` goes on behind it.
///
/// # Errors
/// [`Refused`] if there is none within the first rows, it has a column nobody has spoken about, or what must stand before it
/// does not.
pub(super) fn find(
    mapping: &Mapping,
    spec: &Transactions,
    rows: &mut Rows<'_>,
    preamble: &mut Preamble,
) -> Result<Header, Refused> {
    let subjects = mapping.subjects.iter().flat_map(|subject| &subject.column.columns).map(String::as_str);
    let named: Vec<&str> =
        spec.columns().into_iter().chain(subjects).chain(mapping.ignored.iter().map(String::as_str)).collect();
    let mut line = 0;
    // Of the row that has most of the columns: how many it has, the first it lacks, where it begins.
    let mut nearest: (usize, &str, u64) = (0, named.first().copied().unwrap_or_default(), 0);
    while line < ROWS_BEFORE_MAX
        && let Some(row) = rows.next()?
    {
        line += 1;
        let missing: Vec<&str> = named.iter().copied().filter(|name| place(&row, name).is_none()).collect();
        let Some(first_missing) = missing.first() else {
            preamble.check(spec, row.byte)?;
            return header(mapping, spec, &named, &row, line);
        };
        if named.len() - missing.len() > nearest.0 {
            nearest = (named.len() - missing.len(), first_missing, row.byte);
        }
        preamble.note(spec, &row);
    }
    let (found, missing, byte) = nearest;
    Err(Refused::NotThisLayout {
        byte,
        field: missing.to_owned(),
        expected: format!("a heading with a column `{missing}` in the first {ROWS_BEFORE_MAX} rows"),
        found: Found::phrase(format!("at best {found} of {} columns in a row", named.len())),
    })
}

fn place(row: &Row, name: &str) -> Option<usize> {
    row.cells.iter().position(|cell| cell.as_deref() == Some(name))
}

fn header(mapping: &Mapping, spec: &Transactions, named: &[&str], row: &Row, line: u64) -> Result<Header, Refused> {
    let width = row.cells.iter().rposition(|cell| cell.as_deref() != Some("")).map_or(0, |last| last + 1);
    let unspoken = row.cells.iter().take(width).map(|cell| cell.as_deref().unwrap_or_default());
    if let Some(name) = unspoken.into_iter().find(|name| !named.contains(name)) {
        return Err(Refused::NotThisLayout {
            byte: row.byte,
            field: "header".to_owned(),
            expected: "only columns that the layout maps or ignores by name".to_owned(),
            found: Found::quoted(name),
        });
    }
    // Every one is there: the row was found by them.
    let column = |name: &str| Column(place(row, name).unwrap_or(usize::MAX), name.to_owned());
    Ok(Header {
        line,
        width,
        date: column(&spec.date.column),
        amount: match &spec.amount {
            AmountFrom::Signed(name, above) => Amount::Signed(column(name), *above),
            AmountFrom::Pair { credit, debit } => Amount::Pair { credit: column(credit), debit: column(debit) },
            AmountFrom::Coded { column: name, direction, credit, debit } => Amount::Coded {
                column: column(name),
                direction: column(direction),
                credit: credit.clone(),
                debit: debit.clone(),
            },
        },
        account: match &spec.account {
            AccountFrom::Column(name, _) => Some(column(name)),
            _ => None,
        },
        currency: match &spec.currency {
            CurrencyFrom::Column { column: name, .. } => Some(column(name)),
            CurrencyFrom::Constant(_) => None,
        },
        balance: spec.balance.as_ref().map(|(name, _)| column(name)),
        subject: mapping.subjects.first().map(|subject| Subject {
            columns: subject.column.columns.iter().map(|name| column(name)).collect(),
            join: subject.column.join.clone(),
            scheme: subject.scheme,
        }),
        rules: spec.rules.iter().map(|rule| rule.test.as_ref().map(|(name, _)| column(name))).collect(),
    })
}

impl Preamble {
    /// Takes what a row before the heading says.
    fn note(&mut self, spec: &Transactions, row: &Row) {
        for cell in row.cells.iter().flatten() {
            if let (AccountFrom::Label(label), None) = (&spec.account, &self.account) {
                self.account = labelled(cell, label);
            }
            if let (Some(pattern), None) = (&spec.date.statement_month, self.month) {
                self.month = month_in(cell, pattern);
            }
        }
    }

    fn check(&self, spec: &Transactions, byte: u64) -> Result<(), Refused> {
        let missing = |field: &str, expected: String| Refused::NotThisLayout {
            byte,
            field: field.to_owned(),
            expected,
            found: Found::phrase("none"),
        };
        if let (AccountFrom::Label(label), None) = (&spec.account, &self.account) {
            return Err(missing(label, format!("`{label}:` and an account number before the heading")));
        }
        if let (Some(pattern), None) = (&spec.date.statement_month, self.month) {
            let pattern: String = pattern.iter().collect();
            return Err(missing("statement_month", format!("the statement's month as `{pattern}` before the heading")));
        }
        Ok(())
    }
}

/// `卡号: 1234****9876` without its label.
fn labelled(cell: &str, label: &str) -> Option<String> {
    let text = cell.strip_prefix(label)?.trim_start().strip_prefix([':', '：'])?.trim();
    (!text.is_empty() && text.len() <= ACCOUNT_BYTES_MAX).then(|| text.to_owned())
}

/// The first place of a text that fits a pattern of `YYYY`, `MM` and other characters.
fn month_in(text: &str, pattern: &[char]) -> Option<Month> {
    let text: Vec<char> = text.chars().collect();
    text.windows(pattern.len().max(1)).find_map(|window| {
        let (mut year, mut month) = (0_u16, 0_u8);
        for (&found, &letter) in window.iter().zip(pattern) {
            let digit = || found.to_digit(10).and_then(|digit| u8::try_from(digit).ok());
            match letter {
                'Y' => year = year * 10 + u16::from(digit()?),
                'M' => month = month * 10 + digit()?,
                mark if mark == found => {}
                _ => return None,
            }
        }
        Month::new(year, month).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statements_month_is_found_in_its_title() {
        let pattern: Vec<char> = "YYYY年MM月".chars().collect();
        let found = |text: &str| month_in(text, &pattern).map(|month| month.to_string());
        assert_eq!(found("对账单（个人消费卡账户 2024年01月）（补）").as_deref(), Some("2024-01"));
        for text in ["", "2024年1月", "2024年13月", "24年01月", "2024年01"] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn an_account_is_taken_from_behind_its_label() {
        assert_eq!(labelled("卡号: 1234****9876", "卡号").as_deref(), Some("1234****9876"));
        assert_eq!(labelled("卡号：1234", "卡号").as_deref(), Some("1234"));
        for text in ["卡号:", "卡别名: x", "卡号 1234", &format!("卡号:{}", "1".repeat(65))] {
            assert_eq!(labelled(text, "卡号"), None, "{text}");
        }
    }
}
