//! The numbers of a rulebook: terms, counts and bounds that are no policy, each with the rule it comes from.
//!
//! They stand under `[numbers]` in `rulebook.toml`. What a rulebook does not say is `None`: no rule, not zero. Start at the
//! getters of [`Rulebook`] below.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use tallystick_model::money::{DecimalMarks, parse_minor};
use tallystick_model::rights::RequestGround;
use tallystick_model::{CategorySet, Currency, DataCategory, Money};

use crate::fair_use::FairUse;
use crate::rulebook::Rulebook;
use crate::term::Term;

/// What is kept for a limited time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetentionKind {
    /// Adverse information, where no kind below is said.
    Adverse,
    /// Of an account that was charged off or handed to collection.
    Delinquency,
    /// A bankruptcy, from the order for relief or the adjudication.
    Bankruptcy,
    /// That a debtor was discharged of the remaining debts after insolvency.
    InsolvencyDischarge,
    /// Suits, judgments, arrests.
    Judgment,
    /// A tax lien that was paid.
    TaxLien,
    /// A conviction of a crime.
    Conviction,
}

impl RetentionKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Adverse,
        Self::Delinquency,
        Self::Bankruptcy,
        Self::InsolvencyDischarge,
        Self::Judgment,
        Self::TaxLien,
        Self::Conviction,
    ];

    /// The word used in rulebooks.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Adverse => "adverse",
            Self::Delinquency => "delinquency",
            Self::Bankruptcy => "bankruptcy",
            Self::InsolvencyDischarge => "insolvency_discharge",
            Self::Judgment => "judgment",
            Self::TaxLien => "tax_lien",
            Self::Conviction => "conviction",
        }
    }
}

/// From when a retention counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetentionClock {
    /// The end of the conduct or event: the day the arrears were made good, the account closed.
    EndOfEvent,
    /// The first delinquency of those that led to the present state ([`first_delinquency`]).
    ///
    /// [`first_delinquency`]: tallystick_model::tradeline::TradelineTerms::first_delinquency
    FirstDelinquency,
    /// The day of the order, adjudication or judgment.
    Entry,
    /// The day it was paid.
    Payment,
    /// The day it happened.
    Event,
}

impl RetentionClock {
    /// The word used in rulebooks.
    pub const fn code(self) -> &'static str {
        match self {
            Self::EndOfEvent => "end_of_event",
            Self::FirstDelinquency => "first_delinquency",
            Self::Entry => "entry",
            Self::Payment => "payment",
            Self::Event => "event",
        }
    }
}

/// How long something may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// How long; `None`: the rule says that there is no limit.
    pub term: Option<Term>,
    /// From when.
    pub clock: RetentionClock,
    /// Id of the rule.
    pub rule: String,
}

/// What becomes of a disputed statement that was not verified in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overdue {
    /// It is deleted.
    Delete,
    /// It stays, marked as one that can't be confirmed.
    Mark,
}

/// What lets the answer of a dispute be put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtensionGround {
    /// The subject has sent more that bears on it.
    FurtherInformation,
    /// It is complex, or there are many; the subject is told why.
    Complexity,
}

/// More time for the answer of a dispute. It is asked for before the answer is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// From the filing until the answer.
    pub term: Term,
    /// On what ground.
    pub on: ExtensionGround,
}

/// How disputes are answered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// From its filing until the answer.
    pub answer: Term,
    /// Until the answer where the rule lets it be put off once.
    pub extended: Option<Extension>,
    /// Of that the furnisher's time, from the filing.
    pub furnisher: Option<Term>,
    /// What becomes of the statement if it was not verified by then.
    pub overdue: Overdue,
    /// What the subject gets for each calendar day after that.
    #[serde(default, deserialize_with = "money")]
    pub compensation_a_day: Option<Money>,
    /// Id of the rule by which one dispute about statements of several furnishers gets one answer, from the bureau.
    pub joint: Option<String>,
    /// Id of the rule.
    pub rule: String,
}

/// In what period free reports are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FreePeriod {
    /// From January to December.
    CalendarYear,
    /// Twelve months back from the asking.
    TwelveMonths,
}

/// How often the own report is free.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreeReports {
    /// How many; `None`: every one.
    pub count: Option<u16>,
    /// In which period.
    pub period: FreePeriod,
    /// What the next one costs, where a rule says; else the bureau may ask a fair price.
    #[serde(default, deserialize_with = "money")]
    pub next: Option<Money>,
    /// Id of the rule.
    pub rule: String,
}

/// How fast a freeze is placed and lifted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freezing {
    /// Until it is in force, if asked for by telephone or online.
    pub place: Term,
    /// Until it is lifted, if asked for by telephone or online.
    pub lift: Term,
    /// For either, if asked for by mail.
    pub by_mail: Term,
    /// Id of the rule.
    pub rule: String,
}

/// How long fraud alerts last.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FraudAlert {
    /// On suspicion.
    pub initial: Term,
    /// With a report to the police.
    pub extended: Term,
    /// Of soldiers on active duty.
    pub active_duty: Term,
    /// Id of the rule.
    pub rule: String,
}

/// How long a subject can opt out of offers nobody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptingOut {
    /// By asking; with a signed form it is for good.
    pub term: Term,
    /// Id of the rule.
    pub rule: String,
}

/// Who is told of a correction.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectionNotice {
    /// Those who got a report so long before; `None`: everyone who ever got it.
    pub term: Option<Term>,
    /// Those who got one for employment.
    pub employment: Option<Term>,
    /// Id of the rule.
    pub rule: String,
}

/// What a subject is told of a refusal that rests on a report. The subscriber tells it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdverseAction {
    /// Until the subject is told; `None`: without undue delay.
    pub notice: Option<Term>,
    /// The most reasons that are given.
    pub reasons_max: Option<u8>,
    /// How long the subject can then have a report for free.
    pub free_report: Option<Term>,
    /// Ids of the rules, at least one.
    pub rules: Vec<String>,
}

/// How long inquiries are shown to the subject, at least.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InquiriesShown {
    /// Of any purpose.
    pub general: Term,
    /// Those for employment.
    pub employment: Option<Term>,
    /// Id of the rule.
    pub rule: String,
}

/// How long a consent to hand over account information holds until it is given again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// How long.
    pub term: Term,
    /// Of which data.
    #[serde(deserialize_with = "categories")]
    pub categories: CategorySet,
    /// Id of the rule.
    pub rule: String,
}

/// When furnishers deliver.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryDays {
    /// Days of the month that a delivery is as of, beside its last.
    pub as_of_days: Vec<u8>,
    /// Until the bureau has taken it in or refused it.
    pub validation: Term,
    /// Id of the rule.
    pub rule: String,
}

/// How long the records of who was given what are kept, at least.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordsKept {
    /// How long.
    pub term: Term,
    /// Id of the rule.
    pub rule: String,
}

/// From which share on an owner needs the supervisor's approval.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerApproval {
    /// The share, in hundredths of a per cent.
    pub share_bp: u16,
    /// Id of the rule.
    pub rule: String,
}

/// How long the one who was refused a consent does not ask for it again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskAgain {
    /// From the refusal.
    pub term: Term,
    /// Id of the rule.
    pub rule: String,
}

/// Whose consents a parent or guardian gives.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guardianship {
    /// Those of a subject that is younger, in completed years.
    pub below_years: u8,
    /// Id of the rule.
    pub rule: String,
}

/// A rule that software holds and that has no number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleAlone {
    /// Id of the rule.
    pub rule: String,
}

/// How consent is asked for, and who gives it. What is not there is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsentNumbers {
    /// When it may be asked for again after a refusal.
    pub ask_again: Option<AskAgain>,
    /// What is tied to a consent needs it.
    pub bundle: Option<RuleAlone>,
    /// Children do not give it themselves.
    pub guardian: Option<Guardianship>,
    /// Next of kin act for a subject who has died.
    pub next_of_kin: Option<RuleAlone>,
}

impl ConsentNumbers {
    fn rules(&self) -> impl Iterator<Item = &String> {
        let Self { ask_again, bundle, guardian, next_of_kin } = self;
        let ask_again = ask_again.as_ref().map(|number| &number.rule);
        let guardian = guardian.as_ref().map(|number| &number.rule);
        let alone = [bundle, next_of_kin].into_iter().flatten().map(|alone| &alone.rule);
        ask_again.into_iter().chain(guardian).chain(alone)
    }
}

/// What nobody may hand over.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prohibited {
    /// Which data, whoever the subject and whatever it agrees to.
    #[serde(deserialize_with = "categories")]
    pub categories: CategorySet,
    /// Id of the rule.
    pub rule: String,
}

/// What a subject is told of without asking.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectAlerts {
    /// Of each inquiry that was shown something.
    pub accesses: bool,
    /// Of the first month that says of an account that payment is so many days late, or the lender has given it up.
    pub default_days: Option<u16>,
    /// Id of the rule.
    pub rule: String,
}

/// How requests to erase, and objections, are answered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requests {
    /// Until the answer; `None`: the rule names no time.
    pub answer: Option<Term>,
    /// On which grounds.
    #[serde(deserialize_with = "grounds")]
    pub grounds: Vec<RequestGround>,
    /// Id of the rule.
    pub rule: String,
}

/// `[numbers]` of `rulebook.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Numbers {
    retention: BTreeMap<RetentionKind, Retention>,
    dispute: Option<Dispute>,
    free_reports: Option<FreeReports>,
    freeze: Option<Freezing>,
    fraud_alert: Option<FraudAlert>,
    opt_out: Option<OptingOut>,
    correction_notice: Option<CorrectionNotice>,
    adverse_action: Option<AdverseAction>,
    inquiries_shown: Option<InquiriesShown>,
    fair_use: Option<FairUse>,
    renewal: Option<Renewal>,
    deliveries: Option<DeliveryDays>,
    records_kept: Option<RecordsKept>,
    owner_approval: Option<OwnerApproval>,
    prohibited: Option<Prohibited>,
    subject_alerts: Option<SubjectAlerts>,
    requests: Option<Requests>,
    consent: ConsentNumbers,
}

impl Numbers {
    /// The rules that numbers come from.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &str> {
        let one = [
            self.dispute.as_ref().map(|number| &number.rule),
            self.free_reports.as_ref().map(|number| &number.rule),
            self.freeze.as_ref().map(|number| &number.rule),
            self.fraud_alert.as_ref().map(|number| &number.rule),
            self.opt_out.as_ref().map(|number| &number.rule),
            self.correction_notice.as_ref().map(|number| &number.rule),
            self.inquiries_shown.as_ref().map(|number| &number.rule),
            self.renewal.as_ref().map(|number| &number.rule),
            self.deliveries.as_ref().map(|number| &number.rule),
            self.records_kept.as_ref().map(|number| &number.rule),
            self.owner_approval.as_ref().map(|number| &number.rule),
            self.prohibited.as_ref().map(|number| &number.rule),
            self.subject_alerts.as_ref().map(|number| &number.rule),
            self.requests.as_ref().map(|number| &number.rule),
            self.dispute.as_ref().and_then(|number| number.joint.as_ref()),
        ];
        let retention = self.retention.values().map(|retention| &retention.rule);
        let fair_use = self.fair_use.iter().flat_map(FairUse::rules);
        let adverse = self.adverse_action.iter().flat_map(|adverse| &adverse.rules);
        let consent = self.consent.rules();
        one.into_iter().flatten().chain(retention).chain(fair_use).chain(adverse).chain(consent).map(String::as_str)
    }

    /// What contradicts itself.
    pub(crate) fn fault(&self, heeds_freeze: bool) -> Option<&'static str> {
        if self.freeze.is_some() != heeds_freeze {
            return Some("numbers: expected `freeze` where a policy asks if a file is frozen, and only there");
        }
        let adverse = self.adverse_action.as_ref();
        adverse.is_some_and(|adverse| adverse.rules.is_empty()).then_some("numbers: `adverse_action` names no rule")
    }
}

impl Rulebook {
    /// How long such information may be shown: the kind's own rule, else that of adverse information.
    pub fn retention(&self, kind: RetentionKind) -> Option<&Retention> {
        let retention = &self.numbers.retention;
        retention.get(&kind).or_else(|| retention.get(&RetentionKind::Adverse))
    }

    /// How disputes are answered.
    pub const fn dispute(&self) -> Option<&Dispute> {
        self.numbers.dispute.as_ref()
    }

    /// How often the own report is free.
    pub const fn free_reports(&self) -> Option<&FreeReports> {
        self.numbers.free_reports.as_ref()
    }

    /// How fast a freeze is placed and lifted. `Some` exactly where [`Rulebook::heeds_freeze`].
    pub const fn freeze(&self) -> Option<&Freezing> {
        self.numbers.freeze.as_ref()
    }

    /// How long fraud alerts last.
    pub const fn fraud_alert(&self) -> Option<&FraudAlert> {
        self.numbers.fraud_alert.as_ref()
    }

    /// How long a subject can opt out of offers nobody asked for; `None`: no rule knows such offers.
    pub const fn opt_out(&self) -> Option<&OptingOut> {
        self.numbers.opt_out.as_ref()
    }

    /// Who is told of a correction.
    pub const fn correction_notice(&self) -> Option<&CorrectionNotice> {
        self.numbers.correction_notice.as_ref()
    }

    /// What a subject is told of a refusal.
    pub const fn adverse_action(&self) -> Option<&AdverseAction> {
        self.numbers.adverse_action.as_ref()
    }

    /// How long inquiries are shown to the subject.
    pub const fn inquiries_shown(&self) -> Option<&InquiriesShown> {
        self.numbers.inquiries_shown.as_ref()
    }

    /// How far consents to an account aggregator's data may go, by purpose; `None`: no scheme bounds them.
    pub const fn fair_use(&self) -> Option<&FairUse> {
        self.numbers.fair_use.as_ref()
    }

    /// How long a consent to hand over account information holds until it is given again.
    pub const fn renewal(&self) -> Option<&Renewal> {
        self.numbers.renewal.as_ref()
    }

    /// When furnishers deliver.
    pub const fn deliveries(&self) -> Option<&DeliveryDays> {
        self.numbers.deliveries.as_ref()
    }

    /// How long the records of who was given what are kept.
    pub const fn records_kept(&self) -> Option<&RecordsKept> {
        self.numbers.records_kept.as_ref()
    }

    /// From which share on an owner needs the supervisor's approval.
    pub const fn owner_approval(&self) -> Option<&OwnerApproval> {
        self.numbers.owner_approval.as_ref()
    }

    /// How consent is asked for, and who gives it.
    pub const fn consent(&self) -> &ConsentNumbers {
        &self.numbers.consent
    }

    /// What a subject is told of without asking.
    pub const fn subject_alerts(&self) -> Option<&SubjectAlerts> {
        self.numbers.subject_alerts.as_ref()
    }

    /// How requests to erase, and objections, are answered.
    pub const fn requests(&self) -> Option<&Requests> {
        self.numbers.requests.as_ref()
    }

    /// What nobody may hand over. The policies say it too; a test holds the two together.
    pub const fn prohibited(&self) -> Option<&Prohibited> {
        self.numbers.prohibited.as_ref()
    }
}

/// An amount and its currency, e.g. `25.00 CNY`.
fn money<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Money>, D::Error> {
    let text = String::deserialize(input)?;
    let amount = || {
        let (amount, code) = text.split_once(' ')?;
        let currency = Currency::from_code(code).ok()?;
        let minor = parse_minor(amount.as_bytes(), currency.minor_digits(), DecimalMarks::PLAIN).ok()?;
        Some(Money { minor, currency })
    };
    amount().map(Some).ok_or_else(|| D::Error::custom(format!("expected an amount and a currency, found `{text}`")))
}

fn grounds<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<RequestGround>, D::Error> {
    let codes = Vec::<String>::deserialize(input)?;
    let known = |code: &String| {
        RequestGround::from_code(code).ok_or_else(|| D::Error::custom(format!("unknown ground `{code}`")))
    };
    codes.iter().map(known).collect()
}

fn categories<'de, D: Deserializer<'de>>(input: D) -> Result<CategorySet, D::Error> {
    let codes = Vec::<String>::deserialize(input)?;
    let known = |code: &String| {
        DataCategory::from_code(code).ok_or_else(|| D::Error::custom(format!("unknown category `{code}`")))
    };
    codes.iter().map(known).collect()
}
