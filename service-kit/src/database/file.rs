//! How a file of SQLite is made, and made to keep what it was given.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::OpenError;

/// Makes the file before SQLite would, so that hashes and addresses are readable by their owner alone. SQLite gives
/// the files it puts beside it the same permissions.
pub(super) fn make(path: &Path) -> Result<(), OpenError> {
    // The parent of a bare file name is the empty path, which always exists and cannot be made.
    let folder = path.parent();
    if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
        let mut made = fs::DirBuilder::new();
        let made = made.recursive(true).mode(0o700).create(folder);
        made.map_err(|source| OpenError::Folder {
            path: folder.to_owned(),
            source,
        })?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    let opened = options.open(path).map_err(|source| OpenError::File {
        path: path.to_owned(),
        source,
    });
    opened.map(drop)
}

pub(super) fn durable(path: &Path, busy: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL mode, NORMAL may lose the last commits with the power; FULL syncs each commit before it is
        // answered (https://www.sqlite.org/pragma.html#pragma_synchronous).
        .synchronous(SqliteSynchronous::Full)
        // Another process may hold the lock: a backup, or an operator's shell.
        .busy_timeout(busy)
}
