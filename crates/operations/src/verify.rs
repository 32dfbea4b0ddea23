//! Verify: everything that can be derived again is, and compared.

use tallystick_model::SubjectId;
use tallystick_model::event::Event;
use tallystick_store::check::{self, Finding, Progress, Report};

use crate::bureau::Bureau;

/// Checks the whole bureau: the store, and that the rulebook it runs under is the one it was founded under.
pub fn verify(bureau: &Bureau, progress: Progress<'_>) -> Report {
    let mut report = check::check(&bureau.store, progress);
    match bureau.snapshot().events(SubjectId::BUREAU) {
        Err(error) => report.findings.push(Finding { place: "events".to_owned(), what: error.to_string() }),
        Ok(events) => {
            let founded = events.iter().find_map(|recorded| match &recorded.event {
                Event::BureauFounded(founding) => Some(founding),
                _ => None,
            });
            let label = bureau.rulebook.label();
            let what = match founded {
                None => Some("the log has no founding of this bureau".to_owned()),
                Some(founding) if founding.rulebook_hash != bureau.rulebook.hash() => {
                    Some(format!("`{label}` is not what `{}` was when the bureau was founded", founding.rulebook))
                }
                Some(_) => None,
            };
            report.findings.extend(what.map(|what| Finding { place: "rulebook".to_owned(), what }));
        }
    }
    report
}
