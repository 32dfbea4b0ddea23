//! The delivery of a payment platform: monthly aggregates, never a payment, as `samples/layouts/profile.toml` maps it.

use std::io::{self, Write};

use tallystick_model::Month;
use tallystick_model::payment_profile::{Flow, PaymentProfileMonth, Provenance};

use super::card::put_resident_id;
use super::expect::{Expected, Reported};
use super::fault::{Fault, Faults, PossibleFault, RecordOf};
use super::line::Line;
use super::people::Person;
use super::wallet::profile;
use super::{Town, Written, write_rows};

const HEADER: &str = "resident_id,wallet,month,active_days,spending_count,spending,deferred_count,deferred,refunds_count,\
                      refunds,transfers_out_count,transfers_out,repayments_count,repayments,fees_count,fees,closed_count,\
                      closed,own_moves_count,own_moves,income_count,income,investments_count,investments\n";

const POSSIBLE_FAULTS: [PossibleFault; 4] = [
    (Fault::WrongCheckDigit, "resident_id"),
    (Fault::MissingMonth, "month"),
    (Fault::NotAnAmount, "spending"),
    (Fault::ShortRow, "row"),
];

const LAYOUT: u64 = 3;

struct Row {
    record: u64,
    person: Person,
    profile: PaymentProfileMonth,
    fault: Option<PossibleFault>,
}

impl Town {
    /// The aggregates of a person's wallet for a month, as the platform itself states them; `None` without a wallet.
    pub fn payment_profile(&self, person: &Person, month: Month) -> Option<PaymentProfileMonth> {
        let platform = person.wallet?;
        let payments = self.payments(person, platform, month);
        Some(profile(&payments, platform, Provenance::FurnisherSigned))
    }

    /// The number of a person's wallet.
    pub fn wallet_account(&self, person: u64) -> String {
        format!("W{person:010}")
    }
}

fn rows(town: Town, month: Month, people: impl IntoIterator<Item = u64>, faults: &Faults) -> impl Iterator<Item = Row> {
    let mut payments = Vec::new();
    let wallets = town.residents(people).filter_map(move |index| {
        let person = town.person(index);
        let platform = person.wallet?;
        town.payments_into(&person, platform, month, &mut payments);
        Some((person, profile(&payments, platform, Provenance::FurnisherSigned)))
    });
    wallets.zip(1..).map(move |((person, profile), record)| {
        let place = RecordOf { layout: LAYOUT, month, index: person.index, record };
        Row { record, person, profile, fault: faults.of(&town, place, &POSSIBLE_FAULTS) }
    })
}

/// Writes the month's delivery about those of `people` who have a wallet, whichever platform's words it speaks.
///
/// # Errors
/// Those of `out`.
pub fn write_payment_profile_csv(
    town: &Town,
    month: Month,
    people: impl IntoIterator<Item = u64>,
    faults: &Faults,
    out: &mut impl Write,
) -> io::Result<Written> {
    write_rows(HEADER, rows(*town, month, people, faults), out, |line, row| put(line, month, row))
}

/// The flows in the order of their columns.
fn flows(profile: &PaymentProfileMonth) -> [Flow; 10] {
    [
        profile.spending,
        profile.deferred,
        profile.refunds,
        profile.transfers_out,
        profile.repayments,
        profile.fees,
        profile.closed,
        profile.own_moves,
        profile.income.unwrap_or_default(),
        profile.investments.unwrap_or_default(),
    ]
}

/// Writes a row; tells whether it has a fault.
fn put<W: Write>(line: &mut Line<'_, W>, month: Month, row: &Row) -> bool {
    let fault = row.fault.map(|(fault, _)| fault);
    put_resident_id(line, &row.person, fault);
    line.text(",W").number(i64::try_from(row.person.index).unwrap_or(0), 10).byte(b',');
    if fault != Some(Fault::MissingMonth) {
        line.month(month, "-");
    }
    line.byte(b',').number(i64::from(row.profile.active_days), 1);
    let columns = if fault == Some(Fault::ShortRow) { 9 } else { 10 };
    for (place, flow) in flows(&row.profile).iter().take(columns).enumerate() {
        line.byte(b',').number(i64::from(flow.count), 1).byte(b',').yuan(flow.minor);
        if place == 0 && fault == Some(Fault::NotAnAmount) {
            line.byte(b'?');
        }
    }
    row.fault.is_some()
}

/// What each row of [`write_payment_profile_csv`] should become, in the order of the rows.
pub fn payment_profile_truth(
    town: &Town,
    month: Month,
    people: impl IntoIterator<Item = u64>,
    faults: &Faults,
) -> impl Iterator<Item = Expected> {
    let town = *town;
    rows(town, month, people, faults).map(move |Row { record, person, profile, fault }| match fault {
        Some(fault) => Expected::rejected(record, fault),
        None => Expected::reported(
            record,
            Reported {
                profile: Some(profile),
                ..Reported::about(person.identifier().into_iter().collect(), town.wallet_account(person.index), month)
            },
        ),
    })
}
