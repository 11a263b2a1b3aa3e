//! What goes on is a valid `traceparent`: `gateway/src/trace/invariants.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::fuzzing::trace(bytes));
