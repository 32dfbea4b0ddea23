//! Receipts, checkpoints, keys and tiles from strangers.
#![no_main]
use tallystick_audit::{CheckpointVerifier, Receipt, tile};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(receipt) = Receipt::from_bytes(bytes) {
        assert_eq!(Receipt::from_bytes(receipt.to_text().as_bytes()), Ok(receipt), "a receipt reads back");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = text.parse::<CheckpointVerifier>();
        let _ = text.parse::<tile::Tile>();
    }
    let _ = tile::decode_entries(bytes);
});
