//! The process of a program: its exit codes and how it tells of errors.

#[cfg(feature = "database")]
mod service;

use std::process::ExitCode;

use crate::env::ConfigError;

pub use crate::error_chain::chain;
#[cfg(feature = "database")]
pub use service::{Program, run};

/// `EX_USAGE` of sysexits.h: the configuration cannot be used.
pub const EXIT_CONFIG: u8 = 64;

/// Whatever kept a service from starting or going on.
pub type RunError = Box<dyn std::error::Error>;

/// Says on standard error which setting cannot be used. There may be no log yet.
#[must_use]
pub fn refuse(name: &str, error: &ConfigError) -> ExitCode {
    use std::io::Write as _;
    // Nobody is left to tell where even standard error is gone.
    let _ = writeln!(std::io::stderr(), "{name}: {error}");
    ExitCode::from(EXIT_CONFIG)
}
