//! Sealing of identities, so that destroying a subject's salt destroys them.
//!
//! The key of one sealed fact is HMAC-SHA-256(subject's salt, `tallystick seal 1` ‖ the fact's key). A fact's key is written once,
//! so each sealing key seals one text and the nonce can be zero; the fact's key is also bound as associated data.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tallystick_model::fact::FACT_KEY_BYTES;
use tallystick_model::identity::Identity;
use tallystick_model::{Canonical, Sensitive};

/// 32 random bytes kept for each subject; whoever destroys them erases every sealed text of the subject.
pub type SubjectSalt = Sensitive<[u8; 32]>;

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

/// Seals `identity` for the fact at `key`.
pub fn seal(salt: &SubjectSalt, key: &[u8; FACT_KEY_BYTES], identity: &Identity) -> Vec<u8> {
    let text = identity.to_bytes();
    let sealed = cipher(salt, key).encrypt(&Nonce::default(), Payload { msg: &text, aad: key });
    // The cipher fails only above 256 GiB; an identity is bounded far below by its layout.
    sealed.unwrap_or_default()
}

/// Opens what [`seal`] made; `None` if a byte of it, of the key or of the salt has changed.
pub fn unseal(salt: &SubjectSalt, key: &[u8; FACT_KEY_BYTES], sealed: &[u8]) -> Option<Identity> {
    let text = cipher(salt, key).decrypt(&Nonce::default(), Payload { msg: sealed, aad: key }).ok()?;
    Identity::from_bytes(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_salt_place_and_bytes_open_a_seal() {
        let identity = Identity { name: Some("ZHANG SAN".to_owned().into()), ..Identity::default() };
        let (salt, key) = (Sensitive::new([5; 32]), [6; FACT_KEY_BYTES]);
        let sealed = seal(&salt, &key, &identity);
        assert!(!sealed.windows(5).any(|window| window == b"ZHANG"));
        assert_eq!(unseal(&salt, &key, &sealed), Some(identity));
        assert_eq!(unseal(&Sensitive::new([4; 32]), &key, &sealed), None);
        assert_eq!(unseal(&salt, &[7; FACT_KEY_BYTES], &sealed), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(unseal(&salt, &key, &changed), None, "{place}");
        }
    }
}
