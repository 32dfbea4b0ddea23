//! Past answers: after any history each one comes to what its record says, unless a removal on record explains it.

use tallystick_model::SubjectId;
use tallystick_model::event::Event;
use tallystick_operations::receipts;
use tallystick_operations::reproduce::{Finding, reproduce};

use super::World;

impl World<'_> {
    /// Makes every past answer once more, by its receipt.
    pub(super) fn reproduce(&mut self) -> Result<(), String> {
        let bureau = self.bureau()?;
        let (mut same, mut removed) = (0, 0);
        for (place, (_, event)) in self.reference.log.iter().enumerate() {
            if !matches!(event, Event::Inquiry(_) | Event::OwnReportViewed(_) | Event::TransferDecided(_)) {
                continue;
            }
            let index = u64::try_from(place).unwrap_or(u64::MAX);
            let receipt = receipts::of_entry(bureau, event.subject(), index).map_err(|error| error.to_string())?;
            let reproduced = reproduce(bureau, &[], &receipt).map_err(|error| error.to_string())?;
            match reproduced.finding {
                Finding::Same => same += 1,
                Finding::Removed(by) if !by.is_empty() && by == self.removals(event.subject(), place, &by) => {
                    removed += 1
                }
                other => return Err(format!("the answer at entry {index} is not reproduced: {other:?}")),
            }
        }
        self.tally.reproduced[0] += same;
        self.tally.reproduced[1] += removed;
        Ok(())
    }

    /// Those of `named` that took something from the subject's file after the entry at `place`.
    fn removals(&self, subject: SubjectId, place: usize, named: &[u64]) -> Vec<u64> {
        let after = self.reference.log.iter().enumerate().skip(place + 1);
        let takes = |event: &Event| {
            let leaves_the_disk = matches!(event, Event::FactsRemoved(removal) if removal.subject == subject);
            leaves_the_disk || event.erases() == Some(subject)
        };
        after
            .filter(|(_, (_, event))| takes(event))
            .filter_map(|(place, _)| u64::try_from(place).ok())
            .filter(|index| named.contains(index))
            .collect()
    }
}
