//! Tests that the reading path leads to files and tests that exist.

use crate::{exists, read};

/// The page with the word between a test and its file, and its stops.
const PAGES: [(&str, &str); 2] = [("docs/READING.md", "in"), ("docs/READING.fr.md", "dans")];

fn stops(text: &str) -> Vec<&str> {
    text.split("\n## ").skip(1).collect()
}

#[test]
fn every_file_of_the_reading_path_exists() {
    for (page, _) in PAGES {
        let text = read(page);
        assert!((8..=10).contains(&stops(&text).len()), "{page}");
        for stop in stops(&text) {
            let codes = stop.split('`').skip(1).step_by(2);
            let files: Vec<_> = codes.filter(|code| code.ends_with(".rs")).collect();
            assert!(files.len() > 1, "{page}: {stop}");
            for file in files {
                assert!(exists(file), "{page}: {file}");
            }
        }
    }
}

#[test]
fn every_question_of_the_reading_path_has_a_test_that_answers_it() {
    for (page, word) in PAGES {
        let text = read(page);
        for stop in stops(&text) {
            let stop = stop.split_whitespace().collect::<Vec<_>>().join(" ");
            let (before, after) = stop.rsplit_once(&format!("` {word} `")).unwrap();
            let test = before.rsplit('`').next().unwrap();
            let file = after.split('`').next().unwrap();
            let code = read(file);
            let begin = code.find(&format!("fn {test}(")).unwrap_or_else(|| {
                panic!("{page}: {file} has no {test}");
            });
            let attributes = code[..begin].trim_end_matches("async ").trim_end();
            let is_test = attributes.ends_with("test]") || code.contains("proptest!");
            assert!(is_test, "{page}: {test} is no test");
        }
    }
}
