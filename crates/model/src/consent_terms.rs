//! The terms of a consent: how often it may be used, over which data, how long those may be kept, and how it was asked for.
//!
//! Terms are part of the consent and never change with it (in-10): who wants others asks for another consent.

use crate::canonical::{Canonical, DecodeError, Reader, Writer, coded_enum};
use crate::{Date, SubjectId, Timestamp};

/// Longest text among the terms (a notice's version, a language, a condition), in bytes.
pub const TERM_BYTES_MAX: usize = 256;

coded_enum! {
    /// The calendar unit (UTC) in which uses are counted.
    pub enum FrequencyUnit {
        Hour = 1, "hour", "A full hour";
        Day = 2, "day", "A day";
        Month = 3, "month", "A calendar month";
        Year = 4, "year", "A calendar year";
    }
}

impl FrequencyUnit {
    /// The unit that `at` lies in, counted from some beginning.
    fn place(self, at: Timestamp) -> i64 {
        match self {
            Self::Hour => at.millis().div_euclid(3_600_000),
            Self::Day => at.millis().div_euclid(86_400_000),
            Self::Month => i64::from(at.month().number()),
            Self::Year => i64::from(at.month().year()),
        }
    }
}

/// So many uses in one unit, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frequency {
    /// How many; at least 1.
    pub count: u16,
    /// In which unit.
    pub unit: FrequencyUnit,
}

/// How often a consent may be used. A use is an inquiry that relied on it and was permitted, found or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fetch {
    /// As often as its purpose asks while it holds; nothing else was agreed.
    #[default]
    Unlimited,
    /// Once.
    OneTime,
    /// Again and again, so often at most.
    Periodic(Frequency),
}

impl Fetch {
    /// Whether one more use at `now` would be one too many after these uses.
    pub fn is_used_up(self, uses: &[Timestamp], now: Timestamp) -> bool {
        match self {
            Self::Unlimited => false,
            Self::OneTime => !uses.is_empty(),
            Self::Periodic(Frequency { count, unit }) => {
                let now = unit.place(now);
                uses.iter().filter(|used| unit.place(**used) == now).count() >= usize::from(count)
            }
        }
    }
}

/// The time that the data are about, both days included. Facts of a month are in range if their month begins and ends in
/// months of the range; facts without a month always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataRange {
    /// First day.
    pub from: Date,
    /// Last day; not before the first.
    pub until: Date,
}

impl DataRange {
    /// Whether `month` is one of those that the range touches.
    pub fn holds(&self, month: crate::Month) -> bool {
        let of = crate::Month::of;
        of(self.from).is_none_or(|first| first <= month) && of(self.until).is_none_or(|last| month <= last)
    }

    /// From the first day of one month to the last of another; `None` if that ends before it begins, or is no time at all.
    pub fn of_months(first: crate::Month, last: crate::Month) -> Option<Self> {
        let day = |month: crate::Month, day: i8| {
            Date::new(i16::try_from(month.year()).ok()?, i8::try_from(month.month()).ok()?, day).ok()
        };
        let until = day(last, i8::try_from(last.days()).ok()?)?;
        Some(Self { from: day(first, 1)?, until }).filter(|_| first <= last)
    }

    /// What both hold; `None` if they have no day in common.
    pub fn and(self, other: Self) -> Option<Self> {
        let both = Self { from: self.from.max(other.from), until: self.until.min(other.until) };
        (both.from <= both.until).then_some(both)
    }

    /// How many days it has.
    pub fn days(self) -> i64 {
        i64::from((self.until - self.from).get_days()) + 1
    }
}

impl Canonical for DataRange {
    fn write(&self, out: &mut Writer<'_>) {
        write_date(out, self.from);
        write_date(out, self.until);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { from: read_date(input)?, until: read_date(input)? })
    }
}

coded_enum! {
    /// The unit of a span of time.
    pub enum SpanUnit {
        Day = 1, "day", "Days";
        Month = 2, "month", "Months";
        Year = 3, "year", "Years";
        Unlimited = 4, "unlimited", "Without an end; the count says nothing";
    }
}

/// A span of time, e.g. how long a recipient may keep what it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// How many.
    pub count: u16,
    /// Of what.
    pub unit: SpanUnit,
}

coded_enum! {
    /// Where the subject agreed.
    pub enum Channel {
        App = 1, "app", "In an application";
        Web = 2, "web", "On a web page";
        Branch = 3, "branch", "In person";
        Telephone = 4, "telephone", "By telephone";
        Post = 5, "post", "By letter";
    }
}

coded_enum! {
    /// Who spoke for the subject.
    pub enum Actor {
        Subject = 1, "subject", "The subject";
        Guardian = 2, "guardian", "A parent or guardian of the subject";
        NextOfKin = 3, "next_of_kin", "Next of kin of a subject who has died";
    }
}

/// Who acted, and on what showing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acting {
    /// Who.
    pub actor: Actor,
    /// The pseudonym of the one who acted for the subject, if an identifier was given.
    pub person: Option<SubjectId>,
    /// SHA-256 of what shows that they may; zeros for the subject.
    pub evidence: [u8; 32],
}

impl Default for Acting {
    fn default() -> Self {
        Self { actor: Actor::Subject, person: None, evidence: [0; 32] }
    }
}

coded_enum! {
    /// Whether a service really needs the data whose consent it was tied to, as the one who asked says.
    pub enum Necessity {
        Necessary = 1, "necessary", "The service cannot be given without the data";
        NotNecessary = 2, "not_necessary", "The service could be given without the data";
    }
}

/// What a consent was tied to: refused, and this is refused too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The service, in the words of the one who asked.
    pub condition: String,
    /// What that one says of the need.
    pub necessity: Necessity,
}

/// Everything agreed beside who, what, why and until when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentTerms {
    /// How often it may be used.
    pub fetch: Fetch,
    /// Over which data; `None` is over all.
    pub data_range: Option<DataRange>,
    /// How long a recipient may keep what it is shown; `None` where nothing was agreed.
    pub data_life: Option<Span>,
    /// Version of the notice the subject read.
    pub notice_version: Option<String>,
    /// Language of the notice (BCP 47, e.g. `zh-CN`).
    pub language: Option<String>,
    /// Where it was given.
    pub channel: Option<Channel>,
    /// What it was tied to. A consent that was tied to something is no separate consent (cn-21, cn-24).
    pub bundle: Option<Bundle>,
    /// Who gave it.
    pub acting: Acting,
}

fn write_text(out: &mut Writer<'_>, text: Option<&String>) {
    out.option(text, |out, text| out.text(text));
}

fn write_date(out: &mut Writer<'_>, date: Date) {
    out.signed(Timestamp::start_of(date).millis() / 86_400_000);
}

fn read_date(input: &mut Reader<'_>) -> Result<Date, DecodeError> {
    let millis = input.signed()?.checked_mul(86_400_000).ok_or(DecodeError::Integer)?;
    Timestamp::from_millis(millis).map(Timestamp::date).map_err(|_| DecodeError::Value("date"))
}

impl Canonical for Acting {
    fn write(&self, out: &mut Writer<'_>) {
        self.actor.write(out);
        out.option(self.person.as_ref(), |out, person| out.fixed(&person.0));
        out.fixed(&self.evidence);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            actor: Actor::read(input)?,
            person: input.option(|input| input.fixed().map(SubjectId))?,
            evidence: input.fixed()?,
        })
    }
}

impl Canonical for ConsentTerms {
    fn write(&self, out: &mut Writer<'_>) {
        match self.fetch {
            Fetch::Unlimited => out.byte(0),
            Fetch::OneTime => out.byte(1),
            Fetch::Periodic(frequency) => {
                out.byte(2);
                out.unsigned(u64::from(frequency.count));
                frequency.unit.write(out);
            }
        }
        out.option(self.data_range.as_ref(), |out, range| range.write(out));
        out.option(self.data_life.as_ref(), |out, span| {
            out.unsigned(u64::from(span.count));
            span.unit.write(out);
        });
        write_text(out, self.notice_version.as_ref());
        write_text(out, self.language.as_ref());
        out.option(self.channel.as_ref(), |out, channel| channel.write(out));
        out.option(self.bundle.as_ref(), |out, bundle| {
            out.text(&bundle.condition);
            bundle.necessity.write(out);
        });
        self.acting.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            fetch: match input.byte()? {
                0 => Fetch::Unlimited,
                1 => Fetch::OneTime,
                2 => Fetch::Periodic(Frequency { count: input.unsigned_as()?, unit: FrequencyUnit::read(input)? }),
                _ => return Err(DecodeError::Value("Fetch")),
            },
            data_range: input.option(DataRange::read)?,
            data_life: input.option(|input| Ok(Span { count: input.unsigned_as()?, unit: SpanUnit::read(input)? }))?,
            notice_version: input.option(Reader::text)?,
            language: input.option(Reader::text)?,
            channel: input.option(Channel::read)?,
            bundle: input
                .option(|input| Ok(Bundle { condition: input.text()?, necessity: Necessity::read(input)? }))?,
            acting: Acting::read(input)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn one_use_more_than_agreed_is_too_many_and_a_new_unit_begins_anew() {
        let (first, second) = (at("2026-03-31T23:00:00Z"), at("2026-03-31T23:30:00Z"));
        assert!(!Fetch::Unlimited.is_used_up(&[first, second], second));
        assert!(!Fetch::OneTime.is_used_up(&[], first));
        assert!(Fetch::OneTime.is_used_up(&[first], at("2030-01-01")));
        for (unit, later) in [
            (FrequencyUnit::Hour, "2026-04-01T00:00:00Z"),
            (FrequencyUnit::Day, "2026-04-01T00:00:00Z"),
            (FrequencyUnit::Month, "2026-04-01T00:00:00Z"),
            (FrequencyUnit::Year, "2027-01-01T00:00:00Z"),
        ] {
            let twice = Fetch::Periodic(Frequency { count: 2, unit });
            assert!(!twice.is_used_up(&[first], second), "{unit}");
            assert!(twice.is_used_up(&[first, second], at("2026-03-31T23:59:59Z")), "{unit}");
            assert!(!twice.is_used_up(&[first, second], at(later)), "{unit}");
        }
    }

    #[test]
    fn the_bytes_of_terms_are_fixed() {
        let terms = ConsentTerms {
            fetch: Fetch::Periodic(Frequency { count: 45, unit: FrequencyUnit::Month }),
            data_range: Some(DataRange { from: Date::constant(1970, 1, 2), until: Date::constant(1970, 1, 3) }),
            data_life: Some(Span { count: 31, unit: SpanUnit::Day }),
            notice_version: Some("7".to_owned()),
            language: Some("zh".to_owned()),
            channel: Some(Channel::Branch),
            bundle: Some(Bundle { condition: "x".to_owned(), necessity: Necessity::NotNecessary }),
            acting: Acting { actor: Actor::Guardian, person: Some(SubjectId([3; 16])), evidence: [4; 32] },
        };
        let mut expected = vec![2, 45, 3, 1, 2, 4, 1, 31, 1, 1, 1, b'7', 1, 2, b'z', b'h', 1, 3, 1, 1, b'x', 2, 2, 1];
        expected.extend([3; 16]);
        expected.extend([4; 32]);
        assert_eq!(terms.to_bytes(), expected);
        assert_eq!(ConsentTerms::from_bytes(&expected), Ok(terms));
        let plain = ConsentTerms::default();
        assert_eq!(ConsentTerms::from_bytes(&plain.to_bytes()), Ok(plain.clone()));
        assert_eq!(plain.to_bytes().get(..10), Some([0, 0, 0, 0, 0, 0, 0, 1, 0, 0].as_slice()));
    }

    #[test]
    fn a_range_holds_the_months_it_touches() {
        let range = DataRange { from: Date::constant(2026, 1, 31), until: Date::constant(2026, 3, 1) };
        let month = |month| crate::Month::new(2026, month).unwrap();
        assert_eq!([1, 2, 3, 4].map(|number| range.holds(month(number))), [true, true, true, false]);
        assert!(!range.holds(crate::Month::new(2025, 12).unwrap()));
    }
}
