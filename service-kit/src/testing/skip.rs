//! Tests that need a program which is not everywhere.

use std::io::{self, Write as _};
use std::{env, process};

/// Says that `tests` are skipped because `missing`, and ends the process with success.
///
/// Loudly: what is written to standard error itself is not captured with the output of a test that succeeds.
///
/// # Panics
/// The variable `required` is set: then they must not be skipped.
pub fn skip(tests: &str, missing: &str, required: &str) -> ! {
    assert!(
        env::var_os(required).is_none(),
        "{required} is set, and {missing}"
    );
    let notice = format!("\n*** SKIPPED: {tests}. Install it to run them: {missing}. ***\n\n");
    let _ = io::stderr().write_all(notice.as_bytes());
    process::exit(0)
}
