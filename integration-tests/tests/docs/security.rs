//! Tests that each promise of SECURITY.md names files that are there and tests that run.

use std::fs;
use std::path::Path;

use crate::{exists, read, root, rows};

/// The names of all tests: functions with a `test` attribute, and those of `proptest!`.
fn tests() -> Vec<String> {
    let mut names = Vec::new();
    for member in fs::read_dir(root()).unwrap() {
        for folder in ["src", "tests"] {
            collect(&member.as_ref().unwrap().path().join(folder), &mut names);
        }
    }
    names
}

fn collect(folder: &Path, names: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                if line.starts_with("#[") {
                    is_test |= line.ends_with("test]") || line.contains("test(");
                } else if let Some(rest) = line.split("fn ").nth(1)
                    && std::mem::take(&mut is_test)
                {
                    names.push(rest.split('(').next().unwrap().to_owned());
                }
            }
        }
    }
}

#[test]
fn every_promise_names_files_and_tests_that_are_there() {
    let tests = tests();
    for (document, title) in [("SECURITY.md", "Against"), ("SECURITY.fr.md", "Contre")] {
        let rows = rows(&read(document), title);
        assert!(rows.len() > 10, "{document}");
        for row in rows {
            for file in row[2].split(", ") {
                assert!(exists(file), "{document}: {file}");
            }
            for name in row[3].split(", ") {
                let found = tests.iter().any(|test| test == name);
                assert!(found, "{document}: there is no test {name}");
            }
        }
    }
}
