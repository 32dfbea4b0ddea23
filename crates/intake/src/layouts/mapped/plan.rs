//! A mapping applied to the header of one file: column names become places, once.

use std::collections::BTreeMap;

use tallystick_model::fact::{RecordPlace, ReportedRecord};
use tallystick_model::payment_profile::Provenance;
use tallystick_model::tradeline::{AccountKind, AccountStatus, PaymentRating};
use tallystick_model::{CategorySet, Currency, DataCategory, IdScheme, Month};

use super::cells::Cells;
use super::mapping::{Coded, FlowName, Mapping, MonthFrom, ProfileMap, TradelineMap};
use super::pattern::DatePattern;
use super::row::Row;
use crate::read::{ReadContext, Refused, Sink};
use crate::reject::{Found, Reject};

/// A column: its place and its name, for rejects.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) place: usize,
    pub(super) name: String,
}

pub(super) enum CodedPlan<T> {
    Constant(T),
    Column(Column, BTreeMap<Vec<u8>, T>),
}

pub(super) enum MonthPlan {
    Constant(Month),
    Column(Column, DatePattern),
}

pub(super) struct TradelinePlan {
    pub(super) account: Column,
    pub(super) month: MonthPlan,
    pub(super) currency: Currency,
    pub(super) kind: CodedPlan<AccountKind>,
    pub(super) status: CodedPlan<AccountStatus>,
    pub(super) rating: CodedPlan<PaymentRating>,
    pub(super) balance: Option<Column>,
    pub(super) past_due: Option<Column>,
    pub(super) limit: Option<Column>,
    pub(super) paid: Option<Column>,
    pub(super) scheduled: Option<Column>,
    pub(super) opened: Option<(Column, DatePattern)>,
    pub(super) closed: Option<(Column, DatePattern)>,
    pub(super) first_delinquency: Option<(Column, DatePattern)>,
    pub(super) highest: Option<Column>,
    pub(super) term_months: Option<Column>,
}

pub(super) struct ProfilePlan {
    pub(super) account: Column,
    pub(super) month: MonthPlan,
    pub(super) currency: Currency,
    pub(super) provenance: Provenance,
    pub(super) active_days: Option<Column>,
    pub(super) flows: Vec<(FlowName, Column, Column)>,
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
    pub(super) subjects: Vec<(Column, IdScheme)>,
    pub(super) tradelines: Vec<TradelinePlan>,
    pub(super) profiles: Vec<ProfilePlan>,
    pub(super) identity: Option<IdentityPlan>,
    pub(super) attributes: Vec<(Column, DataCategory)>,
}

/// Finds columns by name, and remembers which were asked for.
struct Header {
    names: Vec<(String, bool)>,
}

impl Header {
    fn column(&mut self, name: &str) -> Result<Column, Refused> {
        let place = self.names.iter().position(|(known, _)| known == name);
        let Some(place) = place else {
            return Err(Refused::NotThisLayout {
                byte: 0,
                field: name.to_owned(),
                expected: format!("a column `{name}`"),
                found: Found::phrase(format!("{} other columns", self.names.len())),
            });
        };
        if let Some((_, asked)) = self.names.get_mut(place) {
            *asked = true;
        }
        Ok(Column { place, name: name.to_owned() })
    }

    fn optional(&mut self, name: Option<&String>) -> Result<Option<Column>, Refused> {
        name.map(|name| self.column(name)).transpose()
    }

    fn dated(&mut self, date: Option<&(String, DatePattern)>) -> Result<Option<(Column, DatePattern)>, Refused> {
        date.map(|(name, pattern)| Ok((self.column(name)?, pattern.clone()))).transpose()
    }

    fn coded<T: Clone>(&mut self, coded: &Coded<T>) -> Result<CodedPlan<T>, Refused> {
        Ok(match coded {
            Coded::Constant(value) => CodedPlan::Constant(value.clone()),
            Coded::Column(name, codes) => CodedPlan::Column(self.column(name)?, codes.clone()),
        })
    }

    fn month(&mut self, month: &MonthFrom, given: Option<Month>) -> Result<MonthPlan, Refused> {
        Ok(match (month, given) {
            (MonthFrom::Constant(month), _) => MonthPlan::Constant(*month),
            (MonthFrom::Argument, Some(month)) => MonthPlan::Constant(month),
            (MonthFrom::Column(name, pattern), _) => MonthPlan::Column(self.column(name)?, pattern.clone()),
            (MonthFrom::Argument, None) => return Err(Refused::MonthNeeded),
        })
    }

    fn tradeline(&mut self, map: &TradelineMap, given: Option<Month>) -> Result<TradelinePlan, Refused> {
        Ok(TradelinePlan {
            account: self.column(&map.account)?,
            month: self.month(&map.month, given)?,
            currency: map.currency,
            kind: self.coded(&map.kind)?,
            status: self.coded(&map.status)?,
            rating: self.coded(&map.rating)?,
            balance: self.optional(map.balance.as_ref())?,
            past_due: self.optional(map.past_due.as_ref())?,
            limit: self.optional(map.limit.as_ref())?,
            paid: self.optional(map.paid.as_ref())?,
            scheduled: self.optional(map.scheduled.as_ref())?,
            opened: self.dated(map.opened.as_ref())?,
            closed: self.dated(map.closed.as_ref())?,
            first_delinquency: self.dated(map.first_delinquency.as_ref())?,
            highest: self.optional(map.highest.as_ref())?,
            term_months: self.optional(map.term_months.as_ref())?,
        })
    }

    fn profile(&mut self, map: &ProfileMap, context: &ReadContext) -> Result<ProfilePlan, Refused> {
        let mut flows = Vec::new();
        for (flow, count, sum) in &map.flows {
            flows.push((*flow, self.column(count)?, self.column(sum)?));
        }
        Ok(ProfilePlan {
            account: self.column(&map.account)?,
            month: self.month(&map.month, context.month)?,
            currency: map.currency,
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
    pub(super) fn new(mapping: &'a Mapping, columns: Vec<String>, context: &ReadContext) -> Result<Self, Refused> {
        let mut header = Header { names: columns.into_iter().map(|name| (name, false)).collect() };
        let mut subjects = Vec::new();
        for subject in &mapping.subjects {
            subjects.push((header.column(&subject.column)?, subject.scheme));
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
            header.column(name)?;
        }
        if let Some((name, _)) = header.names.iter().find(|(_, asked)| !asked) {
            return Err(Refused::NotThisLayout {
                byte: 0,
                field: "header".to_owned(),
                expected: "only columns that the layout maps, declares under a category or ignores by name".to_owned(),
                found: Found::quoted(name),
            });
        }
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
