//! A mapping applied to the columns of one file: their names become places, once.

use tallystick_model::fact::{RecordPlace, ReportedRecord};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::tradeline::{AccountKind, AccountStatus, Liability, PaymentRating};
use tallystick_model::{CategorySet, Currency, DataCategory, IdScheme, Month};

use super::amount::{AmountFormat, AmountFrom, AmountMap};
use super::cells::Cells;
use super::codes::{CodeList, Coded};
use super::encoding::Encoding;
use super::header::Header;
use super::mapping::{CurrencyFrom, FlowName, Mapping, MonthFrom, ProfileMap, TextMap, TradelineMap};
use super::pattern::DatePattern;
use super::row::Row;
use crate::read::{ReadContext, Refused, Sink};
use crate::reject::Reject;

/// A column: its place and its name, for rejects.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) place: usize,
    pub(super) name: String,
}

/// A text of one column or of several.
pub(super) struct TextPlan {
    pub(super) first: Column,
    pub(super) further: Vec<Column>,
    /// Between them, in the file's encoding.
    pub(super) join: Vec<u8>,
}

/// An amount of one column, or what is in one less what is in another.
pub(super) struct AmountPlan {
    pub(super) column: (Column, AmountFormat),
    pub(super) less: Option<(Column, AmountFormat)>,
}

pub(super) enum CodedPlan<T> {
    Constant(T),
    Column(Column, CodeList<T>),
}

pub(super) enum MonthPlan {
    Constant(Month),
    Column(Column, DatePattern),
}

pub(super) struct TradelinePlan {
    pub(super) account: TextPlan,
    pub(super) month: MonthPlan,
    pub(super) currency: CodedPlan<Currency>,
    pub(super) kind: CodedPlan<AccountKind>,
    pub(super) status: CodedPlan<AccountStatus>,
    pub(super) rating: CodedPlan<PaymentRating>,
    pub(super) liability: CodedPlan<Liability>,
    pub(super) balance: Option<AmountPlan>,
    pub(super) past_due: Option<AmountPlan>,
    pub(super) limit: Option<AmountPlan>,
    pub(super) paid: Option<AmountPlan>,
    pub(super) scheduled: Option<AmountPlan>,
    pub(super) opened: Option<(Column, DatePattern)>,
    pub(super) closed: Option<(Column, DatePattern)>,
    pub(super) first_delinquency: Option<(Column, DatePattern)>,
    pub(super) highest: Option<AmountPlan>,
    pub(super) term_months: Option<Column>,
}

pub(super) struct ProfilePlan {
    pub(super) account: TextPlan,
    pub(super) month: MonthPlan,
    pub(super) currency: CodedPlan<Currency>,
    pub(super) provenance: Provenance,
    pub(super) active_days: Option<Column>,
    pub(super) flows: Vec<(FlowName, Column, AmountPlan)>,
}

pub(super) struct IdentityPlan {
    pub(super) name: Option<Column>,
    pub(super) born: Option<(Column, DatePattern)>,
    pub(super) telephone: Option<Column>,
    pub(super) address: Option<Column>,
}

/// How to read each row of one file.
pub(super) struct Plan<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) furnisher: String,
    pub(super) admitted: CategorySet,
    pub(super) subjects: Vec<(TextPlan, IdScheme)>,
    pub(super) tradelines: Vec<TradelinePlan>,
    pub(super) profiles: Vec<ProfilePlan>,
    pub(super) identity: Option<IdentityPlan>,
    pub(super) attributes: Vec<(Column, DataCategory)>,
}

/// Looks up the columns of a mapping's parts.
struct Columns<'h> {
    header: &'h mut Header,
    encoding: Encoding,
}

impl Columns<'_> {
    fn column(&mut self, name: &str) -> Result<Column, Refused> {
        self.header.column(name)
    }

    fn optional(&mut self, name: Option<&String>) -> Result<Option<Column>, Refused> {
        name.map(|name| self.column(name)).transpose()
    }

    fn text(&mut self, map: &TextMap) -> Result<TextPlan, Refused> {
        let (first, further) = map.columns.split_first().map_or(("", [].as_slice()), |(first, rest)| (first, rest));
        let first = self.column(first)?;
        let further: Result<Vec<_>, _> = further.iter().map(|name| self.column(name)).collect();
        Ok(TextPlan { first, further: further?, join: self.encoding.encode(&map.join) })
    }

    fn amount(&mut self, map: Option<&AmountMap>) -> Result<Option<AmountPlan>, Refused> {
        let Some(AmountMap { from, format }) = map else { return Ok(None) };
        let mut written = |name: &str| {
            let column = self.column(name)?;
            let format = self.header.amounts(&column, format);
            Ok::<_, Refused>((column, format))
        };
        Ok(Some(match from {
            AmountFrom::Column(column) => AmountPlan { column: written(column)?, less: None },
            AmountFrom::Difference(column, less) => AmountPlan { column: written(column)?, less: Some(written(less)?) },
        }))
    }

    fn date(&mut self, name: &str, pattern: &DatePattern) -> Result<(Column, DatePattern), Refused> {
        let column = self.column(name)?;
        let pattern = self.header.pattern(&column, pattern)?;
        Ok((column, pattern))
    }

    fn dated(&mut self, date: Option<&(String, DatePattern)>) -> Result<Option<(Column, DatePattern)>, Refused> {
        date.map(|(name, pattern)| self.date(name, pattern)).transpose()
    }

    fn coded<T: Clone>(&mut self, coded: &Coded<T>) -> Result<CodedPlan<T>, Refused> {
        Ok(match coded {
            Coded::Constant(value) => CodedPlan::Constant(value.clone()),
            Coded::Column(name, codes) => CodedPlan::Column(self.column(name)?, codes.clone()),
        })
    }

    fn currency(&mut self, currency: &CurrencyFrom) -> Result<CodedPlan<Currency>, Refused> {
        Ok(match currency {
            CurrencyFrom::Constant(currency) => CodedPlan::Constant(*currency),
            CurrencyFrom::Column(name, codes) => CodedPlan::Column(self.column(name)?, codes.clone()),
        })
    }

    fn month(&mut self, month: &MonthFrom, given: Option<Month>) -> Result<MonthPlan, Refused> {
        Ok(match (month, given) {
            (MonthFrom::Constant(month), _) => MonthPlan::Constant(*month),
            (MonthFrom::Argument, Some(month)) => MonthPlan::Constant(month),
            (MonthFrom::Column(name, pattern), _) => {
                let (column, pattern) = self.date(name, pattern)?;
                MonthPlan::Column(column, pattern)
            }
            (MonthFrom::Argument, None) => return Err(Refused::MonthNeeded),
        })
    }

    fn tradeline(&mut self, map: &TradelineMap, given: Option<Month>) -> Result<TradelinePlan, Refused> {
        Ok(TradelinePlan {
            account: self.text(&map.account)?,
            month: self.month(&map.month, given)?,
            currency: self.currency(&map.currency)?,
            kind: self.coded(&map.kind)?,
            status: self.coded(&map.status)?,
            rating: self.coded(&map.rating)?,
            liability: self.coded(&map.liability)?,
            balance: self.amount(map.balance.as_ref())?,
            past_due: self.amount(map.past_due.as_ref())?,
            limit: self.amount(map.limit.as_ref())?,
            paid: self.amount(map.paid.as_ref())?,
            scheduled: self.amount(map.scheduled.as_ref())?,
            opened: self.dated(map.opened.as_ref())?,
            closed: self.dated(map.closed.as_ref())?,
            first_delinquency: self.dated(map.first_delinquency.as_ref())?,
            highest: self.amount(map.highest.as_ref())?,
            term_months: self.optional(map.term_months.as_ref())?,
        })
    }

    fn profile(&mut self, map: &ProfileMap, context: &ReadContext) -> Result<ProfilePlan, Refused> {
        let mut flows = Vec::new();
        for (flow, count, sum) in &map.flows {
            let count = self.column(count)?;
            flows.extend(self.amount(Some(sum))?.map(|sum| (*flow, count, sum)));
        }
        Ok(ProfilePlan {
            account: self.text(&map.account)?,
            month: self.month(&map.month, context.month)?,
            currency: self.currency(&map.currency)?,
            provenance: context.provenance,
            active_days: self.optional(map.active_days.as_ref())?,
            flows,
        })
    }
}

/// Whether a part of a wide file is about a month that was asked for.
fn asked_for(month: &MonthFrom, given: Option<Month>) -> bool {
    !matches!((month, given), (MonthFrom::Constant(month), Some(given)) if *month != given)
}

impl<'a> Plan<'a> {
    /// The plan for a file with these columns, which `header` remembers which of were asked for.
    pub(super) fn new(mapping: &'a Mapping, header: &mut Header, context: &ReadContext) -> Result<Self, Refused> {
        let mut header = Columns { header, encoding: mapping.file.encoding };
        let mut subjects = Vec::new();
        for subject in &mapping.subjects {
            subjects.push((header.text(&subject.column)?, subject.scheme));
        }
        // Every part is looked up, asked for or not: a file that lacks a month's columns is not of this layout.
        let (mut tradelines, mut profiles) = (Vec::new(), Vec::new());
        for map in &mapping.tradelines {
            let plan = header.tradeline(map, context.month)?;
            if asked_for(&map.month, context.month) {
                tradelines.push(plan);
            }
        }
        for map in &mapping.profiles {
            let plan = header.profile(map, context)?;
            if asked_for(&map.month, context.month) {
                profiles.push(plan);
            }
        }
        if tradelines.is_empty() && profiles.is_empty() {
            return Err(Refused::MonthNeeded);
        }
        let identity = match &mapping.identity {
            None => None,
            Some(identity) => Some(IdentityPlan {
                name: header.optional(identity.name.as_ref())?,
                born: header.dated(identity.born.as_ref())?,
                telephone: header.optional(identity.telephone.as_ref())?,
                address: header.optional(identity.address.as_ref())?,
            }),
        };
        let mut attributes = Vec::new();
        for (name, category) in &mapping.attributes {
            attributes.push((header.column(name)?, *category));
        }
        for name in &mapping.ignored {
            header.header.ignored(name)?;
        }
        header.header.all_spoken_about()?;
        Ok(Self {
            mapping,
            furnisher: context.furnisher.clone(),
            admitted: context.admitted,
            subjects,
            tradelines,
            profiles,
            identity,
            attributes,
        })
    }

    /// The record of one row; `None` if nothing of it is admitted.
    pub(super) fn record(
        &self,
        cells: &Cells<'_>,
        place: RecordPlace,
        sink: &mut dyn Sink,
    ) -> Result<Option<ReportedRecord>, Box<Reject>> {
        Row { plan: self, cells, place }.read(sink)
    }
}
