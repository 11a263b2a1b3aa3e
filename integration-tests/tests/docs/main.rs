//! Tests that the documents agree with the code, with each other and in both languages: routes,
//! variables, codes, examples, commands and links.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

mod alerts;
mod api;
#[path = "../shared/certificate.rs"]
mod certificate;
mod configuration;
mod dashboard;
mod errors;
mod exercises;
mod guide;
mod kubernetes;
mod metrics;
mod migrations;
#[path = "../shared/observability.rs"]
mod observability;
mod openapi;
mod promtool;
mod reading;
mod readme;
mod renames;
mod security;
mod structure;
mod twins;

use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A document of the repository.
fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// In bytes.
fn size(path: &str) -> u64 {
    let metadata = std::fs::metadata(root().join(path));
    metadata
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .len()
}

/// Every document of the root, of `docs` and of the deployment.
fn documents() -> Vec<String> {
    let mut documents = Vec::new();
    for folder in ["", "docs/", "deploy/kubernetes/"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                documents.push(format!("{folder}{name}"));
            }
        }
    }
    documents
}

/// The rows of every table whose first title is `title`, cell by cell, without the code marks.
fn rows(text: &str, title: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
        inner
            .split('|')
            .map(|cell| cell.trim().replace('`', ""))
            .collect()
    };
    let mut rows = Vec::new();
    let mut wanted = false;
    let mut before_is_row = false;
    for line in text.lines() {
        let is_row = line.starts_with('|');
        if is_row && !before_is_row {
            wanted = cells(line)[0] == title;
        } else if is_row && wanted && !line.starts_with("|---") {
            rows.push(cells(line));
        }
        before_is_row = is_row;
    }
    rows
}
