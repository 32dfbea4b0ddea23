//! Signatures of people: partners, seats and staff sign with Ed25519 keys of their own (RFC 8032).
//!
//! What is signed begins with a domain, a text of its own for each kind of statement, so that no signature counts for another
//! kind. Verification is strict: every program agrees on which signatures are valid. Keys of small order are none.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

use crate::Sensitive;

/// Length of a public key, in bytes.
pub const PUBLIC_KEY_BYTES: usize = 32;

/// The public half of a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey(pub [u8; PUBLIC_KEY_BYTES]);

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl PublicKey {
    /// Whether anything can be signed by it: a point of the curve, and not of small order.
    pub fn is_usable(&self) -> bool {
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| !key.is_weak())
    }

    /// Whether this key's holder signed `said` under `domain`.
    pub fn has_signed(&self, domain: &str, said: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        let key = VerifyingKey::from_bytes(&self.0);
        key.is_ok_and(|key| key.verify_strict(&[domain.as_bytes(), said].concat(), &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.0;
        write!(out, "Signature({first:02x}{second:02x}…)")
    }
}

/// The secret half of a key: the 32-byte seed of RFC 8032.
#[derive(Clone)]
pub struct SecretKey(Sensitive<[u8; 32]>);

impl SecretKey {
    /// Of this seed.
    pub const fn new(seed: Sensitive<[u8; 32]>) -> Self {
        Self(seed)
    }

    /// The half that others know.
    pub fn public(&self) -> PublicKey {
        PublicKey(SigningKey::from_bytes(self.0.expose()).verifying_key().to_bytes())
    }

    /// Signs `said` under `domain`.
    pub fn sign(&self, domain: &str, said: &[u8]) -> Signature {
        let key = SigningKey::from_bytes(self.0.expose());
        Signature(key.sign(&[domain.as_bytes(), said].concat()).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    /// Without the seed.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SecretKey(of {})", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_key_domain_and_bytes_verify() {
        let (key, other) = (SecretKey::new([1; 32].into()), SecretKey::new([2; 32].into()));
        let signature = key.sign("one\n", b"said");
        assert!(key.public().has_signed("one\n", b"said", &signature));
        assert!(!key.public().has_signed("two\n", b"said", &signature));
        assert!(!key.public().has_signed("one\n", b"Said", &signature));
        assert!(!other.public().has_signed("one\n", b"said", &signature));
        for place in 0..64 {
            let mut changed = signature;
            changed.0[place] ^= 1;
            assert!(!key.public().has_signed("one\n", b"said", &changed), "{place}");
        }
    }

    #[test]
    fn a_seed_gives_the_key_of_the_rfc() {
        // RFC 8032, section 7.1, test 1.
        let mut seed = [0; 32];
        let hex = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        for (place, byte) in seed.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * place..2 * place + 2], 16).unwrap();
        }
        let key = SecretKey::new(seed.into());
        assert_eq!(key.public().to_string(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        assert_eq!(format!("{key:?}"), format!("SecretKey(of {})", key.public()));
        assert!(key.public().is_usable());
    }

    #[test]
    fn a_key_of_small_order_is_none() {
        assert!(!PublicKey([0; 32]).is_usable());
        let mut one = [0; 32];
        one[0] = 1;
        assert!(!PublicKey(one).is_usable());
    }
}
