//! A reader that refuses to go on when one record grows past a limit, before it is held in memory.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// Counts the bytes handed on; whoever reads records sets the count back after each.
pub(super) struct Bounded<'a> {
    inner: &'a mut dyn BufRead,
    since_record: Rc<Cell<u64>>,
    limit: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("record above the limit of {0} bytes")]
struct LimitReached(u64);

impl<'a> Bounded<'a> {
    pub(super) fn new(inner: &'a mut dyn BufRead, limit: u64) -> (Self, Rc<Cell<u64>>) {
        let since_record = Rc::new(Cell::new(0));
        (Self { inner, since_record: Rc::clone(&since_record), limit }, since_record)
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_record.get() > self.limit {
            return Err(io::Error::other(LimitReached(self.limit)));
        }
        let count = self.inner.read(buffer)?;
        self.since_record.set(self.since_record.get() + count as u64);
        Ok(count)
    }
}

/// The limit that was reached, if that is what the error says.
pub(super) fn limit_of(error: &io::Error) -> Option<u64> {
    error.get_ref()?.downcast_ref::<LimitReached>().map(|reached| reached.0)
}
