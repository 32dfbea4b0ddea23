//! Proof on paper that an entry is in the log: C2SP tlog-proof, a text of a few hundred bytes that verifies offline.
//!
//! Start at [`verify_receipt`](crate::verify_receipt); a [`Receipt`] alone has proved nothing yet.
//! Strict in form, so that one receipt has one text: refuses a wrong order of lines, spare blanks, numbers with leading
//! zeros, base64 that is not canonical, a checkpoint that is not well formed, and everything past its limits.

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::{
    checkpoint::{CheckpointError, NOTE_BYTES_MAX, check_form},
    hash::Hash,
    proof::{InclusionProof, PROOF_HASHES_MAX},
    text::decimal,
    verify::ProofError,
};

/// First line of every receipt.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Bytes of the extra data: room for the entry itself, which the log's bundles limit to 65,535 bytes.
pub const EXTRA_BYTES_MAX: usize = 64 * 1024;

const EXTRA_CHARS_MAX: usize = EXTRA_BYTES_MAX.div_ceil(3) * 4;

/// Bytes of a receipt's text: every part at its largest.
pub const RECEIPT_BYTES_MAX: usize = HEADER.len() + 1 // first line
    + "extra \n".len() + EXTRA_CHARS_MAX
    + "index 18446744073709551615\n".len()
    + PROOF_HASHES_MAX * 45
    + 1 // empty line
    + NOTE_BYTES_MAX;

/// That an entry is in the log of a checkpoint. The entry itself is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Place of the entry in the log, from 0.
    pub index: u64,
    /// From the entry to the checkpoint's root.
    pub proof: InclusionProof,
    /// The signed note, with the signatures of log and witnesses as they came.
    pub checkpoint: String,
    /// Anything a receiver may want beside it. Nobody signs it: never trust it. Nothing at all is written as no line.
    pub extra: Option<Vec<u8>>,
}

impl Receipt {
    /// The text of C2SP tlog-proof. What [`Receipt::from_bytes`] read is given back byte for byte.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_string()
    }

    /// Reads a receipt from a file or a wire. Looks at its form only, not at its truth.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReceiptError> {
        check_size(bytes.len())?;
        str::from_utf8(bytes).map_err(|_| ReceiptError::NotText)?.parse()
    }
}

/// Why a receipt was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// More bytes than a receipt may have.
    #[error("receipt too long: expected `{RECEIPT_BYTES_MAX}` bytes at most, found `{found}`")]
    TooLong {
        /// Bytes.
        found: usize,
    },
    /// Not UTF-8.
    #[error("receipt is not UTF-8 text")]
    NotText,
    /// A line is not what a receipt has there.
    #[error("receipt line {line}: expected {expected}")]
    Malformed {
        /// From 1.
        line: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// The checkpoint is malformed, or not signed by the log.
    #[error("receipt's checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The entry is not the one that the checkpoint's log has at that place.
    #[error("receipt's proof: {0}")]
    Proof(#[from] ProofError),
}

impl fmt::Display for Receipt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{HEADER}")?;
        if let Some(extra) = self.extra.as_deref().filter(|extra| !extra.is_empty()) {
            writeln!(out, "extra {}", BASE64_STANDARD.encode(extra))?;
        }
        writeln!(out, "index {}", self.index)?;
        self.proof.hashes.iter().try_for_each(|hash| writeln!(out, "{}", hash.to_base64()))?;
        write!(out, "\n{}", self.checkpoint)
    }
}

impl FromStr for Receipt {
    type Err = ReceiptError;

    fn from_str(text: &str) -> Result<Self, ReceiptError> {
        check_size(text.len())?;
        let mut lines = Lines { rest: text, number: 0 };
        if lines.next("`c2sp.org/tlog-proof@v1`")? != HEADER {
            return Err(lines.malformed("`c2sp.org/tlog-proof@v1`"));
        }

        let mut line = lines.next("`extra` or `index`")?;
        let mut extra = None;
        if let Some(encoded) = line.strip_prefix("extra ") {
            extra = Some(parse_extra(encoded).ok_or(lines.malformed("extra data in base64, 1 to 65536 bytes"))?);
            line = lines.next("`index`")?;
        }

        let index = line.strip_prefix("index ").and_then(decimal);
        let index = index.ok_or(lines.malformed("`index` and a decimal without leading zeros"))?;

        let mut hashes = Vec::new();
        loop {
            match lines.next("a hash or an empty line")? {
                "" => break,
                _ if hashes.len() == PROOF_HASHES_MAX => return Err(lines.malformed("64 hashes at most")),
                hash => hashes.push(Hash::from_base64(hash).map_err(|_| lines.malformed("a hash in base64"))?),
            }
        }

        check_form(lines.rest)?;
        Ok(Self { index, proof: InclusionProof { hashes }, checkpoint: lines.rest.to_owned(), extra })
    }
}

fn check_size(found: usize) -> Result<(), ReceiptError> {
    if found <= RECEIPT_BYTES_MAX { Ok(()) } else { Err(ReceiptError::TooLong { found }) }
}

fn parse_extra(encoded: &str) -> Option<Vec<u8>> {
    if encoded.is_empty() || encoded.len() > EXTRA_CHARS_MAX {
        return None;
    }
    BASE64_STANDARD.decode(encoded).ok().filter(|extra| extra.len() <= EXTRA_BYTES_MAX)
}

/// Takes lines off the front; what is left stays as it is.
struct Lines<'a> {
    rest: &'a str,
    /// Of the line taken last, from 1.
    number: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self, expected: &'static str) -> Result<&'a str, ReceiptError> {
        self.number += 1;
        // Not `str::lines`: that would let a carriage return and a missing last newline pass.
        let (line, rest) = self.rest.split_once('\n').ok_or(self.malformed(expected))?;
        self.rest = rest;
        Ok(line)
    }

    fn malformed(&self, expected: &'static str) -> ReceiptError {
        ReceiptError::Malformed { line: self.number, expected }
    }
}
