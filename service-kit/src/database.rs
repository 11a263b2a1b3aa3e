//! The database of a service: opens it, hands out connections, and classifies errors.
//!
//! SQLite serves one process, PostgreSQL serves several replicas. Each query is written once, in
//! the SQL that both understand (numbered placeholders, ids as text, times as milliseconds, `ON
//! CONFLICT`, `RETURNING`), and goes through sqlx's `Any`. `sqlite` and `postgres` hold the
//! differences: how a connection is made, and how many there are.

mod backup;
mod diagnosis;
mod error;
mod files;
mod findings;
mod lock;
mod migrations;
mod postgres;
mod row;
mod row_locks;
mod sqlite;
mod statement;
mod traced;
mod url;
mod writes;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::{Any, AnyPool, AssertSqlSafe, Transaction};

use crate::health::Readiness;

pub use backup::{BackupError, backup};
use diagnosis::Diagnosis;
use error::Trouble;
pub use error::failure;
pub use error::opening::OpenError;
use files::Files;
use findings::Findings;
pub use migrations::{MigrationFile, Migrations};
pub use postgres::PostgresUrl;
pub use row_locks::RowLock;
use row_locks::RowLocks;
pub use statement::Statement;
use traced::Traced;
pub use traced::{Connection, WriteTransaction};
pub use url::DatabaseUrl;

/// How long a request queues for a connection. Together with the waits for a row and a lock, this
/// stays below the gateway's deadline (5 s), so the client gets a 503 with `Retry-After` and not a
/// 504.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How long a request waits for the other requests that write its row.
const ROW_LOCK_TIMEOUT: Duration = Duration::from_millis(1500);

/// Every worker has a clone; clones share the connections.
#[derive(Clone, Debug)]
pub struct Database {
    reader: AnyPool,
    writer: AnyPool,
    /// Used by `/ready`. On SQLite, requests never make it wait, and it stays open.
    probe: AnyPool,
    kind: Kind,
    findings: Arc<Findings>,
    row_locks: Arc<RowLocks>,
    /// For a server only.
    diagnosis: Option<Arc<Diagnosis>>,
    files: Arc<Files>,
    /// Keeps other processes from the SQLite file while it is open.
    _lock: Arc<lock::Lock>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

impl Database {
    /// Opens the database and brings its schema up to date. A missing file is created with its
    /// folder. On PostgreSQL the migrations hold an advisory lock, so that replicas that start
    /// together run one after the other.
    ///
    /// # Errors
    /// The database cannot be created, opened or migrated, or another process uses the file.
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
        let all: Vec<_> = all.map(Migrations::migrator).collect();
        match url {
            DatabaseUrl::File(path) => {
                sqlite::make(path)?;
                let lock = lock::take(path).await?;
                let mut database = sqlite::open(path, lock).await.map_err(unopened)?;
                for part in &all {
                    part.run(&database.writer).await.map_err(outdated)?;
                }
                database.files = Arc::new(Files::of(path));
                Ok(database)
            }
            DatabaseUrl::Postgres(url) => {
                postgres::migrate(url, &all, postgres::MIGRATION_PATIENCE).await?;
                postgres::open(url).await.map_err(unopened)
            }
        }
    }

    /// A connection for statements that only read. The database refuses a write on it.
    ///
    /// # Errors
    /// No connection became free in time.
    pub async fn reader(&self) -> sqlx::Result<Connection> {
        let span = traced::open(self.kind, "read");
        // When the files are gone, a new connection would open whatever is at their paths now. The
        // probe's connection is still open.
        let pool = match self.files.check() {
            Ok(()) => &self.reader,
            Err(_gone) => &self.probe,
        };
        Traced::of(span, self.explained(pool.acquire().await).await)
    }

    /// A connection for a single statement that writes, which is a transaction by itself. Use
    /// [`write`](Self::write) for more than one statement.
    ///
    /// # Errors
    /// No connection became free in time, or the write would be lost.
    pub async fn writer(&self) -> sqlx::Result<Connection> {
        let span = traced::open(self.kind, "write");
        self.findings.note_use();
        self.files.check()?;
        Traced::of(span, self.explained(self.writer.acquire().await).await)
    }

    /// Begins a transaction that writes. Dropping it rolls it back.
    ///
    /// On SQLite it takes the write lock at its start: a transaction that reads first can fail at
    /// its first write because another one has written since (`SQLITE_BUSY_SNAPSHOT`). On
    /// PostgreSQL it is READ COMMITTED: a row that was read may have changed since, so a write must
    /// check its preconditions in its own `WHERE` or by a constraint.
    ///
    /// # Errors
    /// No connection or lock became free in time, the write would be lost, or the database fails.
    pub async fn write(&self) -> sqlx::Result<WriteTransaction> {
        let span = traced::open(self.kind, "transaction");
        self.findings.note_use();
        Traced::of(span, self.begin().await)
    }

    async fn begin(&self) -> sqlx::Result<Transaction<'static, Any>> {
        self.files.check()?;
        let begun = match self.kind {
            Kind::Sqlite => self.writer.begin_with("BEGIN IMMEDIATE").await,
            Kind::Postgres => self.writer.begin().await,
        };
        self.explained(begun).await
    }

    /// Waits until no other request of this process writes the row with this key. Take it before
    /// [`write`](Self::write) and hold it until the commit, so that the writers of one locked row
    /// hold one connection and not all of them.
    ///
    /// # Errors
    /// The requests before this one did not end in time.
    pub async fn lock_row(&self, key: &str) -> sqlx::Result<RowLock> {
        if self.kind == Kind::Sqlite {
            return Ok(RowLock::not_needed());
        }
        self.row_locks.lock(key, ROW_LOCK_TIMEOUT).await.ok_or_else(|| {
            let waited = ROW_LOCK_TIMEOUT.as_millis();
            Trouble::Busy(format!(
                "another request has been writing the same row for {waited} ms; another session may hold its lock"
            ))
            .into()
        })
    }

    /// Replaces a pool timeout by its cause.
    async fn explained<T>(&self, had: sqlx::Result<T>) -> sqlx::Result<T> {
        match had {
            Err(sqlx::Error::PoolTimedOut) => Err(match &self.diagnosis {
                Some(server) => server.find().await.into(),
                None => Trouble::Busy(format!(
                    "other requests have had every connection for {} s",
                    TIMEOUT.as_secs()
                ))
                .into(),
            }),
            had => had,
        }
    }

    /// Whether other replicas may use the same database.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.kind == Kind::Postgres
    }

    /// Ready while the files exist, the database answers, and the last check of
    /// [`watch_writes`](Self::watch_writes) could write.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let database = self.clone();
        Readiness::when(move || {
            let database = database.clone();
            async move { database.is_ready().await }
        })
    }

    async fn is_ready(&self) -> bool {
        self.has_its_files() && self.answers().await && self.findings.writes.works()
    }

    /// Whether a write would survive a restart. The log says why not.
    fn has_its_files(&self) -> bool {
        let files = self.files.check().map_err(sqlx::Error::from);
        self.findings.files.note(&files);
        files.is_ok()
    }

    /// Whether the database answers. The log says why not. A bare `SELECT 1` would not touch the
    /// file, so it reads the migrations table, which every database has.
    pub async fn answers(&self) -> bool {
        let look = async {
            let mut probe = self.explained(self.probe.acquire().await).await?;
            sqlx::query("SELECT 1 FROM _sqlx_migrations LIMIT 1")
                .fetch_optional(&mut *probe)
                .await
        };
        let answer = look.await;
        self.findings.reads.note(&answer);
        answer.is_ok()
    }
}

/// The options that the pools of both databases share.
fn pool() -> AnyPoolOptions {
    AnyPoolOptions::new().acquire_timeout(TIMEOUT)
}

/// Runs `setup` on each new connection.
fn after_connect(pool: AnyPoolOptions, setup: String) -> AnyPoolOptions {
    pool.after_connect(move |connection, _metadata| {
        let setup = sqlx::raw_sql(AssertSqlSafe(setup.clone()));
        Box::pin(async move { setup.execute(connection).await.map(drop) })
    })
}
