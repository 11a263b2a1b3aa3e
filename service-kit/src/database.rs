//! The database of a service: opening it, who may write when, and what its errors are worth.
//!
//! SQLite has one writer at a time. So there is one connection that writes, for which requests queue in order of
//! arrival, and a few that read, which in WAL mode never wait for it. Letting several connections compete for the
//! write lock was rejected: SQLite's busy handler sleeps and retries without any order, and waiting writers would
//! hold the connections that readers need.
//!
//! Queries are written in what SQLite and PostgreSQL have in common (numbered placeholders, ids as text, times as
//! milliseconds), so that another database asks for other connections here, not for other queries in the services.

mod busy;
mod file;
mod url;

#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{Sqlite, Transaction};

use crate::health::Readiness;

pub use busy::{failure, is_busy};
pub use url::DatabaseUrl;

/// With the writer, four connections: reads take microseconds, and each connection is a thread and a page cache.
const READERS: u32 = 3;

/// After a burst, all readers but one go, and their threads and page caches with them.
const IDLE: Duration = Duration::from_secs(60);

/// How long a request queues for a connection, and a connection for the lock that another process holds. Both together
/// stay below the gateway's deadline (5 s), so that the client gets the 503 with its `Retry-After` and not a 504.
const PATIENCE: Duration = Duration::from_secs(2);

/// Handed to every worker; its copies share the connections.
#[derive(Clone, Debug)]
pub struct Database {
    reader: SqlitePool,
    writer: SqlitePool,
}

/// Why the database cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the folder {} cannot be made", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("the database {} cannot be made", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the database {} cannot be opened", path.display())]
    Connection { path: PathBuf, source: sqlx::Error },
    #[error("the database {} cannot be brought up to date", path.display())]
    Migration { path: PathBuf, source: MigrateError },
}

impl Database {
    /// Opens the database, makes it with its folder where it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// It cannot be made, opened or migrated.
    pub async fn open(url: &DatabaseUrl, migrations: &'static Migrator) -> Result<Self, OpenError> {
        let DatabaseUrl::File(path) = url;
        file::make(path)?;
        let connection = |source| OpenError::Connection {
            path: path.clone(),
            source,
        };
        let options = file::durable(path, PATIENCE);
        let writer = writer(options.clone()).await.map_err(connection)?;
        migrations
            .run(&writer)
            .await
            .map_err(|source| OpenError::Migration {
                path: path.clone(),
                source,
            })?;
        let reader = readers(options).await.map_err(connection)?;
        Ok(Self { reader, writer })
    }

    /// Where a statement that only reads is run. One that writes is refused there.
    #[must_use]
    pub fn reader(&self) -> &SqlitePool {
        &self.reader
    }

    /// Where a single statement that writes is run: it is a transaction by itself. For more than one, there is
    /// [`write`](Self::write).
    #[must_use]
    pub fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// A transaction that holds the write lock from its start: what it reads stays true until it commits. One that
    /// began by reading could find, when it comes to write, that another process has written since
    /// (`SQLITE_BUSY_SNAPSHOT`). Dropped, it is rolled back.
    ///
    /// # Errors
    /// The lock could not be had in time, or the database fails.
    pub async fn write(&self) -> sqlx::Result<Transaction<'static, Sqlite>> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// Ready as long as the database answers.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let database = self.clone();
        Readiness::when(move || {
            let database = database.clone();
            async move { database.answers().await }
        })
    }

    /// Whether the database answers; why it does not is in the log. A bare `SELECT 1` would not even look at its
    /// file, and the migrations' table is one that every database has.
    pub async fn answers(&self) -> bool {
        sqlx::query("SELECT 1 FROM _sqlx_migrations LIMIT 1")
            .fetch_optional(&self.reader)
            .await
            .inspect_err(|error| log::warn!("the database does not answer: {error}"))
            .is_ok()
    }
}

/// Kept open for as long as the service runs: the last connection to close would write the whole WAL back.
async fn writer(options: SqliteConnectOptions) -> sqlx::Result<SqlitePool> {
    pool()
        .max_connections(1)
        .idle_timeout(None)
        .connect_with(options)
        .await
}

async fn readers(options: SqliteConnectOptions) -> sqlx::Result<SqlitePool> {
    pool()
        .min_connections(1)
        .max_connections(READERS)
        .idle_timeout(IDLE)
        // So that no write gets past the queue of the writers by mistake.
        .connect_with(options.pragma("query_only", "ON"))
        .await
}

fn pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .acquire_timeout(PATIENCE)
        // A connection to a file does not age, and has nobody on the other side who could have closed it.
        .max_lifetime(None)
        .test_before_acquire(false)
}
