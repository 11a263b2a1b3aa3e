//! A client is never taken for anybody but itself: `gateway/src/routing/client_address/invariants.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::harness::fuzzing::forwarded(bytes));
