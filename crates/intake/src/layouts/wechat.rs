//! In the making.
use crate::read::{FileSummary, ReadContext, Refused, Sink};
use std::io::BufRead;
use tallystick_model::CategorySet;
/// Name and version.
pub const NAME: &str = "wechat 1";
/// Categories.
pub fn categories() -> CategorySet {
    CategorySet::EMPTY
}
/// Reads.
pub fn read(_: &mut dyn BufRead, _: &ReadContext, _: &mut dyn Sink) -> Result<FileSummary, Refused> {
    Err(Refused::Stopped)
}
