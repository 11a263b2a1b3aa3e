//! A virtual environment of Python with the packages of the example.

use std::path::{Path, PathBuf};
use std::process::Command;

use service_kit::testing::skip;

use crate::library::example;

/// If this variable is set, the test fails without Python instead of being skipped.
const REQUIRED: &str = "REQUIRE_PYTHON";

/// The environment's Python. It is made once; if it has all packages, nothing is downloaded.
pub(crate) fn with_the_packages_or_skip() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("three-services");
    let python = folder.join("bin/python");
    // A failed attempt leaves a Python without pip.
    if !folder.join("bin/pip").exists() {
        let mut make = Command::new("python3");
        or_skip(make.args(["-m", "venv"]).arg(&folder));
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "-r"]);
    or_skip(install.arg(example().join("requirements.txt")));
    if Command::new("curl").arg("--version").output().is_err() {
        skip("the guide's walk", "curl is not installed", "REQUIRE_CURL");
    }
    python
}

fn or_skip(command: &mut Command) {
    let reason = match command.output() {
        Ok(output) if output.status.success() => return,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    let missing = format!("Python 3 with venv and the packages: {command:?}: {reason}");
    skip("the guide's walk", &missing, REQUIRED);
}
