//! Inquiries: recorded accesses under a purpose.

use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::consent::ConsentId;
use crate::consent_terms::DataRange;
use crate::member::MemberKind;
use crate::{CategorySet, DataCategory, Month, SubjectId, SubjectKind};

coded_enum! {
    /// The ground claimed for an access.
    pub enum Purpose {
        CreditApplication = 1, "credit_application", "To decide on credit the subject has applied for";
        AccountReview = 2, "account_review", "To review an account the subject has";
        Collection = 3, "collection", "To collect a debt of the subject";
        Guarantee = 4, "guarantee", "To accept the subject as guarantor";
        Insurance = 5, "insurance", "To underwrite insurance the subject has applied for";
        Employment = 6, "employment", "To decide on employment";
        Tenancy = 7, "tenancy", "To let a home to the subject";
        Licence = 8, "licence", "To grant a licence where the law asks for financial standing";
        CourtOrder = 9, "court_order", "Ordered by a court";
        Marketing = 10, "marketing", "To offer something the subject has not asked for";
        Supervision = 11, "supervision", "To supervise the bureau or its members";
        OwnReport = 12, "own_report", "The subject's own access";
        Prescreen = 13, "prescreen", "To choose who gets a firm offer that the subject has not asked for";
        Valuation = 14, "valuation", "To value credit that the subject owes, for who may buy, service or insure it";
        ChildSupport = 15, "child_support", "To set or enforce what the subject owes a child";
    }
}

coded_enum! {
    /// A question that is answered instead of giving a report. The list is closed: a question is what it reads.
    pub enum SingleQuestion {
        EverThirtyDaysPastDue = 1, "ever_30_days_past_due", "Was any account late, or worse, in the last N months?";
        EverNinetyDaysPastDue = 2, "ever_90_days_past_due", "Was any account three months late, or worse, in the last N months?";
        PastDueNow = 3, "past_due_now", "Is anything past due on any account, as last reported?";
        HasOpenAccounts = 4, "has_open_accounts", "Is any account open, as last reported?";
        MonthsOnFileAtLeast = 5, "months_on_file_at_least", "Was the oldest account opened, or first reported, at least N months ago?";
        PaidInMonthsAtLeast = 6, "paid_in_months_at_least", "Did the subject pay through a platform in at least N of the last 12 months?";
    }
}

impl SingleQuestion {
    /// The most months it can be asked with; `None` for one that takes no months.
    pub const fn months_max(self) -> Option<u16> {
        match self {
            Self::EverThirtyDaysPastDue | Self::EverNinetyDaysPastDue => Some(84),
            Self::MonthsOnFileAtLeast => Some(600),
            Self::PaidInMonthsAtLeast => Some(12),
            Self::PastDueNow | Self::HasOpenAccounts => None,
        }
    }
}

/// A question as it is asked. Made by [`Asked::new`] alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    question: SingleQuestion,
    months: Option<u16>,
}

impl Asked {
    /// The question with its months: from 1 to [`SingleQuestion::months_max`] where it takes some, none where it takes none;
    /// `None` if they do not fit.
    pub fn new(question: SingleQuestion, months: Option<u16>) -> Option<Self> {
        let fits = match (question.months_max(), months) {
            (None, None) => true,
            (Some(max), Some(months)) => (1..=max).contains(&months),
            _ => false,
        };
        fits.then_some(Self { question, months })
    }

    /// Which question.
    pub const fn question(self) -> SingleQuestion {
        self.question
    }

    /// Its number of months; 0 where it takes none.
    pub fn months(self) -> u16 {
        self.months.unwrap_or(0)
    }

    fn write(self, out: &mut Writer<'_>) {
        self.question.write(out);
        out.option(self.months.as_ref(), |out, months| out.unsigned(u64::from(*months)));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let question = SingleQuestion::read(input)?;
        let months = input.option(Reader::unsigned_as)?;
        Self::new(question, months).ok_or(DecodeError::Value("months of a question"))
    }
}

impl std::fmt::Display for Asked {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.months {
            Some(months) => write!(out, "{} {months}", self.question),
            None => write!(out, "{}", self.question),
        }
    }
}

coded_enum! {
    /// The answer to a single question.
    pub enum Answered {
        Yes = 1, "yes", "What is held says so";
        No = 2, "no", "What is held says that it is not so";
        Unknown = 3, "unknown", "What is held does not tell";
    }
}

coded_enum! {
    /// How much of the released categories a report tells. A higher number tells more.
    pub enum Detail {
        Summary = 1, "summary", "Attributes at a glance: no account, and no creditor's name";
        Latest = 2, "latest", "Each account as it was last reported, without its history";
        Whole = 3, "whole", "Everything of the released categories";
    }
}

/// What an inquiry was decided on, beside the time, the subscriber, the subject and the purpose: enough to decide it again. What
/// the consents say is kept with their own events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// The subscriber's business.
    pub subscriber_kind: MemberKind,
    /// Whether it was admitted as a subscriber.
    pub is_subscriber: bool,
    /// What the subject is.
    pub subject_kind: SubjectKind,
    /// Whether the file was frozen for this subscriber.
    pub frozen: bool,
    /// Whether the subscriber showed the subject's one-time code, which this inquiry has used up.
    pub by_code: bool,
    /// Whether the subject has opted out of offers nobody asked for.
    pub opted_out: bool,
    /// SHA-256 of what the subscriber has undertaken for this inquiry, e.g. the firm offer it makes; `None` where it showed nothing.
    pub undertaking: Option<[u8; 32]>,
    /// The subject's consents to this subscriber that were considered, in the order they were granted.
    pub consents: Vec<ConsentId>,
}

impl Canonical for Weighed {
    fn write(&self, out: &mut Writer<'_>) {
        self.subscriber_kind.write(out);
        let bits = [self.is_subscriber, self.frozen, self.by_code, self.opted_out];
        out.byte((0..).zip(bits).map(|(place, bit)| u8::from(bit) << place).sum());
        self.subject_kind.write(out);
        out.option(self.undertaking.as_ref(), |out, hash| out.fixed(hash));
        out.list(&self.consents, |out, consent| out.fixed(&consent.0));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let subscriber_kind = MemberKind::read(input)?;
        let bits = input.byte()?;
        if bits > 15 {
            return Err(DecodeError::Value("what was weighed"));
        }
        Ok(Self {
            subscriber_kind,
            is_subscriber: bits & 1 != 0,
            frozen: bits & 2 != 0,
            by_code: bits & 4 != 0,
            opted_out: bits & 8 != 0,
            subject_kind: SubjectKind::read(input)?,
            undertaking: input.option(Reader::fixed)?,
            consents: input.list(|input| input.fixed().map(ConsentId))?,
        })
    }
}

/// One rule's part in a decision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// Id of the rule in its rulebook, e.g. `cn-11`.
    pub rule: String,
    /// Stable code of the reason, e.g. `no_consent_for_marketing`.
    pub code: String,
}

impl Canonical for Reason {
    fn write(&self, out: &mut Writer<'_>) {
        out.text(&self.rule);
        out.text(&self.code);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { rule: input.text()?, code: input.text()? })
    }
}

coded_enum! {
    /// How an inquiry ended.
    pub enum Outcome {
        Permitted = 1, "permitted", "A report was given";
        Denied = 2, "denied", "A rule forbade it";
        NoHit = 3, "no_hit", "Permitted, but the bureau holds nothing about the subject";
    }
}

/// Which months are shown. What has no month is shown whichever they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ranges {
    /// Of everything released; `None` is every month.
    pub all: Option<DataRange>,
    /// What is released on a consent alone, where a law releases the rest, and its months.
    pub by_consent: Option<(CategorySet, DataRange)>,
}

impl Ranges {
    /// What of `released` is shown of a month.
    pub fn of_month(&self, released: CategorySet, month: Option<Month>) -> CategorySet {
        let Some(month) = month else { return released };
        if self.all.is_some_and(|range| !range.holds(month)) {
            return CategorySet::EMPTY;
        }
        match self.by_consent {
            Some((categories, range)) if !range.holds(month) => {
                released.iter().filter(|category| !categories.contains(*category)).collect()
            }
            _ => released,
        }
    }
}

/// What is kept of one inquiry, whatever its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InquiryRecord {
    /// Whose file was asked for.
    pub subject: SubjectId,
    /// Number of the subscriber.
    pub subscriber: u16,
    /// The ground claimed.
    pub purpose: Purpose,
    /// The single question it asked instead of for a report.
    pub asked: Option<Asked>,
    /// The months it asked to be told of; `None` is all that may be told.
    pub range_asked: Option<DataRange>,
    /// How it ended.
    pub outcome: Outcome,
    /// The answer to the question, where one was given.
    pub answered: Option<Answered>,
    /// What it was decided on.
    pub weighed: Weighed,
    /// Rulebook and its version, e.g. `cn 2026.2`.
    pub rulebook: String,
    /// The rules that decided.
    pub reasons: Vec<Reason>,
    /// The consent relied on.
    pub consent: Option<ConsentId>,
    /// Categories that were released.
    pub released: Vec<DataCategory>,
    /// How much of them the report tells, where one was given.
    pub detail: Option<Detail>,
    /// Of which months.
    pub ranges: Ranges,
    /// SHA-256 of the report as given; zeros where none was, as for a single question.
    pub report_hash: [u8; 32],
    /// SHA-256 of everything that was told, whatever it was: a report with its head and what stands beside it, an answer, or that
    /// nothing is.
    pub answer_hash: [u8; 32],
}

impl Canonical for InquiryRecord {
    fn write(&self, out: &mut Writer<'_>) {
        out.fixed(&self.subject.0);
        out.unsigned(u64::from(self.subscriber));
        self.purpose.write(out);
        out.option(self.asked.as_ref(), |out, asked| asked.write(out));
        out.option(self.range_asked.as_ref(), |out, range| range.write(out));
        self.outcome.write(out);
        out.option(self.answered.as_ref(), |out, answered| answered.write(out));
        self.weighed.write(out);
        out.text(&self.rulebook);
        out.list(&self.reasons, |out, reason| reason.write(out));
        out.option(self.consent.as_ref(), |out, consent| out.fixed(&consent.0));
        out.list(&self.released, |out, category| category.write(out));
        out.option(self.detail.as_ref(), |out, detail| detail.write(out));
        out.option(self.ranges.all.as_ref(), |out, range| range.write(out));
        out.option(self.ranges.by_consent.as_ref(), |out, (categories, range)| {
            out.list(&categories.iter().collect::<Vec<_>>(), |out, category| category.write(out));
            range.write(out);
        });
        out.fixed(&self.report_hash);
        out.fixed(&self.answer_hash);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            subject: SubjectId(input.fixed()?),
            subscriber: input.unsigned_as()?,
            purpose: Purpose::read(input)?,
            asked: input.option(Asked::read)?,
            range_asked: input.option(DataRange::read)?,
            outcome: Outcome::read(input)?,
            answered: input.option(Answered::read)?,
            weighed: Weighed::read(input)?,
            rulebook: input.text()?,
            reasons: input.list(Reason::read)?,
            consent: input.option(|input| input.fixed().map(ConsentId))?,
            released: input.list(DataCategory::read)?,
            detail: input.option(Detail::read)?,
            ranges: Ranges {
                all: input.option(DataRange::read)?,
                by_consent: input.option(|input| {
                    let categories = input.list(DataCategory::read)?;
                    Ok((categories.into_iter().collect(), DataRange::read(input)?))
                })?,
            },
            report_hash: input.fixed()?,
            answer_hash: input.fixed()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day_range(from: i8, until: i8) -> DataRange {
        let day = |day: i8| crate::Date::constant(1970, 1, day + 1);
        DataRange { from: day(from), until: day(until) }
    }

    #[test]
    fn of_a_month_outside_only_what_no_range_bounds_is_shown() {
        let year = |year: i16| DataRange {
            from: crate::Date::constant(year, 1, 1),
            until: crate::Date::constant(year, 12, 31),
        };
        let both: CategorySet = [DataCategory::Credit, DataCategory::Income].into_iter().collect();
        let income = CategorySet::EMPTY.with(DataCategory::Income);
        let month = |text: &str| Some(Month::parse(text).unwrap());
        let ranges = Ranges { all: None, by_consent: Some((income, year(2025))) };
        assert_eq!(ranges.of_month(both, month("2025-12")), both);
        assert_eq!(ranges.of_month(both, month("2026-01")), CategorySet::EMPTY.with(DataCategory::Credit));
        assert_eq!(ranges.of_month(both, None), both, "what has no month");
        let ranges = Ranges { all: Some(year(2025)), ..ranges };
        assert_eq!(ranges.of_month(both, month("2024-12")), CategorySet::EMPTY);
        assert_eq!(ranges.of_month(both, month("2025-01")), both);
    }

    #[test]
    fn an_inquirys_bytes_are_these() {
        let record = InquiryRecord {
            subject: SubjectId([3; 16]),
            subscriber: 7,
            purpose: Purpose::CreditApplication,
            asked: Asked::new(SingleQuestion::EverNinetyDaysPastDue, Some(24)),
            range_asked: Some(day_range(1, 3)),
            outcome: Outcome::Permitted,
            answered: Some(Answered::No),
            weighed: Weighed {
                subscriber_kind: MemberKind::Bank,
                is_subscriber: true,
                subject_kind: SubjectKind::Person,
                frozen: false,
                by_code: true,
                opted_out: true,
                undertaking: Some([4; 32]),
                consents: vec![ConsentId([9; 8])],
            },
            rulebook: "cn 1".to_owned(),
            reasons: vec![Reason { rule: "cn-11".to_owned(), code: "x".to_owned() }],
            consent: Some(ConsentId([9; 8])),
            released: vec![DataCategory::Credit],
            detail: Some(Detail::Latest),
            ranges: Ranges {
                all: Some(day_range(1, 2)),
                by_consent: Some((CategorySet::EMPTY.with(DataCategory::Credit), day_range(2, 2))),
            },
            report_hash: [0; 32],
            answer_hash: [4; 32],
        };
        let mut bytes = vec![3; 16];
        // Subscriber, purpose, question 2 of 24 months, outcome, answer; kind, subscriber with a code, person.
        // The range asked for is told in days since 1970.
        bytes.extend([7, 1, 1, 2, 1, 24, 1, 2, 6, 1, 1, 2, 1, 13, 1, 1]);
        bytes.extend([4; 32]);
        bytes.extend([1, 9, 9, 9, 9, 9, 9, 9, 9]);
        bytes.extend(b"\x04cn 1\x01\x05cn-11\x01x\x01");
        bytes.extend([9; 8]);
        bytes.extend([1, 2, 1, 2]);
        // Every month of two days; of credit, of which the consent alone lets see, those of one.
        bytes.extend([1, 2, 4, 1, 1, 2, 4, 4]);
        bytes.extend([0; 32]);
        bytes.extend([4; 32]);
        assert_eq!(record.to_bytes(), bytes);
        assert_eq!(InquiryRecord::from_bytes(&bytes), Ok(record));
    }

    #[test]
    fn a_question_is_asked_with_the_months_it_takes() {
        let asked = |months| Asked::new(SingleQuestion::PaidInMonthsAtLeast, months);
        assert_eq!([asked(None), asked(Some(0)), asked(Some(13))], [None; 3]);
        assert_eq!(asked(Some(12)).unwrap().to_string(), "paid_in_months_at_least 12");
        assert_eq!(Asked::new(SingleQuestion::PastDueNow, Some(1)), None);
        assert_eq!(Asked::new(SingleQuestion::PastDueNow, None).unwrap().to_string(), "past_due_now");
    }
}
