//! Tests that each migration leaves what the version before it uses.

use std::fs;
use std::path::Path;

use crate::root;

/// Words that take something away from whoever uses it.
const TAKING: [&str; 5] = [
    "DROP COLUMN",
    "DROP TABLE",
    "RENAME",
    "SET NOT NULL",
    "ALTER COLUMN",
];

/// Migrations that remove what no version uses since the one before: none so far.
const LATER_REMOVALS: [&str; 0] = [];

fn check(folder: &Path, count: &mut usize) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            check(&path, count);
            continue;
        }
        *count += 1;
        let name = path.file_name().unwrap().to_str().unwrap();
        let sql = fs::read_to_string(&path).unwrap();
        let sql = sql.to_uppercase();
        let words = Vec::from_iter(sql.split_whitespace()).join(" ");
        for taking in TAKING {
            assert!(
                !words.contains(taking) || LATER_REMOVALS.contains(&name),
                "{name}: {taking}, while the version before it still runs"
            );
        }
    }
}

#[test]
fn no_migration_takes_away_what_an_older_version_uses() {
    let mut count = 0;
    for member in fs::read_dir(root()).unwrap() {
        check(&member.unwrap().path().join("migrations"), &mut count);
    }
    assert!(count >= 8, "only {count} were found");
}
