//! Furnisher file in, reported records and rejects out; streaming, in bounded memory.
//!
//! A layout reads one kind of file and hands each validated record to a [`Sink`]. One bad record is a [`Reject`] and the
//! rest goes on; a file that is not what it claims is [`Refused`] whole. Start at [`read::read_delivery`]; each layout is
//! a module of [`layouts`] under its own name. Not here: whether the furnisher may report a category (`policy`), and who
//! the subject is beyond a valid identifier (`matching`).

pub mod detect;
pub mod file;
pub mod layouts;
pub mod parts;
pub mod read;
pub mod reject;

pub use detect::{Detected, NotDetected, Wanting, detect};
pub use file::{Bytes, DeliveryFile};
pub use parts::{Cutter, PART_BYTES, Part, PartReader, Parts, parts};
pub use read::{ControlTotal, FileSummary, Layout, PaymentPlatform, ReadContext, Refused, Sink, read_delivery};
pub use reject::{Found, Reject, RejectCode};
