//! No hop-by-hop field goes through, none that a `Connection` names and no claim of who sent the request: `gateway/src/upstream/headers/invariants.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::harness::fuzzing::headers(bytes));
