//! Tests of the counter service on PostgreSQL: the common suite, and several replicas.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "../suite/suite.rs"]
mod suite;

mod replicas;

use service_kit::testing::postgres_or_skip;

#[derive(Clone)]
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
}
