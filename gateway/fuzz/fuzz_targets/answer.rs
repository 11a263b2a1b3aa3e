//! An upstream's answer is read whole or not at all, however it is cut:
//! `gateway/src/upstream/answer/invariants.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::fuzzing::answer(bytes));
