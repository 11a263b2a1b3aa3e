//! What a client writes leads an upstream nowhere but where the route says: `gateway/src/routing/route/target/invariants.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::harness::fuzzing::target(bytes));
