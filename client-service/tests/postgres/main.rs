//! Tests of the client service on PostgreSQL: the common suite, and several replicas.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "../suite/suite.rs"]
mod suite;

mod locks;
mod replicas;

use client_service::Secret;
use service_kit::testing::postgres_or_skip;

struct TestDatabase {
    url: String,
}

impl TestDatabase {
    fn fresh() -> Self {
        Self {
            url: postgres_or_skip().fresh_database(),
        }
    }

    fn url(&self) -> String {
        self.url.clone()
    }

    /// The secret that all replicas share.
    fn secret() -> Option<Secret> {
        Some("correct-horse-battery-staple-and-more".parse().unwrap())
    }
}
