//! The exit codes and the error messages of a program.

mod advice;
#[cfg(feature = "database")]
mod service;

use std::process::ExitCode;

use crate::env::ConfigError;

pub use crate::failure::chain;
pub use advice::{Choices, advised};
pub use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
#[cfg(feature = "database")]
pub use service::{Extra, Program, Work, run, run_with};

/// `EX_USAGE` of sysexits.h: the configuration is invalid.
pub const EXIT_CONFIG: u8 = 64;

/// The reason why a service could not start or go on.
pub type RunError = Box<dyn std::error::Error>;

/// Names the invalid setting on standard error. There may be no log yet.
#[must_use]
pub fn refuse(name: &str, error: &ConfigError) -> ExitCode {
    use std::io::Write as _;
    // There is no other place to report an error of standard error.
    let _ = writeln!(std::io::stderr(), "{name}: {error}");
    ExitCode::from(EXIT_CONFIG)
}
