//! SQLite: a file that one process writes to, made to keep what it was given.
//!
//! There is one writer at a time. So there is one connection that writes, for which requests queue in order of
//! arrival, and a few that read, which in WAL mode never wait for it. Letting several connections compete for the
//! write lock was rejected: SQLite's busy handler sleeps and retries without any order, and waiting writers would
//! hold the connections that readers need.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _, Connection as _};

use super::lock::Lock;
use super::{Database, Findings, Kind, OpenError, PATIENCE, pool};

/// With the writer and the probe, five connections: reads take microseconds, and each connection is a thread and a page cache.
const READERS: u32 = 3;

/// For each connection, in KiB. By default it is 2 MiB, and a service that has been busy once holds five times that for good.
/// What is not in it is in the system's cache of files, a few microseconds away.
const PAGE_CACHE: &str = "cache_size = -512";

/// So that no write gets past the queue of the writers by mistake.
const READ_ONLY: &str = "query_only = ON";

/// After a burst, all readers but one go, and their threads and page caches with them.
const IDLE: Duration = Duration::from_secs(60);

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

pub(super) async fn open(path: &Path, lock: Lock) -> sqlx::Result<Database> {
    // A relative path would be read as the host of a URL.
    let path = std::path::absolute(path)?;
    let file = SqliteConnectOptions::new().filename(path).to_url_lossy();
    let file = AnyConnectOptions::from_url(&file)?;
    let findings = Arc::new(Findings::default());
    Ok(Database {
        writer: writer(file.clone(), Arc::clone(&findings)).await?,
        reader: readers(file.clone()).await?,
        probe: probe(file).await?,
        kind: Kind::Sqlite,
        findings,
        turns: Arc::default(),
        diagnosis: None,
        files: Arc::default(),
        _lock: Arc::new(lock),
    })
}

async fn writer(file: AnyConnectOptions, findings: Arc<Findings>) -> sqlx::Result<AnyPool> {
    connections(&["journal_mode = WAL"])
        .max_connections(1)
        .idle_timeout(None)
        .after_release(move |connection, _metadata| {
            let findings = Arc::clone(&findings);
            Box::pin(async move {
                let usable = is_usable(connection).await?;
                if !usable {
                    findings.suspect_writes();
                }
                Ok(usable)
            })
        })
        .connect_with(file)
        .await
}

/// Whether the next transaction can begin. A full or broken disk makes SQLite end a transaction by itself; sqlx's own
/// `ROLLBACK` then fails, and the connection would refuse every transaction from then on.
async fn is_usable(connection: &mut AnyConnection) -> sqlx::Result<bool> {
    if connection.is_in_transaction() {
        // A rollback may still be on its way; this is answered after it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// Kept open for as long as the service runs: the last connection to close would write the whole WAL back and delete it.
/// The writer is no such connection, since a broken disk may have it replaced.
async fn probe(file: AnyConnectOptions) -> sqlx::Result<AnyPool> {
    connections(&[READ_ONLY])
        .max_connections(1)
        .idle_timeout(None)
        .connect_with(file)
        .await
}

async fn readers(file: AnyConnectOptions) -> sqlx::Result<AnyPool> {
    connections(&[READ_ONLY])
        .min_connections(1)
        .max_connections(READERS)
        .idle_timeout(IDLE)
        .connect_with(file)
        .await
}

fn connections(more: &[&str]) -> AnyPoolOptions {
    let busy_timeout = format!("busy_timeout = {}", PATIENCE.as_millis());
    let pragmas = [
        // Another process may hold the lock: a backup, or an operator's shell.
        busy_timeout.as_str(),
        "foreign_keys = ON",
        // In WAL mode, NORMAL may lose the last commits with the power; FULL syncs each commit before it is answered
        // (https://www.sqlite.org/pragma.html#pragma_synchronous).
        "synchronous = FULL",
        PAGE_CACHE,
    ];
    let setup: String = pragmas
        .iter()
        .chain(more)
        .map(|pragma| format!("PRAGMA {pragma};"))
        .collect();
    super::after_connect(pool(), setup)
        // A connection to a file does not age, and has nobody on the other side who could have closed it.
        .max_lifetime(None)
        .test_before_acquire(false)
}
