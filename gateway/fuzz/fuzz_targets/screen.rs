//! However a client's bytes are cut, the same is passed on, and actix-http refuses nothing of it and reads as many
//! requests from it: `gateway/src/downstream/screen/invariants.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::harness::fuzzing::screen(bytes));
