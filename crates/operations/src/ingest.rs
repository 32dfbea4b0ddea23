//! Ingest: a furnisher's delivery becomes visible facts, wholly or not at all.

use std::io::{BufRead, BufReader, Read};

use sha2::{Digest, Sha256};
use tallystick_intake::{ControlTotal, FileSummary, Layout, ReadContext, Refused, Reject, read_delivery};
use tallystick_model::delivery::{DeliveryKind, DeliveryRecord};
use tallystick_model::event::{DeliveryDenial, Event};
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
    /// Records read, rejects among them; while loading, facts loaded.
    pub done: u64,
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
    NotAdmitted(Vec<Reason>, Box<Recorded>),
    /// Every record of it lacks a recorded consent of its subject.
    #[error("no subject of this delivery has consented to it")]
    NoConsent(Vec<Reject>, u64, Box<Recorded>),
    /// Every record of it was rejected, or there was none.
    #[error("nothing of this delivery can be loaded: {1} records, {2} rejects")]
    NothingToLoad(Vec<Reject>, u64, u64),
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
        let denial = denial(bureau, furnisher.number, delivery, [0; 32], refusals(&gate));
        let reasons = denial.reasons.clone();
        let recorded = bureau.record(Changes::none(), Event::DeliveryDenied(denial), now)?;
        return Err(IngestError::NotAdmitted(reasons, Box::new(recorded)));
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
    let mut facts = DeliveryFacts::new(bureau, &snapshot, &gate, furnisher.number, now.month(), progress);
    let read = read_delivery(&delivery.layout, &mut input, &context, &mut facts);
    if let Some(error) = facts.failed.take() {
        return Err(error.into());
    }
    let layout = delivery.layout.name();
    let summary = read.map_err(|refused| IngestError::Refused { layout: layout.clone(), refused })?;
    let (file_hash, file_bytes) =
        finish(input).map_err(|error| IngestError::Refused { layout: layout.clone(), refused: Refused::Io(error) })?;
    check_totals(&summary, delivery.control_totals)?;
    if facts.is_empty() {
        return Err(nothing_to_load(bureau, furnisher.number, delivery, file_hash, summary.records, facts, now)?);
    }
    let awaiting = facts.awaiting_consent;
    let before = delivered_before(&snapshot, furnisher.number, &layout, delivery.month, &file_hash, awaiting)?;
    if let Some(number) = before {
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
    // One for the delivery: each fact is sealed under a key of its own, and a number given again after a restored backup must
    // not seal another text under the same key and nonce.
    let nonce = bureau.random();
    let salts = facts.keep_salts(&open)?;
    let loaded = open.load(facts.into_stored(&open, &salts, nonce))?;

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

fn refusals(gate: &Gate) -> Vec<Reason> {
    let mut refusals: Vec<Reason> = Vec::new();
    for (_, _, admission) in gate.admissions() {
        if let Admission::NotAdmitted { reasons } = admission {
            refusals.extend(reasons.iter().filter(|reason| !refusals.contains(reason)).cloned().collect::<Vec<_>>());
        }
    }
    refusals
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
    file_hash: [u8; 32],
    records: u64,
    facts: DeliveryFacts<'_>,
    now: Timestamp,
) -> Result<IngestError, OperationError> {
    let (rejects, kept) = (facts.rejects, facts.kept_rejects);
    if rejects == 0 || facts.without_consent + facts.forbidden != rejects {
        return Ok(IngestError::NothingToLoad(kept, records, rejects));
    }
    let reasons: Vec<Reason> = facts.denied_by.into_iter().collect();
    let event = Event::DeliveryDenied(denial(bureau, furnisher, delivery, file_hash, reasons.clone()));
    let recorded = Box::new(bureau.record(Changes::none(), event, now)?);
    if facts.without_consent > 0 {
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
/// month. Not if some of it waited for a consent that has come since: then it is worth delivering again.
fn delivered_before(
    snapshot: &Snapshot<'_>,
    furnisher: u16,
    layout: &str,
    month: Option<Month>,
    file_hash: &[u8; 32],
    awaiting_consent: u64,
) -> Result<Option<DeliveryNumber>, StoreError> {
    for (number, _) in snapshot.deliveries() {
        let Some(record) = snapshot.delivery(number)? else { continue };
        if record.kind == DeliveryKind::Report
            && record.awaiting_consent == awaiting_consent
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
