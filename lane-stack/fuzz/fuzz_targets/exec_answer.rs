#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lane_stack::fuzzing::exec_answer(bytes));
