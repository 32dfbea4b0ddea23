//! Whole receipts from strangers: what reads writes the same text, nothing proves itself to a key that signed nothing, and whatever event
//! is inside can be said in words.
#![no_main]
use std::sync::LazyLock;

use tallystick_audit::{CheckpointSigner, WitnessSigner};
use tallystick_model::Canonical;
use tallystick_model::event::Event;
use tallystick_receipt::{DOCUMENT_BYTES_MAX, Document, Witnesses, describe};

static KEY: LazyLock<CheckpointSigner> =
    LazyLock::new(|| CheckpointSigner::new("bureau.example/log", &[3; 32]).expect("a name"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(document) = Document::parse(bytes, DOCUMENT_BYTES_MAX) {
        assert_eq!(document.to_text().as_bytes(), bytes, "a receipt reads back");
        let witness = WitnessSigner::new("witness.example", &[4; 32]).expect("a name").public().clone();
        let checked = document.check(KEY.verifier(), Witnesses { keys: &[witness], quorum: 0 });
        assert!(checked.is_err(), "signed by nobody");
    }
    if let Ok(event) = Event::from_bytes(bytes) {
        let _ = describe(&event, &|number| (number > 9).then(String::new));
    }
});
