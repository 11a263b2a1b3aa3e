//! Tests of the counter service on SQLite: the common suite, and its files.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "../suite/suite.rs"]
mod suite;

mod files;

use std::path::PathBuf;
use std::rc::Rc;

use tempfile::TempDir;

#[derive(Clone)]
struct TestDatabase {
    folder: Rc<TempDir>,
}

impl TestDatabase {
    fn fresh() -> Self {
        Self {
            folder: Rc::new(tempfile::tempdir().unwrap()),
        }
    }

    /// In a folder that does not exist yet.
    fn file(&self) -> PathBuf {
        self.folder.path().join("data").join("counter.db")
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.file().display())
    }
}
