//! Files of the registry's furnishing: XML of any shape, and what is recognised at its beginning.
#![no_main]
mod common;
libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    let _ = tallystick_intake::layouts::registry::recognise(file);
    common::read(&tallystick_intake::Layout::Registry, file);
});
