//! Skips tests that need a program or a right that not every machine has.

use std::io::{self, Write as _};
use std::{env, process};

/// Says that `tests` are skipped because `missing`, and ends the process with success.
///
/// # Panics
/// The variable `required` is set: then they must not be skipped.
pub fn skip(tests: &str, missing: &str, required: &str) -> ! {
    say(
        tests,
        &format!("Install it to run them: {missing}"),
        required,
    );
    process::exit(0)
}

/// Says that one test is skipped; the others go on.
///
/// # Panics
/// The variable `required` is set.
pub fn skip_one(test: &str, missing: &str, required: &str) {
    say(test, missing, required);
}

/// Writes to standard error itself, because the test harness captures the output of a passing test.
fn say(tests: &str, missing: &str, required: &str) {
    assert!(
        env::var_os(required).is_none(),
        "{required} is set, and {tests} cannot run: {missing}"
    );
    let notice = format!("\n*** SKIPPED: {tests}. {missing}. ***\n\n");
    let _ = io::stderr().write_all(notice.as_bytes());
}
