//! The keys of one log, one after the other: each names the next, so that whoever knows the first can follow to the last.
//!
//! A turn is a C2SP signed note, signed by the old key and the new one, that says from which size on the new one signs checkpoints;
//! the first checkpoint it signs bears both signatures, for those who know only the old key. A key that has had its turn can be
//! revoked by the one in use. Start at [`LogKeys::parse`] and [`LogKeys::open`]; [`Turn`] and [`Revocation`] make statements.
//!
//! A key that was compromised may have signed other logs at any size it had: what it signed counts only beside a checkpoint of a
//! later key that it is consistent with. [`LogKeys::signer_of`] tells which key that is and how it ended.

use std::fmt;
use std::str::FromStr;

use crate::checkpoint::{Checkpoint, CheckpointError, CheckpointSigner, CheckpointVerifier};
use crate::text::decimal;

/// Bytes of the text of a log's keys.
pub const KEYS_BYTES_MAX: usize = 1 << 20;

const HEADER: &str = "tallystick log keys 1";
const TURN: &str = "log key rotation 1";
const REVOCATION: &str = "log key revocation 1";

/// Why a key is used no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyEnd {
    /// It has had its time; what it signed counts as before.
    Retired,
    /// Somebody else has it, or may have.
    Compromised,
}

impl KeyEnd {
    /// In the order of their badness.
    pub const ALL: [Self; 2] = [Self::Retired, Self::Compromised];

    /// Its word in statements.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Retired => "retired",
            Self::Compromised => "compromised",
        }
    }

    fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.code() == code)
    }
}

impl fmt::Display for KeyEnd {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

/// Why keys or a statement about them were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// A key or signature.
    #[error("log keys: {0}")]
    Note(#[from] CheckpointError),
    /// Not in their form.
    #[error("log keys: expected {0}")]
    Form(&'static str),
    /// It does not follow from the keys before.
    #[error("log keys: {0}")]
    Chain(&'static str),
}

/// That another key signs from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The first size that the new key signs: the log with the entry about this.
    pub from: u64,
    /// Signed until now.
    pub old: CheckpointVerifier,
    /// Signs from then on.
    pub new: CheckpointVerifier,
    /// Why.
    pub end: KeyEnd,
}

impl Turn {
    /// The statement, signed by both.
    ///
    /// # Errors
    /// [`KeysError::Note`] if the two are of different logs.
    pub fn sign(from: u64, old: &CheckpointSigner, new: &CheckpointSigner, end: KeyEnd) -> Result<String, KeysError> {
        if old.origin() != new.origin() {
            return Err(KeysError::Chain("the new key is another log's"));
        }
        let (origin, old_key, new_key) = (old.origin(), old.verifier_key(), new.verifier_key());
        let text = format!("{origin}\n{TURN}\nold {old_key}\nnew {new_key}\nfrom {from}\nreason {end}\n");
        Ok(CheckpointSigner::sign_text(&text, &[old, new])?)
    }
}

/// That a key which has had its turn is not to be relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Which.
    pub key: CheckpointVerifier,
    /// Since when, as the one who revokes it says: RFC 3339, one word.
    pub since: String,
    /// Why.
    pub end: KeyEnd,
}

impl Revocation {
    /// The statement, signed by the key in use.
    ///
    /// # Errors
    /// [`KeysError`] if it can't be put in words.
    pub fn sign(&self, current: &CheckpointSigner) -> Result<String, KeysError> {
        let Self { key, since, end } = self;
        if since.is_empty() || since.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(KeysError::Form("a time in one word"));
        }
        let text = format!("{}\n{REVOCATION}\nkey {key}\nsince {since}\nreason {end}\n", current.origin());
        Ok(CheckpointSigner::sign_text(&text, &[current])?)
    }
}

/// One key of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey {
    /// The key.
    pub key: CheckpointVerifier,
    /// The smallest size it signs.
    pub from: u64,
    /// The largest size it signs; `None` of the key in use.
    pub to: Option<u64>,
    /// Why it is used no longer; a revocation says the last word.
    pub end: Option<KeyEnd>,
    /// Since when it is revoked, if it is.
    pub revoked_since: Option<String>,
}

/// All keys of one log, the first one first.
#[derive(Clone, PartialEq, Eq)]
pub struct LogKeys {
    keys: Vec<LogKey>,
    statements: Vec<String>,
}

impl LogKeys {
    /// A log that has had one key.
    #[must_use]
    pub fn new(first: CheckpointVerifier) -> Self {
        let key = LogKey { key: first, from: 0, to: None, end: None, revoked_since: None };
        Self { keys: vec![key], statements: Vec::new() }
    }

    /// What the reader trusts: a key as `name+hash+base64`, or the text that [`LogKeys::to_text`] makes, whose first key is trusted
    /// as it stands there.
    ///
    /// # Errors
    /// [`KeysError`] if it is neither, or a statement in it does not hold.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        if text.len() > KEYS_BYTES_MAX {
            return Err(KeysError::Form("1 MiB at most"));
        }
        let Some(rest) = text.strip_prefix(HEADER) else { return Ok(Self::new(text.trim().parse()?)) };
        let line = |text: &'_ str| text.split_once('\n').map(|(line, rest)| (line.to_owned(), rest.len()));
        // A reader may have cut the last line's end.
        let whole = if rest.ends_with('\n') { rest.to_owned() } else { format!("{rest}\n") };
        let rest = whole.strip_prefix('\n').ok_or(KeysError::Form("a line end after the header"))?;
        let (first, left) = line(rest).ok_or(KeysError::Form("a line `key`"))?;
        let first = first.strip_prefix("key ").ok_or(KeysError::Form("a line `key`"))?;
        let mut keys = Self::new(first.parse()?);
        let mut rest = rest.get(rest.len() - left..).unwrap_or_default();
        while !rest.is_empty() {
            let form = KeysError::Form("a line `statement` and as many bytes as it says");
            let (head, left) = line(rest).ok_or(form.clone())?;
            let length: usize = head.strip_prefix("statement ").and_then(decimal).ok_or(form.clone())?;
            let body = rest.get(rest.len() - left..).unwrap_or_default();
            keys.take(body.get(..length).ok_or(form)?)?;
            rest = body.get(length..).unwrap_or_default();
        }
        Ok(keys)
    }

    /// The text for outsiders: the first key and every statement.
    #[must_use]
    pub fn to_text(&self) -> String {
        let first = self.keys.first().map(|first| first.key.to_string()).unwrap_or_default();
        let mut text = format!("{HEADER}\nkey {first}\n");
        for statement in &self.statements {
            text += &format!("statement {}\n{statement}", statement.len());
        }
        text
    }

    /// Follows a turn or a revocation.
    ///
    /// # Errors
    /// [`KeysError`] if it is none, is not signed as it must be, or does not follow.
    pub fn take(&mut self, statement: &str) -> Result<(), KeysError> {
        let current = self.current().clone();
        let lines = current.key.open_text(statement)?;
        let mut lines = lines.lines();
        let mut word = |name: &str| lines.next().and_then(|line| line.strip_prefix(name)).map(str::to_owned);
        let form = || KeysError::Form("the statement of a key's turn or revocation");
        if word("").as_deref() != Some(current.key.origin()) {
            return Err(KeysError::Chain("the statement is of another log"));
        }
        match word("").as_deref() {
            Some(TURN) => {
                let old: CheckpointVerifier = word("old ").ok_or_else(form)?.parse()?;
                let new: CheckpointVerifier = word("new ").ok_or_else(form)?.parse()?;
                let from = word("from ").and_then(|from| decimal(&from)).ok_or_else(form)?;
                let end = word("reason ").and_then(|code| KeyEnd::of_code(&code)).ok_or_else(form)?;
                if word("").is_some() {
                    return Err(form());
                }
                self.turn(&Turn { from, old, new, end }, statement)
            }
            Some(REVOCATION) => {
                let key: CheckpointVerifier = word("key ").ok_or_else(form)?.parse()?;
                let since = word("since ").ok_or_else(form)?;
                let end = word("reason ").and_then(|code| KeyEnd::of_code(&code)).ok_or_else(form)?;
                if word("").is_some() {
                    return Err(form());
                }
                self.revoke(Revocation { key, since, end }, statement)
            }
            _ => Err(form()),
        }
    }

    fn turn(&mut self, turn: &Turn, statement: &str) -> Result<(), KeysError> {
        // The new key's holder has signed too: nobody's key becomes a log's without its knowledge.
        turn.new.open_text(statement)?;
        if turn.new.origin() != turn.old.origin() {
            return Err(KeysError::Chain("the new key is another log's"));
        }
        if self.keys.iter().any(|known| known.key == turn.new) {
            return Err(KeysError::Chain("the new key was this log's before"));
        }
        let Some(current) = self.keys.last_mut() else { return Err(KeysError::Chain("there is no key yet")) };
        if turn.old != current.key {
            return Err(KeysError::Chain("the old key is not the one in use"));
        }
        if turn.from <= current.from {
            return Err(KeysError::Chain("the new key would sign before the old one"));
        }
        (current.to, current.end) = (Some(turn.from - 1), Some(turn.end));
        let new = LogKey { key: turn.new.clone(), from: turn.from, to: None, end: None, revoked_since: None };
        self.keys.push(new);
        self.statements.push(statement.to_owned());
        Ok(())
    }

    fn revoke(&mut self, revocation: Revocation, statement: &str) -> Result<(), KeysError> {
        let known = self.keys.iter_mut().find(|known| known.key == revocation.key);
        let Some(known) = known else { return Err(KeysError::Chain("the revoked key was never this log's")) };
        if known.to.is_none() {
            return Err(KeysError::Chain("the key in use is not revoked but followed by another"));
        }
        if known.revoked_since.is_some() {
            return Err(KeysError::Chain("the key was revoked before"));
        }
        (known.end, known.revoked_since) = (Some(revocation.end), Some(revocation.since));
        self.statements.push(statement.to_owned());
        Ok(())
    }

    /// The key in use.
    ///
    /// # Panics
    /// Never: there is a first one.
    #[must_use]
    pub fn current(&self) -> &LogKey {
        let last = self.keys.last();
        #[expect(clippy::expect_used, reason = "made with one key, and keys are only added")]
        last.expect("a log has a key")
    }

    /// Every key, the first one first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &LogKey> {
        self.keys.iter()
    }

    /// Every statement, as it was signed.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().map(String::as_str)
    }

    /// The key that signs checkpoints of this size.
    #[must_use]
    pub fn signer_of(&self, size: u64) -> &LogKey {
        self.keys.iter().rev().find(|known| known.from <= size).unwrap_or_else(|| self.current())
    }

    /// Whether these keys begin as `other` do, or are the same.
    #[must_use]
    pub fn continues(&self, other: &Self) -> bool {
        let first = |keys: &Self| keys.keys.first().map(|first| first.key.clone());
        first(self) == first(other) && self.statements.starts_with(&other.statements)
    }
}

impl FromStr for LogKeys {
    type Err = KeysError;

    /// See [`LogKeys::parse`].
    fn from_str(text: &str) -> Result<Self, KeysError> {
        Self::parse(text)
    }
}

impl fmt::Debug for LogKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(&self.keys).finish()
    }
}

/// What the reader trusts to open checkpoints with: one key, or all keys of a log.
pub trait OpensCheckpoints {
    /// The log's name.
    fn origin(&self) -> &str;

    /// The checkpoint in `note`, if it is signed as a checkpoint of its size must be.
    ///
    /// # Errors
    /// [`CheckpointError`] if it is not.
    fn open(&self, note: &str) -> Result<Checkpoint, CheckpointError>;
}

impl OpensCheckpoints for CheckpointVerifier {
    fn origin(&self) -> &str {
        Self::origin(self)
    }

    fn open(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        Self::open(self, note)
    }
}

impl From<CheckpointVerifier> for LogKeys {
    fn from(first: CheckpointVerifier) -> Self {
        Self::new(first)
    }
}

impl OpensCheckpoints for LogKeys {
    fn origin(&self) -> &str {
        self.current().key.origin()
    }

    fn open(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        let size = Checkpoint::from_note_text(crate::checkpoint::note_text(note)?)?.size;
        self.signer_of(size).key.open(note)
    }
}
