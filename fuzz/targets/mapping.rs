//! Mappings themselves.
#![no_main]
libfuzzer_sys::fuzz_target!(|text: &str| drop(tallystick_intake::layouts::mapped::Mapping::parse(text)));
