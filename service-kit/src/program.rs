//! The process of a program: its exit codes and how it tells of errors.

#[cfg(feature = "database")]
mod service;

use std::process::ExitCode;

use crate::env::ConfigError;

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

/// An error with everything that led to it.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
