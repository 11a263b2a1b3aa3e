//! The database of a service: opening it, who may write when, and what its errors are worth.
//!
//! SQLite is for one process, PostgreSQL for several replicas of it. Queries are written once, in what both read alike
//! (numbered placeholders, ids as text, times as milliseconds, `ON CONFLICT`, `RETURNING`), and go through sqlx's `Any`.
//! What differs is in `sqlite` and `postgres`: how a connection is made, and how many there are.

mod error;
mod lock;
mod migrations;
mod postgres;
mod row;
mod sqlite;
mod statement;
mod url;
mod writes;

#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::migrate::MigrateError;
use sqlx::{Any, AnyPool, AssertSqlSafe, Connection as _, Transaction};

use crate::health::Readiness;

pub use error::{failure, is_transient};
pub use migrations::{Migrations, Step};
pub use postgres::PostgresUrl;
pub use statement::Statement;
pub use url::DatabaseUrl;
use writes::Findings;

/// How long a request queues for a connection, and a connection for a lock that somebody else holds. Both together
/// stay below the gateway's deadline (5 s), so that the client gets the 503 with its `Retry-After` and not a 504.
const PATIENCE: Duration = Duration::from_secs(2);

/// Handed to every worker; its copies share the connections.
#[derive(Clone, Debug)]
pub struct Database {
    reader: AnyPool,
    writer: AnyPool,
    kind: Kind,
    findings: Arc<Findings>,
    /// Keeps other processes from a file of SQLite for as long as it is open.
    _lock: Arc<lock::Lock>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

/// Why the database cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the folder {} cannot be made", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("the database {} cannot be made", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(
        "the database {} is in use by another process; a file of SQLite is for one process, \
         PostgreSQL for several",
        path.display()
    )]
    Taken { path: PathBuf },
    #[error("the database {database} cannot be opened")]
    Connection {
        database: String,
        source: sqlx::Error,
    },
    #[error("the database {database} cannot be brought up to date")]
    Migration {
        database: String,
        source: MigrateError,
    },
}

impl Database {
    /// Opens the database and brings its schema up to date. A file is made with its folder where it is missing; on
    /// PostgreSQL the migrations hold an advisory lock, so that replicas that start at once take turns.
    ///
    /// # Errors
    /// It cannot be made, opened or migrated, or another process uses the file.
    pub async fn open(url: &DatabaseUrl, migrations: &[Migrations]) -> Result<Self, OpenError> {
        install_default_drivers();
        let unopened = |source| OpenError::Connection {
            database: url.to_string(),
            source,
        };
        let outdated = |source| OpenError::Migration {
            database: url.to_string(),
            source,
        };
        let all = migrations.iter().chain([&writes::MIGRATIONS]);
        match url {
            DatabaseUrl::File(path) => {
                sqlite::make(path)?;
                let lock = lock::take(path).await?;
                let database = sqlite::open(path, lock).await.map_err(unopened)?;
                for part in all {
                    part.migrator()
                        .run(&database.writer)
                        .await
                        .map_err(outdated)?;
                }
                Ok(database)
            }
            DatabaseUrl::Postgres(url) => {
                // Not on a connection of the pool: there, no statement may take as long as a migration may.
                let mut connection = postgres::connect(url).await.map_err(unopened)?;
                for part in all {
                    part.migrator()
                        .run(&mut connection)
                        .await
                        .map_err(outdated)?;
                }
                connection.close().await.map_err(unopened)?;
                postgres::open(url).await.map_err(unopened)
            }
        }
    }

    /// Where a statement that only reads is run. On SQLite, one that writes is refused there.
    #[must_use]
    pub fn reader(&self) -> &AnyPool {
        &self.reader
    }

    /// Where a single statement that writes is run: it is a transaction by itself. For more than one, there is
    /// [`write`](Self::write).
    #[must_use]
    pub fn writer(&self) -> &AnyPool {
        &self.writer
    }

    /// A transaction that writes. Dropped, it is rolled back.
    ///
    /// On SQLite it holds the one write lock from its start: one that began by reading could find, when it comes to
    /// write, that somebody has written since (`SQLITE_BUSY_SNAPSHOT`). On PostgreSQL it is READ COMMITTED, so what a
    /// write builds on must be in its own `WHERE` or kept by a constraint: a row read before may have changed since.
    ///
    /// # Errors
    /// The lock or a connection could not be had in time, or the database fails.
    pub async fn write(&self) -> sqlx::Result<Transaction<'static, Any>> {
        match self.kind {
            Kind::Sqlite => self.writer.begin_with("BEGIN IMMEDIATE").await,
            Kind::Postgres => self.writer.begin().await,
        }
    }

    /// Whether other replicas may be at work on the same database.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.kind == Kind::Postgres
    }

    /// Ready as long as the database answers and, by what [`watch_writes`](Self::watch_writes) found last, can be written
    /// to.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let database = self.clone();
        Readiness::when(move || {
            let database = database.clone();
            async move { database.is_ready().await }
        })
    }

    async fn is_ready(&self) -> bool {
        self.answers().await && self.findings.writes.works()
    }

    /// Whether the database answers; why it does not is in the log. A bare `SELECT 1` would not even look at a file,
    /// and the migrations' table is one that every database has.
    pub async fn answers(&self) -> bool {
        let answer = sqlx::query("SELECT 1 FROM _sqlx_migrations LIMIT 1")
            .fetch_optional(&self.reader)
            .await;
        self.findings.reads.note(&answer);
        answer.is_ok()
    }
}

/// What the pools of both databases have in common.
fn pool() -> AnyPoolOptions {
    AnyPoolOptions::new().acquire_timeout(PATIENCE)
}

/// Runs `setup` on each new connection, whatever the database.
fn after_connect(pool: AnyPoolOptions, setup: String) -> AnyPoolOptions {
    pool.after_connect(move |connection, _metadata| {
        let setup = sqlx::raw_sql(AssertSqlSafe(setup.clone()));
        Box::pin(async move { setup.execute(connection).await.map(drop) })
    })
}
