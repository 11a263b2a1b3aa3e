//! Prometheus' own tool, as a judge.

use std::io::Write as _;
use std::process::{Command, Stdio};

use service_kit::testing::skip_one;

/// Runs `promtool` with these arguments and this input. Without it, says that `test` is skipped.
pub(crate) fn promtool_accepts(test: &str, args: &[&str], input: &str) {
    let mut command = Command::new("promtool");
    command.args(args).stdin(Stdio::piped());
    let started = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = started else {
        skip_one(test, "there is no promtool in PATH", "REQUIRE_PROMTOOL");
        return;
    };
    let mut standard_input = promtool.stdin.take().unwrap();
    standard_input.write_all(input.as_bytes()).unwrap();
    drop(standard_input);
    let output = promtool.wait_with_output().unwrap();
    let (out, err) = (&output.stdout, &output.stderr);
    assert!(
        output.status.success(),
        "{args:?}: {}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    );
}
