//! Tests of the order service on PostgreSQL: the common suite, several replicas, and an unavailable
//! server.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "../suite/suite.rs"]
mod suite;

mod causes;
mod dispatch;
mod locks;
mod outage;
mod plans;
mod replicas;
mod starts;
mod versions;

use service_kit::testing::{Postgres, postgres_or_skip};

#[derive(Clone)]
struct TestDatabase {
    url: String,
}

impl TestDatabase {
    fn fresh() -> Self {
        Self::on(postgres_or_skip())
    }

    fn on(server: &Postgres) -> Self {
        Self {
            url: server.fresh_database(),
        }
    }

    fn url(&self) -> String {
        self.url.clone()
    }

    fn name(&self) -> &str {
        let (before, _host) = self.url.split_once('?').unwrap();
        before.rsplit_once('/').unwrap().1
    }
}
