//! Ingest: a furnisher's delivery becomes visible facts, wholly or not at all.

use std::io::{BufRead, BufReader, Read};

use sha2::{Digest, Sha256};
use tallystick_intake::{ControlTotal, FileSummary, Layout, ReadContext, Refused, Reject, read_delivery};
use tallystick_model::delivery::{DeliveryKind, DeliveryRecord};
use tallystick_model::event::Event;
use tallystick_model::fact::DeliveryNumber;
use tallystick_model::inquiry::Reason;
use tallystick_model::member::MemberRole;
use tallystick_model::payment_profile::Provenance;
use tallystick_model::{DataCategory, Identifier, Month, Timestamp};
use tallystick_policy::{Admission, Gate, gate};
use tallystick_store::{Changes, Snapshot, StoreError};
use thiserror::Error;

use crate::bureau::{Bureau, OperationError, Recorded};
use crate::delivery_facts::DeliveryFacts;
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

/// How far an ingest is, told after each record.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is being done: `reading`, `sorting`, `loading`.
    pub stage: &'static str,
    /// Records read, rejects among them.
    pub records: u64,
    /// Records refused.
    pub rejects: u64,
}

/// A delivery that was admitted.
#[derive(Debug)]
pub struct Ingested {
    /// What is kept of it.
    pub delivery: DeliveryRecord,
    /// The first thousand rejects; `delivery.rejects` counts all.
    pub rejects: Vec<Reject>,
    /// Records that count towards no fact, by reason.
    pub set_aside: Vec<(String, u64)>,
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
    NotAdmitted(Vec<(DataCategory, Vec<Reason>)>),
    /// Every record of it lacks a recorded consent of its subject.
    #[error("no subject of this delivery has consented to it")]
    NoConsent(Vec<Reject>),
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
    #[error("this file is delivery {0} already: nothing was changed")]
    AlreadyDelivered(DeliveryNumber),
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
    input: &mut dyn Read,
    now: Timestamp,
    progress: &mut dyn FnMut(Progress),
) -> Result<Ingested, IngestError> {
    // Admit: may this furnisher report these categories, and on what consent?
    let snapshot = bureau.snapshot();
    let furnisher = in_role(snapshot.members(), &delivery.furnisher, MemberRole::Furnisher)?;
    let categories = delivery.layout.categories();
    let gate = gate(&bureau.rulebook, furnisher, categories, now);
    let admitted = DeliveryFacts::admitted(&gate);
    if admitted.iter().next().is_none() {
        return Err(IngestError::NotAdmitted(refusals(&gate)));
    }

    // Read, validate, pseudonymise: record by record, each bad one a reject.
    let context = ReadContext {
        furnisher: furnisher.code.clone(),
        subject: delivery.subject.clone(),
        provenance: delivery.provenance,
        admitted,
        month: delivery.month,
    };
    let mut input = BufReader::with_capacity(1 << 18, Hashed::new(input));
    let mut facts = DeliveryFacts::new(bureau, &snapshot, &gate, furnisher.number, progress);
    let read = read_delivery(&delivery.layout, &mut input, &context, &mut facts);
    if let Some(error) = facts.failed.take() {
        return Err(error.into());
    }
    let layout = delivery.layout.name();
    let summary = read.map_err(|refused| IngestError::Refused { layout: layout.clone(), refused })?;
    let (file_hash, file_bytes) =
        finish(input).map_err(|error| IngestError::Refused { layout: layout.clone(), refused: Refused::Io(error) })?;
    check_totals(&summary, delivery.control_totals)?;
    if facts.is_empty() && facts.without_consent > 0 && facts.without_consent == facts.rejects {
        return Err(IngestError::NoConsent(facts.kept_rejects));
    }
    if let Some(number) = delivered_before(&snapshot, furnisher.number, &layout, delivery.month, &file_hash)? {
        return Err(IngestError::AlreadyDelivered(number));
    }

    // Sort, and load in one pass under a number that nobody sees yet.
    facts.tell("sorting");
    facts.sort();
    let rejects = std::mem::take(&mut facts.kept_rejects);
    let (records, rejected, awaiting_consent) = (summary.records, facts.rejects, facts.awaiting_consent);
    let not_admitted = std::mem::take(&mut facts.not_admitted);
    let open = bureau.store.begin_delivery()?;
    facts.tell("loading");
    let salts = facts.keep_salts(&open)?;
    let loaded = open.load(facts.into_stored(&open, &salts))?;

    // Record: the commit makes the whole delivery visible with its entry.
    let digest = loaded.digest().clone();
    let record = DeliveryRecord {
        number: open.number(),
        kind: DeliveryKind::Report,
        furnisher: furnisher.number,
        layout,
        month: delivery.month,
        file_hash,
        file_bytes,
        recorded_at: now,
        records,
        rejects: rejected,
        awaiting_consent,
        subjects: digest.subjects,
        facts: digest.facts,
        not_admitted: not_admitted
            .into_iter()
            .map(|(category, count)| (category, first_reason(&gate, category), count))
            .collect(),
        admitted_under: admitted_under(&gate),
        rulebook: bureau.rulebook.label().to_owned(),
        facts_root: digest.root,
    };
    let changes = Changes::make_visible(loaded);
    let recorded = bureau.record(changes, Event::DeliveryAdmitted(record.clone()), now)?;

    // Answer.
    Ok(Ingested {
        delivery: record,
        rejects,
        set_aside: summary.set_aside,
        control_totals: summary.control_totals,
        recorded,
    })
}

fn refusals(gate: &Gate) -> Vec<(DataCategory, Vec<Reason>)> {
    let mut refusals: Vec<(DataCategory, Vec<Reason>)> = Vec::new();
    for (_, category, admission) in gate.admissions() {
        if let Admission::NotAdmitted { reasons } = admission
            && !refusals.iter().any(|(known, _)| *known == category)
        {
            refusals.push((category, reasons.clone()));
        }
    }
    refusals
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
/// month. Not one of which something still waits for a consent: that one is worth delivering again.
fn delivered_before(
    snapshot: &Snapshot<'_>,
    furnisher: u16,
    layout: &str,
    month: Option<Month>,
    file_hash: &[u8; 32],
) -> Result<Option<DeliveryNumber>, StoreError> {
    for (number, _) in snapshot.deliveries() {
        let Some(record) = snapshot.delivery(number)? else { continue };
        if record.kind == DeliveryKind::Report
            && record.awaiting_consent == 0
            && record.furnisher == furnisher
            && record.file_hash == *file_hash
            && record.layout == layout
            && record.month == month
        {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// Hashes and counts what is read through it.
struct Hashed<'a> {
    input: &'a mut dyn Read,
    hash: Sha256,
    bytes: u64,
}

impl<'a> Hashed<'a> {
    fn new(input: &'a mut dyn Read) -> Self {
        Self { input, hash: Sha256::new(), bytes: 0 }
    }
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        self.bytes += count as u64;
        Ok(count)
    }
}

/// Reads what the layout left over (nothing, or blank lines) and gives hash and length of the whole file.
fn finish(mut input: BufReader<Hashed<'_>>) -> std::io::Result<([u8; 32], u64)> {
    loop {
        let count = input.fill_buf()?.len();
        if count == 0 {
            break;
        }
        input.consume(count);
    }
    let hashed = input.into_inner();
    Ok((hashed.hash.finalize().into(), hashed.bytes))
}
