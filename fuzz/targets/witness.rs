//! What strangers send a witness, and what witnesses answer.
#![no_main]
use tallystick_audit::witness::{AddCheckpoint, Witness};
use tallystick_audit::{CheckpointSigner, WitnessKey, WitnessSigner, cosigners, with_cosignatures};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let log = CheckpointSigner::new("fuzz.example/log", &[1; 32]).expect("valid");
    let signer = WitnessSigner::new("fuzz.example/witness", &[2; 32]).expect("valid");
    let keys = [signer.public().clone()];
    let witness = Witness::new(signer, log.verifier().clone().into());
    if let Ok(request) = AddCheckpoint::from_bytes(bytes) {
        assert_eq!(AddCheckpoint::from_bytes(request.to_text().as_bytes()), Ok(request.clone()), "a request reads back");
        let _ = witness.add_checkpoint(&request, None, 1);
        assert!(cosigners(&request.note, &keys).is_empty(), "nobody here has signed");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = text.parse::<WitnessKey>();
        if let Some((note, lines)) = text.split_once('\0')
            && let Ok(cosigned) = with_cosignatures(note, lines)
        {
            assert!(cosigned.starts_with(note), "lines are only added");
        }
    }
});
