//! Sealing of identities, so that destroying a subject's salt destroys them.
//!
//! The key of one sealed fact is HMAC-SHA-256(subject's salt, `tallystick seal 1` ‖ the fact's key). A store restored from a
//! backup gives the same delivery number, and so the same fact's key, to another text: the nonce is therefore random, 12 bytes
//! in front of the sealed text. The fact's key is also bound as associated data.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tallystick_model::fact::FACT_KEY_BYTES;
use tallystick_model::identity::Identity;
use tallystick_model::registry::Segment;
use tallystick_model::{Canonical, Sensitive};

/// 32 random bytes kept for each subject; whoever destroys them erases every sealed text of the subject.
pub type SubjectSalt = Sensitive<[u8; 32]>;

/// Length of the nonce in front of a sealed text.
pub const NONCE_BYTES: usize = 12;

fn cipher(salt: &SubjectSalt, key: &[u8; FACT_KEY_BYTES]) -> ChaCha20Poly1305 {
    // A key of 32 bytes is shorter than the hash's block: it is taken as it is, padded with zeros.
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(salt.expose()) {
        *to = *from;
    }
    let mut mac = <Hmac<Sha256> as hmac::digest::KeyInit>::new(&block.into());
    mac.update(b"tallystick seal 1");
    mac.update(key);
    ChaCha20Poly1305::new(&mac.finalize().into_bytes())
}

/// Seals `said` for the fact at `key`, under a random `nonce`.
pub fn seal(salt: &SubjectSalt, key: &[u8; FACT_KEY_BYTES], said: &[u8], nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
    let sealed = cipher(salt, key).encrypt(&Nonce::from(nonce), Payload { msg: said, aad: key });
    // The cipher fails only above 256 GiB; what is sealed is bounded far below by its layout.
    [nonce.as_slice(), &sealed.unwrap_or_default()].concat()
}

/// Opens what [`seal`] made; `None` if a byte of it, of the key or of the salt has changed.
pub fn unseal<T: Sealable>(salt: &SubjectSalt, key: &[u8; FACT_KEY_BYTES], sealed: &[u8]) -> Option<T> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let text = cipher(salt, key).decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: key }).ok()?;
    T::from_bytes(&text).ok()
}

/// What is kept sealed.
pub trait Sealable: Canonical {}

impl Sealable for Identity {}
impl Sealable for Segment {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_salt_place_and_bytes_open_a_seal() {
        let identity = Identity { name: Some("ZHANG SAN".to_owned().into()), ..Identity::default() };
        let (salt, key) = (Sensitive::new([5; 32]), [6; FACT_KEY_BYTES]);
        let sealed = seal(&salt, &key, &identity.to_bytes(), [8; NONCE_BYTES]);
        let other = seal(&salt, &key, &identity.to_bytes(), [9; NONCE_BYTES]);
        assert_ne!(sealed[NONCE_BYTES..], other[NONCE_BYTES..], "the nonce is used");
        assert!(!sealed.windows(5).any(|window| window == b"ZHANG"));
        assert_eq!(unseal(&salt, &key, &sealed), Some(identity));
        assert_eq!(unseal::<Identity>(&Sensitive::new([4; 32]), &key, &sealed), None);
        assert_eq!(unseal::<Identity>(&salt, &[7; FACT_KEY_BYTES], &sealed), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(unseal::<Identity>(&salt, &key, &changed), None, "{place}");
        }
    }
}
