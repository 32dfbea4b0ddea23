//! Fair use: how far a consent to an account aggregator's data may go for its purpose, and which part of it one request gets.
//!
//! The bounds are numbers of a rulebook (`[numbers.fair_use]`), with the rule they come from (in-11). How they are matched is a
//! rule of its own (in-12): a rule for a template
//! that the recipient is approved for beats the general one; a consent over several kinds of data is bounded by the
//! widest of their rules, a request by the strictest, and a request that reaches further is trimmed to it, or
//! rejected where nothing of it is left. Only the aggregator's kinds of data are bounded: what lenders report is not its.

use serde::Deserialize;
use tallystick_model::consent_terms::{ConsentTerms, DataRange, Fetch, Frequency, FrequencyUnit, Span, SpanUnit};
use tallystick_model::inquiry::{Detail, Purpose, Reason};
use tallystick_model::{DataCategory, Date, Timestamp};

use crate::decision::Denial;
use crate::term::Term;

const DAY_MILLIS: i64 = 86_400_000;

/// What a fair-use rule bounds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct FairUseRule {
    /// The template it is for; without one it is the general rule.
    #[serde(default)]
    template: Option<String>,
    /// The scheme's code of the purpose.
    purpose: String,
    fetch: WrittenFetch,
    fi_types: Vec<String>,
    data_life: Term,
    /// Uses in a day and in a month; 0 bounds nothing.
    per_day: i64,
    per_month: i64,
    expiry: Term,
    range: Term,
    shows: Vec<Depth>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenFetch {
    Once,
    Periodic,
}

/// How deep data go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Who holds the account.
    Profile,
    /// Balances and sums.
    Summary,
    /// Each transaction.
    Transactions,
}

impl Depth {
    /// How deep a report goes. One that tells every month is held to the depth of transactions: between sums and transactions the
    /// scheme has no word.
    pub const fn of(detail: Detail) -> Self {
        match detail {
            Detail::Summary | Detail::Latest => Self::Summary,
            Detail::Whole => Self::Transactions,
        }
    }
}

impl FairUseRule {
    fn words(&self) -> String {
        let Self { template, purpose, fetch, fi_types, data_life, per_day, per_month, expiry, range, .. } = self;
        let mut words = format!("purpose {purpose}");
        words.extend(template.as_ref().map(|template| format!(", template {template}")));
        words.push_str(match fetch {
            WrittenFetch::Once => ": used once",
            WrittenFetch::Periodic => ": used again and again",
        });
        words.extend((*per_day > 0).then(|| format!(", {per_day} a day")));
        words.extend((*per_month > 0).then(|| format!(", {per_month} a month")));
        words.push_str(&format!(
            ", holds {expiry}, reaches back {range}, data kept {data_life}: {}",
            fi_types.join(" ")
        ));
        words
    }
}

/// The fair-use rules of one scheme.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FairUse {
    /// Id of the rule that the bounds come from.
    rule: String,
    /// Id of the rule by which they are matched.
    matching: String,
    rules: Vec<FairUseRule>,
}

/// What a consent is to cover.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The scheme's code of the purpose.
    pub purpose: &'a str,
    /// Templates that the recipient is approved for.
    pub templates: &'a [&'a str],
    /// The scheme's kinds of data.
    pub fi_types: &'a [&'a str],
}

fn deny(rule: &str, code: &str) -> Denial {
    Denial { reasons: vec![Reason { rule: rule.to_owned(), code: code.to_owned() }] }
}

impl FairUse {
    /// Ids of the rules it comes from.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &String> {
        [&self.rule, &self.matching].into_iter()
    }

    /// Each rule in words, with the id of the rule it comes from.
    pub(crate) fn words(&self) -> Vec<(&str, String)> {
        let matching = "a rule for an approved template beats the general one; over several kinds of data a consent has the \
                        widest bounds, a request the strictest range";
        let bounds = self.rules.iter().map(|rule| (self.rule.as_str(), rule.words()));
        bounds.chain([(self.matching.as_str(), matching.to_owned())]).collect()
    }

    /// For each kind of data the rule that holds: the one of an approved template, else the general one.
    fn matching(&self, ask: &Ask<'_>, fetch: Option<WrittenFetch>) -> Result<Vec<&FairUseRule>, Denial> {
        let mut matching = Vec::new();
        for fi_type in ask.fi_types {
            let fits = |rule: &&FairUseRule| {
                rule.purpose == ask.purpose
                    && fetch.is_none_or(|fetch| rule.fetch == fetch)
                    && rule.fi_types.iter().any(|known| known == fi_type)
            };
            let of_template = |rule: &&FairUseRule| {
                rule.template.as_ref().is_some_and(|template| ask.templates.contains(&template.as_str()))
            };
            let specific = self.rules.iter().filter(fits).find(of_template);
            let general = || self.rules.iter().filter(fits).find(|rule| rule.template.is_none());
            matching.push(specific.or_else(general).ok_or_else(|| deny(&self.rule, "no_fair_use_for_this"))?);
        }
        if matching.is_empty() { Err(deny(&self.rule, "no_fair_use_for_this")) } else { Ok(matching) }
    }

    /// Whether a consent on these terms, from now until then, is within the widest of its bounds.
    ///
    /// # Errors
    /// [`Denial`] with everything that is over.
    pub fn check_consent(
        &self,
        ask: &Ask<'_>,
        terms: &ConsentTerms,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<(), Denial> {
        let fetch = match terms.fetch {
            Fetch::OneTime => WrittenFetch::Once,
            Fetch::Periodic(_) | Fetch::Unlimited => WrittenFetch::Periodic,
        };
        let rules = self.matching(ask, Some(fetch))?;
        let widest = |of: fn(&FairUseRule) -> i64| rules.iter().map(|rule| of(rule)).max().unwrap_or(0);
        // A count of 0 bounds nothing, so it is the widest.
        let unbounded = |of: fn(&FairUseRule) -> i64| {
            if rules.iter().any(|rule| of(rule) == 0) { i64::MAX } else { widest(of) }
        };
        let (per_day, per_month) = (unbounded(|rule| rule.per_day), unbounded(|rule| rule.per_month));
        let (life, reach) = (widest(|rule| rule.data_life.days_max()), widest(|rule| rule.range.days_max()));
        let mut over = Vec::new();
        let mut check = |is_over: bool, code: &str| {
            if is_over {
                over.push(Reason { rule: self.rule.clone(), code: code.to_owned() });
            }
        };
        let ends_in_time = |rule: &&FairUseRule| rule.expiry.after(from).is_none_or(|last| until <= last);
        check(!rules.iter().any(ends_in_time), "fair_use_expiry");
        check(uses(terms.fetch).is_none_or(|(day, month)| day > per_day || month > per_month), "fair_use_frequency");
        check(terms.data_life.is_none_or(|kept| span_days(kept) > life), "fair_use_data_life");
        check(terms.data_range.is_none_or(|range| range_days(range) > reach), "fair_use_range");
        if over.is_empty() { Ok(()) } else { Err(Denial { reasons: over }) }
    }

    /// What of `asked`, which was agreed on, one request gets: the latest days, as many as the strictest rule lets.
    ///
    /// # Errors
    /// [`Denial`] if no rule covers it.
    pub fn trim_request(&self, ask: &Ask<'_>, asked: DataRange) -> Result<DataRange, Denial> {
        let rules = self.matching(ask, None)?;
        let strictest = rules.iter().map(|rule| rule.range.days_max()).min().unwrap_or(0);
        Ok(DataRange { from: asked.from.max(days_before(asked.until, strictest)), until: asked.until })
    }

    /// Whether `depth` is among what the rules for all these kinds of data show.
    ///
    /// # Errors
    /// [`Denial`] if it is not, or no rule covers one of them.
    pub fn check_depth(&self, ask: &Ask<'_>, depth: Depth) -> Result<(), Denial> {
        let rules = self.matching(ask, None)?;
        if rules.iter().all(|rule| rule.shows.contains(&depth)) {
            Ok(())
        } else {
            Err(deny(&self.rule, "fair_use_depth"))
        }
    }
}

/// Uses in a day and in a month at most; `None` where nothing bounds them.
const fn uses(fetch: Fetch) -> Option<(i64, i64)> {
    match fetch {
        Fetch::OneTime => Some((1, 1)),
        Fetch::Unlimited => None,
        Fetch::Periodic(Frequency { count, unit }) => {
            let count = count as i64;
            Some(match unit {
                FrequencyUnit::Hour => (count * 24, count * 24 * 31),
                FrequencyUnit::Day => (count, count * 31),
                // On which day of its month or year a use falls is not agreed.
                FrequencyUnit::Month => (0, count),
                FrequencyUnit::Year => (0, (count + 11) / 12),
            })
        }
    }
}

const fn span_days(span: Span) -> i64 {
    match span.unit {
        SpanUnit::Day => span.count as i64,
        SpanUnit::Month => span.count as i64 * 31,
        SpanUnit::Year => span.count as i64 * 366,
        SpanUnit::Unlimited => i64::MAX,
    }
}

fn range_days(range: DataRange) -> i64 {
    let millis = Timestamp::start_of(range.until).millis() - Timestamp::start_of(range.from).millis();
    millis / DAY_MILLIS + 1
}

/// The first of so many days that end with `last`.
fn days_before(last: Date, days: i64) -> Date {
    let millis = Timestamp::start_of(last).millis().saturating_sub((days - 1).max(0).saturating_mul(DAY_MILLIS));
    Timestamp::from_millis(millis).map_or(last, Timestamp::date)
}

/// The scheme's code of a purpose, where it has one: underwriting, monitoring, one look for anything else that the subject has asked
/// for. Nobody here manages a subject's wealth (101) or household (102).
pub const fn purpose_code(purpose: Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::CreditApplication | Purpose::Guarantee => Some("103"),
        Purpose::AccountReview | Purpose::Collection => Some("104"),
        Purpose::Insurance | Purpose::Employment | Purpose::Tenancy | Purpose::Licence => Some("105"),
        _ => None,
    }
}

/// The scheme's kinds of data in a category; none where it is not the aggregator's.
pub const fn fi_types(category: DataCategory) -> &'static [&'static str] {
    match category {
        DataCategory::Deposits => &["DEPOSIT", "TERM_DEPOSIT", "RECURRING_DEPOSIT"],
        DataCategory::Securities => &["SIP", "EQUITIES", "MUTUAL_FUNDS", "ETF"],
        DataCategory::Insurance => &["INSURANCE_POLICIES", "LIFE_INSURANCE", "GENERAL_INSURANCE"],
        DataCategory::Tax => &["GSTR1_3B"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::rulebook::Rulebook;

    fn table() -> &'static FairUse {
        static INDIA: LazyLock<Rulebook> = LazyLock::new(|| Rulebook::built_in("in").unwrap());
        INDIA.fair_use().unwrap()
    }

    fn day(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn range(from: &str, until: &str) -> DataRange {
        DataRange { from: day(from).date(), until: day(until).date() }
    }

    fn terms(fetch: Fetch, life_days: u16, data: (&str, &str)) -> ConsentTerms {
        ConsentTerms {
            fetch,
            data_range: Some(range(data.0, data.1)),
            data_life: Some(Span { count: life_days, unit: SpanUnit::Day }),
            ..ConsentTerms::default()
        }
    }

    fn monthly(count: u16) -> Fetch {
        Fetch::Periodic(Frequency { count, unit: FrequencyUnit::Month })
    }

    fn told(answer: Result<(), Denial>) -> Vec<String> {
        let reasons = answer.err().map(|denial| denial.reasons).unwrap_or_default();
        reasons.iter().map(|reason| format!("{} {}", reason.rule, reason.code)).collect()
    }

    const LOAN: Ask<'_> = Ask { purpose: "103", templates: &[], fi_types: &["DEPOSIT"] };
    const WATCH: Ask<'_> = Ask { purpose: "104", templates: &[], fi_types: &["DEPOSIT"] };

    #[test]
    fn the_table_has_every_rule_and_only_india_has_it() {
        assert_eq!(table().rules.len(), 16);
        assert!(Rulebook::built_in("cn").unwrap().fair_use().is_none());
        let general = table().rules.iter().filter(|rule| rule.template.is_none());
        let purposes: Vec<_> = general.map(|rule| rule.purpose.as_str()).collect();
        assert_eq!(purposes, ["101", "101", "102", "102", "103", "104", "105"]);
    }

    #[test]
    fn underwriting_is_once_for_a_month_over_fourteen_kept_a_month() {
        let at_bound = terms(Fetch::OneTime, 31, ("2025-01-01", "2026-03-10"));
        let valid = (day("2026-03-01"), day("2026-04-01"));
        assert_eq!(range_days(at_bound.data_range.unwrap()), 14 * 31);
        assert_eq!(told(table().check_consent(&LOAN, &at_bound, valid)), Vec::<String>::new());
        let over = terms(Fetch::OneTime, 32, ("2025-01-01", "2026-03-11"));
        let longer = (day("2026-03-01"), day("2026-04-01T00:00:00.001Z"));
        assert_eq!(
            told(table().check_consent(&LOAN, &over, longer)),
            ["in-11 fair_use_expiry", "in-11 fair_use_data_life", "in-11 fair_use_range"]
        );
        // Not periodically, whatever else.
        let often = ConsentTerms { fetch: monthly(1), ..at_bound.clone() };
        assert_eq!(told(table().check_consent(&LOAN, &often, valid)), ["in-11 no_fair_use_for_this"]);
        // What was not agreed is over.
        let open = ConsentTerms { data_range: None, data_life: None, ..at_bound };
        assert_eq!(
            told(table().check_consent(&LOAN, &open, valid)),
            ["in-11 fair_use_data_life", "in-11 fair_use_range"]
        );
    }

    #[test]
    fn monitoring_is_five_times_a_month_and_a_daily_count_is_more() {
        let valid = (day("2026-03-01"), day("2031-03-01"));
        let of = |fetch| told(table().check_consent(&WATCH, &terms(fetch, 31, ("2026-01-01", "2026-06-30")), valid));
        assert_eq!(of(monthly(5)), Vec::<String>::new());
        assert_eq!(of(monthly(6)), ["in-11 fair_use_frequency"]);
        assert_eq!(of(Fetch::Periodic(Frequency { count: 1, unit: FrequencyUnit::Day })), ["in-11 fair_use_frequency"]);
        assert_eq!(of(Fetch::Unlimited), ["in-11 fair_use_frequency"]);
        assert_eq!(of(Fetch::Periodic(Frequency { count: 60, unit: FrequencyUnit::Year })), Vec::<String>::new());
    }

    #[test]
    fn a_rule_for_an_approved_template_beats_the_general_one_wider_or_narrower() {
        let valid = (day("2026-03-01"), day("2026-04-10"));
        let wide = terms(Fetch::OneTime, 45, ("2025-04-01", "2026-03-01"));
        assert_eq!(
            told(table().check_consent(&LOAN, &wide, valid)),
            ["in-11 fair_use_expiry", "in-11 fair_use_data_life"]
        );
        let approved = Ask { templates: &["CT006"], ..LOAN };
        assert_eq!(told(table().check_consent(&approved, &wide, valid)), Vec::<String>::new());
        // 14 months are the general rule's; the template's are 12.
        let long = terms(Fetch::OneTime, 31, ("2025-01-01", "2026-03-10"));
        assert_eq!(told(table().check_consent(&approved, &long, valid)), ["in-11 fair_use_range"]);
        // A template for other kinds of data says nothing of these.
        let equities = Ask { fi_types: &["EQUITIES"], ..approved };
        let short = (day("2026-03-01"), day("2026-03-20"));
        assert_eq!(told(table().check_consent(&equities, &long, short)), Vec::<String>::new());
    }

    #[test]
    fn over_several_kinds_of_data_a_consent_has_the_widest_range_and_a_request_the_strictest() {
        // 102: deposits 13 months, mutual funds 10 years.
        let both = Ask { purpose: "102", templates: &[], fi_types: &["DEPOSIT", "MUTUAL_FUNDS"] };
        let agreed = ("2017-01-01", "2026-03-01");
        let valid = (day("2026-03-01"), day("2026-12-01"));
        assert_eq!(told(table().check_consent(&both, &terms(monthly(45), 31, agreed), valid)), Vec::<String>::new());
        let deposits = Ask { fi_types: &["DEPOSIT"], ..both };
        assert_eq!(
            told(table().check_consent(&deposits, &terms(monthly(45), 31, agreed), valid)),
            ["in-11 fair_use_range"]
        );
        let agreed = range(agreed.0, agreed.1);
        let got = table().trim_request(&both, agreed).unwrap();
        assert_eq!((range_days(got), got.until), (13 * 31, agreed.until), "trimmed to the latest days");
        let funds = Ask { fi_types: &["MUTUAL_FUNDS"], ..both };
        assert_eq!(table().trim_request(&funds, agreed), Ok(agreed));
        let unknown = Ask { fi_types: &["OTHER"], ..WATCH };
        assert_eq!(told(table().trim_request(&unknown, agreed).map(drop)), ["in-11 no_fair_use_for_this"]);
    }

    #[test]
    fn how_deep_data_go_is_bounded_too() {
        let once = Ask { purpose: "105", ..LOAN };
        assert_eq!(told(table().check_depth(&once, Depth::Summary)), Vec::<String>::new());
        assert_eq!(told(table().check_depth(&once, Depth::Transactions)), ["in-11 fair_use_depth"]);
        let approved = Ask { templates: &["CT045"], ..once };
        assert_eq!(told(table().check_depth(&approved, Depth::Transactions)), Vec::<String>::new());
    }
}
