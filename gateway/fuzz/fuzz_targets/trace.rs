//! The gateway sends a valid `traceparent`: `gateway/src/http/trace/invariants.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::fuzzing::trace(bytes));
