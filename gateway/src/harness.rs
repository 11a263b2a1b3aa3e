//! What the benchmarks and the fuzzers need of the inside.

#[cfg(feature = "bench")]
pub mod bench;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
