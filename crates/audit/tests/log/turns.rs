//! A log's keys in their turns: what follows, what is refused, and what outsiders make of it.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail it")]

use tallystick_audit::{
    CheckpointSigner, CheckpointVerifier, Hash, KeyEnd, KeysError, LogKeys, OpensCheckpoints, Revocation, Turn,
};

const ORIGIN: &str = "bureau.example/log";

fn signer(seed: u8) -> CheckpointSigner {
    CheckpointSigner::new(ORIGIN, &[seed; 32]).unwrap()
}

fn keys() -> LogKeys {
    LogKeys::new(signer(1).verifier().clone())
}

/// Keys 1, 2 and 3 with their turns at 5 and 9 entries.
fn turned() -> LogKeys {
    let mut keys = keys();
    keys.take(&Turn::sign(5, &signer(1), &signer(2), KeyEnd::Retired).unwrap()).unwrap();
    keys.take(&Turn::sign(9, &signer(2), &signer(3), KeyEnd::Compromised).unwrap()).unwrap();
    keys
}

fn note(by: u8, size: u64) -> String {
    signer(by).sign(&signer(by).checkpoint(size, Hash([7; 32]))).unwrap()
}

#[test]
fn each_key_opens_the_sizes_it_signs_and_no_others() {
    let keys = turned();
    for size in 0..12 {
        let expected = match size {
            0..=4 => 1,
            5..=8 => 2,
            _ => 3,
        };
        for by in 1..=4 {
            let opened = keys.open(&note(by, size));
            assert_eq!(opened.is_ok(), by == expected, "size {size} by key {by}: {opened:?}");
        }
        assert_eq!(&keys.signer_of(size).key, signer(expected).verifier());
    }
    let ranges: Vec<_> = keys.iter().map(|key| (key.from, key.to, key.end)).collect();
    let ends = (Some(KeyEnd::Retired), Some(KeyEnd::Compromised));
    assert_eq!(ranges, [(0, Some(4), ends.0), (5, Some(8), ends.1), (9, None, None)]);
}

#[test]
fn the_first_checkpoint_after_a_turn_opens_for_those_who_know_either_key() {
    let (old, new) = (signer(1), signer(2));
    let both = old.sign_with(&new, &old.checkpoint(5, Hash([7; 32]))).unwrap();
    assert_eq!(old.verifier().open(&both).unwrap().size, 5);
    assert_eq!(new.verifier().open(&both).unwrap().size, 5);
    assert_eq!(turned().open(&both).unwrap().size, 5);
}

#[test]
fn the_text_for_outsiders_returns_and_no_changed_byte_of_it_passes() {
    let keys = turned();
    let text = keys.to_text();
    assert_eq!(LogKeys::parse(&text).unwrap(), keys);
    assert_eq!(LogKeys::parse(&signer(1).verifier_key()).unwrap(), self::keys());
    assert!(keys.continues(&self::keys()) && !self::keys().continues(&keys));
    // The first key is trusted as it stands there: whoever changes it changes whose statements hold.
    for place in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[place] ^= 1;
        if let Ok(changed) = String::from_utf8(changed) {
            let parsed = LogKeys::parse(&changed);
            assert_ne!(parsed.as_ref().ok(), Some(&keys), "byte {place} does not matter");
            assert!(parsed.is_err(), "byte {place}: {parsed:?}");
        }
    }
    // The last line's end may be missing, as where a reader has trimmed the text.
    assert_eq!(LogKeys::parse(text.trim_end()).unwrap(), keys);
    for end in (0..text.len() - 1).filter(|end| text.is_char_boundary(*end)) {
        let cut = LogKeys::parse(&text[..end]);
        assert!(cut.as_ref().map_or(true, |cut| keys.continues(cut) && *cut != keys), "cut at {end}");
    }
}

#[test]
fn what_does_not_follow_is_refused() {
    let chain = |keys: &LogKeys, statement: &str| keys.clone().take(statement).unwrap_err();
    let (keys, turn) =
        (turned(), |from, old, new| Turn::sign(from, &signer(old), &signer(new), KeyEnd::Retired).unwrap());
    let said = |what| KeysError::Chain(what);
    assert!(matches!(chain(&keys, &turn(20, 1, 4)), KeysError::Note(_)), "signed by a key that has had its turn");
    assert_eq!(chain(&keys, &turn(9, 3, 4)), said("the new key would sign before the old one"));
    assert_eq!(chain(&keys, &turn(20, 3, 1)), said("the new key was this log's before"));
    let other = CheckpointSigner::new("other.example/log", &[4; 32]).unwrap();
    assert_eq!(Turn::sign(20, &signer(3), &other, KeyEnd::Retired), Err(said("the new key is another log's")));
    // A checkpoint is no statement, and a statement no checkpoint.
    assert!(matches!(chain(&keys, &note(3, 20)), KeysError::Form(_)));
    assert!(signer(3).verifier().open(&turn(20, 3, 4)).is_err());
    // The new key's holder has to have signed.
    let whole = turn(20, 3, 4);
    let one_signature = whole.lines().take(whole.lines().count() - 1).collect::<Vec<_>>().join("\n") + "\n";
    assert!(matches!(chain(&keys, &one_signature), KeysError::Note(_)));
}

#[test]
fn a_key_that_has_had_its_turn_is_revoked_by_the_one_in_use_once() {
    let mut keys = turned();
    let revoke = |key: u8, by: u8| {
        let since = "2026-01-02T00:00:00Z".to_owned();
        Revocation { key: signer(key).verifier().clone(), since, end: KeyEnd::Compromised }.sign(&signer(by)).unwrap()
    };
    assert!(matches!(keys.take(&revoke(1, 2)), Err(KeysError::Note(_))), "not by another that has had its turn");
    let (never, in_use) = (keys.take(&revoke(4, 3)).unwrap_err(), keys.take(&revoke(3, 3)).unwrap_err());
    assert_eq!(never, KeysError::Chain("the revoked key was never this log's"));
    assert_eq!(in_use, KeysError::Chain("the key in use is not revoked but followed by another"));
    keys.take(&revoke(1, 3)).unwrap();
    let first = keys.iter().next().unwrap();
    assert_eq!((first.end, first.revoked_since.as_deref()), (Some(KeyEnd::Compromised), Some("2026-01-02T00:00:00Z")));
    assert_eq!(keys.take(&revoke(1, 3)), Err(KeysError::Chain("the key was revoked before")));
    assert!(keys.open(&note(1, 3)).is_ok(), "it opens, and `signer_of` tells how its key ended");
    assert_eq!(LogKeys::parse(&keys.to_text()).unwrap(), keys);
    let lone: CheckpointVerifier = signer(1).verifier_key().parse().unwrap();
    assert_eq!(lone.key_bytes(), signer(1).verifier().key_bytes());
}
