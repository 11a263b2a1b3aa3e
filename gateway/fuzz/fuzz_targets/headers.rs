//! No field is sent on that is hop-by-hop, named by a `Connection`, or a claim about the sender:
//! `gateway/src/upstream/request/headers/invariants.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::fuzzing::headers(bytes));
