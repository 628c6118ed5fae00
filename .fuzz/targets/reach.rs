#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bundlescope_fuzz::parse("reach", data));
