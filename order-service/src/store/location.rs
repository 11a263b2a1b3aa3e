//! Where the database is, and how a file of SQLite is made to keep what it was given.

use std::fs;
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::OpenError;

/// The URL itself is not repeated: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocationError {
    #[error("expected sqlite://PATH")]
    NoSqliteFile,
    #[error("{0}")]
    Malformed(#[source] sqlx::Error),
}

/// Reads `sqlite://PATH`. A database in memory is refused: orders would not survive the process.
pub(crate) fn sqlite_file(url: &str) -> Result<SqliteConnectOptions, LocationError> {
    let path = url.strip_prefix("sqlite://");
    let path = path.filter(|path| !path.is_empty() && !path.starts_with([':', '?']));
    let in_memory = url.contains("mode=memory");
    if path.is_none() || in_memory {
        return Err(LocationError::NoSqliteFile);
    }
    SqliteConnectOptions::from_str(url).map_err(LocationError::Malformed)
}

pub(super) fn durable(options: SqliteConnectOptions, busy: Duration) -> SqliteConnectOptions {
    options
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL mode, NORMAL may lose the last commits with the power; FULL syncs each commit before it is
        // answered (https://www.sqlite.org/pragma.html#pragma_synchronous).
        .synchronous(SqliteSynchronous::Full)
        // Another process may hold the lock: a backup, or an operator's shell.
        .busy_timeout(busy)
}

pub(super) fn make_folder_of(file: &Path) -> Result<(), OpenError> {
    let Some(folder) = file.parent() else {
        return Ok(());
    };
    fs::create_dir_all(folder).map_err(|source| OpenError::Folder {
        path: folder.to_owned(),
        source,
    })
}
