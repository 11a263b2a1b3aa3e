//! A request's id is short and plain: `gateway/src/application/harness/fuzzing/request_id.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::fuzzing::request_id(bytes));
