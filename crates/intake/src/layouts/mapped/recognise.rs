//! Whether the beginning of a file is of a mapping: its heading has exactly the mapping's columns.

use super::mapping::{Coded, Mapping, MonthFrom, ProfileMap, TradelineMap};
use super::transactions;
use crate::reject::Found;

/// Why the beginning of a file is of this mapping, or what it wants for that.
///
/// # Errors
/// What was looked for and not found.
pub fn recognise(mapping: &Mapping, head: &[u8]) -> Result<String, String> {
    if let Some(spec) = &mapping.transactions {
        return transactions::recognise(mapping, spec, head);
    }
    let mut csv =
        csv::ReaderBuilder::new().delimiter(mapping.delimiter()).has_headers(false).flexible(true).from_reader(head);
    let mut record = csv::ByteRecord::new();
    let wanted = mapping.columns();
    if !matches!(csv.read_byte_record(&mut record), Ok(true)) {
        return Err(format!("a first row with {} columns; there is no row", wanted.len()));
    }
    let found: Vec<String> =
        record.iter().map(|name| String::from_utf8_lossy(name.trim_ascii()).into_owned()).collect();
    if let Some(missing) = wanted.iter().find(|name| !found.iter().any(|known| known == *name)) {
        let known = wanted.iter().filter(|name| found.iter().any(|known| known == *name)).count();
        return Err(format!(
            "a first row with a column `{missing}`; it has {known} of {} columns of the mapping",
            wanted.len()
        ));
    }
    if let Some(other) = found.iter().find(|name| !wanted.contains(&name.as_str())) {
        return Err(format!("a first row without other columns than the mapping's; it has {}", Found::quoted(other)));
    }
    Ok(format!("its first row has exactly the {} columns of the mapping", wanted.len()))
}

impl Mapping {
    /// Every column that is mapped, declared or ignored, once.
    fn columns(&self) -> Vec<&str> {
        let mut columns: Vec<&str> = self.subjects.iter().map(|subject| subject.column.as_str()).collect();
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

fn of_month<'m>(month: &'m MonthFrom, columns: &mut Vec<&'m str>) {
    if let MonthFrom::Column(name, _) = month {
        columns.push(name);
    }
}

fn of_coded<'m, T>(coded: &'m Coded<T>, columns: &mut Vec<&'m str>) {
    if let Coded::Column(name, _) = coded {
        columns.push(name);
    }
}

fn of_tradeline<'m>(map: &'m TradelineMap, columns: &mut Vec<&'m str>) {
    columns.push(&map.account);
    of_month(&map.month, columns);
    of_coded(&map.kind, columns);
    of_coded(&map.status, columns);
    of_coded(&map.rating, columns);
    let plain = [&map.balance, &map.past_due, &map.limit, &map.paid, &map.scheduled, &map.highest, &map.term_months];
    columns.extend(plain.into_iter().flatten().map(String::as_str));
    let dated = [&map.opened, &map.closed, &map.first_delinquency];
    columns.extend(dated.into_iter().flatten().map(|(name, _)| name.as_str()));
}

fn of_profile<'m>(map: &'m ProfileMap, columns: &mut Vec<&'m str>) {
    columns.push(&map.account);
    of_month(&map.month, columns);
    columns.extend(map.active_days.iter().map(String::as_str));
    columns.extend(map.flows.iter().flat_map(|(_, count, sum)| [count.as_str(), sum]));
}
