//! Ingest: a furnisher's delivery becomes visible facts, wholly or not at all.

use tallystick_intake::{ControlTotal, DeliveryFile, FileSummary, Layout, ReadContext, Refused, Reject};
use tallystick_model::delivery::{DeliveryKind, DeliveryRecord, DeliveryState};
use tallystick_model::event::{DeliveryDenial, Event};
use tallystick_model::fact::DeliveryNumber;
use tallystick_model::inquiry::Reason;
use tallystick_model::member::MemberRole;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::removal::Removal;
use tallystick_model::{DataCategory, Identifier, Month, Sensitive, Timestamp};
use tallystick_policy::{Admission, Gate, gate};
use tallystick_store::{Changes, Loaded, OpenDelivery, Snapshot, StoreError, StoredDelivery};
use thiserror::Error;

use crate::bureau::{Bureau, OperationError, Recorded};
use crate::charter;
use crate::delivery::admitting::Admitting;
use crate::delivery::arranging::Arranging;
use crate::delivery::gathering::{Gathered, Gathering, REJECTS_KEPT_MAX, Stopped, bucket_bits, gather};
use crate::member::in_role;

/// What a furnisher hands over, beside the file.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Code of the furnisher.
    pub furnisher: String,
    /// How to read the file.
    pub layout: Layout,
    /// The month it is about, where the file does not say.
    pub month: Option<Month>,
    /// Whom it is about, where the file does not say.
    pub subject: Option<Identifier>,
    /// How far a payment bill can be trusted.
    pub provenance: Provenance,
    /// What to do about totals that disagree.
    pub control_totals: ControlTotals,
}

/// What to do when a file's own totals disagree with what was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlTotals {
    /// Refuse the delivery if the layout's totals bind.
    Enforce,
    /// Take the delivery and tell.
    Report,
}

/// How far an ingest is, told ten times a second.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is being done: `reading`, `loading`, `merging`.
    pub stage: &'static str,
    /// Records read, rejects among them; while loading, of 256 buckets those loaded; while merging, parts done.
    pub done: u64,
    /// Records refused.
    pub rejects: u64,
    /// Bytes of the file read.
    pub bytes: u64,
}

/// Who is told what while an ingest runs.
pub struct Telling<'a> {
    /// How far it is.
    pub progress: &'a mut dyn FnMut(Progress),
    /// Each reject, for the furnisher's feedback: in the order of the file, duplicates last.
    pub rejects: &'a mut (dyn FnMut(&Reject) + Send),
}

/// What a bureau's machine may use, and what the bureau demands of deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Threads that read, sort and merge.
    pub threads: usize,
    /// Memory for facts on their way, in bytes; beyond it they go to a scratch file. The process needs some more for the
    /// engine's caches and the parts being read.
    pub memory_bytes: usize,
    /// Deliveries of no more bytes of facts than this are committed in one batch; tables of their own would cost more files
    /// than it is worth.
    pub one_batch_bytes: usize,
    /// Deliveries whose data-quality index, in basis points, is below this are quarantined; 0 quarantines none.
    pub quarantine_below_bp: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self { threads: 1, memory_bytes: 512 << 20, one_batch_bytes: 1 << 20, quarantine_below_bp: 0 }
    }
}

/// A delivery that was admitted.
#[derive(Debug)]
pub struct Ingested {
    /// What is kept of it.
    pub delivery: DeliveryRecord,
    /// Whether it is kept apart for its quality: its facts are not part of the credit files until it is released.
    pub quarantined: bool,
    /// The first thousand rejects; `delivery.rejects` counts all.
    pub rejects: Vec<Reject>,
    /// Records that count towards no fact, by reason.
    pub set_aside: Vec<(String, u64)>,
    /// What was noticed of records that count all the same.
    pub findings: Vec<(String, u64)>,
    /// The file's own totals beside what was counted.
    pub control_totals: Vec<ControlTotal>,
    /// Its entry and proof.
    pub recorded: Recorded,
}

/// Why a delivery was not admitted. Nothing of it was loaded.
#[derive(Debug, Error)]
pub enum IngestError {
    /// The rulebook lets nothing of it in.
    #[error("the rulebook admits nothing of this delivery")]
    NotAdmitted(Vec<Reason>, Box<Recorded>),
    /// Every record of it lacks a recorded consent of its subject.
    #[error("no subject of this delivery has consented to it")]
    NoConsent(Vec<Reject>, u64, Box<Recorded>),
    /// Every record of it was rejected, or there was none.
    #[error("nothing of this delivery can be loaded: {records} records, {count} rejects")]
    NothingToLoad {
        /// The first thousand rejects.
        rejects: Vec<Reject>,
        /// Records read.
        records: u64,
        /// All rejects.
        count: u64,
        /// Records that count towards no fact, by reason.
        set_aside: Vec<(String, u64)>,
    },
    /// The file is not what it claims.
    #[error("refused {layout}: {refused}")]
    Refused {
        /// The layout it was said to be.
        layout: String,
        /// Why not.
        refused: Refused,
    },
    /// The file's totals disagree with what was counted.
    #[error("refused: {} of the file's control totals disagree with what was counted", .0.len())]
    ControlTotals(Vec<ControlTotal>),
    /// The same file was delivered before.
    #[error("this file is delivery {0} already ({1}): nothing was changed")]
    AlreadyDelivered(DeliveryNumber, DeliveryState),
    /// It could not run.
    #[error(transparent)]
    Operation(#[from] OperationError),
}

impl From<StoreError> for IngestError {
    fn from(error: StoreError) -> Self {
        Self::Operation(OperationError::Store(error))
    }
}

/// Takes in a delivery.
///
/// # Errors
/// [`IngestError`]; whatever it is, nothing became visible.
pub fn ingest(
    bureau: &Bureau,
    delivery: &Delivery,
    file: &dyn DeliveryFile,
    now: Timestamp,
    telling: &mut Telling<'_>,
) -> Result<Ingested, IngestError> {
    // Admit: may this furnisher report these categories, and on what consent?
    let snapshot = bureau.snapshot();
    let furnisher = in_role(snapshot.members(), &delivery.furnisher, MemberRole::Furnisher)?;
    if let Err(reason) = charter::accepts_layout(bureau, &delivery.layout) {
        return Err(not_admitted(bureau, furnisher.number, delivery, vec![reason], now)?);
    }
    let categories = delivery.layout.categories();
    let gate = gate(&bureau.rulebook, furnisher, categories, now);
    let gate = match charter::collected(bureau) {
        Some(collected) => gate.within(collected),
        None => gate,
    };
    let admitted = Admitting::admitted(&gate);
    if admitted.iter().next().is_none() {
        return Err(not_admitted(bureau, furnisher.number, delivery, refusals(&gate), now)?);
    }

    // Read, validate, pseudonymise: record by record, each bad one a reject.
    let context = ReadContext {
        furnisher: furnisher.code.clone(),
        subject: delivery.subject.clone(),
        provenance: delivery.provenance,
        admitted,
        month: delivery.month,
    };
    let layout = delivery.layout.name();
    let refused = |refused| IngestError::Refused { layout: layout.clone(), refused };
    let bits = bucket_bits(file).map_err(|error| refused(Refused::Io(error)))?;
    let admitting = || Admitting::new(&bureau.pseudonymiser, &snapshot, &gate, furnisher.number, now.month(), bits);
    let settings = bureau.settings;
    // The scratch file's key, and the nonce of the delivery's seals: each fact is sealed under a key of its own, and a number
    // given again after a restored backup must not seal another text under the same key and nonce.
    let (scratch_key, nonce): ([u8; 32], [u8; 12]) = bureau.random_pair();
    let scratch_key = Sensitive::new(scratch_key);
    let gathering = Gathering {
        threads: settings.threads,
        memory_bytes: settings.memory_bytes,
        new_scratch: &|| bureau.store.scratch(&scratch_key),
        admitting: &admitting,
    };
    let read = gather(&gathering, &delivery.layout, file, &context, telling);
    let stopped = |stopped| match stopped {
        Stopped::Refused(what) => refused(what),
        Stopped::Store(error) => error.into(),
    };
    let mut gathered = read.map_err(stopped)?;
    check_totals(&gathered.summary, delivery.control_totals)?;
    if gathered.entries == 0 {
        return Err(nothing_to_load(bureau, furnisher.number, delivery, gathered, now)?);
    }
    let about = delivery.subject.as_ref().map(|subject| bureau.pseudonymiser.subject(subject));
    let same = |before: &DeliveryRecord| {
        before.furnisher == furnisher.number
            && before.file_hash == gathered.file_hash
            && before.layout == layout
            && (before.month, before.about, before.provenance) == (delivery.month, about, delivery.provenance)
            && before.awaiting_consent == gathered.counts.awaiting_consent
    };
    if let Some((number, state)) = delivered_before(&snapshot, same)? {
        return Err(IngestError::AlreadyDelivered(number, state));
    }

    // Sort, and load in one pass under a number that nobody sees yet.
    let open = bureau.store.begin_delivery()?.in_one_batch_up_to(settings.one_batch_bytes);
    // Once more, now that no other delivery can come between: two of the same file may have been read side by side.
    if let Some((number, state)) = delivered_before(&bureau.snapshot(), same)? {
        return Err(IngestError::AlreadyDelivered(number, state));
    }
    let (loaded, duplicates) = load(bureau, &open, &gathered, nonce, telling).map_err(stopped)?;
    for reject in &duplicates {
        (telling.rejects)(reject);
    }
    let rejected = gathered.rejects + duplicates.len() as u64;
    let counts = &mut gathered.counts;
    counts.quality.refused += duplicates.len() as u64;
    counts.quality.records = gathered.summary.records.saturating_sub(counts.without_consent + counts.forbidden);
    let mut rejects = std::mem::take(&mut gathered.kept_rejects);
    rejects.extend(duplicates.into_iter().take(REJECTS_KEPT_MAX.saturating_sub(rejects.len())));

    // Record: the commit makes the whole delivery visible with its entry, or keeps it apart.
    let digest = loaded.digest().clone();
    let counts = gathered.counts;
    let record = DeliveryRecord {
        number: open.number(),
        kind: DeliveryKind::Report,
        furnisher: furnisher.number,
        layout: layout.clone(),
        layout_hash: delivery.layout.text_hash(),
        month: delivery.month,
        about,
        provenance: delivery.provenance,
        file_hash: gathered.file_hash,
        file_bytes: gathered.file_bytes,
        recorded_at: now,
        records: gathered.summary.records,
        rejects: rejected,
        awaiting_consent: counts.awaiting_consent,
        subjects: digest.subjects,
        facts: digest.facts,
        not_admitted: counts
            .not_admitted
            .into_iter()
            .map(|(category, count)| (category, first_reason(&gate, category), count))
            .collect(),
        admitted_under: admitted_under(&gate),
        quality: counts.quality,
        rulebook: bureau.rulebook.label().to_owned(),
        facts_root: digest.root,
    };
    let quarantined = record.quality.index_bp() < settings.quarantine_below_bp;
    let event = if quarantined { Event::DeliveryQuarantined } else { Event::DeliveryAdmitted };
    let recorded = bureau.record(Changes::make_visible(loaded), event(record.clone()), now)?;

    // Answer.
    Ok(Ingested {
        delivery: record,
        quarantined,
        rejects,
        set_aside: gathered.summary.set_aside,
        findings: gathered.summary.findings,
        control_totals: gathered.summary.control_totals,
        recorded,
    })
}

/// Sorts and loads what was gathered. Gives the records refused as duplicates too, in the order of the file.
fn load(
    bureau: &Bureau,
    open: &OpenDelivery<'_>,
    gathered: &Gathered,
    nonce: [u8; 12],
    telling: &mut Telling<'_>,
) -> Result<(Loaded, Vec<Reject>), Stopped> {
    let arranging = Arranging { bureau, open, nonce, gathered, threads: bureau.settings.threads };
    let mut loaded = 0;
    arranging.run(|next| {
        open.load(|| {
            loaded += 1;
            let (rejects, bytes) = (gathered.rejects, gathered.file_bytes);
            (telling.progress)(Progress { stage: "loading", done: loaded, rejects, bytes });
            next()
        })
    })
}

/// Merges what many deliveries have left, as far as it is due, so that files stay quick to find: to be called after each delivery,
/// when its answer has been given. Nothing depends on it: what fails here is tried again after the next.
///
/// # Errors
/// [`OperationError`] if the disk refuses; nothing is lost then.
pub fn merge(bureau: &Bureau, progress: &mut dyn FnMut(Progress)) -> Result<(), OperationError> {
    progress(Progress { stage: "merging", done: 0, rejects: 0, bytes: 0 });
    Ok(bureau.store.merge(bureau.settings.threads, &|_, _| {})?)
}

/// Merges all that deliveries have left into one place for each part of the subjects, and takes the facts of discarded deliveries off the
/// disk: smaller and quicker to read than [`merge`] leaves it, for the price of writing everything once more. For quiet hours.
///
/// # Errors
/// [`OperationError`] if the disk refuses; nothing is lost then.
pub fn compact(
    bureau: &Bureau,
    now: Timestamp,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<(), OperationError> {
    let record = |removal: Removal| {
        bureau.record(Changes::none(), Event::FactsRemoved(Box::new(removal)), now)?;
        Ok::<_, OperationError>(())
    };
    bureau.store.compact(bureau.settings.threads, &record, progress)
}

fn refusals(gate: &Gate) -> Vec<Reason> {
    let mut refusals: Vec<Reason> = Vec::new();
    for (_, _, admission) in gate.admissions() {
        if let Admission::NotAdmitted { reasons } = admission {
            refusals.extend(reasons.iter().filter(|reason| !refusals.contains(reason)).cloned().collect::<Vec<_>>());
        }
    }
    refusals
}

/// Records that a delivery was kept out before anything of it was read.
fn not_admitted(
    bureau: &Bureau,
    furnisher: u16,
    delivery: &Delivery,
    reasons: Vec<Reason>,
    now: Timestamp,
) -> Result<IngestError, OperationError> {
    let denial = denial(bureau, furnisher, delivery, [0; 32], reasons.clone());
    let recorded = bureau.record(Changes::none(), Event::DeliveryDenied(denial), now)?;
    Ok(IngestError::NotAdmitted(reasons, Box::new(recorded)))
}

fn denial(
    bureau: &Bureau,
    furnisher: u16,
    delivery: &Delivery,
    file_hash: [u8; 32],
    reasons: Vec<Reason>,
) -> DeliveryDenial {
    let rulebook = bureau.rulebook.label().to_owned();
    DeliveryDenial { furnisher, layout: delivery.layout.name(), file_hash, reasons, rulebook }
}

/// Why nothing is left of a delivery that was read to its end: a rule keeps every record out, which is a denial and is
/// recorded, or the records themselves are bad.
fn nothing_to_load(
    bureau: &Bureau,
    furnisher: u16,
    delivery: &Delivery,
    gathered: Gathered,
    now: Timestamp,
) -> Result<IngestError, OperationError> {
    let (rejects, kept, counts) = (gathered.rejects, gathered.kept_rejects, gathered.counts);
    if rejects == 0 || counts.without_consent + counts.forbidden != rejects {
        let FileSummary { records, set_aside, .. } = gathered.summary;
        return Ok(IngestError::NothingToLoad { rejects: kept, records, count: rejects, set_aside });
    }
    let reasons: Vec<Reason> = counts.denied_by.into_iter().collect();
    let event = Event::DeliveryDenied(denial(bureau, furnisher, delivery, gathered.file_hash, reasons.clone()));
    let recorded = Box::new(bureau.record(Changes::none(), event, now)?);
    if counts.without_consent > 0 {
        return Ok(IngestError::NoConsent(kept, rejects, recorded));
    }
    Ok(IngestError::NotAdmitted(reasons, recorded))
}

/// The first rule by which values of a category, or of some subjects in it, stayed outside.
fn first_reason(gate: &Gate, category: DataCategory) -> Reason {
    let of_category = gate.admissions().filter(|(_, known, _)| *known == category);
    let reasons = of_category.flat_map(|(_, _, admission)| match admission {
        Admission::NotAdmitted { reasons } => reasons.clone(),
        Admission::Admitted { reasons, .. } => {
            // Let in with a consent that these subjects have not given.
            reasons.iter().map(|reason| Reason { code: "no_recorded_consent".to_owned(), ..reason.clone() }).collect()
        }
    });
    reasons.into_iter().next().unwrap_or_else(|| Reason { rule: "none".to_owned(), code: "not_admitted".to_owned() })
}

fn admitted_under(gate: &Gate) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = gate
        .admissions()
        .filter_map(|(_, _, admission)| match admission {
            Admission::Admitted { reasons, .. } => Some(reasons.clone()),
            Admission::NotAdmitted { .. } => None,
        })
        .flatten()
        .collect();
    reasons.sort();
    reasons.dedup();
    reasons
}

fn check_totals(summary: &FileSummary, control_totals: ControlTotals) -> Result<(), IngestError> {
    if !summary.control_totals_bind || control_totals == ControlTotals::Report {
        return Ok(());
    }
    let disagreeing: Vec<_> = summary.control_totals.iter().filter(|total| !total.agrees()).cloned().collect();
    if disagreeing.is_empty() { Ok(()) } else { Err(IngestError::ControlTotals(disagreeing)) }
}

/// The delivery this file came in before, if it did: the same bytes of the same furnisher by the same layout for the same
/// month, about the same subject and of the same provenance. Not if some of it waited for a consent that has come since, nor
/// if it was discarded: then it is worth delivering again.
fn delivered_before(
    snapshot: &Snapshot<'_>,
    same: impl Fn(&DeliveryRecord) -> bool,
) -> Result<Option<(DeliveryNumber, DeliveryState)>, StoreError> {
    for delivery in snapshot.deliveries() {
        let StoredDelivery { state, record, .. } = delivery?;
        if record.kind == DeliveryKind::Report && state != DeliveryState::Discarded && same(&record) {
            return Ok(Some((record.number, state)));
        }
    }
    Ok(None)
}
