//! The rows of the kept requests.

mod claim;
mod entry;
mod settle;
mod sweep;
mod take;

use std::sync::Arc;
use std::time::Duration;

use service_kit::database::{Database, DatabaseUrl, MigrationFile, Migrations, OpenError};
use service_kit::health::Readiness;
use service_kit::outbox::clock::Clock;
use service_kit::serve::Draining;
use tokio::sync::Notify;

use crate::config::Bounds;

pub(crate) use claim::Claimed;
pub(crate) use entry::{Entry, EntryError};
pub(crate) use settle::{Outcome, Settled};
pub(crate) use take::{Full, New, TakeError};

/// How long an entry may wait. Services repeat the answer to a key for as long, so a delivery that is
/// repeated within this time makes nothing twice.
pub(crate) const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

const MIGRATIONS: Migrations = Migrations {
    table: Migrations::OWN_TABLE,
    steps: &[MigrationFile(
        "entries",
        include_str!("../migrations/0001_entries.sql"),
    )],
};

/// Every worker has a clone; clones share the connections.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    database: Database,
    clock: Clock,
    bounds: Bounds,
    /// Notified when an entry was written, so that a delivery need not wait for the next look.
    taken: Arc<Notify>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Another program wrote to the database.
    #[error("a row cannot be read back: {column} is {value:?}")]
    Unreadable { column: &'static str, value: String },
}

impl Store {
    pub(crate) async fn open(url: &DatabaseUrl, bounds: Bounds) -> Result<Self, OpenError> {
        let database = Database::open(url, &[MIGRATIONS]).await?;
        Ok(Self {
            clock: Clock::of(&database),
            database,
            bounds,
            taken: Arc::default(),
        })
    }

    /// The time of waits and leases. All replicas have the same.
    pub(crate) async fn now(&self) -> sqlx::Result<i64> {
        self.clock.now(&self.database).await
    }

    /// Completes when an entry has been taken here.
    pub(crate) async fn taken(&self) {
        self.taken.notified().await;
    }

    /// See [`Database::watch_writes`].
    pub(crate) async fn watch_writes(self, draining: Draining) {
        self.database.watch_writes(draining).await;
    }

    pub(crate) fn readiness(&self) -> Readiness {
        self.database.readiness()
    }
}
