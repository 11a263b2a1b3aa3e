//! Tests that some test provokes every error, so that none exists on paper only.

use std::fs;
use std::path::Path;

use shared_types::problem::Code;

/// Takes 10,000 requests to provoke; a unit test of delivery-mock does it with a smaller limit.
const BY_UNIT_TEST: Code = Code::StorageFull;

/// The code of every black-box test.
fn tests() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut text = String::new();
    for member in fs::read_dir(root).unwrap() {
        append(&member.unwrap().path().join("tests"), &mut text);
    }
    text
}

fn append(folder: &Path, text: &mut String) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            append(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            // A code in a comment is not a test of it.
            for line in source
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
            {
                text.push_str(line);
            }
        }
    }
}

#[test]
fn every_code_is_provoked_by_a_test() {
    let tests = tests();
    for code in Code::ALL.iter().filter(|code| **code != BY_UNIT_TEST) {
        let provoked = format!("\"{}\"", code.as_str());
        assert!(tests.contains(&provoked), "no test expects {provoked}");
    }
}
