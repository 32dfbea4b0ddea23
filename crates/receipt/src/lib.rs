//! Receipts that a stranger can check: that a bureau has recorded one thing, when, and what.
//!
//! A receipt is a text of three parts: the recorded event, the salt that binds it to its entry, and the proof that the entry is in
//! the log under a checkpoint that the bureau signed. Who has the text and the bureau's public key needs nothing else: not the
//! bureau, not the rest of this program, no network. `docs/formats/receipt.md` has the bytes.
//!
//! Start at [`Document::parse`] and [`Document::check`]; [`describe`] says in words what was recorded. No I/O, no clock. What a receipt
//! does not prove: that the bureau told the truth when it recorded the event, and, without [`Witnesses`], that it shows others the
//! same log.

mod document;
mod words;

pub use document::{Checked, DOCUMENT_BYTES_MAX, Document, Fault, HEADER, Witnesses};
pub use words::{Described, describe};

/// A page that checks receipts in a browser without a server: one HTML file, whole in itself.
pub const PAGE: &str = include_str!("../web/verify.html");
