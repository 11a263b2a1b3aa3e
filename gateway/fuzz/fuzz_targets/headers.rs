//! No hop-by-hop field goes through and none that a `Connection` names: `gateway/src/proxy/headers/invariants.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::fuzzing::headers(bytes));
