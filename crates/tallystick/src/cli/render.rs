//! Results as lines for people.

use tallystick_model::consent::{ConsentState, ConsentStatus, Refusal};
use tallystick_model::consent_terms::{Actor, DataRange, Fetch, Frequency, Span, SpanUnit};
use tallystick_model::inquiry::{Asked, Detail, Outcome, Ranges, Reason};
use tallystick_model::money::DecimalMinor;
use tallystick_model::payment_profile::{Flow, PaymentProfileMonth};
use tallystick_model::rights::{Dispute, DisputeState};
use tallystick_model::tradeline::{Liability, TradelineMonth};
use tallystick_model::withdrawal::Withdrawal;
use tallystick_model::{Currency, DataCategory, Date, Money, Timestamp};
use tallystick_operations::beside::{Beside, RightsPart, Told};
use tallystick_operations::bureau::Recorded;
use tallystick_operations::report::{Access, Account, Agreement, Report, SubjectPart, Wallet};
use tallystick_policy::{Charge, sentence};
use tallystick_scoring::summary::Summary;

use super::line;
use super::rights::told as told_of;

/// Months of an account or wallet shown to people; `--json` has all.
const MONTHS_SHOWN: usize = 12;

/// A count with its noun: `1 record`, `2 records`, `3 entries`.
pub(super) fn counted(count: impl Into<u64>, noun: &str) -> String {
    match (count.into(), noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (count, Some(stem)) => format!("{count} {stem}ies"),
        (count, None) => format!("{count} {noun}s"),
    }
}

/// One line for each rule that decided, with its meaning.
pub(super) fn reasons(word: &str, reasons: &[Reason]) -> Vec<String> {
    let sentence = |reason: &Reason| tallystick_policy::sentence(&reason.code);
    reasons
        .iter()
        .map(|reason| line(word, format_args!("{} {}: {}", reason.rule, reason.code, sentence(reason))))
        .collect()
}

/// Where an entry is in the log, and what proves it.
pub(super) fn receipt(recorded: &Recorded) -> String {
    let receipt = &recorded.receipt;
    let mut note = receipt.checkpoint.lines();
    let (origin, size, root) = (note.next(), note.next(), note.next().and_then(|root| root.get(..16)));
    line(
        "receipt",
        format_args!(
            "entry {} ({}) of {} in {}, root {}…",
            receipt.index,
            recorded.entry.kind,
            size.unwrap_or("?"),
            origin.unwrap_or("?"),
            root.unwrap_or("?")
        ),
    )
}

fn amount(currency: Currency, minor: Option<i64>) -> String {
    minor.map_or("not reported".to_owned(), |minor| Money { minor, currency }.to_string())
}

fn list(codes: impl Iterator<Item = &'static str>) -> String {
    codes.collect::<Vec<_>>().join(",")
}

/// One month of an account.
pub(super) fn tradeline(month: &TradelineMonth) -> String {
    let mut text =
        format!("{} {}, balance {}", month.status, month.rating.code(), amount(month.currency, month.balance_minor));
    for (name, minor) in [
        ("past due", month.past_due_minor.filter(|minor| *minor != 0)),
        ("limit", month.limit_minor),
        ("paid", month.paid_minor),
    ] {
        if let Some(minor) = minor {
            let digits = month.currency.minor_digits();
            text.push_str(&format!(", {name} {}", DecimalMinor { minor, digits }));
        }
    }
    text
}

/// One consent with its state at `now`.
pub(super) fn consent(state: &ConsentState, member: &str, now: Timestamp) -> String {
    let consent = &state.consent;
    let for_what = if consent.purposes.is_empty() {
        String::new()
    } else {
        format!(" for {}", list(consent.purposes.iter().map(|purpose| purpose.code())))
    };
    let standing = match (state.withdrawn_at, state.status_at(now)) {
        (Some(at), _) => format!("withdrawn {}", at.date()),
        (None, ConsentStatus::Expired) => format!("expired {}", consent.valid_until.date()),
        (None, ConsentStatus::Paused) => format!("paused, until {}", consent.valid_until.date()),
        (None, _) => format!("until {}", consent.valid_until.date()),
    };
    let often = match consent.terms.fetch {
        Fetch::Unlimited => String::new(),
        Fetch::OneTime => ", once".to_owned(),
        Fetch::Periodic(Frequency { count, unit }) => format!(", {count} a {unit} at most"),
    };
    let range = consent.terms.data_range;
    let range = range.map_or(String::new(), |range| format!(", of {} to {}", range.from, range.until));
    format!(
        "{} {member} may {} {}{for_what}{often}{range}, {}, {standing}",
        consent.id,
        consent.scope,
        list(consent.categories.iter().map(|category| category.code())),
        consent.form
    )
}

/// What spoke against the way a consent was asked for.
pub(super) fn flags(flags: &[Reason]) -> Vec<String> {
    let flag = |flag: &Reason| line("flag", format_args!("{} {}", flag.rule, sentence(&flag.code)));
    flags.iter().map(flag).collect()
}

/// One refusal.
pub(super) fn refusal(at: Timestamp, refusal: &Refusal, member: &str) -> String {
    let purposes = list(refusal.purposes.iter().map(|purpose| purpose.code()));
    let for_what = if refusal.purposes.is_empty() { String::new() } else { format!(" for {purposes}") };
    let categories = list(refusal.categories.iter().map(|category| category.code()));
    format!("{} that {member} {} {categories}{for_what}", at.date(), refusal.scope)
}

/// What became of a consent, and on what terms it was given.
pub(super) fn consent_story(state: &ConsentState) -> Vec<String> {
    let terms = &state.consent.terms;
    let mut lines = Vec::new();
    let mut term = |name: &str, value: Option<String>| {
        lines.extend(value.map(|value| line("term", format_args!("{name}: {value}"))));
    };
    term("data may be kept", terms.data_life.map(span));
    term("notice", terms.notice_version.clone());
    term("language", terms.language.clone());
    term("channel", terms.channel.map(|channel| channel.meaning().to_owned()));
    term("tied to", terms.bundle.as_ref().map(|bundle| format!("{}, {}", bundle.condition, bundle.necessity)));
    let other = (terms.acting.actor != Actor::Subject).then(|| terms.acting.actor.meaning().to_owned());
    term("given by", other);
    let mut story: Vec<(Timestamp, &str)> = state.uses.iter().map(|at| (*at, "used")).collect();
    for pause in &state.pauses {
        story.push((pause.from, "paused"));
        story.extend(pause.until.map(|until| (until, "resumed")));
    }
    story.extend(state.withdrawn_at.map(|at| (at, "withdrawn")));
    story.sort();
    lines.extend(story.into_iter().map(|(at, what)| line(what, at)));
    lines
}

/// A span of time in words.
pub(super) fn span(span: Span) -> String {
    match span.unit {
        SpanUnit::Unlimited => "without an end".to_owned(),
        unit if span.count == 1 => format!("1 {unit}"),
        unit => format!("{} {unit}s", span.count),
    }
}

/// What a withdrawal has led to.
pub(super) fn withdrawal(withdrawal: &Withdrawal, member: &dyn Fn(u16) -> String) -> Vec<String> {
    let mut lines = Vec::new();
    let codes = |categories: &[DataCategory]| list(categories.iter().map(|category| category.code()));
    if let Some(erasure) = &withdrawal.erasure {
        let facts = counted(u32::try_from(erasure.slots.len()).unwrap_or(u32::MAX), "fact");
        let rules: Vec<_> = erasure.reasons.iter().map(|reason| reason.rule.as_str()).collect();
        lines.push(line(
            "erased",
            format_args!(
                "{} of {} until delivery {}: {facts} ({})",
                codes(&erasure.categories),
                member(erasure.furnisher),
                erasure.until,
                rules.join(" ")
            ),
        ));
    }
    if withdrawal.salt_destroyed {
        lines.push(line("erased", "the key of the subject's sealed texts"));
    }
    for recipient in &withdrawal.recipients {
        let entries: Vec<_> = recipient.inquiries.iter().map(u64::to_string).collect();
        let shown = codes(&recipient.categories);
        lines.push(line(
            "tell",
            format_args!("{}, which was shown {shown}: entries {}", member(recipient.member), entries.join(" ")),
        ));
    }
    lines
}

fn sums(sums: &[(Currency, i64)]) -> String {
    let sums: Vec<_> =
        sums.iter().map(|(currency, minor)| Money { minor: *minor, currency: *currency }.to_string()).collect();
    if sums.is_empty() { "none".to_owned() } else { sums.join(" + ") }
}

fn summary(summary: &Summary) -> Vec<String> {
    let mut lines = Vec::new();
    if summary.accounts > 0 {
        lines.push(line(
            "credit",
            format_args!(
                "{} ({} open) at {}, owed {}, past due {}",
                counted(summary.accounts, "account"),
                summary.accounts_open,
                counted(summary.furnishers, "furnisher"),
                sums(&summary.balance_minor),
                sums(&summary.past_due_minor)
            ),
        ));
        let worst = summary.worst_rating.map_or("none reported", |rating| rating.code());
        let used = summary.utilisation_permille.map_or(String::new(), |permille| {
            format!(", {}.{} % of revolving limits in use", permille / 10, permille % 10)
        });
        let since = summary
            .months_since_adverse
            .map_or(String::new(), |months| format!(", the last {} ago", counted(months + 1, "month")));
        lines.push(line(
            "credit",
            format_args!(
                "{} of 24 months reported: worst {worst}, {}{since}{used}",
                summary.months_reported,
                counted(summary.adverse_months, "adverse month")
            ),
        ));
    }
    if let Some(payments) = summary.payments {
        let money = |minor| Money { minor, currency: payments.currency };
        let income =
            payments.income_minor.map_or("income not released".to_owned(), |minor| format!("income {}", money(minor)));
        lines.push(line(
            "pays",
            format_args!(
                "{} of 12 months: spends {} a month on {} days, {}.{} % deferred, repays in {}, {income}",
                payments.months,
                money(payments.spending_minor),
                payments.active_days,
                payments.deferred_permille / 10,
                payments.deferred_permille % 10,
                counted(payments.repayment_months, "month")
            ),
        ));
    }
    lines
}

fn account(account: &Account) -> Vec<String> {
    let latest = account.months.last();
    let kind = latest.map(|month| month.tradeline.kind).or(account.terms.as_ref().map(|terms| terms.kind));
    let opened = account.terms.as_ref().and_then(|terms| terms.opened);
    let opened = opened.map_or(String::new(), |date| format!(", opened {date}"));
    let liability =
        account.terms.as_ref().map(|terms| terms.liability).filter(|bound| *bound != Liability::Unspecified);
    let liability = liability.map_or(String::new(), |bound| format!(", {bound}"));
    let kind = kind.map_or("account", |kind| kind.code());
    let mut lines = vec![line(
        "account",
        format_args!("{} {kind} at {}{opened}{liability}", account.account, account.furnisher.name),
    )];
    let skipped = account.months.len().saturating_sub(MONTHS_SHOWN);
    for month in account.months.iter().skip(skipped) {
        let corrects = month.corrects.map_or(String::new(), |delivery| format!(" (corrects delivery {delivery})"));
        lines.push(line("", format_args!("{} {}{corrects}", month.month, tradeline(&month.tradeline))));
    }
    for event in &account.events {
        lines.push(line("", format_args!("{} special event {}", event.month, event.code)));
    }
    lines
}

fn agreement(agreement: &Agreement) -> String {
    let limit = amount(agreement.currency, agreement.limit_minor);
    let revolving = if agreement.revolving { "revolving" } else { "not revolving" };
    let date = |word: &str, date: Option<Date>| date.map_or(String::new(), |date| format!(", {word} {date}"));
    let term = date("from", agreement.from) + &date("until", agreement.until);
    let ended = if agreement.ended { ", ended" } else { "" };
    let (account, furnisher, kind) = (agreement.account, &agreement.furnisher.name, &agreement.limit_type);
    line("agreed", format_args!("{account} limit {limit} at {furnisher}, {revolving}, type {kind}{term}{ended}"))
}

fn flow(currency: Currency, name: &str, flow: Flow) -> Option<String> {
    let money = Money { minor: flow.minor, currency };
    (!flow.is_empty()).then(|| format!("{name} {money} in {}", flow.count))
}

fn profile(profile: &PaymentProfileMonth) -> String {
    let flows = [
        ("spent", Some(profile.spending)),
        ("deferred", Some(profile.deferred)),
        ("refunded", Some(profile.refunds)),
        ("sent", Some(profile.transfers_out)),
        ("repaid", Some(profile.repayments)),
        ("received", profile.income),
        ("invested", profile.investments),
    ];
    let told: Vec<_> = flows.into_iter().filter_map(|(name, held)| flow(profile.currency, name, held?)).collect();
    let covered = profile.covered.map(|days| format!(" of {} to {}", days.first(), days.last())).unwrap_or_default();
    format!("{} days{covered}: {}", profile.active_days, told.join(", "))
}

fn wallet(wallet: &Wallet) -> Vec<String> {
    let provenance = wallet.months.last().map_or("", |(_, profile, _)| profile.provenance.code());
    let mut lines = vec![line("wallet", format_args!("{} at {}, {provenance}", wallet.account, wallet.furnisher.name))];
    let skipped = wallet.months.len().saturating_sub(MONTHS_SHOWN);
    for (month, held, _) in wallet.months.iter().skip(skipped) {
        lines.push(line("", format_args!("{month} {}", profile(held))));
    }
    lines
}

fn own(own: &SubjectPart, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    if own.frozen {
        lines.push(line("frozen", "new lenders are kept out"));
    }
    for (state, member) in &own.consents {
        lines.push(line("consent", consent(state, &member.code, now)));
        lines.extend(flags(&state.consent.flags));
    }
    for (at, refused, member) in &own.refusals {
        lines.push(line("refused", refusal(*at, refused, &member.code)));
        lines.extend(flags(&refused.flags));
    }
    for (index, withdrawn) in &own.withdrawals {
        lines.push(line("ended", format_args!("consent {} entry {index}", withdrawn.consent)));
        lines.extend(withdrawal(withdrawn, &|number| format!("member {number}")));
    }
    for mended in &own.corrections {
        let month = mended.slot.month.map_or(String::new(), |month| format!(" {month}"));
        let (date, entry, account) = (mended.at.date(), mended.index, mended.slot.account);
        let (by, superseded) = (&mended.by.name, mended.superseded);
        let why = &mended.reason;
        let what =
            format!("{date} {by} corrected{month} of {account}, said in delivery {superseded}: {why}, entry {entry}");
        lines.push(line("mended", what));
    }
    lines.extend(rights(&own.rights));
    lines.extend(own.accesses.iter().map(access));
    lines
}

fn months(range: DataRange) -> String {
    format!("{} to {}", range.from, range.until)
}

/// Which months are shown, where not all are.
pub(super) fn ranges(ranges: Ranges) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(ranges.all.map(|range| line("months", months(range))));
    lines.extend(ranges.by_consent.map(|(categories, range)| {
        line("months", format_args!("{} of {}", months(range), list(categories.iter().map(|category| category.code()))))
    }));
    lines
}

/// What became of the subject's rights.
fn rights(rights: &RightsPart) -> Vec<String> {
    let mut lines = Vec::new();
    for (whom, until) in &rights.pauses {
        let whom = whom.as_ref().map_or("everyone", |whom| whom.name.as_str());
        lines.push(line("open", format_args!("to {whom} until {until}, in spite of the freeze")));
    }
    for (whom, until) in &rights.codes {
        lines.push(line("code", format_args!("a one-time code for {} waits until {until}", whom.name)));
    }
    lines.extend(rights.opted_out.map(|until| {
        let until = until.map_or_else(|| "for good".to_owned(), |until| format!("until {until}"));
        line("opt-out", format_args!("left out of prescreening {until}"))
    }));
    lines.extend(rights.disputes.iter().map(|of| line("dispute", dispute(of))));
    lines.extend(rights.cases.iter().map(told_of::case));
    lines.extend(rights.requests.iter().map(|state| line("request", told_of::request(state))));
    lines.extend(rights.defaults.iter().map(|(index, alert)| told_of::default_told(*index, alert)));
    lines.extend(rights.hand_overs.iter().map(told_of::hand_over));
    lines.extend(rights.told.iter().map(told));
    if rights.expired > 0 {
        lines.push(line(
            "expired",
            format_args!("{} taken out as its time had run out", counted(rights.expired, "fact")),
        ));
    }
    lines
}

/// That a recipient was told of a correction.
pub(super) fn told(told: &Told) -> String {
    let month = told.slot.month.map_or(String::new(), |month| format!(" {month}"));
    let (date, to, entry) = (told.at.date(), &told.to.name, told.index);
    line("told", format_args!("{date} {to} of the correction of {}{month}, entry {entry}", told.slot.account))
}

/// What a dispute is about, and what became of it.
pub(super) fn dispute(dispute: &Dispute) -> String {
    let slot = dispute.filing.slot;
    let month = slot.month.map_or(String::new(), |month| format!(" {month}"));
    let state = match &dispute.state {
        DisputeState::Open => format!("to be answered by {}", dispute.answer_by().date()),
        DisputeState::Lapsed(at, lapse) => format!("not answered in time, {} on {}", lapse.outcome, at.date()),
        DisputeState::Answered(at, answer) => {
            let owed = answer.compensation.as_ref();
            let owed = owed.map_or(String::new(), |owed| format!(", {}", told_of::compensation(owed)));
            format!("{} on {}: {}{owed}", answer.outcome, at.date(), answer.words)
        }
        DisputeState::Withdrawn(at) => format!("taken back on {}", at.date()),
    };
    let part = dispute.filing.part.map_or(String::new(), |part| format!(" ({part})"));
    let more = match &dispute.extension {
        Some((at, extension)) => format!(" (more time since {} by {})", at.date(), extension.rule),
        None => String::new(),
    };
    let (date, account) = (dispute.at.date(), slot.account);
    format!("entry {} of {date} about {}{part} {account}{month}: {state}{more}", dispute.entry, slot.kind)
}

/// What an own report costs.
pub(super) fn charge(charge: &Charge) -> String {
    let price = charge.price.map_or("a fair price".to_owned(), |price| price.to_string());
    let told = |is_free: bool| if is_free { "free".to_owned() } else { price.clone() };
    let of = charge.free.map_or("all free".to_owned(), |free| format!("{free} free"));
    let (this, next) = (told(charge.is_free), told(charge.next_is_free));
    format!("number {} of the period ({of}): {this}, the next {next} ({})", charge.in_period, charge.rule)
}

/// What stands beside the facts.
pub(super) fn beside(beside: &Beside) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((kind, until)) = beside.alert {
        lines.push(line("alert", format_args!("{kind} until {}: {}", until.date(), kind.meaning())));
    }
    if let Some(text) = &beside.statement {
        lines.push(line("says", format_args!("the subject: {}", text.expose())));
    }
    for marked in &beside.marks {
        let of = marked.account.map_or(String::new(), |account| format!(" of {account}"));
        let month = marked.month.map_or(String::new(), |month| format!(" {month}"));
        let (kind, mark, since) = (marked.kind, marked.mark, marked.since.date());
        let part = marked.part.map_or(String::new(), |part| format!(" ({part})"));
        lines.push(line("marked", format_args!("{kind}{part}{of}{month}, since {since}: {}", mark.meaning())));
    }
    lines
}

/// One access.
pub(super) fn access(access: &Access) -> String {
    let own = if access.actor == Actor::Subject { "yourself" } else { access.actor.code() };
    let by = access.by.as_ref().map_or(own.to_owned(), |by| format!("{} ({})", by.name, by.code));
    let rules: Vec<_> = access.reasons.iter().map(|reason| reason.rule.as_str()).collect();
    let saw = match access.outcome {
        Outcome::Permitted if access.by.is_none() => "saw everything".to_owned(),
        Outcome::Permitted if access.asked.is_some() => {
            let answered = access.answered.map_or("", |answered| answered.code());
            let question = access.asked.map_or(String::new(), question);
            format!("was told `{answered}`: {question}")
        }
        Outcome::Permitted => {
            let released = list(access.released.iter().map(|category| category.code()));
            let months = access.ranges.all.map_or_else(String::new, |range| format!(" of {}", months(range)));
            match access.detail {
                Some(detail) if detail != Detail::Whole => format!("saw {released}{months} ({detail})"),
                _ => format!("saw {released}{months}"),
            }
        }
        Outcome::Denied => "was denied".to_owned(),
        Outcome::NoHit => "found nothing".to_owned(),
    };
    let (date, entry) = (access.at.date(), access.index);
    line("access", format_args!("{date} {by} {saw}: {}, {}, entry {entry}", access.purpose, rules.join(" ")))
}

/// A question in words, with its number of months.
pub(super) fn question(asked: Asked) -> String {
    asked.question().meaning().replace(" N ", &format!(" {} ", asked.months()))
}

/// A whole report.
pub(super) fn report(report: &Report) -> Vec<String> {
    let hash = hex::encode(report.hash());
    let mut lines =
        vec![line("report", format_args!("subject {}, sha256 {}", report.subject, hash.get(..16).unwrap_or(&hash)))];
    if let Some(at) = report.past.known_on {
        lines.push(line("past", format_args!("as the bureau knew it at {at}")));
    }
    if let Some(date) = report.past.as_of {
        lines.push(line("past", format_args!("about the time up to {date}")));
    }
    if report.detail != Detail::Whole {
        lines.push(line("detail", format_args!("{}: {}", report.detail, report.detail.meaning())));
    }
    lines.extend(beside(&report.beside));
    for (furnisher, _, identity) in &report.identities {
        let name = identity.name.as_ref().map_or("name not given", |name| name.expose());
        let born = identity.born.as_ref().map_or(String::new(), |date| format!(", born {}", date.expose()));
        lines.push(line("name", format_args!("{name}{born}, reported by {}", furnisher.name)));
    }
    lines.extend(summary(&report.summary));
    lines.extend(report.inquiries.map(|counts| {
        let times = counted(counts.days_30, "time");
        let rest = format!("{} in 180, {} in 720", counts.days_180, counts.days_720);
        line("asked", format_args!("{times} to decide on credit in 30 days, {rest}"))
    }));
    lines.extend(report.accounts.iter().flat_map(account));
    lines.extend(report.agreements.iter().map(agreement));
    lines.extend(report.wallets.iter().flat_map(wallet));
    if let Some(part) = &report.own {
        lines.extend(own(part, report.at));
    }
    lines
}
