//! Consent artefacts, their signatures and keys from strangers.
#![no_main]
use tallystick_exchange::artefact::{Artefact, Detail};
use tallystick_exchange::jws::{PublicKey, SigningKey, open, open_unverified, verify_detached};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(key) = SigningKey::from_seed(&[7; 32]) else { return };
    let Ok(public) = PublicKey::from_jwk(key.to_jwk().as_bytes()) else { return };
    if let Ok(artefact) = Artefact::read(bytes) {
        assert_eq!(Artefact::read(artefact.to_json().as_bytes()), Ok(artefact), "an artefact reads back");
    }
    if let Ok(detail) = Detail::read(bytes) {
        let signed = detail.sign(&key);
        let payload = open(&signed, &public);
        assert_eq!(payload.and_then(|payload| Detail::read(&payload)), Ok(detail.clone()), "a detail reads back");
        let _ = detail.offer();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = open_unverified(text);
        let _ = open(text, &public);
        let _ = verify_detached(text, bytes, &public);
    }
    assert_eq!(verify_detached(&key.sign_detached(bytes), bytes, &public), Ok(()));
    let _ = PublicKey::from_jwk(bytes);
});
