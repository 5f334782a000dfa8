#![no_main]

#[path = "../open.rs"]
mod open;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| open::scenario(bytes));
