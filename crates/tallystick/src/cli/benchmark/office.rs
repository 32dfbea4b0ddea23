//! The bureau that is measured: a real one, with real keys, founded for the purpose.

use std::path::Path;

use anyhow::{Context, Result};
use tallystick_audit::CheckpointSigner;
use tallystick_model::consent::{ConsentForm, ConsentScope};
use tallystick_model::consent_terms::ConsentTerms;
use tallystick_model::inquiry::{Outcome, Purpose};
use tallystick_model::member::{ConsentDuty, MemberKind, MemberRole};
use tallystick_model::{DataCategory, Identifier, Pseudonymiser, Timestamp};
use tallystick_operations::consent::{Grant, grant};
use tallystick_operations::ingest::Settings;
use tallystick_operations::inquire::{Inquiry, consider};
use tallystick_operations::member::{Application, admit};
use tallystick_operations::{Bureau, Entropy};
use tallystick_store::Store;

use super::machine::{Times, Watch};
use crate::config;
use crate::entropy::SystemEntropy;

const NAME: &str = "bureau.example/benchmark";

/// Code of the furnisher. It is the first member.
pub(super) const FURNISHER: &str = "CARD";

/// Its number.
pub(super) const FURNISHER_NUMBER: u16 = 1;

/// Code of the subscriber.
const SUBSCRIBER: &str = "BANK";

/// Founds a bureau with a furnisher and a subscriber.
pub(super) fn found(folder: &Path, rulebook: &str, now: Timestamp) -> Result<Bureau> {
    let entropy = || Box::new(SystemEntropy) as Box<dyn Entropy>;
    let bureau = config::found(folder, NAME, rulebook, entropy, now)?;
    // What is measured is on tables, however little it is.
    let settings = Settings { one_batch_bytes: 0, ..bureau.settings() };
    let bureau = bureau.with_settings(settings);
    for (code, kind, role) in [
        (FURNISHER, MemberKind::CardIssuer, MemberRole::Furnisher),
        (SUBSCRIBER, MemberKind::Bank, MemberRole::Subscriber),
    ] {
        let duty = if role == MemberRole::Furnisher { ConsentDuty::Attested } else { ConsentDuty::Nothing };
        let application = Application { code: code.to_owned(), name: code.to_owned(), kind, roles: vec![role], duty };
        admit(&bureau, application, now)?;
    }
    Ok(bureau)
}

/// The pseudonymiser of the bureau in `folder`.
pub(super) fn pseudonymiser(folder: &Path) -> Result<Pseudonymiser> {
    Ok(Pseudonymiser::new(&config::keys(folder)?.pseudonym))
}

/// The store of the bureau in `folder`, without the bureau.
pub(super) fn store(folder: &Path) -> Result<Store> {
    let keys = config::keys(folder)?;
    let signer = CheckpointSigner::new(NAME, keys.signing.expose())?;
    Ok(Store::open(folder, signer, Pseudonymiser::new(&keys.pseudonym).key_check())?)
}

/// How long consents hold, in milliseconds: a year.
const CONSENT_MILLIS: i64 = 365 * 86_400_000;

/// Inquires about subjects, each of whom has consented just before; the consent is not timed. Every one must be answered
/// with a report. Gives the times of deciding and making the report, and of all with the durable record.
pub(super) fn inquiries(
    bureau: &Bureau,
    subjects: impl Iterator<Item = Result<Identifier>>,
    now: Timestamp,
) -> Result<(Times, Times)> {
    let (mut considering, mut whole) = (Times::default(), Times::default());
    for identifier in subjects {
        let identifier = identifier?;
        let agreed = Grant {
            identifier: identifier.clone(),
            member: SUBSCRIBER.to_owned(),
            scope: ConsentScope::Inquire,
            purposes: vec![Purpose::CreditApplication],
            categories: vec![DataCategory::Credit],
            form: ConsentForm::Written,
            valid_until: Timestamp::from_millis(now.millis() + CONSENT_MILLIS)?,
            evidence: [0; 32],
            terms: ConsentTerms::default(),
        };
        grant(bureau, agreed, now)?;
        let inquiry = Inquiry::report(SUBSCRIBER.to_owned(), identifier, Purpose::CreditApplication);
        let begun = Watch::start();
        let considered = considering.take(|| consider(bureau, &inquiry, now))?;
        let answer = considered.record(bureau)?;
        whole.add(begun.elapsed());
        let is_reported = answer.outcome == Outcome::Permitted && answer.report.is_some();
        is_reported.then_some(()).context("an inquiry with consent about a loaded subject got no report")?;
    }
    Ok((considering, whole))
}
