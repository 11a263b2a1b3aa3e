//! SQLite: a file that one process writes, set up for durability.
//!
//! SQLite has one writer at a time. So one connection writes, and requests queue for it in order of
//! arrival. A few others read, and in WAL mode never wait for it. Several connections that compete
//! for the write lock were rejected: SQLite's busy handler sleeps and retries in no order, and
//! waiting writers would hold the connections that readers need.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, ConnectOptions as _, Connection as _};

use super::lock::Lock;
use super::{Database, Findings, Kind, OpenError, TIMEOUT, pool};

/// Five connections with the writer and the probe: a read takes microseconds, and each connection
/// costs a thread and a page cache.
const READERS: u32 = 3;

/// The page cache of each connection in KiB. With the default of 2 MiB, a service that was busy
/// once holds five times that for good. A page outside of it is in the system's file cache, a few
/// microseconds away.
const PAGE_CACHE: &str = "cache_size = -512";

/// Readers wait for no writer.
const WRITE_AHEAD: &str = "journal_mode = WAL";

/// Keeps a write from bypassing the writers' queue by mistake.
const READ_ONLY: &str = "query_only = ON";

/// After a burst, all readers but one are closed, with their threads and page caches.
const IDLE: Duration = Duration::from_secs(60);

/// Creates the file before SQLite does, so that only its owner can read the hashes and addresses in
/// it. SQLite gives the files beside it the same permissions.
pub(super) fn make(path: &Path) -> Result<(), OpenError> {
    // The parent of a bare file name is the empty path, which always exists and cannot be created.
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
    // sqlx would take a relative path for the host of a URL.
    let path = std::path::absolute(path)?;
    let file = SqliteConnectOptions::new().filename(path).to_url_lossy();
    let file = AnyConnectOptions::from_url(&file)?;
    let findings = Arc::new(Findings::default());
    let writer = match writer(file.clone(), Arc::clone(&findings)).await {
        Err(sqlx::Error::PoolTimedOut) => return Err(why_not(&file).await),
        opened => opened?,
    };
    Ok(Database {
        writer,
        reader: readers(file.clone()).await?,
        probe: probe(file).await?,
        kind: Kind::Sqlite,
        findings,
        row_locks: Arc::default(),
        diagnosis: None,
        files: Arc::default(),
        _lock: Arc::new(lock),
    })
}

/// Why the file cannot be opened. A pool tries again until its time is over, and then forgets the
/// cause, such as a full disk.
async fn why_not(file: &AnyConnectOptions) -> sqlx::Error {
    let opened = async {
        let mut connection = AnyConnection::connect_with(file).await?;
        sqlx::raw_sql(AssertSqlSafe(setup(&[WRITE_AHEAD])))
            .execute(&mut connection)
            .await
    };
    opened.await.err().unwrap_or(sqlx::Error::PoolTimedOut)
}

async fn writer(file: AnyConnectOptions, findings: Arc<Findings>) -> sqlx::Result<AnyPool> {
    connections(&[WRITE_AHEAD])
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

/// Whether the connection can begin another transaction. On a full or broken disk SQLite ends a
/// transaction by itself; sqlx's own `ROLLBACK` then fails, and the connection would refuse every
/// later transaction.
async fn is_usable(connection: &mut AnyConnection) -> sqlx::Result<bool> {
    if connection.is_in_transaction() {
        // A rollback may still be running; the ping is answered after it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// Stays open while the service runs: the last connection to close would write the whole WAL back
/// and delete it. The writer cannot serve for this, because a broken disk may have it replaced.
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
    super::after_connect(pool(), setup(more))
        // A connection to a file does not age, and no server can close it.
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// The statements that each connection begins with.
fn setup(more: &[&str]) -> String {
    let busy_timeout = format!("busy_timeout = {}", TIMEOUT.as_millis());
    let pragmas = [
        // Another process may hold the lock: a backup, or an operator's shell.
        busy_timeout.as_str(),
        "foreign_keys = ON",
        // In WAL mode, NORMAL may lose the last commits in a power cut; FULL syncs each commit
        // before it is answered (https://www.sqlite.org/pragma.html#pragma_synchronous).
        "synchronous = FULL",
        PAGE_CACHE,
    ];
    let all = pragmas.iter().chain(more);
    all.map(|pragma| format!("PRAGMA {pragma};")).collect()
}
