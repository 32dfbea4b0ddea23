//! A rulebook in words: what each rule's policies and numbers say, for whoever reads the rules.

use tallystick_model::{CategorySet, DataCategory};

use crate::numbers::{ExtensionGround, FreePeriod, Overdue, RetentionKind};
use crate::rulebook::Rulebook;
use crate::term::Term;

/// One thing that a rule says here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    /// Id of the rule.
    pub rule: String,
    /// The policy's id, or the name of the number in `[numbers]`.
    pub name: String,
    /// What it says: of a policy its reason and where the words stand, of a number what it is.
    pub words: String,
}

impl Rulebook {
    /// What its policies and numbers say, policies first, in the order of the texts.
    pub fn sayings(&self) -> Vec<Saying> {
        let policy = |(id, rule, code, source): &(String, String, String, String)| Saying {
            rule: rule.clone(),
            name: id.clone(),
            words: format!("{code}; {source}"),
        };
        self.sources.iter().map(policy).chain(self.number_sayings()).collect()
    }

    fn number_sayings(&self) -> Vec<Saying> {
        let mut said = Vec::new();
        let mut say = |rule: &str, name: &str, words: String| {
            said.push(Saying { rule: rule.to_owned(), name: name.to_owned(), words });
        };
        for kind in RetentionKind::ALL {
            // What falls back to the rule on adverse information is said with that.
            let general = self.retention(RetentionKind::Adverse);
            let own = self.retention(kind).filter(|own| kind == RetentionKind::Adverse || Some(*own) != general);
            if let Some(own) = own {
                let term = own.term.map_or("without limit".to_owned(), |term| format!("for {term}"));
                say(&own.rule, "retention", format!("{} {term} from {}", kind.code(), own.clock.code()));
            }
        }
        if let Some(dispute) = self.dispute() {
            let mut words = format!("answered in {}", dispute.answer);
            words.extend(dispute.extended.map(|extension| {
                let on = match extension.on {
                    ExtensionGround::FurtherInformation => "where the subject sends more",
                    ExtensionGround::Complexity => "where it is complex",
                };
                format!(", {on} {}", extension.term)
            }));
            words.extend(dispute.furnisher.map(|term| format!(", of that the furnisher {term}")));
            words.push_str(match dispute.overdue {
                Overdue::Delete => "; what was not verified by then is deleted",
                Overdue::Mark => "; what was not verified by then stays, marked",
            });
            words.extend(dispute.compensation_a_day.map(|amount| format!("; after that {amount} a day")));
            say(&dispute.rule, "dispute", words);
            if let Some(rule) = &dispute.joint {
                say(rule, "dispute", "one answer about statements of several furnishers".to_owned());
            }
        }
        if let Some(alerts) = self.subject_alerts() {
            let mut told = Vec::new();
            told.extend(alerts.accesses.then(|| "of each access".to_owned()));
            told.extend(alerts.default_days.map(|days| format!("of the first default ({days} days, or given up)")));
            say(&alerts.rule, "subject_alerts", format!("the subject is told {}", told.join(" and ")));
        }
        if let Some(requests) = self.requests() {
            let grounds: Vec<_> = requests.grounds.iter().map(|ground| ground.code()).collect();
            let term = requests.answer.map_or(String::new(), |term| format!(", answered in {term}"));
            say(&requests.rule, "requests", format!("erasure and restriction on {}{term}", grounds.join(", ")));
        }
        if let Some(free) = self.free_reports() {
            let period = match free.period {
                FreePeriod::CalendarYear => "a calendar year",
                FreePeriod::TwelveMonths => "in twelve months",
            };
            let mut words = free.count.map_or("every own report is free".to_owned(), |count| {
                format!("{count} own report{} {period} free", if count == 1 { "" } else { "s" })
            });
            words.extend(free.next.map(|price| format!(", the next {price}")));
            say(&free.rule, "free_reports", words);
        }
        if let Some(freeze) = self.freeze() {
            let words = format!("placed in {}, lifted in {}, by mail {}", freeze.place, freeze.lift, freeze.by_mail);
            say(&freeze.rule, "freeze", words);
        }
        if let Some(alert) = self.fraud_alert() {
            let words = format!("{}, extended {}, on active duty {}", alert.initial, alert.extended, alert.active_duty);
            say(&alert.rule, "fraud_alert", words);
        }
        if let Some(notice) = self.correction_notice() {
            let since = |term: Option<Term>| term.map_or("ever".to_owned(), |term| format!("in the last {term}"));
            let mut words = format!("told to who got a report {}", since(notice.term));
            words.extend(notice.employment.map(|term| format!(", for employment {}", since(Some(term)))));
            say(&notice.rule, "correction_notice", words);
        }
        if let Some(action) = self.adverse_action() {
            let mut words =
                action.notice.map_or("told without undue delay".to_owned(), |term| format!("told in {term}"));
            words.extend(action.reasons_max.map(|max| format!(", at most {max} reasons")));
            words.extend(action.free_report.map(|term| format!(", a free report within {term}")));
            for rule in &action.rules {
                say(rule, "adverse_action", words.clone());
            }
        }
        if let Some(shown) = self.inquiries_shown() {
            let mut words = format!("for {}", shown.general);
            words.extend(shown.employment.map(|term| format!(", those for employment for {term}")));
            say(&shown.rule, "inquiries_shown", words);
        }
        for (rule, words) in self.fair_use().iter().flat_map(|table| table.words()) {
            say(rule, "fair_use", words);
        }
        let consent = self.consent();
        if let Some(again) = &consent.ask_again {
            say(&again.rule, "consent.ask_again", format!("not within {} of a refusal", again.term));
        }
        if let Some(bundle) = &consent.bundle {
            say(&bundle.rule, "consent.bundle", "a consent tied to what does not need it is flagged".to_owned());
        }
        if let Some(guardian) = &consent.guardian {
            let words = format!("of a subject below {} years a parent or guardian gives it", guardian.below_years);
            say(&guardian.rule, "consent.guardian", words);
        }
        if let Some(kin) = &consent.next_of_kin {
            say(
                &kin.rule,
                "consent.next_of_kin",
                "after a death next of kin end consents, and nobody gives one".to_owned(),
            );
        }
        if let Some(renewal) = self.renewal() {
            say(&renewal.rule, "renewal", format!("in {}: {}", renewal.term, listed(renewal.categories)));
        }
        if let Some(deliveries) = self.deliveries() {
            let days: Vec<_> = deliveries.as_of_days.iter().map(u8::to_string).collect();
            let words = format!("as of day {} and the last, validated in {}", days.join(", "), deliveries.validation);
            say(&deliveries.rule, "deliveries", words);
        }
        if let Some(kept) = self.records_kept() {
            say(&kept.rule, "records_kept", format!("for {} at least", kept.term));
        }
        if let Some(approval) = self.owner_approval() {
            let (whole, part) = (approval.share_bp / 100, approval.share_bp % 100);
            say(&approval.rule, "owner_approval", format!("from {whole}.{part:02} % on"));
        }
        if let Some(prohibited) = self.prohibited() {
            say(&prohibited.rule, "prohibited", listed(prohibited.categories));
        }
        said
    }
}

fn listed(categories: CategorySet) -> String {
    categories.iter().map(DataCategory::code).collect::<Vec<_>>().join(", ")
}
