//! A charter in words: every line of it, and what an amendment changes.

use tallystick_model::charter::{Charter, Deadlock, Measure};
use tallystick_operations::Bureau;

use crate::cli::line;

pub(super) fn percent(bp: u16) -> String {
    format!("{}.{:02}", bp / 100, bp % 100)
}

/// Every line of a charter: whoever votes on it reads all it says.
pub(super) fn charter(charter: &Charter) -> Vec<String> {
    let mut lines = Vec::new();
    for partner in &charter.partners {
        let weight = percent(partner.weight_bp);
        lines
            .push(line("partner", format_args!("{} ({}) {weight} %, key {}", partner.code, partner.name, partner.key)));
    }
    for seat in &charter.seats {
        let vetoes: Vec<_> = seat.vetoes.iter().map(|matter| matter.code()).collect();
        let vetoes = if vetoes.is_empty() { "no veto".to_owned() } else { format!("veto on {}", vetoes.join(", ")) };
        lines.push(line("seat", format_args!("{} ({}), {vetoes}, key {}", seat.code, seat.name, seat.key)));
    }
    for rule in &charter.rules {
        let consent = match rule.consent_of.as_slice() {
            [] => String::new(),
            seats => format!(", with the consent of {}", seats.join(", ")),
        };
        let quorum = match rule.quorum_bp {
            0 => "no quorum".to_owned(),
            quorum => format!("{} % taking part", percent(quorum)),
        };
        let share = percent(rule.share_bp);
        lines.push(line("rule", format_args!("{}: {share} % in favour, {quorum}{consent}", rule.matter)));
    }
    let deadlock = match &charter.deadlock {
        Deadlock::StatusQuo => "nothing changes".to_owned(),
        Deadlock::CastingSeat(seat) => format!("`{seat}` casts the vote"),
        Deadlock::SecondRound(share) => format!("a second round for {} %", percent(*share)),
    };
    let (voting, enactment) = (charter.voting_hours, charter.enact_within_hours);
    lines.push(line("time", format_args!("votes {voting} hours, enactment within {enactment}; deadlock: {deadlock}")));
    lines
}

/// The lines of the charter in force that an amendment takes away, and those it puts there; none of another measure.
pub(super) fn changes(bureau: &Bureau, measure: &Measure) -> Vec<String> {
    let Measure::Amend(new) = measure else { return Vec::new() };
    let government = bureau.government();
    let Some(government) = government.as_ref() else { return Vec::new() };
    let (old, new) = (charter(government.charter()), charter(new));
    let gone = old.iter().filter(|said| !new.contains(said)).map(|said| line("goes", said));
    let come = new.iter().filter(|said| !old.contains(said)).map(|said| line("comes", said));
    gone.chain(come).collect()
}
