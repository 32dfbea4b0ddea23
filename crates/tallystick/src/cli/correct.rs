//! `correct`.

use anyhow::{Result, ensure};
use tallystick_model::Sensitive;
use tallystick_model::tradeline::{AccountStatus, PaymentRating};
use tallystick_operations::correct::{Change, Corrected, Correction, correct};

use super::{End, Told, args, json, line, parse, render};
use crate::{clock, config};

pub(super) fn run(args: &args::Correct) -> Result<Told> {
    let identifier = parse::subject(&args.subject.subject)?;
    let status = args.status.as_deref();
    let status =
        status.map(|text| parse::coded("status", text, AccountStatus::ALL.iter().copied(), AccountStatus::code));
    let rating = args.rating.as_deref().map(|text| {
        let all = (0..=u8::MAX).filter_map(PaymentRating::from_number);
        parse::coded("rating", text, all, PaymentRating::code)
    });
    let change = if args.delete {
        Change::Delete
    } else {
        Change::Set {
            status: status.transpose()?,
            rating: rating.transpose()?,
            balance: args.balance.clone(),
            past_due: args.past_due.clone(),
            paid: args.paid.clone(),
        }
    };
    let says_something = args.delete
        || [&args.status, &args.rating, &args.balance, &args.past_due, &args.paid].iter().any(|value| value.is_some());
    ensure!(says_something, "name what to change, e.g. `--rating current`, or `--delete`");
    let correction = Correction {
        furnisher: args.furnisher.clone(),
        identifier,
        account: Sensitive::new(args.account.clone()),
        month: parse::month(&args.month)?,
        change,
        reason: args.reason.clone(),
    };
    let bureau = config::open(&args.folder.folder)?;
    let corrected = correct(&bureau, &correction, clock::now())?;
    let files = super::rights::notices::write(&args.folder.folder, &bureau, &corrected.told)?;
    let mut told = tell(&corrected, &args.month);
    told.lines.extend(files.iter().map(|path| line("notice", path)));
    json::put(&mut told.json, "notices", json!(files));
    Ok(told)
}

/// Tells a correction.
pub(super) fn tell(corrected: &Corrected, month: &str) -> Told {
    let before = render::tradeline(&corrected.before);
    let after = corrected.after.as_ref().map_or("deleted".to_owned(), render::tradeline);
    Told::new(
        End::Ok,
        vec![
            line(
                "ok",
                format_args!(
                    "correction is delivery {} and supersedes what stood for {month}",
                    corrected.delivery.number
                ),
            ),
            line("before", &before),
            line("after", &after),
            render::receipt(&corrected.recorded),
        ],
        json!({
            "result": "ok",
            "subject": corrected.subject.to_string(),
            "delivery": corrected.delivery.number.0,
            "before": json::tradeline(&corrected.before),
            "after": corrected.after.as_ref().map(json::tradeline),
            "recorded": json::recorded(&corrected.recorded),
        }),
    )
}
