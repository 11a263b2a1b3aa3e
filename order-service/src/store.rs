//! What lasts: the menu and the orders.
//!
//! Whatever reads before it writes does both in one transaction that holds the write lock from its start
//! ([`Database::write`]), so that two who change one order come one after the other.

mod menu;
mod orders;
mod place;
mod progress;
mod rows;

use service_kit::database::{Database, DatabaseUrl, OpenError};
use service_kit::health::Readiness;
use sqlx::migrate::Migrator;

pub(crate) use orders::OrderError;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Handed to every worker; its copies share the connections.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    database: Database,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Something else wrote to the database, or an older release spelled it otherwise.
    #[error("a row cannot be read back: {column} is {value:?}")]
    Unreadable { column: &'static str, value: String },
}

impl Store {
    pub(crate) async fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        let database = Database::open(url, &MIGRATIONS).await?;
        Ok(Self { database })
    }

    pub(crate) fn readiness(&self) -> Readiness {
        self.database.readiness()
    }
}
