//! Reading by a mapping, whole and in parts.

use tallystick_intake::layouts::mapped::{self, Mapping};
use tallystick_intake::{DeliveryFile, FileSummary, Layout, ReadContext, Refused, Reject, Sink, read_delivery};
use tallystick_model::fact::{ReportedRecord, Statement};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::tradeline::{TradelineMonth, TradelineTerms};
use tallystick_model::{CategorySet, DataCategory};

/// Everything a file becomes.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Taken {
    pub(crate) records: Vec<ReportedRecord>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) not_admitted: u64,
    pub(crate) summary: FileSummary,
}

impl Sink for Taken {
    fn record(&mut self, record: ReportedRecord) {
        self.records.push(record);
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }

    fn not_admitted(&mut self, _: DataCategory, count: u64) {
        self.not_admitted += count;
    }
}

impl Taken {
    pub(crate) fn rejected(&self) -> Vec<String> {
        self.rejects.iter().map(Reject::to_string).collect()
    }

    /// The statements of each record, without its place.
    pub(crate) fn facts(&self) -> Vec<String> {
        let text = |record: &ReportedRecord| {
            let identifiers: Vec<_> = record.identifiers.iter().map(|identifier| identifier.text().expose()).collect();
            let account = |statement: &Statement| match statement {
                Statement::TradelineMonth(account, ..)
                | Statement::TradelineTerms(account, ..)
                | Statement::PaymentProfileMonth(account, ..)
                | Statement::Identity(account, _) => account.expose().to_vec(),
                Statement::Registry(_) => Vec::new(),
            };
            let name = record.statements.iter().find_map(|statement| match statement {
                Statement::Identity(_, identity) => identity.name.as_ref().map(|name| name.expose().clone()),
                _ => None,
            });
            let accounts: Vec<_> = record.statements.iter().map(account).collect();
            format!("{identifiers:?} {accounts:?} {name:?} {:?}", record.statements)
        };
        self.records.iter().map(text).collect()
    }

    pub(crate) fn month(&self, record: usize) -> TradelineMonth {
        let find = |statement: &Statement| match statement {
            Statement::TradelineMonth(_, _, month) => Some(*month),
            _ => None,
        };
        self.records.get(record).unwrap().statements.iter().find_map(find).unwrap()
    }

    pub(crate) fn terms(&self, record: usize) -> TradelineTerms {
        let find = |statement: &Statement| match statement {
            Statement::TradelineTerms(_, terms) => Some(terms.clone()),
            _ => None,
        };
        self.records.get(record).unwrap().statements.iter().find_map(find).unwrap()
    }
}

fn context() -> ReadContext {
    ReadContext {
        furnisher: "F1".to_owned(),
        subject: None,
        provenance: Provenance::FurnisherSigned,
        admitted: CategorySet::all(),
        month: None,
    }
}

/// Reads in parts, the records counted on from part to part.
fn in_parts(mapping: &Mapping, file: &dyn DeliveryFile, part_bytes: usize) -> Result<Taken, String> {
    let said = |refused: Refused| refused.to_string();
    let context = context();
    let mut parts = mapped::parts(mapping, file, &context, part_bytes).map_err(said)?.expect("it is read in parts");
    let mut all = Taken::default();
    while let Some(part) = parts.cutter.next_part().map_err(said)? {
        let mut taken = Taken::default();
        let summary = parts.reader.read_part(&part, &mut taken).map_err(said)?;
        for mut record in taken.records {
            record.place.record += all.summary.records;
            all.records.push(record);
        }
        for mut reject in taken.rejects {
            reject.place.record += all.summary.records;
            all.rejects.push(reject);
        }
        all.not_admitted += taken.not_admitted;
        all.summary.add(summary);
    }
    all.summary = parts.reader.finish(all.summary).map_err(said)?;
    Ok(all)
}

/// Reads whole and in parts of several sizes, which must give the same; a refusal as its text.
pub(crate) fn read(mapping: &str, file: &[u8]) -> Result<Taken, String> {
    let mapping = Mapping::parse(mapping).expect("a mapping");
    let layout = Layout::Mapped(Box::new(mapping.clone()));
    let mut taken = Taken::default();
    let whole = match read_delivery(&layout, &mut &*file, &context(), &mut taken) {
        Ok(summary) => Ok(Taken { summary, ..taken }),
        Err(refused) => Err(refused.to_string()),
    };
    let file = file.to_vec();
    for part_bytes in [1, 7, 64, 1 << 20] {
        assert_eq!(in_parts(&mapping, &file, part_bytes), whole, "in parts of {part_bytes}");
    }
    whole
}

/// The error of a mapping that is wrong.
pub(crate) fn wrong(mapping: &str) -> String {
    Mapping::parse(mapping).expect_err("is wrong").to_string()
}
