//! The rows of the menu and the orders.
//!
//! A change that reads before it writes does both in one transaction, which holds the write lock
//! from its start ([`Database::write`]), so that two changes of one order come one after the other.

mod dishes;
mod erasure;
mod import;
mod list;
mod menu;
mod news;
mod orders;
mod place;
mod progress;
mod retention;
mod rows;

use std::time::Duration;

use service_kit::database::{Database, DatabaseUrl, MigrationFile, Migrations, OpenError};
use service_kit::health::Readiness;
use service_kit::housekeeping;
use service_kit::idempotency;
use service_kit::outbox::{self, Outbox, Recipient};
use service_kit::serve::Draining;
use shared_types::value::Timestamp;

use crate::config::OpenPerAddress;
use crate::opening::Opening;

pub(crate) use dishes::DishError;
pub(crate) use list::List;
pub(crate) use menu::MenuError;
pub(crate) use orders::OrderError;
pub(crate) use place::Terms;
pub(crate) use progress::{Cancellation, Move};

const MIGRATIONS: Migrations = Migrations {
    table: Migrations::OWN_TABLE,
    steps: &[
        MigrationFile(
            "menu and orders",
            include_str!("../migrations/0001_menu_and_orders.sql"),
        ),
        MigrationFile(
            "open orders",
            include_str!("../migrations/0002_open_orders.sql"),
        ),
        MigrationFile(
            "cancellation",
            include_str!("../migrations/0003_cancellation.sql"),
        ),
        MigrationFile(
            "allergens",
            include_str!("../migrations/0004_allergens.sql"),
        ),
        MigrationFile("notes", include_str!("../migrations/0005_notes.sql")),
    ],
};

/// Every worker has a clone; clones share the connections.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    database: Database,
    outbox: Outbox,
    open_per_address: OpenPerAddress,
    opening: Opening,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Another program wrote to the database, or an older release spelled it otherwise.
    #[error("a row cannot be read back: {column} is {value:?}")]
    Unreadable { column: &'static str, value: String },
    #[error("an order cannot be written as JSON")]
    Unwritable(#[from] serde_json::Error),
}

impl Store {
    pub(crate) async fn open(
        url: &DatabaseUrl,
        recipients: Vec<Recipient>,
        open_per_address: OpenPerAddress,
    ) -> Result<Self, OpenError> {
        let migrations = [MIGRATIONS, outbox::MIGRATIONS, idempotency::MIGRATIONS];
        let database = Database::open(url, &migrations).await?;
        let outbox = Outbox::new(database.clone(), recipients);
        Ok(Self {
            database,
            outbox,
            open_per_address,
            opening: Opening::default(),
        })
    }

    /// Takes orders at these hours only.
    pub(crate) fn with_opening(self, opening: Opening) -> Self {
        Self { opening, ..self }
    }

    /// The events that wait for the subscribers.
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Deletes expired rows, and makes the orders anonymous that ended before the time of retention.
    pub(crate) async fn sweep(&self, retention: Option<Duration>) {
        let now = Timestamp::now();
        let swept = idempotency::sweep(&self.database, now).await;
        housekeeping::report("idempotency keys", swept);
        if let Some(kept) = retention {
            match self.make_anonymous(kept, now).await {
                Ok(0) => {}
                Ok(count) => log::info!("{count} ended orders were made anonymous"),
                Err(error) => log::warn!(
                    "ended orders cannot be made anonymous, the next try is in an hour: {error}"
                ),
            }
        }
    }

    /// See [`Database::watch_writes`].
    pub(crate) async fn watch_writes(self, draining: Draining) {
        self.database.watch_writes(draining).await;
    }

    pub(crate) fn readiness(&self) -> Readiness {
        self.database.readiness()
    }
}

#[cfg(test)]
mod tests {
    /// A file that is missing in the list would never run.
    #[test]
    fn every_file_is_a_step() {
        let files = std::fs::read_dir("migrations").unwrap().count();
        assert_eq!(files, super::MIGRATIONS.steps.len());
    }
}
