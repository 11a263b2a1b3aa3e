//! Tests of the client service on SQLite: the common suite, and its files.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "../suite/suite.rs"]
mod suite;

mod files;

use std::path::{Path, PathBuf};

use client_service::Secret;
use tempfile::TempDir;

struct TestDatabase {
    folder: TempDir,
}

impl TestDatabase {
    fn fresh() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self) -> PathBuf {
        self.folder().join("clients.db")
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.file().display())
    }

    /// None: the service makes one and stores it beside the database.
    fn secret() -> Option<Secret> {
        None
    }
}
