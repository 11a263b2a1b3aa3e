//! The database: opening it, and what every query shares.
//!
//! The SQL is what SQLite and PostgreSQL have in common (numbered placeholders, ids as text, times as milliseconds),
//! so that another database asks for other connections, not for other queries. An account that was answered 2xx is on
//! the disk: WAL alone would lose the last commits with the power, hence `synchronous = FULL`.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use shared_types::field::FromText;
use shared_types::value::Timestamp;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::config::DatabaseUrl;

mod clients;
mod sessions;

pub(crate) use clients::Credentials;
pub(crate) use sessions::NewSession;

/// Readers beside the one writer that SQLite has; each connection costs a thread and a page cache.
const MAX_CONNECTIONS: u32 = 4;

/// How long a writer queues behind another, and a request behind them. Shorter than the gateway's patience.
const PATIENCE: Duration = Duration::from_secs(5);

/// After a burst, its connections go.
const IDLE: Duration = Duration::from_secs(60);

/// `SQLITE_BUSY` of sqlite.org/rescode.html, the low byte of each of its extended codes.
const SQLITE_BUSY: u32 = 5;

#[derive(Clone)]
pub(crate) struct Store {
    pool: SqlitePool,
}

/// Why the database cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("DATABASE_URL: {path} cannot be made")]
    File { path: String, source: io::Error },
    #[error("DATABASE_URL: the database cannot be opened")]
    Connection(#[from] sqlx::Error),
    #[error("the database cannot be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl Store {
    pub(crate) async fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        let pool = match url {
            DatabaseUrl::File(path) => {
                make_file(path).map_err(|source| OpenError::File {
                    path: path.display().to_string(),
                    source,
                })?;
                SqlitePoolOptions::new()
                    .max_connections(MAX_CONNECTIONS)
                    .min_connections(1)
                    .idle_timeout(IDLE)
                    .acquire_timeout(PATIENCE)
                    .connect_with(durable(SqliteConnectOptions::new().filename(path)))
                    .await?
            }
            // The database is its one connection.
            DatabaseUrl::Memory => {
                SqlitePoolOptions::new()
                    .max_connections(1)
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .acquire_timeout(PATIENCE)
                    .connect_with(durable(SqliteConnectOptions::new().in_memory(true)))
                    .await?
            }
        };
        sqlx::migrate!().run(&pool).await?;
        Ok(Self { pool })
    }

    /// Whether the database answers. A bare `SELECT 1` would not even look at its file.
    pub(crate) async fn answers(&self) -> bool {
        let question = sqlx::query("SELECT 1 FROM clients LIMIT 1");
        let asked = question.fetch_optional(&self.pool).await;
        if let Err(error) = &asked {
            log::warn!("the database does not answer: {error}");
        }
        asked.is_ok()
    }
}

fn durable(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
}

/// Makes the file before SQLite would, so that hashes are readable by their owner alone. SQLite gives the files it
/// puts beside it the same permissions.
fn make_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    options.open(path).map(drop)
}

/// Whether the database would have done it, had it had the time.
pub(crate) fn is_overloaded(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(error) => error
            .code()
            .and_then(|code| code.parse::<u32>().ok())
            .is_some_and(|code| code & 0xff == SQLITE_BUSY),
        _ => false,
    }
}

/// A stored text as the type it was stored from.
fn read_text<T: FromText>(text: &str) -> sqlx::Result<T> {
    T::from_text(text).map_err(|_refused| sqlx::Error::Decode("unreadable text in a row".into()))
}

fn read_time(millis: i64) -> sqlx::Result<Timestamp> {
    Timestamp::from_millis(millis)
        .ok_or_else(|| sqlx::Error::Decode("unreadable time in a row".into()))
}
