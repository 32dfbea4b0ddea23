//! Large files are read in parts, several at the same time.
//!
//! One thread cuts the file into [`Part`]s, in its order, and any number of others read them. What the parts give is put
//! together in the order of the file, so the result is the same as reading it whole with one thread.

use crate::file::DeliveryFile;
use crate::layouts::{mapped, metro2};
use crate::read::{FileSummary, Layout, ReadContext, Refused, Sink};

/// Bytes of a part, more or less: large enough that cutting costs nothing, small enough that a dozen fit in memory.
pub const PART_BYTES: usize = 1 << 20;

/// A piece of a delivery that begins and ends with whole records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Where in the file it begins: rejects name places of the whole file. (A layout that finds its records itself, such as
    /// Parquet, may use `at` and `bytes` as it likes.)
    pub at: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Cuts a delivery into parts.
pub trait Cutter: Send {
    /// The next part; `None` after the last one.
    ///
    /// # Errors
    /// [`Refused`] if the file as a whole is not what it claims.
    fn next_part(&mut self) -> Result<Option<Part>, Refused>;
}

/// Reads parts, each by itself.
pub trait PartReader: Sync {
    /// Reads a part and hands what it finds to `sink`. Records are counted from 1 in each part: whoever puts the parts
    /// together adds the number of records before it. Byte offsets are those of the file.
    ///
    /// # Errors
    /// [`Refused`] if the file as a whole is not what it claims.
    fn read_part(&self, part: &Part, sink: &mut dyn Sink) -> Result<FileSummary, Refused>;

    /// The summary of the whole file, made of its parts' sums ([`FileSummary::add`]): what only shows at the end, such as the
    /// totals of a trailer, is said here.
    ///
    /// # Errors
    /// [`Refused`] if the file as a whole is not what it claims.
    fn finish(&self, sum: FileSummary) -> Result<FileSummary, Refused> {
        Ok(sum)
    }
}

/// Both halves of reading a file in parts.
pub struct Parts<'a> {
    /// Cuts.
    pub cutter: Box<dyn Cutter + 'a>,
    /// Reads.
    pub reader: Box<dyn PartReader + 'a>,
}

/// The parts of a file, if its layout can be read so; else it is read whole ([`read_delivery`](crate::read_delivery)).
///
/// # Errors
/// [`Refused`] if the beginning of the file is not what it claims.
pub fn parts<'a>(
    layout: &'a Layout,
    file: &'a dyn DeliveryFile,
    context: &'a ReadContext,
) -> Result<Option<Parts<'a>>, Refused> {
    match layout {
        Layout::Metro2 => metro2::parts(file, context, PART_BYTES).map(Some),
        Layout::Mapped(mapping) => mapped::parts(mapping, file, context, PART_BYTES),
        Layout::Alipay
        | Layout::Wechat
        | Layout::Jd
        | Layout::Meituan
        | Layout::Locked(..)
        | Layout::Camt
        | Layout::Registry => Ok(None),
    }
}
