//! Pseudonyms: how an identifier becomes a key without a look-up.

use std::fmt;

use crate::canonical::coded_enum;
use crate::keyed_hash::KeyedHash;
use crate::{Identifier, Sensitive};

coded_enum! {
    /// Whom a credit file is about.
    pub enum SubjectKind {
        Person = 1, "person", "A natural person";
        Firm = 2, "firm", "An organisation";
    }
}

/// The pseudonym of a data subject: the first 16 bytes of
/// HMAC-SHA-256(bureau key, `subject` ‖ scheme number ‖ normalised identifier).
///
/// It is key and partition at once, and tells nothing without the bureau's key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubjectId(pub [u8; 16]);

impl SubjectId {
    /// The partition of what concerns the bureau itself and no subject.
    pub const BUREAU: Self = Self([0; 16]);

    /// Reads 32 hex digits, as a pseudonym is shown.
    pub fn parse(text: &str) -> Option<Self> {
        read_hex(text).map(Self)
    }
}

impl fmt::Display for SubjectId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, out)
    }
}

impl fmt::Debug for SubjectId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// One account of one subject at one furnisher: the furnisher's number, then 6 bytes of
/// HMAC-SHA-256(bureau key, `account` ‖ furnisher ‖ account number).
///
/// Sorted by furnisher within a credit file; the furnisher's account number itself is kept sealed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountKey(pub [u8; 8]);

impl AccountKey {
    /// Reads 16 hex digits, as reports show an account.
    pub fn parse(text: &str) -> Option<Self> {
        read_hex(text).map(Self)
    }

    /// Where a fact belongs to no account.
    pub const NONE: Self = Self([0; 8]);

    /// The number of the furnisher that keeps the account.
    pub const fn furnisher(self) -> u16 {
        u16::from_be_bytes([self.0[0], self.0[1]])
    }

    /// The key of what a furnisher says of a subject beside any account.
    pub const fn of_furnisher(furnisher: u16) -> Self {
        let [high, low] = furnisher.to_be_bytes();
        Self([high, low, 0, 0, 0, 0, 0, 0])
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, out)
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

fn write_hex(bytes: &[u8], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
}

fn read_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Turns identifiers and account numbers into pseudonyms under the bureau's key.
#[derive(Clone)]
pub struct Pseudonymiser {
    key: KeyedHash,
    check: [u8; 16],
}

impl Pseudonymiser {
    /// Prepares `key`, 32 secret bytes made once when the bureau is founded.
    pub fn new(key: &Sensitive<[u8; 32]>) -> Self {
        let key = KeyedHash::new(key.expose());
        Self { check: first_bytes(key.of(&[b"check"])), key }
    }

    /// The pseudonym of an identifier.
    pub fn subject(&self, identifier: &Identifier) -> SubjectId {
        let scheme = [identifier.scheme().number()];
        SubjectId(first_bytes(self.key.of(&[b"subject", &scheme, identifier.text().expose().as_bytes()])))
    }

    /// The key of account `number` at furnisher `furnisher`.
    pub fn account(&self, furnisher: u16, number: &[u8]) -> AccountKey {
        let [high, low] = furnisher.to_be_bytes();
        let [a, b, c, d, e, f] = first_bytes(self.key.of(&[b"account", &[high, low], number]));
        AccountKey([high, low, a, b, c, d, e, f])
    }

    /// The place where it is kept whose account `account` is: the first 16 bytes of HMAC-SHA-256(bureau key, `holder` ‖ account
    /// key). No identifier of a person gives such a pseudonym; so a furnisher that names only its account finds the
    /// subject without a look-up table in the clear.
    pub fn holder_place(&self, account: AccountKey) -> SubjectId {
        SubjectId(first_bytes(self.key.of(&[b"holder", &account.0])))
    }

    /// A value that depends on the key and tells nothing of it: stored to notice a wrong key.
    pub const fn key_check(&self) -> [u8; 16] {
        self.check
    }
}

impl fmt::Debug for Pseudonymiser {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Pseudonymiser([sensitive])")
    }
}

fn first_bytes<const N: usize>(full: [u8; 32]) -> [u8; N] {
    let mut first = [0; N];
    for (to, from) in first.iter_mut().zip(full) {
        *to = from;
    }
    first
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, Mac};
    use sha2::Sha256;

    use super::*;
    use crate::IdScheme;

    #[test]
    fn pseudonyms_are_the_documented_hmac() {
        // Recomputed with `printf 'subject\x0311...' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707...`.
        let pseudonymiser = Pseudonymiser::new(&Sensitive::new([7; 32]));
        let id = Identifier::parse(IdScheme::UsSsn, "219099998").unwrap();
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&[7; 32]).unwrap();
        mac.update(b"subject\x03219099998");
        let full = mac.finalize().into_bytes();
        assert_eq!(pseudonymiser.subject(&id).0, full[..16]);
    }

    #[test]
    fn the_place_of_an_account_is_the_documented_hmac() {
        let pseudonymiser = Pseudonymiser::new(&Sensitive::new([7; 32]));
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&[7; 32]).unwrap();
        mac.update(b"holder\x01\x02\x03\x04\x05\x06\x07\x08");
        let full = mac.finalize().into_bytes();
        assert_eq!(pseudonymiser.holder_place(AccountKey([1, 2, 3, 4, 5, 6, 7, 8])).0, full[..16]);
    }

    #[test]
    fn key_scheme_and_furnisher_all_matter() {
        let (one, two) = (Pseudonymiser::new(&Sensitive::new([1; 32])), Pseudonymiser::new(&Sensitive::new([2; 32])));
        let id = Identifier::parse(IdScheme::UsSsn, "219099998").unwrap();
        assert_ne!(one.subject(&id), two.subject(&id));
        assert_ne!(one.key_check(), two.key_check());
        assert_ne!(one.account(1, b"9"), one.account(2, b"9"));
        assert_eq!(one.account(513, b"9").furnisher(), 513);
        assert_eq!(format!("{one:?}"), "Pseudonymiser([sensitive])");
    }
}
