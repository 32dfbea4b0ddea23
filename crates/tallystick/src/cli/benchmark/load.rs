//! Loading facts through the store's own load: real pseudonyms, roots, commits and log entries, but no files.

use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use tallystick_model::delivery::{DeliveryKind, DeliveryRecord};
use tallystick_model::event::Event;
use tallystick_model::fact::DeliveryNumber;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::quality::Quality;
use tallystick_model::{Month, Timestamp};
use tallystick_operations::Entropy;
use tallystick_store::{Changes, FactBatch, Store};

use super::facts::Facts;
use super::machine::{Watch, bytes, grouped, per_s, seconds, threads};
use super::office::FURNISHER_NUMBER;
use crate::cli::story;
use crate::entropy::SystemEntropy;

/// One delivery to load: these subjects, these months.
pub(super) type Planned = (Range<u64>, Vec<Month>);

/// Chunks that may wait between making and loading: what keeps memory bounded.
const CHUNKS_WAITING: usize = 8;

/// What was loaded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Loaded {
    pub(super) facts: u64,
    pub(super) time: Duration,
}

/// Loads deliveries one after another. While one is loaded, its facts and then the next one's are made.
pub(super) fn load(
    store: &Store,
    facts: &Facts<'_>,
    plan: &[Planned],
    rulebook: &str,
    now: Timestamp,
) -> Result<Loaded> {
    let watch = Watch::start();
    let mut loaded = Loaded::default();
    thread::scope(|scope| {
        // Each delivery has a channel of its own, whose end is the delivery's.
        let (deliveries, planned) = sync_channel::<Receiver<FactBatch>>(1);
        let first = store.next_delivery().0;
        let making = scope.spawn(move || -> Result<()> {
            for ((subjects, months), number) in plan.iter().zip((first..).map(DeliveryNumber)) {
                let sorted = facts.sorted(subjects.clone())?;
                let (chunks, receiver) = sync_channel(CHUNKS_WAITING);
                if deliveries.send(receiver).is_err() {
                    return Ok(());
                }
                let mut failed = Ok(());
                facts.make(&sorted, months, number, |mut chunk| match chunk.batch(number) {
                    Ok(batch) => chunks.send(batch).is_ok(),
                    Err(error) => {
                        failed = Err(error);
                        false
                    }
                });
                failed?;
            }
            Ok(())
        });
        for (number, (subjects, months)) in plan.iter().enumerate() {
            let Ok(chunks) = planned.recv() else { break };
            let count = load_one(store, &chunks, rulebook, now)?;
            store.merge(threads(), &|_, _| {})?;
            let accounts = u64::from(facts.bulk.size().accounts);
            let expected = (subjects.end - subjects.start) * accounts * months.len() as u64;
            ensure!(count == expected, "delivery {} has {count} facts, not {expected}", number + 1);
            loaded.facts += count;
            loaded.time = watch.elapsed();
            let activity = store.activity();
            story(format_args!(
                "loaded: delivery {} of {}, {} facts, {} s, {} facts/s, {} in {} tables",
                number + 1,
                plan.len(),
                grouped(loaded.facts),
                seconds(loaded.time),
                grouped(per_s(loaded.facts, loaded.time)),
                bytes(activity.table_bytes),
                activity.tables
            ));
        }
        drop(planned);
        making.join().unwrap_or_else(|_| Err(anyhow!("the thread that makes facts ended early")))
    })?;
    Ok(loaded)
}

fn load_one(store: &Store, chunks: &Receiver<FactBatch>, rulebook: &str, now: Timestamp) -> Result<u64> {
    let open = store.begin_delivery()?.in_one_batch_up_to(0);
    let loaded = open.load::<anyhow::Error>(|| Ok(chunks.recv().ok()))?;
    let digest = loaded.digest().clone();
    let record = DeliveryRecord {
        number: open.number(),
        kind: DeliveryKind::Report,
        furnisher: FURNISHER_NUMBER,
        layout: "town-bulk 1".to_owned(),
        layout_hash: [0; 32],
        month: None,
        about: None,
        provenance: Provenance::FurnisherSigned,
        file_hash: [0; 32],
        file_bytes: 0,
        recorded_at: now,
        records: digest.facts.iter().map(|(_, count)| count).sum(),
        rejects: 0,
        awaiting_consent: 0,
        subjects: digest.subjects,
        facts: digest.facts,
        not_admitted: Vec::new(),
        admitted_under: Vec::new(),
        quality: Quality::default(),
        rulebook: rulebook.to_owned(),
        facts_root: digest.root,
    };
    let count = record.fact_count();
    let mut salt = [0; 16];
    SystemEntropy.fill(&mut salt);
    store.commit(Changes::make_visible(loaded), Event::DeliveryAdmitted(record), salt, now)?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use tallystick_operations::ingest::{ControlTotals, Delivery};

    use super::super::args::{Format, Size};
    use super::super::intake::operate;
    use super::super::office;
    use super::super::rows::Rows;
    use super::*;

    /// A load without files says nothing else than the ingest of the same rows: the roots over subjects and facts agree.
    #[test]
    fn what_is_loaded_is_what_an_ingest_of_the_same_rows_loads() {
        let folder = tempfile::tempdir().unwrap();
        let rows = Rows::new(Size { subjects: 700, months: 1, accounts: 3, seed: 9 }, Format::Csv).unwrap();
        rows.write_all(&folder.path().join("rows")).unwrap();
        let (bureau_folder, now) = (folder.path().join("bureau"), rows.reported_at().unwrap());
        let bureau = office::found(&bureau_folder, "cn", now).unwrap();
        let delivery = Delivery {
            furnisher: office::FURNISHER.to_owned(),
            layout: rows.layout().unwrap(),
            month: None,
            subject: None,
            provenance: Provenance::SelfAsserted,
            control_totals: ControlTotals::Enforce,
        };
        let path = rows.path(&folder.path().join("rows"), rows.months[0]);
        let ingested = operate(&bureau, &delivery, &std::fs::File::open(path).unwrap(), now).unwrap().delivery;
        drop(bureau);

        let store = office::store(&bureau_folder).unwrap();
        let pseudonymiser = office::pseudonymiser(&bureau_folder).unwrap();
        let facts = Facts { bulk: &rows.bulk, pseudonymiser: &pseudonymiser, furnisher: FURNISHER_NUMBER };
        let loaded = load(&store, &facts, &[(0..700, rows.months.clone())], "cn", now).unwrap();
        let snapshot = store.snapshot();
        let record = snapshot.delivery(DeliveryNumber(2)).unwrap().unwrap();
        assert_eq!(loaded.facts, 2100);
        assert_eq!((record.subjects, &record.facts), (700, &ingested.facts));
        assert_eq!(record.facts_root, ingested.facts_root);
    }
}
