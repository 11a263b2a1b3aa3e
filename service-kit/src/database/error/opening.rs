//! The reasons why a database cannot be opened.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::migrate::MigrateError;

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the folder {} cannot be created", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("the database {} cannot be created", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(
        "the database {} is in use by another process; a SQLite file is for one process, \
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
    #[error(
        "the database {database} cannot be brought up to date: \
         another session has held a lock that it needs for {} s",
        timeout.as_secs()
    )]
    Locked { database: String, timeout: Duration },
}
