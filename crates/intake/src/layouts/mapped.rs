//! In the making.
use std::io::BufRead;
use tallystick_model::CategorySet;
use crate::read::{FileSummary, ReadContext, Refused, Sink};
/// Mapping.
#[derive(Clone, Debug)]
pub struct Mapping;
impl Mapping {
    /// Name.
    pub fn name(&self) -> String { String::new() }
    /// Categories.
    pub fn categories(&self) -> CategorySet { CategorySet::EMPTY }
}
/// Reads.
pub fn read(_: &Mapping, _: &mut dyn BufRead, _: &ReadContext, _: &mut dyn Sink) -> Result<FileSummary, Refused> {
    Err(Refused::Stopped)
}
