//! Whether a file is of a mapping: it has exactly the mapping's columns.

use super::amount::{AmountFrom, AmountMap};
use super::beginning;
use super::codes::Coded;
use super::format::{FileFormat, HeaderAt};
use super::jsonl;
use super::mapping::{CurrencyFrom, Mapping, MonthFrom, ProfileMap, TextMap, TradelineMap};
use super::parquet;
use super::transactions;
use crate::file::DeliveryFile;
use crate::read::Refused;
use crate::reject::Found;

/// Why a file, which begins with `head`, is of this mapping, or what the mapping wants for that.
///
/// # Errors
/// What was looked for and not found.
pub fn recognise(mapping: &Mapping, head: &[u8], file: &dyn DeliveryFile) -> Result<String, String> {
    if let Some(spec) = &mapping.transactions {
        return transactions::recognise(mapping, spec, head);
    }
    let wanted = mapping.columns();
    match &mapping.file.format {
        FileFormat::Delimited(format) => {
            let row = match &format.header {
                HeaderAt::AfterLines(0) => "first row",
                HeaderAt::AfterLines(_) => "first row behind the lines that are skipped",
                HeaderAt::Containing(_) => "header",
            };
            let found = beginning::header_row(mapping.file.encoding, format, head).map_err(wanting)?.columns;
            if found.is_empty() {
                return Err(format!("a {row} with {} columns; there is no row", wanted.len()));
            }
            compare(&format!("a {row}"), "column", &wanted, &found, Found::quoted)?;
            Ok(format!("its {row} has exactly the {} columns of the mapping", wanted.len()))
        }
        FileFormat::JsonLines => {
            let found = jsonl::first_keys(&wanted, head).map_err(wanting)?;
            let found = found.ok_or("a first line that is a JSON object; it is none")?;
            // A file may have names of persons for keys.
            compare("a first line", "key", &wanted, &found, |name| Found::text(name.as_bytes()))?;
            Ok(format!("its first line is an object with exactly the {} keys of the mapping", wanted.len()))
        }
        FileFormat::Parquet => {
            let within = |name: String| {
                let group = mapping
                    .ignored
                    .iter()
                    .find(|group| name.strip_prefix(group.as_str()).is_some_and(|rest| rest.starts_with('.')));
                group.cloned().unwrap_or(name)
            };
            let found: Vec<String> = parquet::column_names(file).map_err(wanting)?.into_iter().map(within).collect();
            compare("Parquet", "column", &wanted, &found, Found::quoted)?;
            Ok(format!("Parquet with exactly the {} columns of the mapping", wanted.len()))
        }
    }
}

/// A refusal as what was looked for.
pub(super) fn wanting(refused: Refused) -> String {
    match refused {
        Refused::NotThisLayout { expected, found, .. } => format!("{expected}; found {found}"),
        other => other.to_string(),
    }
}

/// Whether `place` has the wanted columns and no others.
fn compare(
    place: &str,
    what: &str,
    wanted: &[&str],
    found: &[String],
    show: impl Fn(&str) -> Found,
) -> Result<(), String> {
    let has = |name: &&&str| found.iter().any(|known| known == **name);
    let count = wanted.len();
    if let Some(missing) = wanted.iter().find(|name| !has(name)) {
        let known = wanted.iter().filter(has).count();
        return Err(format!("{place} with a {what} `{missing}`; it has {known} of {count} {what}s of the mapping"));
    }
    match found.iter().find(|name| !wanted.contains(&name.as_str())) {
        Some(other) => Err(format!("{place} without other {what}s than the mapping's; it has {}", show(other))),
        None => Ok(()),
    }
}

impl Mapping {
    /// Every column that is mapped, declared or ignored, once.
    fn columns(&self) -> Vec<&str> {
        let mut columns = Vec::new();
        self.subjects.iter().for_each(|subject| of_text(&subject.column, &mut columns));
        self.tradelines.iter().for_each(|map| of_tradeline(map, &mut columns));
        self.profiles.iter().for_each(|map| of_profile(map, &mut columns));
        if let Some(identity) = &self.identity {
            let texts = [&identity.name, &identity.telephone, &identity.address];
            columns.extend(texts.into_iter().flatten().map(String::as_str));
            columns.extend(identity.born.iter().map(|(name, _)| name.as_str()));
        }
        columns.extend(self.attributes.iter().map(|(name, _)| name.as_str()));
        columns.extend(self.ignored.iter().map(String::as_str));
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}

fn of_text<'m>(text: &'m TextMap, columns: &mut Vec<&'m str>) {
    columns.extend(text.columns.iter().map(String::as_str));
}

fn of_month<'m>(month: &'m MonthFrom, columns: &mut Vec<&'m str>) {
    if let MonthFrom::Column(name, _) = month {
        columns.push(name);
    }
}

fn of_currency<'m>(currency: &'m CurrencyFrom, columns: &mut Vec<&'m str>) {
    if let CurrencyFrom::Column(name, _) = currency {
        columns.push(name);
    }
}

fn of_coded<'m, T>(coded: &'m Coded<T>, columns: &mut Vec<&'m str>) {
    if let Coded::Column(name, _) = coded {
        columns.push(name);
    }
}

fn of_amount<'m>(amount: &'m AmountMap, columns: &mut Vec<&'m str>) {
    match &amount.from {
        AmountFrom::Column(name) => columns.push(name),
        AmountFrom::Difference(name, less) => columns.extend([name.as_str(), less]),
    }
}

fn of_tradeline<'m>(map: &'m TradelineMap, columns: &mut Vec<&'m str>) {
    of_text(&map.account, columns);
    of_month(&map.month, columns);
    of_currency(&map.currency, columns);
    of_coded(&map.kind, columns);
    of_coded(&map.status, columns);
    of_coded(&map.rating, columns);
    of_coded(&map.liability, columns);
    let amounts = [&map.balance, &map.past_due, &map.limit, &map.paid, &map.scheduled, &map.highest];
    amounts.into_iter().flatten().for_each(|amount| of_amount(amount, columns));
    columns.extend(map.term_months.iter().map(String::as_str));
    let dated = [&map.opened, &map.closed, &map.first_delinquency];
    columns.extend(dated.into_iter().flatten().map(|(name, _)| name.as_str()));
}

fn of_profile<'m>(map: &'m ProfileMap, columns: &mut Vec<&'m str>) {
    of_text(&map.account, columns);
    of_month(&map.month, columns);
    of_currency(&map.currency, columns);
    columns.extend(map.active_days.iter().map(String::as_str));
    for (_, count, sum) in &map.flows {
        columns.push(count);
        of_amount(sum, columns);
    }
}
