//! However a client's bytes are cut, the same ones are passed on; actix-http refuses none of them
//! and reads as many requests: `gateway/src/downstream/screen/invariants.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::fuzzing::screen(bytes));
