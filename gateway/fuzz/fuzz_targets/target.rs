//! A client's path leads an upstream only where the route says:
//! `gateway/src/routing/route/target/invariants.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::fuzzing::target(bytes));
