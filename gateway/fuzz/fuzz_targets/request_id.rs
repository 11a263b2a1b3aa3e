//! A request's id is short and plain: `gateway/src/harness/fuzzing/request_id.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::harness::fuzzing::request_id(bytes));
