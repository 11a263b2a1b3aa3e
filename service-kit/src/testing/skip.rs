//! Tests that need something which is not everywhere.

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

/// The same of one test among others that go on.
///
/// # Panics
/// The variable `required` is set.
pub fn skip_one(test: &str, missing: &str, required: &str) {
    say(test, missing, required);
}

/// Loudly: what is written to standard error itself is not captured with the output of a test that succeeds.
fn say(tests: &str, missing: &str, required: &str) {
    assert!(
        env::var_os(required).is_none(),
        "{required} is set, and {tests} cannot run: {missing}"
    );
    let notice = format!("\n*** SKIPPED: {tests}. {missing}. ***\n\n");
    let _ = io::stderr().write_all(notice.as_bytes());
}
