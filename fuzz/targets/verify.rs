#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| launchway_fuzz::inputs::verify(bytes));
