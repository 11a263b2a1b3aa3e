//! The database: opening it, and who may write when.
//!
//! SQLite has one writer at a time. So there is one connection that writes, for which requests queue in order of
//! arrival, and a few that read, which in WAL mode never wait for it. Letting four connections compete for the
//! write lock was rejected: SQLite's busy handler sleeps and retries without any order, and waiting writers
//! would hold the connections that readers need.

mod location;
mod menu;
mod orders;
mod place;
mod progress;
mod rows;

use std::path::PathBuf;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{Sqlite, Transaction};

pub(crate) use location::sqlite_file;
pub(crate) use orders::OrderError;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// With the writer, four connections: reads take microseconds, and each connection is a thread.
const READERS: u32 = 3;

/// How long a request waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Another process held the write lock for all of [`PATIENCE`] (https://www.sqlite.org/rescode.html#busy).
const SQLITE_BUSY: &str = "5";

/// Handed to every worker; its copies share the connections.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    reader: SqlitePool,
    writer: SqlitePool,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("DATABASE_URL: {0}")]
    Location(#[from] location::LocationError),
    #[error("the folder {} cannot be made", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the database {} cannot be opened", path.display())]
    Database {
        path: PathBuf,
        #[source]
        source: sqlx::Error,
    },
    #[error("the database {} cannot be brought up to date", path.display())]
    Migration {
        path: PathBuf,
        #[source]
        source: MigrateError,
    },
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Something else wrote to the database, or an older release spelled it otherwise.
    #[error("a row cannot be read back: {column} is {value:?}")]
    Unreadable { column: &'static str, value: String },
}

impl StoreError {
    /// Whether the database is there and only has too much to do.
    pub(crate) fn is_busy(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::PoolTimedOut) => true,
            Self::Database(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| code == SQLITE_BUSY)
            }
            _ => false,
        }
    }
}

impl Store {
    /// Opens the database, and makes it with its folder where it is missing.
    pub(crate) async fn open(url: &str) -> Result<Self, OpenError> {
        let options = location::durable(sqlite_file(url)?, PATIENCE);
        let path = options.get_filename().to_owned();
        location::make_folder_of(&path)?;
        let database = |source| OpenError::Database {
            path: path.clone(),
            source,
        };
        let writer = connect(1, options.clone()).await.map_err(database)?;
        MIGRATIONS
            .run(&writer)
            .await
            .map_err(|source| OpenError::Migration {
                path: path.clone(),
                source,
            })?;
        let reader = connect(READERS, options).await.map_err(database)?;
        Ok(Self { reader, writer })
    }

    /// Whether the database answers at all. Why it does not is in the log.
    pub(crate) async fn answers(&self) -> bool {
        let asked = sqlx::query("SELECT 1").execute(&self.reader).await;
        asked
            .inspect_err(|error| log::warn!("the database does not answer: {error}"))
            .is_ok()
    }

    /// A transaction that holds the write lock from its start: what it reads stays true until it commits. One that
    /// began by reading could find, when it comes to write, that another has written since (SQLITE_BUSY_SNAPSHOT).
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }
}

async fn connect(
    connections: u32,
    options: SqliteConnectOptions,
) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        // A connection to a file does not age, and has nobody on the other side who could have closed it.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options)
        .await
}
