//! Results as JSON. Amounts are integers in minor units beside their currency; hashes are lower-case hex.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tallystick_model::consent::{ConsentState, Refusal};
use tallystick_model::consent_terms::{Channel, ConsentTerms, DataRange, Fetch, Span};
use tallystick_model::identity::{Identity, IdentityPart};
use tallystick_model::inquiry::{Asked, Ranges, Reason};
use tallystick_model::payment_profile::{Flow, PaymentProfileMonth};
use tallystick_model::tradeline::{PaymentRating, TradelineMonth, TradelineTerms};
use tallystick_model::withdrawal::Withdrawal;
use tallystick_model::{AccountKey, Canonical, Currency, DataCategory, Timestamp};
use tallystick_operations::beside::{Beside, Told};
use tallystick_operations::bureau::Recorded;
use tallystick_operations::report::{Access, Account, Agreement, Named, Report, Wallet};
use tallystick_policy::Charge;
use tallystick_scoring::summary::Summary;

use super::rights::told::{case_value, default_value, hand_over_value, request_value};

/// The proof of an entry in the form C2SP tlog-proof, with the entry as its extra data.
pub(super) fn proof(recorded: &Recorded) -> String {
    let mut receipt = recorded.receipt.clone();
    receipt.extra = Some(recorded.entry.to_bytes());
    receipt.to_text()
}

pub(super) fn recorded(recorded: &Recorded) -> Value {
    json!({
        "index": recorded.receipt.index,
        "kind": recorded.entry.kind.code(),
        "at": recorded.entry.at.to_string(),
        "entry": BASE64_STANDARD.encode(recorded.entry.to_bytes()),
        "receipt": proof(recorded),
    })
}

/// Puts a further value into an object.
pub(super) fn put(object: &mut Value, key: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}

pub(super) fn reasons(reasons: &[Reason]) -> Value {
    reasons.iter().map(|reason| json!({"rule": reason.rule, "code": reason.code})).collect()
}

pub(super) fn question(asked: Asked) -> Value {
    json!({"code": asked.question().code(), "months": asked.question().months_max().map(|_| asked.months())})
}

pub(super) fn tradeline(tradeline: &TradelineMonth) -> Value {
    json!({
        "kind": tradeline.kind.code(),
        "status": tradeline.status.code(),
        "rating": tradeline.rating.code(),
        "currency": tradeline.currency.code(),
        "balance_minor": tradeline.balance_minor,
        "past_due_minor": tradeline.past_due_minor,
        "limit_minor": tradeline.limit_minor,
        "paid_minor": tradeline.paid_minor,
        "scheduled_minor": tradeline.scheduled_minor,
    })
}

fn terms(terms: &TradelineTerms) -> Value {
    json!({
        "kind": terms.kind.code(),
        "currency": terms.currency.code(),
        "opened": terms.opened.map(|date| date.to_string()),
        "closed": terms.closed.map(|date| date.to_string()),
        "first_delinquency": terms.first_delinquency.map(|date| date.to_string()),
        "highest_minor": terms.highest_minor,
        "term_months": terms.term_months,
        "reported_month": terms.reported_month.map(|month| month.to_string()),
        "history": terms.history.iter().map(|rating| rating.code()).collect::<Vec<_>>(),
        "liability": terms.liability.code(),
    })
}

fn named(named: &Named) -> Value {
    json!({"code": named.code, "name": named.name})
}

fn account(account: &Account) -> Value {
    json!({
        "account": account.account.to_string(),
        "furnisher": named(&account.furnisher),
        "terms": account.terms.as_ref().map(terms),
        "months": account.months.iter().map(|month| {
            json!({
                "month": month.month.to_string(),
                "delivery": month.delivery.0,
                "corrects_delivery": month.corrects.map(|delivery| delivery.0),
                "tradeline": tradeline(&month.tradeline),
            })
        }).collect::<Vec<_>>(),
        "events": account.events.iter().map(|event| {
            json!({"month": event.month.to_string(), "delivery": event.delivery.0, "code": event.code})
        }).collect::<Vec<_>>(),
    })
}

fn agreement(agreement: &Agreement) -> Value {
    json!({
        "agreement": agreement.account.to_string(),
        "furnisher": named(&agreement.furnisher),
        "delivery": agreement.delivery.0,
        "limit_type": agreement.limit_type,
        "revolving": agreement.revolving,
        "limit_minor": agreement.limit_minor,
        "currency": agreement.currency.code(),
        "from": agreement.from.map(|date| date.to_string()),
        "until": agreement.until.map(|date| date.to_string()),
        "ended": agreement.ended,
    })
}

fn flow(flow: Flow) -> Value {
    json!({"count": flow.count, "minor": flow.minor})
}

fn profile(profile: &PaymentProfileMonth) -> Value {
    json!({
        "provenance": profile.provenance.code(),
        "currency": profile.currency.code(),
        "covered_days": profile.covered.map(|days| json!({"first": days.first(), "last": days.last()})),
        "active_days": profile.active_days,
        "spending": flow(profile.spending),
        "deferred": flow(profile.deferred),
        "refunds": flow(profile.refunds),
        "transfers_out": flow(profile.transfers_out),
        "repayments": flow(profile.repayments),
        "fees": flow(profile.fees),
        "closed": flow(profile.closed),
        "own_moves": flow(profile.own_moves),
        "income": profile.income.map(flow),
        "investments": profile.investments.map(flow),
    })
}

fn wallet(wallet: &Wallet) -> Value {
    json!({
        "wallet": wallet.account.to_string(),
        "furnisher": named(&wallet.furnisher),
        "months": wallet.months.iter().map(|(month, held, delivery)| {
            json!({"month": month.to_string(), "delivery": delivery.0, "profile": profile(held)})
        }).collect::<Vec<_>>(),
    })
}

fn identity(furnisher: &Named, account: Option<AccountKey>, identity: &Identity) -> Value {
    json!({
        "account": account.map(|account| account.to_string()),
        "furnisher": named(furnisher),
        "name": identity.name.as_ref().map(|name| name.expose()),
        "born": identity.born.as_ref().map(|date| date.expose().to_string()),
        "telephone": identity.telephone.as_ref().map(|number| number.expose()),
        "address": identity.address.as_ref().map(|address| address.expose()),
        "account_number": identity.account_number.as_ref().map(|number| number.expose()),
        "attributes": identity.attributes.iter().map(|(category, value)| {
            // A further identifier is held for matching: that there is one is told, and of which scheme, not which.
            let identifier = *category == DataCategory::Identity;
            let shown = value.expose().split(':').next().filter(|_| identifier).unwrap_or(value.expose());
            json!({"category": category.code(), "value": shown})
        }).collect::<Vec<_>>(),
    })
}

fn sums(sums: &[(Currency, i64)]) -> Value {
    sums.iter().map(|(currency, minor)| json!({"currency": currency.code(), "minor": minor})).collect()
}

fn summary(summary: &Summary) -> Value {
    json!({
        "accounts": summary.accounts,
        "accounts_open": summary.accounts_open,
        "furnishers": summary.furnishers,
        "balance": sums(&summary.balance_minor),
        "past_due": sums(&summary.past_due_minor),
        "revolving_limit": sums(&summary.revolving_limit_minor),
        "utilisation_permille": summary.utilisation_permille,
        "worst_rating_24_months": summary.worst_rating.map(PaymentRating::code),
        "adverse_months_24": summary.adverse_months,
        "months_since_adverse": summary.months_since_adverse,
        "oldest_account_months": summary.oldest_account_months,
        "months_reported_24": summary.months_reported,
        "payments_12_months": summary.payments.map(|payments| json!({
            "currency": payments.currency.code(),
            "months": payments.months,
            "active_days_mean": payments.active_days,
            "spending_mean_minor": payments.spending_minor,
            "deferred_permille": payments.deferred_permille,
            "repayment_months": payments.repayment_months,
            "income_mean_minor": payments.income_minor,
        })),
    })
}

pub(super) fn access(access: &Access) -> Value {
    json!({
        "at": access.at.to_string(),
        "entry": access.index,
        "by": access.by.as_ref().map(named),
        "acting": access.by.is_none().then(|| access.actor.code()),
        "purpose": access.purpose.code(),
        "outcome": access.outcome.code(),
        "reasons": reasons(&access.reasons),
        "released": access.released.iter().map(|category| category.code()).collect::<Vec<_>>(),
        "detail": access.detail.map(|detail| detail.code()),
        "months": ranges(access.ranges),
        "question": access.asked.map(question),
        "answer": access.answered.map(|answered| answered.code()),
    })
}

/// Which months are shown, of everything and of what a consent alone lets be shown; `null` is all of them.
pub(super) fn ranges(ranges: Ranges) -> Value {
    let months = |range: DataRange| json!({"from": range.from.to_string(), "to": range.until.to_string()});
    json!({
        "all": ranges.all.map(months),
        "by_consent": ranges.by_consent.map(|(categories, range)| json!({
            "categories": categories.iter().map(|category| category.code()).collect::<Vec<_>>(),
            "from": range.from.to_string(),
            "to": range.until.to_string(),
        })),
    })
}

/// A span of time.
pub(super) fn span(span: Span) -> Value {
    json!({"count": span.count, "unit": span.unit.code()})
}

fn terms_of_consent(terms: &ConsentTerms) -> Value {
    let fetch = match terms.fetch {
        Fetch::Unlimited => json!("unlimited"),
        Fetch::OneTime => json!("once"),
        Fetch::Periodic(frequency) => json!({"count": frequency.count, "unit": frequency.unit.code()}),
    };
    json!({
        "fetch": fetch,
        "data_range": terms.data_range.map(|range| json!({
            "from": range.from.to_string(), "until": range.until.to_string(),
        })),
        "data_life": terms.data_life.map(span),
        "notice_version": terms.notice_version,
        "language": terms.language,
        "channel": terms.channel.map(Channel::code),
        "tied_to": terms.bundle.as_ref().map(|bundle| json!({
            "condition": bundle.condition, "need": bundle.necessity.code(),
        })),
        "acting": terms.acting.actor.code(),
    })
}

/// One refusal.
pub(super) fn refusal(at: Timestamp, refusal: &Refusal, member: &str) -> Value {
    json!({
        "at": at.to_string(),
        "member": member,
        "scope": refusal.scope.code(),
        "purposes": refusal.purposes.iter().map(|purpose| purpose.code()).collect::<Vec<_>>(),
        "categories": refusal.categories.iter().map(|category| category.code()).collect::<Vec<_>>(),
        "terms": terms_of_consent(&refusal.terms),
        "flags": reasons(&refusal.flags),
    })
}

/// What a withdrawal has led to; `member` gives the code of a member's number.
pub(super) fn withdrawal(withdrawal: &Withdrawal, member: &dyn Fn(u16) -> String) -> Value {
    let codes = |categories: &[DataCategory]| categories.iter().map(|category| category.code()).collect::<Vec<_>>();
    json!({
        "consent": withdrawal.consent.to_string(),
        "acting": withdrawal.acting.actor.code(),
        "erased": withdrawal.erasure.as_ref().map(|erasure| json!({
            "furnisher": member(erasure.furnisher),
            "categories": codes(&erasure.categories),
            "until_delivery": erasure.until.0,
            "reasons": reasons(&erasure.reasons),
            "facts": erasure.slots.iter().map(|(slot, delivery)| json!({
                "kind": slot.kind.code(),
                "account": slot.account.to_string(),
                "month": slot.month.map(|month| month.to_string()),
                "delivery": delivery.0,
            })).collect::<Vec<_>>(),
        })),
        "salt_destroyed": withdrawal.salt_destroyed,
        "recipients": withdrawal.recipients.iter().map(|recipient| json!({
            "member": member(recipient.member),
            "categories": codes(&recipient.categories),
            "inquiries": recipient.inquiries,
        })).collect::<Vec<_>>(),
    })
}

/// That a recipient was told of a correction.
pub(super) fn told(told: &Told) -> Value {
    json!({
        "at": told.at.to_string(),
        "entry": told.index,
        "to": named(&told.to),
        "account": told.slot.account.to_string(),
        "month": told.slot.month.map(|month| month.to_string()),
    })
}

/// What an own report costs.
pub(super) fn charge(charge: &Charge) -> Value {
    json!({
        "number_in_period": charge.in_period,
        "free_in_period": charge.free,
        "is_free": charge.is_free,
        "next_is_free": charge.next_is_free,
        "price": charge.price.map(|price| price.to_string()),
        "rule": charge.rule,
    })
}

/// What stands beside the facts.
pub(super) fn beside(beside: &Beside) -> Value {
    json!({
        "alert": beside.alert.map(|(kind, until)| json!({"kind": kind.code(), "until": until.to_string()})),
        "statement": beside.statement.as_ref().map(|text| text.expose()),
        "marks": beside.marks.iter().map(|marked| json!({
            "kind": marked.kind.code(),
            "account": marked.account.map(|account| account.to_string()),
            "month": marked.month.map(|month| month.to_string()),
            "part": marked.part.map(IdentityPart::code),
            "mark": marked.mark.code(),
            "since": marked.since.to_string(),
        })).collect::<Vec<_>>(),
    })
}

/// One consent with its state at `now`.
pub(super) fn consent_state(state: &ConsentState, member: &str, now: Timestamp) -> Value {
    let consent = &state.consent;
    json!({
        "id": consent.id.to_string(),
        "member": member,
        "scope": consent.scope.code(),
        "purposes": consent.purposes.iter().map(|purpose| purpose.code()).collect::<Vec<_>>(),
        "categories": consent.categories.iter().map(|category| category.code()).collect::<Vec<_>>(),
        "form": consent.form.code(),
        "valid_from": consent.valid_from.to_string(),
        "valid_until": consent.valid_until.to_string(),
        "withdrawn_at": state.withdrawn_at.map(|at| at.to_string()),
        "active": state.is_active_at(now),
        "status": state.status_at(now).code(),
        "pauses": state.pauses.iter().map(|pause| json!({
            "from": pause.from.to_string(), "until": pause.until.map(|until| until.to_string()),
        })).collect::<Vec<_>>(),
        "uses": state.uses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "terms": terms_of_consent(&consent.terms),
        "flags": reasons(&consent.flags),
        "evidence_sha256": (consent.evidence != [0; 32]).then(|| hex::encode(consent.evidence)),
    })
}

/// A whole report.
pub(super) fn report(report: &Report) -> Value {
    json!({
        "subject": report.subject.to_string(),
        "at": report.at.to_string(),
        "as_known_on": report.past.known_on.map(|at| at.to_string()),
        "as_of": report.past.as_of.map(|date| date.to_string()),
        "recipient": report.recipient.as_ref().map(named),
        "purpose": report.purpose.code(),
        "detail": report.detail.code(),
        "sha256": hex::encode(report.hash()),
        "beside": beside(&report.beside),
        "summary": summary(&report.summary),
        "inquiries": report.inquiries.map(|counts| json!({
            "days_30": counts.days_30,
            "days_180": counts.days_180,
            "days_720": counts.days_720,
        })),
        "identities": report.identities.iter().map(|(furnisher, account, held)| {
            identity(furnisher, *account, held)
        }).collect::<Vec<_>>(),
        "accounts": report.accounts.iter().map(account).collect::<Vec<_>>(),
        "agreements": report.agreements.iter().map(agreement).collect::<Vec<_>>(),
        "wallets": report.wallets.iter().map(wallet).collect::<Vec<_>>(),
        "own": report.own.as_ref().map(|own| json!({
            "frozen": own.frozen,
            "open_until": own.rights.pauses.iter().map(|(whom, until)| json!({
                "subscriber": whom.as_ref().map(named), "until": until.to_string(),
            })).collect::<Vec<_>>(),
            "codes": own.rights.codes.iter().map(|(whom, until)| json!({
                "subscriber": named(whom), "until": until.to_string(),
            })).collect::<Vec<_>>(),
            "opted_out": own.rights.opted_out.map(|until| json!({"until": until.map(|until| until.to_string())})),
            "disputes": own.rights.disputes.iter().map(|dispute| {
                super::rights::dispute::value(dispute, report.at)
            }).collect::<Vec<_>>(),
            "told": own.rights.told.iter().map(told).collect::<Vec<_>>(),
            "expired_facts": own.rights.expired,
            "cases": own.rights.cases.iter().map(case_value).collect::<Vec<_>>(),
            "requests": own.rights.requests.iter().map(request_value).collect::<Vec<_>>(),
            "defaults_told": own.rights.defaults.iter().map(|(index, alert)| {
                default_value(*index, alert)
            }).collect::<Vec<_>>(),
            "hand_overs": own.rights.hand_overs.iter().map(hand_over_value).collect::<Vec<_>>(),
            "accesses": own.accesses.iter().map(access).collect::<Vec<_>>(),
            "corrections": own.corrections.iter().map(|mended| json!({
                "at": mended.at.to_string(),
                "entry": mended.index,
                "by": named(&mended.by),
                "account": mended.slot.account.to_string(),
                "month": mended.slot.month.map(|month| month.to_string()),
                "superseded_delivery": mended.superseded.0,
                "reason": mended.reason,
            })).collect::<Vec<_>>(),
            "refusals": own.refusals.iter().map(|(at, refused, member)| {
                refusal(*at, refused, &member.code)
            }).collect::<Vec<_>>(),
            "withdrawals": own.withdrawals.iter().map(|(index, withdrawn)| json!({
                "entry": index, "withdrawal": withdrawal(withdrawn, &|number| number.to_string()),
            })).collect::<Vec<_>>(),
            "consents": own.consents.iter().map(|(state, member)| {
                consent_state(state, &member.code, report.at)
            }).collect::<Vec<_>>(),
        })),
    })
}
