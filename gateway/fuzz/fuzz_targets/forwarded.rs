//! A client can pass for nobody else: `gateway/src/routing/client_address/invariants.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gateway::fuzzing::forwarded(bytes));
