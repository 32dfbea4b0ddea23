//! Payment bills: the first byte chooses the platform.
#![no_main]
mod common;
use tallystick_intake::Layout;
libfuzzer_sys::fuzz_target!(|file: &[u8]| match file.split_first() {
    Some((first, rest)) if first % 2 == 0 => common::read(&Layout::Alipay, rest),
    Some((_, rest)) => common::read(&Layout::Wechat, rest),
    None => {}
});
