//! The internals that the benchmarks and the fuzzers need.

#[cfg(feature = "bench")]
pub mod bench;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
