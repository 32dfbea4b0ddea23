//! Metro 2 files of any form.
#![no_main]
mod common;
libfuzzer_sys::fuzz_target!(|file: &[u8]| common::read(&tallystick_intake::Layout::Metro2, file));
